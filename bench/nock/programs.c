/* Plain Nock: nothing here meets a jet but for virtual Nock, which is one. */
#include "bench.h"

struct program {
    const char *name, *file, *subject, *product; /* product NULL: any */
    uint64_t items;
    const char *item;
};

static const struct program programs[] = {
    {"decrement-10M", "decrement.loam", "10000000", "9999999", 10000000, "turn"},
    {"fibonacci-25", "fibonacci.loam", "25", "75025", 242785, "call"},
    {"ackermann-3-6", "ackermann.loam", "[3 6]", "509", 172233, "call"},
    {"leaves-1M", "leaves.loam", "20", NULL, 1 << 20, "leaf"},
    {"fold-1M", "fold.loam", "20", "2097152", 1 << 20, "leaf"},
    {"equal-1M", "equal.loam", "20", "0", 1 << 20, "leaf"},
    {"list-1M", "list.loam", "1000000", NULL, 1000000, "item"},
    {"string-1M", "string.loam", "1000000", NULL, 1000000, "byte"},
    {"deep-1M", "deep.loam", "1000000", "1000000", 1000000, "call"},
};

static void run_program(const struct program *program)
{
    if (!bench_wants(program->name))
        return;
    struct bench_work work = {
        .subject = bench_read(program->subject),
        .formula = bench_assemble(program->file),
        .expected = program->product == NULL ? NOUN_NONE : bench_read(program->product),
    };
    bench_work_begin(&work);
    bench_measure(program->name, bench_work_round, &work, program->items, program->item);
}

/* ---- a map in mug order --------------------------------------------------------------- */

#define MAP_ENTRIES 100000

/* [bits value] for each number: bits are its mug's, lowest first, as loobeans. */
static noun make_entries(void)
{
    noun list = 0;
    for (noun key = MAP_ENTRIES; key-- > 0;) {
        noun bits = 0;
        for (unsigned bit = 31; bit-- > 0;)
            bits = stack_cell(bench_stack, noun_mug(key) >> bit & 1, bits);
        list = stack_cell(bench_stack, stack_cell(bench_stack, bits, key + 1), list);
    }
    return list;
}

static void run_map(void)
{
    bool insert = bench_wants("map-insert-100K"), lookup = bench_wants("map-lookup-100K");
    if (!insert && !lookup)
        return;
    struct bench_work work = {
        .subject = make_entries(), .formula = bench_assemble("map-insert.loam"), .expected = NOUN_NONE};
    bench_work_begin(&work);
    if (insert)
        bench_measure("map-insert-100K", bench_work_round, &work, MAP_ENTRIES, "key");
    if (lookup) {
        struct nock_result result;
        nock_run(bench_machine, work.subject, work.formula, &result);
        CHECK(result.outcome == NOCK_DONE);
        work.subject = stack_cell(bench_stack, work.subject, result.product);
        work.formula = bench_assemble("map-lookup.loam");
        work.expected = MAP_ENTRIES;
        bench_work_begin(&work);
        bench_measure("map-lookup-100K", bench_work_round, &work, MAP_ENTRIES, "key");
    }
}

void bench_programs(void)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        run_program(&programs[i]);
    run_map();
}

/* ---- virtual Nock, by the jet for mink ---------------------------------------------------- */

static noun mink(void)
{
    return bench_gate("k.138/one/two/tri/qua/mink");
}

static void run_virtual(const char *name, const char *inner)
{
    if (!bench_wants(name))
        return;
    noun gate = mink();
    struct bench_work work = {
        .subject = stack_triple(bench_stack, 200000, bench_read(inner), gate),
        .formula = bench_assemble("virtual.loam"),
        .expected = 200000,
    };
    bench_work_begin(&work);
    bench_measure(name, bench_work_round, &work, 200000, "call");
}

#define LEVELS 10000

static void run_nested(void)
{
    if (!bench_wants("virtual-10K-deep"))
        return;
    noun gate = mink(), levels = 0, self = bench_assemble("virtual-deep.loam");
    for (unsigned i = 0; i < LEVELS; i++)
        levels = stack_cell(bench_stack, 0, levels);
    struct bench_work work = {
        .subject = stack_triple(bench_stack, self, levels, gate), .formula = self, .expected = LEVELS};
    bench_work_begin(&work);
    bench_measure("virtual-10K-deep", bench_work_round, &work, LEVELS, "level");
}

void bench_virtual(void)
{
    run_virtual("virtual-200K", "[4 0 1]");
    run_virtual("exceptions-200K", "[0 0]");
    run_nested();
}
