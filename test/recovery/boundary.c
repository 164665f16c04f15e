/* Every start ends at the log's last event, whatever the arena holds. */
#include <stdio.h>
#include <string.h>

#include "recovery/private.h"
#include "rig.h"
#include "support/tap.h"
#include "test_kernel.h"

/* Opens, checks where it stands, closes. */
static void expect(const char *directory, uint64_t event, uint64_t state, uint64_t replayed, const char *what)
{
    struct node *node = rig_open(directory, NULL, NULL);
    tap_ok(node != NULL && node->event == event && rig_state(node) == state && node->events_replayed == replayed,
           "%s: event %d, state %d, %d replayed", what, (int)event, (int)state, (int)replayed);
    recovery_close(node);
}

static void test_at_the_boundary(void)
{
    const char *machine = rig_path("at");
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    rig_event(node, "[%set 40]");
    rig_event(node, "%inc");
    uint64_t hash = node->state_hash;
    recovery_close(node);
    expect(machine, 3, 41, 0, "an arena at the boundary");
    node = rig_open(machine, NULL, NULL);
    tap_ok(node->state_hash == hash, "the state's hash is what it was");
    uint64_t used = arena_current(node->arena)->watermark_bytes;
    recovery_close(node);
    for (int i = 0; i < 10; i++)
        tap_ok(rig_try(machine, NULL) == STATUS_OK, "start %d", i);
    node = rig_open(machine, NULL, NULL);
    tap_ok(arena_current(node->arena)->watermark_bytes == used, "starting costs the arena nothing");
    recovery_close(node);
}

static void test_behind(void)
{
    const char *machine = rig_path("behind");
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    CHECK(arena_sync(node->arena) == STATUS_OK);
    rig_keep(machine, ARENA_FILE_NAME);
    for (int i = 0; i < 20; i++)
        rig_event(node, "%inc");
    recovery_close(node);
    rig_restore(machine, ARENA_FILE_NAME);
    expect(machine, 21, 21, 20, "an arena that is behind");
    expect(machine, 21, 21, 0, "and again, now at the boundary");
}

static void test_ahead(void)
{
    const char *machine = rig_path("ahead");
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    rig_event(node, "%inc");
    rig_event_unlogged(node, "[%set 666]");
    recovery_close(node);
    expect(machine, 2, 2, 0, "an arena that is ahead of the log");
    node = rig_open(machine, NULL, NULL);
    rig_event(node, "%inc");
    recovery_close(node);
    expect(machine, 3, 3, 0, "and another history goes on from there");
}

static void test_view(void)
{
    const char *machine = rig_path("view");
    struct node *node = rig_create(machine, TEST_KERNEL);
    struct node *view;
    rig_event(node, "[%set 5]");
    rig_event_unlogged(node, "[%set 666]");
    CHECK(recovery_open_view(machine, NULL, &view) == STATUS_OK);
    tap_ok(view->event == 1 && rig_state(view) == 5, "a view does not see what the log has not");
    recovery_close(view);
    recovery_close(node);
    uint64_t before = rig_fingerprint(machine);
    CHECK(recovery_open_view(machine, NULL, &view) == STATUS_OK);
    recovery_close(view);
    tap_ok(rig_fingerprint(machine) == before, "and changes nothing");
}

/* ---- an arena of no use ------------------------------------------------------------- */

static void make_three(const char *machine)
{
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    rig_event(node, "%inc");
    rig_event(node, "%inc");
    recovery_close(node);
}

static void test_rebuilding(void)
{
    const char *machine = rig_path("rebuilt");
    char arena[4096], damaged[4096];
    make_three(machine);
    snprintf(arena, sizeof arena, "%s/%s", machine, ARENA_FILE_NAME);
    snprintf(damaged, sizeof damaged, "%s/%s", machine, RECOVERY_DAMAGED_NAME);
    CHECK(os_remove(arena) == STATUS_OK);
    expect(machine, 3, 3, 3, "an arena that is gone");
    rig_flip(machine, ARENA_FILE_NAME, 0);
    expect(machine, 3, 3, 3, "an arena whose first byte is wrong");
    enum os_kind kind;
    tap_ok(os_kind_of(damaged, &kind) == STATUS_OK && kind == OS_KIND_FILE, "the damaged one is kept beside");
    CHECK(os_replace_whole(arena, "LoamAren", 8) == STATUS_OK);
    expect(machine, 3, 3, 3, "an arena that is cut short");
    expect(machine, 3, 3, 0, "and then all is well");
}

static void test_foreign_arena(void)
{
    const char *machine = rig_path("one"), *other = rig_path("other");
    struct node *node = rig_create(other, TEST_KERNEL);
    rig_event(node, "[%set 77]");
    recovery_close(node);
    make_three(machine);
    rig_keep(other, ARENA_FILE_NAME);
    rig_restore(machine, ARENA_FILE_NAME);
    expect(machine, 3, 3, 3, "another machine's arena");
}

static void test_lost_kernel(void)
{
    const char *machine = rig_path("lost");
    char path[4096];
    make_three(machine);
    snprintf(path, sizeof path, "%s/%s", machine, ARENA_FILE_NAME);
    CHECK(os_remove(path) == STATUS_OK);
    struct recovery_kernel kernel = test_kernel_jam(TEST_KERNEL);
    uint8_t hash[HASH_BLAKE3_SIZE_BYTES];
    hash_blake3(kernel.bytes, kernel.size_bytes, hash);
    free((void *)kernel.bytes);
    size_t length = (size_t)snprintf(path, sizeof path, "%s/%s/", machine, RECOVERY_KERNELS_NAME);
    for (size_t i = 0; i < sizeof hash; i++)
        length += (size_t)snprintf(path + length, sizeof path - length, "%02x", hash[i]);
    snprintf(path + length, sizeof path - length, ".jam");
    CHECK(os_replace_whole(path, "rot", 3) == STATUS_OK);
    uint64_t before = rig_fingerprint(machine);
    tap_ok(rig_try(machine, NULL) == STATUS_CORRUPT, "neither arena nor kernel: refused");
    tap_ok(rig_fingerprint(machine) == before, "with nothing changed");
}

int main(void)
{
    test_at_the_boundary();
    test_behind();
    test_ahead();
    test_view();
    test_rebuilding();
    test_foreign_arena();
    test_lost_kernel();
    return tap_done();
}
