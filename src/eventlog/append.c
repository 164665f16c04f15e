/* Writing: rows, loads, and the care of the write-ahead log.
 *
 * A commit writes its frames to the WAL and flushes it once: that flush is the
 * moment when the rows are durable.  When the WAL has reached its size its
 * pages are copied into the database (which costs two flushes and no commit
 * waits for them if the host calls eventlog_checkpoint at a quiet moment), and
 * the next commit starts over at the WAL's beginning, in blocks that exist.
 */
#include "eventlog/private.h"

#include <string.h>

#define FRAME_BYTES (4096 + 24)
#define RECORD_OVERHEAD_BYTES 256 /* of a row, beside wire and job; generous */

int eventlog_wal_hook(void *context, sqlite3 *database, const char *schema, int frames)
{
    (void)database;
    (void)schema;
    struct eventlog *log = context;
    if ((uint64_t)frames < log->wal_frames)
        log->wal_frames_copied = 0; /* it has started over */
    log->wal_frames = (uint64_t)frames;
    return SQLITE_OK;
}

/* One job that is very large makes a WAL that is very large; once it has been
 * copied back the disk gets it back too. */
#define WAL_EXCESS 16

static enum status checkpoint(struct eventlog *log)
{
    bool is_excessive = log->wal_frames * FRAME_BYTES > WAL_EXCESS * log->wal_bytes;
    int mode = is_excessive ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int frames, frames_copied;
    int code = sqlite3_wal_checkpoint_v2(log->database, "main", mode, &frames, &frames_copied);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "copy its write-ahead log into the database");
    log->wal_frames = frames < 0 ? 0 : (uint64_t)frames;
    log->wal_frames_copied = frames_copied < 0 ? 0 : (uint64_t)frames_copied;
    return is_excessive ? eventlog_wal_warm(log) : STATUS_OK;
}

bool eventlog_checkpoint_is_due(const struct eventlog *log, uint64_t bytes_min)
{
    return (log->wal_frames - log->wal_frames_copied) * FRAME_BYTES >= bytes_min;
}

enum status eventlog_checkpoint(struct eventlog *log, uint64_t bytes_min)
{
    CHECK(log->mode == EVENTLOG_WRITE);
    STATUS_TRY(eventlog_usable(log));
    if (bytes_min > 0 && !eventlog_checkpoint_is_due(log, bytes_min))
        return STATUS_OK;
    enum status status = checkpoint(log);
    /* Somebody in the way, or a full disk, is no reason to refuse events as
     * long as the WAL itself can take them. */
    return bytes_min > 0 && (status == STATUS_BUSY || status == STATUS_NO_SPACE) ? STATUS_OK : status;
}

enum status eventlog_admits(const struct eventlog *log, size_t wire_size_bytes, size_t job_size_bytes)
{
    uint64_t limit_bytes = (uint64_t)sqlite3_limit(log->database, SQLITE_LIMIT_LENGTH, -1) - RECORD_OVERHEAD_BYTES;
    if (wire_size_bytes <= limit_bytes && job_size_bytes <= limit_bytes - wire_size_bytes)
        return STATUS_OK;
    return status_fail(STATUS_LIMIT,
                       "event log %s: the event's job has %zu bytes, a row holds at most %" PRIu64
                       "; send the data in smaller events",
                       log->path, job_size_bytes, limit_bytes - (wire_size_bytes < limit_bytes ? wire_size_bytes : 0));
}

static void roll_back(struct eventlog *log)
{
    if (!sqlite3_get_autocommit(log->database))
        sqlite3_exec(log->database, "ROLLBACK", NULL, NULL, NULL);
}

/* Steps a statement that gives no rows and makes it ready again. */
static int run(sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    int reset_code = sqlite3_reset(statement);
    return code == SQLITE_DONE ? SQLITE_OK : reset_code != SQLITE_OK ? reset_code : code;
}

int eventlog_insert_row(struct eventlog *log, const struct eventlog_row *row, uint64_t chain)
{
    sqlite3_stmt *statement = log->statements[EVENTLOG_STATEMENT_INSERT];
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)row->event);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)row->kind);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)row->state_hash);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)row->evaluation_us);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)row->wall_ms);
    sqlite3_bind_int64(statement, 6, (sqlite3_int64)chain);
    sqlite3_bind_blob(statement, 7, row->job_hash, sizeof row->job_hash, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 8, row->wire_size_bytes == 0 ? (const void *)"" : row->wire, row->wire_size_bytes,
                        SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 9, row->job_size_bytes == 0 ? (const void *)"" : row->job, row->job_size_bytes,
                        SQLITE_STATIC);
    int code = run(statement);
    sqlite3_clear_bindings(statement);
    return code;
}

/* One row commits by itself; a group goes into one transaction. */
static int insert_rows(struct eventlog *log, const struct eventlog_row *rows, size_t count, uint64_t *chain)
{
    int code = count == 1 ? SQLITE_OK : run(log->statements[EVENTLOG_STATEMENT_BEGIN]);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
        *chain = eventlog_chain_row(*chain, &rows[i]);
        code = eventlog_insert_row(log, &rows[i], *chain);
    }
    if (code == SQLITE_OK && count != 1)
        code = run(log->statements[EVENTLOG_STATEMENT_COMMIT]);
    return code;
}

static void check_rows(const struct eventlog *log, const struct eventlog_row *rows, size_t count)
{
    CHECK(log->mode == EVENTLOG_WRITE && !log->is_beside_writer && !log->is_settled);
    CHECK(count > 0);
    for (size_t i = 0; i < count; i++) {
        CHECK(rows[i].event == log->last + 1 + i);
        CHECK(rows[i].event < INT64_MAX);
        CHECK(rows[i].kind == EVENTLOG_POKE || rows[i].kind == EVENTLOG_REPLACEMENT);
    }
}

enum status eventlog_append(struct eventlog *log, const struct eventlog_row *rows, size_t count)
{
    check_rows(log, rows, count);
    STATUS_TRY(eventlog_usable(log));
    STATUS_TRY(eventlog_make_sound(log));
    for (size_t i = 0; i < count; i++)
        STATUS_TRY(eventlog_admits(log, rows[i].wire_size_bytes, rows[i].job_size_bytes));
    STATUS_TRY(eventlog_checkpoint(log, 2 * log->wal_bytes));
    uint64_t chain = log->last_chain;
    int code = insert_rows(log, rows, count, &chain);
    if (code != SQLITE_OK) {
        enum status status = eventlog_fail(log, code, "append to it");
        roll_back(log);
        return status;
    }
    if (log->first == 0)
        log->first = rows[0].event;
    log->last = rows[count - 1].event;
    log->last_state_hash = rows[count - 1].state_hash;
    log->last_chain = chain;
    return STATUS_OK;
}

enum status eventlog_rehearse(struct eventlog *log, const struct eventlog_row *row)
{
    CHECK(log->mode == EVENTLOG_WRITE && !log->is_beside_writer && !log->is_settled);
    STATUS_TRY(eventlog_usable(log));
    struct eventlog_row next = *row;
    next.event = log->last + 1;
    int code = run(log->statements[EVENTLOG_STATEMENT_BEGIN]);
    if (code == SQLITE_OK)
        code = eventlog_insert_row(log, &next, 0);
    enum status status = code == SQLITE_OK ? STATUS_OK : eventlog_fail(log, code, "prepare it for its next row");
    roll_back(log);
    return status;
}

enum status eventlog_append_load(struct eventlog *log, const struct eventlog_load *load)
{
    CHECK(log->mode == EVENTLOG_WRITE && !log->is_settled);
    CHECK(load->boundary == log->last);
    STATUS_TRY(eventlog_usable(log));
    STATUS_TRY(eventlog_make_sound(log));
    uint64_t chain = eventlog_chain_load(log->load_chain, load);
    sqlite3_stmt *statement = eventlog_bind_load(log, load, chain);
    int code = run(statement);
    sqlite3_clear_bindings(statement);
    if (code != SQLITE_OK) {
        enum status status = eventlog_fail(log, code, "append a load to it");
        roll_back(log);
        return status;
    }
    log->load_count++;
    log->load_chain = chain;
    log->last_state_hash = load->state_hash;
    return STATUS_OK;
}
