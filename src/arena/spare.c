/* Memory for large objects that are being made.
 *
 * A fresh mapping costs a fault and a cleared page every 4 KiB, several times what
 * filling them costs; and freeing them costs as much again.  So the pages of an
 * object that has gone, to the file or altogether, are kept: moved out of its
 * addresses, and into those of the next one, by changing page tables.
 *
 *     slot 0        slot 1                 slot 7
 *     | pages |     | pages         | ...  |      |     each as long as the longest object that is kept
 *
 * Longer objects get huge pages, where the system has some.  All of this is
 * the owner's, and saves nothing but time: whatever the system refuses is done
 * without. */
#include "arena/large.h"

#ifdef LOAM_HOSTILE
#define SLOT_PAGES 16u
#define KEPT_PAGES 32u
#else
#define SLOT_PAGES ((uint64_t)(4 << 20) / ARENA_PAGE_BYTES)
#define KEPT_PAGES ((uint64_t)(16 << 20) / ARENA_PAGE_BYTES)
#endif

static uint8_t *slot_address(const struct arena_spares *spares, size_t slot)
{
    return spares->base + slot * SLOT_PAGES * ARENA_PAGE_BYTES;
}

static bool take(struct arena_spares *spares, uint8_t *address, uint64_t count)
{
    size_t slot = 0;
    while (slot < ARENA_SPARES && spares->counts[slot] < count)
        slot++;
    if (slot == ARENA_SPARES)
        return false;
    uint64_t left = spares->counts[slot] - count, size_bytes = count * ARENA_PAGE_BYTES;
    if (os_map_move(slot_address(spares, slot) + left * ARENA_PAGE_BYTES, address, size_bytes) != STATUS_OK)
        return false;
    spares->counts[slot] = left;
    spares->sum -= count;
    memset(address, 0, size_bytes);
    return true;
}

enum status arena_spare_memory(struct arena *arena, uint8_t *address, uint64_t count)
{
    uint64_t size_bytes = count * ARENA_PAGE_BYTES;
    if (count <= SLOT_PAGES && take(&arena->spares, address, count))
        return STATUS_OK;
    STATUS_TRY(os_map_memory(address, size_bytes));
    if (count <= SLOT_PAGES)
        os_map_populate(address, size_bytes);
    else
        os_map_advise(address, size_bytes, OS_ADVICE_HUGE);
    return STATUS_OK;
}

/* Where the least is lost. */
static size_t shortest_slot(const struct arena_spares *spares)
{
    size_t shortest = 0;
    for (size_t slot = 1; slot < ARENA_SPARES; slot++)
        if (spares->counts[slot] < spares->counts[shortest])
            shortest = slot;
    return shortest;
}

void arena_spare_keep(struct arena *arena, uint8_t *address, uint64_t count)
{
    struct arena_spares *spares = &arena->spares;
    size_t slot = shortest_slot(spares);
    uint64_t sum = spares->sum - spares->counts[slot] + count;
    if (count > SLOT_PAGES || sum > KEPT_PAGES || count <= spares->counts[slot] || spares->is_refused)
        return;
    if (spares->base == NULL &&
        os_map_reserve(ARENA_SPARES * SLOT_PAGES * ARENA_PAGE_BYTES, &spares->base) != STATUS_OK)
        return;
    uint64_t size_bytes = count * ARENA_PAGE_BYTES;
    uint8_t *kept = slot_address(spares, slot);
    if (os_map_move(address, kept, size_bytes) != STATUS_OK)
        return;
    if (os_map_make_writable(kept, size_bytes) != STATUS_OK) {
        spares->is_refused = true;
        return;
    }
    spares->counts[slot] = count;
    spares->sum = sum;
}

void arena_spares_finish(struct arena *arena)
{
    if (arena->spares.base != NULL)
        os_map_release(arena->spares.base, ARENA_SPARES * SLOT_PAGES * ARENA_PAGE_BYTES);
}
