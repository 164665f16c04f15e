/* The sponge's gates: permutation, hashes of lists of belts.
 *
 * All live in a door whose sample is the number of rounds.
 */
#include "zk/jets.h"

noun zk_jet_permutation(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_ROUNDS);
    uint64_t state[ZK_STATE];
    if (sample == NOUN_NONE || zk_list_read(sample, state, ZK_STATE) != ZK_STATE)
        return NOCK_JET_PUNT;
    zk_permute(state);
    return zk_list_make(nock_stack(machine), state, ZK_STATE);
}

noun zk_jet_hash_10(struct nock *machine, noun core)
{
    noun sample = zk_sample_in_door(core, ZK_ROUNDS);
    uint64_t belts[ZK_RATE];
    if (sample == NOUN_NONE || zk_list_read(sample, belts, ZK_RATE) != ZK_RATE)
        return NOCK_JET_PUNT;
    struct zk_digest digest = zk_hash_10(belts);
    return zk_list_make(nock_stack(machine), digest.at, ZK_DIGEST);
}

#define BELTS_BETWEEN 65536 /* two times that it asks whether to stop */

/* Absorbs a list; false if it is none, of belts, or the run is to stop. */
static bool absorb_list(const struct nock *machine, struct zk_absorber *absorber, noun list)
{
    for (size_t count = 1; noun_is_cell(list); list = noun_tail(list), count++) {
        uint64_t belt;
        if (!zk_belt(noun_head(list), &belt) || (count % BELTS_BETWEEN == 0 && nock_is_stopping(machine)))
            return false;
        zk_absorb(absorber, belt);
    }
    zk_absorb_end(absorber);
    return list == 0;
}

static bool hash_list(const struct nock *machine, noun core, struct zk_digest *digest)
{
    noun list = zk_sample_in_door(core, ZK_ROUNDS);
    struct zk_absorber absorber;
    zk_absorb_begin(&absorber);
    if (list == NOUN_NONE || !absorb_list(machine, &absorber, list))
        return false;
    *digest = zk_squeeze(&absorber);
    return true;
}

noun zk_jet_hash_varlen(struct nock *machine, noun core)
{
    struct zk_digest digest;
    return hash_list(machine, core, &digest) ? zk_list_make(nock_stack(machine), digest.at, ZK_DIGEST)
                                             : zk_punt_or_stop(machine);
}

noun zk_jet_hash_belts_list(struct nock *machine, noun core)
{
    struct zk_digest digest;
    return hash_list(machine, core, &digest) ? zk_digest_make(nock_stack(machine), &digest) : zk_punt_or_stop(machine);
}

/* ---- a level of a merkle tree ---------------------------------------------- */

/* The hash of two lists that have ten belts together. */
static noun hash_two(struct stack *stack, noun first, noun second)
{
    uint64_t belts[ZK_RATE];
    size_t count = zk_list_read(first, belts, ZK_RATE);
    if (count == SIZE_MAX || zk_list_read(second, belts + count, ZK_RATE - count) != ZK_RATE - count)
        return NOUN_NONE;
    struct zk_digest digest = zk_hash_10(belts);
    return zk_list_make(stack, digest.at, ZK_DIGEST);
}

noun zk_jet_hash_pairs(struct nock *machine, noun core)
{
    struct stack *stack = nock_stack(machine);
    struct stack_list pairs = stack_list_begin();
    noun list = zk_sample_in_door(core, ZK_ROUNDS);
    if (list == NOUN_NONE || !noun_is_cell(list))
        return NOCK_JET_PUNT;
    while (noun_is_cell(list)) {
        noun item = noun_head(list);
        list = noun_tail(list);
        if (noun_is_cell(list)) {
            item = hash_two(stack, item, noun_head(list));
            list = noun_tail(list);
        }
        if (item == NOUN_NONE)
            return NOCK_JET_PUNT;
        stack_list_add(stack, &pairs, item);
    }
    return list == 0 ? stack_list_end(&pairs, 0) : NOCK_JET_PUNT;
}

/* ---- the sponge as a door -------------------------------------------------- */

/* The inner door is [battery state outer-door]; these return it changed. */
static noun door_with(struct stack *stack, noun door, const uint64_t state[ZK_STATE])
{
    noun list = zk_list_make(stack, state, ZK_STATE);
    return stack_triple(stack, noun_head(door), list, noun_at(door, 7));
}

static bool read_door(noun door, uint64_t state[ZK_STATE])
{
    noun list = door == NOUN_NONE ? NOUN_NONE : noun_at(door, 6);
    return list != NOUN_NONE && noun_at(door, 30) == ZK_ROUNDS && zk_list_read(list, state, ZK_STATE) == ZK_STATE;
}

noun zk_jet_absorb(struct nock *machine, noun core)
{
    noun door = noun_at(core, 7), list = noun_at(core, 6);
    struct zk_absorber absorber;
    zk_absorb_begin(&absorber);
    if (list == NOUN_NONE || !read_door(door, absorber.state) || !absorb_list(machine, &absorber, list))
        return NOCK_JET_PUNT;
    return door_with(nock_stack(machine), door, absorber.state);
}

noun zk_jet_squeeze(struct nock *machine, noun core)
{
    struct stack *stack = nock_stack(machine);
    noun door = noun_at(core, 3);
    uint64_t state[ZK_STATE], output[ZK_RATE];
    if (!read_door(door, state))
        return NOCK_JET_PUNT;
    for (unsigned i = 0; i < ZK_RATE; i++)
        output[i] = zk_from_melt(state[i]);
    zk_permute(state);
    noun list = zk_list_make(stack, output, ZK_RATE);
    noun next = door_with(stack, door, state);
    return stack_cell(stack, list, next);
}
