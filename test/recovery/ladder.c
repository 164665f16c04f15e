/* The ways to a state: each is found when those before it lead nowhere, and what
 * is refused changes nothing. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recovery/private.h"
#include "rig.h"
#include "support/tap.h"
#include "test_kernel.h"

static void seal(struct node *node)
{
    struct recovery_pinned pinned;
    struct snapshot_report report;
    CHECK(node_pin(node, &pinned) == STATUS_OK);
    if (node_seal(&pinned, false, NULL, &report) != STATUS_OK) {
        tap_note("%s", status_message());
        abort();
    }
    node_unpin(&pinned);
}

static void events(struct node *node, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        rig_event(node, "%inc");
}

/* Snapshots of events 4 and 8, and a log of 12. */
static void make(const char *machine)
{
    struct node *node = rig_create(machine, TEST_KERNEL);
    for (unsigned i = 0; i < 2; i++) {
        events(node, 4);
        seal(node);
    }
    events(node, 4);
    recovery_close(node);
}

static char *in(const char *machine, const char *name)
{
    return recovery_path(machine, name);
}

static void lose_arena(const char *machine)
{
    char *path = in(machine, ARENA_FILE_NAME);
    CHECK(os_remove(path) == STATUS_OK);
    free(path);
}

static void expect(const char *machine, enum recovery_source source, uint64_t replayed, const char *what)
{
    struct node *node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->event == 12 && rig_state(node) == 12 && node->source == source &&
               node->events_replayed == replayed,
           "%s: from %s, %" PRIu64 " events replayed", what,
           node == NULL ? "nowhere" : recovery_source_name(node->source), node == NULL ? 0 : node->events_replayed);
    recovery_close(node);
    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->event == 12 && node->events_replayed == 0, "and then the arena is there again");
    recovery_close(node);
}

static void expect_refusal(const char *machine, enum status expected, const char *word, const char *what)
{
    uint64_t before = rig_fingerprint(machine);
    tap_ok(rig_try(machine, NULL) == expected, "%s is refused", what);
    tap_ok(strstr(status_message(), word) != NULL, "the message says \"%s\"", word);
    tap_ok(rig_fingerprint(machine) == before, "nothing has changed");
    tap_ok(rig_try(machine, NULL) == expected && rig_fingerprint(machine) == before, "and the refusal can be repeated");
}

/* The name of the newest, or with `back` an older, snapshot's manifest; or of its last piece. */
static const char *file_of(const char *machine, size_t back, bool is_piece)
{
    static char name[SNAPSHOT_NAME_SIZE_BYTES + 16];
    struct snapshot_list list;
    struct snapshot_manifest manifest;
    CHECK(snapshot_list(machine, &list) == STATUS_OK && back < list.count);
    snprintf(name, sizeof name, SNAPSHOT_FOLDER_NAME "/%s", list.entries[back].name);
    if (is_piece) {
        CHECK(snapshot_read(machine, list.entries[back].name, &manifest) == STATUS_OK);
        const struct snapshot_piece *piece = &manifest.pieces[manifest.piece_count - 1];
        snprintf(name, sizeof name,
                 SNAPSHOT_FOLDER_NAME "/%012" PRIx64 "-%012" PRIx64 "-%02x%02x%02x%02x%02x%02x%02x%02x.piece",
                 piece->start_bytes, piece->end_bytes, piece->hash[0], piece->hash[1], piece->hash[2], piece->hash[3],
                 piece->hash[4], piece->hash[5], piece->hash[6], piece->hash[7]);
        snapshot_manifest_finish(&manifest);
    }
    snapshot_list_finish(&list);
    return name;
}

static bool is_there(const char *machine, const char *name, const char *suffix)
{
    char path[4096];
    enum os_kind kind;
    snprintf(path, sizeof path, "%s/%s%s", machine, name, suffix);
    return os_kind_of(path, &kind) == STATUS_OK && kind != OS_KIND_ABSENT;
}

/* ---- arenas of no use ------------------------------------------------------------------- */

static void test_arenas(void)
{
    const char *machine = rig_path("arenas");
    char *arena = in(machine, ARENA_FILE_NAME);
    make(machine);
    lose_arena(machine);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "no arena");
    CHECK(os_replace_whole(arena, "", 0) == STATUS_OK);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "an empty file");
    CHECK(os_replace_whole(arena, "garbage, garbage, garbage", 25) == STATUS_OK);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "garbage");
    rig_flip(machine, ARENA_FILE_NAME, 20);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "a rotten identity page");
    for (uint64_t slot = 0; slot < ARENA_RING_SLOTS; slot++)
        rig_flip(machine, ARENA_FILE_NAME, 4096 * (slot + 1) + 100);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "no superblock that is whole");
    free(arena);
    tap_ok(is_there(machine, RECOVERY_DAMAGED_NAME, ""), "what was of no use is kept beside");
}

static void test_foreign(void)
{
    const char *machine = rig_path("mine"), *other = rig_path("theirs");
    struct node *node = rig_create(other, TEST_KERNEL);
    rig_event(node, "[%set 99]");
    recovery_close(node);
    make(machine);
    rig_keep(other, ARENA_FILE_NAME);
    rig_restore(machine, ARENA_FILE_NAME);
    expect(machine, RECOVERY_FROM_ARENA, 12, "another machine's arena, which began as this one did");
    struct node *third = rig_create(rig_path("third"), TEST_KERNEL_NEXT);
    recovery_close(third);
    rig_keep(rig_path("third"), ARENA_FILE_NAME);
    rig_restore(machine, ARENA_FILE_NAME);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "one that did not");
}

/* ---- snapshots of no use ----------------------------------------------------------------- */

static void test_damaged_snapshots(void)
{
    const char *machine = rig_path("damaged");
    char name[SNAPSHOT_NAME_SIZE_BYTES + 16], manifest[SNAPSHOT_NAME_SIZE_BYTES + 16];
    make(machine);
    snprintf(name, sizeof name, "%s", file_of(machine, 0, true));
    snprintf(manifest, sizeof manifest, "%s", file_of(machine, 0, false));
    rig_flip(machine, name, 10);
    lose_arena(machine);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 8, "the newest snapshot has a rotten piece");
    tap_ok(is_there(machine, name, ".damaged") && is_there(machine, manifest, ".damaged") &&
               !is_there(machine, name, ""),
           "which was set aside");
    lose_arena(machine);
    rig_flip(machine, file_of(machine, 0, false), 10);
    expect(machine, RECOVERY_FROM_KERNEL, 12, "and the other a rotten manifest");
    lose_arena(machine);
    expect(machine, RECOVERY_FROM_KERNEL, 12, "without snapshots");
}

static void copy_tree(const char *from, const char *to)
{
    char command[9000];
    snprintf(command, sizeof command, "cp -r '%s' '%s'", from, to);
    CHECK(system(command) == 0);
}

static void test_foreign_snapshots(void)
{
    const char *machine = rig_path("host"), *other = rig_path("guest");
    make(machine);
    struct node *node = rig_create(other, TEST_KERNEL);
    events(node, 6);
    rig_event(node, "[%set 7]"); /* the same states by another history */
    seal(node);
    events(node, 5);
    seal(node);
    recovery_close(node);
    char command[9000];
    snprintf(command, sizeof command, "cp '%s'/snapshots/* '%s'/snapshots/", other, machine);
    CHECK(system(command) == 0);
    lose_arena(machine);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "another machine's snapshots are passed over");
}

static void test_moved(void)
{
    const char *machine = rig_path("here"), *copy = rig_path("there");
    make(machine);
    lose_arena(machine);
    copy_tree(machine, copy);
    CHECK(os_rename(machine, rig_path("elsewhere")) == STATUS_OK);
    expect(copy, RECOVERY_FROM_SNAPSHOT, 4, "a copy elsewhere");
    expect(rig_path("elsewhere"), RECOVERY_FROM_SNAPSHOT, 4, "a machine that was moved");
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void prune(const char *machine, uint64_t through)
{
    char *path = in(machine, RECOVERY_LOG_NAME);
    struct eventlog *log;
    bool is_done = false;
    CHECK(eventlog_open(path, EVENTLOG_WRITE, NULL, &log) == STATUS_OK);
    while (!is_done)
        CHECK(eventlog_prune(log, through, &is_done) == STATUS_OK);
    eventlog_close(log);
    free(path);
}

static void test_pruned(void)
{
    const char *machine = rig_path("pruned");
    make(machine);
    prune(machine, 4);
    lose_arena(machine);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "a log that was pruned to the epoch");
    lose_arena(machine);
    rig_flip(machine, file_of(machine, 0, false), 10);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 8, "replayed from the epoch");
    lose_arena(machine);
    rig_flip(machine, file_of(machine, 0, true), 10);
    expect_refusal(machine, STATUS_CORRUPT, "does not begin with event 1", "a machine with nothing left to begin from");
    tap_ok(strstr(status_message(), "the snapshot of event 4") != NULL, "and the snapshot is named: %s",
           status_message());
}

static void test_hole(void)
{
    const char *machine = rig_path("hole");
    make(machine);
    rig_sql(machine, "UPDATE events SET job = zeroblob(length(job)) WHERE event = 7");
    lose_arena(machine);
    expect(machine, RECOVERY_FROM_SNAPSHOT, 4, "a damaged row before the newest snapshot");
    rig_sql(machine, "UPDATE events SET job = zeroblob(length(job)) WHERE event = 10");
    lose_arena(machine);
    expect_refusal(machine, STATUS_CORRUPT, "event 10", "a damaged row after it");
}

static void test_divergence(void)
{
    const char *machine = rig_path("diverged");
    struct node *node = rig_create(machine, TEST_KERNEL);
    events(node, 4);
    seal(node);
    events(node, 2);
    rig_event_misrecorded(node, "%inc");
    recovery_close(node);
    lose_arena(machine);
    expect_refusal(machine, STATUS_DIVERGED, "event 7", "a history that cannot be reproduced");
}

/* ---- ended in the middle ---------------------------------------------------------------------- */

static void exit_at(void *context, const char *label, uint64_t done, uint64_t total)
{
    (void)total;
    if (strcmp(label, "replaying events") == 0 && done == *(uint64_t *)context)
        _exit(0);
}

static void test_resumption(void)
{
    const char *machine = rig_path("resumed");
    uint64_t at = 3;
    int status;
    make(machine);
    lose_arena(machine);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct recovery_options options = {.listener = {.context = &at, .progress = exit_at}};
        struct node *node;
        _exit(recovery_open(machine, NULL, &options, &node) == STATUS_OK ? 2 : 3);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    expect(machine, RECOVERY_FROM_REBUILT, 1, "a recovery that was killed after three of four events");
    tap_ok(!is_there(machine, RECOVERY_REBUILD_NAME, ""), "nothing is left beside");
}

/* ---- quarantine --------------------------------------------------------------------------------- */

static enum status open_with_word(const char *machine, uint64_t event, struct node **node)
{
    const struct recovery_options options = {.quarantine_event = event};
    enum status status = recovery_open(machine, NULL, &options, node);
    if (status != STATUS_OK)
        tap_note("%s: %s", status_name(status), status_message());
    return status;
}

static void test_quarantine(void)
{
    const char *machine = rig_path("quarantine");
    struct node *node = rig_create(machine, TEST_KERNEL);
    events(node, 4);
    seal(node);
    events(node, 2);
    rig_event_misrecorded(node, "[%set 50]");
    events(node, 3);
    recovery_close(node);
    lose_arena(machine);
    expect_refusal(machine, STATUS_DIVERGED, "event 7", "an event that cannot be run again");
    tap_ok(open_with_word(machine, 70, &node) == STATUS_INVALID,
           "an event that the log has not cannot be in quarantine");
    CHECK(open_with_word(machine, 7, &node) == STATUS_OK);
    tap_ok(node->event == 10 && rig_state(node) == 9, "in quarantine it is skipped: the state is %d",
           (int)rig_state(node));
    events(node, 2);
    uint64_t hash = node->state_hash;
    recovery_close(node);
    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->event == 12 && node->events_replayed == 0 && node->state_hash == hash,
           "the next start finds the state in the arena");
    recovery_close(node);
    lose_arena(machine);
    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->event == 12 && node->state_hash == hash && node->source == RECOVERY_FROM_SNAPSHOT,
           "every later replay skips it, too, and comes to the same state");
    recovery_close(node);
    lose_arena(machine);
    CHECK(open_with_word(machine, 2, &node) == STATUS_OK);
    tap_ok(node->state_hash == hash, "the word for an event that need not be run again is of no effect");
    recovery_close(node);
    rig_flip(machine, file_of(machine, 0, false), 10);
    lose_arena(machine);
    node = rig_open(machine, NULL, NULL);
    tap_ok(node != NULL && node->event == 12 && node->state_hash == hash && node->source == RECOVERY_FROM_KERNEL &&
               node->events_replayed == 12,
           "from the first kernel as well");
    recovery_close(node);
}

int main(void)
{
    test_arenas();
    test_foreign();
    test_damaged_snapshots();
    test_foreign_snapshots();
    test_moved();
    test_pruned();
    test_hole();
    test_divergence();
    test_resumption();
    test_quarantine();
    return tap_done();
}
