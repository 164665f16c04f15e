/* Fields of the reference's containers, and checksums over them. */
#include "import/private.h"

#include <string.h>

enum status import_take_bytes(struct import_reader *reader, const char *field, size_t size_bytes, const uint8_t **bytes)
{
    if (size_bytes > reader->size_bytes - reader->at)
        return status_fail(STATUS_CORRUPT,
                           "%s: it ends within its %s (at byte %zu of %zu, %zu more are needed): it was cut short or "
                           "damaged; get another copy",
                           reader->name, field, reader->at, reader->size_bytes, size_bytes);
    *bytes = reader->bytes + reader->at;
    reader->at += size_bytes;
    return STATUS_OK;
}

enum status import_take_word(struct import_reader *reader, const char *field, uint64_t *word)
{
    const uint8_t *bytes;
    STATUS_TRY(import_take_bytes(reader, field, 1, &bytes));
    uint8_t first = bytes[0];
    *word = first;
    if (first <= 250)
        return STATUS_OK;
    if (first > 253)
        return status_fail(STATUS_CORRUPT,
                           "%s: its %s (at byte %zu) is no integer of 64 bits: it was damaged; get another copy",
                           reader->name, field, reader->at - 1);
    size_t size_bytes = (size_t)1 << (first - 250);
    STATUS_TRY(import_take_bytes(reader, field, size_bytes, &bytes));
    *word = 0;
    memcpy(word, bytes, size_bytes);
    return STATUS_OK;
}

enum status import_take_string(struct import_reader *reader, const char *field, const uint8_t **bytes,
                               size_t *size_bytes)
{
    uint64_t length;
    STATUS_TRY(import_take_word(reader, field, &length));
    *size_bytes = length > SIZE_MAX ? SIZE_MAX : (size_t)length;
    return import_take_bytes(reader, field, *size_bytes, bytes);
}

enum status import_take_hash(struct import_reader *reader, const char *field, uint8_t hash[HASH_BLAKE3_SIZE_BYTES])
{
    const uint8_t *bytes;
    STATUS_TRY(import_take_bytes(reader, field, HASH_BLAKE3_SIZE_BYTES, &bytes));
    memcpy(hash, bytes, HASH_BLAKE3_SIZE_BYTES);
    return STATUS_OK;
}

enum status import_take_end(const struct import_reader *reader)
{
    if (reader->at == reader->size_bytes)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "%s: %zu bytes follow its end at byte %zu: it was damaged; get another copy",
                       reader->name, reader->size_bytes - reader->at, reader->at);
}

size_t import_put_word(uint8_t *bytes, uint64_t word)
{
    if (word <= 250) {
        bytes[0] = (uint8_t)word;
        return 1;
    }
    unsigned exponent = word <= UINT16_MAX ? 1 : word <= UINT32_MAX ? 2 : 3;
    bytes[0] = (uint8_t)(250 + exponent);
    memcpy(bytes + 1, &word, (size_t)1 << exponent);
    return 1 + ((size_t)1 << exponent);
}

void import_hash_word(struct hash_blake3_stream *stream, uint64_t word)
{
    hash_blake3_update(stream, &word, sizeof word);
}

enum status import_compare_checksum(const char *name, const uint8_t *found, const uint8_t *expected)
{
    if (memcmp(found, expected, HASH_BLAKE3_SIZE_BYTES) == 0)
        return STATUS_OK;
    return status_fail(STATUS_CORRUPT, "%s: its contents do not have its checksum: it was damaged; get another copy",
                       name);
}
