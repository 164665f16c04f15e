/* The bytes of the arena file (drawn in docs/format.md).  All numbers are
 * little-endian.  An *offset* is a byte offset in arena addresses; a *page* is a
 * page of the file, which the page directory maps to an address, unless it
 * holds a node of a tree (arena/tree.h) or is free.
 *
 *   0        identity page
 *   1        ring of 16 superblocks, a page each, any order
 *   17       pages of segments, large objects and tree nodes, and free ones
 *
 * Format 1 had no trees: there an offset was the offset in the file.  Format 2 had
 * neither origins nor allocation records.
 */
#ifndef ARENA_FORMAT_H
#define ARENA_FORMAT_H

#include "arena/arena.h"

#define ARENA_PAGE_BYTES 4096u
#define ARENA_RING_START_BYTES ((uint64_t)ARENA_PAGE_BYTES)
#define ARENA_DATA_START_BYTES (ARENA_RING_START_BYTES + ARENA_RING_SLOTS * ARENA_PAGE_BYTES)

#define ARENA_FIRST_PAGE (ARENA_DATA_START_BYTES / ARENA_PAGE_BYTES)

/* Segments lie below, large objects above. */
#define ARENA_LARGE_START_BYTES NOUN_LARGE_START_BYTES

#define ARENA_FORMAT_VERSION_IDENTITY                                                                                  \
    1u /* of the file, until its first write by this program: offsets are the file's */

#define ARENA_IDENTITY_MAGIC "LoamAren"
#define ARENA_SUPERBLOCK_MAGIC "LoamSupr"
#define ARENA_SEGMENT_MAGIC "LoamSegm"
#define ARENA_MAGIC_SIZE_BYTES 8

/* Says whose file this is; protects against opening a foreign or newer one. */
struct arena_identity_page {
    uint8_t magic[ARENA_MAGIC_SIZE_BYTES];
    uint32_t format_version;
    uint32_t page_size_bytes;
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES];
    uint32_t ring_slots;
    uint32_t unused;
    uint64_t data_start_bytes;
    uint64_t created_wall_ms;
    uint8_t zeros[ARENA_PAGE_BYTES - 56 - 8];
    uint64_t checksum; /* XXH3 of all before it: against rot */
};

static_assert(sizeof(struct arena_identity_page) == ARENA_PAGE_BYTES, "an identity page is a page");
static_assert(offsetof(struct arena_identity_page, format_version) == 8, "on disk");
static_assert(offsetof(struct arena_identity_page, identity) == 16, "on disk");
static_assert(offsetof(struct arena_identity_page, ring_slots) == 32, "on disk");
static_assert(offsetof(struct arena_identity_page, data_start_bytes) == 40, "on disk");
static_assert(offsetof(struct arena_identity_page, checksum) == ARENA_PAGE_BYTES - 8, "on disk");

/* The sequence of the superblock that arena_create makes durable before the
 * file gets its name. */
#define ARENA_FIRST_SEQUENCE 1u

/* One commit. */
struct arena_superblock {
    uint8_t magic[ARENA_MAGIC_SIZE_BYTES];
    uint32_t format_version;
    uint32_t slot;                               /* its own place in the ring: against misplaced writes */
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES]; /* against another arena's superblock */
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
    uint64_t sequence;
    uint64_t event_number;
    uint64_t watermark_bytes;    /* end of the last range */
    uint64_t last_segment_bytes; /* the last segment of that; 0 if it has none */
    uint64_t segment_count;
    uint64_t object_count;
    uint64_t state_hash;
    uint64_t directory_page;   /* root of the page directory */
    uint64_t free_page;        /* root of the tree of free pages; 0: none are */
    uint64_t durable_sequence; /* the newest commit known durable when this was written */
    uint64_t tail_start_bytes; /* its watermark */
    uint64_t tail_checksum;    /* chain over the segments from there to the watermark: against their loss */
    uint64_t wall_ms;
    noun roots[ARENA_ROOTS];
    uint64_t directory_checksum; /* of the node that is the root; likewise the next */
    uint64_t free_checksum;
    uint64_t large_page; /* root of the tree of large objects; 0: there are none */
    uint64_t large_checksum;
    uint64_t file_pages;      /* each page below is mapped, a node, or free */
    uint64_t large_end_bytes; /* above every large object */
    uint64_t range_count;
    struct arena_range ranges[ARENA_RANGES_MAX]; /* where the segments lie, ascending */
    struct arena_origin origins[ARENA_ORIGINS_MAX];
    uint64_t allocations_page; /* root of the tree of allocation records; 0: there are none */
    uint64_t allocations_checksum;
    uint8_t zeros[16];
    uint64_t checksum; /* XXH3 of all before it: against tearing and rot */
};

static_assert(sizeof(struct arena_superblock) == ARENA_PAGE_BYTES, "a superblock is a page");
static_assert(offsetof(struct arena_superblock, format_version) == 8, "on disk");
static_assert(offsetof(struct arena_superblock, slot) == 12, "on disk");
static_assert(offsetof(struct arena_superblock, identity) == 16, "on disk");
static_assert(offsetof(struct arena_superblock, kernel_hash) == 32, "on disk");
static_assert(offsetof(struct arena_superblock, job_hash) == 64, "on disk");
static_assert(offsetof(struct arena_superblock, sequence) == 96, "on disk");
static_assert(offsetof(struct arena_superblock, watermark_bytes) == 112, "on disk");
static_assert(offsetof(struct arena_superblock, state_hash) == 144, "on disk");
static_assert(offsetof(struct arena_superblock, durable_sequence) == 168, "on disk");
static_assert(offsetof(struct arena_superblock, wall_ms) == 192, "on disk");
static_assert(offsetof(struct arena_superblock, roots) == 200, "on disk");
static_assert(offsetof(struct arena_superblock, directory_page) == 152, "on disk");
static_assert(offsetof(struct arena_superblock, directory_checksum) == 328, "on disk");
static_assert(offsetof(struct arena_superblock, file_pages) == 360, "on disk");
static_assert(offsetof(struct arena_superblock, ranges) == 384, "on disk");
static_assert(offsetof(struct arena_superblock, origins) == 3456, "on disk");
static_assert(sizeof(struct arena_origin) == 40 && offsetof(struct arena_origin, bytes) == 24, "on disk");
static_assert(offsetof(struct arena_superblock, allocations_page) == 4056, "on disk");
static_assert(offsetof(struct arena_superblock, zeros) == 4072, "on disk");
static_assert(offsetof(struct arena_superblock, checksum) == ARENA_PAGE_BYTES - 8, "on disk");

/* The trees, and what their records' key, count, value and extra are. */
enum arena_tree_kind {
    ARENA_TREE_DIRECTORY = 1, /* arena page, pages, file page, 0 */
    ARENA_TREE_FREE = 2,      /* file page, pages, sequence of the commit that freed them, 0 */
    ARENA_TREE_LARGE = 3,     /* arena page, size in bytes, checksum, sequence of the commit that made it */
    ARENA_TREE_ALLOCATIONS = 4,
};

/* What is known of a large object beside what makes it one: up to three records,
 * with keys that follow each other, of its page. */
enum arena_allocation_part {
    ARENA_ALLOCATION_MADE = 0,  /* event, milliseconds since 1970, 0 */
    ARENA_ALLOCATION_LABEL = 1, /* as in struct arena_origin */
    ARENA_ALLOCATION_USED = 2,  /* event, milliseconds since 1970, how often */
    ARENA_ALLOCATION_PARTS = 4, /* key = page * 4 + part */
};

static_assert(ARENA_LABEL_SIZE_BYTES == 3 * 8, "a label is a record without its key");

/* What a segment begins with; its objects follow at once, without gaps. */
struct arena_segment_header {
    uint8_t magic[ARENA_MAGIC_SIZE_BYTES];
    uint64_t offset_bytes;   /* its own: against misplaced writes */
    uint64_t previous_bytes; /* the segment before it in its range, or 0 */
    uint64_t event_number;
    uint64_t sequence;   /* of the commit that it belongs to */
    uint64_t size_bytes; /* with this header */
    uint64_t object_count;
    noun root;                 /* the commit's state; NOUN_NONE if the commit goes on in the next segment */
    uint64_t objects_checksum; /* arena_checksum of what follows the header */
    uint64_t checksum;         /* of the header up to here, seeded by the identity */
};

#define ARENA_HEADER_WORDS (sizeof(struct arena_segment_header) / 8)

static_assert(sizeof(struct arena_segment_header) == ARENA_SEGMENT_HEADER_BYTES, "on disk");
static_assert(offsetof(struct arena_segment_header, size_bytes) == 40, "on disk");
static_assert(offsetof(struct arena_segment_header, root) == 56, "on disk");
static_assert(offsetof(struct arena_segment_header, checksum) == 72, "on disk");

/* Long byte strings are read, written and checked in pieces of at most this:
 * one burst of many megabytes holds up the log's commits. */
#define ARENA_PIECE_BYTES ((size_t)256 << 10)

/* The checksum of a segment's objects, a piece at a time: `checksum` is what
 * the pieces before gave; before the first it is the arena's seed. */
static inline uint64_t arena_checksum_piece(uint64_t checksum, const void *bytes, size_t size_bytes)
{
    return hash_xxh3_64_seeded(bytes, size_bytes, checksum);
}

static inline uint64_t arena_header_checksum(const struct arena_segment_header *header, uint64_t seed)
{
    return hash_xxh3_64_seeded(header, offsetof(struct arena_segment_header, checksum), seed);
}

/* The chain over segments: each one's header checksum, which covers its
 * objects', folded into that of the ones before; at first it is the seed. */
static inline uint64_t arena_chain(uint64_t chain, uint64_t header_checksum)
{
    return hash_xxh3_64_seeded(&header_checksum, sizeof header_checksum, chain);
}

#endif
