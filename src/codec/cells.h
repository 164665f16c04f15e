/* A table of cells by their structure.
 *
 * Whoever fills it gives each noun a *reference*, equal nouns the same and
 * unequal ones two; a cell's hash is made of the references of its parts, and
 * two cells are equal if their parts are, so that nothing is compared deeper
 * than one level.  (The 31-bit mug would not do: along a list of a million zeros
 * mugs repeat with a period of some ten thousand, and telling two of its tails
 * apart then takes a walk to their ends.)
 *
 * An *item* is | hash: 32 | number + 1: 32 |, or 0 for none; the number is the
 * user's, who says which cell it means, so a search that fails, the usual one,
 * touches one cache line.  Items are ordered by the hash's top bits, so the
 * table grows in place, in one pass.
 *
 * Private to the codec; lives in a scratch array that the caller owns.
 */
#ifndef CODEC_CELLS_H
#define CODEC_CELLS_H

#include "base/base.h"
#include "codec/scratch.h"

#define CELLS_NONE UINT64_MAX

struct cells {
    uint64_t *items; /* 2^bits */
    size_t count, count_max;
    unsigned bits;
    uint64_t seeds[2];
    struct scratch_array *array;
};

/* Empties the table.  False if there is no memory. */
bool cells_init(struct cells *cells, struct scratch_array *array);

/* Makes the table larger.  False if there is no memory. */
bool cells_grow(struct cells *cells);

/* To be called before a search that may end in cells_add. */
static inline bool cells_make_room(struct cells *cells)
{
    return LIKELY(cells->count < cells->count_max) || cells_grow(cells);
}

/* Seeded, so that nobody can prepare cells that collide. */
static inline uint64_t cells_hash(const struct cells *cells, uint64_t head, uint64_t tail)
{
    unsigned __int128 product = (unsigned __int128)(head ^ cells->seeds[0]) * (tail ^ cells->seeds[1]);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t cells_item(uint64_t hash, uint64_t number)
{
    return (hash & ~(uint64_t)UINT32_MAX) | (number + 1);
}

/* May the item be of a cell with that hash? */
static inline bool cells_item_fits(uint64_t item, uint64_t hash)
{
    return (item ^ hash) >> 32 == 0 && item != 0;
}

static inline uint64_t cells_item_number(uint64_t item)
{
    return (uint32_t)item - 1;
}

static inline void cells_prefetch(const struct cells *cells, uint64_t hash)
{
    __builtin_prefetch(&cells->items[hash >> (64 - cells->bits)]);
}

/* Where a search for the hash begins. */
static inline size_t cells_search(const struct cells *cells, uint64_t hash)
{
    return (size_t)(hash >> (64 - cells->bits));
}

/* The number of the next cell with that hash, or CELLS_NONE.  *at goes on. */
static inline uint64_t cells_next(const struct cells *cells, uint64_t hash, size_t *at)
{
    size_t mask = ((size_t)1 << cells->bits) - 1;
    uint64_t item;
    while ((item = cells->items[*at & mask]) != 0) {
        ++*at;
        if ((item ^ hash) >> 32 == 0)
            return cells_item_number(item);
    }
    return CELLS_NONE;
}

/* Adds a cell where the search for it has ended with CELLS_NONE. */
static inline void cells_add(struct cells *cells, uint64_t hash, size_t at, uint64_t number)
{
    cells->items[at & (((size_t)1 << cells->bits) - 1)] = cells_item(hash, number);
    cells->count++;
}

#endif
