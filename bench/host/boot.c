/* How long from the start of a process to its first answer?
 *
 *     bench-boot DIR
 *
 * makes two machines in DIR, with states of 2 MiB and 2 GiB, and starts each
 * several times in a process of its own: a full start, with the lock, the log,
 * the arena, kick and load, up to the answer of a first peek.  The clock runs
 * from before fork.  Medians; the files are in the page cache.  The processor time
 * is the whole process's, its end included, and says more on a busy machine.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/kernel.h"
#include "must.h"

#define MIB ((uint64_t)1 << 20)
#define STARTS 15
#define SMALL_BYTES (2 * MIB)
#define LARGE_BYTES (2048 * MIB)

/* ---- making the state ------------------------------------------------------------- */

static uint64_t arena_bytes(struct host *host)
{
    struct host_status facts;
    must(host_status_read(host, &facts));
    return facts.arena_used_bytes;
}

/* Pokes with trees until the arena holds `size_bytes`. */
static void grow(struct host *host, uint64_t size_bytes)
{
    noun depth = size_bytes > 64 * MIB ? 20 : 15;
    while (arena_bytes(host) < size_bytes) {
        struct host_event event;
        host_reset(host);
        must(host_poke(host, host_wire(host, "sys", NULL), depth, &event));
        CHECK(event.answer == HOST_ACCEPTED);
    }
}

static void make(const char *directory, uint64_t size_bytes)
{
    struct host_kernel kernel = bench_kernel_jam(BENCH_KERNEL_GROW);
    struct host *host;
    must(host_create(directory, &kernel, NULL, NULL, &host));
    grow(host, size_bytes);
    host_close(host);
    free((void *)kernel.bytes);
}

/* ---- starting ------------------------------------------------------------------------ */

static int child(const char *directory)
{
    struct host *host;
    noun product;
    must(host_open(directory, NULL, NULL, &host));
    must(host_peek(host, stack_cell(host_stack(host), noun_cord("x"), 0), &product));
    CHECK(noun_is_cell(product));
    if (write(STDOUT_FILENO, "!", 1) != 1)
        return 1;
    host_close(host);
    return 0;
}

static double time_ms(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static double start_ms(const char *program, const char *directory, double *cpu_ms)
{
    int ends[2];
    char answer;
    CHECK(pipe(ends) == 0);
    uint64_t started_ns = os_clock_ns();
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, "--child", directory, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    bool has_answer = read(ends[0], &answer, 1) == 1;
    double elapsed_ms = (double)(os_clock_ns() - started_ns) / 1e6;
    close(ends[0]);
    int status;
    struct rusage usage;
    wait4(pid, &status, 0, &usage);
    CHECK(has_answer && status == 0);
    *cpu_ms = time_ms(usage.ru_utime) + time_ms(usage.ru_stime);
    return elapsed_ms;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct starts {
    double median_ms, worst_ms, cpu_ms;
};

static struct starts measure(const char *directory)
{
    static const char program[] = "/proc/self/exe";
    double times[STARTS], cpu_times[STARTS];
    start_ms(program, directory, cpu_times);
    for (int i = 0; i < STARTS; i++)
        times[i] = start_ms(program, directory, &cpu_times[i]);
    qsort(times, STARTS, sizeof *times, compare);
    qsort(cpu_times, STARTS, sizeof *cpu_times, compare);
    return (struct starts){times[STARTS / 2], times[STARTS - 1], cpu_times[STARTS / 2]};
}

int main(int count, char **words)
{
    if (count == 3 && strcmp(words[1], "--child") == 0)
        return child(words[2]);
    if (count != 2) {
        fprintf(stderr, "usage: bench-boot DIR\n");
        return 64;
    }
    char small[4096], large[4096];
    snprintf(small, sizeof small, "%s/small", words[1]);
    snprintf(large, sizeof large, "%s/large", words[1]);
    make(small, SMALL_BYTES);
    fprintf(stderr, "making a state of 2 GiB\n");
    make(large, LARGE_BYTES);
    struct starts small_starts = measure(small), large_starts = measure(large);
    printf("{\"small_ms\": %.2f, \"large_ms\": %.2f, \"small_worst_ms\": %.2f, \"large_worst_ms\": %.2f, "
           "\"small_cpu_ms\": %.2f, \"large_cpu_ms\": %.2f, \"starts\": %d}\n",
           small_starts.median_ms, large_starts.median_ms, small_starts.worst_ms, large_starts.worst_ms,
           small_starts.cpu_ms, large_starts.cpu_ms, STARTS);
    return 0;
}
