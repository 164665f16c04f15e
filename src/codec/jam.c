/* jam: a noun as bits.
 *
 *   0    mat(value)      atom
 *   1 0  head tail       cell
 *   1 1  mat(position)   what began at that bit
 *
 *   mat(0) = 1;  mat(a) = c zeros, 1, the low c-1 bits of b, the b bits of a,
 *   where b is the bit length of a and c that of b; all lowest bit first
 *
 * A back-reference names an equal noun, not the same object: the result must
 * not depend on who shares what.  That two cells are equal is known when their
 * parts are: each noun gets a reference, equal nouns the same.  The bits, however,
 * begin before the parts are known.  So the walk writes a cell that it has not
 * seen at its address (identity.h) as if it were new; if, when both parts are done,
 * it turns out to be equal to an earlier one, the writer goes back to where the
 * cell began and puts a back-reference.  Nothing else has to be undone: all that is
 * in such a cell was in the earlier one too, and keeps the position it got there.
 * So one walk does it, with no C stack; no noun is written to, and no two cells are
 * compared deeper than one level.
 *
 * A reference is a word: a direct atom itself, or, with the top bit set, the
 * position of whatever was written first of all that is equal.
 *
 * Most cells are never looked at when they end.  Where something is written that
 * is surely new, all the cells around it are new, and nothing is left of them to
 * do but to write the tails of those whose heads it was in.  So there are two
 * stacks: of the *pending* tails of all cells whose heads are being written; and of
 * *frames*, of those innermost cells in which all that was written so far is old.
 * As soon as something is new the frames vanish.  Surely new is a cell with two old
 * parts, when none is found that equals it, and an atom that is remembered from now
 * on (atoms.h).
 *
 * A cell with a part that was new when it was written is found again by that part,
 * which knows its *parent*: the cell it was written in, first of all, and whether
 * as its head.  Whoever looks for an equal cell has the part in hand.  Only those
 * without such a part, a seventh of a compiler's output, are put into a table
 * (hash_index.h), by a hash of the references of their parts.  (The 31-bit mug would
 * not do: along a list of a million zeros mugs repeat with a period of some ten
 * thousand, and telling two of its tails apart then takes a walk to their ends.)
 *
 * In the identity map the value of a cell that has begun is
 *
 *   | position: 40 | sibling: 21 | is a copy: 1 | lowest bit of the offset: 1 | 1 |
 *
 * and its parent the parent's index; that of a copy the index of the cell that was
 * written and is equal.  The *sibling* is a hash of whether the cell is its parent's
 * head or tail, and of what is known of the other part, so that hardly any parent is
 * looked at that is not the right one.
 *
 * What a jam costs beyond its instructions is wrong guesses and waiting for memory.
 * Whether a part is to be written out cannot be guessed, so that is asked once, for
 * atoms and cells together: an atom has the value of the cell it is in, which has
 * begun.  And what will be read soon is asked for before: a tail and its value while
 * the head is written, and what lies near (prefetch_near).
 */
#include "codec/codec.h"

#include <stdlib.h>

#include "codec/atoms.h"
#include "codec/bit_writer.h"
#include "codec/hash_index.h"
#include "codec/identity.h"
#include "codec/scratch.h"

#define REFERENCE ((uint64_t)1 << 63)
#define NO_REFERENCE UINT64_MAX

#define PARENT_NONE UINT32_MAX
static_assert(PARENT_NONE == HASH_INDEX_NONE && PARENT_NONE > IDENTITY_INDEX_MAX, "nothing has that index");

#define VALUE_BEGUN ((uint64_t)1)
#define VALUE_LOWEST_SHIFT 1
#define VALUE_COPY ((uint64_t)4)
#define VALUE_SIBLING_SHIFT 3
#define VALUE_SIBLING_BITS 21
#define VALUE_SIBLING ((((uint64_t)1 << VALUE_SIBLING_BITS) - 1) << VALUE_SIBLING_SHIFT)
#define VALUE_POSITION_SHIFT (VALUE_SIBLING_SHIFT + VALUE_SIBLING_BITS)
#define POSITION_MAX (((uint64_t)1 << (64 - VALUE_POSITION_SHIFT)) - 1)

/* The steps of the walk are one loop. */
#define INLINE static inline __attribute__((always_inline))

/* A cell in which all is old so far. */
struct jam_frame {
    noun cell;
    uint64_t head;        /* its reference, or NO_REFERENCE until the head is done */
    uint64_t head_value;  /* in the identity map; of an atom the cell's own */
    uint32_t index;       /* in the identity map */
    uint32_t head_parent; /* of a remembered atom */
};

/* A tail to be written, of a cell the head of which is being written. */
struct jam_pending {
    noun tail;
    uint32_t tail_index; /* the index of the cell, if the tail is an atom */
};

enum jam_array {
    JAM_BITS,
    JAM_FRAMES,
    JAM_PENDING,
    JAM_CELLS,
    JAM_ATOMS = JAM_CELLS + HASH_INDEX_ARRAYS,
    JAM_IDENTITY = JAM_ATOMS + ATOMS_ARRAYS,
    JAM_ARRAYS = JAM_IDENTITY + IDENTITY_ARRAYS,
};
static_assert((int)JAM_ARRAYS <= (int)SCRATCH_ARRAYS, "there are arrays enough");

struct jam {
    struct identity identity;
    struct hash_index cells; /* by the references of their parts: indices */
    struct atoms atoms;
    struct jam_frame *frames;
    size_t depth, depth_max;
    struct jam_pending *pending;
    size_t pending_count, pending_max;
    struct scratch_array *arrays;
};

/* ---- room ------------------------------------------------------------------- */

/* Room for so many bits at the end.  False if there is no memory. */
static bool reserve(const struct jam *jam, struct bits *bits, uint64_t count)
{
    struct scratch_array *array = &jam->arrays[JAM_BITS];
    if (bits->position + count > POSITION_MAX ||
        !scratch_grow(array, (size_t)((bits->position + count + BITS_ITEM) / 8 + 2 * sizeof(uint64_t))))
        return false;
    bits->bytes = array->items;
    bits->end = (uint64_t)array->size_bytes * 8 - BITS_ITEM - 64;
    if (bits->end > POSITION_MAX)
        bits->end = POSITION_MAX;
    return true;
}

/* Room for an item. */
static inline bool reserve_item(const struct jam *jam, struct bits *bits)
{
    if (LIKELY(bits->position <= bits->end))
        return true;
    struct bits more = *bits;
    bool has_room = reserve(jam, &more, 0);
    *bits = more;
    return has_room;
}

static bool more_frames(struct jam *jam)
{
    struct scratch_array *array = &jam->arrays[JAM_FRAMES];
    if (!scratch_grow(array, (jam->depth + 64) * sizeof *jam->frames))
        return false;
    jam->frames = array->items;
    jam->depth_max = array->size_bytes / sizeof *jam->frames;
    return true;
}

static bool more_pending(struct jam *jam)
{
    struct scratch_array *array = &jam->arrays[JAM_PENDING];
    if (!scratch_grow(array, (jam->pending_count + 64) * sizeof *jam->pending))
        return false;
    jam->pending = array->items;
    jam->pending_max = array->size_bytes / sizeof *jam->pending;
    return true;
}

/* What is written in one piece: an atom, or a back-reference. */
struct jam_leaf {
    uint64_t reference;
    uint64_t value;  /* in the identity map; of an atom that of the cell it is in */
    uint32_t parent; /* of a remembered atom with that sibling; else PARENT_NONE */
    enum { LEAF_OLD, LEAF_NEW, LEAF_NO_MEMORY } kind;
};

/* ---- equal cells ------------------------------------------------------------ */

static inline uint64_t reference_of(uint64_t value)
{
    return REFERENCE | value >> VALUE_POSITION_SHIFT;
}

/* The cell that was written and has that index. */
static inline noun written_cell(const struct identity *identity, uint32_t index)
{
    return NOUN_TAG_CELL | identity_offset_words(identity, index) | (identity->values[index] >> VALUE_LOWEST_SHIFT & 1);
}

/* Is a part of a cell that was written equal to this one, which has that reference? */
static bool is_same_part(struct jam *jam, noun written, noun part, uint64_t reference)
{
    if (written == part)
        return true;
    if (noun_is_cell(written) && noun_is_cell(part)) {
        uint32_t index = identity_index(&jam->identity, written);
        return reference_of(jam->identity.values[index]) == reference;
    }
    return noun_is_indirect(written) && noun_is_indirect(part) && noun_atom_compare(written, part) == 0;
}

static bool is_equal(struct jam *jam, uint32_t index, const struct jam_frame *frame, uint64_t tail)
{
    noun written = written_cell(&jam->identity, index);
    return is_same_part(jam, noun_head(written), noun_head(frame->cell), frame->head) &&
           is_same_part(jam, noun_tail(written), noun_tail(frame->cell), tail);
}

/* The sibling of a tail, by the reference of the head. */
static inline uint64_t sibling_of_tail(uint64_t head)
{
    return head * 0x9e3779b97f4a7c15u >> (64 - VALUE_POSITION_SHIFT) & VALUE_SIBLING;
}

/* The sibling of a head; the reference of a tail that is no direct atom is not known yet. */
static inline uint64_t sibling_of_head(noun tail)
{
    uint64_t all_if_not_direct = (uint64_t)((int64_t)tail >> 63);
    return sibling_of_tail(~(tail | all_if_not_direct));
}

static inline bool has_sibling(uint64_t value, uint64_t sibling)
{
    return ((value ^ sibling) & VALUE_SIBLING) == 0;
}

/* Is the cell one that this part was new in?  Its index, or PARENT_NONE. */
static uint32_t find_by_part(struct jam *jam, noun part, const struct jam_frame *frame, uint64_t tail)
{
    if (!noun_is_cell(part))
        return PARENT_NONE;
    uint32_t index = identity_index(&jam->identity, part);
    if ((jam->identity.values[index] & VALUE_COPY) != 0)
        index = jam->identity.parents[index];
    uint32_t parent = jam->identity.parents[index];
    return parent != PARENT_NONE && is_equal(jam, parent, frame, tail) ? parent : PARENT_NONE;
}

static uint32_t find_by_hash(struct jam *jam, uint64_t hash, const struct jam_frame *frame, uint64_t tail)
{
    size_t at = hash_index_search(&jam->cells, hash);
    uint32_t found;
    while ((found = hash_index_next(&jam->cells, hash, &at)) != HASH_INDEX_NONE)
        if (is_equal(jam, found, frame, tail))
            break;
    return found;
}

/* Both parts of the cell are old.  The index of the cell that was written first and
 * equals it; PARENT_NONE: there is none, and this one is in the table now. */
INLINE uint32_t find_or_add(struct jam *jam, const struct jam_frame *frame, const struct jam_leaf *leaf)
{
    uint32_t found;
    uint64_t tail = leaf->reference;
    if (UNLIKELY(has_sibling(frame->head_value, sibling_of_head(noun_tail(frame->cell)))) &&
        (found = find_by_part(jam, noun_head(frame->cell), frame, tail)) != PARENT_NONE)
        return found;
    if (UNLIKELY(has_sibling(leaf->value, sibling_of_tail(frame->head))) &&
        (found = find_by_part(jam, noun_tail(frame->cell), frame, tail)) != PARENT_NONE)
        return found;
    if (UNLIKELY((found = frame->head_parent) != PARENT_NONE) && is_equal(jam, found, frame, tail))
        return found;
    if (UNLIKELY((found = leaf->parent) != PARENT_NONE) && is_equal(jam, found, frame, tail))
        return found;
    uint64_t hash = hash_index_hash(&jam->cells, frame->head, tail);
    if (UNLIKELY(hash_index_may_have(&jam->cells, hash)) &&
        (found = find_by_hash(jam, hash, frame, tail)) != PARENT_NONE)
        return found;
    hash_index_add(&jam->cells, hash, frame->index);
    return PARENT_NONE;
}

/* ---- leaves ----------------------------------------------------------------- */

static struct bits put_indirect(struct bits bits, noun atom)
{
    if (UNLIKELY(noun_is_large(atom)))
        noun_note_use(atom);
    const uint64_t *words = noun_words(atom);
    return bits_put_mat_words(bits_put(bits, 0, 1), words + 2, words[1]);
}

/* Room for an indirect atom.  False if there is no memory. */
static bool reserve_indirect(const struct jam *jam, struct bits *bits, noun atom)
{
    return reserve(jam, bits, noun_words(atom)[1] * 64 + 2 * BITS_ITEM);
}

/* An atom that may be known, or have to be remembered.  The position where it was
 * written first, or `position`, where it is to be written. */
static uint64_t search_atom(struct jam *jam, noun atom, uint64_t position, uint32_t cell, uint64_t sibling,
                            struct jam_leaf *leaf)
{
    struct atom_entry *entry;
    enum atom_kind kind = atoms_reach(&jam->atoms, atom, position, &entry);
    if (LIKELY(kind == ATOM_KNOWN)) {
        leaf->parent = entry->sibling == sibling ? entry->parent : PARENT_NONE;
        return entry->position;
    }
    leaf->kind = kind == ATOM_NO_MEMORY ? LEAF_NO_MEMORY : kind == ATOM_NEW ? LEAF_NEW : LEAF_OLD;
    if (kind == ATOM_NEW) {
        entry->parent = cell;
        entry->sibling = (uint32_t)sibling;
    }
    return position;
}

/* Writes the part of a cell that begins no cell, as its value in the identity map
 * shows; and, before a head, the cell's own tag. */
INLINE struct jam_leaf put_leaf(struct jam *jam, struct bits *bits, noun part, uint64_t value, uint32_t cell,
                                uint64_t other, bool is_head)
{
    struct jam_leaf leaf = {.value = value, .parent = PARENT_NONE, .kind = LEAF_OLD};
    uint64_t all_if_reference = (uint64_t)((int64_t)part >> 63);
    uint64_t written = (value >> VALUE_POSITION_SHIFT & all_if_reference) | (part & ~all_if_reference);
    unsigned b = bits_length_of_small(written);
    leaf.reference = written | (part & REFERENCE);
    if (UNLIKELY(noun_is_indirect(part) || (jam->atoms.searched >> b & ~all_if_reference & 1) != 0)) {
        uint64_t position = bits->position + (is_head ? 2 : 0);
        uint64_t sibling = is_head ? sibling_of_head(other) : sibling_of_tail(other);
        written = search_atom(jam, part, position, cell, sibling, &leaf);
        if (noun_is_indirect(part)) {
            leaf.reference = REFERENCE | written;
            if (written == position) {
                struct bits after = is_head ? bits_put(*bits, 1, 2) : *bits;
                if (!reserve_indirect(jam, &after, part))
                    leaf.kind = LEAF_NO_MEMORY;
                else
                    *bits = put_indirect(after, part);
                return leaf;
            }
        }
        all_if_reference = written == position ? 0 : UINT64_MAX;
        written = written == position ? part : written;
        b = bits_length_of_small(written);
    }
    uint64_t tag = 3 & all_if_reference;
    unsigned tag_bits = (unsigned)(1 - all_if_reference);
    if (is_head) {
        tag = tag << 2 | 1;
        tag_bits += 2;
    }
    *bits = bits_put_mat(*bits, tag, tag_bits, written, b);
    return leaf;
}

/* ---- the walk --------------------------------------------------------------- */

/* A cell that was not seen at its address, which is written next. */
struct jam_cell {
    noun cell;
    uint32_t index;
    uint32_t parent;
    uint64_t sibling;
};

/* What comes next. */
enum jam_step {
    STEP_BEGIN,     /* a cell */
    STEP_HEAD_DONE, /* of the innermost frame */
    STEP_TAIL_DONE,
    STEP_PENDING,
    STEP_END,
    STEP_NO_MEMORY,
};

static inline enum jam_step after_leaf(struct jam *jam, const struct jam_leaf *leaf, enum jam_step old)
{
    if (LIKELY(leaf->kind == LEAF_OLD))
        return old;
    jam->depth = 0;
    return leaf->kind == LEAF_NEW ? STEP_PENDING : STEP_NO_MEMORY;
}

/* Most of a noun lies below it, its head's parts before its tail's.  So the walk,
 * which goes down to a head and then, on the whole, upwards, soon comes to what lies
 * just below a cell that begins, and just above one that has ended. */
static inline void prefetch_near(const uint8_t *base, noun cell, int from_bytes, int to_bytes)
{
    for (int bytes = from_bytes; bytes <= to_bytes; bytes += 64)
        __builtin_prefetch((const void *)((uintptr_t)base + (cell << 3) + (uintptr_t)bytes));
}

/* A frame for the cell.  Its head is the next cell, or else done, as *leaf says. */
INLINE enum jam_step begin(struct jam *jam, struct bits *bits, struct jam_cell *next, struct jam_leaf *leaf,
                           const uint8_t *base)
{
    struct identity *identity = &jam->identity;
    struct jam_cell begun = *next;
    if (UNLIKELY(!reserve_item(jam, bits) || (jam->depth == jam->depth_max && !more_frames(jam)) ||
                 (jam->pending_count == jam->pending_max && !more_pending(jam))))
        return STEP_NO_MEMORY;
    identity->values[begun.index] =
        bits->position << VALUE_POSITION_SHIFT | begun.sibling | (begun.cell & 1) << VALUE_LOWEST_SHIFT | VALUE_BEGUN;
    identity->parents[begun.index] = begun.parent;
    const uint64_t *words = (const uint64_t *)(const void *)(base + (begun.cell << 3));
    noun head = words[1], tail = words[2];
    uint32_t head_index = identity_index(identity, noun_is_cell(head) ? head : begun.cell);
    uint32_t tail_index = identity_index(identity, noun_is_cell(tail) ? tail : begun.cell);
    if (UNLIKELY(identity->has_failed))
        return STEP_NO_MEMORY;
    __builtin_prefetch(&identity->values[tail_index]);
    prefetch_near(base, tail, 0, 0);
    prefetch_near(base, begun.cell, -128, -64);
    jam->pending[jam->pending_count++] = (struct jam_pending){tail, tail_index};
    struct jam_frame *frame = &jam->frames[jam->depth++];
    uint64_t value = identity->values[head_index];
    frame->cell = begun.cell;
    frame->index = begun.index;
    frame->head = NO_REFERENCE;
    if (value == 0) {
        *bits = bits_put(*bits, 1, 2);
        *next = (struct jam_cell){head, head_index, begun.index, sibling_of_head(tail)};
        return STEP_BEGIN;
    }
    *leaf = put_leaf(jam, bits, head, value, begun.index, tail, true);
    return after_leaf(jam, leaf, STEP_HEAD_DONE);
}

/* The innermost frame's head is done.  Its tail is the next cell, or else done. */
INLINE enum jam_step go_to_tail(struct jam *jam, struct bits *bits, struct jam_cell *next, struct jam_leaf *leaf)
{
    struct jam_frame *frame = &jam->frames[jam->depth - 1];
    const struct jam_pending *pending = &jam->pending[--jam->pending_count];
    frame->head = leaf->reference;
    frame->head_value = leaf->value;
    frame->head_parent = leaf->parent;
    uint64_t value = jam->identity.values[pending->tail_index];
    if (value == 0) {
        *next = (struct jam_cell){pending->tail, pending->tail_index, frame->index, sibling_of_tail(frame->head)};
        return STEP_BEGIN;
    }
    if (UNLIKELY(!reserve_item(jam, bits)))
        return STEP_NO_MEMORY;
    *leaf = put_leaf(jam, bits, pending->tail, value, frame->index, frame->head, false);
    return after_leaf(jam, leaf, STEP_TAIL_DONE);
}

/* Both parts of the innermost frame are done, and old.  If it is old itself it is
 * written again, as a back-reference, and a part of the next frame is done. */
INLINE enum jam_step close(struct jam *jam, struct bits *bits, struct jam_leaf *leaf, const uint8_t *base)
{
    struct identity *identity = &jam->identity;
    const struct jam_frame *frame = &jam->frames[jam->depth - 1];
    if (UNLIKELY(!hash_index_make_room(&jam->cells)))
        return STEP_NO_MEMORY;
    prefetch_near(base, frame->cell, 384, 640);
    uint32_t equal = find_or_add(jam, frame, leaf);
    if (LIKELY(equal == PARENT_NONE)) {
        jam->depth = 0;
        return STEP_PENDING;
    }
    jam->depth--;
    uint64_t value = identity->values[equal], position = value >> VALUE_POSITION_SHIFT;
    *bits = bits_go_back(*bits, identity->values[frame->index] >> VALUE_POSITION_SHIFT);
    *bits = bits_put_mat(*bits, 3, 2, position, bits_length(position));
    identity->values[frame->index] = value | VALUE_COPY;
    identity->parents[frame->index] = equal;
    if (jam->depth == 0)
        return STEP_PENDING;
    *leaf = (struct jam_leaf){REFERENCE | position, value, PARENT_NONE, LEAF_OLD};
    return jam->frames[jam->depth - 1].head == NO_REFERENCE ? STEP_HEAD_DONE : STEP_TAIL_DONE;
}

/* Writes pending tails up to one that is the next cell. */
INLINE enum jam_step take_pending(struct jam *jam, struct bits *bits, struct jam_cell *next)
{
    while (jam->pending_count > 0) {
        const struct jam_pending *pending = &jam->pending[--jam->pending_count];
        uint64_t value = jam->identity.values[pending->tail_index];
        *next = (struct jam_cell){pending->tail, pending->tail_index, PARENT_NONE, 0};
        if (value == 0)
            return STEP_BEGIN;
        if (UNLIKELY(!reserve_item(jam, bits)))
            return STEP_NO_MEMORY;
        struct jam_leaf leaf = put_leaf(jam, bits, next->cell, value, PARENT_NONE, 0, false);
        if (UNLIKELY(leaf.kind == LEAF_NO_MEMORY))
            return STEP_NO_MEMORY;
    }
    return STEP_END;
}

/* Writes a cell.  False if there is no memory. */
static bool walk(struct jam *jam, noun cell, struct bits *result)
{
    struct bits bits = *result;
    const uint8_t *base = noun_base;
    struct jam_cell next = {cell, identity_index(&jam->identity, cell), PARENT_NONE, 0};
    struct jam_leaf leaf = {0};
    enum jam_step step = jam->identity.has_failed ? STEP_NO_MEMORY : STEP_BEGIN;
    while (step == STEP_BEGIN) {
        step = begin(jam, &bits, &next, &leaf, base);
        while (step == STEP_HEAD_DONE || step == STEP_TAIL_DONE) {
            if (step == STEP_HEAD_DONE)
                step = go_to_tail(jam, &bits, &next, &leaf);
            if (step == STEP_TAIL_DONE)
                step = close(jam, &bits, &leaf, base);
        }
        if (step == STEP_PENDING)
            step = take_pending(jam, &bits, &next);
    }
    *result = bits;
    return step == STEP_END;
}

/* Writes the whole jam into the first of the arrays, with zeros up to the end of
 * the last word; valid until they are released.  False if there is no memory. */
static bool jam_run(noun n, struct scratch_array *arrays, struct bits *bits)
{
    struct jam jam;
    jam.arrays = arrays;
    jam.depth = jam.depth_max = jam.pending_count = jam.pending_max = 0;
    if (!reserve(&jam, bits, 0))
        return false;
    if (noun_is_direct(n)) {
        *bits = bits_put_mat(*bits, 0, 1, n, bits_length(n));
    } else if (noun_is_indirect(n)) {
        if (!reserve_indirect(&jam, bits, n))
            return false;
        *bits = put_indirect(*bits, n);
    } else if (!identity_init(&jam.identity, &arrays[JAM_IDENTITY]) ||
               !hash_index_init(&jam.cells, &arrays[JAM_CELLS]) || !atoms_init(&jam.atoms, &arrays[JAM_ATOMS]) ||
               !walk(&jam, n, bits)) {
        return false;
    }
    bits_store(*bits, bits->partial);
    return true;
}

enum status codec_jam(noun n, uint8_t **bytes, size_t *size_bytes)
{
    struct scratch_array *arrays = scratch_take(UINT64_MAX);
    struct bits bits = {0};
    *bytes = NULL;
    if (jam_run(n, arrays, &bits)) {
        *size_bytes = (size_t)((bits.position + 7) / 8);
        *bytes = malloc(*size_bytes);
        if (*bytes != NULL)
            memcpy(*bytes, bits.bytes, *size_bytes);
    }
    scratch_release(arrays);
    if (*bytes == NULL)
        return status_fail(STATUS_NO_MEMORY, "jam: no memory for the output or the table of what was written; "
                                             "free some, or jam a smaller noun");
    return STATUS_OK;
}

noun codec_jam_atom(struct stack *stack, noun n)
{
    uint64_t used = stack_used_bytes(stack), limit = stack->options.limit_bytes;
    struct scratch_array *arrays = scratch_take(used < limit ? limit - used : 0);
    struct bits bits = {0};
    noun atom = NOUN_NONE;
    if (jam_run(n, arrays, &bits)) {
        size_t count = (size_t)((bits.position + 63) / 64);
        if (stack_reserve(stack, (count + 2) * 8))
            atom = stack_atom_from_words(stack, (const uint64_t *)(const void *)bits.bytes, count);
    }
    scratch_release(arrays);
    return atom;
}
