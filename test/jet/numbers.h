/* Private to test/jet: atoms as GMP integers, the models' currency. */
#ifndef TEST_JET_NUMBERS_H
#define TEST_JET_NUMBERS_H

#include <gmp.h>

#include "noun/noun.h"
#include "stack/stack.h"

static inline void number_set(mpz_t number, noun atom)
{
    uint64_t holder;
    size_t count;
    const uint64_t *words = noun_atom_words(atom, &holder, &count);
    mpz_import(number, count, -1, 8, 0, 0, words);
}

static inline void number_init(mpz_t number, noun atom)
{
    mpz_init(number);
    number_set(number, atom);
}

/* True if `n` is this number as a well-formed atom: direct where it fits,
 * otherwise without leading zero words. */
static inline bool number_is(const mpz_t number, noun n)
{
    if (!noun_is_atom(n))
        return false;
    if (noun_is_indirect(n)) {
        const uint64_t *words = noun_words(n);
        if (words[1] == 0 || words[1 + words[1]] == 0 || (words[1] == 1 && words[2] <= NOUN_DIRECT_MAX))
            return false;
    }
    mpz_t other;
    number_init(other, n);
    bool equal = mpz_cmp(number, other) == 0;
    mpz_clear(other);
    return equal;
}

#endif
