/* Replays check what they do, and refuse what they cannot reproduce. */
#include <stdio.h>
#include <string.h>

#include "recovery/private.h"
#include "rig.h"
#include "support/tap.h"
#include "test_kernel.h"

/* A machine at event 1 in its arena and at event 6 in its log. */
static void make_behind(const char *machine)
{
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    CHECK(arena_sync(node->arena) == STATUS_OK);
    rig_keep(machine, ARENA_FILE_NAME);
    for (int i = 0; i < 5; i++)
        rig_event(node, "%inc");
    recovery_close(node);
    rig_restore(machine, ARENA_FILE_NAME);
}

/* A start is refused twice in the same way, and changes nothing. */
static void expect_refusal(const char *machine, enum status expected, const char *word, const char *what)
{
    uint64_t before = rig_fingerprint(machine);
    tap_ok(rig_try(machine, NULL) == expected, "%s is refused", what);
    tap_ok(strstr(status_message(), word) != NULL, "the message names %s", word);
    tap_ok(rig_fingerprint(machine) == before, "nothing has changed");
    tap_ok(rig_try(machine, NULL) == expected && rig_fingerprint(machine) == before, "and the refusal can be repeated");
}

static void test_damaged_rows(void)
{
    const char *machine = rig_path("altered");
    make_behind(machine);
    rig_sql(machine, "UPDATE events SET job = zeroblob(length(job)) WHERE event = 4");
    expect_refusal(machine, STATUS_CORRUPT, "4", "a row whose job was altered");

    machine = rig_path("hashed");
    make_behind(machine);
    rig_sql(machine, "UPDATE events SET state_hash = state_hash + 1 WHERE event = 3");
    expect_refusal(machine, STATUS_CORRUPT, "3", "a row whose state hash was altered");

    machine = rig_path("missing");
    make_behind(machine);
    rig_sql(machine, "DELETE FROM events WHERE event = 3");
    expect_refusal(machine, STATUS_CORRUPT, "3", "a log with a hole");
}

static void test_divergence(void)
{
    const char *machine = rig_path("diverged");
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    rig_event_misrecorded(node, "%inc");
    recovery_close(node);
    /* The arena may lose what it had beyond the log's word, the first time. */
    tap_ok(rig_try(machine, NULL) == STATUS_DIVERGED, "a history that cannot be reproduced is refused");
    expect_refusal(machine, STATUS_DIVERGED, "event 2", "and refused again,");
}

static void test_truncated_log(void)
{
    const char *machine = rig_path("forgotten");
    char arena[4096];
    make_behind(machine);
    rig_sql(machine, "DELETE FROM events WHERE event < 3");
    snprintf(arena, sizeof arena, "%s/%s", machine, ARENA_FILE_NAME);
    expect_refusal(machine, STATUS_CORRUPT, "event 1", "an arena at an event that the log has forgotten");
    CHECK(os_remove(arena) == STATUS_OK);
    expect_refusal(machine, STATUS_CORRUPT, "event 1", "no arena, and a log that does not begin at 1");
}

/* ---- loads --------------------------------------------------------------------------- */

static void test_upgrade(void)
{
    const char *machine = rig_path("upgraded");
    char arena[4096];
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "[%set 10]");
    recovery_close(node);

    uint64_t before = rig_fingerprint(machine);
    tap_ok(rig_try(machine, TEST_KERNEL_BAD) == STATUS_CRASHED, "a kernel that refuses the state is refused");
    tap_ok(rig_fingerprint(machine) == before, "and nothing has changed");

    node = rig_open(machine, TEST_KERNEL_NEXT, NULL);
    tap_ok(node != NULL && node->event == 1 && rig_state(node) == 13, "an upgrade's load migrates the state");
    rig_event(node, "%inc");
    rig_event(node, "%inc");
    tap_ok(rig_state(node) == 15, "and events go on");
    uint64_t hash = node->state_hash;
    recovery_close(node);

    snprintf(arena, sizeof arena, "%s/%s", machine, ARENA_FILE_NAME);
    CHECK(os_remove(arena) == STATUS_OK);
    node = rig_open(machine, TEST_KERNEL, NULL);
    tap_ok(node != NULL && node->event == 3 && node->events_replayed == 3, "all of it is replayed over the upgrade");
    tap_ok(node != NULL && node->state_hash == hash && rig_state(node) == 15, "to the very same state");
    recovery_close(node);
}

/* A load that changes the state at every start must do so in a replay as well,
 * where it did, and nowhere else. */
static void test_changing_loads(void)
{
    const char *machine = rig_path("loads");
    char arena[4096];
    struct node *node = rig_create(machine, TEST_KERNEL_NEXT);
    rig_event(node, "[%set 10]");
    recovery_close(node);
    node = rig_open(machine, NULL, NULL); /* 13 */
    recovery_close(node);
    node = rig_open(machine, NULL, NULL); /* 16 */
    rig_event(node, "%inc");
    tap_ok(rig_state(node) == 17, "a load that adds three has run at two starts");
    recovery_close(node);
    snprintf(arena, sizeof arena, "%s/%s", machine, ARENA_FILE_NAME);
    CHECK(os_remove(arena) == STATUS_OK);
    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->events_replayed == 2 && rig_state(node) == 20,
           "a replay runs it there too, and then once for this start");
    recovery_close(node);
}

int main(void)
{
    test_damaged_rows();
    test_divergence();
    test_truncated_log();
    test_upgrade();
    test_changing_loads();
    return tap_done();
}
