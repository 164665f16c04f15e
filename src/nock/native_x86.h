/* The assembler for x86-64 (native_assembler.h says what one is). */
#ifndef NOCK_NATIVE_X86_H
#define NOCK_NATIVE_X86_H

#include "nock/code.h"

enum machine_register {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    /* Their parts. */
    VALUE = RAX,
    SPARE = RCX,
    SECOND = RDX,
    LANDING = RDX,
    REASON = RSI,
    SITE = R8,
    CODE = R10,
    FRAME = RBX,
    STACK = RBP,
    MACHINE = R12,
    BASE = R13,
    FREE = R14,
    CELL_TAG = R15,
    C_ARGUMENT_0 = RDI,
    C_ARGUMENT_1 = RSI,
    C_ARGUMENT_2 = RDX,
    C_ARGUMENT_3 = RCX,
    C_ARGUMENT_4 = R8,
    C_ARGUMENT_5 = R9,
    C_RESULT = RAX
};

static const enum machine_register leaf_registers[SHAPE_LEAVES_MAX] = {RAX, RCX, RDX, RSI, RDI, R8, R9, R11};

/* A slot of bytecode makes at most so many bytes, on average over an
 * instruction. */
#define TEMPLATE_MAX_BYTES 160

enum condition {
    IF_BELOW = 2,
    IF_NOT_BELOW,
    IF_EQUAL,
    IF_NOT_EQUAL,
    IF_NOT_ABOVE,
    IF_ABOVE,
    IF_NEGATIVE,
    IF_NOT_NEGATIVE
};

/* Past `end` nothing is written, but `at` goes on, so that the size is known.  Up to
 * there a whole word may be. */
struct assembler {
    uint8_t *at, *end;
};

static inline struct assembler assembler_begin(uint8_t *at, size_t room_bytes)
{
    return (struct assembler){at, at + room_bytes - sizeof(uint64_t)};
}

/* The `count` lowest bytes of a word; what follows them comes to be overwritten. */
static inline void put(struct assembler *a, uint64_t bytes, unsigned count)
{
    if (LIKELY(a->at <= a->end))
        memcpy(a->at, &bytes, sizeof bytes);
    a->at += count;
}

/* operation reg, [base + displacement], all 64 bits wide */
static inline void put_memory(struct assembler *a, unsigned operation, unsigned reg, enum machine_register base,
                              int32_t displacement)
{
    bool is_short = displacement >= -128 && displacement < 128;
    unsigned prefix = 0x48 | (reg >> 3) << 2 | (unsigned)base >> 3;
    unsigned mode = (is_short ? 0x40u : 0x80u) | (reg & 7) << 3 | ((unsigned)base & 7);
    uint64_t bytes = prefix | operation << 8 | mode << 16;
    unsigned count = 3;
    if ((base & 7) == RSP)
        bytes |= (uint64_t)0x24 << (8 * count++);
    bytes |= (uint64_t)(is_short ? (uint8_t)displacement : (uint32_t)displacement) << (8 * count);
    put(a, bytes, count + (is_short ? 1 : 4));
}

/* operation reg, [base + 8 * index + displacement] */
static inline void put_indexed(struct assembler *a, unsigned operation, unsigned reg, enum machine_register base,
                               enum machine_register index, int8_t displacement)
{
    unsigned prefix = 0x48 | (reg >> 3) << 2 | (unsigned)index >> 3 << 1 | (unsigned)base >> 3;
    unsigned scale = 0xc0 | ((unsigned)index & 7) << 3 | ((unsigned)base & 7);
    put(a,
        prefix | operation << 8 | (0x44 | (reg & 7) << 3) << 16 | (uint64_t)scale << 24 |
            (uint64_t)(uint8_t)displacement << 32,
        5);
}

/* operation of two registers, the first in the r/m field */
static inline void put_registers(struct assembler *a, unsigned operation, unsigned rm, unsigned reg)
{
    put(a, (0x48 | (reg >> 3) << 2 | rm >> 3) | operation << 8 | (0xc0 | (reg & 7) << 3 | (rm & 7)) << 16, 3);
}

static inline void load(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    put_memory(a, 0x8b, reg, base, at);
}

static inline void store(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    put_memory(a, 0x89, reg, base, at);
}

static inline void move(struct assembler *a, enum machine_register to, enum machine_register from)
{
    put_registers(a, 0x89, to, from);
}

static inline void compare(struct assembler *a, enum machine_register x, enum machine_register y)
{
    put_registers(a, 0x39, x, y);
}

/* compares reg with [base + at] */
static inline void compare_load(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    put_memory(a, 0x3b, reg, base, at);
}

/* compares [base + at] with a number */
static inline void compare_memory(struct assembler *a, enum machine_register base, int32_t at, int32_t number)
{
    bool is_short = number >= -128 && number < 128;
    put_memory(a, is_short ? 0x83 : 0x81, 7, base, at);
    put(a, (uint32_t)number, is_short ? 1 : 4);
}

static inline void compare_number(struct assembler *a, enum machine_register reg, int8_t number)
{
    put_registers(a, 0x83, reg, 7);
    put(a, (uint8_t)number, 1);
}

static inline void compare_wide(struct assembler *a, enum machine_register reg, int32_t number)
{
    put_registers(a, 0x81, reg, 7);
    put(a, (uint32_t)number, 4);
}

static inline void test(struct assembler *a, enum machine_register reg)
{
    put_registers(a, 0x85, reg, reg);
}

static inline void number(struct assembler *a, enum machine_register reg, uint64_t value)
{
    if (value <= UINT32_MAX) {
        if (reg >= R8)
            put(a, 0x41, 1);
        put(a, (0xb8 | (reg & 7)) | value << 8, 5);
        return;
    }
    put(a, (0x48 | (unsigned)reg >> 3) | (0xb8 | (reg & 7)) << 8, 2);
    put(a, value, 8);
}

static inline void address(struct assembler *a, enum machine_register reg, const void *pointer)
{
    number(a, reg, (uint64_t)(uintptr_t)pointer);
}

/* [base + at] = number */
static inline void store_number(struct assembler *a, enum machine_register base, int32_t at, int32_t value)
{
    put_memory(a, 0xc7, 0, base, at);
    put(a, (uint32_t)value, 4);
}

static inline void shift_right(struct assembler *a, enum machine_register reg, uint8_t bits)
{
    put_registers(a, 0xc1, reg, 5);
    put(a, bits, 1);
}

static inline void shift_left(struct assembler *a, enum machine_register reg, uint8_t bits)
{
    put_registers(a, 0xc1, reg, 4);
    put(a, bits, 1);
}

static inline void add_number(struct assembler *a, enum machine_register reg, int8_t value)
{
    put_registers(a, 0x83, reg, 0);
    put(a, (uint8_t)value, 1);
}

static inline void and_registers(struct assembler *a, enum machine_register to, enum machine_register from)
{
    put_registers(a, 0x21, to, from);
}

static inline void address_in(struct assembler *a, enum machine_register reg, enum machine_register base, int32_t at)
{
    put_memory(a, 0x8d, reg, base, at); /* lea */
}

static inline void test_bool(struct assembler *a, enum machine_register reg)
{
    if (reg >= RSP)
        put(a, 0x40 | (reg >= R8 ? 5 : 0), 1);
    put(a, 0x84 | (0xc0 | (reg & 7) << 3 | (reg & 7)) << 8, 2);
}

static inline void test_bits(struct assembler *a, enum machine_register reg, unsigned from, unsigned to)
{
    shift_left(a, reg, (uint8_t)(64 - to));
    shift_right(a, reg, (uint8_t)(64 - to + from));
}

static inline void set_if_below(struct assembler *a, enum machine_register reg)
{
    number(a, reg, 0); /* keeps the flags */
    if (reg >= RSP)
        put(a, 0x40 | (unsigned)reg >> 3, 1);
    put(a, 0x0f | 0x92 << 8 | (0xc0 | (reg & 7)) << 16, 3);
}

static inline void increment_memory(struct assembler *a, enum machine_register base, int32_t at)
{
    put_memory(a, 0xff, 0, base, at);
}

/* A jump whose distance is not known yet: where that is to be written. */
static inline uint8_t *jump_if(struct assembler *a, enum condition condition)
{
    put(a, 0x0f | (0x80 | (unsigned)condition) << 8, 6);
    return a->at - 4;
}

static inline uint8_t *jump(struct assembler *a)
{
    put(a, 0xe9, 5);
    return a->at - 4;
}

static inline void set_jump(const struct assembler *a, uint8_t *distance_at, const uint8_t *target)
{
    int32_t distance = (int32_t)(target - (distance_at + 4));
    if (distance_at + 4 <= a->end)
        memcpy(distance_at, &distance, 4);
}

static inline void jump_here(const struct assembler *a, uint8_t *distance_at)
{
    set_jump(a, distance_at, a->at);
}

/* jmp [base + at] */
static inline void jump_memory(struct assembler *a, enum machine_register base, int32_t at)
{
    put_memory(a, 0xff, 4, base, at);
}

static inline void call(struct assembler *a, uint64_t function)
{
    number(a, RAX, function);
    put(a, 0xff | 0xd0 << 8, 2);
}

static inline void jump_register(struct assembler *a, enum machine_register reg)
{
    if (reg >= R8)
        put(a, 0x41, 1);
    put(a, 0xff | (0xe0 | (reg & 7)) << 8, 2);
}

static inline void push(struct assembler *a, enum machine_register reg)
{
    if (reg >= R8)
        put(a, 0x41, 1);
    put(a, 0x50 | (reg & 7), 1);
}

static inline void pop(struct assembler *a, enum machine_register reg)
{
    if (reg >= R8)
        put(a, 0x41, 1);
    put(a, 0x58 | (reg & 7), 1);
}

/* ---- nouns ------------------------------------------------------------------- */

static inline void compare_tag(struct assembler *a, enum machine_register reg)
{
    compare(a, reg, CELL_TAG);
}

static inline void load_part(struct assembler *a, enum machine_register to, enum machine_register cell, int8_t at)
{
    put_indexed(a, 0x8b, to, BASE, cell, at);
}

static inline void object_address(struct assembler *a, enum machine_register to, enum machine_register offset)
{
    put_indexed(a, 0x8d, to, BASE, offset, 0);
}

static inline void make_cell(struct assembler *a, enum machine_register to, enum machine_register offset)
{
    move(a, to, offset);
    put_registers(a, 0x09, to, CELL_TAG); /* or */
}

/* ---- in and out --------------------------------------------------------------- */

static const enum machine_register kept_registers[] = {RBX, RBP, R12, R13, R14, R15};

static inline void save_registers(struct assembler *a)
{
    for (size_t i = 0; i < COUNT_OF(kept_registers); i++)
        push(a, kept_registers[i]);
    add_number(a, RSP, -8); /* calls of C find the stack aligned */
    number(a, CELL_TAG, NOUN_TAG_CELL);
}

static inline void restore_registers(struct assembler *a)
{
    add_number(a, RSP, 8);
    for (size_t i = COUNT_OF(kept_registers); i-- > 0;)
        pop(a, kept_registers[i]);
    put(a, 0xc3, 1);
}

#endif
