#include "model/reducer.h"

#include <stdlib.h>

/* A virtual context: where crashes are caught and scries answered. */
struct context {
    const struct context *outer;
    const struct tree *outer_trace;
    const struct tree *scry;   /* NULL at the top: opcode 12 crashes */
    const struct tree **memos; /* list of [[subject body] product] */
};

enum failure { CRASHED, BLOCKED, GAVE_UP };

struct reducer {
    struct tree_arena *arena;
    const struct reducer_options *options;
    uint64_t steps_left;
    unsigned depth;
    const struct tree *slogs;
    /* Why the newest evaluation gave NULL, and in which context. */
    enum failure failure;
    const struct context *failed_in;
    const struct tree *failed_with; /* the trace; the path for BLOCKED */
};

static const struct tree *fail(struct reducer *r, enum failure failure, const struct context *context,
                               const struct tree *with)
{
    r->failure = failure;
    r->failed_in = context;
    r->failed_with = with;
    return NULL;
}

static bool is_pair(const struct tree *t)
{
    return tree_is_cell(t);
}

static bool is_triple(const struct tree *t)
{
    return tree_is_cell(t) && tree_is_cell(t->tail);
}

static bool is_axis(const struct tree *t)
{
    return !tree_is_cell(t) && t->count > 0;
}

static const struct tree *loobean(struct reducer *r, bool yes)
{
    return tree_atom(r->arena, yes ? 0 : 1);
}

/* The part at an axis of any length, or NULL. */
static const struct tree *part(const struct tree *t, const struct tree *axis)
{
    if (!is_axis(axis))
        return NULL;
    for (size_t bit = tree_length_bits(axis) - 1; bit > 0; bit--) {
        if (!tree_is_cell(t))
            return NULL;
        t = tree_bit(axis, bit - 1) ? t->tail : t->head;
    }
    return t;
}

/* `t` with the part that the lowest `bits` bits of the axis lead to replaced; NULL if there is none. */
static const struct tree *edit(struct reducer *r, const struct tree *t, const struct tree *axis, size_t bits,
                               const struct tree *patch)
{
    if (bits == 0)
        return patch;
    if (!tree_is_cell(t))
        return NULL;
    bool right = tree_bit(axis, bits - 1);
    const struct tree *child = edit(r, right ? t->tail : t->head, axis, bits - 1, patch);
    if (child == NULL)
        return NULL;
    return right ? tree_cell(r->arena, t->head, child) : tree_cell(r->arena, child, t->tail);
}

static const struct tree *increment(struct reducer *r, const struct tree *atom)
{
    uint64_t *words = calloc(atom->count + 1, sizeof *words);
    CHECK(words != NULL);
    memcpy(words, atom->words, atom->count * sizeof *words);
    for (size_t i = 0; ++words[i] == 0;)
        i++;
    const struct tree *next = tree_atom_from_words(r->arena, words, atom->count + 1);
    free(words);
    return next;
}

static bool is_word_of(const struct tree *tag, const char *const *names)
{
    for (; *names != NULL; names++) {
        uint64_t word = 0;
        memcpy(&word, *names, strlen(*names));
        if (tree_is_word(tag, word))
            return true;
    }
    return false;
}

static bool is_memo_tag(const struct tree *tag)
{
    return is_word_of(tag, (const char *const[]){"memo", NULL});
}

/* The remembered product, or NULL. */
static const struct tree *memo_find(struct reducer *r, const struct context *context, const struct tree *subject,
                                    const struct tree *body)
{
    for (const struct tree *memos = *context->memos; tree_is_cell(memos); memos = memos->tail) {
        const struct tree *memo = memos->head;
        if (tree_equal(memo->head->tail, body, &r->steps_left) && tree_equal(memo->head->head, subject, &r->steps_left))
            return memo->tail;
    }
    return NULL;
}

static void memo_store(struct reducer *r, const struct context *context, const struct tree *subject,
                       const struct tree *body, const struct tree *product)
{
    const struct tree *memo = tree_cell(r->arena, tree_cell(r->arena, subject, body), product);
    *context->memos = tree_cell(r->arena, memo, *context->memos);
}

static bool is_trace_tag(const struct tree *tag)
{
    return is_word_of(tag, (const char *const[]){"mean", "spot", "hunk", "lose", "hand", NULL});
}

/* A clue of another shape, or of a priority beyond 63 bits, is ignored. */
static bool is_slog(const struct tree *tag, const struct tree *clue)
{
    return is_word_of(tag, (const char *const[]){"slog", NULL}) && tree_is_cell(clue) && !tree_is_cell(clue->head) &&
           tree_length_bits(clue->head) < 64;
}

static const struct tree *reduce(struct reducer *r, const struct context *context, const struct tree *trace,
                                 const struct tree *subject, const struct tree *formula);

/* docs/nock.md, section 5.  The handler runs in the context outside, where mink was called. */
static const struct tree *scry(struct reducer *r, const struct context *context, const struct tree *trace,
                               const struct tree *reference, const struct tree *path)
{
    if (context->scry == NULL)
        return fail(r, CRASHED, context, trace);
    const struct tree *gate = context->scry, *outer_trace = context->outer_trace;
    if (!is_triple(gate))
        return fail(r, CRASHED, context->outer, outer_trace);
    const struct tree *sample = tree_cell(r->arena, reference, path);
    const struct tree *core = tree_cell(r->arena, gate->head, tree_cell(r->arena, sample, gate->tail->tail));
    const struct tree *answer = reduce(r, context->outer, outer_trace, core, gate->head);
    if (answer == NULL)
        return NULL; /* its failure is the outer context's */
    if (tree_is_word(answer, 0))
        return fail(r, BLOCKED, context, path);
    if (!tree_is_cell(answer))
        return fail(r, CRASHED, context->outer, outer_trace);
    if (tree_is_word(answer->tail, 0)) {
        const struct tree *hunk = tree_cell(r->arena, tree_cord(r->arena, "hunk"), sample);
        return fail(r, CRASHED, context, tree_cell(r->arena, hunk, trace));
    }
    return tree_is_cell(answer->tail) ? answer->tail->tail : fail(r, CRASHED, context->outer, outer_trace);
}

static const struct tree *mink(struct reducer *r, const struct context *context, const struct tree *trace,
                               const struct tree *core)
{
    const struct tree *sample = core->tail->head;
    if (!is_pair(sample) || !is_pair(sample->head))
        return fail(r, CRASHED, context, trace);
    const struct tree *memos = tree_atom(r->arena, 0);
    struct context inner = {.outer = context, .outer_trace = trace, .scry = sample->tail, .memos = &memos};
    const struct tree *product = reduce(r, &inner, tree_atom(r->arena, 0), sample->head->head, sample->head->tail);
    if (product != NULL)
        return tree_cell(r->arena, tree_atom(r->arena, 0), product);
    if (r->failed_in != &inner || r->failure == GAVE_UP)
        return NULL;
    return tree_cell(r->arena, tree_atom(r->arena, r->failure == BLOCKED ? 1 : 2), r->failed_with);
}

static bool is_mink(struct reducer *r, const struct tree *core, const struct tree *formula)
{
    const struct tree *battery = r->options->mink_battery;
    return battery != NULL && is_triple(core) && tree_equal(formula, battery, &r->steps_left) &&
           tree_equal(core->head, battery, &r->steps_left) &&
           tree_equal(core->tail->tail, r->options->mink_root, &r->steps_left);
}

/* Evaluates an operand in the same context, or returns NULL from the caller. */
#define EVALUATE(name, operand)                                                                                        \
    const struct tree *name = reduce(r, context, trace, subject, operand);                                             \
    if (name == NULL)                                                                                                  \
    return NULL

#define CRASH_UNLESS(condition)                                                                                        \
    if (!(condition))                                                                                                  \
    return fail(r, CRASHED, context, trace)

static const struct tree *reduce_at_depth(struct reducer *r, const struct context *context, const struct tree *trace,
                                          const struct tree *subject, const struct tree *formula)
{
    for (;;) { /* a tail call goes round */
        if (r->steps_left == 0)
            return fail(r, GAVE_UP, context, trace);
        r->steps_left--;
        CRASH_UNLESS(is_pair(formula));
        const struct tree *op = formula->head, *argument = formula->tail;
        if (tree_is_cell(op)) {
            EVALUATE(head, op);
            EVALUATE(tail, argument);
            return tree_cell(r->arena, head, tail);
        }
        switch (op->count == 0 ? 0 : op->count == 1 ? op->words[0] : 13) {
        case 0: {
            const struct tree *found = part(subject, argument);
            CRASH_UNLESS(found != NULL);
            return found;
        }
        case 1:
            return argument;
        case 2: {
            CRASH_UNLESS(is_pair(argument));
            EVALUATE(next_subject, argument->head);
            EVALUATE(next_formula, argument->tail);
            subject = next_subject;
            formula = next_formula;
            break;
        }
        case 3: {
            EVALUATE(product, argument);
            return loobean(r, tree_is_cell(product));
        }
        case 4: {
            EVALUATE(product, argument);
            CRASH_UNLESS(!tree_is_cell(product));
            return increment(r, product);
        }
        case 5: {
            CRASH_UNLESS(is_pair(argument));
            EVALUATE(left, argument->head);
            EVALUATE(right, argument->tail);
            return loobean(r, tree_equal(left, right, &r->steps_left));
        }
        case 6: {
            CRASH_UNLESS(is_triple(argument));
            EVALUATE(test, argument->head);
            CRASH_UNLESS(tree_is_word(test, 0) || tree_is_word(test, 1));
            formula = tree_is_word(test, 0) ? argument->tail->head : argument->tail->tail;
            break;
        }
        case 7: {
            CRASH_UNLESS(is_pair(argument));
            EVALUATE(product, argument->head);
            subject = product;
            formula = argument->tail;
            break;
        }
        case 8: {
            CRASH_UNLESS(is_pair(argument));
            EVALUATE(product, argument->head);
            subject = tree_cell(r->arena, product, subject);
            formula = argument->tail;
            break;
        }
        case 9: {
            CRASH_UNLESS(is_pair(argument));
            EVALUATE(core, argument->tail);
            formula = part(core, argument->head);
            CRASH_UNLESS(formula != NULL);
            if (is_mink(r, core, formula))
                return mink(r, context, trace, core);
            subject = core;
            break;
        }
        case 10: {
            CRASH_UNLESS(is_pair(argument) && is_pair(argument->head));
            EVALUATE(target, argument->tail);
            EVALUATE(patch, argument->head->tail);
            const struct tree *axis = argument->head->head;
            CRASH_UNLESS(part(target, axis) != NULL);
            return edit(r, target, axis, tree_length_bits(axis) - 1, patch);
        }
        case 11: {
            CRASH_UNLESS(is_pair(argument));
            const struct tree *hint = argument->head;
            formula = argument->tail;
            if (!tree_is_cell(hint))
                break;
            CRASH_UNLESS(!tree_is_cell(hint->head));
            bool is_memo = is_memo_tag(hint->head);
            const struct tree *remembered = is_memo ? memo_find(r, context, subject, formula) : NULL;
            if (remembered != NULL)
                return remembered; /* not even the clue is looked at */
            EVALUATE(clue, hint->tail);
            if (is_memo) {
                EVALUATE(product, formula);
                memo_store(r, context, subject, formula, product);
                return product;
            }
            if (is_trace_tag(hint->head))
                trace = tree_cell(r->arena, tree_cell(r->arena, hint->head, clue), trace);
            if (is_slog(hint->head, clue))
                r->slogs = tree_cell(r->arena, clue, r->slogs);
            break;
        }
        case 12: {
            CRASH_UNLESS(is_pair(argument));
            EVALUATE(reference, argument->head);
            EVALUATE(path, argument->tail);
            return scry(r, context, trace, reference, path);
        }
        default:
            return fail(r, CRASHED, context, trace);
        }
    }
}

static const struct tree *reduce(struct reducer *r, const struct context *context, const struct tree *trace,
                                 const struct tree *subject, const struct tree *formula)
{
    if (r->depth == r->options->depth_max)
        return fail(r, GAVE_UP, context, trace);
    r->depth++;
    const struct tree *product = reduce_at_depth(r, context, trace, subject, formula);
    r->depth--;
    return product;
}

struct reducer_result reducer_run(struct tree_arena *arena, const struct reducer_options *options,
                                  const struct tree *subject, const struct tree *formula)
{
    struct reducer r = {.arena = arena, .options = options, .steps_left = options->steps_max};
    const struct tree *memos = tree_atom(arena, 0);
    struct context top = {.memos = &memos};
    r.slogs = tree_atom(arena, 0);
    const struct tree *product = reduce(&r, &top, tree_atom(arena, 0), subject, formula);
    struct reducer_result result = {.product = product, .slogs = r.slogs, .steps = options->steps_max - r.steps_left};
    if (r.steps_left == 0 || (product == NULL && r.failure == GAVE_UP))
        result.outcome = REDUCER_GAVE_UP;
    else if (product == NULL) {
        CHECK(r.failure != BLOCKED); /* the top has no scry gate to block */
        result.outcome = REDUCER_CRASHED;
        result.product = r.failed_with;
    }
    return result;
}
