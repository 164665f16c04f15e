#include "codec/atoms.h"

#define ENTRIES_FIRST 32

static bool make_entries(struct atoms *atoms, size_t count)
{
    if (count >= HASH_INDEX_NONE || !scratch_grow(atoms->entry_array, count * sizeof *atoms->entries))
        return false;
    atoms->entries = atoms->entry_array->items;
    atoms->capacity = (uint32_t)count;
    return true;
}

bool atoms_init(struct atoms *atoms, struct scratch_array arrays[ATOMS_ARRAYS])
{
    atoms->entry_array = &arrays[0];
    atoms->count = 0;
    atoms->searched = ~(uint64_t)1;
    atoms->known = 0;
    return make_entries(atoms, ENTRIES_FIRST) && hash_index_init(&atoms->index, &arrays[1]);
}

static uint64_t hash_of(const struct atoms *atoms, noun atom)
{
    if (noun_is_direct(atom))
        return hash_index_hash(&atoms->index, atom, 0);
    const uint64_t *words = noun_words(atom);
    if (words[1] == 2)
        return hash_index_hash(&atoms->index, words[2], words[3]);
    return hash_xxh3_64_seeded(words + 2, words[1] * 8, atoms->index.seeds[0]);
}

static bool is_same(noun a, noun b)
{
    return a == b || (noun_is_indirect(a) && noun_is_indirect(b) && noun_atom_compare(a, b) == 0);
}

/* The first direct atom of b bits that need not be remembered, and none is: from
 * now on none is searched. */
static bool is_over(struct atoms *atoms, unsigned b)
{
    if ((atoms->known >> b & 1) != 0)
        return false;
    atoms->searched &= ~((uint64_t)1 << b);
    return true;
}

/* The number of the atom's entry, or HASH_INDEX_NONE. */
static uint32_t find(struct atoms *atoms, noun atom, uint64_t hash)
{
    uint32_t number;
    if (!hash_index_may_have(&atoms->index, hash))
        return HASH_INDEX_NONE;
    size_t at = hash_index_search(&atoms->index, hash);
    while ((number = hash_index_next(&atoms->index, hash, &at)) != HASH_INDEX_NONE)
        if (is_same(atoms->entries[number].atom, atom))
            break;
    return number;
}

enum atom_kind atoms_reach(struct atoms *atoms, noun atom, uint64_t position, struct atom_entry **entry)
{
    size_t lately = (size_t)(atom * 0x9e3779b97f4a7c15u >> (64 - ATOMS_LATELY_BITS));
    if (LIKELY(atoms->count > 0 && atoms->lately[lately].atom == atom)) {
        *entry = &atoms->entries[atoms->lately[lately].number];
        return ATOM_KNOWN;
    }
    unsigned b = noun_is_direct(atom) ? bits_length(atom) : 64;
    bool remembered = b > bits_length(position);
    if (!remembered && is_over(atoms, b))
        return ATOM_PLAIN;
    if (UNLIKELY(!hash_index_make_room(&atoms->index) ||
                 (atoms->count == atoms->capacity && !make_entries(atoms, (size_t)2 * atoms->capacity))))
        return ATOM_NO_MEMORY;
    uint64_t hash = hash_of(atoms, atom);
    uint32_t number = find(atoms, atom, hash);
    if (number != HASH_INDEX_NONE) {
        *entry = &atoms->entries[number];
        if (b < 64) {
            atoms->lately[lately].atom = atom;
            atoms->lately[lately].number = number;
        }
        return ATOM_KNOWN;
    }
    if (!remembered)
        return ATOM_PLAIN;
    if (atoms->count == 0)
        memset(atoms->lately, 0, sizeof atoms->lately);
    hash_index_add(&atoms->index, hash, atoms->count);
    *entry = &atoms->entries[atoms->count++];
    **entry = (struct atom_entry){.atom = atom, .position = position};
    if (b < 64)
        atoms->known |= (uint64_t)1 << b;
    return ATOM_NEW;
}
