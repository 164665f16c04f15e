/* The ways to the state at the log's last event, best first:
 *
 *   the arena      as it was left, and the events that it lacks
 *   rebuilt        what an earlier start had made again when it was ended
 *   snapshots      sealed ones, newest first, each with the events after it
 *   the kernel     the first one, and all events, if the log has them all
 *
 * A way that does not lead there costs time, and its failure never bars the next
 * one.  What is neither the way's fault nor to be mended by another (no space, no
 * memory, no permission, a failing disk under what is written) ends the search.
 * So does a divergence at the same event from two different beginnings: then it is
 * the event that cannot be run again.
 *
 * All but the first work in a file beside, which takes the arena's name only when
 * it stands at the log's end; a failure removes it.  A kill leaves it, and the
 * next start goes on from its newest commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"
#include "snapshot/snapshot.h"

#define ASIDE_MAX 64
#define REASON_BYTES 280

struct ladder {
    struct node *node;
    char *rebuilt; /* path; owned */
    enum status status;
    char reasons[STATUS_MESSAGE_SIZE_BYTES]; /* why each way failed */
    bool is_over;                            /* no other way would do better */
    uint64_t diverged_event;                 /* of the last divergence; 0: none */
    bool is_replaying;                       /* the way at hand has been taken, and events run */
    char aside[ASIDE_MAX][SNAPSHOT_NAME_SIZE_BYTES];
    size_t aside_count; /* files of snapshots that are of no use */
};

const char *recovery_source_name(enum recovery_source source)
{
    static const char *const names[] = {"the arena", "a state made again before", "a sealed snapshot",
                                        "the first kernel"};
    return names[source];
}

/* ---- one way's parts ---------------------------------------------------------------- */

/* Adopts the commit that has been chosen, and runs what the log has beyond it. */
static enum status follow_log(struct ladder *ladder)
{
    STATUS_TRY(node_adopt_commit(ladder->node));
    ladder->is_replaying = true;
    return node_replay(ladder->node);
}

/* The machine, its caches and its kernel are of the state that has failed. */
static enum status start_over(struct node *node)
{
    if (node->kernel != NULL)
        kernel_destroy(node->kernel);
    node->kernel = NULL;
    nock_destroy(node->machine);
    node->machine = NULL;
    stack_destroy(node->stack);
    node->stack = NULL;
    arena_close(node->arena);
    node->arena = NULL;
    node->trap = 0;
    node->events_replayed = 0;
    return node_create_machine(node);
}

static enum status remove_if_there(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    return kind == OS_KIND_ABSENT ? STATUS_OK : os_remove(path);
}

/* The file beside, and what making it may have left. */
static enum status remove_rebuilt(const struct ladder *ladder)
{
    char *unfinished = recovery_path(ladder->node->directory, RECOVERY_REBUILD_NAME ".new");
    enum status status = remove_if_there(ladder->rebuilt);
    if (status == STATUS_OK)
        status = remove_if_there(unfinished);
    free(unfinished);
    return status;
}

/* ---- the arena as it was left --------------------------------------------------------- */

/* An arena file begins with eight letters and its version (docs/format.md).  One
 * of another version is not ours to replace; anything else that cannot be opened
 * is damaged. */
static bool is_another_version(const struct node *node)
{
    static const char magic[8] = {'L', 'o', 'a', 'm', 'A', 'r', 'e', 'n'};
    char *path = recovery_path(node->directory, ARENA_FILE_NAME);
    struct {
        char magic[8];
        uint32_t version;
    } head = {0};
    struct os_file *file;
    bool is_readable = os_file_open(path, OS_OPEN_READ, &file) == STATUS_OK;
    if (is_readable) {
        is_readable = os_file_read(file, 0, &head, sizeof head) == STATUS_OK;
        os_file_close(file);
    }
    free(path);
    return is_readable && memcmp(head.magic, magic, sizeof magic) == 0 && head.version > ARENA_FORMAT_VERSION;
}

enum status node_open_arena_as_left(struct node *node, bool read_only)
{
    char message[STATUS_MESSAGE_SIZE_BYTES];
    enum status status = node_open_arena(node, ARENA_FILE_NAME, read_only);
    if (status != STATUS_FORMAT)
        return status;
    snprintf(message, sizeof message, "%s", status_message());
    return status_fail(is_another_version(node) ? STATUS_FORMAT : STATUS_CORRUPT, "%s", message);
}

static enum status use_arena_once(struct ladder *ladder)
{
    struct node *node = ladder->node;
    if (node->options.distrusts_arena)
        return status_fail(STATUS_CORRUPT, "the arena is damaged where a start does not look");
    STATUS_TRY(node_open_arena_as_left(node, false));
    STATUS_TRY(node_choose_commit(node));
    return follow_log(ladder);
}

/* A read that failed may be a passing trouble, and making a state again is long. */
static enum status use_arena(struct ladder *ladder)
{
    enum status status = use_arena_once(ladder);
    if (status != STATUS_IO || ladder->is_replaying)
        return status;
    STATUS_TRY(start_over(ladder->node));
    return use_arena_once(ladder);
}

/* ---- what was made again before ------------------------------------------------------------ */

static enum status use_rebuilt_file(struct ladder *ladder)
{
    struct node *node = ladder->node;
    STATUS_TRY(node_open_arena(node, RECOVERY_REBUILD_NAME, false));
    STATUS_TRY(node_choose_commit(node));
    node_warn(node, "going on from event %" PRIu64 ", where the start before this one was ended",
              node->arena == NULL ? 0 : arena_current(node->arena)->event_number);
    STATUS_TRY(follow_log(ladder));
    return arena_sync(node->arena);
}

static enum status use_rebuilt(struct ladder *ladder)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(ladder->rebuilt, &kind));
    if (kind == OS_KIND_ABSENT)
        return status_fail(STATUS_NOT_FOUND, "no start was ended while it made the state again");
    return use_rebuilt_file(ladder);
}

/* ---- a snapshot ------------------------------------------------------------------------------ */

static bool on_restored(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    const struct recovery_listener *listener = context;
    if (listener->progress != NULL)
        listener->progress(listener->context, "restoring bytes of a snapshot", done_bytes, total_bytes);
    return true;
}

static void note_aside(struct ladder *ladder, const char *name)
{
    if (ladder->aside_count < ASIDE_MAX)
        memcpy(ladder->aside[ladder->aside_count++], name, SNAPSHOT_NAME_SIZE_BYTES);
}

/* What can be known before anything is written: is it this machine's, and does
 * the log lead on from it? */
static enum status check_manifest(struct ladder *ladder, const char *name)
{
    struct node *node = ladder->node;
    struct snapshot_manifest manifest;
    bool is_known = false;
    enum status status = snapshot_read(node->directory, name, &manifest);
    if (status == STATUS_CORRUPT)
        note_aside(ladder, name);
    STATUS_TRY(status);
    bool is_ours = memcmp(manifest.machine, eventlog_identity(node->log)->identity, sizeof manifest.machine) == 0;
    struct arena_commit commit = manifest.commit;
    snapshot_manifest_finish(&manifest);
    if (!is_ours)
        return status_fail(STATUS_FORMAT, "it is another machine's");
    STATUS_TRY(node_is_known_to_log(node, &commit, &is_known));
    if (!is_known)
        return status_fail(STATUS_FORMAT, "its event %" PRIu64 " is not the log's", commit.event_number);
    return node_check_rows(node, commit.event_number);
}

static enum status restore(struct ladder *ladder, const struct snapshot_entry *entry)
{
    struct node *node = ladder->node;
    struct snapshot_fault fault;
    const struct snapshot_listener listener = {.context = &node->options.listener, .progress = on_restored};
    node_warn(node, "restoring the sealed snapshot of event %" PRIu64, entry->event);
    enum status status = snapshot_restore(node->directory, entry->name, ladder->rebuilt, &listener, &fault);
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND) {
        note_aside(ladder, entry->name);
        if (fault.piece[0] != 0)
            note_aside(ladder, fault.piece);
    }
    return status;
}

static enum status use_snapshot(struct ladder *ladder, const struct snapshot_entry *entry)
{
    struct node *node = ladder->node;
    STATUS_TRY(check_manifest(ladder, entry->name));
    STATUS_TRY(remove_rebuilt(ladder));
    STATUS_TRY(restore(ladder, entry));
    STATUS_TRY(node_open_arena(node, RECOVERY_REBUILD_NAME, false));
    STATUS_TRY(node_choose_commit(node));
    STATUS_TRY(follow_log(ladder));
    return arena_sync(node->arena);
}

/* ---- the first kernel ---------------------------------------------------------------------------- */

static bool is_continuous(const struct node *node)
{
    return eventlog_identity(node->log)->base_event == 0 &&
           (eventlog_last(node->log) == 0 || eventlog_first(node->log) == 1);
}

enum status node_boot_first_kernel(struct node *node, const uint64_t *expected_hash)
{
    static const uint8_t no_job[HASH_BLAKE3_SIZE_BYTES];
    const struct eventlog_identity *identity = eventlog_identity(node->log);
    uint8_t *bytes;
    size_t size_bytes;
    STATUS_TRY(recovery_kernel_read(node, identity->kernel_hash, &bytes, &size_bytes));
    enum status status = node_take_kernel(node, &(struct recovery_kernel){bytes, size_bytes});
    free(bytes);
    if (status != STATUS_OK)
        return status;
    node->event = 0;
    STATUS_TRY(node_start_kernel(node, NOUN_NONE));
    node_origin_set(node, "boot");
    return node_persist(node, kernel_core(node->kernel), 0, no_job, expected_hash);
}

static enum status use_kernel(struct ladder *ladder)
{
    struct node *node = ladder->node;
    const struct eventlog_identity *identity = eventlog_identity(node->log);
    if (!is_continuous(node))
        return status_fail(STATUS_CORRUPT,
                           "the log does not begin with event 1, so the state cannot be made again from it: restore a "
                           "copy of the machine, or import an exported state");
    STATUS_TRY(node_check_rows(node, 0));
    STATUS_TRY(remove_rebuilt(ladder));
    node_warn(node, "replaying from event 1 to %" PRIu64 "; snapshots and branches that were in the arena are lost",
              eventlog_last(node->log));
    STATUS_TRY(arena_create(ladder->rebuilt, NULL, identity->kernel_hash));
    STATUS_TRY(node_open_arena(node, RECOVERY_REBUILD_NAME, false));
    STATUS_TRY(arena_choose(node->arena, 0));
    STATUS_TRY(node_boot_first_kernel(node, &identity->base_state_hash));
    ladder->is_replaying = true;
    STATUS_TRY(node_replay(node));
    return arena_sync(node->arena);
}

/* ---- the search -------------------------------------------------------------------------------------- */

static bool ends_search(const struct ladder *ladder, enum status status)
{
    switch (status) {
    case STATUS_CORRUPT:
    case STATUS_NOT_FOUND:
    case STATUS_DIVERGED:
        return false;
    case STATUS_FORMAT:
        return ladder->node->source == RECOVERY_FROM_ARENA; /* a newer program's: not ours to replace */
    case STATUS_IO:
        return ladder->is_replaying;
    case STATUS_PERMISSION:
        return ladder->is_replaying || ladder->node->source == RECOVERY_FROM_ARENA;
    default:
        return true;
    }
}

static void note_failure(struct ladder *ladder, enum status status, const char *what)
{
    struct node *node = ladder->node;
    size_t length = strlen(ladder->reasons);
    if (ladder->status == STATUS_OK)
        ladder->status = status;
    snprintf(ladder->reasons + length, sizeof ladder->reasons - length, "%s%s%s%.*s", length > 0 ? "; " : "", what,
             what[0] != 0 ? ": " : "", REASON_BYTES, status_message());
    bool diverges_again = status == STATUS_DIVERGED && ladder->diverged_event == node->event + 1;
    if (status == STATUS_DIVERGED)
        ladder->diverged_event = node->event + 1;
    ladder->is_over = ladder->is_over || diverges_again || ends_search(ladder, status);
    /* What a device did not let us read may be well; and a divergence is the better clue. */
    if (ladder->is_over || status == STATUS_IO || (status == STATUS_DIVERGED && ladder->status != STATUS_IO))
        ladder->status = status;
}

/* Puts the arena where its name is, and the old one beside. */
static enum status swap_arenas(const struct ladder *ladder)
{
    char *path = recovery_path(ladder->node->directory, ARENA_FILE_NAME);
    char *damaged = recovery_path(ladder->node->directory, RECOVERY_DAMAGED_NAME);
    enum os_kind kind;
    enum status status = os_kind_of(path, &kind);
    if (status == STATUS_OK && kind != OS_KIND_ABSENT)
        status = os_rename(path, damaged);
    if (status == STATUS_OK)
        status = arena_rename(ladder->node->arena, path);
    free(path);
    free(damaged);
    return status;
}

static void set_damaged_aside(struct ladder *ladder)
{
    struct node *node = ladder->node;
    for (size_t i = 0; i < ladder->aside_count; i++) {
        if (snapshot_set_aside(node->directory, ladder->aside[i]) != STATUS_OK)
            node_warn(node, "%s", status_message());
        else
            node_warn(node, "%s is damaged and was set aside as %s.damaged", ladder->aside[i], ladder->aside[i]);
    }
    ladder->aside_count = 0;
}

/* The state has been reached by this way.  What is damaged goes aside first: once the
 * arena has its name, no later start comes here again to do it. */
static enum status settle(struct ladder *ladder)
{
    struct node *node = ladder->node;
    STATUS_TRY(node_quarantine_record(node));
    set_damaged_aside(ladder);
    if (node->source != RECOVERY_FROM_ARENA)
        STATUS_TRY(swap_arenas(ladder));
    if (remove_rebuilt(ladder) != STATUS_OK)
        node_warn(node, "%s", status_message());
    return STATUS_OK;
}

/* True if the search goes on. */
static bool try_way(struct ladder *ladder, enum recovery_source source, const char *what, enum status status)
{
    struct node *node = ladder->node;
    if (status == STATUS_OK)
        status = settle(ladder);
    if (status == STATUS_OK) {
        ladder->is_over = true;
        ladder->status = STATUS_OK;
        return false;
    }
    if (source != RECOVERY_FROM_REBUILT || status != STATUS_NOT_FOUND)
        note_failure(ladder, status, what);
    enum status again = start_over(node);
    if (again != STATUS_OK && !ladder->is_over) {
        ladder->is_over = true;
        note_failure(ladder, again, "");
    }
    ladder->is_replaying = false;
    return !ladder->is_over;
}

static bool try_snapshots(struct ladder *ladder)
{
    struct snapshot_list list;
    if (snapshot_list(ladder->node->directory, &list) != STATUS_OK) {
        note_failure(ladder, STATUS_CORRUPT, "the snapshots");
        return !ladder->is_over;
    }
    bool goes_on = true;
    for (size_t i = 0; i < list.count && goes_on; i++) {
        char what[64];
        snprintf(what, sizeof what, "the snapshot of event %" PRIu64, list.entries[i].event);
        ladder->node->source = RECOVERY_FROM_SNAPSHOT;
        goes_on = try_way(ladder, RECOVERY_FROM_SNAPSHOT, what, use_snapshot(ladder, &list.entries[i]));
    }
    snapshot_list_finish(&list);
    return goes_on;
}

static void climb(struct ladder *ladder)
{
    struct node *node = ladder->node;
    node->source = RECOVERY_FROM_ARENA;
    if (!try_way(ladder, RECOVERY_FROM_ARENA, "", use_arena(ladder)))
        return;
    node_warn(node, "%s", ladder->reasons);
    node->source = RECOVERY_FROM_REBUILT;
    if (!try_way(ladder, RECOVERY_FROM_REBUILT, "the state made again before", use_rebuilt(ladder)))
        return;
    if (!try_snapshots(ladder))
        return;
    node->source = RECOVERY_FROM_KERNEL;
    (void)try_way(ladder, RECOVERY_FROM_KERNEL, "from the first kernel", use_kernel(ladder));
}

enum status node_reach_boundary(struct node *node)
{
    struct ladder *ladder = calloc(1, sizeof *ladder);
    if (ladder == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *ladder);
    ladder->node = node;
    ladder->rebuilt = recovery_path(node->directory, RECOVERY_REBUILD_NAME);
    climb(ladder);
    enum status status = ladder->status;
    if (status != STATUS_OK && remove_rebuilt(ladder) != STATUS_OK)
        node_warn(node, "%s", status_message());
    if (status == STATUS_DIVERGED)
        status = status_fail(status,
                             "%.900s; the version and the kernel that ran it reproduce it, and --quarantine %" PRIu64
                             " leaves it out for good",
                             ladder->reasons, ladder->diverged_event);
    else if (status != STATUS_OK) /* what is missing is damage, too, if nothing can take its place */
        status = status_fail(status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status, "%s", ladder->reasons);
    free(ladder->rebuilt);
    free(ladder);
    return status;
}
