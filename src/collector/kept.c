#include "collector/kept.h"

#include <stdlib.h>

#define CAPACITY_FIRST 64

static size_t slot_of(const struct kept *kept, noun n)
{
    size_t mask = kept->capacity - 1, slot = (size_t)bits_mix64(n) & mask;
    while (kept->slots[slot] != 0 && kept->slots[slot] != n)
        slot = (slot + 1) & mask;
    return slot;
}

static void grow(struct kept *kept)
{
    struct kept old = *kept;
    kept->capacity = old.capacity == 0 ? CAPACITY_FIRST : old.capacity * 2;
    kept->slots = calloc(kept->capacity, sizeof *kept->slots);
    if (kept->slots == NULL)
        check_out_of_memory(__FILE__, __LINE__, kept->capacity * sizeof *kept->slots);
    for (size_t i = 0; i < old.capacity; i++)
        if (old.slots[i] != 0)
            kept->slots[slot_of(kept, old.slots[i])] = old.slots[i];
    free(old.slots);
}

bool kept_add(struct kept *kept, noun n)
{
    if (kept->count * 2 >= kept->capacity)
        grow(kept);
    noun *slot = &kept->slots[slot_of(kept, n)];
    if (*slot == n)
        return false;
    *slot = n;
    kept->count++;
    return true;
}

bool kept_has(const struct kept *kept, noun n)
{
    return kept->count > 0 && kept->slots[slot_of(kept, n)] == n;
}

void kept_finish(struct kept *kept)
{
    free(kept->slots);
    *kept = (struct kept){0};
}
