/* Where each object of from-space has gone: a table beside it, so that
 * from-space itself is only read.
 *
 * An object is at least three words long, so its offset divided by three is an
 * index that no other object has.  An entry is the copy's distance in words
 * from the start of to-space, never 0 because a segment's header comes first;
 * 0 says that the object has not been copied.
 *
 *   bytes of table  <=  4/24 of the bytes of from-space   (8/24 if to-space is 32 GiB or larger)
 *
 * which is known before a collection starts.  The table is reserved for all
 * addresses that from-space may come to have; only what is used costs memory.
 * One thread at a time.
 */
#ifndef COLLECTOR_FORWARD_H
#define COLLECTOR_FORWARD_H

#include "base/base.h"
#include "noun/noun.h"

struct forward {
    uint8_t *table; /* owned; reserved for all of [from_words, limit_words) */
    uint64_t reserved_bytes;
    uint64_t mapped_bytes; /* of it, memory */
    uint64_t from_words;
    uint64_t limit_words;
    uint64_t to_words; /* the start of to-space */
    bool is_wide;      /* entries of 8 bytes, not 4 */
};

/* What the table of `from_bytes` of from-space takes at most. */
uint64_t forward_size_bytes(uint64_t from_bytes, uint64_t to_size_bytes);

/* From-space begins at `from_words` and may come to reach to `limit_words`;
 * to-space begins at `to_words` and has at most `to_size_words`. */
enum status forward_init(struct forward *forward, uint64_t from_words, uint64_t limit_words, uint64_t to_words,
                         uint64_t to_size_words) MUST_USE;

/* Makes the entries of everything below `end_words` usable. */
enum status forward_extend(struct forward *forward, uint64_t end_words) MUST_USE;

void forward_finish(struct forward *forward);

static inline uint64_t forward_index(const struct forward *forward, uint64_t offset_words)
{
    return (offset_words - forward->from_words) / 3;
}

/* The offset of the copy, or 0. */
static inline uint64_t forward_get(const struct forward *forward, uint64_t offset_words)
{
    uint64_t index = forward_index(forward, offset_words), entry;
    if (LIKELY(!forward->is_wide))
        entry = ((const uint32_t *)(const void *)forward->table)[index];
    else
        entry = ((const uint64_t *)(const void *)forward->table)[index];
    return entry == 0 ? 0 : forward->to_words + entry;
}

static inline void forward_set(struct forward *forward, uint64_t offset_words, uint64_t copy_words)
{
    uint64_t index = forward_index(forward, offset_words), entry = copy_words - forward->to_words;
    CHECK_DEBUG(entry != 0 && (forward->is_wide || entry <= UINT32_MAX));
    if (LIKELY(!forward->is_wide))
        ((uint32_t *)(void *)forward->table)[index] = (uint32_t)entry;
    else
        ((uint64_t *)(void *)forward->table)[index] = entry;
}

/* For any offset, of an object or not: so the address is computed as a number. */
static inline void forward_prefetch(const struct forward *forward, uint64_t offset_words)
{
    uint64_t shift = forward->is_wide ? 3 : 2;
    uintptr_t entry = (uintptr_t)forward->table + (uintptr_t)(forward_index(forward, offset_words) << shift);
    __builtin_prefetch((const void *)entry);
}

#endif
