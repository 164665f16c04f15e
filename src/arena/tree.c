/* Searching and changing a tree in memory.
 *
 * A change goes down once and remembers its path.  A leaf that is too full is
 * split and its parent gets another child; one that is less than half full
 * takes a record from a neighbour, or is merged with it.  So all leaves stay at
 * one level and all nodes but the root at least half full. */
#include "arena/tree_node.h"

#include <stdlib.h>

struct step {
    struct tree_node *node;
    unsigned index; /* of the child taken; in the leaf, of the record */
};

struct path {
    struct step steps[TREE_LEVELS_MAX];
    unsigned count;
};

void tree_init(struct tree *tree, uint32_t kind)
{
    *tree = (struct tree){.kind = kind};
}

struct tree_node *tree_node_new(struct tree *tree, unsigned level)
{
    size_t size_bytes = sizeof(struct tree_node) + (level == 0 ? 0 : (TREE_RECORDS_MAX + 1) * sizeof(void *));
    struct tree_node *node = calloc(1, size_bytes);
    if (node == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    node->level = level;
    node->is_dirty = true;
    tree->is_dirty = true;
    tree->node_count++;
    return node;
}

void tree_node_free(struct tree_node *node)
{
    if (node == NULL)
        return;
    for (unsigned i = 0; node->level > 0 && i < node->count; i++)
        tree_node_free(node->children[i]);
    free(node);
}

void tree_finish(struct tree *tree)
{
    tree_node_free(tree->root);
    free(tree->retired);
    tree_init(tree, tree->kind);
}

void tree_retire(struct tree *tree, uint64_t page)
{
    if (page == 0)
        return;
    if (tree->retired_count == tree->retired_capacity) {
        tree->retired_capacity = tree->retired_capacity == 0 ? 16 : 2 * tree->retired_capacity;
        tree->retired = realloc(tree->retired, tree->retired_capacity * sizeof *tree->retired);
        if (tree->retired == NULL)
            check_out_of_memory(__FILE__, __LINE__, tree->retired_capacity * sizeof *tree->retired);
    }
    tree->retired[tree->retired_count++] = page;
}

/* A page that was given to a dirty node and not yet counted on stays its. */
static void make_dirty(struct tree *tree, struct tree_node *node)
{
    tree->is_dirty = true;
    if (node->is_dirty)
        return;
    tree_retire(tree, node->page);
    node->page = 0;
    node->is_dirty = true;
}

static void drop_node(struct tree *tree, struct tree_node *node)
{
    tree_retire(tree, node->page);
    tree->is_dirty = true;
    tree->node_count--;
    free(node);
}

/* ---- searching --------------------------------------------------------------- */

/* How many records have a key not above `key`. */
static unsigned rank(const struct tree_node *node, uint64_t key)
{
    unsigned low = 0, high = node->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (node->records[middle].key <= key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static unsigned child_for(const struct tree_node *node, uint64_t key)
{
    unsigned below = rank(node, key);
    return below == 0 ? 0 : below - 1;
}

const struct tree_record *tree_at_or_below(const struct tree *tree, uint64_t key)
{
    const struct tree_node *node = tree->root;
    while (node != NULL && node->level > 0)
        node = node->children[child_for(node, key)];
    unsigned below = node == NULL ? 0 : rank(node, key);
    return below == 0 ? NULL : &node->records[below - 1];
}

const struct tree_record *tree_at_or_above(const struct tree *tree, uint64_t key)
{
    const struct tree_node *node = tree->root, *right = NULL; /* what lies to the right of the path */
    while (node != NULL && node->level > 0) {
        unsigned index = child_for(node, key);
        if (index + 1 < node->count)
            right = node->children[index + 1];
        node = node->children[index];
    }
    if (node == NULL)
        return NULL;
    unsigned below = key == 0 ? 0 : rank(node, key - 1);
    if (below < node->count)
        return &node->records[below];
    while (right != NULL && right->level > 0)
        right = right->children[0];
    return right == NULL ? NULL : &right->records[0];
}

static void find_path(struct tree *tree, uint64_t key, struct path *path)
{
    path->count = 0;
    for (struct tree_node *node = tree->root;; node = node->children[path->steps[path->count - 1].index]) {
        make_dirty(tree, node);
        CHECK(path->count < TREE_LEVELS_MAX);
        path->steps[path->count++] = (struct step){node, child_for(node, key)};
        if (node->level == 0)
            return;
    }
}

/* ---- one node ---------------------------------------------------------------- */

static void open_gap(struct tree_node *node, unsigned at)
{
    memmove(&node->records[at + 1], &node->records[at], (node->count - at) * sizeof node->records[0]);
    if (node->level > 0)
        memmove(&node->children[at + 1], &node->children[at], (node->count - at) * sizeof node->children[0]);
    node->count++;
}

static void close_gap(struct tree_node *node, unsigned at)
{
    node->count--;
    memmove(&node->records[at], &node->records[at + 1], (node->count - at) * sizeof node->records[0]);
    if (node->level > 0)
        memmove(&node->children[at], &node->children[at + 1], (node->count - at) * sizeof node->children[0]);
}

static void insert_child(struct tree_node *parent, unsigned at, struct tree_node *child)
{
    open_gap(parent, at);
    parent->records[at] = (struct tree_record){.key = child->records[0].key};
    parent->children[at] = child;
}

/* Moves the `count` records of `from` at `at` to the end of `to`, or its start. */
static void move_records(struct tree_node *from, unsigned at, unsigned count, struct tree_node *to, unsigned to_at)
{
    for (unsigned i = 0; i < count; i++) {
        open_gap(to, to_at + i);
        to->records[to_at + i] = from->records[at];
        if (to->level > 0)
            to->children[to_at + i] = from->children[at];
        close_gap(from, at);
    }
}

/* ---- putting ----------------------------------------------------------------- */

/* Parents know the lowest key below each child. */
static void tell_parents(struct path *path)
{
    for (unsigned i = path->count - 1; i-- > 0;) {
        struct step *step = &path->steps[i];
        step->node->records[step->index].key = step->node->children[step->index]->records[0].key;
    }
}

static void split_full(struct tree *tree, struct path *path)
{
    for (unsigned i = path->count; i-- > 0;) {
        struct tree_node *node = path->steps[i].node;
        if (node->count <= TREE_FILL_MAX)
            return;
        struct tree_node *right = tree_node_new(tree, node->level);
        unsigned half = node->count / 2;
        move_records(node, half, node->count - half, right, 0);
        if (i > 0) {
            insert_child(path->steps[i - 1].node, path->steps[i - 1].index + 1, right);
        } else {
            struct tree_node *root = tree_node_new(tree, node->level + 1);
            insert_child(root, 0, node);
            insert_child(root, 1, right);
            tree->root = root;
        }
    }
}

void tree_put(struct tree *tree, struct tree_record record)
{
    if (tree->root == NULL)
        tree->root = tree_node_new(tree, 0);
    struct path path;
    find_path(tree, record.key, &path);
    struct tree_node *leaf = path.steps[path.count - 1].node;
    unsigned below = rank(leaf, record.key);
    if (below > 0 && leaf->records[below - 1].key == record.key) {
        leaf->records[below - 1] = record;
        return;
    }
    open_gap(leaf, below);
    leaf->records[below] = record;
    tree->count++;
    tell_parents(&path);
    split_full(tree, &path);
}

/* ---- removing ---------------------------------------------------------------- */

/* `left` and the child after it have too few between them for two nodes, or
 * share what they have evenly. */
static void balance(struct tree *tree, struct tree_node *parent, unsigned left_index)
{
    struct tree_node *left = parent->children[left_index], *right = parent->children[left_index + 1];
    make_dirty(tree, left);
    make_dirty(tree, right);
    unsigned sum = left->count + right->count;
    if (sum <= TREE_FILL_MAX) {
        move_records(right, 0, right->count, left, left->count);
        drop_node(tree, right);
        close_gap(parent, left_index + 1);
        return;
    }
    if (left->count < sum / 2)
        move_records(right, 0, sum / 2 - left->count, left, left->count);
    else
        move_records(left, sum / 2, left->count - sum / 2, right, 0);
    parent->records[left_index + 1].key = right->records[0].key;
}

static void fill_thin(struct tree *tree, struct path *path)
{
    for (unsigned i = path->count; i-- > 1;) {
        if (path->steps[i].node->count >= TREE_FILL_MIN)
            return;
        struct step *step = &path->steps[i - 1];
        unsigned left = step->index > 0 ? step->index - 1 : 0;
        if (left + 1 < step->node->count)
            balance(tree, step->node, left);
    }
}

static void lower_root(struct tree *tree)
{
    while (tree->root != NULL && tree->root->level > 0 && tree->root->count == 1) {
        struct tree_node *old = tree->root;
        tree->root = old->children[0];
        drop_node(tree, old);
    }
    if (tree->root != NULL && tree->root->count == 0) {
        drop_node(tree, tree->root);
        tree->root = NULL;
    }
}

void tree_remove(struct tree *tree, uint64_t key)
{
    CHECK(tree->root != NULL);
    struct path path;
    find_path(tree, key, &path);
    struct tree_node *leaf = path.steps[path.count - 1].node;
    unsigned below = rank(leaf, key);
    CHECK(below > 0 && leaf->records[below - 1].key == key);
    close_gap(leaf, below - 1);
    tree->count--;
    if (leaf->count > 0)
        tell_parents(&path);
    fill_thin(tree, &path);
    lower_root(tree);
}

/* A parent says where its children lie, so it goes with them. */
static uint64_t leave_pages(struct tree *tree, struct tree_node *node, uint64_t page)
{
    uint64_t count = !node->is_dirty && node->page >= page;
    for (unsigned i = 0; node->level > 0 && i < node->count; i++)
        count += leave_pages(tree, node->children[i], page);
    if (count > 0)
        make_dirty(tree, node);
    return count;
}

uint64_t tree_leave_pages(struct tree *tree, uint64_t page)
{
    return tree->root == NULL ? 0 : leave_pages(tree, tree->root, page);
}

/* ---- looking over it --------------------------------------------------------- */

static void check_node(const struct tree_node *node, bool is_root, uint64_t *count)
{
    CHECK(node->count > 0 && node->count <= TREE_RECORDS_MAX);
    CHECK(is_root || node->count >= TREE_FILL_MIN || TREE_FILL_MIN <= 1);
    CHECK(!is_root || node->level == 0 || node->count > 1);
    for (unsigned i = 0; i < node->count; i++) {
        CHECK(i == 0 || node->records[i - 1].key < node->records[i].key);
        if (node->level == 0)
            continue;
        const struct tree_node *child = node->children[i];
        CHECK(child->level + 1 == node->level && child->records[0].key == node->records[i].key);
        CHECK(i + 1 == node->count || child->records[child->count - 1].key < node->records[i + 1].key);
        CHECK(node->is_dirty || !child->is_dirty);
        check_node(child, false, count);
    }
    *count += node->level == 0 ? node->count : 0;
}

void tree_check(const struct tree *tree)
{
    uint64_t count = 0;
    if (tree->root != NULL)
        check_node(tree->root, true, &count);
    CHECK(count == tree->count);
}
