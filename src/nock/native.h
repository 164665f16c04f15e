/* Machine code behind the bytecode.
 *
 * A code that has been entered often is translated, instruction by
 * instruction, to machine code that keeps its registers in the same frame and
 * its landings at the same slots, so that everything else (the collector,
 * traces, virtual contexts) sees no difference.  The interpreter is the
 * fallback: an instruction that has no template, or that meets its slow case,
 * leaves to it, and it comes back at the next landing or entry.  Native code
 * goes from function to function by itself.
 *
 * Memory is never writable and executable at once.  Codes that are dropped
 * leave theirs behind; when the reservation is full nothing more is translated
 * until, between two runs, all of it is forgotten.
 */
#ifndef NOCK_NATIVE_H
#define NOCK_NATIVE_H

#include "nock/code.h"

struct nock;

#define NATIVE_WANTED_MAX 16

/* Why native code came back: to run the operation of that number at `at`, or: */
enum native_leave {
    NATIVE_ENTER = OPERATION_COUNT, /* to enter `code`, with its arguments in the frame */
    NATIVE_LAND,                    /* to land at `at` with `value` */
};

typedef uint32_t native_enter_fn(struct nock *machine, const void *target, uint64_t *frame, uint64_t next,
                                 uint8_t *base, noun value);

struct native {
    uint8_t *memory; /* NULL: there is no native code */
    size_t used_bytes, size_bytes, stubs_bytes;
    bool is_open;                           /* memory is to be written now, not run */
    size_t code_bytes;                      /* up to here it is executable, and from here on writable */
    size_t ready_bytes;                     /* pages are there up to here, or were asked for */
    struct code *wanted[NATIVE_WANTED_MAX]; /* entered often enough, and not translated yet */
    size_t wanted_count;
    native_enter_fn *enter;
    const void *leave_enter, *leave_land; /* where code goes that is not native, or to a caller that is not */
    size_t leave_bytes;                   /* from `memory`: the way out, for a reason in a register */
    /* What it left behind. */
    uint64_t *frame;
    uint64_t next;
    const struct slot *at;
    struct code *code;
    noun value;
};

/* Reserves memory and writes the way in and out.  Without effect where there
 * is no native code: then `memory` stays NULL. */
void native_init(struct nock *machine);
void native_finish(struct nock *machine);

/* Of a code just assigned: nothing native yet. */
void native_prepare(const struct nock *machine, struct code *code);

/* Translates a code, if there is room. */
void native_compile(struct nock *machine, struct code *code);

/* The interpreter has entered the code `native_after` times or more.  To change
 * pages over costs more than to translate most codes, so several are translated
 * together; none waits for others beyond a few more entries.  What waits must not
 * be freed without native_unwant. */
void native_want(struct nock *machine, struct code *code);
void native_unwant(struct nock *machine, const struct code *code);

/* While many are translated, and nothing is run: the pages change hands once, not
 * twice for each. */
void native_open(struct nock *machine);
void native_close(struct nock *machine);

/* Between two runs: forgets all of it if it has become too much. */
void native_trim(struct nock *machine);

/* ---- for the templates (native_templates.c) ---- */

bool native_is_possible(void);

/* No more than this is written of a code. */
size_t native_room_bytes(const struct code *code);

/* Writes to `at`, where it will run; returns the bytes written, or 0 if they
 * are more than `room_bytes`. */
size_t native_write_stubs(struct nock *machine, uint8_t *at, size_t room_bytes);
size_t native_write_code(struct nock *machine, struct code *code, uint8_t *at, size_t room_bytes);

/* ---- what native code calls (native_help.c) ---- */

/* The part, or NOUN_NONE. */
noun native_axis(struct nock *machine, struct axis_site *site, noun from);
bool native_equal(noun *a, noun *b);
/* The product of a plain jet, or a word from NOCK_JET_FAIL up: let the
 * interpreter see. */
noun native_jet_1(struct nock *machine, const struct call_site *site, noun context, noun sample);
noun native_jet_2(struct nock *machine, const struct call_site *site, noun context, noun first, noun second);
noun native_jet_any(struct nock *machine, const struct call_site *site, const uint64_t *frame);
/* Does pulling from this core just make the gate that the site knows? */
bool native_pull(struct nock *machine, struct pull_site *pull, noun core);
void native_fast(struct nock *machine, struct fast_site *site, noun core, noun clue);
noun native_edit(struct nock *machine, noun tree, noun axis, noun patch);
noun native_memo_find(struct nock *machine, noun subject, noun formula);
void native_memo_store(struct nock *machine, noun subject, noun formula, noun product);

#endif
