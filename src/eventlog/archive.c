/* Archives: a stretch of a log, from its base on, as a log of its own.
 *
 * An archive has the log's format and so its checksums, and is read by
 * whatever reads a log; it is one file without a write-ahead log, which no
 * reader changes.  It carries the identity of the log it was taken from, the
 * base from which its chain goes on, and all loads up to its end.
 *
 * It is written beside its name, row by row as each was read and verified,
 * verified once more as a whole, and then gets its name: a file of that name is
 * whole.
 */
#include "eventlog/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"

#define GROUP_ROWS 4096
#define GROUP_BYTES ((uint64_t)8 << 20)

struct copying {
    struct eventlog *from, *to;
    struct eventlog_base base; /* after which its rows begin */
    bool is_log;               /* to be written to again, so in WAL mode from the beginning */
    bool has_base;             /* which is not where the log itself began */
    uint64_t through;
    eventlog_progress_fn *progress;
    void *context;
};

static enum status begin(struct eventlog *log)
{
    return eventlog_execute(log, "BEGIN IMMEDIATE", "write an archive");
}

static enum status commit(struct eventlog *log)
{
    STATUS_TRY(eventlog_execute(log, "COMMIT", "write an archive"));
    return eventlog_checkpoint(log, log->wal_bytes);
}

static enum status insert_row(struct eventlog *log, const struct eventlog_row *row)
{
    uint64_t chain = eventlog_chain_row(log->last_chain, row);
    int code = eventlog_insert_row(log, row, chain);
    if (code != SQLITE_OK)
        return eventlog_fail(log, code, "write an archive");
    log->first = log->first == 0 ? row->event : log->first;
    log->last = row->event;
    log->last_chain = chain;
    return STATUS_OK;
}

static enum status insert_load(struct eventlog *log, const struct eventlog_load *load)
{
    uint64_t chain = eventlog_chain_load(log->load_chain, load);
    sqlite3_stmt *statement = eventlog_bind_load(log, load, chain);
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (code != SQLITE_DONE)
        return eventlog_fail(log, code, "write an archive");
    log->load_count++;
    log->load_chain = chain;
    return STATUS_OK;
}

static enum status copy_loads(const struct copying *copying)
{
    struct eventlog_load load;
    bool found = true;
    for (uint64_t index = 0; found; index++) {
        STATUS_TRY(eventlog_read_load(copying->from, index, &load, &found));
        if (!found || load.boundary > copying->through)
            return STATUS_OK;
        STATUS_TRY(insert_load(copying->to, &load));
    }
    return STATUS_OK;
}

static enum status report(const struct copying *copying, uint64_t event)
{
    uint64_t base = copying->base.event;
    if (copying->progress == NULL || copying->progress(copying->context, event - base, copying->through - base))
        return STATUS_OK;
    return status_fail(STATUS_INTERRUPTED, "the archive %s was not finished", copying->to->path);
}

/* Rows from `event` on, until the group is large enough; *event is the next. */
static enum status copy_group(const struct copying *copying, uint64_t *event)
{
    uint64_t group_bytes = 0;
    STATUS_TRY(begin(copying->to));
    for (unsigned i = 0; i < GROUP_ROWS && group_bytes < GROUP_BYTES && *event <= copying->through; i++) {
        struct eventlog_row row;
        STATUS_TRY(eventlog_read(copying->from, *event, &row));
        STATUS_TRY(insert_row(copying->to, &row));
        group_bytes += row.job_size_bytes + row.wire_size_bytes;
        ++*event;
    }
    return commit(copying->to);
}

static enum status copy_rows(const struct copying *copying)
{
    uint64_t event = copying->base.event + 1;
    while (event <= copying->through) {
        STATUS_TRY(copy_group(copying, &event));
        STATUS_TRY(report(copying, event - 1));
    }
    return STATUS_OK;
}

static enum status copy_base(const struct copying *copying)
{
    const struct eventlog_base *base = &copying->base;
    if (!copying->has_base)
        return STATUS_OK;
    STATUS_TRY(eventlog_base_write(copying->to, base));
    eventlog_base_adopt(copying->to, base);
    copying->to->last = base->event;
    copying->to->last_chain = base->chain;
    return STATUS_OK;
}

/* One file, that nobody who reads it writes to. */
enum status eventlog_become_file(struct eventlog *log)
{
    int persist = 0;
    eventlog_finalize_all(log);
    memset(log->statements, 0, sizeof log->statements);
    sqlite3_file_control(log->database, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    STATUS_TRY(eventlog_checkpoint(log, 0));
    STATUS_TRY(eventlog_execute(log, "PRAGMA journal_mode = DELETE", "make an archive one file"));
    return STATUS_OK;
}

/* The database alone is the log, and its mode is what it will be: no journal is
 * written, and could be left behind, when it is opened for writing. */
enum status eventlog_empty_wal(struct eventlog *log)
{
    int code = sqlite3_wal_checkpoint_v2(log->database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : eventlog_fail(log, code, "copy its write-ahead log into the database");
}

static enum status copy_all(const struct copying *copying)
{
    STATUS_TRY(begin(copying->to));
    STATUS_TRY(copy_base(copying));
    STATUS_TRY(copy_loads(copying));
    STATUS_TRY(commit(copying->to));
    STATUS_TRY(copy_rows(copying));
    return copying->is_log ? eventlog_empty_wal(copying->to) : eventlog_become_file(copying->to);
}

/* ---- the file ----------------------------------------------------------------------- */

static void remove_leftovers(const char *path, bool with_file)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (size_t i = with_file ? 0 : 1; i < COUNT_OF(suffixes); i++) {
        enum os_kind kind;
        char name[4096];
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        if (os_kind_of(name, &kind) == STATUS_OK && kind == OS_KIND_FILE && os_remove(name) != STATUS_OK)
            return; /* the creation that follows meets it, and names it */
    }
}

static enum status verify(const char *path)
{
    struct eventlog *log;
    STATUS_TRY(eventlog_open(path, EVENTLOG_READ, NULL, &log));
    enum status status = eventlog_verify(log, NULL, NULL);
    eventlog_close(log);
    return status;
}

static enum status write_beside(struct copying *copying, const char *beside)
{
    STATUS_TRY(eventlog_create(beside, &copying->from->created, NULL, &copying->to));
    enum status status = copy_all(copying);
    eventlog_close(copying->to);
    return status == STATUS_OK ? verify(beside) : status;
}

static enum status refuse(const struct eventlog *log, const char *path, uint64_t through)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind != OS_KIND_ABSENT)
        return status_fail(STATUS_EXISTS, "%s is there already: an archive is never overwritten; choose another name",
                           path);
    if (through >= log->identity.base_event && through <= log->last)
        return STATUS_OK;
    return status_fail(STATUS_NOT_FOUND, "event log %s: it has the events %" PRIu64 " to %" PRIu64 ", not %" PRIu64,
                       log->path, log->identity.base_event + 1, log->last, through);
}

static enum status write_and_name(struct copying *copying, const char *path)
{
    char beside[4096], message[STATUS_MESSAGE_SIZE_BYTES];
    if ((size_t)snprintf(beside, sizeof beside, "%s.new", path) >= sizeof beside - 16)
        return status_fail(STATUS_INVALID, "the path of the archive is too long");
    remove_leftovers(beside, true);
    enum status status = write_beside(copying, beside);
    if (status == STATUS_OK) {
        remove_leftovers(beside, false);
        status = os_rename(beside, path);
    }
    if (status == STATUS_OK)
        return status;
    snprintf(message, sizeof message, "%s", status_message());
    remove_leftovers(beside, true);
    return status_fail(status, "the archive %.400s was not written: %.500s", path, message);
}

enum status eventlog_archive(struct eventlog *log, const char *path, uint64_t through, eventlog_progress_fn *progress,
                             void *context)
{
    struct copying copying = {.from = log, .through = through, .progress = progress, .context = context};
    STATUS_TRY(refuse(log, path, through));
    copying.has_base = eventlog_base_of(log, &copying.base);
    return write_and_name(&copying, path);
}

/* A damaged row's chain value is what the next row was chained to. */
enum status eventlog_cut(struct eventlog *log, const char *path, uint64_t event)
{
    struct copying copying = {
        .from = log, .through = log->last, .is_log = true, .has_base = true, .base = {.event = event}};
    if (event == UINT64_MAX) {
        copying.has_base = eventlog_base_of(log, &copying.base);
        return write_and_name(&copying, path);
    }
    STATUS_TRY(eventlog_chain_at(log, event, &copying.base));
    STATUS_TRY(eventlog_kernel_at(log, event, copying.base.kernel_hash));
    return write_and_name(&copying, path);
}
