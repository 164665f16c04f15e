/* Samples added up: a tree of labels, each node once for each caller. */
#include "nock/profile.h"

#include <stdlib.h>

void *profile_grow(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity == 0 ? 256 : *capacity * 2;
    items = realloc(items, *capacity * item_bytes);
    if (items == NULL)
        check_out_of_memory(__FILE__, __LINE__, *capacity * item_bytes);
    return items;
}

static size_t home_of(const struct profile_tree *tree, uint32_t parent, uint32_t label)
{
    return (size_t)bits_mix64((uint64_t)parent << 32 | label) & (tree->slots_count - 1);
}

static uint32_t *slot_of(const struct profile_tree *tree, uint32_t parent, uint32_t label)
{
    size_t at = home_of(tree, parent, label);
    while (tree->slots[at] != 0 &&
           (tree->nodes[tree->slots[at]].parent != parent || tree->nodes[tree->slots[at]].label != label))
        at = (at + 1) & (tree->slots_count - 1);
    return &tree->slots[at];
}

static void spread(struct profile_tree *tree)
{
    free(tree->slots);
    tree->slots_count = tree->slots_count == 0 ? 1024 : tree->slots_count * 2;
    tree->slots = calloc(tree->slots_count, sizeof *tree->slots);
    if (tree->slots == NULL)
        check_out_of_memory(__FILE__, __LINE__, tree->slots_count * sizeof *tree->slots);
    for (uint32_t i = 1; i < tree->count; i++)
        *slot_of(tree, tree->nodes[i].parent, tree->nodes[i].label) = i;
}

static uint32_t add_node(struct profile_tree *tree, uint32_t parent, uint32_t label)
{
    tree->nodes = profile_grow(tree->nodes, tree->count, &tree->capacity, sizeof *tree->nodes);
    tree->nodes[tree->count] = (struct profile_node){.parent = parent, .label = label};
    return (uint32_t)tree->count++;
}

uint32_t profile_tree_child(struct profile_tree *tree, uint32_t parent, uint32_t label)
{
    if (tree->count == 0)
        add_node(tree, 0, 0);
    if (tree->count * 2 >= tree->slots_count)
        spread(tree);
    uint32_t *slot = slot_of(tree, parent, label);
    if (*slot == 0) {
        if (tree->count >= PROFILE_NODES_MAX)
            return parent;
        *slot = add_node(tree, parent, label);
    }
    return *slot;
}

uint32_t profile_tree_add(struct profile_tree *tree, const uint32_t *labels, size_t count)
{
    uint32_t node = 0;
    if (tree->count == 0)
        add_node(tree, 0, 0);
    while (count-- > 0)
        node = profile_tree_child(tree, node, labels[count]);
    return node;
}

void profile_tree_finish(struct profile_tree *tree)
{
    free(tree->nodes);
    free(tree->slots);
}
