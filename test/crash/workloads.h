/* What machines do while the disk's journal is written: small things, with each
 * kind of durable step in them.
 *
 * A workload is run once under the lying disk; then states.c tries every crash
 * state of its journal, and faults.c runs it again and again with the first,
 * second, third ... call of each kind failing.  Three events find most bugs.
 *
 * How to add one
 * --------------
 * Write a file test/crash/workload_THING.c that ends in a table
 *
 *     const struct workload workloads_thing[] = {
 *         {.name = "a snapshot is made", .run = snapshot_made, .promise = snapshot_is_there},
 *         {.name = NULL},
 *     };
 *
 * name it in WORKLOAD_FILES below and in meson.build, and run it:
 *
 *     build/test/crash/test-crash-states --workload "a snapshot is made"
 *     build/test/crash/test-crash-faults --workload "a snapshot is made"
 *
 * `run` finds a machine at `directory` that stands at event 0 and is closed.  It
 * opens it (step_open, host_open), does things, closes what it opened, and
 * returns the first failure at once:
 *
 *     static enum status snapshot_made(const char *directory, uint64_t *random)
 *     {
 *         struct node *node;
 *         STATUS_TRY(step_open(directory, NULL, &node));
 *         enum status status = step_event(node, "%inc", true);
 *         if (status == STATUS_OK)
 *             status = snapshot_make(...);
 *         if (status == STATUS_OK)
 *             model_mark(1);                   -- somebody has been told that it is there
 *         recovery_close(node);
 *         return status;
 *     }
 *
 * What must be found after the fault is known from what it says to the model
 * (model.h): the steps of steps.h say it for events.  What changes no state (a
 * snapshot, a collection, pruning, a repair) has to say nothing: then the machine
 * must stand where it stood.  What else it promises, `promise` looks at after
 * each boot: the marks in the expectation are those that were set before the
 * fault.  It must not depend on chance or clocks, except by *random.
 */
#ifndef TEST_CRASH_WORKLOADS_H
#define TEST_CRASH_WORKLOADS_H

#include "machine.h"

struct workload {
    const char *name;
    void (*prepare)(const char *directory, uint64_t *random); /* before the journal; NULL: a machine is made */
    enum status (*run)(const char *directory, uint64_t *random);
    crash_promise *promise; /* NULL: none */
    bool may_warn;          /* a start may have to make the arena again */
    bool repairs;           /* a repair was under way: it is done again before the boot */
    bool is_damaged;        /* a part that is not missed was damaged before */
    bool is_large;          /* states are costly: fewer of them */
    bool uses_chance;       /* worth several rounds */
    bool makes_faults;      /* has failing calls of its own: faults.c leaves it alone */
};

#define WORKLOAD_FILES(X)                                                                                              \
    X(node)       /* each durable step by hand */                                                                      \
    X(host)       /* whole hosts */                                                                                    \
    X(pipeline)   /* hosts with events in flight */                                                                    \
    X(recovery)   /* boots, and power cuts in them */                                                                  \
    X(upkeep)     /* snapshots, pruning, archives, collection, branches, export and import */                          \
    X(repair)     /* the doctor's repairs */                                                                           \
    X(snapshot)   /* exports in pieces, imports of them, a snapshot that is damaged */                                 \
    X(failure)    /* failed flushes, a full disk, and power cuts after them */                                         \
    X(collection) /* collections of the arena, whole and cut */

#define WORKLOADS_DECLARE(name) extern const struct workload workloads_##name[];
WORKLOAD_FILES(WORKLOADS_DECLARE)
#undef WORKLOADS_DECLARE

/* All of them, in the order of WORKLOAD_FILES; NULL beyond the last. */
const struct workload *workload_at(size_t index);

#endif
