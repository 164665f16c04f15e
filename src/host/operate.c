/* What operators do between two events. */
#include "host/private.h"

enum status host_view_at(struct host *host, const char *name)
{
    node_enter(host->node);
    return node_view_at(host->node, name);
}

struct node *host_node(struct host *host)
{
    node_enter(host->node);
    enum status settled = commit_settle(host);
    (void)settled; /* a failure has ended what was in flight, too, and is told by the next event */
    return host->node;
}

enum status host_settle(struct host *host)
{
    STATUS_TRY(commit_settle(host));
    return host->flusher != NULL ? flusher_flush(host->flusher) : arena_sync(host->node->arena);
}
