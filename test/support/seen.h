/* A set of 64-bit hashes: which states a test has tried already. */
#ifndef TEST_SUPPORT_SEEN_H
#define TEST_SUPPORT_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {        /* zeros: empty */
    uint64_t *slots; /* owned: open addressing, 0 is empty */
    size_t capacity;
    size_t count;
};

/* True if it was not there.  Hashes that differ in the lowest bit only are the same. */
bool seen_add(struct seen *seen, uint64_t hash);

/* Empty; its memory is kept. */
void seen_clear(struct seen *seen);

#endif
