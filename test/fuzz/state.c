/* Any bytes as a portable state: as they are, and as an export of ours whose
 * checksum has been put right.  What opens says its facts, and its state is a noun
 * or a clear refusal. */
#include "import/import.h"

#include <stdlib.h>
#include <string.h>

#include "stack/stack.h"
#include "support/space.h"
#include "target.h"

static void try_bytes(const uint8_t *bytes, size_t size_bytes)
{
    struct import *import;
    struct stack *stack = space_stack();
    noun state;
    enum status status = import_open_bytes("fuzz", bytes, size_bytes, &import);
    CHECK(status == STATUS_OK || status == STATUS_FORMAT || status == STATUS_CORRUPT);
    if (status != STATUS_OK)
        return;
    CHECK(import_facts(import)->jam_size_bytes <= size_bytes);
    stack_clear(stack);
    status = import_state(import, stack, &state);
    CHECK(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_LIMIT);
    if (status == STATUS_OK)
        (void)noun_mug(state);
    import_close(import);
}

/* The header of an export (drawn in src/import/own.c). */
#define HEADER_BYTES 128
#define CHECKED_BYTES 96

static void mend(uint8_t *bytes, size_t size_bytes)
{
    const uint32_t version = 1, header_bytes = HEADER_BYTES;
    uint64_t jam_bytes = size_bytes - HEADER_BYTES;
    memcpy(bytes, "LoamJam\n", 8);
    memcpy(bytes + 8, &version, sizeof version);
    memcpy(bytes + 12, &header_bytes, sizeof header_bytes);
    memcpy(bytes + 64, &jam_bytes, sizeof jam_bytes);
    memset(bytes + 72, 0, 24);
    struct hash_blake3_stream *stream = hash_blake3_begin();
    hash_blake3_update(stream, bytes, CHECKED_BYTES);
    hash_blake3_update(stream, bytes + HEADER_BYTES, size_bytes - HEADER_BYTES);
    hash_blake3_finish(stream, bytes + CHECKED_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    try_bytes(bytes, size_bytes);
    if (size_bytes < HEADER_BYTES)
        return 0;
    uint8_t *mended = malloc(size_bytes);
    CHECK(mended != NULL);
    memcpy(mended, bytes, size_bytes);
    mend(mended, size_bytes);
    try_bytes(mended, size_bytes);
    free(mended);
    return 0;
}
