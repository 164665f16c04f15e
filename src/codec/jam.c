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
 * parts are: each noun gets a reference, equal nouns the same (cells.h).  The
 * bits, however, begin before the parts are known.  So the walk writes a cell
 * that it has not seen at its address (identity.h) as if it were new; if, when
 * both parts are done, it turns out to be equal to an earlier one, the writer
 * goes back to where the cell began and puts a back-reference.  Nothing else has
 * to be undone: all that is in such a cell was in the earlier one too, and keeps
 * the position it got there.  So one walk does it, with an explicit stack of
 * the cells that are begun; no noun is written to, and no two cells are
 * compared deeper than one level.
 *
 * A reference is a word: a direct atom itself, or, with the top bit set, the
 * position of whatever was written first of all that is equal.
 *
 * Most cells need no search, and no place in a table.  A part of a cell that was
 * written first of all, and there, makes the cell new; and whoever looks for
 * that cell later has such a part in hand.  So the cell is noted in its part's
 * entry of the identity map, and only those without a new cell for a part, a
 * seventh of a compiler's output, are noted in a table (cells.h).  An entry is
 *
 *   | position: 61 | is a copy: 1 | lowest bit of the offset: 1 | 1 |
 *   | the cell it made new, as an item of cells.h, or 0              |
 *   | of a copy: the index of the cell that was written and is equal |
 *
 * What a jam costs beyond its instructions is waiting for memory, when the nouns
 * do not fit in the nearest cache: for the cell and for its entry, which lie as
 * others do that are wanted at about the same time, and for those of a tail, which
 * are asked for while the head is written.
 */
#include "codec/codec.h"

#include <stdlib.h>

#include "codec/atoms.h"
#include "codec/cells.h"
#include "codec/identity.h"
#include "codec/scratch.h"

/* ---- bits ------------------------------------------------------------------ */

/* A value, which the walk keeps in registers.  Bytes are complete up to the
 * position; `partial` are the bits of the byte that is not. */
struct bits {
    uint8_t *bytes;
    uint64_t position;
    uint64_t partial;
    uint64_t end; /* no item of at most ITEM_BITS begins beyond this position */
};

/* A tag, a length, and the value of a direct atom or a position; and the word
 * that the last of them may touch beyond its end. */
#define ITEM_BITS ((uint64_t)2 + 14 + 64 + 64)

static inline void store(struct bits bits, uint64_t word)
{
    memcpy(bits.bytes + bits.position / 8, &word, sizeof word);
}

/* Appends the `count` bits of `word`, at most 56; the bits above are zero. */
static inline struct bits put(struct bits bits, uint64_t word, unsigned count)
{
    unsigned filled = bits.position % 8;
    bits.partial |= word << filled;
    store(bits, bits.partial);
    bits.position += count;
    bits.partial >>= (filled + count) & ~7u;
    return bits;
}

static inline struct bits put_whole_word(struct bits bits, uint64_t word)
{
    unsigned filled = bits.position % 8;
    store(bits, bits.partial | word << filled);
    bits.position += 64;
    bits.partial = filled == 0 ? 0 : word >> (64 - filled);
    return bits;
}

static inline struct bits put_long(struct bits bits, uint64_t word, unsigned count)
{
    bits = put(bits, word & UINT32_MAX, count < 32 ? count : 32);
    return count <= 32 ? bits : put(bits, word >> 32, count - 32);
}

/* Takes back what was put since the position. */
static inline struct bits go_back(struct bits bits, uint64_t position)
{
    bits.position = position;
    bits.partial = bits.bytes[position / 8] & ((1u << position % 8) - 1);
    return bits;
}

/* A tag of at most 2 bits, then mat(value). */
static inline struct bits put_word(struct bits bits, uint64_t tag, unsigned tag_bits, uint64_t value)
{
    if (UNLIKELY(value == 0))
        return put(bits, tag | (uint64_t)1 << tag_bits, tag_bits + 1);
    unsigned b = bits_length(value), c = bits_length(b), length_bits = tag_bits + 2 * c;
    uint64_t length_low = b ^ (uint64_t)1 << (c - 1);
    uint64_t length = tag | (uint64_t)1 << (tag_bits + c) | length_low << (tag_bits + c + 1);
    if (LIKELY(length_bits + b <= 56))
        return put(bits, length | value << length_bits, length_bits + b);
    return put_long(put(bits, length, length_bits), value, b);
}

/* An atom of `count` words, the last one not 0. */
static struct bits put_words(struct bits bits, const uint64_t *words, size_t count)
{
    unsigned last_bits = bits_length(words[count - 1]);
    uint64_t b = (uint64_t)(count - 1) * 64 + last_bits;
    unsigned c = bits_length(b);
    bits = put_long(bits, (uint64_t)2 << c, c + 2);
    bits = put_long(bits, b ^ (uint64_t)1 << (c - 1), c - 1);
    for (size_t i = 0; i + 1 < count; i++)
        bits = put_whole_word(bits, words[i]);
    return put_long(bits, words[count - 1], last_bits);
}

/* ---- the walk -------------------------------------------------------------- */

#define REFERENCE ((uint64_t)1 << 63)
#define NO_REFERENCE UINT64_MAX
#define NO_INDEX UINT64_MAX
#define ENTRY_COPY ((uint64_t)4)

/* A cell that is begun. */
struct jam_frame {
    noun cell;
    noun tail;
    uint64_t index;      /* in the identity map */
    uint64_t position;   /* where it began */
    uint64_t head;       /* its reference, or NO_REFERENCE until the head is done */
    uint64_t head_index; /* in the identity map, or NO_INDEX if it is an atom */
};

enum jam_array {
    JAM_BITS,
    JAM_FRAMES,
    JAM_CELLS,
    JAM_DIRECT_ATOMS,
    JAM_INDIRECT_ATOMS,
    JAM_IDENTITY,
    JAM_ARRAYS = JAM_IDENTITY + IDENTITY_ARRAYS,
};
static_assert((int)JAM_ARRAYS <= (int)SCRATCH_ARRAYS, "there are arrays enough");

struct jam {
    struct identity identity;
    struct cells cells;
    struct direct_atoms direct_atoms;
    struct indirect_atoms indirect_atoms;
    struct jam_frame *frames;
    size_t depth;
    size_t depth_capacity;
    struct scratch_array *arrays;
};

/* Room for so many bits at the end.  False if there is no memory. */
static bool reserve(const struct jam *jam, struct bits *bits, uint64_t count)
{
    struct scratch_array *array = &jam->arrays[JAM_BITS];
    if (!scratch_grow(array, (size_t)((bits->position + count + ITEM_BITS) / 8 + 2 * sizeof(uint64_t))))
        return false;
    bits->bytes = array->items;
    bits->end = (uint64_t)array->size_bytes * 8 - ITEM_BITS - 64;
    return true;
}

static bool more_frames(struct jam *jam)
{
    struct scratch_array *array = &jam->arrays[JAM_FRAMES];
    if (!scratch_grow(array, (jam->depth + 64) * sizeof *jam->frames))
        return false;
    jam->frames = array->items;
    jam->depth_capacity = array->size_bytes / sizeof *jam->frames;
    return true;
}

static inline uint64_t position_of(uint64_t value)
{
    return value >> 3;
}

static inline uint64_t reference_of(uint64_t value)
{
    return REFERENCE | position_of(value);
}

/* The cell that was written and has that index. */
static inline noun written_cell(const struct identity *identity, uint64_t index)
{
    return NOUN_TAG_CELL | identity_offset_words(identity, index) | (identity->entries[index].value >> 1 & 1);
}

/* Is a part of a cell that was written equal to this one, which has that reference? */
static bool is_same_part(struct jam *jam, noun written, noun part, uint64_t reference)
{
    if (written == part)
        return true;
    if (noun_is_cell(written) && noun_is_cell(part))
        return reference_of(jam->identity.entries[identity_index(&jam->identity, written)].value) == reference;
    return noun_is_indirect(written) && noun_is_indirect(part) && noun_atom_compare(written, part) == 0;
}

static bool is_equal(struct jam *jam, uint64_t index, const struct jam_frame *frame, uint64_t tail)
{
    noun written = written_cell(&jam->identity, index);
    return is_same_part(jam, noun_head(written), noun_head(frame->cell), frame->head) &&
           is_same_part(jam, noun_tail(written), frame->tail, tail);
}

/* Is it the cell that its part, which has that index, made new?  Then its own
 * index, else NO_INDEX. */
static inline uint64_t find_by_part(struct jam *jam, const struct jam_frame *frame, uint64_t part, uint64_t tail,
                                    uint64_t hash)
{
    if (part == NO_INDEX)
        return NO_INDEX;
    const struct identity_entry *entry = &jam->identity.entries[part];
    if (UNLIKELY((entry->value & ENTRY_COPY) != 0))
        entry = &jam->identity.entries[entry->parent];
    uint64_t item = entry->parent;
    if (LIKELY(!cells_item_fits(item, hash)) || !is_equal(jam, cells_item_number(item), frame, tail))
        return NO_INDEX;
    return cells_item_number(item);
}

/* The index of the cell that was written first and equals this one, which has no
 * new cell for a part; NO_INDEX: there is none, and this one is in the table now. */
static uint64_t find_or_add(struct jam *jam, const struct jam_frame *frame, uint64_t tail, uint64_t tail_index,
                            uint64_t hash)
{
    uint64_t index = find_by_part(jam, frame, frame->head_index, tail, hash);
    if (LIKELY(index == NO_INDEX))
        index = find_by_part(jam, frame, tail_index, tail, hash);
    if (UNLIKELY(index != NO_INDEX))
        return index;
    size_t at = cells_search(&jam->cells, hash);
    while ((index = cells_next(&jam->cells, hash, &at)) != CELLS_NONE)
        if (is_equal(jam, index, frame, tail))
            return index;
    cells_add(&jam->cells, hash, at, frame->index);
    return NO_INDEX;
}

static inline struct bits put_back_reference(struct bits bits, uint64_t position)
{
    return put_word(bits, 3, 2, position);
}

/* Writes a direct atom.  False if there is no memory. */
static inline bool jam_direct_atom(struct jam *jam, noun atom, struct bits *bits)
{
    unsigned length_bits = bits_length(atom);
    if (jam->direct_atoms.remembered[length_bits] > 0) {
        const struct direct_atom *known = direct_atoms_slot(&jam->direct_atoms, atom);
        if (known->value != 0) {
            *bits = put_back_reference(*bits, known->position);
            return true;
        }
    }
    uint64_t position = bits->position;
    *bits = put_word(*bits, 0, 1, atom);
    return length_bits <= bits_length(position) || direct_atoms_add(&jam->direct_atoms, atom, position);
}

/* Writes an indirect atom.  Its reference, or NO_REFERENCE if there is no memory. */
static uint64_t jam_indirect_atom(struct jam *jam, noun atom, struct bits *bits)
{
    const struct indirect_atom *known = indirect_atoms_reach(&jam->indirect_atoms, atom, bits->position);
    if (known == NULL)
        return NO_REFERENCE;
    uint64_t position = known->position;
    if (position != bits->position && bits_length(position) < noun_atom_length_bits(atom)) {
        *bits = put_back_reference(*bits, position);
        return REFERENCE | position;
    }
    if (UNLIKELY(noun_is_large(atom)))
        noun_note_use(atom);
    const uint64_t *words = noun_words(atom);
    if (!reserve(jam, bits, words[1] * 64 + 2 * ITEM_BITS))
        return NO_REFERENCE;
    *bits = put_words(*bits, words + 2, words[1]);
    return REFERENCE | position;
}

/* A tail that will be wanted when the head is done. */
static inline void prefetch_tail(const struct jam *jam, noun tail)
{
    if (!noun_is_cell(tail))
        return;
    __builtin_prefetch(noun_words(tail));
    identity_prefetch(&jam->identity, tail);
}

/* The innermost cell that is begun has both its parts.  Its reference, or
 * NO_REFERENCE if there is no memory. */
static inline uint64_t jam_close(struct jam *jam, const struct jam_frame *frame, uint64_t tail, uint64_t tail_index,
                                 struct bits *bits)
{
    if (UNLIKELY(!cells_make_room(&jam->cells)))
        return NO_REFERENCE;
    uint64_t hash = cells_hash(&jam->cells, frame->head, tail);
    uint64_t began = REFERENCE | frame->position;
    struct identity_entry *entries = jam->identity.entries, *entry = &entries[frame->index];
    entry->value = frame->position << 3 | (noun_offset_words(frame->cell) & 1) << 1 | 1;
    if (frame->head_index != NO_INDEX && frame->head > began) {
        entries[frame->head_index].parent = cells_item(hash, frame->index);
    } else if (tail_index != NO_INDEX && tail > began) {
        entries[tail_index].parent = cells_item(hash, frame->index);
    } else {
        uint64_t equal = find_or_add(jam, frame, tail, tail_index, hash);
        if (UNLIKELY(equal != NO_INDEX)) {
            entry = &jam->identity.entries[frame->index];
            uint64_t value = jam->identity.entries[equal].value;
            *entry = (struct identity_entry){position_of(value) << 3 | ENTRY_COPY | 1, equal};
            *bits = put_back_reference(go_back(*bits, frame->position), position_of(value));
            return reference_of(value);
        }
    }
    return began;
}

static bool jam_walk(struct jam *jam, noun n, struct bits *result)
{
    struct bits bits = {0};
    if (!reserve(jam, &bits, 0))
        return false;
    for (;;) {
        uint64_t reference = n, index = NO_INDEX;
        if (UNLIKELY(bits.position > bits.end) && !reserve(jam, &bits, 0))
            return false;
        if (noun_is_cell(n)) {
            index = identity_index(&jam->identity, n);
            if (UNLIKELY(index == IDENTITY_NO_MEMORY || (jam->depth == jam->depth_capacity && !more_frames(jam))))
                return false;
            uint64_t value = jam->identity.entries[index].value;
            if (value == 0) {
                noun tail = noun_tail(n);
                prefetch_tail(jam, tail);
                jam->frames[jam->depth++] = (struct jam_frame){n, tail, index, bits.position, NO_REFERENCE, NO_INDEX};
                bits = put(bits, 1, 2);
                n = noun_head(n);
                continue;
            }
            reference = reference_of(value);
            bits = put_back_reference(bits, position_of(value));
        } else if (LIKELY(noun_is_direct(n))) {
            if (!jam_direct_atom(jam, n, &bits))
                return false;
        } else {
            reference = jam_indirect_atom(jam, n, &bits);
            if (reference == NO_REFERENCE)
                return false;
        }
        struct jam_frame *frame;
        for (;;) {
            if (jam->depth == 0) {
                *result = bits;
                return true;
            }
            frame = &jam->frames[jam->depth - 1];
            if (frame->head == NO_REFERENCE)
                break;
            jam->depth--;
            reference = jam_close(jam, frame, reference, index, &bits);
            index = frame->index;
            if (UNLIKELY(reference == NO_REFERENCE))
                return false;
        }
        frame->head = reference;
        frame->head_index = index;
        n = frame->tail;
    }
}

/* Writes the whole jam into the first of the arrays, with zeros up to the end of
 * the last word; valid until they are released.  False if there is no memory. */
static bool jam_run(noun n, struct scratch_array *arrays, struct bits *bits)
{
    struct jam jam = {.arrays = arrays};
    if (!identity_init(&jam.identity, &arrays[JAM_IDENTITY]) || !cells_init(&jam.cells, &arrays[JAM_CELLS]) ||
        !direct_atoms_init(&jam.direct_atoms, &arrays[JAM_DIRECT_ATOMS], jam.cells.seeds[0]) ||
        !indirect_atoms_init(&jam.indirect_atoms, &arrays[JAM_INDIRECT_ATOMS], jam.cells.seeds[1]) ||
        !jam_walk(&jam, n, bits))
        return false;
    store(*bits, bits->partial);
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
