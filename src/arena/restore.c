/* An arena made out of the bytes of another: the ranges of a commit, put back
 * at their addresses, and one superblock above them. */
#include "arena/private.h"

#include <stdlib.h>

enum status arena_ranges(struct arena *arena, const struct arena_commit *commit, struct arena_range **ranges,
                         size_t *count)
{
    (void)arena;
    *count = 0;
    *ranges = malloc(ARENA_RANGES_MAX * sizeof **ranges);
    if (*ranges == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_RANGES_MAX * sizeof **ranges);
    for (size_t i = 0; i < commit->range_count; i++)
        if (commit->ranges[i].end_bytes > commit->ranges[i].start_bytes)
            (*ranges)[(*count)++] = commit->ranges[i];
    return STATUS_OK;
}

static enum status check_some(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes, uint64_t size_bytes_max,
                              uint8_t *piece, uint64_t *checked_end_bytes)
{
    uint64_t at = start_bytes;
    while (at < end_bytes) {
        struct arena_segment_header header;
        STATUS_TRY(arena_segment_read(arena, &arena->layout, at, end_bytes, &header));
        if (at > start_bytes && at - start_bytes + header.size_bytes > size_bytes_max)
            break;
        STATUS_TRY(arena_segment_check(arena, &arena->layout, &header, piece));
        at += header.size_bytes;
    }
    *checked_end_bytes = at;
    return STATUS_OK;
}

enum status arena_range_check(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes, uint64_t size_bytes_max,
                              uint64_t *checked_end_bytes)
{
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = check_some(arena, start_bytes, end_bytes, size_bytes_max, piece, checked_end_bytes);
    free(piece);
    return status;
}

struct arena_restore {
    struct arena *arena; /* owned: the file beside */
    char *path;          /* owned: its name at last */
    char *beside;        /* owned: its name until then */
    struct arena_commit commit;
    struct arena_range *ranges; /* owned */
    size_t count;
};

static void restore_free(struct arena_restore *restore)
{
    arena_free(restore->arena);
    free(restore->path);
    free(restore->beside);
    free(restore->ranges);
    free(restore);
}

/* Ascending, apart, and few enough. */
static enum status check_ranges(const struct arena_restore *restore)
{
    uint64_t end_bytes = ARENA_DATA_START_BYTES;
    for (size_t i = 0; i < restore->count; i++) {
        struct arena_range range = restore->ranges[i];
        if (range.start_bytes < end_bytes || range.end_bytes <= range.start_bytes || range.start_bytes % 8 != 0 ||
            range.end_bytes % 8 != 0 || range.end_bytes > ARENA_LARGE_START_BYTES)
            return status_fail(STATUS_INVALID, "[%" PRIu64 ", %" PRIu64 ") is no range of an arena", range.start_bytes,
                               range.end_bytes);
        end_bytes = bits_round_up(range.end_bytes, ARENA_PAGE_BYTES);
    }
    if (restore->count > ARENA_RANGES_MAX)
        return status_fail(STATUS_INVALID, "%zu ranges are more than an arena has", restore->count);
    return STATUS_OK;
}

/* Pages for every range, one after the other in the file. */
static enum status map_ranges(struct arena_restore *restore)
{
    struct arena *arena = restore->arena;
    uint64_t start_pages = arena->layout.file_pages;
    for (size_t i = 0; i < restore->count; i++) {
        uint64_t page = restore->ranges[i].start_bytes / ARENA_PAGE_BYTES;
        uint64_t end_page = bits_round_up(restore->ranges[i].end_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
        layout_map(&arena->layout, (struct layout_run){page, end_page - page, arena->layout.file_pages});
        arena->layout.file_pages += end_page - page;
    }
    uint64_t size_bytes = (arena->layout.file_pages - start_pages) * ARENA_PAGE_BYTES;
    STATUS_TRY(arena_check_space(arena, size_bytes));
    STATUS_TRY(os_file_allocate(arena->file, start_pages * ARENA_PAGE_BYTES, size_bytes));
    return arena_pages_extend(arena, ARENA_SPARE_PAGES, true);
}

static enum status begin(struct arena_restore *restore, const uint8_t identity[ARENA_IDENTITY_SIZE_BYTES])
{
    STATUS_TRY(check_ranges(restore));
    STATUS_TRY(arena_name_is_free(restore->path));
    STATUS_TRY(arena_remove_leftover(restore->beside));
    STATUS_TRY(os_file_open(restore->beside, OS_OPEN_CREATE, &restore->arena->file));
    arena_identity_set(restore->arena, identity);
    return map_ranges(restore);
}

enum status arena_restore_begin(const char *path, const struct arena_options *options,
                                const uint8_t identity[ARENA_IDENTITY_SIZE_BYTES], const struct arena_commit *commit,
                                const struct arena_range *ranges, size_t count, struct arena_restore **out)
{
    *out = NULL;
    struct arena_restore *restore = calloc(1, sizeof *restore);
    if (restore == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *restore);
    restore->ranges = malloc((count + 1) * sizeof *ranges);
    if (restore->ranges == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * sizeof *ranges);
    if (count > 0)
        memcpy(restore->ranges, ranges, count * sizeof *ranges);
    restore->count = count;
    restore->commit = *commit;
    restore->path = malloc(strlen(path) + 1);
    if (restore->path == NULL)
        check_out_of_memory(__FILE__, __LINE__, strlen(path));
    strcpy(restore->path, path);
    restore->beside = arena_name_beside(path);
    restore->arena = arena_new(options);
    enum status status = begin(restore, identity);
    if (status == STATUS_OK)
        *out = restore;
    else
        arena_restore_abort(restore);
    return status == STATUS_OK ? status : status_add_context(status, "cannot restore the arena");
}

enum status arena_restore_write(struct arena_restore *restore, uint64_t start_bytes, const void *bytes,
                                size_t size_bytes)
{
    for (size_t i = 0; i < restore->count; i++)
        if (start_bytes >= restore->ranges[i].start_bytes && start_bytes <= restore->ranges[i].end_bytes &&
            size_bytes <= restore->ranges[i].end_bytes - start_bytes)
            return arena_write_bytes(restore->arena, start_bytes, bytes, size_bytes);
    return status_fail(STATUS_INVALID, "%zu bytes at %" PRIu64 " are in no range of the state", size_bytes,
                       start_bytes);
}

/* ---- finishing --------------------------------------------------------------- */

static enum status check_range(struct arena_restore *restore, const struct arena_range *range, uint8_t *piece,
                               struct arena_superblock *superblock)
{
    uint64_t *next_sequence = &restore->arena->next_sequence;
    const struct arena_layout *layout = &restore->arena->layout;
    superblock->last_segment_bytes = 0;
    superblock->watermark_bytes = range->end_bytes;
    superblock->ranges[superblock->range_count++] = *range;
    for (uint64_t at = range->start_bytes; at < range->end_bytes;) {
        struct arena_segment_header header;
        STATUS_TRY(arena_segment_read(restore->arena, layout, at, range->end_bytes, &header));
        STATUS_TRY(arena_segment_check(restore->arena, layout, &header, piece));
        superblock->last_segment_bytes = at;
        superblock->segment_count++;
        superblock->object_count += header.object_count;
        *next_sequence = header.sequence >= *next_sequence ? header.sequence + 1 : *next_sequence;
        at += header.size_bytes;
    }
    return STATUS_OK;
}

static enum status check_segments(struct arena_restore *restore, struct arena_superblock *superblock)
{
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < restore->count && status == STATUS_OK; i++)
        status = check_range(restore, &restore->ranges[i], piece, superblock);
    free(piece);
    return status;
}

/* The segments first, then what makes them count. */
static enum status complete(struct arena_restore *restore)
{
    struct arena *arena = restore->arena;
    const struct arena_commit *commit = &restore->commit;
    struct arena_superblock superblock = {
        .magic = ARENA_SUPERBLOCK_MAGIC,
        .format_version = ARENA_FORMAT_VERSION,
        .event_number = commit->event_number,
        .state_hash = commit->state_hash,
        .large_end_bytes = ARENA_LARGE_START_BYTES,
    };
    memcpy(superblock.identity, arena->identity, sizeof superblock.identity);
    memcpy(superblock.kernel_hash, commit->kernel_hash, sizeof superblock.kernel_hash);
    memcpy(superblock.job_hash, commit->job_hash, sizeof superblock.job_hash);
    memcpy(superblock.roots, commit->roots, sizeof superblock.roots);
    arena->next_sequence = ARENA_FIRST_SEQUENCE;
    STATUS_TRY(check_segments(restore, &superblock));
    if (superblock.range_count == 0) {
        superblock.watermark_bytes = ARENA_DATA_START_BYTES;
        superblock.ranges[superblock.range_count++] =
            (struct arena_range){ARENA_DATA_START_BYTES, ARENA_DATA_START_BYTES};
    }
    STATUS_TRY(arena_flush(arena));
    arena->durable_watermark_bytes = superblock.watermark_bytes;
    arena_tail_clear(arena, &arena->tail);
    STATUS_TRY(arena_ring_write(arena, &superblock));
    STATUS_TRY(arena_identity_page_write(arena));
    STATUS_TRY(arena_flush(arena));
    return os_rename(restore->beside, restore->path);
}

enum status arena_restore_finish(struct arena_restore *restore)
{
    enum status status = complete(restore);
    if (status == STATUS_OK) {
        restore_free(restore);
        return STATUS_OK;
    }
    char message[STATUS_MESSAGE_SIZE_BYTES];
    memcpy(message, status_message(), sizeof message);
    arena_restore_abort(restore);
    return status_fail(status, "cannot restore the arena: %.900s", message);
}

/* What cannot be removed is overwritten by the next restore. */
void arena_restore_abort(struct arena_restore *restore)
{
    if (restore == NULL)
        return;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    memcpy(message, status_message(), sizeof message);
    bool was_made = restore->arena->file != NULL;
    if (was_made && os_remove(restore->beside) != STATUS_OK)
        (void)status_fail(STATUS_IO, "%.900s; %s is left behind", message, restore->beside);
    else if (message[0] != 0)
        (void)status_fail(STATUS_IO, "%s", message);
    restore_free(restore);
}
