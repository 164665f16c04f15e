#include "host/pace.h"

#include "os/os.h"

/* Flushed so often, so that no flush of the log waits for a long one of ours. */
#define SYNC_BYTES ((uint64_t)2 << 20)
#define SYNC_BYTES_RUSHED ((uint64_t)64 << 20) /* on a slow disk the flushes are what takes the time */

/* Sleeping is coarse. */
#define REST_NS_LEAST ((uint64_t)1000000)

/* Events may add a quarter of what is looked at. */
#define ALLOWED_PARTS 4
#define SPENT_AHEAD 0.25
#define HOLD_MS_MOST 20

/* ---- the owner, beside the events ------------------------------------------------ */

void pace_unbound(struct pace *pace)
{
    pace->cpu_percent = 100;
    pace->write_bytes_per_second = UINT64_MAX;
}

uint64_t pace_allowed_bytes(uint64_t above_bytes, uint64_t slack_bytes)
{
    return (above_bytes > slack_bytes ? above_bytes : slack_bytes) / ALLOWED_PARTS;
}

void pace_mind(struct pace *pace, uint64_t used_bytes, uint64_t copied_bytes)
{
    uint64_t added_bytes = used_bytes > pace->started_bytes ? used_bytes - pace->started_bytes : 0;
    double spent = (double)added_bytes / (double)(pace->allowed_bytes + 1);
    double done = (double)copied_bytes / (double)(pace->expected_bytes + 1);
    atomic_store(&pace->is_rushed, pace->is_late || spent >= 1 || spent > done + SPENT_AHEAD);
    pace->hold_ms = spent < 2 ? 0 : spent > 4 ? HOLD_MS_MOST : (uint64_t)((spent - 2) / 2 * HOLD_MS_MOST) + 1;
}

/* ---- the thread that copies -------------------------------------------------------- */

struct pace_meter pace_meter_start(void)
{
    return (struct pace_meter){os_clock_ns(), os_clock_cpu_ns()};
}

bool pace_is_rushed(const struct pace *pace)
{
    return atomic_load_explicit(&pace->is_rushed, memory_order_relaxed);
}

/* Nobody's events are beside it. */
static bool is_unbound(const struct pace *pace)
{
    return pace->cpu_percent >= 100 && pace->write_bytes_per_second == UINT64_MAX;
}

/* How long it ought to have taken to do what has been done. */
static uint64_t due_ns(const struct pace *pace, const struct pace_meter *meter, uint64_t bytes)
{
    uint64_t cpu_ns = (os_clock_cpu_ns() - meter->cpu_started_ns) * 100 / pace->cpu_percent;
    uint64_t write_ns = (uint64_t)((double)bytes * 1e9 / (double)pace->write_bytes_per_second);
    return cpu_ns > write_ns ? cpu_ns : write_ns;
}

uint64_t pace_rest_ms(const struct pace *pace, const struct pace_meter *meter, uint64_t bytes)
{
    if (pace_is_rushed(pace) || is_unbound(pace))
        return 0;
    uint64_t elapsed_ns = os_clock_ns() - meter->started_ns;
    uint64_t due = due_ns(pace, meter, bytes);
    return due >= elapsed_ns + REST_NS_LEAST ? (due - elapsed_ns) / 1000000 : 0;
}

uint64_t pace_sync_bytes(const struct pace *pace)
{
    return pace_is_rushed(pace) || is_unbound(pace) ? SYNC_BYTES_RUSHED : SYNC_BYTES;
}
