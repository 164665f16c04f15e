/* SQLite's failures in our words: cause, place, cure. */
#include "eventlog/private.h"

#include "os/os.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct meaning {
    enum status status;
    const char *cure;
};

static const struct meaning no_space = {STATUS_NO_SPACE, "free space on the disk or raise the quota, then try again"};
static const struct meaning io = {
    STATUS_IO, "check the disk and the system's log, then start again: what is on the disk will be verified"};

static const struct meaning too_large = {
    STATUS_NO_SPACE, "raise the file size limit (ulimit -f) or use another file system, then try again"};

/* No room for more, of one kind or another; NULL if it is something else. */
static const struct meaning *meaning_of_space(int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
        return &no_space;
    case EFBIG:
        return &too_large;
    default:
        return NULL;
    }
}

/* A full disk or quota, or a file's limit, reaches us as SQLITE_FULL or, on some calls, as an I/O
 * error with the system's number beside it.  A failed sync stays an I/O error
 * whatever its number: what was written before it can no longer be trusted. */
static struct meaning meaning_of_io(int code, int error_number)
{
    bool is_sync = code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
    const struct meaning *space = meaning_of_space(error_number);
    return !is_sync && space != NULL ? *space : io;
}

/* Of a file that SQLite failed to create, the number says that it is not there. */
static struct meaning meaning_of_open(const struct eventlog *log, int error_number)
{
    enum os_kind kind;
    if (error_number == EACCES || error_number == EPERM || error_number == EROFS)
        return (struct meaning){STATUS_PERMISSION, "make the file and its directory accessible to this user"};
    if (error_number == EMFILE || error_number == ENFILE)
        return (struct meaning){STATUS_LIMIT, "raise the limit on open files"};
    if (meaning_of_space(error_number) != NULL)
        return *meaning_of_space(error_number);
    if (error_number == EIO)
        return io;
    if (os_kind_of(log->path, &kind) != STATUS_OK || kind == OS_KIND_ABSENT)
        return (struct meaning){STATUS_NOT_FOUND, "check the path"};
    return (struct meaning){STATUS_IO,
                            "a file beside it cannot be made: check space, disk and rights of its directory"};
}

static struct meaning meaning_of(const struct eventlog *log, int code, int error_number)
{
    switch (code & 0xff) {
    case SQLITE_IOERR:
        return meaning_of_io(code, error_number);
    case SQLITE_CANTOPEN:
        return meaning_of_open(log, error_number);
    case SQLITE_FULL:
        return no_space;
    case SQLITE_CORRUPT:
        return (struct meaning){STATUS_CORRUPT, "restore the file from a copy; do not write to it"};
    case SQLITE_NOTADB:
        return (struct meaning){STATUS_FORMAT, "this is not an event log: check the path"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return (struct meaning){STATUS_BUSY, "another process holds it: stop that one, or try again"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return (struct meaning){STATUS_PERMISSION, "make the file and its directory writable for this user"};
    case SQLITE_NOMEM:
        return (struct meaning){STATUS_NO_MEMORY, "give the process more memory"};
    case SQLITE_TOOBIG:
        return (struct meaning){STATUS_LIMIT, "the event is too large for the log: send a smaller one"};
    case SQLITE_CONSTRAINT:
        return (struct meaning){STATUS_EXISTS, "another process has written to this log: stop one of the two"};
    case SQLITE_INTERRUPT:
        return (struct meaning){STATUS_INTERRUPTED, "start it again if it was not meant"};
    default:
        return (struct meaning){STATUS_IO, "this is unexpected: check the disk, then start again"};
    }
}

/* Rows may or may not have reached the disk, or somebody else writes here:
 * only opening the log again can tell. */
static bool breaks_handle(enum status status)
{
    return status == STATUS_IO || status == STATUS_CORRUPT || status == STATUS_FORMAT || status == STATUS_EXISTS;
}

enum status eventlog_fail(struct eventlog *log, int code, const char *doing)
{
    int error_number = sqlite3_system_errno(log->database);
    bool has_number = error_number != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN);
    struct meaning meaning = meaning_of(log, code, error_number);
    enum status status = status_fail(meaning.status, "event log %s: cannot %s: %s%s%s (SQLite %d); %s", log->path,
                                     doing, sqlite3_errstr(code), has_number ? ": " : "",
                                     has_number ? strerror(error_number) : "", code, meaning.cure);
    return breaks_handle(status) ? eventlog_break(log, status) : status;
}

enum status eventlog_break(struct eventlog *log, enum status status)
{
    if (log->broken == STATUS_OK) {
        log->broken = status;
        snprintf(log->broken_message, sizeof log->broken_message, "%s", status_message());
    }
    return status;
}

enum status eventlog_usable(const struct eventlog *log)
{
    if (log->broken == STATUS_OK)
        return STATUS_OK;
    return status_fail(log->broken, "%s", log->broken_message);
}
