/* Ten million deep, to either side and through the middle: nothing recurses. */
#include "collector/collector.h"

#include <stdio.h>
#include <stdlib.h>

#include "os/os.h"
#include "space.h"
#include "must.h"
#include "tap.h"

#define DEPTH 10000000

static struct stack *stack;

/* True where the way down is the head. */
static bool turns_left(bool is_tree, uint64_t i)
{
    return is_tree && i % 2 == 0;
}

static noun make_deep(bool is_tree)
{
    noun n = 0;
    for (uint64_t i = 0; i < DEPTH; i++)
        n = turns_left(is_tree, i) ? stack_cell(stack, n, i) : stack_cell(stack, i, n);
    return n;
}

static bool is_as_made(noun n, bool is_tree)
{
    for (uint64_t i = DEPTH; i-- > 0;) {
        bool left = turns_left(is_tree, i);
        if (!noun_is_cell(n) || (left ? noun_tail(n) : noun_head(n)) != i)
            return false;
        n = left ? noun_head(n) : noun_tail(n);
    }
    return n == 0;
}

static void persist_deep(struct arena *arena, uint64_t event_number, bool is_tree)
{
    noun n = make_deep(is_tree);
    struct arena_commit commit = {.event_number = event_number};
    commit.roots[ARENA_ROOT_STATE] = n;
    struct collector_counts counts = {0};
    uint64_t start_ns = os_clock_cpu_ns();
    MUST(arena_commit_begin(arena, event_number));
    MUST(collector_persist(arena, commit.roots, 1, &counts));
    MUST(arena_commit_write(arena, &commit));
    uint64_t duration_ns = os_clock_cpu_ns() - start_ns;
    stack_clear(stack);
    tap_ok(counts.cells == DEPTH && is_as_made(commit.roots[ARENA_ROOT_STATE], is_tree), "a %s %d deep is persisted",
           is_tree ? "tree" : "list", DEPTH);
    tap_note("%.1f ns a cell", (double)duration_ns / DEPTH);
}

int main(void)
{
    static const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];
    stack = space_stack();
    char path[4096];
    snprintf(path, sizeof path, "%s/" ARENA_FILE_NAME, tap_scratch());
    MUST(arena_create(path, NULL, kernel_hash));
    struct arena *arena;
    MUST(arena_open(path, NULL, &arena));
    MUST(arena_choose(arena, 0));
    persist_deep(arena, 1, false);
    persist_deep(arena, 2, true);
    struct arena_verify_report report;
    enum status status = arena_verify(arena, NULL, &report);
    tap_ok(status == STATUS_OK && report.cells == 2 * DEPTH, "and verified: %" PRIu64 " cells", report.cells);
    arena_close(arena);
    return tap_done();
}
