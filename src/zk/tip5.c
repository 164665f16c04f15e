/* Tip5: an arithmetic sponge over the base field.
 *
 * The state is sixteen elements in Montgomery form, ten of which take input.
 * A round is
 *
 *   - a substitution: each byte of the first four elements goes through the
 *     map x -> (x + 1)^3 - 1 modulo 257; the other twelve are raised to the
 *     seventh power (in Montgomery form by plain products, as 2^192 = 1);
 *   - a multiplication by a circulant matrix of 16-bit coefficients, whose
 *     sums of products fit 84 bits, so that only they are reduced;
 *   - an addition of round constants (in Montgomery form here).
 *
 * Semantics: the library's own +tip5 (door of seven rounds).
 */
#include "zk/tip5.h"

#include <string.h>

#define LOOKED_UP 4

const uint8_t zk_tip5_lookup[256] = {
    0,   7,   26,  63,  124, 215, 85,  254, 214, 228, 45,  185, 140, 173, 33,  240, 29,  177, 176, 32,  8,   110,
    87,  202, 204, 99,  150, 106, 230, 14,  235, 128, 213, 239, 212, 138, 23,  130, 208, 6,   44,  71,  93,  116,
    146, 189, 251, 81,  199, 97,  38,  28,  73,  179, 95,  84,  152, 48,  35,  119, 49,  88,  242, 3,   148, 169,
    72,  120, 62,  161, 166, 83,  175, 191, 137, 19,  100, 129, 112, 55,  221, 102, 218, 61,  151, 237, 68,  164,
    17,  147, 46,  234, 203, 216, 22,  141, 65,  57,  123, 12,  244, 54,  219, 231, 96,  77,  180, 154, 5,   253,
    133, 165, 98,  195, 205, 134, 245, 30,  9,   188, 59,  142, 186, 197, 181, 144, 92,  31,  224, 163, 111, 74,
    58,  69,  113, 196, 67,  246, 225, 10,  121, 50,  60,  157, 90,  122, 2,   250, 101, 75,  178, 159, 24,  36,
    201, 11,  243, 132, 198, 190, 114, 233, 39,  52,  21,  209, 108, 238, 91,  187, 18,  104, 194, 37,  153, 34,
    200, 143, 126, 155, 236, 118, 64,  80,  172, 89,  94,  193, 135, 183, 86,  107, 252, 13,  167, 206, 136, 220,
    207, 103, 171, 160, 76,  182, 227, 217, 158, 56,  174, 4,   66,  109, 139, 162, 184, 211, 249, 47,  125, 232,
    117, 43,  16,  42,  127, 20,  241, 25,  149, 105, 156, 51,  53,  168, 145, 247, 223, 79,  78,  226, 15,  222,
    82,  115, 70,  210, 27,  41,  1,   170, 40,  131, 192, 229, 248, 255,
};

const uint64_t zk_tip5_constants[ZK_TIP5_ROUNDS * ZK_STATE] = {
    0x5e8caa078ef4b766u, 0x845e2b1b9527aaa0u, 0x72b98fd0dc61a27fu, 0x8ea94dc99dd6176bu, 0xdfef38a090a906a0u,
    0xa2125ec1503b8d24u, 0xfc427968019c2a98u, 0x763a4f578003d32bu, 0xd409acf8b5afdd3fu, 0x4dc9116f9a3e7df0u,
    0x2d53725dcfe7d045u, 0xeb9af8d4eb30664cu, 0x07fcb48ee1b42d6eu, 0xc2667fbe52129136u, 0xeb4283153f0104c1u,
    0x947d63eba6bcbeefu, 0xe1da01d9f5aadb38u, 0xe1e423e5d2235ad0u, 0xd7d22e81dded7e4au, 0xf61d69faa2af4800u,
    0x9395d901be0f8562u, 0xc5647bf290645a32u, 0x8a1b22641b58a7e2u, 0xba1bbf7532a0d699u, 0xd72a3d09fe832c16u,
    0xdb1bc1d2dc60cfc6u, 0x6494083a0b199141u, 0xd7bdf271ccfcdf05u, 0x64b7350ce811bcf7u, 0x2488f27e4c866bb5u,
    0x4be59c81fff564e4u, 0x2f4c4b49c8769036u, 0x58ec16d5fdfd3114u, 0x922ae5b85b941248u, 0x8a422b85f75a9215u,
    0xd0204131f372b9f3u, 0x73d7894911b1b106u, 0x1976334d18fc78dcu, 0x7bc71ad9186870c6u, 0xf924c6eadfe47edcu,
    0x90afbcebeba52b04u, 0x318ef6f613bfe2d2u, 0x9b6293e298c1e090u, 0xf777e9bb287cc053u, 0x668089abc2c826d7u,
    0x00aee9aa0f4b8b91u, 0xdac2be2454519e44u, 0x61bbddc24f09d975u, 0xcf223188abb1e7a1u, 0x4fa0fe6bcb1926f7u,
    0x54d270c63507a0d3u, 0x6270c5c1278d583du, 0xb37dfa74ca05b03cu, 0x0ba9d02d7cc83607u, 0x23fdf8a37086dcffu,
    0x0b2dd3f82cb627beu, 0x0932a7ff868540abu, 0x0f062476193576ceu, 0x1f5faab4f0562037u, 0xfc0bba0f790f50e1u,
    0x9eb5701498566743u, 0x7f130725c49d81eau, 0xbdff0c1faf44465au, 0xe44c031949dd3d53u, 0x2fc820ba9f6f8bc7u,
    0xbb87aa923544c0e2u, 0xb1280a4504f7c55du, 0xe9f229d450ed29d9u, 0x3d1d816f161f909eu, 0xe29816025b902a6cu,
    0x85919154ac823dfdu, 0xa3bb714d9de350d9u, 0x42b358c9ecae4096u, 0xbf5db42e8189c579u, 0x6fb10ee6a35a9147u,
    0xd5a40ec83f64a3dau, 0x4ab010603c3fa911u, 0x3f19325ab8b3b56du, 0xefe4ca382925b66bu, 0xeb0ac21e80583a6au,
    0x99988bd3b53a433eu, 0x4d1b2a120f66b54cu, 0x35a735e7c8c6ae7fu, 0x1e8b8e99644752efu, 0x96012c533c31ee2cu,
    0x813e5d8dcd167030u, 0xf10c6f400295defau, 0xb3c462396f08c04du, 0xe5e081bded27e86fu, 0x54e4040b726341fbu,
    0x210746ff46964550u, 0x8966248a7a06c5cbu, 0xc64de784d637dbe0u, 0xa7ff55526e04ed1fu, 0xc3dd6725867ff63cu,
    0xba88b74c0411eb86u, 0x73d5a463a96e002du, 0xb5ee504135e071edu, 0xe148d4a0d8fe2170u, 0x339570a14b80d45fu,
    0x37e66a8f45a221a3u, 0xeaef8d626fa5e21bu, 0x06c07a56bf557e53u, 0xf64746013091212cu, 0x3aba48c2ec31e3f4u,
    0x9e39b3444e4690b6u, 0xa6987c8f2ef3136fu, 0x1a17f217cfa1e749u, 0x682d5c8234ce76bcu, 0x16fcda7f98901603u,
    0x6b66c06c2ff63504u, 0xf90a9d15c79834dfu,
};

const uint32_t zk_tip5_circulant[2 * ZK_STATE] = {
    61402, 1108, 28750, 33823, 7454, 43244, 53865, 12034, 56951, 27521, 41351, 40901, 12021, 59689, 26798, 17845,
    61402, 1108, 28750, 33823, 7454, 43244, 53865, 12034, 56951, 27521, 41351, 40901, 12021, 59689, 26798, 17845,
};

static uint64_t look_up(uint64_t element)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < 64; i += 8)
        bytes |= (uint64_t)zk_tip5_lookup[(element >> i) & 0xff] << i;
    return bytes;
}

static uint64_t seventh_power(uint64_t element)
{
    uint64_t square = zk_multiply(element, element);
    return zk_multiply(zk_multiply(element, square), zk_multiply(square, square));
}

static void substitute(uint64_t state[ZK_STATE])
{
    for (unsigned i = 0; i < LOOKED_UP; i++)
        state[i] = look_up(state[i]);
    for (unsigned i = LOOKED_UP; i < ZK_STATE; i++)
        state[i] = seventh_power(state[i]);
}

static void mix(uint64_t state[ZK_STATE])
{
    uint64_t in[ZK_STATE];
    memcpy(in, state, sizeof in);
    for (unsigned i = 0; i < ZK_STATE; i++) {
        unsigned __int128 sum = 0;
        for (unsigned j = 0; j < ZK_STATE; j++)
            sum += (unsigned __int128)in[j] * zk_tip5_circulant[ZK_STATE - j + i];
        state[i] = zk_reduce(sum);
    }
}

void zk_permute_plain(uint64_t state[ZK_STATE])
{
    for (unsigned round = 0; round < ZK_TIP5_ROUNDS; round++) {
        substitute(state);
        mix(state);
        for (unsigned i = 0; i < ZK_STATE; i++)
            state[i] = zk_add(state[i], zk_tip5_constants[ZK_STATE * round + i]);
    }
}

void zk_permute(uint64_t state[ZK_STATE])
{
#ifdef ZK_TIP5_AVX2
    if (__builtin_cpu_supports("avx2")) {
        zk_permute_avx2(state);
        return;
    }
#endif
    zk_permute_plain(state);
}

/* ---- fixed length -------------------------------------------------------- */

static struct zk_digest digest_of(const uint64_t state[ZK_STATE])
{
    struct zk_digest digest;
    for (unsigned i = 0; i < ZK_DIGEST; i++)
        digest.at[i] = zk_from_melt(state[i]);
    return digest;
}

struct zk_digest zk_hash_10(const uint64_t belts[ZK_RATE])
{
    uint64_t state[ZK_STATE];
    for (unsigned i = 0; i < ZK_RATE; i++)
        state[i] = zk_to_melt(belts[i]);
    for (unsigned i = ZK_RATE; i < ZK_STATE; i++)
        state[i] = ZK_EPSILON; /* one, in Montgomery form */
    zk_permute(state);
    return digest_of(state);
}

struct zk_digest zk_hash_pair(const struct zk_digest *a, const struct zk_digest *b)
{
    uint64_t belts[ZK_RATE];
    memcpy(belts, a->at, sizeof a->at);
    memcpy(belts + ZK_DIGEST, b->at, sizeof b->at);
    return zk_hash_10(belts);
}

/* ---- any length ---------------------------------------------------------- */

void zk_absorb_block(struct zk_absorber *absorber)
{
    for (unsigned i = 0; i < ZK_RATE; i++)
        absorber->state[i] = zk_to_melt(absorber->block[i]);
    zk_permute(absorber->state);
    absorber->fill = 0;
}

void zk_absorb_end(struct zk_absorber *absorber)
{
    absorber->block[absorber->fill++] = 1;
    while (absorber->fill < ZK_RATE)
        absorber->block[absorber->fill++] = 0;
    zk_absorb_block(absorber);
}

struct zk_digest zk_squeeze(const struct zk_absorber *absorber)
{
    return digest_of(absorber->state);
}

struct zk_digest zk_hash_belts(const uint64_t *belts, size_t count)
{
    struct zk_absorber absorber;
    zk_absorb_begin(&absorber);
    for (size_t i = 0; i < count; i++)
        zk_absorb(&absorber, belts[i]);
    zk_absorb_end(&absorber);
    return zk_squeeze(&absorber);
}

int zk_digest_compare(const struct zk_digest *a, const struct zk_digest *b)
{
    for (unsigned i = ZK_DIGEST; i-- > 0;)
        if (a->at[i] != b->at[i])
            return a->at[i] < b->at[i] ? -1 : 1;
    return 0;
}

int zk_digest_compare_backwards(const struct zk_digest *a, const struct zk_digest *b)
{
    for (unsigned i = 0; i < ZK_DIGEST; i++)
        if (a->at[i] != b->at[i])
            return a->at[i] < b->at[i] ? -1 : 1;
    return 0;
}
