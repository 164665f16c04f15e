#include "base/base.h"
#include "tap.h"

static unsigned length_by_shifting(uint64_t word)
{
    unsigned length = 0;
    for (; word != 0; word >>= 1)
        length++;
    return length;
}

static void test_length(void)
{
    bool agree = true;
    uint64_t state = tap_seed();
    for (unsigned shift = 0; shift < 64; shift++) {
        uint64_t power = (uint64_t)1 << shift;
        agree = agree && bits_length(power) == shift + 1 && bits_length(power - 1) == shift;
        uint64_t word = tap_random(&state) >> shift;
        agree = agree && bits_length(word) == length_by_shifting(word);
    }
    tap_ok(agree && bits_length(0) == 0 && bits_length(UINT64_MAX) == 64, "length counts the significant bits");
}

static void test_round_up(void)
{
    tap_ok(bits_round_up(0, 4096) == 0 && bits_round_up(1, 4096) == 4096 && bits_round_up(4096, 4096) == 4096 &&
               bits_round_up(4097, 4096) == 8192 && bits_round_up(7, 1) == 7,
           "round_up goes to the next multiple");
}

static void test_load(void)
{
    const uint8_t bytes[] = {0xff, 1, 2, 3, 4, 5, 6, 7, 8};
    tap_ok(bits_load64(bytes + 1) == 0x0807060504030201, "load64 reads little-endian at any address");
}

/* The inverse of bits_mix64, so that it is a bijection. */
static uint64_t unmix(uint64_t word)
{
    word ^= word >> 31 ^ word >> 62;
    word *= 0x319642b2d24d8ec3u;
    word ^= word >> 27 ^ word >> 54;
    word *= 0x96de1b173f119089u;
    return word ^ word >> 30 ^ word >> 60;
}

static void test_mix(void)
{
    bool is_inverted = true;
    uint64_t state = tap_seed();
    for (int i = 0; i < 1000; i++) {
        uint64_t word = tap_random(&state);
        is_inverted = is_inverted && unmix(bits_mix64(word)) == word;
    }
    tap_ok(is_inverted, "mix64 loses nothing");
    tap_ok(bits_mix64(0x9e3779b97f4a7c15u) == 0xe220a8397b1dcdafu, "mix64 is splitmix64's finaliser");
}

int main(void)
{
    test_length();
    test_round_up();
    test_load();
    test_mix();
    return tap_done();
}
