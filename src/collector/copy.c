/* The walk of a compaction.
 *
 *   pending   | cell | cell | ... |   HEAD_IS_DONE set: it waits for its tail
 *
 * A cell on the stack of pending ones is looked at twice: on the way down, for
 * its parts, and on the way up, when both have copies, to be written.
 *
 * Memory is slow where the source has no order: on the way down each step waits
 * for the cell that the last one named.  So a *scout* goes ahead of the walk.
 * It goes the same way, but does nothing except to ask for what it meets, and
 * it looks at a noun only after it has asked for SCOUT_QUEUE others, when that
 * noun has come.  What it finds may be out of date or be found twice; the
 * walk does not depend on it.
 */
#include "collector/copy.h"

#define HEAD_IS_DONE ((uint64_t)1 << 60)
#define SCOUT_LEAD_MAX 48
#define ASCENT_AHEAD 8

static_assert(NOUN_SPACE_BYTES / 8 <= HEAD_IS_DONE, "offsets leave bit 60 free");

void copy_init(struct copy *copy, struct arena_builder *builder, uint64_t from_bytes)
{
    *copy = (struct copy){.builder = builder,
                          .from_bytes = from_bytes,
                          .span_bytes = NOUN_LARGE_START_BYTES - from_bytes,
                          .hand = NOUN_NONE,
                          .is_scouting = true};
    wordstack_init(&copy->pending);
}

void copy_finish(struct copy *copy)
{
    wordstack_finish(&copy->pending);
    forward_finish(&copy->forward);
    kept_finish(&copy->large);
}

static inline bool is_in_from_space(const struct copy *copy, noun n)
{
    return !noun_is_direct(n) && (n << 3) - copy->from_bytes < copy->span_bytes;
}

/* ---- the scout --------------------------------------------------------------- */

static inline void ask(struct copy *copy, noun n)
{
    struct scout *scout = &copy->scout;
    __builtin_prefetch(noun_words(n));
    forward_prefetch(&copy->forward, noun_offset_words(n));
    scout->queue[scout->queue_in++ % SCOUT_QUEUE] = n;
    scout->lead++;
}

static inline void scout_later(struct copy *copy, noun n)
{
    struct scout *scout = &copy->scout;
    if (!is_in_from_space(copy, n))
        return;
    scout->stack[scout->stack_top++ % SCOUT_STACK] = n;
    if (scout->stack_top - scout->stack_bottom > SCOUT_STACK)
        scout->stack_bottom++;
}

/* Looks at the noun that was asked for first, if it has its turn. */
static inline void scout_look(struct copy *copy)
{
    struct scout *scout = &copy->scout;
    noun n = scout->queue[scout->queue_out++ % SCOUT_QUEUE];
    if (!noun_is_cell(n) || forward_get(&copy->forward, noun_offset_words(n)) != 0)
        return;
    const uint64_t *cell = noun_words(n);
    scout_later(copy, cell[2]);
    scout_later(copy, cell[1]);
}

static inline void scout_step(struct copy *copy)
{
    struct scout *scout = &copy->scout;
    if (scout->lead >= SCOUT_LEAD_MAX)
        return;
    if (scout->queue_in - scout->queue_out >= SCOUT_QUEUE ||
        (scout->stack_top == scout->stack_bottom && scout->queue_in != scout->queue_out))
        scout_look(copy);
    if (scout->stack_top != scout->stack_bottom)
        ask(copy, scout->stack[--scout->stack_top % SCOUT_STACK]);
}

/* The walk turns to a part whose way the scout has not gone. */
static inline void scout_from(struct copy *copy, noun n)
{
    struct scout *scout = &copy->scout;
    if (scout->stack_top == scout->stack_bottom && scout->queue_in == scout->queue_out)
        scout_later(copy, n);
}

/* ---- writing ------------------------------------------------------------------ */

static inline void meet(struct copy *copy, noun n)
{
    if (UNLIKELY(noun_is_large(n)))
        kept_add(&copy->large, n);
}

/* Both return NOUN_NONE if there is no room. */

static noun copy_atom(struct copy *copy, noun atom)
{
    const uint64_t *from = noun_words(atom);
    uint64_t size_words = from[1] + 2, to_words;
    uint64_t *to = arena_allocate(copy->builder, size_words, &to_words);
    if (UNLIKELY(to == NULL))
        return NOUN_NONE;
    memcpy(to, from, size_words * 8);
    forward_set(&copy->forward, noun_offset_words(atom), to_words);
    copy->atoms++;
    copy->words += size_words;
    return NOUN_TAG_ATOM | to_words;
}

static inline noun copy_cell(struct copy *copy, uint64_t offset_words, noun tail)
{
    const uint64_t *from = noun_words_at(offset_words);
    noun head = copy_find(copy, from[1]);
    uint64_t to_words;
    uint64_t *to = arena_allocate(copy->builder, 3, &to_words);
    if (UNLIKELY(to == NULL))
        return NOUN_NONE;
    CHECK_DEBUG(head != NOUN_NONE);
    meet(copy, from[1]);
    meet(copy, from[2]);
    to[0] = from[0];
    to[1] = head;
    to[2] = tail;
    forward_set(&copy->forward, offset_words, to_words);
    copy->cells++;
    copy->words += 3;
    return NOUN_TAG_CELL | to_words;
}

/* ---- the walk ------------------------------------------------------------------- */

/* Follows heads down until one has a copy; the cells passed are pending.
 * Returns that copy, NOUN_NONE if there is no room for it. */
static inline noun descend(struct copy *copy, noun n)
{
    for (;;) {
        noun found = copy_find(copy, n);
        if (found != NOUN_NONE)
            return found;
        if (!noun_is_cell(n))
            return copy_atom(copy, n);
        const uint64_t *cell = noun_words(n);
        CHECK_DEBUG(!is_in_from_space(copy, cell[1]) || noun_offset_words(cell[1]) < noun_offset_words(n));
        CHECK_DEBUG(!is_in_from_space(copy, cell[2]) || noun_offset_words(cell[2]) < noun_offset_words(n));
        if (copy->is_scouting) {
            copy->scout.lead -= copy->scout.lead > 0;
            scout_from(copy, n);
            scout_step(copy);
            scout_step(copy);
        }
        wordstack_push(&copy->pending, noun_offset_words(n));
        n = cell[1];
    }
}

/* On a long way up what comes next is known. */
static inline void look_up(const struct copy *copy)
{
    size_t count = copy->pending.count;
    if (count <= ASCENT_AHEAD)
        return;
    uint64_t far = copy->pending.words[count - 1 - ASCENT_AHEAD] & ~HEAD_IS_DONE;
    __builtin_prefetch(noun_words_at(far));
    forward_prefetch(&copy->forward, far);
}

/* `done` is a finished copy: finishes the cells that waited for it as their
 * tail, within the budget.  True with the tail that is wanted next in *next;
 * false if nothing is pending, there is no room, or the budget is spent, with
 * the last copy in copy->hand. */
static inline bool ascend(struct copy *copy, noun done, uint64_t until_words, noun *next)
{
    while (done != NOUN_NONE && !wordstack_is_empty(&copy->pending) && copy->words < until_words) {
        uint64_t *top = &copy->pending.words[copy->pending.count - 1];
        if ((*top & HEAD_IS_DONE) == 0) {
            *next = noun_words_at(*top)[2];
            *top |= HEAD_IS_DONE;
            return true;
        }
        uint64_t offset_words = *top & ~HEAD_IS_DONE;
        look_up(copy);
        copy->pending.count--;
        done = copy_cell(copy, offset_words, done);
    }
    copy->hand = done;
    return false;
}

void copy_start(struct copy *copy, noun root)
{
    CHECK(!copy->is_walking && noun_is_persistent(root));
    copy->scout = (struct scout){0};
    meet(copy, root);
    copy->hand = root;
    copy->is_walking = true;
}

enum status copy_run(struct copy *copy, uint64_t budget_words, bool *is_done)
{
    uint64_t until_words = copy->words + budget_words;
    noun next = copy->hand;
    /* A walk that was put down has a copy in hand, a new one its root. */
    bool goes_down = wordstack_is_empty(&copy->pending) && copy->is_walking;
    if (!goes_down)
        goes_down = ascend(copy, copy->hand, until_words, &next);
    while (goes_down)
        goes_down = ascend(copy, descend(copy, next), until_words, &next);
    *is_done = wordstack_is_empty(&copy->pending);
    if (copy->hand == NOUN_NONE) {
        copy->is_walking = false;
        return arena_build_status(copy->builder);
    }
    copy->is_walking = !*is_done;
    return STATUS_OK;
}
