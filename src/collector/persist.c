/* Copying from the stack into the arena.
 *
 * Depth first, parts before their cell, since in the arena an object may only
 * refer to lower offsets and carries the hash of its parts.  The way down is
 * kept on an explicit stack of cells; a cell on it waits first for its head,
 * then for its tail, and the finished head waits in the cell itself, in place
 * of the original.  What has been copied leaves a forwarding in its metadata
 * word, so sharing is kept exactly, and a second visit is one load.
 *
 *   pending   | cell | cell | ... |   HEAD_IS_DONE set: it waits for its tail
 */
#include "collector/collector.h"

#include <stdlib.h>
#include <threads.h>

#define HEAD_IS_DONE ((uint64_t)1 << 60)

static_assert(NOUN_SPACE_BYTES / 8 <= HEAD_IS_DONE, "offsets leave bit 60 free");

struct cached_hash {
    noun atom;
    uint64_t hash;
};

struct persist {
    struct arena *arena;
    struct arena_builder *builder;
    enum status status; /* of the first large atom that could not be taken over */
    struct wordstack pending;
    struct collector_counts counts;
    struct cached_hash *hashes; /* of direct atoms */
};

/* After a failure the commit is given up; until then the walk goes on. */
static void take_over(struct persist *persist, noun n)
{
    if (persist->status == STATUS_OK)
        persist->status = arena_large_persist(persist->arena, n);
}

/* The word of the copy, if there is one or none is needed; else NOUN_NONE. */
static inline noun find_copy(noun n)
{
    if (noun_is_persistent(n))
        return n;
    uint64_t metadata = noun_words(n)[0];
    if (metadata >> 61 == 7)
        return (n & ~NOUN_OFFSET_MASK) | noun_offset_words(metadata);
    return NOUN_NONE;
}

noun collector_forwarded(noun n)
{
    return find_copy(n);
}

/* A direct atom's hash takes longer than all else that happens to a cell, and
 * the same few atoms occur again and again.  A hash is never 0.  Each thread has
 * a cache to its end; what a library itself has for each thread is to be small. */
#define CACHE_SIZE 1024
static _Thread_local struct cached_hash *cache;
static once_flag cache_once = ONCE_FLAG_INIT;
static tss_t cache_end;

static void create_cache_end(void)
{
    CHECK(tss_create(&cache_end, free) == thrd_success);
}

static struct cached_hash *take_cache(void)
{
    if (LIKELY(cache != NULL))
        return cache;
    cache = calloc(CACHE_SIZE, sizeof *cache);
    if (cache == NULL)
        check_out_of_memory(__FILE__, __LINE__, CACHE_SIZE * sizeof *cache);
    call_once(&cache_once, create_cache_end);
    CHECK(tss_set(cache_end, cache) == thrd_success);
    return cache;
}

static inline uint64_t hash_of_direct(const struct persist *persist, noun atom)
{
    struct cached_hash *cached = &persist->hashes[(size_t)((atom ^ atom >> 10) * 0x9e3779b97f4a7c15u >> 54)];
    if (UNLIKELY(cached->atom != atom || cached->hash == 0))
        *cached = (struct cached_hash){atom, noun_hash_atom(atom)};
    return cached->hash;
}

static inline uint64_t hash_of(const struct persist *persist, noun n)
{
    return noun_is_direct(n) ? hash_of_direct(persist, n) : arena_built_words(persist->builder, n)[0];
}

/* Both return NOUN_NONE if the arena has no room. */

static noun copy_atom(struct persist *persist, noun atom)
{
    uint64_t hash = noun_hash_atom(atom);
    uint64_t *from = noun_words(atom);
    uint64_t size_words = from[1] + 2, to_words;
    CHECK_DEBUG(from[1] > 0 && from[size_words - 1] != 0);
    uint64_t *to = arena_allocate(persist->builder, size_words, &to_words);
    if (to == NULL)
        return NOUN_NONE;
    to[0] = hash;
    memcpy(to + 1, from + 1, (size_words - 1) * 8);
    from[0] = NOUN_TAG_FORWARD | to_words;
    persist->counts.atoms++;
    persist->counts.bytes += size_words * 8;
    return NOUN_TAG_ATOM | to_words;
}

static inline noun copy_cell(struct persist *persist, uint64_t *from, noun head, noun tail)
{
    uint64_t hash = noun_hash_pair(hash_of(persist, head), hash_of(persist, tail));
    uint64_t to_words;
    uint64_t *to = arena_allocate(persist->builder, 3, &to_words);
    if (to == NULL)
        return NOUN_NONE;
    to[0] = hash;
    to[1] = head;
    to[2] = tail;
    from[0] = NOUN_TAG_FORWARD | to_words;
    persist->counts.cells++;
    return NOUN_TAG_CELL | to_words;
}

/* ---- the walk -------------------------------------------------------------- */

/* Of a direct atom it asks for nonsense, which costs nothing. */
static inline void prefetch(noun n)
{
    __builtin_prefetch((const void *)((uintptr_t)noun_base + (uintptr_t)(n << 3)));
}

/* Follows heads down until one is there already or is an atom; the cells
 * passed are pending.  Returns that head's copy. */
static inline noun descend(struct persist *persist, noun n)
{
    for (;;) {
        if (UNLIKELY(noun_is_large(n)))
            take_over(persist, n);
        noun found = find_copy(n);
        if (found != NOUN_NONE)
            return found;
        if (!noun_is_cell(n))
            return copy_atom(persist, n);
        const uint64_t *cell = noun_words(n);
        prefetch(cell[2]); /* for the way up */
        wordstack_push(&persist->pending, noun_offset_words(n));
        n = cell[1];
    }
}

/* `done` is a finished copy: finishes the cells that waited for it as their
 * tail.  Returns false if nothing is pending, with the last copy in *done;
 * otherwise true, with the tail that is wanted next in *next. */
static inline bool ascend(struct persist *persist, noun *done, noun *next)
{
    while (*done != NOUN_NONE && !wordstack_is_empty(&persist->pending)) {
        uint64_t *top = &persist->pending.words[persist->pending.count - 1];
        uint64_t *cell = noun_words_at(*top & ~HEAD_IS_DONE);
        if ((*top & HEAD_IS_DONE) == 0) {
            *top |= HEAD_IS_DONE;
            cell[1] = *done;
            *next = cell[2];
            return true;
        }
        persist->pending.count--;
        *done = copy_cell(persist, cell, cell[1], *done);
    }
    return false;
}

static noun copy(struct persist *persist, noun n)
{
    noun done;
    do
        done = descend(persist, n);
    while (ascend(persist, &done, &n));
    return done;
}

enum status collector_persist(struct arena *arena, noun *roots, size_t count, struct collector_counts *counts)
{
    struct persist persist = {.arena = arena, .builder = arena_builder(arena), .hashes = take_cache()};
    wordstack_init(&persist.pending);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        noun moved = copy(&persist, roots[i]);
        if (moved == NOUN_NONE)
            status = arena_build_status(persist.builder);
        else
            roots[i] = moved;
        if (status == STATUS_OK)
            status = persist.status;
    }
    wordstack_finish(&persist.pending);
    if (counts != NULL) {
        counts->cells += persist.counts.cells;
        counts->atoms += persist.counts.atoms;
        counts->bytes += persist.counts.bytes + persist.counts.cells * 24;
    }
    return status;
}
