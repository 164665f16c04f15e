/* Any bytes as text: what reads as a noun prints, in each style, as a text that
 * reads as the same noun.  The first byte chooses the style. */
#include "codec/codec.h"

#include <stdlib.h>

#include "support/space.h"

#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct stack *stack = space_stack();
    stack_clear(stack);
    if (size_bytes == 0)
        return 0;
    struct codec_text_options options = {.style = (enum codec_text_style)(bytes[0] % 3),
                                         .group_digits = (bytes[0] & 4) != 0,
                                         .tapes = (bytes[0] & 8) != 0};
    noun n, again;
    if (codec_read(stack, "fuzz", (const char *)bytes + 1, size_bytes - 1, &n) != STATUS_OK)
        return 0;
    char *text;
    size_t text_bytes;
    CHECK(codec_print(n, &options, &text, &text_bytes) == STATUS_OK);
    CHECK(codec_read(stack, "printed", text, text_bytes, &again) == STATUS_OK && noun_equal_pure(n, again));
    free(text);
    options.limit_bytes = 1 + bytes[0];
    CHECK(codec_print(n, &options, &text, &text_bytes) == STATUS_OK);
    CHECK(text_bytes <= 3 || text_bytes <= options.limit_bytes);
    free(text);
    return 0;
}
