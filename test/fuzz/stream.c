/* Any bytes as an exported state, as they are and with checksums put right: what
 * opens becomes an arena that opens, or is refused. */
#include "snapshot/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/space.h"
#include "support/tap.h"

#include "files.h"
#include "target.h"

static void try_bytes(const uint8_t *bytes, size_t size_bytes)
{
    static char file[512], path[512];
    struct snapshot_stream *stream;
    if (file[0] == 0) {
        space_open();
        snprintf(file, sizeof file, "%s/state", tap_scratch());
        snprintf(path, sizeof path, "%s/arena", tap_scratch());
    }
    fuzz_file_write(file, bytes, size_bytes);
    if (snapshot_stream_open(file, &stream) != STATUS_OK)
        return;
    uint64_t end_bytes = 0;
    const struct snapshot_manifest *manifest = snapshot_stream_manifest(stream);
    if (manifest->piece_count > 0)
        end_bytes = manifest->pieces[manifest->piece_count - 1].end_bytes;
    if (end_bytes < 1 << 24 && snapshot_stream_restore(stream, path, NULL) == STATUS_OK) {
        struct arena *arena;
        CHECK(arena_open(path, NULL, &arena) == STATUS_OK);
        CHECK(arena_choose(arena, 0) == STATUS_OK);
        arena_close(arena);
        unlink(path);
    }
    snapshot_stream_close(stream);
}

static void put_right(uint8_t *bytes, uint64_t at, size_t size_bytes, size_t body_bytes)
{
    struct stream_head head;
    if (size_bytes < sizeof head || at > size_bytes - sizeof head || body_bytes > size_bytes - sizeof head - at)
        return;
    memcpy(&head, bytes + at, sizeof head);
    hash_blake3(bytes + at + sizeof head, body_bytes, head.hash);
    head.checksum = hash_xxh3_64_seeded(head.hash, sizeof head.hash, hash_xxh3_64(&head, 24));
    memcpy(bytes + at, &head, sizeof head);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    try_bytes(bytes, size_bytes);
    if (size_bytes < 2 * STREAM_HEAD_BYTES + 16)
        return 0;
    uint8_t *mended = malloc(size_bytes);
    CHECK(mended != NULL);
    memcpy(mended, bytes, size_bytes);
    uint32_t arena_version = ARENA_RANGES_VERSION; /* the kept files may be older */
    memcpy(mended + 12, &arena_version, sizeof arena_version);
    uint64_t end = bits_load64(mended + size_bytes - 16), checksum = hash_xxh3_64(mended, 56);
    memcpy(mended + 56, &checksum, sizeof checksum);
    if (end <= size_bytes - 16 - STREAM_HEAD_BYTES) {
        size_t manifest_bytes = size_bytes - 16 - STREAM_HEAD_BYTES - (size_t)end;
        uint8_t *manifest = mended + end + STREAM_HEAD_BYTES;
        if (manifest_bytes >= 16 + HASH_BLAKE3_SIZE_BYTES)
            memcpy(manifest + 12, &arena_version, sizeof arena_version);
        if (manifest_bytes >= HASH_BLAKE3_SIZE_BYTES)
            hash_blake3(manifest, manifest_bytes - HASH_BLAKE3_SIZE_BYTES,
                        manifest + manifest_bytes - HASH_BLAKE3_SIZE_BYTES);
        put_right(mended, end, size_bytes, manifest_bytes);
        for (uint64_t at = STREAM_HEAD_BYTES; at < end && end - at >= STREAM_HEAD_BYTES;) {
            uint64_t piece_bytes = bits_load64(mended + at + 16) - bits_load64(mended + at + 8);
            if (piece_bytes > end - at - STREAM_HEAD_BYTES)
                break;
            put_right(mended, at, size_bytes, (size_t)piece_bytes);
            at += STREAM_HEAD_BYTES + piece_bytes;
        }
    }
    try_bytes(mended, size_bytes);
    free(mended);
    return 0;
}
