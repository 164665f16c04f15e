/* Any bytes as a manifest, as they are and with its size and checksum put right:
 * what reads as one is written as the same bytes again. */
#include "snapshot/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "target.h"

#define HEAD_BYTES 320

static void try_bytes(const uint8_t *bytes, size_t size_bytes)
{
    struct snapshot_manifest manifest;
    if (snapshot_manifest_decode("fuzz", bytes, size_bytes, &manifest) != STATUS_OK)
        return;
    uint8_t *again;
    size_t again_bytes;
    snapshot_manifest_encode(&manifest, &again, &again_bytes);
    CHECK(again_bytes == size_bytes);
    CHECK(memcmp(again, bytes, HEAD_BYTES) == 0);
    CHECK(memcmp(again + HEAD_BYTES, bytes + HEAD_BYTES, size_bytes - HEAD_BYTES - HASH_BLAKE3_SIZE_BYTES) == 0);
    free(again);
    snapshot_manifest_finish(&manifest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    try_bytes(bytes, size_bytes);
    if (size_bytes < HEAD_BYTES + HASH_BLAKE3_SIZE_BYTES)
        return 0;
    uint8_t *mended = malloc(size_bytes);
    CHECK(mended != NULL);
    memcpy(mended, bytes, size_bytes);
    uint64_t size_word = size_bytes;
    memcpy(mended, "LoamSnap", 8);
    uint32_t arena_version = ARENA_RANGES_VERSION; /* the kept files may be older */
    memcpy(mended + 12, &arena_version, sizeof arena_version);
    memcpy(mended + 16, &size_word, sizeof size_word);
    hash_blake3(mended, size_bytes - HASH_BLAKE3_SIZE_BYTES, mended + size_bytes - HASH_BLAKE3_SIZE_BYTES);
    try_bytes(mended, size_bytes);
    free(mended);
    return 0;
}
