/* jam and cue of well-formed nouns: the vectors, the real jams, random nouns. */
#include "codec/codec.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/random_noun.h"
#include "support/space.h"
#include "support/tap.h"

#include "vectors.h"

static struct stack *stack;

static noun read_noun(const char *text)
{
    noun n = 0;
    if (codec_read(stack, "test", text, strlen(text), &n) != STATUS_OK)
        tap_ok(false, "%s", status_message());
    return n;
}

static char *hex_of(const uint8_t *bytes, size_t size_bytes)
{
    char *hex = malloc(2 * size_bytes + 1);
    CHECK(hex != NULL);
    for (size_t i = 0; i < size_bytes; i++)
        sprintf(hex + 2 * i, "%02x", bytes[i]);
    hex[2 * size_bytes] = '\0';
    return hex;
}

static void try_vector(const struct vector *vector)
{
    noun n = read_noun(vector->text), again = NOUN_NONE;
    uint8_t *bytes;
    size_t size_bytes;
    CHECK(codec_jam(n, &bytes, &size_bytes) == STATUS_OK);
    char *hex = hex_of(bytes, size_bytes);
    if (!tap_ok(strcmp(hex, vector->jam) == 0, "the jam of %.40s", vector->text))
        tap_note("%s, expected %s", hex, vector->jam);
    tap_ok(noun_mug(n) == vector->mug, "its mug");
    tap_ok(codec_cue(stack, bytes, size_bytes, NULL, &again) == STATUS_OK && noun_equal_pure(n, again), "its cue");
    tap_ok(noun_equal_pure(codec_jam_atom(stack, n), stack_atom_from_bytes(stack, bytes, size_bytes)), "as an atom");
    free(hex);
    free(bytes);
}

/* ---- real jams ------------------------------------------------------------- */

static const struct {
    const char *path;
    size_t significant_bytes; /* zeros follow */
    uint32_t mug;             /* 0: not known */
} files[] = {
    {"crates/hoonc/bootstrap/hoonc.jam", 676309, 0x655c7f52},
    {"crates/nockapp/test-jams/test-ker.jam", 586246, 0x1174df08},
    {"crates/nockapp/test-jams/cue-test.jam", 1241459, 0x64a05b83},
    {"hoon/jams/small-blocks.jam", 1049519, 0},
};

static uint8_t *read_file(const char *path, size_t *size_bytes)
{
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    *size_bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(*size_bytes);
    CHECK(bytes != NULL && fread(bytes, 1, *size_bytes, file) == *size_bytes);
    fclose(file);
    return bytes;
}

static void try_file(const char *relative, size_t significant_bytes, uint32_t mug)
{
    const char *path = tap_corpus(relative);
    if (path == NULL) {
        tap_skip(relative, "set LOAM_CORPUS to a checkout of the public nockchain tree");
        return;
    }
    size_t size_bytes, again_bytes = 0;
    uint8_t *bytes = read_file(path, &size_bytes), *again = NULL;
    noun n = 0;
    if (!tap_ok(codec_cue(stack, bytes, size_bytes, NULL, &n) == STATUS_OK, "cue of %s", relative))
        tap_note("%s", status_message());
    CHECK(codec_jam(n, &again, &again_bytes) == STATUS_OK);
    tap_ok(again_bytes == significant_bytes && memcmp(again, bytes, again_bytes) == 0, "its jam is its first %zu bytes",
           significant_bytes);
    tap_ok(mug == 0 || noun_mug(n) == mug, "its mug");
    free(bytes);
    free(again);
    stack_clear(stack);
}

/* ---- properties ------------------------------------------------------------ */

/* The rules of ABI page 7.2 once more, as slowly as they are written: a list of
 * what was met, searched from its start. */
struct slow_jam {
    noun met[4096];
    uint64_t at[4096];
    size_t count;
    uint8_t bits[1 << 20];
    uint64_t position;
};

static void slow_put(struct slow_jam *jam, noun atom, size_t count_bits)
{
    uint64_t direct;
    size_t words;
    const uint64_t *data = noun_atom_words(atom, &direct, &words);
    for (size_t i = 0; i < count_bits; i++)
        jam->bits[jam->position++] = i / 64 < words && (data[i / 64] >> i % 64 & 1);
}

static void slow_mat(struct slow_jam *jam, noun atom)
{
    if (atom == 0) {
        slow_put(jam, 1, 1);
        return;
    }
    size_t b = noun_atom_length_bits(atom), c = noun_atom_length_bits(b);
    slow_put(jam, 0, c);
    slow_put(jam, 1, 1);
    slow_put(jam, b, c - 1);
    slow_put(jam, atom, b);
}

static void slow_walk(struct slow_jam *jam, noun n)
{
    for (size_t i = 0; i < jam->count; i++) {
        if (!noun_equal_pure(jam->met[i], n))
            continue;
        if (noun_is_cell(n) || noun_atom_length_bits(jam->at[i]) < noun_atom_length_bits(n)) {
            slow_put(jam, 3, 2);
            slow_mat(jam, jam->at[i]);
        } else {
            slow_put(jam, 0, 1);
            slow_mat(jam, n);
        }
        return;
    }
    CHECK(jam->count < COUNT_OF(jam->met));
    jam->met[jam->count] = n;
    jam->at[jam->count++] = jam->position;
    slow_put(jam, noun_is_cell(n), noun_is_cell(n) ? 2 : 1);
    if (!noun_is_cell(n)) {
        slow_mat(jam, n);
        return;
    }
    slow_walk(jam, noun_head(n));
    slow_walk(jam, noun_tail(n));
}

static bool agrees_with_slow(noun n)
{
    static struct slow_jam slow;
    slow = (struct slow_jam){0};
    slow_walk(&slow, n);
    uint8_t *bytes;
    size_t size_bytes;
    CHECK(codec_jam(n, &bytes, &size_bytes) == STATUS_OK);
    bool agrees = size_bytes == (slow.position + 7) / 8;
    for (uint64_t i = 0; agrees && i < slow.position; i++)
        agrees = (bytes[i / 8] >> i % 8 & 1) == slow.bits[i];
    free(bytes);
    return agrees;
}

static bool survives(noun n)
{
    uint8_t *bytes;
    size_t size_bytes;
    noun again;
    CHECK(codec_jam(n, &bytes, &size_bytes) == STATUS_OK);
    bool good = codec_cue(stack, bytes, size_bytes, NULL, &again) == STATUS_OK && noun_equal_pure(n, again);
    struct codec_cue_limits guest = {.reader = CODEC_CUE_GUEST};
    good = good && codec_cue(stack, bytes, size_bytes, &guest, &again) == STATUS_OK && noun_equal_pure(n, again);
    free(bytes);
    return good;
}

static void try_random(uint64_t *state, unsigned size, unsigned rounds, bool slowly)
{
    unsigned good = 0;
    for (unsigned i = 0; i < rounds; i++) {
        stack_clear(stack);
        noun n = random_noun(stack, state, 1 + (unsigned)tap_below(state, size));
        good += survives(n) && (!slowly || agrees_with_slow(n));
    }
    tap_ok(good == rounds, "%u of %u random nouns of up to %u leaves %s", good, rounds, size,
           slowly ? "jam as the rules say and survive" : "survive");
}

/* Equal parts at different addresses, so that only structure can find them. */
static void try_equal_copies(void)
{
    static const char part[] = "[[1 2] 'a somewhat longer cord' [3 4 5 6] 0xffff.ffff.ffff.ffff.ffff]";
    noun first = read_noun(part), second = read_noun(part), third = read_noun(part);
    tap_ok(agrees_with_slow(stack_triple(stack, first, second, third)), "equal copies become back-references");
}

static noun copy(noun n)
{
    if (noun_is_direct(n))
        return n;
    if (noun_is_atom(n))
        return stack_atom_from_words(stack, noun_words(n) + 2, noun_words(n)[1]);
    noun head = copy(noun_head(n));
    return stack_cell(stack, head, copy(noun_tail(n)));
}

/* Few leaves, joined again and again: some parts are shared, some are copies,
 * and whole cells come again at other addresses, of the same parts or of copies
 * of them. */
static noun random_equal_parts(uint64_t *state)
{
    noun pool[24] = {0, 1, 0xdeadbeef, read_noun("0xffff.ffff.ffff.ffff.ffff")};
    for (unsigned count = 4; count < COUNT_OF(pool); count++) {
        noun parts[2];
        for (unsigned i = 0; i < 2; i++) {
            unsigned from = tap_below(state, 2) == 0 || count < 8 ? count : 6;
            parts[i] = pool[count - 1 - tap_below(state, from)];
            if (tap_below(state, 3) == 0)
                parts[i] = copy(parts[i]);
        }
        pool[count] = stack_cell(stack, parts[0], parts[1]);
        if (noun_at(pool[count], 1024) != NOUN_NONE || noun_at(pool[count], 2047) != NOUN_NONE)
            pool[count] = stack_cell(stack, pool[4], copy(pool[4])); /* they must not double for ever */
    }
    noun all = 0;
    for (unsigned i = 0; i < COUNT_OF(pool); i++)
        all = stack_cell(stack, tap_below(state, 2) == 0 ? pool[i] : copy(pool[i]), all);
    return all;
}

static void try_random_equal_parts(uint64_t *state)
{
    unsigned good = 0;
    for (unsigned i = 0; i < 300; i++) {
        stack_clear(stack);
        good += agrees_with_slow(random_equal_parts(state));
    }
    tap_ok(good == 300, "%u of 300 nouns full of equal parts jam as the rules say", good);
}

static noun random_long_atom(uint64_t *state)
{
    uint64_t words[1500];
    for (size_t i = 0; i < COUNT_OF(words); i++)
        words[i] = tap_random(state);
    return stack_atom_from_words(stack, words, 100 + (size_t)tap_below(state, COUNT_OF(words) - 100));
}

/* Atoms that are hashed late, and skipped when they are read: one, or several, that
 * come again as themselves or as copies, in cells that do. */
static void try_long_atoms(uint64_t *state)
{
    unsigned good = 0;
    for (unsigned i = 0; i < 100; i++) {
        stack_clear(stack);
        noun atoms[3], list = 0, cells[12] = {0};
        for (unsigned j = 0; j < COUNT_OF(atoms); j++)
            atoms[j] = random_long_atom(state);
        size_t different = 1 + (size_t)tap_below(state, COUNT_OF(atoms));
        for (unsigned j = 0; j < COUNT_OF(cells); j++) {
            noun atom = atoms[tap_below(state, different)],
                 other = tap_below(state, 3) == 0 ? tap_below(state, 3) : cells[j / 2];
            cells[j] = tap_below(state, 2) == 0 ? stack_cell(stack, atom, other) : stack_cell(stack, other, atom);
            list = stack_cell(stack, tap_below(state, 2) == 0 ? cells[j] : copy(cells[j]), list);
        }
        good += agrees_with_slow(list) && survives(list);
    }
    tap_ok(good == 100, "%u of 100 nouns with long atoms jam as the rules say and survive", good);
}

/* Takes the leaves off the budget; false if it does not suffice. */
static bool is_small(noun n, unsigned *budget)
{
    if (*budget == 0)
        return false;
    if (noun_is_cell(n))
        return is_small(noun_head(n), budget) && is_small(noun_tail(n), budget);
    --*budget;
    return true;
}

static noun random_part(uint64_t *state, noun n)
{
    for (unsigned budget; budget = 40, !is_small(n, &budget) || (noun_is_cell(n) && tap_below(state, 4) == 0);)
        n = tap_below(state, 2) == 0 ? noun_head(n) : noun_tail(n);
    return n;
}

static bool is_same_jam(noun a, noun b)
{
    uint8_t *bytes[2];
    size_t size_bytes[2];
    CHECK(codec_jam(a, &bytes[0], &size_bytes[0]) == STATUS_OK && codec_jam(b, &bytes[1], &size_bytes[1]) == STATUS_OK);
    bool same = size_bytes[0] == size_bytes[1] && memcmp(bytes[0], bytes[1], size_bytes[0]) == 0;
    free(bytes[0]);
    free(bytes[1]);
    return same;
}

/* Of a large noun many parts come again, once themselves and once as copies; too
 * many to compare with the slow rules, but both must jam alike. */
static void try_many_copies(uint64_t *state)
{
    unsigned good = 0;
    for (unsigned i = 0; i < 8; i++) {
        stack_clear(stack);
        noun whole = random_noun(stack, state, 1000 + (unsigned)tap_below(state, 30000));
        noun parts = whole, copies = whole;
        for (unsigned j = 0; j < 4000; j++) {
            noun part = random_part(state, whole);
            parts = stack_cell(stack, parts, part);
            copies = stack_cell(stack, copies, copy(part));
        }
        good += is_same_jam(parts, copies) && survives(copies);
    }
    tap_ok(good == 8, "%u of 8 large nouns jam alike, whether parts come again or copies of them", good);
}

/* A noun of 2^200 leaves and 200 cells. */
static void try_sharing(void)
{
    noun n = 7;
    for (unsigned i = 0; i < 200; i++)
        n = stack_cell(stack, n, n);
    uint8_t *bytes;
    size_t size_bytes;
    noun again;
    CHECK(codec_jam(n, &bytes, &size_bytes) == STATUS_OK);
    tap_ok(size_bytes < 1000, "200 doublings jam to %zu bytes", size_bytes);
    tap_ok(codec_cue(stack, bytes, size_bytes, NULL, &again) == STATUS_OK && noun_equal_pure(n, again),
           "and cue to the same");
    free(bytes);
}

static void try_no_room(void)
{
    size_t limit = stack->options.limit_bytes;
    noun n = read_noun("'a cord that is longer than two words'");
    stack->options.limit_bytes = stack_used_bytes(stack) + 8;
    tap_ok(codec_jam_atom(stack, n) == NOUN_NONE, "no atom over the stack's limit");
    stack->options.limit_bytes = limit;
}

int main(void)
{
    stack = space_stack();
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        try_vector(&vectors[i]);
    try_equal_copies();
    try_sharing();
    uint64_t state = tap_seed();
    try_random_equal_parts(&state);
    try_long_atoms(&state);
    try_many_copies(&state);
    try_random(&state, 8, 2000, true);
    try_random(&state, 300, 200, true);
    try_random(&state, 20000, 20, false);
    try_no_room();
    for (size_t i = 0; i < COUNT_OF(files); i++)
        try_file(files[i].path, files[i].significant_bytes, files[i].mug);
    return tap_done();
}
