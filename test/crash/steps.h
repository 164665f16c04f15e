/* What workloads are made of.
 *
 * Every step returns the failure that stopped it, or STATUS_OK; a workload
 * passes it on (STATUS_TRY), because it is also run with failing calls.  What
 * it has opened it closes first: a process that stops closes its files.
 */
#ifndef TEST_CRASH_STEPS_H
#define TEST_CRASH_STEPS_H

#include "machine.h"

/* ---- a node: each durable step by hand ------------------------------------------- */

/* A node is what a host drives.  Closing it flushes nothing: to the disk that is
 * a process that was killed.  `kernel_text` NULL: the machine's own. */
enum status step_open(const char *directory, const char *kernel_text, struct node **out) MUST_USE;

/* One event in the order of host/commit.c, with the arena's flush left to the
 * workload.  Unless `is_logged` it never gets into the log: the arena is ahead. */
enum status step_event(struct node *node, const char *cause_text, bool is_logged) MUST_USE;

/* ---- a whole host ----------------------------------------------------------------- */

/* Pokes.  Refused: tries once more, and then that is the failure. */
enum status step_poke(struct host *host, const char *cause) MUST_USE;

/* With a job whose row has about so many bytes. */
enum status step_poke_large(struct host *host, size_t size_bytes) MUST_USE;

/* Until the host's flusher has flushed what there is. */
void step_wait_for_flush(void);

#endif
