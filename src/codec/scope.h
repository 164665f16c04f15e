/* Shapes: what the assembler knows of a noun, so that names become axes.
 *
 *   any            nothing
 *   face           the noun has a name; its parts are reached as name.part, or, if
 *                  the pattern that named it named them, by themselves
 *   cell           two parts, found without a name before them
 *   core           [battery payload]: found by its name, by its arms' names, then
 *                  in its payload; a gate is one whose payload is [sample context]
 *
 * The subject of an expression is a shape too, and a name is looked for in it
 * from the head on, so that what was named last is found first.
 *
 * Private to the codec.
 */
#ifndef CODEC_SCOPE_H
#define CODEC_SCOPE_H

#include "codec/syntax.h"

enum shape_kind { SHAPE_ANY, SHAPE_FACE, SHAPE_CELL, SHAPE_CORE };

struct shape {
    enum shape_kind kind;
    struct name name;          /* SHAPE_FACE, SHAPE_CORE; may be none */
    bool is_open;              /* SHAPE_FACE: the parts are found without it too */
    const struct node *arms;   /* SHAPE_CORE: NODE_ARM, with their axes */
    const struct shape *first; /* of a face: what; of a cell: head; of a core: payload */
    const struct shape *tail;
};

extern const struct shape shape_any;

const struct shape *shape_cell(struct syntax_memory *memory, const struct shape *head, const struct shape *tail);
const struct shape *shape_core(struct syntax_memory *memory, struct name name, const struct node *arms,
                               const struct shape *payload);

/* The shape of a noun of shape `inner` that is bound to a pattern. */
const struct shape *shape_of_pattern(struct syntax_memory *memory, const struct node *pattern,
                                     const struct shape *inner);

/* Where a name leads. */
struct found {
    uint64_t axis;             /* of the noun, or of the core whose arm it is */
    const struct shape *shape; /* of that */
    const struct node *arm;    /* NULL: a part, not an arm */
};

/* Finds a dotted name in `subject`.  False, with no message, if its first part
 * is not there; STATUS_INVALID for what is wrong after that. */
enum status scope_find(const struct shape *subject, const struct node *name, struct found *found,
                       bool *is_there) MUST_USE;

/* The axis `inner` below the axis `outer`, or 0 if that needs more than 63 bits
 * or either is 0. */
uint64_t axis_below(uint64_t outer, uint64_t inner);

#endif
