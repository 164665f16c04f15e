/* A machine directory with an arena and snapshots, but no log. */
#ifndef SNAPSHOT_TEST_H
#define SNAPSHOT_TEST_H

#include "arena_test.h"
#include "snapshot/private.h"

static inline const char *directory_of(const char *arena_path)
{
    static char paths[16][512];
    static unsigned next;
    char *path = paths[next++ % 16];
    snprintf(path, sizeof paths[0], "%.*s", (int)(strrchr(arena_path, '/') - arena_path), arena_path);
    return path;
}

static const uint8_t test_machine[ARENA_IDENTITY_SIZE_BYTES] = {3, 1, 4};

static inline enum status test_seal_with(const char *directory, struct arena *arena,
                                         const struct snapshot_listener *listener, struct snapshot_report *report)
{
    struct arena_commit commit;
    struct arena_pin *pin = arena_pin(arena, &commit);
    struct snapshot_source source = {.machine = test_machine, .arena = arena, .commit = &commit};
    struct arena_range *ranges;
    MUST(arena_ranges(arena, &commit, &ranges, &source.range_count));
    source.ranges = ranges;
    enum status status = snapshot_seal(directory, &source, listener, report);
    free(ranges);
    arena_unpin(arena, pin);
    return status;
}

static inline struct snapshot_report test_seal(const char *directory, struct arena *arena)
{
    struct snapshot_report report;
    MUST(test_seal_with(directory, arena, NULL, &report));
    return report;
}

/* Inverts a byte of a file of the folder. */
static inline void test_flip(const char *directory, const char *name, uint64_t offset_bytes)
{
    char *path = snapshot_path(directory, name);
    struct os_file *file;
    uint8_t byte;
    MUST(os_file_open(path, OS_OPEN_WRITE, &file));
    MUST(os_file_read(file, offset_bytes, &byte, 1));
    byte = (uint8_t)~byte;
    MUST(os_file_write(file, offset_bytes, &byte, 1));
    os_file_close(file);
    free(path);
}

#endif
