/* Words in atoms and in lists. */
#include "zk/jets.h"

bool zk_array_read(noun array, uint64_t step, struct zk_array *out)
{
    if (!noun_is_cell(array) || step == 0)
        return false;
    noun length = noun_head(array), data = noun_tail(array);
    uint64_t count;
    if (!noun_is_direct(length) || length == 0 || __builtin_mul_overflow(length, step, &count))
        return false;
    if (!noun_is_indirect(data) || noun_words(data)[1] != count + 1 || noun_words(data)[count + 2] != 1)
        return false;
    *out = (struct zk_array){step, length, noun_words(data) + 2, (size_t)count};
    return true;
}

bool zk_mary_read(noun mary, struct zk_array *out)
{
    return noun_is_cell(mary) && noun_is_direct(noun_head(mary)) &&
           zk_array_read(noun_tail(mary), noun_head(mary), out);
}

bool zk_polynomial_read(noun array, uint64_t step, struct zk_array *out)
{
    return zk_array_read(array, step, out) && zk_all_based(out->words, out->count);
}

uint64_t *zk_data_begin(struct stack *stack, size_t count)
{
    /* The library's own bound on an array's length. */
    if (count >= (uint64_t)1 << 32 || !stack_reserve(stack, 8 * (uint64_t)count + 64))
        return NULL;
    uint64_t *words = stack_atom_begin(stack, count + 1);
    words[count] = 1;
    return words;
}

noun zk_data_finish(struct stack *stack)
{
    return stack_atom_finish(stack);
}

noun zk_array_finish(struct stack *stack, uint64_t length)
{
    noun data = zk_data_finish(stack);
    return stack_cell(stack, length, data);
}

noun zk_mary_finish(struct stack *stack, uint64_t step, uint64_t length)
{
    noun data = zk_data_finish(stack);
    return stack_triple(stack, step, length, data);
}

/* ---- lists ----------------------------------------------------------------- */

size_t zk_list_read(noun list, uint64_t *belts, size_t capacity)
{
    size_t count = 0;
    for (; noun_is_cell(list); list = noun_tail(list), count++)
        if (count == capacity || !zk_belt(noun_head(list), &belts[count]))
            return SIZE_MAX;
    return list == 0 ? count : SIZE_MAX;
}

noun zk_list_make(struct stack *stack, const uint64_t *words, size_t count)
{
    noun list = 0;
    while (count-- > 0) {
        noun item = zk_atom(stack, words[count]);
        list = stack_cell(stack, item, list);
    }
    return list;
}
