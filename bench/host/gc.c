/* What does collecting the arena cost events, the disk and memory?
 *
 *     bench-gc live KERNEL.jam DIR SIZE SECONDS
 *     bench-gc copy KERNEL.jam DIR SIZE ROUNDS
 *     bench-gc parts KERNEL.jam DIR SIZE ROUNDS
 *     bench-gc week KERNEL.jam DIR
 *     bench-gc disk DIR SIZE RATE
 *
 * `live` fills a ledger with SIZE of live objects: a map of accounts, and
 * entries that are trees of 1 MiB.  The first collection makes the file grow, and
 * brings all into the order of the walk: it is a figure of its own, and a rest follows it.  Then events come at a
 * steady rate, each due at its time whether the one before is done or not: most add to an account, one in sixteen puts
 * a tree of 24 KiB in the place of an entry.  Their latency runs from that time to the return of the durable event.  It
 * is taken during full collections at the usual pace, until they have taken SECONDS together, and before each of them
 * for as long as the one before took, but no longer than ten seconds: a machine may take away memory that was not
 * touched for a minute.  At the end a fixed amount of young garbage is made and collected, several times, as fast as it
 * goes.  One line of JSON.
 *
 * `copy` collects everything, again and again, as fast as it goes, with no events.
 *
 * `parts` does so with and without the pace, and with and without events, in
 * turns: what makes an object dearer (gc_parts.c).
 *
 * `week` lets the policy alone decide, at a load of 168 hours of half a second, and
 * looks at the file's size every 50 ms (gc_week.c).
 *
 * `disk` says what pages wait for beside SIZE bytes that are written at RATE a second, without
 * any machine (gc_disk.c).
 */
#include "host/gc_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define YOUNG_BYTES (64 * MIB)
#define YOUNG_KEYS 70 /* about half of what is put is replaced before it is collected */
#define YOUNG_ROUNDS 15
#define ROUNDS_LEAST 2
#define ROUNDS_MAX 64
#define BEFORE_MS_LEAST 1000
#define BEFORE_MS_MOST 10000

/* ---- the machine's memory --------------------------------------------------------- */

#define MEMORY_BYTES ((size_t)256 << 20)
#define MEMORY_PAGE_BYTES 4096

static double touch_us(volatile uint8_t *memory)
{
    uint64_t started_ns = os_clock_cpu_ns();
    for (size_t at = 0; at < MEMORY_BYTES; at += MEMORY_PAGE_BYTES)
        memory[at]++;
    return (double)(os_clock_cpu_ns() - started_ns) / 1e3 / (double)(MEMORY_BYTES / MEMORY_PAGE_BYTES);
}

/* What a page costs that the process did not have: on a virtual machine its host may have to find it, too.
 * Every collection needs one for each page that it writes and that the page cache has not.  In a process of its
 * own, so that it is no part of the peak. */
static double new_page_us(void)
{
    double *result = mmap(NULL, sizeof *result, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(result != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        void *memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(memory != MAP_FAILED);
        double first_us = touch_us(memory);
        *result = first_us - touch_us(memory);
        _exit(0);
    }
    CHECK(child > 0 && waitpid(child, NULL, 0) == child);
    double page_us = *result;
    munmap(result, sizeof *result);
    return page_us;
}

/* ---- live ------------------------------------------------------------------------- */

struct results {
    struct gc_samples before, during, pauses, young_ms, nanoseconds;
    double first_nanoseconds, new_page_us;
    uint64_t objects;
    uint64_t live_bytes;
    uint64_t written_bytes;
    uint64_t full_ms;
};

static uint64_t before_ms(uint64_t full_ms)
{
    return full_ms < BEFORE_MS_LEAST ? BEFORE_MS_LEAST : full_ms < BEFORE_MS_MOST ? full_ms : BEFORE_MS_MOST;
}

static void note(struct results *results, const struct collector_record *record)
{
    bench_sample(&results->pauses, (double)record->pause_us / 1e3);
}

static void collect_first(struct gc_bench *bench, struct results *results)
{
    struct collector_record record;
    bench_must(host_collect(bench->host, true, &record));
    results->first_nanoseconds = bench_ns_per_object(&record);
    results->full_ms = record.duration_ms;
    fprintf(stderr, "bench-gc: the first collection took %" PRIu64 " ms\n", record.duration_ms);
}

static void collect_under_load(struct gc_bench *bench, struct results *results)
{
    struct gc_waited waited = {0};
    uint64_t before_bytes = bench_written_bytes(bench);
    bench_must(host_gc_request(bench->host, true, bench_on_collected, &waited));
    bench_load(bench, &results->during, bench_until_collected, &waited);
    note(results, &waited.record);
    bench_sample(&results->nanoseconds, bench_ns_per_object(&waited.record));
    results->objects = waited.record.objects;
    results->live_bytes = waited.record.live_bytes;
    results->full_ms = waited.record.duration_ms;
    results->written_bytes = bench_written_bytes(bench) - before_bytes;
}

/* What was written as fast as it goes, the disk may still be busy with. */
static void rest(const struct results *results)
{
    os_sleep_ms(before_ms(results->full_ms));
}

/* Each round makes and leaves the same. */
static void collect_young(struct gc_bench *bench, struct results *results)
{
    struct collector_record record;
    bench_must(host_collect(bench->host, false, &record));
    uint64_t start_bytes = bench_used_bytes(bench);
    for (uint64_t number = 0; bench_used_bytes(bench) < start_bytes + YOUNG_BYTES; number++)
        bench_put(bench, bench->entries + number % YOUNG_KEYS, GC_SMALL_CELLS * 20);
    bench_must(host_collect(bench->host, false, &record));
    note(results, &record);
    bench_sample(&results->young_ms, (double)record.cpu_us / 1e3);
}

static void young(struct gc_bench *bench, struct results *results)
{
    uint64_t started_ns = os_clock_ns();
    for (unsigned round = 0; round < YOUNG_ROUNDS; round++)
        collect_young(bench, results);
    fprintf(stderr, "bench-gc: %d young collections in %" PRIu64 " s\n", YOUNG_ROUNDS,
            (os_clock_ns() - started_ns) / 1000000000);
}

static void print_live(struct results *results, const char *name)
{
    printf("{\"size\": \"%s\", \"live_bytes\": %" PRIu64 ", \"objects\": %" PRIu64 ", \"pause_p99_ms\": %.2f, "
           "\"pause_max_ms\": %.2f, \"pauses\": %zu, \"ns_per_object\": %.1f, \"first_ns_per_object\": %.1f, "
           "\"new_page_us\": %.2f, \"event_p50_before_ms\": %.2f, \"event_p99_before_ms\": %.2f, "
           "\"event_p50_during_ms\": %.2f, \"event_p99_during_ms\": %.2f, \"events_before\": %zu, "
           "\"events_during\": %zu, \"full_ms\": %" PRIu64 ", \"young_ms\": %.1f, \"young_least_ms\": %.1f, "
           "\"peak_rss_bytes\": %" PRIu64 ", \"written_bytes\": %" PRIu64 "}\n",
           name, results->live_bytes, results->objects, bench_quantile(&results->pauses, 0.99),
           bench_quantile(&results->pauses, 1), results->pauses.count, bench_quantile(&results->nanoseconds, 0.5),
           results->first_nanoseconds, results->new_page_us, bench_quantile(&results->before, 0.5),
           bench_quantile(&results->before, 0.99), bench_quantile(&results->during, 0.5),
           bench_quantile(&results->during, 0.99), results->before.count, results->during.count, results->full_ms,
           bench_quantile(&results->young_ms, 0.5), bench_quantile(&results->young_ms, 0), os_resident_peak_bytes(),
           results->written_bytes);
}

void gc_live(char **words)
{
    const struct host_options options = {.gc = {.mode = HOST_GC_OFF}};
    struct results results = {.before = bench_samples_new(),
                              .during = bench_samples_new(),
                              .pauses = bench_samples_new(),
                              .young_ms = bench_samples_new(),
                              .nanoseconds = bench_samples_new(),
                              .new_page_us = new_page_us()};
    struct gc_bench bench = bench_begin(words[0], words[1], bench_read_size(words[2]), &options);
    uint64_t milliseconds = strtoull(words[3], NULL, 10) * 1000, spent_ms = 0;
    collect_first(&bench, &results);
    rest(&results);
    for (unsigned round = 0; round < ROUNDS_MAX && (round < ROUNDS_LEAST || spent_ms < milliseconds); round++) {
        uint64_t deadline_ns = os_clock_ns() + before_ms(results.full_ms) * 1000000;
        bench_load(&bench, &results.before, bench_until_deadline, &deadline_ns);
        collect_under_load(&bench, &results);
        spent_ms += results.full_ms;
        fprintf(stderr, "bench-gc: round %u: %" PRIu64 " ms, %.1f ns an object\n", round, results.full_ms,
                results.nanoseconds.values[results.nanoseconds.count - 1]);
    }
    young(&bench, &results);
    print_live(&results, words[2]);
    host_close(bench.host);
}

/* ---- copying alone ---------------------------------------------------------------- */

void gc_copy(char **words)
{
    const struct host_options options = {.gc = {.mode = HOST_GC_OFF}};
    struct gc_bench bench = bench_begin(words[0], words[1], bench_read_size(words[2]), &options);
    struct gc_samples nanoseconds = bench_samples_new();
    struct collector_record record = {0};
    for (uint64_t round = strtoull(words[3], NULL, 10) + 1; round > 0; round--) {
        bench_must(host_collect(bench.host, true, &record));
        bench_sample(&nanoseconds, bench_ns_per_object(&record));
        fprintf(stderr, "bench-gc: %.1f ns an object, %" PRIu64 " ms\n", nanoseconds.values[nanoseconds.count - 1],
                record.duration_ms);
    }
    printf("{\"size\": \"%s\", \"objects\": %" PRIu64 ", \"ns_per_object\": %.1f, \"ns_per_object_least\": %.1f}\n",
           words[2], record.objects, bench_quantile(&nanoseconds, 0.5), bench_quantile(&nanoseconds, 0));
    host_close(bench.host);
}

/* ---- the program ------------------------------------------------------------------ */

int main(int count, char **words)
{
    static const struct {
        const char *name;
        int count;
        void (*run)(char **words);
    } parts[] = {
        {"live", 6, gc_live}, {"copy", 6, gc_copy}, {"parts", 6, gc_parts}, {"week", 4, gc_week}, {"disk", 5, gc_disk}};
    for (size_t i = 0; count > 1 && i < COUNT_OF(parts); i++)
        if (strcmp(words[1], parts[i].name) == 0 && count == parts[i].count) {
            parts[i].run(words + 2);
            return 0;
        }
    fprintf(stderr, "usage: bench-gc live KERNEL.jam DIR SIZE SECONDS | copy KERNEL.jam DIR SIZE ROUNDS | parts "
                    "KERNEL.jam DIR SIZE ROUNDS | week KERNEL.jam DIR | disk DIR SIZE RATE\n");
    return 64;
}
