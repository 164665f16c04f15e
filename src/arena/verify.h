/* Shared by verify.c and verify_nouns.c. */
#ifndef ARENA_VERIFY_H
#define ARENA_VERIFY_H

#include "arena/private.h"

/* A segment that was found where it should be. */
struct verify_segment {
    uint64_t start_bytes;
    uint64_t end_bytes;
    uint64_t object_count; /* up to its end */
    uint64_t checksum;     /* of its header */
};

struct verify {
    struct arena *arena;
    const struct arena_verify_options *options;
    struct arena_verify_report report;
    char first_fault[STATUS_MESSAGE_SIZE_BYTES];
    struct arena_slot slots[ARENA_RING_SLOTS];
    struct verify_segment *segments; /* owned, ascending, without gaps */
    size_t count;
    size_t capacity;
    uint64_t end_bytes; /* of the last of them */
    uint64_t done_bytes;
    uint64_t total_bytes;
};

__attribute__((format(printf, 2, 3))) void verify_fault(struct verify *verify, const char *format, ...);

enum status verify_progress(struct verify *verify, uint64_t done_bytes) MUST_USE;

/* The segment that ends at `end_bytes`, or NULL. */
const struct verify_segment *verify_segment_ending(const struct verify *verify, uint64_t end_bytes);

/* Checks what the roots of all whole superblocks below verify->end_bytes reach. */
enum status verify_nouns(struct verify *verify) MUST_USE;

#endif
