/* History again: the events of the log that the arena does not have.
 *
 * Rows are streamed, so memory is bounded by the largest; each is verified by
 * the log, run once (a replay invents no replacement), and persisted only if
 * its state has the hash that was recorded.  So the first divergence stops the
 * replay, with its number, and the arena holds nothing but true history.  An
 * event that an operator has put into quarantine is not even read (quarantine.c).
 *
 * Now and then the arena is flushed, so that a replay that is ended, by a kill or
 * a power cut, goes on from there.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "recovery/private.h"

#define FLUSH_EVERY_MS 2000

/* Where we are among the log's records of loads. */
struct loads {
    uint64_t next_index;
    struct eventlog_load next;
    bool has_next;
};

static uint64_t last_to_replay(const struct node *node)
{
    return node->replay_through_event != 0 ? node->replay_through_event : eventlog_last(node->log);
}

static const uint64_t *to_compare(const struct node *node, bool is_checked, const uint64_t *recorded)
{
    return is_checked && node->replay_watch == NULL ? recorded : NULL;
}

static enum status loads_advance(struct node *node, struct loads *loads)
{
    uint64_t event;
    do
        STATUS_TRY(eventlog_read_load(node->log, loads->next_index++, &loads->next, &loads->has_next));
    while (loads->has_next && eventlog_load_quarantines(&loads->next, &event));
    return STATUS_OK;
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

static enum status apply_load(struct node *node, const struct loads *loads)
{
    const struct eventlog_load *load = &loads->next;
    bool is_checked = !node_is_rewritten(node, node->event, loads->next_index);
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
    memcpy(job_hash, arena_current(node->arena)->job_hash, sizeof job_hash);
    if (memcmp(load->kernel_hash, node->kernel_hash, sizeof load->kernel_hash) != 0)
        STATUS_TRY(change_kernel(node, load->kernel_hash));
    STATUS_TRY(node_start_kernel(node, kernel_state(node->kernel)));
    node_origin_set(node, "start");
    STATUS_TRY(node_persist(node, kernel_core(node->kernel), node->event, job_hash,
                            to_compare(node, is_checked, &load->state_hash)));
    return node->replay_watch != NULL ? node->replay_watch->load(node->replay_watch->context, node, load) : STATUS_OK;
}

static enum status apply_loads(struct node *node, struct loads *loads)
{
    while (loads->has_next && loads->next.boundary == node->event) {
        STATUS_TRY(apply_load(node, loads));
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
    bool is_checked = !node_is_rewritten(node, row->event, 0);
    node_origin_set_job(node, event.job);
    STATUS_TRY(
        node_persist(node, event.core, row->event, row->job_hash, to_compare(node, is_checked, &row->state_hash)));
    return node->replay_watch != NULL ? node->replay_watch->row(node->replay_watch->context, node, row) : STATUS_OK;
}

static void report(const struct node *node, uint64_t first)
{
    if (node->options.listener.progress != NULL)
        node->options.listener.progress(node->options.listener.context, "replaying events", node->event - first,
                                        last_to_replay(node) - first);
}

static enum status missing(const struct node *node, uint64_t event)
{
    return status_fail(STATUS_CORRUPT, "event %" PRIu64 " is missing in %s: restore the log from a copy", event,
                       eventlog_path(node->log));
}

/* The next row that is to be run, or else the next event is in quarantine. */
static enum status next_row(struct node *node, struct eventlog_cursor *cursor, struct eventlog_row *row,
                            bool *is_skipped)
{
    bool is_found;
    uint64_t event = cursor->next_event;
    *is_skipped = node_is_quarantined(node, event);
    if (*is_skipped) {
        cursor->next_event++;
        return STATUS_OK;
    }
    STATUS_TRY(eventlog_cursor_next(cursor, row, &is_found));
    return is_found ? STATUS_OK : missing(node, event);
}

enum status node_check_rows(struct node *node, uint64_t event)
{
    struct eventlog_cursor cursor = eventlog_cursor(node->log, event + 1);
    while (cursor.next_event <= last_to_replay(node)) {
        struct eventlog_row row;
        bool is_skipped;
        STATUS_TRY(next_row(node, &cursor, &row, &is_skipped));
    }
    return STATUS_OK;
}

/* The state stays as it is. */
static enum status skip(struct node *node)
{
    static const uint8_t no_job[HASH_BLAKE3_SIZE_BYTES];
    node_quarantine_skipped(node, node->event + 1);
    return node_persist(node, kernel_core(node->kernel), node->event + 1, no_job, NULL);
}

static enum status flush_now_and_then(struct node *node, uint64_t *flushed_ns)
{
    if (os_clock_ns() - *flushed_ns < FLUSH_EVERY_MS * (uint64_t)1000000)
        return STATUS_OK;
    STATUS_TRY(arena_sync(node->arena));
    *flushed_ns = os_clock_ns();
    return STATUS_OK;
}

static enum status replay_rows(struct node *node, struct loads *loads)
{
    uint64_t first = node->event, flushed_ns = os_clock_ns();
    struct eventlog_cursor cursor = eventlog_cursor(node->log, first + 1);
    while (node->event < last_to_replay(node)) {
        struct eventlog_row row;
        bool is_skipped;
        STATUS_TRY(next_row(node, &cursor, &row, &is_skipped));
        STATUS_TRY(is_skipped ? skip(node) : apply_row(node, &row));
        node->events_replayed++;
        STATUS_TRY(apply_loads(node, loads));
        report(node, first);
        STATUS_TRY(flush_now_and_then(node, &flushed_ns));
    }
    return STATUS_OK;
}

enum status node_replay(struct node *node)
{
    struct loads loads;
    STATUS_TRY(node_check_rows(node, node->event));
    STATUS_TRY(loads_begin(node, &loads));
    STATUS_TRY(apply_loads(node, &loads));
    STATUS_TRY(replay_rows(node, &loads));
    return node->events_replayed == 0 ? STATUS_OK : arena_sync(node->arena);
}
