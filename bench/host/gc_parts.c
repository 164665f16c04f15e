/* What makes an object dearer beside events than in a collection alone?  Each
 * suspect by itself, in turns, so that whatever else the machine does meets all alike:
 * the pace, events, and that memory was left alone for more than a minute, which some
 * machines then take away. */
#include "host/gc_load.h"

#include <stdio.h>
#include <stdlib.h>

#define REST_MS 75000

struct part {
    const char *name;
    bool is_paced, has_events;
    uint64_t rest_ms; /* before it */
};

static const struct part all_parts[] = {
    {"alone", false, false, 0},
    {"paced", true, false, 0},
    {"beside events", false, true, 0},
    {"paced, beside events", true, true, 0},
    {"alone, after a rest", false, false, REST_MS},
};

static void open_as(struct gc_bench *bench, const char *directory, const struct part *part)
{
    struct host_options options = {.gc = {.mode = HOST_GC_OFF}};
    if (!part->is_paced) {
        options.gc.cpu_percent = 100;
        options.gc.write_bytes_per_second = UINT64_MAX;
    }
    bench_must(host_open(directory, NULL, &options, &bench->host));
}

static void attend(struct gc_bench *bench, const struct gc_waited *waited)
{
    while (!waited->is_over) {
        host_reset(bench->host);
        os_sleep_ms(1);
    }
}

/* Returns the nanoseconds of an object. */
static double run_part(struct gc_bench *bench, const char *directory, const struct part *part,
                       struct gc_samples *latencies)
{
    struct gc_waited waited = {0};
    struct collector_record record;
    host_close(bench->host);
    open_as(bench, directory, part);
    bench_must(host_collect(bench->host, true, &record)); /* the same was done last before each of them */
    os_sleep_ms(part->rest_ms);
    host_reset(bench->host);
    bench_must(host_gc_request(bench->host, true, bench_on_collected, &waited));
    if (part->has_events)
        bench_load(bench, latencies, bench_until_collected, &waited);
    else
        attend(bench, &waited);
    double nanoseconds = bench_ns_per_object(&waited.record);
    fprintf(stderr, "bench-gc: %s: %.1f ns an object, %" PRIu64 " ms\n", part->name, nanoseconds,
            waited.record.duration_ms);
    return nanoseconds;
}

void gc_parts(char **words)
{
    const struct host_options options = {.gc = {.mode = HOST_GC_OFF}};
    struct gc_bench bench = bench_begin(words[0], words[1], bench_read_size(words[2]), &options);
    struct gc_samples nanoseconds[COUNT_OF(all_parts)], latencies[COUNT_OF(all_parts)];
    for (size_t i = 0; i < COUNT_OF(all_parts); i++) {
        nanoseconds[i] = bench_samples_new();
        latencies[i] = bench_samples_new();
    }
    for (uint64_t round = strtoull(words[3], NULL, 10); round > 0; round--)
        for (size_t i = 0; i < COUNT_OF(all_parts); i++)
            bench_sample(&nanoseconds[i], run_part(&bench, words[1], &all_parts[i], &latencies[i]));
    printf("{\"size\": \"%s\"", words[2]);
    for (size_t i = 0; i < COUNT_OF(all_parts); i++)
        printf(", \"%s\": {\"ns_per_object\": %.1f, \"event_p50_ms\": %.2f, \"event_p99_ms\": %.2f}", all_parts[i].name,
               bench_quantile(&nanoseconds[i], 0.5), bench_quantile(&latencies[i], 0.5),
               bench_quantile(&latencies[i], 0.99));
    printf("}\n");
    host_close(bench.host);
}
