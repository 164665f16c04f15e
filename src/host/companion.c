/* A thread beside the loop: begun and ended with it, and heard by it. */
#include "host/companion.h"

#include "os/os.h"

void companion_init(struct companion *companion)
{
    os_worker_init(&companion->worker);
}

enum status companion_start(struct companion *companion, uv_loop_t *loop, void (*work)(void *context), uv_async_cb hear,
                            void *context)
{
    CHECK(uv_async_init(loop, &companion->told, hear) == 0);
    companion->told.data = context;
    uv_unref((uv_handle_t *)&companion->told);
    enum status status = os_worker_start(&companion->worker, work, context);
    if (status != STATUS_OK)
        uv_close((uv_handle_t *)&companion->told, NULL);
    return status;
}

bool companion_rest(struct companion *companion, uint64_t until_ns)
{
    struct os_worker *worker = &companion->worker;
    os_mutex_lock(worker->mutex);
    while (!worker->is_stopping && os_condition_wait_until(worker->condition, worker->mutex, until_ns)) {
    }
    bool is_stopping = worker->is_stopping;
    os_mutex_unlock(worker->mutex);
    return !is_stopping;
}

void companion_tell(struct companion *companion)
{
    uv_async_send(&companion->told);
}

void companion_stop(struct companion *companion)
{
    if (companion->worker.thread == NULL)
        return;
    os_worker_stop(&companion->worker);
    uv_close((uv_handle_t *)&companion->told, NULL);
}

void companion_finish(struct companion *companion)
{
    os_worker_finish(&companion->worker);
}
