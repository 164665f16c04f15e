/* The trace of hints, and its rendering.
 *
 * What a hint puts on the trace stands there while its body runs, with all
 * that is called from it.  Inside a function that costs nothing: where an
 * instruction stands tells which hints are around it.  Only a tail call, which
 * leaves its function, pushes them on the trace's own stack, and the frame it
 * runs in takes them off when it returns.
 */
#include "nock/machine.h"

#include <stdio.h>
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

/* ---- mook: from a trace to a tang ---------------------------------------------------- */

static noun tape(struct stack *stack, const char *text)
{
    struct stack_list list = stack_list_begin();
    for (; *text != 0; text++)
        stack_list_add(stack, &list, (noun)(uint8_t)*text);
    return stack_list_end(&list, 0);
}

static noun tape_of_cord(struct stack *stack, noun cord)
{
    uint64_t direct;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(cord, &direct, &size_bytes);
    struct stack_list list = stack_list_begin();
    for (size_t i = 0; i < size_bytes; i++)
        stack_list_add(stack, &list, bytes[i]);
    return stack_list_end(&list, 0);
}

static noun leaf(struct stack *stack, noun text)
{
    return stack_cell(stack, noun_cord("leaf"), text);
}

/* A path as Hoon's smyt renders it; NOUN_NONE if it is none. */
static noun smyt(struct stack *stack, noun path)
{
    struct stack_list tanks = stack_list_begin();
    for (; noun_is_cell(path); path = noun_tail(path)) {
        if (!noun_is_atom(noun_head(path)))
            return NOUN_NONE;
        stack_list_add(stack, &tanks, leaf(stack, tape_of_cord(stack, noun_head(path))));
    }
    if (path != 0)
        return NOUN_NONE;
    noun style = stack_triple(stack, tape(stack, "/"), tape(stack, "/"), 0);
    return stack_triple(stack, noun_cord("rose"), style, stack_list_end(&tanks, 0));
}

static void append_number(char *text, size_t size_bytes, noun number)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t at = strlen(text);
    for (int i = 0; i < length && at + 2 < size_bytes; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[at++] = '.';
        text[at++] = digits[i];
    }
    text[at] = 0;
}

/* ":<[l c].[l c]>" behind the path; NOUN_NONE for a malformed clue. */
static noun spot_tank(struct stack *stack, noun clue)
{
    static const uint64_t axes[] = {12, 13, 14, 15};
    noun path = noun_at(clue, 2);
    noun place[4];
    if (path == NOUN_NONE)
        return NOUN_NONE;
    for (unsigned i = 0; i < 4; i++) {
        place[i] = noun_at(clue, axes[i]);
        if (place[i] == NOUN_NONE || !noun_is_direct(place[i]))
            return NOUN_NONE;
    }
    char text[160] = "<[";
    append_number(text, sizeof text, place[0]);
    strcat(text, " ");
    append_number(text, sizeof text, place[1]);
    strcat(text, "].[");
    append_number(text, sizeof text, place[2]);
    strcat(text, " ");
    append_number(text, sizeof text, place[3]);
    strcat(text, "]>");
    noun path_tank = smyt(stack, path);
    if (path_tank == NOUN_NONE)
        return NOUN_NONE;
    noun style = stack_triple(stack, tape(stack, ":"), 0, 0);
    noun tanks = stack_triple(stack, path_tank, leaf(stack, tape(stack, text)), 0);
    return stack_triple(stack, noun_cord("rose"), style, tanks);
}

/* A signed-free rendering of a mug as Hoon's @p needs the name tables; its
 * number says the same. */
static noun hand_tank(struct stack *stack, noun clue)
{
    char text[32];
    snprintf(text, sizeof text, "0x%" PRIx32, noun_mug(clue));
    return leaf(stack, tape(stack, text));
}

static noun unknown_tank(struct stack *stack, noun tag)
{
    struct stack_list list = stack_list_begin();
    for (const char *at = "mook."; *at != 0; at++)
        stack_list_add(stack, &list, (noun)(uint8_t)*at);
    return leaf(stack, stack_list_end(&list, noun_is_atom(tag) ? tape_of_cord(stack, tag) : 0));
}

noun trace_tank(struct stack *stack, noun entry)
{
    if (!noun_is_cell(entry))
        return unknown_tank(stack, 0);
    noun tag = noun_head(entry), clue = noun_tail(entry);
    noun tank = NOUN_NONE;
    if (tag == noun_cord("mean") || tag == noun_cord("lose"))
        tank = noun_is_atom(clue) ? leaf(stack, tape_of_cord(stack, clue)) : NOUN_NONE;
    else if (tag == noun_cord("spot"))
        tank = spot_tank(stack, clue);
    else if (tag == noun_cord("hunk"))
        tank = noun_is_cell(clue) ? smyt(stack, noun_tail(clue)) : NOUN_NONE;
    else if (tag == noun_cord("hand"))
        tank = hand_tank(stack, clue);
    /* A malformed clue reads like an unknown tag: mook.hunk, mook.lose, ... */
    return tank == NOUN_NONE ? unknown_tank(stack, tag) : tank;
}

bool trace_entry_is_trap(noun entry)
{
    return noun_is_cell(entry) && noun_head(entry) == noun_cord("mean") && noun_is_cell(noun_tail(entry));
}

noun trace_cut(struct stack *stack, noun trace)
{
    int64_t length = noun_list_length(trace);
    if (length <= TRACE_LENGTH_MAX)
        return trace;
    char text[64] = "[skipped ";
    append_number(text, sizeof text, (noun)(length - TRACE_LENGTH_MAX));
    strcat(text, " frames]");
    struct stack_list list = stack_list_begin();
    for (int64_t index = 0; noun_is_cell(trace); trace = noun_tail(trace), index++) {
        if (index == TRACE_LENGTH_MAX / 2)
            stack_list_add(stack, &list, stack_cell(stack, noun_cord("lose"), stack_cord(stack, text)));
        if (index < TRACE_LENGTH_MAX / 2 || index >= length - TRACE_LENGTH_MAX / 2)
            stack_list_add(stack, &list, noun_head(trace));
    }
    return stack_list_end(&list, 0);
}
