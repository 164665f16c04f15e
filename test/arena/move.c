/* Moves: a file becomes shorter although what lives long lies at its end, and
 * scattered runs become few; under commits, readers and pins, and against a model. */
#include "arena_test.h"

#include "arena/private.h"

#define WORDS ((uint64_t)40000)
#define KEPT_MAX 24
#define ROUNDS 600u

static struct arena *open_unpaced(const char *path)
{
    struct arena *arena = test_open(path);
    arena->moves.pause_ns = 0;
    return arena;
}

/* A compaction of everything that keeps these. */
static void compact_keeping(struct arena *arena, const noun *atoms, size_t count)
{
    struct arena_compaction *compaction;
    struct arena_compaction_space space;
    MUST(arena_compaction_begin(arena, 0, test_statistics(arena).appended_bytes, &compaction));
    arena_compaction_space(compaction, &space);
    struct arena_commit commit = *arena_current(arena);
    struct arena_builder *builder = arena_compaction_builder(compaction);
    commit.roots[ARENA_ROOT_STATE] = test_copy_list(builder, &space, commit.roots[ARENA_ROOT_STATE], false);
    commit.roots[ARENA_ROOT_CODE] = 0;
    for (size_t i = 0; i < count; i++)
        arena_compaction_keep_large(compaction, atoms[i]);
    MUST(arena_compaction_sync(compaction));
    MUST(arena_compaction_publish(arena, compaction, &commit));
}

static void sync_until_still(struct arena *arena)
{
    unsigned rounds = 0;
    do
        MUST(arena_sync(arena));
    while ((arena_has_moves(arena) || test_statistics(arena).pinned_bytes > 1 << 20) && ++rounds < 3000);
    for (unsigned i = 0; i < 3; i++) /* what was moved last is flushed, freed, and cut off */
        MUST(arena_sync(arena));
}

/* ---- one after the other ------------------------------------------------------------ */

static void a_large_object_at_the_end(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = open_unpaced(path);
    for (uint64_t event = 1; event <= 40; event++)
        MUST(test_commit_large(arena, event, test_large(arena, WORDS, event)));
    noun atom = test_large(arena, 8 * WORDS, 7);
    const uint64_t *words = noun_words(atom);
    MUST(test_commit_large(arena, 41, atom));
    compact_keeping(arena, &atom, 1);
    uint64_t before = test_statistics(arena).file_bytes, live_bytes = 8 * WORDS * 8;
    sync_until_still(arena);
    struct arena_statistics after = test_statistics(arena);
    tap_ok(before > 6 * live_bytes && after.file_bytes < 2 * live_bytes,
           "with only its last object alive a file of %" PRIu64 " bytes shrinks to %" PRIu64 ": %" PRIu64 " were moved",
           before, after.file_bytes, after.moved_bytes);
    tap_ok(noun_words(atom) == words && test_large_is(atom, 8 * WORDS, 7) && after.large_copied_bytes == 0,
           "the object has its address and its bytes");
    test_verified(arena, "the arena");
    MUST(test_commit(arena, 42, 100));
    arena_close(arena); /* dies */
    arena = open_unpaced(path);
    tap_ok(test_large_is(atom, 8 * WORDS, 7) && test_state_is_whole(arena), "and is there at the next start");
    MUST(test_commit(arena, 43, 100));
    test_verified(arena, "continued it");
    arena_close(arena);
}

static void commit_some(struct arena *arena, unsigned count, unsigned cells)
{
    for (unsigned i = 0; i < count; i++)
        MUST(test_commit(arena, arena_current(arena)->event_number + 1, cells));
}

/* Young garbage below, long-lived segments above it. */
static void segments_at_the_end(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = open_unpaced(path);
    for (uint64_t event = 1; event <= 40; event++)
        MUST(test_commit_large(arena, event, test_large(arena, WORDS, event)));
    commit_some(arena, 10, 2000);
    noun state = arena_current(arena)->roots[ARENA_ROOT_STATE];
    compact_keeping(arena, NULL, 0);
    uint64_t before = test_statistics(arena).file_bytes;
    for (unsigned i = 0; i < 60; i++) {
        commit_some(arena, 3, 20);
        MUST(arena_sync(arena));
    }
    sync_until_still(arena);
    uint64_t after = test_statistics(arena).file_bytes;
    tap_ok(after < before / 4 && noun_is_cell(state) && test_state_is_whole(arena),
           "with commits beside it, a file of %" PRIu64 " bytes shrinks to %" PRIu64, before, after);
    test_verified(arena, "the arena");
    arena_close(arena);
}

static void who_reads_is_respected(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = open_unpaced(path);
    noun atoms[40];
    for (uint64_t event = 1; event <= COUNT_OF(atoms); event++) {
        atoms[event - 1] = test_large(arena, WORDS, event);
        MUST(test_commit_large(arena, event, atoms[event - 1]));
    }
    struct arena_commit pinned;
    struct arena_pin *pin = arena_pin(arena, &pinned);
    uint8_t *writer_base = noun_base, *reader_base;
    struct arena *reader = test_open_reader(path, &reader_base);
    for (unsigned i = 0; i < 30; i++) {
        compact_keeping(arena, &atoms[36], 4);
        commit_some(arena, 2, 300);
        MUST(arena_sync(arena));
    }
    bool are_whole = true;
    for (uint64_t i = 0; i < COUNT_OF(atoms); i++)
        are_whole = are_whole && test_large_is(atoms[i], WORDS, i + 1);
    tap_ok(are_whole && test_hash_again(pinned.roots[0]) == pinned.state_hash, "a pin keeps all that it reaches");
    noun_space_enter(reader_base);
    are_whole = test_state_is_whole(reader);
    for (uint64_t i = 0; i < COUNT_OF(atoms); i++)
        are_whole = are_whole && test_large_is(atoms[i], WORDS, i + 1);
    tap_ok(are_whole, "a reader in another space, too");
    arena_close(reader);
    os_map_release(reader_base, NOUN_SPACE_BYTES);
    noun_space_enter(writer_base);
    arena_unpin(arena, pin);
    uint64_t before = test_statistics(arena).file_bytes;
    commit_some(arena, 1, 1);
    sync_until_still(arena);
    struct arena_statistics after = test_statistics(arena);
    tap_ok(after.file_bytes < before / 3 && after.moved_bytes > 0,
           "when they have left, %" PRIu64 " bytes become %" PRIu64, before, after.file_bytes);
    test_verified(arena, "the arena");
    arena_close(arena);
}

/* ---- fewer runs ----------------------------------------------------------------------- */

/* Objects of a page each, persisted so that no two neighbours are neighbours in the file. */
static uint64_t scatter(struct arena *arena, noun *atoms, uint64_t count)
{
    uint64_t made = 0, event = arena_current(arena)->event_number + 1;
    for (; made < count; made++) {
        struct arena_statistics now = test_statistics(arena);
        if (arena->larges.count + now.mapping_count + arena->limbo_count == ARENA_MAPPINGS_MAX)
            break;
        atoms[made] = test_large(arena, 200, event << 32 | made);
    }
    MUST(arena_commit_begin(arena, event));
    struct arena_commit commit = *arena_current(arena);
    commit.event_number = event;
    for (uint64_t i = made; i-- > 0;)
        MUST(arena_large_persist(arena, atoms[i]));
    commit.roots[ARENA_ROOT_STATE] = test_cell(arena, event, commit.roots[ARENA_ROOT_STATE]);
    MUST(arena_commit_write(arena, &commit));
    return made;
}

static void runs_are_joined(void)
{
    static noun atoms[2 * ARENA_MAPPINGS_MAX];
    static uint64_t values[2 * ARENA_MAPPINGS_MAX];
    const char *path = test_path();
    test_create(path);
    struct arena *arena = open_unpaced(path);
    uint64_t before = test_count_mappings(), made = 0, some = 1, most_runs = 0, most_mappings = 0;
    while (made < COUNT_OF(atoms) && some > 0) {
        uint64_t event = arena_current(arena)->event_number + 1, room = COUNT_OF(atoms) - made;
        some = scatter(arena, atoms + made, room < 4000 ? room : 4000);
        for (uint64_t i = 0; i < some; i++)
            values[made + i] = event << 32 | i;
        made += some;
        most_runs = test_statistics(arena).mapping_count > most_runs ? test_statistics(arena).mapping_count : most_runs;
        most_mappings = test_count_mappings() > most_mappings ? test_count_mappings() : most_mappings;
    }
    tap_ok(most_mappings - before <= 2 * ARENA_MAPPINGS_MAX + 100 && made >= ARENA_MAPPINGS_MAX / 2,
           "%" PRIu64 " objects in %" PRIu64 " scattered runs take %" PRIu64 " mappings", made, most_runs,
           most_mappings - before);
    uint64_t offset_words;
    tap_ok(arena_large_reserve(arena, 4096, &offset_words) == STATUS_LIMIT, "then no more are given: %s",
           status_message());
    sync_until_still(arena);
    struct arena_statistics after = test_statistics(arena);
    tap_ok(after.mapping_count <= ARENA_MAPPINGS_MAX / 2 && test_count_mappings() - before <= ARENA_MAPPINGS_MAX + 100,
           "joined they are %" PRIu64 " runs, and take %" PRIu64 " mappings", after.mapping_count,
           test_count_mappings() - before);
    bool are_right = true;
    for (uint64_t i = 0; i < made; i++)
        are_right = are_right && test_large_is(atoms[i], 200, values[i]);
    tap_ok(are_right && after.large_copied_bytes == 0, "all of them are whole, where they were");
    tap_ok(scatter(arena, atoms, 20) == 20, "and others are given");
    test_verified(arena, "the arena");
    arena_close(arena);
}

/* ---- against a model --------------------------------------------------------------------- */

struct kept {
    noun atoms[KEPT_MAX];
    uint64_t words[KEPT_MAX], values[KEPT_MAX];
    size_t count;
};

static bool agrees(const struct arena *arena, const struct kept *kept)
{
    for (size_t i = 0; i < kept->count; i++)
        if (!test_large_is(kept->atoms[i], kept->words[i], kept->values[i]))
            return false;
    return test_state_is_whole(arena);
}

static void drop_some(struct kept *kept, uint64_t *random)
{
    for (size_t i = 0; i < kept->count;)
        if (tap_below(random, 3) == 0) {
            kept->count--;
            kept->atoms[i] = kept->atoms[kept->count];
            kept->words[i] = kept->words[kept->count];
            kept->values[i] = kept->values[kept->count];
        } else {
            i++;
        }
}

static void put_one(struct arena *arena, struct kept *kept, uint64_t *random)
{
    uint64_t event = arena_current(arena)->event_number + 1, words = 600 + tap_below(random, WORDS);
    if (kept->count == KEPT_MAX)
        return;
    kept->words[kept->count] = words;
    kept->values[kept->count] = event << 32;
    kept->atoms[kept->count] = test_large(arena, words, event << 32);
    MUST(test_commit_large(arena, event, kept->atoms[kept->count]));
    kept->count++;
}

/* Moves at every step of everything else: a commit that is being built, one that is
 * given up, compactions, the death of the process. */
static void at_random(uint64_t *random)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = open_unpaced(path);
    struct kept kept = {.count = 0};
    uint64_t moved_bytes = 0, deaths = 0;
    bool is_good = true;
    for (unsigned i = 0; i < ROUNDS && is_good; i++) {
        switch (tap_below(random, 12)) {
        case 0:
        case 1:
        case 2:
            put_one(arena, &kept, random);
            break;
        case 3:
            commit_some(arena, 1 + (unsigned)tap_below(random, 5), (unsigned)tap_below(random, 400));
            break;
        case 4:
            if (tap_below(random, 3) == 0) {
                drop_some(&kept, random);
                compact_keeping(arena, kept.atoms, kept.count);
            }
            break;
        case 5:
            MUST(arena_commit_begin(arena, arena_current(arena)->event_number + 1));
            noun atom = test_large(arena, 5000, i);
            MUST(arena_large_persist(arena, atom));
            MUST(arena_sync(arena));
            CHECK(test_cell(arena, 1, 2) != NOUN_NONE);
            arena_commit_abort(arena);
            break;
        case 6:
            if (tap_below(random, 8) != 0)
                break;
            moved_bytes += test_statistics(arena).moved_bytes;
            arena_close(arena);
            arena = open_unpaced(path);
            deaths++;
            break;
        default:
            MUST(arena_sync(arena));
        }
        is_good = agrees(arena, &kept);
        if (is_good && i % 100 == 99)
            is_good = arena_verify(arena, NULL, NULL) == STATUS_OK;
    }
    moved_bytes += test_statistics(arena).moved_bytes;
    tap_ok(is_good && moved_bytes > 0,
           "%u random steps and %" PRIu64 " deaths: %" PRIu64 " bytes moved, all is as the model says%s%s", ROUNDS,
           deaths, moved_bytes, is_good ? "" : ": ", is_good ? "" : status_message());
    test_verified(arena, "the arena");
    arena_close(arena);
}

int main(void)
{
    space_open();
    uint64_t random = tap_seed();
    a_large_object_at_the_end();
    segments_at_the_end();
    who_reads_is_respected();
    runs_are_joined();
    for (unsigned i = 0; i < 2; i++)
        at_random(&random);
    return tap_done();
}
