/* The assembler: what each form compiles to, what programs compute, and what is
 * said of those that are wrong. */
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/space.h"
#include "support/tap.h"

#include "programs.h"

static struct stack *stack;

static noun read_noun(const char *text)
{
    noun n = NOUN_NONE;
    CHECK(codec_read(stack, "test", text, strlen(text), &n) == STATUS_OK);
    return n;
}

static bool is_text(noun n, const char *text)
{
    if (n == NOUN_NONE)
        return strcmp(text, "crash") == 0;
    if (strcmp(text, "crash") != 0 && noun_equal_pure(n, read_noun(text)))
        return true;
    char *got;
    CHECK(codec_print(n, NULL, &got, NULL) == STATUS_OK);
    tap_note("got %s", got);
    free(got);
    return false;
}

/* ---- forms ------------------------------------------------------------------ */

static const struct {
    const char *source;
    const char *noun;
} forms[] = {
    {"noun 5", "5"},
    {"noun [1 'two' \"ab\" /x ~]", "[1 'two' [97 98 0] ['x' 0] 0]"},
    {"const limit = 10 const pair = [limit limit] noun [pair 1]", "[[10 10] 1]"},
    {"noun {[0 1] 2}", "crash"},
    {"formula 5", "[1 5]"},
    {"formula(x) x", "[0 1]"},
    {"formula(x) inc(x)", "[4 0 1]"},
    {"formula(a, b) [b a]", "[[0 3] 0 2]"},
    {"formula(a, b, c) c", "[0 7]"},
    {"formula(a, [b c], d) c", "[0 13]"},
    {"formula(all:[a b]) [all b all.a]", "[[0 1] [0 3] 0 2]"},
    {"formula(a, _) a", "[0 2]"},
    {"formula(a, b) [1 2 3]", "[1 1 2 3]"},
    {"formula(a, b) [1 a]", "[[1 1] 0 2]"},
    {"formula(a, b) a == b", "[5 [0 2] 0 3]"},
    {"formula(a, b) if a then b else 0", "[6 [0 2] [0 3] 1 0]"},
    {"formula(a, b) a and b", "[6 [0 2] [0 3] 1 1]"},
    {"formula(a, b) a or b", "[6 [0 2] [1 0] 0 3]"},
    {"formula(a, b, c) a or b and c == 1", "[6 [0 2] [1 0] 6 [0 6] [5 [0 7] 1 1] 1 1]"},
    {"formula(a) not(a)", "[6 [0 1] [1 1] 1 0]"},
    {"formula(a) cell?(a)", "[3 0 1]"},
    {"formula(a) head(a)", "[7 [0 1] 0 2]"},
    {"formula(a) tail(a)", "[7 [0 1] 0 3]"},
    {"formula(a, b) nock(a, b)", "[2 [0 2] 0 3]"},
    {"formula(a, b) scry(a, b)", "[12 [0 2] 0 3]"},
    {"formula crash", "[0 0]"},
    {"formula(a) let b = inc(a) [a b]", "[8 [4 0 1] [0 3] 0 2]"},
    {"formula(a) let [b c] = a c", "[8 [0 1] 0 5]"},
    {"formula(a) let a = inc(a) a", "[8 [4 0 1] 0 2]"},
    {"formula(a) let a = [a 7] tail(a)", "[8 [[0 1] 1 7] 7 [0 2] 0 3]"},
    {"formula(a, b) {9 2 10 [6 0 @b] (inc(a))}", "[9 2 10 [6 0 3] 4 0 2]"},
    {"const k = 11 formula(a) {k 37 1 k}", "[11 37 1 11]"},
    {"formula(a) hint %bout inc(a)", "[11 %bout 4 0 1]"},
    {"formula(a) hint %slog([0 'hi']) inc(a)", "[11 [%slog 1 0 'hi'] 4 0 1]"},
    {"formula(a) gate(b) b", "[[1 0 6] [1 0] 0 1]"},
    {"formula(a) gate(b, c) a", "[[1 0 7] [1 0 0] 0 1]"},
    {"formula(f) f(1)", "[9 2 10 [6 1 1] 0 1]"},
    {"formula(f, x) f(x, 2)", "[9 2 10 [6 [0 3] 1 2] 0 2]"},
    {"formula(f) f()", "[9 2 0 1]"},
    {"formula(a) loop next(i = 0) if i == a then i else next(inc(i))",
     "[9 2 [1 6 [5 [0 6] 0 7] [0 6] 9 2 10 [6 4 0 6] 0 1] [1 0] 0 1]"},
    {"formula(a) loop next(i = 0, j = a) next(j = i)", "[9 2 [1 9 2 10 [13 0 12] 0 1] [[1 0] 0 1] 0 1]"},
    {"formula(a) core { arm x = 1 arm y = x }", "[[1 [1 1] 9 4 0 1] 0 1]"},
    {"formula(a) core { arm x = 1 arm y = 2 arm z = y }", "[[1 [1 1] [1 2] 9 10 0 1] 0 1]"},
    {"formula(a) core { arm x = 1 arm y = 2 arm z = 3 arm w = 4 }", "[[1 [[1 1] 1 2] [1 3] 1 4] 0 1]"},
    {"formula(a) core { arm x at 5 = 1 arm y at 8 = 2 arm z at 9 = 3 }", "[[1 [[1 2] 1 3] 1 1] 0 1]"},
    {"formula(a) core one { arm f(x) = x arm g = one.f(a) }", "[[1 [[1 0 6] [1 0] 0 1] 9 2 10 [6 0 3] 9 4 0 1] 0 1]"},
    {"formula(a) door d(s = 1) { arm get = s arm set(x) = d with s = x }",
     "[[1 [0 6] [1 10 [6 0 6] 0 7] [1 0] 0 1] [1 1] 0 1]"},
    {"formula(a:[b c]) a with c = 1, b = c", "[10 [2 0 3] 10 [3 1 1] 0 1]"},
    {"formula(f, a:[b c]) f(a with b = 1, c)", "[9 2 10 [6 [10 [2 1 1] 0 3] 0 7] 0 2]"},
    {"formula(a) fast %add 7 gate(b) b", "[7 [[1 0 6] [1 0] 0 1] 11 [%fast 1 %add [0 7] 0] 0 1]"},
    {"formula(a) fast [%k 138] root a", "[7 [0 1] 11 [%fast 1 [%k 138] [1 0] 0] 0 1]"},
    {"formula(a) match a { 1 -> 2 _ -> 3 }", "[8 [0 1] 6 [5 [1 1] 0 2] [1 2] 1 3]"},
    {"formula(a) match a { %x -> 1 }", "[8 [0 1] 6 [5 [1 %x] 0 2] [1 1] 0 0]"},
    {"formula(a) match a { [%x y] -> y rest -> rest }", "[8 [0 1] 6 [6 [3 0 2] [5 [1 %x] 0 4] 1 1] [0 5] 0 2]"},
    {"trap 5", "[[1 5] 0]"},
    {"let a = 1 trap a", "[[7 [[1 1] 0 1] 0 2] 0]"},
    {"core one { arm x = 1 } trap x", "[[7 [[1 1 1] 0 1] 9 2 0 1] 0]"},
    {"core one { arm x = 1 } formula(a) [a x]", "[7 [[0 1] [1 1 1] 0 1] [0 2] 9 2 0 3]"},
    {"root %r = [1 2] fast core c { fast arm f(x) = x } noun 0", "0"},
    {"root %r = [1 2] fast core c { fast arm f(x) = x } trap 0",
     "[[7 [7 [7 [1 1 2] 11 [%fast 1 %r [1 0] 0] 0 1] 7 [[1 7 [[1 0 6] [1 0] 0 1] 11 [%fast 1 %f [0 7] 0] 0 1] 0 1] 11 "
     "[%fast 1 %c [0 3] 0] 0 1] 1 0] 0]"},
    {"kernel k(s = 5) { arm poke(x) = [~ k] arm peek(p) = s arm load(o) = k with s = o }",
     "[[[1 [[1 10 [6 0 6] 0 7] [1 0] 0 1] [[1 0 0] [1 0] 0 1] [[1 0 30] [1 0] 0 1] [1 [1 0] 0 7] [1 0] 0 1] [1 5] 0 1] "
     "0]"},
};

static void try_forms(void)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        bool is_wrong = strcmp(forms[i].noun, "crash") == 0;
        noun program = program_of_text(stack, "form", forms[i].source, "");
        tap_ok(is_wrong ? program == NOUN_NONE : program != NOUN_NONE && is_text(program, forms[i].noun), "%s",
               forms[i].source);
    }
}

/* ---- programs --------------------------------------------------------------- */

static const struct {
    const char *source;
    const char *subject;
    const char *product;
} programs[] = {
    {"formula(a) let b = [a inc(a)] [b b]", "4", "[[4 5] 4 5]"},
    {"formula(a, b) loop next(x = a, y = b) if x == 0 then y else next(tail(x), [head(x) y])", "[[1 2 3 0] 0]",
     "[3 2 1 0]"},
    {"formula(n) loop f(n = n) if n == 3 then ~ else [n f(inc(n))]", "0", "[0 1 2 0]"},
    {"formula(n) let twice = gate(f, x) f(f(x)) twice(gate(y) inc(y), n)", "5", "7"},
    {"formula(n) let c = core { arm a = inc(n) arm b(x) = [x a] } [c.a c.b(9)]", "5", "[6 9 6]"},
    {"formula(n) let d = door d(x = 1, y = n) { arm sum = [x y] arm set(v) = d with y = v } "
     "let e:[_ sample _] = d.set(3) [d.x d.sum e.sample]",
     "5", "[1 [1 5] 1 3]"},
    {"formula(a) match a { [%put k v] -> [1 k v] [%del k] -> [2 k] 5 -> 3 other -> [4 other] }", "[%put 7 8]",
     "[1 7 8]"},
    {"formula(a) match a { [%put k v] -> [1 k v] [%del k] -> [2 k] 5 -> 3 other -> [4 other] }", "[%del 7]", "[2 7]"},
    {"formula(a) match a { [%put k v] -> [1 k v] [%del k] -> [2 k] 5 -> 3 other -> [4 other] }", "5", "3"},
    {"formula(a) match a { [%put k v] -> [1 k v] [%del k] -> [2 k] 5 -> 3 other -> [4 other] }", "%put", "[4 %put]"},
    {"formula(a) match a { [[1 x] y:[2 z]] -> [x y z] whole:[_ _] -> [0 whole] }", "[[1 5] 2 6]", "[5 [2 6] 6]"},
    {"formula(a) match a { [[1 x] y:[2 z]] -> [x y z] whole:[_ _] -> [0 whole] }", "[[1 5] 3 6]", "[0 [1 5] 3 6]"},
    {"formula(a) match a { /a/b -> 1 \"ab\" -> 2 }", "['a' 'b' 0]", "1"},
    {"formula(a) match a { /a/b -> 1 \"ab\" -> 2 }", "[97 98 0]", "1"},
    {"formula(a) match a { /a/b -> 1 \"xy\" -> 2 }", "[%a 98 1]", "crash"},
    {"formula(a:[x y [z w]]) (a with z = y, x = [w w]) with y = 0", "[1 2 3 4]", "[[4 4] 0 2 4]"},
    {"formula(a) loop f(i = a, j = 0, k = 1) if i == 0 then [j k] else f(i = tail(i), k = [i k])", "[1 0]",
     "[0 [1 0] 1]"},
    {"formula(a) if a == 0 then crash else a", "0", "crash"},
    {"formula(a) (a == 1 or a == 2) and not(a == 2)", "1", "0"},
    {"formula(a) (a == 1 or a == 2) and not(a == 2)", "2", "1"},
    {"include \"lib/math.loam\" formula(a, b) [add(a, b) sub(a, b) mul(a, b) dvr(a, b)]", "[17 5]", "[22 12 85 3 2]"},
    {"include \"lib/math.loam\" formula(a, b) [div(a, b) mod(a, b) max(a, b) min(a, b) dec(a)]", "[17 5]",
     "[3 2 17 5 16]"},
    {"include \"lib/math.loam\" formula(a, b) [lth(a, b) lte(a, b) gth(a, b) gte(a, b)]", "[5 5]", "[1 0 1 0]"},
    {"include \"lib/math.loam\" formula(a, b) [lth(a, b) lte(a, b) gth(a, b) gte(a, b)]", "[4 5]", "[0 0 1 1]"},
    {"include \"lib/math.loam\" formula(a, b) [lth(a, b) lte(a, b) gth(a, b) gte(a, b)]", "[6 5]", "[1 1 0 0]"},
    {"include \"lib/math.loam\" formula(a) dec(a)", "0", "crash"},
    {"include \"lib/math.loam\" formula(a) dec(a)", "[1 1]", "crash"},
    {"include \"lib/math.loam\" formula(a, b) sub(a, b)", "[4 5]", "crash"},
    {"include \"lib/math.loam\" formula(a, b) dvr(a, b)", "[4 0]", "crash"},
    {"include \"lib/math.loam\" formula(a, b) add(a, b)", "[[1 1] 2]", "crash"},
    {"include \"lib/list.loam\" include \"lib/math.loam\" formula(a) [lent(a) flop(a) weld(a, a) snag(1, a) reap(2, "
     "a)]",
     "[1 2 3 0]", "[3 [3 2 1 0] [1 2 3 1 2 3 0] 2 [1 2 3 0] [1 2 3 0] 0]"},
    {"include \"lib/list.loam\" formula(a) snag(3, a)", "[1 2 3 0]", "crash"},
    {"include \"lib/list.loam\" formula(a) [lent(a) flop(a) weld(a, [7 ~]) reap(0, 1)]", "0", "[0 0 [7 0] 0]"},
    {"include \"lib/list.loam\" formula(a) lent(a)", "[1 2 3]", "crash"},
};

static void try_programs(const char *examples)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        stack_clear(stack);
        noun formula = program_of_text(stack, "program", programs[i].source, examples);
        if (formula == NOUN_NONE) {
            tap_ok(strcmp(programs[i].product, "crash") == 0, "%s", programs[i].source);
            continue;
        }
        noun product = program_run(stack, read_noun(programs[i].subject), formula);
        tap_ok(is_text(product, programs[i].product), "%s: of %s it is %s", programs[i].source, programs[i].subject,
               programs[i].product);
    }
}

/* ---- errors ----------------------------------------------------------------- */

static const struct {
    const char *source;
    const char *message;
} errors[] = {
    {"", "e.loam: the source ends without saying what the program is"},
    {"let a = 1", "e.loam: the source ends without saying"},
    {"5", "e.loam:1:1: found `5`, expected include, const"},
    {"trap", "e.loam:1:5: found the end, expected an expression"},
    {"trap 1\ntrap 2", "e.loam:2:1: the program is complete"},
    {"trap\n  foo", "e.loam:2:3: nothing here is called `foo`"},
    {"formula(a) a.b", "e.loam:1:14: nothing here is called `b`"},
    {"formula(a) b.a", "e.loam:1:12: nothing here is called `b`"},
    {"formula(a:[b c]) a.d", "e.loam:1:20: nothing here is called `d`"},
    {"formula(a) f(a)", "e.loam:1:12: nothing here is called `f`"},
    {"formula(a) inc(a, a)", "e.loam:1:12: inc takes 1 argument without names"},
    {"formula(a) inc()", "e.loam:1:12: inc takes 1 argument without names"},
    {"formula(a) nock(a)", "e.loam:1:12: nock takes 2 arguments without names"},
    {"formula(a) inc(a = 1)", "e.loam:1:12: inc takes 1 argument without names"},
    {"formula(a) a(b = 1)", "e.loam:1:12: the parameters of this gate are not known here"},
    {"formula(a) loop f(x = 1) f(y = 2)", "e.loam:1:28: nothing here is called `y`"},
    {"formula(f) f(x = 1, 2)", "e.loam:1:21: either all arguments have names or none"},
    {"formula(let) 1", "e.loam:1:9: `let` is a word of the language, expected a name"},
    {"formula(a) [a]", "e.loam:1:14: found `]`, expected another part: a cell has at least two"},
    {"formula(a) [a if]", "e.loam:1:15: `if` is a word of the language, expected a name"},
    {"formula(a) if a then a", "e.loam:1:23: found the end, expected `else`"},
    {"formula(a) let b a", "e.loam:1:18: found `a`, expected `=`"},
    {"formula(a) let 5 = a a", "e.loam:1:16: found `5`, expected a name, `_` or `[` (only `match` compares"},
    {"formula(a) match a { _ -> 1 2 -> 3 }", "e.loam:1:29: the case before this one matches everything"},
    {"formula(a) match a { x 1 }", "e.loam:1:24: found `1`, expected `->`"},
    {"formula(a) core { }", "e.loam:1:19: found `}`, expected `arm`: a core has at least one"},
    {"formula(a) core { arm x = 1 arm x = 2 }", "e.loam:1:29: this core has an arm `x` already"},
    {"formula(a) core { arm x at 4 = 1 arm y = 2 }", "e.loam:1:34: either every arm of a core has an axis or none"},
    {"formula(a) core { arm x at 4 = 1 arm y at 9 = 2 arm z at 8 = 3 }", "e.loam:1:34: axis 9 overlaps"},
    {"formula(a) core { arm x at 4 = 1 arm y at 3 = 2 }", "e.loam:1:34: axis 3 is not in the battery"},
    {"formula(a) core { arm x at 4 = 1 arm y at 10 = 2 }", "e.loam:1:12: the axes of the arms do not fill the battery"},
    {"formula(a) core { fast arm x = 1 }", "e.loam:1:30: found `=`, expected `(`: a fast arm is a gate"},
    {"formula(a) core c { arm x = 1 arm y = c with x = 2 }", "e.loam:1:46: an arm cannot be edited"},
    {"formula(a) a with b = 1", "e.loam:1:19: nothing here is called `b`"},
    {"formula(a) core c { arm x = [1 2] arm y = x.z }", "e.loam:1:45: `z` is a part of an arm's product"},
    {"formula(a) {[1] 2}", "e.loam:1:15: found `]`, expected another part"},
    {"formula(a) {0 a}", "e.loam:1:15: in a raw formula a name is a constant"},
    {"formula(a) {0 @b}", "e.loam:1:16: nothing here is called `b`"},
    {"formula(a) core c { arm x = 1 arm y = {0 @x} }", "e.loam:1:43: an arm has no axis in the subject"},
    {"const c = inc(1) noun c", "e.loam:1:11: expected a constant"},
    {"const c = d noun c", "e.loam:1:11: nothing here is called `d`"},
    {"noun [1 inc(2)]", "e.loam:1:6: expected a constant"},
    {"root inc(1) = 2 noun 1", "e.loam:1:6: expected a constant"},
    {"formula(a) fast %x 0x a", "e.loam:1:22: found ` `, expected a hexadecimal digit"},
    {"formula(a) fast %x y a", "e.loam:1:20: found `y`, expected the axis of the parent core, or `root`"},
    {"formula(a) hint a b", "e.loam:1:17: found `a`, expected the tag of the hint"},
    {"include 5", "e.loam:1:9: found `5`, expected a path"},
    {"include \"nowhere.loam\"", "e.loam:1:1: there is nothing to include from here"},
    {"formula(a) @", "e.loam:1:12: found `@`, expected an expression"},
    {"formula(a) (a", "e.loam:1:14: found the end, expected `)`"},
    {"formula(a) $", "e.loam:1:12: found `$`, which begins nothing"},
    {"kernel k(s = 0) { arm load(x) = k arm peek(x) = 0 }", "e.loam:1:1: this kernel has no arm `poke`"},
    {"kernel k(s = 0) { arm other = 1 }", "e.loam:1:19: a kernel has the arms load, peek, poke and wish"},
    {"kernel k { arm load(x) = k }", "e.loam:1:10: found `{`, expected `(`"},
};

static void expect_error(const char *source, const char *message)
{
    struct codec_source outermost = {.name = "e.loam", .text = source, .size_bytes = strlen(source)};
    noun program;
    uint64_t used = stack_used_bytes(stack);
    enum status status = codec_assemble(stack, &outermost, &program);
    if (!tap_ok(status != STATUS_OK && strncmp(status_message(), message, strlen(message)) == 0 &&
                    stack_used_bytes(stack) == used,
                "%.60s: %s", source, message))
        tap_note("%s: %s", status_name(status), status_message());
}

static char *repeat(const char *text, size_t times, const char *end)
{
    size_t length = strlen(text);
    char *all = malloc(length * times + strlen(end) + 1);
    CHECK(all != NULL);
    for (size_t i = 0; i < times; i++)
        memcpy(all + i * length, text, length);
    strcpy(all + length * times, end);
    return all;
}

/* ---- includes --------------------------------------------------------------- */

/* Sources by name: "path=text" ends in an entry without a name. */
static const char *const shelf[][2] = {
    {"a/one.loam", "include \"two.loam\" const one = 1"},
    {"a/two.loam", "include \"../b/three.loam\" include \"one.loam\" const two = 2"},
    {"a/../b/three.loam", "const three = 3"},
    {"a/whole.loam", "noun 1"},
    {"a/wrong.loam", "const\n  5"},
};

static enum status take_from_shelf(void *context, const char *path, char **text, size_t *size_bytes)
{
    unsigned *taken = context;
    for (size_t i = 0; i < COUNT_OF(shelf); i++) {
        if (strcmp(shelf[i][0], path) != 0)
            continue;
        ++*taken;
        *text = repeat(shelf[i][1], 1, "");
        *size_bytes = strlen(*text);
        return STATUS_OK;
    }
    return status_fail(STATUS_NOT_FOUND, "there is no %s", path);
}

static void expect_include(const char *source, enum status expected, const char *text)
{
    unsigned taken = 0;
    struct codec_source outermost = {.name = "a/main.loam",
                                     .text = source,
                                     .size_bytes = strlen(source),
                                     .include = take_from_shelf,
                                     .include_context = &taken};
    noun program;
    enum status status = codec_assemble(stack, &outermost, &program);
    if (expected == STATUS_OK)
        tap_ok(status == STATUS_OK && is_text(program, text) && taken == 3, "%s: three sources, each once", source);
    else if (!tap_ok(status == expected && strcmp(status_message(), text) == 0, "%s: %s", source, text))
        tap_note("%s: %s", status_name(status), status_message());
}

static void try_includes(void)
{
    expect_include("include \"one.loam\" include \"two.loam\" noun [one two three]", STATUS_OK, "[1 2 3]");
    expect_include("include \"no.loam\"", STATUS_NOT_FOUND, "a/main.loam: there is no a/no.loam");
    expect_include("include \"/no.loam\"", STATUS_NOT_FOUND, "a/main.loam: there is no /no.loam");
    expect_include("include \"whole.loam\"", STATUS_INVALID,
                   "a/whole.loam:1:1: a source that is included has no program of its own");
    expect_include("include \"wrong.loam\"", STATUS_INVALID,
                   "a/wrong.loam:2:3: found `5`, expected the name of the constant");
}

/* ---- the manual ------------------------------------------------------------- */

/* Every fenced block of docs/assembler.md that says it is a program is one. */
static void try_manual(const char *path, const char *examples)
{
    size_t size_bytes;
    char *text = program_read_file(path, &size_bytes);
    CHECK(text != NULL);
    text[size_bytes] = '\0';
    unsigned count = 0, good = 0;
    for (char *block = strstr(text, "```loam\n"); block != NULL; block = strstr(block, "```loam\n")) {
        block += strlen("```loam\n");
        char *end = strstr(block, "```");
        CHECK(end != NULL);
        *end = '\0';
        good += program_of_text(stack, "manual", block, examples) != NOUN_NONE;
        count++;
        block = end + 3;
    }
    tap_ok(count > 0 && good == count, "%u of %u programs in the manual assemble", good, count);
    free(text);
}

/* ---- depth ------------------------------------------------------------------ */

static void expect_too_deep(const char *begin, const char *text, const char *message)
{
    char *rest = repeat(text, 1000000, "");
    char *source = repeat(begin, 1, rest);
    struct codec_source outermost = {.name = "e.loam", .text = source, .size_bytes = strlen(source)};
    noun program;
    enum status status = codec_assemble(stack, &outermost, &program);
    if (!tap_ok(status == STATUS_INVALID && strstr(status_message(), message) != NULL, "a million times `%s`: %s", text,
                message))
        tap_note("%s: %s", status_name(status), status_message());
    free(rest);
    free(source);
}

static void try_depth(void)
{
    expect_too_deep("trap ", "(", "nested deeper than 500 levels");
    expect_too_deep("trap ", "[1 ", "nested deeper");
    expect_too_deep("trap ", "{", "expected a part of a formula");
    expect_too_deep("trap {", "[1 ", "nested deeper");
    expect_too_deep("trap ", "let a = 1 ", "nested deeper");
    expect_too_deep("trap 1 ", "== 1 ", "nested deeper");
    expect_too_deep("formula(", "[a ", "nested deeper");
    expect_too_deep("trap ", "if 1 then ", "nested deeper");
    char *lets = repeat("let a = 1 ", 70, "a");
    char *source = repeat("formula(x) ", 1, lets);
    noun program = program_of_text(stack, "lets", source, "");
    tap_ok(program != NOUN_NONE, "seventy lets");
    free(source);
    free(lets);
    lets = repeat("let a = 1 ", 70, "x");
    source = repeat("formula(x) ", 1, lets);
    expect_error(source, "e.loam:1:712: `x` is more than 62 levels deep in the subject");
    free(source);
    free(lets);
}

/* A list of a hundred thousand parts is wide, not deep. */
static void try_width(void)
{
    char *ones = repeat(" 1", 100000, "]");
    char *source = repeat("noun [0", 1, ones);
    noun program = program_of_text(stack, "wide", source, "");
    tap_ok(program != NOUN_NONE && noun_is_cell(program), "a hundred thousand parts");
    free(source);
    free(ones);
}

int main(int argument_count, char **arguments)
{
    CHECK(argument_count == 3);
    stack = space_stack();
    char examples[4096];
    snprintf(examples, sizeof examples, "%s/", arguments[1]);
    try_forms();
    try_programs(examples);
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        expect_error(errors[i].source, errors[i].message);
    try_includes();
    try_manual(arguments[2], examples);
    try_depth();
    try_width();
    return tap_done();
}
