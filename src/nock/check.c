/* A jet beside its Nock: `loam --jet-check`.
 *
 * The Nock runs first, in a virtual context so that its crash is a value; then
 * the jet; then the two are compared.  While either runs, the jets below it
 * run unchecked: each is checked where it is called directly, and the work
 * does not double with every level.
 */
#include "nock/machine.h"

#include <stdio.h>

enum phase { PHASE_NOCK, PHASE_JET, PHASE_COMPARE };
enum check_slot { SLOT_TONE = 0, SLOT_JET = 5 };

/* Pointers pass for direct atoms in a slot. */
static const struct nock_jet *jet_of(const struct nock_activation *activation)
{
    return (const struct nock_jet *)(uintptr_t)activation->slot[SLOT_JET];
}

static enum nock_step leave(struct nock *machine, enum nock_step outcome)
{
    machine->check_suspended = false;
    return outcome;
}

static enum nock_step differs(struct nock *machine, const struct nock_activation *activation, const char *how)
{
    char text[256];
    snprintf(text, sizeof text, "jet check: %s differs from its Nock: %s", jet_of(activation)->path, how);
    if (machine->options.slog != NULL)
        machine->options.slog(machine->options.slog_context, 1, stack_cord(machine->stack, text));
    machine->failure_mote = noun_cord("jest");
    return leave(machine, NOCK_STEP_FAIL);
}

static enum nock_step compare(struct nock *machine, struct nock_activation *activation, noun product)
{
    noun tone = activation->slot[SLOT_TONE];
    if (noun_head(tone) != 0)
        return differs(machine, activation, "the Nock crashes, the jet gives a product");
    if (!noun_equal(noun_tail(tone), product))
        return differs(machine, activation, "the products are not the same");
    activation->result = product;
    return leave(machine, NOCK_STEP_DONE);
}

/* As the Nock ended. */
static enum nock_step settle_for_nock(struct nock *machine, struct nock_activation *activation)
{
    noun tone = activation->slot[SLOT_TONE];
    activation->result = noun_tail(tone);
    if (noun_head(tone) == 0)
        return leave(machine, NOCK_STEP_DONE);
    return leave(machine, noun_head(tone) == 1 ? NOCK_STEP_BLOCK : NOCK_STEP_EXIT);
}

static enum nock_step run_jet(struct nock *machine, struct nock_activation *activation)
{
    noun tone = activation->slot[SLOT_TONE] = activation->result;
    if (noun_head(tone) == 1)
        return settle_for_nock(machine, activation);
    if (jet_of(activation)->kind == NOCK_JET_STEP) {
        if (noun_head(tone) == 2)
            return settle_for_nock(machine, activation);
        activation->phase = PHASE_COMPARE;
        activation->subject = activation->core;
        return NOCK_STEP_KICK;
    }
    noun product;
    switch (jets_run_plain(machine, jet_of(activation), activation->core, &product)) {
    case JETTED_VALUE:
        return compare(machine, activation, product);
    case JETTED_EXIT:
        if (noun_head(tone) == 0)
            return differs(machine, activation, "the jet crashes, the Nock gives a product");
        return settle_for_nock(machine, activation);
    default:
        return settle_for_nock(machine, activation);
    }
}

enum nock_step check_step(struct nock *machine, struct nock_activation *activation)
{
    switch (activation->phase) {
    case PHASE_NOCK:
        activation->slot[SLOT_JET] = (noun)(uintptr_t)machine->checked_jet;
        machine->check_suspended = true;
        activation->phase = PHASE_JET;
        activation->subject = activation->core;
        activation->formula = noun_head(activation->core);
        return NOCK_STEP_VIRTUAL;
    case PHASE_JET:
        return run_jet(machine, activation);
    default:
        return compare(machine, activation, activation->result);
    }
}
