#include "base/base.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char newest_message[STATUS_MESSAGE_SIZE_BYTES];

static const char *const names[STATUS_COUNT] = {
    [STATUS_OK] = "ok",
    [STATUS_INVALID] = "invalid",
    [STATUS_NOT_FOUND] = "not-found",
    [STATUS_EXISTS] = "exists",
    [STATUS_BUSY] = "busy",
    [STATUS_PERMISSION] = "permission",
    [STATUS_NO_SPACE] = "no-space",
    [STATUS_NO_MEMORY] = "no-memory",
    [STATUS_LIMIT] = "limit",
    [STATUS_IO] = "io",
    [STATUS_CORRUPT] = "corrupt",
    [STATUS_FORMAT] = "format",
    [STATUS_DIVERGED] = "diverged",
    [STATUS_INTERRUPTED] = "interrupted",
    [STATUS_CRASHED] = "crashed",
};

const char *status_name(enum status status)
{
    return (unsigned)status < STATUS_COUNT ? names[status] : "unknown";
}

const char *status_message(void)
{
    return newest_message;
}

enum status(status_fail)(enum status status, const char *format, ...)
{
    CHECK(status != STATUS_OK);
    char text[STATUS_MESSAGE_SIZE_BYTES]; /* an argument may be the old message */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    memcpy(newest_message, text, sizeof text);
    return status;
}

static enum status status_of_errno(int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STATUS_NO_SPACE;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_PERMISSION;
    case ENOENT:
    case ENOTDIR:
        return STATUS_NOT_FOUND;
    case EEXIST:
    case ENOTEMPTY:
        return STATUS_EXISTS;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case EINTR:
        return STATUS_INTERRUPTED;
    case EBUSY:
    case ETXTBSY:
    case EWOULDBLOCK:
        return STATUS_BUSY;
    case EMFILE:
    case ENFILE:
        return STATUS_LIMIT;
    case EINVAL:
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
        return STATUS_INVALID;
    default:
        return STATUS_IO;
    }
}

enum status(status_fail_errno)(int error_number, const char *format, ...)
{
    char text[STATUS_MESSAGE_SIZE_BYTES - 128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return status_fail(status_of_errno(error_number), "%s: %s", text, strerror(error_number));
}

enum status status_add_context(enum status status, const char *format, ...)
{
    char text[STATUS_MESSAGE_SIZE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return status_fail(status, "%s: %s", text, newest_message);
}
