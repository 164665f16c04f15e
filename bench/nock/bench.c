/* One machine, and what it is given. */
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

void bench_must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-nock: %s\n", status_message());
    exit(1);
}

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

void bench_machine_open(void)
{
    uint8_t *base;
    bench_must(os_map_reserve(NOUN_SPACE_BYTES, &base));
    noun_space_enter(base);
    bench_must(stack_create(&(struct stack_options){.young_budget_bytes = bench_options.nursery_bytes}, &bench_stack));
    bench_must(nock_create(bench_stack, &(struct nock_options){.engine = bench_options.engine}, &bench_machine));
    jet_install(bench_machine);
}

void bench_machine_close(void)
{
    nock_destroy(bench_machine);
    stack_destroy(bench_stack);
}
