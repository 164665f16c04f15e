/* The log is pruned as far as its sealed snapshots allow, and the machine goes on. */
#include <stdio.h>
#include <stdlib.h>

#include "recovery/private.h"
#include "rig.h"
#include "snapshot/snapshot.h"
#include "support/tap.h"
#include "test_kernel.h"

static void seal(struct node *node)
{
    struct recovery_pinned pinned;
    struct snapshot_report report;
    CHECK(node_pin(node, &pinned) == STATUS_OK);
    CHECK(node_seal(&pinned, false, NULL, &report) == STATUS_OK);
    node_unpin(&pinned);
}

static void many(struct node *node, int count)
{
    for (int i = 0; i < count; i++)
        rig_event(node, "%inc");
}

static struct recovery_prune plan(struct node *node, uint64_t keep_events)
{
    struct eventlog_retention policy = {EVENTLOG_KEEP_EVENTS, keep_events};
    struct recovery_prune plan;
    CHECK(recovery_prune_plan(node->directory, node->log, &policy, &plan) == STATUS_OK);
    return plan;
}

static bool count_calls(void *context, uint64_t rows_done)
{
    (void)rows_done;
    ++*(int *)context;
    return true;
}

static bool stop_at_once(void *context, uint64_t rows_done)
{
    (void)context, (void)rows_done;
    return false;
}

int main(void)
{
    const char *machine = rig_path("pruned");
    struct node *node = rig_create(machine, TEST_KERNEL);
    int calls = 0;
    many(node, 100);
    struct recovery_prune without = plan(node, 10);
    tap_ok(!without.has_epoch && without.rows == 0 && without.wanted_through == 90,
           "without a sealed snapshot nothing may go");
    seal(node);
    many(node, 100);
    seal(node);
    many(node, 20);
    struct recovery_prune all = plan(node, 0), some = plan(node, 150);
    tap_ok(all.has_epoch && all.epoch_event == 100 && all.through == 100 && all.rows == 100,
           "at most what the oldest snapshot has");
    tap_ok(some.through == 70 && some.rows == 70 && some.row_bytes > 70 * 100, "or less, if the policy keeps more");
    tap_ok(recovery_prune(node->log, &some, 0, stop_at_once, NULL) == STATUS_INTERRUPTED, "it can be stopped");
    some = plan(node, 150);
    tap_ok(recovery_prune(node->log, &all, 0, count_calls, &calls) == STATUS_OK && calls > 0, "it is done");
    tap_ok(eventlog_first(node->log) == 101 && eventlog_last(node->log) == 220, "the rows after it are there");
    many(node, 1);
    uint64_t hash = node->state_hash;
    recovery_close(node);

    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->event == 221 && rig_state(node) == 221 && node->state_hash == hash,
           "the machine starts");
    CHECK(arena_sync(node->arena) == STATUS_OK);
    rig_keep(machine, ARENA_FILE_NAME);
    many(node, 30);
    all = plan(node, 0);
    tap_ok(all.rows == 0 && all.through == 100, "there is nothing more to prune");
    recovery_close(node);
    rig_restore(machine, ARENA_FILE_NAME);
    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->events_replayed == 30 && rig_state(node) == 251, "it replays what the arena lacks");
    recovery_close(node);

    struct recovery_report report;
    const struct recovery_listener silent = {0};
    tap_ok(recovery_verify(machine, &silent, &report) == STATUS_OK && report.log_rows == 151, "and all is whole");
    return tap_done();
}
