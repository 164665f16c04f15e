/* A kernel core becomes the arena's newest commit.
 *
 * The roots are copied out of ephemeral memory, whose objects turn into
 * forwardings on the way; so this is the end of every ephemeral noun, and the
 * machine's caches follow the copies.  Until arena_commit_write has succeeded
 * the new objects cannot be read through the mapping, and nothing may come to
 * point at them: the swap is last.
 */
#include <string.h>

#include "collector/collector.h"
#include "recovery/private.h"

enum { SLOT_STATE, SLOT_CORE, SLOT_TRAP, SLOT_REGISTRY, SLOT_CODES, SLOTS }; /* in the order in which they pay */

static uint64_t hash_being_built(struct node *node, noun n)
{
    return noun_is_direct(n) ? noun_hash_atom(n) : arena_built_words(arena_builder(node->arena), n)[0];
}

static enum status check_hash(struct node *node, noun state, uint64_t event, const uint64_t *expected)
{
    if (expected == NULL)
        return STATUS_OK;
    uint64_t hash = hash_being_built(node, state);
    if (hash == *expected)
        return STATUS_OK;
    return status_fail(STATUS_DIVERGED,
                       "event %" PRIu64 " gives a state with hash %016" PRIx64 ", but the log recorded %016" PRIx64,
                       event, hash, *expected);
}

/* The registry and the codes refer to much of the state, so they pay for what only
 * they need. */
static enum status persist_slots(struct node *node, noun slots[SLOTS])
{
    arena_origin_set(node->arena, node->origin);
    STATUS_TRY(collector_persist(node->arena, slots, SLOT_REGISTRY, NULL));
    arena_origin_set(node->arena, "jets");
    STATUS_TRY(collector_persist(node->arena, slots + SLOT_REGISTRY, 1, NULL));
    arena_origin_set(node->arena, "code");
    return collector_persist(node->arena, slots + SLOT_CODES, 1, NULL);
}

static enum status commit(struct node *node, noun slots[SLOTS], uint64_t event, const uint8_t *job_hash,
                          const uint64_t *expected_hash, struct arena_commit *commit)
{
    STATUS_TRY(persist_slots(node, slots));
    STATUS_TRY(check_hash(node, slots[SLOT_STATE], event, expected_hash));
    *commit = (struct arena_commit){.event_number = event};
    memcpy(commit->roots, arena_current(node->arena)->roots, sizeof commit->roots); /* those of others stay */
    memcpy(commit->job_hash, job_hash, sizeof commit->job_hash);
    memcpy(commit->kernel_hash, node->kernel_hash, sizeof commit->kernel_hash);
    commit->roots[ARENA_ROOT_STATE] = slots[SLOT_STATE];
    commit->roots[ARENA_ROOT_TRAP] = slots[SLOT_TRAP];
    commit->roots[ARENA_ROOT_REGISTRY] = slots[SLOT_REGISTRY];
    commit->roots[ARENA_ROOT_CODE] = slots[SLOT_CODES];
    commit->roots[ARENA_ROOT_HOST] = slots[SLOT_CORE];
    return arena_commit_write(node->arena, commit);
}

/* Back to what the arena's current commit says. */
static void give_up(struct node *node)
{
    const struct arena_commit *current = arena_current(node->arena);
    arena_commit_abort(node->arena);
    if (current->roots[ARENA_ROOT_HOST] != 0)
        kernel_set_core(node->kernel, current->roots[ARENA_ROOT_HOST]);
    node->trap = current->roots[ARENA_ROOT_TRAP];
    nock_forget_ephemeral(node->machine, NULL);
    stack_clear(node->stack);
}

enum status node_persist(struct node *node, noun core, uint64_t event, const uint8_t job_hash[HASH_BLAKE3_SIZE_BYTES],
                         const uint64_t *expected_hash)
{
    noun slots[SLOTS] = {
        [SLOT_STATE] = noun_at(core, KERNEL_AXIS_STATE),
        [SLOT_CORE] = core,
        [SLOT_TRAP] = node->trap,
        [SLOT_REGISTRY] = nock_registry(node->machine),
        [SLOT_CODES] = nock_codes(node->machine),
    };
    struct arena_commit written;
    STATUS_TRY(arena_commit_begin(node->arena, event));
    enum status status = commit(node, slots, event, job_hash, expected_hash, &written);
    node->origin[0] = 0;
    if (status != STATUS_OK) {
        give_up(node);
        return status;
    }
    kernel_set_core(node->kernel, slots[SLOT_CORE]);
    node->trap = slots[SLOT_TRAP];
    node->event = event;
    node->state_hash = written.state_hash;
    nock_forget_ephemeral(node->machine, collector_forwarded);
    stack_clear(node->stack);
    return STATUS_OK;
}

/* ---- for practice ------------------------------------------------------------------ */

enum status node_rehearse(struct node *node, noun core)
{
    noun slots[] = {noun_at(core, KERNEL_AXIS_STATE), core};
    STATUS_TRY(arena_commit_begin(node->arena, node->event + 1));
    enum status status = collector_persist(node->arena, slots, COUNT_OF(slots), NULL);
    give_up(node);
    return status;
}

/* ---- one root --------------------------------------------------------------------- */

static enum status commit_root(struct node *node, enum arena_root root, noun n)
{
    const struct arena_commit *current = arena_current(node->arena);
    noun slots[] = {n, nock_registry(node->machine), nock_codes(node->machine)};
    struct arena_commit next = {.event_number = current->event_number};
    arena_origin_set(node->arena, node->origin);
    STATUS_TRY(collector_persist(node->arena, slots, 1, NULL));
    arena_origin_set(node->arena, "code");
    STATUS_TRY(collector_persist(node->arena, slots + 1, COUNT_OF(slots) - 1, NULL));
    memcpy(next.job_hash, current->job_hash, sizeof next.job_hash);
    memcpy(next.kernel_hash, current->kernel_hash, sizeof next.kernel_hash);
    memcpy(next.roots, current->roots, sizeof next.roots);
    next.roots[root] = slots[0];
    next.roots[ARENA_ROOT_REGISTRY] = slots[1];
    next.roots[ARENA_ROOT_CODE] = slots[2];
    return arena_commit_write(node->arena, &next);
}

enum status node_persist_root(struct node *node, enum arena_root root, noun n)
{
    STATUS_TRY(arena_commit_begin(node->arena, arena_current(node->arena)->event_number));
    enum status status = commit_root(node, root, n);
    node->origin[0] = 0;
    if (status != STATUS_OK) {
        give_up(node);
        return status;
    }
    nock_forget_ephemeral(node->machine, collector_forwarded);
    stack_clear(node->stack);
    return STATUS_OK;
}

/* ---- after a compaction ------------------------------------------------------------- */

void node_move(struct node *node, const struct arena_commit *commit, nock_moved_fn *moved, void *context)
{
    nock_translate(node->machine, moved, context);
    kernel_set_core(node->kernel, commit->roots[ARENA_ROOT_HOST]);
    node->trap = commit->roots[ARENA_ROOT_TRAP];
    stack_clear(node->stack);
}
