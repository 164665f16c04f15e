/* The copying collector of the ephemeral stack.
 *
 * What is collected is one stretch; it is copied to the end of `free_words`.
 *
 * From-space is only ever read through words that were not copied yet: the
 * first word of a copied object is a forwarding.  The order is depth first,
 * head before tail, so that what is walked together lies together. */
#include "stack/private.h"

#include "os/os.h"

struct stack_visitor {
    struct stack_large *large; /* NULL: there are none */
    enum stack_reach reach;
    uint64_t from_words; /* the moving stretch */
    uint64_t size_words;
    uint64_t free_words;       /* where the next copy goes */
    struct wordstack *pending; /* addresses of fields still to be looked at */
};

static inline bool moves(const struct stack_visitor *visitor, noun n)
{
    return !noun_is_direct(n) && noun_offset_words(n) - visitor->from_words < visitor->size_words;
}

/* Copies the object unless that was done; returns its new word.  *copied gets
 * the copy if it is a cell whose fields must still be looked at. */
static inline noun forward(struct stack_visitor *visitor, noun n, uint64_t **copied)
{
    uint64_t *from = noun_words(n);
    uint64_t tag = n & ~NOUN_OFFSET_MASK;
    *copied = NULL;
    if (from[0] >> 61 == 7)
        return tag | noun_offset_words(from[0]);
    uint64_t to_words = visitor->free_words;
    uint64_t *to = noun_words_at(to_words);
    if (noun_is_cell(n)) {
        to[0] = from[0];
        to[1] = from[1];
        to[2] = from[2];
        visitor->free_words = to_words + 3;
        *copied = to;
    } else {
        memcpy(to, from, (from[1] + 2) * 8);
        visitor->free_words = to_words + from[1] + 2;
    }
    from[0] = NOUN_TAG_FORWARD | to_words;
    return tag | to_words;
}

/* What stays where it is may be a large atom that somebody has to be seen to need. */
static inline void note(const struct stack_visitor *visitor, noun n)
{
    if (UNLIKELY(visitor->large != NULL) && noun_is_large(n))
        stack_large_mark(visitor->large, n);
}

static void trace(struct stack_visitor *visitor, noun *slot)
{
    struct wordstack *pending = visitor->pending;
    for (;;) {
        uint64_t *cell;
        *slot = forward(visitor, *slot, &cell);
        if (cell != NULL) {
            note(visitor, cell[1]);
            note(visitor, cell[2]);
            bool tail_moves = moves(visitor, cell[2]);
            if (moves(visitor, cell[1])) {
                if (tail_moves) {
                    __builtin_prefetch(noun_words(cell[2]));
                    wordstack_push(pending, (uint64_t)(uintptr_t)&cell[2]);
                }
                slot = &cell[1];
                continue;
            }
            if (tail_moves) {
                slot = &cell[2];
                continue;
            }
        }
        if (wordstack_is_empty(pending))
            return;
        slot = (noun *)(uintptr_t)wordstack_pop(pending);
    }
}

void stack_visit(struct stack_visitor *visitor, noun *slot)
{
    if (moves(visitor, *slot))
        trace(visitor, slot);
    else
        note(visitor, *slot);
}

bool stack_visit_weak(struct stack_visitor *visitor, noun *slot)
{
    if (!moves(visitor, *slot))
        return visitor->large == NULL || !noun_is_large(*slot) ||
               stack_large_is_kept(visitor->large, *slot, visitor->reach);
    uint64_t metadata = noun_words(*slot)[0];
    if (metadata >> 61 != 7)
        return false;
    *slot = (*slot & ~NOUN_OFFSET_MASK) | noun_offset_words(metadata);
    return true;
}

static void run_roots(struct stack *stack, struct stack_visitor *visitor, const struct stack_roots *roots)
{
    visitor->large = stack->large.count > 0 ? &stack->large : NULL;
    visitor->pending = &stack->pending;
    roots->visit(roots->context, visitor, visitor->reach);
    if (roots->visit_weak != NULL)
        roots->visit_weak(roots->context, visitor, visitor->reach);
    if (visitor->large != NULL)
        stack_large_sweep(stack, visitor->reach);
}

/* In the hostile build a noun that a root forgot shows at once. */
static void poison(uint64_t from_words, uint64_t size_words)
{
#ifdef LOAM_HOSTILE
    memset(noun_words_at(from_words), 0xdb, size_words * 8);
#else
    (void)from_words, (void)size_words;
#endif
}

static void collect_young(struct stack *stack, const struct stack_roots *roots)
{
    uint64_t size_words = stack->free_words - stack->young_start_words;
    stack_make_ready(stack, stack_half(stack), STACK_READY_MIN_BYTES);
    stack_back(stack, stack_half(stack), stack->tenured_free_words, 8 * size_words);
    struct stack_visitor visitor = {
        .from_words = stack->young_start_words,
        .size_words = size_words,
        .free_words = stack->tenured_free_words,
        .reach = STACK_YOUNG,
    };
    bool has_large = stack->large.young_bytes > 0;
    run_roots(stack, &visitor, roots);
    poison(visitor.from_words, visitor.size_words);
    uint64_t kept_bytes = 8 * (visitor.free_words - stack->tenured_free_words);
    stack->statistics.young_collections++;
    stack->statistics.promoted_bytes += kept_bytes;
    stack->statistics.allocated_bytes += 8 * size_words;
    stack_note_touched(stack);
    stack->tenured_free_words = visitor.free_words;
    stack_young_begin(stack, STACK_YOUNG_OFFSET_WORDS);
    stack_release(stack, &stack->young, stack->warm_bytes);
    stack_place_learn(stack, 8 * size_words, has_large ? 0 : kept_bytes);
}

static void collect_tenured(struct stack *stack, const struct stack_roots *roots)
{
    unsigned half = stack->tenured_start_words == stack_half_start_words(1);
    uint64_t to_words = stack_half_start_words(1 - half);
    stack_back(stack, &stack->halves[1 - half], to_words, 8 * (stack->tenured_free_words - stack->tenured_start_words));
    struct stack_visitor visitor = {
        .from_words = stack->tenured_start_words,
        .size_words = stack->tenured_free_words - stack->tenured_start_words,
        .free_words = to_words,
        .reach = STACK_FULL,
    };
    run_roots(stack, &visitor, roots);
    poison(visitor.from_words, visitor.size_words);
    stack_note_touched(stack);
    uint64_t live_bytes = 8 * (visitor.free_words - to_words);
    stack->statistics.full_collections++;
    stack->statistics.moved_bytes += live_bytes;
    stack_release(stack, &stack->halves[half], live_bytes + stack->warm_bytes);
    stack->tenured_start_words = to_words;
    stack->tenured_free_words = visitor.free_words;
    stack->tenured_trigger_words = visitor.free_words + stack_greater(live_bytes, stack->warm_bytes) / 8;
}

static bool collect(struct stack *stack, const struct stack_roots *roots, bool full)
{
    CHECK(stack->building_words == 0);
    uint64_t start_ns = os_clock_cpu_ns();
    bool moves = !stack_is_in_place(stack);
    stack_note_peak(stack);
    if (moves)
        collect_young(stack, roots);
    else
        stack_settle(stack);
    if (full || stack_is_overgrown(stack) || stack->large.used_bytes > stack->large.trigger_bytes) {
        collect_tenured(stack, roots);
        moves = true;
    }
    stack_place_young(stack);
    stack->statistics.collection_ns += os_clock_cpu_ns() - start_ns;
    return moves;
}

bool stack_collect(struct stack *stack, const struct stack_roots *roots)
{
    return collect(stack, roots, false);
}

void stack_collect_full(struct stack *stack, const struct stack_roots *roots)
{
    collect(stack, roots, true);
}
