/* A noun as text.
 *
 * The walk keeps the tails that wait on an explicit stack; a tail goes on in
 * the bracket of its cell, so [a [b c]] is [a b c], and the bracket closes
 * where the chain of tails ends.
 *
 * What looks like a word: at least three bytes, so that small numbers stay
 * numbers, of which a term has only lower-case letters, digits and hyphens
 * after a letter; a cord is at least four bytes of printable UTF-8, most of
 * them letters, digits and spaces.  Whatever form is chosen reads back as the
 * same atom.
 */
#include "codec/codec.h"

#include <gmp.h>
#include <stdlib.h>

#define TERM_SIZE_MIN_BYTES 3
#define CORD_SIZE_MIN_BYTES 4

/* ---- output ---------------------------------------------------------------- */

static const char cut_mark[] = "...";

struct printer {
    struct codec_text_options options;
    char *text; /* owned; NULL when memory has run out */
    size_t size_bytes;
    size_t capacity_bytes;
    struct wordstack waiting; /* pairs: noun, enum place */
    noun no_tape_before;      /* no tail up to this one begins a tape */
};

static bool is_full(const struct printer *printer)
{
    size_t limit = printer->options.limit_bytes;
    return printer->text == NULL || (limit != 0 && printer->size_bytes > limit);
}

/* Room for `size_bytes` more and a NUL. */
static char *reserve(struct printer *printer, size_t size_bytes)
{
    size_t needed = printer->size_bytes + size_bytes + 1;
    if (needed > printer->capacity_bytes) {
        size_t capacity = printer->capacity_bytes * 2 > needed ? printer->capacity_bytes * 2 : needed;
        char *text = realloc(printer->text, capacity);
        if (text == NULL)
            free(printer->text);
        printer->text = text;
        printer->capacity_bytes = text == NULL ? 0 : capacity;
    }
    return printer->text == NULL ? NULL : printer->text + printer->size_bytes;
}

static void print_bytes(struct printer *printer, const char *bytes, size_t size_bytes)
{
    char *to = reserve(printer, size_bytes);
    if (to == NULL)
        return;
    memcpy(to, bytes, size_bytes);
    printer->size_bytes += size_bytes;
}

static void print_char(struct printer *printer, char c)
{
    print_bytes(printer, &c, 1);
}

/* ---- numbers --------------------------------------------------------------- */

/* Digits, most significant first, with a dot before each `group` of them. */
static void print_digits(struct printer *printer, const char *digits, size_t count, size_t group)
{
    if (!printer->options.group_digits) {
        print_bytes(printer, digits, count);
        return;
    }
    for (size_t i = 0; i < count && !is_full(printer); i++) {
        if (i > 0 && (count - i) % group == 0)
            print_char(printer, '.');
        print_char(printer, digits[i]);
    }
}

static void print_direct_decimal(struct printer *printer, uint64_t value)
{
    char digits[20];
    size_t first = sizeof digits;
    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    print_digits(printer, digits + first, sizeof digits - first, 3);
}

/* Words, through GMP, whose conversion is not quadratic. */
static void print_words(struct printer *printer, const uint64_t *words, size_t count, int base, size_t group)
{
    mpz_t value;
    mpz_roinit_n(value, words, (mp_size_t)count);
    char *digits = malloc(mpz_sizeinbase(value, base) + 2);
    if (digits == NULL) {
        free(printer->text);
        printer->text = NULL;
        return;
    }
    mpz_get_str(digits, base, value);
    print_digits(printer, digits, strlen(digits), group);
    free(digits);
}

/* Of an atom that is longer than the limit only the first digits are made. */
static void print_hex(struct printer *printer, noun atom)
{
    uint64_t direct;
    size_t count;
    const uint64_t *words = noun_atom_words(atom, &direct, &count);
    size_t limit_words = printer->options.limit_bytes / 16 + 2;
    size_t skip = printer->options.limit_bytes != 0 && count > limit_words ? count - limit_words : 0;
    print_bytes(printer, "0x", 2);
    print_words(printer, words + skip, count - skip, 16, 4);
}

static void print_decimal(struct printer *printer, noun atom)
{
    size_t limit = printer->options.limit_bytes;
    if (noun_is_direct(atom))
        print_direct_decimal(printer, atom);
    else if (limit != 0 && noun_words(atom)[1] > limit)
        print_hex(printer, atom);
    else
        print_words(printer, noun_words(atom) + 2, noun_words(atom)[1], 10, 3);
}

/* ---- text ------------------------------------------------------------------ */

static bool is_alphanumeric(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
}

static bool is_term(const uint8_t *bytes, size_t count)
{
    if (count < TERM_SIZE_MIN_BYTES || bytes[0] < 'a' || bytes[0] > 'z')
        return false;
    for (size_t i = 0; i < count; i++)
        if (!(bytes[i] >= 'a' && bytes[i] <= 'z') && !(bytes[i] >= '0' && bytes[i] <= '9') && bytes[i] != '-')
            return false;
    return true;
}

/* Bytes of the printable character that begins at `bytes`, or 0. */
static size_t printable_length(const uint8_t *bytes, size_t count)
{
    if (bytes[0] < 0x80)
        return bytes[0] >= ' ' && bytes[0] < 0x7f;
    size_t length = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || length > count)
        return 0;
    uint32_t point = bytes[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (bytes[i] & 0x3f);
    }
    static const uint32_t point_min[] = {0, 0, 0xa0, 0x800, 0x10000};
    bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < point_min[length] || is_surrogate || point > 0x10ffff ? 0 : length;
}

static bool is_cord(const uint8_t *bytes, size_t count)
{
    if (count < CORD_SIZE_MIN_BYTES)
        return false;
    size_t common = 0;
    for (size_t i = 0, length; i < count; i += length) {
        length = bytes[i] == '\n' ? 1 : printable_length(bytes + i, count - i);
        if (length == 0)
            return false;
        if (length > 1 || bytes[i] == ' ' || is_alphanumeric(bytes[i]))
            common += length;
    }
    return common * 3 >= count * 2;
}

static void print_quoted(struct printer *printer, const uint8_t *bytes, size_t count, char quote)
{
    for (size_t i = 0; i < count && !is_full(printer); i++) {
        char c = (char)bytes[i];
        if (c == quote || c == '\\')
            print_char(printer, '\\');
        if (c == '\n')
            print_bytes(printer, "\\n", 2);
        else
            print_char(printer, c);
    }
}

static void print_cord(struct printer *printer, const uint8_t *bytes, size_t count)
{
    print_char(printer, '\'');
    print_quoted(printer, bytes, count, '\'');
    print_char(printer, '\'');
}

static void print_readable(struct printer *printer, noun atom)
{
    uint64_t direct;
    size_t count;
    const uint8_t *bytes = noun_atom_bytes(atom, &direct, &count);
    if (is_term(bytes, count)) {
        print_char(printer, '%');
        print_bytes(printer, (const char *)bytes, count);
    } else if (is_cord(bytes, count)) {
        print_cord(printer, bytes, count);
    } else if (noun_is_direct(atom)) {
        print_direct_decimal(printer, atom);
    } else {
        print_hex(printer, atom);
    }
}

static void print_atom(struct printer *printer, noun atom)
{
    if (noun_is_direct(atom) && atom <= 9)
        print_char(printer, (char)('0' + atom));
    else if (printer->options.style == CODEC_TEXT_DECIMAL)
        print_decimal(printer, atom);
    else if (printer->options.style == CODEC_TEXT_HEX)
        print_hex(printer, atom);
    else
        print_readable(printer, atom);
}

/* ---- tapes ----------------------------------------------------------------- */

static bool is_tape_byte(noun n)
{
    return noun_is_direct(n) && n >= ' ' && n < 0x7f;
}

/* Where a list of printable bytes stops: 0 if all of it is a tape. */
static noun tape_end(noun list)
{
    while (noun_is_cell(list) && is_tape_byte(noun_head(list)))
        list = noun_tail(list);
    return list;
}

/* A tape has two bytes or more.  Where it fails, no tail before that place need
 * be tried: so a long list is walked twice, not once for each element. */
static bool begins_tape(struct printer *printer, noun cell)
{
    if (cell == printer->no_tape_before)
        printer->no_tape_before = NOUN_NONE;
    if (printer->no_tape_before != NOUN_NONE || !printer->options.tapes ||
        printer->options.style != CODEC_TEXT_READABLE || !is_tape_byte(noun_head(cell)))
        return false;
    noun end = tape_end(cell);
    if (end == 0)
        return noun_tail(cell) != 0;
    printer->no_tape_before = end;
    return false;
}

static void print_tape(struct printer *printer, noun tape)
{
    print_char(printer, '"');
    for (; noun_is_cell(tape) && !is_full(printer); tape = noun_tail(tape)) {
        uint8_t byte = (uint8_t)noun_head(tape);
        print_quoted(printer, &byte, 1, '"');
    }
    print_char(printer, '"');
}

/* ---- the walk -------------------------------------------------------------- */

enum place {
    PLACE_HEAD,    /* opens its own bracket */
    PLACE_TAIL,    /* goes on in its cell's bracket */
    PLACE_BRACKET, /* no noun: a bracket closes */
};

static void print_part(struct printer *printer, noun n, enum place place)
{
    if (!noun_is_cell(n)) {
        print_atom(printer, n);
        if (place == PLACE_TAIL)
            printer->no_tape_before = NOUN_NONE;
        return;
    }
    if (begins_tape(printer, n)) {
        print_tape(printer, n);
        return;
    }
    if (place == PLACE_HEAD) {
        print_char(printer, '[');
        wordstack_push2(&printer->waiting, 0, PLACE_BRACKET);
    }
    wordstack_push2(&printer->waiting, noun_tail(n), PLACE_TAIL);
    wordstack_push2(&printer->waiting, noun_head(n), PLACE_HEAD);
}

static void print_noun(struct printer *printer, noun n)
{
    wordstack_push2(&printer->waiting, n, PLACE_HEAD);
    while (!wordstack_is_empty(&printer->waiting) && !is_full(printer)) {
        enum place place = (enum place)wordstack_pop(&printer->waiting);
        n = wordstack_pop(&printer->waiting);
        if (place == PLACE_BRACKET) {
            print_char(printer, ']');
            continue;
        }
        if (place == PLACE_TAIL)
            print_char(printer, ' ');
        print_part(printer, n, place);
    }
}

/* Takes back what is beyond the limit, up to the start of a character. */
static void cut(struct printer *printer)
{
    size_t limit = printer->options.limit_bytes;
    if (limit == 0 || printer->text == NULL || printer->size_bytes <= limit)
        return;
    size_t end = limit > strlen(cut_mark) ? limit - strlen(cut_mark) : 0;
    while (end > 0 && ((uint8_t)printer->text[end] & 0xc0) == 0x80)
        end--;
    printer->size_bytes = end;
    print_bytes(printer, cut_mark, strlen(cut_mark));
}

enum status codec_print(noun n, const struct codec_text_options *options, char **text, size_t *size_bytes)
{
    struct printer printer = {.no_tape_before = NOUN_NONE};
    if (options != NULL)
        printer.options = *options;
    *text = NULL;
    if (reserve(&printer, 64) != NULL)
        print_noun(&printer, n);
    cut(&printer);
    wordstack_finish(&printer.waiting);
    if (printer.text == NULL)
        return status_fail(STATUS_NO_MEMORY, "no memory to print a noun; print less of it, or free some");
    printer.text[printer.size_bytes] = '\0';
    *text = printer.text;
    if (size_bytes != NULL)
        *size_bytes = printer.size_bytes;
    return STATUS_OK;
}
