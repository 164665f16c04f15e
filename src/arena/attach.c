/* Pages of the file under their addresses.
 *
 * A run of pages is one mapping of the kernel's, and Linux grants a process
 * 65,530 of them.  The arena's own ways make few runs; a file may all the same
 * have more than ARENA_MAPPINGS_MAX.  Then only the longest are mapped, and the
 * short ones are read into memory: nothing in them will ever change, neighbours
 * among them are one mapping, and the number stays below twice the bound. */
#include "arena/private.h"

#include <stdlib.h>

static uint8_t *address_of(const struct arena *arena, uint64_t page)
{
    return arena->base + page * ARENA_PAGE_BYTES;
}

enum status arena_attach_run(struct arena *arena, struct layout_run run)
{
    if (arena->base == NULL)
        return STATUS_OK;
    return os_map_file(address_of(arena, run.page), run.count * ARENA_PAGE_BYTES, arena->file,
                       run.file_page * ARENA_PAGE_BYTES);
}

enum status arena_detach_pages(struct arena *arena, uint64_t page, uint64_t count)
{
    if (arena->base == NULL)
        return STATUS_OK;
    return os_map_forget(address_of(arena, page), count * ARENA_PAGE_BYTES);
}

/* ---- what is mapped and what is copied ----------------------------------------- */

/* The least length of a run that is mapped. */
static uint64_t choose_shortest(const struct arena_layout *layout)
{
    uint64_t by_length[65] = {0}, sum = 0;
    struct layout_run run;
    if (layout->directory.count <= ARENA_MAPPINGS_MAX)
        return 1;
    for (uint64_t page = 0; layout_next(layout, page, &run); page = run.page + run.count)
        by_length[bits_length(run.count)]++;
    unsigned length = 64;
    while (length > 0 && sum + by_length[length] <= ARENA_MAPPINGS_MAX / 2)
        sum += by_length[length--];
    return (uint64_t)1 << length;
}

static bool is_there(const struct arena_layout *old, struct layout_run run)
{
    struct layout_run before;
    return old != NULL && layout_find(old, run.page, &before) && before.file_page == run.file_page &&
           before.count >= run.count;
}

static enum status copy_run(struct arena *arena, struct layout_run run)
{
    uint8_t *to = address_of(arena, run.page);
    uint64_t size_bytes = run.count * ARENA_PAGE_BYTES;
    STATUS_TRY(os_map_memory(to, size_bytes));
    STATUS_TRY(arena_read_file(arena, run.file_page * ARENA_PAGE_BYTES, to, size_bytes));
    arena->copied_pages += run.count;
    if (run.page >= ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES)
        arena->large_copied_bytes += size_bytes;
    return os_map_protect(to, size_bytes);
}

enum status arena_attach(struct arena *arena, const struct arena_layout *layout, const struct arena_layout *old,
                         uint64_t watermark_bytes)
{
    uint64_t shortest = choose_shortest(layout);
    uint64_t open_page = watermark_bytes / ARENA_PAGE_BYTES; /* commits write there */
    uint64_t large_page = ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES;
    struct layout_run run;
    for (uint64_t page = 0; layout_next(layout, page, &run); page = run.page + run.count) {
        bool is_open = run.page < large_page && run.page + run.count > open_page;
        bool is_mapped = run.count >= shortest || is_open;
        if (is_there(old, run))
            continue;
        STATUS_TRY(is_mapped ? arena_attach_run(arena, run) : copy_run(arena, run));
    }
    return STATUS_OK;
}
