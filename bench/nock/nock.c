/* The engine by itself: programs without jets, virtual Nock, events in memory,
 * jets one by one, and, with LOAM_CORPUS, real kernels.
 *
 *     bench-nock [NAME...]      only what has a NAME in its name
 *
 * A round runs one program to its end on a machine that has it compiled.  The
 * last line is one JSON object; times are nanoseconds of one round, and
 * "relative" is the median in units of the calibration loop of the same run.
 */
#include "codec/codec.h"
#include "jet/jet.h"
#include "measure.h"
#include "nock/nock.h"
#include "os/os.h"
#include "programs.h"

#include <stdio.h>
#include <stdlib.h>

static struct stack *stack;
static struct nock *machine;
static struct measurement calibration;
static char **wanted; /* names, ending in NULL */
static bool any_wrong;

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench-nock: %s\n", status_message());
    exit(1);
}

static noun read_text(const char *text)
{
    noun n;
    must(codec_read(stack, "a program of bench-nock", text, strlen(text), &n));
    return n;
}

/* ---- saying ------------------------------------------------------------------- */

static bool is_wanted(const char *name)
{
    bool found = wanted[0] == NULL;
    for (char **part = wanted; *part != NULL; part++)
        found = found || strstr(name, *part) != NULL;
    return found;
}

/* The JSON object grows on the side while lines for people are printed. */
static char *json;
static size_t json_size_bytes;
static FILE *json_out;

static void say_json(const char *name, const struct measurement *m, uint64_t items)
{
    static bool any;
    fprintf(json_out,
            "%s\"%s\": {\"median_ns\": %" PRIu64 ", \"minimum_ns\": %" PRIu64 ", \"maximum_ns\": %" PRIu64
            ", \"rounds\": %zu, \"items\": %" PRIu64 ", \"relative\": %.4f",
            any ? ", " : "", name, m->median_ns, m->minimum_ns, m->maximum_ns, m->rounds, items,
            (double)m->median_ns / (double)calibration.median_ns);
    if (m->instructions != 0)
        fprintf(json_out, ", \"instructions\": %" PRIu64, m->instructions);
    fputc('}', json_out);
    any = true;
}

static void say(const char *name, const struct measurement *m, uint64_t items, const char *item)
{
    printf("%-24s %10.3f ms %10.1f ns per %-8s (%zu rounds, %.3f to %.3f)\n", name, (double)m->median_ns / 1e6,
           (double)m->median_ns / (double)items, item, m->rounds, (double)m->minimum_ns / 1e6,
           (double)m->maximum_ns / 1e6);
    fflush(stdout);
    say_json(name, m, items);
}

static void run_measured(const char *name, measure_round *round, void *context, uint64_t items, const char *item)
{
    struct measurement m;
    if (measure(round, context, &m)) {
        say(name, &m, items, item);
    } else {
        printf("%-24s gives a wrong product\n", name);
        any_wrong = true;
    }
}

/* ---- programs --------------------------------------------------------------------- */

/* What a round runs; all three are roots of the machine meanwhile. */
struct work {
    noun subject, formula, expected; /* NOUN_NONE: any product */
};

static void work_begin(struct work *work)
{
    nock_root_add(machine, &work->subject);
    nock_root_add(machine, &work->formula);
    nock_root_add(machine, &work->expected);
}

static void work_end(struct work *work)
{
    nock_root_remove(machine, &work->expected);
    nock_root_remove(machine, &work->formula);
    nock_root_remove(machine, &work->subject);
    nock_forget_ephemeral(machine, NULL);
    stack_clear(stack);
}

static bool work_round(void *context)
{
    struct work *work = context;
    struct nock_result result;
    nock_run(machine, work->subject, work->formula, &result);
    bool right =
        result.outcome == NOCK_DONE && (work->expected == NOUN_NONE || noun_equal(result.product, work->expected));
    nock_collect(machine);
    return right;
}

struct program {
    const char *name, *subject, *formula, *product; /* product NULL: any */
    uint64_t items;
    const char *item;
};

static const struct program programs[] = {
    {"decrement-10M", "[" DECREMENT " 10000000 0]", "[9 2 0 1]", "9999999", 10000000, "turn"},
    {"fibonacci-25", "[[" DECREMENT " " ADD " " FIBONACCI "] 25 0]", "[9 11 0 1]", "75025", 242785, "call"},
    {"ackermann-3-6", "[[" DECREMENT " " ACKERMANN "] 3 6]", "[9 5 0 1]", "509", 172233, "call"},
    {"leaves-1M", "[" LEAVES " 0]", "[9 2 0 1]", NULL, 1 << 20, "leaf"},
    {"fold-1M", "[" LEAVES " 0]", "[8 [1 " FOLD "] 9 2 [0 2] [9 2 0 3] 1 0]", "2097152", 1 << 20, "leaf"},
    {"list-1M", "[" LIST " 0 0]", "[9 2 0 1]", NULL, 1000000, "item"},
    {"string-1M", "[" LIST " 0 0]", "[8 [1 " FLOP "] 9 2 [0 2] [9 2 0 3] 1 0]", NULL, 1000000, "item"},
    {"deep-1M", "[[6 [5 [0 6] 1 1000000] [1 0] 4 9 2 10 [6 4 0 6] 0 1] 0 0]", "[9 2 0 1]", "1000000", 1000000, "call"},
    {"equal-1M", "[" LEAVES " 0]", "[5 [9 2 0 1] 9 2 0 1]", "0", 1 << 20, "leaf"},
};

static void run_program(const struct program *program)
{
    if (!is_wanted(program->name))
        return;
    struct work work = {
        .subject = read_text(program->subject),
        .formula = read_text(program->formula),
        .expected = program->product == NULL ? NOUN_NONE : read_text(program->product),
    };
    work_begin(&work);
    run_measured(program->name, work_round, &work, program->items, program->item);
    work_end(&work);
}

/* ---- a map in mug order --------------------------------------------------------------- */

#define MAP_ENTRIES 100000

/* [bits value] for each number: bits are its mug's, lowest first, as loobeans. */
static noun make_entries(void)
{
    noun list = 0;
    for (noun key = MAP_ENTRIES; key-- > 0;) {
        noun bits = 0;
        for (unsigned bit = 31; bit-- > 0;)
            bits = stack_cell(stack, noun_mug(key) >> bit & 1, bits);
        list = stack_cell(stack, stack_cell(stack, bits, key + 1), list);
    }
    return list;
}

static void run_map(void)
{
    if (!is_wanted("map-insert") && !is_wanted("map-lookup"))
        return;
    noun put = stack_triple(stack, read_text(TRIE_PUT), 0, stack_cell(stack, 0, 0));
    noun entries = make_entries();
    struct work work = {
        .subject = stack_triple(stack, read_text(TRIE_PUT_ALL), 0, stack_cell(stack, entries, put)),
        .formula = read_text("[9 2 0 1]"),
        .expected = NOUN_NONE,
    };
    work_begin(&work);
    run_measured("map-insert-100K", work_round, &work, MAP_ENTRIES, "key");
    struct nock_result result;
    nock_run(machine, work.subject, work.formula, &result);
    CHECK(result.outcome == NOCK_DONE);
    noun get = stack_triple(stack, read_text(TRIE_GET), 0, 0);
    noun rest = stack_triple(stack, noun_at(work.subject, 14), result.product, get);
    work.subject = stack_triple(stack, read_text(TRIE_GET_ALL), 0, rest);
    work.expected = MAP_ENTRIES;
    run_measured("map-lookup-100K", work_round, &work, MAP_ENTRIES, "key");
    work_end(&work);
}

/* ---- jets ------------------------------------------------------------------------------- */

/* Runs the hint that registers a core under a name, with its parent at an axis. */
static noun register_core(noun core, noun name, const char *parent_formula)
{
    noun clue = stack_triple(stack, name, read_text(parent_formula), 0);
    noun hint = stack_triple(stack, noun_cord("fast"), 1, clue);
    noun formula = stack_triple(stack, 11, hint, read_text("[0 1]"));
    struct nock_result result;
    nock_run(machine, core, formula, &result);
    CHECK(result.outcome == NOCK_DONE);
    return result.product;
}

/* The gate of a jet's path below a root and layers made for it: [battery
 * [sample parent]]; what the battery does does not matter. */
static noun make_gate(const char *path)
{
    char copy[256];
    snprintf(copy, sizeof copy, "%s", path);
    noun core = register_core(read_text("[138 %k]"), read_text("[%k 138]"), "[1 0]");
    char *name = strtok(copy, "/");
    for (name = strtok(NULL, "/"); name != NULL;) {
        char *next = strtok(NULL, "/");
        noun battery = stack_cell(stack, 1, stack_cell(stack, stack_cord(stack, "bench"), stack_cord(stack, name)));
        noun body = next == NULL ? stack_cell(stack, 0, core) : core;
        core =
            register_core(stack_cell(stack, battery, body), stack_cord(stack, name), next == NULL ? "[0 7]" : "[0 3]");
        name = next;
    }
    return core;
}

#define JET_LOOP "[6 [5 [0 6] 1 10000] [0 6] 8 [9 2 0 7] 9 2 10 [6 4 0 14] 0 3]"
#define JET_CALLS 10000

#define ITEMS_10 "1 2 3 4 5 6 7 8 9 10 "
#define ITEMS_100 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10
#define LIST_100 "[" ITEMS_100 "0]"
#define A_256 "0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B_256 "0xfedcba9876543210fedcba9876543210fedcba9876543210fedcba987654321"
#define IDENTITY "[[0 6] 0 0]"

static const struct {
    const char *path, *sample;
} jet_samples[] = {
    {"k.138/one/add", "[1 2]"},
    {"k.138/one/sub", "[5 2]"},
    {"k.138/one/dec", "1000"},
    {"k.138/one/lth", "[1 2]"},
    {"k.138/one/mul", "[" A_256 " " B_256 "]"},
    {"k.138/one/div", "[" A_256 " 10]"},
    {"k.138/one/dvr", "[" A_256 " 0xfedcba9876543210fedcba987654321]"},
    {"k.138/one/peg", "[7 30]"},
    {"k.138/one/cap", "30"},
    {"k.138/one/mas", "30"},
    {"k.138/one/two/lent", LIST_100},
    {"k.138/one/two/flop", LIST_100},
    {"k.138/one/two/weld", "[" LIST_100 " " LIST_100 "]"},
    {"k.138/one/two/zing", "[" LIST_100 " " LIST_100 " 0]"},
    {"k.138/one/two/snag", "[50 " LIST_100 "]"},
    {"k.138/one/two/scag", "[50 " LIST_100 "]"},
    {"k.138/one/two/reap", "[100 7]"},
    {"k.138/one/two/find", "[[9 10 0] " LIST_100 "]"},
    {"k.138/one/two/turn", "[" LIST_100 " " IDENTITY "]"},
    {"k.138/one/two/roll", "[" LIST_100 " [0 13] [0 0] 0]"},
    {"k.138/one/two/levy", "[" LIST_100 " [1 0] 0 0]"},
    {"k.138/one/two/bex", "200"},
    {"k.138/one/two/xeb", A_256},
    {"k.138/one/two/cut", "[3 [4 8] " A_256 "]"},
    {"k.138/one/two/end", "[3 " A_256 "]"},
    {"k.138/one/two/lsh", "[[3 5] " A_256 "]"},
    {"k.138/one/two/rsh", "[[3 5] " A_256 "]"},
    {"k.138/one/two/cat", "[3 " A_256 " " B_256 "]"},
    {"k.138/one/two/rip", "[3 " A_256 "]"},
    {"k.138/one/two/rep", "[3 " LIST_100 "]"},
    {"k.138/one/two/rap", "[3 " LIST_100 "]"},
    {"k.138/one/two/met", "[3 " A_256 "]"},
    {"k.138/one/two/mix", "[" A_256 " " B_256 "]"},
    {"k.138/one/two/mug", A_256},
    {"k.138/one/two/dor", "[1 2]"},
    {"k.138/one/two/gor", "[1 2]"},
    {"k.138/one/two/mor", "[1 2]"},
    {"k.138/one/two/jam", LIST_100},
    {"k.138/one/two/cue", "0x2d0c871"},
    {"k.138/one/two/tri/shax", A_256},
    {"k.138/one/two/tri/shay", "[32 " A_256 "]"},
    {"k.138/one/two/tri/shal", "[32 " A_256 "]"},
    {"k.138/one/two/tri/qua/trip", "'hello world'"},
    {"k.138/one/two/tri/qua/scow", "[%ud 1000000]"},
};

static void run_jet(const char *path, const char *sample)
{
    char name[128];
    const char *last = strrchr(path, '/') + 1;
    snprintf(name, sizeof name, "jet-%s", last);
    if (!is_wanted(name))
        return;
    noun gate = nock_gate_with_sample(machine, make_gate(path), read_text(sample));
    uint64_t calls = nock_statistics(machine)->jet_calls;
    struct work work = {
        .subject = stack_triple(stack, read_text(JET_LOOP), 0, gate),
        .formula = read_text("[9 2 0 1]"),
        .expected = JET_CALLS,
    };
    work_begin(&work);
    run_measured(name, work_round, &work, JET_CALLS, "call");
    if (nock_statistics(machine)->jet_calls - calls < JET_CALLS) {
        printf("%-24s did not run\n", name);
        any_wrong = true;
    }
    work_end(&work);
}

/* Virtual Nock, by the jet for mink. */
static void run_virtual(const char *name, const char *loop)
{
    if (!is_wanted(name))
        return;
    noun mink = make_gate("k.138/one/two/tri/qua/mink");
    struct work work = {
        .subject = stack_triple(stack, read_text(loop), 0, mink),
        .formula = read_text("[9 2 0 1]"),
        .expected = 200000,
    };
    work_begin(&work);
    run_measured(name, work_round, &work, 200000, "call");
    work_end(&work);
}

/* ---- events ------------------------------------------------------------------------------- */

#define EVENTS 10000

struct kernel {
    noun core, job;
};

/* Pokes as a host does, but for durability: the new core is kept, the rest of
 * the event's nouns dropped in a collection every thousand. */
static bool events_round(void *context)
{
    struct kernel *kernel = context;
    for (unsigned i = 0; i < EVENTS; i++) {
        struct nock_result result;
        nock_slam_arm(machine, kernel->core, 23, kernel->job, &result);
        if (result.outcome != NOCK_DONE || !noun_is_cell(result.product))
            return false;
        kernel->core = noun_tail(result.product);
        if (i % 1000 == 999)
            nock_collect(machine);
    }
    return true;
}

static void run_events(const char *name, noun core, const char *job)
{
    if (!is_wanted(name))
        return;
    struct kernel kernel = {.core = core};
    nock_root_add(machine, &kernel.core);
    nock_root_add(machine, &kernel.job);
    kernel.job = read_text(job);
    run_measured(name, events_round, &kernel, EVENTS, "event");
    nock_root_remove(machine, &kernel.job);
    nock_root_remove(machine, &kernel.core);
    nock_forget_ephemeral(machine, NULL);
    stack_clear(stack);
}

/* ---- the public tree's kernels ---------------------------------------------------------------- */

/* The trap of a kernel's jam, or NOUN_NONE. */
static noun read_kernel(const char *relative)
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
    must(os_read_whole(path, (uint64_t)1 << 30, &bytes, &size_bytes));
    must(codec_cue(stack, bytes, size_bytes, &(struct codec_cue_limits){.allow_rest = true}, &trap));
    free(bytes);
    return trap;
}

static void run_kick(const char *name, const char *relative)
{
    if (!is_wanted(name))
        return;
    noun trap = read_kernel(relative);
    if (trap == NOUN_NONE) {
        printf("%-24s needs LOAM_CORPUS, a checkout of the public tree\n", name);
        return;
    }
    struct work work = {.subject = trap, .formula = read_text("[9 2 0 1]"), .expected = NOUN_NONE};
    work_begin(&work);
    run_measured(name, work_round, &work, 1, "boot");
    work_end(&work);
}

static void run_test_kernel(void)
{
    noun trap = is_wanted("events-test-ker") ? read_kernel("crates/nockapp/test-jams/test-ker.jam") : NOUN_NONE;
    if (trap == NOUN_NONE)
        return;
    struct nock_result result;
    nock_run(machine, trap, read_text("[9 2 0 1]"), &result);
    CHECK(result.outcome == NOCK_DONE);
    noun core = result.product;
    run_events("events-test-ker", core, "[1 [%poke %sys 1 0] 0 0 0 %inc]");
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static void open_machine(void)
{
    uint8_t *base;
    must(os_map_reserve(NOUN_SPACE_BYTES, &base));
    noun_space_enter(base);
    must(stack_create(NULL, &stack));
    must(nock_create(stack, NULL, &machine));
    jet_install(machine);
}

int main(int argument_count, char **arguments)
{
    (void)argument_count;
    wanted = arguments + 1;
    json_out = open_memstream(&json, &json_size_bytes);
    CHECK(json_out != NULL);
    measure_calibration(&calibration);
    printf("%-24s %10.3f ms\n", "calibration", (double)calibration.median_ns / 1e6);
    open_machine();
    for (size_t i = 0; i < COUNT_OF(programs); i++)
        run_program(&programs[i]);
    run_map();
    run_virtual("virtual-200K", VIRTUAL("4 0 1"));
    run_virtual("exceptions-200K", VIRTUAL("0 0"));
    run_events("events-counter", read_text(COUNTER_KERNEL), "[1 0 0 0 0 0]");
    for (size_t i = 0; i < COUNT_OF(jet_samples); i++)
        run_jet(jet_samples[i].path, jet_samples[i].sample);
    run_kick("kick-hoonc", "crates/hoonc/bootstrap/hoonc.jam");
    run_kick("kick-test-ker", "crates/nockapp/test-jams/test-ker.jam");
    run_test_kernel();
    nock_destroy(machine);
    stack_destroy(stack);
    fclose(json_out);
    printf("{\"calibration_ns\": %" PRIu64 ", \"instruction_counter\": %s, \"benchmarks\": {%s}}\n",
           calibration.median_ns, calibration.instructions != 0 ? "true" : "false", json);
    free(json);
    return any_wrong ? 1 : 0;
}
