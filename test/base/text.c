#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tap.h"

static void test_format(void)
{
    char long_name[5000];
    memset(long_name, 'a', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    char *path = text_format("%s/%s-%d", "directory", "name", 7), *empty = text_format("%s", "");
    char *long_path = text_format("%s/%s", long_name, long_name);
    tap_ok(strcmp(path, "directory/name-7") == 0, "the parts are put together");
    tap_ok(empty[0] == 0, "nothing is a text, too");
    tap_ok(strlen(long_path) == 2 * (sizeof long_name - 1) + 1, "a long text is whole");
    free(path);
    free(empty);
    free(long_path);
}

static void test_plural(void)
{
    tap_ok(strcmp(plural(1, "pass", "passes"), "pass") == 0, "one is one");
    tap_ok(strcmp(plural(0, "pass", "passes"), "passes") == 0 && strcmp(plural(2, "pass", "passes"), "passes") == 0 &&
               strcmp(plural(UINT64_MAX, "pass", "passes"), "passes") == 0,
           "any other number is several");
}

int main(void)
{
    test_format();
    test_plural();
    return tap_done();
}
