#include <stdio.h>

#include "base/base.h"
#include "tap.h"

static bool digest_is(const uint8_t digest[HASH_BLAKE3_SIZE_BYTES], const char *expected)
{
    char text[2 * HASH_BLAKE3_SIZE_BYTES + 1];
    for (size_t i = 0; i < HASH_BLAKE3_SIZE_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return strcmp(text, expected) == 0;
}

static void test_blake3_vectors(void)
{
    uint8_t digest[HASH_BLAKE3_SIZE_BYTES];
    hash_blake3("", 0, digest);
    tap_ok(digest_is(digest, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"), "BLAKE3 of nothing");
    hash_blake3("abc", 3, digest);
    tap_ok(digest_is(digest, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"), "BLAKE3 of abc");
}

static void test_blake3_stream(void)
{
    static uint8_t bytes[100000];
    uint64_t state = tap_seed();
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)tap_random(&state);
    uint8_t whole[HASH_BLAKE3_SIZE_BYTES], pieces[HASH_BLAKE3_SIZE_BYTES];
    hash_blake3(bytes, sizeof bytes, whole);
    struct hash_blake3_stream *stream = hash_blake3_begin();
    for (size_t at = 0; at < sizeof bytes;) {
        size_t size_bytes = (size_t)tap_below(&state, 5000);
        if (size_bytes > sizeof bytes - at)
            size_bytes = sizeof bytes - at;
        hash_blake3_update(stream, bytes + at, size_bytes);
        at += size_bytes;
    }
    hash_blake3_finish(stream, pieces);
    tap_ok(memcmp(whole, pieces, sizeof whole) == 0, "a stream in pieces hashes like the whole");
}

static void test_xxh3(void)
{
    tap_ok(hash_xxh3_64("", 0) == 0x2d06800538d394c2u, "XXH3 of nothing");
    tap_ok(hash_xxh3_64("abc", 3) == hash_xxh3_64_seeded("abc", 3, 0), "seed 0 is no seed");
    tap_ok(hash_xxh3_64_seeded("abc", 3, 1) != hash_xxh3_64_seeded("abc", 3, 2), "the seed counts");
    tap_ok(hash_xxh3_64("abc", 3) != hash_xxh3_64("abd", 3), "the bytes count");
}

int main(void)
{
    test_blake3_vectors();
    test_blake3_stream();
    test_xxh3();
    return tap_done();
}
