/* Machines under the lying disk: kernels for them, and whether one that a fault
 * has left behind is as it must be. */
#ifndef TEST_CRASH_MACHINE_H
#define TEST_CRASH_MACHINE_H

#include "host/host.h"
#include "lying_disk.h"
#include "model.h"
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

/* A fresh directory for the machine, below a fresh root; static, until the next. */
const char *crash_root(void);
const char *crash_directory(const char *root);

struct host_kernel crash_kernel(const char *text);

/* Makes the machine; bails out if that fails. */
void crash_create(const char *directory);

/* Makes one that is all that is expected. */
void crash_prepare_machine(const char *directory);

/* The model begins with what is there. */
void crash_model_begin(const char *directory);

/* What a workload has promised beside the state: called with the machine open
 * and standing where it must. */
typedef enum status crash_promise(const char *directory, struct node *node, const struct expectation *expectation);

/* Is the machine as expected?  If not, says why.  `is_thorough` also takes another
 * event, ends in order and verifies everything. */
struct crash_question {
    const char *directory;
    struct expectation expectation;
    crash_promise *promise; /* NULL: none */
    bool is_thorough;
    bool may_warn;
    bool repairs;    /* the operator has it repaired, again, before it is started */
    bool is_damaged; /* some of it was before: a verification may find that, and the doctor then heals it */
};
bool crash_check(const struct crash_question *question, char reason[STATUS_MESSAGE_SIZE_BYTES]);

/* "Bail out!" with the thread's message. */
void crash_must(enum status status, const char *what);

/* A program may be told to end in time: `--seconds N`.  True when they are over; what
 * is left is then left out, and said to be. */
void crash_set_seconds(uint64_t seconds);
bool crash_is_over(void);

/* Files of the laboratory are made in memory, if that can be had: nothing here
 * is ever flushed.  Call first. */
void crash_prefer_memory(void);

#endif
