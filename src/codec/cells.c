#include "codec/cells.h"

#define FILTER_BITS_MORE 3
#define FILTER_BITS_MAX 28

/* Makes the filter as large as the table asks, and fills it. */
static bool make_filter(struct cells *cells)
{
    unsigned bits = cells->index.bits + FILTER_BITS_MORE;
    if (bits > FILTER_BITS_MAX)
        bits = FILTER_BITS_MAX;
    size_t size_bytes = (size_t)1 << bits >> 3;
    if (!scratch_grow(cells->filter_array, size_bytes))
        return false;
    cells->filter = memset(cells->filter_array->items, 0, size_bytes);
    cells->filter_bits = bits;
    for (size_t i = 0; i < (size_t)1 << cells->index.bits; i++) {
        uint64_t item = cells->index.items[i], bit = item >> (64 - bits);
        if (item != 0)
            cells->filter[bit / 64] |= (uint64_t)1 << bit % 64;
    }
    return true;
}

bool cells_init(struct cells *cells, struct scratch_array arrays[CELLS_ARRAYS])
{
    cells->queued = 0;
    cells->filter_array = &arrays[1];
    return hash_index_init(&cells->index, &arrays[0]) && make_filter(cells);
}

void cells_flush(struct cells *cells)
{
    for (size_t i = 0; i < CELLS_QUEUE && i < cells->queued; i++)
        hash_index_add(&cells->index, cells->queue[i].hash, hash_index_search(&cells->index, cells->queue[i].hash),
                       cells->queue[i].number);
    cells->queued = 0;
}

bool cells_grow(struct cells *cells)
{
    cells_flush(cells);
    return hash_index_grow(&cells->index) && make_filter(cells);
}
