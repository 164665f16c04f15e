/* From a trace to a tang: mook (docs/nock.md, section 6). */
#include "rig.h"
#include "support/tap.h"

#include <stdio.h>
#include <stdlib.h>

static struct rig rig;

/* The tang as a C string: leaves as their text, roses as {open/between/close: ...}. */
static void print_tank(FILE *out, noun tank);

static void print_tape(FILE *out, noun list)
{
    for (; noun_is_cell(list); list = noun_tail(list))
        fprintf(out, "%c", noun_is_direct(noun_head(list)) ? (int)noun_head(list) : '?');
    if (list != 0)
        fputs("<improper>", out);
}

static void print_rose(FILE *out, noun rose)
{
    fputc('{', out);
    print_tape(out, noun_at(rose, 4));
    fputc(',', out);
    print_tape(out, noun_at(rose, 10));
    fputc(',', out);
    print_tape(out, noun_at(rose, 11));
    for (noun tanks = noun_at(rose, 3); noun_is_cell(tanks); tanks = noun_tail(tanks)) {
        fputc(' ', out);
        print_tank(out, noun_head(tanks));
    }
    fputc('}', out);
}

static void print_tank(FILE *out, noun tank)
{
    if (noun_is_cell(tank) && noun_head(tank) == noun_cord("leaf"))
        print_tape(out, noun_tail(tank));
    else if (noun_is_cell(tank) && noun_head(tank) == noun_cord("rose") && noun_at(tank, 15) != NOUN_NONE)
        print_rose(out, noun_tail(tank));
    else
        fputs("<no tank>", out);
}

static char *tang_text(noun tang)
{
    char *text;
    size_t size_bytes;
    FILE *out = open_memstream(&text, &size_bytes);
    CHECK(out != NULL);
    for (; noun_is_cell(tang); tang = noun_tail(tang)) {
        print_tank(out, noun_head(tang));
        fputc(noun_is_cell(noun_tail(tang)) ? '|' : 0, out);
    }
    fclose(out);
    return text;
}

static void expect_tang(const char *trace, const char *tang)
{
    noun trace_noun = rig_noun(&rig, trace);
    char *text = tang_text(nock_tang(rig.machine, trace_noun));
    if (!tap_ok(strcmp(text, tang) == 0, "%s reads %s", trace, tang))
        tap_note("it reads %s", text);
    free(text);
}

static void test_entries(void)
{
    expect_tang("0", "");
    expect_tang("[[%mean 'hello'] 0]", "hello");
    expect_tang("[[%mean 0] 0]", "");
    expect_tang("[[%lose 'gone'] 0]", "gone");
    expect_tang("[[%spot [%a %b 0] [1 2] 1.234 9] 0]", "{:,, {/,/, a b} <[1 2].[1.234 9]>}");
    expect_tang("[[%spot [%apps %app 0] [1.000.000 0] 12 345] 0]", "{:,, {/,/, apps app} <[1.000.000 0].[12 345]>}");
    expect_tang("[[%hunk 7 %a %b 0] 0]", "{/,/, a b}");
    expect_tang("[[%hunk 7] 0]", "mook.hunk");
    expect_tang("[[%other 7] 0]", "mook.other");
    expect_tang("[[%hand 0] 0]", "~davned-ladfex");
    expect_tang("[[%hand 1 2 3] 0]", "~ridfes-sorfer");
    expect_tang("[[%mean 'new'] [%mean 'old'] 0]", "new|old");
}

/* A trap is run; what it gives is the tank, and if it crashes "####" is. */
static void test_traps(void)
{
    expect_tang("[[%mean [1 %leaf 97 98 0] 0] 0]", "ab");
    expect_tang("[[%mean [[1 %leaf] 0 6] [99 100 0] 0] 0]", "cd");
    expect_tang("[[%mean [0 0] 0] 0]", "####");
    expect_tang("[[%mean [12 [1 1] 1 1] 0] 0]", "####");
    expect_tang("[[%mean 5 5] 0]", "####");
    expect_tang("[[%mean [0 0] 0] [%mean 'x'] [%mean [1 %leaf 97 0] 0] 0]", "####|x|a");
}

/* Whatever a guest puts on its trace, the tang must be a list of tanks. */
static void test_malformed(void)
{
    static const char *const traces[] = {
        "[0 0]",
        "[5 0]",
        "[[[1 2] 3] 0]",
        "[[%spot 5] 0]",
        "[[%spot [%a 0] 1 2] 0]",
        "[[%spot [%a 0] [1 [2 3]] 4 5] 0]",
        "[[%spot %a [1 2] 3 4] 0]",
        "[[%spot [[1 2] 0] [1 2] 3 4] 0]",
        "[[%lose 1 2] 0]",
        "[[%hunk 7 8] 0]",
        "[[%hunk 7 [1 2] 0] 0]",
        "[[%hand 1 2] 0]",
        "[[0x10000000000000000 5] 0]",
        "[[%spot [%a 0] [0x10000000000000000 2] 3 4] 0]",
    };
    for (size_t i = 0; i < COUNT_OF(traces); i++) {
        noun trace = rig_noun(&rig, traces[i]);
        noun tang = nock_tang(rig.machine, trace);
        char *text = tang_text(tang);
        tap_ok(noun_list_length(tang) == 1 && strstr(text, "<") == NULL, "%s reads %s", traces[i], text);
        free(text);
    }
}

/* More than 1,024 entries: the first and the last 512, and a word between. */
static void test_cut(void)
{
    const struct tree *trace = tree_atom(rig.arena, 0);
    for (unsigned i = 2000; i-- > 0;)
        trace = tree_cell(rig.arena, tree_parse(rig.arena, "[%mean 'x']"), trace);
    noun tang = nock_tang(rig.machine, tree_to_noun(rig.stack, trace));
    tap_ok(noun_list_length(tang) == 1025, "a long trace is cut");
    noun rest = tang;
    for (unsigned i = 0; i < 512 && noun_is_cell(rest); i++)
        rest = noun_tail(rest);
    char *text = noun_is_cell(rest) ? tang_text(stack_cell(rig.stack, noun_head(rest), 0)) : strdup("");
    tap_ok(strstr(text, "skipped") != NULL, "its middle reads %s", text);
    free(text);
}

/* Nothing renders a trace before it is asked to. */
static void test_endless_trap(void)
{
    struct nock_result result;
    rig_run(&rig, "0", "[11 [%mean 1 [9 2 0 1] 0] 0 0]", &result);
    tap_ok(result.outcome == NOCK_CRASHED && rig_is(&rig, result.product, "[[%mean [9 2 0 1] 0] 0]"),
           "a trap that never ends is only a clue");
}

/* Where nothing more may run, what a trap would say is lost, and nothing else. */
static void test_interrupted(void)
{
    nock_interrupt(rig.machine);
    expect_tang("[[%mean [1 %leaf 97 98 0] 0] [%mean 'x'] [%hunk 7 %a 0] 0]", "####|x|{/,/, a}");
    nock_interrupt_clear(rig.machine);
    expect_tang("[[%mean [1 %leaf 97 98 0] 0] [%mean 'x'] 0]", "ab|x");
}

int main(void)
{
    rig_open(&rig, &(struct rig_options){0});
    test_entries();
    test_traps();
    test_malformed();
    test_cut();
    test_endless_trap();
    test_interrupted();
    rig_close(&rig);
    return tap_done();
}
