/* What takes long makes the host look at its arena: if that has rotted it says so, in the middle of what may never
 * end, and otherwise leaves it alone. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_test.h"

#define PATIENCE_MS 100
#define LIMIT_MS 1500 /* for an event: many times the patience, also where threads get little time */
#define ENDED_BY_DOUBT 76

static const char marked_state[] = "[%set [1 [9 9] 0x5a.5a5a.5a5a.5a5a 1 2]]";
static const uint64_t mark = 0x5a5a5a5a5a5a5a;

static const char *directory;

static void make_machine(void)
{
    struct host_kernel kernel = kernel_of(TEST_KERNEL);
    struct host *host;
    directory = tap_path(tap_scratch(), "machine");
    must(host_create(directory, &kernel, NULL, NULL, &host));
    CHECK(poke(host, marked_state).answer == HOST_ACCEPTED);
    host_close(host);
    free((void *)kernel.bytes);
}

/* Makes the marked cell its own tail; it was written right behind that. */
static void rot(void)
{
    int file = open(tap_path(directory, "arena.loam"), O_RDWR);
    uint64_t words[2] = {0};
    off_t at = 0;
    while (words[0] != mark) {
        CHECK(pread(file, words, sizeof words, at) == sizeof words);
        at += 8;
    }
    words[1] += 3;
    CHECK(pwrite(file, &words[1], 8, at) == 8);
    close(file);
}

static void on_rotten(void *context, const char *message)
{
    (void)context;
    bool says_all = strstr(message, directory) != NULL && strstr(message, "loam doctor") != NULL;
    _exit(says_all ? ENDED_BY_DOUBT : 1);
}

static const struct host_options options = {
    .listener = {.rotten = on_rotten}, .patience_ms = PATIENCE_MS, .event_limit_ms = LIMIT_MS};

static int spin(void)
{
    struct host *host;
    must(host_open(directory, NULL, &options, &host));
    bool has_failed = poke(host, "%spin").answer == HOST_SWAPPED;
    host_close(host);
    return has_failed ? 0 : 2;
}

/* A look at a noun that contains itself, by somebody who follows it for ever. */
static int look(void)
{
    struct host *host;
    must(host_open_view(directory, &options, &host));
    noun n = state_of(host);
    uint64_t until_ns = os_clock_ns() + (uint64_t)LIMIT_MS * 1000000;
    while (noun_is_cell(n) && os_clock_ns() < until_ns)
        n = noun_tail(n);
    os_sleep_ms(2 * PATIENCE_MS);
    host_close(host);
    return 0;
}

static int end_of(int (*work)(void))
{
    int state;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(work());
    CHECK(waitpid(child, &state, 0) == child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

int main(void)
{
    make_machine();
    tap_ok(end_of(spin) == 0, "an event that merely takes long fails by its limit");
    tap_ok(end_of(look) == 0, "a look that merely takes long comes to its end");
    rot();
    tap_ok(end_of(look) == ENDED_BY_DOUBT, "a look at an arena that has rotted is ended, in the middle of it");
    tap_ok(end_of(spin) == ENDED_BY_DOUBT, "so is an event, before its limit");
    return tap_done();
}
