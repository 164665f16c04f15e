/* Machines for the tests of recovery: made, given events, closed, copied. */
#ifndef TEST_RECOVERY_RIG_H
#define TEST_RECOVERY_RIG_H

#include "recovery/recovery.h"

/* A path below the test's scratch directory; the next seven calls leave it valid. */
const char *rig_path(const char *name);

/* Makes a machine in `directory` with a kernel of test_kernel.h. */
struct node *rig_create(const char *directory, const char *kernel_text);

/* Opens one; NULL if that fails (the message says why), with the status in *status if not NULL. */
struct node *rig_open(const char *directory, const char *kernel_text, enum status *status);

/* Opens, closes, and gives what came of it. */
enum status rig_try(const char *directory, const char *kernel_text);

/* One event, applied and then appended, as the host does it. */
void rig_event(struct node *node, const char *cause);

/* The same without the log: the arena runs ahead. */
void rig_event_unlogged(struct node *node, const char *cause);

/* The same with another state's hash in the log: a history that cannot be reproduced. */
void rig_event_misrecorded(struct node *node, const char *cause);

/* The kernel's state, a number. */
uint64_t rig_state(struct node *node);

/* Copies a file of the directory aside, and back. */
void rig_keep(const char *directory, const char *name);
void rig_restore(const char *directory, const char *name);

/* A hash of all names and bytes in the directory, but for the log's -shm: an
 * index that SQLite makes anew, and that says nothing. */
uint64_t rig_fingerprint(const char *directory);

/* Inverts one byte of a file. */
void rig_flip(const char *directory, const char *name, uint64_t offset_bytes);

/* Runs SQL on the log, closed or not. */
void rig_sql(const char *directory, const char *sql);

#endif
