/* A thread that ends a run when its time is up.  Started by the first deadline,
 * since most machines never set one. */
#include "nock/machine.h"

#include "os/os.h"

#include <stdlib.h>

struct watchdog {
    struct nock *machine;
    struct os_worker worker;
    uint64_t deadline_ns; /* 0: none */
};

static void pass_deadline(struct watchdog *watchdog)
{
    watchdog->deadline_ns = 0;
    atomic_store(&watchdog->machine->deadline_passed, true);
    stack_interrupt(watchdog->machine->stack);
}

static void watch(void *context)
{
    struct watchdog *watchdog = context;
    struct os_worker *worker = &watchdog->worker;
    os_mutex_lock(worker->mutex);
    while (!worker->is_stopping) {
        if (watchdog->deadline_ns == 0)
            os_condition_wait(worker->condition, worker->mutex);
        else if (os_clock_ns() >= watchdog->deadline_ns)
            pass_deadline(watchdog);
        else
            os_condition_wait_until(worker->condition, worker->mutex, watchdog->deadline_ns);
    }
    os_mutex_unlock(worker->mutex);
}

static struct watchdog *start(struct nock *machine)
{
    struct watchdog *watchdog = calloc(1, sizeof *watchdog);
    if (watchdog == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *watchdog);
    watchdog->machine = machine;
    os_worker_init(&watchdog->worker);
    enum status status = os_worker_start(&watchdog->worker, watch, watchdog);
    if (status != STATUS_OK)
        check_out_of_memory(__FILE__, __LINE__, sizeof *watchdog);
    return watchdog;
}

void watchdog_stop(struct watchdog *watchdog)
{
    if (watchdog == NULL)
        return;
    os_worker_stop(&watchdog->worker);
    os_worker_finish(&watchdog->worker);
    free(watchdog);
}

void nock_set_deadline(struct nock *machine, uint64_t deadline_ns)
{
    if (machine->watchdog == NULL) {
        if (deadline_ns == 0)
            return;
        machine->watchdog = start(machine);
    }
    os_mutex_lock(machine->watchdog->worker.mutex);
    machine->watchdog->deadline_ns = deadline_ns;
    atomic_store(&machine->deadline_passed, false);
    os_condition_signal(machine->watchdog->worker.condition);
    os_mutex_unlock(machine->watchdog->worker.mutex);
}
