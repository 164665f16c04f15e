/* Large objects: born at their last address, written once, never copied, freed
 * when nothing reaches them. */
#define _GNU_SOURCE /* SEEK_HOLE */
#include "arena_test.h"

#include <fcntl.h>
#include <unistd.h>

#include "arena/private.h"

#define WORDS ((uint64_t)40000)

static void store(void *address)
{
    *(volatile uint64_t *)address = 1;
}

static void written_once(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 5));
    noun atom = test_large(arena, WORDS, 7);
    const uint64_t *words = noun_words(atom);
    tap_ok(noun_is_large(atom) && noun_is_persistent(atom), "a large atom has a large address from birth");
    tap_ok(tap_dies(store, noun_words(atom) + 5), "once it is finished a store into it faults");
    struct arena_statistics before = test_statistics(arena);
    MUST(test_commit_large(arena, 2, atom));
    struct arena_statistics after = test_statistics(arena);
    tap_ok(words == noun_words(atom) && test_large_is(atom, WORDS, 7), "a commit leaves it where it is");
    tap_ok(tap_dies(store, noun_words(atom) + 5), "and a store into it faults there, too");
    uint64_t size_bytes = (WORDS + 2) * 8, written_bytes = after.written_bytes - before.written_bytes;
    tap_ok(after.large_written_bytes == size_bytes && written_bytes < size_bytes + (64 << 10) &&
               after.large_copied_bytes == 0,
           "it was written once: %" PRIu64 " bytes for an object of %" PRIu64, written_bytes, size_bytes);
    MUST(test_commit(arena, 3, 5));
    arena_large_release(arena, noun_offset_words(atom));
    tap_ok(test_large_is(atom, WORDS, 7), "to release one that a commit has does nothing");
    test_verified(arena, "the arena");
    MUST(arena_seal(arena));
    arena_close(arena);
    arena = test_open(path);
    tap_ok(test_large_is(atom, WORDS, 7) && test_statistics(arena).large_count == 1, "it is there after reopening");
    test_verified(arena, "which");
    arena_close(arena);
}

static void given_up(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 5));
    noun first = test_large(arena, WORDS, 1), second = test_large(arena, WORDS, 2);
    arena_large_release(arena, noun_offset_words(first));
    MUST(arena_commit_begin(arena, 2));
    MUST(arena_large_persist(arena, second));
    arena_commit_abort(arena);
    arena_large_release(arena, noun_offset_words(second));
    MUST(test_commit(arena, 2, 5));
    tap_ok(test_statistics(arena).large_count == 0, "an aborted commit has taken over nothing");
    test_verified(arena, "the arena");
    arena_close(arena);
}

/* Memory goes from one to the next, of any size, and is zeros each time. */
static void zeros_at_first(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    uint64_t random = tap_seed(), offset_words, kept_bytes = 0;
    bool are_zeros = true, are_right = true;
    for (uint64_t event = 1; event <= 200; event++) {
        uint64_t count = 1 + tap_below(&random, event % 10 == 0 ? 40 * WORDS : 2 * WORDS);
        MUST(arena_large_reserve(arena, (count + 2) * 8, &offset_words));
        const uint64_t *words = noun_words_at(offset_words);
        for (uint64_t i = 0; i < count + 2; i++)
            are_zeros = are_zeros && words[i] == 0;
        arena_large_release(arena, offset_words);
        noun atom = test_large(arena, count, event << 32);
        if (event % 3 == 0) {
            arena_large_release(arena, noun_offset_words(atom));
            continue;
        }
        MUST(test_commit_large(arena, arena_current(arena)->event_number + 1, atom));
        are_right = are_right && test_large_is(atom, count, event << 32);
    }
    for (size_t i = 0; i < ARENA_SPARES; i++)
        kept_bytes += arena->spares.counts[i] * ARENA_PAGE_BYTES;
    tap_ok(are_zeros && are_right, "200 of them begin as zeros and are committed whole");
    tap_ok(kept_bytes > 0 && kept_bytes <= 16 << 20, "%" PRIu64 " bytes of their memory are kept", kept_bytes);
    test_verified(arena, "the arena");
    arena_close(arena);
}

/* Where commits will write next, and what is kept for large objects, was written once. */
static void no_holes(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    for (uint64_t event = 1; event <= 30; event += 2) {
        MUST(test_commit_large(arena, event, test_large(arena, WORDS, event)));
        MUST(test_commit(arena, event + 1, 3000));
        MUST(arena_sync(arena));
        MUST(arena_grow_ahead(arena));
    }
    struct layout_run run;
    uint64_t checked = 0, page = arena->newest.watermark_bytes / ARENA_PAGE_BYTES;
    bool are_written = true;
    int descriptor = open(path, O_RDONLY);
    for (; page < arena->capacity_bytes / ARENA_PAGE_BYTES && layout_find(&arena->layout, page, &run);
         page += run.count, checked += run.count) {
        off_t start = (off_t)(run.file_page * ARENA_PAGE_BYTES);
        are_written =
            are_written && lseek(descriptor, start, SEEK_HOLE) >= start + (off_t)(run.count * ARENA_PAGE_BYTES);
    }
    close(descriptor);
    tap_ok(are_written && checked > 0 && arena_pages_usable(arena) * ARENA_PAGE_BYTES >= WORDS * 8,
           "%" PRIu64 " pages ahead are no hole, and room for one more object is kept", checked);
    arena_close(arena);
}

static void count_one(void *context, const struct arena_large_object *object)
{
    *(uint64_t *)context += object->size_bytes;
}

static void freed_when_unreached(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    uint64_t most_bytes = 0;
    noun atom = 0;
    for (uint64_t event = 1; event <= 60; event++) {
        atom = test_large(arena, WORDS, event);
        MUST(test_commit_large(arena, event, atom));
        if (event % 5 != 0)
            continue;
        struct arena_compaction *compaction;
        MUST(arena_compaction_begin(arena, 0, 40000, &compaction));
        struct arena_compaction_space space;
        arena_compaction_space(compaction, &space);
        struct arena_commit commit = *arena_current(arena);
        commit.roots[ARENA_ROOT_STATE] =
            test_copy_list(arena_compaction_builder(compaction), &space, commit.roots[ARENA_ROOT_STATE], false);
        arena_compaction_keep_large(compaction, commit.roots[ARENA_ROOT_CODE]);
        MUST(arena_compaction_publish(arena, compaction, &commit));
        MUST(arena_sync(arena));
        most_bytes = test_statistics(arena).file_bytes > most_bytes ? test_statistics(arena).file_bytes : most_bytes;
    }
    uint64_t size_bytes = 0;
    arena_large_each(arena, count_one, &size_bytes);
    tap_ok(size_bytes == (WORDS + 2) * 8 && test_statistics(arena).large_bytes == size_bytes,
           "a full compaction frees what nothing reaches");
    tap_ok(test_large_is(atom, WORDS, 60), "and keeps what was marked");
    tap_ok(most_bytes < 16 * size_bytes, "60 objects of %" PRIu64 " bytes went through a file of %" PRIu64, size_bytes,
           most_bytes);
    test_verified(arena, "it");
    MUST(test_compact(arena, 0, 40000, NULL));
    tap_ok(test_statistics(arena).large_count == 0, "unmarked, the last one goes as well");
    arena_close(arena);
}

static void restored(void)
{
    const char *path = test_path(), *copy = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 5));
    noun atom = test_large(arena, WORDS, 9);
    MUST(test_commit_large(arena, 2, atom));
    MUST(test_commit_large(arena, 3, test_large(arena, 3 * WORDS, 10)));
    struct arena_commit commit = *arena_current(arena);
    struct arena_range *ranges;
    size_t count;
    MUST(arena_ranges(arena, &commit, &ranges, &count));
    tap_ok(count == 3 && ranges[1].start_bytes == noun_offset_words(atom) * 8 &&
               ranges[1].end_bytes - ranges[1].start_bytes == (WORDS + 2) * 8,
           "ranges name large objects");
    struct arena_restore *restore;
    uint64_t checked_bytes;
    bool are_good = true;
    MUST(arena_restore_begin(copy, NULL, arena_identity(arena), &commit, ranges, count, &restore));
    for (size_t i = 0; i < count; i++) {
        are_good = are_good && arena_range_check(arena, ranges[i].start_bytes, ranges[i].end_bytes, UINT64_MAX,
                                                 &checked_bytes) == STATUS_OK;
        MUST(arena_restore_write(restore, ranges[i].start_bytes, noun_base + ranges[i].start_bytes,
                                 ranges[i].end_bytes - ranges[i].start_bytes));
    }
    tap_ok(are_good, "and they can be checked");
    MUST(arena_restore_finish(restore));
    free(ranges);
    arena_close(arena);
    arena = test_open(copy);
    tap_ok(test_large_is(atom, WORDS, 9) && test_statistics(arena).large_count == 2, "a restored arena has them");
    test_verified(arena, "it");
    MUST(test_commit_large(arena, 4, test_large(arena, WORDS, 11)));
    test_verified(arena, "with one more it");
    arena_close(arena);
}

static void damage_is_found(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit_large(arena, 1, test_large(arena, WORDS, 0x1122334455667788)));
    MUST(arena_seal(arena));
    arena_close(arena);
    uint8_t *bytes;
    size_t size_bytes, at = 0;
    MUST(os_read_whole(path, SIZE_MAX, &bytes, &size_bytes));
    const uint64_t word = 0x1122334455667788 + WORDS / 2;
    while (memcmp(bytes + at, &word, 8) != 0)
        at += 8;
    bytes[at + 3] ^= 0x10;
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_WRITE, &file));
    MUST(os_file_write(file, at + 3, bytes + at + 3, 1));
    os_file_close(file);
    free(bytes);
    arena = test_open_unchosen(path, true);
    tap_ok(arena_verify(arena, NULL, NULL) == STATUS_CORRUPT && strstr(status_message(), "large object") != NULL,
           "one flipped bit in a large object is found: %s", status_message());
    arena_close(arena);
}

static void too_many(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    uint64_t offset_words, count = 0;
    enum status status;
    while ((status = arena_large_reserve(arena, 5000, &offset_words)) == STATUS_OK)
        count++;
    tap_ok(status == STATUS_LIMIT && (count == 8192 || count + 1 == ARENA_MAPPINGS_MAX),
           "after %" PRIu64 " outstanding ones no more are given: %s", count, status_message());
    tap_ok(arena_large_reserve(arena, NOUN_PERSISTENT_BYTES, &offset_words) == STATUS_LIMIT,
           "nor one larger than the addresses");
    arena_close(arena);
}

int main(void)
{
    space_open();
    written_once();
    given_up();
    zeros_at_first();
    no_holes();
    freed_when_unreached();
    restored();
    damage_is_found();
    too_many();
    return tap_done();
}
