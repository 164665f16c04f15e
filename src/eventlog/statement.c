/* The SQL that runs often, prepared once; and the little that runs once. */
#include "eventlog/private.h"

static const char *const statement_sql[EVENTLOG_STATEMENT_COUNT] = {
    [EVENTLOG_STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [EVENTLOG_STATEMENT_COMMIT] = "COMMIT",
    [EVENTLOG_STATEMENT_INSERT] =
        "INSERT INTO events(event, kind, state_hash, evaluation_us, wall_ms, chain, job_hash, "
        "wire, job) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [EVENTLOG_STATEMENT_INSERT_LOAD] = "INSERT INTO loads(sequence, boundary, state_hash, wall_ms, chain, kernel_hash) "
                                       "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
    [EVENTLOG_STATEMENT_SELECT] = "SELECT kind, state_hash, evaluation_us, wall_ms, chain, job_hash, wire, job, "
                                  "(SELECT chain FROM events WHERE event = ?1 - 1) FROM events WHERE event = ?1",
    [EVENTLOG_STATEMENT_SELECT_LOAD] = "SELECT boundary, state_hash, wall_ms, chain, kernel_hash, "
                                       "(SELECT chain FROM loads WHERE sequence = ?1 - 1) "
                                       "FROM loads WHERE sequence = ?1",
};

static bool is_for_writing(enum eventlog_statement which)
{
    return which <= EVENTLOG_STATEMENT_INSERT_LOAD;
}

enum status eventlog_prepare_all(struct eventlog *log)
{
    for (enum eventlog_statement which = 0; which < EVENTLOG_STATEMENT_COUNT; which++) {
        if (log->mode == EVENTLOG_READ && is_for_writing(which))
            continue;
        int code = sqlite3_prepare_v3(log->database, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                      &log->statements[which], NULL);
        if (code != SQLITE_OK)
            return eventlog_fail(log, code, "prepare its statements");
    }
    return STATUS_OK;
}

void eventlog_finalize_all(struct eventlog *log)
{
    for (enum eventlog_statement which = 0; which < EVENTLOG_STATEMENT_COUNT; which++)
        sqlite3_finalize(log->statements[which]);
}

sqlite3_stmt *eventlog_bind_load(struct eventlog *log, const struct eventlog_load *load, uint64_t chain)
{
    sqlite3_stmt *statement = log->statements[EVENTLOG_STATEMENT_INSERT_LOAD];
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)log->load_count + 1);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)load->boundary);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)load->state_hash);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)load->wall_ms);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)chain);
    sqlite3_bind_blob(statement, 6, load->kernel_hash, sizeof load->kernel_hash, SQLITE_STATIC);
    return statement;
}

enum status eventlog_execute(struct eventlog *log, const char *sql, const char *doing)
{
    int code = sqlite3_exec(log->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : eventlog_fail(log, code, doing);
}

enum status eventlog_query_word(struct eventlog *log, const char *sql, const char *doing, uint64_t *word)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, doing);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *word = (uint64_t)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW)
        return STATUS_OK;
    return eventlog_fail(log, code == SQLITE_DONE ? SQLITE_CORRUPT : code, doing);
}

enum status eventlog_evaluation(struct eventlog *log, uint64_t event, uint64_t *evaluation_us)
{
    char sql[128];
    sqlite3_snprintf(sizeof sql, sql, "SELECT ifnull(sum(evaluation_us), 0) FROM events WHERE event > %lld",
                     (sqlite3_int64)event);
    return eventlog_query_word(log, sql, "add up its events' times", evaluation_us);
}
