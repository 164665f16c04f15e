/* Progress of what cannot count for itself: a thread that looks at the clock, and
 * at the number of calls that a machine has made. */
#include <stdlib.h>

#include "command/command.h"
#include "nock/nock.h"
#include "os/os.h"

#define LOOK_NS ((uint64_t)250000000)

struct ticker {
    struct progress progress;
    const struct nock_statistics *statistics;
    uint64_t calls_before;
    uint64_t calls_expected;
    struct os_worker worker;
};

/* The count may be torn or late; it is only shown. */
static uint64_t calls_done(const struct ticker *ticker)
{
    if (ticker->statistics == NULL)
        return 0;
    return __atomic_load_n(&ticker->statistics->calls, __ATOMIC_RELAXED) - ticker->calls_before;
}

static void show(struct ticker *ticker)
{
    uint64_t done = calls_done(ticker);
    progress_update(&ticker->progress, done, done < ticker->calls_expected ? ticker->calls_expected : 0);
}

static void run(void *context)
{
    struct ticker *ticker = context;
    struct os_worker *worker = &ticker->worker;
    os_mutex_lock(worker->mutex);
    while (!worker->is_stopping) {
        os_condition_wait_until(worker->condition, worker->mutex, os_clock_ns() + LOOK_NS);
        if (!worker->is_stopping)
            show(ticker);
    }
    os_mutex_unlock(worker->mutex);
}

enum status ticker_start(const struct cli *cli, const char *label, struct host *host, uint64_t calls_expected,
                         struct ticker **out)
{
    struct ticker *ticker = calloc(1, sizeof *ticker);
    if (ticker == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *ticker);
    if (host != NULL) {
        ticker->statistics = nock_statistics(host_machine(host));
        ticker->calls_before = ticker->statistics->calls;
    }
    ticker->calls_expected = calls_expected;
    os_worker_init(&ticker->worker);
    progress_begin(&ticker->progress, cli, label);
    *out = ticker;
    return ticker->progress.is_wanted ? os_worker_start(&ticker->worker, run, ticker) : STATUS_OK;
}

void ticker_stop(struct ticker *ticker)
{
    os_worker_stop(&ticker->worker);
    progress_end(&ticker->progress);
    os_worker_finish(&ticker->worker);
    free(ticker);
}
