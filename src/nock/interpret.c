/* The interpreter: one loop, the known exception to short functions.
 *
 * The state of a run is `frame` (its registers), `at` (the instruction) and
 * `next` (the next free word of the young stretch), all kept in locals; SAVE
 * and RESTORE bring `next` to and from the stack around whatever may allocate.
 * `value` carries a result from a return to its landing.
 *
 * Safe points are entries into code and the turns of step jets.  There all
 * that is alive is in frames, so a collection may move everything.
 */
#include "nock/profile.h"
#include "nock/sites.h"

#include "os/os.h"

/* Compiled once more with these defined, a program of bench counts what a
 * return that copies its product to the caller's memory would copy. */
#ifndef RETURNS_PUSHED
#define RETURNS_PUSHED(callee) ((void)0)
#define RETURNS_ENTERED(frame, next) ((void)0)
#define RETURNS_GIVES(frame, product) ((void)0)
#endif

#define SAVE() (stack->free_words = next)
#define RESTORE() (next = stack->free_words)

#define REGISTER(i) frame[at[1].operand[i]]
#define WORDS(n) ((uint64_t *)(void *)(base + ((n) << 3)))

#define GO() goto *(void *)at->handler
#define NEXT(slots)                                                                                                    \
    do {                                                                                                               \
        at += (slots);                                                                                                 \
        GO();                                                                                                          \
    } while (0)

#define CONS(written, the_head, the_tail)                                                                              \
    do {                                                                                                               \
        uint64_t *cell_ = (uint64_t *)(void *)(base + (next << 3));                                                    \
        noun head_ = (the_head), tail_ = (the_tail);                                                                   \
        cell_[0] = 0;                                                                                                  \
        cell_[1] = head_;                                                                                              \
        cell_[2] = tail_;                                                                                              \
        (written) = next | NOUN_TAG_CELL;                                                                              \
        next += 3;                                                                                                     \
    } while (0)

static inline struct step_frame *step_frame_at(uint64_t *frame)
{
    return (struct step_frame *)(void *)frame;
}

/* Puts the header of a callee's frame behind the caller's registers. */
static inline uint64_t *push_header(struct nock *machine, uint64_t *frame, size_t frame_words, const struct slot *land)
{
    uint64_t *callee = frame + frame_words + FRAME_HEADER_WORDS;
    callee[-3] = (uint64_t)(uintptr_t)frame;
    callee[-2] = (uint64_t)(uintptr_t)land;
    callee[-1] = machine->trace_count;
    RETURNS_PUSHED(callee);
    return callee;
}

static void step_frame_init(uint64_t *frame, nock_jet_step *step, const struct nock_jet *jet, noun core)
{
    *step_frame_at(frame) =
        (struct step_frame){.activation = {.core = core, .scry = NOUN_NONE}, .step = step, .jet = jet};
}

static bool is_gate(noun core)
{
    return noun_is_cell(core) && noun_is_cell(noun_head(core)) && noun_is_cell(noun_tail(core));
}

/* A core in the pieces of a gate if it has that form, else whole. */
static struct pieces take_apart(noun core)
{
    struct pieces pieces = {.shape = SHAPE_WHOLE, .leaves = {core}};
    if (is_gate(core)) {
        noun payload = noun_tail(core);
        pieces = (struct pieces){.shape = SHAPE_GATE, .leaves = {noun_head(payload), noun_tail(payload)}};
    }
    return pieces;
}

/* [9 2 0 1], which callers of virtual Nock make anew each time: compiled, it would
 * be the one formula of most events that does not outlive them. */
static bool is_kick(noun formula)
{
    return noun_head(formula) == 9 && noun_at(formula, 6) == 2 && noun_at(formula, 14) == 0 &&
           noun_at(formula, 15) == 1;
}

/* Why a run must stop at a safe point, as a mote; 0: go on. */
static noun reason_to_stop(struct nock *machine)
{
    if (atomic_load(&machine->interrupted) || atomic_load(&machine->deadline_passed))
        return noun_cord("intr");
    return 0;
}

/* Why a jet failed: it was to stop, or it says itself, or there is no room. */
static noun reason_to_fail(struct nock *machine)
{
    if (machine->failure_mote != 0)
        return machine->failure_mote;
    noun mote = reason_to_stop(machine);
    return mote != 0 ? mote : noun_cord("fail");
}

/* The slow part of a safe point: 0, or the mote with which the run must end. */
static noun safe_point(struct nock *machine, uint64_t *frame, size_t live, const struct code *entered)
{
    bool is_sampled = machine->profile != NULL && profile_safe_point(machine->profile, frame, entered);
    noun mote = reason_to_stop(machine);
    if (mote != 0 || is_sampled)
        return mote;
    machine_collect(machine, frame, live);
    if (stack_is_over(machine->stack))
        return noun_cord("meme");
    return reason_to_stop(machine);
}

static void finish_run(struct nock *machine, struct nock_result *result, enum nock_outcome outcome, noun product,
                       noun mote)
{
    *result = (struct nock_result){.outcome = outcome, .product = product, .mote = mote};
    if (machine->profile != NULL)
        profile_run_end(machine->profile);
    if (outcome != NOCK_DONE) /* what it stored is not to outlive it */
        memo_table_finish(&machine->base_context.memo);
    while (machine->newest != NULL)
        virtual_close(machine, machine->newest);
    machine->trace_count = machine->trace_scanned = 0;
    machine->watermark = machine->frames;
    machine->check_suspended = false;
    machine->failure_mote = 0;
    machine_release_frames(machine);
}

static const void *const *handlers_table;

const void *const *machine_handlers(void)
{
    if (handlers_table == NULL)
        machine_interpret(NULL, NULL, NULL, NULL);
    return handlers_table;
}

void machine_interpret(struct nock *machine, nock_jet_step *first_step, const noun slots[3], struct nock_result *result)
{
    static const void *const handlers[] = {
#define X(name) &&do_##name,
        OPERATIONS(X)
#undef X
    };
    if (machine == NULL) { /* only asked for the addresses */
        handlers_table = handlers;
        return;
    }

    struct stack *const stack = machine->stack;
    uint8_t *const base = noun_base;
    uint64_t *frame = machine->frames;
    const struct slot *at = NULL;
    const struct slot *land;
    noun subject, formula;
    struct known *known;
    struct code *code;
    struct pieces pieces;
    noun value = 0;
    noun mote;
    uint64_t next = stack->free_words;
    size_t frame_words; /* of the caller in a call from a step frame */
    const void *target; /* of a jump into native code */

    if (machine->profile != NULL)
        profile_run_begin(machine->profile);
    machine_pass(machine);
    machine->watermark = frame;
    machine->base_context.frame = step_frame_at(frame);
    frame = push_header(machine, frame, 0, machine->landing_halt);
    step_frame_init(frame, first_step, NULL, 0);
    memcpy(step_frame_at(frame)->activation.slot, slots, 3 * sizeof *slots);
    goto step;

do_CONSTANT:
    REGISTER(0) = *at[2].constant;
    NEXT(3);

do_MOVE:
    REGISTER(0) = REGISTER(1);
    NEXT(2);

do_HEAD:
    value = REGISTER(1);
    if (UNLIKELY(!noun_is_cell(value)))
        goto crash;
    REGISTER(0) = WORDS(value)[1];
    NEXT(2);

do_TAIL:
    value = REGISTER(1);
    if (UNLIKELY(!noun_is_cell(value)))
        goto crash;
    REGISTER(0) = WORDS(value)[2];
    NEXT(2);

do_AXIS : {
    struct axis_site *site = at[2].axis;
    value = REGISTER(1);
    if (value == site->from && LIKELY(site->until >= machine->collections)) {
        REGISTER(0) = site->part;
        NEXT(3);
    }
    uint64_t axis = site->axis;
    noun from = value;
    for (unsigned steps = 63 - (unsigned)__builtin_clzll(axis); steps-- > 0;) {
        if (UNLIKELY(!noun_is_cell(value)))
            goto crash;
        value = WORDS(value)[1 + (axis >> steps & 1)];
    }
    site->from = from;
    site->part = value;
    site->until = word_until(machine, from);
    REGISTER(0) = value;
    NEXT(3);
}

do_AXIS_BIG:
    value = noun_at_atom(REGISTER(1), *at[2].constant);
    if (value == NOUN_NONE)
        goto crash;
    REGISTER(0) = value;
    NEXT(3);

do_CONS:
    CONS(REGISTER(0), REGISTER(1), REGISTER(2));
    NEXT(2);

do_CONS_HEAD:
    CONS(REGISTER(0), *at[2].constant, REGISTER(2));
    NEXT(3);

do_CONS_TAIL:
    CONS(REGISTER(0), REGISTER(1), *at[2].constant);
    NEXT(3);

do_EDIT:
    SAVE();
    value = machine_edit(stack, REGISTER(1), *at[2].constant, REGISTER(2));
    RESTORE();
    if (value == NOUN_NONE)
        goto crash;
    REGISTER(0) = value;
    NEXT(3);

do_INCREMENT:
    value = REGISTER(1);
    if (LIKELY(value < NOUN_DIRECT_MAX)) {
        REGISTER(0) = value + 1;
        NEXT(2);
    }
    if (noun_is_cell(value))
        goto crash;
    SAVE();
    value = machine_increment(stack, value);
    RESTORE();
    REGISTER(0) = value;
    NEXT(2);

do_EQUAL:
    if (REGISTER(1) == REGISTER(2))
        REGISTER(0) = NOUN_YES;
    else if (noun_is_direct(REGISTER(1)) || noun_is_direct(REGISTER(2)))
        REGISTER(0) = NOUN_NO;
    else
        REGISTER(0) = equal_registers(&REGISTER(1), &REGISTER(2)) ? NOUN_YES : NOUN_NO;
    NEXT(2);

do_IS_CELL:
    REGISTER(0) = noun_is_cell(REGISTER(1)) ? NOUN_YES : NOUN_NO;
    NEXT(2);

do_JUMP:
    at = at[1].target;
    GO();

do_JUMP_UNLESS_YES:
    value = REGISTER(1);
    if (value == NOUN_YES)
        NEXT(3);
    if (UNLIKELY(value != NOUN_NO))
        goto crash;
    at = at[2].target;
    GO();

do_JUMP_UNLESS_EQUAL:
    if (REGISTER(1) == REGISTER(2))
        NEXT(3);
    if (!noun_is_direct(REGISTER(1)) && !noun_is_direct(REGISTER(2)) && equal_registers(&REGISTER(1), &REGISTER(2)))
        NEXT(3);
    at = at[2].target;
    GO();

do_JUMP_UNLESS_IS:
    if (REGISTER(1) == *at[3].constant)
        NEXT(4);
    at = at[2].target;
    GO();

do_JUMP_UNLESS_CELL:
    if (noun_is_cell(REGISTER(1)))
        NEXT(3);
    at = at[2].target;
    GO();

do_MEMO_FIND:
    machine->statistics.memo_hits++;
    value = memo_table_find(&machine->context->memo, REGISTER(1), *at[3].constant);
    if (value != NOUN_NONE) {
        REGISTER(0) = value;
        at = at[2].target;
        GO();
    }
    machine->statistics.memo_hits--;
    NEXT(4);

do_MEMO_STORE:
    virtual_memo_store(machine, REGISTER(1), *at[2].constant, REGISTER(2));
    NEXT(3);

do_ARM_FIND:
    if (arm_is_known(machine, at[2].arm, REGISTER(1))) {
        REGISTER(0) = at[2].arm->product;
        at = at[3].target;
        GO();
    }
    NEXT(4);

do_ARM_STORE:
    arm_learn(machine, at[2].arm, REGISTER(1));
    NEXT(3);

do_FAST:
    if (!fast_is_known(machine, at[2].fast, REGISTER(1), REGISTER(2))) {
        SAVE();
        registry_register(machine, REGISTER(1), REGISTER(2));
        RESTORE();
        fast_learn(machine, at[2].fast, REGISTER(1), REGISTER(2));
    }
    NEXT(3);

do_SLOG:
    SAVE();
    hint_slog(machine, REGISTER(1));
    RESTORE();
    NEXT(2);

do_HELA:
    SAVE();
    hint_hela(machine, trace_list(machine, frame, at, (uint64_t *)(void *)machine->context->frame));
    RESTORE();
    NEXT(1);

do_BOUT_BEGIN:
    REGISTER(0) = os_clock_ns() & NOUN_DIRECT_MAX;
    NEXT(2);

do_BOUT_END:
    SAVE();
    hint_bout(machine, (os_clock_ns() & NOUN_DIRECT_MAX) - REGISTER(1));
    RESTORE();
    NEXT(2);

do_TRACE_CONSTANT:
    trace_push_constant(machine, at[1].hint, frame[-1]);
    NEXT(2);

do_TRACE:
    trace_push(machine, *at[2].constant, REGISTER(1));
    NEXT(3);

do_CRASH:
    goto crash;

    /* ---- calls and returns ---------------------------------------------- */

do_CALL : {
    struct call_site *site = at[1].site;
    known = site->fixed ? site->known : known_called(machine, site, frame[site->formula]);
    if (UNLIKELY(known == NULL))
        goto crash;
    machine->statistics.calls++;
    if (known->jets != NULL && site->dispatch) {
        SAVE();
        value = try_quickly(machine, site, frame, known->jets);
        if (LIKELY(value < NOCK_JET_FAIL)) {
            RESTORE();
            machine->statistics.jet_calls++;
            at += 2;
            goto landed;
        }
        pieces.shape = site->shape;
        for (unsigned i = 0; i < site->shape.leaves; i++)
            pieces.leaves[i] = argument(site, frame, i);
        const struct nock_jet *jet;
        enum jetted jetted = jets_try(machine, known, &pieces, &jet, &value);
        RESTORE();
        switch (jetted) {
        case JETTED_VALUE:
            at += 2;
            goto landed;
        case JETTED_EXIT:
            goto crash;
        case JETTED_FAIL:
            mote = reason_to_fail(machine);
            goto fail;
        case JETTED_STEP:
            frame = push_header(machine, frame, site->frame_words, at + 2);
            step_frame_init(frame, jet->run.step, jet, value);
            goto step_begin;
        case JETTED_NO:
            break;
        }
    }
    code = code_called(machine, site, known);
    uint64_t *callee = push_header(machine, frame, site->frame_words, at + 2);
    for (unsigned i = 0; i < site->shape.leaves; i++)
        callee[i] = argument(site, frame, i);
    frame = callee;
    goto enter;
}

    /* REGISTER 0: the gate's battery, 1: its context, 2: the core. */
do_PULL : {
    struct pull_site *pull = at[2].pull;
    noun core = REGISTER(2);
    if (UNLIKELY(!pull_holds(machine, pull, core)) && !pull_learn(machine, pull, core))
        goto crash;
    if (LIKELY(pull_makes(machine, pull, core))) {
        REGISTER(0) = pull->gate_battery;
        REGISTER(1) = core;
        NEXT(3 + LANDING_SLOTS);
    }
    if (arm_is_known(machine, &pull->arm, core)) {
        value = pull->arm.product;
        at += 3;
        goto pulled;
    }
    known = pull->call.known;
    subject = core;
    land = at + 3;
    frame_words = pull->call.frame_words;
    if (known->jets != NULL) {
        pieces = (struct pieces){.shape = SHAPE_WHOLE, .leaves = {core}};
        goto call_pieces;
    }
    machine->statistics.calls++;
    code = code_called(machine, &pull->call, known);
    frame = push_header(machine, frame, frame_words, land);
    frame[0] = subject;
    goto enter;
}

do_LAND_PULL: /* behind its PULL */
    arm_learn(machine, &at[-1].pull->arm, value);
pulled:
    /* What is no gate has no battery, and the call that follows crashes. */
    if (noun_is_cell(value) && noun_is_cell(WORDS(value)[2])) {
        REGISTER(0) = WORDS(value)[1];
        REGISTER(1) = WORDS(WORDS(value)[2])[2];
    } else {
        REGISTER(0) = 0;
        REGISTER(1) = 0;
    }
    NEXT(LANDING_SLOTS);

do_CALL_TAIL : {
    struct call_site *site = at[1].site;
    known = site->fixed ? site->known : known_called(machine, site, frame[site->formula]);
    if (UNLIKELY(known == NULL))
        goto crash;
    machine->statistics.calls++;
    unsigned leaves = site->shape.leaves;
    for (unsigned i = 0; i < leaves; i++)
        pieces.leaves[i] = argument(site, frame, i);
    if (known->jets != NULL && site->dispatch) {
        SAVE();
        value = try_quickly(machine, site, frame, known->jets);
        if (LIKELY(value < NOCK_JET_FAIL)) {
            RESTORE();
            machine->statistics.jet_calls++;
            goto give_back;
        }
        pieces.shape = site->shape;
        const struct nock_jet *jet;
        enum jetted jetted = jets_try(machine, known, &pieces, &jet, &value);
        RESTORE();
        switch (jetted) {
        case JETTED_VALUE:
            goto give_back;
        case JETTED_EXIT:
            goto crash;
        case JETTED_FAIL:
            mote = reason_to_fail(machine);
            goto fail;
        case JETTED_STEP:
            step_frame_init(frame, jet->run.step, jet, value);
            goto step_begin;
        case JETTED_NO:
            break;
        }
    }
    code = code_called(machine, site, known);
    for (unsigned i = 0; i < leaves; i++)
        frame[i] = pieces.leaves[i];
    goto enter;
}

do_RETURN:
    value = REGISTER(1);
give_back:
    RETURNS_GIVES(frame, value);
    land = frame_landing(frame);
    machine->trace_count = frame[-1];
    frame = frame_caller(frame);
    if (frame < machine->watermark)
        machine->watermark = frame;
    at = land;
landed: /* at `at`, with `value` */
    if (at[LANDING_NATIVE].handler != machine->native.leave_land) {
        target = at[LANDING_NATIVE].handler;
        goto native;
    }
    GO();

do_LAND:
    REGISTER(0) = value;
    NEXT(LANDING_SLOTS);

do_LAND_HALT:
    SAVE();
    finish_run(machine, result, NOCK_DONE, value, 0);
    return;

    /* Into `code`, whose arguments are in `frame`. */
enter:
    RETURNS_ENTERED(frame, next);
    if (UNLIKELY(frame + code->frame_words > machine->frames_soft) &&
        !machine_deepen(machine, frame + code->frame_words)) {
        at = NULL;
        mote = noun_cord("meme");
        goto fail;
    }
    if (UNLIKELY(next > atomic_load_explicit(&stack->soft_limit_words, memory_order_relaxed))) {
        SAVE();
        mote = safe_point(machine, frame, code->shape.leaves, code);
        RESTORE();
        if (mote != 0) {
            at = NULL;
            goto fail;
        }
    }
    if (code->native_body == NULL && ++code->entries >= machine->options.native_after)
        native_want(machine, code);
    if (code->native_body != NULL) {
        code->native_entry = code->native_start;
        target = code->native_body;
        goto native;
    }
    at = code->slots;
    GO();

    /* Runs native code from `target` until it leaves for here. */
native : {
    uint32_t reason = machine->native.enter(machine, target, frame, next, base, value);
    frame = machine->native.frame;
    next = machine->native.next;
    at = machine->native.at;
    if (reason == NATIVE_ENTER) {
        code = machine->native.code;
        goto enter;
    }
    if (reason == NATIVE_LAND) {
        value = machine->native.value;
        GO();
    }
    goto *(void *)handlers[reason];
}

    /* Runs `formula` on `subject`, whole, for the step frame at `frame`, which
     * takes `frame_words`, with the landing `land`. */
call:
    if (!noun_is_cell(formula)) {
        at = NULL;
        goto crash;
    }
    if (is_kick(formula))
        goto kick;
    machine->statistics.calls++;
    code = code_for(machine, known_of(&machine->known, formula), SHAPE_WHOLE);
    frame = push_header(machine, frame, frame_words, land);
    frame[0] = subject;
    goto enter;

    /* Kicks `subject`, jets considered; otherwise as call. */
kick : {
    if (!noun_is_cell(subject) || !noun_is_cell(noun_head(subject))) {
        at = NULL;
        goto crash;
    }
    machine->statistics.calls++;
    known = known_of(&machine->known, noun_head(subject));
    pieces = take_apart(subject);
    goto call_pieces;
}

    /* Calls `known` on `pieces`, jets considered, for the frame at `frame` of
     * `frame_words` and the landing `land`. */
call_pieces : {
    frame = push_header(machine, frame, frame_words, land);
    const struct nock_jet *jet;
    enum jetted jetted = JETTED_NO;
    if (known->jets != NULL) {
        SAVE();
        jetted = jets_try(machine, known, &pieces, &jet, &value);
        RESTORE();
    }
    at = NULL;
    switch (jetted) {
    case JETTED_VALUE:
        goto give_back;
    case JETTED_EXIT:
        goto crash;
    case JETTED_FAIL:
        mote = reason_to_fail(machine);
        goto fail;
    case JETTED_STEP:
        step_frame_init(frame, jet->run.step, jet, value);
        goto step_begin;
    case JETTED_NO:
        break;
    }
    code = pieces.shape.gate && known->gate != NULL ? known->gate : code_for(machine, known, pieces.shape);
    for (unsigned i = 0; i < pieces.shape.leaves; i++)
        frame[i] = pieces.leaves[i];
    goto enter;
}

    /* ---- opcode 12 ---------------------------------------------------------- */

do_SCRY : {
    noun reference = REGISTER(1), path = REGISTER(2);
    if (machine->newest == NULL)
        goto crash;
    frame = push_header(machine, frame, at[3].operand[2], at + 2);
    step_frame_init(frame, virtual_scry, NULL, 0);
    step_frame_at(frame)->activation.slot[0] = reference;
    step_frame_at(frame)->activation.slot[1] = path;
    goto step_begin;
}

    /* ---- jets in steps -------------------------------------------------------- */

do_LAND_STEP : {
    struct step_frame *step = step_frame_at(frame);
    if (step->opened != NULL) {
        virtual_close(machine, step->opened);
        CONS(value, 0, value);
    }
    step->activation.result = value;
    goto step;
}

step_begin:
    RETURNS_ENTERED(frame, next);
    if (UNLIKELY(frame + STEP_FRAME_WORDS > machine->frames_soft) &&
        !machine_deepen(machine, frame + STEP_FRAME_WORDS)) {
        at = NULL;
        mote = noun_cord("meme");
        goto fail;
    }
step : {
    struct step_frame *step = step_frame_at(frame);
    SAVE();
    at = NULL;
    if (UNLIKELY(stack_is_due(stack))) {
        mote = safe_point(machine, frame, STEP_FRAME_NOUNS, NULL);
        if (mote != 0)
            goto fail;
    }
    enum nock_step outcome = step->step(machine, &step->activation);
    RESTORE();
    land = machine->landing_step;
    frame_words = STEP_FRAME_WORDS;
    subject = step->activation.subject;
    formula = step->activation.formula;
    switch (outcome) {
    case NOCK_STEP_DONE:
        value = step->activation.result;
        goto give_back;
    case NOCK_STEP_EXIT:
        if (step->suspended != NULL) { /* outside the context that asked */
            frame = (uint64_t *)(void *)step->suspended->frame;
            machine->trace_count = step->suspended->trace_count;
        }
        goto crash;
    case NOCK_STEP_FAIL:
        mote = reason_to_fail(machine);
        goto fail;
    case NOCK_STEP_KICK:
        goto kick;
    case NOCK_STEP_VIRTUAL:
        virtual_open(machine, step);
        goto call;
    case NOCK_STEP_CALL:
        goto call;
    case NOCK_STEP_BLOCK:
        goto block;
    case NOCK_STEP_PUNT:
        subject = step->activation.core;
        known = known_of(&machine->known, noun_head(subject));
        machine->statistics.jet_punts++;
        code = code_for(machine, known, SHAPE_WHOLE);
        frame[0] = subject;
        goto enter;
    case NOCK_STEP_KICK_TAIL:
        /* The frame goes; its header stays for the callee. */
        land = frame_landing(frame);
        frame_words = (size_t)(frame - frame_caller(frame)) - FRAME_HEADER_WORDS;
        frame = frame_caller(frame);
        if (frame < machine->watermark)
            machine->watermark = frame;
        goto kick;
    }
}

    /* ---- ends ------------------------------------------------------------------ */

    /* A deterministic crash at `at` (NULL: in a step frame or on entry): the
     * innermost virtual context gets it as a tone, or the run is over. */
crash:
    SAVE();
    value = trace_list(machine, frame, at, (uint64_t *)(void *)machine->context->frame);
    if (machine->newest != NULL && machine->context != &machine->base_context) {
        value = stack_cell(stack, 2, value);
        goto unwind;
    }
    finish_run(machine, result, NOCK_CRASHED, value, noun_cord("exit"));
    return;

    /* Opcode 12 found nothing: `value` is the path. */
block:
    SAVE();
    value = step_frame_at(frame)->activation.result;
    if (machine->context == &machine->base_context) {
        mote = noun_cord("fail");
        goto fail;
    }
    value = stack_cell(stack, 1, value);

    /* The innermost context's frame gets the tone `value`. */
unwind : {
    RESTORE();
    struct virtual_context *context = machine->context;
    frame = (uint64_t *)(void *)context->frame;
    machine->trace_count = context->trace_count;
    if (machine->trace_scanned > machine->trace_count)
        machine->trace_scanned = machine->trace_count;
    if (frame < machine->watermark)
        machine->watermark = frame;
    virtual_close(machine, context);
    step_frame_at(frame)->activation.result = value;
    goto step;
}

    /* The whole run fails with `mote`. */
fail:
    SAVE();
    value = trace_list(machine, frame, at, machine->frames);
    finish_run(machine, result, NOCK_FAILED, value, mote);
}
