/* The reference's exported state: .state.jam files, and hoonc's prewarm file.
 *
 *   magic 'EXPJAM' | version 0 | kernel hash, 32 bytes | event | jam
 *
 * Integers of variable length, the jam with its length before it.  The format
 * has no checksum: what a flipped bit makes of the jam is only found if it is
 * no jam any more.
 */
#include "import/private.h"

#include <string.h>

#define VERSION 0

/* The magic as an integer of variable length. */
static const uint8_t magic[9] = {0xfd, 'E', 'X', 'P', 'J', 'A', 'M', 0, 0};

bool import_expjam_recognizes(const uint8_t *bytes, size_t size_bytes)
{
    return size_bytes >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

enum status import_expjam_parse(struct import *import)
{
    struct import_reader reader = {import->name, import->bytes, import->size_bytes, sizeof magic};
    struct import_facts facts = {.format = IMPORT_EXPJAM};
    size_t size_bytes;
    STATUS_TRY(import_take_word(&reader, "version", &facts.version));
    if (facts.version != VERSION)
        return status_fail(STATUS_FORMAT, "%s: this exported state is of version %" PRIu64 ", known is version %d",
                           import->name, facts.version, VERSION);
    STATUS_TRY(import_take_hash(&reader, "kernel hash", facts.kernel_hash));
    STATUS_TRY(import_take_word(&reader, "event number", &facts.event));
    STATUS_TRY(import_take_string(&reader, "state", &import->jam, &size_bytes));
    STATUS_TRY(import_take_end(&reader));
    facts.jam_size_bytes = size_bytes;
    import->facts = facts;
    return STATUS_OK;
}

size_t import_expjam_header(const struct import_facts *facts, size_t jam_size_bytes,
                            uint8_t header[IMPORT_EXPJAM_HEADER_BYTES_MAX])
{
    size_t at = sizeof magic;
    memcpy(header, magic, sizeof magic);
    at += import_put_word(header + at, VERSION);
    memcpy(header + at, facts->kernel_hash, sizeof facts->kernel_hash);
    at += sizeof facts->kernel_hash;
    at += import_put_word(header + at, facts->event);
    at += import_put_word(header + at, jam_size_bytes);
    return at;
}
