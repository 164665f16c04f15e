/* Writing an exported state (stream.c): beside, then synced, then under its name.
 *
 * What is beside when an export is ended stays there, and the next one may go on
 * with it: every record is read and checked, and used if the state still has its
 * addresses with its bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/stream.h"

#define CHECK_BYTES ((uint64_t)16 << 20) /* of the arena, before it is copied */

struct exporting {
    const struct snapshot_source *source;
    struct os_file *file; /* owned; beside */
    uint64_t at_bytes;    /* where the next record goes */
    struct snapshot_work work;
    struct stream_records kept; /* of the export before, by address */
    struct snapshot_manifest made;
    struct snapshot_export_report *report;
    uint8_t *buffer; /* of a whole piece */
    uint8_t *other;  /* likewise, to compare with */
};

/* ---- what the export before has left ------------------------------------------------- */

static enum status is_live(const struct exporting *exporting, const struct stream_head *head, bool *out)
{
    const struct snapshot_source *source = exporting->source;
    size_t size_bytes = (size_t)(head->second - head->first), i = 0;
    while (i < source->range_count &&
           (head->first < source->ranges[i].start_bytes || head->second > source->ranges[i].end_bytes))
        i++;
    *out = i < source->range_count;
    if (!*out)
        return STATUS_OK;
    STATUS_TRY(arena_range_read(source->arena, head->first, exporting->other, size_bytes));
    *out = memcmp(exporting->other, exporting->buffer, size_bytes) == 0;
    return STATUS_OK;
}

/* *is_whole false: from here on the file is of no use. */
static enum status take_record(struct exporting *exporting, uint64_t size_bytes, bool *is_whole)
{
    struct stream_head head;
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    *is_whole = false;
    if (size_bytes - exporting->at_bytes < sizeof head)
        return STATUS_OK;
    STATUS_TRY(os_file_read(exporting->file, exporting->at_bytes, &head, sizeof head));
    uint64_t piece_bytes = head.second - head.first;
    if (!stream_is_piece(&head) || size_bytes - exporting->at_bytes - sizeof head < piece_bytes)
        return STATUS_OK;
    STATUS_TRY(
        os_file_read(exporting->file, exporting->at_bytes + sizeof head, exporting->buffer, (size_t)piece_bytes));
    hash_blake3(exporting->buffer, (size_t)piece_bytes, hash);
    *is_whole = memcmp(hash, head.hash, sizeof hash) == 0;
    if (!*is_whole)
        return STATUS_OK;
    bool can_be_used;
    STATUS_TRY(is_live(exporting, &head, &can_be_used));
    if (can_be_used)
        stream_record_add(&exporting->kept, &head, exporting->at_bytes + sizeof head);
    exporting->at_bytes += sizeof head + piece_bytes;
    return STATUS_OK;
}

static int by_address(const void *a, const void *b)
{
    const struct stream_record *left = a, *right = b;
    return (left->start_bytes > right->start_bytes) - (left->start_bytes < right->start_bytes);
}

/* Takes the file as it is; *is_ours false if it is of another arena, or none. */
static enum status take_rest(struct exporting *exporting, bool *is_ours)
{
    struct stream_header header;
    const uint8_t *identity = arena_identity(exporting->source->arena);
    uint64_t size_bytes;
    bool is_whole = true;
    STATUS_TRY(os_file_size(exporting->file, &size_bytes));
    enum status status = stream_header_read(exporting->file, size_bytes, &header);
    *is_ours = status == STATUS_OK && memcmp(header.identity, identity, sizeof header.identity) == 0;
    if (!*is_ours)
        return status == STATUS_IO ? status : STATUS_OK;
    exporting->at_bytes = sizeof header;
    while (is_whole)
        STATUS_TRY(take_record(exporting, size_bytes, &is_whole));
    if (exporting->kept.count > 0)
        qsort(exporting->kept.list, exporting->kept.count, sizeof *exporting->kept.list, by_address);
    return os_file_truncate(exporting->file, exporting->at_bytes);
}

/* ---- writing --------------------------------------------------------------------------- */

static enum status put(struct exporting *exporting, const void *bytes, size_t size_bytes)
{
    for (size_t done = 0; done < size_bytes;) {
        size_t step_bytes = size_bytes - done < SNAPSHOT_STEP_BYTES ? size_bytes - done : SNAPSHOT_STEP_BYTES;
        STATUS_TRY(os_file_write(exporting->file, exporting->at_bytes, (const uint8_t *)bytes + done, step_bytes));
        STATUS_TRY(os_file_write_out(exporting->file, exporting->at_bytes, step_bytes));
        exporting->at_bytes += step_bytes;
        done += step_bytes;
    }
    return STATUS_OK;
}

static void keep(struct exporting *exporting, uint64_t start_bytes, uint64_t end_bytes, const uint8_t *hash)
{
    struct snapshot_manifest *made = &exporting->made;
    struct snapshot_piece piece = {.start_bytes = start_bytes, .end_bytes = end_bytes};
    memcpy(piece.hash, hash, sizeof piece.hash);
    made->pieces = realloc(made->pieces, (made->piece_count + 1) * sizeof piece);
    if (made->pieces == NULL)
        check_out_of_memory(__FILE__, __LINE__, made->piece_count * sizeof piece);
    made->pieces[made->piece_count++] = piece;
}

static enum status write_piece(struct exporting *exporting, uint64_t start_bytes, uint64_t end_bytes)
{
    size_t size_bytes = (size_t)(end_bytes - start_bytes);
    STATUS_TRY(arena_range_read(exporting->source->arena, start_bytes, exporting->buffer, size_bytes));
    struct stream_head head = stream_piece_head(start_bytes, end_bytes, exporting->buffer);
    STATUS_TRY(put(exporting, &head, sizeof head));
    STATUS_TRY(put(exporting, exporting->buffer, size_bytes));
    keep(exporting, start_bytes, end_bytes, head.hash);
    exporting->report->written_bytes += size_bytes;
    return STATUS_OK;
}

/* From `at` on: a piece that is there, or a new one up to the next that is. */
static enum status do_piece(struct exporting *exporting, uint64_t *at, uint64_t end_bytes, size_t *next)
{
    const struct stream_records *kept = &exporting->kept;
    while (*next < kept->count && kept->list[*next].start_bytes < *at)
        ++*next;
    const struct stream_record *record = *next < kept->count ? &kept->list[*next] : NULL;
    uint64_t start_bytes = *at;
    *at = end_bytes - *at > STREAM_PIECE_BYTES_MAX ? *at + STREAM_PIECE_BYTES_MAX : end_bytes;
    if (record != NULL && record->start_bytes == start_bytes && record->end_bytes <= end_bytes) {
        *at = record->end_bytes;
        keep(exporting, start_bytes, *at, record->hash);
        exporting->report->kept_bytes += *at - start_bytes;
    } else {
        if (record != NULL && record->start_bytes > start_bytes && record->start_bytes < *at)
            *at = record->start_bytes;
        STATUS_TRY(write_piece(exporting, start_bytes, *at));
    }
    return snapshot_work_step(&exporting->work, *at - start_bytes);
}

static enum status do_range(struct exporting *exporting, const struct arena_range *range, size_t *next)
{
    for (uint64_t at = range->start_bytes, checked_bytes; at < range->end_bytes;) {
        STATUS_TRY(arena_range_check(exporting->source->arena, at, range->end_bytes, CHECK_BYTES, &checked_bytes));
        while (at < checked_bytes)
            STATUS_TRY(do_piece(exporting, &at, checked_bytes, next));
    }
    return STATUS_OK;
}

static enum status write_end(struct exporting *exporting)
{
    uint8_t *bytes;
    size_t size_bytes;
    exporting->made.sealed_wall_ms = os_wall_ms();
    exporting->made.commit = *exporting->source->commit;
    memcpy(exporting->made.identity, arena_identity(exporting->source->arena), sizeof exporting->made.identity);
    memcpy(exporting->made.machine, exporting->source->machine, sizeof exporting->made.machine);
    snapshot_manifest_encode(&exporting->made, &bytes, &size_bytes);
    uint64_t offset_bytes = exporting->at_bytes;
    struct stream_head head = stream_end_head(offset_bytes, bytes, size_bytes);
    struct stream_trailer trailer = stream_trailer_make(offset_bytes);
    enum status status = put(exporting, &head, sizeof head);
    if (status == STATUS_OK)
        status = put(exporting, bytes, size_bytes);
    if (status == STATUS_OK)
        status = put(exporting, &trailer, sizeof trailer);
    free(bytes);
    return status == STATUS_OK ? os_file_sync(exporting->file) : status;
}

/* ---- the whole --------------------------------------------------------------------------- */

static enum status open_beside(struct exporting *exporting, const char *beside, bool resume)
{
    enum os_kind kind;
    bool is_ours = false;
    STATUS_TRY(os_kind_of(beside, &kind));
    if (kind != OS_KIND_ABSENT && resume) {
        STATUS_TRY(os_file_open(beside, OS_OPEN_WRITE, &exporting->file));
        STATUS_TRY(take_rest(exporting, &is_ours));
    }
    if (is_ours)
        return STATUS_OK;
    os_file_close(exporting->file);
    exporting->file = NULL;
    if (kind != OS_KIND_ABSENT)
        STATUS_TRY(os_remove(beside));
    STATUS_TRY(os_file_open(beside, OS_OPEN_CREATE, &exporting->file));
    struct stream_header header =
        stream_header_make(arena_identity(exporting->source->arena), exporting->source->machine);
    return put(exporting, &header, sizeof header);
}

static enum status export_all(struct exporting *exporting, const char *beside, bool resume)
{
    size_t next = 0;
    STATUS_TRY(open_beside(exporting, beside, resume));
    for (size_t i = 0; i < exporting->source->range_count; i++)
        STATUS_TRY(do_range(exporting, &exporting->source->ranges[i], &next));
    return write_end(exporting);
}

enum status snapshot_export(const char *path, const struct snapshot_source *source, bool resume,
                            const struct snapshot_listener *listener, struct snapshot_export_report *report)
{
    struct exporting exporting = {.source = source, .work = {.listener = listener}, .report = report};
    size_t size_bytes = strlen(path) + sizeof ".partial";
    char *beside = snapshot_allocate(size_bytes, 1);
    snprintf(beside, size_bytes, "%s.partial", path);
    *report = (struct snapshot_export_report){.event = source->commit->event_number,
                                              .state_hash = source->commit->state_hash};
    for (size_t i = 0; i < source->range_count; i++)
        exporting.work.total_bytes += source->ranges[i].end_bytes - source->ranges[i].start_bytes;
    exporting.buffer = snapshot_allocate(1, STREAM_PIECE_BYTES_MAX);
    exporting.other = snapshot_allocate(1, STREAM_PIECE_BYTES_MAX);
    enum status status = export_all(&exporting, beside, resume);
    os_file_close(exporting.file);
    report->file_bytes = exporting.at_bytes;
    if (status == STATUS_OK)
        status = os_rename(beside, path);
    else if (exporting.file != NULL)
        status = status_add_context(status, "the export is not finished (--resume goes on with %s)", beside);
    free(exporting.buffer);
    free(exporting.other);
    free(exporting.kept.list);
    snapshot_manifest_finish(&exporting.made);
    free(beside);
    return status;
}
