/* Private to src/zk: the treaps of the zkvm group's sets and maps (treap.c).
 *
 * Whatever meets something odd, a node of another shape or a key without a
 * hash, says so, and the jet leaves the call to the Nock.
 */
#ifndef ZK_TREAP_H
#define ZK_TREAP_H

#include "zk/order.h"

#define TREAP_DEPTH_MAX 256
#define TREAP_CACHE_LINES 512

enum treap_order { ORDER_TIP, ORDER_HIP };

struct treap_door {
    enum treap_order order;
    bool is_map;
    noun empty;
};

struct treap_cache_line {
    noun key; /* a cell or an indirect atom; 0 if empty */
    struct zk_digest tip;
};

/* What one call knows: of the door, and hashes if it keeps them. */
struct treap {
    const struct treap_door *door;
    struct stack *stack;
    struct treap_cache_line *cache; /* or NULL */
    const struct nock *machine;     /* of a call that may take long, or NULL */
};

/* A key with what is known of it.  Of an h-tree's key, that is one digest or a
 * list of them, the tip is the digest, if it is one. */
struct treap_key {
    noun n;
    bool has_tip;
    bool has_double;
    bool is_digest;
    struct zk_digest tip;
    struct zk_digest twice;
};

static inline void treap_key_begin(struct treap_key *key, noun n)
{
    key->n = n;
    key->has_tip = key->has_double = key->is_digest = false;
}

enum treap_answer { ANSWER_NO, ANSWER_YES, ANSWER_ODD };

struct treap_node {
    noun tree;
    noun item;
    noun left;
    noun right;
};

/* The nodes from the root down to a place. */
struct treap_step {
    struct treap_node node;
    struct treap_key key;
    bool left;
};

struct treap_path {
    unsigned depth;
    struct treap_step steps[TREAP_DEPTH_MAX];
};

enum treap_found { FOUND_YES, FOUND_NO, FOUND_ODD };

noun treap_node_key(const struct treap *job, const struct treap_node *node);

/* Whether `a` belongs left of `b`; above it. */
enum treap_answer treap_left_of(const struct treap *job, struct treap_key *a, struct treap_key *b);
enum treap_answer treap_above(const struct treap *job, struct treap_key *a, struct treap_key *b);

/* False if `tree` is no node. */
bool treap_node(const struct treap *job, noun tree, struct treap_node *node);

enum treap_side { SIDE_HERE, SIDE_LEFT, SIDE_RIGHT, SIDE_ODD };

/* Where `key` is to be looked for, from a node with the key `there`. */
enum treap_side treap_side(const struct treap *job, struct treap_key *key, struct treap_key *there);

/* The node with the key, without the path to it. */
enum treap_found treap_find(const struct treap *job, noun tree, noun n, struct treap_node *node);

/* Goes down to where `key` is or belongs; `node` is there if it is found. */
enum treap_found treap_descend(const struct treap *job, noun tree, struct treap_key *key, struct treap_path *path,
                               struct treap_node *node);

/* The step's node with another tree on the side that was taken. */
noun treap_with_branch(const struct treap *job, const struct treap_step *step, noun branch);

/* All NOUN_NONE if something is odd.  The last joins the two branches of a
 * node that is gone. */
noun treap_put(const struct treap *job, noun tree, noun item);
noun treap_put_all(const struct treap *job, noun tree, noun list);
noun treap_delete(const struct treap *job, noun tree, noun n);
noun treap_merge(const struct treap *job, noun left, noun right);

/* The doors; the tree is a gate's axis 30. */
extern const struct treap_door treap_z_in, treap_z_by, treap_h_in, treap_h_by;

static inline noun treap_of(noun gate)
{
    return noun_at(gate, 30);
}

static inline noun treap_or_punt(noun tree)
{
    return tree == NOUN_NONE ? NOCK_JET_PUNT : tree;
}

#endif
