#include "random_noun.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

/* [[4 5] 6 14 15]: each leaf is its own axis. */
static noun numbered(void)
{
    return stack_cell(stack, stack_cell(stack, 4, 5), stack_triple(stack, 6, 14, 15));
}

static void test_leaves(void)
{
    noun tree = numbered();
    const uint64_t leaves[] = {4, 5, 6, 14, 15};
    for (size_t i = 0; i < COUNT_OF(leaves); i++)
        tap_ok(noun_at(tree, leaves[i]) == leaves[i], "the leaf at %" PRIu64, leaves[i]);
    tap_ok(noun_at(tree, 1) == tree, "a noun is at 1 of itself");
    tap_ok(noun_at(tree, 2) == noun_head(tree) && noun_at(tree, 3) == noun_tail(tree), "2 is the head, 3 the tail");
    tap_ok(noun_at(tree, 7) == noun_tail(noun_tail(tree)), "7 is the tail's tail");
}

static void test_nowhere(void)
{
    noun tree = numbered();
    tap_ok(noun_at(tree, 0) == NOUN_NONE, "0 is no axis");
    tap_ok(noun_at(tree, 8) == NOUN_NONE && noun_at(tree, 13) == NOUN_NONE && noun_at(tree, 31) == NOUN_NONE &&
               noun_at(tree, UINT64_MAX) == NOUN_NONE,
           "below a leaf is nothing");
    noun indirect = stack_atom_from_word(stack, UINT64_MAX);
    tap_ok(noun_at(indirect, 1) == indirect && noun_at(indirect, 2) == NOUN_NONE, "nor below an indirect one");
    tap_ok(noun_at_atom(tree, 0) == NOUN_NONE && noun_at_atom(tree, tree) == NOUN_NONE, "a cell is no axis either");
}

/* A list of 200: its k-th tail is at 2^(k+1) - 1, its k-th item at twice 2^(k+1) - 1. */
static void test_long_axes(void)
{
    noun list = 0;
    for (uint64_t i = 200; i-- > 0;)
        list = stack_cell(stack, 1000 + i, list);
    bool tails = true, items = true, beyond = true;
    noun rest = list;
    for (size_t k = 0; k < 200; k++, rest = noun_tail(rest)) {
        uint64_t ones[4] = {0}, item[4] = {0};
        for (size_t bit = 0; bit <= k; bit++) {
            ones[bit / 64] |= (uint64_t)1 << bit % 64;
            item[(bit + 1) / 64] |= (uint64_t)1 << (bit + 1) % 64;
        }
        tails = tails && noun_at_atom(list, stack_atom_from_words(stack, ones, 4)) == rest;
        items = items && noun_at_atom(list, stack_atom_from_words(stack, item, 4)) == 1000 + k;
        item[0] |= 1;
        item[(k + 2) / 64] |= (uint64_t)1 << (k + 2) % 64; /* the item's tail's tail */
        beyond = beyond && (noun_at_atom(list, stack_atom_from_words(stack, item, 4)) != 1000 + k);
    }
    tap_ok(tails, "axes of up to 200 bits find the tails of a list");
    tap_ok(items, "and its items");
    tap_ok(beyond, "and not something near them");
    uint64_t far[5] = {0, 0, 0, 0, 1};
    tap_ok(noun_at_atom(list, stack_atom_from_words(stack, far, 5)) == NOUN_NONE, "a longer one leaves the tree");
}

/* Against a walk that is written the other way round, from the leaf up. */
static noun at_by_definition(noun n, uint64_t axis)
{
    if (axis == 1)
        return n;
    noun above = axis == 0 ? NOUN_NONE : at_by_definition(n, axis / 2);
    if (above == NOUN_NONE || !noun_is_cell(above))
        return NOUN_NONE;
    return axis % 2 == 0 ? noun_head(above) : noun_tail(above);
}

static void test_random(void)
{
    uint64_t state = tap_seed();
    bool is_same = true;
    for (int i = 0; i < 300; i++) {
        noun tree = random_noun(stack, &state, 60);
        for (uint64_t axis = 0; axis < 300; axis++)
            is_same = is_same && noun_at(tree, axis) == at_by_definition(tree, axis) &&
                      noun_at_atom(tree, axis) == at_by_definition(tree, axis);
    }
    tap_ok(is_same, "random trees have at each axis what the definition says");
}

static void test_lists(void)
{
    noun list = stack_cell(stack, 1, stack_cell(stack, 2, stack_cell(stack, 3, 0)));
    tap_ok(noun_list_length(0) == 0 && noun_list_length(list) == 3, "lists have lengths");
    tap_ok(noun_list_length(1) == -1 && noun_list_length(stack_cell(stack, 0, 7)) == -1,
           "what does not end in null is no list");
    noun indirect = stack_atom_from_word(stack, UINT64_MAX);
    tap_ok(noun_list_length(stack_cell(stack, 0, indirect)) == -1, "whatever else it ends in");
}

int main(void)
{
    stack = space_stack();
    test_leaves();
    test_nowhere();
    test_long_axes();
    test_random();
    test_lists();
    return tap_done();
}
