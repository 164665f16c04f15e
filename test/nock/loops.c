/* Depth without the C stack, and tail calls in constant memory. */
#include "rig.h"
#include "support/tap.h"

#include <stdio.h>
#include <sys/resource.h>

#define MANY "10.000.000"

static struct rig rig;

/* Counts from 0 to the limit with calls that are not in tail position. */
static void test_deep(void)
{
    rig_open(&rig, &(struct rig_options){0});
    rig_expect(&rig, "0", "[8 [[1 6 [5 [0 6] 1 " MANY "] [1 0] 4 9 2 10 [6 4 0 6] 0 1] 1 0 0] 9 2 0 2]", MANY);
    tap_note("the machine's stack reached %" PRIu64 " MiB", nock_statistics(rig.machine)->depth_peak_bytes >> 20);
    struct nock_result result;
    rig_run(&rig, "0", "[8 [[1 6 [5 [0 6] 1 " MANY "] [1 0] [0 6] 9 2 10 [6 4 0 6] 0 1] 1 0 0] 9 2 0 2]", &result);
    tap_ok(result.outcome == NOCK_DONE && noun_list_length(result.product) == 10000000 &&
               noun_head(result.product) == 0,
           "a list of " MANY " items built by recursion");
    rig_expect(&rig, "0", "[1 5]", "5");
    rig_close(&rig);
}

/* Deep through each opcode that can hold a frame open. */
static void test_deep_everywhere(void)
{
    static const char *const waits[] = {
        "[3 CALL]",
        "[4 CALL]",
        "[5 [1 0] CALL]",
        "[5 CALL 1 0]",
        "[6 [3 CALL] [1 0] 1 0]",
        "[7 CALL 1 0]",
        "[8 CALL 1 0]",
        "[2 CALL 1 1 0]",
        "[2 [1 0] 8 CALL 1 1 0]",
        "[10 [1 CALL] 1 0]",
        "[10 [2 1 1] CALL 1 0]",
        "[11 [%toss CALL] 1 0]",
        "[11 [%memo 1 0] 4 CALL]",
        "[9 2 [1 1 0] CALL]",
        "[[1 0] CALL]",
        "[CALL 1 0]",
        "[11 [%fast 1 0] CALL]",
        "[11 [%mean 0 6] 4 CALL]",
    };
    static const char *const call = "9 2 10 [6 4 0 6] 0 1";
    rig_open(&rig, &(struct rig_options){0});
    for (size_t i = 0; i < COUNT_OF(waits); i++) {
        char text[512];
        const char *hole = strstr(waits[i], "CALL");
        snprintf(text, sizeof text, "[8 [[1 6 [5 [0 6] 1 300.000] [1 0] %.*s[%s]%s] 1 0 0] 9 2 0 2]",
                 (int)(hole - waits[i]), waits[i], call, hole + 4);
        struct nock_result result;
        rig_run(&rig, "0", text, &result);
        tap_ok(result.outcome == NOCK_DONE, "300,000 deep through %s", waits[i]);
        rig_clear(&rig);
    }
    rig_close(&rig);
}

/* Under a limit that the loop would pass at once if it kept anything. */
static void test_tail_loops(void)
{
    static const struct {
        const char *name, *step;
    } loops[] = {
        {"9", "9 2 10 [6 4 0 6] 0 1"},
        {"2", "2 [10 [6 4 0 6] 0 1] 0 2"},
        {"7", "7 [10 [6 4 0 6] 0 1] 9 2 0 1"},
        {"8", "8 [1 7] 9 2 10 [6 4 0 14] 0 3"},
        {"6", "6 [1 0] [9 2 10 [6 4 0 6] 0 1] 1 0"},
        {"11", "11 %toss 9 2 10 [6 4 0 6] 0 1"},
        {"11 with a clue", "11 [%toss 4 0 6] 9 2 10 [6 4 0 6] 0 1"},
        {"a slog", "11 [%slog 1 0] 9 2 10 [6 4 0 6] 0 1"},
    };
    rig_open(&rig, &(struct rig_options){.limit_bytes = 64 << 20, .depth_limit_bytes = 1 << 20});
    for (size_t i = 0; i < COUNT_OF(loops); i++) {
        char text[256];
        snprintf(text, sizeof text, "[8 [[1 6 [5 [0 6] 1 " MANY "] [0 6] [%s]] 1 0 0] 9 2 0 2]", loops[i].step);
        struct nock_result result;
        rig_run(&rig, "0", text, &result);
        tap_ok(result.outcome == NOCK_DONE && result.product == 10000000, MANY " turns through opcode %s",
               loops[i].name);
    }
    tap_ok(rig.stack->statistics.peak_bytes < 64 << 20, "in %" PRIu64 " KiB of nouns",
           rig.stack->statistics.peak_bytes >> 10);
    tap_ok(nock_statistics(rig.machine)->depth_peak_bytes <= 1 << 20, "and %" PRIu64 " bytes of frames",
           nock_statistics(rig.machine)->depth_peak_bytes);
    rig_close(&rig);
}

/* An accumulator that grows and shrinks: the collector must find every live
 * register of a loop in the middle of its work. */
static void test_garbage(void)
{
    rig_open(&rig, &(struct rig_options){.limit_bytes = 64 << 20, .young_budget_bytes = 4096});
    rig_expect(&rig, "0",
               "[8 [[1 6 [5 [0 6] 1 200.000] [0 7] 9 2 10 [6 4 0 6] 10 [7 7 [[0 7] [0 7] 0 6] 0 2] 0 1] 1 0 [1 2] 3] "
               "9 2 0 2]",
               "[[1 2] 3]");
    rig_close(&rig);
}

int main(void)
{
    /* The C stack must not matter. */
    setrlimit(RLIMIT_STACK, &(struct rlimit){256 << 10, 256 << 10});
    test_deep();
    test_deep_everywhere();
    test_tail_loops();
    test_garbage();
    return tap_done();
}
