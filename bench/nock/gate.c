/* Cores that are registered as the library's, for a machine without one. */
#include "bench.h"

#include <stdio.h>

/* Runs the hint that registers a core under a name, with its parent at an axis;
 * all persistent, so that the registration stays. */
static noun register_core(noun core, noun name, const char *parent_formula)
{
    noun clue = stack_triple(bench_stack, name, bench_read(parent_formula), 0);
    noun hint = stack_triple(bench_stack, noun_cord("fast"), 1, clue);
    noun formula = stack_triple(bench_stack, 11, hint, bench_read("[0 1]"));
    struct nock_result result;
    bench_persist((noun *[]){&core, &formula}, 2);
    nock_run(bench_machine, core, formula, &result);
    CHECK(result.outcome == NOCK_DONE);
    return result.product;
}

noun bench_gate(const char *path)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", path);
    noun core = register_core(bench_read("[138 %k]"), bench_read("[%k 138]"), "[1 0]");
    char *name = strtok(copy, "/");
    for (name = strtok(NULL, "/"); name != NULL;) {
        char *next = strtok(NULL, "/");
        noun label = stack_cord(bench_stack, name);
        noun battery = stack_triple(bench_stack, 1, stack_cord(bench_stack, "bench"), label);
        noun body = next == NULL ? stack_cell(bench_stack, 0, core) : core;
        core = register_core(stack_cell(bench_stack, battery, body), label, next == NULL ? "[0 7]" : "[0 3]");
        name = next;
    }
    return core;
}
