/* What the files of the generator share: see generate.c for the design. */
#ifndef NOCK_GENERATE_H
#define NOCK_GENERATE_H

#include "nock/compile.h"

enum value_kind { VALUE_REGISTER, VALUE_CONSTANT, VALUE_PAIR };

struct value {
    enum value_kind kind;
    uint32_t where;     /* register that holds it, or REGISTER_NONE */
    uint32_t constant;  /* VALUE_CONSTANT: index */
    struct value *head; /* VALUE_PAIR: always; VALUE_REGISTER: if loaded */
    struct value *tail;
    struct load *loads; /* VALUE_REGISTER: parts further down that were loaded */
};

struct generator {
    struct nock *machine;
    struct program *program;
    struct scope *scope; /* the hints around */
    unsigned depth;      /* of the formula in the formula */
    struct undo *undo;
    size_t undo_count, undo_capacity;
};

/* ---- value.c: the line and its values ---- */

/* A new instruction, valid until the next one. */
struct instruction *line_emit(struct generator *g, enum operation operation);
uint32_t line_register(struct generator *g);
uint32_t line_label(struct generator *g);
void line_place(struct generator *g, uint32_t label);
void line_jump(struct generator *g, uint32_t label);
void line_move(struct generator *g, uint32_t from, uint32_t to);
uint32_t line_constant(struct generator *g, noun n);

struct value *value_in_register(struct generator *g, uint32_t where);
struct value *value_of_constant(struct generator *g, noun n);
struct value *value_of_pair(struct generator *g, struct value *head, struct value *tail);
noun value_constant(const struct generator *g, const struct value *value);

/* Forgets what was learned about values since undo_count was `mark`. */
void value_forget(struct generator *g, size_t mark);

/* The register that holds the value, built now if need be. */
uint32_t value_materialize(struct generator *g, struct value *value);

/* Emits a crash; what follows is never reached, but needs a value to go on with. */
struct value *value_crash(struct generator *g);

/* The part at a non-zero axis; the same for any noun as axis. */
struct value *value_part(struct generator *g, struct value *value, uint64_t axis);
struct value *value_part_at(struct generator *g, struct value *value, noun axis);

/* `value` with `patch` at the axis, `steps` bits of which are still to go. */
struct value *value_edited(struct generator *g, struct value *value, uint64_t axis, unsigned steps,
                           struct value *patch);

/* ---- generate_call.c ---- */

/* A call of the formula, which is put in a register if it is no constant. */
struct call *call_new(struct generator *g, struct value *formula);
/* Takes the subject apart into the call's arguments. */
void call_pass(struct generator *g, struct call *call, struct value *subject, bool formula_is_battery);
/* The call's product; NULL for a tail call. */
struct value *call_emit(struct generator *g, struct call *call, bool tail);
/* Returns the value, if this is the tail; then NULL. */
struct value *generate_finish(struct generator *g, struct value *value, bool tail);
/* Keeps the clues of the hints around here alive to here. */
void hint_use_clues(struct generator *g);
struct scope *hint_scope(struct generator *g, struct scope *outer, uint32_t tag_constant);

/* ---- generate.c ---- */

/* The formula's product on the subject; NULL if it was returned (`tail`). */
struct value *generate_formula(struct generator *g, noun formula, struct value *subject, bool tail);
struct value *generate_value(struct generator *g, noun formula, struct value *subject);

/* Is it [opcode a b]? */
static inline bool formula_is(noun formula, noun opcode)
{
    return noun_is_cell(formula) && noun_head(formula) == opcode && noun_is_cell(noun_tail(formula));
}

/* ---- generate_pull.c, generate_hint.c: opcodes 8 and 11 ---- */

struct value *generate_8(struct generator *g, noun argument, struct value *subject, bool tail);
struct value *generate_11(struct generator *g, noun argument, struct value *subject, bool tail);

#endif
