#include "codec/scope.h"

const struct shape shape_any = {.kind = SHAPE_ANY};

static const struct shape *keep(struct syntax_memory *memory, struct shape shape)
{
    struct shape *kept = syntax_allocate(memory, sizeof *kept);
    *kept = shape;
    return kept;
}

/* What a pattern with parts names can be reached with and without its name. */
static const struct shape *shape_face(struct syntax_memory *memory, struct name name, const struct shape *inner,
                                      bool is_open)
{
    return keep(memory, (struct shape){.kind = SHAPE_FACE, .name = name, .first = inner, .is_open = is_open});
}

const struct shape *shape_cell(struct syntax_memory *memory, const struct shape *head, const struct shape *tail)
{
    return keep(memory, (struct shape){.kind = SHAPE_CELL, .first = head, .tail = tail});
}

const struct shape *shape_core(struct syntax_memory *memory, struct name name, const struct node *arms,
                               const struct shape *payload)
{
    return keep(memory, (struct shape){.kind = SHAPE_CORE, .name = name, .arms = arms, .first = payload});
}

/* ---- patterns -------------------------------------------------------------- */

/* Right-nested; `part` is the first of at least two. */
static const struct shape *shape_of_parts(struct syntax_memory *memory, const struct node *part)
{
    const struct shape *whole = NULL;
    const struct shape **end = &whole;
    for (; part->next != NULL; part = part->next) {
        struct shape *cell = syntax_allocate(memory, sizeof *cell);
        *cell = (struct shape){.kind = SHAPE_CELL, .first = shape_of_pattern(memory, part, &shape_any)};
        *end = cell;
        end = &cell->tail;
    }
    *end = shape_of_pattern(memory, part, &shape_any);
    return whole;
}

const struct shape *shape_of_pattern(struct syntax_memory *memory, const struct node *pattern,
                                     const struct shape *inner)
{
    switch (pattern->kind) {
    case NODE_BIND:
        if (pattern->first != NULL)
            inner = shape_of_pattern(memory, pattern->first, inner);
        return shape_face(memory, pattern->name, inner, pattern->first != NULL);
    case NODE_PARTS:
        return shape_of_parts(memory, pattern->list);
    default:
        return &shape_any;
    }
}

/* ---- names ------------------------------------------------------------------ */

uint64_t axis_below(uint64_t outer, uint64_t inner)
{
    if (outer == 0 || inner == 0)
        return 0;
    unsigned depth = bits_length(inner) - 1;
    if (bits_length(outer) + depth > 63)
        return 0;
    return outer << depth | (inner ^ (uint64_t)1 << depth);
}

static const struct node *find_arm(const struct shape *core, struct name name)
{
    for (const struct node *arm = core->arms; arm != NULL; arm = arm->next)
        if (name_equal(arm->name, name))
            return arm;
    return NULL;
}

/* Recurses on heads only, whose depth is that of a pattern.  What is too deep for
 * an axis is found at axis 0. */
static bool find_one(const struct shape *shape, uint64_t axis, struct name name, struct found *found)
{
    for (;;) {
        *found = (struct found){.axis = axis, .shape = shape};
        switch (shape->kind) {
        case SHAPE_ANY:
            return false;
        case SHAPE_FACE:
            found->shape = shape->first;
            if (name_equal(shape->name, name))
                return true;
            if (!shape->is_open)
                return false;
            shape = shape->first;
            break;
        case SHAPE_CORE:
            if (shape->name.size_bytes > 0 && name_equal(shape->name, name))
                return true;
            found->arm = find_arm(shape, name);
            if (found->arm != NULL)
                return true;
            shape = shape->first;
            axis = axis_below(axis, 3);
            break;
        case SHAPE_CELL:
            if (find_one(shape->first, axis_below(axis, 2), name, found))
                return true;
            shape = shape->tail;
            axis = axis_below(axis, 3);
            break;
        }
    }
}

static enum status step(const struct node *name, struct found *found)
{
    int length = (int)name->name.size_bytes;
    if (found->arm != NULL)
        return place_fail(name->place, "`%.*s` is a part of an arm's product, whose shape is not known", length,
                          name->name.start);
    struct found inner;
    if (!find_one(found->shape, 1, name->name, &inner))
        return place_fail(name->place, "nothing here is called `%.*s`", length, name->name.start);
    inner.axis = axis_below(found->axis, inner.axis);
    *found = inner;
    return STATUS_OK;
}

enum status scope_find(const struct shape *subject, const struct node *name, struct found *found, bool *is_there)
{
    const struct node *part = name->list;
    *is_there = find_one(subject, 1, part->name, found);
    for (part = part->next; *is_there && part != NULL; part = part->next)
        STATUS_TRY(step(part, found));
    if (*is_there && found->axis == 0)
        return place_fail(name->place, "`%.*s` is more than 62 levels deep in the subject; bind it closer by",
                          (int)name->list->name.size_bytes, name->list->name.start);
    return STATUS_OK;
}
