/* What the collector of the ephemeral stack must see. */
#include "nock/machine.h"

#include "os/os.h"

#include <stdlib.h>

#define FRAMES_KEPT_BYTES ((uint64_t)64 << 20)

struct scan {
    struct nock *machine;
    uint64_t *frame;
    size_t live;
};

static void visit_words(struct stack_visitor *visitor, uint64_t *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        stack_visit(visitor, &words[i]);
}

/* Frames from the top down; for a young collection only those that have run
 * since the last one. */
static void visit_frames(const struct scan *scan, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct nock *machine = scan->machine;
    visit_words(visitor, scan->frame, scan->live);
    uint64_t *callee = scan->frame;
    while (callee != machine->frames) {
        const struct slot *landing = frame_landing(callee);
        callee = frame_caller(callee);
        if (callee == machine->frames || (reach == STACK_YOUNG && callee < machine->watermark))
            return;
        if (landing == machine->landing_step) {
            visit_words(visitor, callee, STEP_FRAME_NOUNS);
            continue;
        }
        const struct live_set *live = landing[2].live;
        for (uint32_t i = 0; i < live->count; i++)
            stack_visit(visitor, &callee[live->registers[i]]);
    }
}

static void visit_trace(struct nock *machine, struct stack_visitor *visitor, enum stack_reach reach)
{
    for (size_t i = reach == STACK_YOUNG ? machine->trace_scanned : 0; i < machine->trace_count; i++) {
        if (machine->trace[i].constant != NULL)
            continue;
        stack_visit(visitor, &machine->trace[i].tag);
        stack_visit(visitor, &machine->trace[i].clue);
    }
    machine->trace_scanned = machine->trace_count;
}

static void visit_known(struct nock *machine, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct known_table *table = &machine->known;
    for (size_t i = reach == STACK_YOUNG ? table->scanned : 1; i < table->count; i++)
        stack_visit(visitor, &table->by_index[i]->noun);
    table->scanned = table->count;
}

static void visit_codes(struct nock *machine, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct codes *codes = &machine->codes;
    for (size_t i = reach == STACK_YOUNG ? codes->scanned : 0; i < codes->count; i++)
        visit_words(visitor, codes->all[i]->constants, codes->all[i]->constants_count);
    codes->scanned = codes->count;
}

static void visit_registry(struct nock *machine, struct stack_visitor *visitor, enum stack_reach reach)
{
    struct registry *registry = &machine->registry;
    for (struct registration *r = registry->newest; r != NULL; r = r->older) {
        if (reach == STACK_YOUNG && r == registry->scanned)
            break;
        stack_visit(visitor, &r->chum);
    }
    registry->scanned = registry->newest;
}

/* A young collection sees those with something young in them: there may be
 * thousands open. */
static void visit_memos(struct nock *machine, struct stack_visitor *visitor, enum stack_reach reach)
{
    for (; reach == STACK_YOUNG && machine->young != NULL; machine->young = machine->young->next_young) {
        memo_table_visit(&machine->young->memo, visitor, reach);
        machine->young->has_young = false;
    }
    if (reach == STACK_YOUNG)
        return;
    memo_table_visit(&machine->base_context.memo, visitor, reach);
    for (struct virtual_context *open = machine->newest; open != NULL; open = open->opened_before)
        memo_table_visit(&open->memo, visitor, reach);
}

static void visit(void *context, struct stack_visitor *visitor, enum stack_reach reach)
{
    const struct scan *scan = context;
    struct nock *machine = scan->machine;
    if (scan->frame != NULL)
        visit_frames(scan, visitor, reach);
    visit_trace(machine, visitor, reach);
    visit_known(machine, visitor, reach);
    visit_codes(machine, visitor, reach);
    visit_registry(machine, visitor, reach);
    stack_visit(visitor, &machine->registry.saved);
    stack_visit(visitor, &machine->codes.saved);
    visit_memos(machine, visitor, reach);
    for (size_t i = 0; i < machine->roots_count; i++)
        stack_visit(visitor, machine->roots[i]);
}

void machine_collect(struct nock *machine, uint64_t *frame, size_t live)
{
    struct scan scan = {.machine = machine, .frame = frame, .live = live};
    struct stack_roots roots = {.context = &scan, .visit = visit};
    bool moves = stack_collect(machine->stack, &roots);
    if (stack_used_bytes(machine->stack) > machine->stack->options.limit_bytes) {
        stack_collect_full(machine->stack, &roots);
        moves = true;
    }
    machine->collections += moves;
    if (moves)
        machine_pass(machine);
    if (frame == NULL)
        return;
    machine->watermark = frame;
}

/* Room above every frame for the header and arguments of a callee. */
#define FRAMES_SPARE_WORDS (STEP_FRAME_WORDS + 64)

static uint64_t *foreseen(struct nock *machine, uint64_t *top)
{
    uint64_t room_words = (uint64_t)(machine->frames_limit - top) - FRAMES_SPARE_WORDS;
    return top + (room_words < FRAMES_KEPT_BYTES / 8 ? room_words : FRAMES_KEPT_BYTES / 8);
}

bool machine_deepen(struct nock *machine, uint64_t *top)
{
    if (top + FRAMES_SPARE_WORDS > machine->frames_limit) {
        machine->statistics.depth_failures++;
        return false;
    }
    machine->frames_soft = foreseen(machine, top);
    uint64_t depth_bytes = (uint64_t)(top - machine->frames) * 8;
    if (depth_bytes > machine->statistics.depth_peak_bytes)
        machine->statistics.depth_peak_bytes = depth_bytes;
    return true;
}

void machine_release_frames(struct nock *machine)
{
    uint64_t *kept = foreseen(machine, machine->frames);
    if (machine->frames_soft > kept)
        os_map_discard((uint8_t *)kept, (uint64_t)(machine->frames_limit - kept) * 8);
    machine->frames_soft = kept;
}

void nock_collect(struct nock *machine)
{
    machine_collect(machine, NULL, 0);
}

void nock_root_add(struct nock *machine, noun *slot)
{
    if (machine->roots_count == machine->roots_capacity) {
        machine->roots_capacity = machine->roots_capacity == 0 ? 32 : machine->roots_capacity * 2;
        machine->roots = realloc(machine->roots, machine->roots_capacity * sizeof *machine->roots);
        if (machine->roots == NULL)
            check_out_of_memory(__FILE__, __LINE__, machine->roots_capacity * sizeof *machine->roots);
    }
    machine->roots[machine->roots_count++] = slot;
}

void nock_root_remove(struct nock *machine, noun *slot)
{
    size_t i = machine->roots_count;
    while (i > 0 && machine->roots[i - 1] != slot)
        i--;
    CHECK(i > 0); /* it was added */
    machine->roots[i - 1] = machine->roots[--machine->roots_count];
}
