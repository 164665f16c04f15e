/* The ring of superblocks: which one is believed, and which slot comes next.
 *
 * A superblock carries everything that it needs to be judged alone: it is
 * believed if its checksum and identity are right and the segments that were
 * not known durable when it was written give its chained checksum (invariant
 * 2; choose.c).  So a commit needs no order of writes: if the superblock reached the
 * device and a segment did not, the superblock is not believed and the one
 * before it counts.
 *
 * One whole superblock is never given up: the newest durable one that the log
 * knows (the keeper).  All others may be lost at any time, since the next
 * write goes to the slot of the oldest that is not the keeper; what is lost
 * with them is at most the replay of some events. */
#include "arena/large.h"

#include <stdlib.h>

/* ---- reading --------------------------------------------------------------- */

static uint64_t superblock_checksum(const struct arena *arena, const struct arena_superblock *superblock)
{
    return hash_xxh3_64_seeded(superblock, offsetof(struct arena_superblock, checksum), arena->seed);
}

static bool is_offset(uint64_t offset_bytes, uint64_t limit_bytes)
{
    return offset_bytes >= ARENA_DATA_START_BYTES && offset_bytes <= limit_bytes && offset_bytes % 8 == 0;
}

static bool is_in_ranges(const struct arena_superblock *superblock, uint64_t offset_bytes)
{
    for (size_t i = 0; i < superblock->range_count; i++)
        if (offset_bytes >= superblock->ranges[i].start_bytes && offset_bytes < superblock->ranges[i].end_bytes)
            return true;
    return false;
}

static bool is_root(const struct arena_superblock *superblock, noun root)
{
    if (noun_is_direct(root))
        return true;
    uint64_t offset_words = noun_offset_words(root);
    if (offset_words >= NOUN_PERSISTENT_BYTES / 8)
        return false;
    if (noun_is_indirect(root) && offset_words >= ARENA_LARGE_START_BYTES / 8)
        return offset_words < superblock->large_end_bytes / 8;
    return (noun_is_cell(root) || noun_is_indirect(root)) && is_in_ranges(superblock, offset_words * 8);
}

static bool ranges_are_sane(const struct arena_superblock *superblock)
{
    uint64_t end_bytes = ARENA_DATA_START_BYTES;
    if (superblock->range_count == 0 || superblock->range_count > ARENA_RANGES_MAX)
        return false;
    for (size_t i = 0; i < superblock->range_count; i++) {
        struct arena_range range = superblock->ranges[i];
        if (range.start_bytes < end_bytes || range.end_bytes < range.start_bytes || range.start_bytes % 8 != 0 ||
            !is_offset(range.end_bytes, ARENA_LARGE_START_BYTES))
            return false;
        end_bytes = range.end_bytes;
    }
    return end_bytes == superblock->watermark_bytes;
}

static bool trees_are_sane(const struct arena_superblock *superblock)
{
    uint64_t end_page = superblock->file_pages;
    return end_page >= ARENA_FIRST_PAGE && end_page <= (uint64_t)INT64_MAX / ARENA_PAGE_BYTES &&
           superblock->directory_page < end_page && superblock->free_page < end_page &&
           superblock->large_page < end_page && superblock->allocations_page < end_page &&
           superblock->large_end_bytes >= ARENA_LARGE_START_BYTES &&
           superblock->large_end_bytes <= NOUN_PERSISTENT_BYTES;
}

bool arena_roots_are_sane(const struct arena_superblock *superblock)
{
    bool sane = ranges_are_sane(superblock);
    for (unsigned i = 0; i < ARENA_ROOTS && sane; i++)
        sane = is_root(superblock, superblock->roots[i]);
    return sane;
}

/* Right checksums can be forged; what is read here is never trusted further
 * than memory safety allows. */
static bool is_sane(const struct arena_superblock *superblock)
{
    uint64_t watermark_bytes = superblock->watermark_bytes;
    return trees_are_sane(superblock) && arena_roots_are_sane(superblock) && arena_origins_are_sane(superblock) &&
           is_offset(superblock->tail_start_bytes, watermark_bytes) &&
           (superblock->last_segment_bytes == 0 || is_offset(superblock->last_segment_bytes, watermark_bytes)) &&
           superblock->durable_sequence < superblock->sequence;
}

/* ---- format 1 ---------------------------------------------------------------- */

/* In format 1 the file is one range at its own offsets, and what says so here was
 * zeros.  Such a superblock is read as what it means, and still says that it is
 * of format 1, because its trees are nowhere. */
static enum status read_as_now(struct arena *arena, struct arena_superblock *superblock)
{
    uint64_t file_bytes;
    STATUS_TRY(os_file_size(arena->file, &file_bytes));
    superblock->file_pages = file_bytes / ARENA_PAGE_BYTES;
    superblock->large_end_bytes = ARENA_LARGE_START_BYTES;
    superblock->range_count = 1;
    superblock->ranges[0] = (struct arena_range){ARENA_DATA_START_BYTES, superblock->watermark_bytes};
    return STATUS_OK;
}

static enum status check_superblock(struct arena *arena, struct arena_superblock *superblock, uint32_t slot)
{
    const char *path = os_file_path(arena->file);
    if (memcmp(superblock->magic, ARENA_SUPERBLOCK_MAGIC, ARENA_MAGIC_SIZE_BYTES) != 0 ||
        superblock->checksum != superblock_checksum(arena, superblock))
        return status_fail(STATUS_CORRUPT,
                           "slot %" PRIu32 " of the superblock ring of %s is neither empty nor whole: "
                           "a write torn by a power cut, or rot",
                           slot, path);
    if (memcmp(superblock->identity, arena->identity, ARENA_IDENTITY_SIZE_BYTES) != 0 || superblock->slot != slot ||
        superblock->format_version < ARENA_FORMAT_VERSION_IDENTITY || superblock->format_version > ARENA_FORMAT_VERSION)
        return status_fail(STATUS_CORRUPT, "slot %" PRIu32 " of the superblock ring of %s holds another slot's", slot,
                           path);
    if (superblock->format_version == ARENA_FORMAT_VERSION_IDENTITY)
        STATUS_TRY(read_as_now(arena, superblock));
    if (!is_sane(superblock))
        return status_fail(STATUS_CORRUPT, "the superblock in slot %" PRIu32 " of %s makes no sense", slot, path);
    return STATUS_OK;
}

static bool is_zeros(const void *bytes, size_t size_bytes)
{
    const uint8_t *at = bytes;
    return at[0] == 0 && memcmp(at, at + 1, size_bytes - 1) == 0;
}

enum status arena_slot_read(struct arena *arena, uint32_t index, struct arena_slot *slot)
{
    slot->state = ARENA_SLOT_DAMAGED;
    STATUS_TRY(arena_read_file(arena, ARENA_RING_START_BYTES + (uint64_t)index * ARENA_PAGE_BYTES, &slot->superblock,
                               ARENA_PAGE_BYTES));
    if (is_zeros(&slot->superblock, ARENA_PAGE_BYTES))
        slot->state = ARENA_SLOT_EMPTY;
    else if (check_superblock(arena, &slot->superblock, index) == STATUS_OK)
        slot->state = ARENA_SLOT_WHOLE;
    return STATUS_OK;
}

/* A reader beside a writer can catch a slot while it is being written, so it
 * looks at a damaged one again. */
enum status arena_ring_read(struct arena *arena)
{
    for (uint32_t slot = 0; slot < ARENA_RING_SLOTS; slot++) {
        unsigned attempts = arena->is_read_only ? 3 : 1;
        do
            STATUS_TRY(arena_slot_read(arena, slot, &arena->slots[slot]));
        while (arena->slots[slot].state == ARENA_SLOT_DAMAGED && --attempts > 0);
    }
    return STATUS_OK;
}

enum status arena_refresh(struct arena *arena)
{
    CHECK(arena->is_read_only);
    STATUS_TRY(arena_readers_pin(arena, 0));
    return arena_ring_read(arena);
}

/* ---- listing --------------------------------------------------------------- */

void arena_commit_decode(const struct arena_superblock *superblock, struct arena_commit *commit)
{
    memcpy(commit->job_hash, superblock->job_hash, sizeof commit->job_hash);
    memcpy(commit->kernel_hash, superblock->kernel_hash, sizeof commit->kernel_hash);
    memcpy(commit->roots, superblock->roots, sizeof commit->roots);
    commit->event_number = superblock->event_number;
    commit->sequence = superblock->sequence;
    commit->state_hash = superblock->state_hash;
    commit->watermark_bytes = superblock->watermark_bytes;
    commit->segment_count = superblock->segment_count;
    commit->object_count = superblock->object_count;
    commit->durable_sequence = superblock->durable_sequence;
    commit->tail_bytes = arena_bytes_above(superblock, superblock->tail_start_bytes);
    commit->wall_ms = superblock->wall_ms;
    commit->large_page = superblock->large_page;
    commit->large_checksum = superblock->large_checksum;
    commit->file_pages = superblock->file_pages;
    commit->range_count = superblock->range_count;
    memcpy(commit->ranges, superblock->ranges, sizeof commit->ranges);
    memcpy(commit->origins, superblock->origins, sizeof commit->origins);
}

static int compare_newest_first(const void *a, const void *b)
{
    uint64_t first = ((const struct arena_commit *)a)->sequence, second = ((const struct arena_commit *)b)->sequence;
    return (first < second) - (first > second);
}

const struct arena_commit *arena_commits(struct arena *arena, size_t *count)
{
    *count = 0;
    os_mutex_lock(arena->mutex);
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE)
            arena_commit_decode(&arena->slots[i].superblock, &arena->commits[(*count)++]);
    os_mutex_unlock(arena->mutex);
    qsort(arena->commits, *count, sizeof *arena->commits, compare_newest_first);
    return arena->commits;
}
const struct arena_superblock *arena_ring_find(const struct arena *arena, uint64_t sequence)
{
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE && arena->slots[i].superblock.sequence == sequence)
            return &arena->slots[i].superblock;
    return NULL;
}

/* ---- writing --------------------------------------------------------------- */

static enum status write_slot(struct arena *arena, uint32_t slot, const void *page)
{
    return arena_write_file(arena, ARENA_RING_START_BYTES + (uint64_t)slot * ARENA_PAGE_BYTES, page, ARENA_PAGE_BYTES);
}

/* As it lies in the file. */
static struct arena_superblock as_written(const struct arena_superblock *superblock)
{
    struct arena_superblock bytes = *superblock;
    if (bytes.format_version == ARENA_FORMAT_VERSION_IDENTITY)
        memset((uint8_t *)&bytes + offsetof(struct arena_superblock, directory_checksum), 0,
               offsetof(struct arena_superblock, checksum) - offsetof(struct arena_superblock, directory_checksum));
    return bytes;
}

enum status arena_slot_rewrite(struct arena *arena, const struct arena_superblock *superblock)
{
    struct arena_superblock bytes = as_written(superblock);
    return write_slot(arena, superblock->slot, &bytes);
}

enum status arena_slot_erase(struct arena *arena, uint32_t index)
{
    static const uint8_t zeros[ARENA_PAGE_BYTES];
    STATUS_TRY(write_slot(arena, index, zeros));
    arena->slots[index].state = ARENA_SLOT_EMPTY;
    return STATUS_OK;
}

enum status arena_ring_erase_before(struct arena *arena, uint64_t sequence)
{
    for (uint32_t i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE && arena->slots[i].superblock.sequence < sequence)
            STATUS_TRY(arena_slot_erase(arena, i));
    return STATUS_OK;
}

/* The newest durable one that is not beyond the log's boundary; should all be
 * beyond it, the oldest durable one. */
static const struct arena_slot *find_keeper(const struct arena *arena)
{
    const struct arena_slot *within = NULL, *oldest = NULL;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++) {
        const struct arena_slot *slot = &arena->slots[i];
        if (slot->state != ARENA_SLOT_WHOLE || slot->superblock.sequence > arena->durable_sequence)
            continue;
        if (oldest == NULL || slot->superblock.sequence < oldest->superblock.sequence)
            oldest = slot;
        if (slot->superblock.event_number <= arena->boundary_event_number &&
            (within == NULL || slot->superblock.sequence > within->superblock.sequence))
            within = slot;
    }
    return within != NULL ? within : oldest;
}

const struct arena_superblock *arena_keeper(const struct arena *arena)
{
    const struct arena_slot *keeper = find_keeper(arena);
    bool is_known = keeper != NULL && keeper->superblock.event_number <= arena->boundary_event_number;
    return is_known ? &keeper->superblock : NULL;
}

/* The newest one that is not beyond an event, durable or not. */
static const struct arena_slot *find_newest_until(const struct arena *arena, uint64_t event_number)
{
    const struct arena_slot *newest = NULL;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++) {
        const struct arena_slot *slot = &arena->slots[i];
        if (slot->state == ARENA_SLOT_WHOLE && slot->superblock.event_number <= event_number &&
            (newest == NULL || slot->superblock.sequence > newest->superblock.sequence))
            newest = slot;
    }
    return newest;
}

/* A free slot, or the oldest that is neither the keeper, nor the one that the
 * next start would take if only the process died, now or after the log's next
 * flush. */
static uint32_t find_victim(const struct arena *arena)
{
    const struct arena_slot *keeper = find_keeper(arena), *victim = NULL;
    const struct arena_slot *now = find_newest_until(arena, arena->boundary_event_number);
    const struct arena_slot *soon = find_newest_until(arena, arena->announced_event_number);
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++) {
        const struct arena_slot *slot = &arena->slots[i];
        if (slot->state != ARENA_SLOT_WHOLE)
            return i;
        if (slot != keeper && slot != now && slot != soon &&
            (victim == NULL || slot->superblock.sequence < victim->superblock.sequence))
            victim = slot;
    }
    CHECK(victim != NULL);
    return (uint32_t)(victim - arena->slots);
}

enum status arena_ring_write(struct arena *arena, struct arena_superblock *superblock)
{
    uint32_t index = find_victim(arena);
    struct arena_slot *slot = &arena->slots[index];
    STATUS_TRY(arena_pages_publish(arena, superblock));
    superblock->format_version = ARENA_FORMAT_VERSION;
    superblock->slot = index;
    superblock->sequence = arena->next_sequence;
    superblock->durable_sequence = arena->durable_sequence;
    superblock->tail_start_bytes = arena->durable_watermark_bytes;
    superblock->tail_checksum = arena->tail.chain;
    superblock->wall_ms = os_wall_ms();
    superblock->checksum = superblock_checksum(arena, superblock);
    CHECK(is_sane(superblock));
    slot->state = ARENA_SLOT_DAMAGED; /* unless all of it is written */
    STATUS_TRY(write_slot(arena, index, superblock));
    slot->state = ARENA_SLOT_WHOLE;
    slot->superblock = *superblock;
    arena->newest = *superblock;
    arena->next_sequence++;
    return STATUS_OK;
}
