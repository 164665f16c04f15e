/* When the arena is collected, and what the host's thread does for it.
 *
 * A collection begins and ends here, between two events; in between a thread of
 * its own copies (gc_worker.c).  At the end the owner copies what the last
 * events have added, one superblock publishes the new roots, and everything
 * that holds a persistent noun follows: the pause.
 *
 * No failure of a collection is one of an event.  Where there is no room it is
 * given up, and tried again later and later; a failed write breaks the host as
 * one of a commit does.
 */
#include <stdlib.h>

#include "host/gc.h"

#define LOOK_NS ((uint64_t)50000000) /* how often the policy is asked */
#ifdef LOAM_HOSTILE
#define ROOM_KEPT_MS ((uint64_t)0)
#else
#define ROOM_KEPT_MS ((uint64_t)600000)
#endif
#define RETRY_NS_FIRST ((uint64_t)10000000000)
#define RETRY_NS_MOST ((uint64_t)3600000000000)

#define CPU_PERCENT_DEFAULT 50
#define WRITE_BYTES_DEFAULT ((uint64_t)128 << 20)

/* What events may add while a collection copies. */
#define TAIL_BYTES_LEAST ((uint64_t)64 << 20)
#define TAIL_BYTES_ALONE ((uint64_t)1 << 20) /* nobody runs the machine */

/* An interval is not worth a collection of less. */
#define INTERVAL_BYTES_LEAST ((uint64_t)1 << 20)

/* ---- the beginning --------------------------------------------------------------- */

/* The thread of the collection before, if it has not been joined yet. */
static void join(struct gc *gc)
{
    if (gc->worker.thread != NULL)
        gc_worker_join(&gc->worker);
}

static struct pace pace_of(const struct gc *gc)
{
    const struct collector_plan *plan = &gc->plan;
    struct pace pace = {
        .cpu_percent = gc->options.cpu_percent,
        .write_bytes_per_second = gc->options.write_bytes_per_second,
        .is_late = plan->is_late,
        .started_bytes = gc_used_bytes(gc->arena),
        .allowed_bytes = pace_allowed_bytes(plan->above_bytes, gc->options.slack_bytes),
        .expected_bytes = plan->above_bytes - plan->dead_bytes,
    };
    if (gc->served.is_urgent)
        pace_unbound(&pace);
    return pace;
}

static enum status start(struct gc *gc)
{
    const struct collector_plan *plan = &gc->plan;
    uint64_t least_bytes = gc->served.is_urgent ? TAIL_BYTES_ALONE : TAIL_BYTES_LEAST;
    uint64_t tail_bytes = plan->above_bytes / 8 > least_bytes ? plan->above_bytes / 8 : least_bytes;
    struct pace pace = pace_of(gc);
    struct collector_compaction *compaction;
    join(gc);
    STATUS_TRY(collector_compaction_begin(gc->arena, plan->start_bytes, plan->above_bytes + tail_bytes, &compaction));
    gc->worker = (struct gc_worker){
        .compaction = compaction,
        .space = gc->host->node->space,
        .pace = pace,
        .wake = gc_wake,
        .wake_context = gc,
    };
    enum status status = gc_worker_start(&gc->worker, arena_current(gc->arena));
    if (status != STATUS_OK) {
        collector_compaction_abort(gc->arena, compaction);
        collector_compaction_destroy(compaction);
    }
    return status;
}

/* ---- the end ------------------------------------------------------------------------ */

static bool is_refusal(enum status status)
{
    return status == STATUS_NO_SPACE || status == STATUS_LIMIT || status == STATUS_NO_MEMORY ||
           status == STATUS_INTERRUPTED;
}

/* The thread's message says why. */
static void fail(struct gc *gc, enum status status)
{
    status = status_add_context(status, "the arena was not collected");
    gc->failures++;
    gc->next_look_ns = os_clock_ns() + gc->retry_ns;
    gc->retry_ns = gc->retry_ns * 2 < RETRY_NS_MOST ? gc->retry_ns * 2 : RETRY_NS_MOST;
    if (!is_refusal(status))
        host_break(gc->host, status);
    else if (!gc->served.is_wanted)
        host_warn(gc->host, status_message());
    gc_answer(gc, status);
}

/* The room for the copies is kept for a while: where collections follow each other the next finds it, in pages
 * that the file and the page cache have.  The thread that flushes gives it back.  Nobody keeps room on a disk that
 * runs short. */
static void mind_room(struct gc *gc, bool is_pressed)
{
    if (!is_pressed || arena_room_until_ns(gc->arena) == 0)
        return;
    arena_keep_room(gc->arena, 0);
    flusher_kick(gc->host->flusher); /* it makes the file shorter */
}

static void succeed(struct gc *gc, const struct arena_commit *commit, uint64_t pause_started_ns)
{
    if (gc->record.is_full)
        gc->large.kept_bytes = gc_large_bytes(gc->arena);
    gc->fresh_start_bytes = commit->watermark_bytes;
    gc->retry_ns = RETRY_NS_FIRST;
    gc->record.pause_us = (os_clock_ns() - pause_started_ns) / 1000;
    gc->history.records[0] = gc->record;
    arena_keep_room(gc->arena, ROOM_KEPT_MS);
    flusher_kick(gc->host->flusher); /* what was freed is used again after a flush */
    const struct host_listener *listener = &gc->host->options.listener;
    if (listener->collected != NULL)
        listener->collected(listener->context, &gc->record);
    gc_answer(gc, STATUS_OK);
}

static void complete_record(struct gc *gc)
{
    gc->record.wall_ms = os_wall_ms();
    gc->record.event = gc->host->node->event;
    gc->record.cpu_us = gc->worker.cpu_ns / 1000;
    gc->record.duration_ms = (os_clock_ns() - gc->started_ns) / 1000000;
}

/* The pause: what is left, the superblock, and whoever holds a persistent noun. */
static void finish(struct gc *gc)
{
    uint64_t pause_started_ns = os_clock_ns();
    struct arena_commit commit;
    struct collector_history before = gc->history;
    complete_record(gc);
    enum status status =
        collector_compaction_finish(gc->arena, gc->worker.compaction, &gc->history, &gc->record, &commit);
    if (status == STATUS_OK)
        node_move(gc->host->node, &commit, collector_compaction_moved, gc->worker.compaction);
    gc_worker_end(&gc->worker);
    gc->is_running = false;
    if (status == STATUS_OK) {
        succeed(gc, &commit, pause_started_ns);
        return;
    }
    gc->history = before;
    fail(gc, status);
}

static void give_up(struct gc *gc)
{
    enum status status = status_fail(gc->worker.status, "%s", gc->worker.message);
    collector_compaction_abort(gc->arena, gc->worker.compaction);
    gc_worker_end(&gc->worker);
    gc->is_running = false;
    fail(gc, status);
}

/* ---- what is due ----------------------------------------------------------------------- */

static void begin(struct gc *gc, const struct collector_plan *plan)
{
    gc->plan = *plan;
    gc->started_ns = os_clock_ns();
    gc->record = (struct collector_record){
        .is_full = plan->is_full,
        .start_bytes = plan->start_bytes,
        .above_bytes = plan->above_bytes,
    };
    enum status status = start(gc);
    gc->is_running = status == STATUS_OK;
    if (status != STATUS_OK)
        fail(gc, status);
}

/* A collection of nothing would only leave another history behind. */
static bool is_nothing_fresh(const struct gc *gc)
{
    return gc->history.generation_count > 0 && arena_current(gc->arena)->watermark_bytes == gc->fresh_start_bytes;
}

static void begin_request(struct gc *gc)
{
    struct collector_facts facts;
    gc->served = gc->request;
    gc->request = (struct gc_request){0};
    enum status status = gc_read_facts(gc, &facts);
    if (status != STATUS_OK) {
        fail(gc, status);
        return;
    }
    struct collector_plan plan = collector_plan_by_hand(&gc->history, &facts, gc->served.is_full);
    if (gc->served.plan.is_wanted)
        plan = gc->served.plan;
    else if (!plan.is_full && is_nothing_fresh(gc)) {
        gc->record = (struct collector_record){.event = gc->host->node->event, .start_bytes = plan.start_bytes};
        gc_answer(gc, STATUS_OK);
        return;
    }
    begin(gc, &plan);
}

static bool is_interval_over(struct gc *gc, uint64_t now_ns, const struct collector_plan *fresh)
{
    if (gc->options.mode != HOST_GC_INTERVAL || now_ns < gc->next_interval_ns)
        return false;
    gc->next_interval_ns = now_ns + gc->options.interval_ms * 1000000;
    return fresh->above_bytes >= INTERVAL_BYTES_LEAST;
}

static void look(struct gc *gc, uint64_t now_ns)
{
    struct collector_facts facts;
    gc->next_look_ns = now_ns + LOOK_NS;
    if (gc_read_facts(gc, &facts) != STATUS_OK)
        return;
    mind_room(gc, facts.is_pressed);
    struct collector_plan plan = collector_plan(&gc->history, &facts);
    struct collector_plan fresh = collector_plan_by_hand(&gc->history, &facts, false);
    if (is_interval_over(gc, now_ns, &fresh) && !plan.is_wanted)
        plan = fresh;
    if (!plan.is_full && collector_large_is_due(&gc->large, facts.used_bytes))
        plan = collector_plan_by_hand(&gc->history, &facts, true);
    if (plan.is_wanted)
        begin(gc, &plan);
}

static void mind_the_pace(struct gc *gc)
{
    uint64_t now_ns = os_clock_ns();
    struct collector_counts counts;
    if (now_ns < gc->next_look_ns)
        return;
    gc->next_look_ns = now_ns + LOOK_NS;
    collector_compaction_counts(gc->worker.compaction, &counts);
    pace_mind(&gc->worker.pace, gc_used_bytes(gc->arena), counts.bytes);
}

static void serve_worker(struct gc *gc)
{
    enum gc_turn turn = atomic_load(&gc->worker.turn);
    if (turn == OWNER_RENEWS)
        gc_worker_renew(&gc->worker, arena_current(gc->arena));
    else if (turn == OWNER_ENDS && gc->worker.status == STATUS_OK)
        finish(gc);
    else if (turn == OWNER_ENDS)
        give_up(gc);
}

void gc_attend(struct gc *gc)
{
    if (gc == NULL || gc->host->broken != STATUS_OK)
        return;
    if (gc->is_running) {
        mind_the_pace(gc);
        if (gc->worker.pace.hold_ms > 0)
            gc_worker_wait(&gc->worker, gc->worker.pace.hold_ms);
        serve_worker(gc);
        return;
    }
    if (gc->request.is_wanted) {
        begin_request(gc);
        return;
    }
    if (gc->options.mode == HOST_GC_OFF)
        return;
    uint64_t now_ns = os_clock_ns();
    if (now_ns >= gc->next_look_ns)
        look(gc, now_ns);
}

bool gc_is_busy(const struct gc *gc)
{
    return gc != NULL && (gc->is_running || gc->request.is_wanted);
}

/* ---- beginning and end ----------------------------------------------------------------------------- */

enum status gc_start(struct host *host, struct gc **out)
{
    struct gc *gc = calloc(1, sizeof *gc);
    if (gc == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *gc);
    gc->host = host;
    gc->arena = host->node->arena;
    gc->options = host->options.gc;
    if (gc->options.slack_bytes == 0)
        gc->options.slack_bytes = HOST_GC_SLACK_BYTES;
    if (gc->options.cpu_percent == 0 || gc->options.cpu_percent > 100)
        gc->options.cpu_percent = CPU_PERCENT_DEFAULT;
    if (gc->options.write_bytes_per_second == 0)
        gc->options.write_bytes_per_second = WRITE_BYTES_DEFAULT;
    gc->memory_bytes = os_memory_bytes();
    gc->retry_ns = RETRY_NS_FIRST;
    gc->next_interval_ns = os_clock_ns() + gc->options.interval_ms * 1000000;
    const struct arena_commit *commit = arena_current(gc->arena);
    gc->fresh_start_bytes = collector_history_open(commit, &gc->history);
    gc->large.kept_bytes = gc_large_bytes(gc->arena);
    *out = gc;
    return STATUS_OK;
}

static void stop_worker(struct gc *gc)
{
    atomic_store(&gc->worker.is_cancelled, true);
    for (;;) {
        gc_worker_wait(&gc->worker, GC_WAIT_MS);
        enum gc_turn turn = atomic_load(&gc->worker.turn);
        if (turn == OWNER_RENEWS)
            gc_worker_renew(&gc->worker, arena_current(gc->arena));
        else if (turn == OWNER_ENDS)
            break;
    }
    collector_compaction_abort(gc->arena, gc->worker.compaction);
    gc_worker_end(&gc->worker);
    gc->is_running = false;
}

/* Where nobody waits, the message of an earlier failure stays for whoever closes the host. */
static void turn_down(struct gc *gc, const char *reason)
{
    if (gc->served.is_wanted)
        gc_answer(gc, status_fail(STATUS_INTERRUPTED, "%s", reason));
}

void gc_stop(struct gc *gc)
{
    if (gc == NULL)
        return;
    if (gc->is_running)
        stop_worker(gc);
    join(gc);
    turn_down(gc, "the machine stopped before the collection was over");
    gc->served = gc->request;
    turn_down(gc, "the machine stopped before the collection began");
    free(gc);
}
