/* Any bytes as a jam.  What the strict reader takes, the guest's takes for the
 * same noun; what either takes has a jam that gives it back. */
#include "codec/codec.h"

#include <stdlib.h>

#include "support/space.h"

#include "target.h"

static bool cue(struct stack *stack, const void *bytes, size_t size_bytes, enum codec_cue_reader reader, noun *n)
{
    struct codec_cue_limits limits = {.reader = reader, .memory_bytes = 64 << 20};
    enum status status = codec_cue(stack, bytes, size_bytes, &limits, n);
    CHECK(status == STATUS_OK || status == STATUS_INVALID || status == STATUS_LIMIT);
    return status == STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct stack *stack = space_stack();
    stack_clear(stack);
    noun strict, guest, again;
    bool is_strict = cue(stack, bytes, size_bytes, CODEC_CUE_STRICT, &strict);
    bool is_guest = cue(stack, bytes, size_bytes, CODEC_CUE_GUEST, &guest);
    CHECK(!is_strict || (is_guest && noun_equal_pure(strict, guest)));
    if (!is_guest)
        return 0;
    uint8_t *jam;
    size_t jam_bytes;
    CHECK(codec_jam(guest, &jam, &jam_bytes) == STATUS_OK);
    CHECK(cue(stack, jam, jam_bytes, CODEC_CUE_STRICT, &again) && noun_equal_pure(guest, again));
    free(jam);
    return 0;
}
