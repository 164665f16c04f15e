/* SIGKILL at random moments: no acknowledged row is lost, none is half there. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"
#include "tap.h"
#include "sample.h"

#define ROUNDS 12

static char path[512];

/* Appends rows and groups for ever, telling each durable number. */
static _Noreturn void append_until_killed(int acknowledge, uint64_t seed)
{
    static uint8_t jobs[8][JOB_BYTES_MAX];
    struct eventlog *log;
    if (eventlog_open(path, EVENTLOG_WRITE, NULL, &log) != STATUS_OK)
        _exit(1);
    while (true) {
        struct eventlog_row rows[8];
        size_t count = 1 + (size_t)tap_below(&seed, 8);
        for (size_t i = 0; i < count; i++)
            rows[i] = sample_row(eventlog_last(log) + 1 + i, jobs[i]);
        if (eventlog_append(log, rows, count) != STATUS_OK ||
            (tap_below(&seed, 4) == 0 && eventlog_checkpoint(log, tap_below(&seed, 1 << 20)) != STATUS_OK))
            _exit(2);
        uint64_t last = eventlog_last(log);
        if (write(acknowledge, &last, sizeof last) != sizeof last)
            _exit(3);
    }
}

/* The last number that the child told before it was killed. */
static uint64_t run_and_kill(uint64_t *seed)
{
    int ends[2];
    if (pipe(ends) != 0)
        return 0;
    uint64_t child_seed = tap_random(seed);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        append_until_killed(ends[1], child_seed);
    }
    close(ends[1]);
    uint64_t acknowledged = 0, number;
    uint64_t deadline_ns = os_clock_ns() + 10000000 + tap_below(seed, 90000000);
    while (os_clock_ns() < deadline_ns && read(ends[0], &number, sizeof number) == sizeof number)
        acknowledged = number;
    kill(child, SIGKILL);
    while (read(ends[0], &number, sizeof number) == sizeof number)
        acknowledged = number;
    int result;
    waitpid(child, &result, 0);
    close(ends[0]);
    tap_ok(WIFSIGNALED(result), "the writer was killed, not stopped by a failure");
    return acknowledged;
}

static bool all_are_samples(struct eventlog *log)
{
    struct eventlog_cursor cursor = eventlog_cursor(log, 1);
    struct eventlog_row row;
    bool found = true;
    for (uint64_t event = 1; found; event++)
        if (eventlog_cursor_next(&cursor, &row, &found) != STATUS_OK || (found && !row_is_sample(&row, event)))
            return false;
    return true;
}

int main(void)
{
    uint64_t seed = tap_seed();
    struct eventlog *log;
    struct eventlog_identity identity = sample_identity(0);
    path_in(tap_scratch(), "log", path);
    tap_ok(eventlog_create(path, &identity, NULL, &log) == STATUS_OK, "a log is created");
    eventlog_close(log);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t acknowledged = run_and_kill(&seed);
        bool opened = eventlog_open(path, EVENTLOG_WRITE, NULL, &log) == STATUS_OK;
        if (!tap_ok(opened, "it opens after the kill%s%s", opened ? "" : ": ", opened ? "" : status_message()))
            break;
        uint64_t last = eventlog_last(log);
        tap_ok(last >= acknowledged && last <= acknowledged + 8,
               "nothing acknowledged is lost, at most the one in flight is more (%" PRIu64 ", %" PRIu64 ")",
               acknowledged, last);
        tap_ok(eventlog_verify(log, NULL, NULL) == STATUS_OK && all_are_samples(log), "every row is as it was written");
        eventlog_close(log);
    }
    return tap_done();
}
