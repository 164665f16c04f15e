/* Structural equality.
 *
 * A traversal keeps a stack of pairs of cells that are being compared; a pair
 * waits while one pair of its children, then the other, is compared above it.
 * Both are glanced at first, since most differences show at a glance; of two
 * that must be gone into, the one that lies nearer in memory comes first: nouns
 * as they were built lie tail first, copied ones head first.  When a child
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

static inline __attribute__((always_inline)) enum glance glance(noun a, noun b)
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
    struct wordstack *pairs; /* a, with WAITING and the field in the tag's place; b */
    struct proved proved;
    size_t pairs_seen;
    bool unify;
};

/* In a waiting pair's first word: the other field is still to be compared. */
#define WAITING_OTHER ((uint64_t)4 << 61)

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

/* Glances at both children of two cells: sets the bit of each field that must
 * be gone into.  False: they differ. */
static inline bool look(const struct comparison *comparison, noun a, noun b, unsigned *fields)
{
    *fields = 0;
    for (unsigned field = 1; field <= 2; field++) {
        noun child_a = noun_words(a)[field], child_b = noun_words(b)[field];
        switch (glance(child_a, child_b)) {
        case GLANCE_DIFFERENT:
            return false;
        case GLANCE_EQUAL:
            if (comparison->unify)
                unify_field(a, b, field);
            break;
        case GLANCE_LOOK:
            *fields |= field;
            break;
        }
    }
    return true;
}

/* Of a cell's two fields the one whose noun lies nearer. */
static inline unsigned nearer_field(noun cell)
{
    int64_t offset = (int64_t)noun_offset_words(cell);
    int64_t head = (int64_t)noun_offset_words(noun_words(cell)[1]) - offset;
    int64_t tail = (int64_t)noun_offset_words(noun_words(cell)[2]) - offset;
    return (head < 0 ? -head : head) <= (tail < 0 ? -tail : tail) ? 1 : 2;
}

/* The children of two cells that are to be compared next, if that is not known
 * to be needless. */
static inline bool goes_into(struct comparison *comparison, unsigned field, noun *a, noun *b)
{
    noun child_a = noun_words(*a)[field], child_b = noun_words(*b)[field];
    if (child_a == child_b)
        return false;
    comparison->pairs_seen++;
    if (is_proved(comparison, child_a, child_b))
        return false;
    *a = child_a;
    *b = child_b;
    return true;
}

/* Leaves pairs whose children are equal; false if none is left.  Otherwise *a
 * and *b are the next to be compared. */
static bool leave(struct comparison *comparison, noun *a, noun *b)
{
    struct wordstack *pairs = comparison->pairs;
    while (!wordstack_is_empty(pairs)) {
        uint64_t *top = pairs->words + pairs->count - 2;
        noun parent_a = noun_offset_words(top[0]) | NOUN_TAG_CELL, parent_b = top[1];
        unsigned field = (unsigned)(top[0] >> 61) & 3;
        if (comparison->unify)
            unify_field(parent_a, parent_b, field);
        if (top[0] & WAITING_OTHER) {
            field = 3 - field;
            top[0] = noun_offset_words(parent_a) | (uint64_t)field << 61;
            *a = parent_a;
            *b = parent_b;
            if (goes_into(comparison, field, a, b))
                return true;
            continue;
        }
        pairs->count -= 2;
        pair_is_equal(comparison, parent_a, parent_b);
    }
    return false;
}

/* Two cells that a glance did not tell apart. */
static bool compare(struct comparison *comparison, noun a, noun b)
{
    for (;;) {
        unsigned fields;
        if (!look(comparison, a, b, &fields))
            return false;
        if (fields != 0) {
            unsigned field = fields == 3 ? nearer_field(a) : fields;
            uint64_t waiting = (uint64_t)field << 61 | (fields == 3 ? WAITING_OTHER : 0);
            wordstack_push2(comparison->pairs, noun_offset_words(a) | waiting, b);
            if (goes_into(comparison, field, &a, &b))
                continue;
        } else {
            pair_is_equal(comparison, a, b);
        }
        if (!leave(comparison, &a, &b))
            return true;
    }
}

bool noun_equal_slow(noun a, noun b, bool unify)
{
    enum glance first = glance(a, b);
    if (first != GLANCE_LOOK)
        return first == GLANCE_EQUAL;
    struct comparison comparison = {.pairs = wordstack_take(), .unify = unify};
    bool equal = compare(&comparison, a, b);
    wordstack_give_back(comparison.pairs);
    free(comparison.proved.pairs);
    return equal;
}
