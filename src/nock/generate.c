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
#include "nock/compile.h"

#include <stdlib.h>

#define DEPTH_MAX 256
#define INSTRUCTIONS_MAX 12000
#define REGISTERS_MAX 6000

/* Loads of at most this many steps go step by step and are shared. */
#define STEPS_MAX 3

/* Edits of at most this many steps are made symbolically. */
#define EDIT_STEPS_MAX 4

enum value_kind { VALUE_REGISTER, VALUE_CONSTANT, VALUE_PAIR };

struct value {
    enum value_kind kind;
    uint32_t where;     /* register that holds it, or REGISTER_NONE */
    uint32_t constant;  /* VALUE_CONSTANT: index */
    struct value *head; /* VALUE_PAIR: always; VALUE_REGISTER: if loaded */
    struct value *tail;
    struct load *loads; /* VALUE_REGISTER: parts further down that were loaded */
};

struct load {
    struct load *next;
    uint64_t axis;
    struct value *value;
};

struct undo {
    void **field;
    void *old;
    uint32_t *where; /* or this, back to REGISTER_NONE */
};

struct generator {
    struct nock *machine;
    struct program *program;
    struct scope *scope;
    unsigned depth;
    struct undo *undo;
    size_t undo_count, undo_capacity;
};

/* ---- emitting ------------------------------------------------------------ */

static struct instruction *emit(struct generator *g, enum operation operation)
{
    struct program *program = g->program;
    if (program->count == program->capacity) {
        program->capacity = program->capacity == 0 ? 64 : program->capacity * 2;
        program->instructions = realloc(program->instructions, program->capacity * sizeof *program->instructions);
        if (program->instructions == NULL)
            check_out_of_memory(__FILE__, __LINE__, program->capacity);
    }
    struct instruction *instruction = &program->instructions[program->count++];
    *instruction = (struct instruction){
        .operation = (uint8_t)operation,
        .written = REGISTER_NONE,
        .written_too = REGISTER_NONE,
        .read = {REGISTER_NONE, REGISTER_NONE},
        .scope = g->scope,
    };
    return instruction;
}

static uint32_t new_register(struct generator *g)
{
    return g->program->registers_count++;
}

static uint32_t new_label(struct generator *g)
{
    return g->program->labels_count++;
}

static void place_label(struct generator *g, uint32_t label)
{
    emit(g, OPERATION_LABEL)->target = label;
}

static void jump(struct generator *g, uint32_t label)
{
    emit(g, OPERATION_JUMP)->target = label;
}

static uint32_t add_constant(struct generator *g, noun n)
{
    struct program *program = g->program;
    for (uint32_t i = 0; i < program->constants_count; i++)
        if (program->constants[i] == n)
            return i;
    if (program->constants_count == program->constants_capacity) {
        program->constants_capacity = program->constants_capacity == 0 ? 16 : program->constants_capacity * 2;
        program->constants = realloc(program->constants, program->constants_capacity * sizeof *program->constants);
        if (program->constants == NULL)
            check_out_of_memory(__FILE__, __LINE__, program->constants_capacity);
    }
    program->constants[program->constants_count] = n;
    return program->constants_count++;
}

/* ---- values -------------------------------------------------------------- */

static struct value *new_value(struct generator *g, enum value_kind kind)
{
    struct value *value = block_take(&g->program->scratch, sizeof *value);
    value->kind = kind;
    value->where = REGISTER_NONE;
    return value;
}

static struct value *register_value(struct generator *g, uint32_t where)
{
    struct value *value = new_value(g, VALUE_REGISTER);
    value->where = where;
    return value;
}

static struct value *constant_value(struct generator *g, noun n)
{
    struct value *value = new_value(g, VALUE_CONSTANT);
    value->constant = add_constant(g, n);
    return value;
}

static struct value *pair_value(struct generator *g, struct value *head, struct value *tail)
{
    struct value *value = new_value(g, VALUE_PAIR);
    value->head = head;
    value->tail = tail;
    return value;
}

static noun constant_of(const struct generator *g, const struct value *value)
{
    return g->program->constants[value->constant];
}

static struct undo *new_undo(struct generator *g)
{
    if (g->undo_count == g->undo_capacity) {
        g->undo_capacity = g->undo_capacity == 0 ? 64 : g->undo_capacity * 2;
        g->undo = realloc(g->undo, g->undo_capacity * sizeof *g->undo);
        if (g->undo == NULL)
            check_out_of_memory(__FILE__, __LINE__, g->undo_capacity);
    }
    struct undo *undo = &g->undo[g->undo_count++];
    *undo = (struct undo){0};
    return undo;
}

/* Remembers something about a value until the branch ends. */
static void remember(struct generator *g, void *field, void *new)
{
    struct undo *undo = new_undo(g);
    undo->field = field;
    memcpy(&undo->old, field, sizeof undo->old);
    memcpy(field, &new, sizeof new);
}

static void remember_where(struct generator *g, struct value *value, uint32_t where)
{
    new_undo(g)->where = &value->where;
    value->where = where;
}

static void forget_to(struct generator *g, size_t mark)
{
    while (g->undo_count > mark) {
        struct undo *undo = &g->undo[--g->undo_count];
        if (undo->where != NULL)
            *undo->where = REGISTER_NONE;
        else
            memcpy(undo->field, &undo->old, sizeof undo->old);
    }
}

static uint32_t materialize(struct generator *g, struct value *value);

static void materialize_pair(struct generator *g, struct value *value, uint32_t written)
{
    uint32_t head = REGISTER_NONE, tail = REGISTER_NONE, constant = 0;
    enum operation operation = OPERATION_CONS;
    if (value->head->kind == VALUE_CONSTANT && value->head->where == REGISTER_NONE) {
        operation = OPERATION_CONS_HEAD;
        constant = value->head->constant;
        tail = materialize(g, value->tail);
    } else if (value->tail->kind == VALUE_CONSTANT && value->tail->where == REGISTER_NONE) {
        operation = OPERATION_CONS_TAIL;
        constant = value->tail->constant;
        head = materialize(g, value->head);
    } else {
        head = materialize(g, value->head);
        tail = materialize(g, value->tail);
    }
    struct instruction *cons = emit(g, operation);
    cons->written = written;
    cons->read[0] = head;
    cons->read[1] = tail;
    cons->constant = constant;
}

/* The register that holds the value, built now if need be. */
static uint32_t materialize(struct generator *g, struct value *value)
{
    if (value->where != REGISTER_NONE)
        return value->where;
    uint32_t where = new_register(g);
    if (value->kind == VALUE_CONSTANT) {
        struct instruction *constant = emit(g, OPERATION_CONSTANT);
        constant->written = where;
        constant->constant = value->constant;
    } else {
        materialize_pair(g, value, where);
    }
    remember_where(g, value, where);
    return where;
}

/* ---- parts of values ------------------------------------------------------ */

static struct value *crash(struct generator *g)
{
    emit(g, OPERATION_CRASH);
    return constant_value(g, 0);
}

static struct value *load(struct generator *g, struct value *value, enum operation operation, uint64_t axis)
{
    struct instruction *instruction = emit(g, operation);
    instruction->read[0] = value->where;
    instruction->axis = axis;
    uint32_t written = new_register(g);
    g->program->instructions[g->program->count - 1].written = written;
    return register_value(g, written);
}

/* The head (0) or tail (1) of a value. */
static struct value *child(struct generator *g, struct value *value, unsigned side)
{
    if (value->kind == VALUE_CONSTANT) {
        noun part = noun_at(constant_of(g, value), 2 + side);
        return part == NOUN_NONE ? crash(g) : constant_value(g, part);
    }
    struct value **field = side == 0 ? &value->head : &value->tail;
    if (*field == NULL)
        remember(g, field, load(g, value, side == 0 ? OPERATION_HEAD : OPERATION_TAIL, 0));
    return *field;
}

static struct value *load_far(struct generator *g, struct value *value, uint64_t axis)
{
    for (struct load *known = value->loads; known != NULL; known = known->next)
        if (known->axis == axis)
            return known->value;
    struct load *known = block_take(&g->program->scratch, sizeof *known);
    known->axis = axis;
    known->value = load(g, value, OPERATION_AXIS, axis);
    known->next = value->loads;
    remember(g, &value->loads, known);
    return known->value;
}

/* The part at a non-zero axis. */
static struct value *part(struct generator *g, struct value *value, uint64_t axis)
{
    unsigned steps = bits_length(axis) - 1;
    for (; steps > 0; steps--) {
        unsigned side = axis >> (steps - 1) & 1;
        bool at_hand = value->kind != VALUE_REGISTER || (side == 0 ? value->head : value->tail) != NULL;
        if (!at_hand && steps > STEPS_MAX) {
            uint64_t rest = ((uint64_t)1 << steps) | (axis & (((uint64_t)1 << steps) - 1));
            return load_far(g, value, rest);
        }
        value = child(g, value, side);
    }
    return value;
}

static struct value *part_at_atom(struct generator *g, struct value *value, noun axis)
{
    if (noun_is_cell(axis) || axis == 0)
        return crash(g);
    if (noun_is_direct(axis))
        return part(g, value, axis);
    uint32_t constant = add_constant(g, axis);
    uint32_t where = materialize(g, value);
    struct instruction *instruction = emit(g, OPERATION_AXIS_BIG);
    instruction->read[0] = where;
    instruction->constant = constant;
    uint32_t written = new_register(g);
    g->program->instructions[g->program->count - 1].written = written;
    return register_value(g, written);
}

/* `value` with `patch` at the axis, `steps` bits of which are still to go. */
static struct value *edited(struct generator *g, struct value *value, uint64_t axis, unsigned steps,
                            struct value *patch)
{
    if (steps == 0)
        return patch;
    unsigned side = axis >> (steps - 1) & 1;
    struct value *changed = patch;
    if (steps > 1)
        changed = edited(g, child(g, value, side), axis, steps - 1, patch);
    struct value *kept = child(g, value, 1 - side);
    return side == 0 ? pair_value(g, changed, kept) : pair_value(g, kept, changed);
}

/* ---- calls ---------------------------------------------------------------- */

/* Writes the leaves of a value's tree into the call, as many as `leaves_left`
 * allows beyond one; returns the tree's bits, *length of them. */
static uint32_t spread(struct generator *g, struct call *call, struct value *value, unsigned *leaves_left,
                       unsigned *length)
{
    bool open = value->kind == VALUE_PAIR && value->where == REGISTER_NONE && *leaves_left > 0;
    if (!open) {
        unsigned leaf = call->shape.leaves++;
        bool constant = value->kind == VALUE_CONSTANT;
        call->is_constant[leaf] = constant;
        call->arguments[leaf] = constant ? value->constant : materialize(g, value);
        *length = 1;
        return 0;
    }
    --*leaves_left;
    unsigned head_length, tail_length;
    uint32_t head = spread(g, call, value->head, leaves_left, &head_length);
    uint32_t tail = spread(g, call, value->tail, leaves_left, &tail_length);
    *length = 1 + head_length + tail_length;
    return 1 | head << 1 | tail << (1 + head_length);
}

static bool is_open_pair(const struct value *value)
{
    return value->kind == VALUE_PAIR && value->where == REGISTER_NONE;
}

/* Takes the subject apart into the call's arguments. */
static void pass_subject(struct generator *g, struct call *call, struct value *subject, bool formula_is_battery)
{
    unsigned leaves_left = SHAPE_LEAVES_MAX - 1, length;
    if (formula_is_battery && is_open_pair(subject) && is_open_pair(subject->tail)) {
        leaves_left--; /* the payload's own pair */
        call->shape.gate = true;
        unsigned sample_length, context_length;
        uint32_t sample = spread(g, call, subject->tail->head, &leaves_left, &sample_length);
        uint32_t context = spread(g, call, subject->tail->tail, &leaves_left, &context_length);
        call->shape.bits = 1 | 1 << 2 | sample << 3 | context << (3 + sample_length);
        return;
    }
    call->shape.bits = spread(g, call, subject, &leaves_left, &length);
}

/* Keeps the clues of the hints around here alive to here. */
static void use_clues(struct generator *g)
{
    for (const struct scope *scope = g->scope; scope != NULL; scope = scope->outer)
        if (scope->clue != REGISTER_NONE)
            emit(g, OPERATION_USE)->read[0] = scope->clue;
}

static struct scope *new_scope(struct generator *g, struct scope *outer, uint32_t tag_constant)
{
    struct scope *scope = block_take(&g->program->scratch, sizeof *scope);
    scope->hint = block_take(&g->program->kept, sizeof *scope->hint);
    scope->hint->outer = outer == NULL ? NULL : outer->hint;
    scope->outer = outer;
    scope->tag_constant = tag_constant;
    scope->clue = REGISTER_NONE;
    scope->is_constant = outer == NULL || outer->is_constant;
    scope->made_before = g->program->scopes;
    g->program->scopes = scope;
    return scope;
}

/* Before a tail call: what stands around it goes to the trace, outermost first. */
static void push_hints(struct generator *g, const struct scope *scope)
{
    if (scope == NULL)
        return;
    if (scope->is_constant) {
        emit(g, OPERATION_TRACE_CONSTANT)->pushed = scope;
        return;
    }
    push_hints(g, scope->outer);
    if (scope->clue == REGISTER_NONE) {
        struct scope *alone = new_scope(g, NULL, scope->tag_constant);
        alone->clue_constant = scope->clue_constant;
        emit(g, OPERATION_TRACE_CONSTANT)->pushed = alone;
        return;
    }
    struct instruction *trace = emit(g, OPERATION_TRACE);
    trace->read[0] = scope->clue;
    trace->constant = scope->tag_constant;
}

static struct value *finish(struct generator *g, struct value *value, bool tail)
{
    if (!tail)
        return value;
    uint32_t where = materialize(g, value);
    use_clues(g);
    emit(g, OPERATION_RETURN)->read[0] = where;
    return NULL;
}

static struct value *emit_call(struct generator *g, struct call *call, bool tail)
{
    if (!tail) {
        struct instruction *instruction = emit(g, OPERATION_CALL);
        instruction->call = call;
        uint32_t written = new_register(g);
        g->program->instructions[g->program->count - 1].written = written;
        return register_value(g, written);
    }
    struct scope *scope = g->scope;
    push_hints(g, scope);
    g->scope = NULL;
    emit(g, OPERATION_CALL_TAIL)->call = call;
    g->scope = scope;
    return NULL;
}

static struct call *new_call(struct generator *g, struct value *formula)
{
    struct call *call = block_take(&g->program->scratch, sizeof *call);
    call->formula = REGISTER_NONE;
    if (formula->kind == VALUE_CONSTANT && noun_is_cell(constant_of(g, formula)))
        call->fixed = known_of(&g->machine->known, constant_of(g, formula));
    else
        call->formula = materialize(g, formula);
    return call;
}

/* ---- formulas -------------------------------------------------------------- */

static struct value *generate_formula(struct generator *g, noun formula, struct value *subject, bool tail);

static struct value *value_of(struct generator *g, noun formula, struct value *subject)
{
    return generate_formula(g, formula, subject, false);
}

/* What lies too deep, or would make the code too long, becomes a call. */
static struct value *out_of_line(struct generator *g, noun formula, struct value *subject, bool tail)
{
    struct call *call = new_call(g, constant_value(g, formula));
    call->shape = SHAPE_WHOLE;
    call->arguments[0] = materialize(g, subject);
    return emit_call(g, call, tail);
}

static struct value *generate_2(struct generator *g, noun argument, struct value *subject, bool tail)
{
    struct value *new_subject = value_of(g, noun_head(argument), subject);
    struct value *formula = value_of(g, noun_tail(argument), subject);
    if (formula->kind == VALUE_CONSTANT)
        return generate_formula(g, constant_of(g, formula), new_subject, tail);
    struct call *call = new_call(g, formula);
    pass_subject(g, call, new_subject, false);
    return emit_call(g, call, tail);
}

static struct value *generate_3(struct generator *g, noun argument, struct value *subject)
{
    struct value *value = value_of(g, argument, subject);
    if (value->kind == VALUE_PAIR)
        return constant_value(g, NOUN_YES);
    if (value->kind == VALUE_CONSTANT)
        return constant_value(g, noun_is_cell(constant_of(g, value)) ? NOUN_YES : NOUN_NO);
    struct instruction *is_cell = emit(g, OPERATION_IS_CELL);
    is_cell->read[0] = value->where;
    uint32_t written = is_cell->written = new_register(g);
    return register_value(g, written);
}

static struct value *generate_4(struct generator *g, noun argument, struct value *subject)
{
    struct value *value = value_of(g, argument, subject);
    uint32_t where = materialize(g, value);
    struct instruction *increment = emit(g, OPERATION_INCREMENT);
    increment->read[0] = where;
    uint32_t written = increment->written = new_register(g);
    return register_value(g, written);
}

static struct value *generate_5(struct generator *g, noun argument, struct value *subject)
{
    struct value *a = value_of(g, noun_head(argument), subject);
    struct value *b = value_of(g, noun_tail(argument), subject);
    uint32_t where_a = materialize(g, a), where_b = materialize(g, b);
    struct instruction *equal = emit(g, OPERATION_EQUAL);
    equal->read[0] = where_a;
    equal->read[1] = where_b;
    uint32_t written = equal->written = new_register(g);
    return register_value(g, written);
}

static bool is_opcode(noun formula, noun opcode)
{
    return noun_is_cell(formula) && noun_head(formula) == opcode && noun_is_cell(noun_tail(formula));
}

/* Is it [opcode a b c]? */
static bool has_three(noun formula, noun opcode)
{
    return is_opcode(formula, opcode) && noun_is_cell(noun_tail(noun_tail(formula)));
}

static void jump_unless_equal(struct generator *g, noun argument, struct value *subject, uint32_t otherwise)
{
    struct value *a = value_of(g, noun_head(argument), subject);
    struct value *b = value_of(g, noun_tail(argument), subject);
    if (a->kind == VALUE_CONSTANT && noun_is_direct(constant_of(g, a))) {
        struct value *swap = a;
        a = b;
        b = swap;
    }
    uint32_t where_a = materialize(g, a);
    if (b->kind == VALUE_CONSTANT && noun_is_direct(constant_of(g, b))) {
        struct instruction *instruction = emit(g, OPERATION_JUMP_UNLESS_IS);
        instruction->read[0] = where_a;
        instruction->constant = b->constant;
        instruction->target = otherwise;
        return;
    }
    uint32_t where_b = materialize(g, b);
    struct instruction *instruction = emit(g, OPERATION_JUMP_UNLESS_EQUAL);
    instruction->read[0] = where_a;
    instruction->read[1] = where_b;
    instruction->target = otherwise;
}

static void jump_unless_cell(struct generator *g, struct value *value, uint32_t otherwise)
{
    if (value->kind == VALUE_PAIR || (value->kind == VALUE_CONSTANT && noun_is_cell(constant_of(g, value))))
        return;
    uint32_t where = materialize(g, value);
    struct instruction *instruction = emit(g, OPERATION_JUMP_UNLESS_CELL);
    instruction->read[0] = where;
    instruction->target = otherwise;
}

/* Evaluates a test: falls through if it is yes, jumps to `otherwise` if no. */
static void generate_test(struct generator *g, noun formula, struct value *subject, uint32_t otherwise)
{
    bool deep = g->depth >= DEPTH_MAX;
    if (!deep && has_three(formula, 6)) { /* a test of a test: and, or, not */
        noun argument = noun_tail(formula);
        uint32_t no = new_label(g), yes = new_label(g);
        g->depth++;
        generate_test(g, noun_head(argument), subject, no);
        size_t mark = g->undo_count;
        generate_test(g, noun_head(noun_tail(argument)), subject, otherwise);
        forget_to(g, mark);
        jump(g, yes);
        place_label(g, no);
        generate_test(g, noun_tail(noun_tail(argument)), subject, otherwise);
        forget_to(g, mark);
        place_label(g, yes);
        g->depth--;
        return;
    }
    if (!deep && is_opcode(formula, 5)) {
        g->depth++;
        jump_unless_equal(g, noun_tail(formula), subject, otherwise);
        g->depth--;
        return;
    }
    if (!deep && noun_is_cell(formula) && noun_head(formula) == 3) {
        g->depth++;
        jump_unless_cell(g, value_of(g, noun_tail(formula), subject), otherwise);
        g->depth--;
        return;
    }
    struct value *test = value_of(g, formula, subject);
    if (test->kind == VALUE_CONSTANT && constant_of(g, test) == NOUN_YES)
        return;
    if (test->kind == VALUE_CONSTANT && constant_of(g, test) == NOUN_NO) {
        jump(g, otherwise);
        return;
    }
    uint32_t where = materialize(g, test);
    struct instruction *instruction = emit(g, OPERATION_JUMP_UNLESS_YES);
    instruction->read[0] = where;
    instruction->target = otherwise;
}

static void move(struct generator *g, uint32_t from, uint32_t to)
{
    struct instruction *instruction = emit(g, OPERATION_MOVE);
    instruction->read[0] = from;
    instruction->written = to;
}

static struct value *generate_6(struct generator *g, noun argument, struct value *subject, bool tail)
{
    uint32_t otherwise = new_label(g), end = new_label(g);
    generate_test(g, noun_head(argument), subject, otherwise);
    noun branches[2] = {noun_head(noun_tail(argument)), noun_tail(noun_tail(argument))};
    uint32_t result = tail ? REGISTER_NONE : new_register(g);
    size_t mark = g->undo_count;
    for (unsigned i = 0; i < 2; i++) {
        struct value *value = generate_formula(g, branches[i], subject, tail);
        if (!tail)
            move(g, materialize(g, value), result);
        forget_to(g, mark);
        if (i == 0 && !tail)
            jump(g, end);
        if (i == 0)
            place_label(g, otherwise);
    }
    if (tail)
        return NULL;
    place_label(g, end);
    return register_value(g, result);
}

static struct value *generate_9(struct generator *g, noun argument, struct value *subject, bool tail)
{
    struct value *core = value_of(g, noun_tail(argument), subject);
    noun axis = noun_head(argument);
    struct value *formula = part_at_atom(g, core, axis);
    struct call *call = new_call(g, formula);
    call->dispatch = true;
    pass_subject(g, call, core, axis == 2);
    return emit_call(g, call, tail);
}

/* ---- (arm a b): pull an arm, replace the sample of the gate it makes, call it -- */

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
    if (!is_opcode(arm, 9) || !is_opcode(body, 9) || noun_at(body, 6) != 2)
        return false;
    noun edit = noun_at(body, 7);
    if (!is_opcode(edit, 10) || noun_at(edit, 12) != 6 || noun_at(edit, 14) != 0 || noun_at(edit, 15) != 2)
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
    uint32_t core = materialize(g, value_of(g, core_formula, subject));
    struct instruction *pull = emit(g, OPERATION_PULL);
    pull->read[0] = core;
    pull->axis = axis;
    uint32_t battery = pull->written = new_register(g);
    uint32_t context = pull->written_too = new_register(g);
    struct value *battery_value = register_value(g, battery);
    /* Nothing looks at the gate, so anything may stand in its place. */
    struct value *pushed = pair_value(g, constant_value(g, 0), subject);
    struct value *sample = value_of(g, sample_formula, pushed);
    struct value *gate = pair_value(g, battery_value, pair_value(g, sample, register_value(g, context)));
    struct call *call = new_call(g, battery_value);
    call->dispatch = true;
    pass_subject(g, call, gate, true);
    return emit_call(g, call, tail);
}

static struct value *generate_8(struct generator *g, noun argument, struct value *subject, bool tail)
{
    noun axis, core, sample;
    if (is_pull(argument, &axis, &core, &sample))
        return generate_pull(g, axis, core, sample, subject, tail);
    struct value *pushed = value_of(g, noun_head(argument), subject);
    return generate_formula(g, noun_tail(argument), pair_value(g, pushed, subject), tail);
}

static struct value *generate_10(struct generator *g, noun argument, struct value *subject)
{
    noun axis = noun_head(noun_head(argument));
    struct value *tree = value_of(g, noun_tail(argument), subject);
    struct value *patch = value_of(g, noun_tail(noun_head(argument)), subject);
    if (noun_is_cell(axis) || axis == 0)
        return crash(g);
    if (noun_is_direct(axis)) {
        unsigned steps = bits_length(axis) - 1;
        if (steps <= EDIT_STEPS_MAX || (tree->kind == VALUE_PAIR && steps <= 2 * EDIT_STEPS_MAX))
            return edited(g, tree, axis, steps, patch);
    }
    uint32_t constant = add_constant(g, axis);
    uint32_t where_tree = materialize(g, tree), where_patch = materialize(g, patch);
    struct instruction *edit = emit(g, OPERATION_EDIT);
    edit->read[0] = where_tree;
    edit->read[1] = where_patch;
    edit->constant = constant;
    uint32_t written = edit->written = new_register(g);
    return register_value(g, written);
}

/* ---- hints ------------------------------------------------------------------ */

static struct value *generate_memo(struct generator *g, noun clue, noun body, struct value *subject)
{
    uint32_t where = materialize(g, subject), result = new_register(g), end = new_label(g);
    uint32_t constant = add_constant(g, body);
    struct instruction *find = emit(g, OPERATION_MEMO_FIND);
    find->read[0] = where;
    find->written = result;
    find->constant = constant;
    find->target = end;
    size_t mark = g->undo_count;
    value_of(g, clue, subject);
    uint32_t product = materialize(g, value_of(g, body, subject));
    forget_to(g, mark);
    struct instruction *store = emit(g, OPERATION_MEMO_STORE);
    store->read[0] = where;
    store->read[1] = product;
    store->constant = constant;
    move(g, product, result);
    place_label(g, end);
    return register_value(g, result);
}

static struct value *generate_fast(struct generator *g, noun clue, noun body, struct value *subject)
{
    uint32_t clue_where = materialize(g, value_of(g, clue, subject));
    struct value *core = value_of(g, body, subject);
    uint32_t core_where = materialize(g, core);
    struct instruction *fast = emit(g, OPERATION_FAST);
    fast->read[0] = core_where;
    fast->read[1] = clue_where;
    return core;
}

static struct value *generate_bout(struct generator *g, noun body, struct value *subject)
{
    struct instruction *begin = emit(g, OPERATION_BOUT_BEGIN);
    uint32_t start = begin->written = new_register(g);
    struct value *value = value_of(g, body, subject);
    emit(g, OPERATION_BOUT_END)->read[0] = start;
    return value;
}

/* %mean, %spot and their like: the clue stands on the trace around the body. */
static struct value *generate_traced(struct generator *g, noun tag, noun clue, noun body, struct value *subject,
                                     bool tail)
{
    struct value *clue_value = value_of(g, clue, subject);
    struct scope *scope = new_scope(g, g->scope, add_constant(g, tag));
    if (clue_value->kind == VALUE_CONSTANT) {
        scope->clue_constant = clue_value->constant;
    } else {
        scope->clue = materialize(g, clue_value);
        scope->is_constant = false;
    }
    g->scope = scope;
    struct value *value = generate_formula(g, body, subject, tail);
    if (!tail)
        use_clues(g);
    g->scope = scope->outer;
    return value;
}

static bool is_traced(noun tag)
{
    return tag == noun_cord("mean") || tag == noun_cord("spot") || tag == noun_cord("hunk") ||
           tag == noun_cord("lose") || tag == noun_cord("hand");
}

static struct value *generate_dynamic_hint(struct generator *g, noun tag, noun clue, noun body, struct value *subject,
                                           bool tail)
{
    if (is_traced(tag))
        return generate_traced(g, tag, clue, body, subject, tail);
    if (tag == noun_cord("memo"))
        return finish(g, generate_memo(g, clue, body, subject), tail);
    if (tag == noun_cord("fast"))
        return finish(g, generate_fast(g, clue, body, subject), tail);
    struct value *clue_value = value_of(g, clue, subject);
    if (tag == noun_cord("bout"))
        return finish(g, generate_bout(g, body, subject), tail);
    if (tag == noun_cord("slog")) {
        uint32_t where = materialize(g, clue_value);
        emit(g, OPERATION_SLOG)->read[0] = where;
    }
    if (tag == noun_cord("hela"))
        emit(g, OPERATION_HELA);
    return generate_formula(g, body, subject, tail);
}

static struct value *generate_11(struct generator *g, noun argument, struct value *subject, bool tail)
{
    noun hint = noun_head(argument), body = noun_tail(argument);
    if (noun_is_cell(hint)) {
        if (noun_is_cell(noun_head(hint)))
            return finish(g, crash(g), tail);
        return generate_dynamic_hint(g, noun_head(hint), noun_tail(hint), body, subject, tail);
    }
    if (hint == noun_cord("bout"))
        return finish(g, generate_bout(g, body, subject), tail);
    return generate_formula(g, body, subject, tail);
}

static struct value *generate_12(struct generator *g, noun argument, struct value *subject)
{
    uint32_t reference = materialize(g, value_of(g, noun_head(argument), subject));
    uint32_t path = materialize(g, value_of(g, noun_tail(argument), subject));
    struct instruction *scry = emit(g, OPERATION_SCRY);
    scry->read[0] = reference;
    scry->read[1] = path;
    uint32_t written = scry->written = new_register(g);
    return register_value(g, written);
}

/* ---- the dispatch on opcodes --------------------------------------------------*/

static struct value *generate_opcode(struct generator *g, noun opcode, noun argument, struct value *subject, bool tail)
{
    bool pair = noun_is_cell(argument);
    switch (opcode) {
    case 0:
        return finish(g, part_at_atom(g, subject, argument), tail);
    case 1:
        return finish(g, constant_value(g, argument), tail);
    case 3:
        return finish(g, generate_3(g, argument, subject), tail);
    case 4:
        return finish(g, generate_4(g, argument, subject), tail);
    default:
        break;
    }
    if (!pair)
        return finish(g, crash(g), tail);
    switch (opcode) {
    case 2:
        return generate_2(g, argument, subject, tail);
    case 5:
        return finish(g, generate_5(g, argument, subject), tail);
    case 6:
        if (!noun_is_cell(noun_tail(argument)))
            break;
        return generate_6(g, argument, subject, tail);
    case 7:
        return generate_formula(g, noun_tail(argument), value_of(g, noun_head(argument), subject), tail);
    case 8:
        return generate_8(g, argument, subject, tail);
    case 9:
        return generate_9(g, argument, subject, tail);
    case 10:
        if (!noun_is_cell(noun_head(argument)))
            break;
        return finish(g, generate_10(g, argument, subject), tail);
    case 11:
        return generate_11(g, argument, subject, tail);
    case 12:
        return finish(g, generate_12(g, argument, subject), tail);
    default:
        break;
    }
    return finish(g, crash(g), tail);
}

static struct value *generate_formula(struct generator *g, noun formula, struct value *subject, bool tail)
{
    if (!noun_is_cell(formula))
        return finish(g, crash(g), tail);
    if (g->depth >= DEPTH_MAX ||
        (g->depth > 0 && (g->program->count > INSTRUCTIONS_MAX || g->program->registers_count > REGISTERS_MAX)))
        return out_of_line(g, formula, subject, tail);
    g->depth++;
    noun head = noun_head(formula), rest = noun_tail(formula);
    struct value *value;
    if (noun_is_cell(head)) {
        struct value *first = value_of(g, head, subject);
        value = finish(g, pair_value(g, first, value_of(g, rest, subject)), tail);
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
        return register_value(g, new_register(g));
    struct value *head = arriving(g, bits);
    return pair_value(g, head, arriving(g, bits));
}

static struct value *arriving_gate(struct generator *g, noun battery, uint32_t bits)
{
    bits >>= 3; /* the whole, the battery, the payload */
    struct value *sample = arriving(g, &bits);
    struct value *context = arriving(g, &bits);
    return pair_value(g, constant_value(g, battery), pair_value(g, sample, context));
}

void generate(struct nock *machine, struct program *program, struct known *known, struct shape shape)
{
    struct generator g = {.machine = machine, .program = program};
    uint32_t bits = shape.bits;
    struct value *subject = shape.gate ? arriving_gate(&g, known->noun, bits) : arriving(&g, &bits);
    generate_formula(&g, known->noun, subject, true);
    free(g.undo);
}
