/* Boot, load, poke, peek.
 *
 * A kernel core is [battery [state context]]: a door whose sample is the
 * state.  Its arms produce gates; an arm is called by pulling the gate and
 * slamming it (nock_slam_arm).
 *
 * Any run may move every ephemeral noun, so a struct kernel has a few slots
 * that are roots of its machine: the core for as long as the kernel lives, the
 * others while a call is under way.
 */
#include "kernel/private.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

#define MESSAGE_TANKS_MAX 6

struct kernel {
    struct nock *machine;
    noun core;
    noun job; /* 0 between calls, as the next */
    noun tang;
};

/* ---- shape ------------------------------------------------------------------ */

static bool has_formula(noun core, uint64_t axis)
{
    noun formula = noun_at(core, axis);
    return formula != NOUN_NONE && noun_is_cell(formula);
}

static bool is_kernel(noun core)
{
    return has_formula(core, KERNEL_AXIS_LOAD) && has_formula(core, KERNEL_AXIS_PEEK) &&
           has_formula(core, KERNEL_AXIS_POKE) && noun_at(core, KERNEL_AXIS_STATE) != NOUN_NONE;
}

/* ---- making ----------------------------------------------------------------- */

enum status kernel_cue(struct stack *stack, const uint8_t *jam, size_t size_bytes, noun *trap,
                       uint8_t hash[HASH_BLAKE3_SIZE_BYTES])
{
    enum status status = codec_cue(stack, jam, size_bytes, NULL, trap);
    if (status != STATUS_OK)
        return status_add_context(status, "kernel jam");
    if (!noun_is_cell(*trap))
        return status_fail(STATUS_INVALID, "kernel jam: it holds an atom and not a trap; give the file that the Hoon "
                                           "compiler wrote for a kernel");
    hash_blake3(jam, size_bytes, hash);
    return STATUS_OK;
}

enum status kernel_from_core(struct nock *machine, noun core, struct kernel **out)
{
    if (!is_kernel(core))
        return status_fail(STATUS_INVALID,
                           "kernel: this is no kernel core: its load, peek and poke arms are to be at the axes %d, %d "
                           "and %d; was the file compiled as a kernel?",
                           KERNEL_AXIS_LOAD, KERNEL_AXIS_PEEK, KERNEL_AXIS_POKE);
    struct kernel *kernel = calloc(1, sizeof *kernel);
    if (kernel == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *kernel);
    kernel->machine = machine;
    kernel->core = core;
    nock_root_add(machine, &kernel->core);
    nock_root_add(machine, &kernel->job);
    nock_root_add(machine, &kernel->tang);
    *out = kernel;
    return STATUS_OK;
}

void kernel_destroy(struct kernel *kernel)
{
    if (kernel == NULL)
        return;
    nock_root_remove(kernel->machine, &kernel->core);
    nock_root_remove(kernel->machine, &kernel->job);
    nock_root_remove(kernel->machine, &kernel->tang);
    free(kernel);
}

struct nock *kernel_machine(const struct kernel *kernel)
{
    return kernel->machine;
}

noun kernel_core(const struct kernel *kernel)
{
    return kernel->core;
}

noun kernel_state(const struct kernel *kernel)
{
    return noun_at(kernel->core, KERNEL_AXIS_STATE);
}

void kernel_set_core(struct kernel *kernel, noun core)
{
    CHECK(is_kernel(core));
    kernel->core = core;
}

/* ---- crashes ---------------------------------------------------------------- */

/* Why a run did not give what it should: its crash, or nothing if it did not
 * crash.  Rendering the trace runs Nock, which an interrupt or a deadline that
 * ended the run must not end too. */
static struct kernel_goof take_goof(struct nock *machine, const struct nock_result *result)
{
    if (result->outcome == NOCK_DONE)
        return (struct kernel_goof){0, 0};
    if (result->outcome == NOCK_FAILED) {
        nock_interrupt_clear(machine);
        nock_set_deadline(machine, 0);
    }
    return (struct kernel_goof){result->mote, nock_tang(machine, result->product)};
}

static enum status fail_crashed(const struct kernel_goof *goof, const char *what)
{
    char *text = kernel_goof_text_with(goof, MESSAGE_TANKS_MAX, "; ");
    enum status status = status_fail(STATUS_CRASHED, "kernel: %s crashed: %s", what, text);
    free(text);
    return status;
}

/* ---- boot and load ---------------------------------------------------------- */

enum status kernel_boot(struct nock *machine, noun trap, struct kernel **out)
{
    struct stack *stack = nock_stack(machine);
    struct nock_result result;
    noun kick = stack_cell(stack, 9, stack_triple(stack, 2, 0, 1));
    nock_run(machine, trap, kick, &result);
    if (result.outcome == NOCK_DONE)
        return kernel_from_core(machine, result.product, out);
    struct kernel_goof goof = take_goof(machine, &result);
    return fail_crashed(&goof, "its boot");
}

enum status kernel_load(struct kernel *kernel, noun state, struct kernel_goof *goof)
{
    struct nock_result result;
    nock_slam_arm(kernel->machine, kernel->core, KERNEL_AXIS_LOAD, state, &result);
    if (result.outcome == NOCK_DONE && is_kernel(result.product)) {
        kernel->core = result.product;
        return STATUS_OK;
    }
    struct kernel_goof why = take_goof(kernel->machine, &result);
    if (goof != NULL)
        *goof = why;
    if (result.outcome == NOCK_DONE)
        return status_fail(STATUS_CRASHED,
                           "kernel: its load arm produced no kernel core; the kernel is broken: boot one "
                           "whose load accepts this state");
    return fail_crashed(&why, "its load arm");
}

/* ---- poke ------------------------------------------------------------------- */

/* Leaves the job, which may have moved, in event->job. */
static void poke_once(struct kernel *kernel, noun job, struct kernel_event *event)
{
    struct nock_result result;
    kernel->job = job;
    nock_slam_arm(kernel->machine, kernel->core, KERNEL_AXIS_POKE, job, &result);
    bool done = result.outcome == NOCK_DONE && noun_is_cell(result.product) && is_kernel(noun_tail(result.product));
    event->outcome = done ? KERNEL_DONE : KERNEL_CRASHED;
    event->cause = result.outcome;
    if (done) {
        event->effects = noun_head(result.product);
        event->core = noun_tail(result.product);
    } else {
        event->goof = take_goof(kernel->machine, &result);
    }
    event->job = kernel->job;
    kernel->job = 0;
}

void kernel_try(struct kernel *kernel, noun job, struct kernel_event *event)
{
    *event = (struct kernel_event){0};
    poke_once(kernel, job, event);
}

/* [event [%$ %arvo ~] goof eny our now cause] */
static noun replacement_job(struct stack *stack, const struct kernel_event *event)
{
    noun rest = noun_at(event->job, 7);
    CHECK(rest != NOUN_NONE); /* kernel_job built it */
    const struct kernel_goof *goof = &event->goof;
    bool is_crash = goof->mote != 0 || goof->tang != 0;
    noun why = is_crash ? stack_cell(stack, goof->mote, goof->tang) : 0;
    noun wire = stack_triple(stack, 0, noun_cord("arvo"), 0);
    return stack_cell(stack, noun_head(event->job), stack_triple(stack, wire, why, rest));
}

void kernel_replace(struct kernel *kernel, struct kernel_event *event)
{
    CHECK(event->outcome == KERNEL_CRASHED && !event->replaced);
    struct kernel_event second = {.replaced = true};
    struct kernel_goof first_goof = event->goof;
    nock_interrupt_clear(kernel->machine);
    nock_set_deadline(kernel->machine, 0);
    kernel->tang = first_goof.tang;
    poke_once(kernel, replacement_job(nock_stack(kernel->machine), event), &second);
    first_goof.tang = kernel->tang;
    kernel->tang = 0;
    second.cause = event->cause;
    if (second.outcome == KERNEL_DONE)
        second.goof = first_goof;
    *event = second;
}

void kernel_poke(struct kernel *kernel, noun job, struct kernel_event *event)
{
    kernel_try(kernel, job, event);
    if (event->outcome == KERNEL_CRASHED)
        kernel_replace(kernel, event);
}

/* ---- peek ------------------------------------------------------------------- */

static enum kernel_answer decode_answer(noun raw, noun *value)
{
    if (raw == 0)
        return KERNEL_PEEK_UNKNOWN;
    if (!noun_is_cell(raw) || noun_head(raw) != 0)
        return KERNEL_PEEK_MALFORMED;
    noun inner = noun_tail(raw);
    if (inner == 0)
        return KERNEL_PEEK_EMPTY;
    if (!noun_is_cell(inner) || noun_head(inner) != 0)
        return KERNEL_PEEK_MALFORMED;
    *value = noun_tail(inner);
    return KERNEL_PEEK_VALUE;
}

void kernel_peek(struct kernel *kernel, noun path, struct kernel_peek *peek)
{
    struct nock_result result;
    *peek = (struct kernel_peek){0};
    nock_slam_arm(kernel->machine, kernel->core, KERNEL_AXIS_PEEK, path, &result);
    if (result.outcome != NOCK_DONE) {
        peek->answer = KERNEL_PEEK_CRASHED;
        peek->goof = take_goof(kernel->machine, &result);
        return;
    }
    peek->raw = result.product;
    peek->answer = decode_answer(result.product, &peek->value);
}
