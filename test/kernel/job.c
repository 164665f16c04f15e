/* Dates, jobs, wires and paths, against the contract's check values. */
#include <string.h>

#include "kernel/kernel.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

static noun wide(uint64_t high, uint64_t low)
{
    uint64_t words[2] = {low, high};
    return stack_atom_from_words(stack, words, 2);
}

static noun list3(noun a, noun b, noun c)
{
    return stack_cell(stack, a, stack_triple(stack, b, c, 0));
}

static void test_dates(void)
{
    static const struct {
        uint64_t wall_ms, high, low;
    } values[] = {
        {0, 0x8000000cce9e0d80, 0},
        {1, 0x8000000cce9e0d80, 0x004189374bc6a7ef},
        {1500, 0x8000000cce9e0d81, 0x8000000000000000},
        {1700000000000, 0x8000000d33f1fe80, 0},
        {999, 0x8000000cce9e0d80, 0xffbe76c8b4395810},
    };
    for (size_t i = 0; i < COUNT_OF(values); i++)
        tap_ok(noun_equal(kernel_date(stack, values[i].wall_ms), wide(values[i].high, values[i].low)),
               "the date of %" PRIu64 " ms", values[i].wall_ms);
}

static void test_jobs(void)
{
    noun wire = kernel_wire_plain(stack, "sys", 1);
    noun cause = stack_cell(stack, noun_cord("inc"), 0);
    uint64_t eny = 0xfedcba9876543210;
    noun job = kernel_job(stack, 7, wire, eny, 1500, cause);
    tap_ok(noun_at(job, 2) == 7 && noun_equal(noun_at(job, 6), wire), "a job begins with its number and its wire");
    tap_ok(noun_equal(noun_at(job, 14), stack_atom_from_word(stack, eny)), "then the entropy, all 64 bits of it");
    tap_ok(noun_at(job, 30) == 0, "then nobody");
    tap_ok(noun_equal(noun_at(job, 62), kernel_date(stack, 1500)), "then the date");
    tap_ok(noun_equal(noun_at(job, 63), cause), "and then the cause");
    tap_ok(kernel_job_event(job) == 7 && noun_equal(kernel_job_wire(job), wire) &&
               noun_equal(kernel_job_cause(job), cause),
           "its parts are found again");
    noun replacement =
        stack_cell(stack, 7, stack_triple(stack, stack_triple(stack, 0, noun_cord("arvo"), 0), 0, noun_at(job, 7)));
    tap_ok(noun_equal(kernel_job_cause(replacement), cause), "also those of a replacement");
    tap_ok(kernel_job_event(5) == NOUN_NONE && kernel_job_wire(5) == NOUN_NONE && kernel_job_cause(5) == NOUN_NONE &&
               kernel_job_cause(stack_cell(stack, 1, 2)) == NOUN_NONE,
           "what is no job has no parts");
    noun big = kernel_job(stack, 1, wire, 0, UINT64_MAX, 0);
    tap_ok(noun_at(big, 14) == 0 && noun_is_indirect(noun_at(big, 62)), "the end of time is a date too");
}

static void test_wires(void)
{
    noun plain = kernel_wire_plain(stack, "one-punch", 1);
    tap_ok(noun_equal(plain, list3(noun_cord("poke"), stack_cord(stack, "one-punch"), 1)), "[%%poke %%one-punch 1 ~]");
    noun tagged = kernel_wire_tagged(stack, "file", 1, "batch-write");
    noun expected = stack_cell(stack, noun_cord("poke"), list3(noun_cord("file"), 1, stack_cord(stack, "batch-write")));
    tap_ok(noun_equal(tagged, expected), "[%%poke %%file 1 %%batch-write ~]");
    struct kernel_tag tags[2] = {{.number = 42}, {.text = "talk"}};
    noun many = kernel_wire(stack, "grpc", 1, tags, 2);
    expected =
        stack_cell(stack, noun_cord("poke"), stack_cell(stack, noun_cord("grpc"), list3(1, 42, noun_cord("talk"))));
    tap_ok(noun_equal(many, expected), "[%%poke %%grpc 1 42 %%talk ~]");
    /* the mugs of the contract's vectors */
    tap_ok(noun_mug(kernel_wire_plain(stack, "sys", 1)) == 0x1b9df3f7, "the mug of [%%poke %%sys 1 ~]");
    tap_ok(noun_mug(plain) == 0x0d42e5da, "the mug of [%%poke %%one-punch 1 ~]");
}

static void path_is(noun path, const char *expected)
{
    char text[64];
    size_t length = kernel_path_text(path, text, sizeof text);
    tap_ok(strcmp(text, expected) == 0 && length == strlen(text), "%s is printed as %s", expected, text);
}

static void test_paths(void)
{
    char text[8];
    path_is(kernel_wire_plain(stack, "sys", 1), "/poke/sys/1");
    path_is(kernel_wire_tagged(stack, "file", 1, "batch-write"), "/poke/file/1/batch-write");
    path_is(list3(0, noun_cord("arvo"), 0), "/~/arvo/~");
    path_is(list3(stack_cell(stack, 1, 2), wide(1, 2), 300), "/*/0x0000000000000001.../300");
    path_is(0, "/");
    path_is(noun_cord("loose"), "loose");
    size_t length = kernel_path_text(kernel_wire_plain(stack, "one-punch", 1), text, sizeof text);
    tap_ok(length == 7 && strcmp(text, "/poke/o") == 0, "a long path is cut");
}

static void test_effects(void)
{
    noun effects = list3(1, 2, 3), effect, sum = 0;
    unsigned count = 0;
    while (kernel_effect_next(&effects, &effect)) {
        sum += effect;
        count++;
    }
    tap_ok(count == 3 && sum == 6, "a list of effects is stepped through");
    effects = stack_cell(stack, 1, 9);
    tap_ok(kernel_effect_next(&effects, &effect) && effect == 1 && !kernel_effect_next(&effects, &effect),
           "an improper one ends all the same");
    effects = 0;
    tap_ok(!kernel_effect_next(&effects, &effect), "an empty one has none");
}

int main(void)
{
    stack = space_stack();
    test_dates();
    test_jobs();
    test_wires();
    test_paths();
    test_effects();
    return tap_done();
}
