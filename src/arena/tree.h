/* The copy-on-write B+ trees of the arena file: records of four words, in the
 * order of their keys, in nodes of one file page each (docs/format.md).
 *
 * All nodes of a tree are in memory once it is loaded; a change makes the nodes
 * on its path dirty.  A dirty node is written to another page than the one it
 * was read from, which is *retired*: whoever writes the tree frees it.  A
 * parent holds the checksums of its children, so a tree is believed by the
 * checksum of its root.
 *
 * A tree without records has no node: its root is page 0.
 *
 * Whoever calls keeps other threads away. */
#ifndef ARENA_TREE_H
#define ARENA_TREE_H

#include "base/base.h"

#define TREE_MAGIC "LoamTree"
#define TREE_PAGE_BYTES 4096u
#define TREE_RECORDS_MAX 127u /* that a page can hold */
#define TREE_LEVELS_MAX 16u

#ifdef LOAM_HOSTILE
#define TREE_FILL_MAX 6u /* that one is filled with */
#else
#define TREE_FILL_MAX TREE_RECORDS_MAX
#endif
#define TREE_FILL_MIN (TREE_FILL_MAX / 2)

struct tree_record {
    uint64_t key; /* in a parent: the lowest key below the child */
    uint64_t count;
    uint64_t value; /* in a parent: the child's page */
    uint64_t extra; /* in a parent: the child's checksum */
};

struct tree_page {
    uint8_t magic[8];
    uint32_t kind;  /* which tree: against misplaced pointers */
    uint16_t level; /* 0: a leaf */
    uint16_t count;
    uint64_t page; /* its own: against misplaced writes */
    uint64_t unused;
    struct tree_record records[TREE_RECORDS_MAX];
};

static_assert(sizeof(struct tree_page) == TREE_PAGE_BYTES, "a node is a page");
static_assert(offsetof(struct tree_page, level) == 12, "on disk");
static_assert(offsetof(struct tree_page, page) == 16, "on disk");
static_assert(offsetof(struct tree_page, records) == 32, "on disk");
static_assert(sizeof(struct tree_record) == 32, "on disk");

struct tree_node;

struct tree {
    uint32_t kind;
    struct tree_node *root; /* owned; NULL if there is no record */
    uint64_t count;         /* records */
    uint64_t node_count;
    bool is_dirty;
    uint64_t *retired; /* owned: pages that no node has any more */
    size_t retired_count;
    size_t retired_capacity;
};

void tree_init(struct tree *tree, uint32_t kind);
void tree_finish(struct tree *tree);

/* The record with the greatest key not above `key`, or with the least not
 * below; NULL if there is none.  Valid until the next change. */
const struct tree_record *tree_at_or_below(const struct tree *tree, uint64_t key);
const struct tree_record *tree_at_or_above(const struct tree *tree, uint64_t key);

/* Adds a record, or changes the one that has its key. */
void tree_put(struct tree *tree, struct tree_record record);

/* Removes the record with this key, which must be there. */
void tree_remove(struct tree *tree, uint64_t key);

/* Makes the nodes dirty that lie in `page` or above, so that they go elsewhere when
 * the tree is written; says how many. */
uint64_t tree_leave_pages(struct tree *tree, uint64_t page);

/* ---- the file ---------------------------------------------------------------- */

/* Reads or writes one page. */
typedef enum status tree_transfer(void *context, uint64_t page, struct tree_page *bytes);

/* Makes *tree the tree at `root_page`, which has `checksum`.  Every page must be in
 * [first_page, end_page).  STATUS_CORRUPT if anything is not as a tree is; then
 * the tree is empty. */
enum status tree_load(struct tree *tree, uint32_t kind, uint64_t root_page, uint64_t checksum, uint64_t seed,
                      uint64_t first_page, uint64_t end_page, tree_transfer *read, void *context) MUST_USE;

/* Gives every dirty node that has no page one from `take`, which may change
 * other trees and this one.  False if `take` had none (0): some have none still. */
bool tree_give_pages(struct tree *tree, uint64_t (*take)(void *context), void *context);

/* True if every dirty node has a page. */
bool tree_has_pages(const struct tree *tree);

/* Writes the dirty nodes, children first; each has a page.  After a failure
 * they are dirty still. */
enum status tree_write(struct tree *tree, uint64_t seed, tree_transfer *write, void *context, uint64_t *root_page,
                       uint64_t *checksum) MUST_USE;

/* Calls `each` with the page of every node. */
void tree_pages(const struct tree *tree, void (*each)(void *context, uint64_t page), void *context);

/* Aborts if the tree is not in order: for tests and debug builds. */
void tree_check(const struct tree *tree);

#endif
