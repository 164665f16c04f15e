/* The encodings of the assembler for AArch64, on whatever processor this is.
 * Each case has the text in assembly language and the words that binutils make of it. */
#include "nock/native_arm64.h"

#include "support/tap.h"

static uint8_t memory[64];

static void ok(const struct assembler *a, const char *text, const uint32_t *words, size_t count)
{
    tap_ok((size_t)(a->at - memory) == 4 * count && memcmp(memory, words, 4 * count) == 0, "%s", text);
}

#define IS(text, instruction, ...)                                                                                     \
    do {                                                                                                               \
        struct assembler assembler = assembler_begin(memory, sizeof memory), *a = &assembler;                          \
        instruction;                                                                                                   \
        const uint32_t words[] = {__VA_ARGS__};                                                                        \
        ok(a, text, words, COUNT_OF(words));                                                                           \
    } while (0)

/* Turns the jump at hand into one over so many bytes. */
static void distance(const struct assembler *a, uint8_t *jump_at, ptrdiff_t distance_bytes)
{
    set_jump(a, jump_at, (const uint8_t *)((uintptr_t)jump_at + (uintptr_t)distance_bytes));
}

static void test_plain(void)
{
    IS("mov x9, x23", move(a, VALUE, FREE), 0xaa1703e9);
    IS("mov x0, #0", number(a, X0, 0), 0xd2800000);
    IS("mov x10, #65535", number(a, X10, 65535), 0xd29fffea);
    IS("mov x10, #65536", number(a, X10, 65536), 0xd2a0002a);
    IS("mov x10, #0x5678; movk x10, #0x1234, lsl #16", number(a, X10, 0x12345678), 0xd28acf0a, 0xf2a2468a);
    IS("mov x11, #0x12; movk x11, #0x7fff, lsl #32", number(a, X11, 0x7fff00000012), 0xd280024b, 0xf2cfffeb);
    IS("mov x16, #0xdef0; movk x16, #0x9abc, lsl #16; movk x16, #0x5678, lsl #32; movk x16, #0x1234, lsl #48",
       number(a, X16, 0x123456789abcdef0), 0xd29bde10, 0xf2b35790, 0xf2cacf10, 0xf2e24690);
    IS("mov x17, #0xc000000000000000", number(a, X17, NOUN_TAG_CELL), 0xd2f80011);
    IS("mov x17, #-1", number(a, X17, NOUN_NONE), 0x92800011);
    IS("mov x16, #-32776", number(a, X16, (uint64_t)-32776), 0x929000f0);
    IS("cmp x9, x10", compare(a, VALUE, SPARE), 0xeb0a013f);
    IS("cmp x9, #0", test(a, VALUE), 0xf100013f);
    IS("cmp x9, #1", compare_number(a, VALUE, 1), 0xf100053f);
    IS("cmn x9, #1", compare_number(a, VALUE, -1), 0xb100053f);
    IS("cmn x9, #4", compare_number(a, VALUE, -4), 0xb100113f);
    IS("cmp x9, #4095", compare_wide(a, VALUE, 4095), 0xf13ffd3f);
    IS("mov x16, #4096; cmp x9, x16", compare_wide(a, VALUE, 4096), 0xd2820010, 0xeb10013f);
    IS("cmn x9, #4095", compare_wide(a, VALUE, -4095), 0xb13ffd3f);
    IS("mov x16, #-4096; cmp x9, x16", compare_wide(a, VALUE, -4096), 0x9281fff0, 0xeb10013f);
    IS("mov x16, #0xffff; movk x16, #0x7fff, lsl #16; cmp x9, x16", compare_wide(a, VALUE, INT32_MAX), 0xd29ffff0,
       0xf2affff0, 0xeb10013f);
    IS("tst x9, #0xff", test_bool(a, VALUE), 0xf2401d3f);
    IS("tst x0, #0x1fffffc000000000", test_bits(a, X0, 38, 61), 0xf25a581f);
    IS("tst x0, #0x1000000000000000", test_bits(a, X0, 60, 61), 0xf244001f);
    IS("adds x23, x23, #3", add_number(a, FREE, 3), 0xb1000ef7);
    IS("subs x9, x9, #8", add_number(a, VALUE, -8), 0xf1002129);
    IS("ands x10, x10, x9", and_registers(a, SPARE, VALUE), 0xea09014a);
    IS("cset x9, lo", set_if_below(a, VALUE), 0x9a9f27e9);
    IS("ldr x9, [x19]", load(a, VALUE, FRAME, 0), 0xf9400269);
    IS("ldr x15, [x14, #40]", load(a, CODE, SITE, 40), 0xf94015cf);
    IS("ldr x9, [x19, #32760]", load(a, VALUE, FRAME, 32760), 0xf97ffe69);
    IS("mov x16, #32768; ldr x9, [x19, x16]", load(a, VALUE, FRAME, 32768), 0xd2900010, 0xf8706a69);
    IS("ldur x12, [x19, #-16]", load(a, LANDING, FRAME, -16), 0xf85f026c);
    IS("ldur x12, [x19, #-256]", load(a, LANDING, FRAME, -256), 0xf850026c);
    IS("mov x16, #-264; ldr x12, [x19, x16]", load(a, LANDING, FRAME, -264), 0x928020f0, 0xf8706a6c);
    IS("ldur x9, [x20, #12]", load(a, VALUE, MACHINE, 12), 0xf840c289);
    IS("str x10, [x20, #24]", store(a, SPARE, MACHINE, 24), 0xf9000e8a);
    IS("stur x10, [x20, #-8]", store(a, SPARE, MACHINE, -8), 0xf81f828a);
    IS("mov x16, #0xfff8; movk x16, #7, lsl #16; str x10, [x19, x16]", store(a, SPARE, FRAME, 0x7fff8), 0xd29fff10,
       0xf2a000f0, 0xf8306a6a);
    IS("ldr x17, [x14, #8]; cmp x9, x17", compare_load(a, VALUE, SITE, 8), 0xf94005d1, 0xeb11013f);
    IS("ldr x17, [x14, #8]; cmn x17, #1", compare_memory(a, SITE, 8, -1), 0xf94005d1, 0xb100063f);
    IS("str xzr, [x11]", store_number(a, SECOND, 0, 0), 0xf900017f);
    IS("mov x17, #-2; str x17, [x11, #8]", store_number(a, SECOND, 8, -2), 0x92800031, 0xf9000571);
    IS("ldr x17, [x20, #80]; add x17, x17, #1; str x17, [x20, #80]", increment_memory(a, MACHINE, 80), 0xf9402a91,
       0x91000631, 0xf9002a91);
    IS("add x19, x19, #4095", address_in(a, FRAME, FRAME, 4095), 0x913ffe73);
    IS("mov x16, #4096; add x10, x19, x16", address_in(a, SPARE, FRAME, 4096), 0xd2820010, 0x8b10026a);
    IS("sub x10, x19, #24", address_in(a, SPARE, FRAME, -24), 0xd100626a);
    IS("br x1", jump_register(a, X1), 0xd61f0020);
    IS("ldr x16, [x12, #24]; br x16", jump_memory(a, LANDING, 24), 0xf9400d90, 0xd61f0200);
    IS("mov x16, #0x5678; movk x16, #0x1234, lsl #32; blr x16; mov x9, x0", call(a, 0x123400005678), 0xd28acf10,
       0xf2c24690, 0xd63f0200, 0xaa0003e9);
    IS("cmp x9, x24", compare_tag(a, VALUE), 0xeb18013f);
    IS("add x11, x22, x23, lsl #3", object_address(a, SECOND, FREE), 0x8b170ecb);
    IS("add x16, x22, x9, lsl #3; ldr x10, [x16, #16]", load_part(a, SPARE, VALUE, 16), 0x8b090ed0, 0xf9400a0a);
    IS("orr x9, x23, #0xc000000000000000", make_cell(a, VALUE, FREE), 0xb24206e9);
    IS("stp x29, x30, [sp, #-64]!; mov x29, sp; stp x19, x20, [sp, #16]; stp x21, x22, [sp, #32]; stp x23, x24, [sp, "
       "#48]; mov x24, #0xc000000000000000",
       save_registers(a), 0xa9bc7bfd, 0x910003fd, 0xa90153f3, 0xa9025bf5, 0xa90363f7, 0xd2f80018);
    IS("ldp x23, x24, [sp, #48]; ldp x21, x22, [sp, #32]; ldp x19, x20, [sp, #16]; ldp x29, x30, [sp], #64; ret",
       restore_registers(a), 0xa94363f7, 0xa9425bf5, 0xa94153f3, 0xa8c47bfd, 0xd65f03c0);
}

static void test_jumps(void)
{
    IS("b .+12", distance(a, jump(a), 12), 0x14000003);
    IS("b .-8", distance(a, jump(a), -8), 0x17fffffe);
    IS("b .+134217724", distance(a, jump(a), (128 << 20) - 4), 0x15ffffff);
    IS("b.eq .+8", distance(a, jump_if(a, IF_EQUAL), 8), 0x54000040);
    IS("b.ne .+8", distance(a, jump_if(a, IF_NOT_EQUAL), 8), 0x54000041);
    IS("b.lo .+8", distance(a, jump_if(a, IF_BELOW), 8), 0x54000043);
    IS("b.hs .+8", distance(a, jump_if(a, IF_NOT_BELOW), 8), 0x54000042);
    IS("b.hi .+8", distance(a, jump_if(a, IF_ABOVE), 8), 0x54000048);
    IS("b.ls .+8", distance(a, jump_if(a, IF_NOT_ABOVE), 8), 0x54000049);
    IS("b.mi .+8", distance(a, jump_if(a, IF_NEGATIVE), 8), 0x54000044);
    IS("b.pl .+8", distance(a, jump_if(a, IF_NOT_NEGATIVE), 8), 0x54000045);
    IS("b.eq .-1048572", distance(a, jump_if(a, IF_EQUAL), -((1 << 20) - 4)), 0x54800020);
}

/* In a stretch of 1 MiB or more a conditional jump goes over one that reaches. */
static void test_far(void)
{
    struct assembler assembler = {memory, memory + sizeof memory, true}, *a = &assembler;
    distance(a, jump_if(a, IF_ABOVE), 1 << 20);
    const uint32_t words[] = {0x54000049, 0x14040000};
    ok(a, "b.ls .+8; b .+1048576", words, COUNT_OF(words));
    struct assembler large = assembler_begin(memory, (size_t)1 << 20);
    tap_ok(large.is_far && !assembler_begin(memory, ((size_t)1 << 20) - 4).is_far, "1 MiB is far");
}

static void jump_too_far(void *context)
{
    struct assembler *a = context;
    distance(a, jump_if(a, IF_EQUAL), 1 << 20);
}

static void test_room(void)
{
    memset(memory, 0xaa, sizeof memory);
    struct assembler assembler = assembler_begin(memory, 10), *a = &assembler;
    number(a, X0, 0x123456789abc);
    uint8_t *beyond = jump(a);
    jump_here(a, beyond);
    tap_ok(a->at == memory + 16 && memory[7] != 0xaa && memory[8] == 0xaa && memory[15] == 0xaa,
           "without room nothing is written, but counted");
    assembler = assembler_begin(memory, sizeof memory);
    tap_ok(tap_dies(jump_too_far, a), "a jump beyond its reach is our mistake");
}

/* Every mask that a shift and a run can make, against the rule of the architecture. */
static uint64_t mask_of(uint32_t instruction)
{
    unsigned rotation = instruction >> 16 & 63, ones = (instruction >> 10 & 63) + 1;
    uint64_t run = ~(uint64_t)0 >> (64 - ones);
    return rotation == 0 ? run : run >> rotation | run << (64 - rotation);
}

static void test_runs(void)
{
    unsigned wrong = 0;
    for (unsigned from = 0; from < 64; from++)
        for (unsigned to = from + 1; to <= 64 && to - from < 64; to++) {
            struct assembler a = assembler_begin(memory, sizeof memory);
            test_bits(&a, VALUE, from, to);
            uint32_t instruction;
            memcpy(&instruction, memory, sizeof instruction);
            wrong += mask_of(instruction) != ~(uint64_t)0 >> (64 - (to - from)) << from;
        }
    tap_ok(wrong == 0, "tst with every run of bits (%u wrong)", wrong);
}

/* The number that movz, movk and movn leave. */
static uint64_t number_left(const uint8_t *from, const uint8_t *to)
{
    uint64_t value = 0;
    for (; from < to; from += 4) {
        uint32_t instruction;
        memcpy(&instruction, from, sizeof instruction);
        unsigned shift = 16 * (instruction >> 21 & 3);
        uint64_t part = (uint64_t)(instruction >> 5 & 0xffff) << shift;
        if (instruction >> 23 == 0x92800000 >> 23)
            value = ~part;
        else if (instruction >> 23 == 0xd2800000 >> 23)
            value = part;
        else
            value = (value & ~((uint64_t)0xffff << shift)) | part;
    }
    return value;
}

static void test_numbers(void)
{
    uint64_t state = tap_seed();
    unsigned wrong = 0;
    for (unsigned i = 0; i < 100000; i++) {
        uint64_t value = tap_random(&state) >> tap_below(&state, 64);
        for (unsigned part = 0; part < 4; part++) /* parts of nothing, and of ones */
            if (tap_below(&state, 3) == 0)
                value = (value & ~((uint64_t)0xffff << 16 * part)) | (tap_below(&state, 2) * 0xffff) << 16 * part;
        struct assembler a = assembler_begin(memory, sizeof memory);
        number(&a, VALUE, value);
        wrong += number_left(memory, a.at) != value || a.at > memory + 16;
    }
    tap_ok(wrong == 0, "random numbers are what their instructions leave (%u wrong)", wrong);
}

int main(void)
{
    test_plain();
    test_jumps();
    test_far();
    test_room();
    test_runs();
    test_numbers();
    return tap_done();
}
