/* What the arena's bytes are for, as text and as JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/allocations.h"

#define LISTED_IN_TEXT 20

/* All large objects of one label. */
struct group {
    char label[ARENA_LABEL_SIZE_BYTES];
    uint64_t objects, bytes, dead_bytes;
};

/* ---- sums ------------------------------------------------------------------------------ */

static uint64_t header_bytes(const struct allocations_report *report)
{
    return report->commit.segment_count * ARENA_SEGMENT_HEADER_BYTES;
}

static uint64_t live_bytes(const struct allocations_report *report)
{
    return report->retained.live_bytes + report->retained.list_bytes;
}

static uint64_t dead_bytes(const struct allocations_report *report)
{
    return report->usage.segment_bytes - header_bytes(report) - live_bytes(report);
}

static uint64_t dead_large_bytes(const struct allocations_report *report)
{
    return report->usage.large_bytes - report->retained.live_large_bytes;
}

static uint64_t fresh_bytes(const struct allocations_report *report)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++)
        sum += report->commit.origins[i].fresh_bytes;
    return sum < report->usage.segment_bytes ? sum : report->usage.segment_bytes;
}

/* ---- orders --------------------------------------------------------------------------- */

static int descending(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

static int compare_origin(const void *a, const void *b)
{
    const struct arena_origin *first = a, *second = b;
    int order = descending(first->fresh_bytes, second->fresh_bytes);
    return order != 0 ? order : descending(first->bytes, second->bytes);
}

static int compare_size(const void *a, const void *b)
{
    const struct recovery_allocation *first = a, *second = b;
    int order = descending(first->object.size_bytes, second->object.size_bytes);
    return order != 0 ? order : descending(second->object.atom, first->object.atom);
}

static int compare_group(const void *a, const void *b)
{
    return descending(((const struct group *)a)->bytes, ((const struct group *)b)->bytes);
}

static const char *label_of(const char *label)
{
    return label[0] == 0 ? "(unknown)" : label;
}

static int compare_label(const void *a, const void *b)
{
    return strcmp(((const struct recovery_allocation *)a)->object.label,
                  ((const struct recovery_allocation *)b)->object.label);
}

/* The caller frees *groups. */
static size_t make_groups(struct recovery_retained *retained, struct group **groups)
{
    size_t count = 0;
    *groups = calloc(retained->allocation_count + 1, sizeof **groups);
    if (*groups == NULL)
        check_out_of_memory(__FILE__, __LINE__, retained->allocation_count * sizeof **groups);
    qsort(retained->allocations, retained->allocation_count, sizeof *retained->allocations, compare_label);
    for (size_t i = 0; i < retained->allocation_count; i++) {
        const struct recovery_allocation *allocation = &retained->allocations[i];
        if (count == 0 || strcmp((*groups)[count - 1].label, allocation->object.label) != 0)
            memcpy((*groups)[count++].label, allocation->object.label, ARENA_LABEL_SIZE_BYTES);
        struct group *group = &(*groups)[count - 1];
        group->objects++;
        group->bytes += allocation->object.size_bytes;
        group->dead_bytes += allocation->owners == 0 ? allocation->object.size_bytes : 0;
    }
    qsort(*groups, count, sizeof **groups, compare_group);
    qsort(retained->allocations, retained->allocation_count, sizeof *retained->allocations, compare_size);
    return count;
}

/* ---- text --------------------------------------------------------------------------------- */

static void print_share(const char *name, uint64_t size_bytes, const char *remark)
{
    if (size_bytes > 0)
        printf("  %-24s %12s  %s\n", name, cli_bytes_text(size_bytes), remark);
}

static void print_usage(const struct allocations_report *report)
{
    const struct arena_usage *usage = &report->usage;
    printf("file        %s (%" PRIu64 " bytes)\n", cli_bytes_text(usage->file_bytes), usage->file_bytes);
    print_share("live nouns", live_bytes(report), "reached by some root");
    print_share("live large objects", report->retained.live_large_bytes, "");
    print_share("dead nouns", dead_bytes(report), "a collection frees them (loam gc, --full for the older ones)");
    print_share("dead large objects", dead_large_bytes(report), "a full collection frees them (loam gc --full)");
    print_share("headers of segments", header_bytes(report), "");
    print_share("rounding to pages", usage->padding_bytes, "");
    print_share("page trees", usage->node_bytes, "");
    print_share("superblocks", usage->ring_bytes, "");
    print_share("ahead of need", usage->ahead_bytes, "for the next commits");
    print_share("a collection's", usage->moving_bytes, "under way, or given up: the next start frees it");
    print_share("free", usage->free_bytes, "used before the file grows");
    print_share("free, held", usage->waiting_bytes, "a reader or an older commit may still reach it");
    print_share("newer than that event", usage->unknown_bytes, "");
}

static void print_origins(struct allocations_report *report)
{
    printf("grown by                   since last gc          ever\n");
    qsort(report->commit.origins, ARENA_ORIGINS_MAX, sizeof *report->commit.origins, compare_origin);
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++) {
        const struct arena_origin *origin = &report->commit.origins[i];
        if (origin->label[0] != 0 && origin->bytes > 0)
            printf("  %-24s %12s  %12s\n", origin->label, cli_bytes_text(origin->fresh_bytes),
                   cli_bytes_text(origin->bytes));
    }
    uint64_t older_bytes = report->usage.segment_bytes - fresh_bytes(report);
    print_share("(older than that gc)", older_bytes, "left by collections, or from before origins were counted");
}

static void print_owners(const struct allocations_report *report)
{
    const struct recovery_retained *retained = &report->retained;
    printf("kept by                        reached         alone\n");
    for (size_t i = 0; i < retained->owner_count; i++) {
        const struct recovery_owner *owner = &retained->owners[i];
        char remark[96] = "";
        if (owner->wall_ms != 0) {
            snprintf(remark, sizeof remark, "event %" PRIu64 ", %s", owner->event, cli_date_text(owner->wall_ms));
        } else if (strcmp(owner->label, "code") == 0) {
            snprintf(remark, sizeof remark, "of %" PRIu64 " %s", retained->formula_count,
                     plural(retained->formula_count, "formula", "formulas"));
        } else if (owner->large_bytes > 0) {
            snprintf(remark, sizeof remark, "%s in large objects", cli_bytes_text(owner->large_bytes));
        }
        printf("  %-24s %12s  %12s  %s\n", owner->label, cli_bytes_text(owner->reached_bytes),
               cli_bytes_text(owner->alone_bytes), remark);
    }
    print_share("(several of them)", retained->shared_bytes, "");
}

static void owners_text(const struct recovery_retained *retained, unsigned owners, char *text, size_t size_bytes)
{
    size_t length = 0;
    text[0] = 0;
    for (size_t i = 0; i < retained->owner_count && length < size_bytes; i++)
        if ((owners >> i & 1) != 0)
            length += (size_t)snprintf(text + length, size_bytes - length, "%s%s", length == 0 ? "" : ", ",
                                       retained->owners[i].label);
    if (length == 0)
        snprintf(text, size_bytes, "nobody");
}

static void print_object(const struct recovery_retained *retained, const struct recovery_allocation *allocation)
{
    const struct arena_large_object *object = &allocation->object;
    const char *made = object->made_wall_ms != 0 ? cli_date_text(object->made_wall_ms) : "?";
    const char *used = object->used_wall_ms != 0 ? cli_date_text(object->used_wall_ms) : "?";
    char owners[200];
    owners_text(retained, allocation->owners, owners, sizeof owners);
    printf("  %-24s %12s  made at event %" PRIu64 " %s, last used at event %" PRIu64 " %s (%" PRIu64
           " %s), kept by %s\n",
           label_of(object->label), cli_bytes_text(object->size_bytes), object->made_event, made, object->used_event,
           used, object->use_count, plural(object->use_count, "time", "times"), owners);
}

static void print_objects(struct allocations_report *report)
{
    struct recovery_retained *retained = &report->retained;
    struct group *groups;
    if (retained->allocation_count == 0)
        return;
    size_t count = make_groups(retained, &groups);
    printf("large objects by label           bytes          dead\n");
    for (size_t i = 0; i < count && i < LISTED_IN_TEXT; i++)
        printf("  %-24s %12s  %12s  %" PRIu64 " %s\n", label_of(groups[i].label), cli_bytes_text(groups[i].bytes),
               cli_bytes_text(groups[i].dead_bytes), groups[i].objects, plural(groups[i].objects, "object", "objects"));
    if (count > LISTED_IN_TEXT)
        printf("  and %zu %s more\n", count - LISTED_IN_TEXT, plural(count - LISTED_IN_TEXT, "label", "labels"));
    printf("the largest\n");
    for (size_t i = 0; i < retained->allocation_count && i < LISTED_IN_TEXT; i++)
        print_object(retained, &retained->allocations[i]);
    if (retained->allocation_count > LISTED_IN_TEXT)
        printf("  and %zu more (--json lists them all)\n", retained->allocation_count - LISTED_IN_TEXT);
    free(groups);
}

void allocations_print_text(struct allocations_report *report)
{
    static const char *const places[] = {"stopped", "a process has it, which does not answer", "a process runs it"};
    printf("machine     %s (%s), at event %" PRIu64 "\n", report->directory, places[report->place],
           report->commit.event_number);
    print_usage(report);
    print_origins(report);
    print_owners(report);
    print_objects(report);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_usage(struct json *json, const struct allocations_report *report)
{
    const struct arena_usage *usage = &report->usage;
    json_number(json, "file_bytes", usage->file_bytes);
    json_number(json, "live_bytes", live_bytes(report));
    json_number(json, "live_large_bytes", report->retained.live_large_bytes);
    json_number(json, "dead_bytes", dead_bytes(report));
    json_number(json, "dead_large_bytes", dead_large_bytes(report));
    json_number(json, "header_bytes", header_bytes(report));
    json_number(json, "padding_bytes", usage->padding_bytes);
    json_number(json, "node_bytes", usage->node_bytes);
    json_number(json, "ring_bytes", usage->ring_bytes);
    json_number(json, "ahead_bytes", usage->ahead_bytes);
    json_number(json, "moving_bytes", usage->moving_bytes);
    json_number(json, "free_bytes", usage->free_bytes);
    json_number(json, "waiting_bytes", usage->waiting_bytes);
    json_number(json, "unknown_bytes", usage->unknown_bytes);
    json_number(json, "older_bytes", usage->segment_bytes - fresh_bytes(report));
    json_number(json, "shared_bytes", report->retained.shared_bytes);
    json_number(json, "list_bytes", report->retained.list_bytes);
    json_number(json, "formulas", report->retained.formula_count);
}

static void json_origins(struct json *json, const struct allocations_report *report)
{
    struct json item;
    json_array(json, "origins");
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++) {
        const struct arena_origin *origin = &report->commit.origins[i];
        if (origin->label[0] == 0 || origin->bytes == 0)
            continue;
        json_item(json, &item);
        json_string(&item, "label", origin->label);
        json_number(&item, "fresh_bytes", origin->fresh_bytes);
        json_number(&item, "bytes", origin->bytes);
        json_item_end(&item);
    }
    json_array_end(json);
}

static void json_owners(struct json *json, const struct allocations_report *report)
{
    struct json item;
    json_array(json, "owners");
    for (size_t i = 0; i < report->retained.owner_count; i++) {
        const struct recovery_owner *owner = &report->retained.owners[i];
        json_item(json, &item);
        json_string(&item, "label", owner->label);
        json_number(&item, "objects", owner->objects);
        json_number(&item, "reached_bytes", owner->reached_bytes);
        json_number(&item, "large_bytes", owner->large_bytes);
        json_number(&item, "alone_bytes", owner->alone_bytes);
        if (owner->wall_ms != 0) {
            json_number(&item, "event", owner->event);
            json_number(&item, "wall_ms", owner->wall_ms);
        }
        json_item_end(&item);
    }
    json_array_end(json);
}

static void json_object(struct json *json, const struct recovery_retained *retained,
                        const struct recovery_allocation *allocation)
{
    const struct arena_large_object *object = &allocation->object;
    struct json item;
    json_item(json, &item);
    json_string(&item, "label", object->label);
    json_number(&item, "address_bytes", noun_offset_words(object->atom) * 8);
    json_number(&item, "size_bytes", object->size_bytes);
    json_hex64(&item, "checksum", object->checksum);
    json_number(&item, "sequence", object->sequence);
    json_number(&item, "made_event", object->made_event);
    json_number(&item, "made_wall_ms", object->made_wall_ms);
    json_number(&item, "used_event", object->used_event);
    json_number(&item, "used_wall_ms", object->used_wall_ms);
    json_number(&item, "use_count", object->use_count);
    json_number(&item, "references", allocation->references);
    json_array(&item, "owners");
    for (size_t i = 0; i < retained->owner_count; i++)
        if ((allocation->owners >> i & 1u) != 0)
            json_item_string(&item, retained->owners[i].label);
    json_array_end(&item);
    json_item_end(&item);
}

void allocations_print_json(struct allocations_report *report)
{
    struct recovery_retained *retained = &report->retained;
    struct json json;
    json_begin(&json);
    json_string(&json, "directory", report->directory);
    json_boolean(&json, "running", report->place != MACHINE_HERE);
    json_number(&json, "event", report->commit.event_number);
    json_usage(&json, report);
    json_origins(&json, report);
    json_owners(&json, report);
    qsort(retained->allocations, retained->allocation_count, sizeof *retained->allocations, compare_size);
    json_array(&json, "large_objects");
    for (size_t i = 0; i < retained->allocation_count; i++)
        json_object(&json, retained, &retained->allocations[i]);
    json_array_end(&json);
    json_end(&json);
}
