#include "codec/memo.h"

#include <stdlib.h>

#define INITIAL_BITS 6

/* Nodes in a table of 2^bits slots, at most: three quarters. */
static size_t nodes_max(unsigned bits)
{
    return ((size_t)3 << bits) / 4;
}

bool memo_init(struct memo *memo, struct scratch_array arrays[3])
{
    *memo = (struct memo){.slot_bits = INITIAL_BITS,
                          .node_capacity = nodes_max(INITIAL_BITS),
                          .direct_bits = INITIAL_BITS,
                          .slot_array = &arrays[0],
                          .node_array = &arrays[1],
                          .direct_array = &arrays[2]};
    size_t slot_bytes = sizeof *memo->slots << INITIAL_BITS;
    size_t direct_bytes = sizeof *memo->directs << INITIAL_BITS;
    if (!scratch_grow(&arrays[0], slot_bytes) || !scratch_grow(&arrays[2], direct_bytes) ||
        !scratch_grow(&arrays[1], memo->node_capacity * sizeof *memo->nodes))
        return false;
    memo->slots = memset(arrays[0].items, 0, slot_bytes);
    memo->nodes = arrays[1].items;
    memo->directs = memset(arrays[2].items, 0, direct_bytes);
    return true;
}

/* ---- direct atoms ---------------------------------------------------------- */

static size_t direct_slot(const struct memo_node *directs, unsigned bits, noun atom)
{
    size_t slot = (size_t)((atom * 0x9e3779b97f4a7c15u) >> (64 - bits));
    while (directs[slot].noun != 0 && directs[slot].noun != atom)
        slot = (slot + 1) & (((size_t)1 << bits) - 1);
    return slot;
}

uint64_t memo_get_direct(const struct memo *memo, noun atom)
{
    const struct memo_node *node = &memo->directs[direct_slot(memo->directs, memo->direct_bits, atom)];
    return node->noun == 0 ? MEMO_NONE : node->position;
}

void memo_put_direct(struct memo *memo, noun atom, uint64_t position)
{
    memo->directs[direct_slot(memo->directs, memo->direct_bits, atom)] = (struct memo_node){atom, position};
    memo->direct_count++;
}

static bool grow_directs(struct memo *memo)
{
    size_t count = (size_t)1 << memo->direct_bits;
    struct scratch_array bigger = {0};
    if (!scratch_grow(&bigger, 2 * count * sizeof *memo->directs))
        return false;
    struct memo_node *directs = memset(bigger.items, 0, bigger.size_bytes);
    memo->direct_bits++;
    for (size_t i = 0; i < count; i++)
        if (memo->directs[i].noun != 0)
            directs[direct_slot(directs, memo->direct_bits, memo->directs[i].noun)] = memo->directs[i];
    free(memo->direct_array->items);
    *memo->direct_array = bigger;
    memo->directs = directs;
    return true;
}

/* ---- objects --------------------------------------------------------------- */

static size_t home_of(uint64_t slot, unsigned bits)
{
    return (size_t)(slot >> (64 - bits));
}

/* Puts a slot where it belongs, going round the end. */
static void insert_slot(uint64_t *slots, unsigned bits, uint64_t slot)
{
    size_t at = home_of(slot, bits);
    while (slots[at] != 0)
        at = (at + 1) & (((size_t)1 << bits) - 1);
    slots[at] = slot;
}

/* Moves the slot taken from `from` upwards.  False if it would have to stay
 * at or below `from`, where slots still wait for their own move. */
static bool move_up(uint64_t *slots, unsigned bits, uint64_t slot, size_t from)
{
    size_t at = home_of(slot, bits);
    size_t end = (size_t)1 << bits;
    if (at <= from)
        return false;
    while (at < end && slots[at] != 0)
        at++;
    if (at == end)
        return false;
    slots[at] = slot;
    return true;
}

/* Doubles the table in place, from the top down: a slot's new home is about
 * twice its old one, hence above all that have not moved yet.  The few for
 * which that fails, near both ends, are put aside and inserted last. */
static void spread(uint64_t *slots, unsigned old_bits)
{
    struct wordstack aside;
    wordstack_init(&aside);
    for (size_t i = (size_t)1 << old_bits; i-- > 0;) {
        uint64_t slot = slots[i];
        slots[i] = 0;
        if (slot != 0 && !move_up(slots, old_bits + 1, slot, i))
            wordstack_push(&aside, slot);
    }
    while (!wordstack_is_empty(&aside))
        insert_slot(slots, old_bits + 1, wordstack_pop(&aside));
    wordstack_finish(&aside);
}

static bool grow_objects(struct memo *memo)
{
    unsigned bits = memo->slot_bits + 1;
    size_t slots_bytes = sizeof *memo->slots << bits;
    if (bits > MEMO_MUG_BITS || !scratch_grow(memo->slot_array, slots_bytes) ||
        !scratch_grow(memo->node_array, nodes_max(bits) * sizeof *memo->nodes))
        return false;
    memo->slots = memo->slot_array->items;
    memo->nodes = memo->node_array->items;
    memset((uint8_t *)memo->slots + slots_bytes / 2, 0, slots_bytes / 2);
    spread(memo->slots, memo->slot_bits);
    memo->slot_bits = bits;
    memo->node_capacity = nodes_max(bits);
    return true;
}

bool memo_make_room_slow(struct memo *memo)
{
    if (memo->node_count == memo->node_capacity && !grow_objects(memo))
        return false;
    return memo->direct_count >> (memo->direct_bits - 1) == 0 || grow_directs(memo);
}
