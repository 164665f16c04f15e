/* Polynomials over the base field ("bpoly"): [length data], the data a word a
 * coefficient, lowest first. */
#include "zk/jets.h"

#include <string.h>

static bool read_one(noun n, struct zk_array *a)
{
    return zk_polynomial_read(n, 1, a);
}

static uint64_t *begin(struct nock *machine, size_t count)
{
    return zk_data_begin(nock_stack(machine), count);
}

static noun finish(struct nock *machine, size_t count)
{
    return zk_array_finish(nock_stack(machine), count);
}

noun zk_jet_init_bpoly(struct nock *machine, noun list)
{
    size_t count = 0;
    uint64_t word;
    for (noun rest = list; noun_is_cell(rest); rest = noun_tail(rest), count++)
        if (!zk_word(noun_head(rest), &word))
            return NOCK_JET_PUNT;
    uint64_t *words = begin(machine, count == 0 ? 1 : count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (; noun_is_cell(list); list = noun_tail(list))
        (void)zk_word(noun_head(list), words++);
    noun product = finish(machine, count == 0 ? 1 : count);
    return list == 0 ? product : NOCK_JET_PUNT;
}

noun zk_jet_bpoly_to_list(struct nock *machine, noun a)
{
    struct zk_array array;
    if (!zk_array_read(a, 1, &array))
        return NOCK_JET_PUNT;
    return zk_list_make(nock_stack(machine), array.words, array.count);
}

noun zk_jet_bp_is_zero(struct nock *machine, noun a)
{
    (void)machine;
    struct zk_array array;
    if (!zk_array_read(a, 1, &array))
        return NOCK_JET_PUNT;
    for (size_t i = 0; i < array.count; i++)
        if (array.words[i] != 0)
            return NOUN_NO;
    return NOUN_YES;
}

/* ---- coefficient by coefficient -------------------------------------------- */

static inline uint64_t coefficient(const struct zk_array *a, size_t i)
{
    return i < a->count ? a->words[i] : 0;
}

typedef uint64_t operation(uint64_t a, uint64_t b);

/* As long as the longer one. */
static noun combine(struct nock *machine, const struct zk_array *a, const struct zk_array *b, operation *operate)
{
    size_t count = a->count > b->count ? a->count : b->count;
    uint64_t *words = begin(machine, count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (size_t i = 0; i < count; i++)
        words[i] = operate(coefficient(a, i), coefficient(b, i));
    return finish(machine, count);
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return zk_add(a, b);
}

static uint64_t difference(uint64_t a, uint64_t b)
{
    return zk_sub(a, b);
}

static uint64_t product(uint64_t a, uint64_t b)
{
    return zk_multiply(a, b);
}

noun zk_jet_bpadd(struct nock *machine, noun p, noun q)
{
    struct zk_array a, b;
    return read_one(p, &a) && read_one(q, &b) ? combine(machine, &a, &b, sum) : NOCK_JET_PUNT;
}

noun zk_jet_bpsub(struct nock *machine, noun p, noun q)
{
    struct zk_array a, b;
    return read_one(p, &a) && read_one(q, &b) ? combine(machine, &a, &b, difference) : NOCK_JET_PUNT;
}

noun zk_jet_bp_hadamard(struct nock *machine, noun p, noun q)
{
    struct zk_array a, b;
    if (!read_one(p, &a) || !read_one(q, &b) || a.count != b.count)
        return NOCK_JET_PUNT;
    return combine(machine, &a, &b, product);
}

noun zk_jet_bpneg(struct nock *machine, noun p)
{
    struct zk_array a;
    const struct zk_array nothing = {.step = 1};
    return read_one(p, &a) ? combine(machine, &nothing, &a, difference) : NOCK_JET_PUNT;
}

/* words[i] = a[i] * factor * ratio^i */
static noun scale(struct nock *machine, const struct zk_array *a, uint64_t factor, uint64_t ratio)
{
    uint64_t *words = begin(machine, a->count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    for (size_t i = 0; i < a->count; i++, factor = zk_multiply(factor, ratio))
        words[i] = zk_multiply(a->words[i], factor);
    return finish(machine, a->count);
}

noun zk_jet_bpscal(struct nock *machine, noun c, noun p)
{
    struct zk_array a;
    uint64_t factor;
    return zk_belt(c, &factor) && read_one(p, &a) ? scale(machine, &a, factor, 1) : NOCK_JET_PUNT;
}

/* p(cx) */
noun zk_jet_bp_shift(struct nock *machine, noun p, noun c)
{
    struct zk_array a;
    uint64_t ratio;
    return read_one(p, &a) && zk_belt(c, &ratio) ? scale(machine, &a, 1, ratio) : NOCK_JET_PUNT;
}

/* ---- product and quotient -------------------------------------------------- */

#define PLAIN_MAX 64 /* coefficients of the shorter factor; beyond, by transforms */

static void multiply_plain(uint64_t *words, const struct zk_array *a, const struct zk_array *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++)
            words[i + j] = zk_add(words[i + j], zk_multiply(a->words[i], b->words[j]));
}

/* With two buffers of 2^log words. */
static void multiply_fast(uint64_t *words, const struct zk_array *a, const struct zk_array *b)
{
    size_t count = a->count + b->count - 1;
    unsigned log = bits_length(count - 1);
    size_t size = (size_t)1 << log;
    struct wordstack scratch;
    wordstack_init(&scratch);
    wordstack_grow(&scratch, 2 * size);
    uint64_t *one = scratch.words, *other = one + size;
    memset(one, 0, 2 * size * sizeof *one);
    memcpy(one, a->words, a->count * sizeof *one);
    memcpy(other, b->words, b->count * sizeof *one);
    zk_transform(one, log, zk_root(log));
    zk_transform(other, log, zk_root(log));
    uint64_t inverse = zk_invert(size);
    for (size_t i = 0; i < size; i++)
        one[i] = zk_multiply(zk_multiply(one[i], other[i]), inverse);
    zk_transform(one, log, zk_invert(zk_root(log)));
    memcpy(words, one, count * sizeof *one);
    wordstack_finish(&scratch);
}

static bool is_zero_constant(const struct zk_array *a)
{
    return a->count == 1 && a->words[0] == 0;
}

noun zk_jet_bpmul(struct nock *machine, noun p, noun q)
{
    struct zk_array a, b;
    if (!read_one(p, &a) || !read_one(q, &b))
        return NOCK_JET_PUNT;
    bool zero = is_zero_constant(&a) || is_zero_constant(&b);
    size_t count = zero ? 1 : a.count + b.count - 1;
    uint64_t *words = begin(machine, count);
    if (words == NULL)
        return NOCK_JET_FAIL;
    if (!zero && (a.count <= PLAIN_MAX || b.count <= PLAIN_MAX))
        multiply_plain(words, &a, &b);
    else if (!zero)
        multiply_fast(words, &a, &b);
    return finish(machine, count);
}

/* Coefficients times coefficients that are divided at once, in some tenths of a
 * second; beyond, the Nock asks in between whether it is to stop. */
#define DIVIDE_MAX ((size_t)1 << 26)

static noun array_of(struct nock *machine, const uint64_t *words, size_t count)
{
    uint64_t *copy = begin(machine, count);
    if (copy == NULL)
        return NOUN_NONE;
    memcpy(copy, words, count * sizeof *copy);
    return finish(machine, count);
}

noun zk_jet_bpdvr(struct nock *machine, noun p, noun q)
{
    struct zk_array a, b;
    if (!read_one(p, &a) || !read_one(q, &b))
        return NOCK_JET_PUNT;
    while (b.count > 1 && b.words[b.count - 1] == 0)
        b.count--;
    if (is_zero_constant(&b) || (a.count > b.count && a.count - b.count > DIVIDE_MAX / b.count))
        return NOCK_JET_PUNT;
    struct wordstack scratch;
    wordstack_init(&scratch);
    wordstack_grow(&scratch, 2 * a.count);
    uint64_t *remainder = scratch.words, *quotient = remainder + a.count;
    memcpy(remainder, a.words, a.count * sizeof *remainder);
    size_t remainder_count = a.count;
    size_t quotient_count = zk_divide(remainder, &remainder_count, b.words, b.count, quotient);
    noun first = array_of(machine, quotient, quotient_count), second = array_of(machine, remainder, remainder_count);
    wordstack_finish(&scratch);
    if (first == NOUN_NONE || second == NOUN_NONE)
        return NOCK_JET_FAIL;
    return stack_cell(nock_stack(machine), first, second);
}

/* ---- values -------------------------------------------------------------- */

noun zk_jet_bpeval(struct nock *machine, noun p, noun x)
{
    struct zk_array a;
    uint64_t at, value = 0;
    if (!read_one(p, &a) || !zk_belt(x, &at))
        return NOCK_JET_PUNT;
    for (size_t i = a.count; i-- > 0;)
        value = zk_add(zk_multiply(value, at), a.words[i]);
    return zk_atom(nock_stack(machine), value);
}

noun zk_jet_bpeval_lift(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array a;
    struct zk_felt at, value = {{0}};
    if (sample == NOUN_NONE || !noun_is_cell(sample) || !read_one(noun_head(sample), &a) ||
        !zk_felt_read(noun_tail(sample), &at))
        return NOCK_JET_PUNT;
    for (size_t i = a.count; i-- > 0;) {
        value = zk_felt_multiply(value, at);
        value.at[0] = zk_add(value.at[0], a.words[i]);
    }
    return zk_felt_make(nock_stack(machine), value);
}
