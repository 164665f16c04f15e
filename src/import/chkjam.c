/* The reference's checkpoints, checkpoints/0.chkjam and 1.chkjam.
 *
 *   version 2   magic 'CHKJAM' | 2 | length | kernel hash | checksum | event |
 *               cold jam | state jam
 *   version 1   magic | 1 | kernel hash | checksum | event | jam of [state cold]
 *   version 0   magic | 0 | buffer index, one byte | as version 1
 *
 * The checksum is BLAKE3 of the event and, for each jam, its length and its
 * bytes; event and lengths as eight bytes.  The kernel hash is in none.
 * Whatever was cold is of no use to us.
 */
#include "import/private.h"

#include <string.h>

#define VERSION_NEWEST 2

static const uint8_t magic[9] = {0xfd, 'C', 'H', 'K', 'J', 'A', 'M', 0, 0};

struct jam {
    const uint8_t *bytes;
    size_t size_bytes;
};

bool import_chkjam_recognizes(const uint8_t *bytes, size_t size_bytes)
{
    return size_bytes >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

static enum status verify(const struct import *import, const uint8_t *expected, uint64_t event, const struct jam *jams,
                          size_t count)
{
    uint8_t found[HASH_BLAKE3_SIZE_BYTES];
    struct hash_blake3_stream *stream = hash_blake3_begin();
    import_hash_word(stream, event);
    for (size_t i = 0; i < count; i++) {
        import_hash_word(stream, jams[i].size_bytes);
        hash_blake3_update(stream, jams[i].bytes, jams[i].size_bytes);
    }
    hash_blake3_finish(stream, found);
    return import_compare_checksum(import->name, found, expected);
}

/* What all versions have, from the kernel hash on; the state's jam is the last. */
static enum status parse_body(struct import *import, struct import_reader *reader, size_t jam_count)
{
    static const char *const fields[2][2] = {{"state and jets", NULL}, {"jets", "state"}};
    uint8_t checksum[HASH_BLAKE3_SIZE_BYTES];
    struct jam jams[2];
    struct import_facts *facts = &import->facts;
    STATUS_TRY(import_take_hash(reader, "kernel hash", facts->kernel_hash));
    STATUS_TRY(import_take_hash(reader, "checksum", checksum));
    STATUS_TRY(import_take_word(reader, "event number", &facts->event));
    for (size_t i = 0; i < jam_count; i++)
        STATUS_TRY(import_take_string(reader, fields[jam_count - 1][i], &jams[i].bytes, &jams[i].size_bytes));
    STATUS_TRY(import_take_end(reader));
    STATUS_TRY(verify(import, checksum, facts->event, jams, jam_count));
    import->jam = jams[jam_count - 1].bytes;
    facts->jam_size_bytes = jams[jam_count - 1].size_bytes;
    facts->has_checksum = true;
    return STATUS_OK;
}

static enum status parse_version_2(struct import *import, struct import_reader *reader)
{
    struct import_reader payload = {.name = import->name};
    STATUS_TRY(import_take_string(reader, "payload", &payload.bytes, &payload.size_bytes));
    STATUS_TRY(import_take_end(reader));
    return parse_body(import, &payload, 2);
}

enum status import_chkjam_parse(struct import *import)
{
    struct import_reader reader = {import->name, import->bytes, import->size_bytes, sizeof magic};
    struct import_facts *facts = &import->facts;
    uint64_t buffer_index;
    *facts = (struct import_facts){.format = IMPORT_CHKJAM};
    STATUS_TRY(import_take_word(&reader, "version", &facts->version));
    if (facts->version > VERSION_NEWEST)
        return status_fail(STATUS_FORMAT, "%s: this checkpoint is of version %" PRIu64 ", known are versions 0 to %d",
                           import->name, facts->version, VERSION_NEWEST);
    if (facts->version == 2)
        return parse_version_2(import, &reader);
    import->state_is_head = true;
    if (facts->version == 0)
        STATUS_TRY(import_take_word(&reader, "buffer index", &buffer_index));
    return parse_body(import, &reader, 1);
}
