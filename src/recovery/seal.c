/* A node's state becomes a sealed snapshot. */
#include <stdlib.h>

#include "recovery/private.h"

enum status node_pin(struct node *node, struct recovery_pinned *pinned)
{
    *pinned = (struct recovery_pinned){.node = node};
    node_enter(node);
    if (node->is_view)
        pinned->commit = *arena_current(node->arena);
    else
        pinned->pin = arena_pin(node->arena, &pinned->commit);
    enum status status = arena_ranges(node->arena, &pinned->commit, &pinned->ranges, &pinned->range_count);
    if (status != STATUS_OK)
        arena_unpin(node->arena, pinned->pin);
    return status;
}

void node_unpin(struct recovery_pinned *pinned)
{
    free(pinned->ranges);
    arena_unpin(pinned->node->arena, pinned->pin);
    *pinned = (struct recovery_pinned){0};
}

static struct snapshot_source source_of(const struct recovery_pinned *pinned)
{
    return (struct snapshot_source){
        .machine = eventlog_identity(pinned->node->log)->identity,
        .arena = pinned->node->arena,
        .commit = &pinned->commit,
        .ranges = pinned->ranges,
        .range_count = pinned->range_count,
    };
}

enum status node_seal(const struct recovery_pinned *pinned, bool moves_epoch, const struct snapshot_listener *listener,
                      struct snapshot_report *report)
{
    const struct node *node = pinned->node;
    const struct snapshot_source source = source_of(pinned);
    struct snapshot_retired retired;
    node_enter(node);
    STATUS_TRY(snapshot_seal(node->directory, &source, listener, report));
    if (snapshot_retire(node->directory, moves_epoch, &retired) != STATUS_OK)
        node_warn(node, "the snapshot of event %" PRIu64 " is sealed, but old ones could not be removed: %s",
                  report->event, status_message());
    return STATUS_OK;
}

enum status node_export(const struct recovery_pinned *pinned, const char *path, bool resume,
                        const struct snapshot_listener *listener, struct snapshot_export_report *report)
{
    const struct snapshot_source source = source_of(pinned);
    node_enter(pinned->node);
    return snapshot_export(path, &source, resume, listener, report);
}
