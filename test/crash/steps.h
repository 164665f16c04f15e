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

/* A sealed snapshot of where it stands; what it makes surplus is retired. */
enum status step_seal_snapshot(struct node *node) MUST_USE;

/* Everything is sealed and verified that promises rely on; used by promises. */
enum status step_verify_snapshots(const char *directory, uint64_t least) MUST_USE;

/* The log forgets all but the newest `kept_events` rows, as far as the oldest
 * snapshot allows, and gives its space back. */
enum status step_prune(struct node *node, uint64_t kept_events) MUST_USE;

/* The arena above `from_bytes` (0: all of it) is collected, with an event between
 * the first round and the last; durable at some later sync. */
enum status step_collect(struct node *node, uint64_t from_bytes) MUST_USE;

/* A named snapshot or branch in the arena, durable. */
enum status step_keep(struct node *node, const char *name, bool is_branch) MUST_USE;
enum status step_drop(struct node *node, const char *name, bool is_branch) MUST_USE;

/* ---- a whole host ----------------------------------------------------------------- */

/* Pokes.  Refused: tries once more, and then that is the failure. */
enum status step_poke(struct host *host, const char *cause) MUST_USE;

/* With a job whose row has about so many bytes. */
enum status step_poke_large(struct host *host, size_t size_bytes) MUST_USE;

/* A host that was made of an exported state: tells the model where it stands, and goes on. */
enum status step_imported(struct host *host) MUST_USE;

/* Until the host's flusher has flushed what there is. */
void step_wait_for_flush(void);

#endif
