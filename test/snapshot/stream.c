/* Exported states: written, gone on with, read, and damaged. */
#include "snapshot/stream.h"
#include "snapshot_test.h"

static struct arena *machine(const char **directory, unsigned events)
{
    const char *path = test_path();
    *directory = directory_of(path);
    test_create(path);
    struct arena *arena = test_open(path);
    for (unsigned event = 1; event <= events; event++)
        MUST(test_commit(arena, event, 2000));
    return arena;
}

static enum status export(struct arena *arena, const char *path, bool resume, const struct snapshot_listener *listener,
                          struct snapshot_export_report *report) {
    struct arena_commit commit; struct arena_pin *pin = arena_pin(arena, &commit);
    struct snapshot_source source = {.machine = test_machine, .arena = arena, .commit = &commit};
    struct arena_range * ranges;
    MUST(arena_ranges(arena, &commit, &ranges, &source.range_count));
    source.ranges = ranges;
    enum status status = snapshot_export(path, &source, resume, listener, report);
    free(ranges);
    arena_unpin(arena, pin);
    return status;
}

/* Restores the file and compares the state. */
static bool comes_back(const char *file, uint64_t event, uint64_t state_hash)
{
    struct snapshot_stream *stream;
    const char *path = test_path();
    enum status status = snapshot_stream_open(file, &stream);
    if (status == STATUS_OK) {
        status = snapshot_stream_restore(stream, path, NULL);
        snapshot_stream_close(stream);
    }
    if (status != STATUS_OK) {
        tap_note("%s", status_message());
        return false;
    }
    struct arena *arena = test_open(path);
    bool is_good = arena_current(arena)->event_number == event && arena_current(arena)->state_hash == state_hash &&
                   test_state_is_whole(arena);
    arena_close(arena);
    CHECK(os_remove(path) == STATUS_OK);
    return is_good;
}

static bool stop_after(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)total_bytes;
    return done_bytes < *(uint64_t *)context;
}

static void test_resuming(void)
{
    const char *directory;
    struct snapshot_export_report report;
    char file[600];
    struct arena *arena = machine(&directory, 80);
    uint64_t limit_bytes = 1, kept_bytes = 0;
    struct snapshot_listener listener = {.context = &limit_bytes, .progress = stop_after};
    unsigned stops = 0;
    bool grows = true;
    enum status status;
    snprintf(file, sizeof file, "%s/state", directory);
    while ((status = export(arena, file, true, &listener, &report)) == STATUS_INTERRUPTED) {
        grows = grows && report.kept_bytes >= kept_bytes;
        kept_bytes = report.kept_bytes;
        limit_bytes += 1000000;
        MUST(test_commit(arena, arena_current(arena)->event_number + 1, 2000)); /* the state goes on meanwhile */
        stops++;
    }
    tap_ok(status == STATUS_OK && stops > 2 && grows, "stopped %u times an export goes on where it was", stops);
    tap_ok(report.kept_bytes > 0 && report.written_bytes > 0, "%" PRIu64 " bytes were there, %" PRIu64 " were not",
           report.kept_bytes, report.written_bytes);
    uint64_t event = arena_current(arena)->event_number, hash = arena_current(arena)->state_hash;
    arena_close(arena);
    tap_ok(comes_back(file, event, hash), "and the newest state is in it");
}

static void test_torn(void)
{
    const char *directory;
    struct snapshot_export_report report;
    char file[600], beside[620];
    uint8_t *bytes;
    size_t size_bytes;
    uint64_t random = tap_seed();
    unsigned wrong = 0;
    struct arena *arena = machine(&directory, 30);
    snprintf(file, sizeof file, "%s/state", directory);
    snprintf(beside, sizeof beside, "%s.partial", file);
    MUST(export(arena, file, false, NULL, &report));
    MUST(os_read_whole(file, 1 << 28, &bytes, &size_bytes));
    for (unsigned i = 0; i < 20; i++) {
        size_t kept_bytes = (size_t)tap_below(&random, size_bytes);
        memset(bytes + kept_bytes, 0, size_bytes - kept_bytes); /* as a power cut may leave it */
        MUST(os_replace_whole(beside, bytes, (size_t)tap_below(&random, size_bytes)));
        wrong += export(arena, file, true, NULL, &report) != STATUS_OK;
        free(bytes);
        MUST(os_read_whole(file, 1 << 28, &bytes, &size_bytes));
        struct snapshot_stream *stream;
        wrong += snapshot_stream_open(file, &stream) != STATUS_OK;
        snapshot_stream_close(stream);
    }
    free(bytes);
    uint64_t event = arena_current(arena)->event_number, hash = arena_current(arena)->state_hash;
    arena_close(arena);
    tap_ok(wrong == 0 && comes_back(file, event, hash),
           "what a power cut has left of one is gone on with, or not used");
}

static enum status try_bytes(const char *file, const uint8_t *bytes, size_t size_bytes)
{
    struct snapshot_stream *stream;
    char path[700];
    snprintf(path, sizeof path, "%s.arena", file);
    MUST(os_replace_whole(file, bytes, size_bytes));
    STATUS_TRY(snapshot_stream_open(file, &stream));
    enum status status = snapshot_stream_restore(stream, path, NULL);
    snapshot_stream_close(stream);
    if (status == STATUS_OK)
        CHECK(os_remove(path) == STATUS_OK);
    return status;
}

static void test_damage(void)
{
    const char *directory;
    struct snapshot_export_report report;
    char file[600];
    uint8_t *bytes;
    size_t size_bytes;
    uint64_t random = tap_seed();
    unsigned believed = 0;
    struct arena *arena = machine(&directory, 3);
    snprintf(file, sizeof file, "%s/state", directory);
    MUST(export(arena, file, false, NULL, &report));
    arena_close(arena);
    MUST(os_read_whole(file, 1 << 28, &bytes, &size_bytes));
    for (unsigned i = 0; i < 250; i++) {
        size_t at = i < 128 ? i : i < 200 ? size_bytes - 1 - (i - 128) * 6 : (size_t)tap_below(&random, size_bytes);
        uint8_t flip = (uint8_t)(1 << tap_below(&random, 8));
        bytes[at] ^= flip;
        if (try_bytes(file, bytes, size_bytes) == STATUS_OK) {
            tap_note("byte %zu of %zu", at, size_bytes);
            believed++;
        }
        bytes[at] ^= flip;
    }
    tap_ok(believed == 0, "no flipped bit is believed");
    for (unsigned i = 0; i < 50; i++)
        believed += try_bytes(file, bytes, (size_t)tap_below(&random, size_bytes)) == STATUS_OK;
    tap_ok(believed == 0, "and nothing that was cut short");
    tap_ok(try_bytes(file, bytes, size_bytes) == STATUS_OK, "but the whole is");
    free(bytes);
}

int main(void)
{
    space_open();
    test_resuming();
    test_torn();
    test_damage();
    return tap_done();
}
