/* States that leave as a stream of pieces and come in again, and snapshots that are
 * of no use. */
#include "steps.h"
#include "workloads.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot/snapshot.h"

static const char *beside(const char *directory, const char *name)
{
    static char paths[4][4400];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%.*s/%s", (int)(strrchr(directory, '/') - directory), directory, name);
    return path;
}

/* ---- export ------------------------------------------------------------------------------- */

static enum status export_node(struct node *node, bool resume)
{
    struct recovery_pinned pinned;
    struct snapshot_export_report report;
    STATUS_TRY(node_pin(node, &pinned));
    enum status status = node_export(&pinned, beside(node->directory, "state.loam"), resume, NULL, &report);
    node_unpin(&pinned);
    return status;
}

/* The second one takes the place of the first, and goes on with what there is of itself. */
static enum status export_and_go_on(struct node *node)
{
    STATUS_TRY(step_event(node, "[%fill 300]", true));
    STATUS_TRY(export_node(node, false));
    model_mark(0);
    STATUS_TRY(step_event(node, "[%set 1 2 3]", true));
    STATUS_TRY(export_node(node, true));
    model_mark(1);
    return step_event(node, "%inc", true);
}

static enum status pieces_exported(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = export_and_go_on(node);
    recovery_close(node);
    return status;
}

static enum status check_export(const char *directory, const char *file, uint64_t event_min)
{
    struct snapshot_stream *stream;
    const char *arena = beside(directory, "check.loam");
    STATUS_TRY(snapshot_stream_open(file, &stream));
    uint64_t event = snapshot_stream_manifest(stream)->commit.event_number;
    enum status status = snapshot_stream_restore(stream, arena, NULL);
    snapshot_stream_close(stream);
    STATUS_TRY(status);
    STATUS_TRY(os_remove(arena));
    if (event < event_min)
        return status_fail(STATUS_DIVERGED, "the export is of event %" PRIu64 ", a newer one was promised", event);
    return STATUS_OK;
}

/* Under its name there is a whole export, no older than what was promised; before
 * the first there may be none. */
static enum status export_is_whole(const char *directory, struct node *node, const struct expectation *expectation)
{
    (void)node;
    enum os_kind kind;
    const char *file = beside(directory, "state.loam");
    STATUS_TRY(os_kind_of(file, &kind));
    if (kind == OS_KIND_ABSENT && expectation->marks == 0)
        return STATUS_OK;
    return check_export(directory, file, (expectation->marks & 2) != 0 ? 2 : 1);
}

/* ---- import -------------------------------------------------------------------------------- */

static void prepare_pieces(const char *directory, uint64_t *random)
{
    (void)random;
    char command[4300];
    struct node *node;
    crash_prepare_machine(directory);
    crash_must(step_open(directory, NULL, &node), "opening a machine");
    crash_must(step_event(node, "[%fill 200]", true), "an event");
    crash_must(step_event(node, "%inc", true), "an event");
    crash_must(export_node(node, false), "exporting");
    recovery_close(node);
    snprintf(command, sizeof command, "rm -rf '%s'", directory);
    CHECK(system(command) == 0);
    model_clear();
}

static enum status pieces_imported(const char *directory, uint64_t *random)
{
    (void)random;
    const struct host_kernel none = {0};
    struct host *host;
    model_try();
    STATUS_TRY(host_create(directory, &none, beside(directory, "state.loam"), NULL, &host));
    enum status status = step_imported(host);
    host_close(host);
    return status;
}

/* ---- a snapshot that is damaged --------------------------------------------------------------- */

static void invert(const char *path, uint64_t offset_bytes)
{
    struct os_file *file;
    uint8_t byte;
    crash_must(os_file_open(path, OS_OPEN_WRITE, &file), "opening a snapshot");
    crash_must(os_file_read(file, offset_bytes, &byte, 1), "reading it");
    byte = (uint8_t)~byte;
    crash_must(os_file_write(file, offset_bytes, &byte, 1), "damaging it");
    os_file_close(file);
}

static void damage_newest(const char *directory)
{
    struct snapshot_list list;
    char path[4400];
    crash_must(snapshot_list(directory, &list), "listing snapshots");
    CHECK(list.count >= 2);
    snprintf(path, sizeof path, "%s/" SNAPSHOT_FOLDER_NAME "/%s", directory, list.entries[0].name);
    invert(path, 120);
    snapshot_list_finish(&list);
}

static void prepare_damaged(const char *directory, uint64_t *random)
{
    (void)random;
    char path[4400];
    struct node *node;
    crash_prepare_machine(directory);
    crash_must(step_open(directory, NULL, &node), "opening a machine");
    for (unsigned i = 0; i < 2; i++) {
        crash_must(step_event(node, "%inc", true), "an event");
        crash_must(step_seal_snapshot(node), "sealing");
    }
    crash_must(step_event(node, "[%set 5]", true), "an event");
    recovery_close(node);
    crash_model_begin(directory);
    damage_newest(directory);
    snprintf(path, sizeof path, "%s/%s", directory, ARENA_FILE_NAME);
    crash_must(os_remove(path), "removing the arena");
}

/* Set aside, and another one is sealed. */
static enum status started_from_older(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = step_event(node, "%inc", true);
    if (status == STATUS_OK)
        status = step_seal_snapshot(node);
    if (status == STATUS_OK)
        model_mark(0);
    recovery_close(node);
    return status;
}

static enum status older_is_there(const char *directory, struct node *node, const struct expectation *expectation)
{
    struct snapshot_list list;
    (void)node;
    STATUS_TRY(snapshot_list(directory, &list));
    size_t count = list.count;
    snapshot_list_finish(&list);
    if (count < ((expectation->marks & 1) != 0 ? 2 : 1))
        return status_fail(STATUS_DIVERGED, "there are %zu snapshots left", count);
    return STATUS_OK;
}

const struct workload workloads_snapshot[] = {
    {.name = "a state is exported in pieces", .run = pieces_exported, .promise = export_is_whole},
    {.name = "a state is imported in pieces", .prepare = prepare_pieces, .run = pieces_imported, .may_warn = true},
    {.name = "a damaged snapshot is passed over",
     .prepare = prepare_damaged,
     .run = started_from_older,
     .promise = older_is_there,
     .may_warn = true,
     .is_damaged = true},
    {.name = NULL},
};
