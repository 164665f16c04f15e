/* How much of the log may go?
 *
 * A machine can be brought back from the epoch, the oldest sealed snapshot that is
 * whole, and the rows after it.  So whatever a policy wants, the log keeps every
 * row after the epoch, and without a snapshot all of them.
 */
#include <string.h>

#include "recovery/private.h"
#include "snapshot/snapshot.h"

/* What a policy asks to keep in a log of the machine's in `directory`. */
enum status recovery_prune_plan(const char *directory, struct eventlog *log, const struct eventlog_retention *retention,
                                struct recovery_prune *plan)
{
    *plan = (struct recovery_prune){.base_before = eventlog_identity(log)->base_event, .last = eventlog_last(log)};
    STATUS_TRY(eventlog_retention_through(log, retention, os_wall_ms(), &plan->wanted_through));
    STATUS_TRY(snapshot_epoch(directory, &plan->epoch_event, &plan->has_epoch));
    plan->through = plan->wanted_through;
    if (!plan->has_epoch)
        plan->through = plan->base_before;
    else if (plan->through > plan->epoch_event)
        plan->through = plan->epoch_event;
    if (plan->through > plan->last)
        plan->through = plan->last;
    if (plan->through < plan->base_before)
        plan->through = plan->base_before;
    return eventlog_rows_measure(log, plan->through, &plan->rows, &plan->row_bytes);
}

static enum status database_bytes(struct eventlog *log, uint64_t *size_bytes)
{
    struct eventlog_size size;
    STATUS_TRY(eventlog_size(log, &size));
    *size_bytes = size.database_bytes;
    return STATUS_OK;
}

enum status recovery_prune(struct eventlog *log, struct recovery_prune *plan, uint64_t keep_free_bytes,
                           bool (*pause)(void *context, uint64_t rows_done), void *context)
{
    uint64_t before_bytes, after_bytes;
    bool is_done = false;
    STATUS_TRY(database_bytes(log, &before_bytes));
    while (!is_done) {
        STATUS_TRY(eventlog_prune(log, plan->through, &is_done));
        if (pause != NULL && !pause(context, eventlog_identity(log)->base_event - plan->base_before))
            return status_fail(STATUS_INTERRUPTED, "pruning was stopped after event %" PRIu64,
                               eventlog_identity(log)->base_event);
    }
    is_done = plan->rows == 0 && keep_free_bytes != 0;
    while (!is_done) {
        STATUS_TRY(eventlog_give_back(log, keep_free_bytes, &is_done));
        if (pause != NULL && !pause(context, plan->rows))
            return status_fail(STATUS_INTERRUPTED, "giving space back was stopped");
    }
    STATUS_TRY(database_bytes(log, &after_bytes));
    STATUS_TRY(eventlog_free_bytes(log, &plan->reusable_bytes));
    plan->returned_bytes = before_bytes > after_bytes ? before_bytes - after_bytes : 0;
    return STATUS_OK;
}
