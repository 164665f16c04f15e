/* What jam writes for an atom: a map from atoms to the bit positions where they were
 * first written, and before it a small table of the bits themselves.
 *
 * A repeated atom becomes a back-reference only if that is shorter by the rule
 * "bits of the position < bits of the atom", and positions only grow.  So an atom
 * that is met at a position with as many bits as itself, or more, need not be
 * remembered: wherever it comes again the answer is the same.  In a jam of a
 * megabyte that leaves out every atom below four million but the few in the first
 * bytes.
 *
 * Either way, what an atom is written as the second time is what it is written as
 * for ever after: itself, or a back-reference to the first.  A program says few
 * things, and those often.  So the bits are kept, for the atoms that came last, by
 * their words; most atoms of a compiler's output are a comparison and a copy.
 *
 * Hashing a long atom takes as much time as writing it, and most jams that have one
 * have only one.  So the first is not hashed until there is a second.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_ATOMS_H
#define CODEC_ATOMS_H

#include "base/base.h"
#include "codec/bit_writer.h"
#include "codec/hash_index.h"
#include "codec/scratch.h"
#include "noun/noun.h"

struct atom_entry {
    noun atom;
    uint64_t position; /* where it was first written */
    uint32_t parent;   /* the user's */
    uint32_t sibling;  /* the user's */
};

/* What an atom is written as from now on, with its tag. */
struct atom_code {
    noun atom;
    struct bits_code code;
    uint32_t number; /* of its entry; HASH_INDEX_NONE: it has none, and is written as itself */
};

#define ATOMS_CODE_BITS 8

struct atoms {
    struct atom_entry *entries;
    uint32_t count, capacity;
    uint32_t unhashed; /* the entry of a long atom that is not in the index; HASH_INDEX_NONE: there is none */
    bool has_long;
    uint64_t known; /* bit b: there are direct ones of b bits among the entries */
    struct hash_index index;
    struct atom_code codes[1 << ATOMS_CODE_BITS]; /* by a hash of the word */
    struct scratch_array *entry_array;
};

/* The arrays that it needs. */
#define ATOMS_ARRAYS (1 + HASH_INDEX_ARRAYS)

/* Empties the map.  False if there is no memory. */
bool atoms_init(struct atoms *atoms, struct scratch_array arrays[ATOMS_ARRAYS]);

/* Where the atom's code is, if it is kept: then it says so (->atom). */
static inline struct atom_code *atoms_code(struct atoms *atoms, noun atom)
{
    return &atoms->codes[atom * 0x9e3779b97f4a7c15u >> (64 - ATOMS_CODE_BITS)];
}

enum atom_kind {
    ATOM_OLD, /* to be written as its code says, which is kept now */
    ATOM_NEW, /* to be written as itself; the entry is new, with the position, and so is the code */
    ATOM_NO_MEMORY,
};

/* Looks for an atom whose code is not kept and that is to be written at the position.
 * The entry is valid until the next call; set if the atom is new. */
enum atom_kind atoms_reach(struct atoms *atoms, noun atom, uint64_t position, struct atom_entry **entry);

/* The entry of an atom that was written, or NULL if it has none. */
const struct atom_entry *atoms_find(struct atoms *atoms, noun atom);

#endif
