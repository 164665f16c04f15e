/* Calls, edits and raw formulas. */
#include "codec/emit.h"

/* ---- built in --------------------------------------------------------------- */

enum { BUILT_IN_ARGUMENTS_MAX = 2 };

typedef noun built_in_fn(struct emitter *emitter, const noun *arguments);

static noun built_in_inc(struct emitter *emitter, const noun *arguments)
{
    return stack_cell(emitter->stack, 4, arguments[0]);
}

static noun built_in_is_cell(struct emitter *emitter, const noun *arguments)
{
    return stack_cell(emitter->stack, 3, arguments[0]);
}

static noun built_in_not(struct emitter *emitter, const noun *arguments)
{
    noun answers = stack_cell(emitter->stack, emit_quote(emitter, NOUN_NO), emit_quote(emitter, NOUN_YES));
    return emit_2(emitter, 6, arguments[0], answers);
}

static noun built_in_head(struct emitter *emitter, const noun *arguments)
{
    return emit_2(emitter, 7, arguments[0], stack_cell(emitter->stack, 0, 2));
}

static noun built_in_tail(struct emitter *emitter, const noun *arguments)
{
    return emit_2(emitter, 7, arguments[0], stack_cell(emitter->stack, 0, 3));
}

static noun built_in_nock(struct emitter *emitter, const noun *arguments)
{
    return emit_2(emitter, 2, arguments[0], arguments[1]);
}

static noun built_in_scry(struct emitter *emitter, const noun *arguments)
{
    return emit_2(emitter, 12, arguments[0], arguments[1]);
}

static const struct built_in {
    const char *name;
    unsigned arguments;
    built_in_fn *emit;
} built_ins[] = {
    {"inc", 1, built_in_inc},   {"cell?", 1, built_in_is_cell}, {"not", 1, built_in_not},   {"head", 1, built_in_head},
    {"tail", 1, built_in_tail}, {"nock", 2, built_in_nock},     {"scry", 2, built_in_scry},
};

static const struct built_in *find_built_in(const struct node *name)
{
    for (size_t i = 0; name->list->next == NULL && i < COUNT_OF(built_ins); i++)
        if (name_is(name->list->name, built_ins[i].name))
            return &built_ins[i];
    return NULL;
}

static enum status emit_built_in(struct emitter *emitter, const struct built_in *built_in, const struct node *call,
                                 const struct shape *subject, struct emitted *out)
{
    noun arguments[BUILT_IN_ARGUMENTS_MAX] = {0};
    unsigned count = 0;
    for (const struct node *argument = call->list; argument != NULL; argument = argument->next)
        count++;
    if (count != built_in->arguments || call->is_named)
        return place_fail(call->place, "%s takes %u %s without names", built_in->name, built_in->arguments,
                          plural(built_in->arguments, "argument", "arguments"));
    count = 0;
    for (const struct node *argument = call->list; argument != NULL; argument = argument->next) {
        struct emitted value = {0};
        STATUS_TRY(emit(emitter, argument, subject, &value));
        arguments[count++] = value.formula;
    }
    *out = (struct emitted){built_in->emit(emitter, arguments), &shape_any};
    return STATUS_OK;
}

/* ---- edits ------------------------------------------------------------------ */

/* Applies edits to the product of `out`; the names are looked for in `shape`,
 * which lies at `axis` of that product. */
static enum status emit_edits(struct emitter *emitter, const struct node *edit, const struct shape *subject,
                              const struct shape *shape, uint64_t axis, struct emitted *out)
{
    for (; edit != NULL; edit = edit->next) {
        struct found found;
        bool is_there;
        STATUS_TRY(scope_find(shape, edit->pattern, &found, &is_there));
        if (!is_there)
            return emit_fail_unknown(edit->pattern);
        if (found.arm != NULL)
            return place_fail(edit->place, "an arm cannot be edited");
        uint64_t below = axis_below(axis, found.axis);
        if (below == 0)
            return place_fail(edit->place, "this is more than 62 levels deep");
        struct emitted value = {0};
        STATUS_TRY(emit(emitter, edit->first, subject, &value));
        noun patch = stack_cell(emitter->stack, below, value.formula);
        out->formula = emit_2(emitter, 10, patch, out->formula);
    }
    return STATUS_OK;
}

enum status emit_with(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out)
{
    STATUS_TRY(emit(emitter, node->first, subject, out));
    return emit_edits(emitter, node->list, subject, out->shape, 1, out);
}

/* ---- calls ------------------------------------------------------------------ */

/* Puts the arguments into the gate that `out` gives. */
static enum status emit_sample(struct emitter *emitter, const struct node *call, const struct shape *subject,
                               struct emitted *out)
{
    const struct shape *gate = out->shape;
    bool is_known = gate->kind == SHAPE_CORE && gate->first->kind == SHAPE_CELL;
    if (call->list == NULL)
        return STATUS_OK;
    if (call->is_named && !is_known)
        return place_fail(call->place, "the parameters of this gate are not known here; give arguments without names");
    if (call->is_named)
        return emit_edits(emitter, call->list, subject, gate->first->first, 6, out);
    struct emitted sample = {0};
    STATUS_TRY(emit_parts(emitter, call->list, subject, &sample));
    noun patch = stack_cell(emitter->stack, 6, sample.formula);
    out->formula = emit_2(emitter, 10, patch, out->formula);
    return STATUS_OK;
}

enum status emit_call(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out)
{
    bool is_there;
    STATUS_TRY(emit_name(emitter, node->first, subject, out, &is_there));
    if (!is_there) {
        const struct built_in *built_in = find_built_in(node->first);
        if (built_in == NULL)
            return emit_fail_unknown(node->first);
        return emit_built_in(emitter, built_in, node, subject, out);
    }
    STATUS_TRY(emit_sample(emitter, node, subject, out));
    *out = (struct emitted){emit_2(emitter, 9, 2, out->formula), &shape_any};
    return STATUS_OK;
}

/* ---- raw -------------------------------------------------------------------- */

static enum status raw_axis(const struct node *name, const struct shape *subject, noun *out)
{
    struct found found;
    bool is_there;
    STATUS_TRY(scope_find(subject, name, &found, &is_there));
    if (!is_there)
        return emit_fail_unknown(name);
    if (found.arm != NULL)
        return place_fail(name->place, "an arm has no axis in the subject; name its core");
    *out = found.axis;
    return STATUS_OK;
}

static enum status raw_parts(struct emitter *emitter, const struct node *part, const struct shape *subject,
                             struct wordstack *parts)
{
    for (; part != NULL; part = part->next) {
        noun one = 0;
        STATUS_TRY(emit_raw(emitter, part, subject, &one));
        wordstack_push(parts, one);
    }
    return STATUS_OK;
}

static enum status raw_cell(struct emitter *emitter, const struct node *node, const struct shape *subject, noun *out)
{
    struct wordstack parts;
    wordstack_init(&parts);
    enum status status = raw_parts(emitter, node->list, subject, &parts);
    *out = NOUN_NONE;
    while (status == STATUS_OK && !wordstack_is_empty(&parts)) {
        noun part = wordstack_pop(&parts);
        *out = *out == NOUN_NONE ? part : stack_cell(emitter->stack, part, *out);
    }
    wordstack_finish(&parts);
    return status;
}

enum status emit_raw(struct emitter *emitter, const struct node *node, const struct shape *subject, noun *out)
{
    struct emitted value = {0};
    switch (node->kind) {
    case NODE_CONSTANT:
        *out = node->value;
        return STATUS_OK;
    case NODE_AXIS:
        return raw_axis(node->first, subject, out);
    case NODE_FORMULA:
        STATUS_TRY(emit(emitter, node->first, subject, &value));
        *out = value.formula;
        return STATUS_OK;
    case NODE_NAME:
        if (emit_find_constant(emitter, node) == NULL)
            return place_fail(node->place,
                              "in a raw formula a name is a constant; `@name` is an axis, `(name)` a formula");
        *out = emit_find_constant(emitter, node)->value;
        return STATUS_OK;
    default:
        return raw_cell(emitter, node, subject, out);
    }
}
