/* Lists: the jets that call a gate for every item.
 *
 * Each is a step jet: it asks the engine to slam the gate and is called again
 * with the product.  What it carries between two items lies in its slots.
 */
#include "jet/chapters.h"
#include "jet/steps.h"

/* ---- roll ---------------------------------------------------------------- */

enum { ROLL_LIST, ROLL_GATE };

/* The gate's own sample holds the first accumulator, at axis 13 of the gate. */
enum nock_step jet_roll(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == 0) {
        noun sample = step_sample(a);
        if (!noun_is_cell(sample))
            return NOCK_STEP_PUNT;
        a->slot[ROLL_LIST] = noun_head(sample);
        a->slot[ROLL_GATE] = noun_tail(sample);
        a->result = noun_at(a->slot[ROLL_GATE], 13);
        if (a->result == NOUN_NONE)
            return NOCK_STEP_EXIT;
        a->phase = 1;
    }
    noun list = a->slot[ROLL_LIST];
    if (list == 0)
        return NOCK_STEP_DONE;
    if (!noun_is_cell(list))
        return NOCK_STEP_EXIT;
    a->slot[ROLL_LIST] = noun_tail(list);
    noun sample = stack_cell(nock_stack(machine), noun_head(list), a->result);
    return step_slam(machine, a, a->slot[ROLL_GATE], sample, 1);
}

/* ---- turn ---------------------------------------------------------------- */

enum { TURN_LIST, TURN_GATE, TURN_REVERSED };

enum nock_step jet_turn(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == 0) {
        noun sample = step_sample(a);
        if (!noun_is_cell(sample))
            return NOCK_STEP_PUNT;
        a->slot[TURN_LIST] = noun_head(sample);
        a->slot[TURN_GATE] = noun_tail(sample);
    } else {
        a->slot[TURN_REVERSED] = stack_cell(nock_stack(machine), a->result, a->slot[TURN_REVERSED]);
    }
    noun list = a->slot[TURN_LIST];
    if (list == 0)
        return step_done(a, jet_flop(machine, a->slot[TURN_REVERSED]));
    if (!noun_is_cell(list))
        return NOCK_STEP_EXIT;
    a->slot[TURN_LIST] = noun_tail(list);
    return step_slam(machine, a, a->slot[TURN_GATE], noun_head(list), 1);
}

/* ---- levy ---------------------------------------------------------------- */

enum { LEVY_LIST, LEVY_GATE };

enum nock_step jet_levy(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == 0) {
        noun sample = step_sample(a);
        if (!noun_is_cell(sample))
            return NOCK_STEP_PUNT;
        a->slot[LEVY_LIST] = noun_head(sample);
        a->slot[LEVY_GATE] = noun_tail(sample);
    } else if (a->result != NOUN_YES) {
        return a->result == NOUN_NO ? NOCK_STEP_DONE : NOCK_STEP_EXIT;
    }
    noun list = a->slot[LEVY_LIST];
    if (list == 0)
        return step_done(a, NOUN_YES);
    if (!noun_is_cell(list))
        return NOCK_STEP_EXIT;
    a->slot[LEVY_LIST] = noun_tail(list);
    return step_slam(machine, a, a->slot[LEVY_GATE], noun_head(list), 1);
}
