/* Arithmetic jets against GMP's own integers. */
#include "numbers.h"

#include "jet/chapters.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

#define ROUNDS 20000

static struct nock *machine;
static uint64_t state;

typedef noun jet_function(struct nock *machine, noun a, noun b);

/* Computes the expected number; false if the jet must exit. */
typedef bool model(mpz_t out, const mpz_t a, const mpz_t b);

static bool model_add(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_add(out, a, b);
    return true;
}

static bool model_sub(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_sub(out, a, b);
    return mpz_sgn(out) >= 0;
}

static bool model_mul(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_mul(out, a, b);
    return true;
}

static bool model_div(mpz_t out, const mpz_t a, const mpz_t b)
{
    if (mpz_sgn(b) == 0)
        return false;
    mpz_fdiv_q(out, a, b);
    return true;
}

static bool model_mod(mpz_t out, const mpz_t a, const mpz_t b)
{
    if (mpz_sgn(b) == 0)
        return false;
    mpz_fdiv_r(out, a, b);
    return true;
}

static bool model_lth(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_set_ui(out, mpz_cmp(a, b) < 0 ? 0 : 1);
    return true;
}

static bool model_lte(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_set_ui(out, mpz_cmp(a, b) <= 0 ? 0 : 1);
    return true;
}

static bool model_gth(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_set_ui(out, mpz_cmp(a, b) > 0 ? 0 : 1);
    return true;
}

static bool model_gte(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_set_ui(out, mpz_cmp(a, b) >= 0 ? 0 : 1);
    return true;
}

static bool model_max(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_set(out, mpz_cmp(a, b) > 0 ? a : b);
    return true;
}

static bool model_min(mpz_t out, const mpz_t a, const mpz_t b)
{
    mpz_set(out, mpz_cmp(a, b) > 0 ? b : a);
    return true;
}

/* The path of `b` below the path of `a`. */
static bool model_peg(mpz_t out, const mpz_t a, const mpz_t b)
{
    if (mpz_sgn(a) == 0 || mpz_sgn(b) == 0)
        return false;
    mpz_t top;
    mpz_init(top);
    size_t depth = mpz_sizeinbase(b, 2) - 1;
    mpz_setbit(top, depth);
    mpz_mul_2exp(out, a, depth);
    mpz_add(out, out, b);
    mpz_sub(out, out, top);
    mpz_clear(top);
    return true;
}

static bool agrees(jet_function *jet, model *expect, noun a, noun b)
{
    mpz_t x, y, out;
    number_init(x, a);
    number_init(y, b);
    mpz_init(out);
    noun product = jet(machine, a, b);
    bool right = expect(out, x, y) ? number_is(out, product) : product == NOCK_JET_EXIT;
    mpz_clears(x, y, out, NULL);
    return right;
}

/* A pair that is often close together, so that borders are met. */
static void random_pair(noun *a, noun *b)
{
    struct stack *stack = space_stack();
    *a = random_atom(stack, &state);
    *b = random_atom(stack, &state);
    switch (tap_below(&state, 6)) {
    case 0:
        *b = *a;
        break;
    case 1:
        *b = jet_add(machine, *a, tap_below(&state, 3));
        break;
    case 2:
        *b = *a == 0 ? 0 : jet_dec(machine, *a);
        break;
    default:
        break;
    }
}

static void check_pairs(const char *name, jet_function *jet, model *expect)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        noun a, b;
        random_pair(&a, &b);
        if (!agrees(jet, expect, a, b) && wrong++ == 0)
            gmp_printf("# %s: first difference in round %u\n", name, i);
    }
    noun cell = stack_cell(space_stack(), 1, 2);
    bool left = jet(machine, cell, 3) == NOCK_JET_PUNT && jet(machine, 3, cell) == NOCK_JET_PUNT;
    tap_ok(wrong == 0, "%s agrees with GMP on %d pairs", name, ROUNDS);
    tap_ok(left, "%s leaves cells to the Nock", name);
}

static void check_dvr(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        noun a, b;
        random_pair(&a, &b);
        noun both = jet_dvr(machine, a, b);
        if (b == 0)
            wrong += both != NOCK_JET_EXIT;
        else
            wrong += !noun_equal(noun_head(both), jet_div(machine, a, b)) ||
                     !noun_equal(noun_tail(both), jet_mod(machine, a, b));
    }
    tap_ok(wrong == 0, "dvr pairs div and mod");
}

static bool dec_agrees(noun a)
{
    return a == 0 ? jet_dec(machine, a) == NOCK_JET_EXIT : noun_equal(jet_dec(machine, a), jet_sub(machine, a, 1));
}

/* An axis of two and more is the first step, `cap`, and the rest, `mas`. */
static bool axis_parts_agree(noun a)
{
    noun first = jet_cap(machine, a), rest = jet_mas(machine, a);
    if (a < 2)
        return first == NOCK_JET_EXIT && rest == NOCK_JET_EXIT;
    return (first == 2 || first == 3) && noun_equal(jet_peg(machine, first, rest), a);
}

static void check_single(void)
{
    unsigned wrong_dec = 0, wrong_axis = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        noun a = random_atom(space_stack(), &state);
        wrong_dec += !dec_agrees(a);
        wrong_axis += !axis_parts_agree(a);
    }
    tap_ok(wrong_dec == 0, "dec is the subtraction of one");
    tap_ok(wrong_axis == 0, "peg of cap and mas gives the axis back");
    noun cell = stack_cell(space_stack(), 1, 2);
    tap_ok(jet_dec(machine, cell) == NOCK_JET_PUNT && jet_cap(machine, cell) == NOCK_JET_PUNT &&
               jet_mas(machine, cell) == NOCK_JET_PUNT,
           "dec, cap and mas leave cells to the Nock");
}

/* Thousands of words: scratch memory, GMP's subquadratic algorithms. */
static void check_large(void)
{
    struct stack *stack = space_stack();
    stack_clear(stack);
    noun a = 3, b = 5;
    for (unsigned i = 0; i < 15; i++) {
        a = jet_add(machine, jet_mul(machine, a, a), 7);
        b = i < 13 ? jet_add(machine, jet_mul(machine, b, b), 1) : b;
    }
    tap_note("dividing %zu bits by %zu bits", noun_atom_length_bits(a), noun_atom_length_bits(b));
    tap_ok(agrees(jet_mul, model_mul, a, b), "a large product");
    tap_ok(agrees(jet_div, model_div, a, b) && agrees(jet_mod, model_mod, a, b), "a large quotient and remainder");
    noun product = jet_mul(machine, a, b);
    tap_ok(noun_equal(jet_div(machine, product, b), a) && jet_mod(machine, product, b) == 0,
           "a division that comes out");
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    state = tap_seed();
    check_pairs("add", jet_add, model_add);
    check_pairs("sub", jet_sub, model_sub);
    check_pairs("mul", jet_mul, model_mul);
    check_pairs("div", jet_div, model_div);
    check_pairs("mod", jet_mod, model_mod);
    check_pairs("lth", jet_lth, model_lth);
    check_pairs("lte", jet_lte, model_lte);
    check_pairs("gth", jet_gth, model_gth);
    check_pairs("gte", jet_gte, model_gte);
    check_pairs("max", jet_max, model_max);
    check_pairs("min", jet_min, model_min);
    check_pairs("peg", jet_peg, model_peg);
    check_dvr();
    check_single();
    check_large();
    nock_destroy(machine);
    return tap_done();
}
