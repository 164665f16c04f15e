#include "codec/cells.h"

#include "noun/noun.h"

#define INITIAL_BITS 6
#define GROW_FAST_BITS 20

/* Cells in a table of 2^bits items, at most: three quarters. */
static size_t count_max(unsigned bits)
{
    return ((size_t)3 << bits) / 4;
}

bool cells_init(struct cells *cells, struct scratch_array *array)
{
    *cells = (struct cells){.bits = INITIAL_BITS, .count_max = count_max(INITIAL_BITS), .array = array};
    cells->seeds[0] = bits_mix64((uint64_t)(uintptr_t)cells ^ bits_mix64((uint64_t)(uintptr_t)noun_base));
    cells->seeds[1] = bits_mix64(cells->seeds[0] + 1);
    if (!scratch_grow(array, sizeof *cells->items << INITIAL_BITS))
        return false;
    cells->items = memset(array->items, 0, sizeof *cells->items << INITIAL_BITS);
    return true;
}

static size_t home_of(uint64_t item, unsigned bits)
{
    return (size_t)(item >> (64 - bits));
}

/* Puts a item where it belongs, going round the end. */
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

/* Spreads the table in place, from the top down: a item's new home is about so
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

/* Fourfold while that costs little memory: each item then moves a third of a
 * time on average instead of once. */
static unsigned next_bits(unsigned bits)
{
    return bits < GROW_FAST_BITS ? bits + 2 : bits + 1;
}

bool cells_grow(struct cells *cells)
{
    unsigned bits = next_bits(cells->bits);
    size_t old_bytes = sizeof *cells->items << cells->bits, items_bytes = sizeof *cells->items << bits;
    if (bits > 32 || !scratch_grow(cells->array, items_bytes))
        return false;
    cells->items = cells->array->items;
    memset((uint8_t *)cells->items + old_bytes, 0, items_bytes - old_bytes);
    spread(cells->items, cells->bits, bits);
    cells->bits = bits;
    cells->count_max = count_max(bits);
    return true;
}
