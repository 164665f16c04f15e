/* The second half of the compiler: from a line of instructions over many
 * registers to bytecode over few.
 *
 * Liveness is exact (one pass backward suffices, since code only runs
 * forward), because the collector relies on it: at a landing just the live
 * registers hold nouns that are kept, and all of them have been written.
 * Packing is coarser: a register owns its place from its first writing to its
 * last reading in the line.
 */
#include "nock/compile.h"

#include <stdlib.h>

struct assigner {
    struct program *program;
    struct code *code;
    uint32_t *place;       /* of each register, once assigned */
    uint32_t *last_read;   /* index of the instruction */
    uint64_t *live;        /* a bit a register */
    uint64_t **label_live; /* by label */
    uint32_t *label_slot;
    size_t live_words;
};

static void *take(struct assigner *assigner, size_t size_bytes)
{
    return block_take(&assigner->program->scratch, size_bytes);
}

/* ---- which registers does an instruction read? ----------------------------- */

typedef void visit_register(struct assigner *assigner, uint32_t index, uint32_t where);

static void each_read(struct assigner *assigner, uint32_t index, visit_register *visit)
{
    const struct instruction *instruction = &assigner->program->instructions[index];
    for (unsigned i = 0; i < 2; i++)
        if (instruction->read[i] != REGISTER_NONE)
            visit(assigner, index, instruction->read[i]);
    const struct call *call = instruction->call;
    if (call == NULL)
        return;
    if (call->fixed == NULL)
        visit(assigner, index, call->formula);
    for (unsigned i = 0; i < call->shape.leaves; i++)
        if (!call->is_constant[i])
            visit(assigner, index, call->arguments[i]);
}

/* ---- liveness ----------------------------------------------------------------*/

static void set_live(struct assigner *assigner, uint32_t index, uint32_t where)
{
    (void)index;
    assigner->live[where / 64] |= (uint64_t)1 << (where % 64);
}

static void set_dead(struct assigner *assigner, uint32_t where)
{
    if (where != REGISTER_NONE)
        assigner->live[where / 64] &= ~((uint64_t)1 << (where % 64));
}

static void list_live(struct assigner *assigner, struct instruction *instruction)
{
    uint32_t count = 0;
    for (size_t i = 0; i < assigner->live_words; i++)
        count += (uint32_t)__builtin_popcountll(assigner->live[i]);
    instruction->live = take(assigner, (count + 1) * sizeof *instruction->live);
    for (size_t i = 0; i < assigner->live_words; i++)
        for (uint64_t word = assigner->live[i]; word != 0; word &= word - 1)
            instruction->live[instruction->live_count++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
}

static bool jumps_always(enum operation operation)
{
    return operation == OPERATION_JUMP;
}

static bool ends(enum operation operation)
{
    /* A crash is read as if it went on, so that the clues around it stay. */
    return operation == OPERATION_RETURN || operation == OPERATION_CALL_TAIL;
}

static bool may_jump(enum operation operation)
{
    return (operation >= OPERATION_JUMP && operation <= OPERATION_JUMP_UNLESS_CELL) || operation == OPERATION_MEMO_FIND;
}

static void live_before(struct assigner *assigner, uint32_t index)
{
    struct instruction *instruction = &assigner->program->instructions[index];
    enum operation operation = instruction->operation;
    size_t size_bytes = assigner->live_words * sizeof *assigner->live;
    if (operation == OPERATION_LABEL) {
        assigner->label_live[instruction->target] = take(assigner, size_bytes);
        memcpy(assigner->label_live[instruction->target], assigner->live, size_bytes);
        return;
    }
    if (ends(operation))
        memset(assigner->live, 0, size_bytes);
    if (may_jump(operation)) {
        const uint64_t *target = assigner->label_live[instruction->target];
        for (size_t i = 0; i < assigner->live_words; i++)
            assigner->live[i] = target[i] | (jumps_always(operation) ? 0 : assigner->live[i]);
    }
    set_dead(assigner, instruction->written);
    set_dead(assigner, instruction->written_too);
    if (operation_has_landing(operation))
        list_live(assigner, instruction);
    each_read(assigner, index, set_live);
}

static void find_liveness(struct assigner *assigner)
{
    for (uint32_t i = assigner->program->count; i-- > 0;)
        live_before(assigner, i);
}

/* ---- packing -------------------------------------------------------------------*/

static void note_read(struct assigner *assigner, uint32_t index, uint32_t where)
{
    assigner->last_read[where] = index;
}

/* Registers whose last reading is this instruction give their places back. */
static void free_place(struct assigner *assigner, uint32_t index, uint32_t where)
{
    if (assigner->last_read[where] == index && assigner->place[where] != REGISTER_NONE)
        assigner->live[assigner->place[where] / 64] &= ~((uint64_t)1 << (assigner->place[where] % 64));
}

/* Here `live` holds the places that are taken. */
static uint32_t take_place(struct assigner *assigner)
{
    size_t i = 0;
    while (~assigner->live[i] == 0)
        i++;
    uint32_t place = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(~assigner->live[i]);
    assigner->live[i] |= (uint64_t)1 << (place % 64);
    if (place >= assigner->code->frame_words)
        assigner->code->frame_words = place + 1;
    return place;
}

static void note_written(struct assigner *assigner, uint32_t index, uint32_t written)
{
    if (written != REGISTER_NONE && assigner->last_read[written] < index)
        assigner->last_read[written] = index;
}

static void place_written(struct assigner *assigner, uint32_t written)
{
    if (written == REGISTER_NONE)
        return;
    if (assigner->place[written] == REGISTER_NONE)
        assigner->place[written] = take_place(assigner);
}

/* The registers still to be read after the instruction are those live in the
 * line, not on the path: a register that is read later, in any branch, keeps
 * its place. */
static void pack(struct assigner *assigner)
{
    struct program *program = assigner->program;
    memset(assigner->live, 0, assigner->live_words * sizeof *assigner->live);
    for (uint32_t i = 0; i < program->registers_count; i++) {
        assigner->place[i] = REGISTER_NONE;
        assigner->last_read[i] = 0;
    }
    for (uint32_t i = 0; i < program->count; i++) {
        each_read(assigner, i, note_read);
        note_written(assigner, i, program->instructions[i].written);
        note_written(assigner, i, program->instructions[i].written_too);
    }
    for (uint32_t i = 0; i < assigner->code->shape.leaves; i++)
        assigner->place[i] = take_place(assigner);
    for (uint32_t i = 0; i < program->count; i++) {
        each_read(assigner, i, free_place);
        place_written(assigner, program->instructions[i].written);
        place_written(assigner, program->instructions[i].written_too);
    }
}

/* ---- writing ---------------------------------------------------------------------*/

static uint16_t place_of(const struct assigner *assigner, uint32_t where)
{
    if (where == REGISTER_NONE)
        return 0;
    CHECK(assigner->place[where] < ARGUMENT_CONSTANT);
    return (uint16_t)assigner->place[where];
}

/* Of a gate with its context in one leaf: the leaves of a sample that is a leaf
 * or a pair of leaves; 0 for anything else. */
static uint8_t simple_sample_leaves(struct shape shape)
{
    if (!shape.gate)
        return 0;
    uint32_t payload = shape.bits >> 3;
    return payload == 0 && shape.leaves == 2 ? 1 : payload == 1 && shape.leaves == 3 ? 2 : 0;
}

static void init_site(struct assigner *assigner, struct call_site *site, const struct call *call)
{
    site->shape = call->shape;
    site->frame_words = (uint16_t)assigner->code->frame_words;
    site->dispatch = call->dispatch;
    site->sample_leaves = simple_sample_leaves(call->shape);
    site->fixed = call->fixed != NULL;
    site->known = call->fixed;
    site->formula = place_of(assigner, call->fixed != NULL ? REGISTER_NONE : call->formula);
    site->constants = assigner->code->constants;
    site->cached_formula = NOUN_NONE;
    site->next = assigner->code->sites;
    assigner->code->sites = site;
    for (unsigned i = 0; i < call->shape.leaves; i++)
        site->arguments[i] = call->is_constant[i] ? (uint16_t)(ARGUMENT_CONSTANT | call->arguments[i])
                                                  : place_of(assigner, call->arguments[i]);
}

static struct call_site *make_site(struct assigner *assigner, const struct call *call)
{
    struct call_site *site = block_take(&assigner->program->kept, sizeof *site);
    init_site(assigner, site, call);
    return site;
}

static struct pull_site *make_pull_site(struct assigner *assigner, const struct instruction *instruction)
{
    struct pull_site *pull = block_take(&assigner->program->kept, sizeof *pull);
    struct call call = {.shape = SHAPE_WHOLE, .formula = REGISTER_NONE, .arguments = {instruction->read[0]}};
    init_site(assigner, &pull->call, &call);
    pull->axis = instruction->axis;
    pull->battery = pull->core = NOUN_NONE;
    pull->next = assigner->code->pulls;
    assigner->code->pulls = pull;
    return pull;
}

static void write_landing(struct assigner *assigner, const struct instruction *instruction, struct slot *slot)
{
    struct live_set *live =
        block_take(&assigner->program->kept, sizeof *live + instruction->live_count * sizeof live->registers[0]);
    live->code = assigner->code;
    live->hint = instruction->scope == NULL ? NULL : instruction->scope->hint;
    live->count = instruction->live_count;
    for (uint32_t i = 0; i < live->count; i++)
        live->registers[i] = place_of(assigner, instruction->live[i]);
    slot[1].operand[0] = place_of(assigner, instruction->written);
    slot[1].operand[1] = place_of(assigner, instruction->written_too);
    slot[1].operand[2] = (uint16_t)assigner->code->frame_words;
    slot[2].live = live;
}

static void write_instruction(struct assigner *assigner, const struct instruction *instruction, struct slot *slot)
{
    enum operation operation = instruction->operation;
    struct code *code = assigner->code;
    uint32_t slots = operation_slots(operation);
    if (slots == 1)
        return;
    noun *constant = code->constants == NULL ? NULL : &code->constants[instruction->constant];
    struct slot *target = &code->slots[assigner->label_slot[instruction->target]];
    slot[1].operand[0] = place_of(assigner, instruction->written);
    slot[1].operand[1] = place_of(assigner, instruction->read[0]);
    slot[1].operand[2] = place_of(assigner, instruction->read[1]);
    switch (operation) {
    case OPERATION_CALL:
    case OPERATION_CALL_TAIL:
        slot[1].site = make_site(assigner, instruction->call);
        break;
    case OPERATION_PULL:
        slot[1].operand[2] = place_of(assigner, instruction->read[0]);
        slot[2].pull = make_pull_site(assigner, instruction);
        break;
    case OPERATION_JUMP:
        slot[1].target = target;
        break;
    case OPERATION_TRACE_CONSTANT:
        slot[1].hint = instruction->pushed->hint;
        break;
    case OPERATION_AXIS:
        slot[2].axis = block_take(&assigner->program->kept, sizeof *slot[2].axis);
        *slot[2].axis = (struct axis_site){.axis = instruction->axis, .from = NOUN_NONE};
        break;
    case OPERATION_JUMP_UNLESS_YES:
    case OPERATION_JUMP_UNLESS_EQUAL:
    case OPERATION_JUMP_UNLESS_CELL:
        slot[2].target = target;
        break;
    case OPERATION_JUMP_UNLESS_IS:
    case OPERATION_MEMO_FIND:
        slot[2].target = target;
        slot[3].constant = constant;
        break;
    case OPERATION_FAST:
        slot[2].fast = block_take(&assigner->program->kept, sizeof *slot[2].fast);
        *slot[2].fast = (struct fast_site){.clue = NOUN_NONE, .core = ANCESTRY_NONE};
        break;
    default:
        if (slots == 3)
            slot[2].constant = constant;
        break;
    }
    if (operation == OPERATION_PULL)
        slot[1].operand[1] = place_of(assigner, instruction->written_too);
    if (operation_has_landing(operation))
        write_landing(assigner, instruction, slot + slots - LANDING_SLOTS);
}

static void place_labels(struct assigner *assigner)
{
    struct program *program = assigner->program;
    uint32_t at = 0;
    for (uint32_t i = 0; i < program->count; i++) {
        if (program->instructions[i].operation == OPERATION_LABEL)
            assigner->label_slot[program->instructions[i].target] = at;
        at += operation_slots(program->instructions[i].operation);
    }
    assigner->code->slots_count = at;
}

static void note_hint(struct code *code, uint32_t at, const struct scope *scope)
{
    const struct hint *hint = scope == NULL ? NULL : scope->hint;
    if (code->hints_count > 0 && code->hints[code->hints_count - 1].hint == hint)
        return;
    code->hints[code->hints_count++] = (struct hint_range){.from_slot = at, .hint = hint};
}

/* A jump has its target in slot 1 or 2 only if it can jump; a label's number 0
 * is harmless elsewhere. */
static void write_code(struct assigner *assigner, const void *const *handlers)
{
    struct program *program = assigner->program;
    struct code *code = assigner->code;
    uint32_t at = 0;
    for (uint32_t i = 0; i < program->count; i++) {
        const struct instruction *instruction = &program->instructions[i];
        uint32_t slots = operation_slots(instruction->operation);
        if (slots == 0)
            continue;
        code->slots[at].handler = handlers[instruction->operation];
        write_instruction(assigner, instruction, &code->slots[at]);
        if (operation_has_landing(instruction->operation))
            code->slots[at + slots - LANDING_SLOTS].handler =
                handlers[instruction->operation == OPERATION_PULL ? OPERATION_LAND_PULL : OPERATION_LAND];
        note_hint(code, at, instruction->scope);
        at += slots;
    }
}

/* The hints' tags and clues get their places among the constants. */
static void place_hints(struct assigner *assigner)
{
    for (struct scope *scope = assigner->program->scopes; scope != NULL; scope = scope->made_before) {
        scope->hint->tag = &assigner->code->constants[scope->tag_constant];
        if (scope->clue == REGISTER_NONE)
            scope->hint->clue = &assigner->code->constants[scope->clue_constant];
        else
            scope->hint->clue_register = place_of(assigner, scope->clue);
    }
}

static void *allocate(size_t count, size_t size_bytes)
{
    void *memory = calloc(count + 1, size_bytes);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * size_bytes);
    return memory;
}

void assign(struct nock *machine, struct program *program, struct code *code)
{
    struct assigner assigner = {.program = program, .code = code};
    assigner.live_words = program->registers_count / 64 + 1;
    assigner.live = take(&assigner, assigner.live_words * sizeof *assigner.live);
    assigner.place = take(&assigner, (program->registers_count + 1) * sizeof *assigner.place);
    assigner.last_read = take(&assigner, (program->registers_count + 1) * sizeof *assigner.last_read);
    assigner.label_live = take(&assigner, (program->labels_count + 1) * sizeof *assigner.label_live);
    assigner.label_slot = take(&assigner, (program->labels_count + 1) * sizeof *assigner.label_slot);
    code->constants = program->constants;
    code->constants_count = program->constants_count;
    find_liveness(&assigner);
    pack(&assigner);
    place_hints(&assigner);
    place_labels(&assigner);
    code->slots = allocate(code->slots_count, sizeof *code->slots);
    code->hints = allocate(program->count, sizeof *code->hints);
    write_code(&assigner, machine->codes.handlers);
}
