/* Making, opening and closing the file. */
#include "arena/large.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the identity page ----------------------------------------------------- */

static enum status check_version(const struct arena_identity_page *page, const char *path)
{
    if (memcmp(page->magic, ARENA_IDENTITY_MAGIC, ARENA_MAGIC_SIZE_BYTES) != 0)
        return status_fail(STATUS_FORMAT,
                           "%s is not a Loam arena: it does not begin as one; give the right directory, or restore "
                           "the file if it was one",
                           path);
    if (page->format_version > ARENA_FORMAT_VERSION)
        return status_fail(STATUS_FORMAT,
                           "%s has arena format %" PRIu32 ", this program knows %u: use the newer program that wrote "
                           "it",
                           path, page->format_version, ARENA_FORMAT_VERSION);
    if (page->format_version < ARENA_FORMAT_VERSION_IDENTITY)
        return status_fail(STATUS_FORMAT,
                           "%s has arena format %" PRIu32 ", which was never released; this program knows %u: restore "
                           "the file",
                           path, page->format_version, ARENA_FORMAT_VERSION);
    return STATUS_OK;
}

static uint64_t identity_checksum(const struct arena_identity_page *page)
{
    return hash_xxh3_64(page, offsetof(struct arena_identity_page, checksum));
}

/* The one change that the page ever sees is its version's, to this program's, and with
 * it the checksum's, in another sector: a power cut can leave either without the
 * other.  So the checksum decides which version it is. */
static bool is_whole(struct arena_identity_page *page)
{
    uint32_t written = page->format_version;
    for (uint32_t version = ARENA_FORMAT_VERSION_IDENTITY; version <= ARENA_FORMAT_VERSION; version++) {
        page->format_version = version;
        if (page->checksum == identity_checksum(page))
            return true;
    }
    page->format_version = written;
    return false;
}

enum status arena_identity_page_check(struct arena_identity_page *page, const char *path)
{
    STATUS_TRY(check_version(page, path));
    if (!is_whole(page))
        return status_fail(STATUS_CORRUPT,
                           "the identity page (the first %u bytes) of %s does not match its checksum: restore it",
                           ARENA_PAGE_BYTES, path);
    if (page->page_size_bytes != ARENA_PAGE_BYTES || page->ring_slots != ARENA_RING_SLOTS ||
        page->data_start_bytes != ARENA_DATA_START_BYTES)
        return status_fail(STATUS_FORMAT, "%s has another geometry than arena format %u", path, ARENA_FORMAT_VERSION);
    return STATUS_OK;
}

void arena_identity_set(struct arena *arena, const uint8_t identity[ARENA_IDENTITY_SIZE_BYTES])
{
    memcpy(arena->identity, identity, ARENA_IDENTITY_SIZE_BYTES);
    arena->seed = hash_xxh3_64(identity, ARENA_IDENTITY_SIZE_BYTES);
}

/* ---- the handle ------------------------------------------------------------ */

struct arena *arena_new(const struct arena_options *options)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *arena);
    arena->growth_step_bytes = ARENA_GROWTH_STEP_BYTES;
    if (options != NULL && options->growth_step_bytes != 0)
        arena->growth_step_bytes = options->growth_step_bytes;
    if (options != NULL)
        arena->limit_pages = options->limit_bytes / ARENA_PAGE_BYTES;
    arena->is_read_only = options != NULL && options->read_only;
    layout_init(&arena->layout);
    arena->format_version = ARENA_FORMAT_VERSION;
    arena->capacity_bytes = ARENA_DATA_START_BYTES;
    arena->created_wall_ms = os_wall_ms();
    arena->boundary_event_number = UINT64_MAX;
    arena->announced_event_number = UINT64_MAX;
    arena_moves_init(arena);
    arena->mutex = os_mutex_create();
    arena->growth_mutex = os_mutex_create();
    arena->pages_mutex = os_mutex_create();
    return arena;
}

void arena_free(struct arena *arena)
{
    os_file_close(arena->file);
    os_mutex_destroy(arena->mutex);
    os_mutex_destroy(arena->growth_mutex);
    os_mutex_destroy(arena->pages_mutex);
    layout_finish(&arena->layout);
    free(arena->limbo);
    arena_large_finish_all(arena);
    free(arena->uses);
    arena_moves_finish(arena);
    arena_spares_finish(arena);
    arena_compaction_free(arena->compaction);
    arena_writer_finish(&arena->writer);
    arena_tail_finish(&arena->tail);
    free(arena);
}

/* ---- making ---------------------------------------------------------------- */

static enum status write_first_superblock(struct arena *arena, const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES])
{
    arena->next_sequence = ARENA_FIRST_SEQUENCE;
    arena->durable_watermark_bytes = ARENA_DATA_START_BYTES;
    arena_tail_clear(arena, &arena->tail);
    struct arena_superblock first = {
        .magic = ARENA_SUPERBLOCK_MAGIC,
        .format_version = ARENA_FORMAT_VERSION,
        .watermark_bytes = ARENA_DATA_START_BYTES,
        .state_hash = noun_hash_atom(0),
        .large_end_bytes = ARENA_LARGE_START_BYTES,
        .range_count = 1,
        .ranges = {{ARENA_DATA_START_BYTES, ARENA_DATA_START_BYTES}},
    };
    memcpy(first.identity, arena->identity, sizeof first.identity);
    memcpy(first.kernel_hash, kernel_hash, sizeof first.kernel_hash);
    return arena_ring_write(arena, &first);
}

enum status arena_identity_page_write(struct arena *arena)
{
    struct arena_identity_page page = {
        .magic = ARENA_IDENTITY_MAGIC,
        .format_version = ARENA_FORMAT_VERSION,
        .page_size_bytes = ARENA_PAGE_BYTES,
        .ring_slots = ARENA_RING_SLOTS,
        .data_start_bytes = ARENA_DATA_START_BYTES,
        .created_wall_ms = arena->created_wall_ms,
    };
    memcpy(page.identity, arena->identity, sizeof page.identity);
    page.checksum = identity_checksum(&page);
    return arena_write_file(arena, 0, &page, sizeof page);
}

/* Of a new file; it takes milliseconds, and most arenas of tests and tools
 * never need more. */
#define FIRST_ROOM_BYTES ((uint64_t)4 << 20)

static enum status write_new(struct arena *arena, const char *path, const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES])
{
    STATUS_TRY(os_file_open(path, OS_OPEN_CREATE, &arena->file));
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES];
    os_random(identity, sizeof identity);
    arena_identity_set(arena, identity);
    uint64_t room_bytes = arena->growth_step_bytes < FIRST_ROOM_BYTES ? arena->growth_step_bytes : FIRST_ROOM_BYTES;
    STATUS_TRY(arena_grow_to(arena, ARENA_DATA_START_BYTES + room_bytes));
    STATUS_TRY(write_first_superblock(arena, kernel_hash));
    STATUS_TRY(arena_identity_page_write(arena));
    return arena_flush(arena);
}

enum status arena_name_is_free(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_ABSENT)
        return STATUS_OK;
    return status_fail(STATUS_EXISTS, "%s exists already: open it, or give another directory", path);
}

char *arena_name_beside(const char *path)
{
    size_t size_bytes = strlen(path) + sizeof ".new";
    char *beside = malloc(size_bytes);
    if (beside == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    snprintf(beside, size_bytes, "%s.new", path);
    return beside;
}

/* What an interrupted creation has left; nobody else uses the name. */
enum status arena_remove_leftover(const char *beside)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(beside, &kind));
    return kind == OS_KIND_FILE ? os_remove(beside) : STATUS_OK;
}

static enum status create_beside(const char *path, const char *beside, const struct arena_options *options,
                                 const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES])
{
    STATUS_TRY(arena_remove_leftover(beside));
    struct arena *arena = arena_new(options);
    enum status status = write_new(arena, beside, kernel_hash);
    bool was_made = arena->file != NULL;
    arena_free(arena);
    if (status == STATUS_OK)
        status = os_rename(beside, path);
    if (status == STATUS_OK || !was_made)
        return status;
    char message[STATUS_MESSAGE_SIZE_BYTES]; /* of the failure that matters */
    memcpy(message, status_message(), sizeof message);
    if (os_remove(beside) == STATUS_OK)
        return status_fail(status, "%s", message);
    return status_fail(status, "%s; %s is left behind", message, beside);
}

enum status arena_create(const char *path, const struct arena_options *options,
                         const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES])
{
    STATUS_TRY(arena_name_is_free(path));
    char *beside = arena_name_beside(path);
    enum status status = create_beside(path, beside, options, kernel_hash);
    free(beside);
    return status == STATUS_OK ? STATUS_OK : status_add_context(status, "cannot create the arena");
}

/* ---- opening --------------------------------------------------------------- */

static enum status read_identity(struct arena *arena)
{
    const char *path = os_file_path(arena->file);
    uint64_t file_bytes;
    STATUS_TRY(os_file_size(arena->file, &file_bytes));
    if (file_bytes < ARENA_DATA_START_BYTES)
        return status_fail(STATUS_FORMAT, "%s is not a Loam arena: it has only %" PRIu64 " bytes", path, file_bytes);
    struct arena_identity_page page;
    STATUS_TRY(arena_read_file(arena, 0, &page, sizeof page));
    uint32_t written_version = page.format_version;
    STATUS_TRY(arena_identity_page_check(&page, path));
    bool is_torn = written_version != page.format_version;
    arena->format_version = is_torn ? ARENA_FORMAT_VERSION_IDENTITY : written_version; /* it will be written again */
    arena->created_wall_ms = page.created_wall_ms;
    arena_identity_set(arena, page.identity);
    return STATUS_OK;
}

static enum status open_file(struct arena *arena, const char *path)
{
    STATUS_TRY(os_file_open(path, arena->is_read_only ? OS_OPEN_READ : OS_OPEN_WRITE, &arena->file));
    if (!arena->is_read_only)
        STATUS_TRY(os_file_lock(arena->file, true));
    STATUS_TRY(read_identity(arena));
    if (arena->is_read_only)
        STATUS_TRY(arena_readers_pin(arena, 0));
    STATUS_TRY(arena_ring_read(arena));
    arena->base = noun_base;
    return STATUS_OK;
}

enum status arena_open(const char *path, const struct arena_options *options, struct arena **out)
{
    *out = NULL;
    struct arena *arena = arena_new(options);
    enum status status = open_file(arena, path);
    if (status != STATUS_OK) {
        arena_free(arena);
        return status;
    }
    *out = arena;
    return STATUS_OK;
}

void arena_close(struct arena *arena)
{
    if (arena == NULL)
        return;
    CHECK(os_map_forget(arena->base, NOUN_PERSISTENT_BYTES) == STATUS_OK);
    arena_free(arena);
}

const uint8_t *arena_identity(const struct arena *arena)
{
    return arena->identity;
}
