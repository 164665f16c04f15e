/* The ring of superblocks: which one is believed, and which slot comes next.
 *
 * A superblock carries everything that it needs to be judged alone: it is
 * believed if its checksum and identity are right and the segments that were
 * not known durable when it was written give its chained checksum (invariant
 * 2).  So a commit needs no order of writes: if the superblock reached the
 * device and a segment did not, the superblock is not believed and the one
 * before it counts.
 *
 * One whole superblock is never given up: the newest durable one that the log
 * knows (the keeper).  All others may be lost at any time, since the next
 * write goes to the slot of the oldest that is not the keeper; what is lost
 * with them is at most the replay of some events.
 *
 * Choosing an older superblock abandons the newer ones.  They must never be
 * believed again once their segments are written over, so before the first
 * write their slots are erased and that is flushed (arena_prepare_writing).
 */
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
           superblock->large_page < end_page && superblock->large_end_bytes >= ARENA_LARGE_START_BYTES &&
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
    return trees_are_sane(superblock) && arena_roots_are_sane(superblock) &&
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

/* As it lies in the file. */
static struct arena_superblock as_written(const struct arena_superblock *superblock)
{
    struct arena_superblock bytes = *superblock;
    if (bytes.format_version == ARENA_FORMAT_VERSION_IDENTITY)
        memset((uint8_t *)&bytes + offsetof(struct arena_superblock, directory_checksum), 0,
               offsetof(struct arena_superblock, checksum) - offsetof(struct arena_superblock, directory_checksum));
    return bytes;
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

/* ---- choosing -------------------------------------------------------------- */

static const struct arena_superblock *find_sequence(const struct arena *arena, uint64_t sequence)
{
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE && arena->slots[i].superblock.sequence == sequence)
            return &arena->slots[i].superblock;
    return NULL;
}

/* Every page of it is mapped, and inside of the file. */
static enum status check_pages(struct arena *arena, const struct arena_layout *layout, struct arena_range range,
                               uint64_t file_pages)
{
    uint64_t page = range.start_bytes / ARENA_PAGE_BYTES;
    uint64_t end_page = bits_round_up(range.end_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    struct layout_run run;
    for (; page < end_page; page += run.count) {
        if (!layout_find(layout, page, &run))
            return status_fail(STATUS_CORRUPT, "%s has no page for address %" PRIu64, os_file_path(arena->file),
                               page * ARENA_PAGE_BYTES);
        uint64_t needed = run.count < end_page - page ? run.count : end_page - page;
        if (run.file_page + needed > file_pages)
            return status_fail(STATUS_CORRUPT, "%s ends at page %" PRIu64 ", below what is in use",
                               os_file_path(arena->file), file_pages);
    }
    return STATUS_OK;
}

static enum status check_ranges(struct arena *arena, const struct arena_superblock *superblock,
                                const struct arena_layout *layout)
{
    uint64_t file_bytes;
    STATUS_TRY(os_file_size(arena->file, &file_bytes));
    uint64_t file_pages = bits_round_up(file_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
    for (size_t i = 0; i < superblock->range_count; i++)
        STATUS_TRY(check_pages(arena, layout, superblock->ranges[i], file_pages));
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->large, at)) != NULL; at = record->key + 1) {
        uint64_t start_bytes = record->key * ARENA_PAGE_BYTES;
        STATUS_TRY(
            check_pages(arena, layout, (struct arena_range){start_bytes, start_bytes + record->count}, file_pages));
    }
    return STATUS_OK;
}

static enum status check_tail(struct arena *arena, const struct arena_superblock *superblock,
                              const struct arena_layout *layout, struct arena_tail *tail)
{
    STATUS_TRY(check_ranges(arena, superblock, layout));
    STATUS_TRY(arena_large_check_since(arena, layout, superblock->durable_sequence));
    STATUS_TRY(arena_tail_read(arena, layout, superblock, tail));
    if (tail->chain != superblock->tail_checksum)
        return status_fail(STATUS_CORRUPT, "the segments since byte %" PRIu64 " of %s are not those that were written",
                           superblock->tail_start_bytes, os_file_path(arena->file));
    return STATUS_OK;
}

/* True if the superblock is durable for another reason than its own word: by
 * its creation, or because a newer one says so. */
static bool is_known_durable(const struct arena *arena, const struct arena_superblock *superblock)
{
    bool known = superblock->sequence == ARENA_FIRST_SEQUENCE;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        known = known || (arena->slots[i].state == ARENA_SLOT_WHOLE &&
                          arena->slots[i].superblock.durable_sequence >= superblock->sequence);
    return known;
}

void arena_newest_is_durable(struct arena *arena)
{
    arena->durable_sequence = arena->newest.sequence;
    arena->durable_event_number = arena->newest.event_number;
    arena->durable_watermark_bytes = arena->newest.watermark_bytes;
    arena_tail_clear(arena, &arena->tail);
}

static void adopt(struct arena *arena, const struct arena_superblock *chosen)
{
    const struct arena_superblock *durable = find_sequence(arena, chosen->durable_sequence);
    arena->durable_sequence = chosen->durable_sequence;
    arena->durable_event_number = durable == NULL ? 0 : durable->event_number;
    arena->durable_watermark_bytes = chosen->tail_start_bytes;
    arena->newest = *chosen;
    if (is_known_durable(arena, chosen))
        arena_newest_is_durable(arena);
    arena->next_sequence = 0;
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE && arena->slots[i].superblock.sequence >= arena->next_sequence)
            arena->next_sequence = arena->slots[i].superblock.sequence + 1;
    arena->is_prepared = false;
    arena->is_chosen = true;
    arena_commit_decode(chosen, &arena->current);
}

#define FITS_ANYWHERE_BYTES ((uint64_t)256 << 20) /* asking how much memory there is costs more than opening */

/* Larger than memory, what a reader touches next is not what lies behind it,
 * and read-ahead would bring in megabytes for a word. */
static void advise(const struct arena *arena)
{
    uint64_t file_bytes = arena->layout.file_pages * ARENA_PAGE_BYTES;
    if (file_bytes > FITS_ANYWHERE_BYTES && file_bytes > os_memory_bytes() / 2)
        os_map_advise(arena->base, NOUN_PERSISTENT_BYTES, OS_ADVICE_RANDOM);
}

/* Under the mutex.  What the layout before it has mapped and this one has not
 * stays mapped: nobody reads it. */
static enum status adopt_layout(struct arena *arena, struct arena_layout *layout)
{
    os_mutex_lock(arena->pages_mutex);
    enum status status =
        arena_attach(arena, layout, arena->is_chosen ? &arena->layout : NULL, arena->newest.watermark_bytes);
    if (status == STATUS_OK) {
        struct arena_layout old = arena->layout;
        arena->layout = *layout;
        *layout = old;
        uint64_t page = bits_round_up(arena->newest.watermark_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
        arena->capacity_bytes = layout_mapped_end(&arena->layout, page) * ARENA_PAGE_BYTES;
        arena->reusable_sequence = 0;
        arena->limbo_count = 0;
        arena->move_count++;
    }
    os_mutex_unlock(arena->pages_mutex);
    return status;
}

/* Under the mutex. */
static enum status choose(struct arena *arena, const struct arena_superblock *superblock, struct arena_tail *tail)
{
    struct arena_layout layout;
    STATUS_TRY(arena_layout_load(arena, superblock, &layout));
    enum status status = check_tail(arena, superblock, &layout, tail);
    struct arena_superblock old = arena->newest;
    arena->newest = *superblock;
    if (status == STATUS_OK)
        status = adopt_layout(arena, &layout);
    layout_finish(&layout);
    if (status != STATUS_OK)
        arena->newest = old;
    return status;
}

enum status arena_choose(struct arena *arena, size_t index)
{
    size_t count;
    const struct arena_commit *commits = arena_commits(arena, &count);
    CHECK(index < count && !arena->is_building);
    os_mutex_lock(arena->mutex);
    const struct arena_superblock *superblock = find_sequence(arena, commits[index].sequence);
    CHECK(superblock != NULL);
    struct arena_tail tail = {0};
    enum status status = choose(arena, superblock, &tail);
    if (status == STATUS_OK) {
        arena_tail_finish(&arena->tail);
        arena->tail = tail;
        adopt(arena, superblock);
        advise(arena);
        if (arena->is_read_only)
            status = arena_readers_pin(arena, superblock->sequence);
    } else {
        arena_tail_finish(&tail);
        status = status_add_context(status, "commit %" PRIu64 " (event %" PRIu64 ") is not to be believed",
                                    superblock->sequence, superblock->event_number);
    }
    os_mutex_unlock(arena->mutex);
    return status;
}

const struct arena_commit *arena_current(const struct arena *arena)
{
    CHECK(arena->is_chosen);
    return &arena->current;
}

/* ---- before the first write ------------------------------------------------ */

/* What was just believed may be in the page cache only, and clean there: after
 * a failed sync the kernel forgets that it still has to write a page.  Writing
 * the same bytes again makes it remember. */
static enum status rewrite_tail(struct arena *arena)
{
    uint64_t at_bytes = arena->durable_watermark_bytes, size_bytes;
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = STATUS_OK;
    while (status == STATUS_OK && (size_bytes = arena_part_next(&arena->newest, &at_bytes, ARENA_PIECE_BYTES)) > 0) {
        status = arena_read_bytes(arena, &arena->layout, at_bytes, piece, (size_t)size_bytes);
        if (status == STATUS_OK)
            status = arena_write_bytes(arena, at_bytes, piece, (size_t)size_bytes);
        at_bytes += size_bytes;
    }
    free(piece);
    return status;
}

static enum status write_slot(struct arena *arena, uint32_t slot, const void *page)
{
    return arena_write_file(arena, ARENA_RING_START_BYTES + (uint64_t)slot * ARENA_PAGE_BYTES, page, ARENA_PAGE_BYTES);
}

/* The nodes of the trees too, and the superblock itself. */
struct rewriting {
    struct arena *arena;
    enum status status;
};

static void rewrite_node(void *context, uint64_t page)
{
    struct rewriting *rewriting = context;
    struct tree_page bytes;
    uint64_t offset_bytes = page * ARENA_PAGE_BYTES;
    if (rewriting->status == STATUS_OK && page != 0)
        rewriting->status = arena_read_file(rewriting->arena, offset_bytes, &bytes, sizeof bytes);
    if (rewriting->status == STATUS_OK && page != 0)
        rewriting->status = arena_write_file(rewriting->arena, offset_bytes, &bytes, sizeof bytes);
}

static enum status rewrite_newest(struct arena *arena)
{
    struct rewriting rewriting = {arena, rewrite_tail(arena)};
    if (rewriting.status == STATUS_OK)
        rewriting.status = arena_large_rewrite_since(arena, arena->durable_sequence);
    os_mutex_lock(arena->pages_mutex);
    tree_pages(&arena->layout.directory, rewrite_node, &rewriting);
    tree_pages(&arena->layout.free, rewrite_node, &rewriting);
    tree_pages(&arena->layout.large, rewrite_node, &rewriting);
    os_mutex_unlock(arena->pages_mutex);
    STATUS_TRY(rewriting.status);
    struct arena_superblock bytes = as_written(&arena->newest);
    return write_slot(arena, arena->newest.slot, &bytes);
}

static enum status erase_slot(struct arena *arena, uint32_t index)
{
    static const uint8_t zeros[ARENA_PAGE_BYTES];
    STATUS_TRY(write_slot(arena, index, zeros));
    arena->slots[index].state = ARENA_SLOT_EMPTY;
    return STATUS_OK;
}

/* One that was in flight too, and whose trees are others than the chosen one's:
 * nobody has looked whether their nodes have reached the device. */
static bool is_doubtful(const struct arena *arena, const struct arena_superblock *superblock)
{
    const struct arena_superblock *newest = &arena->newest;
    return superblock->sequence > arena->durable_sequence && superblock->sequence < newest->sequence &&
           (superblock->directory_page != newest->directory_page || superblock->free_page != newest->free_page ||
            superblock->large_page != newest->large_page);
}

/* Erases what is newer than the chosen one, what is in doubt, and what is damaged. */
static enum status erase_slots(struct arena *arena, bool *has_erased)
{
    *has_erased = false;
    for (uint32_t i = 0; i < ARENA_RING_SLOTS; i++) {
        struct arena_slot *slot = &arena->slots[i];
        bool is_newer = slot->state == ARENA_SLOT_WHOLE && slot->superblock.sequence > arena->newest.sequence;
        bool is_unsure = slot->state == ARENA_SLOT_WHOLE && is_doubtful(arena, &slot->superblock);
        if (!is_newer && !is_unsure && slot->state != ARENA_SLOT_DAMAGED)
            continue;
        STATUS_TRY(erase_slot(arena, i));
        *has_erased = true;
    }
    return STATUS_OK;
}

enum status arena_ring_erase_before(struct arena *arena, uint64_t sequence)
{
    for (uint32_t i = 0; i < ARENA_RING_SLOTS; i++)
        if (arena->slots[i].state == ARENA_SLOT_WHOLE && arena->slots[i].superblock.sequence < sequence)
            STATUS_TRY(erase_slot(arena, i));
    return STATUS_OK;
}

/* A program that knows only the format before must not touch the file once
 * there is a superblock that it cannot read, so this comes first. */
static enum status upgrade_identity(struct arena *arena)
{
    if (arena->format_version == ARENA_FORMAT_VERSION)
        return STATUS_OK;
    STATUS_TRY(arena_identity_page_write(arena));
    STATUS_TRY(arena_flush(arena));
    arena->format_version = ARENA_FORMAT_VERSION;
    return STATUS_OK;
}

enum status arena_prepare_writing(struct arena *arena)
{
    if (arena->is_prepared)
        return STATUS_OK;
    STATUS_TRY(upgrade_identity(arena));
    if (arena->durable_sequence < arena->newest.sequence)
        STATUS_TRY(rewrite_newest(arena));
    bool has_erased;
    STATUS_TRY(erase_slots(arena, &has_erased));
    if (has_erased || find_sequence(arena, arena->durable_sequence) == NULL) {
        STATUS_TRY(arena_flush(arena));
        arena_newest_is_durable(arena);
    }
    STATUS_TRY(arena_pages_tidy(arena));
    arena->is_prepared = true;
    return STATUS_OK;
}

/* ---- writing --------------------------------------------------------------- */

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
