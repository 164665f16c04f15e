/* Set and map jets against an array. */
#include "jet/chapters.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

#define ROUNDS 300
#define KEYS 40

static struct nock *machine;
static uint64_t state;

static noun cell(noun head, noun tail)
{
    return stack_cell(space_stack(), head, tail);
}

/* A gate in a door, [0 sample 0 tree 0]: all that a jet looks at. */
static noun gate_on(noun sample, noun tree)
{
    return cell(0, cell(sample, cell(0, cell(tree, 0))));
}

/* Drives a step jet that only pauses; NOCK_JET_PUNT if it leaves the call. */
static noun drive(nock_jet_step *step, noun core)
{
    struct nock_activation a = {.core = core};
    for (;;) {
        switch (step(machine, &a)) {
        case NOCK_STEP_DONE:
            return a.result;
        case NOCK_STEP_CALL:
            if (a.formula != noun_head(core))
                continue;
            return NOCK_JET_PUNT;
        default:
            return NOCK_JET_PUNT;
        }
    }
}

/* What the tree must hold: values by key, NOUN_NONE where there is none. */
struct model {
    noun keys[KEYS];
    noun values[KEYS];
};

static void model_begin(struct model *model)
{
    for (size_t i = 0; i < KEYS; i++) {
        model->keys[i] = i < KEYS / 2 ? i : cell(i, random_noun(space_stack(), &state, 3));
        model->values[i] = NOUN_NONE;
    }
}

static size_t model_count(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < KEYS; i++)
        count += model->values[i] != NOUN_NONE;
    return count;
}

static bool map_is(const struct model *model, noun tree)
{
    bool right = jet_wyt(machine, cell(0, cell(0, cell(tree, 0)))) == model_count(model);
    for (size_t i = 0; i < KEYS; i++) {
        noun gate = gate_on(model->keys[i], tree);
        noun got = jet_by_get(machine, gate), value = model->values[i];
        right = right && (value == NOUN_NONE ? got == 0 : noun_is_cell(got) && noun_tail(got) == value);
    }
    return right;
}

/* The tree of everything in the model, put in some order. */
static noun map_from(const struct model *model, size_t first, size_t stride)
{
    noun tree = 0;
    for (size_t i = 0; i < KEYS; i++) {
        size_t at = (first + i * stride) % KEYS;
        if (model->values[at] != NOUN_NONE)
            tree = jet_by_put(machine, gate_on(cell(model->keys[at], model->values[at]), tree));
    }
    return tree;
}

/* After each change the tree holds what it must, in the one shape that there is. */
static bool changes_agree(void)
{
    struct model model;
    model_begin(&model);
    noun tree = 0;
    bool right = true;
    for (unsigned i = 0; i < 2 * KEYS && right; i++) {
        size_t at = tap_below(&state, KEYS);
        if (tap_below(&state, 3) == 0) {
            model.values[at] = NOUN_NONE;
            tree = jet_by_del(machine, gate_on(model.keys[at], tree));
        } else {
            model.values[at] = tap_below(&state, 3);
            tree = jet_by_put(machine, gate_on(cell(model.keys[at], model.values[at]), tree));
        }
        right = i % 8 != 0 || (map_is(&model, tree) && noun_equal(tree, map_from(&model, at, 7)));
    }
    return right && noun_equal(tree, map_from(&model, 0, 1));
}

/* Two maps, some keys in both; the second one's values stand. */
static bool unions_agree(void)
{
    struct model first, second;
    model_begin(&first);
    second = first;
    for (size_t i = 0; i < KEYS; i++) {
        first.values[i] = tap_below(&state, 2) ? 1 : NOUN_NONE;
        second.values[i] = tap_below(&state, 2) ? 2 : NOUN_NONE;
    }
    noun a = map_from(&first, 0, 3), b = map_from(&second, 5, 11);
    for (size_t i = 0; i < KEYS; i++) {
        if (second.values[i] != NOUN_NONE)
            first.values[i] = second.values[i];
    }
    return noun_equal(jet_by_uni(machine, gate_on(b, a)), map_from(&first, 0, 1));
}

/* The keys of a map, as a set, are what putting them makes; and so for the
 * list of its items, and for a set united with another. */
static bool sets_agree(void)
{
    struct model model;
    model_begin(&model);
    noun set = 0, odd = 0, even = 0, list = 0;
    for (size_t i = 0; i < KEYS; i++) {
        if (tap_below(&state, 2) == 0)
            continue;
        model.values[i] = i;
        set = jet_in_put(machine, gate_on(model.keys[i], set));
        list = cell(model.keys[i], list);
        if (i % 2 == 0)
            even = jet_in_put(machine, gate_on(model.keys[i], even));
        else
            odd = jet_in_put(machine, gate_on(model.keys[i], odd));
    }
    noun map = map_from(&model, 0, 1);
    noun items = jet_tap(machine, gate_on(0, map));
    return noun_equal(drive(jet_by_key, gate_on(0, map)), set) &&
           noun_equal(drive(jet_in_gas, gate_on(list, 0)), set) &&
           noun_equal(jet_in_uni(machine, gate_on(odd, even)), set) &&
           noun_equal(drive(jet_by_gas, gate_on(items, 0)), map) &&
           noun_list_length(jet_tap(machine, gate_on(0, set))) == (int64_t)model_count(&model);
}

static void check_random(void)
{
    unsigned wrong_change = 0, wrong_union = 0, wrong_set = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        stack_clear(space_stack());
        wrong_change += !changes_agree();
        wrong_union += !unions_agree();
        wrong_set += !sets_agree();
    }
    tap_ok(wrong_change == 0, "put, del, get, has and wyt");
    tap_ok(wrong_union == 0, "uni of maps");
    tap_ok(wrong_set == 0, "sets, and what is made of maps");
}

/* A list-like tree, as nobody gets it by putting. */
static noun chain(unsigned depth, bool to_the_left)
{
    noun tree = 0;
    for (; depth > 0; depth--)
        tree = cell(cell(depth, 0), to_the_left ? cell(tree, 0) : cell(0, tree));
    return tree;
}

static void check_deep(void)
{
    stack_clear(space_stack());
    noun key = cell(7, 0);
    for (unsigned left = 0; left < 2; left++) {
        noun deep = chain(1000000, left == 0), gate = gate_on(key, deep);
        noun got = jet_by_get(machine, gate), put = jet_by_put(machine, gate), del = jet_by_del(machine, gate);
        noun uni = jet_by_uni(machine, gate_on(deep, cell(key, cell(0, 0))));
        tap_ok((got == NOUN_YES || got == NOUN_NO) && put != 0 && del != 0 && uni != 0,
               "a tree a million levels deep to the %s is looked up or left to the Nock", left == 0 ? "left" : "right");
    }
    noun deep = chain(1000000, true);
    tap_ok(jet_tap(machine, gate_on(0, deep)) == NOCK_JET_PUNT, "its items are left to the Nock");
    tap_ok(jet_wyt(machine, cell(0, cell(0, cell(deep, 0)))) == 1000000, "its items are counted");
    tap_ok(noun_is_cell(drive(jet_by_key, gate_on(0, chain(10000, true)))), "the keys of a less deep one can be had");
    stack_clear(space_stack());
}

static void check_odd(void)
{
    noun odd[] = {5, cell(1, 5), cell(1, cell(5, 0)), cell(cell(1, 2), cell(0, 7))};
    unsigned wrong = 0;
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        noun trap = gate_on(0, odd[i]), gate = gate_on(cell(9, 9), odd[i]);
        wrong += jet_tap(machine, trap) != NOCK_JET_PUNT || drive(jet_by_key, trap) != NOCK_JET_PUNT;
        wrong += i < 2 && (jet_by_put(machine, gate) != NOCK_JET_PUNT || jet_by_del(machine, gate) != NOCK_JET_PUNT ||
                           jet_in_uni(machine, gate) != NOCK_JET_PUNT);
    }
    noun shared = 0; /* 2^40 nodes, of which 40 are distinct */
    for (unsigned i = 0; i < 40; i++)
        shared = cell(cell(i, 0), cell(shared, shared));
    noun trap = gate_on(0, shared), counted = cell(0, cell(0, cell(shared, 0)));
    tap_ok(jet_tap(machine, trap) == NOCK_JET_PUNT && jet_wyt(machine, counted) == NOCK_JET_PUNT,
           "endless walks are left to the Nock");
    tap_ok(wrong == 0, "what is no tree is left to the Nock");
    tap_ok(jet_by_put(machine, gate_on(5, 0)) == NOCK_JET_PUNT &&
               drive(jet_by_gas, gate_on(cell(5, 0), 0)) == NOCK_JET_PUNT &&
               drive(jet_in_gas, gate_on(cell(5, 5), 0)) == NOCK_JET_PUNT && jet_in_has(machine, 5) == NOCK_JET_PUNT,
           "and what is no item, no list, no gate");
}

int main(void)
{
    CHECK(nock_create(space_stack(), NULL, &machine) == STATUS_OK);
    state = tap_seed();
    check_random();
    check_deep();
    check_odd();
    nock_destroy(machine);
    return tap_done();
}
