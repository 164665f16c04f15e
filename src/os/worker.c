/* A thread beside its owner, and what the two need to hear of each other. */
#include "os/os.h"

void os_worker_init(struct os_worker *worker)
{
    *worker = (struct os_worker){.mutex = os_mutex_create(), .condition = os_condition_create()};
}

enum status os_worker_start(struct os_worker *worker, void (*work)(void *context), void *context)
{
    return os_thread_start(work, context, &worker->thread);
}

bool os_worker_is_stopping(struct os_worker *worker)
{
    os_mutex_lock(worker->mutex);
    bool is_stopping = worker->is_stopping;
    os_mutex_unlock(worker->mutex);
    return is_stopping;
}

void os_worker_stop(struct os_worker *worker)
{
    if (worker->thread == NULL)
        return;
    os_mutex_lock(worker->mutex);
    worker->is_stopping = true;
    os_condition_broadcast(worker->condition);
    os_mutex_unlock(worker->mutex);
    os_thread_join(worker->thread);
    worker->thread = NULL;
}

void os_worker_finish(struct os_worker *worker)
{
    CHECK(worker->thread == NULL);
    os_condition_destroy(worker->condition);
    os_mutex_destroy(worker->mutex);
}
