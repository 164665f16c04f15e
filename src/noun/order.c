#include "noun/noun.h"

/* Mugs first: they are kept, so that two deep heads that differ far below are
 * told apart at once on every level of the way down, and not walked on each. */
static bool heads_are_equal(noun a, noun b)
{
    noun head_a = noun_head(a), head_b = noun_head(b);
    if (noun_is_cell(head_a) && noun_is_cell(head_b) && noun_mug(head_a) != noun_mug(head_b))
        return false;
    return noun_equal(head_a, head_b);
}

bool noun_dor(noun a, noun b)
{
    for (;;) {
        if (a == b)
            return true;
        bool a_is_cell = noun_is_cell(a), b_is_cell = noun_is_cell(b);
        if (a_is_cell != b_is_cell)
            return b_is_cell;
        if (!a_is_cell)
            return noun_atom_compare(a, b) <= 0;
        if (heads_are_equal(a, b)) {
            a = noun_tail(a);
            b = noun_tail(b);
        } else {
            a = noun_head(a);
            b = noun_head(b);
        }
    }
}

bool noun_gor(noun a, noun b)
{
    uint32_t mug_a = noun_mug(a), mug_b = noun_mug(b);
    return mug_a == mug_b ? noun_dor(a, b) : mug_a < mug_b;
}

bool noun_mor(noun a, noun b)
{
    uint32_t mug_a = noun_mug_atom(noun_mug(a)), mug_b = noun_mug_atom(noun_mug(b));
    return mug_a == mug_b ? noun_dor(a, b) : mug_a < mug_b;
}
