/* Is everything in a machine directory what was once written there? */
#include <stdio.h>
#include <stdlib.h>

#include "recovery/private.h"

struct verification {
    const struct recovery_listener *listener;
    const struct recovery_verify_options *options;
    struct recovery_report *report;
    uint64_t paced_bytes;                  /* since go_on was asked last */
    bool is_silent;                        /* faults are only counted */
    char first[STATUS_MESSAGE_SIZE_BYTES]; /* the first fault */
};

static void fault(struct verification *verification, const char *text)
{
    if (verification->report->faults++ == 0)
        snprintf(verification->first, sizeof verification->first, "%s", text);
    if (verification->listener->warn != NULL && !verification->is_silent)
        verification->listener->warn(verification->listener->context, text);
}

/* A failure that is a finding is counted; any other ends the verification. */
static enum status found(struct verification *verification, enum status status)
{
    if (status != STATUS_CORRUPT && status != STATUS_FORMAT && status != STATUS_NOT_FOUND)
        return status;
    fault(verification, status_message());
    return STATUS_OK;
}

static void progress(const struct verification *verification, const char *label, uint64_t done, uint64_t total)
{
    if (verification->listener->progress != NULL)
        verification->listener->progress(verification->listener->context, label, done, total);
}

/* ---- the log ------------------------------------------------------------------------- */

/* May it go on, after so many bytes more? */
static bool may_go_on(const struct verification *verification, uint64_t bytes)
{
    const struct recovery_verify_options *options = verification->options;
    return options->go_on == NULL || options->go_on(options->context, bytes);
}

#define ROW_BYTES 512 /* a guess, for the pace */

static bool log_progress(void *context, uint64_t done, uint64_t total)
{
    progress(context, "verifying events", done, total);
    return may_go_on(context, 256 * ROW_BYTES);
}

static enum status verify_log(struct node *node, struct verification *verification)
{
    struct eventlog_size size;
    STATUS_TRY(found(verification, node_open_log(node, EVENTLOG_READ)));
    if (node->log == NULL || verification->options->is_arena_only)
        return STATUS_OK;
    STATUS_TRY(eventlog_size(node->log, &size));
    verification->report->log_rows = size.rows;
    verification->report->log_last = eventlog_last(node->log);
    return found(verification, verification->options->is_beside
                                   ? eventlog_verify_rows(node->log, log_progress, verification)
                                   : eventlog_verify(node->log, log_progress, verification));
}

/* ---- the arena ----------------------------------------------------------------------- */

/* Of what is counted in bytes, `done` of them since a new total was begun. */
static bool bytes_progress(struct verification *verification, const char *label, uint64_t done, uint64_t total)
{
    uint64_t before = verification->paced_bytes < done ? verification->paced_bytes : 0;
    progress(verification, label, done, total);
    verification->paced_bytes = done;
    return may_go_on(verification, done - before);
}

static bool arena_progress(void *context, uint64_t done, uint64_t total)
{
    return bytes_progress(context, "verifying bytes of the arena", done, total);
}

static void arena_fault(void *context, const char *text)
{
    fault(context, text);
}

static enum status verify_arena(struct node *node, struct verification *verification)
{
    STATUS_TRY(found(verification, node_open_arena(node, ARENA_FILE_NAME, true)));
    if (node->arena == NULL)
        return STATUS_OK;
    const struct arena_verify_options options = {
        .progress = arena_progress, .fault = arena_fault, .context = verification};
    enum status status = arena_verify(node->arena, &options, &verification->report->arena);
    /* Its faults have been counted one by one. */
    return status == STATUS_CORRUPT ? STATUS_OK : status;
}

/* ---- both ------------------------------------------------------------------------------ */

static enum status verify_agreement(struct node *node, struct verification *verification)
{
    if (node->log == NULL || node->arena == NULL)
        return STATUS_OK;
    enum status status = node_choose_commit(node);
    if (status != STATUS_OK)
        return found(verification, status);
    size_t count;
    uint64_t newest_event = arena_commits(node->arena, &count)[0].event_number;
    const struct arena_commit *commit = arena_current(node->arena);
    if (newest_event > eventlog_last(node->log))
        verification->report->arena_ahead_events = newest_event - eventlog_last(node->log);
    verification->report->arena_event = commit->event_number;
    verification->report->state_hash = commit->state_hash;
    return STATUS_OK;
}

/* ---- beside a process that runs the machine -------------------------------------------------- */

#define CHECK_BYTES ((uint64_t)1 << 20)

static enum status verify_range(struct node *node, struct verification *verification, struct arena_range range,
                                uint64_t *done_bytes, uint64_t total_bytes)
{
    for (uint64_t at = range.start_bytes; at < range.end_bytes;) {
        uint64_t checked = at;
        enum status status = arena_range_check(node->arena, at, range.end_bytes, CHECK_BYTES, &checked);
        if (status != STATUS_OK)
            return found(verification, status); /* without a header there is no way to the next */
        *done_bytes += checked - at;
        at = checked;
        if (!arena_progress(verification, *done_bytes, total_bytes))
            return status_fail(STATUS_INTERRUPTED, "the verification was stopped");
    }
    return STATUS_OK;
}

static enum status verify_ranges(struct node *node, struct verification *verification, const struct arena_range *ranges,
                                 size_t count)
{
    const struct arena_commit *commit = arena_current(node->arena);
    const struct recovery_sweep_options options = {
        .progress = arena_progress, .fault = arena_fault, .context = verification};
    struct recovery_sweep_report swept;
    uint64_t total_bytes = 0, done_bytes = 0, faults = verification->report->faults;
    for (size_t i = 0; i < count; i++)
        total_bytes += ranges[i].end_bytes - ranges[i].start_bytes;
    for (size_t i = 0; i < count; i++)
        STATUS_TRY(verify_range(node, verification, ranges[i], &done_bytes, total_bytes));
    verification->report->arena.appended_bytes = total_bytes;
    /* Bytes that are not as they were written are no nouns to be looked at. */
    if (verification->report->faults > faults)
        return STATUS_OK;
    STATUS_TRY(recovery_sweep(commit, ranges, count, &options, &swept));
    verification->report->arena.cells = swept.cells;
    verification->report->arena.atoms = swept.atoms;
    return STATUS_OK;
}

/* The newest commit that the log knows, pinned, while others are written. */
static enum status verify_pinned(struct node *node, struct verification *verification)
{
    struct arena_range *ranges;
    size_t count;
    node->is_view = true;
    STATUS_TRY(found(verification, node_open_arena(node, ARENA_FILE_NAME, true)));
    STATUS_TRY(verify_log(node, verification));
    STATUS_TRY(verify_agreement(node, verification));
    if (node->arena == NULL || node->log == NULL || verification->report->faults > 0)
        return STATUS_OK;
    STATUS_TRY(arena_ranges(node->arena, arena_current(node->arena), &ranges, &count));
    enum status status = verify_ranges(node, verification, ranges, count);
    free(ranges);
    return status;
}

/* ---- sealed snapshots -------------------------------------------------------------------------- */

static bool snapshot_progress(void *context, uint64_t done, uint64_t total)
{
    return bytes_progress(context, "verifying bytes of snapshots", done, total);
}

static void snapshot_fault(void *context, const char *file_name, const char *text)
{
    (void)file_name;
    fault(context, text);
}

static enum status verify_snapshots_once(struct node *node, struct verification *verification)
{
    const struct snapshot_listener listener = {.context = verification, .progress = snapshot_progress};
    enum status status = snapshot_verify(node->directory, &listener, snapshot_fault, &verification->report->snapshots);
    return status == STATUS_CORRUPT ? STATUS_OK : status;
}

/* Beside a process one may be retired while it is read: what is missing then is
 * looked for again before it is a fault. */
static enum status verify_snapshots(struct node *node, struct verification *verification)
{
    uint64_t faults = verification->report->faults;
    verification->is_silent = verification->options->is_beside;
    enum status status = verify_snapshots_once(node, verification);
    verification->is_silent = false;
    if (!verification->options->is_beside || status != STATUS_OK || verification->report->faults == faults)
        return status;
    verification->report->faults = faults;
    return verify_snapshots_once(node, verification);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static enum status verify_all(struct node *node, struct verification *verification)
{
    if (verification->options->is_beside) {
        STATUS_TRY(verify_pinned(node, verification));
    } else {
        STATUS_TRY(recovery_lock_to_read(node->directory, &node->lock));
        STATUS_TRY(verify_log(node, verification));
        STATUS_TRY(verify_arena(node, verification));
        STATUS_TRY(verify_agreement(node, verification));
    }
    return verification->options->is_arena_only ? STATUS_OK : verify_snapshots(node, verification);
}

enum status recovery_verify(const char *directory, const struct recovery_listener *listener,
                            struct recovery_report *report)
{
    static const struct recovery_verify_options at_rest;
    return recovery_verify_with(directory, &at_rest, listener, report);
}

enum status recovery_verify_with(const char *directory, const struct recovery_verify_options *options,
                                 const struct recovery_listener *listener, struct recovery_report *report)
{
    struct node *node;
    struct verification verification = {.listener = listener, .options = options, .report = report};
    *report = (struct recovery_report){0};
    STATUS_TRY(recovery_check(directory));
    STATUS_TRY(node_create(directory, NULL, &node));
    enum status status = verify_all(node, &verification);
    recovery_close(node);
    if (status == STATUS_OK && report->faults > 0)
        return status_fail(STATUS_CORRUPT, "%s", verification.first);
    return status;
}
