/* Where jam has met each noun: a structural map from nouns to bit positions.
 *
 * Two open-addressing tables, because the two kinds of key differ in price.
 *
 *   direct atoms   the word is the value: compared as it stands, hashed by a
 *                  multiplication.  Few are kept (jam.c says why), so the
 *                  table tends to stay in the cache.
 *   objects        indirect atoms and cells: an array of nodes in the order of
 *                  arrival, and a table of slots
 *
 *                      63     33 32            0
 *                      | mug    | node + 1     |      0: empty
 *
 *                  so that a search that fails, the usual one, touches one
 *                  cache line, and growing touches no node.  The same word is
 *                  found without touching the object; another word with the
 *                  same mug is compared structurally, which also unifies.
 *
 * Slots are ordered by the mug's top bits, so the table doubles in place in one
 * pass: working memory is what the final table needs, not twice that.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_MEMO_H
#define CODEC_MEMO_H

#include "base/base.h"
#include "codec/scratch.h"
#include "noun/noun.h"

#define MEMO_NONE UINT64_MAX
#define MEMO_MUG_BITS 31
#define MEMO_NODE_BITS 33

struct memo_node {
    noun noun;
    uint64_t position;
};

struct memo {
    uint64_t *slots;
    struct memo_node *nodes;
    size_t node_count;
    size_t node_capacity;
    unsigned slot_bits;        /* there are 2^slot_bits slots */
    struct memo_node *directs; /* open addressing by value; 0 is an empty slot */
    size_t direct_count;
    unsigned direct_bits;
    struct scratch_array *slot_array;
    struct scratch_array *node_array;
    struct scratch_array *direct_array;
};

/* Empties the memo.  False if there is no memory. */
bool memo_init(struct memo *memo, struct scratch_array arrays[3]);

/* Makes what is too full larger.  False if there is no memory. */
bool memo_make_room_slow(struct memo *memo);

/* To be called before each `put`. */
static inline bool memo_make_room(struct memo *memo)
{
    bool has_room = memo->node_count < memo->node_capacity && memo->direct_count >> (memo->direct_bits - 1) == 0;
    return LIKELY(has_room) || memo_make_room_slow(memo);
}

/* The position of `atom`, or MEMO_NONE.  0 is not a key. */
uint64_t memo_get_direct(const struct memo *memo, noun atom);
void memo_put_direct(struct memo *memo, noun atom, uint64_t position);

/* Brings nearer the slot where the search for a noun of this mug begins. */
static inline __attribute__((always_inline)) void memo_prefetch(const struct memo *memo, uint64_t mug)
{
    __builtin_prefetch(&memo->slots[mug >> (MEMO_MUG_BITS - memo->slot_bits)]);
}

/* The position of an object that is equal to `object`; if there is none,
 * remembers it at `position` and returns MEMO_NONE. */
static inline uint64_t memo_get_or_put(struct memo *memo, noun object, uint64_t position)
{
    uint64_t mug = noun_mug(object);
    size_t mask = ((size_t)1 << memo->slot_bits) - 1;
    size_t at = mug >> (MEMO_MUG_BITS - memo->slot_bits);
    uint64_t slot;
    for (; (slot = memo->slots[at]) != 0; at = (at + 1) & mask) {
        if (slot >> MEMO_NODE_BITS != mug)
            continue;
        const struct memo_node *node = &memo->nodes[(slot & (((uint64_t)1 << MEMO_NODE_BITS) - 1)) - 1];
        if (noun_equal(node->noun, object))
            return node->position;
    }
    memo->nodes[memo->node_count++] = (struct memo_node){object, position};
    memo->slots[at] = mug << MEMO_NODE_BITS | memo->node_count;
    return MEMO_NONE;
}

#endif
