#include "codec/intern.h"

#define INITIAL_BITS 6
#define GROW_FAST_BITS 20

/* Nodes in a table of 2^bits slots, at most: three quarters. */
static size_t nodes_max(unsigned bits)
{
    return ((size_t)3 << bits) / 4;
}

/* Differs from run to run, so that nobody can prepare keys that collide. */
static uint64_t choose_seed(const struct intern *intern)
{
    return bits_mix64((uint64_t)(uintptr_t)intern ^ bits_mix64((uint64_t)(uintptr_t)noun_base));
}

bool intern_init(struct intern *intern, struct scratch_array *slots, struct scratch_array *nodes)
{
    *intern = (struct intern){.slot_bits = INITIAL_BITS,
                              .node_capacity = nodes_max(INITIAL_BITS),
                              .seed = choose_seed(intern),
                              .slot_array = slots,
                              .node_array = nodes};
    size_t slot_bytes = sizeof *intern->slots << INITIAL_BITS;
    if (!scratch_grow(slots, slot_bytes) || !scratch_grow(nodes, intern->node_capacity * sizeof *intern->nodes))
        return false;
    intern->slots = memset(slots->items, 0, slot_bytes);
    intern->nodes = nodes->items;
    return true;
}

/* ---- atoms ----------------------------------------------------------------- */

static uint64_t hash_atom(const struct intern *intern, noun atom)
{
    if (noun_is_direct(atom))
        return bits_mix64(~atom + intern->seed);
    const uint64_t *words = noun_words(atom);
    return hash_xxh3_64_seeded(words + 2, words[1] * 8, intern->seed);
}

uint32_t intern_large_atom(struct intern *intern, noun atom)
{
    enum intern_kind kind = noun_is_direct(atom) ? INTERN_DIRECT : INTERN_INDIRECT;
    uint64_t hash = hash_atom(intern, atom);
    size_t at = (size_t)(hash >> (64 - intern->slot_bits)), mask = ((size_t)1 << intern->slot_bits) - 1;
    uint64_t slot;
    for (; (slot = intern->slots[at]) != 0; at = (at + 1) & mask) {
        if ((slot ^ hash) >> 32 != 0)
            continue;
        const struct intern_node *node = &intern->nodes[(uint32_t)slot - 1];
        if (node->kind == kind && noun_atom_compare(node->key, atom) == 0)
            return ((uint32_t)slot - 1) | INTERN_NODE;
    }
    return intern_add(intern, at, hash, atom, kind);
}

/* ---- growing --------------------------------------------------------------- */

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

void intern_settle(struct intern *intern)
{
    for (unsigned i = 0; i < intern->waiting_count; i++)
        insert_slot(intern->slots, intern->slot_bits, intern->waiting[i]);
    intern->waiting_count = 0;
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

/* Spreads the table in place, from the top down: a slot's new home is about so
 * many times its old one, hence above all that have not moved yet.  The few for
 * which that fails, near both ends, are put aside and inserted last. */
static void spread(uint64_t *slots, unsigned old_bits, unsigned bits)
{
    struct wordstack aside;
    wordstack_init(&aside);
    for (size_t i = (size_t)1 << old_bits; i-- > 0;) {
        uint64_t slot = slots[i];
        slots[i] = 0;
        if (slot != 0 && !move_up(slots, bits, slot, i))
            wordstack_push(&aside, slot);
    }
    while (!wordstack_is_empty(&aside))
        insert_slot(slots, bits, wordstack_pop(&aside));
    wordstack_finish(&aside);
}

/* Fourfold while that costs little memory: each slot then moves a third of a
 * time on average instead of once. */
static unsigned next_bits(unsigned bits)
{
    return bits < GROW_FAST_BITS ? bits + 2 : bits + 1;
}

bool intern_grow(struct intern *intern)
{
    intern_settle(intern);
    unsigned bits = next_bits(intern->slot_bits);
    size_t old_bytes = sizeof *intern->slots << intern->slot_bits, slots_bytes = sizeof *intern->slots << bits;
    if (nodes_max(bits) > INTERN_NODES_MAX || !scratch_grow(intern->slot_array, slots_bytes) ||
        !scratch_grow(intern->node_array, nodes_max(bits) * sizeof *intern->nodes))
        return false;
    intern->slots = intern->slot_array->items;
    intern->nodes = intern->node_array->items;
    memset((uint8_t *)intern->slots + old_bytes, 0, slots_bytes - old_bytes);
    spread(intern->slots, intern->slot_bits, bits);
    intern->slot_bits = bits;
    intern->node_capacity = nodes_max(bits);
    return true;
}
