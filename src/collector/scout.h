/* A scout that goes ahead of the walk of a compaction, for prefetching only.
 * Private to copy.c.
 *
 * Where the source has no order, each step of the walk waits for the cell that
 * the last one named.  The scout goes the same way, but does nothing except to
 * ask memory for what it meets, and it looks at a noun only after it has asked for
 * SCOUT_QUEUE others, when that noun has come.  What it finds may be out of
 * date or be found twice; the walk does not depend on it.
 *
 * Where the source is in the order of the walk, as everything is that was
 * collected before, it is enough to ask for what follows in memory, and a scout is half of
 * the walk's cost.  So the walk counts its steps that go far, and has the scout go
 * only as long as many do.
 */
#ifndef COLLECTOR_SCOUT_H
#define COLLECTOR_SCOUT_H

#include "base/base.h"
#include "collector/forward.h"
#include "noun/noun.h"

#define SCOUT_STACK 64
#define SCOUT_QUEUE 16
#define SCOUT_LEAD_MAX 48

/* A step to a part farther away than this leaves what the processor fetches by itself. */
#define SCOUT_FAR_BYTES ((uint64_t)16 << 10)
#define SCOUT_WINDOW 2048 /* steps, after which it is decided anew */
#define SCOUT_FAR_PARTS 8 /* of a window, if so many are far the scout goes */

struct scout {
    noun stack[SCOUT_STACK]; /* to be looked at, newest last; a ring */
    uint64_t stack_top, stack_bottom;
    noun queue[SCOUT_QUEUE]; /* asked of memory, oldest first; a ring */
    uint64_t queue_in, queue_out;
    uint64_t lead; /* nodes that it is ahead */
};

static inline void scout_ask(struct scout *scout, const struct forward *forward, noun n)
{
    __builtin_prefetch(noun_words(n));
    forward_prefetch(forward, noun_offset_words(n));
    scout->queue[scout->queue_in++ % SCOUT_QUEUE] = n;
    scout->lead++;
}

/* [from, from + span) is from-space, in bytes. */
static inline void scout_later(struct scout *scout, uint64_t from_bytes, uint64_t span_bytes, noun n)
{
    if (noun_is_direct(n) || (n << 3) - from_bytes >= span_bytes)
        return;
    scout->stack[scout->stack_top++ % SCOUT_STACK] = n;
    if (scout->stack_top - scout->stack_bottom > SCOUT_STACK)
        scout->stack_bottom++;
}

/* Looks at the noun that was asked for first. */
static inline void scout_look(struct scout *scout, const struct forward *forward, uint64_t from_bytes,
                              uint64_t span_bytes)
{
    noun n = scout->queue[scout->queue_out++ % SCOUT_QUEUE];
    if (!noun_is_cell(n) || forward_get(forward, noun_offset_words(n)) != 0)
        return;
    const uint64_t *cell = noun_words(n);
    scout_later(scout, from_bytes, span_bytes, cell[2]);
    scout_later(scout, from_bytes, span_bytes, cell[1]);
}

static inline bool scout_is_idle(const struct scout *scout)
{
    return scout->stack_top == scout->stack_bottom && scout->queue_in == scout->queue_out;
}

static inline void scout_step(struct scout *scout, const struct forward *forward, uint64_t from_bytes,
                              uint64_t span_bytes)
{
    if (scout->lead >= SCOUT_LEAD_MAX)
        return;
    if (scout->queue_in - scout->queue_out >= SCOUT_QUEUE ||
        (scout->stack_top == scout->stack_bottom && scout->queue_in != scout->queue_out))
        scout_look(scout, forward, from_bytes, span_bytes);
    if (scout->stack_top != scout->stack_bottom)
        scout_ask(scout, forward, scout->stack[--scout->stack_top % SCOUT_STACK]);
}

/* The walk goes down through `n`: the scout keeps its lead, and turns to it if its own way has ended. */
static inline void scout_follow(struct scout *scout, const struct forward *forward, uint64_t from_bytes,
                                uint64_t span_bytes, noun n)
{
    scout->lead -= scout->lead > 0;
    if (scout_is_idle(scout))
        scout_later(scout, from_bytes, span_bytes, n);
    scout_step(scout, forward, from_bytes, span_bytes);
    scout_step(scout, forward, from_bytes, span_bytes);
}

#endif
