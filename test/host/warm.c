/* Warming up does an event's work and leaves nothing behind. */
#include "host_test.h"

/* As TEST_KERNEL, but %inc says so. */
#define SPEAKING_KERNEL                                                                                                \
    "[[1 [" TEST_ARM("[10 [6 0 6] 0 7]") " [0 0] " TEST_ARM("[[1 0] [1 0] 0 30]") " " TEST_ARM(                        \
        "[6 [5 [1 0] 0 52] [[1 0] 0 7] 11 [%slog 1 0 %heard] 8 [4 0 30] [[[1 "                                         \
        "%count] 0 2] 1 0] 10 [6 0 2] 0 15]") "]"                                                                      \
                                              " 0 0] 0]"

static unsigned heard;

static void on_slog(void *context, uint64_t priority, noun tank)
{
    (void)context;
    (void)priority;
    heard += tank == noun_cord("heard");
}

static struct host *create(const char *name, const char *text, char directory[512])
{
    static const struct host_options options = {.listener = {.slog = on_slog}};
    const struct host_kernel kernel = kernel_of(text);
    struct host *host;
    snprintf(directory, 512, "%s/%s", tap_scratch(), name);
    must(host_create(directory, &kernel, NULL, &options, &host));
    free((void *)kernel.bytes);
    return host;
}

static struct host *open_again(const char *directory)
{
    static const struct host_options options = {.listener = {.slog = on_slog}};
    struct host *host;
    must(host_open(directory, NULL, &options, &host));
    return host;
}

/* Opens the machine, warms it up and looks whether it is as it was. */
static void test_nothing_remains(const char *directory, const char *what)
{
    struct host *host = open_again(directory);
    struct host_status before = facts_of(host);
    uint64_t value = state_of(host);
    host_warm_up(host);
    struct host_status after = facts_of(host);
    tap_ok(after.event == before.event && after.state_hash == before.state_hash && after.events == before.events &&
               state_of(host) == value,
           "%s: warming up is no event", what);
    tap_ok(after.arena_used_bytes == before.arena_used_bytes && after.arena_objects == before.arena_objects,
           "%s: and writes nothing into the arena", what);
    host_close(host);
    host = open_again(directory);
    tap_ok(facts_of(host).event == before.event && facts_of(host).state_hash == before.state_hash,
           "%s: the next start finds what was there", what);
    host_close(host);
}

static void test_life(void)
{
    char directory[512];
    host_close(create("life", TEST_KERNEL, directory));
    test_nothing_remains(directory, "no event yet");
    struct host *host = open_again(directory);
    CHECK(poke(host, "%inc").answer == HOST_ACCEPTED);
    host_close(host);
    test_nothing_remains(directory, "an event");
    host = open_again(directory);
    CHECK(poke(host, "%unknown").answer == HOST_SWAPPED);
    host_close(host);
    test_nothing_remains(directory, "the notice of a crash");
    host = open_again(directory);
    CHECK(poke(host, "[%do [%one 'a longer cord than a word'] [%two 1 2 3] 0]").answer == HOST_ACCEPTED);
    host_close(host);
    test_nothing_remains(directory, "an event with effects");
    for (unsigned i = 0; i < 3; i++) {
        host = open_again(directory);
        host_warm_up(host);
        uint64_t value = state_of(host);
        tap_ok(poke(host, "%inc").answer == HOST_ACCEPTED && state_of(host) == value + 1, "an event follows it");
        host_warm_up(host);
        tap_ok(poke(host, "%inc").answer == HOST_ACCEPTED && state_of(host) == value + 2,
               "also when it was done once more");
        host_close(host);
    }
}

static void test_silence(void)
{
    char directory[512];
    struct host *host = create("silence", SPEAKING_KERNEL, directory);
    tap_ok(poke(host, "%inc").answer == HOST_ACCEPTED && heard == 1, "a kernel speaks in an event");
    host_close(host);
    host = open_again(directory);
    host_warm_up(host);
    tap_ok(heard == 1, "and is not heard when it is done again");
    tap_ok(poke(host, "%inc").answer == HOST_ACCEPTED && heard == 2, "but after that");
    host_close(host);
}

static void test_memory(void)
{
    struct recovery_kernel jam = test_kernel_jam(TEST_KERNEL);
    const struct host_kernel kernel = {jam.bytes, jam.size_bytes};
    struct host *host;
    must(host_open_memory(&kernel, NULL, NULL, &host));
    host_warm_up(host);
    tap_ok(poke(host, "%inc").answer == HOST_ACCEPTED && state_of(host) == 1, "in memory there is nothing to warm");
    host_close(host);
    free((void *)kernel.bytes);
}

int main(void)
{
    test_life();
    test_silence();
    test_memory();
    return tap_done();
}
