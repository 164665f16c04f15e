/* Nouns as words of the command line, as files, and as standard input and output. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "codec/codec.h"
#include "os/os.h"
#include "recovery/recovery.h"

#define FILE_SIZE_MAX_BYTES ((uint64_t)1 << 36)
#define STREAM_SIZE_MAX_BYTES ((uint64_t)1 << 30)

/* ---- bytes ------------------------------------------------------------------- */

/* A device or a pipe may go on for ever; what is a file ends. */
static uint64_t limit_of(const char *path)
{
    enum os_kind kind;
    bool is_file = os_kind_of(path, &kind) == STATUS_OK && kind == OS_KIND_FILE;
    return is_file ? FILE_SIZE_MAX_BYTES : STREAM_SIZE_MAX_BYTES;
}

static enum status fail_endless(const char *name)
{
    return status_fail(STATUS_LIMIT, "%s goes on after %s: write as much of it as is meant to a file, and name that",
                       name, cli_bytes_text(STREAM_SIZE_MAX_BYTES));
}

static enum status file_read(const char *path, uint8_t **bytes, size_t *size_bytes)
{
    uint64_t limit_bytes = limit_of(path);
    enum status status = os_read_whole(path, limit_bytes, bytes, size_bytes);
    return status == STATUS_LIMIT && limit_bytes == STREAM_SIZE_MAX_BYTES ? fail_endless(path) : status;
}

enum status stdin_read(uint8_t **bytes, size_t *size_bytes)
{
    size_t capacity = 65536, count = 0;
    uint64_t limit_bytes = limit_of("/dev/stdin");
    uint8_t *buffer = malloc(capacity);
    while (buffer != NULL) {
        count += fread(buffer + count, 1, capacity - count, stdin);
        if (count < capacity)
            break;
        if (capacity >= limit_bytes) {
            free(buffer);
            return fail_endless("standard input");
        }
        capacity *= 2;
        uint8_t *larger = realloc(buffer, capacity);
        if (larger == NULL)
            free(buffer);
        buffer = larger;
    }
    if (buffer == NULL)
        return status_fail(STATUS_NO_MEMORY, "standard input does not fit into memory");
    if (ferror(stdin)) {
        free(buffer);
        return status_fail_errno(errno, "cannot read standard input");
    }
    *bytes = buffer;
    *size_bytes = count;
    return STATUS_OK;
}

/* The directory of a machine to which what is at `path` belongs, itself or its kernels and snapshots; the
 * caller frees it.  NULL: to none. */
static char *machine_of(const char *path)
{
    char *directory = realpath(path, NULL);
    for (unsigned up = 0; directory != NULL && up < 2; up++) {
        char *slash = strrchr(directory, '/');
        if (slash == directory)
            break;
        *slash = 0;
        if (recovery_check(directory) == STATUS_OK)
            return directory;
    }
    free(directory);
    return NULL;
}

enum status output_check(const char *path, bool may_be_device)
{
    enum os_kind kind;
    STATUS_TRY(os_kind_of(path, &kind));
    if (kind == OS_KIND_ABSENT || (kind == OS_KIND_OTHER && may_be_device))
        return STATUS_OK;
    if (kind != OS_KIND_FILE)
        return status_fail(STATUS_EXISTS, "%s is there and is %s: name a file", path,
                           kind == OS_KIND_DIRECTORY ? "a directory" : "no file");
    char *machine = machine_of(path);
    if (machine == NULL)
        return STATUS_OK;
    enum status status = status_fail(
        STATUS_EXISTS, "%s belongs to the machine in %s, which must not lose it: name another file", path, machine);
    free(machine);
    return status;
}

enum status bytes_write(const char *path, const void *bytes, size_t size_bytes)
{
    if (path != NULL) {
        STATUS_TRY(output_check(path, true));
        return os_replace_whole(path, bytes, size_bytes);
    }
    if (fwrite(bytes, 1, size_bytes, stdout) != size_bytes || fflush(stdout) != 0)
        return status_fail_errno(errno, "cannot write to standard output");
    return STATUS_OK;
}

/* ---- sources ------------------------------------------------------------------ */

static enum status read_text(void *context, const char *path, char **text, size_t *size_bytes)
{
    (void)context;
    return file_read(path, (uint8_t **)text, size_bytes);
}

enum status source_assemble(struct stack *stack, const char *path, noun *out)
{
    char *text;
    size_t size_bytes;
    if (path == NULL)
        STATUS_TRY(stdin_read((uint8_t **)&text, &size_bytes));
    else
        STATUS_TRY(read_text(NULL, path, &text, &size_bytes));
    struct codec_source source = {
        .name = path == NULL ? "standard input" : path, .text = text, .size_bytes = size_bytes, .include = read_text};
    enum status status = codec_assemble(stack, &source, out);
    free(text);
    return status;
}

static bool is_source(const char *path)
{
    size_t length = strlen(path);
    return length >= 5 && strcmp(path + length - 5, ".loam") == 0;
}

static enum status cue_bytes(struct stack *stack, const char *name, uint8_t *bytes, size_t size_bytes, noun *out)
{
    enum status status = codec_cue(stack, bytes, size_bytes, NULL, out);
    free(bytes);
    return status == STATUS_OK ? status : status_add_context(status, "%s", name);
}

static enum status noun_from_file(struct stack *stack, const char *path, noun *out)
{
    uint8_t *bytes;
    size_t size_bytes;
    if (strcmp(path, "-") == 0) {
        STATUS_TRY(stdin_read(&bytes, &size_bytes));
        return cue_bytes(stack, "standard input", bytes, size_bytes, out);
    }
    if (is_source(path))
        return source_assemble(stack, path, out);
    STATUS_TRY(file_read(path, &bytes, &size_bytes));
    return cue_bytes(stack, path, bytes, size_bytes, out);
}

enum status noun_from_word(struct stack *stack, const char *name, const char *word, noun *out)
{
    if (word[0] == '@')
        return noun_from_file(stack, word + 1, out);
    return codec_read(stack, name, word, strlen(word), out);
}

/* Text is tried first: few jams are text by accident, and those are short. */
static enum status noun_from_bytes(struct stack *stack, const uint8_t *bytes, size_t size_bytes, noun *out)
{
    char reason[STATUS_MESSAGE_SIZE_BYTES];
    enum status status = codec_read(stack, "standard input", (const char *)bytes, size_bytes, out);
    if (status != STATUS_INVALID)
        return status;
    snprintf(reason, sizeof reason, "%s", status_message());
    if (codec_cue(stack, bytes, size_bytes, NULL, out) == STATUS_OK)
        return STATUS_OK;
    return status_fail(STATUS_INVALID, "%s; and it is no jam either", reason);
}

enum status noun_from_word_or_stdin(struct stack *stack, const char *name, const char *word, noun *out)
{
    if (word != NULL && strcmp(word, "-") != 0)
        return noun_from_word(stack, name, word, out);
    uint8_t *bytes;
    size_t size_bytes;
    STATUS_TRY(stdin_read(&bytes, &size_bytes));
    enum status status = noun_from_bytes(stack, bytes, size_bytes, out);
    free(bytes);
    return status;
}

enum status jam_from_file(const char *path, uint8_t **bytes, size_t *size_bytes)
{
    if (!is_source(path))
        return file_read(path, bytes, size_bytes);
    struct engine engine;
    noun program;
    STATUS_TRY(engine_open(&engine, false));
    enum status status = source_assemble(engine.stack, path, &program);
    if (status == STATUS_OK)
        status = codec_jam(program, bytes, size_bytes);
    engine_close(&engine);
    return status;
}

enum status noun_print_line(noun n)
{
    char *text;
    size_t size_bytes;
    STATUS_TRY(codec_print(n, NULL, &text, &size_bytes));
    text[size_bytes] = '\n';
    enum status status = bytes_write(NULL, text, size_bytes + 1);
    free(text);
    return status;
}

enum status jam_write(noun n, const char *output)
{
    uint8_t *bytes;
    size_t size_bytes;
    if (output == NULL && isatty(STDOUT_FILENO) == 1)
        return status_fail(STATUS_INVALID, "a jam is not for terminals: redirect it, or give --output FILE");
    STATUS_TRY(codec_jam(n, &bytes, &size_bytes));
    enum status status = bytes_write(output, bytes, size_bytes);
    free(bytes);
    return status;
}
