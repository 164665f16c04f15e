/* Building nouns: normal forms, lists, reservations. */
#include "support/random_noun.h"
#include "support/space.h"
#include "stack/stack.h"
#include "support/tap.h"

#include <stdlib.h>

static struct stack *stack;

static void test_direct_atoms(void)
{
    static const uint64_t direct[] = {0, 1, 255, (uint64_t)1 << 62, NOUN_DIRECT_MAX};
    uint64_t before = stack_used_bytes(stack);
    for (size_t i = 0; i < COUNT_OF(direct); i++) {
        uint64_t words[] = {direct[i], 0, 0};
        tap_ok(stack_atom_from_word(stack, direct[i]) == direct[i] &&
                   stack_atom_from_words(stack, words, 3) == direct[i] &&
                   stack_atom_from_bytes(stack, words, 24) == direct[i],
               "0x%" PRIx64 " is direct, whatever it is built from", direct[i]);
    }
    tap_ok(stack_atom_from_words(stack, direct, 0) == 0, "no words at all are 0");
    tap_ok(stack_used_bytes(stack) == before, "and direct atoms take no space");
}

static void test_indirect_atoms(void)
{
    uint64_t before = stack_used_bytes(stack);
    noun least = stack_atom_from_word(stack, NOUN_DIRECT_MAX + 1);
    tap_ok(noun_is_indirect(least) && noun_words(least)[1] == 1 && noun_words(least)[2] == NOUN_DIRECT_MAX + 1,
           "2^63 is indirect, of one word");
    tap_ok(stack_used_bytes(stack) == before + 24, "in three words of space");
    uint64_t words[] = {1, 2, 3, 0, 0};
    noun trimmed = stack_atom_from_words(stack, words, 5);
    tap_ok(noun_words(trimmed)[1] == 3 && noun_words(trimmed)[4] == 3, "leading zero words go");
    tap_ok(stack_used_bytes(stack) == before + 24 + 40, "and their space too");
    tap_ok((noun_words(trimmed)[0] & NOUN_META_ATOM) != 0, "the metadata says atom");
    noun bytes = stack_atom_from_bytes(stack, "\1\2\3\4\5\6\7\x08\x09", 9);
    tap_ok(noun_words(bytes)[1] == 2 && noun_words(bytes)[2] == 0x0807060504030201 && noun_words(bytes)[3] == 9,
           "bytes are little-endian");
    noun cord = stack_cord(stack, "hello world");
    tap_ok(noun_atom_equals_cord(cord, "hello world") && stack_cord(stack, "") == 0 &&
               stack_cord(stack, "poke") == noun_cord("poke"),
           "cords");
}

static void test_atom_in_steps(void)
{
    uint64_t before = stack_used_bytes(stack);
    uint64_t *words = stack_atom_begin(stack, 100);
    bool zero = true;
    for (unsigned i = 0; i < 100; i++)
        zero &= words[i] == 0;
    tap_ok(zero, "an atom being built starts as zeros");
    words[41] = 7;
    noun atom = stack_atom_finish(stack);
    tap_ok(noun_words(atom)[1] == 42 && stack_used_bytes(stack) == before + 8 * 44, "what was not used is given back");
    words = stack_atom_begin(stack, 100);
    words[0] = 5;
    tap_ok(stack_atom_finish(stack) == 5 && stack_used_bytes(stack) == before + 8 * 44, "all of it, if it is direct");
    words = stack_atom_begin(stack, 44);
    for (unsigned i = 0; i < 44; i++)
        zero &= words[i] == 0;
    tap_ok(zero, "reused space reads as zeros again");
    tap_ok(stack_atom_finish(stack) == 0, "an atom left at zero is 0");
}

static void test_lists(void)
{
    struct stack_list list = stack_list_begin();
    tap_ok(stack_list_end(&list, 7) == 7, "an empty list is its terminator");
    list = stack_list_begin();
    for (noun i = 0; i < 1000; i++)
        stack_list_add(stack, &list, i);
    noun whole = stack_list_end(&list, 0);
    noun rest = whole;
    for (noun i = 0; i < 1000 && noun_is_cell(rest) && noun_head(rest) == i; i++)
        rest = noun_tail(rest);
    tap_ok(noun_list_length(whole) == 1000 && rest == 0, "a list keeps the order of its items");
    noun triple = stack_triple(stack, 1, 2, 3);
    tap_ok(noun_head(triple) == 1 && noun_at(triple, 6) == 2 && noun_at(triple, 7) == 3, "a triple");
}

static void test_reserve(void)
{
    struct stack *small;
    stack_destroy(stack);
    CHECK(stack_create(&(struct stack_options){.limit_bytes = 1 << 20}, &small) == STATUS_OK);
    tap_ok(stack_reserve(small, 1 << 20) && !stack_reserve(small, (1 << 20) + 1), "the limit is what may be reserved");
    stack_cell(small, 1, 2);
    tap_ok(stack_reserve(small, (1 << 20) - 24) && !stack_reserve(small, 1 << 20), "less what is used");
    tap_ok(!stack_reserve(small, UINT64_MAX), "and no overflow");
    for (unsigned i = 0; i < 50000; i++)
        stack_cell(small, i, i);
    tap_ok(!stack_reserve(small, 0), "nothing fits once it is passed");
    stack_clear(small);
    tap_ok(stack_reserve(small, 1 << 20), "until it is cleared");
    stack_destroy(small);
}

int main(void)
{
    stack = space_stack();
    test_direct_atoms();
    test_indirect_atoms();
    test_atom_in_steps();
    test_lists();
    test_reserve();
    return tap_done();
}
