/* Runs of pages over records of trees. */
#include "arena/layout.h"

void layout_init(struct arena_layout *layout)
{
    tree_init(&layout->directory, ARENA_TREE_DIRECTORY);
    tree_init(&layout->free, ARENA_TREE_FREE);
    tree_init(&layout->large, ARENA_TREE_LARGE);
    tree_init(&layout->allocations, ARENA_TREE_ALLOCATIONS);
    layout->file_pages = ARENA_FIRST_PAGE;
}

void layout_finish(struct arena_layout *layout)
{
    tree_finish(&layout->directory);
    tree_finish(&layout->free);
    tree_finish(&layout->large);
    tree_finish(&layout->allocations);
}

/* ---- the directory ----------------------------------------------------------- */

bool layout_find(const struct arena_layout *layout, uint64_t page, struct layout_run *run)
{
    const struct tree_record *record = tree_at_or_below(&layout->directory, page);
    if (record == NULL || page - record->key >= record->count)
        return false;
    uint64_t skipped = page - record->key;
    *run = (struct layout_run){page, record->count - skipped, record->value + skipped};
    return true;
}

bool layout_next(const struct arena_layout *layout, uint64_t page, struct layout_run *run)
{
    const struct tree_record *record = tree_at_or_below(&layout->directory, page);
    if (record == NULL || page - record->key >= record->count)
        record = tree_at_or_above(&layout->directory, page);
    if (record == NULL)
        return false;
    *run = (struct layout_run){record->key, record->count, record->value};
    return true;
}

void layout_map(struct arena_layout *layout, struct layout_run run)
{
    struct tree *directory = &layout->directory;
    CHECK(run.count > 0);
    const struct tree_record *right = tree_at_or_above(directory, run.page);
    CHECK(right == NULL || right->key >= run.page + run.count);
    if (right != NULL && right->key == run.page + run.count && right->value == run.file_page + run.count) {
        run.count += right->count;
        tree_remove(directory, right->key);
    }
    const struct tree_record *left = run.page == 0 ? NULL : tree_at_or_below(directory, run.page - 1);
    CHECK(left == NULL || left->key + left->count <= run.page);
    if (left != NULL && left->key + left->count == run.page && left->value + left->count == run.file_page) {
        run.page = left->key;
        run.file_page = left->value;
        run.count += left->count;
    }
    tree_put(directory, (struct tree_record){run.page, run.count, run.file_page, 0});
}

bool layout_unmap(struct arena_layout *layout, uint64_t page, uint64_t end_page, struct layout_run *run)
{
    struct layout_run whole;
    if (!layout_next(layout, page, &whole) || whole.page >= end_page)
        return false;
    uint64_t start = whole.page < page ? page : whole.page;
    uint64_t end = whole.page + whole.count < end_page ? whole.page + whole.count : end_page;
    if (start == whole.page)
        tree_remove(&layout->directory, whole.page);
    else
        tree_put(&layout->directory, (struct tree_record){whole.page, start - whole.page, whole.file_page, 0});
    uint64_t left_over = whole.page + whole.count - end;
    if (left_over > 0)
        tree_put(&layout->directory, (struct tree_record){end, left_over, whole.file_page + (end - whole.page), 0});
    *run = (struct layout_run){start, end - start, whole.file_page + (start - whole.page)};
    return true;
}

uint64_t layout_mapped_end(const struct arena_layout *layout, uint64_t page)
{
    struct layout_run run;
    while (layout_find(layout, page, &run))
        page += run.count;
    return page;
}

/* ---- free pages -------------------------------------------------------------- */

static bool can_merge(const struct tree_record *a, uint64_t sequence, uint64_t reusable_sequence)
{
    return a->value == sequence || (a->value <= reusable_sequence && sequence <= reusable_sequence);
}

void layout_free(struct arena_layout *layout, uint64_t file_page, uint64_t count, uint64_t sequence,
                 uint64_t reusable_sequence)
{
    struct tree *free_tree = &layout->free;
    CHECK(count > 0 && file_page >= ARENA_FIRST_PAGE);
    const struct tree_record *right = tree_at_or_above(free_tree, file_page);
    CHECK(right == NULL || right->key >= file_page + count);
    if (right != NULL && right->key == file_page + count && can_merge(right, sequence, reusable_sequence)) {
        count += right->count;
        sequence = sequence > right->value ? sequence : right->value;
        tree_remove(free_tree, right->key);
    }
    const struct tree_record *left = tree_at_or_below(free_tree, file_page);
    CHECK(left == NULL || left->key + left->count <= file_page);
    if (left != NULL && left->key + left->count == file_page && can_merge(left, sequence, reusable_sequence)) {
        file_page = left->key;
        count += left->count;
        sequence = sequence > left->value ? sequence : left->value;
    }
    tree_put(free_tree, (struct tree_record){file_page, count, sequence, 0});
}

/* Neighbours that could not merge when they were freed may have become usable
 * since; they are taken together. */
static uint64_t usable_end(const struct tree *free_tree, const struct tree_record *first, uint64_t count_max,
                           uint64_t reusable_sequence)
{
    uint64_t start = first->key, end = first->key + first->count;
    while (end - start < count_max) {
        const struct tree_record *next = tree_at_or_above(free_tree, end);
        if (next == NULL || next->key != end || next->value > reusable_sequence)
            break;
        end += next->count;
    }
    return end;
}

static void remove_free(struct tree *free_tree, uint64_t start, uint64_t end)
{
    while (start < end) {
        const struct tree_record *found = tree_at_or_below(free_tree, start);
        CHECK(found != NULL && start - found->key < found->count);
        struct tree_record record = *found;
        uint64_t record_end = record.key + record.count;
        tree_remove(free_tree, record.key);
        if (record.key < start)
            tree_put(free_tree, (struct tree_record){record.key, start - record.key, record.value, 0});
        if (record_end > end)
            tree_put(free_tree, (struct tree_record){end, record_end - end, record.value, 0});
        start = record_end;
    }
}

void layout_take_at(struct arena_layout *layout, uint64_t file_page, uint64_t count)
{
    remove_free(&layout->free, file_page, file_page + count);
}

bool layout_take(struct arena_layout *layout, uint64_t count_min, uint64_t count_max, uint64_t reusable_sequence,
                 uint64_t *file_page, uint64_t *count)
{
    struct tree *free_tree = &layout->free;
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(free_tree, at)) != NULL;) {
        if (record->value > reusable_sequence) {
            at = record->key + record->count;
            continue;
        }
        uint64_t start = record->key, end = usable_end(free_tree, record, count_max, reusable_sequence);
        if (end - start >= count_min) {
            *file_page = start;
            *count = end - start < count_max ? end - start : count_max;
            remove_free(free_tree, start, start + *count);
            return true;
        }
        at = end;
    }
    return false;
}

uint64_t layout_usable_at_end(const struct arena_layout *layout, uint64_t reusable_sequence)
{
    uint64_t start = layout->file_pages;
    const struct tree_record *record;
    while ((record = tree_at_or_below(&layout->free, start - 1)) != NULL && record->key + record->count == start &&
           record->value <= reusable_sequence)
        start = record->key;
    return layout->file_pages - start;
}

void layout_cut_end(struct arena_layout *layout, uint64_t count)
{
    uint64_t end = layout->file_pages - count;
    for (const struct tree_record *last; (last = tree_at_or_below(&layout->free, UINT64_MAX)) != NULL;) {
        struct tree_record record = *last;
        if (record.key + record.count <= end)
            break;
        tree_remove(&layout->free, record.key);
        if (record.key < end)
            tree_put(&layout->free, (struct tree_record){record.key, end - record.key, record.value, 0});
    }
    layout->file_pages = end;
}

void layout_free_count(const struct arena_layout *layout, uint64_t reusable_sequence, uint64_t *usable, uint64_t *all)
{
    *usable = *all = 0;
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->free, at)) != NULL; at = record->key + record->count) {
        *all += record->count;
        *usable += record->value <= reusable_sequence ? record->count : 0;
    }
}
