/* The order of one event.  This file alone decides it.
 *
 *   prepare   the host is well, and there is room on the disk: otherwise the
 *             event is refused, and nothing has happened
 *   evaluate  on the ephemeral stack; a crash is replaced by its notice
 *   encode    the job and the effects as bytes, while their nouns still live
 *   apply     the new state goes into the arena: readable, not yet durable, and
 *             believed by nobody while the log does not have its event
 *   append    the log row, durable when the call returns: the event is accepted
 *   release   the effects go to whoever waits for them; the arena's flush
 *             follows in the background
 *
 * Apply comes before append because only persistent nouns have the hashes of
 * which the row needs the state's.  Up to and with apply a failure refuses the
 * event.  If append fails the arena is ahead of the log: this process stops
 * there, and the next one takes an older commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "host/private.h"

#define WIRE_TEXT_MAX_BYTES 256

/* What an event is sure to find free before it is run: in the arena, for its
 * new objects, and on the disk, for the log and for what the arena grows by. */
#define ARENA_ROOM_BYTES ((uint64_t)1 << 20)
#define DISK_ROOM_BYTES ((uint64_t)16 << 20)

/* What an event leaves behind as bytes. */
struct record {
    uint8_t *job; /* owned */
    size_t job_size_bytes;
    uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES];
    uint8_t *said; /* owned: jam of [effects goof], or NULL if there is neither */
    size_t said_size_bytes;
    char wire[WIRE_TEXT_MAX_BYTES];
    uint64_t wall_ms;
    uint64_t evaluation_ns;
    enum eventlog_kind kind;
};

static void record_finish(struct record *record)
{
    free(record->job);
    free(record->said);
}

/* ---- prepare --------------------------------------------------------------------- */

static enum status check_well(struct host *host)
{
    if (host->broken == STATUS_OK && host->flusher != NULL) {
        host->broken = flusher_status(host->flusher);
        if (host->broken != STATUS_OK)
            snprintf(host->broken_message, sizeof host->broken_message, "%s", status_message());
    }
    if (host->broken != STATUS_OK)
        return status_fail(host->broken, "the machine has stopped: %.900s", host->broken_message);
    return STATUS_OK;
}

static enum status break_down(struct host *host, enum status status)
{
    host->broken = status;
    snprintf(host->broken_message, sizeof host->broken_message, "%s", status_message());
    return status;
}

static enum status check_disk(const struct node *node)
{
    uint64_t available_bytes;
    STATUS_TRY(os_space_available(node->directory, &available_bytes));
    if (available_bytes >= DISK_ROOM_BYTES)
        return STATUS_OK;
    return status_fail(STATUS_NO_SPACE,
                       "the disk of %s has %" PRIu64 " KiB left and an event needs %" PRIu64
                       " to be safe: free some space and try again",
                       node->directory, available_bytes >> 10, DISK_ROOM_BYTES >> 10);
}

static enum status prepare(struct node *node)
{
    if (node->arena == NULL)
        return STATUS_OK;
    STATUS_TRY(check_disk(node));
    return arena_reserve(node->arena, ARENA_ROOM_BYTES);
}

/* ---- evaluate -------------------------------------------------------------------- */

static enum status evaluate(struct host *host, noun wire, noun cause, struct kernel_event *event, struct record *record)
{
    struct node *node = host->node;
    uint64_t entropy, started_ns = os_clock_ns();
    os_random(&entropy, sizeof entropy);
    record->wall_ms = os_wall_ms();
    noun job = kernel_job(node->stack, node->event + 1, wire, entropy, record->wall_ms, cause);
    if (host->options.event_limit_ms != 0)
        nock_set_deadline(node->machine, started_ns + host->options.event_limit_ms * 1000000);
    kernel_try(node->kernel, job, event);
    if (event->outcome == KERNEL_CRASHED && host_is_interrupted(host))
        return status_fail(STATUS_INTERRUPTED, "stopped before event %" PRIu64 " was over", node->event + 1);
    if (event->outcome == KERNEL_CRASHED)
        kernel_replace(node->kernel, event);
    nock_set_deadline(node->machine, 0);
    record->evaluation_ns = os_clock_ns() - started_ns;
    return STATUS_OK;
}

/* Why there is no event, for status_message. */
static enum status explain_refusal(const struct kernel_goof *goof)
{
    char *text = kernel_goof_text(goof, 3);
    enum status status =
        status_fail(STATUS_CRASHED, "the kernel crashed, and again on the notice of its crash: %s", text);
    free(text);
    return status;
}

/* ---- encode ----------------------------------------------------------------------- */

static noun goof_noun(struct stack *stack, const struct kernel_event *event)
{
    if (!event->replaced)
        return NOUN_NONE;
    return stack_cell(stack, event->goof.mote, event->goof.tang);
}

static enum status encode_said(struct stack *stack, const struct kernel_event *event, struct record *record)
{
    if (event->effects == 0 && !event->replaced)
        return STATUS_OK;
    noun goof = event->replaced ? goof_noun(stack, event) : 0;
    return codec_jam(stack_cell(stack, event->effects, goof), &record->said, &record->said_size_bytes);
}

static enum status encode(struct node *node, const struct kernel_event *event, struct record *record)
{
    noun wire = kernel_job_wire(event->job);
    kernel_path_text(wire == NOUN_NONE ? 0 : wire, record->wire, sizeof record->wire);
    record->kind = event->replaced ? EVENTLOG_REPLACEMENT : EVENTLOG_POKE;
    STATUS_TRY(codec_jam(event->job, &record->job, &record->job_size_bytes));
    hash_blake3(record->job, record->job_size_bytes, record->job_hash);
    STATUS_TRY(eventlog_admits(node->log, strlen(record->wire), record->job_size_bytes));
    return encode_said(node->stack, event, record);
}

/* The effects again, in fresh ephemeral memory. */
static enum status decode(struct node *node, const struct record *record, struct host_event *out)
{
    out->effects = 0;
    out->goof = NOUN_NONE;
    if (record->said == NULL)
        return STATUS_OK;
    noun said;
    STATUS_TRY(codec_cue(node->stack, record->said, record->said_size_bytes, NULL, &said));
    out->effects = noun_head(said);
    if (record->kind == EVENTLOG_REPLACEMENT)
        out->goof = noun_tail(said);
    return STATUS_OK;
}

/* ---- append ------------------------------------------------------------------------ */

static enum status append(struct node *node, const struct record *record)
{
    struct eventlog_row row = {
        .event = node->event,
        .kind = record->kind,
        .wire = (const uint8_t *)record->wire,
        .wire_size_bytes = strlen(record->wire),
        .job = record->job,
        .job_size_bytes = record->job_size_bytes,
        .state_hash = node->state_hash,
        .evaluation_us = record->evaluation_ns / 1000,
        .wall_ms = record->wall_ms,
    };
    memcpy(row.job_hash, record->job_hash, sizeof row.job_hash);
    enum status status = eventlog_append(node->log, &row, 1);
    if (status == STATUS_OK)
        return status;
    return status_add_context(
        status, "event %" PRIu64 " could not be logged and was not accepted, and the machine stops", row.event);
}

/* ---- the order ----------------------------------------------------------------------- */

/* NO_SPACE, LIMIT and NO_MEMORY before the append refuse the event and leave
 * everything else as it was; anything else breaks the host. */
static enum status refuse_or_break(struct host *host, enum status status, struct host_event *out)
{
    if (status != STATUS_NO_SPACE && status != STATUS_LIMIT && status != STATUS_NO_MEMORY)
        return break_down(host, status);
    out->reason = status;
    return STATUS_OK;
}

static void count(struct host *host, struct host_event *out, const struct record *record)
{
    out->answer = record->kind == EVENTLOG_REPLACEMENT ? HOST_SWAPPED : HOST_ACCEPTED;
    out->number = host->node->event;
    out->evaluation_ns = record->evaluation_ns;
    host->events++;
    host->events_crashed += record->kind == EVENTLOG_REPLACEMENT;
    host->evaluation_ns += record->evaluation_ns;
}

static enum status accept_durably(struct host *host, const struct kernel_event *event, struct record *record,
                                  struct host_event *out)
{
    struct node *node = host->node;
    enum status status = encode(node, event, record);
    if (status == STATUS_OK)
        status = node_persist(node, event->core, node->event + 1, record->job_hash, NULL);
    if (status != STATUS_OK)
        return refuse_or_break(host, status, out);
    status = append(node, record);
    if (status != STATUS_OK)
        return break_down(host, status);
    arena_boundary_set(node->arena, node->event);
    flusher_kick(host->flusher);
    count(host, out, record);
    return decode(node, record, out);
}

static void accept_in_memory(struct host *host, const struct kernel_event *event, struct record *record,
                             struct host_event *out)
{
    record->kind = event->replaced ? EVENTLOG_REPLACEMENT : EVENTLOG_POKE;
    out->effects = event->effects;
    out->goof = goof_noun(host->node->stack, event);
    kernel_set_core(host->node->kernel, event->core);
    host->node->event++;
    count(host, out, record);
}

static enum status run(struct host *host, noun wire, noun cause, struct record *record, struct host_event *out)
{
    struct kernel_event event;
    STATUS_TRY(evaluate(host, wire, cause, &event, record));
    if (event.outcome == KERNEL_CRASHED) {
        out->goof = stack_cell(host->node->stack, event.goof.mote, event.goof.tang);
        out->reason = explain_refusal(&event.goof);
        return STATUS_OK;
    }
    if (host->node->arena != NULL)
        return accept_durably(host, &event, record, out);
    accept_in_memory(host, &event, record, out);
    return STATUS_OK;
}

enum status host_poke(struct host *host, noun wire, noun cause, struct host_event *event)
{
    node_enter(host->node);
    CHECK(!host->node->is_view);
    *event = (struct host_event){.answer = HOST_REFUSED, .goof = NOUN_NONE};
    STATUS_TRY(check_well(host));
    enum status status = prepare(host->node);
    if (status != STATUS_OK)
        return refuse_or_break(host, status, event);
    struct record record = {0};
    status = run(host, wire, cause, &record, event);
    record_finish(&record);
    if (status == STATUS_OK && host->flusher != NULL && event->answer != HOST_REFUSED) {
        status = eventlog_checkpoint(host->node->log, EVENTLOG_WAL_BYTES);
        if (status != STATUS_OK)
            return break_down(host, status);
    }
    return status;
}
