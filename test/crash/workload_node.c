/* Each durable step by hand, in orders that a host would not choose today. */
#include "steps.h"
#include "workloads.h"

#include "tap.h"

static enum status arena_never_flushed(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = step_event(node, "%inc", true);
    if (status == STATUS_OK)
        status = step_event(node, "[%set 1 2 3 4 5 6 7 8 9]", true);
    if (status == STATUS_OK)
        status = step_event(node, "%inc", true);
    recovery_close(node);
    return status;
}

static enum status arena_flushed_each_time(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < 4 && status == STATUS_OK; i++) {
        status = step_event(node, i % 2 == 0 ? "%inc" : "[%set 'a text that is longer than a word' 2 3]", true);
        if (status == STATUS_OK)
            status = arena_sync(node->arena);
    }
    recovery_close(node);
    return status;
}

static enum status killed_and_restarted(const char *directory, uint64_t *random)
{
    (void)random;
    for (unsigned round = 0; round < 3; round++) {
        struct node *node;
        STATUS_TRY(step_open(directory, NULL, &node));
        enum status status = step_event(node, "%inc", true);
        if (round == 1 && status == STATUS_OK)
            status = arena_sync(node->arena);
        recovery_close(node);
        STATUS_TRY(status);
    }
    return STATUS_OK;
}

static enum status run_ahead(struct node *node)
{
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(arena_sync(node->arena));
    STATUS_TRY(step_event(node, "[%set 10]", false));
    return step_event(node, "[%set 11]", false);
}

static enum status fall_back(struct node *node)
{
    STATUS_TRY(step_event(node, "[%set 20]", true));
    STATUS_TRY(step_event(node, "[%set 21]", true));
    return arena_sync(node->arena);
}

static enum status arena_ran_ahead(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = run_ahead(node);
    recovery_close(node);
    STATUS_TRY(status);
    STATUS_TRY(step_open(directory, NULL, &node));
    status = fall_back(node);
    recovery_close(node);
    return status;
}

static enum status log_copied_back(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < 3 && status == STATUS_OK; i++) {
        status = step_event(node, "%inc", true);
        if (status == STATUS_OK)
            status = eventlog_checkpoint(node->log, 0);
        if (i == 1 && status == STATUS_OK)
            status = arena_sync(node->arena);
    }
    if (status == STATUS_OK)
        status = step_event(node, "%inc", true);
    recovery_close(node);
    return status;
}

static enum status seal(struct node *node, bool copies_back)
{
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(step_event(node, "[%set 3 4 5]", true));
    STATUS_TRY(arena_seal(node->arena));
    return copies_back ? eventlog_settle(node->log) : STATUS_OK;
}

static enum status sealed_and_restarted(const char *directory, uint64_t *random)
{
    (void)random;
    for (unsigned round = 0; round < 2; round++) {
        struct node *node;
        STATUS_TRY(step_open(directory, NULL, &node));
        enum status status = seal(node, round == 0);
        recovery_close(node);
        STATUS_TRY(status);
    }
    return STATUS_OK;
}

static enum status grow(struct node *node)
{
    STATUS_TRY(step_event(node, "[%fill 60.000]", true));
    STATUS_TRY(step_event(node, "%inc", true));
    STATUS_TRY(step_event(node, "[%fill 60.000]", true));
    STATUS_TRY(arena_sync(node->arena));
    STATUS_TRY(arena_grow_ahead(node->arena));
    return step_event(node, "[%fill 2.000]", true);
}

static enum status arena_grew(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = grow(node);
    recovery_close(node);
    return status;
}

/* ---- a long life ------------------------------------------------------------------------- */

static enum status live(const char *directory, struct node **node, uint64_t *random)
{
    static const char *const causes[] = {"%inc", "[%set 1 2 3]", "%unknown", "[%set 'some text' %is 'put here' 4 5 6]"};
    switch (tap_below(random, 16)) {
    case 0:
        return arena_sync((*node)->arena);
    case 1:
        return eventlog_checkpoint((*node)->log, 0);
    case 2:
        STATUS_TRY(step_event(*node, "[%set 1.000.000]", false));
        /* fall through */
    case 3:
        if (tap_below(random, 2) == 0) /* in order */
            STATUS_TRY(eventlog_settle((*node)->log));
        recovery_close(*node);
        *node = NULL;
        return step_open(directory, NULL, node);
    case 4:
        return arena_seal((*node)->arena);
    case 5:
        return step_event(*node, "[%fill 100]", true);
    default:
        return step_event(*node, causes[tap_below(random, COUNT_OF(causes))], true);
    }
}

static enum status at_random(const char *directory, uint64_t *random)
{
    struct node *node;
    STATUS_TRY(step_open(directory, NULL, &node));
    enum status status = STATUS_OK;
    for (unsigned step = 0; step < 40 && status == STATUS_OK; step++)
        status = live(directory, &node, random);
    recovery_close(node);
    return status;
}

const struct workload workloads_node[] = {
    {.name = "the arena is never flushed", .run = arena_never_flushed},
    {.name = "the arena is flushed each time", .run = arena_flushed_each_time},
    {.name = "killed and restarted", .run = killed_and_restarted},
    {.name = "the arena runs ahead of the log", .run = arena_ran_ahead},
    {.name = "the log is copied back", .run = log_copied_back},
    {.name = "sealed and restarted", .run = sealed_and_restarted},
    {.name = "the arena grows", .run = arena_grew, .is_large = true},
    {.name = "a long life", .run = at_random, .uses_chance = true},
    {.name = NULL},
};
