/* Arithmetic of the extension field.
 *
 * An element is an atom of three words and a one above them.  The field is a
 * door whose sample is the degree; the jets know that of degree 3.
 */
#include "zk/jets.h"

#include <string.h>

bool zk_felt_read(noun n, struct zk_felt *felt)
{
    if (!noun_is_indirect(n))
        return false;
    const uint64_t *words = noun_words(n) + 2;
    if (words[-1] != ZK_DEGREE + 1 || words[ZK_DEGREE] != 1 || !zk_all_based(words, ZK_DEGREE))
        return false;
    memcpy(felt->at, words, sizeof felt->at);
    return true;
}

noun zk_felt_make(struct stack *stack, struct zk_felt felt)
{
    const uint64_t words[ZK_DEGREE + 1] = {felt.at[0], felt.at[1], felt.at[2], 1};
    return stack_atom_from_words(stack, words, COUNT_OF(words));
}

struct zk_felt zk_felt_power(struct zk_felt x, uint64_t n)
{
    struct zk_felt product = zk_felt_of(1);
    for (; n != 0; n >>= 1) {
        if (n & 1)
            product = zk_felt_multiply(product, x);
        x = zk_felt_multiply(x, x);
    }
    return product;
}

bool zk_felt_invert(struct zk_felt x, struct zk_felt *inverse)
{
    static const struct zk_short modulus = {4, {1, ZK_P - 1, 0, 1}};
    struct zk_short a = {.count = ZK_DEGREE}, found;
    if (zk_felt_equal(x, zk_felt_of(0)))
        return false;
    memcpy(a.at, x.at, sizeof x.at);
    if (!zk_short_invert(&a, &modulus, true, &found) || found.count > ZK_DEGREE)
        return false;
    for (unsigned i = 0; i < ZK_DEGREE; i++)
        inverse->at[i] = i < found.count ? found.at[i] : 0;
    return true;
}

/* ---- gates --------------------------------------------------------------- */

static bool one_felt(noun core, struct zk_felt *a)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    return sample != NOUN_NONE && zk_felt_read(sample, a);
}

static bool two_felts(noun core, struct zk_felt *a, struct zk_felt *b)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    return noun_is_cell(sample) && sample != NOUN_NONE && zk_felt_read(noun_head(sample), a) &&
           zk_felt_read(noun_tail(sample), b);
}

noun zk_jet_fadd(struct nock *machine, noun core)
{
    struct zk_felt a, b;
    return two_felts(core, &a, &b) ? zk_felt_make(nock_stack(machine), zk_felt_add(a, b)) : NOCK_JET_PUNT;
}

noun zk_jet_fsub(struct nock *machine, noun core)
{
    struct zk_felt a, b;
    return two_felts(core, &a, &b) ? zk_felt_make(nock_stack(machine), zk_felt_sub(a, b)) : NOCK_JET_PUNT;
}

noun zk_jet_fneg(struct nock *machine, noun core)
{
    struct zk_felt a;
    if (!one_felt(core, &a))
        return NOCK_JET_PUNT;
    return zk_felt_make(nock_stack(machine), zk_felt_sub(zk_felt_of(0), a));
}

noun zk_jet_fmul(struct nock *machine, noun core)
{
    struct zk_felt a, b;
    return two_felts(core, &a, &b) ? zk_felt_make(nock_stack(machine), zk_felt_multiply(a, b)) : NOCK_JET_PUNT;
}

noun zk_jet_finv(struct nock *machine, noun core)
{
    struct zk_felt a, inverse;
    if (!one_felt(core, &a) || !zk_felt_invert(a, &inverse))
        return NOCK_JET_PUNT;
    return zk_felt_make(nock_stack(machine), inverse);
}

noun zk_jet_fdiv(struct nock *machine, noun core)
{
    struct zk_felt a, b, inverse;
    if (!two_felts(core, &a, &b) || !zk_felt_invert(b, &inverse))
        return NOCK_JET_PUNT;
    return zk_felt_make(nock_stack(machine), zk_felt_multiply(a, inverse));
}

noun zk_jet_fpow(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_felt x;
    uint64_t n;
    if (sample == NOUN_NONE || !noun_is_cell(sample) || !zk_felt_read(noun_head(sample), &x) ||
        !zk_word(noun_tail(sample), &n))
        return NOCK_JET_PUNT;
    return zk_felt_make(nock_stack(machine), zk_felt_power(x, n));
}
