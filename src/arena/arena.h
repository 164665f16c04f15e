/* The persistent arena: one file of immutable nouns.
 *
 * Good for: a graph of nouns that grows by small commits, is read in place
 * through a mapping, and comes back in milliseconds whatever its size.
 * Bad for: anything that is changed in place.
 *
 * Under the hood: the file is an identity page, a ring of superblocks, and pages
 * that a page directory maps to addresses (docs/format.md draws the bytes).  A
 * commit builds segments in memory, writes them with pwrite above the watermark,
 * then writes one superblock into the ring; nothing that a superblock reaches is
 * ever written over.  A superblock names its roots, its ranges of addresses, and
 * the checksum of all segments that were not yet known to be durable when it was
 * written, so that no order of writes is needed and one flush serves any number
 * of commits.  A compaction replaces ranges by others, and the pages of the old
 * ones are used again when nobody can come back to them.  The numbered
 * invariants that this file cites are in docs/invariants.md.
 *
 * In the file a noun is the word that it is in memory: the persistent part of
 * the address space (noun/noun.h) is a read-only view of the file.
 *
 * The lower-offset rule: an object refers only to objects at lower offsets,
 * because children are written before their parents.
 *
 * Threads: one *owner* opens, chooses, begins, builds and commits.  One other
 * thread at a time may call arena_sync and arena_grow_ahead beside it, and one
 * may build a compaction.  arena_durable, arena_statistics, arena_boundary_set
 * and _announce, pins, ranges and their checks are for any thread.
 * Any thread that has entered the space may read nouns that it has from a
 * written commit, without a lock: the bytes never change.
 *
 * Errors: STATUS_FORMAT for a file of another program or version, and
 * STATUS_CORRUPT for one that is not as it was written; in both cases nothing
 * has been changed.  STATUS_NO_SPACE is a refusal: the arena stays usable and
 * freeing space is the whole cure.  After any other failed write, or a failed
 * sync, the arena is poisoned (invariant 5): every later call that would write
 * fails with STATUS_IO and says so; close it and stop.
 */
#ifndef ARENA_ARENA_H
#define ARENA_ARENA_H

#include "base/base.h"
#include "noun/noun.h"

#define ARENA_FILE_NAME "arena.loam"
#define ARENA_FORMAT_VERSION 3u

/* Of what lies in ranges: segments, their objects, large objects.  Pieces of sealed
 * snapshots and exported states carry those, and nothing else of the file. */
#define ARENA_RANGES_VERSION 2u

#define ARENA_IDENTITY_SIZE_BYTES 16
#define ARENA_RING_SLOTS 16
#define ARENA_RANGES_MAX 192

#define ARENA_SEGMENT_HEADER_BYTES 80 /* in front of each segment's objects */
#define ARENA_LABEL_SIZE_BYTES 24
#define ARENA_ORIGINS_MAX 15

struct arena;

/* What has made the arena grow, and by how much (arena/origins.c).  As it lies in a superblock. */
struct arena_origin {
    char label[ARENA_LABEL_SIZE_BYTES]; /* printable ASCII, then zeros, at least one; empty: none */
    uint64_t bytes;                     /* appended ever: segments and large objects */
    uint64_t fresh_bytes;               /* of segments, appended since the last collection was published */
};

/* What a commit keeps alive.  An unused root is the noun 0. */
enum arena_root {
    ARENA_ROOT_STATE,    /* the kernel as it now is; its hash is the state hash */
    ARENA_ROOT_TRAP,     /* the kernel as it was booted */
    ARENA_ROOT_REGISTRY, /* the cold jet state */
    ARENA_ROOT_CODE,     /* the code cache */
    ARENA_ROOT_SNAPSHOTS,
    ARENA_ROOT_BRANCHES,
    ARENA_ROOT_COLLECTIONS, /* what collections have found (collector/history.c) */
    ARENA_ROOT_FRESH,       /* a number: where the last collection's copies end (collector/compact.c) */
    ARENA_ROOT_HOST,        /* whatever the host wants to find again */
    ARENA_ROOTS = 16,
};

/* Bytes of the address space, [start, end), a multiple of 8. */
struct arena_range {
    uint64_t start_bytes;
    uint64_t end_bytes;
};

/* One commit.  The owner fills the first group for arena_commit_write; the
 * arena fills the second. */
struct arena_commit {
    uint64_t event_number; /* never less than the one before */
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    noun roots[ARENA_ROOTS];

    uint64_t sequence;         /* orders commits; rises by at least one */
    uint64_t state_hash;       /* noun_hash_persistent of the state root */
    uint64_t watermark_bytes;  /* everything it reaches lies below */
    uint64_t segment_count;    /* in the file below the watermark */
    uint64_t object_count;     /* likewise */
    uint64_t durable_sequence; /* what was known durable when it was written */
    uint64_t tail_bytes;       /* what was not */
    uint64_t wall_ms;          /* when it was written, for people */

    /* Where it lies: for arena_ranges. */
    uint64_t large_page;
    uint64_t large_checksum;
    uint64_t file_pages;
    size_t range_count;
    struct arena_range ranges[ARENA_RANGES_MAX];

    struct arena_origin origins[ARENA_ORIGINS_MAX]; /* those with a label, in no order */
};

/* ---- making and opening (arena/open.c) ----------------------------------- */

struct arena_options {
    bool read_only;
    /* How far a file of at least this size grows at a time; smaller ones
     * double, larger ones grow by an eighth if that is more.  0: a default. */
    uint64_t growth_step_bytes;
    /* The file does not grow beyond it: STATUS_LIMIT, naming --max-arena.  0: no limit. */
    uint64_t limit_bytes;
};

/* Makes the file, complete and durable or not at all: an empty arena at event
 * 0, its roots all 0, in a file of a few MiB.  STATUS_EXISTS if there is
 * one.  `kernel_hash` is what the first superblock will carry. */
enum status arena_create(const char *path, const struct arena_options *options,
                         const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES]) MUST_USE;

/* Opens the file and maps it over the persistent part of the space that the
 * thread has entered.  For writing it takes the file's lock (STATUS_BUSY if
 * another process has it); read-only it may be open beside a writer.  Changes
 * nothing.  Then choose a commit. */
enum status arena_open(const char *path, const struct arena_options *options, struct arena **out) MUST_USE;

/* Releases the mapping, the file, and a compaction that is going on.  NULL is fine.  Does not sync: call
 * arena_seal before for the fastest next boot. */
void arena_close(struct arena *arena);

/* Gives its file another name, which is durable when this returns. */
enum status arena_rename(struct arena *arena, const char *path) MUST_USE;

const uint8_t *arena_identity(const struct arena *arena); /* ARENA_IDENTITY_SIZE_BYTES, random, from its creation */

/* The commits whose superblocks are whole and of this arena, newest first;
 * at most ARENA_RING_SLOTS, valid until the next call on the arena. */
const struct arena_commit *arena_commits(struct arena *arena, size_t *count);

/* Reads the ring again; for a reader beside a writer.  What was chosen stays
 * chosen. */
enum status arena_refresh(struct arena *arena) MUST_USE;

/* Checks the tail of commit `index` of arena_commits against its chained
 * checksum (invariant 2) and makes it the current one.  STATUS_CORRUPT if it is
 * not to be believed: try the next.  Newer commits are abandoned, but nothing
 * is written, so that a refused boot changes nothing; the first write after it
 * first makes them unbelievable for ever, durably. */
enum status arena_choose(struct arena *arena, size_t index) MUST_USE;

/* The commit chosen or written last. */
const struct arena_commit *arena_current(const struct arena *arena);

/* ---- before it is read (arena/holds.c) ------------------------------------- */

/* Is what the noun refers to an object of the current commit, with a hash that is
 * that of its parts or its bytes, and are its parts' words such as can be looked at
 * likewise?  True for a direct atom.  A step for a cell; as long as its bytes
 * for an atom, but for a large one, whose bytes are not looked at. */
bool arena_holds(const struct arena *arena, noun n);

/* A root that one can do without and that is damaged: it is 0 from now on, and in
 * what is committed next. */
void arena_drop_root(struct arena *arena, enum arena_root root);

/* ---- space (arena/grow.c) ------------------------------------------------ */

/* Makes sure that `size_bytes` of objects can be committed: allocated on disk,
 * and zero-filled once.  STATUS_NO_SPACE refuses, before anything was accepted.
 * The first call after arena_choose makes abandoned commits unbelievable,
 * durably; so call it before the log accepts an event, or the log may come to
 * know an event of the same number that the arena has in its abandoned form. */
enum status arena_reserve(struct arena *arena, uint64_t size_bytes) MUST_USE;

/* Grows if less than half of the next step is left; for the syncing thread, so that the
 * owner seldom has to wait. */
enum status arena_grow_ahead(struct arena *arena) MUST_USE;

/* ---- building (arena/build.c) -------------------------------------------- */

/* The segment being built.  Objects get their final offsets at once, but are
 * readable through noun_base only after arena_commit_write; until then
 * through arena_built_words. */
struct arena_builder {
    uint64_t *words;      /* owned; the segment's header is first */
    uint64_t start_words; /* offset of words[0] from noun_base */
    uint64_t count_words;
    uint64_t limit_words; /* beyond it arena_allocate_slow */
    uint64_t object_count;
};

/* Starts a commit.  One at a time. */
enum status arena_commit_begin(struct arena *arena, uint64_t event_number) MUST_USE;

/* Gives the commit up: what it wrote is beyond the watermark and counts for nothing. */
void arena_commit_abort(struct arena *arena);

/* The builder of the commit that has begun; the same one in the arena's whole life. */
struct arena_builder *arena_builder(struct arena *arena);

/* Room for an object of `size_words`, to be filled completely, metadata
 * included, before the next call; returns where, and its offset from
 * noun_base in *offset_words.  NULL if it failed, then abort the commit and
 * look at arena_build_status.  Full segments are written out on the way, so
 * memory stays bounded and the file may grow. */
uint64_t *arena_allocate_slow(struct arena_builder *builder, uint64_t size_words, uint64_t *offset_words);

static inline uint64_t *arena_allocate(struct arena_builder *builder, uint64_t size_words, uint64_t *offset_words)
{
    if (UNLIKELY(size_words > builder->limit_words - builder->count_words))
        return arena_allocate_slow(builder, size_words, offset_words);
    uint64_t *words = builder->words + builder->count_words;
    *offset_words = builder->start_words + builder->count_words;
    builder->count_words += size_words;
    builder->object_count++;
    return words;
}

/* The words of a persistent object, also while it is being committed. */
static inline const uint64_t *arena_built_words(const struct arena_builder *builder, noun n)
{
    uint64_t at = noun_offset_words(n) - builder->start_words;
    return at < builder->count_words ? builder->words + at : noun_words(n);
}

/* The status of the arena_allocate that returned NULL. */
enum status arena_build_status(const struct arena_builder *builder);

/* ---- large objects (arena/large.c) --------------------------------------- */

/* Zeroed, writable memory for an atom of `size_bytes`, metadata and size word
 * included, at addresses that it will keep for ever (noun_is_large).  STATUS_LIMIT
 * if there are no addresses, or too many such atoms that no commit has.  The
 * owner, as all of these. */
enum status arena_large_reserve(struct arena *arena, uint64_t size_bytes, uint64_t *offset_words) MUST_USE;

/* It is complete, its metadata too, in the first `size_bytes` of its memory, and
 * read-only from now on; the rest is given back. */
void arena_large_finish(struct arena *arena, uint64_t offset_words, uint64_t size_bytes);

/* Nobody wants it; its memory is given back.  If a commit has it nothing happens. */
void arena_large_release(struct arena *arena, uint64_t offset_words);

/* Between arena_commit_begin and arena_commit_write: the commit has it.  Its
 * bytes are written to the file, once, and the file is mapped over its memory;
 * one that a commit has already is left alone.  If the commit is aborted, or
 * fails, it is gone. */
enum status arena_large_persist(struct arena *arena, noun atom) MUST_USE;

/* An atom has been used: read, or referred to by what is being made, while the
 * state stood at `event`.  Nothing happens if no commit has it, or it is not large.
 * The stamp is kept in memory, and goes to the file when its trees are written
 * anyway, and with arena_seal.  The owner. */
void arena_large_note_use(struct arena *arena, noun atom, uint64_t event);

/* A large object and its record (arena/allocations.c).  What is not known, because an
 * older program made it, is 0 or empty. */
struct arena_large_object {
    noun atom;
    uint64_t size_bytes;
    uint64_t sequence; /* of the commit that made it */
    uint64_t checksum;
    char label[ARENA_LABEL_SIZE_BYTES]; /* the origin that brought it */
    uint64_t made_event, made_wall_ms;  /* of that commit */
    uint64_t used_event, used_wall_ms;  /* of the last use that is known */
    uint64_t use_count;
};

/* Those that the newest commit has, by address.  Any thread; `each` may not call the arena. */
void arena_large_each(struct arena *arena, void (*each)(void *context, const struct arena_large_object *object),
                      void *context);

/* ---- committing (arena/commit.c) ----------------------------------------- */

/* Writes the rest of the segments and one superblock: into the page cache,
 * readable at once through the mapping and in other processes, not durable.
 * Any number may be in flight.  A commit that built nothing writes only a
 * superblock.  `commit`'s first group is read, its second filled. */
enum status arena_commit_write(struct arena *arena, struct arena_commit *commit) MUST_USE;

/* Flushes: every commit written before the call is durable when it returns. */
enum status arena_sync(struct arena *arena) MUST_USE;

/* True while pages are being moved so that the file can become shorter: each
 * arena_sync moves some more, also when nothing was committed.  Any thread. */
bool arena_has_moves(struct arena *arena);

/* For so long the file keeps its free pages, for a compaction that is to come: growing and being cut
 * again by each costs more than the room.  0: no longer.  arena_hurry_moves does not wait.  Any thread. */
void arena_keep_room(struct arena *arena, uint64_t duration_ms);

/* The instant on os_clock_ns until which it keeps them; 0 if they are not kept, or no longer. */
uint64_t arena_room_until_ns(struct arena *arena);

/* The owner, when nothing else is to be done: from now on each arena_sync makes the
 * file as much shorter as it can, without rests between the batches; with
 * `is_thorough` also where the gain is less than two steps of growth.  What readers
 * still stand before stays. */
void arena_hurry_moves(struct arena *arena, bool is_thorough);

/* Sync, then one more superblock that has nothing unsynced before it, synced:
 * the next open has nothing to check.  For a clean stop; after a failure or
 * with nothing written since the last seal it does nothing. */
enum status arena_seal(struct arena *arena) MUST_USE;

/* The newest durable commit: its sequence and event. */
void arena_durable(struct arena *arena, uint64_t *sequence, uint64_t *event_number);

/* Tells the arena up to which event the log is durable (at first: all).  The
 * ring never gives up the newest durable superblock that is not beyond it, so
 * an arena that runs ahead of its log by any number of commits still has one
 * that the log knows (invariant 3). */
void arena_boundary_set(struct arena *arena, uint64_t event_number);

/* Tells it up to which event the log is about to be durable, so that the ring
 * also keeps the commit that will then stand exactly there, however many
 * follow meanwhile: a killed process' next start has nothing to replay. */
void arena_boundary_announce(struct arena *arena, uint64_t event_number);

struct arena_statistics {
    uint64_t file_bytes;
    uint64_t ahead_bytes;    /* mapped above the watermark, for the next commits */
    uint64_t free_bytes;     /* pages of the file that hold nothing wanted */
    uint64_t pinned_bytes;   /* of them, what may not be used yet: a reader, or an older commit, can reach it */
    uint64_t appended_bytes; /* segments in the ranges */
    uint64_t unsynced_bytes; /* of them, not known durable */
    uint64_t segment_count;
    uint64_t object_count;
    uint64_t range_count;
    uint64_t mapping_count;       /* runs of pages, each a mapping of the kernel's */
    uint64_t node_count;          /* of the trees of pages */
    uint64_t large_count;         /* large objects of the newest commit */
    uint64_t large_bytes;         /* likewise */
    uint64_t commit_count;        /* since it was opened */
    uint64_t sync_count;          /* likewise */
    uint64_t committed_bytes;     /* likewise: segments of commits */
    uint64_t large_written_bytes; /* likewise, of large objects: each once */
    uint64_t large_copied_bytes;  /* likewise: read into memory because mappings are short */
    uint64_t written_bytes;       /* likewise, of every kind */
    uint64_t grown_bytes;         /* likewise */
    uint64_t moved_bytes;         /* likewise: given other pages of the file (arena/move.c) */
};
void arena_statistics(struct arena *arena, struct arena_statistics *statistics);

/* ---- who made it grow (arena/origins.c) ------------------------------------ */

/* Between arena_commit_begin and arena_commit_write: what is appended from now on
 * is this origin's; until the first call it is that of "other".  Of the label what
 * is not printable becomes a point, and what is too long is cut.  Large objects
 * carry the label that holds when they are persisted. */
void arena_origin_set(struct arena *arena, const char *label);

/* Every byte of the file, by what it is for.  The sum of all that follow `file_bytes`
 * is that. */
struct arena_usage {
    uint64_t file_bytes;
    uint64_t ring_bytes;    /* the identity page and the superblocks */
    uint64_t segment_bytes; /* in ranges */
    uint64_t large_bytes;   /* large objects */
    uint64_t padding_bytes; /* what both leave of their last pages */
    uint64_t node_bytes;    /* the trees' */
    uint64_t ahead_bytes;   /* mapped, for the next commits */
    uint64_t moving_bytes;  /* mapped for a collection that is going on, or that was given up */
    uint64_t free_bytes;    /* may be used now */
    uint64_t waiting_bytes; /* free, but a reader or an older commit may still reach it */
    uint64_t unknown_bytes; /* added since the commit was written */
};
enum status arena_usage(struct arena *arena, struct arena_usage *usage) MUST_USE;

/* ---- pins (arena/pin.c) --------------------------------------------------- */

/* Keeps a commit readable: while it is held nothing that the commit reaches is
 * reused, unmapped or changed, whatever the owner commits, compacts or frees. */
struct arena_pin;

/* Pins the commit written last, and copies it to *commit.  For any thread of
 * the owner's process; never fails and does not wait for the disk.  The pin is
 * the arena's until arena_unpin, which must come before arena_close.
 *
 * An arena that was opened read-only is pinned all the time, at the commit that
 * it has chosen, by a lock on the file (arena/readers.c); arena_refresh and
 * arena_choose move that pin. */
struct arena_pin *arena_pin(struct arena *arena, struct arena_commit *commit);
void arena_unpin(struct arena *arena, struct arena_pin *pin); /* NULL is fine */

/* ---- ranges and restoring (arena/restore.c) -------------------------------- */

/* Where everything lies that `commit` can reach, in address order, disjoint:
 * runs of whole segments, each range without gaps, and large objects.  The
 * bytes are read through noun_base; those of a pinned commit never change, so
 * a later commit has the same bytes wherever it has the same addresses.
 * For any thread, of the current commit by its owner or of a pinned one; free
 * *ranges with free(). */
enum status arena_ranges(struct arena *arena, const struct arena_commit *commit, struct arena_range **ranges,
                         size_t *count) MUST_USE;

/* Checks what lies in a range from `start_bytes`, where a segment or a large
 * object begins, against its checksums: as many whole ones as have at most
 * `size_bytes_max` together, but at least one; *checked_end_bytes is where they
 * end.  Reads the file, not the mapping.  STATUS_CORRUPT.  For any thread, of a
 * pinned commit. */
enum status arena_range_check(struct arena *arena, uint64_t start_bytes, uint64_t end_bytes, uint64_t size_bytes_max,
                              uint64_t *checked_end_bytes) MUST_USE;

/* Copies bytes of a range out of the file, past the mapping: memory does not
 * follow, and a failing device is STATUS_IO.  Threads as arena_range_check. */
enum status arena_range_read(struct arena *arena, uint64_t start_bytes, void *bytes, size_t size_bytes) MUST_USE;

/* Makes an arena file out of a commit and the bytes of its ranges: the same
 * addresses, the same identity, the file dense.  `path` must not exist; the
 * file is made beside it and gets the name in arena_restore_finish, complete
 * and durable.  Of `commit` the first group and `state_hash` are read.  The
 * ranges are copied. */
struct arena_restore;
enum status arena_restore_begin(const char *path, const struct arena_options *options,
                                const uint8_t identity[ARENA_IDENTITY_SIZE_BYTES], const struct arena_commit *commit,
                                const struct arena_range *ranges, size_t count, struct arena_restore **out) MUST_USE;

/* Any part of any range, in any order and pieces; STATUS_INVALID outside of them. */
enum status arena_restore_write(struct arena_restore *restore, uint64_t start_bytes, const void *bytes,
                                size_t size_bytes) MUST_USE;

/* Checks every segment and large object against its checksum (STATUS_CORRUPT
 * names the first that is wrong), and completes the file.  Ends the restore
 * either way; after a failure nothing is left of it. */
enum status arena_restore_finish(struct arena_restore *restore) MUST_USE;
void arena_restore_abort(struct arena_restore *restore); /* NULL is fine */

/* ---- compaction (arena/compact.c) ------------------------------------------ */

/* Replaces everything above a boundary by what of it is still wanted.
 *
 *   before                    | kept | from-space          |w
 *   begun                     | kept | from-space          |w to-space |  tail   |w'
 *   published                 | kept |                     |  to-space |w
 *
 * The owner begins one; another thread copies into to-space while the owner
 * goes on committing into the tail; then the owner copies what of the tail is
 * wanted (from its own thread, through the same builder) and publishes.  The
 * kept part is only read, and stays where it is.  Until it is published
 * nothing has happened: a process killed in between starts again with the old
 * state, and to-space is given back before its first write.
 *
 * To-space objects refer to the kept part and to lower ones in to-space; tail
 * objects to anything below themselves but to-space.
 *
 * At most one at a time. */
struct arena_compaction;

struct arena_compaction_space {
    uint64_t from_start_bytes; /* from-space */
    uint64_t from_end_bytes;
    uint64_t to_start_bytes; /* all of the addresses reserved for to-space */
    uint64_t to_end_bytes;
    uint64_t tail_start_bytes; /* the tail lies from here on */
};

/* The owner, between commits.  From-space is [from_bytes, watermark): `from_bytes`
 * is the watermark of any commit of this arena that still counts, or 0 for
 * everything.  `size_bytes_max` bounds the objects that will be copied, of the
 * tail as well; STATUS_NO_SPACE, naming the bytes, if the disk or --max-arena
 * could not hold them, and nothing has happened. */
enum status arena_compaction_begin(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes_max,
                                   struct arena_compaction **out) MUST_USE;

void arena_compaction_space(const struct arena_compaction *compaction, struct arena_compaction_space *space);

/* Allocation in to-space (arena_allocate, arena_built_words, arena_build_status),
 * by one thread at a time.  Segments are written in pieces as they fill; what
 * is written can be read through noun_base. */
struct arena_builder *arena_compaction_builder(struct arena_compaction *compaction);

/* Writes and flushes what has been built of to-space so far, so that publishing
 * has little left to write, and the next open little to check.  The thread that
 * builds. */
enum status arena_compaction_sync(struct arena_compaction *compaction) MUST_USE;

/* The owner, between commits, when nobody builds any more.  Writes what is left
 * of to-space and one superblock, whose first group is `commit`'s: the event
 * number is the current commit's, the roots refer to the kept part and to-space
 * only.  Like a commit it is readable at once and durable after the next
 * arena_sync; nothing here waits for the device.  Then from-space and tail are
 * free: their pages are used again when that superblock is durable, the log
 * knows its event and no pin is before it, at some later arena_sync.  Ends the compaction; after a failure as
 * arena_compaction_abort. */
enum status arena_compaction_publish(struct arena *arena, struct arena_compaction *compaction,
                                     struct arena_commit *commit) MUST_USE;

/* A large object is still reached.  A compaction of everything frees those that
 * an earlier commit than the one at its beginning has made and that nobody keeps;
 * any other frees none, and this does nothing.  The thread that builds. */
void arena_compaction_keep_large(struct arena_compaction *compaction, noun atom);

/* Gives to-space back.  NULL is fine. */
void arena_compaction_abort(struct arena *arena, struct arena_compaction *compaction);

/* ---- verification (arena/verify.c) --------------------------------------- */

struct arena_verify_options {
    /* Each may be NULL.  `progress` returning false stops with STATUS_INTERRUPTED. */
    bool (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void (*fault)(void *context, const char *text); /* each thing found wrong */
    void *context;
};

struct arena_verify_report {
    uint64_t superblocks; /* whole ones */
    uint64_t segments;
    uint64_t cells; /* reached from any root of any whole superblock */
    uint64_t atoms; /* likewise, indirect ones */
    uint64_t reached_bytes;
    uint64_t appended_bytes;
    uint64_t free_pages;   /* of the newest superblock */
    uint64_t leaked_pages; /* neither free nor in use: a fault */
    uint64_t faults;
};

/* Checks everything: the identity page, every slot of the ring, every segment
 * against its checksum, and every object that a root of any commit reaches:
 * tag, bounds, normal form, metadata, the lower-offset rule.  STATUS_CORRUPT,
 * with the first fault as the message, if there is any.  Writes nothing; needs
 * memory for two bits a word of the file.  Not beside a commit. */
enum status arena_verify(struct arena *arena, const struct arena_verify_options *options,
                         struct arena_verify_report *report) MUST_USE;

#endif
