#include "nock/block.h"

#include "base/base.h"

#include <stdlib.h>

/* A list begins small, since most hold little, and grows by more each time. */
#define BLOCK_FIRST_BYTES 512
#define BLOCK_MOST_BYTES ((size_t)16 << 10)
#define KEPT_MOST_BYTES ((size_t)256 << 10)

#define HEADER_BYTES ((size_t)bits_round_up(sizeof(struct block), 16))

static struct block *make(size_t room_bytes, struct block *next)
{
    struct block *block = calloc(1, HEADER_BYTES + room_bytes);
    if (block == NULL)
        check_out_of_memory(__FILE__, __LINE__, room_bytes);
    block->size_bytes = room_bytes;
    block->next = next;
    return block;
}

static size_t room_after(const struct block *block)
{
    if (block == NULL)
        return BLOCK_FIRST_BYTES;
    return block->size_bytes < BLOCK_MOST_BYTES / 2 ? block->size_bytes * 2 : BLOCK_MOST_BYTES;
}

void *block_take(struct block **blocks, size_t size_bytes)
{
    size_bytes = bits_round_up(size_bytes, 16);
    struct block *block = *blocks;
    if (block == NULL || block->size_bytes - block->used_bytes < size_bytes) {
        size_t room_bytes = room_after(block);
        block = *blocks = make(size_bytes > room_bytes ? size_bytes : room_bytes, block);
    }
    void *piece = (char *)block + HEADER_BYTES + block->used_bytes;
    block->used_bytes += size_bytes;
    return piece;
}

void block_free(struct block **blocks)
{
    while (*blocks != NULL) {
        struct block *next = (*blocks)->next;
        free(*blocks);
        *blocks = next;
    }
}

void block_empty(struct block **blocks)
{
    struct block *block = *blocks;
    if (block == NULL)
        return;
    if (block->next == NULL && block->size_bytes <= KEPT_MOST_BYTES) {
        memset((char *)block + HEADER_BYTES, 0, block->used_bytes);
        block->used_bytes = 0;
        return;
    }
    size_t size_bytes = 0;
    for (; block != NULL; block = block->next)
        size_bytes += block->size_bytes;
    block_free(blocks);
    if (size_bytes <= KEPT_MOST_BYTES)
        *blocks = make(size_bytes, NULL);
}
