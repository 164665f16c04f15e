/* Inside os/: what an open file is. */
#ifndef OS_FILE_H
#define OS_FILE_H

#include <stdatomic.h>

#include "os/os.h"

struct os_file {
    int descriptor;
    atomic_bool is_broken; /* a sync has failed: what the device holds is unknown */
    char *path;            /* owned */
};

/* What is known of huge pages here (heap.c). */
enum os_huge { OS_HUGE_UNKNOWN, OS_HUGE_CHEAP, OS_HUGE_DEAR };
enum os_huge os_huge_pages(void);

#endif
