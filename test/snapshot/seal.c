/* Snapshots are made, shared, used, retired; and what is damaged is found. */
#include "snapshot_test.h"

static struct arena *machine(const char **directory, unsigned events)
{
    const char *path = test_path();
    *directory = directory_of(path);
    test_create(path);
    struct arena *arena = test_open(path);
    for (unsigned event = 1; event <= events; event++)
        MUST(test_commit(arena, event, 200));
    return arena;
}

static void go_on(struct arena *arena, unsigned events)
{
    for (unsigned i = 0; i < events; i++)
        MUST(test_commit(arena, arena_current(arena)->event_number + 1, 200));
}

/* Restores a snapshot and compares the state. */
static bool comes_back(const char *directory, const char *name, uint64_t event, uint64_t state_hash)
{
    const char *path = test_path();
    struct snapshot_fault fault;
    if (snapshot_restore(directory, name, path, NULL, &fault) != STATUS_OK) {
        tap_note("%s", status_message());
        return false;
    }
    struct arena *arena = test_open(path);
    struct arena_verify_report report;
    bool is_good = arena_current(arena)->event_number == event && arena_current(arena)->state_hash == state_hash &&
                   test_state_is_whole(arena) &&
                   arena_verify(arena, &(struct arena_verify_options){0}, &report) == STATUS_OK;
    MUST(arena_reserve(arena, 100000));
    is_good = is_good && test_commit(arena, event + 1, 20) == STATUS_OK;
    arena_close(arena);
    CHECK(os_remove(path) == STATUS_OK);
    return is_good;
}

static size_t count_files(const char *directory, const char *suffix);

static void test_one(void)
{
    const char *directory;
    struct arena *arena = machine(&directory, 30);
    struct snapshot_report report = test_seal(directory, arena);
    uint64_t hash = arena_current(arena)->state_hash;
    tap_ok(report.event == 30 && report.state_hash == hash && report.written_bytes == report.total_bytes &&
               report.total_bytes > 30 * 200 * 24,
           "the first snapshot has everything: %" PRIu64 " bytes in %" PRIu64 " pieces", report.total_bytes,
           report.pieces);
    report = test_seal(directory, arena);
    tap_ok(report.is_old && report.pieces_written == 0, "sealing the same commit again finds that it is done");
    arena_close(arena);
    tap_ok(comes_back(directory, report.name, 30, hash), "the state comes back, whole, and goes on");
}

static void test_sharing(void)
{
    const char *directory;
    struct arena *arena = machine(&directory, 100);
    struct snapshot_report first = test_seal(directory, arena);
    go_on(arena, 5);
    struct snapshot_report second = test_seal(directory, arena);
    tap_ok(second.written_bytes < first.written_bytes / 10 && second.total_bytes > first.total_bytes,
           "the next one writes what was appended: %" PRIu64 " of %" PRIu64 " bytes", second.written_bytes,
           second.total_bytes);
    uint64_t second_hash = arena_current(arena)->state_hash, written_bytes = 0;
    for (unsigned i = 0; i < 64; i++) {
        go_on(arena, 1);
        written_bytes += test_seal(directory, arena).written_bytes;
    }
    struct snapshot_report last = test_seal(directory, arena);
    tap_ok(last.pieces < first.pieces + 16, "after 64 small ones it has only %" PRIu64 " pieces", last.pieces);
    tap_ok(written_bytes < 8 * (last.total_bytes - second.total_bytes),
           "and %" PRIu64 " bytes were written for %" PRIu64, written_bytes, last.total_bytes - second.total_bytes);
    uint64_t hash = arena_current(arena)->state_hash;
    arena_close(arena);
    tap_ok(comes_back(directory, last.name, 169, hash), "the newest comes back");
    tap_ok(comes_back(directory, second.name, 105, second_hash), "and so does an old one");
}

static void test_roles(void)
{
    const char *directory;
    struct snapshot_list list;
    struct snapshot_retired retired;
    uint64_t event;
    bool is_found;
    struct arena *arena = machine(&directory, 3);
    tap_ok(snapshot_list(directory, &list) == STATUS_OK && list.count == 0, "a new machine has no snapshots");
    snapshot_list_finish(&list);
    for (unsigned i = 0; i < 5; i++) {
        (void)test_seal(directory, arena);
        go_on(arena, 3);
    }
    MUST(snapshot_retire(directory, false, &retired));
    MUST(snapshot_list(directory, &list));
    tap_ok(retired.snapshots == 2 && list.count == 3 && list.entries[0].event == 15 && list.entries[1].event == 12 &&
               list.entries[2].event == 3 && list.entries[2].role == SNAPSHOT_EPOCH,
           "of five the newest two and the oldest are kept");
    snapshot_list_finish(&list);
    tap_ok(snapshot_epoch(directory, &event, &is_found) == STATUS_OK && is_found && event == 3,
           "the epoch is the oldest");
    MUST(snapshot_retire(directory, true, &retired));
    tap_ok(snapshot_epoch(directory, &event, &is_found) == STATUS_OK && is_found && event == 12,
           "and moves up when that is wanted");
    uint64_t files = retired.files;
    MUST(snapshot_retire(directory, false, &retired));
    tap_ok(files > 0 && retired.files == 0, "a second retirement finds nothing more");
    arena_close(arena);
}

static enum status count_file(void *context, const char *name)
{
    const void **pair = context;
    *(size_t *)pair[0] += snapshot_has_suffix(name, pair[1]);
    return STATUS_OK;
}

static size_t count_files(const char *directory, const char *suffix)
{
    size_t count = 0;
    const void *pair[] = {&count, suffix};
    char *folder = snapshot_path(directory, NULL);
    MUST(os_directory_list(folder, count_file, pair));
    free(folder);
    return count;
}

static void test_leftovers(void)
{
    const char *directory;
    struct snapshot_retired retired;
    struct arena *arena = machine(&directory, 10);
    struct snapshot_report report = test_seal(directory, arena);
    char *orphan = snapshot_path(directory, "000000000000-000000000008-0011223344556677.piece");
    char *half = snapshot_path(directory, "piece.new");
    MUST(os_replace_whole(orphan, "12345678", 8));
    MUST(os_replace_whole(half, "123", 3));
    MUST(snapshot_retire(directory, false, &retired));
    tap_ok(retired.files == 2 && retired.freed_bytes == 11 && count_files(directory, ".piece") == report.pieces,
           "what a kill has left half made is removed, and nothing else");
    free(orphan);
    free(half);
    arena_close(arena);
}

/* ---- damage --------------------------------------------------------------------------- */

static void note_fault(void *context, const char *file_name, const char *text)
{
    snprintf(context, SNAPSHOT_NAME_SIZE_BYTES, "%s", file_name);
    (void)text;
}

static void test_damage(void)
{
    const char *directory;
    char found[SNAPSHOT_NAME_SIZE_BYTES] = "", name[SNAPSHOT_NAME_SIZE_BYTES];
    struct snapshot_verification verification;
    struct snapshot_manifest manifest;
    struct snapshot_fault fault;
    struct snapshot_retired retired;
    struct arena *arena = machine(&directory, 20);
    char arena_path[600];
    snprintf(arena_path, sizeof arena_path, "%s/%s", directory, ARENA_FILE_NAME);
    struct snapshot_report first = test_seal(directory, arena);
    uint64_t first_hash = arena_current(arena)->state_hash;
    go_on(arena, 20);
    struct snapshot_report second = test_seal(directory, arena);
    struct snapshot_listener listener = {.context = found};
    tap_ok(snapshot_verify(directory, NULL, NULL, &verification) == STATUS_OK && verification.snapshots == 2 &&
               verification.pieces >= 2 && verification.bytes >= second.total_bytes,
           "all is whole");
    MUST(snapshot_read(directory, second.name, &manifest));
    unsigned missed = 0;
    for (uint64_t at = manifest.pieces[manifest.piece_count - 1].start_bytes, i = 0; i < 20; i++) {
        const struct snapshot_piece *piece = &manifest.pieces[manifest.piece_count - 1];
        snapshot_piece_name(piece, name);
        uint64_t offset_bytes = (piece->end_bytes - at - 1) * i / 19;
        test_flip(directory, name, offset_bytes);
        missed += snapshot_verify(directory, &listener, note_fault, &verification) != STATUS_CORRUPT ||
                  strcmp(found, name) != 0;
        test_flip(directory, name, offset_bytes);
    }
    tap_ok(missed == 0, "a flipped byte anywhere in a piece is found, and the file is named");
    test_flip(directory, name, 100);
    arena_close(arena);
    tap_ok(snapshot_restore(directory, second.name, test_path(), NULL, &fault) == STATUS_CORRUPT &&
               strcmp(fault.piece, name) == 0,
           "it cannot be restored: %s", status_message());
    tap_ok(comes_back(directory, first.name, 20, first_hash), "the one before can");
    MUST(snapshot_set_aside(directory, name));
    MUST(snapshot_retire(directory, false, &retired));
    tap_ok(count_files(directory, ".manifest") == 1 && count_files(directory, ".manifest.damaged") == 1,
           "a snapshot that lacks a piece takes nobody's place");
    arena = test_open(arena_path);
    second = test_seal(directory, arena);
    uint64_t second_hash = arena_current(arena)->state_hash;
    arena_close(arena);
    tap_ok(comes_back(directory, second.name, 40, second_hash), "and it can be made again");
    test_flip(directory, second.name, 50);
    tap_ok(snapshot_restore(directory, second.name, test_path(), NULL, &fault) == STATUS_CORRUPT && fault.piece[0] == 0,
           "a damaged manifest is found: %s", status_message());
    snapshot_manifest_finish(&manifest);
}

/* Rot in the arena is not sealed. */
static void test_rotten_arena(void)
{
    const char *directory;
    struct snapshot_report report;
    struct arena *arena = machine(&directory, 20);
    uint64_t middle_bytes = arena_current(arena)->watermark_bytes / 2;
    char path[600];
    snprintf(path, sizeof path, "%s/%s", directory, ARENA_FILE_NAME);
    MUST(arena_sync(arena));
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_WRITE, &file));
    MUST(os_file_write(file, middle_bytes, "rot", 3));
    os_file_close(file);
    tap_ok(test_seal_with(directory, arena, NULL, &report) == STATUS_CORRUPT, "rot is not sealed: %s",
           status_message());
    tap_ok(count_files(directory, ".manifest") == 0 && count_files(directory, ".new") == 0, "and nothing is left");
    arena_close(arena);
}

static bool stop_after(void *context, uint64_t done_bytes, uint64_t total_bytes)
{
    (void)total_bytes;
    return done_bytes < *(uint64_t *)context;
}

static void test_interruption(void)
{
    const char *directory;
    struct snapshot_report report;
    struct arena *arena = machine(&directory, 200);
    uint64_t limit_bytes = 0;
    struct snapshot_listener listener = {.context = &limit_bytes, .progress = stop_after};
    unsigned stops = 0;
    enum status status;
    while ((status = test_seal_with(directory, arena, &listener, &report)) == STATUS_INTERRUPTED) {
        limit_bytes += 300000;
        stops++;
    }
    tap_ok(status == STATUS_OK && stops > 2, "stopped at %u places and then let go, it is made", stops);
    uint64_t hash = arena_current(arena)->state_hash;
    arena_close(arena);
    tap_ok(comes_back(directory, report.name, 200, hash), "and whole");
}

int main(void)
{
    space_open();
    test_one();
    test_sharing();
    test_roles();
    test_leftovers();
    test_damage();
    test_rotten_arena();
    test_interruption();
    return tap_done();
}
