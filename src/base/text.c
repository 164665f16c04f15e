#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"

char *text_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    size_t size_bytes = (size_t)length + 1;
    char *text = malloc(size_bytes);
    if (text == NULL)
        check_out_of_memory(__FILE__, __LINE__, size_bytes);
    va_start(arguments, format);
    vsnprintf(text, size_bytes, format, arguments);
    va_end(arguments);
    return text;
}
