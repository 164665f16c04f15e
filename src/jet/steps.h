/* Private to src/jet: what the step jets share. */
#ifndef JET_STEPS_H
#define JET_STEPS_H

#include "nock/nock.h"

/* A step jet that finds, too late to punt, that it does not know what the Nock
 * would do, has the Nock do it all again from the start: that is only slower. */
#define STEP_PHASE_FORMULA (~(uint64_t)0)

/* The sample of the core that was called, or NOUN_NONE. */
static inline noun step_sample(const struct nock_activation *a)
{
    return noun_at(a->core, 6);
}

static inline enum nock_step step_done(struct nock_activation *a, noun product)
{
    a->result = product;
    return NOCK_STEP_DONE;
}

/* Slams `gate`; its product comes in `phase`. */
static inline enum nock_step step_slam(struct nock *machine, struct nock_activation *a, noun gate, noun sample,
                                       uint64_t phase)
{
    a->subject = nock_gate_with_sample(machine, gate, sample);
    a->phase = phase;
    return a->subject == NOUN_NONE ? NOCK_STEP_EXIT : NOCK_STEP_KICK;
}

/* Slams `gate`; its product is the jet's. */
static inline enum nock_step step_slam_tail(struct nock *machine, struct nock_activation *a, noun gate, noun sample)
{
    a->subject = nock_gate_with_sample(machine, gate, sample);
    return a->subject == NOUN_NONE ? NOCK_STEP_EXIT : NOCK_STEP_KICK_TAIL;
}

/* Comes back in `phase` after the engine has had the chance to collect and to
 * see an interrupt. */
static inline enum nock_step step_pause(struct nock *machine, struct nock_activation *a, uint64_t phase)
{
    a->subject = 0;
    a->formula = stack_cell(nock_stack(machine), 1, 0);
    a->phase = phase;
    return NOCK_STEP_CALL;
}

/* Runs the called core's own formula; its product comes in `phase`. */
static inline enum nock_step step_formula(struct nock_activation *a, uint64_t phase)
{
    a->subject = a->core;
    a->formula = noun_head(a->core);
    a->phase = phase;
    return NOCK_STEP_CALL;
}

/* Leaves the call to the Nock, from any phase. */
static inline enum nock_step step_give_up(struct nock_activation *a)
{
    return a->phase == 0 ? NOCK_STEP_PUNT : step_formula(a, STEP_PHASE_FORMULA);
}

#endif
