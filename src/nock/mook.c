/* mook: a trace, as a crash left it, made readable, as the library's mook does.
 *
 * A trace is a list of [tag clue], newest first; each becomes one tank:
 *
 *   %mean cord    leaf of the cord's bytes
 *   %mean core    what the core makes when it is run, if that is a tank
 *   %spot place   /path/to/file:<[line column].[line column]>
 *   %hunk [* p]   the path p
 *   %lose cord    leaf of the cord's bytes
 *   %hand x       the mug of x as @p
 *   other         leaf "mook.tag"
 *
 * What has not the shape that its tag promises becomes "mook.tag" too, and a
 * core that crashes "####".  Of more than 1024 entries the middle is left out.
 * An entry that is no cell with a tag, a place beyond 63 bits, and a tank too
 * large to be looked at are left to who asked.
 *
 * Slots: REST is the trace still to render, REVERSED the tanks so far.
 */
#include "nock/mook.h"

#include <stdio.h>

enum { MOOK_REST, MOOK_REVERSED };

#define TRACE_LENGTH_MAX 1024
#define TRACE_LENGTH_KEPT 512

/* ---- shapes -------------------------------------------------------------- */

/* A list of atoms: a path, or a tape. */
static bool is_atom_list(noun list)
{
    for (; noun_is_cell(list); list = noun_tail(list)) {
        if (!noun_is_atom(noun_head(list)))
            return false;
    }
    return list == 0;
}

static bool is_place(noun n)
{
    return noun_is_cell(n) && noun_is_atom(noun_head(n)) && noun_is_atom(noun_tail(n));
}

static bool is_small_place(noun n)
{
    return noun_is_direct(noun_head(n)) && noun_is_direct(noun_tail(n));
}

/* [path [line column] line column] */
static bool is_spot(noun n)
{
    if (!noun_is_cell(n) || !is_atom_list(noun_head(n)) || !noun_is_cell(noun_tail(n)))
        return false;
    return is_place(noun_head(noun_tail(n))) && is_place(noun_tail(noun_tail(n)));
}

/* A tank being looked at.  One whose parts are shared may be far larger than
 * the memory that it takes, so the look is over after so many list cells. */
struct inspection {
    struct wordstack pending; /* tanks in it, still to be looked at */
    uint64_t cells_left;
};

#define INSPECTION_CELLS_MAX (1 << 20)

/* A list of atoms; the tanks of any other list join the pending ones. */
static bool inspect_list(struct inspection *inspection, noun list, bool of_tanks)
{
    for (; noun_is_cell(list) && inspection->cells_left > 0; inspection->cells_left--, list = noun_tail(list)) {
        if (of_tanks)
            wordstack_push(&inspection->pending, noun_head(list));
        else if (!noun_is_atom(noun_head(list)))
            return false;
    }
    return list == 0;
}

/* So many tapes, the last one in the tail. */
static bool inspect_tapes(struct inspection *inspection, noun n, unsigned count)
{
    for (; count > 1 && noun_is_cell(n); count--, n = noun_tail(n)) {
        if (!inspect_list(inspection, noun_head(n), false))
            return false;
    }
    return count == 1 && inspect_list(inspection, n, false);
}

/* One tank without the tanks in it. */
static bool inspect_tank(struct inspection *inspection, noun tank)
{
    if (noun_is_atom(tank))
        return true;
    noun tag = noun_head(tank), rest = noun_tail(tank);
    if (tag == noun_cord("leaf"))
        return inspect_list(inspection, rest, false);
    unsigned tapes = tag == noun_cord("palm") ? 4 : tag == noun_cord("rose") ? 3 : 0;
    return tapes != 0 && noun_is_cell(rest) && inspect_tapes(inspection, noun_head(rest), tapes) &&
           inspect_list(inspection, noun_tail(rest), true);
}

enum fit { FIT_YES, FIT_NO, FIT_UNKNOWN };

static enum fit is_tank(noun n)
{
    struct inspection inspection = {.cells_left = INSPECTION_CELLS_MAX};
    wordstack_push(&inspection.pending, n);
    bool fits = true;
    while (fits && !wordstack_is_empty(&inspection.pending))
        fits = inspect_tank(&inspection, wordstack_pop(&inspection.pending));
    wordstack_finish(&inspection.pending);
    return inspection.cells_left == 0 ? FIT_UNKNOWN : fits ? FIT_YES : FIT_NO;
}

/* ---- tapes --------------------------------------------------------------- */

static noun tape_from_bytes(struct stack *stack, const void *bytes, size_t size_bytes, noun rest)
{
    struct stack_list tape = stack_list_begin();
    for (size_t i = 0; i < size_bytes; i++)
        stack_list_add(stack, &tape, ((const uint8_t *)bytes)[i]);
    return stack_list_end(&tape, rest);
}

static noun tape_from_string(struct stack *stack, const char *text, noun rest)
{
    return tape_from_bytes(stack, text, strlen(text), rest);
}

static noun tape_from_cord(struct stack *stack, noun cord)
{
    uint64_t holder;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(cord, &holder, &size_bytes);
    return tape_from_bytes(stack, bytes, size_bytes, 0);
}

/* 1.000.000 */
static noun tape_from_number(struct stack *stack, uint64_t number, noun rest)
{
    unsigned digits = 0;
    do {
        if (digits > 0 && digits % 3 == 0)
            rest = stack_cell(stack, '.', rest);
        rest = stack_cell(stack, '0' + number % 10, rest);
        digits++;
        number /= 10;
    } while (number > 0);
    return rest;
}

/* ---- tanks --------------------------------------------------------------- */

static noun leaf(struct stack *stack, noun tape)
{
    return stack_cell(stack, noun_cord("leaf"), tape);
}

static noun leaf_string(struct stack *stack, const char *text)
{
    return leaf(stack, tape_from_string(stack, text, 0));
}

static noun leaf_cord(struct stack *stack, noun cord)
{
    return leaf(stack, tape_from_cord(stack, cord));
}

/* "mook.tag" */
static noun leaf_tag(struct stack *stack, noun tag)
{
    return leaf(stack, tape_from_string(stack, "mook.", tape_from_cord(stack, tag)));
}

static noun rose(struct stack *stack, noun between, noun open, noun close, noun tanks)
{
    return stack_triple(stack, noun_cord("rose"), stack_triple(stack, between, open, close), tanks);
}

static noun path_tank(struct stack *stack, noun path)
{
    noun slash = stack_cell(stack, '/', 0);
    struct stack_list tanks = stack_list_begin();
    for (; noun_is_cell(path); path = noun_tail(path))
        stack_list_add(stack, &tanks, leaf_cord(stack, noun_head(path)));
    return rose(stack, slash, slash, 0, stack_list_end(&tanks, 0));
}

/* "[line column]" before `rest`. */
static noun place_tape(struct stack *stack, noun place, noun rest)
{
    rest = tape_from_number(stack, noun_tail(place), stack_cell(stack, ']', rest));
    return stack_cell(stack, '[', tape_from_number(stack, noun_head(place), stack_cell(stack, ' ', rest)));
}

static noun spot_tank(struct stack *stack, noun spot)
{
    noun range = noun_tail(spot);
    noun tape = place_tape(stack, noun_tail(range), stack_cell(stack, '>', 0));
    tape = place_tape(stack, noun_head(range), stack_cell(stack, '.', tape));
    noun place = leaf(stack, stack_cell(stack, '<', tape));
    noun tanks = stack_triple(stack, path_tank(stack, noun_head(spot)), place, 0);
    return rose(stack, stack_cell(stack, ':', 0), 0, 0, tanks);
}

noun nock_mook_blocked(struct nock *machine, noun path)
{
    struct stack *stack = nock_stack(machine);
    return is_atom_list(path) ? path_tank(stack, path) : leaf_string(stack, "mute.hunk");
}

/* ---- entries ------------------------------------------------------------- */

static noun hand_tank(struct stack *stack, noun clue)
{
    char name[PHONETIC_NAME_BYTES];
    phonetic_name(noun_mug(clue), name);
    return leaf_string(stack, name);
}

/* The tank of one entry, NOUN_NONE if it takes a run or more than this file. */
static noun render(struct stack *stack, noun tag, noun clue)
{
    if (tag == noun_cord("mean") && noun_is_cell(clue))
        return NOUN_NONE;
    if (tag == noun_cord("hand"))
        return hand_tank(stack, clue);
    if (tag == noun_cord("mean"))
        return leaf_cord(stack, clue);
    if (tag == noun_cord("lose") && noun_is_atom(clue))
        return leaf_cord(stack, clue);
    if (tag == noun_cord("spot") && is_spot(clue))
        return is_small_place(noun_at(clue, 6)) && is_small_place(noun_at(clue, 7)) ? spot_tank(stack, clue)
                                                                                    : NOUN_NONE;
    if (tag == noun_cord("hunk") && noun_is_cell(clue) && is_atom_list(noun_tail(clue)))
        return path_tank(stack, noun_tail(clue));
    return leaf_tag(stack, tag);
}

static void add_tank(struct stack *stack, struct nock_activation *a, noun tank)
{
    a->slot[MOOK_REVERSED] = stack_cell(stack, tank, a->slot[MOOK_REVERSED]);
}

/* [%lose '[skipped 1.000 frames]'] */
static noun skipped_entry(struct stack *stack, uint64_t count)
{
    noun tape = tape_from_number(stack, count, tape_from_string(stack, " frames]", 0));
    tape = tape_from_string(stack, "[skipped ", tape);
    uint8_t bytes[64];
    size_t size_bytes = 0;
    for (; noun_is_cell(tape); tape = noun_tail(tape))
        bytes[size_bytes++] = (uint8_t)noun_head(tape);
    return stack_cell(stack, noun_cord("lose"), stack_atom_from_bytes(stack, bytes, size_bytes));
}

/* The first and the last entries of a trace that is too long. */
static noun shorten(struct stack *stack, noun trace)
{
    int64_t length = noun_list_length(trace);
    if (length <= TRACE_LENGTH_MAX)
        return trace;
    struct stack_list kept = stack_list_begin();
    for (int64_t i = 0; i < length - TRACE_LENGTH_KEPT; i++, trace = noun_tail(trace)) {
        if (i < TRACE_LENGTH_KEPT)
            stack_list_add(stack, &kept, noun_head(trace));
    }
    stack_list_add(stack, &kept, skipped_entry(stack, (uint64_t)length - TRACE_LENGTH_MAX));
    return stack_list_end(&kept, trace);
}

/* ---- steps --------------------------------------------------------------- */

void nock_mook_begin(struct nock *machine, struct nock_activation *a, noun trace)
{
    a->slot[MOOK_REST] = shorten(nock_stack(machine), trace);
    a->slot[MOOK_REVERSED] = 0;
}

/* The core of a %mean is kicked at its own battery, where every scry blocks. */
static enum nock_mook run_core(struct nock_activation *a, noun core)
{
    a->subject = core;
    a->formula = noun_head(core);
    a->scry = NOUN_NONE;
    return NOCK_MOOK_RUN;
}

enum nock_mook nock_mook_next(struct nock *machine, struct nock_activation *a)
{
    struct stack *stack = nock_stack(machine);
    while (noun_is_cell(a->slot[MOOK_REST])) {
        noun entry = noun_head(a->slot[MOOK_REST]);
        if (!noun_is_cell(entry) || !noun_is_atom(noun_head(entry)))
            return NOCK_MOOK_UNKNOWN;
        noun tank = render(stack, noun_head(entry), noun_tail(entry));
        if (tank == NOUN_NONE && noun_head(entry) == noun_cord("mean"))
            return run_core(a, noun_tail(entry));
        if (tank == NOUN_NONE)
            return NOCK_MOOK_UNKNOWN;
        a->slot[MOOK_REST] = noun_tail(a->slot[MOOK_REST]);
        add_tank(stack, a, tank);
    }
    return NOCK_MOOK_DONE;
}

enum nock_mook nock_mook_take(struct nock *machine, struct nock_activation *a)
{
    struct stack *stack = nock_stack(machine);
    noun tone = a->result;
    enum fit fit = noun_head(tone) == 0 ? is_tank(noun_tail(tone)) : FIT_NO;
    if (fit == FIT_UNKNOWN)
        return NOCK_MOOK_UNKNOWN;
    noun instead = leaf_string(stack, noun_head(tone) == 0 ? "mook.mean" : "####");
    a->slot[MOOK_REST] = noun_tail(a->slot[MOOK_REST]);
    add_tank(stack, a, fit == FIT_YES ? noun_tail(tone) : instead);
    return nock_mook_next(machine, a);
}

noun nock_mook_tang(struct nock *machine, struct nock_activation *a)
{
    noun tang = 0;
    for (noun reversed = a->slot[MOOK_REVERSED]; noun_is_cell(reversed); reversed = noun_tail(reversed))
        tang = stack_cell(nock_stack(machine), noun_head(reversed), tang);
    return tang;
}

/* ---- a trace as a whole ---------------------------------------------------- */

/* What `render` cannot: as what has not the shape that its tag promises. */
static noun plain_tank(struct stack *stack, noun entry)
{
    return leaf_tag(stack, noun_is_cell(entry) && noun_is_atom(noun_head(entry)) ? noun_head(entry) : 0);
}

noun mook_tank(struct stack *stack, noun entry)
{
    bool is_entry = noun_is_cell(entry) && noun_is_atom(noun_head(entry));
    noun tank = is_entry ? render(stack, noun_head(entry), noun_tail(entry)) : NOUN_NONE;
    return tank == NOUN_NONE ? plain_tank(stack, entry) : tank;
}

/* Past the entry at hand, with that tank. */
static enum nock_mook step_over(struct nock *machine, struct nock_activation *a, noun tank)
{
    a->slot[MOOK_REST] = noun_tail(a->slot[MOOK_REST]);
    add_tank(nock_stack(machine), a, tank);
    return nock_mook_next(machine, a);
}

/* Slot 0: the trace. */
static enum nock_step tang_step(struct nock *machine, struct nock_activation *a)
{
    enum nock_mook state;
    if (a->phase++ == 0) {
        nock_mook_begin(machine, a, a->slot[0]);
        state = nock_mook_next(machine, a);
    } else {
        state = nock_mook_take(machine, a);
    }
    while (state == NOCK_MOOK_UNKNOWN)
        state = step_over(machine, a, plain_tank(nock_stack(machine), noun_head(a->slot[MOOK_REST])));
    if (state == NOCK_MOOK_RUN)
        return NOCK_STEP_VIRTUAL;
    a->result = nock_mook_tang(machine, a);
    return NOCK_STEP_DONE;
}

/* Where nothing more may run: a core reads as one that crashed. */
static noun tang_at_rest(struct nock *machine, noun trace)
{
    struct stack *stack = nock_stack(machine);
    struct nock_activation a = {0};
    nock_mook_begin(machine, &a, trace);
    enum nock_mook state = nock_mook_next(machine, &a);
    while (state != NOCK_MOOK_DONE) {
        noun tank =
            state == NOCK_MOOK_RUN ? leaf_string(stack, "####") : plain_tank(stack, noun_head(a.slot[MOOK_REST]));
        state = step_over(machine, &a, tank);
    }
    return nock_mook_tang(machine, &a);
}

noun nock_tang(struct nock *machine, noun trace)
{
    struct nock_result result;
    nock_root_add(machine, &trace);
    machine_interpret(machine, tang_step, (noun[3]){trace}, &result);
    nock_root_remove(machine, &trace);
    return result.outcome == NOCK_DONE ? result.product : tang_at_rest(machine, trace);
}
