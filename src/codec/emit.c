#include "codec/emit.h"

/* ---- names ------------------------------------------------------------------ */

enum status emit_fail_unknown(const struct node *name)
{
    const struct node *first = name->list;
    return place_fail(first->place, "nothing here is called `%.*s`", (int)first->name.size_bytes, first->name.start);
}

const struct node *emit_find_constant(const struct emitter *emitter, const struct node *name)
{
    if (name->list->next != NULL)
        return NULL;
    for (const struct node *constant = emitter->constants; constant != NULL; constant = constant->next)
        if (name_equal(constant->name, name->list->name))
            return constant;
    return NULL;
}

/* What is known of an arm's product: the parameters, if the arm is a gate. */
static const struct shape *shape_of_arm(struct emitter *emitter, const struct node *arm)
{
    const struct node *gate = arm->first->kind == NODE_FAST ? arm->first->first : arm->first;
    if (gate->kind != NODE_GATE)
        return &shape_any;
    const struct shape *sample = shape_of_pattern(emitter->memory, gate->pattern, &shape_any);
    return emit_gate_shape(emitter, gate->name, sample, &shape_any);
}

enum status emit_name(struct emitter *emitter, const struct node *name, const struct shape *subject,
                      struct emitted *out, bool *is_there)
{
    struct found found;
    STATUS_TRY(scope_find(subject, name, &found, is_there));
    if (!*is_there)
        return STATUS_OK;
    noun part = stack_cell(emitter->stack, 0, found.axis);
    *out = (struct emitted){part, found.shape};
    if (found.arm != NULL)
        *out = (struct emitted){emit_2(emitter, 9, found.arm->axis, part), shape_of_arm(emitter, found.arm)};
    return STATUS_OK;
}

static enum status name_or_constant(struct emitter *emitter, const struct node *name, const struct shape *subject,
                                    struct emitted *out)
{
    bool is_there;
    STATUS_TRY(emit_name(emitter, name, subject, out, &is_there));
    if (is_there)
        return STATUS_OK;
    const struct node *constant = emit_find_constant(emitter, name);
    if (constant == NULL)
        return emit_fail_unknown(name);
    *out = (struct emitted){emit_quote(emitter, constant->value), &shape_any};
    return STATUS_OK;
}

/* ---- cells ------------------------------------------------------------------ */

static noun cons_formula(struct emitter *emitter, noun head, noun tail)
{
    noun cell = stack_cell(emitter->stack, head, tail);
    if (!emit_is_quote(head) || !emit_is_quote(tail))
        return cell;
    return emit_quote(emitter, stack_cell(emitter->stack, noun_tail(head), noun_tail(tail)));
}

static enum status emit_each(struct emitter *emitter, const struct node *part, const struct shape *subject,
                             struct wordstack *each)
{
    for (; part != NULL; part = part->next) {
        struct emitted one = {0};
        STATUS_TRY(emit(emitter, part, subject, &one));
        wordstack_push2(each, one.formula, (uint64_t)(uintptr_t)one.shape);
    }
    return STATUS_OK;
}

static struct emitted pop_emitted(struct wordstack *each)
{
    const struct shape *shape = (const struct shape *)(uintptr_t)wordstack_pop(each);
    return (struct emitted){wordstack_pop(each), shape};
}

enum status emit_parts(struct emitter *emitter, const struct node *parts, const struct shape *subject,
                       struct emitted *out)
{
    struct wordstack each;
    wordstack_init(&each);
    enum status status = emit_each(emitter, parts, subject, &each);
    *out = (struct emitted){NOUN_NONE, NULL};
    while (status == STATUS_OK && !wordstack_is_empty(&each)) {
        struct emitted head = pop_emitted(&each);
        if (out->shape == NULL)
            *out = head;
        else
            *out = (struct emitted){cons_formula(emitter, head.formula, out->formula),
                                    shape_cell(emitter->memory, head.shape, out->shape)};
    }
    wordstack_finish(&each);
    return status;
}

/* ---- the rest --------------------------------------------------------------- */

static enum status emit_let(struct emitter *emitter, const struct node *node, const struct shape *subject,
                            struct emitted *out)
{
    struct emitted value = {0};
    STATUS_TRY(emit(emitter, node->first, subject, &value));
    const struct shape *named = shape_of_pattern(emitter->memory, node->pattern, value.shape);
    STATUS_TRY(emit(emitter, node->second, shape_cell(emitter->memory, named, subject), out));
    out->formula = emit_2(emitter, 8, value.formula, out->formula);
    return STATUS_OK;
}

static noun condition(struct emitter *emitter, noun test, noun yes, noun no)
{
    return emit_2(emitter, 6, test, stack_cell(emitter->stack, yes, no));
}

static enum status emit_if(struct emitter *emitter, const struct node *node, const struct shape *subject,
                           struct emitted *out)
{
    struct emitted test = {0}, yes = {0}, no = {0};
    STATUS_TRY(emit(emitter, node->first, subject, &test));
    STATUS_TRY(emit(emitter, node->second, subject, &yes));
    STATUS_TRY(emit(emitter, node->third, subject, &no));
    *out = (struct emitted){condition(emitter, test.formula, yes.formula, no.formula), &shape_any};
    return STATUS_OK;
}

/* and, or, == */
static enum status emit_binary(struct emitter *emitter, const struct node *node, const struct shape *subject,
                               struct emitted *out)
{
    struct emitted a = {0}, b = {0};
    STATUS_TRY(emit(emitter, node->first, subject, &a));
    STATUS_TRY(emit(emitter, node->second, subject, &b));
    out->shape = &shape_any;
    if (node->kind == NODE_EQUAL)
        out->formula = emit_2(emitter, 5, a.formula, b.formula);
    else if (node->kind == NODE_AND)
        out->formula = condition(emitter, a.formula, b.formula, emit_quote(emitter, NOUN_NO));
    else
        out->formula = condition(emitter, a.formula, emit_quote(emitter, NOUN_YES), b.formula);
    return STATUS_OK;
}

static enum status emit_hint(struct emitter *emitter, const struct node *node, const struct shape *subject,
                             struct emitted *out)
{
    noun tag = node->value;
    if (node->first != NULL) {
        struct emitted clue = {0};
        STATUS_TRY(emit(emitter, node->first, subject, &clue));
        tag = stack_cell(emitter->stack, tag, clue.formula);
    }
    STATUS_TRY(emit(emitter, node->second, subject, out));
    out->formula = emit_2(emitter, 11, tag, out->formula);
    return STATUS_OK;
}

noun emit_fast(struct emitter *emitter, noun formula, noun label, uint64_t parent_axis)
{
    struct stack *stack = emitter->stack;
    noun parent = parent_axis == 0 ? emit_quote(emitter, 0) : stack_cell(stack, 0, parent_axis);
    noun clue = stack_triple(stack, label, parent, 0);
    noun hint = stack_cell(stack, noun_cord("fast"), emit_quote(emitter, clue));
    noun registration = emit_2(emitter, 11, hint, stack_cell(stack, 0, 1));
    return emit_2(emitter, 7, formula, registration);
}

static enum status emit_fast_node(struct emitter *emitter, const struct node *node, const struct shape *subject,
                                  struct emitted *out)
{
    noun label = node->value;
    if (node->second != NULL)
        STATUS_TRY(emit_constant(emitter, node->second, &label));
    STATUS_TRY(emit(emitter, node->first, subject, out));
    out->formula = emit_fast(emitter, out->formula, label, node->axis);
    return STATUS_OK;
}

static enum status emit_raw_formula(struct emitter *emitter, const struct node *node, const struct shape *subject,
                                    struct emitted *out)
{
    out->shape = &shape_any;
    return emit_raw(emitter, node, subject, &out->formula);
}

static enum status emit_body(struct emitter *emitter, const struct node *node, const struct shape *subject,
                             struct emitted *out)
{
    switch (node->kind) {
    case NODE_CONSTANT:
        *out = (struct emitted){emit_quote(emitter, node->value), &shape_any};
        return STATUS_OK;
    case NODE_CRASH:
        *out = (struct emitted){stack_cell(emitter->stack, 0, 0), &shape_any};
        return STATUS_OK;
    case NODE_NAME:
        return name_or_constant(emitter, node, subject, out);
    case NODE_CALL:
        return emit_call(emitter, node, subject, out);
    case NODE_CONS:
        return emit_parts(emitter, node->list, subject, out);
    case NODE_LET:
        return emit_let(emitter, node, subject, out);
    case NODE_IF:
        return emit_if(emitter, node, subject, out);
    case NODE_AND:
    case NODE_OR:
    case NODE_EQUAL:
        return emit_binary(emitter, node, subject, out);
    case NODE_MATCH:
        return emit_match(emitter, node, subject, out);
    case NODE_GATE:
        return emit_gate(emitter, node, subject, out);
    case NODE_LOOP:
        return emit_loop(emitter, node, subject, out);
    case NODE_CORE:
        return emit_core(emitter, node, subject, out);
    case NODE_DOOR:
        return emit_door(emitter, node, subject, out);
    case NODE_WITH:
        return emit_with(emitter, node, subject, out);
    case NODE_HINT:
        return emit_hint(emitter, node, subject, out);
    case NODE_FAST:
        return emit_fast_node(emitter, node, subject, out);
    default:
        CHECK(node->kind == NODE_RAW);
        return emit_raw_formula(emitter, node, subject, out);
    }
}

enum status emit(struct emitter *emitter, const struct node *node, const struct shape *subject, struct emitted *out)
{
    if (++emitter->depth > SYNTAX_NESTING_MAX)
        return place_fail(node->place, "nested deeper than %d levels", SYNTAX_NESTING_MAX);
    enum status status = emit_body(emitter, node, subject, out);
    emitter->depth--;
    return status;
}

enum status emit_constant(struct emitter *emitter, const struct node *node, noun *out)
{
    struct emitted value = {0};
    STATUS_TRY(emit(emitter, node, &shape_any, &value));
    if (!emit_is_quote(value.formula))
        return place_fail(node->place, "expected a constant: literals, constants and brackets of them");
    *out = noun_tail(value.formula);
    return STATUS_OK;
}
