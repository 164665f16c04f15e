/* Cheetah: the elliptic curve y^2 = x^3 + x + b over the extension of degree 6
 * by x^6 - 7.
 *
 * Points are kept in affine coordinates and added one by one, as the library
 * does it, with an inversion for each: its inversion is not a true one for
 * all elements (divide.c), so no other coordinates give the same points.
 */
#include "zk/jets.h"

#include <string.h>

#define SIX 6
#define NON_RESIDUE 7

struct six {
    uint64_t at[SIX];
};

struct point {
    struct six x;
    struct six y;
    bool at_infinity;
};

static const struct point identity = {.y = {{1}}, .at_infinity = true};

/* ---- the field ----------------------------------------------------------- */

static struct six six_add(const struct six *a, const struct six *b)
{
    struct six sum;
    for (unsigned i = 0; i < SIX; i++)
        sum.at[i] = zk_add(a->at[i], b->at[i]);
    return sum;
}

static struct six six_sub(const struct six *a, const struct six *b)
{
    struct six difference;
    for (unsigned i = 0; i < SIX; i++)
        difference.at[i] = zk_sub(a->at[i], b->at[i]);
    return difference;
}

static struct six six_multiply(const struct six *a, const struct six *b)
{
    uint64_t wide[2 * SIX - 1] = {0};
    struct six product;
    for (unsigned i = 0; i < SIX; i++)
        for (unsigned j = 0; j < SIX; j++)
            wide[i + j] = zk_add(wide[i + j], zk_multiply(a->at[i], b->at[j]));
    for (unsigned i = 0; i < SIX; i++) {
        uint64_t high = i + SIX < COUNT_OF(wide) ? wide[i + SIX] : 0;
        product.at[i] = zk_add(wide[i], zk_multiply(NON_RESIDUE, high));
    }
    return product;
}

static bool six_is_zero(const struct six *a)
{
    static const struct six zero;
    return memcmp(a, &zero, sizeof zero) == 0;
}

static bool six_equal(const struct six *a, const struct six *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool six_invert(const struct six *a, struct six *inverse)
{
    static const struct zk_short modulus = {SIX + 1, {ZK_P - NON_RESIDUE, 0, 0, 0, 0, 0, 1}};
    struct zk_short element = {.count = SIX}, found;
    if (six_is_zero(a))
        return false;
    memcpy(element.at, a->at, sizeof a->at);
    if (!zk_short_invert(&element, &modulus, false, &found) || found.count > SIX)
        return false;
    for (unsigned i = 0; i < SIX; i++)
        inverse->at[i] = i < found.count ? found.at[i] : 0;
    return true;
}

/* ---- the group ----------------------------------------------------------- */

/* The third point on the line of a slope through p and another, mirrored. */
static bool reflect(const struct six *rise, const struct six *run, const struct point *p, const struct six *other_x,
                    struct point *sum)
{
    struct six inverse;
    if (!six_invert(run, &inverse))
        return false;
    struct six slope = six_multiply(rise, &inverse), square = six_multiply(&slope, &slope);
    struct six both = six_add(&p->x, other_x), x = six_sub(&square, &both);
    struct six back = six_sub(&p->x, &x), down = six_multiply(&slope, &back);
    *sum = (struct point){.x = x, .y = six_sub(&down, &p->y)};
    return true;
}

static bool point_double(const struct point *p, struct point *twice)
{
    if (p->at_infinity || six_is_zero(&p->y)) {
        *twice = identity;
        return true;
    }
    struct six square = six_multiply(&p->x, &p->x), rise = six_add(&square, &square), run = six_add(&p->y, &p->y);
    rise = six_add(&rise, &square);
    rise.at[0] = zk_add(rise.at[0], 1);
    return reflect(&rise, &run, p, &p->x, twice);
}

static bool point_add(const struct point *p, const struct point *q, struct point *sum)
{
    if (p->at_infinity || q->at_infinity) {
        *sum = p->at_infinity ? *q : *p;
        return true;
    }
    if (six_equal(&p->x, &q->x)) {
        struct six y = six_add(&p->y, &q->y);
        if (six_is_zero(&y)) {
            *sum = identity;
            return true;
        }
        if (six_equal(&p->y, &q->y))
            return point_double(p, sum);
    }
    struct six rise = six_sub(&p->y, &q->y), run = six_sub(&p->x, &q->x);
    return reflect(&rise, &run, p, &q->x, sum);
}

/* [n]p, as the library makes it, which doubles once more than is needed; false
 * where it crashes, or if the run is to stop. */
static bool point_multiply(const struct nock *machine, noun n, struct point p, struct point *product)
{
    uint64_t holder, length_bits = noun_atom_length_bits(n);
    size_t count;
    const uint64_t *words = noun_atom_words(n, &holder, &count);
    *product = identity;
    for (uint64_t bit = 0; bit < length_bits; bit++) {
        struct point next;
        if (nock_is_stopping(machine))
            return false;
        if (words[bit / 64] >> bit % 64 & 1) {
            if (!point_add(product, &p, &next))
                return false;
            *product = next;
        }
        if (!point_double(&p, &next))
            return false;
        p = next;
    }
    return true;
}

/* ---- nouns --------------------------------------------------------------- */

static bool six_read(noun n, struct six *a)
{
    for (unsigned i = 0; i < SIX - 1; i++, n = noun_tail(n))
        if (!noun_is_cell(n) || !zk_belt(noun_head(n), &a->at[i]))
            return false;
    return zk_belt(n, &a->at[SIX - 1]);
}

static noun six_make(struct stack *stack, const struct six *a)
{
    noun tuple = zk_atom(stack, a->at[SIX - 1]);
    for (unsigned i = SIX - 1; i-- > 0;) {
        noun item = zk_atom(stack, a->at[i]);
        tuple = stack_cell(stack, item, tuple);
    }
    return tuple;
}

static bool point_read(noun n, struct point *p)
{
    if (!noun_is_cell(n) || !noun_is_cell(noun_tail(n)))
        return false;
    noun flag = noun_tail(noun_tail(n));
    p->at_infinity = flag == NOUN_YES;
    return (flag == NOUN_YES || flag == NOUN_NO) && six_read(noun_head(n), &p->x) &&
           six_read(noun_head(noun_tail(n)), &p->y);
}

static noun point_make(struct stack *stack, const struct point *p)
{
    noun x = six_make(stack, &p->x), y = six_make(stack, &p->y);
    return stack_triple(stack, x, y, zk_loobean(p->at_infinity));
}

noun zk_jet_ch_scal(struct nock *machine, noun n, noun point)
{
    struct point p, product;
    if (!noun_is_atom(n) || !point_read(point, &p) || !point_multiply(machine, n, p, &product))
        return zk_punt_or_stop(machine);
    return point_make(nock_stack(machine), &product);
}
