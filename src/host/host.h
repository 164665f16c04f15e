/* The process around one kernel: its lifecycle, the order in which things
 * become durable, the event loop, and what it knows about itself.
 *
 * A host is a kernel that has been booted, together with the memory it runs
 * in and, if it is durable, the machine directory that it lives in.  The life
 * of an event (host/commit.c holds the order):
 *
 *   prepare -> evaluate -> persist -> append to the log -> release the effects
 *
 * An event is accepted when its log row is durable, never before; a failure
 * before the append refuses the event and leaves the state as it was.  After a
 * failure between the two durable steps the host is broken: it says so,
 * accepts nothing more, and the next boot finds the truth in the log.
 *
 * Nouns: whatever is built on host_stack lives until host_reset.  A caller
 * that drives a host by hand resets it, builds wire and cause, pokes, reads
 * the effects, and starts over.  The event loop does so for its drivers, which
 * therefore keep no noun from one call to the next.
 *
 * Threads: a host belongs to the thread that opened it.  A thread may own
 * several hosts: every entry here enters its host's address space first.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdio.h>

#include "base/base.h"
#include "collector/collector.h"
#include "noun/noun.h"
#include "stack/stack.h"

struct host;
struct nock;
struct uv_loop_s;

/* ---- opening and closing (host/open.c) -------------------------------------- */

/* What a host says while it works.  Any of the functions may be NULL. */
struct host_listener {
    void *context;
    /* The guest's %slog; kernel_tank_line renders it.  Must not run Nock. */
    void (*slog)(void *context, uint64_t priority, noun tank);
    /* One line for the operator: a warning that is no failure. */
    void (*warn)(void *context, const char *message);
    /* Long work goes on; `total` is 0 where it is unknown. */
    void (*progress)(void *context, const char *label, uint64_t done, uint64_t total);
    /* The arena has been collected. */
    void (*collected)(void *context, const struct collector_record *record);
    /* A look or an event takes long, and the arena has rotted: it may never end.  Called by
     * another thread, while the owner is in the middle of it; is to end the process. */
    void (*rotten)(void *context, const char *message);
};

/* When the arena is collected (host/gc.c). */
enum host_gc_mode {
    HOST_GC_OFF,      /* only when somebody asks for it */
    HOST_GC_AUTO,     /* when enough is expected to be dead */
    HOST_GC_INTERVAL, /* that, and whatever is new every `interval_ms` */
};

#define HOST_GC_SLACK_BYTES ((uint64_t)64 << 20)

struct host_gc_options {
    enum host_gc_mode mode;
    uint64_t interval_ms;
    uint64_t slack_bytes;            /* so much may be dead in any case; 0: HOST_GC_SLACK_BYTES */
    unsigned cpu_percent;            /* of one processor, for the thread that copies; 0: a default */
    uint64_t write_bytes_per_second; /* 0: a default */
};

/* What an acknowledgement waits for (docs/durability.md: what each survives). */
enum host_durability_mode {
    HOST_DURABLE_EVENT, /* until the event's row is flushed */
    HOST_DURABLE_BATCH, /* until the operating system has it; flushed after so many events, or so long after the first
                         */
    HOST_DURABLE_NONE,  /* until the operating system has it; flushed now and then, and at the end */
};

struct host_durability {
    enum host_durability_mode mode;
    uint64_t batch_events; /* fewer than this are acknowledged and not flushed; 1 or more */
    uint64_t batch_ms;     /* and none longer than this before the next flush begins; 1 or more */
};

struct host_options {
    struct host_listener listener;
    struct host_gc_options gc;
    uint64_t memory_limit_bytes; /* of one event's nouns; 0: three quarters of the machine's */
    uint64_t arena_limit_bytes;  /* of the arena's file: an event that needs more is refused; 0: none */
    uint64_t depth_limit_bytes;  /* of how deep one event's calls may be nested; 0: a default */
    bool is_stack_backed;        /* by a nameless file in the directory: an event may need more than memory */
    uint64_t event_limit_ms;     /* an event that takes longer fails; 0: none */
    uint64_t patience_ms;        /* with what takes longer, until the arena is doubted; 0: a default */
    struct host_durability durability;
    bool is_interpreted;       /* the engine makes no machine code */
    bool check_jets;           /* run each jet beside its Nock */
    uint64_t quarantine_event; /* an operator's word: not to be run again; 0: none */
};

/* A kernel jam's bytes, the caller's; `bytes` NULL: none. */
struct host_kernel {
    const uint8_t *bytes;
    size_t size_bytes;
};

/* Makes `directory` (absent, or empty) a machine with this kernel, boots it and
 * makes that durable.  With a `state_path` (or NULL) the kernel takes the state
 * from that exported file, of any format that import/ reads, and the machine
 * stands at the state's event.  On failure the directory is as before. */
enum status host_create(const char *directory, const struct host_kernel *kernel, const char *state_path,
                        const struct host_options *options, struct host **out) MUST_USE;

/* Opens a machine and brings it to its log's last event.  A kernel (may be
 * NULL) other than the machine's is an upgrade: its load arm takes the state. */
enum status host_open(const char *directory, const struct host_kernel *kernel, const struct host_options *options,
                      struct host **out) MUST_USE;

/* A kernel without a directory, gone when it is closed. */
enum status host_open_memory(const struct host_kernel *kernel, const char *state_path,
                             const struct host_options *options, struct host **out) MUST_USE;

/* A machine's newest durable state, for host_peek, host_export and
 * host_status_read only: takes no lock, writes nothing, may be opened while
 * another process runs it. */
enum status host_open_view(const char *directory, const struct host_options *options, struct host **out) MUST_USE;

/* Makes a view look at a snapshot or branch of the arena (recovery/recovery.h)
 * instead of the main line.  STATUS_NOT_FOUND. */
enum status host_view_at(struct host *host, const char *name) MUST_USE;

/* For what operators do to a machine (recovery/recovery.h), between two events
 * and on the host's thread; then host_settle, which waits until all that was
 * written is durable.  The node is the host's. */
struct node;
struct node *host_node(struct host *host);
enum status host_settle(struct host *host) MUST_USE;

/* Makes everything as durable and the next start as fast as they can be, and
 * releases the host.  A failure to do so costs the next start some time and is
 * only warned of.  NULL is fine. */
void host_close(struct host *host);

/* ---- by hand (host/commit.c, host/peek.c) ------------------------------------ */

struct stack *host_stack(struct host *host);
struct nock *host_machine(struct host *host);

/* Drops every noun that was built or returned since the last reset. */
void host_reset(struct host *host);

enum host_answer {
    HOST_REFUSED,  /* no event: the cause crashed, and the notice of the crash did too, or there was no room */
    HOST_ACCEPTED, /* the event is durable */
    HOST_SWAPPED,  /* the cause crashed; the notice of the crash is the event, and durable */
};

struct host_event {
    enum host_answer answer;
    enum status reason;  /* if it was refused: STATUS_CRASHED, or what there was not enough of */
    uint64_t number;     /* of the event, if there is one */
    uint64_t state_hash; /* of the state after it; 0 in memory */
    noun effects;        /* the kernel's list, until host_reset; 0 if refused */
    noun goof;           /* [mote tang], why the cause crashed, until host_reset; NOUN_NONE if it did not */
    const char *limit;   /* the limit that the cause exceeded, as the program's options call it; NULL: none */
    uint64_t evaluation_ns;
};

/* Pokes with a cause on a wire, and gives it entropy and the clock.  STATUS_OK if the machine is as well as
 * before, whatever the answer; why it was refused is status_message().
 * STATUS_INTERRUPTED: host_stop or a signal came first, and nothing happened.
 * Any other status says that the host is broken and is to be closed. */
enum status host_poke(struct host *host, noun wire, noun cause, struct host_event *event) MUST_USE;

/* The kernel's (unit (unit *)) at `path`, until host_reset.  STATUS_CRASHED if
 * the peek crashes; the state is never touched. */
enum status host_peek(struct host *host, noun path, noun *product) MUST_USE;

/* [%poke source 1 tag 0], or [%poke source 1 0] if `tag` is NULL, on host_stack. */
noun host_wire(struct host *host, const char *source, const char *tag);

/* Writes the state to a file that `loam import` reads, or, with `as_reference`,
 * in the reference's own format (host/state.c). */
enum status host_export(struct host *host, const char *path, bool as_reference) MUST_USE;

/* ---- drivers and the event loop (host/loop.c) -------------------------------- */

/* A driver is a piece of the world: it sees every effect of every event, takes
 * what is meant for it, and submits pokes.  Everything runs on the loop's
 * thread, one call at a time; a driver must not wait for the world for long,
 * but uses the libuv loop. */
struct host_driver {
    const char *name;
    void *context;
    /* Before the first event.  May be NULL. */
    enum status (*start)(struct host *host, void *context);
    /* An effect of a durable event; the noun is gone after the call.  May be NULL. */
    void (*effect)(struct host *host, void *context, noun effect);
    /* True if no event may be run before this effect, of one that is not durable
     * yet, has been carried out.  Looks only.  NULL: never. */
    bool (*is_barrier)(void *context, noun effect);
    /* True while the driver has something under way that will end in a poke; a
     * loop that stops when idle waits for it.  NULL: never. */
    bool (*is_busy)(void *context);
    /* When the loop is over: close what hangs on the libuv loop.  May be NULL. */
    void (*finish)(void *context);
};

/* `driver` is the caller's and must outlive the host.  Before host_run. */
void host_add_driver(struct host *host, const struct host_driver *driver);

/* The loop on which drivers hang their timers and sockets. */
struct uv_loop_s *host_loop(struct host *host);

/* Called when a submitted poke has been answered; nouns of `event` are valid
 * during the call. */
typedef void host_answered_fn(void *context, struct host *host, const struct host_event *event);

/* Queues a poke; wire and cause are copied.  From the loop's thread. */
void host_submit(struct host *host, noun wire, noun cause, host_answered_fn *answered, void *context);

/* Before the first event, at a time when nobody waits: does the newest event again,
 * if it was a quick one, and takes everything back, so that what an event needs
 * is in its caches; and has the log prepared in the background.  host_run does
 * it, unless it is to stop when idle. */
void host_warm_up(struct host *host);

/* Runs until somebody stops it, a signal arrives or, with `until_idle`, nothing
 * is left to do.  *exit_code is what host_stop was given, or 128 + signal. */
enum status host_run(struct host *host, bool until_idle, int *exit_code) MUST_USE;

/* Ends host_run after the event in hand; from its thread. */
void host_stop(struct host *host, int exit_code);

/* ---- the control channel (host/control.c, host/ask.c) -------------------------- */

/* While host_run runs a durable machine it listens at the socket `control` in
 * the machine's directory, for the machine's owner alone.  A connection brings
 * one request, a line of words, and gets lines and a status back.  Commands run
 * on the loop's thread between two events, with nothing in flight (the log and the
 * node are theirs until they return), so none may take long; what does goes
 * on elsewhere and keeps its call until it is done. */
struct host_call;

typedef void host_command_fn(void *context, struct host *host, struct host_call *call);

struct host_command {
    const char *name;
    void *context;
    host_command_fn *run; /* must end the call, now or later */
};

/* `command` is the caller's and must outlive the host.  Before host_run.  The
 * host itself has `stop`. */
void host_command_add(struct host *host, const struct host_command *command);

/* The request's words; 0 is the command's name.  NULL beyond the last. */
const char *host_call_word(const struct host_call *call, size_t index);

/* Where the answer's text is written; whole lines go out with host_call_flush,
 * all of it at the end.  Whoever asked may be gone: it is lost then. */
FILE *host_call_out(struct host_call *call);
void host_call_flush(struct host_call *call);

/* Exactly once a call, which is gone after it.  For a failure the thread's
 * message goes along. */
void host_call_end(struct host_call *call, enum status status);

/* For a command that returns before it has ended its call: `abandon` is called
 * if host_run ends first, and must end the call. */
void host_call_keep(struct host_call *call, void (*abandon)(void *context, struct host_call *call), void *context);

/* Asks the process that runs the machine, and waits for the end of its answer;
 * each line of which `line` gets (may be NULL).  The status and its message are
 * the command's.  *is_served false: no process listens there, and nothing has
 * happened.  STATUS_IO: the process is gone and its answer is not complete. */
typedef void host_line_fn(void *context, const char *line);
enum status host_ask(const char *directory, const char *const *words, size_t count, host_line_fn *line, void *context,
                     bool *is_served) MUST_USE;

/* Stops the process that runs the machine as a signal would, also in the middle
 * of an event, and waits until it is gone.  STATUS_BUSY after `timeout_ms`. */
enum status host_stop_other(const char *directory, uint64_t timeout_ms, bool *is_served) MUST_USE;

/* ---- retention (host/retain.c) ---------------------------------------------------- */

/* Prunes the log while host_run lasts: by `policy` (may be NULL) every minute, in
 * a thread of its own, and when the control channel's `prune KIND AMOUNT [dry]`
 * asks for it, whose answer's lines host_prune_answer_take takes.  Before
 * host_run; destroyed after the host. */
struct host_retention;
struct eventlog_retention;
struct recovery_prune;
struct host_retention *host_retention_create(struct host *host, const struct eventlog_retention *policy);
void host_retention_destroy(struct host_retention *retention); /* NULL is fine */

/* Line `index` of the answer, a number; false beyond the last. */
bool host_prune_answer_take(struct recovery_prune *report, size_t index, uint64_t word);

/* ---- sealed snapshots (host/seal.c) ------------------------------------------------ */

/* Seals snapshots while host_run lasts: whenever the events since the newest one
 * took `budget_ms` of evaluation (0: never), in a thread of its own, and when the
 * control channel's `seal [epoch]` asks for it, whose answer's lines
 * host_seal_answer_take takes.  Before host_run; destroyed after the host. */
struct host_sealing;
struct snapshot_report;
struct host_sealing *host_sealing_create(struct host *host, uint64_t budget_ms);
void host_sealing_destroy(struct host_sealing *sealing); /* NULL is fine */

/* Line `index` of the answer; false beyond the last. */
bool host_seal_answer_take(struct snapshot_report *report, size_t index, const char *line);

/* ---- collecting the arena (host/gc.c) -------------------------------------------- */

/* A collection copies what is wanted beside what is there, in a thread of its
 * own, while events go on; it ends between two events, on the host's thread, in
 * a pause of some milliseconds.  So a host must be attended to: host_run does
 * it, host_reset does it, and host_collect waits for it. */

enum host_gc_phase {
    HOST_GC_IDLE,
    HOST_GC_COPYING, /* what the state reached when it began */
    HOST_GC_TAIL,    /* what events have added since */
    HOST_GC_ENDING,  /* it waits for the host's thread */
};
const char *host_gc_phase_name(enum host_gc_phase phase);

struct host_gc_status {
    enum host_gc_phase phase;
    bool is_full; /* of the collection under way, as the next four */
    uint64_t copied_bytes;
    uint64_t expected_bytes; /* to be copied, as far as can be told */
    uint64_t elapsed_ms;
    uint64_t seconds_left; /* UINT64_MAX: unknown */
    uint64_t used_bytes;   /* of the arena's segments */
    uint64_t dead_bytes;   /* of them, as far as can be told */
    uint64_t failures;     /* since it was opened */
    struct collector_history history;
};

/* NULL in memory: all 0. */
void host_gc_status_read(struct host *host, struct host_gc_status *out);

/* Called when a collection that was asked for is over; the record is valid
 * during the call, and NULL if `status` is a failure, with its message.  It
 * must not collect. */
typedef void host_collected_fn(void *context, struct host *host, enum status status,
                               const struct collector_record *record);

/* Asks for a collection: of everything, or of what is new since the last one.
 * If one is under way it follows.  STATUS_BUSY if one is waited for already. */
enum status host_gc_request(struct host *host, bool is_full, host_collected_fn *collected, void *context) MUST_USE;

/* Whoever asked with this context is gone: nobody is called. */
void host_gc_forget(struct host *host, const void *context);

/* Collects now, as fast as it goes, and waits for it.  STATUS_NO_SPACE if the
 * disk could not hold the copies: nothing has happened. */
enum status host_collect(struct host *host, bool is_full, struct collector_record *record) MUST_USE;

/* For a process that will end: makes the arena's file as short as it can be made,
 * to what is used and one step of growth, and waits for that; without `is_thorough` only if that gains much. */
enum status host_shrink(struct host *host, bool is_thorough) MUST_USE;

/* For a process that runs one event and ends: does what the policy holds to be due, if that looks at no
 * more than `size_bytes_max`; `record` is of it, if *is_collected. */
enum status host_collect_due(struct host *host, uint64_t size_bytes_max, bool *is_collected,
                             struct collector_record *record) MUST_USE;

/* ---- the scrub (host/scrub.c) ------------------------------------------------------- */

struct host_scrub_status {
    uint64_t passes; /* finished */
    uint64_t finished_wall_ms;
    uint64_t faults;     /* that the last of them found */
    uint64_t read_bytes; /* by the one under way, or the last */
    bool is_running;
};

/* While host_run lasts, verifies the machine every `interval_ms` in a thread of
 * its own, at no more than so many bytes a second; faults are warned of.  Before
 * host_run; destroyed after the host. */
struct host_scrub;
struct host_scrub *host_scrub_create(struct host *host, uint64_t interval_ms, uint64_t bytes_per_second);
void host_scrub_destroy(struct host_scrub *scrub);                                       /* NULL is fine */
void host_scrub_status_read(struct host_scrub *scrub, struct host_scrub_status *status); /* from any thread */

/* ---- what it knows about itself (host/status.c) ------------------------------ */

struct host_status {
    uint64_t event;
    uint64_t durable_event; /* of it, what a power cut cannot take back; less than `event` only in a relaxed mode */
    uint64_t state_hash;    /* structural, of the state at `event`; 0 in memory */
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t boot_ns;         /* this open, from its call to its return */
    uint64_t events_replayed; /* in it */
    uint64_t events;          /* accepted since */
    uint64_t events_crashed;  /* of them, notices of a crash */
    uint64_t evaluation_ns;   /* of them */
    uint64_t appended_bytes;  /* to the arena, by them */
    uint64_t stack_peak_bytes;
    /* Not in memory: */
    uint64_t arena_file_bytes;
    uint64_t arena_used_bytes;
    uint64_t arena_objects;
    uint64_t log_base; /* its rows begin after this event */
    uint64_t log_rows;
    uint64_t log_bytes; /* with its write-ahead log */
};

enum status host_status_read(struct host *host, struct host_status *out) MUST_USE;

/* What is kept beside the newest state, and how it is cared for (host/upkeep.c). */
struct host_upkeep {
    uint64_t snapshots, branches; /* in the arena */
    uint64_t sealed;              /* snapshots, in files */
    uint64_t sealed_latest_event; /* of the newest, if there is any */
    bool has_epoch;               /* there is one from which the log leads on: the oldest, */
    uint64_t epoch_event;         /* which stands there */
    uint64_t log_base;            /* the log's rows begin after this event by now */
    uint64_t pruned_rows;         /* by host_retention, since host_run began */
    bool has_scrub;
    struct host_scrub_status scrub;
};

/* From the host's thread; looks into the machine's directory.  What cannot be read is 0. */
void host_upkeep_read(struct host *host, struct host_upkeep *upkeep);

/* True while some process runs the machine. */
enum status host_is_running(const char *directory, bool *is_running) MUST_USE;

#endif
