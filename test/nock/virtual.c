/* Virtual Nock: tones, scry, what a crash in a handler does, and depth. */
#include "rig.h"
#include "support/tap.h"

#include <stdio.h>

#define ROOT "1 %root 138"

static struct rig rig;

/* mink of [40 formula] under a scry gate; all are texts. */
static void expect_tone(const char *formula, const char *gate, const char *tone)
{
    char text[4096];
    snprintf(text, sizeof text, "[9 2 [1 0 0 1] [1 [40 %s] %s] %s]", formula, gate, ROOT);
    rig_expect(&rig, "0", text, tone);
}

/* The same under a hint of the caller's, where mink itself crashes. */
static void expect_outer_crash(const char *formula, const char *gate, const char *trace)
{
    char text[1024];
    snprintf(text, sizeof text, "[11 [%%mean 1 %%caller] 9 2 [1 0 0 1] [1 [40 %s] %s] %s]", formula, gate, ROOT);
    rig_expect_crash(&rig, "0", text, trace);
}

#define BLOCKS "[[1 0] 0 0]"
#define NOTHING "[[1 0 0] 0 0]"
#define ECHOES "[[[1 0] [1 0] 0 6] 0 0]"
#define PASSES "[[[1 0] [1 0] 2 [0 6] 1 12 [0 2] 0 3] [0 0] 0]"
#define CRASHES "[[11 [%lose 1 %handler] 0 0] 0 0]"

static void test_tones(void)
{
    expect_tone("[4 0 1]", BLOCKS, "[0 41]");
    expect_tone("[0 0]", BLOCKS, "[2 0]");
    expect_tone("[11 [%mean 1 'outer'] 11 [%spot 1 [%a 0] [1 2] 1 9] 0 0]", BLOCKS,
                "[2 [[%spot [%a 0] [1 2] 1 9] [%mean 'outer'] 0]]");
    expect_tone("[8 [1 6 [5 [0 6] 1 2] [0 0] 11 [%mean 0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 [0 2] [1 0] 1 0]", BLOCKS,
                "[2 [%mean 1] [%mean 0] 0]");
    expect_tone("5", BLOCKS, "[2 0]");
}

static void test_scry(void)
{
    expect_tone("[12 [1 7] 1 8]", BLOCKS, "[1 8]");
    expect_tone("[12 [1 7] 1 8]", ECHOES, "[0 7 8]");
    expect_tone("[[0 1] 12 [0 1] 4 0 1]", ECHOES, "[0 40 40 41]");
    expect_tone("[11 [%spot 1 1] 12 [1 7] 1 8]", NOTHING, "[2 [%hunk 7 8] [%spot 1] 0]");
    expect_tone("[12 [0 0] 1 8]", ECHOES, "[2 0]");
    expect_tone("[4 12 [1 7] 1 8]", BLOCKS, "[1 8]");
    expect_tone("[8 [12 [1 7] 1 8] 12 [0 4] 0 5]", ECHOES, "[0 7 8]");
}

static void test_handler_crash(void)
{
    expect_outer_crash("[12 [1 7] 1 8]", CRASHES, "[[%lose %handler] [%mean %caller] 0]");
    expect_outer_crash("[11 [%spot 1 1] 12 [1 7] 1 8]", CRASHES, "[[%lose %handler] [%mean %caller] 0]");
    expect_outer_crash("[12 [1 7] 1 8]", PASSES, "[[%mean %caller] 0]");
    expect_outer_crash("[12 [1 7] 1 8]", "[[1 5] 0 0]", "[[%mean %caller] 0]");
    expect_outer_crash("[12 [1 7] 1 8]", "[[1 0 5] 0 0]", "[[%mean %caller] 0]");
    expect_outer_crash("[12 [1 7] 1 8]", "5", "[[%mean %caller] 0]");
}

/* mink in mink: the inner formula and gate, then the outer gate. */
static void expect_nested(const char *formula, const char *gate, const char *outer_gate, const char *tone)
{
    char text[1024];
    snprintf(text, sizeof text, "[11 [%%hand 1 %%between] 9 2 [1 0 0 1] [1 [40 %s] %s] %s]", formula, gate, ROOT);
    expect_tone(text, outer_gate, tone);
}

static void test_nested(void)
{
    expect_nested("[1 5]", BLOCKS, BLOCKS, "[0 0 5]");
    expect_nested("[12 [1 7] 1 8]", PASSES, ECHOES, "[0 0 7 8]");
    expect_nested("[12 [1 7] 1 8]", BLOCKS, ECHOES, "[0 1 8]");
    expect_nested("[12 [1 7] 1 8]", CRASHES, ECHOES, "[2 [%lose %handler] [%hand %between] 0]");
    expect_nested("[12 [1 7] 1 8]", PASSES, NOTHING, "[2 [%hunk 7 8] [%hand %between] 0]");
    expect_nested("[11 [%mean 1 1] 0 0]", BLOCKS, BLOCKS, "[0 2 [%mean 1] 0]");
}

/* A handler runs outside, so what it cannot get blocks the context outside. */
static void test_block_in_handler(void)
{
    expect_nested("[12 [1 7] 1 8]", PASSES, BLOCKS, "[1 8]");
    expect_nested("[12 [1 7] 1 8]", PASSES, "[[6 [3 0 13] [[1 0] [1 0] 0 6] 1 0] 0 0]", "[1 8]");
}

/* mink inside mink inside mink ..., and one after another. */
static void test_depth(unsigned depth_wanted)
{
    /* a core [battery n 0] that runs mink on itself with n one more */
    char text[512];
    snprintf(text, sizeof text,
             "[8 [1 6 [5 [0 6] 1 %u] [1 7] 9 2 [1 0 0 1] [[[10 [6 4 0 6] 0 1] 1 9 2 0 1] 1 0] %s] 9 2 [0 2] [1 0] 1 0]",
             depth_wanted, ROOT);
    struct nock_result result;
    rig_run(&rig, "0", text, &result);
    noun product = result.product;
    unsigned depth = 0;
    for (; result.outcome == NOCK_DONE && noun_is_cell(product) && noun_head(product) == 0; depth++)
        product = noun_tail(product);
    tap_ok(depth == depth_wanted && product == 7, "%u virtual contexts within each other", depth);
    rig_clear(&rig);
    rig_add_jets(&rig);
    rig_expect(&rig, "0",
               "[8 [[1 6 [5 [0 6] 1 100.000] [0 6] 8 [9 2 [1 0 0 1] [[[0 6] 1 4 0 1] 1 0] " ROOT
               "] 9 2 10 [6 0 5] 0 3] 1 0 0] 9 2 0 2]",
               "100.000");
}

/* Crashes that are caught leave nothing behind. */
static void test_many_crashes(void)
{
    rig_expect(&rig, "0",
               "[8 [[1 6 [5 [0 6] 1 100.000] [0 6] 8 [9 2 [1 0 0 1] [[[0 6] 1 11 [%mean 0 1] 4 4 4 0 0] 1 0] " ROOT
               "] 9 2 10 [6 4 0 14] 0 3] 1 0 0] 9 2 0 2]",
               "100.000");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 0 0]", "[[%mean 1] 0]");
}

/* With a tiny nursery every turn collects, and a collection visits every open context. */
#ifdef LOAM_HOSTILE
#define DEPTH 1000
#else
#define DEPTH 100000
#endif

int main(void)
{
    static const struct {
        size_t budget_bytes;
        unsigned depth;
    } modes[] = {{0, DEPTH}, {512, 1000}};
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        rig_open(&rig, &(struct rig_options){.young_budget_bytes = modes[i].budget_bytes});
        rig_add_jets(&rig);
        test_tones();
        test_scry();
        test_handler_crash();
        test_nested();
        test_block_in_handler();
        test_depth(modes[i].depth);
        test_many_crashes();
        rig_close(&rig);
    }
    return tap_done();
}
