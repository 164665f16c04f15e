/* What call sites, pulls and hinted cores remember, and how they learn it.
 * Private to the two that run code: interpret.c and native_help.c. */
#ifndef NOCK_SITES_H
#define NOCK_SITES_H

#include "nock/machine.h"

static inline struct known *known_called_slow(struct nock *machine, struct call_site *site, noun formula)
{
    if (!noun_is_cell(formula))
        return NULL;
    struct known *known = known_of(&machine->known, formula);
    if (known != site->known)
        site->code = NULL;
    site->known = known;
    site->cached_formula = formula;
    site->cached_until = word_until(machine, formula);
    return known;
}

/* The known record of what a register calls; NULL: not a formula at all.  The
 * word of an ephemeral formula means the same only until the next collection. */
static inline struct known *known_called(struct nock *machine, struct call_site *site, noun formula)
{
    if (LIKELY(formula == site->cached_formula) && LIKELY(site->cached_until >= machine->collections))
        return site->known;
    return known_called_slow(machine, site, formula);
}

static inline struct code *code_called(struct nock *machine, struct call_site *site, struct known *known)
{
    if (UNLIKELY(site->code == NULL))
        site->code = code_for(machine, known, site->shape);
    return site->code;
}

static inline bool fast_is_known(const struct nock *machine, const struct fast_site *site, noun core, noun clue)
{
    return clue == site->clue && ancestry_holds(&site->core, core, machine->collections);
}

/* The core was registered under the clue a moment ago. */
static inline void fast_learn(struct nock *machine, struct fast_site *site, noun core, noun clue)
{
    *site = (struct fast_site){.clue = clue, .core = registry_ancestry(machine, core, clue)};
}

static inline uint64_t words_until(const struct nock *machine, noun a, noun b)
{
    return noun_is_persistent(a) && noun_is_persistent(b) ? machine->lasting : machine->collections;
}

/* Is what the site remembers about this core's battery still so? */
static inline bool pull_holds(const struct nock *machine, const struct pull_site *pull, noun core)
{
    return LIKELY(noun_is_cell(core)) && noun_head(core) == pull->battery && pull->until >= machine->collections;
}

/* Does pulling from this core just make a gate that is already registered? */
static inline bool pull_makes(struct nock *machine, struct pull_site *pull, noun core)
{
    if (pull->gate == NULL)
        return false;
    if (pull->clue == NOUN_NONE || (core == pull->core && pull->core_until >= machine->collections))
        return true;
    noun parent = pull->parent_axis == 1 ? core : noun_at(core, pull->parent_axis);
    if (!ancestry_holds(&pull->parent, parent, machine->collections) &&
        !registry_has_gate(machine, pull->gate, noun_head(pull->clue), core, &pull->parent_axis, &pull->parent))
        return false;
    pull->core = core;
    pull->core_until = word_until(machine, core);
    return true;
}

/* Looks at the arm; false if there is none. */
static inline bool pull_learn(struct nock *machine, struct pull_site *pull, noun core)
{
    pull->battery = pull->core = NOUN_NONE;
    pull->gate = NULL;
    pull->parent_axis = 1;
    pull->parent = ANCESTRY_NONE;
    noun formula = noun_at(core, pull->axis);
    if (formula == NOUN_NONE || known_called(machine, &pull->call, formula) == NULL)
        return false;
    pull->battery = noun_head(core);
    pull->until = words_until(machine, pull->battery, formula);
    if (gate_maker(formula, &pull->gate_battery, &pull->clue))
        pull->gate = known_of(&machine->known, pull->gate_battery);
    return true;
}

/* Is it known what the arm gives for this core?  If not, it is about to be asked. */
static inline bool arm_is_known(const struct nock *machine, struct arm_site *site, noun core)
{
    if (core == site->core && site->moment == machine->moment)
        return true;
    site->core = core;
    site->moment = machine->moment + 1;
    return false;
}

static inline void arm_learn(const struct nock *machine, struct arm_site *site, noun product)
{
    if (site->moment != machine->moment + 1)
        return;
    site->product = product;
    site->moment = machine->moment;
}

static inline noun argument(const struct call_site *site, const uint64_t *frame, unsigned i)
{
    unsigned where = site->arguments[i];
    return where & ARGUMENT_CONSTANT ? site->constants[where & ~ARGUMENT_CONSTANT] : frame[where];
}

/* Two equal nouns: keep the older in both registers. */
static inline void keep_older(noun *a, noun *b)
{
    if (noun_offset_words(*a) < noun_offset_words(*b))
        *b = *a;
    else
        *a = *b;
}

/* Is the context that of the first jet, which a site may call by itself? */
static inline bool is_context_of(struct nock *machine, struct known *known, const struct warm_jet *warm, noun context)
{
    return LIKELY(warm_jet_remembers(warm, context, machine->collections)) ||
           registry_match_gate(machine, known, context) == warm->jet;
}

/* Runs the jet on a sample as it comes.  NOUN_NONE: it has not the form that the
 * jet takes. */
static inline noun run_on_one(struct nock *machine, const struct known *known, const struct warm_jet *warm,
                              noun context, noun sample)
{
    const struct nock_jet *jet = machine->last_jet = warm->jet;
    switch (warm->quick) {
    case NOCK_JET_1:
        return jet->run.one(machine, sample);
    case NOCK_JET_2:
        return noun_is_cell(sample) ? jet->run.two(machine, noun_head(sample), noun_tail(sample)) : NOUN_NONE;
    case NOCK_JET_3:
        if (!noun_is_cell(sample) || !noun_is_cell(noun_tail(sample)))
            return NOUN_NONE;
        return jet->run.three(machine, noun_head(sample), noun_head(noun_tail(sample)), noun_tail(noun_tail(sample)));
    case NOCK_JET_CORE:
        return jet->run.core(machine, stack_triple(machine->stack, known->noun, sample, context));
    case NOCK_JET_STEP:
        break;
    }
    return NOUN_NONE;
}

/* The same for a sample [first second] that has not been built. */
static inline noun run_on_two(struct nock *machine, const struct known *known, const struct warm_jet *warm,
                              noun context, noun first, noun second)
{
    if (LIKELY(warm->quick == NOCK_JET_2)) {
        machine->last_jet = warm->jet;
        return warm->jet->run.two(machine, first, second);
    }
    if (warm->quick == NOCK_JET_STEP)
        return NOUN_NONE;
    return run_on_one(machine, known, warm, context, stack_cell(machine->stack, first, second));
}

/* The common case of a jetted call: the sample comes as the jet takes it.
 * NOUN_NONE: it does not. */
static inline noun try_quickly(struct nock *machine, const struct call_site *site, const uint64_t *frame,
                               const struct warm_jet *warm)
{
    if (site->sample_leaves == 0 || warm->quick == NOCK_JET_STEP)
        return NOUN_NONE;
    noun context = argument(site, frame, site->sample_leaves), first = argument(site, frame, 0);
    if (!is_context_of(machine, site->known, warm, context))
        return NOUN_NONE;
    if (site->sample_leaves == 1)
        return run_on_one(machine, site->known, warm, context, first);
    return run_on_two(machine, site->known, warm, context, first, argument(site, frame, 1));
}

static inline bool equal_registers(noun *a, noun *b)
{
    if (!noun_equal(*a, *b))
        return false;
    keep_older(a, b);
    return true;
}

#endif
