/* Hashes of nouns, orders on nouns, and nouns as bits. */
#include "jet/chapters.h"
#include "jet/words.h"

#include "codec/codec.h"

static inline noun loobean(bool answer)
{
    return answer ? NOUN_YES : NOUN_NO;
}

noun jet_mug(struct nock *machine, noun a)
{
    (void)machine;
    return noun_mug(a);
}

noun jet_dor(struct nock *machine, noun a, noun b)
{
    (void)machine;
    return loobean(noun_dor(a, b));
}

noun jet_gor(struct nock *machine, noun a, noun b)
{
    (void)machine;
    return loobean(noun_gor(a, b));
}

noun jet_mor(struct nock *machine, noun a, noun b)
{
    (void)machine;
    return loobean(noun_mor(a, b));
}

/* ---- serialization ------------------------------------------------------- */

noun jet_jam(struct nock *machine, noun a)
{
    noun jammed = codec_jam_atom(nock_stack(machine), a);
    return jammed == NOUN_NONE ? NOCK_JET_FAIL : jammed;
}

noun jet_cue(struct nock *machine, noun a)
{
    if (!noun_is_atom(a))
        return NOCK_JET_PUNT;
    const struct codec_cue_limits limits = {.reader = CODEC_CUE_GUEST};
    uint64_t holder;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(a, &holder, &size_bytes);
    noun product;
    enum status status = codec_cue(nock_stack(machine), bytes, size_bytes, &limits, &product);
    if (status == STATUS_OK)
        return product;
    return status == STATUS_INVALID ? NOCK_JET_EXIT : NOCK_JET_FAIL;
}

/* The length-prefixed form of an atom: as many zeros as the length has bits, a
 * one, the length without its top bit, the atom. */
noun jet_mat(struct nock *machine, noun a)
{
    struct stack *stack = nock_stack(machine);
    if (!noun_is_atom(a))
        return NOCK_JET_PUNT;
    if (a == 0)
        return stack_cell(stack, 1, 1);
    uint64_t holder;
    struct span source = span_of(a, &holder);
    uint64_t length_bits = span_length_bits(source);
    unsigned prefix_bits = bits_length(length_bits);
    uint64_t low_length = length_bits & bits_mask(prefix_bits - 1);
    uint64_t *words = stack_atom_begin(stack, (size_t)words_for_bits(2 * prefix_bits + length_bits));
    words[0] = (uint64_t)1 << prefix_bits;
    span_copy(words, prefix_bits + 1, (struct span){&low_length, 1}, 0, prefix_bits - 1);
    span_copy(words, 2 * prefix_bits, source, 0, length_bits);
    noun bits = stack_atom_finish(stack);
    return stack_cell(stack, 2 * prefix_bits + length_bits, bits);
}

/* Position of the first set bit from `bit` on, or BITS_MANY. */
static uint64_t first_set_bit(struct span span, uint64_t bit)
{
    for (; bit / 64 < span.count; bit += 64) {
        uint64_t word = span_word(span, bit);
        if (word != 0)
            return bit + (unsigned)__builtin_ctzll(word);
    }
    return BITS_MANY;
}

/* The other direction, from bit `start` of `a` on.  A length of 64 bits and
 * more, and a prefix without an end, are left to the Nock. */
noun jet_rub(struct nock *machine, noun start, noun a)
{
    struct stack *stack = nock_stack(machine);
    if (!noun_is_direct(start) || !noun_is_atom(a))
        return NOCK_JET_PUNT;
    uint64_t holder;
    struct span source = span_of(a, &holder);
    uint64_t one = first_set_bit(source, start);
    if (one == BITS_MANY || one - start > 62)
        return NOCK_JET_PUNT;
    unsigned prefix_bits = (unsigned)(one - start);
    if (prefix_bits == 0)
        return stack_cell(stack, 1, 0);
    uint64_t low_length = span_word(source, one + 1) & bits_mask(prefix_bits - 1);
    uint64_t length_bits = low_length | (uint64_t)1 << (prefix_bits - 1);
    noun value = words_slice(stack, a, start + 2 * (uint64_t)prefix_bits, length_bits);
    return stack_cell(stack, 2 * (uint64_t)prefix_bits + length_bits, value);
}
