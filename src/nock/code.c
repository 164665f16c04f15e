#include "nock/compile.h"

#include <stdlib.h>

#define LINE_KEPT_MAX 4096 /* instructions */

/* ---- operations --------------------------------------------------------------- */

const uint8_t operations_slots[] = {
    [OPERATION_CONSTANT] = 3,
    [OPERATION_MOVE] = 2,
    [OPERATION_HEAD] = 2,
    [OPERATION_TAIL] = 2,
    [OPERATION_AXIS] = 3,
    [OPERATION_AXIS_BIG] = 3,
    [OPERATION_CONS] = 2,
    [OPERATION_CONS_HEAD] = 3,
    [OPERATION_CONS_TAIL] = 3,
    [OPERATION_EDIT] = 3,
    [OPERATION_INCREMENT] = 2,
    [OPERATION_EQUAL] = 2,
    [OPERATION_IS_CELL] = 2,
    [OPERATION_JUMP] = 2,
    [OPERATION_JUMP_UNLESS_YES] = 3,
    [OPERATION_JUMP_UNLESS_EQUAL] = 3,
    [OPERATION_JUMP_UNLESS_IS] = 4,
    [OPERATION_JUMP_UNLESS_CELL] = 3,
    [OPERATION_RETURN] = 2,
    [OPERATION_CALL] = 2 + LANDING_SLOTS,
    [OPERATION_PULL] = 3 + LANDING_SLOTS,
    [OPERATION_CALL_TAIL] = 2,
    [OPERATION_CRASH] = 1,
    [OPERATION_SCRY] = 2 + LANDING_SLOTS,
    [OPERATION_MEMO_FIND] = 4,
    [OPERATION_MEMO_STORE] = 3,
    [OPERATION_ARM_FIND] = 4,
    [OPERATION_ARM_STORE] = 3,
    [OPERATION_FAST] = 3,
    [OPERATION_SLOG] = 2,
    [OPERATION_HELA] = 1,
    [OPERATION_BOUT_BEGIN] = 2,
    [OPERATION_BOUT_END] = 2,
    [OPERATION_TRACE_CONSTANT] = 2,
    [OPERATION_TRACE] = 3,
    [OPERATION_LABEL] = 0,
    [OPERATION_USE] = 0,
};

static size_t operation_place(const struct codes *codes, const void *handler)
{
    size_t place = (size_t)((uint64_t)(uintptr_t)handler * 0x9e3779b97f4a7c15u >> (64 - OPERATIONS_HASH_BITS));
    while (codes->operations[place] != OPERATION_COUNT && codes->handlers[codes->operations[place]] != handler)
        place = (place + 1) % COUNT_OF(codes->operations);
    return place;
}

enum operation slot_operation(const struct codes *codes, const struct slot *slot)
{
    return codes->operations[operation_place(codes, slot->handler)];
}

void codes_init(struct codes *codes, const void *const *handlers)
{
    codes->handlers = handlers;
    memset(codes->operations, OPERATION_COUNT, sizeof codes->operations);
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        size_t place = operation_place(codes, handlers[i]);
        if (codes->operations[place] == OPERATION_COUNT)
            codes->operations[place] = (uint8_t)i;
    }
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

/* In the memory of the last one. */
static struct program *begin_program(struct codes *codes)
{
    if (codes->program == NULL) {
        codes->program = calloc(1, sizeof *codes->program);
        if (codes->program == NULL)
            check_out_of_memory(__FILE__, __LINE__, sizeof *codes->program);
    }
    struct program *program = codes->program;
    program->count = program->registers_count = program->labels_count = 0;
    program->constants_count = program->scopes_count = 0;
    program->scopes = NULL;
    return program;
}

static void end_program(struct program *program)
{
    block_empty(&program->scratch);
    if (program->capacity > LINE_KEPT_MAX) {
        free(program->instructions);
        program->instructions = NULL;
        program->capacity = 0;
    }
}

static void program_free(struct program *program)
{
    if (program == NULL)
        return;
    free(program->instructions);
    free(program->constants);
    free(program->undo);
    block_free(&program->scratch);
    free(program);
}

struct code *code_compile(struct nock *machine, struct known *known, struct shape shape)
{
    struct program *program = begin_program(&machine->codes);
    generate(machine, program, known, shape);
    struct code *code = assign(machine, program, known, shape);
    end_program(program);
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
    program_free(codes->program);
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
