/* jam, cue and text in megabytes of jam a second.
 *
 *     bench-codec FILE.jam...
 *
 * For each file: the median of several rounds after one to warm up.  Cue
 * starts from a clear stack each time; jam runs on a noun just cued, whose
 * mugs nobody has asked for yet ("fresh"), and again with them ("warm").  The
 * last line is one JSON object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/codec.h"
#include "os/os.h"
#include "support/space.h"

#define ROUNDS_MAX 201
#define ROUND_BUDGET_NS 1000000000u

enum task { TASK_CUE, TASK_JAM_FRESH, TASK_JAM_WARM, TASK_PRINT, TASK_READ, TASK_COUNT };

static const char *const task_names[] = {"cue", "jam_fresh", "jam_warm", "print", "read"};

struct sample {
    uint64_t ns[TASK_COUNT][ROUNDS_MAX];
    size_t rounds;
};

static uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-codec: %s: %s\n", status_name(status), status_message());
    exit(1);
}

static uint64_t time_jam(noun n)
{
    uint8_t *bytes;
    size_t size_bytes;
    uint64_t start = now_ns();
    must(codec_jam(n, &bytes, &size_bytes));
    uint64_t ns = now_ns() - start;
    free(bytes);
    return ns;
}

/* One round over the jam, as the tasks are listed. */
static void round_once(struct stack *stack, const uint8_t *bytes, size_t size_bytes, uint64_t *ns)
{
    struct codec_cue_limits limits = {.allow_rest = true};
    noun n, again;
    stack_clear(stack);
    uint64_t start = now_ns();
    must(codec_cue(stack, bytes, size_bytes, &limits, &n));
    ns[TASK_CUE] = now_ns() - start;
    ns[TASK_JAM_FRESH] = time_jam(n);
    ns[TASK_JAM_WARM] = time_jam(n);
    char *text;
    size_t text_bytes;
    start = now_ns();
    enum status printed = codec_print(n, &(struct codec_text_options){.limit_bytes = 64 << 20}, &text, &text_bytes);
    ns[TASK_PRINT] = now_ns() - start;
    must(printed);
    start = now_ns();
    if (text_bytes < 64 << 20)
        must(codec_read(stack, "print", text, text_bytes, &again));
    ns[TASK_READ] = now_ns() - start;
    free(text);
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

static void measure(struct stack *stack, const uint8_t *bytes, size_t size_bytes, struct sample *sample)
{
    uint64_t ns[TASK_COUNT];
    round_once(stack, bytes, size_bytes, ns);
    uint64_t start = now_ns();
    for (sample->rounds = 0; sample->rounds < ROUNDS_MAX && now_ns() - start < ROUND_BUDGET_NS; sample->rounds++) {
        round_once(stack, bytes, size_bytes, ns);
        for (int task = 0; task < TASK_COUNT; task++)
            sample->ns[task][sample->rounds] = ns[task];
    }
    for (int task = 0; task < TASK_COUNT; task++)
        qsort(sample->ns[task], sample->rounds, sizeof(uint64_t), compare_ns);
}

static double megabytes_per_second(size_t size_bytes, uint64_t ns)
{
    return ns == 0 ? 0 : (double)size_bytes * 1000.0 / (double)ns;
}

static void report(const char *path, size_t size_bytes, const struct sample *sample, bool is_first)
{
    const char *name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    printf("%s\"%s\": {\"bytes\": %zu", is_first ? "" : ", ", name, size_bytes);
    for (int task = 0; task < TASK_COUNT; task++) {
        uint64_t median = sample->ns[task][sample->rounds / 2], low = sample->ns[task][sample->rounds / 10];
        double speed = megabytes_per_second(size_bytes, median);
        printf(", \"%s_mb_per_s\": %.1f", task_names[task], speed);
        fprintf(stderr, "%-36s %9zu bytes  %-10s %8.1f MB/s  (median %8.3f ms, low decile %8.3f ms)\n", name,
                size_bytes, task_names[task], speed, (double)median / 1e6, (double)low / 1e6);
    }
    printf("}");
}

int main(int argument_count, char **arguments)
{
    static struct sample sample;
    struct stack *stack = space_stack();
    printf("{");
    for (int i = 1; i < argument_count; i++) {
        uint8_t *bytes;
        size_t size_bytes;
        must(os_read_whole(arguments[i], (uint64_t)4 << 30, &bytes, &size_bytes));
        measure(stack, bytes, size_bytes, &sample);
        report(arguments[i], size_bytes, &sample, i == 1);
        free(bytes);
    }
    printf("}\n");
    return 0;
}
