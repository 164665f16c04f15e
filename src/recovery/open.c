/* Opening a machine: which of the arena's commits is to be believed?
 *
 * Newest first, a commit is taken if it is whole (the arena says so) and if the
 * log knows it: the row of its event has the same job and the same state.  That
 * ties arena and log together more tightly than any name could, and it leaves
 * out a commit that ran ahead of the log.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"

/* ---- does the log know a commit? ------------------------------------------------ */

/* A load at the commit's event left its state and kernel. */
static enum status is_load_known(struct node *node, const struct arena_commit *commit, bool *is_known)
{
    struct eventlog_load load;
    bool is_found = true;
    for (uint64_t index = 0; is_found && !*is_known; index++) {
        STATUS_TRY(eventlog_read_load(node->log, index, &load, &is_found));
        *is_known = is_found && load.boundary == commit->event_number && load.state_hash == commit->state_hash &&
                    memcmp(load.kernel_hash, commit->kernel_hash, sizeof load.kernel_hash) == 0;
    }
    return STATUS_OK;
}

static enum status is_base_known(struct node *node, const struct arena_commit *commit, bool *is_known)
{
    const struct eventlog_identity *identity = eventlog_identity(node->log);
    *is_known = commit->roots[ARENA_ROOT_HOST] != 0 && commit->state_hash == identity->base_state_hash &&
                memcmp(commit->kernel_hash, identity->kernel_hash, sizeof identity->kernel_hash) == 0;
    return *is_known ? STATUS_OK : is_load_known(node, commit, is_known);
}

static enum status is_known_to_log(struct node *node, const struct arena_commit *commit, bool *is_known)
{
    *is_known = false;
    uint64_t base = eventlog_identity(node->log)->base_event;
    if (commit->event_number < base || commit->event_number > eventlog_last(node->log))
        return STATUS_OK;
    if (commit->event_number == base)
        return is_base_known(node, commit, is_known);
    struct eventlog_row row;
    STATUS_TRY(eventlog_read(node->log, commit->event_number, &row));
    if (memcmp(row.job_hash, commit->job_hash, sizeof row.job_hash) != 0)
        return STATUS_OK;
    *is_known = row.state_hash == commit->state_hash;
    return *is_known ? STATUS_OK : is_load_known(node, commit, is_known);
}

enum status node_choose_commit(struct node *node)
{
    size_t count;
    char reason[STATUS_MESSAGE_SIZE_BYTES] = "it has no whole commit";
    bool has_reason = false;
    for (size_t i = 0; (void)arena_commits(node->arena, &count), i < count; i++) {
        struct arena_commit commit = arena_commits(node->arena, &count)[i];
        bool is_known;
        STATUS_TRY(is_known_to_log(node, &commit, &is_known));
        enum status status = is_known ? arena_choose(node->arena, i) : STATUS_CORRUPT;
        if (status != STATUS_CORRUPT)
            return status;
        if (is_known && !has_reason)
            snprintf(reason, sizeof reason, "%s", status_message());
        else if (!has_reason)
            snprintf(reason, sizeof reason, "its commit at event %" PRIu64 " is not the log's event %" PRIu64,
                     commit.event_number, commit.event_number);
        has_reason = true;
    }
    return status_fail(STATUS_CORRUPT, "no commit of %s/%s can be used: %.700s", node->directory, ARENA_FILE_NAME,
                       reason);
}

/* ---- from the first kernel -------------------------------------------------------- */

static bool is_continuous(const struct node *node)
{
    return eventlog_identity(node->log)->base_event == 0 &&
           (eventlog_last(node->log) == 0 || eventlog_first(node->log) == 1);
}

static enum status boot_first_kernel(struct node *node)
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
    STATUS_TRY(node_start_kernel(node, NOUN_NONE));
    return node_persist(node, kernel_core(node->kernel), 0, no_job, &identity->base_state_hash);
}

static enum status replay_into(struct node *node, const char *path)
{
    STATUS_TRY(arena_create(path, NULL, eventlog_identity(node->log)->kernel_hash));
    STATUS_TRY(node_open_arena(node, RECOVERY_REBUILD_NAME, false));
    STATUS_TRY(arena_choose(node->arena, 0));
    STATUS_TRY(boot_first_kernel(node));
    STATUS_TRY(node_replay(node));
    return arena_sync(node->arena);
}

static enum status remove_if_there(const char *path)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    return kind == OS_KIND_ABSENT ? STATUS_OK : os_remove(path);
}

/* The new arena takes the old one's name; the old one is kept beside. */
static enum status swap_arenas(const struct node *node, const char *rebuilt)
{
    char *path = recovery_path(node->directory, ARENA_FILE_NAME);
    char *damaged = recovery_path(node->directory, RECOVERY_DAMAGED_NAME);
    enum os_kind kind;
    enum status status = os_kind_of(path, &kind);
    if (status == STATUS_OK && kind != OS_KIND_ABSENT)
        status = os_rename(path, damaged);
    if (status == STATUS_OK)
        status = os_rename(rebuilt, path);
    free(path);
    free(damaged);
    return status;
}

/* A failure takes the half-made arena away again, and keeps its own message. */
static enum status drop_rebuilt(struct node *node, enum status failure, const char *rebuilt)
{
    char message[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(message, sizeof message, "%s", status_message());
    arena_close(node->arena);
    node->arena = NULL;
    if (remove_if_there(rebuilt) != STATUS_OK)
        node_warn(node, "%s", status_message());
    return status_fail(failure, "%s", message);
}

/* The arena is of no use; the newest message says why. */
static enum status rebuild(struct node *node)
{
    if (!is_continuous(node))
        return status_add_context(STATUS_CORRUPT,
                                  "the log does not begin with event 1, so the state cannot be made again from it: "
                                  "restore a copy of the machine, or import an exported state");
    node_warn(node, "%s; replaying all %" PRIu64 " events; snapshots and branches that were in the arena are lost",
              status_message(), eventlog_last(node->log));
    arena_close(node->arena);
    node->arena = NULL;
    char *rebuilt = recovery_path(node->directory, RECOVERY_REBUILD_NAME);
    enum status status = remove_if_there(rebuilt);
    if (status == STATUS_OK)
        status = replay_into(node, rebuilt);
    if (status == STATUS_OK)
        status = swap_arenas(node, rebuilt);
    if (status != STATUS_OK)
        status = drop_rebuilt(node, status, rebuilt);
    free(rebuilt);
    return status;
}

/* ---- opening ------------------------------------------------------------------------ */

static enum status adopt_and_replay(struct node *node)
{
    STATUS_TRY(node_adopt_commit(node));
    return node_replay(node);
}

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
    return is_readable && memcmp(head.magic, magic, sizeof magic) == 0 && head.version != ARENA_FORMAT_VERSION;
}

/* What an arena that cannot be opened is worth. */
static enum status judge_arena(struct node *node, enum status status)
{
    char message[STATUS_MESSAGE_SIZE_BYTES];
    if (status != STATUS_FORMAT)
        return status;
    snprintf(message, sizeof message, "%s", status_message());
    return status_fail(is_another_version(node) ? STATUS_FORMAT : STATUS_CORRUPT, "%s", message);
}

static enum status reach_boundary(struct node *node)
{
    enum status status = judge_arena(node, node_open_arena(node, ARENA_FILE_NAME, false));
    if (status == STATUS_OK)
        status = node_choose_commit(node);
    if (status == STATUS_OK)
        return adopt_and_replay(node);
    return status == STATUS_CORRUPT || status == STATUS_NOT_FOUND ? rebuild(node) : status;
}

static enum status open_locked(struct node *node, const struct recovery_kernel *upgrade)
{
    STATUS_TRY(node_open_log(node, EVENTLOG_WRITE));
    STATUS_TRY(node_create_machine(node));
    STATUS_TRY(reach_boundary(node));
    STATUS_TRY(node_restart(node, upgrade));
    arena_boundary_set(node->arena, eventlog_last(node->log));
    return STATUS_OK;
}

/* Opening the log for writing makes its side files; a start that is refused
 * leaves them as they were. */
static enum status open_all(struct node *node, const struct recovery_kernel *upgrade)
{
    struct recovery_log_files files;
    STATUS_TRY(recovery_lock(node));
    STATUS_TRY(recovery_log_files_note(node, &files));
    enum status status = open_locked(node, upgrade);
    if (status == STATUS_OK)
        return status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(message, sizeof message, "%s", status_message());
    eventlog_close(node->log);
    node->log = NULL;
    if (!node->has_appended)
        recovery_log_files_tidy(node, &files);
    return status_fail(status, "%s", message);
}

/* The arena first: what it holds then, the log knows or is about to know. */
static enum status open_to_read(struct node *node)
{
    node->is_view = true;
    enum status status = judge_arena(node, node_open_arena(node, ARENA_FILE_NAME, true));
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND)
        return status_add_context(status, "the state cannot be read (starting the machine makes it again)");
    STATUS_TRY(status);
    STATUS_TRY(node_open_log(node, EVENTLOG_READ));
    STATUS_TRY(node_create_machine(node));
    STATUS_TRY(node_choose_commit(node));
    return node_adopt_commit(node);
}

static enum status finish_open(struct node *node, enum status status, struct node **out)
{
    if (status == STATUS_OK)
        *out = node;
    else
        recovery_close(node);
    return status;
}

enum status recovery_open(const char *directory, const struct recovery_kernel *kernel,
                          const struct recovery_options *options, struct node **out)
{
    struct node *node;
    STATUS_TRY(recovery_check(directory));
    STATUS_TRY(node_create(directory, options, &node));
    return finish_open(node, open_all(node, kernel), out);
}

enum status recovery_open_view(const char *directory, const struct recovery_options *options, struct node **out)
{
    struct node *node;
    STATUS_TRY(recovery_check(directory));
    STATUS_TRY(node_create(directory, options, &node));
    return finish_open(node, open_to_read(node), out);
}
