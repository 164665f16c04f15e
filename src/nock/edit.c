#include "nock/machine.h"

noun machine_edit(struct stack *stack, noun tree, noun axis, noun patch)
{
    uint64_t direct;
    size_t count;
    if (!noun_is_atom(axis) || axis == 0)
        return NOUN_NONE;
    const uint64_t *words = noun_atom_words(axis, &direct, &count);
    size_t steps = noun_atom_length_bits(axis) - 1;
    /* Copies the spine from the top; each new cell's changed field is filled
     * by the next step, or by the patch. */
    noun whole = patch;
    noun *field = &whole;
    while (steps-- > 0) {
        if (!noun_is_cell(tree))
            return NOUN_NONE;
        unsigned side = words[steps / 64] >> (steps % 64) & 1;
        noun copy = stack_cell(stack, noun_head(tree), noun_tail(tree));
        *field = copy;
        field = &noun_words(copy)[1 + side];
        tree = *field;
    }
    *field = patch;
    return whole;
}

noun machine_increment(struct stack *stack, noun atom)
{
    uint64_t direct;
    size_t count;
    noun_atom_words(atom, &direct, &count);
    uint64_t *sum = stack_atom_begin(stack, count + 1);
    const uint64_t *words = noun_atom_words(atom, &direct, &count);
    bool carry = true;
    for (size_t i = 0; i < count; i++) {
        sum[i] = words[i] + carry;
        carry = carry && sum[i] == 0;
    }
    sum[count] = carry;
    return stack_atom_finish(stack);
}
