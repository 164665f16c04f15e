/* Is there at a noun's word what was written there?  For those who read a few
 * objects of a file that nobody has verified, and would rather not follow rot.
 *
 * Metadata is the hash of the whole noun, so that of a cell follows from those of
 * its parts: an object whose metadata is right, and whose parts lie where objects
 * can lie, has not been altered since it was hashed, but for once in 2^64 times. */
#include "arena/large.h"

static bool is_in_range(const struct arena *arena, uint64_t offset_words, uint64_t size_words)
{
    for (size_t i = 0; i < arena->newest.range_count; i++) {
        uint64_t start_words = arena->newest.ranges[i].start_bytes / 8 + ARENA_HEADER_WORDS;
        uint64_t end_words = arena->newest.ranges[i].end_bytes / 8;
        if (offset_words >= start_words && offset_words < end_words)
            return size_words <= end_words - offset_words;
    }
    return false;
}

static const struct tree_record *find_large(const struct arena *arena, uint64_t offset_words)
{
    const struct tree_record *record = tree_at_or_below(&arena->layout.large, offset_words * 8 / ARENA_PAGE_BYTES);
    return record != NULL && record->key * ARENA_PAGE_BYTES == offset_words * 8 ? record : NULL;
}

/* Can its metadata be read, and may an object at `above_words` refer to it? */
static bool is_place(const struct arena *arena, noun n, uint64_t above_words)
{
    if (noun_is_direct(n))
        return true;
    if (!noun_is_cell(n) && !noun_is_indirect(n))
        return false;
    uint64_t offset_words = noun_offset_words(n);
    if (noun_is_large(n))
        return noun_is_indirect(n) && find_large(arena, offset_words) != NULL;
    return offset_words < above_words && is_in_range(arena, offset_words, 3);
}

static bool holds_cell(const struct arena *arena, noun n)
{
    const uint64_t *words = noun_words(n);
    uint64_t offset_words = noun_offset_words(n);
    return is_place(arena, words[1], offset_words) && is_place(arena, words[2], offset_words) &&
           words[0] == noun_hash_pair(noun_hash_persistent(words[1]), noun_hash_persistent(words[2]));
}

static bool holds_atom(const struct arena *arena, noun n)
{
    const uint64_t *words = noun_words(n);
    uint64_t count = words[1];
    if (noun_is_large(n))
        return count + 2 == find_large(arena, noun_offset_words(n))->count / 8;
    return count > 0 && count < NOUN_PERSISTENT_BYTES / 8 && is_in_range(arena, noun_offset_words(n), count + 2) &&
           words[1 + count] != 0 && words[0] == noun_hash_atom(n);
}

bool arena_holds(const struct arena *arena, noun n)
{
    if (noun_is_direct(n))
        return true;
    if (n == NOUN_NONE || !is_place(arena, n, UINT64_MAX))
        return false;
    return noun_is_cell(n) ? holds_cell(arena, n) : holds_atom(arena, n);
}

void arena_drop_root(struct arena *arena, enum arena_root root)
{
    arena->current.roots[root] = 0;
    os_mutex_lock(arena->mutex);
    arena->newest.roots[root] = 0;
    os_mutex_unlock(arena->mutex);
}
