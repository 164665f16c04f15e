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
    if (!noun_is_cell(core) || noun_head(core) != site->battery || clue != site->clue ||
        site->until < machine->collections)
        return false;
    noun parent = noun_at(core, site->axis);
    if (parent == site->parent && site->parent_until >= machine->collections)
        return true;
    return site->grandparent_until >= machine->collections && noun_is_cell(parent) &&
           noun_head(parent) == site->parent_battery && noun_at(parent, site->parent_axis) == site->grandparent;
}

static inline uint64_t words_until(const struct nock *machine, noun a, noun b)
{
    return noun_is_persistent(a) && noun_is_persistent(b) ? machine->lasting : machine->collections;
}

/* The core was registered under the clue a moment ago. */
static inline void fast_learn(struct nock *machine, struct fast_site *site, noun core, noun clue)
{
    *site = (struct fast_site){.battery = NOUN_NONE};
    uint64_t axis = registry_parent_axis(clue);
    if (axis <= 1 || !noun_is_cell(core) || !noun_is_cell(noun_head(core)))
        return;
    noun parent = noun_at(core, axis);
    if (parent == NOUN_NONE)
        return;
    *site = (struct fast_site){
        .axis = axis,
        .battery = noun_head(core),
        .clue = clue,
        .until = words_until(machine, noun_head(core), clue),
        .parent = parent,
        .parent_until = word_until(machine, parent),
        .parent_battery = NOUN_NONE,
    };
    uint64_t parent_axis = registry_grandparent_axis(machine, core, clue, axis);
    if (parent_axis == 0)
        return;
    site->parent_axis = parent_axis;
    site->parent_battery = noun_head(parent);
    site->grandparent = noun_at(parent, parent_axis);
    site->grandparent_until = words_until(machine, site->parent_battery, site->grandparent);
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
    pull->battery = noun_head(core);
    pull->until = words_until(machine, pull->battery, formula);
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

/* Is the context that of the jet, by what was remembered a moment ago? */
static inline bool context_is_known(const struct nock *machine, const struct warm_jet *warm, noun context)
{
    return (warm->context == context && warm->until >= machine->collections) ||
           registration_remembers(warm->registration->parent, context, machine->collections);
}

/* The common case of a jetted call: the context matched here or elsewhere a
 * moment ago, and the sample comes as the jet takes it.  NOUN_NONE: it is not. */
static inline noun try_quickly(struct nock *machine, const struct call_site *site, const uint64_t *frame,
                               const struct warm_jet *warm)
{
    if (site->sample_leaves == 0 || warm->jet->kind == NOCK_JET_STEP || warm->registration->axis != 7 ||
        machine->options.check_jets)
        return NOUN_NONE;
    noun context = argument(site, frame, site->sample_leaves);
    if (!context_is_known(machine, warm, context))
        return NOUN_NONE;
    machine->last_jet = warm->jet;
    noun first = argument(site, frame, 0), second = NOUN_NONE;
    if (site->sample_leaves == 2)
        second = argument(site, frame, 1);
    if (warm->jet->kind == NOCK_JET_1 && second == NOUN_NONE)
        return warm->jet->run.one(machine, first);
    if (warm->jet->kind == NOCK_JET_CORE) {
        noun sample = second == NOUN_NONE ? first : stack_cell(machine->stack, first, second);
        return warm->jet->run.core(machine, stack_triple(machine->stack, site->known->noun, sample, context));
    }
    if (warm->jet->kind != NOCK_JET_2)
        return NOUN_NONE;
    if (second == NOUN_NONE) {
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
