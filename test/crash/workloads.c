#include "workloads.h"

#define WORKLOADS_NAME(name) workloads_##name,
static const struct workload *const files[] = {WORKLOAD_FILES(WORKLOADS_NAME)};

const struct workload *workload_at(size_t index)
{
    for (size_t file = 0; file < COUNT_OF(files); file++)
        for (const struct workload *workload = files[file]; workload->name != NULL; workload++)
            if (index-- == 0)
                return workload;
    return NULL;
}
