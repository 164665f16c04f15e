#include <errno.h>

#include "base/base.h"
#include "tap.h"

static void test_names(void)
{
    bool all_named = true, all_differ = true;
    for (unsigned a = 0; a < STATUS_COUNT; a++) {
        const char *name = status_name((enum status)a);
        all_named = all_named && name != NULL && name[0] != 0 && strcmp(name, "unknown") != 0;
        for (unsigned b = 0; b < a && all_named; b++)
            all_differ = all_differ && strcmp(name, status_name((enum status)b)) != 0;
    }
    tap_ok(all_named, "every status has a name");
    tap_ok(all_differ, "no two statuses share a name");
    tap_ok(strcmp(status_name((enum status)1000), "unknown") == 0, "a number that is no status has a name, too");
}

static void test_messages(void)
{
    tap_ok(status_message()[0] == 0, "no failure, no message");
    tap_ok(status_fail(STATUS_LIMIT, "%d cows", 7) == STATUS_LIMIT, "fail returns its status");
    tap_ok(strcmp(status_message(), "7 cows") == 0, "fail keeps the message");
    tap_ok(status_add_context(STATUS_LIMIT, "in field %c", 'B') == STATUS_LIMIT, "context keeps the status");
    tap_ok(strcmp(status_message(), "in field B: 7 cows") == 0, "context goes before the message");
    (void)status_fail(STATUS_IO, "again: %s", status_message());
    tap_ok(strcmp(status_message(), "again: in field B: 7 cows") == 0, "a message may hold the one before it");
}

static void test_long_messages(void)
{
    char text[3 * STATUS_MESSAGE_SIZE_BYTES];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    (void)status_fail(STATUS_IO, "%s", text);
    tap_ok(strlen(status_message()) == STATUS_MESSAGE_SIZE_BYTES - 1, "a long message is cut, not overrun");
    (void)status_add_context(STATUS_IO, "%s", text);
    tap_ok(strlen(status_message()) < STATUS_MESSAGE_SIZE_BYTES, "so is one that grows by its context");
    (void)status_fail_errno(ENOSPC, "%s", text);
    tap_ok(strstr(status_message(), ": No space left on device") != NULL, "the system's words are never cut off");
}

static void test_errno(void)
{
    static const struct {
        int error_number;
        enum status status;
    } expected[] = {
        {ENOSPC, STATUS_NO_SPACE},
        {EDQUOT, STATUS_NO_SPACE},
        {EACCES, STATUS_PERMISSION},
        {EROFS, STATUS_PERMISSION},
        {ENOENT, STATUS_NOT_FOUND},
        {ENOTDIR, STATUS_NOT_FOUND},
        {EEXIST, STATUS_EXISTS},
        {ENOTEMPTY, STATUS_EXISTS},
        {ENOMEM, STATUS_NO_MEMORY},
        {EAGAIN, STATUS_BUSY},
        {EMFILE, STATUS_LIMIT},
        {EISDIR, STATUS_INVALID},
        {ENAMETOOLONG, STATUS_INVALID},
        {EINTR, STATUS_INTERRUPTED},
        {EIO, STATUS_IO},
        {ENODEV, STATUS_IO},
    };
    for (size_t i = 0; i < COUNT_OF(expected); i++)
        tap_ok(status_fail_errno(expected[i].error_number, "x") == expected[i].status, "%s is %s",
               strerror(expected[i].error_number), status_name(expected[i].status));
    tap_ok(strcmp(status_message(), "x: No such device") == 0, "the system's words come last");
}

static enum status passed_on(enum status status, bool *reached_end)
{
    STATUS_TRY(status);
    *reached_end = true;
    return STATUS_OK;
}

static void test_try(void)
{
    bool reached_end = false;
    tap_ok(passed_on(STATUS_BUSY, &reached_end) == STATUS_BUSY && !reached_end, "TRY returns a failure");
    tap_ok(passed_on(STATUS_OK, &reached_end) == STATUS_OK && reached_end, "TRY goes on after success");
}

static void fail_with_ok(void *context)
{
    (void)context;
    (void)status_fail(STATUS_OK, "nothing is wrong");
}

int main(void)
{
    test_messages();
    test_names();
    test_long_messages();
    test_errno();
    test_try();
    tap_ok(tap_dies(fail_with_ok, NULL), "to fail with success is our own mistake");
    return tap_done();
}
