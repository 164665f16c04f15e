/* The assembler for AArch64 (native_assembler.h says what one is).
 *
 * Only what every such processor has is used.  x16 and x17 are the assembler's
 * own, for what takes more than one instruction; x18 is the system's.  Nothing
 * lies in pages that ask for branch targets to be marked (BTI), and the only
 * return address that is kept is the way in's own, which goes back unchanged:
 * C that signs its own (PAC) is not disturbed.
 */
#ifndef NOCK_NATIVE_ARM64_H
#define NOCK_NATIVE_ARM64_H

#include "nock/code.h"

enum machine_register {
    X0,
    X1,
    X2,
    X3,
    X4,
    X5,
    X6,
    X7,
    X8,
    X9,
    X10,
    X11,
    X12,
    X13,
    X14,
    X15,
    X16,
    X17,
    X18,
    X19,
    X20,
    X21,
    X22,
    X23,
    X24,
    X25,
    X26,
    X27,
    X28,
    X29,
    X30,
    XZR,      /* where a number is meant */
    SP = XZR, /* where an address is */
    /* Their parts. */
    VALUE = X9,
    SPARE = X10,
    SECOND = X11,
    LANDING = X12,
    REASON = X13,
    SITE = X14,
    CODE = X15,
    FRAME = X19,
    MACHINE = X20,
    STACK = X21,
    BASE = X22,
    FREE = X23,
    CELL_TAG = X24,
    C_ARGUMENT_0 = X0,
    C_ARGUMENT_1 = X1,
    C_ARGUMENT_2 = X2,
    C_ARGUMENT_3 = X3,
    C_ARGUMENT_4 = X4,
    C_ARGUMENT_5 = X5,
    C_RESULT = X0
};

static const enum machine_register leaf_registers[SHAPE_LEAVES_MAX] = {X9, X10, X11, X12, X13, X14, X6, X7};

/* A slot of bytecode makes at most so many bytes, on average over an
 * instruction. */
#define TEMPLATE_MAX_BYTES 224

enum condition {
    IF_EQUAL,
    IF_NOT_EQUAL,
    IF_NOT_BELOW,
    IF_BELOW,
    IF_NEGATIVE,
    IF_NOT_NEGATIVE,
    IF_ABOVE = 8,
    IF_NOT_ABOVE
};

/* Past `end` nothing is written, but `at` goes on, so that the size is known. */
struct assembler {
    uint8_t *at, *end;
    bool is_far; /* a conditional jump may not reach from one end to the other */
};

#define CONDITIONAL_REACH_BYTES ((size_t)1 << 20)
#define REACH_BYTES ((size_t)128 << 20)

static inline struct assembler assembler_begin(uint8_t *at, size_t room_bytes)
{
    return (struct assembler){at, at + room_bytes, room_bytes >= CONDITIONAL_REACH_BYTES};
}

static inline void put(struct assembler *a, uint32_t instruction)
{
    if (a->at + sizeof instruction <= a->end)
        memcpy(a->at, &instruction, sizeof instruction);
    a->at += sizeof instruction;
}

/* ---- forms -------------------------------------------------------------------- */

/* operation d, n, m */
static inline void put_registers(struct assembler *a, uint32_t operation, unsigned d, unsigned n, unsigned m)
{
    put(a, operation | m << 16 | n << 5 | d);
}

/* operation d, n, #immediate; its 12 bits, or bit 12 and up for a shift by 12 */
static inline void put_immediate(struct assembler *a, uint32_t operation, unsigned d, unsigned n, unsigned immediate)
{
    put(a, operation | immediate << 10 | n << 5 | d);
}

/* operation d, n, #mask, a run of `count` ones from bit `from` up */
static inline void put_run(struct assembler *a, uint32_t operation, unsigned d, unsigned n, unsigned from,
                           unsigned count)
{
    put(a, operation | 1u << 22 | ((64 - from) & 63) << 16 | (count - 1) << 10 | n << 5 | d);
}

static inline void put_pair(struct assembler *a, uint32_t operation, unsigned first, unsigned second, int words)
{
    put(a, operation | ((uint32_t)words & 0x7f) << 15 | second << 10 | (unsigned)SP << 5 | first);
}

/* ---- registers ------------------------------------------------------------------ */

static inline void move(struct assembler *a, enum machine_register to, enum machine_register from)
{
    put_registers(a, 0xaa000000, to, XZR, from); /* orr */
}

static inline void number(struct assembler *a, enum machine_register reg, uint64_t value)
{
    if (~value >> 16 == 0) {
        put(a, 0x92800000 | (uint32_t)(~value & 0xffff) << 5 | reg); /* movn */
        return;
    }
    uint32_t operation = 0xd2800000; /* movz, then movk */
    for (unsigned i = 0; i < 4; i++) {
        uint32_t part = value >> (16 * i) & 0xffff;
        if (part == 0 && !(value == 0 && i == 0))
            continue;
        put(a, operation | i << 21 | part << 5 | reg);
        operation = 0xf2800000;
    }
}

static inline void address(struct assembler *a, enum machine_register reg, const void *pointer)
{
    number(a, reg, (uint64_t)(uintptr_t)pointer);
}

static inline void compare(struct assembler *a, enum machine_register x, enum machine_register y)
{
    put_registers(a, 0xeb000000, XZR, x, y); /* subs */
}

static inline void compare_wide(struct assembler *a, enum machine_register reg, int32_t value)
{
    if (value >= 0 && value < 4096) {
        put_immediate(a, 0xf1000000, XZR, reg, (unsigned)value); /* subs */
    } else if (value < 0 && value > -4096) {
        put_immediate(a, 0xb1000000, XZR, reg, (unsigned)-value); /* adds */
    } else {
        number(a, X16, (uint64_t)(int64_t)value);
        compare(a, reg, X16);
    }
}

static inline void compare_number(struct assembler *a, enum machine_register reg, int8_t value)
{
    compare_wide(a, reg, value);
}

static inline void test(struct assembler *a, enum machine_register reg)
{
    compare_wide(a, reg, 0);
}

/* Only the lowest byte of a bool is told. */
static inline void test_bool(struct assembler *a, enum machine_register reg)
{
    put_run(a, 0xf2000000, XZR, reg, 0, 8); /* ands */
}

static inline void test_bits(struct assembler *a, enum machine_register reg, unsigned from, unsigned to)
{
    put_run(a, 0xf2000000, XZR, reg, from, to - from);
}

static inline void add_number(struct assembler *a, enum machine_register reg, int8_t value)
{
    if (value >= 0)
        put_immediate(a, 0xb1000000, reg, reg, (unsigned)value); /* adds */
    else
        put_immediate(a, 0xf1000000, reg, reg, (unsigned)-value); /* subs */
}

static inline void and_registers(struct assembler *a, enum machine_register to, enum machine_register from)
{
    put_registers(a, 0xea000000, to, to, from); /* ands */
}

static inline void set_if_below(struct assembler *a, enum machine_register reg)
{
    put(a, 0x9a9f07e0 | (uint32_t)IF_NOT_BELOW << 12 | reg); /* csinc */
}

/* ---- memory ------------------------------------------------------------------------ */

/* A load or store with the opcode's two bits in `kind` */
static inline void put_memory(struct assembler *a, uint32_t kind, unsigned reg, unsigned base, int32_t at)
{
    if (at >= 0 && at % 8 == 0 && at / 8 < 4096) {
        put(a, 0xf9000000 | kind | (uint32_t)(at / 8) << 10 | base << 5 | reg);
    } else if (at >= -256 && at < 256) {
        put(a, 0xf8000000 | kind | ((uint32_t)at & 0x1ff) << 12 | base << 5 | reg);
    } else {
        number(a, X16, (uint64_t)(int64_t)at);
        put_registers(a, 0xf8206800 | kind, reg, base, X16);
    }
}

static inline void load(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    put_memory(a, 0x400000, reg, base, at);
}

static inline void store(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    put_memory(a, 0, reg, base, at);
}

/* compares reg with [base + at] */
static inline void compare_load(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    load(a, X17, base, at);
    compare(a, reg, X17);
}

/* compares [base + at] with a number */
static inline void compare_memory(struct assembler *a, enum machine_register base, int32_t at, int32_t value)
{
    load(a, X17, base, at);
    compare_wide(a, X17, value);
}

/* [base + at] = number */
static inline void store_number(struct assembler *a, enum machine_register base, int32_t at, int32_t value)
{
    if (value != 0)
        number(a, X17, (uint64_t)(int64_t)value);
    store(a, value != 0 ? X17 : XZR, base, at);
}

static inline void increment_memory(struct assembler *a, enum machine_register base, int32_t at)
{
    load(a, X17, base, at);
    put_immediate(a, 0x91000000, X17, X17, 1); /* add */
    store(a, X17, base, at);
}

/* reg = base + at */
static inline void address_in(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    if (at >= 0 && at < 4096) {
        put_immediate(a, 0x91000000, reg, base, (unsigned)at); /* add */
    } else if (at < 0 && at > -4096) {
        put_immediate(a, 0xd1000000, reg, base, (unsigned)-at); /* sub */
    } else {
        number(a, X16, (uint64_t)(int64_t)at);
        put_registers(a, 0x8b000000, reg, base, X16); /* add */
    }
}

/* ---- jumps -------------------------------------------------------------------------- */

/* A jump whose distance is not known yet: where that is to be written. */
static inline uint8_t *jump(struct assembler *a)
{
    put(a, 0x14000000);
    return a->at - 4;
}

static inline uint8_t *jump_if(struct assembler *a, enum condition condition)
{
    if (a->is_far) {
        put(a, 0x54000000 | 2 << 5 | (condition ^ 1)); /* over the next */
        return jump(a);
    }
    put(a, 0x54000000 | condition);
    return a->at - 4;
}

static inline void set_jump(const struct assembler *a, uint8_t *jump_at, const uint8_t *target)
{
    if (jump_at + 4 > a->end)
        return;
    uint32_t instruction;
    memcpy(&instruction, jump_at, sizeof instruction);
    ptrdiff_t distance_bytes = target - jump_at;
    bool is_conditional = instruction >> 24 == 0x54;
    size_t reach_bytes = is_conditional ? CONDITIONAL_REACH_BYTES : REACH_BYTES;
    CHECK((size_t)(distance_bytes < 0 ? -distance_bytes : distance_bytes) < reach_bytes);
    uint32_t distance = (uint32_t)(distance_bytes / 4);
    instruction |= is_conditional ? (distance & 0x7ffff) << 5 : distance & 0x3ffffff;
    memcpy(jump_at, &instruction, sizeof instruction);
}

static inline void jump_here(const struct assembler *a, uint8_t *jump_at)
{
    set_jump(a, jump_at, a->at);
}

static inline void jump_register(struct assembler *a, enum machine_register reg)
{
    put(a, 0xd61f0000 | (uint32_t)reg << 5); /* br */
}

/* to [base + at] */
static inline void jump_memory(struct assembler *a, enum machine_register base, int32_t at)
{
    load(a, X16, base, at);
    jump_register(a, X16);
}

static inline void call(struct assembler *a, uint64_t function)
{
    number(a, X16, function);
    put(a, 0xd63f0000 | (uint32_t)X16 << 5); /* blr */
    move(a, VALUE, C_RESULT);
}

/* ---- nouns ------------------------------------------------------------------- */

static inline void compare_tag(struct assembler *a, enum machine_register reg)
{
    compare(a, reg, CELL_TAG);
}

/* to = base of the space + 8 * offset */
static inline void object_address(struct assembler *a, enum machine_register to, enum machine_register offset)
{
    put_registers(a, 0x8b000000 | 3 << 10, to, BASE, offset); /* add */
}

static inline void load_part(struct assembler *a, enum machine_register to, enum machine_register cell, int8_t at)
{
    object_address(a, X16, cell);
    load(a, to, X16, at);
}

static inline void make_cell(struct assembler *a, enum machine_register to, enum machine_register offset)
{
    static_assert(NOUN_TAG_CELL == (noun)3 << 62, "two ones from bit 62 up");
    put_run(a, 0xb2000000, to, offset, 62, 2); /* orr */
}

/* ---- in and out --------------------------------------------------------------- */

static inline void save_registers(struct assembler *a)
{
    put_pair(a, 0xa9800000, X29, X30, -8);    /* stp, which moves sp first */
    put_immediate(a, 0x91000000, X29, SP, 0); /* add */
    put_pair(a, 0xa9000000, X19, X20, 2);     /* stp */
    put_pair(a, 0xa9000000, X21, X22, 4);
    put_pair(a, 0xa9000000, X23, X24, 6);
    number(a, CELL_TAG, NOUN_TAG_CELL);
}

static inline void restore_registers(struct assembler *a)
{
    put_pair(a, 0xa9400000, X23, X24, 6); /* ldp */
    put_pair(a, 0xa9400000, X21, X22, 4);
    put_pair(a, 0xa9400000, X19, X20, 2);
    put_pair(a, 0xa8c00000, X29, X30, 8); /* ldp, which moves sp after */
    put(a, 0xd65f03c0);                   /* ret */
}

#endif
