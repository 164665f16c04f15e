/* Are the snapshots of a machine whole? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/private.h"

struct verifying {
    const char *directory;
    struct snapshot_work work;
    void (*fault)(void *context, const char *file_name, const char *text);
    struct snapshot_verification *result;
    struct snapshot_piece *pieces; /* owned: of all snapshots */
    size_t piece_count;
    char first[STATUS_MESSAGE_SIZE_BYTES];
};

/* A failure that is a finding is counted; any other ends the verification. */
static enum status found(struct verifying *verifying, const char *name, enum status status)
{
    if (status != STATUS_CORRUPT && status != STATUS_FORMAT && status != STATUS_NOT_FOUND)
        return status;
    if (verifying->result->faults++ == 0)
        snprintf(verifying->first, sizeof verifying->first, "%s", status_message());
    if (verifying->fault != NULL)
        verifying->fault(verifying->work.listener == NULL ? NULL : verifying->work.listener->context, name,
                         status_message());
    return STATUS_OK;
}

static enum status verify_piece(struct verifying *verifying, const struct snapshot_piece *piece, uint8_t *buffer)
{
    char name[SNAPSHOT_NAME_SIZE_BYTES];
    struct os_file *file;
    snapshot_piece_name(piece, name);
    enum status status = snapshot_piece_open(verifying->directory, piece, &file);
    if (status == STATUS_OK) {
        os_file_drop_cache(file);
        status = snapshot_piece_read(file, piece, &verifying->work, buffer, NULL, NULL);
        os_file_close(file);
    }
    verifying->result->pieces++;
    verifying->result->bytes += piece->end_bytes - piece->start_bytes;
    return found(verifying, name, status);
}

static int compare_pieces(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct snapshot_piece));
}

static enum status verify_pieces(struct verifying *verifying)
{
    if (verifying->piece_count == 0)
        return STATUS_OK;
    qsort(verifying->pieces, verifying->piece_count, sizeof *verifying->pieces, compare_pieces);
    for (size_t i = 0; i < verifying->piece_count; i++)
        if (i == 0 || compare_pieces(&verifying->pieces[i], &verifying->pieces[i - 1]) != 0)
            verifying->work.total_bytes += verifying->pieces[i].end_bytes - verifying->pieces[i].start_bytes;
    uint8_t *buffer = snapshot_allocate(1, SNAPSHOT_STEP_BYTES);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < verifying->piece_count && status == STATUS_OK; i++)
        if (i == 0 || compare_pieces(&verifying->pieces[i], &verifying->pieces[i - 1]) != 0)
            status = verify_piece(verifying, &verifying->pieces[i], buffer);
    free(buffer);
    return status;
}

static enum status read_manifest(struct verifying *verifying, const char *name)
{
    struct snapshot_manifest manifest;
    enum status status = snapshot_read(verifying->directory, name, &manifest);
    verifying->result->snapshots++;
    if (status != STATUS_OK)
        return found(verifying, name, status);
    size_t count = verifying->piece_count + manifest.piece_count;
    verifying->pieces = realloc(verifying->pieces, (count + 1) * sizeof *verifying->pieces);
    if (verifying->pieces == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * sizeof *verifying->pieces);
    if (manifest.piece_count > 0)
        memcpy(verifying->pieces + verifying->piece_count, manifest.pieces,
               manifest.piece_count * sizeof *manifest.pieces);
    verifying->piece_count = count;
    snapshot_manifest_finish(&manifest);
    return STATUS_OK;
}

enum status snapshot_verify(const char *directory, const struct snapshot_listener *listener,
                            void (*fault)(void *context, const char *file_name, const char *text),
                            struct snapshot_verification *verification)
{
    struct verifying verifying = {
        .directory = directory, .work = {.listener = listener}, .fault = fault, .result = verification};
    struct snapshot_list list;
    *verification = (struct snapshot_verification){0};
    STATUS_TRY(snapshot_list(directory, &list));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < list.count && status == STATUS_OK; i++)
        status = read_manifest(&verifying, list.entries[i].name);
    if (status == STATUS_OK)
        status = verify_pieces(&verifying);
    snapshot_list_finish(&list);
    free(verifying.pieces);
    if (status == STATUS_OK && verification->faults > 0)
        return status_fail(STATUS_CORRUPT, "%s", verifying.first);
    return status;
}
