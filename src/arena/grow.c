/* Room for commits: pages mapped above the watermark, ahead of need.
 *
 * Free pages of the file are taken first, then it grows: blocks, so that a full
 * disk is a refusal before an event is accepted and never a failure after it;
 * and zeros, because the first write to a block that was allocated but never
 * written costs the file system a change of its own, and with a journal a second
 * flush, at the very moment that somebody waits for a commit.  The room for few
 * segments doubles, up to the growth step; for many it grows by an eighth.
 *
 * Large objects take free pages when a commit has them, in whole runs.  As many
 * pages as were taken of late are kept free, up to a bound: beyond that an object
 * costs less written once, into blocks that are allocated then. */
#include "arena/private.h"

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#define STEP_LEAST_BYTES ((uint64_t)4 << 20)

/* Of room for segments; what large objects take has no part in it. */
static uint64_t step_bytes(struct arena *arena)
{
    os_mutex_lock(arena->mutex);
    uint64_t segment_bytes = arena_bytes_above(&arena->newest, 0), doubling_bytes = arena->growth_step_bytes;
    os_mutex_unlock(arena->mutex);
    if (doubling_bytes > greater(segment_bytes, STEP_LEAST_BYTES))
        doubling_bytes = greater(segment_bytes, STEP_LEAST_BYTES);
    return greater(doubling_bytes, segment_bytes / 8);
}

static uint64_t file_bytes(struct arena *arena)
{
    os_mutex_lock(arena->pages_mutex);
    uint64_t pages = arena->layout.file_pages;
    os_mutex_unlock(arena->pages_mutex);
    return pages * ARENA_PAGE_BYTES;
}

enum status arena_check_limit(struct arena *arena, uint64_t size_bytes)
{
    uint64_t now_bytes = file_bytes(arena), limit_bytes = arena->limit_pages * ARENA_PAGE_BYTES;
    if (limit_bytes == 0 || (now_bytes <= limit_bytes && size_bytes <= limit_bytes - now_bytes))
        return STATUS_OK;
    return status_fail(STATUS_LIMIT,
                       "%s has %" PRIu64 " MiB and needs %" PRIu64 " more, over its limit of %" PRIu64
                       " MiB: raise it (--max-arena), or let it be collected (loam gc)",
                       os_file_path(arena->file), now_bytes >> 20, (size_bytes >> 20) + 1, limit_bytes >> 20);
}

/* Asks first: some file systems give an allocation that they cannot complete
 * all the space that is left, until they find that out. */
enum status arena_check_disk(struct arena *arena, uint64_t size_bytes)
{
    uint64_t available_bytes;
    STATUS_TRY(os_space_available(os_file_path(arena->file), &available_bytes));
    if (size_bytes <= available_bytes)
        return STATUS_OK;
    return status_fail(STATUS_NO_SPACE,
                       "%s needs %" PRIu64 " MiB more, and its file system has %" PRIu64 " MiB left: free some space "
                       "and try again",
                       os_file_path(arena->file), (size_bytes >> 20) + 1, available_bytes >> 20);
}

/* How far to grow.  Should the watermark move elsewhere meanwhile, there is
 * nothing left to do. */
struct growth {
    uint64_t needed_page;
    uint64_t wanted_page;
    uint64_t move_count;
};

/* Under the pages' mutex. */
static bool is_short(const struct arena *arena, const struct growth *growth, uint64_t end_page)
{
    return arena->move_count == growth->move_count && arena->capacity_bytes < end_page * ARENA_PAGE_BYTES;
}

/* From the pages that may be used; not from runs too short to be worth a mapping. */
static enum status map_usable(struct arena *arena, const struct growth *growth, uint64_t end_page)
{
    enum status status = STATUS_OK;
    uint64_t count = 1;
    os_mutex_lock(arena->pages_mutex);
    while (status == STATUS_OK && count > 0 && is_short(arena, growth, end_page)) {
        uint64_t page = arena->capacity_bytes / ARENA_PAGE_BYTES, left = end_page - page;
        status = arena_pages_map_some(arena, page, arena_run_shortest(arena, left), left, &count);
        arena->capacity_bytes += count * ARENA_PAGE_BYTES;
    }
    os_mutex_unlock(arena->pages_mutex);
    return status;
}

static uint64_t missing_pages(struct arena *arena, const struct growth *growth, uint64_t end_page)
{
    os_mutex_lock(arena->pages_mutex);
    uint64_t missing = is_short(arena, growth, end_page) ? end_page - arena->capacity_bytes / ARENA_PAGE_BYTES : 0;
    os_mutex_unlock(arena->pages_mutex);
    return missing;
}

/* A little more than is wanted if few free pages are left for the nodes of trees. */
static enum status extend_to(struct arena *arena, const struct growth *growth, uint64_t end_page)
{
    uint64_t missing = missing_pages(arena, growth, end_page);
    if (missing == 0)
        return STATUS_OK;
    uint64_t spare = arena_pages_usable(arena) < ARENA_SPARE_PAGES ? ARENA_SPARE_PAGES : 0;
    STATUS_TRY(arena_pages_extend(arena, missing + spare, true));
    return map_usable(arena, growth, end_page);
}

/* A whole step if there is room for it, otherwise what is needed. */
static enum status grow(struct arena *arena, const struct growth *growth)
{
    enum status status = map_usable(arena, growth, growth->wanted_page);
    while (status == STATUS_OK && missing_pages(arena, growth, growth->needed_page) > 0) {
        status = extend_to(arena, growth, growth->wanted_page);
        if ((status == STATUS_NO_SPACE || status == STATUS_LIMIT) && !atomic_load(&arena->is_poisoned))
            status = extend_to(arena, growth, growth->needed_page);
    }
    return status == STATUS_OK ? status : status_add_context(status, "the arena cannot grow");
}

enum status arena_grow_to(struct arena *arena, uint64_t end_bytes)
{
    if (end_bytes <= arena->capacity_bytes)
        return STATUS_OK;
    STATUS_TRY(arena_refuse_poisoned(arena));
    os_mutex_lock(arena->pages_mutex);
    struct growth growth = {.move_count = arena->move_count};
    uint64_t capacity_bytes = arena->capacity_bytes;
    uint64_t obstacle_bytes = arena_next_obstacle(arena, capacity_bytes);
    os_mutex_unlock(arena->pages_mutex);
    if (end_bytes > obstacle_bytes)
        return status_fail(STATUS_LIMIT, "%s has no addresses left between byte %" PRIu64 " and %" PRIu64 ": %s",
                           os_file_path(arena->file), capacity_bytes, obstacle_bytes,
                           obstacle_bytes == ARENA_LARGE_START_BYTES
                               ? "let it be collected (loam gc --full)"
                               : "somebody still reads an old state there; try again when that has ended");
    uint64_t wanted_bytes = greater(end_bytes, capacity_bytes + step_bytes(arena));
    if (wanted_bytes > obstacle_bytes)
        wanted_bytes = obstacle_bytes;
    growth.needed_page = bits_round_up(end_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    growth.wanted_page = bits_round_up(wanted_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    return grow(arena, &growth);
}

uint64_t arena_headers_bytes(uint64_t size_bytes)
{
    return (size_bytes / (ARENA_SEGMENT_TARGET_BYTES / 2) + 2) * sizeof(struct arena_segment_header);
}

enum status arena_reserve(struct arena *arena, uint64_t size_bytes)
{
    STATUS_TRY(arena_refuse_writing(arena));
    os_mutex_lock(arena->mutex);
    enum status status = arena_prepare_writing(arena);
    os_mutex_unlock(arena->mutex);
    if (status != STATUS_OK)
        return status;
    uint64_t start_bytes = arena->current.watermark_bytes;
    if (size_bytes > NOUN_PERSISTENT_BYTES)
        return arena_grow_to(arena, UINT64_MAX);
    return arena_grow_to(arena, start_bytes + size_bytes + arena_headers_bytes(size_bytes));
}

#define KEPT_BYTES_MAX ((uint64_t)16 << 20)

/* As many free pages as large objects took since the last time. */
static enum status keep_for_large(struct arena *arena)
{
    uint64_t written_bytes = arena->large_written_bytes, recent_bytes = written_bytes - arena->large_seen_bytes;
    arena->large_seen_bytes = written_bytes;
    if (recent_bytes > KEPT_BYTES_MAX)
        recent_bytes = KEPT_BYTES_MAX;
    uint64_t usable = arena_pages_usable(arena),
             wanted = bits_round_up(recent_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    return usable < wanted ? arena_pages_extend(arena, wanted - usable, true) : STATUS_OK;
}

/* That the limit or the addresses do not allow it is for the event to hear that needs it. */
enum status arena_grow_ahead(struct arena *arena)
{
    STATUS_TRY(arena_refuse_writing(arena));
    uint64_t slack_bytes = step_bytes(arena) / 2;
    os_mutex_lock(arena->mutex);
    uint64_t end_bytes = arena->newest.watermark_bytes + slack_bytes;
    os_mutex_unlock(arena->mutex);
    enum status status = arena_grow_to(arena, end_bytes);
    if (status == STATUS_OK)
        status = keep_for_large(arena);
    return status == STATUS_LIMIT ? STATUS_OK : status;
}
