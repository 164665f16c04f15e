#include "host/gc_worker.h"

#include <stdio.h>

/* Some milliseconds at the usual pace: a stop is quick, and the caches are not cold for most of a slice. */
#define SLICE_BYTES ((uint64_t)1 << 20)

/* A round that copied no more than this leaves the owner little to do. */
#define LAST_ROUND_BYTES ((uint64_t)256 << 10)
#define ROUNDS_MAX 12

#define REST_STEP_MS 50

/* ---- turns --------------------------------------------------------------------- */

static void give_turn(struct gc_worker *worker, enum gc_turn turn)
{
    atomic_store(&worker->turn, turn);
    os_condition_broadcast(worker->condition);
}

/* The owner gets the turn; returns when the worker has it again. */
static void let_owner(struct gc_worker *worker, enum gc_turn turn)
{
    os_mutex_lock(worker->mutex);
    give_turn(worker, turn);
    os_mutex_unlock(worker->mutex);
    worker->wake(worker->wake_context);
    os_mutex_lock(worker->mutex);
    while (worker->turn == OWNER_RENEWS || worker->turn == OWNER_ENDS)
        os_condition_wait(worker->condition, worker->mutex);
    os_mutex_unlock(worker->mutex);
}

void gc_worker_renew(struct gc_worker *worker, const struct arena_commit *commit)
{
    os_mutex_lock(worker->mutex);
    worker->commit = *commit;
    give_turn(worker, WORKER_COPIES);
    os_mutex_unlock(worker->mutex);
}

void gc_worker_end(struct gc_worker *worker)
{
    os_mutex_lock(worker->mutex);
    give_turn(worker, WORKER_CLEARS);
    os_mutex_unlock(worker->mutex);
}

void gc_worker_wait(struct gc_worker *worker, uint64_t duration_ms)
{
    uint64_t deadline_ns = os_clock_ns() + duration_ms * 1000000;
    os_mutex_lock(worker->mutex);
    while (worker->turn == WORKER_COPIES && os_condition_wait_until(worker->condition, worker->mutex, deadline_ns)) {
    }
    os_mutex_unlock(worker->mutex);
}

/* ---- copying ------------------------------------------------------------------------ */

static uint64_t copied_bytes(const struct gc_worker *worker)
{
    struct collector_counts counts;
    collector_compaction_counts(worker->compaction, &counts);
    return counts.bytes;
}

/* The priority that fits; each is asked for when it changes.  Not everybody may raise one. */
static void set_priority(bool wants_low, bool *is_low)
{
    if (wants_low == *is_low)
        return;
    *is_low = wants_low;
    if (wants_low)
        os_thread_lower_priority();
    else
        os_thread_restore_priority();
}

static bool is_cancelled(const struct gc_worker *worker)
{
    return atomic_load_explicit(&worker->is_cancelled, memory_order_relaxed);
}

/* In steps: whoever stops it does not wait for a slow pace, nor does one that becomes a rush. */
static void rest(const struct gc_worker *worker, const struct pace_meter *meter)
{
    uint64_t rest_ms;
    while (!is_cancelled(worker) && (rest_ms = pace_rest_ms(meter, &worker->pace, os_clock_ns())) > 0)
        os_sleep_ms(rest_ms < REST_STEP_MS ? rest_ms : REST_STEP_MS);
}

static enum status flush(struct gc_worker *worker, struct pace_meter *meter)
{
    uint64_t started_ns = os_clock_ns();
    STATUS_TRY(collector_compaction_sync(worker->compaction));
    pace_meter_flush(meter, &worker->pace, os_clock_ns() - started_ns);
    return STATUS_OK;
}

static enum status copy_slice(struct gc_worker *worker, struct pace_meter *meter, bool *is_done)
{
    uint64_t started_ns = os_clock_ns(), cpu_started_ns = os_clock_cpu_ns(), before_bytes = copied_bytes(worker);
    STATUS_TRY(collector_compaction_run(worker->compaction, SLICE_BYTES, is_done));
    if (collector_compaction_unsynced_bytes(worker->compaction) >= pace_sync_bytes(&worker->pace))
        STATUS_TRY(flush(worker, meter));
    pace_meter_slice(meter, &worker->pace, started_ns, os_clock_cpu_ns() - cpu_started_ns,
                     copied_bytes(worker) - before_bytes);
    return STATUS_OK;
}

static enum status copy_round(struct gc_worker *worker)
{
    struct pace_meter meter = pace_meter_start(&worker->pace);
    bool is_done = false, is_low = true;
    STATUS_TRY(collector_compaction_round(worker->compaction, &worker->commit));
    while (!is_done) {
        if (is_cancelled(worker))
            return status_fail(STATUS_INTERRUPTED, "the collection was stopped");
        STATUS_TRY(copy_slice(worker, &meter, &is_done));
        set_priority(!pace_is_rushed(&worker->pace), &is_low);
        if (worker->rounds == 0) /* later ones have to overtake the events */
            rest(worker, &meter);
    }
    set_priority(true, &is_low);
    return collector_compaction_sync(worker->compaction);
}

static enum status copy_all(struct gc_worker *worker)
{
    for (;;) {
        uint64_t before_bytes = copied_bytes(worker);
        STATUS_TRY(copy_round(worker));
        worker->rounds++;
        if (worker->rounds >= ROUNDS_MAX ||
            (worker->rounds > 1 && copied_bytes(worker) - before_bytes <= LAST_ROUND_BYTES))
            return STATUS_OK;
        let_owner(worker, OWNER_RENEWS);
    }
}

static void run(void *context)
{
    struct gc_worker *worker = context;
    os_thread_lower_priority();
    noun_space_enter(worker->space);
    worker->status = copy_all(worker);
    worker->cpu_ns = os_clock_cpu_ns();
    if (worker->status != STATUS_OK)
        snprintf(worker->message, sizeof worker->message, "%s", status_message());
    let_owner(worker, OWNER_ENDS);
    collector_compaction_destroy(worker->compaction);
}

enum status gc_worker_start(struct gc_worker *worker, const struct arena_commit *commit)
{
    worker->commit = *commit;
    worker->turn = WORKER_COPIES;
    worker->mutex = os_mutex_create();
    worker->condition = os_condition_create();
    enum status status = os_thread_start(run, worker, &worker->thread);
    if (status == STATUS_OK)
        return status;
    os_condition_destroy(worker->condition);
    os_mutex_destroy(worker->mutex);
    return status;
}

void gc_worker_join(struct gc_worker *worker)
{
    os_thread_join(worker->thread);
    os_condition_destroy(worker->condition);
    os_mutex_destroy(worker->mutex);
    *worker = (struct gc_worker){0};
}
