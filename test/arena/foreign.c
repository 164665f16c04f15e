/* Files that are not ours, not this version's, or not what they were: a clear
 * message, and nothing changed. */
#include "arena_test.h"

#include "arena/format.h"

static void change(const char *path, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_WRITE, &file));
    MUST(os_file_write(file, offset_bytes, bytes, size_bytes));
    os_file_close(file);
}

static void refused(const char *path, enum status expected, const char *words, const char *what)
{
    uint64_t before = test_file_hash(path);
    struct arena *arena;
    enum status status = arena_open(path, NULL, &arena);
    bool is_good = status == expected && arena == NULL && strstr(status_message(), words) != NULL &&
                   strstr(status_message(), path) != NULL;
    tap_ok(is_good, "%s is refused: %s", what, status_message());
    tap_ok(test_file_hash(path) == before, "and not changed");
}

static void another_version(uint32_t version, const char *words)
{
    const char *path = test_path();
    test_create(path);
    struct arena_identity_page page;
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_READ, &file));
    MUST(os_file_read(file, 0, &page, sizeof page));
    os_file_close(file);
    page.format_version = version;
    page.checksum = hash_xxh3_64(&page, offsetof(struct arena_identity_page, checksum));
    change(path, 0, &page, sizeof page);
    refused(path, STATUS_FORMAT, words, "another version");
}

static void foreign_files(void)
{
    const char *path = test_path();
    MUST(os_replace_whole(path, "SQLite format 3", 15));
    refused(path, STATUS_FORMAT, "not a Loam arena", "a short file");
    static const uint8_t zeros[ARENA_DATA_START_BYTES];
    MUST(os_replace_whole(path, zeros, sizeof zeros));
    refused(path, STATUS_FORMAT, "not a Loam arena", "a file of zeros");
    MUST(os_replace_whole(path, "", 0));
    refused(path, STATUS_FORMAT, "not a Loam arena", "an empty file");
}

static void damaged_identity(void)
{
    const char *path = test_path();
    test_create(path);
    change(path, 20, "x", 1);
    refused(path, STATUS_CORRUPT, "identity page", "a damaged identity page");
}

static void a_missing_file(void)
{
    struct arena *arena;
    tap_ok(arena_open(test_path(), NULL, &arena) == STATUS_NOT_FOUND, "a missing file is not found: %s",
           status_message());
}

static void a_file_cut_short(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    MUST(test_commit(arena, 1, 100));
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    MUST(test_commit(arena, 2, 100000));
    MUST(arena_seal(arena));
    arena_close(arena);
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_WRITE, &file));
    MUST(os_file_truncate(file, statistics.file_bytes));
    os_file_close(file);
    arena = test_open_unchosen(path, false);
    size_t count;
    const struct arena_commit *commits = arena_commits(arena, &count);
    tap_ok(count == 4 && commits[0].event_number == 2 && arena_choose(arena, 0) == STATUS_CORRUPT,
           "a commit whose segments were cut off is not believed: %s", status_message());
    tap_ok(arena_choose(arena, 2) == STATUS_OK && arena_current(arena)->event_number == 1 && test_state_is_whole(arena),
           "an older one is");
    arena_close(arena);
}

static void no_superblock(void)
{
    const char *path = test_path();
    test_create(path);
    static const uint8_t zeros[ARENA_PAGE_BYTES];
    change(path, ARENA_RING_START_BYTES, zeros, sizeof zeros);
    struct arena *arena = test_open_unchosen(path, false);
    size_t count;
    arena_commits(arena, &count);
    tap_ok(count == 0, "an arena without a superblock lists no commit");
    tap_ok(arena_verify(arena, NULL, NULL) == STATUS_CORRUPT, "which verify reports: %s", status_message());
    arena_close(arena);
}

/* Right checksums over wrong contents: somebody's intention, or our mistake. */
static void a_forged_superblock(void)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    uint64_t seed = hash_xxh3_64(arena_identity(arena), ARENA_IDENTITY_SIZE_BYTES);
    arena_close(arena);
    struct arena_superblock superblock;
    struct os_file *file;
    MUST(os_file_open(path, OS_OPEN_READ, &file));
    MUST(os_file_read(file, ARENA_RING_START_BYTES, &superblock, sizeof superblock));
    os_file_close(file);
    const noun bad_roots[] = {
        NOUN_NONE,
        NOUN_TAG_FORWARD | 9000,
        NOUN_TAG_CELL | 5,
        NOUN_TAG_CELL | 100000,
        NOUN_TAG_ATOM | (NOUN_PERSISTENT_BYTES / 8 + 4),
    };
    bool all_refused = true;
    for (size_t i = 0; i < COUNT_OF(bad_roots) + 2; i++) {
        struct arena_superblock forged = superblock;
        if (i < COUNT_OF(bad_roots))
            forged.roots[3] = bad_roots[i];
        else if (i == COUNT_OF(bad_roots))
            forged.watermark_bytes = UINT64_MAX;
        else
            forged.tail_start_bytes = forged.watermark_bytes + 8;
        forged.checksum = hash_xxh3_64_seeded(&forged, offsetof(struct arena_superblock, checksum), seed);
        change(path, ARENA_RING_START_BYTES, &forged, sizeof forged);
        arena = test_open_unchosen(path, false);
        size_t count;
        arena_commits(arena, &count);
        all_refused = all_refused && count == 0;
        arena_close(arena);
    }
    tap_ok(all_refused, "a superblock that makes no sense is not listed, whatever its checksum says");
}

int main(void)
{
    space_open();
    another_version(ARENA_FORMAT_VERSION + 1, "use the newer program");
    another_version(0, "never released");
    foreign_files();
    damaged_identity();
    a_missing_file();
    a_file_cut_short();
    no_superblock();
    a_forged_superblock();
    return tap_done();
}
