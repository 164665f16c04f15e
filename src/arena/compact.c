/* Compaction: to-space, and the one superblock that puts it in the place of
 * from-space and tail.
 *
 *   begun         | kept | from-space |to-space        |tail |ahead|
 *   published     | kept |  (limbo)   |to-space|ahead| | (limbo)   |
 *
 * To-space has addresses of its own from the start, but gets pages as it is
 * written.  They are in the live directory, so superblocks of commits made
 * meanwhile carry them, mapped and in no range; a start that finds such pages
 * frees them (arena_pages_tidy), so nothing is lost if the process dies.
 *
 * Publishing waits for no flush.  What of to-space was written since it was last
 * flushed is the superblock's tail, under its chained checksum, as what a commit
 * has written is; and until the superblock is durable from-space is not used
 * again.
 *
 * Commits go on at to-space's end.  What was mapped ahead of need for the tail
 * is exchanged for the lowest free pages: a change of the directory, no bytes.
 *
 * To-space goes into the lowest hole among the addresses above the boundary that
 * is large enough; that is how a compaction of everything comes back to the low
 * end, and why one that is begun again and again uses no new addresses.  Without
 * a hole it goes above everything, and commits go on above it. */
#include "arena/large.h"

#include <stdlib.h>

#ifdef LOAM_HOSTILE
#define STEP_PAGES 4u
#else
#define STEP_PAGES ((uint64_t)(4 << 20) / ARENA_PAGE_BYTES)
#endif

struct arena_compaction {
    struct arena_writer writer; /* first: grow_to_space gets from it to the compaction */
    struct arena_compaction_space space;
    uint64_t capacity_bytes;  /* end of what is mapped of to-space */
    uint64_t synced_bytes;    /* end of what is durable of it */
    uint64_t segment_count;   /* in the file when it began */
    uint64_t object_count;    /* likewise */
    struct arena_range *from; /* owned: the ranges of from-space */
    size_t from_count;
    bool is_full;             /* nothing is kept below it */
    struct arena_marks marks; /* large objects that are still reached */
    bool is_counted;
    uint64_t from_segments;
    uint64_t from_objects;
};

static uint64_t page_up(uint64_t bytes)
{
    return bits_round_up(bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
}

/* ---- to-space ------------------------------------------------------------------ */

static enum status map_step(struct arena_compaction *compaction, uint64_t wanted_pages)
{
    struct arena *arena = compaction->writer.arena;
    uint64_t count = 0;
    os_mutex_lock(arena->pages_mutex);
    enum status status = arena_pages_map_some(arena, compaction->capacity_bytes / ARENA_PAGE_BYTES,
                                              arena_run_shortest(arena, wanted_pages), wanted_pages, &count);
    compaction->capacity_bytes += count * ARENA_PAGE_BYTES;
    os_mutex_unlock(arena->pages_mutex);
    if (status != STATUS_OK || count > 0)
        return status;
    return arena_pages_extend(arena, wanted_pages, false);
}

static enum status grow_to_space(struct arena_writer *writer, uint64_t end_bytes)
{
    struct arena_compaction *compaction = (struct arena_compaction *)(void *)writer;
    if (end_bytes > compaction->space.to_end_bytes)
        return status_fail(STATUS_LIMIT, "the compaction of %s needs more than the %" PRIu64 " MiB that it reserved",
                           os_file_path(writer->arena->file),
                           (compaction->space.to_end_bytes - compaction->space.to_start_bytes) >> 20);
    while (compaction->capacity_bytes < end_bytes) {
        uint64_t left_pages = (compaction->space.to_end_bytes - compaction->capacity_bytes) / ARENA_PAGE_BYTES;
        uint64_t needed_pages = page_up(end_bytes - compaction->capacity_bytes);
        uint64_t wanted_pages = needed_pages > STEP_PAGES ? needed_pages : STEP_PAGES;
        STATUS_TRY(map_step(compaction, wanted_pages < left_pages ? wanted_pages : left_pages));
    }
    return STATUS_OK;
}

/* ---- beginning ------------------------------------------------------------------ */

static enum status check_room(struct arena *arena, uint64_t size_bytes)
{
    uint64_t usable_bytes = arena_pages_usable(arena) * ARENA_PAGE_BYTES;
    if (size_bytes <= usable_bytes)
        return STATUS_OK;
    enum status status = arena_check_limit(arena, size_bytes - usable_bytes);
    if (status == STATUS_OK)
        status = arena_check_disk(arena, size_bytes - usable_bytes);
    if (status != STATUS_NO_SPACE && status != STATUS_LIMIT)
        return status;
    return status_fail(STATUS_NO_SPACE, "a compaction that needs %" PRIu64 " bytes is not begun: %.800s", size_bytes,
                       status_message());
}

/* A range that is cut must be cut between two segments. */
static enum status check_boundary(struct arena *arena, uint64_t from_bytes)
{
    for (size_t i = 0; i < arena->newest.range_count; i++) {
        struct arena_range range = arena->newest.ranges[i];
        struct arena_segment_header header;
        if (from_bytes <= range.start_bytes || from_bytes >= range.end_bytes)
            continue;
        if (arena_segment_read(arena, &arena->layout, from_bytes, range.end_bytes, &header) != STATUS_OK)
            return status_fail(STATUS_INVALID, "byte %" PRIu64 " of %s is no boundary between segments", from_bytes,
                               os_file_path(arena->file));
    }
    return STATUS_OK;
}

/* Between to-space and what comes above it, so that commits can go on at its end
 * while addresses above are in limbo. */
#define GAP_BYTES (2 * ARENA_ROOM_AHEAD_BYTES)

/* The end of what is mapped or in limbo at `at_bytes`, or `at_bytes` and in *free_end_bytes where
 * the next such thing begins.  Under the pages' mutex. */
static uint64_t skip_used(const struct arena *arena, uint64_t at_bytes, uint64_t *free_end_bytes)
{
    struct layout_run run;
    *free_end_bytes = arena_next_obstacle(arena, at_bytes);
    for (size_t i = 0; i < arena->limbo_count; i++) {
        uint64_t start_bytes = arena->limbo[i].run.page * ARENA_PAGE_BYTES;
        uint64_t end_bytes = start_bytes + arena->limbo[i].run.count * ARENA_PAGE_BYTES;
        if (start_bytes <= at_bytes && at_bytes < end_bytes)
            return end_bytes;
    }
    if (!layout_next(&arena->layout, at_bytes / ARENA_PAGE_BYTES, &run))
        return at_bytes;
    if (run.page * ARENA_PAGE_BYTES <= at_bytes)
        return (run.page + run.count) * ARENA_PAGE_BYTES;
    if (run.page * ARENA_PAGE_BYTES < *free_end_bytes)
        *free_end_bytes = run.page * ARENA_PAGE_BYTES;
    return at_bytes;
}

/* The lowest unused addresses from `from_bytes` on and below where commits go on; 0 if there are none. */
static uint64_t find_hole(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes)
{
    uint64_t at_bytes = page_up(from_bytes) * ARENA_PAGE_BYTES, free_end_bytes;
    uint64_t limit_bytes = arena_open_range(&arena->newest)->start_bytes;
    while (at_bytes < limit_bytes) {
        uint64_t used_end_bytes = skip_used(arena, at_bytes, &free_end_bytes);
        if (used_end_bytes == at_bytes && free_end_bytes <= limit_bytes && free_end_bytes - at_bytes >= size_bytes)
            return at_bytes;
        at_bytes = used_end_bytes == at_bytes ? free_end_bytes : used_end_bytes;
    }
    return 0;
}

/* Under both mutexes: the start of to-space. */
static enum status place(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes, uint64_t *to_start_bytes)
{
    if (from_bytes <= arena->newest.ranges[0].start_bytes)
        from_bytes = ARENA_DATA_START_BYTES;
    *to_start_bytes = find_hole(arena, from_bytes, size_bytes + GAP_BYTES);
    if (*to_start_bytes != 0)
        return STATUS_OK;
    uint64_t top_bytes = arena_top(arena), watermark_bytes = page_up(arena->newest.watermark_bytes) * ARENA_PAGE_BYTES;
    /* what is mapped ahead of need moves on, so its addresses are free */
    *to_start_bytes = top_bytes == arena->capacity_bytes ? watermark_bytes : top_bytes;
    if (ARENA_LARGE_START_BYTES - *to_start_bytes <= size_bytes + GAP_BYTES + ARENA_ROOM_AHEAD_BYTES)
        return status_fail(STATUS_LIMIT,
                           "the addresses of %s are used up: a compaction of everything (loam gc --full) starts low "
                           "again",
                           os_file_path(arena->file));
    return arena_open_range_move(arena, *to_start_bytes + size_bytes + GAP_BYTES);
}

static void note_from_space(struct arena_compaction *compaction, const struct arena_superblock *newest,
                            uint64_t from_bytes)
{
    for (size_t i = 0; i < newest->range_count; i++) {
        struct arena_range range = newest->ranges[i];
        if (range.start_bytes < from_bytes)
            range.start_bytes = from_bytes;
        if (range.start_bytes < range.end_bytes)
            compaction->from[compaction->from_count++] = range;
    }
}

static struct arena_compaction *compaction_new(struct arena *arena)
{
    struct arena_compaction *compaction = calloc(1, sizeof *compaction);
    struct arena_range *from = calloc(ARENA_RANGES_MAX, sizeof *from);
    if (compaction == NULL || from == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *compaction);
    compaction->from = from;
    compaction->writer.arena = arena;
    compaction->writer.grow = grow_to_space;
    compaction->writer.is_behind = true;
    return compaction;
}

void arena_compaction_free(struct arena_compaction *compaction)
{
    if (compaction == NULL)
        return;
    arena_writer_finish(&compaction->writer);
    arena_marks_finish(&compaction->marks);
    free(compaction->from);
    free(compaction);
}

/* Under the mutex. */
static enum status begin(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes,
                         struct arena_compaction *compaction)
{
    struct arena_superblock *newest = &arena->newest;
    STATUS_TRY(check_boundary(arena, from_bytes));
    struct arena_compaction_space *space = &compaction->space;
    *space = (struct arena_compaction_space){.from_start_bytes = from_bytes, .from_end_bytes = newest->watermark_bytes};
    compaction->is_full = from_bytes <= newest->ranges[0].start_bytes;
    note_from_space(compaction, newest, from_bytes);
    compaction->segment_count = newest->segment_count;
    compaction->object_count = newest->object_count;
    os_mutex_lock(arena->pages_mutex);
    enum status status = place(arena, from_bytes, size_bytes, &space->to_start_bytes);
    os_mutex_unlock(arena->pages_mutex);
    space->to_end_bytes = space->to_start_bytes + size_bytes;
    space->tail_start_bytes = newest->watermark_bytes;
    compaction->capacity_bytes = compaction->synced_bytes = space->to_start_bytes;
    compaction->writer.event_number = newest->event_number;
    compaction->writer.sequence = newest->sequence;
    compaction->writer.end_bytes = space->to_start_bytes;
    return status;
}

enum status arena_compaction_begin(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes_max,
                                   struct arena_compaction **out)
{
    *out = NULL;
    STATUS_TRY(arena_refuse_writing(arena));
    CHECK(!arena->is_building && arena->compaction == NULL);
    if (size_bytes_max > ARENA_LARGE_START_BYTES)
        size_bytes_max = ARENA_LARGE_START_BYTES;
    uint64_t size_bytes =
        bits_round_up(size_bytes_max + arena_headers_bytes(size_bytes_max), ARENA_PAGE_BYTES) + ARENA_PAGE_BYTES;
    if (from_bytes < ARENA_DATA_START_BYTES)
        from_bytes = ARENA_DATA_START_BYTES;
    STATUS_TRY(check_room(arena, size_bytes));
    struct arena_compaction *compaction = compaction_new(arena);
    os_mutex_lock(arena->mutex);
    enum status status = arena_prepare_writing(arena);
    if (status == STATUS_OK)
        status = begin(arena, from_bytes, size_bytes, compaction);
    os_mutex_unlock(arena->mutex);
    if (status != STATUS_OK) {
        arena_compaction_free(compaction);
        return status;
    }
    arena_segment_begin(&compaction->writer);
    arena->compaction = compaction;
    *out = compaction;
    return STATUS_OK;
}

void arena_compaction_space(const struct arena_compaction *compaction, struct arena_compaction_space *space)
{
    *space = compaction->space;
}

struct arena_builder *arena_compaction_builder(struct arena_compaction *compaction)
{
    return &compaction->writer.builder;
}

void arena_compaction_keep_large(struct arena_compaction *compaction, noun atom)
{
    CHECK_DEBUG(noun_is_large(atom));
    if (compaction->is_full)
        arena_marks_add(&compaction->marks, noun_offset_words(atom) * 8 / ARENA_PAGE_BYTES);
}

/* ---- in the background ----------------------------------------------------------- */

/* From-space is still there and mapped, so its headers are read in place. */
static enum status count_from_space(struct arena_compaction *compaction)
{
    if (compaction->is_counted)
        return STATUS_OK;
    for (size_t i = 0; i < compaction->from_count; i++)
        for (uint64_t at = compaction->from[i].start_bytes; at < compaction->from[i].end_bytes;) {
            struct arena_segment_header header;
            memcpy(&header, compaction->writer.arena->base + at, sizeof header);
            if (header.size_bytes < sizeof header || header.size_bytes > compaction->from[i].end_bytes - at)
                return status_fail(STATUS_CORRUPT,
                                   "the file has rotted: the segment's header at byte %" PRIu64
                                   " of the arena is damaged; `loam doctor --repair` makes the state again",
                                   at);
            compaction->from_segments++;
            compaction->from_objects += header.object_count;
            at += header.size_bytes;
        }
    compaction->is_counted = true;
    return STATUS_OK;
}

enum status arena_compaction_sync(struct arena_compaction *compaction)
{
    STATUS_TRY(count_from_space(compaction));
    STATUS_TRY(compaction->writer.status);
    compaction->writer.status = arena_segment_write(&compaction->writer, NOUN_NONE);
    STATUS_TRY(compaction->writer.status);
    STATUS_TRY(arena_flush(compaction->writer.arena));
    compaction->synced_bytes = compaction->writer.end_bytes;
    return STATUS_OK;
}

/* ---- publishing -------------------------------------------------------------------- */

static void keep_ranges_below(struct arena_superblock *superblock, uint64_t from_bytes)
{
    size_t kept = 0;
    for (size_t i = 0; i < superblock->range_count; i++) {
        struct arena_range range = superblock->ranges[i];
        if (range.start_bytes >= from_bytes)
            break;
        if (range.end_bytes > from_bytes)
            range.end_bytes = from_bytes;
        superblock->ranges[kept++] = range;
    }
    memset(superblock->ranges + kept, 0, (ARENA_RANGES_MAX - kept) * sizeof superblock->ranges[0]);
    superblock->range_count = kept;
}

/* Under both mutexes.  What was mapped ahead of the tail goes, and as much, but
 * no more than `count_max`, is mapped ahead of to-space's end, from the lowest
 * free pages, so that the end of the file comes free. */
static enum status map_ahead(struct arena *arena, uint64_t first_page, uint64_t end_page, uint64_t to_page,
                             uint64_t count_max)
{
    uint64_t room = arena_next_obstacle(arena, to_page * ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES - to_page, count = 1;
    uint64_t left = end_page - first_page < room ? end_page - first_page : room;
    if (left > count_max)
        left = count_max;
    if (first_page < end_page)
        arena_pages_unmap(arena, first_page, end_page, 0);
    for (; first_page < end_page && left > 0 && count > 0; left -= count, to_page += count) {
        STATUS_TRY(arena_pages_map_some(arena, to_page, arena_run_shortest(arena, left), left, &count));
    }
    return STATUS_OK;
}

/* Under both mutexes.  What was mapped of to-space and is not used is ahead of
 * the next commits; what they would not soon need of it goes.  Returns its end. */
static uint64_t trim_to_space(struct arena *arena, const struct arena_compaction *compaction)
{
    uint64_t end_page = compaction->capacity_bytes / ARENA_PAGE_BYTES;
    uint64_t kept_page = page_up(compaction->writer.end_bytes) + STEP_PAGES;
    if (end_page <= kept_page)
        return end_page;
    arena_pages_unmap(arena, kept_page, end_page, 0);
    return kept_page;
}

/* Under both mutexes. */
static enum status exchange_pages(struct arena *arena, const struct arena_compaction *compaction)
{
    uint64_t from_page = page_up(compaction->space.from_start_bytes);
    uint64_t to_page = compaction->space.to_start_bytes / ARENA_PAGE_BYTES;
    uint64_t to_end_page = trim_to_space(arena, compaction);
    uint64_t kept_ahead = to_end_page - page_up(compaction->writer.end_bytes);
    uint64_t ahead_page = page_up(arena->newest.watermark_bytes), ahead_end = arena->capacity_bytes / ARENA_PAGE_BYTES;
    if (from_page < to_page)
        arena_pages_unmap(arena, from_page, to_page, arena->next_sequence);
    arena_pages_unmap(arena, to_end_page, ahead_page, arena->next_sequence);
    if (compaction->is_full)
        arena_large_free_unmarked(arena, &compaction->marks, compaction->writer.sequence);
    STATUS_TRY(map_ahead(arena, ahead_page, ahead_end, to_end_page, STEP_PAGES - kept_ahead));
    arena->capacity_bytes = layout_mapped_end(&arena->layout, to_end_page) * ARENA_PAGE_BYTES;
    arena->move_count++;
    return STATUS_OK;
}

static void fill_superblock(const struct arena *arena, const struct arena_compaction *compaction,
                            const struct arena_commit *commit, struct arena_superblock *superblock)
{
    const struct arena_writer *writer = &compaction->writer;
    uint64_t tail_segments = superblock->segment_count - compaction->segment_count;
    uint64_t tail_objects = superblock->object_count - compaction->object_count;
    memcpy(superblock->job_hash, commit->job_hash, sizeof superblock->job_hash);
    memcpy(superblock->kernel_hash, commit->kernel_hash, sizeof superblock->kernel_hash);
    memcpy(superblock->roots, commit->roots, sizeof superblock->roots);
    superblock->segment_count += writer->segment_count - tail_segments - compaction->from_segments;
    superblock->object_count += writer->object_count - tail_objects - compaction->from_objects;
    superblock->watermark_bytes = writer->end_bytes;
    superblock->last_segment_bytes = writer->last_segment_bytes;
    superblock->state_hash = noun_hash_persistent(commit->roots[ARENA_ROOT_STATE]);
    keep_ranges_below(superblock, compaction->space.from_start_bytes);
    superblock->ranges[superblock->range_count++] =
        (struct arena_range){compaction->space.to_start_bytes, writer->end_bytes};
    arena_origins_collected(superblock, writer->end_bytes - compaction->space.to_start_bytes);
    CHECK(commit->event_number == arena->newest.event_number);
}

/* Under the mutex.  The tail of the superblock is what of to-space was written
 * since it was last flushed. */
static void take_tail(struct arena *arena, const struct arena_compaction *compaction)
{
    const struct arena_tail *segments = &compaction->writer.segments;
    arena_tail_clear(arena, &arena->tail);
    for (size_t i = 0; i < segments->count; i++)
        if (segments->segments[i].end_bytes > compaction->synced_bytes)
            arena_tail_add(&arena->tail, segments->segments[i]);
    arena->durable_watermark_bytes = compaction->synced_bytes;
}

/* Under the mutex.  A failure in here leaves the directory half changed, so
 * nothing more may be written. */
static enum status exchange(struct arena *arena, const struct arena_compaction *compaction,
                            const struct arena_commit *commit)
{
    struct arena_superblock superblock = arena->newest;
    fill_superblock(arena, compaction, commit, &superblock);
    os_mutex_lock(arena->pages_mutex);
    enum status status = exchange_pages(arena, compaction);
    os_mutex_unlock(arena->pages_mutex);
    take_tail(arena, compaction);
    if (status == STATUS_OK)
        status = arena_ring_write(arena, &superblock);
    if (status != STATUS_OK)
        atomic_store(&arena->is_poisoned, true);
    else
        arena_commit_decode(&arena->newest, &arena->current);
    return status;
}

static enum status publish(struct arena *arena, struct arena_compaction *compaction, const struct arena_commit *commit)
{
    STATUS_TRY(arena_refuse_writing(arena));
    STATUS_TRY(compaction->writer.status);
    STATUS_TRY(count_from_space(compaction));
    compaction->writer.is_behind = false; /* the owner waits */
    STATUS_TRY(arena_segment_write(&compaction->writer, NOUN_NONE));
    os_mutex_lock(arena->mutex);
    enum status status = exchange(arena, compaction, commit);
    os_mutex_unlock(arena->mutex);
    return status;
}

enum status arena_compaction_publish(struct arena *arena, struct arena_compaction *compaction,
                                     struct arena_commit *commit)
{
    CHECK(arena->compaction == compaction && !arena->is_building);
    enum status status = publish(arena, compaction, commit);
    if (status != STATUS_OK) {
        arena_compaction_abort(arena, compaction);
        return status_add_context(status, "the compaction is given up");
    }
    arena->compaction = NULL;
    arena_compaction_free(compaction);
    *commit = arena->current;
    return STATUS_OK;
}

void arena_compaction_abort(struct arena *arena, struct arena_compaction *compaction)
{
    if (compaction == NULL)
        return;
    CHECK(arena->compaction == compaction);
    if (!atomic_load(&arena->is_poisoned)) {
        os_mutex_lock(arena->pages_mutex);
        arena_pages_unmap(arena, compaction->space.to_start_bytes / ARENA_PAGE_BYTES,
                          compaction->capacity_bytes / ARENA_PAGE_BYTES, 0);
        os_mutex_unlock(arena->pages_mutex);
    }
    arena->compaction = NULL;
    arena_compaction_free(compaction);
}
