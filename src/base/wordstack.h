/* A growable stack of words: the explicit stack of every traversal, because no
 * function may recurse in C on a noun's depth.
 *
 * Good for pushes and pops in a loop; the memory grows by doubling and is kept
 * until `finish`.  Running out of memory aborts (base/check.h).  One thread.
 */
#ifndef BASE_WORDSTACK_H
#define BASE_WORDSTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"

struct wordstack {
    uint64_t *words; /* owned */
    size_t count;
    size_t capacity;
};

static inline void wordstack_init(struct wordstack *stack)
{
    *stack = (struct wordstack){0};
}

void wordstack_finish(struct wordstack *stack);

/* Makes room for `count` more words. */
void wordstack_grow(struct wordstack *stack, size_t count);

/* A stack of the calling thread for one short traversal after another: taken
 * empty, given back when done.  Not for a traversal that may start another. */
struct wordstack *wordstack_take(void);
void wordstack_give_back(struct wordstack *stack);

static inline void wordstack_push(struct wordstack *stack, uint64_t word)
{
    if (UNLIKELY(stack->count == stack->capacity))
        wordstack_grow(stack, 1);
    stack->words[stack->count++] = word;
}

static inline void wordstack_push2(struct wordstack *stack, uint64_t first, uint64_t second)
{
    if (UNLIKELY(stack->count + 2 > stack->capacity))
        wordstack_grow(stack, 2);
    stack->words[stack->count++] = first;
    stack->words[stack->count++] = second;
}

static inline bool wordstack_is_empty(const struct wordstack *stack)
{
    return stack->count == 0;
}

static inline uint64_t wordstack_pop(struct wordstack *stack)
{
    CHECK_DEBUG(stack->count > 0);
    return stack->words[--stack->count];
}

#endif
