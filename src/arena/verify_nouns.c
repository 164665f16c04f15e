/* Verification of the nouns.
 *
 * Because of the lower-offset rule no stack is needed, however deep or wide
 * the graph: the sweep goes down through the file once, and when it comes to
 * an object everything that refers to it has been seen.  Two bits a word say
 * what is expected there: a cell, or an atom.  Since an object's end is checked
 * against the start of the one above it, no two can overlap. */
#include "arena/verify.h"

#include <stdlib.h>

struct sweep {
    struct verify *verify;
    uint64_t *cells;        /* owned: a bit a word */
    uint64_t *atoms;        /* likewise */
    uint64_t ceiling_words; /* start of the lowest object seen so far */
    size_t segment;         /* that the sweep is in */
};

static void set_bit(uint64_t *bits, uint64_t index)
{
    bits[index / 64] |= (uint64_t)1 << (index % 64);
}

static bool take_bit(uint64_t *bits, uint64_t index)
{
    uint64_t mask = (uint64_t)1 << (index % 64);
    bool was_set = (bits[index / 64] & mask) != 0;
    bits[index / 64] &= ~mask;
    return was_set;
}

/* Notes what `n` refers to, which must lie below `limit_words`. */
static bool expect(struct sweep *sweep, noun n, uint64_t limit_words)
{
    if (noun_is_direct(n))
        return true;
    uint64_t offset_words = noun_offset_words(n);
    if (offset_words < ARENA_DATA_START_BYTES / 8 || offset_words >= limit_words)
        return false;
    if (!noun_is_cell(n) && !noun_is_indirect(n))
        return false;
    set_bit(noun_is_cell(n) ? sweep->cells : sweep->atoms, offset_words);
    return true;
}

static void fault_at(struct sweep *sweep, uint64_t offset_words, const char *what)
{
    verify_fault(sweep->verify, "the object at byte %" PRIu64 " of %s %s", offset_words * 8,
                 os_file_path(sweep->verify->arena->file), what);
}

/* True if `size_words` from there are inside the objects of one segment and
 * below the object above. */
static bool has_room(const struct sweep *sweep, uint64_t offset_words, uint64_t size_words)
{
    const struct verify_segment *segment = &sweep->verify->segments[sweep->segment];
    uint64_t start_words = segment->start_bytes / 8 + ARENA_HEADER_WORDS, end_words = segment->end_bytes / 8;
    if (end_words > sweep->ceiling_words)
        end_words = sweep->ceiling_words;
    return offset_words >= start_words && offset_words < end_words && size_words <= end_words - offset_words;
}

/* The size in words of the object, or 0 after a fault. */
static uint64_t check_cell(struct sweep *sweep, uint64_t offset_words)
{
    if (!has_room(sweep, offset_words, 3)) {
        fault_at(sweep, offset_words, "is a cell that overlaps another object or a segment's end");
        return 0;
    }
    const uint64_t *words = noun_words_at(offset_words);
    if (!expect(sweep, words[1], offset_words) || !expect(sweep, words[2], offset_words)) {
        fault_at(sweep, offset_words, "is a cell that refers to something that is no older noun");
        return 0;
    }
    if (words[0] != noun_hash_pair(noun_hash_persistent(words[1]), noun_hash_persistent(words[2])))
        fault_at(sweep, offset_words, "is a cell whose hash does not match its parts");
    sweep->verify->report.cells++;
    return 3;
}

static uint64_t check_atom(struct sweep *sweep, uint64_t offset_words)
{
    const uint64_t *words = noun_words_at(offset_words);
    if (!has_room(sweep, offset_words, 3) || words[1] > NOUN_PERSISTENT_BYTES / 8 ||
        !has_room(sweep, offset_words, words[1] + 2)) {
        fault_at(sweep, offset_words, "is an atom that overlaps another object or a segment's end");
        return 0;
    }
    uint64_t count = words[1];
    if (count == 0 || words[1 + count] == 0 || (count == 1 && words[2] <= NOUN_DIRECT_MAX)) {
        fault_at(sweep, offset_words, "is an atom that is not in its normal form");
        return 0;
    }
    noun atom = offset_words | NOUN_TAG_ATOM;
    if ((words[0] & NOUN_META_MUG_MASK) != noun_mug_atom(atom) || words[0] != noun_hash_atom(atom))
        fault_at(sweep, offset_words, "is an atom whose hash does not match its value");
    sweep->verify->report.atoms++;
    return count + 2;
}

static void check_object(struct sweep *sweep, uint64_t offset_words)
{
    while (sweep->verify->segments[sweep->segment].start_bytes / 8 > offset_words)
        sweep->segment--;
    bool is_cell = take_bit(sweep->cells, offset_words), is_atom = take_bit(sweep->atoms, offset_words);
    if (is_cell && is_atom)
        fault_at(sweep, offset_words, "is taken for a cell by one noun and for an atom by another");
    uint64_t size_words = is_cell ? check_cell(sweep, offset_words) : check_atom(sweep, offset_words);
    sweep->verify->report.reached_bytes += size_words * 8;
    sweep->ceiling_words = offset_words;
}

static enum status sweep_down(struct sweep *sweep)
{
    struct verify *verify = sweep->verify;
    for (uint64_t i = verify->end_bytes / 8 / 64 + 1; i-- > 0;) {
        uint64_t bits;
        while ((bits = sweep->cells[i] | sweep->atoms[i]) != 0)
            check_object(sweep, i * 64 + bits_length(bits) - 1);
        if (i % 8192 == 0)
            STATUS_TRY(verify_progress(verify, verify->total_bytes - i * 64 * 8));
    }
    return STATUS_OK;
}

/* ---- roots ----------------------------------------------------------------- */

static void expect_roots(struct sweep *sweep, const struct arena_superblock *superblock)
{
    bool is_inside = superblock->watermark_bytes <= sweep->verify->end_bytes;
    for (unsigned i = 0; i < ARENA_ROOTS && is_inside; i++)
        if (!expect(sweep, superblock->roots[i], superblock->watermark_bytes / 8))
            verify_fault(sweep->verify, "root %u of commit %" PRIu64 " is no noun of this arena", i,
                         superblock->sequence);
    if (is_inside && noun_hash_persistent(superblock->roots[ARENA_ROOT_STATE]) != superblock->state_hash)
        verify_fault(sweep->verify, "the state of commit %" PRIu64 " (event %" PRIu64 ") has another hash than it says",
                     superblock->sequence, superblock->event_number);
}

static enum status sweep_begin(struct sweep *sweep)
{
    size_t count = sweep->verify->end_bytes / 8 / 64 + 1;
    sweep->cells = calloc(count, 8);
    sweep->atoms = calloc(count, 8);
    if (sweep->cells == NULL || sweep->atoms == NULL)
        return status_fail(STATUS_NO_MEMORY, "no memory to verify %s: %zu MiB are needed",
                           os_file_path(sweep->verify->arena->file), count * 16 >> 20);
    sweep->ceiling_words = sweep->verify->end_bytes / 8;
    sweep->segment = sweep->verify->count - 1;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (sweep->verify->slots[i].state == ARENA_SLOT_WHOLE)
            expect_roots(sweep, &sweep->verify->slots[i].superblock);
    return STATUS_OK;
}

/* With no segment there is no object; a root that names one was found insane
 * when its superblock was read. */
enum status verify_nouns(struct verify *verify)
{
    if (verify->count == 0)
        return STATUS_OK;
    struct sweep sweep = {.verify = verify};
    enum status status = sweep_begin(&sweep);
    if (status == STATUS_OK)
        status = sweep_down(&sweep);
    free(sweep.cells);
    free(sweep.atoms);
    return status;
}
