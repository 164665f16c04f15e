/* The thread that seals snapshots while the machine runs.
 *
 * A snapshot is due when replaying what came after the last one would take as long
 * as an operator is willing to wait: the log knows how long each event took.  It
 * is also made when somebody asks through the control channel.
 *
 * The loop's thread only pins the newest commit, which costs nothing; the copying
 * rests after each step for as long as the step took, so that events share the
 * disk at no worse than half.  What is sealed is in the log: the thread waits
 * until it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/logger.h"
#include "host/private.h"

#define LOOK_EVERY_MS 500
#define REST_MAX_NS ((uint64_t)50 * 1000000)
#define LOG_PATIENCE_MS 30000
#define RETRY_NS ((uint64_t)60 * 1000000000)

struct host_sealing {
    struct host *host;
    struct host_driver driver;
    struct host_command command;
    uint64_t budget_ns; /* UINT64_MAX: none */
    uv_async_t done;
    uv_timer_t look;
    struct os_thread *thread;
    bool is_started;

    /* The loop's, unless a thread is at work. */
    struct recovery_pinned pinned;
    bool moves_epoch;
    struct host_call *call;   /* who asked; NULL: nobody, or gone */
    uint64_t counted_ns;      /* host->evaluation_ns when the last one was pinned */
    uint64_t backlog_ns;      /* what the log had after the newest snapshot at the start */
    uint64_t not_before_ns;   /* after a failure */
    uint64_t step_started_ns; /* the thread's */
    struct snapshot_report report;
    enum status status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    atomic_bool is_stopping;
};

/* ---- the thread ---------------------------------------------------------------------- */

/* Between two steps. */
static bool rest(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    struct host_sealing *sealing = context;
    (void)done_bytes, (void)total_bytes;
    uint64_t took_ns = os_clock_ns() - sealing->step_started_ns;
    os_sleep_ms((took_ns < REST_MAX_NS ? took_ns : REST_MAX_NS) / 1000000 + 1);
    sealing->step_started_ns = os_clock_ns();
    return !atomic_load(&sealing->is_stopping);
}

/* A commit may be pinned before its event's row is durable. */
static enum status wait_for_log(struct host_sealing *sealing)
{
    const struct node *node = sealing->pinned.node;
    uint64_t event = sealing->pinned.commit.event_number, deadline_ns = os_clock_ns() + LOG_PATIENCE_MS * 1000000ull;
    struct eventlog *log;
    STATUS_TRY(eventlog_open(eventlog_path(node->log), EVENTLOG_READ, NULL, &log));
    enum status status = STATUS_OK;
    while (status == STATUS_OK && eventlog_last(log) < event) {
        if (atomic_load(&sealing->is_stopping) || os_clock_ns() > deadline_ns)
            status =
                status_fail(STATUS_INTERRUPTED, "event %" PRIu64 " did not become durable in time to be sealed", event);
        else
            os_sleep_ms(1);
        if (status == STATUS_OK)
            status = eventlog_refresh(log);
    }
    eventlog_close(log);
    return status;
}

static void work(void *context)
{
    struct host_sealing *sealing = context;
    const struct snapshot_listener listener = {.context = sealing, .progress = rest};
    sealing->step_started_ns = os_clock_ns();
    sealing->status = wait_for_log(sealing);
    if (sealing->status == STATUS_OK)
        sealing->status = node_seal(&sealing->pinned, sealing->moves_epoch, &listener, &sealing->report);
    if (sealing->status != STATUS_OK)
        snprintf(sealing->message, sizeof sealing->message, "%s", status_message());
    uv_async_send(&sealing->done);
}

/* ---- the loop ------------------------------------------------------------------------- */

static enum status begin(struct host_sealing *sealing, bool moves_epoch)
{
    CHECK(sealing->thread == NULL);
    STATUS_TRY(node_pin(sealing->host->node, &sealing->pinned));
    sealing->moves_epoch = moves_epoch;
    enum status status = os_thread_start(work, sealing, &sealing->thread);
    if (status != STATUS_OK)
        node_unpin(&sealing->pinned);
    else
        sealing->counted_ns = sealing->host->evaluation_ns;
    return status;
}

static void answer(struct host_call *call, const struct snapshot_report *report)
{
    fprintf(host_call_out(call), "%s\n", report->name);
    const uint64_t words[] = {report->event,  report->state_hash,     report->total_bytes, report->written_bytes,
                              report->pieces, report->pieces_written, report->is_old};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        fprintf(host_call_out(call), "%" PRIu64 "\n", words[i]);
}

bool host_seal_answer_take(struct snapshot_report *report, size_t index, const char *line)
{
    uint64_t *const fields[] = {&report->event,         &report->state_hash, &report->total_bytes,
                                &report->written_bytes, &report->pieces,     &report->pieces_written};
    if (index == 0)
        snprintf(report->name, sizeof report->name, "%s", line);
    else if (index <= COUNT_OF(fields))
        *fields[index - 1] = strtoull(line, NULL, 10);
    else
        report->is_old = strtoull(line, NULL, 10) != 0;
    return index <= COUNT_OF(fields) + 1;
}

static void tell(struct host_sealing *sealing)
{
    struct host_call *call = sealing->call;
    sealing->call = NULL;
    if (sealing->status != STATUS_OK)
        (void)status_fail(sealing->status, "%s", sealing->message);
    if (call == NULL) {
        if (sealing->status != STATUS_OK && sealing->status != STATUS_INTERRUPTED)
            host_warn(sealing->host, status_message());
        return;
    }
    if (sealing->status == STATUS_OK)
        answer(call, &sealing->report);
    host_call_end(call, sealing->status);
}

/* The thread has ended, or is about to. */
static void finish_work(struct host_sealing *sealing)
{
    os_thread_join(sealing->thread);
    sealing->thread = NULL;
    node_unpin(&sealing->pinned);
    if (sealing->status == STATUS_OK)
        sealing->backlog_ns = 0;
    else
        sealing->not_before_ns = os_clock_ns() + RETRY_NS;
    tell(sealing);
}

static void on_done(uv_async_t *async)
{
    struct host_sealing *sealing = async->data;
    if (sealing->thread != NULL)
        finish_work(sealing);
}

static bool is_due(const struct host_sealing *sealing)
{
    uint64_t replay_ns = sealing->backlog_ns + sealing->host->evaluation_ns - sealing->counted_ns;
    return sealing->budget_ns != UINT64_MAX && replay_ns >= sealing->budget_ns &&
           os_clock_ns() >= sealing->not_before_ns;
}

static void on_look(uv_timer_t *timer)
{
    struct host_sealing *sealing = timer->data;
    if (sealing->thread == NULL && is_due(sealing) && begin(sealing, false) != STATUS_OK) {
        host_warn(sealing->host, status_message());
        sealing->not_before_ns = os_clock_ns() + RETRY_NS;
    }
}

static void abandon(void *context, struct host_call *call)
{
    struct host_sealing *sealing = context;
    sealing->call = NULL; /* what is under way ends by itself */
    host_call_end(call, status_fail(STATUS_INTERRUPTED, "the machine was stopped meanwhile"));
}

/* seal [epoch] */
static void on_command(void *context, struct host *host, struct host_call *call)
{
    struct host_sealing *sealing = context;
    (void)host;
    enum status status = STATUS_OK;
    if (sealing->thread != NULL)
        status = status_fail(STATUS_BUSY, "a snapshot is being sealed already: try again later");
    else
        status = begin(sealing, host_call_word(call, 1) != NULL);
    if (status != STATUS_OK) {
        host_call_end(call, status);
        return;
    }
    sealing->call = call;
    host_call_keep(call, abandon, sealing);
}

/* ---- its life ---------------------------------------------------------------------------- */

/* How long the events after the newest snapshot have taken. */
static enum status count_backlog(struct host_sealing *sealing)
{
    struct node *node = sealing->host->node;
    struct snapshot_list list;
    uint64_t evaluation_us;
    STATUS_TRY(snapshot_list(node->directory, &list));
    uint64_t event = list.count > 0 ? list.entries[0].event : 0;
    snapshot_list_finish(&list);
    logger_lend(sealing->host->logger);
    enum status status = eventlog_evaluation(node->log, event, &evaluation_us);
    logger_take_back(sealing->host->logger);
    STATUS_TRY(status);
    sealing->backlog_ns = evaluation_us * 1000;
    return STATUS_OK;
}

static enum status on_start(struct host *host, void *context)
{
    struct host_sealing *sealing = context;
    STATUS_TRY(count_backlog(sealing));
    CHECK(uv_async_init(host_loop(host), &sealing->done, on_done) == 0);
    CHECK(uv_timer_init(host_loop(host), &sealing->look) == 0);
    sealing->done.data = sealing->look.data = sealing;
    CHECK(uv_timer_start(&sealing->look, on_look, LOOK_EVERY_MS, LOOK_EVERY_MS) == 0);
    uv_unref((uv_handle_t *)&sealing->done);
    uv_unref((uv_handle_t *)&sealing->look);
    sealing->is_started = true;
    return STATUS_OK;
}

static void on_finish(void *context)
{
    struct host_sealing *sealing = context;
    if (!sealing->is_started)
        return;
    atomic_store(&sealing->is_stopping, true);
    if (sealing->thread != NULL)
        finish_work(sealing);
    uv_close((uv_handle_t *)&sealing->done, NULL);
    uv_close((uv_handle_t *)&sealing->look, NULL);
    sealing->is_started = false;
}

struct host_sealing *host_sealing_create(struct host *host, uint64_t budget_ms)
{
    struct host_sealing *sealing = calloc(1, sizeof *sealing);
    if (sealing == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *sealing);
    sealing->host = host;
    sealing->budget_ns = budget_ms == 0 ? UINT64_MAX : budget_ms * 1000000;
    sealing->driver =
        (struct host_driver){.name = "sealing", .context = sealing, .start = on_start, .finish = on_finish};
    sealing->command = (struct host_command){.name = "seal", .context = sealing, .run = on_command};
    host_add_driver(host, &sealing->driver);
    host_command_add(host, &sealing->command);
    return sealing;
}

void host_sealing_destroy(struct host_sealing *sealing)
{
    free(sealing);
}
