/* A lying twin of os/os.h: it records what is done to one file, so that a test
 * can build every file that a power cut could have left, and it fails chosen
 * calls.
 *
 * The linker puts it between a test and the real calls: a test program that
 * compiles lying_os.c into itself also passes LYING_WRAPS (test/arena/meson.build)
 * to the linker.  Calls are passed on to the real file, so mappings and other
 * readers see what a page cache would show; only real syncs are left out.
 *
 * One thread.
 */
#ifndef SUPPORT_LYING_OS_H
#define SUPPORT_LYING_OS_H

#include "os/os.h"

/* ---- the journal ----------------------------------------------------------- */

enum lying_kind {
    LYING_WRITE,
    LYING_SIZE,        /* the file is at least (allocate) or exactly (truncate) offset_bytes long */
    LYING_SYNC,        /* all before is durable, but what is doubtful */
    LYING_SYNC_FAILED, /* what was not durable has become doubtful: the kernel has forgotten to write it */
    LYING_NOTE,        /* the test's own */
};

struct lying_operation {
    enum lying_kind kind;
    bool is_truncate;
    uint64_t offset_bytes; /* or a note's number */
    size_t size_bytes;
    uint8_t *bytes;
};

/* Starts a journal of the file at `path`, taking what it holds as durable. */
void lying_watch(const char *path);

void lying_note(uint64_t note);

size_t lying_count(void);
const struct lying_operation *lying_operation(size_t index);

/* ---- crash states ---------------------------------------------------------- */

#define LYING_SECTOR_BYTES 512

/* The operations that a power cut after the first `point` operations may have
 * lost, oldest first, in *pending (the caller's, room for `point`). */
size_t lying_pending(size_t point, size_t *pending);

/* Decides whether a sector of pending[index] reached the device; `sector`
 * counts from the operation's first. */
typedef bool lying_keep(void *context, size_t index, size_t sector);

/* The file as a power cut after `point` operations leaves it if `keep` decides
 * about each sector of each pending operation.  Valid until the next call. */
const uint8_t *lying_image(size_t point, const size_t *pending, size_t count, lying_keep *keep, void *context,
                           size_t *size_bytes);

/* ---- failing calls --------------------------------------------------------- */

enum lying_call {
    LYING_CALL_OPEN,
    LYING_CALL_SIZE,
    LYING_CALL_READ,
    LYING_CALL_WRITE,
    LYING_CALL_SYNC,
    LYING_CALL_ALLOCATE,
    LYING_CALL_TRUNCATE,
    LYING_CALL_LOCK,
    LYING_CALL_MAP,
    LYING_CALL_RENAME,
    LYING_CALL_REMOVE,
    LYING_CALL_COUNT,
};

extern const char *const lying_call_names[LYING_CALL_COUNT];

/* From now on the `nth` (from 0) of the calls in `call_mask` (bits of enum
 * lying_call), and if `for_good` all later ones, fail with this errno.  Failing
 * writes do half of their work.  */
void lying_fail(uint32_t call_mask, uint64_t nth, int error_number, bool for_good);

/* Nothing fails any more. */
void lying_pause(void);

/* How many calls have failed since lying_fail. */
uint64_t lying_failures(void);

#endif
