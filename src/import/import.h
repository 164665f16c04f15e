/* Foreign and portable files that hold a kernel's state, one source file each.
 *
 *   own.c    Loam's export: a header, a jam, and a checksum of everything
 *   expjam.c the reference's exported state (.state.jam, prewarm files)
 *   chkjam.c the reference's checkpoints, versions 0 to 2: read only
 *
 * Files are read through a mapping, so that memory does not follow their size,
 * and are never believed: every length is checked against the file, and a
 * checksum, where the format has one, before anything else looks at the jam.
 * The file must not be cut short by another process while it is open: like
 * any mapping it would end the process.
 *
 * Threads: a handle belongs to one thread at a time.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include "base/base.h"
#include "noun/noun.h"
#include "stack/stack.h"

enum import_format {
    IMPORT_OWN,
    IMPORT_EXPJAM,
    IMPORT_CHKJAM,
};

/* A short name of the format for people; never NULL. */
const char *import_format_name(enum import_format format);

/* What such a file says. */
struct import_facts {
    enum import_format format;
    uint64_t version;
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES]; /* of the kernel that wrote the state */
    uint64_t event;                              /* that the state stands at */
    bool has_state_hash;                         /* only our own format does */
    uint64_t state_hash;
    bool has_checksum; /* and it agreed */
    uint64_t jam_size_bytes;
};

struct import;

/* Opens a file of any of the formats and verifies its checksum.
 * STATUS_NOT_FOUND, STATUS_FORMAT (no such file of ours, or a newer version),
 * STATUS_CORRUPT (cut short, or the checksum disagrees), STATUS_IO. */
enum status import_open(const char *path, struct import **out) MUST_USE;

/* The same from memory, which stays the caller's and must outlive the handle;
 * `name` is what messages call it. */
enum status import_open_bytes(const char *name, const uint8_t *bytes, size_t size_bytes, struct import **out) MUST_USE;

void import_close(struct import *import); /* NULL is fine */
const struct import_facts *import_facts(const struct import *import);

/* Cues the state noun onto the stack.  STATUS_CORRUPT if the jam is none,
 * STATUS_LIMIT if it does not fit, and what codec_cue gives besides. */
enum status import_state(const struct import *import, struct stack *stack, noun *state) MUST_USE;

/* Writes a file beside, syncs it and gives it its name; an existing file of
 * that name is replaced.  `facts` gives format (IMPORT_OWN or IMPORT_EXPJAM),
 * kernel hash, event and state hash; `jam` is the jam of the state. */
enum status import_write(const char *path, const struct import_facts *facts, const uint8_t *jam,
                         size_t size_bytes) MUST_USE;

#endif
