#include "stack/private.h"

uint64_t *stack_atom_begin(struct stack *stack, size_t size_words)
{
    CHECK_DEBUG(stack->building_words == 0);
    if (UNLIKELY(size_words + 2 >= STACK_LARGE_MIN_BYTES / 8)) {
        uint64_t *data = stack_large_begin(stack, size_words);
        if (data != NULL)
            return data;
    }
    stack->building_words = stack->free_words;
    uint64_t *words = noun_words_at(stack->free_words);
    words[0] = NOUN_META_ATOM;
    words[1] = size_words;
    memset(words + 2, 0, size_words * 8);
    stack->free_words += 2 + size_words;
    return words + 2;
}

noun stack_atom_finish(struct stack *stack)
{
    CHECK_DEBUG(stack->building_words != 0);
    uint64_t offset_words = stack->building_words;
    uint64_t *words = noun_words_at(offset_words);
    size_t count = words[1];
    while (count > 0 && words[1 + count] == 0)
        count--;
    if (UNLIKELY(noun_is_large(offset_words | NOUN_TAG_ATOM)))
        return stack_large_finish(stack, count);
    stack->building_words = 0;
    if (count == 0 || (count == 1 && words[2] <= NOUN_DIRECT_MAX)) {
        stack->free_words = offset_words;
        return count == 0 ? 0 : words[2];
    }
    words[1] = count;
    stack->free_words = offset_words + 2 + count;
    return offset_words | NOUN_TAG_ATOM;
}

noun stack_atom_from_word(struct stack *stack, uint64_t word)
{
    return stack_atom_from_words(stack, &word, 1);
}

noun stack_atom_from_words(struct stack *stack, const uint64_t *words, size_t count)
{
    uint64_t *copy = stack_atom_begin(stack, count);
    if (count > 0)
        memcpy(copy, words, count * 8);
    return stack_atom_finish(stack);
}

noun stack_atom_from_bytes(struct stack *stack, const void *bytes, size_t size_bytes)
{
    uint64_t *words = stack_atom_begin(stack, (size_bytes + 7) / 8);
    if (size_bytes > 0)
        memcpy(words, bytes, size_bytes);
    return stack_atom_finish(stack);
}

noun stack_cord(struct stack *stack, const char *text)
{
    return stack_atom_from_bytes(stack, text, strlen(text));
}
