/* Large objects: atoms that own whole pages, at addresses from 1 TiB up.
 *
 *   reserved     zeroed memory at its address; its maker fills it
 *   finished     read-only memory there; never changes again
 *   persisted    in pages of the file, mapped at the same address: its bytes were
 *                written once, by the commit that took it over, and copied never
 *
 * An atom refers to nothing, so that it lies above what refers to it hurts
 * nobody: the lower-offset rule is about objects that do.
 *
 * What is reserved or finished only lives in memory: an aborted commit or a
 * killed process leaves nothing to clean.  The tree of large objects says which
 * ones the commit has; a full compaction is told which of them are still
 * reached, and frees the rest. */
#include "arena/large.h"

#include <stdlib.h>

#define LARGE_START_PAGE (ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES)
#define LARGE_END_PAGE (NOUN_PERSISTENT_BYTES / ARENA_PAGE_BYTES)

static uint64_t pages_of(uint64_t size_bytes)
{
    return bits_round_up(size_bytes, ARENA_PAGE_BYTES) / ARENA_PAGE_BYTES;
}

static uint8_t *address_of(const struct arena *arena, uint64_t page)
{
    return arena->base + page * ARENA_PAGE_BYTES;
}

/* ---- those in memory ----------------------------------------------------------- */

/* The place of the first one at `page` or above. */
static size_t place_of(const struct arena_larges *larges, uint64_t page)
{
    return sorted_place(larges->objects, larges->count, sizeof *larges->objects, offsetof(struct arena_large, page),
                        page);
}

static struct arena_large *find(struct arena_larges *larges, uint64_t page)
{
    size_t place = place_of(larges, page);
    return place < larges->count && larges->objects[place].page == page ? &larges->objects[place] : NULL;
}

static void add(struct arena_larges *larges, struct arena_large object)
{
    if (larges->objects == NULL) {
        larges->objects = malloc(ARENA_LARGES_MAX * sizeof *larges->objects);
        if (larges->objects == NULL)
            check_out_of_memory(__FILE__, __LINE__, ARENA_LARGES_MAX * sizeof *larges->objects);
    }
    size_t place = place_of(larges, object.page);
    memmove(larges->objects + place + 1, larges->objects + place, (larges->count - place) * sizeof object);
    larges->objects[place] = object;
    larges->count++;
}

static void drop(struct arena_larges *larges, struct arena_large *object)
{
    size_t place = (size_t)(object - larges->objects);
    larges->count--;
    memmove(object, object + 1, (larges->count - place) * sizeof *object);
}

/* The end of what is in use at `page`, or `page` itself and in *free_end where the next such thing begins.
 * Under the pages' mutex. */
static uint64_t skip_used(const struct arena *arena, uint64_t page, uint64_t *free_end)
{
    struct layout_run run;
    const struct arena_larges *larges = &arena->larges;
    *free_end = LARGE_END_PAGE;
    if (layout_next(&arena->layout, page, &run)) {
        if (run.page <= page)
            return run.page + run.count;
        *free_end = run.page;
    }
    for (size_t i = 0; i < arena->limbo_count; i++) {
        run = arena->limbo[i].run;
        if (run.page <= page && page < run.page + run.count)
            return run.page + run.count;
        if (run.page > page && run.page < *free_end)
            *free_end = run.page;
    }
    size_t place = place_of(larges, page + 1);
    if (place > 0 && larges->objects[place - 1].page + larges->objects[place - 1].count > page)
        return larges->objects[place - 1].page + larges->objects[place - 1].count;
    if (place < larges->count && larges->objects[place].page < *free_end)
        *free_end = larges->objects[place].page;
    return page;
}

/* Next fit, twice around at most; 0 if there is no room. */
static uint64_t find_addresses(struct arena *arena, uint64_t count)
{
    uint64_t page = arena->larges.next_page < LARGE_START_PAGE ? LARGE_START_PAGE : arena->larges.next_page;
    for (unsigned round = 0; round < 2; round++, page = LARGE_START_PAGE)
        while (page + count <= LARGE_END_PAGE) {
            uint64_t free_end, used_end = skip_used(arena, page, &free_end);
            if (used_end == page && free_end - page >= count)
                return page;
            page = used_end == page ? free_end : used_end;
        }
    return 0;
}

enum status arena_large_reserve(struct arena *arena, uint64_t size_bytes, uint64_t *offset_words)
{
    struct arena_larges *larges = &arena->larges;
    uint64_t count = pages_of(size_bytes);
    CHECK(arena->is_chosen && count > 0);
    if (larges->count == ARENA_LARGES_MAX || count > LARGE_END_PAGE - LARGE_START_PAGE)
        return status_fail(STATUS_LIMIT, "%u large objects at a time are too many", ARENA_LARGES_MAX);
    os_mutex_lock(arena->pages_mutex);
    bool has_mappings = larges->count + arena->layout.directory.count + arena->limbo_count < ARENA_MAPPINGS_MAX;
    uint64_t page = has_mappings ? find_addresses(arena, count) : 0;
    os_mutex_unlock(arena->pages_mutex);
    if (!has_mappings)
        return status_fail(STATUS_LIMIT, "%s has %u mappings already, until some of its runs are joined",
                           os_file_path(arena->file), ARENA_MAPPINGS_MAX);
    if (page == 0)
        return status_fail(STATUS_LIMIT, "%s has no addresses left for %" PRIu64 " bytes in one piece",
                           os_file_path(arena->file), size_bytes);
    STATUS_TRY(arena_spare_memory(arena, address_of(arena, page), count));
    add(larges, (struct arena_large){.page = page, .count = count});
    larges->next_page = page + count;
    *offset_words = page * ARENA_PAGE_BYTES / 8;
    return STATUS_OK;
}

/* What the system does not take back or protect costs memory, or a safeguard. */
void arena_large_finish(struct arena *arena, uint64_t offset_words, uint64_t size_bytes)
{
    struct arena_large *object = find(&arena->larges, offset_words * 8 / ARENA_PAGE_BYTES);
    CHECK(object != NULL && object->size_bytes == 0 && size_bytes % 8 == 0 && pages_of(size_bytes) <= object->count);
    uint64_t count = pages_of(size_bytes);
    if (count < object->count)
        (void)!os_map_forget(address_of(arena, object->page + count), (object->count - count) * ARENA_PAGE_BYTES);
    if (arena->larges.next_page == object->page + object->count) /* neighbours can be one run */
        arena->larges.next_page = object->page + count;
    (void)!os_map_protect(address_of(arena, object->page), count * ARENA_PAGE_BYTES);
    object->count = count;
    object->size_bytes = size_bytes;
}

void arena_large_release(struct arena *arena, uint64_t offset_words)
{
    struct arena_large *object = find(&arena->larges, offset_words * 8 / ARENA_PAGE_BYTES);
    if (object == NULL || object->is_persisted)
        return;
    arena_spare_keep(arena, address_of(arena, object->page), object->count);
    (void)!os_map_forget(address_of(arena, object->page), object->count * ARENA_PAGE_BYTES);
    drop(&arena->larges, object);
}

/* ---- a commit ---------------------------------------------------------------------- */

/* Pages that may be used: in one run if there is one, in long ones otherwise.
 * Under the pages' mutex. */
static bool take_run(struct arena *arena, uint64_t count, struct layout_run *run)
{
    uint64_t reusable = arena->reusable_sequence, shortest = arena_run_shortest(arena, count);
    return layout_take(&arena->layout, count, count, reusable, &run->file_page, &run->count) ||
           (shortest < count && layout_take(&arena->layout, shortest, count, reusable, &run->file_page, &run->count));
}

static enum status take_pages(struct arena *arena, uint64_t count, struct layout_run *run)
{
    for (;;) {
        os_mutex_lock(arena->pages_mutex);
        bool was_taken = take_run(arena, count, run);
        os_mutex_unlock(arena->pages_mutex);
        if (was_taken)
            return STATUS_OK;
        STATUS_TRY(arena_pages_extend(arena, count, false));
    }
}

static enum status write_run(struct arena *arena, const struct arena_large *object, struct layout_run run)
{
    uint64_t done_bytes = (run.page - object->page) * ARENA_PAGE_BYTES, run_bytes = run.count * ARENA_PAGE_BYTES;
    uint64_t left_bytes = object->size_bytes - done_bytes;
    enum status status = arena_write_file(arena, run.file_page * ARENA_PAGE_BYTES, address_of(arena, run.page),
                                          left_bytes < run_bytes ? left_bytes : run_bytes);
    os_mutex_lock(arena->pages_mutex);
    if (status == STATUS_OK)
        layout_map(&arena->layout, run);
    else
        layout_free(&arena->layout, run.file_page, run.count, 0, arena->reusable_sequence);
    os_mutex_unlock(arena->pages_mutex);
    return status;
}

/* The file takes the memory's place when it holds the same bytes. */
static enum status attach(struct arena *arena, const struct arena_large *object)
{
    uint64_t end_page = object->page + object->count;
    enum status status = STATUS_OK;
    struct layout_run run;
    arena_spare_keep(arena, address_of(arena, object->page), object->count);
    os_mutex_lock(arena->pages_mutex);
    for (uint64_t page = object->page; page < end_page && status == STATUS_OK; page += run.count) {
        CHECK(layout_find(&arena->layout, page, &run));
        if (run.count > end_page - page)
            run.count = end_page - page;
        status = arena_attach_run(arena, run);
    }
    os_mutex_unlock(arena->pages_mutex);
    return status;
}

static uint64_t checksum_of(const struct arena *arena, const struct arena_large *object)
{
    const uint8_t *bytes = address_of(arena, object->page);
    uint64_t checksum = arena->seed;
    for (uint64_t at = 0; at < object->size_bytes; at += ARENA_PIECE_BYTES) {
        uint64_t left_bytes = object->size_bytes - at;
        checksum =
            arena_checksum_piece(checksum, bytes + at, left_bytes < ARENA_PIECE_BYTES ? left_bytes : ARENA_PIECE_BYTES);
    }
    return checksum;
}

static enum status persist(struct arena *arena, struct arena_large *object)
{
    uint64_t checksum = checksum_of(arena, object);
    object->is_persisted = true; /* as far as it goes; an abort takes it back */
    for (uint64_t done = 0; done < object->count;) {
        struct layout_run run;
        STATUS_TRY(take_pages(arena, object->count - done, &run));
        run.page = object->page + done;
        STATUS_TRY(write_run(arena, object, run));
        done += run.count;
    }
    STATUS_TRY(attach(arena, object));
    os_mutex_lock(arena->pages_mutex);
    tree_put(&arena->layout.large,
             (struct tree_record){object->page, object->size_bytes, checksum, arena->writer.sequence});
    arena_allocation_put(arena, object->page, arena->writer.event_number,
                         arena_origin_large(arena, object->size_bytes));
    os_mutex_unlock(arena->pages_mutex);
    arena->large_written_bytes += object->size_bytes;
    return STATUS_OK;
}

enum status arena_large_persist(struct arena *arena, noun atom)
{
    CHECK(arena->is_building && noun_is_large(atom));
    struct arena_large *object = find(&arena->larges, noun_offset_words(atom) * 8 / ARENA_PAGE_BYTES);
    if (object == NULL) /* of an earlier commit */
        arena_large_note_use(arena, atom, arena->writer.event_number);
    if (object == NULL || object->is_persisted) /* of this one already */
        return STATUS_OK;
    CHECK(object->size_bytes != 0);
    enum status status = persist(arena, object);
    return status == STATUS_OK ? status : status_add_context(status, "a large object cannot be stored");
}

void arena_large_keep_persisted(struct arena *arena)
{
    struct arena_larges *larges = &arena->larges;
    size_t kept = 0;
    for (size_t i = 0; i < larges->count; i++)
        if (!larges->objects[i].is_persisted)
            larges->objects[kept++] = larges->objects[i];
    larges->count = kept;
}

static void forget(struct arena *arena, uint64_t page)
{
    tree_remove(&arena->layout.large, page);
    arena_allocation_remove(arena, page);
}

void arena_large_undo(struct arena *arena)
{
    struct arena_larges *larges = &arena->larges;
    os_mutex_lock(arena->pages_mutex);
    for (size_t i = 0; i < larges->count; i++) {
        const struct arena_large *object = &larges->objects[i];
        if (!object->is_persisted)
            continue;
        const struct tree_record *record = tree_at_or_below(&arena->layout.large, object->page);
        if (record != NULL && record->key == object->page)
            forget(arena, object->page);
        arena_pages_unmap(arena, object->page, object->page + object->count, 0);
        (void)!arena_detach_pages(arena, object->page, object->count);
    }
    os_mutex_unlock(arena->pages_mutex);
    arena_large_keep_persisted(arena);
}

void arena_large_finish_all(struct arena *arena)
{
    free(arena->larges.objects);
}

/* ---- those that a commit has ------------------------------------------------------- */

uint64_t arena_large_end(const struct tree *large)
{
    const struct tree_record *last = tree_at_or_below(large, UINT64_MAX);
    return last == NULL ? ARENA_LARGE_START_BYTES : (last->key + pages_of(last->count)) * ARENA_PAGE_BYTES;
}

bool arena_large_records_are_sane(const struct arena_layout *layout)
{
    const struct tree_record *record;
    uint64_t end_page = LARGE_START_PAGE;
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->large, at)) != NULL; at = end_page) {
        struct layout_run run;
        if (record->key < end_page || record->key >= LARGE_END_PAGE || record->count < 24 || record->count % 8 != 0 ||
            record->count > (LARGE_END_PAGE - record->key) * ARENA_PAGE_BYTES)
            return false;
        end_page = record->key + pages_of(record->count);
        for (uint64_t page = record->key; page < end_page; page += run.count)
            if (!layout_find(layout, page, &run))
                return false;
    }
    return true;
}

enum status arena_large_check(struct arena *arena, const struct arena_layout *layout, const struct tree_record *record,
                              uint8_t *piece)
{
    uint64_t checksum = arena->seed, start_bytes = record->key * ARENA_PAGE_BYTES;
    for (uint64_t at = 0; at < record->count; at += ARENA_PIECE_BYTES) {
        uint64_t left_bytes = record->count - at;
        size_t size_bytes = left_bytes < ARENA_PIECE_BYTES ? (size_t)left_bytes : ARENA_PIECE_BYTES;
        STATUS_TRY(arena_read_bytes(arena, layout, start_bytes + at, piece, size_bytes));
        checksum = arena_checksum_piece(checksum, piece, size_bytes);
    }
    if (checksum == record->value)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "the large object at byte %" PRIu64 " of %s does not match its checksum",
                       start_bytes, os_file_path(arena->file));
}

enum status arena_large_check_since(struct arena *arena, const struct arena_layout *layout, uint64_t sequence)
{
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = STATUS_OK;
    const struct tree_record *record;
    for (uint64_t at = 0; status == STATUS_OK && (record = tree_at_or_above(&layout->large, at)) != NULL;
         at = record->key + 1)
        if (record->extra > sequence)
            status = arena_large_check(arena, layout, record, piece);
    free(piece);
    return status;
}

enum status arena_large_rewrite_since(struct arena *arena, uint64_t sequence)
{
    uint8_t *piece = malloc(ARENA_PIECE_BYTES);
    if (piece == NULL)
        check_out_of_memory(__FILE__, __LINE__, ARENA_PIECE_BYTES);
    enum status status = STATUS_OK;
    const struct tree_record *record;
    for (uint64_t at = 0; (record = tree_at_or_above(&arena->layout.large, at)) != NULL; at = record->key + 1)
        for (uint64_t done = 0; status == STATUS_OK && record->extra > sequence && done < record->count;
             done += ARENA_PIECE_BYTES) {
            uint64_t left_bytes = record->count - done, start_bytes = record->key * ARENA_PAGE_BYTES + done;
            size_t size_bytes = left_bytes < ARENA_PIECE_BYTES ? (size_t)left_bytes : ARENA_PIECE_BYTES;
            status = arena_read_bytes(arena, &arena->layout, start_bytes, piece, size_bytes);
            if (status == STATUS_OK)
                status = arena_write_bytes(arena, start_bytes, piece, size_bytes);
        }
    free(piece);
    return status;
}

void arena_large_free_unmarked(struct arena *arena, const struct arena_marks *marks, uint64_t sequence)
{
    const struct tree_record *record;
    for (uint64_t page = 0; (record = tree_at_or_above(&arena->layout.large, page)) != NULL;) {
        uint64_t end_page = record->key + pages_of(record->count);
        page = record->key;
        if (record->extra <= sequence && !arena_marks_has(marks, page)) {
            forget(arena, page);
            arena_pages_unmap(arena, page, end_page, arena->next_sequence);
        }
        page = end_page;
    }
}

void arena_large_each(struct arena *arena, void (*each)(void *context, const struct arena_large_object *object),
                      void *context)
{
    const struct tree_record *record;
    os_mutex_lock(arena->pages_mutex);
    for (uint64_t at = 0; (record = tree_at_or_above(&arena->layout.large, at)) != NULL; at = record->key + 1) {
        struct arena_large_object object = {
            .atom = NOUN_TAG_ATOM | record->key * ARENA_PAGE_BYTES / 8,
            .size_bytes = record->count,
            .sequence = record->extra,
            .checksum = record->value,
        };
        arena_allocation_find(arena, record->key, &object);
        each(context, &object);
    }
    os_mutex_unlock(arena->pages_mutex);
}

/* ---- marks -------------------------------------------------------------------------- */

static size_t slot_of(const struct arena_marks *marks, uint64_t page)
{
    size_t slot = (size_t)bits_mix64(page) & (marks->capacity - 1);
    while (marks->pages[slot] != 0 && marks->pages[slot] != page)
        slot = (slot + 1) & (marks->capacity - 1);
    return slot;
}

bool arena_marks_has(const struct arena_marks *marks, uint64_t page)
{
    return marks->capacity > 0 && marks->pages[slot_of(marks, page)] == page;
}

void arena_marks_add(struct arena_marks *marks, uint64_t page)
{
    if (2 * marks->count >= marks->capacity) {
        struct arena_marks larger = {.capacity = marks->capacity == 0 ? 64 : 2 * marks->capacity};
        larger.pages = calloc(larger.capacity, sizeof *larger.pages);
        if (larger.pages == NULL)
            check_out_of_memory(__FILE__, __LINE__, larger.capacity * sizeof *larger.pages);
        for (size_t i = 0; i < marks->capacity; i++)
            if (marks->pages[i] != 0)
                larger.pages[slot_of(&larger, marks->pages[i])] = marks->pages[i];
        larger.count = marks->count;
        arena_marks_finish(marks);
        *marks = larger;
    }
    size_t slot = slot_of(marks, page);
    marks->count += marks->pages[slot] == 0;
    marks->pages[slot] = page;
}

void arena_marks_finish(struct arena_marks *marks)
{
    free(marks->pages);
    *marks = (struct arena_marks){0};
}
