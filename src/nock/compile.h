/* Between the parts of the compiler: generate.c turns a formula into a line of
 * instructions over as many registers as it likes; liveness.c finds out which
 * are live where; assign.c packs them into few, and writes the bytecode. */
#ifndef NOCK_COMPILE_H
#define NOCK_COMPILE_H

#include "nock/block.h"
#include "nock/machine.h"

#define REGISTER_NONE UINT32_MAX

/* One instruction.  What is not used is REGISTER_NONE, 0 or NULL. */
struct instruction {
    uint8_t operation; /* enum operation */
    uint32_t written;
    uint32_t written_too; /* PULL */
    uint32_t read[2];
    uint32_t target;     /* a label's number */
    uint32_t constant;   /* an index */
    uint32_t live_count; /* CALL, PULL, SCRY: registers live across it */
    uint32_t *live;
    const struct scope *scope; /* around it */
    union {
        uint64_t axis;
        struct call *call;          /* CALL, CALL_TAIL */
        const struct scope *pushed; /* TRACE_CONSTANT */
        struct arm *arm;            /* ARM_FIND, ARM_STORE */
    };
};

/* A call before its registers are packed. */
struct call {
    struct shape shape;
    uint32_t formula;                     /* register */
    uint32_t arguments[SHAPE_LEAVES_MAX]; /* register, or constant's index */
    bool is_constant[SHAPE_LEAVES_MAX];
    bool dispatch;
    struct known *fixed;
};

/* What a finding and a storing share, once the first is written. */
struct arm {
    struct arm_site *site;
};

typedef void visit_register(void *context, uint32_t index, uint32_t where);

/* Visits the registers that the instruction at `index` reads. */
static inline void each_read(const struct instruction *instruction, uint32_t index, visit_register *visit,
                             void *context)
{
    for (unsigned i = 0; i < 2; i++)
        if (instruction->read[i] != REGISTER_NONE)
            visit(context, index, instruction->read[i]);
    if (instruction->operation != OPERATION_CALL && instruction->operation != OPERATION_CALL_TAIL)
        return;
    const struct call *call = instruction->call;
    if (call->fixed == NULL)
        visit(context, index, call->formula);
    for (unsigned i = 0; i < call->shape.leaves; i++)
        if (!call->is_constant[i])
            visit(context, index, call->arguments[i]);
}

/* A hint while its code is being compiled. */
struct scope {
    struct scope *outer;
    struct scope *made_before; /* all of the program's */
    struct hint *hint;
    uint32_t tag_constant;
    uint32_t clue_constant;
    uint32_t clue;    /* a register, or REGISTER_NONE: clue_constant holds */
    bool is_constant; /* it and all around it */
};

/* Constants are looked for among those that were met lately. */
#define CONSTANTS_RECENT_BITS 8

struct undo;

/* What is being compiled, and the memory for that, which the next compilation takes
 * over: compiling does not lead to compiling. */
struct program {
    struct instruction *instructions;
    uint32_t count, capacity;
    uint32_t registers_count;
    uint32_t labels_count;
    noun *constants;
    uint32_t constants_count, constants_capacity;
    uint32_t constants_recent[1 << CONSTANTS_RECENT_BITS]; /* indices by hash; they may be of other programs */
    struct undo *undo;
    size_t undo_capacity;
    struct scope *scopes;
    uint32_t scopes_count;
    struct blocks scratch;
};

/* ---- liveness.c: what the pass backward finds ---- */

/* What follows a label. */
struct label {
    const uint64_t *live;
    uint32_t live_count;
    uint32_t slots_count; /* from there to the end */
};

struct liveness {
    uint32_t *last_used; /* by register: the last instruction that reads it, or writes it */
    struct label *labels;
    size_t live_words;
    /* What the code will take. */
    uint32_t slots_count, ranges_count, landings_count;
    size_t sites_bytes; /* and of live sets */
};

/* Fills in the lists of live registers, too. */
struct liveness liveness_find(struct program *program);

static inline size_t live_set_bytes(uint32_t count)
{
    return (size_t)bits_round_up(sizeof(struct live_set) + count * sizeof(uint16_t), sizeof(uint64_t));
}

/* ---- generate.c, assign.c ---- */

void generate(struct nock *machine, struct program *program, struct known *known, struct shape shape);

/* The code, which is one piece of memory. */
struct code *assign(struct nock *machine, struct program *program, struct known *known, struct shape shape);

#endif
