/* Any bytes as alterations of an arena file, with every checksum put right that
 * one page can put right: of the identity page, a superblock, a tree's root, a
 * segment's header.  Whoever opens it gets an answer; what verification finds
 * whole can be read. */
#include "arena/format.h"
#include "arena/tree_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena/arena_test.h"
#include "files.h"
#include "target.h"

#define ALTERATION_BYTES 6
#define EVENTS 6

static struct {
    char path[512], altered_path[600];
    uint8_t *bytes; /* of the file as it was written; owned */
    size_t size_bytes;
    uint64_t seed;
} file;

/* Commits, a collection that frees pages, and commits that are not known durable. */
static void make_file(void)
{
    tap_scratch_in_memory();
    space_open();
    snprintf(file.path, sizeof file.path, "%s", test_path());
    snprintf(file.altered_path, sizeof file.altered_path, "%s.altered", file.path);
    test_create(file.path);
    struct arena *arena = test_open(file.path);
    for (uint64_t event = 1; event <= EVENTS; event++) {
        MUST(test_commit(arena, event, 300));
        arena_boundary_set(arena, event);
        if (event != EVENTS)
            MUST(arena_sync(arena));
    }
    arena_close(arena);
    file.bytes = fuzz_file_read(file.path, &file.size_bytes);
    file.seed = hash_xxh3_64(file.bytes + 16, ARENA_IDENTITY_SIZE_BYTES);
}

/* ---- checksums ---------------------------------------------------------------------- */

static void mend_end(uint8_t *page, uint64_t seed)
{
    uint64_t checksum = hash_xxh3_64_seeded(page, ARENA_PAGE_BYTES - 8, seed);
    memcpy(page + ARENA_PAGE_BYTES - 8, &checksum, sizeof checksum);
}

static void mend_superblock(uint8_t *bytes, size_t size_bytes, uint8_t *page)
{
    struct arena_superblock superblock;
    memcpy(&superblock, page, sizeof superblock);
    if (memcmp(superblock.magic, ARENA_SUPERBLOCK_MAGIC, ARENA_MAGIC_SIZE_BYTES) != 0)
        return;
    if (superblock.directory_page < size_bytes / ARENA_PAGE_BYTES)
        superblock.directory_checksum =
            hash_xxh3_64_seeded(bytes + superblock.directory_page * ARENA_PAGE_BYTES, ARENA_PAGE_BYTES, file.seed);
    if (superblock.free_page < size_bytes / ARENA_PAGE_BYTES && superblock.free_page != 0)
        superblock.free_checksum =
            hash_xxh3_64_seeded(bytes + superblock.free_page * ARENA_PAGE_BYTES, ARENA_PAGE_BYTES, file.seed);
    memcpy(page, &superblock, sizeof superblock);
    mend_end(page, file.seed);
}

static void mend_segments(uint8_t *bytes, size_t size_bytes)
{
    for (size_t at = ARENA_DATA_START_BYTES; at + sizeof(struct arena_segment_header) <= size_bytes; at += 8) {
        struct arena_segment_header header;
        if (memcmp(bytes + at, ARENA_SEGMENT_MAGIC, ARENA_MAGIC_SIZE_BYTES) != 0)
            continue;
        memcpy(&header, bytes + at, sizeof header);
        header.checksum = arena_header_checksum(&header, file.seed);
        memcpy(bytes + at, &header, sizeof header);
    }
}

static void mend(uint8_t *bytes, size_t size_bytes)
{
    if (size_bytes < ARENA_DATA_START_BYTES)
        return;
    mend_end(bytes, 0);
    mend_segments(bytes, size_bytes);
    for (size_t slot = 0; slot < ARENA_RING_SLOTS; slot++)
        mend_superblock(bytes, size_bytes, bytes + ARENA_RING_START_BYTES + slot * ARENA_PAGE_BYTES);
}

/* ---- alterations ---------------------------------------------------------------------- */

/* At a place, so many bytes, from what follows. */
static size_t alter(uint8_t *altered, size_t size_bytes, const uint8_t *bytes, size_t count_bytes)
{
    while (count_bytes >= ALTERATION_BYTES && size_bytes > 0) {
        uint32_t place = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        size_t length = bytes[3] % 16, left = count_bytes - 4;
        bytes += 4, count_bytes -= 4;
        length = length < left ? length : left;
        for (size_t i = 0; i < length; i++)
            altered[(place + i) % size_bytes] = bytes[i];
        if (length == 0)
            size_bytes = place % size_bytes; /* cut short */
        bytes += length, count_bytes -= length;
    }
    return size_bytes;
}

static void open_and_read(bool read_only)
{
    struct arena *arena;
    struct arena_verify_report report;
    const struct arena_verify_options silent = {0};
    struct arena_options options = {.read_only = read_only, .growth_step_bytes = TEST_STEP_BYTES};
    size_t count;
    enum status status = arena_open(file.altered_path, &options, &arena);
    CHECK(status == STATUS_OK || status_message()[0] != 0);
    if (status != STATUS_OK)
        return;
    (void)arena_commits(arena, &count);
    bool is_chosen = false;
    for (size_t i = 0; i < count && !is_chosen; i++)
        is_chosen = arena_choose(arena, i) == STATUS_OK;
    bool is_whole = arena_verify(arena, &silent, &report) == STATUS_OK;
    if (is_chosen && is_whole && !test_state_is_whole(arena))
        CHECK(noun_is_direct(arena_current(arena)->roots[ARENA_ROOT_STATE]) ||
              test_hash_again(arena_current(arena)->roots[ARENA_ROOT_STATE]) != 0);
    if (is_chosen && !read_only && is_whole && arena_current(arena)->event_number < UINT32_MAX &&
        arena_reserve(arena, 1 << 16) == STATUS_OK &&
        test_commit(arena, arena_current(arena)->event_number + 1, 10) == STATUS_OK)
        (void)!arena_sync(arena);
    arena_close(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    if (file.bytes == NULL)
        make_file();
    if (size_bytes == 0)
        return 0;
    uint8_t *altered = malloc(file.size_bytes);
    CHECK(altered != NULL);
    memcpy(altered, file.bytes, file.size_bytes);
    size_t altered_bytes = alter(altered, file.size_bytes, bytes + 1, size_bytes - 1);
    if ((bytes[0] & 1) != 0)
        mend(altered, altered_bytes);
    fuzz_file_write(file.altered_path, altered, altered_bytes);
    free(altered);
    open_and_read(true);
    open_and_read(false);
    return 0;
}
