/* loam verify: is everything there that was written? */
#include <stdio.h>

#include "cli/cli.h"
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

static void print_json(const struct recovery_report *report)
{
    struct json json;
    json_begin(&json);
    json_boolean(&json, "whole", report->faults == 0);
    json_number(&json, "faults", report->faults);
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
    if (report->faults == 0 && !cli->quiet)
        printf("%s is whole: %" PRIu64 " events, %" PRIu64 " segments, %" PRIu64 " cells and %" PRIu64
               " atoms reached, arena at event %" PRIu64 " of %" PRIu64 ", state %016" PRIx64 "\n",
               directory, report->log_rows, report->arena.segments, report->arena.cells, report->arena.atoms,
               report->arena_event, report->log_last, report->state_hash);
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct arguments arguments = {operands, COUNT_OF(operands), NULL, 0};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    struct verification verification = {.cli = cli};
    const struct recovery_listener listener = {.context = &verification, .warn = on_fault, .progress = on_progress};
    struct recovery_report report;
    enum status status = recovery_verify(directory, &listener, &report);
    progress_end(&verification.progress);
    if (status != STATUS_OK && report.faults == 0)
        return cli_fail(cli, status);
    if (cli->json)
        print_json(&report);
    else
        print_text(cli, directory, &report);
    return cli_exit_of_status(status);
}

const struct command command_verify = {
    .name = "verify",
    .summary = "check every byte of a machine",
    .explained = "Checks every checksum of log and arena, every noun that the state reaches, and that log and\n"
                 "arena belong together.  Writes nothing.  The machine must be stopped.",
    .run = run,
};
