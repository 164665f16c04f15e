/* jam: a noun as bits.
 *
 *   0    mat(value)      atom
 *   1 0  head tail       cell
 *   1 1  mat(position)   what began at that bit
 *
 *   mat(0) = 1;  mat(a) = c zeros, 1, the low c-1 bits of b, the b bits of a,
 *   where b is the bit length of a and c that of b; all lowest bit first
 *
 * The walk is in pre-order with an explicit stack of the tails that wait.  The
 * memo is structural, as the result must not depend on who shares what.
 *
 * Which atoms need the memo at all: a repeated atom becomes a back-reference
 * only if that is shorter by the rule "bits of the position < bits of the
 * atom", and positions only grow.  So an atom that is met at a position with
 * as many bits as itself, or more, need not be remembered: wherever it comes
 * again the answer is the same.  In a jam of a megabyte that leaves out every
 * atom below four million but the few in the first bytes; and `remembered`
 * counts the rest by their length, so that most small atoms are written
 * without a look at the table.
 */
#include "codec/codec.h"

#include <stdlib.h>

#include "codec/memo.h"

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

/* ---- the walk -------------------------------------------------------------- */

struct jam {
    struct bit_writer writer;
    struct memo memo;
    struct wordstack tails;
    size_t remembered[64]; /* direct atoms in the memo, by bit length */
};

static void put_back_reference(struct jam *jam, uint64_t position)
{
    put_word(&jam->writer, 3, 2, position);
}

static inline void jam_direct(struct jam *jam, noun atom)
{
    unsigned length_bits = bits_length(atom);
    if (jam->remembered[length_bits] > 0) {
        uint64_t position = memo_get_direct(&jam->memo, atom);
        if (position != MEMO_NONE) {
            put_back_reference(jam, position);
            return;
        }
    }
    uint64_t position = writer_position(&jam->writer);
    if (length_bits > bits_length(position)) {
        memo_put_direct(&jam->memo, atom, position);
        jam->remembered[length_bits]++;
    }
    put_word(&jam->writer, 0, 1, atom);
}

static bool jam_indirect(struct jam *jam, noun atom)
{
    /* It has 64 bits or more: any position is shorter. */
    uint64_t position = memo_get_or_put(&jam->memo, atom, writer_position(&jam->writer));
    if (position != MEMO_NONE) {
        put_back_reference(jam, position);
        return true;
    }
    const uint64_t *words = noun_words(atom);
    if (!writer_reserve(&jam->writer, words[1] + SMALL_ITEM_WORDS))
        return false;
    put_words(&jam->writer, words + 2, words[1]);
    return true;
}

/* True if the cell was new: then its parts are to follow. */
static inline bool jam_cell(struct jam *jam, noun cell)
{
    uint64_t position = memo_get_or_put(&jam->memo, cell, writer_position(&jam->writer));
    if (position != MEMO_NONE) {
        put_back_reference(jam, position);
        return false;
    }
    put(&jam->writer, 1, 2);
    return true;
}

/* Memory is what this walk waits for: for the cell, for its slot in the memo.
 * So each cell asks for what its grandchildren will need: their slots, and
 * their own children.  (Always inline: left alone, gcc 12 takes a function that
 * only prefetches for one without effect and drops the call.) */
static inline __attribute__((always_inline)) void look_at(const struct jam *jam, noun grandchild)
{
    if (noun_is_direct(grandchild))
        return;
    const uint64_t *words = noun_words(grandchild);
    memo_prefetch(&jam->memo, words[0] & NOUN_META_MUG_MASK);
    if (!noun_is_cell(grandchild))
        return;
    __builtin_prefetch(noun_words_at(noun_offset_words(words[1])));
    __builtin_prefetch(noun_words_at(noun_offset_words(words[2])));
}

static inline __attribute__((always_inline)) void look_below(const struct jam *jam, noun child)
{
    if (!noun_is_cell(child))
        return;
    look_at(jam, noun_head(child));
    look_at(jam, noun_tail(child));
}

static bool jam_walk(struct jam *jam, noun n)
{
    for (;;) {
        if (!writer_reserve(&jam->writer, SMALL_ITEM_WORDS) || !memo_make_room(&jam->memo))
            return false;
        if (noun_is_direct(n)) {
            jam_direct(jam, n);
        } else if (!noun_is_cell(n)) {
            if (!jam_indirect(jam, n))
                return false;
        } else if (jam_cell(jam, n)) {
            const uint64_t *words = noun_words(n);
            look_below(jam, words[1]);
            look_below(jam, words[2]);
            wordstack_push(&jam->tails, words[2]);
            n = words[1];
            continue;
        }
        if (wordstack_is_empty(&jam->tails))
            return true;
        n = wordstack_pop(&jam->tails);
    }
}

/* Writes the whole jam into the first of the arrays: writer->words, complete to
 * the last bit, valid until they are released.  False if there is no memory. */
static bool jam_run(noun n, struct scratch_array *arrays, struct bit_writer *writer)
{
    struct jam jam = {.writer.array = &arrays[0]};
    bool done = memo_init(&jam.memo, &arrays[1]) && jam_walk(&jam, n);
    wordstack_finish(&jam.tails);
    *writer = jam.writer;
    if (done)
        writer->words[writer->count] = writer->filling;
    return done;
}

enum status codec_jam(noun n, uint8_t **bytes, size_t *size_bytes)
{
    struct scratch_array *arrays = scratch_take();
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
    struct scratch_array *arrays = scratch_take();
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
