/* The jet tables: hot (compiled in), cold (registered by %fast), and warm
 * (which formula may run which jet).  ABI page section 9.
 *
 * A registration is one link of a chain: "a core whose battery is this, whose
 * part at `axis` matches the parent registration".  The last link is a whole
 * noun.  A label (path of names) may own many registrations and a battery may
 * be in many.
 */
#ifndef NOCK_REGISTRY_H
#define NOCK_REGISTRY_H

#include "nock/code.h"
#include "nock/known.h"
#include "nock/nock.h"

struct registration {
    struct registration *parent; /* NULL for a root */
    struct known *known;         /* the battery, or the root's whole noun */
    struct registration *next;   /* of the same battery */
    struct registration *older;  /* in the order of registration */
    struct registration *next_root;
    uint64_t axis;             /* of the parent core; 0 for a root */
    char *label;               /* "k.138/one/add" */
    noun chum;                 /* a root */
    size_t index;              /* while the registry is written out */
    noun matched;              /* the last core that was found to be as this says */
    uint64_t matched_until;    /* the number of collections up to which the word means that core */
    noun battery, parent_core; /* what it had; any other with the same words is so, too */
    uint64_t parts_until;      /* the number of collections up to which those two words hold */
};

/* Is the core the last that was as the registration says, or has it the same
 * battery and the same parent?  (A core made anew at every call, around a parent
 * that stays.) */
static inline bool registration_remembers(const struct registration *registration, noun core, uint64_t collections)
{
    if (core == registration->matched && registration->matched_until >= collections)
        return true;
    return registration->parts_until >= collections && noun_is_cell(core) && noun_head(core) == registration->battery &&
           noun_at(core, registration->axis) == registration->parent_core;
}

struct warm_jet {
    struct warm_jet *next;
    struct registration *registration;
    const struct nock_jet *jet;
    enum nock_jet_kind quick; /* its kind, if a call site may call it by itself: a plain jet, whose core's parent
                               * is the context, in a machine that checks none; else NOCK_JET_STEP */
    noun context;             /* the parent that matched last */
    uint64_t until;           /* the number of collections up to which that holds */
    struct ancestry ancestry; /* of that parent */
};

/* Is it the context that matched last? */
static inline bool warm_jet_remembers(const struct warm_jet *warm, noun context, uint64_t collections)
{
    return warm->context == context && warm->until >= collections;
}

struct hot_table {
    const struct nock_jet *jets;
    size_t count;
};

struct registry {
    struct registration *newest;
    struct registration *scanned; /* it and the older ones hold nothing young */
    struct registration *roots;
    size_t roots_count;
    struct hot_table hot[8];
    size_t hot_count;
    noun saved;           /* the registry as a noun, as long as it is up to date; or NOUN_NONE */
    nock_holds_fn *holds; /* while one is restored: what can be read; NULL: everything */
    const void *holds_context;
};

struct nock;

void registry_finish(struct registry *registry);

/* The hint %fast on a product core. */
void registry_register(struct nock *machine, noun core, noun clue);

/* A registration of a battery, or of a root's whole noun if `parent` is NULL. */
void registry_add(struct nock *machine, struct known *known, noun chum, uint64_t axis, struct registration *parent);

/* What about a core that has just been registered under the clue makes it needless
 * to register another: also if that led to nothing. */
struct ancestry registry_ancestry(struct nock *machine, noun core, noun clue);

/* As noun_at, but without a call, which would make every function that asks save
 * its registers: mostly it is a step or two.  Not for axis 0. */
static inline noun part_of_core(noun core, uint64_t axis)
{
    for (unsigned steps = bits_length(axis) - 1; steps-- > 0;) {
        if (!noun_is_cell(core))
            return NOUN_NONE;
        core = noun_words(core)[1 + (axis >> steps & 1)];
    }
    return core;
}

/* Has the core these ancestors? */
static inline bool ancestry_holds(const struct ancestry *ancestry, noun core, uint64_t collections)
{
    if (ancestry->until < collections)
        return false;
    for (uint32_t i = 0; i < ancestry->count; i++) {
        if (!noun_is_cell(core) || noun_head(core) != ancestry->cores[i].battery)
            return false;
        core = part_of_core(core, ancestry->cores[i].axis);
    }
    return core == ancestry->last;
}

/* The jet for a core called through `known`, or NULL.  The core is [battery
 * [sample context]] with `context` given, or given whole. */
const struct nock_jet *registry_match_gate(struct nock *machine, struct known *known, noun context);
const struct nock_jet *registry_match(struct nock *machine, struct known *known, noun core);

/* Is the gate [battery [* core]] registered under this name?  Then *parent is
 * where its parent is in the core, and what made that match. */
bool registry_has_gate(struct nock *machine, const struct known *battery, noun chum, noun core, uint64_t *parent_axis,
                       struct ancestry *parent);

/* Does the formula just make a gate around its subject, perhaps hinted?  Then
 * its battery, and the hint's clue or NOUN_NONE. */
bool gate_maker(noun formula, noun *battery, noun *clue);

/* The records forget what is registered of them. */
void registry_forget_links(struct nock *machine);

/* After known records were dropped: forgets registrations that lost one. */
void registry_sweep(struct nock *machine);

#endif
