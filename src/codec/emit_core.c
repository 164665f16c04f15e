/* Gates, loops, cores, doors and match. */
#include "codec/emit.h"

/* ---- gates ------------------------------------------------------------------ */

/* Zeros in the form of a pattern. */
static noun default_sample(struct emitter *emitter, const struct node *pattern)
{
    if (pattern->kind == NODE_BIND && pattern->first != NULL)
        return default_sample(emitter, pattern->first);
    if (pattern->kind != NODE_PARTS)
        return 0;
    struct stack_list list = stack_list_begin();
    const struct node *part = pattern->list;
    for (; part->next != NULL; part = part->next)
        stack_list_add(emitter->stack, &list, default_sample(emitter, part));
    return stack_list_end(&list, default_sample(emitter, part));
}

const struct shape *emit_gate_shape(struct emitter *emitter, struct name name, const struct shape *sample,
                                    const struct shape *context)
{
    return shape_core(emitter->memory, name, NULL, shape_cell(emitter->memory, sample, context));
}

enum status emit_gate(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out)
{
    struct stack *stack = emitter->stack;
    const struct shape *sample = shape_of_pattern(emitter->memory, node->pattern, &shape_any);
    const struct shape *gate = emit_gate_shape(emitter, node->name, sample, subject);
    struct emitted body = {0};
    STATUS_TRY(emit(emitter, node->first, gate, &body));
    noun initial = emit_quote(emitter, default_sample(emitter, node->pattern));
    noun formula = stack_triple(stack, emit_quote(emitter, body.formula), initial, stack_cell(stack, 0, 1));
    *out = (struct emitted){formula, gate};
    return STATUS_OK;
}

enum status emit_loop(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out)
{
    struct stack *stack = emitter->stack;
    struct emitted initial = {0}, body = {0};
    STATUS_TRY(emit(emitter, node->first, subject, &initial));
    const struct shape *sample = shape_of_pattern(emitter->memory, node->pattern, initial.shape);
    STATUS_TRY(emit(emitter, node->second, emit_gate_shape(emitter, node->name, sample, subject), &body));
    noun core = stack_triple(stack, emit_quote(emitter, body.formula), initial.formula, stack_cell(stack, 0, 1));
    *out = (struct emitted){emit_2(emitter, 9, 2, core), &shape_any};
    return STATUS_OK;
}

/* ---- batteries -------------------------------------------------------------- */

/* Gives the `count` arms from `arm` on the axes of a balanced tree; the next arm. */
static struct node *balance(struct node *arm, size_t count, uint64_t axis)
{
    if (count == 1) {
        arm->axis = axis;
        return arm->next;
    }
    struct node *middle = balance(arm, count / 2, axis * 2);
    return balance(middle, count - count / 2, axis * 2 + 1);
}

static bool is_below(uint64_t axis, uint64_t above)
{
    unsigned depth = bits_length(axis), depth_above = bits_length(above);
    return depth >= depth_above && axis >> (depth - depth_above) == above;
}

static enum status check_axis(const struct node *arms, const struct node *arm)
{
    unsigned long long axis = arm->axis;
    if (axis == 0)
        return place_fail(arm->place, "either every arm of a core has an axis or none");
    if (!is_below(arm->axis, 2))
        return place_fail(arm->place, "axis %llu is not in the battery, which is at axis 2", axis);
    for (const struct node *other = arms; other != arm; other = other->next)
        if (is_below(other->axis, arm->axis) || is_below(arm->axis, other->axis))
            return place_fail(arm->place, "axis %llu overlaps that of the arm `%.*s`", axis,
                              (int)other->name.size_bytes, other->name.start);
    return STATUS_OK;
}

/* Sees to it that every arm has an axis and that they fill the battery. */
static enum status place_arms(const struct node *core)
{
    size_t count = 0, given = 0;
    for (const struct node *arm = core->list; arm != NULL; arm = arm->next, count++)
        given += arm->axis != 0;
    if (given == 0) {
        balance(core->list, count, 2);
        return STATUS_OK;
    }
    uint64_t filled = 0;
    for (const struct node *arm = core->list; arm != NULL; arm = arm->next) {
        STATUS_TRY(check_axis(core->list, arm));
        filled += (uint64_t)1 << (63 - bits_length(arm->axis));
    }
    if (filled != (uint64_t)1 << 61)
        return place_fail(core->place, "the axes of the arms do not fill the battery");
    return STATUS_OK;
}

/* The arms' formulas as a tree; their axes fill it, so it ends at arms. */
static noun battery_at(struct emitter *emitter, const struct node *arms, uint64_t axis)
{
    for (const struct node *arm = arms; arm != NULL; arm = arm->next)
        if (arm->axis == axis)
            return arm->value;
    noun head = battery_at(emitter, arms, axis * 2);
    return stack_cell(emitter->stack, head, battery_at(emitter, arms, axis * 2 + 1));
}

static enum status emit_battery(struct emitter *emitter, const struct node *core, const struct shape *subject,
                                noun *battery)
{
    for (struct node *arm = core->list; arm != NULL; arm = arm->next) {
        struct emitted body = {0};
        STATUS_TRY(emit(emitter, arm->first, subject, &body));
        arm->value = body.formula;
    }
    *battery = battery_at(emitter, core->list, 2);
    return STATUS_OK;
}

/* ---- cores ------------------------------------------------------------------ */

enum status emit_core(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out)
{
    STATUS_TRY(place_arms(node));
    noun battery;
    out->shape = shape_core(emitter->memory, node->name, node->list, subject);
    STATUS_TRY(emit_battery(emitter, node, out->shape, &battery));
    out->formula = stack_triple(emitter->stack, emit_quote(emitter, battery), 0, 1);
    if (node->is_fast) {
        noun label = stack_atom_from_bytes(emitter->stack, node->name.start, node->name.size_bytes);
        out->formula = emit_fast(emitter, out->formula, label, 3);
    }
    return STATUS_OK;
}

enum status emit_door(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out)
{
    struct stack *stack = emitter->stack;
    struct emitted initial = {0};
    noun battery;
    STATUS_TRY(place_arms(node));
    STATUS_TRY(emit(emitter, node->first, subject, &initial));
    const struct shape *sample = shape_of_pattern(emitter->memory, node->pattern, initial.shape);
    const struct shape *payload = shape_cell(emitter->memory, sample, subject);
    out->shape = shape_core(emitter->memory, node->name, node->list, payload);
    STATUS_TRY(emit_battery(emitter, node, out->shape, &battery));
    out->formula = stack_triple(stack, emit_quote(emitter, battery), initial.formula, stack_cell(stack, 0, 1));
    return STATUS_OK;
}

/* ---- match ------------------------------------------------------------------ */

static enum status tests_of(struct emitter *emitter, const struct node *pattern, uint64_t axis,
                            struct wordstack *tests);

static enum status tests_of_parts(struct emitter *emitter, const struct node *pattern, uint64_t axis,
                                  struct wordstack *tests)
{
    const struct node *part = pattern->list;
    for (; part->next != NULL; part = part->next) {
        if (axis >> 61 != 0)
            return place_fail(part->place, "this pattern is more than 60 levels deep");
        noun at = stack_cell(emitter->stack, 0, axis);
        wordstack_push(tests, stack_cell(emitter->stack, 3, at));
        STATUS_TRY(tests_of(emitter, part, axis * 2, tests));
        axis = axis * 2 + 1;
    }
    return tests_of(emitter, part, axis, tests);
}

/* Formulas that must all say yes for the noun at `axis` to match. */
static enum status tests_of(struct emitter *emitter, const struct node *pattern, uint64_t axis, struct wordstack *tests)
{
    if (pattern->kind == NODE_PARTS)
        return tests_of_parts(emitter, pattern, axis, tests);
    if (pattern->kind == NODE_BIND && pattern->first != NULL)
        return tests_of(emitter, pattern->first, axis, tests);
    if (pattern->kind == NODE_LITERAL) {
        noun at = stack_cell(emitter->stack, 0, axis);
        wordstack_push(tests, emit_2(emitter, 5, emit_quote(emitter, pattern->value), at));
    }
    return STATUS_OK;
}

/* All of the tests, or NOUN_NONE if there is none. */
static noun conjunction(struct emitter *emitter, struct wordstack *tests)
{
    if (wordstack_is_empty(tests))
        return NOUN_NONE;
    noun all = wordstack_pop(tests);
    while (!wordstack_is_empty(tests)) {
        noun branches = stack_cell(emitter->stack, all, emit_quote(emitter, NOUN_NO));
        all = emit_2(emitter, 6, wordstack_pop(tests), branches);
    }
    return all;
}

static enum status test_of_case(struct emitter *emitter, const struct node *pattern, noun *test)
{
    struct wordstack tests;
    wordstack_init(&tests);
    enum status status = tests_of(emitter, pattern, 2, &tests);
    if (status == STATUS_OK)
        *test = conjunction(emitter, &tests);
    wordstack_finish(&tests);
    return status;
}

/* Pushes test and body of each case. */
static enum status emit_cases(struct emitter *emitter, const struct node *one, const struct shape *value,
                              const struct shape *subject, struct wordstack *cases)
{
    for (noun test = 0; one != NULL; one = one->next) {
        if (test == NOUN_NONE)
            return place_fail(one->place, "the case before this one matches everything");
        STATUS_TRY(test_of_case(emitter, one->pattern, &test));
        const struct shape *named = shape_of_pattern(emitter->memory, one->pattern, value);
        struct emitted body = {0};
        STATUS_TRY(emit(emitter, one->first, shape_cell(emitter->memory, named, subject), &body));
        wordstack_push2(cases, test, body.formula);
    }
    return STATUS_OK;
}

/* [8 VALUE 6 TEST BODY 6 TEST BODY ... 0 0] */
enum status emit_match(struct emitter *emitter, const struct node *node, const struct shape *subject,
                       struct emitted *out)
{
    struct stack *stack = emitter->stack;
    struct emitted value = {0};
    STATUS_TRY(emit(emitter, node->first, subject, &value));
    struct wordstack cases;
    wordstack_init(&cases);
    enum status status = emit_cases(emitter, node->list, value.shape, subject, &cases);
    noun otherwise = stack_cell(stack, 0, 0);
    while (status == STATUS_OK && !wordstack_is_empty(&cases)) {
        noun body = wordstack_pop(&cases), test = wordstack_pop(&cases);
        otherwise = test == NOUN_NONE ? body : emit_2(emitter, 6, test, stack_cell(stack, body, otherwise));
    }
    wordstack_finish(&cases);
    *out = (struct emitted){emit_2(emitter, 8, value.formula, otherwise), &shape_any};
    return status;
}
