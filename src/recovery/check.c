/* Running history again, beside the machine: does it still give what was recorded?
 *
 * The state before the first event of the range is made in a scratch arena, from
 * the nearest root that the log knows: a snapshot in the arena, a sealed one, the
 * newest commit, or the first kernel.  Then the log's rows are run there as a start
 * would, each one's hash compared with the record.  The machine's directory is only
 * read, so this may go on beside the process that runs it.
 *
 * With a record of its own it compares nothing and writes down what this program
 * makes of every event, as a log of the same events: two such records, of two
 * builds, can be compared (eventlog_compare).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "recovery/private.h"
#include "snapshot/snapshot.h"

enum root_kind { ROOT_NONE, ROOT_KERNEL, ROOT_SEALED, ROOT_KEPT, ROOT_NEWEST };

struct root {
    enum root_kind kind;
    uint64_t event;
    char name[SNAPSHOT_NAME_SIZE_BYTES];
};

struct check {
    const char *directory;
    const struct recovery_check_options *options;
    struct recovery_check_report *report;
    struct node *node; /* owned: over the scratch arena */
    struct eventlog *record;
    char *scratch_folder, *scratch_path; /* owned */
    struct root root;
    struct recovery_replay_watch watch;
    uint64_t from, to;
    uint8_t *jam; /* owned: of [trap core], if the root is in the arena */
    size_t jam_size_bytes;
    uint64_t state_hash; /* of it */
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES], job_hash[HASH_BLAKE3_SIZE_BYTES];
};

/* ---- which root? --------------------------------------------------------------------- */

static void offer(struct check *check, enum root_kind kind, uint64_t event, const char *name)
{
    if (event >= check->from || (check->root.kind != ROOT_NONE && event <= check->root.event))
        return;
    check->root.kind = kind;
    check->root.event = event;
    snprintf(check->root.name, sizeof check->root.name, "%s", name);
}

static bool is_recorded(struct check *check, const struct recovery_kept *kept)
{
    struct eventlog_row row;
    return eventlog_read(check->node->log, kept->event, &row) == STATUS_OK && row.state_hash == kept->state_hash;
}

/* Snapshots in the arena, and the newest commit; an arena that cannot be read
 * offers nothing. */
static void offer_arena(struct check *check, struct node *view)
{
    struct recovery_kept *list = NULL;
    size_t count = 0;
    uint64_t base = eventlog_identity(check->node->log)->base_event;
    if (view->event >= base)
        offer(check, ROOT_NEWEST, view->event, "the arena's newest commit");
    if (node_kept_list(view, &list, &count) != STATUS_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (!list[i].is_branch && list[i].event == list[i].origin_event && list[i].event >= base &&
            is_recorded(check, &list[i]))
            offer(check, ROOT_KEPT, list[i].event, list[i].name);
    free(list);
}

static enum status offer_sealed(struct check *check)
{
    struct snapshot_list list;
    uint64_t base = eventlog_identity(check->node->log)->base_event;
    STATUS_TRY(snapshot_list(check->directory, &list));
    for (size_t i = 0; i < list.count; i++) {
        struct snapshot_manifest manifest;
        if (list.entries[i].event < base ||
            snapshot_read(check->directory, list.entries[i].name, &manifest) != STATUS_OK)
            continue;
        snapshot_manifest_finish(&manifest);
        offer(check, ROOT_SEALED, list.entries[i].event, list.entries[i].name);
    }
    snapshot_list_finish(&list);
    return STATUS_OK;
}

/* Copies what the root in the arena is, out of the arena. */
static enum status take_nouns(struct check *check, struct node *view)
{
    if (check->root.kind == ROOT_KEPT)
        STATUS_TRY(node_view_at(view, check->root.name));
    node_enter(view);
    check->state_hash = view->state_hash;
    memcpy(check->kernel_hash, view->kernel_hash, sizeof check->kernel_hash);
    return codec_jam(stack_cell(view->stack, view->trap, kernel_core(view->kernel)), &check->jam,
                     &check->jam_size_bytes);
}

static enum status choose_root(struct check *check)
{
    struct node *view;
    enum status status = STATUS_OK;
    const struct eventlog_identity *identity = eventlog_identity(check->node->log);
    if (identity->base_event == 0)
        offer(check, ROOT_KERNEL, 0, "the first kernel");
    STATUS_TRY(offer_sealed(check));
    if (recovery_open_view(check->directory, &check->options->recovery, &view) == STATUS_OK) {
        offer_arena(check, view);
        if (check->root.kind == ROOT_KEPT || check->root.kind == ROOT_NEWEST)
            status = take_nouns(check, view);
        recovery_close(view);
        node_enter(check->node);
    }
    STATUS_TRY(status);
    if (check->root.kind != ROOT_NONE)
        return STATUS_OK;
    return status_fail(STATUS_NOT_FOUND,
                       "%s has no state from before event %" PRIu64
                       " to begin with: no snapshot, sealed or in the arena, is that old, and its log begins after "
                       "event %" PRIu64,
                       check->directory, check->from, identity->base_event);
}

/* ---- the state before the range ---------------------------------------------------------- */

static enum status make_folder(struct check *check)
{
    uint8_t random[8];
    char name[40] = "loam-replay-";
    const char *parent = check->options->scratch_directory;
    os_random(random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(name + strlen(name), 3, "%02x", random[i]);
    check->scratch_folder = recovery_path(parent == NULL ? "/tmp" : parent, name);
    check->scratch_path = recovery_path(check->scratch_folder, ARENA_FILE_NAME);
    return os_directory_create(check->scratch_folder, false);
}

static enum status open_scratch(struct check *check)
{
    STATUS_TRY(arena_open(check->scratch_path, NULL, &check->node->arena));
    return arena_choose(check->node->arena, 0);
}

static enum status begin_with_kernel(struct check *check)
{
    struct node *node = check->node;
    const uint64_t *recorded = &eventlog_identity(node->log)->base_state_hash;
    return node_boot_first_kernel(node, check->options->record_path == NULL ? recorded : NULL);
}

/* The kernel is kicked so that its jets are known; then the kept core takes the
 * place of what that gave. */
static enum status begin_with_nouns(struct check *check)
{
    struct node *node = check->node;
    noun both;
    STATUS_TRY(codec_cue(node->stack, check->jam, check->jam_size_bytes, NULL, &both));
    free(check->jam);
    check->jam = NULL;
    noun core = noun_tail(both);
    node->trap = noun_head(both);
    node->event = check->root.event;
    memcpy(node->kernel_hash, check->kernel_hash, sizeof node->kernel_hash);
    nock_root_add(node->machine, &core);
    enum status status = node_start_kernel(node, NOUN_NONE);
    nock_root_remove(node->machine, &core);
    STATUS_TRY(status);
    return node_persist(node, core, node->event, check->job_hash, &check->state_hash);
}

static enum status begin_sealed(struct check *check)
{
    struct snapshot_fault fault;
    STATUS_TRY(snapshot_restore(check->directory, check->root.name, check->scratch_path, NULL, &fault));
    STATUS_TRY(open_scratch(check));
    return node_adopt_commit(check->node);
}

static enum status begin_state(struct check *check)
{
    STATUS_TRY(make_folder(check));
    if (check->root.kind == ROOT_SEALED)
        return begin_sealed(check);
    STATUS_TRY(arena_create(check->scratch_path, NULL, eventlog_identity(check->node->log)->kernel_hash));
    STATUS_TRY(open_scratch(check));
    return check->root.kind == ROOT_KERNEL ? begin_with_kernel(check) : begin_with_nouns(check);
}

/* ---- running ------------------------------------------------------------------------------ */

static enum status run_through(struct check *check, uint64_t event)
{
    check->node->replay_through_event = event;
    return event > check->node->event ? node_replay(check->node) : STATUS_OK;
}

static enum status begin_record(struct check *check)
{
    struct node *node = check->node;
    struct eventlog_identity identity = *eventlog_identity(node->log);
    identity.base_event = node->event;
    identity.base_state_hash = node->state_hash;
    memcpy(identity.kernel_hash, node->kernel_hash, sizeof identity.kernel_hash);
    return eventlog_create(check->options->record_path, &identity, NULL, &check->record);
}

static enum status record_row(void *context, const struct node *node, const struct eventlog_row *row)
{
    struct check *check = context;
    struct eventlog_row own = *row;
    if (row->event < check->from)
        return STATUS_OK;
    if (row->event != eventlog_last(check->record) + 1)
        return status_fail(STATUS_FORMAT, "event %" PRIu64 " is in quarantine: record up to it, or from it on",
                           eventlog_last(check->record) + 1);
    own.state_hash = node->state_hash;
    check->report->events++;
    return eventlog_append(check->record, &own, 1);
}

static enum status record_load(void *context, const struct node *node, const struct eventlog_load *load)
{
    struct check *check = context;
    struct eventlog_load own = *load;
    if (check->record == NULL)
        return STATUS_OK;
    own.state_hash = node->state_hash;
    return eventlog_append_load(check->record, &own);
}

static enum status run_and_record(struct check *check)
{
    STATUS_TRY(begin_record(check));
    STATUS_TRY(run_through(check, check->to));
    return eventlog_become_file(check->record);
}

static enum status run(struct check *check)
{
    struct node *node = check->node;
    STATUS_TRY(begin_state(check));
    STATUS_TRY(run_through(check, check->from - 1));
    uint64_t before = node->events_replayed;
    if (check->options->record_path != NULL)
        return run_and_record(check);
    enum status status = run_through(check, check->to);
    check->report->events = node->events_replayed - before;
    if (status == STATUS_DIVERGED)
        check->report->diverged_event = node->event + 1;
    return status;
}

/* ---- the door --------------------------------------------------------------------------------- */

static enum status open_log(struct check *check)
{
    const char *archive = check->options->archive_path;
    if (archive != NULL)
        return eventlog_open(archive, EVENTLOG_READ, NULL, &check->node->log);
    return node_open_log(check->node, EVENTLOG_READ);
}

static enum status set_range(struct check *check)
{
    const struct eventlog *log = check->node->log;
    uint64_t base = eventlog_identity(log)->base_event, last = eventlog_last(log);
    check->from = check->options->from_event > base ? check->options->from_event : base + 1;
    check->to = check->options->to_event == 0 ? last : check->options->to_event;
    if (check->to <= last && check->from <= check->to &&
        (check->options->from_event == 0 || check->options->from_event > base))
        return STATUS_OK;
    return status_fail(STATUS_NOT_FOUND, "%s has the events %" PRIu64 " to %" PRIu64 ", not %" PRIu64 " to %" PRIu64,
                       eventlog_path(log), base + 1, last, check->options->from_event, check->to);
}

static enum status check_all(struct check *check)
{
    STATUS_TRY(open_log(check));
    STATUS_TRY(set_range(check));
    STATUS_TRY(node_quarantine_read(check->node));
    STATUS_TRY(node_create_machine(check->node));
    STATUS_TRY(choose_root(check));
    if (check->options->record_path != NULL)
        check->node->replay_watch = &check->watch;
    check->report->root_event = check->root.event;
    check->report->from_event = check->from;
    check->report->to_event = check->to;
    snprintf(check->report->root, sizeof check->report->root, "%s%s",
             check->root.kind == ROOT_KEPT || check->root.kind == ROOT_SEALED ? "snapshot " : "", check->root.name);
    return run(check);
}

static enum status remove_entry(void *context, const char *name)
{
    char *path = recovery_path(context, name);
    enum status status = os_remove(path);
    free(path);
    return status;
}

static void finish(struct check *check)
{
    char message[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(message, sizeof message, "%s", status_message());
    eventlog_close(check->record);
    recovery_close(check->node);
    if (check->scratch_folder != NULL &&
        (os_directory_list(check->scratch_folder, remove_entry, check->scratch_folder) != STATUS_OK ||
         os_remove(check->scratch_folder) != STATUS_OK) &&
        check->options->recovery.listener.warn != NULL)
        check->options->recovery.listener.warn(check->options->recovery.listener.context, status_message());
    free(check->scratch_path);
    free(check->scratch_folder);
    free(check->jam);
    (void)status_fail(STATUS_DIVERGED, "%s", message); /* the failure's own, if there is one */
}

enum status recovery_check_history(const char *directory, const struct recovery_check_options *options,
                                   struct recovery_check_report *report)
{
    struct check check = {.directory = directory, .options = options, .report = report};
    *report = (struct recovery_check_report){0};
    check.watch = (struct recovery_replay_watch){.context = &check, .row = record_row, .load = record_load};
    STATUS_TRY(recovery_check(directory));
    STATUS_TRY(node_create(directory, &options->recovery, &check.node));
    uint64_t started_ns = os_clock_ns();
    enum status status = check_all(&check);
    report->elapsed_ns = os_clock_ns() - started_ns;
    finish(&check);
    return status;
}
