/* Jets one by one: what a call costs, natively and as the Nock it stands for.
 *
 *     bench-jets [NAME...]      only those with a NAME in their path
 *
 * The gates are the compiled library's, out of the public tree in LOAM_CORPUS;
 * those of the zkvm group out of the jam of test/jet/zk-probe.hoon in
 * LOAM_ZKVM_PROBE.  A loop kicks one core, with a fixed sample, on a machine
 * with all jets and on one with all but this; where the memo table would answer
 * for the Nock, in runs of its own, between which that is emptied.  What either
 * way takes for nothing is taken off.  The parser's jets and the compiler's are
 * measured by a whole program each, with and without them.  The last line is
 * one JSON object.
 */
#include "../../test/jet/library.h"
#include "../../test/jet/zk_samples.h"

#include "codec/codec.h"
#include "jet/chapters.h"
#include "jet/jet.h"
#include "measure.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

#define ENOUGH_NS 20000000u
#define DEADLINE_NS 2000000000u
#define CALLS_MAX ((uint64_t)1 << 22)
#define ROUNDS 3
#define SINGLES 10001
#define SINGLES_LEAST 5

#define ITEMS_10 "1 2 3 4 5 6 7 8 9 10 "
#define LIST_10 "[" ITEMS_10 "0]"
#define LIST_100 "[" ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 "0]"
#define A_256 "0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B_256 "0xfedcba9876543210fedcba9876543210fedcba9876543210fedcba987654321"

/* A core to kick: the sample goes to axis 6, and into the door around it a set
 * or a map of the numbers to 100. */
static const struct sample {
    const char *path, *sample, *door;
} samples[] = {
    {"k.138/one/add", "[100 7]", NULL},
    {"k.138/one/dec", "100", NULL},
    {"k.138/one/div", "[100 7]", NULL},
    {"k.138/one/dvr", "[100 7]", NULL},
    {"k.138/one/gte", "[100 7]", NULL},
    {"k.138/one/gth", "[100 7]", NULL},
    {"k.138/one/lte", "[100 7]", NULL},
    {"k.138/one/lth", "[100 7]", NULL},
    {"k.138/one/max", "[100 7]", NULL},
    {"k.138/one/min", "[100 7]", NULL},
    {"k.138/one/mod", "[100 7]", NULL},
    {"k.138/one/mul", "[100 7]", NULL},
    {"k.138/one/sub", "[100 7]", NULL},
    {"k.138/one/cap", "30", NULL},
    {"k.138/one/mas", "30", NULL},
    {"k.138/one/peg", "[7 30]", NULL},
    {"k.138/one/two/flop", LIST_100, NULL},
    {"k.138/one/two/snip", LIST_100, NULL},
    {"k.138/one/two/zing", "[" LIST_10 " " LIST_10 " " LIST_10 " 0]", NULL},
    {"k.138/one/two/weld", "[" LIST_100 " " LIST_10 "]", NULL},
    {"k.138/one/two/snag", "[50 " LIST_100 "]", NULL},
    {"k.138/one/two/scag", "[50 " LIST_100 "]", NULL},
    {"k.138/one/two/slag", "[50 " LIST_100 "]", NULL},
    {"k.138/one/two/reap", "[100 7]", NULL},
    {"k.138/one/two/find", "[[9 10 0] " LIST_100 "]", NULL},
    {"k.138/one/two/fand", "[[9 10 0] " LIST_100 "]", NULL},
    {"k.138/one/two/bex", "200", NULL},
    {"k.138/one/two/xeb", A_256, NULL},
    {"k.138/one/two/met", "[3 " A_256 "]", NULL},
    {"k.138/one/two/end", "[[3 5] " A_256 "]", NULL},
    {"k.138/one/two/lsh", "[[3 5] " A_256 "]", NULL},
    {"k.138/one/two/rsh", "[[3 5] " A_256 "]", NULL},
    {"k.138/one/two/rip", "[3 " A_256 "]", NULL},
    {"k.138/one/two/cut", "[3 [4 8] " A_256 "]", NULL},
    {"k.138/one/two/can", "[3 [2 7] [1 9] [3 1000] 0]", NULL},
    {"k.138/one/two/rap", "[3 " LIST_10 "]", NULL},
    {"k.138/one/two/rep", "[3 " LIST_10 "]", NULL},
    {"k.138/one/two/cat", "[3 " A_256 " " B_256 "]", NULL},
    {"k.138/one/two/sew", "[3 [4 8 255] " A_256 "]", NULL},
    {"k.138/one/two/rev", "[3 32 " A_256 "]", NULL},
    {"k.138/one/two/con", "[" A_256 " " B_256 "]", NULL},
    {"k.138/one/two/dis", "[" A_256 " " B_256 "]", NULL},
    {"k.138/one/two/mix", "[" A_256 " " B_256 "]", NULL},
    {"k.138/one/two/mug", A_256, NULL},
    {"k.138/one/two/dor", "[[1 2 3] 1 2 4]", NULL},
    {"k.138/one/two/gor", "[1 2]", NULL},
    {"k.138/one/two/mor", "[1 2]", NULL},
    {"k.138/one/two/jam", LIST_10, NULL},
    {"k.138/one/two/cue", "0x2d0c871", NULL},
    {"k.138/one/two/mat", "1000", NULL},
    {"k.138/one/two/rub", "[0 12345672]", NULL},
    {"k.138/one/two/in/has", "5", "in"},
    {"k.138/one/two/in/put", "1000", "in"},
    {"k.138/one/two/in/del", "5", "in"},
    {"k.138/one/two/in/gas", LIST_10, "in"},
    {"k.138/one/two/by/has", "5", "by"},
    {"k.138/one/two/by/get", "5", "by"},
    {"k.138/one/two/by/put", "[1000 7]", "by"},
    {"k.138/one/two/by/del", "5", "by"},
    {"k.138/one/two/tri/shas", "[" A_256 " " B_256 "]", NULL},
    {"k.138/one/two/tri/shax", A_256, NULL},
    {"k.138/one/two/tri/shay", "[32 " A_256 "]", NULL},
    {"k.138/one/two/tri/shal", "[32 " A_256 "]", NULL},
    {"k.138/one/two/tri/sha/sha1", "[32 " A_256 "]", NULL},
    {"k.138/one/two/tri/qua/trip", "'hello world, hello all'", NULL},
    {"k.138/one/two/tri/qua/scow", "[%ud 1000000]", NULL},
};

/* Jets that a program is about: parse and compile this, without them. */
#define EXPRESSION                                                                                                     \
    "=>  |%\n    ++  dec  |=(a=@ =+(b=0 |-(?:(=(a +(b)) b $(b +(b))))))\n    ++  sub\n      |=  [a=@ b=@]\n"           \
    "      ?:(=(0 b) a $(a (dec a), b (dec b)))\n    --\n(sub 43 1)"

static const char *const whole_jets[] = {
    "pfix",        "sfix",        "plug",        "pose",        "stew/fun",
    "stir/fun",    "just/fun",    "mask/fun",    "shim/fun",    "easy/fun",
    "comp/fun",    "bend/fun",    "glue/fun",    "cold/fun",    "cook/fun",
    "here/fun",    "stag/fun",    "pen/ut/crop", "pen/ut/fish", "pen/ut/fuse",
    "pen/ut/mint", "pen/ut/mull", "pen/ut/redo", "pen/ut/rest", "pen/ut/nest/nest-in/nest-dext",
};

static char **wanted;
static bool any_member;

static bool is_wanted(const char *path)
{
    bool found = *wanted == NULL;
    for (char **part = wanted; *part != NULL; part++)
        found = found || strstr(path, *part) != NULL;
    return found;
}

/* ---- timing ------------------------------------------------------------------------ */

static noun read_text(const char *text)
{
    noun n;
    CHECK(codec_read(space_stack(), "a sample of bench-jets", text, strlen(text), &n) == STATUS_OK);
    return n;
}

/* Kicks the core at 15 so many times as the number at 14 says. */
#define LOOP "[6 [5 [0 6] 0 14] [0 6] 8 [9 2 0 15] 9 2 10 [6 4 0 14] 0 3]"

/* How long `calls` kicks of a core in one run take; 0: they did not end well in time. */
static uint64_t time_calls(struct nock *machine, noun core, uint64_t calls)
{
    struct stack *stack = space_stack();
    struct nock_result result;
    noun subject = stack_triple(stack, read_text(LOOP), 0, stack_cell(stack, calls, core));
    noun formula = read_text("[9 2 0 1]");
    nock_set_deadline(machine, os_clock_ns() + DEADLINE_NS);
    uint64_t start_ns = os_clock_cpu_ns();
    nock_run(machine, subject, formula, &result);
    uint64_t took_ns = os_clock_cpu_ns() - start_ns;
    nock_set_deadline(machine, 0);
    return result.outcome == NOCK_DONE ? took_ns : 0;
}

/* Nanoseconds of one call in a loop: of as many as take long enough, the best of
 * a few rounds.  0: one alone does not end. */
static double time_loop(struct nock *machine, noun core)
{
    nock_root_add(machine, &core);
    uint64_t calls = 1, best_ns = time_calls(machine, core, 1);
    while (best_ns != 0 && best_ns < ENOUGH_NS && calls < CALLS_MAX) {
        calls *= best_ns < ENOUGH_NS / 8 ? 8 : 2;
        best_ns = time_calls(machine, core, calls);
    }
    for (unsigned i = 1; best_ns != 0 && i < ROUNDS; i++) {
        uint64_t again_ns = time_calls(machine, core, calls);
        best_ns = again_ns != 0 && again_ns < best_ns ? again_ns : best_ns;
    }
    nock_root_remove(machine, &core);
    return (double)best_ns / (double)calls;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* Nanoseconds of one call alone: the median of single runs.  Between them a
 * run that crashes, which empties the memo table: what the library marks with ~+
 * is to be computed each time.  0: it does not end. */
static double time_single(struct nock *machine, noun core)
{
    uint64_t ns[SINGLES], spent_ns = 0;
    size_t count = 0;
    noun formula = read_text("[9 2 0 1]"), crash = read_text("[0 0]");
    nock_root_add(machine, &core);
    nock_root_add(machine, &formula);
    nock_root_add(machine, &crash);
    nock_set_deadline(machine, os_clock_ns() + 5 * (uint64_t)DEADLINE_NS);
    for (unsigned warm_up = 2; count < SINGLES && (spent_ns < ENOUGH_NS || count < SINGLES_LEAST);) {
        struct nock_result result;
        nock_run(machine, 0, crash, &result);
        uint64_t start_ns = os_clock_ns();
        nock_run(machine, core, formula, &result);
        ns[count] = os_clock_ns() - start_ns;
        if (result.outcome != NOCK_DONE) {
            count = 0;
            break;
        }
        if (warm_up > 0)
            warm_up--;
        else
            spent_ns += ns[count++];
    }
    nock_set_deadline(machine, 0);
    nock_root_remove(machine, &crash);
    nock_root_remove(machine, &formula);
    nock_root_remove(machine, &core);
    if (count == 0)
        return 0;
    qsort(ns, count, sizeof *ns, compare_ns);
    return (double)ns[count / 2];
}

/* What a call of nothing takes in either way, which is taken off. */
static double nothing_jet_ns, nothing_nock_ns;

static double net(double ns, double nothing_ns)
{
    return ns == 0 ? 0 : ns > nothing_ns + 1 ? ns - nothing_ns : 1;
}

/* By a loop; but if single runs take far longer, the memo table answered in it. */
static double time_core(struct nock *machine, noun core, bool by_nock)
{
    double loop_ns = net(time_loop(machine, core), nothing_jet_ns);
    if (!by_nock)
        return loop_ns;
    double single_ns = net(time_single(machine, core), nothing_nock_ns);
    return loop_ns == 0 || single_ns > 4 * loop_ns + 200 ? single_ns : loop_ns;
}

static void say_time(double ns)
{
    if (ns == 0)
        printf("%14s", "does not end");
    else if (ns < 1e4)
        printf("%11.1f ns", ns);
    else
        printf("%11.1f us", ns / 1e3);
}

static void say(const char *path, double nock_ns, double jet_ns)
{
    printf("%-64s ", path);
    say_time(nock_ns);
    say_time(jet_ns);
    if (nock_ns > 0 && jet_ns > 0)
        printf("  %9.1f times", nock_ns / jet_ns);
    putchar('\n');
    fflush(stdout);
}

static FILE *json_out;

static void note(const char *path, double nock_ns, double jet_ns)
{
    say(path, nock_ns, jet_ns);
    fprintf(json_out, "%s\"%s\": {\"nock_ns\": %.1f, \"jet_ns\": %.1f}", any_member ? ", " : "", path, nock_ns, jet_ns);
    any_member = true;
}

/* ---- a table without one jet ------------------------------------------------------------ */

/* A copy of `table` without the jets whose path ends in `tail`. */
static struct nock_jet *without(const struct nock_jet *table, size_t *count, const char *tail)
{
    struct nock_jet *rest = malloc(*count * sizeof *rest);
    CHECK(rest != NULL);
    size_t kept = 0, length = tail == NULL ? 0 : strlen(tail);
    for (size_t i = 0; i < *count; i++) {
        size_t own = strlen(table[i].path);
        bool is_it = tail != NULL && own >= length && strcmp(table[i].path + own - length, tail) == 0 &&
                     (own == length || table[i].path[own - length - 1] == '/');
        if (!is_it)
            rest[kept++] = table[i];
    }
    *count = kept;
    return rest;
}

/* ---- the library ---------------------------------------------------------------------------- */

/* A set of the numbers to 100, or the map of each to itself. */
static noun make_tree(struct nock *machine, bool is_map)
{
    struct stack *stack = space_stack();
    noun tree = 0;
    for (noun key = 1; key <= 100; key++) {
        noun sample = is_map ? stack_cell(stack, key, key) : key;
        noun gate = stack_triple(stack, 0, sample, stack_triple(stack, 0, tree, 0));
        tree = is_map ? jet_by_put(machine, gate) : jet_in_put(machine, gate);
        CHECK(tree < NOCK_JET_FAIL);
    }
    return tree;
}

/* [battery sample context] with another sample. */
static noun with_sample(noun core, noun sample)
{
    return stack_triple(space_stack(), noun_head(core), sample, noun_at(core, 7));
}

/* The core that a sample makes of a library's gate, or NOUN_NONE. */
static noun fill(struct library *library, const struct sample *sample)
{
    noun core = library_find(library, sample->path);
    if (core == NOUN_NONE)
        return NOUN_NONE;
    if (sample->door != NULL) {
        noun door = with_sample(noun_at(core, 7), make_tree(library->machine, sample->door[0] == 'b'));
        core = stack_triple(space_stack(), noun_head(core), 0, door);
    }
    return with_sample(core, read_text(sample->sample));
}

static double time_sample(const struct sample *sample, const char *removed)
{
    size_t count = jet_table_count;
    struct nock_jet *table = without(jet_table, &count, removed);
    struct library library;
    library_open(&library, table, count, false);
    noun core = fill(&library, sample);
    double ns = core == NOUN_NONE ? 0 : time_core(library.machine, core, removed != NULL);
    library_close(&library);
    free(table);
    return ns;
}

static void run_samples(void)
{
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        if (is_wanted(samples[i].path))
            note(samples[i].path, time_sample(&samples[i], samples[i].path), time_sample(&samples[i], NULL));
}

/* ---- whole programs ------------------------------------------------------------------------------ */

static noun tape_of(const char *text)
{
    noun tape = 0;
    for (size_t i = strlen(text); i-- > 0;)
        tape = stack_cell(space_stack(), (uint8_t)text[i], tape);
    return tape;
}

/* The core that compiles the expression: mint of what vest parses. */
static noun compiler(struct library *library, bool parse_only)
{
    struct nock_result parsed;
    noun nail = stack_cell(space_stack(), stack_cell(space_stack(), 1, 1), tape_of(EXPRESSION));
    nock_root_add(library->machine, &nail);
    noun vest = library_find(library, "k.138/one/two/tri/qua/pen/vest");
    nock_root_remove(library->machine, &nail);
    noun core = with_sample(vest, nail);
    if (parse_only)
        return core;
    nock_run(library->machine, core, read_text("[9 2 0 1]"), &parsed);
    CHECK(parsed.outcome == NOCK_DONE);
    noun sample = stack_cell(space_stack(), noun_cord("noun"), noun_at(parsed.product, 14));
    nock_root_add(library->machine, &sample);
    noun mint = library_find(library, "k.138/one/two/tri/qua/pen/ut/mint");
    nock_root_remove(library->machine, &sample);
    return with_sample(mint, sample);
}

static double time_compiler(const char *removed, bool parse_only)
{
    size_t count = jet_table_count;
    struct nock_jet *table = without(jet_table, &count, removed);
    struct library library;
    library_open(&library, table, count, false);
    noun core = compiler(&library, parse_only);
    /* The parser's rules are remembered by ~+ and to be; the compiler's products are not. */
    double ns = parse_only ? time_loop(library.machine, core) : time_single(library.machine, core);
    library_close(&library);
    free(table);
    return ns;
}

static void run_compiler(void)
{
    double parse_ns = 0, compile_ns = 0;
    for (size_t i = 0; i < COUNT_OF(whole_jets); i++) {
        bool is_parser = strncmp(whole_jets[i], "pen/ut", 6) != 0;
        double *with_ns = is_parser ? &parse_ns : &compile_ns;
        char name[96];
        snprintf(name, sizeof name, "k.138/one/two/tri/qua/%s", whole_jets[i]);
        if (!is_wanted(name))
            continue;
        if (*with_ns == 0)
            *with_ns = time_compiler(NULL, is_parser);
        note(name, time_compiler(whole_jets[i], is_parser), *with_ns);
    }
}

/* ---- the zkvm group -------------------------------------------------------------------------------- */

static noun probe(struct nock *machine, const char *path)
{
    uint8_t *bytes;
    size_t size_bytes;
    noun trap;
    struct nock_result result;
    CHECK(os_read_whole(path, (uint64_t)1 << 30, &bytes, &size_bytes) == STATUS_OK);
    CHECK(codec_cue(space_stack(), bytes, size_bytes, NULL, &trap) == STATUS_OK);
    free(bytes);
    nock_run(machine, trap, read_text("[9 2 0 1]"), &result);
    CHECK(result.outcome == NOCK_DONE);
    return result.product;
}

static noun find_gate(noun gates, const char *name)
{
    for (; noun_is_cell(gates); gates = noun_tail(gates))
        if (noun_atom_equals_cord(noun_head(noun_head(gates)), name))
            return noun_tail(noun_head(gates));
    return NOUN_NONE;
}

static double time_zk(const char *jam_path, const struct nock_jet *jet, const char *removed)
{
    size_t count = zk_table_count;
    struct nock_jet *table = without(zk_table, &count, removed);
    struct nock *machine;
    uint64_t state = 1;
    double ns = 0;
    stack_clear(space_stack());
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    nock_add_jets(machine, jet_table, jet_table_count);
    nock_add_jets(machine, table, count);
    noun gate = find_gate(probe(machine, jam_path), zk_sample_name(jet->path));
    for (unsigned i = 0; gate != NOUN_NONE && ns == 0 && i < 4; i++) { /* a sample may be one that crashes */
        nock_root_add(machine, &gate);
        noun core = zk_sample_core(machine, zk_sample_name(jet->path), gate, &state);
        ns = time_core(machine, core, removed != NULL);
        nock_root_remove(machine, &gate);
    }
    nock_destroy(machine);
    free(table);
    return ns;
}

static void run_zk(const char *jam_path)
{
    for (size_t i = 0; i < zk_table_count; i++)
        if (is_wanted(zk_table[i].path))
            note(zk_table[i].path, time_zk(jam_path, &zk_table[i], zk_table[i].path),
                 time_zk(jam_path, &zk_table[i], NULL));
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static void time_nothing(void)
{
    struct nock *machine;
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    nothing_jet_ns = time_loop(machine, read_text("[[0 6] 0 0]"));
    nothing_nock_ns = time_single(machine, read_text("[[0 6] 0 0]"));
    nock_destroy(machine);
    printf("calls of nothing, taken off below: %.1f ns in a loop, %.1f ns alone\n", nothing_jet_ns, nothing_nock_ns);
}

int main(int argument_count, char **arguments)
{
    char *json;
    size_t json_size_bytes;
    struct measurement calibration;
    (void)argument_count;
    wanted = arguments + 1;
    json_out = open_memstream(&json, &json_size_bytes);
    CHECK(json_out != NULL);
    space_open();
    measure_calibration(&calibration);
    time_nothing();
    if (library_jam_path() != NULL) {
        run_samples();
        run_compiler();
    } else {
        puts("set LOAM_CORPUS to a checkout of the public tree: its library has the gates");
    }
    if (getenv("LOAM_ZKVM_PROBE") != NULL)
        run_zk(getenv("LOAM_ZKVM_PROBE"));
    else
        puts("set LOAM_ZKVM_PROBE for the zkvm group, see test/jet/zk-probe.hoon");
    fclose(json_out);
    printf("{\"calibration_ns\": %" PRIu64 ", \"jets\": {%s}}\n", calibration.median_ns, json);
    free(json);
    return 0;
}
