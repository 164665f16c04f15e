/* Events that an operator has said are not to be run again.
 *
 * The log has a record of each such word.  What it recorded of later events, up
 * to its end at that time, is then another history's: their jobs are still run,
 * but their states cannot be compared.  What the state became at that end is
 * recorded as a load, so that every later replay must come to the same, and a
 * commit there can be believed.
 */
#include <stdlib.h>

#include "recovery/private.h"

struct quarantined {
    uint64_t event;
    uint64_t boundary;   /* the log's end when it was said */
    uint64_t load_index; /* of its record, from 1; UINT64_MAX: it is being said now */
};

struct recovery_quarantine {
    struct quarantined *events; /* owned */
    size_t count;
    bool has_skipped; /* the one that is being said now, in this replay */
};

static void add(struct node *node, struct quarantined quarantined)
{
    struct recovery_quarantine *quarantine = node->quarantine;
    if (quarantine == NULL)
        quarantine = node->quarantine = calloc(1, sizeof *quarantine);
    if (quarantine != NULL)
        quarantine->events = realloc(quarantine->events, (quarantine->count + 1) * sizeof quarantined);
    if (quarantine == NULL || quarantine->events == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof quarantined);
    quarantine->events[quarantine->count++] = quarantined;
}

static enum status take_word(struct node *node)
{
    uint64_t event = node->options.quarantine_event;
    if (event == 0 || node_is_quarantined(node, event))
        return STATUS_OK;
    if (event <= eventlog_identity(node->log)->base_event || event > eventlog_last(node->log))
        return status_fail(STATUS_INVALID,
                           "event %" PRIu64 " cannot be put into quarantine: the log has events %" PRIu64
                           " to %" PRIu64,
                           event, eventlog_identity(node->log)->base_event + 1, eventlog_last(node->log));
    add(node, (struct quarantined){event, eventlog_last(node->log), UINT64_MAX});
    return STATUS_OK;
}

enum status node_quarantine_read(struct node *node)
{
    struct eventlog_load load;
    bool is_found = true;
    for (uint64_t index = 0; is_found; index++) {
        uint64_t event;
        STATUS_TRY(eventlog_read_load(node->log, index, &load, &is_found));
        if (is_found && eventlog_load_quarantines(&load, &event))
            add(node, (struct quarantined){event, load.boundary, index + 1});
    }
    return take_word(node);
}

void node_quarantine_forget(struct node *node)
{
    if (node->quarantine != NULL)
        free(node->quarantine->events);
    free(node->quarantine);
    node->quarantine = NULL;
}

bool node_is_quarantined(const struct node *node, uint64_t event)
{
    for (size_t i = 0; node->quarantine != NULL && i < node->quarantine->count; i++)
        if (node->quarantine->events[i].event == event)
            return true;
    return false;
}

static bool is_pending(const struct quarantined *quarantined)
{
    return quarantined->load_index == UINT64_MAX;
}

void node_quarantine_skipped(struct node *node, uint64_t event)
{
    for (size_t i = 0; i < node->quarantine->count; i++)
        if (node->quarantine->events[i].event == event && is_pending(&node->quarantine->events[i]))
            node->quarantine->has_skipped = true;
    node_warn(node, "event %" PRIu64 " is in quarantine, by an operator's word: it is skipped", event);
}

/* What is being said now counts only from where the replay has skipped it: a
 * state beyond the event that is still there is true history. */
bool node_is_rewritten(const struct node *node, uint64_t event, uint64_t load_index)
{
    for (size_t i = 0; node->quarantine != NULL && i < node->quarantine->count; i++) {
        const struct quarantined *quarantined = &node->quarantine->events[i];
        if (is_pending(quarantined) && !node->quarantine->has_skipped)
            continue;
        if (event >= quarantined->event && event <= quarantined->boundary && quarantined->load_index > load_index)
            return true;
    }
    return false;
}

static enum status record_word(struct node *node)
{
    uint64_t event = node->options.quarantine_event;
    node->has_appended = true;
    STATUS_TRY(eventlog_append_quarantine(node->log, event, os_wall_ms()));
    node_warn(node, "the log has it now that event %" PRIu64 " is in quarantine", event);
    return STATUS_OK;
}

static bool has_pending(const struct recovery_quarantine *quarantine)
{
    for (size_t i = 0; i < quarantine->count; i++)
        if (is_pending(&quarantine->events[i]))
            return true;
    return false;
}

enum status node_quarantine_record(struct node *node)
{
    bool is_known;
    if (node->quarantine == NULL)
        return STATUS_OK;
    bool is_said_now = has_pending(node->quarantine);
    if (is_said_now && !node->quarantine->has_skipped)
        node_warn(node, "event %" PRIu64 " did not have to be run again, and is not put into quarantine",
                  node->options.quarantine_event);
    if (is_said_now && node->quarantine->has_skipped)
        STATUS_TRY(record_word(node));
    if (!node_is_rewritten(node, node->event, 0))
        return STATUS_OK;
    /* A start that was ended between the word and the state's record. */
    STATUS_TRY(node_is_known_to_log(node, arena_current(node->arena), &is_known));
    if (is_known && !is_said_now)
        return STATUS_OK;
    STATUS_TRY(node_record_load(node));
    node_quarantine_forget(node); /* what is in the log now is no longer being said */
    return node_quarantine_read(node);
}
