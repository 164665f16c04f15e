/* All reading and writing of the arena file goes through here, and so does the
 * rule that after a failure nothing more is written (invariant 5). */
#include "arena/private.h"

static size_t piece_bytes(uint64_t left_bytes, uint64_t run_bytes)
{
    uint64_t piece = left_bytes < ARENA_PIECE_BYTES ? left_bytes : ARENA_PIECE_BYTES;
    return (size_t)(piece < run_bytes ? piece : run_bytes);
}

enum status arena_read_bytes(struct arena *arena, uint64_t offset_bytes, void *bytes, size_t size_bytes)
{
    for (size_t done = 0; done < size_bytes;) {
        uint64_t run_bytes;
        uint64_t at = page_map_file_offset(offset_bytes + done, &run_bytes);
        size_t piece = piece_bytes(size_bytes - done, run_bytes);
        STATUS_TRY(os_file_read(arena->file, at, (uint8_t *)bytes + done, piece));
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
enum status arena_write_bytes(struct arena *arena, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
    for (size_t done = 0; done < size_bytes;) {
        STATUS_TRY(arena_refuse_poisoned(arena));
        uint64_t run_bytes;
        uint64_t at = page_map_file_offset(offset_bytes + done, &run_bytes);
        size_t piece = piece_bytes(size_bytes - done, run_bytes);
        enum status status = os_file_write(arena->file, at, (const uint8_t *)bytes + done, piece);
        if (status != STATUS_OK)
            return status == STATUS_NO_SPACE ? status : poison(arena, status);
        done += piece;
        arena->written_bytes += piece;
    }
    return STATUS_OK;
}

enum status arena_flush(struct arena *arena)
{
    STATUS_TRY(arena_refuse_poisoned(arena));
    if (os_file_sync(arena->file) == STATUS_OK)
        return STATUS_OK;
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
