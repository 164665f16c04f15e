/* Trees as text and as jams. */
#include "model/tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- from text --------------------------------------------------------------- */

static const struct tree *parse(struct tree_arena *arena, const char **text);

static void skip_space(const char **text)
{
    while (isspace((unsigned char)**text))
        ++*text;
}

static const struct tree *parse_cell(struct tree_arena *arena, const char **text)
{
    const struct tree *head = parse(arena, text);
    skip_space(text);
    if (**text == ']') {
        ++*text;
        return head;
    }
    return tree_cell(arena, head, parse_cell(arena, text));
}

/* words = words * base + digit */
static void append_digit(uint64_t *words, size_t count, unsigned base, unsigned digit)
{
    unsigned __int128 carry = digit;
    for (size_t i = 0; i < count; i++) {
        carry += (unsigned __int128)words[i] * base;
        words[i] = (uint64_t)carry;
        carry >>= 64;
    }
    CHECK(carry == 0);
}

static const struct tree *parse_number(struct tree_arena *arena, const char **text)
{
    uint64_t words[64] = {0};
    bool is_hex = strncmp(*text, "0x", 2) == 0;
    *text += is_hex ? 2 : 0;
    size_t digits = 0;
    for (; isxdigit((unsigned char)**text) || **text == '.'; ++*text) {
        char digit[] = {**text, 0};
        if (**text != '.') /* a word holds 16 digits */
            append_digit(words, digits++ / 16 + 1, is_hex ? 16 : 10, (unsigned)strtoul(digit, NULL, 16));
        CHECK(digits < 16 * COUNT_OF(words));
    }
    return tree_atom_from_words(arena, words, digits / 16 + 1);
}

static const struct tree *parse_cord(struct tree_arena *arena, const char **text, const char *end)
{
    uint64_t words[64] = {0};
    size_t size_bytes = (size_t)(end - *text);
    CHECK(size_bytes <= sizeof words);
    memcpy(words, *text, size_bytes);
    *text = end;
    return tree_atom_from_words(arena, words, COUNT_OF(words));
}

static const struct tree *parse_term(struct tree_arena *arena, const char **text)
{
    const char *end = *text;
    while (isalnum((unsigned char)*end) || *end == '-')
        end++;
    return parse_cord(arena, text, end);
}

static const struct tree *parse_quoted(struct tree_arena *arena, const char **text)
{
    const char *end = strchr(*text, '\'');
    CHECK(end != NULL);
    const struct tree *cord = parse_cord(arena, text, end);
    ++*text;
    return cord;
}

static const struct tree *parse(struct tree_arena *arena, const char **text)
{
    skip_space(text);
    if (isdigit((unsigned char)**text))
        return parse_number(arena, text);
    switch (*(*text)++) {
    case '[':
        return parse_cell(arena, text);
    case '\'':
        return parse_quoted(arena, text);
    case '%':
        return parse_term(arena, text);
    case '~':
    case '&':
        return tree_atom(arena, 0);
    case '|':
        return tree_atom(arena, 1);
    default:
        fprintf(stderr, "a test's noun ends badly at: %s\n", *text - 1);
        abort();
    }
}

const struct tree *tree_parse(struct tree_arena *arena, const char *text)
{
    const struct tree *tree = parse(arena, &text);
    skip_space(&text);
    CHECK(*text == 0);
    return tree;
}

const struct tree *tree_cord(struct tree_arena *arena, const char *text)
{
    return parse_cord(arena, &text, text + strlen(text));
}

/* ---- to text ------------------------------------------------------------------ */

static void print_atom(FILE *out, const struct tree *atom)
{
    if (atom->count <= 1) {
        fprintf(out, "%" PRIu64, atom->count == 0 ? 0 : atom->words[0]);
        return;
    }
    fprintf(out, "0x%" PRIx64, atom->words[atom->count - 1]);
    for (size_t i = atom->count - 1; i > 0; i--)
        fprintf(out, "%016" PRIx64, atom->words[i - 1]);
}

/* `pending` holds what is still to print; 0 is a closing bracket, a low bit of
 * 1 marks a tail, which opens no bracket of its own. */
char *tree_text(const struct tree *tree, uint64_t limit)
{
    char *text = NULL;
    size_t size_bytes;
    FILE *out = open_memstream(&text, &size_bytes);
    CHECK(out != NULL);
    struct wordstack pending;
    wordstack_init(&pending);
    wordstack_push(&pending, (uint64_t)(uintptr_t)tree);
    bool glue = true;
    while (!wordstack_is_empty(&pending)) {
        uint64_t word = wordstack_pop(&pending);
        if (word == 0) {
            fputc(']', out);
            continue;
        }
        tree = (const struct tree *)(uintptr_t)(word & ~(uint64_t)1);
        bool is_tail = (word & 1) != 0;
        if (!glue && !(is_tail && tree_is_cell(tree)))
            fputc(' ', out);
        glue = false;
        if (limit == 0) {
            fputs("...", out);
        } else if (!tree_is_cell(tree)) {
            limit--;
            print_atom(out, tree);
        } else {
            if (!is_tail) {
                fputc('[', out);
                wordstack_push(&pending, 0);
                glue = true;
            }
            wordstack_push2(&pending, (uint64_t)(uintptr_t)tree->tail | 1, (uint64_t)(uintptr_t)tree->head);
        }
    }
    wordstack_finish(&pending);
    fclose(out);
    return text;
}

/* ---- from a jam ----------------------------------------------------------------- */

struct bits {
    const uint8_t *bytes;
    size_t size_bits, cursor;
    bool failed;
};

static bool take_bit(struct bits *bits)
{
    bits->failed |= bits->cursor >= bits->size_bits;
    if (bits->failed)
        return false;
    size_t index = bits->cursor++;
    return (bits->bytes[index / 8] >> index % 8 & 1) != 0;
}

/* The length-prefixed atom; all trees of a jam are no longer than its bits. */
static const struct tree *take_atom(struct tree_arena *arena, struct bits *bits)
{
    size_t zeros = 0, length = 0;
    while (!take_bit(bits) && !bits->failed)
        zeros++;
    if (zeros > 40)
        bits->failed = true;
    for (size_t i = 0; i + 1 < zeros && !bits->failed; i++)
        length |= (size_t)take_bit(bits) << i;
    if (zeros > 0)
        length |= (size_t)1 << (zeros - 1);
    if (bits->failed || length > bits->size_bits - bits->cursor) {
        bits->failed = true;
        return tree_atom(arena, 0);
    }
    uint64_t *words = calloc(length / 64 + 1, sizeof *words);
    CHECK(words != NULL);
    for (size_t i = 0; i < length; i++)
        words[i / 64] |= (uint64_t)take_bit(bits) << i % 64;
    const struct tree *atom = tree_atom_from_words(arena, words, length / 64 + 1);
    free(words);
    return atom;
}

/* `pending` holds the positions of cells whose parts are being read, with 1 in
 * the low bit while the head is; a finished head waits on `heads`. */
struct cue {
    struct tree_arena *arena;
    struct bits bits;
    const struct tree **at; /* by position of the first bit */
    struct wordstack pending, heads;
};

/* One tag: a finished noun, or NULL when a cell has begun. */
static const struct tree *cue_token(struct cue *cue)
{
    size_t start = cue->bits.cursor;
    if (!take_bit(&cue->bits))
        return cue->at[start] = take_atom(cue->arena, &cue->bits);
    if (take_bit(&cue->bits)) {
        const struct tree *position = take_atom(cue->arena, &cue->bits);
        uint64_t index = position->count == 0 ? 0 : position->words[0];
        bool is_known = position->count <= 1 && index < cue->bits.size_bits && cue->at[index] != NULL;
        cue->bits.failed |= !is_known;
        return is_known ? cue->at[index] : position;
    }
    wordstack_push(&cue->pending, (uint64_t)start << 1 | 1);
    return NULL;
}

/* Hands a finished noun upwards; the whole, once nothing waits for it. */
static const struct tree *cue_finish(struct cue *cue, const struct tree *tree)
{
    while (!wordstack_is_empty(&cue->pending)) {
        uint64_t word = wordstack_pop(&cue->pending);
        if ((word & 1) != 0) {
            wordstack_push(&cue->heads, (uint64_t)(uintptr_t)tree);
            wordstack_push(&cue->pending, word & ~(uint64_t)1);
            return NULL;
        }
        const struct tree *head = (const struct tree *)(uintptr_t)wordstack_pop(&cue->heads);
        tree = cue->at[word >> 1] = tree_cell(cue->arena, head, tree);
    }
    return tree;
}

const struct tree *tree_cue(struct tree_arena *arena, const uint8_t *bytes, size_t size_bytes)
{
    struct cue cue = {.arena = arena, .bits = {.bytes = bytes, .size_bits = 8 * size_bytes}};
    cue.at = calloc(8 * size_bytes + 1, sizeof *cue.at);
    CHECK(cue.at != NULL);
    const struct tree *whole = NULL;
    while (whole == NULL && !cue.bits.failed) {
        const struct tree *tree = cue_token(&cue);
        if (tree != NULL && !cue.bits.failed)
            whole = cue_finish(&cue, tree);
    }
    wordstack_finish(&cue.pending);
    wordstack_finish(&cue.heads);
    free(cue.at);
    return whole;
}
