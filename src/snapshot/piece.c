/* Reading pieces, a step at a time. */
#include <string.h>

#include "snapshot/private.h"

enum status snapshot_work_step(struct snapshot_work *work, uint64_t size_bytes)
{
    work->done_bytes += size_bytes;
    const struct snapshot_listener *listener = work->listener;
    if (listener == NULL || listener->progress == NULL ||
        listener->progress(listener->context, work->done_bytes, work->total_bytes))
        return STATUS_OK;
    return status_fail(STATUS_INTERRUPTED, "stopped after %" PRIu64 " of %" PRIu64 " bytes of a snapshot",
                       work->done_bytes, work->total_bytes);
}

static enum status read_through(struct os_file *file, const struct snapshot_piece *piece, struct snapshot_work *work,
                                uint8_t *buffer, struct hash_blake3_stream *stream,
                                enum status (*each)(void *context, uint64_t offset_bytes, const uint8_t *bytes,
                                                    size_t size_bytes),
                                void *context)
{
    for (uint64_t at = piece->start_bytes; at < piece->end_bytes;) {
        uint64_t left_bytes = piece->end_bytes - at;
        size_t size_bytes = left_bytes < SNAPSHOT_STEP_BYTES ? (size_t)left_bytes : SNAPSHOT_STEP_BYTES;
        STATUS_TRY(os_file_read(file, at - piece->start_bytes, buffer, size_bytes));
        hash_blake3_update(stream, buffer, size_bytes);
        if (each != NULL)
            STATUS_TRY(each(context, at, buffer, size_bytes));
        STATUS_TRY(snapshot_work_step(work, size_bytes));
        at += size_bytes;
    }
    return STATUS_OK;
}

static enum status check_size(struct os_file *file, const struct snapshot_piece *piece)
{
    uint64_t size_bytes;
    STATUS_TRY(os_file_size(file, &size_bytes));
    if (size_bytes == piece->end_bytes - piece->start_bytes)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "%s has %" PRIu64 " bytes, its name says %" PRIu64 ": it was cut short or grown",
                       os_file_path(file), size_bytes, piece->end_bytes - piece->start_bytes);
}

enum status snapshot_piece_read(
    struct os_file *file, const struct snapshot_piece *piece, struct snapshot_work *work, uint8_t *buffer,
    enum status (*each)(void *context, uint64_t offset_bytes, const uint8_t *bytes, size_t size_bytes), void *context)
{
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    STATUS_TRY(check_size(file, piece));
    struct hash_blake3_stream *stream = hash_blake3_begin();
    enum status status = read_through(file, piece, work, buffer, stream, each, context);
    hash_blake3_finish(stream, hash);
    if (status != STATUS_OK || memcmp(hash, piece->hash, sizeof hash) == 0)
        return status;
    return status_fail(STATUS_CORRUPT, "%s does not match its checksum: it is not what was sealed", os_file_path(file));
}
