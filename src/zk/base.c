/* Arithmetic of the base field.
 *
 * The library checks that every operand is below p and crashes otherwise; the
 * jets leave that to it.
 */
#include "zk/jets.h"

noun zk_jet_based(struct nock *machine, noun a)
{
    (void)machine;
    uint64_t belt;
    return noun_is_atom(a) ? zk_loobean(zk_belt(a, &belt)) : NOCK_JET_PUNT;
}

noun zk_jet_based_noun(struct nock *machine, noun a)
{
    (void)machine;
    struct wordstack pending;
    bool based = true;
    wordstack_init(&pending);
    wordstack_push(&pending, a);
    while (based && !wordstack_is_empty(&pending)) {
        noun n = wordstack_pop(&pending);
        for (; noun_is_cell(n); n = noun_head(n))
            wordstack_push(&pending, noun_tail(n));
        uint64_t belt;
        based = zk_belt(n, &belt);
    }
    wordstack_finish(&pending);
    return zk_loobean(based);
}

noun zk_jet_badd(struct nock *machine, noun a, noun b)
{
    uint64_t x, y;
    if (!zk_belt(a, &x) || !zk_belt(b, &y))
        return NOCK_JET_PUNT;
    return zk_atom(nock_stack(machine), zk_add(x, y));
}

noun zk_jet_bsub(struct nock *machine, noun a, noun b)
{
    uint64_t x, y;
    if (!zk_belt(a, &x) || !zk_belt(b, &y))
        return NOCK_JET_PUNT;
    return zk_atom(nock_stack(machine), zk_sub(x, y));
}

noun zk_jet_bneg(struct nock *machine, noun a)
{
    uint64_t x;
    return zk_belt(a, &x) ? zk_atom(nock_stack(machine), zk_negate(x)) : NOCK_JET_PUNT;
}

noun zk_jet_bmul(struct nock *machine, noun a, noun b)
{
    uint64_t x, y;
    if (!zk_belt(a, &x) || !zk_belt(b, &y))
        return NOCK_JET_PUNT;
    return zk_atom(nock_stack(machine), zk_multiply(x, y));
}

noun zk_jet_binv(struct nock *machine, noun a)
{
    uint64_t x;
    if (!zk_belt(a, &x) || x == 0)
        return NOCK_JET_PUNT;
    return zk_atom(nock_stack(machine), zk_invert(x));
}

/* The exponent is any atom: word by word, the highest first. */
noun zk_jet_bpow(struct nock *machine, noun a, noun b)
{
    uint64_t x, holder, power = 1;
    size_t count;
    if (!zk_belt(a, &x) || !noun_is_atom(b))
        return NOCK_JET_PUNT;
    const uint64_t *exponent = noun_atom_words(b, &holder, &count);
    for (size_t i = count; i-- > 0;) {
        if (i % 4096 == 4095 && nock_is_stopping(machine))
            return NOCK_JET_FAIL;
        power = zk_multiply(zk_square_times(power, 64), zk_power(x, exponent[i]));
    }
    return zk_atom(nock_stack(machine), power);
}

/* ---- Montgomery form ------------------------------------------------------- */

/* Of a number below 2^64 * p. */
noun zk_jet_mont_reduction(struct nock *machine, noun a)
{
    uint64_t holder;
    size_t count;
    if (!noun_is_atom(a))
        return NOCK_JET_PUNT;
    const uint64_t *words = noun_atom_words(a, &holder, &count);
    uint64_t low = count > 0 ? words[0] : 0, high = count > 1 ? words[1] : 0;
    if (count > 2 || !zk_is_based(high))
        return NOCK_JET_PUNT;
    uint64_t reduced = zk_reduce((unsigned __int128)high << 64 | low);
    return zk_atom(nock_stack(machine), zk_from_melt(reduced));
}

noun zk_jet_montiply(struct nock *machine, noun a, noun b)
{
    uint64_t x, y;
    if (!zk_belt(a, &x) || !zk_belt(b, &y))
        return NOCK_JET_PUNT;
    return zk_atom(nock_stack(machine), zk_from_melt(zk_multiply(x, y)));
}

noun zk_jet_montify(struct nock *machine, noun a)
{
    uint64_t x;
    return zk_belt(a, &x) ? zk_atom(nock_stack(machine), zk_to_melt(x)) : NOCK_JET_PUNT;
}

noun zk_jet_ordered_root(struct nock *machine, noun a)
{
    if (!noun_is_direct(a) || a == 0 || (a & (a - 1)) != 0 || a > (uint64_t)1 << 32)
        return NOCK_JET_PUNT;
    return zk_atom(nock_stack(machine), zk_root(bits_length(a) - 1));
}
