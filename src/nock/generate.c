/* The first half of the compiler: from a formula to a line of instructions.
 *
 * The subject is known symbolically: a value is a register, a constant, or a
 * pair of values that has not been built yet.  So opcode 8 allocates nothing,
 * an axis into what was just put together costs nothing, and an edit of a
 * gate's sample is a new pair around what is already in registers.  A pair is
 * built when something needs it whole, and then remembered; the same holds for
 * the parts of a register that were loaded.  What is remembered inside a
 * branch is forgotten at its end (the undo log).
 *
 * Order is exactly Nock's: what can crash or speak is emitted where Nock would
 * evaluate it.
 *
 * Code runs forward only: a formula has no loops, loops are calls.
 *
 * C recursion goes with the nesting of the formula and is cut off at
 * DEPTH_MAX: what lies deeper is called like any other formula.
 */
#include "nock/generate.h"

#define DEPTH_MAX 256
#define INSTRUCTIONS_MAX 12000
#define REGISTERS_MAX 6000
#define CONSTANTS_MAX 12000

/* From so many instructions on, branches of so many cells are compiled when they are
 * first taken. */
#ifdef LOAM_HOSTILE
#define LONG_INSTRUCTIONS 8
#define LARGE_CELLS 4
#else
#define LONG_INSTRUCTIONS 128
#define LARGE_CELLS 30
#endif

/* Edits of at most this many steps are made symbolically. */
#define EDIT_STEPS_MAX 4

/* ---- formulas -------------------------------------------------------------- */

struct value *generate_value(struct generator *g, noun formula, struct value *subject)
{
    return generate_formula(g, formula, subject, false);
}

static bool is_full(const struct program *program)
{
    return program->count > INSTRUCTIONS_MAX || program->registers_count > REGISTERS_MAX ||
           program->constants_count > CONSTANTS_MAX;
}

/* What lies too deep, or would make the code too long, becomes a call. */
static struct value *out_of_line(struct generator *g, noun formula, struct value *subject, bool tail)
{
    struct call *call = call_new(g, value_of_constant(g, formula));
    call->shape = SHAPE_WHOLE;
    call->arguments[0] = value_materialize(g, subject);
    return call_emit(g, call, tail);
}

static struct value *generate_2(struct generator *g, noun argument, struct value *subject, bool tail)
{
    struct value *new_subject = generate_value(g, noun_head(argument), subject);
    struct value *formula = generate_value(g, noun_tail(argument), subject);
    if (formula->kind == VALUE_CONSTANT)
        return generate_formula(g, value_constant(g, formula), new_subject, tail);
    struct call *call = call_new(g, formula);
    call_pass(g, call, new_subject, false);
    return call_emit(g, call, tail);
}

static struct value *generate_3(struct generator *g, noun argument, struct value *subject)
{
    struct value *value = generate_value(g, argument, subject);
    if (value->kind == VALUE_PAIR)
        return value_of_constant(g, NOUN_YES);
    if (value->kind == VALUE_CONSTANT)
        return value_of_constant(g, noun_is_cell(value_constant(g, value)) ? NOUN_YES : NOUN_NO);
    struct instruction *is_cell = line_emit(g, OPERATION_IS_CELL);
    is_cell->read[0] = value->where;
    uint32_t written = is_cell->written = line_register(g);
    return value_in_register(g, written);
}

static struct value *generate_4(struct generator *g, noun argument, struct value *subject)
{
    struct value *value = generate_value(g, argument, subject);
    uint32_t where = value_materialize(g, value);
    struct instruction *increment = line_emit(g, OPERATION_INCREMENT);
    increment->read[0] = where;
    uint32_t written = increment->written = line_register(g);
    return value_in_register(g, written);
}

static struct value *generate_5(struct generator *g, noun argument, struct value *subject)
{
    struct value *a = generate_value(g, noun_head(argument), subject);
    struct value *b = generate_value(g, noun_tail(argument), subject);
    uint32_t where_a = value_materialize(g, a), where_b = value_materialize(g, b);
    struct instruction *equal = line_emit(g, OPERATION_EQUAL);
    equal->read[0] = where_a;
    equal->read[1] = where_b;
    uint32_t written = equal->written = line_register(g);
    return value_in_register(g, written);
}

/* Is it [opcode a b c]? */
static bool has_three(noun formula, noun opcode)
{
    return formula_is(formula, opcode) && noun_is_cell(noun_tail(noun_tail(formula)));
}

static void jump_unless_equal(struct generator *g, noun argument, struct value *subject, uint32_t otherwise)
{
    struct value *a = generate_value(g, noun_head(argument), subject);
    struct value *b = generate_value(g, noun_tail(argument), subject);
    if (a->kind == VALUE_CONSTANT && noun_is_direct(value_constant(g, a))) {
        struct value *swap = a;
        a = b;
        b = swap;
    }
    uint32_t where_a = value_materialize(g, a);
    if (b->kind == VALUE_CONSTANT && noun_is_direct(value_constant(g, b))) {
        struct instruction *instruction = line_emit(g, OPERATION_JUMP_UNLESS_IS);
        instruction->read[0] = where_a;
        instruction->constant = b->constant;
        instruction->target = otherwise;
        return;
    }
    uint32_t where_b = value_materialize(g, b);
    struct instruction *instruction = line_emit(g, OPERATION_JUMP_UNLESS_EQUAL);
    instruction->read[0] = where_a;
    instruction->read[1] = where_b;
    instruction->target = otherwise;
}

static void jump_unless_cell(struct generator *g, struct value *value, uint32_t otherwise)
{
    if (value->kind == VALUE_PAIR || (value->kind == VALUE_CONSTANT && noun_is_cell(value_constant(g, value))))
        return;
    uint32_t where = value_materialize(g, value);
    struct instruction *instruction = line_emit(g, OPERATION_JUMP_UNLESS_CELL);
    instruction->read[0] = where;
    instruction->target = otherwise;
}

/* Evaluates a test: falls through if it is yes, jumps to `otherwise` if no. */
static void generate_test(struct generator *g, noun formula, struct value *subject, uint32_t otherwise)
{
    bool deep = g->depth >= DEPTH_MAX || is_full(g->program);
    if (!deep && has_three(formula, 6)) { /* a test of a test: and, or, not */
        noun argument = noun_tail(formula);
        uint32_t no = line_label(g), yes = line_label(g);
        g->depth++;
        generate_test(g, noun_head(argument), subject, no);
        size_t mark = g->undo_count;
        generate_test(g, noun_head(noun_tail(argument)), subject, otherwise);
        value_forget(g, mark);
        line_jump(g, yes);
        line_place(g, no);
        generate_test(g, noun_tail(noun_tail(argument)), subject, otherwise);
        value_forget(g, mark);
        line_place(g, yes);
        g->depth--;
        return;
    }
    if (!deep && formula_is(formula, 5)) {
        g->depth++;
        jump_unless_equal(g, noun_tail(formula), subject, otherwise);
        g->depth--;
        return;
    }
    if (!deep && noun_is_cell(formula) && noun_head(formula) == 3) {
        g->depth++;
        jump_unless_cell(g, generate_value(g, noun_tail(formula), subject), otherwise);
        g->depth--;
        return;
    }
    struct value *test = generate_value(g, formula, subject);
    if (test->kind == VALUE_CONSTANT && value_constant(g, test) == NOUN_YES)
        return;
    if (test->kind == VALUE_CONSTANT && value_constant(g, test) == NOUN_NO) {
        line_jump(g, otherwise);
        return;
    }
    uint32_t where = value_materialize(g, test);
    struct instruction *instruction = line_emit(g, OPERATION_JUMP_UNLESS_YES);
    instruction->read[0] = where;
    instruction->target = otherwise;
}

/* How many cells a noun has, up to `most`. */
static unsigned cells_up_to(noun n, unsigned most)
{
    unsigned count = 0;
    for (; noun_is_cell(n) && count < most; n = noun_tail(n))
        count += 1 + cells_up_to(noun_head(n), most - count - 1);
    return count;
}

/* Of a long formula, as a choice among many things is, most never runs.  Its large
 * branches become calls of formulas that are not looked at before they are called.
 * What is chosen among follows inline, so that a branch is one call away. */
static bool is_for_later(const struct generator *g, noun branch, bool otherwise)
{
    if (g->program->count < LONG_INSTRUCTIONS || !noun_is_cell(branch) || (otherwise && noun_head(branch) == 6))
        return false;
    return cells_up_to(branch, LARGE_CELLS) == LARGE_CELLS;
}

static struct value *call_later(struct generator *g, noun branch, struct value *subject, bool tail)
{
    uint32_t formula = value_materialize(g, value_of_constant(g, branch));
    struct call *call = call_new(g, value_in_register(g, formula));
    call_pass(g, call, subject, false);
    return call_emit(g, call, tail);
}

static struct value *generate_branch(struct generator *g, noun branch, bool otherwise, struct value *subject, bool tail)
{
    return is_for_later(g, branch, otherwise) ? call_later(g, branch, subject, tail)
                                              : generate_formula(g, branch, subject, tail);
}

static struct value *generate_6(struct generator *g, noun argument, struct value *subject, bool tail)
{
    uint32_t otherwise = line_label(g), end = line_label(g);
    generate_test(g, noun_head(argument), subject, otherwise);
    noun branches[2] = {noun_head(noun_tail(argument)), noun_tail(noun_tail(argument))};
    uint32_t result = tail ? REGISTER_NONE : line_register(g);
    size_t mark = g->undo_count;
    for (unsigned i = 0; i < 2; i++) {
        struct value *value = generate_branch(g, branches[i], i == 1, subject, tail);
        if (!tail)
            line_move(g, value_materialize(g, value), result);
        value_forget(g, mark);
        if (i == 0 && !tail)
            line_jump(g, end);
        if (i == 0)
            line_place(g, otherwise);
    }
    if (tail)
        return NULL;
    line_place(g, end);
    return value_in_register(g, result);
}

static struct value *kick(struct generator *g, noun axis, struct value *core, bool tail)
{
    struct value *formula = value_part_at(g, core, axis);
    struct call *call = call_new(g, formula);
    call->dispatch = true;
    call_pass(g, call, core, axis == 2);
    return call_emit(g, call, tail);
}

/* Of a core that was there before: perhaps it has been asked already. */
static struct value *kick_again(struct generator *g, noun axis, struct value *core)
{
    struct arm *arm = block_take(&g->program->scratch, sizeof *arm);
    uint32_t result = line_register(g), end = line_label(g);
    struct instruction *find = line_emit(g, OPERATION_ARM_FIND);
    find->read[0] = core->where;
    find->written = result;
    find->arm = arm;
    find->target = end;
    size_t mark = g->undo_count;
    uint32_t product = value_materialize(g, kick(g, axis, core, false));
    value_forget(g, mark);
    struct instruction *store = line_emit(g, OPERATION_ARM_STORE);
    store->read[0] = product;
    store->arm = arm;
    line_move(g, product, result);
    line_place(g, end);
    return value_in_register(g, result);
}

static struct value *generate_9(struct generator *g, noun argument, struct value *subject, bool tail)
{
    struct value *core = generate_value(g, noun_tail(argument), subject);
    noun axis = noun_head(argument);
    if (core->kind == VALUE_REGISTER && !tail)
        return kick_again(g, axis, core);
    return kick(g, axis, core, tail);
}

static struct value *generate_10(struct generator *g, noun argument, struct value *subject)
{
    noun axis = noun_head(noun_head(argument));
    struct value *tree = generate_value(g, noun_tail(argument), subject);
    struct value *patch = generate_value(g, noun_tail(noun_head(argument)), subject);
    if (noun_is_cell(axis) || axis == 0)
        return value_crash(g);
    if (noun_is_direct(axis)) {
        unsigned steps = bits_length(axis) - 1;
        if (steps <= EDIT_STEPS_MAX || (tree->kind == VALUE_PAIR && steps <= 2 * EDIT_STEPS_MAX))
            return value_edited(g, tree, axis, steps, patch);
    }
    uint32_t constant = line_constant(g, axis);
    uint32_t where_tree = value_materialize(g, tree), where_patch = value_materialize(g, patch);
    struct instruction *edit = line_emit(g, OPERATION_EDIT);
    edit->read[0] = where_tree;
    edit->read[1] = where_patch;
    edit->constant = constant;
    uint32_t written = edit->written = line_register(g);
    return value_in_register(g, written);
}

static struct value *generate_12(struct generator *g, noun argument, struct value *subject)
{
    uint32_t reference = value_materialize(g, generate_value(g, noun_head(argument), subject));
    uint32_t path = value_materialize(g, generate_value(g, noun_tail(argument), subject));
    struct instruction *scry = line_emit(g, OPERATION_SCRY);
    scry->read[0] = reference;
    scry->read[1] = path;
    uint32_t written = scry->written = line_register(g);
    return value_in_register(g, written);
}

/* ---- the dispatch on opcodes --------------------------------------------------*/

static struct value *generate_opcode(struct generator *g, noun opcode, noun argument, struct value *subject, bool tail)
{
    bool pair = noun_is_cell(argument);
    switch (opcode) {
    case 0:
        return generate_finish(g, value_part_at(g, subject, argument), tail);
    case 1:
        return generate_finish(g, value_of_constant(g, argument), tail);
    case 3:
        return generate_finish(g, generate_3(g, argument, subject), tail);
    case 4:
        return generate_finish(g, generate_4(g, argument, subject), tail);
    default:
        break;
    }
    if (!pair)
        return generate_finish(g, value_crash(g), tail);
    switch (opcode) {
    case 2:
        return generate_2(g, argument, subject, tail);
    case 5:
        return generate_finish(g, generate_5(g, argument, subject), tail);
    case 6:
        if (!noun_is_cell(noun_tail(argument)))
            break;
        return generate_6(g, argument, subject, tail);
    case 7:
        return generate_formula(g, noun_tail(argument), generate_value(g, noun_head(argument), subject), tail);
    case 8:
        return generate_8(g, argument, subject, tail);
    case 9:
        return generate_9(g, argument, subject, tail);
    case 10:
        if (!noun_is_cell(noun_head(argument)))
            break;
        return generate_finish(g, generate_10(g, argument, subject), tail);
    case 11:
        return generate_11(g, argument, subject, tail);
    case 12:
        return generate_finish(g, generate_12(g, argument, subject), tail);
    default:
        break;
    }
    return generate_finish(g, value_crash(g), tail);
}

struct value *generate_formula(struct generator *g, noun formula, struct value *subject, bool tail)
{
    if (!noun_is_cell(formula))
        return generate_finish(g, value_crash(g), tail);
    if (g->depth >= DEPTH_MAX || (g->depth > 0 && is_full(g->program)))
        return out_of_line(g, formula, subject, tail);
    g->depth++;
    noun head = noun_head(formula), rest = noun_tail(formula);
    struct value *value;
    if (noun_is_cell(head)) {
        struct value *first = generate_value(g, head, subject);
        value = generate_finish(g, value_of_pair(g, first, generate_value(g, rest, subject)), tail);
    } else {
        value = generate_opcode(g, head, rest, subject, tail);
    }
    g->depth--;
    return value;
}

/* ---- the subject as it arrives -------------------------------------------------*/

static struct value *arriving(struct generator *g, uint32_t *bits)
{
    bool pair = *bits & 1;
    *bits >>= 1;
    if (!pair)
        return value_in_register(g, line_register(g));
    struct value *head = arriving(g, bits);
    return value_of_pair(g, head, arriving(g, bits));
}

static struct value *arriving_gate(struct generator *g, noun battery, uint32_t bits)
{
    bits >>= 3; /* the whole, the battery, the payload */
    struct value *sample = arriving(g, &bits);
    struct value *context = arriving(g, &bits);
    return value_of_pair(g, value_of_constant(g, battery), value_of_pair(g, sample, context));
}

void generate(struct nock *machine, struct program *program, struct known *known, struct shape shape)
{
    struct generator g = {
        .machine = machine, .program = program, .undo = program->undo, .undo_capacity = program->undo_capacity};
    uint32_t bits = shape.bits;
    struct value *subject = shape.gate ? arriving_gate(&g, known->noun, bits) : arriving(&g, &bits);
    generate_formula(&g, known->noun, subject, true);
    program->undo = g.undo;
    program->undo_capacity = g.undo_capacity;
}
