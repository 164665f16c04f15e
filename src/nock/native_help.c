/* What native code calls: the instructions that are too long for a template. */
#include "nock/sites.h"

noun native_axis(struct nock *machine, struct axis_site *site, noun from)
{
    noun part = noun_at(from, site->axis);
    if (part == NOUN_NONE)
        return NOUN_NONE;
    site->from = from;
    site->part = part;
    site->until = word_until(machine, from);
    return part;
}

bool native_equal(noun *a, noun *b)
{
    return equal_registers(a, b);
}

noun native_jet(struct nock *machine, const struct call_site *site, const uint64_t *frame)
{
    noun value = try_quickly(machine, site, frame, site->known->jets);
    machine->statistics.jet_calls += value < NOCK_JET_FAIL;
    machine->statistics.calls += value < NOCK_JET_FAIL;
    return value;
}

bool native_pull(struct nock *machine, struct pull_site *pull, noun core)
{
    return (pull_holds(machine, pull, core) || pull_learn(machine, pull, core)) && pull_makes(machine, pull, core);
}

void native_land_pull(uint64_t *frame, const struct slot *landing, noun gate)
{
    bool is_gate = noun_is_cell(gate) && noun_is_cell(noun_tail(gate));
    frame[landing[1].operand[0]] = is_gate ? noun_head(gate) : 0;
    frame[landing[1].operand[1]] = is_gate ? noun_tail(noun_tail(gate)) : 0;
}

void native_fast(struct nock *machine, struct fast_site *site, noun core, noun clue)
{
    if (fast_is_known(machine, site, core, clue))
        return;
    registry_register(machine, core, clue);
    fast_learn(machine, site, core, clue);
}

noun native_edit(struct nock *machine, noun tree, noun axis, noun patch)
{
    return machine_edit(machine->stack, tree, axis, patch);
}

noun native_memo_find(struct nock *machine, noun subject, noun formula)
{
    noun product = memo_table_find(&machine->context->memo, subject, formula);
    machine->statistics.memo_hits += product != NOUN_NONE;
    return product;
}

void native_memo_store(struct nock *machine, noun subject, noun formula, noun product)
{
    virtual_memo_store(machine, subject, formula, product);
}
