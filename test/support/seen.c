#include "seen.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define CAPACITY_MIN 1024u

static bool insert(struct seen *seen, uint64_t hash)
{
    size_t slot = hash & (seen->capacity - 1);
    while (seen->slots[slot] != 0 && seen->slots[slot] != hash)
        slot = (slot + 1) & (seen->capacity - 1);
    bool is_new = seen->slots[slot] == 0;
    seen->slots[slot] = hash;
    seen->count += is_new;
    return is_new;
}

static void grow(struct seen *seen)
{
    struct seen larger = {.capacity = seen->capacity == 0 ? CAPACITY_MIN : 2 * seen->capacity};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    CHECK(larger.slots != NULL);
    for (size_t i = 0; i < seen->capacity; i++)
        if (seen->slots[i] != 0)
            insert(&larger, seen->slots[i]);
    free(seen->slots);
    *seen = larger;
}

bool seen_add(struct seen *seen, uint64_t hash)
{
    if (2 * seen->count >= seen->capacity)
        grow(seen);
    return insert(seen, hash | 1);
}

void seen_clear(struct seen *seen)
{
    if (seen->count > 0)
        memset(seen->slots, 0, seen->capacity * sizeof *seen->slots);
    seen->count = 0;
}
