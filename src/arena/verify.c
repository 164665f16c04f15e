/* Verification: everything in the file that any commit can reach, against
 * everything that is known about it.  It changes nothing, and a fault does not
 * stop it as long as there is a way on.
 *
 * First the file: identity page, ring, the pages' trees (verify_pages.c), the
 * segments of each range one after the other, each against its checksum; this
 * reads every byte in use from the device and finds any flipped bit.  Then the
 * nouns (verify_nouns.c), which finds what was wrong before it was written.
 *
 * Superblocks that share their trees share a layout, and mostly all have the same
 * ranges, which are walked once.  A superblock of before a compaction may have
 * ranges that the newest has no more; they are walked by its own layout. */
#include "arena/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define FAULTS_TOLD_MAX 100

void verify_fault(struct verify *verify, const char *format, ...)
{
    char text[STATUS_MESSAGE_SIZE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (verify->report.faults++ == 0)
        memcpy(verify->first_fault, text, sizeof text);
    if (verify->options->fault != NULL && verify->report.faults <= FAULTS_TOLD_MAX)
        verify->options->fault(verify->options->context, text);
}

enum status verify_progress(struct verify *verify, uint64_t more_bytes)
{
    verify->done_bytes += more_bytes;
    if (verify->done_bytes > verify->total_bytes)
        verify->done_bytes = verify->total_bytes;
    const struct arena_verify_options *options = verify->options;
    if (options->progress == NULL || options->progress(options->context, verify->done_bytes, verify->total_bytes))
        return STATUS_OK;
    return status_fail(STATUS_INTERRUPTED, "the verification of %s was stopped", os_file_path(verify->arena->file));
}

/* ---- identity page and ring ------------------------------------------------ */

static void check_identity(struct verify *verify)
{
    struct arena_identity_page page;
    if (arena_read_file(verify->arena, 0, &page, sizeof page) != STATUS_OK ||
        arena_identity_page_check(&page, os_file_path(verify->arena->file)) != STATUS_OK)
        verify_fault(verify, "%s", status_message());
}

static void check_ring(struct verify *verify)
{
    for (uint32_t i = 0; i < ARENA_RING_SLOTS; i++) {
        if (arena_slot_read(verify->arena, i, &verify->slots[i]) != STATUS_OK) {
            verify->slots[i].state = ARENA_SLOT_DAMAGED;
            verify_fault(verify, "%s", status_message());
        } else if (verify->slots[i].state == ARENA_SLOT_DAMAGED) {
            verify_fault(verify, "%s", status_message());
        } else if (verify->slots[i].state == ARENA_SLOT_WHOLE) {
            verify->report.superblocks++;
        }
    }
}

/* ---- layouts --------------------------------------------------------------- */

static bool is_same_layout(const struct arena_superblock *a, const struct arena_superblock *b)
{
    return a->format_version == b->format_version && a->directory_page == b->directory_page &&
           a->directory_checksum == b->directory_checksum && a->free_page == b->free_page &&
           a->free_checksum == b->free_checksum && a->large_page == b->large_page &&
           a->large_checksum == b->large_checksum && a->allocations_page == b->allocations_page &&
           a->allocations_checksum == b->allocations_checksum && a->file_pages == b->file_pages;
}

const struct verify_layout *verify_layout_of(const struct verify *verify, const struct arena_superblock *superblock)
{
    for (size_t i = 0; i < verify->layout_count; i++)
        if (is_same_layout(&verify->layouts[i].superblock, superblock))
            return verify->layouts[i].is_whole ? &verify->layouts[i] : NULL;
    return NULL;
}

bool verify_layouts_agree(const struct arena_layout *a, const struct arena_layout *b, uint64_t start_bytes,
                          uint64_t end_bytes)
{
    uint64_t page = start_bytes / ARENA_PAGE_BYTES,
             end_page = bits_round_up(end_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    while (page < end_page) {
        struct layout_run in_a, in_b;
        if (!layout_find(a, page, &in_a) || !layout_find(b, page, &in_b) || in_a.file_page != in_b.file_page)
            return false;
        page += in_a.count < in_b.count ? in_a.count : in_b.count;
    }
    return true;
}

static void add_layout(struct verify *verify, const struct arena_superblock *superblock)
{
    for (size_t i = 0; i < verify->layout_count; i++)
        if (is_same_layout(&verify->layouts[i].superblock, superblock))
            return;
    struct verify_layout *added = &verify->layouts[verify->layout_count++];
    added->superblock = *superblock;
    added->is_whole = arena_layout_load(verify->arena, superblock, &added->layout) == STATUS_OK;
    if (!added->is_whole)
        verify_fault(verify, "the page directory of commit %" PRIu64 " (event %" PRIu64 ") is damaged: %s",
                     superblock->sequence, superblock->event_number, status_message());
}

static const struct arena_superblock *next_older(const struct verify *verify, uint64_t sequence)
{
    const struct arena_superblock *found = NULL;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++) {
        const struct arena_slot *slot = &verify->slots[i];
        if (slot->state == ARENA_SLOT_WHOLE && slot->superblock.sequence < sequence &&
            (found == NULL || slot->superblock.sequence > found->sequence))
            found = &slot->superblock;
    }
    return found;
}

static void load_layouts(struct verify *verify)
{
    const struct arena_superblock *superblock;
    for (uint64_t at = UINT64_MAX; (superblock = next_older(verify, at)) != NULL; at = superblock->sequence)
        add_layout(verify, superblock);
}

/* ---- segments -------------------------------------------------------------- */

static void add_segment(struct verify *verify, struct verify_range *range, const struct arena_segment_header *header)
{
    if (verify->count == verify->capacity) {
        verify->capacity = verify->capacity == 0 ? 1024 : verify->capacity * 2;
        verify->segments = realloc(verify->segments, verify->capacity * sizeof *verify->segments);
        if (verify->segments == NULL)
            check_out_of_memory(__FILE__, __LINE__, verify->capacity * sizeof *verify->segments);
    }
    uint64_t before = range->count == 0 ? 0 : verify->segments[verify->count - 1].object_count;
    range->end_bytes = header->offset_bytes + header->size_bytes;
    range->count++;
    verify->segments[verify->count++] = (struct verify_segment){
        .start_bytes = header->offset_bytes,
        .end_bytes = range->end_bytes,
        .object_count = before + header->object_count,
        .checksum = header->checksum,
    };
}

static void check_order(struct verify *verify, const struct arena_segment_header *header,
                        const struct arena_segment_header *previous)
{
    if (header->previous_bytes != previous->offset_bytes || header->sequence < previous->sequence ||
        header->event_number < previous->event_number)
        verify_fault(verify, "the segment at byte %" PRIu64 " does not continue the one before it, at byte %" PRIu64,
                     header->offset_bytes, previous->offset_bytes);
}

/* Without a header there is no way to the next one. */
static enum status walk_range(struct verify *verify, struct verify_range *range, uint64_t limit_bytes, uint8_t *piece)
{
    struct arena_segment_header previous = {0};
    const struct arena_layout *layout = &range->layout->layout;
    while (range->end_bytes < limit_bytes) {
        struct arena_segment_header header;
        if (arena_segment_read(verify->arena, layout, range->end_bytes, limit_bytes, &header) != STATUS_OK) {
            verify_fault(verify, "%s; what lies above could not be checked", status_message());
            return STATUS_OK;
        }
        check_order(verify, &header, &previous);
        if (arena_segment_check(verify->arena, layout, &header, piece) != STATUS_OK)
            verify_fault(verify, "%s", status_message());
        add_segment(verify, range, &header);
        previous = header;
        STATUS_TRY(verify_progress(verify, header.size_bytes));
    }
    return STATUS_OK;
}

struct verify_range *verify_range_of(const struct verify *verify, const struct verify_layout *layout,
                                     struct arena_range range)
{
    for (size_t i = 0; layout != NULL && i < verify->range_count; i++) {
        struct verify_range *walked = &verify->ranges[i];
        if (walked->start_bytes == range.start_bytes && walked->end_bytes >= range.end_bytes &&
            (walked->layout == layout ||
             verify_layouts_agree(&walked->layout->layout, &layout->layout, range.start_bytes, range.end_bytes)))
            return walked;
    }
    return NULL;
}

/* The highest end that any superblock of the layout gives the range. */
static uint64_t highest_end(const struct verify *verify, const struct verify_layout *layout, struct arena_range range)
{
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++) {
        const struct arena_superblock *superblock = &verify->slots[i].superblock;
        if (verify->slots[i].state != ARENA_SLOT_WHOLE || verify_layout_of(verify, superblock) != layout)
            continue;
        for (size_t j = 0; j < superblock->range_count; j++)
            if (superblock->ranges[j].start_bytes == range.start_bytes &&
                superblock->ranges[j].end_bytes > range.end_bytes)
                range.end_bytes = superblock->ranges[j].end_bytes;
    }
    return range.end_bytes;
}

static enum status check_range(struct verify *verify, const struct verify_layout *layout, struct arena_range range,
                               uint8_t *piece)
{
    if (range.start_bytes == range.end_bytes || verify_range_of(verify, layout, range) != NULL)
        return STATUS_OK;
    struct verify_range *walked = &verify->ranges[verify->range_count++];
    *walked = (struct verify_range){
        .start_bytes = range.start_bytes, .end_bytes = range.start_bytes, .first = verify->count, .layout = layout};
    uint64_t limit_bytes = highest_end(verify, layout, range);
    verify->total_bytes += 2 * (limit_bytes - range.start_bytes);
    return walk_range(verify, walked, limit_bytes, piece);
}

/* A range that was broken off is not walked again for each superblock that has it. */
static bool was_tried(const struct verify *verify, const struct verify_layout *layout, struct arena_range range)
{
    for (size_t i = 0; i < verify->range_count; i++)
        if (verify->ranges[i].start_bytes == range.start_bytes && verify->ranges[i].layout == layout)
            return true;
    return false;
}

static enum status check_segments(struct verify *verify)
{
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    verify->ranges = calloc(VERIFY_RANGES_MAX, sizeof *verify->ranges);
    if (piece == NULL || verify->ranges == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = STATUS_OK;
    const struct arena_superblock *superblock;
    for (uint64_t at = UINT64_MAX; (superblock = next_older(verify, at)) != NULL; at = superblock->sequence) {
        const struct verify_layout *layout = verify_layout_of(verify, superblock);
        for (size_t i = 0; layout != NULL && i < superblock->range_count && status == STATUS_OK; i++)
            if (!was_tried(verify, layout, superblock->ranges[i]))
                status = check_range(verify, layout, superblock->ranges[i], piece);
    }
    free(piece);
    verify->report.segments = verify->count;
    for (size_t i = 0; i < verify->range_count; i++)
        verify->report.appended_bytes += verify->ranges[i].end_bytes - verify->ranges[i].start_bytes;
    return status;
}

/* ---- superblocks against segments ------------------------------------------ */

/* How many segments of the range end at or below `end_bytes`. */
static size_t segments_below(const struct verify *verify, const struct verify_range *range, uint64_t end_bytes)
{
    return sorted_place(verify->segments + range->first, range->count, sizeof *verify->segments,
                        offsetof(struct verify_segment, end_bytes), end_bytes + 1);
}

/* What a superblock should say, by the segments that there are. */
struct sums {
    uint64_t segment_count;
    uint64_t object_count;
    uint64_t last_segment_bytes;
    uint64_t chain;
    bool is_complete; /* every range ends with a segment */
};

static void add_range(const struct verify *verify, const struct arena_superblock *superblock, struct arena_range range,
                      struct sums *sums)
{
    sums->last_segment_bytes = 0;
    if (range.start_bytes == range.end_bytes)
        return;
    const struct verify_range *walked = verify_range_of(verify, verify_layout_of(verify, superblock), range);
    size_t below = walked == NULL ? 0 : segments_below(verify, walked, range.end_bytes);
    if (below == 0 || verify->segments[walked->first + below - 1].end_bytes != range.end_bytes) {
        sums->is_complete = false;
        return;
    }
    const struct verify_segment *last = &verify->segments[walked->first + below - 1];
    sums->segment_count += below;
    sums->object_count += last->object_count;
    sums->last_segment_bytes = last->start_bytes;
    for (size_t i = segments_below(verify, walked, superblock->tail_start_bytes); i < below; i++)
        sums->chain = arena_chain(sums->chain, verify->segments[walked->first + i].checksum);
}

static void check_superblock(struct verify *verify, const struct arena_superblock *superblock)
{
    struct sums sums = {.chain = verify->arena->seed, .is_complete = true};
    for (size_t i = 0; i < superblock->range_count; i++)
        add_range(verify, superblock, superblock->ranges[i], &sums);
    const char *what = NULL;
    if (!sums.is_complete)
        what = "has ranges that could not be checked to their end";
    else if (sums.segment_count != superblock->segment_count || sums.object_count != superblock->object_count ||
             sums.last_segment_bytes != superblock->last_segment_bytes)
        what = "counts other segments or objects than there are";
    else if (sums.chain != superblock->tail_checksum)
        what = "was written over other segments than there are";
    if (what != NULL)
        verify_fault(verify,
                     "commit %" PRIu64 " (event %" PRIu64
                     ") %s: its segments were lost in a power cut, or rot; opening "
                     "the arena for writing takes the newest whole one",
                     superblock->sequence, superblock->event_number, what);
}

static void check_superblocks(struct verify *verify)
{
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (verify->slots[i].state == ARENA_SLOT_WHOLE &&
            verify_layout_of(verify, &verify->slots[i].superblock) != NULL)
            check_superblock(verify, &verify->slots[i].superblock);
}

/* ---- the door -------------------------------------------------------------- */

static enum status check_all(struct verify *verify)
{
    check_identity(verify);
    check_ring(verify);
    load_layouts(verify);
    STATUS_TRY(verify_pages(verify));
    STATUS_TRY(check_segments(verify));
    check_superblocks(verify);
    STATUS_TRY(verify_nouns(verify));
    if (verify->report.superblocks == 0)
        verify_fault(verify, "%s has no whole superblock", os_file_path(verify->arena->file));
    if (verify->report.faults == 0)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "%s", verify->first_fault);
}

enum status arena_verify(struct arena *arena, const struct arena_verify_options *options,
                         struct arena_verify_report *report)
{
    static const struct arena_verify_options none;
    struct verify *verify = calloc(1, sizeof *verify);
    if (verify == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *verify);
    verify->arena = arena;
    verify->options = options == NULL ? &none : options;
    enum status status = check_all(verify);
    if (report != NULL)
        *report = verify->report;
    for (size_t i = 0; i < verify->layout_count; i++)
        if (verify->layouts[i].is_whole)
            layout_finish(&verify->layouts[i].layout);
    free(verify->ranges);
    free(verify->segments);
    free(verify);
    return status;
}
