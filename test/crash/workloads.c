#include "workloads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "tap.h"

/* ---- steps ------------------------------------------------------------------------ */

/* The host's flusher waits this long for commits to gather, and then flushes. */
#define FLUSH_WAIT_MS 300

static void wait_for_flush(void)
{
    os_sleep_ms(FLUSH_WAIT_MS);
}

/* A cause whose job is a row of about `size_bytes`. */
static char *large_cause(size_t size_bytes)
{
    char *text = malloc(2 * size_bytes + 32);
    CHECK(text != NULL);
    size_t length = (size_t)sprintf(text, "[%%set 0x1");
    for (size_t digit = 0; digit < 2 * size_bytes; digit++)
        text[length++] = "0123456789abcdef"[bits_mix64(digit) >> 60];
    strcpy(text + length, "]");
    return text;
}

static void poke_large(struct host *host, size_t size_bytes)
{
    char *cause = large_cause(size_bytes);
    crash_poke(host, cause);
    free(cause);
}

/* A node is what a host drives.  Closing it flushes nothing: to the disk that is
 * a process that was killed. */
static struct node *open_node(const char *directory, const char *kernel_text)
{
    struct recovery_kernel kernel = {0};
    struct node *node;
    if (kernel_text != NULL)
        kernel = test_kernel_jam(kernel_text);
    crash_must(recovery_open(directory, &kernel, NULL, &node), "opening a machine");
    free((void *)kernel.bytes);
    return node;
}

/* The order of host/commit.c, with the arena's flush left to the workload. */
static void node_event(struct node *node, const char *cause_text, bool is_logged)
{
    noun cause;
    struct kernel_event event;
    struct eventlog_row row = {0};
    uint8_t *job;
    node_enter(node);
    if (is_logged)
        model_try();
    crash_must(arena_reserve(node->arena, 1 << 20), "reserving");
    crash_must(codec_read(node->stack, "cause", cause_text, strlen(cause_text), &cause), cause_text);
    noun wire = kernel_wire_plain(node->stack, "sys", 1);
    kernel_poke(node->kernel, kernel_job(node->stack, node->event + 1, wire, 0, 0, cause), &event);
    crash_must(codec_jam(event.job, &job, &row.job_size_bytes), "jam");
    hash_blake3(job, row.job_size_bytes, row.job_hash);
    crash_must(node_persist(node, event.core, node->event + 1, row.job_hash, NULL), "persist");
    row.event = node->event;
    row.job = job;
    row.state_hash = node->state_hash;
    if (is_logged) {
        crash_must(eventlog_append(node->log, &row, 1), "append");
        arena_boundary_set(node->arena, node->event);
        model_acknowledge(node->event, node->state_hash);
    }
    free(job);
}

static void node_sync(struct node *node)
{
    crash_must(arena_sync(node->arena), "sync");
}

static void node_checkpoint(struct node *node)
{
    crash_must(eventlog_checkpoint(node->log, 0), "checkpoint");
}

/* A start that found what had never been acknowledged. */
static void note_found(uint64_t event, uint64_t state_hash)
{
    if (model[model_count - 1].event != event || model[model_count - 1].state_hash != state_hash)
        model_keep(event, state_hash);
}

/* ---- a node ----------------------------------------------------------------------- */

static void arena_never_flushed(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    node_event(node, "%inc", true);
    node_event(node, "[%set 1 2 3 4 5 6 7 8 9]", true);
    node_event(node, "%inc", true);
    recovery_close(node);
}

static void arena_flushed_each_time(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    for (unsigned i = 0; i < 4; i++) {
        node_event(node, i % 2 == 0 ? "%inc" : "[%set 'a text that is longer than a word' 2 3]", true);
        node_sync(node);
    }
    recovery_close(node);
}

static void killed_and_restarted(const char *directory, uint64_t *random)
{
    (void)random;
    for (unsigned round = 0; round < 3; round++) {
        struct node *node = open_node(directory, NULL);
        node_event(node, "%inc", true);
        if (round == 1)
            node_sync(node);
        recovery_close(node);
    }
}

static void arena_ran_ahead(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    node_event(node, "%inc", true);
    node_sync(node);
    node_event(node, "[%set 10]", false);
    node_event(node, "[%set 11]", false);
    recovery_close(node);
    node = open_node(directory, NULL);
    node_event(node, "[%set 20]", true);
    node_event(node, "[%set 21]", true);
    node_sync(node);
    recovery_close(node);
}

static void log_copied_back(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    for (unsigned i = 0; i < 3; i++) {
        node_event(node, "%inc", true);
        node_checkpoint(node);
        if (i == 1)
            node_sync(node);
    }
    node_event(node, "%inc", true);
    recovery_close(node);
}

static void sealed_and_restarted(const char *directory, uint64_t *random)
{
    (void)random;
    for (unsigned round = 0; round < 2; round++) {
        struct node *node = open_node(directory, NULL);
        node_event(node, "%inc", true);
        node_event(node, "[%set 3 4 5]", true);
        crash_must(arena_seal(node->arena), "seal");
        if (round == 0)
            node_checkpoint(node);
        recovery_close(node);
    }
}

static void arena_grew(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    node_event(node, "[%fill 60.000]", true);
    node_event(node, "%inc", true);
    node_event(node, "[%fill 60.000]", true);
    node_sync(node);
    crash_must(arena_grow_ahead(node->arena), "growing");
    node_event(node, "[%fill 2.000]", true);
    recovery_close(node);
}

/* ---- a host ----------------------------------------------------------------------- */

static void host_orderly(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host = crash_open(directory, NULL);
    crash_poke(host, "%inc");
    crash_poke(host, "%unknown");
    wait_for_flush();
    crash_poke(host, "%inc");
    host_close(host);
    host = crash_open(directory, NULL);
    crash_poke(host, "%inc");
    host_close(host);
}

static void host_large_jobs(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host = crash_open(directory, NULL);
    poke_large(host, 10000);
    poke_large(host, 60000);
    crash_poke(host, "%unknown");
    poke_large(host, 30000);
    host_close(host);
}

static void host_upgraded(const char *directory, uint64_t *random)
{
    (void)random;
    struct host_status status;
    struct host *host = crash_open(directory, NULL);
    crash_poke(host, "[%set 2]");
    host_close(host);
    model_try();
    host = crash_open(directory, CRASH_KERNEL_NEXT);
    crash_must(host_status_read(host, &status), "status");
    model_acknowledge(status.event, status.state_hash);
    crash_poke(host, "%inc");
    host_close(host);
}

static void prepare_nothing(const char *directory, uint64_t *random)
{
    (void)directory, (void)random;
    model_clear();
}

static void host_created(const char *directory, uint64_t *random)
{
    (void)random;
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL);
    struct host_status status;
    struct host *host;
    model_try();
    crash_must(host_create(directory, &kernel, NULL, NULL, &host), "creating");
    crash_must(host_status_read(host, &status), "status");
    model_acknowledge(status.event, status.state_hash);
    crash_poke(host, "%inc");
    host_close(host);
    free((void *)kernel.bytes);
}

/* ---- recovery itself ----------------------------------------------------------------- */

static void prepare_lost_arena(const char *directory, uint64_t *random)
{
    (void)random;
    char path[4200];
    crash_create(directory);
    struct host *host = crash_open(directory, NULL);
    crash_poke(host, "%inc");
    crash_poke(host, "[%set 1 2 3]");
    crash_poke(host, "%inc");
    host_close(host);
    model_start(directory);
    snprintf(path, sizeof path, "%s/%s", directory, ARENA_FILE_NAME);
    crash_must(os_remove(path), "removing the arena");
}

static void arena_made_again(const char *directory, uint64_t *random)
{
    (void)random;
    struct host *host = crash_open(directory, NULL);
    crash_poke(host, "%inc");
    host_close(host);
}

/* Which of the pending sectors survive the first power cut of two. */
static bool keep_at_random(void *context, size_t index, size_t sector)
{
    (void)index, (void)sector;
    return tap_random(context) >> 63 != 0;
}

/* A power cut somewhere in a life like any other. */
static void prepare_power_cut(const char *directory, uint64_t *random)
{
    char root[4096], reason[STATUS_MESSAGE_SIZE_BYTES];
    snprintf(root, sizeof root, "%.*s", (int)(strrchr(directory, '/') - directory), directory);
    crash_create(directory);
    model_start(directory);
    lying_disk_watch(root);
    static void (*const lives[])(const char *, uint64_t *) = {arena_never_flushed, killed_and_restarted,
                                                              arena_ran_ahead, log_copied_back};
    lives[tap_below(random, COUNT_OF(lives))](directory, random);
    lying_disk_freeze(root);
    const size_t *pending;
    size_t point = (size_t)tap_below(random, lying_disk_count() + 1);
    lying_disk_base(point, &pending);
    lying_disk_state(keep_at_random, random);
    lying_disk_make();
    (void)reason;
    struct expectation expectation = model_expect(point);
    memmove(model, model + expectation.from, (expectation.to - expectation.from) * sizeof *model);
    model_count = expectation.to - expectation.from;
}

/* The second one comes while the machine starts again, or soon after. */
static void started_after_power_cut(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    /* which of the two it was is known now, and the other cannot come back */
    size_t found = 0;
    while (found < model_count - 1 && model[found].event != node->event)
        found++;
    model[0] = model[found];
    model_count = 1;
    node_event(node, "%inc", true);
    recovery_close(node);
    node = open_node(directory, NULL);
    node_event(node, "%inc", true);
    node_sync(node);
    node_event(node, "%inc", true);
    recovery_close(node);
}

/* ---- failures, and power cuts after them ------------------------------------------------ */

/* The log's flush fails, the process stops, the next one goes on from what it
 * reads; but the device never got it. */
static void log_flush_failed(const char *directory, uint64_t *random)
{
    (void)random;
    struct host_event event;
    struct host *host = crash_open(directory, NULL);
    crash_poke(host, "%inc");
    lying_disk_fail(1u << LYING_CALL_SYNC, 0, EIO, true);
    CHECK(crash_try_poke(host, "%inc", &event) == STATUS_IO);
    host_close(host);
    CHECK(lying_disk_pause() > 0);
    struct node *node = open_node(directory, NULL);
    note_found(node->event, node->state_hash);
    node_event(node, "%inc", true);
    node_sync(node);
    node_event(node, "%inc", true);
    recovery_close(node);
}

static void arena_flush_failed(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    node_event(node, "%inc", true);
    node_event(node, "[%set 1 2 3]", true);
    lying_disk_fail(1u << LYING_CALL_SYNC, 0, EIO, false);
    CHECK(arena_sync(node->arena) == STATUS_IO);
    CHECK(lying_disk_pause() > 0);
    recovery_close(node);
    node = open_node(directory, NULL);
    node_event(node, "%inc", true);
    node_sync(node);
    node_event(node, "%inc", true);
    recovery_close(node);
}

/* The checkpoint's flush of the database fails. */
static void checkpoint_failed(const char *directory, uint64_t *random)
{
    (void)random;
    struct node *node = open_node(directory, NULL);
    node_event(node, "%inc", true);
    node_event(node, "%inc", true);
    lying_disk_fail(1u << LYING_CALL_SYNC, 1, EIO, false);
    CHECK(eventlog_checkpoint(node->log, 0) == STATUS_IO);
    CHECK(lying_disk_pause() > 0);
    recovery_close(node);
    node = open_node(directory, NULL);
    node_checkpoint(node);
    node_event(node, "%inc", true);
    node_checkpoint(node);
    node_event(node, "%inc", true);
    recovery_close(node);
}

static void disk_was_full(const char *directory, uint64_t *random)
{
    (void)random;
    struct host_event event;
    struct host *host = crash_open(directory, NULL);
    crash_poke(host, "%inc");
    lying_disk_fail(1u << LYING_CALL_WRITE, 0, ENOSPC, false);
    crash_must(crash_try_poke(host, "%inc", &event), "an event on a full disk");
    CHECK(event.answer == HOST_REFUSED);
    CHECK(lying_disk_pause() > 0);
    crash_poke(host, "[%set 1 2 3]");
    wait_for_flush();
    crash_poke(host, "%inc");
    host_close(host);
}

/* ---- a long life ------------------------------------------------------------------------- */

static void at_random(const char *directory, uint64_t *random)
{
    static const char *const causes[] = {"%inc", "[%set 1 2 3]", "%unknown", "[%set 'some text' %is 'put here' 4 5 6]"};
    struct node *node = open_node(directory, NULL);
    for (unsigned step = 0; step < 40; step++) {
        switch (tap_below(random, 16)) {
        case 0:
            node_sync(node);
            break;
        case 1:
            node_checkpoint(node);
            break;
        case 2:
            node_event(node, "[%set 1.000.000]", false);
            /* fall through */
        case 3:
            recovery_close(node);
            node = open_node(directory, NULL);
            break;
        case 4:
            crash_must(arena_seal(node->arena), "seal");
            break;
        case 5:
            node_event(node, "[%fill 100]", true);
            break;
        default:
            node_event(node, causes[tap_below(random, COUNT_OF(causes))], true);
        }
    }
    recovery_close(node);
}

const struct workload workloads[] = {
    {.name = "a machine is made", .prepare = prepare_nothing, .run = host_created},
    {.name = "the arena is never flushed", .run = arena_never_flushed},
    {.name = "the arena is flushed each time", .run = arena_flushed_each_time},
    {.name = "killed and restarted", .run = killed_and_restarted},
    {.name = "the arena runs ahead of the log", .run = arena_ran_ahead},
    {.name = "the log is copied back", .run = log_copied_back},
    {.name = "sealed and restarted", .run = sealed_and_restarted},
    {.name = "the whole host, twice", .run = host_orderly},
    {.name = "large jobs", .run = host_large_jobs, .is_large = true},
    {.name = "an upgrade", .run = host_upgraded},
    {.name = "the arena grows", .run = arena_grew, .is_large = true},
    {.name = "a lost arena is made again", .prepare = prepare_lost_arena, .run = arena_made_again, .may_warn = true},
    {.name = "a power cut after a power cut", .prepare = prepare_power_cut, .run = started_after_power_cut},
    {.name = "the log's flush failed", .run = log_flush_failed},
    {.name = "the arena's flush failed", .run = arena_flush_failed},
    {.name = "the checkpoint's flush failed", .run = checkpoint_failed},
    {.name = "the disk was full", .run = disk_was_full},
    {.name = "a long life", .run = at_random},
};
const size_t workload_count = COUNT_OF(workloads);
