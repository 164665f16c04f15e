#include "nock/generate.h"

static struct value *generate_memo(struct generator *g, noun clue, noun body, struct value *subject)
{
    uint32_t where = value_materialize(g, subject), result = line_register(g), end = line_label(g);
    uint32_t constant = line_constant(g, body);
    struct instruction *find = line_emit(g, OPERATION_MEMO_FIND);
    find->read[0] = where;
    find->written = result;
    find->constant = constant;
    find->target = end;
    size_t mark = g->undo_count;
    generate_value(g, clue, subject);
    uint32_t product = value_materialize(g, generate_value(g, body, subject));
    value_forget(g, mark);
    struct instruction *store = line_emit(g, OPERATION_MEMO_STORE);
    store->read[0] = where;
    store->read[1] = product;
    store->constant = constant;
    line_move(g, product, result);
    line_place(g, end);
    return value_in_register(g, result);
}

static struct value *generate_fast(struct generator *g, noun clue, noun body, struct value *subject)
{
    uint32_t clue_where = value_materialize(g, generate_value(g, clue, subject));
    struct value *core = generate_value(g, body, subject);
    uint32_t core_where = value_materialize(g, core);
    struct instruction *fast = line_emit(g, OPERATION_FAST);
    fast->read[0] = core_where;
    fast->read[1] = clue_where;
    return core;
}

static struct value *generate_bout(struct generator *g, noun body, struct value *subject)
{
    struct instruction *begin = line_emit(g, OPERATION_BOUT_BEGIN);
    uint32_t start = begin->written = line_register(g);
    struct value *value = generate_value(g, body, subject);
    line_emit(g, OPERATION_BOUT_END)->read[0] = start;
    return value;
}

/* %mean, %spot and their like: the clue stands on the trace around the body. */
static struct value *generate_traced(struct generator *g, noun tag, noun clue, noun body, struct value *subject,
                                     bool tail)
{
    struct value *clue_value = generate_value(g, clue, subject);
    struct scope *scope = hint_scope(g, g->scope, line_constant(g, tag));
    if (clue_value->kind == VALUE_CONSTANT) {
        scope->clue_constant = clue_value->constant;
    } else {
        scope->clue = value_materialize(g, clue_value);
        scope->is_constant = false;
    }
    g->scope = scope;
    struct value *value = generate_formula(g, body, subject, tail);
    if (!tail)
        hint_use_clues(g);
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
        return generate_finish(g, generate_memo(g, clue, body, subject), tail);
    if (tag == noun_cord("fast"))
        return generate_finish(g, generate_fast(g, clue, body, subject), tail);
    struct value *clue_value = generate_value(g, clue, subject);
    if (tag == noun_cord("bout"))
        return generate_finish(g, generate_bout(g, body, subject), tail);
    if (tag == noun_cord("slog")) {
        uint32_t where = value_materialize(g, clue_value);
        line_emit(g, OPERATION_SLOG)->read[0] = where;
    }
    if (tag == noun_cord("hela"))
        line_emit(g, OPERATION_HELA);
    return generate_formula(g, body, subject, tail);
}

struct value *generate_11(struct generator *g, noun argument, struct value *subject, bool tail)
{
    noun hint = noun_head(argument), body = noun_tail(argument);
    if (noun_is_cell(hint)) {
        if (noun_is_cell(noun_head(hint)))
            return generate_finish(g, value_crash(g), tail);
        return generate_dynamic_hint(g, noun_head(hint), noun_tail(hint), body, subject, tail);
    }
    if (hint == noun_cord("bout"))
        return generate_finish(g, generate_bout(g, body, subject), tail);
    return generate_formula(g, body, subject, tail);
}
