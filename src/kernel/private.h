/* What the files of this folder share. */
#ifndef KERNEL_PRIVATE_H
#define KERNEL_PRIVATE_H

#include "kernel/kernel.h"

/* A growing text that stops growing at its limit, and remembers that it was cut. */
struct kernel_text {
    char *bytes; /* owned until it is given away */
    size_t size_bytes;
    size_t capacity_bytes;
    size_t limit_bytes;
    bool cut;
};

void kernel_text_add(struct kernel_text *text, const void *bytes, size_t size_bytes);
void kernel_text_add_string(struct kernel_text *text, const char *string);
void kernel_text_add_atom(struct kernel_text *text, noun atom);

/* Makes it valid UTF-8 without NULs, in place; newlines become spaces if `one_line`. */
void kernel_text_clean(struct kernel_text *text, bool one_line);

/* Ends it with a NUL, and "..." before that if it was cut, and gives it away. */
char *kernel_text_take(struct kernel_text *text, size_t *size_bytes);

/* As kernel_goof_text, with `separator` between the parts instead of a new line. */
char *kernel_goof_text_with(const struct kernel_goof *goof, size_t tanks_max, const char *separator);

#endif
