/* Division of polynomials over the base field, exactly as the library does it.
 *
 * Its long division stops as soon as what remains has a lower degree than the
 * divisor, even if low coefficients of the quotient have not been written yet
 * (they would be zeros): x^3 by x has the quotient 1.  The true quotient, and
 * with it the inverse that Euclid's algorithm finds, would differ from what
 * the guest computes, so that division is followed here step by step.
 */
#include "zk/field.h"

#include <string.h>

/* Without zero coefficients at the high end, but at least one. */
static size_t trimmed(const uint64_t *at, size_t count)
{
    while (count > 1 && at[count - 1] == 0)
        count--;
    return count;
}

static void reverse(uint64_t *at, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        uint64_t value = at[i];
        at[i] = at[count - 1 - i];
        at[count - 1 - i] = value;
    }
}

/* A constant divides all at once: the quotient keeps zeros at its high end. */
static size_t divide_by_constant(uint64_t *remainder, size_t *count, uint64_t divisor, uint64_t *quotient)
{
    size_t quotient_count = *count;
    uint64_t inverse = zk_invert(divisor);
    for (size_t i = 0; i < quotient_count; i++)
        quotient[i] = zk_multiply(remainder[i], inverse);
    remainder[0] = 0;
    *count = 1;
    return quotient_count;
}

size_t zk_divide(uint64_t *remainder, size_t *count, const uint64_t *divisor, size_t divisor_count, uint64_t *quotient)
{
    if (divisor_count == 1)
        return divide_by_constant(remainder, count, divisor[0], quotient);
    size_t degree = divisor_count - 1, left = trimmed(remainder, *count), written = 0;
    uint64_t inverse = zk_invert(divisor[degree]);
    while (trimmed(remainder, left) > degree) {
        uint64_t coefficient = zk_multiply(remainder[left - 1], inverse);
        uint64_t *part = remainder + (left - divisor_count);
        for (size_t i = 0; i < degree; i++)
            part[i] = zk_sub(part[i], zk_multiply(coefficient, divisor[i]));
        quotient[written++] = coefficient;
        left--;
    }
    *count = trimmed(remainder, left);
    reverse(quotient, written);
    if (written > 0)
        return written;
    quotient[0] = 0;
    return 1;
}

/* ---- Euclid -------------------------------------------------------------- */

static void short_trim(struct zk_short *a)
{
    a->count = (unsigned)trimmed(a->at, a->count);
}

/* a - b*c, or false if it has too many coefficients. */
static bool short_reduce(struct zk_short *a, const struct zk_short *b, const struct zk_short *c)
{
    unsigned count = b->count + c->count - 1;
    if (count > ZK_SHORT)
        return false;
    for (; a->count < count; a->count++)
        a->at[a->count] = 0;
    for (unsigned i = 0; i < b->count; i++)
        for (unsigned j = 0; j < c->count; j++)
            a->at[i + j] = zk_sub(a->at[i + j], zk_multiply(b->at[i], c->at[j]));
    short_trim(a);
    return true;
}

static bool short_is_zero(const struct zk_short *a)
{
    return a->count == 1 && a->at[0] == 0;
}

/* As nearly all go: each remainder is one degree below the one before, and
 * each quotient has two coefficients, none of them 0.  Then the library divides
 * truly and finds the inverse, and so does a division without fractions: the
 * remainders and their factors come out multiplied, and one inversion in the end
 * sets that right.  False if it goes otherwise. */
static bool invert_without_fractions(const struct zk_short *a, const struct zk_short *modulus, struct zk_short *inverse)
{
    unsigned degree = modulus->count - 1;
    struct zk_short upper = *modulus, lower = *a, upper_factor = {1, {0}}, lower_factor = {1, {1}};
    if (a->count != degree || a->at[degree - 1] == 0)
        return false;
    for (unsigned d = degree - 1; d > 0; d--) { /* that of `lower` */
        uint64_t high = lower.at[d], square = zk_multiply(high, high), first = zk_multiply(high, upper.at[d + 1]);
        uint64_t second = zk_sub(zk_multiply(high, upper.at[d]), zk_multiply(upper.at[d + 1], lower.at[d - 1]));
        struct zk_short rest = {.count = d}, factor = {.count = lower_factor.count + 1};
        for (unsigned i = 0; i < d; i++) {
            uint64_t less = zk_multiply(second, lower.at[i]);
            if (i > 0)
                less = zk_add(less, zk_multiply(first, lower.at[i - 1]));
            rest.at[i] = zk_sub(zk_multiply(square, upper.at[i]), less);
        }
        for (unsigned i = 0; i < factor.count; i++) {
            uint64_t less = i < lower_factor.count ? zk_multiply(second, lower_factor.at[i]) : 0;
            if (i > 0)
                less = zk_add(less, zk_multiply(first, lower_factor.at[i - 1]));
            factor.at[i] = zk_sub(i < upper_factor.count ? zk_multiply(square, upper_factor.at[i]) : 0, less);
        }
        if (second == 0 || rest.at[d - 1] == 0)
            return false;
        upper = lower;
        lower = rest;
        upper_factor = lower_factor;
        lower_factor = factor;
    }
    uint64_t scale = zk_invert(lower.at[0]);
    for (unsigned i = 0; i < lower_factor.count; i++)
        lower_factor.at[i] = zk_multiply(lower_factor.at[i], scale);
    *inverse = lower_factor;
    return true;
}

bool zk_short_invert(const struct zk_short *a, const struct zk_short *modulus, bool modulus_first,
                     struct zk_short *inverse)
{
    if (invert_without_fractions(a, modulus, inverse))
        return true;
    struct zk_short first = modulus_first ? *modulus : *a, second = modulus_first ? *a : *modulus;
    /* The factor of `a` in `first` and in `second`. */
    struct zk_short factor = {1, {!modulus_first}}, next = {1, {modulus_first}};
    short_trim(&second);
    while (!short_is_zero(&second)) {
        struct zk_short quotient = {.count = 1}, remainder = first;
        size_t count = first.count;
        quotient.count = (unsigned)zk_divide(remainder.at, &count, second.at, second.count, quotient.at);
        remainder.count = (unsigned)count;
        if (!short_reduce(&factor, &quotient, &next))
            return false;
        struct zk_short swap = factor;
        factor = next;
        next = swap;
        first = second;
        second = remainder;
    }
    short_trim(&first);
    if (first.count != 1 || first.at[0] == 0)
        return false;
    uint64_t scale = zk_invert(first.at[0]);
    short_trim(&factor);
    for (unsigned i = 0; i < factor.count; i++)
        factor.at[i] = zk_multiply(factor.at[i], scale);
    *inverse = factor;
    return true;
}
