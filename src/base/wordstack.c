#include "base/base.h"

#include <stdlib.h>

void wordstack_finish(struct wordstack *stack)
{
    free(stack->words);
    wordstack_init(stack);
}

void wordstack_grow(struct wordstack *stack, size_t count)
{
    size_t capacity = stack->capacity < 256 ? 512 : stack->capacity * 2;
    while (capacity < stack->count + count)
        capacity *= 2;
    uint64_t *words = realloc(stack->words, capacity * sizeof *words);
    if (words == NULL)
        check_out_of_memory(__FILE__, __LINE__, capacity * sizeof *words);
    stack->words = words;
    stack->capacity = capacity;
}
