/* Every sequence of three operations.
 *
 * An alphabet of all that a machine does to its files; every word of one, two and
 * three letters is lived under the lying disk, and every crash state of its last
 * letter is tried: those of the letters before it belong to shorter words.
 *
 * usage: sequences [--random N] [--subsets N] [--torn N] [--jobs N] [--length N] [--sample N] [--seconds N]
 *                  [--word LETTERS [--state STATE]]
 *        (of the longest words, only about one in so many, by chance)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explore.h"
#include "letters.h"
#include "tap.h"

#define JOBS_MAX 64
#define LENGTH_MAX 6
#define OUT_OF_TIME 3 /* an exit status */

static struct {
    unsigned jobs;
    size_t length;
    uint64_t sample;
    const char *word; /* only this; NULL: all */
} options = {.jobs = 1, .length = 3, .sample = 150};

struct outcome {
    struct explore_share share;
    uint64_t words;
    char word[LENGTH_MAX + 1]; /* at hand */
    char lost_word[LENGTH_MAX + 1];
};
static struct outcome *outcomes; /* in shared memory, one a job */

/* ---- one word ------------------------------------------------------------------------- */

static void fail_word(struct outcome *outcome, const char *reason)
{
    if (outcome->share.lost++ > 0)
        return;
    strcpy(outcome->lost_word, outcome->word);
    snprintf(outcome->share.first_reason, sizeof outcome->share.first_reason, "%s", reason);
}

/* Lives the word; *first_point is where its last letter begins. */
static enum status live(const char *word, const char *directory, size_t *first_point)
{
    struct letter_life life = {.directory = directory};
    enum status status = letter_begin(&life);
    for (; *word != 0 && status == STATUS_OK; word++) {
        *first_point = lying_disk_count();
        status = letter_find(*word)->run(&life);
    }
    letter_end(&life);
    return status;
}

static void try_word(struct outcome *outcome, const char *word, const char *root, uint64_t seed)
{
    char directory[4400], play_root[4300], where[256];
    size_t first_point = 0;
    snprintf(directory, sizeof directory, "%s/m", root);
    snprintf(play_root, sizeof play_root, "%s.play", root);
    CHECK(mkdir(root, 0700) == 0 && mkdir(play_root, 0700) == 0);
    strcpy(outcome->word, word);
    crash_prepare_machine(directory);
    lying_disk_watch(root);
    enum status status = live(word, directory, &first_point);
    if (status == STATUS_OK && !lying_disk_is_complete(where))
        status = status_fail(STATUS_IO, "%s", where);
    if (status != STATUS_OK)
        fail_word(outcome, status_message());
    lying_disk_freeze(play_root);
    snprintf(directory, sizeof directory, "%s/m", play_root);
    const struct exploration exploration = {
        .question = {.directory = directory, .promise = letter_promise, .may_warn = strpbrk(word, "LP") != NULL},
        .share = &outcome->share,
        .first_point = first_point,
        .jobs = 1,
        .random = seed,
    };
    uint64_t lost = outcome->share.lost;
    explore(&exploration);
    lying_disk_leave();
    if (lost == 0 && outcome->share.lost > 0)
        strcpy(outcome->lost_word, word);
    outcome->words++;
}

static void remove_roots(const char *root)
{
    char command[8800];
    snprintf(command, sizeof command, "rm -rf '%s' '%s'.*", root, root);
    CHECK(system(command) == 0);
}

/* ---- all words ---------------------------------------------------------------------------- */

/* The number-th word of a length, in the alphabet's order. */
static void spell(size_t number, size_t length, char word[LENGTH_MAX + 1])
{
    word[length] = 0;
    for (size_t i = length; i-- > 0; number /= letter_count)
        word[i] = letters[number % letter_count].name;
}

static _Noreturn void try_share(unsigned job, const char *root, uint64_t seed)
{
    char own_root[4200], word[LENGTH_MAX + 1];
    size_t words = 1, serial = 0;
    snprintf(own_root, sizeof own_root, "%s.%u", root, job);
    for (size_t length = 1; length <= options.length; length++) {
        words *= letter_count;
        for (size_t number = 0; number < words; number++) {
            uint64_t chance = bits_mix64(seed + serial);
            bool is_wanted = length < 2 || length < options.length - 1 || chance % options.sample == 0;
            spell(number, length, word);
            if (options.word != NULL)
                is_wanted = strcmp(word, options.word) == 0;
            if (serial++ % options.jobs != job || !is_wanted)
                continue;
            if (crash_is_over())
                _exit(OUT_OF_TIME);
            try_word(&outcomes[job], word, own_root, chance);
            remove_roots(own_root);
        }
    }
    _exit(0);
}

static uint64_t collect(unsigned job, pid_t process, uint64_t totals[CLASSES])
{
    int result;
    struct outcome *outcome = &outcomes[job];
    CHECK(waitpid(process, &result, 0) == process);
    if (WIFEXITED(result) && WEXITSTATUS(result) == OUT_OF_TIME) {
        tap_skip("words", "out of time");
    } else if (result != 0) {
        strcpy(outcome->share.first_lost, outcome->share.current);
        fail_word(outcome, "the process died");
    }
    if (outcome->share.lost > 0)
        tap_note("--word %s --state %s: %s", outcome->lost_word, outcome->share.first_lost,
                 outcome->share.first_reason);
    for (unsigned class = 0; class < CLASSES; class ++)
        totals[class] += outcome->share.tried[class];
    return outcome->share.lost;
}

static void parse_options(int count, char **arguments)
{
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = arguments[i], *value = arguments[i + 1];
        if (strcmp(name, "--jobs") == 0)
            options.jobs = (unsigned)strtoul(value, NULL, 10);
        else if (strcmp(name, "--length") == 0)
            options.length = strtoull(value, NULL, 10);
        else if (strcmp(name, "--sample") == 0)
            options.sample = strtoull(value, NULL, 10);
        else if (strcmp(name, "--word") == 0)
            options.word = value;
        else if (strcmp(name, "--seconds") == 0)
            crash_set_seconds(strtoull(value, NULL, 10));
        else
            CHECK(explore_option(name, value));
    }
    CHECK(options.jobs > 0 && options.jobs <= JOBS_MAX && options.length <= LENGTH_MAX && options.sample > 0);
}

int main(int count, char **arguments)
{
    parse_options(count, arguments);
    crash_prefer_memory();
    uint64_t seed = tap_seed(), tried = 0, lost = 0, words = 0, totals[CLASSES] = {0};
    const char *root = crash_root();
    pid_t processes[JOBS_MAX];
    outcomes = explore_shared(JOBS_MAX * sizeof *outcomes);
    fflush(stdout);
    for (unsigned job = 0; job < options.jobs; job++) {
        processes[job] = fork();
        CHECK(processes[job] >= 0);
        if (processes[job] == 0)
            try_share(job, root, seed);
    }
    for (unsigned job = 0; job < options.jobs; job++) {
        lost += collect(job, processes[job], totals);
        words += outcomes[job].words;
    }
    for (unsigned class = 0; class < CLASSES; class ++) {
        tap_note("sequences, %s: %" PRIu64 " states", explore_class_names[class], totals[class]);
        tried += totals[class];
    }
    tap_ok(lost == 0 && tried > 0,
           "%" PRIu64 " words of %zu letters, up to %zu long: %" PRIu64 " states, %" PRIu64 " lost", words,
           letter_count, options.length, tried, lost);
    int result = tap_done();
    printf("%s%" PRIu64 " crash states tried, %" PRIu64 " lost\n", count > 1 ? "" : "# ", tried, lost);
    return result;
}
