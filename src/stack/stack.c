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

static void stretch_begin(struct stack *stack, struct stack_stretch *stretch, uint64_t start_words)
{
    *stretch = (struct stack_stretch){
        .start_words = start_words,
        .high_words = start_words,
        .backed_words = start_words + stack->warm_bytes / 8,
    };
}

/* What the machine has, and half of what the disk has if that is used. */
static uint64_t default_limit_bytes(const char *backing_directory)
{
    uint64_t available_bytes = 0;
    if (backing_directory != NULL && os_space_available(backing_directory, &available_bytes) != STATUS_OK)
        available_bytes = 0;
    return os_memory_bytes() / 4 * 3 + available_bytes / 2;
}

static enum status stretches_begin(struct stack *stack)
{
    stack->warm_bytes = STACK_WARM_BYTES;
    if (stack->options.backing_directory != NULL) {
        stack->warm_bytes = STACK_WARM_BACKED_BYTES;
        STATUS_TRY(os_scratch_open(stack->options.backing_directory, &stack->scratch));
    }
    /* It is megabytes, and a fault for each page of it costs more than filling it. */
    os_map_advise(noun_base + NOUN_PERSISTENT_BYTES, 2 * STACK_HALF_BYTES, OS_ADVICE_HUGE);
    os_map_advise(address_of(STACK_YOUNG_OFFSET_WORDS), 2 * MIB, OS_ADVICE_HUGE_IF_CHEAP);
    stretch_begin(stack, &stack->young, STACK_YOUNG_OFFSET_WORDS);
    stretch_begin(stack, &stack->halves[0], stack_half_start_words(0));
    stretch_begin(stack, &stack->halves[1], stack_half_start_words(1));
    return STATUS_OK;
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
        stack->options.limit_bytes = default_limit_bytes(stack->options.backing_directory);
    enum status status = stretches_begin(stack);
    if (status != STATUS_OK) {
        stack_destroy(stack);
        return status_add_context(status, "cannot put a file behind the stack");
    }
    stack_clear(stack);
    *out = stack;
    return STATUS_OK;
}

void stack_destroy(struct stack *stack)
{
    if (stack == NULL)
        return;
    stack_large_clear(stack);
    free(stack->large.atoms);
    enum status status = os_map_forget(noun_base + NOUN_PERSISTENT_BYTES, NOUN_SPACE_BYTES - NOUN_PERSISTENT_BYTES);
    CHECK(status == STATUS_OK);
    wordstack_finish(&stack->pending);
    os_scratch_close(stack->scratch);
    free(stack);
}

void stack_release(struct stack *stack, struct stack_stretch *stretch, uint64_t keep_bytes)
{
    if (stretch->backed_words > stretch->start_words + stack->warm_bytes / 8)
        stack_unback(stack, stretch);
    uint64_t keep_words = bits_round_up(stretch->start_words * 8 + keep_bytes, 2 * MIB) / 8;
    if (stretch->high_words <= keep_words)
        return;
    os_map_discard(address_of(keep_words), bits_round_up((stretch->high_words - keep_words) * 8, 4096));
    stretch->high_words = keep_words;
    if (stretch->ready_words > keep_words)
        stretch->ready_words = keep_words;
}

void stack_note_peak(struct stack *stack)
{
    stack->statistics.peak_bytes = stack_greater(stack->statistics.peak_bytes, stack_used_bytes(stack));
}

static void set_soft_limit(struct stack *stack)
{
    atomic_store(&stack->soft_limit_words, stack->young_start_words + stack->options.young_budget_bytes / 8);
}

void stack_young_begin(struct stack *stack, uint64_t start_words)
{
    stack->young_start_words = stack->free_words = start_words;
    set_soft_limit(stack);
}

void stack_note_touched(struct stack *stack)
{
    struct stack_stretch *half = stack_half(stack);
    struct stack_stretch *born = stack_is_in_place(stack) ? half : &stack->young;
    half->high_words = stack_greater(half->high_words, stack->tenured_free_words);
    born->high_words = stack_greater(born->high_words, stack->free_words);
}

void stack_clear(struct stack *stack)
{
    if (stack->tenured_start_words != 0) {
        stack_note_peak(stack);
        stack->statistics.allocated_bytes += 8 * (stack->free_words - stack->young_start_words);
        stack_note_touched(stack);
    }
    stack_large_clear(stack);
    stack->place = (struct stack_place){0};
    stack_young_begin(stack, STACK_YOUNG_OFFSET_WORDS);
    stack_release(stack, &stack->young, stack->warm_bytes);
    stack_release(stack, &stack->halves[0], stack->warm_bytes);
    stack_release(stack, &stack->halves[1], stack->warm_bytes);
    stack->tenured_start_words = stack->tenured_free_words = stack_half_start_words(0);
    stack->tenured_trigger_words = stack->tenured_start_words + stack->warm_bytes / 8;
    stack->building_words = 0;
    stack->is_short = false;
}

bool stack_reserve(struct stack *stack, uint64_t bytes)
{
    uint64_t used = stack_used_bytes(stack);
    return !stack->is_short && used <= stack->options.limit_bytes && bytes <= stack->options.limit_bytes - used;
}

bool stack_resume(struct stack *stack)
{
    set_soft_limit(stack);
    return !stack_is_due(stack);
}

void stack_interrupt(struct stack *stack)
{
    atomic_store(&stack->soft_limit_words, 0);
}
