/* A code's machine code: its entry, the template of each instruction, and at the
 * end the ways out, one for each instruction that met its slow case, which the
 * interpreter then runs. */
#include "nock/native_writer.h"

#if NATIVE_IS_POSSIBLE

static void write_instruction(struct writer *w, struct slot *slot, enum operation operation)
{
    switch (operation) {
    case OPERATION_CONSTANT:
        load_constant(w, VALUE, slot[2].constant);
        keep(w, slot[1].operand[0], noun_is_cell(*slot[2].constant));
        return;
    case OPERATION_MOVE: {
        bool is_cell = is_known_cell(w, slot[1].operand[1]);
        fetch(w, slot[1].operand[1]);
        keep(w, slot[1].operand[0], is_cell);
        return;
    }
    case OPERATION_HEAD:
    case OPERATION_TAIL:
        template_part(w, slot, operation == OPERATION_HEAD ? 8 : 16);
        return;
    case OPERATION_AXIS:
        template_axis(w, slot);
        return;
    case OPERATION_CONS:
    case OPERATION_CONS_HEAD:
    case OPERATION_CONS_TAIL:
        template_cons(w, slot, operation);
        return;
    case OPERATION_EDIT:
        template_edit(w, slot);
        return;
    case OPERATION_INCREMENT:
        template_increment(w, slot);
        return;
    case OPERATION_EQUAL:
        template_equal(w, slot);
        return;
    case OPERATION_IS_CELL:
        template_is_cell(w, slot);
        return;
    case OPERATION_JUMP:
        go_to(w, slot[1].target);
        forget_all(w);
        return;
    case OPERATION_JUMP_UNLESS_YES:
        template_unless_yes(w, slot);
        return;
    case OPERATION_JUMP_UNLESS_EQUAL:
        template_unless_equal(w, slot);
        return;
    case OPERATION_JUMP_UNLESS_IS:
        template_unless_is(w, slot);
        return;
    case OPERATION_JUMP_UNLESS_CELL:
        template_unless_cell(w, slot);
        return;
    case OPERATION_RETURN:
        template_return(w, slot);
        return;
    case OPERATION_CALL:
        template_call(w, slot);
        return;
    case OPERATION_CALL_TAIL:
        template_call_tail(w, slot);
        return;
    case OPERATION_PULL:
        template_pull(w, slot);
        return;
    case OPERATION_ARM_FIND:
        template_arm_find(w, slot);
        return;
    case OPERATION_ARM_STORE:
        template_arm_store(w, slot);
        return;
    case OPERATION_MEMO_FIND:
        template_memo_find(w, slot);
        return;
    case OPERATION_MEMO_STORE:
        template_memo_store(w, slot);
        return;
    case OPERATION_FAST:
        template_fast(w, slot);
        return;
    case OPERATION_TRACE_CONSTANT:
        template_trace_constant(w, slot);
        return;
    case OPERATION_TRACE:
        template_trace(w, slot);
        return;
    default: /* rare: the interpreter runs it, and what follows up to a landing */
        leave(w);
        forget_all(w);
        if (operation == OPERATION_SCRY) {
            template_landing(w, slot + 2);
            keep(w, slot[2 + 1].operand[0], false);
        }
    }
}

static void mark_target(struct writer *w, const struct slot *slot, enum operation operation)
{
    switch (operation) {
    case OPERATION_JUMP:
        w->is_target[slot[1].target - w->code->slots] = true;
        return;
    case OPERATION_JUMP_UNLESS_YES:
    case OPERATION_JUMP_UNLESS_EQUAL:
    case OPERATION_JUMP_UNLESS_IS:
    case OPERATION_JUMP_UNLESS_CELL:
    case OPERATION_MEMO_FIND:
        w->is_target[slot[2].target - w->code->slots] = true;
        return;
    case OPERATION_ARM_FIND:
        w->is_target[slot[3].target - w->code->slots] = true;
        return;
    default:
        return;
    }
}

static void mark_targets(struct writer *w)
{
    for (uint32_t i = 0; i < w->code->slots_count;) {
        enum operation operation = slot_operation(&w->machine->codes, &w->code->slots[i]);
        mark_target(w, &w->code->slots[i], operation);
        i += operation_slots(operation);
    }
}

/* One way out for each instruction, shared by its jumps. */
static void write_leaves(struct writer *w, const uint8_t *leave)
{
    uint8_t *way_out = NULL;
    for (uint32_t i = 0; i < w->leaves.count; i++) {
        const struct fixup *fixup = &w->leaves.all[i];
        if (i == 0 || fixup->slot != w->leaves.all[i - 1].slot) {
            const struct slot *slot = &w->code->slots[fixup->slot];
            way_out = w->a.at;
            address(&w->a, LANDING, slot);
            number(&w->a, REASON, slot_operation(&w->machine->codes, slot));
            set_jump(&w->a, jump(&w->a), leave);
        }
        set_jump(&w->a, fixup->distance_at, way_out);
    }
}

static void *allocate(size_t count, size_t size_bytes)
{
    void *memory = calloc(count + 1, size_bytes);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * size_bytes);
    return memory;
}

size_t native_room_bytes(const struct code *code)
{
    return (size_t)code->slots_count * TEMPLATE_MAX_BYTES + 4096;
}

size_t native_write_code(struct nock *machine, struct code *code, uint8_t *at, size_t room_bytes)
{
    struct writer w = {.a = assembler_begin(at, room_bytes), .machine = machine, .code = code, .held = NOT_HELD};
    w.places = allocate(code->slots_count, sizeof *w.places);
    w.is_target = allocate(code->slots_count, sizeof *w.is_target);
    mark_targets(&w);
    template_entry(&w);
    uint8_t *body = w.a.at;
    while (w.slot < code->slots_count) {
        if (w.is_target[w.slot])
            forget_all(&w);
        w.places[w.slot] = w.a.at;
        enum operation operation = slot_operation(&machine->codes, &code->slots[w.slot]);
        write_instruction(&w, &code->slots[w.slot], operation);
        w.slot += operation_slots(operation);
    }
    for (uint32_t i = 0; i < w.jumps.count; i++)
        set_jump(&w.a, w.jumps.all[i].distance_at, w.places[w.jumps.all[i].slot]);
    write_leaves(&w, machine->native.memory + machine->native.leave_bytes);
    free(w.jumps.all);
    free(w.leaves.all);
    free(w.places);
    free(w.is_target);
    if (w.a.at > w.a.end)
        return 0;
    code->native_entry = code->native_start = at;
    code->native_body = body;
    return (size_t)(w.a.at - at);
}

/* ---- the ways in and out --------------------------------------------------------------------- */

/* native_enter_fn: machine, target, frame, next, base, value. */
static void write_way_in(struct assembler *a)
{
    save_registers(a);
    move(a, MACHINE, C_ARGUMENT_0);
    load(a, STACK, MACHINE, OF_MACHINE(stack));
    move(a, FRAME, C_ARGUMENT_2);
    move(a, FREE, C_ARGUMENT_3);
    move(a, BASE, C_ARGUMENT_4);
    move(a, VALUE, C_ARGUMENT_5);
    jump_register(a, C_ARGUMENT_1);
}

static void write_way_out(struct assembler *a)
{
    store(a, VALUE, MACHINE, OF_MACHINE(native.value));
    store(a, LANDING, MACHINE, OF_MACHINE(native.at));
    store(a, CODE, MACHINE, OF_MACHINE(native.code));
    store(a, FREE, MACHINE, OF_MACHINE(native.next));
    store(a, FRAME, MACHINE, OF_MACHINE(native.frame));
    move(a, C_RESULT, REASON);
    restore_registers(a);
}

size_t native_write_stubs(struct nock *machine, uint8_t *at, size_t room_bytes)
{
    struct native *native = &machine->native;
    struct assembler a = assembler_begin(at, room_bytes);
    memcpy(&native->enter, &a.at, sizeof native->enter);
    write_way_in(&a);
    uint8_t *leave = a.at;
    native->leave_bytes = (size_t)(leave - native->memory);
    write_way_out(&a);
    native->leave_enter = a.at;
    number(&a, REASON, NATIVE_ENTER);
    set_jump(&a, jump(&a), leave);
    native->leave_land = a.at;
    number(&a, REASON, NATIVE_LAND);
    set_jump(&a, jump(&a), leave);
    CHECK(a.at <= a.end);
    return (size_t)(a.at - at);
}

bool native_is_possible(void)
{
    return true;
}

#else

size_t native_write_stubs(struct nock *machine, uint8_t *at, size_t room_bytes)
{
    (void)machine, (void)at, (void)room_bytes;
    return 0;
}

size_t native_room_bytes(const struct code *code)
{
    (void)code;
    return 0;
}

size_t native_write_code(struct nock *machine, struct code *code, uint8_t *at, size_t room_bytes)
{
    (void)machine, (void)code, (void)at, (void)room_bytes;
    return 0;
}

bool native_is_possible(void)
{
    return false;
}

#endif
