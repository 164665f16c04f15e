/* Jets one by one: what a call costs, natively and as the Nock it stands for.
 *
 *     bench-jets [NAME...]      only those with a NAME in their path
 *
 * The gates are the compiled library's, out of the public tree in LOAM_CORPUS;
 * those of the zkvm group out of the jam of test/zk/zk-probe.hoon in
 * LOAM_ZKVM_PROBE.  A loop calls a gate, a constant of the loop as it is in a
 * program, on each sample of a list; or, if the sample is in a door around it,
 * kicks each core of a list.  This on a machine with all jets and on one with
 * all but this one, in turns; the best turn of each counts, and of a turn the
 * median of its runs, between which the memo table is emptied.  What the loop
 * takes around nothing is taken off.  The parser's jets and the compiler's are
 * measured by a whole program each, with and without them.  The last line is
 * one JSON object.
 */
#include "../../test/jet/library.h"
#include "../../test/zk/zk_samples.h"

#include "codec/codec.h"
#include "jet/chapters.h"
#include "jet/jet.h"
#include "zk/zk.h"
#include "measure.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

#define TURNS 3
#define PROGRAM_TURNS 6     /* of whole programs, whose factors are small */
#define ENOUGH_NS 20000000u /* of a turn */
#define RUN_NS 4000000u     /* about what a run is to take, if there are items enough */
#define DEADLINE_NS 2000000000u
#define SAMPLE_DEADLINE_NS 50000000u /* one left to the Nock may well never end */
#define RUNS_MAX 1001
#define RUNS_LEAST 3
#define WARM_UP 3
#define ITEMS_MAX 64
#define PARSED_TIMES 24

#define ITEMS_10 "1 2 3 4 5 6 7 8 9 10 "
#define LIST_10 "[" ITEMS_10 "0]"
#define LIST_100 "[" ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 ITEMS_10 "0]"
#define A_256 "0x0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B_256 "0xfedcba9876543210fedcba9876543210fedcba9876543210fedcba987654321"

/* The subject less one, by counting; it is more than 0. */
#define DECREMENT "[8 [1 0] 8 [1 6 [5 [0 7] 4 0 6] [0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 0 1]"

/* Arms in the order of their hashes, a chapter of a core. */
#define ARM(name, left, right) "[[%" name " 7] " left " " right "]"
#define LEAF(name) ARM(name, "0", "0")
#define FIRST_ARMS ARM("find", ARM("core", LEAF("face"), LEAF("loot")), ARM("nest", LEAF("look"), LEAF("cons")))
#define LAST_ARMS ARM("comb", ARM("peek", LEAF("play"), LEAF("mint")), ARM("cell", LEAF("take"), LEAF("fond")))
#define CHAPTER ARM("fork", FIRST_ARMS, LAST_ARMS)
#define CHAPTERS "[[2 0 " CHAPTER "] [[1 0 " FIRST_ARMS "] 0 0] [[3 0 " LAST_ARMS "] 0 0]]"

/* A gate to call: the sample goes to axis 6, and into the door around it a set
 * or a map of the numbers to 100; "in" or "by" is another, of the numbers from 51. */
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
    {"k.138/one/two/in/uni", "in", "in"},
    {"k.138/one/two/in/tap", "0", "in"},
    {"k.138/one/two/in/wyt", NULL, "in"},
    {"k.138/one/two/by/get", "5", "by"},
    {"k.138/one/two/by/put", "[1000 7]", "by"},
    {"k.138/one/two/by/del", "5", "by"},
    {"k.138/one/two/by/gas", "[[1 2] [3 4] [1000 5] [1001 6] 0]", "by"},
    {"k.138/one/two/by/uni", "by", "by"},
    {"k.138/one/two/by/tap", "0", "by"},
    {"k.138/one/two/by/key", "0", "by"},
    {"k.138/one/two/by/wyt", NULL, "by"},
    {"k.138/one/two/tri/shas", "[" A_256 " " B_256 "]", NULL},
    {"k.138/one/two/tri/shax", A_256, NULL},
    {"k.138/one/two/tri/shay", "[32 " A_256 "]", NULL},
    {"k.138/one/two/tri/shal", "[32 " A_256 "]", NULL},
    {"k.138/one/two/tri/sha/sha1", "[32 " A_256 "]", NULL},
    {"k.138/one/two/tri/qua/trip", "'hello world, hello all'", NULL},
    {"k.138/one/two/tri/qua/scow", "[%ud 1000000]", NULL},
    {"k.138/one/two/tri/qua/pen/look", "[%cons " CHAPTER "]", NULL},
    {"k.138/one/two/tri/qua/pen/loot", "[%take " CHAPTERS "]", NULL},
    {"k.138/one/two/tri/qua/mink", "[[30 " DECREMENT "] [1 0] 0]", NULL},
    {"k.138/one/two/tri/qua/mole", "[[7 [0 3] " DECREMENT "] 300]", NULL},
    {"k.138/one/two/tri/qua/mule", "[[7 [0 3] " DECREMENT "] 300]", NULL},
};

/* Jets that a program is about: parse and compile this, without them. */
#define EXPRESSION                                                                                                     \
    "=>  |%\n    ++  dec  |=(a=@ =+(b=0 |-(?:(=(a +(b)) b $(b +(b))))))\n    ++  sub\n      |=  [a=@ b=@]\n"           \
    "      ?:(=(0 b) a $(a (dec a), b (dec b)))\n    --\n(sub 43 1)"

static const char *const whole_jets[] = {
    "stew/fun",    "stir/fun",
    "just/fun",    "mask/fun",
    "shim/fun",    "easy/fun",
    "pen/ut/crop", "pen/ut/fish",
    "pen/ut/fuse", "pen/ut/mint",
    "pen/ut/mull", "pen/ut/redo",
    "pen/ut/rest", "pen/ut/nest/nest-in/nest-dext",
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

/* What a run calls, in this order: samples of `gate`, or cores to kick. */
struct calls {
    noun gate; /* NOUN_NONE: the items are cores */
    noun items[ITEMS_MAX];
    size_t count;
};

/* Each core is a noun of its own: one that was kicked a moment ago would not run again. */
static noun item_of(const struct calls *calls, size_t i)
{
    noun item = calls->items[i];
    return calls->gate == NOUN_NONE ? stack_cell(space_stack(), noun_head(item), noun_tail(item)) : item;
}

static noun list_of(const struct calls *calls, size_t count)
{
    noun list = 0;
    while (count-- > 0)
        list = stack_cell(space_stack(), item_of(calls, count), list);
    return list;
}

/* [formula items]: kicked, it calls with the head of the list and goes on with the tail. */
static noun loop_of(const struct calls *calls, size_t count)
{
    struct stack *stack = space_stack();
    noun call = read_text("[9 2 0 6]");
    if (calls->gate != NOUN_NONE)
        call =
            stack_triple(stack, 9, 2, stack_triple(stack, 10, read_text("[6 0 6]"), stack_cell(stack, 1, calls->gate)));
    noun step = stack_triple(stack, 8, call, read_text("[9 2 10 [3 0 15] 0 3]"));
    noun formula = stack_cell(stack, 6, stack_triple(stack, read_text("[3 0 3]"), step, read_text("[1 0]")));
    return stack_cell(stack, formula, list_of(calls, count));
}

/* How long one run takes; 0: it did not end well in time.  Before it, one that
 * crashes, which empties the memo table: what the library marks with ~+ is to
 * be computed each time. */
static uint64_t time_run(struct nock *machine, noun loop)
{
    struct nock_result result;
    noun formula;
    nock_root_add(machine, &loop);
    nock_run(machine, 0, read_text("[0 0]"), &result);
    formula = read_text("[9 2 0 1]");
    nock_set_deadline(machine, os_clock_ns() + DEADLINE_NS);
    uint64_t start_ns = os_clock_cpu_ns();
    nock_run(machine, loop, formula, &result);
    uint64_t took_ns = os_clock_cpu_ns() - start_ns;
    nock_set_deadline(machine, 0);
    nock_root_remove(machine, &loop);
    return result.outcome == NOCK_DONE ? took_ns : 0;
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t first = *(const uint64_t *)a, second = *(const uint64_t *)b;
    return (first > second) - (first < second);
}

/* Nanoseconds of a run: the median of some.  0: it does not end. */
static double time_loop(struct nock *machine, noun loop)
{
    uint64_t ns[RUNS_MAX], spent_ns = 0;
    size_t count = 0;
    nock_root_add(machine, &loop);
    for (unsigned warm_up = WARM_UP; count < RUNS_MAX && (spent_ns < ENOUGH_NS || count < RUNS_LEAST);) {
        ns[count] = time_run(machine, loop);
        if (ns[count] == 0) {
            count = 0;
            break;
        }
        if (warm_up > 0 && ns[count] < ENOUGH_NS)
            warm_up--;
        else
            spent_ns += ns[count++];
    }
    nock_root_remove(machine, &loop);
    if (count == 0)
        return 0;
    qsort(ns, count, sizeof *ns, compare_ns);
    return (double)ns[count / 2];
}

/* What a run takes around its calls: so much, and so much for each. */
static double run_ns[2], call_ns[2]; /* of cores, of samples */

static void time_nothing(void)
{
    struct nock *machine;
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    for (unsigned by_gate = 0; by_gate < 2; by_gate++) {
        noun core = read_text("[[0 6] 0 0]");
        struct calls calls = {by_gate ? core : NOUN_NONE, {0}, ITEMS_MAX};
        for (size_t i = 0; i < ITEMS_MAX; i++)
            calls.items[i] = by_gate ? 0 : core;
        noun all = loop_of(&calls, ITEMS_MAX);
        nock_root_add(machine, &all);
        run_ns[by_gate] = time_loop(machine, loop_of(&calls, 0));
        call_ns[by_gate] = (time_loop(machine, all) - run_ns[by_gate]) / ITEMS_MAX;
        nock_root_remove(machine, &all);
    }
    nock_destroy(machine);
    printf("taken off below for a call of nothing: %.1f ns of a core, %.1f ns of a gate\n", call_ns[0], call_ns[1]);
}

/* Nanoseconds of one call; 0: it does not end. */
static double time_calls(struct nock *machine, const struct calls *calls, size_t count)
{
    bool by_gate = calls->gate != NOUN_NONE;
    double ns = time_loop(machine, loop_of(calls, count));
    if (ns == 0)
        return 0;
    double net_ns = (ns - run_ns[by_gate]) / (double)count - call_ns[by_gate];
    return net_ns > 1 ? net_ns : 1;
}

/* How many of the items make a run long enough; 1 if even that takes longer. */
static size_t enough_items(struct nock *machine, const struct calls *calls)
{
    noun one = loop_of(calls, 1);
    nock_root_add(machine, &one);
    uint64_t ns = time_run(machine, one);
    if (ns != 0 && ns < RUN_NS)
        ns = time_run(machine, one);
    nock_root_remove(machine, &one);
    uint64_t count = ns == 0 ? 1 : RUN_NS / ns;
    return count == 0 ? 1 : count < calls->count ? (size_t)count : calls->count;
}

/* The best of some turns. */
struct timing {
    double nock_ns, jet_ns;
    size_t count; /* of items of a run: what the Nock does in time */
};

static double better(double a, double b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
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

/* A set of a hundred numbers, or the map of each to itself. */
static noun make_tree(struct nock *machine, bool is_map, noun first)
{
    struct stack *stack = space_stack();
    noun tree = 0;
    for (noun key = first; key < first + 100; key++) {
        noun sample = is_map ? stack_cell(stack, key, key) : key;
        noun gate = stack_triple(stack, 0, sample, stack_triple(stack, 0, tree, 0));
        tree = is_map ? jet_by_put(machine, gate) : jet_in_put(machine, gate);
        CHECK(tree < NOCK_JET_FAIL);
    }
    return tree;
}

/* What a sample's text makes of a library's gate; false if it has none. */
static bool fill(struct library *library, const struct sample *sample, struct calls *calls)
{
    struct stack *stack = space_stack();
    noun core = library_find(library, sample->path);
    if (core == NOUN_NONE)
        return false;
    bool is_trap = sample->sample == NULL, is_map = sample->door != NULL && sample->door[0] == 'b';
    noun context = noun_at(core, is_trap ? 3 : 7), given = 0;
    if (sample->door != NULL) { /* [battery tree context] */
        noun tree = make_tree(library->machine, is_map, 1);
        context = stack_triple(stack, noun_head(context), tree, noun_at(context, 7));
    }
    if (!is_trap && sample->door != NULL && strcmp(sample->sample, sample->door) == 0)
        given = make_tree(library->machine, is_map, 51);
    else if (!is_trap)
        given = read_text(sample->sample);
    noun filled =
        is_trap ? stack_cell(stack, noun_head(core), context) : stack_triple(stack, noun_head(core), given, context);
    calls->gate = is_trap ? NOUN_NONE : filled;
    calls->count = ITEMS_MAX;
    for (size_t i = 0; i < ITEMS_MAX; i++)
        calls->items[i] = is_trap ? filled : given;
    return true;
}

static double time_sample(const struct sample *sample, bool by_nock, struct timing *timing)
{
    size_t count = jet_table_count;
    struct nock_jet *table = without(jet_table, &count, by_nock ? sample->path : NULL);
    struct library library;
    struct calls calls;
    double ns = 0;
    library_open(&library, table, count, false);
    if (fill(&library, sample, &calls)) {
        if (timing->count == 0)
            timing->count = enough_items(library.machine, &calls);
        fill(&library, sample, &calls);
        ns = time_calls(library.machine, &calls, timing->count);
    }
    library_close(&library);
    free(table);
    return ns;
}

static void run_samples(void)
{
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct timing timing = {0, 0, 0};
        for (unsigned turn = 0; turn < TURNS && is_wanted(samples[i].path); turn++) {
            timing.nock_ns = better(timing.nock_ns, time_sample(&samples[i], true, &timing));
            timing.jet_ns = better(timing.jet_ns, time_sample(&samples[i], false, &timing));
        }
        if (is_wanted(samples[i].path))
            note(samples[i].path, timing.nock_ns, timing.jet_ns);
    }
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
    noun core = library_with_sample(library, vest, nail);
    if (parse_only)
        return core;
    nock_run(library->machine, core, read_text("[9 2 0 1]"), &parsed);
    CHECK(parsed.outcome == NOCK_DONE);
    noun sample = stack_cell(space_stack(), noun_cord("noun"), noun_at(parsed.product, 14));
    nock_root_add(library->machine, &sample);
    noun mint = library_find(library, "k.138/one/two/tri/qua/pen/ut/mint");
    nock_root_remove(library->machine, &sample);
    return library_with_sample(library, mint, sample);
}

static double time_compiler(const char *removed, bool parse_only)
{
    size_t count = jet_table_count;
    struct nock_jet *table = without(jet_table, &count, removed);
    struct library library;
    library_open(&library, table, count, false);
    /* The parser's rules are made once a run; what is compiled again is remembered. */
    struct calls calls = {NOUN_NONE, {compiler(&library, parse_only)}, parse_only ? PARSED_TIMES : 1};
    for (size_t i = 1; i < calls.count; i++)
        calls.items[i] = calls.items[0];
    double ns = time_calls(library.machine, &calls, calls.count);
    library_close(&library);
    free(table);
    return ns;
}

static void run_compiler(void)
{
    for (size_t i = 0; i < COUNT_OF(whole_jets); i++) {
        bool is_parser = strncmp(whole_jets[i], "pen/ut", 6) != 0;
        struct timing timing = {0, 0, 1};
        char name[96];
        snprintf(name, sizeof name, "k.138/one/two/tri/qua/%s", whole_jets[i]);
        for (unsigned turn = 0; turn < PROGRAM_TURNS && is_wanted(name); turn++) {
            timing.nock_ns = better(timing.nock_ns, time_compiler(whole_jets[i], is_parser));
            timing.jet_ns = better(timing.jet_ns, time_compiler(NULL, is_parser));
        }
        if (is_wanted(name))
            note(name, timing.nock_ns, timing.jet_ns);
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

/* A machine without a jet of the group, or with all of them; its gates are a root until zk_close. */
struct zk_machine {
    struct nock *machine;
    struct nock_jet *table;
    noun gate;
};

static void zk_open(struct zk_machine *zk, const char *jam_path, const struct nock_jet *jet, bool by_nock)
{
    size_t count = zk_table_count;
    zk->table = without(zk_table, &count, by_nock ? jet->path : NULL);
    stack_clear(space_stack());
    CHECK(nock_create(space_stack(), NULL, &zk->machine) == STATUS_OK);
    nock_add_jets(zk->machine, jet_table, jet_table_count);
    nock_add_jets(zk->machine, zk->table, count);
    zk->gate = find_gate(probe(zk->machine, jam_path), zk_sample_name(jet->path));
    nock_root_add(zk->machine, &zk->gate);
}

static void zk_close(struct zk_machine *zk)
{
    nock_root_remove(zk->machine, &zk->gate);
    nock_destroy(zk->machine);
    free(zk->table);
}

/* The sample of a number, always the same. */
static noun zk_core(struct zk_machine *zk, const struct nock_jet *jet, size_t number)
{
    uint64_t state = 1 + 1000003 * (uint64_t)number;
    return zk_sample_core(zk->machine, zk_sample_name(jet->path), zk->gate, &state);
}

/* The numbers of samples that neither crash nor are left to the Nock. */
static size_t choose(const char *jam_path, const struct nock_jet *jet, size_t numbers[ITEMS_MAX])
{
    struct zk_machine zk;
    size_t chosen = 0;
    zk_open(&zk, jam_path, jet, false);
    for (size_t number = 0; number < 4 * ITEMS_MAX && chosen < ITEMS_MAX && zk.gate != NOUN_NONE; number++) {
        struct nock_result result;
        noun core = zk_core(&zk, jet, number);
        uint64_t punts = nock_statistics(zk.machine)->jet_punts;
        nock_set_deadline(zk.machine, os_clock_ns() + SAMPLE_DEADLINE_NS);
        nock_run(zk.machine, core, read_text("[9 2 0 1]"), &result);
        nock_set_deadline(zk.machine, 0);
        if (result.outcome == NOCK_DONE && nock_statistics(zk.machine)->jet_punts == punts)
            numbers[chosen++] = number;
    }
    zk_close(&zk);
    return chosen;
}

static double time_zk(const char *jam_path, const struct nock_jet *jet, bool by_nock, const size_t *numbers,
                      size_t chosen, struct timing *timing)
{
    struct zk_machine zk;
    struct calls calls = {NOUN_NONE, {0}, chosen};
    zk_open(&zk, jam_path, jet, by_nock);
    if (timing->count == 0) {
        calls.items[0] = zk_core(&zk, jet, numbers[0]);
        timing->count = enough_items(zk.machine, &calls);
    }
    for (size_t i = 0; i < timing->count; i++)
        nock_root_add(zk.machine, &calls.items[i]); /* making a sample may run Nock */
    for (size_t i = 0; i < timing->count; i++)
        calls.items[i] = zk_core(&zk, jet, numbers[i]);
    for (size_t i = timing->count; i-- > 0;)
        nock_root_remove(zk.machine, &calls.items[i]);
    double ns = time_calls(zk.machine, &calls, timing->count);
    zk_close(&zk);
    return ns;
}

static void run_zk(const char *jam_path)
{
    for (size_t i = 0; i < zk_table_count; i++) {
        const struct nock_jet *jet = &zk_table[i];
        size_t numbers[ITEMS_MAX], chosen = is_wanted(jet->path) ? choose(jam_path, jet, numbers) : 0;
        struct timing timing = {0, 0, 0};
        for (unsigned turn = 0; turn < TURNS && chosen > 0; turn++) {
            timing.nock_ns = better(timing.nock_ns, time_zk(jam_path, jet, true, numbers, chosen, &timing));
            timing.jet_ns = better(timing.jet_ns, time_zk(jam_path, jet, false, numbers, chosen, &timing));
        }
        if (is_wanted(jet->path))
            note(jet->path, timing.nock_ns, timing.jet_ns);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

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
        puts("set LOAM_ZKVM_PROBE for the zkvm group, see test/zk/zk-probe.hoon");
    fclose(json_out);
    printf("{\"calibration_ns\": %" PRIu64 ", \"jets\": {%s}}\n", calibration.median_ns, json);
    free(json);
    return 0;
}
