/* Pins: which commits somebody may still read. */
#include "arena/private.h"

#include <stdlib.h>

struct arena_pin {
    struct arena_pin *next;
    uint64_t sequence;
};

struct arena_pin *arena_pin(struct arena *arena, struct arena_commit *commit)
{
    struct arena_pin *pin = calloc(1, sizeof *pin);
    if (pin == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *pin);
    os_mutex_lock(arena->mutex);
    CHECK(arena->is_chosen);
    pin->sequence = arena->newest.sequence;
    pin->next = arena->pins;
    arena->pins = pin;
    arena_commit_decode(&arena->newest, commit);
    os_mutex_unlock(arena->mutex);
    return pin;
}

void arena_unpin(struct arena *arena, struct arena_pin *pin)
{
    if (pin == NULL)
        return;
    os_mutex_lock(arena->mutex);
    struct arena_pin **link = &arena->pins;
    while (*link != pin)
        link = &(*link)->next;
    *link = pin->next;
    os_mutex_unlock(arena->mutex);
    free(pin);
}

uint64_t arena_pins_lowest(const struct arena *arena)
{
    uint64_t lowest = UINT64_MAX;
    for (const struct arena_pin *pin = arena->pins; pin != NULL; pin = pin->next)
        lowest = pin->sequence < lowest ? pin->sequence : lowest;
    return lowest;
}
