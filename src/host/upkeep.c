/* What is kept beside the newest state, and how it is cared for. */
#include <stdlib.h>

#include "host/private.h"
#include "snapshot/snapshot.h"

static void count_kept(const struct node *node, struct host_upkeep *upkeep)
{
    struct recovery_kept *list = NULL;
    size_t count;
    if (node_kept_list(node, &list, &count) != STATUS_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        upkeep->branches += list[i].is_branch;
        upkeep->snapshots += !list[i].is_branch;
    }
    free(list);
}

static void count_sealed(const struct node *node, struct host_upkeep *upkeep)
{
    struct snapshot_list list;
    if (snapshot_list(node->directory, &list) != STATUS_OK)
        return;
    upkeep->sealed = list.count;
    upkeep->sealed_latest_event = list.count > 0 ? list.entries[0].event : 0;
    snapshot_list_finish(&list);
    if (snapshot_epoch(node->directory, &upkeep->epoch_event, &upkeep->has_epoch) != STATUS_OK)
        upkeep->has_epoch = false;
}

void host_upkeep_read(struct host *host, struct host_upkeep *upkeep)
{
    struct node *node = host->node;
    *upkeep = (struct host_upkeep){0};
    if (node->arena == NULL)
        return;
    node_enter(node);
    count_kept(node, upkeep);
    count_sealed(node, upkeep);
    upkeep->log_base = eventlog_identity(node->log)->base_event;
    uint64_t base = atomic_load(&host->log_base);
    if (base > upkeep->log_base) {
        upkeep->pruned_rows = base - upkeep->log_base;
        upkeep->log_base = base;
    }
    upkeep->has_scrub = host->scrub != NULL;
    if (host->scrub != NULL)
        host_scrub_status_read(host->scrub, &upkeep->scrub);
}
