/* loam gc: collects the arena; and what the other commands say of collections. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* ---- words ------------------------------------------------------------------------ */

static uint64_t reclaimed_bytes(const struct collector_record *record)
{
    return record->above_bytes > record->live_bytes ? record->above_bytes - record->live_bytes : 0;
}

static const char *kind_name(const struct collector_record *record)
{
    return record->is_full ? "full" : "young";
}

void gc_record_text(const struct collector_record *record, char *text, size_t size_bytes)
{
    size_t length =
        (size_t)snprintf(text, size_bytes, "%s collection at event %" PRIu64 ": of %s, %s live (%" PRIu64 " objects), ",
                         kind_name(record), record->event, cli_bytes_text(record->above_bytes),
                         cli_bytes_text(record->live_bytes), record->objects);
    if (length < size_bytes)
        length +=
            (size_t)snprintf(text + length, size_bytes - length, "%s free, in %s",
                             cli_bytes_text(reclaimed_bytes(record)), cli_duration_text(record->duration_ms * 1000000));
    if (length < size_bytes && record->pause_us > 0)
        snprintf(text + length, size_bytes - length, ", paused %s", cli_duration_text(record->pause_us * 1000));
}

static void record_json_members(struct json *json, const struct collector_record *record)
{
    json_boolean(json, "full", record->is_full);
    json_number(json, "event", record->event);
    json_number(json, "wall_ms", record->wall_ms);
    json_number(json, "above_bytes", record->above_bytes);
    json_number(json, "live_bytes", record->live_bytes);
    json_number(json, "objects", record->objects);
    json_number(json, "reclaimed_bytes", reclaimed_bytes(record));
    json_number(json, "duration_ms", record->duration_ms);
    json_number(json, "cpu_us", record->cpu_us);
    json_number(json, "pause_us", record->pause_us);
}

/* ---- in loam status ----------------------------------------------------------------- */

#define RECORDS_IN_TEXT 5

static void print_running(FILE *to, const struct host_gc_status *facts)
{
    fprintf(to, "collecting  %s: %s, %s of about %s copied in %s", facts->is_full ? "full" : "young",
            host_gc_phase_name(facts->phase), cli_bytes_text(facts->copied_bytes),
            cli_bytes_text(facts->expected_bytes), cli_duration_text(facts->elapsed_ms * 1000000));
    if (facts->seconds_left != UINT64_MAX)
        fprintf(to, ", about %" PRIu64 " s left", facts->seconds_left);
    fputc('\n', to);
}

void gc_status_print(FILE *to, const struct host_gc_status *facts)
{
    const struct collector_history *history = &facts->history;
    fprintf(to, "garbage     about %s of %s; %" PRIu64 " young and %" PRIu64 " full collections have freed %s",
            cli_bytes_text(facts->dead_bytes), cli_bytes_text(facts->used_bytes), history->young_count,
            history->full_count, cli_bytes_text(history->reclaimed_bytes));
    if (facts->failures > 0)
        fprintf(to, "; %" PRIu64 " have failed", facts->failures);
    fputc('\n', to);
    if (facts->phase != HOST_GC_IDLE)
        print_running(to, facts);
    for (size_t i = 0; i < history->record_count && i < RECORDS_IN_TEXT; i++) {
        char text[256];
        gc_record_text(&history->records[i], text, sizeof text);
        fprintf(to, "            %s\n", text);
    }
}

void gc_status_json(struct json *json, const struct host_gc_status *facts)
{
    const struct collector_history *history = &facts->history;
    struct json item;
    json_string(json, "gc_phase", host_gc_phase_name(facts->phase));
    if (facts->phase != HOST_GC_IDLE) {
        json_boolean(json, "gc_full", facts->is_full);
        json_number(json, "gc_copied_bytes", facts->copied_bytes);
        json_number(json, "gc_expected_bytes", facts->expected_bytes);
        json_number(json, "gc_elapsed_ms", facts->elapsed_ms);
        if (facts->seconds_left != UINT64_MAX)
            json_number(json, "gc_seconds_left", facts->seconds_left);
    }
    json_number(json, "gc_dead_bytes", facts->dead_bytes);
    json_number(json, "gc_young", history->young_count);
    json_number(json, "gc_full_collections", history->full_count);
    json_number(json, "gc_failures", facts->failures);
    json_number(json, "gc_copied_total_bytes", history->copied_bytes);
    json_number(json, "gc_reclaimed_total_bytes", history->reclaimed_bytes);
    json_array(json, "collections");
    for (size_t i = 0; i < history->record_count; i++) {
        json_item(json, &item);
        record_json_members(&item, &history->records[i]);
        json_item_end(&item);
    }
    json_array_end(json);
}

/* ---- --gc ------------------------------------------------------------------------------ */

/* "90s", "10m", "6h", "7d", "2w": a number without a unit is seconds. */
bool duration_read(const char *text, uint64_t *duration_ms)
{
    char *unit;
    double number = strtod(text, &unit);
    double seconds = strcmp(unit, "") == 0 || strcmp(unit, "s") == 0 ? 1
                     : strcmp(unit, "m") == 0                        ? 60
                     : strcmp(unit, "h") == 0                        ? 3600
                     : strcmp(unit, "d") == 0                        ? 86400
                     : strcmp(unit, "w") == 0                        ? 604800
                                                                     : 0;
    if (unit == text || !(number * seconds >= 0.001 && number * seconds < 1e9))
        return false;
    *duration_ms = (uint64_t)(number * seconds * 1000);
    return true;
}

bool gc_mode_read(const char *text, struct host_gc_options *options)
{
    options->mode = HOST_GC_AUTO;
    if (text == NULL || strcmp(text, "auto") == 0)
        return true;
    options->mode = HOST_GC_OFF;
    if (strcmp(text, "off") == 0)
        return true;
    options->mode = HOST_GC_INTERVAL;
    return duration_read(text, &options->interval_ms);
}

/* ---- told by the running process ---------------------------------------------------------- */

static void print_record(FILE *to, const struct collector_record *record, bool as_json)
{
    char text[256];
    struct json json;
    if (as_json) {
        json_begin_to(&json, to);
        record_json_members(&json, record);
        json_end(&json);
        return;
    }
    gc_record_text(record, text, sizeof text);
    fprintf(to, "%s\n", text);
}

static void on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    (void)host;
    struct host_call *call = context;
    const char *form = host_call_word(call, 2);
    if (status == STATUS_OK)
        print_record(host_call_out(call), record, form != NULL && strcmp(form, "json") == 0);
    host_call_end(call, status);
}

static void abandon(void *context, struct host_call *call)
{
    host_gc_forget(context, call);
    host_call_end(call, status_fail(STATUS_INTERRUPTED, "the machine stopped before the collection was over"));
}

/* gc full|young text|json */
static void answer(void *context, struct host *host, struct host_call *call)
{
    (void)context;
    const char *kind = host_call_word(call, 1);
    enum status status = host_gc_request(host, kind != NULL && strcmp(kind, "full") == 0, on_collected, call);
    if (status == STATUS_OK)
        host_call_keep(call, abandon, host);
    else
        host_call_end(call, status);
}

const struct host_command control_gc = {.name = "gc", .run = answer};

/* ---- the command --------------------------------------------------------------------------- */

static enum status collect_here(const struct cli *cli, const char *directory, bool is_full,
                                const struct host_options *options)
{
    struct host *host;
    struct collector_record record;
    STATUS_TRY(host_open(directory, NULL, options, &host));
    enum status status = host_collect(host, is_full, &record);
    if (status == STATUS_OK)
        status = host_shrink(host, true);
    host_close(host);
    if (status == STATUS_OK)
        print_record(stdout, &record, cli->json);
    return status;
}

static enum status collect(const struct cli *cli, const char *directory, bool is_full,
                           const struct host_options *options)
{
    const char *const words[] = {"gc", is_full ? "full" : "young", cli->json ? "json" : "text"};
    enum machine_place place;
    STATUS_TRY(machine_ask(directory, words, COUNT_OF(words), NULL, NULL, &place));
    return place == MACHINE_ELSEWHERE ? STATUS_OK : collect_here(cli, directory, is_full, options);
}

static int run(struct cli *cli, const struct command *command, int count, char **words)
{
    const char *directory = NULL;
    bool is_full = false;
    const struct operand operands[] = {{"DIR", "the machine", &directory, false}};
    const struct option table[] = {
        {"--full", NULL, "everything, not only what is new since the last collection", OPTION_FLAG, &is_full},
    };
    const struct arguments arguments = {operands, COUNT_OF(operands), table, COUNT_OF(table)};
    struct machine machine;
    int leave = machine_parse(&machine, NULL, cli, command, &arguments, count, words);
    if (leave >= 0)
        return leave;
    machine.options.listener.collected = NULL; /* it is printed */
    enum status status = collect(cli, directory, is_full, &machine.options);
    return status == STATUS_OK ? CLI_EXIT_OK : cli_fail(cli, status);
}

const struct command command_gc = {
    .name = "gc",
    .summary = "free what nothing in the arena reaches",
    .explained = "Copies what is reached above what the last collection left, or with --full all of it, and\n"
                 "frees the rest; also while a process runs the machine, which goes on meanwhile.  Needs room\n"
                 "for the copies, and refuses before it begins if the disk has not got it.  A process killed\n"
                 "in the middle of it has lost nothing.",
    .run = run,
};
