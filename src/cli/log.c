/* loam log: the events of a machine. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/cli.h"
#include "codec/codec.h"
#include "kernel/kernel.h"
#include "recovery/recovery.h"

#define CAUSE_TEXT_MAX_BYTES 400

static const char *kind_name(const struct eventlog_row *row)
{
    return row->kind == EVENTLOG_REPLACEMENT ? "crash" : "poke";
}

/* The cause as text, on the engine's stack for a moment; the caller frees it. */
static enum status cause_text(struct engine *engine, const struct eventlog_row *row, char **text)
{
    noun job;
    const struct codec_text_options options = {.limit_bytes = CAUSE_TEXT_MAX_BYTES};
    STATUS_TRY(codec_cue(engine->stack, row->job, row->job_size_bytes, NULL, &job));
    noun cause = kernel_job_cause(job);
    enum status status = codec_print(cause == NOUN_NONE ? 0 : cause, &options, text, NULL);
    stack_clear(engine->stack);
    return status;
}

static void print_row(const struct eventlog_row *row, const char *cause)
{
    time_t when = (time_t)(row->wall_ms / 1000);
    struct tm parts;
    gmtime_r(&when, &parts);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    printf("%8" PRIu64 "  %s.%03uZ  %-5s  %8" PRIu64 " us  %8zu B  %016" PRIx64 "  %.*s%s%s\n", row->event, date,
           (unsigned)(row->wall_ms % 1000), kind_name(row), row->evaluation_us, row->job_size_bytes, row->state_hash,
           (int)row->wire_size_bytes, (const char *)row->wire, cause != NULL ? "  " : "", cause != NULL ? cause : "");
}

static void json_row(struct json *array, const struct eventlog_row *row, const char *cause)
{
    struct json json;
    char wire[256];
    snprintf(wire, sizeof wire, "%.*s", (int)row->wire_size_bytes, (const char *)row->wire);
    json_item(array, &json);
    json_number(&json, "event", row->event);
    json_string(&json, "kind", kind_name(row));
    json_number(&json, "wall_ms", row->wall_ms);
    json_string(&json, "wire", wire);
    json_number(&json, "evaluation_us", row->evaluation_us);
    json_number(&json, "job_bytes", row->job_size_bytes);
    json_digest(&json, "job_hash", row->job_hash, sizeof row->job_hash);
    json_hex64(&json, "state_hash", row->state_hash);
    if (cause != NULL)
        json_string(&json, "cause", cause);
    json_item_end(&json);
}

struct listing {
    const struct cli *cli;
    struct engine *engine; /* NULL: no causes */
    struct json json;
    uint64_t from, count;
};

static enum status list_row(struct listing *listing, const struct eventlog_row *row)
{
    char *cause = NULL;
    if (listing->engine != NULL)
        STATUS_TRY(cause_text(listing->engine, row, &cause));
    if (listing->cli->json)
        json_row(&listing->json, row, cause);
    else
        print_row(row, cause);
    free(cause);
    return STATUS_OK;
}

static enum status list_rows(struct eventlog *log, struct listing *listing)
{
    uint64_t first = eventlog_first(log) > listing->from ? eventlog_first(log) : listing->from;
    struct eventlog_cursor cursor = eventlog_cursor(log, first);
    struct eventlog_row row;
    bool is_found = eventlog_first(log) != 0;
    for (uint64_t done = 0; is_found && done < listing->count; done++) {
        STATUS_TRY(eventlog_cursor_next(&cursor, &row, &is_found));
        if (is_found)
            STATUS_TRY(list_row(listing, &row));
    }
    return STATUS_OK;
}

static enum status list(const char *directory, struct listing *listing)
{
    struct eventlog *log;
    STATUS_TRY(archive_or_log_open(directory, &log));
    if (listing->cli->json) {
        json_begin(&listing->json);
        json_array(&listing->json, "events");
    }
    enum status status = list_rows(log, listing);
    if (listing->cli->json) {
        json_array_end(&listing->json);
        json_end(&listing->json);
    }
    eventlog_close(log);
    return status;
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    bool causes = false;
    struct listing listing = {.cli = cli, .from = 1, .count = UINT64_MAX};
    const struct operand operands[] = {{"DIR", "the machine, or an archive of its events", &directory, false}};
    const struct option table[] = {
        {"--from", "EVENT", "begin with this event", OPTION_NUMBER, &listing.from},
        {"--count", "N", "list at most N events", OPTION_NUMBER, &listing.count},
        {"--causes", NULL, "show each event's cause, cut after 400 characters", OPTION_FLAG, &causes},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    int leave = arguments_parse(cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    struct engine engine = {0};
    enum status status = causes ? engine_open(&engine, false) : STATUS_OK;
    listing.engine = causes ? &engine : NULL;
    if (status == STATUS_OK)
        status = list(directory, &listing);
    engine_close(&engine);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

const struct command command_log = {
    .name = "log",
    .summary = "list a machine's events",
    .explained = "Lists the events of the log: number, time, kind (poke, or the notice of a crash), evaluation\n"
                 "time, size of the job, hash of the state after it, wire.  Also while a process runs the machine.",
    .run = run,
};
