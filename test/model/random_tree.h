/* Random values, axes and small damages to trees.  `state` is a tap_random
 * sequence of the caller's. */
#ifndef MODEL_RANDOM_TREE_H
#define MODEL_RANDOM_TREE_H

#include "model/tree.h"

/* An atom: mostly small, else at the edge of a representation, a cord, or big. */
const struct tree *random_tree_atom(struct tree_arena *arena, uint64_t *state);

/* A noun of at most `leaves` leaves. */
const struct tree *random_tree(struct tree_arena *arena, uint64_t *state, unsigned leaves);

enum random_want { RANDOM_ANY, RANDOM_ATOM, RANDOM_LOOBEAN, RANDOM_CELL };

/* An axis that exists in `tree`, with a part of that kind if one is met on the
 * way down (an axis of a deep list has more than 64 bits); or a wrong one. */
const struct tree *random_axis(struct tree_arena *arena, uint64_t *state, const struct tree *tree,
                               enum random_want want);
const struct tree *random_wrong_axis(struct tree_arena *arena, uint64_t *state);

/* A deep copy that shares nothing, so that equality has to look. */
const struct tree *random_copy(struct tree_arena *arena, const struct tree *tree);

/* The tree with one random part replaced. */
const struct tree *random_damage(struct tree_arena *arena, uint64_t *state, const struct tree *tree);

#endif
