#include "host/pace.h"

/* Flushed so often, so that no flush of the log waits for a long one of ours. */
#define SYNC_BYTES ((uint64_t)2 << 20)
#define SYNC_BYTES_RUSHED ((uint64_t)64 << 20) /* on a slow disk the flushes are what takes the time */

/* Sleeping is coarse: what is overslept may be made up for. */
#define REST_NS_LEAST ((uint64_t)1000000)
#define CREDIT_NS ((uint64_t)10000000)

/* A flush of SYNC_BYTES takes a millisecond or two where the disk keeps up.  One that takes this long holds up the
 * log's flushes too: what follows is written half as fast, and by 1/256 of the bound faster after each quick one. */
#define SLOW_FLUSH_NS ((uint64_t)40000000)
#define WRITE_BYTES_FLOOR ((uint64_t)16 << 20)
#define RAISE_PARTS 256

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

/* Nobody's events are beside it. */
static bool is_unbound(const struct pace *pace)
{
    return pace->cpu_percent >= 100 && pace->write_bytes_per_second == UINT64_MAX;
}

struct pace_meter pace_meter_start(const struct pace *pace)
{
    return (struct pace_meter){.write_bytes_per_second = pace->write_bytes_per_second};
}

bool pace_is_rushed(const struct pace *pace)
{
    return atomic_load_explicit(&pace->is_rushed, memory_order_relaxed);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

void pace_meter_slice(struct pace_meter *meter, const struct pace *pace, uint64_t started_ns, uint64_t cpu_ns,
                      uint64_t bytes)
{
    uint64_t write_ns = (uint64_t)((double)bytes * 1e9 / (double)meter->write_bytes_per_second);
    uint64_t least_ns = started_ns > CREDIT_NS ? started_ns - CREDIT_NS : 0;
    meter->next_ns = larger(meter->next_ns, least_ns) + larger(cpu_ns * 100 / pace->cpu_percent, write_ns);
}

void pace_meter_flush(struct pace_meter *meter, const struct pace *pace, uint64_t duration_ns)
{
    uint64_t most = pace->write_bytes_per_second, rate = meter->write_bytes_per_second;
    if (most == UINT64_MAX)
        return;
    uint64_t floor = most < WRITE_BYTES_FLOOR ? most : WRITE_BYTES_FLOOR;
    if (duration_ns >= SLOW_FLUSH_NS)
        meter->write_bytes_per_second = larger(rate / 2, floor);
    else
        meter->write_bytes_per_second = most - rate > most / RAISE_PARTS ? rate + most / RAISE_PARTS : most;
}

uint64_t pace_rest_ms(const struct pace_meter *meter, const struct pace *pace, uint64_t now_ns)
{
    if (pace_is_rushed(pace) || is_unbound(pace) || meter->next_ns < now_ns + REST_NS_LEAST)
        return 0;
    return (meter->next_ns - now_ns) / 1000000;
}

uint64_t pace_sync_bytes(const struct pace *pace)
{
    return pace_is_rushed(pace) || is_unbound(pace) ? SYNC_BYTES_RUSHED : SYNC_BYTES;
}
