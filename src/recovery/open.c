/* Opening a machine: the lock, the log, the state (recovery/ladder.c), the start. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"

static enum status open_locked(struct node *node, const struct recovery_kernel *upgrade)
{
    STATUS_TRY(node_open_log(node, EVENTLOG_WRITE));
    STATUS_TRY(node_quarantine_read(node));
    STATUS_TRY(node_create_machine(node));
    STATUS_TRY(node_reach_boundary(node));
    STATUS_TRY(node_restart(node, upgrade));
    arena_boundary_set(node->arena, eventlog_last(node->log));
    return STATUS_OK;
}

/* Opening the log for writing makes its side files; a start that is refused
 * leaves them as they were. */
static enum status open_all(struct node *node, const struct recovery_kernel *upgrade)
{
    struct recovery_log_files files;
    STATUS_TRY(recovery_lock(node));
    STATUS_TRY(recovery_log_files_note(node, &files));
    enum status status = open_locked(node, upgrade);
    if (status == STATUS_OK)
        return status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(message, sizeof message, "%s", status_message());
    eventlog_close(node->log);
    node->log = NULL;
    if (!node->has_appended)
        recovery_log_files_tidy(node, &files);
    return status_fail(status, "%s", message);
}

/* The arena first: what it holds then, the log knows or is about to know. */
static enum status open_to_read(struct node *node)
{
    node->is_view = true;
    enum status status = node_open_arena_as_left(node, true);
    if (status == STATUS_CORRUPT || status == STATUS_NOT_FOUND)
        return status_add_context(status, "the state cannot be read (starting the machine makes it again)");
    STATUS_TRY(status);
    STATUS_TRY(node_open_log(node, EVENTLOG_READ));
    STATUS_TRY(node_quarantine_read(node));
    STATUS_TRY(node_create_machine(node));
    STATUS_TRY(node_choose_commit(node));
    return node_adopt_commit(node);
}

static enum status finish_open(struct node *node, enum status status, struct node **out)
{
    if (status == STATUS_OK)
        *out = node;
    else
        recovery_close(node);
    return status;
}

enum status recovery_open(const char *directory, const struct recovery_kernel *kernel,
                          const struct recovery_options *options, struct node **out)
{
    struct node *node;
    STATUS_TRY(recovery_check(directory));
    STATUS_TRY(node_create(directory, options, &node));
    return finish_open(node, open_all(node, kernel), out);
}

enum status recovery_open_view(const char *directory, const struct recovery_options *options, struct node **out)
{
    struct node *node;
    STATUS_TRY(recovery_check(directory));
    STATUS_TRY(node_create(directory, options, &node));
    return finish_open(node, open_to_read(node), out);
}
