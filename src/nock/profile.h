/* Private to this folder: the profiler.
 *
 *   profile.c         the timer's thread, and samples at safe points
 *   profile_label.c   what a frame is called
 *   profile_tree.c    samples added up: who called whom
 *   profile_write.c   folded stacks, Chrome's trace, the summary
 *
 * A thread counts ticks and asks for a safe point at each; the machine, when it
 * comes to one, walks its frames and books the ticks since the last sample on
 * that stack.  So the machine's loop pays nothing, and a profiled one only for
 * the samples.
 *
 * Ticks that passed while the ephemeral stack was collected are booked on a
 * leaf of their own.  So are those during which no safe point was reached for
 * long: a plain jet ran then, and the last one called is taken to be it.
 */
#ifndef NOCK_PROFILE_H
#define NOCK_PROFILE_H

#include "nock/machine.h"

#define PROFILE_DEPTH_MAX 256 /* frames of a sample, from the innermost */
#define PROFILE_NODES_MAX ((size_t)1 << 20)
#define PROFILE_SAMPLES_MAX ((size_t)1 << 22)
#define PROFILE_RUNS_MAX ((size_t)1 << 20)

/* A node of the tree: a label called in the context of its parent's.  Parents
 * come before their children; node 0 is the root. */
struct profile_node {
    uint32_t parent;
    uint32_t label;
    uint64_t ticks; /* its own */
};

struct profile_tree {
    struct profile_node *nodes;
    size_t count, capacity;
    uint32_t *slots; /* by parent and label: node, 0 empty */
    size_t slots_count;
};

struct profile_labels {
    char **texts; /* [0] is no label */
    size_t count, capacity;
    uint32_t *slots; /* by text: label, 0 empty */
    size_t slots_count;
    /* Of codes and jets by address, until codes are freed (struct codes, `freed`). */
    struct {
        const void *address;
        uint32_t label;
    } cache[4096];
    uint64_t cache_freed;
};

struct profile_sample {
    uint64_t at_ns;
    uint32_t node;
    uint32_t ticks;
};

struct profile_run {
    uint64_t start_ns, end_ns;
};

struct profile {
    struct nock *machine;
    struct os_thread *thread;
    struct os_mutex *mutex;
    struct os_condition *stopping;
    bool stop; /* under the mutex */
    uint64_t interval_ns;
    uint64_t start_ns;
    int clock;                                                       /* of the machine's thread */
    _Atomic bool is_running;                                         /* between profile_run_begin and _end */
    _Atomic uint64_t run_ns;                                         /* when the run began */
    _Atomic uint64_t runs_ns;                                        /* all runs before it */
    _Atomic uint64_t ticks;                                          /* since the last sample */
    _Atomic uint64_t ticked_ns;                                      /* by the thread's clock */
    uint64_t cpu_seen_ns, runs_seen_ns, owed_ns, woken_ns, slowness; /* the timer's */

    uint64_t collection_ns;     /* of the stack, when last looked */
    uint64_t collection_due_ns; /* of it, not booked yet */
    uint64_t ticks_total, samples_taken;
    uint64_t sampling_ns; /* processor time that taking them took */
    uint64_t timer_ns;    /* and that of the timer's thread, when it has ended */
    uint32_t collecting;  /* the label of that leaf */

    struct profile_labels labels;
    struct profile_tree tree;
    struct profile_sample *samples;
    size_t samples_count, samples_capacity;
    struct profile_run *runs;
    size_t runs_count, runs_capacity;
};

/* ---- profile.c: called by the interpreter, if machine->profile is set ---- */

void profile_run_begin(struct profile *profile);
void profile_run_end(struct profile *profile);

/* At a safe point in `frame`: entered is the code to be entered, or NULL in a
 * step frame.  True if the point was reached for the sample alone: there is no
 * need to collect. */
bool profile_safe_point(struct profile *profile, const uint64_t *frame, const struct code *entered);

void profile_destroy(struct profile *profile); /* NULL is fine */

/* ---- profile_label.c ---- */

uint32_t profile_label(struct profile_labels *labels, const char *text);
/* The labels of a stack, innermost first; how many. */
size_t profile_walk(struct profile *profile, const uint64_t *frame, const struct code *entered,
                    uint32_t walked[PROFILE_DEPTH_MAX]);
void profile_labels_finish(struct profile_labels *labels);

/* ---- profile_tree.c ---- */

/* The node of a stack, innermost first, below the root. */
uint32_t profile_tree_add(struct profile_tree *tree, const uint32_t *labels, size_t count);
/* The child of a node, or, if there is no room for more, the node itself. */
uint32_t profile_tree_child(struct profile_tree *tree, uint32_t parent, uint32_t label);
void profile_tree_finish(struct profile_tree *tree);

/* Makes room in an array of items that doubles; aborts without memory. */
void *profile_grow(void *items, size_t count, size_t *capacity, size_t item_bytes);

#endif
