/* Verification of the nouns, as far as the directory of the chosen commit, or of
 * the newest if none is chosen, maps them.  A range that only superblocks of before a compaction have is not mapped any
 * more; its segments' checksums have to do.
 *
 * Because of the lower-offset rule no stack is needed, however deep or wide
 * the graph: the sweep goes down through the file once, and when it comes to
 * an object everything that refers to it has been seen.  Two bits a word say
 * what is expected there: a cell, or an atom.  Since an object's end is checked
 * against the start of the one above it, no two can overlap. */
#include "arena/large.h"
#include "arena/verify.h"

#include <stdlib.h>

struct sweep {
    struct verify *verify;
    struct verify_range *range; /* that the sweep is in */
    size_t segment;             /* likewise */
    uint64_t ceiling_words;     /* start of the lowest object seen so far */
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

static struct verify_range *find_range(struct verify *verify, uint64_t at_bytes)
{
    for (size_t i = 0; i < verify->range_count; i++) {
        struct verify_range *range = &verify->ranges[i];
        if (range->is_mapped && at_bytes >= range->start_bytes && at_bytes < range->end_bytes)
            return range;
    }
    return NULL;
}

/* True if a large object begins there. */
static bool expect_large(struct verify *verify, uint64_t start_bytes)
{
    if (start_bytes % ARENA_PAGE_BYTES != 0)
        return false;
    const struct tree_record *record = tree_at_or_below(&verify->mapped->large, start_bytes / ARENA_PAGE_BYTES);
    return record != NULL && record->key == start_bytes / ARENA_PAGE_BYTES;
}

/* Notes what `n` refers to, which must lie below `limit_words`, unless it is a
 * large object. */
static bool expect(struct sweep *sweep, noun n, uint64_t limit_words)
{
    if (noun_is_direct(n))
        return true;
    uint64_t offset_words = noun_offset_words(n);
    if (!noun_is_cell(n) && !noun_is_indirect(n))
        return false;
    if (noun_is_large(n))
        return noun_is_indirect(n) && expect_large(sweep->verify, offset_words * 8);
    if (offset_words >= limit_words)
        return false;
    struct verify_range *range = find_range(sweep->verify, offset_words * 8);
    if (range == NULL)
        return false;
    set_bit(noun_is_cell(n) ? range->cells : range->atoms, offset_words - range->start_bytes / 8);
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
    const struct verify_segment *segment = &sweep->verify->segments[sweep->range->first + sweep->segment];
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
    struct verify_range *range = sweep->range;
    uint64_t bit = offset_words - range->start_bytes / 8;
    while (sweep->verify->segments[range->first + sweep->segment].start_bytes / 8 > offset_words)
        sweep->segment--;
    bool is_cell = take_bit(range->cells, bit), is_atom = take_bit(range->atoms, bit);
    if (is_cell && is_atom)
        fault_at(sweep, offset_words, "is taken for a cell by one noun and for an atom by another");
    uint64_t size_words = is_cell ? check_cell(sweep, offset_words) : check_atom(sweep, offset_words);
    sweep->verify->report.reached_bytes += size_words * 8;
    sweep->ceiling_words = offset_words;
}

#define WORDS_A_REPORT 8192u

static uint64_t bitmap_count(const struct verify_range *range)
{
    return (range->end_bytes - range->start_bytes) / 8 / 64 + 1;
}

static enum status sweep_down(struct sweep *sweep, struct verify_range *range)
{
    sweep->range = range;
    sweep->segment = range->count - 1;
    sweep->ceiling_words = range->end_bytes / 8;
    for (uint64_t i = bitmap_count(range); i-- > 0;) {
        uint64_t bits;
        while ((bits = range->cells[i] | range->atoms[i]) != 0)
            check_object(sweep, range->start_bytes / 8 + i * 64 + bits_length(bits) - 1);
        if (i % WORDS_A_REPORT == 0)
            STATUS_TRY(verify_progress(sweep->verify, (uint64_t)WORDS_A_REPORT * 64 * 8));
    }
    return STATUS_OK;
}

/* ---- roots ----------------------------------------------------------------- */

/* True if the large objects of `layout` are all in `mapped`, in the same pages. */
static bool has_same_large(const struct arena_layout *layout, const struct arena_layout *mapped)
{
    const struct tree_record *record, *other;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->large, at)) != NULL; at = record->key + 1) {
        uint64_t start_bytes = record->key * ARENA_PAGE_BYTES;
        if (mapped == NULL || (other = tree_at_or_below(&mapped->large, record->key)) == NULL ||
            other->key != record->key || other->count != record->count ||
            !verify_layouts_agree(layout, mapped, start_bytes, start_bytes + record->count))
            return false;
    }
    return true;
}

/* True if all of the superblock's ranges were walked to their ends and are mapped. */
static bool is_mapped(struct verify *verify, const struct arena_superblock *superblock)
{
    const struct verify_layout *layout = verify_layout_of(verify, superblock);
    if (layout == NULL || !has_same_large(&layout->layout, verify->mapped))
        return false;
    for (size_t i = 0; layout != NULL && i < superblock->range_count; i++) {
        struct arena_range range = superblock->ranges[i];
        const struct verify_range *walked = verify_range_of(verify, layout, range);
        if (range.start_bytes < range.end_bytes && (walked == NULL || !walked->is_mapped))
            return false;
    }
    return layout != NULL;
}

static void expect_roots(struct sweep *sweep, const struct arena_superblock *superblock)
{
    if (!is_mapped(sweep->verify, superblock))
        return;
    for (unsigned i = 0; i < ARENA_ROOTS; i++)
        if (!expect(sweep, superblock->roots[i], superblock->watermark_bytes / 8))
            verify_fault(sweep->verify, "root %u of commit %" PRIu64 " is no noun of this arena", i,
                         superblock->sequence);
    if (noun_hash_persistent(superblock->roots[ARENA_ROOT_STATE]) != superblock->state_hash)
        verify_fault(sweep->verify, "the state of commit %" PRIu64 " (event %" PRIu64 ") has another hash than it says",
                     superblock->sequence, superblock->event_number);
}

/* Ranges from the top down. */
static int compare_descending(const void *a, const void *b)
{
    uint64_t first = ((const struct verify_range *)a)->start_bytes,
             second = ((const struct verify_range *)b)->start_bytes;
    return (first < second) - (first > second);
}

/* Of two that begin at one place only the longer counts. */
static bool is_shadowed(const struct verify *verify, const struct verify_range *range)
{
    for (size_t i = 0; i < verify->range_count; i++) {
        const struct verify_range *other = &verify->ranges[i];
        if (other != range && other->is_mapped && other->start_bytes == range->start_bytes &&
            (other->end_bytes > range->end_bytes || (other->end_bytes == range->end_bytes && other < range)))
            return true;
    }
    return false;
}

static enum status sweep_begin(struct verify *verify)
{
    qsort(verify->ranges, verify->range_count, sizeof *verify->ranges, compare_descending);
    for (size_t i = 0; i < verify->range_count; i++) {
        struct verify_range *range = &verify->ranges[i];
        range->is_mapped =
            range->count > 0 && verify->mapped != NULL &&
            verify_layouts_agree(&range->layout->layout, verify->mapped, range->start_bytes, range->end_bytes);
    }
    for (size_t i = 0; i < verify->range_count; i++) {
        struct verify_range *range = &verify->ranges[i];
        if (range->is_mapped && is_shadowed(verify, range))
            range->is_mapped = false;
        if (!range->is_mapped)
            continue;
        uint64_t count = bitmap_count(range);
        range->cells = calloc(count, 8);
        range->atoms = calloc(count, 8);
        if (range->cells == NULL || range->atoms == NULL)
            return status_fail(STATUS_NO_MEMORY, "no memory to verify %s: %" PRIu64 " MiB are needed",
                               os_file_path(verify->arena->file), count * 16 >> 20);
    }
    return STATUS_OK;
}

static enum status sweep_all(struct verify *verify)
{
    struct sweep sweep = {.verify = verify};
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (verify->slots[i].state == ARENA_SLOT_WHOLE)
            expect_roots(&sweep, &verify->slots[i].superblock);
    for (size_t i = 0; i < verify->range_count; i++)
        if (verify->ranges[i].is_mapped)
            STATUS_TRY(sweep_down(&sweep, &verify->ranges[i]));
    return STATUS_OK;
}

/* What is in the space, or is put there if nothing is. */
static enum status map_newest(struct verify *verify)
{
    struct arena *arena = verify->arena;
    if (arena->is_chosen)
        verify->mapped = &arena->layout;
    if (arena->is_chosen || verify->layout_count == 0 || !verify->layouts[0].is_whole)
        return STATUS_OK;
    verify->mapped = &verify->layouts[0].layout;
    return arena_attach(arena, verify->mapped, NULL, verify->layouts[0].superblock.watermark_bytes);
}

/* Each large object in the space against its hash; its bytes were read before. */
static void check_large_nouns(struct verify *verify)
{
    const struct tree_record *record;
    for (uint64_t at = 0; verify->mapped != NULL && (record = tree_at_or_above(&verify->mapped->large, at)) != NULL;
         at = record->key + 1) {
        noun atom = NOUN_TAG_ATOM | record->key * ARENA_PAGE_BYTES / 8;
        const uint64_t *words = noun_words(atom);
        if (words[1] + 2 != record->count / 8 || words[1 + words[1]] == 0 || words[0] != noun_hash_atom(atom))
            verify_fault(verify, "the large object at byte %" PRIu64 " of %s is not the atom that it says it is",
                         record->key * ARENA_PAGE_BYTES, os_file_path(verify->arena->file));
        verify->report.atoms++;
        verify->report.reached_bytes += record->count;
    }
}

enum status verify_nouns(struct verify *verify)
{
    STATUS_TRY(map_newest(verify));
    check_large_nouns(verify);
    enum status status = sweep_begin(verify);
    if (status == STATUS_OK)
        status = sweep_all(verify);
    for (size_t i = 0; i < verify->range_count; i++) {
        free(verify->ranges[i].cells);
        free(verify->ranges[i].atoms);
    }
    return status;
}
