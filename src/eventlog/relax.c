/* Appending without a flush for each append.
 *
 * In this mode SQLite writes its frames to the WAL and does not flush them; a
 * checkpoint still flushes the WAL before the database.  So a killed process
 * loses nothing, and after a power cut the log is whole up to some row, which
 * need not be the last that was appended.
 *
 * Frames that were not flushed may be lost in the middle and be there behind
 * it: what means damage in a log whose commits were flushed one by one (wal.c)
 * is no damage here.  So a mark, a file PATH-unflushed, is made durable before
 * the first such append, and is gone when everything has been flushed.  Who opens
 * a log with the mark takes what SQLite finds, and erases what lies behind it
 * before anything is written: with the mark gone it would look like damage.
 */
#include "eventlog/private.h"

#include <stdlib.h>
#include <string.h>

#include "os/os.h"

static char *mark_path(const struct eventlog *log)
{
    static const char suffix[] = "-unflushed";
    size_t length = strlen(log->path);
    char *path = malloc(length + sizeof suffix);
    if (path == NULL)
        check_out_of_memory(__FILE__, __LINE__, length + sizeof suffix);
    memcpy(path, log->path, length);
    memcpy(path + length, suffix, sizeof suffix);
    return path;
}

enum status eventlog_mark_find(struct eventlog *log)
{
    enum os_kind kind;
    char *path = mark_path(log);
    enum status status = os_kind_of(path, &kind);
    free(path);
    log->is_marked = status == STATUS_OK && kind == OS_KIND_FILE;
    return status;
}

static enum status set_mark(struct eventlog *log)
{
    static const char text[] = "Rows of this log may not have been flushed: it was not closed in order.\n";
    if (log->is_marked)
        return STATUS_OK;
    char *path = mark_path(log);
    enum status status = os_replace_whole(path, text, sizeof text - 1);
    free(path);
    log->is_marked = status == STATUS_OK;
    return status;
}

static enum status remove_mark(struct eventlog *log)
{
    if (!log->is_marked)
        return STATUS_OK;
    char *path = mark_path(log);
    enum status status = os_remove(path);
    free(path);
    log->is_marked = status != STATUS_OK;
    return status;
}

enum status eventlog_flush(struct eventlog *log)
{
    STATUS_TRY(eventlog_usable(log));
    if (!log->is_relaxed)
        return STATUS_OK;
    enum status status = eventlog_wal_sync(log);
    return status == STATUS_OK ? STATUS_OK : eventlog_break(log, status);
}

enum status eventlog_relax(struct eventlog *log)
{
    CHECK(log->mode == EVENTLOG_WRITE && !log->is_beside_writer);
    STATUS_TRY(eventlog_usable(log));
    if (log->is_relaxed)
        return STATUS_OK;
    STATUS_TRY(eventlog_make_sound(log));
    STATUS_TRY(set_mark(log));
    log->is_relaxed = true;
    return eventlog_execute(log, "PRAGMA synchronous = NORMAL", "append to it without flushes");
}

enum status eventlog_tighten(struct eventlog *log)
{
    STATUS_TRY(eventlog_usable(log));
    if (!log->is_relaxed)
        return STATUS_OK;
    STATUS_TRY(eventlog_flush(log));
    STATUS_TRY(eventlog_execute(log, "PRAGMA synchronous = FULL", "append to it with flushes"));
    log->is_relaxed = false;
    return remove_mark(log);
}

enum status eventlog_make_sound(struct eventlog *log)
{
    if (!log->is_marked || log->is_relaxed)
        return STATUS_OK;
    STATUS_TRY(eventlog_wal_erase_rest(log));
    return remove_mark(log);
}
