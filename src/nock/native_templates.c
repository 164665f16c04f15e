/* The templates: one for each instruction, written with the small assembler of
 * whatever processor this is (native_assembler.h).  Those of calls are in
 * native_calls.c. */
#include "nock/native_writer.h"

#if NATIVE_IS_POSSIBLE

/* Longer walks are left to C. */
#define WALK_STEPS_MAX 12

/* A reference is persistent if none of the bits of its offset from this one up
 * is set. */
#define PERSISTENT_BITS ((unsigned)__builtin_ctzll(NOUN_PERSISTENT_BYTES) - 3)
static_assert((NOUN_PERSISTENT_BYTES & (NOUN_PERSISTENT_BYTES - 1)) == 0, "a power of two");

/* ---- nouns -------------------------------------------------------------------- */

void template_part(struct writer *w, const struct slot *slot, int8_t offset)
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
void template_axis(struct writer *w, const struct slot *slot)
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

void template_cons(struct writer *w, const struct slot *slot, enum operation operation)
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

void template_increment(struct writer *w, const struct slot *slot)
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

void template_equal(struct writer *w, const struct slot *slot)
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

void template_is_cell(struct writer *w, const struct slot *slot)
{
    struct assembler *a = &w->a;
    fetch(w, slot[1].operand[1]);
    compare_tag(&w->a, VALUE);
    set_if_below(a, VALUE);
    keep(w, slot[1].operand[0], false);
}

/* ---- jumps ----------------------------------------------------------------------- */

void template_unless_yes(struct writer *w, const struct slot *slot)
{
    fetch(w, slot[1].operand[1]);
    test(&w->a, VALUE);
    uint8_t *yes = jump_if(&w->a, IF_EQUAL);
    compare_number(&w->a, VALUE, NOUN_NO);
    go_if(w, IF_EQUAL, slot[2].target);
    leave(w);
    jump_here(&w->a, yes);
}

void template_unless_equal(struct writer *w, const struct slot *slot)
{
    struct comparison_jumps jumps = write_comparison(w, slot);
    go_to(w, slot[2].target);
    jump_here(&w->a, jumps.look);
    write_look(w, slot);
    go_if(w, IF_EQUAL, slot[2].target); /* false */
    jump_here(&w->a, jumps.same);
}

void template_unless_is(struct writer *w, const struct slot *slot)
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

void template_unless_cell(struct writer *w, const struct slot *slot)
{
    uint32_t place = slot[1].operand[1];
    if (is_known_cell(w, place))
        return;
    fetch(w, place);
    compare_tag(&w->a, VALUE);
    go_if(w, IF_BELOW, slot[2].target);
    know_cell(w, place, true);
}

/* ---- hints ------------------------------------------------------------------------------ */

void template_memo_find(struct writer *w, const struct slot *slot)
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

void template_memo_store(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    load(&w->a, C_ARGUMENT_1, FRAME, IN_FRAME(slot[1].operand[1]));
    load_constant(w, C_ARGUMENT_2, slot[2].constant);
    load(&w->a, C_ARGUMENT_3, FRAME, IN_FRAME(slot[1].operand[2]));
    call_help(w, HELP(native_memo_store));
}

void template_fast(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    address(&w->a, C_ARGUMENT_1, slot[2].fast);
    load(&w->a, C_ARGUMENT_2, FRAME, IN_FRAME(slot[1].operand[1]));
    load(&w->a, C_ARGUMENT_3, FRAME, IN_FRAME(slot[1].operand[2]));
    call_help_that_allocates(w, HELP(native_fast));
}

void template_trace_constant(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    address(&w->a, C_ARGUMENT_1, slot[1].hint);
    load(&w->a, C_ARGUMENT_2, FRAME, -HEADER(1));
    call_help(w, HELP(trace_push_constant));
}

void template_trace(struct writer *w, const struct slot *slot)
{
    move(&w->a, C_ARGUMENT_0, MACHINE);
    load_constant(w, C_ARGUMENT_1, slot[2].constant);
    load(&w->a, C_ARGUMENT_2, FRAME, IN_FRAME(slot[1].operand[1]));
    call_help(w, HELP(trace_push));
}

void template_edit(struct writer *w, const struct slot *slot)
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

#endif
