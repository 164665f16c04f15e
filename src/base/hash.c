#include "base/base.h"

#include <blake3.h>
#include <stdlib.h>
#include <xxhash.h>

uint64_t hash_xxh3_64(const void *bytes, size_t size_bytes)
{
    return XXH3_64bits(bytes, size_bytes);
}

uint64_t hash_xxh3_64_seeded(const void *bytes, size_t size_bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes, size_bytes, seed);
}

void hash_blake3(const void *bytes, size_t size_bytes, uint8_t digest[HASH_BLAKE3_SIZE_BYTES])
{
    blake3_hasher hasher;
    blake3_hasher_init(&hasher);
    blake3_hasher_update(&hasher, bytes, size_bytes);
    blake3_hasher_finalize(&hasher, digest, HASH_BLAKE3_SIZE_BYTES);
}

struct hash_blake3_stream {
    blake3_hasher hasher;
};

struct hash_blake3_stream *hash_blake3_begin(void)
{
    struct hash_blake3_stream *stream = malloc(sizeof *stream);
    if (stream == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *stream);
    blake3_hasher_init(&stream->hasher);
    return stream;
}

void hash_blake3_update(struct hash_blake3_stream *stream, const void *bytes, size_t size_bytes)
{
    blake3_hasher_update(&stream->hasher, bytes, size_bytes);
}

void hash_blake3_finish(struct hash_blake3_stream *stream, uint8_t digest[HASH_BLAKE3_SIZE_BYTES])
{
    blake3_hasher_finalize(&stream->hasher, digest, HASH_BLAKE3_SIZE_BYTES);
    free(stream);
}
