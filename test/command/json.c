/* What json.c writes is JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "tap.h"

static char *text;
static size_t size_bytes;

static FILE *begin(struct json *json)
{
    FILE *to = open_memstream(&text, &size_bytes);
    if (to == NULL)
        check_out_of_memory(__FILE__, __LINE__, 0);
    json_begin_to(json, to);
    return to;
}

static void is_written(FILE *to, struct json *json, const char *wanted)
{
    json_end(json);
    fclose(to);
    if (!tap_ok(strcmp(text, wanted) == 0, "%.*s", (int)strcspn(wanted, "\n"), wanted))
        tap_note("got: %s", text);
    free(text);
}

static void test_members(void)
{
    static const uint8_t digest[] = {0x00, 0xab, 0xff};
    struct json json;
    FILE *to = begin(&json);
    is_written(to, &json, "{}\n");
    to = begin(&json);
    json_number(&json, "n", UINT64_MAX);
    json_real(&json, "r", 0.5);
    json_boolean(&json, "b", false);
    json_hex64(&json, "h", 0xf);
    json_digest(&json, "d", digest, sizeof digest);
    is_written(to, &json,
               "{\"n\": 18446744073709551615, \"r\": 0.500, \"b\": false, \"h\": \"000000000000000f\", \"d\": "
               "\"00abff\"}\n");
}

static void test_strings(void)
{
    struct json json;
    FILE *to = begin(&json);
    json_string(&json, "s", "a \"b\" \\ \n\x7f \xc3\xa9");
    is_written(to, &json, "{\"s\": \"a \\\"b\\\" \\\\ \\u000a\\u007f \xc3\xa9\"}\n");
}

static void test_arrays(void)
{
    struct json json, item;
    FILE *to = begin(&json);
    json_array(&json, "none");
    json_array_end(&json);
    json_array(&json, "words");
    json_item_string(&json, "a");
    json_item_string(&json, "b");
    json_array_end(&json);
    json_array(&json, "items");
    for (uint64_t i = 1; i <= 2; i++) {
        json_item(&json, &item);
        json_number(&item, "i", i);
        json_item_end(&item);
    }
    json_array_end(&json);
    json_boolean(&json, "after", true);
    is_written(to, &json,
               "{\"none\": [], \"words\": [\"a\", \"b\"], \"items\": [{\"i\": 1},\n {\"i\": 2}], \"after\": true}\n");
}

int main(void)
{
    test_members();
    test_strings();
    test_arrays();
    return tap_done();
}
