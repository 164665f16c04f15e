/* Equality among ephemeral nouns, and what unification may do to them. */
#include "os/os.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

static noun cell(noun head, noun tail)
{
    return stack_cell(stack, head, tail);
}

static noun big(uint64_t word)
{
    return stack_atom_from_word(stack, word | 1ull << 63);
}

static void test_small(void)
{
    tap_ok(noun_equal(0, 0) && noun_equal(INT64_MAX, INT64_MAX) && !noun_equal(0, 1), "direct atoms");
    tap_ok(noun_equal(big(1), big(1)) && !noun_equal(big(1), big(2)) && !noun_equal(big(1), 1), "indirect atoms");
    tap_ok(noun_equal(cell(1, 2), cell(1, 2)), "equal cells");
    tap_ok(!noun_equal(cell(1, 2), cell(1, 3)) && !noun_equal(cell(1, 2), cell(3, 2)), "different cells");
    tap_ok(!noun_equal(cell(1, 2), 1) && !noun_equal(1, cell(1, 2)) && !noun_equal(big(1), cell(1, 2)),
           "a cell is no atom");
    noun wide = stack_atom_from_words(stack, (uint64_t[]){1ull << 63, 1}, 2);
    tap_ok(!noun_equal(big(0), wide), "atoms of different length");
    noun shared = cell(1, big(7));
    tap_ok(noun_equal(cell(shared, shared), cell(cell(1, big(7)), shared)), "equal parts at several places");
}

/* Copies, sharing nothing with the original, but shared where it is. */
static noun deep_copy(noun n)
{
    if (noun_is_direct(n))
        return n;
    if (noun_is_atom(n))
        return stack_atom_from_words(stack, noun_words(n) + 2, noun_words(n)[1]);
    noun head = deep_copy(noun_head(n));
    return cell(head, deep_copy(noun_tail(n)));
}

/* The copy of `n` with the leaf that a random walk ends at made another. */
static noun with_another_leaf(noun n, uint64_t *state)
{
    if (noun_is_atom(n))
        return noun_is_direct(n) ? n ^ 1 : stack_atom_from_word(stack, noun_words(n)[2] | 1ull << 63);
    if (tap_below(state, 2) == 0)
        return cell(with_another_leaf(noun_head(n), state), deep_copy(noun_tail(n)));
    return cell(deep_copy(noun_head(n)), with_another_leaf(noun_tail(n), state));
}

static bool equal_by_definition(noun a, noun b)
{
    if (noun_is_cell(a) && noun_is_cell(b))
        return equal_by_definition(noun_head(a), noun_head(b)) && equal_by_definition(noun_tail(a), noun_tail(b));
    return noun_is_atom(a) && noun_is_atom(b) && noun_atom_compare(a, b) == 0;
}

static void test_random(bool (*equal)(noun, noun), const char *name)
{
    uint64_t state = tap_seed();
    bool copies = true, others = true;
    for (int i = 0; i < 1000; i++) {
        noun n = random_noun(stack, &state, 1 + (unsigned)tap_below(&state, 60));
        if (tap_below(&state, 2) == 0)
            noun_mug(n);
        noun copy = deep_copy(n);
        copies = copies && equal(n, copy) && equal(copy, n) && equal_by_definition(n, copy);
        noun other = with_another_leaf(n, &state);
        bool expected = equal_by_definition(n, other); /* a wide atom may have lost only nothing */
        others = others && equal(n, other) == expected && equal(other, n) == expected;
    }
    tap_ok(copies, "%s: random nouns equal their copies", name);
    tap_ok(others, "%s: and not what differs in one leaf", name);
}

/* ---- unification ------------------------------------------------------------ */

static void test_unification(void)
{
    noun older = cell(cell(1, 2), big(3)), younger = cell(cell(1, 2), big(3));
    noun older_head = noun_head(older), older_tail = noun_tail(older);
    tap_ok(noun_equal(younger, older), "two copies are equal");
    tap_ok(noun_head(younger) == older_head && noun_tail(younger) == older_tail,
           "then the younger one's parts are the older one's");
    tap_ok(noun_head(older) == older_head && noun_tail(older) == older_tail, "whose own stay");
    older = cell(cell(1, 2), big(3)), younger = cell(cell(1, 2), big(3));
    noun younger_head = noun_head(younger);
    tap_ok(noun_equal_pure(older, younger) && noun_head(younger) == younger_head, "the pure comparison writes nothing");
}

/* No object on the stack from `first` on points at one younger than itself. */
static bool nothing_points_forward(uint64_t first_words)
{
    uint64_t at = first_words;
    while (at < stack->free_words) {
        const uint64_t *words = noun_words_at(at);
        if (words[0] & NOUN_META_ATOM) {
            at += 2 + words[1];
            continue;
        }
        for (int field = 1; field <= 2; field++)
            if (!noun_is_direct(words[field]) && noun_offset_words(words[field]) >= at)
                return false;
        at += 3;
    }
    return at == stack->free_words;
}

static void test_law(void)
{
    uint64_t state = tap_seed();
    bool holds = true, still_equal = true;
    for (int i = 0; i < 1000; i++) {
        uint64_t first_words = stack->free_words;
        noun a = random_noun(stack, &state, 40);
        noun b = tap_below(&state, 3) == 0 ? with_another_leaf(a, &state) : deep_copy(a);
        noun c = cell(deep_copy(b), a);
        noun d = cell(b, deep_copy(a));
        bool expected = equal_by_definition(c, d);
        still_equal = still_equal && noun_equal(c, d) == expected && equal_by_definition(c, d) == expected;
        holds = holds && nothing_points_forward(first_words);
    }
    tap_ok(still_equal, "unification changes no noun's value");
    tap_ok(holds, "and nothing older points at anything newer");
}

/* ---- sharing ------------------------------------------------------------------ */

/* A noun of `depth` cells and 2^depth paths. */
static noun doubled(noun leaf, unsigned depth)
{
    noun n = leaf;
    while (depth-- > 0)
        n = cell(n, n);
    return n;
}

/* The same value, but the second half of each cell is its own chain of cells. */
static noun doubled_apart(noun leaf, unsigned depth)
{
    noun left = leaf, right = leaf;
    while (depth-- > 0) {
        noun next = cell(left, right);
        right = cell(right, left);
        left = next;
    }
    return left;
}

static void in_time(bool (*equal)(noun, noun), noun a, noun b, bool expected, const char *what)
{
    uint64_t before_ns = os_clock_cpu_ns();
    bool is_equal = equal(a, b);
    uint64_t taken_ms = (os_clock_cpu_ns() - before_ns) / 1000000;
    tap_ok(is_equal == expected && taken_ms < 500, "%s: 2^60 paths in %" PRIu64 " ms", what, taken_ms);
}

static void test_sharing(bool (*equal)(noun, noun), const char *name)
{
    tap_note("%s", name);
    in_time(equal, doubled(7, 60), doubled(7, 60), true, "equal");
    in_time(equal, doubled(7, 60), doubled(8, 60), false, "different leaf");
    in_time(equal, doubled_apart(7, 60), doubled_apart(7, 60), true, "shared crosswise");
    in_time(equal, doubled_apart(7, 60), doubled(7, 60), true, "crosswise against doubled");
    in_time(equal, cell(doubled(7, 60), 1), cell(doubled(7, 60), 2), false, "different only at the end");
    noun a = doubled(big(7), 60), b = doubled(big(7), 60);
    noun_mug(a), noun_mug(b);
    in_time(equal, a, b, true, "with mugs known");
}

int main(void)
{
    stack = space_stack();
    test_small();
    test_random(noun_equal, "unifying");
    test_random(noun_equal_pure, "pure");
    test_unification();
    test_law();
    test_sharing(noun_equal, "unifying");
    test_sharing(noun_equal_pure, "pure");
    uint64_t before_ns = os_clock_cpu_ns();
    noun_mug(doubled_apart(3, 60));
    tap_ok(os_clock_cpu_ns() - before_ns < 500000000, "mug of 2^60 paths takes as long as its cells");
    return tap_done();
}
