/* Any bytes as source.  Whatever assembles has a jam. */
#include "codec/codec.h"

#include <stdlib.h>

#include "support/space.h"

#include "target.h"

static const char library[] = "include \"library.loam\" const one = 1 core library { arm f(x) = [x one] }";

static enum status include(void *context, const char *path, char **text, size_t *size_bytes)
{
    (void)context;
    if (strlen(path) > 12)
        return status_fail(STATUS_NOT_FOUND, "there is no %s", path);
    *size_bytes = strlen(library);
    *text = malloc(*size_bytes);
    CHECK(*text != NULL);
    memcpy(*text, library, *size_bytes);
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct stack *stack = space_stack();
    stack_clear(stack);
    struct codec_source source = {
        .name = "fuzz", .text = (const char *)bytes, .size_bytes = size_bytes, .include = include};
    noun program;
    if (codec_assemble(stack, &source, &program) != STATUS_OK) {
        CHECK(status_message()[0] != '\0');
        return 0;
    }
    uint8_t *jam;
    size_t jam_bytes;
    CHECK(codec_jam(program, &jam, &jam_bytes) == STATUS_OK);
    free(jam);
    return 0;
}
