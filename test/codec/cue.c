/* cue of what is no jam, and of what is too much. */
#include "codec/codec.h"

#include <stdlib.h>

#include "support/random_noun.h"
#include "support/space.h"
#include "support/tap.h"

static struct stack *stack;

/* Bits as they are read, first bit first; blanks are for the reader. */
static size_t bits_to_bytes(const char *bits, uint8_t *bytes, size_t room_bytes)
{
    memset(bytes, 0, room_bytes);
    size_t count = 0;
    for (; *bits != '\0'; bits++) {
        if (*bits == ' ')
            continue;
        CHECK(count / 8 < room_bytes);
        bytes[count / 8] = (uint8_t)(bytes[count / 8] | (*bits == '1') << count % 8);
        count++;
    }
    return (count + 7) / 8;
}

struct hostile {
    const char *what;
    const char *bits;
    const char *strict; /* a piece of the message, or NULL if it is a noun */
    const char *guest;
};

static const struct hostile table[] = {
    {"no bits at all", "", "begins at bit 0", "begins at bit 0"},
    {"only zeros", "00000000 00000000", "begins at bit 0", "begins at bit 0"},
    {"zeros over many words",
     "00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000",
     "begins at bit 0", "begins at bit 0"},
    {"the atom 0", "01", NULL, NULL},
    {"the atom 0 and padding", "01000000 00000000 00000000", NULL, NULL},
    {"a bit after the noun", "01000000 00000000 00000010", "bit 22 of 24 is set", NULL},
    {"a bit far after the noun",
     "01 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 1", "bit 82 of 88",
     NULL},
    {"a cell without parts", "10", "begins at bit", "begins at bit"},
    {"a cell whose tail is missing", "10 01 0000", "begins at bit 4", "begins at bit 4"},
    {"a cell tag cut in half", "10 01 10 1", "begins at bit", "begins at bit"},
    {"an atom cut in its length", "0 0000001", "begins at bit 0", NULL},
    {"an atom cut in its value", "0 0000 1 111 1", "begins at bit 0", NULL},
    {"a length of 2^59 bits", "0 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000 1 11111111",
     "begins at bit 0", NULL},
    {"a length of 2^70 bits",
     "0 0000000000 0000000000 0000000000 0000000000 0000000000 0000000000 0000000000 1 1111111111", "begins at bit 0",
     NULL},
    {"a back-reference at the root", "11 1 00000", "bit 0 points forward", "bit 0 points forward"},
    {"a back-reference to its own cell", "10 01 11 1 0", "bit 4 points at a cell that contains it",
     "bit 4 points at a cell that contains it"},
    {"a back-reference to an outer cell", "10 10 01 11 1", "bit 6 points at a cell that contains it",
     "bit 6 points at a cell that contains it"},
    {"a back-reference to an outer cell from a head", "10 10 11 1 01 01", "bit 4 points at a cell that contains it",
     "bit 4 points at a cell that contains it"},
    {"a back-reference to itself", "10 01 11 0001 00 001", "bit 4 points forward", "bit 4 points forward"},
    {"a back-reference forward", "10 01 11 0001 00 011", "bit 4 points forward", "bit 4 points forward"},
    {"a back-reference between nouns", "10 01 11 001 1 11", "bit 4 points between nouns", "bit 4 points between nouns"},
    {"a back-reference to an atom", "10 01 11 001 0 01", NULL, NULL},
    {"a back-reference beyond 64 bits",
     "10 01 11 0000000 1 100000 1 11111111 11111111 11111111 11111111 11111111 11111111 11111111 11111111 11111111",
     "bit 4 points forward", "bit 4 points forward"},
    {"a back-reference cut in its position", "10 01 11 00", "begins at bit 4", "begins at bit 4"},
    {"zeros in the value's place, which a back-reference may name", "10 01 11 0 1 1", "bit 4 points between nouns",
     "bit 4 points between nouns"},
};

static void expect(const struct hostile *hostile, enum codec_cue_reader reader, const char *piece)
{
    uint8_t bytes[64];
    size_t size_bytes = bits_to_bytes(hostile->bits, bytes, sizeof bytes);
    struct codec_cue_limits limits = {.reader = reader};
    noun n = NOUN_NONE;
    uint64_t used = stack_used_bytes(stack);
    enum status status = codec_cue(stack, bytes, size_bytes, &limits, &n);
    const char *name = reader == CODEC_CUE_STRICT ? "strict" : "guest";
    if (piece == NULL) {
        if (!tap_ok(status == STATUS_OK && n != NOUN_NONE, "%s: %s: a noun", name, hostile->what))
            tap_note("%s", status_message());
        return;
    }
    bool good = status == STATUS_INVALID && strstr(status_message(), piece) != NULL;
    if (!tap_ok(good && stack_used_bytes(stack) == used, "%s: %s: \"%s\"", name, hostile->what, piece))
        tap_note("%s: %s", status_name(status), status_message());
}

/* ---- what the guest's reader makes of missing bits ------------------------- */

static void try_guest_values(void)
{
    struct codec_cue_limits guest = {.reader = CODEC_CUE_GUEST};
    uint8_t bytes[64];
    noun n = NOUN_NONE;
    size_t size_bytes = bits_to_bytes("0 000 1 11 1", bytes, sizeof bytes);
    tap_ok(codec_cue(stack, bytes, size_bytes, &guest, &n) == STATUS_OK && n == 1,
           "the missing bits of an atom are zeros");
    size_bytes = bits_to_bytes("0 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000 1", bytes, 64);
    tap_ok(codec_cue(stack, bytes, size_bytes, &guest, &n) == STATUS_OK && n == 0, "of one that is all missing too");
    size_bytes =
        bits_to_bytes("10 01 0 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000 1", bytes, 64);
    tap_ok(codec_cue(stack, bytes, size_bytes, &guest, &n) == STATUS_OK && noun_is_cell(n) && noun_tail(n) == 0,
           "and in a cell");
}

static void try_allow_rest(void)
{
    uint8_t bytes[] = {0x02, 0xff};
    noun n;
    struct codec_cue_limits limits = {.allow_rest = true};
    tap_ok(codec_cue(stack, bytes, 2, &limits, &n) == STATUS_OK && n == 0, "garbage after the noun, where allowed");
}

/* ---- limits ---------------------------------------------------------------- */

static void try_limit(const char *what, const uint8_t *bytes, size_t size_bytes, uint64_t memory_bytes)
{
    struct codec_cue_limits limits = {.memory_bytes = memory_bytes};
    noun n;
    uint64_t used = stack_used_bytes(stack);
    enum status status = codec_cue(stack, bytes, size_bytes, &limits, &n);
    if (!tap_ok(status == STATUS_LIMIT && stack_used_bytes(stack) == used, "a limit of %" PRIu64 " bytes stops %s",
                memory_bytes, what))
        tap_note("%s: %s", status_name(status), status_message());
}

static void try_limits(void)
{
    enum { SIZE_BYTES = 1 << 16 };
    uint8_t *bytes = malloc(SIZE_BYTES);
    CHECK(bytes != NULL);
    memset(bytes, 0x55, SIZE_BYTES);
    try_limit("cells that only begin", bytes, SIZE_BYTES, 1 << 20);
    memset(bytes, 0x99, SIZE_BYTES);
    try_limit("a list of zeros", bytes, SIZE_BYTES, 1 << 20);
    try_limit("anything", bytes, SIZE_BYTES, 100);
    noun zeros = NOUN_NONE;
    enum status status = codec_cue(stack, bytes, SIZE_BYTES, NULL, &zeros);
    tap_ok(status == STATUS_INVALID, "without a limit it is a truncated list");
    free(bytes);
    uint64_t *words = stack_atom_begin(stack, 1 << 16);
    words[(1 << 16) - 1] = 1;
    uint8_t *jam;
    size_t jam_bytes;
    CHECK(codec_jam(stack_atom_finish(stack), &jam, &jam_bytes) == STATUS_OK);
    try_limit("a large atom", jam, jam_bytes, 3 << 18);
    free(jam);
}

/* ---- any bytes at all ------------------------------------------------------ */

/* Whatever the strict reader takes, the guest's takes for the same noun; and
 * whatever a reader takes has a jam that it takes too. */
static bool is_consistent(const uint8_t *bytes, size_t size_bytes)
{
    struct codec_cue_limits strict = {.memory_bytes = 1 << 24};
    struct codec_cue_limits guest = {.reader = CODEC_CUE_GUEST, .memory_bytes = 1 << 24};
    noun a, b, c;
    enum status status = codec_cue(stack, bytes, size_bytes, &strict, &a);
    enum status guest_status = codec_cue(stack, bytes, size_bytes, &guest, &b);
    if (status == STATUS_OK && (guest_status != STATUS_OK || !noun_equal_pure(a, b)))
        return false;
    if (guest_status != STATUS_OK)
        return true;
    uint8_t *jam;
    size_t jam_bytes;
    CHECK(codec_jam(b, &jam, &jam_bytes) == STATUS_OK);
    bool same = codec_cue(stack, jam, jam_bytes, NULL, &c) == STATUS_OK && noun_equal_pure(b, c);
    free(jam);
    return same;
}

static void try_damage(uint64_t *state)
{
    unsigned good = 0, rounds = 3000;
    for (unsigned i = 0; i < rounds; i++) {
        stack_clear(stack);
        uint8_t *jam;
        size_t jam_bytes;
        CHECK(codec_jam(random_noun(stack, state, 1 + (unsigned)tap_below(state, 60)), &jam, &jam_bytes) == STATUS_OK);
        for (uint64_t flips = 1 + tap_below(state, 3); flips > 0; flips--)
            jam[tap_below(state, jam_bytes)] ^= (uint8_t)(1u << tap_below(state, 8));
        good += is_consistent(jam, (size_t)tap_below(state, jam_bytes + 1));
        free(jam);
    }
    tap_ok(good == rounds, "%u of %u damaged jams: the readers agree", good, rounds);
}

static void try_garbage(uint64_t *state)
{
    unsigned good = 0, rounds = 20000;
    for (unsigned i = 0; i < rounds; i++) {
        stack_clear(stack);
        uint8_t bytes[40];
        uint64_t density = tap_below(state, 4);
        for (size_t j = 0; j < sizeof bytes; j++) {
            bytes[j] = (uint8_t)tap_random(state);
            for (uint64_t k = 0; k < density; k++)
                bytes[j] &= (uint8_t)tap_random(state);
        }
        good += is_consistent(bytes, (size_t)tap_below(state, sizeof bytes + 1));
    }
    tap_ok(good == rounds, "%u of %u strings of garbage: the readers agree", good, rounds);
}

/* Atoms of many words that begin at every bit of a byte, whole and cut anywhere:
 * a guest finds zeros beyond the end. */
static void try_words(uint64_t *state)
{
    bool good = true;
    for (unsigned shift = 0; shift < 64; shift++) {
        uint64_t words[9];
        for (size_t i = 0; i < COUNT_OF(words); i++)
            words[i] = bits_mix64(++*state) | 1;
        size_t count = 1 + shift % COUNT_OF(words);
        words[count - 1] >>= shift;
        noun atom = stack_atom_from_words(stack, words, count),
             pair = stack_cell(stack, (uint64_t)1 << shift % 23, atom);
        uint8_t *jam;
        size_t size_bytes;
        noun read;
        CHECK(codec_jam(pair, &jam, &size_bytes) == STATUS_OK);
        good = good && codec_cue(stack, jam, size_bytes, NULL, &read) == STATUS_OK && noun_equal(read, pair);
        const struct codec_cue_limits guest = {.reader = CODEC_CUE_GUEST};
        for (size_t cut = size_bytes; cut-- > 0 && good;) {
            uint8_t *exact = malloc(cut + 1), *padded = calloc(1, size_bytes + 1);
            noun of_exact = 0, of_padded = 0;
            CHECK(exact != NULL && padded != NULL);
            memcpy(padded, jam, cut);
            memcpy(exact, jam, cut);
            enum status short_status = codec_cue(stack, exact, cut, &guest, &of_exact);
            enum status long_status = codec_cue(stack, padded, size_bytes, &guest, &of_padded);
            good = short_status != STATUS_OK || (long_status == STATUS_OK && noun_equal(of_exact, of_padded));
            free(exact);
            free(padded);
        }
        free(jam);
    }
    tap_ok(good, "atoms of many words are read from any bit on, and what is cut off is zeros");
}

/* ---- references past long atoms ---------------------------------------------- */

struct text_of_bits {
    uint8_t bytes[1 << 18];
    uint64_t position;
};

static void put(struct text_of_bits *bits, uint64_t word, unsigned count)
{
    for (unsigned i = 0; i < count; i++, bits->position++)
        bits->bytes[bits->position / 8] =
            (uint8_t)(bits->bytes[bits->position / 8] | (word >> i & 1) << bits->position % 8);
}

/* mat of `word`, or of a random number of so many bits if there are more than 64. */
static void put_mat(struct text_of_bits *bits, uint64_t word, unsigned b, uint64_t *state)
{
    unsigned c = bits_length(b);
    put(bits, (uint64_t)1 << c, c + 1);
    put(bits, b, c - 1);
    for (unsigned done = 0; done < b; done += 64)
        put(bits, b <= 64 ? word : tap_random(state) | (uint64_t)1 << (b - 1) % 64, b - done < 64 ? b - done : 64);
}

/* Leaves marks everywhere in the working memory: "10 01" over and over. */
static void leave_marks(struct text_of_bits *bits)
{
    noun n;
    memset(bits->bytes, 0x99, sizeof bits->bytes);
    CHECK(codec_cue(stack, bits->bytes, sizeof bits->bytes, NULL, &n) == STATUS_INVALID);
}

/* [long 1 long target]: only where one of these begins may the target point. */
static void try_past_long_atoms(uint64_t *state)
{
    static struct text_of_bits bits;
    unsigned good = 0, met = 0;
    for (unsigned i = 0; i < 200; i++) {
        uint64_t starts[7];
        size_t count = 0;
        if (i % 20 == 0)
            leave_marks(&bits);
        memset(&bits, 0, sizeof bits);
        for (unsigned j = 0; j < 3; j++) {
            starts[count++] = bits.position;
            put(&bits, 1, 2);
            starts[count++] = bits.position;
            put(&bits, 0, 1);
            put_mat(&bits, 1, j == 1 ? 1 : 65 + (unsigned)tap_below(state, 900000), state);
        }
        uint64_t target = 1 + tap_below(state, bits.position - 1);
        if (tap_below(state, 2) == 0)
            target = starts[1 + tap_below(state, 5)];
        put(&bits, 3, 2);
        put_mat(&bits, target, bits_length(target), state);
        const char *why = "between nouns";
        for (size_t j = 0; j < count; j++)
            if (target == starts[j])
                why = j % 2 == 0 ? "contains it" : NULL;
        noun n;
        enum status status = codec_cue(stack, bits.bytes, (size_t)((bits.position + 7) / 8), NULL, &n);
        good += why == NULL ? status == STATUS_OK : status == STATUS_INVALID && strstr(status_message(), why) != NULL;
        met += why == NULL;
        stack_clear(stack);
    }
    tap_ok(good == 200 && met > 20, "%u of 200 references past long atoms are judged rightly, %u of them good", good,
           met);
}

int main(void)
{
    stack = space_stack();
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        expect(&table[i], CODEC_CUE_STRICT, table[i].strict);
        expect(&table[i], CODEC_CUE_GUEST, table[i].guest);
    }
    try_guest_values();
    try_allow_rest();
    try_limits();
    uint64_t state = tap_seed();
    try_words(&state);
    try_past_long_atoms(&state);
    try_damage(&state);
    try_garbage(&state);
    return tap_done();
}
