/* Whole files, for fuzzers. */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

/* The caller frees the bytes. */
static inline uint8_t *fuzz_file_read(const char *path, size_t *size_bytes)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    *size_bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size_bytes + 1);
    CHECK(bytes != NULL && fread(bytes, 1, *size_bytes, file) == *size_bytes);
    fclose(file);
    return bytes;
}

static inline void fuzz_file_write(const char *path, const uint8_t *bytes, size_t size_bytes)
{
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(bytes, 1, size_bytes, file) == size_bytes && fclose(file) == 0);
}

#endif
