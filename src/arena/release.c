/* When what was freed may be used again (invariant 6).
 *
 * A page that the commit f has freed can be reached from commits before f.
 * Nobody comes back to those once
 *
 *   - a commit from f on is durable, and the log knows its event: no start will
 *     need an older one;
 *   - no superblock before f is in the ring: they are erased, durably;
 *   - no pin in this process, and no reader in another, stands before f.
 *
 * The ring turns over by itself when the machine is busy; erasing is for when
 * much is waiting.  A reader claims everything before it reads the ring and looks
 * only then (readers.c), and here its locks are asked for after the erasing: so either
 * it is seen, or it does not see what is gone. */
#include "arena/private.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Under the mutex. */
static uint64_t oldest_sequence(const struct arena *arena)
{
    uint64_t oldest = UINT64_MAX;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE)
            oldest = least(oldest, arena->slots[i].superblock.sequence);
    return oldest;
}

/* Under the mutex: up to which commit what was freed may be used, and whether
 * superblocks were erased for that. */
static enum status choose_limit(struct arena *arena, uint64_t *limit, bool *has_erased)
{
    const struct arena_superblock *keeper = arena_keeper(arena);
    os_mutex_lock(arena->pages_mutex);
    uint64_t pending_pages = arena->pending_pages, reusable = arena->reusable_sequence;
    os_mutex_unlock(arena->pages_mutex);
    *limit = keeper == NULL || pending_pages == 0 ? 0 : least(keeper->sequence, arena_pins_lowest(arena));
    *has_erased = false;
    if (*limit <= reusable || oldest_sequence(arena) >= *limit)
        return STATUS_OK;
    if (pending_pages < ARENA_PENDING_MIN_PAGES && !atomic_load(&arena->moves.is_hurried)) {
        *limit = oldest_sequence(arena);
        return STATUS_OK;
    }
    *has_erased = true;
    return arena_ring_erase_before(arena, *limit);
}

static void raise_reusable(struct arena *arena, uint64_t limit)
{
    uint64_t usable, all;
    os_mutex_lock(arena->pages_mutex);
    if (limit > arena->reusable_sequence) {
        arena->reusable_sequence = limit;
        layout_free_count(&arena->layout, limit, &usable, &all);
        arena->pending_pages = all - usable;
    }
    os_mutex_unlock(arena->pages_mutex);
}

/* ---- addresses ------------------------------------------------------------------ */

/* Taking away a view of gigabytes at once would hold up every fault meanwhile. */
#define DETACH_PAGES ((uint64_t)(64 << 20) / ARENA_PAGE_BYTES)

static bool find_released(struct arena *arena, struct arena_limbo *limbo, size_t *index)
{
    bool is_found = false;
    os_mutex_lock(arena->pages_mutex);
    for (size_t i = 0; i < arena->limbo_count && !is_found; i++)
        if (arena->limbo[i].sequence <= arena->reusable_sequence) {
            *limbo = arena->limbo[i];
            *index = i;
            is_found = true;
        }
    os_mutex_unlock(arena->pages_mutex);
    return is_found;
}

/* Others only add at the end of the list. */
static enum status leave_limbo(struct arena *arena)
{
    struct arena_limbo limbo;
    size_t index;
    while (find_released(arena, &limbo, &index)) {
        for (uint64_t done = 0; done < limbo.run.count; done += DETACH_PAGES)
            STATUS_TRY(arena_detach_pages(arena, limbo.run.page + done, least(limbo.run.count - done, DETACH_PAGES)));
        os_mutex_lock(arena->pages_mutex);
        memmove(&arena->limbo[index], &arena->limbo[index + 1],
                (arena->limbo_count - index - 1) * sizeof *arena->limbo);
        arena->limbo_count--;
        os_mutex_unlock(arena->pages_mutex);
    }
    return STATUS_OK;
}

/* ---- the end of the file --------------------------------------------------------- */

uint64_t arena_end_slack(const struct arena *arena)
{
    uint64_t step = arena->growth_step_bytes / ARENA_PAGE_BYTES, eighth = arena->layout.file_pages / 8;
    return step > eighth ? step : eighth;
}

/* Under the growth mutex.  How many pages at the end nobody needs; they are
 * taken out of the layout.  What lies at the end and is used is moved (move.c). */
static uint64_t take_end(struct arena *arena)
{
    struct arena_layout *layout = &arena->layout;
    uint64_t usable, all, slack = arena_end_slack(arena);
    layout_free_count(layout, arena->reusable_sequence, &usable, &all);
    uint64_t at_end = layout_usable_at_end(layout, arena->reusable_sequence), elsewhere = usable - at_end;
    uint64_t kept = elsewhere < slack ? slack - elsewhere : 0;
    if (at_end <= kept || (at_end < kept + slack && !atomic_load(&arena->moves.is_thorough)))
        return 0;
    layout_cut_end(layout, at_end - kept);
    return at_end - kept;
}

/* Writers wait while a file is cut, and that takes as long as it has pages in memory. */
#ifdef LOAM_HOSTILE
#define CUT_BYTES ((uint64_t)16 << 10)
#else
#define CUT_BYTES ((uint64_t)16 << 20)
#endif
#define CUT_REST_MS 1

/* If it cannot be cut it is found too long at the next start, which is no harm;
 * and a superblock that knows it longer finds that only free pages are missing. */
static void cut_end(struct arena *arena)
{
    os_mutex_lock(arena->growth_mutex);
    os_mutex_lock(arena->pages_mutex);
    uint64_t left_bytes = arena_room_is_kept(arena) ? 0 : take_end(arena) * ARENA_PAGE_BYTES,
             end_bytes = arena->layout.file_pages * ARENA_PAGE_BYTES;
    os_mutex_unlock(arena->pages_mutex);
    while (left_bytes > 0 && arena_refuse_poisoned(arena) == STATUS_OK) {
        left_bytes -= left_bytes < CUT_BYTES ? left_bytes : CUT_BYTES;
        if (os_file_truncate(arena->file, end_bytes + left_bytes) != STATUS_OK)
            break;
        if (left_bytes > 0)
            os_sleep_ms(CUT_REST_MS);
    }
    os_mutex_unlock(arena->growth_mutex);
}

/* ---- the door -------------------------------------------------------------------- */

static enum status release(struct arena *arena)
{
    uint64_t limit;
    bool has_erased;
    os_mutex_lock(arena->mutex);
    enum status status = choose_limit(arena, &limit, &has_erased);
    os_mutex_unlock(arena->mutex);
    if (status == STATUS_OK && has_erased)
        status = arena_flush(arena);
    STATUS_TRY(status);
    if (limit > 0)
        raise_reusable(arena, arena_readers_lowest(arena, limit));
    STATUS_TRY(leave_limbo(arena));
    cut_end(arena);
    return STATUS_OK;
}

enum status arena_release(struct arena *arena)
{
    os_mutex_lock(arena->mutex);
    bool is_busy = arena->is_releasing || !arena->is_prepared;
    if (!is_busy)
        arena->is_releasing = true;
    os_mutex_unlock(arena->mutex);
    if (is_busy)
        return STATUS_OK;
    enum status status = arena_moves_end(arena);
    if (status == STATUS_OK)
        status = release(arena);
    if (status == STATUS_OK)
        status = arena_moves_begin(arena);
    os_mutex_lock(arena->mutex);
    arena->is_releasing = false;
    os_mutex_unlock(arena->mutex);
    return status;
}
