/* Appending without flushes, and what a power cut makes of it. */
#include <stdlib.h>
#include <unistd.h>

#include "os/os.h"
#include "sample.h"
#include "tap.h"

#define ROWS 12

static char path[512], wal_path[520], mark_path[532];

static void must(enum status status, const char *what)
{
    if (status != STATUS_OK)
        tap_ok(false, "%s: %s", what, status_message());
}

static void place(const char *directory, const char *name)
{
    path_in(directory, name, path);
    snprintf(wal_path, sizeof wal_path, "%s-wal", path);
    snprintf(mark_path, sizeof mark_path, "%s-unflushed", path);
}

static bool is_there(const char *where)
{
    return access(where, F_OK) == 0;
}

static uint64_t append_one(struct eventlog *log)
{
    must(append_groups(log, 1, 1), "a row is appended");
    return eventlog_last(log);
}

static struct eventlog *open_log(void)
{
    struct eventlog *log = NULL;
    must(eventlog_open(path, EVENTLOG_WRITE, NULL, &log), "the log is opened");
    return log;
}

/* A log of ROWS single rows; *middle_bytes is inside of the WAL. */
static void build(uint64_t *middle_bytes)
{
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    must(eventlog_create(path, &identity, NULL, &log), "a log is made");
    must(eventlog_relax(log), "it is relaxed");
    tap_ok(is_there(mark_path), "a relaxed log is marked");
    for (unsigned row = 0; row < ROWS; row++)
        append_one(log);
    eventlog_close(log);
    *middle_bytes = 32 + (4096 + 24) * (uint64_t)(ROWS / 2);
}

/* Frames in the middle were lost, those behind them were not. */
static void lose(uint64_t offset_bytes)
{
    uint8_t stale[4096 + 24];
    struct os_file *file;
    must(os_file_open(wal_path, OS_OPEN_WRITE, &file), "the WAL is opened");
    memset(stale, 0xa5, sizeof stale);
    must(os_file_write(file, offset_bytes, stale, sizeof stale), "a frame is lost");
    os_file_close(file);
}

static void test_orderly(const char *directory)
{
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    place(directory, "orderly");
    must(eventlog_create(path, &identity, NULL, &log), "a log is made");
    must(eventlog_relax(log), "it is relaxed");
    append_one(log);
    must(eventlog_flush(log), "it is flushed");
    tap_ok(is_there(mark_path), "flushed once is not tight");
    must(eventlog_tighten(log), "it is tightened");
    tap_ok(!is_there(mark_path), "a tight log has no mark");
    tap_ok(append_one(log) == 2, "and goes on");
    eventlog_close(log);
    log = open_log();
    tap_ok(eventlog_last(log) == 2, "and is whole");
    eventlog_close(log);
}

static void test_loss(const char *directory)
{
    uint64_t middle_bytes;
    struct eventlog *log;
    place(directory, "lost");
    build(&middle_bytes);
    lose(middle_bytes);
    log = open_log();
    uint64_t last = eventlog_last(log);
    tap_ok(last > 0 && last < ROWS, "what lies before the loss is there (%d rows of %d)", (int)last, ROWS);
    tap_ok(is_there(mark_path), "opening it changes nothing");
    tap_ok(append_one(log) == last + 1, "it goes on there");
    tap_ok(!is_there(mark_path), "and is a tight log");
    eventlog_close(log);
    log = open_log();
    tap_ok(log != NULL && eventlog_last(log) == last + 1, "what lay behind the loss is not taken for damage later");
    must(eventlog_verify(log, NULL, NULL), "it is whole");
    eventlog_close(log);
}

static void test_damage(const char *directory)
{
    uint64_t middle_bytes;
    struct eventlog *log;
    place(directory, "damaged");
    build(&middle_bytes);
    unlink(mark_path);
    lose(middle_bytes);
    tap_ok(eventlog_open(path, EVENTLOG_WRITE, NULL, &log) == STATUS_CORRUPT, "without the mark it is damage: %s",
           status_message());
}

int main(void)
{
    const char *directory = tap_scratch();
    test_orderly(directory);
    test_loss(directory);
    test_damage(directory);
    return tap_done();
}
