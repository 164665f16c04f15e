/* Verification of the pages: below the end that a superblock knows, each page of
 * the file is mapped once, or holds a node of a tree, or is free.  One that is
 * two of these would be written over while it is in use; one that is none of
 * them is lost. */
#include "arena/large.h"
#include "arena/verify.h"

#include <stdlib.h>

struct census {
    struct verify *verify;
    const struct verify_layout *layout;
    uint64_t *used; /* owned: a bit a page */
    uint64_t twice;
    uint64_t first_twice;
    uint64_t free_pages;
};

static void note_page(void *context, uint64_t page)
{
    struct census *census = context;
    uint64_t mask = (uint64_t)1 << page % 64;
    if ((census->used[page / 64] & mask) != 0 && census->twice++ == 0)
        census->first_twice = page;
    census->used[page / 64] |= mask;
}

static void note_run(struct census *census, uint64_t page, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        note_page(census, page + i);
}

static void note_all(struct census *census)
{
    const struct arena_layout *layout = &census->layout->layout;
    const struct tree_record *record;
    note_run(census, 0, ARENA_FIRST_PAGE);
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->directory, at)) != NULL; at = record->key + record->count)
        note_run(census, record->value, record->count);
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->free, at)) != NULL; at = record->key + record->count) {
        note_run(census, record->key, record->count);
        census->free_pages += record->count;
    }
    if (census->layout->superblock.format_version == ARENA_FORMAT_VERSION_IDENTITY)
        return;
    tree_pages(&layout->directory, note_page, census);
    tree_pages(&layout->free, note_page, census);
    tree_pages(&layout->large, note_page, census);
    tree_pages(&layout->allocations, note_page, census);
}

static void report(struct census *census)
{
    const struct arena_superblock *superblock = &census->layout->superblock;
    uint64_t leaked = 0, first_leaked = 0;
    for (uint64_t page = 0; page < superblock->file_pages; page++)
        if ((census->used[page / 64] >> page % 64 & 1) == 0 && leaked++ == 0)
            first_leaked = page;
    if (census->twice > 0)
        verify_fault(census->verify,
                     "commit %" PRIu64 ": %" PRIu64 " %s of the file in use twice, or both free and in use; "
                     "the first is page %" PRIu64,
                     superblock->sequence, census->twice, plural(census->twice, "page", "pages"), census->first_twice);
    if (leaked > 0)
        verify_fault(census->verify,
                     "commit %" PRIu64 ": %" PRIu64 " %s of the file neither free nor in use; the first is page "
                     "%" PRIu64,
                     superblock->sequence, leaked, plural(leaked, "page", "pages"), first_leaked);
    census->verify->report.leaked_pages += leaked;
}

static enum status check_layout(struct verify *verify, const struct verify_layout *layout)
{
    struct census census = {.verify = verify, .layout = layout};
    uint64_t file_bytes, page_count = layout->superblock.file_pages;
    STATUS_TRY(os_file_size(verify->arena->file, &file_bytes));
    uint64_t most = (file_bytes / ARENA_PAGE_BYTES + 1) * 64;
    if (page_count > most) { /* the end may be cut off, but not so */
        verify_fault(verify, "commit %" PRIu64 " knows a far longer file", layout->superblock.sequence);
        return STATUS_OK;
    }
    census.used = calloc(page_count / 64 + 1, 8);
    if (census.used == NULL)
        return status_fail(STATUS_NO_MEMORY, "no memory to verify the pages of %s", os_file_path(verify->arena->file));
    note_all(&census);
    report(&census);
    if (layout == &verify->layouts[0])
        verify->report.free_pages = census.free_pages;
    free(census.used);
    return STATUS_OK;
}

/* Each against its checksum, and all of the large addresses that are mapped are theirs. */
static enum status check_large(struct verify *verify, const struct verify_layout *layout, uint8_t *piece)
{
    const struct tree_record *record;
    uint64_t page = ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES, owned = 0, mapped = 0;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->layout.large, at)) != NULL; at = record->key + 1) {
        bool was_checked =
            layout != &verify->layouts[0] && record->extra <= verify->layouts[0].superblock.durable_sequence;
        owned += bits_round_up(record->count, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
        if (!was_checked && arena_large_check(verify->arena, &layout->layout, record, piece) != STATUS_OK)
            verify_fault(verify, "%s", status_message());
        verify->total_bytes += record->count;
        STATUS_TRY(verify_progress(verify, record->count));
    }
    for (struct layout_run run; layout_next(&layout->layout, page, &run); page = run.page + run.count)
        mapped += run.count;
    if (mapped != owned)
        verify_fault(verify,
                     "commit %" PRIu64 ": large objects have %" PRIu64 " pages, and %" PRIu64 " are mapped there",
                     layout->superblock.sequence, owned, mapped);
    return STATUS_OK;
}

enum status verify_pages(struct verify *verify)
{
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < verify->layout_count && status == STATUS_OK; i++) {
        if (!verify->layouts[i].is_whole)
            continue;
        status = check_layout(verify, &verify->layouts[i]);
        if (status == STATUS_OK)
            status = check_large(verify, &verify->layouts[i], piece);
    }
    free(piece);
    return status;
}
