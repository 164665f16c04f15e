/* What a host knows about itself. */
#include <string.h>

#include "host/logger.h"
#include "host/private.h"

static enum status read_files(struct node *node, struct host_status *out)
{
    struct arena_statistics arena;
    struct eventlog_size log;
    arena_statistics(node->arena, &arena);
    STATUS_TRY(eventlog_size(node->log, &log));
    out->durable_event = node->is_view ? node->event : eventlog_last(node->log);
    out->event = node->is_view ? node->event : eventlog_last(node->log);
    out->state_hash = node->is_view ? node->state_hash : eventlog_last_state_hash(node->log);
    out->arena_file_bytes = arena.file_bytes;
    out->arena_used_bytes = arena.appended_bytes;
    out->arena_objects = arena.object_count;
    out->appended_bytes = arena.committed_bytes;
    out->log_base = eventlog_identity(node->log)->base_event;
    out->log_rows = log.rows;
    out->log_bytes = log.database_bytes + log.wal_bytes;
    return STATUS_OK;
}

enum status host_status_read(struct host *host, struct host_status *out)
{
    struct node *node = host->node;
    enum status settled = commit_settle(host);
    (void)settled; /* a failure has ended what was in flight, too, and is told by the next event */
    *out = (struct host_status){
        .event = node->event,
        .state_hash = node->state_hash,
        .boot_ns = host->boot_ns,
        .events_replayed = node->events_replayed,
        .events = host->events,
        .events_crashed = host->events_crashed,
        .evaluation_ns = host->evaluation_ns,
        .stack_peak_bytes = node->stack->statistics.peak_bytes,
    };
    memcpy(out->kernel_hash, node->kernel_hash, sizeof out->kernel_hash);
    if (node->arena == NULL)
        return STATUS_OK;
    if (host->logger != NULL)
        logger_lend(host->logger);
    enum status status = read_files(node, out);
    if (host->logger != NULL)
        logger_take_back(host->logger);
    STATUS_TRY(status);
    out->appended_bytes -= host->appended_at_boot_bytes;
    if (host->logger != NULL)
        out->durable_event = logger_durable_event(host->logger);
    return STATUS_OK;
}

enum status host_is_running(const char *directory, bool *is_running)
{
    return recovery_is_running(directory, is_running);
}
