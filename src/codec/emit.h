/* The tree as Nock.
 *
 *   name       [0 axis], or [9 axis-of-arm 0 axis-of-core]
 *   f(a, b)    [9 2 10 [6 A B] F]
 *   let        [8 VALUE BODY]                    subject: [value subject]
 *   gate       [[1 BODY] [1 SAMPLE] 0 1]         subject: [body sample subject]
 *   loop       [9 2 [1 BODY] INITIAL 0 1]        the same
 *   core       [[1 BATTERY] 0 1]                 subject: [battery subject]
 *   door       [[1 BATTERY] SAMPLE 0 1]          subject: [battery sample subject]
 *   x with     [10 [axis EDIT] X]
 *   fast       [7 CORE 11 [%fast 1 label parent 0] 0 1]
 *
 * Private to the codec.
 */
#ifndef CODEC_EMIT_H
#define CODEC_EMIT_H

#include "codec/scope.h"

struct emitter {
    struct stack *stack;
    struct syntax_memory *memory;
    struct node *constants; /* NODE_CONST with `value`, newest first */
    unsigned depth;
};

/* What an expression comes to. */
struct emitted {
    noun formula;
    const struct shape *shape; /* of its product */
};

enum status emit(struct emitter *emitter, const struct node *node, const struct shape *subject,
                 struct emitted *out) MUST_USE;

/* ---- between the files of the emitter --------------------------------------- */

enum status emit_core(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out) MUST_USE;
enum status emit_door(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out) MUST_USE;
enum status emit_gate(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out) MUST_USE;
enum status emit_loop(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out) MUST_USE;
enum status emit_match(struct emitter *emitter, const struct node *node, const struct shape *subject,
                       struct emitted *out) MUST_USE;
enum status emit_call(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out) MUST_USE;
enum status emit_with(struct emitter *emitter, const struct node *node, const struct shape *subject,
                      struct emitted *out) MUST_USE;
enum status emit_raw(struct emitter *emitter, const struct node *node, const struct shape *subject, noun *out) MUST_USE;

/* The parts of a list as one cell, right-nested; one part is itself. */
enum status emit_parts(struct emitter *emitter, const struct node *parts, const struct shape *subject,
                       struct emitted *out) MUST_USE;

/* A part or an arm by its name; *is_there is false for what only a constant or
 * a built-in may be called. */
enum status emit_name(struct emitter *emitter, const struct node *name, const struct shape *subject,
                      struct emitted *out, bool *is_there) MUST_USE;
const struct node *emit_find_constant(const struct emitter *emitter, const struct node *name);
enum status emit_fail_unknown(const struct node *name);

/* The shape of a gate with this sample, which is also the subject of its body. */
const struct shape *emit_gate_shape(struct emitter *emitter, struct name name, const struct shape *sample,
                                    const struct shape *context);

/* A product that must be known now: of a constant, a label. */
enum status emit_constant(struct emitter *emitter, const struct node *node, noun *out) MUST_USE;

/* Wraps a formula whose product is a core in its registration; axis 0: a root. */
noun emit_fast(struct emitter *emitter, noun formula, noun label, uint64_t parent_axis);

/* [operation first second] */
static inline noun emit_2(struct emitter *emitter, uint64_t operation, noun first, noun second)
{
    return stack_triple(emitter->stack, operation, first, second);
}

static inline noun emit_quote(struct emitter *emitter, noun n)
{
    return stack_cell(emitter->stack, 1, n);
}

static inline bool emit_is_quote(noun formula)
{
    return noun_is_cell(formula) && noun_head(formula) == 1;
}

#endif
