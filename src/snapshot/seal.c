/* Making a sealed snapshot.
 *
 *   plan      which pieces of the snapshot before can be shared, and from where
 *             to where new ones go
 *   copy      each new piece into a file of its own: in steps, each of which is
 *             on its way to the device before the next is written; then flushed,
 *             read again from the device, and given its name
 *   publish   the manifest likewise: its name makes the snapshot count
 *
 * A piece can be shared if its addresses live in the commit, with the same bytes
 * at both ends.  The bytes of an arena do not change; only where a start had to go
 * back to an older commit have addresses been used again, and then the same
 * history was written there once more.
 *
 * Many small appends would leave many small pieces.  So a new piece takes in the
 * shared ones just before it as long as each is no longer than what it already
 * has: a byte is copied again only into a piece of twice the length, and the
 * number of pieces stays near the logarithm of what was appended.
 *
 * The arena is checked as it is read: rot is never sealed.
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot/private.h"

#define DISK_SLACK_BYTES ((uint64_t)16 << 20)

/* A piece of the snapshot before, or addresses that are to become new ones. */
struct planned {
    struct snapshot_piece piece;
    bool is_new; /* then only start and end are known */
};

struct seal {
    const char *directory;
    const struct snapshot_source *source;
    struct snapshot_work work;
    struct snapshot_report *report;
    struct snapshot_manifest before; /* the newest snapshot; no pieces if there is none */
    struct planned *plan;            /* owned; ascending */
    size_t plan_count;
    size_t plan_capacity;
    struct snapshot_manifest made; /* what becomes of the plan; owned */
    uint8_t *buffer;
};

/* ---- what is there ----------------------------------------------------------------- */

/* The newest snapshot that can be read is the one to share with. */
static enum status read_before(struct seal *seal)
{
    struct snapshot_list list;
    STATUS_TRY(snapshot_list(seal->directory, &list));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < list.count; i++) {
        status = snapshot_read(seal->directory, list.entries[i].name, &seal->before);
        if (status != STATUS_CORRUPT && status != STATUS_FORMAT)
            break;
        status = STATUS_OK;
    }
    snapshot_list_finish(&list);
    if (memcmp(seal->before.identity, arena_identity(seal->source->arena), sizeof seal->before.identity) != 0)
        snapshot_manifest_finish(&seal->before); /* of an arena that was given up */
    return status;
}

static enum status probe(const struct seal *seal, uint64_t start_bytes, uint64_t end_bytes, uint64_t *result)
{
    uint8_t first[SNAPSHOT_PROBE_BYTES], last[SNAPSHOT_PROBE_BYTES];
    uint64_t all_bytes = end_bytes - start_bytes;
    size_t size_bytes = all_bytes < sizeof first ? (size_t)all_bytes : sizeof first;
    STATUS_TRY(arena_range_read(seal->source->arena, start_bytes, first, size_bytes));
    STATUS_TRY(arena_range_read(seal->source->arena, end_bytes - size_bytes, last, size_bytes));
    *result = hash_xxh3_64_seeded(last, size_bytes, hash_xxh3_64(first, size_bytes));
    return STATUS_OK;
}

static enum status can_be_shared(const struct seal *seal, const struct arena_range *range,
                                 const struct snapshot_piece *piece, bool *is_shared)
{
    uint64_t found;
    *is_shared = false;
    if (piece->start_bytes < range->start_bytes || piece->end_bytes > range->end_bytes)
        return STATUS_OK;
    STATUS_TRY(probe(seal, piece->start_bytes, piece->end_bytes, &found));
    return found == piece->probe ? snapshot_piece_is_there(seal->directory, piece, is_shared) : STATUS_OK;
}

/* ---- the plan ----------------------------------------------------------------------- */

static void add(struct seal *seal, const struct snapshot_piece *piece, bool is_new)
{
    if (seal->plan_count == seal->plan_capacity) {
        seal->plan_capacity = seal->plan_capacity == 0 ? 64 : 2 * seal->plan_capacity;
        seal->plan = realloc(seal->plan, seal->plan_capacity * sizeof *seal->plan);
        if (seal->plan == NULL)
            check_out_of_memory(__FILE__, __LINE__, seal->plan_capacity * sizeof *seal->plan);
    }
    seal->plan[seal->plan_count++] = (struct planned){*piece, is_new};
}

/* Takes in what is just before and no longer; returns where the new part begins. */
static uint64_t absorb(struct seal *seal, const struct arena_range *range, uint64_t start_bytes, uint64_t end_bytes)
{
    while (seal->plan_count > 0) {
        const struct planned *last = &seal->plan[seal->plan_count - 1];
        uint64_t last_bytes = last->piece.end_bytes - last->piece.start_bytes;
        if (last->is_new || last->piece.end_bytes != start_bytes || last->piece.start_bytes < range->start_bytes ||
            last_bytes > end_bytes - start_bytes || end_bytes - last->piece.start_bytes > SNAPSHOT_PIECE_BYTES_MAX)
            break;
        start_bytes = last->piece.start_bytes;
        seal->plan_count--;
    }
    return start_bytes;
}

static void plan_new(struct seal *seal, const struct arena_range *range, uint64_t start_bytes, uint64_t end_bytes)
{
    if (start_bytes == end_bytes)
        return;
    start_bytes = absorb(seal, range, start_bytes, end_bytes);
    add(seal, &(struct snapshot_piece){.start_bytes = start_bytes, .end_bytes = end_bytes}, true);
}

static enum status plan_range(struct seal *seal, const struct arena_range *range, size_t *next)
{
    uint64_t at = range->start_bytes;
    for (; *next < seal->before.piece_count && seal->before.pieces[*next].start_bytes < range->end_bytes; ++*next) {
        const struct snapshot_piece *piece = &seal->before.pieces[*next];
        bool is_shared = false;
        if (piece->start_bytes >= at)
            STATUS_TRY(can_be_shared(seal, range, piece, &is_shared));
        if (!is_shared)
            continue;
        plan_new(seal, range, at, piece->start_bytes);
        add(seal, piece, false);
        at = piece->end_bytes;
    }
    plan_new(seal, range, at, range->end_bytes);
    return STATUS_OK;
}

static enum status make_plan(struct seal *seal)
{
    size_t next = 0;
    for (size_t i = 0; i < seal->source->range_count; i++)
        STATUS_TRY(plan_range(seal, &seal->source->ranges[i], &next));
    for (size_t i = 0; i < seal->plan_count; i++) {
        uint64_t size_bytes = seal->plan[i].piece.end_bytes - seal->plan[i].piece.start_bytes;
        seal->report->total_bytes += size_bytes;
        if (seal->plan[i].is_new)
            seal->report->written_bytes += size_bytes;
    }
    seal->work.total_bytes = 2 * seal->report->written_bytes; /* written, and read again */
    return STATUS_OK;
}

static enum status check_disk(const struct seal *seal)
{
    uint64_t available_bytes, needed_bytes = seal->report->written_bytes + DISK_SLACK_BYTES;
    STATUS_TRY(os_space_available(seal->directory, &available_bytes));
    if (available_bytes >= needed_bytes)
        return STATUS_OK;
    return status_fail(STATUS_NO_SPACE,
                       "a snapshot of event %" PRIu64 " needs %" PRIu64 " MiB on the disk of %s, which has %" PRIu64
                       ": free some space; the older snapshots are kept",
                       seal->source->commit->event_number, needed_bytes >> 20, seal->directory, available_bytes >> 20);
}

/* ---- copying ------------------------------------------------------------------------- */

static enum status copy_step(struct seal *seal, struct os_file *file, const struct snapshot_piece *piece, uint64_t at,
                             struct hash_blake3_stream *stream, size_t *size_bytes)
{
    uint64_t left_bytes = piece->end_bytes - at;
    *size_bytes = left_bytes < SNAPSHOT_STEP_BYTES ? (size_t)left_bytes : SNAPSHOT_STEP_BYTES;
    STATUS_TRY(arena_range_read(seal->source->arena, at, seal->buffer, *size_bytes));
    hash_blake3_update(stream, seal->buffer, *size_bytes);
    STATUS_TRY(os_file_write(file, at - piece->start_bytes, seal->buffer, *size_bytes));
    STATUS_TRY(os_file_write_out(file, at - piece->start_bytes, *size_bytes));
    return snapshot_work_step(&seal->work, *size_bytes);
}

static enum status copy_bytes(struct seal *seal, struct os_file *file, struct snapshot_piece *piece)
{
    struct hash_blake3_stream *stream = hash_blake3_begin();
    enum status status = STATUS_OK;
    for (uint64_t at = piece->start_bytes; at < piece->end_bytes && status == STATUS_OK;) {
        size_t size_bytes;
        status = copy_step(seal, file, piece, at, stream, &size_bytes);
        at += size_bytes;
    }
    hash_blake3_finish(stream, piece->hash);
    return status;
}

/* What the page cache holds says nothing about the device. */
static enum status read_again(struct seal *seal, const char *path, const struct snapshot_piece *piece)
{
    struct os_file *file;
    STATUS_TRY(os_file_open(path, OS_OPEN_READ, &file));
    os_file_drop_cache(file);
    enum status status = snapshot_piece_read(file, piece, &seal->work, seal->buffer, NULL, NULL);
    os_file_close(file);
    return status;
}

static enum status remove_if_there(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    return kind == OS_KIND_ABSENT ? STATUS_OK : os_remove(path);
}

static enum status write_piece(struct seal *seal, const char *path, struct snapshot_piece *piece)
{
    struct os_file *file;
    STATUS_TRY(remove_if_there(path));
    STATUS_TRY(os_file_open(path, OS_OPEN_CREATE, &file));
    enum status status = copy_bytes(seal, file, piece);
    if (status == STATUS_OK)
        status = os_file_sync(file);
    os_file_close(file);
    return status == STATUS_OK ? read_again(seal, path, piece) : status;
}

/* Gives what was written at `path` its name. */
static enum status name_file(const struct seal *seal, const char *path, const char *name)
{
    char *named = snapshot_path(seal->directory, name);
    enum status status = os_rename(path, named);
    free(named);
    return status;
}

static void keep(struct seal *seal, const struct snapshot_piece *piece)
{
    struct snapshot_manifest *made = &seal->made;
    made->pieces = realloc(made->pieces, (made->piece_count + 1) * sizeof *made->pieces);
    if (made->pieces == NULL)
        check_out_of_memory(__FILE__, __LINE__, made->piece_count * sizeof *made->pieces);
    made->pieces[made->piece_count++] = *piece;
}

static enum status copy_piece(struct seal *seal, struct snapshot_piece *piece)
{
    char name[SNAPSHOT_NAME_SIZE_BYTES];
    char *path = snapshot_path(seal->directory, "piece" SNAPSHOT_NEW_SUFFIX);
    enum status status = probe(seal, piece->start_bytes, piece->end_bytes, &piece->probe);
    if (status == STATUS_OK)
        status = write_piece(seal, path, piece);
    if (status == STATUS_OK) {
        snapshot_piece_name(piece, name);
        status = name_file(seal, path, name);
    }
    free(path);
    keep(seal, piece);
    seal->report->pieces_written++;
    return status;
}

/* Pieces end where segments do: the arena checks whole ones. */
static enum status copy_part(struct seal *seal, const struct snapshot_piece *part)
{
    for (uint64_t at = part->start_bytes; at < part->end_bytes;) {
        struct snapshot_piece piece = {.start_bytes = at};
        STATUS_TRY(
            arena_range_check(seal->source->arena, at, part->end_bytes, SNAPSHOT_PIECE_BYTES_MAX, &piece.end_bytes));
        STATUS_TRY(copy_piece(seal, &piece));
        at = piece.end_bytes;
    }
    return STATUS_OK;
}

static enum status copy_parts(struct seal *seal)
{
    for (size_t i = 0; i < seal->plan_count; i++) {
        if (seal->plan[i].is_new)
            STATUS_TRY(copy_part(seal, &seal->plan[i].piece));
        else
            keep(seal, &seal->plan[i].piece);
    }
    seal->report->pieces = seal->made.piece_count;
    return STATUS_OK;
}

/* ---- publishing ------------------------------------------------------------------------ */

static enum status write_manifest(struct seal *seal, const char *path, const uint8_t *bytes, size_t size_bytes)
{
    struct os_file *file;
    STATUS_TRY(remove_if_there(path));
    STATUS_TRY(os_file_open(path, OS_OPEN_CREATE, &file));
    enum status status = os_file_write(file, 0, bytes, size_bytes);
    if (status == STATUS_OK)
        status = os_file_sync(file);
    if (status == STATUS_OK)
        os_file_drop_cache(file);
    os_file_close(file);
    if (status != STATUS_OK)
        return status;
    struct snapshot_manifest again;
    STATUS_TRY(snapshot_read(seal->directory, "manifest" SNAPSHOT_NEW_SUFFIX, &again));
    snapshot_manifest_finish(&again);
    return name_file(seal, path, seal->report->name);
}

static enum status publish(struct seal *seal)
{
    seal->made.sealed_wall_ms = os_wall_ms();
    seal->made.commit = *seal->source->commit;
    memcpy(seal->made.identity, arena_identity(seal->source->arena), sizeof seal->made.identity);
    memcpy(seal->made.machine, seal->source->machine, sizeof seal->made.machine);
    uint8_t *bytes;
    size_t size_bytes;
    snapshot_manifest_encode(&seal->made, &bytes, &size_bytes);
    char *path = snapshot_path(seal->directory, "manifest" SNAPSHOT_NEW_SUFFIX);
    enum status status = write_manifest(seal, path, bytes, size_bytes);
    free(path);
    free(bytes);
    return status;
}

/* ---- the whole --------------------------------------------------------------------------- */

static enum status make_folder(const char *directory)
{
    char *folder = snapshot_path(directory, NULL);
    enum status status = os_directory_create(folder, true);
    free(folder);
    return status;
}

static enum status seal_now(struct seal *seal)
{
    STATUS_TRY(read_before(seal));
    STATUS_TRY(make_plan(seal));
    STATUS_TRY(check_disk(seal));
    STATUS_TRY(make_folder(seal->directory));
    STATUS_TRY(copy_parts(seal));
    return publish(seal);
}

/* The same commit, sealed before and whole. */
static enum status is_sealed(const struct seal *seal, bool *is_old)
{
    struct snapshot_manifest manifest;
    *is_old = false;
    enum status status = snapshot_read(seal->directory, seal->report->name, &manifest);
    if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT)
        return STATUS_OK;
    STATUS_TRY(status);
    *is_old = memcmp(manifest.identity, arena_identity(seal->source->arena), sizeof manifest.identity) == 0 &&
              manifest.commit.state_hash == seal->source->commit->state_hash;
    for (size_t i = 0; i < manifest.piece_count && status == STATUS_OK && *is_old; i++) {
        seal->report->total_bytes += manifest.pieces[i].end_bytes - manifest.pieces[i].start_bytes;
        seal->report->pieces++;
        status = snapshot_piece_is_there(seal->directory, &manifest.pieces[i], is_old);
    }
    snapshot_manifest_finish(&manifest);
    return status;
}

/* What was half made goes, as far as it can; the next retirement finds the rest. */
static void clean_up(const char *directory)
{
    static const char *const names[] = {"piece" SNAPSHOT_NEW_SUFFIX, "manifest" SNAPSHOT_NEW_SUFFIX};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *path = snapshot_path(directory, names[i]);
        enum status status = remove_if_there(path);
        (void)status;
        free(path);
    }
}

enum status snapshot_seal(const char *directory, const struct snapshot_source *source,
                          const struct snapshot_listener *listener, struct snapshot_report *report)
{
    struct seal seal = {.directory = directory, .source = source, .work = {.listener = listener}, .report = report};
    *report = (struct snapshot_report){.event = source->commit->event_number, .state_hash = source->commit->state_hash};
    snapshot_manifest_name(source->commit, report->name);
    STATUS_TRY(is_sealed(&seal, &report->is_old));
    if (report->is_old)
        return STATUS_OK;
    report->total_bytes = report->pieces = 0;
    seal.buffer = snapshot_allocate(1, SNAPSHOT_STEP_BYTES);
    enum status status = seal_now(&seal);
    free(seal.buffer);
    free(seal.plan);
    snapshot_manifest_finish(&seal.before);
    snapshot_manifest_finish(&seal.made);
    if (status == STATUS_OK)
        return status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    memcpy(message, status_message(), strlen(status_message()) + 1);
    clean_up(directory);
    return status_fail(status, "%s", message);
}
