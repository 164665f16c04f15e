/* Budgets, interrupts, memory given back, and depth. */
#include "support/space.h"
#include "stack/stack.h"
#include "support/tap.h"

#include <stdio.h>

#define DEEP 10000000
#define MANY 6000000

static struct stack *stack;

static void visit_one(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    (void)reach;
    stack_visit(visitor, context);
}

static void visit_none(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    (void)context, (void)visitor, (void)reach;
}

static uint64_t resident_bytes(void)
{
    unsigned long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu %lu", &total, &resident) == 2);
    fclose(file);
    return (uint64_t)resident * 4096;
}

static void restart(size_t young_budget_bytes)
{
    stack_destroy(stack);
    CHECK(stack_create(&(struct stack_options){.young_budget_bytes = young_budget_bytes}, &stack) == STATUS_OK);
}

static void test_budget(void)
{
    restart(2400);
    bool early = false;
    for (unsigned i = 0; i < 100; i++) {
        early |= stack_is_due(stack);
        stack_cell(stack, i, i);
    }
    tap_ok(!early && !stack_is_due(stack), "not due within the budget");
    noun last = stack_cell(stack, 1, 1);
    tap_ok(stack_is_due(stack), "due beyond it");
    stack_collect(stack, &(struct stack_roots){.context = &last, .visit = visit_one});
    tap_ok(!stack_is_due(stack) && stack_used_bytes(stack) == 24, "not due after a collection");
    stack_interrupt(stack);
    tap_ok(stack_is_due(stack), "due when interrupted");
    stack_clear(stack);
    tap_ok(!stack_is_due(stack) && stack_used_bytes(stack) == 0, "not due after a clear");
}

static void test_statistics(void)
{
    restart(1 << 20);
    noun kept = 0;
    for (unsigned i = 0; i < 1000; i++)
        kept = stack_cell(stack, i, i % 2 == 0 ? kept : 0);
    stack_collect(stack, &(struct stack_roots){.context = &kept, .visit = visit_one});
    stack_collect_full(stack, &(struct stack_roots){.context = &kept, .visit = visit_one});
    const struct stack_statistics *statistics = &stack->statistics;
    tap_ok(statistics->young_collections == 2 && statistics->full_collections == 1, "collections are counted");
    tap_ok(statistics->allocated_bytes == 24000 && statistics->promoted_bytes == 24 && statistics->moved_bytes == 24,
           "and bytes: %" PRIu64 " allocated, %" PRIu64 " promoted, %" PRIu64 " moved", statistics->allocated_bytes,
           statistics->promoted_bytes, statistics->moved_bytes);
    tap_ok(statistics->peak_bytes == 24000, "the peak is %" PRIu64, statistics->peak_bytes);
}

/* The tenured stretch is collected by itself once it has outgrown its live part. */
static void test_tenured_growth(void)
{
    restart(1 << 20);
    noun kept = 0;
    for (unsigned round = 0; round < 300; round++) {
        kept = 0;
        for (unsigned i = 0; i < 40000; i++)
            kept = stack_cell(stack, i, kept);
        stack_collect(stack, &(struct stack_roots){.context = &kept, .visit = visit_one});
    }
    tap_ok(stack->statistics.full_collections > 0, "promoted garbage brings full collections: %" PRIu64,
           stack->statistics.full_collections);
    /* twice the warm 64 MiB, because each of the survivors seems to be there to stay */
    tap_ok(stack->statistics.peak_bytes < 144u << 20, "and the peak stays at %" PRIu64 " MiB for 275 MiB promoted",
           stack->statistics.peak_bytes >> 20);
    tap_ok(noun_list_length(kept) == 40000, "the survivor is whole");
}

static void test_memory_back(void)
{
    restart(1 << 20);
    uint64_t before = resident_bytes();
    noun list = 0;
    for (unsigned i = 0; i < MANY; i++)
        list = stack_cell(stack, i, list);
    uint64_t grown = resident_bytes();
    tap_ok(grown - before >= (uint64_t)MANY * 24, "6 million cells are resident");
    stack_clear(stack);
    uint64_t cleared = resident_bytes();
    tap_ok(cleared < before + (100u << 20), "a clear keeps no more than a warm rest: %" PRIu64 " of %" PRIu64 " MiB",
           (cleared - before) >> 20, (grown - before) >> 20);
    for (unsigned i = 0; i < MANY; i++)
        stack_cell(stack, i, 0);
    stack_collect_full(stack, &(struct stack_roots){.visit = visit_none});
    cleared = resident_bytes();
    tap_ok(cleared < before + (100u << 20), "so does a collection: %" PRIu64 " MiB", (cleared - before) >> 20);
}

enum shape { LIST, ZIGZAG };

static noun build_deep(enum shape shape)
{
    noun leaf = stack_cell(stack, 1, 2), deep = leaf;
    for (unsigned i = 0; i < DEEP; i++) {
        bool right = shape == LIST || (shape == ZIGZAG && i % 2 == 0);
        deep = right ? stack_cell(stack, leaf, deep) : stack_cell(stack, deep, leaf);
    }
    return deep;
}

static bool is_deep(enum shape shape, noun deep)
{
    noun leaf = NOUN_NONE;
    for (unsigned i = DEEP; i-- > 0;) {
        bool right = shape == LIST || (shape == ZIGZAG && i % 2 == 0);
        noun other = right ? noun_head(deep) : noun_tail(deep);
        if (leaf != NOUN_NONE && other != leaf)
            return false;
        leaf = other;
        deep = right ? noun_tail(deep) : noun_head(deep);
    }
    return deep == leaf && noun_head(leaf) == 1 && noun_tail(leaf) == 2;
}

static void test_deep(void)
{
    static const char *const names[] = {"list", "zigzag tree"};
    for (enum shape shape = LIST; shape <= ZIGZAG; shape++) {
        restart(1 << 20);
        noun deep = build_deep(shape);
        const struct stack_roots roots = {.context = &deep, .visit = visit_one};
        stack_collect(stack, &roots);
        bool young = is_deep(shape, deep);
        stack_collect_full(stack, &roots);
        tap_ok(young && is_deep(shape, deep) && stack_used_bytes(stack) == (uint64_t)(DEEP + 1) * 24,
               "a %s 10 million deep goes through both collections", names[shape]);
    }
}

int main(void)
{
    stack = space_stack();
    test_budget();
    test_statistics();
    test_tenured_growth();
    test_memory_back();
    test_deep();
    stack_destroy(stack);
    return tap_done();
}
