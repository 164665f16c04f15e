/* The whole machine in every state that a power cut can leave it in.
 *
 * Each workload runs once under the lying disk.  Then, for every point of its
 * journal, what was not durable is kept, lost, reordered or torn in many ways;
 * the directory is made so, and started: arena, log, recovery and now and then
 * the host and one more event.  It must stand at the newest acknowledged event
 * or at the one that was in flight, with the state that the model has for it.
 *
 * usage: states [--random N] [--subsets N] [--torn N] [--rounds N] [--jobs N] [--stride N]
 *               [--workload NAME [--state POINT:CLASS:KEPT:TORN:SECTOR:WAY:RANDOM]]
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine.h"
#include "os/os.h"
#include "tap.h"
#include "workloads.h"

#define JOBS_MAX 64
#define THOROUGH_EVERY 32
#define LONG_JOURNAL 100

static struct {
    uint64_t random_states; /* at each point */
    size_t subsets_max;     /* this many pending operations are tried in every combination */
    size_t torn_max;        /* places where a write is torn */
    uint64_t rounds;        /* of those workloads that use chance */
    uint64_t stride;        /* of long journals, every so manieth point only */
    unsigned jobs;
    const char *workload; /* only this; NULL: all */
    const char *state;
} options = {.random_states = 1, .subsets_max = 3, .torn_max = 2, .rounds = 1, .stride = 16, .jobs = 1};

/* ---- which states ------------------------------------------------------------------- */

enum class { KEPT, LOST, REORDERED, TORN, SCATTERED, CLASSES };
static const char *const class_names[CLASSES] = {"all kept (a kill)", "all lost", "lost and reordered", "torn",
                                                 "sectors at random"};

struct choice {
    size_t point;
    enum class class;
    uint64_t kept;       /* whole operations, a bit each, of the first 63; all of the rest if bit 63 */
    size_t torn;         /* of this operation ... */
    size_t sector;       /* ... the sectors below this one are kept; */
    bool is_upside_down; /* or those from it on */
    uint64_t random;     /* not 0: each sector for itself */
};
#define NOT_TORN SIZE_MAX

static bool keep_by_choice(void *context, size_t index, size_t sector)
{
    struct choice *choice = context;
    if (choice->random != 0)
        return tap_random(&choice->random) >> 63 != 0;
    if (index == choice->torn)
        return (sector < choice->sector) != choice->is_upside_down;
    return choice->kept >> (index < 63 ? index : 63) & 1;
}

static void describe(const struct choice *choice, char text[256])
{
    snprintf(text, 256, "%zu:%d:%" PRIx64 ":%zx:%zu:%d:%" PRIx64, choice->point, (int)choice->class, choice->kept,
             choice->torn, choice->sector, choice->is_upside_down, choice->random);
}

static bool parse(const char *text, struct choice *choice)
{
    int class, way;
    if (sscanf(text, "%zu:%d:%" SCNx64 ":%zx:%zu:%d:%" SCNx64, &choice->point, &class, &choice->kept, &choice->torn,
               &choice->sector, &way, &choice->random) != 7)
        return false;
    choice->class = (enum class) class;
    choice->is_upside_down = way != 0;
    return true;
}

/* ---- one process's share -------------------------------------------------------------- */

/* What the processes that try states tell their parent. */
struct share {
    uint64_t tried[CLASSES];
    uint64_t lost;
    char current[256]; /* the state at hand, should it be the end of the process */
    char first_lost[256];
    char first_reason[STATUS_MESSAGE_SIZE_BYTES];
};

static struct share *shares; /* in shared memory */

static struct {
    const struct workload *workload;
    struct share *share;
    unsigned job;
    char directory[4200];
    struct crash_question question; /* at the point at hand */
    uint64_t *seen;                 /* an open-addressing set of hashes */
    size_t seen_capacity, seen_count;
} trial;

static bool seen_insert(uint64_t *table, size_t capacity, uint64_t hash)
{
    size_t slot = hash & (capacity - 1);
    while (table[slot] != 0 && table[slot] != hash)
        slot = (slot + 1) & (capacity - 1);
    bool is_new = table[slot] == 0;
    table[slot] = hash;
    return is_new;
}

static bool is_new_state(uint64_t hash)
{
    if (2 * trial.seen_count >= trial.seen_capacity) {
        size_t capacity = trial.seen_capacity == 0 ? 4096 : 2 * trial.seen_capacity;
        uint64_t *table = calloc(capacity, sizeof *table);
        CHECK(table != NULL);
        for (size_t i = 0; i < trial.seen_capacity; i++)
            if (trial.seen[i] != 0)
                seen_insert(table, capacity, trial.seen[i]);
        free(trial.seen);
        trial.seen = table;
        trial.seen_capacity = capacity;
    }
    bool is_new = seen_insert(trial.seen, trial.seen_capacity, hash | 1);
    trial.seen_count += is_new;
    return is_new;
}

static void try_state(struct choice choice)
{
    char reason[STATUS_MESSAGE_SIZE_BYTES];
    struct choice used = choice;
    /* the same directory may be right at one point and wrong at another */
    const struct expectation *expectation = &trial.question.expectation;
    uint64_t facts = bits_mix64(expectation->from * 64 + expectation->to) + bits_mix64(expectation->marks);
    uint64_t hash = bits_mix64(lying_disk_state(keep_by_choice, &used) + facts);
    if (!is_new_state(hash) || (hash >> 1) % options.jobs != trial.job)
        return;
    describe(&choice, trial.share->current);
    lying_disk_make();
    trial.question.is_thorough = (hash >> 32) % THOROUGH_EVERY == 0 || options.state != NULL;
    trial.share->tried[choice.class]++;
    if (crash_check(&trial.question, reason))
        return;
    if (trial.share->lost++ == 0) {
        strcpy(trial.share->first_lost, trial.share->current);
        strcpy(trial.share->first_reason, reason);
    }
}

/* ---- all of a point --------------------------------------------------------------------- */

static void try_subsets(size_t point, size_t count)
{
    struct choice choice = {.point = point, .class = KEPT, .kept = UINT64_MAX, .torn = NOT_TORN};
    try_state(choice);
    choice.class = LOST;
    choice.kept = 0;
    try_state(choice);
    choice.class = REORDERED;
    for (; count <= options.subsets_max && choice.kept < (uint64_t)1 << count; choice.kept++)
        try_state(choice);
    for (size_t i = 0; count > options.subsets_max && i <= count && i < 63; i++) {
        uint64_t bit = (uint64_t)1 << i;
        const uint64_t sets[] = {bit - 1, ~(bit - 1), bit, ~bit};
        for (unsigned set = 0; set < COUNT_OF(sets); set++) {
            choice.kept = sets[set];
            try_state(choice);
        }
    }
}

/* Each write torn at each sector, both ways, with all others lost, with all
 * others kept, and with all before it kept. */
static void try_tearing(size_t point, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t sectors = lying_disk_sectors(i);
        size_t stride = sectors > options.torn_max ? sectors / options.torn_max : 1;
        const uint64_t others[] = {0, UINT64_MAX, i < 63 ? ((uint64_t)1 << i) - 1 : UINT64_MAX};
        for (size_t sector = 1; sector < sectors; sector += stride)
            for (unsigned way = 0; way < 2 * COUNT_OF(others); way++)
                try_state((struct choice){.point = point,
                                          .class = TORN,
                                          .kept = others[way / 2],
                                          .torn = i,
                                          .sector = sector,
                                          .is_upside_down = way % 2 != 0});
    }
}

static void try_at_random(size_t point, size_t count, uint64_t *random)
{
    uint64_t states = count == 0 ? 0 : trial.workload->is_large ? options.random_states / 8 + 1 : options.random_states;
    for (uint64_t i = 0; i < states; i++) {
        size_t torn = (size_t)tap_below(random, count);
        try_state(
            (struct choice){.point = point, .class = SCATTERED, .random = tap_random(random) | 1, .torn = NOT_TORN});
        try_state((struct choice){.point = point, .class = REORDERED, .kept = tap_random(random), .torn = NOT_TORN});
        try_state((struct choice){.point = point,
                                  .class = TORN,
                                  .kept = tap_random(random),
                                  .torn = torn,
                                  .sector = (size_t)tap_below(random, lying_disk_sectors(torn)) + 1,
                                  .is_upside_down = tap_random(random) & 1});
    }
}

static void try_point(size_t point, uint64_t *random)
{
    const size_t *pending;
    size_t count = lying_disk_base(point, &pending);
    trial.question.expectation = model_expect(point);
    try_subsets(point, count);
    try_tearing(point, count);
    try_at_random(point, count, random);
}

static void try_all_points(uint64_t random)
{
    struct choice only;
    if (options.state != NULL) {
        const size_t *pending;
        if (!parse(options.state, &only) || only.point > lying_disk_count())
            return;
        lying_disk_base(only.point, &pending);
        trial.question.expectation = model_expect(only.point);
        try_state(only);
        return;
    }
    bool is_long = lying_disk_count() > LONG_JOURNAL || trial.workload->is_large;
    for (size_t point = is_long ? (size_t)(random % options.stride) : 0; point <= lying_disk_count();
         point += is_long ? options.stride : 1)
        if (point == lying_disk_count() || lying_disk_operation(point)->kind != LYING_NOTE)
            try_point(point, &random);
}

static _Noreturn void try_share(const struct workload *workload, const char *root, unsigned job, uint64_t random)
{
    char own_root[4096];
    snprintf(own_root, sizeof own_root, "%s.%u", root, job);
    CHECK(mkdir(own_root, 0700) == 0);
    trial.workload = workload;
    trial.share = &shares[job];
    trial.job = job;
    snprintf(trial.directory, sizeof trial.directory, "%s/m", own_root);
    trial.question = (struct crash_question){
        .directory = trial.directory, .promise = workload->promise, .may_warn = workload->may_warn};
    lying_disk_freeze(own_root);
    try_all_points(random);
    _exit(0);
}

/* ---- a workload ------------------------------------------------------------------------ */

static uint64_t totals[CLASSES], total_lost;

static void explain(const struct workload *workload, const struct share *share, uint64_t seed)
{
    tap_note("seed %" PRIu64 ", --workload '%s' --state %s: %s", seed, workload->name, share->first_lost,
             share->first_reason);
}

/* True unless the process died. */
static bool collect(const struct workload *workload, unsigned job, pid_t process, uint64_t seed)
{
    int result;
    CHECK(waitpid(process, &result, 0) == process);
    struct share *share = &shares[job];
    bool has_died = !WIFEXITED(result) || WEXITSTATUS(result) != 0;
    if (has_died && share->lost++ == 0) {
        strcpy(share->first_lost, share->current);
        snprintf(share->first_reason, sizeof share->first_reason, "the process died with %d", result);
    }
    if (share->lost > 0)
        explain(workload, share, seed);
    return !has_died;
}

static void remove_roots(const char *root)
{
    char command[4200];
    snprintf(command, sizeof command, "rm -rf '%s'.*", root);
    CHECK(system(command) == 0);
}

/* Nothing must have happened to files that the liar has not seen. */
static void audit(const struct workload *workload)
{
    char where[256];
    if (!lying_disk_is_complete(where))
        crash_must(status_fail(STATUS_IO, "%s", where), workload->name);
}

static void run_workload(const struct workload *workload, uint64_t seed)
{
    const char *root = crash_root(), *directory = crash_directory(root);
    uint64_t random = seed, tried = 0, lost = 0;
    if (workload->prepare != NULL)
        workload->prepare(directory, &random);
    else
        crash_prepare_machine(directory);
    lying_disk_watch(root);
    crash_must(workload->run(directory, &random), workload->name);
    audit(workload);
    memset(shares, 0, JOBS_MAX * sizeof *shares);
    fflush(stdout);
    pid_t processes[JOBS_MAX];
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

static void parse_options(int count, char **arguments)
{
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (strcmp(name, "--random") == 0)
            options.random_states = strtoull(value, NULL, 10);
        else if (strcmp(name, "--subsets") == 0)
            options.subsets_max = strtoull(value, NULL, 10);
        else if (strcmp(name, "--rounds") == 0)
            options.rounds = strtoull(value, NULL, 10);
        else if (strcmp(name, "--torn") == 0)
            options.torn_max = strtoull(value, NULL, 10);
        else if (strcmp(name, "--stride") == 0)
            options.stride = strtoull(value, NULL, 10);
        else if (strcmp(name, "--jobs") == 0)
            options.jobs = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--workload") == 0)
            options.workload = value;
        else if (strcmp(name, "--state") == 0)
            options.state = value;
    }
    CHECK(options.stride > 0 && options.torn_max > 0 && options.jobs > 0 && options.jobs <= JOBS_MAX &&
          options.subsets_max < 20);
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
    shares = mmap(NULL, JOBS_MAX * sizeof *shares, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shares != MAP_FAILED);
    const struct workload *workload;
    for (size_t i = 0; (workload = workload_at(i)) != NULL; i++)
        for (uint64_t round = 0; is_wanted(workload) && round < (workload->uses_chance ? options.rounds : 1); round++)
            run_workload(workload, bits_mix64(seed + round));
    for (unsigned class = 0; class < CLASSES; class ++) {
        tap_note("%s: %" PRIu64 " states", class_names[class], totals[class]);
        tried += totals[class];
    }
    int result = tap_done();
    printf("%s%" PRIu64 " crash states tried, %" PRIu64 " lost\n", count > 1 ? "" : "# ", tried, total_lost);
    return result;
}
