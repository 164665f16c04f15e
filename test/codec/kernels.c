/* The example kernels, run by the naive reducer without any jet. */
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/space.h"
#include "support/tap.h"

#include "programs.h"

#define KEYS 48

static struct stack *stack;
static noun kernel;

static noun read_noun(const char *text)
{
    noun n = NOUN_NONE;
    CHECK(codec_read(stack, "test", text, strlen(text), &n) == STATUS_OK);
    return n;
}

static bool is_text(noun n, const char *text)
{
    if (n == NOUN_NONE || noun_equal_pure(n, read_noun(text)))
        return n != NOUN_NONE;
    char *got;
    CHECK(codec_print(n, &(struct codec_text_options){.limit_bytes = 200}, &got, NULL) == STATUS_OK);
    tap_note("got %s", got);
    free(got);
    return false;
}

/* ---- as the runtime does it (ABI page 1.2, 1.4, 2) --------------------------- */

static void boot(const char *examples, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", examples, name);
    stack_clear(stack);
    noun trap = program_of_file(stack, path);
    CHECK(trap != NOUN_NONE);
    kernel = program_run(stack, trap, read_noun("[9 2 0 1]"));
    tap_ok(kernel != NOUN_NONE, "%s boots", name);
}

static noun slam(uint64_t axis, noun sample)
{
    char formula[128];
    snprintf(formula, sizeof formula, "[8 [9 %" PRIu64 " 0 2] 9 2 10 [6 0 7] 0 2]", axis);
    return program_run(stack, stack_cell(stack, kernel, sample), read_noun(formula));
}

static void expect_peek(const char *path, const char *product)
{
    tap_ok(is_text(slam(22, read_noun(path)), product), "peek %s: %s", path, product);
}

/* The effects, or NOUN_NONE for a crash, which leaves the kernel as it was. */
static noun poke(const char *job)
{
    noun product = slam(23, read_noun(job));
    if (product == NOUN_NONE)
        return NOUN_NONE;
    kernel = noun_tail(product);
    return noun_head(product);
}

static noun poke_cause(const char *cause)
{
    char job[512];
    snprintf(job, sizeof job, "[1 [%%poke %%sys 1 ~] 0x1234 0 0x8000.000c.ce9e.0d80.0000.0000.0000.0001 %s]", cause);
    return poke(job);
}

static void expect_poke(const char *cause, const char *effects)
{
    noun got = poke_cause(cause);
    tap_ok(effects == NULL ? got == NOUN_NONE : is_text(got, effects), "poke %s: %s", cause,
           effects == NULL ? "a crash" : effects);
}

/* What the runtime pokes after a crash changes nothing. */
static void expect_crud(void)
{
    noun state = noun_at(kernel, 6);
    tap_ok(is_text(poke("[1 [0 %arvo 0] [%exit [%leaf \"oh\"] ~] 0x1234 0 5 %bad]"), "0"), "the crash notice is taken");
    tap_ok(noun_equal_pure(noun_at(kernel, 6), state), "and changes nothing");
}

/* A fresh kernel that loads the state is where the old one was. */
static void expect_load(const char *examples, const char *name)
{
    char *state;
    CHECK(codec_print(noun_at(kernel, 6), NULL, &state, NULL) == STATUS_OK);
    boot(examples, name);
    kernel = slam(4, read_noun(state));
    tap_ok(kernel != NOUN_NONE && is_text(noun_at(kernel, 6), state), "load takes the state up again");
    free(state);
}

/* ---- counter and clock -------------------------------------------------------- */

static void try_counter(const char *examples)
{
    boot(examples, "counter.loam");
    expect_peek("/count", "[0 0 0]");
    expect_poke("%inc", "[[%count 1] 0]");
    expect_poke("%inc", "[[%count 2] 0]");
    expect_poke("%bad", NULL);
    expect_poke("[%inc 1]", NULL);
    expect_crud();
    expect_peek("/count", "[0 0 2]");
    expect_peek("/other", "0");
    expect_peek("5", "0");
    expect_load(examples, "counter.loam");
    expect_poke("%inc", "[[%count 3] 0]");
}

static void try_clock(const char *examples)
{
    boot(examples, "clock.loam");
    expect_peek("/now", "[0 0]");
    expect_peek("/ticks", "[0 0 0]");
    expect_poke("%tick", "[[%tick 1] 0]");
    expect_peek("/now", "[0 0 0x8000.000c.ce9e.0d80.0000.0000.0000.0001]");
    expect_poke("[%stop-after 3]", "0");
    expect_poke("%tock", NULL);
    expect_crud();
    expect_load(examples, "clock.loam");
    expect_poke("%tick", "[[%tick 2] 0]");
    expect_poke("%tick", "[[%exit 0] 0]");
    expect_peek("/ticks", "[0 0 3]");
}

/* ---- ledger ------------------------------------------------------------------- */

/* A model: the value of each key, or -1. */
static int64_t entries[KEYS];

static unsigned entry_count(void)
{
    unsigned count = 0;
    for (unsigned key = 0; key < KEYS; key++)
        count += entries[key] >= 0;
    return count;
}

/* Height of a map between two keys, or -1 if it is not balanced as it says, not
 * in order, or not what the model says. */
static int check_map(noun map, int64_t above, int64_t below, unsigned *found)
{
    if (map == 0)
        return 0;
    noun lean = noun_at(map, 2), key = noun_at(map, 6), value = noun_at(map, 14);
    if (!noun_is_direct(key) || key >= KEYS || (int64_t)key <= above || (int64_t)key >= below ||
        (int64_t)value != entries[key])
        return -1;
    ++*found;
    int left = check_map(noun_at(map, 30), above, (int64_t)key, found);
    int right = check_map(noun_at(map, 31), (int64_t)key, below, found);
    if (left < 0 || right < 0 || left - right != (lean == 1) - (lean == 2))
        return -1;
    return 1 + (left > right ? left : right);
}

static bool ledger_is_right(void)
{
    noun state = noun_at(kernel, 6);
    unsigned found = 0;
    return check_map(noun_tail(state), -1, KEYS, &found) >= 0 && found == entry_count() && noun_head(state) == found;
}

/* Pokes one random cause and does the same to the model. */
static bool change(uint64_t *state)
{
    char cause[128];
    unsigned key = (unsigned)tap_below(state, KEYS), value = (unsigned)tap_below(state, 20);
    switch (tap_below(state, 5)) {
    case 0:
    case 1:
        snprintf(cause, sizeof cause, "[%%put %u %u]", key, value);
        entries[key] = value;
        break;
    case 2:
        snprintf(cause, sizeof cause, "[%%add %u %u]", key, value);
        entries[key] = (entries[key] < 0 ? 0 : entries[key]) + value;
        break;
    default:
        snprintf(cause, sizeof cause, "[%%del %u]", key);
        entries[key] = -1;
        break;
    }
    noun effects = poke_cause(cause);
    char expected[64];
    snprintf(expected, sizeof expected, "[[%%size %u] 0]", entry_count());
    return is_text(effects, expected) && ledger_is_right();
}

static void try_changes(uint64_t *state, unsigned rounds)
{
    unsigned good = 0;
    for (unsigned i = 0; i < rounds; i++)
        good += change(state);
    tap_ok(good == rounds, "%u of %u random changes leave a balanced map that is right", good, rounds);
}

static void fill(unsigned start, unsigned count)
{
    char cause[64], effects[64];
    snprintf(cause, sizeof cause, "[%%fill %u %u]", start, count);
    for (unsigned key = start; key < start + count; key++)
        entries[key] = key;
    snprintf(effects, sizeof effects, "[[%%size %u] 0]", entry_count());
    expect_poke(cause, effects);
    tap_ok(ledger_is_right(), "which is balanced and right");
}

static void try_fills(const char *examples)
{
    for (unsigned count = 0; count < KEYS; count += 1 + count / 3) {
        boot(examples, "ledger.loam");
        memset(entries, 0xff, sizeof entries);
        fill(KEYS - count, count);
    }
    fill(5, 20);
}

static void try_ledger(const char *examples)
{
    memset(entries, 0xff, sizeof entries);
    boot(examples, "ledger.loam");
    expect_peek("/size", "[0 0 0]");
    expect_peek("[%get 7 ~]", "[0 0]");
    expect_poke("[%put 7 %seven]", "[[%size 1] 0]");
    expect_peek("[%get 7 ~]", "[0 0 %seven]");
    expect_poke("[%put 7 [1 2 3]]", "[[%size 1] 0]");
    expect_peek("[%get 7 ~]", "[0 0 1 2 3]");
    expect_poke("[%add 7 1]", NULL);
    expect_poke("[%put [7 8] 1]", NULL);
    expect_poke("%size", NULL);
    expect_crud();
    expect_poke("[%del 8]", "[[%size 1] 0]");
    expect_poke("[%del 7]", "[[%size 0] 0]");
    uint64_t state = tap_seed();
    try_changes(&state, 400);
    expect_load(examples, "ledger.loam");
    try_changes(&state, 100);
    try_fills(examples);
}

int main(int argument_count, char **arguments)
{
    CHECK(argument_count == 3);
    stack = space_stack();
    try_counter(arguments[1]);
    try_clock(arguments[1]);
    try_ledger(arguments[1]);
    return tap_done();
}
