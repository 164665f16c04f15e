/* Private to src/zk: arithmetic of the base field in vectors of four elements,
 * for files of functions that are called only where the processor has AVX2.
 *
 * An element here is any word that is the right one modulo p.  There is no
 * comparison of unsigned words, so a carry is found by comparing words whose
 * top bit is turned.
 */
#ifndef ZK_AVX2_H
#define ZK_AVX2_H

#include "zk/field.h"

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2"))) static inline
#define LANES 4

AVX2 __m256i all(uint64_t word)
{
    return _mm256_set1_epi64x((long long)word);
}

/* The top bit turned: order as signed words is then that of the words. */
AVX2 __m256i turned(__m256i a)
{
    return _mm256_xor_si256(a, all((uint64_t)1 << 63));
}

/* 2^32 - 1 where a > b, both turned; else 0. */
AVX2 __m256i epsilon_where_greater(__m256i a, __m256i b)
{
    return _mm256_srli_epi64(_mm256_cmpgt_epi64(a, b), 32);
}

/* low + 2^64 * high */
AVX2 __m256i reduce(__m256i low, __m256i high)
{
    __m256i start = turned(low);
    __m256i less = _mm256_sub_epi64(start, _mm256_srli_epi64(high, 32));
    less = _mm256_sub_epi64(less, epsilon_where_greater(less, start)); /* the borrow is worth 2^64 */
    __m256i more = _mm256_add_epi64(less, _mm256_mul_epu32(high, all(ZK_EPSILON)));
    return turned(_mm256_add_epi64(more, epsilon_where_greater(less, more)));
}

AVX2 __m256i multiply(__m256i a, __m256i b)
{
    __m256i a_high = _mm256_srli_epi64(a, 32), b_high = _mm256_srli_epi64(b, 32), half = all(ZK_EPSILON);
    __m256i low = _mm256_mul_epu32(a, b), high = _mm256_mul_epu32(a_high, b_high);
    __m256i one = _mm256_add_epi64(_mm256_mul_epu32(a_high, b), _mm256_srli_epi64(low, 32));
    __m256i other = _mm256_add_epi64(_mm256_mul_epu32(a, b_high), _mm256_and_si256(one, half));
    high = _mm256_add_epi64(high, _mm256_add_epi64(_mm256_srli_epi64(one, 32), _mm256_srli_epi64(other, 32)));
    return reduce(_mm256_blend_epi32(low, _mm256_slli_epi64(other, 32), 0xaa), high);
}

/* Below p. */
AVX2 __m256i canonical(__m256i a)
{
    __m256i limit = turned(all(ZK_P - 1));
    return _mm256_add_epi64(a, epsilon_where_greater(turned(a), limit)); /* - p is + (2^32 - 1) */
}

/* Of elements below p, and so are sum and difference. */
AVX2 __m256i add(__m256i a, __m256i b)
{
    __m256i negative = _mm256_sub_epi64(all(ZK_P), b); /* or p, which is 0 */
    return _mm256_sub_epi64(_mm256_sub_epi64(a, negative), epsilon_where_greater(turned(negative), turned(a)));
}

AVX2 __m256i subtract(__m256i a, __m256i b)
{
    return _mm256_sub_epi64(_mm256_sub_epi64(a, b), epsilon_where_greater(turned(b), turned(a)));
}

AVX2 __m256i load(const uint64_t *words)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)words);
}

AVX2 void store(uint64_t *words, __m256i a)
{
    _mm256_storeu_si256((__m256i *)(void *)words, a);
}

#endif
