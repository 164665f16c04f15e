#include "os/os.h"

#include <pthread.h>
#include <signal.h>

#include "tap.h"

#define THREADS 4
#define ROUNDS 20000

struct shared {
    struct os_mutex *mutex;
    struct os_condition *condition;
    uint64_t count;
    bool is_open;
};

static void count_up(void *context)
{
    struct shared *shared = context;
    for (int i = 0; i < ROUNDS; i++) {
        os_mutex_lock(shared->mutex);
        shared->count++;
        os_mutex_unlock(shared->mutex);
    }
}

static void wait_for_gate(void *context)
{
    struct shared *shared = context;
    os_mutex_lock(shared->mutex);
    while (!shared->is_open)
        os_condition_wait(shared->condition, shared->mutex);
    shared->count++;
    os_mutex_unlock(shared->mutex);
}

static void open_gate(struct shared *shared)
{
    os_mutex_lock(shared->mutex);
    shared->is_open = true;
    os_condition_broadcast(shared->condition);
    os_mutex_unlock(shared->mutex);
}

static void start(struct os_thread **threads, void (*body)(void *), struct shared *shared)
{
    for (int i = 0; i < THREADS; i++)
        CHECK(os_thread_start(body, shared, &threads[i]) == STATUS_OK);
}

static void join(struct os_thread **threads)
{
    for (int i = 0; i < THREADS; i++)
        os_thread_join(threads[i]);
}

static void test_mutex(struct shared *shared)
{
    struct os_thread *threads[THREADS];
    start(threads, count_up, shared);
    join(threads);
    tap_ok(shared->count == THREADS * ROUNDS, "a mutex lets one in at a time");
}

static void test_condition(struct shared *shared)
{
    struct os_thread *threads[THREADS];
    shared->count = 0;
    start(threads, wait_for_gate, shared);
    os_sleep_ms(10);
    os_mutex_lock(shared->mutex);
    uint64_t early = shared->count;
    os_mutex_unlock(shared->mutex);
    open_gate(shared);
    join(threads);
    tap_ok(early == 0 && shared->count == THREADS, "a broadcast wakes all who wait");
}

static void signal_later(void *context)
{
    struct shared *shared = context;
    os_sleep_ms(10);
    os_mutex_lock(shared->mutex);
    shared->is_open = true;
    os_condition_signal(shared->condition);
    os_mutex_unlock(shared->mutex);
}

static void test_deadline(struct shared *shared)
{
    os_mutex_lock(shared->mutex);
    uint64_t before_ns = os_clock_ns();
    bool was_woken;
    do
        was_woken = os_condition_wait_until(shared->condition, shared->mutex, before_ns + 20000000);
    while (was_woken); /* a condition may wake for no reason */
    tap_ok(os_clock_ns() - before_ns >= 20000000, "a wait ends at its deadline");
    tap_ok(!os_condition_wait_until(shared->condition, shared->mutex, 0), "at once if that has passed");
    shared->is_open = false;
    struct os_thread *thread;
    CHECK(os_thread_start(signal_later, shared, &thread) == STATUS_OK);
    bool in_time = true;
    while (!shared->is_open && in_time)
        in_time = os_condition_wait_until(shared->condition, shared->mutex, os_clock_ns() + 30000000000u);
    tap_ok(in_time, "a signal ends it before");
    os_mutex_unlock(shared->mutex);
    os_thread_join(thread);
}

static void look_at_mask(void *context)
{
    sigset_t mask;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    bool *is_right = context;
    *is_right = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT) && !sigismember(&mask, SIGSEGV) &&
                !sigismember(&mask, SIGBUS);
    os_thread_raise_priority();
}

static void test_signals(void)
{
    bool is_right = false;
    struct os_thread *thread;
    CHECK(os_thread_start(look_at_mask, &is_right, &thread) == STATUS_OK);
    os_thread_join(thread);
    tap_ok(is_right, "a thread leaves the world's signals to the first one, and keeps its faults");
    sigset_t mask;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0);
    tap_ok(!sigismember(&mask, SIGTERM), "the first one's own mask is as before");
}

struct working {
    struct os_worker worker;
    unsigned turns;
    bool has_ended;
};

static void work_on(void *context)
{
    struct working *working = context;
    struct os_worker *worker = &working->worker;
    os_mutex_lock(worker->mutex);
    while (!worker->is_stopping) {
        working->turns++;
        os_condition_broadcast(worker->condition);
        os_condition_wait(worker->condition, worker->mutex);
    }
    working->has_ended = true;
    os_mutex_unlock(worker->mutex);
}

static void test_worker(void)
{
    struct working working = {0}, idle = {0};
    os_worker_init(&idle.worker);
    os_worker_stop(&idle.worker);
    os_worker_finish(&idle.worker);
    tap_ok(!idle.has_ended, "a worker that was never started can be given up");
    os_worker_init(&working.worker);
    tap_ok(os_worker_start(&working.worker, work_on, &working) == STATUS_OK, "a worker starts");
    os_mutex_lock(working.worker.mutex);
    while (working.turns == 0)
        os_condition_wait(working.worker.condition, working.worker.mutex);
    os_mutex_unlock(working.worker.mutex);
    tap_ok(!os_worker_is_stopping(&working.worker), "it works until it is to stop");
    os_worker_stop(&working.worker);
    tap_ok(working.has_ended && working.worker.thread == NULL, "stopping wakes it, and waits for its end");
    os_worker_stop(&working.worker);
    os_worker_finish(&working.worker);
}

int main(void)
{
    struct shared shared = {.mutex = os_mutex_create(), .condition = os_condition_create()};
    test_mutex(&shared);
    test_condition(&shared);
    test_deadline(&shared);
    test_signals();
    os_condition_destroy(shared.condition);
    os_mutex_destroy(shared.mutex);
    os_condition_destroy(NULL);
    os_mutex_destroy(NULL);
    test_worker();
    return tap_done();
}
