/* The state as a file. */
#include <stdlib.h>

#include "codec/codec.h"
#include "host/private.h"
#include "import/import.h"

enum status host_export(struct host *host, const char *path, bool as_reference)
{
    struct node *node = host->node;
    node_enter(node);
    STATUS_TRY(commit_settle(host));
    struct import_facts facts = {
        .format = as_reference ? IMPORT_EXPJAM : IMPORT_OWN,
        .event = node->event,
        .has_state_hash = node->arena != NULL,
        .state_hash = node->state_hash,
    };
    memcpy(facts.kernel_hash, node->kernel_hash, sizeof facts.kernel_hash);
    uint8_t *jam;
    size_t size_bytes;
    STATUS_TRY(codec_jam(kernel_state(node->kernel), &jam, &size_bytes));
    enum status status = import_write(path, &facts, jam, size_bytes);
    free(jam);
    return status;
}
