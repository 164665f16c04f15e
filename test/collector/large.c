/* Large atoms from the stack to the arena and out of it again: a random life
 * beside a model that knows which atom is where. */
#include "arena/arena.h"
#include "collector/collector.h"
#include "stack/stack.h"
#include "support/space.h"
#include "support/tap.h"

#include <stdio.h>
#include <stdlib.h>

#define SLOTS 8 /* leaves of the state's tree */
#define LEVELS 3
#define WORDS (STACK_LARGE_MIN_BYTES / 8)
#define STEPS 400

static char path[4096];
static struct arena *arena;
static struct stack *stack;
static uint64_t event_number;

/* What each slot holds: the first word of its atom, 0 for none; large or not. */
struct model {
    uint64_t value[SLOTS];
    bool is_large[SLOTS];
};

static void open_arena(void)
{
    size_t count;
    CHECK(arena_open(path, NULL, &arena) == STATUS_OK);
    arena_commits(arena, &count);
    CHECK(count > 0 && arena_choose(arena, 0) == STATUS_OK);
    struct stack_large_provider provider;
    collector_large_provider(arena, &provider);
    stack_set_large_provider(stack, &provider);
}

static noun make_atom(uint64_t value, size_t size_words)
{
    uint64_t *words = stack_atom_begin(stack, size_words);
    for (size_t i = 0; i < size_words; i++)
        words[i] = value + i;
    return stack_atom_finish(stack);
}

static bool is_made(noun n, uint64_t value)
{
    const uint64_t *words = noun_words(n);
    for (uint64_t i = 0; i < words[1]; i++)
        if (words[2 + i] != value + i)
            return false;
    return noun_hash_persistent(n) == words[0];
}

static noun replace(noun tree, unsigned index, unsigned level, noun leaf)
{
    if (level == 0)
        return leaf;
    noun head = tree == 0 ? 0 : noun_head(tree), tail = tree == 0 ? 0 : noun_tail(tree);
    if (index >> (level - 1) & 1)
        return stack_cell(stack, head, replace(tail, index, level - 1, leaf));
    return stack_cell(stack, replace(head, index, level - 1, leaf), tail);
}

static noun leaf_of(noun tree, unsigned index)
{
    for (unsigned level = LEVELS; level-- > 0 && tree != 0;)
        tree = index >> level & 1 ? noun_tail(tree) : noun_head(tree);
    return tree;
}

static bool is_as_modelled(const struct model *model)
{
    noun state = arena_current(arena)->roots[ARENA_ROOT_STATE];
    for (unsigned i = 0; i < SLOTS; i++) {
        noun leaf = leaf_of(state, i);
        if (model->value[i] == 0 ? leaf != 0
                                 : noun_is_large(leaf) != model->is_large[i] || !is_made(leaf, model->value[i]))
            return false;
    }
    return true;
}

static unsigned large_in(const struct model *model)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SLOTS; i++) {
        bool is_new = model->is_large[i];
        for (unsigned j = 0; j < i; j++)
            is_new = is_new && model->value[j] != model->value[i];
        count += is_new;
    }
    return count;
}

static void visit_one(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    (void)reach;
    stack_visit(visitor, context);
}

/* An event: some slots change; garbage, large and small, is made on the way. */
static noun next_state(struct model *model)
{
    noun state = arena_current(arena)->roots[ARENA_ROOT_STATE];
    const struct stack_roots roots = {.context = &state, .visit = visit_one};
    for (int changes = rand() % 3; changes >= 0; changes--) {
        unsigned slot = (unsigned)rand() % SLOTS, other = (unsigned)rand() % SLOTS;
        switch (rand() % 5) {
        case 0:
            model->value[slot] = model->is_large[slot] = 0;
            state = replace(state, slot, LEVELS, 0);
            break;
        case 1: /* one more name for an atom */
            model->value[slot] = model->value[other];
            model->is_large[slot] = model->is_large[other];
            state = replace(state, slot, LEVELS, leaf_of(state, other));
            break;
        default:
            model->is_large[slot] = rand() % 4 != 0;
            model->value[slot] = ((uint64_t)rand() + 2) << 32;
            state = replace(state, slot, LEVELS, make_atom(model->value[slot], model->is_large[slot] ? WORDS : 9));
        }
        make_atom(1, WORDS);
        if (rand() % 2 == 0)
            stack_collect(stack, &roots);
        if (rand() % 8 == 0)
            stack_collect_full(stack, &roots);
    }
    return state;
}

static bool commit(noun state, bool is_given_up)
{
    struct arena_commit commit = {.event_number = event_number + 1};
    CHECK(arena_commit_begin(arena, event_number + 1) == STATUS_OK);
    CHECK(collector_persist(arena, &state, 1, NULL) == STATUS_OK);
    commit.roots[ARENA_ROOT_STATE] = state;
    if (is_given_up)
        arena_commit_abort(arena);
    else
        CHECK(arena_commit_write(arena, &commit) == STATUS_OK);
    stack_clear(stack);
    event_number += !is_given_up;
    return !is_given_up;
}

static void collect_arena(void)
{
    struct collector_compaction *compaction;
    struct arena_commit commit;
    bool is_done = false;
    CHECK(arena_sync(arena) == STATUS_OK);
    CHECK(collector_compaction_begin(arena, 0, (uint64_t)4 << 20, &compaction) == STATUS_OK);
    CHECK(collector_compaction_round(compaction, arena_current(arena)) == STATUS_OK);
    while (!is_done)
        CHECK(collector_compaction_run(compaction, 64, &is_done) == STATUS_OK);
    CHECK(collector_compaction_finish(arena, compaction, NULL, NULL, &commit) == STATUS_OK);
    collector_compaction_destroy(compaction);
    CHECK(arena_sync(arena) == STATUS_OK);
}

static uint64_t large_count(void)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    return statistics.large_count;
}

static void reopen(void)
{
    CHECK(arena_sync(arena) == STATUS_OK);
    arena_close(arena);
    open_arena();
}

int main(void)
{
    uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES] = {0};
    stack = space_stack();
    snprintf(path, sizeof path, "%s/" ARENA_FILE_NAME, tap_scratch());
    CHECK(arena_create(path, NULL, kernel_hash) == STATUS_OK);
    open_arena();
    srand((unsigned)tap_seed());
    struct model model = {0};
    bool is_right = true, is_exact = true, is_whole = true;
    unsigned given_up = 0, collections = 0, starts = 0;
    for (unsigned step = 0; step < STEPS && is_right && is_exact; step++) {
        struct model next = model;
        if (commit(next_state(&next), rand() % 8 == 0))
            model = next;
        else
            given_up++;
        is_right = is_as_modelled(&model);
        if (rand() % 16 == 0) {
            collect_arena();
            collections++;
            is_exact = large_count() == large_in(&model);
            is_right = is_right && is_as_modelled(&model);
        }
        if (rand() % 16 == 0) {
            reopen();
            starts++;
            is_right = is_right && is_as_modelled(&model);
        }
        if (step % 64 == 0)
            is_whole = is_whole && arena_verify(arena, NULL, NULL) == STATUS_OK;
    }
    tap_ok(is_right, "after each of %u events the state is what the model says, bit for bit", STEPS);
    tap_ok(given_up > 0, "%u commits were given up, and left nothing", given_up);
    tap_ok(is_exact && collections > 0, "after each of %u collections exactly those atoms are there that are reached",
           collections);
    tap_ok(starts > 0, "%u times the arena was opened anew", starts);
    is_whole = is_whole && arena_verify(arena, NULL, NULL) == STATUS_OK;
    tap_ok(is_whole, "it verifies throughout (%s)", is_whole ? "no fault" : status_message());
    arena_close(arena);
    stack_set_large_provider(stack, &(struct stack_large_provider){0});
    stack_destroy(stack);
    return tap_done();
}
