/* Polynomials over the extension field ("fpoly"): [length data], the data
 * three words a coefficient, lowest first. */
#include "zk/jets.h"

#include <string.h>

static bool read_three(noun n, struct zk_array *a)
{
    return zk_polynomial_read(n, ZK_DEGREE, a);
}

static struct zk_felt felt_at(const struct zk_array *a, size_t i)
{
    struct zk_felt felt = {{0}};
    if (i < a->length)
        memcpy(felt.at, a->words + ZK_DEGREE * i, sizeof felt.at);
    return felt;
}

static void put_felt(uint64_t *words, size_t i, struct zk_felt felt)
{
    memcpy(words + ZK_DEGREE * i, felt.at, sizeof felt.at);
}

static uint64_t *begin(struct nock *machine, size_t length)
{
    return zk_data_begin(nock_stack(machine), ZK_DEGREE * length);
}

static noun finish(struct nock *machine, size_t length)
{
    return zk_array_finish(nock_stack(machine), length);
}

/* The sample's two halves. */
static bool two_parts(noun core, noun *first, noun *second)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    if (sample == NOUN_NONE || !noun_is_cell(sample))
        return false;
    *first = noun_head(sample);
    *second = noun_tail(sample);
    return true;
}

static bool two_polynomials(noun core, struct zk_array *a, struct zk_array *b)
{
    noun first, second;
    return two_parts(core, &first, &second) && read_three(first, a) && read_three(second, b);
}

/* ---- coefficient by coefficient -------------------------------------------- */

static noun combine(struct nock *machine, const struct zk_array *a, const struct zk_array *b, bool subtract)
{
    size_t length = (size_t)(a->length > b->length ? a->length : b->length);
    uint64_t *words = begin(machine, length);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (size_t i = 0; i < length; i++) {
        struct zk_felt one = felt_at(a, i), other = felt_at(b, i);
        put_felt(words, i, subtract ? zk_felt_sub(one, other) : zk_felt_add(one, other));
    }
    return finish(machine, length);
}

noun zk_jet_fpadd(struct nock *machine, noun core)
{
    struct zk_array a, b;
    return two_polynomials(core, &a, &b) ? combine(machine, &a, &b, false) : NOCK_JET_PUNT;
}

noun zk_jet_fpsub(struct nock *machine, noun core)
{
    struct zk_array a, b;
    return two_polynomials(core, &a, &b) ? combine(machine, &a, &b, true) : NOCK_JET_PUNT;
}

noun zk_jet_fpneg(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array a;
    const struct zk_array nothing = {.step = ZK_DEGREE};
    if (sample == NOUN_NONE || !read_three(sample, &a))
        return NOCK_JET_PUNT;
    return combine(machine, &nothing, &a, true);
}

/* words[i] = a[i] * factor * ratio^i */
static noun scale(struct nock *machine, const struct zk_array *a, struct zk_felt factor, struct zk_felt ratio)
{
    uint64_t *words = begin(machine, (size_t)a->length);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (size_t i = 0; i < a->length; i++, factor = zk_felt_multiply(factor, ratio))
        put_felt(words, i, zk_felt_multiply(felt_at(a, i), factor));
    return finish(machine, (size_t)a->length);
}

noun zk_jet_fpscal(struct nock *machine, noun core)
{
    noun c, p;
    struct zk_array a;
    struct zk_felt factor;
    if (!two_parts(core, &c, &p) || !zk_felt_read(c, &factor) || !read_three(p, &a))
        return NOCK_JET_PUNT;
    return scale(machine, &a, factor, zk_felt_of(1));
}

/* p(cx) */
noun zk_jet_shift(struct nock *machine, noun core)
{
    noun c, p;
    struct zk_array a;
    struct zk_felt ratio;
    if (!two_parts(core, &p, &c) || !zk_felt_read(c, &ratio) || !read_three(p, &a))
        return NOCK_JET_PUNT;
    return scale(machine, &a, zk_felt_of(1), ratio);
}

/* ---- product ------------------------------------------------------------- */

#define PLAIN_MAX 32    /* coefficients of the shorter factor; beyond, by transforms */
#define UNTRIMMED_MAX 8 /* sum of degrees from which the library drops zeros at the high end */

static size_t trimmed_length(const struct zk_array *a)
{
    size_t length = (size_t)a->length;
    while (length > 1 && zk_felt_equal(felt_at(a, length - 1), zk_felt_of(0)))
        length--;
    return length;
}

static void multiply_plain(uint64_t *words, const struct zk_array *a, const struct zk_array *b)
{
    for (size_t i = 0; i < a->length; i++) {
        for (size_t j = 0; j < b->length; j++) {
            struct zk_felt term = zk_felt_multiply(felt_at(a, i), felt_at(b, j));
            for (unsigned k = 0; k < ZK_DEGREE; k++)
                words[ZK_DEGREE * (i + j) + k] = zk_add(words[ZK_DEGREE * (i + j) + k], term.at[k]);
        }
    }
}

/* The three components of a polynomial one after the other, transformed. */
static void spread(uint64_t *words, const struct zk_array *a, unsigned log)
{
    for (size_t k = 0; k < ZK_DEGREE; k++) {
        uint64_t *component = words + (k << log);
        for (size_t i = 0; i < (size_t)1 << log; i++)
            component[i] = felt_at(a, i).at[k];
        zk_transform(component, log, zk_root(log));
    }
}

static void multiply_fast(uint64_t *words, const struct zk_array *a, const struct zk_array *b)
{
    size_t length = (size_t)(a->length + b->length - 1);
    unsigned log = bits_length(length - 1);
    size_t size = (size_t)1 << log;
    struct wordstack scratch;
    wordstack_init(&scratch);
    wordstack_grow(&scratch, 2 * ZK_DEGREE * size);
    uint64_t *one = scratch.words, *other = one + ZK_DEGREE * size;
    spread(one, a, log);
    spread(other, b, log);
    for (size_t i = 0; i < size; i++) {
        struct zk_felt left = {{one[i], one[size + i], one[2 * size + i]}};
        struct zk_felt right = {{other[i], other[size + i], other[2 * size + i]}};
        left = zk_felt_multiply(left, right);
        for (size_t k = 0; k < ZK_DEGREE; k++)
            one[k * size + i] = left.at[k];
    }
    uint64_t inverse = zk_invert(size);
    for (size_t k = 0; k < ZK_DEGREE; k++) {
        zk_transform(one + k * size, log, zk_invert(zk_root(log)));
        for (size_t i = 0; i < length; i++)
            words[ZK_DEGREE * i + k] = zk_multiply(one[k * size + i], inverse);
    }
    wordstack_finish(&scratch);
}

noun zk_jet_fpmul(struct nock *machine, noun core)
{
    struct zk_array a, b;
    if (!two_polynomials(core, &a, &b))
        return NOCK_JET_PUNT;
    size_t a_length = trimmed_length(&a), b_length = trimmed_length(&b);
    if (a_length + b_length - 2 >= UNTRIMMED_MAX) {
        a.length = a_length;
        b.length = b_length;
        if (zk_felt_equal(felt_at(&a, a_length - 1), zk_felt_of(0)) ||
            zk_felt_equal(felt_at(&b, b_length - 1), zk_felt_of(0)))
            return NOCK_JET_PUNT;
    }
    size_t length = (size_t)(a.length + b.length - 1);
    uint64_t *words = begin(machine, length);
    if (words == NULL)
        return NOCK_JET_FAIL;
    if (a.length <= PLAIN_MAX || b.length <= PLAIN_MAX)
        multiply_plain(words, &a, &b);
    else
        multiply_fast(words, &a, &b);
    return finish(machine, length);
}

noun zk_jet_fpeval(struct nock *machine, noun core)
{
    noun p, x;
    struct zk_array a;
    struct zk_felt at, value = {{0}};
    if (!two_parts(core, &p, &x) || !read_three(p, &a) || !zk_felt_read(x, &at))
        return NOCK_JET_PUNT;
    for (size_t i = (size_t)a.length; i-- > 0;)
        value = zk_felt_add(zk_felt_multiply(value, at), felt_at(&a, i));
    return zk_felt_make(nock_stack(machine), value);
}

/* ---- from lists ------------------------------------------------------------ */

static size_t count_items(noun list)
{
    size_t count = 0;
    for (; noun_is_cell(list); list = noun_tail(list))
        count++;
    return list == 0 ? count : 0;
}

typedef bool read_coefficient(noun n, struct zk_felt *felt);

static bool read_lifted(noun n, struct zk_felt *felt)
{
    *felt = zk_felt_of(0);
    return zk_belt(n, &felt->at[0]);
}

/* Of one item at least. */
static noun from_list(struct nock *machine, noun core, read_coefficient *read)
{
    noun list = zk_sample_in_door(core, ZK_DEGREE);
    size_t length = list == NOUN_NONE ? 0 : count_items(list);
    uint64_t *words = length == 0 ? NULL : begin(machine, length);
    if (words == NULL)
        return NOCK_JET_PUNT;
    bool good = true;
    for (size_t i = 0; i < length && good; i++, list = noun_tail(list)) {
        struct zk_felt felt;
        good = read(noun_head(list), &felt);
        if (good)
            put_felt(words, i, felt);
    }
    noun array = finish(machine, length);
    return good ? array : NOCK_JET_PUNT;
}

noun zk_jet_init_fpoly(struct nock *machine, noun core)
{
    return from_list(machine, core, zk_felt_read);
}

noun zk_jet_lift_to_fpoly(struct nock *machine, noun core)
{
    return from_list(machine, core, read_lifted);
}

noun zk_jet_bpoly_to_fpoly(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array a;
    if (sample == NOUN_NONE || !zk_polynomial_read(sample, 1, &a))
        return NOCK_JET_PUNT;
    uint64_t *words = begin(machine, a.count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (size_t i = 0; i < a.count; i++)
        words[ZK_DEGREE * i] = a.words[i];
    return finish(machine, a.count);
}
