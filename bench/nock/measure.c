#include "measure.h"

#include "os/os.h"

#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS_MIN 3
#define ROUNDS_MAX 51
#define BUDGET_NS ((uint64_t)1000000000)

struct sample {
    uint64_t ns, instructions;
};

/* A descriptor that counts this thread's instructions outside the kernel, or -1. */
static int counter(void)
{
    static int descriptor = -2;
    if (descriptor == -2) {
        struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE,
                                             .size = sizeof attributes,
                                             .config = PERF_COUNT_HW_INSTRUCTIONS,
                                             .exclude_kernel = 1,
                                             .exclude_hv = 1};
        descriptor = (int)syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0);
    }
    return descriptor;
}

static uint64_t instructions_now(void)
{
    uint64_t count = 0;
    if (counter() < 0 || read(counter(), &count, sizeof count) != sizeof count)
        return 0;
    return count;
}

static int compare_samples(const void *a, const void *b)
{
    uint64_t x = ((const struct sample *)a)->ns, y = ((const struct sample *)b)->ns;
    return (x > y) - (x < y);
}

/* Of its own, so that tools/bench-count can have callgrind count here only. */
__attribute__((noinline)) bool measure_counted(measure_round *round, void *context);
__attribute__((noinline)) bool measure_counted(measure_round *round, void *context)
{
    bool right = round(context);
    __asm__ volatile("" ::: "memory"); /* no tail call */
    return right;
}

bool measure(measure_round *round, void *context, void (*begin)(void), size_t rounds, struct measurement *measurement)
{
    struct sample samples[ROUNDS_MAX];
    size_t least = rounds == 0 ? ROUNDS_MIN : rounds, most = rounds == 0 || rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    size_t count = 0;
    uint64_t spent_ns = 0;
    if (!round(context))
        return false;
    if (begin != NULL)
        begin();
    for (; count < most && (count < least || spent_ns < BUDGET_NS); count++) {
        uint64_t start_instructions = instructions_now(), start_ns = os_clock_cpu_ns();
        bool right = measure_counted(round, context);
        samples[count] = (struct sample){os_clock_cpu_ns() - start_ns, instructions_now() - start_instructions};
        spent_ns += samples[count].ns;
        if (!right)
            return false;
    }
    qsort(samples, count, sizeof *samples, compare_samples);
    *measurement = (struct measurement){
        .median_ns = samples[count / 2].ns,
        .minimum_ns = samples[0].ns,
        .maximum_ns = samples[count - 1].ns,
        .total_ns = spent_ns,
        .instructions = samples[count / 2].instructions,
        .rounds = count,
    };
    return true;
}

/* Dependent multiplications: neither memory nor the compiler can help. */
static bool calibration_round(void *context)
{
    uint64_t *word = context;
    for (unsigned i = 0; i < 50000000; i++)
        *word = *word * 6364136223846793005u + 1442695040888963407u;
    return *word != 0;
}

void measure_calibration(struct measurement *measurement)
{
    uint64_t word = 1;
    CHECK(measure(calibration_round, &word, NULL, 0, measurement));
}
