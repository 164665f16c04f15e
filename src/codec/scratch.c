#include "codec/scratch.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <threads.h>

#include "codec/codec.h"

/* Of each array; so much is lent whatever the limit is. */
#define KEEP_BYTES ((size_t)16 << 20)
#define KEEP_LITTLE_BYTES ((size_t)64 << 10)

static atomic_size_t keep_bytes = KEEP_BYTES;
static _Thread_local struct scratch_array thread_arrays[SCRATCH_ARRAYS];
static _Thread_local uint64_t thread_limit_bytes;
static tss_t thread_end;
static once_flag thread_end_once = ONCE_FLAG_INIT;

static void free_all(void *context)
{
    struct scratch_array *arrays = context;
    for (unsigned i = 0; i < SCRATCH_ARRAYS; i++) {
        free(arrays[i].items);
        arrays[i] = (struct scratch_array){0};
    }
}

static void create_thread_end(void)
{
    CHECK(tss_create(&thread_end, free_all) == thrd_success);
}

struct scratch_array *scratch_take(uint64_t limit_bytes)
{
    static _Thread_local bool is_known;
    if (UNLIKELY(!is_known)) {
        call_once(&thread_end_once, create_thread_end);
        CHECK(tss_set(thread_end, thread_arrays) == thrd_success);
        is_known = true;
    }
    thread_limit_bytes = limit_bytes > SCRATCH_ARRAYS * KEEP_BYTES ? limit_bytes : SCRATCH_ARRAYS * KEEP_BYTES;
    return thread_arrays;
}

static uint64_t total_bytes(void)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < SCRATCH_ARRAYS; i++)
        total += thread_arrays[i].size_bytes;
    return total;
}

void codec_keep_little(void)
{
    atomic_store_explicit(&keep_bytes, KEEP_LITTLE_BYTES, memory_order_relaxed);
}

void scratch_release(struct scratch_array *arrays)
{
    size_t kept_bytes = atomic_load_explicit(&keep_bytes, memory_order_relaxed);
    for (unsigned i = 0; i < SCRATCH_ARRAYS; i++) {
        if (arrays[i].size_bytes <= kept_bytes)
            continue;
        free(arrays[i].items);
        arrays[i] = (struct scratch_array){0};
    }
}

bool scratch_grow(struct scratch_array *array, size_t size_bytes)
{
    if (size_bytes <= array->size_bytes)
        return true;
    size_t bigger = array->size_bytes * 2 > size_bytes ? array->size_bytes * 2 : size_bytes;
    if (bigger - array->size_bytes > thread_limit_bytes - total_bytes())
        return false;
    void *items = realloc(array->items, bigger);
    if (items == NULL)
        return false;
    *array = (struct scratch_array){items, bigger};
    return true;
}
