/* Bytecode.
 *
 * A formula is compiled once for each shape in which its subject arrives.  The
 * subject is a tree whose leaves come in registers 0, 1, ... so that a caller
 * that has just put a core together need not build it: a gate called with two
 * arguments gets [battery [[r0 r1] r2]].  Cells are built when something looks
 * at them whole.
 *
 * An instruction is a slot with the address of its handler, a slot of up to
 * four 16-bit operands (registers), and for some a third slot.  A landing is
 * where a call comes back to: its handler, then the result's register, the
 * registers that are live across the call, and its native address.
 */
#ifndef NOCK_CODE_H
#define NOCK_CODE_H

#include "noun/noun.h"
#include "stack/stack.h"

struct nock;
struct known;
struct program;

/* The opcodes.  d: register written; a, b: registers read. */
#define OPERATIONS(X)                                                                                                  \
    X(CONSTANT)          /* d; constant */                                                                             \
    X(MOVE)              /* d a */                                                                                     \
    X(HEAD)              /* d a */                                                                                     \
    X(TAIL)              /* d a */                                                                                     \
    X(AXIS)              /* d a; site */                                                                               \
    X(AXIS_BIG)          /* d a; constant */                                                                           \
    X(CONS)              /* d a b */                                                                                   \
    X(CONS_HEAD)         /* d - b; constant head */                                                                    \
    X(CONS_TAIL)         /* d a -; constant tail */                                                                    \
    X(EDIT)              /* d tree patch; axis, a constant */                                                          \
    X(INCREMENT)         /* d a */                                                                                     \
    X(EQUAL)             /* d a b */                                                                                   \
    X(IS_CELL)           /* d a */                                                                                     \
    X(JUMP)              /* ; target */                                                                                \
    X(JUMP_UNLESS_YES)   /* a; target: on 1; crash on neither */                                                       \
    X(JUMP_UNLESS_EQUAL) /* a b; target */                                                                             \
    X(JUMP_UNLESS_IS)    /* a; target; constant, a direct atom */                                                      \
    X(JUMP_UNLESS_CELL)  /* a; target */                                                                               \
    X(RETURN)            /* a */                                                                                       \
    X(CALL)              /* site */                                                                                    \
    X(PULL)              /* battery context core; site; then a landing */                                              \
    X(ARM_FIND)          /* d core; site; target if found */                                                           \
    X(ARM_STORE)         /* product; site */                                                                           \
    X(CALL_TAIL)         /* site */                                                                                    \
    X(CRASH)             /* */                                                                                         \
    X(SCRY)              /* ref path; then a landing */                                                                \
    X(MEMO_FIND)         /* d subject; target if found; formula constant */                                            \
    X(MEMO_STORE)        /* subject product; formula constant */                                                       \
    X(FAST)              /* core clue; site */                                                                         \
    X(SLOG)              /* clue */                                                                                    \
    X(HELA)              /* */                                                                                         \
    X(BOUT_BEGIN)        /* d */                                                                                       \
    X(BOUT_END)          /* a */                                                                                       \
    X(TRACE_CONSTANT)    /* ; hint */                                                                                  \
    X(TRACE)             /* clue; constant tag */                                                                      \
    X(LAND)              /* d; live registers */                                                                       \
    X(LAND_PULL)         /* battery context; live registers */                                                         \
    X(LAND_STEP)         /* into a step frame */                                                                       \
    X(LAND_HALT)         /* the end of a run */

enum operation {
#define X(name) OPERATION_##name,
    OPERATIONS(X)
#undef X
        OPERATION_COUNT,
    OPERATION_LABEL, /* the compiler's own: a target */
    OPERATION_USE,   /* the compiler's own: keeps a register alive to here */
};

/* Where a call comes back to takes this many slots, the last of which is for
 * its native address. */
#define LANDING_SLOTS 4
#define LANDING_NATIVE 3

extern const uint8_t operations_slots[];

/* Slots that an operation takes, with its landing. */
static inline uint32_t operation_slots(enum operation operation)
{
    return operations_slots[operation];
}

static inline bool operation_has_landing(enum operation operation)
{
    return operation == OPERATION_CALL || operation == OPERATION_SCRY || operation == OPERATION_PULL;
}

struct slot {
    union {
        const void *handler;
        uint16_t operand[4];
        uint64_t word;
        noun *constant; /* in the code's constants, which the collector updates */
        struct slot *target;
        struct call_site *site;
        struct pull_site *pull;
        struct axis_site *axis;
        struct fast_site *fast;
        struct arm_site *arm;
        const struct hint *hint;
        const struct live_set *live;
    };
};

struct live_set {
    const struct code *code;
    const struct hint *hint; /* around the call */
    uint32_t count;
    uint16_t registers[];
};

/* How a subject arrives: a binary tree in pre-order, one bit a node, from bit
 * 0: 1 is a cell, 0 a leaf; `gate`: the whole is [formula [sample context]],
 * whose battery is the formula itself and takes no register. */
struct shape {
    uint32_t bits;
    uint8_t leaves; /* without the battery of a gate */
    bool gate;
};

#define SHAPE_LEAVES_MAX 8
#define SHAPE_WHOLE ((struct shape){.bits = 0, .leaves = 1, .gate = false})
/* [battery [sample context]] */
#define SHAPE_GATE ((struct shape){.bits = 1 | 1 << 2, .leaves = 2, .gate = true})

static inline bool shape_equal(struct shape a, struct shape b)
{
    return a.bits == b.bits && a.gate == b.gate;
}

/* Where something is called.  An argument is a register, or a constant's index
 * with ARGUMENT_CONSTANT set. */
#define ARGUMENT_CONSTANT 0x8000

/* What of a core made it match a registration.  A core is often made anew at each
 * call, and so may be its parent and the parent's parent, up to one that stays;
 * it matches again if the batteries on the way to that one are the same. */
#define ANCESTRY_CORES_MAX 4
struct ancestry {
    uint64_t until; /* the number of collections up to which the words hold */
    uint32_t count;
    struct {
        noun battery;
        uint64_t axis;           /* of the parent */
    } cores[ANCESTRY_CORES_MAX]; /* the core itself, its parent, ... */
    noun last;                   /* the parent of the last of them; NOUN_NONE: nothing is known */
};
#define ANCESTRY_NONE ((struct ancestry){.last = NOUN_NONE})

struct call_site {
    struct shape shape;
    uint16_t frame_words; /* of the caller's registers */
    uint16_t formula;     /* register; unused if `known` was fixed by the compiler */
    uint16_t arguments[SHAPE_LEAVES_MAX];
    bool dispatch;         /* opcode 9: jets are considered */
    uint8_t sample_leaves; /* a gate whose context is one leaf, and whose sample is one leaf or a pair
                            * of two: how many; else 0 */
    bool fixed;            /* the formula is a constant */
    noun cached_formula;   /* what `known` and `code` belong to */
    uint64_t cached_until; /* the number of collections up to which that holds */
    struct known *known;
    struct code *code;
    noun *constants;        /* of the calling code */
    struct call_site *next; /* of the same code */
};

/* Where an arm is pulled from a core as it is, [9 n 0 k]: what it gave for that core.
 *
 * Nock cannot share, so a program that names something by an arm makes it anew each
 * time that it says the name: a parser its rules, a library its tables.  The same
 * word is the same noun for one `moment` of the machine (machine.h), and within it a
 * product depends on the noun alone.
 *
 * Between the call and the return `moment` is odd: one more than the moment of
 * the call.  A call of the same site meanwhile leaves it otherwise, and then the
 * outer one stores nothing. */
struct arm_site {
    noun core, product;
    uint64_t moment;
};

/* Where an arm is pulled from a core to make a gate that is called at once with
 * another sample: Hoon's (arm a b).  An arm that just makes a gate around its
 * core need not run; the gate is its battery and the core. */
struct pull_site {
    struct call_site call; /* of the arm, if it must run */
    uint64_t axis;
    noun battery; /* of the core; what the next three belong to; NOUN_NONE: nothing known */
    noun gate_battery;
    noun clue; /* of the gate's %fast, or NOUN_NONE */
    struct known *gate;
    uint64_t until; /* the number of collections up to which the words hold */
    noun core;      /* for which the gate is known to be registered */
    uint64_t core_until;
    uint64_t parent_axis; /* in the core: of the gate's parent, with this ancestry if it is registered */
    struct ancestry parent;
    struct arm_site arm;    /* what it gave, if it ran */
    struct pull_site *next; /* of the same code */
};

/* Far axes lead to a library more often than not: the same part of the same
 * noun again and again. */
struct axis_site {
    uint64_t axis;
    noun from, part;
    uint64_t until; /* the number of collections up to which the words hold */
};

/* A core that was registered once need not be again while this is the same. */
struct fast_site {
    noun clue;
    struct ancestry core;
};

/* What stands on the trace while an instruction runs: the innermost hint. */
struct hint {
    const struct hint *outer;
    noun *tag;  /* a constant */
    noun *clue; /* a constant, or NULL: in a register */
    uint16_t clue_register;
};

struct hint_range {
    uint32_t from_slot;
    const struct hint *hint;
};

/* What the list of nock_codes says of a code. */
enum code_listed { CODE_UNLISTED, CODE_LISTED, CODE_LISTED_NATIVE };

/* An item of the list that a restart found: for when the formula is compiled. */
struct listed_code {
    noun formula;    /* persistent; 0 is empty */
    uint64_t number; /* as in the list (warm.c) */
};

/* Slots, constants, hints, sites and live sets lie behind it, in one piece of memory. */
struct code {
    struct code *next; /* of the same formula */
    struct known *known;
    struct shape shape;
    uint32_t frame_words;
    struct slot *slots;
    uint32_t slots_count;
    noun *constants;
    uint32_t constants_count;
    struct hint_range *hints; /* in order of from_slot */
    uint32_t hints_count;
    struct call_site *sites;
    struct pull_site *pulls;
    uint32_t entries;         /* in the interpreter */
    const void *native_entry; /* where native code enters it */
    const void *native_body;  /* past the safe point; NULL: it is not native */
    const void *native_start; /* for native_entry, once the interpreter has entered it */
    enum code_listed listed;
};

#define OPERATIONS_HASH_BITS 8

struct codes {
    struct code **all;
    size_t count, capacity;
    size_t scanned;       /* constants of codes below hold nothing young */
    struct code **sorted; /* by address of slots, when last asked for */
    size_t sorted_count;
    const void *const *handlers;                   /* by operation */
    uint8_t operations[1 << OPERATIONS_HASH_BITS]; /* by handler, open addressing; OPERATION_COUNT is empty */
    uint64_t freed;                                /* how often some were */
    noun saved;                                    /* the list of nock_codes; a root */
    size_t saved_count;
    struct listed_code *listed; /* open addressing; NULL: nothing was restored */
    size_t listed_capacity;
    bool has_news; /* that the list does not have */
    uint32_t asked;
    struct program *program; /* the memory of the last compilation, for the next; NULL: there was none */
};

void codes_init(struct codes *codes, const void *const *handlers);

/* The operation of an instruction. */
enum operation slot_operation(const struct codes *codes, const struct slot *slot);

/* The code of a formula for a shape, compiled if need be. */
struct code *code_for(struct nock *machine, struct known *known, struct shape shape);
struct code *code_compile(struct nock *machine, struct known *known, struct shape shape);
void code_free(struct code *code);

/* Of a code just compiled: what the restored list says of it. */
void code_recall(struct nock *machine, struct code *code);

/* The restored list follows persistent formulas that have moved; `moved` gives
 * NOUN_NONE for what is gone. */
void codes_relist(struct codes *codes, noun (*moved)(const void *context, noun old), const void *context);

/* A new list begins; each code's `listed` is the caller's to set. */
void codes_forget_list(struct codes *codes);

void codes_finish(struct codes *codes);

/* The code in which an instruction lies. */
const struct code *codes_find(struct codes *codes, const struct slot *at);

/* The innermost hint around an instruction, or NULL. */
const struct hint *code_hint_at(const struct code *code, const struct slot *at);

#endif
