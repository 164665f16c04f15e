/* The arena in every state that a power cut can leave it in: invariants 1, 2,
 * 3, 5 and 7 (docs/invariants.md).
 *
 * A workload runs once, and the lying os writes down what it did to the file.
 * Then, for every point of that journal, every unsynced write is kept, lost or
 * torn (exhaustively while there are few), the file that results is opened,
 * and must hold a commit that was written, is whole, is no older than what was
 * durable, and can be continued. */
#include "arena_test.h"
#include "arena/private.h"
#include "lying_os.h"
#include "seen.h"

#include <errno.h>

#define PENDING_EXHAUSTIVE_MAX 9
#define RANDOM_STATES 40
#define STEP_BYTES ((uint64_t)8 << 10)

/* ---- the model: what the workload was told --------------------------------- */

enum event_kind { NOTE_WRITTEN = 1, NOTE_DURABLE, NOTE_CHOSEN, NOTE_ERASED };

#define COMMITS_MAX 256
static struct {
    uint64_t event_number;
    uint64_t state_hash;
} model[COMMITS_MAX]; /* by commit id; 0 is the empty arena */
static uint64_t model_count;

static void note(enum event_kind kind, uint64_t id)
{
    lying_note((uint64_t)kind << 32 | id);
}

struct expectation {
    bool is_allowed[COMMITS_MAX];
    uint64_t oldest_id;
};

/* What may be found after a power cut at `point`. */
static void expect_at(size_t point, struct expectation *expectation)
{
    *expectation = (struct expectation){.is_allowed = {true}};
    uint64_t chosen_id = COMMITS_MAX - 1, written_id = 0;
    bool is_past = false;
    for (size_t i = 0; i < lying_count() && !is_past; i++) {
        const struct lying_operation *operation = lying_operation(i);
        if (operation->kind != LYING_NOTE)
            continue;
        is_past = i >= point;
        uint64_t id = operation->offset_bytes & 0xffffffff;
        switch ((enum event_kind)(operation->offset_bytes >> 32)) {
        case NOTE_WRITTEN: /* the first one past the point was being written */
            expectation->is_allowed[id] = true;
            written_id = id;
            break;
        case NOTE_DURABLE:
            expectation->oldest_id = is_past ? expectation->oldest_id : id;
            break;
        case NOTE_CHOSEN:
            chosen_id = is_past ? chosen_id : id;
            if (!is_past && id < expectation->oldest_id)
                expectation->oldest_id = id;
            break;
        case NOTE_ERASED:
            for (uint64_t late = chosen_id + 1; late <= written_id && !is_past; late++)
                expectation->is_allowed[late] = false;
            break;
        }
    }
}

/* ---- workloads ------------------------------------------------------------- */

static uint64_t next_event;

static void commit(struct arena *arena, unsigned cells)
{
    MUST(test_commit(arena, ++next_event, cells));
    CHECK(model_count < COMMITS_MAX);
    model[model_count].event_number = next_event;
    model[model_count].state_hash = arena_current(arena)->state_hash;
    note(NOTE_WRITTEN, model_count++);
}

static void sync_all(struct arena *arena)
{
    MUST(arena_sync(arena));
    note(NOTE_DURABLE, model_count - 1);
}

static struct arena *open_with_small_steps(const char *path)
{
    struct arena *arena;
    MUST(arena_open(path, &(struct arena_options){.growth_step_bytes = STEP_BYTES}, &arena));
    arena->moves.pause_ns = 0;
    arena->moves.batch_pages = 2;
    return arena;
}

static struct arena *open_newest(const char *path)
{
    struct arena *arena = open_with_small_steps(path);
    MUST(arena_choose(arena, 0));
    return arena;
}

static void a_sync_after_each(const char *path)
{
    struct arena *arena = open_newest(path);
    for (unsigned i = 0; i < 4; i++) {
        commit(arena, 1 + 7 * i);
        sync_all(arena);
    }
    arena_close(arena);
}

static void four_in_flight(const char *path)
{
    struct arena *arena = open_newest(path);
    for (unsigned i = 0; i < 4; i++)
        commit(arena, 3 + 20 * i);
    sync_all(arena);
    commit(arena, 2);
    commit(arena, 40);
    arena_close(arena);
}

static void growth(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 300);
    commit(arena, 300);
    sync_all(arena);
    commit(arena, 900);
    MUST(arena_grow_ahead(arena));
    commit(arena, 1);
    arena_close(arena);
}

static void sealing_and_reopening(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 5);
    MUST(arena_seal(arena));
    note(NOTE_DURABLE, model_count - 1);
    arena_close(arena);
    arena = open_newest(path);
    commit(arena, 6);
    arena_close(arena); /* the process dies; the page cache lives */
    arena = open_newest(path);
    commit(arena, 7);
    sync_all(arena);
    arena_close(arena);
}

static void a_wrapping_ring(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 2);
    sync_all(arena);
    for (unsigned i = 0; i < 20; i++)
        commit(arena, 1 + i % 3);
    sync_all(arena);
    commit(arena, 1);
    arena_close(arena);
}

static void an_older_choice(const char *path)
{
    struct arena *arena = open_newest(path);
    for (unsigned i = 0; i < 4; i++)
        commit(arena, 4);
    sync_all(arena);
    commit(arena, 4);
    arena_close(arena);
    arena = open_with_small_steps(path);
    MUST(arena_choose(arena, 3));
    uint64_t id = model_count - 4;
    CHECK(model[id].state_hash == arena_current(arena)->state_hash);
    next_event = model[id].event_number;
    note(NOTE_CHOSEN, id);
    MUST(arena_reserve(arena, 100));
    note(NOTE_ERASED, id);
    commit(arena, 9);
    commit(arena, 9);
    sync_all(arena);
    arena_close(arena);
}

/* The kernel may forget what a failed sync was about; what the next process
 * finds in the page cache it writes again. */
static void a_failed_sync(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 4);
    sync_all(arena);
    commit(arena, 5);
    commit(arena, 6);
    lying_fail(1u << LYING_CALL_SYNC, 0, EIO, false);
    CHECK(arena_sync(arena) == STATUS_IO);
    lying_pause();
    CHECK(test_commit(arena, 1000, 1) == STATUS_IO);
    arena_close(arena);
    arena = open_newest(path);
    commit(arena, 7);
    sync_all(arena);
    commit(arena, 8);
    arena_close(arena);
}

/* The segment of a commit that the disk refused is whole, of the same event,
 * sequence and size as the one that takes its place; only the chain tells them
 * apart. */
static void a_refused_commit(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 40);
    sync_all(arena);
    MUST(arena_commit_begin(arena, next_event + 1));
    struct arena_commit refused = *arena_current(arena);
    refused.event_number = next_event + 1;
    refused.roots[ARENA_ROOT_STATE] = test_next_state(arena, refused.roots[ARENA_ROOT_STATE], 1000, 60);
    lying_fail(1u << LYING_CALL_WRITE, 1, ENOSPC, false);
    CHECK(arena_commit_write(arena, &refused) == STATUS_NO_SPACE);
    lying_pause();
    commit(arena, 60);
    commit(arena, 1);
    sync_all(arena);
    arena_close(arena);
}

/* A compaction gives a superblock of the same event and state, so it is the same
 * commit to the model; it is durable on return. */
static void compact(struct arena *arena, uint64_t from_bytes, void (*between)(struct arena *arena))
{
    MUST(test_compact(arena, from_bytes, 40000, between));
    CHECK(model[model_count - 1].state_hash == arena_current(arena)->state_hash);
    note(NOTE_DURABLE, model_count - 1);
}

static void commit_beside(struct arena *arena)
{
    commit(arena, 30);
    commit(arena, 3);
}

static void a_compaction(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 5);
    uint64_t boundary = arena_current(arena)->watermark_bytes;
    commit(arena, 40);
    compact(arena, boundary, commit_beside);
    commit(arena, 4);
    sync_all(arena);
    arena_close(arena);
}

/* What is freed is used again, by commits and by the next compaction. */
static void pages_used_again(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 300);
    sync_all(arena);
    for (unsigned i = 0; i < 3; i++) {
        compact(arena, 0, i == 1 ? commit_beside : NULL);
        sync_all(arena);
        commit(arena, 250);
        sync_all(arena);
        commit(arena, 1);
    }
    arena_close(arena);
}

static void a_compaction_given_up(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 20);
    struct arena_compaction *compaction;
    MUST(arena_compaction_begin(arena, 0, 20000, &compaction));
    for (unsigned i = 0; i < 500; i++)
        CHECK(test_cell_in(arena_compaction_builder(compaction), i, i) != NOUN_NONE);
    MUST(arena_compaction_sync(compaction));
    commit(arena, 3);
    arena_compaction_abort(arena, compaction);
    commit(arena, 60);
    sync_all(arena);
    commit(arena, 4);
    arena_close(arena);
}

/* The process dies half way; the next one begins again. */
static void a_compaction_interrupted(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 20);
    sync_all(arena);
    struct arena_compaction *compaction;
    MUST(arena_compaction_begin(arena, 0, 20000, &compaction));
    for (unsigned i = 0; i < 500; i++)
        CHECK(test_cell_in(arena_compaction_builder(compaction), i, i) != NOUN_NONE);
    commit(arena, 3);
    arena_close(arena);
    arena = open_newest(path);
    commit(arena, 30);
    compact(arena, 0, commit_beside);
    sync_all(arena);
    commit(arena, 2);
    arena_close(arena);
}

/* The log does not know the compaction's event: the commit before it is taken,
 * which the compaction has left whole. */
static void a_compaction_abandoned(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 20);
    sync_all(arena);
    uint64_t id = model_count - 1;
    arena_boundary_set(arena, model[id].event_number);
    commit(arena, 5);
    compact(arena, 0, NULL);
    commit(arena, 5);
    sync_all(arena);
    arena_close(arena);
    arena = open_with_small_steps(path);
    size_t count, index = 0;
    const struct arena_commit *commits = arena_commits(arena, &count);
    while (commits[index].event_number > model[id].event_number)
        index++;
    MUST(arena_choose(arena, index));
    CHECK(test_state_is_whole(arena));
    next_event = model[id].event_number;
    note(NOTE_CHOSEN, id);
    MUST(arena_reserve(arena, 100));
    note(NOTE_ERASED, id);
    commit(arena, 300);
    sync_all(arena);
    compact(arena, 0, NULL);
    arena_close(arena);
}

static void a_file_that_shrinks(const char *path)
{
    struct arena *arena = open_newest(path);
    MUST(arena_reserve(arena, 400000));
    commit(arena, 3);
    sync_all(arena);
    for (unsigned i = 0; i < 2; i++) {
        compact(arena, 0, NULL);
        for (unsigned j = 0; j < 17; j++)
            commit(arena, 1);
        sync_all(arena);
    }
    commit(arena, 3);
    arena_close(arena);
}

static void large_objects(const char *path)
{
    struct arena *arena = open_newest(path);
    for (unsigned i = 0; i < 3; i++) {
        next_event++;
        MUST(test_commit_large(arena, next_event, test_large(arena, 1500 + i * 700, next_event << 32)));
        model[model_count].event_number = next_event;
        model[model_count].state_hash = arena_current(arena)->state_hash;
        note(NOTE_WRITTEN, model_count++);
        if (i == 1)
            sync_all(arena);
    }
    compact(arena, 0, NULL); /* frees them */
    commit(arena, 200);
    sync_all(arena);
    commit(arena, 200);
    arena_close(arena);
}

static noun commit_large(struct arena *arena, uint64_t words)
{
    next_event++;
    noun atom = test_large(arena, words, next_event << 32);
    MUST(test_commit_large(arena, next_event, atom));
    model[model_count].event_number = next_event;
    model[model_count].state_hash = arena_current(arena)->state_hash;
    note(NOTE_WRITTEN, model_count++);
    return atom;
}

/* Everything is dead but one large object, the last in the file, and the state;
 * what is dead may be used. */
static void leave_the_last(const char *path)
{
    struct arena *arena = open_newest(path);
    arena->moves.next_ns = UINT64_MAX; /* not yet */
    for (unsigned i = 0; i < 5; i++)
        commit_large(arena, 2500);
    noun atom = commit_large(arena, 3000);
    struct arena_compaction *compaction;
    struct arena_compaction_space space;
    MUST(arena_compaction_begin(arena, 0, 4000, &compaction));
    arena_compaction_space(compaction, &space);
    struct arena_commit compacted = *arena_current(arena);
    compacted.roots[ARENA_ROOT_STATE] =
        test_copy_list(arena_compaction_builder(compaction), &space, compacted.roots[ARENA_ROOT_STATE], false);
    arena_compaction_keep_large(compaction, atom);
    MUST(arena_compaction_publish(arena, compaction, &compacted));
    for (unsigned i = 0; i < 2 * ARENA_RING_SLOTS; i++) { /* the ring turns over */
        MUST(arena_sync(arena));
        commit(arena, 1);
    }
    MUST(arena_sync(arena));
    arena_close(arena);
}

static void check_moved(struct arena *arena)
{
    struct arena_statistics statistics;
    arena_statistics(arena, &statistics);
    CHECK(statistics.moved_bytes > 3000 * 8);
}

/* With nothing beside them: each batch is a superblock of its own. */
static void moves(const char *path)
{
    struct arena *arena = open_newest(path);
    MUST(arena_reserve(arena, 100));
    for (unsigned i = 0; i < 8; i++)
        sync_all(arena);
    check_moved(arena);
    commit(arena, 3);
    arena_close(arena);
}

/* Commits between copying and moving carry what moves. */
static void moves_beside_commits(const char *path)
{
    struct arena *arena = open_newest(path);
    for (unsigned i = 0; i < 8; i++) {
        commit(arena, 2 + 9 * i);
        sync_all(arena);
    }
    check_moved(arena);
    commit(arena, 3);
    arena_close(arena);
}

/* The process dies with a batch that is copied and not moved; the flush of the
 * next one's fails. */
static void moves_interrupted(const char *path)
{
    struct arena *arena = open_newest(path);
    commit(arena, 4);
    sync_all(arena);
    CHECK(arena->moves.count > 0);
    commit(arena, 5);
    arena_close(arena);
    arena = open_newest(path);
    commit(arena, 4);
    sync_all(arena);
    CHECK(arena->moves.count > 0);
    lying_fail(1u << LYING_CALL_SYNC, 0, EIO, false);
    commit(arena, 1);
    CHECK(arena_sync(arena) == STATUS_IO);
    lying_pause();
    arena_close(arena);
    arena = open_newest(path);
    for (unsigned i = 0; i < 8; i++) {
        commit(arena, 4);
        sync_all(arena);
    }
    check_moved(arena);
    arena_close(arena);
}

/* What an older format did not have yet. */
static void forget_newer(struct arena_superblock *superblock, uint32_t version)
{
    superblock->format_version = version;
    if (version == 2) {
        CHECK(superblock->allocations_page == 0);
        memset(superblock->origins, 0, sizeof superblock->origins);
        return;
    }
    CHECK(superblock->range_count == 1);
    superblock->directory_page = superblock->free_page = 0;
    size_t old_bytes = offsetof(struct arena_superblock, directory_checksum);
    memset((uint8_t *)superblock + old_bytes, 0, sizeof *superblock - old_bytes);
}

/* Rewrites a file as an older format would have written it; for format 1, one whose
 * pages are all where their addresses say. */
static void make_format(const char *path, uint32_t version)
{
    struct arena *arena = open_newest(path);
    for (unsigned i = 0; i < 3; i++)
        commit(arena, 9);
    MUST(arena_sync(arena));
    uint64_t seed = hash_xxh3_64(arena_identity(arena), ARENA_IDENTITY_SIZE_BYTES);
    arena_close(arena);
    struct os_file *file;
    struct arena_identity_page identity;
    struct arena_superblock superblock;
    MUST(os_file_open(path, OS_OPEN_WRITE, &file));
    MUST(os_file_read(file, 0, &identity, sizeof identity));
    identity.format_version = version;
    identity.checksum = hash_xxh3_64(&identity, offsetof(struct arena_identity_page, checksum));
    MUST(os_file_write(file, 0, &identity, sizeof identity));
    for (unsigned i = 0; i < ARENA_RING_SLOTS; i++) {
        uint64_t at = ARENA_RING_START_BYTES + i * sizeof superblock;
        MUST(os_file_read(file, at, &superblock, sizeof superblock));
        if (superblock.sequence == 0)
            continue;
        forget_newer(&superblock, version);
        superblock.checksum = hash_xxh3_64_seeded(&superblock, offsetof(struct arena_superblock, checksum), seed);
        MUST(os_file_write(file, at, &superblock, sizeof superblock));
    }
    os_file_close(file);
}

static void make_format_1(const char *path)
{
    make_format(path, 1);
}

static void make_format_2(const char *path)
{
    make_format(path, 2);
}

static void from_older_format(const char *path)
{
    struct arena *arena = open_newest(path);
    CHECK(arena_current(arena)->event_number == 3);
    commit(arena, 12);
    commit(arena, 12);
    sync_all(arena);
    compact(arena, 0, commit_beside);
    commit(arena, 300);
    sync_all(arena);
    commit(arena, 3);
    arena_close(arena);
}

/* ---- one crash state ------------------------------------------------------- */

static struct {
    char path[4096];
    uint8_t *base;
    struct seen seen; /* hashes of the images tried */
    uint64_t tried;
    uint64_t wrong;
} crash;

static void write_image(const uint8_t *bytes, size_t size_bytes)
{
    static struct os_file *file;
    if (file == NULL)
        MUST(os_file_open(crash.path, OS_OPEN_CREATE, &file));
    MUST(os_file_truncate(file, size_bytes));
    MUST(os_file_write(file, 0, bytes, size_bytes));
}

static bool large_is_whole(noun atom)
{
    return noun_is_direct(atom) || noun_words(atom)[0] == noun_hash_atom(atom);
}

static bool is_expected(const struct arena *arena, const struct expectation *expectation)
{
    const struct arena_commit *found = arena_current(arena);
    for (uint64_t id = expectation->oldest_id; id < model_count; id++)
        if (expectation->is_allowed[id] && model[id].event_number == found->event_number &&
            model[id].state_hash == found->state_hash)
            return test_state_is_whole(arena) && large_is_whole(found->roots[ARENA_ROOT_CODE]);
    return false;
}

/* Another event on top, a clean stop, and everything is whole again. */
static bool can_go_on(struct arena *arena)
{
    uint64_t event = arena_current(arena)->event_number + 1;
    if (arena_reserve(arena, 1000) != STATUS_OK || test_commit(arena, event, 5) != STATUS_OK ||
        arena_seal(arena) != STATUS_OK)
        return false;
    arena_close(arena);
    arena = open_newest(crash.path);
    bool is_good = arena_current(arena)->event_number == event && arena_current(arena)->tail_bytes == 0 &&
                   arena_verify(arena, NULL, NULL) == STATUS_OK;
    arena_close(arena);
    return is_good;
}

static bool recovers(const struct expectation *expectation)
{
    struct arena *arena;
    if (arena_open(crash.path, &(struct arena_options){.growth_step_bytes = STEP_BYTES}, &arena) != STATUS_OK)
        return false;
    size_t count, index = 0;
    arena_commits(arena, &count);
    while (index < count && arena_choose(arena, index) != STATUS_OK)
        index++;
    if (index < count && is_expected(arena, expectation))
        return can_go_on(arena);
    arena_close(arena);
    return false;
}

static void try_state(size_t point, const size_t *pending, size_t count, lying_keep *keep, void *context,
                      const struct expectation *expectation)
{
    size_t size_bytes;
    const uint8_t *bytes = lying_image(point, pending, count, keep, context, &size_bytes);
    /* the same file may be right at one point and wrong at another */
    if (!seen_add(&crash.seen, hash_xxh3_64_seeded(bytes, size_bytes, expectation->oldest_id)))
        return;
    crash.tried++;
    write_image(bytes, size_bytes);
    uint8_t *base = noun_base;
    noun_space_enter(crash.base);
    if (!recovers(expectation)) {
        if (crash.wrong++ == 0)
            tap_note("the first wrong state: after %zu operations, %zu of them pending: %s", point, count,
                     status_message());
    }
    noun_space_enter(base);
}

/* ---- which states ---------------------------------------------------------- */

struct choice {
    uint64_t kept;       /* whole operations, a bit each, of the first 64; all of the rest if bit 63 */
    size_t torn;         /* of this operation ... */
    size_t sector;       /* ... the sectors below this one are kept; */
    bool is_upside_down; /* or those from it on */
    uint64_t random;     /* not 0: each sector for itself */
};

static bool keep_by_choice(void *context, size_t index, size_t sector)
{
    struct choice *choice = context;
    if (choice->random != 0)
        return tap_random(&choice->random) >> 63 != 0;
    if (index == choice->torn)
        return (sector < choice->sector) != choice->is_upside_down;
    return choice->kept >> (index < 63 ? index : 63) & 1;
}

#define NOT_TORN SIZE_MAX

static void try_choice(size_t point, const size_t *pending, size_t count, struct choice choice,
                       const struct expectation *expectation)
{
    try_state(point, pending, count, keep_by_choice, &choice, expectation);
}

/* Each write torn at each sector, both ways, with all others lost and kept;
 * where many are pending, every third of them. */
static void try_tearing(size_t point, const size_t *pending, size_t count, const struct expectation *expectation)
{
    for (size_t i = 0; i<count; i += count> PENDING_EXHAUSTIVE_MAX ? 3 : 1) {
        size_t sectors = lying_operation(pending[i])->size_bytes / LYING_SECTOR_BYTES + 1;
        size_t stride = sectors > 16 ? sectors / 16 : 1;
        for (size_t sector = 1; sector < sectors; sector += stride)
            for (unsigned way = 0; way < 4; way++)
                try_choice(point, pending, count,
                           (struct choice){.kept = way & 1 ? UINT64_MAX : 0,
                                           .torn = i,
                                           .sector = sector,
                                           .is_upside_down = (way & 2) != 0},
                           expectation);
    }
}

static void try_subsets(size_t point, const size_t *pending, size_t count, const struct expectation *expectation)
{
    if (count <= PENDING_EXHAUSTIVE_MAX) {
        for (uint64_t kept = 0; kept < (uint64_t)1 << count; kept++)
            try_choice(point, pending, count, (struct choice){.kept = kept, .torn = NOT_TORN}, expectation);
        return;
    }
    for (size_t i = 0; i <= count && i < 63; i++) {
        uint64_t bit = (uint64_t)1 << i;
        uint64_t sets[] = {bit - 1, ~(bit - 1), bit, ~bit};
        for (unsigned set = 0; set < COUNT_OF(sets); set++)
            try_choice(point, pending, count, (struct choice){.kept = sets[set], .torn = NOT_TORN}, expectation);
    }
}

static void try_point(size_t point, uint64_t *random)
{
    struct expectation expectation;
    expect_at(point, &expectation);
    size_t *pending = calloc(point + 1, sizeof *pending);
    CHECK(pending != NULL);
    size_t count = lying_pending(point, pending);
    try_subsets(point, pending, count, &expectation);
    try_tearing(point, pending, count, &expectation);
    for (unsigned i = 0; i < RANDOM_STATES; i++) {
        try_choice(point, pending, count, (struct choice){.random = tap_random(random) | 1, .torn = NOT_TORN},
                   &expectation);
        try_choice(point, pending, count, (struct choice){.kept = tap_random(random), .torn = NOT_TORN}, &expectation);
    }
    free(pending);
}

static void crash_from(const char *name, void (*prepare)(const char *path), void (*workload)(const char *path),
                       uint64_t *random)
{
    const char *path = test_path();
    test_create(path);
    model_count = 0;
    model[model_count].event_number = next_event = 0;
    model[model_count++].state_hash = noun_hash_atom(0);
    if (prepare != NULL)
        prepare(path);
    lying_watch(path);
    note(NOTE_WRITTEN, model_count - 1);
    note(NOTE_DURABLE, model_count - 1);
    workload(path);
    uint64_t tried = crash.tried, wrong = crash.wrong;
    for (size_t point = 0; point <= lying_count(); point++)
        if (point == lying_count() || lying_operation(point)->kind != LYING_NOTE)
            try_point(point, random);
    tap_ok(crash.wrong == wrong, "%s: %" PRIu64 " crash states, none lost", name, crash.tried - tried);
}

static void crash_everywhere(const char *name, void (*workload)(const char *path), uint64_t *random)
{
    crash_from(name, NULL, workload, random);
}

int main(void)
{
    space_open();
    MUST(os_map_reserve(NOUN_SPACE_BYTES, &crash.base));
    snprintf(crash.path, sizeof crash.path, "%s", test_path());
    uint64_t random = tap_seed();
    crash_everywhere("a sync after each commit", a_sync_after_each, &random);
    crash_everywhere("four commits in flight", four_in_flight, &random);
    crash_everywhere("growth", growth, &random);
    crash_everywhere("sealing and reopening", sealing_and_reopening, &random);
    crash_everywhere("a ring that wraps", a_wrapping_ring, &random);
    crash_everywhere("an older commit chosen", an_older_choice, &random);
    crash_everywhere("a refused commit", a_refused_commit, &random);
    crash_everywhere("a failed sync", a_failed_sync, &random);
    crash_everywhere("a compaction with commits beside", a_compaction, &random);
    crash_everywhere("freed pages used again", pages_used_again, &random);
    crash_everywhere("a compaction given up", a_compaction_given_up, &random);
    crash_everywhere("a compaction interrupted and begun again", a_compaction_interrupted, &random);
    crash_everywhere("a compaction that the log does not know", a_compaction_abandoned, &random);
    crash_everywhere("a file that shrinks", a_file_that_shrinks, &random);
    crash_everywhere("large objects", large_objects, &random);
    crash_from("moves", leave_the_last, moves, &random);
    crash_from("moves beside commits", leave_the_last, moves_beside_commits, &random);
    crash_from("moves interrupted", leave_the_last, moves_interrupted, &random);
    crash_from("an arena of format 1", make_format_1, from_older_format, &random);
    crash_from("an arena of format 2", make_format_2, from_older_format, &random);
    tap_note("%" PRIu64 " crash states tried, %" PRIu64 " lost", crash.tried, crash.wrong);
    return tap_done();
}
