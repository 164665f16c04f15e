/* Asking the process that runs a machine (the format: host/control.c). */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "host/private.h"
#include "host/request.h"

#define RECEIVE_BYTES 65536
#define LINE_MAX_BYTES ((size_t)64 << 20) /* of an answer; a JSON object is one line */

/* How long `stop` is given to be served before a signal says it; an event in hand keeps it waiting. */
#define STOP_PATIENCE_MS 300
#define STOP_STEP_MS 10

struct answer {
    int descriptor;
    char *text; /* owned: received, and from `start` on not looked at */
    size_t start, length, capacity;
    host_line_fn *line;
    void *context;
};

static enum status receive(struct answer *answer, uint64_t timeout_ms)
{
    if (answer->start > 0)
        memmove(answer->text, answer->text + answer->start, answer->length - answer->start);
    answer->length -= answer->start;
    answer->start = 0;
    if (answer->length > LINE_MAX_BYTES)
        return status_fail(STATUS_INVALID, "the answer of the running process has too long a line");
    if (answer->capacity - answer->length < RECEIVE_BYTES) {
        answer->capacity = 2 * answer->capacity + RECEIVE_BYTES;
        answer->text = realloc(answer->text, answer->capacity);
        if (answer->text == NULL)
            check_out_of_memory(__FILE__, __LINE__, answer->capacity);
    }
    size_t size_bytes;
    STATUS_TRY(
        os_socket_receive(answer->descriptor, timeout_ms, answer->text + answer->length, RECEIVE_BYTES, &size_bytes));
    if (size_bytes == 0)
        return status_fail(STATUS_IO, "the process that runs the machine ended before it had answered");
    answer->length += size_bytes;
    return STATUS_OK;
}

/* The next line, without its newline and with a zero behind it, until the next call. */
static enum status next_line(struct answer *answer, uint64_t timeout_ms, char **line)
{
    size_t scanned = answer->start;
    for (;;) {
        char *newline =
            answer->length == scanned ? NULL : memchr(answer->text + scanned, '\n', answer->length - scanned);
        if (newline != NULL) {
            *newline = 0;
            *line = answer->text + answer->start;
            answer->start = (size_t)(newline - answer->text) + 1;
            return STATUS_OK;
        }
        scanned = answer->length - answer->start; /* it moves to the front */
        STATUS_TRY(receive(answer, timeout_ms));
    }
}

/* "ok", or a status' name and a message. */
static enum status final_status(const char *line)
{
    size_t length = strcspn(line, " ");
    for (int status = STATUS_OK; status < STATUS_COUNT; status++) {
        const char *name = status_name((enum status)status);
        if (strlen(name) != length || memcmp(name, line, length) != 0)
            continue;
        if (status == STATUS_OK)
            return STATUS_OK;
        return status_fail((enum status)status, "%s", line[length] == ' ' ? line + length + 1 : "");
    }
    return status_fail(STATUS_INVALID, "the running process answered something strange: \"%.100s\"", line);
}

static enum status read_answer(struct answer *answer, uint64_t timeout_ms)
{
    for (;;) {
        char *line;
        STATUS_TRY(next_line(answer, timeout_ms, &line));
        if (line[0] == '=')
            return final_status(line + 1);
        if (answer->line != NULL)
            answer->line(answer->context, line[0] == ' ' ? line + 1 : line);
    }
}

static enum status connect_to(const char *directory, int *descriptor, bool *is_served)
{
    enum status status = os_socket_connect(directory, HOST_CONTROL_NAME, descriptor);
    *is_served = status != STATUS_NOT_FOUND;
    return status;
}

static enum status send_request(int descriptor, const char *const *words, size_t count)
{
    size_t length;
    char *line = request_write(words, count, &length);
    if (line == NULL)
        return status_fail(STATUS_LIMIT, "the request is longer than the %zu KiB that a running process takes",
                           REQUEST_MAX_BYTES >> 10);
    enum status status = os_socket_send(descriptor, line, length);
    free(line);
    return status;
}

enum status host_ask(const char *directory, const char *const *words, size_t count, host_line_fn *line, void *context,
                     bool *is_served)
{
    struct answer answer = {.line = line, .context = context};
    STATUS_TRY(connect_to(directory, &answer.descriptor, is_served));
    /* Too many callers are turned away before they are heard; the answer says so. */
    enum status status = send_request(answer.descriptor, words, count);
    if (status == STATUS_OK || status == STATUS_IO)
        status = read_answer(&answer, 0);
    free(answer.text);
    os_socket_close(answer.descriptor);
    return status;
}

/* ---- stopping ---------------------------------------------------------------------- */

/* The request is served between two events; a signal also ends the one in hand.
 * The process that listens is known to be there as long as nobody has answered. */
static enum status ask_to_stop(int descriptor)
{
    static const char *const words[] = {"stop"};
    struct answer answer = {.descriptor = descriptor};
    int process;
    STATUS_TRY(send_request(descriptor, words, 1));
    enum status status = read_answer(&answer, STOP_PATIENCE_MS);
    free(answer.text);
    if (status == STATUS_BUSY && os_socket_peer(descriptor, &process) && kill(process, SIGTERM) == 0)
        return STATUS_OK;
    return status == STATUS_IO ? STATUS_OK : status;
}

enum status host_stop_other(const char *directory, uint64_t timeout_ms, bool *is_served)
{
    int descriptor;
    STATUS_TRY(connect_to(directory, &descriptor, is_served));
    enum status status = ask_to_stop(descriptor);
    os_socket_close(descriptor);
    bool is_running = true;
    for (uint64_t waited_ms = 0; status == STATUS_OK && is_running; waited_ms += STOP_STEP_MS) {
        if (waited_ms >= timeout_ms)
            return status_fail(STATUS_BUSY, "the process that runs %s has not stopped within %" PRIu64 " ms", directory,
                               timeout_ms);
        os_sleep_ms(STOP_STEP_MS);
        status = host_is_running(directory, &is_running);
    }
    return status;
}
