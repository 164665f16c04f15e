/* Words of the notation, for nouns as text and for the assembler alike.
 *
 *   number   12  1.000.000  0x1f  0xdead.beef  0b101  0b1.0000
 *   text     'cord'  "tape"  %term  %$  %.y  %.n  /a/path
 *   nothing  ~
 *   name     let  add  is-even?            the assembler's
 *   sign     [ ] ( ) { } , = == : . @ _ ->      one token each
 *
 * Dots in numbers stand where Hoon puts them: before each three decimal digits,
 * each four of another base.  In text, \n \t \r \\ \' \" and \hh (two hex
 * digits) are one byte.  A comment runs from ; to the end of its line.
 *
 * Private to the codec.
 */
#ifndef CODEC_LEXER_H
#define CODEC_LEXER_H

#include "base/base.h"
#include "noun/noun.h"
#include "stack/stack.h"

enum token_kind {
    TOKEN_END,
    TOKEN_NOUN, /* value */
    TOKEN_TAPE, /* value; the bytes between the quotes are also the text of a path to include */
    TOKEN_NAME,
    TOKEN_SIGN,
};

struct token {
    enum token_kind kind;
    const char *start;
    const char *end;
    noun value;
    bool is_glued; /* nothing stood between it and the token before */
};

struct lexer {
    struct stack *stack; /* of the nouns */
    const char *name;
    const char *text;
    const char *end;
    const char *next;
};

/* The text stays the caller's and must outlive the lexer and its tokens. */
void lexer_init(struct lexer *lexer, struct stack *stack, const char *name, const char *text, size_t size_bytes);

enum status lexer_next(struct lexer *lexer, struct token *token) MUST_USE;

bool token_is(const struct token *token, const char *text);

/* "name:line:column: message", as STATUS_INVALID. */
__attribute__((format(printf, 3, 4))) enum status lexer_fail(const struct lexer *lexer, const char *at,
                                                             const char *format, ...);

/* "name:line:column: found `token`, expected ...". */
enum status lexer_fail_expected(const struct lexer *lexer, const struct token *found, const char *expected);

#endif
