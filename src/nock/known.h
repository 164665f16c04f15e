/* The nouns that the machine knows: formulas it has compiled and batteries it
 * has registered, each once.
 *
 * Two equal cells share one record, so that "is this the same battery?" is a
 * comparison of pointers.  Finding the record is quick: an ephemeral cell
 * carries its index in its metadata, a persistent one is looked up by its
 * word; only the first meeting with a cell compares structure.
 */
#ifndef NOCK_KNOWN_H
#define NOCK_KNOWN_H

#include "noun/noun.h"
#include "stack/stack.h"

struct code;
struct registration;
struct warm_jet;

struct known {
    noun noun; /* a root */
    uint32_t mug;
    uint32_t index;
    struct known *next;                 /* with the same mug's bucket */
    struct code *codes;                 /* compiled so far, one a shape */
    struct code *gate;                  /* of these, the one for SHAPE_GATE */
    struct registration *registrations; /* of which this is the battery or the root noun */
    struct warm_jet *jets;              /* that this formula may run */
};

struct known_alias {
    noun noun; /* persistent; 0 is empty */
    struct known *known;
};

#define KNOWN_CACHE_SIZE 4096

struct known_table {
    struct known **by_index; /* [0] is unused */
    size_t count, capacity;
    struct known **buckets; /* by mug */
    size_t buckets_count;
    struct known_alias *aliases; /* open addressing, by persistent word */
    size_t aliases_count, aliases_capacity;
    size_t scanned;         /* indices below hold nothing young */
    size_t ephemeral_count; /* made from ephemeral cells since the last known_drop */
};

void known_init(struct known_table *table);
void known_finish(struct known_table *table);

/* The record of a cell, or NULL. */
struct known *known_find(struct known_table *table, noun cell);

static inline size_t known_alias_slot(const struct known_table *table, noun n)
{
    size_t mask = table->aliases_capacity - 1;
    size_t slot = (size_t)bits_mix64(n) & mask;
    while (table->aliases[slot].noun != 0 && table->aliases[slot].noun != n)
        slot = (slot + 1) & mask;
    return slot;
}

/* The same without looking at structure: NULL also for a cell that nobody has
 * asked for yet. */
static inline struct known *known_recall(const struct known_table *table, noun cell)
{
    if (noun_is_persistent(cell)) { /* what is empty has no record */
        return table->aliases[known_alias_slot(table, cell)].known;
    }
    return table->by_index[(noun_words(cell)[0] & NOUN_META_ENGINE_MASK) >> NOUN_META_ENGINE_SHIFT];
}

/* The record of a cell, made if there is none. */
struct known *known_of_slow(struct known_table *table, noun cell);

static inline struct known *known_of(struct known_table *table, noun cell)
{
    struct known *known = known_recall(table, cell);
    return LIKELY(known != NULL) ? known : known_of_slow(table, cell);
}

/* Frees the records whose noun has become NOUN_NONE; the others must be
 * persistent by now. */
void known_drop(struct known_table *table);

#endif
