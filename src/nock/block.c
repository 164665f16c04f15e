#include "nock/block.h"

#include <stdlib.h>

/* A list begins small, since most hold little, and grows by more each time. */
#define BLOCK_FIRST_BYTES ((size_t)4 << 10)
#define BLOCK_MOST_BYTES ((size_t)64 << 10)
#define KEPT_MOST_BYTES ((size_t)256 << 10)

static void begin(struct blocks *blocks)
{
    blocks->free = (char *)(blocks->newest + 1);
    blocks->end = blocks->free + blocks->newest->size_bytes;
#ifdef LOAM_HOSTILE
    memset(blocks->free, 0xee, blocks->newest->size_bytes);
#endif
}

static void add(struct blocks *blocks, size_t room_bytes)
{
    struct block *block = malloc(sizeof *block + room_bytes);
    if (block == NULL)
        check_out_of_memory(__FILE__, __LINE__, room_bytes);
    *block = (struct block){.next = blocks->newest, .size_bytes = room_bytes};
    blocks->newest = block;
    begin(blocks);
}

static size_t room_after(const struct block *block)
{
    if (block == NULL)
        return BLOCK_FIRST_BYTES;
    return block->size_bytes < BLOCK_MOST_BYTES / 2 ? block->size_bytes * 2 : BLOCK_MOST_BYTES;
}

void *block_take_new(struct blocks *blocks, size_t size_bytes)
{
    size_t room_bytes = room_after(blocks->newest);
    add(blocks, size_bytes > room_bytes ? size_bytes : room_bytes);
    void *piece = blocks->free;
    blocks->free += size_bytes;
    return piece;
}

void block_free(struct blocks *blocks)
{
    while (blocks->newest != NULL) {
        struct block *next = blocks->newest->next;
        free(blocks->newest);
        blocks->newest = next;
    }
    *blocks = (struct blocks){0};
}

void block_empty(struct blocks *blocks)
{
    if (blocks->newest == NULL)
        return;
    if (blocks->newest->next == NULL && blocks->newest->size_bytes <= KEPT_MOST_BYTES) {
        begin(blocks);
        return;
    }
    size_t size_bytes = 0;
    for (const struct block *block = blocks->newest; block != NULL; block = block->next)
        size_bytes += block->size_bytes;
    block_free(blocks);
    if (size_bytes <= KEPT_MOST_BYTES)
        add(blocks, size_bytes);
}
