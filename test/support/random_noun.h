/* Random nouns for tests. */
#ifndef SUPPORT_RANDOM_NOUN_H
#define SUPPORT_RANDOM_NOUN_H

#include "noun/noun.h"
#include "stack/stack.h"

/* An atom: small, at the edge of a representation, a cord, or of many words. */
noun random_atom(struct stack *stack, uint64_t *state);

/* A noun of about `size` leaves: bushy, list-like or left-leaning, with some
 * of its parts shared.  `state` is a tap_random sequence. */
noun random_noun(struct stack *stack, uint64_t *state, unsigned size);

#endif
