/* A multivariate polynomial whose variables stand for polynomials in one
 * variable, in the form of their values on a domain.
 *
 * This is most of what a prover does, and there are far more monomials than
 * there are products of variables in them: challenges tell them apart.  So first
 * each monomial becomes a scalar and its variables in order; they are sorted,
 * and the sum is made as a tree,
 *
 *     s + v1 * (s1 + v2 * (s12 + ...) + v3 * (...)) + v2 * (...)
 *
 * with one multiplication a place for each edge, over so many places at a time
 * as fit the cache.
 */
#include "jet/jet.h"
#include "zk/jets.h"
#include "zk/multi.h"

#include <stdlib.h>
#include <string.h>

#define FACTORS_MAX 8
#define PLACES 256 /* at a time */
#define COMPOSITION_BIT 0x8000u

struct monomial {
    uint64_t scalar;
    unsigned count;
    uint16_t factors[FACTORS_MAX]; /* rising; unused ones are 0 */
};

struct substitution {
    struct zk_array traces; /* `length` values of each variable, one after the other */
    struct zk_array challenges;
    struct zk_array dynamics;
    noun compositions;
    uint64_t length;
    struct monomial *monomials; /* owned */
    size_t count, capacity;
};

/* ---- reading ---------------------------------------------------------------------- */

/* The values that a factor stands for; NULL if it has none, or not so many. */
static const uint64_t *values_of(const struct substitution *s, uint16_t factor)
{
    uint64_t index = factor & ~COMPOSITION_BIT;
    struct zk_array values;
    if ((factor & COMPOSITION_BIT) == 0)
        return (index + 1) * s->length <= s->traces.length ? s->traces.words + index * s->length : NULL;
    noun found = jet_map_got(s->compositions, index);
    return found != NOUN_NONE && zk_array_read(found, 1, &values) && values.length == s->length ? values.words : NULL;
}

static bool take_factor(const struct substitution *s, struct monomial *monomial, struct zk_term term, unsigned bit)
{
    uint16_t factor = (uint16_t)(term.index | bit);
    if (term.exponent > FACTORS_MAX - monomial->count || values_of(s, factor) == NULL)
        return false;
    for (; term.exponent > 0; term.exponent--) {
        unsigned at = monomial->count++;
        for (; at > 0 && monomial->factors[at - 1] > factor; at--)
            monomial->factors[at] = monomial->factors[at - 1];
        monomial->factors[at] = factor;
    }
    return true;
}

static bool take_scalar(struct monomial *monomial, struct zk_term term, const struct zk_array *array)
{
    if (term.index >= array->length || !zk_is_based(array->words[term.index]))
        return false;
    monomial->scalar = zk_multiply(monomial->scalar, zk_power(array->words[term.index], term.exponent));
    return true;
}

static bool take_term(const struct substitution *s, struct monomial *monomial, struct zk_term term)
{
    switch (term.kind) {
    case TERM_CONSTANT:
        return true;
    case TERM_VARIABLE:
        return take_factor(s, monomial, term, 0);
    case TERM_CHALLENGE:
        return take_scalar(monomial, term, &s->challenges);
    case TERM_DYNAMIC:
        return take_scalar(monomial, term, &s->dynamics);
    case TERM_COMPOSITION:
        return take_factor(s, monomial, term, COMPOSITION_BIT);
    }
    return false;
}

static struct monomial *append(struct substitution *s)
{
    if (s->count == s->capacity) {
        s->capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
        s->monomials = realloc(s->monomials, s->capacity * sizeof *s->monomials);
        if (s->monomials == NULL)
            check_out_of_memory(__FILE__, __LINE__, s->capacity * sizeof *s->monomials);
    }
    return &s->monomials[s->count++];
}

static bool take_monomial(void *context, noun key, noun coefficient)
{
    struct substitution *s = context;
    struct monomial monomial = {0};
    struct zk_array terms;
    if (!zk_belt(coefficient, &monomial.scalar))
        return false;
    if (monomial.scalar == 0)
        return true;
    if (!zk_array_read(key, 1, &terms))
        return false;
    for (size_t i = 0; i < terms.count; i++)
        if (!take_term(s, &monomial, zk_term_of(terms.words[i])))
            return false;
    *append(s) = monomial;
    return true;
}

/* ---- the tree ----------------------------------------------------------------------- */

static int compare_monomials(const void *a, const void *b)
{
    const struct monomial *one = a, *other = b;
    for (unsigned i = 0; i < FACTORS_MAX; i++) {
        if (i >= one->count || i >= other->count)
            return (one->count > other->count) - (one->count < other->count);
        if (one->factors[i] != other->factors[i])
            return one->factors[i] < other->factors[i] ? -1 : 1;
    }
    return 0;
}

/* Those of the same variables become one. */
static void merge_monomials(struct substitution *s)
{
    size_t kept = 0;
    if (s->count == 0)
        return;
    qsort(s->monomials, s->count, sizeof *s->monomials, compare_monomials);
    for (size_t i = 1; i < s->count; i++) {
        struct monomial *last = &s->monomials[kept];
        if (compare_monomials(last, &s->monomials[i]) == 0)
            last->scalar = zk_add(last->scalar, s->monomials[i].scalar);
        else
            s->monomials[++kept] = s->monomials[i];
    }
    s->count = kept + 1;
}

/* Of the monomials from `first` to before `end`, which agree in their first
 * `depth` factors: the sum of what is left of them, at `places` places from
 * `from` on.  As deep as a monomial has factors. */
static void sum_tree(const struct substitution *s, size_t first, size_t end, unsigned depth, size_t from, size_t places,
                     uint64_t *sum)
{
    const struct monomial *monomials = s->monomials;
    uint64_t scalar = 0;
    if (monomials[first].count == depth)
        scalar = monomials[first++].scalar;
    for (size_t i = 0; i < places; i++)
        sum[i] = scalar;
    while (first < end) {
        uint16_t factor = monomials[first].factors[depth];
        const uint64_t *values = values_of(s, factor) + from;
        size_t next = first + 1;
        while (next < end && monomials[next].factors[depth] == factor)
            next++;
        if (next == first + 1 && monomials[first].count == depth + 1) {
            zk_add_scaled(sum, values, monomials[first].scalar, places);
        } else {
            uint64_t inner[PLACES];
            sum_tree(s, first, next, depth + 1, from, places, inner);
            zk_add_products(sum, values, inner, places);
        }
        first = next;
    }
}

/* Whether all values of all factors are elements of the field.  Each factor is
 * looked at once; the library looks at no others. */
static bool all_based(const struct substitution *s)
{
    uint64_t seen[(UINT16_MAX + 1) / 64] = {0};
    for (size_t i = 0; i < s->count; i++)
        for (unsigned j = 0; j < s->monomials[i].count; j++) {
            uint16_t factor = s->monomials[i].factors[j];
            uint64_t bit = (uint64_t)1 << factor % 64;
            if ((seen[factor / 64] & bit) == 0 && !zk_all_based(values_of(s, factor), (size_t)s->length))
                return false;
            seen[factor / 64] |= bit;
        }
    return true;
}

/* ---- the jet -------------------------------------------------------------------------- */

static noun make_sum(struct nock *machine, const struct substitution *s)
{
    /* Without a coefficient it is the library's zero, of one value. */
    size_t length = s->count == 0 ? 1 : (size_t)s->length;
    uint64_t *words = zk_data_begin(nock_stack(machine), length);
    if (words == NULL)
        return NOCK_JET_FAIL;
    bool stop = false;
    for (size_t from = 0; s->count > 0 && from < length && !stop; from += PLACES) {
        size_t places = length - from < PLACES ? length - from : PLACES;
        sum_tree(s, 0, s->count, 0, from, places, words + from);
        stop = nock_is_stopping(machine);
    }
    noun sum = zk_array_finish(nock_stack(machine), length);
    return stop ? NOCK_JET_FAIL : sum;
}

#define HEIGHT_MAX ((uint64_t)1 << 28)

/* [polynomial traces height challenges dynamics compositions]; four values for
 * each row. */
noun zk_jet_mp_substitute_mega(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    if (sample == NOUN_NONE || noun_at(sample, 63) == NOUN_NONE)
        return NOCK_JET_PUNT;
    noun height = noun_at(sample, 14);
    if (!noun_is_direct(height) || height == 0 || height >= HEIGHT_MAX)
        return NOCK_JET_PUNT;
    struct substitution s = {.traces = zk_array_or_empty(noun_at(sample, 6), 1),
                             .challenges = zk_array_or_empty(noun_at(sample, 30), 1),
                             .dynamics = zk_array_or_empty(noun_at(sample, 62), 1),
                             .compositions = noun_at(sample, 63),
                             .length = 4 * height};
    noun sum = NOCK_JET_PUNT;
    if (s.length <= s.traces.length && zk_for_each_item(machine, noun_at(sample, 2), take_monomial, &s)) {
        merge_monomials(&s);
        if (all_based(&s))
            sum = make_sum(machine, &s);
    }
    free(s.monomials);
    return sum == NOCK_JET_PUNT ? zk_punt_or_stop(machine) : sum;
}
