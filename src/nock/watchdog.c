/* A thread that ends a run when its time is up.  Started by the first deadline,
 * since most machines never set one. */
#include "nock/machine.h"

#include "os/os.h"

#include <stdlib.h>

struct watchdog {
    struct nock *machine;
    struct os_thread *thread;
    struct os_mutex *mutex;
    struct os_condition *changed;
    uint64_t deadline_ns; /* 0: none */
    bool stop;
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
    os_mutex_lock(watchdog->mutex);
    while (!watchdog->stop) {
        if (watchdog->deadline_ns == 0)
            os_condition_wait(watchdog->changed, watchdog->mutex);
        else if (os_clock_ns() >= watchdog->deadline_ns)
            pass_deadline(watchdog);
        else
            os_condition_wait_until(watchdog->changed, watchdog->mutex, watchdog->deadline_ns);
    }
    os_mutex_unlock(watchdog->mutex);
}

static struct watchdog *start(struct nock *machine)
{
    struct watchdog *watchdog = calloc(1, sizeof *watchdog);
    if (watchdog == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *watchdog);
    watchdog->machine = machine;
    watchdog->mutex = os_mutex_create();
    watchdog->changed = os_condition_create();
    enum status status = os_thread_start(watch, watchdog, &watchdog->thread);
    if (status != STATUS_OK)
        check_out_of_memory(__FILE__, __LINE__, sizeof *watchdog);
    return watchdog;
}

void watchdog_stop(struct watchdog *watchdog)
{
    if (watchdog == NULL)
        return;
    os_mutex_lock(watchdog->mutex);
    watchdog->stop = true;
    os_condition_signal(watchdog->changed);
    os_mutex_unlock(watchdog->mutex);
    os_thread_join(watchdog->thread);
    os_condition_destroy(watchdog->changed);
    os_mutex_destroy(watchdog->mutex);
    free(watchdog);
}

void nock_set_deadline(struct nock *machine, uint64_t deadline_ns)
{
    if (machine->watchdog == NULL) {
        if (deadline_ns == 0)
            return;
        machine->watchdog = start(machine);
    }
    os_mutex_lock(machine->watchdog->mutex);
    machine->watchdog->deadline_ns = deadline_ns;
    atomic_store(&machine->deadline_passed, false);
    os_condition_signal(machine->watchdog->changed);
    os_mutex_unlock(machine->watchdog->mutex);
}
