/* Jets: which calls run one, what they may answer, and jets that run Nock. */
#include "os/os.h"
#include "rig.h"
#include "support/tap.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOT "[%root 138]"

static struct rig rig;

/* ---- jets that say that they ran ------------------------------------------------ */

static noun jet_word(struct nock *machine, noun sample)
{
    (void)machine, (void)sample;
    return noun_cord("jet");
}

static noun jet_swap(struct nock *machine, noun a, noun b)
{
    return stack_cell(nock_stack(machine), b, a);
}

static noun jet_rotate(struct nock *machine, noun a, noun b, noun c)
{
    return stack_triple(nock_stack(machine), b, c, a);
}

static noun jet_sample(struct nock *machine, noun core)
{
    (void)machine;
    return noun_at(core, 6);
}

static noun jet_big(struct nock *machine, noun sample)
{
    (void)sample;
    return stack_atom_from_word(nock_stack(machine), UINT64_MAX);
}

static noun jet_punt(struct nock *machine, noun sample)
{
    (void)machine, (void)sample;
    return NOCK_JET_PUNT;
}

static noun jet_exit(struct nock *machine, noun sample)
{
    (void)machine, (void)sample;
    return NOCK_JET_EXIT;
}

static noun jet_fail(struct nock *machine, noun sample)
{
    (void)machine, (void)sample;
    return NOCK_JET_FAIL;
}

/* Takes as long as it may. */
static noun jet_stubborn(struct nock *machine, noun sample)
{
    (void)sample;
    while (!nock_is_stopping(machine))
        continue;
    return NOCK_JET_FAIL;
}

static const struct nock_jet plain_jets[] = {
    {"k.138/word", 1, NOCK_JET_1, {.one = jet_word}},       {"k.138/swap", 1, NOCK_JET_2, {.two = jet_swap}},
    {"k.138/rotate", 1, NOCK_JET_3, {.three = jet_rotate}}, {"k.138/sample", 1, NOCK_JET_CORE, {.core = jet_sample}},
    {"k.138/big", 1, NOCK_JET_1, {.one = jet_big}},         {"k.138/punt", 1, NOCK_JET_1, {.one = jet_punt}},
    {"k.138/exit", 1, NOCK_JET_1, {.one = jet_exit}},       {"k.138/fail", 1, NOCK_JET_1, {.one = jet_fail}},
    {"k.138/layer/word", 1, NOCK_JET_1, {.one = jet_word}}, {"k.138/arms", 2, NOCK_JET_CORE, {.core = jet_sample}},
    {"k.138/arms", 3, NOCK_JET_1, {.one = jet_word}},       {"k.138/stubborn", 1, NOCK_JET_1, {.one = jet_stubborn}},
};

/* A core is registered by running a hint on it. */
static void register_core(const char *core, const char *clue)
{
    char formula[512];
    struct nock_result result;
    snprintf(formula, sizeof formula, "[11 [%%fast 1 %s] 0 1]", clue);
    rig_run(&rig, core, formula, &result);
    CHECK(result.outcome == NOCK_DONE);
}

/* [battery 0 ROOT], where the battery is [1 %nock name]: its Nock gives [%nock name]. */
static void register_gate(const char *name)
{
    char core[256], clue[256];
    snprintf(core, sizeof core, "[[1 %%nock %%%s] 0 %s]", name, ROOT);
    snprintf(clue, sizeof clue, "[%%%s [0 7] 0]", name);
    register_core(core, clue);
}

static bool expect_call(const char *name, const char *sample, const char *root, const char *product)
{
    char formula[512];
    snprintf(formula, sizeof formula, "[9 2 10 [6 1 %s] 1 [1 %%nock %%%s] 0 %s]", sample, name, root);
    return rig_expect(&rig, "0", formula, product);
}

static void open_with_jets(const struct rig_options *options)
{
    rig_open(&rig, options);
    nock_add_jets(rig.machine, plain_jets, COUNT_OF(plain_jets));
}

static void register_root(void)
{
    register_core(ROOT, "[[%k 138] [1 0] 0]");
}

/* ---- plain jets -------------------------------------------------------------------- */

static void test_plain(void)
{
    open_with_jets(&(struct rig_options){0});
    expect_call("word", "1", ROOT, "[%nock %word]");
    register_root();
    static const char *const names[] = {"word", "swap", "rotate", "sample", "big", "punt", "exit", "fail", "stubborn"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        register_gate(names[i]);
    expect_call("word", "1", ROOT, "%jet");
    expect_call("swap", "[1 2 3]", ROOT, "[[2 3] 1]");
    expect_call("swap", "1", ROOT, "[%nock %swap]");
    expect_call("rotate", "[1 2 3]", ROOT, "[2 3 1]");
    expect_call("rotate", "[[1 1] [2 2] 3 3]", ROOT, "[[2 2] [3 3] 1 1]");
    expect_call("rotate", "[1 2]", ROOT, "[%nock %rotate]");
    expect_call("sample", "[1 2]", ROOT, "[1 2]");
    expect_call("big", "0", ROOT, "0xffffffffffffffff");
    expect_call("punt", "0", ROOT, "[%nock %punt]");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 9 2 1 [1 %nock %exit] 0 " ROOT "]", "[[%mean 1] 0]");
    rig_expect_failure(&rig, "0", "[9 2 1 [1 %nock %fail] 0 " ROOT "]", "fail");
    nock_set_deadline(rig.machine, os_clock_ns() + 20000000);
    rig_expect_failure(&rig, "0", "[9 2 1 [1 %nock %stubborn] 0 " ROOT "]", "intr");
    nock_set_deadline(rig.machine, 0);
    const struct nock_statistics *statistics = nock_statistics(rig.machine);
    tap_ok(statistics->jet_punts == 1 && statistics->jet_calls >= 8, "calls and punts are counted");
    rig_close(&rig);
}

/* Samples that the caller has put together from parts, whole, and edited. */
static void test_sample_shapes(void)
{
    static const char *const calls[] = {
        "[9 2 1 [1 %nock %swap] [5 6 7] " ROOT "]",
        "[9 2 [1 1 %nock %swap] [1 5 6 7] 1 " ROOT "]",
        "[9 2 [1 1 %nock %swap] [[1 5] 1 6 7] 1 " ROOT "]",
        "[9 2 10 [6 [1 5] 1 6 7] 1 [1 %nock %swap] 0 " ROOT "]",
        "[9 2 10 [12 1 5] 10 [13 1 6 7] 1 [1 %nock %swap] [0 0] " ROOT "]",
        "[8 [1 [1 %nock %swap] 0 " ROOT "] 9 2 10 [6 [1 5] [1 6] 1 7] 0 2]",
        "[7 [1 [1 %nock %swap] [5 6 7] " ROOT "] 9 2 0 1]",
        "[9 2 9 2 1 [1 [1 %nock %swap] [5 6 7] " ROOT "] 0]",
        "[8 [1 5 6] 8 [1 [1 %nock %swap] 0 " ROOT "] 9 2 10 [6 [0 12] [0 13] 1 7] 0 2]",
        "[7 [1 [1 %nock %swap] [5 6 7] " ROOT "] 9 2 [0 2] [0 6] 0 7]",
        "[7 [1 [1 %nock %swap] [5 6 7] " ROOT "] 9 2 [0 2] [[0 12] 0 13] [0 14] 0 15]",
        "[10 [1 9 2 1 [1 %nock %swap] [5 6 7] " ROOT "] 0 1]",
    };
    static const size_t budgets_bytes[] = {0, 256};
    for (size_t b = 0; b < COUNT_OF(budgets_bytes); b++) {
        open_with_jets(&(struct rig_options){.young_budget_bytes = budgets_bytes[b]});
        register_root();
        register_gate("swap");
        for (size_t i = 0; i < COUNT_OF(calls); i++)
            rig_expect(&rig, "0", calls[i], "[[6 7] 5]");
        rig_close(&rig);
    }
}

/* ---- matching (docs/nock.md, sections 7 and 8) ------------------------------------------------------- */

#define LAYER "[[1 %layer] " ROOT "]"

static void test_matching(void)
{
    open_with_jets(&(struct rig_options){0});
    register_gate("word");
    expect_call("word", "1", ROOT, "[%nock %word]"); /* its parent was not known */
    register_root();
    expect_call("word", "1", ROOT, "[%nock %word]"); /* and is not looked for later */
    register_gate("word");
    expect_call("word", "1", ROOT, "%jet");
    expect_call("word", "1", "[%root 139]", "[%nock %word]");
    expect_call("word", "1", "0", "[%nock %word]");
    expect_call("word", "1", ROOT, "%jet");
    rig_expect(&rig, "0", "[2 [1 [1 %nock %word] 0 " ROOT "] 1 1 %nock %word]", "[%nock %word]");
    rig_expect(&rig, "0", "[7 [1 [1 %nock %word] 0 " ROOT "] 2 [0 1] 0 2]", "[%nock %word]");

    /* another root under the same label: both chains stand */
    register_core("[%another 138]", "[[%k 138] [1 0] 0]");
    expect_call("word", "1", "[%another 138]", "[%nock %word]");
    register_core("[[1 %nock %word] 0 %another 138]", "[%word [0 7] 0]");
    expect_call("word", "1", "[%another 138]", "%jet");
    expect_call("word", "1", ROOT, "%jet");

    /* a chain of three, the middle by its battery only */
    register_core(LAYER, "[%layer [0 3] 0]");
    register_core("[[1 %deep] 0 " LAYER "]", "[%word [0 7] 0]");
    rig_expect(&rig, "0", "[9 2 1 [1 %deep] 0 " LAYER "]", "%jet");
    rig_expect(&rig, "0", "[9 2 1 [1 %deep] 0 [1 %layer] %root 139]", "%deep");
    rig_expect(&rig, "0", "[9 2 1 [1 %deep] 0 [1 %layers] " ROOT "]", "%deep");

    /* a parent formula in hints; a parent in the sample; arms of a larger battery */
    register_core("[[1 %hinted] 0 " LAYER "]", "[%word [11 [%spot 1 5] 11 %a 0 7] 0]");
    rig_expect(&rig, "0", "[9 2 1 [1 %hinted] 0 " LAYER "]", "%jet");
    register_core("[[1 %inward] " LAYER " 0]", "[%word [0 6] 0]");
    rig_expect(&rig, "0", "[9 2 1 [1 %inward] " LAYER " 0]", "%jet");
    rig_expect(&rig, "0", "[9 2 1 [1 %inward] 0 " LAYER "]", "%inward");
    register_core("[[[1 1] 1 2] 7 " ROOT "]", "[%arms [0 7] 0]");
    rig_expect(&rig, "0", "[9 4 1 [[1 1] 1 2] 7 " ROOT "]", "7");
    rig_expect(&rig, "0", "[9 5 1 [[1 1] 1 2] 7 " ROOT "]", "%jet");
    rig_expect(&rig, "0", "[9 4 1 [[1 1] 1 2] 7 0]", "1");

    /* what makes no label makes no trouble */
    register_core("[[1 %bad] 0 " ROOT "]", "[%word [0 0] 0]");
    register_core("[[1 %bad] 0 " ROOT "]", "[%word [1 5] 0]");
    register_core("[[1 %bad] 0 " ROOT "]", "[[1 2 [3 4]] [0 7] 0]");
    rig_expect(&rig, "0", "[9 2 1 [1 %bad] 0 " ROOT "]", "%bad");
    rig_close(&rig);
}

/* The same battery met with one context, then another, over collections. */
static void test_changing_contexts(void)
{
    open_with_jets(&(struct rig_options){.young_budget_bytes = 256});
    register_root();
    register_gate("word");
    rig_expect(&rig, "0",
               /* n odd: the right root; even: a wrong one; counts how often the jet ran */
               "[8 [[1 6 [5 [0 6] 1 10.000] [0 14] 8 [9 2 [1 1 %nock %word] [1 0] [1 %root] 6 [0 15] [1 138] 1 139] "
               "6 [5 [0 2] 1 %jet] [9 2 10 [6 4 0 14] 10 [14 4 0 30] 10 [15 6 [0 31] [1 1] 1 0] 0 3] "
               "9 2 10 [6 4 0 14] 10 [15 6 [0 31] [1 1] 1 0] 0 3] 1 0 0 0] 9 2 0 2]",
               "5000");
    rig_close(&rig);
}

/* A gate made anew, and hinted, around a parent made anew and hinted, whose own
 * parent is the right root or a wrong one. */
static void test_changing_parents(void)
{
    static const size_t budgets_bytes[] = {256, 1 << 20};
    for (size_t b = 0; b < COUNT_OF(budgets_bytes); b++) {
        open_with_jets(&(struct rig_options){.young_budget_bytes = budgets_bytes[b]});
        register_root();
        rig_expect(&rig, "0",
                   "[8 [[1 6 [5 [0 6] 1 10.000] [0 14] 8 "
                   "[8 [11 [%fast 1 %layer [0 7] 0] [1 1 %outer] [0 6] [1 %root] 6 [0 15] [1 138] 1 139] "
                   "9 2 11 [%fast 1 %word [0 7] 0] [1 1 %inner] [1 0] 0 2] "
                   "6 [5 [0 2] 1 %jet] [9 2 10 [6 4 0 14] 10 [14 4 0 30] 10 [15 6 [0 31] [1 1] 1 0] 0 3] "
                   "9 2 10 [6 4 0 14] 10 [15 6 [0 31] [1 1] 1 0] 0 3] 1 0 0 0] 9 2 0 2]",
                   "5000");
        rig_close(&rig);
    }
}

/* A parent may hold all that the program has built, and be neither root nor core. */
static void test_parent_unread(void)
{
    open_with_jets(&(struct rig_options){0});
    register_root();
    struct nock_result result;
    noun built = rig_noun(&rig, "[[1 2 3] 4 5 6]");
    noun parent = stack_cell(rig.stack, rig_noun(&rig, "[1 %layer]"), built);
    noun core = stack_triple(rig.stack, rig_noun(&rig, "[1 %inner]"), 0, parent);
    nock_root_add(rig.machine, &built); /* where it is after the run */
    nock_run(rig.machine, core, rig_noun(&rig, "[11 [%fast 1 %word [0 7] 0] 0 1]"), &result);
    nock_root_remove(rig.machine, &built);
    built = noun_at(result.product, 15); /* where it is by now */
    tap_ok(result.outcome == NOCK_DONE && (noun_words(built)[0] & NOUN_META_MUG_MASK) == 0,
           "what a parent holds is not walked to see that it is no root");
    noun copy = stack_cell(rig.stack, noun_cord("root"), 138);
    core = stack_triple(rig.stack, rig_noun(&rig, "[1 %nock %word]"), 0, copy);
    nock_run(rig.machine, core, rig_noun(&rig, "[11 [%fast 1 %word [0 7] 0] 0 1]"), &result);
    expect_call("word", "1", ROOT, "%jet"); /* a root is one whatever its words */
    rig_close(&rig);
}

/* ---- jets in steps ------------------------------------------------------------------------- */

static uintptr_t stack_lowest, stack_highest;

static void note_stack(void)
{
    volatile char here = 0;
    uintptr_t address = (uintptr_t)&here;
    stack_lowest = address < stack_lowest ? address : stack_lowest;
    stack_highest = address > stack_highest ? address : stack_highest;
}

static enum nock_step call_self(struct nock *machine, struct nock_activation *activation, noun sample,
                                enum nock_step step)
{
    activation->subject = nock_gate_with_sample(machine, activation->core, sample);
    return step;
}

/* 0 for 0, else one more than itself of one less. */
static enum nock_step step_deep(struct nock *machine, struct nock_activation *activation)
{
    note_stack();
    noun sample = noun_at(activation->core, 6);
    if (activation->phase++ == 1)
        activation->result++;
    else if (sample == 0)
        activation->result = 0;
    else
        return call_self(machine, activation, sample - 1, NOCK_STEP_KICK);
    return NOCK_STEP_DONE;
}

static enum nock_step step_tail(struct nock *machine, struct nock_activation *activation)
{
    note_stack();
    noun sample = noun_at(activation->core, 6);
    activation->result = noun_cord("end");
    return sample == 0 ? NOCK_STEP_DONE : call_self(machine, activation, sample - 1, NOCK_STEP_KICK_TAIL);
}

/* [list gate]: the gate on each item.  Slots: what is left, the products newest
 * first, the gate. */
static enum nock_step step_map(struct nock *machine, struct nock_activation *activation)
{
    noun *slot = activation->slot;
    struct stack *stack = nock_stack(machine);
    if (activation->phase == 0) {
        slot[0] = noun_at(activation->core, 12);
        slot[2] = noun_at(activation->core, 13);
        if (slot[2] == NOUN_NONE || !noun_is_cell(slot[2]))
            return NOCK_STEP_PUNT;
    } else {
        slot[1] = stack_cell(stack, activation->result, slot[1]);
    }
    activation->phase++;
    if (noun_is_cell(slot[0])) {
        activation->subject = nock_gate_with_sample(machine, slot[2], noun_head(slot[0]));
        slot[0] = noun_tail(slot[0]);
        return NOCK_STEP_KICK;
    }
    activation->result = 0;
    for (noun rest = slot[1]; noun_is_cell(rest); rest = noun_tail(rest))
        activation->result = stack_cell(stack, noun_head(rest), activation->result);
    return NOCK_STEP_DONE;
}

/* Runs its sample, [subject formula], as is. */
static enum nock_step step_run(struct nock *machine, struct nock_activation *activation)
{
    (void)machine;
    if (activation->phase++ == 1)
        return NOCK_STEP_DONE;
    activation->subject = noun_at(activation->core, 12);
    activation->formula = noun_at(activation->core, 13);
    return NOCK_STEP_CALL;
}

static enum nock_step step_exit(struct nock *machine, struct nock_activation *activation)
{
    (void)machine, (void)activation;
    return NOCK_STEP_EXIT;
}

static enum nock_step step_fail(struct nock *machine, struct nock_activation *activation)
{
    (void)machine, (void)activation;
    return NOCK_STEP_FAIL;
}

/* The sample's own product by the raw formula, once per memo table. */
static enum nock_step step_remember(struct nock *machine, struct nock_activation *activation)
{
    noun sample = noun_at(activation->core, 6);
    if (activation->phase++ == 1) {
        nock_memo_store(machine, sample, activation->result);
        return NOCK_STEP_DONE;
    }
    activation->result = nock_memo_find(machine, sample);
    if (activation->result != NOUN_NONE)
        return NOCK_STEP_DONE;
    activation->subject = activation->core;
    activation->formula = noun_head(activation->core);
    return NOCK_STEP_CALL;
}

static const struct nock_jet step_jets[] = {
    {"k.138/deep", 1, NOCK_JET_STEP, {.step = step_deep}},
    {"k.138/tail", 1, NOCK_JET_STEP, {.step = step_tail}},
    {"k.138/map", 1, NOCK_JET_STEP, {.step = step_map}},
    {"k.138/run", 1, NOCK_JET_STEP, {.step = step_run}},
    {"k.138/stop", 1, NOCK_JET_STEP, {.step = step_exit}},
    {"k.138/halt", 1, NOCK_JET_STEP, {.step = step_fail}},
    {"k.138/remember", 1, NOCK_JET_STEP, {.step = step_remember}},
};

static void open_with_steps(size_t young_budget_bytes)
{
    static const char *const names[] = {"deep", "tail", "map", "run", "stop", "halt", "remember"};
    open_with_jets(&(struct rig_options){.young_budget_bytes = young_budget_bytes});
    nock_add_jets(rig.machine, step_jets, COUNT_OF(step_jets));
    register_root();
    for (size_t i = 0; i < COUNT_OF(names); i++)
        register_gate(names[i]);
    stack_lowest = UINTPTR_MAX;
    stack_highest = 0;
}

static void test_steps(size_t young_budget_bytes)
{
    open_with_steps(young_budget_bytes);
    expect_call("deep", "10", ROOT, "10");
    expect_call("tail", "10", ROOT, "%end");
    expect_call("map", "[[1 2 3 0] [4 0 6] 0 0]", ROOT, "[2 3 4 0]");
    expect_call("map", "[[1 2 3 0] [[0 6] 0 6] 0 0]", ROOT, "[[1 1] [2 2] [3 3] 0]");
    expect_call("map", "[[1 2 3 0] 5]", ROOT, "[%nock %map]");
    expect_call("run", "[4 4 0 1]", ROOT, "5");
    expect_call("run", "[4 8 [1 9 2 10 [6 1 5] 0 7] 1 3]", ROOT, "3");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 9 2 1 [1 %nock %stop] 0 " ROOT "]", "[[%mean 1] 0]");
    rig_expect_failure(&rig, "0", "[9 2 1 [1 %nock %halt] 0 " ROOT "]", "fail");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 4 9 2 1 [1 %nock %run] [4 11 [%spot 1 2] 4 4 0 0] " ROOT "]",
                     "[[%spot 2] [%mean 1] 0]");
    rig_expect_crash(
        &rig, "0",
        "[11 [%mean 1 1] 9 2 1 [1 %nock %map] [[1 2 3 0] [11 [%spot 0 6] 6 [5 [0 6] 1 3] [0 0] 0 6] 0 0] " ROOT "]",
        "[[%spot 3] [%mean 1] 0]");
    /* a jet that runs a jet that runs a jet, as gate of the map */
    rig_expect(&rig, "0",
               "[9 2 1 [1 %nock %map] [[[[1 2 0] [4 0 6] 0 0] [[3 4 0] [4 0 6] 0 0] 0] [1 %nock %map] 0 " ROOT "] " ROOT
               "]",
               "[[2 3 0] [4 5 0] 0]");
    rig_close(&rig);
}

static void test_step_depth(void)
{
    open_with_steps(0);
    expect_call("deep", "1.000.000", ROOT, "1.000.000");
    tap_ok(stack_highest - stack_lowest < 4096, "a jet within itself a million times on %zu bytes of C stack",
           (size_t)(stack_highest - stack_lowest));
    uint64_t depth_bytes = nock_statistics(rig.machine)->depth_peak_bytes;
    rig_close(&rig);
    open_with_steps(0);
    expect_call("tail", "1.000.000", ROOT, "%end");
    tap_ok(nock_statistics(rig.machine)->depth_peak_bytes < depth_bytes / 1000,
           "and after itself, on %" PRIu64 " bytes of frames, not %" PRIu64,
           nock_statistics(rig.machine)->depth_peak_bytes, depth_bytes);
    rig_close(&rig);
}

/* What runs Nock for others mostly kicks, by a formula that it makes each time. */
static void test_step_kick(void)
{
    open_with_steps(0);
    expect_call("run", "[[[4 0 6] 41 0] 9 2 0 1]", ROOT, "42");
    expect_call("run", "[[[1 %nock %word] 41 0] 9 2 0 1]", ROOT, "[%nock %word]");
    register_gate("word");
    expect_call("run", "[[[1 %nock %word] 41 " ROOT "] 9 2 0 1]", ROOT, "%jet");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 9 2 1 [1 %nock %run] [7 9 2 0 1] " ROOT "]", "[[%mean 1] 0]");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 1] 9 2 1 [1 %nock %run] [[7 8] 9 2 0 1] " ROOT "]", "[[%mean 1] 0]");
    rig_clear(&rig);
    struct nock_result result;
    uint64_t compiled = nock_statistics(rig.machine)->formulas_compiled;
    noun core = rig_persistent(&rig, tree_parse(rig.arena, "[[4 0 6] 41 0]"));
    for (unsigned i = 0; i < 3; i++) {
        nock_run(rig.machine, core, rig_noun(&rig, "[9 2 0 1]"), &result);
        tap_ok(result.outcome == NOCK_DONE && result.product == 42 &&
                   nock_statistics(rig.machine)->formulas_compiled == compiled + 1,
               "and leaves nothing behind");
        rig_clear(&rig);
    }
    rig_close(&rig);
}

static void test_step_memo(void)
{
    open_with_steps(0);
    rig_expect(&rig, "0", "[[9 2 1 [1 %nock %remember] 1 " ROOT "] 9 2 1 [1 %nock %remember] 1 " ROOT "]",
               "[[%nock %remember] %nock %remember]");
    tap_ok(nock_statistics(rig.machine)->memo_hits == 1 && nock_statistics(rig.machine)->memo_stores == 1,
           "a jet's own use of the memo table");
    rig_close(&rig);
}

/* ---- checking ----------------------------------------------------------------------------- */

static void test_check(void)
{
    open_with_jets(&(struct rig_options){.check_jets = true});
    register_root();
    register_core("[[[0 13] 0 12] 0 " ROOT "]", "[%swap [0 7] 0]");
    register_core("[[[0 12] 0 13] 0 " ROOT "]", "[%swap [0 7] 0]");
    register_core("[[0 0] 0 " ROOT "]", "[%word [0 7] 0]");
    register_core("[[1 5] 0 " ROOT "]", "[%exit [0 7] 0]");
    register_core("[[4 0 0] 0 " ROOT "]", "[%exit [0 7] 0]");
    register_core("[[1 6] 0 " ROOT "]", "[%punt [0 7] 0]");
    rig_expect(&rig, "0", "[9 2 1 [[0 13] 0 12] [1 2] " ROOT "]", "[2 1]");
    rig_expect_failure(&rig, "0", "[9 2 1 [[0 12] 0 13] [1 2] " ROOT "]", "jest");
    rig_expect_failure(&rig, "0", "[9 2 1 [0 0] 0 " ROOT "]", "jest");
    rig_expect_failure(&rig, "0", "[9 2 1 [1 5] 0 " ROOT "]", "jest");
    rig_expect_crash(&rig, "0", "[9 2 1 [4 0 0] 0 " ROOT "]", "0");
    rig_expect(&rig, "0", "[9 2 1 [1 6] 0 " ROOT "]", "6");
    rig_expect_crash(&rig, "0", "[9 2 1 [[0 13] 0 12] 0 " ROOT "]", "0");
    rig_close(&rig);
}

/* ---- the registry as a noun -------------------------------------------------------------------- */

static void test_registry(void)
{
    open_with_jets(&(struct rig_options){0});
    register_root();
    register_gate("word");
    register_core(LAYER, "[%layer [0 3] 0]");
    register_core("[[1 %deep] 0 " LAYER "]", "[%word [0 7] 0]");
    struct tree_arena *kept = tree_arena_create();
    const struct tree *registry = tree_from_noun(kept, nock_registry(rig.machine));
    rig_close(&rig);

    open_with_jets(&(struct rig_options){0});
    nock_registry_restore(rig.machine, tree_to_noun(rig.stack, registry), NULL, NULL);
    expect_call("word", "1", ROOT, "%jet");
    rig_expect(&rig, "0", "[9 2 1 [1 %deep] 0 " LAYER "]", "%jet");
    rig_expect(&rig, "0", "[9 2 1 [1 %deep] 0 [1 %layer] %root 139]", "%deep");
    uint64_t steps = UINT64_MAX;
    tap_ok(tree_equal(registry, tree_from_noun(kept, nock_registry(rig.machine)), &steps),
           "a restored registry is the one that was saved");
    noun saved = nock_registry(rig.machine);
    tap_ok(nock_registry(rig.machine) == saved, "it is not made again while it is the same");
    register_gate("pair");
    tap_ok(noun_list_length(nock_registry(rig.machine)) == noun_list_length(saved) + 1, "but when it has grown");
    rig_clear(&rig);
    expect_call("word", "1", ROOT, "[%nock %word]"); /* an event's end forgets what was ephemeral */
    rig_close(&rig);
    tree_arena_destroy(kept);
}

/* After an event whose nouns were all persisted the next one starts warm. */
static void test_moved(void)
{
    open_with_jets(&(struct rig_options){0});
    register_root();
    register_gate("word");
    register_core(LAYER, "[%layer [0 3] 0]");
    register_core("[[1 %deep] 0 " LAYER "]", "[%word [0 7] 0]");
    const struct tree *formula = tree_parse(rig.arena, "[9 2 1 [[5 [0 6] 1 3] 3 0]]");
    const struct tree *zero = tree_parse(rig.arena, "0");
    struct nock_result result;
    nock_run(rig.machine, 0, rig_persistent(&rig, formula), &result);
    rig_clear_moving(&rig, 4);
    expect_call("word", "1", ROOT, "%jet");
    rig_expect(&rig, "0", "[9 2 1 [1 %deep] 0 " LAYER "]", "%jet");
    uint64_t compiled = nock_statistics(rig.machine)->formulas_compiled;
    nock_run(rig.machine, tree_to_noun(rig.stack, zero), tree_to_noun(rig.stack, formula), &result);
    tap_ok(result.outcome == NOCK_DONE && result.product == 0 &&
               nock_statistics(rig.machine)->formulas_compiled == compiled,
           "no formula is compiled again");
    rig_clear_moving(&rig, 0);
    expect_call("word", "1", ROOT, "%jet"); /* now all of it is persistent */
    rig_close(&rig);
}

/* After a collection of the arena what was moved is as warm as before. */
static void test_collected(void)
{
    open_with_jets(&(struct rig_options){0});
    register_root();
    register_gate("word");
    const struct tree *formula = tree_parse(rig.arena, "[9 2 1 [[5 [0 6] 1 [3 4]] [3 4] 0]]");
    struct nock_result result;
    nock_run(rig.machine, 0, rig_persistent(&rig, formula), &result);
    rig_clear_moving(&rig, 4);
    for (unsigned i = 0; i < 3; i++) {
        uint64_t compiled = nock_statistics(rig.machine)->formulas_compiled;
        rig_collect_persistent(&rig, 4);
        nock_run(rig.machine, 0, tree_to_noun(rig.stack, formula), &result);
        tap_ok(result.outcome == NOCK_DONE && result.product == NOUN_YES &&
                   nock_statistics(rig.machine)->formulas_compiled == compiled,
               "code follows its formula and its constants");
        expect_call("word", "1", ROOT, "%jet");
    }
    rig_collect_persistent(&rig, 0);
    expect_call("word", "1", ROOT, "[%nock %word]");
    nock_run(rig.machine, 0, tree_to_noun(rig.stack, formula), &result);
    tap_ok(result.outcome == NOCK_DONE && result.product == NOUN_YES, "what is gone is compiled again");
    rig_close(&rig);
}

/* Another noun may come to lie where one was whose parts, formula or battery a
 * site remembers by its word. */
#define PLACE_WORDS 3002

static noun persistent_at_place(const char *text)
{
    noun last = 0;
    while (noun_offset_words(last) + 3 < PLACE_WORDS)
        last = rig_persistent(&rig, tree_parse(rig.arena, "[0 0]"));
    return rig_persistent(&rig, tree_parse(rig.arena, text));
}

static void test_same_words(void)
{
    static const struct {
        const char *formula, *before, *after, *product_before, *product_after;
    } cases[] = {
        {"[0 31]", "[1 2 3 4 5]", "[1 2 3 4 6]", "5", "6"},
        {"[2 [0 3] 0 2]", "[[1 5] 0]", "[[1 6] 0]", "5", "6"},
        {"[7 [9 2 0 1] 0 1]", "[[1 5] 0]", "[[1 6] 0]", "5", "6"},
        {"[8 [9 4 0 1] 9 2 10 [6 0 3] 0 2]", "[[[8 [1 0] [1 1 5] 0 1] 0] 0]", "[[[8 [1 0] [1 1 6] 0 1] 0] 0]", "5",
         "6"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        rig_open(&rig, &(struct rig_options){0});
        struct nock_result result;
        noun formula = rig_persistent(&rig, tree_parse(rig.arena, cases[i].formula));
        noun before = persistent_at_place(cases[i].before);
        nock_run(rig.machine, before, formula, &result);
        tap_ok(result.outcome == NOCK_DONE && rig_is(&rig, result.product, cases[i].product_before), "%s before",
               cases[i].formula);
        rig_clear_moving(&rig, 4);
        uint64_t compiled = nock_statistics(rig.machine)->formulas_compiled;
        rig_collect_persistent(&rig, 4);
        rig_collect_persistent(&rig, 4);
        noun after = persistent_at_place(cases[i].after);
        CHECK(after == before);
        nock_run(rig.machine, after, rig_noun(&rig, cases[i].formula), &result);
        tap_ok(result.outcome == NOCK_DONE && rig_is(&rig, result.product, cases[i].product_after), "%s after",
               cases[i].formula);
        tap_ok(i > 0 || nock_statistics(rig.machine)->formulas_compiled == compiled, "and its code was kept");
        rig_close(&rig);
    }
}

/* ---- what was compiled, as a noun ----------------------------------------------------------------- */

/* Counts up from its sample to 100, in a loop and, at each turn, by a call. */
#define COUNT_UP "[6 [5 [0 6] 1 100] [0 6] 9 2 10 [6 [7 [0 6] 4 0 1]] 0 1]"

/* The formula as the list has it; NOUN_NONE if it is not listed. */
static noun find_listed(const char *formula)
{
    for (noun list = nock_codes(rig.machine); noun_is_cell(list); list = noun_tail(list))
        if (rig_is(&rig, noun_head(noun_head(list)), formula))
            return noun_head(noun_head(list));
    return NOUN_NONE;
}

/* Without being asked to a restart compiles what runs, where the list has it. */
static void test_codes_met(const struct tree *list, bool is_moved, bool has_native)
{
    struct nock_result result;
    rig_open(&rig, &(struct rig_options){.native_after = 1000});
    nock_codes_restore(rig.machine, rig_persistent(&rig, list));
    if (is_moved)
        rig_collect_persistent(&rig, 4);
    noun loop = find_listed(COUNT_UP);
    noun gate = stack_triple(rig.stack, loop, 0, 0);
    nock_run(rig.machine, 0, stack_triple(rig.stack, 9, 2, stack_cell(rig.stack, 1, gate)), &result);
    tap_ok(rig_is(&rig, result.product, "100") && (nock_statistics(rig.machine)->native_bytes > 0) == has_native,
           "what was hot is machine code at its %s", is_moved ? "first call, wherever it has moved" : "first call");
    rig_collect_persistent(&rig, 4);
    tap_ok(tree_matches(list, nock_codes(rig.machine)), "and listed as before");
    rig_close(&rig);
}

static void test_codes(void)
{
    rig_open(&rig, &(struct rig_options){.native_after = 10});
    struct nock_result result;
    struct tree_arena *kept = tree_arena_create();
    const struct tree *formula = tree_parse(kept, "[9 2 1 " COUNT_UP " 0 0]");
    nock_run(rig.machine, 0, rig_persistent(&rig, formula), &result);
    tap_ok(rig_is(&rig, result.product, "100"), "a loop counts");
    rig_clear_moving(&rig, 4);
    noun codes = nock_codes(rig.machine);
    tap_ok(noun_list_length(codes) > 0 && nock_codes(rig.machine) == codes, "what ran is listed, once");
    const struct tree *list = tree_from_noun(kept, codes);
    rig_clear_moving(&rig, 4);
    codes = nock_codes(rig.machine);
    tap_ok(noun_is_persistent(codes) && nock_codes(rig.machine) == codes, "the list is persisted once");
    nock_run(rig.machine, 0, rig_persistent(&rig, tree_parse(rig.arena, "[4 1 1]")), &result);
    noun longer = nock_codes(rig.machine);
    tap_ok(noun_is_cell(longer) && noun_tail(longer) == codes, "what is new comes in front");
    for (unsigned i = 0; i < 3000; i++)
        nock_codes(rig.machine);
    tap_ok(noun_list_length(nock_codes(rig.machine)) == noun_list_length(longer), "a short list may stay");
    bool has_native = nock_statistics(rig.machine)->native_bytes > 0;
    rig_close(&rig);

    rig_open(&rig, &(struct rig_options){.native_after = 1000});
    nock_codes_restore(rig.machine, rig_persistent(&rig, list));
    tap_ok(nock_statistics(rig.machine)->formulas_compiled == 0, "a restart compiles nothing");
    nock_codes_warm(rig.machine, UINT64_MAX / 2);
    uint64_t compiled = nock_statistics(rig.machine)->formulas_compiled;
    tap_ok(compiled > 0 && (nock_statistics(rig.machine)->native_bytes > 0) == has_native,
           "before it is to run, all of it");
    nock_run(rig.machine, 0, rig_persistent(&rig, formula), &result);
    tap_ok(rig_is(&rig, result.product, "100") && nock_statistics(rig.machine)->formulas_compiled == compiled,
           "and the first run finds all of it");
    tap_ok(tree_matches(list, nock_codes(rig.machine)), "nothing is listed twice");
    rig_close(&rig);

    test_codes_met(list, false, has_native);
    test_codes_met(list, true, has_native);
    tree_arena_destroy(kept);
}

/* A list of kernels that are gone ends. */
static void test_codes_review(void)
{
    rig_open(&rig, &(struct rig_options){0});
    struct nock_result result;
    char text[64];
    for (unsigned i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "[[0 1] 1 %u]", i);
        nock_run(rig.machine, 0, rig_persistent(&rig, tree_parse(rig.arena, text)), &result);
    }
    tap_ok(noun_list_length(nock_codes(rig.machine)) == 200, "200 formulas are listed");
    noun last = rig_persistent(&rig, tree_parse(rig.arena, text));
    for (unsigned i = 0; i < 2500; i++) {
        if (i % 100 == 0)
            nock_run(rig.machine, 0, last, &result);
        nock_codes(rig.machine);
    }
    tap_ok(noun_list_length(nock_codes(rig.machine)) == 1, "after a time only the one that runs is");
    rig_close(&rig);
}

static void test_codes_garbage(void)
{
    static const char *const nouns[] = {"0",
                                        "7",
                                        "[1 2 3]",
                                        "[[[0 1] [1 2]] 0]",
                                        "[[5 0] [[0 1] 0x1000000000] [[0 1] 0x7fffffffffffffff] [[0 1] 4] 0]",
                                        "[[[0 1] 2] [[0 1] 22] [[0 1] 0x3fffffffc] [[[1 2] 9 9] 0] 0]"};
    for (size_t i = 0; i < COUNT_OF(nouns); i++) {
        rig_open(&rig, &(struct rig_options){0});
        nock_codes_restore(rig.machine, rig_persistent(&rig, tree_parse(rig.arena, nouns[i])));
        nock_codes_warm(rig.machine, UINT64_MAX / 2);
        rig_expect(&rig, "5", "[0 1]", "5");
        rig_close(&rig);
    }
}

static void test_registry_garbage(void)
{
    static const char *const nouns[] = {
        "0", "1", "[1 2 3]", "[[0 0 0 0] 0]", "[[%a 7 [1 2] 5] 0]", "[[%a 0 [1 2] 0] [%b 7 [1 2] 2] 0]"};
    for (size_t i = 0; i < COUNT_OF(nouns); i++) {
        open_with_jets(&(struct rig_options){0});
        nock_registry_restore(rig.machine, rig_noun(&rig, nouns[i]), NULL, NULL);
        expect_call("word", "1", ROOT, "[%nock %word]");
        rig_close(&rig);
    }
}

/* ---- the public tree's programs ------------------------------------------------------------------ */

static noun jet_decrement(struct nock *machine, noun sample)
{
    (void)machine;
    return noun_is_direct(sample) && sample > 0 ? sample - 1 : NOCK_JET_PUNT;
}

static const struct nock_jet program_jets[] = {{"a.50/dec", 1, NOCK_JET_1, {.one = jet_decrement}}};

static void test_program(const char *relative)
{
    const char *path = tap_corpus(relative);
    if (path == NULL) {
        tap_skip(relative, "LOAM_CORPUS is not a checkout of the public tree");
        return;
    }
    uint8_t *bytes;
    size_t size_bytes;
    CHECK(os_read_whole(path, 1 << 20, &bytes, &size_bytes) == STATUS_OK);
    rig_open(&rig, &(struct rig_options){0});
    nock_add_jets(rig.machine, program_jets, 1);
    const struct tree *program = tree_cue(rig.arena, bytes, size_bytes);
    free(bytes);
    CHECK(program != NULL && tree_is_cell(program));
    noun subject = tree_to_noun(rig.stack, program->head);
    struct nock_result result;
    nock_set_deadline(rig.machine, os_clock_ns() + 5 * (uint64_t)1000000000);
    nock_run(rig.machine, subject, tree_to_noun(rig.stack, program->tail), &result);
    tap_ok(result.outcome == NOCK_DONE && result.product == 1999999999, "%s decrements 2 billion by a jet", relative);
    rig_close(&rig);
}

int main(void)
{
    test_plain();
    test_sample_shapes();
    test_matching();
    test_changing_contexts();
    test_changing_parents();
    test_parent_unread();
    test_steps(0);
    test_steps(256);
    test_step_depth();
    test_step_kick();
    test_step_memo();
    test_check();
    test_registry();
    test_moved();
    test_collected();
    test_same_words();
    test_codes();
    test_codes_review();
    test_codes_garbage();
    test_registry_garbage();
    test_program("crates/nockvm/resources/jam/decfast.jam");
    return tap_done();
}
