/* For what a benchmark cannot go on without. */
#ifndef BENCH_MUST_H
#define BENCH_MUST_H

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

/* Ends the program with the message unless the status is STATUS_OK. */
static inline void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "%s: %s\n", status_name(status), status_message());
    exit(1);
}

#endif
