/* Number theoretic transforms of polynomials over both fields.
 *
 * Every root of unity of a power of two is in the base field; a polynomial
 * over the extension ("fpoly", three words a coefficient) is transformed as
 * three over the base field.
 */
#include "zk/jets.h"

#include <string.h>

/* The logarithm of a power of two, or -1. */
static int log_of(uint64_t n)
{
    return n == 0 || (n & (n - 1)) != 0 ? -1 : (int)bits_length(n) - 1;
}

static bool has_order(uint64_t root, unsigned log)
{
    if (log == 0)
        return true;
    return zk_square_times(root, log - 1) == ZK_P - 1;
}

/* A transform of 2^log coefficients, whose values are multiplied by `after`. */
struct plan {
    unsigned log;
    uint64_t root;
    uint64_t after;
};

static struct plan forward(unsigned log)
{
    return (struct plan){log, zk_root(log), 1};
}

static struct plan backward(unsigned log)
{
    return (struct plan){log, zk_invert(zk_root(log)), zk_invert((uint64_t)1 << log)};
}

/* One component of the array, of every `step` words one. */
static void transform_component(uint64_t *words, size_t step, const struct plan *plan, uint64_t *scratch)
{
    size_t size = (size_t)1 << plan->log;
    for (size_t i = 0; i < size; i++)
        scratch[i] = words[i * step];
    zk_transform(scratch, plan->log, plan->root);
    for (size_t i = 0; i < size; i++)
        words[i * step] = zk_multiply(scratch[i], plan->after);
}

static void transform_words(uint64_t *words, size_t step, const struct plan *plan)
{
    struct wordstack scratch;
    wordstack_init(&scratch);
    wordstack_grow(&scratch, (size_t)1 << plan->log);
    for (size_t component = 0; component < step; component++)
        transform_component(words + component, step, plan, scratch.words);
    wordstack_finish(&scratch);
}

/* words[i] *= ratio^i */
static void shift_words(uint64_t *words, size_t count, size_t step, struct zk_felt ratio)
{
    struct zk_felt power = zk_felt_of(1);
    for (size_t i = 0; i < count; i++, power = zk_felt_multiply(power, ratio)) {
        if (step == 1) {
            words[i] = zk_multiply(words[i], power.at[0]);
            continue;
        }
        struct zk_felt felt;
        memcpy(felt.at, words + step * i, sizeof felt.at);
        felt = zk_felt_multiply(felt, power);
        memcpy(words + step * i, felt.at, sizeof felt.at);
    }
}

/* A copy to be changed, filled up to `length` items; then `zk_array_finish`. */
static uint64_t *copy_of(struct nock *machine, const struct zk_array *a, uint64_t length)
{
    uint64_t *words = zk_data_begin(nock_stack(machine), (size_t)(length * a->step));
    if (words != NULL)
        memcpy(words, a->words, a->count * sizeof *words);
    return words;
}

static noun transformed(struct nock *machine, const struct zk_array *a, const struct plan *plan)
{
    uint64_t *words = copy_of(machine, a, a->length);
    if (words == NULL)
        return NOCK_JET_FAIL;
    transform_words(words, (size_t)a->step, plan);
    return zk_array_finish(nock_stack(machine), a->length);
}

/* ---- ntt: [polynomial root] ------------------------------------------------ */

/* A root of the base field, as an element of either. */
static bool read_root(noun n, uint64_t step, uint64_t *root)
{
    struct zk_felt felt;
    if (step == 1)
        return zk_belt(n, root);
    bool read = zk_felt_read(n, &felt);
    *root = felt.at[0];
    return read && felt.at[1] == 0 && felt.at[2] == 0;
}

static noun ntt(struct nock *machine, noun core, uint64_t step)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array a;
    struct plan plan = {.after = 1};
    if (sample == NOUN_NONE || !noun_is_cell(sample) || !zk_polynomial_read(noun_head(sample), step, &a) ||
        !read_root(noun_tail(sample), step, &plan.root))
        return NOCK_JET_PUNT;
    int log = log_of(a.length);
    if (log < 0 || !has_order(plan.root, (unsigned)log))
        return NOCK_JET_PUNT;
    plan.log = (unsigned)log;
    return transformed(machine, &a, &plan);
}

noun zk_jet_bp_ntt(struct nock *machine, noun core)
{
    return ntt(machine, core, 1);
}

noun zk_jet_fp_ntt(struct nock *machine, noun core)
{
    return ntt(machine, core, ZK_DEGREE);
}

/* ---- fft and back ---------------------------------------------------------- */

static noun fft(struct nock *machine, noun core, uint64_t step, struct plan (*plan_of)(unsigned log))
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array a;
    if (sample == NOUN_NONE || !zk_polynomial_read(sample, step, &a))
        return NOCK_JET_PUNT;
    int log = log_of(a.length);
    if (log < 0 || log > 32)
        return NOCK_JET_PUNT;
    struct plan plan = plan_of((unsigned)log);
    return transformed(machine, &a, &plan);
}

noun zk_jet_bp_fft(struct nock *machine, noun core)
{
    return fft(machine, core, 1, forward);
}

noun zk_jet_bp_ifft(struct nock *machine, noun core)
{
    return fft(machine, core, 1, backward);
}

noun zk_jet_fp_fft(struct nock *machine, noun core)
{
    return fft(machine, core, ZK_DEGREE, forward);
}

noun zk_jet_ifft(struct nock *machine, noun core)
{
    return fft(machine, core, ZK_DEGREE, backward);
}

/* ---- on cosets ------------------------------------------------------------- */

static bool read_offset(noun n, uint64_t step, struct zk_felt *offset)
{
    *offset = zk_felt_of(0);
    return step == 1 ? zk_belt(n, &offset->at[0]) : zk_felt_read(n, offset);
}

/* [polynomial offset order]: its values on the coset. */
static noun coseword(struct nock *machine, noun core, uint64_t step)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array a;
    struct zk_felt offset;
    if (sample == NOUN_NONE || noun_at(sample, 7) == NOUN_NONE || !zk_polynomial_read(noun_head(sample), step, &a) ||
        !read_offset(noun_at(sample, 6), step, &offset))
        return NOCK_JET_PUNT;
    noun order = noun_at(sample, 7);
    int log = noun_is_direct(order) ? log_of(order) : -1;
    if (log < 0 || log > 31 || order < a.length)
        return NOCK_JET_PUNT;
    uint64_t *words = copy_of(machine, &a, order);
    if (words == NULL)
        return NOCK_JET_FAIL;
    struct plan plan = forward((unsigned)log);
    shift_words(words, (size_t)a.length, (size_t)step, offset);
    transform_words(words, (size_t)step, &plan);
    return zk_array_finish(nock_stack(machine), order);
}

noun zk_jet_bp_coseword(struct nock *machine, noun core)
{
    return coseword(machine, core, 1);
}

noun zk_jet_coseword(struct nock *machine, noun core)
{
    return coseword(machine, core, ZK_DEGREE);
}

static bool invert(struct zk_felt felt, uint64_t step, struct zk_felt *inverse)
{
    if (step != 1)
        return zk_felt_invert(felt, inverse);
    *inverse = zk_felt_of(felt.at[0] == 0 ? 0 : zk_invert(felt.at[0]));
    return felt.at[0] != 0;
}

/* [offset order values]: back from them. */
static noun intercosate(struct nock *machine, noun core, uint64_t step)
{
    noun sample = zk_sample_in_door(core, ZK_DEGREE);
    struct zk_array a;
    struct zk_felt offset, inverse;
    if (sample == NOUN_NONE || noun_at(sample, 7) == NOUN_NONE || !read_offset(noun_head(sample), step, &offset) ||
        !zk_polynomial_read(noun_at(sample, 7), step, &a) || !invert(offset, step, &inverse))
        return NOCK_JET_PUNT;
    int log = log_of(a.length);
    if (log < 0 || log > 31 || noun_at(sample, 6) != a.length)
        return NOCK_JET_PUNT;
    uint64_t *words = copy_of(machine, &a, a.length);
    if (words == NULL)
        return NOCK_JET_FAIL;
    struct plan plan = backward((unsigned)log);
    transform_words(words, (size_t)step, &plan);
    shift_words(words, (size_t)a.length, (size_t)step, inverse);
    return zk_array_finish(nock_stack(machine), a.length);
}

noun zk_jet_bp_intercosate(struct nock *machine, noun core)
{
    return intercosate(machine, core, 1);
}

noun zk_jet_intercosate(struct nock *machine, noun core)
{
    return intercosate(machine, core, ZK_DEGREE);
}
