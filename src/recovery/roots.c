/* What a start reads of the arena's roots before the kernel runs, looked at first.
 *
 * A start does not verify the file, and maps what it reads; a word of it that has
 * rotted leads anywhere.  Of the kernel no more is read than its core on the way to
 * its arms, and if that is damaged the ladder takes another way.  The registry
 * of jets, the list of codes and the history of collections only save time: a
 * damaged one is left out, with a warning.  The shelves of snapshots and branches are
 * looked at when somebody asks for them (kept.c).
 *
 * All of it goes object by object (arena_holds), so it takes time in proportion
 * to what is read anyway.
 */
#include "recovery/private.h"

/* Of a name, or of the numbers of a collection. */
#define TREE_OBJECTS_MAX 4096

static bool arena_holds_it(const void *context, noun n)
{
    return arena_holds(context, n);
}

noun node_part(const struct node *node, noun n, uint64_t axis)
{
    if (axis == 0)
        return NOUN_NONE;
    for (unsigned bit = bits_length(axis) - 1; bit-- > 0;) {
        if (!arena_holds(node->arena, n) || !noun_is_cell(n))
            return NOUN_NONE;
        n = axis >> bit & 1 ? noun_tail(n) : noun_head(n);
    }
    return arena_holds(node->arena, n) ? n : NOUN_NONE;
}

/* All of a noun that is to be small. */
static bool holds_tree(const struct arena *arena, noun n)
{
    struct wordstack *pending = wordstack_take();
    size_t count = 0;
    bool is_held = true;
    wordstack_push(pending, n);
    while (is_held && !wordstack_is_empty(pending)) {
        n = wordstack_pop(pending);
        is_held = count++ < TREE_OBJECTS_MAX && arena_holds(arena, n);
        if (is_held && noun_is_cell(n)) {
            wordstack_push(pending, noun_tail(n));
            wordstack_push(pending, noun_head(n));
        }
    }
    while (!wordstack_is_empty(pending))
        (void)wordstack_pop(pending);
    wordstack_give_back(pending);
    return is_held;
}

/* [chum axis noun parent]: of the noun, a battery, only the cell; its arms are looked
 * at as they are read. */
static bool holds_registration(const struct arena *arena, noun item)
{
    for (unsigned i = 0; i < 3; i++, item = noun_tail(item)) {
        if (!arena_holds(arena, item) || !noun_is_cell(item))
            return false;
        if (i < 2 ? !holds_tree(arena, noun_head(item)) : !arena_holds(arena, noun_head(item)))
            return false;
    }
    return arena_holds(arena, item);
}

/* [formula number], and nothing of the formula. */
static bool holds_code(const struct arena *arena, noun item)
{
    return arena_holds(arena, item);
}

/* References lead downward, so no list is endless. */
static bool holds_list(const struct arena *arena, noun list, bool (*holds_item)(const struct arena *arena, noun item))
{
    for (; arena_holds(arena, list); list = noun_tail(list)) {
        if (!noun_is_cell(list))
            return true;
        if (!holds_item(arena, noun_head(list)))
            return false;
    }
    return false;
}

static void drop(struct node *node, enum arena_root root, const char *what, const char *cost)
{
    node_warn(
        node,
        "the %s in %s/%s is damaged, and is left out: %s.  The file has rotted: `loam verify` says where, and `loam "
        "doctor --repair` makes it again",
        what, node->directory, ARENA_FILE_NAME, cost);
    arena_drop_root(node->arena, root);
}

static enum status check_kernel(const struct node *node, const struct arena_commit *commit)
{
    static const uint64_t axes[] = {KERNEL_AXIS_LOAD, KERNEL_AXIS_PEEK, KERNEL_AXIS_POKE, KERNEL_AXIS_STATE};
    bool is_held = arena_holds(node->arena, commit->roots[ARENA_ROOT_TRAP]) &&
                   arena_holds(node->arena, commit->roots[ARENA_ROOT_STATE]);
    for (size_t i = 0; i < COUNT_OF(axes); i++)
        is_held = is_held && node_part(node, commit->roots[ARENA_ROOT_HOST], axes[i]) != NOUN_NONE;
    if (is_held)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT,
                       "the kernel in %s/%s, as it was at event %" PRIu64 ", is damaged: the file has rotted; `loam "
                       "verify` says where, and a start or `loam doctor --repair` makes the state again",
                       node->directory, ARENA_FILE_NAME, commit->event_number);
}

enum status node_check_roots(struct node *node)
{
    const struct arena_commit *commit = arena_current(node->arena);
    if (!holds_list(node->arena, commit->roots[ARENA_ROOT_REGISTRY], holds_registration))
        drop(node, ARENA_ROOT_REGISTRY, "registry of jets", "what is not registered again runs without jets");
    if (!holds_list(node->arena, commit->roots[ARENA_ROOT_CODE], holds_code))
        drop(node, ARENA_ROOT_CODE, "list of compiled formulas", "the first events are slower");
    if (!holds_tree(node->arena, commit->roots[ARENA_ROOT_COLLECTIONS]))
        drop(node, ARENA_ROOT_COLLECTIONS, "history of collections", "the next collection is a full one");
    return check_kernel(node, commit);
}

void node_restore_registry(struct node *node)
{
    const noun registry = arena_current(node->arena)->roots[ARENA_ROOT_REGISTRY];
    if (registry != 0)
        nock_registry_restore(node->machine, registry, arena_holds_it, node->arena);
}
