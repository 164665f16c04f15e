/* All reading and writing of the arena file goes through here, and so does the
 * rule that after a failure nothing more is written (invariant 5). */
#include "arena/private.h"

static size_t piece_bytes(uint64_t left_bytes, uint64_t run_bytes)
{
    uint64_t piece = left_bytes < ARENA_PIECE_BYTES ? left_bytes : ARENA_PIECE_BYTES;
    return (size_t)(piece < run_bytes ? piece : run_bytes);
}

enum status arena_read_file(struct arena *arena, uint64_t offset_bytes, void *bytes, size_t size_bytes)
{
    return os_file_read(arena->file, offset_bytes, bytes, size_bytes);
}

/* Under the pages' mutex: a pinned commit may reach what the live directory has no more. */
static bool find_in_limbo(const struct arena *arena, uint64_t page, struct layout_run *run)
{
    for (size_t i = 0; i < arena->limbo_count; i++) {
        struct layout_run freed = arena->limbo[i].run;
        if (page < freed.page || page - freed.page >= freed.count)
            continue;
        uint64_t skipped = page - freed.page;
        *run = (struct layout_run){page, freed.count - skipped, freed.file_page + skipped};
        return true;
    }
    return false;
}

/* Where `at_bytes` lies in the file, and how many bytes from there are
 * consecutive in both. */
static enum status locate(struct arena *arena, const struct arena_layout *layout, uint64_t at_bytes,
                          uint64_t *offset_bytes, uint64_t *run_bytes)
{
    struct layout_run run = {0};
    os_mutex_lock(arena->pages_mutex);
    uint64_t page = at_bytes / ARENA_PAGE_BYTES;
    bool is_mapped = layout_find(layout, page, &run) || (layout == &arena->layout && find_in_limbo(arena, page, &run));
    os_mutex_unlock(arena->pages_mutex);
    if (!is_mapped)
        return status_fail(STATUS_CORRUPT, "%s has no page for address %" PRIu64, os_file_path(arena->file), at_bytes);
    uint64_t skipped_bytes = at_bytes % ARENA_PAGE_BYTES;
    *offset_bytes = run.file_page * ARENA_PAGE_BYTES + skipped_bytes;
    *run_bytes = run.count * ARENA_PAGE_BYTES - skipped_bytes;
    return STATUS_OK;
}

enum status arena_read_bytes(struct arena *arena, const struct arena_layout *layout, uint64_t start_bytes, void *bytes,
                             size_t size_bytes)
{
    for (size_t done = 0; done < size_bytes;) {
        uint64_t offset_bytes, run_bytes;
        STATUS_TRY(locate(arena, layout, start_bytes + done, &offset_bytes, &run_bytes));
        size_t piece = piece_bytes(size_bytes - done, run_bytes);
        STATUS_TRY(os_file_read(arena->file, offset_bytes, (uint8_t *)bytes + done, piece));
        done += piece;
    }
    return STATUS_OK;
}

static enum status poison(struct arena *arena, enum status status)
{
    atomic_store(&arena->is_poisoned, true);
    return status;
}

/* A full disk is a refusal: whatever part was written lies where no commit
 * that counts will ever look. */
static enum status write_piece(struct arena *arena, uint64_t offset_bytes, const uint8_t *bytes, size_t size_bytes)
{
    STATUS_TRY(arena_refuse_poisoned(arena));
    enum status status = os_file_write(arena->file, offset_bytes, bytes, size_bytes);
    if (status != STATUS_OK)
        return status == STATUS_NO_SPACE ? status : poison(arena, status);
    arena->written_bytes += size_bytes;
    return STATUS_OK;
}

enum status arena_write_file(struct arena *arena, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
    enum status status = STATUS_OK;
    atomic_fetch_add(&arena->urgent_writes, 1);
    for (size_t done = 0; done < size_bytes && status == STATUS_OK;) {
        size_t piece = piece_bytes(size_bytes - done, UINT64_MAX);
        status = write_piece(arena, offset_bytes + done, (const uint8_t *)bytes + done, piece);
        done += piece;
    }
    atomic_fetch_sub(&arena->urgent_writes, 1);
    return status;
}

/* A file system lets one writer into a file at a time, for as long as his call
 * takes, and who calls again and again comes before those who sleep in the queue.  With
 * large pieces of a collection's copies commits waited for milliseconds. */
#define BEHIND_PIECE_BYTES ((size_t)32 << 10)
#define GIVE_WAY_TIMES 100 /* some ten microseconds; a commit's write takes less */

static void give_way(struct arena *arena)
{
    for (unsigned i = 0; i < GIVE_WAY_TIMES && atomic_load(&arena->urgent_writes) > 0; i++)
        os_thread_yield();
}

enum status arena_write_file_behind(struct arena *arena, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
    for (size_t done = 0; done < size_bytes;) {
        size_t left_bytes = size_bytes - done,
               piece = left_bytes < BEHIND_PIECE_BYTES ? left_bytes : BEHIND_PIECE_BYTES;
        give_way(arena);
        STATUS_TRY(write_piece(arena, offset_bytes + done, (const uint8_t *)bytes + done, piece));
        done += piece;
    }
    return STATUS_OK;
}

typedef enum status write_fn(struct arena *arena, uint64_t offset_bytes, const void *bytes, size_t size_bytes);

static enum status write_runs(struct arena *arena, uint64_t start_bytes, const void *bytes, size_t size_bytes,
                              write_fn *write)
{
    for (size_t done = 0; done < size_bytes;) {
        uint64_t offset_bytes, run_bytes;
        STATUS_TRY(locate(arena, &arena->layout, start_bytes + done, &offset_bytes, &run_bytes));
        size_t piece = run_bytes < size_bytes - done ? (size_t)run_bytes : size_bytes - done;
        STATUS_TRY(write(arena, offset_bytes, (const uint8_t *)bytes + done, piece));
        done += piece;
    }
    return STATUS_OK;
}

enum status arena_write_bytes(struct arena *arena, uint64_t start_bytes, const void *bytes, size_t size_bytes)
{
    return write_runs(arena, start_bytes, bytes, size_bytes, arena_write_file);
}

enum status arena_write_bytes_behind(struct arena *arena, uint64_t start_bytes, const void *bytes, size_t size_bytes)
{
    return write_runs(arena, start_bytes, bytes, size_bytes, arena_write_file_behind);
}

enum status arena_flush(struct arena *arena)
{
    STATUS_TRY(arena_refuse_poisoned(arena));
    uint64_t number = atomic_fetch_add(&arena->flushes_begun, 1) + 1, ended = atomic_load(&arena->flushes_ended);
    if (os_file_sync(arena->file) == STATUS_OK) {
        while (ended < number && !atomic_compare_exchange_weak(&arena->flushes_ended, &ended, number)) {
        }
        return STATUS_OK;
    }
    return poison(arena,
                  status_fail(STATUS_IO, "%s", status_message())); /* also a full disk: it is too late to refuse */
}

enum status arena_refuse_poisoned(const struct arena *arena)
{
    if (!atomic_load(&arena->is_poisoned))
        return STATUS_OK;
    return status_fail(STATUS_IO,
                       "an earlier write to or sync of %s failed, so nothing more is written to it: stop, look at the "
                       "device, and start again; the next start checks what the file really holds",
                       os_file_path(arena->file));
}

enum status arena_refuse_writing(const struct arena *arena)
{
    if (arena->is_read_only)
        return status_fail(STATUS_PERMISSION, "%s was opened for reading only", os_file_path(arena->file));
    CHECK(arena->is_chosen);
    return arena_refuse_poisoned(arena);
}

enum status arena_rename(struct arena *arena, const char *path)
{
    return os_file_rename(arena->file, path);
}
