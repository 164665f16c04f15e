/* Searching arrays whose items are in the order of a number in each. */
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"

/* The index of the first item whose number is `key` or more, `count` if there is
 * none.  The number is 64 bits long and `key_at_bytes` from the item's start. */
static inline size_t sorted_place(const void *items, size_t count, size_t item_bytes, size_t key_at_bytes, uint64_t key)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bits_load64((const uint8_t *)items + middle * item_bytes + key_at_bytes) < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
