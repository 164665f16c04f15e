/* What an event leaves behind as bytes, on its way from its evaluation to its
 * acknowledgement; no ephemeral noun lives that long. */
#ifndef HOST_RECORD_H
#define HOST_RECORD_H

#include "host/host.h"
#include "recovery/recovery.h"

#define RECORD_WIRE_MAX_BYTES 256

struct record {
    struct record *next;
    struct eventlog_row row; /* its bytes are the record's; event 0: refused, there is nothing to append */
    uint8_t *job;            /* owned */
    uint8_t *said;           /* owned: jam of [effects goof], goof 0 for none; NULL if there is neither */
    size_t said_size_bytes;
    char wire[RECORD_WIRE_MAX_BYTES];
    enum host_answer answer;
    enum status reason; /* if it was refused */
    char *message;      /* owned, likewise */
    bool is_barrier;    /* no event may be run before its release */
    const char *limit;  /* static: that the cause exceeded; NULL: none */
    uint64_t evaluation_ns;
    host_answered_fn *answered; /* NULL: nobody waits */
    void *context;
};

struct record *record_new(host_answered_fn *answered, void *context);
void record_destroy(struct record *record); /* NULL is fine */

/* Records one behind the other; it owns them. */
struct record_list {
    struct record *first, **last;
};

void record_list_init(struct record_list *list);
void record_list_add(struct record_list *list, struct record *record);
void record_list_destroy(struct record_list *list); /* with its records; it is empty then */

/* Moves the first `count` of `from`, or all if there are fewer, to the end of `to`. */
void record_list_move(struct record_list *from, size_t count, struct record_list *to);

/* The evaluated event as bytes, except its number and its state's hash.
 * STATUS_LIMIT if the log cannot hold it. */
enum status record_encode(struct node *node, const struct kernel_event *event, struct record *record) MUST_USE;

/* Nothing but the reason why there is no event, with the thread's message, and
 * its goof (NOUN_NONE for none). */
void record_refuse(struct record *record, struct stack *stack, enum status reason, noun goof);

/* The nouns again, in fresh ephemeral memory, and everything else of the answer. */
enum status record_decode(struct node *node, const struct record *record, struct host_event *out) MUST_USE;

#endif
