/* Kernels: from a jam to a core, and what every start does.
 *
 * A start kicks the trap and hands the state to the load arm.  Mostly that
 * gives the very core that the arena holds, and then nothing is written, so
 * that starting a machine again and again costs no space.  A load that changes
 * the state is written down in the log, because a replay must do the same at
 * the same place.
 */
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"

enum status node_take_kernel(struct node *node, const struct recovery_kernel *kernel)
{
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    noun trap;
    STATUS_TRY(kernel_cue(node->stack, kernel->bytes, kernel->size_bytes, &trap, hash));
    node->trap = trap;
    memcpy(node->kernel_hash, hash, sizeof hash);
    return STATUS_OK;
}

enum status node_start_kernel(struct node *node, noun state)
{
    struct kernel *kernel;
    nock_root_add(node->machine, &state);
    enum status status = kernel_boot(node->machine, node->trap, &kernel);
    if (status == STATUS_OK && state != NOUN_NONE) {
        status = kernel_load(kernel, state, NULL);
        if (status != STATUS_OK) {
            status =
                status_add_context(status, "the kernel's load arm refuses the state at event %" PRIu64, node->event);
            kernel_destroy(kernel);
        }
    }
    nock_root_remove(node->machine, &state);
    if (status != STATUS_OK)
        return status;
    kernel_destroy(node->kernel);
    node->kernel = kernel;
    return STATUS_OK;
}

enum status node_record_load(struct node *node)
{
    struct eventlog_load load = {
        .boundary = node->event,
        .state_hash = node->state_hash,
        .wall_ms = os_wall_ms(),
    };
    memcpy(load.kernel_hash, node->kernel_hash, sizeof load.kernel_hash);
    node->has_appended = true;
    return eventlog_append_load(node->log, &load);
}

/* The core that the start has made differs from the arena's. */
static enum status keep_start(struct node *node, bool is_upgrade)
{
    uint64_t old_hash = node->state_hash;
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
    memcpy(job_hash, arena_current(node->arena)->job_hash, sizeof job_hash);
    node_origin_set(node, is_upgrade ? "upgrade" : "start");
    STATUS_TRY(node_persist(node, kernel_core(node->kernel), node->event, job_hash, NULL));
    STATUS_TRY(arena_sync(node->arena));
    return is_upgrade || node->state_hash != old_hash ? node_record_load(node) : STATUS_OK;
}

/* Takes the new kernel into node->trap; false in *is_upgrade if it is the old one. */
static enum status take_upgrade(struct node *node, const struct recovery_kernel *upgrade, bool *is_upgrade)
{
    uint8_t old_hash[HASH_BLAKE3_SIZE_BYTES], new_hash[HASH_BLAKE3_SIZE_BYTES];
    *is_upgrade = false;
    if (upgrade == NULL || upgrade->bytes == NULL)
        return STATUS_OK;
    hash_blake3(upgrade->bytes, upgrade->size_bytes, new_hash);
    if (memcmp(new_hash, node->kernel_hash, sizeof new_hash) == 0)
        return STATUS_OK;
    memcpy(old_hash, node->kernel_hash, sizeof old_hash);
    STATUS_TRY(node_take_kernel(node, upgrade));
    *is_upgrade = true;
    node_warn(node, "kernel %s takes the place of kernel %s, with the state of event %" PRIu64,
              recovery_hash_text(new_hash), recovery_hash_text(old_hash), node->event);
    return STATUS_OK;
}

enum status node_restart(struct node *node, const struct recovery_kernel *upgrade)
{
    bool is_upgrade;
    STATUS_TRY(take_upgrade(node, upgrade, &is_upgrade));
    noun old_core = kernel_core(node->kernel);
    STATUS_TRY(node_start_kernel(node, kernel_state(node->kernel)));
    if (is_upgrade)
        STATUS_TRY(recovery_kernel_keep(node, upgrade, node->kernel_hash));
    else if (noun_equal(old_core, kernel_core(node->kernel))) {
        kernel_set_core(node->kernel, old_core);
        node_reset(node);
        return STATUS_OK;
    }
    return keep_start(node, is_upgrade);
}
