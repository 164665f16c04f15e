/* Which page of the file holds which page of the address space, and which holds
 * none: the trees of one superblock.
 *
 * Neighbouring runs are one record, so a file that only grows has one.
 *
 * Whoever calls keeps other threads away. */
#ifndef ARENA_LAYOUT_H
#define ARENA_LAYOUT_H

#include "arena/format.h"
#include "arena/tree.h"

struct arena_layout {
    struct tree directory;
    struct tree free;
    struct tree large;
    struct tree allocations;
    uint64_t file_pages; /* those below are mapped, nodes, or free */
};

struct layout_run {
    uint64_t page; /* of the address space */
    uint64_t count;
    uint64_t file_page;
};

void layout_init(struct arena_layout *layout);
void layout_finish(struct arena_layout *layout);

/* Where `page` lies, and how many pages from there are consecutive in both. */
bool layout_find(const struct arena_layout *layout, uint64_t page, struct layout_run *run);

/* The first run that ends above `page`; false if there is none. */
bool layout_next(const struct arena_layout *layout, uint64_t page, struct layout_run *run);

/* None of it may be mapped. */
void layout_map(struct arena_layout *layout, struct layout_run run);

/* Takes out what is mapped of the first run that meets [page, end_page), and
 * says what it was; false if there is none. */
bool layout_unmap(struct arena_layout *layout, uint64_t page, uint64_t end_page, struct layout_run *run);

/* The end of what is mapped without a gap from `page` on; `page` if it is not. */
uint64_t layout_mapped_end(const struct arena_layout *layout, uint64_t page);

/* `count` pages from `file_page` on hold nothing that the commit `sequence` or a
 * later one reaches.  Runs freed at or before `reusable_sequence` merge. */
void layout_free(struct arena_layout *layout, uint64_t file_page, uint64_t count, uint64_t sequence,
                 uint64_t reusable_sequence);

/* Takes up to `count_max` pages that were freed at or before `reusable_sequence`
 * from the lowest run that has `count_min`; false if there is none. */
bool layout_take(struct arena_layout *layout, uint64_t count_min, uint64_t count_max, uint64_t reusable_sequence,
                 uint64_t *file_page, uint64_t *count);

/* Takes these, which must be free. */
void layout_take_at(struct arena_layout *layout, uint64_t file_page, uint64_t count);

/* How many pages at the end of the file may be used, without a gap; and takes the
 * last `count` of them off the end. */
uint64_t layout_usable_at_end(const struct arena_layout *layout, uint64_t reusable_sequence);
void layout_cut_end(struct arena_layout *layout, uint64_t count);

/* Free pages: those that may be used, and all. */
void layout_free_count(const struct arena_layout *layout, uint64_t reusable_sequence, uint64_t *usable, uint64_t *all);

#endif
