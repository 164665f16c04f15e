/* Tanks as text: the forms, the malformed, the hostile. */
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "os/os.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

static noun tape(const char *text)
{
    struct stack_list list = stack_list_begin();
    for (; *text != '\0'; text++)
        stack_list_add(stack, &list, (uint8_t)*text);
    return stack_list_end(&list, 0);
}

static noun leaf(const char *text)
{
    return stack_cell(stack, noun_cord("leaf"), tape(text));
}

static noun rose(const char *mid, const char *open, const char *close, noun tanks)
{
    return stack_triple(stack, noun_cord("rose"), stack_triple(stack, tape(mid), tape(open), tape(close)), tanks);
}

static noun palm(const char *mid, const char *cap, const char *open, const char *close, noun tanks)
{
    noun style = stack_cell(stack, tape(mid), stack_triple(stack, tape(cap), tape(open), tape(close)));
    return stack_triple(stack, noun_cord("palm"), style, tanks);
}

static noun list3(noun a, noun b, noun c)
{
    return stack_cell(stack, a, stack_triple(stack, b, c, 0));
}

static void renders(noun tank, const char *expected)
{
    char *text;
    size_t size_bytes = 0;
    bool good = kernel_tank_text(tank, 0, &text, &size_bytes);
    tap_ok(good && strcmp(text, expected) == 0 && size_bytes == strlen(expected), "\"%s\" comes out as \"%s\"",
           expected, good ? text : "(no tank)");
    free(text);
}

static void is_no_tank(noun tank, const char *what)
{
    char *text = (char *)1;
    size_t size_bytes;
    tap_ok(!kernel_tank_text(tank, 0, &text, &size_bytes) && text == NULL, "%s is no tank", what);
}

static void test_forms(void)
{
    renders(stack_cord(stack, "a cord of some length"), "a cord of some length");
    renders(0, "");
    renders(leaf("a tape"), "a tape");
    renders(leaf(""), "");
    renders(rose(", ", "[", "]", list3(leaf("a"), noun_cord("b"), leaf("c"))), "[a, b, c]");
    renders(rose(", ", "[", "]", 0), "[]");
    renders(rose(", ", "[", "]", stack_cell(stack, leaf("a"), 0)), "[a]");
    renders(palm("|", ":", "(", ")", list3(leaf("a"), leaf("b"), leaf("c"))), ":(a|b|c)");
    noun inner = rose("/", "/", "", list3(leaf("apps"), leaf("kernel"), noun_cord("hoon")));
    renders(rose(":", "", "", stack_cell(stack, inner, stack_cell(stack, leaf("<[49 5].[49 7]>"), 0))),
            "/apps/kernel/hoon:<[49 5].[49 7]>");
}

static void test_malformed(void)
{
    is_no_tank(stack_cell(stack, noun_cord("what"), 0), "an unknown tag");
    is_no_tank(stack_cell(stack, stack_cell(stack, 1, 2), 0), "a cell for a tag");
    is_no_tank(stack_cell(stack, noun_cord("leaf"), noun_cord("abc")), "a leaf with a cord");
    is_no_tank(stack_cell(stack, noun_cord("leaf"), stack_cell(stack, 256, 0)), "a tape with a character of 256");
    is_no_tank(stack_cell(stack, noun_cord("leaf"), stack_cell(stack, 'a', 'b')), "a tape without an end");
    is_no_tank(stack_cell(stack, noun_cord("leaf"), stack_cell(stack, stack_cell(stack, 1, 1), 0)), "a tape of cells");
    is_no_tank(stack_cell(stack, noun_cord("rose"), 0), "a rose without anything");
    is_no_tank(stack_triple(stack, noun_cord("rose"), stack_cell(stack, 0, 0), 0), "a rose with two tapes");
    is_no_tank(rose(",", "", "", stack_cell(stack, leaf("a"), 5)), "a rose whose list has no end");
    is_no_tank(rose(",", "", "", stack_cell(stack, stack_cell(stack, 1, 1), 0)), "a rose of what is no tank");
    is_no_tank(stack_triple(stack, noun_cord("palm"), stack_triple(stack, 0, 0, 0), 0), "a palm with three tapes");
}

static void test_cleaning(void)
{
    static const char nul[] = "a\0b";
    char *text;
    size_t size_bytes;
    renders(stack_atom_from_bytes(stack, nul, 3), "ab");
    renders(stack_cord(stack, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82");
    renders(stack_cord(stack, "\xff\xc0\x80x\xe2\x82"), "???x??");
    renders(stack_cord(stack, "\xed\xa0\x80\xf5\x80\xe0\x80\x80"), "????????");
    tap_ok(kernel_tank_text(stack_cord(stack, "two\nlines"), 0, &text, &size_bytes) && strcmp(text, "two\nlines") == 0,
           "newlines stay in a text");
    free(text);
    tap_ok(kernel_tank_line(stack_cord(stack, "two\nlines"), 0, &text, &size_bytes) && strcmp(text, "two lines") == 0,
           "a line has no newline");
    free(text);
}

static void test_limits(void)
{
    char *text;
    size_t size_bytes;
    noun tank = leaf("x");
    for (int i = 0; i < 200; i++) /* 2^200 leaves, if they were all printed */
        tank = rose("", "", "", stack_cell(stack, tank, stack_cell(stack, tank, 0)));
    uint64_t start_ns = os_clock_ns();
    tap_ok(kernel_tank_text(tank, 1000, &text, &size_bytes) && size_bytes <= 1003 &&
               strcmp(text + size_bytes - 3, "...") == 0,
           "a tank with absurd sharing is cut");
    free(text);
    tank = leaf("");
    for (int i = 0; i < 200; i++)
        tank = rose("", "", "", stack_cell(stack, tank, stack_cell(stack, tank, 0)));
    tap_ok(kernel_tank_text(tank, 1000, &text, &size_bytes), "also if it has no text at all");
    free(text);
    tap_ok(os_clock_ns() - start_ns < 1000000000, "and soon");
    tank = leaf("x");
    for (int i = 0; i < 1000000; i++)
        tank = rose("", "", "", stack_cell(stack, tank, 0));
    tap_ok(kernel_tank_text(tank, 10000000, &text, &size_bytes) && strcmp(text, "x") == 0,
           "a million deep is rendered");
    free(text);
    struct stack_list list = stack_list_begin();
    for (int i = 0; i < 100000; i++)
        stack_list_add(stack, &list, noun_cord("ab"));
    tap_ok(kernel_tank_text(rose(",", "", "", stack_list_end(&list, 0)), 0, &text, &size_bytes) && size_bytes == 299999,
           "a hundred thousand wide too");
    free(text);
}

/* A %rose over random nouns: whatever they are, an answer and no crash. */
static void test_random(void)
{
    uint64_t seed = tap_seed();
    unsigned tanks = 0;
    for (int i = 0; i < 3000; i++) {
        noun body = random_noun(stack, &seed, 1 + (unsigned)tap_below(&seed, 30));
        static const char *const tags[] = {"leaf", "rose", "palm", ""};
        const char *tag = tags[tap_below(&seed, 4)];
        noun tank = stack_cell(stack, noun_cord(tag), body);
        char *text;
        size_t size_bytes;
        tanks += kernel_tank_text(rose(" ", "", "", stack_cell(stack, tank, 0)), 300, &text, &size_bytes);
        free(text);
        if (i % 500 == 0)
            stack_clear(stack);
    }
    tap_ok(tanks < 3000, "3000 random nouns, %u of them tanks", tanks);
}

static void test_goofs(void)
{
    struct kernel_goof goof = {noun_cord("exit"), list3(leaf("first"), stack_cell(stack, 1, 1), leaf("second"))};
    char *text = kernel_goof_text(&goof, 0);
    tap_ok(strcmp(text, "exit\nfirst\n(this entry is no tank)\nsecond") == 0, "a goof is a line an entry");
    free(text);
    text = kernel_goof_text(&goof, 1);
    tap_ok(strcmp(text, "exit\nfirst\n(and more)") == 0, "or fewer");
    free(text);
    goof = (struct kernel_goof){0, 0};
    text = kernel_goof_text(&goof, 0);
    tap_ok(strstr(text, "malformed") != NULL, "no crash at all says so");
    free(text);
}

int main(void)
{
    stack = space_stack();
    test_forms();
    test_malformed();
    test_cleaning();
    test_limits();
    test_random();
    test_goofs();
    return tap_done();
}
