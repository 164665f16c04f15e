#include "library.h"

#include "codec/codec.h"
#include "space.h"
#include "tap.h"

#include <stdio.h>
#include <stdlib.h>

const char *library_jam_path(void)
{
    return tap_corpus("crates/hoonc/bootstrap/hoonc.jam");
}

noun library_cue(const char *path)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    fseek(file, 0, SEEK_END);
    size_t size_bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(size_bytes);
    CHECK(bytes != NULL && fread(bytes, 1, size_bytes, file) == size_bytes);
    fclose(file);
    noun n;
    CHECK(codec_cue(space_stack(), bytes, size_bytes, NULL, &n) == STATUS_OK);
    free(bytes);
    return n;
}

uint64_t library_hash(noun n)
{
    uint8_t *bytes;
    size_t size_bytes;
    CHECK(codec_jam(n, &bytes, &size_bytes) == STATUS_OK);
    uint64_t hash = hash_xxh3_64(bytes, size_bytes);
    free(bytes);
    return hash;
}

/* ---- labels -------------------------------------------------------------- */

/* The label that a formula registers its product under, or 0. */
static noun label_of(noun formula)
{
    while (noun_is_cell(formula) && noun_is_cell(noun_tail(formula))) {
        noun op = noun_head(formula), rest = noun_tail(formula);
        if (op == 11 && noun_at(rest, 4) == noun_cord("fast"))
            return noun_at(rest, 22); /* [[%fast 1 label ...] body] */
        if (op != 7 && op != 8 && op != 11)
            return 0;
        formula = noun_tail(rest);
    }
    return 0;
}

/* The same for a formula whose product is kicked at once. */
static noun kicked_label_of(noun formula)
{
    if (noun_head(formula) != 7 || !noun_is_cell(noun_tail(formula)))
        return 0;
    return label_of(noun_head(noun_tail(formula)));
}

/* The axis in a battery of the formula that registers `name`, or 0.  A battery
 * is a tree of formulas; those of the library all start with an opcode. */
static uint64_t find_in_battery(noun battery, uint64_t axis, noun name)
{
    if (!noun_is_cell(battery))
        return 0;
    if (noun_is_atom(noun_head(battery)))
        return label_of(battery) == name || kicked_label_of(battery) == name ? axis : 0;
    uint64_t found = find_in_battery(noun_head(battery), 2 * axis, name);
    return found != 0 ? found : find_in_battery(noun_tail(battery), 2 * axis + 1, name);
}

/* The layers from the inside out, and an arm that each is known by. */
static const struct layer {
    const char *name;
    const char *arm;
} layers[] = {{"pen", "vest"}, {"qua", "mole"}, {"tri", "shax"}, {"two", "lent"}, {"one", "add"}};

static bool are_layers(noun core)
{
    for (size_t i = 0; i < COUNT_OF(layers); i++, core = noun_tail(core)) {
        if (!noun_is_cell(core) || find_in_battery(noun_head(core), 2, noun_cord(layers[i].arm)) == 0)
            return false;
    }
    return true;
}

/* The innermost layer, in the context of `core`. */
static noun find_layers(noun core)
{
    while (noun_is_cell(core) && !are_layers(core))
        core = noun_tail(core);
    CHECK(noun_is_cell(core));
    return core;
}

/* ---- running ------------------------------------------------------------- */

static noun run(struct library *library, noun subject, noun formula)
{
    struct nock_result result;
    nock_run(library->machine, subject, formula, &result);
    CHECK(result.outcome == NOCK_DONE);
    return result.product;
}

static noun kick(struct library *library, noun core, uint64_t axis)
{
    struct stack *stack = space_stack();
    noun formula = stack_triple(stack, 9, stack_atom_from_word(stack, axis), stack_cell(stack, 0, 1));
    return run(library, core, formula);
}

void library_open(struct library *library, const struct nock_jet *jets, size_t count, bool check_jets)
{
    const struct nock_options options = {.check_jets = check_jets};
    stack_clear(space_stack());
    CHECK(nock_create(space_stack(), &options, &library->machine) == STATUS_OK);
    nock_add_jets(library->machine, jets, count);
    noun kernel = kick(library, library_cue(library_jam_path()), 2);
    library->pen = find_layers(kernel);
    nock_root_add(library->machine, &library->pen);
    nock_collect(library->machine);
}

void library_close(struct library *library)
{
    nock_root_remove(library->machine, &library->pen);
    nock_destroy(library->machine);
}

static noun cord_of(const char *text, size_t length)
{
    return stack_atom_from_bytes(space_stack(), text, length);
}

/* The layer, or NOUN_NONE if none is called so. */
static noun find_layer(struct library *library, const char *name, size_t length)
{
    noun core = library->pen;
    for (size_t i = 0; i < COUNT_OF(layers); i++, core = noun_tail(core)) {
        if (strlen(layers[i].name) == length && memcmp(layers[i].name, name, length) == 0)
            return core;
    }
    return NOUN_NONE;
}

noun library_layer(struct library *library, const char *name)
{
    return find_layer(library, name, strlen(name));
}

static noun run_arm(struct library *library, noun core, const char *name, size_t length)
{
    noun label = cord_of(name, length);
    uint64_t axis = find_in_battery(noun_head(core), 2, label);
    if (axis == 0)
        return NOUN_NONE;
    noun formula = noun_at(core, axis);
    return run(library, core, label_of(formula) == label ? formula : noun_head(noun_tail(formula)));
}

noun library_arm(struct library *library, noun core, const char *name)
{
    return run_arm(library, core, name, strlen(name));
}

noun library_with_sample(struct library *library, noun core, noun sample)
{
    noun changed = nock_gate_with_sample(library->machine, core, sample);
    CHECK(changed != NOUN_NONE);
    return changed;
}

noun library_find(struct library *library, const char *path)
{
    noun core = library->pen; /* until a layer is named, which is what all paths start with */
    for (const char *slash = strchr(path, '/'); slash != NULL && core != NOUN_NONE; slash = strchr(slash + 1, '/')) {
        const char *name = slash + 1;
        size_t length = strcspn(name, "/");
        noun layer = find_layer(library, name, length);
        if (layer != NOUN_NONE)
            core = layer;
        else if (length == 3 && memcmp(name, "fun", 3) == 0)
            core = kick(library, core, 2);
        else
            core = run_arm(library, core, name, length);
    }
    return core;
}
