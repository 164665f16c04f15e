#include "noun/noun.h"

/* Follows the low `count_bits` bits of `path`, most significant first: 0 is head. */
static noun follow(noun n, uint64_t path, unsigned count_bits)
{
    while (count_bits-- > 0) {
        if (!noun_is_cell(n))
            return NOUN_NONE;
        n = noun_words(n)[1 + (path >> count_bits & 1)];
    }
    return n;
}

noun noun_at_far(noun n, uint64_t axis)
{
    if (axis == 0)
        return NOUN_NONE;
    return follow(n, axis, bits_length(axis) - 1);
}

noun noun_at_atom(noun n, noun axis)
{
    if (noun_is_direct(axis))
        return noun_at(n, axis);
    if (!noun_is_atom(axis))
        return NOUN_NONE;
    uint64_t direct;
    size_t count;
    const uint64_t *words = noun_atom_words(axis, &direct, &count);
    n = follow(n, words[count - 1], bits_length(words[count - 1]) - 1);
    for (size_t i = count - 1; i-- > 0 && n != NOUN_NONE;)
        n = follow(n, words[i], 64);
    return n;
}

int64_t noun_list_length(noun list)
{
    int64_t length = 0;
    for (; noun_is_cell(list); list = noun_tail(list))
        length++;
    return list == 0 ? length : -1;
}
