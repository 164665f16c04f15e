#include "letters.h"

#include <errno.h>
#include <stdio.h>

enum status letter_begin(struct letter_life *life)
{
    return step_open(life->directory, NULL, &life->node);
}

void letter_end(struct letter_life *life)
{
    recovery_close(life->node);
    life->node = NULL;
}

/* A snapshot that was promised is there and whole: two of them, if there were more. */
enum status letter_promise(const char *directory, struct node *node, const struct expectation *expectation)
{
    (void)node;
    return step_verify_snapshots(directory, (uint64_t)__builtin_popcountll(expectation->marks & 3));
}

/* ---- letters ------------------------------------------------------------------------- */

static enum status event(struct letter_life *life)
{
    return step_event(life->node, "%inc", true);
}

static enum status event_of_data(struct letter_life *life)
{
    return step_event(life->node, "[%set 'some text' %is 'put here' 4 5 6]", true);
}

static enum status event_that_grows(struct letter_life *life)
{
    return step_event(life->node, "[%fill 3.000]", true);
}

static enum status sync_arena(struct letter_life *life)
{
    return arena_sync(life->node->arena);
}

static enum status checkpoint(struct letter_life *life)
{
    return eventlog_checkpoint(life->node->log, 0);
}

static enum status restart(struct letter_life *life)
{
    letter_end(life);
    enum status status = letter_begin(life);
    if (status == STATUS_OK)
        model_found(life->node->event, life->node->state_hash);
    return status;
}

static enum status run_ahead(struct letter_life *life)
{
    STATUS_TRY(step_event(life->node, "[%set 1.000.000]", false));
    return restart(life);
}

static enum status seal(struct letter_life *life)
{
    return arena_seal(life->node->arena);
}

static enum status grow(struct letter_life *life)
{
    return arena_grow_ahead(life->node->arena);
}

/* A whole host takes one event and ends in order. */
static enum status host_event_and_end(struct letter_life *life)
{
    struct host *host;
    letter_end(life);
    STATUS_TRY(host_open(life->directory, NULL, NULL, &host));
    enum status status = step_poke(host, "%inc");
    host_close(host);
    return status == STATUS_OK ? letter_begin(life) : status;
}

/* The flush of an append fails; the process ends, and the next goes on. */
static enum status fail_append(struct letter_life *life)
{
    lying_disk_fail(1u << LYING_CALL_SYNC, 0, EIO, true);
    enum status status = step_event(life->node, "%inc", true);
    CHECK(lying_disk_pause() > 0 && status == STATUS_IO);
    return restart(life);
}

static enum status fail_arena_sync(struct letter_life *life)
{
    STATUS_TRY(event(life));
    lying_disk_fail(1u << LYING_CALL_SYNC, 0, EIO, true);
    enum status status = arena_sync(life->node->arena);
    CHECK(lying_disk_pause() > 0 && status == STATUS_IO);
    return restart(life);
}

static enum status snapshot(struct letter_life *life)
{
    STATUS_TRY(event(life)); /* a second one at the same place would be the first */
    STATUS_TRY(step_seal_snapshot(life->node));
    if (life->snapshots++ < 2)
        model_mark(life->snapshots - 1);
    return STATUS_OK;
}

static enum status prune(struct letter_life *life)
{
    return step_prune(life->node, 0);
}

static enum status collect_all(struct letter_life *life)
{
    return step_collect(life->node, 0);
}

static enum status collect_young(struct letter_life *life)
{
    uint64_t boundary_bytes = arena_current(life->node->arena)->watermark_bytes;
    STATUS_TRY(event_of_data(life));
    STATUS_TRY(event(life));
    return step_collect(life->node, boundary_bytes);
}

static enum status keep_branch(struct letter_life *life)
{
    char name[16];
    snprintf(name, sizeof name, "b%u", life->branches++);
    return step_keep(life->node, name, true);
}

/* The file is lost or, as here, removed by somebody; the next start makes it again. */
static enum status lose_arena(struct letter_life *life)
{
    char path[4400];
    letter_end(life);
    snprintf(path, sizeof path, "%s/%s", life->directory, ARENA_FILE_NAME);
    STATUS_TRY(os_remove(path));
    return letter_begin(life);
}

const struct letter letters[] = {
    {'e', "an event", event},
    {'d', "an event with more data", event_of_data},
    {'g', "an event for which the arena grows", event_that_grows},
    {'s', "the arena is flushed", sync_arena},
    {'c', "the log is copied back", checkpoint},
    {'k', "killed, and started again", restart},
    {'a', "the arena runs ahead; killed, and started again", run_ahead},
    {'l', "the arena is sealed", seal},
    {'w', "the arena grows ahead of need", grow},
    {'h', "a host takes an event and ends in order", host_event_and_end},
    {'f', "the flush of an append fails; started again", fail_append},
    {'x', "the flush of the arena fails; started again", fail_arena_sync},
    {'S', "an event, and a sealed snapshot", snapshot},
    {'P', "the log forgets what a snapshot holds", prune},
    {'C', "all of the arena is collected", collect_all},
    {'Y', "two events, and the youngest part of the arena is collected", collect_young},
    {'B', "the state is kept as a branch", keep_branch},
    {'L', "the arena is lost, and made again", lose_arena},
};
const size_t letter_count = COUNT_OF(letters);

const struct letter *letter_find(char name)
{
    for (size_t i = 0; i < letter_count; i++)
        if (letters[i].name == name)
            return &letters[i];
    CHECK(false);
    return NULL;
}
