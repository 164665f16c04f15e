/* Snapshots and branches: records are read as a stranger's, and kept through every commit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "recovery/private.h"
#include "rig.h"
#include "support/tap.h"
#include "test_kernel.h"

static enum status list_status(struct node *node, size_t *count)
{
    struct recovery_kept *list = NULL;
    enum status status = node_kept_list(node, &list, count);
    free(list);
    return status;
}

/* A shelf that somebody else has written. */
static void test_strange_records(void)
{
    static const struct {
        const char *text;
        enum status expected;
    } shelves[] = {
        {"5", STATUS_CORRUPT},
        {"[2 0]", STATUS_FORMAT},
        {"[[1 1] 0]", STATUS_CORRUPT},
        {"[1 7]", STATUS_CORRUPT},
        {"[1 5 0]", STATUS_CORRUPT},
        {"[1 ['a' 1 1 1 1 0] 0]", STATUS_CORRUPT},
        {"[1 ['a' 1 1 1 1 0 0] 0]", STATUS_CORRUPT},
        {"[1 ['' 1 1 1 1 0 [[0 0] [0 0] 0]] 0]", STATUS_CORRUPT},
        {"[1 ['a/b' 1 1 1 1 0 [[0 0] [0 0] 0]] 0]", STATUS_CORRUPT},
        {"[1 [[1 1] 1 1 1 1 0 [[0 0] [0 0] 0]] 0]", STATUS_CORRUPT},
        {"[1 ['a' [1 1] 1 1 1 0 [[0 0] [0 0] 0]] 0]", STATUS_CORRUPT},
        {"[1 ['a' 1 0x1.0000.0000.0000.0000 1 1 0 [[0 0] [0 0] 0]] 0]", STATUS_CORRUPT},
        {"[1 ['a' 1 1 1 1 0 [[0 0] [0 0] 0]] 3]", STATUS_CORRUPT},
        {"[1 ['a' 1 1 1 1 0 [[0 0] [0 0] 0]] 0]", STATUS_OK},
    };
    struct node *node = rig_create(rig_path("strange"), TEST_KERNEL);
    for (size_t i = 0; i < COUNT_OF(shelves); i++) {
        noun shelf;
        size_t count;
        CHECK(codec_read(node->stack, "shelf", shelves[i].text, strlen(shelves[i].text), &shelf) == STATUS_OK);
        CHECK(node_persist_root(node, ARENA_ROOT_BRANCHES, shelf) == STATUS_OK);
        tap_ok(list_status(node, &count) == shelves[i].expected, "%s is %s", shelves[i].text,
               status_name(shelves[i].expected));
    }
    struct recovery_branch_event event;
    tap_ok(node_branch_poke(node, "a", 0, 0, 0, &event) == STATUS_INVALID, "what is no kernel cannot be poked: %s",
           status_message());
    recovery_close(node);
}

static noun cause_of(struct node *node, const char *text)
{
    noun cause;
    CHECK(codec_read(node->stack, "cause", text, strlen(text), &cause) == STATUS_OK);
    return cause;
}

static uint64_t state_of(struct node *node, const char *name)
{
    struct recovery_kept kept;
    return node_kept_find(node, name, &kept) == STATUS_OK ? noun_at(kept.core, KERNEL_AXIS_STATE) : UINT64_MAX;
}

/* Many commits of the main line between, a kill, a replay: all is kept. */
static void test_kept(void)
{
    const char *machine = rig_path("kept-machine");
    struct recovery_branch_event event;
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    tap_ok(node_keep(node, "one", false, NULL) == STATUS_OK, "a snapshot is taken");
    tap_ok(node_keep(node, "side", true, "one") == STATUS_OK, "and a branch of it");
    uint64_t hash = node->state_hash;
    for (int i = 0; i < 40; i++) {
        rig_event(node, "%inc");
        noun wire = kernel_wire_plain(node->stack, "sys", 1);
        CHECK(node_branch_poke(node, "side", wire, cause_of(node, "[%set 99]"), 0, &event) == STATUS_OK);
        CHECK(event.is_accepted && !event.is_replaced);
        node_reset(node);
    }
    tap_ok(event.number == 41 && node->event == 41, "both lines go on");
    tap_ok(state_of(node, "one") == 1 && state_of(node, "side") == 99 && rig_state(node) == 41, "each in its own way");
    CHECK(arena_sync(node->arena) == STATUS_OK);
    rig_keep(machine, ARENA_FILE_NAME);
    for (int i = 0; i < 5; i++)
        rig_event(node, "%inc");
    recovery_close(node);
    rig_restore(machine, ARENA_FILE_NAME);
    node = rig_open(machine, NULL, NULL);
    struct recovery_kept kept;
    tap_ok(node != NULL && node->events_replayed == 5 && rig_state(node) == 46, "a start replays the main line");
    tap_ok(state_of(node, "one") == 1 && state_of(node, "side") == 99, "and keeps the others");
    tap_ok(node_kept_find(node, "one", &kept) == STATUS_OK && kept.state_hash == hash && kept.event == 1,
           "with what is known of them");
    tap_ok(node_kept_drop(node, "one", true) == STATUS_NOT_FOUND, "a snapshot is no branch");
    tap_ok(node_kept_drop(node, "one", false) == STATUS_OK && state_of(node, "one") == UINT64_MAX,
           "one can be dropped");
    recovery_close(node);
}

/* A branch's commit stands at the main line's event, and may be ahead of the log like any other. */
static void test_arena_ahead(void)
{
    const char *machine = rig_path("ahead");
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    CHECK(node_keep(node, "one", false, NULL) == STATUS_OK);
    CHECK(arena_sync(node->arena) == STATUS_OK);
    rig_event_unlogged(node, "[%set 50]");
    CHECK(node_keep(node, "never", false, NULL) == STATUS_OK);
    recovery_close(node);
    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->event == 1 && state_of(node, "one") == 1, "what the log knows is kept");
    tap_ok(state_of(node, "never") == UINT64_MAX, "what it never knew is not");
    recovery_close(node);
}

int main(void)
{
    test_strange_records();
    test_kept();
    test_arena_ahead();
    return tap_done();
}
