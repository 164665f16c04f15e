#include "model/random_formula.h"

#include "model/random_tree.h"
#include "support/tap.h"

#define DEPTH_MAX 7
#define PROBE_STEPS 3000
#define PROBE_SIZE 4000

struct maker {
    struct tree_arena *arena;
    uint64_t *state;
    struct reducer_options probe;
    unsigned size_left;
    bool may_speak;
    uint64_t crash_one_in; /* of the crashing parts, how many stay */
};

/* Where a formula is wanted: what it will run on, what it should give, and
 * whether a scry would be answered there. */
struct place {
    const struct tree *subject;
    enum random_want want;
    unsigned depth;
    bool is_virtual;
};

static const struct tree *make(struct maker *m, struct place place);

/* ---- building shorthand ------------------------------------------------------ */

static uint64_t below(struct maker *m, uint64_t bound)
{
    return tap_below(m->state, bound);
}

static const struct tree *word(struct maker *m, uint64_t value)
{
    return tree_atom(m->arena, value);
}

static const struct tree *pair(struct maker *m, const struct tree *a, const struct tree *b)
{
    return tree_cell(m->arena, a, b);
}

static const struct tree *triple(struct maker *m, const struct tree *a, const struct tree *b, const struct tree *c)
{
    return pair(m, a, pair(m, b, c));
}

static const struct tree *op1(struct maker *m, uint64_t op, const struct tree *a)
{
    return pair(m, word(m, op), a);
}

static const struct tree *op2(struct maker *m, uint64_t op, const struct tree *a, const struct tree *b)
{
    return triple(m, word(m, op), a, b);
}

static const struct tree *text(struct maker *m, const char *noun_text)
{
    return tree_parse(m->arena, noun_text);
}

/* A part of the place: one level down, on the same subject. */
static struct place inside(struct place place, enum random_want want)
{
    place.want = want;
    place.depth++;
    return place;
}

static struct place on(struct place place, const struct tree *subject)
{
    place.subject = subject;
    place.depth++;
    return place;
}

/* What the formula makes of the subject, or some noun if it makes nothing. */
static const struct tree *probe(struct maker *m, const struct tree *subject, const struct tree *formula)
{
    struct reducer_result result = reducer_run(m->arena, &m->probe, subject, formula);
    if (result.outcome != REDUCER_DONE || tree_size(result.product, PROBE_SIZE) == PROBE_SIZE)
        return word(m, below(m, 3));
    return result.product;
}

/* ---- leaves -------------------------------------------------------------------- */

static const struct tree *constant(struct maker *m, enum random_want want)
{
    switch (want) {
    case RANDOM_ATOM:
        return op1(m, 1, random_tree_atom(m->arena, m->state));
    case RANDOM_LOOBEAN:
        return op1(m, 1, word(m, below(m, 2)));
    case RANDOM_CELL:
        return op1(m, 1, pair(m, random_tree_atom(m->arena, m->state), random_tree(m->arena, m->state, 3)));
    default:
        return op1(m, 1, random_tree(m->arena, m->state, 6));
    }
}

static bool fits(const struct tree *tree, enum random_want want)
{
    return want == RANDOM_ANY || (want == RANDOM_CELL) == tree_is_cell(tree);
}

static const struct tree *make_axis(struct maker *m, struct place place)
{
    if (below(m, 100) == 0)
        return op1(m, 0, random_wrong_axis(m->arena, m->state));
    const struct tree *formula = op1(m, 0, random_axis(m->arena, m->state, place.subject, place.want));
    bool is_right = place.want != RANDOM_LOOBEAN || below(m, 8) == 0;
    return is_right && fits(probe(m, place.subject, formula), place.want) ? formula : constant(m, place.want);
}

static const struct tree *make_leaf(struct maker *m, struct place place)
{
    return below(m, 3) == 0 ? constant(m, place.want) : make_axis(m, place);
}

/* ---- one function for each opcode ------------------------------------------------ */

static const struct tree *make_pair(struct maker *m, struct place place)
{
    const struct tree *head = make(m, inside(place, RANDOM_ANY));
    return pair(m, head, make(m, inside(place, RANDOM_ANY)));
}

/* [2 s f]: f a constant, computed, or put together. */
static const struct tree *make_nock(struct maker *m, struct place place)
{
    const struct tree *subject = make(m, inside(place, RANDOM_ANY));
    const struct tree *formula = make(m, on(place, probe(m, place.subject, subject)));
    if (below(m, 3) == 0 && tree_is_cell(formula))
        return op2(m, 2, subject, pair(m, op1(m, 1, formula->head), op1(m, 1, formula->tail)));
    if (below(m, 40) == 0)
        return op2(m, 2, subject, make(m, inside(place, RANDOM_ANY)));
    return op2(m, 2, subject, op1(m, 1, formula));
}

static const struct tree *make_is_cell(struct maker *m, struct place place)
{
    return op1(m, 3, make(m, inside(place, RANDOM_ANY)));
}

static const struct tree *make_increment(struct maker *m, struct place place)
{
    return op1(m, 4, make(m, inside(place, below(m, 60) == 0 ? RANDOM_ANY : RANDOM_ATOM)));
}

/* Equal but separate nouns, nearly equal ones, and any two. */
static const struct tree *make_equals(struct maker *m, struct place place)
{
    const struct tree *left = make(m, inside(place, RANDOM_ANY));
    const struct tree *value = random_copy(m->arena, probe(m, place.subject, left));
    switch (below(m, 4)) {
    case 0:
        return op2(m, 5, left, op1(m, 1, value));
    case 1:
        return op2(m, 5, left, random_copy(m->arena, left));
    case 2:
        return op2(m, 5, left, op1(m, 1, random_damage(m->arena, m->state, value)));
    default:
        return op2(m, 5, left, make(m, inside(place, RANDOM_ANY)));
    }
}

static const struct tree *make_if(struct maker *m, struct place place)
{
    const struct tree *test = make(m, inside(place, below(m, 40) == 0 ? RANDOM_ANY : RANDOM_LOOBEAN));
    const struct tree *yes = make(m, inside(place, place.want));
    const struct tree *no = make(m, inside(place, place.want));
    return op2(m, 6, test, pair(m, yes, no));
}

static const struct tree *make_compose(struct maker *m, struct place place)
{
    const struct tree *first = make(m, inside(place, RANDOM_ANY));
    return op2(m, 7, first, make(m, on(place, probe(m, place.subject, first))));
}

static const struct tree *make_push(struct maker *m, struct place place)
{
    const struct tree *pushed = make(m, inside(place, RANDOM_ANY));
    const struct tree *subject = pair(m, probe(m, place.subject, pushed), place.subject);
    return op2(m, 8, pushed, make(m, on(place, subject)));
}

static const struct tree *make_edit(struct maker *m, struct place place)
{
    const struct tree *target = make(m, inside(place, RANDOM_CELL));
    const struct tree *patch = make(m, inside(place, RANDOM_ANY));
    const struct tree *axis = random_axis(m->arena, m->state, probe(m, place.subject, target), RANDOM_ANY);
    if (below(m, 50) == 0)
        axis = random_wrong_axis(m->arena, m->state);
    return op2(m, 10, pair(m, axis, patch), target);
}

/* ---- calls ------------------------------------------------------------------------- */

/* A core built on the spot, with one arm or two, and called. */
static const struct tree *make_core_call(struct maker *m, struct place place)
{
    const struct tree *payload = make(m, inside(place, RANDOM_ANY));
    const struct tree *known = pair(m, word(m, 0), probe(m, place.subject, payload));
    const struct tree *arm = make(m, on(place, known));
    if (below(m, 2) == 0)
        return op2(m, 9, word(m, 2), pair(m, op1(m, 1, arm), payload));
    const struct tree *battery = pair(m, make(m, on(place, known)), arm);
    return op2(m, 9, word(m, 5), pair(m, op1(m, 1, battery), payload));
}

/* A gate pushed, its sample replaced, called: what compilers write. */
static const struct tree *make_slam(struct maker *m, struct place place)
{
    const struct tree *argument = make(m, inside(place, RANDOM_ANY));
    const struct tree *sample = probe(m, place.subject, argument);
    const struct tree *known = triple(m, word(m, 0), sample, place.subject);
    const struct tree *body = make(m, on(place, known));
    const struct tree *gate = triple(m, op1(m, 1, body), op1(m, 1, word(m, 0)), text(m, "[0 1]"));
    const struct tree *edit = op2(m, 10, pair(m, word(m, 6), op2(m, 7, text(m, "[0 3]"), argument)), text(m, "[0 2]"));
    return op2(m, 8, gate, op2(m, 9, word(m, 2), edit));
}

/* The recursive call of a loop, wrapped so that it is or is not a tail call. */
static const struct tree *wrap_call(struct maker *m, const struct tree *call)
{
    switch (below(m, 8)) {
    case 0:
        return op1(m, 4, call);
    case 1:
        return pair(m, call, text(m, "[0 14]"));
    case 2:
        return op2(m, 8, call, text(m, "[0 2]"));
    case 3:
        return op2(m, 11, text(m, "[%mean 0 6]"), call);
    case 4:
        return op2(m, 7, text(m, "[0 1]"), call);
    case 5:
        return op2(m, 6, text(m, "[5 [0 6] 1 3]"), pair(m, call, call));
    default:
        return call;
    }
}

/* A loop: from 0 to a limit, with an accumulator. */
struct loop {
    const struct tree *limit;   /* a number */
    const struct tree *initial; /* formula of the accumulator, on the subject */
    const struct tree *known;   /* [0 limit accumulator context], as the base sees it */
    const struct tree *base;    /* formula, at the end */
    const struct tree *changed; /* formula of the next accumulator, which is at axis 14 */
    const struct tree *context; /* formula of what is at axis 15, on the subject */
};

static struct loop begin_loop(struct maker *m, struct place place, const struct tree *context)
{
    struct loop loop = {.limit = word(m, below(m, below(m, 8) == 0 ? 60 : 8)), .context = context};
    loop.initial = make(m, inside(place, RANDOM_ANY));
    const struct tree *accumulator = probe(m, place.subject, loop.initial);
    loop.known = pair(m, word(m, 0), triple(m, loop.limit, accumulator, probe(m, place.subject, context)));
    loop.base = below(m, 2) == 0 ? text(m, "[0 14]") : make(m, on(place, loop.known));
    return loop;
}

/* [8 [battery 0 accumulator context] 9 2 0 2] */
static const struct tree *end_loop(struct maker *m, const struct loop *loop)
{
    const struct tree *step = op2(m, 10, pair(m, word(m, 14), loop->changed), text(m, "[0 1]"));
    const struct tree *call = op2(m, 9, word(m, 2), op2(m, 10, text(m, "[6 4 0 6]"), step));
    const struct tree *test = op2(m, 5, text(m, "[0 6]"), op1(m, 1, loop->limit));
    const struct tree *battery = op2(m, 6, test, pair(m, loop->base, wrap_call(m, call)));
    if (below(m, 12) == 0)
        battery = op2(m, 11, text(m, "[%memo 1 0]"), battery);
    const struct tree *payload = triple(m, text(m, "[1 0]"), loop->initial, loop->context);
    return op2(m, 8, pair(m, op1(m, 1, battery), payload), text(m, "[9 2 0 2]"));
}

static const struct tree *make_loop(struct maker *m, struct place place)
{
    struct loop loop = begin_loop(m, place, text(m, "[0 1]"));
    loop.changed = make(m, inside(on(place, loop.known), below(m, 2) == 0 ? place.want : RANDOM_ANY));
    return end_loop(m, &loop);
}

/* An arm that makes a gate around its core, as compilers write one; or nearly. */
static const struct tree *make_gate_arm(struct maker *m, struct place place, const struct tree *payload)
{
    const struct tree *core = pair(m, word(m, 0), payload);
    const struct tree *sample = op1(m, 1, random_tree(m->arena, m->state, 3));
    if (below(m, 4) == 0)
        sample = make(m, on(place, core));
    const struct tree *known = triple(m, word(m, 0), probe(m, core, sample), core);
    const struct tree *gate = op2(m, 8, sample, pair(m, op1(m, 1, make(m, on(place, known))), text(m, "[0 1]")));
    switch (below(m, 8)) {
    case 0:
        return gate;
    case 1:
        return op2(m, 11, text(m, "[%spot 1 7]"), gate);
    case 2:
        return op2(m, 7, gate, make(m, on(place, known)));
    case 3:
        return make(m, on(place, core));
    default:
        return op2(m, 7, gate, text(m, "[11 [%fast 1 %gen [0 7] 0] 0 1]"));
    }
}

/* The formula of a library, a core with two such arms: the given one or a new
 * one.  Half of the new ones have the arms of `twin` around another payload. */
static const struct tree *make_library(struct maker *m, struct place place, const struct tree *twin)
{
    if (m->probe.library != NULL && below(m, 2) == 0)
        return op1(m, 1, m->probe.library);
    const struct tree *payload = make(m, inside(place, RANDOM_ANY));
    if (twin != NULL && below(m, 2) == 0)
        return pair(m, tree_is_cell(twin->head) ? twin->head : op1(m, 1, twin->tail->head), payload);
    const struct tree *known = probe(m, place.subject, payload);
    const struct tree *battery = pair(m, make_gate_arm(m, place, known), make_gate_arm(m, place, known));
    return pair(m, op1(m, 1, battery), payload);
}

/* Hoon's (arm argument): the arm is pulled from the core at an axis of a loop's
 * core, the sample of its gate replaced, the gate called. */
static const struct tree *make_pull(struct maker *m, uint64_t library_axis)
{
    static const char *const edits[] = {
        "[6 11 [%mean 1 5] 7 [0 3] 0 14]",
        "[6 11 [%mean 1 5] 0 0]",
        "[6 11 [%slog 1 0 7] 0 30]",
        "[6 0 2]",
        "[12 0 30]",
        "[6 7 [0 3] 0 14]",
        "[6 7 [0 3] 0 6]",
        "[6 0 30]",
        "[6 [0 14] 7 [0 3] 4 0 6]",
        "[6 7 [0 3] [0 6] 0 14]",
    };
    const struct tree *arm = op2(m, 9, word(m, 4 + below(m, 2)), op1(m, 0, word(m, library_axis)));
    const struct tree *edit = text(m, edits[below(m, COUNT_OF(edits))]);
    const struct tree *call = op2(m, 9, word(m, 2), op2(m, 10, edit, text(m, "[0 2]")));
    return op2(m, 8, arm, call);
}

/* An arm of the same core as it is, again at every turn: alone, as somebody's
 * subject, or beside itself. */
static const struct tree *make_same_arm(struct maker *m, uint64_t library_axis)
{
    const struct tree *arm = op2(m, 9, word(m, 4 + below(m, 2)), op1(m, 0, word(m, library_axis)));
    switch (below(m, 4)) {
    case 0:
        return op2(m, 7, arm, text(m, "[9 5 0 7]"));
    case 1:
        return pair(m, arm, arm);
    default:
        return pair(m, arm, text(m, "[0 14]"));
    }
}

/* The arms of two libraries pulled or called in a loop, in turn or by a test. */
static const struct tree *make_library_loop(struct maker *m, struct place place)
{
    const struct tree *first = make_library(m, place, NULL);
    const struct tree *second = make_library(m, place, first);
    struct loop loop = begin_loop(m, place, pair(m, first, second));
    const struct tree *a = below(m, 3) == 0 ? make_same_arm(m, 30) : make_pull(m, 30);
    const struct tree *b = below(m, 3) == 0 ? make_same_arm(m, 31) : make_pull(m, 31);
    switch (below(m, 3)) {
    case 0:
        loop.changed = pair(m, a, b);
        break;
    case 1:
        loop.changed = op2(m, 6, op2(m, 5, text(m, "[0 6]"), op1(m, 1, word(m, below(m, 6)))), pair(m, a, b));
        break;
    default:
        loop.changed = a;
    }
    return end_loop(m, &loop);
}

/* ---- hints -------------------------------------------------------------------------- */

static const char *const static_tags[] = {
    "37", "0", "%mean", "%spot", "%slog", "%fast", "%toss", "%memo", "'a tag of more than eight bytes'",
};
static const char *const plain_tags[] = {
    "%mean", "%spot", "%hunk", "%lose", "%hand", "%mean",
    "%spot", "%toss", "%live", "37",    "0",     "'a tag of more than eight bytes'",
};
static const char *const fast_clues[] = {
    "[1 [%k 138] [1 0] 0]",
    "[1 %gen [0 7] 0]",
    "[1 %gen [0 3] 0]",
    "[1 %gen [11 [%spot 1 0] 0 7] 0]",
    "[1 %gen [0 0] 0]",
    "[1 %gen [1 1] 0]",
    "[1 %gen [0 18446744073709551617] 0]",
    "[1 0]",
    "[1 %gen %gen]",
    "[1 [[1 2] [0 7] 0]]",
    "[0 1]",
};

/* Hints that make slogs of their own. */
static const struct tree *make_speaking_hint(struct maker *m, const struct tree *body)
{
    static const char *const hints[] = {"%bout", "[%bout 1 0]", "[%hela 1 0]"};
    return op2(m, 11, text(m, hints[below(m, COUNT_OF(hints))]), body);
}

static const struct tree *make_hint(struct maker *m, struct place place)
{
    const struct tree *body = make(m, inside(place, place.want));
    if (m->may_speak && below(m, 2) == 0)
        return make_speaking_hint(m, body);
    switch (below(m, 8)) {
    case 0:
        return op2(m, 11, text(m, static_tags[below(m, COUNT_OF(static_tags))]), body);
    case 1:
        return op2(m, 11, pair(m, text(m, "%fast"), text(m, fast_clues[below(m, COUNT_OF(fast_clues))])), body);
    case 2: {
        const struct tree *tank = make(m, inside(place, RANDOM_ANY));
        const struct tree *clue = below(m, 8) == 0 ? tank : pair(m, op1(m, 1, word(m, below(m, 4))), tank);
        return op2(m, 11, pair(m, text(m, "%slog"), clue), body);
    }
    case 3:
        return op2(m, 11, text(m, "[%memo 1 0]"), body);
    case 4:
        return op2(m, 11, pair(m, text(m, "%memo"), make(m, inside(place, RANDOM_ANY))), body);
    default: {
        const struct tree *tag = text(m, plain_tags[below(m, COUNT_OF(plain_tags))]);
        return op2(m, 11, pair(m, tag, make(m, inside(place, RANDOM_ANY))), body);
    }
    }
}

/* ---- virtual computations -------------------------------------------------------------- */

static const struct tree *make_scry(struct maker *m, struct place place)
{
    const struct tree *reference = make(m, inside(place, RANDOM_ANY));
    return op2(m, 12, reference, make(m, inside(place, RANDOM_ANY)));
}

static const char *const scry_gates[] = {
    "[[1 0] 0 0]",                                    /* blocks */
    "[[1 0 0] 0 0]",                                  /* [~ ~] */
    "[[[1 0] [1 0] 0 6] 0 0]",                        /* echoes */
    "[[[1 0] [1 0] 0 6] 0 0]",                        /* and again, being useful */
    "[[6 [3 0 13] [[1 0] [1 0] 0 6] 1 0] 0 0]",       /* echoes cells, blocks on atoms */
    "[[[1 0] [1 0] 2 [0 6] 1 12 [0 2] 0 3] [0 0] 0]", /* asks outside */
    "[[11 [%mean 1 %handler] [1 0] [1 0] 12 [0 12] 0 13] [0 0] 0]",
    "[[11 [%mean 1 %handler] 0 0] 0 0]", /* crashes */
    "[[1 5] 0 0]",
    "[[1 0 5] 0 0]",
    "[[1 7 7 7] 0 0]", /* no unit of unit, and one that will do */
    "[0 0]",
    "0", /* no gate */
};

static const struct tree *make_scry_gate(struct maker *m)
{
    return op1(m, 1, text(m, scry_gates[below(m, COUNT_OF(scry_gates))]));
}

static const struct tree *call_mink(struct maker *m, const struct tree *sample)
{
    const struct tree *core = triple(m, m->probe.mink_battery, word(m, 0), m->probe.mink_root);
    return op2(m, 9, word(m, 2), op2(m, 10, pair(m, word(m, 6), sample), op1(m, 1, core)));
}

static const struct tree *make_mink(struct maker *m, struct place place)
{
    if (m->probe.mink_battery == NULL)
        return make_leaf(m, place);
    const struct tree *subject = make(m, inside(place, RANDOM_ANY));
    struct place inner = on(place, probe(m, place.subject, subject));
    inner.is_virtual = true;
    const struct tree *computation = pair(m, subject, op1(m, 1, make(m, inner)));
    const struct tree *sample = pair(m, computation, make_scry_gate(m));
    if (below(m, 30) == 0)
        sample = make(m, inside(place, RANDOM_ANY));
    const struct tree *mink = call_mink(m, sample);
    if (below(m, 4) != 0)
        return mink;
    /* And the same once more, perhaps with other answers. */
    return pair(m, mink, call_mink(m, pair(m, computation, make_scry_gate(m))));
}

/* ---- choice ---------------------------------------------------------------------------- */

/* Makes a formula that fits a place. */
typedef const struct tree *make_fn(struct maker *m, struct place place);

static make_fn *const for_any[] = {
    make_leaf,         make_pair,      make_nock,    make_is_cell, make_increment, make_equals,
    make_if,           make_if,        make_compose, make_push,    make_push,      make_edit,
    make_edit,         make_core_call, make_slam,    make_slam,    make_loop,      make_library_loop,
    make_library_loop, make_hint,      make_hint,    make_mink,    make_mink,
};
static make_fn *const for_atom[] = {make_leaf,    make_increment, make_increment, make_is_cell, make_equals, make_if,
                                    make_compose, make_push,      make_core_call, make_slam,    make_hint,   make_loop};
static make_fn *const for_loobean[] = {make_leaf, make_is_cell, make_equals, make_equals,
                                       make_if,   make_push,    make_slam,   make_hint};
static make_fn *const for_cell[] = {make_leaf, make_pair, make_pair, make_edit, make_edit,
                                    make_if,   make_push, make_slam, make_hint, make_mink};

static make_fn *choose(struct maker *m, enum random_want want)
{
    switch (want) {
    case RANDOM_ATOM:
        return for_atom[below(m, COUNT_OF(for_atom))];
    case RANDOM_LOOBEAN:
        return for_loobean[below(m, COUNT_OF(for_loobean))];
    case RANDOM_CELL:
        return for_cell[below(m, COUNT_OF(for_cell))];
    default:
        return for_any[below(m, COUNT_OF(for_any))];
    }
}

/* Crashes hide what lies behind them; most are taken back. */
static bool is_kept(struct maker *m, struct place place, const struct tree *formula)
{
    return below(m, m->crash_one_in) == 0 ||
           reducer_run(m->arena, &m->probe, place.subject, formula).outcome == REDUCER_DONE;
}

static const struct tree *make(struct maker *m, struct place place)
{
    if (place.depth >= DEPTH_MAX || m->size_left == 0)
        return make_leaf(m, place);
    m->size_left--;
    if (below(m, place.is_virtual ? 8 : 400) == 0)
        return make_scry(m, place);
    const struct tree *formula = choose(m, place.want)(m, place);
    return place.is_virtual || is_kept(m, place, formula) ? formula : make_leaf(m, place);
}

struct random_formula random_formula(struct tree_arena *arena, uint64_t *state, const struct reducer_options *options,
                                     unsigned size)
{
    struct maker m = {.arena = arena, .state = state, .probe = *options, .size_left = size};
    if (m.probe.steps_max > PROBE_STEPS)
        m.probe.steps_max = PROBE_STEPS;
    m.may_speak = below(&m, 8) == 0;
    m.crash_one_in = (uint64_t[]){1, 3, 20, 200}[below(&m, 4)];
    struct random_formula made = {.slogs_are_exact = !m.may_speak};
    made.subject = random_tree(arena, state, below(&m, 10) == 0 ? 200 : 12);
    made.formula = make(&m, (struct place){.subject = made.subject, .want = RANDOM_ANY});
    while (below(&m, 12) == 0)
        made.formula = random_damage(arena, state, made.formula);
    return made;
}
