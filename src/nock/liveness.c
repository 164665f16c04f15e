/* The pass backward over a line: one is enough, since code only runs forward.
 *
 * Liveness is exact, because the collector relies on it: at a landing just the
 * live registers hold nouns that are kept, and all of them have been written.
 */
#include "nock/compile.h"

struct look {
    struct program *program;
    struct liveness found;
    uint64_t *live; /* a bit a register */
    uint32_t live_count;
};

static void note_used(struct look *look, uint32_t index, uint32_t where)
{
    if (look->found.last_used[where] == 0)
        look->found.last_used[where] = index;
}

static void set_live(void *context, uint32_t index, uint32_t where)
{
    struct look *look = context;
    uint64_t *word = &look->live[where / 64], bit = (uint64_t)1 << (where % 64);
    look->live_count += (*word & bit) == 0;
    *word |= bit;
    note_used(look, index, where);
}

static void set_dead(struct look *look, uint32_t index, uint32_t where)
{
    if (where == REGISTER_NONE)
        return;
    uint64_t *word = &look->live[where / 64], bit = (uint64_t)1 << (where % 64);
    look->live_count -= (*word & bit) != 0;
    *word &= ~bit;
    note_used(look, index, where);
}

static void list_live(struct look *look, struct instruction *instruction)
{
    uint32_t *live = instruction->live = block_take(&look->program->scratch, look->live_count * sizeof *live);
    instruction->live_count = look->live_count;
    for (size_t i = 0; i < look->found.live_words; i++)
        for (uint64_t word = look->live[i]; word != 0; word &= word - 1)
            *live++ = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word);
    look->found.landings_count++;
    look->found.sites_bytes += live_set_bytes(look->live_count);
}

static bool ends(enum operation operation)
{
    /* A crash is read as if it went on, so that the clues around it stay. */
    return operation == OPERATION_RETURN || operation == OPERATION_CALL_TAIL;
}

static bool may_jump(enum operation operation)
{
    return (operation > OPERATION_JUMP && operation <= OPERATION_JUMP_UNLESS_CELL) ||
           operation == OPERATION_MEMO_FIND || operation == OPERATION_ARM_FIND;
}

static void label_before(struct look *look, uint32_t number)
{
    size_t size_bytes = look->found.live_words * sizeof *look->live;
    uint64_t *live = block_take(&look->program->scratch, size_bytes);
    memcpy(live, look->live, size_bytes);
    look->found.labels[number] = (struct label){live, look->live_count, look->found.slots_count};
}

static void jump_before(struct look *look, const struct label *label)
{
    memcpy(look->live, label->live, look->found.live_words * sizeof *look->live);
    look->live_count = label->live_count;
}

/* What lives on either way; few registers that live at the label do not live here. */
static void branch_before(struct look *look, const struct label *label)
{
    for (size_t i = 0; i < look->found.live_words; i++) {
        for (uint64_t more = label->live[i] & ~look->live[i]; more != 0; more &= more - 1)
            look->live_count++;
        look->live[i] |= label->live[i];
    }
}

static size_t site_bytes(enum operation operation)
{
    switch (operation) {
    case OPERATION_CALL:
    case OPERATION_CALL_TAIL:
        return sizeof(struct call_site);
    case OPERATION_PULL:
        return sizeof(struct pull_site);
    case OPERATION_AXIS:
        return sizeof(struct axis_site);
    case OPERATION_ARM_FIND:
        return sizeof(struct arm_site);
    case OPERATION_FAST:
        return sizeof(struct fast_site);
    default:
        return 0;
    }
}

static void live_before(struct look *look, uint32_t index)
{
    struct instruction *instruction = &look->program->instructions[index];
    enum operation operation = instruction->operation;
    look->found.slots_count += operation_slots(operation);
    look->found.sites_bytes += site_bytes(operation);
    if (operation == OPERATION_JUMP) {
        jump_before(look, &look->found.labels[instruction->target]);
        return;
    }
    if (ends(operation)) {
        memset(look->live, 0, look->found.live_words * sizeof *look->live);
        look->live_count = 0;
    } else if (may_jump(operation)) {
        branch_before(look, &look->found.labels[instruction->target]);
    }
    set_dead(look, index, instruction->written);
    set_dead(look, index, instruction->written_too);
    if (operation_has_landing(operation))
        list_live(look, instruction);
    each_read(instruction, index, set_live, look);
}

static void look_backward(struct look *look)
{
    const struct program *program = look->program;
    const struct scope *scope = NULL;
    for (uint32_t i = program->count; i-- > 0;) {
        const struct instruction *instruction = &program->instructions[i];
        if (instruction->operation == OPERATION_LABEL) {
            label_before(look, instruction->target);
            continue;
        }
        if (operation_slots(instruction->operation) > 0 &&
            (instruction->scope != scope || look->found.slots_count == 0)) {
            scope = instruction->scope;
            look->found.ranges_count++;
        }
        live_before(look, i);
    }
}

static void *take_zeroed(struct program *program, size_t size_bytes)
{
    return memset(block_take(&program->scratch, size_bytes), 0, size_bytes);
}

struct liveness liveness_find(struct program *program)
{
    struct look look = {.program = program};
    size_t words = look.found.live_words = program->registers_count / 64 + 1;
    look.live = take_zeroed(program, words * sizeof *look.live);
    look.found.last_used = take_zeroed(program, program->registers_count * sizeof *look.found.last_used);
    look.found.labels = block_take(&program->scratch, program->labels_count * sizeof *look.found.labels);
    look_backward(&look);
    return look.found;
}
