/* Sets and maps: the doors `in` and `by`.
 *
 * A tree is 0 or [item left right]; an item of a map is [key value], an item
 * of a set is its own key.  Keys are ordered by gor from left to right and by
 * mor from the root down, so a tree has one shape whatever the order in which
 * it was filled.  The jets do step by step what the library does, so that they
 * are right for trees that are not so ordered, too.
 *
 * The door is the context of its gates (axis 7) and the tree is its sample, at
 * axis 30 of a gate.
 *
 * Depth is bounded: a tree that is ordered by two independent hashes is about
 * three times as deep as the logarithm of its size, and one of more than
 * DEPTH_MAX levels, as somebody might make one by hand, is left to the Nock.
 * So is everything that is no tree, and walks of more than WALK_NODES_MAX
 * nodes.  These jets never exit.
 */
#include "jet/chapters.h"
#include "jet/jet.h"
#include "jet/steps.h"

#define DEPTH_MAX 512

/* A walk visits at most so many nodes, since no collection and no interrupt
 * happens meanwhile, and a small tree whose branches are shared may have any
 * number of them. */
#define WALK_NODES_MAX (1 << 20)

enum kind { KIND_SET, KIND_MAP };

/* A node taken apart. */
struct node {
    noun item;
    noun key;
    noun left;
    noun right;
};

static inline bool is_node(enum kind kind, noun tree)
{
    return noun_is_cell(tree) && noun_is_cell(noun_tail(tree)) && (kind == KIND_SET || noun_is_cell(noun_head(tree)));
}

/* `tree` is a node. */
static inline struct node node_of(enum kind kind, noun tree)
{
    noun item = noun_head(tree), branches = noun_tail(tree);
    noun key = kind == KIND_MAP ? noun_head(item) : item;
    return (struct node){item, key, noun_head(branches), noun_tail(branches)};
}

static inline noun node_make(struct stack *stack, noun item, noun left, noun right)
{
    return stack_triple(stack, item, left, right);
}

static inline noun tree_of(noun gate)
{
    return noun_at(gate, 30);
}

/* ---- lookup -------------------------------------------------------------- */

/* Where a key is to be looked for, from a node: nouns of different mugs are not
 * equal, and gor orders them by it. */
enum side { SIDE_HERE, SIDE_LEFT, SIDE_RIGHT };

static inline enum side side_of(noun key, uint32_t mug, noun there)
{
    if (key == there)
        return SIDE_HERE;
    uint32_t other = noun_mug(there);
    if (LIKELY(mug != other))
        return mug < other ? SIDE_LEFT : SIDE_RIGHT;
    return noun_equal(key, there) ? SIDE_HERE : noun_dor(key, there) ? SIDE_LEFT : SIDE_RIGHT;
}

/* Of a key that is looked for in `tree`. */
static inline uint32_t mug_for(noun tree, noun key)
{
    return tree == 0 ? 0 : noun_mug(key);
}

enum found { FOUND_YES, FOUND_NO, FOUND_ODD };

/* The item under `key`. */
static enum found lookup(enum kind kind, noun tree, noun key, noun *item)
{
    uint32_t mug = mug_for(tree, key);
    while (tree != 0) {
        if (!is_node(kind, tree))
            return FOUND_ODD;
        struct node node = node_of(kind, tree);
        enum side side = side_of(key, mug, node.key);
        if (side == SIDE_HERE) {
            *item = node.item;
            return FOUND_YES;
        }
        tree = side == SIDE_LEFT ? node.left : node.right;
    }
    return FOUND_NO;
}

noun jet_in_has(struct nock *machine, noun core)
{
    (void)machine;
    noun key = noun_at(core, 6), item;
    if (key == NOUN_NONE)
        return NOCK_JET_PUNT;
    enum found found = lookup(KIND_SET, tree_of(core), key, &item);
    return found == FOUND_ODD ? NOCK_JET_PUNT : found == FOUND_YES ? NOUN_YES : NOUN_NO;
}

noun jet_by_get(struct nock *machine, noun core)
{
    noun key = noun_at(core, 6), item;
    if (key == NOUN_NONE)
        return NOCK_JET_PUNT;
    switch (lookup(KIND_MAP, tree_of(core), key, &item)) {
    case FOUND_YES:
        return stack_cell(nock_stack(machine), 0, noun_tail(item));
    case FOUND_NO:
        return 0;
    default:
        return NOCK_JET_PUNT;
    }
}

noun jet_map_got(noun map, noun key)
{
    noun item;
    return lookup(KIND_MAP, map, key, &item) == FOUND_YES ? noun_tail(item) : NOUN_NONE;
}

/* ---- insertion ----------------------------------------------------------- */

/* The nodes from the root down to a place, and the way taken at each. */
struct path {
    unsigned depth;
    noun trees[DEPTH_MAX];
    bool went_left[DEPTH_MAX];
};

/* What stands where `item` belongs, once it is there; NOUN_NONE for odd trees. */
static noun settle_item(struct stack *stack, enum kind kind, noun item, noun key, noun tree, struct path *path)
{
    uint32_t mug = mug_for(tree, key);
    for (path->depth = 0; tree != 0; path->depth++) {
        if (path->depth == DEPTH_MAX || !is_node(kind, tree))
            return NOUN_NONE;
        struct node node = node_of(kind, tree);
        enum side side = side_of(key, mug, node.key);
        if (side == SIDE_HERE) {
            bool same = kind == KIND_SET || noun_equal(noun_tail(item), noun_tail(node.item));
            return same ? tree : node_make(stack, item, node.left, node.right);
        }
        path->trees[path->depth] = tree;
        path->went_left[path->depth] = side == SIDE_LEFT;
        tree = side == SIDE_LEFT ? node.left : node.right;
    }
    return node_make(stack, item, 0, 0);
}

/* The tree whose child on the path has become `child`: turned round if the
 * child's key stands above its own. */
static noun lift(struct stack *stack, enum kind kind, noun tree, bool went_left, noun child)
{
    if (!is_node(kind, child))
        return NOUN_NONE;
    struct node node = node_of(kind, tree), below = node_of(kind, child);
    noun before = went_left ? node.left : node.right;
    if (noun_mor(node.key, below.key)) {
        if (child == before)
            return tree;
        return went_left ? node_make(stack, node.item, child, node.right)
                         : node_make(stack, node.item, node.left, child);
    }
    if (went_left)
        return node_make(stack, below.item, below.left, node_make(stack, node.item, below.right, node.right));
    return node_make(stack, below.item, node_make(stack, node.item, node.left, below.left), below.right);
}

/* NOUN_NONE if the tree is odd, or too deep. */
static noun put(struct stack *stack, enum kind kind, noun tree, noun item)
{
    struct path path;
    noun key = kind == KIND_MAP ? noun_head(item) : item;
    noun child = settle_item(stack, kind, item, key, tree, &path);
    while (child != NOUN_NONE && path.depth > 0) {
        path.depth--;
        child = lift(stack, kind, path.trees[path.depth], path.went_left[path.depth], child);
    }
    return child;
}

static noun or_punt(noun tree)
{
    return tree == NOUN_NONE ? NOCK_JET_PUNT : tree;
}

noun jet_in_put(struct nock *machine, noun core)
{
    noun item = noun_at(core, 6), tree = tree_of(core);
    if (item == NOUN_NONE || tree == NOUN_NONE)
        return NOCK_JET_PUNT;
    return or_punt(put(nock_stack(machine), KIND_SET, tree, item));
}

noun jet_by_put(struct nock *machine, noun core)
{
    noun item = noun_at(core, 6), tree = tree_of(core);
    if (!noun_is_cell(item) || tree == NOUN_NONE)
        return NOCK_JET_PUNT;
    return or_punt(put(nock_stack(machine), KIND_MAP, tree, item));
}

/* Puts a list of items, the first one first.  In steps, because a long list
 * leaves more garbage behind than may wait for its end. */
enum { GAS_LIST, GAS_TREE };
enum { GAS_START, GAS_GOING_ON };

/* Puts one item; false where only the Nock knows what comes of it. */
static bool gas_one(struct stack *stack, struct nock_activation *a, enum kind kind)
{
    noun list = a->slot[GAS_LIST];
    if (!noun_is_cell(list) || (kind == KIND_MAP && !noun_is_cell(noun_head(list))))
        return false;
    noun tree = put(stack, kind, a->slot[GAS_TREE], noun_head(list));
    if (tree == NOUN_NONE)
        return false;
    a->slot[GAS_LIST] = noun_tail(list);
    a->slot[GAS_TREE] = tree;
    return true;
}

static enum nock_step gas(struct nock *machine, struct nock_activation *a, enum kind kind)
{
    struct stack *stack = nock_stack(machine);
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    if (a->phase == GAS_START) {
        noun list = step_sample(a), tree = tree_of(a->core);
        if (list == NOUN_NONE || tree == NOUN_NONE)
            return NOCK_STEP_PUNT;
        a->slot[GAS_LIST] = list;
        a->slot[GAS_TREE] = tree;
    }
    do {
        if (a->slot[GAS_LIST] == 0)
            return step_done(a, a->slot[GAS_TREE]);
        if (!gas_one(stack, a, kind))
            return step_give_up(a);
    } while (!stack_is_due(stack));
    return step_pause(machine, a, GAS_GOING_ON);
}

enum nock_step jet_in_gas(struct nock *machine, struct nock_activation *a)
{
    return gas(machine, a, KIND_SET);
}

enum nock_step jet_by_gas(struct nock *machine, struct nock_activation *a)
{
    return gas(machine, a, KIND_MAP);
}

/* ---- deletion ------------------------------------------------------------ */

/* A node whose child on the path is another; nothing is turned round. */
static noun replace_child(struct stack *stack, enum kind kind, noun tree, bool went_left, noun child)
{
    struct node node = node_of(kind, tree);
    return went_left ? node_make(stack, node.item, child, node.right) : node_make(stack, node.item, node.left, child);
}

/* One tree of the two below a node that is gone: the one whose key stands above
 * is the root, and the other joins its inner branch.  The joints are kept on
 * the path, and rebuilt from the last one up. */
static noun join(struct stack *stack, enum kind kind, noun left, noun right)
{
    struct path path;
    for (path.depth = 0; left != 0 && right != 0; path.depth++) {
        if (path.depth == DEPTH_MAX || !is_node(kind, left) || !is_node(kind, right))
            return NOUN_NONE;
        struct node a = node_of(kind, left), b = node_of(kind, right);
        bool left_above = noun_mor(a.key, b.key);
        path.trees[path.depth] = left_above ? left : right;
        path.went_left[path.depth] = !left_above;
        if (left_above)
            left = a.right;
        else
            right = b.left;
    }
    noun joined = left == 0 ? right : left;
    while (path.depth > 0) {
        path.depth--;
        joined = replace_child(stack, kind, path.trees[path.depth], path.went_left[path.depth], joined);
    }
    return joined;
}

static noun remove_key(struct nock *machine, enum kind kind, noun gate)
{
    struct path path;
    noun key = noun_at(gate, 6), root = tree_of(gate), tree = root;
    struct stack *stack = nock_stack(machine);
    if (key == NOUN_NONE)
        return NOCK_JET_PUNT;
    uint32_t mug = tree == NOUN_NONE ? 0 : mug_for(tree, key);
    for (path.depth = 0;; path.depth++) {
        if (tree == 0)
            return root;
        if (path.depth == DEPTH_MAX || !is_node(kind, tree))
            return NOCK_JET_PUNT;
        struct node node = node_of(kind, tree);
        enum side side = side_of(key, mug, node.key);
        if (side == SIDE_HERE)
            break;
        path.trees[path.depth] = tree;
        path.went_left[path.depth] = side == SIDE_LEFT;
        tree = path.went_left[path.depth] ? node.left : node.right;
    }
    struct node gone = node_of(kind, tree);
    noun child = join(stack, kind, gone.left, gone.right);
    while (child != NOUN_NONE && path.depth > 0) {
        path.depth--;
        child = replace_child(stack, kind, path.trees[path.depth], path.went_left[path.depth], child);
    }
    return or_punt(child);
}

noun jet_in_del(struct nock *machine, noun core)
{
    return remove_key(machine, KIND_SET, core);
}

noun jet_by_del(struct nock *machine, noun core)
{
    return remove_key(machine, KIND_MAP, core);
}

/* ---- walks --------------------------------------------------------------- */

/* Conses the items, from the left to the right, before `list`.  The core is a
 * trap: the list is its sample, the door its context. */
noun jet_tap(struct nock *machine, noun trap)
{
    noun pending[DEPTH_MAX];
    unsigned depth = 0;
    noun list = noun_at(trap, 6), tree = tree_of(trap);
    if (list == NOUN_NONE)
        return NOCK_JET_PUNT;
    for (unsigned nodes = 0; nodes <= WALK_NODES_MAX; nodes++) {
        for (; tree != 0; tree = node_of(KIND_SET, tree).left) {
            if (depth == DEPTH_MAX || !is_node(KIND_SET, tree))
                return NOCK_JET_PUNT;
            pending[depth++] = tree;
        }
        if (depth == 0)
            return list;
        struct node node = node_of(KIND_SET, pending[--depth]);
        list = stack_cell(nock_stack(machine), node.item, list);
        tree = node.right;
    }
    return NOCK_JET_PUNT;
}

/* The count of items; the trap's context is the door. */
noun jet_wyt(struct nock *machine, noun trap)
{
    (void)machine;
    noun pending[DEPTH_MAX] = {noun_at(trap, 14)};
    noun count = 0;
    for (unsigned depth = 1; depth > 0;) {
        noun tree = pending[--depth];
        if (tree == 0)
            continue;
        if (!is_node(KIND_SET, tree) || depth + 2 > DEPTH_MAX || count++ == WALK_NODES_MAX)
            return NOCK_JET_PUNT;
        struct node node = node_of(KIND_SET, tree);
        pending[depth++] = node.left;
        pending[depth++] = node.right;
    }
    return count;
}

/* Puts the keys of a map into the set that is the trap's sample: in steps, as
 * gas, a node before its branches and the left one first.  What is still to be
 * visited is a list of trees. */
enum { KEY_PENDING, KEY_SET };
enum { KEY_START, KEY_GOING_ON };

/* Visits one tree. */
static bool key_one(struct stack *stack, struct nock_activation *a)
{
    noun tree = noun_head(a->slot[KEY_PENDING]), rest = noun_tail(a->slot[KEY_PENDING]);
    if (tree != 0) {
        if (!is_node(KIND_MAP, tree))
            return false;
        struct node node = node_of(KIND_MAP, tree);
        noun keys = put(stack, KIND_SET, a->slot[KEY_SET], node.key);
        if (keys == NOUN_NONE)
            return false;
        a->slot[KEY_SET] = keys;
        rest = stack_triple(stack, node.left, node.right, rest);
    }
    a->slot[KEY_PENDING] = rest;
    return true;
}

enum nock_step jet_by_key(struct nock *machine, struct nock_activation *a)
{
    struct stack *stack = nock_stack(machine);
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    if (a->phase == KEY_START) {
        noun keys = step_sample(a), tree = tree_of(a->core);
        if (keys == NOUN_NONE || tree == NOUN_NONE)
            return NOCK_STEP_PUNT;
        a->slot[KEY_PENDING] = stack_cell(stack, tree, 0);
        a->slot[KEY_SET] = keys;
    }
    do {
        if (a->slot[KEY_PENDING] == 0)
            return step_done(a, a->slot[KEY_SET]);
        if (!key_one(stack, a))
            return step_give_up(a);
    } while (!stack_is_due(stack));
    return step_pause(machine, a, KEY_GOING_ON);
}

/* ---- union --------------------------------------------------------------- *
 *
 * Of two roots the one whose key stands above stays; the other tree is split
 * at it into two, of which one is united with the branch on its side, and what
 * is left with the whole.  The recursion is bounded by DEPTH_MAX.
 */

struct unite {
    struct stack *stack;
    enum kind kind;
    unsigned depth;
    unsigned nodes;
};

static noun unite(struct unite *u, noun a, noun b);

static noun unite_deeper(struct unite *u, noun a, noun b)
{
    if (u->depth == DEPTH_MAX)
        return NOUN_NONE;
    u->depth++;
    noun united = unite(u, a, b);
    u->depth--;
    return united;
}

/* Both roots have the same key: b's item stays. */
static noun unite_same(struct unite *u, const struct node *a, const struct node *b)
{
    noun left = unite_deeper(u, a->left, b->left);
    noun right = left == NOUN_NONE ? NOUN_NONE : unite_deeper(u, a->right, b->right);
    return right == NOUN_NONE ? NOUN_NONE : node_make(u->stack, b->item, left, right);
}

/* Unites the lower root and its branch on the far side with the branch of the
 * upper one that they belong to: *whole is the outcome, *rest what is left of
 * the lower tree.  `swapped`: the lower one is the first of the two. */
static bool unite_split(struct unite *u, const struct node *above, const struct node *below, bool swapped, noun *rest,
                        noun *whole)
{
    bool left = noun_gor(below->key, above->key);
    noun part =
        left ? node_make(u->stack, below->item, below->left, 0) : node_make(u->stack, below->item, 0, below->right);
    noun branch = left ? above->left : above->right;
    branch = swapped ? unite_deeper(u, part, branch) : unite_deeper(u, branch, part);
    if (branch == NOUN_NONE)
        return false;
    *whole = left ? node_make(u->stack, above->item, branch, above->right)
                  : node_make(u->stack, above->item, above->left, branch);
    *rest = left ? below->right : below->left;
    return true;
}

static noun unite(struct unite *u, noun a, noun b)
{
    while (a != 0 && b != 0) {
        if (!is_node(u->kind, a) || !is_node(u->kind, b) || u->nodes++ == WALK_NODES_MAX)
            return NOUN_NONE;
        struct node x = node_of(u->kind, a), y = node_of(u->kind, b);
        if (noun_equal(x.key, y.key))
            return unite_same(u, &x, &y);
        bool fine =
            noun_mor(x.key, y.key) ? unite_split(u, &x, &y, false, &b, &a) : unite_split(u, &y, &x, true, &a, &b);
        if (!fine)
            return NOUN_NONE;
    }
    return a == 0 ? b : a;
}

noun jet_in_uni(struct nock *machine, noun core)
{
    noun a = tree_of(core), b = noun_at(core, 6);
    if (a == NOUN_NONE)
        return NOCK_JET_PUNT;
    if (noun_equal(a, b))
        return a;
    struct unite u = {.stack = nock_stack(machine), .kind = KIND_SET};
    return or_punt(unite(&u, a, b));
}

noun jet_by_uni(struct nock *machine, noun core)
{
    noun a = tree_of(core), b = noun_at(core, 6);
    if (a == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct unite u = {.stack = nock_stack(machine), .kind = KIND_MAP};
    return or_punt(unite(&u, a, b));
}
