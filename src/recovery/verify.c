/* Is everything in a machine directory what was once written there? */
#include <stdio.h>

#include "recovery/private.h"

struct verification {
    const struct recovery_listener *listener;
    struct recovery_report *report;
    char first[STATUS_MESSAGE_SIZE_BYTES]; /* the first fault */
};

static void fault(struct verification *verification, const char *text)
{
    if (verification->report->faults++ == 0)
        snprintf(verification->first, sizeof verification->first, "%s", text);
    if (verification->listener->warn != NULL)
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

static bool log_progress(void *context, uint64_t done, uint64_t total)
{
    progress(context, "verifying events", done, total);
    return true;
}

static enum status verify_log(struct node *node, struct verification *verification)
{
    struct eventlog_size size;
    STATUS_TRY(found(verification, node_open_log(node, EVENTLOG_READ)));
    if (node->log == NULL)
        return STATUS_OK;
    STATUS_TRY(eventlog_size(node->log, &size));
    verification->report->log_rows = size.rows;
    verification->report->log_last = eventlog_last(node->log);
    return found(verification, eventlog_verify(node->log, log_progress, verification));
}

/* ---- the arena ----------------------------------------------------------------------- */

static bool arena_progress(void *context, uint64_t done, uint64_t total)
{
    progress(context, "verifying bytes of the arena", done, total);
    return true;
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
    const struct arena_commit *commit = arena_current(node->arena);
    verification->report->arena_event = commit->event_number;
    verification->report->state_hash = commit->state_hash;
    return STATUS_OK;
}

static enum status verify_all(struct node *node, struct verification *verification)
{
    STATUS_TRY(recovery_lock_to_read(node->directory, &node->lock));
    STATUS_TRY(verify_log(node, verification));
    STATUS_TRY(verify_arena(node, verification));
    return verify_agreement(node, verification);
}

enum status recovery_verify(const char *directory, const struct recovery_listener *listener,
                            struct recovery_report *report)
{
    struct node *node;
    struct verification verification = {.listener = listener, .report = report};
    *report = (struct recovery_report){0};
    STATUS_TRY(recovery_check(directory));
    STATUS_TRY(node_create(directory, NULL, &node));
    enum status status = verify_all(node, &verification);
    recovery_close(node);
    if (status == STATUS_OK && report->faults > 0)
        return status_fail(STATUS_CORRUPT, "%s", verification.first);
    return status;
}
