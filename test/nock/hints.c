/* Hints: what is evaluated, what is said, what is remembered, what a trace holds. */
#include "rig.h"
#include "support/tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig rig;

/* Runs and compares what was slogged: a list of [priority tank], oldest first. */
static void expect_slogs(const char *formula, const char *slogs)
{
    struct nock_result result;
    rig.slogs = tree_atom(rig.arena, 0);
    rig_run(&rig, "[40 41]", formula, &result);
    const struct tree *oldest_first = tree_atom(rig.arena, 0);
    for (const struct tree *slog = rig.slogs; tree_is_cell(slog); slog = slog->tail)
        oldest_first = tree_cell(rig.arena, slog->head, oldest_first);
    uint64_t steps = UINT64_MAX;
    char *heard = tree_text(oldest_first, 100);
    tap_ok(tree_equal(oldest_first, tree_parse(rig.arena, slogs), &steps), "%s slogs %s", formula, heard);
    free(heard);
}

static void test_slog(void)
{
    expect_slogs("[11 [%slog 1 2 %leaf 97 0] 1 5]", "[[2 %leaf 97 0] 0]");
    expect_slogs("[11 [%slog [1 0] 0 2] 11 [%slog [1 3] 0 3] 1 5]", "[[0 40] [3 41] 0]");
    expect_slogs("[11 [%slog 1 7] 1 5]", "0");
    expect_slogs("[11 [%slog 1 [1 1] 7] 1 5]", "0");
    expect_slogs("[11 %slog 1 5]", "0");
    expect_slogs("[11 [%slog 1 0 1] 11 [%slog 0 0] 11 [%slog 1 0 2] 1 5]", "[[0 1] 0]");
    expect_slogs("[11 [%slog 1 0 1] 0 0]", "[[0 1] 0]");
    expect_slogs("[6 [1 1] [11 [%slog 1 0 1] 1 5] 1 6]", "0");
}

static void test_evaluation(void)
{
    static const char *const tags[] = {"%toss",
                                       "%live",
                                       "%germ",
                                       "%xray",
                                       "%nara",
                                       "%meme",
                                       "%loop",
                                       "%jinx",
                                       "%sham",
                                       "%dont",
                                       "%bout",
                                       "%spot",
                                       "%mean",
                                       "%hunk",
                                       "%lose",
                                       "%hand",
                                       "%slog",
                                       "%memo",
                                       "%fast",
                                       "%hela",
                                       "0",
                                       "37",
                                       "'longer than a word'"};
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        char formula[128], name[128];
        struct nock_result result;
        snprintf(formula, sizeof formula, "[11 [%s 0 0] 1 5]", tags[i]);
        rig_expect_crash(&rig, "0", formula, "0");
        snprintf(formula, sizeof formula, "[11 [%s 1 0] 4 0 1]", tags[i]);
        rig_expect(&rig, "4", formula, "5");
        snprintf(formula, sizeof formula, "[11 %s 4 0 1]", tags[i]);
        rig_run(&rig, "4", formula, &result);
        snprintf(name, sizeof name, "%s alone changes nothing", tags[i]);
        tap_ok(result.outcome == NOCK_DONE && result.product == 5, "%s", name);
    }
    rig_expect_crash(&rig, "0", "[11 [[1 2] 1 0] 1 5]", "0");
}

static void test_fast_clues(void)
{
    static const char *const clues[] = {
        "0",
        "[0 0]",
        "[1 2 3]",
        "[%a 0 0]",
        "[%a [0 0] 0]",
        "[%a [1 1] 0]",
        "[%a [0 8] 0]",
        "[%a [2 7] 0]",
        "[[1 2 3] [0 7] 0]",
        "[%a [0 1 1] 0]",
        "[%a [0 18446744073709551623] 0]",
        "[%a [11 5] 0]",
        "[%a [11 [1 1] [11 7 0 7]] 0]",
        "[[%k 138] [1 0] 0]",
        "[%a [1 0] 0]",
        "[%a [0 7] 5]",
        "[0x10000000000000000 [0 7] 0]",
        "[[%k 0x10000000000000000] [1 0] 0]",
    };
    for (size_t i = 0; i < COUNT_OF(clues); i++) {
        char formula[256];
        snprintf(formula, sizeof formula, "[11 [%%fast 1 %s] 0 1]", clues[i]);
        rig_expect(&rig, "[[1 5] 0 0]", formula, "[[1 5] 0 0]");
        rig_expect(&rig, "7", formula, "7");
    }
}

/* ---- memo ------------------------------------------------------------------- */

/* Slogs count how often the body ran. */
static void test_memo(void)
{
    const char *body = "11 [%slog 1 0 %ran] 4 0 1";
    char formula[512];
    snprintf(formula, sizeof formula,
             "[[7 [1 3] 11 [%%memo 1 0] %s] [7 [1 3] 11 [%%memo 1 0] %s] "
             "7 [1 4] 11 [%%memo 1 0] %s]",
             body, body, body);
    expect_slogs(formula, "[[0 %ran] [0 %ran] 0]");
    rig_clear(&rig);
    rig_expect(&rig, "0", formula, "[4 4 5]");
    snprintf(formula, sizeof formula, "[[7 [1 3] 11 [%%memo 1 0] %s] 7 [1 3] 11 [%%memo 0 0] %s]", body, body);
    rig_clear(&rig);
    expect_slogs(formula, "[[0 %ran] 0]");
    rig_clear(&rig);
    rig_expect(&rig, "0", formula, "[4 4]");
    rig_clear(&rig);
    expect_slogs("[7 [1 3] 11 [%memo 0 0] 11 [%slog 1 0 %ran] 1 5]", "0");
    expect_slogs("[[7 [1 9] 11 [%memo 1 0] 11 [%slog 1 0 %ran] 0 1] 7 [1 9] 11 [%memo 1 0] 11 [%slog 1 0 %ran] 0 1]",
                 "[[0 %ran] 0]");
}

/* Keys are compared by structure: the same subject built twice. */
static void test_memo_structure(void)
{
    rig_clear(&rig);
    expect_slogs("[8 [1 11 [%memo 1 0] 11 [%slog 1 0 %ran] 0 1] "
                 "[2 [[4 0 6] 1 2 3] 0 2] 2 [[4 0 6] 1 2 3] 0 2]",
                 "[[0 %ran] 0]");
}

/* What only memory makes feasible. */
static void test_memo_doubling(void)
{
    rig_clear(&rig);
    struct nock_result result;
    rig_run(&rig, "0",
            /* core [battery list-of-n]: 1 for the empty list; else twice the tail's, found by two calls */
            "[8 [1 11 [%memo 1 0] 6 [3 0 6] [[9 2 10 [6 0 13] 0 1] 9 2 10 [6 0 13] 0 1] 1 1] 9 2 [0 2] "
            "[1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 "
            "38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 0] 1 0]",
            &result);
    unsigned depth = 0;
    noun n = result.product;
    for (; result.outcome == NOCK_DONE && noun_is_cell(n) && noun_head(n) == noun_tail(n); depth++)
        n = noun_head(n);
    tap_ok(depth == 60 && n == 1, "2^60 calls are 61 with a memo, and share their product");
}

/* The table ends with the event, and a nested virtual context has its own. */
static void test_memo_scope(void)
{
    const char *once = "[7 [1 3] 11 [%memo 1 0] 11 [%slog 1 0 %ran] 4 0 1]";
    rig_clear(&rig);
    expect_slogs(once, "[[0 %ran] 0]");
    rig_clear(&rig);
    expect_slogs(once, "[[0 %ran] 0]");
    rig_clear(&rig);
    rig_add_jets(&rig);
    char formula[512];
    snprintf(formula, sizeof formula, "[%s [9 2 [1 0 0 1] [1 [0 %s] 0] 1 %%root 138] %s]", once, once, once);
    expect_slogs(formula, "[[0 %ran] [0 %ran] 0]");
}

/* ---- traces --------------------------------------------------------------------- */

static void test_traces(void)
{
    /* a clue that is not constant; entries come back after calls that returned */
    rig_expect_crash(&rig, "[5 6]", "[11 [%mean 0 2] 7 [11 [%spot 0 3] 0 1] 11 [%lose 0 3] 0 0]",
                     "[[%lose 6] [%mean 5] 0]");
    /* a tail call keeps its caller's entries: four turns */
    rig_expect_crash(&rig, "0", "[8 [1 6 [5 [0 6] 1 4] [0 0] 11 [%spot 0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 [0 2] [1 0] 1 0]",
                     "[[%spot 3] [%spot 2] [%spot 1] [%spot 0] 0]");
    /* the same with a constant clue */
    rig_expect_crash(&rig, "0", "[8 [1 6 [5 [0 6] 1 3] [0 0] 11 [%spot 1 9] 9 2 10 [6 4 0 6] 0 1] 9 2 [0 2] [1 0] 1 0]",
                     "[[%spot 9] [%spot 9] [%spot 9] 0]");
    /* and without the tail */
    rig_expect_crash(&rig, "0",
                     "[8 [1 6 [5 [0 6] 1 3] [0 0] 11 [%spot 1 9] 4 9 2 10 [6 4 0 6] 0 1] 9 2 [0 2] [1 0] 1 0]",
                     "[[%spot 9] [%spot 9] [%spot 9] 0]");
    /* a crash in a clue has the entries around the hint, not its own */
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 11 [%mean 11 [%hunk 1 2] 0 0] 1 5]", "[[%hunk 2] [%mean 1] 0]");
    /* entries of both branches and of pushes */
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 6 [11 [%mean 1 2] 1 0] [11 [%mean 1 3] 0 0] 0 0]",
                     "[[%mean 3] [%mean 1] 0]");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 8 [11 [%mean 1 2] 1 0] 4 0 1]", "[[%mean 1] 0]");
}

/* A tail-recursive loop under a constant hint a million times: the trace is as
 * long, but must cost little. */
static void test_long_trace(void)
{
    struct nock_result result;
    rig_clear(&rig);
    rig_run(&rig, "0", "[8 [1 6 [5 [0 6] 1 1.000.000] [0 0] 11 [%spot 1 9] 9 2 10 [6 4 0 6] 0 1] 9 2 [0 2] [1 0] 1 0]",
            &result);
    tap_ok(result.outcome == NOCK_CRASHED && noun_list_length(result.product) == 1000000,
           "a million entries of one hint");
    rig_clear(&rig);
    rig_run(&rig, "0", "[8 [1 6 [5 [0 6] 1 1.000.000] [0 0] 11 [%spot 0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 [0 2] [1 0] 1 0]",
            &result);
    tap_ok(result.outcome == NOCK_CRASHED && noun_list_length(result.product) == 1000000 &&
               noun_at(result.product, 5) == 999999,
           "a million different entries");
}

static void test_hela_and_bout(void)
{
    struct nock_result result;
    rig.slogs = tree_atom(rig.arena, 0);
    rig_run(&rig, "0", "[11 [%mean 1 %abc] 11 [%hela 1 0] 1 5]", &result);
    tap_ok(result.outcome == NOCK_DONE && tree_is_cell(rig.slogs) && tree_is_word(rig.slogs->head->head, 0),
           "%%hela prints the trace at priority 0");
    rig.slogs = tree_atom(rig.arena, 0);
    rig_run(&rig, "0", "[11 %bout 1 5]", &result);
    tap_ok(tree_is_cell(rig.slogs) && !tree_is_cell(rig.slogs->tail), "%%bout prints once");
    rig.slogs = tree_atom(rig.arena, 0);
    rig_run(&rig, "0", "[11 %bout 0 0]", &result);
    tap_ok(result.outcome == NOCK_CRASHED && !tree_is_cell(rig.slogs), "and not for a crash");
}

int main(void)
{
    rig_open(&rig, &(struct rig_options){0});
    test_slog();
    test_evaluation();
    test_fast_clues();
    test_memo();
    test_memo_structure();
    test_memo_doubling();
    test_traces();
    test_long_trace();
    test_hela_and_bout();
    test_memo_scope();
    rig_close(&rig);
    return tap_done();
}
