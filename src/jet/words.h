/* Private to src/jet: runs of bits inside atoms. */
#ifndef JET_WORDS_H
#define JET_WORDS_H

#include "noun/noun.h"
#include "stack/stack.h"

/* More bits than any atom can have: where sizes saturate. */
#define BITS_MANY UINT64_MAX

/* An atom's data words, to be read; zeros follow them without end.  A direct
 * atom's word is in the `holder` that span_of was given, which must outlive
 * the span. */
struct span {
    const uint64_t *words;
    size_t count;
};

static inline struct span span_of(noun atom, uint64_t *holder)
{
    struct span span;
    span.words = noun_atom_words(atom, holder, &span.count);
    return span;
}

static inline uint64_t span_length_bits(struct span span)
{
    return span.count == 0 ? 0 : 64 * (uint64_t)(span.count - 1) + bits_length(span.words[span.count - 1]);
}

static inline uint64_t words_for_bits(uint64_t bits)
{
    return bits / 64 + (bits % 64 != 0);
}

static inline uint64_t bits_add_saturated(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? BITS_MANY : sum;
}

/* A word whose `count` low bits are set; count is at most 64. */
static inline uint64_t bits_mask(unsigned count)
{
    return count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1;
}

/* 64 bits from position `bit` on. */
static inline uint64_t span_word(struct span span, uint64_t bit)
{
    uint64_t at = bit / 64;
    unsigned shift = (unsigned)(bit % 64);
    uint64_t low = at < span.count ? span.words[at] : 0;
    if (shift == 0)
        return low;
    uint64_t high = at + 1 < span.count ? span.words[at + 1] : 0;
    return low >> shift | high << (64 - shift);
}

/* Copies `count_bits` bits of `source`, from bit `from` on, to bit `to` of
 * `target`, where zeros are and room for all of them that are in the source. */
void span_copy(uint64_t *target, uint64_t to, struct span source, uint64_t from, uint64_t count_bits);

/* stack_atom_begin for so many bits, or NULL if they do not fit the memory. */
uint64_t *words_begin(struct stack *stack, uint64_t length_bits);

/* The atom of `count_bits` bits of `atom` from bit `from` on. */
noun words_slice(struct stack *stack, noun atom, uint64_t from, uint64_t count_bits);

#endif
