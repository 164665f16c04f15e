/* Large atoms: born where they stay, given back when nothing refers to them. */
#include "stack/stack.h"
#include "support/space.h"
#include "support/tap.h"

#include <stdlib.h>

#define SLOT_BYTES ((uint64_t)4 << 20)
#define SLOTS 64
#define WORDS (STACK_LARGE_MIN_BYTES / 8)

/* A provider whose room is a row of slots. */
static struct {
    bool is_taken[SLOTS];
    bool is_finished[SLOTS];
    uint64_t finished_bytes[SLOTS];
    unsigned taken, released;
    bool is_full;
} room;

static struct stack *stack;

static bool allocate(void *context, uint64_t size_bytes, uint64_t *offset_words)
{
    (void)context;
    if (room.is_full || size_bytes > SLOT_BYTES)
        return false;
    size_t slot = (size_t)rand() % SLOTS;
    while (room.is_taken[slot])
        slot = (slot + 1) % SLOTS;
    room.is_taken[slot] = true;
    room.is_finished[slot] = false;
    room.taken++;
    *offset_words = (NOUN_LARGE_START_BYTES + slot * SLOT_BYTES) / 8;
    memset(noun_words_at(*offset_words), 0, size_bytes);
    return true;
}

static size_t slot_of(uint64_t offset_words)
{
    uint64_t at = offset_words * 8 - NOUN_LARGE_START_BYTES;
    CHECK(at % SLOT_BYTES == 0 && at / SLOT_BYTES < SLOTS && room.is_taken[at / SLOT_BYTES]);
    return at / SLOT_BYTES;
}

static void finish(void *context, uint64_t offset_words, uint64_t size_bytes)
{
    (void)context;
    room.is_finished[slot_of(offset_words)] = true;
    room.finished_bytes[slot_of(offset_words)] = size_bytes;
}

static void release(void *context, uint64_t offset_words)
{
    (void)context;
    size_t slot = slot_of(offset_words);
    memset(noun_words_at(offset_words), 0xdb, SLOT_BYTES);
    room.is_taken[slot] = false;
    room.taken--;
    room.released++;
}

static noun large_atom(uint64_t value, size_t size_words)
{
    uint64_t *words = stack_atom_begin(stack, size_words);
    for (size_t i = 0; i < size_words; i++)
        words[i] = value + i + 1;
    return stack_atom_finish(stack);
}

static bool is_atom_of(noun n, uint64_t value)
{
    const uint64_t *words = noun_words(n);
    for (uint64_t i = 0; i < words[1]; i++)
        if (words[2 + i] != value + i + 1)
            return false;
    return true;
}

struct roots {
    noun strong[64];
    size_t count;
    noun weak;
    bool is_weak_kept;
};

static void visit(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct roots *roots = context;
    (void)reach;
    for (size_t i = 0; i < roots->count; i++)
        stack_visit(visitor, &roots->strong[i]);
}

static void visit_weak(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct roots *roots = context;
    (void)reach;
    roots->is_weak_kept = stack_visit_weak(visitor, &roots->weak);
}

static void collect(struct roots *roots, enum stack_reach reach)
{
    const struct stack_roots all = {.context = roots, .visit = visit, .visit_weak = visit_weak};
    if (reach == STACK_FULL)
        stack_collect_full(stack, &all);
    else
        stack_collect(stack, &all);
}

static void test_birth(void)
{
    noun small = large_atom(1, 100);
    tap_ok(!noun_is_large(small) && room.taken == 0, "a small atom is an ordinary one");
    noun large = large_atom(7, WORDS);
    tap_ok(noun_is_large(large) && room.taken == 1 && is_atom_of(large, 7), "a large one is at home at once");
    tap_ok(noun_words(large)[0] == noun_hash_atom(large) && noun_mug(large) == noun_mug_atom(large),
           "its metadata is complete");
    tap_ok(room.is_finished[slot_of(noun_offset_words(large))] &&
               room.finished_bytes[slot_of(noun_offset_words(large))] == (WORDS + 2) * 8,
           "and the provider knows that it is finished");
    tap_ok(stack_used_bytes(stack) >= (WORDS + 2) * 8, "it counts against the limit");
    uint64_t *words = stack_atom_begin(stack, 2 * WORDS);
    words[0] = 5;
    tap_ok(stack_atom_finish(stack) == 5 && room.taken == 1, "zeros that turn out to be a direct atom cost nothing");
    words = stack_atom_begin(stack, 2 * WORDS);
    words[10] = 5;
    noun shrunk = stack_atom_finish(stack);
    tap_ok(!noun_is_large(shrunk) && noun_words(shrunk)[1] == 11 && room.taken == 1, "nor those that become small");
    stack_clear(stack);
    tap_ok(room.taken == 0 && stack_used_bytes(stack) == 0, "a clear gives all back");
    stack_atom_begin(stack, WORDS);
    stack_clear(stack);
    tap_ok(room.taken == 0, "also one that is being filled");
    room.is_full = true;
    large = large_atom(9, WORDS);
    tap_ok(!noun_is_large(large) && is_atom_of(large, 9), "without room it is an ordinary atom");
    room.is_full = false;
    stack_clear(stack);
}

static void test_life(void)
{
    struct roots roots = {.count = 2, .weak = 0};
    noun large = large_atom(3, WORDS);
    roots.strong[0] = stack_cell(stack, 1, stack_cell(stack, large, large));
    roots.strong[1] = 0;
    uint64_t moved_bytes = stack->statistics.promoted_bytes + stack->statistics.moved_bytes;
    for (unsigned i = 0; i < 100; i++) {
        large_atom(i, WORDS); /* garbage */
        roots.strong[1] = stack_cell(stack, roots.strong[0], roots.strong[1]);
        collect(&roots, i % 10 == 9 ? STACK_FULL : STACK_YOUNG);
        if (room.taken != 1)
            break;
    }
    moved_bytes = stack->statistics.promoted_bytes + stack->statistics.moved_bytes - moved_bytes;
    tap_ok(room.taken == 1 && room.released >= 100, "garbage goes at the next collection");
    noun inner = noun_tail(roots.strong[0]);
    tap_ok(noun_head(inner) == large && noun_tail(inner) == large && is_atom_of(large, 3),
           "what is referred to stays, where it is, through 100 collections");
    tap_ok(moved_bytes < STACK_LARGE_MIN_BYTES * 4, "and is never copied (%llu bytes were, of cells)",
           (unsigned long long)moved_bytes);
    roots.strong[0] = roots.strong[1] = 0;
    roots.weak = large;
    collect(&roots, STACK_YOUNG);
    tap_ok(room.taken == 1 && roots.is_weak_kept, "a young collection does not touch what is older");
    collect(&roots, STACK_FULL);
    tap_ok(room.taken == 0 && !roots.is_weak_kept, "a full one gives it back, and a weak root learns it");
    roots.weak = 0;
    roots.strong[0] = large_atom(4, WORDS);
    collect(&roots, STACK_YOUNG);
    collect(&roots, STACK_FULL);
    tap_ok(room.taken == 1 && is_atom_of(roots.strong[0], 4), "a root may be large itself");
    stack_clear(stack);
}

/* What a noun of the random test reaches. */
static void count_reached(noun n, bool reached[SLOTS])
{
    while (noun_is_cell(n)) {
        count_reached(noun_head(n), reached); /* they are shallow */
        n = noun_tail(n);
    }
    if (noun_is_large(n))
        reached[slot_of(noun_offset_words(n))] = true;
}

static void test_random(void)
{
    struct roots roots = {.count = 64};
    bool is_exact = true, is_whole = true;
    srand((unsigned)tap_seed());
    for (unsigned step = 0; step < 20000 && is_exact; step++) {
        size_t at = (size_t)rand() % 64;
        switch (rand() % 8) {
        case 0:
            if (room.taken < SLOTS / 2)
                roots.strong[at] = large_atom((uint64_t)step << 20, WORDS + (size_t)rand() % 100);
            break;
        case 1:
            roots.strong[at] = 0;
            break;
        case 2:
            collect(&roots, STACK_YOUNG);
            break;
        case 3:
            if (rand() % 8 != 0)
                break;
            collect(&roots, STACK_FULL);
            bool reached[SLOTS] = {false};
            for (size_t i = 0; i < 64; i++)
                count_reached(roots.strong[i], reached);
            is_exact = memcmp(reached, room.is_taken, sizeof reached) == 0;
            break;
        default:
            if (rand() % 16 == 0)
                roots.strong[at] = 0;
            else if (rand() % 3 == 0)
                roots.strong[at] = stack_cell(stack, roots.strong[(size_t)rand() % 64], 0);
        }
        noun some = roots.strong[at];
        while (noun_is_cell(some))
            some = noun_head(some);
        if (noun_is_large(some) && !is_atom_of(some, noun_words(some)[2] - 1))
            is_whole = false;
    }
    tap_ok(is_exact, "after each full collection exactly those are taken that are reached");
    tap_ok(is_whole, "and none is touched while it is");
    stack_clear(stack);
    tap_ok(room.taken == 0, "none is left after a clear");
}

int main(void)
{
    stack = space_stack();
    space_persistent(NOUN_LARGE_START_BYTES, SLOTS * SLOT_BYTES);
    stack_set_large_provider(
        stack, &(struct stack_large_provider){.allocate = allocate, .finish = finish, .release = release});
    test_birth();
    test_life();
    test_random();
    stack_destroy(stack);
    return tap_done();
}
