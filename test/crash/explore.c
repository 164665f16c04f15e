#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "os/os.h"
#include "seen.h"
#include "tap.h"

#define THOROUGH_EVERY 32
#define LONG_JOURNAL 100
#define POINTS_MIN 6 /* of a journal are tried at least: at some of them nothing is pending */

struct explore_options explore_options = {.random_states = 1, .subsets_max = 3, .torn_max = 2, .stride = 48};

bool explore_option(const char *name, const char *value)
{
    if (strcmp(name, "--random") == 0)
        explore_options.random_states = strtoull(value, NULL, 10);
    else if (strcmp(name, "--subsets") == 0)
        explore_options.subsets_max = strtoull(value, NULL, 10);
    else if (strcmp(name, "--torn") == 0)
        explore_options.torn_max = strtoull(value, NULL, 10);
    else if (strcmp(name, "--stride") == 0)
        explore_options.stride = strtoull(value, NULL, 10);
    else if (strcmp(name, "--state") == 0)
        explore_options.state = value;
    else
        return false;
    CHECK(explore_options.stride > 0 && explore_options.torn_max > 0 && explore_options.subsets_max < 20);
    return true;
}

void *explore_shared(size_t size_bytes)
{
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

/* ---- which states ------------------------------------------------------------------- */

const char *const explore_class_names[CLASSES] = {"all kept (a kill)", "all lost", "lost and reordered", "torn",
                                                  "sectors at random"};

struct choice {
    size_t point;
    enum explore_class class;
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
    choice->class = (enum explore_class) class;
    choice->is_upside_down = way != 0;
    return true;
}

/* ---- trying one ---------------------------------------------------------------------- */

static struct exploration trial;

static struct seen seen;

static void try_state(struct choice choice)
{
    char reason[STATUS_MESSAGE_SIZE_BYTES];
    struct choice used = choice;
    /* the same directory may be right at one point and wrong at another */
    const struct expectation *expectation = &trial.question.expectation;
    uint64_t facts = bits_mix64(expectation->from * 64 + expectation->to) + bits_mix64(expectation->marks);
    uint64_t hash = bits_mix64(lying_disk_state(keep_by_choice, &used) + facts);
    if (!seen_add(&seen, hash) || (hash >> 1) % trial.jobs != trial.job)
        return;
    describe(&choice, trial.share->current);
    lying_disk_make();
    trial.question.is_thorough = (hash >> 32) % THOROUGH_EVERY == 0 || explore_options.state != NULL;
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
    for (; count <= explore_options.subsets_max && choice.kept < (uint64_t)1 << count; choice.kept++)
        try_state(choice);
    for (size_t i = 0; count > explore_options.subsets_max && i <= count && i < 63; i++) {
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
        size_t stride = sectors > explore_options.torn_max ? sectors / explore_options.torn_max : 1;
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
    uint64_t states = count == 0       ? 0
                      : trial.is_large ? explore_options.random_states / 8 + 1
                                       : explore_options.random_states;
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

/* What was pending, for whoever looks into one state. */
static void show_pending(const size_t *pending, size_t count)
{
    static const char *const kinds[] = {"write", "zero",   "size",   "sync",           "failed sync",
                                        "link",  "unlink", "rename", "directory sync", "note"};
    for (size_t i = 0; i < count; i++) {
        const struct lying_operation *operation = lying_disk_operation(pending[i]);
        tap_note("pending %zu: operation %zu, %s of file %d (%s), %zu bytes at %" PRIu64 "%s", i, pending[i],
                 kinds[operation->kind], operation->file, lying_disk_leaf(operation->file), operation->size_bytes,
                 operation->offset_bytes, operation->is_doubtful ? ", doubtful" : "");
    }
}

static void try_only(const char *state)
{
    struct choice only;
    const size_t *pending;
    if (!parse(state, &only) || only.point > lying_disk_count())
        return;
    size_t count = lying_disk_base(only.point, &pending);
    show_pending(pending, count);
    trial.question.expectation = model_expect(only.point);
    try_state(only);
}

void explore(const struct exploration *exploration)
{
    trial = *exploration;
    seen_clear(&seen);
    if (explore_options.state != NULL) {
        try_only(explore_options.state);
        return;
    }
    bool is_long = lying_disk_count() - trial.first_point > LONG_JOURNAL || trial.is_large;
    uint64_t points = lying_disk_count() - trial.first_point + 1;
    uint64_t stride = is_long ? explore_options.stride : 1;
    if (stride > points / POINTS_MIN + 1)
        stride = points / POINTS_MIN + 1;
    for (size_t point = trial.first_point + (size_t)(trial.random % stride); point <= lying_disk_count();
         point += stride)
        if (point == lying_disk_count() || lying_disk_operation(point)->kind != LYING_NOTE)
            try_point(point, &trial.random);
}
