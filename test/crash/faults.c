/* Every call of every kind failing: the first, the second, the third ... once
 * and for good, until a life passes in which none has failed.
 *
 * A life is what a machine does from its start to its end.  Whatever fails in
 * it, the process ends it in order and says why; and the next start, with
 * nothing failing, stands at the newest acknowledged event or the one that was
 * tried after it.  An interrupted or a short call is no failure at all.
 *
 * usage: faults [--stride N] [--from N]    every Nth call only, from the Nth
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "codec/codec.h"
#include "machine.h"
#include "os/os.h"
#include "tap.h"

#define EVENTS 5
#define CALLS_MAX 100000

static uint64_t stride = 13, first_call;

/* ---- lives -------------------------------------------------------------------------- */

struct life {
    const char *name;
    void (*prepare)(const char *directory);
    /* Returns what stopped it, or STATUS_OK. */
    enum status (*run)(const char *directory, uint64_t *acknowledged, bool *was_refused);
    uint64_t start_event;
    bool may_be_none; /* there need be no machine after it */
    bool may_warn;
};

/* A counter's state after event n is n, so the number says it all. */
static enum status poke_some(struct host *host, uint64_t count, uint64_t *acknowledged, bool *was_refused)
{
    for (uint64_t i = 0; i < count; i++) {
        noun cause;
        struct host_event event;
        host_reset(host);
        /* one of them is a row of several pages */
        const char *text = i == 1 ? "[%do [%text 1 2 3 'a text that is a little longer'] 0]" : "%inc";
        STATUS_TRY(codec_read(host_stack(host), "cause", text, strlen(text), &cause));
        STATUS_TRY(host_poke(host, host_wire(host, "crash", NULL), cause, &event));
        if (event.answer == HOST_ACCEPTED)
            *acknowledged = event.number;
        else
            *was_refused = true;
    }
    return STATUS_OK;
}

static enum status events_and_restart(const char *directory, uint64_t *acknowledged, bool *was_refused)
{
    for (unsigned round = 0; round < 2; round++) {
        struct host *host;
        STATUS_TRY(host_open(directory, NULL, NULL, &host));
        enum status status = poke_some(host, round == 0 ? 3 : EVENTS - 3, acknowledged, was_refused);
        host_close(host);
        STATUS_TRY(status);
    }
    return STATUS_OK;
}

static enum status create_and_run(const char *directory, uint64_t *acknowledged, bool *was_refused)
{
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL);
    struct host *host;
    enum status status = host_create(directory, &kernel, NULL, NULL, &host);
    free((void *)kernel.bytes);
    STATUS_TRY(status);
    status = poke_some(host, 1, acknowledged, was_refused);
    host_close(host);
    return status;
}

static enum status upgrade(const char *directory, uint64_t *acknowledged, bool *was_refused)
{
    struct host_kernel kernel = crash_kernel(CRASH_KERNEL_NEXT);
    struct host *host;
    enum status status = host_open(directory, &kernel, NULL, &host);
    free((void *)kernel.bytes);
    STATUS_TRY(status);
    status = poke_some(host, 1, acknowledged, was_refused);
    host_close(host);
    return status;
}

static void prepare_nothing(const char *directory)
{
    (void)directory;
}

static void prepare_three_events(const char *directory)
{
    uint64_t acknowledged;
    bool was_refused;
    crash_create(directory);
    struct host *host = crash_open(directory, NULL);
    crash_must(poke_some(host, 3, &acknowledged, &was_refused), "poking");
    host_close(host);
}

static void prepare_lost_arena(const char *directory)
{
    char path[4200];
    prepare_three_events(directory);
    snprintf(path, sizeof path, "%s/%s", directory, ARENA_FILE_NAME);
    crash_must(os_remove(path), "removing the arena");
}

static const struct life lives[] = {
    {.name = "events and a restart", .prepare = crash_create, .run = events_and_restart},
    {.name = "a machine is made", .prepare = prepare_nothing, .run = create_and_run, .may_be_none = true},
    {.name = "an upgrade", .prepare = prepare_three_events, .run = upgrade, .start_event = 3},
    {.name = "a lost arena is made again",
     .prepare = prepare_lost_arena,
     .run = events_and_restart,
     .start_event = 3,
     .may_warn = true},
};

/* ---- faults ---------------------------------------------------------------------------- */

#define CALL(name) (1u << LYING_CALL_##name)
#define SETTLING (CALL(RENAME) | CALL(UNLINK) | CALL(MKDIR))
#define READING (CALL(OPEN) | CALL(STAT) | CALL(READ) | CALL(LOCK) | CALL(MAP))

static const struct fault {
    const char *name;
    uint32_t calls;
    int error_number;
    bool for_good;
    bool is_harmless; /* nothing comes of it */
} faults[] = {
    {"EIO in writing", CALL(WRITE), EIO, false, false},
    {"EIO in writing, for good", CALL(WRITE), EIO, true, false},
    {"EIO in syncing", CALL(SYNC), EIO, false, false},
    {"EIO in syncing, for good", CALL(SYNC), EIO, true, false},
    {"ENOSPC in writing", CALL(WRITE), ENOSPC, false, false},
    {"ENOSPC in writing and allocating, for good", CALL(WRITE) | CALL(ALLOCATE), ENOSPC, true, false},
    {"ENOSPC in syncing", CALL(SYNC), ENOSPC, false, false},
    {"EDQUOT in writing", CALL(WRITE), EDQUOT, false, false},
    {"EDQUOT in writing and allocating, for good", CALL(WRITE) | CALL(ALLOCATE), EDQUOT, true, false},
    {"ENOSPC in allocating", CALL(ALLOCATE), ENOSPC, false, false},
    {"EIO in truncating", CALL(TRUNCATE), EIO, false, false},
    {"EIO in names", SETTLING, EIO, false, false},
    {"EIO in names, for good", SETTLING, EIO, true, false},
    {"EIO in reading", READING, EIO, false, false},
    {"EIO in reading, for good", READING, EIO, true, false},
    {"EINTR", CALL(OPEN) | CALL(READ) | CALL(WRITE), EINTR, false, true},
    {"short transfers", CALL(READ) | CALL(WRITE), LYING_SHORT, false, true},
    {"short transfers, always", CALL(READ) | CALL(WRITE), LYING_SHORT, true, true},
};

/* ---- one life ---------------------------------------------------------------------------- */

struct share {
    uint64_t call; /* that fails in the life at hand */
    uint64_t lives;
    uint64_t wrong;
    uint64_t reached; /* calls that there were to fail */
    char reason[STATUS_MESSAGE_SIZE_BYTES];
};
static struct share *share; /* in shared memory */

static bool keep_nothing(void *context, size_t index, size_t sector)
{
    (void)context, (void)index, (void)sector;
    return false;
}

static void wrong(const char *what, enum status status)
{
    if (share->wrong++ == 0)
        snprintf(share->reason, sizeof share->reason, "call %" PRIu64 ": %s: %s: %.800s", share->call, what,
                 status_name(status), status_message());
}

/* True if a call was there to fail. */
static bool live_once(const struct life *life, const struct fault *fault, const char *directory)
{
    char reason[STATUS_MESSAGE_SIZE_BYTES];
    uint64_t acknowledged = model[0].event;
    bool was_refused = false;
    lying_disk_state(keep_nothing, NULL);
    lying_disk_make();
    lying_disk_fail(fault->calls, share->call, fault->error_number, fault->for_good);
    enum status status = life->run(directory, &acknowledged, &was_refused);
    uint64_t failures = lying_disk_pause();
    share->lives++;
    if (status == STATUS_CORRUPT && strstr(fault->name, "reading") == NULL)
        wrong("is called damage", status);
    if (status != STATUS_OK && status_message()[0] == 0)
        wrong("has no message", status);
    if (fault->is_harmless && (status != STATUS_OK || was_refused))
        wrong("was no failure, but ended the life", status);
    struct expectation expectation = {.from = acknowledged - model[0].event};
    expectation.to = expectation.from + 2 < model_count ? expectation.from + 2 : model_count;
    expectation.may_be_none = life->may_be_none && acknowledged == 0;
    if (!crash_check(directory, &expectation, true, life->may_warn, reason)) {
        status = status_fail(STATUS_IO, "%.900s", reason);
        wrong("the next start", status);
    }
    return failures > 0;
}

static void live_with(const struct life *life, const struct fault *fault, const char *directory)
{
    bool has_failed = true;
    const size_t *pending;
    lying_disk_base(0, &pending);
    for (share->call = first_call; has_failed && share->call < CALLS_MAX; share->call += stride)
        has_failed = live_once(life, fault, directory);
    share->reached = share->call;
}

/* ---- all of them ---------------------------------------------------------------------------- */

static uint64_t total_lives, total_wrong;

static void try_fault(const struct life *life, const struct fault *fault, const char *root, const char *directory)
{
    memset(share, 0, sizeof *share);
    fflush(stdout);
    pid_t process = fork();
    CHECK(process >= 0);
    if (process == 0) {
        lying_disk_freeze(root);
        live_with(life, fault, directory);
        _exit(0);
    }
    int result;
    CHECK(waitpid(process, &result, 0) == process);
    if (result != 0 && share->wrong++ == 0)
        snprintf(share->reason, sizeof share->reason, "call %" PRIu64 ": the process died with %d", share->call,
                 result);
    total_lives += share->lives;
    total_wrong += share->wrong;
    tap_ok(share->wrong == 0 && share->reached < CALLS_MAX, "%s, %s: %" PRIu64 " lives, %" PRIu64 " wrong", life->name,
           fault->name, share->lives, share->wrong);
    if (share->wrong > 0)
        tap_note("%s", share->reason);
}

/* The state after event n is the number n. */
static void learn(const struct life *life)
{
    model_clear();
    for (uint64_t event = life->start_event; event <= life->start_event + EVENTS; event++)
        model_keep(event, noun_hash_atom(event));
}

static void try_life(const struct life *life)
{
    const char *root = crash_root(), *directory = crash_directory(root);
    life->prepare(directory);
    learn(life);
    lying_disk_watch(root);
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        try_fault(life, &faults[i], root, directory);
}

int main(int count, char **arguments)
{
    for (int i = 1; i + 1 < count; i += 2) {
        if (strcmp(arguments[i], "--stride") == 0)
            stride = strtoull(arguments[i + 1], NULL, 10);
        else if (strcmp(arguments[i], "--from") == 0)
            first_call = strtoull(arguments[i + 1], NULL, 10);
    }
    CHECK(stride > 0);
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    share = mmap(NULL, sizeof *share, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(share != MAP_FAILED);
    for (size_t i = 0; i < COUNT_OF(lives); i++)
        try_life(&lives[i]);
    int result = tap_done();
    printf("# %" PRIu64 " lives with a failing call, %" PRIu64 " wrong\n", total_lives, total_wrong);
    return result;
}
