#include "os/os.h"

#include <stdlib.h>

#include "tap.h"

static void test_clocks(void)
{
    uint64_t before_ns = os_clock_ns(), cpu_before_ns = os_clock_cpu_ns(), wall_before_ms = os_wall_ms();
    os_sleep_ms(30);
    uint64_t slept_ns = os_clock_ns() - before_ns, worked_ns = os_clock_cpu_ns() - cpu_before_ns;
    tap_ok(slept_ns >= 30000000, "sleep takes its time");
    tap_ok(worked_ns < slept_ns, "but no processor's");
    tap_ok(os_wall_ms() >= wall_before_ms && wall_before_ms > 1500000000000u, "the wall clock counts from 1970");
}

static void test_memory(void)
{
    uint64_t memory_bytes = os_memory_bytes();
    tap_ok(memory_bytes >= 1 << 24 && memory_bytes < (uint64_t)1 << 50, "this process may use %" PRIu64 " MiB",
           memory_bytes >> 20);
    uint64_t before_bytes = os_resident_peak_bytes(), wanted_bytes = before_bytes + (32 << 20);
    volatile uint8_t *memory = malloc(wanted_bytes);
    CHECK(memory != NULL);
    for (uint64_t i = 0; i < wanted_bytes; i += 4096)
        memory[i] = 1;
    tap_ok(os_resident_peak_bytes() >= wanted_bytes, "touched memory counts as resident");
    free((void *)memory);
    tap_ok(os_resident_peak_bytes() >= wanted_bytes, "and the peak stays");
}

static void test_random(void)
{
    uint8_t a[1000] = {0}, b[1000] = {0};
    os_random(a, sizeof a);
    os_random(b, sizeof b);
    unsigned same = 0;
    for (size_t i = 0; i < sizeof a; i++)
        same += a[i] == b[i];
    tap_ok(same < 50, "chance does not repeat itself");
    os_random(a, 0);
}

int main(void)
{
    test_clocks();
    test_memory();
    test_random();
    return tap_done();
}
