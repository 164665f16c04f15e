#include "codec/atoms.h"

#define ENTRIES_FIRST 32
#define INDIRECT_LENGTH 64 /* or more */
#define LONG_WORDS 128

static bool make_entries(struct atoms *atoms, size_t count)
{
    if (count >= HASH_INDEX_NONE || !scratch_grow(atoms->entry_array, count * sizeof *atoms->entries))
        return false;
    atoms->entries = atoms->entry_array->items;
    atoms->capacity = (uint32_t)count;
    return true;
}

static void set_code(struct atoms *atoms, noun atom, struct bits_code code, uint32_t number)
{
    *atoms_code(atoms, atom) = (struct atom_code){atom, code, number};
}

bool atoms_init(struct atoms *atoms, struct scratch_array arrays[ATOMS_ARRAYS])
{
    atoms->entry_array = &arrays[0];
    atoms->count = 0;
    atoms->unhashed = HASH_INDEX_NONE;
    atoms->has_long = false;
    atoms->known = 0;
    memset(atoms->codes, 0, sizeof atoms->codes);
    set_code(atoms, 0, bits_mat_code(0, 1, 0, 0), HASH_INDEX_NONE);
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

static unsigned length_of(noun atom)
{
    return noun_is_direct(atom) ? bits_length(atom) : INDIRECT_LENGTH;
}

/* No atom of b bits is remembered. */
static bool knows_none(const struct atoms *atoms, unsigned b)
{
    return b < INDIRECT_LENGTH && (atoms->known >> b & 1) == 0;
}

static bool is_long(noun atom)
{
    return noun_is_indirect(atom) && noun_words(atom)[1] >= LONG_WORDS;
}

/* A long atom is looked for: now the one that was not hashed has to be. */
static void hash_long(struct atoms *atoms)
{
    if (atoms->unhashed != HASH_INDEX_NONE)
        hash_index_add(&atoms->index, hash_of(atoms, atoms->entries[atoms->unhashed].atom), atoms->unhashed);
    atoms->unhashed = HASH_INDEX_NONE;
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

static enum atom_kind keep_plain(struct atoms *atoms, noun atom, unsigned b)
{
    set_code(atoms, atom, bits_mat_code(0, 1, atom, b), HASH_INDEX_NONE);
    return ATOM_OLD;
}

static void keep_reference(struct atoms *atoms, noun atom, uint32_t number)
{
    uint64_t position = atoms->entries[number].position;
    set_code(atoms, atom, bits_mat_code(3, 2, position, bits_length(position)), number);
}

static enum atom_kind add(struct atoms *atoms, noun atom, uint64_t position, struct atom_entry **entry)
{
    uint32_t number = atoms->count++;
    *entry = &atoms->entries[number];
    **entry = (struct atom_entry){.atom = atom, .position = position};
    keep_reference(atoms, atom, number);
    return ATOM_NEW;
}

enum atom_kind atoms_reach(struct atoms *atoms, noun atom, uint64_t position, struct atom_entry **entry)
{
    unsigned b = length_of(atom);
    bool is_remembered = b > bits_length(position);
    if (!is_remembered && knows_none(atoms, b))
        return keep_plain(atoms, atom, b);
    if (UNLIKELY(!hash_index_make_room(&atoms->index) ||
                 (atoms->count == atoms->capacity && !make_entries(atoms, (size_t)2 * atoms->capacity))))
        return ATOM_NO_MEMORY;
    if (UNLIKELY(is_long(atom))) {
        if (!atoms->has_long) {
            atoms->has_long = true;
            atoms->unhashed = atoms->count;
            return add(atoms, atom, position, entry);
        }
        hash_long(atoms);
    }
    uint64_t hash = hash_of(atoms, atom);
    uint32_t number = find(atoms, atom, hash);
    if (number != HASH_INDEX_NONE) {
        keep_reference(atoms, atom, number);
        return ATOM_OLD;
    }
    if (!is_remembered)
        return keep_plain(atoms, atom, b);
    hash_index_add(&atoms->index, hash, atoms->count);
    if (b < INDIRECT_LENGTH)
        atoms->known |= (uint64_t)1 << b;
    return add(atoms, atom, position, entry);
}

const struct atom_entry *atoms_find(struct atoms *atoms, noun atom)
{
    const struct atom_code *code = atoms_code(atoms, atom);
    uint32_t number = HASH_INDEX_NONE;
    if (code->atom == atom) {
        number = code->number;
    } else if (!knows_none(atoms, length_of(atom))) {
        if (UNLIKELY(is_long(atom)))
            hash_long(atoms);
        number = find(atoms, atom, hash_of(atoms, atom));
    }
    return number == HASH_INDEX_NONE ? NULL : &atoms->entries[number];
}
