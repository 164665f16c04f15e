/* The file behind the tenured halves.
 *
 *   start        + warm               backed             half's end
 *   | anonymous  | pages of the file  | anonymous, untouched |
 *
 * Only a collection makes a half grow, and it knows before it starts how much
 * it may copy at most: then the file is made to reach that far, in large steps
 * whose blocks are allocated first.  A half that was emptied gives all its file
 * pages back at once, so that the system need not write out what nobody will
 * read. */
#include "stack/private.h"

#include "os/os.h"

#ifdef LOAM_HOSTILE
#define STEP_BYTES ((uint64_t)64 << 10)
#else
#define STEP_BYTES ((uint64_t)64 << 20)
#endif

/* Offsets in the file are those in the stack's part of the address space. */
static uint64_t file_offset(uint64_t offset_words)
{
    return offset_words * 8 - NOUN_PERSISTENT_BYTES;
}

void stack_back(struct stack *stack, struct stack_stretch *half, uint64_t free_words, uint64_t size_bytes)
{
    uint64_t end_bytes = free_words * 8 + size_bytes;
    if (stack->scratch == NULL || stack->is_short || end_bytes <= half->backed_words * 8)
        return;
    uint64_t map_bytes = bits_round_up(end_bytes - half->backed_words * 8, STEP_BYTES);
    uint8_t *address = noun_base + half->backed_words * 8;
    if (os_scratch_map(stack->scratch, address, map_bytes, file_offset(half->backed_words)) == STATUS_OK)
        half->backed_words += map_bytes / 8;
    else
        stack->is_short = true;
}

void stack_unback(struct stack *stack, struct stack_stretch *half)
{
    uint64_t start_words = half->start_words + stack->warm_bytes / 8;
    enum status status = os_scratch_unmap(stack->scratch, noun_base + start_words * 8,
                                          (half->backed_words - start_words) * 8, file_offset(start_words));
    CHECK(status == STATUS_OK); /* fewer mappings than before */
    if (half->high_words > start_words && half->high_words <= half->backed_words)
        half->high_words = start_words; /* else the file fell short, and there is plain memory beyond it */
    half->backed_words = start_words;
}
