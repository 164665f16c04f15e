/* A request of the control channel as words: one line, a single space between
 * two words; in a word the bytes up to 0x20, 0x7f and % are %XX. */
#ifndef HOST_REQUEST_H
#define HOST_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#define REQUEST_MAX_BYTES ((size_t)64 << 10) /* of the line, newline included */
#define REQUEST_WORDS_MAX 256

struct request {
    char *text; /* owned: the words, each with a zero behind it */
    const char *words[REQUEST_WORDS_MAX];
    size_t count; /* at least 1 */
};

/* Reads a line without its newline.  NULL if it is well; else what is wrong
 * with it, and *request holds nothing. */
const char *request_read(const char *line, size_t length, struct request *request);
void request_finish(struct request *request);

/* The line, newline included; the caller frees it.  NULL if it would be too long. */
char *request_write(const char *const *words, size_t count, size_t *length);

#endif
