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

/* What a thread keeps between traversals. */
#define KEPT_WORDS ((size_t)1 << 16)

static _Thread_local struct wordstack spare;
static _Thread_local bool spare_is_taken;

struct wordstack *wordstack_take(void)
{
    CHECK(!spare_is_taken);
    spare_is_taken = true;
    spare.count = 0;
    return &spare;
}

void wordstack_give_back(struct wordstack *stack)
{
    CHECK(stack == &spare && spare_is_taken);
    spare_is_taken = false;
    if (stack->capacity > KEPT_WORDS)
        wordstack_finish(stack);
}
