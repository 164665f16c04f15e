/* A map from objects, by where they are, to numbers.
 *
 * A walk meets objects more or less in the order of their addresses, so the map
 * keeps that order: a record for each block of 64 words of the noun space that
 * holds any key, with a place for every second word (objects are three words
 * or more, so no two share one), and a small hash table from blocks to records.
 * In a dense heap that is 2.3 bytes for each word of nouns and no search; at
 * the worst, one object a block, 144 bytes for the object.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_IDENTITY_H
#define CODEC_IDENTITY_H

#include "base/base.h"
#include "codec/scratch.h"
#include "noun/noun.h"

#define IDENTITY_BLOCK_WORDS 64
#define IDENTITY_PLACES (IDENTITY_BLOCK_WORDS / 2)
#define IDENTITY_FOUND 64

struct identity_block {
    uint64_t block; /* number of the block + 1; 0: an empty slot */
    uint64_t record;
};

struct identity {
    struct identity_block *blocks; /* 2^block_bits slots */
    uint32_t *numbers;             /* IDENTITY_PLACES a record */
    size_t record_count;
    size_t record_capacity;
    unsigned block_bits;
    struct identity_block last;                  /* found last */
    struct identity_block found[IDENTITY_FOUND]; /* lately, by block */
    struct scratch_array *block_array;
    struct scratch_array *record_array;
};

/* Empties the map.  False if there is no memory. */
bool identity_init(struct identity *identity, struct scratch_array *blocks, struct scratch_array *records);

/* The record of a block that is not `last`, made if it is new.  False if there
 * is no memory. */
bool identity_find_block(struct identity *identity, uint64_t block);

#define IDENTITY_NO_MEMORY UINT64_MAX

/* The index into `numbers` of the object's number, which is 0 at first; stays
 * the same as the map grows. */
static inline uint64_t identity_index(struct identity *identity, noun object)
{
    uint64_t offset_words = noun_offset_words(object);
    uint64_t block = offset_words / IDENTITY_BLOCK_WORDS + 1;
    if (block != identity->last.block) {
        const struct identity_block *found = &identity->found[block % IDENTITY_FOUND];
        if (LIKELY(found->block == block))
            identity->last = *found;
        else if (UNLIKELY(!identity_find_block(identity, block)))
            return IDENTITY_NO_MEMORY;
    }
    return identity->last.record * IDENTITY_PLACES + offset_words / 2 % IDENTITY_PLACES;
}

#endif
