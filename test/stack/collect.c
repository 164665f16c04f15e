/* Collections: what roots reach stays, as it was, shared as it was. */
#include "model/tree.h"
#include "support/space.h"
#include "stack/stack.h"
#include "support/random_noun.h"
#include "support/tap.h"

#include <stdlib.h>

static struct stack *stack;

/* Slots to be presented, strong and weak ones. */
struct slots {
    noun strong[64];
    size_t strong_count;
    noun weak[64];
    bool weak_kept[64];
    size_t weak_count;
    unsigned young_visits, full_visits;
};

static void visit(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct slots *slots = context;
    ++*(reach == STACK_YOUNG ? &slots->young_visits : &slots->full_visits);
    for (size_t i = 0; i < slots->strong_count; i++)
        stack_visit(visitor, &slots->strong[i]);
}

static void visit_weak(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct slots *slots = context;
    (void)reach;
    for (size_t i = 0; i < slots->weak_count; i++)
        slots->weak_kept[i] = slots->weak_kept[i] && stack_visit_weak(visitor, &slots->weak[i]);
}

static void collect(struct slots *slots, enum stack_reach reach)
{
    const struct stack_roots roots = {slots, visit, slots->weak_count > 0 ? visit_weak : NULL};
    if (reach == STACK_YOUNG)
        stack_collect(stack, &roots);
    else
        stack_collect_full(stack, &roots);
}

static int compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Bytes of the distinct objects that the slots reach: adds objects level by
 * level to a sorted set, so that it is small nouns only. */
static uint64_t distinct_bytes(const struct slots *slots)
{
    static noun found[1 << 16];
    size_t count = 0;
    for (size_t i = 0; i < slots->strong_count; i++)
        found[count++] = slots->strong[i];
    for (size_t next = 0; next < count; next++) {
        CHECK(count + 2 < COUNT_OF(found));
        if (noun_is_cell(found[next])) {
            found[count++] = noun_head(found[next]);
            found[count++] = noun_tail(found[next]);
        }
    }
    qsort(found, count, sizeof *found, compare_words);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        if (noun_is_direct(found[i]) || (i > 0 && found[i] == found[i - 1]))
            continue;
        bytes += noun_is_cell(found[i]) ? 24 : 8 * (2 + noun_words(found[i])[1]);
    }
    return bytes;
}

static void add_garbage(uint64_t *seed)
{
    for (unsigned i = 0; i < 10; i++)
        random_noun(stack, seed, 20);
}

struct expectation {
    const struct tree *tree[64];
    uint32_t mug[64];
};

static bool is_as_expected(const struct slots *slots, const struct expectation *expected)
{
    bool right = true;
    for (size_t i = 0; i < slots->strong_count; i++) {
        right &= tree_matches(expected->tree[i], slots->strong[i]);
        right &= expected->mug[i] == 0 || noun_is_direct(slots->strong[i]) ||
                 (noun_words(slots->strong[i])[0] & NOUN_META_MUG_MASK) == expected->mug[i];
    }
    return right;
}

/* Slots come and go over many collections of both kinds; some nouns of each
 * round refer to what older rounds left. */
static void test_random_life(uint64_t seed)
{
    struct tree_arena *arena = tree_arena_create();
    struct slots slots = {0};
    struct expectation expected = {0};
    unsigned wrong = 0, wasteful = 0;
    for (unsigned round = 0; round < 400; round++) {
        size_t i = tap_below(&seed, 20);
        if (i >= slots.strong_count)
            i = slots.strong_count++;
        noun fresh = random_noun(stack, &seed, 1 + (unsigned)tap_below(&seed, 30));
        noun older = slots.strong[tap_below(&seed, slots.strong_count)];
        bool joins = tree_size(tree_from_noun(arena, older), 2000) < 1000 && tap_below(&seed, 2) == 0;
        slots.strong[i] = joins ? stack_cell(stack, older, stack_cell(stack, fresh, older)) : fresh;
        expected.tree[i] = tree_from_noun(arena, slots.strong[i]);
        expected.mug[i] = tap_below(&seed, 2) == 0 ? noun_mug(slots.strong[i]) : 0;
        add_garbage(&seed);
        enum stack_reach reach = tap_below(&seed, 5) == 0 ? STACK_FULL : STACK_YOUNG;
        if (tap_below(&seed, 3) != 0)
            collect(&slots, reach);
        wrong += !is_as_expected(&slots, &expected);
        if (reach == STACK_FULL) {
            collect(&slots, STACK_FULL);
            wasteful += stack_used_bytes(stack) != distinct_bytes(&slots);
        }
    }
    tap_ok(wrong == 0, "400 rounds of collections changed no noun and no cached mug (%u did)", wrong);
    tap_ok(wasteful == 0, "a full one keeps each object once and nothing else (%u did not)", wasteful);
    tap_ok(slots.young_visits > slots.full_visits && slots.full_visits > 0, "both kinds ran");
    tree_arena_destroy(arena);
}

static void test_sharing(void)
{
    stack_clear(stack);
    noun shared = stack_cell(stack, 1, 2);
    noun big = stack_atom_from_word(stack, UINT64_MAX);
    struct slots slots = {.strong = {stack_cell(stack, shared, shared), shared, stack_cell(stack, big, big), big},
                          .strong_count = 4};
    for (unsigned i = 0; i < 4; i++) {
        collect(&slots, i % 2 == 0 ? STACK_YOUNG : STACK_FULL);
        tap_ok(noun_head(slots.strong[0]) == slots.strong[1] && noun_tail(slots.strong[0]) == slots.strong[1] &&
                   noun_head(slots.strong[2]) == slots.strong[3] && noun_tail(slots.strong[2]) == slots.strong[3] &&
                   stack_used_bytes(stack) == 4 * 24,
               "sharing within and between roots survives collection %u", i + 1);
    }
}

static void test_weak(void)
{
    stack_clear(stack);
    noun kept = stack_cell(stack, 1, 2), part = stack_cell(stack, 3, kept), lost = stack_cell(stack, 4, kept);
    struct slots slots = {
        .strong = {stack_cell(stack, part, 5)},
        .strong_count = 1,
        .weak = {kept, part, lost, 17},
        .weak_kept = {true, true, true, true},
        .weak_count = 4,
    };
    collect(&slots, STACK_YOUNG);
    tap_ok(slots.weak_kept[0] && slots.weak_kept[1], "a weak slot of a living noun stays");
    tap_ok(slots.weak[1] == noun_head(slots.strong[0]) && slots.weak[0] == noun_tail(slots.weak[1]), "and follows it");
    tap_ok(!slots.weak_kept[2], "one of a dead noun is told");
    tap_ok(slots.weak_kept[3] && slots.weak[3] == 17, "a direct atom is always kept");
    slots.weak_kept[2] = false;
    slots.strong[0] = stack_cell(stack, slots.weak[0], 6);
    collect(&slots, STACK_YOUNG);
    tap_ok(slots.weak_kept[1] && noun_at(slots.weak[1], 2) == 3, "an old noun outlives a young collection");
    collect(&slots, STACK_FULL);
    tap_ok(!slots.weak_kept[1] && slots.weak_kept[0] && slots.weak[0] == noun_head(slots.strong[0]),
           "and a full one only if it is reached");
}

static void test_old_to_persistent(void)
{
    stack_clear(stack);
    uint64_t *words = space_persistent(0, 1 << 16);
    words[8] = noun_hash_pair(noun_hash_atom(1), noun_hash_atom(2));
    words[9] = 1, words[10] = 2;
    noun persistent = 8 | NOUN_TAG_CELL;
    struct slots slots = {.strong = {stack_cell(stack, persistent, persistent), persistent}, .strong_count = 2};
    collect(&slots, STACK_FULL);
    tap_ok(slots.strong[1] == persistent && noun_head(slots.strong[0]) == persistent && stack_used_bytes(stack) == 24,
           "persistent nouns are left where they are");
}

int main(void)
{
    uint64_t seed = tap_seed();
    stack = space_stack();
    test_random_life(seed);
    test_sharing();
    test_weak();
    test_old_to_persistent();
    return tap_done();
}
