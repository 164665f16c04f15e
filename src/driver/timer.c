/* timer: the same cause at once and then at every interval.  A tick is left
 * out while the one before it waits to be answered, so that a slow kernel is
 * not buried. */
#include <stdlib.h>
#include <uv.h>

#include "driver/cause.h"
#include "driver/driver.h"

struct timer {
    struct host_driver driver; /* first: the driver is the timer */
    struct cause cause;
    uint64_t interval_ms;
    struct host *host;
    uv_timer_t handle;
    bool is_started;
    bool is_waiting;
};

static void on_answer(void *context, struct host *host, const struct host_event *event)
{
    (void)host;
    (void)event;
    struct timer *timer = context;
    timer->is_waiting = false;
}

static enum status tick(struct timer *timer)
{
    if (timer->is_waiting)
        return STATUS_OK;
    timer->is_waiting = true;
    return cause_submit(&timer->cause, timer->host, "timer", on_answer, timer);
}

static void on_timer(uv_timer_t *handle)
{
    struct timer *timer = handle->data;
    /* The cause has been cued at the start; what fails now is memory, and the
     * next tick may have it. */
    if (tick(timer) != STATUS_OK)
        timer->is_waiting = false;
}

static enum status on_start(struct host *host, void *context)
{
    struct timer *timer = context;
    timer->host = host;
    STATUS_TRY(tick(timer));
    int error = uv_timer_init(host_loop(host), &timer->handle);
    timer->handle.data = timer;
    timer->is_started = error == 0;
    if (error == 0)
        error = uv_timer_start(&timer->handle, on_timer, timer->interval_ms, timer->interval_ms);
    return error == 0 ? STATUS_OK : status_fail(STATUS_NO_MEMORY, "cannot start a timer: %s", uv_strerror(error));
}

static void on_finish(void *context)
{
    struct timer *timer = context;
    if (timer->is_started)
        uv_close((uv_handle_t *)&timer->handle, NULL);
    timer->is_started = false;
}

struct host_driver *driver_timer_create(uint64_t interval_ms, const uint8_t *jam, size_t size_bytes)
{
    struct timer *timer = calloc(1, sizeof *timer);
    if (timer == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *timer);
    timer->driver = (struct host_driver){.name = "timer", .context = timer, .start = on_start, .finish = on_finish};
    timer->cause = cause_copy(jam, size_bytes);
    timer->interval_ms = interval_ms;
    return &timer->driver;
}

void driver_timer_destroy(struct host_driver *driver)
{
    struct timer *timer = driver->context;
    cause_finish(&timer->cause);
    free(timer);
}
