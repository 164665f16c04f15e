/* Calls that fail: the first, the second, the third ... of each kind, once and
 * for good, until a run passes in which none has failed.  Whatever fails, the
 * arena says so, and afterwards the file holds at least what was durable. */
#include "arena_test.h"
#include "lying_os.h"

#include <errno.h>

#define STEP_BYTES ((uint64_t)8 << 10)
static const struct arena_options options = {.growth_step_bytes = STEP_BYTES};
static const uint8_t kernel_hash[HASH_BLAKE3_SIZE_BYTES];

/* How far a run has come. */
struct progress {
    uint64_t written_event;
    uint64_t durable_event;
};

static enum status commit_some(struct arena *arena, struct progress *progress)
{
    static const unsigned sizes[] = {3, 700, 20, 900};
    for (unsigned i = 0; i < COUNT_OF(sizes); i++) {
        STATUS_TRY(arena_reserve(arena, sizes[i] * 24));
        STATUS_TRY(test_commit(arena, progress->written_event + 1, sizes[i]));
        progress->written_event++;
        if (i % 2 == 0)
            continue;
        STATUS_TRY(arena_sync(arena));
        progress->durable_event = progress->written_event;
        STATUS_TRY(arena_grow_ahead(arena));
    }
    return STATUS_OK;
}

static enum status work(struct arena *arena, struct progress *progress)
{
    STATUS_TRY(arena_choose(arena, 0));
    STATUS_TRY(commit_some(arena, progress));
    STATUS_TRY(arena_seal(arena));
    return arena_verify(arena, NULL, NULL);
}

static bool is_poisoned(struct arena *arena)
{
    return arena_commit_begin(arena, 1000) == STATUS_IO && arena_sync(arena) == STATUS_IO &&
           arena_reserve(arena, 1) == STATUS_IO && strstr(status_message(), "start again") != NULL;
}

/* After a refusal the same arena goes on; after anything else it is poisoned,
 * unless the failure was in reading. */
static bool ends_well(struct arena *arena, enum status status, struct progress *progress, bool writes_fail)
{
    if (status == STATUS_OK)
        return true;
    if (status == STATUS_NO_SPACE) {
        lying_pause();
        bool goes_on = commit_some(arena, progress) == STATUS_OK;
        if (!goes_on)
            tap_note("after a refusal: %s", status_message());
        return goes_on;
    }
    return !writes_fail || is_poisoned(arena);
}

static bool run(const char *path, struct progress *progress, bool writes_fail)
{
    struct arena *arena;
    if (arena_open(path, &options, &arena) != STATUS_OK)
        return status_message()[0] != 0;
    enum status status = work(arena, progress);
    bool is_good = ends_well(arena, status, progress, writes_fail);
    if (!is_good)
        tap_note("%s: %s", status_name(status), status_message());
    arena_close(arena);
    return is_good;
}

/* With nothing failing any more. */
static bool comes_back(const char *path, const struct progress *progress)
{
    struct arena *arena = test_open(path);
    uint64_t event_number = arena_current(arena)->event_number;
    bool is_good = event_number >= progress->durable_event && event_number <= progress->written_event + 1 &&
                   test_state_is_whole(arena) && test_commit(arena, event_number + 1, 3) == STATUS_OK &&
                   arena_seal(arena) == STATUS_OK && arena_verify(arena, NULL, NULL) == STATUS_OK;
    if (!is_good)
        tap_note("coming back at event %" PRIu64 " of %" PRIu64 " to %" PRIu64 ": %s", event_number,
                 progress->durable_event, progress->written_event, status_message());
    arena_close(arena);
    return is_good;
}

static void fail_each(const char *name, uint32_t call_mask, int error_number, bool for_good, bool writes_fail)
{
    bool is_good = true, has_failed = true;
    uint64_t runs = 0;
    for (; has_failed && is_good && runs < 10000; runs++) {
        const char *path = test_path();
        MUST(arena_create(path, &options, kernel_hash));
        struct progress progress = {0};
        lying_fail(call_mask, runs, error_number, for_good);
        is_good = run(path, &progress, writes_fail);
        has_failed = lying_failures() > 0;
        lying_pause();
        is_good = is_good && comes_back(path, &progress);
        MUST(os_remove(path));
    }
    tap_ok(is_good && !has_failed, "%s fails %s with %s: %" PRIu64 " runs", name, for_good ? "for good" : "once",
           strerror(error_number), runs);
}

static void creating_fails(void)
{
    const uint32_t mask = 1u << LYING_CALL_OPEN | 1u << LYING_CALL_WRITE | 1u << LYING_CALL_SYNC |
                          1u << LYING_CALL_ALLOCATE | 1u << LYING_CALL_RENAME;
    const char *path = test_path();
    enum status status = STATUS_IO;
    uint64_t runs = 0;
    bool is_good = true;
    for (; status != STATUS_OK && runs < 1000; runs++) {
        lying_fail(mask, runs, ENOSPC, false);
        status = arena_create(path, &options, kernel_hash);
        lying_pause();
        enum os_kind kind;
        MUST(os_kind_of(path, &kind));
        is_good = is_good && (kind == OS_KIND_FILE) == (status == STATUS_OK) &&
                  (status == STATUS_OK || status == STATUS_NO_SPACE || status == STATUS_IO);
    }
    tap_ok(is_good && status == STATUS_OK, "creating fails at each of its calls, and leaves no arena: %" PRIu64 " runs",
           runs);
    struct arena *arena = test_open(path);
    tap_ok(arena_verify(arena, NULL, NULL) == STATUS_OK, "until it works");
    arena_close(arena);
}

int main(void)
{
    space_open();
    creating_fails();
    const uint32_t writing = 1u << LYING_CALL_WRITE | 1u << LYING_CALL_SYNC;
    fail_each("writing or syncing", writing, EIO, false, true);
    fail_each("writing or syncing", writing, EIO, true, true);
    fail_each("writing", 1u << LYING_CALL_WRITE, ENOSPC, false, true);
    fail_each("writing", 1u << LYING_CALL_WRITE, EDQUOT, true, true);
    fail_each("syncing", 1u << LYING_CALL_SYNC, ENOSPC, false, false);
    fail_each("allocating", 1u << LYING_CALL_ALLOCATE, ENOSPC, false, true);
    fail_each("allocating", 1u << LYING_CALL_ALLOCATE, ENOSPC, true, true);
    fail_each("allocating", 1u << LYING_CALL_ALLOCATE, EIO, false, false);
    const uint32_t reading = 1u << LYING_CALL_OPEN | 1u << LYING_CALL_SIZE | 1u << LYING_CALL_READ |
                             1u << LYING_CALL_LOCK | 1u << LYING_CALL_MAP;
    fail_each("opening, reading, locking or mapping", reading, EIO, false, false);
    return tap_done();
}
