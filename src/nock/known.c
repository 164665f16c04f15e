#include "nock/known.h"

#include <stdlib.h>

#define BUCKETS_MIN 1024
#define ALIASES_MIN 4096

static void *allocate(size_t count, size_t size_bytes)
{
    void *memory = calloc(count, size_bytes);
    if (memory == NULL)
        check_out_of_memory(__FILE__, __LINE__, count * size_bytes);
    return memory;
}

void known_init(struct known_table *table)
{
    *table = (struct known_table){.count = 1, .capacity = BUCKETS_MIN, .buckets_count = BUCKETS_MIN, .scanned = 1};
    table->by_index = allocate(table->capacity, sizeof *table->by_index);
    table->buckets = allocate(table->buckets_count, sizeof *table->buckets);
    table->aliases_capacity = ALIASES_MIN;
    table->aliases = allocate(table->aliases_capacity, sizeof *table->aliases);
}

void known_finish(struct known_table *table)
{
    for (size_t i = 1; i < table->count; i++)
        free(table->by_index[i]);
    free(table->by_index);
    free(table->buckets);
    free(table->aliases);
}

/* ---- aliases: persistent words ----------------------------------------------- */

static void alias_put(struct known_table *table, noun n, struct known *known)
{
    struct known_alias *alias = &table->aliases[known_alias_slot(table, n)];
    if (alias->noun == 0)
        table->aliases_count++;
    alias->noun = n;
    alias->known = known;
}

static void alias_add(struct known_table *table, noun n, struct known *known)
{
    if (table->aliases_count * 2 >= table->aliases_capacity) {
        struct known_alias *old = table->aliases;
        size_t old_capacity = table->aliases_capacity;
        table->aliases_capacity *= 2;
        table->aliases_count = 0;
        table->aliases = allocate(table->aliases_capacity, sizeof *table->aliases);
        for (size_t i = 0; i < old_capacity; i++)
            if (old[i].noun != 0)
                alias_put(table, old[i].noun, old[i].known);
        free(old);
    }
    alias_put(table, n, known);
}

/* ---- by mug --------------------------------------------------------------------- */

static void bucket_add(struct known_table *table, struct known *known)
{
    struct known **bucket = &table->buckets[known->mug & (table->buckets_count - 1)];
    known->next = *bucket;
    *bucket = known;
}

static void rebucket(struct known_table *table)
{
    memset(table->buckets, 0, table->buckets_count * sizeof *table->buckets);
    for (size_t i = 1; i < table->count; i++)
        if (table->by_index[i] != NULL)
            bucket_add(table, table->by_index[i]);
}

static struct known *make(struct known_table *table, noun cell, uint32_t mug)
{
    if (table->count == table->capacity) {
        table->capacity *= 2;
        table->by_index = realloc(table->by_index, table->capacity * sizeof *table->by_index);
        free(table->buckets);
        table->buckets_count = table->capacity;
        table->buckets = allocate(table->buckets_count, sizeof *table->buckets);
        if (table->by_index == NULL)
            check_out_of_memory(__FILE__, __LINE__, table->capacity * sizeof *table->by_index);
        rebucket(table);
    }
    CHECK(table->count < (size_t)1 << NOUN_META_ENGINE_BITS);
    struct known *known = allocate(1, sizeof *known);
    known->noun = cell;
    known->mug = mug;
    known->index = (uint32_t)table->count;
    table->by_index[table->count++] = known;
    bucket_add(table, known);
    table->ephemeral_count += !noun_is_persistent(cell);
    return known;
}

/* Remembers which record the cell has, where a cell of its kind keeps that. */
static void remember(struct known_table *table, noun cell, struct known *known)
{
    if (noun_is_persistent(cell)) {
        alias_add(table, cell, known);
        return;
    }
    uint64_t *words = noun_words(cell);
    words[0] = (words[0] & ~NOUN_META_ENGINE_MASK) | (uint64_t)known->index << NOUN_META_ENGINE_SHIFT;
}

struct known *known_find(struct known_table *table, noun cell)
{
    struct known *known = known_recall(table, cell);
    if (known != NULL)
        return known;
    uint32_t mug = noun_mug(cell);
    for (known = table->buckets[mug & (table->buckets_count - 1)]; known != NULL; known = known->next) {
        if (known->mug != mug || !noun_equal(known->noun, cell))
            continue;
        if (noun_is_persistent(cell) && !noun_is_persistent(known->noun))
            known->noun = cell; /* so that it outlives the event */
        remember(table, cell, known);
        return known;
    }
    return NULL;
}

struct known *known_of_slow(struct known_table *table, noun cell)
{
    struct known *known = known_find(table, cell);
    if (known == NULL) {
        known = make(table, cell, noun_mug(cell));
        remember(table, cell, known);
    }
    return known;
}

/* ---- forgetting -------------------------------------------------------------------- */

void known_drop(struct known_table *table)
{
    size_t kept = 1;
    for (size_t i = 1; i < table->count; i++) {
        struct known *known = table->by_index[i];
        if (known->noun == NOUN_NONE) {
            free(known);
            continue;
        }
        known->index = (uint32_t)kept;
        table->by_index[kept++] = known;
    }
    table->count = table->scanned = kept;
    table->ephemeral_count = 0;
    memset(table->aliases, 0, table->aliases_capacity * sizeof *table->aliases);
    table->aliases_count = 0;
    rebucket(table);
    for (size_t i = 1; i < kept; i++)
        alias_add(table, table->by_index[i]->noun, table->by_index[i]);
}
