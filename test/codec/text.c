/* Nouns as text, both ways. */
#include "codec/codec.h"

#include <stdlib.h>

#include "support/random_noun.h"
#include "support/space.h"
#include "support/tap.h"

static struct stack *stack;

/* What a text reads as, and how that prints in each style. */
struct form {
    const char *text;
    const char *readable;
    const char *decimal;
    const char *hex;
};

static const struct form forms[] = {
    {"0", "0", "0", "0"},
    {"~", "0", "0", "0"},
    {"  7  ", "7", "7", "7"},
    {"10", "10", "10", "0xa"},
    {"1.000", "1000", "1000", "0x3e8"},
    {"12.345.678", "12345678", "12345678", "0xbc614e"},
    {"0x1f", "31", "31", "0x1f"},
    {"0xDead.beef", "3735928559", "3735928559", "0xdeadbeef"},
    {"0b101", "5", "5", "5"},
    {"0b1.0101", "21", "21", "0x15"},
    {"9223372036854775807", "9223372036854775807", "9223372036854775807", "0x7fffffffffffffff"},
    {"9223372036854775808", "0x8000000000000000", "9223372036854775808", "0x8000000000000000"},
    {"340282366920938463463374607431768211456", "0x100000000000000000000000000000000",
     "340282366920938463463374607431768211456", "0x100000000000000000000000000000000"},
    {"%inc", "%inc", "6516329", "0x636e69"},
    {"%ab", "25185", "25185", "0x6261"},
    {"%$", "0", "0", "0"},
    {"[%.y %.n]", "[0 1]", "[0 1]", "[0 1]"},
    {"%one-punch", "%one-punch", "1925626176847644814959", "0x68636e75702d656e6f"},
    {"'hello world'", "'hello world'", "121404708502361365413651816", "0x646c726f77206f6c6c6568"},
    {"''", "0", "0", "0"},
    {"'a'", "97", "97", "0x61"},
    {"'it\\'s \\\\ so'", "'it\\'s \\\\ so'", NULL, NULL},
    {"'two\\nlines'", "'two\\nlines'", NULL, NULL},
    {"'\\ff\\00\\01'", "65791", "65791", "0x100ff"},
    {"'größer – groß'", "'größer – groß'", NULL, NULL},
    {"'\\c3\\28abcd'", "110378015074499", NULL, NULL},
    {"[1 2]", "[1 2]", "[1 2]", "[1 2]"},
    {"[1 [2 3]]", "[1 2 3]", "[1 2 3]", "[1 2 3]"},
    {"[[1 2] 3]", "[[1 2] 3]", "[[1 2] 3]", "[[1 2] 3]"},
    {"[[[1 2] [3 4]] [5 [6 [7 8]]]]", "[[[1 2] 3 4] 5 6 7 8]", NULL, NULL},
    {"\"abc\"", "[97 98 99 0]", "[97 98 99 0]", "[0x61 0x62 0x63 0]"},
    {"\"\"", "0", "0", "0"},
    {"/", "0", "0", "0"},
    {"/count", "[%count 0]", NULL, NULL},
    {"/get/alice/Bob.~_-7", "[%get %alice 3975939041586736962 0]", NULL, NULL},
    {"/Bob/Bobby-7", "[6451010 'Bobby-7' 0]", NULL, NULL},
    {"[%peek /a/b]", "[%peek 97 98 0]", NULL, NULL},
    {"[1\n 2 ; a comment ]\n 3]", "[1 2 3]", NULL, NULL},
    {"[%put'key'5]", "[%put %key 5]", NULL, NULL},
};

static noun read_noun(const char *text)
{
    noun n = NOUN_NONE;
    if (codec_read(stack, "text", text, strlen(text), &n) != STATUS_OK)
        tap_ok(false, "reading %s: %s", text, status_message());
    return n;
}

static char *print(noun n, const struct codec_text_options *options)
{
    char *text;
    size_t size_bytes;
    CHECK(codec_print(n, options, &text, &size_bytes) == STATUS_OK);
    CHECK(strlen(text) == size_bytes);
    return text;
}

static void expect_print(noun n, const struct codec_text_options *options, const char *expected, const char *what)
{
    char *text = print(n, options);
    if (!tap_ok(strcmp(text, expected) == 0, "%s: %.60s", what, expected))
        tap_note("got %s", text);
    free(text);
}

static void try_form(const struct form *form)
{
    noun n = read_noun(form->text);
    expect_print(n, NULL, form->readable, "readable");
    if (form->decimal != NULL)
        expect_print(n, &(struct codec_text_options){.style = CODEC_TEXT_DECIMAL}, form->decimal, "decimal");
    if (form->hex != NULL)
        expect_print(n, &(struct codec_text_options){.style = CODEC_TEXT_HEX}, form->hex, "hexadecimal");
    tap_ok(noun_equal_pure(read_noun(form->readable), n), "it reads back");
}

/* ---- options --------------------------------------------------------------- */

static void try_options(void)
{
    struct codec_text_options grouped = {.group_digits = true};
    expect_print(read_noun("[1 12 123 1234 1234567]"), &grouped, "[1 12 123 1.234 1.234.567]", "grouped");
    expect_print(read_noun("0x123456789abcdef01"), &grouped, "0x1.2345.6789.abcd.ef01", "grouped");
    struct codec_text_options tapes = {.tapes = true};
    expect_print(read_noun("[%leaf \"say \\\"hi\\\"\"]"), &tapes, "[%leaf \"say \\\"hi\\\"\"]", "tapes");
    expect_print(read_noun("[\"ab\" \"cd\" 0]"), &tapes, "[\"ab\" \"cd\" 0]", "tapes");
    expect_print(read_noun("[97 0]"), &tapes, "[97 0]", "one byte is no tape");
    expect_print(read_noun("[97 98 99 1]"), &tapes, "[97 98 99 1]", "an improper list is no tape");
    expect_print(read_noun("[97 98 1 99 100 0]"), &tapes, "[97 98 1 \"cd\"]", "a tape at the end of a list");
    expect_print(read_noun("[97 98 300 [97 98 0] 97 98 0]"), &tapes, "[97 98 300 \"ab\" \"ab\"]", "tapes in a list");
    struct codec_text_options both = {.tapes = true, .style = CODEC_TEXT_DECIMAL};
    expect_print(read_noun("[%leaf \"abc\"]"), &both, "[1717658988 97 98 99 0]", "no tapes in decimal");
}

static void try_limit(void)
{
    noun n = read_noun("[%alpha %beta %gamma %delta 'größer als das']");
    for (size_t limit = 1; limit < 60; limit++) {
        char *text = print(n, &(struct codec_text_options){.limit_bytes = limit});
        size_t length = strlen(text);
        bool is_cut = length >= 3 && strcmp(text + length - 3, "...") == 0;
        bool good = is_cut ? length <= (limit > 3 ? limit : 3) : strcmp(text + length - 1, "]") == 0;
        if (!good)
            tap_ok(false, "limit %zu: %s", limit, text);
        free(text);
    }
    expect_print(n, &(struct codec_text_options){.limit_bytes = 16}, "[%alpha %beta...", "cut");
    expect_print(n, &(struct codec_text_options){.limit_bytes = 44}, "[%alpha %beta %gamma %delta 'größer als...",
                 "cut");
    uint64_t *words = stack_atom_begin(stack, 1 << 17);
    words[(1 << 17) - 1] = 0xabc;
    noun big = stack_atom_finish(stack);
    expect_print(big, &(struct codec_text_options){.limit_bytes = 10}, "0xabc00...", "the first digits of a megabyte");
    expect_print(big, &(struct codec_text_options){.limit_bytes = 10, .style = CODEC_TEXT_DECIMAL}, "0xabc00...",
                 "in decimal style too");
    noun shared = 7;
    for (unsigned i = 0; i < 100; i++)
        shared = stack_cell(stack, shared, shared);
    char *text = print(shared, &(struct codec_text_options){.limit_bytes = 1000});
    tap_ok(strlen(text) <= 1000, "2^100 leaves are cut too");
    free(text);
}

/* ---- errors ---------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *message;
} errors[] = {
    {"", "t:1:1: found the end, expected a noun"},
    {"  \n  ", "t:2:3: found the end, expected a noun"},
    {"[1 2", "t:1:1: this bracket is not closed: found the end, expected `]`"},
    {"[1\n [2 3", "t:2:2: this bracket is not closed"},
    {"[1 2]]", "t:1:6: found `]`, expected nothing more"},
    {"]", "t:1:1: found `]`, expected a noun: no bracket is open"},
    {"[]", "t:1:2: found `]`, expected a noun: a cell has at least two parts"},
    {"[1]", "t:1:3: found `]`, expected a noun: a cell has at least two parts"},
    {"1 2", "t:1:3: found `2`, expected nothing more"},
    {"inc", "t:1:1: found `inc`, expected a noun (a word is written %word or 'word')"},
    {"[%a\n  b]", "t:2:3: found `b`, expected a noun"},
    {"12a", "t:1:3: found `a`, expected a decimal digit"},
    {"0x", "t:1:3: found ``, expected a hexadecimal digit"},
    {"0xfg", "t:1:4: found `g`, expected a hexadecimal digit"},
    {"0b12", "t:1:4: found `2`, expected a binary digit"},
    {"1.00", "t:1:5: the decimal number has a group of 2 digits, expected three digits after a dot"},
    {"1000.000", "t:1:5: the decimal number has a group of 4 digits"},
    {"1..000", "t:1:2: found `.`, expected a decimal digit"},
    {"0xdead.bee", "t:1:11: the hexadecimal number has a group of 3 digits, expected four"},
    {"'abc", "t:1:1: this text has no closing ' on its line"},
    {"[1 'a\nb']", "t:1:4: this text has no closing ' on its line"},
    {"\"abc", "t:1:1: this text has no closing \" on its line"},
    {"'a\\q'", "t:1:3: unknown escape, expected \\n"},
    {"'a\\", "t:1:3: unknown escape"},
    {"'a\\'", "t:1:1: this text has no closing"},
    {"%", "t:1:2: expected a word after the %"},
    {"% a", "t:1:2: expected a word after the %"},
    {"/a//b", "t:1:4: a path has an empty element"},
    {"/a/", "t:1:4: a path has an empty element"},
    {"//", "t:1:2: a path has an empty element"},
    {"#", "t:1:1: found `#`, which begins nothing"},
    {"(1 2)", "t:1:1: found `(`, expected a noun"},
    {"ß", "t:1:1: found the byte 0xc3, which may only stand in text"},
    {"['ß' #]", "t:1:6: found `#`"},
    {"[1 2] %a-very-long-word-that-goes-on-and-on",
     "t:1:7: found `%a-very-long-word-that-g...`, expected nothing more"},
};

static void try_error(const char *text, const char *message)
{
    noun n;
    uint64_t used = stack_used_bytes(stack);
    enum status status = codec_read(stack, "t", text, strlen(text), &n);
    bool good = status == STATUS_INVALID && strncmp(status_message(), message, strlen(message)) == 0;
    if (!tap_ok(good && stack_used_bytes(stack) == used, "%s", message))
        tap_note("%s: %s", status_name(status), status_message());
}

static void try_no_room(void)
{
    size_t limit = stack->options.limit_bytes;
    stack->options.limit_bytes = stack_used_bytes(stack) + 100;
    noun n;
    tap_ok(codec_read(stack, "t", "[1 2 3 4 5 6]", 13, &n) == STATUS_LIMIT, "no noun over the stack's limit");
    stack->options.limit_bytes = limit;
}

/* ---- round trips ----------------------------------------------------------- */

static bool survives(noun n, const struct codec_text_options *options)
{
    char *text = print(n, options);
    noun again = NOUN_NONE;
    bool good = codec_read(stack, "t", text, strlen(text), &again) == STATUS_OK && noun_equal_pure(n, again);
    if (!good)
        tap_note("%.200s", text);
    free(text);
    return good;
}

static void try_random(uint64_t *state, unsigned size, unsigned rounds)
{
    unsigned good = 0;
    for (unsigned i = 0; i < rounds; i++) {
        stack_clear(stack);
        noun n = random_noun(stack, state, 1 + (unsigned)tap_below(state, size));
        struct codec_text_options options = {.style = (enum codec_text_style)tap_below(state, 3),
                                             .group_digits = tap_below(state, 2) == 0,
                                             .tapes = tap_below(state, 2) == 0};
        good += survives(n, &options);
    }
    tap_ok(good == rounds, "%u of %u random nouns of up to %u leaves read back", good, rounds, size);
}

/* Atoms of bytes from few, so that every form of text and near-text comes. */
static void try_random_text(uint64_t *state)
{
    static const char alphabet[] = "abz09-AZ '\"\\\n\t._~%\xc3\xb6\xc3\x7f";
    unsigned good = 0, rounds = 20000;
    for (unsigned i = 0; i < rounds; i++) {
        stack_clear(stack);
        char bytes[24];
        size_t count = (size_t)tap_below(state, sizeof bytes);
        for (size_t j = 0; j < count; j++)
            bytes[j] = alphabet[tap_below(state, 1 + tap_below(state, sizeof alphabet))];
        struct codec_text_options options = {.group_digits = true, .tapes = true};
        noun list = 0;
        for (size_t j = count; j-- > 0;)
            list = stack_cell(stack, (uint8_t)bytes[j], list);
        noun atom = stack_atom_from_bytes(stack, bytes, count);
        good += survives(stack_triple(stack, atom, list, list), &options);
    }
    tap_ok(good == rounds, "%u of %u random texts read back", good, rounds);
}

int main(void)
{
    stack = space_stack();
    for (size_t i = 0; i < COUNT_OF(forms); i++)
        try_form(&forms[i]);
    try_options();
    try_limit();
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        try_error(errors[i].text, errors[i].message);
    try_no_room();
    uint64_t state = tap_seed();
    try_random(&state, 4, 3000);
    try_random(&state, 300, 300);
    try_random_text(&state);
    return tap_done();
}
