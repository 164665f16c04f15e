/* The alphabet of sequences.c: all that a machine does to its files, each in its
 * smallest form, to be done in any order.
 *
 * To add one: a function and a line of the table in letters.c.  It finds a node
 * open at life->node (or opens one), leaves one open, and returns the first
 * failure.  What it promises beside the state it marks (model.h), and
 * letter_promise looks at it. */
#ifndef TEST_CRASH_LETTERS_H
#define TEST_CRASH_LETTERS_H

#include "steps.h"

struct letter_life {
    const char *directory;
    struct node *node;  /* open */
    unsigned snapshots; /* sealed so far */
    unsigned branches;  /* kept so far */
};

struct letter {
    char name;
    const char *meaning;
    enum status (*run)(struct letter_life *life);
};

extern const struct letter letters[];
extern const size_t letter_count;
const struct letter *letter_find(char name);

enum status letter_begin(struct letter_life *life);
void letter_end(struct letter_life *life);
enum status letter_promise(const char *directory, struct node *node, const struct expectation *expectation);

#endif
