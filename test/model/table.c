#include "model/table.h"

#include <stdlib.h>

#define CAPACITY_FIRST ((size_t)1 << 10)
#define CAPACITY_KEPT ((size_t)1 << 18)

struct entry {
    uint64_t first, second, value;
    uint64_t round; /* of another round: free */
};

struct table {
    struct entry *entries;
    size_t count, capacity; /* a power of two */
    uint64_t round;
    bool is_lent;
};

static struct table the_table;

static void make_entries(struct table *table, size_t capacity)
{
    table->entries = calloc(capacity, sizeof *table->entries);
    CHECK(table->entries != NULL);
    table->capacity = capacity;
}

struct table *table_begin(void)
{
    struct table *table = &the_table;
    CHECK(!table->is_lent);
    table->is_lent = true;
    if (table->capacity == 0)
        make_entries(table, CAPACITY_FIRST);
    table->round++;
    table->count = 0;
    return table;
}

void table_end(struct table *table)
{
    CHECK(table->is_lent);
    table->is_lent = false;
    if (table->capacity <= CAPACITY_KEPT)
        return;
    free(table->entries);
    table->entries = NULL;
    table->capacity = 0;
}

static struct entry *entry_of(const struct table *table, uint64_t first, uint64_t second)
{
    size_t slot = (size_t)bits_mix64(first + second * 0x9e3779b97f4a7c15u) & (table->capacity - 1);
    struct entry *entry = &table->entries[slot];
    while (entry->round == table->round && (entry->first != first || entry->second != second)) {
        slot = (slot + 1) & (table->capacity - 1);
        entry = &table->entries[slot];
    }
    return entry;
}

static void grow(struct table *table)
{
    struct entry *old = table->entries;
    size_t old_capacity = table->capacity;
    make_entries(table, 4 * old_capacity);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].round == table->round)
            *entry_of(table, old[i].first, old[i].second) = old[i];
    free(old);
}

uint64_t *table_reach(struct table *table, uint64_t first, uint64_t second)
{
    if (2 * table->count >= table->capacity)
        grow(table);
    struct entry *entry = entry_of(table, first, second);
    if (entry->round != table->round) {
        *entry = (struct entry){.first = first, .second = second, .round = table->round};
        table->count++;
    }
    return &entry->value;
}
