/* From the stack into the arena: every noun arrives, each object once. */
#include "collector/collector.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "must.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

static char path[4096];
static struct arena *arena;
static struct stack *stack;
static uint64_t event_number;

static void open_arena(void)
{
    struct arena_options options = {.growth_step_bytes = (uint64_t)64 << 10};
    MUST(arena_open(path, &options, &arena));
    MUST(arena_choose(arena, 0));
}

static void new_arena(void)
{
    static const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    snprintf(path, sizeof path, "%s/" ARENA_FILE_NAME, tap_scratch());
    MUST(arena_create(path, &(struct arena_options){.growth_step_bytes = (uint64_t)64 << 10}, kernel_hash));
    open_arena();
    event_number = 0;
}

/* Commits `n` as the state, clears the stack, returns the persistent noun. */
static noun persist(noun n, struct collector_counts *counts)
{
    struct arena_commit commit = {.event_number = ++event_number};
    commit.roots[ARENA_ROOT_STATE] = n;
    MUST(arena_commit_begin(arena, event_number));
    MUST(collector_persist(arena, commit.roots, ARENA_ROOTS, counts));
    MUST(arena_commit_write(arena, &commit));
    stack_clear(stack);
    return commit.roots[ARENA_ROOT_STATE];
}

static noun list_of(uint64_t count, noun end)
{
    for (uint64_t i = count; i > 0; i--)
        end = stack_cell(stack, i, end);
    return end;
}

/* ---- counts ---------------------------------------------------------------- */

static void only_the_changed_spine_is_appended(void)
{
    new_arena();
    struct collector_counts first = {0}, second = {0};
    noun state = persist(stack_cell(stack, list_of(1000, 0), stack_cell(stack, list_of(500, 0), 7)), &first);
    tap_ok(first.cells == 1502 && first.atoms == 0 && first.bytes == 1502 * 24, "the first state is copied whole");
    uint64_t watermark_bytes = arena_current(arena)->watermark_bytes;
    /* replace the 10th item of the first list */
    noun items[10], rest = noun_head(state);
    for (unsigned i = 0; i < 10; i++) {
        items[i] = noun_head(rest);
        rest = noun_tail(rest);
    }
    items[9] = 999;
    for (unsigned i = 10; i-- > 0;)
        rest = stack_cell(stack, items[i], rest);
    noun next = persist(stack_cell(stack, rest, noun_tail(state)), &second);
    tap_ok(second.cells == 11 && second.atoms == 0 && second.bytes == 11 * 24,
           "the second is copied as far as its spine has changed: %" PRIu64 " cells", second.cells);
    tap_ok(arena_current(arena)->watermark_bytes - watermark_bytes == 11 * 24 + 80,
           "and the file grows by them and one header");
    tap_ok(noun_tail(next) == noun_tail(state) && noun_at(next, 3 * 1024 - 1) == noun_at(state, 3 * 1024 - 1),
           "what is shared is the same object");
    struct collector_counts third = {0};
    tap_ok(persist(next, &third) == next && third.cells == 0 && third.bytes == 0,
           "an identical state costs nothing but its superblock");
    arena_close(arena);
}

static void sharing_is_kept(void)
{
    new_arena();
    noun n = stack_atom_from_bytes(stack, "an atom of more than one word", 29);
    for (unsigned i = 0; i < 60; i++) /* a tree of 2^60 leaves */
        n = stack_cell(stack, n, n);
    noun shared = stack_cell(stack, n, stack_cell(stack, n, noun_head(n)));
    struct collector_counts counts = {0};
    noun persisted = persist(shared, &counts);
    tap_ok(counts.cells == 62 && counts.atoms == 1 && counts.bytes == 62 * 24 + 6 * 8, "a DAG stays a DAG");
    tap_ok(noun_head(persisted) == noun_head(noun_tail(persisted)) && noun_at(persisted, 4) == noun_at(persisted, 5),
           "the same object is the same");
    arena_close(arena);
}

static void several_roots_and_calls_share(void)
{
    new_arena();
    noun part = list_of(100, 0);
    struct arena_commit commit = {.event_number = ++event_number};
    commit.roots[ARENA_ROOT_STATE] = stack_cell(stack, 1, part);
    commit.roots[ARENA_ROOT_TRAP] = stack_cell(stack, 2, part);
    noun third = stack_cell(stack, 3, part), unreached = stack_cell(stack, 4, part);
    noun old_part = part;
    struct collector_counts counts = {0};
    MUST(arena_commit_begin(arena, event_number));
    MUST(collector_persist(arena, commit.roots, ARENA_ROOTS, &counts));
    tap_ok(counts.cells == 102, "two roots share what they share");
    MUST(collector_persist(arena, &third, 1, &counts));
    tap_ok(counts.cells == 103, "and so do two calls in one commit");
    commit.roots[ARENA_ROOT_REGISTRY] = third;
    tap_ok(collector_forwarded(old_part) == collector_forwarded(old_part) &&
               collector_forwarded(old_part) == arena_built_words(arena_builder(arena), third)[2] &&
               collector_forwarded(7) == 7 && collector_forwarded(third) == third,
           "a copied noun can be followed to its copy");
    tap_ok(collector_forwarded(unreached) == NOUN_NONE, "one that was not reached cannot");
    MUST(arena_commit_write(arena, &commit));
    stack_clear(stack);
    tap_ok(noun_tail(commit.roots[0]) == noun_tail(commit.roots[1]) &&
               noun_tail(commit.roots[0]) == noun_tail(commit.roots[2]) && noun_head(commit.roots[2]) == 3,
           "the roots share after the commit");
    arena_close(arena);
}

/* ---- contents -------------------------------------------------------------- */

static void random_nouns_arrive(void)
{
    new_arena();
    uint64_t random = tap_seed();
    bool all_equal = true, all_hashed = true;
    for (unsigned i = 0; i < 300 && all_equal && all_hashed; i++) {
        uint64_t state = tap_random(&random), again = state;
        unsigned size = 1 + (unsigned)tap_below(&random, i % 10 == 0 ? 20000 : 100);
        noun n = random_noun(stack, &state, size);
        if (i % 2 == 0)
            noun_mug(n); /* half of them with their mugs cached */
        noun persisted = persist(n, NULL);
        noun twin = random_noun(stack, &again, size);
        all_equal = noun_is_persistent(persisted) && noun_equal_pure(persisted, twin);
        all_hashed = noun_mug(twin) == (noun_hash_persistent(persisted) & NOUN_META_MUG_MASK) &&
                     arena_current(arena)->state_hash == noun_hash_persistent(persisted);
        stack_clear(stack);
    }
    tap_ok(all_equal, "random nouns are equal to their copies");
    tap_ok(all_hashed, "and the copies carry their mugs");
    tap_ok(arena_verify(arena, NULL, NULL) == STATUS_OK, "the arena is whole");
    arena_close(arena);
    open_arena();
    tap_ok(arena_verify(arena, NULL, NULL) == STATUS_OK && arena_current(arena)->event_number == event_number,
           "after reopening, too");
    arena_close(arena);
}

/* States that grow out of each other, as a kernel's do. */
static void random_histories_arrive(void)
{
    new_arena();
    uint64_t random = tap_seed(), chain = 0;
    noun state = 0;
    for (unsigned i = 0; i < 200; i++) {
        noun fresh = random_noun(stack, &random, 1 + (unsigned)tap_below(&random, 60));
        noun old = noun_is_cell(state) && tap_below(&random, 3) == 0 ? noun_tail(state) : state;
        state = persist(stack_cell(stack, fresh, old), NULL);
        chain = noun_hash_persistent(state);
    }
    arena_close(arena);
    open_arena();
    tap_ok(arena_current(arena)->state_hash == chain && arena_verify(arena, NULL, NULL) == STATUS_OK,
           "200 states, each built on the one before, are whole");
    arena_close(arena);
}

static void engine_bits_are_left_behind(void)
{
    new_arena();
    noun n = stack_cell(stack, 1, 2);
    noun_words(n)[0] |= NOUN_META_ENGINE_MASK & ~((uint64_t)1 << 60);
    uint64_t expected = noun_hash_pair(noun_hash_atom(1), noun_hash_atom(2));
    tap_ok(noun_hash_persistent(persist(n, NULL)) == expected, "what the engine keeps in an object stays behind");
    arena_close(arena);
}

static void a_giant_atom_arrives(void)
{
    new_arena();
    size_t count = 3 << 20;
    uint64_t *words = stack_atom_begin(stack, count);
    for (size_t i = 0; i < count; i++)
        words[i] = i * 0x9e3779b97f4a7c15u;
    noun atom = stack_atom_finish(stack);
    struct collector_counts counts = {0};
    noun state = persist(stack_cell(stack, atom, stack_cell(stack, 5, atom)), &counts);
    const uint64_t *there = noun_words(noun_head(state));
    bool is_equal = there[1] == count;
    for (size_t i = 0; i < count && is_equal; i++)
        is_equal = there[2 + i] == i * 0x9e3779b97f4a7c15u;
    tap_ok(is_equal && counts.atoms == 1 && counts.cells == 2, "an atom of %zu MiB arrives, once", count * 8 >> 20);
    arena_close(arena);
}

static void a_commit_can_be_given_up(void)
{
    new_arena();
    noun list = list_of(300000, 0);
    MUST(arena_commit_begin(arena, 1));
    MUST(collector_persist(arena, &list, 1, NULL));
    arena_commit_abort(arena);
    stack_clear(stack);
    noun state = persist(list_of(10, 0), NULL);
    tap_ok(noun_list_length(state) == 10 && arena_verify(arena, NULL, NULL) == STATUS_OK,
           "after a commit that was given up the next one is whole");
    arena_close(arena);
}

int main(void)
{
    stack = space_stack();
    only_the_changed_spine_is_appended();
    sharing_is_kept();
    several_roots_and_calls_share();
    random_nouns_arrive();
    random_histories_arrive();
    engine_bits_are_left_behind();
    a_giant_atom_arrives();
    a_commit_can_be_given_up();
    return tap_done();
}
