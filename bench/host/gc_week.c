/* A week of a steady load, with the policy alone at work: see gc.c. */
#include "host/gc_load.h"

#include <stdio.h>

#include "recovery/recovery.h"

#define WEEK_HOURS 168
#define WEEK_LIVE_BYTES (64 * MIB)
#define WEEK_HOUR_BYTES (2 * MIB)
#define WEEK_BYTES_PER_SECOND (4 * MIB)
#define WEEK_LOOK_NS ((uint64_t)50000000)

struct week {
    struct gc_bench *bench;
    struct gc_samples pauses, files, used;
    uint64_t started_ns, look_ns;
};

static void on_week_collected(void *context, const struct collector_record *record)
{
    struct week *week = context;
    struct arena_statistics statistics;
    arena_statistics(host_node(week->bench->host)->arena, &statistics);
    bench_sample(&week->pauses, (double)record->pause_us / 1e3);
    fprintf(stderr,
            "bench-gc: at %" PRIu64 " s: %s, of %" PRIu64 " MiB %" PRIu64 " live, in %" PRIu64 " ms; file %" PRIu64
            " MiB\n",
            (os_clock_ns() - week->started_ns) / 1000000000, record->is_full ? "full" : "young",
            record->above_bytes / MIB, record->live_bytes / MIB, record->duration_ms, statistics.file_bytes / MIB);
}

static void look_at_week(struct week *week)
{
    struct arena_statistics statistics;
    if (os_clock_ns() < week->look_ns)
        return;
    week->look_ns = os_clock_ns() + WEEK_LOOK_NS;
    arena_statistics(host_node(week->bench->host)->arena, &statistics);
    bench_sample(&week->files, (double)statistics.file_bytes);
    bench_sample(&week->used, (double)statistics.appended_bytes);
}

static void keep_pace(struct week *week, uint64_t appended_bytes)
{
    uint64_t due_ns = week->started_ns + (uint64_t)((double)appended_bytes * 1e9 / (double)WEEK_BYTES_PER_SECOND);
    look_at_week(week);
    while (os_clock_ns() + 1000000 < due_ns) {
        os_sleep_ms(1);
        look_at_week(week);
    }
}

/* An entry of 1 MiB is replaced now and then. */
static uint64_t live_through(struct week *week)
{
    struct gc_bench *bench = week->bench;
    uint64_t number = 0, before_bytes = bench_committed_bytes(bench), appended_bytes = 0;
    while (appended_bytes < WEEK_HOURS * WEEK_HOUR_BYTES) {
        if (number % 16 == 0)
            bench_put(bench, bench_below(bench, bench->entries), GC_ENTRY_CELLS);
        else
            bench_add(bench);
        number++;
        appended_bytes = bench_committed_bytes(bench) - before_bytes;
        keep_pace(week, appended_bytes);
    }
    return number;
}

static void print_week(struct week *week, uint64_t events, uint64_t live_bytes, uint64_t seconds)
{
    struct host_gc_status gc;
    double bound_bytes = (double)live_bytes + (double)HOST_GC_SLACK_BYTES;
    host_gc_status_read(week->bench->host, &gc);
    printf("{\"hours\": %d, \"seconds\": %" PRIu64 ", \"events\": %" PRIu64 ", \"committed_bytes\": %" PRIu64
           ", \"live_bytes\": %" PRIu64 ", \"slack_bytes\": %" PRIu64
           ", \"used_max_ratio\": %.2f, \"file_p50_ratio\": %.2f, \"file_max_ratio\": %.2f, "
           "\"young\": %" PRIu64 ", \"full\": %" PRIu64 ", \"pause_max_ms\": %.2f}\n",
           WEEK_HOURS, seconds, events, bench_committed_bytes(week->bench), live_bytes, (uint64_t)HOST_GC_SLACK_BYTES,
           bench_quantile(&week->used, 1) / bound_bytes, bench_quantile(&week->files, 0.5) / bound_bytes,
           bench_quantile(&week->files, 1) / bound_bytes, gc.history.young_count, gc.history.full_count,
           bench_quantile(&week->pauses, 1));
}

void gc_week(char **words)
{
    struct week week = {.pauses = bench_samples_new(), .files = bench_samples_new(), .used = bench_samples_new()};
    const struct host_options options = {
        .listener = {.context = &week, .collected = on_week_collected},
        .gc = {.mode = HOST_GC_AUTO},
    };
    struct gc_bench bench = bench_begin(words[0], words[1], WEEK_LIVE_BYTES, &options);
    struct collector_record record;
    week.bench = &bench;
    week.started_ns = os_clock_ns();
    uint64_t events = live_through(&week), seconds = (os_clock_ns() - week.started_ns) / 1000000000;
    bench_must(host_collect(bench.host, true, &record));
    print_week(&week, events, record.live_bytes, seconds);
    host_close(bench.host);
}
