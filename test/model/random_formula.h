/* Random formulas that mostly make sense.
 *
 * The generator carries the concrete subject along and asks the oracle what
 * each inner formula makes of it, so that nearly every axis exists, nearly
 * every test is a loobean and loops end; then it breaks a few on purpose.
 */
#ifndef MODEL_RANDOM_FORMULA_H
#define MODEL_RANDOM_FORMULA_H

#include "model/reducer.h"

struct random_formula {
    const struct tree *subject;
    const struct tree *formula;
    /* No hint in it slogs what the oracle does not know (%bout, %hela). */
    bool slogs_are_exact;
};

/* `size` bounds the number of composed opcodes.  With a mink battery in
 * `options` it also makes virtual computations, called through a core. */
struct random_formula random_formula(struct tree_arena *arena, uint64_t *state, const struct reducer_options *options,
                                     unsigned size);

#endif
