#include "codec/syntax.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- memory ---------------------------------------------------------------- */

#define BLOCK_BYTES ((size_t)16 << 10)

struct syntax_block {
    struct syntax_block *older;
    _Alignas(16) uint8_t bytes[BLOCK_BYTES];
};

void *syntax_allocate(struct syntax_memory *memory, size_t size_bytes)
{
    size_bytes = bits_round_up(size_bytes, 16);
    CHECK(size_bytes <= BLOCK_BYTES);
    if (memory->blocks == NULL || memory->used_bytes + size_bytes > BLOCK_BYTES) {
        struct syntax_block *block = calloc(1, sizeof *block);
        if (block == NULL)
            check_out_of_memory(__FILE__, __LINE__, sizeof *block);
        block->older = memory->blocks;
        memory->blocks = block;
        memory->used_bytes = 0;
    }
    void *allocated = memory->blocks->bytes + memory->used_bytes;
    memory->used_bytes += size_bytes;
    return allocated;
}

void syntax_memory_finish(struct syntax_memory *memory)
{
    while (memory->blocks != NULL) {
        struct syntax_block *older = memory->blocks->older;
        free(memory->blocks);
        memory->blocks = older;
    }
}

/* ---- names, places, lists --------------------------------------------------- */

bool name_is(struct name name, const char *text)
{
    return strlen(text) == name.size_bytes && memcmp(name.start, text, name.size_bytes) == 0;
}

bool name_equal(struct name a, struct name b)
{
    return a.size_bytes == b.size_bytes && memcmp(a.start, b.start, a.size_bytes) == 0;
}

enum status place_fail(struct place place, const char *format, ...)
{
    char message[STATUS_MESSAGE_SIZE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return lexer_fail(place.source, place.at, "%s", message);
}

void node_list_init(struct node_list *list)
{
    *list = (struct node_list){.end = &list->first};
}

void node_list_add(struct node_list *list, struct node *node)
{
    *list->end = node;
    list->end = &node->next;
    list->count++;
}
