/* A thread beside the loop: begun and ended with it, and heard by it. */
#include "host/companion.h"

#include "os/os.h"

void companion_init(struct companion *companion)
{
    companion->mutex = os_mutex_create();
    companion->condition = os_condition_create();
}

enum status companion_start(struct companion *companion, uv_loop_t *loop, void (*work)(void *context), uv_async_cb hear,
                            void *context)
{
    CHECK(uv_async_init(loop, &companion->told, hear) == 0);
    companion->told.data = context;
    uv_unref((uv_handle_t *)&companion->told);
    enum status status = os_thread_start(work, context, &companion->thread);
    if (status != STATUS_OK)
        uv_close((uv_handle_t *)&companion->told, NULL);
    return status;
}

bool companion_is_stopping(struct companion *companion)
{
    os_mutex_lock(companion->mutex);
    bool is_stopping = companion->is_stopping;
    os_mutex_unlock(companion->mutex);
    return is_stopping;
}

bool companion_rest(struct companion *companion, uint64_t until_ns)
{
    os_mutex_lock(companion->mutex);
    while (!companion->is_stopping && os_condition_wait_until(companion->condition, companion->mutex, until_ns)) {
    }
    bool is_stopping = companion->is_stopping;
    os_mutex_unlock(companion->mutex);
    return !is_stopping;
}

void companion_tell(struct companion *companion)
{
    uv_async_send(&companion->told);
}

void companion_stop(struct companion *companion)
{
    if (companion->thread == NULL)
        return;
    os_mutex_lock(companion->mutex);
    companion->is_stopping = true;
    os_condition_signal(companion->condition);
    os_mutex_unlock(companion->mutex);
    os_thread_join(companion->thread);
    companion->thread = NULL;
    uv_close((uv_handle_t *)&companion->told, NULL);
}

void companion_finish(struct companion *companion)
{
    os_condition_destroy(companion->condition);
    os_mutex_destroy(companion->mutex);
}
