/* What a machine may be after a fault: a list of positions, the states that it
 * goes through, each the number of an event and the hash of the state.
 *
 * A workload says when it tries for the next position and when that has been
 * acknowledged; both are noted in the disk's journal.  So for every point of the
 * journal it is known what a start must find: the newest acknowledged position,
 * or one of those that were being tried for.  Nothing else.
 *
 * The same workload is also run with failing calls (faults.c).  Then the
 * positions are those of a first run without any failure, which every later run
 * must go through again.
 */
#ifndef TEST_CRASH_MODEL_H
#define TEST_CRASH_MODEL_H

#include "base/base.h"

#define POSITIONS_MAX 4096

struct position {
    uint64_t event;
    uint64_t state_hash;
};

/* Nothing is expected; the next position is the first. */
void model_clear(void);

/* Only this is there, from the beginning. */
void model_begin(uint64_t event, uint64_t state_hash);

/* ---- what a workload says ---------------------------------------------------- */

/* One more position is about to be tried for. */
void model_try(void);

/* One more than those that are being tried for already: a pipeline. */
void model_try_beyond(void);

/* It is this.  Several may be kept before the first is acknowledged: that is a
 * pipeline. */
void model_keep(uint64_t event, uint64_t state_hash);

/* Everything up to this event is durable now: somebody has been told so. */
void model_acknowledge_event(uint64_t event);

/* model_keep and model_acknowledge_event in one: for what returns when it is durable. */
void model_acknowledge(uint64_t event, uint64_t state_hash);

/* Somebody has been told that thing `number` (0 to 62, the workload's own
 * numbering) is durable: a snapshot is there, an export is whole. */
void model_mark(unsigned number);

/* ---- what must be found -------------------------------------------------------- */

struct expectation {
    size_t from, to;  /* positions, to exclusive */
    bool may_be_none; /* there need be no machine yet */
    uint64_t marks;   /* a bit each */
};

/* After a power cut at `point` of the journal. */
struct expectation model_expect(size_t point);

bool model_allows(const struct expectation *expectation, uint64_t event, uint64_t state_hash);
const struct position *model_position(size_t index);
size_t model_count(void);

/* Drops all positions but those, which become the first. */
void model_narrow(const struct expectation *expectation);

/* A start has found what had never been acknowledged: that is the newest then. */
void model_found(uint64_t event, uint64_t state_hash);

/* ---- lives with failing calls ---------------------------------------------------- */

/* From now on positions are compared with those of the first run. */
void model_repeat(void);
bool model_is_repeating(void);

/* What may be there after this life ended, wherever that was. */
struct expectation model_expect_now(void);

#endif
