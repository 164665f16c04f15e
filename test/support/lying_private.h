/* Inside the lying disk.
 *
 * It sees a directory as a file system does: files and directories have numbers,
 * and a name is a leaf in a directory.  A *map* says which file each name is of:
 * there is one from the start, one that is now, and one of the state at hand.
 *
 *   lying_disk.c        files, names and the journal
 *   lying_cut.c         what a power cut at a point may take, and what is durable then
 *   lying_state.c       one choice of that: names and sectors
 *   lying_make.c        the real directory becomes that
 *   lying_fault.c       which call fails
 *   lying_calls.c       the C library's calls on descriptors
 *   lying_name_calls.c  and on names
 */
#ifndef SUPPORT_LYING_PRIVATE_H
#define SUPPORT_LYING_PRIVATE_H

#include <pthread.h>

#include "lying_disk.h"

#define LYING_FILES_MAX 2048
#define LYING_NAMES_MAX 2048
#define LYING_LEAF_BYTES 96
#define LYING_PATH_BYTES 8192
#define LYING_NO_FILE (-1)
#define LYING_NO_NAME (-1)
#define LYING_ROOT 0 /* the file number of the watched directory */

struct lying_bytes {
    uint8_t *bytes; /* owned */
    size_t size_bytes, capacity_bytes;
};

struct lying_span {
    uint64_t from_bytes, to_bytes;
};

struct lying_file {
    bool is_directory;
    struct lying_bytes start; /* when it was first watched */

    /* While states are tried: */
    struct lying_bytes base;    /* what is durable */
    uint64_t base_sum;          /* of the hashes of its sectors */
    uint64_t state_bytes;       /* its size in the state at hand */
    uint64_t state_sum;         /* of the hashes of its sectors in it */
    uint32_t *change_of;        /* by sector: 0, or 1 + the change */
    size_t sector_capacity;     /* of change_of */
    int store;                  /* a real file with its contents, open; or -1 */
    struct lying_span *dirtied; /* where that differs from the base; owned */
    size_t dirtied_count, dirtied_capacity;
};

struct lying_name {
    int parent; /* a directory's file number */
    char leaf[LYING_LEAF_BYTES];
};

enum lying_mode {
    LYING_OFF,
    LYING_RECORDING, /* calls go into the journal */
    LYING_PLAYING,   /* calls only dirty the files of a state */
};

struct lying_disk {
    pthread_mutex_t mutex;
    enum lying_mode mode;
    char root[4096]; /* a path */
    size_t root_bytes;

    struct lying_file files[LYING_FILES_MAX];
    int file_count;
    struct lying_name names[LYING_NAMES_MAX];
    int name_count;
    int start_map[LYING_NAMES_MAX]; /* by name: a file, or LYING_NO_FILE */
    int now_map[LYING_NAMES_MAX];

    struct lying_operation *operations;
    size_t operation_count, operation_capacity;

    /* What the journal knows; beyond it is what was made in play. */
    int journal_file_count, journal_name_count;
};
extern struct lying_disk lying;

void *lying_allocate(void *old, size_t size_bytes);

/* ---- files, names, journal (lying_disk.c) ----------------------------------- */

int lying_file_add(bool is_directory);
void lying_bytes_resize(struct lying_bytes *bytes, size_t size_bytes);
void lying_bytes_write(struct lying_bytes *bytes, uint64_t offset_bytes, const uint8_t *from, size_t size_bytes);

/* The number of a leaf in a directory; it is given one if it has none. */
int lying_name_of(int parent, const char *leaf);

/* Follows a path relative to the root through now_map.  Returns its file, or
 * LYING_NO_FILE; *name (if not NULL) is its name, LYING_NO_NAME for the root or if
 * its directory is not there. */
int lying_find(const char *path, int *name);

/* The path of a name below the root, as a map has it. */
void lying_path(const int *map, int name, char path[LYING_PATH_BYTES]);

struct lying_operation *lying_add(enum lying_kind kind, int file, uint64_t offset_bytes);
void lying_add_name(enum lying_kind kind, int file, int name, int other_name);

/* Relative to the root; NULL if it is not below it, or nobody watches. */
const char *lying_relative(const char *path);

/* SQLite's index of a log is memory: no part of the journal. */
bool lying_is_index(const char *path);

uint64_t lying_size_of(int descriptor);
bool lying_is_zeros(const uint8_t *bytes, size_t size_bytes);

/* ---- what a power cut may take (lying_cut.c) --------------------------------- */

/* How to come from the base to a state: in this order, these operations, each
 * kept as its pending number's choice says, or in any case. */
struct lying_step {
    size_t operation;
    size_t pending; /* SIZE_MAX: durable, but it goes over something that is pending */
};

struct lying_cut {
    size_t point;
    size_t *pending; /* operations, oldest first; owned */
    size_t count, capacity;
    struct lying_step *steps; /* owned */
    size_t step_count, step_capacity;
    int base_map[LYING_NAMES_MAX]; /* before the steps */
};
extern struct lying_cut lying_cut;

void lying_cut_forget(void);
void lying_map_apply(int *map, const struct lying_operation *operation);

/* ---- the state at hand (lying_state.c) ---------------------------------------- */

struct lying_change {
    int file;
    uint32_t sector;
    uint8_t bytes[LYING_SECTOR_BYTES];
};

struct lying_state {
    struct lying_change *changes; /* what it has other than the base; owned */
    size_t count, capacity;
    int map[LYING_NAMES_MAX];
};
extern struct lying_state lying_state;

uint64_t lying_sector_hash(const uint8_t *bytes, uint64_t sector);
void lying_base_sector(const struct lying_file *file, uint64_t sector, uint8_t out[LYING_SECTOR_BYTES]);

/* ---- the real directory (lying_make.c) ------------------------------------------ */

/* The store of a file is no longer what its base is, there. */
void lying_dirty(struct lying_file *file, uint64_t from_bytes, uint64_t to_bytes);

void lying_make_forget(void);

/* ---- failing calls (lying_fault.c) ------------------------------------------------ */

/* Counts a call, and says whether it fails. */
bool lying_fails(enum lying_call call, bool is_index);

/* The same, for those that fail with an errno only, which is set. */
bool lying_refuses(enum lying_call call, bool is_index);

int lying_fault_number(void); /* the errno, or LYING_SHORT */

#endif
