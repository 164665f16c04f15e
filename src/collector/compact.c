/* A compaction of the arena, from its beginning to its publication.
 *
 * The walk (collector/copy.c) begins with the roots of the commit at which the
 * compaction begins.  What is committed meanwhile refers to objects that those
 * roots reached, and to new ones in the tail.  So a later round, from newer
 * roots, copies what of the tail has come to be reached since; each is shorter
 * than the one before, as long as copying is faster than committing; and the
 * last one, while the owner waits, is as short as the time since the round
 * before it.
 */
#include "collector/collector.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "collector/copy.h"

struct collector_compaction {
    struct arena_compaction *inner; /* NULL once it has ended */
    struct arena_compaction_space space;
    struct copy copy;
    noun roots[ARENA_ROOTS]; /* of the round in hand */
    unsigned next_root;
    bool is_in_round;
    bool is_full; /* nothing lies below from-space */
    uint64_t synced_words;
    _Atomic uint64_t cells, atoms, words; /* copied, for those who look on */
};

static void note(struct collector_compaction *compaction)
{
    atomic_store_explicit(&compaction->cells, compaction->copy.cells, memory_order_relaxed);
    atomic_store_explicit(&compaction->atoms, compaction->copy.atoms, memory_order_relaxed);
    atomic_store_explicit(&compaction->words, compaction->copy.words, memory_order_relaxed);
}

void collector_compaction_counts(const struct collector_compaction *compaction, struct collector_counts *counts)
{
    counts->cells = atomic_load_explicit(&compaction->cells, memory_order_relaxed);
    counts->atoms = atomic_load_explicit(&compaction->atoms, memory_order_relaxed);
    counts->bytes = atomic_load_explicit(&compaction->words, memory_order_relaxed) * 8;
}

/* ---- its beginning ------------------------------------------------------------- */

uint64_t collector_compaction_memory_bytes(uint64_t size_bytes)
{
    return forward_size_bytes(size_bytes, size_bytes);
}

static enum status prepare(struct collector_compaction *compaction)
{
    const struct arena_compaction_space *space = &compaction->space;
    struct copy *copy = &compaction->copy;
    copy_init(copy, arena_compaction_builder(compaction->inner), space->from_start_bytes);
    STATUS_TRY(forward_init(&copy->forward, space->from_start_bytes / 8, NOUN_LARGE_START_BYTES / 8,
                            space->to_start_bytes / 8, (space->to_end_bytes - space->to_start_bytes) / 8));
    return copy_extend(copy, space->from_end_bytes);
}

enum status collector_compaction_begin(struct arena *arena, uint64_t from_bytes, uint64_t size_bytes_max,
                                       struct collector_compaction **out)
{
    struct collector_compaction *compaction = calloc(1, sizeof *compaction);
    if (compaction == NULL)
        check_out_of_memory(__FILE__, __LINE__, sizeof *compaction);
    enum status status = arena_compaction_begin(arena, from_bytes, size_bytes_max, &compaction->inner);
    if (status != STATUS_OK) {
        free(compaction);
        return status;
    }
    arena_compaction_space(compaction->inner, &compaction->space);
    compaction->is_full = from_bytes == 0;
    status = prepare(compaction);
    if (status != STATUS_OK) {
        collector_compaction_abort(arena, compaction);
        collector_compaction_destroy(compaction);
        return status;
    }
    *out = compaction;
    return STATUS_OK;
}

void collector_compaction_abort(struct arena *arena, struct collector_compaction *compaction)
{
    arena_compaction_abort(arena, compaction->inner);
    compaction->inner = NULL;
}

void collector_compaction_destroy(struct collector_compaction *compaction)
{
    if (compaction == NULL)
        return;
    CHECK(compaction->inner == NULL);
    copy_finish(&compaction->copy);
    free(compaction);
}

/* ---- rounds ----------------------------------------------------------------------- */

enum status collector_compaction_round(struct collector_compaction *compaction, const struct arena_commit *commit)
{
    CHECK(!compaction->is_in_round);
    memcpy(compaction->roots, commit->roots, sizeof compaction->roots);
    compaction->next_root = 0;
    compaction->is_in_round = true;
    return copy_extend(&compaction->copy, commit->watermark_bytes);
}

enum status collector_compaction_run(struct collector_compaction *compaction, uint64_t budget_bytes, bool *is_done)
{
    struct copy *copy = &compaction->copy;
    uint64_t until_words = copy->words + budget_bytes / 8;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && copy->words < until_words && compaction->is_in_round) {
        bool is_over = true;
        if (!copy->is_walking)
            copy_start(copy, compaction->roots[compaction->next_root]);
        status = copy_run(copy, until_words - copy->words, &is_over);
        compaction->next_root += is_over;
        compaction->is_in_round = compaction->next_root < ARENA_ROOTS;
    }
    note(compaction);
    *is_done = !compaction->is_in_round;
    return status;
}

enum status collector_compaction_sync(struct collector_compaction *compaction)
{
    if (compaction->synced_words == compaction->copy.words)
        return STATUS_OK;
    compaction->synced_words = compaction->copy.words;
    return arena_compaction_sync(compaction->inner);
}

uint64_t collector_compaction_unsynced_bytes(const struct collector_compaction *compaction)
{
    return (compaction->copy.words - compaction->synced_words) * 8;
}

/* ---- its end ------------------------------------------------------------------------ */

static enum status copy_remainder(struct collector_compaction *compaction, const struct arena_commit *current)
{
    bool is_done = false;
    STATUS_TRY(collector_compaction_round(compaction, current));
    while (!is_done)
        STATUS_TRY(collector_compaction_run(compaction, UINT64_MAX / 2, &is_done));
    return STATUS_OK;
}

static void keep_large(struct collector_compaction *compaction)
{
    const struct kept *large = &compaction->copy.large;
    for (size_t i = 0; i < large->capacity; i++)
        if (large->slots[i] != 0)
            arena_compaction_keep_large(compaction->inner, large->slots[i]);
}

/* Completes the record, learns from it, and makes the history a root, and the end of to-space,
 * of which the history is the last object. */
static enum status write_history(struct collector_compaction *compaction, struct collector_history *history,
                                 struct collector_record *record, struct arena_commit *commit)
{
    if (commit->watermark_bytes > compaction->space.tail_start_bytes)
        record->above_bytes += commit->watermark_bytes - compaction->space.tail_start_bytes;
    record->live_bytes = compaction->copy.words * 8;
    record->objects = compaction->copy.cells + compaction->copy.atoms;
    collector_history_add(history, record);
    const struct arena_builder *builder = compaction->copy.builder;
    STATUS_TRY(collector_history_write(history, compaction->copy.builder, &commit->roots[ARENA_ROOT_COLLECTIONS]));
    commit->roots[ARENA_ROOT_FRESH] = (builder->start_words + builder->count_words) * 8;
    return STATUS_OK;
}

enum status collector_compaction_finish(struct arena *arena, struct collector_compaction *compaction,
                                        struct collector_history *history, struct collector_record *record,
                                        struct arena_commit *commit)
{
    const struct arena_commit *current = arena_current(arena);
    enum status status = copy_remainder(compaction, current);
    *commit = *current;
    for (unsigned i = 0; status == STATUS_OK && i < ARENA_ROOTS; i++)
        commit->roots[i] = copy_find(&compaction->copy, current->roots[i]);
    if (status == STATUS_OK && history != NULL)
        status = write_history(compaction, history, record, commit);
    if (status != STATUS_OK) {
        collector_compaction_abort(arena, compaction);
        return status;
    }
    struct arena_compaction *inner = compaction->inner;
    keep_large(compaction);
    compaction->inner = NULL;
    return arena_compaction_publish(arena, inner, commit);
}

/* A full compaction has freed the large atoms that it has not met. */
noun collector_compaction_moved(void *context, noun old)
{
    const struct collector_compaction *compaction = context;
    if (noun_is_large(old) && compaction->is_full && !kept_has(&compaction->copy.large, old))
        return NOUN_NONE;
    return copy_find(&compaction->copy, old);
}
