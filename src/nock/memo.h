/* The memo table of one virtual context: [key formula] -> product. */
#ifndef NOCK_MEMO_H
#define NOCK_MEMO_H

#include "noun/noun.h"
#include "stack/stack.h"

struct memo_entry {
    uint64_t hash;
    noun key, formula, product; /* roots; product NOUN_NONE is empty */
};

struct memo {
    struct memo_entry *entries;
    size_t count, capacity; /* a power of two, or 0 */
    uint32_t *young;        /* entries stored since the last collection */
    size_t young_count, young_capacity;
};

void memo_table_finish(struct memo *memo);

noun memo_table_find(const struct memo *memo, noun key, noun formula);
void memo_table_store(struct memo *memo, noun key, noun formula, noun product);
void memo_table_visit(struct memo *memo, struct stack_visitor *visitor, enum stack_reach reach);

#endif
