/* What the files of this folder share. */
#ifndef EVENTLOG_PRIVATE_H
#define EVENTLOG_PRIVATE_H

#include "eventlog/eventlog.h"

#include <sqlite3.h>

enum eventlog_statement {
    EVENTLOG_STATEMENT_BEGIN,
    EVENTLOG_STATEMENT_COMMIT,
    EVENTLOG_STATEMENT_INSERT,
    EVENTLOG_STATEMENT_INSERT_LOAD,
    EVENTLOG_STATEMENT_SELECT,
    EVENTLOG_STATEMENT_SELECT_LOAD,
    EVENTLOG_STATEMENT_COUNT
};

struct eventlog {
    sqlite3 *database;
    sqlite3_stmt *statements[EVENTLOG_STATEMENT_COUNT]; /* the writing ones only in EVENTLOG_WRITE */
    char *path;
    char *wal_path;
    enum eventlog_mode mode;
    bool is_beside_writer;
    bool is_damaged;
    uint64_t wal_bytes;       /* the size that the WAL is to keep */
    uint64_t wal_found_bytes; /* good frames up to here when it was opened for writing, or 0 */
    bool is_wal_empty;        /* when it was opened for writing */
    bool is_settled;          /* nothing more is appended */
    bool is_marked;           /* rows may not have been flushed (relax.c); only known in EVENTLOG_WRITE */
    bool is_relaxed;          /* appends do not flush */
    struct os_file *wal_file; /* NULL until eventlog_wal_sync needs it */

    struct eventlog_identity created;  /* as meta says */
    struct eventlog_identity identity; /* the same, but for the base, which pruning moves */
    uint64_t created_chain;            /* from which the loads' chain starts */
    uint64_t base_chain;               /* from which the rows' does */
    uint64_t version;

    uint64_t first; /* 0 if there is no row */
    uint64_t last;
    uint64_t last_state_hash;
    uint64_t last_chain;
    uint64_t load_count;
    uint64_t load_chain;

    /* Frames in the WAL since it last started over, and of those, copied back. */
    uint64_t wal_frames;
    uint64_t wal_frames_copied;

    /* Why this handle accepts nothing more; STATUS_OK while it does. */
    enum status broken;
    char broken_message[STATUS_MESSAGE_SIZE_BYTES];

    uint8_t *row_bytes; /* wire and job of the row that was read last */
    size_t row_capacity_bytes;
    struct eventlog_row newest; /* by eventlog_refresh; event 0: the bytes are another row's by now */
};

/* Where the rows of a log begin that has been pruned. */
struct eventlog_base {
    uint64_t event;
    uint64_t state_hash;
    uint64_t chain;
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
};

/* ---- failure.c ------------------------------------------------------------ */

/* Turns SQLite's newest failure into a status and a message; `doing` completes
 * "cannot ...".  STATUS_IO and STATUS_CORRUPT break the handle for writing. */
enum status eventlog_fail(struct eventlog *log, int code, const char *doing);

/* Breaks the handle for writing, with the thread's message; returns `status`. */
enum status eventlog_break(struct eventlog *log, enum status status);

/* STATUS_OK, or what broke the handle. */
enum status eventlog_usable(const struct eventlog *log);

/* ---- statement.c ---------------------------------------------------------- */

enum status eventlog_prepare_all(struct eventlog *log);
void eventlog_finalize_all(struct eventlog *log);

/* The statement that appends a load, with the load in it; its kernel hash is not copied. */
sqlite3_stmt *eventlog_bind_load(struct eventlog *log, const struct eventlog_load *load, uint64_t chain);

/* Runs SQL that gives no rows, or one number. */
enum status eventlog_execute(struct eventlog *log, const char *sql, const char *doing);
enum status eventlog_query_word(struct eventlog *log, const char *sql, const char *doing, uint64_t *word);

/* ---- schema.c -------------------------------------------------------------- */

/* Writes the empty tables and the identity, in one transaction. */
enum status eventlog_schema_create(struct eventlog *log);

/* STATUS_FORMAT unless the file is a log of a version that we know. */
enum status eventlog_schema_check(struct eventlog *log);

/* Reads identity and base and verifies their seals. */
enum status eventlog_meta_read(struct eventlog *log);

/* Reads the base again, if there is one by now. */
enum status eventlog_base_read(struct eventlog *log);

/* Within a transaction; adopt it when that has succeeded. */
enum status eventlog_base_write(struct eventlog *log, const struct eventlog_base *base);
void eventlog_base_adopt(struct eventlog *log, const struct eventlog_base *base);

/* The base as it is; false if it never moved. */
bool eventlog_base_of(const struct eventlog *log, struct eventlog_base *base);

/* ---- chain.c --------------------------------------------------------------- */

uint64_t eventlog_chain_identity(const struct eventlog_identity *identity);
uint64_t eventlog_chain_row(uint64_t previous, const struct eventlog_row *row);
uint64_t eventlog_chain_load(uint64_t previous, const struct eventlog_load *load);
uint64_t eventlog_chain_base(uint64_t previous, const struct eventlog_base *base);
uint64_t eventlog_chain_seal(const struct eventlog_identity *identity, uint64_t base_chain);

/* ---- wal.c ----------------------------------------------------------------- */

/* STATUS_CORRUPT if commits that were durable once are damaged.  Only for the
 * writer, before it writes: a WAL that is being written looks damaged. */
enum status eventlog_wal_check(struct eventlog *log);

/* Writes what eventlog_wal_check has found once more where it is, so that the
 * next flush is sure to be about it. */
enum status eventlog_wal_write_again(struct eventlog *log);

/* Gives the WAL its size, in written blocks, so that commits overwrite. */
enum status eventlog_wal_warm(struct eventlog *log);

/* Flushes it, through a descriptor of its own. */
enum status eventlog_wal_sync(struct eventlog *log);

/* Clears its header: it is empty then.  Not durably. */
enum status eventlog_wal_clear(struct eventlog *log);

/* Writes zeros behind what eventlog_wal_check has found, durably. */
enum status eventlog_wal_erase_rest(struct eventlog *log);

/* ---- settle.c ---------------------------------------------------------------- */

/* For a WAL found empty: SQLite must think so, too.  STATUS_BUSY if a reader keeps
 * it from that. */
enum status eventlog_wal_begin_anew(struct eventlog *log);

/* ---- relax.c --------------------------------------------------------------- */

/* Looks whether the log was left with rows that may not have been flushed. */
enum status eventlog_mark_find(struct eventlog *log);

/* 0 if there is none. */
enum status eventlog_wal_size(struct eventlog *log, uint64_t *size_bytes);

/* ---- read.c ---------------------------------------------------------------- */

/* eventlog_read, with the row's chain value. */
enum status eventlog_read_chained(struct eventlog *log, uint64_t event, struct eventlog_row *row, uint64_t *chain);

/* ---- append.c -------------------------------------------------------------- */

/* The hook through which SQLite tells how long the WAL is. */
int eventlog_wal_hook(void *log, sqlite3 *database, const char *schema, int frames);

/* Runs the prepared insertion: an SQLite code. */
int eventlog_insert_row(struct eventlog *log, const struct eventlog_row *row, uint64_t chain);

/* ---- retain.c ---------------------------------------------------------------- */

/* The kernel that made the state at `event`: that of the last load before it. */
enum status eventlog_kernel_at(struct eventlog *log, uint64_t event, uint8_t hash[HASH_BLAKE3_SIZE_BYTES]);

/* ---- salvage.c --------------------------------------------------------------- */

/* First, last and the base, as far as they can be read, and nothing verified. */
enum status eventlog_refresh_damaged(struct eventlog *log);

/* The chain and the state hash in a row that may be damaged. */
enum status eventlog_chain_at(struct eventlog *log, uint64_t event, struct eventlog_base *base);

#endif
