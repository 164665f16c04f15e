#include "host/request.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static bool is_plain(unsigned char byte)
{
    return byte > 0x20 && byte != 0x7f && byte != '%';
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One byte of a word from *at on; NULL if it is well. */
static const char *read_byte(const char *line, size_t length, size_t *at, char *byte)
{
    *byte = line[(*at)++];
    if (is_plain((unsigned char)*byte))
        return NULL;
    if (*byte != '%')
        return "a control character";
    if (length - *at < 2 || digit(line[*at]) < 0 || digit(line[*at + 1]) < 0)
        return "a % without two hexadecimal digits";
    *byte = (char)(digit(line[*at]) * 16 + digit(line[*at + 1]));
    *at += 2;
    return *byte == 0 ? "a zero byte" : NULL;
}

static const char *read_words(const char *line, size_t length, struct request *request)
{
    char *to = request->text;
    const char *wrong = NULL;
    request->words[request->count++] = to;
    for (size_t at = 0; at < length && wrong == NULL;) {
        if (line[at] != ' ') {
            wrong = read_byte(line, length, &at, to++);
        } else if (request->count == REQUEST_WORDS_MAX) {
            wrong = "too many words";
        } else {
            at++;
            *to++ = 0;
            request->words[request->count++] = to;
        }
    }
    *to = 0;
    return wrong;
}

const char *request_read(const char *line, size_t length, struct request *request)
{
    request->count = 0;
    request->text = NULL;
    if (length >= REQUEST_MAX_BYTES)
        return "too long a line";
    request->text = malloc(length + 1);
    if (request->text == NULL)
        check_out_of_memory(__FILE__, __LINE__, length + 1);
    const char *wrong = read_words(line, length, request);
    if (wrong != NULL)
        request_finish(request);
    return wrong;
}

void request_finish(struct request *request)
{
    free(request->text);
    request->text = NULL;
    request->count = 0;
}

static size_t write_word(char *to, const char *word)
{
    static const char digits[] = "0123456789abcdef";
    char *start = to;
    for (; *word != 0; word++) {
        unsigned char byte = (unsigned char)*word;
        if (is_plain(byte)) {
            *to++ = *word;
        } else {
            *to++ = '%';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        }
    }
    return (size_t)(to - start);
}

char *request_write(const char *const *words, size_t count, size_t *length)
{
    CHECK(count > 0 && count <= REQUEST_WORDS_MAX);
    size_t most_bytes = 1;
    for (size_t i = 0; i < count; i++)
        most_bytes += 3 * strlen(words[i]) + 1;
    char *line = malloc(most_bytes);
    if (line == NULL)
        check_out_of_memory(__FILE__, __LINE__, most_bytes);
    *length = 0;
    for (size_t i = 0; i < count; i++) {
        *length += write_word(line + *length, words[i]);
        line[(*length)++] = i + 1 < count ? ' ' : '\n';
    }
    if (*length <= REQUEST_MAX_BYTES)
        return line;
    free(line);
    return NULL;
}
