/* The memo table of one virtual context: [key formula] -> product.
 *
 * Entries lie in the order in which they were stored, so that those asked for
 * again soon lie together, and a young collection sees the last ones only.  An
 * index finds them; it and the entries are one block of memory. */
#ifndef NOCK_MEMO_H
#define NOCK_MEMO_H

#include "noun/noun.h"
#include "stack/stack.h"

struct memo_entry {
    uint64_t hash;
    noun key, formula, product; /* roots */
};

/* By the low bits of the hash, open addressing. */
struct memo_place {
    uint32_t hash_high;
    uint32_t number; /* of the entry, from 1; 0: empty */
};

struct memo {
    struct memo_entry *entries; /* owned; NULL while capacity is 0 */
    struct memo_place *index;   /* behind the entries, twice as many */
    size_t count, capacity;     /* capacity: a power of two, or 0 */
    size_t scanned;             /* entries below hold nothing young */
};

void memo_table_finish(struct memo *memo);

noun memo_table_find(const struct memo *memo, noun key, noun formula);
void memo_table_store(struct memo *memo, noun key, noun formula, noun product);
void memo_table_visit(struct memo *memo, struct stack_visitor *visitor, enum stack_reach reach);

#endif
