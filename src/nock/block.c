#include "nock/block.h"

#include "base/base.h"

#include <stdlib.h>

#define BLOCK_SIZE_BYTES 2048

void *block_take(struct block **blocks, size_t size_bytes)
{
    size_bytes = bits_round_up(size_bytes, 16);
    struct block *block = *blocks;
    if (block == NULL || block->size_bytes - block->used_bytes < size_bytes) {
        size_t room_bytes = size_bytes > BLOCK_SIZE_BYTES ? size_bytes : BLOCK_SIZE_BYTES;
        block = calloc(1, bits_round_up(sizeof *block, 16) + room_bytes);
        if (block == NULL)
            check_out_of_memory(__FILE__, __LINE__, room_bytes);
        block->size_bytes = room_bytes;
        block->next = *blocks;
        *blocks = block;
    }
    void *piece = (char *)block + bits_round_up(sizeof *block, 16) + block->used_bytes;
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
