/* Moves nouns between floors that do not know each other: from the ephemeral
 * stack into the arena.
 *
 * Which way may a pointer point?  Ephemeral to persistent, and within the
 * persistent part only downwards.  So whatever is committed is first copied,
 * as far as it is ephemeral; what is persistent already is never copied again.
 *
 * One thread: the arena's owner, which also owns the stack.
 *
 * And it compacts the arena: what lies above a boundary is replaced by what of
 * it is still wanted, while the owner goes on.
 */
#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include "arena/arena.h"
#include "base/base.h"
#include "noun/noun.h"
#include "stack/stack.h"

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
 * Large atoms stay where they are: the arena takes them over.
 *
 * `counts` is added to; may be NULL. */
enum status collector_persist(struct arena *arena, noun *roots, size_t count, struct collector_counts *counts) MUST_USE;

/* The persistent word of a noun after collector_persist: itself if it is
 * persistent already, NOUN_NONE if it was not reached.  Fits
 * nock_forget_ephemeral.  Valid until stack_clear. */
noun collector_forwarded(noun n);

/* Makes the arena the provider of a stack's large atoms (collector/large.c).  The
 * arena must outlive them: clear the stack before it is closed. */
void collector_large_provider(struct arena *arena, struct stack_large_provider *provider);

/* ---- compaction (collector/compact.c) --------------------------------------- */

/* Nothing older than a boundary between commits refers to anything above it, so
 * what lies above can be compacted alone, in time proportional to what of it is
 * wanted.  From-space is only read: until the superblock that ends it a
 * compaction has changed nothing, and a process that dies in between loses
 * nothing but its work.
 *
 *   owner        collector_compaction_begin
 *   any thread   collector_compaction_round (the commit at the beginning), then
 *                collector_compaction_run until it is done, in slices;
 *                again from newer commits until little is left; _sync
 *   owner        collector_compaction_finish: the rest, the roots, one superblock;
 *                then whatever holds persistent nouns asks collector_compaction_moved
 *   any thread   collector_compaction_destroy (frees much memory: it takes a while)
 *
 * One thread at a time; it has entered the space, and to-space is the compaction's
 * alone while the owner commits.  Sharing is kept exactly, metadata carried over. */
struct collector_compaction;

/* What the side tables of a compaction of `size_bytes` take at most. */
uint64_t collector_compaction_memory_bytes(uint64_t size_bytes);

/* The arena's owner, between commits.  The sizes and failures are those of
 * arena_compaction_begin. */
enum status collector_compaction_begin(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes_max,
                                       struct collector_compaction **out) MUST_USE;

/* A round copies what the roots of `commit`, which is not older than that of
 * the round before, reach and no round has copied. */
enum status collector_compaction_round(struct collector_compaction *compaction,
                                       const struct arena_commit *commit) MUST_USE;

/* Goes on with the round for about `budget_bytes` of copies; *is_done when it is over.
 * After a failure the compaction can only be aborted. */
enum status collector_compaction_run(struct collector_compaction *compaction, uint64_t budget_bytes,
                                     bool *is_done) MUST_USE;

/* Flushes what has been copied; and how much has been since it last did. */
enum status collector_compaction_sync(struct collector_compaction *compaction) MUST_USE;
uint64_t collector_compaction_unsynced_bytes(const struct collector_compaction *compaction);

/* What has been copied so far.  Any thread. */
void collector_compaction_counts(const struct collector_compaction *compaction, struct collector_counts *counts);

struct collector_history;
struct collector_record;

/* The owner, between commits: copies what is left, and publishes; the event
 * number and hashes are the current commit's.  `history` becomes
 * ARENA_ROOT_COLLECTIONS after it has learned from `record`, of which what was
 * copied is filled in, and `above_bytes` at the beginning becomes that at the
 * end; both NULL: that root is as any other.  If it fails the
 * compaction has been aborted, and the history may have changed all the same;
 * whether the arena is still usable says arena_compaction_publish. */
enum status collector_compaction_finish(struct arena *arena, struct collector_compaction *compaction,
                                        struct collector_history *history, struct collector_record *record,
                                        struct arena_commit *commit) MUST_USE;

/* After it: the new word of a noun that was persistent before it; NOUN_NONE if
 * nothing wants it.  `compaction` is the context of nock_moved_fn. */
noun collector_compaction_moved(void *compaction, noun old);

/* The owner: gives to-space back.  Then destroy. */
void collector_compaction_abort(struct arena *arena, struct collector_compaction *compaction);

/* Frees its memory; it has ended.  NULL is fine. */
void collector_compaction_destroy(struct collector_compaction *compaction);

/* ---- what collections have found (collector/history.c) --------------------------- */

#define COLLECTOR_RECORDS_MAX 16
#define COLLECTOR_GENERATIONS_MAX 24

/* One collection. */
struct collector_record {
    uint64_t wall_ms; /* when it ended */
    uint64_t event;   /* at which */
    bool is_full;
    uint64_t start_bytes; /* the boundary */
    uint64_t above_bytes; /* that lay above it in the end */
    uint64_t live_bytes;  /* of them, copied */
    uint64_t objects;     /* likewise */
    uint64_t duration_ms;
    uint64_t cpu_us;   /* of the thread that copied */
    uint64_t pause_us; /* of the owner; 0 if it is not known: the process ended soon after */
};

/* What a collection left. */
struct collector_generation {
    uint64_t start_bytes; /* the boundary below it: that of the collection */
    uint64_t size_bytes;
    uint64_t dead_bytes; /* of them, as far as can be told */
};

struct collector_history {
    struct collector_record records[COLLECTOR_RECORDS_MAX]; /* newest first */
    size_t record_count;
    struct collector_generation generations[COLLECTOR_GENERATIONS_MAX]; /* oldest first */
    size_t generation_count;
    uint64_t young_count, full_count, copied_bytes, reclaimed_bytes; /* in the arena's life */
    uint32_t survival_ppm;                                           /* of what is fresh, so much survives */
    uint32_t turnover_ppm; /* for each million bytes that survive, so many older ones die */
    uint32_t patience;     /* multiplies how much must be fresh; 1 to 8 */
};

void collector_history_init(struct collector_history *history);

/* Allocates the history as a persistent noun;
 * the builder's status if there is no room. */
enum status collector_history_write(const struct collector_history *history, struct arena_builder *builder,
                                    noun *out) MUST_USE;

/* Reads ARENA_ROOT_COLLECTIONS; whatever cannot be read counts as no history. */
void collector_history_read(noun root, struct collector_history *history);

/* ---- when, and from where (collector/policy.c) ------------------------------------- */

/* What the host knows. */
struct collector_facts {
    uint64_t used_bytes;              /* of segments, dead or alive */
    uint64_t fresh_start_bytes;       /* the watermark after the last collection */
    uint64_t slack_bytes;             /* beside what lives, of the file: a quarter of it may be dead in any case */
    uint64_t room_bytes;              /* that could hold copies: free in the file or on the disk */
    uint64_t memory_bytes;            /* for side tables */
    const struct arena_range *ranges; /* of the newest commit; NULL: not looked at */
    size_t range_count;
    bool is_pressed; /* disk or memory run short: less is worth a collection */
};

struct collector_plan {
    bool is_wanted;
    bool is_full;
    uint64_t start_bytes; /* the boundary */
    uint64_t above_bytes; /* it */
    uint64_t dead_bytes;  /* of them, expected */
    bool is_late;         /* so much is dead that there is no time to lose */
};

/* What to collect now, if anything. */
struct collector_plan collector_plan(const struct collector_history *history, const struct collector_facts *facts);

/* What an operator asks for: everything, or what is fresh. */
struct collector_plan collector_plan_by_hand(const struct collector_history *history,
                                             const struct collector_facts *facts, bool is_full);

/* Large atoms, in the newest commit and after the last full collection (or at the start). */
struct collector_large_facts {
    uint64_t large_bytes;
    uint64_t kept_bytes;
};

/* True if enough large atoms have come for a full collection to be worth while
 * for their sake, in an arena with so many bytes of segments (collector/large.c). */
bool collector_large_is_due(const struct collector_large_facts *facts, uint64_t segment_bytes) MUST_USE;

/* How much is expected to be dead in all. */
uint64_t collector_dead_bytes(const struct collector_history *history, const struct collector_facts *facts);

/* Learns from a collection. */
void collector_history_add(struct collector_history *history, const struct collector_record *record);

/* An arena was opened at `commit`: reads its history, and returns the boundary
 * above which everything is fresh.  Where it is not known, in an arena of an
 * earlier program, that is the watermark, and the history adopts what was
 * appended after the last collection: it is counted with the newest generation. */
void collector_history_adopt(struct collector_history *history, uint64_t used_bytes);
uint64_t collector_history_open(const struct arena_commit *commit, struct collector_history *history);

#endif
