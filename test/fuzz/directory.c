/* Any bytes as changes of the nodes of an arena's trees, with every checksum put
 * right from the changed node up to the superblock: what a forger could write, and
 * what no checksum finds.  Whoever opens the file gets an answer; what verification
 * finds whole can be read, continued, compacted and moved.
 *
 *     | node | record | field | how | value: 4 bytes | ...
 */
#include "arena/private.h"
#include "arena/tree_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena/arena_test.h"
#include "files.h"
#include "target.h"

#define CHANGE_BYTES 8
#define OBJECTS 300u /* of a page each: the trees get two levels */
#define NODES_MAX 64u
#define DEPTH_MAX 4u

static struct {
    char path[512], altered_path[600];
    uint8_t *bytes; /* owned: as it was written, only the newest superblock left */
    size_t size_bytes;
    size_t slot_bytes; /* where that lies */
    uint64_t seed;
    uint64_t nodes[NODES_MAX]; /* pages */
    size_t node_count;
} file;

/* ---- the file ------------------------------------------------------------------------ */

static void make_objects(struct arena *arena, uint64_t event)
{
    static noun atoms[OBJECTS];
    for (uint64_t i = 0; i < OBJECTS; i++)
        atoms[i] = test_large(arena, 200, event << 32 | i);
    MUST(arena_commit_begin(arena, event));
    struct arena_commit commit = *arena_current(arena);
    commit.event_number = event;
    for (uint64_t i = OBJECTS; i-- > 0;) /* so that no two runs are one */
        MUST(arena_large_persist(arena, atoms[i]));
    commit.roots[ARENA_ROOT_STATE] = test_cell(arena, event, commit.roots[ARENA_ROOT_STATE]);
    commit.roots[ARENA_ROOT_CODE] = atoms[7];
    MUST(arena_commit_write(arena, &commit));
}

static void note_node(void *context, uint64_t page)
{
    (void)context;
    if (page != 0 && file.node_count < NODES_MAX)
        file.nodes[file.node_count++] = page;
}

static void make_file(void)
{
    tap_scratch_in_memory();
    space_open();
    snprintf(file.path, sizeof file.path, "%s", test_path());
    snprintf(file.altered_path, sizeof file.altered_path, "%s.altered", file.path);
    test_create(file.path);
    struct arena *arena = test_open(file.path);
    MUST(test_commit(arena, 1, 300));
    make_objects(arena, 2);
    MUST(test_compact(arena, 0, 40000, NULL)); /* frees the objects, in many runs */
    MUST(arena_sync(arena));
    make_objects(arena, 3);
    MUST(arena_seal(arena));
    tree_pages(&arena->layout.directory, note_node, NULL);
    tree_pages(&arena->layout.large, note_node, NULL);
    tree_pages(&arena->layout.allocations, note_node, NULL);
    tree_pages(&arena->layout.free, note_node, NULL);
    file.slot_bytes = ARENA_RING_START_BYTES + (size_t)arena->newest.slot * ARENA_PAGE_BYTES;
    file.seed = arena->seed;
    CHECK(arena->layout.directory.node_count > 1 && arena->layout.large.node_count > 1);
    arena_close(arena);
    file.bytes = fuzz_file_read(file.path, &file.size_bytes);
    for (size_t at = ARENA_RING_START_BYTES; at < ARENA_DATA_START_BYTES; at += ARENA_PAGE_BYTES)
        if (at != file.slot_bytes)
            memset(file.bytes + at, 0, ARENA_PAGE_BYTES);
}

/* ---- changes -------------------------------------------------------------------------- */

static uint64_t change_word(uint64_t word, uint8_t how, uint32_t value)
{
    switch (how % 6) {
    case 0:
        return value;
    case 1:
        return word + value % 64 - 32;
    case 2:
        return word ^ (uint64_t)1 << value % 64;
    case 3:
        return (uint64_t)value << 32 | (uint32_t)word;
    case 4:
        return UINT64_MAX - value % 256;
    default:
        return ARENA_LARGE_START_BYTES / ARENA_PAGE_BYTES + value;
    }
}

static void change(uint8_t *altered, const uint8_t *bytes)
{
    struct tree_page *page = (void *)(altered + file.nodes[bytes[0] % file.node_count] * ARENA_PAGE_BYTES);
    struct tree_record *record = &page->records[bytes[1] % TREE_RECORDS_MAX];
    uint32_t value;
    memcpy(&value, bytes + 4, sizeof value);
    switch (bytes[2] % 9) {
    case 0:
        record->key = change_word(record->key, bytes[3], value);
        break;
    case 1:
        record->count = change_word(record->count, bytes[3], value);
        break;
    case 2:
        record->value = change_word(record->value, bytes[3], value);
        break;
    case 3:
        record->extra = change_word(record->extra, bytes[3], value);
        break;
    case 4:
        page->count = (uint16_t)change_word(page->count, bytes[3], value);
        break;
    case 5:
        page->level = (uint16_t)change_word(page->level, bytes[3], value);
        break;
    case 6:
        page->kind = (uint32_t)change_word(page->kind, bytes[3], value);
        break;
    case 7: /* a record of another node */
        *record =
            ((const struct tree_page *)(const void *)(altered + file.nodes[value % file.node_count] * ARENA_PAGE_BYTES))
                ->records[bytes[3] % TREE_RECORDS_MAX];
        break;
    default:
        page->page = change_word(page->page, bytes[3], value);
    }
}

/* ---- checksums -------------------------------------------------------------------------- */

static uint64_t mend_node(uint8_t *altered, uint64_t page, unsigned depth)
{
    if (page == 0 || page >= file.size_bytes / ARENA_PAGE_BYTES)
        return 0;
    struct tree_page *node = (void *)(altered + page * ARENA_PAGE_BYTES);
    for (unsigned i = 0; node->level > 0 && depth > 0 && i < node->count && i < TREE_RECORDS_MAX; i++)
        if (node->records[i].value != page)
            node->records[i].extra =
                mend_node(altered, node->records[i].value, node->level < depth ? node->level - 1u : depth - 1);
    return hash_xxh3_64_seeded(node, ARENA_PAGE_BYTES, file.seed);
}

static void mend(uint8_t *altered)
{
    struct arena_superblock superblock;
    memcpy(&superblock, altered + file.slot_bytes, sizeof superblock);
    superblock.directory_checksum = mend_node(altered, superblock.directory_page, DEPTH_MAX);
    superblock.free_checksum = mend_node(altered, superblock.free_page, DEPTH_MAX);
    superblock.large_checksum = mend_node(altered, superblock.large_page, DEPTH_MAX);
    superblock.allocations_checksum = mend_node(altered, superblock.allocations_page, DEPTH_MAX);
    superblock.checksum = hash_xxh3_64_seeded(&superblock, offsetof(struct arena_superblock, checksum), file.seed);
    memcpy(altered + file.slot_bytes, &superblock, sizeof superblock);
}

/* ---- what is done with it ------------------------------------------------------------------ */

static void go_on(struct arena *arena)
{
    uint64_t event = arena_current(arena)->event_number;
    arena->moves.pause_ns = 0;
    MUST(arena_reserve(arena, 1 << 16));
    MUST(test_commit(arena, event + 1, 10));
    MUST(test_commit_large(arena, event + 2, test_large(arena, 3000, 5)));
    MUST(test_compact(arena, 0, 40000, NULL));
    for (unsigned i = 0; i < 4; i++)
        MUST(arena_sync(arena));
    CHECK(test_state_is_whole(arena));
}

static void open_and_read(bool read_only)
{
    struct arena *arena;
    struct arena_verify_report report;
    const struct arena_verify_options silent = {0};
    size_t count;
    struct arena_options options = {.read_only = read_only, .growth_step_bytes = TEST_STEP_BYTES};
    enum status status = arena_open(file.altered_path, &options, &arena);
    CHECK(status == STATUS_OK || status_message()[0] != 0);
    if (status != STATUS_OK)
        return;
    (void)arena_commits(arena, &count);
    bool is_chosen = count > 0 && arena_choose(arena, 0) == STATUS_OK;
    bool is_whole = arena_verify(arena, &silent, &report) == STATUS_OK;
    if (is_chosen && is_whole && !read_only)
        go_on(arena);
    arena_close(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    if (file.bytes == NULL)
        make_file();
    uint8_t *altered = malloc(file.size_bytes);
    CHECK(altered != NULL);
    memcpy(altered, file.bytes, file.size_bytes);
    for (; size_bytes >= CHANGE_BYTES; bytes += CHANGE_BYTES, size_bytes -= CHANGE_BYTES)
        change(altered, bytes);
    mend(altered);
    fuzz_file_write(file.altered_path, altered, file.size_bytes);
    free(altered);
    open_and_read(true);
    open_and_read(false);
    return 0;
}
