/* Opcode 8, and in it Hoon's (arm a b): pull an arm, replace the sample of the
 * gate that it makes, call that. */
#include "nock/generate.h"

#define TOUCH_DEPTH_MAX 48

/* Is `axis` within, or around, the part at `part`? */
static bool overlaps(uint64_t axis, uint64_t part)
{
    unsigned length_axis = bits_length(axis), length_part = bits_length(part);
    if (length_axis < length_part)
        return part >> (length_part - length_axis) == axis;
    return axis >> (length_axis - length_part) == part;
}

/* The axis of the same part when the tree has become the tail of another. */
static uint64_t below_tail(uint64_t axis)
{
    unsigned steps = bits_length(axis) - 1;
    return (uint64_t)3 << steps | (axis & (((uint64_t)1 << steps) - 1));
}

/* Could the formula look at `part` of its subject?  Says yes when in doubt. */
static bool touches(noun formula, uint64_t part, unsigned depth)
{
    if (!noun_is_cell(formula) || depth >= TOUCH_DEPTH_MAX)
        return true;
    noun head = noun_head(formula), rest = noun_tail(formula);
    depth++;
    if (noun_is_cell(head))
        return touches(head, part, depth) || touches(rest, part, depth);
    switch (head) {
    case 0:
        return !noun_is_direct(rest) || rest == 0 || overlaps(rest, part);
    case 1:
        return false;
    case 3:
    case 4:
        return touches(rest, part, depth);
    default:
        break;
    }
    if (!noun_is_cell(rest))
        return true;
    noun first = noun_head(rest), second = noun_tail(rest);
    switch (head) {
    case 2:
    case 5:
    case 12:
        return touches(first, part, depth) || touches(second, part, depth);
    case 6:
        return touches(first, part, depth) || !noun_is_cell(second) || touches(noun_head(second), part, depth) ||
               touches(noun_tail(second), part, depth);
    case 7:
        return touches(first, part, depth);
    case 8:
        return touches(first, part, depth) || touches(second, below_tail(part), depth);
    case 9:
        return touches(second, part, depth);
    case 10:
        return !noun_is_cell(first) || touches(noun_tail(first), part, depth) || touches(second, part, depth);
    case 11:
        return (noun_is_cell(first) && touches(noun_tail(first), part, depth)) || touches(second, part, depth);
    default:
        return true;
    }
}

/* Takes [8 [9 axis core] 9 2 10 [6 sample] 0 2] apart, if it is that, the arm
 * lies in the battery, and the sample does not look at the gate. */
static bool is_pull(noun argument, noun *axis, noun *core, noun *sample)
{
    noun arm = noun_head(argument), body = noun_tail(argument);
    if (!formula_is(arm, 9) || !formula_is(body, 9) || noun_at(body, 6) != 2)
        return false;
    noun edit = noun_at(body, 7);
    if (!formula_is(edit, 10) || noun_at(edit, 12) != 6 || noun_at(edit, 14) != 0 || noun_at(edit, 15) != 2)
        return false;
    *axis = noun_at(arm, 6);
    *core = noun_at(arm, 7);
    *sample = noun_at(edit, 13);
    return noun_is_direct(*axis) && bits_length(*axis) > 1 && *axis >> (bits_length(*axis) - 2) == 2 &&
           !touches(*sample, 2, 0);
}

static struct value *generate_pull(struct generator *g, noun axis, noun core_formula, noun sample_formula,
                                   struct value *subject, bool tail)
{
    uint32_t core = value_materialize(g, generate_value(g, core_formula, subject));
    struct instruction *pull = line_emit(g, OPERATION_PULL);
    pull->read[0] = core;
    pull->axis = axis;
    uint32_t battery = pull->written = line_register(g);
    uint32_t context = pull->written_too = line_register(g);
    struct value *battery_value = value_in_register(g, battery);
    /* Nothing looks at the gate, so anything may stand in its place. */
    struct value *pushed = value_of_pair(g, value_of_constant(g, 0), subject);
    struct value *sample = generate_value(g, sample_formula, pushed);
    struct value *gate = value_of_pair(g, battery_value, value_of_pair(g, sample, value_in_register(g, context)));
    struct call *call = call_new(g, battery_value);
    call->dispatch = true;
    call_pass(g, call, gate, true);
    return call_emit(g, call, tail);
}

struct value *generate_8(struct generator *g, noun argument, struct value *subject, bool tail)
{
    noun axis, core, sample;
    if (is_pull(argument, &axis, &core, &sample))
        return generate_pull(g, axis, core, sample, subject, tail);
    struct value *pushed = generate_value(g, noun_head(argument), subject);
    return generate_formula(g, noun_tail(argument), value_of_pair(g, pushed, subject), tail);
}
