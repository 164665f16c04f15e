/* The cells that a jam has begun to write, and which of them equals another.
 *
 * A back-reference names an equal noun, not the same object: the result must not
 * depend on who shares what.  That two cells are equal is known when their parts
 * are: each noun has a reference, and equal nouns have the same.  A *reference* is a
 * word: a direct atom itself, or, with the top bit set, the position of whatever was
 * written first of all that is equal.  So no two cells are compared deeper than one
 * level, and no noun is written to.
 *
 * Something is *old* if an equal noun was written before it, or need not have been:
 * atoms that are not remembered (atoms.h) are as if they were always there.  Whatever
 * holds something new is new.  So only a cell with two old parts is searched for, when
 * it ends, which is one of eight in a compiler's output.
 *
 * A cell with a part that was new when it was written is found again by that part,
 * which knows its *parent*: the cell it was written in, first of all, and whether
 * as its head.  Whoever looks for an equal cell has the part in hand.  Only those
 * without such a part are put into a table (hash_index.h), by a hash of the references
 * of their parts.  (The 31-bit mug would not do: along a list of a million zeros mugs
 * repeat with a period of some ten thousand, and telling two of its tails apart then
 * takes a walk to their ends.)
 *
 * In the identity map the value of a cell that has begun is
 *
 *   | position: 40 | sibling: 20 | is a copy: 1 | lowest bits of the offset: 2 | 1 |
 *
 * and its parent the parent's index; that of a copy the index of the cell that was
 * written and is equal.  The *sibling* is a hash of whether the cell is its parent's
 * head or tail, and of what is known of the other part, so that hardly any parent is
 * looked at that is not the right one.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_WRITTEN_H
#define CODEC_WRITTEN_H

#include "codec/atoms.h"
#include "codec/hash_index.h"
#include "codec/identity.h"

#define WRITTEN_REFERENCE ((uint64_t)1 << 63)

/* No cell has that index. */
#define WRITTEN_NONE UINT32_MAX
static_assert(WRITTEN_NONE == HASH_INDEX_NONE && WRITTEN_NONE > IDENTITY_INDEX_MAX, "nothing has that index");

#define VALUE_BEGUN ((uint64_t)1)
#define VALUE_LOWEST_SHIFT 1
#define VALUE_COPY ((uint64_t)8)
#define VALUE_SIBLING_SHIFT 4
#define VALUE_SIBLING_BITS 20
#define VALUE_SIBLING ((((uint64_t)1 << VALUE_SIBLING_BITS) - 1) << VALUE_SIBLING_SHIFT)
#define VALUE_POSITION_SHIFT (VALUE_SIBLING_SHIFT + VALUE_SIBLING_BITS)
#define WRITTEN_POSITION_MAX (((uint64_t)1 << (64 - VALUE_POSITION_SHIFT)) - 1)

struct written {
    struct identity identity;
    struct hash_index cells; /* by the references of their parts: indices */
    struct atoms atoms;
};

/* The arrays that it needs. */
#define WRITTEN_ARRAYS (IDENTITY_ARRAYS + HASH_INDEX_ARRAYS + ATOMS_ARRAYS)

/* Nothing is written.  False if there is no memory. */
bool written_init(struct written *written, struct scratch_array arrays[WRITTEN_ARRAYS]);

/* Where the cell with that value was written, or the one that it equals. */
static inline uint64_t written_position(uint64_t value)
{
    return value >> VALUE_POSITION_SHIFT;
}

static inline uint64_t written_reference(uint64_t value)
{
    return WRITTEN_REFERENCE | written_position(value);
}

/* The sibling of a tail, by what is known of the head: the reference, but of an
 * indirect atom only that it is one. */
static inline uint64_t written_sibling_of_tail(uint64_t head)
{
    return head * 0x9e3779b97f4a7c15u >> (64 - VALUE_POSITION_SHIFT) & VALUE_SIBLING;
}

/* The sibling of a head.  The reference of a tail that is no direct atom is not known yet. */
static inline uint64_t written_sibling_of_head(noun tail)
{
    uint64_t all_if_not_direct = (uint64_t)((int64_t)tail >> 63);
    return written_sibling_of_tail(~(tail | all_if_not_direct));
}

/* The cell with that index, which was not seen at its address, begins at the position. */
static inline void written_begin(struct written *written, noun cell, uint32_t index, uint64_t position, uint32_t parent,
                                 uint64_t sibling)
{
    written->identity.values[index] =
        position << VALUE_POSITION_SHIFT | sibling | (cell & 3) << VALUE_LOWEST_SHIFT | VALUE_BEGUN;
    written->identity.parents[index] = parent;
}

/* The cell with that index, which begins so. */
static inline noun written_cell(const struct identity *identity, uint32_t index)
{
    unsigned low = (unsigned)(identity->values[index] >> VALUE_LOWEST_SHIFT & 3);
    return NOUN_TAG_CELL | identity_offset_words(identity, index, low);
}

/* Both parts of the cell are done, and old.  The index of the cell that was written
 * first and equals it; WRITTEN_NONE: there is none, and this one can be found now.
 * Wants room in `cells` (hash_index_make_room). */
uint32_t written_find_or_add(struct written *written, noun cell, uint32_t index);

/* The cell with that index is as good as the one that equals it. */
static inline void written_copy(struct written *written, uint32_t index, uint32_t equal)
{
    written->identity.values[index] = written->identity.values[equal] | VALUE_COPY;
    written->identity.parents[index] = equal;
}

#endif
