/* Rot in what a start reads of the arena before the kernel runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "os/os.h"
#include "recovery/private.h"
#include "rig.h"
#include "support/tap.h"
#include "test_kernel.h"

#define PLACES_MAX 256

/* Objects of the arena, by where their words stand in its file. */
struct places {
    uint64_t offsets_bytes[PLACES_MAX];
    uint64_t sizes_words[PLACES_MAX];
    size_t count;
};

static char machine[512]; /* the directory */

static noun read_noun(struct node *node, const char *text)
{
    noun n;
    CHECK(codec_read(node->stack, "noun", text, strlen(text), &n) == STATUS_OK);
    return n;
}

static void register_core(struct node *node, const char *core, const char *formula)
{
    struct nock_result result;
    nock_run(node->machine, read_noun(node, core), read_noun(node, formula), &result);
    CHECK(result.outcome == NOCK_DONE);
}

/* A machine with a registry, codes, a snapshot and a branch. */
static struct node *make_machine(void)
{
    struct node *node = rig_create(machine, TEST_KERNEL);
    rig_event(node, "%inc");
    register_core(node, "[%root 138]", "[11 [%fast 1 [%k 138] [1 0] 0] 0 1]");
    register_core(node, "[[1 %nock %dec] 0 %root 138]", "[11 [%fast 1 %dec [0 7] 0] 0 1]");
    register_core(node, "[[[1 1] [1 2] 1 3] %root 138]", "[11 [%fast 1 %one [0 3] 0] 0 1]");
    CHECK(node_persist_root(node, ARENA_ROOT_BRANCHES, 0) == STATUS_OK);
    CHECK(node_keep(node, "kept", false, NULL) == STATUS_OK);
    CHECK(node_keep(node, "side", true, NULL) == STATUS_OK);
    rig_event(node, "%inc");
    CHECK(arena_seal(node->arena) == STATUS_OK);
    return node;
}

/* Where the object's words stand in the file: they are there once. */
static bool find_words(const uint8_t *bytes, size_t size_bytes, noun n, struct places *places)
{
    const uint64_t *words = noun_words(n);
    uint64_t size_words = noun_is_cell(n) ? 3 : words[1] + 2;
    for (size_t at = 0; at + size_words * 8 <= size_bytes; at += 8)
        if (memcmp(bytes + at, words, size_words * 8) == 0) {
            places->offsets_bytes[places->count] = at;
            places->sizes_words[places->count++] = size_words;
            return true;
        }
    return false;
}

/* The first objects of a noun, breadth first. */
static void find_objects(const uint8_t *bytes, size_t size_bytes, noun root, size_t count_max, struct places *places)
{
    noun queue[PLACES_MAX * 2];
    size_t begin = 0, end = 0;
    if (!noun_is_direct(root))
        queue[end++] = root;
    for (; begin < end && begin < count_max && places->count < PLACES_MAX; begin++) {
        CHECK(find_words(bytes, size_bytes, queue[begin], places));
        if (!noun_is_cell(queue[begin]))
            continue;
        noun parts[] = {noun_head(queue[begin]), noun_tail(queue[begin])};
        for (size_t i = 0; i < COUNT_OF(parts); i++)
            if (!noun_is_direct(parts[i]) && end < COUNT_OF(queue))
                queue[end++] = parts[i];
    }
}

static void find_path(const uint8_t *bytes, size_t size_bytes, noun core, uint64_t axis, struct places *places)
{
    for (unsigned bit = bits_length(axis); bit > 0; bit--) {
        noun part = noun_at(core, axis >> (bit - 1));
        if (!noun_is_direct(part))
            CHECK(find_words(bytes, size_bytes, part, places));
    }
}

static void read_file(uint8_t **bytes, size_t *size_bytes)
{
    char path[sizeof machine + 32];
    snprintf(path, sizeof path, "%s/%s", machine, ARENA_FILE_NAME);
    CHECK(os_read_whole(path, (uint64_t)1 << 30, bytes, size_bytes) == STATUS_OK);
}

/* What came of a start, and of reading the shelves, with each byte inverted in turn. */
struct outcome {
    size_t tries, refused, from_arena, shelves_refused, wrong;
};

static void note_open(struct node *node, struct outcome *outcome)
{
    struct recovery_kept *list = NULL;
    size_t count;
    outcome->from_arena += node->source == RECOVERY_FROM_ARENA;
    outcome->wrong += rig_state(node) != 2;
    enum status status = node_kept_list(node, &list, &count);
    if (status == STATUS_OK) /* a state that was made again has none */
        outcome->wrong += node->source == RECOVERY_FROM_ARENA && count != 2;
    else
        outcome->shelves_refused++;
    outcome->wrong += status != STATUS_OK && status != STATUS_CORRUPT;
    free(list);
}

static struct outcome try_all(const struct places *places)
{
    struct outcome outcome = {0};
    for (size_t i = 0; i < places->count; i++)
        for (uint64_t byte = i % 7; byte < places->sizes_words[i] * 8; byte += 7) {
            rig_keep(machine, ARENA_FILE_NAME);
            rig_flip(machine, ARENA_FILE_NAME, places->offsets_bytes[i] + byte);
            struct node *node = rig_open(machine, NULL, NULL);
            outcome.tries++;
            if (node != NULL)
                note_open(node, &outcome);
            else
                outcome.refused++;
            recovery_close(node);
            rig_restore(machine, ARENA_FILE_NAME);
        }
    return outcome;
}

int main(void)
{
    static const uint64_t axes[] = {KERNEL_AXIS_LOAD, KERNEL_AXIS_PEEK, KERNEL_AXIS_POKE, KERNEL_AXIS_STATE};
    struct places registry = {0}, codes = {0}, shelves = {0}, kernel = {0};
    uint8_t *bytes;
    size_t size_bytes;
    snprintf(machine, sizeof machine, "%s", rig_path("roots-machine"));
    struct node *node = make_machine();
    const noun *roots = arena_current(node->arena)->roots;
    read_file(&bytes, &size_bytes);
    find_objects(bytes, size_bytes, roots[ARENA_ROOT_REGISTRY], 40, &registry);
    find_objects(bytes, size_bytes, noun_head(roots[ARENA_ROOT_CODE]), 1, &codes);
    for (noun list = roots[ARENA_ROOT_CODE]; noun_is_cell(list) && codes.count < 16; list = noun_tail(list))
        find_objects(bytes, size_bytes, list, 1, &codes);
    find_objects(bytes, size_bytes, roots[ARENA_ROOT_SNAPSHOTS], 6, &shelves);
    find_objects(bytes, size_bytes, roots[ARENA_ROOT_BRANCHES], 10, &shelves);
    for (size_t i = 0; i < COUNT_OF(axes); i++)
        find_path(bytes, size_bytes, roots[ARENA_ROOT_HOST], axes[i], &kernel);
    free(bytes);
    recovery_close(node);

    struct outcome outcome = try_all(&registry);
    tap_ok(outcome.tries > 50 && outcome.from_arena == outcome.tries && outcome.wrong == 0,
           "the registry of jets: %zu bytes, each left out or harmless", outcome.tries);
    outcome = try_all(&codes);
    tap_ok(outcome.tries > 10 && outcome.from_arena == outcome.tries && outcome.wrong == 0,
           "the list of codes: %zu bytes, each left out or harmless", outcome.tries);
    outcome = try_all(&shelves);
    tap_ok(outcome.tries > 20 && outcome.refused == 0 && outcome.wrong == 0 &&
               outcome.shelves_refused > outcome.tries / 2,
           "snapshots and branches: %zu bytes, %zu of them seen when they are listed", outcome.tries,
           outcome.shelves_refused);
    outcome = try_all(&kernel);
    tap_ok(outcome.tries > 10 && outcome.refused == 0 && outcome.from_arena < outcome.tries / 4 && outcome.wrong == 0,
           "the kernel, down to its arms: %zu bytes, after %zu of which the state was made again", outcome.tries,
           outcome.tries - outcome.from_arena);
    return tap_done();
}
