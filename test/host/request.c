/* The line that a request of the control channel is. */
#include "host/request.h"

#include <stdlib.h>
#include <string.h>

#include "support/tap.h"

static void round_trip(const char *what, const char *const *words, size_t count)
{
    size_t length;
    struct request request;
    char *line = request_write(words, count, &length);
    bool same = line != NULL && line[length - 1] == '\n' && memchr(line, '\n', length) == line + length - 1 &&
                request_read(line, length - 1, &request) == NULL && request.count == count;
    for (size_t i = 0; same && i < count; i++)
        same = strcmp(request.words[i], words[i]) == 0;
    tap_ok(same, "%s come back", what);
    if (same)
        request_finish(&request);
    free(line);
}

static void refused(const char *what, const char *line, size_t length)
{
    struct request request;
    const char *wrong = request_read(line, length, &request);
    tap_ok(wrong != NULL && request.text == NULL, "%s is refused: %s", what, wrong == NULL ? "no" : wrong);
}

#define REFUSED(what, line) refused(what, line, sizeof line - 1)

static void test_limits(void)
{
    static char line[REQUEST_MAX_BYTES + 1];
    struct request request;
    memset(line, 'a', sizeof line);
    tap_ok(request_read(line, REQUEST_MAX_BYTES - 1, &request) == NULL, "the longest line is read");
    request_finish(&request);
    refused("a longer one", line, REQUEST_MAX_BYTES);
    memset(line, ' ', sizeof line);
    tap_ok(request_read(line, REQUEST_WORDS_MAX - 1, &request) == NULL && request.count == REQUEST_WORDS_MAX,
           "as many words as there may be, all empty");
    request_finish(&request);
    refused("a word more", line, REQUEST_WORDS_MAX);
    memset(line, 'b', REQUEST_MAX_BYTES);
    line[REQUEST_MAX_BYTES] = 0;
    const char *words[] = {line};
    size_t length;
    tap_ok(request_write(words, 1, &length) == NULL, "what would be too long is not written");
}

int main(void)
{
    const char *plain[] = {"status", "json", "/var/lib/machine"};
    const char *odd[] = {"", "two words", "per%cent", "line\nbreak", "\x01\x7f\xff\xc3\xa4", "", "%20", ""};
    round_trip("plain words", plain, 3);
    round_trip("odd words", odd, 8);
    round_trip("an empty word alone", odd, 1);
    REFUSED("a tab", "a\tb");
    REFUSED("a carriage return", "status\r");
    REFUSED("a zero byte", "a\0b");
    REFUSED("a hidden zero byte", "a%00b");
    REFUSED("half an escape", "a%2");
    REFUSED("a lone percent sign", "%");
    REFUSED("an escape of no digits", "%zz");
    test_limits();
    return tap_done();
}
