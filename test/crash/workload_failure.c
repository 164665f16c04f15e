/* Failures, how the next process goes on from them, and power cuts after that. */
#include "steps.h"
#include "workloads.h"

#include <errno.h>

static enum status events_and_sync(const char *directory)
{
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    model_found(node->event, node->state_hash);
    enum status status = step_event(node, "%inc", true);
    if (status == STATUS_OK)
        status = arena_sync(node->arena);
    if (status == STATUS_OK)
        status = step_event(node, "%inc", true);
    recovery_close(node);
    return status;
}

/* The log's flush fails, the process stops, the next one goes on from what it
 * reads; but the device never got it. */
static enum status log_flush_failed(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = step_poke(host, "%inc");
    lying_disk_fail(1u << LYING_CALL_SYNC, 0, EIO, true);
    CHECK(step_poke(host, "%inc") == STATUS_IO);
    host_close(host);
    CHECK(lying_disk_pause() > 0);
    STATUS_TRY(status);
    return events_and_sync(directory);
}

static enum status arena_flush_failed(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = step_event(node, "%inc", true);
    if (status == STATUS_OK)
        status = step_event(node, "[%set 1 2 3]", true);
    lying_disk_fail(1u << LYING_CALL_SYNC, 0, EIO, false);
    CHECK(arena_sync(node->arena) == STATUS_IO);
    CHECK(lying_disk_pause() > 0);
    recovery_close(node);
    STATUS_TRY(status);
    return events_and_sync(directory);
}

static enum status copy_back_and_go_on(struct node *node)
{
    STATUS_TRY(eventlog_checkpoint(node->log, 0));
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(eventlog_checkpoint(node->log, 0));
    return step_event(node, "%inc", true);
}

/* The checkpoint's flush of the database fails. */
static enum status checkpoint_failed(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = step_event(node, "%inc", true);
    if (status == STATUS_OK)
        status = step_event(node, "%inc", true);
    lying_disk_fail(1u << LYING_CALL_SYNC, 1, EIO, false);
    CHECK(eventlog_checkpoint(node->log, 0) == STATUS_IO);
    CHECK(lying_disk_pause() > 0);
    recovery_close(node);
    STATUS_TRY(status);
    STATUS_TRY(step_open(directory, NULL, &node));
    status = copy_back_and_go_on(node);
    recovery_close(node);
    return status;
}

static enum status poke_full_disk(struct host *host)
{
    STATUS_TRY(step_poke(host, "%inc"));
    lying_disk_fail(1u << LYING_CALL_WRITE, 0, ENOSPC, false);
    STATUS_TRY(step_poke(host, "[%set 1 2 3]")); /* refused, and then accepted */
    CHECK(lying_disk_pause() > 0);
    step_wait_for_flush();
    return step_poke(host, "%inc");
}

static enum status disk_was_full(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = poke_full_disk(host);
    host_close(host);
    return status;
}

const struct workload workloads_failure[] = {
    {.name = "the log's flush failed", .run = log_flush_failed, .makes_faults = true},
    {.name = "the arena's flush failed", .run = arena_flush_failed, .makes_faults = true},
    {.name = "the checkpoint's flush failed", .run = checkpoint_failed, .makes_faults = true},
    {.name = "the disk was full", .run = disk_was_full, .makes_faults = true},
    {.name = NULL},
};
