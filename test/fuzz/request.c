/* Any bytes as a request.  What is read can be written, and reads the same. */
#include "host/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#include "target.h"

static void check_same(const struct request *a, const struct request *b)
{
    CHECK(a->count == b->count);
    for (size_t i = 0; i < a->count; i++)
        CHECK(strcmp(a->words[i], b->words[i]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct request request, again;
    if (request_read((const char *)bytes, size_bytes, &request) != NULL)
        return 0;
    CHECK(request.count > 0);
    size_t length;
    char *line = request_write(request.words, request.count, &length);
    CHECK(line != NULL && line[length - 1] == '\n');
    CHECK(request_read(line, length - 1, &again) == NULL);
    check_same(&request, &again);
    free(line);
    request_finish(&request);
    request_finish(&again);
    return 0;
}
