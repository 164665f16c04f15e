/* Samples are well formed but for one in ODD_EVERY, which has an element
 * beyond the field or another fault. */
#include "zk_samples.h"

#include "jet/jet.h"
#include "zk/jets.h"
#include "space.h"
#include "tap.h"

#include <string.h>

#define P 0xffffffff00000001u
#define ODD_EVERY 12

/* For samples that jets make. */
static struct nock *sample_machine;

typedef noun generator(uint64_t *state);

uint64_t zk_sample_belt(uint64_t *state)
{
    static const uint64_t edges[] = {
        0, 1, 2, 7, P - 1, P - 2, 0xffffffffu, 0x100000000u, 0x7fffffffffffffffu, 0x8000000000000000u, P - 0x100000000u,
    };
    uint64_t kind = tap_below(state, 4);
    if (kind == 0)
        return edges[tap_below(state, COUNT_OF(edges))];
    return kind == 1 ? tap_below(state, 100) : tap_below(state, P);
}

static bool odd(uint64_t *state)
{
    return tap_below(state, ODD_EVERY) == 0;
}

static noun word(uint64_t value)
{
    return stack_atom_from_word(space_stack(), value);
}

static noun pair(noun a, noun b)
{
    return stack_cell(space_stack(), a, b);
}

static noun good_belt(uint64_t *state)
{
    return word(zk_sample_belt(state));
}

/* Rarely beyond the field, or no atom. */
static noun belt(uint64_t *state)
{
    if (!odd(state))
        return good_belt(state);
    const uint64_t wide[2] = {tap_random(state), 1 + tap_below(state, 3)};
    switch (tap_below(state, 4)) {
    case 0:
        return word(P);
    case 1:
        return word(UINT64_MAX);
    case 2:
        return stack_atom_from_words(space_stack(), wide, 2);
    default:
        return pair(1, 2);
    }
}

static noun belt_pair(uint64_t *state)
{
    noun a = belt(state);
    return pair(a, belt(state));
}

static noun exponent(uint64_t *state)
{
    const uint64_t words[3] = {tap_random(state), tap_random(state), tap_below(state, 2)};
    return tap_below(state, 2) ? good_belt(state) : stack_atom_from_words(space_stack(), words, 3);
}

static noun power(uint64_t *state)
{
    noun a = belt(state);
    return pair(a, exponent(state));
}

static noun double_word(uint64_t *state)
{
    const uint64_t words[2] = {tap_random(state), odd(state) ? tap_random(state) : zk_sample_belt(state)};
    return stack_atom_from_words(space_stack(), words, 2);
}

static noun order(uint64_t *state)
{
    return odd(state) ? tap_below(state, 100) : (noun)1 << tap_below(state, 34);
}

/* ---- lists and trees ------------------------------------------------------- */

static noun list_of(uint64_t *state, generator *item, uint64_t count)
{
    noun list = 0;
    while (count-- > 0) {
        noun one = item(state);
        list = pair(one, list);
    }
    return list;
}

static noun belts(uint64_t *state)
{
    uint64_t count = tap_below(state, 30);
    return list_of(state, odd(state) ? belt : good_belt, count);
}

static noun ten_belts(uint64_t *state)
{
    uint64_t count = odd(state) ? tap_below(state, 12) : 10;
    return list_of(state, odd(state) ? belt : good_belt, count);
}

static noun sixteen_belts(uint64_t *state)
{
    uint64_t count = odd(state) ? tap_below(state, 18) : 16;
    return list_of(state, odd(state) ? belt : good_belt, count);
}

static noun five_belts(uint64_t *state)
{
    return list_of(state, good_belt, odd(state) ? 4 : 5);
}

static noun lists_of_five(uint64_t *state)
{
    uint64_t count = tap_below(state, 6) + !odd(state);
    return list_of(state, five_belts, count);
}

static noun tree_of(uint64_t *state, generator *leaf, uint64_t leaves)
{
    if (leaves <= 1)
        return leaf(state);
    uint64_t left = 1 + tap_below(state, leaves - 1);
    noun head = tree_of(state, leaf, left);
    return pair(head, tree_of(state, leaf, leaves - left));
}

static noun tree(uint64_t *state)
{
    uint64_t leaves = 1 + tap_below(state, tap_below(state, 2) ? 3 : 40);
    return tree_of(state, odd(state) ? belt : good_belt, leaves);
}

/* Often alike, so that orders must look further. */
static noun tree_pair(uint64_t *state)
{
    noun a = tree(state);
    switch (tap_below(state, 4)) {
    case 0:
        return pair(a, a);
    case 1:
        return pair(pair(a, 1), pair(a, 2));
    default:
        return pair(a, tree(state));
    }
}

static noun tuple_of(uint64_t *state, generator *item, uint64_t count)
{
    noun tuple = item(state);
    while (--count > 0) {
        noun one = item(state);
        tuple = pair(one, tuple);
    }
    return tuple;
}

static noun digest(uint64_t *state)
{
    return tuple_of(state, odd(state) ? belt : good_belt, 5);
}

static noun ten_cell(uint64_t *state)
{
    noun left = digest(state);
    return odd(state) ? tree_of(state, good_belt, 10) : pair(left, digest(state));
}

/* ---- arrays -------------------------------------------------------------- */

static noun data(uint64_t *state, uint64_t count)
{
    uint64_t words[512];
    CHECK(count < COUNT_OF(words));
    for (uint64_t i = 0; i < count; i++)
        words[i] = zk_sample_belt(state);
    words[count] = 1;
    return stack_atom_from_words(space_stack(), words, count + 1);
}

static noun mary_of(uint64_t *state, uint64_t step, uint64_t length)
{
    noun words = data(state, step * length + (odd(state) ? 1 : 0));
    return stack_triple(space_stack(), step, length, words);
}

static noun digests_and_index(uint64_t *state)
{
    uint64_t length = 1 + tap_below(state, 4);
    noun mary = mary_of(state, 5, length);
    return pair(mary, tap_below(state, length + odd(state)));
}

static noun mary_for_heap(uint64_t *state)
{
    uint64_t step = tap_below(state, 3) ? 3 : tap_below(state, 9) + 1, length = (uint64_t)1 << tap_below(state, 4);
    return mary_of(state, step, odd(state) ? length + 1 : length);
}

static noun description(uint64_t *state, unsigned depth)
{
    noun left;
    switch (depth == 0 ? tap_below(state, 3) : tap_below(state, 6)) {
    case 0:
        return pair(noun_cord("hash"), digest(state));
    case 1:
        return pair(noun_cord("leaf"), tree(state));
    case 2:
        return pair(noun_cord("mary"), mary_of(state, 1 + tap_below(state, 4), 1 + tap_below(state, 5)));
    case 3:
        left = 0;
        for (uint64_t i = tap_below(state, 4); i > 0; i--)
            left = pair(description(state, depth - 1), left);
        return pair(noun_cord("list"), left);
    default:
        left = description(state, depth - 1);
        return pair(left, description(state, depth - 1));
    }
}

static noun hashable(uint64_t *state)
{
    return description(state, (unsigned)tap_below(state, 4));
}

/* ---- polynomials ----------------------------------------------------------- */

static noun array(uint64_t *state, uint64_t step, uint64_t length)
{
    return noun_tail(mary_of(state, step, length));
}

static uint64_t few(uint64_t *state)
{
    return 1 + tap_below(state, tap_below(state, 4) ? 8 : 40);
}

/* Often with zeros at the high end. */
static noun sparse(uint64_t *state, uint64_t step)
{
    uint64_t words[128] = {0}, length = few(state), filled = tap_below(state, step * length + 1);
    for (uint64_t i = 0; i < filled; i++)
        words[i] = tap_below(state, 3) ? zk_sample_belt(state) : 0;
    words[step * length] = 1;
    return pair(length, stack_atom_from_words(space_stack(), words, step * length + 1));
}

static noun bpoly(uint64_t *state)
{
    return tap_below(state, 2) ? sparse(state, 1) : array(state, 1, few(state));
}

static noun fpoly(uint64_t *state)
{
    return tap_below(state, 2) ? sparse(state, 3) : array(state, 3, few(state));
}

static noun bpoly_pair(uint64_t *state)
{
    noun a = bpoly(state);
    return pair(a, bpoly(state));
}

static noun fpoly_pair(uint64_t *state)
{
    noun a = fpoly(state);
    return pair(a, fpoly(state));
}

static noun bpolys_alike(uint64_t *state)
{
    uint64_t length = few(state);
    noun a = array(state, 1, length);
    return pair(a, array(state, 1, odd(state) ? length + 1 : length));
}

static noun belt_and_bpoly(uint64_t *state)
{
    noun a = belt(state);
    return pair(a, bpoly(state));
}

static noun bpoly_and_belt(uint64_t *state)
{
    noun a = bpoly(state);
    return pair(a, belt(state));
}

static noun lifted(uint64_t belt)
{
    const uint64_t words[4] = {belt, 0, 0, 1};
    return stack_atom_from_words(space_stack(), words, 4);
}

static uint64_t power_of_two(uint64_t *state)
{
    return odd(state) ? 1 + tap_below(state, 9) : (uint64_t)1 << tap_below(state, 4);
}

static noun with_root(uint64_t *state, uint64_t step)
{
    uint64_t length = power_of_two(state), root = zk_root(bits_length(length) - 1);
    noun a = array(state, step, length);
    root = odd(state) ? root + 1 : zk_power(root, 1 + 2 * tap_below(state, 4));
    return pair(a, step == 1 ? word(root) : lifted(root));
}

static noun bpoly_and_root(uint64_t *state)
{
    return with_root(state, 1);
}

static noun fpoly_and_root(uint64_t *state)
{
    return with_root(state, 3);
}

static noun bpoly_to_transform(uint64_t *state)
{
    return array(state, 1, power_of_two(state));
}

static noun fpoly_to_transform(uint64_t *state)
{
    return array(state, 3, power_of_two(state));
}

static noun bpoly_on_coset(uint64_t *state)
{
    uint64_t length = 1 + tap_below(state, 8);
    noun a = array(state, 1, length);
    return stack_triple(space_stack(), a, belt(state), (noun)8 << tap_below(state, 2));
}

static noun bpoly_from_coset(uint64_t *state)
{
    uint64_t length = power_of_two(state);
    noun offset = belt(state);
    return stack_triple(space_stack(), offset, length, array(state, 1, length));
}

static noun ave_gate(noun gate, uint64_t *state)
{
    struct stack *stack = space_stack();
    const uint64_t step = 1 + tap_below(state, 4), length = 1 + tap_below(state, 6);
    noun mary = mary_of(state, step, length), door = stack_triple(stack, noun_at(gate, 14), mary, noun_at(gate, 31));
    return stack_triple(stack, noun_head(gate), 0, door);
}

static noun with_sample(noun gate, noun sample)
{
    return stack_triple(space_stack(), noun_head(gate), sample, noun_at(gate, 7));
}

/* A gate of the door `ave` over some array. */
static noun core_in_ave(const char *arm, noun gate, uint64_t *state)
{
    noun core = ave_gate(gate, state);
    uint64_t step = noun_at(core, 60), length = noun_at(core, 122);
    if (strcmp(arm, "swag") == 0)
        return with_sample(core, pair(tap_below(state, length), 1 + tap_below(state, length)));
    if (strcmp(arm, "weld") == 0)
        return with_sample(core, mary_of(state, odd(state) ? step + 1 : step, 1 + tap_below(state, 5)));
    if (strcmp(arm, "weld-step") == 0)
        return with_sample(core, mary_of(state, 1 + tap_below(state, 4), odd(state) ? length + 1 : length));
    if (strcmp(arm, "change-step") == 0)
        return with_sample(core, odd(state) ? tap_below(state, 5) : tap_below(state, 2) ? 1 : step * length);
    if (strcmp(arm, "transpose") == 0)
        return with_sample(core, step % 2 == 0 && tap_below(state, 2) ? 2 : 1);
    return with_sample(core, tap_below(state, length + odd(state)));
}

static noun some_mary(uint64_t *state)
{
    uint64_t step = 1 + tap_below(state, 5);
    return mary_of(state, step, 1 + tap_below(state, 8));
}

static noun bounds(uint64_t *state)
{
    noun a = tap_below(state, 30);
    return tap_below(state, 2) ? a : pair(a, tap_below(state, 40));
}

static noun base58(uint64_t *state)
{
    static const char letters[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0";
    noun tape = 0;
    for (uint64_t i = tap_below(state, 30); i > 0; i--)
        tape = pair((noun)letters[tap_below(state, 58 + odd(state))], tape);
    return tape;
}

/* ---- the extension, and the curve ------------------------------------------- */

/* Often of a lower degree, or with a gap: where the library's inverse is odd. */
static noun felt(uint64_t *state)
{
    uint64_t words[4] = {0, 0, 0, 1};
    for (unsigned i = 0; i < 3; i++)
        words[i] = tap_below(state, 3) ? zk_sample_belt(state) : 0;
    if (odd(state))
        words[tap_below(state, 4)] = P;
    return stack_atom_from_words(space_stack(), words, 4);
}

static noun felt_pair(uint64_t *state)
{
    noun a = felt(state);
    return pair(a, felt(state));
}

static noun felt_and_power(uint64_t *state)
{
    noun a = felt(state);
    return pair(a, tap_below(state, 2) ? tap_below(state, 50) : tap_random(state) >> 1);
}

static noun felt_and_fpoly(uint64_t *state)
{
    noun a = felt(state);
    return pair(a, fpoly(state));
}

static noun fpoly_and_felt(uint64_t *state)
{
    noun a = fpoly(state);
    return pair(a, felt(state));
}

static noun bpoly_and_felt(uint64_t *state)
{
    noun a = bpoly(state);
    return pair(a, felt(state));
}

static noun fpoly_on_coset(uint64_t *state)
{
    uint64_t length = 1 + tap_below(state, 4);
    noun a = array(state, 3, length);
    return stack_triple(space_stack(), a, felt(state), (noun)4 << tap_below(state, 2));
}

static noun fpoly_from_coset(uint64_t *state)
{
    uint64_t length = (uint64_t)1 << tap_below(state, 3);
    noun offset = felt(state);
    return stack_triple(space_stack(), offset, length, array(state, 3, length));
}

static noun felts(uint64_t *state)
{
    return list_of(state, felt, 1 + tap_below(state, 5));
}

static noun six_tuple(const uint64_t at[6])
{
    noun tuple = word(at[5]);
    for (unsigned i = 5; i-- > 0;)
        tuple = pair(word(at[i]), tuple);
    return tuple;
}

/* A point of the group most of the time: a multiple of the generator. */
static noun point(uint64_t *state)
{
    static const uint64_t x[6] = {2754611494552410273u, 8599518745794843693u, 10526511002404673680u,
                                  4830863958577994148u, 375185138577093320u,  12938930721685970739u};
    static const uint64_t y[6] = {15384029202802550068u, 2774812795997841935u,  14375303400746062753u,
                                  10708493419890101954u, 13187678623570541764u, 9990732138772505951u};
    noun base = stack_triple(space_stack(), six_tuple(x), six_tuple(y), 1);
    uint64_t kind = tap_below(state, 8);
    if (kind == 0) {
        noun some_x = tuple_of(state, belt, 6);
        return stack_triple(space_stack(), some_x, tuple_of(state, belt, 6), tap_below(state, 3));
    }
    noun product = kind == 1 ? base : zk_jet_ch_scal(sample_machine, 1 + tap_below(state, 1000), base);
    CHECK(product < NOCK_JET_FAIL);
    return product;
}

static noun scalar_and_point(uint64_t *state)
{
    noun n = tap_below(state, 3) ? tap_below(state, 40) : exponent(state);
    return pair(n, point(state));
}

/* ---- keys that are digests ------------------------------------------------- */

static noun close_digest(uint64_t *state)
{
    noun tuple = tap_below(state, 3);
    for (unsigned i = 0; i < 4; i++)
        tuple = pair(tap_below(state, 2), tuple);
    return tap_below(state, 3) ? tuple : digest(state);
}

static noun hashed(uint64_t *state)
{
    uint64_t count = tap_below(state, 5);
    return count <= 1 && !odd(state) ? close_digest(state) : list_of(state, close_digest, count);
}

static noun hashed_pair(uint64_t *state)
{
    noun a = hashed(state);
    return pair(a, tap_below(state, 6) ? hashed(state) : a);
}

/* ---- sets and maps --------------------------------------------------------- */

/* From a small pool, so that the same keys come again. */
static noun tip_key(uint64_t *state)
{
    return odd(state) ? tree(state) : tap_below(state, 2) ? tap_below(state, 20) : pair(tap_below(state, 5), 1);
}

static noun tip_item(uint64_t *state)
{
    noun key = tip_key(state);
    return pair(key, tap_below(state, 3));
}

static noun hip_key(uint64_t *state)
{
    noun tuple = tap_below(state, 10);
    for (unsigned i = 0; i < 4; i++)
        tuple = pair(tap_below(state, 20) == 0, tuple);
    return odd(state) ? hashed(state) : tuple;
}

static noun hip_item(uint64_t *state)
{
    noun key = hip_key(state);
    return pair(key, tap_below(state, 3));
}

static const struct door {
    const char *name;
    generator *key;
    generator *item;
    nock_jet_core *gas;
    noun empty;
} doors[] = {
    {"z-in", tip_key, tip_key, zk_jet_z_in_gas, 0},
    {"z-by", tip_key, tip_item, zk_jet_z_by_gas, 0},
    {"h-in", hip_key, hip_key, zk_jet_h_in_gas, 0x74657368},
    {"h-by", hip_key, hip_item, zk_jet_h_by_gas, 0x70616d68},
};

/* A gate [battery sample [battery tree context]]. */
static noun gate_in_door(noun battery, noun sample, noun door_battery, noun tree, noun context)
{
    struct stack *stack = space_stack();
    noun door = stack_triple(stack, door_battery, tree, context);
    return stack_triple(stack, battery, sample, door);
}

/* As the library would make it; now and then with a branch that it would not. */
static noun random_tree(struct nock *machine, const struct door *door, uint64_t *state)
{
    noun items = list_of(state, door->item, tap_below(state, 25));
    noun tree = door->gas(machine, gate_in_door(0, items, 0, door->empty, 0));
    if (tree >= NOCK_JET_FAIL)
        return door->empty;
    if (!odd(state) || !noun_is_cell(tree))
        return tree;
    return stack_triple(space_stack(), noun_head(tree), noun_at(tree, 7), noun_at(tree, 6));
}

static noun core_in_door(struct nock *machine, const char *name, noun gate, uint64_t *state)
{
    const struct door *door = doors;
    while (strncmp(door->name, name, 4) != 0)
        door++;
    const char *arm = name + 5;
    noun tree = random_tree(machine, door, state), sample;
    if (strcmp(arm, "put") == 0)
        sample = door->item(state);
    else if (strcmp(arm, "gas") == 0)
        sample = list_of(state, door->item, tap_below(state, 12));
    else if (strcmp(arm, "dif") == 0 || strcmp(arm, "uni") == 0 || strcmp(arm, "int") == 0)
        sample = tap_below(state, 8) == 0 ? tree : random_tree(machine, door, state);
    else
        sample = door->key(state);
    return gate_in_door(noun_head(gate), sample, noun_at(gate, 14), tree, noun_at(gate, 31));
}

/* ---- elements, and arrays over another step ---------------------------------- */

static noun gate_over(noun gate, noun sample, noun door_sample)
{
    struct stack *stack = space_stack();
    noun door = stack_triple(stack, noun_at(gate, 14), door_sample, noun_at(gate, 31));
    return stack_triple(stack, noun_head(gate), sample, door);
}

/* An element for a step, or something close to one. */
static noun element(uint64_t *state, uint64_t step)
{
    return step == 1 ? belt(state) : data(state, step);
}

static noun core_in_mary_utils(const char *arm, noun gate, uint64_t *state)
{
    uint64_t step = 1 + tap_below(state, 4);
    if (strcmp(arm, "lift-elt") == 0)
        return gate_over(gate, belt(state), step);
    switch (tap_below(state, 4)) {
    case 0:
        return gate_over(gate, tap_below(state, 2), step);
    case 1:
        return gate_over(gate, exponent(state), step);
    default:
        return gate_over(gate, element(state, step), step);
    }
}

/* A gate of `ops`, in whose door's door the step is. */
static noun core_in_ops(const char *arm, noun gate, uint64_t *state)
{
    struct stack *stack = space_stack();
    uint64_t step = 1 + tap_below(state, 3), length = 1 + tap_below(state, 6);
    noun array_door = stack_triple(stack, noun_at(gate, 62), step, noun_at(gate, 127)), sample;
    noun door = stack_triple(stack, noun_at(gate, 14), array(state, step, length), array_door);
    if (strcmp(arm, "swag") == 0)
        sample = pair(tap_below(state, length + 1), tap_below(state, length + 2));
    else if (strcmp(arm, "weld") == 0)
        sample = array(state, odd(state) ? step + 1 : step, 1 + tap_below(state, 5));
    else
        sample = tap_below(state, length + 2);
    return stack_triple(stack, noun_head(gate), sample, door);
}

static noun step_and_elements(uint64_t *state)
{
    uint64_t step = 1 + tap_below(state, 4);
    noun list = 0;
    for (uint64_t i = tap_below(state, 8); i > 0; i--)
        list = pair(element(state, step), list);
    return pair(odd(state) ? step + 1 : step, list);
}

static noun three_belts(uint64_t *state)
{
    return list_of(state, odd(state) ? belt : good_belt, odd(state) ? tap_below(state, 5) : 3);
}

/* ---- polynomials of many variables --------------------------------------------- */

static noun map_put(noun map, noun key, noun value)
{
    struct stack *stack = space_stack();
    noun door = stack_triple(stack, 0, map, 0), core = stack_triple(stack, 0, pair(key, value), door);
    for (size_t i = 0; i < jet_table_count; i++)
        if (strcmp(jet_table[i].path, "k.138/one/two/by/put") == 0)
            return jet_table[i].run.core(sample_machine, core);
    CHECK(false);
    return NOUN_NONE;
}

struct places {
    uint64_t variables, challenges, dynamics, compositions;
};

static uint64_t mega_term(uint64_t *state, const struct places *places)
{
    uint64_t kind = tap_below(state, 5), exponent = odd(state) ? 0 : 1 + tap_below(state, 3);
    const uint64_t counts[5] = {1, places->variables, places->challenges, places->dynamics, places->compositions};
    if (counts[kind] == 0)
        kind = 1;
    return kind | tap_below(state, counts[kind] + (tap_below(state, 100) == 0)) << 3 | exponent << 13;
}

static noun monomial(uint64_t *state, const struct places *places)
{
    uint64_t words[5], count = 1 + tap_below(state, 4);
    for (uint64_t i = 0; i < count; i++)
        words[i] = mega_term(state, places);
    words[count] = 1;
    return pair(count, stack_atom_from_words(space_stack(), words, count + 1));
}

static noun mega(uint64_t *state, const struct places *places)
{
    noun map = 0;
    for (uint64_t i = tap_below(state, 6); i > 0; i--) {
        noun key = monomial(state, places);
        map = map_put(map, key, tap_below(state, 100) ? good_belt(state) : belt(state));
    }
    return map;
}

static noun tuple(const noun *items, size_t count)
{
    noun n = items[count - 1];
    for (size_t i = count - 1; i-- > 0;)
        n = pair(items[i], n);
    return n;
}

static noun good_felt(uint64_t *state)
{
    const uint64_t words[4] = {zk_sample_belt(state), zk_sample_belt(state), 1 + tap_below(state, 1000), 1};
    return stack_atom_from_words(space_stack(), words, 4);
}

static noun good_array(uint64_t *state, uint64_t step, uint64_t length)
{
    uint64_t words[2048];
    CHECK(step * length < COUNT_OF(words));
    for (uint64_t i = 0; i < step * length; i++)
        words[i] = tap_below(state, P);
    words[step * length] = 1;
    return pair(length, stack_atom_from_words(space_stack(), words, step * length + 1));
}

static noun mega_and_places(uint64_t *state)
{
    struct places places = {1 + tap_below(state, 4), 1 + tap_below(state, 3), 1 + tap_below(state, 3),
                            tap_below(state, 3)};
    bool base = tap_below(state, 2);
    noun compositions = 0;
    for (noun i = 0; i < places.compositions; i++)
        compositions = map_put(compositions, i, base ? good_belt(state) : good_felt(state));
    noun items[6] = {noun_cord(base ? "base" : "ext"), mega(state, &places), 0, 0, 0, compositions};
    items[2] = array(state, base ? 1 : 3, places.variables);
    items[3] = array(state, 1, places.challenges);
    items[4] = array(state, 1, places.dynamics);
    return tuple(items, 6);
}

static noun mega_and_traces(uint64_t *state)
{
    struct places places = {1 + tap_below(state, 4), 1 + tap_below(state, 3), 1 + tap_below(state, 3),
                            tap_below(state, 3)};
    noun height = 1 + tap_below(state, 4), compositions = 0;
    for (noun i = 0; i < places.compositions; i++)
        compositions = map_put(compositions, i, good_array(state, 1, 4 * height));
    noun items[6] = {mega(state, &places), 0, height, 0, 0, compositions};
    items[1] = good_array(state, 1, 4 * height * places.variables);
    items[3] = array(state, 1, places.challenges);
    items[4] = array(state, 1, places.dynamics);
    return tuple(items, 6);
}

/* ---- the prover and the verifier ------------------------------------------------- */

static noun some_power(uint64_t *state)
{
    return (noun)1 << tap_below(state, 4);
}

/* Of one table or two: polynomials in rows, opened at two points and the points after. */
static noun deep_sample(uint64_t *state)
{
    uint64_t tables = 1 + tap_below(state, 2), openings = 0, pieces = 1 + tap_below(state, 3);
    noun list = 0, piece_list = 0;
    for (uint64_t i = 0; i < tables; i++) {
        uint64_t columns = 1 + tap_below(state, 2), length = 1 + tap_below(state, 10);
        noun table = tap_below(state, 3) ? good_array(state, 1, columns * length) : array(state, 1, columns * length);
        list = pair(stack_triple(space_stack(), length, columns, noun_tail(table)), list);
        openings += 4 * columns;
    }
    for (uint64_t i = 0; i < pieces; i++)
        piece_list = pair(good_array(state, 3, 1 + tap_below(state, 10)), piece_list);
    noun items[8] = {list, good_array(state, 3, openings), piece_list};
    items[3] = good_array(state, 3, pieces);
    items[4] = good_array(state, 3, openings + pieces - odd(state));
    items[5] = good_array(state, 3, tables);
    items[6] = felt(state);
    items[7] = good_felt(state);
    return tuple(items, 8);
}

static noun to_transform_many(uint64_t *state)
{
    uint64_t height = some_power(state), columns = 1 + tap_below(state, 3);
    noun table = array(state, 1, height * columns);
    return stack_triple(space_stack(), pair(height, pair(columns, noun_tail(table))), height,
                        odd(state) ? 3 : (noun)1 << tap_below(state, 3));
}

static noun ultra(uint64_t *state, uint64_t variables, noun *degrees)
{
    struct places places = {variables, 3, 2, 0};
    *degrees = 0;
    if (tap_below(state, 2)) {
        *degrees = pair(1 + tap_below(state, 4), *degrees);
        return pair(noun_cord("mega"), mega(state, &places));
    }
    uint64_t parts = 1 + tap_below(state, 2);
    noun composed = 0, constraints = 0;
    for (uint64_t i = 0; i < parts; i++)
        composed = pair(mega(state, &places), composed);
    places.compositions = parts;
    for (uint64_t i = 0; i < 2; i++) {
        constraints = pair(mega(state, &places), constraints);
        *degrees = pair(1 + tap_below(state, 4), *degrees);
    }
    return stack_triple(space_stack(), noun_cord("comp"), composed, constraints);
}

static noun constraint_list(uint64_t *state, uint64_t variables, noun *count)
{
    noun list = 0, degrees;
    *count = 0;
    for (uint64_t i = tap_below(state, 3); i > 0; i--) {
        noun one = ultra(state, variables, &degrees);
        list = pair(pair(one, degrees), list);
        for (; degrees != 0; degrees = noun_tail(degrees))
            ++*count;
    }
    return list;
}

static noun composition_sample(uint64_t *state)
{
    uint64_t tables = 1 + tap_below(state, 2), evaluations = 0;
    noun heights = 0, widths = 0, dynamics = 0, constraint_map = 0, count_map = 0, weight_map = 0;
    for (uint64_t i = tables; i-- > 0;) {
        uint64_t width = 1 + tap_below(state, 3), pairs = 0;
        noun constraints[5], counts[5];
        for (unsigned group = 0; group < 5; group++) {
            constraints[group] = constraint_list(state, 2 * width, &counts[group]);
            pairs += counts[group];
        }
        constraint_map = map_put(constraint_map, i, tuple(constraints, 5));
        count_map = map_put(count_map, i, tuple(counts, 5));
        weight_map = map_put(weight_map, i, good_array(state, 1, 2 * pairs + 1));
        heights = pair(odd(state) ? 3 : some_power(state), heights);
        widths = pair(width, widths);
        dynamics = pair(good_array(state, 1, 2), dynamics);
        evaluations += 2 * width;
    }
    noun items[10] = {good_array(state, 3, evaluations), heights, constraint_map, count_map, dynamics, weight_map};
    items[6] = good_array(state, 1, 3);
    items[7] = good_felt(state);
    items[8] = widths;
    items[9] = tap_below(state, 2);
    return tuple(items, 10);
}

static noun deep_evaluation_sample(uint64_t *state)
{
    uint64_t tables = 1 + tap_below(state, 2), columns = 0, pieces = tap_below(state, 3);
    noun heights = 0, widths = 0;
    for (uint64_t i = 0; i < tables; i++) {
        uint64_t width = tap_below(state, 4);
        heights = pair(odd(state) ? 3 : some_power(state), heights);
        widths = pair(width, widths);
        columns += width;
    }
    noun items[12] = {good_array(state, 3, 4 * columns + 1), good_array(state, 3, pieces + 1)};
    items[2] = list_of(state, odd(state) ? belt : good_belt, columns);
    items[3] = list_of(state, good_belt, pieces);
    items[4] = pieces;
    items[5] = good_array(state, 3, 4 * columns + pieces + 1);
    items[6] = heights;
    items[7] = widths;
    items[8] = lifted(zk_root(5));
    items[9] = tap_below(state, 32);
    items[10] = felt(state);
    items[11] = good_felt(state);
    return tuple(items, 12);
}

/* ---- passwords ------------------------------------------------------------ */

static noun byte_string(uint64_t *state, uint64_t size_bytes)
{
    const uint64_t words[3] = {tap_random(state), tap_random(state), tap_below(state, 3)};
    return pair(size_bytes, stack_atom_from_words(space_stack(), words, tap_below(state, 4)));
}

/* A gate for a message and a salt, within the one for the parameters: what the
 * Nock can do in a tenth of a second, the least memory and few lanes. */
static noun core_of_argon2(noun gate, uint64_t *state)
{
    static const char *const types[] = {"d", "i", "id", "u"};
    static const uint64_t out_bytes[] = {3, 4, 32, 32, 32, 64, 65, 130};
    noun items[8] = {out_bytes[tap_below(state, COUNT_OF(out_bytes))]};
    items[1] = noun_cord(types[tap_below(state, odd(state) ? 4 : 3)]);
    items[2] = odd(state) ? 0x12 : tap_below(state, 2) ? 0x10 : 0x13;
    items[3] = odd(state) ? 2 : 1;
    items[4] = odd(state) ? 7 : 8 * items[3] + tap_below(state, 5);
    items[5] = 1 + tap_below(state, 2);
    items[6] = byte_string(state, tap_below(state, 2) ? 0 : tap_below(state, 20));
    items[7] = byte_string(state, tap_below(state, 2) ? 0 : tap_below(state, 20));
    noun message = byte_string(state, tap_below(state, 150)), salt = byte_string(state, odd(state) ? 7 : 16);
    struct stack *stack = space_stack();
    noun outer = stack_triple(stack, noun_at(gate, 14), tuple(items, 8), noun_at(gate, 31));
    return stack_triple(stack, noun_head(gate), pair(message, salt), outer);
}

/* ---- by name ------------------------------------------------------------- */

static const struct {
    const char *name;
    generator *make;
} generators[] = {
    {"based", belt},
    {"based-noun", tree},
    {"badd", belt_pair},
    {"bsub", belt_pair},
    {"bneg", belt},
    {"bmul", belt_pair},
    {"binv", belt},
    {"bpow", power},
    {"mont-reduction", double_word},
    {"montiply", belt_pair},
    {"montify", belt},
    {"ordered-root", order},
    {"fadd", felt_pair},
    {"fsub", felt_pair},
    {"fneg", felt},
    {"fmul", felt_pair},
    {"finv", felt},
    {"fdiv", felt_pair},
    {"fpow", felt_and_power},
    {"ch-scal", scalar_and_point},
    {"init-bpoly", belts},
    {"bpoly-to-list", bpoly},
    {"bp-is-zero", bpoly},
    {"bpadd", bpoly_pair},
    {"bpsub", bpoly_pair},
    {"bpneg", bpoly},
    {"bpscal", belt_and_bpoly},
    {"bpmul", bpoly_pair},
    {"bp-hadamard", bpolys_alike},
    {"bpdvr", bpoly_pair},
    {"bpeval", bpoly_and_belt},
    {"bp-shift", bpoly_and_belt},
    {"bpeval-lift", bpoly_and_felt},
    {"bp-ntt", bpoly_and_root},
    {"fp-ntt", fpoly_and_root},
    {"bp-fft", bpoly_to_transform},
    {"bp-ifft", bpoly_to_transform},
    {"fp-fft", fpoly_to_transform},
    {"ifft", fpoly_to_transform},
    {"bp-coseword", bpoly_on_coset},
    {"coseword", fpoly_on_coset},
    {"bp-intercosate", bpoly_from_coset},
    {"intercosate", fpoly_from_coset},
    {"fpadd", fpoly_pair},
    {"fpsub", fpoly_pair},
    {"fpneg", fpoly},
    {"fpscal", felt_and_fpoly},
    {"shift", fpoly_and_felt},
    {"fpmul", fpoly_pair},
    {"fpeval", fpoly_and_felt},
    {"init-fpoly", felts},
    {"lift-to-fpoly", belts},
    {"bpoly-to-fpoly", bpoly},
    {"mary-to-list", some_mary},
    {"range", bounds},
    {"transpose-bpolys", some_mary},
    {"en-base58", exponent},
    {"de-base58", base58},
    {"permutation", sixteen_belts},
    {"hash-10", ten_belts},
    {"hash-varlen", belts},
    {"hash-belts-list", belts},
    {"hash-pairs", lists_of_five},
    {"absorb", belts},
    {"hash-ten-cell", ten_cell},
    {"hash-noun-varlen", tree},
    {"digest-to-atom", digest},
    {"snag-as-digest", digests_and_index},
    {"num-of-leaves", tree},
    {"leaf-sequence", tree},
    {"dyck", tree},
    {"hash-hashable", hashable},
    {"build-merk-heap", mary_for_heap},
    {"bp-build-merk-heap", mary_for_heap},
    {"do-init-mary", step_and_elements},
    {"frep", three_belts},
    {"fpdiv", fpoly_pair},
    {"mpeval", mega_and_places},
    {"mp-substitute-mega", mega_and_traces},
    {"compute-deep", deep_sample},
    {"precompute-ntts", to_transform_many},
    {"eval-composition-poly", composition_sample},
    {"evaluate-deep", deep_evaluation_sample},
    {"gor-tip", tree_pair},
    {"mor-tip", tree_pair},
    {"gor-hip", hashed_pair},
    {"mor-hip", hashed_pair},
};

const char *zk_sample_name(const char *path)
{
    static const char *const prefixes[] = {"/z-by/", "/z-in/", "/h-by/", "/h-in/", "/ave/", "/ops/", "/mary-utils/"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        const char *door = strstr(path, prefixes[i]);
        if (door != NULL)
            return door + 1;
    }
    return strrchr(path, '/') + 1;
}

bool zk_sample_is_made(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(generators); i++)
        if (strcmp(generators[i].name, name) == 0)
            return true;
    bool is_trap = strcmp(name, "squeeze") == 0; /* kicked as it is */
    return is_trap || strchr(name, '/') != NULL || strcmp(name, "argon2") == 0;
}

noun zk_sample_core(struct nock *machine, const char *name, noun gate, uint64_t *state)
{
    sample_machine = machine;
    if (strncmp(name, "ave/", 4) == 0)
        return core_in_ave(name + 4, gate, state);
    if (strncmp(name, "ops/", 4) == 0)
        return core_in_ops(name + 4, gate, state);
    if (strncmp(name, "mary-utils/", 11) == 0)
        return core_in_mary_utils(name + 11, gate, state);
    if (strcmp(name, "argon2") == 0)
        return core_of_argon2(gate, state);
    if (strchr(name, '/') != NULL)
        return core_in_door(machine, name, gate, state);
    for (size_t i = 0; i < COUNT_OF(generators); i++)
        if (strcmp(generators[i].name, name) == 0)
            return nock_gate_with_sample(machine, gate, generators[i].make(state));
    return gate;
}
