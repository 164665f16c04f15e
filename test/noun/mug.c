#include "random_noun.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

static noun wide(uint64_t high, uint64_t low)
{
    uint64_t words[] = {low, high};
    return stack_atom_from_words(stack, words, 2);
}

static noun bits_96(void)
{
    return wide(0xfaceb00c, 0x15deadbeef123456);
}

static noun bits_128(void)
{
    return wide(0xdeadbeef12345678, 0xfedcba9876543210);
}

static noun cell(noun head, noun tail)
{
    return stack_cell(stack, head, tail);
}

static noun list_of(const char *const *cords, size_t count)
{
    noun list = 0;
    while (count-- > 0)
        list = cell(stack_cord(stack, cords[count]), list);
    return list;
}

/* [0x876543 2^63-1 96-bit 128-bit] */
static noun nested_end(void)
{
    return cell(0x876543, cell(INT64_MAX, cell(bits_96(), bits_128())));
}

static noun nested(void)
{
    noun inner = cell(0, nested_end());
    for (int i = 0; i < 2; i++)
        inner = cell(inner, cell(0, nested_end()));
    return inner;
}

static void expect(noun n, uint32_t mug, const char *what)
{
    tap_ok(noun_mug(n) == mug, "mug of %s is 0x%08" PRIx32, what, mug);
    tap_ok(noun_mug(n) == mug, "and the second time"); /* from the metadata */
}

/* ABI page 7.6. */
static void test_atom_vectors(void)
{
    expect(0, 0x79ff04e8, "0");
    expect(1, 0x715c2a60, "1");
    expect(2, 0x718b9468, "2");
    expect(127, 0x26e25831, "127");
    expect(128, 0x6569cd83, "128");
    expect(0x876543, 0x69d59d90, "0x876543");
    expect(INT64_MAX, 0x7a9f252e, "2^63-1");
    expect(stack_atom_from_word(stack, 1ull << 63), 0x135eb193, "2^63");
    expect(stack_atom_from_word(stack, UINT64_MAX), 0x695c8310, "2^64-1");
    expect(wide(1, 0), 0x26a7107f, "2^64");
    expect(bits_96(), 0x2aa4c8fb, "the 96-bit atom");
    expect(bits_128(), 0x44fb2c0c, "the 128-bit atom");
    expect(stack_cord(stack, "a"), 0x36b6f52a, "'a'");
    expect(stack_cord(stack, "foo"), 0x69acd61e, "%foo");
    expect(stack_cord(stack, "poke"), 0x48e04718, "%poke");
    expect(stack_cord(stack, "hello world"), 0x2e8616a0, "'hello world'");
}

static void test_cell_vectors(void)
{
    expect(cell(0, 0), 0x192f5588, "[0 0]");
    expect(cell(1, 1), 0x6b32ec46, "[1 1]");
    expect(cell(1, 2), 0x6a36c1d9, "[1 2]");
    expect(cell(1, cell(2, cell(3, 0))), 0x1a8cdadd, "[1 2 3 0]");
    expect(cell(cell(1, 2), cell(1, 2)), 0x396862ef, "[[1 2] 1 2]");
    expect(cell(bits_96(), bits_128()), 0x20fb143f, "[96-bit 128-bit]");
    expect(cell(bits_128(), bits_128()), 0x61c0ea5c, "[128-bit 128-bit]");
    expect(nested(), 0x7543cac7, "the nested noun");
    expect(cell(9, cell(2, cell(0, 1))), 0x6bfc006c, "[9 2 0 1]");
    expect(cell(0, cell(0, cell(cell(0, 0), 0))), 0x59ac3b15, "[0 0 [0 0] 0]");
    expect(cell(wide(1, 0), wide(1, 0)), 0x6ae6e7dd, "[2^64 2^64]");
}

static void test_word_vectors(void)
{
    expect(list_of((const char *[]){"exit"}, 1), 0x0e194a80, "[%exit 0]");
    expect(list_of((const char *[]){"state"}, 1), 0x008be472, "[%state 0]");
    expect(cell(noun_cord("poke"), cell(noun_cord("sys"), cell(1, 0))), 0x1b9df3f7, "[%poke %sys 1 0]");
    expect(cell(noun_cord("poke"), cell(stack_cord(stack, "one-punch"), cell(1, 0))), 0x0d42e5da,
           "[%poke %one-punch 1 0]");
    expect(cell(0, cell(noun_cord("arvo"), 0)), 0x760b5e3a, "[0 %arvo 0]");
    expect(list_of((const char *[]){"request", "block", "by-id"}, 3), 0x092e26e8, "[%request %block %by-id 0]");
    expect(cell(noun_cord("file"), cell(noun_cord("write"), cell(noun_cord("/tmp/x"), noun_cord("abc")))), 0x156ebe32,
           "[%file %write '/tmp/x' 'abc']");
}

/* The definition, over a byte string of its own making. */
static uint32_t mug_by_definition(noun n)
{
    if (noun_is_atom(n))
        return noun_mug_atom(n);
    uint64_t both = mug_by_definition(noun_head(n)) | (uint64_t)mug_by_definition(noun_tail(n)) << 32;
    (void)both;
    return noun_mug_pair((uint32_t)both, (uint32_t)(both >> 32));
}

static void test_random(void)
{
    uint64_t state = tap_seed();
    bool is_same = true, in_range = true;
    for (int i = 0; i < 500; i++) {
        noun n = random_noun(stack, &state, 1 + (unsigned)tap_below(&state, 100));
        uint32_t expected = mug_by_definition(n);
        is_same = is_same && noun_mug(n) == expected;
        in_range = in_range && expected != 0 && expected >> 31 == 0;
    }
    tap_ok(is_same, "the walk gives what the definition gives");
    tap_ok(in_range, "a mug has 31 bits and is not 0");
}

/* Mugs may be known of any part already, and an engine's bits may stand beside. */
static void test_metadata(void)
{
    noun inner = cell(1, 2), outer = cell(inner, cell(inner, bits_96()));
    noun_words(outer)[0] = (uint64_t)0x1234567 << NOUN_META_ENGINE_SHIFT;
    uint32_t inner_mug = noun_mug(inner), outer_mug = noun_mug(outer);
    tap_ok(inner_mug == 0x6a36c1d9 && (noun_words(outer)[0] & NOUN_META_MUG_MASK) == outer_mug, "a mug is cached");
    tap_ok(noun_words(outer)[0] >> NOUN_META_ENGINE_SHIFT == 0x1234567, "the engine's bits stay as they were");
    noun atom = bits_128();
    noun_mug(atom);
    tap_ok((noun_words(atom)[0] & NOUN_META_ATOM) != 0 && noun_words(atom)[0] >> 61 != 7,
           "an atom still says that it is one");
}

int main(void)
{
    stack = space_stack();
    test_atom_vectors();
    test_cell_vectors();
    test_word_vectors();
    test_random();
    test_metadata();
    return tap_done();
}
