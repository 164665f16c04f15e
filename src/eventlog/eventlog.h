/* The event log: numbered durable bytes, the authority on history.
 *
 * Good for: appending an event's row and knowing, when the call returns, that
 * no power cut can take it back; streaming rows in order; proving that nothing
 * is missing or altered.  It knows no nouns: a job is bytes and its hash.
 *
 * Under the hood: one SQLite database in WAL mode with synchronous=FULL.  The
 * WAL keeps its size, so that a commit overwrites blocks that exist and costs
 * one flush (docs/durability.md).  The format is drawn in eventlog/schema.c.
 *
 * One writer at a time per file: whoever opens it for writing holds the
 * directory's lock.  Any number of readers, in any process.  A handle belongs
 * to one thread at a time.  Every failure has set the thread's message with
 * cause, place and cure.
 */
#ifndef EVENTLOG_EVENTLOG_H
#define EVENTLOG_EVENTLOG_H

#include "base/base.h"

#define EVENTLOG_IDENTITY_SIZE_BYTES 16

/* The newest format this program writes; it reads all before. */
#define EVENTLOG_FORMAT_VERSION 2

/* The usual size at which the write-ahead log is copied back and starts over. */
#define EVENTLOG_WAL_BYTES ((uint64_t)4 << 20)

struct eventlog;

/* ---- opening ------------------------------------------------------------- */

/* What a log knows about itself.  `base_event` is the event after which its
 * rows begin: 0, or the event of the state that was imported, or the newest
 * that was pruned. */
struct eventlog_identity {
    uint8_t identity[EVENTLOG_IDENTITY_SIZE_BYTES]; /* random; the arena carries the same */
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];    /* of the kernel that made the state at base_event */
    uint64_t base_event;
    uint64_t base_state_hash; /* of the state at base_event: as the first load, or the event, left it */
    uint64_t created_ms;      /* wall clock */
};

struct eventlog_options {
    const char *vfs;          /* SQLite's name of the file system to use; NULL: the usual */
    uint64_t busy_timeout_ms; /* patience with other processes' short locks; 0: 2000 */
    uint64_t wal_bytes;       /* 0: EVENTLOG_WAL_BYTES */
    /* For EVENTLOG_WRITE: this process has the log open for writing already, and this
     * handle, another thread's, only prunes. */
    bool is_beside_writer;
    bool is_damaged; /* for EVENTLOG_READ: look as far as can be, for eventlog_examine and eventlog_cut */
};

/* Makes a new log, durable with its directory entry when this returns.
 * STATUS_EXISTS if the file, or a WAL left over from one, is there. */
enum status eventlog_create(const char *path, const struct eventlog_identity *identity,
                            const struct eventlog_options *options, struct eventlog **out) MUST_USE;

enum eventlog_mode { EVENTLOG_READ, EVENTLOG_WRITE };

/* Opens an existing log and checks what is cheap to check: that it is ours, of
 * a version we know, with the schema we wrote and an intact newest row;
 * and, for writing, that no commit in the WAL but perhaps the newest is damaged.
 * STATUS_NOT_FOUND, STATUS_FORMAT (another program's file, or a newer
 * version), STATUS_CORRUPT, STATUS_PERMISSION, STATUS_BUSY.  A failure leaves
 * the database and its WAL as they were. */
enum status eventlog_open(const char *path, enum eventlog_mode mode, const struct eventlog_options *options,
                          struct eventlog **out) MUST_USE;

/* Drops the handle; NULL is fine.  Writes nothing: what was appended is
 * durable already, and a refused start must not change the file. */
void eventlog_close(struct eventlog *log);

const char *eventlog_path(const struct eventlog *log);
const struct eventlog_identity *eventlog_identity(const struct eventlog *log);

/* ---- rows ---------------------------------------------------------------- */

enum eventlog_kind {
    EVENTLOG_POKE = 0,        /* the job as it was given */
    EVENTLOG_REPLACEMENT = 1, /* the job that stood in for one that crashed */
};

struct eventlog_row {
    uint64_t event;
    enum eventlog_kind kind;
    const uint8_t *wire; /* the caller's encoding; may be NULL if the size is 0 */
    size_t wire_size_bytes;
    const uint8_t *job; /* jam of the accepted job */
    size_t job_size_bytes;
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES]; /* BLAKE3 of job */
    uint64_t state_hash;                      /* of the state after the event */
    uint64_t evaluation_us;
    uint64_t wall_ms; /* the clock that the job was given */
};

/* The newest event, or the base if there is none; the oldest kept one, or 0.
 * A reader's answer is as of the last call of eventlog_refresh or eventlog_open. */
uint64_t eventlog_last(const struct eventlog *log);
uint64_t eventlog_first(const struct eventlog *log);

/* The state hash at eventlog_last, after the loads there. */
uint64_t eventlog_last_state_hash(const struct eventlog *log);

/* For readers: looks for what a writer has appended since. */
enum status eventlog_refresh(struct eventlog *log) MUST_USE;

/* STATUS_LIMIT, with a message for whoever sent the event, if a row of these
 * sizes could not be stored.  To be asked before an event is accepted. */
enum status eventlog_admits(const struct eventlog *log, size_t wire_size_bytes, size_t job_size_bytes) MUST_USE;

/* Appends rows that follow eventlog_last without a gap, in one transaction.
 * STATUS_OK: all of them are durable (but see eventlog_relax).  Otherwise none of them is, and
 *   STATUS_NO_SPACE, STATUS_BUSY, STATUS_LIMIT: the log is unchanged and may be tried again;
 *   STATUS_EXISTS: another process has appended: this one must stop;
 *   STATUS_IO, STATUS_CORRUPT: whether the rows are there is not known until
 *     the log is opened again; this handle accepts nothing more.
 * Each job_hash must be the job's; wrong numbering is a mistake of ours. */
enum status eventlog_append(struct eventlog *log, const struct eventlog_row *rows, size_t count) MUST_USE;

/* From now on an append returns when its rows are with the operating system: a
 * kill of the process loses nothing, a power cut may lose the newest rows, up to
 * the last flush, never some in the middle.  Rows are durable after eventlog_flush or
 * eventlog_checkpoint.  eventlog_tighten flushes, and appends flush again; a log
 * that was closed without it says so to the next who opens it for writing.
 * Statuses as eventlog_append. */
enum status eventlog_relax(struct eventlog *log) MUST_USE;
enum status eventlog_flush(struct eventlog *log) MUST_USE;
enum status eventlog_tighten(struct eventlog *log) MUST_USE;

/* Clears away what a relaxed log has left behind its last good row in the WAL; to
 * be called before another handle may write.  Appending does it by itself. */
enum status eventlog_make_sound(struct eventlog *log) MUST_USE;

/* Copies the write-ahead log into the database if it holds `bytes_min` or more
 * that are not there yet.  Appending does it by itself when the WAL has twice
 * its size; calling it with EVENTLOG_WAL_BYTES after acknowledging keeps that
 * out of an event's latency, and with 0 before an orderly end leaves a
 * database file that is whole without its WAL.  STATUS_BUSY and
 * STATUS_NO_SPACE, only if `bytes_min` is 0: nothing is lost, it can be done
 * later.  STATUS_IO, STATUS_CORRUPT: as for eventlog_append. */
enum status eventlog_checkpoint(struct eventlog *log, uint64_t bytes_min) MUST_USE;

/* True if that would copy something. */
bool eventlog_checkpoint_is_due(const struct eventlog *log, uint64_t bytes_min);

/* An orderly end: everything is copied into the database, with flushes, and the
 * write-ahead log is left empty, so that the next start has nothing to read;
 * unless somebody reads it just now.  Nothing may be appended any more.
 * Statuses as eventlog_checkpoint with 0. */
enum status eventlog_settle(struct eventlog *log) MUST_USE;

/* Does what the first append after opening does beside its work, which takes
 * several flushes: for a time at which nobody waits.  Statuses as eventlog_append;
 * but that it could not be done now is no failure. */
enum status eventlog_warm(struct eventlog *log) MUST_USE;

/* Appends a row like this one and takes it back: nothing is written.  Statuses as
 * eventlog_append. */
enum status eventlog_rehearse(struct eventlog *log, const struct eventlog_row *row) MUST_USE;

/* How long the events after `event` took to evaluate, together, as their rows say. */
enum status eventlog_evaluation(struct eventlog *log, uint64_t event, uint64_t *evaluation_us) MUST_USE;

/* Reads one row and verifies it.  The row's bytes belong to the log and last
 * until the next call on it.  STATUS_NOT_FOUND, STATUS_CORRUPT. */
enum status eventlog_read(struct eventlog *log, uint64_t event, struct eventlog_row *row) MUST_USE;

/* Streams rows in order, each verified, in memory for the largest row.  No
 * lock is held between calls, so a slow consumer keeps no one waiting. */
struct eventlog_cursor {
    struct eventlog *log;
    uint64_t next_event;
};

/* Starts at `first_event`; nothing is read yet. */
struct eventlog_cursor eventlog_cursor(struct eventlog *log, uint64_t first_event);

/* The next row, with eventlog_read's lifetime.  At the end *found is false.  A
 * missing or altered row is STATUS_CORRUPT, naming its number. */
enum status eventlog_cursor_next(struct eventlog_cursor *cursor, struct eventlog_row *row, bool *found) MUST_USE;

/* ---- loads --------------------------------------------------------------- */

/* A kernel's load runs at every start and is not an event, but it may change
 * the state, and a new kernel may begin with it.  A start that changed either
 * leaves a record at its boundary, so that a replay can do the same. */
struct eventlog_load {
    uint64_t boundary; /* the last event before it */
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t state_hash; /* of the state that load left */
    uint64_t wall_ms;
};

/* Appends a load at eventlog_last; durable on return, errors as eventlog_append. */
enum status eventlog_append_load(struct eventlog *log, const struct eventlog_load *load) MUST_USE;

/* The load number `index`, oldest first, from 0; creation is not one of them.
 * At the end *found is false. */
enum status eventlog_read_load(struct eventlog *log, uint64_t index, struct eventlog_load *load, bool *found) MUST_USE;

/* ---- retention (eventlog/retain.c) ---------------------------------------- */

enum eventlog_retention_kind {
    EVENTLOG_KEEP_EVENTS, /* the newest so many */
    EVENTLOG_KEEP_AGE,    /* those of the last so many milliseconds */
    EVENTLOG_KEEP_SIZE,   /* the newest of at most so many bytes */
};

struct eventlog_retention {
    enum eventlog_retention_kind kind;
    uint64_t amount;
};

/* The newest event that the policy does not keep; the base if it keeps all.  By
 * the rows' own clocks, oldest first, so a clock that went back keeps more. */
enum status eventlog_retention_through(struct eventlog *log, const struct eventlog_retention *retention,
                                       uint64_t now_ms, uint64_t *through) MUST_USE;

/* What the rows up to `through` are and take. */
enum status eventlog_rows_measure(struct eventlog *log, uint64_t through, uint64_t *rows,
                                  uint64_t *size_bytes) MUST_USE;

/* Deletes the oldest rows up to `through` (at most eventlog_last), a piece at a
 * time, until *is_done; each piece is a log again.  The caller knows that a
 * state at `through` or later is durable elsewhere.  Errors as eventlog_append. */
enum status eventlog_prune(struct eventlog *log, uint64_t through, bool *is_done) MUST_USE;

/* Gives free pages back to the disk, but `keep_bytes` for new rows, a piece at
 * a time, until *is_done. */
enum status eventlog_give_back(struct eventlog *log, uint64_t keep_bytes, bool *is_done) MUST_USE;

/* What the database has in free pages. */
enum status eventlog_free_bytes(struct eventlog *log, uint64_t *free_bytes) MUST_USE;

/* ---- quarantine (eventlog/quarantine.c) ------------------------------------ */

/* Some of the loads are none, but an operator's word that an event is not to be
 * run again, given when the log ended at the load's boundary.  Whoever goes
 * through the loads asks; *event is which one. */
bool eventlog_load_quarantines(const struct eventlog_load *load, uint64_t *event);

/* Gives that word, for an event from 1 to eventlog_last; errors as eventlog_append. */
enum status eventlog_append_quarantine(struct eventlog *log, uint64_t event, uint64_t wall_ms) MUST_USE;

/* ---- the whole ----------------------------------------------------------- */

struct eventlog_size {
    uint64_t rows;
    uint64_t database_bytes;
    uint64_t wal_bytes;
};
enum status eventlog_size(struct eventlog *log, struct eventlog_size *size) MUST_USE;

/* Verifies everything of a log that nobody writes to: the write-ahead log, the
 * database's own structure, that no number is missing, every row's chain and every job's hash.  `progress`, if not
 * NULL, is called now and then with the rows done and all; false from it stops with STATUS_INTERRUPTED.  STATUS_CORRUPT
 * names the first bad row. */
typedef bool eventlog_progress_fn(void *context, uint64_t rows_done, uint64_t rows_all);
enum status eventlog_verify(struct eventlog *log, eventlog_progress_fn *progress, void *context) MUST_USE;

/* The same without the database's own structure, whose check holds up the log's
 * checkpoints as long as it lasts: for beside a writer. */
enum status eventlog_verify_rows(struct eventlog *log, eventlog_progress_fn *progress, void *context) MUST_USE;

/* ---- archives (eventlog/archive.c) ----------------------------------------- */

/* Writes what the log has up to event `through` to a file of its own, which
 * eventlog_open reads (EVENTLOG_READ), verified as a whole before it gets its
 * name.  STATUS_EXISTS if there is a file, STATUS_NOT_FOUND if the log has not
 * the event; after any failure there is no file. */
enum status eventlog_archive(struct eventlog *log, const char *path, uint64_t through, eventlog_progress_fn *progress,
                             void *context) MUST_USE;

/* Makes a log that was just written one file, without a write-ahead log; then
 * close it. */
enum status eventlog_become_file(struct eventlog *log) MUST_USE;

/* The same, but for one that will be written to again: its write-ahead log is empty
 * then, and may be removed when it is closed. */
enum status eventlog_empty_wal(struct eventlog *log) MUST_USE;

/* ---- comparing (eventlog/compare.c) ------------------------------------------ */

struct eventlog_difference {
    uint64_t first, last; /* the events that both have */
    uint64_t compared;
    uint64_t differing; /* of them; 0: the records agree */
    uint64_t event;     /* the first of those */
    bool job_differs;   /* it was not given the same job */
    uint64_t state_hashes[2];
};

/* Compares what two logs have recorded of the events that both have.
 * STATUS_NOT_FOUND if there are none. */
enum status eventlog_compare(struct eventlog *a, struct eventlog *b, struct eventlog_difference *difference) MUST_USE;

/* ---- damage (eventlog/salvage.c) ---------------------------------------------- */

struct eventlog_damage {
    uint64_t rows;       /* that there should be */
    uint64_t damaged;    /* of them, missing ones included */
    uint64_t last_event; /* the newest row's, damaged or not */
    uint64_t first_damaged, last_damaged;
};

/* Looks at every row, whatever the ones before are like. */
enum status eventlog_examine(struct eventlog *log, eventlog_progress_fn *progress, void *context,
                             struct eventlog_damage *damage) MUST_USE;

/* STATUS_CORRUPT if commits in the write-ahead log that were durable once are
 * damaged.  Not beside a writer. */
enum status eventlog_verify_wal(struct eventlog *log) MUST_USE;

/* Writes what the log has after `event` to a log of its own, whose base is there
 * (UINT64_MAX: all of it), verified as a whole before it gets its name. */
enum status eventlog_cut(struct eventlog *log, const char *path, uint64_t event) MUST_USE;

#endif
