/* Opening, creating and closing an event log. */
#include "eventlog/private.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"

#define BUSY_TIMEOUT_MS 2000

static struct eventlog *handle_new(const char *path, enum eventlog_mode mode, const struct eventlog_options *options)
{
    struct eventlog *log = calloc(1, sizeof *log);
    if (log == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *log);
    log->mode = mode;
    log->is_damaged = options != NULL && options->is_damaged;
    log->is_beside_writer = options != NULL && options->is_beside_writer;
    log->wal_bytes = options == NULL || options->wal_bytes == 0 ? EVENTLOG_WAL_BYTES : options->wal_bytes;
    log->path = text_format("%s", path);
    log->wal_path = text_format("%s-wal", path);
    return log;
}

void eventlog_close(struct eventlog *log)
{
    if (log == NULL)
        return;
    eventlog_finalize_all(log);
    int code = sqlite3_close(log->database);
    CHECK(code == SQLITE_OK); /* no statement of ours is left open */
    os_file_close(log->wal_file);
    free(log->row_bytes);
    free(log->wal_path);
    free(log->path);
    free(log);
}

/* A stranger's schema must not run anything, and closing must not write. */
static void harden(sqlite3 *database)
{
    sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

/* A file that may not be made SQLite then tries to read, and reports that it is not there. */
static enum status try_to_create(const char *path)
{
    struct os_file *file;
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind != OS_KIND_ABSENT)
        return STATUS_OK;
    STATUS_TRY(os_file_open(path, OS_OPEN_CREATE, &file));
    os_file_close(file);
    return os_remove(path);
}

static enum status connect(struct eventlog *log, int flags, const struct eventlog_options *options)
{
    const char *vfs = options == NULL ? NULL : options->vfs;
    uint64_t timeout_ms = options == NULL || options->busy_timeout_ms == 0 ? BUSY_TIMEOUT_MS : options->busy_timeout_ms;
    int code = sqlite3_open_v2(log->path, &log->database, flags | SQLITE_OPEN_NOMUTEX, vfs);
    if (log->database == NULL)
        return status_fail(STATUS_NO_MEMORY, "event log %s: no memory to open it", log->path);
    sqlite3_extended_result_codes(log->database, 1);
    if (code != SQLITE_OK && (flags & SQLITE_OPEN_CREATE))
        STATUS_TRY(try_to_create(log->path));
    if (code != SQLITE_OK)
        return eventlog_fail(log, sqlite3_extended_errcode(log->database), "open it");
    sqlite3_busy_timeout(log->database, (int)(timeout_ms < INT32_MAX ? timeout_ms : INT32_MAX));
    harden(log->database);
    return STATUS_OK;
}

/* SQLite falls back to reading where it may not write. */
static enum status check_writable(struct eventlog *log)
{
    if (sqlite3_db_readonly(log->database, "main") != 1)
        return STATUS_OK;
    return eventlog_fail(log, SQLITE_READONLY, "open it for writing");
}

static enum status enter_wal_mode(struct eventlog *log)
{
    static const char doing[] = "set its journal mode";
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(log->database, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, doing);
    code = sqlite3_step(statement);
    const char *mode = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    bool is_wal = mode != NULL && strcmp(mode, "wal") == 0;
    code = sqlite3_finalize(statement); /* which commits, and may fail after the answer */
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, doing);
    if (is_wal)
        return STATUS_OK;
    return status_fail(STATUS_IO,
                       "event log %s: this file system does not allow a write-ahead log (shared memory is missing); "
                       "keep the directory on a local file system",
                       log->path);
}

/* Everything that makes an append one flush that cannot be undone. */
static enum status become_writer(struct eventlog *log)
{
    static const char doing[] = "set it up for writing";
    STATUS_TRY(enter_wal_mode(log));
    STATUS_TRY(eventlog_execute(log,
                                "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; "
                                "PRAGMA journal_size_limit = -1; PRAGMA temp_store = MEMORY",
                                doing));
    int persist = 1;
    int code = sqlite3_file_control(log->database, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    if (code != SQLITE_OK && code != SQLITE_NOTFOUND)
        return eventlog_fail(log, code, doing);
    sqlite3_wal_hook(log->database, eventlog_wal_hook, log);
    return STATUS_OK;
}

/* ---- creating ------------------------------------------------------------- */

static enum status refuse_existing(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind != OS_KIND_ABSENT)
        return status_fail(STATUS_EXISTS,
                           "event log %s: something is there already; choose another place, or remove it", path);
    return STATUS_OK;
}

/* A WAL left behind by a deleted database would be replayed into the new one. */
static enum status refuse_all_existing(const struct eventlog *log)
{
    STATUS_TRY(refuse_existing(log->path));
    return refuse_existing(log->wal_path);
}

static enum status build(struct eventlog *log, const struct eventlog_options *options)
{
    STATUS_TRY(connect(log, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, options));
    STATUS_TRY(check_writable(log));
    /* Only a database that has no table yet can learn to give pages back. */
    STATUS_TRY(eventlog_execute(log, "PRAGMA auto_vacuum = INCREMENTAL", "set it up for writing"));
    STATUS_TRY(become_writer(log));
    STATUS_TRY(eventlog_schema_create(log));
    /* The first page names us, so it goes into the database at once. */
    STATUS_TRY(eventlog_checkpoint(log, 0));
    STATUS_TRY(eventlog_wal_warm(log));
    STATUS_TRY(os_parent_sync(log->path));
    STATUS_TRY(eventlog_prepare_all(log));
    return eventlog_refresh(log);
}

static void remove_if_there(const char *path)
{
    enum os_kind kind;
    if (os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_FILE && os_remove(path) != STATUS_OK)
        return; /* the failure that brought us here is the one to report */
}

/* Takes back what a failed creation left; the message stays. */
static void unbuild(struct eventlog *log)
{
    char message[STATUS_MESSAGE_SIZE_BYTES];
    sqlite3_snprintf(sizeof message, message, "%s", status_message());
    char *shared_memory_path = text_format("%s-shm", log->path);
    sqlite3_close(log->database);
    log->database = NULL;
    remove_if_there(log->path);
    remove_if_there(log->wal_path);
    remove_if_there(shared_memory_path);
    free(shared_memory_path);
    (void)status_fail(STATUS_IO, "%s", message);
}

enum status eventlog_create(const char *path, const struct eventlog_identity *identity,
                            const struct eventlog_options *options, struct eventlog **out)
{
    CHECK(identity->base_event < INT64_MAX);
    struct eventlog *log = handle_new(path, EVENTLOG_WRITE, options);
    log->identity = log->created = *identity;
    log->base_chain = log->created_chain = eventlog_chain_identity(identity);
    enum status status = refuse_all_existing(log);
    if (status == STATUS_OK) {
        status = build(log, options);
        if (status != STATUS_OK) {
            eventlog_finalize_all(log);
            memset(log->statements, 0, sizeof log->statements);
            unbuild(log);
        }
    }
    if (status != STATUS_OK) {
        eventlog_close(log);
        return status;
    }
    *out = log;
    return STATUS_OK;
}

/* ---- opening -------------------------------------------------------------- */

static enum status check_is_file(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_ABSENT)
        return status_fail(STATUS_NOT_FOUND, "event log %s: there is no such file; check the path", path);
    if (kind != OS_KIND_FILE)
        return status_fail(STATUS_FORMAT, "event log %s: this is not a file; check the path", path);
    return STATUS_OK;
}

static enum status open_checked(struct eventlog *log, const struct eventlog_options *options)
{
    STATUS_TRY(check_is_file(log->path));
    bool writes = log->mode == EVENTLOG_WRITE;
    if (writes && !log->is_beside_writer) {
        STATUS_TRY(eventlog_mark_find(log));
        STATUS_TRY(eventlog_wal_check(log));
    }
    STATUS_TRY(connect(log, writes ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY, options));
    STATUS_TRY(eventlog_schema_check(log));
    if (writes)
        STATUS_TRY(check_writable(log));
    STATUS_TRY(eventlog_meta_read(log));
    STATUS_TRY(eventlog_prepare_all(log));
    STATUS_TRY(log->is_damaged ? eventlog_refresh_damaged(log) : eventlog_refresh(log));
    if (!writes)
        return STATUS_OK;
    STATUS_TRY(become_writer(log));
    if (log->is_beside_writer)
        return STATUS_OK;
    if (log->is_wal_empty)
        STATUS_TRY(eventlog_wal_begin_anew(log));
    STATUS_TRY(eventlog_wal_write_again(log));
    return eventlog_wal_warm(log);
}

enum status eventlog_open(const char *path, enum eventlog_mode mode, const struct eventlog_options *options,
                          struct eventlog **out)
{
    struct eventlog *log = handle_new(path, mode, options);
    enum status status = open_checked(log, options);
    if (status != STATUS_OK) {
        eventlog_close(log);
        return status;
    }
    *out = log;
    return STATUS_OK;
}

/* ---- what it knows --------------------------------------------------------- */

const char *eventlog_path(const struct eventlog *log)
{
    return log->path;
}

const struct eventlog_identity *eventlog_identity(const struct eventlog *log)
{
    return &log->identity;
}

uint64_t eventlog_last(const struct eventlog *log)
{
    return log->last;
}

uint64_t eventlog_first(const struct eventlog *log)
{
    return log->first;
}

uint64_t eventlog_last_state_hash(const struct eventlog *log)
{
    return log->last_state_hash;
}
