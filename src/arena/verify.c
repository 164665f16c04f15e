/* Verification: everything in the file that any commit can reach, against
 * everything that is known about it.  It changes nothing, and a fault does not
 * stop it as long as there is a way on.
 *
 * First the file from its beginning: identity page, ring, segments one after
 * the other, each against its checksum; this reads every byte from the device
 * and finds any flipped bit.  Then the nouns (verify_nouns.c), which finds what
 * was wrong before it was written. */
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

enum status verify_progress(struct verify *verify, uint64_t done_bytes)
{
    verify->done_bytes = done_bytes;
    const struct arena_verify_options *options = verify->options;
    if (options->progress == NULL || options->progress(options->context, done_bytes, verify->total_bytes))
        return STATUS_OK;
    return status_fail(STATUS_INTERRUPTED, "the verification of %s was stopped", os_file_path(verify->arena->file));
}

/* ---- identity page and ring ------------------------------------------------ */

static void check_identity(struct verify *verify)
{
    struct arena_identity_page page;
    if (arena_read_bytes(verify->arena, 0, &page, sizeof page) != STATUS_OK ||
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

static uint64_t highest_watermark(const struct verify *verify)
{
    uint64_t highest = ARENA_DATA_START_BYTES;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (verify->slots[i].state == ARENA_SLOT_WHOLE && verify->slots[i].superblock.watermark_bytes > highest)
            highest = verify->slots[i].superblock.watermark_bytes;
    return highest;
}

/* ---- segments -------------------------------------------------------------- */

static void add_segment(struct verify *verify, const struct arena_segment_header *header)
{
    if (verify->count == verify->capacity) {
        verify->capacity = verify->capacity == 0 ? 1024 : verify->capacity * 2;
        verify->segments = realloc(verify->segments, verify->capacity * sizeof *verify->segments);
        if (verify->segments == NULL)
            check_out_of_memory(__FILE__, __LINE__, verify->capacity * sizeof *verify->segments);
    }
    uint64_t before = verify->count == 0 ? 0 : verify->segments[verify->count - 1].object_count;
    verify->end_bytes = header->offset_bytes + header->size_bytes;
    verify->segments[verify->count++] = (struct verify_segment){
        .start_bytes = header->offset_bytes,
        .end_bytes = verify->end_bytes,
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
static enum status walk_segments(struct verify *verify, uint64_t limit_bytes, uint8_t *piece)
{
    struct arena_segment_header previous = {0};
    verify->end_bytes = ARENA_DATA_START_BYTES;
    while (verify->end_bytes < limit_bytes) {
        struct arena_segment_header header;
        if (arena_segment_read(verify->arena, verify->end_bytes, limit_bytes, &header) != STATUS_OK) {
            verify_fault(verify, "%s; what lies above could not be checked", status_message());
            return STATUS_OK;
        }
        check_order(verify, &header, &previous);
        if (arena_segment_check(verify->arena, &header, piece) != STATUS_OK)
            verify_fault(verify, "%s", status_message());
        add_segment(verify, &header);
        previous = header;
        STATUS_TRY(verify_progress(verify, verify->end_bytes));
    }
    return STATUS_OK;
}

static enum status check_segments(struct verify *verify)
{
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    uint64_t limit_bytes = highest_watermark(verify);
    verify->total_bytes = 2 * limit_bytes;
    enum status status = walk_segments(verify, limit_bytes, piece);
    free(piece);
    verify->report.segments = verify->count;
    verify->report.appended_bytes = verify->end_bytes - ARENA_DATA_START_BYTES;
    return status;
}

/* ---- superblocks against segments ------------------------------------------ */

/* How many segments end at or below `end_bytes`. */
static size_t segments_below(const struct verify *verify, uint64_t end_bytes)
{
    size_t low = 0, high = verify->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (verify->segments[middle].end_bytes <= end_bytes)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct verify_segment *verify_segment_ending(const struct verify *verify, uint64_t end_bytes)
{
    size_t below = segments_below(verify, end_bytes);
    return below > 0 && verify->segments[below - 1].end_bytes == end_bytes ? &verify->segments[below - 1] : NULL;
}

static bool tail_agrees(const struct verify *verify, const struct arena_superblock *superblock)
{
    uint64_t chain = verify->arena->seed;
    size_t end = segments_below(verify, superblock->watermark_bytes);
    for (size_t i = segments_below(verify, superblock->tail_start_bytes); i < end; i++)
        chain = arena_chain(chain, verify->segments[i].checksum);
    return chain == superblock->tail_checksum;
}

static bool counts_agree(const struct verify *verify, const struct arena_superblock *superblock)
{
    size_t below = segments_below(verify, superblock->watermark_bytes);
    const struct verify_segment *last = below == 0 ? NULL : &verify->segments[below - 1];
    return superblock->segment_count == below && superblock->object_count == (last == NULL ? 0 : last->object_count) &&
           superblock->last_segment_bytes == (last == NULL ? 0 : last->start_bytes) &&
           superblock->watermark_bytes == (last == NULL ? ARENA_DATA_START_BYTES : last->end_bytes);
}

static void check_superblock(struct verify *verify, const struct arena_superblock *superblock)
{
    const char *what = NULL;
    if (superblock->watermark_bytes > verify->end_bytes)
        what = "lies above what could be checked";
    else if (!counts_agree(verify, superblock))
        what = "counts other segments or objects than there are";
    else if (!tail_agrees(verify, superblock))
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
        if (verify->slots[i].state == ARENA_SLOT_WHOLE)
            check_superblock(verify, &verify->slots[i].superblock);
}

/* ---- the door -------------------------------------------------------------- */

static enum status check_all(struct verify *verify)
{
    check_identity(verify);
    check_ring(verify);
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
    free(verify->segments);
    free(verify);
    return status;
}
