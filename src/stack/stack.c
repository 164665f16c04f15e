#include "stack/private.h"

#include "os/os.h"

#include <stdlib.h>

#define MIB ((uint64_t)1 << 20)

#ifdef LOAM_HOSTILE
#define YOUNG_BUDGET_DEFAULT_BYTES 0 /* every safe point collects */
#else
#define YOUNG_BUDGET_DEFAULT_BYTES (1 * MIB)
#endif

static_assert(STACK_YOUNG_OFFSET_WORDS * 8 < NOUN_SPACE_BYTES, "the young stretch fits the space");

static uint8_t *address_of(uint64_t offset_words)
{
    return noun_base + offset_words * 8;
}

enum status stack_create(const struct stack_options *options, struct stack **out)
{
    STATUS_TRY(os_map_memory(noun_base + NOUN_PERSISTENT_BYTES, NOUN_SPACE_BYTES - NOUN_PERSISTENT_BYTES));
    struct stack *stack = calloc(1, sizeof *stack);
    if (stack == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *stack);
    if (options != NULL)
        stack->options = *options;
    if (stack->options.young_budget_bytes == 0)
        stack->options.young_budget_bytes = YOUNG_BUDGET_DEFAULT_BYTES;
    if (stack->options.limit_bytes == 0)
        stack->options.limit_bytes = os_memory_bytes() / 4 * 3;
    stack_clear(stack);
    *out = stack;
    return STATUS_OK;
}

void stack_destroy(struct stack *stack)
{
    if (stack == NULL)
        return;
    enum status status = os_map_forget(noun_base + NOUN_PERSISTENT_BYTES, NOUN_SPACE_BYTES - NOUN_PERSISTENT_BYTES);
    CHECK(status == STATUS_OK);
    wordstack_finish(&stack->pending);
    free(stack);
}

void stack_release(uint64_t start_words, uint64_t *high_words, uint64_t keep_bytes)
{
    uint64_t keep_words = bits_round_up(start_words * 8 + keep_bytes, 2 * MIB) / 8;
    if (*high_words <= keep_words)
        return;
    os_map_discard(address_of(keep_words), bits_round_up((*high_words - keep_words) * 8, 4096));
    *high_words = keep_words;
}

void stack_note_peak(struct stack *stack)
{
    stack->statistics.peak_bytes = stack_greater(stack->statistics.peak_bytes, stack_used_bytes(stack));
}

void stack_young_restart(struct stack *stack)
{
    stack->young_high_words = stack_greater(stack->young_high_words, stack->free_words);
    stack->free_words = STACK_YOUNG_OFFSET_WORDS;
    atomic_store(&stack->soft_limit_words, STACK_YOUNG_OFFSET_WORDS + stack->options.young_budget_bytes / 8);
}

void stack_clear(struct stack *stack)
{
    if (stack->tenured_start_words != 0) {
        stack_note_peak(stack);
        stack->statistics.allocated_bytes += 8 * (stack->free_words - STACK_YOUNG_OFFSET_WORDS);
        unsigned half = stack->tenured_start_words == stack_half_start_words(1);
        stack->half_high_words[half] = stack_greater(stack->half_high_words[half], stack->tenured_free_words);
    }
    stack_young_restart(stack);
    stack_release(STACK_YOUNG_OFFSET_WORDS, &stack->young_high_words, STACK_KEEP_WARM_BYTES);
    stack_release(stack_half_start_words(0), &stack->half_high_words[0], STACK_KEEP_WARM_BYTES);
    stack_release(stack_half_start_words(1), &stack->half_high_words[1], STACK_KEEP_WARM_BYTES);
    stack->tenured_start_words = stack->tenured_free_words = stack_half_start_words(0);
    stack->tenured_trigger_words = stack->tenured_start_words + STACK_KEEP_WARM_BYTES / 8;
    stack->building_words = 0;
}

bool stack_reserve(struct stack *stack, uint64_t bytes)
{
    uint64_t used = stack_used_bytes(stack);
    return used <= stack->options.limit_bytes && bytes <= stack->options.limit_bytes - used;
}

void stack_interrupt(struct stack *stack)
{
    atomic_store(&stack->soft_limit_words, 0);
}
