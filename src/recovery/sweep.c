/* Every noun that one pinned commit reaches: tag, bounds, normal form, hash.
 *
 * As arena_verify does it for a whole file at rest, but of one commit, so that it
 * may go on beside the process that writes others.  Because an object refers only
 * to lower addresses no stack is needed: the sweep goes down through the commit's
 * ranges once, and when it comes to an object everything that refers to it has
 * been seen.  Large atoms lie above what refers to them, and come last.  Two bits a word say what is expected there, a
 * cell or an atom.
 */
#include <stdlib.h>

#include "recovery/private.h"

struct sweep {
    const struct recovery_sweep_options *options;
    const struct arena_range *ranges;
    size_t range_count;
    uint64_t **cells, **atoms; /* owned: a bit a word of each range */
    uint64_t ceiling_words;    /* start of the lowest object seen so far */
    uint64_t done_bytes, total_bytes;
    struct recovery_sweep_report *report;
};

static void fault(struct sweep *sweep, uint64_t offset_words, const char *what)
{
    sweep->report->faults++;
    (void)status_fail(STATUS_CORRUPT, "the object at byte %" PRIu64 " of the arena %s", offset_words * 8, what);
    if (sweep->options->fault != NULL)
        sweep->options->fault(sweep->options->context, status_message());
}

/* The range that holds an address, or NULL. */
static const struct arena_range *range_of(const struct sweep *sweep, uint64_t offset_bytes)
{
    size_t index = sorted_place(sweep->ranges, sweep->range_count, sizeof *sweep->ranges,
                                offsetof(struct arena_range, end_bytes), offset_bytes + 1);
    bool is_in = index < sweep->range_count && sweep->ranges[index].start_bytes <= offset_bytes;
    return is_in ? &sweep->ranges[index] : NULL;
}

static bool expect(struct sweep *sweep, noun n, uint64_t limit_words)
{
    if (noun_is_direct(n))
        return true;
    uint64_t offset_words = noun_offset_words(n);
    bool is_large = noun_is_large(n);
    if ((offset_words >= limit_words && !is_large) || (!noun_is_indirect(n) && (is_large || !noun_is_cell(n))))
        return false;
    const struct arena_range *range = range_of(sweep, offset_words * 8);
    if (range == NULL)
        return false;
    size_t index = (size_t)(range - sweep->ranges);
    uint64_t bit = offset_words - range->start_bytes / 8;
    if (is_large && bit != 0)
        return false;
    uint64_t *bits = noun_is_cell(n) ? sweep->cells[index] : sweep->atoms[index];
    bits[bit / 64] |= (uint64_t)1 << bit % 64;
    return true;
}

/* True if so many words from there are in the range and below the object above. */
static bool has_room(const struct sweep *sweep, const struct arena_range *range, uint64_t offset_words,
                     uint64_t size_words)
{
    uint64_t end_words = range->end_bytes / 8 < sweep->ceiling_words ? range->end_bytes / 8 : sweep->ceiling_words;
    return offset_words < end_words && size_words <= end_words - offset_words;
}

static void check_cell(struct sweep *sweep, const struct arena_range *range, uint64_t offset_words)
{
    const uint64_t *words = noun_words_at(offset_words);
    if (!has_room(sweep, range, offset_words, 3)) {
        fault(sweep, offset_words, "is a cell that overlaps another object");
        return;
    }
    if (!expect(sweep, words[1], offset_words) || !expect(sweep, words[2], offset_words)) {
        fault(sweep, offset_words, "is a cell that refers to something that is no older noun");
        return;
    }
    if (words[0] != noun_hash_pair(noun_hash_persistent(words[1]), noun_hash_persistent(words[2])))
        fault(sweep, offset_words, "is a cell whose hash does not match its parts");
    sweep->report->cells++;
}

static void check_atom(struct sweep *sweep, const struct arena_range *range, uint64_t offset_words)
{
    const uint64_t *words = noun_words_at(offset_words);
    if (!has_room(sweep, range, offset_words, 3) || words[1] > NOUN_PERSISTENT_BYTES / 8 ||
        !has_room(sweep, range, offset_words, words[1] + 2)) {
        fault(sweep, offset_words, "is an atom that overlaps another object");
        return;
    }
    uint64_t count = words[1];
    if (count == 0 || words[1 + count] == 0 || (count == 1 && words[2] <= NOUN_DIRECT_MAX)) {
        fault(sweep, offset_words, "is an atom that is not in its normal form");
        return;
    }
    if (words[0] != noun_hash_atom(offset_words | NOUN_TAG_ATOM))
        fault(sweep, offset_words, "is an atom whose hash does not match its value");
    sweep->report->atoms++;
}

static void check_object(struct sweep *sweep, size_t index, uint64_t bit)
{
    const struct arena_range *range = &sweep->ranges[index];
    uint64_t mask = (uint64_t)1 << bit % 64, offset_words = range->start_bytes / 8 + bit;
    bool is_cell = (sweep->cells[index][bit / 64] & mask) != 0, is_atom = (sweep->atoms[index][bit / 64] & mask) != 0;
    sweep->cells[index][bit / 64] &= ~mask;
    sweep->atoms[index][bit / 64] &= ~mask;
    if (is_cell && is_atom)
        fault(sweep, offset_words, "is taken for a cell by one noun and for an atom by another");
    if (is_cell)
        check_cell(sweep, range, offset_words);
    else
        check_atom(sweep, range, offset_words);
    sweep->ceiling_words = offset_words;
}

static enum status go_on(struct sweep *sweep, uint64_t bytes)
{
    sweep->done_bytes += bytes;
    if (sweep->options->progress == NULL ||
        sweep->options->progress(sweep->options->context, sweep->done_bytes, sweep->total_bytes))
        return STATUS_OK;
    return status_fail(STATUS_INTERRUPTED, "the verification was stopped");
}

static enum status sweep_range(struct sweep *sweep, size_t index)
{
    uint64_t words = (sweep->ranges[index].end_bytes - sweep->ranges[index].start_bytes) / 8;
    for (uint64_t i = words / 64 + 1; i-- > 0;) {
        uint64_t bits;
        while ((bits = sweep->cells[index][i] | sweep->atoms[index][i]) != 0)
            check_object(sweep, index, i * 64 + bits_length(bits) - 1);
        if (i % 512 == 0)
            STATUS_TRY(go_on(sweep, i / 512 == words / 64 / 512 ? words % (512 * 64) * 8 : 512 * 64 * 8));
    }
    return STATUS_OK;
}

static enum status allocate(struct sweep *sweep)
{
    sweep->cells = calloc(sweep->range_count + 1, sizeof *sweep->cells);
    sweep->atoms = calloc(sweep->range_count + 1, sizeof *sweep->atoms);
    bool good = sweep->cells != NULL && sweep->atoms != NULL;
    for (size_t i = 0; i < sweep->range_count && good; i++) {
        size_t count = (size_t)(sweep->ranges[i].end_bytes - sweep->ranges[i].start_bytes) / 8 / 64 + 1;
        sweep->cells[i] = calloc(count, 8);
        sweep->atoms[i] = calloc(count, 8);
        sweep->total_bytes += sweep->ranges[i].end_bytes - sweep->ranges[i].start_bytes;
        good = sweep->cells[i] != NULL && sweep->atoms[i] != NULL;
    }
    return good ? STATUS_OK
                : status_fail(STATUS_NO_MEMORY, "no memory to verify the arena: a 32nd part of it is needed");
}

static void release(struct sweep *sweep)
{
    for (size_t i = 0; i < sweep->range_count; i++) {
        if (sweep->cells != NULL)
            free(sweep->cells[i]);
        if (sweep->atoms != NULL)
            free(sweep->atoms[i]);
    }
    free(sweep->cells);
    free(sweep->atoms);
}

static enum status sweep_all(struct sweep *sweep, const struct arena_commit *commit)
{
    STATUS_TRY(allocate(sweep));
    sweep->ceiling_words = commit->watermark_bytes / 8;
    for (unsigned i = 0; i < ARENA_ROOTS; i++)
        if (!expect(sweep, commit->roots[i], commit->watermark_bytes / 8))
            fault(sweep, noun_offset_words(commit->roots[i]), "is a root, and no noun of it");
    size_t first_large = sweep->range_count;
    while (first_large > 0 && sweep->ranges[first_large - 1].start_bytes >= NOUN_LARGE_START_BYTES)
        first_large--;
    for (size_t i = first_large; i-- > 0;)
        STATUS_TRY(sweep_range(sweep, i));
    sweep->ceiling_words = UINT64_MAX;
    for (size_t i = sweep->range_count; i-- > first_large;)
        STATUS_TRY(sweep_range(sweep, i));
    if (noun_hash_persistent(commit->roots[ARENA_ROOT_STATE]) != commit->state_hash)
        fault(sweep, noun_offset_words(commit->roots[ARENA_ROOT_STATE]), "is the state, and has not its hash");
    return STATUS_OK;
}

enum status recovery_sweep(const struct arena_commit *commit, const struct arena_range *ranges, size_t range_count,
                           const struct recovery_sweep_options *options, struct recovery_sweep_report *report)
{
    struct sweep sweep = {.options = options, .ranges = ranges, .range_count = range_count, .report = report};
    *report = (struct recovery_sweep_report){0};
    enum status status = sweep_all(&sweep, commit);
    release(&sweep);
    return status;
}
