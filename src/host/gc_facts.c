/* What is known of an arena's garbage, for the policy and for whoever watches. */
#include "host/gc.h"

/* The disk runs short where less than this is left, and less than the half of
 * what is used. */
#define DISK_LEAST_BYTES ((uint64_t)4 << 30)

/* ---- for the policy ------------------------------------------------------------- */

uint64_t gc_used_bytes(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics.appended_bytes;
}

uint64_t gc_large_bytes(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics.large_bytes;
}

enum status gc_read_facts(struct gc *gc, struct collector_facts *facts)
{
    const struct arena_commit *commit = arena_current(gc->arena);
    struct arena_statistics statistics;
    uint64_t available_bytes;
    arena_statistics(gc->arena, &statistics);
    STATUS_TRY(os_space_available(gc->host->node->directory, &available_bytes));
    gc->large.large_bytes = statistics.large_bytes;
    uint64_t used = statistics.appended_bytes;
    uint64_t in_file_bytes = statistics.file_bytes > used ? statistics.file_bytes - used : 0;
    bool is_disk_short = available_bytes < DISK_LEAST_BYTES && available_bytes < used / 2;
    *facts = (struct collector_facts){
        .used_bytes = used,
        .fresh_start_bytes = gc->fresh_start_bytes,
        .slack_bytes = gc->options.slack_bytes,
        .room_bytes = available_bytes + in_file_bytes,
        .memory_bytes = gc->memory_bytes / 4,
        .ranges = commit->ranges,
        .range_count = commit->range_count,
        .is_pressed = is_disk_short || used > gc->memory_bytes / 4 * 3,
    };
    return STATUS_OK;
}

/* ---- for whoever watches ---------------------------------------------------------- */

const char *host_gc_phase_name(enum host_gc_phase phase)
{
    static const char *const names[] = {"idle", "copying", "copying what is new", "ending"};
    return names[phase];
}

static enum host_gc_phase phase_of(const struct gc *gc)
{
    if (!gc->is_running)
        return HOST_GC_IDLE;
    enum gc_turn turn = atomic_load(&gc->worker.turn);
    if (turn == OWNER_ENDS || turn == WORKER_CLEARS)
        return HOST_GC_ENDING;
    return gc->worker.rounds == 0 ? HOST_GC_COPYING : HOST_GC_TAIL;
}

/* What is dead was an estimate: once more is copied than it allows for, all may live. */
static uint64_t expected_bytes(const struct collector_plan *plan, uint64_t copied_bytes)
{
    uint64_t expected = plan->above_bytes - plan->dead_bytes;
    if (copied_bytes > expected)
        expected = plan->above_bytes;
    return copied_bytes > expected ? copied_bytes : expected;
}

static void read_running(const struct gc *gc, struct host_gc_status *out)
{
    struct collector_counts counts;
    collector_compaction_counts(gc->worker.compaction, &counts);
    out->is_full = gc->plan.is_full;
    out->copied_bytes = counts.bytes;
    out->expected_bytes = expected_bytes(&gc->plan, counts.bytes);
    out->elapsed_ms = (os_clock_ns() - gc->started_ns) / 1000000;
    out->seconds_left = UINT64_MAX;
    if (counts.bytes > 0 && out->elapsed_ms > 0)
        out->seconds_left = (uint64_t)((double)(out->expected_bytes - counts.bytes) / (double)counts.bytes *
                                       (double)out->elapsed_ms / 1000.0);
}

void host_gc_status_read(struct host *host, struct host_gc_status *out)
{
    struct gc *gc = host->gc;
    struct node *node = host->node;
    *out = (struct host_gc_status){0};
    if (node->arena == NULL)
        return;
    if (gc != NULL)
        out->history = gc->history;
    else
        collector_history_read(arena_current(node->arena)->roots[ARENA_ROOT_COLLECTIONS], &out->history);
    const struct collector_facts facts = {.used_bytes = gc_used_bytes(node->arena)};
    out->used_bytes = facts.used_bytes;
    out->dead_bytes = collector_dead_bytes(&out->history, &facts);
    if (gc == NULL)
        return;
    out->failures = gc->failures;
    out->phase = phase_of(gc);
    if (gc->is_running)
        read_running(gc, out);
}
