/* What is done beside events: snapshots, pruning, archives, collection, branches,
 * export and import. */
#include "steps.h"
#include "workloads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot.h"

/* ---- sealed snapshots ------------------------------------------------------------------ */

static enum status seal_three(struct node *node)
{
    for (unsigned i = 0; i < 3; i++) {
        STATUS_TRY(step_event(node, i == 1 ? "[%fill 300]" : "%inc", true));
        STATUS_TRY(step_seal_snapshot(node));
        model_mark(i);
    }
    return STATUS_OK;
}

static enum status snapshots_sealed(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = seal_three(node);
    recovery_close(node);
    return status;
}

static enum status snapshots_are_there(const char *directory, struct node *node, const struct expectation *expectation)
{
    (void)node;
    uint64_t promised = (uint64_t)__builtin_popcountll(expectation->marks);
    return step_verify_snapshots(directory, promised);
}

/* ---- pruning ------------------------------------------------------------------------------ */

static enum status seal_and_prune(struct node *node)
{
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(step_event(node, "[%set 1 2 3]", true));
    STATUS_TRY(step_seal_snapshot(node));
    model_mark(0);
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(step_prune(node, 1));
    model_mark(1);
    STATUS_TRY(step_event(node, "%inc", true));
    return eventlog_checkpoint(node->log, 0);
}

/* Where the arena was not flushed, a start may have to take the snapshot, and says so. */
static enum status log_pruned(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = seal_and_prune(node);
    recovery_close(node);
    return status;
}

/* Pruned or not, the log goes on from a snapshot that is there. */
static enum status log_follows_snapshot(const char *directory, struct node *node, const struct expectation *expectation)
{
    uint64_t epoch, base = eventlog_identity(node->log)->base_event;
    bool has_epoch;
    STATUS_TRY(step_verify_snapshots(directory, expectation->marks & 1));
    STATUS_TRY(snapshot_epoch(directory, &epoch, &has_epoch));
    if (base > 0 && (!has_epoch || epoch < base))
        return status_fail(STATUS_DIVERGED, "the log begins after event %" PRIu64 ", where no snapshot is", base);
    if ((expectation->marks & 2) != 0 && base == 0)
        return status_fail(STATUS_DIVERGED, "what was pruned is there again");
    return STATUS_OK;
}

/* The arena is lost after the log was pruned: the snapshot is what is left. */
static void prepare_lost_after_pruning(const char *directory, uint64_t *random)
{
    char path[4200];
    crash_prepare_machine(directory);
    crash_must(log_pruned(directory, random), "a first life");
    crash_model_begin(directory);
    snprintf(path, sizeof path, "%s/%s", directory, ARENA_FILE_NAME);
    crash_must(os_remove(path), "removing the arena");
}

static enum status started_from_snapshot(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = step_event(node, "%inc", true);
    recovery_close(node);
    return status;
}

/* ---- collection --------------------------------------------------------------------------- */

static enum status collect_twice(struct node *node)
{
    STATUS_TRY(step_event(node, "[%fill 500]", true));
    uint64_t boundary_bytes = arena_current(node->arena)->watermark_bytes;
    STATUS_TRY(step_event(node, "[%set 1 2 3 4 5]", true));
    STATUS_TRY(step_collect(node, boundary_bytes));
    STATUS_TRY(arena_sync(node->arena));
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(step_collect(node, 0));
    STATUS_TRY(step_event(node, "%inc", true));
    return arena_sync(node->arena);
}

static enum status arena_collected(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = collect_twice(node);
    recovery_close(node);
    return status;
}

/* ---- snapshots and branches in the arena ---------------------------------------------------- */

static enum status keep_and_drop(struct node *node)
{
    STATUS_TRY(step_event(node, "[%set 7]", true));
    STATUS_TRY(step_keep(node, "try", true));
    model_mark(0);
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(step_keep(node, "safe", false));
    model_mark(1);
    STATUS_TRY(step_drop(node, "try", true));
    model_mark(2);
    return step_event(node, "%inc", true);
}

static enum status states_kept(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = keep_and_drop(node);
    recovery_close(node);
    return status;
}

static enum status kept_are_there(const char *directory, struct node *node, const struct expectation *expectation)
{
    (void)directory;
    struct recovery_kept kept;
    node_enter(node);
    if (expectation->marks == 1)
        STATUS_TRY(node_kept_find(node, "try", &kept));
    if ((expectation->marks & 2) != 0)
        STATUS_TRY(node_kept_find(node, "safe", &kept));
    if ((expectation->marks & 4) != 0 && node_kept_find(node, "try", &kept) == STATUS_OK)
        return status_fail(STATUS_DIVERGED, "a branch that was dropped is there again");
    return STATUS_OK;
}

/* ---- archives ---------------------------------------------------------------------------------- */

static enum status archive_path(const char *directory, char path[4400])
{
    snprintf(path, 4400, "%s/old.sqlite", directory);
    return STATUS_OK;
}

static enum status archive_and_go_on(struct node *node)
{
    char path[4400];
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(step_event(node, "[%set 1 2 3]", true));
    STATUS_TRY(archive_path(node->directory, path));
    STATUS_TRY(eventlog_archive(node->log, path, 2, NULL, NULL));
    model_mark(0);
    return step_event(node, "%inc", true);
}

static enum status log_archived(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = archive_and_go_on(node);
    recovery_close(node);
    return status;
}

/* Under its name there is a whole archive, or nothing. */
static enum status archive_is_whole(const char *directory, struct node *node, const struct expectation *expectation)
{
    (void)node;
    char path[4400];
    enum os_kind kind;
    struct eventlog *archive;
    STATUS_TRY(archive_path(directory, path));
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_ABSENT && (expectation->marks & 1) == 0)
        return STATUS_OK;
    STATUS_TRY(eventlog_open(path, EVENTLOG_READ, NULL, &archive));
    enum status status = eventlog_verify(archive, NULL, NULL);
    eventlog_close(archive);
    return status;
}

/* ---- export and import --------------------------------------------------------------------------- */

static void export_path(const char *directory, char path[4400])
{
    snprintf(path, 4400, "%.*s/state.loam", (int)(strrchr(directory, '/') - directory), directory);
}

/* A machine is exported, gone, and another one is made of the file. */
static void prepare_exported(const char *directory, uint64_t *random)
{
    (void)random;
    char path[4400];
    struct host *host;
    crash_prepare_machine(directory);
    export_path(directory, path);
    crash_must(host_open(directory, NULL, NULL, &host), "opening a machine");
    crash_must(step_poke(host, "[%fill 100]"), "poking");
    crash_must(step_poke(host, "%inc"), "poking");
    crash_must(host_export(host, path, false), "exporting");
    host_close(host);
    char command[4300];
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    CHECK(system(command) == 0);
    model_clear();
}

static enum status state_imported(const char *directory, uint64_t *random)
{
    (void)random;
    char path[4400];
    struct host *host;
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL);
    export_path(directory, path);
    model_try();
    enum status status = host_create(directory, &kernel, path, NULL, &host);
    free((void *)kernel.bytes);
    STATUS_TRY(status);
    status = step_imported(host);
    host_close(host);
    return status;
}

static enum status export_twice(const char *directory, struct host *host)
{
    char path[4400];
    export_path(directory, path);
    STATUS_TRY(step_poke(host, "%inc"));
    STATUS_TRY(host_export(host, path, false));
    model_mark(0);
    return step_poke(host, "%inc");
}

static enum status state_exported(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = export_twice(directory, host);
    host_close(host);
    return status;
}

const struct workload workloads_upkeep[] = {
    {.name = "snapshots are sealed and retired", .run = snapshots_sealed, .promise = snapshots_are_there},
    {.name = "the log is pruned", .run = log_pruned, .promise = log_follows_snapshot, .may_warn = true},
    {.name = "a lost arena is made again from a snapshot",
     .prepare = prepare_lost_after_pruning,
     .run = started_from_snapshot,
     .may_warn = true},
    {.name = "the arena is collected", .run = arena_collected},
    {.name = "snapshots and branches are kept and dropped", .run = states_kept, .promise = kept_are_there},
    {.name = "the log is archived", .run = log_archived, .promise = archive_is_whole},
    {.name = "a state is imported", .prepare = prepare_exported, .run = state_imported},
    {.name = "a state is exported", .run = state_exported},
    {.name = NULL},
};
