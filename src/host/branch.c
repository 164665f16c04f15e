/* A view of something else than the main line. */
#include "host/private.h"

enum status host_view_at(struct host *host, const char *name)
{
    node_enter(host->node);
    return node_view_at(host->node, name);
}
