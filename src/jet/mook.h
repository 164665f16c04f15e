/* Private to src/jet: traces rendered to tanks, in steps. */
#ifndef JET_MOOK_H
#define JET_MOOK_H

#include "nock/nock.h"

/* Starts to render `trace`, newest entry first, in the slots of `a`. */
void mook_begin(struct stack *stack, struct nock_activation *a, noun trace);

enum mook {
    MOOK_DONE,    /* mook_tang has it */
    MOOK_RUN,     /* `a` holds what to run as NOCK_STEP_VIRTUAL; then mook_take */
    MOOK_UNKNOWN, /* something that only the Nock renders */
};

/* Renders up to the end, or to an entry that takes a run. */
enum mook mook_next(struct stack *stack, struct nock_activation *a);

/* Takes the tone of the run, which is in a->result, and goes on. */
enum mook mook_take(struct stack *stack, struct nock_activation *a);

noun mook_tang(struct stack *stack, struct nock_activation *a);

/* The tank for a path that blocked. */
noun mook_blocked(struct stack *stack, noun path);

#endif
