/* The values of multivariate polynomials.  The order in which a map is walked
 * makes no difference to a sum, and whatever would crash is left to the Nock. */
#include "jet/jet.h"
#include "zk/jets.h"
#include "zk/multi.h"

#include <string.h>

struct zk_term zk_term_of(uint64_t word)
{
    return (struct zk_term){(unsigned)(word & 7), (unsigned)(word >> 3 & 0x3ff), word >> 13 & 0x3fffffff};
}

/* ---- walking a map ------------------------------------------------------------- */

bool zk_for_each_item(struct nock *machine, noun map, zk_item_fn *take, void *context)
{
    struct wordstack pending;
    bool good = true;
    wordstack_init(&pending);
    for (noun tree = map; good;) {
        if (tree == 0) {
            if (wordstack_is_empty(&pending))
                break;
            tree = wordstack_pop(&pending);
            continue;
        }
        good = noun_is_cell(tree) && noun_is_cell(noun_head(tree)) && noun_is_cell(noun_tail(tree)) &&
               take(context, noun_head(noun_head(tree)), noun_tail(noun_head(tree))) && !nock_is_stopping(machine);
        if (good) {
            wordstack_push(&pending, noun_tail(noun_tail(tree)));
            tree = noun_head(noun_tail(tree));
        }
    }
    wordstack_finish(&pending);
    return good;
}

/* ---- values -------------------------------------------------------------------- */

struct zk_array zk_array_or_empty(noun n, uint64_t step)
{
    struct zk_array array;
    return zk_array_read(n, step, &array) ? array : (struct zk_array){.step = step};
}

static bool element(const struct zk_array *array, unsigned index, struct zk_felt *value)
{
    *value = zk_felt_of(0);
    if (index >= array->length)
        return false;
    memcpy(value->at, array->words + array->step * index, (size_t)array->step * sizeof *value->at);
    return zk_all_based(value->at, ZK_DEGREE);
}

static bool composition(const struct zk_places *places, unsigned index, struct zk_felt *value)
{
    *value = zk_felt_of(0);
    if (places->composed != NULL) {
        if (index < places->composed_count)
            *value = places->composed[index];
        return index < places->composed_count;
    }
    noun found = jet_map_got(places->compositions, index);
    if (found == NOUN_NONE)
        return false;
    return places->is_base ? zk_belt(found, &value->at[0]) : zk_felt_read(found, value);
}

static bool term_value(const struct zk_places *places, struct zk_term term, struct zk_felt *value)
{
    bool good = false;
    switch (term.kind) {
    case TERM_CONSTANT:
        *value = zk_felt_of(1);
        return true;
    case TERM_VARIABLE:
        good = element(&places->variables, term.index, value);
        break;
    case TERM_CHALLENGE:
        good = element(&places->challenges, term.index, value);
        break;
    case TERM_DYNAMIC:
        good = element(&places->dynamics, term.index, value);
        break;
    case TERM_COMPOSITION:
        good = composition(places, term.index, value);
        break;
    }
    *value = zk_felt_power(*value, term.exponent);
    return good;
}

struct evaluation {
    const struct zk_places *places;
    struct zk_felt sum;
};

/* A zero factor ends the product: nobody looks at what follows. */
static bool add_monomial(void *context, noun key, noun coefficient)
{
    struct evaluation *evaluation = context;
    struct zk_felt product = {{0}};
    struct zk_array terms;
    if (!zk_belt(coefficient, &product.at[0]))
        return false;
    if (product.at[0] == 0)
        return true;
    if (!zk_array_read(key, 1, &terms))
        return false;
    for (size_t i = 0; i < terms.count && !zk_felt_equal(product, zk_felt_of(0)); i++) {
        struct zk_felt value;
        if (!term_value(evaluation->places, zk_term_of(terms.words[i]), &value))
            return false;
        product = zk_felt_multiply(product, value);
    }
    evaluation->sum = zk_felt_add(evaluation->sum, product);
    return true;
}

bool zk_multi_evaluate(struct nock *machine, noun polynomial, const struct zk_places *places, struct zk_felt *value)
{
    struct evaluation evaluation = {.places = places};
    bool good = zk_for_each_item(machine, polynomial, add_monomial, &evaluation);
    *value = evaluation.sum;
    return good;
}

noun zk_punt_or_stop(const struct nock *machine)
{
    return nock_is_stopping(machine) ? NOCK_JET_FAIL : NOCK_JET_PUNT;
}

/* [field polynomial variables challenges dynamics compositions], in a core of its
 * own within the extension's. */
noun zk_jet_mpeval(struct nock *machine, noun core)
{
    noun sample = noun_at(core, 6);
    if (noun_at(core, 62) != ZK_DEGREE || sample == NOUN_NONE || noun_at(sample, 63) == NOUN_NONE)
        return NOCK_JET_PUNT;
    noun field = noun_at(sample, 2);
    struct zk_places places = {.is_base = field == noun_cord("base"), .compositions = noun_at(sample, 63)};
    if (!places.is_base && field != noun_cord("ext"))
        return NOCK_JET_PUNT;
    places.variables = zk_array_or_empty(noun_at(sample, 14), places.is_base ? 1 : ZK_DEGREE);
    places.challenges = zk_array_or_empty(noun_at(sample, 30), 1);
    places.dynamics = zk_array_or_empty(noun_at(sample, 62), 1);
    struct zk_felt value;
    if (!zk_multi_evaluate(machine, noun_at(sample, 6), &places, &value))
        return zk_punt_or_stop(machine);
    return places.is_base ? zk_atom(nock_stack(machine), value.at[0]) : zk_felt_make(nock_stack(machine), value);
}
