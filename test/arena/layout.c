/* The page directory and the free pages against a model: which file page holds
 * each page of a small address space, and which are free since when.  Runs are
 * mapped, unmapped, moved, split and merged at random, written, torn, and read back. */
#include "arena_test.h"

#include "arena/private.h"

#define ADDRESSES 400u
#define FILE_PAGES 300u
#define NODES 4096u
#define SEED 77u

static struct {
    uint64_t file_page[ADDRESSES];    /* 0: not mapped */
    uint64_t freed_since[FILE_PAGES]; /* UINT64_MAX: in use */
} model, kept;

/* ---- a file of nodes ------------------------------------------------------------ */

static struct tree_page file[NODES];
static uint64_t next_node = ARENA_FIRST_PAGE, writes_left;

static enum status write_page(void *context, uint64_t page, struct tree_page *bytes)
{
    (void)context;
    if (writes_left == 0)
        return STATUS_IO;
    writes_left--;
    file[page] = *bytes;
    return STATUS_OK;
}

static enum status read_page(void *context, uint64_t page, struct tree_page *bytes)
{
    (void)context;
    *bytes = file[page];
    return STATUS_OK;
}

static uint64_t take_node(void *context)
{
    (void)context;
    return next_node < NODES ? next_node++ : 0;
}

struct root {
    uint64_t page;
    uint64_t checksum;
};

static bool save(struct tree *tree, struct root *root)
{
    if (!tree_give_pages(tree, take_node, NULL))
        return false;
    tree->retired_count = 0;
    return tree_write(tree, SEED, write_page, NULL, &root->page, &root->checksum) == STATUS_OK;
}

static enum status load(struct tree *tree, uint32_t kind, struct root root)
{
    return tree_load(tree, kind, root.page, root.checksum, SEED, ARENA_FIRST_PAGE, NODES, read_page, NULL);
}

/* ---- the model -------------------------------------------------------------------- */

static bool agrees(const struct arena_layout *layout)
{
    struct layout_run run;
    uint64_t usable, all, expected = 0;
    tree_check(&layout->directory);
    tree_check(&layout->free);
    for (uint64_t page = 0; page < ADDRESSES; page++) {
        bool is_mapped = layout_find(layout, page, &run);
        if (is_mapped != (model.file_page[page] != 0) || (is_mapped && run.file_page != model.file_page[page]))
            return false;
    }
    for (uint64_t page = ARENA_FIRST_PAGE; page < FILE_PAGES; page++) {
        const struct tree_record *record = tree_at_or_below(&layout->free, page);
        bool is_free = record != NULL && page - record->key < record->count;
        expected += model.freed_since[page] != UINT64_MAX;
        if (is_free != (model.freed_since[page] != UINT64_MAX))
            return false;
    }
    layout_free_count(layout, 0, &usable, &all);
    return all == expected;
}

/* Neighbours that continue each other are one record. */
static bool is_merged(const struct arena_layout *layout)
{
    const struct tree_record *record;
    struct tree_record before = {0};
    for (uint64_t at = 0; (record = tree_at_or_above(&layout->directory, at)) != NULL; at = record->key + 1) {
        if (before.count > 0 && before.key + before.count == record->key &&
            before.value + before.count == record->value)
            return false;
        before = *record;
    }
    return true;
}

static void map_some(struct arena_layout *layout, uint64_t *random, uint64_t reusable)
{
    uint64_t page = ARENA_FIRST_PAGE + tap_below(random, ADDRESSES - ARENA_FIRST_PAGE), room = 0;
    while (page + room < ADDRESSES && room < 9 && model.file_page[page + room] == 0)
        room++;
    struct layout_run run = {.page = page};
    if (room == 0 || !layout_take(layout, 1, 1 + tap_below(random, room), reusable, &run.file_page, &run.count))
        return;
    layout_map(layout, run);
    for (uint64_t i = 0; i < run.count; i++) {
        CHECK(model.freed_since[run.file_page + i] <= reusable);
        model.freed_since[run.file_page + i] = UINT64_MAX;
        model.file_page[page + i] = run.file_page + i;
    }
}

static void unmap_some(struct arena_layout *layout, uint64_t *random, uint64_t sequence, uint64_t reusable)
{
    uint64_t page = tap_below(random, ADDRESSES), end = page + 1 + tap_below(random, 30);
    struct layout_run run;
    while (layout_unmap(layout, page, end, &run)) {
        CHECK(run.page >= page && run.page + run.count <= end);
        layout_free(layout, run.file_page, run.count, sequence, reusable);
        for (uint64_t i = 0; i < run.count; i++) {
            CHECK(model.file_page[run.page + i] == run.file_page + i);
            model.file_page[run.page + i] = 0;
            model.freed_since[run.file_page + i] = sequence;
        }
    }
    for (; page < end && page < ADDRESSES; page++)
        CHECK(model.file_page[page] == 0);
}

/* What is mapped at some pages gets other pages of the file: first they are free
 * but not to be taken, as move.c has it, then they change places. */
static void move_some(struct arena_layout *layout, uint64_t *random, uint64_t sequence, uint64_t reusable)
{
    uint64_t file_page, count;
    struct layout_run run, old;
    if (!layout_next(layout, tap_below(random, ADDRESSES), &run) ||
        !layout_take(layout, 1, 1 + tap_below(random, run.count), reusable, &file_page, &count))
        return;
    layout_free(layout, file_page, count, sequence, reusable);
    layout_take_at(layout, file_page, count);
    CHECK(layout_unmap(layout, run.page, run.page + count, &old) && old.count == count);
    layout_map(layout, (struct layout_run){run.page, count, file_page});
    layout_free(layout, old.file_page, count, sequence, reusable);
    for (uint64_t i = 0; i < count; i++) {
        CHECK(model.freed_since[file_page + i] <= reusable);
        model.freed_since[file_page + i] = UINT64_MAX;
        model.freed_since[old.file_page + i] = sequence;
        model.file_page[run.page + i] = file_page + i;
    }
}

static void start_over(struct arena_layout *layout)
{
    layout_init(layout);
    memset(&model, 0, sizeof model);
    for (uint64_t page = 0; page < FILE_PAGES; page++)
        model.freed_since[page] = page < ARENA_FIRST_PAGE ? UINT64_MAX : 0;
    layout->file_pages = FILE_PAGES;
    layout_free(layout, ARENA_FIRST_PAGE, FILE_PAGES - ARENA_FIRST_PAGE, 0, 0);
}

/* A power cut somewhere in the writing: what the superblock before it names is
 * as it was. */
static bool survives(struct arena_layout *layout, struct root roots[2], uint64_t *random)
{
    writes_left = tap_below(random, 4);
    struct root torn[2] = {roots[0], roots[1]};
    bool was_written = save(&layout->directory, &torn[0]) && save(&layout->free, &torn[1]);
    layout_finish(layout);
    if (was_written) {
        roots[0] = torn[0];
        roots[1] = torn[1];
    } else {
        model = kept;
    }
    layout_init(layout);
    layout->file_pages = FILE_PAGES;
    return load(&layout->directory, ARENA_TREE_DIRECTORY, roots[0]) == STATUS_OK &&
           load(&layout->free, ARENA_TREE_FREE, roots[1]) == STATUS_OK;
}

static void random_changes(uint64_t *random)
{
    struct arena_layout layout;
    struct root roots[2] = {{0}};
    uint64_t rounds = 0, crashes = 0, sequence = 1, reusable = 0;
    bool are_good = true;
    start_over(&layout);
    writes_left = UINT64_MAX;
    CHECK(save(&layout.directory, &roots[0]) && save(&layout.free, &roots[1]));
    kept = model;
    for (; rounds < 4000 && are_good; rounds++) {
        for (uint64_t i = tap_below(random, 12); i > 0; i--)
            if (tap_below(random, 4) == 0)
                move_some(&layout, random, sequence, reusable);
            else if (tap_below(random, 2) == 0)
                map_some(&layout, random, reusable);
            else
                unmap_some(&layout, random, sequence, reusable);
        are_good = agrees(&layout) && is_merged(&layout);
        if (next_node + 400 > NODES) /* all nodes anew, low again */
            break;
        writes_left = UINT64_MAX;
        if (tap_below(random, 8) == 0) {
            are_good = are_good && survives(&layout, roots, random) && agrees(&layout);
            crashes++;
        } else if (tap_below(random, 3) == 0) {
            are_good = are_good && save(&layout.directory, &roots[0]) && save(&layout.free, &roots[1]);
        } else {
            continue;
        }
        kept = model;
        sequence++;
        reusable = sequence - tap_below(random, 4) - 1 < sequence ? sequence - 1 : 0;
    }
    tap_ok(are_good, "%" PRIu64 " rounds of mapping and freeing, %" PRIu64 " power cuts, agree with the model", rounds,
           crashes);
    layout_finish(&layout);
}

/* ---- one tree ----------------------------------------------------------------------- */

static void a_large_tree(uint64_t *random)
{
    enum { KEYS = 60000 };
    static bool has[KEYS];
    struct tree tree, again;
    tree_init(&tree, ARENA_TREE_DIRECTORY);
    memset(has, 0, sizeof has);
    uint64_t count = 0;
    bool is_good = true;
    for (unsigned i = 0; i < 200000; i++) {
        uint64_t key = tap_below(random, KEYS);
        bool grows = i < 100000 ? tap_below(random, 4) != 0 : tap_below(random, 4) == 0;
        if (grows) {
            count += !has[key];
            tree_put(&tree, (struct tree_record){key, key + 1, key * 3, i});
            has[key] = true;
        } else if (has[key]) {
            tree_remove(&tree, key);
            has[key] = false;
            count--;
        }
        if (i % 20000 == 0)
            tree_check(&tree);
        if (i == 100000) {
            struct root root;
            writes_left = UINT64_MAX;
            next_node = ARENA_FIRST_PAGE;
            if (tree.node_count < NODES - ARENA_FIRST_PAGE)
                is_good = save(&tree, &root) && load(&again, ARENA_TREE_DIRECTORY, root) == STATUS_OK &&
                          again.count == tree.count;
            tree_finish(&again);
        }
    }
    tree_check(&tree);
    for (uint64_t key = 0; key < KEYS; key++) {
        const struct tree_record *below = tree_at_or_below(&tree, key), *above = tree_at_or_above(&tree, key);
        is_good = is_good && (below != NULL && below->key == key) == has[key] &&
                  (above != NULL && above->key == key) == has[key];
    }
    tap_ok(is_good && tree.count == count, "a tree of %" PRIu64 " records in %" PRIu64 " nodes", count,
           tree.node_count);
    for (uint64_t key = 0; key < KEYS; key++)
        if (has[key])
            tree_remove(&tree, key);
    tap_ok(tree.root == NULL && tree.node_count == 0, "and emptied");
    tree_finish(&tree);
}

static void any_flipped_bit(uint64_t *random)
{
    struct tree tree, again;
    struct root root;
    tree_init(&tree, ARENA_TREE_FREE);
    for (uint64_t key = 0; key < 1000; key++)
        tree_put(&tree, (struct tree_record){key * 5, 2, 0, 0});
    writes_left = UINT64_MAX;
    next_node = ARENA_FIRST_PAGE;
    CHECK(save(&tree, &root));
    bool all_found = true;
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t page = ARENA_FIRST_PAGE + tap_below(random, next_node - ARENA_FIRST_PAGE);
        size_t at = (size_t)tap_below(random, sizeof file[0]);
        uint8_t bit = (uint8_t)(1u << tap_below(random, 8));
        ((uint8_t *)&file[page])[at] ^= bit;
        all_found = all_found && load(&again, ARENA_TREE_FREE, root) == STATUS_CORRUPT && again.root == NULL;
        ((uint8_t *)&file[page])[at] ^= bit;
    }
    tap_ok(all_found && load(&again, ARENA_TREE_FREE, root) == STATUS_OK, "any flipped bit in a node is found");
    tree_finish(&again);
    tree_finish(&tree);
}

/* ---- mappings -------------------------------------------------------------------------- */

/* A directory that no arena of ours would make: every page somewhere else. */
static void scattered_runs(uint64_t run_count)
{
    const char *path = test_path();
    test_create(path);
    struct arena *arena = test_open(path);
    struct os_file *extended;
    MUST(os_file_open(path, OS_OPEN_WRITE, &extended));
    uint64_t first_page = 10000, file_pages = first_page + 2 * run_count;
    MUST(os_file_truncate(extended, file_pages * ARENA_PAGE_BYTES));
    for (uint64_t i = 0; i < run_count; i += run_count / 100)
        MUST(os_file_write(extended, (first_page + 2 * (run_count - i)) * ARENA_PAGE_BYTES - 2 * ARENA_PAGE_BYTES, &i,
                           sizeof i));
    os_file_close(extended);
    struct arena_layout layout;
    layout_init(&layout);
    for (uint64_t i = 0; i < run_count; i++)
        layout_map(&layout, (struct layout_run){first_page + i, 1, first_page + 2 * (run_count - i) - 2});
    uint64_t before = test_count_mappings(), started_ns = os_clock_ns();
    MUST(arena_attach(arena, &layout, NULL, ARENA_LARGE_START_BYTES));
    uint64_t took_ms = (os_clock_ns() - started_ns) / 1000000, after = test_count_mappings();
    bool are_right = true;
    for (uint64_t i = 0; i < run_count; i += run_count / 100)
        are_right =
            are_right && *(const uint64_t *)(const void *)(noun_base + (first_page + i) * ARENA_PAGE_BYTES) == i;
    tap_ok(are_right && after - before < 2 * ARENA_MAPPINGS_MAX,
           "%" PRIu64 " scattered runs take %" PRIu64 " mappings, and %" PRIu64 " ms", run_count, after - before,
           took_ms);
    layout_finish(&layout);
    arena_close(arena);
}

int main(int count, char **words)
{
    space_open();
    uint64_t random = tap_seed();
    for (unsigned i = 0; i < 5; i++) {
        next_node = ARENA_FIRST_PAGE;
        random_changes(&random);
    }
    a_large_tree(&random);
    any_flipped_bit(&random);
    scattered_runs(count > 1 ? strtoull(words[1], NULL, 10) : 50000);
    return tap_done();
}
