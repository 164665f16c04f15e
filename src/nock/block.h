/* Memory that is taken piece by piece and given back at once. */
#ifndef NOCK_BLOCK_H
#define NOCK_BLOCK_H

#include "base/base.h"

#include <stddef.h>

struct block {
    struct block *next;
    size_t size_bytes;
};

struct blocks {
    char *free, *end; /* of the newest */
    struct block *newest;
};

/* ---- inside ---- */
void *block_take_new(struct blocks *blocks, size_t size_bytes);
/* ---------------- */

/* Memory aligned for words, with anything in it, valid until block_empty or
 * block_free. */
static inline void *block_take(struct blocks *blocks, size_t size_bytes)
{
    size_bytes = (size_t)bits_round_up(size_bytes, sizeof(uint64_t));
    if (UNLIKELY((size_t)(blocks->end - blocks->free) < size_bytes))
        return block_take_new(blocks, size_bytes);
    void *piece = blocks->free;
    blocks->free += size_bytes;
    return piece;
}

void block_free(struct blocks *blocks);

/* All of it may be taken again: what a user who comes back needed last time is then
 * one block, unless that was much. */
void block_empty(struct blocks *blocks);

#endif
