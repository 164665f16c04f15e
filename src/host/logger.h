/* The thread that appends to the event log.
 *
 * Records come in the order of their events; those that wait while a flush is
 * under way share the next transaction.  What is durable comes out in the same
 * order, to be acknowledged by the owner's thread.  After a failure nothing
 * more is appended, and nothing that is not durable ever comes out.  (Durable
 * as the mode has it: in a relaxed one rows come out when the operating system
 * has them, and the logger flushes when it is time.)
 *
 * Threads: everything here is for the owner of the host.  The log's handle
 * belongs to the logger while anything is in flight; after logger_settle it is
 * the owner's until the next record.
 */
#ifndef HOST_LOGGER_H
#define HOST_LOGGER_H

#include "host/record.h"

struct logger;
struct flusher;

struct logger_options {
    struct eventlog *log;
    struct host_durability durability;
    struct arena *arena;         /* is told what the log has */
    struct flusher *flusher;     /* is told that there is something to flush */
    void (*wake)(void *context); /* something has come out; on the logger's thread */
    void *context;
};

enum status logger_start(const struct logger_options *options, struct logger **out) MUST_USE;

/* False if so much is in flight that the next event has to wait. */
bool logger_has_room(struct logger *logger);

/* True if nothing is in flight and nothing waits to be taken. */
bool logger_is_idle(struct logger *logger);

/* Takes a record; it comes out some time after.  With `at_once`, and nothing in
 * flight, it is appended on the caller's thread before the call returns, which
 * spares two switches of threads: for when there is nothing else to do. */
void logger_put(struct logger *logger, struct record *record, bool at_once);

/* Appends a record on the caller's thread after all in flight, and waits for
 * it; it stays the caller's and does not come out. */
enum status logger_append(struct logger *logger, const struct record *record) MUST_USE;

/* Between the two the log is the caller's alone.  Nothing may be put meanwhile. */
void logger_lend(struct logger *logger);
void logger_take_back(struct logger *logger);

/* Has the log prepared for its next row, by the thread, before anything else. */
void logger_warm(struct logger *logger);

/* What may be acknowledged, oldest first; NULL if nothing.  The caller's. */
struct record *logger_take(struct logger *logger);

/* The first failure, with its message; STATUS_OK if all is well. */
enum status logger_status(struct logger *logger) MUST_USE;

/* Up to which event the log has been flushed. */
uint64_t logger_durable_event(struct logger *logger);

/* Waits until nothing is in flight. */
enum status logger_settle(struct logger *logger) MUST_USE;

/* Appends what is in flight and ends the thread.  NULL is fine. */
void logger_stop(struct logger *logger);

#endif
