/* Which of an arena's commits is to be believed?
 *
 * Newest first, a commit is taken if it is whole (the arena says so) and if the
 * log knows it: the row of its event has the same job and the same state.  That
 * ties arena and log together more tightly than any name could, and it leaves
 * out a commit that ran ahead of the log.
 */
#include <stdio.h>
#include <string.h>

#include "recovery/private.h"

/* A load at the commit's event left its state and kernel. */
static enum status is_load_known(struct node *node, const struct arena_commit *commit, bool *is_known)
{
    struct eventlog_load load;
    bool is_found = true;
    for (uint64_t index = 0; is_found && !*is_known; index++) {
        STATUS_TRY(eventlog_read_load(node->log, index, &load, &is_found));
        *is_known = is_found && load.boundary == commit->event_number && load.state_hash == commit->state_hash &&
                    memcmp(load.kernel_hash, commit->kernel_hash, sizeof load.kernel_hash) == 0 &&
                    !node_is_rewritten(node, commit->event_number, index + 1);
    }
    return STATUS_OK;
}

static bool is_base_known(struct node *node, const struct arena_commit *commit)
{
    const struct eventlog_identity *identity = eventlog_identity(node->log);
    return commit->roots[ARENA_ROOT_HOST] != 0 && commit->state_hash == identity->base_state_hash &&
           memcmp(commit->kernel_hash, identity->kernel_hash, sizeof identity->kernel_hash) == 0;
}

static enum status is_row_known(struct node *node, const struct arena_commit *commit, bool *is_known)
{
    struct eventlog_row row;
    if (node_is_rewritten(node, commit->event_number, 0))
        return STATUS_OK;
    STATUS_TRY(eventlog_read(node->log, commit->event_number, &row));
    *is_known =
        row.state_hash == commit->state_hash && memcmp(row.job_hash, commit->job_hash, sizeof row.job_hash) == 0;
    return STATUS_OK;
}

enum status node_is_known_to_log(struct node *node, const struct arena_commit *commit, bool *is_known)
{
    *is_known = false;
    uint64_t base = eventlog_identity(node->log)->base_event;
    if (commit->event_number < base || commit->event_number > eventlog_last(node->log))
        return STATUS_OK;
    if (commit->event_number == base)
        *is_known = is_base_known(node, commit);
    else
        STATUS_TRY(is_row_known(node, commit, is_known));
    return *is_known ? STATUS_OK : is_load_known(node, commit, is_known);
}

enum status node_choose_commit(struct node *node)
{
    size_t count;
    char reason[STATUS_MESSAGE_SIZE_BYTES] = "it has no whole commit";
    bool has_reason = false;
    for (size_t i = 0; (void)arena_commits(node->arena, &count), i < count; i++) {
        struct arena_commit commit = arena_commits(node->arena, &count)[i];
        bool is_known;
        STATUS_TRY(node_is_known_to_log(node, &commit, &is_known));
        enum status status = is_known ? arena_choose(node->arena, i) : STATUS_CORRUPT;
        if (status != STATUS_CORRUPT)
            return status;
        if (is_known && !has_reason)
            snprintf(reason, sizeof reason, "%s", status_message());
        else if (!has_reason)
            snprintf(reason, sizeof reason, "its commit at event %" PRIu64 " is not the log's event %" PRIu64,
                     commit.event_number, commit.event_number);
        has_reason = true;
    }
    return status_fail(STATUS_CORRUPT, "no commit of %s/%s can be used: %.700s", node->directory, ARENA_FILE_NAME,
                       reason);
}
