/* The machine: clocks, memory, chance. */
#include "os/os.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "os/cgroup.h"

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    CHECK(clock_gettime(clock, &now) == 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t os_clock_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t os_clock_cpu_ns(void)
{
    return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

int os_clock_cpu_id(void)
{
    clockid_t id;
    CHECK(pthread_getcpuclockid(pthread_self(), &id) == 0);
    return id;
}

uint64_t os_clock_cpu_of_ns(int id)
{
    return clock_ns(id);
}

uint64_t os_wall_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / 1000000u;
}

void os_sleep_ms(uint64_t duration_ms)
{
    struct timespec rest = {.tv_sec = (time_t)(duration_ms / 1000), .tv_nsec = (long)(duration_ms % 1000) * 1000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR)
        ;
}

static uint64_t cgroup_limit_bytes(void)
{
    uint8_t *membership;
    size_t size_bytes;
    if (os_read_whole("/proc/self/cgroup", 1 << 20, &membership, &size_bytes) != STATUS_OK)
        return UINT64_MAX;
    char *text = realloc(membership, size_bytes + 1);
    if (text == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes + 1);
    text[size_bytes] = 0;
    uint64_t limit_bytes = os_cgroup_memory_limit_bytes("/sys/fs/cgroup", text);
    free(text);
    return limit_bytes;
}

static uint64_t find_memory_bytes(void)
{
    uint64_t machine_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t limit_bytes = cgroup_limit_bytes();
    return limit_bytes < machine_bytes ? limit_bytes : machine_bytes;
}

/* Finding out takes a dozen calls of the system. */
uint64_t os_memory_bytes(void)
{
    static _Atomic uint64_t found_bytes;
    uint64_t bytes = atomic_load(&found_bytes);
    if (bytes == 0) {
        bytes = find_memory_bytes();
        atomic_store(&found_bytes, bytes);
    }
    return bytes;
}

/* VmHWM counts from exec; getrusage also counts what ran before it. */
uint64_t os_resident_peak_bytes(void)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    uint64_t peak_kib = 0;
    while (file != NULL && peak_kib == 0 && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "VmHWM: %" SCNu64, &peak_kib) != 1)
            peak_kib = 0;
    if (file != NULL)
        fclose(file);
    struct rusage usage;
    if (peak_kib == 0 && getrusage(RUSAGE_SELF, &usage) == 0)
        peak_kib = (uint64_t)usage.ru_maxrss;
    return peak_kib * 1024;
}

void os_random(void *bytes, size_t size_bytes)
{
    size_t done = 0;
    while (done < size_bytes) {
        ssize_t count = getrandom((uint8_t *)bytes + done, size_bytes - done, 0);
        CHECK(count >= 0 || errno == EINTR);
        done += count > 0 ? (size_t)count : 0;
    }
}
