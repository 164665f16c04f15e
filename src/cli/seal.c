/* loam snapshot --seal: a sealed snapshot now; and what sealed ones there are. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "recovery/recovery.h"

struct sealing {
    struct machine *machine;
    const char *directory;
    bool moves_epoch;
    struct snapshot_report report;
    size_t lines; /* of a running machine's answer */
};

/* ---- listing ---------------------------------------------------------------------------- */

static enum status print_one(const struct snapshot_entry *entry, const char *directory, struct json *array)
{
    struct snapshot_manifest manifest;
    struct json item;
    uint64_t size_bytes = 0;
    enum status status = snapshot_read(directory, entry->name, &manifest);
    if (status != STATUS_OK) /* loam verify says more of it */
        manifest = (struct snapshot_manifest){0};
    for (size_t i = 0; i < manifest.piece_count; i++)
        size_bytes += manifest.pieces[i].end_bytes - manifest.pieces[i].start_bytes;
    if (array != NULL) {
        json_item(array, &item);
        json_string(&item, "role", snapshot_role_name(entry->role));
        json_string(&item, "file", entry->name);
        json_number(&item, "event", entry->event);
        json_boolean(&item, "readable", status == STATUS_OK);
        json_hex64(&item, "state_hash", manifest.commit.state_hash);
        json_number(&item, "wall_ms", manifest.sealed_wall_ms);
        json_number(&item, "bytes", size_bytes);
        json_number(&item, "pieces", manifest.piece_count);
        json_item_end(&item);
    } else if (status == STATUS_OK) {
        printf("%-24s  event %8" PRIu64 "  state %016" PRIx64 "  %s  sealed, %s\n", snapshot_role_name(entry->role),
               entry->event, manifest.commit.state_hash, cli_date_text(manifest.sealed_wall_ms),
               cli_bytes_text(size_bytes));
    } else {
        printf("%-24s  event %8" PRIu64 "  cannot be read: %s\n", snapshot_role_name(entry->role), entry->event,
               status_message());
    }
    snapshot_manifest_finish(&manifest);
    return STATUS_OK;
}

enum status sealed_print(const char *directory, struct json *json)
{
    struct snapshot_list list;
    STATUS_TRY(snapshot_list(directory, &list));
    enum status status = STATUS_OK;
    if (json != NULL)
        json_array(json, "sealed");
    for (size_t i = 0; i < list.count && status == STATUS_OK; i++)
        status = print_one(&list.entries[i], directory, json);
    if (json != NULL)
        json_array_end(json);
    snapshot_list_finish(&list);
    return status;
}

/* ---- sealing ------------------------------------------------------------------------------ */

static void take_line(void *context, const char *line)
{
    struct sealing *sealing = context;
    host_seal_answer_take(&sealing->report, sealing->lines++, line);
}

static bool show(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct sealing *sealing = context;
    progress_update(&sealing->machine->progress, done_bytes, total_bytes);
    return true;
}

static enum status seal_node(struct sealing *sealing, struct node *node)
{
    struct recovery_pinned pinned;
    const struct snapshot_listener listener = {.context = sealing, .progress = show};
    STATUS_TRY(node_pin(node, &pinned));
    progress_begin(&sealing->machine->progress, sealing->machine->cli, "sealing bytes");
    enum status status = node_seal(&pinned, sealing->moves_epoch, &listener, &sealing->report);
    progress_end(&sealing->machine->progress);
    node_unpin(&pinned);
    return status;
}

static enum status seal_here(struct sealing *sealing)
{
    struct node *node;
    const struct recovery_options options = machine_recovery_options(sealing->machine);
    STATUS_TRY(recovery_open(sealing->directory, NULL, &options, &node));
    enum status status = seal_node(sealing, node);
    if (status == STATUS_OK)
        status = arena_seal(node->arena);
    recovery_close(node);
    return status;
}

static enum status seal(struct sealing *sealing)
{
    const char *const words[] = {"seal", "epoch"};
    enum machine_place place;
    STATUS_TRY(machine_ask(sealing->directory, words, sealing->moves_epoch ? 2 : 1, take_line, sealing, &place));
    return place == MACHINE_ELSEWHERE ? STATUS_OK : seal_here(sealing);
}

static void report(const struct cli *cli, const struct snapshot_report *report)
{
    struct json json;
    if (!cli->json) {
        cli_note(cli, "%s event %" PRIu64 ", state %016" PRIx64 ": %s in %" PRIu64 " %s, %s of it written now",
                 report->is_old ? "there is a sealed snapshot of" : "sealed", report->event, report->state_hash,
                 cli_bytes_text(report->total_bytes), report->pieces, plural(report->pieces, "piece", "pieces"),
                 cli_bytes_text(report->written_bytes));
        return;
    }
    json_begin(&json);
    json_string(&json, "file", report->name);
    json_number(&json, "event", report->event);
    json_hex64(&json, "state_hash", report->state_hash);
    json_number(&json, "bytes", report->total_bytes);
    json_number(&json, "written_bytes", report->written_bytes);
    json_number(&json, "pieces", report->pieces);
    json_number(&json, "pieces_written", report->pieces_written);
    json_boolean(&json, "is_old", report->is_old);
    json_end(&json);
}

int seal_snapshot(struct machine *machine, const char *directory, bool moves_epoch)
{
    struct sealing sealing = {.machine = machine, .directory = directory, .moves_epoch = moves_epoch};
    enum status status = seal(&sealing);
    if (status != STATUS_OK)
        return cli_fail(machine->cli, status);
    report(machine->cli, &sealing.report);
    return CLI_EXIT_OK;
}
