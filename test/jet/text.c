/* Text jets against a plain way of writing numbers. */
#include "numbers.h"

#include "jet/chapters.h"
#include "jet/text.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

static struct nock *machine;
static uint64_t state;

static bool tape_is(noun tape, const char *text)
{
    for (; *text != 0; text++, tape = noun_tail(tape)) {
        if (!noun_is_cell(tape) || noun_head(tape) != (uint8_t)*text)
            return false;
    }
    return tape == 0;
}

static bool scow_gives(const char *aura, noun atom, const char *text)
{
    return tape_is(jet_scow(machine, noun_cord(aura), atom), text);
}

static void check_examples(void)
{
    noun large = stack_atom_from_word(space_stack(), UINT64_MAX);
    tap_ok(scow_gives("ud", 0, "0") && scow_gives("ud", 999, "999") && scow_gives("ud", 1000, "1.000") &&
               scow_gives("ud", 1234567, "1.234.567") && scow_gives("ud", large, "18.446.744.073.709.551.615"),
           "decimal");
    tap_ok(scow_gives("ux", 0, "0x0") && scow_gives("ux", 0xdeadbeef, "0xdead.beef") &&
               scow_gives("ux", 0x10000, "0x1.0000") && scow_gives("ux", large, "0xffff.ffff.ffff.ffff"),
           "hexadecimal");
    tap_ok(scow_gives("ub", 0, "0b0") && scow_gives("ub", 0x12, "0b1.0010"), "binary");
    tap_ok(scow_gives("uv", 0, "0v0") && scow_gives("uv", 1541740840, "0v1d.ua698") &&
               scow_gives("uv", (noun)1 << 25, "0v1.00000"),
           "base 32");
    tap_ok(scow_gives("uw", 0, "0w0") && scow_gives("uw", 63, "0w~") && scow_gives("uw", 62, "0w-") &&
               scow_gives("uw", 36, "0wA") && scow_gives("uw", 35, "0wz") &&
               scow_gives("uw", (noun)1 << 30, "0w1.00000"),
           "base 64");
    tap_ok(scow_gives("ui", 0, "0i0") && scow_gives("ui", 1234567, "0i1234567"), "decimal without dots");
    tap_ok(scow_gives("u", 1234, "1.234") && scow_gives("us", 1234, "1.234"), "other unsigned auras are decimal");
    tap_ok(jet_scow(machine, noun_cord("uc"), 1) == NOCK_JET_PUNT &&
               jet_scow(machine, noun_cord("p"), 1) == NOCK_JET_PUNT && jet_scow(machine, 0, 1) == NOCK_JET_PUNT,
           "what is written otherwise is left to the Nock");
    tap_ok(jet_scow(machine, noun_cord("ud"), stack_cell(space_stack(), 1, 2)) == NOCK_JET_PUNT, "and so are cells");
}

static bool number_agrees(noun atom, unsigned base, unsigned group)
{
    mpz_t number;
    number_init(number, atom);
    char plain[8192], grouped[16384];
    mpz_get_str(plain, (int)base, number);
    size_t length = strlen(plain), at = 0;
    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % group == 0)
            grouped[at++] = '.';
        grouped[at++] = plain[i];
    }
    grouped[at] = 0;
    mpz_clear(number);
    return tape_is(tape_from_number(space_stack(), atom, base, group, 0), grouped);
}

static bool trip_agrees(noun cord)
{
    uint64_t holder;
    size_t size_bytes;
    const uint8_t *bytes = noun_atom_bytes(cord, &holder, &size_bytes);
    noun tape = jet_trip(machine, cord);
    for (size_t i = 0; i < size_bytes; i++, tape = noun_tail(tape)) {
        if (!noun_is_cell(tape) || noun_head(tape) != bytes[i])
            return false;
    }
    return tape == 0;
}

static void check_random(void)
{
    static const unsigned bases[] = {2, 3, 8, 10, 16, 32};
    unsigned wrong_number = 0, wrong_trip = 0;
    for (unsigned i = 0; i < 3000; i++) {
        stack_clear(space_stack());
        noun atom = random_atom(space_stack(), &state);
        wrong_number +=
            !number_agrees(atom, bases[tap_below(&state, COUNT_OF(bases))], 1 + (unsigned)tap_below(&state, 6));
        wrong_trip += !trip_agrees(atom);
    }
    tap_ok(wrong_number == 0, "numbers of any size in many bases");
    tap_ok(wrong_trip == 0, "trip gives the bytes of a cord");
    tap_ok(jet_trip(machine, stack_cell(space_stack(), 1, 2)) == NOCK_JET_PUNT, "trip leaves cells to the Nock");
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    state = tap_seed();
    check_examples();
    check_random();
    nock_destroy(machine);
    return tap_done();
}
