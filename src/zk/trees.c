/* Sets and maps of the zkvm group: the doors z-in, z-by, h-in and h-by, by key
 * and item (treap.c does the work). */
#include "zk/jets.h"
#include "zk/treap.h"

#include <stdlib.h>

static enum treap_found look(const struct treap_door *door, noun tree, noun n, noun *item)
{
    struct treap job = {.door = door};
    struct treap_node node;
    if (tree == NOUN_NONE || n == NOUN_NONE)
        return FOUND_ODD;
    enum treap_found found = treap_find(&job, tree, n, &node);
    *item = found == FOUND_YES ? node.item : NOUN_NONE;
    return found;
}

static noun jet_has(const struct treap_door *door, noun gate)
{
    noun item;
    enum treap_found found = look(door, treap_of(gate), noun_at(gate, 6), &item);
    return found == FOUND_ODD ? NOCK_JET_PUNT : zk_loobean(found == FOUND_YES);
}

static noun jet_get(struct nock *machine, const struct treap_door *door, noun gate)
{
    noun item;
    enum treap_found found = look(door, treap_of(gate), noun_at(gate, 6), &item);
    if (found == FOUND_YES)
        return stack_cell(nock_stack(machine), 0, noun_tail(item));
    return found == FOUND_NO ? 0 : NOCK_JET_PUNT;
}

static noun jet_put(struct nock *machine, const struct treap_door *door, noun gate)
{
    struct treap job = {.door = door, .stack = nock_stack(machine)};
    noun tree = treap_of(gate), item = noun_at(gate, 6);
    return tree == NOUN_NONE || item == NOUN_NONE ? NOCK_JET_PUNT : treap_or_punt(treap_put(&job, tree, item));
}

static noun jet_gas(struct nock *machine, const struct treap_door *door, noun gate)
{
    noun tree = treap_of(gate), list = noun_at(gate, 6);
    if (tree == NOUN_NONE || list == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct treap job = {.door = door, .stack = nock_stack(machine), .machine = machine};
    if (door->order == ORDER_TIP && noun_is_cell(list) && noun_is_cell(noun_tail(list)))
        job.cache = calloc(TREAP_CACHE_LINES, sizeof *job.cache);
    noun filled = treap_put_all(&job, tree, list);
    free(job.cache);
    return treap_or_punt(filled);
}

static noun jet_del(struct nock *machine, const struct treap_door *door, noun gate)
{
    struct treap job = {.door = door, .stack = nock_stack(machine)};
    noun tree = treap_of(gate), key = noun_at(gate, 6);
    return tree == NOUN_NONE || key == NOUN_NONE ? NOCK_JET_PUNT : treap_or_punt(treap_delete(&job, tree, key));
}

#define DOOR_JETS(door)                                                                                                \
    noun zk_jet_##door##_put(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_put(machine, &treap_##door, core);                                                                  \
    }                                                                                                                  \
    noun zk_jet_##door##_gas(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_gas(machine, &treap_##door, core);                                                                  \
    }                                                                                                                  \
    noun zk_jet_##door##_del(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_del(machine, &treap_##door, core);                                                                  \
    }

#define SET_JETS(door)                                                                                                 \
    DOOR_JETS(door)                                                                                                    \
    noun zk_jet_##door##_has(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        (void)machine;                                                                                                 \
        return jet_has(&treap_##door, core);                                                                           \
    }

/* Of a map `has`, `got` and `gut` are calls of `get`, and `mar` one of `put` or `del`. */
#define MAP_JETS(door)                                                                                                 \
    DOOR_JETS(door)                                                                                                    \
    noun zk_jet_##door##_get(struct nock *machine, noun core)                                                          \
    {                                                                                                                  \
        return jet_get(machine, &treap_##door, core);                                                                  \
    }

SET_JETS(z_in)
MAP_JETS(z_by)
SET_JETS(h_in)
MAP_JETS(h_by)
