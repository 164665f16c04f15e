/* A set of nouns: the large atoms that a compaction has met. */
#ifndef COLLECTOR_KEPT_H
#define COLLECTOR_KEPT_H

#include "base/base.h"
#include "noun/noun.h"

struct kept {
    noun *slots; /* owned; open addressing, 0 is empty */
    size_t capacity, count;
};

/* False if it was there already. */
bool kept_add(struct kept *kept, noun n);
bool kept_has(const struct kept *kept, noun n);
void kept_finish(struct kept *kept);

#endif
