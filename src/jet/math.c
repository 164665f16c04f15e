/* Unsigned arithmetic and tree addresses (the library's first layer).
 *
 * Every jet answers for two direct atoms first, by machine arithmetic, and
 * then for atoms of any size, word by word with GMP's mpn functions, which
 * work on exactly the words that an atom has.  Arguments that are not atoms
 * are left to the Nock.
 */
#include "jet/chapters.h"
#include "jet/words.h"

#include <gmp.h>
#include <stdlib.h>

static_assert(sizeof(mp_limb_t) == 8 && GMP_NAIL_BITS == 0, "an atom's words are GMP's limbs");

static inline bool both_direct(noun a, noun b)
{
    return noun_is_direct(a) && noun_is_direct(b);
}

static inline bool both_atoms(noun a, noun b)
{
    return noun_is_atom(a) && noun_is_atom(b);
}

static inline noun loobean(bool answer)
{
    return answer ? NOUN_YES : NOUN_NO;
}

static noun from_word(struct nock *machine, uint64_t word)
{
    return LIKELY(noun_is_direct(word)) ? word : stack_atom_from_word(nock_stack(machine), word);
}

/* ---- sum, difference, product -------------------------------------------- */

static noun add_large(struct nock *machine, noun a, noun b)
{
    struct stack *stack = nock_stack(machine);
    uint64_t holder_a, holder_b;
    struct span long_one = span_of(a, &holder_a), short_one = span_of(b, &holder_b);
    if (long_one.count < short_one.count) {
        struct span other = long_one;
        long_one = short_one;
        short_one = other;
    }
    uint64_t *sum = stack_atom_begin(stack, long_one.count + 1);
    sum[long_one.count] =
        mpn_add(sum, long_one.words, (mp_size_t)long_one.count, short_one.words, (mp_size_t)short_one.count);
    return stack_atom_finish(stack);
}

noun jet_add(struct nock *machine, noun a, noun b)
{
    if (LIKELY(both_direct(a, b)))
        return from_word(machine, a + b);
    return both_atoms(a, b) ? add_large(machine, a, b) : NOCK_JET_PUNT;
}

/* a is greater than b. */
static noun subtract_large(struct nock *machine, noun a, noun b)
{
    struct stack *stack = nock_stack(machine);
    uint64_t holder_a, holder_b;
    struct span from = span_of(a, &holder_a), what = span_of(b, &holder_b);
    uint64_t *difference = stack_atom_begin(stack, from.count);
    mpn_sub(difference, from.words, (mp_size_t)from.count, what.words, (mp_size_t)what.count);
    return stack_atom_finish(stack);
}

noun jet_sub(struct nock *machine, noun a, noun b)
{
    if (LIKELY(both_direct(a, b)))
        return a >= b ? a - b : NOCK_JET_EXIT;
    if (!both_atoms(a, b))
        return NOCK_JET_PUNT;
    int order = noun_atom_compare(a, b);
    if (order <= 0)
        return order == 0 ? 0 : NOCK_JET_EXIT;
    return subtract_large(machine, a, b);
}

noun jet_dec(struct nock *machine, noun a)
{
    if (LIKELY(noun_is_direct(a)))
        return a != 0 ? a - 1 : NOCK_JET_EXIT;
    return noun_is_atom(a) ? subtract_large(machine, a, 1) : NOCK_JET_PUNT;
}

static noun multiply_large(struct nock *machine, noun a, noun b)
{
    struct stack *stack = nock_stack(machine);
    uint64_t holder_a, holder_b;
    struct span long_one = span_of(a, &holder_a), short_one = span_of(b, &holder_b);
    if (long_one.count == 0 || short_one.count == 0)
        return 0;
    if (long_one.count < short_one.count) {
        struct span other = long_one;
        long_one = short_one;
        short_one = other;
    }
    uint64_t *product = words_begin(stack, 64 * (uint64_t)(long_one.count + short_one.count));
    if (product == NULL)
        return NOCK_JET_FAIL;
    mpn_mul(product, long_one.words, (mp_size_t)long_one.count, short_one.words, (mp_size_t)short_one.count);
    return stack_atom_finish(stack);
}

noun jet_mul(struct nock *machine, noun a, noun b)
{
    uint64_t product;
    if (LIKELY(both_direct(a, b) && !__builtin_mul_overflow(a, b, &product)))
        return from_word(machine, product);
    return both_atoms(a, b) ? multiply_large(machine, a, b) : NOCK_JET_PUNT;
}

/* ---- quotient and remainder ---------------------------------------------- */

struct division {
    noun quotient;
    noun remainder;
};

#define SCRATCH_WORDS 64

/* a is greater than b, b is not 0.  The quotient is made in place, and the
 * remainder in scratch memory, since the stack builds one atom at a time. */
static struct division divide_large(struct nock *machine, noun a, noun b)
{
    struct stack *stack = nock_stack(machine);
    uint64_t holder_a, holder_b;
    struct span dividend = span_of(a, &holder_a), divisor = span_of(b, &holder_b);
    uint64_t scratch[SCRATCH_WORDS];
    uint64_t *rest = scratch;
    if (divisor.count > SCRATCH_WORDS)
        rest = malloc(8 * divisor.count);
    if (rest == NULL)
        check_out_of_memory(__FILE__, __LINE__, 8 * divisor.count);
    uint64_t *quotient = stack_atom_begin(stack, dividend.count - divisor.count + 1);
    mpn_tdiv_qr(quotient, rest, 0, dividend.words, (mp_size_t)dividend.count, divisor.words, (mp_size_t)divisor.count);
    struct division division;
    division.quotient = stack_atom_finish(stack);
    division.remainder = stack_atom_from_words(stack, rest, divisor.count);
    if (rest != scratch)
        free(rest);
    return division;
}

/* Divides and gives 0, or gives what the jet must return instead. */
static noun divide(struct nock *machine, noun a, noun b, struct division *out)
{
    if (b == 0)
        return noun_is_atom(a) ? NOCK_JET_EXIT : NOCK_JET_PUNT;
    if (LIKELY(both_direct(a, b))) {
        *out = (struct division){a / b, a % b};
        return 0;
    }
    if (!both_atoms(a, b))
        return NOCK_JET_PUNT;
    int order = noun_atom_compare(a, b);
    if (order < 0)
        *out = (struct division){0, a};
    else if (order == 0)
        *out = (struct division){1, 0};
    else
        *out = divide_large(machine, a, b);
    return 0;
}

noun jet_div(struct nock *machine, noun a, noun b)
{
    struct division division;
    noun instead = divide(machine, a, b, &division);
    return instead == 0 ? division.quotient : instead;
}

noun jet_mod(struct nock *machine, noun a, noun b)
{
    struct division division;
    noun instead = divide(machine, a, b, &division);
    return instead == 0 ? division.remainder : instead;
}

noun jet_dvr(struct nock *machine, noun a, noun b)
{
    struct division division;
    noun instead = divide(machine, a, b, &division);
    return instead == 0 ? stack_cell(nock_stack(machine), division.quotient, division.remainder) : instead;
}

/* ---- comparison ---------------------------------------------------------- */

noun jet_lth(struct nock *machine, noun a, noun b)
{
    (void)machine;
    if (LIKELY(both_direct(a, b)))
        return loobean(a < b);
    return both_atoms(a, b) ? loobean(noun_atom_compare(a, b) < 0) : NOCK_JET_PUNT;
}

noun jet_lte(struct nock *machine, noun a, noun b)
{
    (void)machine;
    if (LIKELY(both_direct(a, b)))
        return loobean(a <= b);
    return both_atoms(a, b) ? loobean(noun_atom_compare(a, b) <= 0) : NOCK_JET_PUNT;
}

noun jet_gth(struct nock *machine, noun a, noun b)
{
    return jet_lth(machine, b, a);
}

noun jet_gte(struct nock *machine, noun a, noun b)
{
    return jet_lte(machine, b, a);
}

noun jet_max(struct nock *machine, noun a, noun b)
{
    noun less = jet_lth(machine, a, b);
    return less == NOCK_JET_PUNT ? less : less == NOUN_YES ? b : a;
}

noun jet_min(struct nock *machine, noun a, noun b)
{
    noun less = jet_lth(machine, a, b);
    return less == NOCK_JET_PUNT ? less : less == NOUN_YES ? a : b;
}

/* ---- tree addresses ------------------------------------------------------ *
 *
 * An axis in binary is a 1 and then its path from the root, a bit a step.
 */

noun jet_cap(struct nock *machine, noun a)
{
    (void)machine;
    if (!noun_is_atom(a))
        return NOCK_JET_PUNT;
    if (a < 2)
        return NOCK_JET_EXIT;
    uint64_t holder;
    struct span path = span_of(a, &holder);
    return 2 + (span_word(path, span_length_bits(path) - 2) & 1);
}

static noun mas_large(struct nock *machine, noun a)
{
    struct stack *stack = nock_stack(machine);
    uint64_t holder;
    struct span path = span_of(a, &holder);
    uint64_t kept_bits = span_length_bits(path) - 2;
    uint64_t *words = stack_atom_begin(stack, path.count);
    span_copy(words, 0, path, 0, kept_bits);
    words[kept_bits / 64] |= (uint64_t)1 << kept_bits % 64;
    return stack_atom_finish(stack);
}

noun jet_mas(struct nock *machine, noun a)
{
    if (LIKELY(noun_is_direct(a))) {
        if (a < 2)
            return NOCK_JET_EXIT;
        uint64_t top = (uint64_t)1 << (bits_length(a) - 2);
        return (a & (top - 1)) | top;
    }
    return noun_is_atom(a) ? mas_large(machine, a) : NOCK_JET_PUNT;
}

static noun peg_large(struct nock *machine, noun a, noun b)
{
    struct stack *stack = nock_stack(machine);
    uint64_t holder_a, holder_b;
    struct span upper = span_of(a, &holder_a), lower = span_of(b, &holder_b);
    uint64_t lower_bits = span_length_bits(lower) - 1;
    uint64_t *words = stack_atom_begin(stack, upper.count + lower.count);
    span_copy(words, 0, lower, 0, lower_bits);
    span_copy(words, lower_bits, upper, 0, span_length_bits(upper));
    return stack_atom_finish(stack);
}

noun jet_peg(struct nock *machine, noun a, noun b)
{
    if (!both_atoms(a, b))
        return NOCK_JET_PUNT;
    if (a == 0 || b == 0)
        return NOCK_JET_EXIT;
    unsigned lower_bits = bits_length(b) - 1;
    if (LIKELY(both_direct(a, b) && bits_length(a) + lower_bits < 64))
        return a << lower_bits | (b & bits_mask(lower_bits));
    return peg_large(machine, a, b);
}
