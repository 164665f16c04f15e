/* Retention: forgetting the oldest rows, so that what is left is still a log.
 *
 * The base moves: a row in the table `base` says after which event the rows
 * now begin, what the chain was there, which state the log then had and by
 * which kernel, so that the next row's chain can be verified as before, and an
 * arena that stands there can be recognised.  Base and deletion go in one
 * transaction, a piece at a time: wherever it is interrupted the log is whole,
 * and shorter or longer.  Loads are a few bytes each and all stay.
 *
 * A log gets the table, and with it format version 2, when it is first pruned;
 * an older program then refuses it instead of calling it damaged.
 *
 * Deleted rows leave free pages in the database.  New rows use them first; what
 * is more than that is given back to the disk, by moving rows from the end of
 * the file into them (incremental vacuum, a piece at a time as well).  A log
 * made before it could do that keeps its free pages for new rows.
 */
#include "eventlog/private.h"

#include <string.h>

#define PIECE_ROWS 2048
#define PIECE_PAGES 256

/* ---- policies --------------------------------------------------------------------- */

/* Every row up to *through has been there for longer than `age_ms`. */
static enum status through_age(struct eventlog *log, uint64_t age_ms, uint64_t now_ms, uint64_t *through)
{
    char sql[256];
    uint64_t young;
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT ifnull((SELECT event FROM events WHERE wall_ms >= %lld ORDER BY event LIMIT 1), 0)",
                     now_ms > age_ms ? (long long)(now_ms - age_ms) : 0);
    STATUS_TRY(eventlog_query_word(log, sql, "find its old rows", &young));
    *through = young == 0 ? log->last : young - 1;
    return STATUS_OK;
}

/* The rows after *through take `size_bytes` or less, as far as they can be counted. */
static enum status through_size(struct eventlog *log, uint64_t size_bytes, uint64_t *through)
{
    static const char sql[] = "SELECT event, length(wire) + length(job) + 96 FROM events ORDER BY event DESC";
    sqlite3_stmt *statement;
    uint64_t total_bytes = 0;
    int code = sqlite3_prepare_v2(log->database, sql, -1, &statement, NULL);
    *through = log->identity.base_event;
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "measure its rows");
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        total_bytes += (uint64_t)sqlite3_column_int64(statement, 1);
        if (total_bytes <= size_bytes)
            continue;
        *through = (uint64_t)sqlite3_column_int64(statement, 0);
        code = SQLITE_DONE;
        break;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? STATUS_OK : eventlog_fail(log, code, "measure its rows");
}

enum status eventlog_retention_through(struct eventlog *log, const struct eventlog_retention *retention,
                                       uint64_t now_ms, uint64_t *through)
{
    *through = log->identity.base_event;
    if (retention->kind == EVENTLOG_KEEP_EVENTS && log->last > retention->amount)
        *through = log->last - retention->amount;
    else if (retention->kind == EVENTLOG_KEEP_AGE)
        STATUS_TRY(through_age(log, retention->amount, now_ms, through));
    else if (retention->kind == EVENTLOG_KEEP_SIZE)
        STATUS_TRY(through_size(log, retention->amount, through));
    if (*through < log->identity.base_event)
        *through = log->identity.base_event;
    return STATUS_OK;
}

enum status eventlog_rows_measure(struct eventlog *log, uint64_t through, uint64_t *rows, uint64_t *size_bytes)
{
    char sql[160];
    *rows = through > log->identity.base_event ? through - log->identity.base_event : 0;
    sqlite3_snprintf(sizeof sql, sql,
                     "SELECT ifnull(sum(length(wire) + length(job) + 96), 0) FROM events WHERE event <= %lld",
                     (long long)through);
    return eventlog_query_word(log, sql, "measure its rows", size_bytes);
}

/* ---- the new base -------------------------------------------------------------------- */

/* The kernel that made the state at `event`: that of the last load before it. */
enum status eventlog_kernel_at(struct eventlog *log, uint64_t event, uint8_t hash[HASH_BLAKE3_SIZE_BYTES])
{
    struct eventlog_load load;
    uint64_t quarantined;
    bool found = true;
    memcpy(hash, log->created.kernel_hash, HASH_BLAKE3_SIZE_BYTES);
    for (uint64_t index = 0; found; index++) {
        STATUS_TRY(eventlog_read_load(log, index, &load, &found));
        if (!found || load.boundary >= event)
            return STATUS_OK;
        if (!eventlog_load_quarantines(&load, &quarantined))
            memcpy(hash, load.kernel_hash, HASH_BLAKE3_SIZE_BYTES);
    }
    return STATUS_OK;
}

/* Becomes what the log says of itself when the row `event` is its base. */
static enum status base_at(struct eventlog *log, uint64_t event, struct eventlog_base *base)
{
    struct eventlog_row row;
    STATUS_TRY(eventlog_read_chained(log, event, &row, &base->chain));
    base->event = event;
    base->state_hash = row.state_hash;
    return eventlog_kernel_at(log, event, base->kernel_hash);
}

static enum status delete_through(struct eventlog *log, const struct eventlog_base *base)
{
    char sql[80];
    STATUS_TRY(eventlog_base_write(log, base));
    sqlite3_snprintf(sizeof sql, sql, "DELETE FROM events WHERE event <= %lld", (long long)base->event);
    return eventlog_execute(log, sql, "delete its oldest rows");
}

static void adopt_base(struct eventlog *log, const struct eventlog_base *base)
{
    eventlog_base_adopt(log, base);
    if (log->first != 0)
        log->first = base->event < log->last ? base->event + 1 : 0;
}

static enum status prune_piece(struct eventlog *log, uint64_t through)
{
    struct eventlog_base base;
    STATUS_TRY(base_at(log, through, &base));
    STATUS_TRY(eventlog_execute(log, "BEGIN IMMEDIATE", "delete its oldest rows"));
    enum status status = delete_through(log, &base);
    if (status == STATUS_OK)
        status = eventlog_execute(log, "COMMIT", "delete its oldest rows");
    if (status == STATUS_OK)
        adopt_base(log, &base);
    else if (!sqlite3_get_autocommit(log->database))
        sqlite3_exec(log->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

enum status eventlog_prune(struct eventlog *log, uint64_t through, bool *is_done)
{
    CHECK(log->mode == EVENTLOG_WRITE);
    CHECK(through <= log->last);
    STATUS_TRY(eventlog_usable(log));
    uint64_t base = log->identity.base_event;
    *is_done = through <= base;
    if (*is_done)
        return STATUS_OK;
    uint64_t piece = through - base > PIECE_ROWS ? base + PIECE_ROWS : through;
    STATUS_TRY(prune_piece(log, piece));
    *is_done = piece == through;
    return STATUS_OK;
}

/* ---- space ------------------------------------------------------------------------------ */

enum status eventlog_free_bytes(struct eventlog *log, uint64_t *free_bytes)
{
    static const char doing[] = "count its free pages";
    uint64_t pages, page_bytes;
    STATUS_TRY(eventlog_query_word(log, "PRAGMA freelist_count", doing, &pages));
    STATUS_TRY(eventlog_query_word(log, "PRAGMA page_size", doing, &page_bytes));
    *free_bytes = pages * page_bytes;
    return STATUS_OK;
}

/* The pragma frees a page each time it is stepped. */
static enum status vacuum_pages(struct eventlog *log, uint64_t pages)
{
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA incremental_vacuum(%llu)", (unsigned long long)pages);
    return eventlog_execute(log, sql, "give free pages back");
}

enum status eventlog_give_back(struct eventlog *log, uint64_t keep_bytes, bool *is_done)
{
    static const char doing[] = "count its free pages";
    uint64_t mode, free_bytes, page_bytes;
    CHECK(log->mode == EVENTLOG_WRITE);
    STATUS_TRY(eventlog_usable(log));
    STATUS_TRY(eventlog_query_word(log, "PRAGMA auto_vacuum", doing, &mode));
    STATUS_TRY(eventlog_query_word(log, "PRAGMA page_size", doing, &page_bytes));
    STATUS_TRY(eventlog_free_bytes(log, &free_bytes));
    uint64_t pages = free_bytes > keep_bytes ? (free_bytes - keep_bytes) / page_bytes : 0;
    *is_done = mode != 2 || pages == 0;
    if (*is_done)
        return eventlog_checkpoint(log, 1); /* which is when the file becomes shorter */
    STATUS_TRY(vacuum_pages(log, pages < PIECE_PAGES ? pages : PIECE_PAGES));
    return eventlog_checkpoint(log, log->wal_bytes);
}
