#include "noun/noun.h"

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
        if (noun_equal(noun_head(a), noun_head(b))) {
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
