/* What is said of collections: of one, and of those that a machine remembers. */
#include <stdio.h>

#include "command/command.h"

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
    size_t length = (size_t)snprintf(
        text, size_bytes, "%s collection at event %" PRIu64 ": of %s, %s live (%" PRIu64 " %s), ", kind_name(record),
        record->event, cli_bytes_text(record->above_bytes), cli_bytes_text(record->live_bytes), record->objects,
        plural(record->objects, "object", "objects"));
    if (length < size_bytes)
        length +=
            (size_t)snprintf(text + length, size_bytes - length, "%s free, in %s",
                             cli_bytes_text(reclaimed_bytes(record)), cli_duration_text(record->duration_ms * 1000000));
    if (length < size_bytes && record->pause_us > 0)
        snprintf(text + length, size_bytes - length, ", paused %s", cli_duration_text(record->pause_us * 1000));
}

void gc_record_json(struct json *json, const struct collector_record *record)
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
    if (record->pause_us > 0)
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
    fprintf(to, "garbage     about %s of %s; collections, %" PRIu64 " young and %" PRIu64 " full, have freed %s",
            cli_bytes_text(facts->dead_bytes), cli_bytes_text(facts->used_bytes), history->young_count,
            history->full_count, cli_bytes_text(history->reclaimed_bytes));
    if (facts->failures > 0)
        fprintf(to, "; %" PRIu64 " %s failed", facts->failures, plural(facts->failures, "has", "have"));
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
        gc_record_json(&item, &history->records[i]);
        json_item_end(&item);
    }
    json_array_end(json);
}
