#include "nock/memo.h"

#include <stdlib.h>

/* Beyond this many entries the table starts anew: memory is bounded, and a
 * memo may always be forgotten. */
#define ENTRIES_MAX ((size_t)1 << 23)

void memo_table_finish(struct memo *memo)
{
    free(memo->entries);
    free(memo->young);
    *memo = (struct memo){0};
}

/* Of the two mugs, which can be told from it. */
static uint64_t hash_of(noun key, noun formula)
{
    return bits_mix64((uint64_t)noun_mug(key) << 32 ^ (formula == 0 ? 0 : noun_mug(formula)));
}

static size_t slot_of(const struct memo *memo, noun key, noun formula, uint64_t hash)
{
    size_t mask = memo->capacity - 1;
    for (size_t slot = (size_t)hash & mask;; slot = (slot + 1) & mask) {
        struct memo_entry *entry = &memo->entries[slot];
        if (entry->product == NOUN_NONE ||
            (entry->hash == hash && noun_equal(entry->formula, formula) && noun_equal(entry->key, key)))
            return slot;
    }
}

noun memo_table_find(const struct memo *memo, noun key, noun formula)
{
    if (memo->count == 0)
        return NOUN_NONE;
    return memo->entries[slot_of(memo, key, formula, hash_of(key, formula))].product;
}

static void allocate(struct memo *memo, size_t capacity)
{
    memo->entries = malloc(capacity * sizeof *memo->entries);
    if (memo->entries == NULL)
        check_out_of_memory(__FILE__, __LINE__, capacity * sizeof *memo->entries);
    memo->capacity = capacity;
    for (size_t i = 0; i < capacity; i++)
        memo->entries[i].product = NOUN_NONE;
}

static void note_young(struct memo *memo, size_t slot)
{
    if (memo->young_count == memo->young_capacity) {
        memo->young_capacity = memo->young_capacity == 0 ? 64 : memo->young_capacity * 2;
        memo->young = realloc(memo->young, memo->young_capacity * sizeof *memo->young);
        if (memo->young == NULL)
            check_out_of_memory(__FILE__, __LINE__, memo->young_capacity * sizeof *memo->young);
    }
    memo->young[memo->young_count++] = (uint32_t)slot;
}

static void grow(struct memo *memo)
{
    struct memo old = *memo;
    allocate(memo, old.capacity == 0 ? 64 : old.capacity * 2);
    size_t mask = memo->capacity - 1;
    memo->young_count = 0; /* slots change: any entry may be young now */
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.entries[i].product == NOUN_NONE)
            continue;
        size_t slot = (size_t)old.entries[i].hash & mask;
        while (memo->entries[slot].product != NOUN_NONE)
            slot = (slot + 1) & mask;
        memo->entries[slot] = old.entries[i];
        note_young(memo, slot);
    }
    free(old.entries);
}

void memo_table_store(struct memo *memo, noun key, noun formula, noun product)
{
    if (memo->count >= ENTRIES_MAX)
        memo_table_finish(memo);
    if (memo->count * 2 >= memo->capacity)
        grow(memo);
    uint64_t hash = hash_of(key, formula);
    size_t slot = slot_of(memo, key, formula, hash);
    if (memo->entries[slot].product == NOUN_NONE)
        memo->count++;
    memo->entries[slot] = (struct memo_entry){.hash = hash, .key = key, .formula = formula, .product = product};
    note_young(memo, slot);
}

static void visit_entry(struct memo_entry *entry, struct stack_visitor *visitor)
{
    stack_visit(visitor, &entry->key);
    stack_visit(visitor, &entry->formula);
    stack_visit(visitor, &entry->product);
}

void memo_table_visit(struct memo *memo, struct stack_visitor *visitor, enum stack_reach reach)
{
    if (reach == STACK_YOUNG) {
        for (size_t i = 0; i < memo->young_count; i++)
            visit_entry(&memo->entries[memo->young[i]], visitor);
        memo->young_count = 0;
        return;
    }
    for (size_t i = 0; i < memo->capacity; i++)
        if (memo->entries[i].product != NOUN_NONE)
            visit_entry(&memo->entries[i], visitor);
}
