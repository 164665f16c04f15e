/* Every plain jet against its Nock, out of the compiled library.
 *
 * A series of samples, ordinary, at the edges and of the wrong shape, goes
 * through the library's own gate twice: in a machine with all jets, and in one
 * with all jets but the one in question.  Outcomes and products must be the
 * same.  What does not end in time, in either machine, is not compared.
 */
#include "compared.h"
#include "library.h"

#include "codec/codec.h"
#include "jet/chapters.h"
#include "jet/jet.h"
#include "os/os.h"
#include "random_noun.h"
#include "space.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef LOAM_HOSTILE
#define SAMPLES 13
#else
#define SAMPLES 60
#endif
#define ODD_EVERY 12 /* samples, one of the wrong shape, which may well never end */
#define DEADLINE_NS 2000000000
#define DEADLINE_ODD_NS 20000000

static uint64_t seed;
static struct nock *machine; /* for samples that a jet makes */

/* ---- samples ------------------------------------------------------------- */

typedef noun generator(uint64_t *state);

static noun pair(noun head, noun tail)
{
    return stack_cell(space_stack(), head, tail);
}

static noun small(uint64_t *state)
{
    return tap_below(state, tap_below(state, 2) ? 5 : 200);
}

static noun atom(uint64_t *state)
{
    return random_atom(space_stack(), state);
}

static noun any(uint64_t *state)
{
    return random_noun(space_stack(), state, 1 + (unsigned)tap_below(state, 20));
}

static noun small_pair(uint64_t *state)
{
    noun a = small(state);
    return pair(a, tap_below(state, 3) == 0 ? a : small(state));
}

static noun atom_pair(uint64_t *state)
{
    noun a = atom(state);
    return pair(a, tap_below(state, 6) == 0 ? a : atom(state));
}

/* With one atom that the Nock can count through. */
static noun small_atom_pair(uint64_t *state)
{
    noun a = small(state);
    return pair(a, atom(state));
}

static noun atom_small_pair(uint64_t *state)
{
    noun a = atom(state);
    return pair(a, small(state));
}

/* A quotient that the Nock can count. */
static noun division(uint64_t *state)
{
    struct stack *stack = space_stack();
    uint64_t shift = 40 * tap_below(state, 2), b = tap_below(state, 50), a = b * small(state) + small(state) % (b + 1);
    return pair(stack_atom_from_word(stack, a << shift), stack_atom_from_word(stack, b << shift));
}

static noun list_of(uint64_t *state, generator *item)
{
    noun list = tap_below(state, 15) == 0 ? 7 : 0;
    for (uint64_t i = tap_below(state, 8); i > 0; i--)
        list = pair(item(state), list);
    return list;
}

static noun few(uint64_t *state)
{
    return tap_below(state, 3);
}

static noun list(uint64_t *state)
{
    return list_of(state, tap_below(state, 2) ? few : any);
}

static noun list_pair(uint64_t *state)
{
    noun a = list_of(state, few);
    return pair(a, list_of(state, few));
}

static noun list_of_lists(uint64_t *state)
{
    return list_of(state, list);
}

static noun small_and_list(uint64_t *state)
{
    return pair(tap_below(state, 10), list(state));
}

static noun small_and_any(uint64_t *state)
{
    return pair(tap_below(state, 10), any(state));
}

static noun bloq(uint64_t *state)
{
    return tap_below(state, 8);
}

static noun bite(uint64_t *state)
{
    return tap_below(state, 2) ? bloq(state) : pair(bloq(state), tap_below(state, 20));
}

static noun bite_and_atom(uint64_t *state)
{
    noun a = bite(state);
    return pair(a, atom(state));
}

/* Without empty bites, by which an atom never comes to an end. */
static noun full_bite_and_atom(uint64_t *state)
{
    noun a = tap_below(state, 2) ? bloq(state) : pair(bloq(state), 1 + tap_below(state, 20));
    return pair(a, atom(state));
}

static noun bloq_and_atom(uint64_t *state)
{
    return pair(bloq(state), atom(state));
}

static noun bloq_and_atoms(uint64_t *state)
{
    return pair(bloq(state), list_of(state, atom));
}

static noun bite_and_atoms(uint64_t *state)
{
    noun a = bite(state);
    return pair(a, list_of(state, atom));
}

static noun bloq_and_steps(uint64_t *state)
{
    return pair(tap_below(state, 5), list_of(state, small_pair));
}

static noun bloq_and_pair(uint64_t *state)
{
    return pair(bloq(state), atom_pair(state));
}

static noun cut(uint64_t *state)
{
    noun range = pair(tap_below(state, 20), tap_below(state, 20));
    return stack_triple(space_stack(), bloq(state), range, atom(state));
}

static noun sew(uint64_t *state)
{
    noun patch = stack_triple(space_stack(), tap_below(state, 20), tap_below(state, 20), atom(state));
    return stack_triple(space_stack(), tap_below(state, 6), patch, atom(state));
}

static noun rev(uint64_t *state)
{
    return stack_triple(space_stack(), tap_below(state, 7), tap_below(state, 40), atom(state));
}

static noun any_pair(uint64_t *state)
{
    noun a = any(state);
    return pair(a, tap_below(state, 4) == 0 ? a : any(state));
}

static noun message(uint64_t *state)
{
    return pair(tap_below(state, 140), atom(state));
}

static noun jammed(uint64_t *state)
{
    noun n = any(state), bits = codec_jam_atom(space_stack(), n);
    if (tap_below(state, 4) == 0 && noun_is_direct(bits))
        bits >>= tap_below(state, 8);
    return bits;
}

static noun place_and_atom(uint64_t *state)
{
    return pair(tap_below(state, 20), jammed(state));
}

static noun aura_and_atom(uint64_t *state)
{
    static const char *const auras[] = {"ud", "ux", "uv", "uw", "ub", "ui", "u", "us"};
    return pair(noun_cord(auras[tap_below(state, COUNT_OF(auras))]), atom(state));
}

/* ---- trees: [sample tree] -------------------------------------------------- */

/* A gate in a door, as far as a jet looks at it. */
static noun gate_on(noun sample, noun tree)
{
    return pair(0, pair(sample, stack_triple(space_stack(), 0, tree, 0)));
}

static noun key(uint64_t *state)
{
    return tap_below(state, 4) == 0 ? any(state) : tap_below(state, 30);
}

static noun key_and_value(uint64_t *state)
{
    noun a = key(state);
    return pair(a, few(state));
}

/* Mostly well-ordered, sometimes not, sometimes no tree at all. */
static noun tree_of(uint64_t *state, generator *item, nock_jet_core *put, unsigned size)
{
    if (tap_below(state, 30) == 0)
        return any(state);
    if (tap_below(state, 8) == 0 && size > 0) {
        noun a = item(state), left = tree_of(state, item, put, size / 2);
        return stack_triple(space_stack(), a, left, tree_of(state, item, put, size / 2));
    }
    noun tree = 0;
    for (unsigned i = 0; i < size; i++) {
        noun grown = put(machine, gate_on(item(state), tree));
        tree = grown == NOCK_JET_PUNT ? tree : grown;
    }
    return tree;
}

static noun set(uint64_t *state)
{
    return tree_of(state, key, jet_in_put, (unsigned)tap_below(state, 20));
}

static noun map(uint64_t *state)
{
    return tree_of(state, key_and_value, jet_by_put, (unsigned)tap_below(state, 20));
}

static noun key_set(uint64_t *state)
{
    noun a = key(state);
    return pair(a, set(state));
}

static noun keys_set(uint64_t *state)
{
    noun a = list_of(state, key);
    return pair(a, set(state));
}

static noun set_set(uint64_t *state)
{
    noun a = set(state);
    return pair(a, set(state));
}

static noun key_map(uint64_t *state)
{
    noun a = key(state);
    return pair(a, map(state));
}

static noun item_map(uint64_t *state)
{
    noun a = key_and_value(state);
    return pair(a, map(state));
}

static noun items_map(uint64_t *state)
{
    noun a = list_of(state, key_and_value);
    return pair(a, map(state));
}

static noun map_map(uint64_t *state)
{
    noun a = map(state);
    return pair(a, map(state));
}

static noun set_map(uint64_t *state)
{
    noun a = set(state);
    return pair(a, map(state));
}

static noun list_set(uint64_t *state)
{
    noun a = list_of(state, few);
    return pair(a, set(state));
}

/* ---- cores: [name tree] ------------------------------------------------------ */

/* A chapter's items are [name hoon]; of the names asked for most are in it. */
static noun name_chapter(uint64_t *state)
{
    noun name = key(state);
    return pair(name, map(state));
}

static noun notes_and_chapter(uint64_t *state)
{
    noun name = key(state), notes = few(state);
    noun chapter = tree_of(state, key_and_value, jet_by_put, (unsigned)tap_below(state, 9));
    return stack_triple(space_stack(), name, notes, chapter);
}

static noun name_core(uint64_t *state)
{
    noun name = key(state);
    return pair(name, tree_of(state, notes_and_chapter, jet_by_put, (unsigned)tap_below(state, 7)));
}

/* ---- what goes through what ---------------------------------------------- */

enum place {
    PLACE_SAMPLE,      /* axis 6 */
    PLACE_DOOR,        /* the sample's head at axis 6, its tail in the door, at axis 30 */
    PLACE_TRAP_IN_DOOR /* axis 14 */
};

static const struct series {
    const char *path;
    generator *samples;
    enum place place;
} all_series[] = {
    {"k.138/one/add", small_atom_pair, PLACE_SAMPLE},
    {"k.138/one/dec", small, PLACE_SAMPLE},
    {"k.138/one/div", division, PLACE_SAMPLE},
    {"k.138/one/dvr", division, PLACE_SAMPLE},
    {"k.138/one/mod", division, PLACE_SAMPLE},
    {"k.138/one/gte", small_pair, PLACE_SAMPLE},
    {"k.138/one/gth", small_pair, PLACE_SAMPLE},
    {"k.138/one/lte", small_pair, PLACE_SAMPLE},
    {"k.138/one/lth", small_pair, PLACE_SAMPLE},
    {"k.138/one/max", atom_pair, PLACE_SAMPLE},
    {"k.138/one/min", atom_pair, PLACE_SAMPLE},
    {"k.138/one/mul", small_pair, PLACE_SAMPLE},
    {"k.138/one/sub", atom_small_pair, PLACE_SAMPLE},
    {"k.138/one/cap", atom, PLACE_SAMPLE},
    {"k.138/one/mas", atom, PLACE_SAMPLE},
    {"k.138/one/peg", atom_pair, PLACE_SAMPLE},
    {"k.138/one/two/flop", list, PLACE_SAMPLE},
    {"k.138/one/two/snip", list, PLACE_SAMPLE},
    {"k.138/one/two/zing", list_of_lists, PLACE_SAMPLE},
    {"k.138/one/two/weld", list_pair, PLACE_SAMPLE},
    {"k.138/one/two/snag", small_and_list, PLACE_SAMPLE},
    {"k.138/one/two/scag", small_and_list, PLACE_SAMPLE},
    {"k.138/one/two/slag", small_and_list, PLACE_SAMPLE},
    {"k.138/one/two/reap", small_and_any, PLACE_SAMPLE},
    {"k.138/one/two/find", list_pair, PLACE_SAMPLE},
    {"k.138/one/two/fand", list_pair, PLACE_SAMPLE},
    {"k.138/one/two/bex", small, PLACE_SAMPLE},
    {"k.138/one/two/xeb", atom, PLACE_SAMPLE},
    {"k.138/one/two/met", bloq_and_atom, PLACE_SAMPLE},
    {"k.138/one/two/end", bite_and_atom, PLACE_SAMPLE},
    {"k.138/one/two/lsh", bite_and_atom, PLACE_SAMPLE},
    {"k.138/one/two/rsh", bite_and_atom, PLACE_SAMPLE},
    {"k.138/one/two/rip", full_bite_and_atom, PLACE_SAMPLE},
    {"k.138/one/two/cut", cut, PLACE_SAMPLE},
    {"k.138/one/two/can", bloq_and_steps, PLACE_SAMPLE},
    {"k.138/one/two/rap", bloq_and_atoms, PLACE_SAMPLE},
    {"k.138/one/two/rep", bite_and_atoms, PLACE_SAMPLE},
    {"k.138/one/two/cat", bloq_and_pair, PLACE_SAMPLE},
    {"k.138/one/two/sew", sew, PLACE_SAMPLE},
    {"k.138/one/two/rev", rev, PLACE_SAMPLE},
    {"k.138/one/two/con", atom_pair, PLACE_SAMPLE},
    {"k.138/one/two/dis", atom_pair, PLACE_SAMPLE},
    {"k.138/one/two/mix", atom_pair, PLACE_SAMPLE},
    {"k.138/one/two/mug", any, PLACE_SAMPLE},
    {"k.138/one/two/dor", any_pair, PLACE_SAMPLE},
    {"k.138/one/two/gor", any_pair, PLACE_SAMPLE},
    {"k.138/one/two/mor", any_pair, PLACE_SAMPLE},
    {"k.138/one/two/jam", any, PLACE_SAMPLE},
    {"k.138/one/two/cue", jammed, PLACE_SAMPLE},
    {"k.138/one/two/mat", atom, PLACE_SAMPLE},
    {"k.138/one/two/rub", place_and_atom, PLACE_SAMPLE},
    {"k.138/one/two/in/has", key_set, PLACE_DOOR},
    {"k.138/one/two/in/put", key_set, PLACE_DOOR},
    {"k.138/one/two/in/gas", keys_set, PLACE_DOOR},
    {"k.138/one/two/in/del", key_set, PLACE_DOOR},
    {"k.138/one/two/in/uni", set_set, PLACE_DOOR},
    {"k.138/one/two/in/tap", list_set, PLACE_DOOR},
    {"k.138/one/two/by/get", key_map, PLACE_DOOR},
    {"k.138/one/two/by/put", item_map, PLACE_DOOR},
    {"k.138/one/two/by/gas", items_map, PLACE_DOOR},
    {"k.138/one/two/by/del", key_map, PLACE_DOOR},
    {"k.138/one/two/by/uni", map_map, PLACE_DOOR},
    {"k.138/one/two/by/tap", items_map, PLACE_DOOR},
    {"k.138/one/two/by/key", set_map, PLACE_DOOR},
    {"k.138/one/two/in/wyt", set, PLACE_TRAP_IN_DOOR},
    {"k.138/one/two/by/wyt", map, PLACE_TRAP_IN_DOOR},
    {"k.138/one/two/tri/shas", atom_pair, PLACE_SAMPLE},
    {"k.138/one/two/tri/shax", atom, PLACE_SAMPLE},
    {"k.138/one/two/tri/shay", message, PLACE_SAMPLE},
    {"k.138/one/two/tri/shal", message, PLACE_SAMPLE},
    {"k.138/one/two/tri/sha/sha1", message, PLACE_SAMPLE},
    {"k.138/one/two/tri/qua/trip", atom, PLACE_SAMPLE},
    {"k.138/one/two/tri/qua/scow", aura_and_atom, PLACE_SAMPLE},
    {"k.138/one/two/tri/qua/pen/look", name_chapter, PLACE_SAMPLE},
    {"k.138/one/two/tri/qua/pen/loot", name_core, PLACE_SAMPLE},
};

static bool is_odd(uint64_t i)
{
    return i % ODD_EVERY == ODD_EVERY - 1;
}

/* Sample number `i` of a series. */
static noun sample_of(const struct series *series, uint64_t i)
{
    uint64_t state = seed + i * 1000003 + (uint64_t)(series - all_series);
    return is_odd(i) ? any(&state) : series->samples(&state);
}

/* ---- running ------------------------------------------------------------- */

struct outcome {
    enum nock_outcome kind;
    uint64_t product_hash;
};

static noun edit(noun tree, uint64_t axis, noun patch)
{
    CHECK(axis == 1 || noun_is_cell(tree));
    if (axis == 1)
        return patch;
    uint64_t top = (uint64_t)1 << (bits_length(axis) - 2), below = (axis & (top - 1)) | top;
    if (axis & top)
        return pair(noun_head(tree), edit(noun_tail(tree), below, patch));
    return pair(edit(noun_head(tree), below, patch), noun_tail(tree));
}

/* The core with the sample where it belongs. */
static noun fill(enum place place, noun core, noun sample)
{
    if (place == PLACE_TRAP_IN_DOOR)
        return edit(core, 14, sample);
    if (place == PLACE_SAMPLE || !noun_is_cell(sample))
        return edit(core, 6, sample);
    return edit(edit(core, 6, noun_head(sample)), 30, noun_tail(sample));
}

static struct outcome slam(struct library *library, noun core, uint64_t deadline_ns)
{
    struct stack *stack = space_stack();
    noun kick = stack_triple(stack, 9, 2, stack_cell(stack, 0, 1));
    struct nock_result result;
    nock_set_deadline(library->machine, os_clock_ns() + deadline_ns);
    nock_run(library->machine, core, kick, &result);
    nock_set_deadline(library->machine, 0);
    return (struct outcome){result.outcome, result.outcome == NOCK_DONE ? library_hash(result.product) : 0};
}

/* Runs a whole series; false if the library has no such gate. */
static bool run_series(struct library *library, const struct series *series, struct outcome outcomes[SAMPLES])
{
    noun gate = library_find(library, series->path);
    machine = library->machine;
    if (gate == NOUN_NONE)
        return false;
    nock_root_add(library->machine, &gate);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        noun core = fill(series->place, gate, sample_of(series, i));
        outcomes[i] = slam(library, core, is_odd(i) ? DEADLINE_ODD_NS : DEADLINE_NS);
    }
    nock_root_remove(library->machine, &gate);
    return true;
}

/* ---- comparing ----------------------------------------------------------- */

static void describe(const struct series *series, uint64_t i, struct outcome with, struct outcome without)
{
    static const char *const names[] = {"done", "crashed", "failed"};
    uint8_t *bytes;
    size_t size_bytes;
    char text[2 * 200 + 1] = "";
    CHECK(codec_jam(sample_of(series, i), &bytes, &size_bytes) == STATUS_OK);
    for (size_t at = 0; at < size_bytes && at < 200; at++)
        snprintf(text + 2 * at, 3, "%02x", bytes[at]);
    tap_note("%s: %s with the jet, %s without, sample %" PRIu64 ", whose jam is %s", series->path, names[with.kind],
             names[without.kind], i, text);
    free(bytes);
}

static void compare(const struct series *series, const struct outcome *with, const struct outcome *without)
{
    unsigned different = 0, compared = 0;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        if (with[i].kind == NOCK_FAILED || without[i].kind == NOCK_FAILED)
            continue;
        compared++;
        if (with[i].kind == without[i].kind && with[i].product_hash == without[i].product_hash)
            continue;
        if (different++ == 0)
            describe(series, i, with[i], without[i]);
    }
    tap_ok(different == 0 && compared > SAMPLES / 2, "%s is its Nock on %u samples of %d", series->path, compared,
           SAMPLES);
}

static struct nock_jet *table_without(const char *path, size_t *count)
{
    struct nock_jet *table = calloc(jet_table_count, sizeof *table);
    CHECK(table != NULL);
    *count = 0;
    for (size_t i = 0; i < jet_table_count; i++) {
        if (strcmp(jet_table[i].path, path) != 0)
            table[(*count)++] = jet_table[i];
    }
    return table;
}

static void check_series(const struct series *series, const struct outcome *with)
{
    struct outcome without[SAMPLES];
    struct library library;
    size_t count;
    struct nock_jet *table = table_without(series->path, &count);
    library_open(&library, table, count, false);
    bool found = run_series(&library, series, without);
    if (found && count < jet_table_count)
        compare(series, with, without);
    else
        tap_ok(false, "%s is %s", series->path, found ? "no jet" : "not in the library");
    library_close(&library);
    free(table);
}

/* ---- no jet is left out ------------------------------------------------------ */

static bool is_compared(const char *path)
{
    for (size_t i = 0; i < COUNT_OF(all_series); i++)
        if (strcmp(all_series[i].path, path) == 0)
            return true;
    for (size_t i = 0; i < COUNT_OF(compared_by_programs); i++)
        if (strcmp(compared_by_programs[i], path) == 0)
            return true;
    return false;
}

static void check_all_compared(void)
{
    unsigned left_out = 0;
    for (size_t i = 0; i < jet_table_count; i++) {
        if (is_compared(jet_table[i].path))
            continue;
        tap_note("%s is compared with its Nock nowhere", jet_table[i].path);
        left_out++;
    }
    tap_ok(left_out == 0, "every jet of the table is compared with its Nock");
}

int main(void)
{
    static struct outcome with[COUNT_OF(all_series)][SAMPLES];
    check_all_compared();
    if (library_jam_path() == NULL) {
        tap_skip("the jets against the compiled library", "LOAM_CORPUS has no hoonc.jam");
        return tap_done();
    }
    seed = tap_seed();
    struct library library;
    library_open(&library, jet_table, jet_table_count, false);
    for (size_t i = 0; i < COUNT_OF(all_series); i++)
        run_series(&library, &all_series[i], with[i]);
    tap_note("%" PRIu64 " jet calls, %" PRIu64 " punts", nock_statistics(library.machine)->jet_calls,
             nock_statistics(library.machine)->jet_punts);
    library_close(&library);
    for (size_t i = 0; i < COUNT_OF(all_series); i++)
        check_series(&all_series[i], with[i]);
    return tap_done();
}
