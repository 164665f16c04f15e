/* The walk of a compaction, between two stretches of plain memory: what arrives
 * is the same graph, object for object, whatever its form and however often the
 * walk is put down. */
#include "collector/copy.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "space.h"
#include "tap.h"

#define DEPTH 10000000

#define FROM_BYTES ((uint64_t)1 << 20)
#define FROM_SIZE_BYTES ((uint64_t)512 << 20)
#define TO_BYTES ((uint64_t)1 << 30)
#define TO_SIZE_BYTES ((uint64_t)512 << 20)

/* ---- a builder with one buffer ------------------------------------------------ */

static uint64_t *from_space, *to_space;
static uint64_t top_words; /* of from-space */

uint64_t *arena_allocate_slow(struct arena_builder *builder, uint64_t size_words, uint64_t *offset_words)
{
    (void)builder;
    (void)size_words;
    (void)offset_words;
    return NULL;
}

enum status arena_build_status(const struct arena_builder *builder)
{
    (void)builder;
    return status_fail(STATUS_NO_SPACE, "the test's to-space is full");
}

static struct arena_builder new_builder(uint64_t limit_words)
{
    return (struct arena_builder){
        .words = to_space, .start_words = TO_BYTES / 8, .count_words = 10, .limit_words = limit_words};
}

static noun put(noun tag, const uint64_t *words, uint64_t count)
{
    noun n = tag | top_words;
    CHECK(top_words + count < (FROM_BYTES + FROM_SIZE_BYTES) / 8);
    memcpy(noun_words(n), words, count * 8);
    top_words += count;
    return n;
}

static uint64_t hash_of(noun n)
{
    return noun_is_direct(n) || noun_is_large(n) ? n * 0x9e3779b97f4a7c15u : noun_words(n)[0];
}

static noun make_cell(noun head, noun tail)
{
    uint64_t words[3] = {bits_mix64(hash_of(head) * 3 ^ hash_of(tail)), head, tail};
    return put(NOUN_TAG_CELL, words, 3);
}

static noun make_atom(uint64_t *seed, uint64_t size_words)
{
    uint64_t words[2 + 64];
    CHECK(size_words >= 1 && size_words <= 64);
    words[0] = tap_random(seed);
    words[1] = size_words;
    for (uint64_t i = 0; i < size_words; i++)
        words[2 + i] = tap_random(seed) | (uint64_t)1 << 63;
    return put(NOUN_TAG_ATOM, words, size_words + 2);
}

static void clear_from_space(void)
{
    top_words = FROM_BYTES / 8;
}

/* ---- the check ------------------------------------------------------------------ */

/* Walks the source, each object once, and compares every word of every copy. */
struct compared {
    uint64_t objects;
    uint64_t faults;
};

static void compare_object(const struct copy *copy, noun n, struct compared *compared)
{
    noun moved = copy_find(copy, n);
    compared->objects++;
    if (moved == NOUN_NONE || moved >> 61 != n >> 61) {
        compared->faults++;
        return;
    }
    const uint64_t *old = noun_words(n), *new = noun_words(moved);
    if (noun_is_cell(n)) {
        compared->faults += new[0] != old[0] || new[1] != copy_find(copy, old[1]) || new[2] != copy_find(copy, old[2]);
        for (int i = 1; i < 3; i++)
            compared->faults += !noun_is_direct(new[i]) && noun_offset_words(new[i]) >= noun_offset_words(moved);
        return;
    }
    compared->faults += memcmp(old, new, (old[1] + 2) * 8) != 0;
}

static struct compared compare(const struct copy *copy, noun root, uint64_t from_bytes)
{
    struct compared compared = {0};
    struct wordstack pending;
    uint8_t *seen = calloc(1, FROM_SIZE_BYTES / 24 + 2);
    wordstack_init(&pending);
    wordstack_push(&pending, root);
    while (!wordstack_is_empty(&pending)) {
        noun n = wordstack_pop(&pending);
        if (noun_is_direct(n) || (n << 3) < from_bytes)
            continue;
        uint64_t index = (noun_offset_words(n) - FROM_BYTES / 8) / 3;
        if (seen[index])
            continue;
        seen[index] = 1;
        compare_object(copy, n, &compared);
        if (noun_is_cell(n))
            wordstack_push2(&pending, noun_head(n), noun_tail(n));
    }
    wordstack_finish(&pending);
    free(seen);
    return compared;
}

/* Copies in slices of `budget_words`, compares, reports. */
static void copy_and_compare(noun root, uint64_t from_bytes, uint64_t budget_words, const char *what)
{
    struct arena_builder builder = new_builder(TO_SIZE_BYTES / 8);
    struct copy copy;
    copy_init(&copy, &builder, from_bytes);
    CHECK(forward_init(&copy.forward, from_bytes / 8, top_words, TO_BYTES / 8, TO_SIZE_BYTES / 8) == STATUS_OK);
    CHECK(forward_extend(&copy.forward, top_words) == STATUS_OK);
    uint64_t slices = 0, start_ns = os_clock_cpu_ns();
    bool is_done = false;
    copy_start(&copy, root);
    while (!is_done) {
        CHECK(copy_run(&copy, budget_words, &is_done) == STATUS_OK);
        slices++;
    }
    uint64_t duration_ns = os_clock_cpu_ns() - start_ns;
    struct compared compared = compare(&copy, root, from_bytes);
    tap_ok(
        compared.faults == 0 && compared.objects == copy.cells + copy.atoms && builder.object_count == compared.objects,
        "%s: %" PRIu64 " objects, each copied once and right, in %" PRIu64 " slices", what, compared.objects, slices);
    if (compared.objects > 1000000)
        tap_note("%.1f ns an object", (double)duration_ns / (double)compared.objects);
    copy_finish(&copy);
}

/* ---- forms ---------------------------------------------------------------------- */

/* Any object may be part of any later one, so there is much sharing. */
static noun random_graph(uint64_t *seed, uint64_t count)
{
    noun *all = malloc(count * sizeof *all);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t choice = tap_below(seed, 10);
        if (i < 4 || choice == 0)
            all[i] = make_atom(seed, 1 + tap_below(seed, 64));
        else if (choice == 1)
            all[i] = make_cell(tap_random(seed) >> 1, all[tap_below(seed, i)]);
        else
            all[i] = make_cell(all[i - 1 - tap_below(seed, i < 50 ? i : 50)], all[tap_below(seed, i)]);
    }
    noun root = make_cell(all[count - 1], make_cell(all[count - 2], all[count - 3]));
    free(all);
    return root;
}

static void a_random_graph(uint64_t *seed)
{
    for (int i = 0; i < 20; i++) {
        clear_from_space();
        noun root = random_graph(seed, 2000);
        copy_and_compare(root, FROM_BYTES, 1 + tap_below(seed, 300), "a random graph");
    }
    clear_from_space();
    copy_and_compare(random_graph(seed, 300000), FROM_BYTES, 10000, "a large random graph");
}

/* 2^60 paths through 60 cells. */
static void a_ladder(void)
{
    clear_from_space();
    noun n = make_cell(1, 2);
    for (int i = 0; i < 60; i++)
        n = make_cell(n, n);
    copy_and_compare(n, FROM_BYTES, UINT64_MAX / 4, "a ladder of 2^60 paths");
}

static void what_lies_below_stays(uint64_t *seed)
{
    for (int i = 0; i < 10; i++) {
        clear_from_space();
        noun low = random_graph(seed, 1000);
        uint64_t from_bytes = top_words * 8;
        noun n = low;
        for (int j = 0; j < 500; j++)
            n = make_cell(tap_below(seed, 2) ? low : make_cell(j, low), n);
        copy_and_compare(n, from_bytes, 77, "what lies above a boundary");
        CHECK(noun_is_cell(n));
    }
}

static void deep_ones(void)
{
    clear_from_space();
    noun list = 0;
    for (uint64_t i = 0; i < DEPTH; i++)
        list = make_cell(i, list);
    copy_and_compare(list, FROM_BYTES, 1 << 20, "a list 10,000,000 long");
    clear_from_space();
    noun tree = 0;
    for (uint64_t i = 0; i < DEPTH; i++)
        tree = i % 2 ? make_cell(tree, i) : make_cell(i, tree);
    copy_and_compare(tree, FROM_BYTES, 1 << 20, "a tree 10,000,000 deep");
    clear_from_space();
    noun heads = 0;
    for (uint64_t i = 0; i < DEPTH; i++)
        heads = make_cell(heads, i);
    copy_and_compare(heads, FROM_BYTES, 1 << 20, "a list of heads");
}

static noun balanced_tree(uint64_t *leaf, unsigned depth)
{
    if (depth == 0)
        return (*leaf)++;
    noun head = balanced_tree(leaf, depth - 1);
    return make_cell(head, balanced_tree(leaf, depth - 1));
}

/* Level by level from the leaves, in no order within one: no step of a walk is near the one before. */
static noun scattered_tree(uint64_t *seed, unsigned depth)
{
    uint64_t count = (uint64_t)1 << depth;
    noun *level = malloc(count * sizeof *level);
    for (uint64_t i = 0; i < count; i++)
        level[i] = i;
    for (; count > 1; count /= 2) {
        for (uint64_t i = count - 1; i > 0; i--) {
            uint64_t j = tap_below(seed, i + 1);
            noun n = level[i];
            level[i] = level[j];
            level[j] = n;
        }
        for (uint64_t i = 0; i < count / 2; i++)
            level[i] = make_cell(level[2 * i], level[2 * i + 1]);
    }
    noun root = level[0];
    free(level);
    return root;
}

static void large_trees(uint64_t *seed)
{
    uint64_t leaf = 0;
    clear_from_space();
    copy_and_compare(balanced_tree(&leaf, 22), FROM_BYTES, 1 << 14, "a tree of 2^22 leaves in the order of the walk");
    clear_from_space();
    copy_and_compare(scattered_tree(seed, 22), FROM_BYTES, 1 << 14, "a tree of 2^22 leaves in no order");
}

static void later_roots_share(uint64_t *seed)
{
    clear_from_space();
    noun first = random_graph(seed, 5000);
    uint64_t middle_words = top_words;
    noun second = make_cell(make_cell(9, first), make_cell(noun_head(first), 9));
    struct arena_builder builder = new_builder(TO_SIZE_BYTES / 8);
    struct copy copy;
    bool is_done;
    copy_init(&copy, &builder, FROM_BYTES);
    CHECK(forward_init(&copy.forward, FROM_BYTES / 8, top_words, TO_BYTES / 8, TO_SIZE_BYTES / 8) == STATUS_OK);
    CHECK(forward_extend(&copy.forward, middle_words) == STATUS_OK);
    copy_start(&copy, first);
    CHECK(copy_run(&copy, UINT64_MAX / 4, &is_done) == STATUS_OK && is_done);
    uint64_t before = copy.cells + copy.atoms;
    CHECK(forward_extend(&copy.forward, top_words) == STATUS_OK);
    copy_start(&copy, second);
    CHECK(copy_run(&copy, UINT64_MAX / 4, &is_done) == STATUS_OK && is_done);
    struct compared compared = compare(&copy, second, FROM_BYTES);
    tap_ok(compared.faults == 0 && copy.cells + copy.atoms == before + 3,
           "of a later root only what is new is copied: %" PRIu64 " objects", copy.cells + copy.atoms - before);
    copy_finish(&copy);
}

static void large_atoms_stay(void)
{
    noun first = NOUN_TAG_ATOM | (NOUN_LARGE_START_BYTES / 8 + 512), second = first + 1024;
    clear_from_space();
    noun root = make_cell(make_cell(1, first), 2);
    struct arena_builder builder = new_builder(TO_SIZE_BYTES / 8);
    struct copy copy;
    bool is_done;
    copy_init(&copy, &builder, FROM_BYTES);
    CHECK(forward_init(&copy.forward, FROM_BYTES / 8, top_words, TO_BYTES / 8, TO_SIZE_BYTES / 8) == STATUS_OK);
    CHECK(forward_extend(&copy.forward, top_words) == STATUS_OK);
    copy_start(&copy, root);
    CHECK(copy_run(&copy, UINT64_MAX / 4, &is_done) == STATUS_OK && is_done);
    copy_start(&copy, second);
    CHECK(copy_run(&copy, UINT64_MAX / 4, &is_done) == STATUS_OK && is_done);
    noun moved = copy_find(&copy, root);
    tap_ok(noun_tail(noun_head(moved)) == first && copy.atoms == 0 && copy.cells == 2,
           "large atoms are not copied, and not looked at");
    tap_ok(copy.large.count == 2 && kept_has(&copy.large, first) && kept_has(&copy.large, second) &&
               !kept_has(&copy.large, first + 512),
           "but known, from a cell or a root");
    copy_finish(&copy);
}

static void no_room(uint64_t *seed)
{
    clear_from_space();
    noun root = random_graph(seed, 5000);
    struct arena_builder builder = new_builder(1000);
    struct copy copy;
    bool is_done;
    copy_init(&copy, &builder, FROM_BYTES);
    CHECK(forward_init(&copy.forward, FROM_BYTES / 8, top_words, TO_BYTES / 8, 1000) == STATUS_OK);
    CHECK(forward_extend(&copy.forward, top_words) == STATUS_OK);
    copy_start(&copy, root);
    enum status status = copy_run(&copy, UINT64_MAX / 4, &is_done);
    tap_ok(status == STATUS_NO_SPACE, "a to-space that is too small is a failure: %s", status_message());
    copy_finish(&copy);
}

/* The status of a walk from `root`, and whether it says where the damage is. */
static void expect_damage(noun root, noun place, const char *what)
{
    char words[64];
    struct arena_builder builder = new_builder(TO_SIZE_BYTES / 8);
    struct copy copy;
    bool is_done;
    copy_init(&copy, &builder, FROM_BYTES);
    CHECK(forward_init(&copy.forward, FROM_BYTES / 8, NOUN_LARGE_START_BYTES / 8, TO_BYTES / 8, TO_SIZE_BYTES / 8) ==
          STATUS_OK);
    CHECK(copy_extend(&copy, top_words * 8) == STATUS_OK);
    copy_start(&copy, root);
    enum status status = copy_run(&copy, UINT64_MAX / 4, &is_done);
    snprintf(words, sizeof words, " byte %" PRIu64 " ", noun_offset_words(place) * 8);
    tap_ok(status == STATUS_CORRUPT && strstr(status_message(), words) != NULL, "%s is damage: %s", what,
           status_message());
    copy_finish(&copy);
}

/* [5 [6 n]], with the inner cell's tail replaced. */
static noun rotten_list(noun n, noun *inner)
{
    *inner = make_cell(6, 7);
    noun_words(*inner)[2] = n;
    return make_cell(5, *inner);
}

static void what_has_rotted(uint64_t *seed)
{
    noun inner, root;
    clear_from_space();
    root = rotten_list(0, &inner);
    noun_words(inner)[2] = inner;
    expect_damage(root, inner, "a cell that is its own tail");
    noun_words(inner)[2] = root;
    expect_damage(root, inner, "a cell within its own tail");
    noun_words(inner)[1] = root;
    expect_damage(root, inner, "or within its own head");
    root = rotten_list(NOUN_TAG_CELL | (top_words + 6), &inner);
    expect_damage(root, NOUN_TAG_CELL | top_words, "what lies beyond the end");
    root = rotten_list(NOUN_TAG_ATOM | (NOUN_PERSISTENT_BYTES / 8 + 5), &inner);
    expect_damage(root, NOUN_PERSISTENT_BYTES / 8 + 5, "what lies beyond the file");
    noun atom = make_atom(seed, 2);
    noun_words(atom)[1] = UINT64_MAX - 1;
    expect_damage(make_cell(3, atom), atom, "an atom longer than the file");
}

static void wide_entries(void)
{
    struct forward forward;
    uint64_t to_size_words = ((uint64_t)1 << 32) + 100;
    CHECK(forward_init(&forward, 1000, 4000, 8000, to_size_words) == STATUS_OK);
    CHECK(forward_extend(&forward, 4000) == STATUS_OK);
    forward_set(&forward, 1000, 8001);
    forward_set(&forward, 1003, 8000 + to_size_words - 3);
    forward_set(&forward, 3997, 9000);
    tap_ok(forward_get(&forward, 1000) == 8001 && forward_get(&forward, 1003) == 8000 + to_size_words - 3 &&
               forward_get(&forward, 3997) == 9000 && forward_get(&forward, 1006) == 0,
           "a to-space of more than 32 GiB has places for all of its objects");
    forward_finish(&forward);
}

int main(void)
{
    uint64_t seed = tap_seed();
    space_open();
    from_space = space_persistent(FROM_BYTES, FROM_SIZE_BYTES);
    to_space = space_persistent(TO_BYTES, TO_SIZE_BYTES);
    a_random_graph(&seed);
    a_ladder();
    what_lies_below_stays(&seed);
    later_roots_share(&seed);
    deep_ones();
    large_trees(&seed);
    large_atoms_stay();
    no_room(&seed);
    what_has_rotted(&seed);
    wide_entries();
    return tap_done();
}
