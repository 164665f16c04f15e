/* Formulas within formulas: past the depth at which the compiler calls what
 * lies deeper, past the size at which it ends a function, and far beyond. */
#include "model/random_tree.h"
#include "rig.h"
#include "support/tap.h"

#include <sys/resource.h>

/* Beyond some 58,000 levels of the same thing mugs repeat, as 31-bit numbers
 * must, and comparing formulas with equal mugs takes its time. */
#define FAR 30000

static struct rig rig;

static const struct {
    const char *wrapper; /* around what is at %hole */
    const char *base, *subject;
} nestings[] = {
    {"[4 %hole]", "[0 1]", "0"},
    {"[3 %hole]", "[0 1]", "[0 0]"},
    {"[5 %hole 1 0]", "[0 1]", "0"},
    {"[5 [1 0] %hole]", "[0 1]", "0"},
    {"[7 [4 0 1] %hole]", "[0 1]", "0"},
    {"[7 %hole 4 0 1]", "[0 1]", "0"},
    {"[8 [4 0 2] %hole]", "[0 2]", "[0 0]"},
    {"[8 %hole 4 0 2]", "[0 2]", "[0 0]"},
    {"[6 [1 0] %hole 0 0]", "[0 1]", "7"},
    {"[6 [3 0 1] [0 0] %hole]", "[0 1]", "7"},
    {"[6 %hole [1 1] 1 0]", "[0 1]", "0"},
    {"[6 [5 [0 1] 1 7] %hole %hole]", "[0 1]", "7"},
    {"[2 %hole 1 4 0 1]", "[0 1]", "0"},
    {"[2 [4 0 1] 1 %hole]", "[0 1]", "0"},
    {"[2 [0 1] %hole]", "[1 0 1]", "[1 0 1]"},
    {"[9 2 [1 %hole] 0 1]", "[1 7]", "0"},
    {"[9 2 [1 4 0 3] %hole]", "[0 1]", "0"},
    {"[10 [1 %hole] 0 1]", "[0 1]", "0"},
    {"[10 [2 4 0 2] %hole]", "[0 1]", "[0 0]"},
    {"[10 [2 %hole] 0 1]", "[0 1]", "[0 0]"},
    {"[11 %toss %hole]", "[0 1]", "0"},
    {"[11 [%toss %hole] 0 1]", "[0 1]", "0"},
    {"[11 [%mean 1 5] %hole]", "[0 0]", "0"},
    {"[11 [%spot 0 1] 7 [4 0 1] %hole]", "[0 0]", "0"},
    {"[11 [%mean 1 5] 4 %hole]", "[0 0]", "0"},
    {"[11 [%mean 0 1] 11 [%slog [1 0] 0 1] %hole]", "[0 0]", "[3 4]"},
    {"[11 [%memo 1 0] 4 %hole]", "[0 1]", "0"},
    {"[11 [%fast 1 0] %hole]", "[0 1]", "0"},
    {"[11 [%slog [1 0] %hole] 0 1]", "[0 1]", "0"},
    {"[[4 0 1] %hole]", "[1 0]", "0"},
    {"[%hole 4 0 1]", "[1 0]", "0"},
    {"[8 [[1 %hole] 0 1] 9 2 0 2]", "[1 7]", "0"},
    {"[8 [9 4 0 1] 9 2 10 [6 7 [0 3] %hole] 0 2]", "[1 7]", "[[[8 [1 0] [1 4 0 6] 0 1] 0] 5]"},
};

static const struct tree *substitute(struct tree_arena *arena, const struct tree *tree, const struct tree *hole,
                                     const struct tree *part)
{
    uint64_t steps = UINT64_MAX;
    if (!tree_is_cell(tree))
        return tree_equal(tree, hole, &steps) ? part : tree;
    const struct tree *head = substitute(arena, tree->head, hole, part);
    return tree_cell(arena, head, substitute(arena, tree->tail, hole, part));
}

static const struct tree *nest(struct tree_arena *arena, size_t index, unsigned depth)
{
    const struct tree *wrapper = tree_parse(arena, nestings[index].wrapper);
    const struct tree *hole = tree_cord(arena, "hole"), *formula = tree_parse(arena, nestings[index].base);
    for (unsigned i = 0; i < depth; i++)
        formula = substitute(arena, wrapper, hole, formula);
    return formula;
}

static void run(struct tree_arena *arena, size_t index, const struct tree *formula, struct nock_result *result)
{
    rig.slogs = tree_atom(rig.arena, 0);
    noun subject = tree_to_noun(rig.stack, tree_parse(arena, nestings[index].subject));
    nock_run(rig.machine, subject, tree_to_noun(rig.stack, formula), result);
}

static bool agrees(const struct reducer_result *expected, const struct nock_result *result)
{
    uint64_t steps = UINT64_MAX;
    enum nock_outcome outcome = expected->outcome == REDUCER_DONE ? NOCK_DONE : NOCK_CRASHED;
    return result->outcome == outcome && tree_matches(expected->product, result->product) &&
           tree_equal(expected->slogs, rig.slogs, &steps);
}

/* Around the compiler's limits, beside the oracle. */
static void test_depths(size_t index)
{
    static const unsigned depths[] = {1, 100, 254, 255, 256, 257, 300, 511, 513, 1000};
    const struct reducer_options options = {.steps_max = 100000000, .depth_max = 5000};
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT_OF(depths); i++) {
        struct tree_arena *arena = tree_arena_create();
        const struct tree *formula = nest(arena, index, depths[i]);
        const struct tree *subject = tree_parse(arena, nestings[index].subject);
        struct reducer_result expected = reducer_run(arena, &options, subject, formula);
        struct nock_result result;
        run(arena, index, formula, &result);
        wrong += expected.outcome == REDUCER_GAVE_UP || !agrees(&expected, &result);
        rig_clear(&rig);
        tree_arena_destroy(arena);
    }
    tap_ok(wrong == 0, "%s nested up to 1,000 times (%u wrong)", nestings[index].wrapper, wrong);
}

/* Where no recursion in C could follow. */
static void test_far(size_t index)
{
    if (strcmp(nestings[index].wrapper, "[6 [5 [0 1] 1 7] %hole %hole]") == 0)
        return; /* two ways to each part: the compiler goes both, though no further than its limits */
    struct tree_arena *arena = tree_arena_create();
    const struct tree *formula = nest(arena, index, FAR);
    struct nock_result shallow, deep;
    run(arena, index, nest(arena, index, 2), &shallow);
    enum nock_outcome expected = shallow.outcome;
    run(arena, index, formula, &deep);
    tap_ok(deep.outcome == expected, "%s nested 30,000 times", nestings[index].wrapper);
    rig_clear(&rig);
    tree_arena_destroy(arena);
}

/* One formula that makes far more instructions than one function may have. */
static void test_wide(void)
{
    struct tree_arena *arena = tree_arena_create();
    const struct tree *formula = tree_parse(arena, "[0 0]");
    for (unsigned i = 0; i < 14; i++)
        formula = tree_cell(arena, tree_cell(arena, formula, tree_parse(arena, "[4 0 1]")), formula);
    struct nock_result result;
    nock_run(rig.machine, 5, tree_to_noun(rig.stack, formula), &result);
    tap_ok(result.outcome == NOCK_CRASHED, "a formula of 2^14 crashing leaves crashes");
    formula = tree_parse(arena, "[4 0 1]");
    for (unsigned i = 0; i < 14; i++)
        formula = tree_cell(arena, random_copy(arena, formula), formula);
    nock_run(rig.machine, 5, tree_to_noun(rig.stack, formula), &result);
    const struct reducer_options options = {.steps_max = 1000000, .depth_max = 1000};
    struct reducer_result expected = reducer_run(arena, &options, tree_atom(arena, 5), formula);
    tap_ok(expected.outcome == REDUCER_DONE && agrees(&expected, &result), "and one of 2^14 increments gives as many");
    rig_clear(&rig);
    tree_arena_destroy(arena);
}

/* A large function with jumps, and with instructions that leave machine code
 * on one of the subjects. */
static void test_wide_jumps(void)
{
    static const char *const subjects[] = {"7", "9223372036854775807", "[1 2]"};
    for (size_t i = 0; i < COUNT_OF(subjects); i++) {
        struct tree_arena *arena = tree_arena_create();
        const struct tree *formula = tree_parse(arena, "[6 [3 0 1] [0 2] 6 [5 [0 1] 1 7] [1 8] 4 0 1]");
        for (unsigned level = 0; level < 11; level++)
            formula = tree_cell(arena, random_copy(arena, formula), formula);
        struct nock_result result;
        const struct tree *subject = tree_parse(arena, subjects[i]);
        noun compiled = tree_to_noun(rig.stack, formula);
        const struct reducer_options options = {.steps_max = 1000000, .depth_max = 1000};
        struct reducer_result expected = reducer_run(arena, &options, subject, formula);
        nock_run(rig.machine, tree_to_noun(rig.stack, subject), compiled, &result);
        tap_ok(expected.outcome == REDUCER_DONE && agrees(&expected, &result), "2^11 choices on %s", subjects[i]);
        rig_clear(&rig);
        tree_arena_destroy(arena);
    }
}

/* Calls with constants in each place: no instruction is needed for those. */
static const struct tree *calls_with_constants(struct tree_arena *arena, unsigned levels, uint64_t *next)
{
    if (levels > 0) {
        const struct tree *head = calls_with_constants(arena, levels - 1, next);
        return tree_cell(arena, head, calls_with_constants(arena, levels - 1, next));
    }
    const struct tree *subject = tree_parse(arena, "[1 0]");
    for (unsigned i = 0; i < 7; i++)
        subject = tree_cell(arena, tree_cell(arena, tree_atom(arena, 1), tree_atom(arena, ++*next)), subject);
    return tree_cell(arena, tree_atom(arena, 2), tree_cell(arena, subject, tree_parse(arena, "[0 1]")));
}

/* A test of tests of tests, of which each leaf compares with a constant of its own. */
static const struct tree *tests(struct tree_arena *arena, unsigned levels, uint64_t *next)
{
    if (levels == 0) {
        const struct tree *constant = tree_cell(arena, tree_atom(arena, 1), tree_atom(arena, ++*next));
        return tree_cell(arena, tree_atom(arena, 5), tree_cell(arena, tree_parse(arena, "[0 1]"), constant));
    }
    const struct tree *test = tests(arena, levels - 1, next), *yes = tests(arena, levels - 1, next);
    const struct tree *branches = tree_cell(arena, yes, tests(arena, levels - 1, next));
    return tree_cell(arena, tree_atom(arena, 6), tree_cell(arena, test, branches));
}

static void test_constants(const struct tree *(*make)(struct tree_arena *, unsigned, uint64_t *), unsigned levels)
{
    struct tree_arena *arena = tree_arena_create();
    uint64_t next = 0;
    const struct tree *formula = make(arena, levels, &next), *subject = tree_parse(arena, "[0 1]");
    const struct reducer_options options = {.steps_max = 1000000, .depth_max = 1000};
    struct reducer_result expected = reducer_run(arena, &options, subject, formula);
    struct nock_result result;
    nock_run(rig.machine, tree_to_noun(rig.stack, subject), tree_to_noun(rig.stack, formula), &result);
    tap_ok(expected.outcome == REDUCER_DONE && agrees(&expected, &result), "a formula with %" PRIu64 " constants",
           next);
    rig_clear(&rig);
    tree_arena_destroy(arena);
}

/* A choice among many large branches, each of which knows the number that chose it: as
 * a whole, in a pair, with something pushed, and under a hint. */
static const struct tree *choice(struct tree_arena *arena, unsigned count)
{
    static const char *const branches[] = {
        "[%sum %sum]",
        "[8 [0 2] [0 2] %sum]",
        "[11 [%mean 0 2] %sum 0 0]",
        "[11 [%mean 1 7] 9 2 10 [6 %sum] 0 3]",
        "[7 [[0 2] %sum [0 3]] 6 [5 [0 2] 1 9] %sum [0 2] %sum]",
    };
    const struct tree *sum = tree_parse(arena, "[4 0 2]"), *chosen = tree_parse(arena, "[0 0]");
    const struct tree *hole = tree_cord(arena, "sum");
    for (unsigned i = 0; i < 12; i++)
        sum = tree_cell(arena, sum, tree_parse(arena, "[4 0 2]"));
    for (unsigned i = count; i-- > 0;) {
        const struct tree *branch = tree_parse(arena, branches[i % COUNT_OF(branches)]);
        const struct tree *number = tree_cell(arena, tree_atom(arena, 1), tree_atom(arena, i));
        const struct tree *test = tree_cell(arena, tree_parse(arena, "[0 2]"), number);
        branch = substitute(arena, branch, hole, sum);
        chosen = tree_cell(arena, tree_cell(arena, tree_atom(arena, 5), test), tree_cell(arena, branch, chosen));
        chosen = tree_cell(arena, tree_atom(arena, 6), chosen);
    }
    return chosen;
}

static void test_choices(const char *around)
{
    struct tree_arena *arena = tree_arena_create();
    const struct tree *hole = tree_cord(arena, "hole");
    const struct tree *formula = substitute(arena, tree_parse(arena, around), hole, choice(arena, 60));
    const struct reducer_options options = {.steps_max = 1000000, .depth_max = 1000};
    unsigned wrong = 0, done = 0;
    for (unsigned i = 0; i <= 60; i++) {
        const struct tree *subject = tree_cell(arena, tree_atom(arena, i), tree_parse(arena, "[[[0 6] 0] 5]"));
        struct reducer_result expected = reducer_run(arena, &options, subject, formula);
        struct nock_result result;
        rig.slogs = tree_atom(rig.arena, 0);
        nock_run(rig.machine, tree_to_noun(rig.stack, subject), tree_to_noun(rig.stack, formula), &result);
        wrong += !agrees(&expected, &result);
        done += result.outcome == NOCK_DONE;
    }
    tap_ok(wrong == 0 && done > 0, "a choice among 60 large branches in %s (%u wrong, %u done)", around, wrong, done);
    rig_clear(&rig);
    tree_arena_destroy(arena);
}

int main(void)
{
    static const char *const arounds[] = {"%hole", "[%hole 0 1]", "[8 [4 0 2] 7 [[0 6] 0 2] %hole]",
                                          "[11 [%mean 0 1] %hole]"};
    rig_open(&rig, &(struct rig_options){.native_after = 1});
    test_wide();
    test_wide_jumps();
    test_constants(calls_with_constants, 13);
    test_constants(tests, 10);
    for (size_t i = 0; i < COUNT_OF(arounds); i++)
        test_choices(arounds[i]);
    tap_note("%" PRIu64 " bytes of machine code", nock_statistics(rig.machine)->native_bytes);
    rig_close(&rig);
    rig_open(&rig, &(struct rig_options){0});
    for (size_t i = 0; i < COUNT_OF(nestings); i++)
        test_depths(i);
    test_wide();
    test_constants(calls_with_constants, 13);
    test_constants(tests, 10);
    for (size_t i = 0; i < COUNT_OF(arounds); i++)
        test_choices(arounds[i]);
    setrlimit(RLIMIT_STACK, &(struct rlimit){512 << 10, 512 << 10});
    for (size_t i = 0; i < COUNT_OF(nestings); i++)
        test_far(i);
    rig_close(&rig);
    return tap_done();
}
