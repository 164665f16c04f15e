#include "codec/hash_index.h"

#include "noun/noun.h"

#define INITIAL_BITS 6
#define GROW_FAST_BITS 20
#define FILTER_BITS_MORE 3
#define FILTER_BITS_MAX 28

/* Numbers in a table of 2^bits items, at most: three quarters. */
static size_t count_max(unsigned bits)
{
    return ((size_t)3 << bits) / 4;
}

/* Makes the filter as large as the table asks, and fills it. */
static bool make_filter(struct hash_index *index)
{
    unsigned bits = index->bits + FILTER_BITS_MORE;
    if (bits > FILTER_BITS_MAX)
        bits = FILTER_BITS_MAX;
    size_t size_bytes = (size_t)1 << bits >> 3;
    if (!scratch_grow(index->filter_array, size_bytes))
        return false;
    index->filter = memset(index->filter_array->items, 0, size_bytes);
    index->filter_bits = bits;
    for (size_t i = 0; index->count > 0 && i < (size_t)1 << index->bits; i++) {
        uint64_t item = index->items[i], bit = item >> (64 - bits);
        if (item != 0)
            index->filter[bit / 64] |= (uint64_t)1 << bit % 64;
    }
    return true;
}

bool hash_index_init(struct hash_index *index, struct scratch_array arrays[HASH_INDEX_ARRAYS])
{
    index->bits = INITIAL_BITS;
    index->count = index->queued = 0;
    index->count_max = count_max(INITIAL_BITS);
    index->item_array = &arrays[0];
    index->filter_array = &arrays[1];
    index->seeds[0] = bits_mix64((uint64_t)(uintptr_t)index ^ bits_mix64((uint64_t)(uintptr_t)noun_base));
    index->seeds[1] = bits_mix64(index->seeds[0] + 1);
    if (!scratch_grow(index->item_array, sizeof *index->items << INITIAL_BITS))
        return false;
    index->items = memset(index->item_array->items, 0, sizeof *index->items << INITIAL_BITS);
    return make_filter(index);
}

void hash_index_flush(struct hash_index *index)
{
    for (size_t i = 0; i < HASH_INDEX_QUEUE && i < index->queued; i++)
        hash_index_put(index, index->queue[i].hash, index->queue[i].number);
    index->queued = 0;
}

static size_t home_of(uint64_t item, unsigned bits)
{
    return (size_t)(item >> (64 - bits));
}

/* Puts an item where it belongs, going round the end. */
static void insert_item(uint64_t *items, unsigned bits, uint64_t item)
{
    size_t at = home_of(item, bits);
    while (items[at] != 0)
        at = (at + 1) & (((size_t)1 << bits) - 1);
    items[at] = item;
}

/* Moves the item taken from `from` upwards.  False if it would have to stay
 * at or below `from`, where items still wait for their own move. */
static bool move_up(uint64_t *items, unsigned bits, uint64_t item, size_t from)
{
    size_t at = home_of(item, bits);
    size_t end = (size_t)1 << bits;
    if (at <= from)
        return false;
    while (at < end && items[at] != 0)
        at++;
    if (at == end)
        return false;
    items[at] = item;
    return true;
}

/* Spreads the table in place, from the top down: an item's new home is about so
 * many times its old one, hence above all that have not moved yet.  The few for
 * which that fails, near both ends, are put aside and inserted last. */
static void spread(uint64_t *items, unsigned old_bits, unsigned bits)
{
    struct wordstack aside;
    wordstack_init(&aside);
    for (size_t i = (size_t)1 << old_bits; i-- > 0;) {
        uint64_t item = items[i];
        items[i] = 0;
        if (item != 0 && !move_up(items, bits, item, i))
            wordstack_push(&aside, item);
    }
    while (!wordstack_is_empty(&aside))
        insert_item(items, bits, wordstack_pop(&aside));
    wordstack_finish(&aside);
}

static unsigned next_bits(unsigned bits)
{
    return bits < GROW_FAST_BITS ? bits + 2 : bits + 1;
}

bool hash_index_grow(struct hash_index *index)
{
    unsigned bits = next_bits(index->bits);
    size_t old_bytes = sizeof *index->items << index->bits, items_bytes = sizeof *index->items << bits;
    if (bits > 32 || !scratch_grow(index->item_array, items_bytes))
        return false;
    index->items = index->item_array->items;
    hash_index_flush(index);
    memset((uint8_t *)index->items + old_bytes, 0, items_bytes - old_bytes);
    spread(index->items, index->bits, bits);
    index->bits = bits;
    index->count_max = count_max(bits);
    return make_filter(index);
}
