/* The event loop: one queue of pokes, one libuv loop for the world.
 *
 * A submitted poke is kept as bytes, because no ephemeral noun survives the
 * events before it.  Events are taken one at a time; between two of them what
 * has become durable is delivered and the world gets its turn.  A signal
 * interrupts the evaluation in hand, which was promised to nobody; what is in
 * flight then is waited for, one flush, and delivered.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "codec/codec.h"
#include "host/private.h"

struct submission {
    struct submission *next;
    uint8_t *jam; /* owned: of [wire cause] */
    size_t size_bytes;
    host_answered_fn *answered;
    void *context;
};

/* ---- signals -------------------------------------------------------------------- */

/* The host that the process' signals are for: one runs its loop at a time. */
static _Atomic(struct host *) running;
static atomic_int signals;

static void on_signal(int signal_number)
{
    if (atomic_fetch_add(&signals, 1) > 0)
        _exit(128 + signal_number);
    struct host *host = atomic_load(&running);
    if (host != NULL) {
        nock_interrupt(host->node->machine);
        uv_async_send(&host->wake);
    }
}

bool host_is_interrupted(const struct host *host)
{
    return atomic_load(&running) == host && os_signal_received() != 0;
}

/* ---- the queue -------------------------------------------------------------------- */

void host_submit(struct host *host, noun wire, noun cause, host_answered_fn *answered, void *context)
{
    struct submission *submission = calloc(1, sizeof *submission);
    if (submission == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *submission);
    noun both = stack_cell(host_stack(host), wire, cause);
    if (codec_jam(both, &submission->jam, &submission->size_bytes) != STATUS_OK)
        check_out_of_memory(__FILE__, __LINE__, 0);
    submission->answered = answered;
    submission->context = context;
    *host->last = submission;
    host->last = &submission->next;
}

static struct submission *take(struct host *host)
{
    struct submission *submission = host->first;
    host->first = submission->next;
    if (host->first == NULL)
        host->last = &host->first;
    return submission;
}

static void submission_destroy(struct submission *submission)
{
    free(submission->jam);
    free(submission);
}

/* ---- one event ---------------------------------------------------------------------- */

static void broadcast(struct host *host, noun effects)
{
    noun effect;
    while (kernel_effect_next(&effects, &effect))
        for (size_t i = 0; i < host->driver_count; i++)
            if (host->drivers[i]->effect != NULL)
                host->drivers[i]->effect(host, host->drivers[i]->context, effect);
}

void host_deliver(struct host *host, host_answered_fn *answered, void *context, const struct host_event *event)
{
    if (answered != NULL)
        answered(context, host, event);
    broadcast(host, event->effects);
}

static bool is_barrier(const struct host *host, noun effect)
{
    for (size_t i = 0; i < host->driver_count; i++)
        if (host->drivers[i]->is_barrier != NULL && host->drivers[i]->is_barrier(host->drivers[i]->context, effect))
            return true;
    return false;
}

bool host_has_barrier(const struct host *host, noun effects)
{
    noun effect;
    while (kernel_effect_next(&effects, &effect))
        if (is_barrier(host, effect))
            return true;
    return false;
}

static enum status handle(struct host *host, const struct submission *submission)
{
    noun both;
    host_reset(host);
    STATUS_TRY(codec_cue(host->node->stack, submission->jam, submission->size_bytes, NULL, &both));
    return commit_submit(host, noun_head(both), noun_tail(both), host->first == NULL, submission->answered,
                         submission->context);
}

static enum status handle_next(struct host *host)
{
    struct submission *submission = take(host);
    enum status status = handle(host, submission);
    submission_destroy(submission);
    return status == STATUS_INTERRUPTED && host_is_interrupted(host) ? STATUS_OK : status;
}

/* ---- the loop ------------------------------------------------------------------------- */

static void on_wake(uv_async_t *wake)
{
    struct host *host = wake->data;
    int signal_number = os_signal_received();
    if (signal_number != 0)
        host_stop(host, 128 + signal_number);
    host_reset(host); /* the collector may wait for this thread */
}

static enum status loop_init(struct host *host)
{
    if (host->has_loop)
        return STATUS_OK;
    int error = uv_loop_init(&host->loop);
    if (error == 0)
        error = uv_async_init(&host->loop, &host->wake, on_wake);
    if (error != 0)
        return status_fail(STATUS_NO_MEMORY, "cannot make an event loop: %s", uv_strerror(error));
    host->wake.data = host;
    host->has_loop = true;
    return STATUS_OK;
}

void host_wake(void *context)
{
    struct host *host = context;
    if (host->has_loop)
        uv_async_send(&host->wake);
}

struct uv_loop_s *host_loop(struct host *host)
{
    CHECK(host->has_loop);
    return &host->loop;
}

void host_add_driver(struct host *host, const struct host_driver *driver)
{
    CHECK(host->driver_count < HOST_DRIVERS_MAX);
    host->drivers[host->driver_count++] = driver;
}

void host_stop(struct host *host, int exit_code)
{
    if (host->is_stopping)
        return;
    host->is_stopping = true;
    host->exit_code = exit_code;
}

static bool is_busy(const struct host *host)
{
    for (size_t i = 0; i < host->driver_count; i++)
        if (host->drivers[i]->is_busy != NULL && host->drivers[i]->is_busy(host->drivers[i]->context))
            return true;
    return false;
}

/* Is there an event that can be run now? */
static bool is_ready(struct host *host)
{
    return host->first != NULL && commit_has_room(host);
}

static bool is_idle(struct host *host)
{
    return host->first == NULL && commit_is_idle(host) && !is_busy(host);
}

/* One turn: an event, what has become durable, the world; which is waited for
 * if there is nothing else to do. */
static enum status turn(struct host *host)
{
    if (is_ready(host))
        STATUS_TRY(handle_next(host));
    STATUS_TRY(commit_release(host));
    return STATUS_OK;
}

/* Asking costs as much as a small event, so it is done now and then. */
#define ATTEND_EVERY_NS ((uint64_t)500000)

static void attend(struct host *host)
{
    bool waits = !is_ready(host);
    uint64_t now_ns = os_clock_ns();
    if (!waits && now_ns < host->attend_ns)
        return;
    host->attend_ns = now_ns + ATTEND_EVERY_NS;
    uv_run(&host->loop, waits ? UV_RUN_ONCE : UV_RUN_NOWAIT);
}

static enum status run_loop(struct host *host, bool until_idle)
{
    while (!host->is_stopping) {
        STATUS_TRY(turn(host));
        if (host->is_stopping || (until_idle && is_idle(host)))
            break;
        attend(host);
    }
    STATUS_TRY(commit_settle(host));
    return commit_release(host);
}

static enum status start_drivers(struct host *host)
{
    for (size_t i = 0; i < host->driver_count; i++) {
        host_reset(host);
        if (host->drivers[i]->start != NULL)
            STATUS_TRY(host->drivers[i]->start(host, host->drivers[i]->context));
    }
    return STATUS_OK;
}

static void finish_drivers(struct host *host)
{
    for (size_t i = 0; i < host->driver_count; i++)
        if (host->drivers[i]->finish != NULL)
            host->drivers[i]->finish(host->drivers[i]->context);
}

enum status host_run(struct host *host, bool until_idle, int *exit_code)
{
    STATUS_TRY(loop_init(host));
    host->is_stopping = false;
    host->exit_code = 0;
    atomic_store(&running, host);
    os_signal_watch(on_signal);
    enum status status = start_drivers(host);
    if (status == STATUS_OK) {
        if (!until_idle)
            host_warm_up(host);
        control_start(host);
        status = run_loop(host, until_idle);
        control_finish(host);
    }
    finish_drivers(host);
    atomic_store(&running, NULL);
    *exit_code = host->exit_code;
    return status;
}

void host_loop_finish(struct host *host)
{
    while (host->first != NULL)
        submission_destroy(take(host));
    if (!host->has_loop)
        return;
    uv_close((uv_handle_t *)&host->wake, NULL);
    while (uv_run(&host->loop, UV_RUN_DEFAULT) != 0) {
    }
    CHECK(uv_loop_close(&host->loop) == 0);
    host->has_loop = false;
}
