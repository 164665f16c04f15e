/* The pure machine: (state, event) -> (state, effects).
 *
 * What a NockApp kernel is, how a job reaches it and what comes back, exactly
 * as docs/kernel.md tells it.  No input or output: entropy and clock are
 * arguments, effects are nouns for somebody else.
 *
 * Nouns: results are valid until the next run on the machine, the next change
 * of its roots or the next collection, like nock_run's.  Only the core of a
 * struct kernel is kept by it.  Arguments need not be rooted by the caller:
 * what is needed across runs is rooted in here for as long as the call lasts.
 *
 * One thread a machine.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include "base/base.h"
#include "noun/noun.h"
#include "nock/nock.h"
#include "stack/stack.h"

/* Where a kernel core keeps its arms and its state. */
#define KERNEL_AXIS_LOAD 4
#define KERNEL_AXIS_STATE 6
#define KERNEL_AXIS_PEEK 22
#define KERNEL_AXIS_POKE 23

/* ---- the kernel (kernel/kernel.c) ----------------------------------------- */

struct kernel;

/* Why the guest crashed: mote is a cord such as %exit, tang a list of tanks,
 * newest first.  A crash that was no crash of Nock's has mote 0 and tang 0. */
struct kernel_goof {
    noun mote;
    noun tang;
};

/* The kernel jam's bytes as a noun, and their hash, the kernel's name: BLAKE3
 * of the file as it is, padding included.  STATUS_INVALID, STATUS_LIMIT. */
enum status kernel_cue(struct stack *stack, const uint8_t *jam, size_t size_bytes, noun *trap,
                       uint8_t hash[HASH_BLAKE3_SIZE_BYTES]) MUST_USE;

/* Kicks the trap to the kernel core.  The product must have the shape of one:
 * formulas at its three arms.  STATUS_CRASHED with the trace in the message,
 * STATUS_INVALID if what came out is no kernel. */
enum status kernel_boot(struct nock *machine, noun trap, struct kernel **out) MUST_USE;

/* A kernel from a core that is already there: a persistent one, or another
 * thread's.  STATUS_INVALID if it has not the shape. */
enum status kernel_from_core(struct nock *machine, noun core, struct kernel **out) MUST_USE;

void kernel_destroy(struct kernel *kernel); /* NULL is fine; before its machine */

struct nock *kernel_machine(const struct kernel *kernel);

/* The core is a root of the machine until it is replaced.  Setting it is how
 * an accepted event takes effect, and how a persistent copy takes the place of
 * an ephemeral core (the two are equal then). */
noun kernel_core(const struct kernel *kernel);
noun kernel_state(const struct kernel *kernel);
void kernel_set_core(struct kernel *kernel, noun core);

/* Runs the load arm on an old state and takes the core that it produces.
 * STATUS_CRASHED: the kernel is as it was, the trace is in the message and, if
 * `goof` is not NULL, there. */
enum status kernel_load(struct kernel *kernel, noun state, struct kernel_goof *goof) MUST_USE;

/* ---- poke ----------------------------------------------------------------- */

enum kernel_outcome {
    KERNEL_DONE,    /* the job ran: job, effects, core */
    KERNEL_CRASHED, /* it did not: goof; job is the one that crashed */
};

struct kernel_event {
    enum kernel_outcome outcome;
    bool replaced;           /* job is the crash notification that stood in for the one given */
    noun job;                /* what is to be logged */
    noun effects;            /* a list; see kernel_effect_next */
    noun core;               /* the kernel after it: not in effect until kernel_set_core */
    struct kernel_goof goof; /* also set if replaced: why */
    enum nock_outcome cause; /* how the job given ended: NOCK_FAILED says it was a limit or an interrupt */
};

/* Pokes with a job as it is: one try, no replacement.  For replays. */
void kernel_try(struct kernel *kernel, noun job, struct kernel_event *event);

/* Pokes the crash notification for a job that crashed, as kernel_try or
 * kernel_poke has just left it in *event, and leaves what came of it there.
 * Clears an interrupt and a deadline first. */
void kernel_replace(struct kernel *kernel, struct kernel_event *event);

/* kernel_try and, if that crashed, kernel_replace: KERNEL_CRASHED means that
 * both crashed and the event is refused; goof is then the second one. */
void kernel_poke(struct kernel *kernel, noun job, struct kernel_event *event);

/* Steps through a list of effects: false at its end.  A list that does not end
 * in 0 ends all the same. */
bool kernel_effect_next(noun *effects, noun *effect);

/* ---- peek ----------------------------------------------------------------- */

enum kernel_answer {
    KERNEL_PEEK_UNKNOWN,   /* ~: no such path */
    KERNEL_PEEK_EMPTY,     /* [~ ~]: the path is known and has no value */
    KERNEL_PEEK_VALUE,     /* [~ ~ value] */
    KERNEL_PEEK_MALFORMED, /* no unit of a unit */
    KERNEL_PEEK_CRASHED,
};

struct kernel_peek {
    enum kernel_answer answer;
    noun raw;   /* the product as it came */
    noun value; /* for KERNEL_PEEK_VALUE */
    struct kernel_goof goof;
};

void kernel_peek(struct kernel *kernel, noun path, struct kernel_peek *peek);

/* ---- jobs and wires (kernel/job.c) ----------------------------------------- */

/* The @da of a wall clock in milliseconds since 1970. */
noun kernel_date(struct stack *stack, uint64_t wall_ms);

/* [event-num wire eny our now cause] */
noun kernel_job(struct stack *stack, uint64_t event, noun wire, uint64_t eny, uint64_t wall_ms, noun cause);

/* Parts of a job noun that was logged or given; NOUN_NONE if it has no such part. */
noun kernel_job_event(noun job);
noun kernel_job_wire(noun job);
noun kernel_job_cause(noun job); /* of a replacement too */

struct kernel_tag {
    const char *text; /* or NULL for a number */
    uint64_t number;
};

/* [%poke source version tags... ~] */
noun kernel_wire(struct stack *stack, const char *source, uint64_t version, const struct kernel_tag *tags,
                 size_t count);

/* The wires of section 4 that have no tag, or one that is text. */
noun kernel_wire_plain(struct stack *stack, const char *source, uint64_t version);
noun kernel_wire_tagged(struct stack *stack, const char *source, uint64_t version, const char *tag);

/* A path as text for people, such as /poke/file/1/read: cords that can be
 * printed as they are, other atoms as numbers, 0 as ~.  Returns the length
 * without the final NUL, at most size_bytes - 1; longer text is cut. */
size_t kernel_path_text(noun path, char *text, size_t size_bytes);

/* ---- tanks (kernel/tank.c) ------------------------------------------------- */

/* Renders a tank flat.  The caller frees *text, which is UTF-8 without NULs,
 * ended by one.  At most `limit_bytes` are produced (0: a default), a longer
 * text is cut and says so.  False if the noun is no tank; *text is NULL then. */
bool kernel_tank_text(noun tank, size_t limit_bytes, char **text, size_t *size_bytes);

/* The same made for one line of a log: newlines are spaces. */
bool kernel_tank_line(noun tank, size_t limit_bytes, char **text, size_t *size_bytes);

/* A goof as text: the mote on the first line and then a line a tank, at most
 * `tanks_max` of them (0: all).  What is no tank says so.  The caller frees it. */
char *kernel_goof_text(const struct kernel_goof *goof, size_t tanks_max);

#endif
