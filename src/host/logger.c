#include "host/logger.h"

#include <stdio.h>
#include <stdlib.h>

#include "host/private.h"
#include "os/os.h"

/* Memory that events in flight may hold, and how many a transaction takes. */
#define IN_FLIGHT_MAX 4096
#define IN_FLIGHT_MAX_BYTES ((size_t)64 << 20)
#define GROUP_MAX IN_FLIGHT_MAX

struct logger {
    struct logger_options options;
    struct os_worker worker;     /* told when there is work, or it is over; its mutex guards what follows */
    struct os_condition *done;   /* is_working has ended */
    struct record_list queue;    /* to be appended */
    struct record_list released; /* to be acknowledged */
    size_t in_flight;            /* queued or being appended */
    size_t in_flight_bytes;
    bool is_working;           /* somebody uses the log */
    struct eventlog_row *rows; /* whose these are; owned */
    bool is_warming_due;
    bool is_checkpoint_due;
    uint64_t written_event; /* the log has it */
    uint64_t durable_event; /* and has been flushed up to here */
    uint64_t flush_due_ns;  /* the next one, if the two differ */
    enum status status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
};

/* ---- appending: without the mutex, while is_working is this thread's ----------------- */

static enum status append_rows(struct logger *logger, const struct eventlog_row *rows, size_t count)
{
    enum status status = eventlog_append(logger->options.log, rows, count);
    if (status != STATUS_OK)
        return status_add_context(
            status, "event %" PRIu64 " could not be logged and was not accepted, and the machine stops", rows[0].event);
    if (logger->written_event == logger->durable_event)
        logger->flush_due_ns = os_clock_ns() + logger->options.durability.batch_ms * 1000000;
    logger->written_event = rows[count - 1].event;
    flusher_kick(logger->options.flusher);
    return STATUS_OK;
}

static void note_durable(struct logger *logger)
{
    logger->durable_event = logger->written_event;
    arena_boundary_set(logger->options.arena, logger->durable_event);
}

static bool is_flush_due(const struct logger *logger)
{
    const struct host_durability *durability = &logger->options.durability;
    if (durability->mode != HOST_DURABLE_BATCH || logger->durable_event == logger->written_event)
        return false;
    return logger->written_event - logger->durable_event >= durability->batch_events ||
           os_clock_ns() >= logger->flush_due_ns;
}

static enum status flush_if_due(struct logger *logger)
{
    if (logger->options.durability.mode == HOST_DURABLE_EVENT)
        note_durable(logger);
    if (!is_flush_due(logger))
        return STATUS_OK;
    enum status status = eventlog_flush(logger->options.log);
    if (status != STATUS_OK)
        return status_add_context(status, "events after %" PRIu64 " may be lost, and the machine stops",
                                  logger->durable_event);
    note_durable(logger);
    return STATUS_OK;
}

/* Records that were refused have no row; they only keep their place. */
static enum status append_list(struct logger *logger, const struct record_list *group)
{
    struct eventlog_row *rows = logger->rows;
    size_t count = 0;
    for (const struct record *record = group->first; record != NULL; record = record->next)
        if (record->row.event != 0)
            rows[count++] = record->row;
    if (count > 0)
        STATUS_TRY(append_rows(logger, rows, count));
    return flush_if_due(logger);
}

/* ---- under the mutex ------------------------------------------------------------------- */

static void fail(struct logger *logger, enum status status)
{
    if (logger->status != STATUS_OK)
        return;
    logger->status = status;
    snprintf(logger->message, sizeof logger->message, "%s", status_message());
}

static void begin_work(struct logger *logger)
{
    while (logger->is_working)
        os_condition_wait(logger->done, logger->worker.mutex);
    logger->is_working = true;
}

static void end_work(struct logger *logger)
{
    logger->is_working = false;
    os_condition_broadcast(logger->done);
}

static size_t bytes_of(const struct record *record)
{
    return sizeof *record + record->row.job_size_bytes + record->said_size_bytes;
}

static void note_checkpoint(struct logger *logger)
{
    logger->is_checkpoint_due = eventlog_checkpoint_is_due(logger->options.log, EVENTLOG_WAL_BYTES);
}

static void release(struct logger *logger, struct record_list *group)
{
    for (const struct record *record = group->first; record != NULL; record = record->next) {
        logger->in_flight--;
        logger->in_flight_bytes -= bytes_of(record);
    }
    record_list_move(group, SIZE_MAX, &logger->released);
    note_checkpoint(logger);
}

/* What is being taken ends with the newest commit of the arena but perhaps one,
 * since the owner cannot put a record meanwhile: it is sure to be in the ring. */
static void announce(struct logger *logger, const struct record_list *group)
{
    uint64_t last = 0;
    for (const struct record *record = group->first; record != NULL; record = record->next)
        last = record->row.event != 0 ? record->row.event : last;
    if (last != 0)
        arena_boundary_announce(logger->options.arena, last);
}

/* Appends what is queued.  Has the mutex, gives it up meanwhile. */
static void append_group(struct logger *logger)
{
    struct record_list group;
    record_list_init(&group);
    begin_work(logger);
    record_list_move(&logger->queue, GROUP_MAX, &group);
    announce(logger, &group);
    os_mutex_unlock(logger->worker.mutex);
    enum status status = append_list(logger, &group);
    os_mutex_lock(logger->worker.mutex);
    if (status == STATUS_OK)
        release(logger, &group);
    else
        fail(logger, status);
    record_list_destroy(&group); /* of a failure: nobody will ever hear of them */
    end_work(logger);
}

/* Once the rows are acknowledged nobody waits for this.  It flushes the WAL. */
static enum status checkpoint(struct logger *logger)
{
    STATUS_TRY(eventlog_checkpoint(logger->options.log, EVENTLOG_WAL_BYTES));
    STATUS_TRY(eventlog_flush(logger->options.log));
    note_durable(logger);
    return STATUS_OK;
}

static enum status warm(struct logger *logger)
{
    return eventlog_warm(logger->options.log);
}

static void do_alone(struct logger *logger, enum status (*work)(struct logger *logger))
{
    begin_work(logger);
    os_mutex_unlock(logger->worker.mutex);
    enum status status = work(logger);
    os_mutex_lock(logger->worker.mutex);
    if (status != STATUS_OK)
        fail(logger, status);
    end_work(logger);
}

/* ---- the thread ------------------------------------------------------------------------- */

static bool has_failed(const struct logger *logger)
{
    return logger->status != STATUS_OK;
}

static bool is_timer_needed(const struct logger *logger)
{
    return logger->options.durability.mode == HOST_DURABLE_BATCH && logger->durable_event != logger->written_event;
}

static void wait_for_work(struct logger *logger)
{
    if (logger->is_working) /* the owner's thread is appending */
        os_condition_wait(logger->done, logger->worker.mutex);
    else if (is_timer_needed(logger))
        os_condition_wait_until(logger->worker.condition, logger->worker.mutex, logger->flush_due_ns);
    else
        os_condition_wait(logger->worker.condition, logger->worker.mutex);
}

static void run(void *context)
{
    struct logger *logger = context;
    os_thread_raise_priority();
    os_mutex_lock(logger->worker.mutex);
    while (!has_failed(logger)) {
        if (logger->is_working) {
            wait_for_work(logger);
        } else if (logger->is_warming_due) {
            logger->is_warming_due = false;
            do_alone(logger, warm);
        } else if (logger->queue.first != NULL) {
            append_group(logger);
            logger->options.wake(logger->options.context);
        } else if (logger->worker.is_stopping) {
            break;
        } else if (logger->is_checkpoint_due) {
            logger->is_checkpoint_due = false;
            do_alone(logger, checkpoint);
        } else if (is_flush_due(logger)) {
            do_alone(logger, flush_if_due);
        } else {
            wait_for_work(logger);
        }
    }
    os_mutex_unlock(logger->worker.mutex);
}

enum status logger_start(const struct logger_options *options, struct logger **out)
{
    struct logger *logger = calloc(1, sizeof *logger);
    if (logger == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *logger);
    logger->options = *options;
    logger->rows = malloc(GROUP_MAX * sizeof *logger->rows);
    if (logger->rows == NULL)
        check_out_of_memory(__FILE__, __LINE__, GROUP_MAX * sizeof *logger->rows);
    os_worker_init(&logger->worker);
    logger->done = os_condition_create();
    record_list_init(&logger->queue);
    record_list_init(&logger->released);
    logger->written_event = logger->durable_event = eventlog_last(options->log);
    enum status status = eventlog_make_sound(options->log);
    if (status == STATUS_OK && options->durability.mode != HOST_DURABLE_EVENT)
        status = eventlog_relax(options->log);
    if (status == STATUS_OK)
        status = os_worker_start(&logger->worker, run, logger);
    if (status == STATUS_OK)
        *out = logger;
    else
        logger_stop(logger);
    return status;
}

void logger_stop(struct logger *logger)
{
    if (logger == NULL)
        return;
    os_worker_stop(&logger->worker);
    record_list_destroy(&logger->queue);
    record_list_destroy(&logger->released);
    os_condition_destroy(logger->done);
    os_worker_finish(&logger->worker);
    free(logger->rows);
    free(logger);
}

/* ---- the owner's side --------------------------------------------------------------------- */

bool logger_has_room(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    bool has_room = logger->in_flight < IN_FLIGHT_MAX && logger->in_flight_bytes < IN_FLIGHT_MAX_BYTES;
    os_mutex_unlock(logger->worker.mutex);
    return has_room;
}

bool logger_is_idle(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    bool is_idle = logger->in_flight == 0 && logger->released.first == NULL;
    os_mutex_unlock(logger->worker.mutex);
    return is_idle;
}

static void rouse(struct logger *logger)
{
    if (logger->is_working)
        return;
    if (logger->queue.first != NULL || logger->is_checkpoint_due || is_timer_needed(logger))
        os_condition_signal(logger->worker.condition);
}

void logger_put(struct logger *logger, struct record *record, bool at_once)
{
    os_mutex_lock(logger->worker.mutex);
    bool is_first = logger->in_flight == 0 && !logger->is_working && logger->status == STATUS_OK;
    bool was_empty = logger->queue.first == NULL;
    logger->in_flight++;
    logger->in_flight_bytes += bytes_of(record);
    record_list_add(&logger->queue, record);
    if (at_once && is_first)
        append_group(logger);
    if (was_empty)
        rouse(logger);
    os_mutex_unlock(logger->worker.mutex);
}

static enum status settle(struct logger *logger)
{
    while (logger->status == STATUS_OK && (logger->in_flight > 0 || logger->is_working))
        os_condition_wait(logger->done, logger->worker.mutex);
    return logger->status == STATUS_OK ? STATUS_OK : status_fail(logger->status, "%s", logger->message);
}

enum status logger_append(struct logger *logger, const struct record *record)
{
    os_mutex_lock(logger->worker.mutex);
    enum status status = settle(logger);
    if (status == STATUS_OK) {
        begin_work(logger);
        os_mutex_unlock(logger->worker.mutex);
        status = append_rows(logger, &record->row, 1);
        if (status == STATUS_OK)
            status = flush_if_due(logger);
        os_mutex_lock(logger->worker.mutex);
        if (status != STATUS_OK)
            fail(logger, status);
        else
            note_checkpoint(logger);
        end_work(logger);
        rouse(logger);
    }
    os_mutex_unlock(logger->worker.mutex);
    return status;
}

void logger_lend(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    begin_work(logger);
    os_mutex_unlock(logger->worker.mutex);
}

void logger_take_back(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    end_work(logger);
    rouse(logger);
    os_mutex_unlock(logger->worker.mutex);
}

void logger_warm(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    logger->is_warming_due = true;
    os_condition_signal(logger->worker.condition);
    os_mutex_unlock(logger->worker.mutex);
}

struct record *logger_take(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    struct record *first = logger->released.first;
    record_list_init(&logger->released);
    os_mutex_unlock(logger->worker.mutex);
    return first;
}

enum status logger_status(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    enum status status = logger->status;
    os_mutex_unlock(logger->worker.mutex);
    return status == STATUS_OK ? status : status_fail(status, "%s", logger->message);
}

enum status logger_settle(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    enum status status = settle(logger);
    os_mutex_unlock(logger->worker.mutex);
    return status;
}

uint64_t logger_durable_event(struct logger *logger)
{
    os_mutex_lock(logger->worker.mutex);
    while (logger->is_working)
        os_condition_wait(logger->done, logger->worker.mutex);
    uint64_t durable_event = logger->durable_event;
    os_mutex_unlock(logger->worker.mutex);
    return durable_event;
}
