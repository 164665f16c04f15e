/* What ends a run from outside, and that the machine is as good as new after it. */
#include "os/os.h"
#include "rig.h"
#include "support/tap.h"

#ifdef LOAM_HOSTILE
#define LIMIT_BYTES ((size_t)4 << 20)
#else
#define LIMIT_BYTES ((size_t)64 << 20)
#endif
#define MILLISECOND_NS ((uint64_t)1000000)

static const char *const endless[] = {
    "[8 [1 9 2 0 1] 9 2 0 1]",
    "[8 [1 2 [0 1] 0 2] 2 [0 1] 0 2]",
    "[8 [1 9 2 10 [2 0 2] 0 1] 9 2 0 1]",
    "[8 [[1 9 2 10 [6 4 0 6] 0 1] 1 0 0] 9 2 0 2]",
};

static struct rig rig;

static void expect_usable(const char *after)
{
    struct nock_result result;
    rig_run(&rig, "[1 2]", "[[0 3] 4 0 2]", &result);
    tap_ok(result.outcome == NOCK_DONE && rig_is(&rig, result.product, "[2 2]"), "the machine works after %s", after);
    rig_clear(&rig);
    rig_run(&rig, "0", "[8 [[1 6 [5 [0 6] 1 1000] [0 6] 9 2 10 [6 4 0 6] 0 1] 1 0 0] 9 2 0 2]", &result);
    tap_ok(result.outcome == NOCK_DONE && result.product == 1000, "and after a clear");
}

/* ---- interrupts ------------------------------------------------------------------ */

static void interrupt_soon(void *machine)
{
    os_sleep_ms(30);
    nock_interrupt(machine);
}

static void test_interrupt(void)
{
    for (size_t i = 0; i < COUNT_OF(endless); i++) {
        struct os_thread *thread;
        CHECK(os_thread_start(interrupt_soon, rig.machine, &thread) == STATUS_OK);
        rig_expect_failure(&rig, "0", endless[i], "intr");
        os_thread_join(thread);
        nock_interrupt_clear(rig.machine);
    }
    nock_interrupt(rig.machine);
    rig_expect_failure(&rig, "0", endless[0], "intr");
    rig_expect_failure(&rig, "0", endless[0], "intr");
    nock_interrupt_clear(rig.machine);
    expect_usable("an interrupt");
}

static void test_deadline(void)
{
    uint64_t start_ns = os_clock_ns();
    nock_set_deadline(rig.machine, start_ns + 50 * MILLISECOND_NS);
    rig_expect_failure(&rig, "0", endless[0], "intr");
    uint64_t taken_ns = os_clock_ns() - start_ns;
    tap_ok(taken_ns >= 50 * MILLISECOND_NS && taken_ns < 1000 * MILLISECOND_NS, "after %" PRIu64 " ms of 50",
           taken_ns / MILLISECOND_NS);
    rig_expect_failure(&rig, "0", endless[1], "intr");
    nock_set_deadline(rig.machine, os_clock_ns() + 60000 * MILLISECOND_NS);
    rig_expect(&rig, "4", "[4 0 1]", "5");
    nock_set_deadline(rig.machine, 0);
    expect_usable("a deadline");
}

/* Not even a virtual context catches what is not deterministic. */
static void test_interrupt_in_mink(void)
{
    rig_add_jets(&rig);
    nock_set_deadline(rig.machine, os_clock_ns() + 20 * MILLISECOND_NS);
    rig_expect_failure(&rig, "0", "[9 2 [1 0 0 1] [1 [0 8 [1 9 2 0 1] 9 2 0 1] 0] 1 %root 138]", "intr");
    nock_set_deadline(rig.machine, 0);
    rig_expect(&rig, "0", "[9 2 [1 0 0 1] [1 [0 1 5] 0] 1 %root 138]", "[0 5]");
    rig_clear(&rig);
}

static void test_interrupt_trace(void)
{
    struct nock_result result;
    nock_set_deadline(rig.machine, os_clock_ns() + 20 * MILLISECOND_NS);
    rig_run(&rig, "0", "[11 [%mean 1 %here] 8 [1 9 2 0 1] 9 2 0 1]", &result);
    nock_set_deadline(rig.machine, 0);
    tap_ok(result.outcome == NOCK_FAILED && rig_is(&rig, result.product, "[[%mean %here] 0]"),
           "an interrupted run tells where it was");
}

/* ---- memory ------------------------------------------------------------------------ */

static const char *const greedy[] = {
    /* an ever longer list */
    "[8 [[1 9 2 10 [6 [1 7] 0 6] 0 1] 1 0 0] 9 2 0 2]",
    /* an ever deeper tree of both hands */
    "[8 [[1 9 2 10 [6 [1 7] [0 6] 1 1] 0 1] 1 0 0] 9 2 0 2]",
    /* a list built on the way down: frames hold it */
    "[8 [[1 [0 6] 9 2 10 [6 4 0 6] 0 1] 1 0 0] 9 2 0 2]",
    /* a memo of ever new keys */
    "[8 [[1 7 [10 [6 4 0 6] 0 1] 9 2 10 [6 11 [%memo 1 0] 4 0 6] 0 1] 1 0 0] 9 2 0 2]",
    /* a trace of ever new clues */
    "[8 [[1 11 [%mean 0 1] 9 2 10 [6 [0 6] 0 6] 0 1] 1 0 0] 9 2 0 2]",
};

static void test_memory(void)
{
    for (size_t i = 0; i < COUNT_OF(greedy); i++) {
        rig_open(&rig, &(struct rig_options){.limit_bytes = LIMIT_BYTES, .depth_limit_bytes = LIMIT_BYTES});
        rig_expect_failure(&rig, "0", greedy[i], "meme");
        tap_ok(rig.stack->statistics.peak_bytes < LIMIT_BYTES + (8 << 20),
               "with a peak of %" PRIu64 " KiB for a limit of %zu", rig.stack->statistics.peak_bytes >> 10,
               LIMIT_BYTES >> 10);
        expect_usable("it ran out of memory");
        rig_close(&rig);
    }
}

static void test_depth(void)
{
    static const char *const descents[] = {
        "[8 [1 4 9 2 0 1] 9 2 0 1]",
        "[8 [1 [1 0] 9 2 0 1] 9 2 0 1]",
        "[8 [1 8 [9 2 0 1] 1 0] 9 2 0 1]",
        "[8 [1 6 [9 2 0 1] [1 0] 1 0] 9 2 0 1]",
    };
    rig_open(&rig, &(struct rig_options){.depth_limit_bytes = 1 << 20});
    for (size_t i = 0; i < COUNT_OF(descents); i++)
        rig_expect_failure(&rig, "0", descents[i], "meme");
    tap_ok(nock_statistics(rig.machine)->depth_peak_bytes <= 1 << 20, "frames stay below their limit");
    expect_usable("it went too deep");
    rig_close(&rig);
}

int main(void)
{
    rig_open(&rig, &(struct rig_options){0});
    test_interrupt();
    test_deadline();
    test_interrupt_in_mink();
    test_interrupt_trace();
    rig_close(&rig);
    test_memory();
    test_depth();
    return tap_done();
}
