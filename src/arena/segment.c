/* Reading segments back, and the list of those that may not be durable yet. */
#include "arena/private.h"

#include <stdlib.h>

/* ---- one segment ----------------------------------------------------------- */

static enum status fail_segment(struct arena *arena, uint64_t offset_bytes, const char *what)
{
    return status_fail(STATUS_CORRUPT, "the segment at byte %" PRIu64 " of %s %s", offset_bytes,
                       os_file_path(arena->file), what);
}

enum status arena_segment_read(struct arena *arena, const struct arena_layout *layout, uint64_t offset_bytes,
                               uint64_t limit_bytes, struct arena_segment_header *header)
{
    if (offset_bytes > limit_bytes || limit_bytes - offset_bytes < sizeof *header)
        return fail_segment(arena, offset_bytes, "reaches beyond the end of its range");
    STATUS_TRY(arena_read_bytes(arena, layout, offset_bytes, header, sizeof *header));
    if (memcmp(header->magic, ARENA_SEGMENT_MAGIC, ARENA_MAGIC_SIZE_BYTES) != 0)
        return fail_segment(arena, offset_bytes, "does not begin as a segment");
    if (header->checksum != arena_header_checksum(header, arena->seed))
        return fail_segment(arena, offset_bytes, "has a header that does not match its checksum");
    if (header->offset_bytes != offset_bytes)
        return fail_segment(arena, offset_bytes, "was written for another place");
    if (header->size_bytes % 8 != 0 || header->size_bytes < sizeof *header ||
        header->size_bytes > limit_bytes - offset_bytes)
        return fail_segment(arena, offset_bytes, "has an impossible size");
    return STATUS_OK;
}

enum status arena_segment_check(struct arena *arena, const struct arena_layout *layout,
                                const struct arena_segment_header *header, uint8_t *piece)
{
    uint64_t checksum = arena->seed;
    uint64_t at = header->offset_bytes + sizeof *header;
    uint64_t end_bytes = header->offset_bytes + header->size_bytes;
    while (at < end_bytes) {
        size_t size_bytes = end_bytes - at < ARENA_PIECE_BYTES ? (size_t)(end_bytes - at) : ARENA_PIECE_BYTES;
        STATUS_TRY(arena_read_bytes(arena, layout, at, piece, size_bytes));
        checksum = arena_checksum_piece(checksum, piece, size_bytes);
        at += size_bytes;
    }
    if (checksum != header->objects_checksum)
        return fail_segment(arena, header->offset_bytes, "has objects that do not match their checksum");
    return STATUS_OK;
}

/* ---- the tail -------------------------------------------------------------- */

void arena_tail_clear(const struct arena *arena, struct arena_tail *tail)
{
    tail->count = 0;
    tail->chain = arena->seed;
}

void arena_tail_add(struct arena_tail *tail, struct arena_tail_segment segment)
{
    if (tail->count == tail->capacity) {
        tail->capacity = tail->capacity == 0 ? 64 : tail->capacity * 2;
        tail->segments = realloc(tail->segments, tail->capacity * sizeof *tail->segments);
        if (tail->segments == NULL)
            check_out_of_memory(__FILE__, __LINE__, tail->capacity * sizeof *tail->segments);
    }
    tail->segments[tail->count++] = segment;
    tail->chain = arena_chain(tail->chain, segment.checksum);
}

void arena_tail_drop(const struct arena *arena, struct arena_tail *tail, uint64_t end_bytes)
{
    size_t kept = 0;
    while (kept < tail->count && tail->segments[kept].end_bytes <= end_bytes)
        kept++;
    size_t count = tail->count;
    arena_tail_clear(arena, tail);
    for (; kept < count; kept++)
        arena_tail_add(tail, tail->segments[kept]);
}

void arena_tail_finish(struct arena_tail *tail)
{
    free(tail->segments);
    *tail = (struct arena_tail){0};
}

static enum status read_range(struct arena *arena, const struct arena_layout *layout, uint64_t start_bytes,
                              uint64_t end_bytes, uint8_t *piece, struct arena_tail *tail)
{
    for (uint64_t at = start_bytes; at < end_bytes;) {
        struct arena_segment_header header;
        STATUS_TRY(arena_segment_read(arena, layout, at, end_bytes, &header));
        STATUS_TRY(arena_segment_check(arena, layout, &header, piece));
        at += header.size_bytes;
        arena_tail_add(tail, (struct arena_tail_segment){at, header.checksum});
    }
    return STATUS_OK;
}

static enum status read_tail(struct arena *arena, const struct arena_layout *layout,
                             const struct arena_superblock *superblock, uint8_t *piece, struct arena_tail *tail)
{
    uint64_t at_bytes = superblock->tail_start_bytes, size_bytes;
    while ((size_bytes = arena_part_next(superblock, &at_bytes, UINT64_MAX)) > 0) {
        STATUS_TRY(read_range(arena, layout, at_bytes, at_bytes + size_bytes, piece, tail));
        at_bytes += size_bytes;
    }
    return STATUS_OK;
}

enum status arena_tail_read(struct arena *arena, const struct arena_layout *layout,
                            const struct arena_superblock *superblock, struct arena_tail *tail)
{
    arena_tail_clear(arena, tail);
    if (superblock->tail_start_bytes == superblock->watermark_bytes)
        return STATUS_OK;
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = read_tail(arena, layout, superblock, piece, tail);
    free(piece);
    return status;
}
