/* A walk that copies what is reachable at or above a boundary into to-space.
 *
 * Depth first, parts before their cell, as collector/persist.c does it, but
 * from-space is only read: the copies' places are in a table beside it
 * (collector/forward.h), and metadata is carried over, never computed.  The
 * walk can be put down after any object and taken up again, by another thread
 * too, so that it runs in slices.
 */
#ifndef COLLECTOR_COPY_H
#define COLLECTOR_COPY_H

#include "arena/arena.h"
#include "base/base.h"
#include "collector/forward.h"
#include "collector/kept.h"
#include "collector/scout.h"
#include "noun/noun.h"

struct copy {
    struct arena_builder *builder; /* the compaction's */
    struct forward forward;
    uint64_t from_bytes; /* what lies below stays where it is */
    uint64_t span_bytes; /* from there to the end of what there is to copy; large atoms stay as well */
    struct kept large;   /* those that were met */
    struct wordstack pending;
    noun hand; /* the last finished copy, or NOUN_NONE */
    bool is_walking;
    noun damaged; /* a word that leads where no object can be; 0: none was met */
    struct scout scout;
    bool is_scouting;
    uint64_t steps, far_steps;    /* down, in the window */
    uint64_t cells, atoms, words; /* copied so far */
};

void copy_init(struct copy *copy, struct arena_builder *builder, uint64_t from_bytes);
void copy_finish(struct copy *copy);

/* From-space reaches to `end_bytes`, as far as the roots of the next walk know; it only grows. */
enum status copy_extend(struct copy *copy, uint64_t end_bytes) MUST_USE;

/* The word of a persistent noun after the copy; NOUN_NONE if it has none yet.
 * What lies below the boundary, and large atoms, keep theirs. */
static inline noun copy_find(const struct copy *copy, noun n)
{
    if (noun_is_direct(n) || (n << 3) - copy->from_bytes >= copy->span_bytes)
        return n;
    uint64_t words = forward_get(&copy->forward, noun_offset_words(n));
    return words == 0 ? NOUN_NONE : (n & ~NOUN_OFFSET_MASK) | words;
}

/* Begins to copy what `root` reaches; the walk before must be over. */
void copy_start(struct copy *copy, noun root);

/* Goes on until the walk is over (*is_done) or about `budget_words` more are
 * copied.  A failure is the builder's, or STATUS_CORRUPT: from-space has rotted, a
 * cell does not lie above its parts, or a noun not within from-space.  Give the copy up then. */
enum status copy_run(struct copy *copy, uint64_t budget_words, bool *is_done) MUST_USE;

#endif
