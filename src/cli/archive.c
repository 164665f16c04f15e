/* loam archive: the events of a log as a file of their own. */
#include <stdio.h>

#include "cli/cli.h"
#include "os/os.h"

static bool show(void *context, uint64_t done, uint64_t total)
{
    progress_update(context, done, total);
    return true;
}

enum status archive_write(const struct cli *cli, const char *directory, const char *file, uint64_t through)
{
    struct eventlog *log;
    struct progress progress;
    STATUS_TRY(recovery_open_log(directory, &log));
    progress_begin(&progress, cli, "archiving events");
    enum status status =
        eventlog_archive(log, file, through == UINT64_MAX ? eventlog_last(log) : through, show, &progress);
    progress_end(&progress);
    eventlog_close(log);
    return status;
}

enum status archive_or_log_open(const char *path, struct eventlog **out)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    return kind == OS_KIND_FILE ? eventlog_open(path, EVENTLOG_READ, NULL, out) : recovery_open_log(path, out);
}

static enum status report(const struct cli *cli, const char *file)
{
    struct eventlog *log;
    struct eventlog_size size;
    STATUS_TRY(eventlog_open(file, EVENTLOG_READ, NULL, &log));
    enum status status = eventlog_size(log, &size);
    struct json json;
    if (status == STATUS_OK && cli->json) {
        json_begin(&json);
        json_string(&json, "file", file);
        json_number(&json, "base", eventlog_identity(log)->base_event);
        json_number(&json, "last", eventlog_last(log));
        json_number(&json, "rows", size.rows);
        json_number(&json, "bytes", size.database_bytes);
        json_end(&json);
    } else if (status == STATUS_OK) {
        cli_note(cli, "wrote %s: %" PRIu64 " %s after %" PRIu64 ", %s, verified", file, size.rows,
                 plural(size.rows, "event", "events"), eventlog_identity(log)->base_event,
                 cli_bytes_text(size.database_bytes));
    }
    eventlog_close(log);
    return status;
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL, *file = NULL;
    uint64_t through = UINT64_MAX;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false},
                                       {"FILE", "the archive to write; there must be none", &file, false}};
    const struct option table[] = {
        {"--through", "EVENT", "up to this event; else up to the newest", OPTION_NUMBER, &through},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    enum status status = archive_write(cli, directory, file, through);
    if (status == STATUS_OK)
        status = report(cli, file);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

const struct command command_archive = {
    .name = "archive",
    .summary = "write a log's events to a file",
    .explained = "Writes the events of the log, from its oldest, to FILE, checksums included, and verifies it;\n"
                 "also while a process runs the machine.  `loam log FILE` and `loam verify FILE` read it.",
    .run = run,
};
