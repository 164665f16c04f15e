/* The arithmetic behind the zkvm group's jets, against naive models: field,
 * transforms, division, sponge, curve, hashes of nouns, sets and maps. */
#include "zk/jets.h"
#include "zk/order.h"
#include "zk/tip5.h"
#include "space.h"
#include "tap.h"
#include "zk_samples.h"

#include <string.h>

#define ROUNDS 2000

static struct nock *machine;

static uint64_t slow_multiply(uint64_t a, uint64_t b)
{
    return (uint64_t)((unsigned __int128)a * b % ZK_P);
}

/* ---- fields -------------------------------------------------------------- */

static void test_field(uint64_t *state)
{
    unsigned good = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t a = zk_sample_belt(state), b = zk_sample_belt(state);
        unsigned __int128 any = (unsigned __int128)tap_random(state) << 64 | tap_random(state);
        good += zk_add(a, b) == (uint64_t)(((unsigned __int128)a + b) % ZK_P) && zk_sub(zk_add(a, b), b) == a &&
                zk_add(a, zk_negate(a)) == 0 && zk_multiply(a, b) == slow_multiply(a, b) &&
                zk_reduce(any) == (uint64_t)(any % ZK_P) && zk_from_melt(zk_to_melt(a)) == a &&
                (a == 0 || slow_multiply(a, zk_invert(a)) == 1) &&
                zk_power(a, 5) == zk_multiply(a, zk_square_times(a, 2));
    }
    tap_ok(good == ROUNDS, "the base field's operations are those modulo p");
    tap_ok(zk_reduce(~(unsigned __int128)0) == (uint64_t)(~(unsigned __int128)0 % ZK_P),
           "the largest number is reduced");
    bool ordered = zk_root(0) == 1 && zk_root(1) == ZK_P - 1;
    for (unsigned log = 1; log <= 32; log++)
        ordered &= zk_square_times(zk_root(log), log - 1) == ZK_P - 1;
    tap_ok(ordered, "the root numbered n has the order 2^n");
}

static struct zk_felt some_felt(uint64_t *state)
{
    return (struct zk_felt){{zk_sample_belt(state), zk_sample_belt(state), zk_sample_belt(state)}};
}

static void test_extension(uint64_t *state)
{
    unsigned good = 0, inverted = 0, tried = 0;
    struct zk_felt x = {{0, 1, 0}}, cube = zk_felt_multiply(x, zk_felt_multiply(x, x));
    tap_ok(zk_felt_equal(cube, (struct zk_felt){{ZK_P - 1, 1, 0}}), "x^3 = x - 1");
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct zk_felt a = some_felt(state), b = some_felt(state), c = some_felt(state), inverse;
        struct zk_felt sum = zk_felt_multiply(a, zk_felt_add(b, c));
        good += zk_felt_equal(sum, zk_felt_add(zk_felt_multiply(a, b), zk_felt_multiply(a, c))) &&
                zk_felt_equal(zk_felt_multiply(zk_felt_multiply(a, b), c), zk_felt_multiply(a, zk_felt_multiply(b, c)));
        a = (struct zk_felt){{tap_below(state, ZK_P), 1 + tap_below(state, ZK_P - 1), 1 + tap_below(state, ZK_P - 1)}};
        tried++;
        inverted += zk_felt_invert(a, &inverse) && zk_felt_equal(zk_felt_multiply(a, inverse), zk_felt_of(1));
    }
    tap_ok(good == ROUNDS, "products of the extension are associative and distributive");
    tap_ok(inverted == tried, "dense elements have their true inverses");
    struct zk_felt odd = {{ZK_P - 1, 0, 1}}, found;
    tap_ok(zk_felt_invert(odd, &found) && !zk_felt_equal(zk_felt_multiply(odd, found), zk_felt_of(1)),
           "x^2 - 1 has the inverse that the library finds, which is none");
}

/* ---- polynomials ----------------------------------------------------------- */

static void test_transform(uint64_t *state)
{
    bool good = true;
    for (unsigned log = 0; log <= 7; log++) {
        uint64_t values[128], coefficients[128], root = zk_root(log), at = 1;
        size_t count = (size_t)1 << log;
        for (size_t i = 0; i < count; i++)
            values[i] = coefficients[i] = zk_sample_belt(state);
        zk_transform(values, log, root);
        for (size_t i = 0; i < count; i++, at = slow_multiply(at, root)) {
            uint64_t value = 0;
            for (size_t j = count; j-- > 0;)
                value = zk_add(slow_multiply(value, at), coefficients[j]);
            good &= value == values[i];
        }
    }
    tap_ok(good, "a transform gives the values at the powers of the root");
}

static noun random_array(uint64_t *state, uint64_t step, size_t length)
{
    uint64_t *words = zk_data_begin(space_stack(), (size_t)step * length);
    for (size_t i = 0; i < step * length; i++)
        words[i] = zk_sample_belt(state);
    words[step * length - 1] = 5;
    return zk_array_finish(space_stack(), length);
}

static noun in_door(noun sample, noun door_sample)
{
    noun door = stack_triple(space_stack(), 0, door_sample, 0);
    return stack_triple(space_stack(), 0, sample, door);
}

static void test_products(uint64_t *state)
{
    struct zk_array a, b, product;
    noun p = random_array(state, 1, 100), q = random_array(state, 1, 150);
    bool read =
        zk_array_read(p, 1, &a) && zk_array_read(q, 1, &b) && zk_array_read(zk_jet_bpmul(machine, p, q), 1, &product);
    uint64_t expected[249] = {0};
    for (size_t i = 0; read && i < a.count; i++)
        for (size_t j = 0; j < b.count; j++)
            expected[i + j] = zk_add(expected[i + j], slow_multiply(a.words[i], b.words[j]));
    tap_ok(read && product.count == 249 && memcmp(product.words, expected, sizeof expected) == 0,
           "a product by transforms is the sum of all products");
    p = random_array(state, 3, 60), q = random_array(state, 3, 70);
    struct zk_felt at = some_felt(state), one, other, both;
    noun x = zk_felt_make(space_stack(), at);
    noun multiplied = zk_jet_fpmul(machine, in_door(stack_cell(space_stack(), p, q), ZK_DEGREE));
    read = zk_felt_read(zk_jet_fpeval(machine, in_door(stack_cell(space_stack(), p, x), ZK_DEGREE)), &one) &&
           zk_felt_read(zk_jet_fpeval(machine, in_door(stack_cell(space_stack(), q, x), ZK_DEGREE)), &other) &&
           zk_felt_read(zk_jet_fpeval(machine, in_door(stack_cell(space_stack(), multiplied, x), ZK_DEGREE)), &both);
    tap_ok(read && noun_head(multiplied) == 129 && zk_felt_equal(zk_felt_multiply(one, other), both),
           "over the extension, a product's value is the product of the values");
    tap_ok(zk_jet_fpmul(machine, in_door(stack_cell(space_stack(), p, q), 2)) == NOCK_JET_PUNT,
           "an extension of another degree is left to the Nock");
}

static void test_division(uint64_t *state)
{
    uint64_t dividend[9], remainder[9], divisor[4], quotient[9], product[9] = {0};
    size_t count = COUNT_OF(dividend);
    for (size_t i = 0; i < count; i++)
        remainder[i] = dividend[i] = 1 + tap_below(state, ZK_P - 1);
    for (size_t i = 0; i < COUNT_OF(divisor); i++)
        divisor[i] = 1 + tap_below(state, ZK_P - 1);
    size_t quotients = zk_divide(remainder, &count, divisor, COUNT_OF(divisor), quotient);
    memcpy(product, remainder, count * sizeof *product);
    for (size_t i = 0; i < quotients; i++)
        for (size_t j = 0; j < COUNT_OF(divisor); j++)
            product[i + j] = zk_add(product[i + j], zk_multiply(quotient[i], divisor[j]));
    tap_ok(quotients == 6 && count <= 3 && memcmp(product, dividend, sizeof product) == 0,
           "a dividend is quotient times divisor and the remainder");
    uint64_t cube[4] = {0, 0, 0, 1}, x[2] = {0, 1};
    count = 4;
    quotients = zk_divide(cube, &count, x, 2, quotient);
    tap_ok(quotients == 1 && quotient[0] == 1 && count == 1 && cube[0] == 0, "x^3 by x ends early, with 1");
}

/* ---- hashes -------------------------------------------------------------- */

/* Found by the library itself. */
static const struct zk_digest of_zeros = {
    {0x7d44686d6ca83f29u, 0x8c8b9786b0967c03u, 0xe84f388f30f86c62u, 0xd97193175c459f51u, 0x56ab984e75c7b89eu}};
static const struct zk_digest of_nothing = {
    {0x9955eaef20d688aau, 0x5c5bfa29e061c869u, 0x76fb29c8b68f96afu, 0x3cc83f2ff2c89c9fu, 0x35de70aebc6e194fu}};
static const struct zk_digest of_count = {
    {0xcabf72076b972d76u, 0x73727eb5331ad00du, 0xeb8c2736ced8e70bu, 0x186559a859ac77a4u, 0xe27e05cde0f3e968u}};

static bool same(struct zk_digest a, struct zk_digest b)
{
    return zk_digest_compare(&a, &b) == 0;
}

static void test_sponge(void)
{
    uint64_t zeros[ZK_RATE] = {0}, count[25];
    for (size_t i = 0; i < COUNT_OF(count); i++)
        count[i] = i;
    tap_ok(same(zk_hash_10(zeros), of_zeros), "the hash of ten zeros is known");
    tap_ok(same(zk_hash_belts(NULL, 0), of_nothing), "the hash of no belts is known");
    tap_ok(same(zk_hash_belts(count, COUNT_OF(count)), of_count), "the hash of 0 to 24 is known");
}

/* The list that a noun's hash is of, naively. */
static void list_leaves(noun n, struct wordstack *leaves, struct wordstack *shape)
{
    if (!noun_is_cell(n)) {
        uint64_t word = 0;
        CHECK(zk_word(n, &word));
        wordstack_push(leaves, word);
        return;
    }
    wordstack_push(shape, 0);
    list_leaves(noun_head(n), leaves, shape);
    wordstack_push(shape, 1);
    list_leaves(noun_tail(n), leaves, shape);
}

static noun some_tree(uint64_t *state, unsigned leaves)
{
    if (leaves <= 1)
        return zk_atom(space_stack(), zk_sample_belt(state));
    unsigned left = 1 + (unsigned)tap_below(state, leaves - 1);
    noun head = some_tree(state, left);
    return stack_cell(space_stack(), head, some_tree(state, leaves - left));
}

static void test_noun_hash(uint64_t *state)
{
    unsigned good = 0;
    for (unsigned i = 0; i < 100; i++) {
        noun n = some_tree(state, 1 + (unsigned)tap_below(state, 60));
        struct wordstack all = {0}, shape = {0};
        wordstack_push(&all, 0);
        list_leaves(n, &all, &shape);
        all.words[0] = all.count - 1;
        for (size_t j = 0; j < shape.count; j++)
            wordstack_push(&all, shape.words[j]);
        struct zk_digest digest;
        good += zk_tip(n, &digest) && same(digest, zk_hash_belts(all.words, all.count));
        wordstack_finish(&all);
        wordstack_finish(&shape);
    }
    tap_ok(good == 100, "a noun's hash is that of its leaves and shape");
    noun deep = 0;
    for (unsigned i = 0; i < 100000; i++)
        deep = stack_cell(space_stack(), deep, 1);
    struct zk_digest digest;
    tap_ok(zk_tip(deep, &digest), "a deep noun is hashed without recursion");
    tap_ok(!zk_tip(stack_cell(space_stack(), 1, zk_atom(space_stack(), ZK_P)), &digest),
           "a leaf beyond the field has no hash");
}

/* ---- the curve ------------------------------------------------------------- */

static noun number_of(const char *digits)
{
    noun tape = 0;
    for (size_t i = strlen(digits); i-- > 0;)
        tape = stack_cell(space_stack(), (noun)digits[i], tape);
    return zk_jet_de_base58(machine, tape);
}

/* A coordinate: six words of the atom. */
static noun coordinate_of(noun number, unsigned first)
{
    const uint64_t *words = noun_words(number) + 2 + first;
    noun tuple = stack_atom_from_word(space_stack(), words[5]);
    for (unsigned i = 5; i-- > 0;)
        tuple = stack_cell(space_stack(), stack_atom_from_word(space_stack(), words[i]), tuple);
    return tuple;
}

static noun point_of(noun number)
{
    noun x = coordinate_of(number, 0), y = coordinate_of(number, 6);
    return stack_triple(space_stack(), x, y, NOUN_NO);
}

static void test_curve(uint64_t *state)
{
    noun written = number_of("3LwuscaL7QqrpoSRQa77mZvgUXgTwri67AXLWrbM9J13oLot5ZJnCjHDJUPXMp7LVfWarMXZhsyn"
                             "CREHZwne7p9AwahFCq5Mz6z9vwUAWfT2f5GXQZi9t3NSuLD5JfDewXrG");
    noun generator = point_of(written);
    uint64_t a = 1 + tap_below(state, 1000000), b = 1 + tap_below(state, 1000000);
    noun once = zk_jet_ch_scal(machine, a * b, generator);
    noun twice = zk_jet_ch_scal(machine, a, zk_jet_ch_scal(machine, b, generator));
    tap_ok(noun_equal(once, twice), "a times b times a point is ab times it");
    noun tape = zk_jet_en_base58(machine, written);
    tap_ok(noun_equal(zk_jet_de_base58(machine, tape), written), "a number is written in base 58 and read back");
}

/* ---- sets and maps --------------------------------------------------------- */

static noun door_call(nock_jet_core *jet, noun sample, noun tree)
{
    return jet(machine, in_door(sample, tree));
}

#define MISSING 12345

/* The value under a key, or MISSING: of what `get` gives, [0 value] or 0. */
static noun value_of(noun tree, noun key)
{
    noun unit = door_call(zk_jet_z_by_get, key, tree);
    return noun_is_cell(unit) ? noun_tail(unit) : MISSING;
}

static void test_trees(void)
{
    noun forward = 0, backward = 0, tree = 0;
    for (noun i = 0; i < 200; i++) {
        forward = stack_cell(space_stack(), stack_cell(space_stack(), i, i + 1), forward);
        backward = stack_cell(space_stack(), stack_cell(space_stack(), 199 - i, 200 - i), backward);
    }
    tree = door_call(zk_jet_z_by_gas, forward, 0);
    tap_ok(noun_equal(tree, door_call(zk_jet_z_by_gas, backward, 0)), "a map has one shape, whatever the order");
    unsigned found = 0;
    for (noun i = 0; i < 200; i++)
        found += value_of(tree, i) == i + 1 && value_of(tree, i + 200) == MISSING;
    tap_ok(found == 200, "what was put is found, and nothing else");
    for (noun i = 0; i < 200; i++)
        tree = door_call(zk_jet_z_by_del, i, tree);
    tap_ok(tree == 0, "a map without any of its keys is empty");
}

/* ---- sets and maps as wholes -------------------------------------------------- */

static const struct whole_door {
    const char *name;
    bool is_map, is_hashed; /* its keys are digests */
    noun empty;
    nock_jet_core *gas, *del, *bif, *dif, *uni, *both;
} whole_doors[] = {
    {"z-in", false, false, 0, zk_jet_z_in_gas, zk_jet_z_in_del, zk_jet_z_in_bif, zk_jet_z_in_dif, zk_jet_z_in_uni,
     zk_jet_z_in_int},
    {"z-by", true, false, 0, zk_jet_z_by_gas, zk_jet_z_by_del, zk_jet_z_by_bif, zk_jet_z_by_dif, zk_jet_z_by_uni,
     zk_jet_z_by_int},
    {"h-in", false, true, 0x74657368, zk_jet_h_in_gas, zk_jet_h_in_del, zk_jet_h_in_bif, zk_jet_h_in_dif,
     zk_jet_h_in_uni, zk_jet_h_in_int},
    {"h-by", true, true, 0x70616d68, zk_jet_h_by_gas, zk_jet_h_by_del, zk_jet_h_by_bif, zk_jet_h_by_dif,
     zk_jet_h_by_uni, zk_jet_h_by_int},
};

#define KEYS 40

static noun whole_key(const struct whole_door *door, uint64_t i)
{
    noun rest = door->is_hashed ? stack_triple(space_stack(), 1, 2, stack_cell(space_stack(), 3, 4)) : 0;
    return door->is_hashed ? stack_cell(space_stack(), i, rest) : i;
}

/* The tree of the keys whose bits are set; values are `value`. */
static noun whole_tree(const struct whole_door *door, uint64_t keys, noun value)
{
    noun list = 0;
    for (uint64_t i = 0; i < KEYS; i++) {
        if ((keys >> i & 1) == 0)
            continue;
        noun key = whole_key(door, i);
        list = stack_cell(space_stack(), door->is_map ? stack_cell(space_stack(), key, value) : key, list);
    }
    return door_call(door->gas, list, door->empty);
}

/* Two splits and what is between them make the whole again. */
static bool splits(const struct whole_door *door, noun tree, uint64_t i)
{
    noun halves = door_call(door->bif, whole_key(door, i), tree);
    noun less = door_call(door->del, whole_key(door, i), tree);
    return noun_is_cell(halves) && noun_equal(door_call(door->uni, noun_tail(halves), noun_head(halves)), less) &&
           noun_equal(door_call(door->uni, noun_head(halves), noun_tail(halves)), less);
}

/* Of the keys of both, b's values are to stand: a tree of a's own, over which b's are put. */
static bool combines(const struct whole_door *door, uint64_t a_keys, uint64_t b_keys)
{
    noun a = whole_tree(door, a_keys, 7), b = whole_tree(door, b_keys, 8);
    noun list = 0;
    for (uint64_t i = 0; i < KEYS; i++) {
        noun key = whole_key(door, i);
        if ((b_keys >> i & 1) != 0)
            list = stack_cell(space_stack(), door->is_map ? stack_cell(space_stack(), key, 8) : key, list);
    }
    return noun_equal(door_call(door->uni, b, a), door_call(door->gas, list, a)) &&
           noun_equal(door_call(door->both, b, a), whole_tree(door, a_keys & b_keys, 8)) &&
           noun_equal(door_call(door->dif, b, a), whole_tree(door, a_keys & ~b_keys, 7));
}

static void test_wholes(uint64_t *state)
{
    for (size_t d = 0; d < COUNT_OF(whole_doors); d++) {
        const struct whole_door *door = &whole_doors[d];
        unsigned wrong_split = 0, wrong = 0;
        for (unsigned i = 0; i < 30; i++) {
            stack_clear(space_stack());
            uint64_t a = tap_random(state), b = tap_random(state);
            a = i == 0 ? 0 : i % 5 == 0 ? b : a;
            wrong += !combines(door, a, i == 1 ? 0 : b);
            wrong_split += !splits(door, whole_tree(door, a, 7), tap_below(state, KEYS));
        }
        tap_ok(wrong == 0, "%s: union, intersection and difference are those of the keys", door->name);
        tap_ok(wrong_split == 0, "%s: a split leaves nothing but its key out", door->name);
    }
}

/* The axis that dig gives has the item; put and del change only that. */
static void test_places(void)
{
    const struct whole_door *door = &whole_doors[1];
    noun tree = whole_tree(door, 0xffffff, 7);
    unsigned right = 0;
    for (noun i = 0; i < 24; i++) {
        noun unit = door_call(zk_jet_z_by_dig, i, tree);
        noun other = door_call(zk_jet_z_by_put, stack_cell(space_stack(), i, 9), tree);
        right += noun_is_cell(unit) && noun_head(noun_at(tree, noun_tail(unit))) == i && value_of(other, i) == 9 &&
                 value_of(door_call(zk_jet_z_by_del, i, tree), i) == MISSING;
    }
    tap_ok(right == 24 && door_call(zk_jet_z_by_dig, 30, tree) == 0,
           "dig finds every key's axis, put and del its value");
}

static void test_sums(uint64_t *state)
{
    unsigned good = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t sum[11], scaled[11], values[11], others[11], scalar = zk_sample_belt(state);
        unsigned count = (unsigned)tap_below(state, 12), right = 0;
        for (unsigned j = 0; j < 11; j++)
            scaled[j] = sum[j] = zk_sample_belt(state), values[j] = zk_sample_belt(state),
            others[j] = zk_sample_belt(state);
        zk_add_scaled(scaled, values, scalar, count);
        for (unsigned j = 0; j < 11; j++)
            right += scaled[j] == (j < count ? zk_add(sum[j], slow_multiply(values[j], scalar)) : sum[j]);
        memcpy(scaled, sum, sizeof sum);
        zk_add_products(scaled, values, others, count);
        for (unsigned j = 0; j < 11; j++)
            right += scaled[j] == (j < count ? zk_add(sum[j], slow_multiply(values[j], others[j])) : sum[j]);
        good += right == 22;
    }
    tap_ok(good == ROUNDS, "sums of many products are those of each");
}

static void test_based(uint64_t *state)
{
    uint64_t words[300];
    unsigned good = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        size_t count = (size_t)tap_below(state, 300), odd = (size_t)tap_below(state, 300);
        for (size_t j = 0; j < 300; j++)
            words[j] = j % 5 == 0 ? ZK_P - 1 : j;
        words[odd] = i % 2 == 0 ? ZK_P : UINT64_MAX;
        good += zk_all_based(words, count) == (odd >= count);
    }
    tap_ok(good == ROUNDS, "an element that is not below p is found wherever it is");
}

/* ---- the permutation in vectors -------------------------------------------- */

static void test_vectors(uint64_t *state)
{
#ifdef ZK_TIP5_AVX2
    if (__builtin_cpu_supports("avx2")) {
        unsigned good = 0;
        for (unsigned i = 0; i < ROUNDS; i++) {
            uint64_t plain[ZK_STATE], vectors[ZK_STATE];
            for (unsigned j = 0; j < ZK_STATE; j++)
                plain[j] = i % 3 == 0 ? ZK_P - 1 - j % 2 : zk_sample_belt(state);
            plain[i % ZK_STATE] = zk_sample_belt(state);
            memcpy(vectors, plain, sizeof plain);
            zk_permute_plain(plain);
            zk_permute_avx2(vectors);
            good += memcmp(plain, vectors, sizeof plain) == 0;
        }
        tap_ok(good == ROUNDS, "the permutation in vectors is the one word by word");
        return;
    }
#endif
    (void)state;
    tap_skip("the permutation in vectors", "this processor has no AVX2");
}

int main(void)
{
    space_open();
    CHECK(nock_create(space_stack(), &(struct nock_options){0}, &machine) == STATUS_OK);
    uint64_t state = tap_seed();
    test_field(&state);
    test_extension(&state);
    test_transform(&state);
    test_products(&state);
    test_division(&state);
    test_sponge();
    test_vectors(&state);
    test_sums(&state);
    test_based(&state);
    test_noun_hash(&state);
    test_curve(&state);
    test_trees();
    test_wholes(&state);
    test_places();
    nock_destroy(machine);
    return tap_done();
}
