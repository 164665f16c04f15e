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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/gc_worker.h"
#include "host/private.h"

#define LOOK_NS ((uint64_t)50000000) /* how often the policy is asked */
#define RETRY_NS_FIRST ((uint64_t)10000000000)
#define RETRY_NS_MOST ((uint64_t)3600000000000)

#define CPU_PERCENT_DEFAULT 50
#define WRITE_BYTES_DEFAULT ((uint64_t)128 << 20)

/* What events may add while a collection copies. */
#define TAIL_BYTES_LEAST ((uint64_t)64 << 20)
#define TAIL_BYTES_ALONE ((uint64_t)1 << 20) /* nobody runs the machine */

/* Against the load (mind_the_pace). */
#define SPENT_PARTS 4
#define SPENT_AHEAD 0.25
#define HOLD_MS_MOST 20

/* An interval is not worth a collection of less. */
#define INTERVAL_BYTES_LEAST ((uint64_t)1 << 20)

/* The disk runs short where less than this is left, and less than the half of
 * what is used. */
#define DISK_LEAST_BYTES ((uint64_t)4 << 30)

#define WAIT_MS 100

struct request {
    bool is_wanted;
    bool is_full;
    bool is_urgent;             /* as fast as it goes */
    struct collector_plan plan; /* this one, if it is wanted */
    host_collected_fn *collected;
    void *context;
};

struct gc {
    struct host *host;
    struct arena *arena;
    struct host_gc_options options;
    struct collector_history history;
    uint64_t fresh_start_bytes;
    struct collector_large_facts large;
    uint64_t memory_bytes; /* of the machine */

    /* The collection under way. */
    bool is_running;
    struct gc_worker worker; /* joined late: its thread ends in its own time */
    struct collector_plan plan;
    struct collector_record record;
    uint64_t started_ns;
    uint64_t started_bytes; /* used then */
    uint64_t hold_ms;       /* that each event waits for it */
    struct request served;  /* the request that it is for, if any */

    struct request request; /* the one that waits */
    uint64_t next_look_ns;
    uint64_t next_interval_ns;
    uint64_t retry_ns; /* after the next failure */
    uint64_t failures;
};

const char *host_gc_phase_name(enum host_gc_phase phase)
{
    static const char *const names[] = {"idle", "copying", "copying what is new", "ending"};
    return names[phase];
}

/* ---- what is known ------------------------------------------------------------ */

static uint64_t used_bytes(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics.appended_bytes;
}

static enum status read_facts(struct gc *gc, struct collector_facts *facts)
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

/* ---- the beginning --------------------------------------------------------------- */

static void wake(void *context)
{
    struct gc *gc = context;
    if (gc->host->has_loop)
        uv_async_send(&gc->host->wake);
}

/* The thread of the collection before, if it has not been joined yet. */
static void join(struct gc *gc)
{
    if (gc->worker.thread != NULL)
        gc_worker_join(&gc->worker);
}

static struct gc_pace pace_of(const struct gc *gc)
{
    if (gc->served.is_urgent)
        return (struct gc_pace){.cpu_percent = 100, .write_bytes_per_second = UINT64_MAX};
    return (struct gc_pace){gc->options.cpu_percent, gc->options.write_bytes_per_second};
}

static enum status start(struct gc *gc)
{
    const struct collector_plan *plan = &gc->plan;
    uint64_t least_bytes = gc->served.is_urgent ? TAIL_BYTES_ALONE : TAIL_BYTES_LEAST;
    uint64_t tail_bytes = plan->above_bytes / 8 > least_bytes ? plan->above_bytes / 8 : least_bytes;
    struct collector_compaction *compaction;
    join(gc);
    STATUS_TRY(collector_compaction_begin(gc->arena, plan->start_bytes, plan->above_bytes + tail_bytes, &compaction));
    gc->worker = (struct gc_worker){
        .compaction = compaction,
        .space = gc->host->node->space,
        .pace = pace_of(gc),
        .wake = wake,
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

static void answer(struct gc *gc, enum status status)
{
    struct request served = gc->served;
    gc->served = (struct request){0};
    if (served.is_wanted && served.collected != NULL)
        served.collected(served.context, gc->host, status, status == STATUS_OK ? &gc->record : NULL);
}

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
    answer(gc, status);
}

static uint64_t large_bytes(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics.large_bytes;
}

static void succeed(struct gc *gc, const struct arena_commit *commit, uint64_t pause_started_ns)
{
    if (gc->record.is_full)
        gc->large.kept_bytes = large_bytes(gc->arena);
    gc->fresh_start_bytes = commit->watermark_bytes;
    gc->retry_ns = RETRY_NS_FIRST;
    gc->record.pause_us = (os_clock_ns() - pause_started_ns) / 1000;
    gc->history.records[0] = gc->record;
    flusher_kick(gc->host->flusher); /* what was freed is used again after a flush */
    const struct host_listener *listener = &gc->host->options.listener;
    if (listener->collected != NULL)
        listener->collected(listener->context, &gc->record);
    answer(gc, STATUS_OK);
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
    gc->started_bytes = used_bytes(gc->arena);
    gc->hold_ms = 0;
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
    gc->request = (struct request){0};
    enum status status = read_facts(gc, &facts);
    if (status != STATUS_OK) {
        fail(gc, status);
        return;
    }
    struct collector_plan plan = collector_plan_by_hand(&gc->history, &facts, gc->served.is_full);
    if (gc->served.plan.is_wanted)
        plan = gc->served.plan;
    else if (!plan.is_full && is_nothing_fresh(gc)) {
        gc->record = (struct collector_record){.event = gc->host->node->event, .start_bytes = plan.start_bytes};
        answer(gc, STATUS_OK);
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
    if (read_facts(gc, &facts) != STATUS_OK)
        return;
    struct collector_plan plan = collector_plan(&gc->history, &facts);
    struct collector_plan fresh = collector_plan_by_hand(&gc->history, &facts, false);
    if (is_interval_over(gc, now_ns, &fresh) && !plan.is_wanted)
        plan = fresh;
    if (!plan.is_full && collector_large_is_due(&gc->large, facts.used_bytes))
        plan = collector_plan_by_hand(&gc->history, &facts, true);
    if (plan.is_wanted)
        begin(gc, &plan);
}

/* What events have added since the collection began, as a part of what they may. */
static double spent_part(const struct gc *gc)
{
    uint64_t used = used_bytes(gc->arena), allowed_bytes = gc->plan.above_bytes / SPENT_PARTS;
    if (allowed_bytes < gc->options.slack_bytes / SPENT_PARTS)
        allowed_bytes = gc->options.slack_bytes / SPENT_PARTS;
    return used > gc->started_bytes ? (double)(used - gc->started_bytes) / (double)(allowed_bytes + 1) : 0;
}

static double done_part(const struct gc *gc)
{
    struct collector_counts counts;
    collector_compaction_counts(gc->worker.compaction, &counts);
    return (double)counts.bytes / (double)(gc->plan.above_bytes - gc->plan.dead_bytes + 1);
}

/* The collection has to be over before events have added a quarter of what it looks at.  It
 * keeps its pace while the part of its work that is done is ahead of the part of
 * that quarter that is gone, and does not rest while it is behind.  Where even
 * that is not enough, because others have the processors or the disk, events
 * wait: the longer, the more they have added. */
static void mind_the_pace(struct gc *gc)
{
    uint64_t now_ns = os_clock_ns();
    if (now_ns < gc->next_look_ns)
        return;
    gc->next_look_ns = now_ns + LOOK_NS;
    double spent = spent_part(gc);
    atomic_store(&gc->worker.is_rushed, gc->plan.is_late || spent >= 1 || spent > done_part(gc) + SPENT_AHEAD);
    gc->hold_ms = spent < 2 ? 0 : spent > 4 ? HOLD_MS_MOST : (uint64_t)((spent - 2) / 2 * HOLD_MS_MOST) + 1;
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
        if (gc->hold_ms > 0)
            gc_worker_wait(&gc->worker, gc->hold_ms);
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

/* ---- asking for one ------------------------------------------------------------------------ */

static enum status check_can(const struct host *host)
{
    if (host->gc == NULL)
        return status_fail(STATUS_INVALID, "there is no arena here that could be collected");
    if (host->broken != STATUS_OK)
        return status_fail(host->broken, "the machine has stopped: %.900s", host->broken_message);
    return STATUS_OK;
}

enum status host_gc_request(struct host *host, bool is_full, host_collected_fn *collected, void *context)
{
    STATUS_TRY(check_can(host));
    if (host->gc->request.is_wanted)
        return status_fail(STATUS_BUSY, "a collection waits already for the one under way: try again later");
    host->gc->request =
        (struct request){.is_wanted = true, .is_full = is_full, .collected = collected, .context = context};
    wake(host->gc);
    return STATUS_OK;
}

void host_gc_forget(struct host *host, const void *context)
{
    struct request *requests[] = {&host->gc->request, &host->gc->served};
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        if (requests[i]->context == context)
            requests[i]->collected = NULL;
}

struct awaited {
    bool is_over;
    enum status status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    struct collector_record record;
};

static void on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    struct awaited *awaited = context;
    (void)host;
    awaited->is_over = true;
    awaited->status = status;
    if (status == STATUS_OK)
        awaited->record = *record;
    else
        snprintf(awaited->message, sizeof awaited->message, "%s", status_message());
}

static void report_progress(struct host *host)
{
    struct host_gc_status facts;
    if (host->options.listener.progress == NULL)
        return;
    host_gc_status_read(host, &facts);
    host->options.listener.progress(host->options.listener.context, "bytes copied", facts.copied_bytes,
                                    facts.copied_bytes > facts.expected_bytes ? 0 : facts.expected_bytes);
}

/* Asks, and waits. */
static enum status collect_now(struct host *host, bool is_full, const struct collector_plan *plan,
                               struct collector_record *record)
{
    struct awaited awaited = {0};
    host_reset(host);
    STATUS_TRY(host_gc_request(host, is_full, on_collected, &awaited));
    host->gc->request.is_urgent = true;
    host->gc->request.plan = *plan;
    while (!awaited.is_over && host->broken == STATUS_OK) {
        if (host->gc->is_running)
            gc_worker_wait(&host->gc->worker, WAIT_MS);
        gc_attend(host->gc);
        report_progress(host);
    }
    if (!awaited.is_over)
        return check_can(host);
    if (awaited.status != STATUS_OK)
        return status_fail(awaited.status, "%s", awaited.message);
    *record = awaited.record;
    return host_settle(host);
}

enum status host_collect(struct host *host, bool is_full, struct collector_record *record)
{
    return collect_now(host, is_full, &(struct collector_plan){0}, record);
}

enum status host_collect_due(struct host *host, uint64_t size_bytes_max, bool *is_collected,
                             struct collector_record *record)
{
    struct collector_facts facts;
    *is_collected = false;
    STATUS_TRY(check_can(host));
    STATUS_TRY(read_facts(host->gc, &facts));
    struct collector_plan plan = collector_plan(&host->gc->history, &facts);
    if (plan.is_wanted && plan.above_bytes > size_bytes_max)
        plan = collector_plan_by_hand(&host->gc->history, &facts, false);
    if (!plan.is_wanted || plan.above_bytes > size_bytes_max || plan.dead_bytes < plan.above_bytes / 4)
        return STATUS_OK;
    *is_collected = true;
    return collect_now(host, plan.is_full, &plan, record);
}

/* ---- what it knows about itself ---------------------------------------------------------------- */

static enum host_gc_phase phase_of(const struct gc *gc)
{
    if (!gc->is_running)
        return HOST_GC_IDLE;
    enum gc_turn turn = atomic_load(&gc->worker.turn);
    if (turn == OWNER_ENDS || turn == WORKER_CLEARS)
        return HOST_GC_ENDING;
    return gc->worker.rounds == 0 ? HOST_GC_COPYING : HOST_GC_TAIL;
}

static void read_running(const struct gc *gc, struct host_gc_status *out)
{
    struct collector_counts counts;
    collector_compaction_counts(gc->worker.compaction, &counts);
    out->is_full = gc->plan.is_full;
    out->copied_bytes = counts.bytes;
    out->expected_bytes = gc->plan.above_bytes - gc->plan.dead_bytes;
    if (out->expected_bytes < counts.bytes)
        out->expected_bytes = counts.bytes;
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
    const struct collector_facts facts = {.used_bytes = used_bytes(node->arena)};
    out->used_bytes = facts.used_bytes;
    out->dead_bytes = collector_dead_bytes(&out->history, &facts);
    if (gc == NULL)
        return;
    out->failures = gc->failures;
    out->phase = phase_of(gc);
    if (gc->is_running)
        read_running(gc, out);
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
    gc->large.kept_bytes = large_bytes(gc->arena);
    *out = gc;
    return STATUS_OK;
}

static void stop_worker(struct gc *gc)
{
    atomic_store(&gc->worker.is_cancelled, true);
    for (;;) {
        gc_worker_wait(&gc->worker, WAIT_MS);
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
        answer(gc, status_fail(STATUS_INTERRUPTED, "%s", reason));
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
