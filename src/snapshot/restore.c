/* An arena out of a sealed snapshot: every byte is checked on its way. */
#include <stdlib.h>
#include <string.h>

#include "snapshot/private.h"

struct restoring {
    const char *directory;
    const struct snapshot_manifest *manifest;
    struct arena_restore *restore;
    struct snapshot_work work;
    struct snapshot_fault *fault;
    uint8_t *buffer;
};

static enum status write_step(void *context, uint64_t offset_bytes, const uint8_t *bytes, size_t size_bytes)
{
    struct restoring *restoring = context;
    return arena_restore_write(restoring->restore, offset_bytes, bytes, size_bytes);
}

static enum status restore_piece(struct restoring *restoring, const struct snapshot_piece *piece)
{
    struct os_file *file;
    enum status status = snapshot_piece_open(restoring->directory, piece, &file);
    if (status == STATUS_OK) {
        status = snapshot_piece_read(file, piece, &restoring->work, restoring->buffer, write_step, restoring);
        os_file_close(file);
    }
    if (status == STATUS_CORRUPT)
        snapshot_piece_name(piece, restoring->fault->piece);
    return status;
}

static enum status restore_pieces(struct restoring *restoring)
{
    for (size_t i = 0; i < restoring->manifest->piece_count; i++)
        STATUS_TRY(restore_piece(restoring, &restoring->manifest->pieces[i]));
    return STATUS_OK;
}

/* Neighbouring pieces make one range. */
struct arena_range *snapshot_ranges(const struct snapshot_manifest *manifest, size_t *count)
{
    struct arena_range *ranges = snapshot_allocate(manifest->piece_count, sizeof *ranges);
    *count = 0;
    for (size_t i = 0; i < manifest->piece_count; i++) {
        const struct snapshot_piece *piece = &manifest->pieces[i];
        if (*count > 0 && ranges[*count - 1].end_bytes == piece->start_bytes)
            ranges[*count - 1].end_bytes = piece->end_bytes;
        else
            ranges[(*count)++] = (struct arena_range){.start_bytes = piece->start_bytes, .end_bytes = piece->end_bytes};
    }
    return ranges;
}

static enum status restore_all(struct restoring *restoring, const char *path)
{
    size_t range_count;
    struct arena_range *ranges = snapshot_ranges(restoring->manifest, &range_count);
    enum status status = arena_restore_begin(path, NULL, restoring->manifest->identity, &restoring->manifest->commit,
                                             ranges, range_count, &restoring->restore);
    free(ranges);
    if (status != STATUS_OK)
        return status;
    status = restore_pieces(restoring);
    if (status == STATUS_OK)
        return arena_restore_finish(restoring->restore);
    char message[STATUS_MESSAGE_SIZE_BYTES];
    memcpy(message, status_message(), strlen(status_message()) + 1);
    arena_restore_abort(restoring->restore);
    return status_fail(status, "%s", message);
}

enum status snapshot_restore(const char *directory, const char *name, const char *path,
                             const struct snapshot_listener *listener, struct snapshot_fault *fault)
{
    struct snapshot_manifest manifest;
    *fault = (struct snapshot_fault){0};
    STATUS_TRY(snapshot_read(directory, name, &manifest));
    struct restoring restoring = {
        .directory = directory,
        .manifest = &manifest,
        .work = {.listener = listener},
        .fault = fault,
        .buffer = snapshot_allocate(1, SNAPSHOT_STEP_BYTES),
    };
    for (size_t i = 0; i < manifest.piece_count; i++)
        restoring.work.total_bytes += manifest.pieces[i].end_bytes - manifest.pieces[i].start_bytes;
    enum status status = restore_all(&restoring, path);
    free(restoring.buffer);
    snapshot_manifest_finish(&manifest);
    return status;
}
