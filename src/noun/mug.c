/* The guest's 31-bit mug, and the second hash that persistent objects carry. */
#include "noun/noun.h"

static uint32_t rotate_left(uint32_t word, unsigned count)
{
    return word << count | word >> (32 - count);
}

static inline uint32_t scramble(uint32_t block)
{
    return rotate_left(block * 0xcc9e2d51u, 15) * 0x1b873593u;
}

static inline uint32_t mix(uint32_t hash, uint32_t block)
{
    return rotate_left(hash ^ scramble(block), 13) * 5 + 0xe6546b64u;
}

static inline uint32_t finish(uint32_t hash, size_t size_bytes)
{
    hash ^= (uint32_t)size_bytes;
    hash = (hash ^ hash >> 16) * 0x85ebca6bu;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35u;
    return hash ^ hash >> 16;
}

/* murmur3_x86_32 over the `size_bytes` little-endian bytes at `bytes`. */
static uint32_t murmur3(const uint8_t *bytes, size_t size_bytes, uint32_t seed)
{
    uint32_t hash = seed;
    size_t blocks = size_bytes / 4;
    for (size_t i = 0; i < blocks; i++) {
        uint32_t block;
        memcpy(&block, bytes + 4 * i, 4);
        hash = mix(hash, block);
    }
    uint32_t rest = 0;
    for (size_t i = size_bytes % 4; i-- > 0;)
        rest = rest << 8 | bytes[4 * blocks + i];
    if (size_bytes % 4 != 0)
        hash ^= scramble(rest);
    return finish(hash, size_bytes);
}

/* The same over the bytes of a word, as many as are not zeros at its end. */
static inline uint32_t murmur3_word(uint64_t word, uint32_t seed)
{
    size_t size_bytes = (bits_length(word) + 7) / 8;
    uint32_t low = (uint32_t)word, high = (uint32_t)(word >> 32), hash = seed;
    if (size_bytes < 4)
        return finish(hash ^ scramble(low), size_bytes);
    hash = mix(hash, low);
    if (size_bytes < 8)
        return finish(hash ^ scramble(high), size_bytes);
    return finish(mix(hash, high), size_bytes);
}

static inline uint32_t fold(uint32_t hash)
{
    return hash >> 31 ^ (hash & 0x7fffffffu);
}

static uint32_t mum(uint32_t seed, uint32_t fallback, const uint8_t *bytes, size_t size_bytes)
{
    for (uint32_t round = 0; round < 8; round++) {
        uint32_t mug = fold(murmur3(bytes, size_bytes, seed + round));
        if (mug != 0)
            return mug;
    }
    return fallback;
}

uint32_t noun_mug_atom(noun atom)
{
    if (noun_is_direct(atom)) {
        uint32_t mug = fold(murmur3_word(atom, 0xcafebabeu));
        if (LIKELY(mug != 0))
            return mug;
    }
    uint64_t direct;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(atom, &direct, &size_bytes);
    return mum(0xcafebabeu, 0x7fff, bytes, size_bytes);
}

uint32_t noun_mug_pair(uint32_t head_mug, uint32_t tail_mug)
{
    if (LIKELY(tail_mug >> 24 != 0)) { /* all eight bytes count: no loop */
        uint32_t mug = fold(finish(mix(mix(0xdeadbeefu, head_mug), tail_mug), 8));
        if (LIKELY(mug != 0))
            return mug;
    }
    uint64_t both = head_mug | (uint64_t)tail_mug << 32;
    uint8_t bytes[8];
    memcpy(bytes, &both, 8);
    return mum(0xdeadbeefu, 0xfffe, bytes, (bits_length(both) + 7) / 8);
}

/* The mug if it takes no walk to know it, or 0. */
static uint32_t mug_at_hand(noun n)
{
    if (noun_is_direct(n))
        return noun_mug_atom(n);
    uint64_t *words = noun_words(n);
    uint32_t mug = (uint32_t)(words[0] & NOUN_META_MUG_MASK);
    if (mug == 0 && noun_is_indirect(n)) {
        mug = noun_mug_atom(n);
        words[0] |= mug;
    }
    return mug;
}

static inline bool is_cell_without(noun n)
{
    return noun_is_cell(n) && (noun_words(n)[0] & NOUN_META_MUG_MASK) == 0;
}

uint32_t noun_mug_slow(noun n)
{
    uint32_t mug = mug_at_hand(n);
    if (mug != 0)
        return mug;
    struct wordstack *cells = wordstack_take();
    wordstack_push(cells, n);
    while (!wordstack_is_empty(cells)) {
        uint64_t *words = noun_words(cells->words[cells->count - 1]);
        bool head_waits = is_cell_without(words[1]), tail_waits = is_cell_without(words[2]);
        if (head_waits)
            wordstack_push(cells, words[1]);
        if (tail_waits)
            wordstack_push(cells, words[2]);
        if (head_waits || tail_waits) /* a direct atom's mug is kept nowhere: not twice, then */
            continue;
        cells->count--;
        mug = noun_mug_pair(mug_at_hand(words[1]), mug_at_hand(words[2]));
        words[0] = (words[0] & ~NOUN_META_MUG_MASK) | mug;
    }
    wordstack_give_back(cells);
    return mug;
}

/* A metadata word from a mug and any 64-bit hash, of which 33 bits are kept. */
static uint64_t metadata(uint32_t mug, uint64_t hash)
{
    return (hash & ~NOUN_META_MUG_MASK) | mug;
}

uint64_t noun_hash_atom(noun atom)
{
    if (noun_is_direct(atom))
        return metadata(noun_mug_atom(atom), bits_mix64(atom + 0x9e3779b97f4a7c15u));
    const uint64_t *words = noun_words(atom);
    return metadata(noun_mug(atom), hash_xxh3_64(words + 2, words[1] * 8));
}

uint64_t noun_hash_pair(uint64_t head_hash, uint64_t tail_hash)
{
    uint32_t mug =
        noun_mug_pair((uint32_t)(head_hash & NOUN_META_MUG_MASK), (uint32_t)(tail_hash & NOUN_META_MUG_MASK));
    return metadata(mug, bits_mix64(bits_mix64(head_hash) * 3 + tail_hash + 0x5851f42d4c957f2du));
}
