/* From a call to a compiled-in jet. */
#include "nock/machine.h"

/* Builds the tree whose pre-order bits start at *bits from leaves at **leaf. */
static noun build(struct stack *stack, uint32_t *bits, const noun **leaf)
{
    bool pair = *bits & 1;
    *bits >>= 1;
    if (!pair)
        return *(*leaf)++;
    noun head = build(stack, bits, leaf);
    noun tail = build(stack, bits, leaf);
    return stack_cell(stack, head, tail);
}

/* [sample context], the sample an atom of the shape or a pair of two, and the
 * context one, which most gates are. */
#define SHAPE_GATE_OF_TWO_BITS (SHAPE_GATE.bits | 1 << 3)

noun pieces_build(struct nock *machine, const struct known *known, const struct pieces *pieces)
{
    const noun *leaves = pieces->leaves;
    if (pieces->shape.gate && pieces->shape.bits == SHAPE_GATE.bits)
        return stack_triple(machine->stack, known->noun, leaves[0], leaves[1]);
    if (pieces->shape.gate && pieces->shape.bits == SHAPE_GATE_OF_TWO_BITS)
        return stack_triple(machine->stack, known->noun, stack_cell(machine->stack, leaves[0], leaves[1]), leaves[2]);
    uint32_t bits = pieces->shape.bits;
    const noun *leaf = leaves;
    if (!pieces->shape.gate)
        return build(machine->stack, &bits, &leaf);
    bits >>= 3;
    noun sample = build(machine->stack, &bits, &leaf);
    noun context = build(machine->stack, &bits, &leaf);
    return stack_triple(machine->stack, known->noun, sample, context);
}

/* A gate's sample in up to three parts, without building what is in pieces. */
struct sample {
    noun parts[3];
    bool fits;
};

static bool split(noun n, noun *head, noun *tail)
{
    if (!noun_is_cell(n))
        return false;
    *head = noun_head(n);
    *tail = noun_tail(n);
    return true;
}

static struct sample take_sample(struct stack *stack, uint32_t *bits, const noun **leaf, unsigned parts)
{
    struct sample sample = {.fits = true};
    for (unsigned i = 0; i + 1 < parts; i++) {
        if (*bits & 1) {
            *bits >>= 1;
            sample.parts[i] = build(stack, bits, leaf);
            continue;
        }
        *bits >>= 1;
        noun rest = *(*leaf)++;
        for (; i + 1 < parts; i++)
            if (!split(rest, &sample.parts[i], &rest)) {
                sample.fits = false;
                return sample;
            }
        sample.parts[parts - 1] = rest;
        return sample;
    }
    sample.parts[parts - 1] = build(stack, bits, leaf);
    return sample;
}

static noun run_plain(struct nock *machine, const struct nock_jet *jet, const noun *parts)
{
    machine->last_jet = jet;
    switch (jet->kind) {
    case NOCK_JET_1:
        return jet->run.one(machine, parts[0]);
    case NOCK_JET_2:
        return jet->run.two(machine, parts[0], parts[1]);
    case NOCK_JET_3:
        return jet->run.three(machine, parts[0], parts[1], parts[2]);
    case NOCK_JET_CORE:
        return jet->run.core(machine, parts[0]);
    case NOCK_JET_STEP:
        break;
    }
    return NOCK_JET_PUNT;
}

static unsigned parts_of(enum nock_jet_kind kind)
{
    return kind == NOCK_JET_2 ? 2 : kind == NOCK_JET_3 ? 3 : 1;
}

static enum jetted settle(struct nock *machine, noun outcome, noun *value)
{
    machine->statistics.jet_calls++;
    *value = outcome;
    if (LIKELY(outcome < NOCK_JET_FAIL))
        return JETTED_VALUE;
    if (outcome == NOCK_JET_PUNT) {
        machine->statistics.jet_punts++;
        return JETTED_NO;
    }
    return outcome == NOCK_JET_EXIT ? JETTED_EXIT : JETTED_FAIL;
}

/* In a checking machine everything jetted goes through check_step. */
static bool is_checked(const struct nock *machine)
{
    return machine->options.check_jets && !machine->check_suspended;
}

static const struct nock_jet check_jet = {.path = "check", .axis = 1, .kind = NOCK_JET_STEP, .run.step = check_step};

enum jetted jets_run_plain(struct nock *machine, const struct nock_jet *jet, noun core, noun *value)
{
    noun whole[1] = {core};
    if (jet->kind == NOCK_JET_CORE)
        return settle(machine, run_plain(machine, jet, whole), value);
    noun sample = noun_at(core, 6);
    if (sample == NOUN_NONE)
        return JETTED_NO;
    uint32_t bits = 0;
    const noun *leaf = &sample;
    struct sample parts = take_sample(machine->stack, &bits, &leaf, parts_of(jet->kind));
    return parts.fits ? settle(machine, run_plain(machine, jet, parts.parts), value) : JETTED_NO;
}

static enum jetted run_on_core(struct nock *machine, const struct nock_jet **jet, noun core, noun *value)
{
    if (is_checked(machine)) {
        machine->checked_jet = *jet;
        *jet = &check_jet;
    }
    if ((*jet)->kind != NOCK_JET_STEP)
        return jets_run_plain(machine, *jet, core, value);
    machine->statistics.jet_calls++;
    *value = core;
    return JETTED_STEP;
}

enum jetted jets_try(struct nock *machine, struct known *known, const struct pieces *pieces,
                     const struct nock_jet **jet, noun *value)
{
    if (!pieces->shape.gate) {
        noun core = pieces_build(machine, known, pieces);
        *jet = registry_match(machine, known, core);
        return *jet == NULL ? JETTED_NO : run_on_core(machine, jet, core, value);
    }
    uint32_t bits = pieces->shape.bits >> 3;
    const noun *leaf = pieces->leaves;
    noun context;
    if (pieces->shape.bits == SHAPE_GATE.bits) {
        context = pieces->leaves[1];
        *jet = registry_match_gate(machine, known, context);
    } else {
        /* The context is the last leaf unless it is in pieces itself. */
        *jet = NULL;
        uint32_t rest = bits;
        const noun *last = pieces->leaves;
        for (unsigned open = 1; open > 0; rest >>= 1) { /* over the sample */
            open += rest & 1 ? 1 : -1u;
            last += !(rest & 1);
        }
        if (!(rest & 1))
            *jet = registry_match_gate(machine, known, *last);
    }
    if (*jet != NULL && (*jet)->kind <= NOCK_JET_3 && !is_checked(machine)) {
        struct sample sample = take_sample(machine->stack, &bits, &leaf, parts_of((*jet)->kind));
        return sample.fits ? settle(machine, run_plain(machine, *jet, sample.parts), value) : JETTED_NO;
    }
    noun core = pieces_build(machine, known, pieces);
    if (*jet == NULL)
        *jet = registry_match(machine, known, core);
    return *jet == NULL ? JETTED_NO : run_on_core(machine, jet, core, value);
}
