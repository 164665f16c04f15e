/* Persistent nouns, laid out by hand in memory that is then made read-only: a
 * comparison that writes dies. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "os/os.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

#define PERSISTENT_BYTES ((uint64_t)64 << 20)

static struct stack *stack;
static uint64_t free_words;

static noun persistent_atom(noun atom)
{
    if (noun_is_direct(atom))
        return atom;
    uint64_t offset_words = free_words, *words = noun_words_at(offset_words);
    words[0] = noun_hash_atom(atom);
    memcpy(words + 1, noun_words(atom) + 1, (size_t)(1 + noun_words(atom)[1]) * 8);
    free_words += 2 + words[1];
    return offset_words | NOUN_TAG_ATOM;
}

static noun persistent_cell(noun head, noun tail)
{
    uint64_t offset_words = free_words, *words = noun_words_at(offset_words);
    words[0] = noun_hash_pair(noun_hash_persistent(head), noun_hash_persistent(tail));
    words[1] = head;
    words[2] = tail;
    free_words += 3;
    return offset_words | NOUN_TAG_CELL;
}

static noun persistent_copy(noun n)
{
    if (noun_is_atom(n))
        return persistent_atom(n);
    noun head = persistent_copy(noun_head(n));
    return persistent_cell(head, persistent_copy(noun_tail(n)));
}

static noun persistent_doubled(noun leaf, unsigned depth)
{
    noun n = persistent_atom(leaf);
    while (depth-- > 0)
        n = persistent_cell(n, n);
    return n;
}

static noun doubled(noun leaf, unsigned depth)
{
    noun n = leaf;
    while (depth-- > 0)
        n = stack_cell(stack, n, n);
    return n;
}

static void protect(bool is_read_only)
{
    int protection = is_read_only ? PROT_READ : PROT_READ | PROT_WRITE;
    CHECK(mprotect(space_open(), PERSISTENT_BYTES, protection) == 0);
}

static void store(void *word)
{
    *(volatile uint64_t *)word = 1;
}

static void test_random(void)
{
    uint64_t state = tap_seed();
    bool equal = true, hashes = true, mugs = true, orders = true;
    for (int i = 0; i < 500; i++) {
        noun ephemeral = random_noun(stack, &state, 1 + (unsigned)tap_below(&state, 50));
        protect(false);
        noun first = persistent_copy(ephemeral), second = persistent_copy(ephemeral);
        protect(true);
        equal = equal && noun_equal(first, second) && noun_equal(first, ephemeral) && noun_equal(ephemeral, second) &&
                noun_equal_pure(ephemeral, first);
        hashes = hashes && noun_hash_persistent(first) == noun_hash_persistent(second);
        mugs = mugs && noun_mug(first) == noun_mug(ephemeral) &&
               (uint32_t)(noun_hash_persistent(first) & NOUN_META_MUG_MASK) == noun_mug(first);
        orders = orders && noun_dor(first, ephemeral) && noun_gor(ephemeral, second) && noun_mor(first, second);
    }
    tap_ok(equal, "persistent copies equal each other and their original");
    tap_ok(hashes, "and have one hash");
    tap_ok(mugs, "whose low bits are the mug");
    tap_ok(orders, "orders read them, too");
}

static void test_unification(void)
{
    protect(false);
    noun older = persistent_cell(persistent_cell(1, 2), 3);
    protect(true);
    noun younger = stack_cell(stack, stack_cell(stack, 1, 2), 3);
    tap_ok(noun_equal(older, younger) && noun_head(younger) == noun_head(older),
           "an ephemeral noun comes to share a persistent one's parts");
    younger = stack_cell(stack, stack_cell(stack, 1, 2), 3);
    tap_ok(noun_equal(younger, older) && noun_head(younger) == noun_head(older), "on either side");
}

/* An ephemeral cell that points at the younger of two persistent copies. */
static void test_mixed(void)
{
    protect(false);
    noun first = persistent_cell(5, 6), second = persistent_cell(5, 6);
    noun high = persistent_cell(second, second), low = persistent_cell(first, first);
    protect(true);
    noun a = stack_cell(stack, second, second), b = stack_cell(stack, first, first);
    tap_ok(noun_equal(a, high) && noun_equal(b, high) && noun_equal(a, low) && noun_equal(a, b),
           "whatever mixture of old and new a noun is made of");
}

static void test_sharing(void)
{
    protect(false);
    noun first = persistent_doubled(7, 60), second = persistent_doubled(7, 60), other = persistent_doubled(8, 60);
    protect(true);
    uint64_t before_ns = os_clock_cpu_ns();
    bool is_right = noun_equal(first, second) && !noun_equal(first, other) && noun_equal_pure(second, first) &&
                    noun_equal(doubled(7, 60), second) && noun_equal_pure(first, doubled(7, 60)) &&
                    !noun_equal(doubled(8, 60), first);
    uint64_t taken_ms = (os_clock_cpu_ns() - before_ns) / 1000000;
    tap_ok(is_right && taken_ms < 500, "2^60 paths of persistent nouns in %" PRIu64 " ms", taken_ms);
}

/* Two nouns with the same mug still have different hashes. */
static void test_hash(void)
{
    uint64_t state = tap_seed();
    bool is_right = true;
    for (int i = 0; i < 20000; i++) {
        noun a = tap_random(&state) >> 1, b = tap_random(&state) >> 1;
        is_right = is_right && noun_hash_atom(a) != noun_hash_atom(b) && noun_hash_pair(a, b) != noun_hash_pair(b, a) &&
                   noun_hash_pair(a, b) != noun_hash_pair(a, b + 1) && noun_hash_atom(a) >> NOUN_META_HASH2_SHIFT != 0;
    }
    tap_ok(is_right, "different nouns have different hashes, and order counts");
    tap_ok((noun_hash_atom(0) & NOUN_META_MUG_MASK) == noun_mug(0) && noun_hash_atom(0) == noun_hash_persistent(0),
           "direct atoms have hashes, too");
}

int main(void)
{
    stack = space_stack();
    space_persistent(0, PERSISTENT_BYTES);
    free_words = 512;
    protect(true);
    tap_ok(tap_dies(store, space_open() + 4096), "here a store to a persistent noun dies");
    test_random();
    test_unification();
    test_mixed();
    test_sharing();
    test_hash();
    return tap_done();
}
