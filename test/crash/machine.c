#include "machine.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/codec.h"
#include "tap.h"

void crash_must(enum status status, const char *what)
{
    if (status == STATUS_OK)
        return;
    printf("Bail out! %s: %s\n", what, status_message());
    fflush(stdout);
    _exit(1);
}

static uint64_t deadline_ns;

void crash_set_seconds(uint64_t seconds)
{
    deadline_ns = seconds == 0 ? 0 : os_clock_ns() + seconds * 1000000000;
}

bool crash_is_over(void)
{
    return deadline_ns != 0 && os_clock_ns() >= deadline_ns;
}

void crash_prefer_memory(void)
{
    tap_scratch_in_memory();
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

void crash_model_begin(const char *directory)
{
    struct host *host;
    struct host_status status;
    crash_must(host_open(directory, NULL, NULL, &host), "opening a machine");
    crash_must(host_status_read(host, &status), "status");
    host_close(host);
    model_begin(status.event, status.state_hash);
}

void crash_prepare_machine(const char *directory)
{
    crash_create(directory);
    crash_model_begin(directory);
}

/* ---- is it as expected? --------------------------------------------------------------- */

static void note_warning(void *context, const char *message)
{
    snprintf(context, STATUS_MESSAGE_SIZE_BYTES, "a warning: %.900s", message);
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

static enum status poke_once(struct host *host, struct host_event *event)
{
    static const char text[] = "[%set 1 2 3]";
    noun cause;
    host_reset(host);
    STATUS_TRY(codec_read(host_stack(host), "cause", text, strlen(text), &cause));
    return host_poke(host, host_wire(host, "crash", NULL), cause, event);
}

static enum status repair(const char *directory)
{
    const struct recovery_doctor_options options = {.repairs = true};
    struct recovery_verdict_report verdict;
    return recovery_doctor(directory, &options, &verdict);
}

static enum status verify(const struct crash_question *question, struct recovery_report *report)
{
    const struct recovery_listener silent = {0};
    enum status status = recovery_verify(question->directory, &silent, report);
    if (status != STATUS_CORRUPT || !question->is_damaged)
        return status;
    STATUS_TRY(repair(question->directory));
    return recovery_verify(question->directory, &silent, report);
}

static enum status go_on(const struct crash_question *question, uint64_t event)
{
    struct host *host;
    struct host_event next;
    struct recovery_report report;
    STATUS_TRY(host_open(question->directory, NULL, NULL, &host));
    enum status status = poke_once(host, &next);
    host_close(host);
    STATUS_TRY(status);
    if (next.answer != HOST_ACCEPTED || next.number != event + 1)
        return status_fail(STATUS_DIVERGED, "the next event after %" PRIu64 " is %" PRIu64, event, next.number);
    STATUS_TRY(verify(question, &report));
    if (report.log_last != event + 1 || report.arena_event != event + 1)
        return status_fail(STATUS_DIVERGED, "after the next event the log ends at %" PRIu64 ", the arena at %" PRIu64,
                           report.log_last, report.arena_event);
    return STATUS_OK;
}

static enum status check_position(const struct crash_question *question, const struct node *node)
{
    const struct expectation *expectation = &question->expectation;
    if (model_allows(expectation, node->event, node->state_hash))
        return STATUS_OK;
    if (expectation->from == expectation->to)
        return status_fail(STATUS_DIVERGED, "stands at event %" PRIu64 ", where no machine was ever tried for",
                           node->event);
    return status_fail(STATUS_DIVERGED,
                       "stands at event %" PRIu64 " with state %016" PRIx64 ", expected event %" PRIu64 " to %" PRIu64,
                       node->event, node->state_hash, model_position(expectation->from)->event,
                       model_position(expectation->to - 1)->event);
}

bool crash_check(const struct crash_question *question, char reason[STATUS_MESSAGE_SIZE_BYTES])
{
    struct recovery_options options = {.listener = {.context = reason, .warn = note_warning},
                                       .memory_limit_bytes = (uint64_t)1 << 30};
    struct node *node = NULL;
    reason[0] = 0;
    enum status status = question->repairs ? repair(question->directory) : STATUS_OK;
    if (status == STATUS_OK)
        status = recovery_open(question->directory, NULL, &options, &node);
    if (status != STATUS_OK && question->expectation.may_be_none)
        return can_be_made(question->directory, status, reason);
    if (status == STATUS_OK && reason[0] != 0 && !question->may_warn)
        status = status_fail(STATUS_DIVERGED, "%.900s", reason);
    uint64_t event = node == NULL ? 0 : node->event;
    if (status == STATUS_OK)
        status = check_position(question, node);
    if (status == STATUS_OK && question->promise != NULL)
        status = question->promise(question->directory, node, &question->expectation);
    recovery_close(node);
    if (status == STATUS_OK && question->is_thorough && go_on(question, event) != STATUS_OK)
        status = status_fail(STATUS_DIVERGED, "found well, but cannot go on: %.900s", status_message());
    if (status != STATUS_OK)
        snprintf(reason, STATUS_MESSAGE_SIZE_BYTES, "%s: %.900s", status_name(status), status_message());
    return status == STATUS_OK;
}
