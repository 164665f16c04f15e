/* The machine, the events and the samples of the collector's benchmark. */
#include "host/gc_load.h"

#include <stdio.h>

#include "host/kernel.h"
#include "recovery/recovery.h"

#define ACCOUNTS ((uint64_t)50000)
#define FIRST_ENTRY ((uint64_t)1 << 40) /* keys of entries, above those of accounts */
#define RATE 100                        /* events a second */
#define SAMPLES_MAX ((size_t)1 << 20)

void bench_must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-gc: %s\n", status_message());
    exit(1);
}

uint64_t bench_below(struct gc_bench *bench, uint64_t bound)
{
    bench->random += 0x9e3779b97f4a7c15u;
    return bits_mix64(bench->random) % bound;
}

/* ---- samples ---- */

struct gc_samples bench_samples_new(void)
{
    struct gc_samples samples = {.values = malloc(SAMPLES_MAX * sizeof(double))};
    CHECK(samples.values != NULL);
    return samples;
}

void bench_sample(struct gc_samples *samples, double value)
{
    if (samples->count < SAMPLES_MAX)
        samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double bench_quantile(struct gc_samples *samples, double part)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->values, samples->count, sizeof(double), compare);
    return samples->values[(size_t)(part * (double)(samples->count - 1) + 0.5)];
}

/* ---- events ---- */

static void poke(struct gc_bench *bench, noun cause)
{
    struct host_event event;
    bench_must(host_poke(bench->host, host_wire(bench->host, "bench", NULL), cause, &event));
    if (event.answer != HOST_ACCEPTED) {
        fprintf(stderr, "bench-gc: an event was not accepted: %s\n", status_message());
        exit(1);
    }
}

static noun tree(struct gc_bench *bench, uint64_t cells)
{
    struct stack *stack = host_stack(bench->host);
    if (cells == 0)
        return bench->leaf++;
    uint64_t left = (cells - 1) / 2;
    noun head = tree(bench, left); /* to a depth of 16 */
    return stack_cell(stack, head, tree(bench, cells - 1 - left));
}

void bench_put(struct gc_bench *bench, uint64_t entry, uint64_t cells)
{
    host_reset(bench->host);
    struct stack *stack = host_stack(bench->host);
    noun value = tree(bench, cells);
    poke(bench, stack_triple(stack, noun_cord("put"), FIRST_ENTRY + entry, value));
}

void bench_add(struct gc_bench *bench)
{
    host_reset(bench->host);
    poke(bench, stack_triple(host_stack(bench->host), noun_cord("add"), bench_below(bench, ACCOUNTS),
                             1 + bench_below(bench, 1000)));
}

static void one_event(struct gc_bench *bench, uint64_t number)
{
    if (number % 16 == 0)
        bench_put(bench, bench->entries + bench_below(bench, 1000), GC_SMALL_CELLS);
    else
        bench_add(bench);
}

uint64_t bench_used_bytes(struct gc_bench *bench)
{
    struct host_status facts;
    bench_must(host_status_read(bench->host, &facts));
    return facts.arena_used_bytes;
}

uint64_t bench_written_bytes(struct gc_bench *bench)
{
    struct arena_statistics statistics;
    arena_statistics(host_node(bench->host)->arena, &statistics);
    return statistics.written_bytes;
}

uint64_t bench_committed_bytes(struct gc_bench *bench)
{
    struct arena_statistics statistics;
    arena_statistics(host_node(bench->host)->arena, &statistics);
    return statistics.committed_bytes;
}

double bench_ns_per_object(const struct collector_record *record)
{
    return record->objects == 0 ? 0 : (double)record->cpu_us * 1e3 / (double)record->objects;
}

/* ---- the machine ---- */

static void fill(struct gc_bench *bench, uint64_t size_bytes)
{
    host_reset(bench->host);
    poke(bench, stack_triple(host_stack(bench->host), noun_cord("fill"), 0, ACCOUNTS));
    uint64_t base_bytes = bench_used_bytes(bench);
    uint64_t wanted = size_bytes / MIB > base_bytes / MIB ? size_bytes / MIB - base_bytes / MIB : 1;
    for (bench->entries = 0; bench->entries < wanted; bench->entries++)
        bench_put(bench, bench->entries, GC_ENTRY_CELLS);
}

uint64_t bench_read_size(const char *text)
{
    char *unit;
    double number = strtod(text, &unit);
    return (uint64_t)(number * (*unit == 'G' ? 1024.0 : 1.0)) * MIB;
}

struct gc_bench bench_begin(const char *kernel_path, const char *directory, uint64_t size_bytes,
                            const struct host_options *options)
{
    struct gc_bench bench = {.leaf = 1};
    struct host_kernel kernel;
    struct host_options filling = *options;
    filling.durability.mode = HOST_DURABLE_NONE;
    uint64_t started_ns = os_clock_ns();
    bench_must(os_read_whole(kernel_path, 64 * MIB, (uint8_t **)&kernel.bytes, &kernel.size_bytes));
    bench_must(host_create(directory, &kernel, NULL, &filling, &bench.host));
    free((void *)kernel.bytes);
    fill(&bench, size_bytes);
    host_close(bench.host);
    bench_must(host_open(directory, NULL, options, &bench.host));
    fprintf(stderr, "bench-gc: %" PRIu64 " MiB used, filled in %" PRIu64 " s\n", bench_used_bytes(&bench) / MIB,
            (os_clock_ns() - started_ns) / 1000000000);
    return bench;
}

/* ---- the load ---- */

void bench_load(struct gc_bench *bench, struct gc_samples *samples, bool (*goes_on)(void *context), void *context)
{
    uint64_t started_ns = os_clock_ns();
    for (uint64_t number = 0; goes_on(context); number++) {
        uint64_t due_ns = started_ns + number * (1000000000 / RATE);
        while (os_clock_ns() < due_ns)
            os_sleep_ms(1);
        one_event(bench, number);
        bench_sample(samples, (double)(os_clock_ns() - due_ns) / 1e6);
    }
}

bool bench_until_deadline(void *deadline_ns)
{
    return os_clock_ns() < *(const uint64_t *)deadline_ns;
}

void bench_on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    struct gc_waited *waited = context;
    (void)host;
    bench_must(status);
    waited->is_over = true;
    waited->record = *record;
}

bool bench_until_collected(void *waited)
{
    return !((const struct gc_waited *)waited)->is_over;
}
