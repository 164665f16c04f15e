/* Threads, mutexes, conditions.  Misuse of a lock is our own mistake and
 * aborts; only the start of a thread can fail for a reason of the world's. */
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define COMMIT_NICE (-10)
#define BACKGROUND_NICE 10

struct os_thread {
    pthread_t thread;
    void (*body)(void *);
    void *context;
};

struct os_mutex {
    pthread_mutex_t mutex;
};

struct os_condition {
    pthread_cond_t condition;
};

static void *allocate(size_t size_bytes)
{
    void *memory = malloc(size_bytes);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    return memory;
}

static void *thread_main(void *thread)
{
    struct os_thread *self = thread;
    self->body(self->context);
    return NULL;
}

/* Signals that come from outside go to the thread that was there first, so
 * that no worker's system call is interrupted; faults stay with their thread. */
static void block_signals(sigset_t *old)
{
    sigset_t blocked;
    sigfillset(&blocked);
    const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        sigdelset(&blocked, faults[i]);
    CHECK(pthread_sigmask(SIG_SETMASK, &blocked, old) == 0);
}

enum status os_thread_start(void (*body)(void *), void *context, struct os_thread **out)
{
    struct os_thread *thread = allocate(sizeof *thread);
    *thread = (struct os_thread){.body = body, .context = context};
    sigset_t old;
    block_signals(&old);
    int error_number = pthread_create(&thread->thread, NULL, thread_main, thread);
    CHECK(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0);
    if (error_number != 0) {
        free(thread);
        *out = NULL;
        return status_fail(STATUS_LIMIT, "cannot start a thread: %s; see ulimit -u and the control group's pids.max",
                           strerror(error_number));
    }
    *out = thread;
    return STATUS_OK;
}

void os_thread_join(struct os_thread *thread)
{
    CHECK(pthread_join(thread->thread, NULL) == 0);
    free(thread);
}

void os_thread_raise_priority(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), COMMIT_NICE);
}

void os_thread_lower_priority(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), BACKGROUND_NICE);
}

void os_thread_restore_priority(void)
{
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), getpriority(PRIO_PROCESS, (id_t)getpid()));
}

void os_thread_yield(void)
{
    sched_yield();
}

struct os_mutex *os_mutex_create(void)
{
    struct os_mutex *mutex = allocate(sizeof *mutex);
    CHECK(pthread_mutex_init(&mutex->mutex, NULL) == 0);
    return mutex;
}

void os_mutex_destroy(struct os_mutex *mutex)
{
    if (mutex == NULL)
        return;
    CHECK(pthread_mutex_destroy(&mutex->mutex) == 0);
    free(mutex);
}

void os_mutex_lock(struct os_mutex *mutex)
{
    CHECK(pthread_mutex_lock(&mutex->mutex) == 0);
}

void os_mutex_unlock(struct os_mutex *mutex)
{
    CHECK(pthread_mutex_unlock(&mutex->mutex) == 0);
}

struct os_condition *os_condition_create(void)
{
    struct os_condition *condition = allocate(sizeof *condition);
    pthread_condattr_t attributes;
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&condition->condition, &attributes) == 0);
    pthread_condattr_destroy(&attributes);
    return condition;
}

void os_condition_destroy(struct os_condition *condition)
{
    if (condition == NULL)
        return;
    CHECK(pthread_cond_destroy(&condition->condition) == 0);
    free(condition);
}

void os_condition_wait(struct os_condition *condition, struct os_mutex *mutex)
{
    CHECK(pthread_cond_wait(&condition->condition, &mutex->mutex) == 0);
}

bool os_condition_wait_until(struct os_condition *condition, struct os_mutex *mutex, uint64_t deadline_ns)
{
    struct timespec deadline = {.tv_sec = (time_t)(deadline_ns / 1000000000u),
                                .tv_nsec = (long)(deadline_ns % 1000000000u)};
    int result = pthread_cond_timedwait(&condition->condition, &mutex->mutex, &deadline);
    CHECK(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

void os_condition_signal(struct os_condition *condition)
{
    CHECK(pthread_cond_signal(&condition->condition) == 0);
}

void os_condition_broadcast(struct os_condition *condition)
{
    CHECK(pthread_cond_broadcast(&condition->condition) == 0);
}
