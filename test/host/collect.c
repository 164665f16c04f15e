/* Collections in a host: events and restarts beside them notice nothing but the
 * space.  What keeps nouns alive through them is in roots.c. */
#include "collect_test.h"

/* ---- one after the other --------------------------------------------------------- */

static void by_hand(void)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    struct host *host = create(directory, NULL);
    struct collector_record record;
    for (unsigned i = 0; i < 20; i++)
        fill(host, 1000);
    struct host_status before = facts_of(host);
    must(host_collect(host, true, &record));
    struct host_status after = facts_of(host);
    tap_ok(record.is_full && record.live_bytes > 0 && record.live_bytes < before.arena_used_bytes / 4,
           "a full collection leaves what is live: %" PRIu64 " of %" PRIu64 " bytes", record.live_bytes,
           before.arena_used_bytes);
    tap_ok(after.arena_used_bytes < before.arena_used_bytes / 4 && after.arena_objects < before.arena_objects / 4,
           "and the arena says so: %" PRIu64 " bytes", after.arena_used_bytes);
    tap_ok(after.event == before.event && after.state_hash == before.state_hash && length(host) == 1000,
           "the state is the same");
    change(host, "[%set 7]");
    fill(host, 500);
    uint64_t live_bytes = record.live_bytes;
    must(host_collect(host, false, &record));
    tap_ok(!record.is_full && record.live_bytes < live_bytes && length(host) == 500,
           "a young collection takes what came after it: %" PRIu64 " bytes", record.live_bytes);
    must(host_collect(host, true, &record));
    struct host_gc_status gc;
    host_gc_status_read(host, &gc);
    tap_ok(gc.history.full_count == 2 && gc.history.young_count == 1 && gc.history.record_count == 3 &&
               gc.phase == HOST_GC_IDLE,
           "its history is known");
    uint64_t hash = facts_of(host).state_hash;
    host_close(host);
    tap_ok(verifies(directory), "the machine is whole");
    must(host_open(directory, NULL, NULL, &host));
    host_gc_status_read(host, &gc);
    tap_ok(facts_of(host).events_replayed == 0 && facts_of(host).state_hash == hash && length(host) == 500,
           "it opens again without a replay");
    tap_ok(gc.history.full_count == 2 && gc.history.record_count == 3 && gc.history.records[0].is_full &&
               gc.history.generation_count == 1,
           "and still knows its history");
    fill(host, 10);
    host_close(host);
}

/* ---- beside events ------------------------------------------------------------------ */

struct asked {
    unsigned count;
    enum status status;
};

static void on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    struct asked *asked = context;
    (void)host, (void)record;
    asked->count++;
    asked->status = status;
}

/* Events go on while the collection is under way; returns how many. */
static unsigned events_until(struct host *host, const struct asked *asked, uint64_t *seed)
{
    unsigned count = 0;
    while (asked->count == 0) {
        if (tap_below(seed, 8) == 0)
            fill(host, 1 + (unsigned)tap_below(seed, 2000));
        else
            change(host, "[%push %a-cord-that-is-longer-than-a-word]");
        count++;
    }
    return count;
}

static void beside_events(uint64_t *seed)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    /* slow, so that there are events beside it */
    const struct host_options options = {.gc = {.write_bytes_per_second = 2 * MIB}};
    struct host *host = create(directory, &options);
    unsigned events = 0;
    bool is_good = true;
    fill(host, 20000);
    for (unsigned round = 0; round < 6; round++) {
        struct asked asked = {0};
        fill(host, 5000);
        must(host_gc_request(host, round % 3 != 1, on_collected, &asked));
        events += events_until(host, &asked, seed);
        is_good = is_good && asked.count == 1 && asked.status == STATUS_OK;
    }
    struct host_gc_status gc;
    host_gc_status_read(host, &gc);
    tap_ok(is_good && gc.history.record_count == 6, "six collections beside %u events", events);
    uint64_t hash = facts_of(host).state_hash;
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
    must(host_open(directory, NULL, NULL, &host));
    tap_ok(facts_of(host).state_hash == hash && facts_of(host).events_replayed == 0, "and opens where it stood");
    host_close(host);
}

/* Large atoms have pages of their own: they are not copied, only kept or freed. */
static void beside_large_atoms(void)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    struct host *host = create(directory, NULL);
    struct collector_record record;
    struct arena_statistics before, with, after;
    size_t length_bytes = MIB;
    char *text = malloc(length_bytes + 32);
    CHECK(text != NULL);
    int at = sprintf(text, "[%%push '");
    memset(text + at, 'x', length_bytes);
    strcpy(text + at + length_bytes, "']");
    arena_statistics(host_node(host)->arena, &before);
    fill(host, 10);
    change(host, text);
    must(host_collect(host, true, &record));
    arena_statistics(host_node(host)->arena, &with);
    noun atom = noun_head(state_of(host));
    uint64_t direct;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(atom, &direct, &size_bytes);
    bool is_own = with.large_count > before.large_count; /* if the stack gives it pages of its own */
    tap_ok(size_bytes == length_bytes && bytes[0] == 'x' && memcmp(bytes, bytes + 1, length_bytes - 1) == 0 &&
               (!is_own || record.live_bytes < length_bytes),
           "a large atom is kept%s", is_own ? ", and not copied" : "");
    must(host_settle(host));
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
    must(host_open(directory, NULL, NULL, &host));
    change(host, "[%set 0]");
    must(host_collect(host, true, &record));
    fill(host, 10);
    must(host_collect(host, true, &record));
    arena_statistics(host_node(host)->arena, &after);
    tap_ok(after.large_count == before.large_count, "and freed when nothing reaches it: %" PRIu64 " are left",
           after.large_count);
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
    free(text);
}

/* ---- the policy at work ----------------------------------------------------------------- */

static void note_pause(void *context, const struct collector_record *record)
{
    uint64_t *most_us = context;
    if (record->pause_us > *most_us)
        *most_us = record->pause_us;
}

static void on_its_own(void)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    uint64_t pause_us = 0, most_bytes = 0, appended_bytes = 0, before_bytes = 0;
    const struct host_options options = {
        .listener = {.context = &pause_us, .collected = note_pause},
        .gc = {.mode = HOST_GC_AUTO, .slack_bytes = 2 * MIB, .cpu_percent = 100},
    };
    struct host *host = create(directory, &options);
    struct host_gc_status gc;
    while (appended_bytes < 64 * MIB) {
        fill(host, 20000);
        uint64_t used_bytes = facts_of(host).arena_used_bytes;
        appended_bytes += used_bytes > before_bytes ? used_bytes - before_bytes : 0;
        before_bytes = used_bytes;
        if (used_bytes > most_bytes)
            most_bytes = used_bytes;
        /* the load waits, since this machine may be busy with other things */
        for (host_gc_status_read(host, &gc); gc.phase != HOST_GC_IDLE; host_gc_status_read(host, &gc)) {
            os_sleep_ms(1);
            host_reset(host);
        }
    }
    host_gc_status_read(host, &gc);
    tap_ok(gc.history.record_count > 0 && gc.failures == 0 && most_bytes < appended_bytes / 4 * 3,
           "%" PRIu64 " young and %" PRIu64 " full collections keep %" PRIu64 " MiB appended in %" PRIu64 " MiB",
           gc.history.young_count, gc.history.full_count, appended_bytes / MIB, most_bytes / MIB);
    tap_note("paused %" PRIu64 " us at most", pause_us);
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
}

static void stopped_in_the_middle(void)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    const struct host_options options = {.gc = {.write_bytes_per_second = MIB / 4}};
    struct host *host = create(directory, &options);
    struct asked asked = {0};
    fill(host, 50000);
    uint64_t hash = facts_of(host).state_hash;
    must(host_gc_request(host, true, on_collected, &asked));
    host_reset(host);
    uint64_t started_ns = os_clock_ns();
    host_close(host);
    tap_ok(asked.count == 1 && asked.status == STATUS_INTERRUPTED && os_clock_ns() - started_ns < 2000000000,
           "a host that is closed gives its collection up at once");
    must(host_open(directory, NULL, NULL, &host));
    tap_ok(facts_of(host).state_hash == hash && facts_of(host).events_replayed == 0, "and nothing has happened");
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
}

/* ---- restarts ------------------------------------------------------------------------------ */

static void restarted(unsigned count)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    const struct host_options options = {.gc = {.mode = HOST_GC_AUTO, .slack_bytes = MIB}};
    struct host *host = create(directory, &options);
    fill(host, 1000);
    host_close(host);
    uint64_t used_bytes = 0, file_bytes = 0;
    bool is_bounded = true;
    for (unsigned i = 0; i < count; i++) {
        must(host_open(directory, NULL, &options, &host));
        host_reset(host);
        struct host_status facts = facts_of(host);
        if (i == 0) {
            used_bytes = facts.arena_used_bytes;
            file_bytes = facts.arena_file_bytes;
        }
        is_bounded = is_bounded && facts.arena_used_bytes == used_bytes && facts.arena_file_bytes <= file_bytes;
        host_close(host);
    }
    tap_ok(is_bounded, "%u starts at one event: the arena has not grown", count);
    for (unsigned i = 0; i < count; i++) {
        struct collector_record record;
        must(host_open(directory, NULL, &options, &host));
        must(host_collect(host, i % 4 == 0, &record));
        struct host_status facts = facts_of(host);
        is_bounded = is_bounded && facts.arena_used_bytes <= used_bytes + 64 * 1024 &&
                     facts.arena_file_bytes <= file_bytes + 64 * MIB;
        if (!is_bounded)
            tap_note("%u: %" PRIu64 " of %" PRIu64 " bytes", i, facts.arena_used_bytes, facts.arena_file_bytes);
        host_close(host);
        if (!is_bounded)
            break;
    }
    tap_ok(is_bounded, "%u starts with a collection each: bounded as well", count);
}

/* What a collection left is not looked at again because the process is another one. */
static void across_a_restart(void)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    struct host *host = create(directory, NULL);
    struct collector_record first, second;
    fill(host, 20000);
    must(host_collect(host, true, &first));
    fill(host, 1000);
    host_close(host);
    must(host_open(directory, NULL, NULL, &host));
    must(host_collect(host, false, &second));
    tap_ok(!second.is_full && second.start_bytes > first.start_bytes && second.above_bytes < 100 * 1024 &&
               second.live_bytes < first.live_bytes / 4,
           "a young collection after a restart takes what came after the last: %" PRIu64 " bytes", second.above_bytes);
    struct host_status before = facts_of(host);
    for (unsigned i = 0; i < 10; i++)
        must(host_collect(host, false, &second));
    struct host_status after = facts_of(host);
    tap_ok(second.objects == 0 && after.arena_used_bytes == before.arena_used_bytes,
           "a young collection of nothing does nothing");
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
}

/* Nothing happens to the machine any more, and nobody asks the policy. */
static void room_is_given_back(void)
{
#ifdef LOAM_HOSTILE
    tap_skip("a file that becomes shorter when nothing happens", "this build keeps no room");
#else
    const char *directory = tap_path(tap_scratch(), "machine");
    const struct host_options options = {.gc = {.mode = HOST_GC_OFF}, .durability = {.mode = HOST_DURABLE_NONE}};
    struct host *host = create(directory, &options);
    struct collector_record record;
    for (unsigned i = 0; i < 8; i++)
        fill(host, 400000);
    must(host_collect(host, true, &record));
    fill(host, 1);
    must(host_collect(host, true, &record));
    uint64_t kept_bytes = facts_of(host).arena_file_bytes, file_bytes = kept_bytes;
    arena_keep_room(host_node(host)->arena, 1000); /* instead of ten minutes */
    change(host, "[%push 1]");
    uint64_t deadline_ns = os_clock_ns() + 20000000000u;
    while ((file_bytes = facts_of(host).arena_file_bytes) > kept_bytes / 2 && os_clock_ns() < deadline_ns)
        os_sleep_ms(20);
    tap_ok(file_bytes <= kept_bytes / 2,
           "a file that has kept its room becomes shorter when nothing happens: %" PRIu64 " MiB, then %" PRIu64,
           kept_bytes / MIB, file_bytes / MIB);
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
#endif
}

/* A commit names a bounded number of ranges of addresses, and a collection that is cut off may leave one. */
static void often_cut_off(void)
{
    if (NOUN_PERSISTENT_BYTES < (uint64_t)1 << 40) {
        tap_skip("a hundred collections that are cut off", "this build has too few addresses");
        return;
    }
    const char *directory = tap_path(tap_scratch(), "machine");
    struct host_options options = {.gc = {.mode = HOST_GC_OFF}, .durability = {.mode = HOST_DURABLE_NONE}};
    struct host *host = create(directory, &options);
    struct arena *arena = host_node(host)->arena;
    struct host_gc_status gc;
    size_t before = 0, after = 0;
    for (unsigned i = 0; i < ARENA_RANGES_MAX && before <= ARENA_RANGES_MAX / 2; i++) {
        struct collector_compaction *compaction;
        must(collector_compaction_begin(arena, 0, facts_of(host).arena_used_bytes, &compaction));
        fill(host, 400); /* more than a page: what was set aside before is too small for the next */
        collector_compaction_abort(arena, compaction);
        collector_compaction_destroy(compaction);
        before = arena_current(arena)->range_count;
    }
    host_close(host);
    options.gc = (struct host_gc_options){.mode = HOST_GC_AUTO, .slack_bytes = 1024 * MIB};
    must(host_open(directory, NULL, &options, &host));
    uint64_t deadline_ns = os_clock_ns() + 20000000000u;
    do {
        os_sleep_ms(10);
        host_reset(host);
        host_gc_status_read(host, &gc);
    } while (gc.history.record_count == 0 && os_clock_ns() < deadline_ns);
    after = arena_current(host_node(host)->arena)->range_count;
    tap_ok(length(host) == 400 && before == ARENA_RANGES_MAX / 2 + 1 && gc.history.record_count == 1 &&
               after < before / 2,
           "of %zu ranges that collections left which were cut off, one that was not due otherwise leaves %zu", before,
           after);
    host_close(host);
    tap_ok(verifies(directory), "and the machine is whole");
}

/* As `loam poke` does it. */
static void an_event_a_process(void)
{
    const char *directory = tap_path(tap_scratch(), "machine");
    const struct host_options options = {.gc = {.mode = HOST_GC_OFF, .slack_bytes = 4 * MIB}};
    struct host *host = create(directory, &options);
    uint64_t most_bytes = 0, appended_bytes = 0, collections = 0;
    host_close(host);
    for (unsigned i = 0; i < 60; i++) {
        struct collector_record record;
        bool is_collected;
        must(host_open(directory, NULL, &options, &host));
        uint64_t used_bytes = facts_of(host).arena_used_bytes;
        fill(host, 20000);
        appended_bytes += facts_of(host).arena_used_bytes - used_bytes;
        must(host_collect_due(host, 16 * MIB, &is_collected, &record));
        collections += is_collected;
        used_bytes = facts_of(host).arena_used_bytes;
        most_bytes = used_bytes > most_bytes ? used_bytes : most_bytes;
        host_close(host);
    }
    tap_ok(most_bytes < 6 * MIB && appended_bytes > 20 * MIB && collections > 1 && collections < 40,
           "60 processes of one event each: %" PRIu64 " KiB appended stay in %" PRIu64 " KiB with %" PRIu64
           " collections",
           appended_bytes >> 10, most_bytes >> 10, collections);
    tap_ok(verifies(directory), "and the machine is whole");
}

int main(int count, char **words)
{
    if (count == 2) {
        restarted((unsigned)strtoul(words[1], NULL, 10));
        return tap_done();
    }
    uint64_t seed = tap_seed();
    by_hand();
    beside_events(&seed);
    beside_large_atoms();
    on_its_own();
    stopped_in_the_middle();
    restarted(15);
    across_a_restart();
    room_is_given_back();
    often_cut_off();
    an_event_a_process();
    return tap_done();
}
