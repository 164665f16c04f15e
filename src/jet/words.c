#include "jet/words.h"

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The bits of `source` that exist: beyond its last word there are only zeros. */
static uint64_t clamp(struct span source, uint64_t from, uint64_t count_bits)
{
    uint64_t have = 64 * (uint64_t)source.count;
    return from >= have ? 0 : lesser(count_bits, have - from);
}

void span_copy(uint64_t *target, uint64_t to, struct span source, uint64_t from, uint64_t count_bits)
{
    count_bits = clamp(source, from, count_bits);
    target += to / 64;
    unsigned shift = (unsigned)(to % 64);
    if (shift != 0 && count_bits > 0) {
        unsigned count = (unsigned)lesser(64 - shift, count_bits);
        *target++ |= (span_word(source, from) & bits_mask(count)) << shift;
        from += count;
        count_bits -= count;
    }
    uint64_t whole = count_bits / 64;
    if (from % 64 == 0) {
        memcpy(target, source.words + from / 64, whole * 8);
    } else {
        for (uint64_t i = 0; i < whole; i++)
            target[i] = span_word(source, from + 64 * i);
    }
    unsigned rest = (unsigned)(count_bits % 64);
    if (rest != 0)
        target[whole] |= span_word(source, from + 64 * whole) & bits_mask(rest);
}

uint64_t *words_begin(struct stack *stack, uint64_t length_bits)
{
    uint64_t count = words_for_bits(length_bits);
    if (count > 1024 && !stack_reserve(stack, 8 * (count + 2)))
        return NULL;
    return stack_atom_begin(stack, (size_t)count);
}

noun words_slice(struct stack *stack, noun atom, uint64_t from, uint64_t count_bits)
{
    uint64_t holder;
    struct span source = span_of(atom, &holder);
    count_bits = clamp(source, from, count_bits);
    if (count_bits <= 64)
        return stack_atom_from_word(stack, span_word(source, from) & bits_mask((unsigned)count_bits));
    uint64_t *words = stack_atom_begin(stack, (size_t)words_for_bits(count_bits));
    span_copy(words, 0, source, from, count_bits);
    return stack_atom_finish(stack);
}
