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
    return noun_is_cell(core) && noun_head(core) == site->battery && clue == site->clue &&
           site->until >= machine->collections && noun_at(core, site->axis) == site->parent;
}

static inline void fast_learn(const struct nock *machine, struct fast_site *site, noun core, noun clue)
{
    site->battery = NOUN_NONE;
    if (!noun_is_cell(core) || !noun_is_cell(noun_head(core)))
        return;
    site->axis = registry_parent_axis(clue);
    site->parent = noun_at(core, site->axis);
    if (site->axis <= 1 || site->parent == NOUN_NONE)
        return;
    site->battery = noun_head(core);
    site->clue = clue;
    bool lasts = noun_is_persistent(site->battery) && noun_is_persistent(site->parent) && noun_is_persistent(clue);
    site->until = lasts ? machine->lasting : machine->collections;
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
    if (!registry_has_gate(machine, pull->gate, noun_head(pull->clue), core))
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
    noun formula = noun_at(core, pull->axis);
    if (formula == NOUN_NONE || known_called(machine, &pull->call, formula) == NULL)
        return false;
    bool lasts = noun_is_persistent(noun_head(core)) && noun_is_persistent(formula);
    pull->battery = noun_head(core);
    pull->until = lasts ? machine->lasting : machine->collections;
    if (gate_maker(formula, &pull->gate_battery, &pull->clue))
        pull->gate = known_of(&machine->known, pull->gate_battery);
    return true;
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

/* The common case of a jetted call: the context matched here or elsewhere a
 * moment ago, and the sample comes as the jet takes it.  NOUN_NONE: it is not. */
static inline noun try_quickly(struct nock *machine, const struct call_site *site, const uint64_t *frame,
                               const struct warm_jet *warm)
{
    if (site->sample_leaves == 0 || warm->registration->axis != 7 || machine->options.check_jets ||
        warm->until < machine->collections || warm->context != argument(site, frame, site->sample_leaves))
        return NOUN_NONE;
    machine->last_jet = warm->jet;
    noun first = argument(site, frame, 0), second;
    if (warm->jet->kind == NOCK_JET_1 && site->sample_leaves == 1)
        return warm->jet->run.one(machine, first);
    if (warm->jet->kind != NOCK_JET_2)
        return NOUN_NONE;
    if (site->sample_leaves == 2) {
        second = argument(site, frame, 1);
    } else {
        if (!noun_is_cell(first))
            return NOUN_NONE;
        second = noun_tail(first);
        first = noun_head(first);
    }
    return warm->jet->run.two(machine, first, second);
}

static inline bool equal_registers(noun *a, noun *b)
{
    if (!noun_equal(*a, *b))
        return false;
    keep_older(a, b);
    return true;
}

#endif
