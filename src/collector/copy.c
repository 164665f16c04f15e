/* The walk of a compaction.
 *
 *   pending   | cell | copied head | cell + HEAD_IS_DONE | ... |
 *
 * A cell is entered from above.  Parts that have their copies already, or need
 * none, are no steps: the lowest cells are copied at once.  One with a part that
 * is still to be copied waits on the stack: first for its head, alone; then for
 * its tail, with the copy of its head below it.  So each reference is looked up in
 * the table once, or twice.
 *
 * What is needed for every object is kept in a `struct walk` of locals, which
 * the compiler holds in registers; a `struct copy` it would have to read again
 * after each store into to-space.
 */
#include "collector/copy.h"

#define HEAD_IS_DONE ((uint64_t)1 << 60)
#define ASCENT_AHEAD 8
#define ORDER_AHEAD_WORDS 128

static_assert(NOUN_SPACE_BYTES / 8 <= HEAD_IS_DONE, "offsets leave bit 60 free");

void copy_init(struct copy *copy, struct arena_builder *builder, uint64_t from_bytes)
{
    *copy = (struct copy){.builder = builder,
                          .from_bytes = from_bytes,
                          .span_bytes = NOUN_LARGE_START_BYTES - from_bytes,
                          .hand = NOUN_NONE};
    wordstack_init(&copy->pending);
}

enum status copy_extend(struct copy *copy, uint64_t end_bytes)
{
    STATUS_TRY(forward_extend(&copy->forward, end_bytes / 8));
    copy->span_bytes = end_bytes - copy->from_bytes;
    return STATUS_OK;
}

void copy_finish(struct copy *copy)
{
    wordstack_finish(&copy->pending);
    forward_finish(&copy->forward);
    kept_finish(&copy->large);
}

/* ---- what is at hand ------------------------------------------------------------- */

#define INLINE static inline __attribute__((always_inline))

struct walk {
    struct copy *copy;
    const uint8_t *base; /* of the space */
    uint64_t from_bytes, span_bytes;
    struct forward forward;
    uint64_t *words; /* the builder's next object; its offset; and the room there */
    uint64_t offset_words, left_words;
    uint64_t cells, atoms, copied_words; /* since the builder was taken */
    uint64_t until_words;                /* of them, by the budget */
    uint64_t steps, far_steps;
};

INLINE void take_builder(struct walk *walk)
{
    const struct arena_builder *builder = walk->copy->builder;
    walk->words = builder->words + builder->count_words;
    walk->offset_words = builder->start_words + builder->count_words;
    walk->left_words = builder->limit_words - builder->count_words;
    walk->cells = walk->atoms = walk->copied_words = 0;
}

INLINE void give_builder(struct walk *walk)
{
    struct copy *copy = walk->copy;
    copy->builder->count_words += walk->copied_words;
    copy->builder->object_count += walk->cells + walk->atoms;
    copy->cells += walk->cells;
    copy->atoms += walk->atoms;
    copy->words += walk->copied_words;
    walk->until_words -= walk->copied_words < walk->until_words ? walk->copied_words : walk->until_words;
}

INLINE struct walk take_up(struct copy *copy, uint64_t budget_words)
{
    struct walk walk = {.copy = copy,
                        .base = noun_base,
                        .from_bytes = copy->from_bytes,
                        .span_bytes = copy->span_bytes,
                        .forward = copy->forward,
                        .until_words = budget_words,
                        .steps = copy->steps,
                        .far_steps = copy->far_steps};
    take_builder(&walk);
    return walk;
}

INLINE void put_down(struct walk *walk, noun hand)
{
    give_builder(walk);
    walk->copy->hand = hand;
    walk->copy->steps = walk->steps;
    walk->copy->far_steps = walk->far_steps;
}

INLINE const uint64_t *words_of(const struct walk *walk, noun n)
{
    return (const uint64_t *)(const void *)(walk->base + (n << 3));
}

/* ---- looking up ------------------------------------------------------------------ */

static noun stay(struct copy *copy, noun n)
{
    if (noun_is_large(n))
        kept_add(&copy->large, n);
    else if ((n << 3) >= copy->from_bytes)
        copy->damaged = n;
    return n;
}

/* As copy_find, and large atoms are noted. */
INLINE noun resolve(const struct walk *walk, noun n)
{
    if (noun_is_direct(n))
        return n;
    if (UNLIKELY((n << 3) - walk->from_bytes >= walk->span_bytes))
        return stay(walk->copy, n);
    uint64_t words = forward_get(&walk->forward, noun_offset_words(n));
    return words == 0 ? NOUN_NONE : (n & ~NOUN_OFFSET_MASK) | words;
}

/* ---- writing --------------------------------------------------------------------- */

/* Leaves the builder with room for an object of `size_words`; false if there is none. */
static bool make_room(struct copy *copy, uint64_t size_words)
{
    uint64_t offset_words;
    if (arena_allocate_slow(copy->builder, size_words, &offset_words) == NULL)
        return false;
    copy->builder->count_words -= size_words; /* it is allocated as any other */
    copy->builder->object_count--;
    return true;
}

/* NULL if there is no room. */
INLINE uint64_t *allocate(struct walk *walk, uint64_t size_words, uint64_t *offset_words)
{
    if (UNLIKELY(size_words > walk->left_words)) {
        give_builder(walk);
        bool is_made = make_room(walk->copy, size_words);
        take_builder(walk);
        if (!is_made)
            return NULL;
    }
    uint64_t *words = walk->words;
    *offset_words = walk->offset_words;
    walk->words += size_words;
    walk->offset_words += size_words;
    walk->left_words -= size_words;
    walk->copied_words += size_words;
    return words;
}

/* The walk ends at a noun that cannot be one. */
static noun give_up(struct copy *copy, noun n)
{
    copy->damaged = n;
    return NOUN_NONE;
}

/* Both return NOUN_NONE if there is no room. */

INLINE noun copy_atom(struct walk *walk, noun atom)
{
    const uint64_t *from = words_of(walk, atom);
    uint64_t size_words = from[1] + 2, to_words;
    if (UNLIKELY(from[1] >= walk->span_bytes / 8))
        return give_up(walk->copy, atom);
    uint64_t *to = allocate(walk, size_words, &to_words);
    if (UNLIKELY(to == NULL))
        return NOUN_NONE;
    memcpy(to, from, size_words * 8);
    forward_set(&walk->forward, noun_offset_words(atom), to_words);
    walk->atoms++;
    return NOUN_TAG_ATOM | to_words;
}

/* What was collected before lies in the order in which it is copied again.  The processor
 * does not see it: on the way down every third cell is the first of its line. */
INLINE void prefetch_order(const struct walk *walk, const uint64_t *from, noun cell)
{
    if (UNLIKELY(walk->copy->is_scouting))
        return;
    __builtin_prefetch(from + ORDER_AHEAD_WORDS);
    forward_prefetch(&walk->forward, noun_offset_words(cell) + ORDER_AHEAD_WORDS);
}

INLINE noun copy_cell(struct walk *walk, noun cell, noun head, noun tail)
{
    uint64_t to_words;
    uint64_t *to = allocate(walk, 3, &to_words);
    if (UNLIKELY(to == NULL))
        return NOUN_NONE;
    const uint64_t *from = words_of(walk, cell);
    prefetch_order(walk, from, cell);
    to[0] = from[0];
    to[1] = head;
    to[2] = tail;
    forward_set(&walk->forward, noun_offset_words(cell), to_words);
    walk->cells++;
    return NOUN_TAG_CELL | to_words;
}

/* ---- the walk ---------------------------------------------------------------------- */

/* Whether many steps of the last window went far. */
static bool is_far_flung(struct walk *walk)
{
    bool is_far = walk->far_steps > SCOUT_WINDOW / SCOUT_FAR_PARTS;
    walk->steps = walk->far_steps = 0;
    if (is_far && !walk->copy->is_scouting)
        walk->copy->scout = (struct scout){0};
    return is_far;
}

/* A part of a cell, if it is copied at all, lies below the cell; false if it does not.  In a file that has rotted
 * the walk might go round in a circle. */
INLINE bool step_down(struct walk *walk, noun from, noun to)
{
    struct copy *copy = walk->copy;
    walk->far_steps += (from << 3) - (to << 3) > SCOUT_FAR_BYTES;
    if (UNLIKELY((to << 3) >= (from << 3))) {
        give_up(copy, from);
        return false;
    }
    if (UNLIKELY(++walk->steps == SCOUT_WINDOW))
        copy->is_scouting = is_far_flung(walk);
    if (UNLIKELY(copy->is_scouting))
        scout_follow(&copy->scout, &walk->forward, walk->from_bytes, walk->span_bytes, to);
    return true;
}

/* Copies `n`, which has no copy, or goes down in it, until there is a copy of something. */
INLINE noun descend(struct walk *walk, noun n)
{
    struct wordstack *pending = &walk->copy->pending;
    for (;;) {
        if (!noun_is_cell(n))
            return copy_atom(walk, n);
        const uint64_t *cell = words_of(walk, n);
        noun head = resolve(walk, cell[1]), tail, next;
        if (head == NOUN_NONE) {
            wordstack_push(pending, n);
            next = cell[1];
        } else {
            tail = resolve(walk, cell[2]);
            if (tail != NOUN_NONE)
                return copy_cell(walk, n, head, tail);
            wordstack_push2(pending, head, n | HEAD_IS_DONE);
            next = cell[2];
        }
        if (UNLIKELY(!step_down(walk, n, next)))
            return NOUN_NONE;
        n = next;
    }
}

/* On a long way up what comes next is known. */
INLINE void look_up(const struct walk *walk)
{
    const struct wordstack *pending = &walk->copy->pending;
    if (pending->count <= 2 * ASCENT_AHEAD)
        return;
    noun far = pending->words[pending->count - 1 - 2 * ASCENT_AHEAD] & ~HEAD_IS_DONE;
    __builtin_prefetch(words_of(walk, far));
    forward_prefetch(&walk->forward, noun_offset_words(far));
}

/* `done` is a finished copy: finishes the cells that waited for it.  True with the part that is
 * wanted next in *next; false if nothing is pending, there is no room, or the
 * budget is spent, with the last copy in *hand. */
INLINE bool ascend(struct walk *walk, noun done, noun *next, noun *hand)
{
    struct wordstack *pending = &walk->copy->pending;
    while (done != NOUN_NONE && !wordstack_is_empty(pending) && walk->copied_words < walk->until_words) {
        uint64_t top = wordstack_pop(pending);
        if ((top & HEAD_IS_DONE) != 0) {
            noun head = wordstack_pop(pending);
            look_up(walk);
            done = copy_cell(walk, top & ~HEAD_IS_DONE, head, done);
            continue;
        }
        noun part = words_of(walk, top)[2], tail = resolve(walk, part);
        if (tail == NOUN_NONE) {
            wordstack_push2(pending, done, top | HEAD_IS_DONE);
            *next = part;
            *hand = NOUN_NONE;
            return step_down(walk, top, part);
        }
        done = copy_cell(walk, top, done, tail);
    }
    *hand = done;
    return false;
}

void copy_start(struct copy *copy, noun root)
{
    CHECK(!copy->is_walking && noun_is_persistent(root));
    copy->scout = (struct scout){0};
    copy->hand = root;
    copy->is_walking = true;
}

/* A walk that was put down has a copy in hand, a new one its root. */
static noun copy_some(struct copy *copy, uint64_t budget_words)
{
    struct walk walk = take_up(copy, budget_words);
    noun next = copy->hand, hand = copy->hand;
    bool goes_down;
    if (wordstack_is_empty(&copy->pending)) {
        hand = resolve(&walk, next);
        goes_down = hand == NOUN_NONE;
    } else
        goes_down = ascend(&walk, hand, &next, &hand);
    while (goes_down)
        goes_down = ascend(&walk, descend(&walk, next), &next, &hand);
    put_down(&walk, hand);
    return hand;
}

enum status copy_run(struct copy *copy, uint64_t budget_words, bool *is_done)
{
    noun hand = copy->is_walking ? copy_some(copy, budget_words) : copy->hand;
    *is_done = wordstack_is_empty(&copy->pending);
    copy->is_walking = !*is_done && hand != NOUN_NONE;
    if (copy->damaged != 0)
        return status_fail(STATUS_CORRUPT,
                           "the file has rotted: no noun can be at byte %" PRIu64
                           " of the arena, or what is there refers to something that is no older noun; `loam verify` "
                           "names every fault, `loam doctor --repair` makes the state again",
                           noun_offset_words(copy->damaged) * 8);
    return hand == NOUN_NONE ? arena_build_status(copy->builder) : STATUS_OK;
}
