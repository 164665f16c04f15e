/* Boots that have something to do, and power cuts in them. */
#include "steps.h"
#include "workloads.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static void prepare_lost_arena(const char *directory, uint64_t *random)
{
    (void)random;
    char path[4200];
    struct host *host;
    crash_prepare_machine(directory);
    crash_must(host_open(directory, NULL, NULL, &host), "opening a machine");
    crash_must(step_poke(host, "%inc"), "poking");
    crash_must(step_poke(host, "[%set 1 2 3]"), "poking");
    crash_must(step_poke(host, "%inc"), "poking");
    host_close(host);
    crash_model_begin(directory);
    snprintf(path, sizeof path, "%s/%s", directory, ARENA_FILE_NAME);
    crash_must(os_remove(path), "removing the arena");
}

static enum status arena_made_again(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    enum status status = step_poke(host, "%inc");
    host_close(host);
    return status;
}

/* ---- a power cut in what follows a power cut ---------------------------------------------- */

/* Which of the pending sectors survive the first one. */
static bool keep_at_random(void *context, size_t index, size_t sector)
{
    (void)index, (void)sector;
    return tap_random(context) >> 63 != 0;
}

/* Somewhere in a life like any other. */
static void prepare_power_cut(const char *directory, uint64_t *random)
{
    char root[4096];
    const size_t *pending;
    snprintf(root, sizeof root, "%.*s", (int)(strrchr(directory, '/') - directory), directory);
    crash_prepare_machine(directory);
    lying_disk_watch(root);
    crash_must(workloads_node[tap_below(random, 5)].run(directory, random), "a first life");
    lying_disk_freeze(root);
    size_t point = (size_t)tap_below(random, lying_disk_count() + 1);
    lying_disk_base(point, &pending);
    lying_disk_state(keep_at_random, random);
    lying_disk_make();
    struct expectation expectation = model_expect(point);
    model_narrow(&expectation);
}

static enum status events_and_restart(const char *directory, struct node *node)
{
    enum status status = step_event(node, "%inc", true);
    recovery_close(node);
    STATUS_TRY(status);
    STATUS_TRY(step_open(directory, NULL, &node));
    status = step_event(node, "%inc", true);
    if (status == STATUS_OK)
        status = arena_sync(node->arena);
    if (status == STATUS_OK)
        status = step_event(node, "%inc", true);
    recovery_close(node);
    return status;
}

/* The second one comes while the machine starts again, or soon after. */
static enum status started_after_power_cut(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node;
    const struct expectation all = {.from = 0, .to = model_count()};
    STATUS_TRY(step_open(directory, NULL, &node));
    CHECK(model_allows(&all, node->event, node->state_hash));
    /* which of those it was is known now, and no other can come back */
    model_begin(node->event, node->state_hash);
    return events_and_restart(directory, node);
}

const struct workload workloads_recovery[] = {
    {.name = "a lost arena is made again", .prepare = prepare_lost_arena, .run = arena_made_again, .may_warn = true},
    {.name = "a power cut after a power cut",
     .prepare = prepare_power_cut,
     .run = started_after_power_cut,
     .uses_chance = true,
     .makes_faults = true},
    {.name = NULL},
};
