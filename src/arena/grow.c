/* Growing the file: blocks and zeros ahead of need.
 *
 * Blocks, so that a full disk is a refusal before an event is accepted and
 * never a failure after it; zeros, because the first write to a block that was
 * allocated but never written costs the file system a change of its own, and
 * with a journal a second flush, at the very moment that somebody waits for a
 * commit.  A small file doubles, up to the growth step; a large one grows by an
 * eighth.  The mapping already reaches past the end of the file (page_map.h),
 * so nothing else has to happen. */
#include "arena/private.h"

#include <stdlib.h>

/* Written in small pieces: the page cache then keeps small pages, in which the
 * small writes of a commit are cheapest. */
#define ZERO_PIECE_BYTES ((size_t)64 << 10)

static uint64_t greater(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t step_bytes(const struct arena *arena, uint64_t capacity_bytes)
{
    uint64_t doubling_bytes = capacity_bytes < arena->growth_step_bytes ? capacity_bytes : arena->growth_step_bytes;
    return greater(doubling_bytes, capacity_bytes / 8);
}

static enum status fill_zeros(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes)
{
    uint8_t *zeros = calloc(1, ZERO_PIECE_BYTES);
    if (zeros == NULL)
        check_out_of_memory(__FILE__, __LINE__, ZERO_PIECE_BYTES);
    enum status status = STATUS_OK;
    for (uint64_t at = start_bytes; at < end_bytes && status == STATUS_OK; at += ZERO_PIECE_BYTES) {
        uint64_t left_bytes = end_bytes - at;
        status = arena_write_bytes(arena, at, zeros, left_bytes < ZERO_PIECE_BYTES ? left_bytes : ZERO_PIECE_BYTES);
    }
    free(zeros);
    return status;
}

/* Asks first: some file systems give an allocation that they cannot complete
 * all the space that is left, until they find that out. */
static enum status check_space(const struct arena *arena, uint64_t size_bytes)
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

/* The file is as long as before, or it has grown by all of it. */
static enum status extend(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes)
{
    STATUS_TRY(check_space(arena, end_bytes - start_bytes));
    STATUS_TRY(os_file_allocate(arena->file, start_bytes, end_bytes - start_bytes));
    enum status status = fill_zeros(arena, start_bytes, end_bytes);
    if (status == STATUS_OK) {
        arena->grown_bytes += end_bytes - start_bytes;
        atomic_store(&arena->capacity_bytes, end_bytes);
        return STATUS_OK;
    }
    if (status == STATUS_NO_SPACE && os_file_truncate(arena->file, start_bytes) != STATUS_OK)
        atomic_store(&arena->is_poisoned, true);
    return status;
}

/* A whole step if the disk has it, otherwise what is needed. */
static enum status grow(struct arena *arena, uint64_t needed_bytes)
{
    uint64_t capacity_bytes = arena->capacity_bytes;
    if (needed_bytes <= capacity_bytes)
        return STATUS_OK;
    STATUS_TRY(arena_refuse_poisoned(arena));
    if (needed_bytes > NOUN_PERSISTENT_BYTES)
        return status_fail(STATUS_LIMIT, "%s would outgrow its address space of %" PRIu64 " GiB",
                           os_file_path(arena->file), NOUN_PERSISTENT_BYTES >> 30);
    uint64_t wanted_bytes = greater(needed_bytes, capacity_bytes + step_bytes(arena, capacity_bytes));
    if (wanted_bytes > NOUN_PERSISTENT_BYTES)
        wanted_bytes = NOUN_PERSISTENT_BYTES;
    wanted_bytes = bits_round_up(wanted_bytes, ARENA_PAGE_BYTES);
    needed_bytes = bits_round_up(needed_bytes, ARENA_PAGE_BYTES);
    enum status status = extend(arena, capacity_bytes, wanted_bytes);
    if (status == STATUS_NO_SPACE && needed_bytes < wanted_bytes && !atomic_load(&arena->is_poisoned))
        status = extend(arena, capacity_bytes, needed_bytes);
    return status == STATUS_OK ? STATUS_OK : status_add_context(status, "the arena cannot grow");
}

enum status arena_grow_to(struct arena *arena, uint64_t end_bytes)
{
    if (end_bytes <= atomic_load(&arena->capacity_bytes))
        return STATUS_OK;
    os_mutex_lock(arena->growth_mutex);
    enum status status = grow(arena, end_bytes);
    os_mutex_unlock(arena->growth_mutex);
    return status;
}

/* What segment headers add to `size_bytes` of objects. */
static uint64_t headers_bytes(uint64_t size_bytes)
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
    return arena_grow_to(arena, start_bytes + size_bytes + headers_bytes(size_bytes));
}

enum status arena_grow_ahead(struct arena *arena)
{
    STATUS_TRY(arena_refuse_writing(arena));
    uint64_t slack_bytes = step_bytes(arena, arena->capacity_bytes) / 2;
    os_mutex_lock(arena->mutex);
    uint64_t end_bytes = arena->newest.watermark_bytes + slack_bytes;
    os_mutex_unlock(arena->mutex);
    return end_bytes > NOUN_PERSISTENT_BYTES ? STATUS_OK : arena_grow_to(arena, end_bytes);
}
