/* The vectors of ABI page 7.6: noun as text, jam in hexadecimal, mug. */
#ifndef TEST_CODEC_VECTORS_H
#define TEST_CODEC_VECTORS_H

#include <stdint.h>

#define ATOM_96 "0xface.b00c.15de.adbe.ef12.3456"
#define ATOM_128 "0xdead.beef.1234.5678.fedc.ba98.7654.3210"
#define LEVEL(inner) "[" inner " 0 0x87.6543 0x7fff.ffff.ffff.ffff " ATOM_96 " " ATOM_128 "]"
#define LEVEL_1 "[0 0x87.6543 0x7fff.ffff.ffff.ffff " ATOM_96 " " ATOM_128 "]"

struct vector {
    const char *text;
    const char *jam;
    uint32_t mug;
};

static const struct vector vectors[] = {
    {"0", "02", 0x79ff04e8},
    {"1", "0c", 0x715c2a60},
    {"2", "48", 0x718b9468},
    {"127", "f03f", 0x26e25831},
    {"128", "200001", 0x6569cd83},
    {"0x876543", "401c2a3b04", 0x69d59d90},
    {"0x7fffffffffffffff", "80ffffffffffffffff0f", 0x7a9f252e},
    {"9.223.372.036.854.775.808", "00010000000000000040", 0x135eb193},
    {"18446744073709551615", "0081ffffffffffffff7f", 0x695c8310},
    {"18446744073709551616", "00030000000000000080", 0x26a7107f},
    {ATOM_96, "00412b1a8977df56ef0a0658677d", 0x2aa4c8fb},
    {ATOM_128, "00022064a8ec3075b9fdf1ac6824de7d5bbd01", 0x44fb2c0c},
    {"'a'", "f030", 0x36b6f52a},
    {"%foo", "c0337b7b03", 0x69acd61e},
    {"%poke", "c0877b5b2b03", 0x48e04718},
    {"'hello world'", "002fb43236b63790bb37393632", 0x2e8616a0},
    {"[0 0]", "29", 0x192f5588},
    {"[1 1]", "3103", 0x6b32ec46},
    {"[1 2]", "3112", 0x6a36c1d9},
    {"[1 2 3 0]", "71c8d002", 0x1a8cdadd},
    {"[[1 2] 1 2]", "c5c849", 0x396862ef},
    {"[" ATOM_96 " " ATOM_128 "]", "0104ad6824de7d5bbd2b18609df5010440c850d961ea72fbe359d148bcfbb67a03", 0x20fb143f},
    {"[" ATOM_128 " " ATOM_128 "]", "01088090a1b2c3d4e5f6c7b3a29178f76df59e04", 0x61c0ea5c},
    {LEVEL(LEVEL(LEVEL_1)),
     "950171a8ec30c0ffffffffffffffff0f20684523f1eedbea5dc100ebac0f20004286ca0e5397db1fcf8a46e2ddb7d57be64c",
     0x7543cac7},
    {"[%exit 0]", "01bf0c2f8d2e", 0x0e194a80},
    {"[%state 0]", "019e39ba30bab2", 0x008be472},
    {"[%poke %sys 1 0]", "011fee6dad1cf0e6f2e6b1", 0x1b9df3f7},
    {"[%poke %one-punch 1 0]", "011fee6dad1cc0e3cdadac05aece6d0c1d0b", 0x0d42e5da},
    {"[0 %arvo 0]", "19f0c3e4ecde02", 0x760b5e3a},
    {"[%request %block %by-id 0]", "015eb9b2b8bab2397a80478ced6d6c1de011cb6b49230b", 0x092e26e8},
    {"[%file %write '/tmp/x' 'abc']", "01df2c8dad1ce0b9934ba32b07f85ee8dae05ef0c00b131b03", 0x156ebe32},
    {"[9 2 0 1]", "41326432", 0x6bfc006c},
    {"[0 0 [0 0] 0]", "99a502", 0x59ac3b15},
    {"[18446744073709551616 18446744073709551616]", "010c00000000000000004e02", 0x6ae6e7dd},
};

#endif
