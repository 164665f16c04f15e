/* Making a machine.
 *
 * The kernel is booted in memory first: a file that is no kernel is refused
 * before anything touches the disk.  Then come the arena with the first state,
 * durable, the kernel's jam, the log, and last the mark that makes the
 * directory a machine.
 */
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"

static enum status load_seed(struct node *node, const struct recovery_seed *seed)
{
    noun state;
    node->event = seed->event;
    STATUS_TRY(seed->state(seed->context, node->stack, &state));
    return node_start_kernel(node, state);
}

static enum status boot(struct node *node, const struct recovery_kernel *kernel, const struct recovery_seed *seed)
{
    STATUS_TRY(node_create_machine(node));
    STATUS_TRY(node_take_kernel(node, kernel));
    return seed != NULL ? load_seed(node, seed) : node_start_kernel(node, NOUN_NONE);
}

static enum status create_arena(struct node *node)
{
    static const uint8_t no_job[HASH_BLAKE3_SIZE_BYTES];
    char *path = recovery_path(node->directory, ARENA_FILE_NAME);
    enum status status = arena_create(path, NULL, node->kernel_hash);
    free(path);
    if (status != STATUS_OK)
        return status;
    STATUS_TRY(node_open_arena(node, ARENA_FILE_NAME, false));
    STATUS_TRY(arena_choose(node->arena, 0));
    STATUS_TRY(node_persist(node, kernel_core(node->kernel), node->event, no_job, NULL));
    return arena_sync(node->arena);
}

static enum status create_log(struct node *node)
{
    struct eventlog_identity identity = {
        .base_event = node->event,
        .base_state_hash = node->state_hash,
        .created_ms = os_wall_ms(),
    };
    memcpy(identity.identity, arena_identity(node->arena), sizeof identity.identity);
    memcpy(identity.kernel_hash, node->kernel_hash, sizeof identity.kernel_hash);
    char *path = recovery_path(node->directory, RECOVERY_LOG_NAME);
    enum status status = eventlog_create(path, &identity, NULL, &node->log);
    free(path);
    return status;
}

static enum status create_files(struct node *node, const struct recovery_kernel *kernel)
{
    bool is_created;
    enum status status = recovery_claim(node, &is_created);
    if (status == STATUS_OK)
        status = create_arena(node);
    if (status == STATUS_OK)
        status = recovery_kernel_keep(node, kernel, node->kernel_hash);
    if (status == STATUS_OK)
        status = create_log(node);
    if (status == STATUS_OK)
        status = recovery_mark(node);
    if (status == STATUS_OK)
        return STATUS_OK;
    eventlog_close(node->log);
    node->log = NULL;
    return recovery_unclaim(node, status, is_created);
}

enum status recovery_create(const char *directory, const struct recovery_kernel *kernel,
                            const struct recovery_seed *seed, const struct recovery_options *options, struct node **out)
{
    struct node *node;
    STATUS_TRY(node_create(directory, options, &node));
    enum status status = boot(node, kernel, seed);
    if (status == STATUS_OK)
        status = create_files(node, kernel);
    if (status == STATUS_OK)
        *out = node;
    else
        recovery_close(node);
    return status;
}

enum status recovery_open_memory(const struct recovery_kernel *kernel, const struct recovery_seed *seed,
                                 const struct recovery_options *options, struct node **out)
{
    struct node *node;
    STATUS_TRY(node_create(NULL, options, &node));
    enum status status = boot(node, kernel, seed);
    if (status == STATUS_OK)
        *out = node;
    else
        recovery_close(node);
    return status;
}
