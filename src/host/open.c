/* A host begins and ends. */
#include <stdio.h>
#include <stdlib.h>

#include "host/logger.h"
#include "host/private.h"
#include "import/import.h"
#include "snapshot/snapshot.h"

static void to_slog(void *context, uint64_t priority, noun tank)
{
    const struct host *host = context;
    if (host->options.listener.slog != NULL && !host->is_rehearsing)
        host->options.listener.slog(host->options.listener.context, priority, tank);
}

static void to_warn(void *context, const char *message)
{
    host_warn(context, message);
}

static void to_progress(void *context, const char *label, uint64_t done, uint64_t total)
{
    const struct host *host = context;
    if (host->options.listener.progress != NULL)
        host->options.listener.progress(host->options.listener.context, label, done, total);
}

void host_warn(const struct host *host, const char *message)
{
    if (host->options.listener.warn != NULL)
        host->options.listener.warn(host->options.listener.context, message);
}

void host_break(struct host *host, enum status status)
{
    host->broken = status;
    snprintf(host->broken_message, sizeof host->broken_message, "%s", status_message());
}

static struct host *host_new(const struct host_options *options)
{
    struct host *host = calloc(1, sizeof *host);
    if (host == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *host);
    if (options != NULL)
        host->options = *options;
    host->boot_ns = os_clock_ns();
    host->last = &host->first;
    return host;
}

static struct recovery_options node_options(struct host *host)
{
    return (struct recovery_options){
        .listener = {.context = host, .slog = to_slog, .warn = to_warn, .progress = to_progress},
        .memory_limit_bytes = host->options.memory_limit_bytes,
        .arena_limit_bytes = host->options.arena_limit_bytes,
        .depth_limit_bytes = host->options.depth_limit_bytes,
        .is_stack_backed = host->options.is_stack_backed,
        .is_interpreted = host->options.is_interpreted,
        .check_jets = host->options.check_jets,
        .quarantine_event = host->options.quarantine_event,
    };
}

static uint64_t appended_bytes(const struct host *host)
{
    if (host->node->arena == NULL)
        return 0;
    struct arena_statistics statistics;
    arena_statistics(host->node->arena, &statistics);
    return statistics.committed_bytes;
}

/* A look is over soon; an event may take its time, and is not to be disturbed for nothing. */
#define VIEW_PATIENCE_MS 5000
#define EVENT_PATIENCE_MS 30000

static enum status start_doubt(struct host *host)
{
    bool is_view = host->node->is_view;
    uint64_t patience_ms = host->options.patience_ms;
    if (patience_ms == 0)
        patience_ms = is_view ? VIEW_PATIENCE_MS : EVENT_PATIENCE_MS;
    STATUS_TRY(doubt_start(host, patience_ms, &host->doubt));
    if (is_view)
        doubt_arm(host->doubt); /* until it is closed */
    return STATUS_OK;
}

static enum status start_threads(struct host *host)
{
    STATUS_TRY(flusher_start(host->node->arena, &host->flusher));
    const struct logger_options options = {
        .log = host->node->log,
        .durability = host->options.durability,
        .arena = host->node->arena,
        .flusher = host->flusher,
        .wake = host_wake,
        .context = host,
    };
    return logger_start(&options, &host->logger);
}

/* The node is open, or `status` says why not. */
static enum status host_begin(struct host *host, enum status status, struct host **out)
{
    if (status == STATUS_OK && host->node->arena != NULL && !host->node->is_view)
        status = start_threads(host);
    if (status == STATUS_OK && host->node->arena != NULL)
        status = start_doubt(host);
    if (status == STATUS_OK && host->flusher != NULL)
        status = gc_start(host, &host->gc);
    if (status != STATUS_OK) {
        host_close(host);
        return status;
    }
    host->appended_at_boot_bytes = appended_bytes(host);
    host->boot_ns = os_clock_ns() - host->boot_ns;
    *out = host;
    return STATUS_OK;
}

/* ---- a state to begin with ------------------------------------------------------- */

static enum status seed_state(void *context, struct stack *stack, noun *state)
{
    return import_state(context, stack, state);
}

typedef enum status begin_fn(const char *directory, const struct recovery_kernel *kernel,
                             const struct recovery_seed *seed, const struct recovery_options *options,
                             struct node **out);

static enum status begin_in_memory(const char *directory, const struct recovery_kernel *kernel,
                                   const struct recovery_seed *seed, const struct recovery_options *options,
                                   struct node **out)
{
    (void)directory;
    return recovery_open_memory(kernel, seed, options, out);
}

static void warn_of_other_kernel(const struct host *host, const char *state_path, const struct import_facts *facts,
                                 const struct host_kernel *kernel)
{
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    char message[STATUS_MESSAGE_SIZE_BYTES];
    hash_blake3(kernel->bytes, kernel->size_bytes, hash);
    if (memcmp(hash, facts->kernel_hash, sizeof hash) == 0)
        return;
    snprintf(message, sizeof message, "the state in %s comes from another kernel than the one that now loads it",
             state_path);
    host_warn(host, message);
}

static enum status begin_with(begin_fn *begin, const char *directory, const struct host_kernel *kernel,
                              const char *state_path, struct host *host)
{
    const struct recovery_options options = node_options(host);
    const struct recovery_kernel jam = {kernel->bytes, kernel->size_bytes};
    if (state_path == NULL)
        return begin(directory, &jam, NULL, &options, &host->node);
    struct import *import;
    STATUS_TRY(import_open(state_path, &import));
    warn_of_other_kernel(host, state_path, import_facts(import), kernel);
    const struct recovery_seed seed = {.event = import_facts(import)->event, .state = seed_state, .context = import};
    enum status status = begin(directory, &jam, &seed, &options, &host->node);
    import_close(import);
    return status;
}

/* ---- the four ways -------------------------------------------------------------------- */

/* Is it a stream of pieces, which goes into an arena as it is? */
static enum status is_stream(const char *path, bool *out)
{
    struct os_file *file;
    uint8_t first[8];
    *out = false;
    if (path == NULL || os_file_open(path, OS_OPEN_READ, &file) != STATUS_OK)
        return STATUS_OK; /* whoever opens it next says why not */
    *out = os_file_read(file, 0, first, sizeof first) == STATUS_OK && snapshot_stream_recognizes(first, sizeof first);
    os_file_close(file);
    return STATUS_OK;
}

/* If the file is a state at all. */
static enum status refuse_without_kernel(const char *path)
{
    struct import *import;
    STATUS_TRY(import_open(path, &import));
    import_close(import);
    return status_fail(STATUS_INVALID, "a kernel must take the state in %s: name it with --kernel", path);
}

static enum status create_from_stream(const char *directory, const struct host_kernel *kernel, const char *path,
                                      struct host *host)
{
    const struct recovery_options options = node_options(host);
    const struct recovery_kernel jam = {kernel->bytes, kernel->size_bytes};
    struct snapshot_stream *stream;
    STATUS_TRY(snapshot_stream_open(path, &stream));
    enum status status = recovery_create_from_stream(directory, &jam, stream, &options, &host->node);
    snapshot_stream_close(stream);
    return status;
}

enum status host_create(const char *directory, const struct host_kernel *kernel, const char *state_path,
                        const struct host_options *options, struct host **out)
{
    struct host *host = host_new(options);
    bool from_stream;
    enum status status = is_stream(state_path, &from_stream);
    if (status == STATUS_OK && from_stream)
        status = create_from_stream(directory, kernel, state_path, host);
    else if (status == STATUS_OK && kernel->bytes == NULL)
        status = refuse_without_kernel(state_path);
    else if (status == STATUS_OK)
        status = begin_with(recovery_create, directory, kernel, state_path, host);
    return host_begin(host, status, out);
}

enum status host_open_memory(const struct host_kernel *kernel, const char *state_path,
                             const struct host_options *options, struct host **out)
{
    struct host *host = host_new(options);
    return host_begin(host, begin_with(begin_in_memory, NULL, kernel, state_path, host), out);
}

enum status host_open(const char *directory, const struct host_kernel *kernel, const struct host_options *options,
                      struct host **out)
{
    struct host *host = host_new(options);
    const struct recovery_options inner = node_options(host);
    struct recovery_kernel jam = {0};
    if (kernel != NULL)
        jam = (struct recovery_kernel){kernel->bytes, kernel->size_bytes};
    return host_begin(host, recovery_open(directory, &jam, &inner, &host->node), out);
}

enum status host_open_view(const char *directory, const struct host_options *options, struct host **out)
{
    struct host *host = host_new(options);
    const struct recovery_options inner = node_options(host);
    return host_begin(host, recovery_open_view(directory, &inner, &host->node), out);
}

/* ---- the end --------------------------------------------------------------------------- */

static void settle(struct host *host)
{
    node_uses_take(host->node);
    enum status status = arena_seal(host->node->arena);
    if (status == STATUS_OK)
        status = eventlog_settle(host->node->log);
    if (status != STATUS_OK)
        host_warn(host, status_message());
}

void host_close(struct host *host)
{
    if (host == NULL)
        return;
    gc_stop(host->gc);
    doubt_stop(host->doubt);
    bool is_healthy = host->flusher != NULL && host->broken == STATUS_OK && commit_settle(host) == STATUS_OK;
    logger_stop(host->logger);
    host_loop_finish(host);
    flusher_stop(host->flusher);
    if (is_healthy)
        settle(host);
    recovery_close(host->node);
    free(host);
}

struct stack *host_stack(struct host *host)
{
    node_enter(host->node);
    return host->node->stack;
}

struct nock *host_machine(struct host *host)
{
    return host->node->machine;
}

void host_reset(struct host *host)
{
    node_reset(host->node);
    gc_attend(host->gc);
}
