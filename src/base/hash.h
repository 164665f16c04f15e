/* Hashes of byte strings.  XXH3 guards against accidents (torn, lost, rotted
 * bytes); BLAKE3 names content. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_BLAKE3_SIZE_BYTES 32

uint64_t hash_xxh3_64(const void *bytes, size_t size_bytes);

/* XXH3 with a seed: chains one checksum into the next. */
uint64_t hash_xxh3_64_seeded(const void *bytes, size_t size_bytes, uint64_t seed);

void hash_blake3(const void *bytes, size_t size_bytes, uint8_t digest[HASH_BLAKE3_SIZE_BYTES]);

/* BLAKE3 of a stream.  `begin` allocates, `finish` frees; one thread at a time. */
struct hash_blake3_stream;
struct hash_blake3_stream *hash_blake3_begin(void);
void hash_blake3_update(struct hash_blake3_stream *stream, const void *bytes, size_t size_bytes);
void hash_blake3_finish(struct hash_blake3_stream *stream, uint8_t digest[HASH_BLAKE3_SIZE_BYTES]);

#endif
