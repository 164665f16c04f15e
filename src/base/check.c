#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "loam: internal error at %s:%d: %s does not hold; please report this\n", file, line, condition);
    abort();
}

_Noreturn void check_out_of_memory(const char *file, int line, unsigned long size_bytes)
{
    fprintf(stderr, "loam: out of memory at %s:%d asking for %lu bytes; give the process more memory\n", file, line,
            size_bytes);
    abort();
}
