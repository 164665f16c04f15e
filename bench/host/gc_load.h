/* The machine, the events and the samples of the collector's benchmark.
 * Private to the files of bench-gc; gc.c says what it does. */
#ifndef BENCH_HOST_GC_LOAD_H
#define BENCH_HOST_GC_LOAD_H

#include "arena/arena.h"
#include "host/host.h"
#include "os/os.h"

#define MIB ((uint64_t)1 << 20)
#define GC_ENTRY_CELLS ((uint64_t)43690) /* 1 MiB */
#define GC_SMALL_CELLS ((uint64_t)1000)

struct gc_bench {
    struct host *host;
    uint64_t entries;
    uint64_t random;
    uint64_t leaf; /* the next leaf of a tree: no two are alike */
};

struct gc_samples {
    double *values; /* owned */
    size_t count;
};

/* A collection that was asked for. */
struct gc_waited {
    bool is_over;
    struct collector_record record;
};

void bench_must(enum status status); /* ends the program if it is a failure */
uint64_t bench_below(struct gc_bench *bench, uint64_t bound);
uint64_t bench_read_size(const char *text); /* "64M", "2G": in bytes */

struct gc_samples bench_samples_new(void);
void bench_sample(struct gc_samples *samples, double value);
double bench_quantile(struct gc_samples *samples, double part); /* sorts */

/* A machine with so much in it.  Nobody waits for the disk while it is filled. */
struct gc_bench bench_begin(const char *kernel_path, const char *directory, uint64_t size_bytes,
                            const struct host_options *options);

/* One event each: a new tree in the place of an entry; so much more in some account. */
void bench_put(struct gc_bench *bench, uint64_t entry, uint64_t cells);
void bench_add(struct gc_bench *bench);

uint64_t bench_used_bytes(struct gc_bench *bench);
uint64_t bench_written_bytes(struct gc_bench *bench);
uint64_t bench_committed_bytes(struct gc_bench *bench); /* by events alone */
double bench_ns_per_object(const struct collector_record *record);

/* Events at a steady rate while `goes_on` says so; their latencies go to `samples`. */
void bench_load(struct gc_bench *bench, struct gc_samples *samples, bool (*goes_on)(void *context), void *context);
bool bench_until_deadline(void *deadline_ns);
bool bench_until_collected(void *waited);

/* host_collected_fn: fills in a struct gc_waited. */
void bench_on_collected(void *context, struct host *host, enum status status, const struct collector_record *record);

/* The parts of the program, each with its words of the command line after its own name. */
void gc_live(char **words);
void gc_copy(char **words);
void gc_parts(char **words);
void gc_week(char **words);
void gc_disk(char **words);

#endif
