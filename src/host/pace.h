/* How fast a collection goes, when it rests, and when events wait for it.
 * Private to the collection's files of this folder.
 *
 * The thread that copies keeps to bounds of processor and disk, so that events
 * notice little of it.  It has to be over before events have added a part of
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

/* One round of copying. */
struct pace_meter {
    uint64_t started_ns, cpu_started_ns; /* of the calling thread */
};

struct pace_meter pace_meter_start(void);

bool pace_is_rushed(const struct pace *pace);

/* After `bytes` of the round: it may go on in so many milliseconds; 0 where nothing bounds it or it is rushed. */
uint64_t pace_rest_ms(const struct pace *pace, const struct pace_meter *meter, uint64_t bytes);

/* How much is written between two flushes. */
uint64_t pace_sync_bytes(const struct pace *pace);

#endif
