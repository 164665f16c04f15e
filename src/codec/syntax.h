/* The assembler's source as a tree; docs/assembler.md has the grammar.
 *
 * Private to the codec.
 */
#ifndef CODEC_SYNTAX_H
#define CODEC_SYNTAX_H

#include "codec/lexer.h"

/* Deepest nesting of expressions, so that reading and emitting may recurse. */
#define SYNTAX_NESTING_MAX 500

/* Where something stands. */
struct place {
    const struct lexer *source;
    const char *at;
};

struct name {
    const char *start;
    size_t size_bytes; /* 0: none */
};

enum node_kind {
    NODE_CONSTANT, /* value */
    NODE_NAME,     /* list: names, outermost first */
    NODE_CALL,     /* first: NODE_NAME; list: arguments, or edits if named */
    NODE_CONS,     /* list */
    NODE_LET,      /* pattern, first: value, second: body */
    NODE_IF,       /* first, second, third */
    NODE_AND,      /* first, second */
    NODE_OR,
    NODE_EQUAL,
    NODE_MATCH,   /* first: value; list: cases */
    NODE_CASE,    /* pattern, first: body */
    NODE_GATE,    /* name or none, pattern, first: body */
    NODE_LOOP,    /* name, pattern, first: initial values, second: body */
    NODE_CORE,    /* name or none; list: arms */
    NODE_DOOR,    /* name, pattern, first: initial sample; list: arms */
    NODE_ARM,     /* name, axis or 0, first: body */
    NODE_WITH,    /* first: what; list: edits */
    NODE_EDIT,    /* pattern: NODE_NAME, first: value */
    NODE_HINT,    /* value: tag, first: clue or NULL, second: body */
    NODE_FAST,    /* value: label, axis of the parent or 0 for a root, first: body */
    NODE_RAW,     /* list: parts of a noun that is the formula */
    NODE_AXIS,    /* first: NODE_NAME; in a raw formula: its axis */
    NODE_FORMULA, /* first: in a raw formula: what it compiles to */
    NODE_CRASH,

    /* Patterns. */
    NODE_BIND,    /* name; first: pattern of its parts, or NULL */
    NODE_SKIP,    /* _ */
    NODE_PARTS,   /* list: patterns, right-nested */
    NODE_LITERAL, /* value: matches only this */

    /* What a program is made of, besides NODE_CORE and NODE_LET (no body). */
    NODE_INCLUDE,     /* name: the path */
    NODE_CONST,       /* name, first */
    NODE_ROOT,        /* value: label, first: the noun */
    NODE_OUT_TRAP,    /* first */
    NODE_OUT_FORMULA, /* pattern or NULL, first */
    NODE_OUT_NOUN,    /* first */
};

struct node {
    enum node_kind kind;
    struct place place;
    struct name name;
    noun value;
    uint64_t axis;
    bool is_named; /* NODE_CALL */
    bool is_fast;  /* NODE_CORE, NODE_ARM */
    struct node *pattern;
    struct node *first;
    struct node *second;
    struct node *third;
    struct node *list; /* linked by `next` */
    struct node *next;
};

/* Memory of one assembly, freed as a whole. */
struct syntax_memory {
    struct syntax_block *blocks;
    size_t used_bytes; /* of the newest block */
};

void *syntax_allocate(struct syntax_memory *memory, size_t size_bytes);
void syntax_memory_finish(struct syntax_memory *memory);

struct parser {
    struct lexer *lexer;
    struct syntax_memory *memory;
    struct token token; /* the next one */
    unsigned depth;
};

enum status parser_begin(struct parser *parser, struct lexer *lexer, struct syntax_memory *memory) MUST_USE;

/* The next item of the source, or NULL at its end. */
enum status parser_item(struct parser *parser, struct node **item) MUST_USE;

/* ---- between the files of the parser --------------------------------------- */

enum status parser_advance(struct parser *parser) MUST_USE;
bool parser_at(const struct parser *parser, const char *text);
/* Consumes the token if it is `text`. */
enum status parser_accept(struct parser *parser, const char *text, bool *accepted) MUST_USE;
enum status parser_expect(struct parser *parser, const char *text) MUST_USE;
enum status parser_fail_expected(const struct parser *parser, const char *expected);
struct node *parser_node(struct parser *parser, enum node_kind kind);
enum status parser_name(struct parser *parser, struct name *name, const char *what) MUST_USE;

enum status parser_expression(struct parser *parser, struct node **node) MUST_USE;
enum status parser_primary(struct parser *parser, struct node **node) MUST_USE;
enum status parser_raw(struct parser *parser, struct node **node) MUST_USE;
/* The arms of a core up to the closing brace. */
enum status parser_arms(struct parser *parser, struct node **list) MUST_USE;
enum status parser_pattern(struct parser *parser, bool may_be_literal, struct node **pattern) MUST_USE;
/* "(a, b)": *pattern has the parts, or is NODE_SKIP if there are none. */
enum status parser_parameters(struct parser *parser, struct node **pattern) MUST_USE;
/* "(a = x, b = y)": patterns and values as two nodes. */
enum status parser_bindings(struct parser *parser, struct node **pattern, struct node **values) MUST_USE;

/* Nodes being linked. */
struct node_list {
    struct node *first;
    struct node **end;
    size_t count;
};
void node_list_init(struct node_list *list);
void node_list_add(struct node_list *list, struct node *node);

/* ---- names and places ------------------------------------------------------- */

bool name_is(struct name name, const char *text);
bool name_equal(struct name a, struct name b);

/* "name:line:column: message", as STATUS_INVALID. */
__attribute__((format(printf, 2, 3))) enum status place_fail(struct place place, const char *format, ...);

#endif
