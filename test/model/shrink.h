/* From a failing pair of subject and formula to a small one that fails too. */
#ifndef MODEL_SHRINK_H
#define MODEL_SHRINK_H

#include "model/tree.h"

/* True if the pair still shows what is being looked for. */
typedef bool shrink_test(void *context, const struct tree *subject, const struct tree *formula);

/* Replaces parts by smaller ones as long as `test` stays true, `tries` times at
 * most.  The result is in `arena`; `test` must not reset that. */
void shrink(struct tree_arena *arena, const struct tree **subject, const struct tree **formula, shrink_test *test,
            void *context, unsigned tries);

#endif
