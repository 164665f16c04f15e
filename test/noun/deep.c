/* Depth is unbounded: ten million cells in a line, every way they can lean,
 * through every public function, on an ordinary C stack. */
#include "os/os.h"
#include "space.h"
#include "tap.h"

#ifdef __SANITIZE_ADDRESS__
#define DEPTH 1000000
#else
#define DEPTH 10000000
#endif

static struct stack *stack;

enum lean { LEAN_LIST, LEAN_LEFT, LEAN_ZIGZAG };

static const char *const names[] = {"list", "left-leaning tree", "zigzag"};

static bool leans_left(enum lean lean, uint64_t level)
{
    return lean == LEAN_LEFT || (lean == LEAN_ZIGZAG && level % 2 == 0);
}

/* `depth` cells that end in `end`. */
static noun chain(enum lean lean, uint64_t depth, noun end)
{
    noun n = end;
    for (uint64_t i = 0; i < depth; i++)
        n = leans_left(lean, i) ? stack_cell(stack, n, i & 15) : stack_cell(stack, i & 15, n);
    return n;
}

static uint32_t chain_mug(enum lean lean, uint64_t depth, noun end)
{
    uint32_t mug = noun_mug_atom(end);
    for (uint64_t i = 0; i < depth; i++) {
        uint32_t other = noun_mug_atom(i & 15);
        mug = leans_left(lean, i) ? noun_mug_pair(mug, other) : noun_mug_pair(other, mug);
    }
    return mug;
}

static void timed(bool is_right, uint64_t before_ns, const char *what, enum lean lean, uint64_t depth)
{
    tap_ok(is_right, "%s of a %s %" PRIu64 " deep in %" PRIu64 " ms", what, names[lean], depth,
           (os_clock_cpu_ns() - before_ns) / 1000000);
}

/* Equality before any mug is known, then dor, which makes them known, then the
 * orders that go by them. */
static void test_pair(enum lean lean, uint64_t depth)
{
    noun a = chain(lean, depth, 0), b = chain(lean, depth, 0), c = chain(lean, depth, 1);
    uint64_t before_ns = os_clock_cpu_ns();
    timed(!noun_equal(a, c) && !noun_equal_pure(c, a), before_ns, "difference", lean, depth);
    before_ns = os_clock_cpu_ns();
    timed(noun_dor(a, c) && !noun_dor(c, a), before_ns, "dor", lean, depth);
    before_ns = os_clock_cpu_ns();
    timed(noun_equal(a, b), before_ns, "equality", lean, depth);
    before_ns = os_clock_cpu_ns();
    timed(noun_equal(a, b) && noun_equal_pure(a, b), before_ns, "equality, unified,", lean, depth);
    before_ns = os_clock_cpu_ns();
    timed(noun_mug(b) == chain_mug(lean, depth, 0) && noun_mug(c) == chain_mug(lean, depth, 1), before_ns, "mug", lean,
          depth);
    before_ns = os_clock_cpu_ns();
    timed(noun_gor(a, c) != noun_gor(c, a) && noun_mor(a, c) != noun_mor(c, a), before_ns, "gor and mor", lean, depth);
    stack_clear(stack);
}

static void test_pure(enum lean lean, uint64_t depth)
{
    noun a = chain(lean, depth, 0), b = chain(lean, depth, 0);
    uint64_t before_ns = os_clock_cpu_ns();
    timed(noun_equal_pure(a, b), before_ns, "pure equality", lean, depth);
    stack_clear(stack);
}

/* An axis of DEPTH + 1 bits: all ones goes down the tails. */
static noun long_axis(bool down_the_tails)
{
    size_t count = DEPTH / 64 + 1;
    uint64_t *words = stack_atom_begin(stack, count);
    memset(words, down_the_tails ? 0xff : 0, count * 8);
    words[count - 1] = down_the_tails ? ((uint64_t)2 << DEPTH % 64) - 1 : (uint64_t)1 << DEPTH % 64;
    return stack_atom_finish(stack);
}

static void test_axis(void)
{
    uint64_t before_ns = os_clock_cpu_ns();
    noun list = chain(LEAN_LIST, DEPTH, 77);
    timed(noun_at_atom(list, long_axis(true)) == 77, before_ns, "the end", LEAN_LIST, DEPTH);
    noun left = chain(LEAN_LEFT, DEPTH, 78);
    timed(noun_at_atom(left, long_axis(false)) == 78, before_ns, "the end", LEAN_LEFT, DEPTH);
    timed(noun_at_atom(left, long_axis(true)) == NOUN_NONE, before_ns, "an absent axis", LEAN_LEFT, DEPTH);
    stack_clear(stack);
    list = chain(LEAN_LIST, DEPTH, 0);
    before_ns = os_clock_cpu_ns();
    timed(noun_list_length(list) == DEPTH, before_ns, "length", LEAN_LIST, DEPTH);
    stack_clear(stack);
}

int main(void)
{
    stack = space_stack();
    test_pair(LEAN_LIST, DEPTH);
    test_pair(LEAN_LEFT, DEPTH);
    test_pair(LEAN_ZIGZAG, DEPTH / 10);
    test_pure(LEAN_LIST, DEPTH / 5);
    test_axis();
    return tap_done();
}
