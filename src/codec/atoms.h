/* Where atoms were first written: two maps from atoms to bit positions.
 *
 * *Direct atoms.*  A repeated atom becomes a back-reference only if that is
 * shorter by the rule "bits of the position < bits of the atom", and positions
 * only grow.  So an atom that is met at a position with as many bits as itself,
 * or more, need not be remembered: wherever it comes again the answer is the
 * same.  In a jam of a megabyte that leaves out every atom below four million
 * but the few in the first bytes; `remembered` counts those by their length, so
 * that most atoms are written without a search.
 *
 * *Indirect atoms* are compared by content, and hashed once.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_ATOMS_H
#define CODEC_ATOMS_H

#include "base/base.h"
#include "codec/scratch.h"
#include "noun/noun.h"

struct direct_atom {
    uint64_t value; /* 0: an empty slot */
    uint64_t position;
};

struct direct_atoms {
    struct direct_atom *slots; /* 2^bits, at most half of them taken */
    size_t count;
    unsigned bits;
    uint64_t seed;
    struct scratch_array *array;
    size_t remembered[64]; /* by bit length */
};

/* Each of these is false, or NULL, if there is no memory. */
bool direct_atoms_init(struct direct_atoms *atoms, struct scratch_array *array, uint64_t seed);
bool direct_atoms_add(struct direct_atoms *atoms, uint64_t value, uint64_t position);

/* Its slot, or an empty one. */
static inline struct direct_atom *direct_atoms_slot(const struct direct_atoms *atoms, uint64_t value)
{
    size_t mask = ((size_t)1 << atoms->bits) - 1;
    unsigned __int128 product = (unsigned __int128)(value ^ atoms->seed) * 0x9e3779b97f4a7c15u;
    size_t at = (size_t)(((uint64_t)product ^ (uint64_t)(product >> 64)) >> (64 - atoms->bits));
    while (atoms->slots[at].value != 0 && atoms->slots[at].value != value)
        at = (at + 1) & mask;
    return &atoms->slots[at];
}

struct indirect_atom {
    noun atom; /* 0: an empty slot */
    uint64_t hash;
    uint64_t position;
};

struct indirect_atoms {
    struct indirect_atom *slots; /* 2^bits, at most half of them taken */
    size_t count;
    unsigned bits;
    uint64_t seed;
    struct scratch_array *array;
};

bool indirect_atoms_init(struct indirect_atoms *atoms, struct scratch_array *array, uint64_t seed);

/* The atom's entry; if it is new, one with that position. */
const struct indirect_atom *indirect_atoms_reach(struct indirect_atoms *atoms, noun atom, uint64_t position);

#endif
