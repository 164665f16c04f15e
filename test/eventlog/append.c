/* Creating, appending, reopening, streaming: what a log promises when nothing
 * goes wrong. */
#include <sqlite3.h>
#include <stdlib.h>

#include "tap.h"
#include "sample.h"

static uint8_t job[JOB_BYTES_MAX];
static const char *directory;
static char path[512];

static struct eventlog *open_log(enum eventlog_mode mode)
{
    struct eventlog *log = NULL;
    tap_ok(eventlog_open(path, mode, NULL, &log) == STATUS_OK, "the log opens for %s",
           mode == EVENTLOG_READ ? "reading" : "writing");
    return log;
}

static struct eventlog *create_log(const char *name, uint64_t base_event)
{
    struct eventlog *log = NULL;
    struct eventlog_identity identity = sample_identity(base_event);
    path_in(directory, name, path);
    tap_ok(eventlog_create(path, &identity, NULL, &log) == STATUS_OK, "a log is created");
    return log;
}

/* The rows from..to are there as they were written, and `to` is the last. */
static bool streams(struct eventlog *log, uint64_t from, uint64_t to)
{
    struct eventlog_cursor cursor = eventlog_cursor(log, from);
    struct eventlog_row row;
    bool found;
    for (uint64_t event = from; event <= to; event++)
        if (eventlog_cursor_next(&cursor, &row, &found) != STATUS_OK || !found || !row_is_sample(&row, event))
            return false;
    return eventlog_cursor_next(&cursor, &row, &found) == STATUS_OK && !found;
}

static void test_life(void)
{
    struct eventlog *log = create_log("life", 0);
    tap_ok(eventlog_last(log) == 0 && eventlog_first(log) == 0, "an empty log stands at its base");
    tap_ok(eventlog_last_state_hash(log) == 77, "and knows the state hash there");
    tap_ok(append_samples(log, 350) == STATUS_OK, "350 rows are appended");
    tap_ok(eventlog_last(log) == 350 && eventlog_first(log) == 1, "they are numbered 1 to 350");
    eventlog_close(log);

    log = open_log(EVENTLOG_WRITE);
    tap_ok(eventlog_last(log) == 350 && eventlog_first(log) == 1, "they are there after reopening");
    tap_ok(eventlog_last_state_hash(log) == bits_mix64(350), "with the newest state hash");
    struct eventlog_row row;
    tap_ok(eventlog_read(log, 350, &row) == STATUS_OK && row_is_sample(&row, 350) &&
               eventlog_read(log, 350, &row) == STATUS_OK && row_is_sample(&row, 350),
           "the newest is read, and again");
    tap_ok(eventlog_read(log, 7, &row) == STATUS_OK && row_is_sample(&row, 7) &&
               eventlog_read(log, 350, &row) == STATUS_OK && row_is_sample(&row, 350),
           "and after another");
    struct eventlog_identity identity = sample_identity(0);
    tap_ok(memcmp(eventlog_identity(log), &identity, sizeof identity) == 0, "and the identity");
    tap_ok(streams(log, 1, 350), "all of them stream back as they were");
    tap_ok(streams(log, 348, 350), "from any number on");
    tap_ok(streams(log, 351, 350), "and beyond the end there is nothing");
    tap_ok(eventlog_read(log, 200, &row) == STATUS_OK && row_is_sample(&row, 200), "one row is read");
    tap_ok(eventlog_read(log, 351, &row) == STATUS_NOT_FOUND, "a row that is not there is not found");
    tap_ok(eventlog_read(log, UINT64_MAX, &row) == STATUS_NOT_FOUND, "nor one beyond all numbers");
    tap_ok(append_samples(log, 3) == STATUS_OK && streams(log, 340, 353), "appending goes on");
    tap_ok(eventlog_verify(log, NULL, NULL) == STATUS_OK, "the whole verifies");
    eventlog_close(log);
}

static void test_group(void)
{
    struct eventlog *log = create_log("group", 1000);
    static uint8_t jobs[100][JOB_BYTES_MAX];
    struct eventlog_row rows[100];
    for (size_t i = 0; i < 100; i++)
        rows[i] = sample_row(1001 + i, jobs[i]);
    tap_ok(eventlog_append(log, rows, 60) == STATUS_OK, "60 rows are appended in one transaction");
    tap_ok(eventlog_append(log, rows + 60, 40) == STATUS_OK, "and 40 more");
    tap_ok(eventlog_first(log) == 1001 && eventlog_last(log) == 1100, "a log with a base begins after it");
    eventlog_close(log);
    log = open_log(EVENTLOG_READ);
    tap_ok(streams(log, 1001, 1100), "groups stream back as rows");
    tap_ok(eventlog_verify(log, NULL, NULL) == STATUS_OK, "a reader can verify");
    eventlog_close(log);
}

static void test_readers(void)
{
    struct eventlog *writer = create_log("readers", 0);
    struct eventlog *reader = open_log(EVENTLOG_READ);
    tap_ok(append_samples(writer, 5) == STATUS_OK, "a writer appends beside a reader");
    tap_ok(eventlog_last(reader) == 0, "the reader does not know yet");
    tap_ok(eventlog_refresh(reader) == STATUS_OK && eventlog_last(reader) == 5, "until it refreshes");
    struct eventlog_cursor cursor = eventlog_cursor(reader, 1);
    struct eventlog_row row;
    bool found;
    tap_ok(eventlog_cursor_next(&cursor, &row, &found) == STATUS_OK && found, "the reader streams");
    tap_ok(append_samples(writer, 20) == STATUS_OK && eventlog_checkpoint(writer, 0) == STATUS_OK,
           "a half-read stream keeps no writer waiting");
    tap_ok(row_is_sample(&row, 1), "and its row stays");
    eventlog_close(reader);
    eventlog_close(writer);
}

static void test_wal(void)
{
    struct eventlog *log = create_log("wal", 0);
    struct eventlog_size size;
    tap_ok(eventlog_size(log, &size) == STATUS_OK && size.wal_bytes >= EVENTLOG_WAL_BYTES,
           "the WAL has its size from the start");
    tap_ok(size.rows == 0 && size.database_bytes > 0 && size.database_bytes < EVENTLOG_WAL_BYTES,
           "and the database is small");
    uint64_t most_bytes = 0;
    for (int i = 0; i < 100; i++) {
        if (append_groups(log, 200, 50) != STATUS_OK || eventlog_checkpoint(log, EVENTLOG_WAL_BYTES) != STATUS_OK)
            break;
        if (eventlog_size(log, &size) == STATUS_OK && size.wal_bytes > most_bytes)
            most_bytes = size.wal_bytes;
    }
    tap_ok(size.rows == 20000, "20000 rows");
    tap_ok(most_bytes < EVENTLOG_WAL_BYTES + EVENTLOG_WAL_BYTES / 2, "do not make it grow (%" PRIu64 " bytes)",
           most_bytes);
    eventlog_close(log);
    log = open_log(EVENTLOG_WRITE);
    tap_ok(eventlog_size(log, &size) == STATUS_OK && size.wal_bytes == most_bytes, "closing and opening keep it");
    tap_ok(append_groups(log, 50000, SAMPLE_GROUP_MAX) == STATUS_OK, "50000 rows without a checkpoint of the caller's");
    tap_ok(eventlog_size(log, &size) == STATUS_OK && size.wal_bytes < 4 * EVENTLOG_WAL_BYTES,
           "leave it within bounds (%" PRIu64 " bytes)", size.wal_bytes);
    tap_ok(streams(log, 15000, 70000), "and everything in place");
    eventlog_close(log);
}

static void test_loads(void)
{
    struct eventlog *log = create_log("loads", 0);
    struct eventlog_load load = {.boundary = 0, .state_hash = 5, .wall_ms = 9}, read;
    memset(load.kernel_hash, 3, sizeof load.kernel_hash);
    bool found;
    tap_ok(eventlog_read_load(log, 0, &read, &found) == STATUS_OK && !found, "a new log has no loads");
    tap_ok(eventlog_append_load(log, &load) == STATUS_OK, "a load before any event");
    tap_ok(eventlog_last_state_hash(log) == 5, "changes the state hash");
    tap_ok(append_samples(log, 2) == STATUS_OK, "then events");
    load.boundary = 2;
    load.state_hash = 6;
    tap_ok(eventlog_append_load(log, &load) == STATUS_OK, "and another load after them");
    eventlog_close(log);
    log = open_log(EVENTLOG_WRITE);
    tap_ok(eventlog_last_state_hash(log) == 6, "the newest state hash is the load's");
    tap_ok(eventlog_read_load(log, 0, &read, &found) == STATUS_OK && found && read.boundary == 0 &&
               read.state_hash == 5 && read.wall_ms == 9 && read.kernel_hash[31] == 3,
           "loads are read back");
    tap_ok(eventlog_read_load(log, 1, &read, &found) == STATUS_OK && found && read.boundary == 2, "in order");
    tap_ok(eventlog_read_load(log, 2, &read, &found) == STATUS_OK && !found, "to their end");
    tap_ok(append_samples(log, 1) == STATUS_OK && eventlog_last_state_hash(log) == bits_mix64(3), "events go on");
    tap_ok(eventlog_verify(log, NULL, NULL) == STATUS_OK, "the whole verifies");
    eventlog_close(log);
}

static void test_limits(void)
{
    struct eventlog *log = create_log("limits", 0);
    tap_ok(eventlog_admits(log, 100, 900000000) == STATUS_OK, "a job of 900 MB is admitted");
    tap_ok(eventlog_admits(log, 100, 1000000000) == STATUS_LIMIT, "one of 1 GB is not: %s", status_message());
    tap_ok(eventlog_admits(log, SIZE_MAX, SIZE_MAX) == STATUS_LIMIT, "nor an absurd one");
    struct eventlog_row row = sample_row(1, job);
    row.job_size_bytes = (size_t)3000000000; /* never read: refused before */
    tap_ok(eventlog_append(log, &row, 1) == STATUS_LIMIT, "appending one is refused");
    tap_ok(append_samples(log, 1) == STATUS_OK, "and costs nothing: the log goes on");
    eventlog_close(log);
}

static bool count_progress(void *context, uint64_t done, uint64_t all)
{
    (void)done;
    (void)all;
    int *calls_left = context;
    return (*calls_left)-- > 1;
}

static void test_interruption(void)
{
    struct eventlog *log = create_log("progress", 0);
    tap_ok(append_groups(log, 3000, 64) == STATUS_OK, "3000 rows");
    int calls = 100;
    tap_ok(eventlog_verify(log, count_progress, &calls) == STATUS_OK && calls == 88,
           "verification tells how far it is");
    calls = 1;
    tap_ok(eventlog_verify(log, count_progress, &calls) == STATUS_INTERRUPTED, "and stops when asked to");
    eventlog_close(log);
}

static void test_two_writers(void)
{
    struct eventlog *first = create_log("writers", 0), *second = open_log(EVENTLOG_WRITE);
    tap_ok(append_samples(first, 3) == STATUS_OK, "one writer appends");
    tap_ok(append_samples(second, 1) == STATUS_EXISTS, "another that does not know it is told: %s", status_message());
    tap_ok(append_samples(second, 1) == STATUS_EXISTS, "and has to stop");
    tap_ok(append_samples(first, 3) == STATUS_OK && streams(first, 1, 6), "the first goes on");
    eventlog_close(second);
    eventlog_close(first);
    eventlog_close(NULL);
}

/* A tool that holds the database's write lock for a while. */
static void test_busy(void)
{
    struct eventlog *log = create_log("busy", 0);
    sqlite3 *tool;
    eventlog_close(log);
    struct eventlog_options options = {.busy_timeout_ms = 1};
    tap_ok(eventlog_open(path, EVENTLOG_WRITE, &options, &log) == STATUS_OK, "a log opens with little patience");
    if (sqlite3_open(path, &tool) != SQLITE_OK || sqlite3_exec(tool, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        tap_ok(false, "a tool takes the lock");
    tap_ok(append_samples(log, 1) == STATUS_BUSY, "an append while somebody holds the lock fails: %s",
           status_message());
    sqlite3_exec(tool, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(tool);
    tap_ok(append_samples(log, 2) == STATUS_OK && streams(log, 1, 2), "and works when it is free again");
    eventlog_close(log);
}

/* One job of 70 MB: it comes back, and the WAL does not keep its size. */
static void test_large(void)
{
    static const size_t large_bytes = 70000000;
    struct eventlog *log = create_log("large", 0);
    struct eventlog_size size;
    struct eventlog_row row = sample_row(1, job), read;
    uint8_t *large = malloc(large_bytes);
    memset(large, 0xa5, large_bytes);
    row.job = large;
    row.job_size_bytes = large_bytes;
    hash_blake3(large, large_bytes, row.job_hash);
    tap_ok(eventlog_append(log, &row, 1) == STATUS_OK, "a job of 70 MB is appended");
    tap_ok(eventlog_read(log, 1, &read) == STATUS_OK && read.job_size_bytes == large_bytes &&
               memcmp(read.job, large, large_bytes) == 0,
           "and read back");
    tap_ok(eventlog_size(log, &size) == STATUS_OK && size.wal_bytes > large_bytes, "the WAL has grown with it");
    tap_ok(eventlog_checkpoint(log, EVENTLOG_WAL_BYTES) == STATUS_OK && eventlog_size(log, &size) == STATUS_OK &&
               size.wal_bytes == EVENTLOG_WAL_BYTES,
           "and gets its usual size again");
    tap_ok(append_samples(log, 2) == STATUS_OK && eventlog_last(log) == 3, "appending goes on");
    eventlog_close(log);
    log = open_log(EVENTLOG_WRITE);
    tap_ok(eventlog_last(log) == 3 && eventlog_verify(log, NULL, NULL) == STATUS_OK, "and all of it is durable");
    eventlog_close(log);
    free(large);
}

int main(void)
{
    directory = tap_scratch();
    test_life();
    test_group();
    test_readers();
    test_wal();
    test_loads();
    test_limits();
    test_interruption();
    test_two_writers();
    test_busy();
    test_large();
    return tap_done();
}
