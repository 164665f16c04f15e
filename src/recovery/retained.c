/* What each root of a commit keeps, alone and with others, and what nobody keeps.
 *
 * Because an object refers only to lower addresses, and large atoms refer to
 * nothing, no stack is needed: the walk goes down through the commit's ranges once,
 * and when it comes to an object everything that refers to it has been seen, so the
 * set of owners that it has by then is all of them.  Objects have three words or
 * more, so one entry for three words suffices:
 *
 *   15        14..13           12 ... 0
 *   is cell   where it begins  a bit for each owner that reaches it; 0: no entry
 *
 * That is a twelfth of the segments, of which only what is reached is touched.  The
 * commit is pinned (a view's is).  What is no noun where one should be is met with
 * STATUS_CORRUPT; but the lists of snapshots and branches are believed, as everywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recovery/private.h"

#define OWNERS_MASK 0x1fffu
#define IS_CELL 0x8000u
#define BEGIN_SHIFT 13
#define WORDS_AN_ENTRY 3u
#define STEP_ENTRIES ((uint64_t)1 << 20)

static_assert(RECOVERY_OWNERS_MAX == 13, "a bit each");

struct walk {
    struct recovery_retained *retained;
    const struct arena_range *ranges; /* of segments: the first `segment_count` */
    size_t segment_count, range_count;
    uint16_t **entries; /* owned: of each range of segments */
    uint16_t *large;    /* owned: of each range that is a large object */
    size_t range_now;   /* where the last noun lay: the next is often near */
    uint64_t done_bytes, total_bytes;
    const struct recovery_listener *listener;
};

static enum status damaged(uint64_t offset_words)
{
    return status_fail(STATUS_CORRUPT,
                       "the object at byte %" PRIu64 " of the arena is not as it was written: `loam verify` says more",
                       offset_words * 8);
}

static bool is_in(const struct arena_range *range, uint64_t at_bytes)
{
    return at_bytes >= range->start_bytes && at_bytes < range->end_bytes;
}

/* The range of an address; range_count if there is none. */
static size_t range_of(struct walk *walk, uint64_t at_bytes)
{
    if (is_in(&walk->ranges[walk->range_now], at_bytes))
        return walk->range_now;
    size_t index = sorted_place(walk->ranges, walk->range_count, sizeof *walk->ranges,
                                offsetof(struct arena_range, end_bytes), at_bytes + 1);
    if (index == walk->range_count || !is_in(&walk->ranges[index], at_bytes))
        return walk->range_count;
    return walk->range_now = index;
}

/* ---- reaching ----------------------------------------------------------------------- */

static enum status reach_large(struct walk *walk, size_t index, uint64_t offset_words, unsigned owners)
{
    struct recovery_allocation *allocation = &walk->retained->allocations[index - walk->segment_count];
    if (walk->ranges[index].start_bytes != offset_words * 8)
        return damaged(offset_words);
    walk->large[index - walk->segment_count] |= (uint16_t)owners;
    allocation->references++;
    return STATUS_OK;
}

/* From an object at `limit_words`, of these owners. */
static inline enum status reach(struct walk *walk, noun n, uint64_t limit_words, unsigned owners)
{
    if (noun_is_direct(n))
        return STATUS_OK;
    uint64_t offset_words = noun_offset_words(n);
    size_t index = range_of(walk, offset_words * 8);
    if (index == walk->range_count || (!noun_is_cell(n) && !noun_is_indirect(n)))
        return damaged(offset_words);
    if (index >= walk->segment_count)
        return noun_is_cell(n) ? damaged(offset_words) : reach_large(walk, index, offset_words, owners);
    if (offset_words >= limit_words)
        return damaged(limit_words);
    uint64_t word = offset_words - walk->ranges[index].start_bytes / 8;
    uint16_t *entry = &walk->entries[index][word / WORDS_AN_ENTRY];
    unsigned kind = (unsigned)(word % WORDS_AN_ENTRY) << BEGIN_SHIFT | (noun_is_cell(n) ? IS_CELL : 0u);
    if (*entry != 0 && (*entry & ~OWNERS_MASK) != kind)
        return damaged(offset_words);
    *entry |= (uint16_t)(kind | owners);
    return STATUS_OK;
}

static void count(struct recovery_retained *retained, unsigned owners, uint64_t size_bytes, bool is_large)
{
    bool is_alone = (owners & (owners - 1)) == 0;
    for (size_t i = 0; i < retained->owner_count; i++) {
        struct recovery_owner *owner = &retained->owners[i];
        if ((owners >> i & 1) == 0)
            continue;
        owner->objects++;
        owner->reached_bytes += size_bytes;
        owner->large_bytes += is_large ? size_bytes : 0;
        owner->alone_bytes += is_alone ? size_bytes : 0;
    }
    retained->shared_bytes += is_alone ? 0 : size_bytes;
    if (is_large)
        retained->live_large_bytes += size_bytes;
    else
        retained->live_bytes += size_bytes;
}

static enum status visit(struct walk *walk, const struct arena_range *range, uint64_t entry_index, unsigned entry)
{
    uint64_t word = entry_index * WORDS_AN_ENTRY + (entry >> BEGIN_SHIFT & 3u);
    uint64_t offset_words = range->start_bytes / 8 + word, end_words = range->end_bytes / 8, size_words = 3;
    const uint64_t *words = noun_words_at(offset_words);
    if (offset_words + 3 > end_words)
        return damaged(offset_words);
    if ((entry & IS_CELL) == 0)
        size_words = words[1] > end_words - offset_words - 2 ? 0 : words[1] + 2;
    if (size_words == 0)
        return damaged(offset_words);
    count(walk->retained, entry & OWNERS_MASK, size_words * 8, false);
    if ((entry & IS_CELL) == 0)
        return STATUS_OK;
    STATUS_TRY(reach(walk, words[1], offset_words, entry & OWNERS_MASK));
    return reach(walk, words[2], offset_words, entry & OWNERS_MASK);
}

static enum status visit_four(struct walk *walk, size_t index, uint64_t first)
{
    for (unsigned i = 4; i-- > 0;) {
        uint16_t entry = walk->entries[index][first + i]; /* which those above may just have changed */
        if (entry != 0)
            STATUS_TRY(visit(walk, &walk->ranges[index], first + i, entry));
    }
    return STATUS_OK;
}

static void tell(struct walk *walk, uint64_t entries)
{
    walk->done_bytes += entries * WORDS_AN_ENTRY * 8;
    if (walk->done_bytes > walk->total_bytes)
        walk->done_bytes = walk->total_bytes;
    if (walk->listener->progress != NULL)
        walk->listener->progress(walk->listener->context, "counting bytes", walk->done_bytes, walk->total_bytes);
}

static uint64_t entries_of(const struct arena_range *range)
{
    uint64_t words = (range->end_bytes - range->start_bytes) / 8;
    return (words / WORDS_AN_ENTRY + 4) / 4 * 4; /* a multiple of four */
}

static enum status walk_range(struct walk *walk, size_t index)
{
    uint64_t count_entries = entries_of(&walk->ranges[index]), four;
    for (uint64_t first = count_entries; first > 0;) {
        first -= 4;
        memcpy(&four, walk->entries[index] + first, sizeof four); /* zeros where nothing is reached */
        if (four != 0)
            STATUS_TRY(visit_four(walk, index, first));
        if (first % STEP_ENTRIES == 0)
            tell(walk, first + STEP_ENTRIES <= count_entries ? STEP_ENTRIES : count_entries - first);
    }
    return STATUS_OK;
}

/* ---- owners ----------------------------------------------------------------------------- */

static const char *const root_labels[ARENA_ROOTS] = {
    [ARENA_ROOT_STATE] = "kernel state", [ARENA_ROOT_TRAP] = "kernel as booted",   [ARENA_ROOT_REGISTRY] = "jets",
    [ARENA_ROOT_CODE] = "code",          [ARENA_ROOT_COLLECTIONS] = "collections",
};

static struct recovery_owner *add_owner(struct recovery_retained *retained, const char *label)
{
    struct recovery_owner *owner = &retained->owners[retained->owner_count++];
    snprintf(owner->label, sizeof owner->label, "%s", label);
    return owner;
}

static enum status reach_from(struct walk *walk, noun root, const struct recovery_owner *owner)
{
    unsigned bit = 1u << (owner - walk->retained->owners);
    return reach(walk, root, UINT64_MAX, bit);
}

/* The core around the state is the state's too, and what is spare is nobody's. */
static enum status reach_roots(struct walk *walk, const struct arena_commit *commit)
{
    struct recovery_retained *retained = walk->retained;
    struct recovery_owner *state = NULL;
    for (unsigned i = 0; i < ARENA_ROOTS; i++) {
        if (root_labels[i] == NULL)
            continue;
        struct recovery_owner *owner = add_owner(retained, root_labels[i]);
        STATUS_TRY(reach_from(walk, commit->roots[i], owner));
        if (i == ARENA_ROOT_STATE)
            state = owner;
    }
    for (unsigned i = ARENA_ROOT_HOST; i < ARENA_ROOTS; i++)
        STATUS_TRY(reach_from(walk, commit->roots[i], state));
    return STATUS_OK;
}

/* Each by its name as long as there are bits; the rest together. */
static enum status reach_kept(struct walk *walk, const struct node *node)
{
    struct recovery_retained *retained = walk->retained;
    struct recovery_kept *list;
    size_t count;
    STATUS_TRY(node_kept_list(node, &list, &count));
    enum status status = STATUS_OK;
    size_t named = RECOVERY_OWNERS_MAX - 1 - retained->owner_count;
    for (size_t i = 0; i < count && i < named && status == STATUS_OK; i++) {
        char label[RECOVERY_OWNER_LABEL_BYTES];
        snprintf(label, sizeof label, "%s %s", list[i].is_branch ? "branch" : "snapshot", list[i].name);
        struct recovery_owner *owner = add_owner(retained, label);
        owner->event = list[i].event;
        owner->wall_ms = list[i].wall_ms;
        status = reach_from(walk, list[i].core, owner);
        if (status == STATUS_OK)
            status = reach_from(walk, list[i].trap, owner);
    }
    struct recovery_owner *rest = count > named ? add_owner(retained, "other snapshots") : NULL;
    for (size_t i = named; i < count && status == STATUS_OK; i++) {
        status = reach_from(walk, list[i].core, rest);
        if (status == STATUS_OK)
            status = reach_from(walk, list[i].trap, rest);
    }
    free(list);
    return status;
}

static uint64_t atom_bytes(noun n)
{
    return n != NOUN_NONE && noun_is_indirect(n) ? (noun_words(n)[1] + 2) * 8 : 0;
}

#define RECORD_CELLS 6 /* of recovery/kept.c: of them, five have an atom as their head */

/* The lists refer to all snapshots, and so own nothing but themselves. */
static void count_shelf(struct recovery_retained *retained, noun shelf)
{
    if (!noun_is_cell(shelf))
        return;
    retained->list_bytes += 24;
    for (noun rest = noun_tail(shelf); noun_is_cell(rest); rest = noun_tail(rest)) {
        noun record = noun_head(rest);
        retained->list_bytes += 24;
        for (unsigned i = 0; i < RECORD_CELLS && noun_is_cell(record); i++, record = noun_tail(record))
            retained->list_bytes += 24 + (i + 1 < RECORD_CELLS ? atom_bytes(noun_head(record)) : 0);
    }
}

static uint64_t list_length(noun list)
{
    uint64_t length = 0;
    for (; noun_is_cell(list); list = noun_tail(list))
        length++;
    return length;
}

/* ---- the whole ------------------------------------------------------------------------------ */

struct listing {
    struct walk *walk;
    size_t next;
};

static void take_object(void *context, const struct arena_large_object *object)
{
    struct listing *listing = context;
    struct walk *walk = listing->walk;
    while (listing->next < walk->range_count - walk->segment_count &&
           walk->ranges[walk->segment_count + listing->next].start_bytes < noun_offset_words(object->atom) * 8)
        listing->next++;
    if (listing->next == walk->range_count - walk->segment_count ||
        walk->ranges[walk->segment_count + listing->next].start_bytes != noun_offset_words(object->atom) * 8)
        return;
    walk->retained->allocations[listing->next].object = *object;
}

static enum status allocate(struct walk *walk, struct arena *arena)
{
    size_t large_count = walk->range_count - walk->segment_count;
    struct listing listing = {.walk = walk};
    walk->entries = calloc(walk->segment_count + 1, sizeof *walk->entries);
    walk->large = calloc(large_count + 1, sizeof *walk->large);
    walk->retained->allocations = calloc(large_count + 1, sizeof *walk->retained->allocations);
    bool is_good = walk->entries != NULL && walk->large != NULL && walk->retained->allocations != NULL;
    for (size_t i = 0; is_good && i < walk->segment_count; i++) {
        walk->entries[i] = calloc(entries_of(&walk->ranges[i]), sizeof **walk->entries);
        walk->total_bytes += walk->ranges[i].end_bytes - walk->ranges[i].start_bytes;
        is_good = walk->entries[i] != NULL;
    }
    if (!is_good)
        return status_fail(STATUS_NO_MEMORY, "no memory to count the arena's objects: a twelfth of it is needed");
    walk->retained->allocation_count = large_count;
    arena_large_each(arena, take_object, &listing);
    return STATUS_OK;
}

static enum status walk_all(struct walk *walk, const struct node *node, const struct arena_commit *commit)
{
    STATUS_TRY(allocate(walk, node->arena));
    if (walk->range_count == 0)
        return STATUS_OK;
    STATUS_TRY(reach_roots(walk, commit));
    STATUS_TRY(reach_kept(walk, node));
    for (size_t i = walk->segment_count; i-- > 0;)
        STATUS_TRY(walk_range(walk, i));
    for (size_t i = 0; i < walk->retained->allocation_count; i++) {
        const struct arena_range *range = &walk->ranges[walk->segment_count + i];
        walk->retained->allocations[i].owners = walk->large[i];
        if (walk->large[i] != 0)
            count(walk->retained, walk->large[i], range->end_bytes - range->start_bytes, true);
    }
    count_shelf(walk->retained, commit->roots[ARENA_ROOT_SNAPSHOTS]);
    count_shelf(walk->retained, commit->roots[ARENA_ROOT_BRANCHES]);
    walk->retained->formula_count = list_length(commit->roots[ARENA_ROOT_CODE]); /* seen to be nouns by now */
    return STATUS_OK;
}

static void release(struct walk *walk)
{
    for (size_t i = 0; walk->entries != NULL && i < walk->segment_count; i++)
        free(walk->entries[i]);
    free(walk->entries);
    free(walk->large);
}

enum status node_retained(const struct node *view, struct recovery_retained *retained)
{
    const struct arena_commit *commit = arena_current(view->arena);
    struct arena_range *ranges;
    struct walk walk = {.retained = retained, .listener = &view->options.listener};
    CHECK(view->is_view);
    *retained = (struct recovery_retained){0};
    STATUS_TRY(arena_ranges(view->arena, commit, &ranges, &walk.range_count));
    walk.ranges = ranges;
    while (walk.segment_count < walk.range_count && ranges[walk.segment_count].start_bytes < NOUN_LARGE_START_BYTES)
        walk.segment_count++;
    enum status status = walk_all(&walk, view, commit);
    release(&walk);
    free(ranges);
    if (status != STATUS_OK)
        node_retained_finish(retained);
    return status;
}

void node_retained_finish(struct recovery_retained *retained)
{
    free(retained->allocations);
    *retained = (struct recovery_retained){0};
}
