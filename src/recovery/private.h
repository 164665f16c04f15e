/* Inside recovery/: the parts from which a node is made. */
#ifndef RECOVERY_PRIVATE_H
#define RECOVERY_PRIVATE_H

#include "recovery/recovery.h"

/* ---- files (recovery/directory.c) -------------------------------------------- */

#define RECOVERY_MARK_NAME "loam.machine"
#define RECOVERY_LOCK_NAME "lock"
#define RECOVERY_LOG_NAME "events.sqlite"
#define RECOVERY_KERNELS_NAME "kernels"
#define RECOVERY_REBUILD_NAME "arena.rebuild.loam"
#define RECOVERY_DAMAGED_NAME "arena.damaged.loam"

/* directory/name; the caller frees it. */
char *recovery_path(const char *directory, const char *name);

/* Takes the lock; patient for a moment with those who only look at it. */
enum status recovery_lock(struct node *node) MUST_USE;

/* Prepares `directory` for a new machine: creates it if it is absent, refuses
 * one that holds anything but an unfinished machine, locks it. */
enum status recovery_claim(struct node *node, bool *is_created) MUST_USE;

/* Writes the mark that makes the directory a machine. */
enum status recovery_mark(const struct node *node) MUST_USE;

/* Removes what recovery_claim and a creation that failed have left; returns the
 * failure, with its message. */
enum status recovery_unclaim(struct node *node, enum status failure, bool is_created) MUST_USE;

/* The log's side files as they are before it is opened; and as they were again,
 * after it was closed, if nothing has been appended meanwhile. */
struct recovery_log_files {
    bool has_wal;
    bool has_index;
    uint64_t wal_bytes;
};
enum status recovery_log_files_note(const struct node *node, struct recovery_log_files *files) MUST_USE;
void recovery_log_files_tidy(const struct node *node, const struct recovery_log_files *files);

/* Keeps a kernel's jam under its hash; reads it again, verified.  The caller
 * of recovery_kernel_read frees *bytes. */
enum status recovery_kernel_keep(const struct node *node, const struct recovery_kernel *kernel,
                                 const uint8_t hash[HASH_BLAKE3_SIZE_BYTES]) MUST_USE;
enum status recovery_kernel_read(const struct node *node, const uint8_t hash[HASH_BLAKE3_SIZE_BYTES], uint8_t **bytes,
                                 size_t *size_bytes) MUST_USE;

/* Holds the lock as one of many who look: STATUS_BUSY beside a running process. */
enum status recovery_lock_to_read(const char *directory, struct os_file **lock) MUST_USE;

/* The first 12 digits of a hash: for messages.  In one of four static buffers. */
const char *recovery_hash_text(const uint8_t hash[HASH_BLAKE3_SIZE_BYTES]);

/* ---- memory (recovery/node.c) -------------------------------------------------- */

/* A node with an address space and nothing else in it. */
enum status node_create(const char *directory, const struct recovery_options *options, struct node **out) MUST_USE;

/* The ephemeral stack and the machine with its jets. */
enum status node_create_machine(struct node *node) MUST_USE;

/* Opens the arena file called `name` into the node's space; chooses nothing. */
enum status node_open_arena(struct node *node, const char *name, bool read_only) MUST_USE;
enum status node_open_log(struct node *node, enum eventlog_mode mode) MUST_USE;

/* Takes trap, core and registry from the commit that has been chosen. */
enum status node_adopt_commit(struct node *node) MUST_USE;

__attribute__((format(printf, 2, 3))) void node_warn(const struct node *node, const char *format, ...);

/* ---- before roots are read (recovery/roots.c) ------------------------------------- */

/* Of the commit that has been chosen: leaves out what only saves time and is
 * damaged.  STATUS_CORRUPT if the kernel cannot be read. */
enum status node_check_roots(struct node *node) MUST_USE;
void node_restore_registry(struct node *node);

/* The part of a noun of the arena, each object on the way and the part itself
 * looked at; NOUN_NONE if there is none, or if one is damaged. */
noun node_part(const struct node *node, noun n, uint64_t axis);

/* ---- one root (recovery/persist.c) ----------------------------------------------- */

/* As node_persist, a commit at the same event that differs in one root of the
 * arena (and in the registry of jets, which may have grown). */
enum status node_persist_root(struct node *node, enum arena_root root, noun n) MUST_USE;

/* ---- states kept under a name (recovery/kept.c) ----------------------------------- */

/* Writes those of the list that are branches (or snapshots) in place of what
 * there was.  Their nouns may be ephemeral; no ephemeral noun survives. */
enum status node_shelf_write(struct node *node, bool is_branch, const struct recovery_kept *list,
                             size_t count) MUST_USE;

/* STATUS_INVALID if it cannot be the name of one. */
enum status recovery_name_check(const char *name) MUST_USE;

/* ---- kernels (recovery/start.c) ------------------------------------------------ */

/* Cues a kernel jam into node->trap and node->kernel_hash. */
enum status node_take_kernel(struct node *node, const struct recovery_kernel *kernel) MUST_USE;

/* Kicks node->trap and has the load arm take `state` (NOUN_NONE: stays at the
 * kernel's own).  The node's kernel is replaced if that succeeds. */
enum status node_start_kernel(struct node *node, noun state) MUST_USE;

/* What every start does at the log's last event: kick, load, and, if that made
 * another core than the one in the arena, a commit and a record in the log.
 * `upgrade` may be NULL or the kernel's own jam. */
enum status node_restart(struct node *node, const struct recovery_kernel *upgrade) MUST_USE;

/* The state as it is now goes into the log, as what a load gave at the newest event. */
enum status node_record_load(struct node *node) MUST_USE;

/* ---- which commit? (recovery/known.c) ------------------------------------------- */

/* Is the commit, of an arena or of a snapshot, one of the log's history? */
enum status node_is_known_to_log(struct node *node, const struct arena_commit *commit, bool *is_known) MUST_USE;

/* Chooses the newest commit that is to be believed.  STATUS_CORRUPT if there is
 * none, with the reason why the newest is not. */
enum status node_choose_commit(struct node *node) MUST_USE;

/* ---- the ways to a state (recovery/ladder.c) -------------------------------------- */

/* Brings the node to the log's last event, by the first way that leads there. */
enum status node_reach_boundary(struct node *node) MUST_USE;

/* Has the log's first kernel make its first state, which is event 0's, and persists
 * it; as node_persist if its hash is not `expected_hash`, which may be NULL. */
enum status node_boot_first_kernel(struct node *node, const uint64_t *expected_hash) MUST_USE;

/* Opens the arena as it was left, to be read.  STATUS_FORMAT only if it is of
 * another version; what else cannot be opened is STATUS_CORRUPT. */
enum status node_open_arena_as_left(struct node *node, bool read_only) MUST_USE;

/* ---- quarantine (recovery/quarantine.c) -------------------------------------------- */

/* Reads from the log which events are in quarantine, and takes the operator's
 * word of node->options.  STATUS_INVALID if the log has no such event. */
enum status node_quarantine_read(struct node *node) MUST_USE;
void node_quarantine_forget(struct node *node);

/* Is the event not to be run again?  Says so if it is asked by a replay. */
bool node_is_quarantined(const struct node *node, uint64_t event);

/* An event of that word has been skipped. */
void node_quarantine_skipped(struct node *node, uint64_t event);

/* Between an event in quarantine and the log's end when that was said the log's
 * state hashes are those of another history, in rows and in the loads before it:
 * does that hold of what was recorded at `event`, a row (`load_index` 0) or the
 * load number `load_index` from 1? */
bool node_is_rewritten(const struct node *node, uint64_t event, uint64_t load_index);

/* The replay is over: writes down what it skipped, and the state that this gave. */
enum status node_quarantine_record(struct node *node) MUST_USE;

/* ---- history (recovery/replay.c) ------------------------------------------------ */

/* Applies to the node what the log has beyond the commit it stands at.  STATUS_DIVERGED:
 * event node->event + 1 does not give what was recorded. */
enum status node_replay(struct node *node) MUST_USE;

/* Reads all rows after `event`, so that one that cannot be replayed is found
 * before anything is written. */
enum status node_check_rows(struct node *node, uint64_t event) MUST_USE;

/* ---- nouns of a pinned commit (recovery/sweep.c) ------------------------------------- */

struct recovery_sweep_options {
    /* Each may be NULL.  `progress` returning false stops with STATUS_INTERRUPTED. */
    bool (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes);
    void (*fault)(void *context, const char *text);
    void *context;
};

struct recovery_sweep_report {
    uint64_t cells, atoms; /* reached */
    uint64_t faults;
};

/* Checks every noun that the commit's roots reach, in the space that the thread has
 * entered.  `ranges` are the commit's, which is pinned.  Faults are counted, and no
 * failure. */
enum status recovery_sweep(const struct arena_commit *commit, const struct arena_range *ranges, size_t range_count,
                           const struct recovery_sweep_options *options, struct recovery_sweep_report *report) MUST_USE;

#endif
