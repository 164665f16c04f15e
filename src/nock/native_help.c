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

/* May a template call the first jet of this formula?  Looks at the others, too, where
 * the context is not one that matched a moment ago. */
static inline bool is_quick(struct nock *machine, struct known *known, noun context)
{
    struct warm_jet *warm = known->jets;
    if (warm->quick == NOCK_JET_STEP)
        return false;
    return LIKELY(context_is_known(machine, warm, context)) ||
           registry_match_gate(machine, known, context) == warm->jet;
}

noun native_jet_1(struct nock *machine, const struct call_site *site, noun context, noun sample)
{
    if (!is_quick(machine, site->known, context))
        return NOUN_NONE;
    return run_on_one(machine, site->known, site->known->jets, context, sample);
}

noun native_jet_2(struct nock *machine, const struct call_site *site, noun context, noun first, noun second)
{
    if (!is_quick(machine, site->known, context))
        return NOUN_NONE;
    return run_on_two(machine, site->known, site->known->jets, context, first, second);
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
    if (jets_try(machine, site->known, &pieces, &jet, &value) != JETTED_VALUE)
        return NOUN_NONE;
    machine->statistics.jet_calls--; /* the template counts it */
    return value;
}

bool native_pull(struct nock *machine, struct pull_site *pull, noun core)
{
    return (pull_holds(machine, pull, core) || pull_learn(machine, pull, core)) && pull_makes(machine, pull, core);
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
