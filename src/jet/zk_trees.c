/* Sets and maps of the zkvm group: the doors z-in, z-by, h-in and h-by.
 *
 * They are treaps like the standard library's (trees.c): a tree is an atom or
 * [item left right], where an item of a map is [key value].  A z-tree's keys
 * are any nouns of belts, ordered by their hashes (zk_order.c); an h-tree's
 * keys are hashes already.  A z-tree's empty tree is 0, an h-set's %hset and
 * an h-map's %hmap, but any atom is read as empty.
 *
 * Hashing is what costs: of every key on the way the hash is made once, and
 * the doubled hash once on the way back.  A jet that puts many items keeps
 * the hashes it made by the word of the key: no noun moves while it runs.
 */
#include "jet/zk_order.h"

#include <stdlib.h>

#define DEPTH_MAX 256

enum order { ORDER_TIP, ORDER_HIP };

struct door {
    enum order order;
    bool is_map;
    noun empty;
};

static const struct door z_in = {ORDER_TIP, false, 0};
static const struct door z_by = {ORDER_TIP, true, 0};
static const struct door h_in = {ORDER_HIP, false, 0x74657368};
static const struct door h_by = {ORDER_HIP, true, 0x70616d68};

/* ---- hashes of keys ------------------------------------------------------ */

#define CACHE_LINES 512

struct cache_line {
    noun key; /* a cell or an indirect atom; 0 if empty */
    struct zk_digest tip;
};

/* What one call knows: of the door, and hashes if it keeps them. */
struct job {
    const struct door *door;
    struct stack *stack;
    struct cache_line *cache; /* or NULL */
};

static bool tip_of(const struct job *job, noun key, struct zk_digest *tip)
{
    if (job->cache == NULL || noun_is_direct(key))
        return zk_tip(key, tip);
    struct cache_line *line = &job->cache[(key * 0x9e3779b97f4a7c15u) >> 55];
    if (line->key != key) {
        if (!zk_tip(key, tip))
            return false;
        *line = (struct cache_line){key, *tip};
    }
    *tip = line->tip;
    return true;
}

static_assert(CACHE_LINES == 1 << (64 - 55), "the top bits of a product number a line");

/* A key with what is known of it. */
struct key {
    noun n;
    bool has_tip;
    bool has_double;
    struct zk_digest tip;
    struct zk_digest twice;
};

static struct key key_of(noun n)
{
    return (struct key){.n = n};
}

static bool need_tip(const struct job *job, struct key *key)
{
    if (job->door->order == ORDER_HIP)
        return key->has_tip || (key->has_tip = zk_is_hashed(key->n));
    return key->has_tip || (key->has_tip = tip_of(job, key->n, &key->tip));
}

static bool need_double(const struct job *job, struct key *key)
{
    if (!need_tip(job, key))
        return false;
    if (job->door->order == ORDER_TIP && !key->has_double) {
        key->twice = zk_hash_pair(&key->tip, &key->tip);
        key->has_double = true;
    }
    return true;
}

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_ODD };

static enum answer from_digests(const struct zk_digest *a, const struct zk_digest *b, const struct key *left,
                                const struct key *right)
{
    int order = zk_digest_compare(a, b);
    bool before = order == 0 ? noun_dor(left->n, right->n) : order < 0;
    return before ? ANSWER_YES : ANSWER_NO;
}

/* Whether `a` belongs left of `b`. */
static enum answer left_of(const struct job *job, struct key *a, struct key *b)
{
    if (!need_tip(job, a) || !need_tip(job, b))
        return ANSWER_ODD;
    if (job->door->order == ORDER_HIP)
        return zk_gor_hip(a->n, b->n) ? ANSWER_YES : ANSWER_NO;
    return from_digests(&a->tip, &b->tip, a, b);
}

/* Whether `a` belongs above `b`. */
static enum answer above(const struct job *job, struct key *a, struct key *b)
{
    if (!need_double(job, a) || !need_double(job, b))
        return ANSWER_ODD;
    if (job->door->order == ORDER_HIP)
        return zk_mor_hip(a->n, b->n) ? ANSWER_YES : ANSWER_NO;
    return from_digests(&a->twice, &b->twice, a, b);
}

/* ---- trees --------------------------------------------------------------- */

struct node {
    noun tree;
    noun item;
    noun left;
    noun right;
};

/* False if `tree` is no node. */
static bool take_node(const struct job *job, noun tree, struct node *node)
{
    if (!noun_is_cell(tree) || !noun_is_cell(noun_tail(tree)) || (job->door->is_map && !noun_is_cell(noun_head(tree))))
        return false;
    noun branches = noun_tail(tree);
    *node = (struct node){tree, noun_head(tree), noun_head(branches), noun_tail(branches)};
    return true;
}

static noun node_key(const struct job *job, const struct node *node)
{
    return job->door->is_map ? noun_head(node->item) : node->item;
}

/* The nodes from the root down to a place. */
struct step {
    struct node node;
    struct key key;
    bool left;
};

struct path {
    unsigned depth;
    struct step steps[DEPTH_MAX];
};

enum found { FOUND_YES, FOUND_NO, FOUND_ODD };

/* Goes down to where `key` is or belongs; `node` is there if it is found. */
static enum found descend(const struct job *job, noun tree, struct key *key, struct path *path, struct node *node)
{
    for (path->depth = 0; noun_is_cell(tree); path->depth++) {
        struct step *step = &path->steps[path->depth];
        if (path->depth == DEPTH_MAX || !take_node(job, tree, node))
            return FOUND_ODD;
        noun there = node_key(job, node);
        if (noun_equal(key->n, there))
            return FOUND_YES;
        *step = (struct step){.node = *node, .key = key_of(there)};
        enum answer answer = left_of(job, key, &step->key);
        if (answer == ANSWER_ODD)
            return FOUND_ODD;
        step->left = answer == ANSWER_YES;
        tree = step->left ? node->left : node->right;
    }
    return FOUND_NO;
}

/* The step's node with another tree on the side that was taken. */
static noun with_branch(const struct job *job, const struct step *step, noun branch)
{
    const struct node *node = &step->node;
    if (branch == (step->left ? node->left : node->right))
        return node->tree;
    return step->left ? stack_triple(job->stack, node->item, branch, node->right)
                      : stack_triple(job->stack, node->item, node->left, branch);
}

/* ---- insertion ----------------------------------------------------------- */

/* The step's node below its child `below`, which comes above it. */
static noun turned(const struct job *job, const struct step *step, const struct node *below)
{
    const struct node *node = &step->node;
    struct stack *stack = job->stack;
    if (step->left)
        return stack_triple(stack, below->item, below->left,
                            stack_triple(stack, node->item, below->right, node->right));
    return stack_triple(stack, below->item, stack_triple(stack, node->item, node->left, below->left), below->right);
}

/* Carries a changed tree, whose root has `key`, up the path. */
static noun carry_up(const struct job *job, struct path *path, noun tree, struct key *key)
{
    while (path->depth > 0) {
        struct step *step = &path->steps[--path->depth];
        struct node below;
        enum answer answer = above(job, &step->key, key);
        if (answer == ANSWER_ODD || !take_node(job, tree, &below))
            return NOUN_NONE;
        if (answer == ANSWER_YES) {
            tree = with_branch(job, step, tree);
            key = &step->key;
        } else {
            tree = turned(job, step, &below);
        }
    }
    return tree;
}

/* NOUN_NONE if the tree or the item is odd. */
static noun put(const struct job *job, noun tree, noun item)
{
    struct path path;
    struct node node;
    if (job->door->is_map && !noun_is_cell(item))
        return NOUN_NONE;
    struct key key = key_of(job->door->is_map ? noun_head(item) : item);
    if (job->door->order == ORDER_HIP && !need_tip(job, &key))
        return NOUN_NONE;
    enum found found = descend(job, tree, &key, &path, &node);
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

static noun put_all(const struct job *job, noun tree, noun list)
{
    for (; noun_is_cell(list) && tree != NOUN_NONE; list = noun_tail(list))
        tree = put(job, tree, noun_head(list));
    return tree;
}

/* ---- deletion ------------------------------------------------------------ */

/* Both branches of a node that is taken out, as one tree: down the facing
 * edges of both, whichever comes above first. */
static noun merge(const struct job *job, noun left, noun right)
{
    struct step edge[DEPTH_MAX];
    unsigned depth = 0;
    for (; noun_is_cell(left) && noun_is_cell(right); depth++) {
        struct node a, b;
        if (depth == DEPTH_MAX || !take_node(job, left, &a) || !take_node(job, right, &b))
            return NOUN_NONE;
        struct key a_key = key_of(node_key(job, &a)), b_key = key_of(node_key(job, &b));
        enum answer answer = above(job, &a_key, &b_key);
        if (answer == ANSWER_ODD)
            return NOUN_NONE;
        bool is_left = answer != ANSWER_YES; /* the branch that goes on */
        edge[depth] = (struct step){.node = is_left ? b : a, .left = is_left};
        if (is_left)
            right = b.left;
        else
            left = a.right;
    }
    noun tree = noun_is_cell(left) ? left : right;
    while (depth > 0)
        tree = with_branch(job, &edge[--depth], tree);
    return tree;
}

/* A place where nothing is must be the empty tree, which the library writes
 * there. */
static noun delete (const struct job *job, noun tree, noun n)
{
    struct path path;
    struct node node;
    struct key key = key_of(n);
    enum found found = descend(job, tree, &key, &path, &node);
    if (found == FOUND_ODD)
        return NOUN_NONE;
    noun branch = job->door->empty;
    if (found == FOUND_YES)
        branch = merge(job, node.left, node.right);
    if (branch == NOUN_NONE)
        return NOUN_NONE;
    while (path.depth > 0)
        branch = with_branch(job, &path.steps[--path.depth], branch);
    return branch;
}

/* ---- gates --------------------------------------------------------------- */

/* The door is the gate's context, and the tree its sample. */
static noun tree_of(noun gate)
{
    return noun_at(gate, 30);
}

static noun or_punt(noun tree)
{
    return tree == NOUN_NONE ? NOCK_JET_PUNT : tree;
}

static enum found look(const struct door *door, noun tree, noun n, noun *item)
{
    struct job job = {door, NULL, NULL};
    struct path path;
    struct node node;
    struct key key = key_of(n);
    if (tree == NOUN_NONE || n == NOUN_NONE)
        return FOUND_ODD;
    enum found found = descend(&job, tree, &key, &path, &node);
    *item = node.item;
    return found;
}

static noun jet_has(const struct door *door, noun gate)
{
    noun item;
    enum found found = look(door, tree_of(gate), noun_at(gate, 6), &item);
    return found == FOUND_ODD ? NOCK_JET_PUNT : zk_loobean(found == FOUND_YES);
}

static noun jet_get(struct nock *machine, const struct door *door, noun gate)
{
    noun item;
    enum found found = look(door, tree_of(gate), noun_at(gate, 6), &item);
    if (found == FOUND_YES)
        return stack_cell(nock_stack(machine), 0, noun_tail(item));
    return found == FOUND_NO ? 0 : NOCK_JET_PUNT;
}

static noun jet_got(const struct door *door, noun gate)
{
    noun item;
    enum found found = look(door, tree_of(gate), noun_at(gate, 6), &item);
    return found == FOUND_YES ? noun_tail(item) : NOCK_JET_PUNT;
}

static noun jet_gut(const struct door *door, noun gate)
{
    noun item, otherwise = noun_at(gate, 13);
    enum found found = look(door, tree_of(gate), noun_at(gate, 12), &item);
    if (found == FOUND_ODD || otherwise == NOUN_NONE)
        return NOCK_JET_PUNT;
    return found == FOUND_YES ? noun_tail(item) : otherwise;
}

static noun jet_put(struct nock *machine, const struct door *door, noun gate)
{
    struct job job = {door, nock_stack(machine), NULL};
    noun tree = tree_of(gate), item = noun_at(gate, 6);
    return tree == NOUN_NONE || item == NOUN_NONE ? NOCK_JET_PUNT : or_punt(put(&job, tree, item));
}

static noun jet_gas(struct nock *machine, const struct door *door, noun gate)
{
    noun tree = tree_of(gate), list = noun_at(gate, 6);
    if (tree == NOUN_NONE || list == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct job job = {door, nock_stack(machine), calloc(CACHE_LINES, sizeof(struct cache_line))};
    noun filled = put_all(&job, tree, list);
    free(job.cache);
    return or_punt(filled);
}

static noun jet_del(struct nock *machine, const struct door *door, noun gate)
{
    struct job job = {door, nock_stack(machine), NULL};
    noun tree = tree_of(gate), key = noun_at(gate, 6);
    return tree == NOUN_NONE || key == NOUN_NONE ? NOCK_JET_PUNT : or_punt(delete (&job, tree, key));
}

#define DOOR_JETS(door)                                                                                                \
    noun zk_jet_##door##_has(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        (void)machine;                                                                                                 \
        return jet_has(&door, core);                                                                                   \
    }                                                                                                                  \
    noun zk_jet_##door##_put(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_put(machine, &door, core);                                                                          \
    }                                                                                                                  \
    noun zk_jet_##door##_gas(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_gas(machine, &door, core);                                                                          \
    }                                                                                                                  \
    noun zk_jet_##door##_del(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_del(machine, &door, core);                                                                          \
    }

#define MAP_JETS(door)                                                                                                 \
    DOOR_JETS(door)                                                                                                    \
    noun zk_jet_##door##_get(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_get(machine, &door, core);                                                                          \
    }                                                                                                                  \
    noun zk_jet_##door##_got(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        (void)machine;                                                                                                 \
        return jet_got(&door, core);                                                                                   \
    }                                                                                                                  \
    noun zk_jet_##door##_gut(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        (void)machine;                                                                                                 \
        return jet_gut(&door, core);                                                                                   \
    }

DOOR_JETS(z_in)
MAP_JETS(z_by)
DOOR_JETS(h_in)
MAP_JETS(h_by)
