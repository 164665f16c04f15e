/* The last part of the compiler: from a line of instructions over many registers
 * to bytecode over few.
 *
 * Packing is coarser than liveness: a register owns its place from its first
 * writing to its last reading in the line.  A code is one piece of memory, whose
 * size is known beforehand; the one pass packs and writes.
 */
#include "nock/compile.h"

#include <stdlib.h>

struct assigner {
    struct program *program;
    struct liveness liveness;
    struct code *code;
    const void *const *handlers;
    const void *leave_land;
    uint32_t *place;        /* of each register, once assigned */
    uint64_t *taken;        /* a bit a place */
    char *free;             /* in the code's memory */
    struct slot **landings; /* that want to know how large the frame is */
    uint32_t landings_count;
};

/* ---- the code's memory -------------------------------------------------------- */

static void *carve(struct assigner *assigner, size_t size_bytes)
{
    void *piece = assigner->free;
    assigner->free += size_bytes;
    return piece;
}

/* The newest scope comes first, so those around it have no place yet when it gets its own. */
static void carve_hints(struct assigner *assigner)
{
    for (struct scope *scope = assigner->program->scopes; scope != NULL; scope = scope->made_before)
        scope->hint = carve(assigner, sizeof *scope->hint);
    for (struct scope *scope = assigner->program->scopes; scope != NULL; scope = scope->made_before)
        *scope->hint = (struct hint){.outer = scope->outer == NULL ? NULL : scope->outer->hint};
}

static char *make_code(struct assigner *assigner, struct known *known, struct shape shape)
{
    const struct program *program = assigner->program;
    struct code *code;
    size_t constants_bytes = program->constants_count * sizeof *code->constants;
    size_t size_bytes = sizeof *code + assigner->liveness.slots_count * sizeof *code->slots + constants_bytes +
                        assigner->liveness.ranges_count * sizeof *code->hints +
                        program->scopes_count * sizeof(struct hint) + assigner->liveness.sites_bytes;
    code = malloc(size_bytes);
    if (code == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    *code = (struct code){.known = known, .shape = shape};
    assigner->code = code;
    assigner->free = (char *)(code + 1);
    code->slots = carve(assigner, assigner->liveness.slots_count * sizeof *code->slots);
    code->slots_count = assigner->liveness.slots_count;
    code->constants = carve(assigner, constants_bytes);
    code->constants_count = program->constants_count;
    if (constants_bytes > 0)
        memcpy(code->constants, program->constants, constants_bytes);
    code->hints = carve(assigner, assigner->liveness.ranges_count * sizeof *code->hints);
    carve_hints(assigner);
    return (char *)code + size_bytes;
}

/* ---- packing -------------------------------------------------------------------*/

/* Registers whose last reading is this instruction give their places back. */
static void free_place(void *context, uint32_t index, uint32_t where)
{
    struct assigner *assigner = context;
    if (assigner->liveness.last_used[where] == index && assigner->place[where] != REGISTER_NONE)
        assigner->taken[assigner->place[where] / 64] &= ~((uint64_t)1 << (assigner->place[where] % 64));
}

static uint32_t take_place(struct assigner *assigner)
{
    size_t i = 0;
    while (~assigner->taken[i] == 0)
        i++;
    uint32_t place = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(~assigner->taken[i]);
    assigner->taken[i] |= (uint64_t)1 << (place % 64);
    if (place >= assigner->code->frame_words)
        assigner->code->frame_words = place + 1;
    return place;
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
static void pack(struct assigner *assigner, uint32_t index)
{
    const struct instruction *instruction = &assigner->program->instructions[index];
    each_read(instruction, index, free_place, assigner);
    place_written(assigner, instruction->written);
    place_written(assigner, instruction->written_too);
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
    *site = (struct call_site){
        .shape = call->shape,
        .dispatch = call->dispatch,
        .sample_leaves = simple_sample_leaves(call->shape),
        .fixed = call->fixed != NULL,
        .known = call->fixed,
        .formula = place_of(assigner, call->fixed != NULL ? REGISTER_NONE : call->formula),
        .constants = assigner->code->constants,
        .cached_formula = NOUN_NONE,
        .next = assigner->code->sites,
    };
    assigner->code->sites = site;
    CHECK(assigner->code->constants_count < ARGUMENT_CONSTANT);
    for (unsigned i = 0; i < call->shape.leaves; i++)
        site->arguments[i] = call->is_constant[i] ? (uint16_t)(ARGUMENT_CONSTANT | call->arguments[i])
                                                  : place_of(assigner, call->arguments[i]);
}

static struct call_site *make_site(struct assigner *assigner, const struct call *call)
{
    struct call_site *site = carve(assigner, sizeof *site);
    init_site(assigner, site, call);
    return site;
}

static struct pull_site *make_pull_site(struct assigner *assigner, const struct instruction *instruction)
{
    struct pull_site *pull = carve(assigner, sizeof *pull);
    *pull = (struct pull_site){
        .axis = instruction->axis,
        .battery = NOUN_NONE,
        .core = NOUN_NONE,
        .arm = {.core = NOUN_NONE},
        .next = assigner->code->pulls,
    };
    struct call call = {.shape = SHAPE_WHOLE, .formula = REGISTER_NONE, .arguments = {instruction->read[0]}};
    init_site(assigner, &pull->call, &call);
    assigner->code->pulls = pull;
    return pull;
}

static struct axis_site *make_axis_site(struct assigner *assigner, uint64_t axis)
{
    struct axis_site *site = carve(assigner, sizeof *site);
    *site = (struct axis_site){.axis = axis, .from = NOUN_NONE};
    return site;
}

static struct fast_site *make_fast_site(struct assigner *assigner)
{
    struct fast_site *site = carve(assigner, sizeof *site);
    *site = (struct fast_site){.clue = NOUN_NONE, .core = ANCESTRY_NONE};
    return site;
}

static struct arm_site *make_arm_site(struct assigner *assigner, struct arm *arm)
{
    struct arm_site *site = arm->site = carve(assigner, sizeof *site);
    *site = (struct arm_site){.core = NOUN_NONE};
    return site;
}

static struct slot operands(uint16_t a, uint16_t b, uint16_t c)
{
    return (struct slot){.operand = {a, b, c}};
}

/* How large the frame is comes to be known at the end. */
static void write_landing(struct assigner *assigner, const struct instruction *instruction, struct slot *slot)
{
    struct live_set *live = carve(assigner, live_set_bytes(instruction->live_count));
    live->code = assigner->code;
    live->hint = instruction->scope == NULL ? NULL : instruction->scope->hint;
    live->count = instruction->live_count;
    for (uint32_t i = 0; i < instruction->live_count; i++)
        live->registers[i] = place_of(assigner, instruction->live[i]);
    slot[0].handler =
        assigner->handlers[instruction->operation == OPERATION_PULL ? OPERATION_LAND_PULL : OPERATION_LAND];
    slot[1] = operands(place_of(assigner, instruction->written), place_of(assigner, instruction->written_too), 0);
    slot[2].live = live;
    slot[LANDING_NATIVE].handler = assigner->leave_land;
    assigner->landings[assigner->landings_count++] = slot;
}

static struct slot *target_of(const struct assigner *assigner, const struct instruction *instruction)
{
    return &assigner->code
                ->slots[assigner->liveness.slots_count - assigner->liveness.labels[instruction->target].slots_count];
}

static void write_instruction(struct assigner *assigner, const struct instruction *instruction, struct slot *slot)
{
    enum operation operation = instruction->operation;
    uint32_t slots = operation_slots(operation);
    slot[0].handler = assigner->handlers[operation];
    if (slots == 1)
        return;
    noun *constant = &assigner->code->constants[instruction->constant];
    slot[1] = operands(place_of(assigner, instruction->written), place_of(assigner, instruction->read[0]),
                       place_of(assigner, instruction->read[1]));
    switch (operation) {
    case OPERATION_CALL:
    case OPERATION_CALL_TAIL:
        slot[1].site = make_site(assigner, instruction->call);
        break;
    case OPERATION_PULL:
        slot[1] = operands(slot[1].operand[0], place_of(assigner, instruction->written_too), slot[1].operand[1]);
        slot[2].pull = make_pull_site(assigner, instruction);
        break;
    case OPERATION_JUMP:
        slot[1].target = target_of(assigner, instruction);
        break;
    case OPERATION_TRACE_CONSTANT:
        slot[1].hint = instruction->pushed->hint;
        break;
    case OPERATION_AXIS:
        slot[2].axis = make_axis_site(assigner, instruction->axis);
        break;
    case OPERATION_JUMP_UNLESS_YES:
    case OPERATION_JUMP_UNLESS_EQUAL:
    case OPERATION_JUMP_UNLESS_CELL:
        slot[2].target = target_of(assigner, instruction);
        break;
    case OPERATION_JUMP_UNLESS_IS:
    case OPERATION_MEMO_FIND:
        slot[2].target = target_of(assigner, instruction);
        slot[3].constant = constant;
        break;
    case OPERATION_ARM_FIND:
        slot[2].arm = make_arm_site(assigner, instruction->arm);
        slot[3].target = target_of(assigner, instruction);
        break;
    case OPERATION_ARM_STORE:
        slot[2].arm = instruction->arm->site;
        break;
    case OPERATION_FAST:
        slot[2].fast = make_fast_site(assigner);
        break;
    default:
        if (slots == 3)
            slot[2].constant = constant;
        break;
    }
    if (operation_has_landing(operation))
        write_landing(assigner, instruction, slot + slots - LANDING_SLOTS);
}

static void note_hint(struct code *code, uint32_t at, const struct scope *scope)
{
    const struct hint *hint = scope == NULL ? NULL : scope->hint;
    if (code->hints_count > 0 && code->hints[code->hints_count - 1].hint == hint)
        return;
    code->hints[code->hints_count++] = (struct hint_range){.from_slot = at, .hint = hint};
}

static void write_forward(struct assigner *assigner)
{
    const struct program *program = assigner->program;
    struct code *code = assigner->code;
    uint32_t at = 0;
    for (uint32_t i = 0; i < code->shape.leaves; i++)
        assigner->place[i] = take_place(assigner);
    for (uint32_t i = 0; i < program->count; i++) {
        const struct instruction *instruction = &program->instructions[i];
        uint32_t slots = operation_slots(instruction->operation);
        pack(assigner, i);
        if (slots == 0)
            continue;
        write_instruction(assigner, instruction, &code->slots[at]);
        note_hint(code, at, instruction->scope);
        at += slots;
    }
}

/* The hints' tags and clues get their places among the constants. */
static void finish_hints(struct assigner *assigner)
{
    for (struct scope *scope = assigner->program->scopes; scope != NULL; scope = scope->made_before) {
        scope->hint->tag = &assigner->code->constants[scope->tag_constant];
        if (scope->clue == REGISTER_NONE)
            scope->hint->clue = &assigner->code->constants[scope->clue_constant];
        else
            scope->hint->clue_register = place_of(assigner, scope->clue);
    }
}

static void finish_frames(struct assigner *assigner)
{
    uint16_t frame_words = (uint16_t)assigner->code->frame_words;
    for (struct call_site *site = assigner->code->sites; site != NULL; site = site->next)
        site->frame_words = frame_words;
    for (uint32_t i = 0; i < assigner->landings_count; i++)
        assigner->landings[i][1].operand[2] = frame_words;
}

static struct assigner begin(struct nock *machine, struct program *program)
{
    struct assigner assigner = {.program = program, .liveness = liveness_find(program)};
    assigner.handlers = machine->codes.handlers;
    assigner.leave_land = machine->native.leave_land;
    struct blocks *scratch = &program->scratch;
    size_t places_bytes = program->registers_count * sizeof *assigner.place;
    assigner.place = memset(block_take(scratch, places_bytes), 0xff, places_bytes); /* REGISTER_NONE */
    size_t taken_bytes = assigner.liveness.live_words * sizeof *assigner.taken;
    assigner.taken = memset(block_take(scratch, taken_bytes), 0, taken_bytes);
    assigner.landings = block_take(scratch, assigner.liveness.landings_count * sizeof(struct slot *));
    return assigner;
}

struct code *assign(struct nock *machine, struct program *program, struct known *known, struct shape shape)
{
    struct assigner assigner = begin(machine, program);
    const char *end = make_code(&assigner, known, shape);
    write_forward(&assigner);
    CHECK(assigner.free == end);
    finish_hints(&assigner);
    finish_frames(&assigner);
    assigner.code->native_entry = machine->native.leave_enter;
    return assigner.code;
}
