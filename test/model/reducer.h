/* The oracle: Nock, opcodes 0 to 12 and hints, evaluated naively on trees.
 *
 * It recurses in C, knows no bytecode, no caches and no jet but the one that
 * gives it virtual Nock, and collects the crash trace as it goes.  What it
 * cannot finish within its limits it reports as REDUCER_GAVE_UP, and a
 * comparison leaves that case out.
 *
 * Where the order of two failures could be seen in a trace, this file decides:
 * an opcode's argument must have the opcode's shape before any part of it is
 * evaluated; the axes of 9 and 10 are looked at after.
 *
 * Each virtual context has its own memo table, and so has the top.
 */
#ifndef MODEL_REDUCER_H
#define MODEL_REDUCER_H

#include "model/tree.h"

enum reducer_outcome {
    REDUCER_DONE,    /* product */
    REDUCER_CRASHED, /* product is the trace, newest first */
    REDUCER_GAVE_UP, /* out of steps or depth */
};

struct reducer_result {
    enum reducer_outcome outcome;
    const struct tree *product;
    const struct tree *slogs; /* list of [priority tank], newest first */
    uint64_t steps;
};

struct reducer_options {
    uint64_t steps_max;
    unsigned depth_max;
    /* A core [battery [[[subject formula] scry] root]] called by opcode 9 is
     * mink (docs/nock.md, section 5), if these are its battery and root.  NULL: none. */
    const struct tree *mink_battery;
    const struct tree *mink_root;
    /* For random_formula: a core whose arms at 4 and 5 make gates, or NULL. */
    const struct tree *library;
};

struct reducer_result reducer_run(struct tree_arena *arena, const struct reducer_options *options,
                                  const struct tree *subject, const struct tree *formula);

#endif
