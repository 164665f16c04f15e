#include "codec/scratch.h"

#include <stdlib.h>
#include <threads.h>

#define KEEP_BYTES ((size_t)16 << 20)

static _Thread_local struct scratch_array thread_arrays[SCRATCH_ARRAYS];
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

struct scratch_array *scratch_take(void)
{
    static _Thread_local bool is_known;
    if (UNLIKELY(!is_known)) {
        call_once(&thread_end_once, create_thread_end);
        CHECK(tss_set(thread_end, thread_arrays) == thrd_success);
        is_known = true;
    }
    return thread_arrays;
}

void scratch_release(struct scratch_array *arrays)
{
    for (unsigned i = 0; i < SCRATCH_ARRAYS; i++) {
        if (arrays[i].size_bytes <= KEEP_BYTES)
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
    void *items = realloc(array->items, bigger);
    if (items == NULL)
        return false;
    *array = (struct scratch_array){items, bigger};
    return true;
}
