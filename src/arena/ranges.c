/* The ranges of the address space in which a superblock's segments lie. */
#include "arena/private.h"

uint64_t arena_bytes_above(const struct arena_superblock *superblock, uint64_t start_bytes)
{
    uint64_t sum_bytes = 0;
    for (size_t i = 0; i < superblock->range_count; i++) {
        struct arena_range range = superblock->ranges[i];
        if (range.end_bytes > start_bytes)
            sum_bytes += range.end_bytes - (range.start_bytes > start_bytes ? range.start_bytes : start_bytes);
    }
    return sum_bytes;
}

uint64_t arena_part_next(const struct arena_superblock *superblock, uint64_t *at_bytes, uint64_t size_bytes_max)
{
    for (size_t i = 0; i < superblock->range_count; i++) {
        struct arena_range range = superblock->ranges[i];
        if (range.end_bytes <= *at_bytes || range.end_bytes == range.start_bytes)
            continue;
        if (range.start_bytes > *at_bytes)
            *at_bytes = range.start_bytes;
        uint64_t size_bytes = range.end_bytes - *at_bytes;
        return size_bytes < size_bytes_max ? size_bytes : size_bytes_max;
    }
    return 0;
}

struct arena_range *arena_open_range(struct arena_superblock *superblock)
{
    return &superblock->ranges[superblock->range_count - 1];
}

/* What was mapped ahead of need comes along. */
enum status arena_open_range_move(struct arena *arena, uint64_t start_bytes)
{
    struct arena_superblock *newest = &arena->newest;
    bool is_empty = arena_open_range(newest)->start_bytes == newest->watermark_bytes;
    if (!is_empty && newest->range_count == ARENA_RANGES_MAX)
        return status_fail(STATUS_LIMIT,
                           "the state of %s lies in %u ranges already: collect more of it (loam gc --full)",
                           os_file_path(arena->file), ARENA_RANGES_MAX);
    uint64_t first_page = bits_round_up(newest->watermark_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    uint64_t end_page = arena->capacity_bytes / ARENA_PAGE_BYTES;
    if (first_page < end_page) {
        STATUS_TRY(arena_pages_move(arena, first_page, end_page, start_bytes / ARENA_PAGE_BYTES));
        arena->capacity_bytes = start_bytes + (end_page - first_page) * ARENA_PAGE_BYTES;
    } else {
        arena->capacity_bytes = start_bytes;
    }
    arena->move_count++;
    newest->range_count += !is_empty;
    *arena_open_range(newest) = (struct arena_range){start_bytes, start_bytes};
    newest->watermark_bytes = start_bytes;
    newest->last_segment_bytes = 0;
    arena_commit_decode(newest, &arena->current);
    return STATUS_OK;
}
