/* What the files of this folder share. */
#ifndef IMPORT_PRIVATE_H
#define IMPORT_PRIVATE_H

#include "import/import.h"
#include "os/os.h"

struct import {
    char *name; /* owned */
    struct os_file *file;
    uint8_t *mapping; /* NULL for bytes of the caller's */
    uint64_t mapping_bytes;
    const uint8_t *bytes;
    size_t size_bytes;
    struct import_facts facts;
    const uint8_t *jam;
    bool state_is_head; /* the jam is of [state cold] */
};

/* ---- reading fields (field.c) ----------------------------------------------- */

/* Goes through bytes that nobody vouches for, field by field.  The reference's
 * containers write integers with a variable length: a byte up to 250, or 251,
 * 252 or 253 and 2, 4 or 8 bytes, little-endian. */
struct import_reader {
    const char *name;
    const uint8_t *bytes;
    size_t size_bytes;
    size_t at;
};

enum status import_take_bytes(struct import_reader *reader, const char *field, size_t size_bytes,
                              const uint8_t **bytes) MUST_USE;
enum status import_take_word(struct import_reader *reader, const char *field, uint64_t *word) MUST_USE;

/* A length and that many bytes. */
enum status import_take_string(struct import_reader *reader, const char *field, const uint8_t **bytes,
                               size_t *size_bytes) MUST_USE;
enum status import_take_hash(struct import_reader *reader, const char *field,
                             uint8_t hash[HASH_BLAKE3_SIZE_BYTES]) MUST_USE;

/* Nothing may follow. */
enum status import_take_end(const struct import_reader *reader) MUST_USE;

#define IMPORT_WORD_BYTES_MAX 9
size_t import_put_word(uint8_t *bytes, uint64_t word);

/* Feeds a word, eight bytes little-endian, to a checksum. */
void import_hash_word(struct hash_blake3_stream *stream, uint64_t word);

/* STATUS_CORRUPT unless the two agree. */
enum status import_compare_checksum(const char *name, const uint8_t *found, const uint8_t *expected) MUST_USE;

/* ---- formats: each reads the whole of import->bytes, or refuses it ----------- */

bool import_own_recognizes(const uint8_t *bytes, size_t size_bytes);
enum status import_own_parse(struct import *import);
#define IMPORT_OWN_HEADER_BYTES 128
void import_own_header(const struct import_facts *facts, const uint8_t *jam, size_t size_bytes,
                       uint8_t header[IMPORT_OWN_HEADER_BYTES]);

bool import_expjam_recognizes(const uint8_t *bytes, size_t size_bytes);
enum status import_expjam_parse(struct import *import);
#define IMPORT_EXPJAM_HEADER_BYTES_MAX (9 + 1 + HASH_BLAKE3_SIZE_BYTES + 2 * IMPORT_WORD_BYTES_MAX)
size_t import_expjam_header(const struct import_facts *facts, size_t jam_size_bytes,
                            uint8_t header[IMPORT_EXPJAM_HEADER_BYTES_MAX]);

bool import_chkjam_recognizes(const uint8_t *bytes, size_t size_bytes);
enum status import_chkjam_parse(struct import *import);

#endif
