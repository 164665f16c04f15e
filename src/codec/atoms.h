/* Where atoms were first written: a map from atoms to bit positions.
 *
 * A repeated atom becomes a back-reference only if that is shorter by the rule
 * "bits of the position < bits of the atom", and positions only grow.  So an atom
 * that is met at a position with as many bits as itself, or more, need not be
 * remembered: wherever it comes again the answer is the same.  In a jam of a
 * megabyte that leaves out every atom below four million but the few in the first
 * bytes; `searched` knows those by their length and sheds lengths as positions grow,
 * so that most atoms are written without a search.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_ATOMS_H
#define CODEC_ATOMS_H

#include "base/base.h"
#include "codec/hash_index.h"
#include "codec/scratch.h"
#include "noun/noun.h"

struct atom_entry {
    noun atom;
    uint64_t position; /* where it was first written */
    uint32_t parent;   /* the user's */
    uint32_t sibling;  /* the user's */
};

#define ATOMS_LATELY_BITS 7

struct atoms {
    struct atom_entry *entries;
    uint32_t count, capacity;
    uint64_t searched; /* bit b: direct atoms of b bits may be known, or have to be remembered */
    uint64_t known;    /* bit b: there are some among the entries */
    struct hash_index index;
    struct {
        noun atom; /* direct; 0: none */
        uint32_t number;
    } lately[1 << ATOMS_LATELY_BITS]; /* those found last */
    struct scratch_array *entry_array;
};

/* The arrays that it needs. */
#define ATOMS_ARRAYS (1 + HASH_INDEX_ARRAYS)

/* Empties the map.  False if there is no memory. */
bool atoms_init(struct atoms *atoms, struct scratch_array arrays[ATOMS_ARRAYS]);

enum atom_kind {
    ATOM_PLAIN, /* not known, and need not be: no entry */
    ATOM_NEW,   /* the entry is new, with the position */
    ATOM_KNOWN,
    ATOM_NO_MEMORY,
};

/* Looks for an atom that is to be written at the position.  The entry is valid
 * until the next call. */
enum atom_kind atoms_reach(struct atoms *atoms, noun atom, uint64_t position, struct atom_entry **entry);

#endif
