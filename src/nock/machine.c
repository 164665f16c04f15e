/* The door: making machines, running them, and what they forget. */
#include "nock/machine.h"

#include "os/os.h"

#include <stdlib.h>

#define DEPTH_LIMIT_DEFAULT_BYTES ((uint64_t)16 << 30)
#define DEPTH_LIMIT_LEAST_BYTES ((uint64_t)64 << 10)

/* A code that has been entered this often is worth machine code. */
#ifdef LOAM_HOSTILE
#define NATIVE_AFTER_DEFAULT 1
#else
#define NATIVE_AFTER_DEFAULT 24
#endif

static void make_landings(struct nock *machine)
{
    const void *const *handlers = machine_handlers();
    codes_init(&machine->codes, handlers);
    machine->landing_halt[0].handler = handlers[OPERATION_LAND_HALT];
    machine->landing_step[0].handler = handlers[OPERATION_LAND_STEP];
    machine->landing_halt[LANDING_NATIVE].handler = machine->native.leave_land;
    machine->landing_step[LANDING_NATIVE].handler = machine->native.leave_land;
}

enum status nock_create(struct stack *stack, const struct nock_options *options, struct nock **out)
{
    struct nock *machine = calloc(1, sizeof *machine);
    if (machine == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *machine);
    if (options != NULL)
        machine->options = *options;
    if (machine->options.depth_limit_bytes == 0)
        machine->options.depth_limit_bytes = DEPTH_LIMIT_DEFAULT_BYTES;
    if (machine->options.depth_limit_bytes < DEPTH_LIMIT_LEAST_BYTES)
        machine->options.depth_limit_bytes = DEPTH_LIMIT_LEAST_BYTES;
    if (machine->options.native_after == 0)
        machine->options.native_after = NATIVE_AFTER_DEFAULT;
    uint64_t size_bytes = bits_round_up(machine->options.depth_limit_bytes, 4096);
    uint8_t *frames;
    enum status status = os_map_reserve(size_bytes, &frames);
    if (status == STATUS_OK)
        status = os_map_memory(frames, size_bytes);
    if (status != STATUS_OK) {
        free(machine);
        return status_add_context(status, "the engine's stack of %" PRIu64 " bytes", size_bytes);
    }
    machine->stack = stack;
    machine->frames = machine->frames_soft = machine->watermark = (uint64_t *)(void *)frames;
    machine->frames_limit = machine->frames + size_bytes / 8;
    machine_release_frames(machine);
    machine->context = &machine->base_context;
    machine->lasting = COLLECTIONS_A_WORLD;
    machine->registry.saved = NOUN_NONE;
    known_init(&machine->known);
    native_init(machine);
    make_landings(machine);
    *out = machine;
    return STATUS_OK;
}

void nock_destroy(struct nock *machine)
{
    if (machine == NULL)
        return;
    nock_profile_stop(machine);
    watchdog_stop(machine->watchdog);
    memo_table_finish(&machine->base_context.memo);
    codes_finish(&machine->codes);
    registry_forget_links(machine);
    registry_finish(&machine->registry);
    known_finish(&machine->known);
    free(machine->trace);
    free(machine->roots);
    native_finish(machine);
    os_map_release((uint8_t *)machine->frames, (uint64_t)(machine->frames_limit - machine->frames) * 8);
    free(machine);
}

struct stack *nock_stack(struct nock *machine)
{
    return machine->stack;
}

const struct nock_statistics *nock_statistics(const struct nock *machine)
{
    return &machine->statistics;
}

void nock_add_jets(struct nock *machine, const struct nock_jet *jets, size_t count)
{
    CHECK(machine->registry.hot_count < COUNT_OF(machine->registry.hot));
    machine->registry.hot[machine->registry.hot_count++] = (struct hot_table){.jets = jets, .count = count};
}

void nock_interrupt(struct nock *machine)
{
    atomic_store(&machine->interrupted, true);
    stack_interrupt(machine->stack);
}

void nock_interrupt_clear(struct nock *machine)
{
    atomic_store(&machine->interrupted, false);
}

bool nock_is_stopping(const struct nock *machine)
{
    return atomic_load_explicit(&machine->interrupted, memory_order_relaxed) ||
           atomic_load_explicit(&machine->deadline_passed, memory_order_relaxed);
}

/* ---- running -------------------------------------------------------------------- */

static enum nock_step run_step(struct nock *machine, struct nock_activation *activation)
{
    (void)machine;
    if (activation->phase++ == 1)
        return NOCK_STEP_DONE;
    activation->subject = activation->slot[0];
    activation->formula = activation->slot[1];
    return NOCK_STEP_CALL;
}

void nock_run(struct nock *machine, noun subject, noun formula, struct nock_result *result)
{
    noun slots[3] = {subject, formula, 0};
    machine_interpret(machine, run_step, slots, result);
}

noun nock_gate_with_sample(struct nock *machine, noun gate, noun sample)
{
    if (!noun_is_cell(gate) || !noun_is_cell(noun_tail(gate)))
        return NOUN_NONE;
    return stack_triple(machine->stack, noun_head(gate), sample, noun_tail(noun_tail(gate)));
}

/* Slots: core, axis, sample.  First the arm makes the gate, then it is kicked. */
static enum nock_step slam_step(struct nock *machine, struct nock_activation *activation)
{
    if (activation->phase++ == 0) {
        activation->subject = activation->slot[0];
        activation->formula = noun_at(activation->slot[0], activation->slot[1]);
        return activation->formula == NOUN_NONE ? NOCK_STEP_EXIT : NOCK_STEP_CALL;
    }
    activation->subject = nock_gate_with_sample(machine, activation->result, activation->slot[2]);
    return activation->subject == NOUN_NONE ? NOCK_STEP_EXIT : NOCK_STEP_KICK_TAIL;
}

void nock_slam_arm(struct nock *machine, noun core, uint64_t axis, noun sample, struct nock_result *result)
{
    noun slots[3] = {core, axis, sample};
    machine_interpret(machine, slam_step, slots, result);
}

/* ---- the memo table ---------------------------------------------------------------- */

noun nock_memo_find(struct nock *machine, noun key)
{
    noun product = memo_table_find(&machine->context->memo, key, 0);
    machine->statistics.memo_hits += product != NOUN_NONE;
    return product;
}

void nock_memo_store(struct nock *machine, noun key, noun product)
{
    virtual_memo_store(machine, key, 0, product);
}
