/* The machine's own structures.  Private to this folder.
 *
 * The stack of frames grows upward in words.  A frame is a header and
 * registers; `frame` points at register 0:
 *
 *     frame[-3]  caller's frame
 *     frame[-2]  where the caller goes on (struct slot *): its landing
 *     frame[-1]  height of the trace when the call was made
 *     frame[0..] registers, all nouns
 *
 * A frame that waits for a callee stands at a landing, whose slots say which
 * registers are live.  Frames below `watermark` have not run since the last
 * collection, so they hold nothing young and a young collection skips them.
 *
 * A jet that runs Nock (a step jet) has a frame too: its registers are a
 * struct step_frame.
 */
#ifndef NOCK_MACHINE_H
#define NOCK_MACHINE_H

#include "nock/nock.h"

#include "nock/code.h"
#include "nock/known.h"
#include "nock/memo.h"
#include "nock/native.h"
#include "nock/registry.h"

#define FRAME_HEADER_WORDS 3

/* A trace entry made by a tail call under hints: either a chain of hints whose
 * clues are constants of some code, repeated, or one clue. */
struct trace_entry {
    const struct hint *constant; /* NULL: `tag` and `clue` hold */
    uint64_t repeats;
    noun tag;
    noun clue;
};

/* One level of virtual Nock. */
struct virtual_context {
    struct virtual_context *outer;
    struct step_frame *frame;              /* of the jet that opened it */
    struct virtual_context *opened_before; /* NULL: none is open */
    size_t trace_count;                    /* when it was opened */
    struct memo memo;
    bool has_young; /* what was stored since the last collection; then it is in the machine's list */
    struct virtual_context *next_young;
};

/* The registers of a jet that runs Nock.  The nouns come first and are all
 * live; the header of the frame lies below `activation`. */
struct step_frame {
    struct nock_activation activation;
    nock_jet_step *step;
    const struct nock_jet *jet;        /* for messages, and what a check checks */
    struct virtual_context *opened;    /* while a NOCK_STEP_VIRTUAL runs */
    struct virtual_context *suspended; /* the context that a scry has stepped out of */
};
#define STEP_FRAME_WORDS (sizeof(struct step_frame) / sizeof(uint64_t))
#define STEP_FRAME_NOUNS (sizeof(struct nock_activation) / sizeof(uint64_t))

struct nock {
    struct stack *stack;
    struct nock_options options;
    struct nock_statistics statistics;

    uint64_t *frames; /* the mapped region */
    uint64_t *frames_limit;
    uint64_t *frames_soft; /* up to here nobody need look at the limit */
    uint64_t *watermark;

    struct trace_entry *trace;
    size_t trace_count, trace_capacity;
    size_t trace_scanned; /* entries below hold nothing young */

    struct known_table known;
    struct registry registry;
    struct codes codes;
    struct virtual_context base_context;
    struct virtual_context *context; /* that code runs in now; never NULL */
    struct virtual_context *newest;  /* of the open ones */
    struct virtual_context *young;   /* those with memos that a young collection must see */

    noun **roots; /* caller's slots */
    size_t roots_count, roots_capacity;

    uint64_t collections;     /* words of ephemeral nouns are stable while this stands */
    uint64_t lasting;         /* words of persistent ones while that has not passed this */
    uint64_t moment;          /* see machine_pass */
    _Atomic bool interrupted; /* by nock_interrupt */
    _Atomic bool deadline_passed;
    struct watchdog *watchdog;
    struct profile *profile;         /* NULL: off */
    const struct nock_jet *last_jet; /* that was called, for the profiler; may be NULL */

    /* How the run in progress ended, if not well. */
    noun failure_mote;
    struct slot landing_halt[LANDING_SLOTS], landing_step[LANDING_SLOTS];
    struct native native;
    const struct nock_jet *checked_jet; /* for the check_step about to begin */
    bool check_suspended;               /* while a checked jet or its Nock runs */
};

/* How many collections there may be between two moves of persistent nouns. */
#define COLLECTIONS_A_WORLD ((uint64_t)1 << 40)

/* The number of collections up to which the word of a noun means that noun. */
static inline uint64_t word_until(const struct nock *machine, noun n)
{
    return noun_is_persistent(n) ? machine->lasting : machine->collections;
}

/* While `moment` stands, the word of a noun means that noun, the virtual context is the
 * same, and nothing was asked of it or said: what an arm gave for a core it would give
 * again, without anybody noticing.  Even. */
static inline void machine_pass(struct nock *machine)
{
    machine->moment += 2;
}

/* ---- interpret.c ---- */

/* Runs `step`, with `slots` in its activation, to the end of the run. */
void machine_interpret(struct nock *machine, nock_jet_step *step, const noun slots[3], struct nock_result *result);

/* The addresses of the handlers, by operation. */
const void *const *machine_handlers(void);

/* ---- edit.c ---- */

/* `tree` with `patch` at `axis`; NOUN_NONE if there is no such place. */
noun machine_edit(struct stack *stack, noun tree, noun axis, noun patch);
noun machine_increment(struct stack *stack, noun atom);

/* ---- jets.c ---- */

/* The subject of a call, still in pieces. */
struct pieces {
    struct shape shape;
    noun leaves[SHAPE_LEAVES_MAX];
};

noun pieces_build(struct nock *machine, const struct known *known, const struct pieces *pieces);

/* What became of a call that may be jetted. */
enum jetted { JETTED_NO, JETTED_VALUE, JETTED_EXIT, JETTED_FAIL, JETTED_STEP };

/* Looks for a jet and, if it is a plain one, runs it.  JETTED_STEP: *jet is to
 * be run in a step frame on *value, the core. */
enum jetted jets_run_plain(struct nock *machine, const struct nock_jet *jet, noun core, noun *value);
enum jetted jets_try(struct nock *machine, struct known *known, const struct pieces *pieces,
                     const struct nock_jet **jet, noun *value);

/* ---- virtual.c ---- */

void virtual_open(struct nock *machine, struct step_frame *frame);
/* Closes `context` and whatever was opened after it. */
void virtual_close(struct nock *machine, struct virtual_context *context);
/* Into the memo table of the context that code runs in. */
void virtual_memo_store(struct nock *machine, noun key, noun formula, noun product);
/* Opcode 12 as a jet in steps: slot 0 is the reference, slot 1 the path. */
nock_jet_step virtual_scry;

/* ---- check.c ---- */

/* A jet beside its Nock, in steps: core is the core. */
nock_jet_step check_step;

/* ---- roots.c ---- */

/* Collects at a safe point: `frame` is the top frame, with `live` registers from 0. */
void machine_collect(struct nock *machine, uint64_t *frame, size_t live);

/* The frames are to reach `top`, beyond what was foreseen; false if that is
 * over the limit. */
bool machine_deepen(struct nock *machine, uint64_t *top);

/* Gives back what a deep recursion has touched. */
void machine_release_frames(struct nock *machine);

/* ---- trace.c ---- */

/* `floor` is the height of the trace when the current frame was entered. */
void trace_push_constant(struct nock *machine, const struct hint *hint, size_t floor);
void trace_push(struct nock *machine, noun tag, noun clue);

/* The list of [tag clue], newest first, of everything from the instruction at
 * `at` (NULL in a step frame) in `frame` down to, and without, the frame `until`. */
noun trace_list(struct nock *machine, uint64_t *frame, const struct slot *at, const uint64_t *until);

/* ---- hint.c ---- */

void hint_slog(struct nock *machine, noun clue);
void hint_hela(struct nock *machine, noun trace);
void hint_bout(struct nock *machine, uint64_t duration_ns);

/* ---- watchdog.c ---- */

void watchdog_stop(struct watchdog *watchdog);

static inline uint64_t *frame_caller(const uint64_t *frame)
{
    return (uint64_t *)(uintptr_t)frame[-3];
}

static inline struct slot *frame_landing(const uint64_t *frame)
{
    return (struct slot *)(uintptr_t)frame[-2];
}

#endif
