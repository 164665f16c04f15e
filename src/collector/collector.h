/* Moves nouns between floors that do not know each other: from the ephemeral
 * stack into the arena.
 *
 * Which way may a pointer point?  Ephemeral to persistent, and within the
 * persistent part only downwards.  So whatever is committed is first copied,
 * as far as it is ephemeral; what is persistent already is never copied again.
 *
 * One thread: the arena's owner, which also owns the stack.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "arena/arena.h"
#include "base/base.h"
#include "noun/noun.h"

struct collector_counts {
    uint64_t cells; /* copied */
    uint64_t atoms; /* copied, indirect ones */
    uint64_t bytes; /* of both */
};

/* Between arena_commit_begin and arena_commit_write: copies what the nouns in
 * `roots` reach in ephemeral memory, each object once, sharing kept exactly,
 * and replaces each root by its persistent word.  May be called more than once
 * in one commit; a noun that an earlier call has copied is not copied again.
 *
 * The ephemeral originals become forwardings: from the first call on nothing
 * may look into an ephemeral noun but collector_forwarded, until stack_clear.
 * So after a failure (STATUS_NO_SPACE, STATUS_IO) the ephemeral nouns are lost
 * as well; abort the commit and clear the stack.
 *
 * `counts` is added to; may be NULL. */
enum status collector_persist(struct arena *arena, noun *roots, size_t count, struct collector_counts *counts) MUST_USE;

/* The persistent word of a noun after collector_persist: itself if it is
 * persistent already, NOUN_NONE if it was not reached.  Fits
 * nock_forget_ephemeral.  Valid until stack_clear. */
noun collector_forwarded(noun n);

#endif
