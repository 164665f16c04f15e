/* Bit jets against their definitions, in GMP's own integers. */
#include "numbers.h"

#include "jet/chapters.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

#define ROUNDS 10000
#define PARTS_MAX 12

static struct nock *machine;
static uint64_t state;

/* A bite with a size of which an atom can be made. */
struct bite {
    noun bloq, step, noun;
    uint64_t bits;
};

static struct bite random_bite(void)
{
    struct bite bite;
    bite.bloq = tap_below(&state, 9);
    bite.step = tap_below(&state, 4) == 0 ? 1 : tap_below(&state, tap_below(&state, 2) ? 5 : 70);
    bite.bits = bite.step << bite.bloq;
    bite.noun = bite.step == 1 && tap_below(&state, 2) ? bite.bloq : stack_cell(space_stack(), bite.bloq, bite.step);
    return bite;
}

static noun any_atom(void)
{
    return random_atom(space_stack(), &state);
}

static uint64_t number_length_bits(const mpz_t number)
{
    return mpz_sgn(number) == 0 ? 0 : mpz_sizeinbase(number, 2);
}

static uint64_t blocks_of(const mpz_t number, noun bloq)
{
    return (number_length_bits(number) + ((uint64_t)1 << bloq) - 1) >> bloq;
}

/* ---- one atom, one bite -------------------------------------------------- */

static bool shifts_agree(struct bite bite, noun a)
{
    mpz_t number, expected;
    number_init(number, a);
    mpz_init(expected);
    mpz_fdiv_r_2exp(expected, number, bite.bits);
    bool agree = number_is(expected, jet_end(machine, bite.noun, a));
    mpz_fdiv_q_2exp(expected, number, bite.bits);
    agree = agree && number_is(expected, jet_rsh(machine, bite.noun, a));
    mpz_mul_2exp(expected, number, bite.bits);
    agree = agree && number_is(expected, jet_lsh(machine, bite.noun, a));
    mpz_set_ui(expected, blocks_of(number, bite.bloq));
    agree = agree && number_is(expected, jet_met(machine, bite.bloq, a));
    mpz_clears(number, expected, NULL);
    return agree;
}

static bool cut_agrees(struct bite start, noun run, noun a)
{
    mpz_t expected;
    number_init(expected, a);
    mpz_fdiv_q_2exp(expected, expected, start.bits);
    mpz_fdiv_r_2exp(expected, expected, run << start.bloq);
    noun range = stack_cell(space_stack(), start.step, run);
    bool agree = number_is(expected, jet_cut(machine, start.bloq, range, a));
    mpz_clear(expected);
    return agree;
}

static bool rip_agrees(struct bite bite, noun a)
{
    if (bite.bits == 0)
        return jet_rip(machine, bite.noun, a) == (a == 0 ? 0 : NOCK_JET_FAIL);
    mpz_t left, part;
    number_init(left, a);
    mpz_init(part);
    noun list = jet_rip(machine, bite.noun, a);
    bool agree = true;
    for (; agree && noun_is_cell(list); list = noun_tail(list)) {
        mpz_fdiv_r_2exp(part, left, bite.bits);
        mpz_fdiv_q_2exp(left, left, bite.bits);
        agree = number_is(part, noun_head(list));
    }
    agree = agree && list == 0 && mpz_sgn(left) == 0;
    mpz_clears(left, part, NULL);
    return agree;
}

static void check_bites(void)
{
    unsigned wrong_shift = 0, wrong_cut = 0, wrong_rip = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        struct bite bite = random_bite();
        noun a = any_atom();
        wrong_shift += !shifts_agree(bite, a);
        wrong_cut += !cut_agrees(bite, tap_below(&state, 70), a);
        wrong_rip += !rip_agrees(bite, a);
    }
    tap_ok(wrong_shift == 0, "end, rsh, lsh and met are division and product by powers of two");
    tap_ok(wrong_cut == 0, "cut is rsh and then end");
    tap_ok(wrong_rip == 0, "rip gives the blocks, the lowest first");
}

static void check_powers(void)
{
    unsigned wrong = 0;
    for (noun a = 0; a < 1000; a++) {
        mpz_t power;
        mpz_init(power);
        mpz_setbit(power, a);
        noun product = jet_bex(machine, a);
        wrong += !number_is(power, product) || jet_xeb(machine, product) != a + 1;
        mpz_clear(power);
    }
    tap_ok(wrong == 0, "bex is a power of two, and xeb its length");
    tap_ok(jet_xeb(machine, 0) == 0, "0 has no bits");
}

/* ---- lists of parts ------------------------------------------------------ */

static noun random_parts(noun parts[PARTS_MAX], size_t *count)
{
    *count = tap_below(&state, PARTS_MAX);
    noun list = 0;
    for (size_t i = *count; i-- > 0;) {
        parts[i] = any_atom();
        list = stack_cell(space_stack(), parts[i], list);
    }
    return list;
}

/* total += (part mod 2^width) << position */
static void place(mpz_t total, noun part, uint64_t width_bits, uint64_t position)
{
    mpz_t number;
    number_init(number, part);
    mpz_fdiv_r_2exp(number, number, width_bits);
    mpz_mul_2exp(number, number, position);
    mpz_add(total, total, number);
    mpz_clear(number);
}

static uint64_t part_bits(noun part, noun bloq)
{
    mpz_t number;
    number_init(number, part);
    uint64_t bits = blocks_of(number, bloq) << bloq;
    mpz_clear(number);
    return bits;
}

static bool rep_agrees(struct bite bite)
{
    noun parts[PARTS_MAX];
    size_t count;
    noun list = random_parts(parts, &count);
    mpz_t total;
    mpz_init(total);
    for (size_t i = 0; i < count; i++)
        place(total, parts[i], bite.bits, i * bite.bits);
    bool agree = number_is(total, jet_rep(machine, bite.noun, list));
    mpz_clear(total);
    return agree;
}

static bool rap_agrees(noun bloq)
{
    noun parts[PARTS_MAX];
    size_t count;
    noun list = random_parts(parts, &count);
    mpz_t total;
    mpz_init(total);
    uint64_t position = 0;
    for (size_t i = 0; i < count; i++) {
        place(total, parts[i], part_bits(parts[i], bloq), position);
        position += part_bits(parts[i], bloq);
    }
    bool agree = number_is(total, jet_rap(machine, bloq, list));
    if (count == 2)
        agree = agree && number_is(total, jet_cat(machine, bloq, parts[0], parts[1]));
    mpz_clear(total);
    return agree;
}

static bool can_agrees(noun bloq)
{
    noun parts[PARTS_MAX];
    size_t count;
    noun list = 0;
    random_parts(parts, &count);
    uint64_t steps[PARTS_MAX], position = 0;
    mpz_t total;
    mpz_init(total);
    for (size_t i = 0; i < count; i++) {
        steps[i] = tap_below(&state, 40);
        place(total, parts[i], steps[i] << bloq, position);
        position += steps[i] << bloq;
    }
    for (size_t i = count; i-- > 0;)
        list = stack_cell(space_stack(), stack_cell(space_stack(), steps[i], parts[i]), list);
    bool agree = number_is(total, jet_can(machine, bloq, list));
    mpz_clear(total);
    return agree;
}

/* (add (can bloq offset^a step^donor ~) (lsh f (rsh f a))), f = [bloq (add offset step)] */
static bool sew_agrees(noun bloq)
{
    noun a = any_atom(), donor = any_atom();
    uint64_t offset = tap_below(&state, 50), step = tap_below(&state, 50);
    mpz_t total, rest;
    mpz_init(total);
    number_init(rest, a);
    mpz_fdiv_q_2exp(rest, rest, (offset + step) << bloq);
    mpz_mul_2exp(rest, rest, (offset + step) << bloq);
    place(total, a, offset << bloq, 0);
    place(total, donor, step << bloq, offset << bloq);
    mpz_add(total, total, rest);
    noun patch = stack_triple(space_stack(), offset, step, donor);
    bool agree = number_is(total, jet_sew(machine, bloq, patch, a));
    mpz_clears(total, rest, NULL);
    return agree;
}

/* Block i of `length` becomes block length - 1 - i. */
static bool rev_agrees(noun bloq)
{
    noun a = any_atom();
    uint64_t length = tap_below(&state, 70), block_bits = (uint64_t)1 << bloq;
    mpz_t total, number;
    mpz_init(total);
    number_init(number, a);
    for (uint64_t i = 0; i < length; i++) {
        mpz_t block;
        mpz_init(block);
        mpz_fdiv_q_2exp(block, number, i * block_bits);
        mpz_fdiv_r_2exp(block, block, block_bits);
        mpz_mul_2exp(block, block, (length - 1 - i) * block_bits);
        mpz_add(total, total, block);
        mpz_clear(block);
    }
    bool agree = number_is(total, jet_rev(machine, bloq, length, a));
    mpz_clears(total, number, NULL);
    return agree;
}

static void check_lists(void)
{
    unsigned wrong_rep = 0, wrong_rap = 0, wrong_can = 0, wrong_sew = 0, wrong_rev = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        noun bloq = tap_below(&state, 9);
        wrong_rep += !rep_agrees(random_bite());
        wrong_rap += !rap_agrees(bloq);
        wrong_can += !can_agrees(bloq);
        wrong_sew += !sew_agrees(bloq);
        wrong_rev += i % 8 == 0 && !rev_agrees(bloq);
    }
    tap_ok(wrong_rep == 0, "rep places parts of one width");
    tap_ok(wrong_rap == 0, "rap and cat place parts end to end");
    tap_ok(wrong_can == 0, "can places parts of given widths");
    tap_ok(wrong_sew == 0, "sew replaces blocks");
    tap_ok(wrong_rev == 0, "rev turns blocks round, leading zeros included");
}

/* ---- logic --------------------------------------------------------------- */

static void check_logic(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        noun a = any_atom(), b = any_atom();
        mpz_t x, y, out;
        number_init(x, a);
        number_init(y, b);
        mpz_init(out);
        mpz_ior(out, x, y);
        wrong += !number_is(out, jet_con(machine, a, b));
        mpz_and(out, x, y);
        wrong += !number_is(out, jet_dis(machine, a, b));
        mpz_xor(out, x, y);
        wrong += !number_is(out, jet_mix(machine, a, b));
        mpz_clears(x, y, out, NULL);
    }
    tap_ok(wrong == 0, "con, dis and mix are or, and, exclusive or");
}

/* ---- edges --------------------------------------------------------------- */

static void check_absurd_sizes(void)
{
    struct stack *stack = space_stack();
    stack_clear(stack);
    noun huge = jet_bex(machine, 100), a = jet_bex(machine, 200), one = 1;
    noun absurd = stack_cell(stack, 3, huge);
    tap_ok(jet_end(machine, huge, a) == a && jet_end(machine, absurd, a) == a, "the end of absurd size is all");
    tap_ok(jet_rsh(machine, huge, a) == 0 && jet_rsh(machine, absurd, a) == 0, "an absurd shift right leaves nothing");
    tap_ok(jet_lsh(machine, huge, one) == NOCK_JET_FAIL && jet_lsh(machine, absurd, a) == NOCK_JET_FAIL,
           "an absurd shift left fails");
    tap_ok(jet_lsh(machine, huge, 0) == 0, "and zero shifted is zero");
    tap_ok(jet_met(machine, huge, a) == 1 && jet_met(machine, huge, 0) == 0, "everything fits one absurd block");
    tap_ok(jet_bex(machine, huge) == NOCK_JET_FAIL && jet_bex(machine, (noun)1 << 62) == NOCK_JET_FAIL,
           "an absurd power fails");
    tap_ok(jet_cat(machine, huge, a, 0) == a && jet_cat(machine, huge, a, one) == NOCK_JET_FAIL &&
               jet_cat(machine, huge, 0, one) == one,
           "cat at an absurd place fails unless nothing is put there");
    noun list = jet_rip(machine, huge, a);
    tap_ok(noun_is_cell(list) && noun_head(list) == a && noun_tail(list) == 0, "rip in one absurd block");
    tap_ok(jet_rev(machine, huge, one, a) == a && jet_rev(machine, huge, 2, a) == NOCK_JET_FAIL &&
               jet_rev(machine, huge, huge, 0) == 0,
           "rev of absurd blocks fails unless there is one, or none");
    noun patch = stack_triple(stack, huge, 1, 0);
    tap_ok(noun_equal(jet_sew(machine, 3, patch, a), a), "sew of nothing far away changes nothing");
    patch = stack_triple(stack, huge, 1, 1);
    tap_ok(jet_sew(machine, 3, patch, a) == NOCK_JET_FAIL, "sew of something far away fails");
}

static void check_odd_samples(void)
{
    struct stack *stack = space_stack();
    noun cell = stack_cell(stack, 1, 2), bad_bite = stack_cell(stack, cell, 1);
    noun improper = stack_cell(stack, 1, 5), bad_list = stack_cell(stack, cell, 0);
    tap_ok(jet_end(machine, bad_bite, 1) == NOCK_JET_PUNT && jet_lsh(machine, 0, cell) == NOCK_JET_PUNT &&
               jet_rsh(machine, bad_bite, 1) == NOCK_JET_PUNT && jet_rip(machine, bad_bite, 1) == NOCK_JET_PUNT,
           "bites that are none are left to the Nock");
    tap_ok(jet_rap(machine, 3, improper) == NOCK_JET_PUNT && jet_rep(machine, 3, bad_list) == NOCK_JET_PUNT &&
               jet_can(machine, 3, improper) == NOCK_JET_PUNT,
           "lists that are none are left to the Nock");
    tap_ok(jet_cut(machine, 3, 7, 1) == NOCK_JET_PUNT && jet_sew(machine, 3, cell, 1) == NOCK_JET_PUNT &&
               jet_mix(machine, cell, 1) == NOCK_JET_PUNT && jet_met(machine, cell, 1) == NOCK_JET_PUNT,
           "samples of another shape are left to the Nock");
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    state = tap_seed();
    check_bites();
    check_powers();
    check_lists();
    check_logic();
    check_absurd_sizes();
    check_odd_samples();
    nock_destroy(machine);
    return tap_done();
}
