/* How times are said: lines for people at once, one JSON object at the end. */
#include "bench.h"

#include "codec/codec.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>

static struct measurement calibration = {.median_ns = 1}, last;
static bool any_wrong;

static char *json;
static size_t json_size_bytes;
static FILE *json_out;

/* How a benchmark used the ephemeral stack after the warm-up; its peak is that
 * of the warm-up, which leaves no garbage of rounds before it. */
static struct stack_statistics before;

static void note_begin(void)
{
    before = bench_stack->statistics;
}

static double collection_share(void)
{
    uint64_t collection_ns = bench_stack->statistics.collection_ns - before.collection_ns;
    return last.total_ns == 0 ? 0 : (double)collection_ns / (double)last.total_ns;
}

static void say_json(const char *name, uint64_t items)
{
    static bool any;
    const struct stack_statistics *now = &bench_stack->statistics;
    fprintf(json_out,
            "%s\"%s\": {\"median_ns\": %" PRIu64 ", \"minimum_ns\": %" PRIu64 ", \"maximum_ns\": %" PRIu64
            ", \"rounds\": %zu, \"items\": %" PRIu64 ", \"relative\": %.4f, \"peak_bytes\": %" PRIu64
            ", \"allocated_bytes\": %" PRIu64 ", \"collection_share\": %.4f, \"young_collections\": %" PRIu64
            ", \"full_collections\": %" PRIu64 ", \"copied_bytes\": %" PRIu64 ", \"settled_bytes\": %" PRIu64,
            any ? "}, " : "", name, last.median_ns, last.minimum_ns, last.maximum_ns, last.rounds, items,
            (double)last.median_ns / (double)calibration.median_ns, before.peak_bytes,
            (now->allocated_bytes - before.allocated_bytes) / last.rounds, collection_share(),
            (now->young_collections - before.young_collections) / last.rounds,
            (now->full_collections - before.full_collections) / last.rounds,
            (now->promoted_bytes + now->moved_bytes - before.promoted_bytes - before.moved_bytes) / last.rounds,
            (now->settled_bytes - before.settled_bytes) / last.rounds);
    if (last.instructions != 0)
        fprintf(json_out, ", \"instructions\": %" PRIu64, last.instructions);
    any = true;
}

static void say(const char *name, uint64_t items, const char *item)
{
    printf("%-24s %10.3f ms %10.1f ns per %-6s %5.1f MiB peak, %4.1f%% collection (%zu rounds, %.3f to %.3f)\n", name,
           (double)last.median_ns / 1e6, (double)last.median_ns / (double)items, item,
           (double)before.peak_bytes / (1 << 20), 100 * collection_share(), last.rounds, (double)last.minimum_ns / 1e6,
           (double)last.maximum_ns / 1e6);
    fflush(stdout);
    say_json(name, items);
}

static void write_program(const char *name, const struct bench_work *work)
{
    char path[4096];
    uint8_t *jam;
    size_t size_bytes;
    noun program = stack_cell(bench_stack, work->subject, work->formula);
    bench_must(codec_jam(program, &jam, &size_bytes));
    snprintf(path, sizeof path, "%s/%s.jam", bench_options.write, name);
    bench_must(os_replace_whole(path, jam, size_bytes));
    free(jam);
}

void bench_measure(const char *name, measure_round *round, void *context, uint64_t items, const char *item)
{
    if (bench_options.write != NULL) {
        if (round == bench_work_round)
            write_program(name, context);
        return;
    }
    bench_stack->statistics.peak_bytes = 0;
    if (measure(round, context, note_begin, bench_options.rounds, &last)) {
        say(name, items, item);
    } else {
        last = (struct measurement){0};
        printf("%-24s gives a wrong product\n", name);
        any_wrong = true;
    }
}

void bench_open(void)
{
    json_out = open_memstream(&json, &json_size_bytes);
    CHECK(json_out != NULL);
    bench_machine_open();
    if (bench_options.list || bench_options.uncalibrated || bench_options.write != NULL)
        return;
    measure_calibration(&calibration);
    printf("%-24s %10.3f ms\n", "calibration", (double)calibration.median_ns / 1e6);
}

int bench_close(void)
{
    size_t nursery_bytes = bench_stack->options.young_budget_bytes;
    bench_machine_close();
    fclose(json_out);
    if (!bench_options.list && bench_options.write == NULL)
        printf("{\"calibration_ns\": %" PRIu64
               ", \"instruction_counter\": %s, \"nursery_bytes\": %zu, \"benchmarks\": {%s%s}}\n",
               calibration.median_ns, calibration.instructions != 0 ? "true" : "false", nursery_bytes, json,
               json_size_bytes > 0 ? "}" : "");
    free(json);
    return any_wrong ? 1 : 0;
}
