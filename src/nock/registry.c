#include "nock/machine.h"

#include <stdio.h>
#include <stdlib.h>

#define LABEL_SIZE_MAX_BYTES 512

static void *allocate(size_t size_bytes)
{
    void *memory = calloc(1, size_bytes);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    return memory;
}

void registry_finish(struct registry *registry)
{
    while (registry->newest != NULL) {
        struct registration *older = registry->newest->older;
        free(registry->newest->label);
        free(registry->newest);
        registry->newest = older;
    }
}

/* ---- labels ------------------------------------------------------------------- */

static size_t append_atom(char *text, size_t at, size_t size_bytes, noun atom)
{
    uint64_t direct;
    size_t length;
    const char *bytes = (const char *)noun_atom_bytes(atom, &direct, &length);
    bool is_text = length > 0;
    for (size_t i = 0; i < length; i++)
        is_text = is_text && bytes[i] > ' ' && bytes[i] < 0x7f && !(length == 1 && bytes[i] < 'a');
    int written = is_text ? snprintf(text + at, size_bytes - at, "%.*s", (int)length, bytes)
                          : snprintf(text + at, size_bytes - at, "%" PRIu64, noun_is_direct(atom) ? atom : 0);
    return at + (size_t)written < size_bytes ? at + (size_t)written : size_bytes - 1;
}

/* "add" for 'add', "k.138" for [%k 138]. */
static bool append_chum(char *text, size_t at, size_t size_bytes, noun chum)
{
    for (; noun_is_cell(chum); chum = noun_tail(chum)) {
        if (!noun_is_atom(noun_head(chum)) || at + 2 >= size_bytes)
            return false;
        at = append_atom(text, at, size_bytes, noun_head(chum));
        text[at++] = '.';
    }
    /* A number after a name is decimal even if its byte is printable. */
    if (at > 0 && text[at - 1] == '.' && noun_is_direct(chum) && chum < 0x10000)
        snprintf(text + at, size_bytes - at, "%" PRIu64, chum);
    else
        append_atom(text, at, size_bytes, chum);
    return true;
}

static char *make_label(const struct registration *parent, noun chum)
{
    char text[LABEL_SIZE_MAX_BYTES] = "";
    size_t at = 0;
    if (parent != NULL)
        at = (size_t)snprintf(text, sizeof text, "%s/", parent->label);
    if (at + 8 >= sizeof text || !append_chum(text, at, sizeof text, chum))
        return NULL;
    char *label = allocate(strlen(text) + 1);
    strcpy(label, text);
    return label;
}

/* ---- matching ------------------------------------------------------------------ */

static bool is_record_of(struct nock *machine, const struct known *known, noun n)
{
    return n == known->noun || (noun_is_cell(n) && known_find(&machine->known, n) == known);
}

/* Records are found by mug, and that of a core takes a walk over its samples and
 * context, which may be all that the program has built so far.  So a core is
 * first compared with a root by its battery, whose mug is mostly there already. */
static bool may_be_root(const struct registration *root, noun core)
{
    noun battery = noun_head(root->known->noun), other = noun_head(core);
    return other == battery ||
           (noun_is_direct(other) == noun_is_direct(battery) && noun_mug(other) == noun_mug(battery));
}

static bool is_root(struct nock *machine, const struct registration *root, noun core)
{
    if (core == root->known->noun)
        return true;
    return noun_is_cell(core) && may_be_root(root, core) && is_record_of(machine, root->known, core);
}

/* More roots than a program should have are looked for by mug alone. */
#define ROOTS_COMPARED_MAX 16

/* The record of a core that was registered as a root, or NULL. */
static struct known *find_root(struct nock *machine, noun core)
{
    const struct registry *registry = &machine->registry;
    bool may_be = registry->roots_count > ROOTS_COMPARED_MAX;
    for (const struct registration *root = registry->roots; root != NULL && !may_be; root = root->next_root)
        may_be = core == root->known->noun || may_be_root(root, core);
    return may_be ? known_find(&machine->known, core) : NULL;
}

#define MATCHES_REMEMBERED 8

static void remember_match(const struct nock *machine, struct registration *registration, noun core)
{
    registration->matched = core;
    registration->matched_until = word_until(machine, core);
    if (registration->parent == NULL)
        return;
    registration->battery = noun_head(core);
    registration->parent_core = noun_at(core, registration->axis);
    uint64_t battery_until = word_until(machine, registration->battery);
    uint64_t parent_until = word_until(machine, registration->parent_core);
    registration->parts_until = battery_until < parent_until ? battery_until : parent_until;
}

/* A core, and on the way to its root each parent, is as its registration says;
 * each remembers the last core that was. */
static bool matches(struct nock *machine, struct registration *registration, noun core)
{
    struct registration *links[MATCHES_REMEMBERED];
    noun cores[MATCHES_REMEMBERED];
    unsigned count = 0;
    while (!registration_remembers(registration, core, machine->collections)) {
        struct registration *parent = registration->parent;
        if (parent == NULL ? !is_root(machine, registration, core)
                           : !noun_is_cell(core) || !is_record_of(machine, registration->known, noun_head(core)))
            return false;
        if (count < MATCHES_REMEMBERED) {
            links[count] = registration;
            cores[count++] = core;
        }
        if (parent == NULL)
            break;
        core = noun_at(core, registration->axis);
        if (core == NOUN_NONE)
            return false;
        registration = parent;
    }
    while (count-- > 0)
        remember_match(machine, links[count], cores[count]);
    return true;
}

/* Of a core that matches: as far as to an ancestor that is persistent, and so more
 * likely to stay. */
static struct ancestry ancestry_of(const struct nock *machine, const struct registration *registration, noun core)
{
    struct ancestry ancestry = {.until = machine->lasting};
    for (; registration->parent != NULL && ancestry.count < ANCESTRY_CORES_MAX; registration = registration->parent) {
        if (ancestry.count > 0 && noun_is_persistent(core))
            break;
        noun battery = noun_head(core);
        ancestry.cores[ancestry.count].battery = battery;
        ancestry.cores[ancestry.count++].axis = registration->axis;
        if (!noun_is_persistent(battery))
            ancestry.until = machine->collections;
        core = noun_at(core, registration->axis);
    }
    if (!noun_is_persistent(core))
        ancestry.until = machine->collections;
    ancestry.last = core;
    return ancestry;
}

static __attribute__((noinline)) bool context_learn(struct nock *machine, struct warm_jet *warm, noun context)
{
    if (!matches(machine, warm->registration->parent, context))
        return false;
    warm->ancestry = ancestry_of(machine, warm->registration->parent, context);
    return true;
}

static inline bool context_matches(struct nock *machine, struct warm_jet *warm, noun context)
{
    if (warm_jet_remembers(warm, context, machine->collections))
        return true;
    if (!ancestry_holds(&warm->ancestry, context, machine->collections) && !context_learn(machine, warm, context))
        return false;
    warm->context = context;
    warm->until = word_until(machine, context);
    return true;
}

/* The axis of the parent within the context, if the context alone decides. */
static uint64_t axis_in_context(uint64_t axis)
{
    if (axis == 7)
        return 1;
    if (axis < 7) /* a root, or a part outside the context */
        return 0;
    unsigned steps = bits_length(axis) - 1;
    if (axis >> (steps - 2) != 7)
        return 0;
    return (uint64_t)1 << (steps - 2) | (axis & (((uint64_t)1 << (steps - 2)) - 1));
}

const struct nock_jet *registry_match_gate(struct nock *machine, struct known *known, noun context)
{
    for (struct warm_jet *warm = known->jets; warm != NULL; warm = warm->next) {
        uint64_t axis = axis_in_context(warm->registration->axis);
        if (axis == 0)
            continue;
        noun parent = axis == 1 ? context : noun_at(context, axis);
        if (parent != NOUN_NONE && context_matches(machine, warm, parent))
            return warm->jet;
    }
    return NULL;
}

const struct nock_jet *registry_match(struct nock *machine, struct known *known, noun core)
{
    if (!noun_is_cell(core))
        return NULL;
    for (struct warm_jet *warm = known->jets; warm != NULL; warm = warm->next) {
        if (!is_record_of(machine, warm->registration->known, noun_head(core)))
            continue;
        noun parent = part_of_core(core, warm->registration->axis);
        if (parent != NOUN_NONE && context_matches(machine, warm, parent))
            return warm->jet;
    }
    return NULL;
}

/* ---- registering ------------------------------------------------------------------ */

/* The formula in a battery, or NOUN_NONE. */
static noun arm_at(const struct registry *registry, noun battery, uint64_t axis)
{
    for (unsigned bit = bits_length(axis); registry->holds != NULL && bit > 0; bit--)
        if (!registry->holds(registry->holds_context, noun_at(battery, axis >> (bit - 1))))
            return NOUN_NONE;
    noun arm = noun_at(battery, axis);
    return arm != NOUN_NONE && noun_is_cell(arm) ? arm : NOUN_NONE;
}

static void warm(struct nock *machine, struct registration *registration, const struct nock_jet *jet)
{
    noun formula = arm_at(&machine->registry, registration->known->noun, jet->axis);
    if (formula == NOUN_NONE)
        return;
    struct known *known = known_of(&machine->known, formula);
    struct warm_jet *entry = allocate(sizeof *entry);
    bool is_quick = registration->axis == 7 && !machine->options.check_jets;
    *entry = (struct warm_jet){
        .next = known->jets,
        .registration = registration,
        .jet = jet,
        .quick = is_quick ? jet->kind : NOCK_JET_STEP,
        .context = NOUN_NONE,
        .ancestry = ANCESTRY_NONE,
    };
    known->jets = entry;
}

static void warm_all(struct nock *machine, struct registration *registration)
{
    for (size_t i = 0; i < machine->registry.hot_count; i++) {
        const struct hot_table *hot = &machine->registry.hot[i];
        for (size_t j = 0; j < hot->count; j++)
            if (registration->parent != NULL && strcmp(hot->jets[j].path, registration->label) == 0)
                warm(machine, registration, &hot->jets[j]);
    }
}

static void link_root(struct registry *registry, struct registration *root)
{
    root->next_root = registry->roots;
    registry->roots = root;
    registry->roots_count++;
}

void registry_add(struct nock *machine, struct known *known, noun chum, uint64_t axis, struct registration *parent)
{
    char *label = make_label(parent, chum);
    if (label == NULL)
        return;
    struct registration *registration = allocate(sizeof *registration);
    *registration = (struct registration){
        .parent = parent,
        .known = known,
        .next = known->registrations,
        .older = machine->registry.newest,
        .axis = axis,
        .label = label,
        .chum = chum,
        .matched = NOUN_NONE,
        .battery = NOUN_NONE,
    };
    known->registrations = registration;
    machine->registry.newest = registration;
    machine->registry.saved = NOUN_NONE;
    if (parent == NULL)
        link_root(&machine->registry, registration);
    warm_all(machine, registration);
}

static struct registration *find(struct nock *machine, const struct known *known, noun chum, noun core)
{
    for (struct registration *r = known->registrations; r != NULL; r = r->next)
        if (noun_equal(r->chum, chum) && matches(machine, r, core))
            return r;
    return NULL;
}

bool registry_has_gate(struct nock *machine, const struct known *battery, noun chum, noun core, uint64_t *parent_axis,
                       struct ancestry *parent)
{
    for (struct registration *r = battery->registrations; r != NULL; r = r->next) {
        uint64_t axis = axis_in_context(r->axis);
        if (axis == 0 || !noun_equal(r->chum, chum))
            continue;
        noun parent_core = noun_at(core, axis);
        if (parent_core == NOUN_NONE || !matches(machine, r->parent, parent_core))
            continue;
        *parent_axis = axis;
        *parent = ancestry_of(machine, r->parent, parent_core);
        return true;
    }
    return false;
}

/* [8 [1 sample] [1 battery] 0 1], or
 * [7 [8 [1 sample] [1 battery] 0 1] 11 [%fast 1 clue] 0 1] */
bool gate_maker(noun formula, noun *battery, noun *clue)
{
    *clue = NOUN_NONE;
    if (noun_at(formula, 2) == 7) {
        noun hinted = noun_at(formula, 7);
        if (noun_at(hinted, 2) != 11 || noun_at(hinted, 12) != noun_cord("fast") || noun_at(hinted, 26) != 1 ||
            noun_at(hinted, 14) != 0 || noun_at(hinted, 15) != 1)
            return false;
        *clue = noun_at(hinted, 27);
        if (!noun_is_cell(*clue))
            return false;
        formula = noun_at(formula, 6);
    }
    if (formula == NOUN_NONE || noun_at(formula, 2) != 8 || noun_at(formula, 12) != 1 || noun_at(formula, 28) != 1 ||
        noun_at(formula, 30) != 0 || noun_at(formula, 31) != 1)
        return false;
    *battery = noun_at(formula, 29);
    return noun_is_cell(*battery);
}

/* The axis that a clue's parent formula names: 0 for a root, NOUN_NONE if it
 * makes no sense. */
static noun parent_axis(noun formula)
{
    while (noun_is_cell(formula) && noun_head(formula) == 11) {
        formula = noun_at(formula, 7);
        if (formula == NOUN_NONE)
            return NOUN_NONE;
    }
    if (!noun_is_cell(formula) || !noun_is_direct(noun_tail(formula)))
        return NOUN_NONE;
    if (noun_head(formula) == 1)
        return noun_tail(formula) == 0 ? 0 : NOUN_NONE;
    return noun_tail(formula) == 0 ? NOUN_NONE : noun_tail(formula);
}

struct ancestry registry_ancestry(struct nock *machine, noun core, noun clue)
{
    if (!noun_is_cell(core) || !noun_is_cell(noun_head(core)) || !noun_is_cell(clue) || !noun_is_cell(noun_tail(clue)))
        return ANCESTRY_NONE;
    noun axis = parent_axis(noun_head(noun_tail(clue)));
    if (axis == NOUN_NONE || axis <= 1 || noun_at(core, axis) == NOUN_NONE)
        return ANCESTRY_NONE;
    const struct known *known = known_find(&machine->known, noun_head(core));
    const struct registration *found = known == NULL ? NULL : find(machine, known, noun_head(clue), core);
    struct registration root = {.axis = 0}, alone = {.parent = &root, .axis = axis};
    struct ancestry ancestry = ancestry_of(machine, found == NULL ? &alone : found, core);
    if (!noun_is_persistent(clue))
        ancestry.until = machine->collections;
    return ancestry;
}

static void register_root(struct nock *machine, noun core, noun chum)
{
    struct known *known = known_of(&machine->known, core);
    for (const struct registration *r = known->registrations; r != NULL; r = r->next)
        if (r->parent == NULL && noun_equal(r->chum, chum))
            return;
    registry_add(machine, known, chum, 0, NULL);
}

/* Each registration of the parent's battery, or of the parent as a root, that
 * matches the parent becomes the parent of a new one. */
static void register_child(struct nock *machine, noun core, noun chum, uint64_t axis)
{
    if (!noun_is_cell(noun_head(core)))
        return;
    struct known *known = known_of(&machine->known, noun_head(core));
    noun parent = noun_at(core, axis);
    if (parent == NOUN_NONE || !noun_is_cell(parent) || find(machine, known, chum, core) != NULL)
        return;
    struct known *keys[2] = {NULL, find_root(machine, parent)};
    if (noun_is_cell(noun_head(parent)))
        keys[0] = known_find(&machine->known, noun_head(parent));
    for (unsigned i = 0; i < 2; i++) {
        if (keys[i] == NULL)
            continue;
        for (struct registration *r = keys[i]->registrations; r != NULL; r = r->next)
            if ((r->parent == NULL) == (i == 1) && matches(machine, r, parent))
                registry_add(machine, known, chum, axis, r);
    }
}

void registry_register(struct nock *machine, noun core, noun clue)
{
    if (!noun_is_cell(core) || !noun_is_cell(clue) || !noun_is_cell(noun_tail(clue)))
        return;
    noun chum = noun_head(clue);
    noun axis = parent_axis(noun_head(noun_tail(clue)));
    if (axis == NOUN_NONE)
        return;
    if (axis == 0)
        register_root(machine, core, chum);
    else
        register_child(machine, core, chum, axis);
}

/* ---- forgetting --------------------------------------------------------------------- */

void registry_forget_links(struct nock *machine)
{
    for (size_t i = 1; i < machine->known.count; i++) {
        struct known *known = machine->known.by_index[i];
        known->registrations = NULL;
        while (known->jets != NULL) {
            struct warm_jet *next = known->jets->next;
            free(known->jets);
            known->jets = next;
        }
    }
}

/* A registration whose record was dropped has known == NULL by now; so has to
 * go one whose parent goes.  Parents are older than children. */
void registry_sweep(struct nock *machine)
{
    struct registration *kept = NULL, *next, *oldest_first = NULL;
    for (struct registration *r = machine->registry.newest; r != NULL; r = next) {
        next = r->older;
        r->older = oldest_first;
        oldest_first = r;
    }
    registry_forget_links(machine);
    machine->registry.roots = NULL;
    machine->registry.roots_count = 0;
    struct registration *dropped = NULL;
    for (struct registration *r = oldest_first; r != NULL; r = next) {
        next = r->older;
        if (r->known == NULL || (r->parent != NULL && r->parent->known == NULL)) {
            r->known = NULL;
            r->older = dropped;
            dropped = r;
            continue;
        }
        r->older = kept;
        kept = r;
        r->next = r->known->registrations;
        r->known->registrations = r;
        if (r->parent == NULL)
            link_root(&machine->registry, r);
    }
    machine->registry.newest = dropped;
    if (dropped != NULL)
        machine->registry.saved = NOUN_NONE;
    registry_finish(&machine->registry);
    machine->registry.newest = kept;
    machine->registry.scanned = NULL;
    for (struct registration *r = kept; r != NULL; r = r->older)
        warm_all(machine, r);
}
