#include "base/base.h"

#include <stdlib.h>
#include <threads.h>

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

/* ---- the one that a thread keeps ------------------------------------------ */

#define KEPT_WORDS ((size_t)1 << 16)

static _Thread_local struct wordstack spare;
static _Thread_local bool spare_is_taken;
static _Thread_local bool spare_is_known; /* to the end of its thread */

static once_flag thread_end_once = ONCE_FLAG_INIT;
static tss_t thread_end;

static void finish_spare(void *stack)
{
    wordstack_finish(stack);
}

static void create_thread_end(void)
{
    CHECK(tss_create(&thread_end, finish_spare) == thrd_success);
}

struct wordstack *wordstack_take(void)
{
    CHECK(!spare_is_taken);
    if (UNLIKELY(!spare_is_known)) {
        call_once(&thread_end_once, create_thread_end);
        CHECK(tss_set(thread_end, &spare) == thrd_success);
        spare_is_known = true;
    }
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
