/* The engine against the oracle, on random formulas.
 *
 * A worker process runs formula after formula on one machine; whatever the
 * engine does, even if it dies, the parent knows which formula it was, makes
 * it smaller with a fresh machine in a fresh process for every try, and prints
 * it.  LOAM_FORMULAS sets how many formulas there are, LOAM_TEST_SEED which
 * ones, LOAM_FIRST with which number to begin, LOAM_REPORTS how many
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
#define FORMULAS_DEFAULT 1000
#else
#define FORMULAS_DEFAULT 12000
#endif
#define BATCH 64 /* formulas between two events */
#define BATCHES_PER_MACHINE 16
#define REPORTS_DEFAULT 5
#define SHRINK_TRIES 4000
#define UNSHARED_SIZE_MAX 20000

/* Shared between the worker and its parent. */
struct progress {
    uint64_t next; /* the formula being run */
    uint64_t compared, crashed, gave_up, steps, slogged, jet_calls;
    const char *difference; /* a literal, so good in both */
};

struct difference {
    struct rig rig;
    struct rig_options options;
    struct tree_arena *arena; /* of one formula */
    uint64_t seed;
    struct progress *progress;
};

static struct reducer_options reducer_options(const struct rig *rig)
{
    return (struct reducer_options){.steps_max = 20000,
                                    .depth_max = 1500,
                                    .mink_battery = rig->mink_battery,
                                    .mink_root = rig->mink_root,
                                    .library = rig->library};
}

static void close_machine(struct difference *d)
{
    d->progress->jet_calls += nock_statistics(d->rig.machine)->jet_calls;
    rig_close(&d->rig);
}

static void open_machine(struct difference *d)
{
    rig_open(&d->rig, &d->options);
    rig_add_jets(&d->rig);
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

static const char *run_and_compare(struct difference *d, const struct random_formula *made,
                                   const struct reducer_result *expected, enum form form)
{
    struct nock_result result;
    d->rig.slogs = tree_atom(d->rig.arena, 0);
    noun subject = to_noun(&d->rig, made->subject, form);
    nock_set_deadline(d->rig.machine, os_clock_ns() + 20 * (uint64_t)1000000000);
    nock_run(d->rig.machine, subject, to_noun(&d->rig, made->formula, form), &result);
    nock_set_deadline(d->rig.machine, 0);
    return compare(&d->rig, expected, &result, made->slogs_are_exact);
}

/* ---- one formula by its number ------------------------------------------------- */

static struct random_formula formula_number(struct difference *d, uint64_t number, enum form *form)
{
    uint64_t state = d->seed ^ bits_mix64(number + 1);
    const struct reducer_options options = reducer_options(&d->rig);
    *form = (enum form)tap_below(&state, FORM_COUNT);
    return random_formula(d->arena, &state, &options, 10 + (unsigned)tap_below(&state, 90));
}

static bool run_number(struct difference *d, uint64_t number)
{
    enum form form;
    tree_arena_reset(d->arena);
    struct random_formula made = formula_number(d, number, &form);
    const struct reducer_options options = reducer_options(&d->rig);
    struct reducer_result expected = reducer_run(d->arena, &options, made.subject, made.formula);
    if (expected.outcome == REDUCER_GAVE_UP) {
        d->progress->gave_up++;
        return true;
    }
    d->progress->compared++;
    d->progress->crashed += expected.outcome == REDUCER_CRASHED;
    d->progress->slogged += made.slogs_are_exact && tree_is_cell(expected.slogs);
    d->progress->steps += expected.steps;
    d->progress->difference = "it died";
    d->progress->difference = run_and_compare(d, &made, &expected, form);
    return d->progress->difference == NULL;
}

/* ---- the worker --------------------------------------------------------------------- */

/* Some events persist what they made, some the half of it; some are followed by
 * a collection of the arena. */
static void end_event(struct difference *d, uint64_t number)
{
    nock_codes(d->rig.machine);
    nock_registry(d->rig.machine);
    rig_clear_moving(&d->rig, (unsigned)(2 * number % 6));
    if (number % 4 == 0)
        rig_collect_persistent(&d->rig, (unsigned)(number / 4 % 5));
    rig_add_jets(&d->rig);
}

/* Runs on from `progress->next`; the exit code is 0 if all was well. */
static void work(struct difference *d, uint64_t count)
{
    open_machine(d);
    uint64_t first = d->progress->next;
    for (; d->progress->next < count; d->progress->next++) {
        uint64_t done = d->progress->next - first;
        if (done > 0 && done % (BATCH * BATCHES_PER_MACHINE) == 0) {
            close_machine(d);
            open_machine(d);
        } else if (done > 0 && done % BATCH == 0) {
            end_event(d, done / BATCH);
        }
        if (!run_number(d, d->progress->next))
            _exit(1);
    }
    close_machine(d);
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
};

static void attempt(void *context)
{
    struct attempt *a = context;
    open_machine(a->d);
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    const struct reducer_options options = reducer_options(&a->d->rig);
    struct reducer_result expected = reducer_run(a->d->arena, &options, a->made.subject, a->made.formula);
    bool same = expected.outcome == REDUCER_GAVE_UP || run_and_compare(a->d, &a->made, &expected, a->form) == NULL;
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
    open_machine(a->d);
    static const char *const names[] = {"done", "crashed", "failed"};
    const struct reducer_options options = reducer_options(&a->d->rig);
    struct reducer_result expected = reducer_run(a->d->arena, &options, a->made.subject, a->made.formula);
    tap_note("expected: %s", expected.outcome == REDUCER_GAVE_UP ? "too much" : names[expected.outcome]);
    if (expected.product != NULL)
        say("         ", expected.product);
    fflush(stdout);
    struct nock_result result;
    a->d->rig.slogs = tree_atom(a->d->rig.arena, 0);
    noun subject = to_noun(&a->d->rig, a->made.subject, a->form);
    nock_run(a->d->rig.machine, subject, to_noun(&a->d->rig, a->made.formula, a->form), &result);
    tap_note("engine: %s", names[result.outcome]);
    say("        ", tree_from_noun(a->d->arena, result.product));
    const char *difference = compare(&a->d->rig, &expected, &result, a->made.slogs_are_exact);
    tap_note("%s", difference == NULL ? "and that agrees" : difference);
}

static void report(struct difference *d, uint64_t number)
{
    struct attempt a = {.d = d};
    tree_arena_reset(d->arena);
    d->rig.arena = d->arena;
    rig_set_guests(&d->rig);
    a.made = formula_number(d, number, &a.form);
    tap_note("formula %" PRIu64 " of seed 0x%" PRIx64 ", young budget %zu: %s", number, d->seed,
             d->options.young_budget_bytes, d->progress->difference);
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

static void run_all(const struct rig_options *options, uint64_t count)
{
    struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(progress != MAP_FAILED);
    *progress = (struct progress){.next = setting("LOAM_FIRST", 0)};
    struct difference d = {.options = *options, .arena = tree_arena_create(), .seed = tap_seed(), .progress = progress};
    uint64_t reports = 0, reports_max = setting("LOAM_REPORTS", REPORTS_DEFAULT);
    while (progress->next < count && reports < reports_max) {
        fflush(stdout);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0)
            work(&d, count);
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        if (status == 0)
            break;
        reports++;
        tap_note(WIFSIGNALED(status) ? "the worker died of signal %d" : "the worker ended with %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        report(&d, progress->next++);
    }
    tap_note("%" PRIu64 " compared: %" PRIu64 " crashed, %" PRIu64 " slogged, %.0f steps each, %" PRIu64
             " jet calls; %" PRIu64 " were too much for the oracle",
             progress->compared, progress->crashed, progress->slogged,
             (double)progress->steps / (double)(progress->compared + 1), progress->jet_calls, progress->gave_up);
    tap_ok(progress->jet_calls > count / 10, "jets ran among them");
    tap_ok(reports == 0, "%s and oracle agree on %" PRIu64 " formulas, young budget %zu",
           options->engine == NOCK_ENGINE_INTERPRETER ? "interpreter" : "native code", count,
           options->young_budget_bytes);
    tree_arena_destroy(d.arena);
    munmap(progress, sizeof *progress);
}

int main(void)
{
    uint64_t count = setting("LOAM_FORMULAS", FORMULAS_DEFAULT);
    run_all(&(struct rig_options){.native_after = 1}, count);
    run_all(&(struct rig_options){.engine = NOCK_ENGINE_INTERPRETER}, count / 4);
    run_all(&(struct rig_options){.young_budget_bytes = 512, .native_after = 2}, count / 2);
    return tap_done();
}
