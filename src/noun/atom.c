#include "noun/noun.h"

_Thread_local uint8_t *noun_base;
_Thread_local struct noun_uses *noun_uses;

void noun_note_use(noun atom)
{
    struct noun_uses *uses = noun_uses;
    if (uses == NULL)
        return;
    for (size_t i = uses->count; i-- > 0;)
        if (uses->atoms[i] == atom)
            return;
    if (uses->count < NOUN_USES_MAX)
        uses->atoms[uses->count++] = atom;
}

size_t noun_atom_length_bits(noun atom)
{
    uint64_t direct;
    size_t count;
    const uint64_t *words = noun_atom_words(atom, &direct, &count);
    return count == 0 ? 0 : (count - 1) * 64 + bits_length(words[count - 1]);
}

size_t noun_atom_length_bytes(noun atom)
{
    return (noun_atom_length_bits(atom) + 7) / 8;
}

int noun_atom_compare(noun a, noun b)
{
    if (noun_is_direct(a) && noun_is_direct(b))
        return (a > b) - (a < b);
    uint64_t direct_a, direct_b;
    size_t count_a, count_b;
    const uint64_t *words_a = noun_atom_words(a, &direct_a, &count_a);
    const uint64_t *words_b = noun_atom_words(b, &direct_b, &count_b);
    if (count_a != count_b)
        return count_a < count_b ? -1 : 1;
    for (size_t i = count_a; i-- > 0;)
        if (words_a[i] != words_b[i])
            return words_a[i] < words_b[i] ? -1 : 1;
    return 0;
}

bool noun_atom_equals_cord(noun atom, const char *text)
{
    if (!noun_is_atom(atom))
        return false;
    uint64_t direct;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(atom, &direct, &size_bytes);
    return size_bytes == strlen(text) && memcmp(bytes, text, size_bytes) == 0;
}
