/* Shared by tree.c and tree_file.c. */
#ifndef ARENA_TREE_NODE_H
#define ARENA_TREE_NODE_H

#include "arena/tree.h"

struct tree_node {
    uint64_t page; /* where it lies, or will; 0 if that is not known yet */
    bool is_dirty; /* not what lies there */
    unsigned level;
    unsigned count;
    uint64_t checksum; /* unless dirty */
    struct tree_record records[TREE_RECORDS_MAX + 1];
    struct tree_node *children[]; /* owned; none in a leaf */
};

struct tree_node *tree_node_new(struct tree *tree, unsigned level);
void tree_node_free(struct tree_node *node); /* with all below */

/* Nobody has the page any more; 0 is none. */
void tree_retire(struct tree *tree, uint64_t page);

#endif
