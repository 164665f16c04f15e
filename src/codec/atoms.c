#include "codec/atoms.h"

#include <stdlib.h>

#define INITIAL_BITS 5

/* Gives the array zeroed room; what it had is the caller's to free. */
static bool replace(struct scratch_array *array, size_t size_bytes, struct scratch_array *old)
{
    *old = *array;
    *array = (struct scratch_array){0};
    if (!scratch_grow(array, size_bytes)) {
        *array = *old;
        return false;
    }
    memset(array->items, 0, size_bytes);
    return true;
}

/* ---- direct ------------------------------------------------------------------ */

bool direct_atoms_init(struct direct_atoms *atoms, struct scratch_array *array, uint64_t seed)
{
    *atoms = (struct direct_atoms){.bits = INITIAL_BITS, .array = array, .seed = seed};
    if (!scratch_grow(array, sizeof *atoms->slots << atoms->bits))
        return false;
    atoms->slots = memset(array->items, 0, sizeof *atoms->slots << atoms->bits);
    return true;
}

static bool direct_atoms_grow(struct direct_atoms *atoms)
{
    struct scratch_array old;
    size_t old_count = (size_t)1 << atoms->bits;
    if (!replace(atoms->array, 2 * old_count * sizeof *atoms->slots, &old))
        return false;
    atoms->slots = atoms->array->items;
    atoms->bits++;
    const struct direct_atom *from = old.items;
    for (size_t i = 0; i < old_count; i++)
        if (from[i].value != 0)
            *direct_atoms_slot(atoms, from[i].value) = from[i];
    free(old.items);
    return true;
}

bool direct_atoms_add(struct direct_atoms *atoms, uint64_t value, uint64_t position)
{
    if (atoms->count >> (atoms->bits - 1) != 0 && !direct_atoms_grow(atoms))
        return false;
    *direct_atoms_slot(atoms, value) = (struct direct_atom){value, position};
    atoms->count++;
    atoms->remembered[bits_length(value)]++;
    return true;
}

/* ---- indirect ------------------------------------------------------------------ */

bool indirect_atoms_init(struct indirect_atoms *atoms, struct scratch_array *array, uint64_t seed)
{
    *atoms = (struct indirect_atoms){.bits = INITIAL_BITS, .array = array, .seed = seed};
    if (!scratch_grow(array, sizeof *atoms->slots << atoms->bits))
        return false;
    atoms->slots = memset(array->items, 0, sizeof *atoms->slots << atoms->bits);
    return true;
}

/* `atom` NOUN_NONE: an empty slot is looked for, no atom. */
static struct indirect_atom *indirect_slot(const struct indirect_atoms *atoms, noun atom, uint64_t hash)
{
    size_t mask = ((size_t)1 << atoms->bits) - 1;
    for (size_t at = (size_t)(hash >> (64 - atoms->bits));; at = (at + 1) & mask) {
        struct indirect_atom *slot = &atoms->slots[at];
        if (slot->atom == 0)
            return slot;
        if (atom != NOUN_NONE && slot->hash == hash && noun_atom_compare(slot->atom, atom) == 0)
            return slot;
    }
}

static bool indirect_atoms_grow(struct indirect_atoms *atoms)
{
    struct scratch_array old;
    size_t old_count = (size_t)1 << atoms->bits;
    if (!replace(atoms->array, 2 * old_count * sizeof *atoms->slots, &old))
        return false;
    atoms->slots = atoms->array->items;
    atoms->bits++;
    const struct indirect_atom *from = old.items;
    for (size_t i = 0; i < old_count; i++)
        if (from[i].atom != 0)
            *indirect_slot(atoms, NOUN_NONE, from[i].hash) = from[i];
    free(old.items);
    return true;
}

const struct indirect_atom *indirect_atoms_reach(struct indirect_atoms *atoms, noun atom, uint64_t position)
{
    if (atoms->count >> (atoms->bits - 1) != 0 && !indirect_atoms_grow(atoms))
        return NULL;
    const uint64_t *words = noun_words(atom);
    uint64_t hash = hash_xxh3_64_seeded(words + 2, words[1] * 8, atoms->seed);
    struct indirect_atom *slot = indirect_slot(atoms, atom, hash);
    if (slot->atom == 0) {
        *slot = (struct indirect_atom){atom, hash, position};
        atoms->count++;
    }
    return slot;
}
