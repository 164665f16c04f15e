#include "codec/identity.h"

#define INITIAL_BITS 4
#define VALUES_BYTES (IDENTITY_PLACES * sizeof(uint64_t))
#define PARENTS_BYTES (IDENTITY_PLACES * sizeof(uint32_t))
#define ROW_BYTES (IDENTITY_REGION_BLOCKS * sizeof(uint32_t))
#define RECORDS_FIRST 8
/* What needs more than a few may need many: then untouched memory is better than copies. */
#define RECORDS_FEW 256
#define RECORDS_MANY 16384
#define RECORDS_MAX (IDENTITY_INDEX_MAX / IDENTITY_PLACES)

static bool make_records(struct identity *identity, size_t count)
{
    if (count > RECORDS_MAX || !scratch_grow(identity->value_array, count * VALUES_BYTES) ||
        !scratch_grow(identity->parent_array, count * PARENTS_BYTES) ||
        !scratch_grow(identity->block_array, count * sizeof *identity->record_blocks))
        return false;
    identity->values = identity->value_array->items;
    identity->parents = identity->parent_array->items;
    identity->record_blocks = identity->block_array->items;
    identity->record_capacity = count;
    return true;
}

/* Half of the slots may be taken, by a row each. */
static bool make_rows(struct identity *identity)
{
    size_t count = (size_t)1 << (identity->region_bits - 1);
    if (!scratch_grow(identity->row_array, count * ROW_BYTES))
        return false;
    identity->rows = identity->row_array->items;
    identity->row_capacity = count;
    for (size_t i = 0; i < IDENTITY_LATELY; i++)
        identity->lately[i].region = IDENTITY_NO_REGION; /* rows have moved */
    return true;
}

bool identity_init(struct identity *identity, struct scratch_array arrays[IDENTITY_ARRAYS])
{
    identity->region_bits = INITIAL_BITS;
    identity->has_failed = false;
    identity->record_count = 1; /* no block has index 0 */
    identity->row_count = 0;
    identity->value_array = &arrays[0];
    identity->parent_array = &arrays[1];
    identity->row_array = &arrays[2];
    identity->region_array = &arrays[3];
    identity->block_array = &arrays[4];
    size_t region_bytes = sizeof *identity->regions << INITIAL_BITS;
    if (!scratch_grow(identity->region_array, region_bytes) || !make_rows(identity) ||
        !make_records(identity, RECORDS_FIRST))
        return false;
    identity->regions = memset(identity->region_array->items, 0, region_bytes);
    identity->values[0] = IDENTITY_FAILED;
    return true;
}

static struct identity_region *slot_of(const struct identity *identity, uint64_t region)
{
    size_t mask = ((size_t)1 << identity->region_bits) - 1;
    size_t at = (size_t)bits_mix64(region) & mask;
    while (identity->regions[at].region != 0 && identity->regions[at].region != region)
        at = (at + 1) & mask;
    return &identity->regions[at];
}

/* A row knows nothing of its region, so the new table is made from the old one,
 * which moves to the upper part of the array for the while. */
static bool grow_regions(struct identity *identity)
{
    size_t old_count = (size_t)1 << identity->region_bits, old_bytes = old_count * sizeof *identity->regions;
    if (!scratch_grow(identity->region_array, 3 * old_bytes))
        return false;
    identity->regions = identity->region_array->items;
    struct identity_region *old = identity->regions + 2 * old_count;
    memcpy(old, identity->regions, old_bytes);
    memset(identity->regions, 0, 2 * old_bytes);
    identity->region_bits++;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].region != 0)
            *slot_of(identity, old[i].region) = old[i];
    return make_rows(identity);
}

/* The region's row, made if it is new, which is among the latest from now on. */
static bool find_row(struct identity *identity, uint64_t region, uint64_t *row)
{
    struct identity_region *slot = slot_of(identity, region + 1);
    if (slot->region == 0) {
        if (identity->row_count == identity->row_capacity) {
            if (!grow_regions(identity))
                return false;
            slot = slot_of(identity, region + 1);
        }
        memset(identity->rows + identity->row_count * IDENTITY_REGION_BLOCKS, 0, ROW_BYTES);
        *slot = (struct identity_region){region + 1, identity->row_count++};
    }
    identity->lately[region % IDENTITY_LATELY] =
        (struct identity_lately){region, identity->rows + slot->row * IDENTITY_REGION_BLOCKS};
    *row = slot->row;
    return true;
}

static size_t next_capacity(size_t capacity)
{
    return capacity >= RECORDS_FEW && capacity < RECORDS_MANY ? RECORDS_MANY : 2 * capacity;
}

static uint32_t fail(struct identity *identity)
{
    identity->has_failed = true;
    return 0;
}

uint32_t identity_find(struct identity *identity, uint64_t offset_words)
{
    uint64_t block = offset_words / IDENTITY_BLOCK_WORDS, row;
    if (!find_row(identity, block / IDENTITY_REGION_BLOCKS, &row))
        return fail(identity);
    uint32_t *lowest = &identity->rows[row * IDENTITY_REGION_BLOCKS + block % IDENTITY_REGION_BLOCKS];
    if (*lowest == 0) {
        if (identity->record_count == identity->record_capacity &&
            !make_records(identity, next_capacity(identity->record_count)))
            return fail(identity);
        size_t first = identity->record_count * IDENTITY_PLACES;
        memset(identity->values + first, 0, VALUES_BYTES);
        *lowest = (uint32_t)(first + IDENTITY_PLACES - 1);
        identity->record_blocks[identity->record_count++] = block;
    }
    return *lowest - identity_place(offset_words);
}
