/* A log that is damaged: what of it is left? */
#include "eventlog/private.h"

#include <string.h>

enum status eventlog_refresh_damaged(struct eventlog *log)
{
    static const char doing[] = "read its newest event";
    uint64_t first, last;
    enum status status = eventlog_base_read(log);
    if (status != STATUS_OK && status != STATUS_CORRUPT)
        return status;
    STATUS_TRY(
        eventlog_query_word(log, "SELECT ifnull((SELECT event FROM events ORDER BY event LIMIT 1), 0)", doing, &first));
    STATUS_TRY(eventlog_query_word(log, "SELECT ifnull((SELECT event FROM events ORDER BY event DESC LIMIT 1), 0)",
                                   doing, &last));
    STATUS_TRY(eventlog_query_word(log, "SELECT ifnull((SELECT sequence FROM loads ORDER BY sequence DESC LIMIT 1), 0)",
                                   doing, &log->load_count));
    log->first = first;
    log->last = first == 0 ? log->identity.base_event : last;
    log->load_chain = log->created_chain;
    return STATUS_OK;
}

enum status eventlog_verify_wal(struct eventlog *log)
{
    return eventlog_wal_check(log);
}

enum status eventlog_examine(struct eventlog *log, eventlog_progress_fn *progress, void *context,
                             struct eventlog_damage *damage)
{
    uint64_t base = log->identity.base_event;
    *damage = (struct eventlog_damage){.rows = log->last - base, .last_event = log->last};
    for (uint64_t event = base + 1; event <= log->last; event++) {
        struct eventlog_row row;
        enum status status = eventlog_read(log, event, &row);
        if (status != STATUS_OK && status != STATUS_CORRUPT && status != STATUS_NOT_FOUND)
            return status;
        if (status != STATUS_OK) {
            damage->first_damaged = damage->damaged++ == 0 ? event : damage->first_damaged;
            damage->last_damaged = event;
        }
        if (progress != NULL && event % 1024 == 0 && !progress(context, event - base, log->last - base))
            return status_fail(STATUS_INTERRUPTED, "event log %s: its examination was stopped", log->path);
    }
    return STATUS_OK;
}

enum status eventlog_chain_at(struct eventlog *log, uint64_t event, struct eventlog_base *base)
{
    static const char sql[] = "SELECT chain, state_hash FROM events WHERE event = ?1";
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "read a row");
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)event);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        base->chain = (uint64_t)sqlite3_column_int64(statement, 0);
        base->state_hash = (uint64_t)sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW)
        return STATUS_OK;
    /* With nothing behind it no row is chained to it. */
    return event == log->last
               ? STATUS_OK
               : status_fail(STATUS_CORRUPT, "event log %s: the chain is broken at event %" PRIu64, log->path, event);
}
