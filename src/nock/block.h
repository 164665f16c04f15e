/* Memory that is taken piece by piece and given back at once. */
#ifndef NOCK_BLOCK_H
#define NOCK_BLOCK_H

#include <stddef.h>

struct block {
    struct block *next;
    size_t used_bytes, size_bytes;
};

/* Zeroed memory, aligned for anything, valid until block_free. */
void *block_take(struct block **blocks, size_t size_bytes);
void block_free(struct block **blocks);

/* All of it may be taken again: what a user who comes back needed last time is then
 * one block, unless that was much. */
void block_empty(struct block **blocks);

#endif
