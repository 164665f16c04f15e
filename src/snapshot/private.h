/* Inside snapshot/. */
#ifndef SNAPSHOT_PRIVATE_H
#define SNAPSHOT_PRIVATE_H

#include "os/os.h"
#include "snapshot/snapshot.h"

/* One burst of many megabytes holds up the log's commits (docs/durability.md). */
#define SNAPSHOT_STEP_BYTES ((size_t)256 << 10)

/* A piece is at most this long, so that one that dies with its range, or rots,
 * costs no more. */
#ifdef LOAM_HOSTILE
#define SNAPSHOT_PIECE_BYTES_MAX ((uint64_t)64 << 10)
#else
#define SNAPSHOT_PIECE_BYTES_MAX ((uint64_t)64 << 20)
#endif

#define SNAPSHOT_MANIFEST_BYTES_MAX ((uint64_t)256 << 20)

/* Of each end of a piece: enough to tell whether a range that has the same
 * addresses still has the same bytes. */
#define SNAPSHOT_PROBE_BYTES ((size_t)4096)

#define SNAPSHOT_MANIFEST_SUFFIX ".manifest"
#define SNAPSHOT_PIECE_SUFFIX ".piece"
#define SNAPSHOT_NEW_SUFFIX ".new"
#define SNAPSHOT_DAMAGED_SUFFIX ".damaged"

/* directory/snapshots/name, or the folder itself if `name` is NULL; the caller frees it. */
char *snapshot_path(const char *directory, const char *name);

bool snapshot_has_suffix(const char *name, const char *suffix);

void snapshot_manifest_name(const struct arena_commit *commit, char name[SNAPSHOT_NAME_SIZE_BYTES]);
void snapshot_piece_name(const struct snapshot_piece *piece, char name[SNAPSHOT_NAME_SIZE_BYTES]);

/* The piece's file, to be read. */
enum status snapshot_piece_open(const char *directory, const struct snapshot_piece *piece,
                                struct os_file **file) MUST_USE;

/* Is the piece's file there, with the right size? */
enum status snapshot_piece_is_there(const char *directory, const struct snapshot_piece *piece, bool *is_there) MUST_USE;

/* Where long work stands. */
struct snapshot_work {
    const struct snapshot_listener *listener;
    uint64_t done_bytes;
    uint64_t total_bytes;
};

/* So many bytes more are done; STATUS_INTERRUPTED if the listener has had enough. */
enum status snapshot_work_step(struct snapshot_work *work, uint64_t size_bytes) MUST_USE;

/* Reads a piece's file through, hands each step to `each` (NULL: to nobody), and
 * compares it with the piece's hash at the end.  `buffer` has SNAPSHOT_STEP_BYTES. */
enum status snapshot_piece_read(struct os_file *file, const struct snapshot_piece *piece, struct snapshot_work *work,
                                uint8_t *buffer,
                                enum status (*each)(void *context, uint64_t offset_bytes, const uint8_t *bytes,
                                                    size_t size_bytes),
                                void *context) MUST_USE;

/* The ranges that the pieces make up; the caller frees them. */
struct arena_range *snapshot_ranges(const struct snapshot_manifest *manifest, size_t *count);

void *snapshot_allocate(size_t count, size_t size_bytes);

#endif
