/* Is the first event after a start as fast as the hundredth?
 *
 *     bench-warm DIR
 *
 * makes a machine of DIR/ledger.jam, the kernel of examples/ledger.loam, and
 * lets it run for a while.  Then it is started again and again, each time in a
 * process of its own that answers a hundred events, each setting one entry, with
 * a pause before each: a processor that has done something else meanwhile is part
 * of life.  The first has a longer one, in which the log prepares itself, so it is
 * compared with later events after such a pause (`rested`) as well as with
 * the hundredth.  Every other start does without host_warm_up, which `loam run` does
 * before it takes events.
 *
 * Measured is the processor time of the thread that owns the machine, flush
 * included, and the time on the wall.  The medians of all starts; the ratio is of
 * the best, which the machine's other work disturbs least.  For comparison, an
 * event of a process that is warm but for the processor's caches, which 64 MiB
 * have been drawn through.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/kernel.h"
#include "must.h"

#define STARTS 21
#define EVENTS 100
#define EVENTS_BEFORE 300
#define ENTRIES 20000
#define PAUSE_MS 2
#define FIRST_PAUSE_MS 20
#define EVICTED_BYTES ((size_t)64 << 20)
#define EVICTIONS 5
#define RESTS 5

struct sample {
    uint64_t cpu_ns;
    uint64_t wall_ns;
    uint64_t faults;
};

struct life {
    struct sample start, warm_up; /* host_open; host_warm_up */
    struct sample events[EVENTS];
    struct sample rested[RESTS];
    struct sample evicted[EVICTIONS];
};

static void poke(struct host *host, noun cause)
{
    struct host_event event;
    must(host_poke(host, host_wire(host, "sys", NULL), cause, &event));
    CHECK(event.answer == HOST_ACCEPTED);
}

static void put(struct host *host, noun key)
{
    host_reset(host);
    poke(host, stack_triple(host_stack(host), noun_cord("put"), key % ENTRIES, key));
}

static void make(const char *machine, const char *jam)
{
    struct host *host;
    uint8_t *bytes;
    struct host_kernel kernel = {0};
    must(os_read_whole(jam, 1 << 24, &bytes, &kernel.size_bytes));
    kernel.bytes = bytes;
    must(host_create(machine, &kernel, NULL, NULL, &host));
    poke(host, stack_triple(host_stack(host), noun_cord("fill"), 0, ENTRIES));
    for (noun i = 0; i < EVENTS_BEFORE; i++)
        put(host, i * 7919);
    host_close(host);
    free(bytes);
}

/* ---- a start -------------------------------------------------------------------------- */

static struct sample now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (struct sample){os_clock_cpu_ns(), os_clock_ns(), (uint64_t)usage.ru_minflt};
}

static struct sample since(struct sample before)
{
    struct sample after = now();
    return (struct sample){after.cpu_ns - before.cpu_ns, after.wall_ns - before.wall_ns, after.faults - before.faults};
}

static struct sample event(struct host *host, noun key)
{
    struct sample before = now();
    put(host, key);
    return since(before);
}

static void evict(uint8_t *memory)
{
    for (size_t i = 0; i < EVICTED_BYTES; i += 64)
        memory[i]++;
}

static void live(struct host *host, struct life *life)
{
    for (noun i = 0; i < EVENTS; i++) {
        os_sleep_ms(i == 0 ? FIRST_PAUSE_MS : PAUSE_MS);
        life->events[i] = event(host, i * 104729);
    }
    for (noun i = 0; i < RESTS; i++) {
        os_sleep_ms(FIRST_PAUSE_MS);
        life->rested[i] = event(host, i * 15485863 + 3);
    }
    uint8_t *memory = calloc(1, EVICTED_BYTES);
    CHECK(memory != NULL);
    for (noun i = 0; i < EVICTIONS; i++) {
        evict(memory);
        life->evicted[i] = event(host, i * 31337 + 5);
    }
    free(memory);
}

static int child(const char *machine, bool warms_up, int out)
{
    struct host *host;
    static struct life life;
    struct sample before = now();
    must(host_open(machine, NULL, NULL, &host));
    life.start = since(before);
    before = now();
    if (warms_up)
        host_warm_up(host);
    life.warm_up = since(before);
    live(host, &life);
    host_close(host);
    return write(out, &life, sizeof life) == sizeof life ? 0 : 1;
}

static void start(const char *machine, bool warms_up, struct life *life)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(machine, warms_up, ends[1]));
    close(ends[1]);
    size_t got_bytes = 0;
    ssize_t some;
    while (got_bytes < sizeof *life && (some = read(ends[0], (char *)life + got_bytes, sizeof *life - got_bytes)) > 0)
        got_bytes += (size_t)some;
    close(ends[0]);
    int status;
    waitpid(pid, &status, 0);
    CHECK(got_bytes == sizeof *life && status == 0);
}

/* ---- of all starts ---------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* In microseconds, or as it is for faults: the best, and the median. */
struct summary {
    double best_cpu, cpu, wall, faults;
};

static double pick(const struct life *lives, size_t offset_bytes, size_t rank)
{
    uint64_t values[STARTS];
    for (unsigned i = 0; i < STARTS; i++)
        memcpy(&values[i], (const char *)&lives[i] + offset_bytes, sizeof values[i]);
    qsort(values, STARTS, sizeof *values, compare);
    return (double)values[rank];
}

static struct summary summarize(const struct life *lives, size_t offset_bytes)
{
    return (struct summary){
        .best_cpu = pick(lives, offset_bytes + offsetof(struct sample, cpu_ns), 0) / 1e3,
        .cpu = pick(lives, offset_bytes + offsetof(struct sample, cpu_ns), STARTS / 2) / 1e3,
        .wall = pick(lives, offset_bytes + offsetof(struct sample, wall_ns), STARTS / 2) / 1e3,
        .faults = pick(lives, offset_bytes + offsetof(struct sample, faults), STARTS / 2),
    };
}

static void print(const char *name, struct summary summary)
{
    printf("\"%s_us\": %.1f, \"%s_best_us\": %.1f, \"%s_wall_us\": %.1f, \"%s_faults\": %.0f, ", name, summary.cpu,
           name, summary.best_cpu, name, summary.wall, name, summary.faults);
}

#define OF(lives, field) summarize(lives, offsetof(struct life, field))

static void report(const struct life *warm, const struct life *cold)
{
    struct summary first = OF(warm, events[0]), last = OF(warm, events[EVENTS - 1]), unwarmed = OF(cold, events[0]);
    struct summary rested = OF(warm, rested[RESTS / 2]);
    printf("{");
    print("first", first);
    print("second", OF(warm, events[1]));
    print("hundredth", last);
    print("rested", rested);
    print("unwarmed_first", unwarmed);
    print("evicted", OF(warm, evicted[EVICTIONS / 2]));
    print("start", OF(warm, start));
    print("warm_up", OF(warm, warm_up));
    printf("\"first_to_rested\": %.2f, \"first_to_rested_median\": %.2f, ", first.best_cpu / rested.best_cpu,
           first.cpu / rested.cpu);
    printf("\"first_to_hundredth\": %.2f, \"first_to_hundredth_median\": %.2f, \"first_to_hundredth_wall\": %.2f, "
           "\"unwarmed_to_hundredth\": %.2f, \"starts\": %d}\n",
           first.best_cpu / last.best_cpu, first.cpu / last.cpu, first.wall / last.wall,
           unwarmed.best_cpu / last.best_cpu, STARTS);
}

int main(int count, char **words)
{
    if (count != 2) {
        fprintf(stderr, "usage: bench-warm DIR\n");
        return 64;
    }
    char machine[4096], jam[4096];
    snprintf(machine, sizeof machine, "%s/machine", words[1]);
    snprintf(jam, sizeof jam, "%s/ledger.jam", words[1]);
    static struct life warm[STARTS], cold[STARTS];
    pid_t maker = fork();
    if (maker == 0) {
        make(machine, jam);
        _exit(0);
    }
    int status;
    waitpid(maker, &status, 0);
    CHECK(status == 0);
    for (unsigned i = 0; i < STARTS; i++) {
        start(machine, true, &warm[i]);
        start(machine, false, &cold[i]);
    }
    report(warm, cold);
    return 0;
}
