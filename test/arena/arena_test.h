/* What the arena's tests share: nouns built straight into a commit, and a
 * little chain of states whose hashes tell them apart. */
#ifndef ARENA_TEST_H
#define ARENA_TEST_H

#include <stdio.h>
#include <stdlib.h>

#include "arena/arena.h"
#include "os/os.h"
#include "must.h"
#include "space.h"
#include "tap.h"

#define TEST_STEP_BYTES ((uint64_t)32 << 10)

static inline const char *test_path(void)
{
    static char paths[64][512]; /* the newest 64 stay valid */
    static unsigned next;
    char *path = paths[next++ % 64];
    snprintf(path, sizeof paths[0], "%s/" ARENA_FILE_NAME, tap_scratch());
    return path;
}

static inline uint64_t test_file_hash(const char *path)
{
    uint8_t *bytes;
    size_t size_bytes;
    MUST(os_read_whole(path, SIZE_MAX, &bytes, &size_bytes));
    uint64_t hash = hash_xxh3_64(bytes, size_bytes);
    free(bytes);
    return hash;
}

static inline void test_create(const char *path)
{
    static const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES] = {1, 2, 3};
    MUST(arena_create(path, &(struct arena_options){.growth_step_bytes = TEST_STEP_BYTES}, kernel_hash));
}

static inline struct arena *test_open_unchosen(const char *path, bool read_only)
{
    struct arena_options options = {.read_only = read_only, .growth_step_bytes = TEST_STEP_BYTES};
    struct arena *arena;
    MUST(arena_open(path, &options, &arena));
    return arena;
}

static inline struct arena *test_open(const char *path)
{
    struct arena *arena = test_open_unchosen(path, false);
    MUST(arena_choose(arena, 0));
    return arena;
}

/* A reader beside a writer, in a noun space of its own; the writer's is entered on return. */
static inline struct arena *test_open_reader(const char *path, uint8_t **reader_base)
{
    uint8_t *writer_base = noun_base;
    MUST(os_map_reserve(NOUN_SPACE_BYTES, reader_base));
    noun_space_enter(*reader_base);
    struct arena *reader = test_open_unchosen(path, true);
    MUST(arena_choose(reader, 0));
    noun_space_enter(writer_base);
    return reader;
}

/* NOUN_NONE if the arena has no room. */
static inline noun test_cell_in(struct arena_builder *builder, noun head, noun tail)
{
    uint64_t head_hash = noun_is_direct(head) ? noun_hash_atom(head) : arena_built_words(builder, head)[0];
    uint64_t tail_hash = noun_is_direct(tail) ? noun_hash_atom(tail) : arena_built_words(builder, tail)[0];
    uint64_t offset_words;
    uint64_t *words = arena_allocate(builder, 3, &offset_words);
    if (words == NULL)
        return NOUN_NONE;
    words[0] = noun_hash_pair(head_hash, tail_hash);
    words[1] = head;
    words[2] = tail;
    return offset_words | NOUN_TAG_CELL;
}

static inline noun test_cell(struct arena *arena, noun head, noun tail)
{
    return test_cell_in(arena_builder(arena), head, tail);
}

/* The state that follows `state` at `event`: a few cells, the last of them
 * [event state]. */
static inline noun test_next_state(struct arena *arena, noun state, uint64_t event, unsigned cells)
{
    noun rest = 0;
    for (unsigned i = 1; i < cells && rest != NOUN_NONE; i++)
        rest = test_cell(arena, event + i, rest);
    return rest == NOUN_NONE ? NOUN_NONE : test_cell(arena, rest == 0 ? event : rest, state);
}

/* Commits one event of `cells` cells. */
static inline enum status test_commit(struct arena *arena, uint64_t event, unsigned cells)
{
    noun state = arena_current(arena)->roots[ARENA_ROOT_STATE];
    STATUS_TRY(arena_commit_begin(arena, event));
    struct arena_commit commit = {.event_number = event};
    commit.roots[ARENA_ROOT_STATE] = test_next_state(arena, state, event, cells);
    if (commit.roots[ARENA_ROOT_STATE] == NOUN_NONE) {
        enum status status = arena_build_status(arena_builder(arena));
        arena_commit_abort(arena);
        return status;
    }
    return arena_commit_write(arena, &commit);
}

/* The hash of a noun computed anew; the tests' nouns are lists. */
static inline uint64_t test_hash_again(noun n)
{
    struct wordstack cells;
    wordstack_init(&cells);
    for (; noun_is_cell(n); n = noun_tail(n))
        wordstack_push(&cells, n);
    uint64_t hash = noun_hash_atom(n);
    while (!wordstack_is_empty(&cells)) {
        noun head = noun_head(wordstack_pop(&cells));
        uint64_t inner = noun_hash_atom(0);
        if (noun_is_cell(head)) {
            struct wordstack heads;
            wordstack_init(&heads);
            for (; noun_is_cell(head); head = noun_tail(head))
                wordstack_push(&heads, noun_head(head));
            while (!wordstack_is_empty(&heads))
                inner = noun_hash_pair(noun_hash_atom(wordstack_pop(&heads)), inner);
            wordstack_finish(&heads);
        } else {
            inner = noun_hash_atom(head);
        }
        hash = noun_hash_pair(inner, hash);
    }
    wordstack_finish(&cells);
    return hash;
}

/* True if the current state is as whole as its superblock says. */
static inline bool test_state_is_whole(const struct arena *arena)
{
    const struct arena_commit *commit = arena_current(arena);
    return test_hash_again(commit->roots[ARENA_ROOT_STATE]) == commit->state_hash;
}

/* ---- compaction -------------------------------------------------------------- */

static inline bool test_is_moving(noun n, const struct arena_compaction_space *space)
{
    uint64_t at_bytes = noun_is_direct(n) ? 0 : noun_offset_words(n) * 8;
    return (at_bytes >= space->from_start_bytes && at_bytes < space->from_end_bytes) ||
           at_bytes >= space->tail_start_bytes;
}

/* Copies the spine of a state as far as it moves, and its heads, which are
 * lists of atoms. */
static inline noun test_copy_list(struct arena_builder *builder, const struct arena_compaction_space *space, noun n,
                                  bool is_head)
{
    struct wordstack heads;
    wordstack_init(&heads);
    for (; noun_is_cell(n) && test_is_moving(n, space); n = noun_tail(n))
        wordstack_push(&heads, noun_head(n));
    while (!wordstack_is_empty(&heads) && n != NOUN_NONE) {
        noun head = wordstack_pop(&heads);
        if (!is_head)
            head = test_copy_list(builder, space, head, true);
        n = head == NOUN_NONE ? NOUN_NONE : test_cell_in(builder, head, n);
    }
    wordstack_finish(&heads);
    return n;
}

/* The current state compacted down to `from_bytes`; `between` may commit while
 * it is going on. */
static inline enum status test_compact(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes_max,
                                       void (*between)(struct arena *arena))
{
    struct arena_compaction *compaction;
    STATUS_TRY(arena_compaction_begin(arena, from_bytes, size_bytes_max, &compaction));
    struct arena_compaction_space space;
    arena_compaction_space(compaction, &space);
    if (between != NULL)
        between(arena);
    struct arena_commit commit = *arena_current(arena);
    noun state = test_copy_list(arena_compaction_builder(compaction), &space, commit.roots[ARENA_ROOT_STATE], false);
    if (state == NOUN_NONE) {
        enum status status = arena_build_status(arena_compaction_builder(compaction));
        arena_compaction_abort(arena, compaction);
        return status;
    }
    enum status status = arena_compaction_sync(compaction);
    if (status != STATUS_OK) {
        arena_compaction_abort(arena, compaction);
        return status;
    }
    commit.roots[ARENA_ROOT_STATE] = state;
    commit.roots[ARENA_ROOT_CODE] = 0;
    return arena_compaction_publish(arena, compaction, &commit);
}

/* ---- large objects ------------------------------------------------------------ */

/* An atom of `count` words, each of them `word` or so, in memory. */
static inline noun test_large(struct arena *arena, uint64_t count, uint64_t word)
{
    uint64_t offset_words;
    MUST(arena_large_reserve(arena, (count + 2) * 8 + 10000, &offset_words));
    uint64_t *words = noun_words_at(offset_words);
    words[1] = count;
    for (uint64_t i = 0; i < count; i++)
        words[2 + i] = word + i;
    noun atom = NOUN_TAG_ATOM | offset_words;
    words[0] = noun_hash_atom(atom);
    arena_large_finish(arena, offset_words, (count + 2) * 8);
    return atom;
}

static inline bool test_large_is(noun atom, uint64_t count, uint64_t word)
{
    const uint64_t *words = noun_words(atom);
    return words[1] == count && words[2] == word && words[1 + count] == word + count - 1 &&
           words[0] == noun_hash_atom(atom);
}

/* Commits [atom state]. */
static inline enum status test_commit_large(struct arena *arena, uint64_t event, noun atom)
{
    STATUS_TRY(arena_commit_begin(arena, event));
    struct arena_commit commit = *arena_current(arena);
    commit.event_number = event;
    enum status status = arena_large_persist(arena, atom);
    if (status == STATUS_OK)
        status = arena_large_persist(arena, atom); /* as if it were reached twice */
    if (status == STATUS_OK) {
        commit.roots[ARENA_ROOT_STATE] = test_cell(arena, event, commit.roots[ARENA_ROOT_STATE]);
        commit.roots[ARENA_ROOT_CODE] = atom;
        return arena_commit_write(arena, &commit);
    }
    arena_commit_abort(arena);
    return status;
}

/* Of this process, as the kernel counts them. */
static inline uint64_t test_count_mappings(void)
{
    uint64_t lines = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    CHECK(maps != NULL);
    for (int letter; (letter = getc(maps)) != EOF;)
        lines += letter == '\n';
    fclose(maps);
    return lines;
}

/* A point of the test: every byte is what was written. */
static inline void test_verified(struct arena *arena, const char *what)
{
    enum status status = arena_verify(arena, NULL, NULL);
    tap_ok(status == STATUS_OK, "%s is whole%s%s", what, status == STATUS_OK ? "" : ": ",
           status == STATUS_OK ? "" : status_message());
}

static inline struct arena_statistics test_statistics(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics;
}

#endif
