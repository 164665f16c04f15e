/* The treaps of the zkvm group: finding, putting, deleting.
 *
 * They are treaps like the standard library's (trees.c): a tree is an atom or
 * [item left right], where an item of a map is [key value].  A z-tree's keys
 * are any nouns of belts, ordered by their hashes (order.c); an h-tree's
 * keys are hashes already.  A z-tree's empty tree is 0, an h-set's %hset and
 * an h-map's %hmap, but any atom is read as empty.
 *
 * Hashing is what costs: of every key on the way the hash is made once, and
 * the doubled hash once on the way back.  A jet that puts many items keeps
 * the hashes it made by the word of the key: no noun moves while it runs.
 */
#include "zk/jets.h"
#include "zk/treap.h"

const struct treap_door treap_z_in = {ORDER_TIP, false, 0};
const struct treap_door treap_z_by = {ORDER_TIP, true, 0};
const struct treap_door treap_h_in = {ORDER_HIP, false, 0x74657368};
const struct treap_door treap_h_by = {ORDER_HIP, true, 0x70616d68};

/* ---- hashes of keys ------------------------------------------------------ */

static bool tip_of(const struct treap *job, noun key, struct zk_digest *tip)
{
    if (job->cache == NULL || noun_is_direct(key))
        return zk_tip(key, tip);
    struct treap_cache_line *line = &job->cache[(key * 0x9e3779b97f4a7c15u) >> 55];
    if (line->key != key) {
        if (!zk_tip(key, tip))
            return false;
        *line = (struct treap_cache_line){key, *tip};
    }
    *tip = line->tip;
    return true;
}

static_assert(TREAP_CACHE_LINES == 1 << (64 - 55), "the top bits of a product number a line");

static bool need_tip(const struct treap *job, struct treap_key *key)
{
    if (key->has_tip)
        return true;
    if (job->door->order == ORDER_TIP)
        return key->has_tip = tip_of(job, key->n, &key->tip);
    key->is_digest = zk_digest_read(key->n, &key->tip);
    return key->has_tip = key->is_digest || zk_is_hashed(key->n);
}

static bool need_double(const struct treap *job, struct treap_key *key)
{
    if (!need_tip(job, key))
        return false;
    if (job->door->order == ORDER_TIP && !key->has_double) {
        key->twice = zk_hash_pair(&key->tip, &key->tip);
        key->has_double = true;
    }
    return true;
}

static enum treap_answer from_digests(const struct zk_digest *a, const struct zk_digest *b,
                                      const struct treap_key *left, const struct treap_key *right)
{
    int order = zk_digest_compare(a, b);
    bool before = order == 0 ? noun_dor(left->n, right->n) : order < 0;
    return before ? ANSWER_YES : ANSWER_NO;
}

static bool left_of_hip(const struct treap_key *a, const struct treap_key *b)
{
    return a->is_digest && b->is_digest ? zk_digest_compare(&a->tip, &b->tip) > 0 : zk_gor_hip(a->n, b->n);
}

static bool above_hip(const struct treap_key *a, const struct treap_key *b)
{
    return a->is_digest && b->is_digest ? zk_digest_compare_backwards(&a->tip, &b->tip) > 0 : zk_mor_hip(a->n, b->n);
}

/* Whether `a` belongs left of `b`. */
enum treap_answer treap_left_of(const struct treap *job, struct treap_key *a, struct treap_key *b)
{
    if (!need_tip(job, a) || !need_tip(job, b))
        return ANSWER_ODD;
    if (job->door->order == ORDER_HIP)
        return left_of_hip(a, b) ? ANSWER_YES : ANSWER_NO;
    return from_digests(&a->tip, &b->tip, a, b);
}

enum treap_side treap_side(const struct treap *job, struct treap_key *key, struct treap_key *there)
{
    if (key->n == there->n)
        return SIDE_HERE;
    if (job->door->order == ORDER_HIP && need_tip(job, key) && need_tip(job, there) && key->is_digest &&
        there->is_digest) {
        int order = zk_digest_compare(&key->tip, &there->tip);
        return order == 0 ? SIDE_HERE : order > 0 ? SIDE_LEFT : SIDE_RIGHT;
    }
    if (noun_equal(key->n, there->n))
        return SIDE_HERE;
    enum treap_answer answer = treap_left_of(job, key, there);
    return answer == ANSWER_ODD ? SIDE_ODD : answer == ANSWER_YES ? SIDE_LEFT : SIDE_RIGHT;
}

/* Whether `a` belongs above `b`. */
enum treap_answer treap_above(const struct treap *job, struct treap_key *a, struct treap_key *b)
{
    if (!need_double(job, a) || !need_double(job, b))
        return ANSWER_ODD;
    if (job->door->order == ORDER_HIP)
        return above_hip(a, b) ? ANSWER_YES : ANSWER_NO;
    return from_digests(&a->twice, &b->twice, a, b);
}

/* ---- trees --------------------------------------------------------------- */

/* False if `tree` is no node. */
bool treap_node(const struct treap *job, noun tree, struct treap_node *node)
{
    if (!noun_is_cell(tree) || !noun_is_cell(noun_tail(tree)) || (job->door->is_map && !noun_is_cell(noun_head(tree))))
        return false;
    noun branches = noun_tail(tree);
    *node = (struct treap_node){tree, noun_head(tree), noun_head(branches), noun_tail(branches)};
    return true;
}

noun treap_node_key(const struct treap *job, const struct treap_node *node)
{
    return job->door->is_map ? noun_head(node->item) : node->item;
}

/* Goes down to where `key` is or belongs; `node` is there if it is found. */
enum treap_found treap_descend(const struct treap *job, noun tree, struct treap_key *key, struct treap_path *path,
                               struct treap_node *node)
{
    for (path->depth = 0; noun_is_cell(tree); path->depth++) {
        struct treap_step *step = &path->steps[path->depth];
        if (path->depth == TREAP_DEPTH_MAX || !treap_node(job, tree, node))
            return FOUND_ODD;
        treap_key_begin(&step->key, treap_node_key(job, node));
        enum treap_side side = treap_side(job, key, &step->key);
        if (side == SIDE_HERE || side == SIDE_ODD)
            return side == SIDE_HERE ? FOUND_YES : FOUND_ODD;
        step->node = *node;
        step->left = side == SIDE_LEFT;
        tree = step->left ? node->left : node->right;
    }
    return FOUND_NO;
}

enum treap_found treap_find(const struct treap *job, noun tree, noun n, struct treap_node *node)
{
    struct treap_key key, there;
    treap_key_begin(&key, n);
    for (unsigned depth = 0; noun_is_cell(tree); depth++) {
        if (depth == TREAP_DEPTH_MAX || !treap_node(job, tree, node))
            return FOUND_ODD;
        treap_key_begin(&there, treap_node_key(job, node));
        enum treap_side side = treap_side(job, &key, &there);
        if (side == SIDE_HERE || side == SIDE_ODD)
            return side == SIDE_HERE ? FOUND_YES : FOUND_ODD;
        tree = side == SIDE_LEFT ? node->left : node->right;
    }
    return FOUND_NO;
}

/* The step's node with another tree on the side that was taken. */
noun treap_with_branch(const struct treap *job, const struct treap_step *step, noun branch)
{
    const struct treap_node *node = &step->node;
    if (branch == (step->left ? node->left : node->right))
        return node->tree;
    return step->left ? stack_triple(job->stack, node->item, branch, node->right)
                      : stack_triple(job->stack, node->item, node->left, branch);
}

/* ---- insertion ----------------------------------------------------------- */

/* The step's node below its child `below`, which comes above it. */
static noun turned(const struct treap *job, const struct treap_step *step, const struct treap_node *below)
{
    const struct treap_node *node = &step->node;
    struct stack *stack = job->stack;
    if (step->left)
        return stack_triple(stack, below->item, below->left,
                            stack_triple(stack, node->item, below->right, node->right));
    return stack_triple(stack, below->item, stack_triple(stack, node->item, node->left, below->left), below->right);
}

/* Carries a changed tree, whose root has `key`, up the path. */
static noun carry_up(const struct treap *job, struct treap_path *path, noun tree, struct treap_key *key)
{
    while (path->depth > 0) {
        struct treap_step *step = &path->steps[--path->depth];
        struct treap_node below;
        enum treap_answer answer = treap_above(job, &step->key, key);
        if (answer == ANSWER_ODD || !treap_node(job, tree, &below))
            return NOUN_NONE;
        if (answer == ANSWER_YES) {
            tree = treap_with_branch(job, step, tree);
            key = &step->key;
        } else {
            tree = turned(job, step, &below);
        }
    }
    return tree;
}

/* NOUN_NONE if the tree or the item is odd. */
noun treap_put(const struct treap *job, noun tree, noun item)
{
    struct treap_path path;
    struct treap_node node;
    if (job->door->is_map && !noun_is_cell(item))
        return NOUN_NONE;
    struct treap_key key;
    treap_key_begin(&key, job->door->is_map ? noun_head(item) : item);
    if (job->door->order == ORDER_HIP && !need_tip(job, &key))
        return NOUN_NONE;
    enum treap_found found = treap_descend(job, tree, &key, &path, &node);
    if (found == FOUND_ODD)
        return NOUN_NONE;
    noun settled;
    if (found == FOUND_NO)
        settled = stack_triple(job->stack, item, job->door->empty, job->door->empty);
    else if (!job->door->is_map || noun_equal(noun_tail(item), noun_tail(node.item)))
        settled = node.tree;
    else
        settled = stack_triple(job->stack, item, node.left, node.right);
    return carry_up(job, &path, settled, &key);
}

noun treap_put_all(const struct treap *job, noun tree, noun list)
{
    for (; noun_is_cell(list) && tree != NOUN_NONE; list = noun_tail(list))
        tree = nock_is_stopping(job->machine) ? NOUN_NONE : treap_put(job, tree, noun_head(list));
    return tree;
}

/* ---- deletion ------------------------------------------------------------ */

/* Both branches of a node that is taken out, as one tree: down the facing
 * edges of both, whichever comes above first. */
noun treap_merge(const struct treap *job, noun left, noun right)
{
    struct treap_step edge[TREAP_DEPTH_MAX];
    unsigned depth = 0;
    for (; noun_is_cell(left) && noun_is_cell(right); depth++) {
        struct treap_node a, b;
        if (depth == TREAP_DEPTH_MAX || !treap_node(job, left, &a) || !treap_node(job, right, &b))
            return NOUN_NONE;
        struct treap_key a_key, b_key;
        treap_key_begin(&a_key, treap_node_key(job, &a));
        treap_key_begin(&b_key, treap_node_key(job, &b));
        enum treap_answer answer = treap_above(job, &a_key, &b_key);
        if (answer == ANSWER_ODD)
            return NOUN_NONE;
        bool is_left = answer != ANSWER_YES; /* the branch that goes on */
        edge[depth].node = is_left ? b : a;
        edge[depth].left = is_left;
        if (is_left)
            right = b.left;
        else
            left = a.right;
    }
    noun tree = noun_is_cell(left) ? left : right;
    while (depth > 0)
        tree = treap_with_branch(job, &edge[--depth], tree);
    return tree;
}

/* A place where nothing is must be the empty tree, which the library writes
 * there. */
noun treap_delete(const struct treap *job, noun tree, noun n)
{
    struct treap_path path;
    struct treap_node node;
    struct treap_key key;
    treap_key_begin(&key, n);
    enum treap_found found = treap_descend(job, tree, &key, &path, &node);
    if (found == FOUND_ODD)
        return NOUN_NONE;
    noun branch = job->door->empty;
    if (found == FOUND_YES)
        branch = treap_merge(job, node.left, node.right);
    if (branch == NOUN_NONE)
        return NOUN_NONE;
    while (path.depth > 0)
        branch = treap_with_branch(job, &path.steps[--path.depth], branch);
    return branch;
}
