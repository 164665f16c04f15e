/* A table of numbers by a hash.
 *
 * Whoever fills it has numbered things, and says of each number that a search
 * comes to whether it is what was looked for.
 *
 * An *item* is | hash: 32 | number + 1: 32 |, or 0 for none, so a search that
 * fails touches one cache line.  Items are ordered by the hash's top bits, so the
 * table grows in place, in one pass.
 *
 * Private to the codec; lives in a scratch array that the caller owns.
 */
#ifndef CODEC_HASH_INDEX_H
#define CODEC_HASH_INDEX_H

#include "base/base.h"
#include "codec/scratch.h"

/* None; every number is less. */
#define HASH_INDEX_NONE UINT32_MAX

struct hash_index {
    uint64_t *items; /* 2^bits */
    size_t count, count_max;
    unsigned bits;
    uint64_t seeds[2];
    struct scratch_array *array;
};

/* Empties the table.  False if there is no memory. */
bool hash_index_init(struct hash_index *index, struct scratch_array *array);

/* Makes the table larger.  False if there is no memory. */
bool hash_index_grow(struct hash_index *index);

/* To be called before a search that may end in hash_index_add. */
static inline bool hash_index_make_room(struct hash_index *index)
{
    return LIKELY(index->count < index->count_max) || hash_index_grow(index);
}

/* A hash of two words.  Seeded, so that nobody can prepare words that collide. */
static inline uint64_t hash_index_hash(const struct hash_index *index, uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)(a ^ index->seeds[0]) * (b ^ index->seeds[1]);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Where a search for the hash begins. */
static inline size_t hash_index_search(const struct hash_index *index, uint64_t hash)
{
    return (size_t)(hash >> (64 - index->bits));
}

static inline void hash_index_prefetch(const struct hash_index *index, uint64_t hash)
{
    __builtin_prefetch(&index->items[hash_index_search(index, hash)]);
}

/* The next number with that hash, or HASH_INDEX_NONE.  *at goes on. */
static inline uint32_t hash_index_next(const struct hash_index *index, uint64_t hash, size_t *at)
{
    size_t mask = ((size_t)1 << index->bits) - 1;
    uint64_t item;
    while ((item = index->items[*at & mask]) != 0) {
        ++*at;
        if ((item ^ hash) >> 32 == 0)
            return (uint32_t)item - 1;
    }
    return HASH_INDEX_NONE;
}

/* Adds a number; if its hash has been searched and *at is where that ended, from there. */
static inline void hash_index_add(struct hash_index *index, uint64_t hash, size_t at, uint32_t number)
{
    size_t mask = ((size_t)1 << index->bits) - 1;
    while (index->items[at & mask] != 0)
        at++;
    index->items[at & mask] = (hash & ~(uint64_t)UINT32_MAX) | ((uint64_t)number + 1);
    index->count++;
}

#endif
