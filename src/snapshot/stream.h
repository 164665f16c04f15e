/* The bytes of an exported state (drawn in stream.c), for who writes and reads it. */
#ifndef SNAPSHOT_STREAM_H
#define SNAPSHOT_STREAM_H

#include "snapshot/private.h"

#define STREAM_VERSION 1u
#define STREAM_HEAD_BYTES 64
#define STREAM_PIECE_BYTES_MAX ((size_t)1 << 20)

struct stream_header {
    char magic[8];
    uint32_t version;
    uint32_t arena_version;
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES];
    uint8_t machine[ARENA_IDENTITY_SIZE_BYTES];
    uint64_t zero;
    uint64_t checksum;
};

/* Of a piece: start and end.  Of the end: where it stands, and the manifest's size. */
struct stream_head {
    char magic[8];
    uint64_t first;
    uint64_t second;
    uint64_t checksum;
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
};

struct stream_trailer {
    uint64_t end_offset_bytes;
    char magic[8];
};

struct stream_header stream_header_make(const uint8_t *identity, const uint8_t *machine);
struct stream_head stream_piece_head(uint64_t start_bytes, uint64_t end_bytes, const void *bytes);
struct stream_head stream_end_head(uint64_t offset_bytes, const void *manifest, size_t size_bytes);
struct stream_trailer stream_trailer_make(uint64_t offset_bytes);

/* Is it a piece's head, as it was written, with sane numbers? */
bool stream_is_piece(const struct stream_head *head);

enum status stream_header_read(struct os_file *file, uint64_t size_bytes, struct stream_header *header) MUST_USE;

/* A piece in a file. */
struct stream_record {
    uint64_t start_bytes;
    uint64_t end_bytes;
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t offset_bytes; /* of its bytes in the file */
};

struct stream_records {
    struct stream_record *list; /* owned */
    size_t count;
    size_t capacity;
};
void stream_record_add(struct stream_records *records, const struct stream_head *head, uint64_t offset_bytes);

struct snapshot_stream {
    struct os_file *file; /* owned */
    struct snapshot_manifest manifest;
    uint64_t end_offset_bytes;
    struct stream_records records; /* sorted */
};

#endif
