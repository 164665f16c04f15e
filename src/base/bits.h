/* Small arithmetic on words and bytes. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <assert.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* Number of significant bits: 0 for 0. */
static inline unsigned bits_length(uint64_t word)
{
    return word == 0 ? 0 : 64 - (unsigned)__builtin_clzll(word);
}

static inline uint64_t bits_round_up(uint64_t value, uint64_t power_of_two)
{
    return (value + power_of_two - 1) & ~(power_of_two - 1);
}

static inline uint64_t bits_load64(const void *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* A bijective mixer (the finaliser of splitmix64, public domain, Vigna). */
static inline uint64_t bits_mix64(uint64_t word)
{
    word ^= word >> 30;
    word *= 0xbf58476d1ce4e5b9u;
    word ^= word >> 27;
    word *= 0x94d049bb133111ebu;
    return word ^ (word >> 31);
}

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "atoms are stored little-endian and computed on in place");

#endif
