/* An arena made out of the bytes of another: the ranges of a commit, put back
 * at their addresses, and one superblock above them. */
#include "arena/private.h"

#include <stdio.h>
#include <stdlib.h>

enum status arena_ranges(struct arena *arena, const struct arena_commit *commit, struct arena_range **ranges,
                         size_t *count)
{
    (void)arena;
    *ranges = malloc(sizeof **ranges);
    if (*ranges == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof **ranges);
    **ranges = (struct arena_range){ARENA_DATA_START_BYTES, commit->watermark_bytes};
    *count = commit->watermark_bytes > ARENA_DATA_START_BYTES;
    return STATUS_OK;
}

static enum status check_some(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes, uint64_t size_bytes_max,
                              uint8_t *piece, uint64_t *checked_end_bytes)
{
    uint64_t at = start_bytes;
    while (at < end_bytes) {
        struct arena_segment_header header;
        STATUS_TRY(arena_segment_read(arena, at, end_bytes, &header));
        if (at > start_bytes && at - start_bytes + header.size_bytes > size_bytes_max)
            break;
        STATUS_TRY(arena_segment_check(arena, &header, piece));
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

static enum status remove_leftover(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    return kind == OS_KIND_FILE ? os_remove(path) : STATUS_OK;
}

static enum status refuse_existing(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_ABSENT)
        return STATUS_OK;
    return status_fail(STATUS_EXISTS, "%s exists already: set it aside, or give another directory", path);
}

static enum status check_ranges(const struct arena_restore *restore)
{
    if (restore->count > 1 || (restore->count == 1 && restore->ranges[0].start_bytes != ARENA_DATA_START_BYTES))
        return status_fail(STATUS_INVALID, "arena format %u has one range", ARENA_FORMAT_VERSION);
    return STATUS_OK;
}

static uint64_t end_bytes(const struct arena_restore *restore)
{
    return restore->count == 0 ? ARENA_DATA_START_BYTES : restore->ranges[restore->count - 1].end_bytes;
}

static enum status begin(struct arena_restore *restore, const uint8_t identity[ARENA_IDENTITY_SIZE_BYTES])
{
    STATUS_TRY(check_ranges(restore));
    STATUS_TRY(refuse_existing(restore->path));
    STATUS_TRY(remove_leftover(restore->beside));
    STATUS_TRY(os_file_open(restore->beside, OS_OPEN_CREATE, &restore->arena->file));
    arena_identity_set(restore->arena, identity);
    return arena_grow_to(restore->arena, end_bytes(restore));
}

static char *copy_text(const char *text, const char *suffix)
{
    size_t size_bytes = strlen(text) + strlen(suffix) + 1;
    char *copy = malloc(size_bytes);
    if (copy == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    snprintf(copy, size_bytes, "%s%s", text, suffix);
    return copy;
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
    restore->path = copy_text(path, "");
    restore->beside = copy_text(path, ".new");
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
    for (uint64_t at = range->start_bytes; at < range->end_bytes;) {
        struct arena_segment_header header;
        STATUS_TRY(arena_segment_read(restore->arena, at, range->end_bytes, &header));
        STATUS_TRY(arena_segment_check(restore->arena, &header, piece));
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
        .watermark_bytes = end_bytes(restore),
        .state_hash = commit->state_hash,
    };
    memcpy(superblock.identity, arena->identity, sizeof superblock.identity);
    memcpy(superblock.kernel_hash, commit->kernel_hash, sizeof superblock.kernel_hash);
    memcpy(superblock.job_hash, commit->job_hash, sizeof superblock.job_hash);
    memcpy(superblock.roots, commit->roots, sizeof superblock.roots);
    arena->next_sequence = ARENA_FIRST_SEQUENCE;
    STATUS_TRY(check_segments(restore, &superblock));
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
