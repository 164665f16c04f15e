/* Where a core keeps its arms: the compiler's look and loot.
 *
 *   tree      0 or [item left right], a map
 *   chapter   a map whose items are [name hoon]
 *   core      a map whose items are [name [notes chapter]]
 *
 * A battery is laid out as its map is, a node without children as its item and
 * one with one child as a pair, so the axis of an arm follows from the way to it.
 * The product is 0, or [0 axis hoon].
 *
 * A chapter is searched as by the library: one way down, by gor, whatever the
 * tree's order; of a core's chapters each is searched, a node's before those of its
 * branches.  What is no such tree, and what lies deeper than an axis of one
 * word reaches, is left to the Nock.
 */
#include "jet/chapters.h"

/* More chapters than a core has; branches may be shared, so that a small noun has any number. */
#define CHAPTERS_MAX 4096
#define PENDING_MAX 64

enum found { FOUND_YES, FOUND_NO, FOUND_ODD };

/* A node of a tree, and where its branches' arms lie below it. */
struct node {
    noun item; /* a cell */
    noun left, right;
    bool is_leaf;
};

/* False if it is no node.  Branches are looked at only as far as whether they are there. */
static inline bool open_node(noun tree, struct node *node)
{
    if (!noun_is_cell(tree) || !noun_is_cell(noun_head(tree)) || !noun_is_cell(noun_tail(tree)))
        return false;
    noun branches = noun_tail(tree);
    *node = (struct node){.item = noun_head(tree), .left = noun_head(branches), .right = noun_tail(branches)};
    node->is_leaf = node->left == 0 && node->right == 0;
    return (node->left == 0 || noun_is_cell(node->left)) && (node->right == 0 || noun_is_cell(node->right));
}

/* The axis of what is at `below` of what is at `axis`; 0 if it is none of a word's, or was none. */
static inline uint64_t join_axes(uint64_t axis, uint64_t below)
{
    if (axis == 0 || below == 0)
        return 0;
    unsigned steps = bits_length(below) - 1;
    if (bits_length(axis) + steps > bits_length(NOUN_DIRECT_MAX))
        return 0;
    return axis << steps | (below ^ (uint64_t)1 << steps);
}

/* Where a node's own arm lies, and the arms of a branch. */
static inline uint64_t axis_here(uint64_t axis, const struct node *node)
{
    return node->is_leaf ? axis : join_axes(axis, 2);
}

static inline uint64_t axis_below(uint64_t axis, const struct node *node, bool right)
{
    bool both = node->left != 0 && node->right != 0;
    return join_axes(axis, both ? right ? 7 : 6 : 3);
}

/* An arm that is looked for. */
struct name {
    noun noun;
    uint32_t mug;
};

/* gor, of a name and a key that is another. */
static inline bool goes_left(struct name name, noun key)
{
    uint32_t mug = noun_mug(key);
    return LIKELY(name.mug != mug) ? name.mug < mug : noun_dor(name.noun, key);
}

static enum found find_arm(struct name name, noun chapter, uint64_t *axis, noun *hoon)
{
    uint64_t at = 1;
    for (noun tree = chapter; tree != 0;) {
        struct node node;
        if (!open_node(tree, &node) || at == 0)
            return FOUND_ODD;
        noun key = noun_head(node.item);
        if (noun_equal(name.noun, key)) {
            *axis = axis_here(at, &node);
            *hoon = noun_tail(node.item);
            return *axis == 0 ? FOUND_ODD : FOUND_YES;
        }
        if (node.is_leaf)
            return FOUND_NO;
        bool right = !goes_left(name, key);
        at = axis_below(at, &node, right);
        tree = right ? node.right : node.left;
    }
    return FOUND_NO;
}

static noun unit_of(struct nock *machine, uint64_t axis, noun hoon)
{
    return stack_triple(nock_stack(machine), 0, axis, hoon);
}

noun jet_look(struct nock *machine, noun name, noun chapter)
{
    uint64_t axis;
    noun hoon;
    switch (find_arm((struct name){name, noun_mug(name)}, chapter, &axis, &hoon)) {
    case FOUND_YES:
        return unit_of(machine, axis, hoon);
    case FOUND_NO:
        return 0;
    default:
        return NOCK_JET_PUNT;
    }
}

/* Chapters that are still to be searched. */
struct pending {
    noun tree;
    uint64_t axis;
};

noun jet_loot(struct nock *machine, noun name, noun core)
{
    struct pending pending[PENDING_MAX];
    struct name wanted = {name, noun_mug(name)};
    unsigned depth = 0;
    pending[depth++] = (struct pending){core, 1};
    for (unsigned chapters = 0; depth > 0; chapters++) {
        struct pending here = pending[--depth];
        struct node node;
        if (here.tree == 0)
            continue;
        if (!open_node(here.tree, &node) || chapters == CHAPTERS_MAX || depth + 2 > PENDING_MAX)
            return NOCK_JET_PUNT;
        noun chapter = noun_at(node.item, 7), hoon;
        uint64_t axis;
        enum found found = chapter == NOUN_NONE ? FOUND_ODD : find_arm(wanted, chapter, &axis, &hoon);
        if (found == FOUND_YES)
            axis = join_axes(axis_here(here.axis, &node), axis);
        if (found == FOUND_ODD || (found == FOUND_YES && axis == 0))
            return NOCK_JET_PUNT;
        if (found == FOUND_YES)
            return unit_of(machine, axis, hoon);
        if (node.right != 0)
            pending[depth++] = (struct pending){node.right, axis_below(here.axis, &node, true)};
        if (node.left != 0)
            pending[depth++] = (struct pending){node.left, axis_below(here.axis, &node, false)};
    }
    return 0;
}
