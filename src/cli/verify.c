/* loam verify: is everything there that was written? */
#include <stdio.h>

#include "cli/cli.h"
#include "os/os.h"
#include "recovery/recovery.h"

struct verification {
    const struct cli *cli;
    struct progress progress;
};

static void on_fault(void *context, const char *message)
{
    struct verification *verification = context;
    progress_end(&verification->progress);
    cli_error(verification->cli, "%s", message);
}

static void on_progress(void *context, const char *label, uint64_t done, uint64_t total)
{
    struct verification *verification = context;
    if (verification->progress.label != label)
        progress_begin(&verification->progress, verification->cli, label);
    progress_update(&verification->progress, done, total);
}

static void print_json(const struct recovery_report *report, bool is_beside)
{
    struct json json;
    json_begin(&json);
    json_boolean(&json, "whole", report->faults == 0);
    json_number(&json, "faults", report->faults);
    json_boolean(&json, "beside_a_process", is_beside);
    json_number(&json, "arena_ahead_events", report->arena_ahead_events);
    json_number(&json, "snapshots", report->snapshots.snapshots);
    json_number(&json, "snapshot_bytes", report->snapshots.bytes);
    json_number(&json, "log_rows", report->log_rows);
    json_number(&json, "log_last", report->log_last);
    json_number(&json, "arena_event", report->arena_event);
    json_hex64(&json, "state_hash", report->state_hash);
    json_number(&json, "superblocks", report->arena.superblocks);
    json_number(&json, "segments", report->arena.segments);
    json_number(&json, "cells", report->arena.cells);
    json_number(&json, "atoms", report->arena.atoms);
    json_number(&json, "reached_bytes", report->arena.reached_bytes);
    json_number(&json, "appended_bytes", report->arena.appended_bytes);
    json_end(&json);
}

static void print_text(const struct cli *cli, const char *directory, const struct recovery_report *report)
{
    if (report->arena_ahead_events > 0)
        cli_note(cli,
                 "the arena knows %" PRIu64
                 " %s more than the log: if a process was killed, nothing of that was ever accepted; "
                 "if it ended in order the log's newest commit is damaged",
                 report->arena_ahead_events, plural(report->arena_ahead_events, "event", "events"));
    if (report->faults == 0 && !cli->quiet)
        printf("%s is whole: %" PRIu64 " %s, %" PRIu64 " %s, %" PRIu64 " %s and %" PRIu64
               " %s reached, arena at event %" PRIu64 " of %" PRIu64 ", state %016" PRIx64 "\n",
               directory, report->log_rows, plural(report->log_rows, "event", "events"), report->arena.segments,
               plural(report->arena.segments, "segment", "segments"), report->arena.cells,
               plural(report->arena.cells, "cell", "cells"), report->arena.atoms,
               plural(report->arena.atoms, "atom", "atoms"), report->arena_event, report->log_last, report->state_hash);
}

/* ---- an archive ---------------------------------------------------------------------- */

static bool on_rows(void *context, uint64_t done, uint64_t total)
{
    on_progress(context, "verifying events", done, total);
    return true;
}

static int verify_archive(const struct cli *cli, const char *path)
{
    struct eventlog *log;
    struct verification verification = {.cli = cli};
    enum status status = eventlog_open(path, EVENTLOG_READ, NULL, &log);
    if (status != STATUS_OK)
        return cli_fail(cli, status);
    status = eventlog_verify(log, on_rows, &verification);
    progress_end(&verification.progress);
    uint64_t base = eventlog_identity(log)->base_event, last = eventlog_last(log);
    eventlog_close(log);
    struct json json;
    if (cli->json) {
        json_begin(&json);
        json_boolean(&json, "whole", status == STATUS_OK);
        json_number(&json, "log_base", base);
        json_number(&json, "log_last", last);
        json_end(&json);
    } else if (status == STATUS_OK && !cli->quiet) {
        if (last > base)
            printf("%s is whole: events %" PRIu64 " to %" PRIu64 "\n", path, base + 1, last);
        else
            printf("%s is whole: no event after %" PRIu64 "\n", path, base);
    }
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

/* ---- the command ----------------------------------------------------------------------- */

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    const struct operand operands[] = {{"DIR", "the machine, or an archive of its events", &directory, false}};
    const struct arguments arguments = {operands, COUNT_OF(operands), NULL, 0};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    enum os_kind kind;
    if (os_kind_of(directory, &kind) == STATUS_OK && kind == OS_KIND_FILE)
        return verify_archive(cli, directory);
    struct verification verification = {.cli = cli};
    const struct recovery_listener listener = {.context = &verification, .warn = on_fault, .progress = on_progress};
    struct recovery_report report;
    struct recovery_verify_options options = {0};
    enum status status = host_is_running(directory, &options.is_beside);
    report.faults = 0;
    if (status == STATUS_OK)
        status = recovery_verify_with(directory, &options, &listener, &report);
    progress_end(&verification.progress);
    if (status != STATUS_OK && report.faults == 0)
        return cli_fail(cli, status);
    if (cli->json)
        print_json(&report, options.is_beside);
    else
        print_text(cli, directory, &report);
    return cli_exit_of_status(status);
}

const struct command command_verify = {
    .name = "verify",
    .summary = "check every byte of a machine",
    .explained = "Checks every checksum of log, arena and sealed snapshots, every noun that the state reaches, and\n"
                 "that log and arena belong together; of an archive, every row.  Writes nothing.  Beside a process\n"
                 "that runs the machine it checks the newest state, pinned, while others follow.",
    .run = run,
};
