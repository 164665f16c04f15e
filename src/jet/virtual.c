/* Virtual Nock: running untrusted Nock inside Nock.
 *
 * The engine runs it (NOCK_STEP_VIRTUAL) and gives a tone:
 *
 *   [0 product]   [1 path] blocked on a scry   [2 trace] crashed
 *
 * mink gives the tone as it is; mole and mule kick a trap, under a scry gate
 * that hands every scry on to the context outside, and differ in what they
 * make of the tone.  The library runs the trap a second time for a product of
 * its type, which changes nothing but the time.
 */
#include "jet/chapters.h"
#include "jet/steps.h"

enum { VIRTUAL_START, VIRTUAL_TONE, VIRTUAL_RENDER };

enum nock_step jet_mink(struct nock *machine, struct nock_activation *a)
{
    (void)machine;
    if (a->phase == VIRTUAL_TONE)
        return NOCK_STEP_DONE;
    noun sample = step_sample(a);
    if (!noun_is_cell(sample) || !noun_is_cell(noun_head(sample)))
        return NOCK_STEP_PUNT;
    a->subject = noun_head(noun_head(sample));
    a->formula = noun_tail(noun_head(sample));
    a->scry = noun_tail(sample);
    a->phase = VIRTUAL_TONE;
    return NOCK_STEP_VIRTUAL;
}

/* ---- traps --------------------------------------------------------------- */

/* [9 2 0 1] */
static noun kick_formula(struct stack *stack)
{
    return stack_triple(stack, 9, 2, stack_cell(stack, 0, 1));
}

/* The gate |=(a=^ ``.*(a [%12 [%0 2] %0 3])), which scries outside. */
static noun pass_through_gate(struct stack *stack)
{
    noun scry = stack_triple(stack, 12, stack_cell(stack, 0, 2), stack_cell(stack, 0, 3));
    noun run = stack_triple(stack, 2, stack_cell(stack, 0, 6), stack_cell(stack, 1, scry));
    noun null = stack_cell(stack, 1, 0);
    return stack_triple(stack, stack_triple(stack, null, null, run), stack_cell(stack, 0, 0), 0);
}

static enum nock_step run_trap(struct nock *machine, struct nock_activation *a)
{
    struct stack *stack = nock_stack(machine);
    a->subject = step_sample(a);
    if (a->subject == NOUN_NONE)
        return NOCK_STEP_PUNT;
    a->formula = kick_formula(stack);
    a->scry = pass_through_gate(stack);
    a->phase = VIRTUAL_TONE;
    return NOCK_STEP_VIRTUAL;
}

/* (unit product): a tone of success has the same shape. */
enum nock_step jet_mole(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == VIRTUAL_START)
        return run_trap(machine, a);
    return noun_head(a->result) == 0 ? NOCK_STEP_DONE : step_done(a, 0);
}

/* [1 tang]: the trace rendered, or the path that blocked. */
static enum nock_step mule_failed(struct nock *machine, struct nock_activation *a, noun tang)
{
    return step_done(a, stack_cell(nock_stack(machine), 1, tang));
}

static enum nock_step mule_rendered(struct nock *machine, struct nock_activation *a, enum nock_mook state)
{
    if (state == NOCK_MOOK_RUN)
        return NOCK_STEP_VIRTUAL;
    return state == NOCK_MOOK_UNKNOWN ? step_give_up(a) : mule_failed(machine, a, nock_mook_tang(machine, a));
}

enum nock_step jet_mule(struct nock *machine, struct nock_activation *a)
{
    struct stack *stack = nock_stack(machine);
    noun tone = a->result;
    switch (a->phase) {
    case VIRTUAL_START:
        return run_trap(machine, a);
    case VIRTUAL_TONE:
        if (noun_head(tone) == 0)
            return NOCK_STEP_DONE;
        if (noun_head(tone) == 1)
            return mule_failed(machine, a, stack_cell(stack, nock_mook_blocked(machine, noun_tail(tone)), 0));
        nock_mook_begin(machine, a, noun_tail(tone));
        a->phase = VIRTUAL_RENDER;
        return mule_rendered(machine, a, nock_mook_next(machine, a));
    case VIRTUAL_RENDER:
        return mule_rendered(machine, a, nock_mook_take(machine, a));
    default:
        return NOCK_STEP_DONE; /* the formula's product */
    }
}
