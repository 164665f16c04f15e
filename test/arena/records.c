/* What the arena knows of itself: who made it grow, what its large objects are,
 * and what each byte of its file is for. */
#include "arena_test.h"

#define WORDS ((uint64_t)40000)
#define LARGE_BYTES ((WORDS + 2) * 8)

static enum status commit_for(struct arena *arena, uint64_t event, const char *label, unsigned cells, noun atom)
{
    noun state = arena_current(arena)->roots[ARENA_ROOT_STATE];
    STATUS_TRY(arena_commit_begin(arena, event));
    struct arena_commit commit = *arena_current(arena);
    commit.event_number = event;
    arena_origin_set(arena, label);
    if (atom != 0)
        STATUS_TRY(arena_large_persist(arena, atom));
    commit.roots[ARENA_ROOT_STATE] = test_next_state(arena, state, event, cells);
    if (atom != 0)
        commit.roots[ARENA_ROOT_CODE] = atom;
    return arena_commit_write(arena, &commit);
}

static struct arena_origin origin_of(const struct arena *arena, const char *label)
{
    const struct arena_commit *current = arena_current(arena);
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++)
        if (strcmp(current->origins[i].label, label) == 0)
            return current->origins[i];
    return (struct arena_origin){0};
}

static uint64_t sum_of(const struct arena *arena, bool is_fresh)
{
    const struct arena_commit *current = arena_current(arena);
    uint64_t sum = 0;
    for (size_t i = 0; i < ARENA_ORIGINS_MAX; i++)
        sum += is_fresh ? current->origins[i].fresh_bytes : current->origins[i].bytes;
    return sum;
}

static struct arena_statistics statistics_of(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics;
}

static void verified(struct arena *arena, const char *what)
{
    enum status status = arena_verify(arena, NULL, NULL);
    tap_ok(status == STATUS_OK, "%s is whole%s%s", what, status == STATUS_OK ? "" : ": ",
           status == STATUS_OK ? "" : status_message());
}

/* ---- origins --------------------------------------------------------------------- */

static void switched_in_a_commit(struct arena *arena)
{
    MUST(arena_commit_begin(arena, 5));
    struct arena_commit commit = *arena_current(arena);
    commit.event_number = 5;
    noun state = test_next_state(arena, 0, 5, 100);
    arena_origin_set(arena, "first");
    state = test_next_state(arena, state, 5, 1000);
    arena_origin_set(arena, "second");
    state = test_next_state(arena, state, 5, 10);
    arena_origin_set(arena, "first");
    commit.roots[ARENA_ROOT_STATE] = test_next_state(arena, state, 5, 1);
    MUST(arena_commit_write(arena, &commit));
    tap_ok(origin_of(arena, "first").bytes >= 1001 * 24 && origin_of(arena, "first").bytes < 1001 * 24 + 8 * 80 &&
               origin_of(arena, "second").bytes >= 10 * 24 && origin_of(arena, "second").bytes <= 10 * 24 + 80 &&
               origin_of(arena, "other").bytes >= 100 * 24,
           "in one commit each has its own: %" PRIu64 ", %" PRIu64 " and %" PRIu64, origin_of(arena, "first").bytes,
           origin_of(arena, "second").bytes, origin_of(arena, "other").bytes);
}

static void growth_by_origin(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(commit_for(arena, 1, "sys %put", 50, 0));
    MUST(commit_for(arena, 2, "timer", 20, test_large(arena, WORDS, 1)));
    MUST(commit_for(arena, 3, "sys %put", 30, 0));
    tap_ok(origin_of(arena, "sys %put").bytes == 80 * 24 + 2 * 80, "events of one origin: %" PRIu64 " bytes",
           origin_of(arena, "sys %put").bytes);
    tap_ok(origin_of(arena, "timer").bytes == 20 * 24 + 80 + LARGE_BYTES &&
               origin_of(arena, "timer").fresh_bytes == 20 * 24 + 80,
           "a large object is its origin's, but is no segment");
    MUST(arena_commit_begin(arena, 4));
    arena_origin_set(arena, "refused");
    (void)test_next_state(arena, 0, 4, 100);
    arena_commit_abort(arena);
    MUST(test_commit(arena, 4, 10));
    tap_ok(origin_of(arena, "refused").label[0] == 0 && origin_of(arena, "other").bytes == 10 * 24 + 80,
           "a commit that was given up has not grown anything");
    switched_in_a_commit(arena);
    MUST(commit_for(arena, 6, "line\nbreak\x7f and much too long a label", 5, 0));
    tap_ok(origin_of(arena, "line.break. and much to").bytes > 0, "a label is made printable, and cut");
    struct arena_statistics statistics = statistics_of(arena);
    tap_ok(sum_of(arena, true) == statistics.appended_bytes &&
               sum_of(arena, false) == statistics.appended_bytes + statistics.large_bytes,
           "all of it together is what was appended: %" PRIu64 " bytes", statistics.appended_bytes);
    struct arena_commit before = *arena_current(arena);
    arena_close(arena);
    arena = test_open(path);
    tap_ok(memcmp(before.origins, arena_current(arena)->origins, sizeof before.origins) == 0,
           "it is as true after a process that did not stop in order");
    MUST(test_compact(arena, 0, 400000, NULL));
    statistics = statistics_of(arena);
    tap_ok(sum_of(arena, true) == 0 && origin_of(arena, "collector").bytes == statistics.appended_bytes,
           "after a compaction nothing is fresh, and what is there the collector has written");
    MUST(commit_for(arena, 7, "timer", 4, 0));
    tap_ok(sum_of(arena, true) == 4 * 24 + 80 && origin_of(arena, "timer").fresh_bytes == 4 * 24 + 80,
           "what follows is");
    verified(arena, "the arena");
    arena_close(arena);
}

static void more_labels_than_places(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    for (uint64_t event = 1; event <= 100; event++) {
        char label[16];
        snprintf(label, sizeof label, "wire %u", (unsigned)(event % 40));
        MUST(commit_for(arena, event, event % 3 == 0 ? "much" : label, event % 3 == 0 ? 40 : 2, 0));
    }
    tap_ok(sum_of(arena, true) == statistics_of(arena).appended_bytes &&
               origin_of(arena, "much").bytes == 33 * (40 * 24 + 80) && origin_of(arena, "other").bytes > 0,
           "with more labels than places what appends much stays, and no byte is lost");
    arena_close(arena);
}

/* ---- allocation records ------------------------------------------------------------- */

struct listed {
    size_t count;
    struct arena_large_object objects[8];
};

static void list(void *context, const struct arena_large_object *object)
{
    struct listed *listed = context;
    CHECK(listed->count < COUNT_OF(listed->objects));
    listed->objects[listed->count++] = *object;
}

static struct listed list_of(struct arena *arena)
{
    struct listed listed = {0};
    arena_large_each(arena, list, &listed);
    return listed;
}

static bool is_used(struct arena *arena, uint64_t event, uint64_t count)
{
    struct listed listed = list_of(arena);
    return listed.count > 0 && listed.objects[0].used_event == event && listed.objects[0].use_count == count;
}

static struct arena *killed_and_opened(struct arena *arena, const char *path)
{
    MUST(arena_sync(arena));
    arena_close(arena);
    return test_open(path);
}

static void uses(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(commit_for(arena, 1, "sys %store", 5, test_large(arena, WORDS, 1)));
    noun atom = arena_current(arena)->roots[ARENA_ROOT_CODE];
    struct listed listed = list_of(arena);
    const struct arena_large_object *object = &listed.objects[0];
    tap_ok(listed.count == 1 && object->atom == atom && object->size_bytes == LARGE_BYTES &&
               strcmp(object->label, "sys %store") == 0 && object->made_event == 1 &&
               object->made_wall_ms > 1600000000000 && object->checksum != 0 && is_used(arena, 1, 1),
           "a large object has a record: who brought it, when, its last use");
    uint64_t written_bytes = statistics_of(arena).written_bytes;
    for (int i = 0; i < 100; i++)
        arena_large_note_use(arena, atom, 1);
    arena_large_note_use(arena, 7, 1);
    arena_large_note_use(arena, arena_current(arena)->roots[ARENA_ROOT_STATE], 1);
    tap_ok(is_used(arena, 1, 101) && statistics_of(arena).written_bytes == written_bytes,
           "uses are counted, and write nothing");
    MUST(test_commit(arena, 2, 5));
    arena_large_note_use(arena, atom, 2);
    MUST(test_commit(arena, 3, 5));
    uint64_t small_bytes = statistics_of(arena).written_bytes - written_bytes;
    tap_ok(is_used(arena, 2, 102) && small_bytes < 4 * 4096, "nor do they with an ordinary commit: %" PRIu64 " bytes",
           small_bytes);
    arena = killed_and_opened(arena, path);
    tap_ok(is_used(arena, 1, 1), "a kill loses them");
    arena_large_note_use(arena, atom, 3);
    MUST(arena_seal(arena));
    arena = killed_and_opened(arena, path);
    tap_ok(is_used(arena, 3, 2), "an orderly end does not");
    arena_large_note_use(arena, atom, 3);
    noun second = test_large(arena, WORDS, 2);
    MUST(commit_for(arena, 4, "sys", 5, second));
    arena = killed_and_opened(arena, path);
    tap_ok(is_used(arena, 3, 3), "nor does a kill after a commit that has changed the trees anyway");
    verified(arena, "the arena");
    arena_large_note_use(arena, atom, 4);
    MUST(test_compact(arena, 0, 40000, NULL));
    tap_ok(list_of(arena).count == 0, "a record goes with its object");
    MUST(arena_seal(arena));
    arena = killed_and_opened(arena, path);
    verified(arena, "then, the arena");
    arena_close(arena);
}

static void given_up(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(arena_commit_begin(arena, 1));
    MUST(arena_large_persist(arena, test_large(arena, WORDS, 1)));
    arena_commit_abort(arena);
    MUST(commit_for(arena, 1, "sys", 5, test_large(arena, WORDS, 2)));
    struct listed listed = list_of(arena);
    tap_ok(listed.count == 1 && strcmp(listed.objects[0].label, "sys") == 0,
           "of a commit that was given up there is no record");
    verified(arena, "the arena");
    arena_close(arena);
}

/* ---- every byte ------------------------------------------------------------------------ */

static bool adds_up(struct arena *arena, struct arena_usage *usage)
{
    MUST(arena_usage(arena, usage));
    return usage->ring_bytes + usage->segment_bytes + usage->large_bytes + usage->padding_bytes + usage->node_bytes +
               usage->ahead_bytes + usage->moving_bytes + usage->free_bytes + usage->waiting_bytes +
               usage->unknown_bytes ==
           usage->file_bytes;
}

static void every_byte(void)
{
    const char *path = test_path();
    struct arena_usage usage;
    test_create(path);
    struct arena *arena = test_open(path);
    tap_ok(adds_up(arena, &usage) && usage.unknown_bytes == 0, "each byte of a new file is for something");
    bool is_good = true;
    for (uint64_t event = 1; event <= 30; event++) {
        noun atom = event % 4 == 0 ? test_large(arena, WORDS, event) : 0;
        MUST(commit_for(arena, event, "sys", 200, atom));
        is_good = is_good && adds_up(arena, &usage) && usage.unknown_bytes == 0 && usage.moving_bytes == 0 &&
                  usage.segment_bytes == statistics_of(arena).appended_bytes &&
                  usage.large_bytes == statistics_of(arena).large_bytes;
        if (event % 10 == 0)
            MUST(test_compact(arena, 0, 400000, NULL));
        MUST(arena_sync(arena));
        is_good = is_good && adds_up(arena, &usage) && usage.unknown_bytes == 0;
    }
    tap_ok(is_good, "after each commit, compaction and flush, too");
    struct arena_compaction *compaction;
    MUST(arena_compaction_begin(arena, 0, 400000, &compaction));
    tap_ok(adds_up(arena, &usage) && usage.unknown_bytes == 0, "and while something is moved");
    arena_compaction_abort(arena, compaction);
    struct arena *view = test_open_unchosen(path, true);
    MUST(arena_choose(view, 0));
    tap_ok(adds_up(view, &usage) && usage.segment_bytes > 0, "a reader can tell as well");
    arena_close(view);
    arena_close(arena);
}

int main(void)
{
    space_open();
    growth_by_origin();
    more_labels_than_places();
    uses();
    given_up();
    every_byte();
    return tap_done();
}
