#include "model/random_tree.h"

#include "support/tap.h"

#include <stdlib.h>

static const uint64_t edges[] = {
    0, 1, 2, 3, 4, 7, 8, 12, 13, 255, 0xffffffff, 0x100000000, INT64_MAX, INT64_MIN, UINT64_MAX,
};

static const char *const cords[] = {"a", "k", "mean", "hello world", "a cord longer than any two words"};

static const struct tree *big_atom(struct tree_arena *arena, uint64_t *state)
{
    uint64_t words[8];
    size_t count = 1 + (size_t)tap_below(state, COUNT_OF(words));
    uint64_t fill = tap_below(state, 3) == 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < count; i++)
        words[i] = tap_below(state, 2) == 0 ? fill : tap_random(state);
    return tree_atom_from_words(arena, words, count);
}

const struct tree *random_tree_atom(struct tree_arena *arena, uint64_t *state)
{
    switch (tap_below(state, 10)) {
    case 0:
        return tree_atom(arena, edges[tap_below(state, COUNT_OF(edges))]);
    case 1:
        return tree_cord(arena, cords[tap_below(state, COUNT_OF(cords))]);
    case 2:
        return big_atom(arena, state);
    case 3:
        return tree_atom(arena, tap_random(state) >> tap_below(state, 64));
    case 4:
    case 5:
        return tree_atom(arena, tap_below(state, 2));
    default:
        return tree_atom(arena, tap_below(state, 20));
    }
}

/* Joins leaves at random places, or, for a list, always at the end. */
const struct tree *random_tree(struct tree_arena *arena, uint64_t *state, unsigned leaves)
{
    const struct tree *tree = random_tree_atom(arena, state);
    bool is_list = tap_below(state, 3) == 0;
    for (unsigned count = (unsigned)tap_below(state, leaves); count > 0; count--) {
        const struct tree *leaf = random_tree_atom(arena, state);
        if (!is_list && tap_below(state, 8) == 0)
            leaf = tree_cell(arena, leaf, tree); /* shared */
        bool in_front = is_list || tap_below(state, 2) == 0;
        tree = in_front ? tree_cell(arena, leaf, tree) : tree_cell(arena, tree, leaf);
    }
    return tree;
}

#define PATH_BITS_MAX 1024

/* An axis as it grows; bits from the root down. */
struct path {
    bool right[PATH_BITS_MAX];
    size_t count;
};

static const struct tree *axis_of(struct tree_arena *arena, const struct path *path)
{
    uint64_t words[PATH_BITS_MAX / 64 + 1] = {0};
    size_t top = path->count;
    words[top / 64] |= (uint64_t)1 << top % 64;
    for (size_t i = 0; i < path->count; i++)
        words[(top - 1 - i) / 64] |= (uint64_t)path->right[i] << (top - 1 - i) % 64;
    return tree_atom_from_words(arena, words, COUNT_OF(words));
}

static bool is_wanted(const struct tree *tree, enum random_want want)
{
    switch (want) {
    case RANDOM_ATOM:
        return !tree_is_cell(tree);
    case RANDOM_LOOBEAN:
        return tree_is_word(tree, 0) || tree_is_word(tree, 1);
    case RANDOM_CELL:
        return tree_is_cell(tree);
    default:
        return true;
    }
}

/* Goes down with a random chance to go on; remembers the deepest wanted part. */
static struct path random_path(uint64_t *state, const struct tree *tree, enum random_want want)
{
    struct path path = {.count = 0};
    size_t wanted_count = 0;
    uint64_t stop_one_in = (uint64_t[]){2, 4, 16, 256}[tap_below(state, 4)];
    uint64_t right_of_four = 1 + tap_below(state, 3);
    for (;;) {
        if (is_wanted(tree, want))
            wanted_count = path.count;
        bool stops = (want == RANDOM_ANY || want == RANDOM_CELL) && tap_below(state, stop_one_in) == 0;
        if (stops || !tree_is_cell(tree) || path.count == PATH_BITS_MAX)
            break;
        bool right = tap_below(state, 4) < right_of_four;
        path.right[path.count++] = right;
        tree = right ? tree->tail : tree->head;
    }
    path.count = wanted_count;
    return path;
}

const struct tree *random_axis(struct tree_arena *arena, uint64_t *state, const struct tree *tree,
                               enum random_want want)
{
    struct path path = random_path(state, tree, want);
    return axis_of(arena, &path);
}

const struct tree *random_wrong_axis(struct tree_arena *arena, uint64_t *state)
{
    switch (tap_below(state, 4)) {
    case 0:
        return tree_atom(arena, 0);
    case 1:
        return tree_cell(arena, tree_atom(arena, 2), tree_atom(arena, 3));
    default:
        return random_tree_atom(arena, state);
    }
}

const struct tree *random_copy(struct tree_arena *arena, const struct tree *tree)
{
    if (!tree_is_cell(tree))
        return tree_atom_from_words(arena, tree->words, tree->count);
    const struct tree *head = random_copy(arena, tree->head);
    return tree_cell(arena, head, random_copy(arena, tree->tail));
}

static const struct tree *replace(struct tree_arena *arena, const struct tree *tree, const struct path *path,
                                  size_t depth, const struct tree *patch)
{
    if (depth == path->count)
        return patch;
    if (path->right[depth])
        return tree_cell(arena, tree->head, replace(arena, tree->tail, path, depth + 1, patch));
    return tree_cell(arena, replace(arena, tree->head, path, depth + 1, patch), tree->tail);
}

const struct tree *random_damage(struct tree_arena *arena, uint64_t *state, const struct tree *tree)
{
    struct path path = random_path(state, tree, RANDOM_ANY);
    return replace(arena, tree, &path, 0, random_tree(arena, state, 4));
}
