/* Collections of the arena.  They change no state, so the machine must stand
 * where it stood, wherever one was cut. */
#include "steps.h"
#include "workloads.h"

#include "collector/collector.h"
#include "recovery/recovery.h"

/* ---- step by step, on one thread ----------------------------------------------- */

static enum status copy_round(struct node *node, struct collector_compaction *compaction)
{
    bool is_done = false;
    STATUS_TRY(collector_compaction_round(compaction, arena_current(node->arena)));
    while (!is_done)
        STATUS_TRY(collector_compaction_run(compaction, 256, &is_done));
    return collector_compaction_sync(compaction);
}

/* Events go on between the rounds, and before the end. */
static enum status rounds(struct node *node, struct collector_compaction *compaction)
{
    STATUS_TRY(copy_round(node, compaction));
    STATUS_TRY(step_event(node, "[%fill 5]", true));
    STATUS_TRY(arena_sync(node->arena));
    STATUS_TRY(copy_round(node, compaction));
    return step_event(node, "[%fill 20]", true);
}

static enum status collect(struct node *node, uint64_t from_bytes, struct collector_history *history)
{
    struct collector_compaction *compaction;
    struct collector_record record = {.is_full = from_bytes == 0, .start_bytes = from_bytes};
    struct arena_commit commit;
    struct arena_statistics statistics;
    arena_statistics(node->arena, &statistics);
    record.above_bytes = statistics.appended_bytes;
    STATUS_TRY(collector_compaction_begin(node->arena, from_bytes, (uint64_t)1 << 20, &compaction));
    enum status status = rounds(node, compaction);
    if (status == STATUS_OK) {
        status = collector_compaction_finish(node->arena, compaction, history, &record, &commit);
        if (status == STATUS_OK)
            node_move(node, &commit, collector_compaction_moved, compaction);
    } else {
        collector_compaction_abort(node->arena, compaction);
    }
    collector_compaction_destroy(compaction);
    return status;
}

/* Full, then young above it, then full again; the events between them use what
 * has been freed. */
static enum status collect_thrice(struct node *node)
{
    struct collector_history history;
    collector_history_init(&history);
    STATUS_TRY(step_event(node, "[%fill 40]", true));
    STATUS_TRY(collect(node, 0, &history));
    uint64_t boundary_bytes = arena_current(node->arena)->watermark_bytes;
    STATUS_TRY(step_event(node, "[%fill 30]", true));
    STATUS_TRY(arena_sync(node->arena));
    STATUS_TRY(collect(node, boundary_bytes, &history));
    STATUS_TRY(step_event(node, "[%set 9]", true));
    STATUS_TRY(collect(node, 0, &history));
    STATUS_TRY(arena_sync(node->arena));
    return step_event(node, "[%fill 30]", true);
}

static enum status with_node(const char *directory, enum status (*body)(struct node *node))
{
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = body(node);
    recovery_close(node);
    return status;
}

static enum status collected(const char *directory, uint64_t *random)
{
    (void)random;
    return with_node(directory, collect_thrice);
}

/* ---- what else keeps nouns alive --------------------------------------------------- */

static enum status keep_and_collect(struct node *node)
{
    struct collector_history history;
    collector_history_init(&history);
    STATUS_TRY(step_event(node, "[%fill 10]", true));
    STATUS_TRY(node_keep(node, "before", false, NULL));
    STATUS_TRY(arena_sync(node->arena));
    model_mark(1);
    STATUS_TRY(step_event(node, "[%set 5]", true));
    STATUS_TRY(collect(node, 0, &history));
    return step_event(node, "[%set 6]", true);
}

static enum status snapshot_collected(const char *directory, uint64_t *random)
{
    (void)random;
    return with_node(directory, keep_and_collect);
}

static enum status snapshot_is_there(const char *directory, struct node *node, const struct expectation *expectation)
{
    struct recovery_kept kept;
    (void)directory;
    if ((expectation->marks >> 1 & 1) == 0)
        return STATUS_OK;
    STATUS_TRY(node_kept_find(node, "before", &kept));
    return kept.event == 1 ? STATUS_OK : status_fail(STATUS_CORRUPT, "the snapshot is of another event");
}

/* ---- given up ------------------------------------------------------------------------- */

static enum status begin_and_leave(struct node *node)
{
    struct collector_compaction *compaction;
    STATUS_TRY(step_event(node, "[%fill 40]", true));
    STATUS_TRY(collector_compaction_begin(node->arena, 0, (uint64_t)1 << 20, &compaction));
    enum status status = copy_round(node, compaction);
    if (status == STATUS_OK)
        status = step_event(node, "[%fill 5]", true);
    collector_compaction_abort(node->arena, compaction);
    collector_compaction_destroy(compaction);
    STATUS_TRY(status);
    STATUS_TRY(step_event(node, "[%fill 40]", true));
    return arena_sync(node->arena);
}

static enum status given_up(const char *directory, uint64_t *random)
{
    (void)random;
    return with_node(directory, begin_and_leave);
}

/* ---- a whole host, its threads and all --------------------------------------------------- */

static enum status collect_in_host(struct host *host)
{
    struct collector_record record;
    STATUS_TRY(step_poke(host, "[%fill 40]"));
    STATUS_TRY(host_collect(host, true, &record));
    STATUS_TRY(step_poke(host, "[%fill 7]"));
    STATUS_TRY(host_collect(host, false, &record));
    STATUS_TRY(host_shrink(host, true));
    return step_poke(host, "[%fill 20]");
}

static enum status host_collected(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = collect_in_host(host);
    host_close(host);
    STATUS_TRY(status);
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    status = step_poke(host, "[%set 1]");
    host_close(host);
    return status;
}

const struct workload workloads_collection[] = {
    {.name = "collections, full and young", .run = collected, .is_large = true},
    {.name = "a collection beside a snapshot",
     .run = snapshot_collected,
     .promise = snapshot_is_there,
     .is_large = true},
    {.name = "a collection is given up", .run = given_up},
    {.name = "a host collects", .run = host_collected, .is_large = true},
    {.name = NULL},
};
