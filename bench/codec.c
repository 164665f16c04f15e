/* jam, cue and mug in megabytes of jam a second, text in megabytes of text.
 *
 *     bench-codec FILE.jam...
 *
 * For each file the median of several rounds after one to warm up: cue on a
 * clear stack, jam and mug of the noun just cued.  The same for a noun made
 * here, a map of 100,000 records in the order of their mugs.  Then printing and
 * reading of a list of records.  Time is the processor time of the thread.  The last line is one
 * JSON object.
 */
#include <stdio.h>
#include <stdlib.h>

#include "codec/codec.h"
#include "os/os.h"
#include "support/space.h"
#include "must.h"

#define ROUNDS_MAX 201
#define ROUNDS_MIN 5
#define BUDGET_NS 1000000000u
#define RECORDS 20000

struct samples {
    uint64_t ns[ROUNDS_MAX];
    size_t count;
};

static void add_sample(struct samples *samples, uint64_t start_ns)
{
    if (samples->count < ROUNDS_MAX)
        samples->ns[samples->count++] = os_clock_cpu_ns() - start_ns;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* Prints a line for people to stderr and a member of an object to stdout. */
static void report(const char *what, size_t size_bytes, struct samples *samples)
{
    qsort(samples->ns, samples->count, sizeof(uint64_t), compare_ns);
    uint64_t median = samples->ns[samples->count / 2], best = samples->ns[0];
    double speed = (double)size_bytes * 1000.0 / (double)median,
           best_speed = (double)size_bytes * 1000.0 / (double)best;
    fprintf(stderr, "  %-6s %8.1f MB/s in the middle, %8.1f at best, of %zu rounds\n", what, speed, best_speed,
            samples->count);
    printf(", \"%s_mb_per_s\": %.1f, \"%s_best_mb_per_s\": %.1f", what, speed, what, best_speed);
}

static bool goes_on(const struct samples *samples, uint64_t start_ns)
{
    return samples->count < ROUNDS_MIN || (samples->count < ROUNDS_MAX && os_clock_cpu_ns() - start_ns < BUDGET_NS);
}

/* ---- bits ------------------------------------------------------------------- */

static size_t round_of_bits(struct stack *stack, const uint8_t *bytes, size_t size_bytes, struct samples *cue,
                            struct samples *jam, struct samples *mug)
{
    struct codec_cue_limits limits = {.allow_rest = true};
    noun n;
    uint8_t *again;
    size_t again_bytes;
    stack_clear(stack);
    uint64_t start = os_clock_cpu_ns();
    must(codec_cue(stack, bytes, size_bytes, &limits, &n));
    add_sample(cue, start);
    start = os_clock_cpu_ns();
    must(codec_jam(n, &again, &again_bytes));
    add_sample(jam, start);
    free(again);
    start = os_clock_cpu_ns();
    if (noun_mug(n) == 0)
        abort();
    add_sample(mug, start);
    return again_bytes;
}

static void measure_bits(struct stack *stack, const char *name, const uint8_t *bytes, size_t size_bytes)
{
    static struct samples cue, jam, mug;
    size_t jam_bytes = round_of_bits(stack, bytes, size_bytes, &cue, &jam, &mug);
    cue.count = jam.count = mug.count = 0;
    for (uint64_t start = os_clock_cpu_ns(); goes_on(&cue, start);)
        round_of_bits(stack, bytes, size_bytes, &cue, &jam, &mug);
    fprintf(stderr, "%s, %zu bytes\n", name, jam_bytes);
    printf("\"%s\": {\"bytes\": %zu", name, jam_bytes);
    report("cue", jam_bytes, &cue);
    report("jam", jam_bytes, &jam);
    report("mug", jam_bytes, &mug);
    printf("}, ");
}

static void measure_file(struct stack *stack, const char *path)
{
    uint8_t *bytes;
    size_t size_bytes;
    must(os_read_whole(path, (uint64_t)4 << 30, &bytes, &size_bytes));
    measure_bits(stack, strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1, bytes, size_bytes);
    free(bytes);
}

/* ---- a made map ------------------------------------------------------------- */

#define ENTRIES 100000

static int compare_mugs(const void *a, const void *b)
{
    uint32_t first = noun_mug(*(const noun *)a), second = noun_mug(*(const noun *)b);
    return (first > second) - (first < second);
}

/* A balanced tree [entry left right] of what is sorted. */
static noun tree_of(struct stack *stack, const noun *entries, size_t count)
{
    if (count == 0)
        return 0;
    size_t middle = count / 2;
    noun left = tree_of(stack, entries, middle);
    return stack_triple(stack, entries[middle], left, tree_of(stack, entries + middle + 1, count - middle - 1));
}

static void measure_map(struct stack *stack)
{
    static noun entries[ENTRIES];
    stack_clear(stack);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        const uint64_t key[2] = {bits_mix64(i), bits_mix64(i + ENTRIES)};
        noun record = stack_triple(stack, stack_cord(stack, "balance"), i * 7919, stack_cell(stack, i % 17, 0));
        entries[i] = stack_cell(stack, stack_atom_from_words(stack, key, 2), record);
    }
    qsort(entries, ENTRIES, sizeof *entries, compare_mugs);
    uint8_t *bytes;
    size_t size_bytes;
    must(codec_jam(tree_of(stack, entries, ENTRIES), &bytes, &size_bytes));
    measure_bits(stack, "map", bytes, size_bytes);
    free(bytes);
}

/* ---- text ------------------------------------------------------------------- */

static noun records(struct stack *stack)
{
    noun list = 0;
    for (uint64_t i = 0; i < RECORDS; i++) {
        noun record = stack_triple(stack, stack_cord(stack, "record"), i * 7919, stack_cord(stack, "some more text"));
        list = stack_cell(stack, record, list);
    }
    return list;
}

static size_t round_of_text(struct stack *stack, struct samples *print, struct samples *read)
{
    char *text;
    size_t size_bytes;
    noun again;
    stack_clear(stack);
    noun list = records(stack);
    uint64_t start = os_clock_cpu_ns();
    must(codec_print(list, NULL, &text, &size_bytes));
    add_sample(print, start);
    start = os_clock_cpu_ns();
    must(codec_read(stack, "records", text, size_bytes, &again));
    add_sample(read, start);
    free(text);
    return size_bytes;
}

static void measure_text(struct stack *stack)
{
    static struct samples print, read;
    size_t size_bytes = round_of_text(stack, &print, &read);
    print.count = read.count = 0;
    for (uint64_t start = os_clock_cpu_ns(); goes_on(&print, start);)
        round_of_text(stack, &print, &read);
    fprintf(stderr, "text, %zu bytes\n", size_bytes);
    printf("\"text\": {\"bytes\": %zu", size_bytes);
    report("print", size_bytes, &print);
    report("read", size_bytes, &read);
    printf("}");
}

int main(int argument_count, char **arguments)
{
    struct stack *stack = space_stack();
    printf("{");
    for (int i = 1; i < argument_count; i++)
        measure_file(stack, arguments[i]);
    measure_map(stack);
    measure_text(stack);
    printf("}\n");
    return 0;
}
