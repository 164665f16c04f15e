#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

/* The host's flusher waits less than this for commits to gather, and then flushes. */
#define FLUSH_WAIT_MS 300

/* ---- a node ------------------------------------------------------------------------- */

enum status step_open(const char *directory, const char *kernel_text, struct node **out)
{
    struct recovery_kernel kernel = {0};
    if (kernel_text != NULL)
        kernel = test_kernel_jam(kernel_text);
    enum status status = recovery_open(directory, &kernel, NULL, out);
    free((void *)kernel.bytes);
    return status;
}

static enum status persist(struct node *node, const char *cause_text, struct eventlog_row *row, uint8_t **job)
{
    noun cause;
    struct kernel_event event;
    STATUS_TRY(arena_reserve(node->arena, 1 << 20));
    STATUS_TRY(codec_read(node->stack, "cause", cause_text, strlen(cause_text), &cause));
    noun wire = kernel_wire_plain(node->stack, "sys", 1);
    kernel_poke(node->kernel, kernel_job(node->stack, node->event + 1, wire, 0, 0, cause), &event);
    STATUS_TRY(codec_jam(event.job, job, &row->job_size_bytes));
    hash_blake3(*job, row->job_size_bytes, row->job_hash);
    return node_persist(node, event.core, node->event + 1, row->job_hash, NULL);
}

enum status step_event(struct node *node, const char *cause_text, bool is_logged)
{
    struct eventlog_row row = {0};
    uint8_t *job = NULL;
    node_enter(node);
    if (is_logged)
        model_try();
    enum status status = persist(node, cause_text, &row, &job);
    if (status == STATUS_OK && is_logged) {
        row.event = node->event;
        row.job = job;
        row.state_hash = node->state_hash;
        status = eventlog_append(node->log, &row, 1);
    }
    if (status == STATUS_OK && is_logged) {
        arena_boundary_set(node->arena, node->event);
        model_acknowledge(node->event, node->state_hash);
    }
    free(job);
    return status;
}

/* ---- a host ----------------------------------------------------------------------- */

static enum status poke_once(struct host *host, const char *cause_text, bool *is_accepted)
{
    noun cause;
    struct host_event event;
    struct host_status facts;
    host_reset(host);
    STATUS_TRY(codec_read(host_stack(host), "cause", cause_text, strlen(cause_text), &cause));
    STATUS_TRY(host_poke(host, host_wire(host, "crash", NULL), cause, &event));
    *is_accepted = event.answer != HOST_REFUSED;
    if (!*is_accepted)
        return event.reason;
    STATUS_TRY(host_status_read(host, &facts));
    model_acknowledge(event.number, facts.state_hash);
    return STATUS_OK;
}

enum status step_poke(struct host *host, const char *cause_text)
{
    bool is_accepted = true;
    model_try();
    enum status status = poke_once(host, cause_text, &is_accepted);
    if (status != STATUS_OK && !is_accepted)
        status = poke_once(host, cause_text, &is_accepted);
    return status;
}

enum status step_poke_large(struct host *host, size_t size_bytes)
{
    char *text = malloc(2 * size_bytes + 32);
    CHECK(text != NULL);
    size_t length = (size_t)sprintf(text, "[%%set 0x1");
    for (size_t digit = 0; digit < 2 * size_bytes; digit++)
        text[length++] = "0123456789abcdef"[bits_mix64(digit) >> 60];
    strcpy(text + length, "]");
    enum status status = step_poke(host, text);
    free(text);
    return status;
}

void step_wait_for_flush(void)
{
    if (!model_is_repeating()) /* a life with failing calls waits for nothing: there are many */
        os_sleep_ms(FLUSH_WAIT_MS);
}
