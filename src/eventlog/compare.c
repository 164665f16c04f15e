/* Two records of the same events: where do they part?
 *
 * Every event that both have is compared, by the hashes in the rows, in one pass
 * through both: a divergence need not last, so halving would miss one.  Rows are
 * not verified here; their large columns are not even read.
 */
#include "eventlog/private.h"

#include <string.h>

static const char select_sql[] = "SELECT event, job_hash, state_hash FROM events WHERE event >= ?1 ORDER BY event";

static enum status prepare(struct eventlog *log, uint64_t first, sqlite3_stmt **statement)
{
    int code = sqlite3_prepare_v2(log->database, select_sql, -1, statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "compare its rows");
    sqlite3_bind_int64(*statement, 1, (sqlite3_int64)first);
    return STATUS_OK;
}

static enum status step(struct eventlog *log, sqlite3_stmt *statement, uint64_t event)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW && (uint64_t)sqlite3_column_int64(statement, 0) == event)
        return STATUS_OK;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return eventlog_fail(log, code, "compare its rows");
    return status_fail(STATUS_CORRUPT, "event log %s: event %" PRIu64 " is missing; `loam verify` says more", log->path,
                       event);
}

static bool is_same_job(sqlite3_stmt *a, sqlite3_stmt *b)
{
    const void *first = sqlite3_column_blob(a, 1), *second = sqlite3_column_blob(b, 1);
    int size = sqlite3_column_bytes(a, 1);
    return size == sqlite3_column_bytes(b, 1) && size == HASH_BLAKE3_SIZE_BYTES &&
           memcmp(first, second, (size_t)size) == 0;
}

static void compare_rows(sqlite3_stmt *a, sqlite3_stmt *b, uint64_t event, struct eventlog_difference *difference)
{
    bool job_differs = !is_same_job(a, b);
    uint64_t state_a = (uint64_t)sqlite3_column_int64(a, 2), state_b = (uint64_t)sqlite3_column_int64(b, 2);
    difference->compared++;
    if (!job_differs && state_a == state_b)
        return;
    if (difference->differing++ > 0)
        return;
    difference->event = event;
    difference->job_differs = job_differs;
    difference->state_hashes[0] = state_a;
    difference->state_hashes[1] = state_b;
}

static enum status compare_all(struct eventlog *logs[2], sqlite3_stmt *statements[2],
                               struct eventlog_difference *difference)
{
    for (uint64_t event = difference->first; event <= difference->last; event++) {
        for (int i = 0; i < 2; i++)
            STATUS_TRY(step(logs[i], statements[i], event));
        compare_rows(statements[0], statements[1], event, difference);
    }
    return STATUS_OK;
}

enum status eventlog_compare(struct eventlog *a, struct eventlog *b, struct eventlog_difference *difference)
{
    struct eventlog *logs[2] = {a, b};
    sqlite3_stmt *statements[2] = {NULL, NULL};
    *difference = (struct eventlog_difference){.first = a->first > b->first ? a->first : b->first,
                                               .last = a->last < b->last ? a->last : b->last};
    if (a->first == 0 || b->first == 0 || difference->first > difference->last)
        return status_fail(STATUS_NOT_FOUND, "%s and %s have no event in common", a->path, b->path);
    enum status status = prepare(a, difference->first, &statements[0]);
    if (status == STATUS_OK)
        status = prepare(b, difference->first, &statements[1]);
    if (status == STATUS_OK)
        status = compare_all(logs, statements, difference);
    sqlite3_finalize(statements[0]);
    sqlite3_finalize(statements[1]);
    return status;
}
