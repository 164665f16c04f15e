/* Whether the arena has rotted, asked when a look or an event takes long.
 *
 * What is mapped is read without a look at it before, so a word that has rotted can
 * lead a program round in a circle: in a noun that contains itself no loop ends, not
 * the engine's, where a limit ends it, nor a comparison or a printer, where nothing does.
 * To look at each reference as it is followed would cost what a step of the engine
 * costs.  So a thread waits, and when the owner has been at one thing for longer than its
 * patience, verifies the newest commit once, through files and a space of its own.
 * Only if that finds damage the listener is told, which is to end the process; what
 * merely takes long goes on.
 */
#include <stdio.h>
#include <stdlib.h>

#include "host/private.h"

#define LOOKS 4 /* at the clock, within its patience */

struct doubt {
    struct host *host;
    uint64_t patience_ns;
    _Atomic uint64_t armed_ns; /* since when; 0: nothing is under way */
    uint64_t asked_ns;         /* the thread's: what was under way when it verified last */
    struct os_worker worker;
};

/* ---- the thread ------------------------------------------------------------------ */

/* Is it still at the same? */
static bool is_under_way(void *context, uint64_t bytes)
{
    struct doubt *doubt = context;
    (void)bytes;
    return !os_worker_is_stopping(&doubt->worker) && atomic_load(&doubt->armed_ns) == doubt->asked_ns;
}

static void ask(struct doubt *doubt)
{
    const struct host_listener *listener = &doubt->host->options.listener;
    const struct recovery_verify_options options = {
        .is_beside = true, .is_arena_only = true, .go_on = is_under_way, .context = doubt};
    const struct recovery_listener nobody = {0};
    struct recovery_report report;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    if (recovery_verify_with(doubt->host->node->directory, &options, &nobody, &report) != STATUS_CORRUPT ||
        !is_under_way(doubt, 0))
        return;
    snprintf(
        message, sizeof message,
        "the arena of %s has rotted, so that what was asked may never end: %.700s; nothing accepted is lost: `loam "
        "doctor` says what can be done",
        doubt->host->node->directory, status_message());
    listener->rotten(listener->context, message);
}

static void work(void *context)
{
    struct doubt *doubt = context;
    struct os_worker *worker = &doubt->worker;
    os_thread_lower_priority();
    os_mutex_lock(worker->mutex);
    while (!worker->is_stopping) {
        uint64_t armed_ns = atomic_load(&doubt->armed_ns), now_ns = os_clock_ns();
        if (armed_ns != 0 && armed_ns != doubt->asked_ns && now_ns - armed_ns >= doubt->patience_ns) {
            doubt->asked_ns = armed_ns;
            os_mutex_unlock(worker->mutex);
            ask(doubt);
            os_mutex_lock(worker->mutex);
        } else
            os_condition_wait_until(worker->condition, worker->mutex, now_ns + doubt->patience_ns / LOOKS);
    }
    os_mutex_unlock(worker->mutex);
}

/* ---- the owner --------------------------------------------------------------------- */

void doubt_arm(struct doubt *doubt)
{
    if (doubt != NULL)
        atomic_store_explicit(&doubt->armed_ns, os_clock_ns(), memory_order_relaxed);
}

void doubt_disarm(struct doubt *doubt)
{
    if (doubt != NULL)
        atomic_store_explicit(&doubt->armed_ns, 0, memory_order_relaxed);
}

enum status doubt_start(struct host *host, uint64_t patience_ms, struct doubt **out)
{
    if (host->options.listener.rotten == NULL)
        return STATUS_OK;
    struct doubt *doubt = calloc(1, sizeof *doubt);
    if (doubt == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *doubt);
    doubt->host = host;
    doubt->patience_ns = patience_ms * 1000000;
    os_worker_init(&doubt->worker);
    *out = doubt;
    return os_worker_start(&doubt->worker, work, doubt);
}

void doubt_stop(struct doubt *doubt)
{
    if (doubt == NULL)
        return;
    os_worker_stop(&doubt->worker);
    os_worker_finish(&doubt->worker);
    free(doubt);
}
