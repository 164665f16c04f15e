/* Pages of the file under their addresses.
 *
 * A run of pages is one mapping of the kernel's, and Linux grants a process
 * 65,530 of them.  The arena's own ways make few runs; a file may all the same
 * have more than ARENA_MAPPINGS_MAX.  Then only the longest are mapped, and the
 * short ones are read into memory: nothing in them will ever change, all between
 * two mapped ones are one piece, and the number stays below twice the bound. */
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

/* What is read instead of being mapped, from a run on up to the next that is
 * mapped: one piece of memory, in which holes cost nothing. */
struct span {
    uint64_t page;
    uint64_t end_page;
};

struct attaching {
    struct arena *arena;
    const struct arena_layout *layout;
    uint64_t shortest;
    uint64_t open_page; /* commits write there */
};

static bool is_mapped(const struct attaching *attaching, struct layout_run run)
{
    bool is_open = run.page < ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES && run.page + run.count > attaching->open_page;
    return run.count >= attaching->shortest || is_open;
}

static struct span find_span(const struct attaching *attaching, struct layout_run run)
{
    struct span span = {run.page, run.page + run.count};
    while (layout_next(attaching->layout, span.end_page, &run) && !is_mapped(attaching, run))
        span.end_page = run.page + run.count;
    return span;
}

static enum status copy_span(const struct attaching *attaching, struct span span)
{
    struct arena *arena = attaching->arena;
    uint64_t size_bytes = (span.end_page - span.page) * ARENA_PAGE_BYTES;
    struct layout_run run;
    STATUS_TRY(os_map_memory(address_of(arena, span.page), size_bytes));
    for (uint64_t page = span.page; page < span.end_page && layout_next(attaching->layout, page, &run);
         page = run.page + run.count) {
        uint64_t run_bytes = run.count * ARENA_PAGE_BYTES;
        STATUS_TRY(arena_read_file(arena, run.file_page * ARENA_PAGE_BYTES, address_of(arena, run.page), run_bytes));
        arena->copied_pages += run.count;
        if (run.page >= ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES)
            arena->large_copied_bytes += run_bytes;
    }
    return os_map_protect(address_of(arena, span.page), size_bytes);
}

enum status arena_attach(struct arena *arena, const struct arena_layout *layout, const struct arena_layout *old,
                         uint64_t watermark_bytes)
{
    const struct attaching attaching = {arena, layout, choose_shortest(layout), watermark_bytes / ARENA_PAGE_BYTES};
    if (attaching.shortest > 1)
        old = NULL; /* spans cover what was there */
    struct layout_run run;
    for (uint64_t page = 0; layout_next(layout, page, &run); page = run.page + run.count) {
        if (is_there(old, run))
            continue;
        if (is_mapped(&attaching, run)) {
            STATUS_TRY(arena_attach_run(arena, run));
            continue;
        }
        struct span span = find_span(&attaching, run);
        STATUS_TRY(copy_span(&attaching, span));
        run = (struct layout_run){.page = span.page, .count = span.end_page - span.page};
    }
    return STATUS_OK;
}
