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

/* What is rare in these functions, which are called a million times a second, is in others
 * that are not inlined, so that they need not save registers. */
#define RARE __attribute__((noinline, cold))

/* The context is not one that matched a moment ago: is it the first jet's all the same? */
static RARE noun jet_1_slow(struct nock *machine, const struct call_site *site, noun context, noun sample)
{
    const struct warm_jet *warm = site->known->jets;
    if (warm->quick == NOCK_JET_STEP || !is_context_of(machine, site->known, warm, context))
        return NOUN_NONE;
    return run_on_one(machine, site->known, warm, context, sample);
}

noun native_jet_1(struct nock *machine, const struct call_site *site, noun context, noun sample)
{
    const struct warm_jet *warm = site->known->jets;
    if (warm->quick == NOCK_JET_STEP)
        return NOUN_NONE;
    if (UNLIKELY(!warm_jet_remembers(warm, context, machine->collections)))
        return jet_1_slow(machine, site, context, sample);
    if (LIKELY(warm->quick == NOCK_JET_1)) {
        machine->last_jet = warm->jet;
        return warm->jet->run.one(machine, sample);
    }
    return run_on_one(machine, site->known, warm, context, sample);
}

static RARE noun jet_2_slow(struct nock *machine, const struct call_site *site, noun context, noun first, noun second)
{
    const struct warm_jet *warm = site->known->jets;
    if (warm->quick == NOCK_JET_STEP || !is_context_of(machine, site->known, warm, context))
        return NOUN_NONE;
    return run_on_two(machine, site->known, warm, context, first, second);
}

noun native_jet_2(struct nock *machine, const struct call_site *site, noun context, noun first, noun second)
{
    const struct warm_jet *warm = site->known->jets;
    if (LIKELY(warm->quick == NOCK_JET_2 && warm_jet_remembers(warm, context, machine->collections))) {
        machine->last_jet = warm->jet;
        return warm->jet->run.two(machine, first, second);
    }
    return jet_2_slow(machine, site, context, first, second);
}

noun native_jet_any(struct nock *machine, const struct call_site *site, const uint64_t *frame)
{
    if (site->known->jets->jet->kind == NOCK_JET_STEP || machine->options.check_jets)
        return NOUN_NONE;
    struct pieces pieces = {.shape = site->shape};
    for (unsigned i = 0; i < site->shape.leaves; i++)
        pieces.leaves[i] = argument(site, frame, i);
    const struct nock_jet *jet;
    noun value;
    /* A value is counted by the template; anything else by the interpreter, which tries again. */
    uint64_t calls = machine->statistics.jet_calls, punts = machine->statistics.jet_punts;
    enum jetted jetted = jets_try(machine, site->known, &pieces, &jet, &value);
    machine->statistics.jet_calls = calls;
    machine->statistics.jet_punts = punts;
    return jetted == JETTED_VALUE ? value : NOUN_NONE;
}

bool native_pull(struct nock *machine, struct pull_site *pull, noun core)
{
    return (pull_holds(machine, pull, core) || pull_learn(machine, pull, core)) && pull_makes(machine, pull, core);
}

static RARE void fast_slow(struct nock *machine, struct fast_site *site, noun core, noun clue)
{
    registry_register(machine, core, clue);
    fast_learn(machine, site, core, clue);
}

void native_fast(struct nock *machine, struct fast_site *site, noun core, noun clue)
{
    if (UNLIKELY(!fast_is_known(machine, site, core, clue)))
        fast_slow(machine, site, core, clue);
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
