/* What the parts of bench-nock share: one machine, and how results are said.
 *
 * A benchmark is a round of work that is repeated (measure.h).  A line for
 * people is printed as soon as it is done; the JSON comes at the end.
 */
#ifndef BENCH_NOCK_BENCH_H
#define BENCH_NOCK_BENCH_H

#include "measure.h"
#include "nock/nock.h"

struct bench_options {
    char **names;         /* benchmarks wanted, ending in NULL; none: all */
    bool exact;           /* names are whole names, not parts of names */
    bool list;            /* only print the names */
    const char *write;    /* only write [subject formula] of each program to this directory, or NULL */
    bool uncalibrated;    /* relative figures are of no interest */
    size_t nursery_bytes; /* 0: the engine's own */
    size_t rounds;        /* 0: as many as take a second */
    enum nock_engine engine;
};

extern struct bench_options bench_options;
extern struct stack *bench_stack;
extern struct nock *bench_machine;

void bench_machine_open(void);
void bench_machine_close(void);

/* The same, and what results are said with. */
void bench_open(void);
/* Prints the JSON object and ends all; the exit status. */
int bench_close(void);

void bench_must(enum status status);

/* Is this benchmark to be run?  (When names are listed: prints it, and no.) */
bool bench_wants(const char *name);

/* Runs it and says what it took (say.c), or what it would copy (returns.c), by `items` of what is called `item`. */
void bench_measure(const char *name, measure_round *round, void *context, uint64_t items, const char *item);

noun bench_read(const char *text);
/* A file of `programs`, assembled, or any other source by its path from the tree's root. */
noun bench_assemble(const char *file);
/* The trap of a kernel's jam in the public tree, or NOUN_NONE. */
noun bench_corpus_kernel(const char *relative);

/* ---- a formula on a subject -------------------------------------------------- */

/* What a round runs. */
struct bench_work {
    noun subject, formula, expected; /* NOUN_NONE: any product */
};

/* A round is as an event: what it is given is persistent, and what it has made
 * is gone afterwards.  All other ephemeral nouns go here. */
void bench_work_begin(struct bench_work *work);
measure_round bench_work_round;

/* Makes the nouns in the slots persistent (NOUN_NONE is left alone); all ephemeral ones go. */
void bench_persist(noun **slots, size_t count);

/* ---- the parts ------------------------------------------------------------------ */

void bench_programs(void);
void bench_virtual(void);
void bench_events(void);

/* The gate of a jet's path, of cores made for it; what its battery does does
 * not matter as long as the jet runs.  Persistent; all ephemeral nouns go. */
noun bench_gate(const char *path);

#endif
