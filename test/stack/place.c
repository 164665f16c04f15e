/* Where nouns are born: in place while nearly all survive, at home otherwise. */
#include "support/space.h"
#include "stack/stack.h"
#include "support/tap.h"

#define BUDGET_BYTES ((size_t)24000)
#define CHUNK 1000 /* cells in a budget */

static struct stack *stack;

struct chain {
    noun list;
    uint64_t count;
    unsigned asked; /* how often the root was asked for */
};

static void visit(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct chain *chain = context;
    (void)reach;
    chain->asked++;
    stack_visit(visitor, &chain->list);
}

static void restart(const char *directory, uint64_t limit_bytes)
{
    stack_destroy(stack);
    const struct stack_options options = {
        .young_budget_bytes = BUDGET_BYTES, .backing_directory = directory, .limit_bytes = limit_bytes};
    CHECK(stack_create(&options, &stack) == STATUS_OK);
}

/* A budget's worth of cells, of which the list keeps `kept` of a thousand. */
static bool chunk(struct chain *chain, unsigned kept)
{
    for (unsigned i = 0; i < CHUNK; i++) {
        if (i % 1000 < kept)
            chain->list = stack_cell(stack, chain->count++, chain->list);
        else
            stack_cell(stack, i, 0);
    }
    stack_cell(stack, 0, 0);
    CHECK(stack_is_due(stack));
    return stack_collect(stack, &(struct stack_roots){.context = chain, .visit = visit});
}

static bool is_whole(const struct chain *chain)
{
    noun list = chain->list;
    for (uint64_t i = chain->count; i-- > 0; list = noun_tail(list))
        if (!noun_is_cell(list) || noun_head(list) != i)
            return false;
    return list == 0;
}

/* Chunks until one settles; 0 if none of `most` does. */
static unsigned chunks_until_settled(struct chain *chain, unsigned kept, unsigned most)
{
    for (unsigned i = 1; i <= most; i++)
        if (!chunk(chain, kept))
            return i;
    return 0;
}

static void test_building(void)
{
    restart(NULL, 0);
    struct chain chain = {0};
    tap_ok(chunks_until_settled(&chain, 1000, 10) > 2, "what survives whole settles after it was seen a few times");
    noun before = chain.list;
    unsigned asked = chain.asked;
    tap_ok(!chunk(&chain, 1000) && chain.asked == asked, "then no root is asked for");
    noun part = chain.list;
    while (part != before && noun_is_cell(part))
        part = noun_tail(part);
    tap_ok(part == before, "and no word changes");
    unsigned moves = 0;
    for (unsigned i = 0; i < 400; i++)
        moves += chunk(&chain, 1000);
    tap_ok(moves > 0 && moves < 100, "now and then a collection looks whether it is still so: %u of 400", moves);
    tap_ok(is_whole(&chain), "and the list is whole");
    tap_ok(stack->statistics.settled_bytes > 7 * stack->statistics.promoted_bytes,
           "%" PRIu64 " KiB settled, %" PRIu64 " were copied", stack->statistics.settled_bytes >> 10,
           stack->statistics.promoted_bytes >> 10);
    tap_ok(stack_used_bytes(stack) < 24 * (chain.count + 2 * 405), "little else is in use: %" PRIu64 " bytes",
           stack_used_bytes(stack));
    stack_collect_full(stack, &(struct stack_roots){.context = &chain, .visit = visit});
    tap_ok(is_whole(&chain) && stack_used_bytes(stack) == 24 * chain.count, "a full collection takes all of it along");
    tap_ok(chunk(&chain, 1000) + chunk(&chain, 1000) < 2 && is_whole(&chain), "and building goes on in place");
    stack_clear(stack);
    tap_ok(stack_used_bytes(stack) == 0 && !stack_is_due(stack), "a clear drops all");
    struct chain other = {0};
    tap_ok(chunk(&other, 1000) && is_whole(&other), "and sends the young stretch home");
}

static void test_change_of_mind(void)
{
    restart(NULL, 0);
    struct chain chain = {0};
    for (unsigned i = 0; i < 40; i++)
        chunk(&chain, 1000);
    uint64_t built_bytes = stack_used_bytes(stack);
    unsigned moves = 0;
    for (unsigned i = 0; i < 1000; i++)
        moves += chunk(&chain, 10);
    tap_ok(moves > 600, "when little survives any more, collections copy it: %u of 1000", moves);
    tap_ok(stack_used_bytes(stack) < built_bytes + 24 * 10 * 1000 + 12 * BUDGET_BYTES,
           "little garbage has settled: %" PRIu64 " KiB with what lives",
           (stack_used_bytes(stack) - built_bytes) >> 10);
    unsigned settled = 0;
    for (unsigned i = 0; i < 1000; i++)
        settled += !chunk(&chain, 600);
    tap_ok(settled == 0, "what survives by half never settles");
    tap_ok(is_whole(&chain), "and nothing was lost");
}

/* Garbage that has settled is collected when there is no room. */
static void test_limit(void)
{
    restart(NULL, 4 << 20);
    struct chain chain = {0};
    bool over = false;
    for (unsigned i = 0; i < 2000; i++) {
        if (i % 100 == 0)
            chain = (struct chain){.asked = chain.asked}; /* all that was built is dead */
        chunk(&chain, 1000);
        if (stack_is_over(stack))
            stack_collect_full(stack, &(struct stack_roots){.context = &chain, .visit = visit});
        over = over || stack_is_over(stack);
    }
    tap_ok(!over && is_whole(&chain), "lists of 2.4 MB, one after the other, live within 4 MiB");
}

static void test_backed(void)
{
    restart(tap_scratch(), 0);
    struct chain chain = {0};
    tap_ok(chunks_until_settled(&chain, 1000, 100) == 0 && is_whole(&chain), "a stack with a file stays at home");
}

int main(void)
{
    stack = space_stack();
    test_building();
    test_change_of_mind();
    test_limit();
    test_backed();
    stack_destroy(stack);
    return tap_done();
}
