/* A table of numbers by a hash.
 *
 * Whoever fills it has numbered things, and says of each number that a search
 * comes to whether it is what was looked for.
 *
 * An *item* is | hash: 32 | number + 1: 32 |, or 0 for none, so a search that
 * fails touches one cache line.  Items are ordered by the hash's top bits, so the
 * table grows in place, in one pass.
 *
 * Most that is looked for is not there, and the table is larger than the nearest
 * caches.  So a *filter* is asked first, of a bit for each of eight times the
 * table's items, set if a hash begins so: it is as near as the table is far.  And
 * what is added waits in a short queue while its place in the table is fetched, so
 * nothing ever stops for the table unless the filter says that it may have the
 * answer.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_HASH_INDEX_H
#define CODEC_HASH_INDEX_H

#include "base/base.h"
#include "codec/scratch.h"

/* None; every number is less. */
#define HASH_INDEX_NONE UINT32_MAX
#define HASH_INDEX_QUEUE 16

/* The arrays that it needs. */
#define HASH_INDEX_ARRAYS 2

struct hash_index {
    uint64_t *items;  /* 2^bits */
    uint64_t *filter; /* 2^filter_bits bits, by the top bits of the hash */
    unsigned bits, filter_bits;
    size_t count, count_max; /* in the table */
    size_t queued;           /* since the queue was empty; the last of them wait */
    struct {
        uint64_t hash;
        uint32_t number;
    } queue[HASH_INDEX_QUEUE];
    uint64_t seeds[2];
    struct scratch_array *item_array, *filter_array;
};

/* Empties the table.  False if there is no memory. */
bool hash_index_init(struct hash_index *index, struct scratch_array arrays[HASH_INDEX_ARRAYS]);

/* Makes the table larger.  False if there is no memory. */
bool hash_index_grow(struct hash_index *index);

/* To be called before what may end in hash_index_add.  False if there is no memory. */
static inline bool hash_index_make_room(struct hash_index *index)
{
    return LIKELY(index->count + HASH_INDEX_QUEUE < index->count_max) || hash_index_grow(index);
}

/* A hash of two words.  Seeded, so that nobody can prepare words that collide. */
static inline uint64_t hash_index_hash(const struct hash_index *index, uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)(a ^ index->seeds[0]) * (b ^ index->seeds[1]);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* False: there is no number with that hash. */
static inline bool hash_index_may_have(const struct hash_index *index, uint64_t hash)
{
    uint64_t bit = hash >> (64 - index->filter_bits);
    return (index->filter[bit / 64] >> bit % 64 & 1) != 0;
}

/* Puts what waits into the table. */
void hash_index_flush(struct hash_index *index);

/* Where a search for the hash begins. */
static inline size_t hash_index_search(struct hash_index *index, uint64_t hash)
{
    if (index->queued > 0)
        hash_index_flush(index);
    return (size_t)(hash >> (64 - index->bits));
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

/* Puts a number into the table itself. */
static inline void hash_index_put(struct hash_index *index, uint64_t hash, uint32_t number)
{
    size_t at = (size_t)(hash >> (64 - index->bits)), mask = ((size_t)1 << index->bits) - 1;
    while (index->items[at & mask] != 0)
        at++;
    index->items[at & mask] = (hash & ~(uint64_t)UINT32_MAX) | ((uint64_t)number + 1);
    index->count++;
}

static inline void hash_index_add(struct hash_index *index, uint64_t hash, uint32_t number)
{
    uint64_t bit = hash >> (64 - index->filter_bits);
    index->filter[bit / 64] |= (uint64_t)1 << bit % 64;
    size_t at = index->queued++ % HASH_INDEX_QUEUE;
    if (LIKELY(index->queued > HASH_INDEX_QUEUE))
        hash_index_put(index, index->queue[at].hash, index->queue[at].number);
    index->queue[at].hash = hash;
    index->queue[at].number = number;
    __builtin_prefetch(&index->items[hash >> (64 - index->bits)]);
}

#endif
