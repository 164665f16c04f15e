/* Making a machine.
 *
 * The kernel is booted in memory first: a file that is no kernel is refused
 * before anything touches the disk.  Then come the arena with the first state,
 * durable, the kernel's jam, the log, and last the mark that makes the
 * directory a machine.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
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
    node_origin_set(node, "boot");
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

/* The mark makes it a machine; after a failure nothing of it is left. */
static enum status mark_or_undo(struct node *node, enum status status, bool is_created)
{
    if (status == STATUS_OK)
        status = recovery_mark(node);
    if (status == STATUS_OK)
        return STATUS_OK;
    eventlog_close(node->log);
    node->log = NULL;
    return recovery_unclaim(node, status, is_created);
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
    return mark_or_undo(node, status, is_created);
}

/* The log does not lead to a state that came from elsewhere; so the machine is
 * sealed where it begins, and can come back from there if its arena is lost. */
static void seal_beginning(struct node *node)
{
    struct recovery_pinned pinned;
    struct snapshot_report report;
    enum status status = node_pin(node, &pinned);
    if (status == STATUS_OK) {
        status = node_seal(&pinned, false, NULL, &report);
        node_unpin(&pinned);
    }
    if (status != STATUS_OK)
        node_warn(node, "the beginning of the machine is not sealed, so keep the exported state: %s", status_message());
}

/* ---- from a stream of pieces -------------------------------------------------------- */

static bool on_restored(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    const struct recovery_listener *listener = context;
    if (listener->progress != NULL)
        listener->progress(listener->context, "importing bytes", done_bytes, total_bytes);
    return true;
}

static enum status import_arena(struct node *node, struct snapshot_stream *stream)
{
    const struct snapshot_listener listener = {.context = &node->options.listener, .progress = on_restored};
    char *path = recovery_path(node->directory, ARENA_FILE_NAME);
    enum status status = snapshot_stream_restore(stream, path, &listener);
    free(path);
    STATUS_TRY(status);
    STATUS_TRY(node_open_arena(node, ARENA_FILE_NAME, false));
    STATUS_TRY(arena_choose(node->arena, 0));
    if (arena_current(node->arena)->roots[ARENA_ROOT_HOST] == 0)
        return status_fail(STATUS_CORRUPT, "the exported state has no kernel in it: get another copy");
    return node_adopt_commit(node);
}

/* The kernel as it was booted is a root of the state; its jam has the kernel's hash. */
static enum status keep_kernel(struct node *node)
{
    struct recovery_kernel kernel;
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES], *jam;
    STATUS_TRY(codec_jam(node->trap, &jam, &kernel.size_bytes));
    kernel.bytes = jam;
    hash_blake3(jam, kernel.size_bytes, hash);
    enum status status = STATUS_OK;
    if (memcmp(hash, node->kernel_hash, sizeof hash) == 0)
        status = recovery_kernel_keep(node, &kernel, hash);
    else
        node_warn(node, "kernel %s was not jammed as loam would: keep its file", recovery_hash_text(node->kernel_hash));
    free(jam);
    return status;
}

static enum status import_files(struct node *node, const struct recovery_kernel *kernel, struct snapshot_stream *stream)
{
    bool is_created;
    enum status status = recovery_claim(node, &is_created);
    if (status == STATUS_OK)
        status = import_arena(node, stream);
    if (status == STATUS_OK)
        status = keep_kernel(node);
    if (status == STATUS_OK)
        status = create_log(node);
    if (status == STATUS_OK)
        status = node_restart(node, kernel);
    if (status == STATUS_OK)
        status = arena_sync(node->arena);
    return mark_or_undo(node, status, is_created);
}

enum status recovery_create_from_stream(const char *directory, const struct recovery_kernel *kernel,
                                        struct snapshot_stream *stream, const struct recovery_options *options,
                                        struct node **out)
{
    struct node *node;
    STATUS_TRY(node_create(directory, options, &node));
    enum status status = node_create_machine(node);
    if (status == STATUS_OK)
        status = import_files(node, kernel, stream);
    if (status != STATUS_OK) {
        recovery_close(node);
        return status;
    }
    seal_beginning(node);
    *out = node;
    return STATUS_OK;
}

/* ---- from a kernel -------------------------------------------------------------------- */

enum status recovery_create(const char *directory, const struct recovery_kernel *kernel,
                            const struct recovery_seed *seed, const struct recovery_options *options, struct node **out)
{
    struct node *node;
    STATUS_TRY(node_create(directory, options, &node));
    enum status status = boot(node, kernel, seed);
    if (status == STATUS_OK)
        status = create_files(node, kernel);
    if (status != STATUS_OK) {
        recovery_close(node);
        return status;
    }
    if (seed != NULL)
        seal_beginning(node);
    *out = node;
    return STATUS_OK;
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
