/* Compaction: what is kept, what is freed, what may be used again and when. */
#include "arena_test.h"

static void verified(struct arena *arena, const char *what)
{
    enum status status = arena_verify(arena, NULL, NULL);
    tap_ok(status == STATUS_OK, "%s is whole%s%s", what, status == STATUS_OK ? "" : ": ",
           status == STATUS_OK ? "" : status_message());
}

static void make_garbage(struct arena *arena, uint64_t count, unsigned cells)
{
    uint64_t event = arena_current(arena)->event_number;
    for (uint64_t i = 1; i <= count; i++) {
        MUST(arena_commit_begin(arena, event + i));
        noun garbage = 0;
        for (unsigned j = 0; j < cells; j++)
            garbage = test_cell(arena, j, garbage);
        struct arena_commit commit = *arena_current(arena);
        commit.event_number = event + i;
        commit.roots[ARENA_ROOT_STATE] = test_cell(arena, event + i, commit.roots[ARENA_ROOT_STATE]);
        MUST(arena_commit_write(arena, &commit));
    }
}

static void commit_three(struct arena *arena)
{
    make_garbage(arena, 3, 200);
}

static struct arena_statistics statistics_of(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics;
}

static void a_young_compaction(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 10, 100);
    uint64_t boundary = arena_current(arena)->watermark_bytes;
    const uint64_t *kept = noun_words(arena_current(arena)->roots[ARENA_ROOT_STATE]);
    uint64_t kept_words[3];
    memcpy(kept_words, kept, sizeof kept_words);
    make_garbage(arena, 20, 500);
    uint64_t hash = arena_current(arena)->state_hash;
    struct arena_statistics before = statistics_of(arena);
    MUST(test_compact(arena, boundary, 10000, NULL));
    const struct arena_commit *after = arena_current(arena);
    tap_ok(after->state_hash == hash && after->event_number == 30 && test_state_is_whole(arena),
           "the state is the same after a compaction");
    tap_ok(memcmp(kept, kept_words, sizeof kept_words) == 0, "what lies below the boundary has not moved");
    struct arena_statistics later = statistics_of(arena);
    tap_ok(later.appended_bytes < before.appended_bytes - 20 * 500 * 24 && later.object_count < before.object_count &&
               later.segment_count == 11,
           "the rest is gone: %" PRIu64 " bytes after %" PRIu64, later.appended_bytes, before.appended_bytes);
    uint64_t sequence, event_number;
    MUST(arena_sync(arena));
    arena_durable(arena, &sequence, &event_number);
    tap_ok(sequence == after->sequence, "it is durable after the next flush");
    verified(arena, "the arena");
    make_garbage(arena, 5, 50);
    verified(arena, "with commits on top it");
    arena_close(arena);
    arena = test_open(path);
    tap_ok(arena_current(arena)->event_number == 35 && test_state_is_whole(arena), "and after reopening");
    verified(arena, "it");
    arena_close(arena);
}

static void commits_beside(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 10, 100);
    MUST(test_compact(arena, 0, 10000, commit_three));
    tap_ok(arena_current(arena)->event_number == 13 && test_state_is_whole(arena),
           "what was committed meanwhile is in the state");
    struct arena_statistics statistics = statistics_of(arena);
    tap_ok(statistics.object_count == 13 && statistics.segment_count == 1 && statistics.range_count == 1,
           "a full compaction leaves what is reached, and one range");
    verified(arena, "it");
    arena_close(arena);
}

static void space_comes_back(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    uint64_t most_bytes = 0;
    for (unsigned round = 0; round < 40; round++) {
        make_garbage(arena, 5, 400);
        MUST(test_compact(arena, 0, 40000, commit_three));
        MUST(arena_sync(arena));
        uint64_t file_bytes = statistics_of(arena).file_bytes;
        most_bytes = file_bytes > most_bytes ? file_bytes : most_bytes;
    }
    struct arena_statistics statistics = statistics_of(arena);
    tap_ok(most_bytes < 1 << 20 && statistics.committed_bytes > 2 << 20,
           "%" PRIu64 " bytes were committed in a file that never had more than %" PRIu64, statistics.committed_bytes,
           most_bytes);
    tap_ok(statistics.mapping_count <= ARENA_RANGES_MAX, "it has %" PRIu64 " mappings", statistics.mapping_count);
    verified(arena, "it");
    arena_close(arena);
    arena = test_open(path);
    tap_ok(test_state_is_whole(arena), "and comes back");
    arena_close(arena);
}

static void the_file_shrinks(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 50, 4000);
    uint64_t before = statistics_of(arena).file_bytes;
    for (unsigned i = 0; i < 3; i++) {
        MUST(test_compact(arena, 0, 40000, NULL));
        make_garbage(arena, 20, 1); /* the ring turns over */
        MUST(arena_sync(arena));
    }
    uint64_t after = statistics_of(arena).file_bytes;
    tap_ok(after < before / 4, "a file of %" PRIu64 " bytes of which little is wanted shrinks to %" PRIu64, before,
           after);
    struct os_file *file;
    uint64_t file_bytes;
    MUST(os_file_open(path, OS_OPEN_READ, &file));
    MUST(os_file_size(file, &file_bytes));
    os_file_close(file);
    tap_ok(file_bytes == after, "on the disk, too");
    verified(arena, "it");
    arena_close(arena);
    arena = test_open(path);
    make_garbage(arena, 3, 300);
    verified(arena, "reopened and continued it");
    arena_close(arena);
}

static void a_pin_holds(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 10, 1000);
    struct arena_commit pinned;
    struct arena_pin *pin = arena_pin(arena, &pinned);
    for (unsigned i = 0; i < 10; i++) {
        make_garbage(arena, 4, 1000);
        MUST(test_compact(arena, 0, 40000, NULL));
        MUST(arena_sync(arena));
    }
    tap_ok(test_hash_again(pinned.roots[0]) == pinned.state_hash, "what a pinned commit reaches stays as it was");
    struct arena_statistics before = statistics_of(arena);
    arena_unpin(arena, pin);
    MUST(test_commit(arena, arena_current(arena)->event_number + 1, 1));
    MUST(arena_sync(arena));
    struct arena_statistics after = statistics_of(arena);
    tap_ok(before.pinned_bytes > after.pinned_bytes && after.pinned_bytes < 1 << 16,
           "without the pin it is free: %" PRIu64 " bytes held before, %" PRIu64 " after", before.pinned_bytes,
           after.pinned_bytes);
    verified(arena, "it");
    arena_close(arena);
}

static void a_reader_holds(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 10, 1000);
    uint8_t *writer_base = noun_base, *reader_base;
    struct arena *reader = test_open_reader(path, &reader_base);
    for (unsigned i = 0; i < 10; i++) {
        make_garbage(arena, 4, 1000);
        MUST(test_compact(arena, 0, 40000, NULL));
        MUST(arena_sync(arena));
    }
    uint64_t held_bytes = statistics_of(arena).pinned_bytes;
    noun_space_enter(reader_base);
    tap_ok(test_state_is_whole(reader) && arena_current(reader)->event_number == 10,
           "a reader in another space still reads what it has chosen");
    MUST(arena_refresh(reader));
    MUST(arena_choose(reader, 0));
    tap_ok(test_state_is_whole(reader) && arena_current(reader)->event_number == 50, "and then what is new");
    noun_space_enter(writer_base);
    make_garbage(arena, 1, 10);
    MUST(arena_sync(arena));
    tap_ok(statistics_of(arena).pinned_bytes < held_bytes, "which lets go of the old");
    noun_space_enter(reader_base);
    arena_close(reader);
    os_map_release(reader_base, NOUN_SPACE_BYTES);
    noun_space_enter(writer_base);
    verified(arena, "it");
    arena_close(arena);
}

static void the_log_decides(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 10, 1000);
    uint64_t hash = arena_current(arena)->state_hash;
    MUST(arena_sync(arena));
    arena_boundary_set(arena, 10);
    make_garbage(arena, 20, 1000);
    MUST(test_compact(arena, 0, 40000, NULL));
    for (unsigned i = 0; i < 20; i++) {
        make_garbage(arena, 1, 1000);
        MUST(arena_sync(arena));
    }
    arena_close(arena);
    arena = test_open_unchosen(path, false);
    size_t count, index = 0;
    const struct arena_commit *commits = arena_commits(arena, &count);
    while (index < count && commits[index].event_number > 10)
        index++;
    tap_ok(index < count && arena_choose(arena, index) == STATUS_OK && arena_current(arena)->state_hash == hash &&
               test_state_is_whole(arena),
           "a commit that the log may still need is whole after a compaction that it does not know");
    make_garbage(arena, 20, 1000);
    MUST(arena_seal(arena));
    verified(arena, "the arena that goes on from there");
    arena_close(arena);
}

static void aborted_and_interrupted(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 10, 100);
    for (unsigned i = 0; i < 100; i++) {
        struct arena_compaction *compaction;
        MUST(arena_compaction_begin(arena, 0, 100000, &compaction));
        for (unsigned j = 0; j < 3000; j++)
            CHECK(test_cell_in(arena_compaction_builder(compaction), j, j) != NOUN_NONE);
        if (i % 3 == 0)
            make_garbage(arena, 1, 100);
        arena_compaction_abort(arena, compaction);
        if (i % 10 == 9)
            MUST(test_compact(arena, 0, 100000, NULL));
    }
    MUST(arena_sync(arena));
    struct arena_statistics statistics = statistics_of(arena);
    tap_ok(statistics.file_bytes < 4 << 20, "aborted compactions leave nothing behind: the file has %" PRIu64 " bytes",
           statistics.file_bytes);
    verified(arena, "it");
    uint64_t file_bytes = 0;
    for (unsigned i = 0; i < 200; i++) {
        struct arena_compaction *compaction;
        MUST(arena_compaction_begin(arena, 0, 200000, &compaction));
        for (unsigned j = 0; j < 6000; j++)
            CHECK(test_cell_in(arena_compaction_builder(compaction), j, j) != NOUN_NONE);
        make_garbage(arena, 1, 10);
        arena_close(arena); /* dies */
        arena = test_open(path);
        MUST(arena_reserve(arena, 100));
        MUST(arena_sync(arena));
        if (i == 100)
            file_bytes = statistics_of(arena).file_bytes;
    }
    tap_ok(statistics_of(arena).file_bytes <= file_bytes, "nor do interrupted ones: %" PRIu64 " bytes, %" PRIu64,
           file_bytes, statistics_of(arena).file_bytes);
    tap_ok(test_state_is_whole(arena), "the state is whole");
    verified(arena, "it");
    arena_close(arena);
}

static void refusals(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    make_garbage(arena, 10, 100);
    struct arena_compaction *compaction;
    tap_ok(arena_compaction_begin(arena, 0, (uint64_t)1 << 39, &compaction) == STATUS_NO_SPACE && compaction == NULL,
           "a compaction that the disk cannot hold is not begun: %s", status_message());
    tap_ok(arena_compaction_begin(arena, 69632 + 8, 1000, &compaction) == STATUS_INVALID,
           "nor one from within a segment: %s", status_message());
    MUST(arena_compaction_begin(arena, 0, 1000, &compaction));
    while (test_cell_in(arena_compaction_builder(compaction), 1, 1) != NOUN_NONE) {
    }
    tap_ok(arena_build_status(arena_compaction_builder(compaction)) == STATUS_LIMIT,
           "one that needs more than it said ends: %s", status_message());
    arena_compaction_abort(arena, compaction);
    verified(arena, "the arena");
    arena_close(arena);
}

int main(void)
{
    space_open();
    a_young_compaction();
    commits_beside();
    space_comes_back();
    the_file_shrinks();
    a_pin_holds();
    a_reader_holds();
    the_log_decides();
    aborted_and_interrupted();
    refusals();
    return tap_done();
}
