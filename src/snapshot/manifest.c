/* The manifest of a sealed snapshot, and of an exported state.
 *
 *   offset size
 *        0    8  magic "LoamSnap"
 *        8    4  version, 1
 *       12    4  version of the arena's format that the pieces have
 *       16    8  size of the manifest in bytes: guards against a cut
 *       24    8  number of pieces
 *       32   16  identity of the arena, which its checksums are seeded with
 *       48   32  kernel hash: BLAKE3 of the kernel's jam
 *       80   32  job hash: BLAKE3 of the event's job, as in the event log
 *      112    8  event that the state stands at
 *      120    8  sequence of the arena's commit
 *      128    8  state hash, as in the event log
 *      136    8  watermark of the commit
 *      144    8  segments below it
 *      152    8  objects below it
 *      160    8  when the commit was written, milliseconds since 1970
 *      168    8  when it was sealed, likewise
 *      176  128  16 roots, nouns
 *      304   16  identity of the machine, which is its log's: guards against another's
 *      320   56  each piece:
 *                   0  8  start: its first arena address, in bytes
 *                   8  8  end: the address after its last
 *                  16  8  probe: XXH3 of its first and its last 4096 bytes
 *                  24 32  BLAKE3 of its bytes
 *        .   32  BLAKE3 of everything before
 *
 * Integers are little-endian.  Pieces ascend and do not overlap.  The bytes of a
 * piece are what the arena has at its addresses (docs/format.md: segments), in
 * the file START-END-HASH.piece, all in hexadecimal, of the hash the first 16
 * digits; nothing else is in that file.
 */
#include <stdlib.h>
#include <string.h>

#include "snapshot/private.h"

static const char magic[8] = {'L', 'o', 'a', 'm', 'S', 'n', 'a', 'p'};

struct manifest_head {
    char magic[8];
    uint32_t version;
    uint32_t arena_version;
    uint64_t size_bytes;
    uint64_t piece_count;
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES];
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t event;
    uint64_t sequence;
    uint64_t state_hash;
    uint64_t watermark_bytes;
    uint64_t segment_count;
    uint64_t object_count;
    uint64_t wall_ms;
    uint64_t sealed_wall_ms;
    uint64_t roots[16];
    uint8_t machine[ARENA_IDENTITY_SIZE_BYTES];
};
static_assert(sizeof(struct manifest_head) == 320, "the manifest is as drawn");
static_assert(offsetof(struct manifest_head, event) == 112, "the manifest is as drawn");
static_assert(offsetof(struct manifest_head, roots) == 176, "the manifest is as drawn");
static_assert(ARENA_ROOTS == 16, "the manifest is as drawn");

struct manifest_piece {
    uint64_t start_bytes;
    uint64_t end_bytes;
    uint64_t probe;
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
};
static_assert(sizeof(struct manifest_piece) == 56, "the manifest is as drawn");
static_assert(sizeof(struct manifest_piece) == sizeof(struct snapshot_piece), "a piece is what is written of it");

void *snapshot_allocate(size_t count, size_t size_bytes)
{
    void *memory = calloc(count == 0 ? 1 : count, size_bytes);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * size_bytes);
    return memory;
}

/* ---- writing ----------------------------------------------------------------------- */

static struct manifest_head head_of(const struct snapshot_manifest *manifest, size_t size_bytes)
{
    const struct arena_commit *commit = &manifest->commit;
    struct manifest_head head = {
        .version = SNAPSHOT_FORMAT_VERSION,
        .arena_version = ARENA_RANGES_VERSION,
        .size_bytes = size_bytes,
        .piece_count = manifest->piece_count,
        .event = commit->event_number,
        .sequence = commit->sequence,
        .state_hash = commit->state_hash,
        .watermark_bytes = commit->watermark_bytes,
        .segment_count = commit->segment_count,
        .object_count = commit->object_count,
        .wall_ms = commit->wall_ms,
        .sealed_wall_ms = manifest->sealed_wall_ms,
    };
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.identity, manifest->identity, sizeof head.identity);
    memcpy(head.machine, manifest->machine, sizeof head.machine);
    memcpy(head.kernel_hash, commit->kernel_hash, sizeof head.kernel_hash);
    memcpy(head.job_hash, commit->job_hash, sizeof head.job_hash);
    memcpy(head.roots, commit->roots, sizeof head.roots);
    return head;
}

void snapshot_manifest_encode(const struct snapshot_manifest *manifest, uint8_t **bytes, size_t *size_bytes)
{
    size_t pieces_bytes = manifest->piece_count * sizeof(struct manifest_piece);
    *size_bytes = sizeof(struct manifest_head) + pieces_bytes + HASH_BLAKE3_SIZE_BYTES;
    *bytes = snapshot_allocate(*size_bytes, 1);
    struct manifest_head head = head_of(manifest, *size_bytes);
    memcpy(*bytes, &head, sizeof head);
    if (pieces_bytes > 0)
        memcpy(*bytes + sizeof head, manifest->pieces, pieces_bytes);
    hash_blake3(*bytes, sizeof head + pieces_bytes, *bytes + sizeof head + pieces_bytes);
}

/* ---- reading ------------------------------------------------------------------------ */

static enum status damaged(const char *name, const char *what)
{
    return status_fail(STATUS_CORRUPT, "the manifest %s is damaged: %s", name, what);
}

/* Every version begins with the magic and ends with the checksum, so that one
 * which is newer can be told from one that has rotted. */
static enum status check_kind(const char *name, const uint8_t *bytes, size_t size_bytes, struct manifest_head *head)
{
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    if (size_bytes < sizeof *head + sizeof hash)
        return damaged(name, "it was cut short");
    memcpy(head, bytes, sizeof *head);
    if (memcmp(head->magic, magic, sizeof magic) != 0)
        return status_fail(STATUS_FORMAT, "%s is no manifest of a snapshot: it does not begin as one", name);
    hash_blake3(bytes, size_bytes - sizeof hash, hash);
    if (memcmp(hash, bytes + size_bytes - sizeof hash, sizeof hash) != 0)
        return damaged(name, "it does not match its checksum");
    if (head->version > SNAPSHOT_FORMAT_VERSION)
        return status_fail(STATUS_FORMAT,
                           "the manifest %s has format %" PRIu32
                           ", this program knows formats up to %u: use the newer program that wrote it",
                           name, head->version, SNAPSHOT_FORMAT_VERSION);
    return STATUS_OK;
}

static enum status check_size(const char *name, size_t size_bytes, const struct manifest_head *head)
{
    if (head->size_bytes != size_bytes)
        return damaged(name, "it does not have the size that it says");
    uint64_t pieces_bytes = size_bytes - sizeof *head - HASH_BLAKE3_SIZE_BYTES;
    if (head->version == 0 || pieces_bytes % sizeof(struct manifest_piece) != 0 ||
        pieces_bytes / sizeof(struct manifest_piece) != head->piece_count)
        return damaged(name, "its number of pieces is not that of its size");
    if (head->arena_version != ARENA_RANGES_VERSION)
        return status_fail(STATUS_FORMAT,
                           "the manifest %s is of an arena of format %" PRIu32
                           ", this program knows %u: use the program that wrote it",
                           name, head->arena_version, ARENA_RANGES_VERSION);
    return STATUS_OK;
}

/* Right checksums can be forged; what is read is never trusted further than
 * memory safety allows. */
static bool is_place(const struct snapshot_piece *piece, uint64_t watermark_bytes)
{
    return piece->end_bytes <= watermark_bytes ||
           (piece->start_bytes >= NOUN_LARGE_START_BYTES && piece->end_bytes <= NOUN_PERSISTENT_BYTES);
}

static enum status check_pieces(const char *name, const struct snapshot_manifest *manifest)
{
    uint64_t end_bytes = 0;
    for (size_t i = 0; i < manifest->piece_count; i++) {
        const struct snapshot_piece *piece = &manifest->pieces[i];
        if (piece->start_bytes < end_bytes || piece->end_bytes <= piece->start_bytes || piece->start_bytes % 8 != 0 ||
            piece->end_bytes % 8 != 0 || !is_place(piece, manifest->commit.watermark_bytes))
            return damaged(name, "its pieces are not in order");
        end_bytes = piece->end_bytes;
    }
    return STATUS_OK;
}

static enum status check_commit(const char *name, const struct arena_commit *commit)
{
    if (commit->watermark_bytes > NOUN_PERSISTENT_BYTES || commit->watermark_bytes % 8 != 0 || commit->sequence == 0)
        return damaged(name, "its commit makes no sense");
    for (size_t i = 0; i < ARENA_ROOTS; i++) {
        noun root = commit->roots[i];
        if (noun_is_large(root) && noun_is_indirect(root))
            continue;
        if (!noun_is_direct(root) && ((!noun_is_cell(root) && !noun_is_indirect(root)) ||
                                      noun_offset_words(root) >= commit->watermark_bytes / 8))
            return damaged(name, "a root of it is beyond the watermark");
    }
    return STATUS_OK;
}

static void take_head(const struct manifest_head *head, struct snapshot_manifest *manifest)
{
    *manifest = (struct snapshot_manifest){
        .sealed_wall_ms = head->sealed_wall_ms,
        .commit = {.event_number = head->event,
                   .sequence = head->sequence,
                   .state_hash = head->state_hash,
                   .watermark_bytes = head->watermark_bytes,
                   .segment_count = head->segment_count,
                   .object_count = head->object_count,
                   .wall_ms = head->wall_ms},
    };
    memcpy(manifest->identity, head->identity, sizeof head->identity);
    memcpy(manifest->machine, head->machine, sizeof head->machine);
    memcpy(manifest->commit.kernel_hash, head->kernel_hash, sizeof head->kernel_hash);
    memcpy(manifest->commit.job_hash, head->job_hash, sizeof head->job_hash);
    memcpy(manifest->commit.roots, head->roots, sizeof head->roots);
}

enum status snapshot_manifest_decode(const char *name, const uint8_t *bytes, size_t size_bytes,
                                     struct snapshot_manifest *manifest)
{
    struct manifest_head head;
    STATUS_TRY(check_kind(name, bytes, size_bytes, &head));
    STATUS_TRY(check_size(name, size_bytes, &head));
    take_head(&head, manifest);
    STATUS_TRY(check_commit(name, &manifest->commit));
    manifest->piece_count = (size_t)head.piece_count;
    manifest->pieces = snapshot_allocate(manifest->piece_count, sizeof *manifest->pieces);
    memcpy(manifest->pieces, bytes + sizeof head, manifest->piece_count * sizeof *manifest->pieces);
    enum status status = check_pieces(name, manifest);
    if (status != STATUS_OK)
        snapshot_manifest_finish(manifest);
    return status;
}

void snapshot_manifest_finish(struct snapshot_manifest *manifest)
{
    free(manifest->pieces);
    manifest->pieces = NULL;
    manifest->piece_count = 0;
}
