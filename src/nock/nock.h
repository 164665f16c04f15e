/* The engine: formula -> bytecode -> result.
 *
 * A machine compiles formulas once, runs them with its own explicit stack, and
 * collects its ephemeral nouns at safe points.  It knows no jets: they are
 * plugged in (struct nock_jet).  It knows no arena: persistent nouns are just
 * nouns at low offsets.
 *
 * What a guest does wrong is a value here (struct nock_result), never a status.
 *
 * Nouns and safe points: running anything may move or drop every ephemeral
 * noun that the machine does not know of.  A caller that keeps a noun across a
 * run keeps it in a slot that it has registered with nock_root_add.
 *
 * One thread a machine, except nock_interrupt.
 */
#ifndef NOCK_NOCK_H
#define NOCK_NOCK_H

#include <stdio.h>

#include "base/base.h"
#include "noun/noun.h"
#include "stack/stack.h"

struct nock;
struct nock_jet;

/* Receives what the guest says: `tank` is already a safe point away from any
 * collection, and may be read until the call returns.  Must not run Nock. */
typedef void nock_slog_fn(void *context, uint64_t priority, noun tank);

enum nock_engine {
    NOCK_ENGINE_NATIVE, /* machine code for what runs often, where there are templates for the processor */
    NOCK_ENGINE_INTERPRETER,
};

struct nock_options {
    enum nock_engine engine;
    uint32_t native_after;      /* that many entries in the interpreter; 0: a default */
    uint64_t depth_limit_bytes; /* of the machine's own stack; 0: a default */
    nock_slog_fn *slog;         /* may be NULL */
    void *slog_context;
    bool check_jets; /* run each jet beside its Nock and stop at the first difference */
};

/* `stack` stays the caller's and must outlive the machine. */
enum status nock_create(struct stack *stack, const struct nock_options *options, struct nock **out) MUST_USE;
void nock_destroy(struct nock *machine);
struct stack *nock_stack(struct nock *machine);

/* Adds compiled-in jets (the hot state).  The table must outlive the machine. */
void nock_add_jets(struct nock *machine, const struct nock_jet *jets, size_t count);

/* ---- running ------------------------------------------------------------- */

enum nock_outcome {
    NOCK_DONE,    /* product */
    NOCK_CRASHED, /* deterministic: mote %exit, product is the trace, newest first */
    NOCK_FAILED,  /* not deterministic: mote %intr, %meme, %fail or %jest; product is the trace */
};

struct nock_result {
    enum nock_outcome outcome;
    noun product;
    noun mote;
};

/* Evaluates.  The result's nouns are valid until the next run or root change. */
void nock_run(struct nock *machine, noun subject, noun formula, struct nock_result *result);

/* Pulls the gate-producing arm at `axis` of `core` and slams it with `sample`. */
void nock_slam_arm(struct nock *machine, noun core, uint64_t axis, noun sample, struct nock_result *result);

/* Renders a trace to a tang the way Hoon's mook does (docs/nock.md, section 6).  Runs Nock. */
noun nock_tang(struct nock *machine, noun trace);

/* Makes the current run fail with mote %intr at its next safe point.  Any
 * thread or signal handler.  Stays pending until nock_interrupt_clear. */
void nock_interrupt(struct nock *machine);
void nock_interrupt_clear(struct nock *machine);

/* The run in progress fails with %intr when the monotonic clock passes
 * `deadline_ns`; 0 for none. */
void nock_set_deadline(struct nock *machine, uint64_t deadline_ns);

/* ---- roots --------------------------------------------------------------- */

/* The noun in *slot is kept, and *slot follows it, until the slot is removed. */
void nock_root_add(struct nock *machine, noun *slot);
void nock_root_remove(struct nock *machine, noun *slot);

/* Collects now, so that only what roots reach remains. */
void nock_collect(struct nock *machine);

/* Between events: forgets the memo table and every cached formula, battery and
 * registration that lives in ephemeral memory, so that stack_clear may follow.
 * `moved` maps an ephemeral noun to its persistent copy or NOUN_NONE (may be
 * NULL): what has a copy is kept under its new word. */
void nock_forget_ephemeral(struct nock *machine, noun (*moved)(noun old));

/* Between events, when persistent nouns have moved (after a collection of the
 * arena): `moved` maps a persistent noun that is not a direct atom to its new
 * word, which is the same one if it did not move, or to NOUN_NONE if it is
 * gone.  Formulas, batteries and registrations follow; what is gone, and all
 * that is ephemeral, is forgotten.  It is asked some words more than once and
 * must answer alike.  Slots of nock_root_add are the caller's to change.  Takes
 * time in proportion to the formulas and constants that are known. */
typedef noun nock_moved_fn(void *context, noun old);
void nock_translate(struct nock *machine, nock_moved_fn *moved, void *context);

/* The registry of %fast labels as one noun, and back: an arena root, so that
 * the first event after a restart runs as fast as the last before it. */
noun nock_registry(struct nock *machine);

/* The list and its items have been looked at; `holds` says of any other object
 * that is to be read whether it can be (NULL: all of them). */
typedef bool nock_holds_fn(const void *context, noun n);
void nock_registry_restore(struct nock *machine, noun registry, nock_holds_fn *holds, const void *context);

/* Which formulas were compiled, for which shapes, and which to machine code:
 * another arena root.  Asked after each event, gives the same noun while
 * nothing is new; 0 if there is nothing.  After it was restored, on a machine that
 * is new, a formula that the list calls hot goes to machine code when it first
 * runs; nock_codes_warm compiles what is listed ahead of that, until the budget
 * is spent. */
noun nock_codes(struct nock *machine);
void nock_codes_restore(struct nock *machine, noun codes);
void nock_codes_warm(struct nock *machine, uint64_t budget_ns);

/* ---- statistics ---------------------------------------------------------- */

struct nock_statistics {
    uint64_t calls; /* opcodes 2 and 9 */
    uint64_t jet_calls;
    uint64_t jet_punts;
    uint64_t memo_hits;
    uint64_t memo_stores;
    uint64_t formulas_compiled;
    uint64_t native_bytes;     /* of machine code */
    uint64_t depth_peak_bytes; /* noted in coarse steps: 0 means under 64 MiB */
    uint64_t depth_failures;   /* runs that failed for want of it */
};
const struct nock_statistics *nock_statistics(const struct nock *machine);

/* ---- the profiler (nock/profile.h) ----------------------------------------- */

/* From now on the machine's stack is sampled about every `interval_us` while it
 * runs.  A stack is of the labels that the program gives its cores (%fast), of
 * its places (%spot) and of jets. */
enum status nock_profile_start(struct nock *machine, uint64_t interval_us) MUST_USE;
void nock_profile_pause(struct nock *machine); /* no more samples: before writing */
void nock_profile_stop(struct nock *machine);  /* and forgets all; nothing if there is none */

/* Folded stacks, "outer;inner microseconds" a line; the timeline in Chrome's
 * trace format; the `count` labels with the most time of their own. */
void nock_profile_write_folded(const struct nock *machine, FILE *out);
void nock_profile_write_trace(const struct nock *machine, FILE *out);
void nock_profile_write_top(const struct nock *machine, FILE *out, size_t count);

/* ---- jets ---------------------------------------------------------------- */

/* What a plain jet returns instead of a noun. */
#define NOCK_JET_PUNT (~(noun)0 - 1) /* let the Nock do it */
#define NOCK_JET_EXIT (~(noun)0 - 2) /* the Nock would crash */
#define NOCK_JET_FAIL (~(noun)0 - 3) /* out of memory or over a limit: fails the event */

/* Plain jets take their sample apart as the gate's author meant it; if the
 * sample has not that shape the jet is not called and the Nock runs.  They may
 * allocate on nock_stack(machine), see no collection, and must not run Nock. */
typedef noun nock_jet_1(struct nock *machine, noun sample);
typedef noun nock_jet_2(struct nock *machine, noun a, noun b);         /* sample [a b] */
typedef noun nock_jet_3(struct nock *machine, noun a, noun b, noun c); /* sample [a b c] */
typedef noun nock_jet_core(struct nock *machine, noun core);

/* Whether the run is to end: interrupted, or past its deadline.  A plain jet that
 * may take longer than a few milliseconds asks now and then, and if so returns
 * NOCK_JET_FAIL; the run then fails with mote %intr. */
bool nock_is_stopping(const struct nock *machine);

/* A jet that runs Nock does it in steps, so that the C stack never grows: the
 * engine calls `step` with phase 0; the step says what to run next, and is
 * called again with what came of it. */
struct nock_activation {
    noun core;      /* the core that was called */
    noun slot[6];   /* the jet's own, kept alive across steps; 0 at first */
    uint64_t phase; /* the jet's own; 0 at first */
    noun result;    /* in: product of the last NOCK_STEP_CALL*, or tone of the last
                     * NOCK_STEP_VIRTUAL; out: the jet's product for NOCK_STEP_DONE */
    noun subject;   /* out: what to run */
    noun formula;
    noun scry; /* out, for NOCK_STEP_VIRTUAL: the scry gate, or NOUN_NONE for
                * one that always blocks at the top */
};

enum nock_step {
    NOCK_STEP_DONE, /* activation->result is the product */
    NOCK_STEP_PUNT, /* only from phase 0 */
    NOCK_STEP_EXIT,
    NOCK_STEP_FAIL,
    NOCK_STEP_KICK,      /* [9 2 0 1] on activation->subject, jets considered; then step again */
    NOCK_STEP_KICK_TAIL, /* the same, and its product is the jet's */
    NOCK_STEP_CALL,      /* activation->formula on ->subject, no jet considered; then step again */
    NOCK_STEP_VIRTUAL,   /* as CALL under a new virtual context: result is a tone
                          * [0 product], [1 path] or [2 trace] */
    NOCK_STEP_BLOCK,     /* the virtual context around the jet blocks on the path ->result */
};
typedef enum nock_step nock_jet_step(struct nock *machine, struct nock_activation *activation);

/* The gate with its sample replaced: to be kicked. NOUN_NONE if `gate` is none. */
noun nock_gate_with_sample(struct nock *machine, noun gate, noun sample);

/* The memo table of the current virtual context.  Keys are compared
 * structurally; `find` gives NOUN_NONE if absent. */
noun nock_memo_find(struct nock *machine, noun key);
void nock_memo_store(struct nock *machine, noun key, noun product);

/* The library's mook in steps, for jets: renders a trace in the slots of `a`.
 * _begin and then _next, until the end or an entry that takes a run; _take takes
 * the tone of that, which is in a->result, and goes on. */
enum nock_mook {
    NOCK_MOOK_DONE,    /* nock_mook_tang has it */
    NOCK_MOOK_RUN,     /* `a` holds what to run as NOCK_STEP_VIRTUAL; then nock_mook_take */
    NOCK_MOOK_UNKNOWN, /* something that only the Nock renders */
};
void nock_mook_begin(struct nock *machine, struct nock_activation *a, noun trace);
enum nock_mook nock_mook_next(struct nock *machine, struct nock_activation *a);
enum nock_mook nock_mook_take(struct nock *machine, struct nock_activation *a);
noun nock_mook_tang(struct nock *machine, struct nock_activation *a);

/* The tank for a path that blocked. */
noun nock_mook_blocked(struct nock *machine, noun path);

enum nock_jet_kind { NOCK_JET_1, NOCK_JET_2, NOCK_JET_3, NOCK_JET_CORE, NOCK_JET_STEP };

struct nock_jet {
    const char *path; /* outermost first: "k.138/one/two/lent" */
    uint64_t axis;    /* of the formula in the battery; 1 for a gate */
    enum nock_jet_kind kind;
    union {
        nock_jet_1 *one;
        nock_jet_2 *two;
        nock_jet_3 *three;
        nock_jet_core *core;
        nock_jet_step *step;
    } run;
};

#endif
