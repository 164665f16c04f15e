/* One choice of what a power cut has left: names and sectors. */
#include "lying_private.h"

#define ZERO_PIECES 8

struct lying_state lying_state;

/* ---- sectors ------------------------------------------------------------------ */

uint64_t lying_sector_hash(const uint8_t *bytes, uint64_t sector)
{
    static const uint8_t zeros[LYING_SECTOR_BYTES];
    if (memcmp(bytes, zeros, sizeof zeros) == 0)
        return 0;
    return hash_xxh3_64_seeded(bytes, LYING_SECTOR_BYTES, sector + 1);
}

void lying_base_sector(const struct lying_file *file, uint64_t sector, uint8_t out[LYING_SECTOR_BYTES])
{
    uint64_t at = sector * LYING_SECTOR_BYTES;
    size_t there = 0;
    if (at < file->base.size_bytes) {
        size_t rest = file->base.size_bytes - at;
        there = rest < LYING_SECTOR_BYTES ? rest : LYING_SECTOR_BYTES;
        memcpy(out, file->base.bytes + at, there);
    }
    memset(out + there, 0, LYING_SECTOR_BYTES - there);
}

static void reserve_sector(struct lying_file *file, uint64_t sector)
{
    if (sector < file->sector_capacity)
        return;
    size_t capacity = sector * 2 + 64;
    file->change_of = lying_allocate(file->change_of, capacity * sizeof *file->change_of);
    memset(file->change_of + file->sector_capacity, 0, (capacity - file->sector_capacity) * sizeof(uint32_t));
    file->sector_capacity = capacity;
}

static uint8_t *changed_sector(int number, uint64_t sector)
{
    struct lying_file *file = &lying.files[number];
    reserve_sector(file, sector);
    if (file->change_of[sector] != 0)
        return lying_state.changes[file->change_of[sector] - 1].bytes;
    if (lying_state.count == lying_state.capacity) {
        lying_state.capacity = lying_state.capacity == 0 ? 4096 : 2 * lying_state.capacity;
        lying_state.changes = lying_allocate(lying_state.changes, lying_state.capacity * sizeof *lying_state.changes);
    }
    struct lying_change *change = &lying_state.changes[lying_state.count++];
    change->file = number;
    change->sector = (uint32_t)sector;
    lying_base_sector(file, sector, change->bytes);
    file->change_of[sector] = (uint32_t)lying_state.count;
    return change->bytes;
}

/* Zeros over a sector of zeros change nothing. */
static bool is_zero_already(int number, uint64_t sector)
{
    struct lying_file *file = &lying.files[number];
    reserve_sector(file, sector);
    uint8_t bytes[LYING_SECTOR_BYTES];
    if (file->change_of[sector] != 0)
        return false;
    lying_base_sector(file, sector, bytes);
    return lying_is_zeros(bytes, sizeof bytes);
}

/* Writes into the state at hand; `from` NULL: zeros. */
static void change(int file, uint64_t from_bytes, uint64_t to_bytes, const uint8_t *from)
{
    for (uint64_t at = from_bytes; at < to_bytes;) {
        uint64_t sector = at / LYING_SECTOR_BYTES, end = (sector + 1) * LYING_SECTOR_BYTES;
        end = end < to_bytes ? end : to_bytes;
        if (from != NULL)
            memcpy(changed_sector(file, sector) + at % LYING_SECTOR_BYTES, from + (at - from_bytes), end - at);
        else if (!is_zero_already(file, sector))
            memset(changed_sector(file, sector) + at % LYING_SECTOR_BYTES, 0, end - at);
        at = end;
    }
    if (from != NULL && to_bytes > lying.files[file].state_bytes)
        lying.files[file].state_bytes = to_bytes;
}

static void change_size(int file, uint64_t size_bytes)
{
    if (size_bytes < lying.files[file].state_bytes)
        change(file, size_bytes, lying.files[file].state_bytes, NULL);
    lying.files[file].state_bytes = size_bytes;
}

/* ---- the pieces of an operation -------------------------------------------------- */

static uint64_t piece_bytes(const struct lying_operation *operation)
{
    if (operation->kind != LYING_ZERO)
        return LYING_SECTOR_BYTES;
    uint64_t piece = operation->size_bytes / ZERO_PIECES / LYING_SECTOR_BYTES * LYING_SECTOR_BYTES;
    return piece == 0 ? LYING_SECTOR_BYTES : piece;
}

/* Pieces end at multiples of their size. */
static uint64_t piece_end(const struct lying_operation *operation, uint64_t from_bytes)
{
    uint64_t piece = piece_bytes(operation), end = (from_bytes / piece + 1) * piece;
    uint64_t limit = operation->offset_bytes + operation->size_bytes;
    return end < limit ? end : limit;
}

size_t lying_disk_sectors(size_t index)
{
    CHECK(index < lying_cut.count);
    const struct lying_operation *operation = &lying.operations[lying_cut.pending[index]];
    if ((operation->kind != LYING_WRITE && operation->kind != LYING_ZERO) || operation->size_bytes == 0)
        return 1;
    uint64_t piece = piece_bytes(operation);
    return (size_t)((operation->offset_bytes + operation->size_bytes - 1) / piece - operation->offset_bytes / piece +
                    1);
}

/* ---- states ------------------------------------------------------------------ */

static void forget_changes(void)
{
    for (size_t i = 0; i < lying_state.count; i++)
        lying.files[lying_state.changes[i].file].change_of[lying_state.changes[i].sector] = 0;
    lying_state.count = 0;
    for (int i = 0; i < lying.journal_file_count; i++) {
        lying.files[i].state_bytes = lying.files[i].base.size_bytes;
        lying.files[i].state_sum = lying.files[i].base_sum;
    }
}

static void apply_piece(const struct lying_operation *operation, uint64_t from_bytes, uint64_t to_bytes)
{
    change(operation->file, from_bytes, to_bytes,
           operation->kind == LYING_ZERO ? NULL : operation->bytes + (from_bytes - operation->offset_bytes));
}

static void apply_pieces(const struct lying_operation *operation, size_t index, lying_disk_keep *keep, void *context)
{
    uint64_t from = operation->offset_bytes, end = from + operation->size_bytes;
    for (size_t piece = 0; from < end; piece++) {
        uint64_t to = piece_end(operation, from);
        if (keep(context, index, piece))
            apply_piece(operation, from, to);
        from = to;
    }
}

static void apply_whole(const struct lying_operation *operation)
{
    if (operation->kind == LYING_WRITE || operation->kind == LYING_ZERO)
        apply_piece(operation, operation->offset_bytes, operation->offset_bytes + operation->size_bytes);
    else if (operation->kind == LYING_SIZE)
        change_size(operation->file, operation->offset_bytes);
    else
        lying_map_apply(lying_state.map, operation);
}

static uint64_t hash_state(void)
{
    for (size_t i = 0; i < lying_state.count; i++) {
        uint8_t old[LYING_SECTOR_BYTES];
        const struct lying_change *change = &lying_state.changes[i];
        struct lying_file *file = &lying.files[change->file];
        lying_base_sector(file, change->sector, old);
        file->state_sum += lying_sector_hash(change->bytes, change->sector) - lying_sector_hash(old, change->sector);
    }
    uint64_t hash = 0;
    for (int name = 0; name < lying.journal_name_count; name++) {
        if (lying_state.map[name] == LYING_NO_FILE)
            continue;
        const struct lying_file *file = &lying.files[lying_state.map[name]];
        uint64_t directory = file->is_directory ? (uint64_t)lying_state.map[name] + 1 : 0;
        const uint64_t facts[4] = {(uint64_t)name, directory, file->state_sum, file->state_bytes};
        hash += hash_xxh3_64_seeded(facts, sizeof facts, 2);
    }
    return hash;
}

uint64_t lying_disk_state(lying_disk_keep *keep, void *context)
{
    forget_changes();
    memcpy(lying_state.map, lying_cut.base_map, sizeof lying_state.map);
    for (size_t i = 0; i < lying_cut.step_count; i++) {
        const struct lying_step *step = &lying_cut.steps[i];
        const struct lying_operation *operation = &lying.operations[step->operation];
        if (step->pending == SIZE_MAX)
            apply_whole(operation);
        else if (operation->kind == LYING_WRITE || operation->kind == LYING_ZERO)
            apply_pieces(operation, step->pending, keep, context);
        else if (keep(context, step->pending, 0))
            apply_whole(operation);
    }
    return hash_state();
}
