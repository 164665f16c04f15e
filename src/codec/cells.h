/* A set of cells by their structure: those that cannot be found by a part.
 *
 * Whoever fills it gives each noun a *reference*, equal nouns the same and
 * unequal ones two; a cell's hash is made of the references of its parts, and
 * two cells are equal if their parts are, so that nothing is compared deeper
 * than one level.  (The 31-bit mug would not do: along a list of a million zeros
 * mugs repeat with a period of some ten thousand, and telling two of its tails
 * apart then takes a walk to their ends.)
 *
 * Nearly every search is for a cell that is not there, and the table is larger
 * than the nearest caches.  So a *filter* is asked first, of a bit for each of
 * eight times the table's items, set if a cell's hash begins so: it is as near as
 * the table is far.  And what is added waits in a short queue while its place in
 * the table is fetched, so nothing ever stops for the table unless the filter says
 * that it may have the answer.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_CELLS_H
#define CODEC_CELLS_H

#include "base/base.h"
#include "codec/hash_index.h"

#define CELLS_QUEUE 16

struct cells {
    struct hash_index index;
    uint64_t *filter;
    unsigned filter_bits; /* of the hash; 2^filter_bits bits */
    size_t queued;        /* since the table was last complete; the last of them wait */
    struct {
        uint64_t hash;
        uint32_t number;
    } queue[CELLS_QUEUE];
    struct scratch_array *filter_array;
};

/* The arrays that it needs. */
#define CELLS_ARRAYS 2

/* Empties the set.  False if there is no memory. */
bool cells_init(struct cells *cells, struct scratch_array arrays[CELLS_ARRAYS]);

/* Makes room for more.  False if there is no memory. */
bool cells_grow(struct cells *cells);

/* To be called before what may end in cells_add. */
static inline bool cells_make_room(struct cells *cells)
{
    return LIKELY(cells->index.count + CELLS_QUEUE < cells->index.count_max) || cells_grow(cells);
}

static inline uint64_t cells_hash(const struct cells *cells, uint64_t head, uint64_t tail)
{
    return hash_index_hash(&cells->index, head, tail);
}

/* False: no cell with that hash is in the set. */
static inline bool cells_may_have(const struct cells *cells, uint64_t hash)
{
    uint64_t bit = hash >> (64 - cells->filter_bits);
    return (cells->filter[bit / 64] >> bit % 64 & 1) != 0;
}

static inline void cells_add(struct cells *cells, uint64_t hash, uint32_t number)
{
    uint64_t bit = hash >> (64 - cells->filter_bits);
    cells->filter[bit / 64] |= (uint64_t)1 << bit % 64;
    size_t at = cells->queued++ % CELLS_QUEUE;
    if (LIKELY(cells->queued > CELLS_QUEUE))
        hash_index_add(&cells->index, cells->queue[at].hash, hash_index_search(&cells->index, cells->queue[at].hash),
                       cells->queue[at].number);
    cells->queue[at].hash = hash;
    cells->queue[at].number = number;
    hash_index_prefetch(&cells->index, hash);
}

/* Puts what waits into the table. */
void cells_flush(struct cells *cells);

/* Before a search. */
static inline size_t cells_search(struct cells *cells, uint64_t hash)
{
    cells_flush(cells);
    return hash_index_search(&cells->index, hash);
}

#endif
