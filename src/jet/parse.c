/* Parsing: positions, and the rules that look at one character.
 *
 *   hair   [line column]
 *   nail   [hair tape]                       what is still to be parsed
 *   edge   [hair 0]                          failed; hair is the farthest place
 *          [hair 0 value nail]               parsed
 *
 * A rule is a gate from nail to edge.  The ones here are built by an outer
 * gate and are jets on the inner core, whose context (axis 7) is that gate;
 * the outer gate's sample is at axis 30.  Nails that a parser would never make
 * are left to the Nock.
 */
#include "jet/chapters.h"
#include "jet/parse.h"

noun parse_later_hair(noun first, noun second)
{
    if (!noun_is_cell(first) || !noun_is_cell(second))
        return NOUN_NONE;
    noun first_line = noun_head(first), second_line = noun_head(second);
    noun first_column = noun_tail(first), second_column = noun_tail(second);
    if (!noun_is_atom(first_line) || !noun_is_atom(second_line))
        return NOUN_NONE;
    if (!noun_is_atom(first_column) || !noun_is_atom(second_column))
        return NOUN_NONE;
    int order = noun_atom_compare(first_line, second_line);
    if (order == 0)
        order = noun_atom_compare(first_column, second_column);
    return order > 0 ? first : second;
}

/* ---- one character ------------------------------------------------------- */

enum look {
    LOOK_CHARACTER,
    LOOK_END, /* the tape is empty: every rule here fails */
    LOOK_ODD, /* not a nail */
};

static enum look look_at(noun nail, noun *character)
{
    if (!noun_is_cell(nail))
        return LOOK_ODD;
    noun tape = noun_tail(nail);
    if (tape == 0)
        return LOOK_END;
    if (!noun_is_cell(tape))
        return LOOK_ODD;
    *character = noun_head(tape);
    return LOOK_CHARACTER;
}

static inline noun fail_edge(struct stack *stack, noun nail)
{
    return stack_cell(stack, noun_head(nail), 0);
}

/* The edge after taking the first character of `nail`, which has one. */
static noun take_character(struct stack *stack, noun nail)
{
    noun hair = noun_head(nail), tape = noun_tail(nail);
    if (!noun_is_cell(hair))
        return NOCK_JET_PUNT;
    noun line = noun_head(hair), column = noun_tail(hair);
    if (!noun_is_direct(line) || !noun_is_direct(column) || line == NOUN_DIRECT_MAX || column == NOUN_DIRECT_MAX)
        return NOCK_JET_PUNT;
    noun character = noun_head(tape);
    noun next_hair = character == '\n' ? stack_cell(stack, line + 1, 1) : stack_cell(stack, line, column + 1);
    noun next_nail = stack_cell(stack, next_hair, noun_tail(tape));
    noun parsed = stack_cell(stack, character, next_nail);
    return stack_triple(stack, next_hair, 0, parsed);
}

/* The sample of the outer gate of a rule's core, or NOUN_NONE. */
static noun outer_sample(noun core)
{
    return noun_at(core, 30);
}

noun jet_easy(struct nock *machine, noun core)
{
    noun nail = noun_at(core, 6), value = outer_sample(core);
    if (!noun_is_cell(nail) || value == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    return stack_triple(stack, noun_head(nail), 0, stack_cell(stack, value, nail));
}

noun jet_just(struct nock *machine, noun core)
{
    noun nail = noun_at(core, 6), wanted = outer_sample(core), character;
    enum look look = look_at(nail, &character);
    if (look == LOOK_ODD || wanted == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    if (look == LOOK_END || !noun_equal(character, wanted))
        return fail_edge(stack, nail);
    return take_character(stack, nail);
}

noun jet_mask(struct nock *machine, noun core)
{
    noun nail = noun_at(core, 6), wanted = outer_sample(core), character;
    enum look look = look_at(nail, &character);
    if (look == LOOK_ODD || wanted == NOUN_NONE)
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    if (look == LOOK_END)
        return fail_edge(stack, nail);
    for (; noun_is_cell(wanted); wanted = noun_tail(wanted)) {
        if (noun_equal(character, noun_head(wanted)))
            return take_character(stack, nail);
    }
    return wanted == 0 ? fail_edge(stack, nail) : NOCK_JET_PUNT;
}

/* True if the character is in a range [low high], all of them atoms. */
static bool in_range(noun character, noun range)
{
    return noun_atom_compare(character, noun_head(range)) >= 0 && noun_atom_compare(character, noun_tail(range)) <= 0;
}

static bool is_range(noun n)
{
    return noun_is_cell(n) && noun_is_atom(noun_head(n)) && noun_is_atom(noun_tail(n));
}

noun jet_shim(struct nock *machine, noun core)
{
    noun nail = noun_at(core, 6), range = outer_sample(core), character;
    enum look look = look_at(nail, &character);
    if (look == LOOK_ODD || !is_range(range))
        return NOCK_JET_PUNT;
    struct stack *stack = nock_stack(machine);
    if (look == LOOK_END)
        return fail_edge(stack, nail);
    if (!noun_is_atom(character))
        return NOCK_JET_PUNT;
    return in_range(character, range) ? take_character(stack, nail) : fail_edge(stack, nail);
}

/* ---- switch -------------------------------------------------------------- */

/* The rule that a switch's tree, 0 or [[key rule] left right], holds for a
 * character: 0 if none, NOUN_NONE if the tree is odd.  The tree is ordered by
 * keys, which are characters or ranges that do not overlap. */
static noun find_rule(noun tree, noun character)
{
    while (tree != 0) {
        noun key = noun_at(tree, 4), rule = noun_at(tree, 5), branches = noun_at(tree, 3);
        if (!noun_is_cell(branches) || !noun_is_cell(rule) || (!noun_is_atom(key) && !is_range(key)))
            return NOUN_NONE;
        noun low = noun_is_atom(key) ? key : noun_head(key);
        if (noun_is_atom(key) ? noun_equal(key, character) : in_range(character, key))
            return rule;
        tree = noun_atom_compare(character, low) < 0 ? noun_head(branches) : noun_tail(branches);
    }
    return 0;
}

/* The tree is the head of the inner core's context. */
enum nock_step jet_stew(struct nock *machine, struct nock_activation *a)
{
    noun nail = step_sample(a), tree = noun_at(a->core, 14), character;
    enum look look = look_at(nail, &character);
    if (look == LOOK_ODD || tree == NOUN_NONE)
        return NOCK_STEP_PUNT;
    if (look == LOOK_END)
        return step_done(a, fail_edge(nock_stack(machine), nail));
    noun rule = noun_is_atom(character) ? find_rule(tree, character) : NOUN_NONE;
    if (rule == NOUN_NONE)
        return NOCK_STEP_PUNT;
    if (rule == 0)
        return step_done(a, fail_edge(nock_stack(machine), nail));
    return step_slam_tail(machine, a, rule, nail);
}
