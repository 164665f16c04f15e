/* The generator is worth what its formulas do: most of them must finish, some
 * must crash with a trace, and every opcode must be reached. */
#include "model/random_formula.h"
#include "support/tap.h"

#include <stdlib.h>

#define ROUNDS 3000

static struct tree_arena *arena;

static void test_outcomes(uint64_t seed)
{
    struct reducer_options options = {.steps_max = 20000, .depth_max = 1500};
    options.mink_battery = tree_parse(arena, "[0 0 0]");
    options.mink_root = tree_parse(arena, "%root");
    options.library = tree_parse(arena, "[[[8 [1 0] [1 4 0 6] 0 1] 8 [1 0 0] [1 [0 13] 0 12] 0 1] 0]");
    unsigned count[REDUCER_GAVE_UP + 1] = {0}, traces = 0, slogs = 0;
    uint64_t steps = 0;
    struct tree_arena *scratch = tree_arena_create();
    for (unsigned i = 0; i < ROUNDS; i++) {
        tree_arena_reset(scratch);
        struct random_formula made = random_formula(scratch, &seed, &options, 60);
        struct reducer_result result = reducer_run(scratch, &options, made.subject, made.formula);
        count[result.outcome]++;
        traces += result.outcome == REDUCER_CRASHED && tree_is_cell(result.product);
        slogs += tree_is_cell(result.slogs);
        steps += result.steps;
    }
    tree_arena_destroy(scratch);
    tap_note("%u done, %u crashed (%u with a trace), %u gave up, %u slogged, %.1f steps each", count[REDUCER_DONE],
             count[REDUCER_CRASHED], traces, count[REDUCER_GAVE_UP], slogs, (double)steps / ROUNDS);
    tap_ok(count[REDUCER_DONE] > ROUNDS / 2, "more than half finish");
    tap_ok(count[REDUCER_CRASHED] > ROUNDS / 50 && traces > ROUNDS / 200, "some crash, some of those with a trace");
    tap_ok(count[REDUCER_GAVE_UP] < ROUNDS / 20, "few are too much for the oracle");
    tap_ok(slogs > ROUNDS / 50, "some slog");
}

static void test_seed(uint64_t seed)
{
    const struct reducer_options options = {.steps_max = 20000, .depth_max = 1500};
    uint64_t first = seed, second = seed, steps = UINT64_MAX;
    struct random_formula a = random_formula(arena, &first, &options, 60);
    struct random_formula b = random_formula(arena, &second, &options, 60);
    tap_ok(tree_equal(a.formula, b.formula, &steps) && tree_equal(a.subject, b.subject, &steps),
           "one seed makes one formula");
}

int main(void)
{
    arena = tree_arena_create();
    uint64_t seed = tap_seed();
    test_outcomes(seed);
    test_seed(seed);
    tree_arena_destroy(arena);
    return tap_done();
}
