#include "random_noun.h"

#include <stdlib.h>

#include "tap.h"

static const uint64_t edges[] = {
    0,
    1,
    2,
    3,
    7,
    8,
    127,
    128,
    255,
    256,
    0xffffffff,
    0x100000000,
    INT64_MAX - 1,
    INT64_MAX,
    0x8000000000000000u,
    UINT64_MAX,
};

static const char *const cords[] = {"a", "poke", "exit", "hello world", "a somewhat longer cord than one word"};

static noun many_words(struct stack *stack, uint64_t *state)
{
    uint64_t words[64] = {0};
    size_t count = 1 + (size_t)tap_below(state, tap_below(state, 8) == 0 ? COUNT_OF(words) : 4);
    bool is_sparse = tap_below(state, 4) == 0;
    for (size_t i = 0; i < count; i++)
        words[i] = is_sparse && tap_below(state, 3) != 0 ? 0 : tap_random(state);
    if (tap_below(state, 4) == 0)
        words[count - 1] = 1;
    return stack_atom_from_words(stack, words, count);
}

noun random_atom(struct stack *stack, uint64_t *state)
{
    switch (tap_below(state, 6)) {
    case 0:
    case 1:
        return tap_below(state, 16);
    case 2:
        return stack_atom_from_word(stack, edges[tap_below(state, COUNT_OF(edges))]);
    case 3:
        return stack_cord(stack, cords[tap_below(state, COUNT_OF(cords))]);
    case 4:
        return stack_atom_from_word(stack, tap_random(state) >> tap_below(state, 64));
    default:
        return many_words(stack, state);
    }
}

/* Where the next cell's parts come from: the pool's ends or its middle. */
enum shape { SHAPE_BUSH, SHAPE_LIST, SHAPE_LEFT, SHAPE_COUNT };

static size_t pick(uint64_t *state, enum shape shape, size_t count)
{
    bool is_regular = shape != SHAPE_BUSH && tap_below(state, 16) != 0;
    return is_regular ? count - 1 : (size_t)tap_below(state, count);
}

/* Makes a cell of pool[a] and another of the pool's `count` nouns and puts it
 * last; returns how many the pool now has.  Now and then the other one stays,
 * to be shared. */
static size_t combine(struct stack *stack, uint64_t *state, enum shape shape, noun *pool, size_t count, size_t a)
{
    noun newest = pool[a];
    pool[a] = pool[count - 1];
    size_t b = (size_t)tap_below(state, count - 1);
    noun other = pool[b];
    if (tap_below(state, 8) != 0) {
        pool[b] = pool[count - 2];
        count--;
    }
    bool newest_is_tail = shape == SHAPE_LIST || (shape == SHAPE_BUSH && tap_below(state, 2) == 0);
    pool[count - 1] = newest_is_tail ? stack_cell(stack, other, newest) : stack_cell(stack, newest, other);
    return count;
}

noun random_noun(struct stack *stack, uint64_t *state, unsigned size)
{
    if (size <= 1)
        return random_atom(stack, state);
    noun *pool = calloc(size, sizeof *pool);
    CHECK(pool != NULL);
    for (size_t i = 0; i < size; i++)
        pool[i] = random_atom(stack, state);
    enum shape shape = (enum shape)tap_below(state, SHAPE_COUNT);
    size_t count = size;
    while (count > 1)
        count = combine(stack, state, shape, pool, count, pick(state, shape, count));
    noun result = pool[0];
    free(pool);
    return result;
}
