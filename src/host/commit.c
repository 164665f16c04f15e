/* The order of one event.  This file alone decides it.
 *
 *   prepare   the host is well, and there is room on the disk: otherwise the
 *             event is refused, and nothing has happened
 *   evaluate  on the ephemeral stack; a crash is replaced by its notice
 *   encode    the job and the effects as bytes, while their nouns still live
 *   apply     the new state goes into the arena: readable, not yet durable, and
 *             believed by nobody while the log does not have its event
 *   append    the log row, by the logger: the event is accepted when it is
 *             durable
 *   release   in the order of events: the acknowledgement, and the effects to
 *             whoever waits for them; the arena's flush follows in the background
 *
 * Apply comes before append because only persistent nouns have the hashes of
 * which the row needs the state's.  Up to and with apply a failure refuses the
 * event.
 *
 * Many events may be in flight between apply and release: while a flush is
 * under way the next ones are evaluated, upon a state that is not durable yet,
 * and their rows share the next flush.  So nothing that an event has done may
 * leave the machine before its release, not even a refusal or a peek that saw
 * its state: they wait as well.  If an append fails the arena is ahead of the
 * log by all that was in flight; none of it was acknowledged, this process
 * stops there, and the next one takes an older commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/logger.h"
#include "host/private.h"
#include "host/record.h"

/* What an event is sure to find free before it is run: in the arena, for its
 * new objects, and on the disk, for the log and for what the arena grows by. */
#define ARENA_ROOM_BYTES ((uint64_t)1 << 20)
#define DISK_ROOM_BYTES ((uint64_t)16 << 20)
#define DISK_LOOK_NS ((uint64_t)1000000)
#define LARGE_JOB_BYTES ((size_t)64 << 10)
#define REFUSAL_WARNING_NS ((uint64_t)10000000000)

/* ---- prepare --------------------------------------------------------------------- */

static enum status break_down(struct host *host, enum status status)
{
    host_break(host, status);
    return status;
}

static enum status check_well(struct host *host)
{
    enum status status = STATUS_OK;
    if (host->broken == STATUS_OK && host->logger != NULL)
        status = logger_status(host->logger);
    if (host->broken == STATUS_OK && status == STATUS_OK && host->flusher != NULL)
        status = flusher_status(host->flusher);
    if (status != STATUS_OK)
        return break_down(host, status);
    if (host->broken != STATUS_OK)
        return status_fail(host->broken, "the machine has stopped: %.900s", host->broken_message);
    return STATUS_OK;
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

/* Many events in a row need not each ask how much room there is. */
static enum status check_disk_now_and_then(struct host *host)
{
    uint64_t now_ns = os_clock_ns();
    if (now_ns < host->disk_look_ns)
        return STATUS_OK;
    STATUS_TRY(check_disk(host->node));
    host->disk_look_ns = now_ns + DISK_LOOK_NS;
    return STATUS_OK;
}

enum status commit_prepare(struct host *host)
{
    if (host->node->arena == NULL)
        return STATUS_OK;
    STATUS_TRY(check_disk_now_and_then(host));
    return arena_reserve(host->node->arena, ARENA_ROOM_BYTES);
}

/* ---- evaluate -------------------------------------------------------------------- */

/* A call of the system for each event would cost more than most events. */
static uint64_t take_entropy(struct host *host)
{
    if (host->entropy_left == 0) {
        os_random(host->entropy, sizeof host->entropy);
        host->entropy_left = COUNT_OF(host->entropy);
    }
    uint64_t word = host->entropy[--host->entropy_left];
    host->entropy[host->entropy_left] = 0; /* nobody finds it later */
    return word;
}

/* Which limit ended the run that has just failed; NULL: none of them. */
static const char *find_limit(const struct host *host, const struct kernel_event *event, uint64_t depth_failures)
{
    if (event->outcome != KERNEL_CRASHED || event->cause != NOCK_FAILED)
        return NULL;
    if (event->goof.mote == noun_cord("intr"))
        return host->options.event_limit_ms != 0 ? "event-timeout" : NULL;
    if (event->goof.mote != noun_cord("meme"))
        return NULL;
    bool is_too_deep = nock_statistics(host->node->machine)->depth_failures > depth_failures;
    return is_too_deep ? "max-stack" : "max-event-memory";
}

/* The job as it is, within the limits; then, if it crashed, its notice. */
static enum status evaluate(struct host *host, noun wire, noun cause, struct kernel_event *event, struct record *record)
{
    struct node *node = host->node;
    uint64_t started_ns = os_clock_ns(), depth_failures = nock_statistics(node->machine)->depth_failures;
    record->row.wall_ms = os_wall_ms();
    noun job = kernel_job(node->stack, node->event + 1, wire, take_entropy(host), record->row.wall_ms, cause);
    if (host->options.event_limit_ms != 0)
        nock_set_deadline(node->machine, started_ns + host->options.event_limit_ms * 1000000);
    doubt_arm(host->doubt);
    kernel_try(node->kernel, job, event);
    doubt_disarm(host->doubt);
    if (event->outcome == KERNEL_CRASHED && host_is_interrupted(host))
        return status_fail(STATUS_INTERRUPTED, "stopped before event %" PRIu64 " was over", node->event + 1);
    record->limit = find_limit(host, event, depth_failures);
    if (event->outcome == KERNEL_CRASHED)
        kernel_replace(node->kernel, event);
    nock_set_deadline(node->machine, 0);
    record->evaluation_ns = os_clock_ns() - started_ns;
    return STATUS_OK;
}

static void refuse_crashed(struct host *host, const struct kernel_goof *goof, struct record *record)
{
    char *text = kernel_goof_text(goof, 3);
    enum status reason =
        status_fail(STATUS_CRASHED, "the kernel crashed, and again on the notice of its crash: %s", text);
    if (record->limit != NULL)
        reason = status_add_context(reason, "the cause needs more than --%s allows", record->limit);
    free(text);
    record_refuse(record, host->node->stack, reason, stack_cell(host->node->stack, goof->mote, goof->tang));
}

/* ---- encode, apply ----------------------------------------------------------------- */

/* The arena's file may not grow by what the event needs. */
static enum status note_arena_limit(const struct host *host, enum status status, struct record *record)
{
    if (status == STATUS_LIMIT && host->options.arena_limit_bytes != 0)
        record->limit = "max-arena";
    return status;
}

static enum status apply(struct host *host, const struct kernel_event *event, struct record *record)
{
    struct node *node = host->node;
    STATUS_TRY(record_encode(node, event, record));
    node_origin_set_job(node, event->job);
    enum status status = node_persist(node, event->core, node->event + 1, record->row.job_hash, NULL);
    STATUS_TRY(note_arena_limit(host, status, record));
    record->row.event = node->event;
    record->row.state_hash = node->state_hash;
    return STATUS_OK;
}

/* NO_SPACE, LIMIT and NO_MEMORY before the append refuse the event and leave
 * everything else as it was; anything else breaks the host. */
static enum status refuse_or_break(struct host *host, enum status status, struct record *record)
{
    if (status != STATUS_NO_SPACE && status != STATUS_LIMIT && status != STATUS_NO_MEMORY)
        return break_down(host, status);
    record_refuse(record, host->node->stack, status, NOUN_NONE);
    return STATUS_OK;
}

/* Prepare to apply.  STATUS_OK: the record has an event to append, or says why not. */
static enum status take_in(struct host *host, noun wire, noun cause, struct record *record)
{
    struct kernel_event event;
    enum status status = commit_prepare(host);
    if (status != STATUS_OK)
        return refuse_or_break(host, note_arena_limit(host, status, record), record);
    STATUS_TRY(evaluate(host, wire, cause, &event, record));
    if (event.outcome == KERNEL_CRASHED) {
        refuse_crashed(host, &event.goof, record);
        return STATUS_OK;
    }
    record->is_barrier = host_has_barrier(host, event.effects);
    status = apply(host, &event, record);
    if (record->row.job_size_bytes >= LARGE_JOB_BYTES)
        host->disk_look_ns = 0;
    return status == STATUS_OK ? STATUS_OK : refuse_or_break(host, status, record);
}

/* ---- release ------------------------------------------------------------------------ */

static void count(struct host *host, const struct host_event *event)
{
    host->events += event->answer != HOST_REFUSED;
    host->events_crashed += event->answer == HOST_SWAPPED;
    host->evaluation_ns += event->answer != HOST_REFUSED ? event->evaluation_ns : 0;
}

/* Whoever submitted it may not look. */
static void warn_of_limit(const struct host *host, const struct host_event *event)
{
    char message[256];
    if (event->limit == NULL || event->answer != HOST_SWAPPED)
        return;
    snprintf(message, sizeof message,
             "a cause needed more than --%s allows and has failed; event %" PRIu64 " is the notice of that",
             event->limit, event->number);
    host_warn(host, message);
}

/* Likewise of what there was no room for; but a disk that is full refuses many. */
static void warn_of_refusal(struct host *host, const struct host_event *event)
{
    char message[STATUS_MESSAGE_SIZE_BYTES + 64];
    uint64_t now_ns = os_clock_ns();
    if (event->answer != HOST_REFUSED || event->reason == STATUS_CRASHED)
        return;
    host->refusals_untold++;
    if (now_ns < host->refusal_warning_ns)
        return;
    snprintf(message, sizeof message, "%" PRIu64 " %s refused, nothing has changed: %s", host->refusals_untold,
             plural(host->refusals_untold, "event", "events"), status_message());
    host_warn(host, message);
    host->refusals_untold = 0;
    host->refusal_warning_ns = now_ns + REFUSAL_WARNING_NS;
}

static enum status release(struct host *host, const struct record *record)
{
    struct host_event event;
    host_reset(host);
    STATUS_TRY(record_decode(host->node, record, &event));
    count(host, &event);
    warn_of_limit(host, &event);
    warn_of_refusal(host, &event);
    host_deliver(host, record->answered, record->context, &event);
    return STATUS_OK;
}

enum status commit_release(struct host *host)
{
    if (host->logger == NULL)
        return STATUS_OK;
    enum status status = STATUS_OK;
    for (struct record *record = logger_take(host->logger), *next; record != NULL; record = next) {
        next = record->next;
        if (record->is_barrier)
            host->is_barred = false;
        if (status == STATUS_OK)
            status = release(host, record);
        record_destroy(record);
    }
    return status == STATUS_OK ? check_well(host) : break_down(host, status);
}

/* ---- in memory, where nothing has to wait -------------------------------------------- */

static enum status poke_in_memory(struct host *host, noun wire, noun cause, struct host_event *out)
{
    struct kernel_event event;
    struct record record = {0};
    struct stack *stack = host->node->stack;
    STATUS_TRY(evaluate(host, wire, cause, &event, &record));
    *out = (struct host_event){.goof = NOUN_NONE, .limit = record.limit, .evaluation_ns = record.evaluation_ns};
    if (event.outcome == KERNEL_CRASHED || event.replaced)
        out->goof = stack_cell(stack, event.goof.mote, event.goof.tang);
    if (event.outcome == KERNEL_CRASHED) {
        refuse_crashed(host, &event.goof, &record);
        out->reason = record.reason;
        free(record.message);
        free(record.said);
        return STATUS_OK;
    }
    out->answer = event.replaced ? HOST_SWAPPED : HOST_ACCEPTED;
    out->effects = event.effects;
    kernel_set_core(host->node->kernel, event.core);
    out->number = ++host->node->event;
    count(host, out);
    return STATUS_OK;
}

/* ---- the door ------------------------------------------------------------------------- */

enum status host_poke(struct host *host, noun wire, noun cause, struct host_event *event)
{
    node_enter(host->node);
    CHECK(!host->node->is_view);
    *event = (struct host_event){.answer = HOST_REFUSED, .goof = NOUN_NONE};
    STATUS_TRY(check_well(host));
    if (host->logger == NULL)
        return poke_in_memory(host, wire, cause, event);
    struct record *record = record_new(NULL, NULL);
    enum status status = take_in(host, wire, cause, record);
    if (status == STATUS_OK && record->row.event != 0) {
        status = logger_append(host->logger, record);
        if (status != STATUS_OK)
            status = break_down(host, status);
    }
    if (status == STATUS_OK)
        status = record_decode(host->node, record, event);
    if (status == STATUS_OK)
        count(host, event);
    record_destroy(record);
    return status;
}

bool commit_has_room(struct host *host)
{
    return host->logger == NULL || (!host->is_barred && logger_has_room(host->logger));
}

bool commit_is_idle(struct host *host)
{
    return host->logger == NULL || logger_is_idle(host->logger);
}

enum status commit_settle(struct host *host)
{
    return host->logger == NULL ? STATUS_OK : logger_settle(host->logger);
}

static enum status submit_in_memory(struct host *host, noun wire, noun cause, host_answered_fn *answered, void *context)
{
    struct host_event event;
    STATUS_TRY(poke_in_memory(host, wire, cause, &event));
    host_deliver(host, answered, context, &event);
    return STATUS_OK;
}

enum status commit_submit(struct host *host, noun wire, noun cause, bool is_alone, host_answered_fn *answered,
                          void *context)
{
    STATUS_TRY(check_well(host));
    if (host->logger == NULL)
        return submit_in_memory(host, wire, cause, answered, context);
    struct record *record = record_new(answered, context);
    enum status status = take_in(host, wire, cause, record);
    if (status != STATUS_OK) {
        record_destroy(record);
        return status;
    }
    host->is_barred = record->is_barrier;
    logger_put(host->logger, record, is_alone);
    return STATUS_OK;
}
