/* Bits, one item after the other, into memory that somebody else makes room in.
 *
 * The state is a value, which a loop keeps in registers.  Each item is stored at
 * once, eight bytes of which only some matter, without asking whether a byte or a
 * word is full: whether it is cannot be foretold, and a wrong guess costs more
 * than the store.
 *
 * Private to the codec.
 */
#ifndef CODEC_BIT_WRITER_H
#define CODEC_BIT_WRITER_H

#include "base/base.h"

/* Bytes are complete up to the position; `partial` are the bits of the byte that
 * is not. */
struct bits {
    uint8_t *bytes;
    uint64_t position;
    uint64_t partial;
    uint64_t end; /* up to this position there is room for two items of at most BITS_ITEM each */
};

/* A tag, a length, and a value of a word; and the word that the last of them may
 * touch beyond its end. */
#define BITS_ITEM ((uint64_t)4 + 14 + 64 + 64)

/* bits_length of a word below 2^63, without a question. */
static inline unsigned bits_length_of_small(uint64_t word)
{
    return 63 - (unsigned)__builtin_clzll(word << 1 | 1);
}

static inline void bits_store(struct bits bits, uint64_t word)
{
    memcpy(bits.bytes + bits.position / 8, &word, sizeof word);
}

/* Appends the `count` bits of `word`, at most 56; the bits above are zero. */
static inline struct bits bits_put(struct bits bits, uint64_t word, unsigned count)
{
    unsigned filled = bits.position % 8;
    bits.partial |= word << filled;
    bits_store(bits, bits.partial);
    bits.position += count;
    bits.partial >>= (filled + count) & ~7u;
    return bits;
}

/* Appends whole words. */
static inline struct bits bits_put_words(struct bits bits, const uint64_t *words, size_t count)
{
    unsigned filled = bits.position % 8;
    uint8_t *bytes = bits.bytes + bits.position / 8;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = bits.partial | words[i] << filled;
        memcpy(bytes + 8 * i, &word, sizeof word);
        bits.partial = words[i] >> 1 >> (63 - filled);
    }
    bits.position += (uint64_t)count * 64;
    return bits;
}

static inline struct bits bits_put_long(struct bits bits, uint64_t word, unsigned count)
{
    bits = bits_put(bits, word & UINT32_MAX, count < 32 ? count : 32);
    return count <= 32 ? bits : bits_put(bits, word >> 32, count - 32);
}

/* Takes back what was put since the position. */
static inline struct bits bits_go_back(struct bits bits, uint64_t position)
{
    bits.position = position;
    bits.partial = bits.bytes[position / 8] & ((1u << position % 8) - 1);
    return bits;
}

/* What mat begins with, by the bit length b of the value: c zeros, 1, the low c-1
 * bits of b; just 1 for the value 0.  As | how many bits: 16 | the bits: 16 |. */
extern const uint32_t bits_mat_prefix[65];

/* The lowest `count` bits of `bits`, at most BITS_CODE_MAX; the others are zero. */
struct bits_code {
    uint64_t bits;
    uint32_t count;
};

/* With a tag of two bits more a code is still put at once. */
#define BITS_CODE_MAX 54

/* A tag, then mat(value), of which b, at most 40, is the bit length. */
static inline struct bits_code bits_mat_code(uint64_t tag, unsigned tag_bits, uint64_t value, unsigned b)
{
    uint32_t prefix = bits_mat_prefix[b];
    unsigned before = tag_bits + (prefix >> 16);
    return (struct bits_code){tag | (uint64_t)(prefix & 0xffff) << tag_bits | value << before, before + b};
}

/* A tag of at most 4 bits, then mat(value), of which b is the bit length. */
static inline struct bits bits_put_mat(struct bits bits, uint64_t tag, unsigned tag_bits, uint64_t value, unsigned b)
{
    uint32_t prefix = bits_mat_prefix[b];
    unsigned before = tag_bits + (prefix >> 16);
    uint64_t start = tag | (uint64_t)(prefix & 0xffff) << tag_bits;
    if (LIKELY(before + b <= 56))
        return bits_put(bits, start | value << before, before + b);
    return bits_put_long(bits_put(bits, start, before), value, b);
}

/* mat of a value of `count` words, the last one not 0. */
static inline struct bits bits_put_mat_words(struct bits bits, const uint64_t *words, size_t count)
{
    unsigned last_bits = bits_length(words[count - 1]);
    uint64_t b = (uint64_t)(count - 1) * 64 + last_bits;
    unsigned c = bits_length(b);
    bits = bits_put_long(bits, (uint64_t)1 << c, c + 1);
    bits = bits_put_long(bits, b ^ (uint64_t)1 << (c - 1), c - 1);
    bits = bits_put_words(bits, words, count - 1);
    return bits_put_long(bits, words[count - 1], last_bits);
}

#endif
