/* Shared by the files of this folder only. */
#ifndef STACK_PRIVATE_H
#define STACK_PRIVATE_H

#include "stack/stack.h"

/* What a release leaves mapped and warm in each stretch. */
#define STACK_KEEP_WARM_BYTES ((uint64_t)64 << 20)

static inline uint64_t stack_half_start_words(unsigned half)
{
    return (NOUN_PERSISTENT_BYTES + half * STACK_HALF_BYTES) / 8;
}

static inline uint64_t stack_greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Gives back what lies beyond `keep_bytes` from `start_words` in a stretch that
 * has been touched up to *high_words. */
void stack_release(uint64_t start_words, uint64_t *high_words, uint64_t keep_bytes);

void stack_note_peak(struct stack *stack);

/* Empties the young stretch. */
void stack_young_restart(struct stack *stack);

#endif
