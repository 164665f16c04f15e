/* The format of the event log.
 *
 * A SQLite database with application id 'Loam' and the format version as its
 * user version; both are in the database's first page from its creation on.
 * Version 1 is a log that has all its rows; it becomes version 2, which has the
 * table `base`, when it is first pruned.
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
 *   base    (version 2) one row: where the rows begin now, in place of meta's
 *     event, state_hash, chain    of the newest row that was pruned
 *     kernel_hash     of the kernel that made that state
 *     seal            XXH3 of the above, seeded by meta's seal
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
 *     chain           as in events, starting from meta's base_chain; none is ever pruned
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
#define FIRST_VERSION 1
#define BASE_VERSION 2

struct table {
    const char *name;
    const char *sql;
    uint64_t since_version;
};

/* In the order of their names. */
static const struct table tables[] = {
    {"base",
     "CREATE TABLE base(one INTEGER PRIMARY KEY CHECK(one = 1), event INTEGER NOT NULL, state_hash INTEGER NOT NULL, "
     "chain INTEGER NOT NULL, kernel_hash BLOB NOT NULL, seal INTEGER NOT NULL) STRICT",
     2},
    {"events",
     "CREATE TABLE events(event INTEGER PRIMARY KEY, kind INTEGER NOT NULL, state_hash INTEGER NOT NULL, "
     "evaluation_us INTEGER NOT NULL, wall_ms INTEGER NOT NULL, chain INTEGER NOT NULL, "
     "job_hash BLOB NOT NULL, wire BLOB NOT NULL, job BLOB NOT NULL) STRICT",
     1},
    {"loads",
     "CREATE TABLE loads(sequence INTEGER PRIMARY KEY, boundary INTEGER NOT NULL, "
     "state_hash INTEGER NOT NULL, wall_ms INTEGER NOT NULL, chain INTEGER NOT NULL, "
     "kernel_hash BLOB NOT NULL) STRICT",
     1},
    {"meta",
     "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK(one = 1), identity BLOB NOT NULL, "
     "kernel_hash BLOB NOT NULL, base_event INTEGER NOT NULL, base_state_hash INTEGER NOT NULL, "
     "base_chain INTEGER NOT NULL, created_ms INTEGER NOT NULL, seal INTEGER NOT NULL) STRICT",
     1},
};

static const char meta_insert_sql[] = "INSERT INTO meta VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)";
static const char meta_select_sql[] =
    "SELECT identity, kernel_hash, base_event, base_state_hash, base_chain, created_ms, seal FROM meta WHERE one = 1";

static enum status meta_write(struct eventlog *log)
{
    const struct eventlog_identity *identity = &log->created;
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, meta_insert_sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "write its identity");
    sqlite3_bind_blob(statement, 1, identity->identity, sizeof identity->identity, SQLITE_STATIC);
    sqlite3_bind_blob(statement, 2, identity->kernel_hash, sizeof identity->kernel_hash, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)identity->base_event);
    sqlite3_bind_int64(statement, 4, (sqlite3_int64)identity->base_state_hash);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)log->created_chain);
    sqlite3_bind_int64(statement, 6, (sqlite3_int64)identity->created_ms);
    sqlite3_bind_int64(statement, 7, (sqlite3_int64)eventlog_chain_seal(identity, log->created_chain));
    code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? STATUS_OK : eventlog_fail(log, code, "write its identity");
}

enum status eventlog_schema_create(struct eventlog *log)
{
    static const char doing[] = "create its tables";
    STATUS_TRY(eventlog_execute(log, "BEGIN IMMEDIATE", doing));
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        if (tables[i].since_version == FIRST_VERSION)
            STATUS_TRY(eventlog_execute(log, tables[i].sql, doing));
    STATUS_TRY(meta_write(log));
    log->version = FIRST_VERSION;
    char sql[128];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", APPLICATION_ID,
                     FIRST_VERSION);
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
    log->version = version;
    if (version < FIRST_VERSION)
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
static int compare_schema(sqlite3_stmt *statement, uint64_t version)
{
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        if (tables[i].since_version > version)
            continue;
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
    code = compare_schema(statement, log->version);
    sqlite3_finalize(statement);
    if (code == SQLITE_ROW)
        return status_fail(STATUS_FORMAT,
                           "event log %s: its tables are not those of format version %" PRIu64
                           "; somebody has altered them: restore the file from a copy",
                           log->path, log->version);
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
    struct eventlog_identity *identity = &log->created;
    if (!take_blob(statement, 0, identity->identity, sizeof identity->identity) ||
        !take_blob(statement, 1, identity->kernel_hash, sizeof identity->kernel_hash))
        return false;
    identity->base_event = (uint64_t)sqlite3_column_int64(statement, 2);
    identity->base_state_hash = (uint64_t)sqlite3_column_int64(statement, 3);
    log->created_chain = (uint64_t)sqlite3_column_int64(statement, 4);
    identity->created_ms = (uint64_t)sqlite3_column_int64(statement, 5);
    return eventlog_chain_seal(identity, log->created_chain) == (uint64_t)sqlite3_column_int64(statement, 6) &&
           identity->base_event < INT64_MAX;
}

/* ---- the base, once it has moved -------------------------------------------------- */

static uint64_t base_seal(const struct eventlog *log, const struct eventlog_base *base)
{
    return eventlog_chain_base(eventlog_chain_seal(&log->created, log->created_chain), base);
}

static enum status insert_base(struct eventlog *log, const struct eventlog_base *base)
{
    static const char sql[] = "INSERT OR REPLACE INTO base VALUES(1, ?1, ?2, ?3, ?4, ?5)";
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "write its base");
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)base->event);
    sqlite3_bind_int64(statement, 2, (sqlite3_int64)base->state_hash);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)base->chain);
    sqlite3_bind_blob(statement, 4, base->kernel_hash, sizeof base->kernel_hash, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)base_seal(log, base));
    code = sqlite3_step(statement);
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? STATUS_OK : eventlog_fail(log, code, "write its base");
}

enum status eventlog_base_write(struct eventlog *log, const struct eventlog_base *base)
{
    if (log->version < BASE_VERSION) {
        char sql[48];
        STATUS_TRY(eventlog_execute(log, tables[0].sql, "give it a base"));
        sqlite3_snprintf(sizeof sql, sql, "PRAGMA user_version = %d", BASE_VERSION);
        STATUS_TRY(eventlog_execute(log, sql, "give it a base"));
    }
    return insert_base(log, base);
}

void eventlog_base_adopt(struct eventlog *log, const struct eventlog_base *base)
{
    log->version = BASE_VERSION;
    log->identity.base_event = base->event;
    log->identity.base_state_hash = base->state_hash;
    memcpy(log->identity.kernel_hash, base->kernel_hash, sizeof base->kernel_hash);
    log->base_chain = base->chain;
}

bool eventlog_base_of(const struct eventlog *log, struct eventlog_base *base)
{
    *base = (struct eventlog_base){
        .event = log->identity.base_event, .state_hash = log->identity.base_state_hash, .chain = log->base_chain};
    memcpy(base->kernel_hash, log->identity.kernel_hash, sizeof base->kernel_hash);
    return log->version >= BASE_VERSION;
}

static bool take_base(const struct eventlog *log, sqlite3_stmt *statement, struct eventlog_base *base)
{
    base->event = (uint64_t)sqlite3_column_int64(statement, 0);
    base->state_hash = (uint64_t)sqlite3_column_int64(statement, 1);
    base->chain = (uint64_t)sqlite3_column_int64(statement, 2);
    return take_blob(statement, 3, base->kernel_hash, sizeof base->kernel_hash) && base->event < INT64_MAX &&
           base->event > log->created.base_event &&
           base_seal(log, base) == (uint64_t)sqlite3_column_int64(statement, 4);
}

enum status eventlog_base_read(struct eventlog *log)
{
    static const char sql[] = "SELECT event, state_hash, chain, kernel_hash, seal FROM base WHERE one = 1";
    struct eventlog_base base;
    sqlite3_stmt *statement;
    /* It may have been pruned for the first time since it was opened. */
    STATUS_TRY(eventlog_query_word(log, "PRAGMA user_version", "read its version", &log->version));
    if (log->version < BASE_VERSION)
        return STATUS_OK;
    int code = sqlite3_prepare_v2(log->database, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "read its base");
    code = sqlite3_step(statement);
    bool good = code == SQLITE_ROW && take_base(log, statement, &base);
    sqlite3_finalize(statement);
    if (good)
        eventlog_base_adopt(log, &base);
    if (good)
        return STATUS_OK;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return eventlog_fail(log, code, "read its base");
    return status_fail(STATUS_CORRUPT,
                       "event log %s: the record of what was pruned is damaged (table base); restore the file from a "
                       "copy",
                       log->path);
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
    if (good) {
        log->identity = log->created;
        log->base_chain = log->created_chain;
        return eventlog_base_read(log);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return eventlog_fail(log, code, "read its identity");
    return status_fail(STATUS_CORRUPT,
                       "event log %s: its identity is damaged (table meta); restore the file from a copy", log->path);
}
