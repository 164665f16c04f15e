/* Reading: rows by number, streams, loads, and the proof that all is there.
 *
 * A row is copied out before it is given away and the statement is reset, so
 * no read transaction outlives a call: however slowly somebody consumes a
 * stream, the WAL can start over and the memory in use is one row's.
 */
#include "eventlog/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Columns of EVENTLOG_STATEMENT_SELECT. */
enum { KIND, STATE_HASH, EVALUATION_US, WALL_MS, CHAIN, JOB_HASH, WIRE, JOB, CHAIN_BEFORE };

static enum status fail_row(const struct eventlog *log, uint64_t event, const char *what)
{
    return status_fail(STATUS_CORRUPT,
                       "event log %s: event %" PRIu64
                       ": %s; restore the log from a copy, or start from a snapshot or an "
                       "arena that stands at or after this event",
                       log->path, event, what);
}

static enum status make_room(struct eventlog *log, size_t size_bytes)
{
    if (size_bytes <= log->row_capacity_bytes)
        return STATUS_OK;
    uint8_t *bytes = realloc(log->row_bytes, size_bytes);
    if (bytes == NULL)
        return status_fail(STATUS_NO_MEMORY, "event log %s: no memory for a row of %zu bytes; give the process more",
                           log->path, size_bytes);
    log->row_bytes = bytes;
    log->row_capacity_bytes = size_bytes;
    return STATUS_OK;
}

static void copy_blob(sqlite3_stmt *statement, int column, uint8_t *bytes, size_t size_bytes)
{
    const void *blob = sqlite3_column_blob(statement, column);
    if (size_bytes > 0)
        memcpy(bytes, blob, size_bytes);
}

static enum status take_row(struct eventlog *log, sqlite3_stmt *statement, uint64_t event, struct eventlog_row *row)
{
    int64_t kind = sqlite3_column_int64(statement, KIND);
    if (kind != EVENTLOG_POKE && kind != EVENTLOG_REPLACEMENT)
        return fail_row(log, event, "its kind is damaged");
    if (sqlite3_column_bytes(statement, JOB_HASH) != HASH_BLAKE3_SIZE_BYTES)
        return fail_row(log, event, "its job hash is damaged");
    size_t wire_size_bytes = (size_t)sqlite3_column_bytes(statement, WIRE);
    size_t job_size_bytes = (size_t)sqlite3_column_bytes(statement, JOB);
    STATUS_TRY(make_room(log, wire_size_bytes + job_size_bytes + 1));
    *row = (struct eventlog_row){
        .event = event,
        .kind = (enum eventlog_kind)kind,
        .wire = log->row_bytes + job_size_bytes,
        .wire_size_bytes = wire_size_bytes,
        .job = log->row_bytes,
        .job_size_bytes = job_size_bytes,
        .state_hash = (uint64_t)sqlite3_column_int64(statement, STATE_HASH),
        .evaluation_us = (uint64_t)sqlite3_column_int64(statement, EVALUATION_US),
        .wall_ms = (uint64_t)sqlite3_column_int64(statement, WALL_MS),
    };
    copy_blob(statement, JOB_HASH, row->job_hash, sizeof row->job_hash);
    copy_blob(statement, JOB, log->row_bytes, job_size_bytes);
    copy_blob(statement, WIRE, log->row_bytes + job_size_bytes, wire_size_bytes);
    return STATUS_OK;
}

static enum status verify_row(const struct eventlog *log, sqlite3_stmt *statement, const struct eventlog_row *row)
{
    bool has_before = sqlite3_column_type(statement, CHAIN_BEFORE) != SQLITE_NULL;
    if (!has_before && row->event != log->identity.base_event + 1)
        return fail_row(log, row->event - 1, "it is missing");
    uint64_t before = has_before ? (uint64_t)sqlite3_column_int64(statement, CHAIN_BEFORE) : log->base_chain;
    if (eventlog_chain_row(before, row) != (uint64_t)sqlite3_column_int64(statement, CHAIN))
        return fail_row(log, row->event, "its row, or the one before it, is damaged or not the one that was written");
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    hash_blake3(row->job, row->job_size_bytes, hash);
    if (memcmp(hash, row->job_hash, sizeof hash) != 0)
        return fail_row(log, row->event, "its job is damaged: it has not the recorded hash");
    return STATUS_OK;
}

enum status eventlog_read_chained(struct eventlog *log, uint64_t event, struct eventlog_row *row, uint64_t *chain)
{
    sqlite3_stmt *statement = log->statements[EVENTLOG_STATEMENT_SELECT];
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)event);
    int code = sqlite3_step(statement);
    enum status status;
    log->newest.event = 0;
    *row = (struct eventlog_row){0};
    *chain = 0;
    if (code == SQLITE_ROW) {
        *chain = (uint64_t)sqlite3_column_int64(statement, CHAIN);
        status = take_row(log, statement, event, row);
        if (status == STATUS_OK)
            status = verify_row(log, statement, row);
    } else if (code == SQLITE_DONE) {
        status = status_fail(STATUS_NOT_FOUND, "event log %s: it has no event %" PRIu64, log->path, event);
    } else {
        status = eventlog_fail(log, code, "read a row");
    }
    sqlite3_reset(statement);
    return status;
}

enum status eventlog_read(struct eventlog *log, uint64_t event, struct eventlog_row *row)
{
    uint64_t chain;
    if (event == log->newest.event && event > log->identity.base_event) {
        *row = log->newest; /* a start asks for it again, and a row may be as long as a file */
        return STATUS_OK;
    }
    if (event > INT64_MAX)
        return status_fail(STATUS_NOT_FOUND, "event log %s: it has no event %" PRIu64, log->path, event);
    return eventlog_read_chained(log, event, row, &chain);
}

struct eventlog_cursor eventlog_cursor(struct eventlog *log, uint64_t first_event)
{
    return (struct eventlog_cursor){log, first_event};
}

enum status eventlog_cursor_next(struct eventlog_cursor *cursor, struct eventlog_row *row, bool *found)
{
    struct eventlog *log = cursor->log;
    *found = false;
    if (cursor->next_event > log->last)
        return STATUS_OK;
    enum status status = eventlog_read(log, cursor->next_event, row);
    if (status == STATUS_NOT_FOUND)
        return fail_row(log, cursor->next_event, "it is missing");
    if (status != STATUS_OK)
        return status;
    cursor->next_event++;
    *found = true;
    return STATUS_OK;
}

/* ---- loads ----------------------------------------------------------------- */

static enum status take_load(struct eventlog *log, sqlite3_stmt *statement, uint64_t sequence,
                             struct eventlog_load *load, uint64_t *chain)
{
    *load = (struct eventlog_load){
        .boundary = (uint64_t)sqlite3_column_int64(statement, 0),
        .state_hash = (uint64_t)sqlite3_column_int64(statement, 1),
        .wall_ms = (uint64_t)sqlite3_column_int64(statement, 2),
    };
    *chain = (uint64_t)sqlite3_column_int64(statement, 3);
    bool good = sqlite3_column_bytes(statement, 4) == HASH_BLAKE3_SIZE_BYTES;
    if (good)
        copy_blob(statement, 4, load->kernel_hash, sizeof load->kernel_hash);
    bool has_before = sqlite3_column_type(statement, 5) != SQLITE_NULL;
    uint64_t before = has_before ? (uint64_t)sqlite3_column_int64(statement, 5) : log->created_chain;
    good = good && has_before == (sequence > 1) && eventlog_chain_load(before, load) == *chain;
    if (good)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT,
                       "event log %s: load %" PRIu64 " is damaged, or the one before it is missing; restore the log "
                       "from a copy",
                       log->path, sequence);
}

static enum status read_load(struct eventlog *log, uint64_t sequence, struct eventlog_load *load, uint64_t *chain,
                             bool *found)
{
    sqlite3_stmt *statement = log->statements[EVENTLOG_STATEMENT_SELECT_LOAD];
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)sequence);
    int code = sqlite3_step(statement);
    enum status status = STATUS_OK;
    *chain = 0;
    *found = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        status = take_load(log, statement, sequence, load, chain);
    else if (code != SQLITE_DONE)
        status = eventlog_fail(log, code, "read a load");
    sqlite3_reset(statement);
    return status;
}

enum status eventlog_read_load(struct eventlog *log, uint64_t index, struct eventlog_load *load, bool *found)
{
    uint64_t chain;
    *found = false;
    if (index >= log->load_count)
        return STATUS_OK;
    STATUS_TRY(read_load(log, index + 1, load, &chain, found));
    if (*found)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "event log %s: load %" PRIu64 " is missing; restore the log from a copy",
                       log->path, index + 1);
}

/* ---- the ends -------------------------------------------------------------- */

static enum status read_ends(struct eventlog *log)
{
    static const char doing[] = "read its newest event";
    uint64_t first, last, loads;
    STATUS_TRY(
        eventlog_query_word(log, "SELECT ifnull((SELECT event FROM events ORDER BY event LIMIT 1), 0)", doing, &first));
    STATUS_TRY(eventlog_query_word(log, "SELECT ifnull((SELECT event FROM events ORDER BY event DESC LIMIT 1), 0)",
                                   doing, &last));
    STATUS_TRY(eventlog_query_word(log, "SELECT ifnull((SELECT sequence FROM loads ORDER BY sequence DESC LIMIT 1), 0)",
                                   doing, &loads));
    uint64_t base = log->identity.base_event;
    if (first != 0 && first != base + 1)
        return fail_row(log, base + 1, "it is missing: the log does not begin where it should");
    log->first = first;
    log->last = first == 0 ? base : last;
    log->load_count = loads;
    return STATUS_OK;
}

static enum status read_last_load(struct eventlog *log)
{
    log->load_chain = log->created_chain;
    if (log->load_count == 0)
        return STATUS_OK;
    struct eventlog_load load;
    bool found;
    STATUS_TRY(read_load(log, log->load_count, &load, &log->load_chain, &found));
    CHECK(found);
    if (load.boundary > log->last)
        return fail_row(log, load.boundary, "it is missing, although a later load is recorded");
    if (load.boundary == log->last)
        log->last_state_hash = load.state_hash;
    return STATUS_OK;
}

enum status eventlog_refresh(struct eventlog *log)
{
    /* One transaction, so that a writer's next row does not fall in between. */
    STATUS_TRY(eventlog_execute(log, "BEGIN", "read its newest event"));
    enum status status = eventlog_base_read(log);
    log->last_state_hash = log->identity.base_state_hash;
    log->last_chain = log->base_chain;
    if (status == STATUS_OK)
        status = read_ends(log);
    if (status == STATUS_OK && log->first != 0) {
        struct eventlog_row row;
        status = eventlog_read_chained(log, log->last, &row, &log->last_chain);
        if (status == STATUS_OK) {
            log->last_state_hash = row.state_hash;
            log->newest = row;
        }
    }
    if (status == STATUS_OK)
        status = read_last_load(log);
    sqlite3_exec(log->database, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* ---- the whole -------------------------------------------------------------- */

enum status eventlog_size(struct eventlog *log, struct eventlog_size *size)
{
    static const char doing[] = "read its size";
    uint64_t pages, page_bytes;
    STATUS_TRY(eventlog_query_word(log, "PRAGMA page_count", doing, &pages));
    STATUS_TRY(eventlog_query_word(log, "PRAGMA page_size", doing, &page_bytes));
    size->rows = log->first == 0 ? 0 : log->last - log->first + 1;
    size->database_bytes = pages * page_bytes;
    return eventlog_wal_size(log, &size->wal_bytes);
}

/* SQLite's own check answers with one row that says ok, or with what it found. */
static enum status verify_database(struct eventlog *log)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "check its structure");
    code = sqlite3_step(statement);
    const char *answer = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    enum status status = STATUS_OK;
    if (answer == NULL)
        status = eventlog_fail(log, code == SQLITE_DONE ? SQLITE_CORRUPT : code, "check its structure");
    else if (strcmp(answer, "ok") != 0)
        status = status_fail(STATUS_CORRUPT, "event log %s: the database is damaged: %s; restore it from a copy",
                             log->path, answer);
    sqlite3_finalize(statement);
    return status;
}

static enum status verify_loads(struct eventlog *log)
{
    struct eventlog_load load;
    bool found;
    uint64_t boundary = log->created.base_event;
    for (uint64_t i = 0; i < log->load_count; i++) {
        STATUS_TRY(eventlog_read_load(log, i, &load, &found));
        if (load.boundary < boundary)
            return status_fail(STATUS_CORRUPT, "event log %s: load %" PRIu64 " is out of order", log->path, i + 1);
        boundary = load.boundary;
    }
    return STATUS_OK;
}

/* The next row; one that was pruned meanwhile, by another handle, is passed by. */
static enum status next_or_pruned(struct eventlog_cursor *cursor, struct eventlog_row *row, bool *found)
{
    struct eventlog *log = cursor->log;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    enum status status = eventlog_cursor_next(cursor, row, found);
    if (status != STATUS_CORRUPT)
        return status;
    snprintf(message, sizeof message, "%s", status_message());
    STATUS_TRY(eventlog_refresh(log));
    if (cursor->next_event > log->identity.base_event + 1)
        return status_fail(status, "%s", message);
    cursor->next_event = log->identity.base_event + 1;
    return eventlog_cursor_next(cursor, row, found);
}

enum status eventlog_verify_rows(struct eventlog *log, eventlog_progress_fn *progress, void *context)
{
    STATUS_TRY(eventlog_refresh(log));
    STATUS_TRY(verify_loads(log));
    struct eventlog_cursor cursor = eventlog_cursor(log, log->identity.base_event + 1);
    uint64_t rows_all = log->last - log->identity.base_event, rows_done = 0;
    struct eventlog_row row;
    bool found = true;
    while (true) {
        STATUS_TRY(next_or_pruned(&cursor, &row, &found));
        if (!found)
            return STATUS_OK;
        rows_done++;
        if (progress != NULL && (rows_done % 256 == 0 || rows_done == rows_all) &&
            !progress(context, rows_done, rows_all))
            return status_fail(STATUS_INTERRUPTED, "event log %s: its verification was stopped after %" PRIu64 " %s",
                               log->path, rows_done, plural(rows_done, "row", "rows"));
    }
}

enum status eventlog_verify(struct eventlog *log, eventlog_progress_fn *progress, void *context)
{
    STATUS_TRY(eventlog_wal_check(log));
    STATUS_TRY(verify_database(log));
    return eventlog_verify_rows(log, progress, context);
}
