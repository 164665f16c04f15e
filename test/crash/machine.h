/* Machines under the lying disk, and what may be expected of them.
 *
 * The model is a list of positions: the states that a machine goes through, by
 * number of the event and hash of the state.  A workload notes in the disk's
 * journal when it tries for the next position and when that was acknowledged.
 * So at every point of the journal it is known what a start must find: the
 * newest acknowledged position, or the one that was being tried. */
#ifndef TEST_CRASH_MACHINE_H
#define TEST_CRASH_MACHINE_H

#include "host/host.h"
#include "lying_disk.h"
#include "recovery/recovery.h"
#include "test_kernel.h"

/* Beside the causes of test_kernel.h: [%fill n], whose state is a list of n new
 * cells and whose job is a few bytes, so that the arena has to grow. */
#define CRASH_POKE                                                                                                     \
    "[6 [3 0 223] [6 [5 [1 %fill] 0 446] [[1 0] 8 [1 0 0] 8 [1 " CRASH_FILL "] 9 2 0 1] " TEST_POKE "] " TEST_POKE "]"
#define CRASH_PEEK "[6 [5 [1 0] 0 6] [0 0] [1 0] [1 0] 0 30]"
#define CRASH_KERNEL_WITH_LOAD(load)                                                                                   \
    "[[1 [" TEST_ARM(load) " [0 0] " TEST_ARM(CRASH_PEEK) " " TEST_ARM(CRASH_POKE) "] 0 0] 0]"
#define CRASH_FILL "6 [5 [0 12] 0 1983] [10 [6 0 13] 0 31] 9 2 10 [6 [4 0 12] [[0 12] 0 13]] 0 1"
#define CRASH_KERNEL CRASH_KERNEL_WITH_LOAD("[10 [6 0 6] 0 7]")

/* An upgrade whose load arm changes the state if it is 2, and so only once. */
#define CRASH_KERNEL_NEXT CRASH_KERNEL_WITH_LOAD("[6 [5 [1 2] 0 6] [10 [6 1 77] 0 7] 10 [6 0 6] 0 7]")

/* ---- the model ----------------------------------------------------------------- */

#define POSITIONS_MAX 4096

struct position {
    uint64_t event;
    uint64_t state_hash;
};

extern struct position model[POSITIONS_MAX];
extern size_t model_count;

/* Nothing is expected; or only what is there now. */
void model_clear(void);
void model_start(const char *directory);

void model_try(void);                                        /* the next position is about to be tried for */
void model_keep(uint64_t event, uint64_t state_hash);        /* it is this */
void model_acknowledge(uint64_t event, uint64_t state_hash); /* and has been acknowledged */

/* What may be found after a power cut at `point`: model[from] to model[to - 1];
 * with `may_be_none` there may be no machine yet. */
struct expectation {
    size_t from, to;
    bool may_be_none;
};
struct expectation model_expect(size_t point);

/* ---- machines -------------------------------------------------------------------- */

/* A fresh directory for the machine, below a fresh root; static, until the next. */
const char *crash_root(void);
const char *crash_directory(const char *root);

struct host_kernel crash_kernel(const char *text);

/* Makes the machine; bails out if that fails. */
void crash_create(const char *directory);

/* Opens it; bails out if that fails. */
struct host *crash_open(const char *directory, const char *kernel_text);

/* Pokes and lets the model know; bails out unless it is accepted. */
void crash_poke(struct host *host, const char *cause);

/* Pokes and lets the model know, whatever comes of it. */
enum status crash_try_poke(struct host *host, const char *cause, struct host_event *event);

/* Is the machine as expected?  If not, says why.  `is_thorough` also takes another
 * event, ends in order and verifies everything. */
bool crash_check(const char *directory, const struct expectation *expectation, bool is_thorough, bool may_warn,
                 char reason[STATUS_MESSAGE_SIZE_BYTES]);

/* "Bail out!" with the thread's message. */
void crash_must(enum status status, const char *what);

#endif
