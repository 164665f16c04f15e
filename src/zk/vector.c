/* Sums of products of many elements, the steps of a transform, and checks: in vectors where the processor
 * has AVX2, and for the rest word by word. */
#include "zk/field.h"

#ifdef __x86_64__

#include "zk/avx2.h"

/* How many are looked at before it is said that one is not below p. */
#define BLOCK 64

/* How many were done, here and below: all but the last few, or up to one that is not below p. */
__attribute__((target("avx2"))) static size_t count_based(const uint64_t *words, size_t count)
{
    __m256i limit = turned(all(ZK_P - 1));
    for (size_t from = 0;; from += BLOCK) {
        __m256i above = _mm256_setzero_si256();
        if (count - from < BLOCK)
            return from;
        for (size_t i = from; i < from + BLOCK; i += LANES)
            above = _mm256_or_si256(above, _mm256_cmpgt_epi64(turned(load(words + i)), limit));
        if (!_mm256_testz_si256(above, above))
            return from;
    }
}

__attribute__((target("avx2"))) static size_t add_scaled(uint64_t *sum, const uint64_t *values, uint64_t scalar,
                                                         size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        store(sum + i, add(load(sum + i), canonical(multiply(load(values + i), all(scalar)))));
    return i;
}

__attribute__((target("avx2"))) static size_t add_products(uint64_t *sum, const uint64_t *values,
                                                           const uint64_t *others, size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        store(sum + i, add(load(sum + i), canonical(multiply(load(values + i), load(others + i)))));
    return i;
}

__attribute__((target("avx2"))) static size_t join_halves(uint64_t *low, uint64_t *high, const uint64_t *twiddles,
                                                          size_t count)
{
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
        __m256i even = load(low + i), odd = canonical(multiply(load(high + i), load(twiddles + i)));
        store(low + i, add(even, odd));
        store(high + i, subtract(even, odd));
    }
    return i;
}

static bool has_vectors(void)
{
    return __builtin_cpu_supports("avx2");
}

#else

static size_t count_based(const uint64_t *words, size_t count)
{
    (void)words, (void)count;
    return 0;
}

static size_t add_scaled(uint64_t *sum, const uint64_t *values, uint64_t scalar, size_t count)
{
    (void)sum, (void)values, (void)scalar, (void)count;
    return 0;
}

static size_t add_products(uint64_t *sum, const uint64_t *values, const uint64_t *others, size_t count)
{
    (void)sum, (void)values, (void)others, (void)count;
    return 0;
}

static size_t join_halves(uint64_t *low, uint64_t *high, const uint64_t *twiddles, size_t count)
{
    (void)low, (void)high, (void)twiddles, (void)count;
    return 0;
}

static bool has_vectors(void)
{
    return false;
}

#endif

bool zk_all_based(const uint64_t *words, size_t count)
{
    size_t i = has_vectors() ? count_based(words, count) : 0;
    while (i < count && zk_is_based(words[i]))
        i++;
    return i == count;
}

void zk_add_scaled(uint64_t *sum, const uint64_t *values, uint64_t scalar, size_t count)
{
    for (size_t i = has_vectors() ? add_scaled(sum, values, scalar, count) : 0; i < count; i++)
        sum[i] = zk_add(sum[i], zk_multiply(values[i], scalar));
}

void zk_add_products(uint64_t *sum, const uint64_t *values, const uint64_t *others, size_t count)
{
    for (size_t i = has_vectors() ? add_products(sum, values, others, count) : 0; i < count; i++)
        sum[i] = zk_add(sum[i], zk_multiply(values[i], others[i]));
}

void zk_join_halves(uint64_t *low, uint64_t *high, const uint64_t *twiddles, size_t count)
{
    for (size_t i = has_vectors() ? join_halves(low, high, twiddles, count) : 0; i < count; i++) {
        uint64_t even = low[i], odd = zk_multiply(high[i], twiddles[i]);
        low[i] = zk_add(even, odd);
        high[i] = zk_sub(even, odd);
    }
}
