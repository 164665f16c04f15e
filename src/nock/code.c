#include "nock/compile.h"

#include <stdlib.h>

#define LINE_KEPT_MAX 4096 /* instructions */

/* ---- operations --------------------------------------------------------------- */

uint32_t operation_slots(enum operation operation)
{
    switch (operation) {
    case OPERATION_LABEL:
    case OPERATION_USE:
        return 0;
    case OPERATION_CRASH:
    case OPERATION_HELA:
        return 1;
    case OPERATION_CONSTANT:
    case OPERATION_AXIS:
    case OPERATION_AXIS_BIG:
    case OPERATION_CONS_HEAD:
    case OPERATION_CONS_TAIL:
    case OPERATION_EDIT:
    case OPERATION_JUMP_UNLESS_YES:
    case OPERATION_JUMP_UNLESS_EQUAL:
    case OPERATION_JUMP_UNLESS_CELL:
    case OPERATION_MEMO_STORE:
    case OPERATION_TRACE:
    case OPERATION_FAST:
        return 3;
    case OPERATION_JUMP_UNLESS_IS:
    case OPERATION_MEMO_FIND:
        return 4;
    case OPERATION_CALL:
    case OPERATION_SCRY:
        return 2 + LANDING_SLOTS;
    case OPERATION_PULL:
        return 3 + LANDING_SLOTS;
    default:
        return 2;
    }
}

bool operation_has_landing(enum operation operation)
{
    return operation == OPERATION_CALL || operation == OPERATION_SCRY || operation == OPERATION_PULL;
}

enum operation slot_operation(const struct codes *codes, const struct slot *slot)
{
    unsigned operation = 0;
    while (codes->handlers[operation] != slot->handler)
        operation++;
    return (enum operation)operation;
}

/* ---- codes ------------------------------------------------------------------------ */

static void codes_add(struct codes *codes, struct code *code)
{
    if (codes->count == codes->capacity) {
        codes->capacity = codes->capacity == 0 ? 256 : codes->capacity * 2;
        codes->all = realloc(codes->all, codes->capacity * sizeof(struct code *));
        if (codes->all == NULL)
            check_out_of_memory(__FILE__, __LINE__, codes->capacity * sizeof(struct code *));
    }
    codes->all[codes->count++] = code;
}

/* In the line and the memory of the last one. */
static struct program begin_program(struct codes *codes)
{
    struct program program = {
        .instructions = codes->line,
        .capacity = codes->line_capacity,
        .scratch = codes->scratch,
    };
    codes->line = NULL;
    codes->line_capacity = 0;
    codes->scratch = NULL;
    return program;
}

static void end_program(struct codes *codes, struct program *program)
{
    block_empty(&program->scratch);
    if (program->capacity > LINE_KEPT_MAX) {
        free(program->instructions);
        *program = (struct program){.scratch = program->scratch};
    }
    codes->line = program->instructions;
    codes->line_capacity = program->capacity;
    codes->scratch = program->scratch;
}

struct code *code_compile(struct nock *machine, struct known *known, struct shape shape)
{
    struct code *code = calloc(1, sizeof *code);
    if (code == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *code);
    code->known = known;
    code->shape = shape;
    struct program program = begin_program(&machine->codes);
    generate(machine, &program, known, shape);
    assign(machine, &program, code);
    native_prepare(machine, code);
    code->blocks = program.kept;
    end_program(&machine->codes, &program);
    code->next = known->codes;
    known->codes = code;
    if (shape_equal(shape, SHAPE_GATE))
        known->gate = code;
    codes_add(&machine->codes, code);
    machine->codes.has_news = true;
    code_recall(machine, code);
    machine->statistics.formulas_compiled++;
    return code;
}

struct code *code_for(struct nock *machine, struct known *known, struct shape shape)
{
    for (struct code *code = known->codes; code != NULL; code = code->next)
        if (shape_equal(code->shape, shape))
            return code;
    return code_compile(machine, known, shape);
}

void code_free(struct code *code)
{
    block_free(&code->blocks);
    free(code->constants);
    free(code->slots);
    free(code->hints);
    free(code);
}

void codes_finish(struct codes *codes)
{
    codes->freed++;
    for (size_t i = 0; i < codes->count; i++)
        code_free(codes->all[i]);
    free(codes->all);
    free(codes->sorted);
    free(codes->listed);
    free(codes->line);
    block_free(&codes->scratch);
}

const struct hint *code_hint_at(const struct code *code, const struct slot *at)
{
    uint32_t slot = (uint32_t)(at - code->slots);
    uint32_t low = 0, high = code->hints_count; /* the last range from low on that starts at or before slot */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (code->hints[middle].from_slot <= slot)
            low = middle;
        else
            high = middle;
    }
    return code->hints_count == 0 ? NULL : code->hints[low].hint;
}

static int compare_codes(const void *a, const void *b)
{
    const struct code *const *code_a = a, *const *code_b = b;
    return ((*code_a)->slots > (*code_b)->slots) - ((*code_a)->slots < (*code_b)->slots);
}

const struct code *codes_find(struct codes *codes, const struct slot *at)
{
    if (codes->sorted_count != codes->count) {
        codes->sorted = realloc(codes->sorted, codes->count * sizeof(struct code *));
        if (codes->sorted == NULL)
            check_out_of_memory(__FILE__, __LINE__, codes->count * sizeof(struct code *));
        memcpy(codes->sorted, codes->all, codes->count * sizeof(struct code *));
        qsort(codes->sorted, codes->count, sizeof(struct code *), compare_codes);
        codes->sorted_count = codes->count;
    }
    size_t low = 0, high = codes->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (codes->sorted[middle]->slots <= at)
            low = middle;
        else
            high = middle;
    }
    return codes->sorted[low];
}
