/* An orderly end, and what the next start finds: alone, and with a reader who
 * keeps SQLite's index of the write-ahead log alive. */
#include <sqlite3.h>
#include <stdlib.h>

#include "os/os.h"
#include "sample.h"
#include "tap.h"

static const char *directory;
static char path[512], wal_path[520];

static struct eventlog *create_log(const char *name)
{
    struct eventlog *log = NULL;
    struct eventlog_identity identity = sample_identity(0);
    path_in(directory, name, path);
    snprintf(wal_path, sizeof wal_path, "%s-wal", path);
    CHECK(eventlog_create(path, &identity, NULL, &log) == STATUS_OK);
    return log;
}

static struct eventlog *open_log(void)
{
    struct eventlog *log = NULL;
    CHECK(eventlog_open(path, EVENTLOG_WRITE, NULL, &log) == STATUS_OK);
    return log;
}

static bool has_rows(const char *at, uint64_t count)
{
    struct eventlog *log;
    struct eventlog_row row;
    if (eventlog_open(at, EVENTLOG_WRITE, NULL, &log) != STATUS_OK)
        return false;
    bool has_all = eventlog_last(log) == count && eventlog_verify(log, NULL, NULL) == STATUS_OK;
    for (uint64_t event = 1; has_all && event <= count; event++)
        has_all = eventlog_read(log, event, &row) == STATUS_OK && row_is_sample(&row, event);
    eventlog_close(log);
    return has_all;
}

static bool wal_is_empty(void)
{
    static const uint8_t zeros[32];
    uint8_t *bytes;
    size_t size_bytes;
    CHECK(os_read_whole(wal_path, 1 << 26, &bytes, &size_bytes) == STATUS_OK);
    bool is_empty = size_bytes < sizeof zeros || memcmp(bytes, zeros, sizeof zeros) == 0;
    free(bytes);
    return is_empty;
}

static void copy(const char *from, const char *to)
{
    uint8_t *bytes;
    size_t size_bytes;
    CHECK(os_read_whole(from, 1 << 26, &bytes, &size_bytes) == STATUS_OK);
    CHECK(os_replace_whole(to, bytes, size_bytes) == STATUS_OK);
    free(bytes);
}

/* What a power cut would leave now: the two files, and no index. */
static bool survives(uint64_t count)
{
    char copied[512], copied_wal[520];
    path_in(directory, "copy", copied);
    snprintf(copied_wal, sizeof copied_wal, "%s-wal", copied);
    copy(path, copied);
    copy(wal_path, copied_wal);
    return has_rows(copied, count);
}

/* A stranger's connection, with a transaction that reads if `reads`. */
static sqlite3 *look(bool reads)
{
    sqlite3 *database;
    CHECK(sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
    CHECK(sqlite3_exec(database, reads ? "BEGIN; SELECT count(*) FROM events" : "SELECT count(*) FROM events", NULL,
                       NULL, NULL) == SQLITE_OK);
    return database;
}

static void test_alone(void)
{
    struct eventlog *log = create_log("alone");
    tap_ok(append_samples(log, 150) == STATUS_OK && !wal_is_empty(), "rows are in the write-ahead log");
    tap_ok(eventlog_settle(log) == STATUS_OK && wal_is_empty(), "an orderly end leaves it empty");
    eventlog_close(log);
    tap_ok(has_rows(path, 150) && survives(150), "and the rows are in the database");
    log = open_log();
    tap_ok(append_samples(log, 20) == STATUS_OK && survives(170), "it goes on from there");
    eventlog_close(log);
    tap_ok(has_rows(path, 170), "also after an end that was not orderly");
}

static void test_warm(void)
{
    struct eventlog *log = create_log("warm");
    tap_ok(append_samples(log, 3) == STATUS_OK && eventlog_settle(log) == STATUS_OK, "a log ends in order");
    eventlog_close(log);
    log = open_log();
    tap_ok(eventlog_warm(log) == STATUS_OK && !wal_is_empty() && survives(3), "warming begins the next one");
    tap_ok(append_samples(log, 3) == STATUS_OK && survives(6), "and changes nothing else");
    eventlog_close(log);
    tap_ok(has_rows(path, 6), "the log is as if it had not been");
}

/* Somebody reads from the write-ahead log while it is to be cleared. */
static void test_reader_before(void)
{
    struct eventlog *log = create_log("before");
    CHECK(append_samples(log, 10) == STATUS_OK);
    sqlite3 *reader = look(true);
    tap_ok(append_samples(log, 10) == STATUS_OK, "somebody reads, and events go on");
    tap_ok(eventlog_settle(log) == STATUS_OK && !wal_is_empty(), "what is being read is not cleared");
    eventlog_close(log);
    log = open_log();
    tap_ok(append_samples(log, 10) == STATUS_OK && survives(30), "the next start appends to it");
    sqlite3_close(reader);
    eventlog_close(log);
    tap_ok(has_rows(path, 30), "and everything is there");
}

/* Somebody keeps the index alive from one writer to the next. */
static void test_reader_between(bool reads)
{
    struct eventlog *log = create_log(reads ? "reading" : "looking");
    CHECK(append_samples(log, 40) == STATUS_OK);
    sqlite3 *early = look(false);
    tap_ok(eventlog_settle(log) == STATUS_OK && wal_is_empty(), "somebody who does not read is not in the way");
    sqlite3 *late = look(reads);
    eventlog_close(log);
    log = open_log();
    tap_ok(append_samples(log, 40) == STATUS_OK && survives(80), "nothing is appended behind a header that is cleared");
    sqlite3_close(early);
    sqlite3_close(late);
    eventlog_close(log);
    tap_ok(has_rows(path, 80), "and everything is there");
}

int main(void)
{
    directory = tap_scratch();
    test_alone();
    test_warm();
    test_reader_before();
    test_reader_between(false);
    test_reader_between(true);
    return tap_done();
}
