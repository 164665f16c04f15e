/* Allocation records: what is known of a large object beside what makes it one.
 *
 * A tree of their own (format.h: kind 4), of up to three records an object:
 *
 *   key = page * 4 + part     count          value            extra
 *   made    0                 event          wall clock, ms   0
 *   label   1                 | 24 bytes: the origin that brought it (origins.c) |
 *   used    2                 event          wall clock, ms   how often
 *
 * They come and go with the object, in the same superblock, and nothing depends on
 * them: an object of an older file has none.
 *
 * A use changes a leaf, which would cost a page with every event that reads a large
 * atom.  So uses are gathered in memory, and become records when a superblock writes
 * nodes anyway, when there are too many, and when the arena is sealed.  A kill loses
 * those since. */
#include "arena/large.h"

#include <stdlib.h>

static uint64_t key_of(uint64_t page, enum arena_allocation_part part)
{
    return page * ARENA_ALLOCATION_PARTS + part;
}

static const struct tree_record *find(const struct tree *tree, uint64_t key)
{
    const struct tree_record *record = tree_at_or_above(tree, key);
    return record != NULL && record->key == key ? record : NULL;
}

bool arena_allocations_are_sane(const struct arena_layout *layout)
{
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->allocations, at)) != NULL; at = record->key + 1) {
        char label[ARENA_LABEL_SIZE_BYTES];
        enum arena_allocation_part part = record->key % ARENA_ALLOCATION_PARTS;
        if (part > ARENA_ALLOCATION_USED || find(&layout->large, record->key / ARENA_ALLOCATION_PARTS) == NULL)
            return false;
        memcpy(label, &record->count, sizeof label);
        if (part == ARENA_ALLOCATION_LABEL && !arena_label_is_sane(label))
            return false;
    }
    return true;
}

/* ---- records --------------------------------------------------------------------- */

void arena_allocation_put(struct arena *arena, uint64_t page, uint64_t event, const char *label)
{
    struct tree *tree = &arena->layout.allocations;
    struct tree_record labelled = {.key = key_of(page, ARENA_ALLOCATION_LABEL)};
    char clean[ARENA_LABEL_SIZE_BYTES];
    uint64_t wall_ms = os_wall_ms();
    arena_label_set(clean, label);
    memcpy(&labelled.count, clean, sizeof clean);
    tree_put(tree, (struct tree_record){key_of(page, ARENA_ALLOCATION_MADE), event, wall_ms, 0});
    tree_put(tree, labelled);
    tree_put(tree, (struct tree_record){key_of(page, ARENA_ALLOCATION_USED), event, wall_ms, 1});
}

static void remove_use(struct arena *arena, uint64_t page);

void arena_allocation_remove(struct arena *arena, uint64_t page)
{
    struct tree *tree = &arena->layout.allocations;
    for (enum arena_allocation_part part = ARENA_ALLOCATION_MADE; part <= ARENA_ALLOCATION_USED; part++)
        if (find(tree, key_of(page, part)) != NULL)
            tree_remove(tree, key_of(page, part));
    remove_use(arena, page);
}

/* ---- uses ---------------------------------------------------------------------------- */

/* The place of the first at `page` or above. */
static size_t place_of(const struct arena *arena, uint64_t page)
{
    return sorted_place(arena->uses, arena->use_count, sizeof *arena->uses, offsetof(struct arena_use, page), page);
}

static struct arena_use *find_use(const struct arena *arena, uint64_t page)
{
    size_t place = place_of(arena, page);
    return place < arena->use_count && arena->uses[place].page == page ? &arena->uses[place] : NULL;
}

static void remove_use(struct arena *arena, uint64_t page)
{
    struct arena_use *use = find_use(arena, page);
    if (use == NULL)
        return;
    size_t place = (size_t)(use - arena->uses);
    memmove(use, use + 1, (--arena->use_count - place) * sizeof *use);
}

static struct arena_use *add_use(struct arena *arena, uint64_t page)
{
    if (arena->uses == NULL) {
        arena->uses = malloc(ARENA_USES_MAX * sizeof *arena->uses);
        if (arena->uses == NULL)
            check_out_of_memory(__FILE__, __LINE__, ARENA_USES_MAX * sizeof *arena->uses);
    }
    if (arena->use_count == ARENA_USES_MAX)
        (void)arena_uses_take(arena);
    size_t place = place_of(arena, page);
    struct arena_use *use = &arena->uses[place];
    memmove(use + 1, use, (arena->use_count++ - place) * sizeof *use);
    *use = (struct arena_use){.page = page};
    return use;
}

void arena_large_note_use(struct arena *arena, noun atom, uint64_t event)
{
    if (!noun_is_large(atom))
        return;
    uint64_t page = noun_offset_words(atom) * 8 / ARENA_PAGE_BYTES;
    os_mutex_lock(arena->pages_mutex);
    if (find(&arena->layout.large, page) != NULL) {
        struct arena_use *use = find_use(arena, page);
        if (use == NULL)
            use = add_use(arena, page);
        use->event = event;
        use->wall_ms = os_wall_ms();
        use->count++;
    }
    os_mutex_unlock(arena->pages_mutex);
}

bool arena_uses_take(struct arena *arena)
{
    struct tree *tree = &arena->layout.allocations;
    for (size_t i = 0; i < arena->use_count; i++) {
        const struct arena_use *use = &arena->uses[i];
        const struct tree_record *old = find(tree, key_of(use->page, ARENA_ALLOCATION_USED));
        uint64_t count = use->count + (old == NULL ? 0 : old->extra);
        tree_put(tree, (struct tree_record){key_of(use->page, ARENA_ALLOCATION_USED), use->event, use->wall_ms, count});
    }
    bool were_any = arena->use_count > 0;
    arena->use_count = 0;
    return were_any;
}

/* ---- reading -------------------------------------------------------------------------- */

void arena_allocation_find(const struct arena *arena, uint64_t page, struct arena_large_object *object)
{
    const struct tree *tree = &arena->layout.allocations;
    const struct tree_record *made = find(tree, key_of(page, ARENA_ALLOCATION_MADE));
    const struct tree_record *label = find(tree, key_of(page, ARENA_ALLOCATION_LABEL));
    const struct tree_record *used = find(tree, key_of(page, ARENA_ALLOCATION_USED));
    const struct arena_use *fresh = find_use(arena, page);
    if (made != NULL) {
        object->made_event = made->count;
        object->made_wall_ms = made->value;
    }
    if (label != NULL)
        memcpy(object->label, &label->count, sizeof object->label);
    if (used != NULL) {
        object->used_event = used->count;
        object->used_wall_ms = used->value;
        object->use_count = used->extra;
    }
    if (fresh != NULL) {
        object->used_event = fresh->event;
        object->used_wall_ms = fresh->wall_ms;
        object->use_count += fresh->count;
    }
}

/* ---- the whole file --------------------------------------------------------------------- */

static uint64_t pages_of(uint64_t size_bytes)
{
    return bits_round_up(size_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
}

static void count_segments(const struct arena *arena, struct arena_usage *usage)
{
    const struct arena_superblock *newest = &arena->newest;
    uint64_t pages = 0;
    for (size_t i = 0; i < newest->range_count; i++) {
        pages += pages_of(newest->ranges[i].end_bytes) - newest->ranges[i].start_bytes / ARENA_PAGE_BYTES;
        usage->segment_bytes += newest->ranges[i].end_bytes - newest->ranges[i].start_bytes;
    }
    usage->padding_bytes = pages * ARENA_PAGE_BYTES - usage->segment_bytes;
}

static void count_large(const struct arena_layout *layout, struct arena_usage *usage)
{
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->large, at)) != NULL; at = record->key + 1) {
        usage->large_bytes += record->count;
        usage->padding_bytes += pages_of(record->count) * ARENA_PAGE_BYTES - record->count;
    }
}

static void count_node(void *context, uint64_t page)
{
    struct arena_usage *usage = context;
    usage->node_bytes += page == 0 ? 0 : ARENA_PAGE_BYTES;
}

/* A page that a changed node has left becomes free with the next superblock. */
static void count_trees(const struct arena_layout *layout, struct arena_usage *usage)
{
    const struct tree *trees[] = {&layout->directory, &layout->free, &layout->large, &layout->allocations};
    for (size_t i = 0; i < COUNT_OF(trees); i++) {
        tree_pages(trees[i], count_node, usage);
        usage->waiting_bytes += trees[i]->retired_count * ARENA_PAGE_BYTES;
    }
}

/* The file may have been cut since the commit was written: only of free pages, usable then or not. */
static void leave_out_cut(const struct arena *arena, struct arena_usage *usage)
{
    const struct arena_layout *layout = &arena->layout;
    uint64_t end_page = usage->file_bytes / ARENA_PAGE_BYTES;
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->free, at)) != NULL; at = record->key + record->count) {
        uint64_t record_end = record->key + record->count;
        uint64_t start = record->key > end_page ? record->key : end_page;
        uint64_t cut_bytes = record_end > start ? (record_end - start) * ARENA_PAGE_BYTES : 0;
        *(record->value <= arena->reusable_sequence ? &usage->free_bytes : &usage->waiting_bytes) -= cut_bytes;
    }
}

/* Under both mutexes. */
static void count_all(const struct arena *arena, struct arena_usage *usage)
{
    const struct arena_layout *layout = &arena->layout;
    struct layout_run run;
    uint64_t usable, all, mapped_bytes = 0, watermark_page = pages_of(arena->newest.watermark_bytes);
    count_segments(arena, usage);
    count_large(layout, usage);
    count_trees(layout, usage);
    for (uint64_t page = 0; layout_next(layout, page, &run); page = run.page + run.count)
        mapped_bytes += run.count * ARENA_PAGE_BYTES;
    layout_free_count(layout, arena->reusable_sequence, &usable, &all);
    usage->ring_bytes = ARENA_DATA_START_BYTES;
    usage->ahead_bytes = (layout_mapped_end(layout, watermark_page) - watermark_page) * ARENA_PAGE_BYTES;
    usage->moving_bytes =
        mapped_bytes - usage->segment_bytes - usage->large_bytes - usage->padding_bytes - usage->ahead_bytes;
    usage->free_bytes = usable * ARENA_PAGE_BYTES;
    usage->waiting_bytes += (all - usable) * ARENA_PAGE_BYTES;
    leave_out_cut(arena, usage);
}

enum status arena_usage(struct arena *arena, struct arena_usage *usage)
{
    *usage = (struct arena_usage){0};
    STATUS_TRY(os_file_size(arena->file, &usage->file_bytes));
    os_mutex_lock(arena->mutex);
    os_mutex_lock(arena->pages_mutex);
    count_all(arena, usage);
    os_mutex_unlock(arena->pages_mutex);
    os_mutex_unlock(arena->mutex);
    uint64_t known_bytes = usage->ring_bytes + usage->segment_bytes + usage->large_bytes + usage->padding_bytes +
                           usage->node_bytes + usage->ahead_bytes + usage->moving_bytes + usage->free_bytes +
                           usage->waiting_bytes;
    usage->unknown_bytes = usage->file_bytes > known_bytes ? usage->file_bytes - known_bytes : 0;
    return STATUS_OK;
}
