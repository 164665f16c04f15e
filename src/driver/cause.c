#include "driver/cause.h"

#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

struct cause cause_copy(const uint8_t *jam, size_t size_bytes)
{
    struct cause cause = {.jam = malloc(size_bytes), .size_bytes = size_bytes};
    if (cause.jam == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    memcpy(cause.jam, jam, size_bytes);
    return cause;
}

void cause_finish(struct cause *cause)
{
    free(cause->jam);
}

enum status cause_submit(const struct cause *cause, struct host *host, const char *source, host_answered_fn *answered,
                         void *context)
{
    noun n;
    STATUS_TRY(codec_cue(host_stack(host), cause->jam, cause->size_bytes, NULL, &n));
    host_submit(host, host_wire(host, source, NULL), n, answered, context);
    return STATUS_OK;
}
