/* Sealed snapshots: the state as it was at some event, beside the arena, for the
 * day on which the arena is of no use; and the same as one file, to carry away.
 *
 * Good for: coming back from rot, from a lost file, from an operator's mistake,
 * without running the whole log again.  Bad for: looking at an older state now
 * and then (a root in the arena does that, at no cost).
 *
 * Under the hood: a snapshot is a manifest and pieces (drawn in manifest.c).  A
 * piece is the bytes of one range of arena addresses, in a file that never
 * changes.  Since bytes of the arena do not change either, a snapshot shares with
 * the one before it every piece whose range still lives, and making one costs
 * what was appended since.  Both kinds of file are checked with BLAKE3.
 *
 *   snapshots/EVENT-SEQUENCE.manifest    one snapshot, published by this name
 *   snapshots/START-END-HASH.piece       named by its range and its content
 *   snapshots/....new                    being made; what a kill left of it is removed
 *   snapshots/....damaged                set aside, because it was not what was written
 *
 * Which one is `latest`, `latest-1` and `epoch` follows from the events: the
 * newest, the one before, and the oldest that is kept.  So one rename publishes a
 * snapshot and gives all three their new meaning.  Names in a manifest are
 * relative to its folder: a machine that was moved or copied takes them along.
 *
 * Threads: one at a time makes or retires snapshots of a directory: whoever
 * holds the machine's lock.  Anybody may list, read and verify.
 */
#ifndef SNAPSHOT_SNAPSHOT_H
#define SNAPSHOT_SNAPSHOT_H

#include "arena/arena.h"
#include "base/base.h"

#define SNAPSHOT_FOLDER_NAME "snapshots"
#define SNAPSHOT_FORMAT_VERSION 1u
#define SNAPSHOT_NAME_SIZE_BYTES 80

/* ---- manifests (snapshot/manifest.c) ------------------------------------------ */

/* The bytes of the arena from start to end, in one file or one record. */
struct snapshot_piece {
    uint64_t start_bytes;
    uint64_t end_bytes;
    uint64_t probe; /* snapshot_probe of its bytes */
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
};

struct snapshot_manifest {
    uint8_t identity[ARENA_IDENTITY_SIZE_BYTES]; /* of the arena */
    uint8_t machine[ARENA_IDENTITY_SIZE_BYTES];  /* of the machine: its log's */
    uint64_t sealed_wall_ms;                     /* for people */
    struct arena_commit commit;                  /* event, hashes, roots, and what else an arena must be told */
    struct snapshot_piece *pieces;               /* owned; ascending, none overlaps another */
    size_t piece_count;
};

/* The caller frees *bytes. */
void snapshot_manifest_encode(const struct snapshot_manifest *manifest, uint8_t **bytes, size_t *size_bytes);

/* Reads bytes that nobody vouches for; `name` is what messages call them.
 * STATUS_FORMAT if it is none or of a newer version, STATUS_CORRUPT if it is not
 * as it was written.  Finish it if that succeeds. */
enum status snapshot_manifest_decode(const char *name, const uint8_t *bytes, size_t size_bytes,
                                     struct snapshot_manifest *manifest) MUST_USE;
void snapshot_manifest_finish(struct snapshot_manifest *manifest);

/* ---- what there is (snapshot/folder.c) ----------------------------------------- */

enum snapshot_role { SNAPSHOT_LATEST, SNAPSHOT_BEFORE_LATEST, SNAPSHOT_EPOCH, SNAPSHOT_SURPLUS };

/* "latest", "latest-1", "epoch", "surplus". */
const char *snapshot_role_name(enum snapshot_role role);

struct snapshot_entry {
    char name[SNAPSHOT_NAME_SIZE_BYTES]; /* of the manifest's file, in the folder */
    uint64_t event;                      /* as its name says; nothing has been read */
    uint64_t sequence;
    enum snapshot_role role;
};

struct snapshot_list {
    struct snapshot_entry *entries; /* owned; newest first */
    size_t count;
};

/* The snapshots of the machine in `directory` by their names, without those set
 * aside.  No folder is no snapshots.  Finish the list. */
enum status snapshot_list(const char *directory, struct snapshot_list *list) MUST_USE;
void snapshot_list_finish(struct snapshot_list *list);

/* Reads and checks one manifest, but none of its pieces. */
enum status snapshot_read(const char *directory, const char *name, struct snapshot_manifest *manifest) MUST_USE;

/* The event of the oldest snapshot whose manifest is whole and all of whose
 * pieces are there: the log must keep what follows it.  *is_found is false if
 * there is none. */
enum status snapshot_epoch(const char *directory, uint64_t *event, bool *is_found) MUST_USE;

/* Renames a file of the folder to NAME.damaged. */
enum status snapshot_set_aside(const char *directory, const char *name) MUST_USE;

/* Removes the snapshots that are neither of the newest two nor the epoch (or, with
 * `moves_epoch`, all but the newest two), then every piece that no snapshot left
 * refers to, and what a kill has left half made.  A crash in the middle leaves
 * work for the next time and nothing broken.  A snapshot that is damaged, or lacks
 * a piece, is first set aside, so that it takes nobody's place.  If a manifest
 * cannot be read for another reason, nothing is removed. */
struct snapshot_retired {
    uint64_t snapshots;
    uint64_t files;
    uint64_t freed_bytes;
};
enum status snapshot_retire(const char *directory, bool moves_epoch, struct snapshot_retired *retired) MUST_USE;

/* ---- listeners ------------------------------------------------------------------- */

/* Who is told how long work goes on; returning false stops it with
 * STATUS_INTERRUPTED.  Called at least once for every 256 KiB, and a good place
 * to wait when others want the disk.  May be NULL. */
typedef bool snapshot_progress_fn(void *context, uint64_t done_bytes, uint64_t total_bytes);

struct snapshot_listener {
    void *context;
    snapshot_progress_fn *progress;
};

/* ---- making one (snapshot/seal.c) -------------------------------------------------- */

/* What is sealed: a commit that the log knows and the ranges that hold what it
 * reaches, which the caller has pinned until this returns. */
struct snapshot_source {
    const uint8_t *machine; /* its log's identity, ARENA_IDENTITY_SIZE_BYTES */
    struct arena *arena;
    const struct arena_commit *commit;
    const struct arena_range *ranges; /* ascending */
    size_t range_count;
};

struct snapshot_report {
    char name[SNAPSHOT_NAME_SIZE_BYTES];
    uint64_t event;
    uint64_t state_hash;
    uint64_t total_bytes;   /* of all its pieces */
    uint64_t written_bytes; /* of those that were new */
    uint64_t pieces;
    uint64_t pieces_written;
    bool is_old; /* the very commit was sealed before */
};

/* Seals it.  Every file is flushed and read again from the device before the
 * manifest gets its name, which makes it count.  STATUS_NO_SPACE refuses before
 * anything is written; STATUS_CORRUPT says that the arena itself is damaged, or
 * that the device does not give back what was written.  Whatever fails, the
 * snapshots that were there are. */
enum status snapshot_seal(const char *directory, const struct snapshot_source *source,
                          const struct snapshot_listener *listener, struct snapshot_report *report) MUST_USE;

/* ---- using one (snapshot/restore.c) ------------------------------------------------ */

/* What was wrong, if a snapshot could not be used. */
struct snapshot_fault {
    char piece[SNAPSHOT_NAME_SIZE_BYTES]; /* the file that is damaged; "" if it is the manifest, or none */
};

/* Makes an arena file at `path`, which must not exist, out of a snapshot, each
 * byte of which is checked on the way; durable when this returns.  On failure
 * nothing is left of it.  STATUS_CORRUPT, STATUS_NOT_FOUND, STATUS_FORMAT: this
 * snapshot is of no use, try another. */
enum status snapshot_restore(const char *directory, const char *name, const char *path,
                             const struct snapshot_listener *listener, struct snapshot_fault *fault) MUST_USE;

/* ---- as one file (snapshot/export.c, snapshot/stream.c) ----------------------------- */

struct snapshot_export_report {
    uint64_t event;
    uint64_t state_hash;
    uint64_t written_bytes; /* of pieces, now */
    uint64_t kept_bytes;    /* of pieces that an earlier export had written */
    uint64_t file_bytes;
};

/* Writes the source to a file, which another machine can begin from: beside, as
 * PATH.partial, then under its name; an old file is replaced.  If it does not get
 * to the end PATH.partial stays, and with `resume` the next one goes on with it. */
enum status snapshot_export(const char *path, const struct snapshot_source *source, bool resume,
                            const struct snapshot_listener *listener, struct snapshot_export_report *report) MUST_USE;

/* Do the first bytes of a file (8 are enough) make it such a file? */
bool snapshot_stream_recognizes(const uint8_t *bytes, size_t size_bytes);

/* Opens it, and reads its manifest and where its pieces are.  STATUS_FORMAT,
 * STATUS_CORRUPT.  Memory follows the number of pieces, not their size. */
struct snapshot_stream;
enum status snapshot_stream_open(const char *path, struct snapshot_stream **out) MUST_USE;
void snapshot_stream_close(struct snapshot_stream *stream); /* NULL is fine */
const struct snapshot_manifest *snapshot_stream_manifest(const struct snapshot_stream *stream);

/* As snapshot_restore, out of such a file. */
enum status snapshot_stream_restore(struct snapshot_stream *stream, const char *path,
                                    const struct snapshot_listener *listener) MUST_USE;

/* ---- are they whole? (snapshot/verify.c) -------------------------------------------- */

struct snapshot_verification {
    uint64_t snapshots;
    uint64_t pieces; /* each once, however many snapshots share it */
    uint64_t bytes;
    uint64_t faults;
};

/* Reads every manifest and every piece that one refers to.  `fault` (may be
 * NULL) gets each fault as a text, with the name of the file in the folder.
 * STATUS_CORRUPT, with the first as the message, if there is any. */
enum status snapshot_verify(const char *directory, const struct snapshot_listener *listener,
                            void (*fault)(void *context, const char *file_name, const char *text),
                            struct snapshot_verification *verification) MUST_USE;

#endif
