/* The profiler names what took the time, and changes nothing. */
#include "nock/profile.h"
#include "os/os.h"
#include "rig.h"
#include "support/tap.h"

#include <stdlib.h>

#define RUN_NS ((uint64_t)300000000)
#define INTERVAL_US 500

static struct rig rig;

/* Counts for ever; the argument is never reached. */
#define COUNT_BODY "8 [1 0] 8 [1 6 [5 [0 30] 4 0 6] [0 6] 9 2 10 [6 4 0 6] 0 1] 9 2 0 1"
#define ROOT "[11 [%fast 1 %root [1 0] 0] 1 5 6]"

/* [8 root 8 gate 9 2 0 2], the gate registered or not. */
#define IN_GATE(hint, body) "[8 " ROOT " 8 [" hint " [1 " body "] [1 1000000000000] 0 2] 9 2 0 2]"
#define LABELLED IN_GATE("11 [%fast 1 %slow [0 7] 0]", COUNT_BODY)
#define PLACED "[8 [1 11 [%spot 1 [%dir %file 0] [12 3] 14 5] " COUNT_BODY "] 2 [[1 0] [1 1000000000000] 1 0] 0 2]"

struct text {
    char *bytes;
    size_t size_bytes;
};

static struct text write_with(void (*write)(const struct nock *, FILE *))
{
    struct text text;
    FILE *out = open_memstream(&text.bytes, &text.size_bytes);
    CHECK(out != NULL);
    write(rig.machine, out);
    fclose(out);
    return text;
}

static void write_top(const struct nock *machine, FILE *out)
{
    nock_profile_write_top(machine, out, 5);
}

/* A run of a while, profiled. */
static void run_profiled(const char *formula)
{
    struct nock_result result;
    CHECK(nock_profile_start(rig.machine, INTERVAL_US) == STATUS_OK);
    nock_set_deadline(rig.machine, os_clock_ns() + RUN_NS);
    rig_run(&rig, "0", formula, &result);
    nock_set_deadline(rig.machine, 0);
    CHECK(result.outcome == NOCK_FAILED);
    nock_profile_pause(rig.machine);
}

/* Microseconds of the folded stacks that contain a name, and of all. */
static uint64_t micros_of(const char *folded, const char *name, uint64_t *all)
{
    uint64_t sum = 0;
    *all = 0;
    for (const char *line = folded; *line != 0; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n'), *count = end;
        CHECK(end != NULL);
        while (count[-1] != ' ')
            count--;
        uint64_t micros = strtoull(count, NULL, 10);
        const char *found = strstr(line, name);
        *all += micros;
        sum += found != NULL && found < end ? micros : 0;
    }
    return sum;
}

static void test_named(const char *formula, const char *name)
{
    uint64_t all, own;
    run_profiled(formula);
    struct text folded = write_with(nock_profile_write_folded);
    own = micros_of(folded.bytes, name, &all);
    tap_ok(own > 0 && own * 10 >= all * 8, "%s has the time, %llu of %llu microseconds", name, (unsigned long long)own,
           (unsigned long long)all);
    tap_ok(all <= 2 * RUN_NS / 1000, "which is no more than passed");
    struct text top = write_with(write_top);
    tap_ok(strstr(top.bytes, name) != NULL, "the summary has it too");
    free(top.bytes);
    free(folded.bytes);
    nock_profile_stop(rig.machine);
    rig_clear(&rig);
}

static unsigned count_of(const char *text, const char *part)
{
    unsigned count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

static void test_trace(void)
{
    run_profiled(LABELLED);
    struct text trace = write_with(nock_profile_write_trace);
    unsigned begun = count_of(trace.bytes, "\"ph\": \"B\""), ended = count_of(trace.bytes, "\"ph\": \"E\"");
    tap_ok(begun > 0 && begun == ended, "every slice of the trace that begins also ends (%u, %u)", begun, ended);
    tap_ok(count_of(trace.bytes, "\"name\": \"run\"") == 1, "and the run is one");
    free(trace.bytes);
    nock_profile_stop(rig.machine);
    rig_clear(&rig);
}

/* ---- jets --------------------------------------------------------------------------- */

static noun busy(struct nock *machine, noun sample)
{
    (void)machine;
    for (uint64_t end_ns = os_clock_cpu_ns() + 5000000; os_clock_cpu_ns() < end_ns;)
        ;
    return sample;
}

static const struct nock_jet busy_jet = {.path = "root/busy", .axis = 1, .kind = NOCK_JET_1, .run.one = busy};

/* A loop [loop gate root] that slams a gate that is jetted. */
#define BUSY                                                                                                           \
    "[8 " ROOT " 8 [11 [%fast 1 %busy [0 7] 0] [1 0 6] [1 3] 0 2] 8 [1 8 [9 2 10 [6 1 4] 0 6] 9 2 0 3] 9 2 0 1]"

static void test_jet(void)
{
    nock_add_jets(rig.machine, &busy_jet, 1);
    test_named(BUSY, "root/busy");
}

/* ---- nothing changes ------------------------------------------------------------------ */

static void test_unchanged(void)
{
    CHECK(nock_profile_start(rig.machine, INTERVAL_US) == STATUS_OK);
    for (unsigned i = 0; i < 20; i++)
        rig_expect(&rig, "0", "[8 [[1 6 [5 [0 6] 1 100000] [0 6] 9 2 10 [6 4 0 6] 0 1] 1 0 0] 9 2 0 2]", "100000");
    rig_expect_crash(&rig, "0", "[11 [%mean 1 %why] 0 0]", "[[%mean %why] 0]");
    nock_profile_stop(rig.machine);
    nock_profile_stop(rig.machine);
    rig_expect(&rig, "[1 2]", "[4 0 2]", "2");
}

int main(void)
{
    rig_open(&rig, &(struct rig_options){0});
    test_named(LABELLED, "root/slow");
    test_named(PLACED, "/dir/file:12");
    test_trace();
    test_jet();
    test_unchanged();
    CHECK(nock_profile_start(rig.machine, INTERVAL_US) == STATUS_OK);
    rig_close(&rig); /* which ends it */
    return tap_done();
}
