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
    struct os_thread *thread;
    struct os_mutex *mutex; /* guards is_stopping */
    struct os_condition *condition;
    bool is_stopping;
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
    os_mutex_lock(ticker->mutex);
    while (!ticker->is_stopping) {
        os_condition_wait_until(ticker->condition, ticker->mutex, os_clock_ns() + LOOK_NS);
        if (!ticker->is_stopping)
            show(ticker);
    }
    os_mutex_unlock(ticker->mutex);
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
    ticker->mutex = os_mutex_create();
    ticker->condition = os_condition_create();
    progress_begin(&ticker->progress, cli, label);
    *out = ticker;
    return ticker->progress.is_wanted ? os_thread_start(run, ticker, &ticker->thread) : STATUS_OK;
}

void ticker_stop(struct ticker *ticker)
{
    if (ticker->thread != NULL) {
        os_mutex_lock(ticker->mutex);
        ticker->is_stopping = true;
        os_condition_signal(ticker->condition);
        os_mutex_unlock(ticker->mutex);
        os_thread_join(ticker->thread);
    }
    progress_end(&ticker->progress);
    os_condition_destroy(ticker->condition);
    os_mutex_destroy(ticker->mutex);
    free(ticker);
}
