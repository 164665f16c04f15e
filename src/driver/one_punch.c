/* one-punch: one poke at the start. */
#include <stdlib.h>

#include "driver/cause.h"
#include "driver/driver.h"

struct one_punch {
    struct host_driver driver; /* first: the driver is the one-punch */
    struct cause cause;
    struct driver_answer *answer;
};

static void on_answer(void *context, struct host *host, const struct host_event *event)
{
    (void)host;
    struct one_punch *punch = context;
    if (punch->answer != NULL)
        *punch->answer = (struct driver_answer){true, event->answer, event->reason, event->number};
}

static enum status on_start(struct host *host, void *context)
{
    struct one_punch *punch = context;
    return cause_submit(&punch->cause, host, "one-punch", on_answer, punch);
}

struct host_driver *driver_one_punch_create(const uint8_t *jam, size_t size_bytes, struct driver_answer *answer)
{
    struct one_punch *punch = calloc(1, sizeof *punch);
    if (punch == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *punch);
    punch->driver = (struct host_driver){.name = "one-punch", .context = punch, .start = on_start};
    punch->cause = cause_copy(jam, size_bytes);
    punch->answer = answer;
    return &punch->driver;
}

void driver_one_punch_destroy(struct host_driver *driver)
{
    struct one_punch *punch = driver->context;
    cause_finish(&punch->cause);
    free(punch);
}
