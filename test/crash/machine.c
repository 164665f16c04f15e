#include "machine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "tap.h"

enum { NOTE_TRY = 1, NOTE_ACKNOWLEDGED };

struct position model[POSITIONS_MAX];
size_t model_count;

void crash_must(enum status status, const char *what)
{
    if (status == STATUS_OK)
        return;
    printf("Bail out! %s: %s\n", what, status_message());
    fflush(stdout);
    _exit(1);
}

/* ---- the model ------------------------------------------------------------------- */

void model_clear(void)
{
    model_count = 0;
}

void model_try(void)
{
    lying_disk_note((uint64_t)NOTE_TRY << 32 | model_count);
}

void model_keep(uint64_t event, uint64_t state_hash)
{
    CHECK(model_count < POSITIONS_MAX);
    model[model_count++] = (struct position){event, state_hash};
}

void model_acknowledge(uint64_t event, uint64_t state_hash)
{
    lying_disk_note((uint64_t)NOTE_ACKNOWLEDGED << 32 | model_count);
    model_keep(event, state_hash);
}

void model_start(const char *directory)
{
    struct host *host = crash_open(directory, NULL);
    struct host_status status;
    crash_must(host_status_read(host, &status), "status");
    host_close(host);
    model_clear();
    model_keep(status.event, status.state_hash);
}

/* The first position is there from the start, unless a note says when it came. */
struct expectation model_expect(size_t point)
{
    struct expectation expectation = {.from = 0, .to = 1, .may_be_none = false};
    for (size_t i = 0; i < lying_disk_count(); i++) {
        const struct lying_operation *operation = lying_disk_operation(i);
        if (operation->kind != LYING_NOTE)
            continue;
        size_t position = (uint32_t)operation->offset_bytes;
        bool is_try = operation->offset_bytes >> 32 == NOTE_TRY;
        if (i >= point) {
            expectation.may_be_none = expectation.may_be_none || position == 0;
            return expectation;
        }
        if (!is_try)
            expectation.from = position;
        expectation.to = position + 1 < model_count ? position + 1 : model_count;
        expectation.may_be_none = is_try && position == 0;
    }
    return expectation;
}

/* ---- machines ---------------------------------------------------------------------- */

const char *crash_root(void)
{
    static char path[PATH_MAX];
    const char *scratch = tap_scratch();
    CHECK(realpath(scratch, path) != NULL);
    return path;
}

const char *crash_directory(const char *root)
{
    static char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s/m", root);
    return path;
}

struct host_kernel crash_kernel(const char *text)
{
    struct recovery_kernel kernel = test_kernel_jam(text);
    return (struct host_kernel){kernel.bytes, kernel.size_bytes};
}

void crash_create(const char *directory)
{
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL);
    struct host *host;
    crash_must(host_create(directory, &kernel, NULL, NULL, &host), "creating a machine");
    host_close(host);
    free((void *)kernel.bytes);
}

struct host *crash_open(const char *directory, const char *kernel_text)
{
    struct host_kernel kernel = {0};
    struct host *host;
    if (kernel_text != NULL)
        kernel = crash_kernel(kernel_text);
    crash_must(host_open(directory, &kernel, NULL, &host), "opening a machine");
    free((void *)kernel.bytes);
    return host;
}

static uint64_t state_hash_of(struct host *host)
{
    struct host_status status;
    crash_must(host_status_read(host, &status), "status");
    return status.state_hash;
}

enum status crash_try_poke(struct host *host, const char *cause_text, struct host_event *event)
{
    noun cause;
    host_reset(host);
    crash_must(codec_read(host_stack(host), "cause", cause_text, strlen(cause_text), &cause), cause_text);
    model_try();
    enum status status = host_poke(host, host_wire(host, "crash", NULL), cause, event);
    if (status == STATUS_OK && event->answer != HOST_REFUSED)
        model_acknowledge(event->number, state_hash_of(host));
    return status;
}

void crash_poke(struct host *host, const char *cause)
{
    struct host_event event;
    crash_must(crash_try_poke(host, cause, &event), cause);
    if (event.answer == HOST_REFUSED)
        crash_must(event.reason, cause);
}

/* ---- is it as expected? --------------------------------------------------------------- */

static void note_warning(void *context, const char *message)
{
    snprintf(context, STATUS_MESSAGE_SIZE_BYTES, "a warning: %.900s", message);
}

static bool is_expected(const struct expectation *expectation, uint64_t event, uint64_t state_hash)
{
    for (size_t i = expectation->from; i < expectation->to; i++)
        if (model[i].event == event && model[i].state_hash == state_hash)
            return true;
    return false;
}

/* No machine: then it can be made. */
static bool can_be_made(const char *directory, enum status status, char *reason)
{
    snprintf(reason, STATUS_MESSAGE_SIZE_BYTES, "%s", status_message());
    if (status != STATUS_NOT_FOUND && status != STATUS_FORMAT)
        return false;
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL);
    struct host *host;
    status = host_create(directory, &kernel, NULL, NULL, &host);
    free((void *)kernel.bytes);
    if (status == STATUS_OK)
        host_close(host);
    else
        snprintf(reason, STATUS_MESSAGE_SIZE_BYTES, "cannot be made anew: %.900s", status_message());
    return status == STATUS_OK;
}

static enum status go_on(const char *directory, uint64_t event)
{
    struct host *host;
    struct host_event next;
    struct recovery_report report;
    const struct recovery_listener silent = {0};
    noun cause;
    STATUS_TRY(host_open(directory, NULL, NULL, &host));
    host_reset(host);
    enum status status = codec_read(host_stack(host), "cause", "[%set 1 2 3]", 12, &cause);
    if (status == STATUS_OK)
        status = host_poke(host, host_wire(host, "crash", NULL), cause, &next);
    host_close(host);
    if (status != STATUS_OK)
        return status;
    if (next.answer != HOST_ACCEPTED || next.number != event + 1)
        return status_fail(STATUS_DIVERGED, "the next event after %" PRIu64 " is %" PRIu64, event, next.number);
    STATUS_TRY(recovery_verify(directory, &silent, &report));
    if (report.log_last != event + 1 || report.arena_event != event + 1)
        return status_fail(STATUS_DIVERGED, "after the next event the log ends at %" PRIu64 ", the arena at %" PRIu64,
                           report.log_last, report.arena_event);
    return STATUS_OK;
}

bool crash_check(const char *directory, const struct expectation *expectation, bool is_thorough, bool may_warn,
                 char reason[STATUS_MESSAGE_SIZE_BYTES])
{
    struct recovery_options options = {.listener = {.context = reason, .warn = note_warning}};
    struct node *node = NULL;
    reason[0] = 0;
    enum status status = recovery_open(directory, NULL, &options, &node);
    if (status != STATUS_OK && expectation->may_be_none)
        return can_be_made(directory, status, reason);
    if (status != STATUS_OK) {
        snprintf(reason, STATUS_MESSAGE_SIZE_BYTES, "%s: %.900s", status_name(status), status_message());
        return false;
    }
    uint64_t event = node->event;
    bool is_good = is_expected(expectation, event, node->state_hash);
    recovery_close(node);
    if (!is_good) {
        snprintf(reason, STATUS_MESSAGE_SIZE_BYTES, "stands at event %" PRIu64 ", expected %" PRIu64 " to %" PRIu64,
                 event, model[expectation->from].event, model[expectation->to - 1].event);
        return false;
    }
    if (reason[0] != 0 && !may_warn)
        return false;
    if (is_thorough && go_on(directory, event) != STATUS_OK) {
        snprintf(reason, STATUS_MESSAGE_SIZE_BYTES, "found well, but cannot go on: %.900s", status_message());
        return false;
    }
    return true;
}
