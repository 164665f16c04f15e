/* A disk that lies: one liar under everything that a process does to the files
 * of one directory.
 *
 * A test program that compiles lying_*.c into itself gives the C library's
 * file calls (open64, pwrite64, fdatasync, rename ...) a new meaning, for os/ and
 * for SQLite alike: symbols of a program come before those of its libraries.
 * So there is one journal of what happened to every file, in order, from which
 * every directory that a power cut could have left can be made; and any call
 * can fail, be interrupted or do half of its work.
 *
 * The life of a test:
 *
 *   lying_disk_watch     what the directory holds is durable; recording begins
 *   ... the workload ...  the real files change as the page cache would; only
 *                        real flushes are left out
 *   lying_disk_freeze    the journal is complete
 *   for each point:      lying_disk_base, then for each choice of what is kept:
 *     lying_disk_state   the directory is as that power cut left it
 *     ... a boot ...     does to it what it likes: it is put back by the next
 *
 * SQLite's -shm is no part of it: it is memory, and gone after a power cut.
 *
 * Threads: any may make calls; one drives the functions of this page.
 */
#ifndef SUPPORT_LYING_DISK_H
#define SUPPORT_LYING_DISK_H

#include "base/base.h"

#define LYING_SECTOR_BYTES 512

/* ---- the journal ----------------------------------------------------------- */

enum lying_kind {
    LYING_WRITE,
    LYING_ZERO,        /* a range without blocks: punched, or zeroed */
    LYING_SIZE,        /* the file is offset_bytes long, by truncate or allocate */
    LYING_SYNC,        /* what was done to the file before is durable */
    LYING_SYNC_FAILED, /* what was not durable has become doubtful: the kernel has forgotten to write it */
    LYING_LINK,        /* a name for a new file or directory */
    LYING_UNLINK,
    LYING_RENAME,
    LYING_DIRECTORY_SYNC, /* the names in it are durable */
    LYING_NOTE,           /* the test's own */
};

struct lying_operation {
    enum lying_kind kind;
    int file;              /* a number for the file or directory, whatever its name */
    int name, other_name;  /* numbers; of a rename the old and the new one */
    uint64_t offset_bytes; /* or a note's number */
    size_t size_bytes;
    uint8_t *bytes;
    bool is_doubtful; /* a failed sync was about it: no later one makes it durable */
};

/* Takes what `root` and the directories in it hold as durable. */
void lying_disk_watch(const char *root);

void lying_disk_note(uint64_t note);

size_t lying_disk_count(void);
const struct lying_operation *lying_disk_operation(size_t index);
const char *lying_disk_leaf(int file); /* a name that it has had, for people */

/* ---- crash states ---------------------------------------------------------- */

/* Is the watched directory what the journal makes of it?  If not (somebody has
 * changed a file by ways that the liar does not see), says where. */
bool lying_disk_is_complete(char where[256]);

/* The end of recording.  From now on the directory at `root` (the watched one or
 * an empty one, to have several processes try states) is a plaything.  Beside it
 * grows a directory `root`.store. */
void lying_disk_freeze(const char *root);

/* Calls mean again what they always did, until the next lying_disk_watch. */
void lying_disk_leave(void);

/* A power cut after `point` operations: what is durable then becomes the base
 * of the next states.  The count of operations that may have been lost, oldest
 * first in *pending, which is valid until the next call. */
size_t lying_disk_base(size_t point, const size_t **pending);

/* How many sectors pending operation `index` has: 1 for all but writes; of a
 * range of zeros, up to 8 pieces. */
size_t lying_disk_sectors(size_t index);

/* Decides whether a sector of pending operation `index` reached the device. */
typedef bool lying_disk_keep(void *context, size_t index, size_t sector);

/* Works out the state in which `keep` decides about each sector of each pending
 * operation; returns a hash of all names and contents. */
uint64_t lying_disk_state(lying_disk_keep *keep, void *context);

/* Makes the directory be the state worked out last. */
void lying_disk_make(void);

/* ---- failing calls --------------------------------------------------------- */

enum lying_call {
    LYING_CALL_OPEN,
    LYING_CALL_STAT,
    LYING_CALL_READ,
    LYING_CALL_WRITE,
    LYING_CALL_SYNC,
    LYING_CALL_ALLOCATE,
    LYING_CALL_TRUNCATE,
    LYING_CALL_LOCK,
    LYING_CALL_MAP,
    LYING_CALL_RENAME,
    LYING_CALL_UNLINK,
    LYING_CALL_MKDIR,
    LYING_CALL_LIST,
    LYING_CALL_COUNT,
};

extern const char *const lying_disk_call_names[LYING_CALL_COUNT];

#define LYING_SHORT (-1) /* in place of an errno: half of the bytes, and no error */

/* Ored to a mask: of SQLite's index (-shm) only. */
#define LYING_INDEX_ONLY (UINT32_C(1) << 31)

/* From now on the `nth` (from 0) of the calls in `call_mask` (bits of enum
 * lying_call) on files below the root, and if `for_good` all later ones, fail
 * with this errno.  Failing writes do half of their work, in whole sectors. */
void lying_disk_fail(uint32_t call_mask, uint64_t nth, int error_number, bool for_good);

/* Nothing fails any more; how many calls have failed since lying_disk_fail. */
uint64_t lying_disk_pause(void);

#endif
