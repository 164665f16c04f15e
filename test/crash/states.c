/* The whole machine in every state that a power cut can leave it in.
 *
 * Each workload runs once under the lying disk, and its journal is explored.  The
 * machine must stand at the newest acknowledged event or at one that was in
 * flight, with the state that the model has for it.
 *
 * usage: states [--random N] [--subsets N] [--torn N] [--stride N] [--rounds N] [--jobs N] [--seconds N]
 *               [--workload NAME [--state POINT:CLASS:KEPT:TORN:SECTOR:WAY:RANDOM]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore.h"
#include "tap.h"
#include "workloads.h"

#define JOBS_MAX 64

static struct {
    uint64_t rounds; /* of those workloads that use chance */
    unsigned jobs;
    const char *workload; /* only this; NULL: all */
} options = {.rounds = 1, .jobs = 1};

static struct explore_share *shares;
static uint64_t totals[CLASSES], total_lost;

/* ---- one process's share -------------------------------------------------------------- */

static _Noreturn void try_share(const struct workload *workload, const char *root, unsigned job, uint64_t random)
{
    char own_root[4096], directory[4200];
    snprintf(own_root, sizeof own_root, "%s.%u", root, job);
    snprintf(directory, sizeof directory, "%s/m", own_root);
    CHECK(mkdir(own_root, 0700) == 0);
    lying_disk_freeze(own_root);
    const struct exploration exploration = {
        .question = {.directory = directory,
                     .promise = workload->promise,
                     .may_warn = workload->may_warn,
                     .repairs = workload->repairs,
                     .is_damaged = workload->is_damaged},
        .share = &shares[job],
        .is_large = workload->is_large,
        .job = job,
        .jobs = options.jobs,
        .random = random,
    };
    explore(&exploration);
    _exit(0);
}

static void collect(const struct workload *workload, unsigned job, pid_t process, uint64_t seed)
{
    int result;
    CHECK(waitpid(process, &result, 0) == process);
    struct explore_share *share = &shares[job];
    if (result != 0 && share->lost++ == 0) {
        strcpy(share->first_lost, share->current);
        snprintf(share->first_reason, sizeof share->first_reason, "the process died with %d", result);
    }
    if (share->lost > 0)
        tap_note("seed %" PRIu64 ", --workload '%s' --state %s: %s", seed, workload->name, share->first_lost,
                 share->first_reason);
}

static void remove_roots(const char *root)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'.*", root);
    CHECK(system(command) == 0);
}

/* ---- a workload ------------------------------------------------------------------------ */

/* Nothing must have happened to files that the liar has not seen. */
static void audit(const struct workload *workload)
{
    char where[256];
    if (!lying_disk_is_complete(where))
        crash_must(status_fail(STATUS_IO, "%s", where), workload->name);
}

static void record(const struct workload *workload, const char *root, uint64_t *random)
{
    const char *directory = crash_directory(root);
    if (workload->prepare != NULL)
        workload->prepare(directory, random);
    else
        crash_prepare_machine(directory);
    lying_disk_watch(root);
    crash_must(workload->run(directory, random), workload->name);
    audit(workload);
}

static void run_workload(const struct workload *workload, uint64_t seed)
{
    const char *root = crash_root();
    uint64_t random = seed, tried = 0, lost = 0;
    pid_t processes[JOBS_MAX];
    record(workload, root, &random);
    memset(shares, 0, JOBS_MAX * sizeof *shares);
    fflush(stdout);
    for (unsigned job = 0; job < options.jobs; job++) {
        processes[job] = fork();
        CHECK(processes[job] >= 0);
        if (processes[job] == 0)
            try_share(workload, root, job, random);
    }
    for (unsigned job = 0; job < options.jobs; job++) {
        collect(workload, job, processes[job], seed);
        lost += shares[job].lost;
        for (unsigned class = 0; class < CLASSES; class ++) {
            tried += shares[job].tried[class];
            totals[class] += shares[job].tried[class];
        }
    }
    remove_roots(root);
    total_lost += lost;
    tap_ok(lost == 0 && tried > 0, "%s: %" PRIu64 " crash states at %zu points, %" PRIu64 " lost", workload->name,
           tried, lying_disk_count() + 1, lost);
}

/* ---- all of them -------------------------------------------------------------------------- */

static void parse_options(int count, char **arguments)
{
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (strcmp(name, "--rounds") == 0)
            options.rounds = strtoull(value, NULL, 10);
        else if (strcmp(name, "--jobs") == 0)
            options.jobs = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--workload") == 0)
            options.workload = value;
        else if (strcmp(name, "--seconds") == 0)
            crash_set_seconds(strtoull(value, NULL, 10));
        else
            CHECK(explore_option(name, value));
    }
    CHECK(options.jobs > 0 && options.jobs <= JOBS_MAX);
}

static bool is_wanted(const struct workload *workload)
{
    return options.workload == NULL || strcmp(options.workload, workload->name) == 0;
}

int main(int count, char **arguments)
{
    parse_options(count, arguments);
    crash_prefer_memory();
    uint64_t seed = tap_seed(), tried = 0;
    const struct workload *workload;
    shares = explore_shared(JOBS_MAX * sizeof *shares);
    for (size_t i = 0; (workload = workload_at(i)) != NULL; i++)
        for (uint64_t round = 0; is_wanted(workload) && round < (workload->uses_chance ? options.rounds : 1); round++)
            if (crash_is_over())
                tap_skip(workload->name, "out of time");
            else
                run_workload(workload, bits_mix64(seed + round));
    for (unsigned class = 0; class < CLASSES; class ++) {
        tap_note("power cut, %s: %" PRIu64 " states", explore_class_names[class], totals[class]);
        tried += totals[class];
    }
    int result = tap_done();
    printf("%s%" PRIu64 " crash states tried, %" PRIu64 " lost\n", count > 1 ? "" : "# ", tried, total_lost);
    return result;
}
