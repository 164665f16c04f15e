/* Measuring: rounds, their median, and what the processor counted. */
#ifndef BENCH_NOCK_MEASURE_H
#define BENCH_NOCK_MEASURE_H

#include "base/base.h"

struct measurement {
    uint64_t median_ns, minimum_ns, maximum_ns; /* of one round, the thread's processor time */
    uint64_t total_ns;                          /* of all rounds */
    uint64_t instructions;                      /* of the median round; 0: no counter here */
    size_t rounds;
};

/* One round of work; false if it did not give what it should. */
typedef bool measure_round(void *context);

/* Runs one round to warm up, calls `begin`, and then runs `rounds` rounds, or,
 * if that is 0, rounds for about a second, 3 at least.  False as soon as a
 * round is wrong. */
bool measure(measure_round *round, void *context, void (*begin)(void), size_t rounds, struct measurement *measurement);

/* A fixed loop in C: the machine's own speed in this minute. */
void measure_calibration(struct measurement *measurement);

#endif
