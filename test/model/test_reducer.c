/* The oracle against the tables of docs/nock.md. */
#include "model/cases.h"
#include "model/reducer.h"
#include "support/tap.h"

#include <stdio.h>

static struct tree_arena *arena;

static bool same_text(const struct tree *tree, const char *text)
{
    uint64_t steps = 10000;
    return tree_equal(tree, tree_parse(arena, text), &steps);
}

static void test_table(void)
{
    const struct reducer_options options = {.steps_max = 10000, .depth_max = 1000};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reducer_result result =
            reducer_run(arena, &options, tree_parse(arena, cases[i].subject), tree_parse(arena, cases[i].formula));
        bool right = cases[i].product != NULL
                         ? result.outcome == REDUCER_DONE && same_text(result.product, cases[i].product)
                         : result.outcome == REDUCER_CRASHED &&
                               same_text(result.product, cases[i].trace == NULL ? "0" : cases[i].trace);
        tap_ok(right, "%s gives %s", cases[i].formula, cases[i].product == NULL ? "a crash" : cases[i].product);
    }
}

/* Runs mink on [0 formula] under a scry gate, in a hint of its own. */
static void expect_mink(const char *formula, const char *gate, enum reducer_outcome outcome, const char *product)
{
    struct reducer_options options = {.steps_max = 10000, .depth_max = 1000};
    options.mink_battery = tree_parse(arena, "[0 0 0]");
    options.mink_root = tree_parse(arena, "%root");
    char text[1024];
    snprintf(text, sizeof text, "[11 [%%mean 1 %%caller] 9 2 [1 0 0 0] [1 [0 %s] %s] 1 %%root]", formula, gate);
    struct reducer_result result = reducer_run(arena, &options, tree_parse(arena, "0"), tree_parse(arena, text));
    tap_ok(result.outcome == outcome && same_text(result.product, product), "mink of %s under %s gives %s", formula,
           gate, product);
}

static void test_mink(void)
{
    expect_mink("[1 5]", "0", REDUCER_DONE, "[0 5]");
    expect_mink("[11 [%mean 1 1] 0 0]", "0", REDUCER_DONE, "[2 [%mean 1] 0]");
    expect_mink("[12 [1 7] 1 8]", "[[1 0] 0 0]", REDUCER_DONE, "[1 8]");
    expect_mink("[12 [1 7] 1 8]", "[[[1 0] [1 0] 0 6] 0 0]", REDUCER_DONE, "[0 7 8]");
    expect_mink("[11 [%spot 1 1] 12 [1 7] 1 8]", "[[1 0 0] 0 0]", REDUCER_DONE, "[2 [%hunk 7 8] [%spot 1] 0]");
    expect_mink("[12 [1 7] 1 8]", "[[0 0] 0 0]", REDUCER_CRASHED, "[[%mean %caller] 0]");
    expect_mink("[11 [%spot 1 1] 12 [1 7] 1 8]", "[[11 [%lose 1 1] 0 0] 0 0]", REDUCER_CRASHED,
                "[[%lose 1] [%mean %caller] 0]");
    expect_mink("[12 [1 7] 1 8]", "[[12 [1 1] 1 1] 0 0]", REDUCER_CRASHED, "[[%mean %caller] 0]");
    expect_mink("[12 [1 7] 1 8]", "0", REDUCER_CRASHED, "[[%mean %caller] 0]");
    expect_mink("[12 [1 7] 1 8]", "[[1 9] 0 0]", REDUCER_CRASHED, "[[%mean %caller] 0]");
}

static void test_limits(void)
{
    struct reducer_options options = {.steps_max = 1000, .depth_max = 100};
    const struct tree *zero = tree_parse(arena, "0");
    const struct tree *forever = tree_parse(arena, "[8 [1 9 2 0 1] 9 2 0 1]");
    tap_ok(reducer_run(arena, &options, zero, forever).outcome == REDUCER_GAVE_UP, "an endless loop runs out of steps");
    const struct tree *deep = tree_parse(arena, "[8 [1 4 9 2 0 1] 9 2 0 1]");
    options.steps_max = 1000000;
    tap_ok(reducer_run(arena, &options, zero, deep).outcome == REDUCER_GAVE_UP, "an endless descent out of depth");
}

int main(void)
{
    arena = tree_arena_create();
    test_table();
    test_mink();
    test_limits();
    tree_arena_destroy(arena);
    return tap_done();
}
