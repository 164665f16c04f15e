/* History again: the events of the log that the arena does not have.
 *
 * Rows are streamed, so memory is bounded by the largest; each is verified by
 * the log, run once (a replay invents no replacement), and persisted only if
 * its state has the hash that was recorded.  So the first divergence stops the
 * replay, with its number, and the arena holds nothing but true history.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "recovery/private.h"

/* Where we are among the log's records of loads. */
struct loads {
    uint64_t next_index;
    struct eventlog_load next;
    bool has_next;
};

static enum status loads_advance(struct node *node, struct loads *loads)
{
    return eventlog_read_load(node->log, loads->next_index++, &loads->next, &loads->has_next);
}

static bool is_applied(const struct node *node, const struct eventlog_load *load)
{
    return load->boundary == node->event && load->state_hash == node->state_hash &&
           memcmp(load->kernel_hash, node->kernel_hash, sizeof load->kernel_hash) == 0;
}

/* Finds the first load that the node's commit has not seen: those of earlier
 * boundaries it has, and of its own boundary those up to the one whose kernel
 * and state it carries. */
static enum status loads_begin(struct node *node, struct loads *loads)
{
    uint64_t first = 0;
    *loads = (struct loads){0};
    STATUS_TRY(loads_advance(node, loads));
    while (loads->has_next && loads->next.boundary <= node->event) {
        if (loads->next.boundary < node->event || is_applied(node, &loads->next))
            first = loads->next_index;
        STATUS_TRY(loads_advance(node, loads));
    }
    loads->next_index = first;
    return loads_advance(node, loads);
}

static enum status change_kernel(struct node *node, const uint8_t hash[HASH_BLAKE3_SIZE_BYTES])
{
    uint8_t *bytes;
    size_t size_bytes;
    STATUS_TRY(recovery_kernel_read(node, hash, &bytes, &size_bytes));
    enum status status = node_take_kernel(node, &(struct recovery_kernel){bytes, size_bytes});
    free(bytes);
    return status;
}

static enum status apply_load(struct node *node, const struct eventlog_load *load)
{
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
    memcpy(job_hash, arena_current(node->arena)->job_hash, sizeof job_hash);
    if (memcmp(load->kernel_hash, node->kernel_hash, sizeof load->kernel_hash) != 0)
        STATUS_TRY(change_kernel(node, load->kernel_hash));
    STATUS_TRY(node_start_kernel(node, kernel_state(node->kernel)));
    return node_persist(node, kernel_core(node->kernel), node->event, job_hash, &load->state_hash);
}

static enum status apply_loads(struct node *node, struct loads *loads)
{
    while (loads->has_next && loads->next.boundary == node->event) {
        STATUS_TRY(apply_load(node, &loads->next));
        STATUS_TRY(loads_advance(node, loads));
    }
    return STATUS_OK;
}

static enum status crashed(const struct kernel_event *event, uint64_t number)
{
    char *goof = kernel_goof_text(&event->goof, 3);
    enum status status;
    if (event->cause == NOCK_FAILED)
        status = status_fail(STATUS_LIMIT, "event %" PRIu64 " cannot be run again within the limits it has now: %s",
                             number, goof);
    else
        status =
            status_fail(STATUS_DIVERGED, "event %" PRIu64 " crashes, but the log has it as accepted: %s", number, goof);
    free(goof);
    return status;
}

static enum status apply_row(struct node *node, const struct eventlog_row *row)
{
    noun job;
    STATUS_TRY(codec_cue(node->stack, row->job, row->job_size_bytes, NULL, &job));
    if (kernel_job_event(job) != row->event)
        return status_fail(STATUS_CORRUPT, "the job in row %" PRIu64 " of %s is another event's", row->event,
                           eventlog_path(node->log));
    struct kernel_event event;
    kernel_try(node->kernel, job, &event);
    if (event.outcome == KERNEL_CRASHED)
        return crashed(&event, row->event);
    return node_persist(node, event.core, row->event, row->job_hash, &row->state_hash);
}

static void report(const struct node *node, uint64_t first)
{
    if (node->options.listener.progress != NULL)
        node->options.listener.progress(node->options.listener.context, "replaying events", node->event - first,
                                        eventlog_last(node->log) - first);
}

static enum status missing(const struct node *node, uint64_t event)
{
    return status_fail(STATUS_CORRUPT, "event %" PRIu64 " is missing in %s: restore the log from a copy", event,
                       eventlog_path(node->log));
}

/* Reads everything that is to be replayed, so that a row that cannot be is
 * found before anything is written. */
static enum status check_rows(struct node *node)
{
    struct eventlog_cursor cursor = eventlog_cursor(node->log, node->event + 1);
    struct eventlog_row row;
    bool is_found = true;
    uint64_t event = node->event;
    while (event < eventlog_last(node->log)) {
        STATUS_TRY(eventlog_cursor_next(&cursor, &row, &is_found));
        if (!is_found)
            return missing(node, event + 1);
        event = row.event;
    }
    return STATUS_OK;
}

enum status node_replay(struct node *node)
{
    struct loads loads;
    STATUS_TRY(check_rows(node));
    STATUS_TRY(loads_begin(node, &loads));
    STATUS_TRY(apply_loads(node, &loads));
    uint64_t first = node->event;
    struct eventlog_cursor cursor = eventlog_cursor(node->log, first + 1);
    while (node->event < eventlog_last(node->log)) {
        struct eventlog_row row;
        bool is_found;
        STATUS_TRY(eventlog_cursor_next(&cursor, &row, &is_found));
        if (!is_found)
            return missing(node, node->event + 1);
        STATUS_TRY(apply_row(node, &row));
        node->events_replayed++;
        STATUS_TRY(apply_loads(node, &loads));
        report(node, first);
    }
    return node->events_replayed == 0 ? STATUS_OK : arena_sync(node->arena);
}
