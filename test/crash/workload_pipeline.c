/* Events in flight: a host with a loop, to which more is submitted than was
 * acknowledged, so that rows share transactions and the arena runs ahead.  All
 * events are the same, so that if one is refused the next takes its place. */
#include "steps.h"
#include "workloads.h"

struct submitter {
    struct host_driver driver;
    unsigned to_submit;
    unsigned submitted, answered;
    unsigned ahead; /* so many are outstanding */
    uint64_t loose; /* so many of the newest that were acknowledged may be lost */
    uint64_t newest;
};

static void submit(struct submitter *submitter, struct host *host);

static void on_answer(void *context, struct host *host, const struct host_event *event)
{
    struct submitter *submitter = context;
    submitter->answered++;
    if (event->answer == HOST_REFUSED) { /* a full disk: no event, and the end of this life */
        host_stop(host, 1);
        return;
    }
    submitter->newest = event->number;
    model_keep(event->number, event->state_hash);
    model_acknowledge_event(event->number > submitter->loose ? event->number - submitter->loose : 0);
    submit(submitter, host);
}

static void submit(struct submitter *submitter, struct host *host)
{
    while (submitter->submitted < submitter->to_submit &&
           submitter->submitted - submitter->answered < submitter->ahead) {
        submitter->submitted++;
        model_try_beyond();
        host_submit(host, host_wire(host, "crash", NULL), noun_cord("inc"), on_answer, submitter);
    }
}

static enum status on_start(struct host *host, void *context)
{
    submit(context, host);
    return STATUS_OK;
}

static enum status run_submitter(const char *directory, const struct host_options *options, struct submitter *submitter)
{
    struct host *host;
    int exit_code;
    submitter->driver = (struct host_driver){.name = "submitter", .context = submitter, .start = on_start};
    STATUS_TRY(host_open(directory, NULL, options, &host));
    host_add_driver(host, &submitter->driver);
    enum status status = host_run(host, true, &exit_code);
    host_close(host);
    if (status == STATUS_OK && exit_code != 0)
        status = status_fail(STATUS_NO_SPACE, "an event was refused");
    return status;
}

static enum status run_once(const char *directory, unsigned to_submit, unsigned ahead)
{
    struct submitter submitter = {.to_submit = to_submit, .ahead = ahead};
    return run_submitter(directory, NULL, &submitter);
}

/* In a relaxed mode; what is found when it is opened again is durable then. */
static enum status run_relaxed(const char *directory, struct host_durability durability, unsigned to_submit,
                               unsigned ahead)
{
    const struct host_options options = {.durability = durability};
    struct submitter submitter = {.to_submit = to_submit, .ahead = ahead};
    struct host *host;
    submitter.loose = durability.mode == HOST_DURABLE_BATCH ? durability.batch_events - 1 : to_submit;
    STATUS_TRY(run_submitter(directory, &options, &submitter));
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    model_acknowledge_event(submitter.newest);
    enum status status = step_poke(host, "%inc");
    host_close(host);
    return status;
}

static enum status few_in_flight(const char *directory, uint64_t *random)
{
    (void)random;
    return run_once(directory, 4, 4);
}

/* More than the ring of superblocks holds. */
static enum status many_in_flight(const char *directory, uint64_t *random)
{
    (void)random;
    STATUS_TRY(run_once(directory, 40, 40));
    return run_once(directory, 6, 3);
}

/* ---- relaxed -------------------------------------------------------------------------- */

static enum status in_batches(const char *directory, uint64_t *random)
{
    (void)random;
    return run_relaxed(directory, (struct host_durability){HOST_DURABLE_BATCH, 3, 3600000}, 8, 2);
}

static enum status in_short_batches(const char *directory, uint64_t *random)
{
    (void)random;
    return run_relaxed(directory, (struct host_durability){HOST_DURABLE_BATCH, 1000, 1}, 8, 1);
}

static enum status not_flushed(const char *directory, uint64_t *random)
{
    (void)random;
    return run_relaxed(directory, (struct host_durability){.mode = HOST_DURABLE_NONE}, 8, 3);
}

const struct workload workloads_pipeline[] = {
    {.name = "events in flight", .run = few_in_flight},
    {.name = "more in flight than the ring holds", .run = many_in_flight, .is_large = true},
    {.name = "events in batches of three", .run = in_batches},
    {.name = "events in batches of a millisecond", .run = in_short_batches},
    {.name = "events that are not flushed", .run = not_flushed},
    {.name = NULL},
};
