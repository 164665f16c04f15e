/* A file system that fails: the first, second, third ... write or sync, once
 * or for good, until a run passes with none failed.  Whatever was acknowledged
 * is there afterwards, and a handle whose sync failed accepts nothing more. */
#include <sqlite3.h>
#include <stdlib.h>

#include "os/os.h"
#include "tap.h"
#include "sample.h"

/* ---- a VFS that counts down to a failure ---------------------------------- */

struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real; /* allocated behind */
};

enum fault_kind { FAULT_WRITE_IO, FAULT_WRITE_FULL, FAULT_SYNC_IO, FAULT_KINDS };

static sqlite3_vfs *real_vfs;
static enum fault_kind fault_kind;
static int64_t calls_until_fault = -1; /* negative: none */
static bool fault_stays;
static bool fault_hit;

static bool fails_now(bool is_sync)
{
    if (is_sync != (fault_kind == FAULT_SYNC_IO) || calls_until_fault < 0)
        return false;
    if (calls_until_fault > 0) {
        calls_until_fault--;
        return false;
    }
    if (!fault_stays)
        calls_until_fault = -1;
    fault_hit = true;
    return true;
}

#define REAL(file) (((struct faulty_file *)(file))->real)

static int faulty_close(sqlite3_file *file)
{
    return REAL(file)->pMethods == NULL ? SQLITE_OK : REAL(file)->pMethods->xClose(REAL(file));
}

static int faulty_read(sqlite3_file *file, void *bytes, int size_bytes, sqlite3_int64 offset)
{
    return REAL(file)->pMethods->xRead(REAL(file), bytes, size_bytes, offset);
}

static int faulty_write(sqlite3_file *file, const void *bytes, int size_bytes, sqlite3_int64 offset)
{
    if (fails_now(false)) {
        /* half of it arrives, in whole sectors */
        if (size_bytes >= 1024)
            (void)REAL(file)->pMethods->xWrite(REAL(file), bytes, size_bytes / 2 / 512 * 512, offset);
        return fault_kind == FAULT_WRITE_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return REAL(file)->pMethods->xWrite(REAL(file), bytes, size_bytes, offset);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size_bytes)
{
    return REAL(file)->pMethods->xTruncate(REAL(file), size_bytes);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    return fails_now(true) ? SQLITE_IOERR_FSYNC : SQLITE_OK; /* nothing here outlives the process */
}

static int faulty_size(sqlite3_file *file, sqlite3_int64 *size_bytes)
{
    return REAL(file)->pMethods->xFileSize(REAL(file), size_bytes);
}

static int faulty_lock(sqlite3_file *file, int level)
{
    return REAL(file)->pMethods->xLock(REAL(file), level);
}

static int faulty_unlock(sqlite3_file *file, int level)
{
    return REAL(file)->pMethods->xUnlock(REAL(file), level);
}

static int faulty_check_reserved(sqlite3_file *file, int *answer)
{
    return REAL(file)->pMethods->xCheckReservedLock(REAL(file), answer);
}

static int faulty_control(sqlite3_file *file, int what, void *argument)
{
    return REAL(file)->pMethods->xFileControl(REAL(file), what, argument);
}

static int faulty_sector_size(sqlite3_file *file)
{
    return REAL(file)->pMethods->xSectorSize(REAL(file));
}

static int faulty_characteristics(sqlite3_file *file)
{
    return REAL(file)->pMethods->xDeviceCharacteristics(REAL(file));
}

static int faulty_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    return REAL(file)->pMethods->xShmMap(REAL(file), page, size, extend, memory);
}

static int faulty_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return REAL(file)->pMethods->xShmLock(REAL(file), offset, count, flags);
}

static void faulty_shm_barrier(sqlite3_file *file)
{
    REAL(file)->pMethods->xShmBarrier(REAL(file));
}

static int faulty_shm_unmap(sqlite3_file *file, int remove)
{
    return REAL(file)->pMethods->xShmUnmap(REAL(file), remove);
}

static const sqlite3_io_methods faulty_methods = {
    .iVersion = 2,
    .xClose = faulty_close,
    .xRead = faulty_read,
    .xWrite = faulty_write,
    .xTruncate = faulty_truncate,
    .xSync = faulty_sync,
    .xFileSize = faulty_size,
    .xLock = faulty_lock,
    .xUnlock = faulty_unlock,
    .xCheckReservedLock = faulty_check_reserved,
    .xFileControl = faulty_control,
    .xSectorSize = faulty_sector_size,
    .xDeviceCharacteristics = faulty_characteristics,
    .xShmMap = faulty_shm_map,
    .xShmLock = faulty_shm_lock,
    .xShmBarrier = faulty_shm_barrier,
    .xShmUnmap = faulty_shm_unmap,
};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    (void)vfs;
    struct faulty_file *faulty = (struct faulty_file *)file;
    faulty->real = (sqlite3_file *)(void *)(faulty + 1);
    int code = real_vfs->xOpen(real_vfs, name, faulty->real, flags, out_flags);
    faulty->base.pMethods = code == SQLITE_OK ? &faulty_methods : NULL;
    return code;
}

static void register_faulty_vfs(void)
{
    static sqlite3_vfs vfs;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(struct faulty_file) + real_vfs->szOsFile;
    vfs.xOpen = faulty_open;
    vfs.pNext = NULL;
    sqlite3_vfs_register(&vfs, 0);
}

/* ---- the tests ------------------------------------------------------------- */

static const struct eventlog_options faulty_options = {.vfs = "faulty", .wal_bytes = 1 << 16};
static const char *const kind_names[FAULT_KINDS] = {"failed writes", "a full disk", "failed syncs"};
static char path[512];

static void remove_log(void)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        char name[sizeof path + 8];
        enum os_kind kind;
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        if (os_kind_of(name, &kind) == STATUS_OK && kind == OS_KIND_FILE && os_remove(name) != STATUS_OK)
            tap_ok(false, "the old log is removed");
    }
}

/* Appends 40 rows, some with a checkpoint, going on after each failure; the
 * newest acknowledged one.  Counts what breaks the promises. */
static uint64_t write_some(unsigned *wrong)
{
    static uint8_t job[JOB_BYTES_MAX];
    struct eventlog *log;
    uint64_t acknowledged = 0;
    bool broken = false;
    if (eventlog_open(path, EVENTLOG_WRITE, &faulty_options, &log) != STATUS_OK)
        return 0;
    for (int i = 0; i < 40; i++) {
        struct eventlog_row row = sample_row(eventlog_last(log) + 1, job);
        enum status status = eventlog_append(log, &row, 1);
        if (status == STATUS_OK) {
            acknowledged = row.event;
            *wrong += broken;
        }
        broken = broken || status == STATUS_IO;
        if (i % 15 == 14)
            broken = eventlog_checkpoint(log, 0) == STATUS_IO || broken;
    }
    eventlog_close(log);
    return acknowledged;
}

/* True if a fault was hit. */
static bool round_with(enum fault_kind kind, int64_t call, bool stays, unsigned *wrong)
{
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    remove_log();
    calls_until_fault = -1;
    if (eventlog_create(path, &identity, &faulty_options, &log) != STATUS_OK) {
        ++*wrong;
        return false;
    }
    eventlog_close(log);
    fault_kind = kind;
    fault_stays = stays;
    fault_hit = false;
    calls_until_fault = call;
    uint64_t acknowledged = write_some(wrong);
    calls_until_fault = -1;
    if (eventlog_open(path, EVENTLOG_WRITE, &faulty_options, &log) != STATUS_OK) {
        tap_note("call %" PRId64 ": %s", call, status_message());
        ++*wrong;
        return fault_hit;
    }
    uint64_t last = eventlog_last(log);
    if (last < acknowledged || last > acknowledged + 1 || eventlog_verify(log, NULL, NULL) != STATUS_OK) {
        tap_note("call %" PRId64 ": acknowledged %" PRIu64 ", found %" PRIu64, call, acknowledged, last);
        ++*wrong;
    }
    *wrong += append_samples(log, 2) != STATUS_OK;
    eventlog_close(log);
    return fault_hit;
}

static void test_every_call(enum fault_kind kind, bool stays)
{
    unsigned wrong = 0;
    int64_t call = 0;
    while (call < 1000 && round_with(kind, call, stays, &wrong))
        call++;
    tap_ok(wrong == 0 && call > 3 && call < 1000, "%s, %s: %" PRId64 " places, nothing acknowledged is lost",
           kind_names[kind], stays ? "for good" : "once", call);
}

static void test_creation(enum fault_kind kind)
{
    unsigned wrong = 0;
    int64_t call = 0;
    fault_kind = kind;
    fault_stays = false;
    struct eventlog_identity identity = sample_identity(0);
    for (;; call++) {
        struct eventlog *log;
        enum os_kind kind_there;
        remove_log();
        calls_until_fault = call;
        enum status status = eventlog_create(path, &identity, &faulty_options, &log);
        bool hit = calls_until_fault < 0;
        calls_until_fault = -1;
        if (status == STATUS_OK)
            eventlog_close(log);
        else
            wrong += os_kind_of(path, &kind_there) != STATUS_OK || kind_there != OS_KIND_ABSENT;
        if (!hit)
            break;
        wrong += status == STATUS_OK;
    }
    tap_ok(wrong == 0 && call > 1, "a creation that meets %s leaves nothing behind (%" PRId64 " places)",
           kind_names[kind], call);
}

int main(void)
{
    register_faulty_vfs();
    path_in(tap_scratch(), "log", path);
    for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++) {
        test_creation(kind);
        test_every_call(kind, false);
        test_every_call(kind, true);
    }
    return tap_done();
}
