/* What has been pruned is gone, what is left is a log, and an archive holds what was. */
#include <sqlite3.h>
#include <stdlib.h>

#include "os/os.h"
#include "sample.h"
#include "tap.h"

static const char *directory;
static char path[512];

static struct eventlog *create(const char *name, uint64_t rows)
{
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    path_in(directory, name, path);
    if (eventlog_create(path, &identity, NULL, &log) != STATUS_OK || append_groups(log, rows, 60) != STATUS_OK)
        printf("Bail out! %s\n", status_message());
    return log;
}

static enum status prune(struct eventlog *log, uint64_t through)
{
    bool is_done = false;
    while (!is_done)
        STATUS_TRY(eventlog_prune(log, through, &is_done));
    return STATUS_OK;
}

static bool has_rows(struct eventlog *log, uint64_t first, uint64_t last)
{
    struct eventlog_row row;
    bool good = eventlog_first(log) == first && eventlog_last(log) == last;
    for (uint64_t event = first; event <= last && good; event++)
        good = eventlog_read(log, event, &row) == STATUS_OK && row_is_sample(&row, event);
    return good && eventlog_read(log, first - 1, &row) == STATUS_NOT_FOUND;
}

static void reopen(struct eventlog **log)
{
    eventlog_close(*log);
    if (eventlog_open(path, EVENTLOG_WRITE, NULL, log) != STATUS_OK)
        printf("Bail out! %s\n", status_message());
}

/* The row that an opened log has just looked at is one of them. */
static void test_prune_all(void)
{
    struct eventlog *log = create("all", 60);
    struct eventlog_row row;
    reopen(&log);
    CHECK(prune(log, 60) == STATUS_OK);
    tap_ok(eventlog_read(log, 60, &row) == STATUS_NOT_FOUND, "of a log that is pruned to its end no row is left");
    eventlog_close(log);
}

static void test_prune(void)
{
    struct eventlog *log = create("pruned", 5000);
    struct eventlog_load load = {.boundary = 5000, .state_hash = 9, .kernel_hash = {42}};
    CHECK(eventlog_append_load(log, &load) == STATUS_OK && append_groups(log, 1000, 50) == STATUS_OK);
    bool is_done;
    CHECK(eventlog_prune(log, 4000, &is_done) == STATUS_OK && !is_done);
    reopen(&log);
    tap_ok(eventlog_verify(log, NULL, NULL) == STATUS_OK && eventlog_first(log) > 1 && eventlog_first(log) <= 4001,
           "a log that is half pruned is a log, from event %d", (int)eventlog_first(log));
    CHECK(prune(log, 4000) == STATUS_OK);
    tap_ok(has_rows(log, 4001, 6000), "its newest rows are there, and no other");
    tap_ok(eventlog_verify(log, NULL, NULL) == STATUS_OK, "it verifies");
    const struct eventlog_identity *identity = eventlog_identity(log);
    tap_ok(identity->base_event == 4000 && identity->base_state_hash == bits_mix64(4000), "its base has moved");
    tap_ok(identity->kernel_hash[0] == 200, "the kernel there is the first");
    reopen(&log);
    tap_ok(has_rows(log, 4001, 6000) && eventlog_verify(log, NULL, NULL) == STATUS_OK, "also when it is opened again");
    identity = eventlog_identity(log);
    CHECK(prune(log, 5000) == STATUS_OK);
    tap_ok(identity->kernel_hash[0] == 200, "a load at the base comes after it");
    CHECK(prune(log, 5001) == STATUS_OK);
    tap_ok(identity->kernel_hash[0] == 42, "the kernel of a later base is that of the load before it");
    struct eventlog_load found;
    bool is_found;
    tap_ok(eventlog_read_load(log, 0, &found, &is_found) == STATUS_OK && is_found && found.state_hash == 9,
           "loads stay");
    CHECK(prune(log, 6000) == STATUS_OK);
    tap_ok(eventlog_first(log) == 0 && eventlog_last(log) == 6000, "all rows can go, and the count goes on");
    reopen(&log);
    tap_ok(eventlog_last(log) == 6000 && eventlog_last_state_hash(log) == bits_mix64(6000), "from the base's state");
    CHECK(append_samples(log, 30) == STATUS_OK);
    tap_ok(has_rows(log, 6001, 6030) && eventlog_verify(log, NULL, NULL) == STATUS_OK, "and rows can follow");
    eventlog_close(log);
}

/* Somebody has the log open for reading meanwhile. */
static void test_reader(void)
{
    struct eventlog *log = create("read", 300), *reader;
    CHECK(eventlog_open(path, EVENTLOG_READ, NULL, &reader) == STATUS_OK);
    CHECK(prune(log, 200) == STATUS_OK);
    tap_ok(eventlog_refresh(reader) == STATUS_OK && eventlog_first(reader) == 201, "a reader follows: %s",
           status_message());
    tap_ok(has_rows(reader, 201, 300) && eventlog_verify(reader, NULL, NULL) == STATUS_OK, "and finds all well");
    eventlog_close(reader);
    eventlog_close(log);
}

static uint64_t file_bytes(void)
{
    struct os_file *file;
    uint64_t size_bytes;
    CHECK(os_file_open(path, OS_OPEN_READ, &file) == STATUS_OK && os_file_size(file, &size_bytes) == STATUS_OK);
    os_file_close(file);
    return size_bytes;
}

static void test_space(void)
{
    struct eventlog *log = create("space", 20000);
    CHECK(eventlog_checkpoint(log, 0) == STATUS_OK);
    uint64_t before_bytes = file_bytes(), free_bytes, measured_bytes, rows;
    CHECK(eventlog_rows_measure(log, 15000, &rows, &measured_bytes) == STATUS_OK && rows == 15000);
    CHECK(prune(log, 15000) == STATUS_OK);
    CHECK(eventlog_free_bytes(log, &free_bytes) == STATUS_OK);
    tap_ok(free_bytes > before_bytes / 2, "three quarters of the rows leave pages free: %d of %d KiB",
           (int)(free_bytes >> 10), (int)(before_bytes >> 10));
    CHECK(append_groups(log, 5000, 60) == STATUS_OK && eventlog_checkpoint(log, 0) == STATUS_OK);
    tap_ok(file_bytes() <= before_bytes + (64 << 10), "new rows use them, and the file does not grow: %d KiB",
           (int)(file_bytes() >> 10));
    bool is_done = false;
    while (!is_done)
        CHECK(eventlog_give_back(log, 0, &is_done) == STATUS_OK);
    CHECK(eventlog_checkpoint(log, 0) == STATUS_OK);
    tap_ok(file_bytes() < before_bytes * 6 / 10, "the rest goes back to the disk: %d KiB", (int)(file_bytes() >> 10));
    tap_ok(has_rows(log, 15001, 25000) && eventlog_verify(log, NULL, NULL) == STATUS_OK, "and the rows are all there");
    eventlog_close(log);
}

static uint64_t through(struct eventlog *log, enum eventlog_retention_kind kind, uint64_t amount)
{
    struct eventlog_retention retention = {.kind = kind, .amount = amount};
    uint64_t result;
    CHECK(eventlog_retention_through(log, &retention, 1700000000000 + 1000, &result) == STATUS_OK);
    return result;
}

static void test_policies(void)
{
    struct eventlog *log = create("policies", 1000);
    tap_ok(through(log, EVENTLOG_KEEP_EVENTS, 300) == 700, "the newest 300 are kept");
    tap_ok(through(log, EVENTLOG_KEEP_EVENTS, 5000) == 0, "or all there are");
    tap_ok(through(log, EVENTLOG_KEEP_AGE, 100) == 899, "those of the last 100 ms are kept");
    tap_ok(through(log, EVENTLOG_KEEP_AGE, 1ull << 62) == 0, "or all there are");
    uint64_t cut = through(log, EVENTLOG_KEEP_SIZE, 50000), rows, left_bytes, all_bytes;
    CHECK(eventlog_rows_measure(log, cut, &rows, &left_bytes) == STATUS_OK);
    CHECK(eventlog_rows_measure(log, 1000, &rows, &all_bytes) == STATUS_OK);
    tap_ok(cut > 0 && cut < 1000 && all_bytes - left_bytes <= 50000, "the newest 50,000 bytes are kept: from %d on",
           (int)cut);
    tap_ok(through(log, EVENTLOG_KEEP_SIZE, 1ull << 40) == 0, "or all there are");
    CHECK(prune(log, 800) == STATUS_OK);
    tap_ok(through(log, EVENTLOG_KEEP_EVENTS, 300) == 800, "what is gone is gone");
    eventlog_close(log);
}

/* ---- archives ------------------------------------------------------------------------ */

static void test_archive(void)
{
    char archive_path[512], second_path[512];
    struct eventlog *log = create("archived", 500), *archive;
    struct eventlog_load load = {.boundary = 500, .state_hash = 9, .kernel_hash = {42}};
    CHECK(eventlog_append_load(log, &load) == STATUS_OK && append_samples(log, 100) == STATUS_OK);
    path_in(directory, "first.archive", archive_path);
    path_in(directory, "second.archive", second_path);
    tap_ok(eventlog_archive(log, archive_path, 700, NULL, NULL) == STATUS_NOT_FOUND, "no event 700: %s",
           status_message());
    tap_ok(eventlog_archive(log, archive_path, 400, NULL, NULL) == STATUS_OK, "an archive is written");
    tap_ok(eventlog_archive(log, archive_path, 400, NULL, NULL) == STATUS_EXISTS, "and not written over");
    CHECK(prune(log, 400) == STATUS_OK);
    tap_ok(eventlog_archive(log, second_path, 600, NULL, NULL) == STATUS_OK, "and a second, of what came later: %s",
           status_message());
    CHECK(eventlog_open(archive_path, EVENTLOG_READ, NULL, &archive) == STATUS_OK);
    tap_ok(eventlog_first(archive) == 1 && has_rows(archive, 1, 400), "the first holds events 1 to 400");
    tap_ok(eventlog_verify(archive, NULL, NULL) == STATUS_OK, "and verifies");
    eventlog_close(archive);
    CHECK(eventlog_open(second_path, EVENTLOG_READ, NULL, &archive) == STATUS_OK);
    struct eventlog_load found;
    bool is_found;
    tap_ok(has_rows(archive, 401, 600) && eventlog_verify(archive, NULL, NULL) == STATUS_OK, "the second the rest");
    tap_ok(eventlog_read_load(archive, 0, &found, &is_found) == STATUS_OK && is_found && found.boundary == 500,
           "with the loads");
    eventlog_close(archive);
    enum os_kind kind;
    char side_path[520];
    snprintf(side_path, sizeof side_path, "%s-wal", second_path);
    tap_ok(os_kind_of(side_path, &kind) == STATUS_OK && kind == OS_KIND_ABSENT, "an archive is one file");
    eventlog_close(log);
}

/* A damaged row ends it, and leaves nothing behind. */
static void test_damaged_source(void)
{
    char archive_path[512];
    enum os_kind kind;
    sqlite3 *database;
    struct eventlog *log = create("rotten", 300);
    path_in(directory, "rotten.archive", archive_path);
    CHECK(sqlite3_open(path, &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, "UPDATE events SET state_hash = 5 WHERE event = 200", NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(database);
    tap_ok(eventlog_archive(log, archive_path, 300, NULL, NULL) == STATUS_CORRUPT, "a damaged row is no archive: %s",
           status_message());
    tap_ok(os_kind_of(archive_path, &kind) == STATUS_OK && kind == OS_KIND_ABSENT, "and nothing is left of it");
    bool is_done;
    tap_ok(eventlog_prune(log, 200, &is_done) == STATUS_CORRUPT, "nor can it become the base: %s", status_message());
    tap_ok(eventlog_first(log) == 1, "and nothing was pruned");
    eventlog_close(log);
}

static void test_damaged_base(void)
{
    static const char *const damages[] = {
        "UPDATE base SET event = event + 1",   "UPDATE base SET state_hash = state_hash + 1",
        "UPDATE base SET chain = chain + 1",   "UPDATE base SET kernel_hash = zeroblob(32)",
        "UPDATE base SET seal = seal + 1",     "DELETE FROM base",
        "DELETE FROM events WHERE event = 51",
    };
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        char name[32];
        sqlite3 *database;
        snprintf(name, sizeof name, "base-%zu", i);
        struct eventlog *log = create(name, 100);
        CHECK(prune(log, 50) == STATUS_OK);
        eventlog_close(log);
        CHECK(sqlite3_open(path, &database) == SQLITE_OK);
        CHECK(sqlite3_exec(database, damages[i], NULL, NULL, NULL) == SQLITE_OK);
        sqlite3_close(database);
        tap_ok(eventlog_open(path, EVENTLOG_WRITE, NULL, &log) == STATUS_CORRUPT, "%s: %s", damages[i],
               status_message());
    }
}

int main(void)
{
    directory = tap_scratch();
    test_prune();
    test_prune_all();
    test_reader();
    test_space();
    test_policies();
    test_archive();
    test_damaged_source();
    test_damaged_base();
    return tap_done();
}
