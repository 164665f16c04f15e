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
 * parts are: each noun gets a reference, equal nouns the same (intern.h).  The
 * bits, however, begin before the parts are known.  So the walk writes a cell
 * that it has not seen at its address (identity.h) as if it were new; if, when
 * both parts are done, it turns out to be equal to an earlier one, the writer
 * goes back to where the cell began and puts a back-reference.  Nothing else has
 * to be undone: all that is in such a cell was in the earlier one too, and keeps
 * the position it got there.  So one walk does it, with an explicit stack of
 * the cells that are begun; no noun is written to, and no two cells are
 * compared deeper than one level.
 *
 * Atoms below 2^31 are not interned.  A repeated atom becomes a back-reference
 * only if that is shorter by the rule "bits of the position < bits of the
 * atom", and positions only grow.  So an atom that is met at a position with
 * as many bits as itself, or more, need not be remembered: wherever it comes
 * again the answer is the same.  In a jam of a megabyte that leaves out every
 * atom below four million but the few in the first bytes; `remembered` counts
 * those by their length, so that most atoms are written without a search.
 */
#include "codec/codec.h"

#include <stdlib.h>

#include "codec/identity.h"
#include "codec/intern.h"
#include "codec/scratch.h"

/* ---- bits ------------------------------------------------------------------ */

/* Words are complete up to `count`; the next one is being filled. */
struct bit_writer {
    uint64_t *words;
    size_t count;
    size_t capacity;
    uint64_t filling;
    unsigned filled_bits; /* of `filling`, 0 to 63 */
    struct scratch_array *array;
};

/* Enough for a tag, a length and the value of a direct atom or a position. */
#define SMALL_ITEM_WORDS 4

static uint64_t writer_position(const struct bit_writer *writer)
{
    return (uint64_t)writer->count * 64 + writer->filled_bits;
}

static bool writer_reserve_slow(struct bit_writer *writer, size_t count)
{
    if (!scratch_grow(writer->array, (writer->count + count) * sizeof *writer->words))
        return false;
    writer->words = writer->array->items;
    writer->capacity = writer->array->size_bytes / sizeof *writer->words;
    return true;
}

static inline bool writer_reserve(struct bit_writer *writer, size_t count)
{
    return LIKELY(writer->count + count <= writer->capacity) || writer_reserve_slow(writer, count);
}

/* Appends the `count` bits of `bits`, 1 to 64; the bits above are zero. */
static inline void put(struct bit_writer *writer, uint64_t bits, unsigned count)
{
    uint64_t filling = writer->filling | bits << writer->filled_bits;
    unsigned filled_bits = writer->filled_bits + count;
    if (filled_bits >= 64) {
        writer->words[writer->count++] = filling;
        filled_bits -= 64;
        filling = filled_bits == 0 ? 0 : bits >> (count - filled_bits);
    }
    writer->filling = filling;
    writer->filled_bits = filled_bits;
}

/* Takes back what was put since the writer stood at `position`. */
static void writer_go_back(struct bit_writer *writer, uint64_t position)
{
    uint64_t count = position / 64;
    uint64_t word = count == writer->count ? writer->filling : writer->words[count];
    writer->count = count;
    writer->filled_bits = position % 64;
    writer->filling = word & (((uint64_t)1 << writer->filled_bits) - 1);
}

/* A tag of `tag_bits` bits, then mat(value): at most 2 + 14 + 64 bits. */
static inline void put_word(struct bit_writer *writer, uint64_t tag, unsigned tag_bits, uint64_t value)
{
    if (value == 0) {
        put(writer, tag | (uint64_t)1 << tag_bits, tag_bits + 1);
        return;
    }
    unsigned b = bits_length(value);
    unsigned c = bits_length(b);
    uint64_t length_low = b ^ (uint64_t)1 << (c - 1);
    put(writer, tag | (uint64_t)1 << (tag_bits + c) | length_low << (tag_bits + c + 1), tag_bits + 2 * c);
    put(writer, value, b);
}

static void put_words(struct bit_writer *writer, const uint64_t *words, size_t count)
{
    unsigned last_bits = bits_length(words[count - 1]);
    uint64_t b = (uint64_t)(count - 1) * 64 + last_bits;
    unsigned c = bits_length(b);
    put(writer, (uint64_t)2 << c, c + 2);
    put(writer, b ^ (uint64_t)1 << (c - 1), c - 1);
    for (size_t i = 0; i + 1 < count; i++)
        put(writer, words[i], 64);
    put(writer, words[count - 1], last_bits);
}

/* ---- small atoms ----------------------------------------------------------- */

struct small_atom {
    uint64_t value; /* 0: an empty slot */
    uint64_t position;
};

/* Those that may become back-references: an open-addressing table. */
struct small_atoms {
    struct small_atom *slots;
    size_t count;
    unsigned bits;
    struct scratch_array *array;
    size_t remembered[32]; /* by bit length */
};

static bool small_atoms_init(struct small_atoms *atoms, struct scratch_array *array)
{
    *atoms = (struct small_atoms){.bits = 5, .array = array};
    if (!scratch_grow(array, sizeof *atoms->slots << atoms->bits))
        return false;
    atoms->slots = memset(array->items, 0, sizeof *atoms->slots << atoms->bits);
    return true;
}

static struct small_atom *small_atom_slot(const struct small_atoms *atoms, uint64_t value)
{
    size_t mask = ((size_t)1 << atoms->bits) - 1;
    size_t at = (size_t)((value * 0x9e3779b97f4a7c15u) >> (64 - atoms->bits));
    while (atoms->slots[at].value != 0 && atoms->slots[at].value != value)
        at = (at + 1) & mask;
    return &atoms->slots[at];
}

static bool small_atoms_grow(struct small_atoms *atoms)
{
    struct scratch_array old = *atoms->array;
    size_t old_count = (size_t)1 << atoms->bits;
    *atoms->array = (struct scratch_array){0};
    if (!scratch_grow(atoms->array, 2 * old_count * sizeof *atoms->slots)) {
        *atoms->array = old;
        return false;
    }
    atoms->slots = memset(atoms->array->items, 0, 2 * old_count * sizeof *atoms->slots);
    atoms->bits++;
    const struct small_atom *from = old.items;
    for (size_t i = 0; i < old_count; i++)
        if (from[i].value != 0)
            *small_atom_slot(atoms, from[i].value) = from[i];
    free(old.items);
    return true;
}

static bool small_atoms_add(struct small_atoms *atoms, uint64_t value, uint64_t position)
{
    if (atoms->count >> (atoms->bits - 1) != 0 && !small_atoms_grow(atoms))
        return false;
    *small_atom_slot(atoms, value) = (struct small_atom){value, position};
    atoms->count++;
    atoms->remembered[bits_length(value)]++;
    return true;
}

/* ---- the walk -------------------------------------------------------------- */

/* A cell that is begun. */
struct jam_frame {
    noun cell;
    uint64_t identity;
    uint64_t position;
    uint32_t head;
    uint32_t opened : 31; /* nodes there were when it was begun */
    uint32_t has_head : 1;
};

struct jam {
    struct bit_writer writer;
    struct intern intern;
    struct identity identity;
    struct small_atoms small_atoms;
    struct jam_frame *frames;
    size_t depth;
    size_t depth_capacity;
    struct scratch_array *frame_array;
};

enum jam_step {
    JAM_DONE,   /* the noun is written and has a reference */
    JAM_OPENED, /* its cell is begun: the head is next */
    JAM_NO_MEMORY,
};

static inline void put_back_reference(struct jam *jam, uint64_t position)
{
    put_word(&jam->writer, 3, 2, position);
}

static inline enum jam_step jam_small_atom(struct jam *jam, uint32_t atom)
{
    unsigned length_bits = bits_length(atom);
    if (jam->small_atoms.remembered[length_bits] > 0) {
        const struct small_atom *known = small_atom_slot(&jam->small_atoms, atom);
        if (known->value != 0) {
            put_back_reference(jam, known->position);
            return JAM_DONE;
        }
    }
    uint64_t position = writer_position(&jam->writer);
    put_word(&jam->writer, 0, 1, atom);
    bool may_pay = length_bits > bits_length(position);
    return !may_pay || small_atoms_add(&jam->small_atoms, atom, position) ? JAM_DONE : JAM_NO_MEMORY;
}

static enum jam_step jam_large_atom(struct jam *jam, noun atom, uint32_t *reference)
{
    if (!intern_make_room(&jam->intern))
        return JAM_NO_MEMORY;
    *reference = intern_large_atom(&jam->intern, atom);
    struct intern_node *node = intern_node_of(&jam->intern, *reference);
    if (node->position == INTERN_NO_POSITION) {
        intern_set_position(node, writer_position(&jam->writer));
    } else if (bits_length(node->position) < noun_atom_length_bits(atom)) {
        put_back_reference(jam, node->position);
        return JAM_DONE;
    }
    if (noun_is_direct(atom)) {
        put_word(&jam->writer, 0, 1, atom);
        return JAM_DONE;
    }
    if (UNLIKELY(noun_is_large(atom)))
        noun_note_use(atom);
    const uint64_t *words = noun_words(atom);
    if (!writer_reserve(&jam->writer, words[1] + SMALL_ITEM_WORDS))
        return JAM_NO_MEMORY;
    put_words(&jam->writer, words + 2, words[1]);
    return JAM_DONE;
}

static bool make_frame(struct jam *jam)
{
    if (LIKELY(jam->depth < jam->depth_capacity))
        return true;
    if (!scratch_grow(jam->frame_array, (jam->depth + 64) * sizeof *jam->frames))
        return false;
    jam->frames = jam->frame_array->items;
    jam->depth_capacity = jam->frame_array->size_bytes / sizeof *jam->frames;
    return true;
}

static inline enum jam_step jam_cell(struct jam *jam, noun cell, uint32_t *reference)
{
    uint64_t identity = identity_index(&jam->identity, cell);
    if (UNLIKELY(identity == IDENTITY_NO_MEMORY || !make_frame(jam)))
        return JAM_NO_MEMORY;
    uint32_t known = jam->identity.numbers[identity];
    if (known != 0) {
        *reference = known;
        put_back_reference(jam, intern_node_of(&jam->intern, known)->position);
        return JAM_DONE;
    }
    /* As a number: a direct atom gives an address that is none. */
    __builtin_prefetch((const void *)((uintptr_t)noun_base + (noun_tail(cell) << 3)));
    jam->frames[jam->depth++] = (struct jam_frame){.cell = cell,
                                                   .identity = identity,
                                                   .position = writer_position(&jam->writer),
                                                   .opened = (uint32_t)jam->intern.node_count & (INTERN_NODE - 1)};
    put(&jam->writer, 1, 2);
    return JAM_OPENED;
}

/* The innermost cell that is begun has both its parts. */
static inline bool jam_close(struct jam *jam, uint32_t *reference)
{
    const struct jam_frame *frame = &jam->frames[--jam->depth];
    if (!intern_make_room(&jam->intern))
        return false;
    uint32_t *place = &jam->identity.numbers[frame->identity];
    uint32_t opened = frame->opened | INTERN_NODE;
    if (frame->head >= opened || *reference >= opened) {
        *reference = *place = intern_new_cell(&jam->intern, frame->head, *reference);
        intern_set_position(intern_node_of(&jam->intern, *reference), frame->position);
        return true;
    }
    *reference = *place = intern_cell(&jam->intern, frame->head, *reference);
    struct intern_node *node = intern_node_of(&jam->intern, *reference);
    if (LIKELY(node->position == INTERN_NO_POSITION)) {
        intern_set_position(node, frame->position);
        return true;
    }
    writer_go_back(&jam->writer, frame->position);
    put_back_reference(jam, node->position);
    return true;
}

static inline enum jam_step jam_noun(struct jam *jam, noun n, uint32_t *reference)
{
    if (!writer_reserve(&jam->writer, SMALL_ITEM_WORDS))
        return JAM_NO_MEMORY;
    if (noun_is_cell(n))
        return jam_cell(jam, n, reference);
    if (n >= INTERN_NODE)
        return jam_large_atom(jam, n, reference);
    *reference = (uint32_t)n;
    return jam_small_atom(jam, (uint32_t)n);
}

static bool jam_walk(struct jam *jam, noun n)
{
    uint32_t reference = 0;
    for (;;) {
        enum jam_step step = jam_noun(jam, n, &reference);
        if (UNLIKELY(step == JAM_NO_MEMORY))
            return false;
        if (step == JAM_OPENED) {
            n = noun_head(n);
            continue;
        }
        while (jam->depth > 0 && jam->frames[jam->depth - 1].has_head)
            if (UNLIKELY(!jam_close(jam, &reference)))
                return false;
        if (jam->depth == 0)
            return true;
        struct jam_frame *frame = &jam->frames[jam->depth - 1];
        frame->head = reference;
        frame->has_head = true;
        n = noun_tail(frame->cell);
    }
}

/* Writes the whole jam into the first of the arrays: writer->words, complete to
 * the last bit, valid until they are released.  False if there is no memory. */
static bool jam_run(noun n, struct scratch_array *arrays, struct bit_writer *writer)
{
    struct jam jam = {.writer.array = &arrays[0], .frame_array = &arrays[1]};
    bool done = intern_init(&jam.intern, &arrays[2], &arrays[3]) &&
                identity_init(&jam.identity, &arrays[4], &arrays[5]) &&
                small_atoms_init(&jam.small_atoms, &arrays[6]) && jam_walk(&jam, n);
    *writer = jam.writer;
    if (done)
        writer->words[writer->count] = writer->filling;
    return done;
}

enum status codec_jam(noun n, uint8_t **bytes, size_t *size_bytes)
{
    struct scratch_array *arrays = scratch_take(UINT64_MAX);
    struct bit_writer writer;
    *bytes = NULL;
    if (jam_run(n, arrays, &writer)) {
        *size_bytes = (size_t)((writer_position(&writer) + 7) / 8);
        *bytes = malloc(*size_bytes);
        if (*bytes != NULL)
            memcpy(*bytes, writer.words, *size_bytes);
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
    struct bit_writer writer;
    noun atom = NOUN_NONE;
    if (jam_run(n, arrays, &writer)) {
        size_t count = writer.count + (writer.filled_bits > 0);
        if (stack_reserve(stack, (count + 2) * 8))
            atom = stack_atom_from_words(stack, writer.words, count);
    }
    scratch_release(arrays);
    return atom;
}
