/* Quotients of polynomials over the extension, and the prover's combination of
 * them ("deep").
 *
 * The library divides by Newton's method on the reversed polynomials.  What it
 * finds is the quotient, but for two cases, which are left to it: the inverse of
 * the highest coefficient is not a true one (divide.c), or the quotient's
 * lowest coefficient is 0, when its product may lose places.
 */
#include "zk/jets.h"

#include <string.h>

/* The extension's degree, seen from a gate of the prover's core. */
#define STARK_DEGREE_AXIS 2046

static struct zk_felt felt_at(const uint64_t *words, size_t i)
{
    struct zk_felt felt;
    memcpy(felt.at, words + ZK_DEGREE * i, sizeof felt.at);
    return felt;
}

static void put_felt(uint64_t *words, size_t i, struct zk_felt felt)
{
    memcpy(words + ZK_DEGREE * i, felt.at, sizeof felt.at);
}

static bool is_zero(struct zk_felt felt)
{
    return zk_felt_equal(felt, zk_felt_of(0));
}

static size_t trimmed(const uint64_t *words, size_t length)
{
    while (length > 0 && is_zero(felt_at(words, length - 1)))
        length--;
    return length;
}

/* Whether the library's inverse of x is one. */
static bool inverts_truly(struct zk_felt x, struct zk_felt *inverse)
{
    return zk_felt_invert(x, inverse) && zk_felt_equal(zk_felt_multiply(x, *inverse), zk_felt_of(1));
}

/* ---- fpdiv ------------------------------------------------------------------------ */

#define DIVIDE_MAX ((uint64_t)1 << 24) /* of steps, of about 20 ns each */

/* words[0..] = p / q; `rest` is p, and what remains of it.  The divisor's highest
 * coefficient is not 0. */
static void divide(uint64_t *words, uint64_t *rest, size_t p_length, const uint64_t *q, size_t q_length,
                   struct zk_felt inverse)
{
    for (size_t i = p_length - q_length + 1; i-- > 0;) {
        struct zk_felt factor = zk_felt_multiply(felt_at(rest, i + q_length - 1), inverse);
        put_felt(words, i, factor);
        for (size_t j = 0; j < q_length; j++)
            put_felt(rest, i + j, zk_felt_sub(felt_at(rest, i + j), zk_felt_multiply(factor, felt_at(q, j))));
    }
}

static noun zero_polynomial(struct nock *machine)
{
    return zk_data_begin(nock_stack(machine), ZK_DEGREE) == NULL ? NOCK_JET_FAIL
                                                                 : zk_array_finish(nock_stack(machine), 1);
}

noun zk_jet_fpdiv(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array p, q;
    if (sample == NOUN_NONE || !noun_is_cell(sample) || !zk_polynomial_read(noun_head(sample), ZK_DEGREE, &p) ||
        !zk_polynomial_read(noun_tail(sample), ZK_DEGREE, &q))
        return NOCK_JET_PUNT;
    size_t p_length = trimmed(p.words, (size_t)p.length), q_length = trimmed(q.words, (size_t)q.length);
    struct zk_felt inverse, other;
    if (q_length == 0)
        return NOCK_JET_PUNT;
    if (p_length == 0)
        return zero_polynomial(machine);
    if (!inverts_truly(felt_at(q.words, q_length - 1), &inverse) ||
        !inverts_truly(felt_at(p.words, p_length - 1), &other))
        return NOCK_JET_PUNT;
    if (p_length < q_length)
        return zero_polynomial(machine);
    size_t length = p_length - q_length + 1;
    if (length > DIVIDE_MAX / q_length)
        return NOCK_JET_PUNT;
    struct wordstack rest;
    wordstack_init(&rest);
    wordstack_grow(&rest, ZK_DEGREE * p_length);
    memcpy(rest.words, p.words, ZK_DEGREE * p_length * sizeof *rest.words);
    uint64_t *words = zk_data_begin(nock_stack(machine), ZK_DEGREE * length);
    noun quotient = NOCK_JET_FAIL;
    if (words != NULL) {
        divide(words, rest.words, p_length, q.words, q_length, inverse);
        bool plain = !is_zero(felt_at(words, 0));
        quotient = zk_array_finish(nock_stack(machine), length);
        if (!plain)
            quotient = NOCK_JET_PUNT;
    }
    wordstack_finish(&rest);
    return quotient;
}

/* ---- the combination ---------------------------------------------------------------- */

struct deep {
    struct nock *machine;
    struct zk_array openings;
    struct zk_array weights;
    uint64_t used; /* openings and weights */
    uint64_t *sum; /* with room for the longest */
    size_t length; /* of the sum, so far */
};

/* Coefficients one or three words each. */
static struct zk_felt coefficient(const uint64_t *words, size_t step, size_t i)
{
    return step == 1 ? zk_felt_of(words[i]) : felt_at(words, i);
}

/* Adds weight * (p - opening) / (x - point), by Horner's rule: each coefficient of
 * the quotient is the value so far. */
static bool add_quotient(struct deep *deep, const uint64_t *words, size_t step, size_t length, struct zk_felt point)
{
    if (deep->used >= deep->openings.length || deep->used >= deep->weights.length)
        return false;
    struct zk_felt opening = felt_at(deep->openings.words, (size_t)deep->used);
    struct zk_felt weight = felt_at(deep->weights.words, (size_t)deep->used), value = zk_felt_of(0), inverse;
    deep->used++;
    while (length > 0 && is_zero(coefficient(words, step, length - 1)))
        length--;
    if (length <= 1) /* a constant or nothing: no quotient; but the constant is inverted on the way */
        return length == 0 ? is_zero(opening) || inverts_truly(zk_felt_sub(zk_felt_of(0), opening), &inverse)
                           : zk_felt_equal(coefficient(words, step, 0), opening) ||
                                 inverts_truly(zk_felt_sub(coefficient(words, step, 0), opening), &inverse);
    if (is_zero(point) || !inverts_truly(coefficient(words, step, length - 1), &inverse))
        return false;
    for (size_t i = length; i-- > 1;) {
        value = zk_felt_add(zk_felt_multiply(value, point), coefficient(words, step, i));
        put_felt(deep->sum, i - 1, zk_felt_add(felt_at(deep->sum, i - 1), zk_felt_multiply(value, weight)));
    }
    deep->length = length - 1 > deep->length ? length - 1 : deep->length;
    return !is_zero(value) && !nock_is_stopping(deep->machine);
}

/* A table's columns, each a row of the array. */
static bool add_columns(struct deep *deep, const struct zk_array *columns, struct zk_felt point)
{
    for (uint64_t i = 0; i < columns->length; i++)
        if (!add_quotient(deep, columns->words + i * columns->step, 1, (size_t)columns->step, point))
            return false;
    return true;
}

/* All tables at a point and at that of the row after. */
static bool add_tables(struct deep *deep, noun tables, const struct zk_array *roots, struct zk_felt point)
{
    for (uint64_t i = 0; noun_is_cell(tables); tables = noun_tail(tables), i++) {
        struct zk_array columns;
        if (!zk_mary_read(noun_head(tables), &columns) || !zk_all_based(columns.words, columns.count) ||
            i >= roots->length || !add_columns(deep, &columns, point) ||
            !add_columns(deep, &columns, zk_felt_multiply(felt_at(roots->words, (size_t)i), point)))
            return false;
    }
    return tables == 0;
}

static bool add_pieces(struct deep *deep, noun pieces, struct zk_felt point)
{
    for (; noun_is_cell(pieces); pieces = noun_tail(pieces)) {
        struct zk_array piece;
        if (!zk_polynomial_read(noun_head(pieces), ZK_DEGREE, &piece) ||
            !add_quotient(deep, piece.words, ZK_DEGREE, (size_t)piece.length, point))
            return false;
    }
    return true;
}

/* The longest polynomial among tables and pieces; 0 if something is odd. */
static size_t longest(noun tables, noun pieces, uint64_t *count)
{
    uint64_t length = 0;
    for (; noun_is_cell(tables); tables = noun_tail(tables)) {
        struct zk_array columns;
        if (!zk_mary_read(noun_head(tables), &columns))
            return 0;
        length = columns.step > length ? columns.step : length;
    }
    for (*count = 0; noun_is_cell(pieces); pieces = noun_tail(pieces), ++*count) {
        struct zk_array piece;
        if (!zk_array_read(noun_head(pieces), ZK_DEGREE, &piece))
            return 0;
        length = piece.length > length ? piece.length : length;
    }
    return tables == 0 && pieces == 0 ? (size_t)length : 0;
}

/* [tables openings pieces piece-openings weights roots challenge point] */
static noun compute_deep(struct nock *machine, noun sample, uint64_t *sum, uint64_t count)
{
    struct zk_array roots, openings;
    struct zk_felt challenge, point;
    struct deep deep = {.machine = machine, .sum = sum, .length = 1};
    if (!zk_polynomial_read(noun_at(sample, 6), ZK_DEGREE, &deep.openings) ||
        !zk_polynomial_read(noun_at(sample, 30), ZK_DEGREE, &openings) ||
        !zk_polynomial_read(noun_at(sample, 62), ZK_DEGREE, &deep.weights) ||
        !zk_polynomial_read(noun_at(sample, 126), ZK_DEGREE, &roots) ||
        !zk_felt_read(noun_at(sample, 254), &challenge) || !zk_felt_read(noun_at(sample, 255), &point) ||
        !add_tables(&deep, noun_at(sample, 2), &roots, challenge) ||
        !add_tables(&deep, noun_at(sample, 2), &roots, point))
        return zk_punt_or_stop(machine);
    deep.weights.words += ZK_DEGREE * deep.used;
    deep.weights.length -= deep.used;
    deep.openings = openings;
    deep.used = 0;
    if (!add_pieces(&deep, noun_at(sample, 14), zk_felt_power(challenge, count)))
        return zk_punt_or_stop(machine);
    uint64_t *words = zk_data_begin(nock_stack(machine), ZK_DEGREE * deep.length);
    if (words == NULL)
        return NOCK_JET_FAIL;
    memcpy(words, sum, ZK_DEGREE * deep.length * sizeof *words);
    return zk_array_finish(nock_stack(machine), deep.length);
}

noun zk_jet_compute_deep(struct nock *machine, noun core)
{
    noun sample = noun_at(core, 6);
    uint64_t count;
    if (noun_at(core, STARK_DEGREE_AXIS) != ZK_DEGREE || sample == NOUN_NONE || noun_at(sample, 255) == NOUN_NONE)
        return NOCK_JET_PUNT;
    size_t length = longest(noun_at(sample, 2), noun_at(sample, 14), &count);
    if (length == 0)
        return NOCK_JET_PUNT;
    struct wordstack scratch;
    wordstack_init(&scratch);
    wordstack_grow(&scratch, ZK_DEGREE * length);
    memset(scratch.words, 0, ZK_DEGREE * length * sizeof *scratch.words);
    noun product = compute_deep(machine, sample, scratch.words, count);
    wordstack_finish(&scratch);
    return product;
}

/* ---- transforms of many --------------------------------------------------------------- */

/* [polynomials height times]: the values of each on a domain of height * times
 * places, one after the other. */
noun zk_jet_precompute_ntts(struct nock *machine, noun core)
{
    noun sample = noun_at(core, 6);
    if (noun_at(core, STARK_DEGREE_AXIS) != ZK_DEGREE || sample == NOUN_NONE || noun_at(sample, 7) == NOUN_NONE)
        return NOCK_JET_PUNT;
    noun height = noun_at(sample, 6), times = noun_at(sample, 7);
    struct zk_array rows;
    if (!zk_mary_read(noun_at(sample, 2), &rows) || !zk_all_based(rows.words, rows.count) || !noun_is_direct(height) ||
        !noun_is_direct(times) || height >> 32 != 0 || times >> 16 != 0)
        return NOCK_JET_PUNT;
    uint64_t size = height * times, count;
    if (size == 0 || (size & (size - 1)) != 0 || size >> 32 != 0 || rows.step > size ||
        __builtin_mul_overflow(rows.length, size, &count))
        return NOCK_JET_PUNT;
    uint64_t *words = zk_data_begin(nock_stack(machine), (size_t)count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    unsigned log = bits_length(size) - 1;
    bool stop = false;
    for (uint64_t i = 0; i < rows.length && !stop; i++) {
        memcpy(words + i * size, rows.words + i * rows.step, (size_t)rows.step * sizeof *words);
        zk_transform(words + i * size, log, zk_root(log));
        stop = nock_is_stopping(machine);
    }
    noun values = zk_array_finish(nock_stack(machine), count);
    return stop ? NOCK_JET_FAIL : values;
}
