/* The Tip5 permutation in vectors of four elements, for processors that have
 * AVX2: what tip5.c does word by word, and four times as fast.
 *
 * An element is below p only where its bytes are looked up and at the end.
 */
#include "zk/tip5.h"

#ifdef ZK_TIP5_AVX2

#include "zk/avx2.h"

#include <string.h>

#define VECTORS (ZK_STATE / LANES)

AVX2 __m256i seventh_power(__m256i a)
{
    __m256i square = multiply(a, a);
    return multiply(multiply(a, square), multiply(square, square));
}

AVX2 void look_up(uint64_t state[LANES])
{
    uint8_t bytes[8 * LANES];
    memcpy(bytes, state, sizeof bytes);
    for (unsigned i = 0; i < LANES; i++) {
        uint64_t word = 0;
        for (unsigned j = 8; j-- > 0;)
            word = word << 8 | zk_tip5_lookup[bytes[8 * i + j]];
        state[i] = word;
    }
}

/* The circulant matrix, and the round's constants.  Halves of 32 bits by
 * coefficients of 16, sixteen of them, fit 52 bits. */
AVX2 void mix(uint64_t state[ZK_STATE], const uint64_t constants[ZK_STATE])
{
    __m256i low[VECTORS], high[VECTORS], half = all(ZK_EPSILON);
    for (unsigned i = 0; i < VECTORS; i++) {
        __m256i start = load(constants + LANES * i);
        low[i] = _mm256_and_si256(start, half);
        high[i] = _mm256_srli_epi64(start, 32);
    }
    for (unsigned j = 0; j < ZK_STATE; j++) {
        __m256i in = all(state[j]), in_high = _mm256_srli_epi64(in, 32);
        for (unsigned i = 0; i < VECTORS; i++) {
            const uint32_t *row = zk_tip5_circulant + ZK_STATE - j + LANES * i;
            __m256i factor = _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)(const void *)row));
            low[i] = _mm256_add_epi64(low[i], _mm256_mul_epu32(in, factor));
            high[i] = _mm256_add_epi64(high[i], _mm256_mul_epu32(in_high, factor));
        }
    }
    for (unsigned i = 0; i < VECTORS; i++) {
        /* low + 2^32 * high = (low + 2^32 * (high mod 2^32)) + 2^64 * (high / 2^32) */
        __m256i start = turned(low[i]), sum = _mm256_add_epi64(start, _mm256_slli_epi64(high[i], 32));
        __m256i carry = epsilon_where_greater(start, sum);
        __m256i rest = _mm256_add_epi64(_mm256_mul_epu32(_mm256_srli_epi64(high[i], 32), half), carry);
        __m256i more = _mm256_add_epi64(sum, rest);
        more = turned(_mm256_add_epi64(more, epsilon_where_greater(sum, more)));
        _mm256_storeu_si256((__m256i *)(void *)(state + LANES * i), i == 0 ? canonical(more) : more);
    }
}

__attribute__((target("avx2"))) void zk_permute_avx2(uint64_t state[ZK_STATE])
{
    for (unsigned round = 0; round < ZK_TIP5_ROUNDS; round++) {
        look_up(state);
        for (unsigned i = LANES; i < ZK_STATE; i += LANES) {
            __m256i *at = (__m256i *)(void *)(state + i);
            _mm256_storeu_si256(at, seventh_power(_mm256_loadu_si256(at)));
        }
        mix(state, zk_tip5_constants + ZK_STATE * round);
    }
    for (unsigned i = LANES; i < ZK_STATE; i += LANES) {
        __m256i *at = (__m256i *)(void *)(state + i);
        _mm256_storeu_si256(at, canonical(_mm256_loadu_si256(at)));
    }
}

#endif
