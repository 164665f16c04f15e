/* Between the two halves of the compiler: generate.c turns a formula into a
 * line of instructions over as many registers as it likes; assign.c finds out
 * which are live where, packs them into few, and writes the bytecode. */
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
    uint32_t target;   /* a label's number */
    uint32_t constant; /* an index */
    uint64_t axis;
    struct call *call;
    const struct scope *scope;  /* around it */
    const struct scope *pushed; /* TRACE_CONSTANT */
    uint32_t *live;             /* CALL, SCRY: registers live across it */
    uint32_t live_count;
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

struct program {
    struct instruction *instructions;
    uint32_t count, capacity;
    uint32_t registers_count;
    uint32_t labels_count;
    noun *constants;
    uint32_t constants_count, constants_capacity;
    struct scope *scopes;
    struct block *scratch; /* freed after compilation */
    struct block *kept;    /* goes to the code */
};

void generate(struct nock *machine, struct program *program, struct known *known, struct shape shape);
void assign(struct nock *machine, struct program *program, struct code *code);

#endif
