/* Looking at the state. */
#include <stdlib.h>

#include "host/private.h"

enum status host_peek(struct host *host, noun path, noun *product)
{
    struct kernel_peek peek;
    node_enter(host->node);
    STATUS_TRY(commit_settle(host)); /* what is not durable is not shown */
    if (!host->node->is_view)
        doubt_arm(host->doubt);
    kernel_peek(host->node->kernel, path, &peek);
    if (!host->node->is_view)
        doubt_disarm(host->doubt);
    if (peek.answer != KERNEL_PEEK_CRASHED) {
        *product = peek.raw;
        return STATUS_OK;
    }
    char *text = kernel_goof_text(&peek.goof, 3);
    enum status status = status_fail(STATUS_CRASHED, "the kernel crashes on this path: %s", text);
    free(text);
    return status;
}

noun host_wire(struct host *host, const char *source, const char *tag)
{
    struct stack *stack = host_stack(host);
    return tag != NULL ? kernel_wire_tagged(stack, source, 1, tag) : kernel_wire_plain(stack, source, 1);
}
