/* Both engines against the oracle, on random formulas.
 *
 * A worker process makes formula after formula, reduces it naively once, and
 * runs it on two machines side by side: one that translates to machine code at
 * a formula's first entry, and one that interprets.  Whatever an engine does,
 * even if it dies, the parent knows which formula it was, makes it smaller with
 * a fresh machine in a fresh process for every try, and prints it.
 *
 * LOAM_TEST_SEED sets which formulas there are, LOAM_FIRST with which number to
 * begin and LOAM_FORMULAS how many to run, so that a long run may be done in
 * parts; LOAM_SIZE how many parts a formula has at most; LOAM_REPORTS how many
 * differences are enough. */
#include "model/random_formula.h"
#include "model/shrink.h"
#include "os/os.h"
#include "rig.h"
#include "support/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef LOAM_HOSTILE
#define FORMULAS_DEFAULT 500
#else
#define FORMULAS_DEFAULT 8192
#endif
#define SIZE_DEFAULT 100
#define BATCH 64 /* formulas of one event */
#define BATCHES_PER_MACHINE 8
#define BATCH_TIME_NS (120 * (uint64_t)1000000000)
#define SPEAKS_EVERY ((uint64_t)1 << 17)
#define REPORTS_DEFAULT 5
#define SHRINK_TRIES 4000
#define UNSHARED_SIZE_MAX 20000

/* Shared between the worker and its parent. */
struct progress {
    uint64_t next;   /* the formula being run */
    unsigned engine; /* on which */
    uint64_t compared, crashed, gave_up, steps, slogged, jet_calls;
    const char *difference; /* a literal, so good in both */
};

static const char *const engine_names[] = {"machine code", "the interpreter"};
#define ENGINES COUNT_OF(engine_names)

struct difference {
    struct rig rigs[ENGINES];
    struct tree_arena *arena; /* of one formula */
    struct rig guests;        /* its nouns only: what formulas are made with */
    unsigned size_max;        /* of a formula, in parts */
    uint64_t seed;
    struct progress *progress;
};

static struct reducer_options reducer_options(const struct difference *d)
{
    return (struct reducer_options){.steps_max = 20000,
                                    .depth_max = 1500,
                                    .mink_battery = d->guests.mink_battery,
                                    .mink_root = d->guests.mink_root,
                                    .library = d->guests.library};
}

/* Every third machine collects all the time, and translates a little later. */
static struct rig_options machine_options(unsigned engine, uint64_t number)
{
    bool is_short = number / (BATCH * BATCHES_PER_MACHINE) % 3 == 2;
    return (struct rig_options){.engine = engine == 0 ? NOCK_ENGINE_NATIVE : NOCK_ENGINE_INTERPRETER,
                                .native_after = is_short ? 2 : 1,
                                .young_budget_bytes = is_short ? 512 : 0,
                                .space = engine};
}

static struct rig *open_machine(struct difference *d, unsigned engine, uint64_t number)
{
    struct rig_options options = machine_options(engine, number);
    rig_open(&d->rigs[engine], &options);
    rig_add_jets(&d->rigs[engine]);
    return &d->rigs[engine];
}

static void open_machines(struct difference *d, uint64_t number)
{
    for (unsigned engine = 0; engine < ENGINES; engine++)
        open_machine(d, engine, number);
}

static void close_machines(struct difference *d)
{
    for (unsigned engine = 0; engine < ENGINES; engine++) {
        d->progress->jet_calls += nock_statistics(d->rigs[engine].machine)->jet_calls;
        rig_close(&d->rigs[engine]);
    }
}

/* NULL: they agree; else how they do not. */
static const char *compare(struct rig *rig, const struct reducer_result *expected, const struct nock_result *result,
                           bool slogs_are_exact)
{
    static const enum nock_outcome outcomes[] = {[REDUCER_DONE] = NOCK_DONE, [REDUCER_CRASHED] = NOCK_CRASHED};
    uint64_t steps = UINT64_MAX;
    if (result->outcome != outcomes[expected->outcome])
        return "outcomes differ";
    if (result->outcome == NOCK_CRASHED && result->mote != noun_cord("exit"))
        return "a crash without %exit";
    if (!tree_matches(expected->product, result->product))
        return result->outcome == NOCK_DONE ? "products differ" : "traces differ";
    if (slogs_are_exact && !tree_equal(expected->slogs, rig->slogs, &steps))
        return "slogs differ";
    return NULL;
}

/* How the trees become nouns. */
enum form { SHARED, UNSHARED, PERSISTENT, FORM_COUNT };

static noun to_noun(struct rig *rig, const struct tree *tree, enum form form)
{
    if (form == PERSISTENT)
        return rig_persistent(rig, tree);
    if (form == UNSHARED && tree_size(tree, UNSHARED_SIZE_MAX) < UNSHARED_SIZE_MAX)
        return tree_to_noun_unshared(rig->stack, tree);
    return tree_to_noun(rig->stack, tree);
}

static const char *run_and_compare(struct rig *rig, const struct random_formula *made,
                                   const struct reducer_result *expected, enum form form)
{
    struct nock_result result;
    rig_enter(rig);
    rig->slogs = tree_atom(rig->arena, 0);
    noun subject = to_noun(rig, made->subject, form);
    nock_run(rig->machine, subject, to_noun(rig, made->formula, form), &result);
    return compare(rig, expected, &result, made->slogs_are_exact);
}

/* ---- one formula by its number ------------------------------------------------- */

static struct random_formula formula_number(struct difference *d, uint64_t number, enum form *form)
{
    uint64_t state = d->seed ^ bits_mix64(number + 1);
    const struct reducer_options options = reducer_options(d);
    *form = (enum form)tap_below(&state, FORM_COUNT);
    return random_formula(d->arena, &state, &options,
                          d->size_max / 10 + (unsigned)tap_below(&state, d->size_max - d->size_max / 10));
}

static bool run_number(struct difference *d, uint64_t number)
{
    enum form form;
    tree_arena_reset(d->arena);
    struct random_formula made = formula_number(d, number, &form);
    const struct reducer_options options = reducer_options(d);
    struct reducer_result expected = reducer_run(d->arena, &options, made.subject, made.formula);
    if (expected.outcome == REDUCER_GAVE_UP) {
        d->progress->gave_up++;
        return true;
    }
    d->progress->compared++;
    d->progress->crashed += expected.outcome == REDUCER_CRASHED;
    d->progress->slogged += made.slogs_are_exact && tree_is_cell(expected.slogs);
    d->progress->steps += expected.steps;
    for (unsigned engine = 0; engine < ENGINES; engine++) {
        d->progress->engine = engine;
        d->progress->difference = "it died";
        d->progress->difference = run_and_compare(&d->rigs[engine], &made, &expected, form);
        if (d->progress->difference != NULL)
            return false;
    }
    return true;
}

/* ---- the worker --------------------------------------------------------------------- */

/* Some events persist what they made, some the half of it; some are followed by
 * a collection of the arena. */
static void end_event(struct rig *rig, uint64_t number)
{
    rig_enter(rig);
    nock_codes(rig->machine);
    nock_registry(rig->machine);
    rig_clear_moving(rig, (unsigned)(2 * number % 6));
    if (number % 4 == 3)
        rig_collect_persistent(rig, (unsigned)(number / 4 % 5));
    tree_arena_reset(rig->arena);
    rig_add_jets(rig);
}

/* What comes between a formula and the next, if that has this number. */
static void prepare(struct difference *d, uint64_t number, bool is_first)
{
    if (is_first || number % (BATCH * BATCHES_PER_MACHINE) == 0) {
        if (!is_first)
            close_machines(d);
        open_machines(d, number);
    } else if (number % BATCH == 0) {
        for (unsigned engine = 0; engine < ENGINES; engine++)
            end_event(&d->rigs[engine], number / BATCH);
    }
    if (!is_first && number % BATCH != 0)
        return;
    for (unsigned engine = 0; engine < ENGINES; engine++)
        nock_set_deadline(d->rigs[engine].machine, os_clock_ns() + BATCH_TIME_NS);
}

/* Runs on from `progress->next`; the exit code is 0 if all was well. */
static void work(struct difference *d, uint64_t end)
{
    uint64_t first = d->progress->next;
    for (; d->progress->next < end; d->progress->next++) {
        uint64_t number = d->progress->next;
        prepare(d, number, number == first);
        if (!run_number(d, number))
            _exit(1);
        if ((number + 1) % SPEAKS_EVERY == 0) {
            tap_note("up to %" PRIu64 " they agree", number + 1);
            fflush(stdout);
        }
    }
    close_machines(d);
    _exit(0);
}

static int in_child(void (*body)(void *), void *context)
{
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        body(context);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

/* ---- making it smaller ---------------------------------------------------------------- */

struct attempt {
    struct difference *d;
    struct random_formula made;
    enum form form;
    uint64_t number;
};

static struct reducer_result expect(const struct attempt *a)
{
    const struct reducer_options options = reducer_options(a->d);
    return reducer_run(a->d->arena, &options, a->made.subject, a->made.formula);
}

static void attempt(void *context)
{
    struct attempt *a = context;
    struct rig *rig = open_machine(a->d, a->d->progress->engine, a->number);
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    nock_set_deadline(rig->machine, os_clock_ns() + BATCH_TIME_NS / 4);
    struct reducer_result expected = expect(a);
    bool same = expected.outcome == REDUCER_GAVE_UP || run_and_compare(rig, &a->made, &expected, a->form) == NULL;
    _exit(same ? 0 : 1);
}

static bool still_differs(void *context, const struct tree *subject, const struct tree *formula)
{
    struct attempt *a = context;
    a->made.subject = subject;
    a->made.formula = formula;
    return in_child(attempt, a) != 0;
}

static void say(const char *what, const struct tree *tree)
{
    char *text = tree_text(tree, 400);
    tap_note("%s %s", what, text);
    free(text);
}

/* In a child: prints how the two differ. */
static void explain(void *context)
{
    struct attempt *a = context;
    struct rig *rig = open_machine(a->d, a->d->progress->engine, a->number);
    static const char *const names[] = {"done", "crashed", "failed"};
    struct reducer_result expected = expect(a);
    tap_note("expected: %s", expected.outcome == REDUCER_GAVE_UP ? "too much" : names[expected.outcome]);
    if (expected.product != NULL)
        say("         ", expected.product);
    fflush(stdout);
    struct nock_result result;
    rig->slogs = tree_atom(rig->arena, 0);
    noun subject = to_noun(rig, a->made.subject, a->form);
    nock_run(rig->machine, subject, to_noun(rig, a->made.formula, a->form), &result);
    tap_note("engine: %s", names[result.outcome]);
    say("        ", tree_from_noun(a->d->arena, result.product));
    const char *difference = compare(rig, &expected, &result, a->made.slogs_are_exact);
    tap_note("%s", difference == NULL ? "and that agrees" : difference);
}

static void report(struct difference *d, uint64_t number)
{
    struct attempt a = {.d = d, .number = number};
    tree_arena_reset(d->arena);
    a.made = formula_number(d, number, &a.form);
    tap_note("formula %" PRIu64 " of seed 0x%" PRIx64 ", %s, young budget %zu: %s", number, d->seed,
             engine_names[d->progress->engine], machine_options(d->progress->engine, number).young_budget_bytes,
             d->progress->difference);
    const struct tree *subject = a.made.subject, *formula = a.made.formula;
    if (!still_differs(&a, subject, formula)) {
        tap_note("on a fresh machine it agrees: what ran before it matters");
    } else {
        shrink(d->arena, &subject, &formula, still_differs, &a, SHRINK_TRIES);
    }
    a.made.subject = subject;
    a.made.formula = formula;
    say("subject", subject);
    say("formula", formula);
    if (in_child(explain, &a) != 0)
        tap_note("and the engine died");
}

/* ---- all of them --------------------------------------------------------------------------- */

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static struct progress *make_progress(void)
{
    struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(progress != MAP_FAILED);
    return progress;
}

/* Runs workers until one comes to the end; how many did not. */
static uint64_t run_all(struct difference *d, uint64_t end)
{
    uint64_t reports = 0, reports_max = setting("LOAM_REPORTS", REPORTS_DEFAULT);
    while (d->progress->next < end && reports < reports_max) {
        fflush(stdout);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            work(d, end);
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        if (status == 0)
            break;
        reports++;
        tap_note(WIFSIGNALED(status) ? "the worker died of signal %d" : "the worker ended with %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        report(d, d->progress->next++);
    }
    return reports;
}

int main(void)
{
    struct difference d = {.arena = tree_arena_create(),
                           .guests.arena = tree_arena_create(),
                           .size_max = (unsigned)setting("LOAM_SIZE", SIZE_DEFAULT),
                           .seed = tap_seed(),
                           .progress = make_progress()};
    uint64_t first = setting("LOAM_FIRST", 0), end = first + setting("LOAM_FORMULAS", FORMULAS_DEFAULT);
    struct progress *progress = d.progress;
    rig_set_guests(&d.guests);
    *progress = (struct progress){.next = first};
    uint64_t reports = run_all(&d, end);
    tap_note("%" PRIu64 " compared: %" PRIu64 " crashed, %" PRIu64 " slogged, %.0f steps each, %" PRIu64
             " jet calls; %" PRIu64 " were too much for the oracle",
             progress->compared, progress->crashed, progress->slogged,
             (double)progress->steps / (double)(progress->compared + 1), progress->jet_calls, progress->gave_up);
    tap_ok(progress->jet_calls > progress->compared / 10, "jets ran among them");
    tap_ok(reports == 0, "machine code, the interpreter and the oracle agree on formulas %" PRIu64 " to %" PRIu64,
           first, end);
    tree_arena_destroy(d.guests.arena);
    tree_arena_destroy(d.arena);
    return tap_done();
}
