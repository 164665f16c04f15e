/* The templates of calls, of returns, and of arms that are pulled. */
#include "nock/native_writer.h"

#if NATIVE_IS_POSSIBLE

/* Safe points, as at `enter` in the interpreter; what must be done there is. */
void template_entry(struct writer *w)
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

void template_landing(struct writer *w, struct slot *landing)
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

void template_call(struct writer *w, struct slot *slot)
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
    template_landing(w, landing);
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
void template_call_tail(struct writer *w, const struct slot *slot)
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

void template_return(struct writer *w, const struct slot *slot)
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

void template_arm_find(struct writer *w, const struct slot *slot)
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

void template_arm_store(struct writer *w, const struct slot *slot)
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

void template_pull(struct writer *w, struct slot *slot)
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
    template_landing(w, landing);
    address(a, SITE, slot[2].pull);
    write_arm_learn(w, offsetof(struct pull_site, arm));
    jump_here(a, found);
    write_land_pull(w, landing);
    jump_here(a, done);
    forget_all(w);
}

#endif
