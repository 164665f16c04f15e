/* The templates: one for each instruction, written with the small assembler of
 * whatever processor this is (native_assembler.h).
 *
 * Registers of the bytecode stay in the frame; two things are remembered along
 * a stretch without labels: which of them VALUE holds as well, and which are
 * known to hold cells.
 *
 * At the end of a code stand its ways out: one for each instruction that met
 * its slow case, which the interpreter then runs.
 */
#include "nock/machine.h"

#include "nock/native_assembler.h"

#include <stdlib.h>

#if NATIVE_IS_POSSIBLE

#define OF_MACHINE(field) ((int32_t)offsetof(struct nock, field))
#define OF_STACK(field) ((int32_t)offsetof(struct stack, field))
#define OF_SITE(field) ((int32_t)offsetof(struct call_site, field))
#define OF_PULL(field) ((int32_t)offsetof(struct pull_site, field))
#define OF_ARM(arm, field) ((int32_t)(arm) + (int32_t)offsetof(struct arm_site, field))
#define OF_AXIS(field) ((int32_t)offsetof(struct axis_site, field))
#define OF_CODE(field) ((int32_t)offsetof(struct code, field))
#define HEADER(words) ((int32_t)(words)*8)
#define IN_FRAME(place) ((int32_t)(place)*8)
#define NOT_HELD UINT32_MAX

/* Longer walks are left to C. */
#define WALK_STEPS_MAX 12

/* A reference is persistent if none of the bits of its offset from this one up
 * is set. */
#define PERSISTENT_BITS ((unsigned)__builtin_ctzll(NOUN_PERSISTENT_BYTES) - 3)
static_assert((NOUN_PERSISTENT_BYTES & (NOUN_PERSISTENT_BYTES - 1)) == 0, "a power of two");

/* A jump to the instruction at a slot, or to the way out of one. */
struct fixup {
    uint8_t *distance_at;
    uint32_t slot;
};

struct fixups {
    struct fixup *all;
    uint32_t count, capacity;
};

struct writer {
    struct assembler a;
    struct nock *machine;
    struct code *code;
    uint8_t **places;     /* of the slots' native code */
    uint8_t *is_target;   /* of a jump */
    struct fixups jumps;  /* between instructions */
    struct fixups leaves; /* out */
    uint32_t slot;        /* being written */
    uint32_t held;        /* the frame's register that VALUE holds too, or NOT_HELD */
    uint64_t cells;       /* of the first 64 registers: known to hold cells */
};

static void add_fixup(struct fixups *fixups, uint8_t *distance_at, uint32_t slot)
{
    if (fixups->count == fixups->capacity) {
        fixups->capacity = fixups->capacity == 0 ? 64 : fixups->capacity * 2;
        fixups->all = realloc(fixups->all, fixups->capacity * sizeof *fixups->all);
        if (fixups->all == NULL)
            check_out_of_memory(__FILE__, __LINE__, fixups->capacity * sizeof *fixups->all);
    }
    fixups->all[fixups->count++] = (struct fixup){distance_at, slot};
}

/* To the interpreter, to run this instruction there. */
static void leave(struct writer *w)
{
    add_fixup(&w->leaves, jump(&w->a), w->slot);
}

static void leave_if(struct writer *w, enum condition condition)
{
    add_fixup(&w->leaves, jump_if(&w->a, condition), w->slot);
}

static void go_to(struct writer *w, const struct slot *target)
{
    add_fixup(&w->jumps, jump(&w->a), (uint32_t)(target - w->code->slots));
}

static void go_if(struct writer *w, enum condition condition, const struct slot *target)
{
    add_fixup(&w->jumps, jump_if(&w->a, condition), (uint32_t)(target - w->code->slots));
}

/* ---- the frame's registers -------------------------------------------------- */

static void forget_held(struct writer *w)
{
    w->held = NOT_HELD;
}

static void forget_all(struct writer *w)
{
    w->held = NOT_HELD;
    w->cells = 0;
}

static bool is_known_cell(const struct writer *w, uint32_t place)
{
    return place < 64 && (w->cells >> place & 1);
}

static void know_cell(struct writer *w, uint32_t place, bool is_cell)
{
    if (place < 64)
        w->cells = (w->cells & ~((uint64_t)1 << place)) | (uint64_t)is_cell << place;
}

static void fetch(struct writer *w, uint32_t place)
{
    if (w->held != place)
        load(&w->a, VALUE, FRAME, IN_FRAME(place));
    w->held = place;
}

static void keep(struct writer *w, uint32_t place, bool is_cell)
{
    store(&w->a, VALUE, FRAME, IN_FRAME(place));
    w->held = place;
    know_cell(w, place, is_cell);
}

/* VALUE is the cell in that register of the frame, or the instruction is left. */
static void fetch_cell(struct writer *w, uint32_t place)
{
    fetch(w, place);
    if (is_known_cell(w, place))
        return;
    compare_tag(&w->a, VALUE);
    leave_if(w, IF_BELOW);
    know_cell(w, place, true);
}

static void load_constant(struct writer *w, enum machine_register reg, const noun *constant)
{
    if (noun_is_direct(*constant)) { /* it never moves */
        number(&w->a, reg, *constant);
        return;
    }
    address(&w->a, reg, constant);
    load(&w->a, reg, reg, 0);
}

/* Calls C; what may allocate sees and moves the free word. */
static void call_help(struct writer *w, uint64_t function)
{
    call(&w->a, function);
    forget_held(w);
}

static void call_help_that_allocates(struct writer *w, uint64_t function)
{
    store(&w->a, FREE, STACK, OF_STACK(free_words));
    call_help(w, function);
    load(&w->a, FREE, STACK, OF_STACK(free_words));
}

#define HELP(function) ((uint64_t)(uintptr_t)(function))

/* ---- nouns -------------------------------------------------------------------- */

static void write_part(struct writer *w, const struct slot *slot, int8_t offset)
{
    fetch_cell(w, slot[1].operand[1]);
    load_part(&w->a, VALUE, VALUE, offset);
    keep(w, slot[1].operand[0], false);
}

/* Goes the steps from VALUE, which leaves the instruction if there is no such
 * part; uses SPARE. */
static void write_steps(struct writer *w, uint64_t axis)
{
    for (unsigned steps = bits_length(axis) - 1; steps-- > 0;) {
        compare_tag(&w->a, VALUE);
        leave_if(w, IF_BELOW);
        load_part(&w->a, VALUE, VALUE, axis >> steps & 1 ? 16 : 8);
    }
}

/* What the site remembers, or the walk, which it then remembers. */
static void write_axis(struct writer *w, const struct slot *slot)
{
    struct assembler *a = &w->a;
    const struct axis_site *site = slot[2].axis;
    fetch(w, slot[1].operand[1]);
    address(a, C_ARGUMENT_1, site);
    load(a, SECOND, MACHINE, OF_MACHINE(collections));
    compare_load(a, VALUE, C_ARGUMENT_1, OF_AXIS(from));
    uint8_t *other = jump_if(a, IF_NOT_EQUAL);
    compare_load(a, SECOND, C_ARGUMENT_1, OF_AXIS(until));
    uint8_t *lapsed = jump_if(a, IF_ABOVE);
    load(a, VALUE, C_ARGUMENT_1, OF_AXIS(part));
    uint8_t *done = jump(a);
    jump_here(a, other);
    jump_here(a, lapsed);
    if (bits_length(site->axis) <= WALK_STEPS_MAX) {
        move(a, C_ARGUMENT_0, VALUE);
        write_steps(w, site->axis);
        store(a, C_ARGUMENT_0, C_ARGUMENT_1, OF_AXIS(from));
        store(a, VALUE, C_ARGUMENT_1, OF_AXIS(part));
        test_bits(a, C_ARGUMENT_0, PERSISTENT_BITS, 61);
        uint8_t *ephemeral = jump_if(a, IF_NOT_EQUAL);
        load(a, SECOND, MACHINE, OF_MACHINE(lasting));
        jump_here(a, ephemeral);
        store(a, SECOND, C_ARGUMENT_1, OF_AXIS(until));
    } else {
        move(a, C_ARGUMENT_0, MACHINE);
        move(a, C_ARGUMENT_2, VALUE);
        call_help(w, HELP(native_axis));
        compare_number(a, VALUE, -1);
        leave_if(w, IF_EQUAL);
    }
    jump_here(a, done);
    keep(w, slot[1].operand[0], false);
}

static void write_cons(struct writer *w, const struct slot *slot, enum operation operation)
{
    struct assembler *a = &w->a;
    object_address(a, SECOND, FREE);
    if (operation == OPERATION_CONS_HEAD) {
        load_constant(w, SPARE, slot[2].constant);
        store(a, SPARE, SECOND, 8);
    } else {
        fetch(w, slot[1].operand[1]);
        store(a, VALUE, SECOND, 8);
    }
    if (operation == OPERATION_CONS_TAIL) {
        load_constant(w, SPARE, slot[2].constant);
        store(a, SPARE, SECOND, 16);
    } else {
        fetch(w, slot[1].operand[2]);
        store(a, VALUE, SECOND, 16);
    }
    store_number(a, SECOND, 0, 0);
    make_cell(a, VALUE, FREE);
    add_number(a, FREE, 3);
    keep(w, slot[1].operand[0], true);
}

static void write_increment(struct writer *w, const struct slot *slot)
{
    fetch(w, slot[1].operand[1]);
    add_number(&w->a, VALUE, 1);
    forget_held(w);
    leave_if(w, IF_NEGATIVE); /* what is not direct, and the greatest that is */
    keep(w, slot[1].operand[0], false);
}

/* Falls through if the two are different and at least one is direct, goes on
 * elsewhere if they are the same word or both are not direct; VALUE and SPARE hold
 * them. */
struct comparison_jumps {
    uint8_t *same, *look;
};

static struct comparison_jumps write_comparison(struct writer *w, const struct slot *slot)
{
    struct assembler *a = &w->a;
    struct comparison_jumps jumps;
    fetch(w, slot[1].operand[1]);
    load(a, SPARE, FRAME, IN_FRAME(slot[1].operand[2]));
    compare(a, VALUE, SPARE);
    jumps.same = jump_if(a, IF_EQUAL);
    and_registers(a, SPARE, VALUE);
    jumps.look = jump_if(a, IF_NEGATIVE);
    return jumps;
}

/* The flags say whether the two are equal; they are unified if so. */
static void write_look(struct writer *w, const struct slot *slot)
{
    address_in(&w->a, C_ARGUMENT_0, FRAME, IN_FRAME(slot[1].operand[1]));
    address_in(&w->a, C_ARGUMENT_1, FRAME, IN_FRAME(slot[1].operand[2]));
    call_help(w, HELP(native_equal));
    test_bool(&w->a, VALUE);
}

static void write_equal(struct writer *w, const struct slot *slot)
{
    struct assembler *a = &w->a;
    struct comparison_jumps jumps = write_comparison(w, slot);
    uint8_t *no = jump(a);
    jump_here(a, jumps.look);
    write_look(w, slot);
    uint8_t *yes = jump_if(a, IF_NOT_EQUAL);
    jump_here(a, no);
    number(a, VALUE, NOUN_NO);
    uint8_t *done = jump(a);
    jump_here(a, jumps.same);
    jump_here(a, yes);
    number(a, VALUE, NOUN_YES);
    jump_here(a, done);
    keep(w, slot[1].operand[0], false);
}

static void write_is_cell(struct writer *w, const struct slot *slot)
{
    struct assembler *a = &w->a;
    fetch(w, slot[1].operand[1]);
    compare_tag(&w->a, VALUE);
    set_if_below(a, VALUE);
    keep(w, slot[1].operand[0], false);
}

/* ---- jumps ----------------------------------------------------------------------- */

static void write_unless_yes(struct writer *w, const struct slot *slot)
{
    fetch(w, slot[1].operand[1]);
    test(&w->a, VALUE);
    uint8_t *yes = jump_if(&w->a, IF_EQUAL);
    compare_number(&w->a, VALUE, NOUN_NO);
    go_if(w, IF_EQUAL, slot[2].target);
    leave(w);
    jump_here(&w->a, yes);
}

static void write_unless_equal(struct writer *w, const struct slot *slot)
{
    struct comparison_jumps jumps = write_comparison(w, slot);
    go_to(w, slot[2].target);
    jump_here(&w->a, jumps.look);
    write_look(w, slot);
    go_if(w, IF_EQUAL, slot[2].target); /* false */
    jump_here(&w->a, jumps.same);
}

static void write_unless_is(struct writer *w, const struct slot *slot)
{
    noun constant = *slot[3].constant;
    if (constant <= INT32_MAX) {
        if (w->held == slot[1].operand[1]) {
            compare_wide(&w->a, VALUE, (int32_t)constant);
        } else {
            compare_memory(&w->a, FRAME, IN_FRAME(slot[1].operand[1]), (int32_t)constant);
        }
    } else {
        load_constant(w, SPARE, slot[3].constant);
        compare_load(&w->a, SPARE, FRAME, IN_FRAME(slot[1].operand[1]));
    }
    go_if(w, IF_NOT_EQUAL, slot[2].target);
}

static void write_unless_cell(struct writer *w, const struct slot *slot)
{
    uint32_t place = slot[1].operand[1];
    if (is_known_cell(w, place))
        return;
    fetch(w, place);
    compare_tag(&w->a, VALUE);
    go_if(w, IF_BELOW, slot[2].target);
    know_cell(w, place, true);
}

/* ---- calls -------------------------------------------------------------------------- */

/* Safe points, as at `enter` in the interpreter; what must be done there is. */
static void write_entry(struct writer *w)
{
    struct assembler *a = &w->a;
    address_in(a, SPARE, FRAME, IN_FRAME(w->code->frame_words));
    compare_load(a, SPARE, MACHINE, OF_MACHINE(frames_soft));
    uint8_t *deep = jump_if(a, IF_ABOVE);
    compare_load(a, FREE, STACK, OF_STACK(soft_limit_words));
    uint8_t *body = jump_if(a, IF_NOT_ABOVE);
    jump_here(a, deep);
    address(a, CODE, w->code);
    set_jump(a, jump(a), w->machine->native.leave_enter);
    jump_here(a, body);
}

/* The called code in CODE, or the instruction is left. */
static void find_code(struct writer *w, const struct call_site *site)
{
    struct assembler *a = &w->a;
    address(a, SITE, site);
    if (!site->fixed) {
        fetch(w, site->formula);
        compare_load(a, VALUE, SITE, OF_SITE(cached_formula));
        leave_if(w, IF_NOT_EQUAL);
        load(a, SPARE, MACHINE, OF_MACHINE(collections));
        compare_load(a, SPARE, SITE, OF_SITE(cached_until));
        leave_if(w, IF_ABOVE);
    }
}

static void load_argument(struct writer *w, const struct call_site *site, unsigned i, enum machine_register reg)
{
    unsigned where = site->arguments[i];
    if (where & ARGUMENT_CONSTANT)
        load_constant(w, reg, &site->constants[where & ~(unsigned)ARGUMENT_CONSTANT]);
    else
        load(&w->a, reg, FRAME, IN_FRAME(where));
}

/* Calls the C that calls a jet: the site's sample in its parts, if these are one
 * or two and the context is one. */
static void call_jet(struct writer *w, const struct call_site *site)
{
    static const enum machine_register arguments[] = {C_ARGUMENT_3, C_ARGUMENT_4};
    struct assembler *a = &w->a;
    move(a, C_ARGUMENT_0, MACHINE);
    move(a, C_ARGUMENT_1, SITE);
    if (site->sample_leaves == 0) {
        move(a, C_ARGUMENT_2, FRAME);
        call_help_that_allocates(w, HELP(native_jet_any));
        return;
    }
    load_argument(w, site, site->sample_leaves, C_ARGUMENT_2);
    for (unsigned i = 0; i < site->sample_leaves; i++)
        load_argument(w, site, i, arguments[i]);
    call_help_that_allocates(w, site->sample_leaves == 1 ? HELP(native_jet_1) : HELP(native_jet_2));
}

/* If jets are to be considered and there is one: a plain one may give the
 * value in VALUE, and the jump that is returned is taken; NULL if there is none. */
static uint8_t *try_jet(struct writer *w, const struct call_site *site)
{
    struct assembler *a = &w->a;
    if (!site->dispatch)
        return NULL;
    load(a, SPARE, SITE, OF_SITE(known));
    compare_memory(a, SPARE, (int32_t)offsetof(struct known, jets), 0);
    uint8_t *none = jump_if(a, IF_EQUAL);
    call_jet(w, site);
    compare_number(a, VALUE, -4); /* NOCK_JET_FAIL */
    leave_if(w, IF_NOT_BELOW);
    increment_memory(a, MACHINE, OF_MACHINE(statistics.calls));
    increment_memory(a, MACHINE, OF_MACHINE(statistics.jet_calls));
    uint8_t *done = jump(a);
    jump_here(a, none);
    return done;
}

static void enter_code(struct writer *w)
{
    jump_memory(&w->a, CODE, OF_CODE(native_entry));
}

static void load_code(struct writer *w)
{
    load(&w->a, CODE, SITE, OF_SITE(code));
    test(&w->a, CODE);
    leave_if(w, IF_EQUAL);
    increment_memory(&w->a, MACHINE, OF_MACHINE(statistics.calls));
}

static_assert(NOCK_JET_FAIL == (noun)-4, "the template compares with it");

static void write_landing(struct writer *w, struct slot *landing)
{
    landing[LANDING_NATIVE].handler = w->a.at;
    forget_all(w);
}

/* The header of a callee's frame, as push_header of the interpreter; returns
 * where its registers are, from FRAME, which is still the caller's. */
static int32_t write_header(struct writer *w, const struct call_site *site, const struct slot *landing)
{
    struct assembler *a = &w->a;
    int32_t callee = HEADER(site->frame_words + FRAME_HEADER_WORDS);
    store(a, FRAME, FRAME, callee - HEADER(3));
    address(a, SPARE, landing);
    store(a, SPARE, FRAME, callee - HEADER(2));
    load(a, SPARE, MACHINE, OF_MACHINE(trace_count));
    store(a, SPARE, FRAME, callee - HEADER(1));
    return callee;
}

static void write_call(struct writer *w, struct slot *slot)
{
    struct assembler *a = &w->a;
    const struct call_site *site = slot[1].site;
    struct slot *landing = slot + 2;
    find_code(w, site);
    uint8_t *done = try_jet(w, site);
    load_code(w);
    int32_t callee = write_header(w, site, landing);
    for (unsigned i = 0; i < site->shape.leaves; i++) {
        load_argument(w, site, i, SPARE);
        store(a, SPARE, FRAME, callee + IN_FRAME(i));
    }
    address_in(a, FRAME, FRAME, callee);
    enter_code(w);
    write_landing(w, landing);
    if (done != NULL)
        jump_here(a, done);
    keep(w, landing[1].operand[0], false);
}

/* VALUE is the value. */
static void write_give_back(struct writer *w)
{
    struct assembler *a = &w->a;
    load(a, LANDING, FRAME, -HEADER(2));
    load(a, SPARE, FRAME, -HEADER(1));
    store(a, SPARE, MACHINE, OF_MACHINE(trace_count));
    load(a, FRAME, FRAME, -HEADER(3));
    compare_load(a, FRAME, MACHINE, OF_MACHINE(watermark));
    uint8_t *above = jump_if(a, IF_NOT_BELOW);
    store(a, FRAME, MACHINE, OF_MACHINE(watermark));
    jump_here(a, above);
    jump_memory(a, LANDING, LANDING_NATIVE * (int32_t)sizeof(struct slot));
    forget_all(w);
}

/* Arguments go where the caller's registers were, all at once. */
static void write_call_tail(struct writer *w, const struct slot *slot)
{
    struct assembler *a = &w->a;
    const struct call_site *site = slot[1].site;
    find_code(w, site);
    uint8_t *done = try_jet(w, site);
    load_code(w);
    for (unsigned i = 0; i < site->shape.leaves; i++)
        if (site->arguments[i] != i)
            load_argument(w, site, i, leaf_registers[i]);
    for (unsigned i = 0; i < site->shape.leaves; i++)
        if (site->arguments[i] != i)
            store(a, leaf_registers[i], FRAME, IN_FRAME(i));
    enter_code(w);
    if (done != NULL) {
        jump_here(a, done);
        write_give_back(w);
    }
    forget_all(w);
}

static void write_return(struct writer *w, const struct slot *slot)
{
    fetch(w, slot[1].operand[1]);
    write_give_back(w);
}

/* What an arm gave for the core in VALUE comes into VALUE, and the jump that is returned
 * is taken; else it is about to be asked.  `arm` is where its site lies behind SITE. */
static uint8_t *write_arm_find(struct writer *w, size_t arm)
{
    struct assembler *a = &w->a;
    load(a, SECOND, MACHINE, OF_MACHINE(moment));
    compare_load(a, VALUE, SITE, OF_ARM(arm, core));
    uint8_t *other = jump_if(a, IF_NOT_EQUAL);
    compare_load(a, SECOND, SITE, OF_ARM(arm, moment));
    uint8_t *passed = jump_if(a, IF_NOT_EQUAL);
    load(a, VALUE, SITE, OF_ARM(arm, product));
    uint8_t *found = jump(a);
    jump_here(a, other);
    jump_here(a, passed);
    store(a, VALUE, SITE, OF_ARM(arm, core));
    add_number(a, SECOND, 1);
    store(a, SECOND, SITE, OF_ARM(arm, moment));
    return found;
}

/* It gave VALUE. */
static void write_arm_learn(struct writer *w, size_t arm)
{
    struct assembler *a = &w->a;
    load(a, SPARE, MACHINE, OF_MACHINE(moment));
    move(a, SECOND, SPARE);
    add_number(a, SECOND, 1);
    compare_load(a, SECOND, SITE, OF_ARM(arm, moment));
    uint8_t *otherwise = jump_if(a, IF_NOT_EQUAL);
    store(a, VALUE, SITE, OF_ARM(arm, product));
    store(a, SPARE, SITE, OF_ARM(arm, moment));
    jump_here(a, otherwise);
}

static void write_arm_find_instruction(struct writer *w, const struct slot *slot)
{
    fetch(w, slot[1].operand[1]);
    address(&w->a, SITE, slot[2].arm);
    uint8_t *found = write_arm_find(w, 0);
    uint8_t *ask = jump(&w->a);
    jump_here(&w->a, found);
    store(&w->a, VALUE, FRAME, IN_FRAME(slot[1].operand[0]));
    go_to(w, slot[3].target);
    jump_here(&w->a, ask);
}

static void write_arm_store(struct writer *w, const struct slot *slot)
{
    fetch(w, slot[1].operand[1]);
    address(&w->a, SITE, slot[2].arm);
    write_arm_learn(w, 0);
}

/* The arm does more than make a gate: it is called on the core, in VALUE. */
static void write_pull_call(struct writer *w, const struct pull_site *pull, const struct slot *landing)
{
    struct assembler *a = &w->a;
    load(a, SPARE, SITE, OF_PULL(call.known));
    compare_memory(a, SPARE, (int32_t)offsetof(struct known, jets), 0);
    leave_if(w, IF_NOT_EQUAL);
    load(a, CODE, SITE, OF_PULL(call.code));
    test(a, CODE);
    leave_if(w, IF_EQUAL);
    increment_memory(a, MACHINE, OF_MACHINE(statistics.calls));
    int32_t callee = write_header(w, &pull->call, landing);
    store(a, VALUE, FRAME, callee);
    address_in(a, FRAME, FRAME, callee);
    enter_code(w);
}

/* VALUE is the gate that the arm made: its battery and its context go where the
 * landing says.  What is no gate has none, and the call that follows crashes. */
static void write_land_pull(struct writer *w, const struct slot *landing)
{
    struct assembler *a = &w->a;
    int32_t battery = IN_FRAME(landing[1].operand[0]), context = IN_FRAME(landing[1].operand[1]);
    compare_tag(a, VALUE);
    uint8_t *is_atom = jump_if(a, IF_BELOW);
    load_part(a, SPARE, VALUE, 8);
    load_part(a, VALUE, VALUE, 16);
    compare_tag(a, VALUE);
    uint8_t *has_none = jump_if(a, IF_BELOW);
    load_part(a, VALUE, VALUE, 16);
    store(a, SPARE, FRAME, battery);
    store(a, VALUE, FRAME, context);
    uint8_t *done = jump(a);
    jump_here(a, is_atom);
    jump_here(a, has_none);
    store_number(a, FRAME, battery, 0);
    store_number(a, FRAME, context, 0);
    jump_here(a, done);
}

static void write_pull(struct writer *w, struct slot *slot)
{
    struct assembler *a = &w->a;
    struct slot *landing = slot + 3;
    uint32_t core = slot[1].operand[2];
    fetch_cell(w, core);
    address(a, SITE, slot[2].pull);
    load_part(a, SPARE, VALUE, 8);
    compare_load(a, SPARE, SITE, OF_PULL(battery));
    uint8_t *unknown = jump_if(a, IF_NOT_EQUAL);
    load(a, SECOND, MACHINE, OF_MACHINE(collections));
    compare_load(a, SECOND, SITE, OF_PULL(until));
    uint8_t *lapsed = jump_if(a, IF_ABOVE);
    compare_memory(a, SITE, OF_PULL(gate), 0);
    uint8_t *runs = jump_if(a, IF_EQUAL);
    compare_memory(a, SITE, OF_PULL(clue), -1);
    uint8_t *plain = jump_if(a, IF_EQUAL);
    compare_load(a, VALUE, SITE, OF_PULL(core));
    uint8_t *other = jump_if(a, IF_NOT_EQUAL);
    compare_load(a, SECOND, SITE, OF_PULL(core_until));
    uint8_t *makes = jump_if(a, IF_NOT_ABOVE);
    jump_here(a, unknown);
    jump_here(a, lapsed);
    jump_here(a, other);
    move(a, C_ARGUMENT_0, MACHINE);
    move(a, C_ARGUMENT_1, SITE);
    move(a, C_ARGUMENT_2, VALUE);
    call_help(w, HELP(native_pull));
    test_bool(a, VALUE);
    leave_if(w, IF_EQUAL);
    fetch(w, core);
    address(a, SITE, slot[2].pull);
    jump_here(a, plain);
    jump_here(a, makes);
    load(a, SPARE, SITE, OF_PULL(gate_battery));
    store(a, SPARE, FRAME, IN_FRAME(slot[1].operand[0]));
    store(a, VALUE, FRAME, IN_FRAME(slot[1].operand[1]));
    uint8_t *done = jump(a);
    jump_here(a, runs);
    uint8_t *found = write_arm_find(w, offsetof(struct pull_site, arm));
    write_pull_call(w, slot[2].pull, landing);
    write_landing(w, landing);
    address(a, SITE, slot[2].pull);
    write_arm_learn(w, offsetof(struct pull_site, arm));
    jump_here(a, found);
    write_land_pull(w, landing);
    jump_here(a, done);
    forget_all(w);
}

/* ---- hints ------------------------------------------------------------------------------ */

static void write_memo_find(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    load(&w->a, C_ARGUMENT_1, FRAME, IN_FRAME(slot[1].operand[1]));
    load_constant(w, C_ARGUMENT_2, slot[3].constant);
    call_help(w, HELP(native_memo_find));
    compare_number(&w->a, VALUE, -1);
    uint8_t *absent = jump_if(&w->a, IF_EQUAL);
    store(&w->a, VALUE, FRAME, IN_FRAME(slot[1].operand[0]));
    go_to(w, slot[2].target);
    jump_here(&w->a, absent);
}

static void write_memo_store(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    load(&w->a, C_ARGUMENT_1, FRAME, IN_FRAME(slot[1].operand[1]));
    load_constant(w, C_ARGUMENT_2, slot[2].constant);
    load(&w->a, C_ARGUMENT_3, FRAME, IN_FRAME(slot[1].operand[2]));
    call_help(w, HELP(native_memo_store));
}

static void write_fast(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    address(&w->a, C_ARGUMENT_1, slot[2].fast);
    load(&w->a, C_ARGUMENT_2, FRAME, IN_FRAME(slot[1].operand[1]));
    load(&w->a, C_ARGUMENT_3, FRAME, IN_FRAME(slot[1].operand[2]));
    call_help_that_allocates(w, HELP(native_fast));
}

static void write_trace_constant(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    address(&w->a, C_ARGUMENT_1, slot[1].hint);
    load(&w->a, C_ARGUMENT_2, FRAME, -HEADER(1));
    call_help(w, HELP(trace_push_constant));
}

static void write_trace(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    load_constant(w, C_ARGUMENT_1, slot[2].constant);
    load(&w->a, C_ARGUMENT_2, FRAME, IN_FRAME(slot[1].operand[1]));
    call_help(w, HELP(trace_push));
}

static void write_edit(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    load(&w->a, C_ARGUMENT_1, FRAME, IN_FRAME(slot[1].operand[1]));
    load_constant(w, C_ARGUMENT_2, slot[2].constant);
    load(&w->a, C_ARGUMENT_3, FRAME, IN_FRAME(slot[1].operand[2]));
    call_help_that_allocates(w, HELP(native_edit));
    compare_number(&w->a, VALUE, -1);
    leave_if(w, IF_EQUAL);
    keep(w, slot[1].operand[0], false);
}

/* ---- all of them ---------------------------------------------------------------------------- */

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
        write_part(w, slot, operation == OPERATION_HEAD ? 8 : 16);
        return;
    case OPERATION_AXIS:
        write_axis(w, slot);
        return;
    case OPERATION_CONS:
    case OPERATION_CONS_HEAD:
    case OPERATION_CONS_TAIL:
        write_cons(w, slot, operation);
        return;
    case OPERATION_EDIT:
        write_edit(w, slot);
        return;
    case OPERATION_INCREMENT:
        write_increment(w, slot);
        return;
    case OPERATION_EQUAL:
        write_equal(w, slot);
        return;
    case OPERATION_IS_CELL:
        write_is_cell(w, slot);
        return;
    case OPERATION_JUMP:
        go_to(w, slot[1].target);
        forget_all(w);
        return;
    case OPERATION_JUMP_UNLESS_YES:
        write_unless_yes(w, slot);
        return;
    case OPERATION_JUMP_UNLESS_EQUAL:
        write_unless_equal(w, slot);
        return;
    case OPERATION_JUMP_UNLESS_IS:
        write_unless_is(w, slot);
        return;
    case OPERATION_JUMP_UNLESS_CELL:
        write_unless_cell(w, slot);
        return;
    case OPERATION_RETURN:
        write_return(w, slot);
        return;
    case OPERATION_CALL:
        write_call(w, slot);
        return;
    case OPERATION_CALL_TAIL:
        write_call_tail(w, slot);
        return;
    case OPERATION_PULL:
        write_pull(w, slot);
        return;
    case OPERATION_ARM_FIND:
        write_arm_find_instruction(w, slot);
        return;
    case OPERATION_ARM_STORE:
        write_arm_store(w, slot);
        return;
    case OPERATION_MEMO_FIND:
        write_memo_find(w, slot);
        return;
    case OPERATION_MEMO_STORE:
        write_memo_store(w, slot);
        return;
    case OPERATION_FAST:
        write_fast(w, slot);
        return;
    case OPERATION_TRACE_CONSTANT:
        write_trace_constant(w, slot);
        return;
    case OPERATION_TRACE:
        write_trace(w, slot);
        return;
    default: /* rare: the interpreter runs it, and what follows up to a landing */
        leave(w);
        forget_all(w);
        if (operation == OPERATION_SCRY) {
            write_landing(w, slot + 2);
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
    write_entry(&w);
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
