/* Is the first event after a start as fast as the hundredth?
 *
 *     bench-warm DIR
 *
 * makes a machine of DIR/ledger.jam, the kernel of examples/ledger.loam, and
 * lets it run for a while.  Then it is started again and again, each time in a
 * process of its own that answers a hundred events, each setting one entry.
 * Measured is the CPU time of the thread, so that neither the disk nor other
 * programs count.  The best of all starts.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/kernel.h"

#define STARTS 21
#define EVENTS 100
#define EVENTS_BEFORE 300
#define ENTRIES 20000

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-warm: %s\n", status_message());
    exit(1);
}

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

/* Writes the time of each event. */
static int child(const char *machine, int out)
{
    struct host *host;
    uint64_t times_ns[EVENTS];
    must(host_open(machine, NULL, NULL, &host));
    for (noun i = 0; i < EVENTS; i++) {
        uint64_t started_ns = os_clock_cpu_ns();
        put(host, i * 104729);
        times_ns[i] = os_clock_cpu_ns() - started_ns;
    }
    host_close(host);
    return write(out, times_ns, sizeof times_ns) == sizeof times_ns ? 0 : 1;
}

static void start(const char *machine, uint64_t times_ns[EVENTS])
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(machine, ends[1]));
    close(ends[1]);
    bool has_all = read(ends[0], times_ns, EVENTS * sizeof *times_ns) == EVENTS * sizeof *times_ns;
    close(ends[0]);
    int status;
    waitpid(pid, &status, 0);
    CHECK(has_all && status == 0);
}

static double best_us(uint64_t times_ns[STARTS][EVENTS], unsigned event)
{
    uint64_t best_ns = UINT64_MAX;
    for (unsigned i = 0; i < STARTS; i++)
        best_ns = times_ns[i][event] < best_ns ? times_ns[i][event] : best_ns;
    return (double)best_ns / 1e3;
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
    static uint64_t times_ns[STARTS][EVENTS];
    pid_t maker = fork();
    if (maker == 0) {
        make(machine, jam);
        _exit(0);
    }
    int status;
    waitpid(maker, &status, 0);
    CHECK(status == 0);
    for (unsigned i = 0; i < STARTS; i++)
        start(machine, times_ns[i]);
    double first_us = best_us(times_ns, 0), second_us = best_us(times_ns, 1);
    double last_us = best_us(times_ns, EVENTS - 1);
    printf("{\"first_us\": %.1f, \"second_us\": %.1f, \"hundredth_us\": %.1f, \"first_to_hundredth\": %.2f, "
           "\"starts\": %d}\n",
           first_us, second_us, last_us, first_us / last_us, STARTS);
    return 0;
}
