/* How a collection's thread keeps to its pace. */
#include "host/pace.h"

#include "base/base.h"
#include "support/tap.h"

#define MIB ((uint64_t)1 << 20)
#define MS ((uint64_t)1000000)

static const struct pace usual = {.cpu_percent = 50, .write_bytes_per_second = 128 * MIB};

/* When the slice after `count` slices may begin, each of which takes `wall_ms` and as much of the processor as that
 * or `cpu_ms`, whichever is less. */
static uint64_t after_slices(struct pace_meter *meter, const struct pace *pace, uint64_t start_ms, unsigned count,
                             uint64_t wall_ms, uint64_t cpu_ms)
{
    uint64_t now_ns = start_ms * MS;
    for (unsigned i = 0; i < count; i++) {
        pace_meter_slice(meter, pace, now_ns, (cpu_ms < wall_ms ? cpu_ms : wall_ms) * MS, MIB);
        now_ns += wall_ms * MS;
        now_ns += pace_rest_ms(meter, pace, now_ns) * MS;
    }
    return now_ns / MS - start_ms;
}

static void test_bounds(void)
{
    struct pace_meter meter = pace_meter_start(&usual);
    uint64_t write_ms = after_slices(&meter, &usual, 1000, 128, 1, 1);
    tap_ok(write_ms >= 970 && write_ms <= 1010, "128 MiB at 128 MiB/s take a second");
    meter = pace_meter_start(&usual);
    uint64_t cpu_ms = after_slices(&meter, &usual, 1000, 100, 20, 20);
    tap_ok(cpu_ms >= 3960 && cpu_ms <= 4040, "2 s of a processor at a half take four");
    meter = pace_meter_start(&usual);
    tap_ok(after_slices(&meter, &usual, 1000, 10, 30, 1) == 300, "what takes longer than its due does not rest");
}

static void test_lost_time(void)
{
    struct pace_meter meter = pace_meter_start(&usual);
    after_slices(&meter, &usual, 1000, 1, 500, 1); /* the disk stalls */
    uint64_t after_ms = after_slices(&meter, &usual, 1500, 64, 1, 1);
    tap_ok(after_ms >= 470 && after_ms <= 510, "half a second that was lost is not made up for");
}

static void test_rush(void)
{
    struct pace rushed = usual, unbound = {0};
    struct pace_meter meter = pace_meter_start(&rushed);
    pace_mind(&rushed, 100 * MIB, 0);
    tap_ok(pace_is_rushed(&rushed) && after_slices(&meter, &rushed, 1000, 100, 1, 1) == 100,
           "a rushed collection does not rest");
    pace_unbound(&unbound);
    meter = pace_meter_start(&unbound);
    pace_meter_flush(&meter, &unbound, 500 * MS);
    tap_ok(after_slices(&meter, &unbound, 1000, 100, 1, 1) == 100, "one that somebody waits for does not, either");
}

static void test_slow_disk(void)
{
    struct pace_meter meter = pace_meter_start(&usual);
    pace_meter_flush(&meter, &usual, MS);
    tap_ok(meter.write_bytes_per_second == 128 * MIB, "a quick flush leaves the pace as it is");
    pace_meter_flush(&meter, &usual, 100 * MS);
    tap_ok(meter.write_bytes_per_second == 64 * MIB, "a slow one halves it");
    for (unsigned i = 0; i < 20; i++)
        pace_meter_flush(&meter, &usual, 100 * MS);
    tap_ok(meter.write_bytes_per_second == 16 * MIB, "not below a floor");
    for (unsigned i = 0; i < 64; i++)
        pace_meter_flush(&meter, &usual, MS);
    tap_ok(meter.write_bytes_per_second == 48 * MIB, "quick flushes raise it");
    for (unsigned i = 0; i < 1000; i++)
        pace_meter_flush(&meter, &usual, MS);
    tap_ok(meter.write_bytes_per_second == 128 * MIB, "up to what it was");
    const struct pace slow = {.cpu_percent = 50, .write_bytes_per_second = 2 * MIB};
    meter = pace_meter_start(&slow);
    pace_meter_flush(&meter, &slow, 100 * MS);
    tap_ok(meter.write_bytes_per_second == 2 * MIB, "a bound below the floor is kept");
}

int main(void)
{
    test_bounds();
    test_lost_time();
    test_rush();
    test_slow_disk();
    return tap_done();
}
