/* The format of the event log.
 *
 * A SQLite database with application id 'Loam' and the format version as its
 * user version; both are in the database's first page from its creation on.
 *
 *   meta    one row: whose log this is and where it begins
 *     identity        16 random bytes, the same as in the arena
 *     kernel_hash     BLAKE3 of the kernel's jam at creation
 *     base_event      rows begin after this event
 *     base_state_hash the state hash there
 *     base_chain      the chain value that the first row starts from
 *     created_ms      wall clock
 *     seal            XXH3 of the above
 *
 *   events  one row an event, numbered without gaps from base_event + 1
 *     event           the number, and the key
 *     kind            0 the job as given, 1 its replacement after a crash
 *     state_hash      64 bits, of the state after the event (stored signed)
 *     evaluation_us   how long the kernel took
 *     wall_ms         the clock that the job was given
 *     chain           see eventlog/chain.c
 *     job_hash        BLAKE3 of job
 *     wire            where the event came from, for people and accounts
 *     job             jam of the accepted job noun
 *
 *   loads   one row a start that changed state or kernel outside any event
 *     sequence        1, 2, 3, ...
 *     boundary        the last event before it
 *     state_hash, wall_ms, kernel_hash
 *     chain           as in events, starting from base_chain
 *
 * The large columns stand last, so that reading the others of a row does not
 * walk the pages that a large job overflows into.
 *
 * The schema is compared with these texts to the letter: what has another is
 * not ours, and no trigger, view or index of a stranger ever runs.
 */
#include "eventlog/private.h"

#include <string.h>

#define APPLICATION_ID 0x4c6f616d /* 'Loam' */

struct table {
    const char *name;
    const char *sql;
};

/* In the order of their names. */
static const struct table tables[] = {
    {"events", "CREATE TABLE events(event INTEGER PRIMARY KEY, kind INTEGER NOT NULL, state_hash INTEGER NOT NULL, "
               "evaluation_us INTEGER NOT NULL, wall_ms INTEGER NOT NULL, chain INTEGER NOT NULL, "
               "job_hash BLOB NOT NULL, wire BLOB NOT NULL, job BLOB NOT NULL) STRICT"},
    {"loads", "CREATE TABLE loads(sequence INTEGER PRIMARY KEY, boundary INTEGER NOT NULL, "
              "state_hash INTEGER NOT NULL, wall_ms INTEGER NOT NULL, chain INTEGER NOT NULL, "
              "kernel_hash BLOB NOT NULL) STRICT"},
    {"meta", "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), identity BLOB NOT NULL, "
             "kernel_hash BLOB NOT NULL, base_event INTEGER NOT NULL, base_state_hash INTEGER NOT NULL, "
             "base_chain INTEGER NOT NULL, created_ms INTEGER NOT NULL, seal INTEGER NOT NULL) STRICT"},
};

static const char meta_insert_sql[] = "INSERT INTO meta VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char meta_select_sql[] =
    "SELECT identity, kernel_hash, base_event, base_state_hash, base_chain, created_ms, seal FROM meta WHERE one = 1";

static enum status meta_write(struct eventlog *log)
{
    const struct eventlog_identity *identity = &log->identity;
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, meta_insert_sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "write its identity");
    sqlite3_bind_blob(statement, 1, identity->identity, sizeof identity->identity, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, identity->kernel_hash, sizeof identity->kernel_hash, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)identity->base_event);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)identity->base_state_hash);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)log->base_chain);
    sqlite3_bind_int64(statement, 6, (sqlite3_int64)identity->created_ms);
    sqlite3_bind_int64(statement, 7, (sqlite3_int64)eventlog_chain_seal(identity, log->base_chain));
    code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? STATUS_OK : eventlog_fail(log, code, "write its identity");
}

enum status eventlog_schema_create(struct eventlog *log)
{
    static const char doing[] = "create its tables";
    STATUS_TRY(eventlog_execute(log, "BEGIN IMMEDIATE", doing));
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        STATUS_TRY(eventlog_execute(log, tables[i].sql, doing));
    STATUS_TRY(meta_write(log));
    char sql[128];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID,
                     EVENTLOG_FORMAT_VERSION);
    return eventlog_execute(log, sql, doing);
}

static enum status check_version(struct eventlog *log)
{
    uint64_t application, version;
    STATUS_TRY(eventlog_query_word(log, "PRAGMA application_id", "read its first page", &application));
    STATUS_TRY(eventlog_query_word(log, "PRAGMA user_version", "read its first page", &version));
    if (application != APPLICATION_ID)
        return status_fail(STATUS_FORMAT,
                           "event log %s: this SQLite database is not an event log of Loam, or its creation was "
                           "interrupted; check the path, and remove the file only if it is yours and empty",
                           log->path);
    if (version > EVENTLOG_FORMAT_VERSION)
        return status_fail(STATUS_FORMAT,
                           "event log %s: its format version is %" PRIu64 ", this program knows versions up to %d; use "
                           "the newer Loam that wrote it",
                           log->path, version, EVENTLOG_FORMAT_VERSION);
    if (version < 1)
        return status_fail(STATUS_FORMAT, "event log %s: it has no format version; restore the file from a copy",
                           log->path);
    return STATUS_OK;
}

static bool row_is_table(sqlite3_stmt *statement, const struct table *table)
{
    const char *name = (const char *)sqlite3_column_text(statement, 0);
    const char *sql = (const char *)sqlite3_column_text(statement, 1);
    return name != NULL && sql != NULL && strcmp(name, table->name) == 0 && strcmp(sql, table->sql) == 0;
}

/* SQLITE_DONE if the schema is ours, SQLITE_ROW if it is not, or a failure. */
static int compare_schema(sqlite3_stmt *statement)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        int code = sqlite3_step(statement);
        if (code == SQLITE_DONE)
            return SQLITE_ROW;
        if (code != SQLITE_ROW)
            return code;
        if (!row_is_table(statement, &tables[i]))
            return SQLITE_ROW;
    }
    return sqlite3_step(statement);
}

enum status eventlog_schema_check(struct eventlog *log)
{
    STATUS_TRY(check_version(log));
    sqlite3_stmt *statement;
    int code =
        sqlite3_prepare_v2(log->database, "SELECT name, sql FROM sqlite_schema ORDER BY name", -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "read its schema");
    code = compare_schema(statement);
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW)
        return status_fail(STATUS_FORMAT,
                           "event log %s: its tables are not those of format version %d; somebody has altered them: "
                           "restore the file from a copy",
                           log->path, EVENTLOG_FORMAT_VERSION);
    return code == SQLITE_DONE ? STATUS_OK : eventlog_fail(log, code, "read its schema");
}

/* False if a blob has not its size. */
static bool take_blob(sqlite3_stmt *statement, int column, void *bytes, int size_bytes)
{
    const void *blob = sqlite3_column_blob(statement, column);
    if (blob == NULL || sqlite3_column_bytes(statement, column) != size_bytes)
        return false;
    memcpy(bytes, blob, (size_t)size_bytes);
    return true;
}

static bool take_identity(struct eventlog *log, sqlite3_stmt *statement)
{
    struct eventlog_identity *identity = &log->identity;
    if (!take_blob(statement, 0, identity->identity, sizeof identity->identity) ||
        !take_blob(statement, 1, identity->kernel_hash, sizeof identity->kernel_hash))
        return false;
    identity->base_event = (uint64_t)sqlite3_column_int64(statement, 2);
    identity->base_state_hash = (uint64_t)sqlite3_column_int64(statement, 3);
    log->base_chain = (uint64_t)sqlite3_column_int64(statement, 4);
    identity->created_ms = (uint64_t)sqlite3_column_int64(statement, 5);
    return eventlog_chain_seal(identity, log->base_chain) == (uint64_t)sqlite3_column_int64(statement, 6) &&
           identity->base_event < INT64_MAX;
}

enum status eventlog_meta_read(struct eventlog *log)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, meta_select_sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "read its identity");
    code = sqlite3_step(statement);
    bool good = code == SQLITE_ROW && take_identity(log, statement);
    sqlite3_finalize(statement);
    if (good)
        return STATUS_OK;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return eventlog_fail(log, code, "read its identity");
    return status_fail(STATUS_CORRUPT,
                       "event log %s: its identity is damaged (table meta); restore the file from a copy", log->path);
}
