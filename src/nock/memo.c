#include "nock/memo.h"

#include <stdlib.h>

/* Beyond this many entries the table starts anew: memory is bounded, and a
 * memo may always be forgotten. */
#define ENTRIES_MAX ((size_t)1 << 23)
#define ENTRIES_MIN ((size_t)32)

void memo_table_finish(struct memo *memo)
{
    free(memo->entries);
    *memo = (struct memo){0};
}

/* Of the two mugs, which can be told from it. */
static uint64_t hash_of(noun key, noun formula)
{
    return bits_mix64((uint64_t)noun_mug(key) << 32 ^ (formula == 0 ? 0 : noun_mug(formula)));
}

/* The place of the entry, or the empty one where it would be. */
static struct memo_place *find(const struct memo *memo, noun key, noun formula, uint64_t hash)
{
    size_t mask = 2 * memo->capacity - 1;
    for (size_t slot = (size_t)hash & mask;; slot = (slot + 1) & mask) {
        struct memo_place *place = &memo->index[slot];
        if (place->number == 0)
            return place;
        if (place->hash_high != hash >> 32)
            continue;
        const struct memo_entry *entry = &memo->entries[place->number - 1];
        if (entry->hash == hash && noun_equal(entry->formula, formula) && noun_equal(entry->key, key))
            return place;
    }
}

noun memo_table_find(const struct memo *memo, noun key, noun formula)
{
    if (memo->count == 0)
        return NOUN_NONE;
    const struct memo_place *place = find(memo, key, formula, hash_of(key, formula));
    return place->number == 0 ? NOUN_NONE : memo->entries[place->number - 1].product;
}

static void put(struct memo *memo, struct memo_place *place, size_t number)
{
    *place = (struct memo_place){(uint32_t)(memo->entries[number].hash >> 32), (uint32_t)number + 1};
}

static void grow(struct memo *memo)
{
    memo->capacity = memo->capacity == 0 ? ENTRIES_MIN : memo->capacity * 2;
    size_t index_bytes = 2 * memo->capacity * sizeof *memo->index;
    size_t size_bytes = memo->capacity * sizeof *memo->entries + index_bytes;
    memo->entries = realloc(memo->entries, size_bytes);
    if (memo->entries == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    memo->index = (struct memo_place *)(void *)(memo->entries + memo->capacity);
    memset(memo->index, 0, index_bytes);
    size_t mask = 2 * memo->capacity - 1;
    for (size_t i = 0; i < memo->count; i++) {
        size_t slot = (size_t)memo->entries[i].hash & mask;
        while (memo->index[slot].number != 0)
            slot = (slot + 1) & mask;
        put(memo, &memo->index[slot], i);
    }
}

/* An entry that was there stays behind, out of the index. */
void memo_table_store(struct memo *memo, noun key, noun formula, noun product)
{
    if (memo->count >= ENTRIES_MAX)
        memo_table_finish(memo);
    if (memo->count == memo->capacity)
        grow(memo);
    uint64_t hash = hash_of(key, formula);
    struct memo_place *place = find(memo, key, formula, hash);
    memo->entries[memo->count] = (struct memo_entry){hash, key, formula, product};
    put(memo, place, memo->count++);
}

void memo_table_visit(struct memo *memo, struct stack_visitor *visitor, enum stack_reach reach)
{
    for (size_t i = reach == STACK_YOUNG ? memo->scanned : 0; i < memo->count; i++) {
        struct memo_entry *entry = &memo->entries[i];
        stack_visit(visitor, &entry->key);
        stack_visit(visitor, &entry->formula);
        stack_visit(visitor, &entry->product);
    }
    memo->scanned = memo->count;
}
