/* Hints that speak. */
#include "nock/mook.h"

#include <stdio.h>

/* What was said once is to be said again where it is run again. */
static void slog(struct nock *machine, uint64_t priority, noun tank)
{
    machine_pass(machine);
    if (machine->options.slog != NULL)
        machine->options.slog(machine->options.slog_context, priority, tank);
}

/* A malformed clue is ignored: a hint must not change a result. */
void hint_slog(struct nock *machine, noun clue)
{
    if (noun_is_cell(clue) && noun_is_direct(noun_head(clue)))
        slog(machine, noun_head(clue), noun_tail(clue));
}

void hint_hela(struct nock *machine, noun trace)
{
    struct wordstack entries;
    wordstack_init(&entries);
    for (; noun_is_cell(trace); trace = noun_tail(trace))
        wordstack_push(&entries, noun_head(trace));
    while (!wordstack_is_empty(&entries))
        slog(machine, 0, mook_tank(machine->stack, wordstack_pop(&entries)));
    wordstack_finish(&entries);
}

void hint_bout(struct nock *machine, uint64_t duration_ns)
{
    char text[64];
    if (duration_ns < 1000000)
        snprintf(text, sizeof text, "took: %.1f us", (double)duration_ns / 1e3);
    else
        snprintf(text, sizeof text, "took: %.1f ms", (double)duration_ns / 1e6);
    slog(machine, 0, stack_cord(machine->stack, text));
}
