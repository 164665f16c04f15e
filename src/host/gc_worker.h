/* The thread of one collection.  Private to the collection's files of this folder.
 *
 * The two take turns; `turn` says whose it is, and what for:
 *
 *   WORKER_COPIES     the worker's: it copies what `commit` reaches
 *   OWNER_RENEWS      the owner's: to give it a newer commit
 *   OWNER_ENDS        the owner's: to copy the rest and publish, or to give up
 *   WORKER_CLEARS     the worker's: to free the tables, and end
 */
#ifndef HOST_GC_WORKER_H
#define HOST_GC_WORKER_H

#include <stdatomic.h>

#include "collector/collector.h"
#include "host/pace.h"
#include "os/os.h"

enum gc_turn { WORKER_COPIES, OWNER_RENEWS, OWNER_ENDS, WORKER_CLEARS };

struct gc_worker {
    struct collector_compaction *compaction; /* owned; the thread's on its turn */
    uint8_t *space;
    struct pace pace;
    void (*wake)(void *context); /* the owner has the turn; from the worker's thread */
    void *wake_context;
    struct os_thread *thread;
    atomic_bool is_cancelled;
    _Atomic int turn;
    _Atomic unsigned rounds; /* of copying, that are over */

    struct os_mutex *mutex; /* of what follows, and of changes of `turn` */
    struct os_condition *condition;
    struct arena_commit commit; /* to copy from */
    uint64_t cpu_ns;            /* of its thread, for copying */
    enum status status;         /* why OWNER_ENDS can only give up; STATUS_OK: it can publish */
    char message[STATUS_MESSAGE_SIZE_BYTES];
};

/* Starts the thread on `commit`. */
enum status gc_worker_start(struct gc_worker *worker, const struct arena_commit *commit) MUST_USE;

/* The owner, on its turn: goes on with a newer commit; or, the compaction being
 * published or aborted, lets the thread clear up. */
void gc_worker_renew(struct gc_worker *worker, const struct arena_commit *commit);
void gc_worker_end(struct gc_worker *worker);

/* Waits until it is the owner's turn, but no longer than that. */
void gc_worker_wait(struct gc_worker *worker, uint64_t duration_ms);

/* Waits for the thread's end. */
void gc_worker_join(struct gc_worker *worker);

#endif
