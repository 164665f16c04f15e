/* Which call fails. */
#include "lying_private.h"

#include <errno.h>

const char *const lying_disk_call_names[LYING_CALL_COUNT] = {
    "open", "stat", "read", "write", "sync", "allocate", "truncate", "lock", "map", "rename", "unlink", "mkdir", "list",
};

static struct {
    uint32_t call_mask;
    uint64_t nth;
    int error_number;
    bool for_good;
    uint64_t calls;
    uint64_t failures;
} fault;

void lying_disk_fail(uint32_t call_mask, uint64_t nth, int error_number, bool for_good)
{
    pthread_mutex_lock(&lying.mutex);
    fault.call_mask = call_mask;
    fault.nth = nth;
    fault.error_number = error_number;
    fault.for_good = for_good;
    fault.calls = fault.failures = 0;
    pthread_mutex_unlock(&lying.mutex);
}

uint64_t lying_disk_pause(void)
{
    pthread_mutex_lock(&lying.mutex);
    fault.call_mask = 0;
    uint64_t failures = fault.failures;
    pthread_mutex_unlock(&lying.mutex);
    return failures;
}

bool lying_fails(enum lying_call call, bool is_index)
{
    if ((fault.call_mask >> call & 1) == 0 || ((fault.call_mask & LYING_INDEX_ONLY) != 0 && !is_index))
        return false;
    uint64_t number = fault.calls++;
    bool is_failing = number == fault.nth || (fault.for_good && number > fault.nth);
    fault.failures += is_failing;
    return is_failing;
}

bool lying_refuses(enum lying_call call, bool is_index)
{
    if (fault.error_number == LYING_SHORT || !lying_fails(call, is_index))
        return false;
    errno = fault.error_number;
    return true;
}

int lying_fault_number(void)
{
    return fault.error_number;
}
