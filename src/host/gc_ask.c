/* Collections that somebody asks for, and their answers. */
#include <stdio.h>
#include <string.h>

#include "host/gc.h"

void gc_wake(void *context)
{
    struct gc *gc = context;
    if (gc->host->has_loop)
        uv_async_send(&gc->host->wake);
}

void gc_answer(struct gc *gc, enum status status)
{
    struct gc_request served = gc->served;
    gc->served = (struct gc_request){0};
    if (served.is_wanted && served.collected != NULL)
        served.collected(served.context, gc->host, status, status == STATUS_OK ? &gc->record : NULL);
}

static enum status check_can(const struct host *host)
{
    if (host->gc == NULL)
        return status_fail(STATUS_INVALID, "there is no arena here that could be collected");
    if (host->broken != STATUS_OK)
        return status_fail(host->broken, "the machine has stopped: %.900s", host->broken_message);
    return STATUS_OK;
}

enum status host_gc_request(struct host *host, bool is_full, host_collected_fn *collected, void *context)
{
    STATUS_TRY(check_can(host));
    if (host->gc->request.is_wanted)
        return status_fail(STATUS_BUSY, "a collection waits already for the one under way: try again later");
    host->gc->request =
        (struct gc_request){.is_wanted = true, .is_full = is_full, .collected = collected, .context = context};
    gc_wake(host->gc);
    return STATUS_OK;
}

void host_gc_forget(struct host *host, const void *context)
{
    struct gc_request *requests[] = {&host->gc->request, &host->gc->served};
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        if (requests[i]->context == context)
            requests[i]->collected = NULL;
}

struct awaited {
    bool is_over;
    enum status status;
    char message[STATUS_MESSAGE_SIZE_BYTES];
    struct collector_record record;
};

static void on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    struct awaited *awaited = context;
    (void)host;
    awaited->is_over = true;
    awaited->status = status;
    if (status == STATUS_OK)
        awaited->record = *record;
    else
        snprintf(awaited->message, sizeof awaited->message, "%s", status_message());
}

static void report_progress(struct host *host)
{
    struct host_gc_status facts;
    if (host->options.listener.progress == NULL)
        return;
    host_gc_status_read(host, &facts);
    host->options.listener.progress(host->options.listener.context, "bytes copied", facts.copied_bytes,
                                    facts.expected_bytes);
}

/* Asks, and waits. */
static enum status collect_now(struct host *host, bool is_full, const struct collector_plan *plan,
                               struct collector_record *record)
{
    struct awaited awaited = {0};
    host_reset(host);
    STATUS_TRY(host_gc_request(host, is_full, on_collected, &awaited));
    host->gc->request.is_urgent = true;
    host->gc->request.plan = *plan;
    while (!awaited.is_over && host->broken == STATUS_OK) {
        if (host->gc->is_running)
            gc_worker_wait(&host->gc->worker, GC_WAIT_MS);
        gc_attend(host->gc);
        report_progress(host);
    }
    if (!awaited.is_over)
        return check_can(host);
    if (awaited.status != STATUS_OK)
        return status_fail(awaited.status, "%s", awaited.message);
    *record = awaited.record;
    return host_settle(host);
}

enum status host_collect(struct host *host, bool is_full, struct collector_record *record)
{
    return collect_now(host, is_full, &(struct collector_plan){0}, record);
}

/* What is freed by moving pages is cut off two flushes later, so some without progress are no end. */
#define FLUSHES_WITHOUT_PROGRESS 4

enum status host_shrink(struct host *host, bool is_thorough)
{
    STATUS_TRY(check_can(host));
    struct arena *arena = host->node->arena;
    struct arena_statistics before, after;
    host_reset(host);
    arena_hurry_moves(arena, is_thorough);
    arena_statistics(arena, &before);
    for (unsigned idle = 0; idle < FLUSHES_WITHOUT_PROGRESS; before = after) {
        STATUS_TRY(host_settle(host));
        arena_statistics(arena, &after);
        idle = after.file_bytes < before.file_bytes || after.moved_bytes > before.moved_bytes ? 0 : idle + 1;
    }
    return STATUS_OK;
}

enum status host_collect_due(struct host *host, uint64_t size_bytes_max, bool *is_collected,
                             struct collector_record *record)
{
    struct collector_facts facts;
    *is_collected = false;
    STATUS_TRY(check_can(host));
    STATUS_TRY(gc_read_facts(host->gc, &facts));
    struct collector_plan plan = collector_plan(&host->gc->history, &facts);
    if (plan.is_wanted && plan.above_bytes > size_bytes_max)
        plan = collector_plan_by_hand(&host->gc->history, &facts, false);
    if (!plan.is_wanted || plan.above_bytes > size_bytes_max || plan.dead_bytes < plan.above_bytes / 4)
        return STATUS_OK;
    *is_collected = true;
    return collect_now(host, plan.is_full, &plan, record);
}
