/* Boot, load, poke and peek, with a counter written by hand. */
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "kernel/kernel.h"
#include "os/os.h"
#include "space.h"
#include "tap.h"

static struct stack *stack;

static noun read_noun(const char *text)
{
    noun n = 0;
    if (codec_read(stack, "test", text, strlen(text), &n) != STATUS_OK)
        tap_ok(false, "%s", status_message());
    return n;
}

static bool is_noun(noun n, const char *text)
{
    return noun_equal(n, read_noun(text));
}

/* ---- a counter ---------------------------------------------------------------- */

/* Each arm is [8 [1 0] [1 gate-formula] 0 1]: it makes a gate whose context is
 * the kernel core.  Within the gate the sample is at 6, the core at 7, its
 * state at 30; of a job, the wire's head is at 52 and the cause at 223. */
#define ARM(gate) "[8 [1 0] [1 " gate "] 0 1]"
#define LOAD_GATE "[6 [5 [0 6] 1 'broken'] [0 0] 10 [6 0 6] 0 7]"
#define PEEK_GATE                                                                                                      \
    "[6 [5 [0 6] 1 0] [1 0] "                                                                                          \
    "6 [5 [0 6] 1 [%empty 0]] [1 [0 0]] "                                                                              \
    "6 [5 [0 6] 1 [%odd 0]] [1 7] "                                                                                    \
    "[1 0] [1 0] 0 30]"
#define INCREMENT "[[[1 %state] 4 0 30] 1 0] 10 [6 4 0 30] 0 7"
#define LOOP "9 2 0 1"
/* %inc counts; %loop runs for ever; %atom answers with no cell; %core with no
 * kernel; anything else crashes with a trace. */
#define POKE_CAUSES                                                                                                    \
    "6 [5 [0 223] 1 %inc] [" INCREMENT "] "                                                                            \
    "6 [5 [0 223] 1 %loop] [" LOOP "] "                                                                                \
    "6 [5 [0 223] 1 %atom] [1 5] "                                                                                     \
    "6 [5 [0 223] 1 %core] [1 0 5] "                                                                                   \
    "11 [%mean 1 'bad cause'] 0 0"
#define GOOD_POKE_GATE "[6 [5 [0 52] 1 0] [[1 [%told 0]] 0 7] " POKE_CAUSES "]"
#define STRICT_POKE_GATE "[6 [5 [0 52] 1 0] [0 0] " POKE_CAUSES "]" /* crashes on notifications too */

#define KERNEL(poke) "[[1 [" ARM(LOAD_GATE) " [1 0] " ARM(PEEK_GATE) " " ARM(poke) "] 0 0] 0]"

static struct nock *machine;

static struct kernel *boot(const char *text)
{
    struct kernel *kernel = NULL;
    if (kernel_boot(machine, read_noun(text), &kernel) != STATUS_OK)
        tap_ok(false, "a kernel boots: %s", status_message());
    return kernel;
}

static noun job_of(uint64_t event, const char *cause)
{
    return kernel_job(stack, event, kernel_wire_plain(stack, "sys", 1), 0x1234567890abcdef, 1500, read_noun(cause));
}

static void test_boot(void)
{
    struct kernel *kernel = NULL;
    tap_ok(kernel_boot(machine, read_noun(KERNEL(GOOD_POKE_GATE)), &kernel) == STATUS_OK, "a kernel boots");
    tap_ok(kernel_state(kernel) == 0, "with its first state");
    nock_collect(machine);
    tap_ok(kernel_state(kernel) == 0 && noun_is_cell(kernel_core(kernel)), "which outlives a collection");
    kernel_destroy(kernel);
    tap_ok(kernel_boot(machine, read_noun("[[0 0] 0]"), &kernel) == STATUS_CRASHED, "a trap that crashes does not: %s",
           status_message());
    tap_ok(kernel_boot(machine, read_noun("[[1 5] 0]"), &kernel) == STATUS_INVALID, "nor one that gives no core: %s",
           status_message());
    tap_ok(kernel_boot(machine, read_noun("[[1 [1 2 3 4] 0 0] 0]"), &kernel) == STATUS_INVALID,
           "nor one whose arms are no formulas");
    kernel_destroy(NULL);
}

static void test_poke(void)
{
    struct kernel *kernel = boot(KERNEL(GOOD_POKE_GATE));
    struct kernel_event event;
    kernel_poke(kernel, job_of(1, "%inc"), &event);
    tap_ok(event.outcome == KERNEL_DONE && !event.replaced, "a poke is done");
    tap_ok(is_noun(event.effects, "[[%state 1] 0]"), "with effects");
    tap_ok(kernel_state(kernel) == 0, "the kernel is as it was");
    tap_ok(noun_at(event.core, KERNEL_AXIS_STATE) == 1, "the event has the new core");
    tap_ok(kernel_job_event(event.job) == 1 && is_noun(kernel_job_cause(event.job), "%inc"), "and the job for the log");
    kernel_set_core(kernel, event.core);
    tap_ok(kernel_state(kernel) == 1, "which takes effect when it is set");

    kernel_try(kernel, job_of(2, "%nonsense"), &event);
    tap_ok(event.outcome == KERNEL_CRASHED && event.goof.mote == noun_cord("exit"), "a bad cause crashes");
    char *text = kernel_goof_text(&event.goof, 0);
    tap_ok(strcmp(text, "exit\nbad cause") == 0, "and says why: %s", strchr(text, '\n') == NULL ? "" : "bad cause");
    free(text);
    kernel_replace(kernel, &event);
    tap_ok(event.outcome == KERNEL_DONE && event.replaced && event.cause == NOCK_CRASHED, "its replacement does not");
    tap_ok(is_noun(event.effects, "[%told 0]"), "and has its own effects");
    tap_ok(is_noun(noun_at(event.job, 6), "[0 'arvo' 0]") && noun_head(event.job) == 2, "the job logged is that one");
    tap_ok(is_noun(noun_at(event.job, 14), "[%exit [%leaf 'b' 'a' 'd' ' ' 'c' 'a' 'u' 's' 'e' 0] 0]"),
           "with the crash in it");
    tap_ok(noun_equal(noun_at(event.job, 15), noun_at(job_of(2, "%nonsense"), 7)), "and the input of the first");
    tap_ok(is_noun(kernel_job_cause(event.job), "%nonsense"), "whose cause is found");
    tap_ok(event.goof.mote == noun_cord("exit") && noun_is_cell(event.goof.tang), "the crash can still be told");

    noun logged = event.job;
    nock_root_add(machine, &logged);
    kernel_try(kernel, logged, &event);
    tap_ok(event.outcome == KERNEL_DONE && !event.replaced && noun_at(event.core, KERNEL_AXIS_STATE) == 1,
           "the logged job replays");
    nock_root_remove(machine, &logged);
    kernel_destroy(kernel);
}

static void test_malformed_products(void)
{
    struct kernel *kernel = boot(KERNEL(GOOD_POKE_GATE));
    struct kernel_event event;
    kernel_try(kernel, job_of(1, "%atom"), &event);
    tap_ok(event.outcome == KERNEL_CRASHED && event.goof.mote == 0, "a product that is no cell is as good as a crash");
    kernel_replace(kernel, &event);
    tap_ok(event.outcome == KERNEL_DONE && noun_at(event.job, 14) == 0, "whose replacement has the goof 0");
    kernel_poke(kernel, job_of(1, "%core"), &event);
    tap_ok(event.replaced && event.outcome == KERNEL_DONE, "so is one without a kernel");
    kernel_destroy(kernel);
}

static void test_refusal(void)
{
    struct kernel *kernel = boot(KERNEL(STRICT_POKE_GATE));
    struct kernel_event event;
    kernel_poke(kernel, job_of(1, "%nonsense"), &event);
    tap_ok(event.outcome == KERNEL_CRASHED && event.replaced, "a kernel that crashes twice refuses the event");
    tap_ok(kernel_state(kernel) == 0, "and is as it was");
    kernel_poke(kernel, job_of(1, "%inc"), &event);
    tap_ok(event.outcome == KERNEL_DONE && noun_at(event.core, KERNEL_AXIS_STATE) == 1, "the next one is welcome");
    kernel_destroy(kernel);
}

static void test_deadline(void)
{
    struct kernel *kernel = boot(KERNEL(GOOD_POKE_GATE));
    struct kernel_event event;
    nock_set_deadline(machine, os_clock_ns() + 20000000);
    kernel_poke(kernel, job_of(1, "%loop"), &event);
    tap_ok(event.outcome == KERNEL_DONE && event.replaced && event.cause == NOCK_FAILED,
           "an event that never ends is replaced at its deadline");
    tap_ok(noun_at(event.job, 28) == noun_cord("intr"), "with %%intr as the reason");
    nock_interrupt(machine);
    kernel_try(kernel, job_of(1, "%inc"), &event);
    tap_ok(event.outcome == KERNEL_CRASHED && event.goof.mote == noun_cord("intr"), "an interrupt fails the event");
    kernel_try(kernel, job_of(1, "%inc"), &event);
    tap_ok(event.outcome == KERNEL_DONE, "and no other");
    kernel_destroy(kernel);
}

static void test_load(void)
{
    struct kernel *kernel = boot(KERNEL(GOOD_POKE_GATE));
    struct kernel_goof goof;
    struct kernel_event event;
    tap_ok(kernel_load(kernel, 41, NULL) == STATUS_OK && kernel_state(kernel) == 41, "load takes an old state");
    kernel_poke(kernel, job_of(7, "%inc"), &event);
    tap_ok(is_noun(event.effects, "[[%state 42] 0]"), "and goes on from it");
    tap_ok(kernel_load(kernel, read_noun("'broken'"), &goof) == STATUS_CRASHED && goof.mote == noun_cord("exit"),
           "a state that it does not take is a crash: %s", status_message());
    tap_ok(kernel_state(kernel) == 41, "which changes nothing");
    struct kernel *again = NULL;
    tap_ok(kernel_from_core(machine, kernel_core(kernel), &again) == STATUS_OK && kernel_state(again) == 41,
           "a core is a kernel too");
    tap_ok(kernel_machine(again) == machine, "on the same machine");
    kernel_destroy(again);
    kernel_destroy(kernel);
}

static void test_peek(void)
{
    struct kernel *kernel = boot(KERNEL(GOOD_POKE_GATE));
    struct kernel_peek peek;
    kernel_peek(kernel, read_noun("[%state 0]"), &peek);
    tap_ok(peek.answer == KERNEL_PEEK_VALUE && peek.value == 0 && is_noun(peek.raw, "[0 0 0]"), "a peek has a value");
    kernel_peek(kernel, 0, &peek);
    tap_ok(peek.answer == KERNEL_PEEK_UNKNOWN, "or no such path");
    kernel_peek(kernel, read_noun("[%empty 0]"), &peek);
    tap_ok(peek.answer == KERNEL_PEEK_EMPTY, "or nothing there");
    kernel_peek(kernel, read_noun("[%odd 0]"), &peek);
    tap_ok(peek.answer == KERNEL_PEEK_MALFORMED && peek.raw == 7, "or nonsense");
    kernel_destroy(kernel);
}

int main(void)
{
    stack = space_stack();
    if (nock_create(stack, NULL, &machine) != STATUS_OK)
        return 1;
    test_boot();
    test_poke();
    test_malformed_products();
    test_refusal();
    test_deadline();
    test_load();
    test_peek();
    nock_destroy(machine);
    return tap_done();
}
