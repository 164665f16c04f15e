/* For what a test is not about, and cannot go on without. */
#ifndef SUPPORT_MUST_H
#define SUPPORT_MUST_H

#include <stdlib.h>

#include "base/base.h"
#include "tap.h"

/* Aborts with the message unless the status is STATUS_OK. */
#define MUST(expression)                                                                                               \
    do {                                                                                                               \
        if ((expression) != STATUS_OK) {                                                                               \
            tap_note("%s:%d: %s: %s", __FILE__, __LINE__, #expression, status_message());                              \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif
