/* Parsing: a rule as often as it parses.  Shapes are drawn in parse.c.
 *
 * The outer gate's sample is [initial gate rule], at axes 60, 122 and 123 of
 * the core.  Phase 1 collects the edges, newest first; then the gate folds
 * their values from the last to the first into `initial`, in phase 2.  The
 * product is at the farthest place of all, the failure at the end included.
 *
 * The gate and the rule are slammed exactly when the Nock would slam them.  Anything
 * that is not a nail or an edge where one belongs makes the Nock do the whole call
 * again (step_give_up).
 *
 * This is the only rule of those that slam others which is a jet.  The rest (plug,
 * pose, cook and so on) are faster as machine code than as step jets, whose gates
 * must be built and which pass through the interpreter at each turn.
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

static enum nock_step done_parsed(struct nock *machine, struct nock_activation *a, noun hair, noun value, noun nail)
{
    struct stack *stack = nock_stack(machine);
    return step_done(a, stack_triple(stack, hair, 0, stack_cell(stack, value, nail)));
}

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
