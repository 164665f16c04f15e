/* Shared by the files of verification. */
#ifndef ARENA_VERIFY_H
#define ARENA_VERIFY_H

#include "arena/private.h"

/* A segment that was found where it should be. */
struct verify_segment {
    uint64_t start_bytes;
    uint64_t end_bytes;
    uint64_t object_count; /* of its range, up to its end */
    uint64_t checksum;     /* of its header */
};

/* The page directory and free pages of one or more superblocks. */
struct verify_layout {
    struct arena_superblock superblock; /* one of them */
    struct arena_layout layout;         /* owned */
    bool is_whole;
};

/* A range of the address space, as one layout maps it, walked from its start. */
struct verify_range {
    uint64_t start_bytes;
    uint64_t end_bytes; /* of the last good segment */
    size_t first;       /* of its segments */
    size_t count;       /* likewise */
    bool is_mapped;     /* here, in the space: its nouns can be looked at */
    uint64_t *cells;    /* owned, while nouns are looked at: a bit a word */
    uint64_t *atoms;    /* likewise */
    const struct verify_layout *layout;
};

#define VERIFY_RANGES_MAX (ARENA_RANGES_MAX * ARENA_RING_SLOTS)

struct verify {
    struct arena *arena;
    const struct arena_verify_options *options;
    struct arena_verify_report report;
    char first_fault[STATUS_MESSAGE_SIZE_BYTES];
    struct arena_slot slots[ARENA_RING_SLOTS];
    struct verify_layout layouts[ARENA_RING_SLOTS]; /* the newest superblock's first */
    size_t layout_count;
    const struct arena_layout *mapped; /* in the space; NULL: nothing is */
    struct verify_range *ranges;       /* owned */
    size_t range_count;
    struct verify_segment *segments; /* owned: those of the first range, of the second ... */
    size_t count;
    size_t capacity;
    uint64_t done_bytes;
    uint64_t total_bytes;
};

__attribute__((format(printf, 2, 3))) void verify_fault(struct verify *verify, const char *format, ...);

/* `more_bytes` further. */
enum status verify_progress(struct verify *verify, uint64_t more_bytes) MUST_USE;

/* The layout of a superblock; NULL if it could not be read. */
const struct verify_layout *verify_layout_of(const struct verify *verify, const struct arena_superblock *superblock);

/* The walked range of which this one of that layout is the start; NULL if there is none. */
struct verify_range *verify_range_of(const struct verify *verify, const struct verify_layout *layout,
                                     struct arena_range range);

/* True if both have the same pages of the file at all of the range. */
bool verify_layouts_agree(const struct arena_layout *a, const struct arena_layout *b, uint64_t start_bytes,
                          uint64_t end_bytes);

/* Checks every layout: each page of the file is mapped once, or a node, or free. */
enum status verify_pages(struct verify *verify) MUST_USE;

/* Checks what the roots of all whole superblocks reach in the ranges that are mapped. */
enum status verify_nouns(struct verify *verify) MUST_USE;

#endif
