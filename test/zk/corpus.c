/* Every jet of the zkvm group against its Nock, out of the compiled libraries.
 *
 * zk-probe.hoon is compiled beforehand to a trap that makes a list of [name
 * gate].  For each jet a machine is made in whose table that jet only reports
 * that it was found, and leaves the call to the Nock; the jet itself is called
 * from here on the same core.  Products must be the same; where the Nock
 * crashes, the jet must have left it the call.
 *
 * With the name of a jet, only that; with a second word, no other jet of the
 * group helps the Nock.
 */
#include "jet/jet.h"
#include "library.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"
#include "zk/zk.h"
#include "zk_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 40
#define DEADLINE_NS 1000000000u

/* ---- the table with one jet taken out -------------------------------------- */

static unsigned found; /* calls of the jet that was taken out */

static noun report_1(struct nock *machine, noun a)
{
    (void)machine, (void)a;
    found++;
    return NOCK_JET_PUNT;
}

static noun report_2(struct nock *machine, noun a, noun b)
{
    (void)b;
    return report_1(machine, a);
}

static noun report_3(struct nock *machine, noun a, noun b, noun c)
{
    (void)b, (void)c;
    return report_1(machine, a);
}

static struct nock_jet reporting(const struct nock_jet *jet)
{
    struct nock_jet other = *jet;
    if (jet->kind == NOCK_JET_1)
        other.run.one = report_1;
    else if (jet->kind == NOCK_JET_2)
        other.run.two = report_2;
    else if (jet->kind == NOCK_JET_3)
        other.run.three = report_3;
    else
        other.run.core = report_1;
    return other;
}

/* ---- calling ------------------------------------------------------------- */

/* As the engine calls it. */
static noun call(struct nock *machine, const struct nock_jet *jet, noun core)
{
    if (jet->kind == NOCK_JET_CORE)
        return jet->run.core(machine, core);
    noun a = noun_at(core, 6), rest = a;
    if (a == NOUN_NONE || jet->kind == NOCK_JET_1)
        return a == NOUN_NONE ? NOCK_JET_PUNT : jet->run.one(machine, a);
    if (!noun_is_cell(a))
        return NOCK_JET_PUNT;
    a = noun_head(rest);
    noun b = noun_tail(rest);
    if (jet->kind == NOCK_JET_2)
        return jet->run.two(machine, a, b);
    if (!noun_is_cell(b))
        return NOCK_JET_PUNT;
    return jet->run.three(machine, a, noun_head(b), noun_tail(b));
}

static noun kick_formula(void)
{
    return stack_triple(space_stack(), 9, 2, stack_cell(space_stack(), 0, 1));
}

static noun find_gate(noun gates, const char *name)
{
    for (; noun_is_cell(gates); gates = noun_tail(gates))
        if (noun_atom_equals_cord(noun_head(noun_head(gates)), name))
            return noun_tail(noun_head(gates));
    return NOUN_NONE;
}

/* ---- one jet ------------------------------------------------------------- */

struct tally {
    unsigned answered;
    unsigned crashed;
    unsigned unfinished;
    uint64_t nock_ns; /* of what was answered */
    uint64_t jet_ns;
};

/* One sample through both; false if they differ. */
static bool compare(struct nock *machine, const struct nock_jet *jet, noun core, struct tally *tally)
{
    struct nock_result result;
    nock_root_add(machine, &core);
    uint64_t begin_ns = os_clock_cpu_ns();
    nock_set_deadline(machine, os_clock_ns() + DEADLINE_NS);
    nock_run(machine, core, kick_formula(), &result);
    nock_set_deadline(machine, 0);
    uint64_t middle_ns = os_clock_cpu_ns();
    noun product = call(machine, jet, core);
    uint64_t end_ns = os_clock_cpu_ns();
    nock_root_remove(machine, &core);
    bool answered = product < NOCK_JET_FAIL;
    tally->crashed += result.outcome == NOCK_CRASHED;
    tally->unfinished += result.outcome == NOCK_FAILED;
    if (!answered || result.outcome == NOCK_FAILED)
        return product == NOCK_JET_PUNT || (product == NOCK_JET_EXIT && result.outcome == NOCK_CRASHED) || answered;
    tally->answered++;
    tally->nock_ns += middle_ns - begin_ns;
    tally->jet_ns += end_ns - middle_ns;
    return result.outcome == NOCK_DONE && noun_equal(product, result.product);
}

static void test_jet(const char *jam_path, size_t index, bool alone, uint64_t *state)
{
    const struct nock_jet *jet = &zk_table[index];
    const char *name = zk_sample_name(jet->path);
    struct nock_jet *table = malloc(zk_table_count * sizeof *table);
    CHECK(table != NULL);
    memcpy(table, zk_table, zk_table_count * sizeof *table);
    for (size_t i = 0; i < zk_table_count; i++)
        if (i == index || alone)
            table[i] = reporting(&zk_table[i]);
    stack_clear(space_stack());
    struct nock *machine;
    const struct nock_options options = {0};
    CHECK(nock_create(space_stack(), &options, &machine) == STATUS_OK);
    nock_add_jets(machine, jet_table, jet_table_count);
    nock_add_jets(machine, table, zk_table_count);
    struct nock_result result;
    nock_run(machine, library_cue(jam_path), kick_formula(), &result);
    CHECK(result.outcome == NOCK_DONE);
    noun gate = find_gate(result.product, name);
    struct tally tally = {0};
    unsigned same = 0;
    if (gate != NOUN_NONE) {
        nock_root_add(machine, &gate);
        found = 0;
        for (unsigned i = 0; i < SAMPLES; i++) {
            uint64_t before = *state;
            noun core = zk_sample_core(machine, name, gate, state);
            bool good = compare(machine, jet, core, &tally);
            same += good;
            if (!good)
                tap_note("%s differs at sample %u, state %llu", name, i, (unsigned long long)before);
        }
        nock_root_remove(machine, &gate);
    }
    tap_ok(gate != NOUN_NONE && same == SAMPLES && found >= SAMPLES && tally.answered >= SAMPLES / 8,
           "%s: %u the same of %u, %u answered, %u crash, %u unfinished, called %u", name, same, SAMPLES,
           tally.answered, tally.crashed, tally.unfinished, found);
    if (tally.answered > 0)
        tap_note("%s: Nock %.1f us, jet %.2f us", name, (double)tally.nock_ns / 1e3 / tally.answered,
                 (double)tally.jet_ns / 1e3 / tally.answered);
    nock_destroy(machine);
    free(table);
}

/* ---- no jet is left out -------------------------------------------------------- */

/* The text of zk-probe.hoon names the gates: [%name gate] or ['door/name' gate]. */
static bool is_named(const char *text, const char *name)
{
    char term[64], cord[64];
    snprintf(term, sizeof term, "[%%%s ", name);
    snprintf(cord, sizeof cord, "['%s' ", name);
    return strstr(text, term) != NULL || strstr(text, cord) != NULL;
}

static void check_all_compared(void)
{
    uint8_t *bytes;
    size_t size_bytes;
    unsigned left_out = 0;
    CHECK(os_read_whole(TEST_PROBE, 1 << 20, &bytes, &size_bytes) == STATUS_OK);
    char *text = calloc(1, size_bytes + 1);
    CHECK(text != NULL);
    memcpy(text, bytes, size_bytes);
    for (size_t i = 0; i < zk_table_count; i++) {
        const char *name = zk_sample_name(zk_table[i].path);
        if (is_named(text, name) && zk_sample_is_made(name))
            continue;
        tap_note("%s has no gate in zk-probe.hoon, or no samples", name);
        left_out++;
    }
    free(text);
    free(bytes);
    tap_ok(left_out == 0, "every jet of the table is compared with its Nock");
}

int main(int argc, char **argv)
{
    check_all_compared();
    const char *jam_path = getenv("LOAM_ZKVM_PROBE");
    if (jam_path == NULL) {
        tap_skip("the zkvm group against its Nock", "LOAM_ZKVM_PROBE names no jam of zk-probe.hoon");
        return tap_done();
    }
    space_open();
    uint64_t state = tap_seed();
    for (size_t i = 0; i < zk_table_count; i++)
        if (argc < 2 || strcmp(argv[1], zk_sample_name(zk_table[i].path)) == 0)
            test_jet(jam_path, i, argc > 2, &state);
    return tap_done();
}
