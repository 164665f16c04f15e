/* Where nouns are born: at home, or in place.
 *
 *   at home     | tenured     ->              ...  | young |
 *   in place    | tenured | young ->               ...
 *
 * At home the young stretch is always the same megabyte, which stays in the
 * cache, and a collection copies what has survived to the tenured stretch.
 * That is cheap while little survives.  A program that builds something large
 * keeps nearly all it makes, and pays for each object twice.
 *
 * So once collections have found that most survives, objects are born where
 * they would be copied to: at the end of a budget's worth the stretch is
 * tenured, no root is looked at and no word changes.  What was dead in it goes
 * with the next full collection, as what dies in the tenured stretch does,
 * and as that is due at the same size as ever, there is no more of it.  Whether it is still
 * worth it only a copying collection can tell: after a while the young stretch goes home
 * once, and if most survives again, the next while is twice as long.
 *
 * A stack with a file behind it stays at home: its young stretch is anonymous
 * memory, and little of the tenured one is. */
#include "stack/private.h"

#include "os/os.h"

/* Copying costs what survives; settling costs the part of a full collection
 * that the dead bring nearer, and fresh memory instead of what the cache holds. */
#define MOST(bytes) ((bytes) / 8 * 7)
#define STREAK_MIN 2
/* The longest while, so that a wrong guess costs little: some budgets, and a
 * little where there is no budget (the hostile build). */
static uint64_t while_bytes_max(const struct stack *stack)
{
    return 8 * (uint64_t)stack->options.young_budget_bytes + 1024;
}

/* Pages are made in steps ahead of the objects: a call of the system each
 * step, not an exception each page.  (A file's pages are not: the memory behind
 * them is scarce.) */
#define READY_STEP_BYTES ((uint64_t)1 << 20)
#define SMALL_AHEAD_BYTES ((uint64_t)16 << 20)

void stack_make_ready(struct stack *stack, struct stack_stretch *half, uint64_t size_bytes)
{
    while (stack->scratch == NULL && stack->tenured_free_words + size_bytes / 8 > half->ready_words) {
        uint64_t start_bytes = stack_greater(half->ready_words, stack->tenured_free_words) * 8 & ~(uint64_t)4095;
        os_map_populate_huge(noun_base + start_bytes, READY_STEP_BYTES, SMALL_AHEAD_BYTES);
        half->ready_words = (start_bytes + READY_STEP_BYTES) / 8;
    }
}

/* While all that is born survives, little of what is older is likely to be
 * dead: somebody is still building.  Then twice as much is let pass. */
bool stack_is_overgrown(const struct stack *stack)
{
    uint64_t allowed_words = stack->tenured_trigger_words - stack->tenured_start_words;
    if (stack->place.last_bytes > 0)
        allowed_words *= 2;
    return stack->tenured_free_words - stack->tenured_start_words > allowed_words;
}

void stack_settle(struct stack *stack)
{
    uint64_t size_bytes = 8 * (stack->free_words - stack->young_start_words);
    stack_note_touched(stack);
    stack->statistics.settled_bytes += size_bytes;
    stack->statistics.allocated_bytes += size_bytes;
    stack->tenured_free_words = stack->free_words;
    stack->place.left_bytes -= size_bytes < stack->place.left_bytes ? size_bytes : stack->place.left_bytes;
    stack_large_settle(&stack->large);
}

void stack_place_learn(struct stack *stack, uint64_t size_bytes, uint64_t kept_bytes)
{
    struct stack_place *place = &stack->place;
    if (size_bytes < stack->options.young_budget_bytes / 2)
        return; /* somebody wanted a safe point */
    if (kept_bytes <= MOST(size_bytes)) {
        *place = (struct stack_place){0};
        return;
    }
    if (stack->scratch != NULL || ++place->streak < STREAK_MIN)
        return;
    uint64_t next_bytes = place->last_bytes == 0 ? 2 * size_bytes : 2 * place->last_bytes;
    uint64_t most_bytes = while_bytes_max(stack);
    place->left_bytes = place->last_bytes = next_bytes < most_bytes ? next_bytes : most_bytes;
}

void stack_place_young(struct stack *stack)
{
    if (stack->place.left_bytes == 0) {
        stack_young_begin(stack, STACK_YOUNG_OFFSET_WORDS);
        return;
    }
    stack_make_ready(stack, stack_half(stack), stack->options.young_budget_bytes);
    stack_young_begin(stack, stack->tenured_free_words);
}
