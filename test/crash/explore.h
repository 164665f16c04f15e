/* The crash states of one journal: which there are, and whether the machine is as
 * it must be in each.
 *
 * At each point of the journal what was not durable is kept, lost, reordered or
 * torn in many ways; the directory is made so, and started: arena, log, recovery,
 * and now and then the host and one more event.
 */
#ifndef TEST_CRASH_EXPLORE_H
#define TEST_CRASH_EXPLORE_H

#include "machine.h"

enum explore_class { KEPT, LOST, REORDERED, TORN, SCATTERED, CLASSES };
extern const char *const explore_class_names[CLASSES];

struct explore_options {
    uint64_t random_states; /* at each point */
    size_t subsets_max;     /* this many pending operations are tried in every combination */
    size_t torn_max;        /* places where a write is torn */
    uint64_t stride;        /* of long journals, every so manieth point only */
    const char *state;      /* only this: POINT:CLASS:KEPT:TORN:SECTOR:WAY:RANDOM; NULL: all */
};
extern struct explore_options explore_options;

/* Takes one of those by its name ("--random" ...); false if it is another's. */
bool explore_option(const char *name, const char *value);

/* What one process found out; in shared memory, so that it outlives the process. */
struct explore_share {
    uint64_t tried[CLASSES];
    uint64_t lost;
    char current[256]; /* the state at hand, should it be the end of the process */
    char first_lost[256];
    char first_reason[STATUS_MESSAGE_SIZE_BYTES];
};

/* Zeroed memory that child processes share. */
void *explore_shared(size_t size_bytes);

struct exploration {
    struct crash_question question; /* directory, promise and may_warn are given */
    struct explore_share *share;
    size_t first_point;
    bool is_large;      /* states are costly: fewer of them */
    unsigned job, jobs; /* every so manieth state only */
    uint64_t random;
};

/* The disk is frozen.  Counts into the share. */
void explore(const struct exploration *exploration);

#endif
