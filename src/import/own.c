/* Loam's export: everything that another machine needs to go on, in one file.
 *
 *   offset size
 *        0    8  magic "LoamJam\n": text tools and the careless see what it is
 *        8    4  version, 1
 *       12    4  size of this header, 128
 *       16   32  kernel hash: BLAKE3 of the kernel's jam
 *       48    8  event that the state stands at
 *       56    8  state hash, as in the event log
 *       64    8  size of the jam in bytes
 *       72   24  zeros
 *       96   32  BLAKE3 of bytes 0..95 and the jam: guards against a cut, a
 *                flipped bit, and a header put before another jam
 *      128       jam of the state noun, to the end of the file
 *
 * Integers are little-endian.
 */
#include "import/private.h"

#include <string.h>

#define VERSION 1
#define CHECKED_BYTES 96

static const char magic[8] = {'L', 'o', 'a', 'm', 'J', 'a', 'm', '\n'};

struct own_header {
    char magic[8];
    uint32_t version;
    uint32_t header_size_bytes;
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t event;
    uint64_t state_hash;
    uint64_t jam_size_bytes;
    uint64_t zeros[3];
    uint8_t checksum[HASH_BLAKE3_SIZE_BYTES];
};
static_assert(sizeof(struct own_header) == IMPORT_OWN_HEADER_BYTES, "the header is as drawn");
static_assert(offsetof(struct own_header, event) == 48, "the header is as drawn");
static_assert(offsetof(struct own_header, checksum) == CHECKED_BYTES, "the header is as drawn");

static void checksum_of(const struct own_header *header, const uint8_t *jam, size_t size_bytes,
                        uint8_t checksum[HASH_BLAKE3_SIZE_BYTES])
{
    struct hash_blake3_stream *stream = hash_blake3_begin();
    hash_blake3_update(stream, header, CHECKED_BYTES);
    hash_blake3_update(stream, jam, size_bytes);
    hash_blake3_finish(stream, checksum);
}

bool import_own_recognizes(const uint8_t *bytes, size_t size_bytes)
{
    return size_bytes >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

/* A version that we do not know may have another header altogether. */
static enum status check_version(const struct import *import, const struct own_header *header)
{
    if (header->version > VERSION)
        return status_fail(STATUS_FORMAT,
                           "%s: its format version is %" PRIu32 ", this program knows versions up to %d; use the newer "
                           "Loam that wrote it",
                           import->name, header->version, VERSION);
    if (header->version < 1 || header->header_size_bytes != sizeof *header)
        return status_fail(STATUS_CORRUPT, "%s: its header is damaged; get another copy", import->name);
    return STATUS_OK;
}

enum status import_own_parse(struct import *import)
{
    struct own_header header;
    struct import_reader reader = {import->name, import->bytes, import->size_bytes, 0};
    const uint8_t *bytes, *jam;
    STATUS_TRY(import_take_bytes(&reader, "header", sizeof header, &bytes));
    memcpy(&header, bytes, sizeof header);
    STATUS_TRY(check_version(import, &header));
    STATUS_TRY(import_take_bytes(&reader, "state", header.jam_size_bytes, &jam));
    STATUS_TRY(import_take_end(&reader));
    uint8_t checksum[HASH_BLAKE3_SIZE_BYTES];
    checksum_of(&header, jam, (size_t)header.jam_size_bytes, checksum);
    STATUS_TRY(import_compare_checksum(import->name, checksum, header.checksum));
    import->jam = jam;
    import->facts = (struct import_facts){
        .format = IMPORT_OWN,
        .version = header.version,
        .event = header.event,
        .has_state_hash = true,
        .state_hash = header.state_hash,
        .has_checksum = true,
        .jam_size_bytes = header.jam_size_bytes,
    };
    memcpy(import->facts.kernel_hash, header.kernel_hash, sizeof header.kernel_hash);
    return STATUS_OK;
}

void import_own_header(const struct import_facts *facts, const uint8_t *jam, size_t size_bytes,
                       uint8_t bytes[IMPORT_OWN_HEADER_BYTES])
{
    struct own_header header = {
        .version = VERSION,
        .header_size_bytes = sizeof header,
        .event = facts->event,
        .state_hash = facts->state_hash,
        .jam_size_bytes = size_bytes,
    };
    memcpy(header.magic, magic, sizeof magic);
    memcpy(header.kernel_hash, facts->kernel_hash, sizeof header.kernel_hash);
    checksum_of(&header, jam, size_bytes, header.checksum);
    memcpy(bytes, &header, sizeof header);
}
