/* Shared by the files of this folder only.
 *
 * Locks, in the order in which they are taken:
 *
 *   mutex          the ring, what is durable, pins
 *   growth_mutex   the end of the file: one thread extends or cuts it
 *   pages_mutex    the live layout, the capacity, which addresses are in limbo
 */
#ifndef ARENA_PRIVATE_H
#define ARENA_PRIVATE_H

#include <stdatomic.h>

#include "arena/arena.h"
#include "arena/format.h"
#include "arena/layout.h"
#include "os/os.h"

#ifdef LOAM_HOSTILE
#define ARENA_GROWTH_STEP_BYTES ((uint64_t)64 << 10)
#define ARENA_SEGMENT_TARGET_BYTES ((uint64_t)4 << 10)
#define ARENA_MARK_TAIL_BYTES ((uint64_t)4 << 10)
#define ARENA_RUN_MIN_PAGES 1u
#define ARENA_PENDING_MIN_PAGES 4u
#define ARENA_ROOM_AHEAD_BYTES ((uint64_t)1 << 20)
#define ARENA_SPARE_PAGES 8u
#define ARENA_MAPPINGS_MAX 1024u
#else
#define ARENA_GROWTH_STEP_BYTES ((uint64_t)16 << 20)
#define ARENA_SEGMENT_TARGET_BYTES ((uint64_t)1 << 20) /* the buffer stays in the L2 cache */
#define ARENA_MARK_TAIL_BYTES ((uint64_t)1 << 20)      /* a tail this long is worth a mark, see commit.c */
#define ARENA_RUN_MIN_PAGES 64u                        /* no shorter run is worth a mapping of its own */
#define ARENA_PENDING_MIN_PAGES 256u                   /* so much freed is worth erasing superblocks for */
#define ARENA_ROOM_AHEAD_BYTES ((uint64_t)1 << 30)     /* of addresses above the watermark: see arena_commit_begin */
#define ARENA_SPARE_PAGES 32u                          /* free ones, for the nodes of the next superblocks */
#define ARENA_MAPPINGS_MAX 16384u                      /* a quarter of what Linux grants a process */
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
    struct arena_tail_segment *segments; /* owned, oldest first */
    size_t count;
    size_t capacity;
    uint64_t chain; /* the chained checksum over them */
};

/* Segments being written, one after the other: a commit's, or a compaction's. */
struct arena_writer {
    struct arena_builder builder; /* first: arena_allocate_slow gets from it to the writer */
    struct arena *arena;
    uint64_t capacity_words;
    enum status (*grow)(struct arena_writer *writer, uint64_t end_bytes); /* makes room to write up to there */

    uint64_t event_number;
    uint64_t sequence;
    uint64_t end_bytes; /* of the segments already written */
    uint64_t last_segment_bytes;
    uint64_t segment_count;
    uint64_t object_count;
    bool is_behind;             /* nobody waits for it: its writes give way */
    struct arena_tail segments; /* its own */
    enum status status;         /* of the first failure */
};

#define ARENA_LARGES_MAX 8192u

/* A large object in memory, see large.c. */
struct arena_large {
    uint64_t page; /* of the address space */
    uint64_t count;
    uint64_t size_bytes; /* 0: it is being filled */
    bool is_persisted;   /* by the commit that is being built */
};

/* What one commit has appended for one origin. */
struct arena_growth {
    char label[ARENA_LABEL_SIZE_BYTES];
    uint64_t segment_bytes;
    uint64_t large_bytes;
};

#define ARENA_GROWTHS_MAX 8u

/* Of the commit being built: the owner's alone, see origins.c. */
struct arena_growths {
    struct arena_growth growths[ARENA_GROWTHS_MAX]; /* the first is that of "other" */
    size_t count;
    size_t now;          /* whose what is appended is */
    uint64_t from_bytes; /* since there */
};

#define ARENA_USES_MAX 1024u

/* The last use of a large object that no superblock knows, see allocations.c. */
struct arena_use {
    uint64_t page;
    uint64_t event;
    uint64_t wall_ms;
    uint64_t count;
};

/* The owner's alone. */
struct arena_larges {
    struct arena_large *objects; /* owned, ascending; ARENA_LARGES_MAX */
    size_t count;
    uint64_t next_page; /* where to look first */
};

/* Memory that large objects have left: see spare.c. */
#define ARENA_SPARES 8u
struct arena_spares {
    uint8_t *base; /* owned: a reservation of as many slots; NULL at first */
    uint64_t counts[ARENA_SPARES];
    uint64_t sum;
    bool is_refused;
};

/* Pages whose place in the file changes: see move.c. */
struct arena_piece {
    uint64_t page; /* of the address space */
    uint64_t count;
    uint64_t from_page; /* of the file */
    uint64_t to_page;
};

/* The syncing thread's, chosen and ended under both mutexes. */
struct arena_moves {
    struct arena_piece *pieces; /* owned: the batch that is under way */
    size_t count;
    size_t capacity;
    uint64_t watermark_bytes; /* when it was chosen */
    uint64_t flush_needed;    /* the first that covers the copies */
    uint64_t join_page;       /* where to look for the next runs to join */
    bool is_shrinking;
    bool is_joining;
    bool is_given_up;               /* something could not be copied */
    _Atomic uint64_t kept_until_ns; /* the file is not cut before then */
    atomic_bool is_hurried;         /* without rests, and erasing what stands in the way */
    atomic_bool is_thorough;        /* whatever little it gains */
    uint64_t batch_pages;
    uint64_t pause_ns;
    uint64_t next_ns;
};

/* Addresses whose pages were freed, and that somebody may still read. */
struct arena_limbo {
    uint64_t sequence; /* of the commit that freed them */
    struct layout_run run;
};

struct arena {
    struct arena_writer writer; /* of the commit being built: the owner's alone */
    bool is_building;

    /* Set at open. */
    struct os_file *file; /* owned */
    uint8_t *base;        /* of the space it is mapped in; NULL while it is being made */
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES];
    uint64_t seed;           /* of every checksum but the identity page's: from the identity */
    uint32_t format_version; /* of the identity page */
    uint64_t created_wall_ms;
    bool is_read_only;
    uint64_t growth_step_bytes;
    uint64_t limit_pages; /* of the file */

    /* The owner's. */
    struct arena_commit commits[ARENA_RING_SLOTS];
    struct arena_commit current;
    bool is_chosen;
    bool has_claimed; /* a reader: this commit, for readers.c */
    uint64_t claimed_sequence;
    struct arena_compaction *compaction; /* owned by who began it */
    struct arena_larges larges;
    struct arena_spares spares;
    struct arena_growths growths;

    _Atomic uint64_t written_bytes;
    _Atomic uint64_t grown_bytes;
    _Atomic uint64_t large_written_bytes;
    _Atomic uint64_t large_copied_bytes;
    _Atomic uint64_t appended_bytes; /* segments since it was opened */
    _Atomic unsigned urgent_writes;  /* under way: see file.c */
    atomic_bool is_poisoned;

    uint64_t large_seen_bytes; /* written when room was last kept for them; the syncing thread's */

    _Atomic uint64_t flushes_begun;
    _Atomic uint64_t flushes_ended; /* the newest, by its number when it began, that has succeeded */
    _Atomic uint64_t moved_bytes;   /* of the file, since it was opened */
    struct arena_moves moves;

    struct os_mutex *growth_mutex;

    struct os_mutex *pages_mutex;    /* of all that follows, to the next mutex */
    struct arena_layout layout;      /* the live one; ahead of the newest superblock's if dirty */
    _Atomic uint64_t capacity_bytes; /* end of what is mapped above the watermark without a gap; written under it */
    uint64_t move_count;             /* how often the watermark has moved elsewhere */
    uint64_t reusable_sequence;      /* what was freed at or before it may be used again */
    uint64_t pending_pages;          /* freed after it */
    struct arena_limbo *limbo;       /* owned */
    size_t limbo_count;
    size_t limbo_capacity;
    struct arena_use *uses; /* owned, ascending; ARENA_USES_MAX */
    size_t use_count;
    uint64_t copied_pages; /* read into memory instead of being mapped: see attach.c */

    struct os_mutex *mutex; /* of all that follows */
    struct arena_slot slots[ARENA_RING_SLOTS];
    struct arena_superblock newest; /* chosen or written last; marks too */
    bool is_prepared;               /* for writing: see prepare.c */
    bool is_releasing;
    uint64_t next_sequence;
    uint64_t durable_sequence;
    uint64_t durable_event_number;
    uint64_t durable_watermark_bytes;
    uint64_t boundary_event_number;
    uint64_t announced_event_number; /* will be the boundary after the log's next flush */
    struct arena_tail tail;          /* from durable_watermark_bytes to newest.watermark_bytes */
    uint64_t commit_count;
    uint64_t sync_count;
    struct arena_pin *pins; /* owned by who holds them */
};

/* ---- file.c: all reading and writing -------------------------------------- */

/* At an offset in the file. */
enum status arena_read_file(struct arena *arena, uint64_t offset_bytes, void *bytes, size_t size_bytes) MUST_USE;

/* In pieces.  A failure other than STATUS_NO_SPACE poisons. */
enum status arena_write_file(struct arena *arena, uint64_t offset_bytes, const void *bytes, size_t size_bytes) MUST_USE;

/* The same for what nobody waits for: the file's other writers hardly notice it. */
enum status arena_write_file_behind(struct arena *arena, uint64_t offset_bytes, const void *bytes,
                                    size_t size_bytes) MUST_USE;

/* At an arena address, by this layout; STATUS_CORRUPT if it is not mapped. */
enum status arena_read_bytes(struct arena *arena, const struct arena_layout *layout, uint64_t start_bytes, void *bytes,
                             size_t size_bytes) MUST_USE;

/* By the live layout; as arena_write_file, and arena_write_file_behind. */
enum status arena_write_bytes(struct arena *arena, uint64_t start_bytes, const void *bytes, size_t size_bytes) MUST_USE;
enum status arena_write_bytes_behind(struct arena *arena, uint64_t start_bytes, const void *bytes,
                                     size_t size_bytes) MUST_USE;

/* Without the mutex.  A failure poisons. */
enum status arena_flush(struct arena *arena) MUST_USE;

enum status arena_refuse_poisoned(const struct arena *arena) MUST_USE;
enum status arena_refuse_writing(const struct arena *arena) MUST_USE; /* poisoned, read-only or nothing chosen */

/* ---- open.c --------------------------------------------------------------- */

struct arena *arena_new(const struct arena_options *options);
void arena_free(struct arena *arena);
void arena_identity_set(struct arena *arena, const uint8_t identity[ARENA_IDENTITY_SIZE_BYTES]);

/* Writes it in the version of this program. */
enum status arena_identity_page_write(struct arena *arena) MUST_USE;

/* Judges it.  One that was torn between two versions is mended in memory. */
enum status arena_identity_page_check(struct arena_identity_page *page, const char *path) MUST_USE;

/* The whole file is made beside `path` and gets the name when it is complete. */
enum status arena_name_is_free(const char *path) MUST_USE;
char *arena_name_beside(const char *path); /* the caller frees it */
enum status arena_remove_leftover(const char *beside) MUST_USE;

/* ---- ring.c --------------------------------------------------------------- */

enum status arena_ring_read(struct arena *arena) MUST_USE;

/* Reads and judges one slot; if it is damaged, the thread's message says how. */
enum status arena_slot_read(struct arena *arena, uint32_t index, struct arena_slot *slot) MUST_USE;

void arena_commit_decode(const struct arena_superblock *superblock, struct arena_commit *commit);

/* Under the mutex: completes `superblock` (slot, durable tail, trees, checksum),
 * writes what of the trees has changed and then it, into the slot that is needed
 * least; then it is the newest. */
enum status arena_ring_write(struct arena *arena, struct arena_superblock *superblock) MUST_USE;

/* Under the mutex: the newest durable superblock that the log knows; or NULL. */
const struct arena_superblock *arena_keeper(const struct arena *arena);

/* The one with this sequence, or NULL. */
const struct arena_superblock *arena_ring_find(const struct arena *arena, uint64_t sequence);

/* Its ranges are ranges, and its roots lie in them or are large objects. */
bool arena_roots_are_sane(const struct arena_superblock *superblock);

/* Under the mutex: erases the superblocks before `sequence`. */
enum status arena_ring_erase_before(struct arena *arena, uint64_t sequence) MUST_USE;

/* Under the mutex: zeros, or the bytes that it has already, into one slot. */
enum status arena_slot_erase(struct arena *arena, uint32_t index) MUST_USE;
enum status arena_slot_rewrite(struct arena *arena, const struct arena_superblock *superblock) MUST_USE;

/* ---- choose.c and prepare.c ------------------------------------------------- */

/* Under the mutex: everything written so far is durable. */
void arena_newest_is_durable(struct arena *arena);

/* Under the mutex, before the first write after arena_choose. */
enum status arena_prepare_writing(struct arena *arena) MUST_USE;

/* ---- ranges.c ------------------------------------------------------------- */

/* How many bytes of the ranges lie at or above `start_bytes`. */
uint64_t arena_bytes_above(const struct arena_superblock *superblock, uint64_t start_bytes);

/* The next part of the ranges from *at_bytes on, at most `size_bytes_max`; moves *at_bytes to
 * its start.  0 at the end. */
uint64_t arena_part_next(const struct arena_superblock *superblock, uint64_t *at_bytes, uint64_t size_bytes_max);

struct arena_range *arena_open_range(struct arena_superblock *superblock); /* the last */

/* ---- segment.c ------------------------------------------------------------ */

/* Reads the header at `offset_bytes` and checks all that can be checked
 * without its objects; it must end at or below `limit_bytes`. */
enum status arena_segment_read(struct arena *arena, const struct arena_layout *layout, uint64_t offset_bytes,
                               uint64_t limit_bytes, struct arena_segment_header *header) MUST_USE;

/* Reads its objects and compares their checksum.  `piece` has ARENA_PIECE_BYTES. */
enum status arena_segment_check(struct arena *arena, const struct arena_layout *layout,
                                const struct arena_segment_header *header, uint8_t *piece) MUST_USE;

/* Makes *tail the segments of the superblock's tail, each read and checked. */
enum status arena_tail_read(struct arena *arena, const struct arena_layout *layout,
                            const struct arena_superblock *superblock, struct arena_tail *tail) MUST_USE;

/* Empty; its memory is kept. */
void arena_tail_clear(const struct arena *arena, struct arena_tail *tail);
void arena_tail_add(struct arena_tail *tail, struct arena_tail_segment segment);
void arena_tail_drop(const struct arena *arena, struct arena_tail *tail,
                     uint64_t end_bytes); /* those that end there or below */
void arena_tail_finish(struct arena_tail *tail);

/* ---- pages.c: the live layout ---------------------------------------------- */

/* The layout of a superblock, from the file; every node is checked. */
enum status arena_layout_load(struct arena *arena, const struct arena_superblock *superblock,
                              struct arena_layout *layout) MUST_USE;

/* Makes the file longer and its new pages free.  With zeros they are written once, see grow.c. */
enum status arena_pages_extend(struct arena *arena, uint64_t count, bool with_zeros) MUST_USE;

/* How many pages may be used without making the file longer. */
uint64_t arena_pages_usable(struct arena *arena);

/* Under the mutex: writes the nodes that have changed, and puts the roots into `superblock`. */
enum status arena_pages_publish(struct arena *arena, struct arena_superblock *superblock) MUST_USE;

/* Maps up to `count_max` pages that may be used at `page`, if any run has
 * `count_min`: *count is how many.  Under the pages' mutex. */
enum status arena_pages_map_some(struct arena *arena, uint64_t page, uint64_t count_min, uint64_t count_max,
                                 uint64_t *count) MUST_USE;

/* Under the pages' mutex: so many runs that none may be added without need. */
bool arena_is_crowded(const struct arena *arena);

/* Under the pages' mutex: the shortest run worth taking where `wanted` pages are wanted. */
uint64_t arena_run_shortest(const struct arena *arena, uint64_t wanted);

/* Under the pages' mutex: takes what is mapped in [page, end_page) out of the
 * directory and frees its pages as of the commit `sequence`; with 0 they may be
 * used at once and are unmapped, else they stay mapped until they may be used. */
void arena_pages_unmap(struct arena *arena, uint64_t page, uint64_t end_page, uint64_t sequence);

/* Under the pages' mutex: what is mapped in [page, end_page), and holds
 * nothing, from now on is mapped at `to_page`. */
enum status arena_pages_move(struct arena *arena, uint64_t page, uint64_t end_page, uint64_t to_page) MUST_USE;

/* Under the pages' mutex: the lowest address in limbo at or above `start_bytes`,
 * or that of the first large object. */
uint64_t arena_next_obstacle(const struct arena *arena, uint64_t start_bytes);

/* Under the pages' mutex: the lowest page boundary above everything that is
 * mapped or in limbo below the large objects. */
uint64_t arena_top(const struct arena *arena);

/* Under both mutexes: commits go on at `start_bytes`, a page boundary, in a range
 * of its own.  STATUS_LIMIT if there are too many. */
enum status arena_open_range_move(struct arena *arena, uint64_t start_bytes) MUST_USE;

/* Under the mutex, before the first write: frees what an interrupted compaction
 * has mapped, and what lies in the file beyond what the superblock knows. */
enum status arena_pages_tidy(struct arena *arena) MUST_USE;

/* ---- release.c ------------------------------------------------------------- */

/* For the syncing thread, after a flush: makes what was freed usable if nothing
 * can come back to it, cuts the end of the file off, and goes on with moves. */
enum status arena_release(struct arena *arena) MUST_USE;

/* How many pages the end of the file may have too many. */
uint64_t arena_end_slack(const struct arena *arena);

/* ---- move.c ---------------------------------------------------------------- */

bool arena_room_is_kept(struct arena *arena);
void arena_moves_init(struct arena *arena);
void arena_moves_finish(struct arena *arena);

/* For the syncing thread: chooses and copies a batch; and lets the one before
 * count, flushing if nobody has. */
enum status arena_moves_begin(struct arena *arena) MUST_USE;
enum status arena_moves_end(struct arena *arena) MUST_USE;

/* ---- readers.c ------------------------------------------------------------- */

/* For a reader: nothing that the commit `sequence` reaches is used again; 0: nothing at all. */
enum status arena_readers_pin(struct arena *arena, uint64_t sequence) MUST_USE;

/* For the writer: the least commit that a living reader has pinned, or `sequence` if that is less. */
uint64_t arena_readers_lowest(struct arena *arena, uint64_t sequence);

/* ---- compact.c ------------------------------------------------------------- */

void arena_compaction_free(struct arena_compaction *compaction); /* only the memory; NULL is fine */

/* ---- pin.c ------------------------------------------------------------------ */

/* Under the mutex: the least sequence that is pinned in this process. */
uint64_t arena_pins_lowest(const struct arena *arena);

/* ---- attach.c --------------------------------------------------------------- */

/* Puts every mapped page under its address; where `old` has it there already
 * nothing is done.  What lies from the watermark on is a view in any case. */
enum status arena_attach(struct arena *arena, const struct arena_layout *layout, const struct arena_layout *old,
                         uint64_t watermark_bytes) MUST_USE;
enum status arena_attach_run(struct arena *arena, struct layout_run run) MUST_USE;
enum status arena_detach_pages(struct arena *arena, uint64_t page, uint64_t count) MUST_USE;

/* ---- grow.c --------------------------------------------------------------- */

/* Makes the capacity at least `end_bytes`. */
enum status arena_grow_to(struct arena *arena, uint64_t end_bytes) MUST_USE;

/* STATUS_LIMIT if `size_bytes` more would go over the file's limit, STATUS_NO_SPACE if
 * they would not fit the disk. */
enum status arena_check_limit(struct arena *arena, uint64_t size_bytes) MUST_USE;
enum status arena_check_disk(struct arena *arena, uint64_t size_bytes) MUST_USE;

/* What segment headers add to `size_bytes` of objects. */
uint64_t arena_headers_bytes(uint64_t size_bytes);

/* ---- build.c -------------------------------------------------------------- */

/* Writes the segment being built, if it has any object. */
enum status arena_segment_write(struct arena_writer *writer, noun root) MUST_USE;

/* The next segment begins where the last one ends. */
void arena_segment_begin(struct arena_writer *writer);
void arena_writer_finish(struct arena_writer *writer);

#endif
