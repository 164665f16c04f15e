/* Lists: the jets that only walk and rebuild.
 *
 * A list ends in 0.  Every arm here takes the next item's head or tail before
 * it looks further, so an improper list crashes where the walk meets its end,
 * and not before.  Products share what the Nock would have copied unchanged.
 */
#include "jet/chapters.h"
#include "jet/words.h"

/* True if a list of so many items fits the memory. */
static bool list_fits(struct nock *machine, uint64_t count)
{
    return count < 1024 || (count < UINT64_MAX / 24 && stack_reserve(nock_stack(machine), 24 * count));
}

noun jet_flop(struct nock *machine, noun list)
{
    noun reversed = 0;
    for (; noun_is_cell(list); list = noun_tail(list))
        reversed = stack_cell(nock_stack(machine), noun_head(list), reversed);
    return list == 0 ? reversed : NOCK_JET_EXIT;
}

/* All but the last item. */
noun jet_snip(struct nock *machine, noun list)
{
    struct stack_list kept = stack_list_begin();
    if (list == 0)
        return 0;
    for (; noun_is_cell(list) && noun_is_cell(noun_tail(list)); list = noun_tail(list))
        stack_list_add(nock_stack(machine), &kept, noun_head(list));
    return noun_is_cell(list) && noun_tail(list) == 0 ? stack_list_end(&kept, 0) : NOCK_JET_EXIT;
}

/* Adds the items of a list; false if it is improper. */
static bool add_items(struct nock *machine, struct stack_list *target, noun list)
{
    for (; noun_is_cell(list); list = noun_tail(list))
        stack_list_add(nock_stack(machine), target, noun_head(list));
    return list == 0;
}

/* A list may be in the list many times over, so the product has no measure in
 * the size of the sample. */
noun jet_zing(struct nock *machine, noun lists)
{
    struct stack_list whole = stack_list_begin();
    for (; noun_is_cell(lists); lists = noun_tail(lists)) {
        if (!stack_reserve(nock_stack(machine), 0))
            return NOCK_JET_FAIL;
        if (!add_items(machine, &whole, noun_head(lists)))
            return NOCK_JET_EXIT;
    }
    return lists == 0 ? stack_list_end(&whole, 0) : NOCK_JET_EXIT;
}

noun jet_weld(struct nock *machine, noun a, noun b)
{
    struct stack_list whole = stack_list_begin();
    return add_items(machine, &whole, a) ? stack_list_end(&whole, b) : NOCK_JET_EXIT;
}

/* A count of items: a list is never longer than what this saturates at. */
static uint64_t item_count(noun atom)
{
    return noun_is_direct(atom) ? atom : UINT64_MAX;
}

noun jet_snag(struct nock *machine, noun index, noun list)
{
    (void)machine;
    if (!noun_is_atom(index))
        return NOCK_JET_PUNT;
    for (uint64_t left = item_count(index); noun_is_cell(list); list = noun_tail(list)) {
        if (left-- == 0)
            return noun_head(list);
    }
    return NOCK_JET_EXIT;
}

noun jet_scag(struct nock *machine, noun count, noun list)
{
    if (!noun_is_atom(count))
        return NOCK_JET_PUNT;
    uint64_t left = item_count(count);
    struct stack_list kept = stack_list_begin();
    for (; left > 0 && noun_is_cell(list); left--, list = noun_tail(list))
        stack_list_add(nock_stack(machine), &kept, noun_head(list));
    return left == 0 || list == 0 ? stack_list_end(&kept, 0) : NOCK_JET_EXIT;
}

noun jet_slag(struct nock *machine, noun count, noun list)
{
    (void)machine;
    if (!noun_is_atom(count))
        return NOCK_JET_PUNT;
    uint64_t left = item_count(count);
    for (; left > 0 && noun_is_cell(list); left--)
        list = noun_tail(list);
    return left == 0 || list == 0 ? list : NOCK_JET_PUNT;
}

noun jet_reap(struct nock *machine, noun count, noun item)
{
    if (!noun_is_atom(count))
        return NOCK_JET_PUNT;
    uint64_t left = item_count(count);
    if (!list_fits(machine, left))
        return NOCK_JET_FAIL;
    noun list = 0;
    for (; left > 0; left--)
        list = stack_cell(nock_stack(machine), item, list);
    return list;
}

/* ---- search -------------------------------------------------------------- */

enum match { MATCH_YES, MATCH_NO, MATCH_ENDED, MATCH_CRASHED };

/* Whether `needle` is a prefix of `haystack`; ended if either runs out first. */
static enum match match_prefix(noun needle, noun haystack)
{
    for (;;) {
        if (needle == 0 || haystack == 0)
            return MATCH_ENDED;
        if (!noun_is_cell(needle) || !noun_is_cell(haystack))
            return MATCH_CRASHED;
        if (!noun_equal(noun_head(needle), noun_head(haystack)))
            return MATCH_NO;
        needle = noun_tail(needle);
        haystack = noun_tail(haystack);
        if (needle == 0)
            return MATCH_YES;
    }
}

/* An ended match ends the whole search: what is left of the haystack is too
 * short, or the needle is empty, which is found nowhere. */
noun jet_find(struct nock *machine, noun needle, noun haystack)
{
    for (noun index = 0;; index++, haystack = noun_tail(haystack)) {
        switch (match_prefix(needle, haystack)) {
        case MATCH_YES:
            return stack_cell(nock_stack(machine), 0, index);
        case MATCH_ENDED:
            return 0;
        case MATCH_CRASHED:
            return NOCK_JET_EXIT;
        case MATCH_NO:
            break;
        }
        if (nock_is_stopping(machine))
            return NOCK_JET_FAIL;
    }
}

noun jet_fand(struct nock *machine, noun needle, noun haystack)
{
    struct stack_list found = stack_list_begin();
    for (noun index = 0;; index++, haystack = noun_tail(haystack)) {
        switch (match_prefix(needle, haystack)) {
        case MATCH_YES:
            stack_list_add(nock_stack(machine), &found, index);
            break;
        case MATCH_ENDED:
            return stack_list_end(&found, 0);
        case MATCH_CRASHED:
            return NOCK_JET_PUNT;
        case MATCH_NO:
            break;
        }
        if (nock_is_stopping(machine))
            return NOCK_JET_FAIL;
    }
}
