/* List jets against arrays. */
#include "jet/chapters.h"
#include "os/os.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

#define ROUNDS 5000
#define ITEMS_MAX 20

static struct nock *machine;
static uint64_t state;

struct items {
    noun at[4 * ITEMS_MAX];
    size_t count;
};

static struct items random_items(void)
{
    struct items items = {.count = tap_below(&state, ITEMS_MAX)};
    for (size_t i = 0; i < items.count; i++)
        items.at[i] = tap_below(&state, 2) ? tap_below(&state, 3) : random_noun(space_stack(), &state, 5);
    return items;
}

static noun list_ending(const struct items *items, noun list)
{
    for (size_t i = items->count; i-- > 0;)
        list = stack_cell(space_stack(), items->at[i], list);
    return list;
}

static noun list_of(const struct items *items)
{
    return list_ending(items, 0);
}

static bool list_is(const struct items *items, noun list)
{
    for (size_t i = 0; i < items->count; i++, list = noun_tail(list)) {
        if (!noun_is_cell(list) || !noun_equal_pure(noun_head(list), items->at[i]))
            return false;
    }
    return list == 0;
}

static bool walks_agree(const struct items *items)
{
    struct items reversed = *items, shorter = *items;
    for (size_t i = 0; i < items->count; i++)
        reversed.at[i] = items->at[items->count - 1 - i];
    shorter.count -= items->count > 0;
    noun list = list_of(items);
    return list_is(&reversed, jet_flop(machine, list)) && noun_list_length(list) == (int64_t)items->count &&
           list_is(&shorter, jet_snip(machine, list));
}

static bool parts_agree(const struct items *items, size_t count)
{
    struct items front = *items, back = {0};
    front.count = count < items->count ? count : items->count;
    for (size_t i = front.count; i < items->count; i++)
        back.at[back.count++] = items->at[i];
    noun list = list_of(items), item = jet_snag(machine, count, list);
    bool found = count < items->count ? noun_equal(item, items->at[count]) : item == NOCK_JET_EXIT;
    return found && list_is(&front, jet_scag(machine, count, list)) && list_is(&back, jet_slag(machine, count, list));
}

static bool joins_agree(void)
{
    struct stack *stack = space_stack();
    struct items whole = {0}, parts[3];
    noun lists = 0;
    for (size_t i = 0; i < 3; i++) {
        parts[i] = random_items();
        for (size_t j = 0; j < parts[i].count; j++)
            whole.at[whole.count++] = parts[i].at[j];
    }
    for (size_t i = 3; i-- > 0;)
        lists = stack_cell(stack, list_of(&parts[i]), lists);
    noun first_two = jet_weld(machine, list_of(&parts[0]), list_of(&parts[1]));
    return list_is(&whole, jet_zing(machine, lists)) &&
           list_is(&whole, jet_weld(machine, first_two, list_of(&parts[2])));
}

static bool found_at(const struct items *needle, const struct items *haystack, size_t index)
{
    if (needle->count == 0 || index + needle->count > haystack->count)
        return false;
    for (size_t i = 0; i < needle->count; i++) {
        if (!noun_equal_pure(needle->at[i], haystack->at[index + i]))
            return false;
    }
    return true;
}

static bool searches_agree(void)
{
    struct items haystack = random_items(), needle = {0}, all = {0};
    size_t start = tap_below(&state, haystack.count + 1);
    for (size_t i = start; i < haystack.count && needle.count < tap_below(&state, 4); i++)
        needle.at[needle.count++] = haystack.at[i];
    if (needle.count > 0 && tap_below(&state, 4) == 0)
        needle.at[needle.count - 1] = 77;
    for (size_t i = 0; i < haystack.count; i++) {
        if (found_at(&needle, &haystack, i))
            all.at[all.count++] = i;
    }
    noun n = list_of(&needle), h = list_of(&haystack), found = jet_find(machine, n, h);
    bool first =
        all.count == 0 ? found == 0 : noun_is_cell(found) && noun_head(found) == 0 && noun_tail(found) == all.at[0];
    return first && list_is(&all, jet_fand(machine, n, h));
}

static void check_random(void)
{
    unsigned wrong_walk = 0, wrong_part = 0, wrong_join = 0, wrong_search = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        struct items items = random_items();
        wrong_walk += !walks_agree(&items);
        wrong_part += !parts_agree(&items, tap_below(&state, ITEMS_MAX + 5));
        wrong_join += !joins_agree();
        wrong_search += !searches_agree();
    }
    tap_ok(wrong_walk == 0, "flop and snip");
    tap_ok(wrong_part == 0, "snag, scag and slag");
    tap_ok(wrong_join == 0, "weld and zing");
    tap_ok(wrong_search == 0, "find and fand");
}

static void check_reap(void)
{
    stack_clear(space_stack());
    noun list = jet_reap(machine, 5, 7);
    tap_ok(noun_list_length(list) == 5 && noun_at(list, 62) == 7, "reap repeats an item");
    tap_ok(jet_reap(machine, 0, 7) == 0, "reap of nothing is the empty list");
    tap_ok(jet_reap(machine, (noun)1 << 60, 7) == NOCK_JET_FAIL &&
               jet_reap(machine, jet_bex(machine, 70), 7) == NOCK_JET_FAIL,
           "reap of too many fails");
}

static void check_improper(void)
{
    struct stack *stack = space_stack();
    stack_clear(stack);
    struct items items = {{1, 2, 3}, 3};
    noun list = list_ending(&items, 4), proper = list_of(&items), one = stack_cell(stack, 1, 0);
    tap_ok(jet_flop(machine, list) == NOCK_JET_EXIT && jet_snip(machine, list) == NOCK_JET_EXIT &&
               jet_weld(machine, list, 0) == NOCK_JET_EXIT,
           "walks to an improper end exit");
    tap_ok(jet_snip(machine, 5) == NOCK_JET_EXIT, "an atom is no list");
    tap_ok(jet_weld(machine, 0, 4) == 4 && jet_flop(machine, 0) == 0, "but what is not walked may be anything");
    tap_ok(jet_zing(machine, stack_cell(stack, list, 0)) == NOCK_JET_EXIT && jet_zing(machine, 4) == NOCK_JET_EXIT,
           "zing of improper lists exits");
    tap_ok(jet_snag(machine, 2, list) == 3 && jet_snag(machine, 3, list) == NOCK_JET_EXIT,
           "snag before and at the end");
    tap_ok(noun_equal(jet_scag(machine, 3, list), proper) && jet_scag(machine, 4, list) == NOCK_JET_EXIT,
           "scag before and at the end");
    tap_ok(jet_slag(machine, 3, list) == 4 && jet_slag(machine, 4, list) == NOCK_JET_PUNT,
           "slag before and at the end");
    tap_ok(noun_equal(jet_find(machine, one, list), stack_cell(stack, 0, 0)) &&
               jet_find(machine, stack_cell(stack, 9, 0), list) == NOCK_JET_EXIT &&
               jet_find(machine, stack_cell(stack, 3, 5), proper) == 0,
           "find stops at a match, exits at an improper end, and ends with the haystack");
    noun cell = stack_cell(stack, 1, 2);
    tap_ok(jet_snag(machine, cell, proper) == NOCK_JET_PUNT && jet_scag(machine, cell, proper) == NOCK_JET_PUNT &&
               jet_reap(machine, cell, 1) == NOCK_JET_PUNT,
           "counts that are no atoms are left to the Nock");
}

static void check_long(void)
{
    struct stack *stack = space_stack();
    stack_clear(stack);
    const uint64_t length = 10 * 1000 * 1000;
    noun list = jet_reap(machine, length, 1);
    tap_ok(noun_list_length(list) == (int64_t)length && noun_list_length(jet_flop(machine, list)) == (int64_t)length,
           "ten million items are as good as ten");
    stack_clear(stack);
}

/* A needle that nearly matches everywhere: some seconds of comparisons. */
static void check_interrupt(void)
{
    struct stack *stack = space_stack();
    noun needle = stack_cell(stack, 2, 0);
    for (unsigned i = 0; i < 30000; i++)
        needle = stack_cell(stack, 1, needle);
    noun list = jet_reap(machine, 200000, 1);
    nock_interrupt(machine);
    uint64_t start_ns = os_clock_cpu_ns();
    noun product = jet_find(machine, needle, list);
    nock_interrupt_clear(machine);
    tap_ok(product == NOCK_JET_FAIL && os_clock_cpu_ns() - start_ns < 2000000000u, "find stops when it is told to");
    stack_clear(stack);
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    state = tap_seed();
    check_random();
    check_reap();
    check_improper();
    check_long();
    check_interrupt();
    nock_destroy(machine);
    return tap_done();
}
