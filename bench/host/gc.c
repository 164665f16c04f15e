/* What does collecting the arena cost events, the disk and memory?
 *
 *     bench-gc live KERNEL.jam DIR SIZE SECONDS
 *     bench-gc copy KERNEL.jam DIR SIZE ROUNDS
 *     bench-gc week KERNEL.jam DIR
 *
 * `live` fills a ledger with SIZE of live objects: a map of accounts, and
 * entries that are trees of 1 MiB.  Then events come at a steady rate, each due
 * at its time whether the one before is done or not: most add to an account,
 * one in sixteen puts a tree of 24 KiB in the place of an entry.  Their latency runs
 * from that time to the return of the durable event.  It is taken during full
 * collections at the usual pace, until they have taken SECONDS together, and
 * before each of them for as long as the one before took, but no longer than a minute.  At the end a fixed
 * amount of young garbage is made and collected, several times, as fast as it
 * goes.  One line of JSON.
 *
 * `copy` collects everything, again and again, as fast as it goes, with no events.
 *
 * `week` lets the policy alone decide, at a load of 168 hours of half a second, and
 * looks at the file's size every 50 ms.
 */
#include <stdio.h>

#include "arena/arena.h"
#include "host/kernel.h"
#include "recovery/recovery.h"

#define MIB ((uint64_t)1 << 20)
#define ENTRY_CELLS ((uint64_t)43690) /* 1 MiB */
#define SMALL_CELLS ((uint64_t)1000)
#define ACCOUNTS ((uint64_t)50000)
#define FIRST_ENTRY ((uint64_t)1 << 40) /* keys of entries, above those of accounts */
#define RATE 100                        /* events a second */
#define YOUNG_BYTES (64 * MIB)
#define YOUNG_ROUNDS 5
#define SAMPLES_MAX ((size_t)1 << 20)
#define ROUNDS_LEAST 2
#define ROUNDS_MAX 64
#define BEFORE_MS_LEAST 1000
#define BEFORE_MS_MOST 60000

struct bench {
    struct host *host;
    uint64_t entries;
    uint64_t random;
    uint64_t leaf; /* the next leaf of a tree: no two are alike */
};

struct samples {
    double *values; /* owned */
    size_t count;
};

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-gc: %s\n", status_message());
    exit(1);
}

static uint64_t below(struct bench *bench, uint64_t bound)
{
    bench->random += 0x9e3779b97f4a7c15u;
    return bits_mix64(bench->random) % bound;
}

/* ---- samples --------------------------------------------------------------------- */

static struct samples samples_new(void)
{
    struct samples samples = {.values = malloc(SAMPLES_MAX * sizeof(double))};
    CHECK(samples.values != NULL);
    return samples;
}

static void sample(struct samples *samples, double value)
{
    if (samples->count < SAMPLES_MAX)
        samples->values[samples->count++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Sorts. */
static double quantile(struct samples *samples, double part)
{
    if (samples->count == 0)
        return 0;
    qsort(samples->values, samples->count, sizeof(double), compare);
    return samples->values[(size_t)(part * (double)(samples->count - 1) + 0.5)];
}

/* ---- events ------------------------------------------------------------------------ */

static void poke(struct bench *bench, noun cause)
{
    struct host_event event;
    must(host_poke(bench->host, host_wire(bench->host, "bench", NULL), cause, &event));
    if (event.answer != HOST_ACCEPTED) {
        fprintf(stderr, "bench-gc: an event was not accepted: %s\n", status_message());
        exit(1);
    }
}

static noun tree(struct bench *bench, uint64_t cells)
{
    struct stack *stack = host_stack(bench->host);
    if (cells == 0)
        return bench->leaf++;
    uint64_t left = (cells - 1) / 2;
    noun head = tree(bench, left); /* to a depth of 16 */
    return stack_cell(stack, head, tree(bench, cells - 1 - left));
}

static void put(struct bench *bench, uint64_t entry, uint64_t cells)
{
    host_reset(bench->host);
    struct stack *stack = host_stack(bench->host);
    noun value = tree(bench, cells);
    poke(bench, stack_triple(stack, noun_cord("put"), FIRST_ENTRY + entry, value));
}

static void add(struct bench *bench)
{
    host_reset(bench->host);
    poke(bench,
         stack_triple(host_stack(bench->host), noun_cord("add"), below(bench, ACCOUNTS), 1 + below(bench, 1000)));
}

static void one_event(struct bench *bench, uint64_t number)
{
    if (number % 16 == 0)
        put(bench, bench->entries + below(bench, 1000), SMALL_CELLS);
    else
        add(bench);
}

static uint64_t used_bytes(struct bench *bench)
{
    struct host_status facts;
    must(host_status_read(bench->host, &facts));
    return facts.arena_used_bytes;
}

static void fill(struct bench *bench, uint64_t size_bytes)
{
    host_reset(bench->host);
    poke(bench, stack_triple(host_stack(bench->host), noun_cord("fill"), 0, ACCOUNTS));
    uint64_t base_bytes = used_bytes(bench);
    uint64_t wanted = size_bytes / MIB > base_bytes / MIB ? size_bytes / MIB - base_bytes / MIB : 1;
    for (bench->entries = 0; bench->entries < wanted; bench->entries++)
        put(bench, bench->entries, ENTRY_CELLS);
}

/* ---- the load ------------------------------------------------------------------------- */

/* At a steady rate while `goes_on` says so; the latencies go to `samples`. */
static void load(struct bench *bench, struct samples *samples, bool (*goes_on)(void *context), void *context)
{
    uint64_t started_ns = os_clock_ns();
    for (uint64_t number = 0; goes_on(context); number++) {
        uint64_t due_ns = started_ns + number * (1000000000 / RATE);
        while (os_clock_ns() < due_ns)
            os_sleep_ms(1);
        one_event(bench, number);
        sample(samples, (double)(os_clock_ns() - due_ns) / 1e6);
    }
}

static bool until_deadline(void *deadline_ns)
{
    return os_clock_ns() < *(const uint64_t *)deadline_ns;
}

struct waited {
    bool is_over;
    struct collector_record record;
};

static void on_collected(void *context, struct host *host, enum status status, const struct collector_record *record)
{
    struct waited *waited = context;
    (void)host;
    must(status);
    waited->is_over = true;
    waited->record = *record;
}

static bool until_collected(void *waited)
{
    return !((const struct waited *)waited)->is_over;
}

/* ---- live ---------------------------------------------------------------------------------- */

struct results {
    struct samples before, during, pauses, young_ms, nanoseconds;
    uint64_t objects;
    uint64_t live_bytes;
    uint64_t written_bytes;
    uint64_t full_ms;
};

static uint64_t written_bytes(struct bench *bench)
{
    struct arena_statistics statistics;
    arena_statistics(host_node(bench->host)->arena, &statistics);
    return statistics.written_bytes;
}

/* By events alone, without what collections copy. */
static uint64_t committed_bytes(struct bench *bench)
{
    struct arena_statistics statistics;
    arena_statistics(host_node(bench->host)->arena, &statistics);
    return statistics.committed_bytes;
}

static void note(struct results *results, const struct collector_record *record)
{
    sample(&results->pauses, (double)record->pause_us / 1e3);
}

static void collect_under_load(struct bench *bench, struct results *results)
{
    struct waited waited = {0};
    uint64_t before_bytes = written_bytes(bench);
    must(host_gc_request(bench->host, true, on_collected, &waited));
    load(bench, &results->during, until_collected, &waited);
    note(results, &waited.record);
    sample(&results->nanoseconds, (double)waited.record.cpu_us * 1e3 / (double)waited.record.objects);
    results->objects = waited.record.objects;
    results->live_bytes = waited.record.live_bytes;
    results->full_ms = waited.record.duration_ms;
    results->written_bytes = written_bytes(bench) - before_bytes;
}

static void collect_young(struct bench *bench, struct results *results)
{
    struct collector_record record;
    must(host_collect(bench->host, false, &record));
    uint64_t start_bytes = used_bytes(bench);
    for (uint64_t number = 0; used_bytes(bench) < start_bytes + YOUNG_BYTES; number++)
        put(bench, bench->entries + below(bench, 100), SMALL_CELLS * 20);
    must(host_collect(bench->host, false, &record));
    note(results, &record);
    sample(&results->young_ms, (double)record.cpu_us / 1e3);
}

static void print_live(struct results *results, const char *name)
{
    printf("{\"size\": \"%s\", \"live_bytes\": %" PRIu64 ", \"objects\": %" PRIu64 ", \"pause_p99_ms\": %.2f, "
           "\"pause_max_ms\": %.2f, \"pauses\": %zu, \"ns_per_object\": %.1f, \"event_p50_before_ms\": %.2f, "
           "\"event_p99_before_ms\": %.2f, \"event_p50_during_ms\": %.2f, \"event_p99_during_ms\": %.2f, "
           "\"events_during\": %zu, \"full_ms\": %" PRIu64 ", \"young_ms\": %.1f, \"peak_rss_bytes\": %" PRIu64
           ", \"written_bytes\": %" PRIu64 "}\n",
           name, results->live_bytes, results->objects, quantile(&results->pauses, 0.99), quantile(&results->pauses, 1),
           results->pauses.count, quantile(&results->nanoseconds, 0.5), quantile(&results->before, 0.5),
           quantile(&results->before, 0.99), quantile(&results->during, 0.5), quantile(&results->during, 0.99),
           results->during.count, results->full_ms, quantile(&results->young_ms, 0.5), os_resident_peak_bytes(),
           results->written_bytes);
}

static uint64_t read_size(const char *text)
{
    char *unit;
    double number = strtod(text, &unit);
    return (uint64_t)(number * (*unit == 'G' ? 1024.0 : 1.0)) * MIB;
}

/* A machine with so much in it.  Nobody waits for the disk while it is filled. */
static struct bench begin(const char *kernel_path, const char *directory, uint64_t size_bytes,
                          const struct host_options *options)
{
    struct bench bench = {.leaf = 1};
    struct host_kernel kernel;
    struct host_options filling = *options;
    filling.durability.mode = HOST_DURABLE_NONE;
    uint64_t started_ns = os_clock_ns();
    must(os_read_whole(kernel_path, 64 * MIB, (uint8_t **)&kernel.bytes, &kernel.size_bytes));
    must(host_create(directory, &kernel, NULL, &filling, &bench.host));
    free((void *)kernel.bytes);
    fill(&bench, size_bytes);
    host_close(bench.host);
    must(host_open(directory, NULL, options, &bench.host));
    fprintf(stderr, "bench-gc: %" PRIu64 " MiB used, filled in %" PRIu64 " s\n", used_bytes(&bench) / MIB,
            (os_clock_ns() - started_ns) / 1000000000);
    return bench;
}

static void young(struct bench *bench, struct results *results)
{
    uint64_t started_ns = os_clock_ns();
    for (unsigned round = 0; round < YOUNG_ROUNDS; round++)
        collect_young(bench, results);
    fprintf(stderr, "bench-gc: %d young collections in %" PRIu64 " s\n", YOUNG_ROUNDS,
            (os_clock_ns() - started_ns) / 1000000000);
}

static uint64_t before_ms(uint64_t full_ms)
{
    return full_ms < BEFORE_MS_LEAST ? BEFORE_MS_LEAST : full_ms < BEFORE_MS_MOST ? full_ms : BEFORE_MS_MOST;
}

static void live(char **words)
{
    const struct host_options options = {.gc = {.mode = HOST_GC_OFF}};
    struct bench bench = begin(words[0], words[1], read_size(words[2]), &options);
    uint64_t milliseconds = strtoull(words[3], NULL, 10) * 1000, spent_ms = 0;
    struct results results = {samples_new(), samples_new(), samples_new(), samples_new(), samples_new(), 0, 0, 0, 0};
    struct collector_record record;
    must(host_collect(bench.host, true, &record));
    fprintf(stderr, "bench-gc: the first collection took %" PRIu64 " ms\n", record.duration_ms);
    results.full_ms = record.duration_ms;
    for (unsigned round = 0; round < ROUNDS_MAX && (round < ROUNDS_LEAST || spent_ms < milliseconds); round++) {
        uint64_t deadline_ns = os_clock_ns() + before_ms(results.full_ms) * 1000000;
        load(&bench, &results.before, until_deadline, &deadline_ns);
        collect_under_load(&bench, &results);
        spent_ms += results.full_ms;
        fprintf(stderr, "bench-gc: round %u: %" PRIu64 " ms\n", round, results.full_ms);
    }
    young(&bench, &results);
    print_live(&results, words[2]);
    host_close(bench.host);
}

/* ---- copying alone ------------------------------------------------------------------------------ */

static void copy(char **words)
{
    const struct host_options options = {.gc = {.mode = HOST_GC_OFF}};
    struct bench bench = begin(words[0], words[1], read_size(words[2]), &options);
    struct samples nanoseconds = samples_new();
    struct collector_record record = {0};
    for (uint64_t round = strtoull(words[3], NULL, 10) + 1; round > 0; round--) {
        must(host_collect(bench.host, true, &record));
        sample(&nanoseconds, (double)record.cpu_us * 1e3 / (double)record.objects);
        fprintf(stderr, "bench-gc: %.1f ns an object, %" PRIu64 " ms\n", nanoseconds.values[nanoseconds.count - 1],
                record.duration_ms);
    }
    printf("{\"size\": \"%s\", \"objects\": %" PRIu64 ", \"ns_per_object\": %.1f, \"ns_per_object_least\": %.1f}\n",
           words[2], record.objects, quantile(&nanoseconds, 0.5), quantile(&nanoseconds, 0));
    host_close(bench.host);
}

/* ---- a week ------------------------------------------------------------------------------------ */

#define WEEK_HOURS 168
#define WEEK_LIVE_BYTES (64 * MIB)
#define WEEK_HOUR_BYTES (2 * MIB)
#define WEEK_BYTES_PER_SECOND (4 * MIB)
#define WEEK_LOOK_NS ((uint64_t)50000000)

struct week {
    struct bench *bench;
    struct samples pauses, files, used;
    uint64_t started_ns, look_ns;
};

static void on_week_collected(void *context, const struct collector_record *record)
{
    struct week *week = context;
    struct arena_statistics statistics;
    arena_statistics(host_node(week->bench->host)->arena, &statistics);
    sample(&week->pauses, (double)record->pause_us / 1e3);
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
    sample(&week->files, (double)statistics.file_bytes);
    sample(&week->used, (double)statistics.appended_bytes);
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
    struct bench *bench = week->bench;
    uint64_t number = 0, before_bytes = committed_bytes(bench), appended_bytes = 0;
    while (appended_bytes < WEEK_HOURS * WEEK_HOUR_BYTES) {
        if (number % 16 == 0)
            put(bench, below(bench, bench->entries), ENTRY_CELLS);
        else
            add(bench);
        number++;
        appended_bytes = committed_bytes(bench) - before_bytes;
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
           WEEK_HOURS, seconds, events, committed_bytes(week->bench), live_bytes, (uint64_t)HOST_GC_SLACK_BYTES,
           quantile(&week->used, 1) / bound_bytes, quantile(&week->files, 0.5) / bound_bytes,
           quantile(&week->files, 1) / bound_bytes, gc.history.young_count, gc.history.full_count,
           quantile(&week->pauses, 1));
}

static void week(char **words)
{
    struct week week = {.pauses = samples_new(), .files = samples_new(), .used = samples_new()};
    const struct host_options options = {
        .listener = {.context = &week, .collected = on_week_collected},
        .gc = {.mode = HOST_GC_AUTO},
    };
    struct bench bench = begin(words[0], words[1], WEEK_LIVE_BYTES, &options);
    struct collector_record record;
    week.bench = &bench;
    week.started_ns = os_clock_ns();
    uint64_t events = live_through(&week), seconds = (os_clock_ns() - week.started_ns) / 1000000000;
    must(host_collect(bench.host, true, &record));
    print_week(&week, events, record.live_bytes, seconds);
    host_close(bench.host);
}

int main(int count, char **words)
{
    if (count == 6 && strcmp(words[1], "live") == 0)
        live(words + 2);
    else if (count == 6 && strcmp(words[1], "copy") == 0)
        copy(words + 2);
    else if (count == 4 && strcmp(words[1], "week") == 0)
        week(words + 2);
    else {
        fprintf(stderr, "usage: bench-gc live KERNEL.jam DIR SIZE SECONDS | copy KERNEL.jam DIR SIZE ROUNDS | week "
                        "KERNEL.jam DIR\n");
        return 64;
    }
    return 0;
}
