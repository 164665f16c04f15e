/* What an event costs without durability: the example kernels, and the public
 * tree's. */
#include "bench.h"

#define EVENTS 10000
#define POKE 23

struct kernel {
    noun core;
    bool keyed; /* the cause is [%put n n], n another each time */
    noun job;
    uint64_t number;
};

static noun job_of(struct kernel *kernel)
{
    if (!kernel->keyed)
        return kernel->job;
    uint64_t key = kernel->number++ * 2654435761 % 1000003;
    noun cause = stack_triple(bench_stack, noun_cord("put"), key, key);
    noun tail = stack_cell(bench_stack, 0, stack_triple(bench_stack, 0, kernel->number, cause));
    return stack_triple(bench_stack, 1, noun_head(noun_tail(kernel->job)), tail);
}

/* Pokes as a host does, but for durability: the new core is kept, the rest of
 * the event's nouns dropped in a collection every thousand. */
static bool events_round(void *context)
{
    struct kernel *kernel = context;
    for (unsigned i = 0; i < EVENTS; i++) {
        struct nock_result result;
        nock_slam_arm(bench_machine, kernel->core, POKE, job_of(kernel), &result);
        if (result.outcome != NOCK_DONE || !noun_is_cell(result.product))
            return false;
        kernel->core = noun_tail(result.product);
        if (i % 1000 == 999)
            nock_collect(bench_machine);
    }
    return true;
}

static noun kick(noun trap)
{
    struct nock_result result;
    nock_run(bench_machine, trap, bench_read("[9 2 0 1]"), &result);
    CHECK(result.outcome == NOCK_DONE);
    return result.product;
}

static noun job_from(const char *cause)
{
    noun wire = bench_read("[%poke %bench 1 0]");
    noun tail = stack_cell(bench_stack, 0, stack_triple(bench_stack, 0, 0, bench_read(cause)));
    return stack_triple(bench_stack, 1, wire, tail);
}

static void run_kernel(const char *name, noun trap, const char *cause, bool keyed)
{
    struct kernel kernel = {.core = trap, .keyed = keyed};
    nock_root_add(bench_machine, &kernel.core);
    nock_root_add(bench_machine, &kernel.job);
    kernel.core = kick(kernel.core);
    kernel.job = job_from(cause);
    bench_measure(name, events_round, &kernel, EVENTS, "event");
    nock_root_remove(bench_machine, &kernel.job);
    nock_root_remove(bench_machine, &kernel.core);
    nock_forget_ephemeral(bench_machine, NULL);
    stack_clear(bench_stack);
}

/* ---- the public tree's kernels ---------------------------------------------------------------- */

static void run_kick(const char *name, const char *relative)
{
    noun trap = bench_wants(name) ? bench_corpus_kernel(relative) : NOUN_NONE;
    if (trap == NOUN_NONE)
        return;
    struct bench_work work = {.subject = trap, .formula = bench_read("[9 2 0 1]"), .expected = NOUN_NONE};
    bench_work_begin(&work);
    bench_measure(name, bench_work_round, &work, 1, "boot");
}

void bench_events(void)
{
    if (bench_wants("events-counter"))
        run_kernel("events-counter", bench_assemble("examples/counter.loam"), "%inc", false);
    if (bench_wants("events-ledger"))
        run_kernel("events-ledger", bench_assemble("examples/ledger.loam"), "0", true);
    if (bench_wants("events-clock"))
        run_kernel("events-clock", bench_assemble("examples/clock.loam"), "%tick", false);
    noun trap = NOUN_NONE;
    if (bench_wants("events-test-ker"))
        trap = bench_corpus_kernel("crates/nockapp/test-jams/test-ker.jam");
    if (trap != NOUN_NONE)
        run_kernel("events-test-ker", trap, "%inc", false);
    run_kick("kick-hoonc", "crates/hoonc/bootstrap/hoonc.jam");
    run_kick("kick-test-ker", "crates/nockapp/test-jams/test-ker.jam");
}
