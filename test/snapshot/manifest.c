/* Manifests: to bytes and back, and bytes that nobody vouches for. */
#include "snapshot_test.h"

static struct snapshot_piece sample_pieces[] = {
    {.start_bytes = 69632, .end_bytes = 70000, .probe = 5, .hash = {1}},
    {.start_bytes = 70000, .end_bytes = 80000, .probe = 6, .hash = {2}},
    {.start_bytes = 90000, .end_bytes = 99992, .probe = 7, .hash = {3}},
};

static struct snapshot_manifest sample(void)
{
    struct snapshot_manifest manifest = {
        .identity = {9, 8, 7},
        .machine = {6, 5, 4},
        .sealed_wall_ms = 1234,
        .commit = {.event_number = 42,
                   .job_hash = {4},
                   .kernel_hash = {5},
                   .sequence = 50,
                   .state_hash = 0x1122334455667788,
                   .watermark_bytes = 100000,
                   .segment_count = 3,
                   .object_count = 4,
                   .wall_ms = 5},
        .pieces = sample_pieces,
        .piece_count = COUNT_OF(sample_pieces),
    };
    manifest.commit.roots[0] = 9000 | NOUN_TAG_CELL;
    manifest.commit.roots[3] = 17;
    return manifest;
}

static void test_round_trip(void)
{
    struct snapshot_manifest before = sample(), after;
    uint8_t *bytes;
    size_t size_bytes;
    snapshot_manifest_encode(&before, &bytes, &size_bytes);
    tap_ok(size_bytes == 320 + 3 * 56 + 32, "a manifest of three pieces has %zu bytes", size_bytes);
    tap_ok(snapshot_manifest_decode("sample", bytes, size_bytes, &after) == STATUS_OK, "it can be read: %s",
           status_message());
    tap_ok(memcmp(after.identity, before.identity, sizeof before.identity) == 0 &&
               memcmp(after.machine, before.machine, sizeof before.machine) == 0 && after.sealed_wall_ms == 1234 &&
               after.commit.event_number == 42 && after.commit.sequence == 50 &&
               after.commit.state_hash == before.commit.state_hash && after.commit.watermark_bytes == 100000 &&
               after.commit.segment_count == 3 && after.commit.object_count == 4 && after.commit.wall_ms == 5 &&
               memcmp(after.commit.job_hash, before.commit.job_hash, 32) == 0 &&
               memcmp(after.commit.kernel_hash, before.commit.kernel_hash, 32) == 0 &&
               memcmp(after.commit.roots, before.commit.roots, sizeof before.commit.roots) == 0,
           "everything in its head comes back");
    tap_ok(after.piece_count == 3 && memcmp(after.pieces, before.pieces, sizeof sample_pieces) == 0,
           "and so do its pieces");
    snapshot_manifest_finish(&after);
    free(bytes);
}

static enum status decode(const uint8_t *bytes, size_t size_bytes)
{
    struct snapshot_manifest manifest;
    uint8_t *exact = malloc(size_bytes + 1); /* so that a sanitizer sees a step too far */
    memcpy(exact, bytes, size_bytes);
    enum status status = snapshot_manifest_decode("sample", exact, size_bytes, &manifest);
    if (status == STATUS_OK)
        snapshot_manifest_finish(&manifest);
    free(exact);
    return status;
}

static void test_damage(void)
{
    struct snapshot_manifest manifest = sample();
    uint8_t *bytes;
    size_t size_bytes;
    unsigned believed = 0;
    snapshot_manifest_encode(&manifest, &bytes, &size_bytes);
    for (size_t bit = 0; bit < 8 * size_bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        believed += decode(bytes, size_bytes) == STATUS_OK;
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    tap_ok(believed == 0, "no flipped bit of %zu is believed", 8 * size_bytes);
    for (size_t shorter = 0; shorter < size_bytes; shorter++)
        believed += decode(bytes, shorter) == STATUS_OK;
    tap_ok(believed == 0, "and none that was cut short");
    bytes[8] = 2;
    hash_blake3(bytes, size_bytes - HASH_BLAKE3_SIZE_BYTES, bytes + size_bytes - HASH_BLAKE3_SIZE_BYTES);
    tap_ok(decode(bytes, size_bytes) == STATUS_FORMAT, "a newer one is refused: %s", status_message());
    bytes[0] = 'X';
    tap_ok(decode(bytes, size_bytes) == STATUS_FORMAT, "so is something else: %s", status_message());
    free(bytes);
}

/* With a right checksum, but nonsense inside. */
static void expect_forged(struct snapshot_manifest *manifest, const char *what)
{
    uint8_t *bytes;
    size_t size_bytes;
    snapshot_manifest_encode(manifest, &bytes, &size_bytes);
    tap_ok(decode(bytes, size_bytes) == STATUS_CORRUPT, "%s is refused: %s", what, status_message());
    free(bytes);
}

static void test_forged(void)
{
    struct snapshot_piece pieces[COUNT_OF(sample_pieces)];
    struct snapshot_manifest manifest = sample();
    memcpy(pieces, sample_pieces, sizeof pieces);
    manifest.pieces = pieces;
    pieces[1].start_bytes -= 8;
    expect_forged(&manifest, "a piece over another");
    pieces[1].start_bytes = pieces[1].end_bytes;
    expect_forged(&manifest, "an empty piece");
    pieces[1] = sample_pieces[1];
    pieces[2].end_bytes = 100008;
    expect_forged(&manifest, "a piece beyond the watermark");
    pieces[2] = sample_pieces[2];
    manifest.commit.roots[1] = 100000 / 8 | NOUN_TAG_CELL;
    expect_forged(&manifest, "a root beyond the watermark");
    manifest.commit.roots[1] = 0;
    manifest.commit.watermark_bytes = NOUN_PERSISTENT_BYTES + 8;
    expect_forged(&manifest, "a watermark beyond the address space");
}

int main(void)
{
    test_round_trip();
    test_damage();
    test_forged();
    return tap_done();
}
