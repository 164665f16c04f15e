/* Between two runs: what the machine knows follows nouns that have moved, and
 * forgets those that are gone.
 *
 * The machine holds nouns in the records of known.h, in the constants of codes,
 * in the names of registrations and as what a restart needs (warm.c); all are
 * mapped here.  What call
 * sites, pulls, far axes and registered cores remember of words lapses by
 * itself (machine.h, `lasting`); pointers to codes that go are cut.
 */
#include "nock/machine.h"

struct translation {
    nock_moved_fn *moved;
    void *context;
};

static noun become(const void *context, noun n)
{
    const struct translation *translation = context;
    return noun_is_direct(n) || n == NOUN_NONE ? n : translation->moved(translation->context, n);
}

static bool keep_constants(const struct translation *translation, struct code *code)
{
    bool kept = true;
    for (uint32_t i = 0; i < code->constants_count; i++) {
        code->constants[i] = become(translation, code->constants[i]);
        kept = kept && code->constants[i] != NOUN_NONE;
    }
    return kept;
}

/* Does the code call a formula by a record that goes?  (The record may hold
 * another copy of the formula than the code's constants do.) */
static bool keeps_records(const struct code *code)
{
    bool kept = code->known->noun != NOUN_NONE;
    for (const struct call_site *site = code->sites; site != NULL && kept; site = site->next)
        kept = !site->fixed || site->known->noun != NOUN_NONE;
    return kept;
}

/* Codes with a constant that is gone, or of a formula that is gone, go; the
 * call sites of the others look again. */
static void translate_codes(struct nock *machine, const struct translation *translation)
{
    struct codes *codes = &machine->codes;
    for (size_t i = 1; i < machine->known.count; i++)
        machine->known.by_index[i]->codes = machine->known.by_index[i]->gate = NULL;
    size_t kept = 0;
    for (size_t i = 0; i < codes->count; i++) {
        struct code *code = codes->all[i];
        if (!keep_constants(translation, code) || !keeps_records(code)) {
            native_unwant(machine, code);
            code_free(code);
            continue;
        }
        for (struct call_site *site = code->sites; site != NULL; site = site->next) {
            site->code = NULL;
            site->cached_formula = NOUN_NONE;
        }
        for (struct pull_site *pull = code->pulls; pull != NULL; pull = pull->next)
            pull->battery = NOUN_NONE;
        code->next = code->known->codes;
        code->known->codes = code;
        if (shape_equal(code->shape, SHAPE_GATE))
            code->known->gate = code;
        codes->all[kept++] = code;
    }
    codes->freed += kept < codes->count;
    codes->count = codes->scanned = kept;
    codes->sorted_count = 0;
}

static void translate_registry(struct nock *machine, const struct translation *translation)
{
    for (struct registration *r = machine->registry.newest; r != NULL; r = r->older) {
        r->chum = become(translation, r->chum);
        if (r->chum == NOUN_NONE || r->known->noun == NOUN_NONE)
            r->known = NULL;
    }
    registry_sweep(machine);
}

static void translate_saved(struct nock *machine, const struct translation *translation)
{
    struct codes *codes = &machine->codes;
    machine->registry.saved = become(translation, machine->registry.saved);
    codes->saved = become(translation, codes->saved);
    if (codes->saved != NOUN_NONE)
        return;
    codes_forget_list(codes);
    for (size_t i = 0; i < codes->count; i++)
        codes->all[i]->listed = CODE_UNLISTED;
}

static void translate(struct nock *machine, const struct translation *translation)
{
    machine->codes.has_news = true; /* formulas may have become persistent */
    for (size_t i = 1; i < machine->known.count; i++)
        machine->known.by_index[i]->noun = become(translation, machine->known.by_index[i]->noun);
    translate_codes(machine, translation);
    translate_registry(machine, translation);
    known_drop(&machine->known);
}

/* ---- after an event ---------------------------------------------------------- */

static noun moved_if_ephemeral(void *context, noun old)
{
    noun (*const *moved)(noun) = context;
    if (noun_is_persistent(old))
        return old;
    return *moved == NULL ? NOUN_NONE : (*moved)(old);
}

void nock_forget_ephemeral(struct nock *machine, noun (*moved)(noun))
{
    memo_table_finish(&machine->base_context.memo);
    machine->collections++;
    native_trim(machine);
    const struct translation translation = {moved_if_ephemeral, &moved};
    translate_saved(machine, &translation);
    if (machine->known.ephemeral_count > 0)
        translate(machine, &translation);
}

/* ---- after a collection of the arena ------------------------------------------- */

static noun moved_if_persistent(void *context, noun old)
{
    const struct translation *translation = context;
    return noun_is_persistent(old) ? translation->moved(translation->context, old) : NOUN_NONE;
}

void nock_translate(struct nock *machine, nock_moved_fn *moved, void *context)
{
    struct translation persistent = {moved, context};
    memo_table_finish(&machine->base_context.memo);
    machine->collections = machine->lasting + 1;
    machine->lasting += COLLECTIONS_A_WORLD;
    const struct translation translation = {moved_if_persistent, &persistent};
    translate_saved(machine, &translation);
    codes_relist(&machine->codes, become, &translation);
    translate(machine, &translation);
}
