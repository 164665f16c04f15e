/* The trace of hints.
 *
 * What a hint puts on the trace stands there while its body runs, with all
 * that is called from it.  Inside a function that costs nothing: where an
 * instruction stands tells which hints are around it.  Only a tail call, which
 * leaves its function, pushes them on the trace's own stack, and the frame it
 * runs in takes them off when it returns.
 */
#include "nock/machine.h"

#include <stdlib.h>

static struct trace_entry *push(struct nock *machine)
{
    if (machine->trace_count == machine->trace_capacity) {
        machine->trace_capacity = machine->trace_capacity == 0 ? 1024 : machine->trace_capacity * 2;
        machine->trace = realloc(machine->trace, machine->trace_capacity * sizeof *machine->trace);
        if (machine->trace == NULL)
            check_out_of_memory(__FILE__, __LINE__, machine->trace_capacity * sizeof *machine->trace);
    }
    if (machine->trace_scanned > machine->trace_count)
        machine->trace_scanned = machine->trace_count;
    return &machine->trace[machine->trace_count++];
}

void trace_push_constant(struct nock *machine, const struct hint *hint, size_t floor)
{
    if (machine->trace_count > floor) {
        struct trace_entry *top = &machine->trace[machine->trace_count - 1];
        if (top->constant == hint) { /* a loop: counted, not stored */
            top->repeats++;
            return;
        }
    }
    *push(machine) = (struct trace_entry){.constant = hint, .repeats = 1};
}

void trace_push(struct nock *machine, noun tag, noun clue)
{
    *push(machine) = (struct trace_entry){.repeats = 1, .tag = tag, .clue = clue};
}

/* ---- reading it out -------------------------------------------------------------- */

static void list_hints(struct nock *machine, struct stack_list *list, const struct hint *hint, const uint64_t *frame)
{
    for (; hint != NULL; hint = hint->outer) {
        noun clue = hint->clue != NULL ? *hint->clue : frame[hint->clue_register];
        stack_list_add(machine->stack, list, stack_cell(machine->stack, *hint->tag, clue));
    }
}

static void list_entries(struct nock *machine, struct stack_list *list, size_t from, size_t to)
{
    while (to > from) {
        const struct trace_entry *entry = &machine->trace[--to];
        if (entry->constant == NULL)
            stack_list_add(machine->stack, list, stack_cell(machine->stack, entry->tag, entry->clue));
        else
            for (uint64_t i = 0; i < entry->repeats; i++)
                list_hints(machine, list, entry->constant, NULL);
    }
}

noun trace_list(struct nock *machine, uint64_t *frame, const struct slot *at, const uint64_t *until)
{
    struct stack_list list = stack_list_begin();
    size_t height = machine->trace_count;
    if (at != NULL)
        list_hints(machine, &list, code_hint_at(codes_find(&machine->codes, at), at), frame);
    while (frame != until) {
        list_entries(machine, &list, frame[-1], height);
        height = frame[-1];
        const struct slot *landing = frame_landing(frame);
        frame = frame_caller(frame);
        if (landing == machine->landing_step) {
            /* What lies between a scry's handler and the virtual context it
             * stepped out of belongs to neither. */
            const struct step_frame *step = (const struct step_frame *)(const void *)frame;
            if (step->suspended != NULL && frame != until) {
                frame = (uint64_t *)(void *)step->suspended->frame;
                height = step->suspended->trace_count;
            }
            continue;
        }
        if (landing != machine->landing_halt && frame != until)
            list_hints(machine, &list, landing[2].live->hint, frame);
    }
    return stack_list_end(&list, 0);
}
