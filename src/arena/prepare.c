/* Before the first write of a process.
 *
 * Choosing an older superblock abandons the newer ones.  They must never be
 * believed again once their segments are written over, so their slots are erased
 * first, and that is flushed (invariant 3).  And what was just believed, but is
 * not known durable, is written again (invariant 5). */
#include "arena/large.h"

#include <stdlib.h>

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
    tree_pages(&arena->layout.allocations, rewrite_node, &rewriting);
    os_mutex_unlock(arena->pages_mutex);
    STATUS_TRY(rewriting.status);
    return arena_slot_rewrite(arena, &arena->newest);
}

/* One that was in flight too, and whose trees are others than the chosen one's:
 * nobody has looked whether their nodes have reached the device. */
static bool is_doubtful(const struct arena *arena, const struct arena_superblock *superblock)
{
    const struct arena_superblock *newest = &arena->newest;
    return superblock->sequence > arena->durable_sequence && superblock->sequence < newest->sequence &&
           (superblock->directory_page != newest->directory_page || superblock->free_page != newest->free_page ||
            superblock->large_page != newest->large_page || superblock->allocations_page != newest->allocations_page);
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
        STATUS_TRY(arena_slot_erase(arena, i));
        *has_erased = true;
    }
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
    if (has_erased || arena_ring_find(arena, arena->durable_sequence) == NULL) {
        STATUS_TRY(arena_flush(arena));
        arena_newest_is_durable(arena);
    }
    STATUS_TRY(arena_pages_tidy(arena));
    arena->is_prepared = true;
    return STATUS_OK;
}
