/* The jets that run Nock, by programs of the compiled library.
 *
 * A program is a core to kick: a list function on a gate, the parser on some
 * Hoon, the compiler on what was parsed, virtual Nock on traps that do well
 * and badly.  Every program runs with all jets and then, for each jet that it
 * is about, with all jets but that one, and at last without all of those; it
 * must end the same.
 */
#include "compared.h"
#include "library.h"

#include "codec/codec.h"
#include "jet/jet.h"
#include "space.h"
#include "tap.h"

#include <stdlib.h>

#define COUNT_MAX 32
#define JETS_MAX 24

/* ---- Hoon to parse and compile ------------------------------------------- */

static const char *const expressions[] = {
    "5",
    "[1.000 0x1f 0b101 'cord' \"tape\" %term ~ & | ~zod ~2020.1.1 .~1 --5 0v1a]",
    "=+(a=5 |=(b=@ [a b .+(b)]))",
    "|=  [a=@ b=*]\n?:  =(0 a)  b\n$(a +(a), b [a b])",
    "=>  |%\n    ++  dec  |=(a=@ =+(b=0 |-(?:(=(a +(b)) b $(b +(b))))))\n    ++  sub\n      |=  [a=@ b=@]\n"
    "      ?:(=(0 b) a $(a (dec a), b (dec b)))\n    --\n(sub 43 1)",
    "|=  a=$@(~ [i=@ t=*])\n?~  a  1\ni.a",
    "|=  a=$%([%a p=@] [%b p=[@ @]])\n?-  -.a\n  %a  p.a\n  %b  -.p.a\n==",
    "=/  lis  |$([a] $@(~ [i=a t=*]))\n=/  m  (lis @)\n^-  *\n(m 0)",
    "=>  |%\n    +$  tree  $@(~ [n=@ l=tree r=tree])\n    ++  size\n      |=  a=tree\n      ^-  @\n"
    "      ?~  a  0\n      .+($(a l.a))\n    --\n(size [1 [2 ~ ~] ~])",
    "=>  |%  ++  twin  |*(a=* [a a])  --\n[(twin 5) (twin [1 2]) (twin `@ux`7)]",
    "=|  a=[b=@ c=[d=@ e=@]]\n=.  d.c.a  5\n=>  a(b 7, e.c 9)\n[b d.c e.c]",
    "|_  a=@\n+*  this  .\n++  one  a\n++  two  .+(one)\n--",
    "=+  a=`*`[1 2 3]\n?@  a  0\n?>  ?=([@ @ @] a)\n[+<.a -.a]",
    ":*  a=1  b=2\n    ::  a comment\n    c=%~  $  |=(@ 5)  3\n==",
    "=<  [a b]\n|%\n++  a  b\n++  b  ~+  ?:  &  5  6\n--",
    "=+  a=5  b",         /* no such face */
    "?:(1 2 3)",          /* no loobean */
    "^-(@ [1 2])",        /* does not nest */
    "=+(a=5 ?-(a %6 7))", /* a switch that misses its case */
    "|=  a=@\n(a 5",      /* does not parse */
    "0x12.34",            /* nor does any of these, each a little later */
    "[1.0000 2]",
    "=/  x  [1 2 --]\nx",
    "[1 2 ab-CD]",
    "~[1 2 3 ab.]",
    "?-  a\n  %b  c\n  %d\n==",
    "'abc",
    "[.1.2 .3.4e5.6 .~1.2.]",
    "\"a {<[1 2]>} b\"",
    "=/  a  1  =/  b  2\n~[a b ['\\0a' `a]]",
};

/* ---- programs ------------------------------------------------------------ */

/* The core to kick as number `i`, or NOUN_NONE when there are no more. */
typedef noun program(struct library *library, unsigned i);

static noun tape_of(const char *text)
{
    noun tape = 0;
    for (size_t i = strlen(text); i-- > 0;)
        tape = stack_cell(space_stack(), (uint8_t)text[i], tape);
    return tape;
}

static noun nail_of(const char *text)
{
    return stack_cell(space_stack(), stack_cell(space_stack(), 1, 1), tape_of(text));
}

/* The gate of a labelled arm, its sample replaced. */
static noun call(struct library *library, const char *path, noun sample)
{
    nock_root_add(library->machine, &sample);
    noun gate = library_find(library, path);
    nock_root_remove(library->machine, &sample);
    return library_with_sample(library, gate, sample);
}

static noun parse(struct library *library, unsigned i)
{
    if (i >= COUNT_OF(expressions))
        return NOUN_NONE;
    return call(library, "k.138/one/two/tri/qua/pen/vest", nail_of(expressions[i]));
}

static noun kick_formula(void)
{
    struct stack *stack = space_stack();
    return stack_triple(stack, 9, 2, stack_cell(stack, 0, 1));
}

/* mint of the expression's hoon, at any type, on a subject of any type. */
static noun compile(struct library *library, unsigned i)
{
    if (i >= COUNT_OF(expressions))
        return NOUN_NONE;
    struct nock_result parsed;
    noun core = parse(library, i);
    nock_run(library->machine, core, kick_formula(), &parsed);
    CHECK(parsed.outcome == NOCK_DONE);
    noun hoon = noun_tail(parsed.product) == 0 ? 0 : noun_at(parsed.product, 14);
    noun sample = stack_cell(space_stack(), noun_cord("noun"), hoon);
    return call(library, "k.138/one/two/tri/qua/pen/ut/mint", sample);
}

/* A gate [formula sample 0]. */
static noun gate_of(noun formula, noun sample)
{
    return stack_triple(space_stack(), formula, sample, 0);
}

static noun axis_formula(uint64_t axis)
{
    return stack_cell(space_stack(), 0, axis);
}

static noun list_to(uint64_t count, noun end)
{
    noun list = end;
    while (count > 0)
        list = stack_cell(space_stack(), count--, list);
    return list;
}

/* ---- virtual Nock -------------------------------------------------------- */

/* [11 [tag 1 clue] formula] */
static noun hint(const char *tag, noun clue, noun formula)
{
    struct stack *stack = space_stack();
    noun constant = stack_cell(stack, 1, clue);
    return stack_triple(stack, 11, stack_cell(stack, noun_cord(tag), constant), formula);
}

static noun place(uint64_t line, uint64_t column)
{
    return stack_cell(space_stack(), line, column);
}

/* [/a/bc [1 23] 4.567 8] */
static noun spot(void)
{
    struct stack *stack = space_stack();
    noun path = stack_triple(stack, 'a', noun_cord("bc"), 0);
    return stack_triple(stack, path, place(1, 23), place(4567, 8));
}

/* A trap that crashes under many hints. */
static noun crash_long(unsigned count)
{
    noun formula = axis_formula(0);
    for (unsigned i = 0; i < count; i++)
        formula = hint("mean", i, formula);
    return formula;
}

/* [%leaf "ab"] */
static noun leaf(void)
{
    return stack_cell(space_stack(), noun_cord("leaf"), tape_of("ab"));
}

/* A core that makes `product` when its battery is run on it. */
static noun maker(noun product)
{
    return stack_triple(space_stack(), 1, product, 0);
}

static noun rose(noun tanks)
{
    struct stack *stack = space_stack();
    noun edges = stack_triple(stack, tape_of(","), tape_of("("), tape_of(")"));
    return stack_triple(stack, noun_cord("rose"), edges, tanks);
}

/* [12 [1 0] [1 path]] */
static noun scry(noun path)
{
    struct stack *stack = space_stack();
    return stack_triple(stack, 12, stack_cell(stack, 1, 0), stack_cell(stack, 1, path));
}

static noun virtual_formula(unsigned i)
{
    struct stack *stack = space_stack();
    noun crash = axis_formula(0);
    switch (i) {
    case 0:
        return stack_cell(stack, 1, 42);
    case 1:
        return axis_formula(3);
    case 2:
        return crash;
    case 3:
        return hint("mean", noun_cord("outer"), hint("spot", spot(), crash));
    case 4:
        return hint("spot", stack_cell(stack, 1, 2), crash);
    case 5:
        return hint("lose", noun_cord("lost"), hint("lose", spot(), crash));
    case 6:
        return hint("hunk", stack_cell(stack, 0, list_to(3, 0)), hint("hunk", 5, crash));
    case 7:
        return hint("mean", maker(leaf()), hint("mean", maker(rose(stack_cell(stack, leaf(), 0))), crash));
    case 8:
        return hint("mean", maker(stack_cell(stack, noun_cord("leaf"), 5)), crash);
    case 9:
        return hint("mean", stack_cell(stack, axis_formula(0), 0), crash);
    case 10:
        return hint("hand", spot(), crash);
    case 11:
        return crash_long(1024);
    case 12:
        return crash_long(1300);
    case 13:
        return hint("mean", maker(77), hint("mean", maker(rose(5)), crash));
    case 14:
        return scry(list_to(2, 0));
    case 15:
        return scry(stack_cell(stack, spot(), 0));
    case 16:
        return hint("mean", stack_cell(stack, scry(0), 0), crash);
    case 17:
        return stack_cell(stack, 99, 0);
    case 18: {
        noun many = crash;
        for (noun clue = 0; clue < 40; clue++)
            many = hint("hand", clue * clue * 7919, many);
        return many;
    }
    default:
        return NOUN_NONE;
    }
}

/* A trap for mole and mule. */
static noun on_trap(struct library *library, const char *path, unsigned i)
{
    noun formula = virtual_formula(i);
    return formula == NOUN_NONE ? NOUN_NONE : call(library, path, stack_cell(space_stack(), formula, 5));
}

static noun mole(struct library *library, unsigned i)
{
    return on_trap(library, "k.138/one/two/tri/qua/mole", i);
}

static noun mule(struct library *library, unsigned i)
{
    return on_trap(library, "k.138/one/two/tri/qua/mule", i);
}

/* The same formulas under a scry gate that blocks, that answers, that has no
 * answer. */
static noun mink(struct library *library, unsigned i)
{
    struct stack *stack = space_stack();
    noun formula = virtual_formula(i / 2);
    if (formula == NOUN_NONE)
        return NOUN_NONE;
    noun answer = i % 2 == 0 ? 0 : stack_triple(stack, 0, 0, 33);
    if (i / 2 == 15)
        answer = stack_cell(stack, 0, 0);
    noun gate = gate_of(stack_cell(stack, 1, answer), 0);
    noun sample = stack_cell(stack, stack_cell(stack, stack_cell(stack, 6, 7), formula), gate);
    return call(library, "k.138/one/two/tri/qua/mink", sample);
}

/* ---- what is about what -------------------------------------------------- */

static const struct series {
    const char *name;
    program *program;
    const char *jets[JETS_MAX];
} all_series[] = {
    {"mink", mink, {QUA "mink"}},
    {"mole", mole, {QUA "mole"}},
    {"mule", mule, {QUA "mule"}},
    {"the parser",
     parse,
     {QUA "easy/fun", QUA "just/fun", QUA "mask/fun", QUA "shim/fun", QUA "stew/fun", QUA "stir/fun", QUA "trip"}},
    {"the compiler",
     compile,
     {UT "crop", UT "fish", UT "fuse", UT "mint", UT "mull", UT "redo", UT "rest", UT "nest/nest-in/nest-dext"}},
};

/* ---- running and comparing ----------------------------------------------- */

struct outcome {
    enum nock_outcome kind;
    uint64_t product_hash;
};

/* Which of its jets a series goes without: a number, or one of these. */
enum { NONE_OF_THEM = -1, ALL_OF_THEM = -2 };

static bool goes_without(const struct series *series, int which, const char *path)
{
    for (int i = 0; i < JETS_MAX && series->jets[i] != NULL; i++) {
        if ((which == i || which == ALL_OF_THEM) && strcmp(series->jets[i], path) == 0)
            return true;
    }
    return false;
}

/* The count of programs, or 0 if there was no such jet to go without. */
static unsigned run_without(const struct series *series, int which, struct outcome outcomes[])
{
    struct nock_jet *table = calloc(jet_table_count, sizeof *table);
    CHECK(table != NULL);
    size_t jets = 0;
    for (size_t i = 0; i < jet_table_count; i++) {
        if (!goes_without(series, which, jet_table[i].path))
            table[jets++] = jet_table[i];
    }
    struct library library;
    library_open(&library, table, jets, false);
    unsigned count = 0;
    for (;; count++) {
        noun core = series->program(&library, count);
        if (core == NOUN_NONE)
            break;
        struct nock_result result;
        nock_run(library.machine, core, kick_formula(), &result);
        noun product = result.outcome == NOCK_DONE ? result.product : result.mote;
        outcomes[count] = (struct outcome){result.outcome, library_hash(product)};
    }
    library_close(&library);
    free(table);
    return which != NONE_OF_THEM && jets == jet_table_count ? 0 : count;
}

static unsigned differences(const char *name, const struct outcome *with, const struct outcome *without, unsigned count)
{
    unsigned different = 0;
    for (unsigned i = 0; i < count; i++) {
        if (with[i].kind == without[i].kind && with[i].product_hash == without[i].product_hash)
            continue;
        tap_note("%s, program %u: outcome %d with the jet, %d without", name, i, with[i].kind, without[i].kind);
        different++;
    }
    return different;
}

static void check_series(const struct series *series)
{
    static struct outcome with[64], without[64];
    unsigned count = run_without(series, NONE_OF_THEM, with), done = 0;
    for (unsigned i = 0; i < count; i++)
        done += with[i].kind == NOCK_DONE;
    tap_note("%s: %u programs, of which %u do not crash", series->name, count, done);
    for (int i = 0; i < JETS_MAX && series->jets[i] != NULL; i++) {
        unsigned same_count = run_without(series, i, without);
        tap_ok(same_count == count && differences(series->name, with, without, count) == 0,
               "%s does the same without %s", series->name, series->jets[i]);
    }
    unsigned same_count = run_without(series, ALL_OF_THEM, without);
    tap_ok(same_count == count && differences(series->name, with, without, count) == 0,
           "%s does the same without any of these", series->name);
}

/* ---- no jet is left out ------------------------------------------------------ */

static bool is_in_series(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(all_series); i++)
        for (size_t j = 0; j < JETS_MAX && all_series[i].jets[j] != NULL; j++)
            if (strcmp(all_series[i].jets[j], path) == 0)
                return true;
    return false;
}

static void check_all_compared(void)
{
    unsigned left_out = 0;
    for (size_t i = 0; i < COUNT_OF(compared_by_programs); i++) {
        if (is_in_series(compared_by_programs[i]))
            continue;
        tap_note("%s is in no series", compared_by_programs[i]);
        left_out++;
    }
    tap_ok(left_out == 0, "a program goes without each jet that is compared here");
}

int main(void)
{
    check_all_compared();
    if (library_jam_path() == NULL) {
        tap_skip("programs of the compiled library", "LOAM_CORPUS has no hoonc.jam");
        return tap_done();
    }
    for (size_t i = 0; i < COUNT_OF(all_series); i++)
        check_series(&all_series[i]);
    return tap_done();
}
