/* How a writer ends, and what it can do before it is needed.
 *
 * Whoever opens a log for writing reads the whole WAL, and SQLite reads it once
 * more: up to a thousand frames.  A WAL that has been copied into the database
 * says nothing that the database does not say, so an orderly end clears its
 * header, and the next start finds an empty one.  Nothing need be flushed for
 * that: if the old header comes back after a power cut, it says again what is in
 * the database already.
 *
 * (SQLite's own way, a checkpoint that truncates the WAL, leaves no file.  Either the
 * next start writes its 4 MiB of zeros again and flushes them, which takes 2 ms of
 * processor time and 8 ms or more on the disk, or its commits make the file grow.)
 *
 * One thing could go wrong.  As long as any process has the log open, SQLite's
 * index of the WAL lives on in shared memory, with the frames that it had; a
 * writer that appended behind those, under a header that is no more, would lose
 * what it appended in a power cut.  So the header is cleared only while nobody
 * reads the WAL, and whoever finds it cleared under a living index has SQLite
 * begin the WAL anew, or does not open the log.
 */
#include "eventlog/private.h"

/* ---- the end ------------------------------------------------------------------ */

/* With everything copied back, is anybody still reading the WAL? */
static bool is_wal_free(struct eventlog *log)
{
    int frames, frames_copied;
    sqlite3_busy_timeout(log->database, 0);
    int code = sqlite3_wal_checkpoint_v2(log->database, "main", SQLITE_CHECKPOINT_RESTART, &frames, &frames_copied);
    return code == SQLITE_OK && frames == frames_copied;
}

enum status eventlog_settle(struct eventlog *log)
{
    STATUS_TRY(eventlog_checkpoint(log, 0));
    STATUS_TRY(eventlog_tighten(log));
    if (!is_wal_free(log))
        return STATUS_OK;
    log->is_settled = true;
    return eventlog_wal_clear(log);
}

/* ---- the beginning -------------------------------------------------------------- */

enum status eventlog_wal_begin_anew(struct eventlog *log)
{
    int frames;
    int code = sqlite3_wal_checkpoint_v2(log->database, "main", SQLITE_CHECKPOINT_PASSIVE, &frames, NULL);
    if (code == SQLITE_OK && frames > 0)
        code = sqlite3_wal_checkpoint_v2(log->database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : eventlog_fail(log, code, "begin its write-ahead log anew");
}

/* A commit that changes nothing: it writes the version that is there.  (An UPDATE
 * to what is there already would not be written at all.) */
enum status eventlog_warm(struct eventlog *log)
{
    CHECK(log->mode == EVENTLOG_WRITE && !log->is_settled);
    STATUS_TRY(eventlog_usable(log));
    STATUS_TRY(eventlog_make_sound(log));
    char sql[64];
    sqlite3_snprintf(sizeof sql, sql, "PRAGMA user_version = %lld", (sqlite3_int64)log->version);
    enum status status = eventlog_execute(log, sql, "prepare it for its next row");
    return status == STATUS_BUSY || status == STATUS_NO_SPACE ? STATUS_OK : status;
}
