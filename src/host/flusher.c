/* The thread that flushes the arena.
 *
 * An event is durable when its log row is, so the arena may lag: all that a lag
 * costs is the replay of what a power cut took from it.  It is kept short, a
 * fraction of a second of commits, and each flush serves all of them; flushing
 * more often would only make the log's flushes wait for the same device.  While
 * the arena's file is being made shorter it goes on without commits, and it begins
 * with that when the time is over for which a collection has kept the file's room.
 */
#include "host/private.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"

#define LAG_NS ((uint64_t)250000000)

struct flusher {
    struct arena *arena;
    struct os_worker worker; /* its mutex guards what follows */
    bool is_dirty;
    bool is_urgent;             /* somebody waits */
    uint64_t started, finished; /* flushes */
    enum status status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
};

static void flush(struct flusher *flusher)
{
    enum status status = arena_sync(flusher->arena);
    if (status == STATUS_OK)
        status = arena_grow_ahead(flusher->arena);
    os_mutex_lock(flusher->worker.mutex);
    /* No room to grow ahead is no failure: the event that needs it is refused. */
    if (status != STATUS_OK && status != STATUS_NO_SPACE) {
        flusher->status = status;
        snprintf(flusher->message, sizeof flusher->message, "%s", status_message());
    }
    flusher->finished = flusher->started;
    os_condition_broadcast(flusher->worker.condition);
    os_mutex_unlock(flusher->worker.mutex);
}

/* Under the mutex: until something has changed or the room's time is over. */
static void wait_for_change(struct flusher *flusher)
{
    uint64_t until_ns = arena_room_until_ns(flusher->arena);
    if (until_ns == 0)
        os_condition_wait(flusher->worker.condition, flusher->worker.mutex);
    else if (!os_condition_wait_until(flusher->worker.condition, flusher->worker.mutex, until_ns)) {
        arena_keep_room(flusher->arena, 0);
        flusher->is_dirty = true;
    }
}

/* Waits until there is something to flush and commits have had time to gather. */
static bool wait_for_work(struct flusher *flusher)
{
    os_mutex_lock(flusher->worker.mutex);
    while (!flusher->is_dirty && !flusher->worker.is_stopping && !arena_has_moves(flusher->arena))
        wait_for_change(flusher);
    uint64_t deadline_ns = os_clock_ns() + LAG_NS;
    while (!flusher->worker.is_stopping && !flusher->is_urgent &&
           os_condition_wait_until(flusher->worker.condition, flusher->worker.mutex, deadline_ns)) {
    }
    bool is_stopping = flusher->worker.is_stopping;
    flusher->is_dirty = false;
    flusher->is_urgent = false;
    flusher->started++;
    os_mutex_unlock(flusher->worker.mutex);
    return !is_stopping;
}

static void run(void *context)
{
    struct flusher *flusher = context;
    while (wait_for_work(flusher))
        flush(flusher);
}

enum status flusher_start(struct arena *arena, struct flusher **out)
{
    struct flusher *flusher = calloc(1, sizeof *flusher);
    if (flusher == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *flusher);
    flusher->arena = arena;
    os_worker_init(&flusher->worker);
    enum status status = os_worker_start(&flusher->worker, run, flusher);
    if (status == STATUS_OK)
        *out = flusher;
    else
        flusher_stop(flusher);
    return status;
}

void flusher_kick(struct flusher *flusher)
{
    os_mutex_lock(flusher->worker.mutex);
    bool was_dirty = flusher->is_dirty;
    flusher->is_dirty = true;
    if (!was_dirty)
        os_condition_broadcast(flusher->worker.condition);
    os_mutex_unlock(flusher->worker.mutex);
}

enum status flusher_flush(struct flusher *flusher)
{
    os_mutex_lock(flusher->worker.mutex);
    uint64_t wanted = flusher->started + 1; /* one that is under way may have begun too early */
    flusher->is_dirty = flusher->is_urgent = true;
    os_condition_broadcast(flusher->worker.condition);
    while (flusher->finished < wanted && flusher->status == STATUS_OK)
        os_condition_wait(flusher->worker.condition, flusher->worker.mutex);
    os_mutex_unlock(flusher->worker.mutex);
    return flusher_status(flusher);
}

enum status flusher_status(struct flusher *flusher)
{
    os_mutex_lock(flusher->worker.mutex);
    enum status status = flusher->status;
    os_mutex_unlock(flusher->worker.mutex);
    return status == STATUS_OK ? status : status_fail(status, "%s", flusher->message);
}

void flusher_stop(struct flusher *flusher)
{
    if (flusher == NULL)
        return;
    os_worker_stop(&flusher->worker);
    os_worker_finish(&flusher->worker);
    free(flusher);
}
