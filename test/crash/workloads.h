/* What machines do while the disk's journal is written: small things, each with
 * every kind of step in it that has ever been the place of a bug. */
#ifndef TEST_CRASH_WORKLOADS_H
#define TEST_CRASH_WORKLOADS_H

#include "base/base.h"

struct workload {
    const char *name;
    void (*prepare)(const char *directory, uint64_t *random); /* before the journal; NULL: a machine is made */
    void (*run)(const char *directory, uint64_t *random);
    bool may_warn; /* a start may have to make the arena again */
    bool is_large; /* states are costly: fewer of them */
};

extern const struct workload workloads[];
extern const size_t workload_count;

#endif
