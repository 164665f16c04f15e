/* Arms pulled again from the same core: run once where nobody can tell, and each
 * time where somebody could. */
#include "rig.h"
#include "support/tap.h"

#include <stdio.h>

#define ROOT "1 %root 138"

/* [again core]: `again` pulls the arm at 2 from whatever it is called on, and is called twice. */
#define TWICE "[[2 [0 3] 0 2] 2 [0 3] 0 2]"
#define AGAIN "[[9 2 0 1] 1 0]"

/* The hostile build moves everything at every safe point, and so it pulls again. */
#ifdef LOAM_HOSTILE
#define IS_COUNT(count, wanted) ((count) >= (wanted))
#else
#define IS_COUNT(count, wanted) ((count) == (wanted))
#endif

static struct rig rig;

/* The calls that the formula takes, and its product. */
static uint64_t calls(const char *subject, const char *formula, noun *product)
{
    struct nock_result result;
    uint64_t before = nock_statistics(rig.machine)->calls;
    rig_run(&rig, subject, formula, &result);
    *product = result.outcome == NOCK_DONE ? result.product : NOUN_NONE;
    return nock_statistics(rig.machine)->calls - before;
}

#define PAIRS "[[0 3] 0 3]" /* an arm that makes a new cell */

static void test_shared(void)
{
    noun product;
    uint64_t count = calls("[" AGAIN " " PAIRS " 40 41]", TWICE, &product);
    tap_ok(IS_COUNT(count, 4) && rig_is(&rig, product, "[[[[40 41] 40 41] 0] [[40 41] 40 41] 0]"),
           "two calls pull an arm of one core, which runs once: %" PRIu64 " calls", count);
#ifndef LOAM_HOSTILE
    tap_ok(product != NOUN_NONE && noun_head(noun_head(product)) == noun_head(noun_tail(product)),
           "and what it gave is one noun");
#endif
    count = calls("[" AGAIN " [" PAIRS " 40 41] " PAIRS " 40 41]", "[[2 [0 6] 0 2] 2 [0 7] 0 2]", &product);
    tap_ok(IS_COUNT(count, 5) && rig_is(&rig, product, "[[[[40 41] 40 41] 0] [[40 41] 40 41] 0]"),
           "an equal core that is another noun is asked itself: %" PRIu64 " calls", count);
    count = calls("[" AGAIN " [" PAIRS " 40 41] " PAIRS " 7]", "[[2 [0 6] 0 2] [2 [0 7] 0 2] 2 [0 6] 0 2]", &product);
    tap_ok(IS_COUNT(count, 7) && rig_is(&rig, product, "[[[[40 41] 40 41] 0] [[7 7] 0] [[40 41] 40 41] 0]"),
           "a site remembers one core, the last: %" PRIu64 " calls", count);
}

/* Hoon's (arm 7), where the arm does more than make a gate: it puts something before the
 * core. */
#define CALLS "[8 [9 4 0 1] 9 2 10 [6 1 7] 0 2]"
#define DOOR "[[8 [0 3] 8 [1 0] [1 [0 6] [0 14] 0 31] 0 1] 1 9]"

static void test_called(void)
{
    noun product;
    uint64_t count = calls("[[" CALLS " 0] " DOOR " 40]", "[[2 [0 3] 0 4] 2 [0 3] 0 4]", &product);
    tap_ok(IS_COUNT(count, 6) && rig_is(&rig, product, "[[7 40 40] 7 40 40]"),
           "an arm is pulled twice for a call, and runs once: %" PRIu64 " calls", count);
    count = calls("[[" CALLS " 0] [" DOOR " 40] " DOOR " 41]", "[[2 [0 6] 0 4] [2 [0 7] 0 4] 2 [0 6] 0 4]", &product);
    tap_ok(IS_COUNT(count, 10) && rig_is(&rig, product, "[[7 40 40] [7 41 41] 7 40 40]"),
           "and again for another core: %" PRIu64 " calls", count);
}

/* [arm again next]: asks `again` twice for the next one's product. */
#define ASKS "[6 [3 0 7] [[2 [0 7] 0 6] 2 [0 7] 0 6] 1 8] " AGAIN

/* The arm itself comes by the same site, with another core. */
static void test_nested(void)
{
    noun product;
    uint64_t count = calls("[" AGAIN " " ASKS " " ASKS " 0]", TWICE, &product);
    tap_ok(IS_COUNT(count, 11) && rig_is(&rig, product, "[[[[8 0] 8 0] 0] [[8 0] 8 0] 0]"),
           "a product is never kept with another's core: %" PRIu64 " calls", count);
}

static void test_heard(void)
{
    static const char *const arms[] = {
        "[11 [%slog 1 0 7] 1 5]",
        "[11 [%hela 1 0] 1 5]",
        "[11 %bout 1 5]",
        "[8 [1 11 [%slog 1 0 7] 1 5] [2 [0 1] 0 2] 1 0]",
    };
    for (size_t i = 0; i < COUNT_OF(arms); i++) {
        char subject[200];
        struct nock_result result;
        snprintf(subject, sizeof subject, "[" AGAIN " %s 40 41]", arms[i]);
        rig.slogs = tree_atom(rig.arena, 0);
        rig_run(&rig, subject, "[11 [%mean 1 1] " TWICE "]", &result);
        unsigned heard = 0;
        for (const struct tree *slog = rig.slogs; tree_is_cell(slog); slog = slog->tail)
            heard++;
        tap_ok(result.outcome == NOCK_DONE && heard == 2, "%s is heard %u times", arms[i], heard);
    }
}

#define ECHOES "[1 [[1 0] [1 0] 0 6] 0 0]"
#define BLOCKS "[1 [1 0] 0 0]"
#define MINK(formula, gate) "[9 2 [1 0 0 1] [[[0 1] " formula "] " gate "] " ROOT "]"

/* What an arm gives may hang on who answers. */
static void test_answers(void)
{
    static const struct {
        const char *arm, *product;
    } cases[] = {
        {"[12 [1 7] 1 8]", "[[0 [7 8] 0] [1 8] [0 [7 8] 0]]"},
        {"[11 [%memo 1 0] 12 [1 7] 1 8]", "[[0 [7 8] 0] [1 8] [0 [7 8] 0]]"},
        {"[1 5]", "[[0 5 0] [0 5 0] [0 5 0]]"},
        {"[6 [5 [1 0] 12 [1 7] 1 8] [1 1] 1 2]", "[[0 2 0] [1 8] [0 2 0]]"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char subject[200];
        snprintf(subject, sizeof subject, "[" AGAIN " %s 40 41]", cases[i].arm);
        rig_expect(
            &rig, subject,
            "[" MINK("1 2 [0 3] 0 2", ECHOES) " " MINK("1 2 [0 3] 0 2", BLOCKS) " " MINK("1 2 [0 3] 0 2", ECHOES) "]",
            cases[i].product);
    }
    /* In one context, first by the memo table and then by itself. */
    rig_expect(&rig, "[" AGAIN " [11 [%memo 1 0] 12 [1 7] 1 8] 40 41]",
               "[" MINK("1 [2 [0 3] 0 2] 2 [0 3] 0 2", ECHOES) " " MINK("1 [2 [0 3] 0 2] 2 [0 3] 0 2",
                                                                        "[1 [1 0 0 9] 0 0]") "]",
               "[[0 [[7 8] 0] [7 8] 0] [0 [9 0] 9 0]]");
}

/* A crash leaves a site asked, and not answered. */
static void test_crashed(void)
{
    rig_expect(&rig, "[" AGAIN " [6 [5 [0 6] 1 40] [0 0] 1 5] 40 41]",
               "[" MINK("1 2 [0 3] 0 2", BLOCKS) " [2 [[0 6] [1 39] 0 15] 0 2] " MINK("1 2 [0 3] 0 2", BLOCKS) "]",
               "[[2 0] [5 0] [2 0]]");
    rig_expect_crash(&rig, "[" AGAIN " [6 [5 [0 6] 1 40] [0 0] 1 5] 40 41]", TWICE, "0");
    rig_expect(&rig, "[" AGAIN " [6 [5 [0 6] 1 40] [1 6] 1 5] 40 41]", TWICE, "[[6 0] 6 0]");
}

int main(void)
{
    static const struct rig_options modes[] = {
        {.engine = NOCK_ENGINE_INTERPRETER},
        {.native_after = 1},
        {.young_budget_bytes = 512},
    };
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        rig_open(&rig, &modes[i]);
        rig_add_jets(&rig);
        if (modes[i].young_budget_bytes == 0) {
            test_shared();
            test_nested();
            test_called();
        }
        test_heard();
        test_answers();
        test_crashed();
        rig_close(&rig);
    }
    return tap_done();
}
