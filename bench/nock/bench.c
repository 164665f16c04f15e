/* One machine, and how results are said. */
#include "bench.h"

#include "codec/codec.h"
#include "jet/jet.h"
#include "os/os.h"

#include <stdio.h>
#include <stdlib.h>

#define KERNEL_MAX_BYTES ((uint64_t)1 << 30)

struct bench_options bench_options;
struct stack *bench_stack;
struct nock *bench_machine;

static struct measurement calibration = {.median_ns = 1}, last;
static bool any_wrong;

void bench_must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-nock: %s\n", status_message());
    exit(1);
}

/* ---- saying ------------------------------------------------------------------- */

bool bench_wants(const char *name)
{
    char **part = bench_options.names;
    bool found = *part == NULL;
    for (; *part != NULL; part++)
        found = found || (bench_options.exact ? strcmp(name, *part) == 0 : strstr(name, *part) != NULL);
    if (found && bench_options.list)
        puts(name);
    return found && !bench_options.list;
}

/* The JSON object grows on the side while lines for people are printed. */
static char *json;
static size_t json_size_bytes;
static FILE *json_out;

/* How a benchmark used the ephemeral stack after the warm-up; its peak is that
 * of the warm-up, which leaves no garbage of rounds before it. */
static struct stack_statistics before;

static void note_begin(void)
{
    before = bench_stack->statistics;
}

static double collection_share(void)
{
    uint64_t collection_ns = bench_stack->statistics.collection_ns - before.collection_ns;
    return last.total_ns == 0 ? 0 : (double)collection_ns / (double)last.total_ns;
}

static void say_json(const char *name, uint64_t items)
{
    static bool any;
    const struct stack_statistics *now = &bench_stack->statistics;
    fprintf(json_out,
            "%s\"%s\": {\"median_ns\": %" PRIu64 ", \"minimum_ns\": %" PRIu64 ", \"maximum_ns\": %" PRIu64
            ", \"rounds\": %zu, \"items\": %" PRIu64 ", \"relative\": %.4f, \"peak_bytes\": %" PRIu64
            ", \"allocated_bytes\": %" PRIu64 ", \"collection_share\": %.4f, \"young_collections\": %" PRIu64
            ", \"full_collections\": %" PRIu64 ", \"copied_bytes\": %" PRIu64 ", \"settled_bytes\": %" PRIu64,
            any ? "}, " : "", name, last.median_ns, last.minimum_ns, last.maximum_ns, last.rounds, items,
            (double)last.median_ns / (double)calibration.median_ns, before.peak_bytes,
            (now->allocated_bytes - before.allocated_bytes) / last.rounds, collection_share(),
            (now->young_collections - before.young_collections) / last.rounds,
            (now->full_collections - before.full_collections) / last.rounds,
            (now->promoted_bytes + now->moved_bytes - before.promoted_bytes - before.moved_bytes) / last.rounds,
            (now->settled_bytes - before.settled_bytes) / last.rounds);
    if (last.instructions != 0)
        fprintf(json_out, ", \"instructions\": %" PRIu64, last.instructions);
    any = true;
}

static void say(const char *name, uint64_t items, const char *item)
{
    printf("%-24s %10.3f ms %10.1f ns per %-6s %5.1f MiB peak, %4.1f%% collection (%zu rounds, %.3f to %.3f)\n", name,
           (double)last.median_ns / 1e6, (double)last.median_ns / (double)items, item,
           (double)before.peak_bytes / (1 << 20), 100 * collection_share(), last.rounds, (double)last.minimum_ns / 1e6,
           (double)last.maximum_ns / 1e6);
    fflush(stdout);
    say_json(name, items);
}

void bench_measure(const char *name, measure_round *round, void *context, uint64_t items, const char *item)
{
    bench_stack->statistics.peak_bytes = 0;
    if (measure(round, context, note_begin, bench_options.rounds, &last)) {
        say(name, items, item);
    } else {
        last = (struct measurement){0};
        printf("%-24s gives a wrong product\n", name);
        any_wrong = true;
    }
}

/* ---- nouns in ----------------------------------------------------------------------- */

noun bench_read(const char *text)
{
    noun n;
    bench_must(codec_read(bench_stack, "a program of bench-nock", text, strlen(text), &n));
    return n;
}

static enum status read_source(void *context, const char *path, char **text, size_t *size_bytes)
{
    (void)context;
    uint8_t *bytes;
    STATUS_TRY(os_read_whole(path, 1 << 20, &bytes, size_bytes));
    *text = (char *)bytes;
    return STATUS_OK;
}

noun bench_assemble(const char *file)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s%s", BENCH_TREE, strchr(file, '/') == NULL ? "bench/nock/programs/" : "", file);
    struct codec_source source = {.name = path, .include = read_source};
    char *text;
    noun n;
    bench_must(read_source(NULL, path, &text, &source.size_bytes));
    source.text = text;
    bench_must(codec_assemble(bench_stack, &source, &n));
    free(text);
    return n;
}

noun bench_corpus_kernel(const char *relative)
{
    char path[4096];
    const char *corpus = getenv("LOAM_CORPUS");
    enum os_kind kind;
    snprintf(path, sizeof path, "%s/%s", corpus == NULL ? "" : corpus, relative);
    if (corpus == NULL || os_kind_of(path, &kind) != STATUS_OK || kind != OS_KIND_FILE)
        return NOUN_NONE;
    uint8_t *bytes;
    size_t size_bytes;
    noun trap;
    bench_must(os_read_whole(path, KERNEL_MAX_BYTES, &bytes, &size_bytes));
    bench_must(codec_cue(bench_stack, bytes, size_bytes, &(struct codec_cue_limits){.allow_rest = true}, &trap));
    free(bytes);
    return trap;
}

/* ---- a formula on a subject --------------------------------------------------------------- */

void bench_work_begin(struct bench_work *work)
{
    bench_persist((noun *[]){&work->subject, &work->formula, &work->expected}, 3);
}

bool bench_work_round(void *context)
{
    struct bench_work *work = context;
    struct nock_result result;
    nock_run(bench_machine, work->subject, work->formula, &result);
    bool right =
        result.outcome == NOCK_DONE && (work->expected == NOUN_NONE || noun_equal(result.product, work->expected));
    nock_forget_ephemeral(bench_machine, NULL);
    stack_clear(bench_stack);
    return right;
}

/* ---- the beginning and the end ----------------------------------------------------------------- */

void bench_open(void)
{
    uint8_t *base;
    json_out = open_memstream(&json, &json_size_bytes);
    CHECK(json_out != NULL);
    bench_must(os_map_reserve(NOUN_SPACE_BYTES, &base));
    noun_space_enter(base);
    bench_must(stack_create(&(struct stack_options){.young_budget_bytes = bench_options.nursery_bytes}, &bench_stack));
    bench_must(nock_create(bench_stack, NULL, &bench_machine));
    jet_install(bench_machine);
    if (bench_options.list || bench_options.uncalibrated)
        return;
    measure_calibration(&calibration);
    printf("%-24s %10.3f ms\n", "calibration", (double)calibration.median_ns / 1e6);
}

int bench_close(void)
{
    size_t nursery_bytes = bench_stack->options.young_budget_bytes;
    nock_destroy(bench_machine);
    stack_destroy(bench_stack);
    fclose(json_out);
    if (!bench_options.list)
        printf("{\"calibration_ns\": %" PRIu64
               ", \"instruction_counter\": %s, \"nursery_bytes\": %zu, \"benchmarks\": {%s%s}}\n",
               calibration.median_ns, calibration.instructions != 0 ? "true" : "false", nursery_bytes, json,
               json_size_bytes > 0 ? "}" : "");
    free(json);
    return any_wrong ? 1 : 0;
}
