/* Creating, committing, reopening, choosing. */
#include "arena_test.h"

static void reopening_gives_the_last_commit(void)
{
    const char *path = test_path();
    test_create(path);
    tap_ok(arena_create(path, NULL, (uint8_t[HASH_BLAKE3_SIZE_BYTES]){0}) == STATUS_EXISTS,
           "an arena is not made twice");
    struct arena *arena = test_open(path);
    const struct arena_commit *first = arena_current(arena);
    tap_ok(first->event_number == 0 && first->roots[ARENA_ROOT_STATE] == 0 && first->kernel_hash[1] == 2,
           "a new arena stands at event 0 with nothing in it");
    MUST(test_commit(arena, 1, 5));
    struct arena_commit one = *arena_current(arena);
    tap_ok(one.segment_count == 1 && one.object_count == 5 && one.state_hash == test_hash_again(one.roots[0]),
           "a commit can be read at once");
    arena_close(arena);

    arena = test_open(path);
    const struct arena_commit *again = arena_current(arena);
    tap_ok(memcmp(again, &one, sizeof one) == 0 && test_state_is_whole(arena), "and again after reopening");
    uint64_t sequence, event_number;
    arena_durable(arena, &sequence, &event_number);
    tap_ok(event_number == 0, "it is not taken for durable, since it was never synced");
    MUST(arena_sync(arena));
    arena_durable(arena, &sequence, &event_number);
    tap_ok(event_number == 1 && sequence == one.sequence, "until it is");
    arena_close(arena);
}

static void roots_and_hashes_are_kept(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(arena_commit_begin(arena, 7));
    struct arena_commit commit = {.event_number = 7};
    for (unsigned i = 0; i < ARENA_ROOTS; i++)
        commit.roots[i] = test_cell(arena, i, i);
    memset(commit.job_hash, 0xaa, sizeof commit.job_hash);
    memset(commit.kernel_hash, 0xbb, sizeof commit.kernel_hash);
    MUST(arena_commit_write(arena, &commit));
    arena_close(arena);
    arena = test_open(path);
    const struct arena_commit *again = arena_current(arena);
    bool same = again->event_number == 7;
    for (unsigned i = 0; i < ARENA_ROOTS; i++)
        same = same && again->roots[i] == commit.roots[i] && noun_head(again->roots[i]) == i;
    tap_ok(same, "every root is kept");
    tap_ok(again->job_hash[31] == 0xaa && again->kernel_hash[31] == 0xbb, "and both hashes");
    arena_close(arena);
}

static void a_commit_without_objects_writes_no_segment(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 1));
    struct arena_commit commit = *arena_current(arena);
    uint64_t watermark_bytes = commit.watermark_bytes;
    commit.event_number = 2;
    MUST(arena_commit_begin(arena, 2));
    MUST(arena_commit_write(arena, &commit));
    tap_ok(commit.watermark_bytes == watermark_bytes && commit.segment_count == 1 && commit.event_number == 2,
           "a commit without objects is only a superblock");
    arena_close(arena);
}

static void an_aborted_commit_leaves_nothing(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 3));
    struct arena_commit before = *arena_current(arena);
    MUST(arena_commit_begin(arena, 2));
    for (unsigned i = 0; i < 1000000; i++) /* more than one segment */
        CHECK(test_cell(arena, i, i) != NOUN_NONE);
    arena_commit_abort(arena);
    MUST(test_commit(arena, 2, 3));
    tap_ok(arena_current(arena)->segment_count == 2 &&
               arena_current(arena)->watermark_bytes - before.watermark_bytes == 80 + 3 * 24,
           "the commit after an aborted one lies where that one began");
    arena_close(arena);
    arena = test_open(path);
    tap_ok(test_state_is_whole(arena) && arena_verify(arena, NULL, NULL) == STATUS_OK, "and the arena is whole");
    arena_close(arena);
}

static void a_large_commit_grows_the_file_on_the_way(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 3));
    const uint64_t *old = noun_words(arena_current(arena)->roots[ARENA_ROOT_STATE]);
    uint64_t old_words[3];
    memcpy(old_words, old, sizeof old_words);
    MUST(arena_commit_begin(arena, 2));
    noun list = arena_current(arena)->roots[ARENA_ROOT_STATE];
    for (unsigned i = 0; i < 500000; i++)
        list = test_cell(arena, i, list);
    uint64_t giant_words = 700000, offset_words;
    uint64_t *words = arena_allocate(arena_builder(arena), giant_words + 2, &offset_words);
    for (uint64_t i = 0; i < giant_words; i++)
        words[2 + i] = i + 1;
    words[1] = giant_words;
    words[0] = hash_xxh3_64(words + 2, giant_words * 8) & ~NOUN_META_MUG_MASK;
    list = test_cell(arena, 1, list);
    struct arena_commit commit = {.event_number = 2, .roots = {list, offset_words | NOUN_TAG_ATOM}};
    MUST(arena_commit_write(arena, &commit));
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    tap_ok(statistics.segment_count > 3 && statistics.file_bytes >= statistics.appended_bytes,
           "it takes %" PRIu64 " segments", statistics.segment_count);
    tap_ok(memcmp(old, old_words, sizeof old_words) == 0, "nothing has moved");
    noun atom = commit.roots[1];
    tap_ok(noun_words(atom)[1] == giant_words && noun_words(atom)[1 + giant_words] == giant_words,
           "an atom larger than a segment is whole");
    tap_ok(noun_list_length(list) == 500000 + 1 + 1 && test_state_is_whole(arena), "and so is the rest");
    tap_ok(arena_current(arena)->tail_bytes > 500000 * 24, "its tail is long");
    MUST(arena_sync(arena));
    arena_close(arena);
    arena = test_open(path);
    tap_ok(arena_current(arena)->tail_bytes == 0 && arena_current(arena)->event_number == 2,
           "but after a flush a mark spares the next open from reading it");
    arena_close(arena);
}

static void several_commits_in_flight(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    for (uint64_t event = 1; event <= 100; event++)
        MUST(test_commit(arena, event, 2));
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    tap_ok(statistics.unsynced_bytes == 100 * (80 + 48) && statistics.sync_count == 0,
           "a hundred commits wait for one flush");
    size_t count;
    const struct arena_commit *commits = arena_commits(arena, &count);
    tap_ok(count == ARENA_RING_SLOTS && commits[0].event_number == 100 && commits[count - 1].event_number == 0 &&
               commits[count - 2].event_number == 86,
           "the ring keeps the newest and the only durable one");
    arena_close(arena);
    arena = test_open(path);
    tap_ok(arena_current(arena)->event_number == 100 && arena_current(arena)->tail_bytes == 100 * (80 + 48),
           "after the death of the process all are believed");
    MUST(arena_sync(arena));
    arena_statistics(arena, &statistics);
    tap_ok(statistics.unsynced_bytes == 0 && statistics.sync_count == 1, "and one flush serves them all");
    for (uint64_t event = 101; event <= 140; event++)
        MUST(test_commit(arena, event, 2));
    commits = arena_commits(arena, &count);
    tap_ok(commits[count - 1].event_number == 100 && commits[0].event_number == 140,
           "the ring passes over the newest durable one");
    arena_close(arena);
}

static void the_ring_waits_for_the_log(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    for (uint64_t event = 1; event <= 5; event++)
        MUST(test_commit(arena, event, 2));
    MUST(arena_sync(arena));
    arena_boundary_set(arena, 5);
    for (uint64_t event = 6; event <= 60; event++) {
        MUST(test_commit(arena, event, 2));
        MUST(arena_sync(arena));
    }
    size_t count;
    const struct arena_commit *commits = arena_commits(arena, &count);
    tap_ok(commits[count - 1].event_number == 5, "an arena 55 events ahead of its log still has the log's commit");
    MUST(arena_choose(arena, count - 1));
    tap_ok(arena_current(arena)->event_number == 5 && test_state_is_whole(arena), "and it can be chosen");
    arena_close(arena);
}

static void choosing_an_older_commit(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    for (uint64_t event = 1; event <= 10; event++)
        MUST(test_commit(arena, event, 2));
    MUST(arena_seal(arena));
    arena_close(arena);

    uint64_t before = test_file_hash(path);
    arena = test_open_unchosen(path, false);
    size_t count;
    const struct arena_commit *commits = arena_commits(arena, &count);
    size_t index = 0;
    while (commits[index].event_number > 4)
        index++;
    uint64_t state_hash = commits[index].state_hash;
    MUST(arena_choose(arena, index));
    tap_ok(arena_current(arena)->event_number == 4 && test_state_is_whole(arena), "an older commit can be chosen");
    arena_close(arena);
    tap_ok(test_file_hash(path) == before, "which changes nothing");

    arena = test_open_unchosen(path, false);
    commits = arena_commits(arena, &count);
    MUST(arena_choose(arena, index));
    MUST(arena_reserve(arena, 1000));
    commits = arena_commits(arena, &count);
    tap_ok(commits[0].event_number == 4 && commits[0].state_hash == state_hash,
           "before the first write the newer ones are erased");
    MUST(test_commit(arena, 5, 7));
    MUST(arena_seal(arena));
    arena_close(arena);
    arena = test_open(path);
    tap_ok(arena_current(arena)->event_number == 5 && arena_current(arena)->tail_bytes == 0 &&
               test_state_is_whole(arena) && arena_verify(arena, NULL, NULL) == STATUS_OK,
           "and the new history stands in their place");
    arena_close(arena);
}

static void sealing(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 1000));
    MUST(arena_seal(arena));
    struct arena_statistics once, twice;
    arena_statistics(arena, &once);
    MUST(arena_seal(arena));
    arena_statistics(arena, &twice);
    tap_ok(once.written_bytes == twice.written_bytes && once.sync_count == 2, "a second seal does nothing");
    arena_close(arena);
    arena = test_open(path);
    tap_ok(arena_current(arena)->tail_bytes == 0 && arena_current(arena)->event_number == 1,
           "after a seal the next open has no tail to check");
    arena_close(arena);
}

static void a_reader_beside_the_writer(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *writer = test_open(path);
    uint8_t *writer_base = noun_base, *reader_base;
    MUST(os_map_reserve(NOUN_SPACE_BYTES, &reader_base));
    noun_space_enter(reader_base);
    struct arena *reader = test_open_unchosen(path, true);
    struct arena *second;
    tap_ok(arena_open(path, NULL, &second) == STATUS_BUSY, "a second writer is refused");
    bool all_whole = true;
    for (uint64_t event = 1; event <= 200; event++) {
        noun_space_enter(writer_base);
        MUST(test_commit(writer, event, 300)); /* grows the file, too */
        noun_space_enter(reader_base);
        MUST(arena_refresh(reader));
        MUST(arena_choose(reader, 0));
        all_whole = all_whole && arena_current(reader)->event_number == event &&
                    (event % 50 != 0 || test_state_is_whole(reader));
    }
    tap_ok(all_whole, "a reader sees each commit as soon as it is written, in a file that grows");
    tap_ok(arena_reserve(reader, 1) == STATUS_PERMISSION && arena_sync(reader) == STATUS_PERMISSION &&
               arena_commit_begin(reader, 300) == STATUS_PERMISSION,
           "and may not write");
    arena_close(reader);
    os_map_release(reader_base, NOUN_SPACE_BYTES);
    noun_space_enter(writer_base);
    arena_close(writer);
}

static void growing_ahead(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    struct arena_statistics before, after;
    arena_statistics(arena, &before);
    MUST(arena_grow_ahead(arena));
    arena_statistics(arena, &after);
    tap_ok(before.file_bytes == after.file_bytes, "an arena with room does not grow");
    MUST(test_commit(arena, 1, 1000));
    MUST(arena_grow_ahead(arena));
    arena_statistics(arena, &after);
    tap_ok(after.ahead_bytes >= TEST_STEP_BYTES / 2, "one without does");
    MUST(arena_reserve(arena, 1000000));
    arena_statistics(arena, &before);
    MUST(arena_commit_begin(arena, 2));
    for (unsigned i = 0; i < 1000000 / 24; i++)
        CHECK(test_cell(arena, i, i) != NOUN_NONE);
    struct arena_commit commit = *arena_current(arena);
    commit.event_number = 2;
    MUST(arena_commit_write(arena, &commit));
    arena_statistics(arena, &after);
    tap_ok(before.file_bytes == after.file_bytes, "what was reserved is enough");
    tap_ok(arena_reserve(arena, NOUN_PERSISTENT_BYTES) == STATUS_LIMIT, "more than the address space is refused");
    tap_ok(arena_reserve(arena, NOUN_PERSISTENT_BYTES / 4) == STATUS_NO_SPACE, "more than the disk is refused");
    MUST(test_commit(arena, 3, 3));
    arena_statistics(arena, &before);
    uint64_t file_bytes;
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_READ, &file));
    MUST(os_file_size(file, &file_bytes));
    os_file_close(file);
    tap_ok(before.file_bytes == file_bytes && file_bytes - after.file_bytes < 1 << 16, "and the file is as it was");
    arena_close(arena);
}

static void a_limit(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena_options options = {.growth_step_bytes = TEST_STEP_BYTES, .limit_bytes = 1 << 20};
    struct arena *arena;
    MUST(arena_open(path, &options, &arena));
    MUST(arena_choose(arena, 0));
    uint64_t event = 0;
    enum status status;
    while ((status = arena_reserve(arena, 20000)) == STATUS_OK && event < 1000)
        MUST(test_commit(arena, ++event, 800));
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    tap_ok(status == STATUS_LIMIT && strstr(status_message(), "--max-arena") != NULL && event > 20 &&
               statistics.file_bytes <= 1 << 20,
           "an arena does not outgrow its limit: %s", status_message());
    MUST(arena_sync(arena));
    tap_ok(arena_grow_ahead(arena) == STATUS_OK, "growing ahead stops at it");
    MUST(test_commit(arena, event + 1, 1));
    arena_close(arena);
    arena = test_open(path);
    MUST(arena_reserve(arena, 20000));
    MUST(test_commit(arena, event + 2, 800));
    tap_ok(test_state_is_whole(arena) && arena_verify(arena, NULL, NULL) == STATUS_OK, "without it all goes on");
    arena_close(arena);
}

int main(void)
{
    space_open();
    reopening_gives_the_last_commit();
    roots_and_hashes_are_kept();
    a_commit_without_objects_writes_no_segment();
    an_aborted_commit_leaves_nothing();
    a_large_commit_grows_the_file_on_the_way();
    several_commits_in_flight();
    the_ring_waits_for_the_log();
    choosing_an_older_commit();
    sealing();
    a_reader_beside_the_writer();
    growing_ahead();
    a_limit();
    return tap_done();
}
