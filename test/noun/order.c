#include <stdlib.h>

#include "random_noun.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

static noun cell(noun head, noun tail)
{
    return stack_cell(stack, head, tail);
}

static void test_dor(void)
{
    noun big = stack_atom_from_word(stack, UINT64_MAX);
    /* ascending in dor: atoms by size, then cells by head, then by tail */
    const noun ascending[] = {0,
                              1,
                              INT64_MAX,
                              big,
                              cell(0, 0),
                              cell(0, 1),
                              cell(0, cell(0, 0)),
                              cell(1, 0),
                              cell(big, 0),
                              cell(big, big),
                              cell(cell(0, 0), 0),
                              cell(cell(0, 1), 0)};
    bool is_right = true;
    for (size_t a = 0; a < COUNT_OF(ascending); a++)
        for (size_t b = 0; b < COUNT_OF(ascending); b++)
            is_right = is_right && noun_dor(ascending[a], ascending[b]) == (a <= b);
    tap_ok(is_right, "dor: atoms before cells, atoms by size, cells by head, then tail");
    tap_ok(noun_dor(cell(big, 3), cell(stack_atom_from_word(stack, UINT64_MAX), 3)), "dor of equals is yes");
}

static void test_gor_and_mor(void)
{
    uint64_t state = tap_seed();
    bool gor = true, mor = true;
    for (int i = 0; i < 2000; i++) {
        noun a = random_noun(stack, &state, 8), b = random_noun(stack, &state, 8);
        uint32_t mug_a = noun_mug(a), mug_b = noun_mug(b);
        gor = gor && noun_gor(a, b) == (mug_a == mug_b ? noun_dor(a, b) : mug_a < mug_b);
        uint32_t twice_a = noun_mug(mug_a), twice_b = noun_mug(mug_b);
        mor = mor && noun_mor(a, b) == (twice_a == twice_b ? noun_dor(a, b) : twice_a < twice_b);
    }
    tap_ok(gor, "gor goes by the mug");
    tap_ok(mor, "mor by the mug of the mug");
    tap_ok(noun_gor(cell(1, 2), cell(1, 2)) && noun_mor(cell(1, 2), cell(1, 2)), "of equals both are yes");
}

/* 31 bits collide among some ten thousand atoms; then dor decides. */
struct mugged {
    uint32_t mug;
    noun atom;
};

static int compare_mugged(const void *a, const void *b)
{
    uint32_t mug_a = ((const struct mugged *)a)->mug, mug_b = ((const struct mugged *)b)->mug;
    return (mug_a > mug_b) - (mug_a < mug_b);
}

static void test_collisions(void)
{
    enum { ATOMS = 200000 };
    struct mugged *all = calloc(ATOMS, sizeof *all);
    CHECK(all != NULL);
    for (noun atom = 0; atom < ATOMS; atom++)
        all[atom] = (struct mugged){noun_mug(atom), atom};
    qsort(all, ATOMS, sizeof *all, compare_mugged);
    unsigned collisions = 0;
    bool is_right = true;
    for (size_t i = 1; i < ATOMS; i++) {
        if (all[i].mug != all[i - 1].mug)
            continue;
        noun low = all[i].atom < all[i - 1].atom ? all[i].atom : all[i - 1].atom;
        noun high = all[i].atom + all[i - 1].atom - low;
        collisions++;
        is_right =
            is_right && noun_gor(low, high) && !noun_gor(high, low) && noun_mor(low, high) && !noun_mor(high, low);
    }
    free(all);
    tap_ok(collisions > 0 && is_right, "where mugs collide (%u times) the smaller comes first", collisions);
}

/* Each is a total order. */
static void test_laws(bool (*order)(noun, noun), const char *name)
{
    uint64_t state = tap_seed();
    bool total = true, transitive = true;
    for (int i = 0; i < 3000; i++) {
        noun a = random_noun(stack, &state, 5), b = random_noun(stack, &state, 5), c = random_noun(stack, &state, 5);
        bool both = order(a, b) && order(b, a);
        total = total && (order(a, b) || order(b, a)) && both == noun_equal(a, b);
        transitive = transitive && (!(order(a, b) && order(b, c)) || order(a, c));
    }
    tap_ok(total, "%s: of two different nouns one comes first", name);
    tap_ok(transitive, "%s: and it is transitive", name);
}

int main(void)
{
    stack = space_stack();
    test_dor();
    test_gor_and_mor();
    test_collisions();
    test_laws(noun_dor, "dor");
    test_laws(noun_gor, "gor");
    test_laws(noun_mor, "mor");
    return tap_done();
}
