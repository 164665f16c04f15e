/* Shared by the files of this folder only. */
#ifndef STACK_PRIVATE_H
#define STACK_PRIVATE_H

#include "stack/stack.h"

/* What a release leaves mapped and warm in each stretch: of anonymous memory,
 * and of a stack with a file behind it, whose memory is scarce. */
#define STACK_WARM_BYTES ((uint64_t)64 << 20)
#ifdef LOAM_HOSTILE
#define STACK_WARM_BACKED_BYTES ((uint64_t)64 << 10)
#else
#define STACK_WARM_BACKED_BYTES ((uint64_t)8 << 20)
#endif

static inline uint64_t stack_half_start_words(unsigned half)
{
    return (NOUN_PERSISTENT_BYTES + half * STACK_HALF_BYTES) / 8;
}

static inline uint64_t stack_greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Gives back what lies beyond `keep_bytes` of the stretch. */
void stack_release(struct stack *stack, struct stack_stretch *stretch, uint64_t keep_bytes);

/* ---- backing.c: the file behind the tenured halves; nothing without one ------ */

/* Before up to `size_bytes` are copied to `free_words` in a half: has the file
 * reach that far.  Should it fail, the copies go to plain memory, and the stack
 * is short. */
void stack_back(struct stack *stack, struct stack_stretch *half, uint64_t free_words, uint64_t size_bytes);

/* All of the half's file pages go back. */
void stack_unback(struct stack *stack, struct stack_stretch *half);

/* ---- large.c ---------------------------------------------------------------- */

/* How much of large atoms may gather before a safe point is asked for. */
#define STACK_LARGE_BUDGET_BYTES ((uint64_t)64 << 20)

/* As stack_atom_begin; NULL if it is to be an ordinary atom. */
uint64_t *stack_large_begin(struct stack *stack, uint64_t size_words);

/* Ends it: the atom has `size_words` data words. */
noun stack_large_finish(struct stack *stack, uint64_t size_words);

void stack_large_mark(struct stack_large *large, noun n);

/* For a weak root, when all strong ones were presented. */
bool stack_large_is_kept(struct stack_large *large, noun n, enum stack_reach reach);

/* All are as old as tenured nouns. */
void stack_large_settle(struct stack_large *large);

/* After a collection: gives back what was not marked. */
void stack_large_sweep(struct stack *stack, enum stack_reach reach);
void stack_large_clear(struct stack *stack);

void stack_note_peak(struct stack *stack);

/* Keeps in mind how far the stretches in use were touched. */
void stack_note_touched(struct stack *stack);

/* The half that is in use. */
static inline struct stack_stretch *stack_half(struct stack *stack)
{
    return &stack->halves[stack->tenured_start_words == stack_half_start_words(1)];
}

/* An empty young stretch at `start_words`. */
void stack_young_begin(struct stack *stack, uint64_t start_words);

/* ---- place.c ------------------------------------------------------------------ */

static inline bool stack_is_in_place(const struct stack *stack)
{
    return stack->young_start_words != STACK_YOUNG_OFFSET_WORDS;
}

/* Is the tenured stretch to be collected? */
bool stack_is_overgrown(const struct stack *stack);

/* What was born in place is tenured. */
void stack_settle(struct stack *stack);

/* A collection found that `kept_bytes` of `size_bytes` young ones survived. */
void stack_place_learn(struct stack *stack, uint64_t size_bytes, uint64_t kept_bytes);

/* When the young stretch is empty: lays it out anew, in place or not. */
void stack_place_young(struct stack *stack);

/* What a young collection makes sure of: survivors are mostly few. */
#define STACK_READY_MIN_BYTES ((uint64_t)64 << 10)

/* Has pages made for the half's next `size_bytes`. */
void stack_make_ready(struct stack *stack, struct stack_stretch *half, uint64_t size_bytes);

#endif
