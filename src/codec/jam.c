/* jam: a noun as bits.
 *
 *   0    mat(value)      atom
 *   1 0  head tail       cell
 *   1 1  mat(position)   what began at that bit
 *
 *   mat(0) = 1;  mat(a) = c zeros, 1, the low c-1 bits of b, the b bits of a,
 *   where b is the bit length of a and c that of b; all lowest bit first
 *
 * That a cell equals an earlier one is known when both parts are done (written.h),
 * but its bits begin before.  So the walk writes a cell that it has not seen at its
 * address (identity.h) as if it were new; if it turns out to be equal to an earlier
 * one, the writer goes back to where the cell began and puts a back-reference.
 * Nothing else has to be undone: all that is in such a cell was in the earlier one
 * too, and keeps the position it got there.  So one walk does it, with no C stack.
 *
 * Most cells are never looked at when they end.  Where something is written that
 * is surely new, all the cells around it are new, and nothing is left of them to
 * do but to write the tails of those whose heads it was in.  So the only stack is one
 * of *pending* tails, of cells whose heads are being written; and that something new
 * was written at a position is remembered by that alone: a cell is old so far if it
 * began behind it (`old_from`).  Whatever becomes old by going back finds the cell
 * around it as its parent.  Surely new is a cell with two old parts, when none is
 * found that equals it, and an atom that is remembered from now on (atoms.h).
 *
 * What a jam costs is mostly the instructions of the common steps: a head that is an
 * atom written before, a tail that is a new cell.  Beyond that it is wrong guesses
 * and waiting for memory; so what will be read soon is asked for before: a tail and its
 * value while the head is written, and what lies near (prefetch_near).
 */
#include "codec/codec.h"

#include <stdlib.h>

#include "codec/bit_writer.h"
#include "codec/scratch.h"
#include "codec/written.h"

/* The steps of the walk are one loop. */
#define INLINE static inline __attribute__((always_inline))

enum jam_array {
    JAM_BITS,
    JAM_PENDING,
    JAM_WRITTEN,
    JAM_ARRAYS = JAM_WRITTEN + WRITTEN_ARRAYS,
};
static_assert((int)JAM_ARRAYS <= (int)SCRATCH_ARRAYS, "there are arrays enough");

struct jam {
    struct written written;
    uint64_t old_from; /* what begins here or later is old so far */
    noun *pending;     /* tails to be written, of cells whose heads are being written */
    size_t pending_count, pending_max;
    struct scratch_array *arrays;
};

/* ---- room ------------------------------------------------------------------- */

/* Room for so many bits and two items.  False if there is no memory. */
static bool reserve(const struct jam *jam, struct bits *bits, uint64_t count)
{
    struct scratch_array *array = &jam->arrays[JAM_BITS];
    if (bits->position + count > WRITTEN_POSITION_MAX ||
        !scratch_grow(array, (size_t)((bits->position + count + 2 * BITS_ITEM) / 8 + 2 * sizeof(uint64_t))))
        return false;
    bits->bytes = array->items;
    bits->end = (uint64_t)array->size_bytes * 8 - 2 * BITS_ITEM - 64;
    if (bits->end > WRITTEN_POSITION_MAX)
        bits->end = WRITTEN_POSITION_MAX;
    return true;
}

/* Room for two items. */
static inline bool reserve_items(const struct jam *jam, struct bits *bits)
{
    if (LIKELY(bits->position <= bits->end))
        return true;
    struct bits more = *bits;
    bool has_room = reserve(jam, &more, 0);
    *bits = more;
    return has_room;
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

/* Most of a noun lies below it, its head's parts before its tail's.  So the walk,
 * which goes down to a head and then, on the whole, upwards, soon comes to what lies
 * just below a cell that begins, and just above one that has ended. */
static inline void prefetch_near(const uint8_t *base, noun cell, int from_bytes, int to_bytes)
{
    for (int bytes = from_bytes; bytes <= to_bytes; bytes += 64)
        __builtin_prefetch((const void *)((uintptr_t)base + (cell << 3) + (uintptr_t)bytes));
}

/* ---- leaves ----------------------------------------------------------------- */

/* A cell that was not seen at its address and is written next; or that is being written. */
struct jam_cell {
    noun cell;
    uint32_t index;
    uint32_t parent; /* or WRITTEN_NONE if something in that is new */
    uint64_t sibling;
};

static struct bits put_indirect(struct bits bits, noun atom)
{
    if (UNLIKELY(noun_is_large(atom)))
        noun_note_use(atom);
    const uint64_t *words = noun_words(atom);
    return bits_put_mat_words(bits_put(bits, 0, 1), words + 2, words[1]);
}

/* Room for an indirect atom and two items.  False if there is no memory. */
static bool reserve_indirect(const struct jam *jam, struct bits *bits, noun atom)
{
    return reserve(jam, bits, noun_words(atom)[1] * 64 + BITS_ITEM);
}

/* Writes an atom whose code is not kept.  False if there is no memory. */
static bool put_rare_atom(struct jam *jam, struct bits *bits, noun atom, const struct jam_cell *in, uint64_t sibling,
                          bool is_head)
{
    struct atoms *atoms = &jam->written.atoms;
    struct atom_entry *entry;
    uint64_t position = bits->position + (is_head ? 2 : 0);
    enum atom_kind kind = atoms_reach(atoms, atom, position, &entry);
    if (UNLIKELY(kind == ATOM_NO_MEMORY))
        return false;
    if (is_head)
        *bits = bits_put(*bits, 1, 2);
    if (kind == ATOM_OLD) {
        struct bits_code code = atoms_code(atoms, atom)->code;
        *bits = bits_put(*bits, code.bits, code.count);
        return true;
    }
    jam->old_from = position + 1;
    entry->parent = in->index;
    entry->sibling = (uint32_t)sibling;
    if (noun_is_direct(atom)) {
        *bits = bits_put_mat(*bits, 0, 1, atom, bits_length(atom));
        return true;
    }
    if (!reserve_indirect(jam, bits, atom))
        return false;
    *bits = put_indirect(*bits, atom);
    return true;
}

/* Writes an atom; and, before a head, the tag of the cell.  `other` is the tail of a
 * head, and what is known of the head of a tail. */
INLINE bool put_atom(struct jam *jam, struct bits *bits, noun atom, const struct jam_cell *in, uint64_t other,
                     bool is_head)
{
    const struct atom_code *found = atoms_code(&jam->written.atoms, atom);
    if (LIKELY(found->atom == atom)) {
        *bits = is_head ? bits_put(*bits, found->code.bits << 2 | 1, found->code.count + 2)
                        : bits_put(*bits, found->code.bits, found->code.count);
        return true;
    }
    struct bits more = *bits;
    uint64_t sibling = is_head ? written_sibling_of_head(other) : written_sibling_of_tail(other);
    bool has_room = put_rare_atom(jam, &more, atom, in, sibling, is_head);
    *bits = more;
    return has_room;
}

/* Writes a back-reference to the cell with that value, after the tag of a cell if
 * this is its head. */
INLINE struct bits put_reference(struct bits bits, uint64_t value, bool is_head)
{
    uint64_t position = written_position(value);
    unsigned b = bits_length_of_small(position);
    struct bits_code code = is_head ? bits_mat_code(3 << 2 | 1, 4, position, b) : bits_mat_code(3, 2, position, b);
    return bits_put(bits, code.bits, code.count);
}

/* ---- the walk --------------------------------------------------------------- */

/* What comes next. */
enum jam_step {
    STEP_BEGIN, /* the current cell */
    STEP_TAIL,  /* of the current cell */
    STEP_CLOSE, /* the current cell, which is done */
    STEP_PENDING,
    STEP_END,
    STEP_NO_MEMORY,
};

/* The current cell begins.  Its head is the next cell, or else done, and *known is
 * what is known of it. */
INLINE enum jam_step begin(struct jam *jam, struct bits *bits, struct jam_cell *current, uint64_t *known,
                           const uint8_t *base)
{
    struct identity *identity = &jam->written.identity;
    if (UNLIKELY(!reserve_items(jam, bits)))
        return STEP_NO_MEMORY;
    written_begin(&jam->written, current->cell, current->index, bits->position, current->parent, current->sibling);
    const uint64_t *words = (const uint64_t *)(const void *)(base + (current->cell << 3));
    noun head = words[1], tail = words[2];
    prefetch_near(base, current->cell, -128, -64);
    if (!noun_is_cell(head)) {
        *known = noun_is_direct(head) ? head : WRITTEN_REFERENCE;
        return LIKELY(put_atom(jam, bits, head, current, tail, true)) ? STEP_TAIL : STEP_NO_MEMORY;
    }
    uint32_t index = identity_index(identity, head);
    uint64_t value = identity->values[index];
    if (value != 0) {
        *bits = put_reference(*bits, value, true);
        *known = written_reference(value);
        return STEP_TAIL;
    }
    if (UNLIKELY(jam->pending_count == jam->pending_max && !more_pending(jam)))
        return STEP_NO_MEMORY;
    prefetch_near(base, tail, 0, 0);
    jam->pending[jam->pending_count++] = tail;
    *bits = bits_put(*bits, 1, 2);
    *current = (struct jam_cell){head, index, current->index, written_sibling_of_head(tail)};
    return STEP_BEGIN;
}

/* The current cell's head is done.  Its tail is the next cell, or else done. */
INLINE enum jam_step go_to_tail(struct jam *jam, struct bits *bits, struct jam_cell *current, uint64_t known,
                                const uint8_t *base)
{
    const struct identity *identity = &jam->written.identity;
    noun tail = ((const uint64_t *)(const void *)(base + (current->cell << 3)))[2];
    if (!noun_is_cell(tail))
        return LIKELY(put_atom(jam, bits, tail, current, known, false)) ? STEP_CLOSE : STEP_NO_MEMORY;
    uint32_t index = identity_index(&jam->written.identity, tail);
    uint64_t value = identity->values[index];
    if (value == 0) {
        *current = (struct jam_cell){tail, index, current->index, written_sibling_of_tail(known)};
        return STEP_BEGIN;
    }
    *bits = put_reference(*bits, value, false);
    return STEP_CLOSE;
}

/* Both parts of the current cell are done.  If they are old and the cell is old itself
 * it is written again, as a back-reference, and a part of the cell around it is done. */
INLINE enum jam_step close(struct jam *jam, struct bits *bits, struct jam_cell *current, uint64_t *known,
                           const uint8_t *base)
{
    struct written *written = &jam->written;
    uint64_t position = written_position(written->identity.values[current->index]);
    if (position < jam->old_from)
        return STEP_PENDING;
    if (UNLIKELY(!hash_index_make_room(&written->cells) || !reserve_items(jam, bits)))
        return STEP_NO_MEMORY;
    prefetch_near(base, current->cell, 384, 640);
    uint32_t equal = written_find_or_add(written, current->cell, current->index);
    if (LIKELY(equal == WRITTEN_NONE)) {
        jam->old_from = position + 1;
        return STEP_PENDING;
    }
    noun copy = current->cell;
    uint32_t parent = written->identity.parents[current->index];
    uint64_t value = written->identity.values[equal];
    *bits = put_reference(bits_go_back(*bits, position), value, false);
    written_copy(written, current->index, equal);
    if (parent == WRITTEN_NONE)
        return STEP_PENDING;
    current->index = parent;
    current->cell = written_cell(&written->identity, parent);
    if (noun_head(current->cell) != copy)
        return STEP_CLOSE;
    jam->pending_count--;
    *known = written_reference(value);
    return STEP_TAIL;
}

/* Writes pending tails up to one that is the next cell.  What is new in a tail is of no
 * use for finding the cell, the head of which was new. */
INLINE enum jam_step take_pending(struct jam *jam, struct bits *bits, struct jam_cell *current)
{
    static const struct jam_cell nothing = {.index = WRITTEN_NONE};
    while (jam->pending_count > 0) {
        noun tail = jam->pending[--jam->pending_count];
        if (UNLIKELY(!reserve_items(jam, bits)))
            return STEP_NO_MEMORY;
        if (!noun_is_cell(tail)) {
            if (UNLIKELY(!put_atom(jam, bits, tail, &nothing, 0, false)))
                return STEP_NO_MEMORY;
            continue;
        }
        uint32_t index = identity_index(&jam->written.identity, tail);
        uint64_t value = jam->written.identity.values[index];
        if (value == 0) {
            *current = (struct jam_cell){tail, index, WRITTEN_NONE, 0};
            return STEP_BEGIN;
        }
        *bits = put_reference(*bits, value, false);
    }
    return STEP_END;
}

/* Writes a cell.  False if there is no memory. */
static bool walk(struct jam *jam, noun cell, struct bits *result)
{
    struct bits bits = *result;
    const uint8_t *base = noun_base;
    struct jam_cell current = {cell, identity_index(&jam->written.identity, cell), WRITTEN_NONE, 0};
    uint64_t known = 0;
    enum jam_step step = jam->written.identity.has_failed ? STEP_NO_MEMORY : STEP_BEGIN;
    while (step == STEP_BEGIN) {
        step = begin(jam, &bits, &current, &known, base);
        while (step == STEP_TAIL || step == STEP_CLOSE) {
            if (step == STEP_TAIL)
                step = go_to_tail(jam, &bits, &current, known, base);
            if (step == STEP_CLOSE)
                step = close(jam, &bits, &current, &known, base);
        }
        if (step == STEP_PENDING)
            step = take_pending(jam, &bits, &current);
    }
    *result = bits;
    return step == STEP_END && !jam->written.identity.has_failed;
}

/* Writes the whole jam into the first of the arrays, with zeros up to the end of
 * the last word; valid until they are released.  False if there is no memory. */
static bool jam_run(noun n, struct scratch_array *arrays, struct bits *bits)
{
    struct jam jam;
    jam.arrays = arrays;
    jam.old_from = 0;
    jam.pending_count = jam.pending_max = 0;
    if (!reserve(&jam, bits, 0))
        return false;
    if (noun_is_direct(n)) {
        *bits = bits_put_mat(*bits, 0, 1, n, bits_length(n));
    } else if (noun_is_indirect(n)) {
        if (!reserve_indirect(&jam, bits, n))
            return false;
        *bits = put_indirect(*bits, n);
    } else if (!written_init(&jam.written, &arrays[JAM_WRITTEN]) || !walk(&jam, n, bits)) {
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
