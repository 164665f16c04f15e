/* Choosing a commit: what its superblock reaches is looked at before it is
 * believed (invariant 2), and then lies under its addresses. */
#include "arena/large.h"

#include <stdlib.h>

/* Every page of it is mapped, and inside of the file. */
static enum status check_pages(struct arena *arena, const struct arena_layout *layout, struct arena_range range,
                               uint64_t file_pages)
{
    uint64_t page = range.start_bytes / ARENA_PAGE_BYTES;
    uint64_t end_page = bits_round_up(range.end_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    struct layout_run run;
    for (; page < end_page; page += run.count) {
        if (!layout_find(layout, page, &run))
            return status_fail(STATUS_CORRUPT, "%s has no page for address %" PRIu64, os_file_path(arena->file),
                               page * ARENA_PAGE_BYTES);
        uint64_t needed = run.count < end_page - page ? run.count : end_page - page;
        if (run.file_page + needed > file_pages)
            return status_fail(STATUS_CORRUPT, "%s ends at page %" PRIu64 ", below what is in use",
                               os_file_path(arena->file), file_pages);
    }
    return STATUS_OK;
}

static enum status check_ranges(struct arena *arena, const struct arena_superblock *superblock,
                                const struct arena_layout *layout)
{
    uint64_t file_bytes;
    STATUS_TRY(os_file_size(arena->file, &file_bytes));
    uint64_t file_pages = bits_round_up(file_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    for (size_t i = 0; i < superblock->range_count; i++)
        STATUS_TRY(check_pages(arena, layout, superblock->ranges[i], file_pages));
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->large, at)) != NULL; at = record->key + 1) {
        uint64_t start_bytes = record->key * ARENA_PAGE_BYTES;
        STATUS_TRY(
            check_pages(arena, layout, (struct arena_range){start_bytes, start_bytes + record->count}, file_pages));
    }
    return STATUS_OK;
}

static enum status check_tail(struct arena *arena, const struct arena_superblock *superblock,
                              const struct arena_layout *layout, struct arena_tail *tail)
{
    STATUS_TRY(check_ranges(arena, superblock, layout));
    STATUS_TRY(arena_large_check_since(arena, layout, superblock->durable_sequence));
    STATUS_TRY(arena_tail_read(arena, layout, superblock, tail));
    if (tail->chain != superblock->tail_checksum)
        return status_fail(STATUS_CORRUPT, "the segments since byte %" PRIu64 " of %s are not those that were written",
                           superblock->tail_start_bytes, os_file_path(arena->file));
    return STATUS_OK;
}

/* True if the superblock is durable for another reason than its own word: by
 * its creation, or because a newer one says so. */
static bool is_known_durable(const struct arena *arena, const struct arena_superblock *superblock)
{
    bool known = superblock->sequence == ARENA_FIRST_SEQUENCE;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        known = known || (arena->slots[i].state == ARENA_SLOT_WHOLE &&
                          arena->slots[i].superblock.durable_sequence >= superblock->sequence);
    return known;
}

void arena_newest_is_durable(struct arena *arena)
{
    arena->durable_sequence = arena->newest.sequence;
    arena->durable_event_number = arena->newest.event_number;
    arena->durable_watermark_bytes = arena->newest.watermark_bytes;
    arena_tail_clear(arena, &arena->tail);
}

static void adopt(struct arena *arena, const struct arena_superblock *chosen)
{
    const struct arena_superblock *durable = arena_ring_find(arena, chosen->durable_sequence);
    arena->durable_sequence = chosen->durable_sequence;
    arena->durable_event_number = durable == NULL ? 0 : durable->event_number;
    arena->durable_watermark_bytes = chosen->tail_start_bytes;
    arena->newest = *chosen;
    if (is_known_durable(arena, chosen))
        arena_newest_is_durable(arena);
    arena->next_sequence = 0;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE && arena->slots[i].superblock.sequence >= arena->next_sequence)
            arena->next_sequence = arena->slots[i].superblock.sequence + 1;
    arena->is_prepared = false;
    arena->is_chosen = true;
    arena_commit_decode(chosen, &arena->current);
}

#define FITS_ANYWHERE_BYTES ((uint64_t)256 << 20) /* asking how much memory there is costs more than opening */

/* Larger than memory, what a reader touches next is not what lies behind it,
 * and read-ahead would bring in megabytes for a word. */
static void advise(const struct arena *arena)
{
    uint64_t file_bytes = arena->layout.file_pages * ARENA_PAGE_BYTES;
    if (file_bytes > FITS_ANYWHERE_BYTES && file_bytes > os_memory_bytes() / 2)
        os_map_advise(arena->base, NOUN_PERSISTENT_BYTES, OS_ADVICE_RANDOM);
}

/* Under the mutex.  What the layout before it has mapped and this one has not
 * stays mapped: nobody reads it. */
static enum status adopt_layout(struct arena *arena, struct arena_layout *layout)
{
    os_mutex_lock(arena->pages_mutex);
    enum status status =
        arena_attach(arena, layout, arena->is_chosen ? &arena->layout : NULL, arena->newest.watermark_bytes);
    if (status == STATUS_OK) {
        struct arena_layout old = arena->layout;
        arena->layout = *layout;
        *layout = old;
        uint64_t page = bits_round_up(arena->newest.watermark_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
        arena->capacity_bytes = layout_mapped_end(&arena->layout, page) * ARENA_PAGE_BYTES;
        arena->reusable_sequence = 0;
        arena->limbo_count = 0;
        arena->moves.count = 0;
        arena->move_count++;
    }
    os_mutex_unlock(arena->pages_mutex);
    return status;
}

/* Under the mutex. */
static enum status choose(struct arena *arena, const struct arena_superblock *superblock, struct arena_tail *tail)
{
    struct arena_layout layout;
    STATUS_TRY(arena_layout_load(arena, superblock, &layout));
    enum status status = check_tail(arena, superblock, &layout, tail);
    struct arena_superblock old = arena->newest;
    arena->newest = *superblock;
    if (status == STATUS_OK)
        status = adopt_layout(arena, &layout);
    layout_finish(&layout);
    if (status != STATUS_OK)
        arena->newest = old;
    return status;
}

enum status arena_choose(struct arena *arena, size_t index)
{
    size_t count;
    const struct arena_commit *commits = arena_commits(arena, &count);
    CHECK(index < count && !arena->is_building);
    os_mutex_lock(arena->mutex);
    const struct arena_superblock *superblock = arena_ring_find(arena, commits[index].sequence);
    CHECK(superblock != NULL);
    struct arena_tail tail = {0};
    enum status status = choose(arena, superblock, &tail);
    if (status == STATUS_OK) {
        arena_tail_finish(&arena->tail);
        arena->tail = tail;
        adopt(arena, superblock);
        advise(arena);
        if (arena->is_read_only)
            status = arena_readers_pin(arena, superblock->sequence);
    } else {
        arena_tail_finish(&tail);
        status = status_add_context(status, "commit %" PRIu64 " (event %" PRIu64 ") is not to be believed",
                                    superblock->sequence, superblock->event_number);
    }
    os_mutex_unlock(arena->mutex);
    return status;
}

const struct arena_commit *arena_current(const struct arena *arena)
{
    CHECK(arena->is_chosen);
    return &arena->current;
}
