/* Inside host/. */
#ifndef HOST_PRIVATE_H
#define HOST_PRIVATE_H

#include <stdatomic.h>
#include <uv.h>

#include "host/host.h"
#include "recovery/recovery.h"

/* ---- the flusher (host/flusher.c) ---------------------------------------------- */

/* A thread that makes the arena's commits durable some time after they were
 * written, many with one flush.  Nobody waits for it: the log has the events. */
struct flusher;

enum status flusher_start(struct arena *arena, struct flusher **out) MUST_USE;

/* There is something to flush. */
void flusher_kick(struct flusher *flusher);

/* Waits until everything that was committed before the call is durable. */
enum status flusher_flush(struct flusher *flusher) MUST_USE;

/* The status of its first failure, with its message; STATUS_OK if all is well. */
enum status flusher_status(struct flusher *flusher) MUST_USE;

/* Ends the thread, without a last flush.  NULL is fine. */
void flusher_stop(struct flusher *flusher);

/* ---- the collector (host/gc.c) --------------------------------------------------- */

struct gc;

/* Reads what earlier collections have found; begins nothing. */
enum status gc_start(struct host *host, struct gc **out) MUST_USE;

/* Between two events, with no ephemeral noun in use: begins a collection if one
 * is due, and does for the one under way what only this thread may do. */
void gc_attend(struct gc *gc);

/* True while a collection is under way or asked for. */
bool gc_is_busy(const struct gc *gc);

/* Gives up what is under way.  NULL is fine. */
void gc_stop(struct gc *gc);

/* ---- doubt (host/doubt.c) ---------------------------------------------------------- */

/* A thread that looks whether the arena has rotted when something takes longer than
 * `patience_ms`, and tells the listener; none (NULL) if that does not want to hear it. */
struct doubt;

enum status doubt_start(struct host *host, uint64_t patience_ms, struct doubt **out) MUST_USE;

/* The owner begins something that reads the arena; it is over.  NULL is fine. */
void doubt_arm(struct doubt *doubt);
void doubt_disarm(struct doubt *doubt);

/* NULL is fine. */
void doubt_stop(struct doubt *doubt);

/* ---- the host ------------------------------------------------------------------- */

#define HOST_DRIVERS_MAX 16
#define HOST_COMMANDS_MAX 32
#define HOST_CONTROL_NAME "control"

struct submission;
struct logger;

struct host {
    struct host_options options;
    struct node *node;       /* owned */
    struct flusher *flusher; /* NULL in memory and in a view */
    struct gc *gc;           /* likewise */
    struct logger *logger;   /* likewise */
    struct doubt *doubt;     /* NULL in memory, and if nobody listens */
    bool is_rehearsing;      /* nobody is to hear what the kernel says */
    bool is_barred;          /* an event in flight has to be released before the next is run */
    enum status broken;      /* why it accepts nothing more */
    char broken_message[STATUS_MESSAGE_SIZE_BYTES];

    uint64_t disk_look_ns;
    uint64_t refusal_warning_ns; /* when the next refusal is told of */
    uint64_t refusals_untold;    /* when the room on the disk is looked at again */
    uint64_t entropy[32];        /* for the next events; a word that was used is 0 */
    size_t entropy_left;

    uint64_t boot_ns;
    uint64_t events;
    uint64_t events_crashed;
    uint64_t evaluation_ns;
    uint64_t appended_at_boot_bytes;

    /* The event loop. */
    uv_loop_t loop;
    uv_async_t wake;
    atomic_bool has_loop; /* other threads may wake it */
    bool is_stopping;
    uint64_t attend_ns; /* when the world gets its next turn, if events are ready */
    int exit_code;
    const struct host_driver *drivers[HOST_DRIVERS_MAX];
    size_t driver_count;
    struct submission *first, **last; /* the queue */

    const struct host_command *commands[HOST_COMMANDS_MAX];
    size_t command_count;
    struct control *control; /* owned; NULL while nothing is served */

    struct host_scrub *scrub;  /* the caller's, or NULL */
    _Atomic uint64_t log_base; /* as retention has moved it, or 0 */
};

/* The host accepts nothing more, because of `status` and its message. */
void host_break(struct host *host, enum status status);

/* Has somebody asked the process to stop? */
bool host_is_interrupted(const struct host *host);

/* Tells whoever waits for an event, then every driver its effects (host/loop.c). */
void host_deliver(struct host *host, host_answered_fn *answered, void *context, const struct host_event *event);

/* Does any driver hold one of these effects for a barrier? */
bool host_has_barrier(const struct host *host, noun effects);

/* Has the loop look at what has been released; from any thread. */
void host_wake(void *host);

/* ---- the order (host/commit.c) --------------------------------------------------- */

/* Runs an event; it is delivered now, in memory, or else by a later
 * commit_release.  With `is_alone` there is nothing else to do meanwhile.
 * Statuses as host_poke. */
enum status commit_submit(struct host *host, noun wire, noun cause, bool is_alone, host_answered_fn *answered,
                          void *context) MUST_USE;

/* Delivers what has become durable, in order.  A failure: the host is broken. */
enum status commit_release(struct host *host) MUST_USE;

/* Is there room for an event?  Statuses as host_poke's refusals. */
enum status commit_prepare(struct host *host) MUST_USE;

/* May another event be run; is every one delivered? */
bool commit_has_room(struct host *host);
bool commit_is_idle(struct host *host);

/* Waits until everything in flight is durable; it is not delivered by this. */
enum status commit_settle(struct host *host) MUST_USE;

/* Drops the queue and closes the loop. */
void host_loop_finish(struct host *host);

/* Serves the control channel on the loop; what stands in the way of it is only
 * warned of.  `finish` ends what is being answered. */
void control_start(struct host *host);
void control_finish(struct host *host);

/* Called by the listener's adapter of open.c. */
void host_warn(const struct host *host, const char *message);

#endif
