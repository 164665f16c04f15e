/* One host's collections.  Private to gc.c, gc_ask.c and gc_facts.c. */
#ifndef HOST_GC_H
#define HOST_GC_H

#include "host/gc_worker.h"
#include "host/private.h"

#define GC_WAIT_MS 100 /* the owner waits so long for the thread before it looks around */

struct gc_request {
    bool is_wanted;
    bool is_full;
    bool is_urgent;             /* as fast as it goes */
    struct collector_plan plan; /* this one, if it is wanted */
    host_collected_fn *collected;
    void *context;
};

struct gc {
    struct host *host;
    struct arena *arena;
    struct host_gc_options options;
    struct collector_history history;
    uint64_t fresh_start_bytes;
    struct collector_large_facts large;
    uint64_t memory_bytes; /* of the machine */

    /* The collection under way. */
    bool is_running;
    struct gc_worker worker; /* joined late: its thread ends in its own time */
    struct collector_plan plan;
    struct collector_record record;
    uint64_t started_ns;
    struct gc_request served; /* the request that it is for, if any */

    struct gc_request request; /* the one that waits */
    uint64_t next_look_ns;
    uint64_t next_interval_ns;
    uint64_t retry_ns; /* after the next failure */
    uint64_t failures;
};

/* ---- what is known (gc_facts.c) --------------------------------------------------- */

/* Of segments, dead or alive; of large atoms. */
uint64_t gc_used_bytes(struct arena *arena);
uint64_t gc_large_bytes(struct arena *arena);

/* What the policy asks for. */
enum status gc_read_facts(struct gc *gc, struct collector_facts *facts) MUST_USE;

/* ---- asking for one (gc_ask.c) ---------------------------------------------------- */

/* From any thread: the owner's loop attends. */
void gc_wake(void *gc);

/* Tells whoever asked for the collection that is over. */
void gc_answer(struct gc *gc, enum status status);

#endif
