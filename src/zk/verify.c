/* What the verifier computes at one point: the composition polynomial and the
 * combination that is checked against the low degree test ("deep").
 *
 * Both give a single element of the extension and are the library's sums term
 * by term.  Its inversion is not a true one for all elements, so every quotient
 * is made as the library makes it.
 */
#include "jet/jet.h"
#include "zk/jets.h"
#include "zk/multi.h"

#include <string.h>

/* The extension's degree, in one of the cores around the verifier's gates. */
#define DEGREE_AXIS 64958

static struct zk_felt felt_at(const struct zk_array *a, uint64_t i)
{
    struct zk_felt felt;
    memcpy(felt.at, a->words + ZK_DEGREE * i, sizeof felt.at);
    return felt;
}

static noun list_item(noun list, uint64_t index)
{
    for (; index > 0 && noun_is_cell(list); index--)
        list = noun_tail(list);
    return noun_is_cell(list) ? noun_head(list) : NOUN_NONE;
}

/* A number in a list that fits 32 bits. */
static bool list_number(noun list, uint64_t index, uint64_t *number)
{
    noun item = list_item(list, index);
    *number = item;
    return noun_is_direct(item) && item >> 32 == 0;
}

/* The root of unity for a table's height, a power of two. */
static bool root_for(uint64_t height, uint64_t *root)
{
    if (height == 0 || (height & (height - 1)) != 0 || height >> 32 != 0)
        return false;
    *root = zk_root(bits_length(height) - 1);
    return true;
}

/* ---- constraints ------------------------------------------------------------------ */

enum group { GROUP_BOUNDARY, GROUP_ROW, GROUP_TRANSITION, GROUP_TERMINAL, GROUP_EXTRA, GROUPS };

/* In a tuple of five. */
static noun of_group(noun tuple, unsigned group)
{
    static const uint64_t axes[GROUPS] = {2, 6, 14, 30, 31};
    return noun_at(tuple, axes[group]);
}

/* The degree of a constraint's composition, from that of the constraint; false
 * where the library would go below 0. */
static bool composed_degree(unsigned group, uint64_t height, noun degree, uint64_t *composed)
{
    if (!noun_is_direct(degree) || degree >> 16 != 0 || height == 0 || height >> 32 != 0)
        return false;
    uint64_t whole = degree * (height - 1), less = 1;
    *composed = 0;
    if (group == GROUP_TRANSITION) {
        if (degree == 0)
            return false;
        *composed = (degree - 1) * (height - 1);
        return true;
    }
    if (height == 1)
        return true;
    if (group == GROUP_ROW || group == GROUP_EXTRA) {
        if (degree == 1)
            return true;
        less = height;
    }
    if (whole < less)
        return false;
    *composed = whole - less;
    return true;
}

struct composing {
    struct nock *machine;
    noun heights, constraints, counts, dynamics, weights, widths;
    struct zk_array evaluations;
    struct zk_places places;
    struct zk_felt challenge;
    bool is_extra;
    uint64_t degree_bound;
};

/* The highest degree in a list of [polynomial degrees]. */
static bool highest_degree(noun list, unsigned group, uint64_t height, uint64_t *highest)
{
    for (; noun_is_cell(list); list = noun_tail(list)) {
        noun one = noun_head(list);
        if (!noun_is_cell(one))
            return false;
        noun degrees = noun_tail(one);
        for (; noun_is_cell(degrees); degrees = noun_tail(degrees)) {
            uint64_t degree;
            if (!composed_degree(group, height, noun_head(degrees), &degree))
                return false;
            *highest = degree > *highest ? degree : *highest;
        }
        if (degrees != 0)
            return false;
    }
    return list == 0;
}

/* One below the power of two that no degree exceeds. */
static bool find_degree_bound(struct composing *c)
{
    uint64_t highest = 0, index = 0;
    noun heights = c->heights;
    for (; noun_is_cell(heights); heights = noun_tail(heights), index++) {
        noun constraints = jet_map_got(c->constraints, index);
        if (constraints == NOUN_NONE || noun_at(constraints, 31) == NOUN_NONE || !noun_is_direct(noun_head(heights)))
            return false;
        for (unsigned group = 0; group < GROUPS; group++)
            if ((group != GROUP_EXTRA || c->is_extra) &&
                !highest_degree(of_group(constraints, group), group, noun_head(heights), &highest))
                return false;
    }
    if (heights != 0 || highest == 0)
        return false;
    c->degree_bound = ((uint64_t)1 << bits_length(highest - 1)) - 1;
    return true;
}

#define COMPOSED_MAX 256

/* The values of an "ultra" polynomial, which is one or some that may refer to
 * values of others; their number, or SIZE_MAX. */
static size_t evaluate_all(struct nock *machine, noun list, const struct zk_places *places, struct zk_felt *values)
{
    size_t count = 0;
    for (; noun_is_cell(list); list = noun_tail(list), count++)
        if (count == COMPOSED_MAX || !zk_multi_evaluate(machine, noun_head(list), places, &values[count]))
            return SIZE_MAX;
    return list == 0 ? count : SIZE_MAX;
}

static size_t evaluate_ultra(struct nock *machine, noun ultra, const struct zk_places *places, struct zk_felt *values)
{
    struct zk_places inner = *places;
    inner.compositions = 0;
    inner.composed = NULL;
    if (!noun_is_cell(ultra))
        return SIZE_MAX;
    if (noun_head(ultra) == noun_cord("mega"))
        return zk_multi_evaluate(machine, noun_tail(ultra), &inner, values) ? 1 : SIZE_MAX;
    if (noun_head(ultra) != noun_cord("comp") || !noun_is_cell(noun_tail(ultra)))
        return SIZE_MAX;
    struct zk_felt composed[COMPOSED_MAX];
    size_t count = evaluate_all(machine, noun_at(ultra, 6), &inner, composed);
    if (count == SIZE_MAX)
        return SIZE_MAX;
    inner.composed = composed;
    inner.composed_count = count;
    return evaluate_all(machine, noun_at(ultra, 7), &inner, values);
}

/* A group's weights: pairs from `first` on. */
struct weights {
    const struct zk_array *array;
    uint64_t first;
    uint64_t pairs;
};

static bool weight_pair(const struct weights *weights, uint64_t index, struct zk_felt *alpha, struct zk_felt *beta)
{
    uint64_t at = weights->first + 2 * index;
    if (index >= weights->pairs || at + 1 >= weights->array->length || !zk_all_based(weights->array->words + at, 2))
        return false;
    *alpha = zk_felt_of(weights->array->words[at]);
    *beta = zk_felt_of(weights->array->words[at + 1]);
    return true;
}

/* value * (beta + alpha * challenge^(bound - degree)) */
static bool add_weighted(const struct composing *c, const struct weights *weights, uint64_t index, uint64_t degree,
                         struct zk_felt value, struct zk_felt *sum)
{
    struct zk_felt alpha, beta;
    if (!weight_pair(weights, index, &alpha, &beta) || degree > c->degree_bound)
        return false;
    struct zk_felt lift = zk_felt_power(c->challenge, c->degree_bound - degree);
    lift = zk_felt_add(beta, zk_felt_multiply(alpha, lift));
    *sum = zk_felt_add(*sum, zk_felt_multiply(value, lift));
    return true;
}

static bool evaluate_group(const struct composing *c, noun list, unsigned group, uint64_t height,
                           const struct weights *weights, struct zk_felt *sum)
{
    struct zk_felt values[COMPOSED_MAX];
    uint64_t index = 0;
    *sum = zk_felt_of(0);
    for (; noun_is_cell(list); list = noun_tail(list)) {
        noun degrees = noun_tail(noun_head(list));
        size_t count = evaluate_ultra(c->machine, noun_head(noun_head(list)), &c->places, values);
        if (count == SIZE_MAX)
            return false;
        for (size_t i = 0; i < count; i++, index++, degrees = noun_tail(degrees)) {
            uint64_t degree;
            if (!noun_is_cell(degrees) || !composed_degree(group, height, noun_head(degrees), &degree) ||
                !add_weighted(c, weights, index, degree, values[i], sum))
                return false;
        }
        if (degrees != 0)
            return false;
    }
    return true;
}

/* What a group's sum is multiplied with. */
static bool zerofiers(const struct composing *c, uint64_t height, struct zk_felt factors[GROUPS])
{
    uint64_t root;
    struct zk_felt inverse, last_row, one = zk_felt_of(1);
    if (!root_for(height, &root) || !zk_felt_invert(zk_felt_of(root), &inverse))
        return false;
    last_row = zk_felt_sub(c->challenge, inverse);
    struct zk_felt whole = zk_felt_sub(zk_felt_power(c->challenge, height), one);
    if (!zk_felt_invert(zk_felt_sub(c->challenge, one), &factors[GROUP_BOUNDARY]) ||
        !zk_felt_invert(last_row, &factors[GROUP_TERMINAL]) || !zk_felt_invert(whole, &factors[GROUP_ROW]))
        return false;
    factors[GROUP_TRANSITION] = zk_felt_multiply(last_row, factors[GROUP_ROW]);
    factors[GROUP_EXTRA] = factors[GROUP_ROW];
    return true;
}

/* Adds one table's share. */
static bool add_table(struct composing *c, uint64_t index, uint64_t height, struct zk_felt *sum)
{
    noun constraints = jet_map_got(c->constraints, index), counts = jet_map_got(c->counts, index);
    noun weights_array = jet_map_got(c->weights, index), dynamics = list_item(c->dynamics, index);
    struct zk_felt factors[GROUPS];
    struct zk_array array;
    if (constraints == NOUN_NONE || counts == NOUN_NONE || weights_array == NOUN_NONE || dynamics == NOUN_NONE ||
        noun_at(counts, 31) == NOUN_NONE || !zerofiers(c, height, factors))
        return false;
    array = zk_array_or_empty(weights_array, 1);
    c->places.dynamics = zk_array_or_empty(dynamics, 1);
    struct weights weights = {.array = &array};
    for (unsigned group = 0; group < GROUPS; group++) {
        noun pairs = of_group(counts, group);
        struct zk_felt part;
        if (group == GROUP_EXTRA && !c->is_extra)
            break;
        if (!noun_is_direct(pairs) || pairs >> 32 != 0)
            return false;
        weights.pairs = group == GROUP_EXTRA ? array.length : pairs;
        if (!evaluate_group(c, of_group(constraints, group), group, height, &weights, &part))
            return false;
        *sum = zk_felt_add(*sum, zk_felt_multiply(part, factors[group]));
        weights.first += 2 * pairs;
    }
    return true;
}

static bool compose(struct composing *c, struct zk_felt *sum)
{
    uint64_t index = 0, from = 0;
    *sum = zk_felt_of(0);
    for (noun heights = c->heights; noun_is_cell(heights); heights = noun_tail(heights), index++) {
        uint64_t width;
        if (!list_number(c->widths, index, &width) || width == 0 || from + 2 * width > c->evaluations.length)
            return false;
        c->places.variables = (struct zk_array){ZK_DEGREE, 2 * width, c->evaluations.words + ZK_DEGREE * from,
                                                (size_t)(2 * ZK_DEGREE * width)};
        if (!add_table(c, index, noun_head(heights), sum))
            return false;
        from += 2 * width;
    }
    return true;
}

/* [evaluations heights constraints counts dynamics weights challenges challenge
 * widths is-extra] */
noun zk_jet_eval_composition_poly(struct nock *machine, noun core)
{
    noun sample = noun_at(core, 6);
    if (noun_at(core, DEGREE_AXIS) != ZK_DEGREE || sample == NOUN_NONE)
        return NOCK_JET_PUNT;
    noun is_extra = noun_at(sample, 1023);
    struct composing c = {.machine = machine, .is_extra = is_extra == NOUN_YES};
    c.heights = noun_at(sample, 6);
    c.constraints = noun_at(sample, 14);
    c.counts = noun_at(sample, 30);
    c.dynamics = noun_at(sample, 62);
    c.weights = noun_at(sample, 126);
    c.places.challenges = zk_array_or_empty(noun_at(sample, 254), 1);
    c.widths = noun_at(sample, 1022);
    struct zk_felt sum;
    if (is_extra > NOUN_NO || !zk_array_read(noun_at(sample, 2), ZK_DEGREE, &c.evaluations) ||
        !zk_felt_read(noun_at(sample, 510), &c.challenge) || !find_degree_bound(&c) || !compose(&c, &sum))
        return zk_punt_or_stop(machine);
    return zk_felt_make(nock_stack(machine), sum);
}

/* ---- deep -------------------------------------------------------------------------- */

struct deep {
    struct zk_array weights;
    struct zk_array evaluations;
    uint64_t used; /* of both */
    struct zk_felt sum;
};

/* Adds weight * (element - evaluation) / denominator for `width` elements. */
static bool add_elements(struct deep *deep, noun elements, uint64_t width, struct zk_felt denominator)
{
    struct zk_felt inverse;
    if (width == 0)
        return true;
    if (!zk_felt_invert(denominator, &inverse))
        return false;
    for (uint64_t i = 0; i < width; i++, deep->used++, elements = noun_tail(elements)) {
        struct zk_felt element = zk_felt_of(0);
        if (!noun_is_cell(elements) || !zk_belt(noun_head(elements), &element.at[0]) ||
            deep->used >= deep->weights.length || deep->used >= deep->evaluations.length)
            return false;
        struct zk_felt evaluation = felt_at(&deep->evaluations, deep->used);
        struct zk_felt quotient = zk_felt_multiply(zk_felt_sub(element, evaluation), inverse);
        deep->sum = zk_felt_add(deep->sum, zk_felt_multiply(felt_at(&deep->weights, deep->used), quotient));
    }
    return true;
}

/* The tables' columns at a point and at the point of the row after. */
static bool add_tables(struct deep *deep, noun heights, noun widths, noun elements, struct zk_felt at,
                       struct zk_felt point)
{
    for (; noun_is_cell(heights); heights = noun_tail(heights), widths = noun_tail(widths)) {
        uint64_t root;
        if (!noun_is_cell(widths) || !noun_is_direct(noun_head(heights)) || !root_for(noun_head(heights), &root))
            return false;
        noun width = noun_head(widths);
        struct zk_felt next = zk_felt_scale(point, root);
        if (!noun_is_direct(width) || width >> 32 != 0 ||
            !add_elements(deep, elements, width, zk_felt_sub(at, point)) ||
            !add_elements(deep, elements, width, zk_felt_sub(at, next)))
            return false;
        for (; width > 0; width--)
            elements = noun_tail(elements);
    }
    return heights == 0;
}

#define COSET_OFFSET 7

/* [trace-evaluations composition-evaluations trace-elements composition-elements
 * pieces weights heights widths omega index challenge new-point] */
noun zk_jet_evaluate_deep(struct nock *machine, noun core)
{
    noun sample = noun_at(core, 6);
    if (noun_at(core, DEGREE_AXIS) != ZK_DEGREE || sample == NOUN_NONE || noun_at(sample, 4095) == NOUN_NONE)
        return NOCK_JET_PUNT;
    noun trace_elements = noun_at(sample, 14), elements = noun_at(sample, 30), pieces = noun_at(sample, 62);
    noun heights = noun_at(sample, 254), widths = noun_at(sample, 510), index = noun_at(sample, 2046);
    struct zk_array compositions;
    struct zk_felt omega, challenge, point;
    struct deep deep = {.used = 0};
    if (!zk_polynomial_read(noun_at(sample, 2), ZK_DEGREE, &deep.evaluations) ||
        !zk_polynomial_read(noun_at(sample, 6), ZK_DEGREE, &compositions) ||
        !zk_polynomial_read(noun_at(sample, 126), ZK_DEGREE, &deep.weights) ||
        !zk_felt_read(noun_at(sample, 1022), &omega) || !zk_felt_read(noun_at(sample, 4094), &challenge) ||
        !zk_felt_read(noun_at(sample, 4095), &point) || !noun_is_direct(index) || !noun_is_direct(pieces) ||
        pieces >> 32 != 0)
        return NOCK_JET_PUNT;
    struct zk_felt at = zk_felt_scale(zk_felt_power(omega, index), COSET_OFFSET);
    if (!add_tables(&deep, heights, widths, trace_elements, at, challenge) ||
        !add_tables(&deep, heights, widths, trace_elements, at, point) || deep.used > deep.weights.length)
        return NOCK_JET_PUNT;
    struct deep last = {.weights = deep.weights, .evaluations = compositions, .sum = deep.sum};
    last.weights.length -= deep.used;
    last.weights.words += ZK_DEGREE * deep.used;
    if (!add_elements(&last, elements, pieces, zk_felt_sub(at, zk_felt_power(challenge, pieces))))
        return NOCK_JET_PUNT;
    return zk_felt_make(nock_stack(machine), last.sum);
}
