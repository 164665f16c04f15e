/* Virtual contexts: what mink opens, and what opcode 12 does in them. */
#include "nock/machine.h"

#include <stdlib.h>

void virtual_open(struct nock *machine, struct step_frame *frame)
{
    struct virtual_context *context = calloc(1, sizeof *context);
    if (context == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *context);
    context->outer = machine->context;
    context->frame = frame;
    context->opened_before = machine->newest;
    context->trace_count = machine->trace_count;
    machine->context = machine->newest = context;
    machine_pass(machine);
    frame->opened = context;
}

void virtual_memo_store(struct nock *machine, noun key, noun formula, noun product)
{
    struct virtual_context *context = machine->context;
    if (!context->has_young) {
        context->has_young = true;
        context->next_young = machine->young;
        machine->young = context;
    }
    machine->statistics.memo_stores++;
    memo_table_store(&context->memo, key, formula, product);
}

static void forget_young(struct nock *machine, const struct virtual_context *context)
{
    struct virtual_context **link = &machine->young;
    while (*link != context)
        link = &(*link)->next_young;
    *link = context->next_young;
}

void virtual_close(struct nock *machine, struct virtual_context *context)
{
    struct virtual_context *closed;
    machine_pass(machine);
    do {
        closed = machine->newest;
        machine->newest = closed->opened_before;
        machine->context = closed->outer;
        closed->frame->opened = NULL;
        memo_table_finish(&closed->memo);
        if (closed->has_young)
            forget_young(machine, closed);
        if (closed != context)
            free(closed);
    } while (closed != context);
    free(context);
}

enum phase { PHASE_ASK, PHASE_ANSWER };

/* The gate is slammed with [reference path] in the context around the one that
 * asks; meanwhile that one is suspended.  What goes wrong with the gate or its
 * answer goes wrong there. */
static enum nock_step ask(struct nock *machine, struct step_frame *frame)
{
    struct nock_activation *activation = &frame->activation;
    struct virtual_context *inner = machine->context;
    if (inner == &machine->base_context)
        return NOCK_STEP_EXIT;
    noun gate = inner->frame->activation.scry;
    activation->result = activation->slot[1];
    if (gate == NOUN_NONE)
        return NOCK_STEP_BLOCK;
    frame->suspended = inner;
    machine->context = inner->outer;
    machine_pass(machine);
    activation->phase = PHASE_ANSWER;
    noun question = stack_cell(machine->stack, activation->slot[0], activation->slot[1]);
    activation->subject = nock_gate_with_sample(machine, gate, question);
    return activation->subject == NOUN_NONE ? NOCK_STEP_EXIT : NOCK_STEP_KICK;
}

static void virtual_resume(struct nock *machine, struct step_frame *frame)
{
    machine->context = frame->suspended;
    machine_pass(machine);
    frame->suspended = NULL;
}

/* ~ blocks, [* ~] crashes with the question on the trace, [* * x] is x. */
static enum nock_step answer(struct nock *machine, struct step_frame *frame)
{
    struct nock_activation *activation = &frame->activation;
    noun result = activation->result;
    if (result == 0) {
        virtual_resume(machine, frame);
        activation->result = activation->slot[1];
        return NOCK_STEP_BLOCK;
    }
    if (!noun_is_cell(result))
        return NOCK_STEP_EXIT;
    noun unit = noun_tail(result);
    if (noun_is_cell(unit)) {
        virtual_resume(machine, frame);
        activation->result = noun_tail(unit);
        return NOCK_STEP_DONE;
    }
    if (unit != 0)
        return NOCK_STEP_EXIT;
    virtual_resume(machine, frame);
    noun question = stack_cell(machine->stack, activation->slot[0], activation->slot[1]);
    trace_push(machine, noun_cord("hunk"), question);
    return NOCK_STEP_EXIT;
}

enum nock_step virtual_scry(struct nock *machine, struct nock_activation *activation)
{
    struct step_frame *frame = (struct step_frame *)(void *)activation;
    return activation->phase == PHASE_ASK ? ask(machine, frame) : answer(machine, frame);
}
