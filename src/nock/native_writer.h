/* What writes machine code from the code's instructions: the writer, what it
 * remembers along the way, and the templates.
 *
 * Registers of the bytecode stay in the frame; two things are remembered along
 * a stretch without labels: which of them VALUE holds as well, and which are
 * known to hold cells.
 *
 * Private to native_code.c, native_templates.c and native_calls.c, which are
 * empty where there is no assembler for the processor.
 */
#ifndef NOCK_NATIVE_WRITER_H
#define NOCK_NATIVE_WRITER_H

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

static inline void add_fixup(struct fixups *fixups, uint8_t *distance_at, uint32_t slot)
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
static inline void leave(struct writer *w)
{
    add_fixup(&w->leaves, jump(&w->a), w->slot);
}

static inline void leave_if(struct writer *w, enum condition condition)
{
    add_fixup(&w->leaves, jump_if(&w->a, condition), w->slot);
}

static inline void go_to(struct writer *w, const struct slot *target)
{
    add_fixup(&w->jumps, jump(&w->a), (uint32_t)(target - w->code->slots));
}

static inline void go_if(struct writer *w, enum condition condition, const struct slot *target)
{
    add_fixup(&w->jumps, jump_if(&w->a, condition), (uint32_t)(target - w->code->slots));
}

/* ---- the frame's registers -------------------------------------------------- */

static inline void forget_held(struct writer *w)
{
    w->held = NOT_HELD;
}

static inline void forget_all(struct writer *w)
{
    w->held = NOT_HELD;
    w->cells = 0;
}

static inline bool is_known_cell(const struct writer *w, uint32_t place)
{
    return place < 64 && (w->cells >> place & 1);
}

static inline void know_cell(struct writer *w, uint32_t place, bool is_cell)
{
    if (place < 64)
        w->cells = (w->cells & ~((uint64_t)1 << place)) | (uint64_t)is_cell << place;
}

static inline void fetch(struct writer *w, uint32_t place)
{
    if (w->held != place)
        load(&w->a, VALUE, FRAME, IN_FRAME(place));
    w->held = place;
}

static inline void keep(struct writer *w, uint32_t place, bool is_cell)
{
    store(&w->a, VALUE, FRAME, IN_FRAME(place));
    w->held = place;
    know_cell(w, place, is_cell);
}

/* VALUE is the cell in that register of the frame, or the instruction is left. */
static inline void fetch_cell(struct writer *w, uint32_t place)
{
    fetch(w, place);
    if (is_known_cell(w, place))
        return;
    compare_tag(&w->a, VALUE);
    leave_if(w, IF_BELOW);
    know_cell(w, place, true);
}

static inline void load_constant(struct writer *w, enum machine_register reg, const noun *constant)
{
    if (noun_is_direct(*constant)) { /* it never moves */
        number(&w->a, reg, *constant);
        return;
    }
    address(&w->a, reg, constant);
    load(&w->a, reg, reg, 0);
}

/* Calls C; what may allocate sees and moves the free word. */
static inline void call_help(struct writer *w, uint64_t function)
{
    call(&w->a, function);
    forget_held(w);
}

static inline void call_help_that_allocates(struct writer *w, uint64_t function)
{
    store(&w->a, FREE, STACK, OF_STACK(free_words));
    call_help(w, function);
    load(&w->a, FREE, STACK, OF_STACK(free_words));
}

#define HELP(function) ((uint64_t)(uintptr_t)(function))

/* ---- native_templates.c: an instruction each ---- */

void template_part(struct writer *w, const struct slot *slot, int8_t offset);
void template_axis(struct writer *w, const struct slot *slot);
void template_cons(struct writer *w, const struct slot *slot, enum operation operation);
void template_increment(struct writer *w, const struct slot *slot);
void template_equal(struct writer *w, const struct slot *slot);
void template_is_cell(struct writer *w, const struct slot *slot);
void template_unless_yes(struct writer *w, const struct slot *slot);
void template_unless_equal(struct writer *w, const struct slot *slot);
void template_unless_is(struct writer *w, const struct slot *slot);
void template_unless_cell(struct writer *w, const struct slot *slot);
void template_memo_find(struct writer *w, const struct slot *slot);
void template_memo_store(struct writer *w, const struct slot *slot);
void template_fast(struct writer *w, const struct slot *slot);
void template_trace_constant(struct writer *w, const struct slot *slot);
void template_trace(struct writer *w, const struct slot *slot);
void template_edit(struct writer *w, const struct slot *slot);

/* ---- native_calls.c: calls and returns ---- */

/* The safe point at which code is entered. */
void template_entry(struct writer *w);
void template_landing(struct writer *w, struct slot *landing);
void template_call(struct writer *w, struct slot *slot);
void template_call_tail(struct writer *w, const struct slot *slot);
void template_return(struct writer *w, const struct slot *slot);
void template_arm_find(struct writer *w, const struct slot *slot);
void template_arm_store(struct writer *w, const struct slot *slot);
void template_pull(struct writer *w, struct slot *slot);

#endif
#endif
