/* How fast a collection goes, when it rests, and when events wait for it.
 * Private to the collection's files of this folder.
 *
 * The thread that copies keeps to bounds of processor and disk, and to less
 * while the disk is slow, so that events notice little of it.  It has to be over before events have added a part of
 * what it looks at, all the same: while the part of its work that is done is
 * behind the part of that allowance that is gone, it is rushed and does not rest.
 * Where even that is not enough, because others have the processors or the
 * disk, events wait: the longer, the more they have added.
 */
#ifndef HOST_PACE_H
#define HOST_PACE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pace {
    unsigned cpu_percent;            /* of one processor; 100: all of it */
    uint64_t write_bytes_per_second; /* UINT64_MAX: no bound */
    bool is_late;                    /* rushed from the beginning */

    /* Between the collection and the events. */
    uint64_t started_bytes;  /* used when it began */
    uint64_t allowed_bytes;  /* that events may add while it is under way */
    uint64_t expected_bytes; /* to be copied */

    uint64_t hold_ms;      /* each event waits so long for it; the owner's */
    atomic_bool is_rushed; /* the owner writes it, the thread that copies reads it */
};

/* ---- the owner, beside the events ------------------------------------------------ */

/* How a collection goes that somebody waits for and no events are beside. */
void pace_unbound(struct pace *pace);

/* What events may add while a collection looks at so many bytes. */
uint64_t pace_allowed_bytes(uint64_t above_bytes, uint64_t slack_bytes);

/* So much is used now, and so much is copied: sets `is_rushed` and `hold_ms`. */
void pace_mind(struct pace *pace, uint64_t used_bytes, uint64_t copied_bytes);

/* ---- the thread that copies -------------------------------------------------------- */

/*  slices    |====|          |====|          |=============|====|          |====|
 *            ^ begins        ^ `next_ns`      a flush stalls     ^ as far from its beginning as any other
 *
 * A slice is a bounded piece of work.  What it took of the processor and what it wrote say when the next may begin.
 * Time that was lost is not caught up: after a flush that the disk made wait, a disk without rest would make events
 * wait as well. */
struct pace_meter {
    uint64_t next_ns;                /* no slice begins earlier */
    uint64_t write_bytes_per_second; /* at present: less than the bound while flushes are slow */
};

struct pace_meter pace_meter_start(const struct pace *pace);

bool pace_is_rushed(const struct pace *pace);

/* The slice that began at `started_ns` took `cpu_ns` of the processor and copied `bytes`. */
void pace_meter_slice(struct pace_meter *meter, const struct pace *pace, uint64_t started_ns, uint64_t cpu_ns,
                      uint64_t bytes);

/* A flush took so long: a slow one halves what is written a second, to a floor; quick ones raise it again. */
void pace_meter_flush(struct pace_meter *meter, const struct pace *pace, uint64_t duration_ns);

/* At `now_ns`, the next slice may begin in so many milliseconds; 0 where nothing bounds it or it is rushed. */
uint64_t pace_rest_ms(const struct pace_meter *meter, const struct pace *pace, uint64_t now_ns);

/* How much is written between two flushes. */
uint64_t pace_sync_bytes(const struct pace *pace);

#endif
