/* The line of instructions as it grows, and what is known of the values in its
 * registers. */
#include "nock/generate.h"

#include <stdlib.h>

/* Loads of at most this many steps go step by step and are shared. */
#define STEPS_MAX 3

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

/* ---- emitting ------------------------------------------------------------ */

struct instruction *line_emit(struct generator *g, enum operation operation)
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

uint32_t line_register(struct generator *g)
{
    return g->program->registers_count++;
}

uint32_t line_label(struct generator *g)
{
    return g->program->labels_count++;
}

void line_place(struct generator *g, uint32_t label)
{
    line_emit(g, OPERATION_LABEL)->target = label;
}

void line_jump(struct generator *g, uint32_t label)
{
    line_emit(g, OPERATION_JUMP)->target = label;
}

/* A constant that is not found again is there twice, which does no harm. */
uint32_t line_constant(struct generator *g, noun n)
{
    struct program *program = g->program;
    uint32_t *recent = &program->constants_recent[n * 0x9e3779b97f4a7c15u >> (64 - CONSTANTS_RECENT_BITS)];
    if (*recent < program->constants_count && program->constants[*recent] == n)
        return *recent;
    if (program->constants_count == program->constants_capacity) {
        program->constants_capacity = program->constants_capacity == 0 ? 64 : program->constants_capacity * 2;
        program->constants = realloc(program->constants, program->constants_capacity * sizeof *program->constants);
        if (program->constants == NULL)
            check_out_of_memory(__FILE__, __LINE__, program->constants_capacity);
    }
    program->constants[program->constants_count] = n;
    *recent = program->constants_count;
    return program->constants_count++;
}

/* ---- values -------------------------------------------------------------- */

static struct value *new_value(struct generator *g, enum value_kind kind, uint32_t where)
{
    struct value *value = block_take(&g->program->scratch, sizeof *value);
    *value = (struct value){.kind = kind, .where = where};
    return value;
}

struct value *value_in_register(struct generator *g, uint32_t where)
{
    return new_value(g, VALUE_REGISTER, where);
}

struct value *value_of_constant(struct generator *g, noun n)
{
    struct value *value = new_value(g, VALUE_CONSTANT, REGISTER_NONE);
    value->constant = line_constant(g, n);
    return value;
}

struct value *value_of_pair(struct generator *g, struct value *head, struct value *tail)
{
    struct value *value = new_value(g, VALUE_PAIR, REGISTER_NONE);
    value->head = head;
    value->tail = tail;
    return value;
}

noun value_constant(const struct generator *g, const struct value *value)
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

void value_forget(struct generator *g, size_t mark)
{
    while (g->undo_count > mark) {
        struct undo *undo = &g->undo[--g->undo_count];
        if (undo->where != NULL)
            *undo->where = REGISTER_NONE;
        else
            memcpy(undo->field, &undo->old, sizeof undo->old);
    }
}

static void materialize_pair(struct generator *g, struct value *value, uint32_t written)
{
    uint32_t head = REGISTER_NONE, tail = REGISTER_NONE, constant = 0;
    enum operation operation = OPERATION_CONS;
    if (value->head->kind == VALUE_CONSTANT && value->head->where == REGISTER_NONE) {
        operation = OPERATION_CONS_HEAD;
        constant = value->head->constant;
        tail = value_materialize(g, value->tail);
    } else if (value->tail->kind == VALUE_CONSTANT && value->tail->where == REGISTER_NONE) {
        operation = OPERATION_CONS_TAIL;
        constant = value->tail->constant;
        head = value_materialize(g, value->head);
    } else {
        head = value_materialize(g, value->head);
        tail = value_materialize(g, value->tail);
    }
    struct instruction *cons = line_emit(g, operation);
    cons->written = written;
    cons->read[0] = head;
    cons->read[1] = tail;
    cons->constant = constant;
}

/* The register that holds the value, built now if need be. */
uint32_t value_materialize(struct generator *g, struct value *value)
{
    if (value->where != REGISTER_NONE)
        return value->where;
    uint32_t where = line_register(g);
    if (value->kind == VALUE_CONSTANT) {
        struct instruction *constant = line_emit(g, OPERATION_CONSTANT);
        constant->written = where;
        constant->constant = value->constant;
    } else {
        materialize_pair(g, value, where);
    }
    remember_where(g, value, where);
    return where;
}

/* ---- parts of values ------------------------------------------------------ */

struct value *value_crash(struct generator *g)
{
    line_emit(g, OPERATION_CRASH);
    return value_of_constant(g, 0);
}

static struct value *load(struct generator *g, struct value *value, enum operation operation, uint64_t axis)
{
    struct instruction *instruction = line_emit(g, operation);
    instruction->read[0] = value->where;
    instruction->axis = axis;
    uint32_t written = line_register(g);
    g->program->instructions[g->program->count - 1].written = written;
    return value_in_register(g, written);
}

/* The head (0) or tail (1) of a value. */
static struct value *child(struct generator *g, struct value *value, unsigned side)
{
    if (value->kind == VALUE_CONSTANT) {
        noun part = noun_at(value_constant(g, value), 2 + side);
        return part == NOUN_NONE ? value_crash(g) : value_of_constant(g, part);
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
struct value *value_part(struct generator *g, struct value *value, uint64_t axis)
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

struct value *value_part_at(struct generator *g, struct value *value, noun axis)
{
    if (noun_is_cell(axis) || axis == 0)
        return value_crash(g);
    if (noun_is_direct(axis))
        return value_part(g, value, axis);
    uint32_t constant = line_constant(g, axis);
    uint32_t where = value_materialize(g, value);
    struct instruction *instruction = line_emit(g, OPERATION_AXIS_BIG);
    instruction->read[0] = where;
    instruction->constant = constant;
    uint32_t written = line_register(g);
    g->program->instructions[g->program->count - 1].written = written;
    return value_in_register(g, written);
}

/* `value` with `patch` at the axis, `steps` bits of which are still to go. */
struct value *value_edited(struct generator *g, struct value *value, uint64_t axis, unsigned steps, struct value *patch)
{
    if (steps == 0)
        return patch;
    unsigned side = axis >> (steps - 1) & 1;
    struct value *changed = patch;
    if (steps > 1)
        changed = value_edited(g, child(g, value, side), axis, steps - 1, patch);
    struct value *kept = child(g, value, 1 - side);
    return side == 0 ? value_of_pair(g, changed, kept) : value_of_pair(g, kept, changed);
}

void line_move(struct generator *g, uint32_t from, uint32_t to)
{
    struct instruction *instruction = line_emit(g, OPERATION_MOVE);
    instruction->read[0] = from;
    instruction->written = to;
}
