#include "steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "collector/collector.h"
#include "snapshot/snapshot.h"

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

/* ---- snapshots and the log's end ------------------------------------------------------ */

enum status step_seal_snapshot(struct node *node)
{
    struct recovery_pinned pinned;
    struct snapshot_report report;
    STATUS_TRY(node_pin(node, &pinned));
    enum status status = node_seal(&pinned, false, NULL, &report);
    node_unpin(&pinned);
    return status;
}

enum status step_verify_snapshots(const char *directory, uint64_t least)
{
    struct snapshot_verification verification;
    STATUS_TRY(snapshot_verify(directory, NULL, NULL, &verification));
    if (verification.snapshots >= least)
        return STATUS_OK;
    return status_fail(STATUS_NOT_FOUND, "%" PRIu64 " snapshots are there, and %" PRIu64 " had been promised",
                       verification.snapshots, least);
}

enum status step_prune(struct node *node, uint64_t kept_events)
{
    const struct eventlog_retention retention = {.kind = EVENTLOG_KEEP_EVENTS, .amount = kept_events};
    struct recovery_prune plan;
    STATUS_TRY(recovery_prune_plan(node->directory, node->log, &retention, &plan));
    return recovery_prune(node->log, &plan, 0, NULL, NULL);
}

/* ---- collection ------------------------------------------------------------------------ */

static enum status round_to_end(struct collector_compaction *compaction, const struct arena_commit *commit)
{
    bool is_done = false;
    STATUS_TRY(collector_compaction_round(compaction, commit));
    while (!is_done)
        STATUS_TRY(collector_compaction_run(compaction, 1 << 14, &is_done));
    return collector_compaction_sync(compaction);
}

static enum status copy_beside_event(struct node *node, struct collector_compaction *compaction)
{
    struct arena_commit commit = *arena_current(node->arena);
    STATUS_TRY(round_to_end(compaction, &commit));
    STATUS_TRY(step_event(node, "%inc", true));
    commit = *arena_current(node->arena);
    return round_to_end(compaction, &commit);
}

enum status step_collect(struct node *node, uint64_t from_bytes)
{
    struct collector_compaction *compaction;
    struct arena_commit commit;
    node_enter(node);
    uint64_t above_bytes = arena_current(node->arena)->watermark_bytes - from_bytes;
    STATUS_TRY(collector_compaction_begin(node->arena, from_bytes, above_bytes + (1 << 20), &compaction));
    enum status status = copy_beside_event(node, compaction);
    if (status != STATUS_OK) {
        collector_compaction_abort(node->arena, compaction);
    } else {
        node_reset(node);
        status = collector_compaction_finish(node->arena, compaction, NULL, NULL, &commit);
        if (status == STATUS_OK)
            node_move(node, &commit, collector_compaction_moved, compaction);
    }
    collector_compaction_destroy(compaction);
    return status;
}

/* ---- names in the arena ------------------------------------------------------------------ */

enum status step_keep(struct node *node, const char *name, bool is_branch)
{
    node_enter(node);
    STATUS_TRY(node_keep(node, name, is_branch, NULL));
    return arena_sync(node->arena);
}

enum status step_drop(struct node *node, const char *name, bool is_branch)
{
    node_enter(node);
    STATUS_TRY(node_kept_drop(node, name, is_branch));
    return arena_sync(node->arena);
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

enum status step_imported(struct host *host)
{
    struct host_status facts;
    STATUS_TRY(host_status_read(host, &facts));
    model_acknowledge(facts.event, facts.state_hash);
    return step_poke(host, "%inc");
}
