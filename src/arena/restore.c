/* An arena made out of the bytes of another: the ranges of a commit, put back
 * at their addresses, and one superblock above them. */
#include "arena/large.h"

#include <stdlib.h>

static enum status read_node(void *context, uint64_t page, struct tree_page *bytes)
{
    return arena_read_file(context, page * ARENA_PAGE_BYTES, bytes, sizeof *bytes);
}

enum status arena_ranges(struct arena *arena, const struct arena_commit *commit, struct arena_range **ranges,
                         size_t *count)
{
    struct tree large;
    *count = 0;
    *ranges = NULL;
    STATUS_TRY(tree_load(&large, ARENA_TREE_LARGE, commit->large_page, commit->large_checksum, arena->seed,
                         ARENA_FIRST_PAGE, commit->file_pages, read_node, arena));
    size_t capacity = ARENA_RANGES_MAX + (size_t)large.count;
    *ranges = malloc(capacity * sizeof **ranges);
    if (*ranges == NULL)
        check_out_of_memory(__FILE__, __LINE__, capacity * sizeof **ranges);
    for (size_t i = 0; i < commit->range_count; i++)
        if (commit->ranges[i].end_bytes > commit->ranges[i].start_bytes)
            (*ranges)[(*count)++] = commit->ranges[i];
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&large, at)) != NULL; at = record->key + 1)
        (*ranges)[(*count)++] =
            (struct arena_range){record->key * ARENA_PAGE_BYTES, record->key * ARENA_PAGE_BYTES + record->count};
    tree_finish(&large);
    return STATUS_OK;
}

/* Its record may be gone from the live tree; its own words say what it is. */
static enum status check_large(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes)
{
    uint8_t *base = noun_base;
    noun_space_enter(arena->base);
    noun atom = NOUN_TAG_ATOM | start_bytes / 8;
    const uint64_t *words = noun_words(atom);
    bool is_good =
        words[1] + 2 == (end_bytes - start_bytes) / 8 && words[1 + words[1]] != 0 && words[0] == noun_hash_atom(atom);
    noun_space_enter(base);
    if (is_good)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "the large object at byte %" PRIu64 " of %s does not match its hash",
                       start_bytes, os_file_path(arena->file));
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

enum status arena_range_read(struct arena *arena, uint64_t start_bytes, void *bytes, size_t size_bytes)
{
    return arena_read_bytes(arena, &arena->layout, start_bytes, bytes, size_bytes);
}

enum status arena_range_check(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes, uint64_t size_bytes_max,
                              uint64_t *checked_end_bytes)
{
    if (start_bytes >= ARENA_LARGE_START_BYTES) {
        *checked_end_bytes = end_bytes;
        return check_large(arena, start_bytes, end_bytes);
    }
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
    size_t segment_ranges = 0;
    for (size_t i = 0; i < restore->count; i++) {
        segment_ranges += restore->ranges[i].start_bytes < ARENA_LARGE_START_BYTES;
        struct arena_range range = restore->ranges[i];
        if (range.start_bytes < end_bytes || range.end_bytes <= range.start_bytes || range.start_bytes % 8 != 0 ||
            range.end_bytes % 8 != 0 || range.end_bytes > NOUN_PERSISTENT_BYTES ||
            (range.end_bytes > ARENA_LARGE_START_BYTES && range.start_bytes < ARENA_LARGE_START_BYTES))
            return status_fail(STATUS_INVALID, "[%" PRIu64 ", %" PRIu64 ") is no range of an arena", range.start_bytes,
                               range.end_bytes);
        end_bytes = bits_round_up(range.end_bytes, ARENA_PAGE_BYTES);
    }
    if (segment_ranges > ARENA_RANGES_MAX)
        return status_fail(STATUS_INVALID, "%zu ranges are more than an arena has", segment_ranges);
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
    STATUS_TRY(arena_check_disk(arena, size_bytes));
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

static enum status checksum_bytes(struct arena_restore *restore, uint64_t start_bytes, uint64_t size_bytes,
                                  uint8_t *piece, uint64_t *checksum)
{
    struct arena *arena = restore->arena;
    *checksum = arena->seed;
    for (uint64_t at = 0; at < size_bytes; at += ARENA_PIECE_BYTES) {
        size_t part_bytes = size_bytes - at < ARENA_PIECE_BYTES ? (size_t)(size_bytes - at) : ARENA_PIECE_BYTES;
        STATUS_TRY(arena_read_bytes(arena, &arena->layout, start_bytes + at, piece, part_bytes));
        *checksum = arena_checksum_piece(*checksum, piece, part_bytes);
    }
    return STATUS_OK;
}

/* The records of large objects, of their bytes as they are; that they are some
 * their first words say.  There may be several in one range: neighbours that
 * fill their pages. */
static enum status take_large(struct arena_restore *restore, const struct arena_range *range, uint8_t *piece)
{
    struct arena *arena = restore->arena;
    for (uint64_t at = range->start_bytes; at < range->end_bytes;) {
        uint64_t words[2] = {0, 0}, checksum, left_words = (range->end_bytes - at) / 8;
        if (left_words > 2)
            STATUS_TRY(arena_read_bytes(arena, &arena->layout, at, words, sizeof words));
        if (words[1] == 0 || words[1] > left_words - 2 || at % ARENA_PAGE_BYTES != 0)
            return status_fail(STATUS_CORRUPT,
                               "at byte %" PRIu64 " there is no large object of at most %" PRIu64 " bytes", at,
                               left_words * 8);
        uint64_t size_bytes = (words[1] + 2) * 8;
        STATUS_TRY(checksum_bytes(restore, at, size_bytes, piece, &checksum));
        tree_put(&arena->layout.large,
                 (struct tree_record){at / ARENA_PAGE_BYTES, size_bytes, checksum, ARENA_FIRST_SEQUENCE});
        arena_allocation_put(arena, at / ARENA_PAGE_BYTES, restore->commit.event_number, "restored");
        at += size_bytes;
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
        status = restore->ranges[i].start_bytes >= ARENA_LARGE_START_BYTES
                     ? take_large(restore, &restore->ranges[i], piece)
                     : check_range(restore, &restore->ranges[i], piece, superblock);
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
    superblock.large_end_bytes = arena_large_end(&arena->layout.large);
    if (!arena_roots_are_sane(&superblock))
        return status_fail(STATUS_CORRUPT, "the roots of the commit do not lie in its ranges");
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
