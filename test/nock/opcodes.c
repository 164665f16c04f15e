/* Each opcode's table, and the public tree's small programs. */
#include "model/cases.h"
#include "os/os.h"
#include "rig.h"
#include "support/tap.h"

#include <stdlib.h>

static struct rig rig;

static void test_cases(void)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (cases[i].product != NULL)
            rig_expect(&rig, cases[i].subject, cases[i].formula, cases[i].product);
        else
            rig_expect_crash(&rig, cases[i].subject, cases[i].formula, cases[i].trace == NULL ? "0" : cases[i].trace);
    }
}

/* The same formula noun, met again, must give the same. */
static void test_again(void)
{
    noun formula = rig_noun(&rig, "[6 [3 0 1] [[0 3] 0 2] 4 0 1]");
    nock_root_add(rig.machine, &formula);
    unsigned wrong = 0;
    for (noun i = 0; i < 1000; i++) {
        struct nock_result result;
        nock_run(rig.machine, i, formula, &result);
        wrong += result.outcome != NOCK_DONE || result.product != i + 1;
        nock_run(rig.machine, stack_cell(rig.stack, i, 5), formula, &result);
        wrong += result.outcome != NOCK_DONE || noun_at(result.product, 2) != 5 || noun_at(result.product, 3) != i;
        if (i % 100 == 0)
            nock_collect(rig.machine);
    }
    nock_root_remove(rig.machine, &formula);
    tap_ok(wrong == 0, "one formula on 2,000 subjects (%u wrong)", wrong);
}

/* A formula that is part of another, and one that is its own subject. */
static void test_formula_nouns(void)
{
    rig_expect(&rig, "[[4 0 1] 0 1]", "[2 [1 7] 0 2]", "8");
    rig_expect(&rig, "[7 [0 1] 0 2]", "[2 [0 1] 0 1]", "7");
    rig_expect(&rig, "0", "[2 [1 0] [1 4] [1 0] 1 1]", "1");
    rig_expect(&rig, "[3 6]", "[2 [0 1] [1 4] [1 0] 0 2]", "7");
    rig_expect_crash(&rig, "0", "[2 [0 1] 1 5]", "0");
    rig_expect_crash(&rig, "0", "[2 [0 1] 1 [11 1] 3]", "0");
}

/* ---- corpus ------------------------------------------------------------------- */

static const struct {
    const char *path, *product;
} programs[] = {
    {"crates/nockvm/resources/jam/decrement.jam", "9999"},
    {"crates/nockvm/resources/jam/decrement2.jam", "99"},
    {"crates/nockvm/resources/jam/hurray.jam", "'hurray'"},
    {"crates/nockvm/resources/jam/repeat5_10.jam", "[5 5 5 5 5 5 5 5 5 5 0]"},
    {"crates/nockvm/resources/jam/repeat5_10_tc.jam", "[5 5 5 5 5 5 5 5 5 5 0]"},
    {"crates/nockvm/resources/jam/repeat5_100.jam", NULL},
    {"crates/nockvm/resources/jam/repeat5_100_tc.jam", NULL},
    {"crates/nockvm/resources/jam/repeat5_1000.jam", NULL},
    {"crates/nockvm/resources/jam/repeat5_1000_tc.jam", NULL},
};

static const struct tree *read_program(const char *path)
{
    uint8_t *bytes;
    size_t size_bytes;
    CHECK(os_read_whole(path, 1 << 20, &bytes, &size_bytes) == STATUS_OK);
    const struct tree *program = tree_cue(rig.arena, bytes, size_bytes);
    free(bytes);
    CHECK(program != NULL && tree_is_cell(program));
    return program;
}

static void test_program(const char *path, const char *product)
{
    const struct tree *program = read_program(path);
    const struct reducer_options options = {.steps_max = 1000000, .depth_max = 10000};
    struct reducer_result expected = reducer_run(rig.arena, &options, program->head, program->tail);
    struct nock_result result;
    noun subject = tree_to_noun(rig.stack, program->head);
    nock_run(rig.machine, subject, tree_to_noun(rig.stack, program->tail), &result);
    tap_ok(expected.outcome == REDUCER_DONE && result.outcome == NOCK_DONE &&
               tree_matches(expected.product, result.product) &&
               (product == NULL || rig_is(&rig, result.product, product)),
           "%s", path);
}

static void test_corpus(void)
{
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        const char *path = tap_corpus(programs[i].path);
        if (path == NULL)
            tap_skip(programs[i].path, "LOAM_CORPUS is not a checkout of the public tree");
        else
            test_program(path, programs[i].product);
    }
}

int main(void)
{
    rig_open(&rig, &(struct rig_options){0});
    test_cases();
    test_again();
    test_formula_nouns();
    test_corpus();
    rig_close(&rig);
    return tap_done();
}
