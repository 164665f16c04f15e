/* What each root keeps, counted in one pass downwards, is what a walk of each root
 * with a set of what it has seen says; and an arena that has rotted is an answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"
#include "rig.h"
#include "support/tap.h"
#include "test_kernel.h"

#define SLOTS ((size_t)1 << 16)
#define PENDING_MAX 65536

/* Objects, and who reaches them. */
static struct {
    noun nouns[SLOTS];
    unsigned owners[SLOTS];
} model;

static size_t slot_of(noun n)
{
    size_t slot = (size_t)bits_mix64(n) % SLOTS;
    while (model.nouns[slot] != 0 && model.nouns[slot] != n)
        slot = (slot + 1) % SLOTS;
    return slot;
}

static void reach(noun root, unsigned owner)
{
    static noun pending[PENDING_MAX];
    size_t count = 0;
    pending[count++] = root;
    while (count > 0) {
        noun n = pending[--count];
        size_t slot = slot_of(n);
        if (noun_is_direct(n) || (model.owners[slot] & owner) != 0)
            continue;
        model.nouns[slot] = n;
        model.owners[slot] |= owner;
        CHECK(count + 2 < PENDING_MAX);
        if (noun_is_cell(n)) {
            pending[count++] = noun_head(n);
            pending[count++] = noun_tail(n);
        }
    }
}

static void model_of(const struct node *view)
{
    static const enum arena_root roots[] = {ARENA_ROOT_STATE, ARENA_ROOT_TRAP, ARENA_ROOT_REGISTRY, ARENA_ROOT_CODE,
                                            ARENA_ROOT_COLLECTIONS};
    const struct arena_commit *commit = arena_current(view->arena);
    struct recovery_kept *list;
    size_t count;
    memset(&model, 0, sizeof model);
    for (unsigned i = 0; i < COUNT_OF(roots); i++)
        reach(commit->roots[roots[i]], 1u << i);
    reach(commit->roots[ARENA_ROOT_HOST], 1);
    CHECK(node_kept_list(view, &list, &count) == STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        unsigned owner = 1u << (COUNT_OF(roots) + (i < 7 ? i : 7));
        reach(list[i].core, owner);
        reach(list[i].trap, owner);
    }
    free(list);
}

static uint64_t size_of(noun n)
{
    return noun_is_cell(n) ? 24 : (noun_words(n)[1] + 2) * 8;
}

static bool is_as_model(const struct recovery_retained *retained)
{
    uint64_t live_bytes = 0, large_bytes = 0, shared_bytes = 0;
    struct recovery_owner owners[RECOVERY_OWNERS_MAX] = {0};
    for (size_t slot = 0; slot < SLOTS; slot++) {
        unsigned mask = model.owners[slot];
        if (mask == 0)
            continue;
        uint64_t size_bytes = size_of(model.nouns[slot]);
        bool is_large = noun_is_large(model.nouns[slot]);
        *(is_large ? &large_bytes : &live_bytes) += size_bytes;
        shared_bytes += (mask & (mask - 1)) != 0 ? size_bytes : 0;
        for (unsigned i = 0; i < RECOVERY_OWNERS_MAX; i++) {
            bool is_mine = (mask >> i & 1) != 0;
            owners[i].objects += is_mine;
            owners[i].reached_bytes += is_mine ? size_bytes : 0;
            owners[i].large_bytes += is_mine && is_large ? size_bytes : 0;
            owners[i].alone_bytes += mask == 1u << i ? size_bytes : 0;
        }
    }
    bool is_same = live_bytes == retained->live_bytes && large_bytes == retained->live_large_bytes &&
                   shared_bytes == retained->shared_bytes;
    for (size_t i = 0; i < retained->owner_count; i++)
        is_same = is_same && owners[i].objects == retained->owners[i].objects &&
                  owners[i].reached_bytes == retained->owners[i].reached_bytes &&
                  owners[i].large_bytes == retained->owners[i].large_bytes &&
                  owners[i].alone_bytes == retained->owners[i].alone_bytes;
    return is_same;
}

static void compare(const char *directory, const char *what)
{
    const struct recovery_options options = {0};
    struct recovery_retained retained;
    struct node *view;
    CHECK(recovery_open_view(directory, &options, &view) == STATUS_OK);
    model_of(view);
    enum status status = node_retained(view, &retained);
    tap_ok(status == STATUS_OK && is_as_model(&retained), "%s: %" PRIu64 " bytes live, %" PRIu64 " of them shared",
           what, retained.live_bytes, retained.shared_bytes);
    node_retained_finish(&retained);
    recovery_close(view);
}

/* [%set [A B ...]]: a tree of numbers that differ by `number`, and a large atom. */
static void set_state(struct node *node, unsigned number, unsigned count, bool has_large)
{
    static char text[1 << 20];
    size_t length = (size_t)snprintf(text, sizeof text, "[%%set ");
    for (unsigned i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "[0x7.%04x.%04x.0000.0000.%04x ", i % 7, number,
                                   i * number % 65536);
    length += (size_t)snprintf(text + length, sizeof text - length, has_large ? "0x7" : "0");
    for (unsigned i = 0; has_large && i < 40000; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%016x", number + i);
    memset(text + length, ']', count + 1);
    text[length + count + 1] = 0;
    rig_event(node, text);
    node_reset(node);
}

static void test_model(const char *directory)
{
    struct node *node = rig_create(directory, TEST_KERNEL);
    char name[16];
    for (unsigned i = 1; i <= 11; i++) {
        set_state(node, i, i * 40, i == 2 || i == 5);
        snprintf(name, sizeof name, "kept-%u", i);
        CHECK(node_keep(node, name, i % 2 == 0, i == 4 ? "kept-1" : NULL) == STATUS_OK);
        if (i != 1 && i != 5 && i != 11)
            continue;
        CHECK(arena_sync(node->arena) == STATUS_OK);
        compare(directory, i == 1 ? "one snapshot" : i == 5 ? "five" : "more than there are bits for");
        node_enter(node);
    }
    CHECK(node_kept_drop(node, "kept-3", false) == STATUS_OK);
    CHECK(arena_seal(node->arena) == STATUS_OK);
    recovery_close(node);
    compare(directory, "one less");
}

/* The file changes under the view: what it shows is not as it was written.  Without snapshots, whose lists are
 * believed. */
static void test_rot(const char *directory)
{
    const struct recovery_options options = {0};
    unsigned refused = 0, answered = 0;
    char path[4200];
    snprintf(path, sizeof path, "%s/" ARENA_FILE_NAME, directory);
    struct node *node = rig_create(directory, TEST_KERNEL);
    for (unsigned i = 1; i < 5; i++)
        set_state(node, i, i * 100, i == 3);
    CHECK(arena_seal(node->arena) == STATUS_OK);
    recovery_close(node);
    rig_keep(directory, ARENA_FILE_NAME);
    uint64_t random = tap_seed();
    for (unsigned round = 0; round < 60; round++) {
        struct recovery_retained retained;
        struct node *view;
        FILE *file = fopen(path, "r+b");
        CHECK(file != NULL);
        CHECK(recovery_open_view(directory, &options, &view) == STATUS_OK);
        const struct arena_commit *commit = arena_current(view->arena);
        for (unsigned i = 0; i <= round; i++) {
            random = bits_mix64(random + 1);
            uint64_t words[2] = {random, NOUN_TAG_CELL | random % (commit->watermark_bytes / 8)};
            uint64_t span_words = (commit->ranges[0].end_bytes - commit->ranges[0].start_bytes) / 8;
            CHECK(fseek(file, (long)(commit->ranges[0].start_bytes + random / 7 % span_words * 8), SEEK_SET) == 0);
            CHECK(fwrite(&words[random >> 60 & 1], 8, 1, file) == 1);
        }
        fclose(file);
        enum status status = node_retained(view, &retained);
        refused += status == STATUS_CORRUPT;
        answered += status == STATUS_OK;
        node_retained_finish(&retained);
        recovery_close(view);
        rig_restore(directory, ARENA_FILE_NAME);
    }
    tap_ok(refused > 10 && refused + answered == 60, "of 60 rotten arenas %u are refused, the others counted", refused);
}

int main(void)
{
    char directory[4096];
    snprintf(directory, sizeof directory, "%s", rig_path("retained"));
    test_model(directory);
    snprintf(directory, sizeof directory, "%s", rig_path("rotten"));
    test_rot(directory);
    return tap_done();
}
