/* What a restart needs so as to be warm: the registry, and the list of what was
 * compiled, as nouns that are kept with the state.
 *
 * The registry is a list, oldest first, of [chum axis noun parent's index],
 * where the noun is the battery or the root's whole noun and index 0 is no
 * parent.
 *
 * The codes are a list, newest first, of [formula number]; the number has bit 0
 * if it was native, bit 1 if the shape is a gate's, and the shape's bits from
 * bit 2.  Only formulas that are persistent already are listed, so the list
 * keeps nothing alive but the formulas of kernels; it grows at its front, so
 * that an event persists what is new in it, and is made again from what ran
 * lately when most of it no longer does.
 */
#include "nock/machine.h"

#include "os/os.h"

#include <stdlib.h>

/* ---- the registry ------------------------------------------------------------- */

noun nock_registry(struct nock *machine)
{
    struct stack *stack = machine->stack;
    struct registry *registry = &machine->registry;
    if (registry->saved != NOUN_NONE)
        return registry->saved;
    size_t count = 0;
    for (struct registration *r = registry->newest; r != NULL; r = r->older)
        r->index = ++count;
    noun list = 0;
    for (struct registration *r = registry->newest; r != NULL; r = r->older) {
        noun parent = r->parent == NULL ? 0 : count - r->parent->index + 1;
        noun item = stack_cell(stack, r->chum, stack_triple(stack, r->axis, r->known->noun, parent));
        list = stack_cell(stack, item, list);
    }
    registry->saved = list;
    return list;
}

void nock_registry_restore(struct nock *machine, noun saved, nock_holds_fn *holds, const void *context)
{
    int64_t length = noun_list_length(saved);
    if (length <= 0)
        return;
    machine->registry.holds = holds;
    machine->registry.holds_context = context;
    struct registration **all = calloc((size_t)length + 1, sizeof(struct registration *));
    if (all == NULL)
        check_out_of_memory(__FILE__, __LINE__, (size_t)length * sizeof(struct registration *));
    bool was_empty = machine->registry.newest == NULL, is_whole = true;
    size_t index = 0;
    for (noun list = saved; noun_is_cell(list); list = noun_tail(list)) {
        noun item = noun_head(list);
        noun chum = noun_at(item, 2), axis = noun_at(item, 6), known = noun_at(item, 14), parent = noun_at(item, 15);
        index++;
        bool sane = parent != NOUN_NONE && noun_is_direct(parent) && parent < index && noun_is_direct(axis) &&
                    noun_is_cell(known) && (parent == 0 || all[parent] != NULL);
        is_whole = is_whole && sane;
        if (!sane)
            continue;
        registry_add(machine, known_of(&machine->known, known), chum, axis, parent == 0 ? NULL : all[parent]);
        all[index] = machine->registry.newest;
    }
    if (was_empty && is_whole)
        machine->registry.saved = saved;
    machine->registry.holds = NULL;
    free(all);
}

/* ---- codes ----------------------------------------------------------------------- */

/* Every so many times the list is asked for, it is held against what ran. */
#define CODES_ASKED_MAX 1024
#define CODES_LISTED_SLACK 64

static bool was_used(const struct nock *machine, const struct code *code)
{
    return code->entries > 0 || code->native_entry != machine->native.leave_enter;
}

/* Is there something to say of the code that the list does not say yet? */
static bool is_news(const struct nock *machine, const struct code *code)
{
    enum code_listed state = code->native_body != NULL ? CODE_LISTED_NATIVE : CODE_LISTED;
    return code->listed < state && was_used(machine, code) && noun_is_persistent(code->known->noun);
}

static noun code_number(const struct code *code)
{
    return (noun)code->shape.bits << 2 | (noun)code->shape.gate << 1 | (code->native_body != NULL);
}

void codes_forget_list(struct codes *codes)
{
    codes->saved = 0;
    codes->saved_count = 0;
    codes->has_news = true;
    free(codes->listed);
    codes->listed = NULL;
}

/* Begins a new list if most of this one has not run since the last time. */
static void review(struct nock *machine)
{
    struct codes *codes = &machine->codes;
    size_t used = 0;
    for (size_t i = 0; i < codes->count; i++)
        used += was_used(machine, codes->all[i]);
    bool is_stale = codes->saved_count > 2 * used + CODES_LISTED_SLACK;
    for (size_t i = 0; i < codes->count; i++) {
        struct code *code = codes->all[i];
        if (is_stale)
            code->listed = CODE_UNLISTED;
        if (is_stale && was_used(machine, code))
            continue; /* it is news now, and listed at once */
        code->entries = 0;
        code->native_entry = machine->native.leave_enter;
    }
    if (is_stale)
        codes_forget_list(codes);
}

noun nock_codes(struct nock *machine)
{
    struct codes *codes = &machine->codes;
    if (++codes->asked % CODES_ASKED_MAX == 0)
        review(machine);
    for (size_t i = 0; codes->has_news && i < codes->count; i++) {
        struct code *code = codes->all[i];
        if (!is_news(machine, code))
            continue;
        noun item = stack_cell(machine->stack, code->known->noun, code_number(code));
        codes->saved = stack_cell(machine->stack, item, codes->saved);
        codes->saved_count++;
        code->listed = code->native_body != NULL ? CODE_LISTED_NATIVE : CODE_LISTED;
    }
    codes->has_news = false;
    return codes->saved;
}

/* The leaves of a tree whose pre-order bits start at *bits; too many if there
 * is no such tree. */
static unsigned count_leaves(uint32_t *bits)
{
    unsigned leaves = 0, open = 1;
    for (; open > 0 && leaves <= SHAPE_LEAVES_MAX; *bits >>= 1) {
        leaves += !(*bits & 1);
        open += *bits & 1 ? 1 : -1u;
    }
    return leaves;
}

static bool read_shape(noun number, struct shape *shape)
{
    uint32_t bits = (uint32_t)(number >> 2);
    *shape = (struct shape){.bits = bits, .gate = number >> 1 & 1};
    unsigned leaves = count_leaves(&bits);
    if (number >> 34 != 0 || bits != 0 || leaves > SHAPE_LEAVES_MAX || (shape->gate && (shape->bits & 7) != 5))
        return false;
    shape->leaves = (uint8_t)(leaves - shape->gate);
    return true;
}

/* ---- the list of the run before -------------------------------------------------- */

/* A restart reads the list and no formula: what never runs costs nothing, and most
 * runs are short. */

static struct listed_code *listed_place(const struct codes *codes, noun formula, uint64_t number)
{
    size_t mask = codes->listed_capacity - 1;
    size_t slot = (size_t)bits_mix64(formula ^ (number >> 1) << 40) & mask;
    while (codes->listed[slot].formula != 0 &&
           (codes->listed[slot].formula != formula || codes->listed[slot].number >> 1 != number >> 1))
        slot = (slot + 1) & mask;
    return &codes->listed[slot];
}

/* Later in the list is older: what is there stays. */
static void listed_put(struct codes *codes, noun formula, uint64_t number)
{
    struct listed_code *place = listed_place(codes, formula, number);
    if (place->formula == 0)
        *place = (struct listed_code){formula, number};
}

static void listed_make(struct codes *codes, size_t count)
{
    codes->listed_capacity = 64;
    while (codes->listed_capacity < 2 * count)
        codes->listed_capacity *= 2;
    codes->listed = calloc(codes->listed_capacity, sizeof *codes->listed);
    if (codes->listed == NULL)
        check_out_of_memory(__FILE__, __LINE__, codes->listed_capacity * sizeof *codes->listed);
}

void nock_codes_restore(struct nock *machine, noun list)
{
    struct codes *codes = &machine->codes;
    struct shape shape;
    int64_t length = noun_list_length(list);
    if (length <= 0 || codes->saved != 0)
        return;
    codes->saved = list;
    codes->saved_count = (size_t)length;
    listed_make(codes, (size_t)length);
    for (; noun_is_cell(list); list = noun_tail(list)) {
        noun item = noun_head(list);
        if (noun_is_cell(item) && noun_is_cell(noun_head(item)) && noun_is_persistent(noun_head(item)) &&
            noun_is_direct(noun_tail(item)) && read_shape(noun_tail(item), &shape))
            listed_put(codes, noun_head(item), noun_tail(item));
    }
}

void code_recall(struct nock *machine, struct code *code)
{
    const struct codes *codes = &machine->codes;
    if (codes->listed == NULL || !noun_is_persistent(code->known->noun))
        return;
    const struct listed_code *listed = listed_place(codes, code->known->noun, code_number(code));
    if (listed->formula == 0)
        return;
    code->listed = listed->number & 1 ? CODE_LISTED_NATIVE : CODE_LISTED;
    if (listed->number & 1)
        code->entries = machine->options.native_after - 1; /* one more is enough */
}

void codes_relist(struct codes *codes, noun (*moved)(const void *context, noun old), const void *context)
{
    struct codes old = *codes;
    if (old.listed == NULL)
        return;
    listed_make(codes, old.listed_capacity / 2);
    for (size_t i = 0; i < old.listed_capacity; i++) {
        noun formula = old.listed[i].formula == 0 ? NOUN_NONE : moved(context, old.listed[i].formula);
        if (formula != NOUN_NONE)
            listed_put(codes, formula, old.listed[i].number);
    }
    free(old.listed);
}

static void warm_code(struct nock *machine, noun item)
{
    noun formula = noun_at(item, 2), number = noun_at(item, 3);
    struct shape shape;
    if (formula == NOUN_NONE || !noun_is_cell(formula) || !noun_is_direct(number) || !read_shape(number, &shape))
        return;
    struct code *code = code_for(machine, known_of(&machine->known, formula), shape);
    if (code->native_body != NULL || !(number & 1))
        return;
    native_compile(machine, code);
    code->entries = 0;
    code->native_entry = machine->native.leave_enter; /* until it runs */
}

void nock_codes_warm(struct nock *machine, uint64_t budget_ns)
{
    noun list = machine->codes.saved;
    bool has_news = machine->codes.has_news;
    uint64_t end_ns = os_clock_ns() + budget_ns;
    native_open(machine);
    for (size_t i = 0; noun_is_cell(list) && (i % 16 != 0 || os_clock_ns() < end_ns); i++, list = noun_tail(list))
        warm_code(machine, noun_head(list));
    native_close(machine);
    machine->codes.has_news = has_news;
}
