/* Structural equality.
 *
 * A traversal keeps a stack of pairs of cells that are being compared; a pair
 * waits while its heads, then its tails, are compared above it.  When a child
 * pair has proved equal and the parents' fields differ, the younger child is
 * replaced by the older one in its parent (unification), unless that parent is
 * persistent.  The lower offset is the older: it may be referred to from
 * wherever the higher one was, since nothing older points at anything newer.
 *
 * Unification also makes sharing cheap: a second meeting of two shared parts
 * is a comparison of pointers one level down.  Where nothing may be written
 * (two persistent nouns, or a pure comparison) a set of the pairs already
 * proved equal does the same, from the point where it pays.
 */
#include "noun/noun.h"

#include <stdlib.h>

#define PROVED_FROM_PAIRS 4096

/* An open-addressing set of pairs proved equal. */
struct proved {
    noun *pairs; /* a, b; a == 0 is empty, since a is a cell */
    size_t count;
    size_t capacity; /* a power of two, in pairs */
};

static size_t proved_slot(const struct proved *proved, noun a, noun b)
{
    size_t mask = proved->capacity - 1;
    size_t slot = (size_t)bits_mix64(a + bits_mix64(b)) & mask;
    while (proved->pairs[2 * slot] != 0 && !(proved->pairs[2 * slot] == a && proved->pairs[2 * slot + 1] == b))
        slot = (slot + 1) & mask;
    return slot;
}

static bool proved_has(const struct proved *proved, noun a, noun b)
{
    return proved->count > 0 && proved->pairs[2 * proved_slot(proved, a, b)] != 0;
}

static void proved_grow(struct proved *proved)
{
    struct proved bigger = {.capacity = proved->capacity == 0 ? 8192 : proved->capacity * 2};
    bigger.pairs = calloc(bigger.capacity, 2 * sizeof(noun));
    if (bigger.pairs == NULL)
        check_out_of_memory(__FILE__, __LINE__, bigger.capacity * 2 * sizeof(noun));
    for (size_t i = 0; i < proved->capacity; i++) {
        if (proved->pairs[2 * i] == 0)
            continue;
        size_t slot = proved_slot(&bigger, proved->pairs[2 * i], proved->pairs[2 * i + 1]);
        bigger.pairs[2 * slot] = proved->pairs[2 * i];
        bigger.pairs[2 * slot + 1] = proved->pairs[2 * i + 1];
    }
    bigger.count = proved->count;
    free(proved->pairs);
    *proved = bigger;
}

static void proved_add(struct proved *proved, noun a, noun b)
{
    if (proved->count * 2 >= proved->capacity)
        proved_grow(proved);
    size_t slot = proved_slot(proved, a, b);
    if (proved->pairs[2 * slot] == 0)
        proved->count++;
    proved->pairs[2 * slot] = a;
    proved->pairs[2 * slot + 1] = b;
}

/* What a look at two words, without going below them, can tell. */
enum glance { GLANCE_EQUAL, GLANCE_DIFFERENT, GLANCE_LOOK };

static bool metadata_differ(noun a, noun b)
{
    uint64_t meta_a = noun_words(a)[0], meta_b = noun_words(b)[0];
    if (noun_is_persistent(a) && noun_is_persistent(b))
        return meta_a != meta_b;
    uint64_t mug_a = meta_a & NOUN_META_MUG_MASK, mug_b = meta_b & NOUN_META_MUG_MASK;
    return mug_a != 0 && mug_b != 0 && mug_a != mug_b;
}

static enum glance glance(noun a, noun b)
{
    if (a == b)
        return GLANCE_EQUAL;
    if (noun_is_direct(a) || noun_is_direct(b) || (a ^ b) >> 61 != 0 || metadata_differ(a, b))
        return GLANCE_DIFFERENT;
    if (noun_is_cell(a))
        return GLANCE_LOOK;
    return noun_atom_compare(a, b) == 0 ? GLANCE_EQUAL : GLANCE_DIFFERENT;
}

/* Field 1 (head) or 2 (tail) of two cells holds equal nouns: make it the same noun. */
static void unify_field(noun a, noun b, unsigned field)
{
    uint64_t *words_a = noun_words(a), *words_b = noun_words(b);
    noun child_a = words_a[field], child_b = words_b[field];
    if (child_a == child_b)
        return;
    bool a_is_younger = noun_offset_words(child_a) > noun_offset_words(child_b);
    if (a_is_younger && !noun_is_persistent(a))
        words_a[field] = child_b;
    else if (!a_is_younger && !noun_is_persistent(b))
        words_b[field] = child_a;
}

struct comparison {
    struct wordstack *pairs; /* a with its field in the tag's place, b */
    struct proved proved;
    size_t pairs_seen;
    bool unify;
};

static bool is_proved(const struct comparison *comparison, noun a, noun b)
{
    return comparison->pairs_seen > PROVED_FROM_PAIRS && proved_has(&comparison->proved, a, b);
}

static void pair_is_equal(struct comparison *comparison, noun a, noun b)
{
    bool was_unified = comparison->unify && !(noun_is_persistent(a) && noun_is_persistent(b));
    if (!was_unified && comparison->pairs_seen > PROVED_FROM_PAIRS)
        proved_add(&comparison->proved, a, b);
}

/* Runs the pair on top of the stack one field further.  False: the nouns differ. */
static bool advance(struct comparison *comparison)
{
    uint64_t *top = comparison->pairs->words + comparison->pairs->count - 2;
    unsigned field = (unsigned)(top[0] >> 61);
    noun a = noun_offset_words(top[0]) | NOUN_TAG_CELL, b = top[1];
    if (field > 0 && comparison->unify)
        unify_field(a, b, field);
    if (field == 2) {
        comparison->pairs->count -= 2;
        pair_is_equal(comparison, a, b);
        return true;
    }
    field++;
    top[0] = noun_offset_words(a) | (uint64_t)field << 61;
    noun child_a = noun_words(a)[field], child_b = noun_words(b)[field];
    switch (glance(child_a, child_b)) {
    case GLANCE_DIFFERENT:
        return false;
    case GLANCE_EQUAL:
        return true;
    case GLANCE_LOOK:
        comparison->pairs_seen++;
        if (!is_proved(comparison, child_a, child_b))
            wordstack_push2(comparison->pairs, noun_offset_words(child_a), child_b);
        return true;
    }
    return false;
}

bool noun_equal_slow(noun a, noun b, bool unify)
{
    enum glance first = glance(a, b);
    if (first != GLANCE_LOOK)
        return first == GLANCE_EQUAL;
    struct comparison comparison = {.pairs = wordstack_take(), .unify = unify};
    wordstack_push2(comparison.pairs, noun_offset_words(a), b);
    bool equal = true;
    while (equal && !wordstack_is_empty(comparison.pairs))
        equal = advance(&comparison);
    wordstack_give_back(comparison.pairs);
    free(comparison.proved.pairs);
    return equal;
}
