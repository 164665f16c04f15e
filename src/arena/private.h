/* Shared by the files of this folder only. */
#ifndef ARENA_PRIVATE_H
#define ARENA_PRIVATE_H

#include <stdatomic.h>

#include "arena/arena.h"
#include "arena/format.h"
#include "arena/page_map.h"
#include "os/os.h"

#ifdef LOAM_HOSTILE
#define ARENA_GROWTH_STEP_BYTES ((uint64_t)64 << 10)
#define ARENA_SEGMENT_TARGET_BYTES ((uint64_t)4 << 10)
#define ARENA_MARK_TAIL_BYTES ((uint64_t)4 << 10)
#else
#define ARENA_GROWTH_STEP_BYTES ((uint64_t)64 << 20)
#define ARENA_SEGMENT_TARGET_BYTES ((uint64_t)1 << 20) /* the buffer stays in the L2 cache */
#define ARENA_MARK_TAIL_BYTES ((uint64_t)1 << 20)      /* a tail this long is worth a mark, see commit.c */
#endif

enum arena_slot_state {
    ARENA_SLOT_EMPTY,   /* all zeros */
    ARENA_SLOT_WHOLE,   /* a superblock of this arena, its checksum right */
    ARENA_SLOT_DAMAGED, /* torn or rotted */
};

struct arena_slot {
    enum arena_slot_state state;
    struct arena_superblock superblock; /* if whole */
};

/* A segment that is not known durable. */
struct arena_tail_segment {
    uint64_t end_bytes;
    uint64_t checksum; /* of its header */
};

struct arena_tail {
    struct arena_tail_segment *segments; /* owned, oldest first, without gaps */
    size_t count;
    size_t capacity;
    uint64_t chain; /* the chained checksum over them */
};

/* The commit being built: the owner's alone. */
struct arena_building {
    bool is_active;
    uint64_t event_number;
    uint64_t sequence;
    uint64_t end_bytes; /* of the segments already written */
    uint64_t last_segment_bytes;
    uint64_t segment_count;     /* in the file, with its own */
    uint64_t object_count;      /* likewise */
    struct arena_tail segments; /* its own */
    enum status status;         /* of the first failure */
};

struct arena {
    struct arena_builder builder; /* first: arena_allocate_slow gets from it to the arena */
    struct arena_building building;
    uint64_t builder_capacity_words;

    /* Set at open. */
    struct os_file *file; /* owned */
    uint8_t *base;        /* of the space it is mapped in */
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES];
    uint64_t seed; /* of every checksum but the identity page's: from the identity */
    bool is_read_only;
    uint64_t growth_step_bytes;

    /* The owner's. */
    struct arena_commit commits[ARENA_RING_SLOTS];
    struct arena_commit current;
    bool is_chosen;

    struct os_mutex *growth_mutex;   /* one growth at a time */
    _Atomic uint64_t capacity_bytes; /* of the file: allocated, zero-filled or written */
    _Atomic uint64_t written_bytes;
    _Atomic uint64_t grown_bytes;
    atomic_bool is_poisoned;

    struct os_mutex *mutex; /* of all that follows */
    struct arena_slot slots[ARENA_RING_SLOTS];
    struct arena_superblock newest; /* chosen or written last; marks too */
    bool is_prepared;               /* for writing: see ring.c */
    uint64_t next_sequence;
    uint64_t durable_sequence;
    uint64_t durable_event_number;
    uint64_t durable_watermark_bytes;
    uint64_t boundary_event_number;
    uint64_t announced_event_number; /* will be the boundary after the log's next flush */
    struct arena_tail tail; /* from durable_watermark_bytes to newest.watermark_bytes */
    uint64_t commit_count;
    uint64_t sync_count;
    struct arena_pin *pins; /* owned by who holds them */
};

/* ---- file.c: all reading and writing -------------------------------------- */

enum status arena_read_bytes(struct arena *arena, uint64_t offset_bytes, void *bytes, size_t size_bytes) MUST_USE;

/* In pieces.  A failure other than STATUS_NO_SPACE poisons. */
enum status arena_write_bytes(struct arena *arena, uint64_t offset_bytes, const void *bytes,
                              size_t size_bytes) MUST_USE;

/* Without the mutex.  A failure poisons. */
enum status arena_flush(struct arena *arena) MUST_USE;

enum status arena_refuse_poisoned(const struct arena *arena) MUST_USE;
enum status arena_refuse_writing(const struct arena *arena) MUST_USE; /* poisoned, read-only or nothing chosen */

/* ---- open.c --------------------------------------------------------------- */

struct arena *arena_new(const struct arena_options *options);
void arena_free(struct arena *arena);
void arena_identity_set(struct arena *arena, const uint8_t identity[ARENA_IDENTITY_SIZE_BYTES]);
enum status arena_identity_page_write(struct arena *arena) MUST_USE;

enum status arena_identity_page_check(const struct arena_identity_page *page, const char *path) MUST_USE;

/* ---- ring.c --------------------------------------------------------------- */

enum status arena_ring_read(struct arena *arena) MUST_USE;

/* Reads and judges one slot; if it is damaged, the thread's message says how. */
enum status arena_slot_read(struct arena *arena, uint32_t index, struct arena_slot *slot) MUST_USE;

void arena_commit_decode(const struct arena_superblock *superblock, struct arena_commit *commit);

/* Under the mutex: completes `superblock` (slot, durable tail, checksum) and
 * writes it into the slot that is needed least; then it is the newest. */
enum status arena_ring_write(struct arena *arena, struct arena_superblock *superblock) MUST_USE;

/* Under the mutex, before the first write after arena_choose. */
enum status arena_prepare_writing(struct arena *arena) MUST_USE;

/* ---- segment.c ------------------------------------------------------------ */

/* Reads the header at `offset_bytes` and checks all that can be checked
 * without its objects; it must end at or below `limit_bytes`. */
enum status arena_segment_read(struct arena *arena, uint64_t offset_bytes, uint64_t limit_bytes,
                               struct arena_segment_header *header) MUST_USE;

/* Reads its objects and compares their checksum.  `piece` has ARENA_PIECE_BYTES. */
enum status arena_segment_check(struct arena *arena, const struct arena_segment_header *header,
                                uint8_t *piece) MUST_USE;

/* Makes *tail the segments from `start_bytes` to `end_bytes`, each read and checked. */
enum status arena_tail_read(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes,
                            struct arena_tail *tail) MUST_USE;

/* Empty; its memory is kept. */
void arena_tail_clear(const struct arena *arena, struct arena_tail *tail);
void arena_tail_add(struct arena_tail *tail, struct arena_tail_segment segment);
void arena_tail_drop(const struct arena *arena, struct arena_tail *tail,
                     uint64_t end_bytes); /* those that end there or below */
void arena_tail_finish(struct arena_tail *tail);

/* ---- grow.c --------------------------------------------------------------- */

/* Makes the file's capacity at least `end_bytes`. */
enum status arena_grow_to(struct arena *arena, uint64_t end_bytes) MUST_USE;

/* ---- build.c -------------------------------------------------------------- */

/* Writes the segment being built, if it has any object. */
enum status arena_segment_write(struct arena *arena, noun root) MUST_USE;

void arena_builder_finish(struct arena *arena);

#endif
