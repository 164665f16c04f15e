/* From whatever is on disk to a running state.
 *
 * A machine directory holds
 *
 *   loam.machine     what this is, for people; written last when it is made
 *   lock             held by the process that runs the machine
 *   events.sqlite    the event log (with its -wal and -shm): the authority
 *   arena.loam       the state, ready to run, at some event of the log
 *   kernels/H.jam    every kernel the machine has had, named by its hash
 *   snapshots/       sealed snapshots of the state (snapshot/snapshot.h)
 *
 * Opening finds the newest commit of the arena that is whole and that the log
 * knows, replays what the log has beyond it, runs the kernel's load arm as at
 * every start, and stands at the log's last event.  If no commit of the arena
 * is to be believed, the state is made again (recovery/ladder.c): from the newest
 * snapshot of which that can be done, or else from the first kernel and the whole
 * log; beside the old file, which is put aside only when that succeeded.
 * Whatever is refused leaves the directory as it was.
 *
 * Threads: a node belongs to one thread; every entry enters its address space.
 */
#ifndef RECOVERY_RECOVERY_H
#define RECOVERY_RECOVERY_H

#include "arena/arena.h"
#include "base/base.h"
#include "eventlog/eventlog.h"
#include "kernel/kernel.h"
#include "nock/nock.h"
#include "noun/noun.h"
#include "os/os.h"
#include "snapshot/snapshot.h"
#include "stack/stack.h"

/* Who is told what happens; any function may be NULL. */
struct recovery_listener {
    void *context;
    nock_slog_fn *slog;
    void (*warn)(void *context, const char *message);
    void (*progress)(void *context, const char *label, uint64_t done, uint64_t total);
};

struct recovery_options {
    struct recovery_listener listener;
    uint64_t memory_limit_bytes; /* of the ephemeral stack; 0: a default */
    uint64_t arena_limit_bytes;  /* of the arena's file; 0: none */
    uint64_t depth_limit_bytes;  /* of the engine's frames; 0: a default */
    bool is_stack_backed;        /* by a nameless file in the machine's directory: an event may need more than memory */
    bool is_interpreted;         /* the engine makes no machine code */
    bool check_jets;
    /* An operator's word: if this event had to be run again it is skipped, now and
     * in every later replay, and the log says so.  0: none. */
    uint64_t quarantine_event;
    bool distrusts_arena; /* make the state again, even if the arena looks well */
};

/* Where the state came from, when a machine was opened. */
enum recovery_source {
    RECOVERY_FROM_ARENA,    /* as it was left */
    RECOVERY_FROM_REBUILT,  /* what a start that was ended had made again so far */
    RECOVERY_FROM_SNAPSHOT, /* a sealed one */
    RECOVERY_FROM_KERNEL,   /* the first kernel, and the whole log */
};
const char *recovery_source_name(enum recovery_source source);

struct recovery_quarantine; /* recovery/quarantine.c */

/* Who sees what a replay makes of each row and load, instead of its being compared. */
struct node;
struct recovery_replay_watch {
    void *context;
    enum status (*row)(void *context, const struct node *node, const struct eventlog_row *row);
    enum status (*load)(void *context, const struct node *node, const struct eventlog_load *load);
};

/* A kernel, the memory that it runs in and, unless it lives in memory alone,
 * the files that it lives in.  Fields are the host's to read. */
struct node {
    struct recovery_options options;
    char *directory;      /* owned; NULL in memory */
    struct os_file *lock; /* NULL in memory and in a view */
    struct eventlog *log; /* NULL in memory */
    struct arena *arena;  /* NULL in memory */
    uint8_t *space;
    struct stack *stack;
    struct nock *machine;
    struct kernel *kernel; /* its core is persistent, except in memory */
    noun trap;             /* persistent, except in memory, where it is not kept */
    uint64_t event;        /* that the state stands at */
    uint64_t state_hash;   /* of that state; 0 in memory */
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t events_replayed; /* when it was opened */
    enum recovery_source source;
    struct recovery_quarantine *quarantine; /* owned; NULL: no event is in quarantine */
    bool is_view;
    uint64_t replay_through_event;                    /* a replay ends here; 0: at the log's last */
    const struct recovery_replay_watch *replay_watch; /* or NULL: a replay compares hashes */
    bool has_appended;                                /* its start has written to the log */
    char origin[ARENA_LABEL_SIZE_BYTES];              /* of the next commit; empty: "other" */
    struct noun_uses uses;                            /* by the thread that has reset it last */
    uint64_t room_bytes; /* in memory: what the last collection has left for events; 0: there was none */
};

/* A kernel jam's bytes; `bytes` NULL: none given. */
struct recovery_kernel {
    const uint8_t *bytes;
    size_t size_bytes;
};

/* A state to begin with in place of the kernel's own: from some exported file. */
struct recovery_seed {
    uint64_t event; /* that it stands at */
    enum status (*state)(void *context, struct stack *stack, noun *state);
    void *context;
};

/* Is this a machine directory?  STATUS_NOT_FOUND or STATUS_FORMAT if not. */
enum status recovery_check(const char *directory) MUST_USE;

/* Makes `directory` (absent or empty) a machine at event 0, or at the seed's
 * (may be NULL).  On failure nothing of it is left. */
enum status recovery_create(const char *directory, const struct recovery_kernel *kernel,
                            const struct recovery_seed *seed, const struct recovery_options *options,
                            struct node **out) MUST_USE;

/* The same from an exported state that is a stream of pieces: they become the
 * arena as they are, so memory does not follow the state's size.  `kernel` may be
 * NULL or have no bytes: the kernel is in the state.  Another one takes the state
 * as in an upgrade. */
enum status recovery_create_from_stream(const char *directory, const struct recovery_kernel *kernel,
                                        struct snapshot_stream *stream, const struct recovery_options *options,
                                        struct node **out) MUST_USE;

/* Opens a machine and brings it to its log's last event.  A kernel other than
 * the machine's takes its place: its load arm gets the state.  STATUS_BUSY
 * if another process runs it. */
enum status recovery_open(const char *directory, const struct recovery_kernel *kernel,
                          const struct recovery_options *options, struct node **out) MUST_USE;

/* The newest durable state, to be read only: no lock, no load, nothing written. */
enum status recovery_open_view(const char *directory, const struct recovery_options *options,
                               struct node **out) MUST_USE;

/* A kernel in memory, with or without a seed. */
enum status recovery_open_memory(const struct recovery_kernel *kernel, const struct recovery_seed *seed,
                                 const struct recovery_options *options, struct node **out) MUST_USE;

/* Releases everything; flushes nothing.  NULL is fine. */
void recovery_close(struct node *node);

/* True while some process runs the machine.  STATUS_FORMAT if `directory` is none. */
enum status recovery_is_running(const char *directory, bool *is_running) MUST_USE;

/* The machine's log, for reading; STATUS_FORMAT if `directory` is no machine. */
enum status recovery_open_log(const char *directory, struct eventlog **out) MUST_USE;

/* ---- verification (recovery/verify.c) ------------------------------------------ */

struct recovery_report {
    struct arena_verify_report arena;
    uint64_t log_rows;
    uint64_t log_last;
    uint64_t arena_event; /* of the commit that a start would take */
    uint64_t state_hash;  /* of it */
    /* Of the arena's newest commit.  After a kill that is nothing: they were never
     * accepted.  After an orderly end the log has lost its newest commit. */
    uint64_t arena_ahead_events;
    struct snapshot_verification snapshots;
    uint64_t faults; /* everything found wrong */
};

/* Checks every byte of log and arena that has a checksum, every noun that is
 * reached, and that the two belong together.  Takes the lock as a reader:
 * STATUS_BUSY beside a running process.  Writes nothing.  STATUS_CORRUPT, with
 * the first fault as the message, if there is any; `listener` must be given, and its
 * `warn` gets each. */
enum status recovery_verify(const char *directory, const struct recovery_listener *listener,
                            struct recovery_report *report) MUST_USE;

/* The same with options.  Beside a process that runs the machine it takes no lock
 * and checks the newest commit that the log knows, pinned, instead of the whole
 * arena, and the log's rows without the database's structure. */
struct recovery_verify_options {
    bool is_beside;
    bool is_arena_only; /* with is_beside: neither the log's rows nor the snapshots */
    bool (*go_on)(void *context,
                  uint64_t bytes); /* so many more were read; false stops with STATUS_INTERRUPTED; may wait; or NULL */
    void *context;
};
enum status recovery_verify_with(const char *directory, const struct recovery_verify_options *options,
                                 const struct recovery_listener *listener, struct recovery_report *report) MUST_USE;

/* ---- a node ---------------------------------------------------------------------- */

/* Makes the thread read nouns in the node's space. */
static inline void node_enter(const struct node *node)
{
    noun_space_enter(node->space);
}

/* Whom the arena grows for in the next commit (arena/origins.c), and only there.  For
 * an event that is the source and the tags of its wire up to the first number, and
 * the head of its cause: "sys %put" of [%poke %sys 1 ~] and [%put 5 7]. */
void node_origin_set(struct node *node, const char *label);
void node_origin_set_job(struct node *node, noun job);

/* Tells the arena which large atoms have been read since the last time; node_reset does. */
void node_uses_take(struct node *node);

/* Drops every ephemeral noun, caches first.  In memory, where the state itself
 * is ephemeral, collects if that is due. */
void node_reset(struct node *node);

/* The arena has been compacted, and `commit` published: the kernel, the trap and
 * the machine's caches follow (nock_moved_fn); every ephemeral noun is gone. */
void node_move(struct node *node, const struct arena_commit *commit, nock_moved_fn *moved, void *context);

/* Does what node_persist does to a core that is not to be kept, and takes it back:
 * nothing is written, and every ephemeral noun is gone.  STATUS_NO_SPACE. */
enum status node_rehearse(struct node *node, noun core) MUST_USE;

/* Writes `core` as the state at `event` into the arena: readable, not yet
 * durable.  The machine's core is the persistent one then, and every ephemeral
 * noun is gone (so jam before what is needed after).  On failure too, but the
 * state is as it was: STATUS_NO_SPACE is a refusal; STATUS_DIVERGED, with
 * nothing written, says that the state's hash is not *expected_hash (NULL: any
 * will do); after anything else the arena is unusable. */
enum status node_persist(struct node *node, noun core, uint64_t event, const uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES],
                         const uint64_t *expected_hash) MUST_USE;

/* ---- sealing (recovery/seal.c) ----------------------------------------------------- */

/* A commit that is pinned, to become a sealed snapshot or an exported state. */
struct recovery_pinned {
    const struct node *node;
    struct arena_pin *pin; /* NULL in a view, which is pinned itself */
    struct arena_commit commit;
    struct arena_range *ranges; /* owned */
    size_t range_count;
};

/* The owner, at an event that the log has.  Unpin it before the node is closed. */
enum status node_pin(struct node *node, struct recovery_pinned *pinned) MUST_USE;
void node_unpin(struct recovery_pinned *pinned);

/* Seals it and retires what it makes surplus; from any thread, one at a time, while
 * the owner goes on.  With `moves_epoch` only the newest two snapshots are kept.
 * Errors as snapshot_seal; a failure to retire is warned of. */
enum status node_seal(const struct recovery_pinned *pinned, bool moves_epoch, const struct snapshot_listener *listener,
                      struct snapshot_report *report) MUST_USE;

/* Writes it to a file, from any thread (snapshot_export). */
enum status node_export(const struct recovery_pinned *pinned, const char *path, bool resume,
                        const struct snapshot_listener *listener, struct snapshot_export_report *report) MUST_USE;

/* ---- snapshots and branches in the arena (recovery/kept.c, recovery/branch.c) ------ */

#define RECOVERY_NAME_MAX_BYTES 64

/* A state that is kept under a name.  The nouns are the arena's and last as
 * long as the node and the name; nobody may keep them over a commit. */
struct recovery_kept {
    char name[RECOVERY_NAME_MAX_BYTES + 1];
    bool is_branch;
    uint64_t event;        /* that it stands at: a branch's own count on from where it left the main line */
    uint64_t origin_event; /* of the main line, where it was taken */
    uint64_t state_hash;
    uint64_t wall_ms; /* when it was taken, or last advanced */
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    noun trap, core;
};

/* All of them, snapshots first, each newest first; the caller frees *list.
 * STATUS_CORRUPT or STATUS_FORMAT if the arena's records cannot be read. */
enum status node_kept_list(const struct node *node, struct recovery_kept **list, size_t *count) MUST_USE;

/* STATUS_NOT_FOUND. */
enum status node_kept_find(const struct node *node, const char *name, struct recovery_kept *kept) MUST_USE;

/* The following write a commit at the main line's event, which is durable after
 * the next arena_sync, and drop every ephemeral noun. */

/* Keeps the main line's state, or that of the snapshot or branch `from` (NULL:
 * the main line's), as a snapshot or as a branch.  STATUS_INVALID (the name),
 * STATUS_EXISTS, STATUS_NOT_FOUND, STATUS_LIMIT. */
enum status node_keep(struct node *node, const char *name, bool is_branch, const char *from) MUST_USE;

/* STATUS_NOT_FOUND, also if it is one of the other kind. */
enum status node_kept_drop(struct node *node, const char *name, bool is_branch) MUST_USE;

struct recovery_branch_event {
    bool is_accepted; /* if not, nothing has changed, and status_message() says why */
    bool is_replaced; /* the cause crashed, and its notice is the event */
    uint64_t number;
    uint64_t state_hash;
    noun effects; /* nobody carries them out; until node_reset */
    noun goof;    /* [mote tang], why the cause crashed; NOUN_NONE if it did not; until node_reset */
    uint64_t evaluation_ns;
};

/* Runs an event on a branch, which advances by it; the main line and the log
 * stay as they are.  `time_limit_ms` 0: none.  STATUS_NOT_FOUND, STATUS_INVALID
 * for a snapshot. */
enum status node_branch_poke(struct node *node, const char *name, noun wire, noun cause, uint64_t time_limit_ms,
                             struct recovery_branch_event *out) MUST_USE;

/* Makes a view look at a snapshot or branch instead of the main line. */
enum status node_view_at(struct node *node, const char *name) MUST_USE;

/* ---- what keeps the arena's bytes (recovery/retained.c) ------------------------------ */

#define RECOVERY_OWNERS_MAX 13
#define RECOVERY_OWNER_LABEL_BYTES 80

/* A root of the arena, or a snapshot or branch. */
struct recovery_owner {
    char label[RECOVERY_OWNER_LABEL_BYTES]; /* "kernel state", "snapshot before-upgrade", ... */
    uint64_t event, wall_ms;                /* of a snapshot or branch, or 0 */
    uint64_t objects, reached_bytes;        /* large objects too */
    uint64_t large_bytes;                   /* of them, in large objects */
    uint64_t alone_bytes;                   /* that no other owner reaches: free if it went */
};

struct recovery_allocation {
    struct arena_large_object object;
    uint64_t references; /* of reached cells and owners */
    uint16_t owners;     /* a bit for each, in their order; 0: nobody reaches it */
};

struct recovery_retained {
    struct recovery_owner owners[RECOVERY_OWNERS_MAX];
    size_t owner_count;
    struct recovery_allocation *allocations; /* owned: large objects, by address */
    size_t allocation_count;
    uint64_t live_bytes;       /* of objects in segments that some owner reaches */
    uint64_t live_large_bytes; /* likewise of large objects */
    uint64_t shared_bytes;     /* of both, that several reach */
    uint64_t list_bytes;       /* of the lists of snapshots and branches themselves, in segments */
    uint64_t formula_count;    /* whose code is kept */
};

/* Counts what each owner of the view's commit keeps.  Goes once through everything
 * that is reached, and tells its listener's progress; needs memory for a twelfth of
 * the segments.  STATUS_CORRUPT if it meets what is no noun; STATUS_NO_MEMORY. */
enum status node_retained(const struct node *view, struct recovery_retained *retained) MUST_USE;
void node_retained_finish(struct recovery_retained *retained);

/* ---- retention (recovery/retain.c) ------------------------------------------------- */

struct recovery_prune {
    uint64_t base_before;    /* the rows began after this event */
    uint64_t last;           /* the log's newest */
    uint64_t wanted_through; /* the newest event that the policy does not keep */
    bool has_epoch;          /* there is a sealed snapshot: */
    uint64_t epoch_event;    /* the oldest one's event */
    uint64_t through;        /* the newest event that goes */
    uint64_t rows;           /* that go, */
    uint64_t row_bytes;      /* and what they hold */
    uint64_t returned_bytes; /* to the disk, when it was done */
    uint64_t reusable_bytes; /* in pages that new rows will use, likewise */
};

/* What the policy takes away from the log, which may be open for reading only;
 * never what comes after the epoch.  Changes nothing. */
enum status recovery_prune_plan(const char *directory, struct eventlog *log, const struct eventlog_retention *retention,
                                struct recovery_prune *plan) MUST_USE;

/* Does it, a piece at a time; free pages beyond `keep_free_bytes` go back to the
 * disk.  `pause` (may be NULL) is called between pieces; false from it stops with
 * STATUS_INTERRUPTED, which loses nothing.  Errors as eventlog_append. */
enum status recovery_prune(struct eventlog *log, struct recovery_prune *plan, uint64_t keep_free_bytes,
                           bool (*pause)(void *context, uint64_t rows_done), void *context) MUST_USE;

/* ---- history again (recovery/check.c) ---------------------------------------------- */

struct recovery_check_options {
    struct recovery_options recovery;
    uint64_t from_event, to_event; /* 0: from the first, to the last */
    const char *archive_path;      /* take the events from this archive; NULL: the machine's log */
    const char *record_path;       /* write what this program makes of them there, and compare nothing; NULL: compare */
    const char *scratch_directory; /* for a state that is made beside; NULL: /tmp */
};

struct recovery_check_report {
    char root[96]; /* what it began with, for people */
    uint64_t root_event;
    uint64_t from_event, to_event;
    uint64_t events;         /* of the range that were run */
    uint64_t diverged_event; /* the first that did not give what was recorded, or 0 */
    uint64_t elapsed_ns;
};

/* Runs a range of the log's events once more, from the nearest state before it
 * that there is, and compares every hash with the record.  The directory is only
 * read, also beside a process that runs it.  STATUS_DIVERGED names the first
 * event that did not give the same; STATUS_NOT_FOUND: the log has not the range,
 * or there is no state to begin with. */
enum status recovery_check_history(const char *directory, const struct recovery_check_options *options,
                                   struct recovery_check_report *report) MUST_USE;

/* ---- the doctor (recovery/doctor.c) -------------------------------------------------- */

enum recovery_health { RECOVERY_WHOLE, RECOVERY_NOTE, RECOVERY_DAMAGED };

struct recovery_finding {
    enum recovery_health health;
    const char *subject; /* a file of the directory */
    char text[STATUS_MESSAGE_SIZE_BYTES];
};

enum recovery_verdict {
    RECOVERY_IS_WHOLE,
    RECOVERY_START_MENDS,     /* the next start does what is needed */
    RECOVERY_IS_REPAIRABLE,   /* a repair does, and nothing is lost */
    RECOVERY_IS_HISTORY_LOST, /* the state can be kept, but events cannot */
    RECOVERY_IS_HOPELESS,     /* by what is in the directory */
};

struct recovery_verdict_report {
    enum recovery_verdict verdict;
    char plan[STATUS_MESSAGE_SIZE_BYTES]; /* what is, or was, to be done */
    bool is_repaired;
};

struct recovery_doctor_options {
    struct recovery_listener listener;
    void (*finding)(void *context, const struct recovery_finding *finding); /* may be NULL */
    void *context;
    bool repairs;
    bool gives_up_history; /* the operator's word for RECOVERY_IS_HISTORY_LOST */
};

/* Examines everything in the directory, tells each finding, and judges; with
 * `repairs` also does what the verdict says, keeping what was damaged.  STATUS_OK
 * whatever the verdict, unless a repair was wanted and cannot be; STATUS_BUSY
 * beside a process that runs the machine. */
enum status recovery_doctor(const char *directory, const struct recovery_doctor_options *options,
                            struct recovery_verdict_report *verdict) MUST_USE;

#endif
