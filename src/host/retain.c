/* The thread that forgets the log's oldest rows while the machine runs.
 *
 * It has a handle of the log of its own, so that pruning costs an event at most
 * the wait for one small transaction; and it rests between two of those for
 * longer than they took.  It works when the policy of `run --keep` is due and
 * when somebody asks through the control channel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/companion.h"

#define INTERVAL_NS ((uint64_t)60 * 1000000000)
#define REST_MAX_NS ((uint64_t)200 * 1000000)
#define REST_SHARE 3 /* rest for so many times as long as a piece took */
#define FREE_SHARE 8 /* so much of the database may be free pages for new rows */

struct job {
    struct eventlog_retention policy;
    bool is_dry;
    struct host_call *call; /* NULL: the policy's own */
};

struct host_retention {
    struct host *host;
    struct host_driver driver;
    struct host_command command;
    struct eventlog_retention policy;
    bool has_policy;
    uint64_t piece_started_ns; /* the thread's */

    struct companion companion; /* its mutex guards what follows */
    struct job job;
    bool has_job, is_finished;
    enum status status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    struct recovery_prune report;
};

/* ---- the thread ------------------------------------------------------------------- */

static bool rest(void *context, uint64_t rows_done)
{
    struct host_retention *retention = context;
    (void)rows_done;
    uint64_t now_ns = os_clock_ns(), rest_ns = (now_ns - retention->piece_started_ns) * REST_SHARE;
    bool goes_on = companion_rest(&retention->companion, now_ns + (rest_ns < REST_MAX_NS ? rest_ns : REST_MAX_NS));
    retention->piece_started_ns = os_clock_ns();
    return goes_on;
}

static uint64_t free_pages_to_keep(struct eventlog *log, const struct job *job)
{
    struct eventlog_size size;
    if (job->call != NULL || eventlog_size(log, &size) != STATUS_OK)
        return 0;
    return size.database_bytes / FREE_SHARE;
}

static enum status prune(struct host_retention *retention, const struct job *job, struct recovery_prune *report)
{
    const struct node *node = retention->host->node;
    const struct eventlog_options options = {.is_beside_writer = true};
    struct eventlog *log;
    STATUS_TRY(eventlog_open(eventlog_path(node->log), EVENTLOG_WRITE, &options, &log));
    enum status status = recovery_prune_plan(node->directory, log, &job->policy, report);
    retention->piece_started_ns = os_clock_ns();
    if (status == STATUS_OK && !job->is_dry)
        status = recovery_prune(log, report, free_pages_to_keep(log, job), rest, retention);
    if (report->rows > 0 && !job->is_dry)
        atomic_store(&retention->host->log_base, eventlog_identity(log)->base_event);
    eventlog_close(log);
    return status;
}

/* Waits for something to do; false when it is time to end. */
static bool wait_for_job(struct host_retention *retention, struct job *job, uint64_t *due_ns)
{
    struct companion *companion = &retention->companion;
    os_mutex_lock(companion->worker.mutex);
    while (!companion->worker.is_stopping && (!retention->has_job || retention->is_finished) &&
           (!retention->has_policy || retention->has_job || os_clock_ns() < *due_ns)) {
        if (retention->has_policy)
            os_condition_wait_until(companion->worker.condition, companion->worker.mutex,
                                    os_clock_ns() + INTERVAL_NS / 60);
        else
            os_condition_wait(companion->worker.condition, companion->worker.mutex);
    }
    if (!retention->has_job) {
        retention->job = (struct job){.policy = retention->policy};
        retention->has_job = true;
        *due_ns = os_clock_ns() + INTERVAL_NS;
    }
    *job = retention->job;
    bool is_stopping = companion->worker.is_stopping;
    os_mutex_unlock(companion->worker.mutex);
    return !is_stopping;
}

static void finish(struct host_retention *retention, enum status status, const struct recovery_prune *report)
{
    os_mutex_lock(retention->companion.worker.mutex);
    retention->status = status;
    snprintf(retention->message, sizeof retention->message, "%s", status == STATUS_OK ? "" : status_message());
    retention->report = *report;
    retention->is_finished = true;
    os_mutex_unlock(retention->companion.worker.mutex);
    companion_tell(&retention->companion);
}

static void work(void *context)
{
    struct host_retention *retention = context;
    struct job job;
    uint64_t due_ns = 0;
    while (wait_for_job(retention, &job, &due_ns)) {
        struct recovery_prune report = {0};
        finish(retention, prune(retention, &job, &report), &report);
    }
}

/* ---- the loop ------------------------------------------------------------------------ */

/* Lines of a name and a number: recovery_prune's fields. */
static void answer(struct host_call *call, const struct recovery_prune *report)
{
    FILE *out = host_call_out(call);
    const uint64_t words[] = {report->base_before,    report->last,          report->wanted_through, report->has_epoch,
                              report->epoch_event,    report->through,       report->rows,           report->row_bytes,
                              report->returned_bytes, report->reusable_bytes};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        fprintf(out, "%" PRIu64 "\n", words[i]);
}

bool host_prune_answer_take(struct recovery_prune *report, size_t index, uint64_t word)
{
    uint64_t *const fields[] = {
        &report->base_before,    &report->last,          &report->wanted_through, NULL,
        &report->epoch_event,    &report->through,       &report->rows,           &report->row_bytes,
        &report->returned_bytes, &report->reusable_bytes};
    if (index >= COUNT_OF(fields))
        return false;
    if (fields[index] != NULL)
        *fields[index] = word;
    else
        report->has_epoch = word != 0;
    return true;
}

/* Takes what the thread has done; true if there was anything. */
static bool take_finished(struct host_retention *retention)
{
    os_mutex_lock(retention->companion.worker.mutex);
    bool is_finished = retention->is_finished;
    struct job job = retention->job;
    enum status status = retention->status;
    if (is_finished && status != STATUS_OK)
        (void)status_fail(status, "%s", retention->message);
    if (is_finished)
        retention->has_job = retention->is_finished = false;
    os_condition_signal(retention->companion.worker.condition);
    os_mutex_unlock(retention->companion.worker.mutex);
    if (!is_finished)
        return false;
    if (job.call == NULL && status != STATUS_OK && status != STATUS_INTERRUPTED && status != STATUS_BUSY)
        host_warn(retention->host, status_message());
    if (job.call != NULL) {
        if (status == STATUS_OK)
            answer(job.call, &retention->report);
        host_call_end(job.call, status);
    }
    return true;
}

static void on_done(uv_async_t *async)
{
    take_finished(async->data);
}

static void abandon(void *context, struct host_call *call)
{
    struct host_retention *retention = context;
    os_mutex_lock(retention->companion.worker.mutex);
    retention->job.call = NULL; /* what is under way ends by itself */
    os_mutex_unlock(retention->companion.worker.mutex);
    host_call_end(call, status_fail(STATUS_INTERRUPTED, "the machine was stopped meanwhile"));
}

/* prune KIND AMOUNT [dry] */
static void on_command(void *context, struct host *host, struct host_call *call)
{
    struct host_retention *retention = context;
    const char *kind = host_call_word(call, 1), *amount = host_call_word(call, 2);
    (void)host;
    if (kind == NULL || amount == NULL || strtoul(kind, NULL, 10) > EVENTLOG_KEEP_SIZE) {
        host_call_end(call, status_fail(STATUS_INVALID, "prune wants a kind of policy and an amount"));
        return;
    }
    os_mutex_lock(retention->companion.worker.mutex);
    bool is_busy = retention->has_job;
    if (!is_busy) {
        retention->job = (struct job){
            .policy = {.kind = (enum eventlog_retention_kind)strtoul(kind, NULL, 10),
                       .amount = strtoull(amount, NULL, 10)},
            .is_dry = host_call_word(call, 3) != NULL,
            .call = call,
        };
        retention->has_job = true;
        host_call_keep(call, abandon, retention);
        os_condition_signal(retention->companion.worker.condition);
    }
    os_mutex_unlock(retention->companion.worker.mutex);
    if (is_busy)
        host_call_end(call, status_fail(STATUS_BUSY, "the log is being pruned already: try again later"));
}

/* ---- its life --------------------------------------------------------------------------- */

static enum status on_start(struct host *host, void *context)
{
    struct host_retention *retention = context;
    return companion_start(&retention->companion, host_loop(host), work, on_done, retention);
}

static void on_finish(void *context)
{
    struct host_retention *retention = context;
    companion_stop(&retention->companion);
}

struct host_retention *host_retention_create(struct host *host, const struct eventlog_retention *policy)
{
    struct host_retention *retention = calloc(1, sizeof *retention);
    if (retention == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *retention);
    retention->host = host;
    retention->has_policy = policy != NULL;
    if (policy != NULL)
        retention->policy = *policy;
    companion_init(&retention->companion);
    retention->driver =
        (struct host_driver){.name = "retention", .context = retention, .start = on_start, .finish = on_finish};
    retention->command = (struct host_command){.name = "prune", .context = retention, .run = on_command};
    host_add_driver(host, &retention->driver);
    host_command_add(host, &retention->command);
    return retention;
}

void host_retention_destroy(struct host_retention *retention)
{
    if (retention == NULL)
        return;
    companion_finish(&retention->companion);
    free(retention);
}
