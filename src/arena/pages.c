/* The live layout: taking, mapping and freeing pages, and its place in a
 * superblock.
 *
 * The layout in memory runs ahead of the newest superblock's: growth maps pages
 * between commits, and the next superblock carries that.  Nothing is lost if it
 * is never written: what the last superblock says is consistent in itself, and
 * pages beyond the end that it knows are found free at the next start.
 *
 * A node that has changed goes to another page, and its old one is freed, which
 * changes the tree of free pages, whose nodes then need pages as well.  That
 * comes to an end because a node that has once been given a page keeps it until
 * the superblock is written (settle). */
#include "arena/large.h"

#include <stdlib.h>

/* ---- reading ----------------------------------------------------------------- */

static enum status read_node(void *context, uint64_t page, struct tree_page *bytes)
{
    return arena_read_file(context, page * ARENA_PAGE_BYTES, bytes, sizeof *bytes);
}

static enum status load_tree(struct arena *arena, const struct arena_superblock *superblock, uint32_t kind,
                             uint64_t page, uint64_t checksum, struct tree *tree)
{
    return tree_load(tree, kind, page, checksum, arena->seed, ARENA_FIRST_PAGE, superblock->file_pages, read_node,
                     arena);
}

static bool runs_are_sane(const struct tree *tree, uint64_t end_key, uint64_t file_pages)
{
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(tree, at)) != NULL; at = record->key + record->count) {
        if (record->key < ARENA_FIRST_PAGE || record->key < at || record->count == 0 || record->key >= end_key ||
            record->count > end_key - record->key)
            return false;
        if (tree->kind == ARENA_TREE_DIRECTORY && (record->value < ARENA_FIRST_PAGE || record->value >= file_pages ||
                                                   record->count > file_pages - record->value))
            return false;
    }
    return true;
}

static enum status load_trees(struct arena *arena, const struct arena_superblock *superblock,
                              struct arena_layout *layout)
{
    STATUS_TRY(load_tree(arena, superblock, ARENA_TREE_DIRECTORY, superblock->directory_page,
                         superblock->directory_checksum, &layout->directory));
    STATUS_TRY(
        load_tree(arena, superblock, ARENA_TREE_FREE, superblock->free_page, superblock->free_checksum, &layout->free));
    STATUS_TRY(load_tree(arena, superblock, ARENA_TREE_LARGE, superblock->large_page, superblock->large_checksum,
                         &layout->large));
    STATUS_TRY(load_tree(arena, superblock, ARENA_TREE_ALLOCATIONS, superblock->allocations_page,
                         superblock->allocations_checksum, &layout->allocations));
    if (!runs_are_sane(&layout->directory, NOUN_PERSISTENT_BYTES / ARENA_PAGE_BYTES, superblock->file_pages) ||
        !runs_are_sane(&layout->free, superblock->file_pages, superblock->file_pages) ||
        !arena_large_records_are_sane(layout) || !arena_allocations_are_sane(layout))
        return status_fail(STATUS_CORRUPT, "the page directory of %s makes no sense", os_file_path(arena->file));
    return STATUS_OK;
}

enum status arena_layout_load(struct arena *arena, const struct arena_superblock *superblock,
                              struct arena_layout *layout)
{
    layout_init(layout);
    layout->file_pages = superblock->file_pages;
    if (superblock->format_version == ARENA_FORMAT_VERSION_IDENTITY) {
        if (layout->file_pages > ARENA_FIRST_PAGE)
            layout_map(layout,
                       (struct layout_run){ARENA_FIRST_PAGE, layout->file_pages - ARENA_FIRST_PAGE, ARENA_FIRST_PAGE});
        return STATUS_OK;
    }
    enum status status = load_trees(arena, superblock, layout);
    if (status != STATUS_OK)
        layout_finish(layout);
    return status;
}

/* ---- more pages -------------------------------------------------------------- */

/* Written in small pieces: the page cache then keeps small pages, in which the
 * small writes of a commit are cheapest. */
#define ZERO_PIECE_BYTES ((size_t)64 << 10)

static enum status fill_zeros(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes)
{
    uint8_t *zeros = calloc(1, ZERO_PIECE_BYTES);
    if (zeros == NULL)
        check_out_of_memory(__FILE__, __LINE__, ZERO_PIECE_BYTES);
    enum status status = STATUS_OK;
    for (uint64_t at = start_bytes; at < end_bytes && status == STATUS_OK; at += ZERO_PIECE_BYTES) {
        uint64_t left_bytes = end_bytes - at;
        status =
            arena_write_file_behind(arena, at, zeros, left_bytes < ZERO_PIECE_BYTES ? left_bytes : ZERO_PIECE_BYTES);
    }
    free(zeros);
    return status;
}

/* The file is as long as before, or it has grown by all of it.  Under the growth mutex. */
static enum status extend(struct arena *arena, uint64_t count, bool with_zeros)
{
    uint64_t start_bytes = arena->layout.file_pages * ARENA_PAGE_BYTES, size_bytes = count * ARENA_PAGE_BYTES;
    STATUS_TRY(arena_refuse_poisoned(arena));
    STATUS_TRY(arena_check_disk(arena, size_bytes));
    STATUS_TRY(os_file_allocate(arena->file, start_bytes, size_bytes));
    enum status status = with_zeros ? fill_zeros(arena, start_bytes, start_bytes + size_bytes) : STATUS_OK;
    if (status == STATUS_NO_SPACE && os_file_truncate(arena->file, start_bytes) != STATUS_OK)
        atomic_store(&arena->is_poisoned, true);
    STATUS_TRY(status);
    arena->grown_bytes += size_bytes;
    os_mutex_lock(arena->pages_mutex);
    layout_free(&arena->layout, arena->layout.file_pages, count, 0, arena->reusable_sequence);
    arena->layout.file_pages += count;
    os_mutex_unlock(arena->pages_mutex);
    return STATUS_OK;
}

enum status arena_pages_extend(struct arena *arena, uint64_t count, bool with_zeros)
{
    os_mutex_lock(arena->growth_mutex);
    enum status status = arena_check_limit(arena, count * ARENA_PAGE_BYTES);
    if (status == STATUS_OK)
        status = extend(arena, count, with_zeros);
    os_mutex_unlock(arena->growth_mutex);
    return status;
}

/* Without the limit: nodes are written to give pages back, too, and to make durable
 * what was accepted. */
static enum status extend_for_nodes(struct arena *arena)
{
    os_mutex_lock(arena->growth_mutex);
    enum status status = extend(arena, ARENA_SPARE_PAGES, true);
    os_mutex_unlock(arena->growth_mutex);
    return status;
}

uint64_t arena_pages_usable(struct arena *arena)
{
    uint64_t usable, all;
    os_mutex_lock(arena->pages_mutex);
    layout_free_count(&arena->layout, arena->reusable_sequence, &usable, &all);
    os_mutex_unlock(arena->pages_mutex);
    return usable;
}

/* ---- mapping and freeing ------------------------------------------------------ */

bool arena_is_crowded(const struct arena *arena)
{
    return arena->layout.directory.count > ARENA_MAPPINGS_MAX / 2;
}

uint64_t arena_run_shortest(const struct arena *arena, uint64_t wanted)
{
    return arena_is_crowded(arena) || wanted < ARENA_RUN_MIN_PAGES ? wanted : ARENA_RUN_MIN_PAGES;
}

enum status arena_pages_map_some(struct arena *arena, uint64_t page, uint64_t count_min, uint64_t count_max,
                                 uint64_t *count)
{
    struct layout_run run = {.page = page};
    *count = 0;
    if (!layout_take(&arena->layout, count_min, count_max, arena->reusable_sequence, &run.file_page, &run.count))
        return STATUS_OK;
    enum status status = arena_attach_run(arena, run);
    if (status != STATUS_OK) {
        layout_free(&arena->layout, run.file_page, run.count, 0, arena->reusable_sequence);
        return status;
    }
    layout_map(&arena->layout, run);
    *count = run.count;
    return STATUS_OK;
}

static void add_limbo(struct arena *arena, struct arena_limbo limbo)
{
    if (arena->limbo_count == arena->limbo_capacity) {
        arena->limbo_capacity = arena->limbo_capacity == 0 ? 16 : 2 * arena->limbo_capacity;
        arena->limbo = realloc(arena->limbo, arena->limbo_capacity * sizeof *arena->limbo);
        if (arena->limbo == NULL)
            check_out_of_memory(__FILE__, __LINE__, arena->limbo_capacity * sizeof *arena->limbo);
    }
    arena->limbo[arena->limbo_count++] = limbo;
}

/* A view that could not be taken away shows other pages, which nobody reads
 * there. */
void arena_pages_unmap(struct arena *arena, uint64_t page, uint64_t end_page, uint64_t sequence)
{
    struct layout_run run;
    while (layout_unmap(&arena->layout, page, end_page, &run)) {
        layout_free(&arena->layout, run.file_page, run.count, sequence, arena->reusable_sequence);
        if (sequence > arena->reusable_sequence) {
            arena->pending_pages += run.count;
            add_limbo(arena, (struct arena_limbo){sequence, run});
        } else {
            (void)!arena_detach_pages(arena, run.page, run.count);
        }
    }
}

/* The new addresses may overlap the old ones, so first all is taken away. */
enum status arena_pages_move(struct arena *arena, uint64_t page, uint64_t end_page, uint64_t to_page)
{
    struct wordstack runs;
    struct layout_run run;
    enum status status = STATUS_OK;
    wordstack_init(&runs);
    while (layout_unmap(&arena->layout, page, end_page, &run)) {
        wordstack_push(&runs, run.page);
        wordstack_push(&runs, run.count);
        wordstack_push(&runs, run.file_page);
    }
    (void)!arena_detach_pages(arena, page, end_page - page);
    while (!wordstack_is_empty(&runs)) {
        run.file_page = wordstack_pop(&runs);
        run.count = wordstack_pop(&runs);
        run.page = to_page + (wordstack_pop(&runs) - page);
        layout_map(&arena->layout, run);
        if (status == STATUS_OK)
            status = arena_attach_run(arena, run);
    }
    wordstack_finish(&runs);
    if (status != STATUS_OK) /* the directory says what the space does not show */
        atomic_store(&arena->is_poisoned, true);
    return status;
}

uint64_t arena_next_obstacle(const struct arena *arena, uint64_t start_bytes)
{
    uint64_t obstacle_bytes = ARENA_LARGE_START_BYTES;
    for (size_t i = 0; i < arena->limbo_count; i++) {
        uint64_t at_bytes = arena->limbo[i].run.page * ARENA_PAGE_BYTES;
        uint64_t end_bytes = at_bytes + arena->limbo[i].run.count * ARENA_PAGE_BYTES;
        if (end_bytes > start_bytes && at_bytes < obstacle_bytes)
            obstacle_bytes = at_bytes > start_bytes ? at_bytes : start_bytes;
    }
    return obstacle_bytes;
}

uint64_t arena_top(const struct arena *arena)
{
    uint64_t top_page = ARENA_FIRST_PAGE, large_page = ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES;
    const struct tree_record *last = tree_at_or_below(&arena->layout.directory, large_page - 1);
    if (last != NULL && last->key + last->count > top_page)
        top_page = last->key + last->count;
    for (size_t i = 0; i < arena->limbo_count; i++) {
        const struct arena_limbo *limbo = &arena->limbo[i];
        if (limbo->run.page < large_page && limbo->run.page + limbo->run.count > top_page)
            top_page = limbo->run.page + limbo->run.count;
    }
    return top_page * ARENA_PAGE_BYTES;
}

/* ---- the first write ----------------------------------------------------------- */

/* Everything that is mapped between the ranges, or above the last and what is
 * mapped ahead of need there, belonged to a compaction that came to nothing. */
static void free_orphans(struct arena *arena)
{
    const struct arena_superblock *newest = &arena->newest;
    uint64_t page = ARENA_FIRST_PAGE;
    for (size_t i = 0; i < newest->range_count; i++) {
        arena_pages_unmap(arena, page, newest->ranges[i].start_bytes / ARENA_PAGE_BYTES, 0);
        page = bits_round_up(newest->ranges[i].end_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    }
    page = layout_mapped_end(&arena->layout, page);
    arena_pages_unmap(arena, page, ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES, 0);
}

enum status arena_pages_tidy(struct arena *arena)
{
    uint64_t file_bytes;
    STATUS_TRY(os_file_size(arena->file, &file_bytes));
    uint64_t file_pages = file_bytes / ARENA_PAGE_BYTES;
    os_mutex_lock(arena->pages_mutex);
    struct arena_layout *layout = &arena->layout;
    free_orphans(arena);
    if (file_pages > layout->file_pages)
        layout_free(layout, layout->file_pages, file_pages - layout->file_pages, 0, arena->reusable_sequence);
    else if (file_pages < layout->file_pages)
        layout_cut_end(layout, layout->file_pages - file_pages);
    layout->file_pages = file_pages;
    uint64_t usable, all;
    layout_free_count(layout, arena->reusable_sequence, &usable, &all);
    arena->pending_pages = all - usable;
    os_mutex_unlock(arena->pages_mutex);
    return STATUS_OK;
}

/* ---- publishing ----------------------------------------------------------------- */

static uint64_t take_for_node(void *context)
{
    struct arena *arena = context;
    uint64_t page, count;
    return layout_take(&arena->layout, 1, 1, arena->reusable_sequence, &page, &count) ? page : 0;
}

static bool free_retired(struct arena *arena, struct tree *tree)
{
    bool was_any = tree->retired_count > 0;
    while (tree->retired_count > 0) {
        layout_free(&arena->layout, tree->retired[--tree->retired_count], 1, arena->next_sequence,
                    arena->reusable_sequence);
        arena->pending_pages++;
    }
    return was_any;
}

/* Gives every changed node a page and frees their old ones; false if pages are wanting. */
static bool settle(struct arena *arena)
{
    struct tree *trees[] = {&arena->layout.directory, &arena->layout.large, &arena->layout.allocations,
                            &arena->layout.free};
    bool is_settled = false;
    while (!is_settled) {
        is_settled = true;
        for (unsigned i = 0; i < COUNT_OF(trees); i++) {
            if (!tree_give_pages(trees[i], take_for_node, arena))
                return false;
            if (free_retired(arena, trees[i]))
                is_settled = false;
        }
        for (unsigned i = 0; i < COUNT_OF(trees); i++)
            is_settled = is_settled && trees[i]->retired_count == 0 && tree_has_pages(trees[i]);
    }
    return true;
}

static enum status write_node(void *context, uint64_t page, struct tree_page *bytes)
{
    return arena_write_file(context, page * ARENA_PAGE_BYTES, bytes, sizeof *bytes);
}

static enum status write_trees(struct arena *arena, struct arena_superblock *superblock)
{
    struct arena_layout *layout = &arena->layout;
    STATUS_TRY(tree_write(&layout->directory, arena->seed, write_node, arena, &superblock->directory_page,
                          &superblock->directory_checksum));
    STATUS_TRY(tree_write(&layout->large, arena->seed, write_node, arena, &superblock->large_page,
                          &superblock->large_checksum));
    STATUS_TRY(tree_write(&layout->allocations, arena->seed, write_node, arena, &superblock->allocations_page,
                          &superblock->allocations_checksum));
    STATUS_TRY(
        tree_write(&layout->free, arena->seed, write_node, arena, &superblock->free_page, &superblock->free_checksum));
    superblock->file_pages = layout->file_pages;
    superblock->large_end_bytes = arena_large_end(&layout->large);
    return STATUS_OK;
}

static bool is_changed(const struct arena_layout *layout)
{
    return layout->directory.is_dirty || layout->free.is_dirty || layout->large.is_dirty ||
           layout->allocations.is_dirty;
}

enum status arena_pages_publish(struct arena *arena, struct arena_superblock *superblock)
{
    enum status status = STATUS_OK;
    os_mutex_lock(arena->pages_mutex);
    if (is_changed(&arena->layout)) /* then the stamps cost little */
        arena_uses_take(arena);
    while (status == STATUS_OK && is_changed(&arena->layout) && !settle(arena)) {
        os_mutex_unlock(arena->pages_mutex);
        status = extend_for_nodes(arena);
        os_mutex_lock(arena->pages_mutex);
    }
    if (status == STATUS_OK) /* also what was written for a superblock that then was refused */
        status = write_trees(arena, superblock);
    os_mutex_unlock(arena->pages_mutex);
    return status;
}
