#include "random_noun.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

static noun words(size_t count, uint64_t low, uint64_t high)
{
    uint64_t data[] = {low, high};
    return stack_atom_from_words(stack, data, count);
}

static void test_representation(void)
{
    noun largest_direct = stack_atom_from_word(stack, INT64_MAX);
    noun smallest_indirect = stack_atom_from_word(stack, (uint64_t)INT64_MAX + 1);
    noun cell = stack_cell(stack, 1, 2);
    tap_ok(noun_is_direct(largest_direct) && largest_direct == INT64_MAX, "2^63-1 is direct");
    tap_ok(noun_is_indirect(smallest_indirect) && !noun_is_direct(smallest_indirect), "2^63 is indirect");
    tap_ok(noun_is_atom(0) && noun_is_atom(largest_direct) && noun_is_atom(smallest_indirect) && !noun_is_atom(cell),
           "both are atoms, a cell is none");
    tap_ok(noun_is_cell(cell) && !noun_is_cell(0) && !noun_is_cell(smallest_indirect) && !noun_is_cell(INT64_MAX),
           "a cell is a cell, atoms are none");
    tap_ok(noun_head(cell) == 1 && noun_tail(cell) == 2, "a cell has a head and a tail");
    tap_ok(!noun_is_atom(NOUN_NONE) && !noun_is_cell(NOUN_NONE), "NONE is no noun");
    tap_ok(noun_is_persistent(7) && !noun_is_persistent(cell) && !noun_is_persistent(smallest_indirect),
           "direct atoms are persistent, what the stack made is not");
}

static void test_words(void)
{
    uint64_t direct;
    size_t count;
    noun_atom_words(0, &direct, &count);
    tap_ok(count == 0, "0 has no words");
    tap_ok(noun_atom_words(7, &direct, &count)[0] == 7 && count == 1, "7 has one");
    const uint64_t *data = noun_atom_words(words(2, 5, 1), &direct, &count);
    tap_ok(count == 2 && data[0] == 5 && data[1] == 1, "2^64+5 has two, the low one first");
    noun_atom_words(words(2, UINT64_MAX, 0), &direct, &count);
    tap_ok(count == 1, "leading zero words are not kept");
}

static void test_lengths(void)
{
    static const struct {
        uint64_t low, high;
        size_t bits;
    } cases[] = {
        {0, 0, 0},           {1, 0, 1},  {255, 0, 8},   {256, 0, 9},    {INT64_MAX, 0, 63},
        {1ull << 63, 0, 64}, {0, 1, 65}, {0, 0x80, 72}, {0, 0x100, 73}, {0, UINT64_MAX, 128},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        noun atom = words(2, cases[i].low, cases[i].high);
        tap_ok(noun_atom_length_bits(atom) == cases[i].bits && noun_atom_length_bytes(atom) == (cases[i].bits + 7) / 8,
               "an atom of %zu bits", cases[i].bits);
    }
}

static void test_bytes(void)
{
    uint64_t direct;
    size_t size_bytes;
    const char *text = "seventeen letters";
    const uint8_t *bytes = noun_atom_bytes(stack_cord(stack, text), &direct, &size_bytes);
    tap_ok(size_bytes == 17 && memcmp(bytes, text, 17) == 0, "bytes of a cord are its text");
    noun_atom_bytes(0, &direct, &size_bytes);
    tap_ok(size_bytes == 0, "0 has no bytes");
}

/* Every pair of these, which stand in their order. */
static void test_compare(void)
{
    const noun ascending[] = {0,
                              1,
                              2,
                              INT64_MAX,
                              words(1, 1ull << 63, 0),
                              words(1, UINT64_MAX, 0),
                              words(2, 0, 1),
                              words(2, 1, 1),
                              words(2, 0, 2),
                              words(2, UINT64_MAX, UINT64_MAX)};
    bool is_right = true;
    for (int a = 0; a < (int)COUNT_OF(ascending); a++)
        for (int b = 0; b < (int)COUNT_OF(ascending); b++)
            is_right = is_right && noun_atom_compare(ascending[a], ascending[b]) == (a > b) - (a < b);
    tap_ok(is_right, "atoms compare as numbers");
    tap_ok(noun_atom_compare(words(2, 3, 4), words(2, 3, 4)) == 0, "two copies of an atom are the same number");
}

static void test_cords(void)
{
    tap_ok(noun_cord("") == 0 && noun_cord("a") == 'a' && noun_cord("poke") == 0x656b6f70,
           "a cord's first byte is low");
    tap_ok(noun_cord("abcdefg") == stack_cord(stack, "abcdefg"), "the stack makes the same cords");
    noun longer = stack_cord(stack, "hello world");
    tap_ok(noun_atom_equals_cord(longer, "hello world"), "a long cord equals its text");
    tap_ok(!noun_atom_equals_cord(longer, "hello worl") && !noun_atom_equals_cord(longer, "hello worlds") &&
               !noun_atom_equals_cord(longer, "hello worlD"),
           "and no other");
    tap_ok(noun_atom_equals_cord(0, "") && !noun_atom_equals_cord(0, "a"), "0 is the empty cord");
    tap_ok(!noun_atom_equals_cord(stack_cell(stack, 0, 0), ""), "a cell is no cord");
}

static void test_random_bytes(void)
{
    uint64_t state = tap_seed();
    bool is_right = true;
    for (int i = 0; i < 2000; i++) {
        uint8_t bytes[80] = {0};
        size_t size_bytes = (size_t)tap_below(&state, sizeof bytes);
        for (size_t j = 0; j < size_bytes; j++)
            bytes[j] = (uint8_t)(tap_below(&state, 3) == 0 ? 0 : tap_random(&state));
        noun atom = stack_atom_from_bytes(stack, bytes, size_bytes);
        while (size_bytes > 0 && bytes[size_bytes - 1] == 0)
            size_bytes--;
        uint64_t direct;
        size_t back_bytes;
        const uint8_t *back = noun_atom_bytes(atom, &direct, &back_bytes);
        is_right = is_right && back_bytes == size_bytes && memcmp(back, bytes, size_bytes) == 0;
    }
    tap_ok(is_right, "bytes go into an atom and come back");
}

int main(void)
{
    stack = space_stack();
    test_representation();
    test_words();
    test_lengths();
    test_bytes();
    test_compare();
    test_cords();
    test_random_bytes();
    return tap_done();
}
