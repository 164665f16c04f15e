/* Moving pages within the file, so that it can become shorter, or its runs fewer.
 *
 * What lies at an address is given other pages of the file: the bytes are copied
 * from page to page, flushed, and then the directory says the new place, in the
 * next superblock.  The address stays, so no reference changes; a large object of
 * a gibibyte moves as a row of steps between which commits go on.
 *
 *     chosen    settled pages, and free ones in which they shall lie
 *     copied    the free ones hold the same bytes, perhaps only in the page cache
 *     flushed   by a flush that began after the copying
 *     moved     mapped, in memory and in the live directory; the old pages are
 *               freed as of the next commit, and wait as all that is freed does
 *
 * Until they are mapped the new pages are free pages in every superblock, freed by
 * a commit that is yet to come, so that nobody takes them; a process that dies
 * leaves nothing behind.  The old ones are used again when no superblock, pin or
 * reader can come back to them (release.c).
 *
 * *Settled* is what the newest superblock reaches: that never changes, so it can be
 * copied while commits go on; but if they have gone on in the page of its watermark
 * that page stays.  What is mapped
 * ahead of need holds nothing, and is exchanged between commits without copying;
 * nodes of trees go elsewhere when they are written next.
 *
 * The file is made shorter when that gains two steps of growth at least, and then
 * to what is used and one step, but not while its room is kept (arena_keep_room); when nothing else is to be done
 * (arena_hurry_moves), at once and whatever it gains.  Runs are joined when there are so many that the number of
 * mappings is in danger: neighbours among the addresses become neighbours in the file.
 *
 * All of this is done by the thread that syncs, one batch at a time. */
#include "arena/large.h"

#include <stdlib.h>

#ifdef LOAM_HOSTILE
#define BATCH_PAGES 8u
#define BATCH_PAGES_HURRIED 16u
#define PAUSE_NS 0u
#else
#define BATCH_PAGES ((uint64_t)(8 << 20) / ARENA_PAGE_BYTES)
#define BATCH_PAGES_HURRIED ((uint64_t)(64 << 20) / ARENA_PAGE_BYTES)
#define PAUSE_NS ((uint64_t)125000000)
#endif

void arena_moves_init(struct arena *arena)
{
    arena->moves.batch_pages = BATCH_PAGES;
    arena->moves.pause_ns = PAUSE_NS;
}

void arena_keep_room(struct arena *arena, uint64_t duration_ms)
{
    atomic_store(&arena->moves.kept_until_ns, duration_ms == 0 ? 0 : os_clock_ns() + duration_ms * 1000000);
}

uint64_t arena_room_until_ns(struct arena *arena)
{
    return atomic_load(&arena->moves.kept_until_ns);
}

bool arena_room_is_kept(struct arena *arena)
{
    return !atomic_load(&arena->moves.is_hurried) && os_clock_ns() < atomic_load(&arena->moves.kept_until_ns);
}

void arena_hurry_moves(struct arena *arena, bool is_thorough)
{
    atomic_store(&arena->moves.is_thorough, is_thorough);
    atomic_store(&arena->moves.is_hurried, true);
}

void arena_moves_finish(struct arena *arena)
{
    free(arena->moves.pieces);
}

static void add_piece(struct arena_moves *moves, struct arena_piece piece)
{
    if (moves->count == moves->capacity) {
        moves->capacity = moves->capacity == 0 ? 16 : 2 * moves->capacity;
        moves->pieces = realloc(moves->pieces, moves->capacity * sizeof *moves->pieces);
        if (moves->pieces == NULL)
            check_out_of_memory(__FILE__, __LINE__, moves->capacity * sizeof *moves->pieces);
    }
    moves->pieces[moves->count++] = piece;
}

/* ---- what is settled ------------------------------------------------------------- */

/* The part of the run, from its start on, that is settled or is not.  Under both mutexes. */
static bool settled_part(struct arena *arena, struct layout_run run, uint64_t *count)
{
    const struct arena_superblock *newest = &arena->newest;
    uint64_t end = run.page + run.count;
    *count = run.count;
    if (run.page >= ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES) {
        const struct tree_record *record = tree_at_or_below(&arena->layout.large, run.page);
        uint64_t record_end =
            record == NULL ? 0 : record->key + bits_round_up(record->count, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
        if (record == NULL || run.page >= record_end) /* being persisted */
            return false;
        *count = record_end < end ? record_end - run.page : run.count;
        return record->extra <= newest->sequence;
    }
    for (size_t i = 0; i < newest->range_count; i++) {
        uint64_t range_page = newest->ranges[i].start_bytes / ARENA_PAGE_BYTES;
        uint64_t range_end = bits_round_up(newest->ranges[i].end_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
        if (run.page >= range_end)
            continue;
        bool is_inside = run.page >= range_page;
        uint64_t part_end = is_inside ? range_end : range_page;
        *count = part_end < end ? part_end - run.page : run.count;
        return is_inside;
    }
    return false;
}

/* ---- where to -------------------------------------------------------------------- */

/* Until they are mapped they stay free, but nobody takes them: only this thread
 * lets later frees be used. */
static void reserve(struct arena *arena, uint64_t file_page, uint64_t count)
{
    layout_free(&arena->layout, file_page, count, arena->next_sequence, arena->reusable_sequence);
}

static void give_back(struct arena *arena, uint64_t file_page, uint64_t count)
{
    layout_free(&arena->layout, file_page, count, 0, arena->reusable_sequence);
}

/* Takes the lowest usable pages for a part of `wanted`, all of them below `end_page`; 0: none are. */
static uint64_t take_below(struct arena *arena, uint64_t wanted, uint64_t end_page, uint64_t *file_page)
{
    uint64_t count;
    if (!layout_take(&arena->layout, arena_run_shortest(arena, wanted), wanted, arena->reusable_sequence, file_page,
                     &count))
        return 0;
    if (*file_page + count <= end_page)
        return count;
    give_back(arena, *file_page, count);
    return 0;
}

/* ---- publishing ------------------------------------------------------------------- */

/* Under the mutex.  With nothing in flight no commit may follow for long, so
 * the superblock that says it is written here. */
static enum status publish(struct arena *arena)
{
    if (arena->is_building || arena->newest.sequence > arena->durable_sequence)
        return STATUS_OK;
    struct arena_superblock superblock = arena->newest;
    return arena_ring_write(arena, &superblock);
}

/* ---- a shorter file --------------------------------------------------------------- */

static bool has_usable_below(const struct arena *arena, uint64_t end_page)
{
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&arena->layout.free, at)) != NULL && record->key < end_page;
         at = record->key + 1)
        if (record->value <= arena->reusable_sequence)
            return true;
    return false;
}

/* Where the file shall end; UINT64_MAX if it may stay as it is. */
static uint64_t choose_end(const struct arena *arena)
{
    const struct arena_layout *layout = &arena->layout;
    uint64_t usable, all, slack = arena_end_slack(arena);
    layout_free_count(layout, arena->reusable_sequence, &usable, &all);
    uint64_t gained = all > slack ? all - slack : 0;
    bool is_worth = gained >= 2 * slack || arena->moves.is_shrinking || atomic_load(&arena->moves.is_thorough);
    if (gained == 0 || !is_worth)
        return UINT64_MAX;
    return layout->file_pages - gained;
}

/* What is mapped ahead of need and lies in `end_page` or above gets lower pages.
 * As the ones that it gives up may be taken again there are always enough. */
static enum status exchange_ahead(struct arena *arena, uint64_t end_page)
{
    uint64_t page = bits_round_up(arena->newest.watermark_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    uint64_t capacity_page = arena->capacity_bytes / ARENA_PAGE_BYTES, count;
    struct layout_run run;
    for (; page < capacity_page && layout_find(&arena->layout, page, &run); page += run.count) {
        if (run.count > capacity_page - page)
            run.count = capacity_page - page;
        if (run.file_page + run.count <= end_page)
            continue;
        arena_pages_unmap(arena, page, page + run.count, 0);
        for (uint64_t done = 0; done < run.count; done += count) {
            uint64_t left = run.count - done;
            STATUS_TRY(arena_pages_map_some(arena, page + done, arena_run_shortest(arena, left), left, &count));
            if (count == 0)
                STATUS_TRY(arena_pages_map_some(arena, page + done, 1, left, &count));
            CHECK(count > 0);
        }
    }
    return STATUS_OK;
}

static int by_file_page(const void *a, const void *b)
{
    uint64_t first = ((const struct arena_piece *)a)->from_page, second = ((const struct arena_piece *)b)->from_page;
    return (first > second) - (first < second);
}

/* All that is settled and lies in `end_page` or above, by its place there. */
static void find_above(struct arena *arena, uint64_t end_page)
{
    struct layout_run run;
    uint64_t count;
    for (uint64_t page = 0; layout_next(&arena->layout, page, &run); page = run.page + run.count) {
        if (run.page < page) { /* the rest of a run */
            run.count -= page - run.page;
            run.file_page += page - run.page;
            run.page = page;
        }
        bool is_settled = settled_part(arena, run, &count);
        run.count = count;
        if (!is_settled || run.file_page + count <= end_page)
            continue;
        uint64_t skipped = run.file_page < end_page ? end_page - run.file_page : 0;
        add_piece(&arena->moves, (struct arena_piece){.page = run.page + skipped,
                                                      .count = count - skipped,
                                                      .from_page = run.file_page + skipped});
    }
    if (arena->moves.count > 0)
        qsort(arena->moves.pieces, arena->moves.count, sizeof *arena->moves.pieces, by_file_page);
}

/* Finds places for as many of the pieces as one batch has; the others are for later. */
static void place_pieces(struct arena *arena, uint64_t end_page)
{
    struct arena_moves *moves = &arena->moves;
    uint64_t room = atomic_load(&moves->is_hurried) ? BATCH_PAGES_HURRIED : moves->batch_pages, file_page;
    size_t found = moves->count;
    struct arena_piece *wanted = moves->pieces;
    moves->pieces = NULL;
    moves->count = moves->capacity = 0;
    for (size_t i = 0; i < found && room > 0; i++)
        for (struct arena_piece left = wanted[i]; left.count > 0 && room > 0;) {
            uint64_t count = take_below(arena, left.count < room ? left.count : room, end_page, &file_page);
            if (count == 0) {
                room = 0;
                break;
            }
            add_piece(moves, (struct arena_piece){left.page, count, left.from_page, file_page});
            left = (struct arena_piece){left.page + count, left.count - count, left.from_page + count, 0};
            room -= count;
        }
    for (size_t i = 0; i < moves->count; i++)
        reserve(arena, moves->pieces[i].to_page, moves->pieces[i].count);
    free(wanted);
}

/* Under both mutexes. */
static enum status choose_to_shrink(struct arena *arena)
{
    struct arena_layout *layout = &arena->layout;
    uint64_t end_page = arena_room_is_kept(arena) ? UINT64_MAX : choose_end(arena);
    arena->moves.is_shrinking = end_page != UINT64_MAX && has_usable_below(arena, end_page);
    if (!arena->moves.is_shrinking)
        return STATUS_OK;
    if (!arena->is_building)
        STATUS_TRY(exchange_ahead(arena, end_page));
    find_above(arena, end_page);
    uint64_t nodes = tree_leave_pages(&layout->directory, end_page) + tree_leave_pages(&layout->large, end_page) +
                     tree_leave_pages(&layout->allocations, end_page) + tree_leave_pages(&layout->free, end_page);
    place_pieces(arena, end_page);
    arena->moves.is_shrinking = arena->moves.count + nodes > 0;
    return STATUS_OK;
}

/* ---- fewer runs --------------------------------------------------------------------- */

/* A row of settled runs without a gap between their addresses, of at most a batch.
 * Returns the page where the search goes on, 0 at the end of the address space. */
static uint64_t find_row(struct arena *arena, uint64_t page, uint64_t *sum)
{
    struct layout_run run;
    uint64_t count;
    *sum = arena->moves.count = 0;
    while (layout_next(&arena->layout, page, &run)) {
        bool follows = run.page == page || arena->moves.count == 0;
        if (run.page < page) {
            run.count -= page - run.page;
            run.file_page += page - run.page;
            run.page = page;
            follows = true;
        }
        bool is_settled = settled_part(arena, run, &count);
        if (*sum > 0 && (!follows || !is_settled || *sum + count > arena->moves.batch_pages))
            return run.page;
        page = run.page + count;
        if (!is_settled || count > arena->moves.batch_pages / 2) {
            *sum = arena->moves.count = 0;
            continue;
        }
        add_piece(&arena->moves, (struct arena_piece){.page = run.page, .count = count, .from_page = run.file_page});
        *sum += count;
    }
    return 0;
}

/* Under both mutexes.  `missing` is how many pages the file lacks. */
static void choose_to_join(struct arena *arena, uint64_t *missing)
{
    struct arena_moves *moves = &arena->moves;
    uint64_t sum, file_page, count, page = moves->join_page;
    moves->is_joining = arena_is_crowded(arena);
    *missing = 0;
    if (!moves->is_joining)
        return;
    do
        page = find_row(arena, page, &sum);
    while (moves->count < 2 && page != 0);
    if (moves->count >= 2 && layout_take(&arena->layout, sum, sum, arena->reusable_sequence, &file_page, &count)) {
        for (size_t i = 0; i < moves->count; file_page += moves->pieces[i++].count) {
            moves->pieces[i].to_page = file_page;
            reserve(arena, file_page, moves->pieces[i].count);
        }
        moves->join_page = page;
        return;
    }
    *missing = moves->count >= 2 ? sum : 0;
    moves->is_joining = *missing > 0;
    moves->join_page = moves->count >= 2 ? moves->join_page : 0;
    moves->count = 0;
}

/* ---- copying ------------------------------------------------------------------------- */

static enum status copy_piece(struct arena *arena, const struct arena_piece *piece, uint8_t *bytes)
{
    uint64_t size_bytes = piece->count * ARENA_PAGE_BYTES;
    for (uint64_t done = 0; done < size_bytes; done += ARENA_PIECE_BYTES) {
        size_t part_bytes = size_bytes - done < ARENA_PIECE_BYTES ? (size_t)(size_bytes - done) : ARENA_PIECE_BYTES;
        uint64_t to_bytes = piece->to_page * ARENA_PAGE_BYTES + done;
        STATUS_TRY(arena_read_file(arena, piece->from_page * ARENA_PAGE_BYTES + done, bytes, part_bytes));
        STATUS_TRY(arena_write_file_behind(arena, to_bytes, bytes, part_bytes));
        (void)!os_file_write_out(arena->file, to_bytes, part_bytes);
    }
    return STATUS_OK;
}

/* What cannot be read, or finds no room, stays where it is. */
static void give_up(struct arena *arena)
{
    struct arena_moves *moves = &arena->moves;
    os_mutex_lock(arena->mutex);
    os_mutex_lock(arena->pages_mutex);
    for (size_t i = 0; i < moves->count; i++) {
        layout_take_at(&arena->layout, moves->pieces[i].to_page, moves->pieces[i].count);
        give_back(arena, moves->pieces[i].to_page, moves->pieces[i].count);
    }
    moves->count = 0;
    moves->is_shrinking = moves->is_joining = false;
    moves->is_given_up = true;
    os_mutex_unlock(arena->pages_mutex);
    os_mutex_unlock(arena->mutex);
}

static enum status copy_pieces(struct arena *arena)
{
    uint8_t *bytes = malloc(ARENA_PIECE_BYTES);
    if (bytes == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < arena->moves.count && status == STATUS_OK; i++)
        status = copy_piece(arena, &arena->moves.pieces[i], bytes);
    free(bytes);
    arena->moves.flush_needed = atomic_load(&arena->flushes_begun) + 1;
    if (status == STATUS_OK || atomic_load(&arena->is_poisoned))
        return status;
    give_up(arena);
    return STATUS_OK;
}

/* ---- moving -------------------------------------------------------------------------- */

/* Commits have written to its last page, or may be doing so. */
static bool is_outdated(const struct arena *arena, const struct arena_piece *piece)
{
    uint64_t watermark_page = arena->moves.watermark_bytes / ARENA_PAGE_BYTES;
    bool has_watermark = piece->page <= watermark_page && watermark_page < piece->page + piece->count;
    return has_watermark && (arena->is_building || arena->newest.watermark_bytes != arena->moves.watermark_bytes);
}

/* Under both mutexes.  What a compaction has freed meanwhile stays where it was. */
static enum status move_piece(struct arena *arena, const struct arena_piece *piece)
{
    struct arena_layout *layout = &arena->layout;
    struct layout_run run;
    layout_take_at(layout, piece->to_page, piece->count);
    if (is_outdated(arena, piece) || !layout_find(layout, piece->page, &run) || run.file_page != piece->from_page ||
        run.count < piece->count) {
        give_back(arena, piece->to_page, piece->count);
        return STATUS_OK;
    }
    while (layout_unmap(layout, piece->page, piece->page + piece->count, &run))
        layout_free(layout, run.file_page, run.count, arena->next_sequence, arena->reusable_sequence);
    run = (struct layout_run){piece->page, piece->count, piece->to_page};
    layout_map(layout, run);
    arena->pending_pages += piece->count;
    arena->moved_bytes += piece->count * ARENA_PAGE_BYTES;
    return arena_attach_run(arena, run);
}

enum status arena_moves_end(struct arena *arena)
{
    struct arena_moves *moves = &arena->moves;
    enum status status = STATUS_OK;
    if (moves->count == 0)
        return STATUS_OK;
    if (atomic_load(&arena->flushes_ended) < moves->flush_needed)
        STATUS_TRY(arena_flush(arena));
    os_mutex_lock(arena->mutex);
    os_mutex_lock(arena->pages_mutex);
    for (size_t i = 0; i < moves->count && status == STATUS_OK; i++)
        status = move_piece(arena, &moves->pieces[i]);
    moves->count = 0;
    os_mutex_unlock(arena->pages_mutex);
    if (status != STATUS_OK) /* the directory says what the space does not show */
        atomic_store(&arena->is_poisoned, true);
    else
        status = publish(arena);
    os_mutex_unlock(arena->mutex);
    return status;
}

/* ---- the door ------------------------------------------------------------------------- */

static enum status choose(struct arena *arena)
{
    uint64_t missing = 0;
    os_mutex_lock(arena->mutex);
    os_mutex_lock(arena->pages_mutex);
    arena->moves.watermark_bytes = arena->newest.watermark_bytes;
    enum status status = choose_to_shrink(arena);
    if (status == STATUS_OK && arena->moves.count == 0)
        choose_to_join(arena, &missing);
    os_mutex_unlock(arena->pages_mutex);
    if (status == STATUS_OK && arena->moves.is_shrinking && arena->moves.count == 0) /* only nodes are in the way */
        status = publish(arena);
    os_mutex_unlock(arena->mutex);
    if (status != STATUS_OK || missing == 0)
        return status;
    status = arena_pages_extend(arena, missing, false);
    return status == STATUS_NO_SPACE || status == STATUS_LIMIT ? STATUS_OK : status; /* it is no need */
}

enum status arena_moves_begin(struct arena *arena)
{
    struct arena_moves *moves = &arena->moves;
    uint64_t now_ns = os_clock_ns();
    if ((now_ns < moves->next_ns && !atomic_load(&moves->is_hurried)) || moves->is_given_up)
        return STATUS_OK;
    moves->next_ns = now_ns + moves->pause_ns;
    STATUS_TRY(choose(arena));
    return moves->count == 0 ? STATUS_OK : copy_pieces(arena);
}

bool arena_has_moves(struct arena *arena)
{
    os_mutex_lock(arena->mutex);
    bool has = arena->moves.count > 0 || arena->moves.is_shrinking || arena->moves.is_joining;
    os_mutex_unlock(arena->mutex);
    return has;
}
