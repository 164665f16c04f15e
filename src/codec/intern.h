/* Nouns by structure: equal nouns get one reference, unequal ones two.
 *
 * A reference is 32 bits:
 *
 *   0 vvv...v   the atom v, below 2^31
 *   1 iii...i   node i
 *
 * and a node is a cell of two references, or a larger atom.  So two cells are
 * equal exactly if their nodes' keys are the same word, and no comparison ever
 * goes below that.  (The 31-bit mug would not do: along a list of a million
 * zeros mugs repeat with a period of some ten thousand, and telling two of its
 * tails apart then takes a walk to their ends.)
 *
 * Slots of the table are | hash: 32 | node + 1: 32 |, 0 if empty, so that a
 * search that fails, the usual one, touches one cache line; they are ordered by
 * the hash's top bits, so that the table doubles in place, in one pass.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_INTERN_H
#define CODEC_INTERN_H

#include "base/base.h"
#include "codec/scratch.h"
#include "noun/noun.h"

#define INTERN_NODE ((uint32_t)1 << 31)
#define INTERN_NODES_MAX (INTERN_NODE - 1)
#define INTERN_WAITING 16
#define INTERN_NO_POSITION (UINT64_MAX >> 2)

enum intern_kind { INTERN_CELL, INTERN_DIRECT, INTERN_INDIRECT };

struct intern_node {
    uint64_t key; /* of a cell: head << 32 | tail; of an atom: the noun */
    uint64_t kind : 2;
    uint64_t position : 62; /* the user's; INTERN_NO_POSITION at first */
};

struct intern {
    uint64_t *slots; /* 2^slot_bits */
    struct intern_node *nodes;
    size_t node_count;
    size_t node_capacity;
    unsigned slot_bits;
    uint64_t seed;
    uint64_t waiting[INTERN_WAITING]; /* slots that are not in the table yet */
    unsigned waiting_count;
    struct scratch_array *slot_array;
    struct scratch_array *node_array;
};

/* Empties the table.  False if there is no memory. */
bool intern_init(struct intern *intern, struct scratch_array *slots, struct scratch_array *nodes);

/* Doubles the table.  False if there is no memory, or too many nodes. */
bool intern_grow(struct intern *intern);

/* To be called before each function below. */
static inline bool intern_make_room(struct intern *intern)
{
    return LIKELY(intern->node_count < intern->node_capacity) || intern_grow(intern);
}

/* An atom of 2^31 or more. */
uint32_t intern_large_atom(struct intern *intern, noun atom);

static inline struct intern_node *intern_node_of(const struct intern *intern, uint32_t reference)
{
    return &intern->nodes[reference - INTERN_NODE];
}

static inline void intern_set_position(struct intern_node *node, uint64_t position)
{
    node->position = position & INTERN_NO_POSITION;
}

static inline uint32_t intern_add(struct intern *intern, size_t slot, uint64_t hash, uint64_t key,
                                  enum intern_kind kind)
{
    uint64_t index = intern->node_count++;
    intern->nodes[index] = (struct intern_node){key, kind, INTERN_NO_POSITION};
    intern->slots[slot] = (hash & ~(uint64_t)UINT32_MAX) | (index + 1);
    return (uint32_t)index | INTERN_NODE;
}

/* Puts the slots that wait into the table.  Only the keys of cells wait. */
void intern_settle(struct intern *intern);

/* A cell that is known to be new: nobody has to wait for its slot to come from
 * memory. */
static inline uint32_t intern_new_cell(struct intern *intern, uint32_t head, uint32_t tail)
{
    uint64_t key = (uint64_t)head << 32 | tail;
    uint64_t hash = bits_mix64(key + intern->seed);
    __builtin_prefetch(&intern->slots[hash >> (64 - intern->slot_bits)]);
    if (intern->waiting_count == INTERN_WAITING)
        intern_settle(intern);
    uint64_t index = intern->node_count++;
    intern->nodes[index] = (struct intern_node){key, INTERN_CELL, INTERN_NO_POSITION};
    intern->waiting[intern->waiting_count++] = (hash & ~(uint64_t)UINT32_MAX) | (index + 1);
    return (uint32_t)index | INTERN_NODE;
}

static inline uint32_t intern_cell(struct intern *intern, uint32_t head, uint32_t tail)
{
    uint64_t key = (uint64_t)head << 32 | tail;
    uint64_t hash = bits_mix64(key + intern->seed);
    for (unsigned i = 0; i < intern->waiting_count; i++) {
        uint64_t waits = intern->waiting[i];
        if (UNLIKELY((waits ^ hash) >> 32 == 0) && intern->nodes[(uint32_t)waits - 1].key == key)
            return ((uint32_t)waits - 1) | INTERN_NODE;
    }
    size_t at = (size_t)(hash >> (64 - intern->slot_bits)), mask = ((size_t)1 << intern->slot_bits) - 1;
    uint64_t slot;
    for (; (slot = intern->slots[at]) != 0; at = (at + 1) & mask) {
        if ((slot ^ hash) >> 32 != 0)
            continue;
        const struct intern_node *node = &intern->nodes[(uint32_t)slot - 1];
        if (node->key == key && node->kind == INTERN_CELL)
            return ((uint32_t)slot - 1) | INTERN_NODE;
    }
    return intern_add(intern, at, hash, key, INTERN_CELL);
}

#endif
