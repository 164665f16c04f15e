/* Sets and maps of the zkvm group as wholes: split, difference, union,
 * intersection, and the axis of a key.
 *
 * Each is the library's recursion, branch for branch, so that trees that are
 * out of order come out as they do there.  A recursion here goes down at most
 * two trees at once; what is deeper, or has more nodes than a jet should visit
 * (nothing can interrupt it), is left to the Nock.
 */
#include "zk/jets.h"
#include "zk/treap.h"

#include <stdlib.h>

#define NODES_MAX (1u << 16)
#define RECURSION_MAX (2 * TREAP_DEPTH_MAX)

/* One call: the treap, and how far it may still go. */
struct walk {
    struct treap treap;
    unsigned nodes;
    unsigned depth;
};

/* False if the walk has become too long or too deep. */
static bool enter(struct walk *walk)
{
    if (walk->nodes == NODES_MAX || walk->depth == RECURSION_MAX)
        return false;
    walk->nodes++;
    walk->depth++;
    return true;
}

static noun leave(struct walk *walk, noun tree)
{
    walk->depth--;
    return tree;
}

static noun make(const struct walk *walk, noun item, noun left, noun right)
{
    if (left == NOUN_NONE || right == NOUN_NONE)
        return NOUN_NONE;
    return stack_triple(walk->treap.stack, item, left, right);
}

/* The node with the empty tree on its right, or its left. */
static noun without_right(const struct walk *walk, const struct treap_node *node)
{
    return make(walk, node->item, node->left, walk->treap.door->empty);
}

static noun without_left(const struct walk *walk, const struct treap_node *node)
{
    return make(walk, node->item, walk->treap.door->empty, node->right);
}

/* How two roots stand to each other. */
struct roots {
    struct treap_node a, b;
    bool same;    /* their keys are equal: the rest is not set */
    bool a_above; /* a's key belongs above b's */
    bool left;    /* the lower one's key belongs left of the upper one's */
};

/* False if something is odd. */
static bool compare_roots(const struct walk *walk, noun a, noun b, struct roots *roots)
{
    const struct treap *treap = &walk->treap;
    if (!treap_node(treap, a, &roots->a) || !treap_node(treap, b, &roots->b))
        return false;
    struct treap_key a_key, b_key;
    treap_key_begin(&a_key, treap_node_key(treap, &roots->a));
    treap_key_begin(&b_key, treap_node_key(treap, &roots->b));
    roots->same = noun_equal(a_key.n, b_key.n);
    if (roots->same)
        return true;
    enum treap_answer above = treap_above(treap, &a_key, &b_key);
    if (above == ANSWER_ODD)
        return false;
    roots->a_above = above == ANSWER_YES;
    enum treap_answer left =
        roots->a_above ? treap_left_of(treap, &b_key, &a_key) : treap_left_of(treap, &a_key, &b_key);
    roots->left = left == ANSWER_YES;
    return left != ANSWER_ODD;
}

/* ---- split and difference ------------------------------------------------------ */

/* What lies left and right of a key; false if something is odd. */
static bool split(const struct walk *walk, noun tree, noun n, noun *left, noun *right)
{
    struct treap_path path;
    struct treap_node node;
    struct treap_key key;
    treap_key_begin(&key, n);
    enum treap_found found = treap_descend(&walk->treap, tree, &key, &path, &node);
    if (found == FOUND_ODD)
        return false;
    *left = found == FOUND_YES ? node.left : walk->treap.door->empty;
    *right = found == FOUND_YES ? node.right : walk->treap.door->empty;
    while (path.depth > 0) {
        const struct treap_step *step = &path.steps[--path.depth];
        noun *side = step->left ? right : left;
        *side = treap_with_branch(&walk->treap, step, *side);
    }
    return true;
}

static noun difference(struct walk *walk, noun a, noun b)
{
    struct treap_node node;
    noun left, right;
    if (!noun_is_cell(b))
        return a;
    if (!treap_node(&walk->treap, b, &node) || !enter(walk) ||
        !split(walk, a, treap_node_key(&walk->treap, &node), &left, &right))
        return NOUN_NONE;
    left = difference(walk, left, node.left);
    right = left == NOUN_NONE ? NOUN_NONE : difference(walk, right, node.right);
    return leave(walk, right == NOUN_NONE ? NOUN_NONE : treap_merge(&walk->treap, left, right));
}

/* ---- union ---------------------------------------------------------------------- */

/* Where both have a key, b's item stays. */
static noun unite(struct walk *walk, noun a, noun b)
{
    struct roots roots;
    if (!noun_is_cell(b) || !noun_is_cell(a))
        return noun_is_cell(b) ? b : a;
    if (!compare_roots(walk, a, b, &roots) || !enter(walk))
        return NOUN_NONE;
    const struct treap_node *x = &roots.a, *y = &roots.b;
    noun whole, part;
    if (roots.same) {
        noun left = unite(walk, x->left, y->left);
        noun right = left == NOUN_NONE ? NOUN_NONE : unite(walk, x->right, y->right);
        return leave(walk, make(walk, y->item, left, right));
    }
    if (roots.a_above) {
        part = roots.left ? unite(walk, x->left, without_right(walk, y)) : unite(walk, x->right, without_left(walk, y));
        whole = roots.left ? make(walk, x->item, part, x->right) : make(walk, x->item, x->left, part);
        return leave(walk, whole == NOUN_NONE ? NOUN_NONE : unite(walk, whole, roots.left ? y->right : y->left));
    }
    part = roots.left ? unite(walk, without_right(walk, x), y->left) : unite(walk, without_left(walk, x), y->right);
    whole = roots.left ? make(walk, y->item, part, y->right) : make(walk, y->item, y->left, part);
    return leave(walk, whole == NOUN_NONE ? NOUN_NONE : unite(walk, roots.left ? x->right : x->left, whole));
}

/* ---- intersection ----------------------------------------------------------------- */

static noun intersect(struct walk *walk, noun a, noun b);

static noun unite_parts(struct walk *walk, noun first, noun second_a, noun second_b)
{
    noun second = first == NOUN_NONE ? NOUN_NONE : intersect(walk, second_a, second_b);
    return second == NOUN_NONE ? NOUN_NONE : unite(walk, first, second);
}

/* `above` is `a`'s root: the lower tree without its far branch, and that branch
 * with the whole of a. */
static noun intersect_below(struct walk *walk, noun a, const struct treap_node *above, const struct treap_node *below,
                            bool left)
{
    noun part = left ? without_right(walk, below) : without_left(walk, below);
    noun first = intersect(walk, left ? above->left : above->right, part);
    return unite_parts(walk, first, a, left ? below->right : below->left);
}

/* The same with b on top, which for maps decides whose items stay. */
static noun intersect_above(struct walk *walk, noun b, const struct treap_node *below, const struct treap_node *above,
                            bool left)
{
    noun part = left ? without_right(walk, below) : without_left(walk, below);
    noun first = intersect(walk, part, left ? above->left : above->right);
    return unite_parts(walk, first, left ? below->right : below->left, b);
}

static noun intersect(struct walk *walk, noun a, noun b)
{
    struct roots roots;
    if (!noun_is_cell(a) || !noun_is_cell(b))
        return walk->treap.door->empty;
    if (!compare_roots(walk, a, b, &roots) || !enter(walk))
        return NOUN_NONE;
    bool is_map = walk->treap.door->is_map;
    if (roots.same) {
        noun left = intersect(walk, roots.a.left, roots.b.left);
        noun right = left == NOUN_NONE ? NOUN_NONE : intersect(walk, roots.a.right, roots.b.right);
        return leave(walk, make(walk, is_map ? roots.b.item : roots.a.item, left, right));
    }
    if (roots.a_above)
        return leave(walk, intersect_below(walk, a, &roots.a, &roots.b, roots.left));
    if (is_map)
        return leave(walk, intersect_above(walk, b, &roots.a, &roots.b, roots.left));
    return leave(walk, intersect_below(walk, b, &roots.b, &roots.a, roots.left)); /* the library swaps sets */
}

/* ---- gates -------------------------------------------------------------------------- */

typedef noun combine(struct walk *walk, noun a, noun b);

/* A jet that visits many nodes keeps their keys' hashes. */
static noun jet_combine(struct nock *machine, const struct treap_door *door, noun gate, combine *both)
{
    noun a = treap_of(gate), b = noun_at(gate, 6);
    if (a == NOUN_NONE || b == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct treap_cache_line *cache =
        door->order == ORDER_TIP ? calloc(TREAP_CACHE_LINES, sizeof(struct treap_cache_line)) : NULL;
    struct walk walk = {.treap = {.door = door, .stack = nock_stack(machine), .cache = cache}};
    noun tree = both(&walk, a, b);
    free(cache);
    return treap_or_punt(tree);
}

/* Of a set with itself nothing has to be looked at. */
static noun jet_uni(struct nock *machine, const struct treap_door *door, noun gate)
{
    noun a = treap_of(gate), b = noun_at(gate, 6);
    if (!door->is_map && a != NOUN_NONE && b != NOUN_NONE && noun_equal(a, b))
        return a;
    return jet_combine(machine, door, gate, unite);
}

static noun jet_bif(struct nock *machine, const struct treap_door *door, noun gate)
{
    struct walk walk = {.treap = {.door = door, .stack = nock_stack(machine)}};
    noun tree = treap_of(gate), key = noun_at(gate, 6), left, right;
    if (tree == NOUN_NONE || key == NOUN_NONE || !split(&walk, tree, key, &left, &right))
        return NOCK_JET_PUNT;
    return stack_cell(walk.treap.stack, left, right);
}

/* An axis that is not direct is left to the Nock. */
static noun jet_dig(struct nock *machine, const struct treap_door *door, noun gate)
{
    struct treap treap = {.door = door, .stack = nock_stack(machine)};
    struct treap_path path;
    struct treap_node node;
    noun tree = treap_of(gate), n = noun_at(gate, 6);
    if (tree == NOUN_NONE || n == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct treap_key key;
    treap_key_begin(&key, n);
    enum treap_found found = treap_descend(&treap, tree, &key, &path, &node);
    if (found == FOUND_NO)
        return 0;
    if (found == FOUND_ODD || path.depth > 30)
        return NOCK_JET_PUNT;
    uint64_t axis = 1;
    for (unsigned i = 0; i < path.depth; i++)
        axis = axis << 2 | (path.steps[i].left ? 2 : 3);
    return stack_cell(treap.stack, 0, axis << 1);
}

/* The sample is [key unit]: puts what the unit holds, or deletes. */
#define DOOR_JETS(door)                                                                                                \
    noun zk_jet_##door##_bif(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_bif(machine, &treap_##door, core);                                                                  \
    }                                                                                                                  \
    noun zk_jet_##door##_dif(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_combine(machine, &treap_##door, core, difference);                                                  \
    }                                                                                                                  \
    noun zk_jet_##door##_int(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_combine(machine, &treap_##door, core, intersect);                                                   \
    }                                                                                                                  \
    noun zk_jet_##door##_uni(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_uni(machine, &treap_##door, core);                                                                  \
    }

#define DIG_JET(door)                                                                                                  \
    noun zk_jet_##door##_dig(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_dig(machine, &treap_##door, core);                                                                  \
    }

DIG_JET(z_in)
DIG_JET(z_by)
DOOR_JETS(z_in)
DOOR_JETS(z_by)
DOOR_JETS(h_in)
DOOR_JETS(h_by)
