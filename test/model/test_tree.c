#include "model/random_tree.h"
#include "model/tree.h"
#include "support/space.h"
#include "support/tap.h"

#include <stdlib.h>

static struct tree_arena *arena;

static void test_text(void)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"0", "0"},
        {"[1 2 3]", "[1 2 3]"},
        {"[[1 2] [3 [4 5]]]", "[[1 2] 3 4 5]"},
        {"%foo", "7303014"},
        {"['foo' ~ & |]", "[7303014 0 0 1]"},
        {"1.000", "1000"},
        {"18446744073709551616", "0x10000000000000000"},
        {"0xfaceb00c15deadbeef123456", "0xfaceb00c15deadbeef123456"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = tree_text(tree_parse(arena, cases[i].in), 100);
        tap_ok(strcmp(text, cases[i].out) == 0, "%s reads as %s", cases[i].in, text);
        free(text);
    }
}

static void test_cue(void)
{
    static const struct {
        const char *bytes, *noun;
        size_t size_bytes;
    } cases[] = {
        {"\x02", "0", 1},
        {"\x0c", "1", 1},
        {"\x00\x03\x00\x00\x00\x00\x00\x00\x00\x80", "18446744073709551616", 10},
        {"\x71\xc8\xd0\x02", "[1 2 3 0]", 4},
        {"\xc5\xc8\x49", "[[1 2] 1 2]", 3},
        {"\x99\xa5\x02", "[0 0 [0 0] 0]", 3},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t steps = 1000;
        const struct tree *tree = tree_cue(arena, (const uint8_t *)cases[i].bytes, cases[i].size_bytes);
        tap_ok(tree != NULL && tree_equal(tree, tree_parse(arena, cases[i].noun), &steps), "cue of %s", cases[i].noun);
        tap_ok(tree_cue(arena, (const uint8_t *)cases[i].bytes, cases[i].size_bytes - 1) == NULL, "and not of a part");
    }
}

static void test_conversion(uint64_t seed)
{
    struct stack *stack = space_stack();
    unsigned wrong = 0, unshared_wrong = 0, damaged_alike = 0;
    for (unsigned i = 0; i < 2000; i++) {
        const struct tree *tree = random_tree(arena, &seed, 40);
        noun n = tree_to_noun(stack, tree);
        uint64_t steps = UINT64_MAX;
        wrong += !tree_matches(tree, n) || !tree_equal(tree, tree_from_noun(arena, n), &steps);
        noun unshared = tree_to_noun_unshared(stack, tree);
        unshared_wrong += !tree_matches(tree, unshared) || !noun_equal(n, unshared);
        const struct tree *damaged = random_damage(arena, &seed, tree);
        damaged_alike += tree_equal(tree, damaged, &steps) != noun_equal(n, tree_to_noun(stack, damaged));
    }
    tap_ok(wrong == 0, "2,000 trees come back from nouns as they were (%u did not)", wrong);
    tap_ok(unshared_wrong == 0, "and equal their unshared selves (%u did not)", unshared_wrong);
    tap_ok(damaged_alike == 0, "trees and nouns agree on what is equal (%u did not)", damaged_alike);
}

static void test_deep(void)
{
    struct stack *stack = space_stack();
    const struct tree *tree = tree_atom(arena, 0);
    for (unsigned i = 0; i < 300000; i++)
        tree = i % 2 == 0 ? tree_cell(arena, tree, tree_atom(arena, i)) : tree_cell(arena, tree_atom(arena, i), tree);
    noun n = tree_to_noun(stack, tree);
    uint64_t steps = UINT64_MAX;
    tap_ok(tree_matches(tree, n) && tree_equal(tree, tree_from_noun(arena, n), &steps), "300,000 deep, both ways");
    const struct tree *twins = tree_atom(arena, 1);
    for (unsigned i = 0; i < 200; i++)
        twins = tree_cell(arena, twins, twins);
    stack_clear(stack);
    n = tree_to_noun(stack, twins);
    tap_ok(stack_used_bytes(stack) == 200 * 24 && tree_matches(twins, n), "2^200 leaves stay 200 cells");
}

int main(void)
{
    arena = tree_arena_create();
    test_text();
    test_cue();
    test_conversion(tap_seed());
    test_deep();
    tree_arena_destroy(arena);
    return tap_done();
}
