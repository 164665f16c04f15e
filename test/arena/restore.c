/* Pins, ranges, and an arena made out of another's ranges. */
#include "arena_test.h"

static void restore_piecewise(struct arena *arena, const char *path, size_t piece_bytes)
{
    struct arena_commit commit;
    struct arena_pin *pin = arena_pin(arena, &commit);
    struct arena_range *ranges;
    size_t count;
    MUST(arena_ranges(arena, &commit, &ranges, &count));
    struct arena_restore *restore;
    MUST(arena_restore_begin(path, NULL, arena_identity(arena), &commit, ranges, count, &restore));
    for (size_t i = 0; i < count; i++)
        for (uint64_t at = ranges[i].start_bytes; at < ranges[i].end_bytes; at += piece_bytes) {
            uint64_t left_bytes = ranges[i].end_bytes - at;
            MUST(arena_restore_write(restore, at, noun_base + at, left_bytes < piece_bytes ? left_bytes : piece_bytes));
        }
    MUST(arena_restore_finish(restore));
    free(ranges);
    arena_unpin(arena, pin);
}

static void a_restored_arena_is_the_same(void)
{
    const char *path = test_path(), *copy = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    for (uint64_t event = 1; event <= 30; event++)
        MUST(test_commit(arena, event, 40));
    struct arena_commit before = *arena_current(arena);
    restore_piecewise(arena, copy, 1000);
    arena_close(arena);
    arena = test_open(copy);
    const struct arena_commit *after = arena_current(arena);
    tap_ok(after->event_number == before.event_number && after->state_hash == before.state_hash &&
               memcmp(after->roots, before.roots, sizeof before.roots) == 0,
           "a restored arena has the commit");
    tap_ok(after->segment_count == before.segment_count && after->object_count == before.object_count &&
               after->watermark_bytes == before.watermark_bytes,
           "at the same addresses, and counts the same");
    tap_ok(test_state_is_whole(arena) && arena_verify(arena, NULL, NULL) == STATUS_OK, "it is whole");
    MUST(test_commit(arena, 31, 50));
    MUST(arena_seal(arena));
    arena_close(arena);
    arena = test_open(copy);
    tap_ok(arena_current(arena)->event_number == 31 && arena_verify(arena, NULL, NULL) == STATUS_OK,
           "and it goes on: %s", status_message());
    arena_close(arena);
}

static void what_is_wrong_is_refused(void)
{
    const char *path = test_path(), *copy = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 40));
    struct arena_commit commit = *arena_current(arena);
    struct arena_range *ranges;
    size_t count;
    MUST(arena_ranges(arena, &commit, &ranges, &count));
    struct arena_restore *restore;
    MUST(arena_restore_begin(copy, NULL, arena_identity(arena), &commit, ranges, count, &restore));
    tap_ok(arena_restore_write(restore, ranges[0].end_bytes - 8, noun_base + ranges[0].end_bytes - 8, 16) ==
               STATUS_INVALID,
           "bytes outside of the ranges are refused: %s", status_message());
    MUST(arena_restore_write(restore, ranges[0].start_bytes, noun_base + ranges[0].start_bytes,
                             ranges[0].end_bytes - ranges[0].start_bytes - 24));
    tap_ok(arena_restore_finish(restore) == STATUS_CORRUPT, "so is a state of which a cell is missing: %s",
           status_message());
    enum os_kind kind, kind_beside;
    char beside[600];
    snprintf(beside, sizeof beside, "%s.new", copy);
    MUST(os_kind_of(copy, &kind));
    MUST(os_kind_of(beside, &kind_beside));
    tap_ok(kind == OS_KIND_ABSENT && kind_beside == OS_KIND_ABSENT, "and nothing is left of it");
    tap_ok(arena_restore_begin(path, NULL, arena_identity(arena), &commit, ranges, count, &restore) == STATUS_EXISTS &&
               restore == NULL,
           "an arena that is there is not restored over");
    free(ranges);
    arena_close(arena);
}

int main(void)
{
    space_open();
    a_restored_arena_is_the_same();
    what_is_wrong_is_refused();
    return tap_done();
}
