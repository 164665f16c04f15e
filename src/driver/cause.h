/* Inside driver/: a cause kept as bytes, because nouns do not outlive an event. */
#ifndef DRIVER_CAUSE_H
#define DRIVER_CAUSE_H

#include "host/host.h"

struct cause {
    uint8_t *jam; /* owned */
    size_t size_bytes;
};

struct cause cause_copy(const uint8_t *jam, size_t size_bytes);
void cause_finish(struct cause *cause);

/* Submits it on [%poke source 1 0]. */
enum status cause_submit(const struct cause *cause, struct host *host, const char *source, host_answered_fn *answered,
                         void *context) MUST_USE;

#endif
