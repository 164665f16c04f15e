/* An exported state: the pieces of a snapshot, one after the other, in one file.
 *
 *   header   64 bytes
 *              0  8  magic "LoamStrm"
 *              8  4  version, 1
 *             12  4  version of the arena's format that the pieces have
 *             16 16  identity of the arena
 *             32 16  identity of the machine: its log's
 *             48  8  0
 *             56  8  XXH3 of the bytes before
 *   records  64 bytes and the piece, as many as there are
 *              0  8  magic "LoamPiec"
 *              8  8  start: its first arena address
 *             16  8  end: the address after its last
 *             24  8  XXH3 of bytes 0..23 and 32..63
 *             32 32  BLAKE3 of the piece
 *             64  .  the piece
 *   end      64 bytes and the manifest (manifest.c), which is what counts
 *              0  8  magic "LoamLast"
 *              8  8  where it stands in the file
 *             16  8  size of the manifest
 *             24  8  XXH3 of bytes 0..23 and 32..63
 *             32 32  BLAKE3 of the manifest
 *             64  .  the manifest
 *   trailer  16 bytes: where the end stands, and "LoamEnd\n"
 *
 * Integers are little-endian.  A record can be judged by itself, so an export that
 * was ended is gone on with after its last whole record; what the state has since
 * given up stays in the file, and is not in the manifest.  The manifest stands at
 * the end, because only then is it known; it names each of its pieces by address
 * and hash, and a record with just these is in the file.
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot/stream.h"

static const char header_magic[8] = {'L', 'o', 'a', 'm', 'S', 't', 'r', 'm'};
static const char piece_magic[8] = {'L', 'o', 'a', 'm', 'P', 'i', 'e', 'c'};
static const char end_magic[8] = {'L', 'o', 'a', 'm', 'L', 'a', 's', 't'};
static const char trailer_magic[8] = {'L', 'o', 'a', 'm', 'E', 'n', 'd', '\n'};

static_assert(sizeof(struct stream_header) == STREAM_HEAD_BYTES, "the header is as drawn");
static_assert(offsetof(struct stream_header, checksum) == 56, "the header is as drawn");
static_assert(sizeof(struct stream_head) == STREAM_HEAD_BYTES, "a record's head is as drawn");
static_assert(offsetof(struct stream_head, hash) == 32, "a record's head is as drawn");

/* ---- heads ------------------------------------------------------------------------- */

static uint64_t head_checksum(const struct stream_head *head)
{
    return hash_xxh3_64_seeded(head->hash, sizeof head->hash,
                               hash_xxh3_64(head, offsetof(struct stream_head, checksum)));
}

static struct stream_head head_of(const char magic[8], uint64_t first, uint64_t second, const void *bytes,
                                  size_t size_bytes)
{
    struct stream_head head = {.first = first, .second = second};
    memcpy(head.magic, magic, sizeof head.magic);
    hash_blake3(bytes, size_bytes, head.hash);
    head.checksum = head_checksum(&head);
    return head;
}

struct stream_header stream_header_make(const uint8_t *identity, const uint8_t *machine)
{
    struct stream_header header = {.version = STREAM_VERSION, .arena_version = ARENA_RANGES_VERSION};
    memcpy(header.magic, header_magic, sizeof header.magic);
    memcpy(header.identity, identity, sizeof header.identity);
    memcpy(header.machine, machine, sizeof header.machine);
    header.checksum = hash_xxh3_64(&header, offsetof(struct stream_header, checksum));
    return header;
}

struct stream_head stream_piece_head(uint64_t start_bytes, uint64_t end_bytes, const void *bytes)
{
    return head_of(piece_magic, start_bytes, end_bytes, bytes, (size_t)(end_bytes - start_bytes));
}

struct stream_head stream_end_head(uint64_t offset_bytes, const void *manifest, size_t size_bytes)
{
    return head_of(end_magic, offset_bytes, size_bytes, manifest, size_bytes);
}

struct stream_trailer stream_trailer_make(uint64_t offset_bytes)
{
    struct stream_trailer trailer = {.end_offset_bytes = offset_bytes};
    memcpy(trailer.magic, trailer_magic, sizeof trailer.magic);
    return trailer;
}

static bool is_head(const struct stream_head *head, const char magic[8])
{
    return memcmp(head->magic, magic, sizeof head->magic) == 0 && head->checksum == head_checksum(head);
}

bool stream_is_piece(const struct stream_head *head)
{
    return is_head(head, piece_magic) && head->second > head->first &&
           head->second - head->first <= STREAM_PIECE_BYTES_MAX && head->first % 8 == 0 && head->second % 8 == 0 &&
           head->second <= NOUN_PERSISTENT_BYTES;
}

/* ---- reading -------------------------------------------------------------------------- */

bool snapshot_stream_recognizes(const uint8_t *bytes, size_t size_bytes)
{
    return size_bytes >= sizeof header_magic && memcmp(bytes, header_magic, sizeof header_magic) == 0;
}

static enum status damaged(const struct os_file *file, const char *what)
{
    return status_fail(STATUS_CORRUPT, "%s is no whole exported state: %s; get another copy", os_file_path(file), what);
}

enum status stream_header_read(struct os_file *file, uint64_t size_bytes, struct stream_header *header)
{
    if (size_bytes < sizeof *header)
        return damaged(file, "it was cut short");
    STATUS_TRY(os_file_read(file, 0, header, sizeof *header));
    if (!snapshot_stream_recognizes((const uint8_t *)header, sizeof *header))
        return status_fail(STATUS_FORMAT, "%s is no exported state: it does not begin as one", os_file_path(file));
    if (header->checksum != hash_xxh3_64(header, offsetof(struct stream_header, checksum)))
        return damaged(file, "its header does not match its checksum");
    if (header->version != STREAM_VERSION || header->arena_version != ARENA_RANGES_VERSION)
        return status_fail(STATUS_FORMAT,
                           "%s has format %" PRIu32 " of an arena of format %" PRIu32
                           ", this program knows %u and %u: use the program that wrote it",
                           os_file_path(file), header->version, header->arena_version, STREAM_VERSION,
                           ARENA_RANGES_VERSION);
    return STATUS_OK;
}

static enum status read_end(struct snapshot_stream *stream, uint64_t size_bytes)
{
    struct stream_trailer trailer;
    struct stream_head head;
    STATUS_TRY(os_file_read(stream->file, size_bytes - sizeof trailer, &trailer, sizeof trailer));
    uint64_t limit_bytes = size_bytes - sizeof trailer;
    if (memcmp(trailer.magic, trailer_magic, sizeof trailer_magic) != 0 || trailer.end_offset_bytes > limit_bytes ||
        limit_bytes - trailer.end_offset_bytes < sizeof head)
        return damaged(stream->file, "it has no end: the export was not finished, or it was cut short");
    STATUS_TRY(os_file_read(stream->file, trailer.end_offset_bytes, &head, sizeof head));
    if (!is_head(&head, end_magic) || head.first != trailer.end_offset_bytes ||
        head.second != limit_bytes - trailer.end_offset_bytes - sizeof head ||
        head.second > SNAPSHOT_MANIFEST_BYTES_MAX)
        return damaged(stream->file, "its end is damaged");
    uint8_t *bytes = snapshot_allocate((size_t)head.second, 1);
    enum status status = os_file_read(stream->file, trailer.end_offset_bytes + sizeof head, bytes, (size_t)head.second);
    if (status == STATUS_OK)
        status = snapshot_manifest_decode(os_file_path(stream->file), bytes, (size_t)head.second, &stream->manifest);
    free(bytes);
    stream->end_offset_bytes = trailer.end_offset_bytes;
    return status;
}

static int compare_records(const void *a, const void *b)
{
    return memcmp(a, b, offsetof(struct stream_record, offset_bytes));
}

void stream_record_add(struct stream_records *records, const struct stream_head *head, uint64_t offset_bytes)
{
    if (records->count == records->capacity) {
        records->capacity = records->capacity == 0 ? 256 : 2 * records->capacity;
        records->list = realloc(records->list, records->capacity * sizeof *records->list);
        if (records->list == NULL)
            check_out_of_memory(__FILE__, __LINE__, records->capacity * sizeof *records->list);
    }
    struct stream_record *record = &records->list[records->count++];
    *record =
        (struct stream_record){.start_bytes = head->first, .end_bytes = head->second, .offset_bytes = offset_bytes};
    memcpy(record->hash, head->hash, sizeof record->hash);
}

/* Where each piece is.  A head is read, and its piece passed over. */
static enum status read_records(struct snapshot_stream *stream)
{
    for (uint64_t at = STREAM_HEAD_BYTES; at < stream->end_offset_bytes;) {
        struct stream_head head;
        if (stream->end_offset_bytes - at < sizeof head)
            return damaged(stream->file, "a record is cut short");
        STATUS_TRY(os_file_read(stream->file, at, &head, sizeof head));
        if (!stream_is_piece(&head) || head.second - head.first > stream->end_offset_bytes - at - sizeof head)
            return damaged(stream->file, "a record's head is damaged");
        stream_record_add(&stream->records, &head, at + sizeof head);
        at += sizeof head + (head.second - head.first);
    }
    if (stream->records.count > 0)
        qsort(stream->records.list, stream->records.count, sizeof *stream->records.list, compare_records);
    return STATUS_OK;
}

static enum status open_stream(struct snapshot_stream *stream, const char *path)
{
    struct stream_header header;
    uint64_t size_bytes;
    STATUS_TRY(os_file_open(path, OS_OPEN_READ, &stream->file));
    STATUS_TRY(os_file_size(stream->file, &size_bytes));
    STATUS_TRY(stream_header_read(stream->file, size_bytes, &header));
    STATUS_TRY(read_end(stream, size_bytes));
    if (memcmp(header.identity, stream->manifest.identity, sizeof header.identity) != 0)
        return damaged(stream->file, "its end is another's");
    return read_records(stream);
}

enum status snapshot_stream_open(const char *path, struct snapshot_stream **out)
{
    struct snapshot_stream *stream = snapshot_allocate(1, sizeof *stream);
    enum status status = open_stream(stream, path);
    if (status == STATUS_OK)
        *out = stream;
    else
        snapshot_stream_close(stream);
    return status;
}

void snapshot_stream_close(struct snapshot_stream *stream)
{
    if (stream == NULL)
        return;
    os_file_close(stream->file);
    snapshot_manifest_finish(&stream->manifest);
    free(stream->records.list);
    free(stream);
}

const struct snapshot_manifest *snapshot_stream_manifest(const struct snapshot_stream *stream)
{
    return &stream->manifest;
}

/* ---- into an arena ---------------------------------------------------------------------- */

struct streaming {
    struct snapshot_stream *stream;
    struct arena_restore *restore;
    struct snapshot_work work;
    uint8_t *buffer; /* of a whole piece */
};

static enum status find_record(const struct snapshot_stream *stream, const struct snapshot_piece *piece,
                               const struct stream_record **record)
{
    struct stream_record wanted = {.start_bytes = piece->start_bytes, .end_bytes = piece->end_bytes};
    memcpy(wanted.hash, piece->hash, sizeof wanted.hash);
    *record = stream->records.count == 0
                  ? NULL
                  : bsearch(&wanted, stream->records.list, stream->records.count, sizeof wanted, compare_records);
    return *record != NULL ? STATUS_OK : damaged(stream->file, "a piece is not in it");
}

static enum status restore_piece(struct streaming *streaming, const struct snapshot_piece *piece)
{
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    const struct stream_record *record;
    size_t size_bytes = (size_t)(piece->end_bytes - piece->start_bytes);
    STATUS_TRY(find_record(streaming->stream, piece, &record));
    STATUS_TRY(os_file_read(streaming->stream->file, record->offset_bytes, streaming->buffer, size_bytes));
    hash_blake3(streaming->buffer, size_bytes, hash);
    if (memcmp(hash, piece->hash, sizeof hash) != 0)
        return damaged(streaming->stream->file, "a piece does not match its checksum");
    STATUS_TRY(arena_restore_write(streaming->restore, piece->start_bytes, streaming->buffer, size_bytes));
    return snapshot_work_step(&streaming->work, size_bytes);
}

static enum status restore_pieces(struct streaming *streaming)
{
    const struct snapshot_manifest *manifest = &streaming->stream->manifest;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < manifest->piece_count && status == STATUS_OK; i++)
        status = restore_piece(streaming, &manifest->pieces[i]);
    if (status == STATUS_OK)
        return arena_restore_finish(streaming->restore);
    char message[STATUS_MESSAGE_SIZE_BYTES];
    memcpy(message, status_message(), strlen(status_message()) + 1);
    arena_restore_abort(streaming->restore);
    return status_fail(status, "%s", message);
}

enum status snapshot_stream_restore(struct snapshot_stream *stream, const char *path,
                                    const struct snapshot_listener *listener)
{
    struct streaming streaming = {.stream = stream, .work = {.listener = listener}};
    size_t range_count;
    struct arena_range *ranges = snapshot_ranges(&stream->manifest, &range_count);
    enum status status = arena_restore_begin(path, NULL, stream->manifest.identity, &stream->manifest.commit, ranges,
                                             range_count, &streaming.restore);
    for (size_t i = 0; i < range_count; i++)
        streaming.work.total_bytes += ranges[i].end_bytes - ranges[i].start_bytes;
    free(ranges);
    STATUS_TRY(status);
    streaming.buffer = snapshot_allocate(1, STREAM_PIECE_BYTES_MAX);
    status = restore_pieces(&streaming);
    free(streaming.buffer);
    return status;
}
