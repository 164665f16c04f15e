/* Calls that fail, in every workload, at every place.
 *
 * The first, the second, the third ... call of a kind fails, once and for good,
 * until a life passes in which there was none left to fail.  Each life ends with
 * a status that names a cause, or was not troubled at all; after it the machine
 * starts again and stands where the model says, and goes on.
 *
 * usage: faults [--stride N] [--from N] [--jobs N] [--seconds N] [--workload NAME] [--fault NAME]
 *        (of the calls, every so manieth from a first one)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "tap.h"
#include "workloads.h"

#define CALLS_MAX 1000000
#define LARGE_STRIDE 8 /* of costly workloads, and of those by chance, so many times fewer */
#define JOBS_MAX 64

static struct {
    uint64_t stride;
    uint64_t first_call;
    unsigned jobs;
    const char *workload, *fault; /* only this; NULL: all */
} options = {.stride = 211, .jobs = 1};

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
    bool is_reading;  /* what cannot be read may be called damaged */
} faults[] = {
    {"EIO in writing", CALL(WRITE), EIO, .for_good = false},
    {"EIO in writing, for good", CALL(WRITE), EIO, .for_good = true},
    {"EIO in syncing", CALL(SYNC), EIO, .for_good = false},
    {"EIO in syncing, for good", CALL(SYNC), EIO, .for_good = true},
    {"ENOSPC in writing", CALL(WRITE), ENOSPC, .for_good = false},
    {"ENOSPC in writing and allocating, for good", CALL(WRITE) | CALL(ALLOCATE), ENOSPC, .for_good = true},
    {"ENOSPC in syncing", CALL(SYNC), ENOSPC, .for_good = false},
    {"EDQUOT in writing", CALL(WRITE), EDQUOT, .for_good = false},
    {"EDQUOT in writing and allocating, for good", CALL(WRITE) | CALL(ALLOCATE), EDQUOT, .for_good = true},
    {"EDQUOT in syncing", CALL(SYNC), EDQUOT, .for_good = false},
    {"ENOSPC in allocating", CALL(ALLOCATE), ENOSPC, .for_good = false},
    {"ENOSPC in names", SETTLING | CALL(OPEN), ENOSPC, .for_good = false},
    {"EIO in truncating", CALL(TRUNCATE), EIO, .for_good = false},
    {"EIO in names", SETTLING, EIO, .for_good = false},
    {"EIO in names, for good", SETTLING, EIO, .for_good = true},
    {"EIO in reading", READING, EIO, .is_reading = true},
    {"EIO in reading, for good", READING, EIO, .for_good = true, .is_reading = true},
    {"EIO in listing", CALL(LIST), EIO, .is_reading = true},
    {"EIO in the log's index", READING | CALL(WRITE) | CALL(TRUNCATE) | LYING_INDEX_ONLY, EIO, .is_reading = true},
    {"EIO in the log's index, for good", READING | CALL(WRITE) | CALL(TRUNCATE) | LYING_INDEX_ONLY, EIO,
     .for_good = true, .is_reading = true},
    {"EINTR", CALL(OPEN) | CALL(READ) | CALL(WRITE), EINTR, .is_harmless = true},
    {"short transfers", CALL(READ) | CALL(WRITE), LYING_SHORT, .is_harmless = true},
    {"short transfers, always", CALL(READ) | CALL(WRITE), LYING_SHORT, .for_good = true, .is_harmless = true},
};

static uint64_t totals[COUNT_OF(faults)], total_wrong;

/* ---- one life ---------------------------------------------------------------------------- */

struct share {
    uint64_t call; /* that fails in the life at hand */
    uint64_t lives;
    uint64_t wrong;
    char reason[STATUS_MESSAGE_SIZE_BYTES];
};
static struct share *shares; /* in shared memory, one a job */
static struct share *share;

static bool keep_nothing(void *context, size_t index, size_t sector)
{
    (void)context, (void)index, (void)sector;
    return false;
}

static void wrong(const char *what, const char *why)
{
    if (share->wrong++ == 0)
        snprintf(share->reason, sizeof share->reason, "call %" PRIu64 ": %s: %.800s", share->call, what, why);
}

static void judge_end(const struct fault *fault, enum status status)
{
    if (status != STATUS_OK && status_message()[0] == 0)
        wrong("has no message", status_name(status));
    if (status == STATUS_CORRUPT && !fault->is_reading)
        wrong("is called damage", status_message());
    if (status != STATUS_OK && fault->is_harmless)
        wrong("was no failure, but ended the life", status_message());
}

/* True if a call was there to fail. */
static bool live_once(const struct workload *workload, const struct fault *fault, const char *directory, uint64_t seed)
{
    char reason[STATUS_MESSAGE_SIZE_BYTES];
    uint64_t random = seed;
    lying_disk_state(keep_nothing, NULL);
    lying_disk_make();
    model_repeat();
    lying_disk_fail(fault->calls, share->call, fault->error_number, fault->for_good);
    enum status status = workload->run(directory, &random);
    uint64_t failures = lying_disk_pause();
    share->lives++;
    judge_end(fault, status);
    const struct crash_question question = {.directory = directory,
                                            .expectation = model_expect_now(),
                                            .promise = workload->promise,
                                            .is_thorough = true,
                                            .may_warn = workload->may_warn,
                                            .repairs = workload->repairs,
                                            .is_damaged = workload->is_damaged};
    if (!crash_check(&question, reason))
        wrong("the next start", reason);
    return failures > 0;
}

static _Noreturn void live_share(const struct workload *workload, const struct fault *fault, const char *root,
                                 unsigned job, uint64_t seed)
{
    char own_root[4096], directory[4200];
    const size_t *pending;
    snprintf(own_root, sizeof own_root, "%s.%u", root, job);
    snprintf(directory, sizeof directory, "%s/m", own_root);
    CHECK(mkdir(own_root, 0700) == 0);
    share = &shares[job];
    lying_disk_freeze(own_root);
    lying_disk_base(0, &pending);
    uint64_t stride = options.stride;
    if (stride > 1 && (workload->is_large || workload->uses_chance))
        stride *= LARGE_STRIDE;
    share->call = options.first_call + (seed + job * stride) % (stride * options.jobs);
    while (!crash_is_over() && live_once(workload, fault, directory, seed)) {
        share->call += stride * options.jobs;
        CHECK(share->call < CALLS_MAX);
    }
    _exit(0);
}

/* ---- all of them ---------------------------------------------------------------------------- */

static uint64_t collect(unsigned job, pid_t process)
{
    int result;
    CHECK(waitpid(process, &result, 0) == process);
    if (result != 0 && shares[job].wrong++ == 0)
        snprintf(shares[job].reason, sizeof shares[job].reason, "call %" PRIu64 ": the process died with %d",
                 shares[job].call, result);
    return shares[job].wrong;
}

static void remove_roots(const char *root)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'.*", root);
    CHECK(system(command) == 0);
}

static void try_fault(const struct workload *workload, size_t number, const char *root, uint64_t seed)
{
    const struct fault *fault = &faults[number];
    uint64_t lives = 0, wrongs = 0;
    pid_t processes[JOBS_MAX];
    memset(shares, 0, JOBS_MAX * sizeof *shares);
    fflush(stdout);
    for (unsigned job = 0; job < options.jobs; job++) {
        processes[job] = fork();
        CHECK(processes[job] >= 0);
        if (processes[job] == 0)
            live_share(workload, fault, root, job, seed);
    }
    for (unsigned job = 0; job < options.jobs; job++) {
        wrongs += collect(job, processes[job]);
        lives += shares[job].lives;
    }
    remove_roots(root);
    totals[number] += lives;
    total_wrong += wrongs;
    tap_ok(wrongs == 0 && lives > 0, "%s, %s: %" PRIu64 " lives, %" PRIu64 " wrong", workload->name, fault->name, lives,
           wrongs);
    for (unsigned job = 0; job < options.jobs; job++)
        if (shares[job].wrong > 0)
            tap_note("%s", shares[job].reason);
}

static void try_workload(const struct workload *workload, uint64_t seed)
{
    const char *root = crash_root(), *directory = crash_directory(root);
    uint64_t random = seed, again = seed;
    if (workload->prepare != NULL)
        workload->prepare(directory, &random);
    else
        crash_prepare_machine(directory);
    lying_disk_watch(root);
    crash_must(workload->run(directory, &again), workload->name);
    for (size_t i = 0; i < COUNT_OF(faults) && !crash_is_over(); i++)
        if (options.fault == NULL || strcmp(options.fault, faults[i].name) == 0)
            try_fault(workload, i, root, seed);
}

static void parse_options(int count, char **arguments)
{
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (strcmp(name, "--stride") == 0)
            options.stride = strtoull(value, NULL, 10);
        else if (strcmp(name, "--from") == 0)
            options.first_call = strtoull(value, NULL, 10);
        else if (strcmp(name, "--jobs") == 0)
            options.jobs = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--seconds") == 0)
            crash_set_seconds(strtoull(value, NULL, 10));
        else if (strcmp(name, "--workload") == 0)
            options.workload = value;
        else if (strcmp(name, "--fault") == 0)
            options.fault = value;
    }
    CHECK(options.stride > 0 && options.jobs > 0 && options.jobs <= JOBS_MAX);
}

int main(int count, char **arguments)
{
    parse_options(count, arguments);
    crash_prefer_memory();
    uint64_t seed = tap_seed(), lives = 0;
    shares = mmap(NULL, JOBS_MAX * sizeof *shares, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shares != MAP_FAILED);
    const struct workload *workload;
    for (size_t i = 0; (workload = workload_at(i)) != NULL; i++) {
        if (workload->makes_faults || (options.workload != NULL && strcmp(options.workload, workload->name) != 0))
            continue;
        if (crash_is_over())
            tap_skip(workload->name, "out of time");
        else
            try_workload(workload, seed);
    }
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        tap_note("failing calls, %s: %" PRIu64 " states", faults[i].name, totals[i]);
        lives += totals[i];
    }
    int result = tap_done();
    printf("%s%" PRIu64 " crash states tried, %" PRIu64 " lost\n", count > 1 ? "" : "# ", lives, total_wrong);
    return result;
}
