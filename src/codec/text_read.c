/* Text as a noun.
 *
 *   noun := number | text | ~ | [ noun noun+ ]
 *
 * The nouns of all open brackets wait on one stack, and where each bracket
 * began on another; a closing bracket folds its nouns from the right.
 */
#include "codec/codec.h"

#include "codec/lexer.h"

/* No notation needs more: a tape's byte makes a cell. */
#define NOUN_BYTES_A_CHARACTER 32

struct reader {
    struct lexer lexer;
    struct wordstack nouns;
    struct wordstack brackets; /* index into nouns, place in the text */
};

static enum status close_bracket(struct reader *reader, const struct token *token)
{
    if (wordstack_is_empty(&reader->brackets))
        return lexer_fail_expected(&reader->lexer, token, "a noun: no bracket is open");
    wordstack_pop(&reader->brackets);
    size_t first = wordstack_pop(&reader->brackets);
    if (reader->nouns.count < first + 2)
        return lexer_fail_expected(&reader->lexer, token, "a noun: a cell has at least two parts");
    noun folded = wordstack_pop(&reader->nouns);
    while (reader->nouns.count > first)
        folded = stack_cell(reader->lexer.stack, wordstack_pop(&reader->nouns), folded);
    wordstack_push(&reader->nouns, folded);
    return STATUS_OK;
}

static enum status read_token(struct reader *reader, const struct token *token)
{
    if (reader->nouns.count == 1 && wordstack_is_empty(&reader->brackets))
        return lexer_fail_expected(&reader->lexer, token, "nothing more: the noun is complete (are brackets missing?)");
    if (token->kind == TOKEN_NOUN || token->kind == TOKEN_TAPE)
        wordstack_push(&reader->nouns, token->value);
    else if (token_is(token, "["))
        wordstack_push2(&reader->brackets, reader->nouns.count, (uint64_t)(token->start - reader->lexer.text));
    else if (token_is(token, "]"))
        return close_bracket(reader, token);
    else if (token->kind == TOKEN_NAME)
        return lexer_fail_expected(&reader->lexer, token, "a noun (a word is written %word or 'word')");
    else
        return lexer_fail_expected(&reader->lexer, token, "a noun");
    return STATUS_OK;
}

static enum status read_all(struct reader *reader, noun *out)
{
    struct token token;
    for (;;) {
        STATUS_TRY(lexer_next(&reader->lexer, &token));
        if (token.kind == TOKEN_END)
            break;
        STATUS_TRY(read_token(reader, &token));
    }
    if (!wordstack_is_empty(&reader->brackets)) {
        const char *open = reader->lexer.text + wordstack_pop(&reader->brackets);
        return lexer_fail(&reader->lexer, open, "this bracket is not closed: found the end, expected `]`");
    }
    if (wordstack_is_empty(&reader->nouns))
        return lexer_fail_expected(&reader->lexer, &token, "a noun");
    *out = wordstack_pop(&reader->nouns);
    return STATUS_OK;
}

enum status codec_read(struct stack *stack, const char *name, const char *text, size_t size_bytes, noun *out)
{
    if (size_bytes > UINT64_MAX / NOUN_BYTES_A_CHARACTER || !stack_reserve(stack, size_bytes * NOUN_BYTES_A_CHARACTER))
        return status_fail(STATUS_LIMIT, "%s: %zu bytes of text may need more memory than is allowed; allow more", name,
                           size_bytes);
    uint64_t start_words = stack->free_words;
    struct reader reader = {0};
    lexer_init(&reader.lexer, stack, name, text, size_bytes);
    enum status status = read_all(&reader, out);
    if (status != STATUS_OK)
        stack->free_words = start_words;
    wordstack_finish(&reader.nouns);
    wordstack_finish(&reader.brackets);
    return status;
}
