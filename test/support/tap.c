#include "tap.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

#define SCRATCHES_MAX 256
#define CORPUS_PATHS 8

static unsigned points;
static unsigned failures;

/* A line is out before the next one starts, whatever the program does then. */
static void speak_in_lines(void)
{
    static bool done;
    if (!done)
        setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    done = true;
}

static void make_one_line(char *text)
{
    for (; *text != 0; text++)
        if (*text == '\n' || *text == '\r')
            *text = ' ';
}

bool tap_ok(bool condition, const char *format, ...)
{
    speak_in_lines();
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    make_one_line(text);
    points++;
    failures += !condition;
    printf("%s %u - %s\n", condition ? "ok" : "not ok", points, text);
    return condition;
}

void tap_skip(const char *what, const char *why)
{
    speak_in_lines();
    printf("ok %u - %s # SKIP %s\n", ++points, what, why);
}

void tap_note(const char *format, ...)
{
    speak_in_lines();
    va_list arguments;
    va_start(arguments, format);
    printf("# ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
}

int tap_done(void)
{
    speak_in_lines();
    printf("1..%u\n", points);
    return failures == 0 ? 0 : 1;
}

bool tap_dies(void (*body)(void *context), void *context)
{
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, 1);
        dup2(nowhere, 2);
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        body(context);
        _exit(0);
    }
    int how;
    CHECK(waitpid(child, &how, 0) == child);
    return !(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

uint64_t tap_seed(void)
{
    static uint64_t seed;
    static bool known;
    if (known)
        return seed;
    known = true;
    const char *wanted = getenv("LOAM_TEST_SEED");
    if (wanted != NULL)
        seed = strtoull(wanted, NULL, 0);
    else
        CHECK(getrandom(&seed, sizeof seed, 0) == sizeof seed);
    tap_note("LOAM_TEST_SEED=0x%016" PRIx64 " repeats this run", seed);
    return seed;
}

uint64_t tap_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    return bits_mix64(*state);
}

uint64_t tap_below(uint64_t *state, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)tap_random(state) * bound) >> 64);
}

const char *tap_corpus(const char *relative)
{
    static char paths[CORPUS_PATHS][4096];
    static unsigned next;
    const char *root = getenv("LOAM_CORPUS");
    if (root == NULL)
        return NULL;
    char *path = paths[next++ % CORPUS_PATHS];
    int length = snprintf(path, sizeof paths[0], "%s/%s", root, relative);
    return length < (int)sizeof paths[0] && access(path, R_OK) == 0 ? path : NULL;
}

static char *scratches[SCRATCHES_MAX];
static unsigned scratch_count;
static pid_t scratch_owner; /* a forked child removes nothing */

static int remove_entry(const char *path, const struct stat *entry, int kind, struct FTW *place)
{
    (void)entry, (void)place;
    if (kind == FTW_DNR)
        chmod(path, 0700);
    remove(path);
    return 0;
}

static void remove_scratches(void)
{
    for (unsigned i = 0; i < scratch_count && getpid() == scratch_owner; i++)
        nftw(scratches[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *tap_scratch(void)
{
    const char *parent = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/loam-test-XXXXXX", parent != NULL ? parent : "/tmp");
    CHECK(mkdtemp(path) != NULL);
    CHECK(scratch_count < SCRATCHES_MAX);
    if (scratch_count == 0) {
        scratch_owner = getpid();
        atexit(remove_scratches);
    }
    scratches[scratch_count] = strdup(path);
    CHECK(scratches[scratch_count] != NULL);
    return scratches[scratch_count++];
}

void tap_scratch_in_memory(void)
{
    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0);
}

const char *tap_path(const char *directory, const char *name)
{
    struct kept {
        struct kept *next;
        char path[];
    };
    static struct kept *all; /* reachable until exit, so no leak */
    size_t size_bytes = strlen(directory) + strlen(name) + 2;
    struct kept *kept = malloc(sizeof *kept + size_bytes);
    CHECK(kept != NULL);
    snprintf(kept->path, size_bytes, "%s/%s", directory, name);
    kept->next = all;
    all = kept;
    return kept->path;
}
