/* Snapshots and branches inside the arena.
 *
 * Either is a root: making one writes a few words, whatever the size of the
 * state, and pins what it reaches.  A snapshot stays as it is; a branch
 * advances by events of its own.  Those are in no log: a branch lives as long
 * as the arena file does and is gone if the arena has to be made again.  The
 * main line is not touched: its event, job and state are what they were, so
 * that the log goes on knowing the commits in which branches advance.
 */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "recovery/private.h"

#define ROOM_BYTES ((uint64_t)1 << 20)

/* ---- making and dropping --------------------------------------------------------- */

static struct recovery_kept main_line(const struct node *node)
{
    struct recovery_kept kept = {
        .event = node->event,
        .origin_event = node->event,
        .state_hash = node->state_hash,
        .trap = node->trap,
        .core = kernel_core(node->kernel),
    };
    memcpy(kept.kernel_hash, node->kernel_hash, sizeof kept.kernel_hash);
    return kept;
}

static size_t find(const struct recovery_kept *list, size_t count, const char *name)
{
    size_t found = 0;
    while (found < count && strcmp(list[found].name, name) != 0)
        found++;
    return found;
}

static enum status refuse_taken(const struct node *node, const struct recovery_kept *kept)
{
    return status_fail(STATUS_EXISTS, "%s has a %s called \"%s\" already: drop it first, or choose another name",
                       node->directory, kept->is_branch ? "branch" : "snapshot", kept->name);
}

static enum status put_first(struct node *node, struct recovery_kept *list, size_t count,
                             const struct recovery_kept *kept)
{
    size_t found = find(list, count, kept->name);
    if (found < count)
        return refuse_taken(node, &list[found]);
    struct recovery_kept *longer = calloc(count + 1, sizeof *longer);
    if (longer == NULL)
        check_out_of_memory(__FILE__, __LINE__, (count + 1) * sizeof *longer);
    longer[0] = *kept;
    memcpy(longer + 1, list, count * sizeof *list);
    enum status status = node_shelf_write(node, kept->is_branch, longer, count + 1);
    free(longer);
    return status;
}

enum status node_keep(struct node *node, const char *name, bool is_branch, const char *from)
{
    struct recovery_kept kept, *list;
    size_t count;
    STATUS_TRY(recovery_name_check(name));
    node_reset(node);
    if (from == NULL)
        kept = main_line(node);
    else
        STATUS_TRY(node_kept_find(node, from, &kept));
    kept.is_branch = is_branch;
    kept.wall_ms = os_wall_ms();
    memset(kept.name, 0, sizeof kept.name);
    memcpy(kept.name, name, strlen(name));
    STATUS_TRY(arena_reserve(node->arena, ROOM_BYTES));
    STATUS_TRY(node_kept_list(node, &list, &count));
    enum status status = put_first(node, list, count, &kept);
    free(list);
    return status;
}

enum status node_kept_drop(struct node *node, const char *name, bool is_branch)
{
    struct recovery_kept kept, *list;
    size_t count;
    node_reset(node);
    STATUS_TRY(node_kept_find(node, name, &kept));
    if (kept.is_branch != is_branch)
        return status_fail(STATUS_NOT_FOUND, "\"%s\" is a %s of %s, not a %s: `loam %s` drops it", name,
                           kept.is_branch ? "branch" : "snapshot", node->directory, is_branch ? "branch" : "snapshot",
                           kept.is_branch ? "branch" : "snapshot");
    STATUS_TRY(arena_reserve(node->arena, ROOM_BYTES));
    STATUS_TRY(node_kept_list(node, &list, &count));
    size_t found = find(list, count, name);
    memmove(list + found, list + found + 1, (count - found - 1) * sizeof *list);
    enum status status = node_shelf_write(node, kept.is_branch, list, count - 1);
    free(list);
    return status;
}

/* ---- an event on a branch ---------------------------------------------------------- */

/* The state after the event takes the place of the one before it. */
static enum status advance(struct node *node, const char *name, const struct kernel_event *event,
                           struct recovery_branch_event *out)
{
    struct recovery_kept *list, after;
    size_t count;
    STATUS_TRY(node_kept_list(node, &list, &count));
    struct recovery_kept *kept = &list[find(list, count, name)];
    kept->event++;
    kept->wall_ms = os_wall_ms();
    kept->core = event->core;
    enum status status = node_shelf_write(node, true, list, count);
    free(list);
    STATUS_TRY(status);
    STATUS_TRY(node_kept_find(node, name, &after));
    out->number = after.event;
    out->state_hash = after.state_hash;
    return STATUS_OK;
}

static noun goof_noun(struct node *node, const struct kernel_event *event)
{
    return stack_cell(node->stack, event->goof.mote, event->goof.tang);
}

/* Effects and goof survive the commit as bytes, as the host's do. */
static enum status take_said(struct node *node, const struct kernel_event *event, uint8_t **said, size_t *size_bytes)
{
    noun goof = event->replaced ? goof_noun(node, event) : 0;
    return codec_jam(stack_cell(node->stack, event->effects, goof), said, size_bytes);
}

static enum status accept(struct node *node, const char *name, const struct kernel_event *event,
                          struct recovery_branch_event *out)
{
    uint8_t *said;
    size_t size_bytes;
    noun both;
    bool is_replaced = event->replaced;
    STATUS_TRY(take_said(node, event, &said, &size_bytes));
    enum status status = advance(node, name, event, out);
    if (status == STATUS_OK)
        status = codec_cue(node->stack, said, size_bytes, NULL, &both);
    free(said);
    STATUS_TRY(status);
    out->is_accepted = true;
    out->is_replaced = is_replaced;
    out->effects = noun_head(both);
    out->goof = is_replaced ? noun_tail(both) : NOUN_NONE;
    return STATUS_OK;
}

static void refuse(struct node *node, const struct kernel_event *event, struct recovery_branch_event *out)
{
    char *text = kernel_goof_text(&event->goof, 3);
    out->goof = goof_noun(node, event);
    (void)status_fail(STATUS_CRASHED, "the kernel crashed, and again on the notice of its crash: %s", text);
    free(text);
}

static enum status run(struct node *node, const struct recovery_kept *kept, struct kernel *kernel, noun wire,
                       noun cause, uint64_t time_limit_ms, struct recovery_branch_event *out)
{
    struct kernel_event event;
    uint64_t entropy, started_ns = os_clock_ns();
    os_random(&entropy, sizeof entropy);
    noun job = kernel_job(node->stack, kept->event + 1, wire, entropy, os_wall_ms(), cause);
    if (time_limit_ms != 0)
        nock_set_deadline(node->machine, started_ns + time_limit_ms * 1000000);
    kernel_poke(kernel, job, &event);
    nock_set_deadline(node->machine, 0);
    out->evaluation_ns = os_clock_ns() - started_ns;
    if (event.outcome == KERNEL_DONE)
        return accept(node, kept->name, &event, out);
    refuse(node, &event, out);
    return STATUS_OK;
}

enum status node_branch_poke(struct node *node, const char *name, noun wire, noun cause, uint64_t time_limit_ms,
                             struct recovery_branch_event *out)
{
    struct recovery_kept kept;
    struct kernel *kernel;
    *out = (struct recovery_branch_event){.goof = NOUN_NONE};
    STATUS_TRY(node_kept_find(node, name, &kept));
    if (!kept.is_branch)
        return status_fail(STATUS_INVALID,
                           "\"%s\" is a snapshot, which stays as it is: make a branch of it with `loam branch %s NAME "
                           "--from %s` and poke that",
                           name, node->directory, name);
    STATUS_TRY(arena_reserve(node->arena, ROOM_BYTES));
    STATUS_TRY(kernel_from_core(node->machine, kept.core, &kernel));
    enum status status = run(node, &kept, kernel, wire, cause, time_limit_ms, out);
    kernel_destroy(kernel);
    return status;
}

/* ---- looking at one ---------------------------------------------------------------- */

enum status node_view_at(struct node *node, const char *name)
{
    struct recovery_kept kept;
    struct kernel *kernel;
    CHECK(node->is_view);
    STATUS_TRY(node_kept_find(node, name, &kept));
    STATUS_TRY(kernel_from_core(node->machine, kept.core, &kernel));
    kernel_destroy(node->kernel);
    node->kernel = kernel;
    node->trap = kept.trap;
    node->event = kept.event;
    node->state_hash = kept.state_hash;
    memcpy(node->kernel_hash, kept.kernel_hash, sizeof node->kernel_hash);
    return STATUS_OK;
}
