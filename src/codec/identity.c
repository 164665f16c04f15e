#include "codec/identity.h"

#define INITIAL_BITS 4
#define RECORD_BYTES (IDENTITY_PLACES * sizeof(uint32_t))

/* Half of the slots may be taken. */
static size_t records_max(unsigned bits)
{
    return (size_t)1 << (bits - 1);
}

static bool make_records(struct identity *identity)
{
    identity->record_capacity = records_max(identity->block_bits);
    bool made = scratch_grow(identity->record_array, identity->record_capacity * RECORD_BYTES);
    identity->numbers = identity->record_array->items;
    return made;
}

bool identity_init(struct identity *identity, struct scratch_array *blocks, struct scratch_array *records)
{
    *identity = (struct identity){.block_bits = INITIAL_BITS, .block_array = blocks, .record_array = records};
    size_t block_bytes = sizeof *identity->blocks << INITIAL_BITS;
    if (!scratch_grow(blocks, block_bytes) || !make_records(identity))
        return false;
    identity->blocks = memset(blocks->items, 0, block_bytes);
    return true;
}

static struct identity_block *slot_of(const struct identity *identity, uint64_t block)
{
    size_t mask = ((size_t)1 << identity->block_bits) - 1;
    size_t at = (size_t)bits_mix64(block) & mask;
    while (identity->blocks[at].block != 0 && identity->blocks[at].block != block)
        at = (at + 1) & mask;
    return &identity->blocks[at];
}

/* The record knows nothing of its block, so the new table is made from the old
 * one, which moves to the upper half of the array for the while. */
static bool grow(struct identity *identity)
{
    size_t old_count = (size_t)1 << identity->block_bits, old_bytes = old_count * sizeof *identity->blocks;
    if (!scratch_grow(identity->block_array, 3 * old_bytes))
        return false;
    identity->blocks = identity->block_array->items;
    struct identity_block *old = identity->blocks + 2 * old_count;
    memcpy(old, identity->blocks, old_bytes);
    memset(identity->blocks, 0, 2 * old_bytes);
    identity->block_bits++;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].block != 0)
            *slot_of(identity, old[i].block) = old[i];
    return make_records(identity);
}

bool identity_find_block(struct identity *identity, uint64_t block)
{
    struct identity_block *slot = slot_of(identity, block);
    if (slot->block == 0) {
        if (identity->record_count == identity->record_capacity) {
            if (!grow(identity))
                return false;
            slot = slot_of(identity, block);
        }
        memset(identity->numbers + identity->record_count * IDENTITY_PLACES, 0, RECORD_BYTES);
        *slot = (struct identity_block){block, identity->record_count++};
    }
    identity->last = identity->found[block % IDENTITY_FOUND] = *slot;
    return true;
}
