/* Calls: how a subject is passed in pieces, and what hints leave behind. */
#include "nock/generate.h"

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
        call->arguments[leaf] = constant ? value->constant : value_materialize(g, value);
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
void call_pass(struct generator *g, struct call *call, struct value *subject, bool formula_is_battery)
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
void hint_use_clues(struct generator *g)
{
    for (const struct scope *scope = g->scope; scope != NULL; scope = scope->outer)
        if (scope->clue != REGISTER_NONE)
            line_emit(g, OPERATION_USE)->read[0] = scope->clue;
}

struct scope *hint_scope(struct generator *g, struct scope *outer, uint32_t tag_constant)
{
    struct scope *scope = block_take(&g->program->scratch, sizeof *scope);
    *scope = (struct scope){
        .outer = outer,
        .made_before = g->program->scopes,
        .tag_constant = tag_constant,
        .clue = REGISTER_NONE,
        .is_constant = outer == NULL || outer->is_constant,
    };
    g->program->scopes = scope;
    g->program->scopes_count++;
    return scope;
}

/* Before a tail call: what stands around it goes to the trace, outermost first. */
static void push_hints(struct generator *g, const struct scope *scope)
{
    if (scope == NULL)
        return;
    if (scope->is_constant) {
        line_emit(g, OPERATION_TRACE_CONSTANT)->pushed = scope;
        return;
    }
    push_hints(g, scope->outer);
    if (scope->clue == REGISTER_NONE) {
        struct scope *alone = hint_scope(g, NULL, scope->tag_constant);
        alone->clue_constant = scope->clue_constant;
        line_emit(g, OPERATION_TRACE_CONSTANT)->pushed = alone;
        return;
    }
    struct instruction *trace = line_emit(g, OPERATION_TRACE);
    trace->read[0] = scope->clue;
    trace->constant = scope->tag_constant;
}

struct value *generate_finish(struct generator *g, struct value *value, bool tail)
{
    if (!tail)
        return value;
    uint32_t where = value_materialize(g, value);
    hint_use_clues(g);
    line_emit(g, OPERATION_RETURN)->read[0] = where;
    return NULL;
}

struct value *call_emit(struct generator *g, struct call *call, bool tail)
{
    if (!tail) {
        struct instruction *instruction = line_emit(g, OPERATION_CALL);
        instruction->call = call;
        uint32_t written = line_register(g);
        g->program->instructions[g->program->count - 1].written = written;
        return value_in_register(g, written);
    }
    struct scope *scope = g->scope;
    push_hints(g, scope);
    g->scope = NULL;
    line_emit(g, OPERATION_CALL_TAIL)->call = call;
    g->scope = scope;
    return NULL;
}

struct call *call_new(struct generator *g, struct value *formula)
{
    struct call *call = block_take(&g->program->scratch, sizeof *call);
    *call = (struct call){.formula = REGISTER_NONE};
    if (formula->kind == VALUE_CONSTANT && noun_is_cell(value_constant(g, formula)))
        call->fixed = known_of(&g->machine->known, value_constant(g, formula));
    else
        call->formula = value_materialize(g, formula);
    return call;
}
