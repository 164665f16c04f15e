/* A map from objects, by where they are, to what is known of them.
 *
 * A walk meets objects more or less in the order of their addresses, so the map
 * keeps that order.  The noun space is cut into regions of 4,096 words and
 * blocks of 64.  A block that holds any key has a record, with a place for every
 * three words (objects are three words or more, so no two share one).  A region
 * that holds any key has a row of its blocks' records, and is found by a hash
 * table, or, mostly, among those found lately, which in a dense heap are all
 * that a walk comes back to.  So a look-up is two loads near others.
 *
 * A noun lies above its parts, so a walk goes downwards more often than not.  The
 * places of a record are in the order of falling addresses, and the records in that of
 * their first use: then most of a walk fills memory from one end to the other.
 *
 * In a dense heap that is 4.3 bytes for each word of nouns; at the worst, one
 * object a region, some 530 bytes for the object.
 *
 * Private to the codec; lives in scratch arrays that the caller owns.
 */
#ifndef CODEC_IDENTITY_H
#define CODEC_IDENTITY_H

#include "base/base.h"
#include "codec/scratch.h"
#include "noun/noun.h"

#define IDENTITY_BLOCK_WORDS 64
#define IDENTITY_PLACE_WORDS 3
#define IDENTITY_PLACES (IDENTITY_BLOCK_WORDS / IDENTITY_PLACE_WORDS + 1)
#define IDENTITY_REGION_BLOCKS 64
#define IDENTITY_LATELY 128
#define IDENTITY_INDEX_MAX (UINT32_MAX - 1)

/* The value at index 0, where no object is. */
#define IDENTITY_FAILED UINT64_MAX

/* The arrays that it needs. */
#define IDENTITY_ARRAYS 5

struct identity_region {
    uint64_t region; /* its number + 1; 0: an empty slot */
    uint64_t row;
};

/* Of a region found lately. */
struct identity_lately {
    uint64_t region; /* its number; IDENTITY_NO_REGION: none */
    const uint32_t *row;
};
#define IDENTITY_NO_REGION UINT64_MAX

struct identity {
    uint64_t *values;                               /* by index, the user's; 0 at first */
    uint32_t *parents;                              /* by index, the user's; whatever was there at first */
    uint32_t *rows;                                 /* IDENTITY_REGION_BLOCKS a row: the index of a block's lowest
                                                       place, or 0; there is no block at index 0 */
    struct identity_lately lately[IDENTITY_LATELY]; /* by region */
    struct identity_region *regions;                /* 2^region_bits slots */
    uint64_t *record_blocks;                        /* where each record is of */
    size_t record_count, record_capacity;
    size_t row_count, row_capacity;
    unsigned region_bits;
    bool has_failed; /* for want of memory: not all indices got since then are right */
    struct scratch_array *value_array, *parent_array, *row_array, *region_array, *block_array;
};

/* Empties the map.  False if there is no memory. */
bool identity_init(struct identity *identity, struct scratch_array arrays[IDENTITY_ARRAYS]);

/* identity_index where a region is not among the latest, or a block is new. */
uint32_t identity_find(struct identity *identity, uint64_t offset_words);

/* Which place of its block a word is in, counted from the lowest. */
static inline uint32_t identity_place(uint64_t offset_words)
{
    uint32_t word = (uint32_t)(offset_words % IDENTITY_BLOCK_WORDS);
    static_assert(IDENTITY_BLOCK_WORDS == 64 && IDENTITY_PLACE_WORDS == 3, "word * 43 / 128 is word / 3 below 64");
    return word * 43 >> 7;
}

/* The object's index; stays the same as the map grows.  If there is no memory, 0,
 * where there is IDENTITY_FAILED, and `has_failed` is set. */
static inline uint32_t identity_index(struct identity *identity, noun object)
{
    uint64_t offset_words = noun_offset_words(object);
    uint64_t region = offset_words / (IDENTITY_BLOCK_WORDS * IDENTITY_REGION_BLOCKS);
    const struct identity_lately *lately = &identity->lately[region % IDENTITY_LATELY];
    if (LIKELY(lately->region == region)) {
        uint32_t lowest = lately->row[offset_words / IDENTITY_BLOCK_WORDS % IDENTITY_REGION_BLOCKS];
        if (LIKELY(lowest != 0))
            return lowest - identity_place(offset_words);
    }
    return identity_find(identity, offset_words);
}

/* The word offset of the object with that index, of which `low` are the lowest two bits. */
static inline uint64_t identity_offset_words(const struct identity *identity, uint32_t index, unsigned low)
{
    uint32_t place = IDENTITY_PLACES - 1 - index % IDENTITY_PLACES, word = place * IDENTITY_PLACE_WORDS;
    return identity->record_blocks[index / IDENTITY_PLACES] * IDENTITY_BLOCK_WORDS + word + ((low - word) & 3);
}

#endif
