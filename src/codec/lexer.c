#include "codec/lexer.h"

#include <gmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define QUOTE_MAX 24

void lexer_init(struct lexer *lexer, struct stack *stack, const char *name, const char *text, size_t size_bytes)
{
    *lexer = (struct lexer){.stack = stack, .name = name, .text = text, .end = text + size_bytes, .next = text};
}

bool token_is(const struct token *token, const char *text)
{
    size_t size_bytes = (size_t)(token->end - token->start);
    return (token->kind == TOKEN_NAME || token->kind == TOKEN_SIGN) && strlen(text) == size_bytes &&
           memcmp(token->start, text, size_bytes) == 0;
}

/* ---- failures -------------------------------------------------------------- */

enum status lexer_fail(const struct lexer *lexer, const char *at, const char *format, ...)
{
    char message[STATUS_MESSAGE_SIZE_BYTES / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    size_t line = 1, column = 1;
    for (const char *c = lexer->text; c < at; c++) {
        bool continues = ((uint8_t)*c & 0xc0) == 0x80;
        column = *c == '\n' ? 1 : column + !continues;
        line += *c == '\n';
    }
    return status_fail(STATUS_INVALID, "%s:%zu:%zu: %s", lexer->name, line, column, message);
}

enum status lexer_fail_expected(const struct lexer *lexer, const struct token *found, const char *expected)
{
    int length = found->end - found->start > QUOTE_MAX ? QUOTE_MAX : (int)(found->end - found->start);
    if (found->kind == TOKEN_END)
        return lexer_fail(lexer, found->start, "found the end, expected %s", expected);
    return lexer_fail(lexer, found->start, "found `%.*s%s`, expected %s", length, found->start,
                      found->end - found->start > QUOTE_MAX ? "..." : "", expected);
}

/* ---- characters ------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '-';
}

/* What may stand in a term or an element of a path. */
static bool is_knot(char c)
{
    return is_word(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '~';
}

/* The value of a digit, or 99. */
static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 99;
}

static char peek(const struct lexer *lexer, size_t ahead)
{
    return (size_t)(lexer->end - lexer->next) > ahead ? lexer->next[ahead] : '\0';
}

static bool is_arrow(const struct lexer *lexer)
{
    return peek(lexer, 0) == '-' && peek(lexer, 1) == '>';
}

static void skip_blank(struct lexer *lexer)
{
    while (lexer->next < lexer->end) {
        char c = *lexer->next;
        if (c == ';') {
            const char *line_end = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));
            lexer->next = line_end == NULL ? lexer->end : line_end;
        } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            lexer->next++;
        } else {
            break;
        }
    }
}

/* ---- numbers --------------------------------------------------------------- */

struct radix {
    unsigned base;
    size_t group;
    const char *name;
    const char *group_words;
};

static const struct radix decimal = {10, 3, "decimal", "three digits after a dot"};
static const struct radix hexadecimal = {16, 4, "hexadecimal", "four digits after a dot"};
static const struct radix binary = {2, 4, "binary", "four digits after a dot"};

/* Copies the digits without their dots; *count of them.  Consumes them. */
static enum status collect_digits(struct lexer *lexer, const struct radix *radix, char *digits, size_t *count)
{
    size_t in_group = 0;
    bool has_dots = false;
    for (*count = 0;; lexer->next++) {
        char c = peek(lexer, 0);
        bool dot = c == '.' && *count > 0 && digit_value(peek(lexer, 1)) < radix->base;
        if (digit_value(c) < radix->base) {
            digits[(*count)++] = c;
            in_group++;
            continue;
        }
        if (has_dots ? in_group != radix->group : dot && in_group > radix->group)
            return lexer_fail(lexer, lexer->next, "the %s number has a group of %zu %s, expected %s", radix->name,
                              in_group, plural(in_group, "digit", "digits"), radix->group_words);
        if (!dot)
            break;
        has_dots = true;
        in_group = 0;
    }
    if (*count == 0 || is_knot(peek(lexer, 0)))
        return lexer_fail(lexer, lexer->next, "found `%.1s`, expected a %s digit",
                          lexer->next < lexer->end ? lexer->next : "", radix->name);
    return STATUS_OK;
}

static noun number_of(struct stack *stack, const char *digits, size_t count, unsigned base)
{
    uint64_t small = 0;
    if (count <= 15) {
        for (size_t i = 0; i < count; i++)
            small = small * base + digit_value(digits[i]);
        return small;
    }
    mpz_t value;
    mpz_init_set_str(value, digits, (int)base);
    size_t words = mpz_size(value);
    noun atom = 0;
    if (words > 0)
        atom = stack_atom_from_words(stack, mpz_limbs_read(value), words);
    mpz_clear(value);
    return atom;
}

static enum status lex_number(struct lexer *lexer, noun *value)
{
    const struct radix *radix = &decimal;
    if (peek(lexer, 0) == '0' && (peek(lexer, 1) == 'x' || peek(lexer, 1) == 'b')) {
        radix = peek(lexer, 1) == 'x' ? &hexadecimal : &binary;
        lexer->next += 2;
    }
    size_t room = 0;
    while (is_knot(peek(lexer, room)))
        room++;
    char few[64], *digits = room < sizeof few ? few : malloc(room + 1);
    if (digits == NULL)
        check_out_of_memory(__FILE__, __LINE__, room + 1);
    size_t count;
    enum status status = collect_digits(lexer, radix, digits, &count);
    if (status == STATUS_OK) {
        digits[count] = '\0';
        *value = number_of(lexer->stack, digits, count, radix->base);
    }
    if (digits != few)
        free(digits);
    return status;
}

/* ---- text ------------------------------------------------------------------ */

/* One byte of quoted text, of which lexer->next is the first character. */
static enum status lex_byte(struct lexer *lexer, uint8_t *byte)
{
    static const char escapes[] = "n\nt\tr\r\\\\''\"\"";
    char c = *lexer->next++;
    *byte = (uint8_t)c;
    if (c != '\\')
        return STATUS_OK;
    char escape = peek(lexer, 0);
    for (size_t i = 0; i < sizeof escapes - 1; i += 2) {
        if (escape != escapes[i])
            continue;
        *byte = (uint8_t)escapes[i + 1];
        lexer->next++;
        return STATUS_OK;
    }
    if (digit_value(escape) > 15 || digit_value(peek(lexer, 1)) > 15)
        return lexer_fail(lexer, lexer->next - 1,
                          "unknown escape, expected \\n \\t \\r \\\\ \\' \\\" or two hex digits");
    *byte = (uint8_t)(digit_value(escape) << 4 | digit_value(peek(lexer, 1)));
    lexer->next += 2;
    return STATUS_OK;
}

/* Consumes text up to its closing quote into *bytes, which has room for it. */
static enum status lex_quoted(struct lexer *lexer, uint8_t *bytes, size_t *count)
{
    const char *start = lexer->next;
    char quote = *lexer->next++;
    for (*count = 0; peek(lexer, 0) != quote; (*count)++) {
        if (lexer->next == lexer->end || *lexer->next == '\n')
            return lexer_fail(lexer, start, "this text has no closing %c on its line", quote);
        STATUS_TRY(lex_byte(lexer, &bytes[*count]));
    }
    lexer->next++;
    return STATUS_OK;
}

static noun tape_of(struct stack *stack, const uint8_t *bytes, size_t count)
{
    noun tape = 0;
    while (count-- > 0)
        tape = stack_cell(stack, bytes[count], tape);
    return tape;
}

/* Characters from the quote at lexer->next to the next that may close it. */
static size_t quoted_length(const struct lexer *lexer)
{
    char quote = *lexer->next;
    const char *c = lexer->next + 1;
    while (c < lexer->end && *c != quote && *c != '\n')
        c += *c == '\\' && lexer->end - c > 1 ? 2 : 1;
    return (size_t)(c - lexer->next);
}

static enum status lex_text(struct lexer *lexer, struct token *token)
{
    size_t room = quoted_length(lexer);
    uint8_t few[64], *bytes = room < sizeof few ? few : malloc(room);
    if (bytes == NULL)
        check_out_of_memory(__FILE__, __LINE__, room);
    size_t count;
    bool is_tape = *lexer->next == '"';
    enum status status = lex_quoted(lexer, bytes, &count);
    if (status == STATUS_OK) {
        token->kind = is_tape ? TOKEN_TAPE : TOKEN_NOUN;
        token->value =
            is_tape ? tape_of(lexer->stack, bytes, count) : stack_atom_from_bytes(lexer->stack, bytes, count);
    }
    if (bytes != few)
        free(bytes);
    return status;
}

/* The cord of the characters of a word that begin at lexer->next. */
static noun lex_knot(struct lexer *lexer)
{
    const char *start = lexer->next;
    while (is_knot(peek(lexer, 0)))
        lexer->next++;
    return stack_atom_from_bytes(lexer->stack, start, (size_t)(lexer->next - start));
}

static enum status lex_term(struct lexer *lexer, noun *value)
{
    lexer->next++;
    *value = 0;
    if (peek(lexer, 0) == '$') {
        lexer->next++;
    } else if (peek(lexer, 0) == '.' && (peek(lexer, 1) == 'y' || peek(lexer, 1) == 'n') && !is_knot(peek(lexer, 2))) {
        *value = peek(lexer, 1) == 'y' ? NOUN_YES : NOUN_NO;
        lexer->next += 2;
    } else if (is_knot(peek(lexer, 0))) {
        *value = lex_knot(lexer);
    } else {
        return lexer_fail(lexer, lexer->next, "expected a word after the %%");
    }
    return STATUS_OK;
}

static enum status lex_path(struct lexer *lexer, noun *value)
{
    struct stack_list path = stack_list_begin();
    for (bool is_first = true; peek(lexer, 0) == '/'; is_first = false) {
        lexer->next++;
        if (is_knot(peek(lexer, 0)))
            stack_list_add(lexer->stack, &path, lex_knot(lexer));
        else if (!is_first || peek(lexer, 0) == '/')
            return lexer_fail(lexer, lexer->next, "a path has an empty element; expected a word after the /");
    }
    *value = stack_list_end(&path, 0);
    return STATUS_OK;
}

/* ---- tokens ---------------------------------------------------------------- */

static void lex_name(struct lexer *lexer)
{
    while (is_word(peek(lexer, 0)) && !is_arrow(lexer))
        lexer->next++;
    if (peek(lexer, 0) == '?')
        lexer->next++;
}

static enum status lex_sign(struct lexer *lexer, struct token *token)
{
    static const char signs[] = "[](){},=:.@_";
    char c = *lexer->next;
    token->kind = TOKEN_SIGN;
    if (is_arrow(lexer)) {
        lexer->next += 2;
        return STATUS_OK;
    }
    if (strchr(signs, c) == NULL || c == '\0') {
        if (c > ' ' && c < 0x7f)
            return lexer_fail(lexer, lexer->next, "found `%c`, which begins nothing", c);
        return lexer_fail(lexer, lexer->next, "found the byte 0x%02x, which may only stand in text", (uint8_t)c);
    }
    lexer->next += c == '=' && peek(lexer, 1) == '=' ? 2 : 1;
    return STATUS_OK;
}

static enum status lex_token(struct lexer *lexer, struct token *token)
{
    char c = *lexer->next;
    token->kind = TOKEN_NOUN;
    if (is_digit(c))
        return lex_number(lexer, &token->value);
    if (c == '\'' || c == '"')
        return lex_text(lexer, token);
    if (c == '%')
        return lex_term(lexer, &token->value);
    if (c == '/')
        return lex_path(lexer, &token->value);
    if (c == '~') {
        lexer->next++;
        return STATUS_OK;
    }
    if (!is_letter(c))
        return lex_sign(lexer, token);
    token->kind = TOKEN_NAME;
    lex_name(lexer);
    return STATUS_OK;
}

enum status lexer_next(struct lexer *lexer, struct token *token)
{
    const char *before = lexer->next;
    skip_blank(lexer);
    *token = (struct token){.start = lexer->next, .end = lexer->next, .is_glued = lexer->next == before};
    if (lexer->next == lexer->end)
        return STATUS_OK;
    enum status status = lex_token(lexer, token);
    token->end = lexer->next;
    return status;
}
