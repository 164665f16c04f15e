/* The base field and its extension; transforms. */
#include "zk/field.h"

#include "base/wordstack.h"

uint64_t zk_power(uint64_t x, uint64_t n)
{
    uint64_t product = 1;
    for (; n != 0; n >>= 1) {
        if (n & 1)
            product = zk_multiply(product, x);
        x = zk_multiply(x, x);
    }
    return product;
}

/* By Fermat: the exponent p - 2 is 31 ones, a zero and 32 ones in binary. */
uint64_t zk_invert(uint64_t x)
{
    uint64_t ones_2 = zk_multiply(zk_multiply(x, x), x);
    uint64_t ones_3 = zk_multiply(zk_multiply(ones_2, ones_2), x);
    uint64_t ones_6 = zk_multiply(zk_square_times(ones_3, 3), ones_3);
    uint64_t ones_12 = zk_multiply(zk_square_times(ones_6, 6), ones_6);
    uint64_t ones_24 = zk_multiply(zk_square_times(ones_12, 12), ones_12);
    uint64_t ones_30 = zk_multiply(zk_square_times(ones_24, 6), ones_6);
    uint64_t ones_31 = zk_multiply(zk_multiply(ones_30, ones_30), x);
    uint64_t ones_32 = zk_multiply(zk_multiply(ones_31, ones_31), x);
    return zk_multiply(zk_square_times(ones_31, 33), ones_32);
}

/* The root of the largest order; the others are its powers. */
#define ROOT_LOG 32
#define ROOT 0x185629dcda58878cu

uint64_t zk_root(unsigned log)
{
    return zk_square_times(ROOT, ROOT_LOG - log);
}

/* ---- transform ----------------------------------------------------------- */

static void reverse_order(uint64_t *values, unsigned log)
{
    for (size_t i = 1, reversed = 0; i < (size_t)1 << log; i++) {
        size_t bit = (size_t)1 << (log - 1);
        for (; reversed & bit; bit >>= 1)
            reversed ^= bit;
        reversed ^= bit;
        if (i < reversed) {
            uint64_t value = values[i];
            values[i] = values[reversed];
            values[reversed] = value;
        }
    }
}

void zk_transform(uint64_t *values, unsigned log, uint64_t root)
{
    struct wordstack twiddles;
    wordstack_init(&twiddles);
    wordstack_grow(&twiddles, (size_t)1 << log);
    reverse_order(values, log);
    for (unsigned level = 1; level <= log; level++) {
        size_t half = (size_t)1 << (level - 1);
        uint64_t step = zk_square_times(root, log - level), twiddle = 1;
        for (size_t i = 0; i < half; i++, twiddle = zk_multiply(twiddle, step))
            twiddles.words[i] = twiddle;
        for (size_t i = 0; i < (size_t)1 << log; i += 2 * half)
            zk_join_halves(values + i, values + i + half, twiddles.words, half);
    }
    wordstack_finish(&twiddles);
}

/* ---- extension ----------------------------------------------------------- */

/* x^3 = x - 1, x^4 = x^2 - x. */
struct zk_felt zk_felt_multiply(struct zk_felt a, struct zk_felt b)
{
    uint64_t low = zk_multiply(a.at[0], b.at[0]), middle = zk_multiply(a.at[1], b.at[1]);
    uint64_t high = zk_multiply(a.at[2], b.at[2]);
    uint64_t x1 = zk_add(zk_multiply(a.at[0], b.at[1]), zk_multiply(a.at[1], b.at[0]));
    uint64_t x2 = zk_add(zk_add(zk_multiply(a.at[0], b.at[2]), zk_multiply(a.at[2], b.at[0])), middle);
    uint64_t x3 = zk_add(zk_multiply(a.at[1], b.at[2]), zk_multiply(a.at[2], b.at[1]));
    return (struct zk_felt){{zk_sub(low, x3), zk_sub(zk_add(x1, x3), high), zk_add(x2, high)}};
}
