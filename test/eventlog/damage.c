/* Files that are not ours, newer than we are, or not as they were written. */
#include <sqlite3.h>
#include <stdlib.h>

#include "os/os.h"
#include "tap.h"
#include "sample.h"

#define ROWS 300
#define FLIPS 200

static const char *directory;
static char path[512];
static char copy_path[512];

/* Without any sync: nothing here outlives the process. */
static void put_file(const char *where, const void *bytes, size_t size_bytes)
{
    FILE *file = fopen(where, "wb");
    if (file == NULL || fwrite(bytes, 1, size_bytes, file) != size_bytes)
        tap_ok(false, "%s is written", where);
    if (file != NULL)
        fclose(file);
}

static void write_file(const char *name, const void *bytes, size_t size_bytes)
{
    path_in(directory, name, path);
    put_file(path, bytes, size_bytes);
}

/* Both ways of opening give the same answer; the file is not touched. */
static void refused(enum status expected, const char *what)
{
    struct eventlog *log;
    uint8_t *before = NULL, *after = NULL;
    size_t before_bytes = 0, after_bytes = 0;
    enum os_kind kind;
    bool is_file = os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_FILE;
    if (is_file && os_read_whole(path, 1 << 26, &before, &before_bytes) != STATUS_OK)
        tap_ok(false, "the file is read");
    enum status reading = eventlog_open(path, EVENTLOG_READ, NULL, &log);
    tap_ok(reading == expected, "%s is refused when reading (%s): %s", what, status_name(reading), status_message());
    enum status writing = eventlog_open(path, EVENTLOG_WRITE, NULL, &log);
    tap_ok(writing == expected, "%s is refused when writing (%s)", what, status_name(writing));
    if (is_file && os_read_whole(path, 1 << 26, &after, &after_bytes) != STATUS_OK)
        tap_ok(false, "the file is read again");
    tap_ok(before_bytes == after_bytes && (before_bytes == 0 || memcmp(before, after, before_bytes) == 0),
           "and nothing is changed");
    free(before);
    free(after);
}

static void run_sql(const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    if (sqlite3_open(path, &database) != SQLITE_OK || sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        tap_ok(false, "%s: %s", sql, message);
    sqlite3_close(database);
}

static void build_log(const char *name)
{
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    struct eventlog_load load = {.boundary = ROWS, .state_hash = 1};
    path_in(directory, name, path);
    if (eventlog_create(path, &identity, NULL, &log) != STATUS_OK || append_groups(log, ROWS, 60) != STATUS_OK ||
        eventlog_append_load(log, &load) != STATUS_OK || eventlog_checkpoint(log, 0) != STATUS_OK)
        tap_ok(false, "a log is built: %s", status_message());
    eventlog_close(log);
}

static void test_foreign(void)
{
    path_in(directory, "nothing", path);
    refused(STATUS_NOT_FOUND, "an absent file");
    snprintf(path, sizeof path, "%s", directory);
    refused(STATUS_FORMAT, "a directory");
    write_file("empty", "", 0);
    refused(STATUS_FORMAT, "an empty file");
    char text[5000];
    memset(text, 'x', sizeof text);
    write_file("text", text, sizeof text);
    refused(STATUS_FORMAT, "a text");
    path_in(directory, "foreign", path);
    run_sql("CREATE TABLE events(event_num INTEGER); INSERT INTO events VALUES(1)");
    refused(STATUS_FORMAT, "another program's database");
}

static void test_exists(void)
{
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    write_file("here", "abc", 3);
    tap_ok(eventlog_create(path, &identity, NULL, &log) == STATUS_EXISTS, "an existing file is not overwritten");
    write_file("orphan-wal", "abc", 3);
    path[strlen(path) - 4] = '\0';
    tap_ok(eventlog_create(path, &identity, NULL, &log) == STATUS_EXISTS, "nor a WAL without its database: %s",
           status_message());
    path_in(directory, "absent/log", path);
    tap_ok(eventlog_create(path, &identity, NULL, &log) == STATUS_NOT_FOUND, "a missing directory is named: %s",
           status_message());
}

static void test_schema(void)
{
    build_log("newer");
    run_sql("PRAGMA user_version = 3");
    refused(STATUS_FORMAT, "a newer format");
    build_log("trigger");
    run_sql("CREATE TRIGGER evil AFTER INSERT ON events BEGIN DELETE FROM loads; END");
    refused(STATUS_FORMAT, "a log with a trigger");
    build_log("index");
    run_sql("CREATE INDEX more ON events(wall_ms)");
    refused(STATUS_FORMAT, "a log with another index");
    build_log("column");
    run_sql("ALTER TABLE events ADD COLUMN more INTEGER");
    refused(STATUS_FORMAT, "a log with another column");
    build_log("meta");
    run_sql("UPDATE meta SET base_event = 7");
    refused(STATUS_CORRUPT, "a log with another base");
    build_log("identity");
    run_sql("UPDATE meta SET identity = x'00112233445566778899aabbccddeeff'");
    refused(STATUS_CORRUPT, "a log with another identity");
}

/* The number of the event at which the stream stops, or 0 at its end. */
static uint64_t streams_until(struct eventlog *log)
{
    struct eventlog_cursor cursor = eventlog_cursor(log, 1);
    struct eventlog_row row;
    bool found = true;
    while (found) {
        if (eventlog_cursor_next(&cursor, &row, &found) != STATUS_OK)
            return cursor.next_event;
        if (found && !row_is_sample(&row, row.event))
            tap_ok(false, "event %" PRIu64 " passed for what it is not", row.event);
    }
    return 0;
}

static void stops_at(const char *sql, uint64_t event)
{
    static unsigned number;
    struct eventlog *log;
    char name[32];
    snprintf(name, sizeof name, "history-%u", number++);
    build_log(name);
    run_sql(sql);
    if (tap_ok(eventlog_open(path, EVENTLOG_READ, NULL, &log) == STATUS_OK, "opens after %s", sql)) {
        tap_ok(streams_until(log) == event, "the stream stops at event %" PRIu64 ": %s", event, status_message());
        tap_ok(eventlog_verify(log, NULL, NULL) == STATUS_CORRUPT, "and it does not verify");
        eventlog_close(log);
    }
}

static void test_history(void)
{
    stops_at("DELETE FROM events WHERE event = 100", 100);
    stops_at("DELETE FROM events WHERE event BETWEEN 50 AND 60", 50);
    stops_at("UPDATE events SET job = x'01' WHERE event = 42", 42);
    stops_at("UPDATE events SET job = x'01', job_hash = zeroblob(32) WHERE event = 42", 42);
    stops_at("UPDATE events SET job_hash = x'01' WHERE event = 42", 42);
    stops_at("UPDATE events SET state_hash = 0 WHERE event = 7", 7);
    stops_at("UPDATE events SET wire = x'01' WHERE event = 7", 7);
    stops_at("UPDATE events SET kind = 1 - kind WHERE event = 7", 7);
    stops_at("UPDATE events SET kind = 9 WHERE event = 7", 7);
    stops_at("UPDATE events SET evaluation_us = 1 WHERE event = 8", 8);
    stops_at("UPDATE events SET wall_ms = 1 WHERE event = 9", 9);
    build_log("beginning");
    run_sql("DELETE FROM events WHERE event = 1");
    refused(STATUS_CORRUPT, "a log without its first event");
    build_log("ending");
    run_sql("UPDATE events SET state_hash = 1 WHERE event = 300");
    refused(STATUS_CORRUPT, "a log whose newest event is damaged");
    build_log("cut");
    run_sql("DELETE FROM events WHERE event > 290");
    refused(STATUS_CORRUPT, "a log without its end, which a load remembers");
    build_log("load");
    run_sql("UPDATE loads SET state_hash = 2");
    refused(STATUS_CORRUPT, "a log whose load is damaged");
}

/* One flipped bit: it is either found, or in bytes that mean nothing. */
static void test_flips(void)
{
    uint8_t *bytes;
    size_t size_bytes;
    build_log("flips");
    char wal_path[sizeof path + 8];
    if (os_read_whole(path, 1 << 26, &bytes, &size_bytes) != STATUS_OK)
        return (void)tap_ok(false, "the log is read");
    uint64_t seed = tap_seed();
    unsigned found = 0, harmless = 0, wrong = 0;
    for (int i = 0; i < FLIPS; i++) {
        size_t at = (size_t)tap_below(&seed, i % 4 == 0 ? 4096 : size_bytes);
        uint8_t bit = (uint8_t)(1 << tap_below(&seed, 8));
        bytes[at] ^= bit;
        path_in(directory, "flipped", copy_path);
        snprintf(wal_path, sizeof wal_path, "%s-wal", copy_path);
        remove(wal_path); /* it may not be there */
        put_file(copy_path, bytes, size_bytes);
        struct eventlog *log;
        if (eventlog_open(copy_path, EVENTLOG_READ, NULL, &log) != STATUS_OK) {
            found++;
        } else {
            bool verified = eventlog_verify(log, NULL, NULL) == STATUS_OK;
            bool whole = eventlog_last(log) == ROWS && streams_until(log) == 0;
            found += !verified;
            harmless += verified && whole;
            wrong += verified && !whole;
            eventlog_close(log);
        }
        bytes[at] ^= bit;
    }
    tap_ok(wrong == 0 && found > 0, "of %d flipped bits %u were found, %u meant nothing, %u passed", FLIPS, found,
           harmless, wrong);
    for (size_t cut_bytes = 0; cut_bytes < size_bytes; cut_bytes += size_bytes / 40) {
        struct eventlog *log = NULL;
        remove(wal_path); /* it may not be there */
        put_file(copy_path, bytes, cut_bytes);
        bool refused_or_found = eventlog_open(copy_path, EVENTLOG_READ, NULL, &log) != STATUS_OK ||
                                eventlog_verify(log, NULL, NULL) != STATUS_OK;
        if (!refused_or_found)
            tap_ok(false, "a log cut at byte %zu passed", cut_bytes);
        if (log != NULL)
            eventlog_close(log);
    }
    free(bytes);
}

/* One flipped bit in a WAL that has not been copied back.  SQLite would end the
 * log there; only the newest commit may vanish so, since it looks like one that
 * was cut off, and the one before it if it was its checksum that was hit. */
static void test_wal_flips(void)
{
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    uint8_t *database, *wal;
    size_t database_bytes, wal_bytes;
    char wal_path[sizeof path + 8];
    path_in(directory, "wal-flips", path);
    snprintf(wal_path, sizeof wal_path, "%s-wal", path);
    struct eventlog_options options = {.wal_bytes = 1 << 18};
    if (eventlog_create(path, &identity, &options, &log) != STATUS_OK || append_samples(log, 40) != STATUS_OK)
        return (void)tap_ok(false, "a log is built: %s", status_message());
    eventlog_close(log);
    if (os_read_whole(path, 1 << 26, &database, &database_bytes) != STATUS_OK ||
        os_read_whole(wal_path, 1 << 26, &wal, &wal_bytes) != STATUS_OK)
        return (void)tap_ok(false, "its files are read: %s", status_message());
    uint64_t seed = tap_seed();
    unsigned found = 0, harmless = 0, newest = 0, wrong = 0;
    for (int i = 0; i < FLIPS; i++) {
        size_t at = (size_t)tap_below(&seed, i % 8 == 0 ? 32 : 1 << 18);
        uint8_t bit = (uint8_t)(1 << tap_below(&seed, 8));
        wal[at] ^= bit;
        put_file(path, database, database_bytes);
        put_file(wal_path, wal, wal_bytes);
        enum status status = eventlog_open(path, EVENTLOG_WRITE, &options, &log);
        if (status != STATUS_OK) {
            found += status == STATUS_CORRUPT;
            wrong += status != STATUS_CORRUPT;
        } else {
            harmless += eventlog_last(log) == 40;
            newest += eventlog_last(log) < 40;
            wrong += eventlog_last(log) < 38 || eventlog_verify(log, NULL, NULL) != STATUS_OK;
            eventlog_close(log);
        }
        wal[at] ^= bit;
    }
    tap_ok(wrong == 0 && found > newest,
           "of %d bits flipped in the WAL %u were found, %u meant nothing, %u took the newest commit, %u more", FLIPS,
           found, harmless, newest, wrong);
    free(database);
    free(wal);
}

int main(void)
{
    directory = tap_scratch();
    test_foreign();
    test_exists();
    test_schema();
    test_history();
    test_flips();
    test_wal_flips();
    return tap_done();
}
