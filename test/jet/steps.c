/* The jets that run Nock, on hand-made gates and without the compiled library:
 * what they give, where they crash, and that they stand any depth.
 *
 * A small library registers the labels.  Its own formulas only crash, so that
 * whatever comes out is the jets' doing.
 */
#include "jet/jet.h"
#include "space.h"
#include "tap.h"

#define MANY 1000000

static struct nock *machine;

/* The layers, each in the context of the next; roots of the machine. */
static noun version, one, two, tri, qua;

static noun cell(noun head, noun tail)
{
    return stack_cell(space_stack(), head, tail);
}

static noun at_axis(uint64_t axis)
{
    return cell(0, axis);
}

/* [11 tag 0 0]: a formula that crashes, like no other */
static noun crash_formula(const char *name)
{
    return cell(11, cell(stack_cord(space_stack(), name), at_axis(0)));
}

/* ---- registering --------------------------------------------------------- *
 *
 * Each label is registered once, at the start, on a core with no sample worth
 * the name; a core is recognized by its batteries and by the outermost layer,
 * so cores can be made from then on without running anything.
 */

/* Runs [11 [%fast 1 name parent 0] 0 1] on a core; gives the core. */
static noun registered(noun core, noun name, noun parent_formula)
{
    noun clue = cell(name, cell(parent_formula, 0));
    noun hint = cell(noun_cord("fast"), cell(1, clue));
    struct nock_result result;
    nock_run(machine, core, cell(11, cell(hint, at_axis(1))), &result);
    CHECK(result.outcome == NOCK_DONE);
    return result.product;
}

static noun layer(const char *name, noun context)
{
    return registered(cell(crash_formula(name), context), noun_cord(name), at_axis(3));
}

/* A gate [formula sample layer]. */
static noun gate(const char *name, noun sample, noun context)
{
    return cell(crash_formula(name), cell(sample, context));
}

/* The formula of a rule's inner core: unlike any outer gate's, and crashing. */
static noun inner_formula(const char *name)
{
    return cell(12, cell(stack_cord(space_stack(), name), at_axis(0)));
}

/* The core `fun` [formula sample outer] of a rule's outer gate. */
static noun inner(const char *name, noun sample, noun outer_sample)
{
    return cell(inner_formula(name), cell(sample, gate(name, outer_sample, qua)));
}

/* The core `fun` of stew: [formula sample tree 0 outer]. */
static noun inner_switch(noun sample, noun tree)
{
    noun context = cell(tree, cell(0, gate("stew", 0, qua)));
    return cell(inner_formula("stew"), cell(sample, context));
}

static void register_labels(void)
{
    static const char *const gates[] = {"mink", "mole", "mule"};
    static const char *const rules[] = {"easy", "just", "mask", "shim", "stir"};
    noun *const layers[] = {&version, &one, &two, &tri, &qua};
    for (size_t i = 0; i < COUNT_OF(layers); i++)
        nock_root_add(machine, layers[i]);
    version = registered(cell(at_axis(0), 138), cell('k', 138), cell(1, 0));
    one = layer("one", version);
    two = layer("two", one);
    tri = layer("tri", two);
    qua = layer("qua", tri);
    for (size_t i = 0; i < COUNT_OF(gates); i++)
        registered(gate(gates[i], 0, qua), noun_cord(gates[i]), at_axis(7));
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        registered(gate(rules[i], 0, qua), noun_cord(rules[i]), at_axis(7));
        registered(inner(rules[i], 0, 0), noun_cord("fun"), at_axis(7));
    }
    registered(gate("stew", 0, qua), noun_cord("stew"), at_axis(7));
    registered(inner_switch(0, 0), noun_cord("fun"), at_axis(31));
}

static struct nock_result kick(noun core)
{
    struct nock_result result;
    nock_run(machine, core, cell(9, cell(2, at_axis(1))), &result);
    return result;
}

static bool gives(noun core, noun expected)
{
    nock_root_add(machine, &expected);
    struct nock_result result = kick(core);
    nock_root_remove(machine, &expected);
    return result.outcome == NOCK_DONE && noun_equal(result.product, expected);
}

static bool crashes(noun core)
{
    return kick(core).outcome == NOCK_CRASHED;
}

/* ---- lists --------------------------------------------------------------- */

/* A gate [formula sample 0] that is not registered.  Formulas are fresh at
 * every use, since a run may move whatever was made before it. */
static noun plain_gate(noun formula, noun sample)
{
    return cell(formula, cell(sample, 0));
}

/* One more than the tail of the sample. */
static noun count_to(noun start)
{
    return plain_gate(cell(4, at_axis(13)), cell(0, start));
}

static noun identity(void)
{
    return plain_gate(at_axis(6), cell(0, 0));
}

static noun always(noun product)
{
    return plain_gate(cell(1, product), 0);
}

/* [1 2 ... count end] */
static noun numbers(uint64_t count, noun end)
{
    noun list = end;
    for (; count > 0; count--)
        list = cell(count, list);
    return list;
}

/* ---- rules --------------------------------------------------------------- */

static noun hair(uint64_t line, uint64_t column)
{
    return cell(line, column);
}

static noun repeated(uint64_t count, noun character)
{
    noun tape = 0;
    for (; count > 0; count--)
        tape = cell(character, tape);
    return tape;
}

static noun tape_of(const char *text)
{
    return *text == 0 ? 0 : cell((uint8_t)*text, tape_of(text + 1));
}

static noun nail(uint64_t column, const char *text)
{
    return cell(hair(1, column), tape_of(text));
}

static noun failed(uint64_t column)
{
    return cell(hair(1, column), 0);
}

/* An edge that has come to `column`, with `rest` still to be parsed. */
static noun parsed(uint64_t column, noun value, const char *rest)
{
    return cell(hair(1, column), cell(0, cell(value, nail(column, rest))));
}

static noun just(noun character, noun its_nail)
{
    return inner("just", its_nail, character);
}

static void check_characters(void)
{
    tap_ok(gives(just('a', nail(3, "ab")), parsed(4, 'a', "b")) && gives(just('b', nail(3, "ab")), failed(3)) &&
               gives(just('a', nail(3, "")), failed(3)),
           "just takes its character");
    noun moved = cell(hair(2, 1), tape_of("a"));
    tap_ok(gives(just('\n', nail(3, "\na")), cell(hair(2, 1), cell(0, cell('\n', moved)))), "a newline starts a line");
    tap_ok(gives(inner("mask", nail(1, "ab"), tape_of("xa")), parsed(2, 'a', "b")) &&
               gives(inner("mask", nail(1, "ab"), tape_of("x")), failed(1)),
           "mask takes one of its characters");
    tap_ok(gives(inner("shim", nail(1, "ab"), cell('a', 'c')), parsed(2, 'a', "b")) &&
               gives(inner("shim", nail(1, "ab"), cell('b', 'c')), failed(1)),
           "shim takes one of its range");
    tap_ok(gives(inner("easy", nail(1, "ab"), 7), parsed(1, 7, "ab")), "easy takes nothing");
    tap_ok(crashes(just('a', 5)) && crashes(just('a', cell(5, tape_of("ab")))), "what is no nail is left to the Nock");
}

static noun switched(const char *text)
{
    noun left = cell(cell('A', just('A', 0)), cell(0, 0));
    noun tree = cell(cell(cell('a', 'c'), just('b', 0)), cell(left, 0)); /* a range, and a character below it */
    return inner_switch(nail(1, text), tree);
}

static void check_switch(void)
{
    tap_ok(gives(switched("b"), parsed(2, 'b', "")) && gives(switched("A"), parsed(2, 'A', "")),
           "stew goes on with the rule of the character");
    tap_ok(gives(switched("c"), failed(1)), "which may fail");
    tap_ok(gives(switched("d"), failed(1)) && gives(switched("B"), failed(1)) && gives(switched(""), failed(1)),
           "and fails where there is none");
}

/* "a" as often as it comes. */
static noun stir(noun tape, noun initial, noun combine)
{
    return inner("stir", cell(hair(1, 1), tape), cell(initial, cell(combine, just('a', 0))));
}

static void check_repetition(void)
{
    tap_ok(gives(stir(tape_of("aaab"), 0, identity()), parsed(4, tape_of("aaa"), "b")),
           "stir collects from the last to the first");
    tap_ok(gives(stir(tape_of("aaa"), 10, count_to(0)), parsed(4, 13, "")), "and folds with its gate");
    tap_ok(gives(stir(0, 10, count_to(0)), parsed(1, 10, "")), "from nothing it makes its first value");
    tap_ok(crashes(inner("stir", nail(1, "a"), cell(0, cell(identity(), always(5))))),
           "a rule that gives no edge crashes");
    tap_ok(gives(stir(repeated(MANY, 'a'), 0, identity()), parsed(MANY + 1, repeated(MANY, 'a'), "")),
           "stir over a million characters");
    tap_ok(gives(stir(repeated(MANY, 'a'), 0, count_to(0)), parsed(MANY + 1, MANY, "")), "and a million slams");
}

/* ---- virtual Nock -------------------------------------------------------- */

static noun on_trap(const char *name, noun formula)
{
    return gate(name, cell(formula, 5), qua);
}

/* mink of a formula on [6 7], where every scry blocks. */
static noun mink(noun formula)
{
    return gate("mink", cell(cell(cell(6, 7), formula), always(0)), qua);
}

static void check_virtual(void)
{
    noun scry = cell(12, cell(cell(1, 3), cell(1, numbers(2, 0))));
    tap_ok(gives(mink(scry), cell(1, numbers(2, 0))), "mink gives the path that blocked");
    tap_ok(gives(mink(at_axis(2)), cell(0, 6)), "or the product");
    tap_ok(gives(mink(at_axis(0)), cell(2, 0)), "or the trace");
    tap_ok(gives(on_trap("mole", at_axis(3)), cell(0, 5)) && gives(on_trap("mole", at_axis(0)), 0),
           "mole gives a unit");
    tap_ok(gives(on_trap("mule", at_axis(3)), cell(0, 5)), "mule gives the product");
    noun mean = cell(11, cell(cell(noun_cord("mean"), cell(1, 'x')), at_axis(0)));
    noun tank = cell(noun_cord("leaf"), tape_of("x"));
    tap_ok(gives(on_trap("mule", mean), cell(1, cell(tank, 0))), "or the trace made readable");
}

/* Every level runs the next below it, in mole. */
static void check_many_levels(void)
{
    noun core = cell(cell(1, 1), 5);
    const unsigned levels = 3000;
    for (unsigned i = 0; i < levels; i++) {
        core = gate("mole", core, qua);
        core = cell(cell(9, cell(2, at_axis(3))), core); /* a trap that kicks it */
    }
    struct nock_result result = kick(core);
    unsigned depth = 0;
    noun n = result.product;
    for (; noun_is_cell(n) && noun_head(n) == 0; n = noun_tail(n))
        depth++;
    tap_ok(result.outcome == NOCK_DONE && depth == levels && n == 1, "%u levels of virtual Nock", levels);
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    jet_install(machine);
    register_labels();
    check_characters();
    check_switch();
    check_repetition();
    check_virtual();
    check_many_levels();
    nock_destroy(machine);
    return tap_done();
}
