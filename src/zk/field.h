/* Private to src/zk: the field with p = 2^64 - 2^32 + 1 elements.
 *
 * An element ("belt") is its canonical representative, a word below p.  Since
 * 2^64 = 2^32 - 1 and 2^96 = -1 modulo p, a product of two words is reduced
 * without a division:
 *
 *     n = high32 * 2^96 + middle32 * 2^64 + low64
 *       = low64 - high32 + middle32 * (2^32 - 1)
 *
 * Montgomery form ("melt") of x is x * 2^64 mod p.
 */
#ifndef ZK_FIELD_H
#define ZK_FIELD_H

#include "base/base.h"

#define ZK_P 0xffffffff00000001u
#define ZK_EPSILON 0xffffffffu /* 2^64 mod p */

static inline bool zk_is_based(uint64_t word)
{
    return word < ZK_P;
}

/* Carries that come half of the time are masks, not branches, which nothing
 * could foresee; those of one time in 2^32 are branches. */
static inline uint64_t zk_where(bool condition, uint64_t word)
{
    return word & -(uint64_t)condition;
}

static inline uint64_t zk_sub(uint64_t a, uint64_t b)
{
    uint64_t difference;
    bool borrow = __builtin_sub_overflow(a, b, &difference);
    return difference - zk_where(borrow, ZK_EPSILON); /* + p is - (2^32 - 1) */
}

static inline uint64_t zk_add(uint64_t a, uint64_t b)
{
    return zk_sub(a, ZK_P - b); /* p - b may be p, which is 0 */
}

static inline uint64_t zk_negate(uint64_t a)
{
    return a == 0 ? 0 : ZK_P - a;
}

/* n mod p, for any n. */
static inline uint64_t zk_reduce(unsigned __int128 n)
{
    uint64_t low = (uint64_t)n, high = (uint64_t)(n >> 64), difference, sum;
    if (__builtin_sub_overflow(low, high >> 32, &difference))
        difference -= ZK_EPSILON; /* the borrow is worth 2^64 */
    bool carry = __builtin_add_overflow(difference, (high & 0xffffffffu) * ZK_EPSILON, &sum);
    sum += zk_where(carry, ZK_EPSILON);
    return sum >= ZK_P ? sum - ZK_P : sum;
}

static inline uint64_t zk_multiply(uint64_t a, uint64_t b)
{
    return zk_reduce((unsigned __int128)a * b);
}

static inline uint64_t zk_square_times(uint64_t a, unsigned times)
{
    while (times-- > 0)
        a = zk_multiply(a, a);
    return a;
}

static inline uint64_t zk_to_melt(uint64_t belt)
{
    return zk_reduce((unsigned __int128)belt << 64);
}

/* 2^-64 = 2^128 modulo p, since 2^192 = 1. */
static inline uint64_t zk_from_melt(uint64_t melt)
{
    return zk_reduce((unsigned __int128)zk_to_melt(melt) << 64);
}

/* Whether all are below p. */
bool zk_all_based(const uint64_t *words, size_t count);

/* sum[i] + values[i] * scalar, and sum[i] + values[i] * others[i] (vector.c). */
void zk_add_scaled(uint64_t *sum, const uint64_t *values, uint64_t scalar, size_t count);
void zk_add_products(uint64_t *sum, const uint64_t *values, const uint64_t *others, size_t count);

/* Joins the transforms of `count` even and `count` odd coefficients: low[i] becomes
 * low[i] + high[i] * twiddles[i], and high[i] the difference. */
void zk_join_halves(uint64_t *low, uint64_t *high, const uint64_t *twiddles, size_t count);

/* x^n */
uint64_t zk_power(uint64_t x, uint64_t n);

/* 1/x; x is not 0. */
uint64_t zk_invert(uint64_t x);

/* The library's root of unity of order 2^log; log is at most 32. */
uint64_t zk_root(unsigned log);

/* The transform of `count` = 2^log coefficients in place: values[i] becomes
 * the polynomial's value at root^i.  `root` has order `count`. */
void zk_transform(uint64_t *values, unsigned log, uint64_t root);

/* ---- the extension of degree 3, by x^3 - x + 1 ----------------------------- */

/* An element ("felt"): coefficients, lowest first. */
struct zk_felt {
    uint64_t at[3];
};

static inline struct zk_felt zk_felt_add(struct zk_felt a, struct zk_felt b)
{
    return (struct zk_felt){{zk_add(a.at[0], b.at[0]), zk_add(a.at[1], b.at[1]), zk_add(a.at[2], b.at[2])}};
}

static inline struct zk_felt zk_felt_sub(struct zk_felt a, struct zk_felt b)
{
    return (struct zk_felt){{zk_sub(a.at[0], b.at[0]), zk_sub(a.at[1], b.at[1]), zk_sub(a.at[2], b.at[2])}};
}

static inline struct zk_felt zk_felt_scale(struct zk_felt a, uint64_t c)
{
    return (struct zk_felt){{zk_multiply(a.at[0], c), zk_multiply(a.at[1], c), zk_multiply(a.at[2], c)}};
}

static inline struct zk_felt zk_felt_of(uint64_t belt)
{
    return (struct zk_felt){{belt, 0, 0}};
}

static inline bool zk_felt_equal(struct zk_felt a, struct zk_felt b)
{
    return a.at[0] == b.at[0] && a.at[1] == b.at[1] && a.at[2] == b.at[2];
}

struct zk_felt zk_felt_multiply(struct zk_felt a, struct zk_felt b);

/* ---- division of polynomials, the library's way (divide.c) ------------- */

#define ZK_SHORT 8 /* coefficients */

/* A polynomial of few coefficients, lowest first; the highest may be 0. */
struct zk_short {
    unsigned count; /* at least 1 */
    uint64_t at[ZK_SHORT];
};

/* Divides `remainder` in place; the quotient has room for `count` words.  Both
 * counts are at least 1; the divisor's highest coefficient is not 0.  Returns
 * the number of quotient coefficients; *count becomes the remainder's, at
 * least 1. */
size_t zk_divide(uint64_t *remainder, size_t *count, const uint64_t *divisor, size_t divisor_count, uint64_t *quotient);

/* The inverse of `a` modulo `modulus`, as the library finds it with +bpegcd;
 * `modulus` comes first there if `modulus_first`.  False where it crashes. */
bool zk_short_invert(const struct zk_short *a, const struct zk_short *modulus, bool modulus_first,
                     struct zk_short *inverse);

/* ---- the sponge (tip5.c) ------------------------------------------------ */

#define ZK_STATE 16
#define ZK_RATE 10
#define ZK_DIGEST 5

/* In Montgomery form. */
struct zk_sponge {
    uint64_t state[ZK_STATE];
};

struct zk_digest {
    uint64_t at[ZK_DIGEST];
};

void zk_permute(uint64_t state[ZK_STATE]);

/* Of ten belts. */
struct zk_digest zk_hash_10(const uint64_t belts[ZK_RATE]);

/* Two digests into one. */
struct zk_digest zk_hash_pair(const struct zk_digest *a, const struct zk_digest *b);

/* Of any number of belts, that come in pieces. */
struct zk_absorber {
    uint64_t state[ZK_STATE];
    uint64_t block[ZK_RATE];
    unsigned fill;
};

static inline void zk_absorb_begin(struct zk_absorber *absorber)
{
    *absorber = (struct zk_absorber){.fill = 0};
}

void zk_absorb_block(struct zk_absorber *absorber);

static inline void zk_absorb(struct zk_absorber *absorber, uint64_t belt)
{
    absorber->block[absorber->fill++] = belt;
    if (absorber->fill == ZK_RATE)
        zk_absorb_block(absorber);
}

/* Adds the padding; the state is that before the first squeeze. */
void zk_absorb_end(struct zk_absorber *absorber);

struct zk_digest zk_squeeze(const struct zk_absorber *absorber);

struct zk_digest zk_hash_belts(const uint64_t *belts, size_t count);

/* -1, 0 or 1 for digests as numbers to the base p. */
int zk_digest_compare(const struct zk_digest *a, const struct zk_digest *b);

/* The same with the words in the other order. */
int zk_digest_compare_backwards(const struct zk_digest *a, const struct zk_digest *b);

#endif
