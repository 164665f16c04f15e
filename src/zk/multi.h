/* Private to src/zk: multivariate polynomials ("mega"), which are maps from
 * monomials to coefficients.
 *
 * A monomial is an array of words, each a variable to some power:
 *
 *     bits 0-2    what it is: enum zk_term_kind
 *     bits 3-12   which of its kind
 *     bits 13-42  exponent
 */
#ifndef ZK_MULTI_H
#define ZK_MULTI_H

#include "zk/nouns.h"

enum zk_term_kind { TERM_CONSTANT, TERM_VARIABLE, TERM_CHALLENGE, TERM_DYNAMIC, TERM_COMPOSITION };

struct zk_term {
    unsigned kind; /* may be none of those */
    unsigned index;
    uint64_t exponent;
};

struct zk_term zk_term_of(uint64_t word);

/* Over the items of a map in any order.  False: some item was odd, the map is
 * none, or the run is to stop. */
typedef bool zk_item_fn(void *context, noun key, noun value);
bool zk_for_each_item(struct nock *machine, noun map, zk_item_fn *take, void *context);

/* What the terms stand for.  Compositions are a map of values, or, if `composed`
 * is there, that. */
struct zk_places {
    bool is_base;
    struct zk_array variables;
    struct zk_array challenges;
    struct zk_array dynamics;
    noun compositions;
    const struct zk_felt *composed;
    size_t composed_count;
};

/* An array that is none is empty: only who looks into it would crash. */
struct zk_array zk_array_or_empty(noun n, uint64_t step);

/* False where the Nock would crash, or if the run is to stop. */
bool zk_multi_evaluate(struct nock *machine, noun polynomial, const struct zk_places *places, struct zk_felt *value);

#endif
