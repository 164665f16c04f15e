/* Hashes, orders and serialization jets against known answers and each other. */
#include "jet/chapters.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

#include <openssl/sha.h>

static struct nock *machine;
static uint64_t state;

/* The atom whose hexadecimal digits these are, the highest first. */
static noun atom_from_hex(const char *digits)
{
    uint8_t bytes[128] = {0};
    size_t length = strlen(digits);
    for (size_t i = 0; i < length; i++) {
        char c = digits[length - 1 - i];
        unsigned digit = (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        bytes[i / 2] |= (uint8_t)(digit << (i % 2 * 4));
    }
    return stack_atom_from_bytes(space_stack(), bytes, (length + 1) / 2);
}

/* The same with the bytes turned round: how digests are usually written. */
static noun atom_from_digest(const char *digits)
{
    return jet_rev(machine, 3, strlen(digits) / 2, atom_from_hex(digits));
}

static void check_sha(void)
{
    noun abc = stack_cord(space_stack(), "abc"), abc_big_endian = 0x616263;
    const char *sha256_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const char *sha256_empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const char *sha256_zero_byte = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
    const char *sha512_abc = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    tap_ok(noun_equal(jet_shax(machine, abc), atom_from_digest(sha256_abc)), "shax of 'abc'");
    tap_ok(noun_equal(jet_shax(machine, 0), atom_from_digest(sha256_empty)), "shax of nothing");
    tap_ok(noun_equal(jet_shay(machine, 1, 0), atom_from_digest(sha256_zero_byte)), "shay counts leading zero bytes");
    tap_ok(noun_equal(jet_shay(machine, 3, stack_cord(space_stack(), "abcdefghijkl")), atom_from_digest(sha256_abc)),
           "and cuts off what is too long");
    tap_ok(noun_equal(jet_shal(machine, 3, abc), atom_from_digest(sha512_abc)), "shal of 'abc'");
    tap_ok(noun_equal(jet_sha1(machine, 3, abc_big_endian), atom_from_hex("a9993e364706816aba3e25717850c26c9cd0d89d")),
           "sha1 of 'abc', most significant byte first");
    tap_ok(noun_equal(jet_sha1(machine, 0, 0), atom_from_hex("da39a3ee5e6b4b0d3255bfef95601890afd80709")),
           "sha1 of nothing");
    noun salted = jet_shay(machine, 32, jet_mix(machine, 7, jet_shax(machine, abc)));
    tap_ok(noun_equal(jet_shas(machine, 7, abc), salted), "shas hashes the hash mixed with its salt");
    noun long_salt = jet_bex(machine, 511);
    salted = jet_shay(machine, 64, jet_mix(machine, long_salt, jet_shax(machine, abc)));
    tap_ok(noun_equal(jet_shas(machine, long_salt, abc), salted), "over as many bytes as a long salt has");
    noun cell = stack_cell(space_stack(), 1, 2);
    tap_ok(jet_shax(machine, cell) == NOCK_JET_PUNT && jet_shay(machine, cell, 1) == NOCK_JET_PUNT &&
               jet_shas(machine, cell, 1) == NOCK_JET_PUNT && jet_sha1(machine, 1, cell) == NOCK_JET_PUNT,
           "cells are left to the Nock");
    tap_ok(jet_shay(machine, jet_bex(machine, 80), 1) == NOCK_JET_FAIL &&
               jet_shal(machine, (noun)1 << 62, 1) == NOCK_JET_FAIL,
           "a message of absurd length fails");
}

/* Every length from far below to far above the atom's own. */
static void check_lengths(void)
{
    unsigned wrong = 0;
    for (size_t length = 0; length < 300; length++) {
        stack_clear(space_stack());
        uint8_t bytes[300] = {0}, digest[SHA256_DIGEST_LENGTH];
        for (size_t i = 0; i < 150; i++)
            bytes[i] = (uint8_t)tap_random(&state);
        noun message = stack_atom_from_bytes(space_stack(), bytes, 150);
        SHA256(bytes, length, digest);
        noun expected = stack_atom_from_bytes(space_stack(), digest, sizeof digest);
        wrong += !noun_equal(jet_shay(machine, length, message), expected);
    }
    tap_ok(wrong == 0, "a message is cut off or filled up with zeros");
}

static bool orders_agree(noun a, noun b)
{
    uint32_t mug_a = noun_mug(a), mug_b = noun_mug(b);
    if (jet_mug(machine, a) != mug_a)
        return false;
    if (mug_a != mug_b && (jet_gor(machine, a, b) == NOUN_YES) != (mug_a < mug_b))
        return false;
    bool both = jet_dor(machine, a, b) == NOUN_YES && jet_dor(machine, b, a) == NOUN_YES;
    return both == noun_equal(a, b) && (jet_mor(machine, a, b) == NOUN_YES || jet_mor(machine, b, a) == NOUN_YES);
}

static bool serialization_agrees(noun n)
{
    return noun_equal(jet_cue(machine, jet_jam(machine, n)), n);
}

/* mat in words, from the page: its bits are those of a jam of an atom without
 * the first; rub reads them back wherever they stand. */
static bool lengths_agree(noun atom)
{
    struct stack *stack = space_stack();
    noun coded = jet_mat(machine, atom), bits = noun_tail(coded), length = noun_head(coded);
    uint64_t place = tap_below(&state, 130);
    noun moved = jet_lsh(machine, stack_cell(stack, 0, place), bits);
    noun read = jet_rub(machine, place, moved);
    noun jammed = jet_rsh(machine, stack_cell(stack, 0, 1), jet_jam(machine, atom));
    return noun_equal(bits, jammed) && noun_head(read) == length && noun_equal(noun_tail(read), atom);
}

static void check_random(void)
{
    unsigned wrong_order = 0, wrong_serial = 0, wrong_length = 0;
    for (unsigned i = 0; i < 3000; i++) {
        stack_clear(space_stack());
        noun a = random_noun(space_stack(), &state, 12), b = random_noun(space_stack(), &state, 12);
        wrong_order += !orders_agree(a, b) || !orders_agree(a, a);
        wrong_serial += !serialization_agrees(a);
        wrong_length += !lengths_agree(random_atom(space_stack(), &state));
    }
    tap_ok(wrong_order == 0, "mug, dor, gor and mor");
    tap_ok(wrong_serial == 0, "cue takes back what jam makes");
    tap_ok(wrong_length == 0, "rub takes back what mat makes, and both are what jam does");
}

/* No room for the jam under the stack's limit: the event fails. */
static void check_limit(void)
{
    struct stack *stack = space_stack();
    size_t limit_bytes = stack->options.limit_bytes;
    noun list = 0;
    for (uint64_t i = 1; i <= 10000; i++)
        list = stack_cell(stack, bits_mix64(i) >> 1, list);
    stack->options.limit_bytes = stack_used_bytes(stack) + 1000;
    tap_ok(jet_jam(machine, list) == NOCK_JET_FAIL, "a jam that does not fit fails");
    stack->options.limit_bytes = limit_bytes;
    tap_ok(serialization_agrees(list), "and with room it does not");
}

static void check_odd(void)
{
    noun cell = stack_cell(space_stack(), 1, 2);
    tap_ok(jet_cue(machine, 0) == NOCK_JET_EXIT, "cue of a prefix without an end exits");
    tap_ok(jet_cue(machine, cell) == NOCK_JET_PUNT && jet_mat(machine, cell) == NOCK_JET_PUNT &&
               jet_rub(machine, 0, cell) == NOCK_JET_PUNT,
           "cells are left to the Nock");
    tap_ok(jet_rub(machine, 0, 0) == NOCK_JET_PUNT && jet_rub(machine, 9, 1) == NOCK_JET_PUNT,
           "rub leaves a prefix without an end to the Nock");
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    state = tap_seed();
    check_sha();
    check_lengths();
    check_limit();
    check_random();
    check_odd();
    nock_destroy(machine);
    return tap_done();
}
