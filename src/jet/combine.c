/* Parsing: the rules that are made of rules.  Shapes are drawn in parse.c.
 *
 * All are step jets.  A gate or rule is slammed exactly when the Nock would
 * slam it, and never when it would not: a first rule that failed leaves the
 * second alone, and `pose` kicks its second, which already holds its nail,
 * only after the first has failed.
 *
 * Anything that is not a nail or an edge where one belongs makes the Nock do
 * the whole call again (step_give_up).
 */
#include "jet/chapters.h"
#include "jet/parse.h"

/* An edge taken apart. */
struct edge {
    noun hair;
    noun value; /* NOUN_NONE if it failed */
    noun nail;
};

static bool edge_open(noun n, struct edge *edge)
{
    if (!noun_is_cell(n))
        return false;
    edge->hair = noun_head(n);
    edge->value = edge->nail = NOUN_NONE;
    noun unit = noun_tail(n);
    if (unit == 0)
        return true;
    if (!noun_is_cell(unit) || !noun_is_cell(noun_tail(unit)))
        return false;
    edge->value = noun_head(noun_tail(unit));
    edge->nail = noun_tail(noun_tail(unit));
    return true;
}

static enum nock_step done_failed(struct nock *machine, struct nock_activation *a, noun hair)
{
    return step_done(a, stack_cell(nock_stack(machine), hair, 0));
}

static enum nock_step done_parsed(struct nock *machine, struct nock_activation *a, noun hair, noun value, noun nail)
{
    struct stack *stack = nock_stack(machine);
    return step_done(a, stack_triple(stack, hair, 0, stack_cell(stack, value, nail)));
}

/* ---- one rule and then another: sample [edge rule] ----------------------- *
 *
 * Slot EDGE keeps the first rule's edge, SECOND the second's.
 */

enum { SEQUENCE_EDGE, SEQUENCE_SECOND };

/* Opens the first edge from the sample.  True if the jet is already done, and
 * *outcome says how; false if the first rule parsed. */
static bool sequence_begin(struct nock_activation *a, struct edge *edge, noun *rule, enum nock_step *outcome)
{
    noun sample = step_sample(a);
    if (!noun_is_cell(sample) || !edge_open(noun_head(sample), edge)) {
        *outcome = NOCK_STEP_PUNT;
        return true;
    }
    a->slot[SEQUENCE_EDGE] = noun_head(sample);
    *rule = noun_tail(sample);
    if (edge->value == NOUN_NONE) {
        *outcome = step_done(a, noun_head(sample));
        return true;
    }
    return false;
}

/* Slams the second rule where the first one ended; its edge comes in phase 1. */
static enum nock_step sequence_start(struct nock *machine, struct nock_activation *a)
{
    struct edge first;
    noun rule;
    enum nock_step outcome;
    if (sequence_begin(a, &first, &rule, &outcome))
        return outcome;
    return step_slam(machine, a, rule, first.nail, 1);
}

/* Opens both edges.  False if they are none, or lie nowhere. */
static bool sequence_open(const struct nock_activation *a, noun second_edge, struct edge *first, struct edge *second,
                          noun *hair)
{
    if (!edge_open(a->slot[SEQUENCE_EDGE], first) || !edge_open(second_edge, second))
        return false;
    *hair = parse_later_hair(first->hair, second->hair);
    return *hair != NOUN_NONE;
}

enum sequence { SEQUENCE_BOTH, SEQUENCE_KEEP_FIRST, SEQUENCE_KEEP_SECOND };

static enum nock_step sequence_step(struct nock *machine, struct nock_activation *a, enum sequence kind)
{
    if (a->phase == 0)
        return sequence_start(machine, a);
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    struct edge first, second;
    noun hair;
    if (!sequence_open(a, a->result, &first, &second, &hair))
        return step_give_up(a);
    if (second.value == NOUN_NONE)
        return done_failed(machine, a, hair);
    noun value = kind == SEQUENCE_KEEP_FIRST ? first.value : second.value;
    if (kind == SEQUENCE_BOTH)
        value = stack_cell(nock_stack(machine), first.value, second.value);
    return done_parsed(machine, a, hair, value, second.nail);
}

enum nock_step jet_plug(struct nock *machine, struct nock_activation *a)
{
    return sequence_step(machine, a, SEQUENCE_BOTH);
}

enum nock_step jet_pfix(struct nock *machine, struct nock_activation *a)
{
    return sequence_step(machine, a, SEQUENCE_KEEP_SECOND);
}

enum nock_step jet_sfix(struct nock *machine, struct nock_activation *a)
{
    return sequence_step(machine, a, SEQUENCE_KEEP_FIRST);
}

/* ---- and then a gate on both values: comp, bend --------------------------- *
 *
 * The outer gate's sample (axis 30) is the gate.
 */

/* Has the outer gate combine both values; its product comes in phase 2. */
static enum nock_step combine_values(struct nock *machine, struct nock_activation *a, const struct edge *first,
                                     const struct edge *second)
{
    a->slot[SEQUENCE_SECOND] = a->result;
    noun values = stack_cell(nock_stack(machine), first->value, second->value);
    return step_slam(machine, a, noun_at(a->core, 30), values, 2);
}

enum nock_step jet_comp(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == 0)
        return noun_at(a->core, 30) == NOUN_NONE ? NOCK_STEP_PUNT : sequence_start(machine, a);
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    struct edge first, second;
    noun hair;
    if (!sequence_open(a, a->phase == 1 ? a->result : a->slot[SEQUENCE_SECOND], &first, &second, &hair))
        return step_give_up(a);
    if (a->phase == 2)
        return done_parsed(machine, a, hair, a->result, second.nail);
    if (second.value == NOUN_NONE)
        return done_failed(machine, a, hair);
    return combine_values(machine, a, &first, &second);
}

/* Where the second rule fails or the gate gives nothing, the first's value
 * stands, at the place that was reached. */
static enum nock_step bend_without(struct nock *machine, struct nock_activation *a, noun hair)
{
    return step_done(a, stack_cell(nock_stack(machine), hair, noun_tail(a->slot[SEQUENCE_EDGE])));
}

enum nock_step jet_bend(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == 0)
        return noun_at(a->core, 30) == NOUN_NONE ? NOCK_STEP_PUNT : sequence_start(machine, a);
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    struct edge first, second;
    noun hair;
    if (!sequence_open(a, a->phase == 1 ? a->result : a->slot[SEQUENCE_SECOND], &first, &second, &hair))
        return step_give_up(a);
    if (a->phase == 1)
        return second.value == NOUN_NONE ? bend_without(machine, a, hair) : combine_values(machine, a, &first, &second);
    if (a->result == 0)
        return bend_without(machine, a, hair);
    if (!noun_is_cell(a->result))
        return NOCK_STEP_EXIT;
    return done_parsed(machine, a, hair, noun_tail(a->result), second.nail);
}

/* ---- and a separator between: glue ----------------------------------------- *
 *
 * The outer gate's sample is the separator's rule.  The Nock takes that rule's
 * sample before anything else.
 */

enum nock_step jet_glue(struct nock *machine, struct nock_activation *a)
{
    struct edge first, separator, second;
    noun hair;
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    noun separator_rule = noun_at(a->core, 30), rule;
    if (a->phase == 0) {
        enum nock_step outcome;
        if (noun_at(separator_rule, 6) == NOUN_NONE)
            return NOCK_STEP_PUNT;
        if (sequence_begin(a, &first, &rule, &outcome))
            return outcome;
        return step_slam(machine, a, separator_rule, first.nail, 1);
    }
    if (!sequence_open(a, a->phase == 1 ? a->result : a->slot[SEQUENCE_SECOND], &first, &separator, &hair))
        return step_give_up(a);
    if (a->phase == 1) {
        if (separator.value == NOUN_NONE)
            return done_failed(machine, a, hair);
        a->slot[SEQUENCE_SECOND] = a->result;
        return step_slam(machine, a, noun_tail(step_sample(a)), separator.nail, 2);
    }
    if (!edge_open(a->result, &second) || (hair = parse_later_hair(hair, second.hair)) == NOUN_NONE)
        return step_give_up(a);
    if (second.value == NOUN_NONE)
        return done_failed(machine, a, hair);
    noun value = stack_cell(nock_stack(machine), first.value, second.value);
    return done_parsed(machine, a, hair, value, second.nail);
}

/* ---- one rule or another --------------------------------------------------- */

enum nock_step jet_pose(struct nock *machine, struct nock_activation *a)
{
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    noun sample = step_sample(a);
    if (!noun_is_cell(sample) || !noun_is_cell(noun_head(sample)))
        return NOCK_STEP_PUNT;
    noun first = noun_head(sample);
    if (a->phase == 0) {
        if (noun_tail(first) != 0)
            return step_done(a, first);
        a->subject = noun_tail(sample);
        a->phase = 1;
        return NOCK_STEP_KICK;
    }
    noun second = a->result;
    noun hair = noun_is_cell(second) ? parse_later_hair(noun_head(first), noun_head(second)) : NOUN_NONE;
    if (hair == NOUN_NONE)
        return step_give_up(a);
    return step_done(a, stack_cell(nock_stack(machine), hair, noun_tail(second)));
}

/* ---- a rule and something done with its value ------------------------------ *
 *
 * The sample is the nail; the outer gate's sample, [what rule], is at axes 60
 * and 61 of the core.
 */

enum { DECORATE_EDGE };

/* Slams the rule; its edge comes in phase 1. */
static enum nock_step decorate_start(struct nock *machine, struct nock_activation *a)
{
    noun nail = step_sample(a), rule = noun_at(a->core, 61);
    if (nail == NOUN_NONE || rule == NOUN_NONE)
        return NOCK_STEP_PUNT;
    return step_slam(machine, a, rule, nail, 1);
}

enum decorate { DECORATE_REPLACE, DECORATE_LABEL };

static enum nock_step decorate_step(struct nock *machine, struct nock_activation *a, enum decorate kind)
{
    if (a->phase == 0)
        return decorate_start(machine, a);
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    struct edge edge;
    if (!edge_open(a->result, &edge))
        return step_give_up(a);
    if (edge.value == NOUN_NONE)
        return NOCK_STEP_DONE;
    noun value = noun_at(a->core, 60);
    if (kind == DECORATE_LABEL)
        value = stack_cell(nock_stack(machine), value, edge.value);
    return done_parsed(machine, a, edge.hair, value, edge.nail);
}

enum nock_step jet_cold(struct nock *machine, struct nock_activation *a)
{
    return decorate_step(machine, a, DECORATE_REPLACE);
}

enum nock_step jet_stag(struct nock *machine, struct nock_activation *a)
{
    return decorate_step(machine, a, DECORATE_LABEL);
}

/* What `here` gives its gate: [[start end] value].  NOUN_NONE for odd nails. */
static noun placed_value(struct stack *stack, noun nail, const struct edge *edge)
{
    if (!noun_is_cell(nail) || !noun_is_cell(edge->nail))
        return NOUN_NONE;
    noun place = stack_cell(stack, noun_head(nail), noun_head(edge->nail));
    return stack_cell(stack, place, edge->value);
}

/* Slams the outer gate's first with the value, placed or not. */
static enum nock_step gated_step(struct nock *machine, struct nock_activation *a, bool placed)
{
    if (a->phase == 0)
        return decorate_start(machine, a);
    if (a->phase == STEP_PHASE_FORMULA)
        return NOCK_STEP_DONE;
    struct edge edge;
    if (!edge_open(a->phase == 1 ? a->result : a->slot[DECORATE_EDGE], &edge))
        return step_give_up(a);
    if (edge.value == NOUN_NONE)
        return NOCK_STEP_DONE;
    if (a->phase == 2)
        return done_parsed(machine, a, edge.hair, a->result, edge.nail);
    noun value = placed ? placed_value(nock_stack(machine), step_sample(a), &edge) : edge.value;
    if (value == NOUN_NONE)
        return step_give_up(a);
    a->slot[DECORATE_EDGE] = a->result;
    return step_slam(machine, a, noun_at(a->core, 60), value, 2);
}

enum nock_step jet_cook(struct nock *machine, struct nock_activation *a)
{
    return gated_step(machine, a, false);
}

enum nock_step jet_here(struct nock *machine, struct nock_activation *a)
{
    return gated_step(machine, a, true);
}

/* ---- a rule as often as it parses ------------------------------------------ *
 *
 * The outer gate's sample is [initial gate rule], at axes 60, 122 and 123 of
 * the core.  Phase 1 collects the edges, newest first; then the gate folds
 * their values from the last to the first into `initial`, in phase 2.  The
 * product is at the farthest place of all, the failure at the end included.
 */

enum { STIR_EDGES, STIR_NAIL, STIR_HAIR, STIR_VALUE };
enum { STIR_PARSING = 1, STIR_FOLDING };

static enum nock_step stir_parse(struct nock *machine, struct nock_activation *a)
{
    return step_slam(machine, a, noun_at(a->core, 123), a->slot[STIR_NAIL], STIR_PARSING);
}

/* Takes the edge that came last. */
static enum nock_step stir_collect(struct nock *machine, struct nock_activation *a, bool *ended)
{
    struct edge edge;
    if (!edge_open(a->result, &edge))
        return step_give_up(a);
    *ended = edge.value == NOUN_NONE;
    if (*ended) {
        a->slot[STIR_HAIR] = edge.hair;
        a->slot[STIR_VALUE] = noun_at(a->core, 60);
        return NOCK_STEP_DONE;
    }
    a->slot[STIR_EDGES] = stack_cell(nock_stack(machine), a->result, a->slot[STIR_EDGES]);
    a->slot[STIR_NAIL] = edge.nail;
    return stir_parse(machine, a);
}

/* True if the gate only gives its sample back: [0 6], as `star` makes it. */
static bool gate_is_identity(noun gate)
{
    return noun_at(gate, 4) == 0 && noun_at(gate, 5) == 6 && noun_is_cell(noun_at(gate, 3));
}

static enum nock_step stir_fold(struct nock *machine, struct nock_activation *a)
{
    noun gate = noun_at(a->core, 122);
    bool identity = gate_is_identity(gate);
    struct stack *stack = nock_stack(machine);
    while (a->slot[STIR_EDGES] != 0) {
        struct edge edge;
        noun hair = NOUN_NONE;
        if (edge_open(noun_head(a->slot[STIR_EDGES]), &edge))
            hair = parse_later_hair(edge.hair, a->slot[STIR_HAIR]);
        if (hair == NOUN_NONE)
            return step_give_up(a);
        a->slot[STIR_HAIR] = hair;
        a->slot[STIR_EDGES] = noun_tail(a->slot[STIR_EDGES]);
        noun pair = stack_cell(stack, edge.value, a->slot[STIR_VALUE]);
        if (!identity)
            return step_slam(machine, a, gate, pair, STIR_FOLDING);
        a->slot[STIR_VALUE] = pair;
    }
    return done_parsed(machine, a, a->slot[STIR_HAIR], a->slot[STIR_VALUE], a->slot[STIR_NAIL]);
}

enum nock_step jet_stir(struct nock *machine, struct nock_activation *a)
{
    bool ended;
    enum nock_step step;
    switch (a->phase) {
    case 0:
        a->slot[STIR_NAIL] = step_sample(a);
        if (a->slot[STIR_NAIL] == NOUN_NONE || noun_at(a->core, 123) == NOUN_NONE) {
            a->slot[STIR_NAIL] = 0;
            return NOCK_STEP_PUNT;
        }
        return stir_parse(machine, a);
    case STIR_PARSING:
        step = stir_collect(machine, a, &ended);
        return step == NOCK_STEP_DONE ? stir_fold(machine, a) : step;
    case STIR_FOLDING:
        a->slot[STIR_VALUE] = a->result;
        return stir_fold(machine, a);
    default:
        return NOCK_STEP_DONE;
    }
}
