/* Source as a tree: tokens, names, patterns, items.  parse_expression.c has the
 * expressions. */
#include "codec/syntax.h"

/* ---- tokens ---------------------------------------------------------------- */

enum status parser_advance(struct parser *parser)
{
    return lexer_next(parser->lexer, &parser->token);
}

bool parser_at(const struct parser *parser, const char *text)
{
    return token_is(&parser->token, text);
}

enum status parser_fail_expected(const struct parser *parser, const char *expected)
{
    return lexer_fail_expected(parser->lexer, &parser->token, expected);
}

enum status parser_accept(struct parser *parser, const char *text, bool *accepted)
{
    *accepted = parser_at(parser, text);
    return *accepted ? parser_advance(parser) : STATUS_OK;
}

enum status parser_expect(struct parser *parser, const char *text)
{
    if (parser_at(parser, text))
        return parser_advance(parser);
    char expected[32] = "`";
    strncat(expected, text, sizeof expected - 3);
    strcat(expected, "`");
    return parser_fail_expected(parser, expected);
}

struct node *parser_node(struct parser *parser, enum node_kind kind)
{
    struct node *node = syntax_allocate(parser->memory, sizeof *node);
    *node = (struct node){.kind = kind, .place = {parser->lexer, parser->token.start}};
    return node;
}

enum status parser_begin(struct parser *parser, struct lexer *lexer, struct syntax_memory *memory)
{
    *parser = (struct parser){.lexer = lexer, .memory = memory};
    return parser_advance(parser);
}

/* ---- names ----------------------------------------------------------------- */

static const char *const keywords[] = {
    "let",  "if",   "then", "else", "match", "gate", "loop",  "core", "door",    "kernel", "arm",   "at",
    "with", "hint", "fast", "root", "and",   "or",   "crash", "trap", "formula", "noun",   "const", "include",
};

static bool is_keyword(const struct token *token)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (token_is(token, keywords[i]))
            return true;
    return false;
}

enum status parser_name(struct parser *parser, struct name *name, const char *what)
{
    const struct token *token = &parser->token;
    if (token->kind != TOKEN_NAME)
        return parser_fail_expected(parser, what);
    *name = (struct name){token->start, (size_t)(token->end - token->start)};
    if (is_keyword(token))
        return lexer_fail(parser->lexer, token->start, "`%.*s` is a word of the language, expected %s",
                          (int)name->size_bytes, name->start, what);
    return parser_advance(parser);
}

/* ---- patterns -------------------------------------------------------------- */

static enum status parts(struct parser *parser, bool may_be_literal, struct node **pattern)
{
    struct node *node = parser_node(parser, NODE_PARTS);
    struct node_list list;
    node_list_init(&list);
    STATUS_TRY(parser_advance(parser));
    while (!parser_at(parser, "]")) {
        struct node *part = NULL;
        STATUS_TRY(parser_pattern(parser, may_be_literal, &part));
        node_list_add(&list, part);
    }
    if (list.count < 2)
        return parser_fail_expected(parser, "another pattern: a cell has at least two parts");
    node->list = list.first;
    *pattern = node;
    return parser_advance(parser);
}

static enum status binding_name(struct parser *parser, bool may_be_literal, struct node **pattern)
{
    struct node *node = parser_node(parser, NODE_BIND);
    STATUS_TRY(parser_name(parser, &node->name, "a name, `_` or `[`"));
    bool has_parts;
    STATUS_TRY(parser_accept(parser, ":", &has_parts));
    *pattern = node;
    return has_parts ? parser_pattern(parser, may_be_literal, &node->first) : STATUS_OK;
}

static enum status pattern_body(struct parser *parser, bool may_be_literal, struct node **pattern)
{
    enum token_kind kind = parser->token.kind;
    if (parser_at(parser, "["))
        return parts(parser, may_be_literal, pattern);
    if (parser_at(parser, "_")) {
        *pattern = parser_node(parser, NODE_SKIP);
        return parser_advance(parser);
    }
    if (may_be_literal && (kind == TOKEN_NOUN || kind == TOKEN_TAPE)) {
        *pattern = parser_node(parser, NODE_LITERAL);
        (*pattern)->value = parser->token.value;
        return parser_advance(parser);
    }
    if (kind == TOKEN_NOUN || kind == TOKEN_TAPE)
        return parser_fail_expected(parser, "a name, `_` or `[` (only `match` compares with a noun)");
    return binding_name(parser, may_be_literal, pattern);
}

enum status parser_pattern(struct parser *parser, bool may_be_literal, struct node **pattern)
{
    if (++parser->depth > SYNTAX_NESTING_MAX)
        return lexer_fail(parser->lexer, parser->token.start, "nested deeper than %d levels", SYNTAX_NESTING_MAX);
    enum status status = pattern_body(parser, may_be_literal, pattern);
    parser->depth--;
    return status;
}

/* One node for the patterns or values of a list in parentheses. */
static struct node *fold(struct parser *parser, enum node_kind kind, const struct node_list *list)
{
    if (list->count == 1)
        return list->first;
    struct node *node = parser_node(parser, kind);
    node->list = list->first;
    return node;
}

enum status parser_parameters(struct parser *parser, struct node **pattern)
{
    struct node_list list;
    node_list_init(&list);
    STATUS_TRY(parser_expect(parser, "("));
    bool goes_on = !parser_at(parser, ")");
    while (goes_on) {
        struct node *part = NULL;
        STATUS_TRY(parser_pattern(parser, false, &part));
        node_list_add(&list, part);
        STATUS_TRY(parser_accept(parser, ",", &goes_on));
    }
    *pattern = list.count == 0 ? parser_node(parser, NODE_SKIP) : fold(parser, NODE_PARTS, &list);
    return parser_expect(parser, ")");
}

enum status parser_bindings(struct parser *parser, struct node **pattern, struct node **values)
{
    struct node_list patterns, initial;
    node_list_init(&patterns);
    node_list_init(&initial);
    STATUS_TRY(parser_expect(parser, "("));
    for (bool goes_on = true; goes_on;) {
        struct node *part = NULL, *value = NULL;
        STATUS_TRY(parser_pattern(parser, false, &part));
        STATUS_TRY(parser_expect(parser, "="));
        STATUS_TRY(parser_expression(parser, &value));
        node_list_add(&patterns, part);
        node_list_add(&initial, value);
        STATUS_TRY(parser_accept(parser, ",", &goes_on));
    }
    *pattern = fold(parser, NODE_PARTS, &patterns);
    *values = fold(parser, NODE_CONS, &initial);
    return parser_expect(parser, ")");
}

/* ---- arms ------------------------------------------------------------------- */

/* An axis as a literal. */
static enum status axis_literal(struct parser *parser, uint64_t *axis)
{
    if (parser->token.kind != TOKEN_NOUN || !noun_is_direct(parser->token.value) || parser->token.value == 0)
        return parser_fail_expected(parser, "an axis, such as 6");
    *axis = parser->token.value;
    return parser_advance(parser);
}

/* The gate of "arm name(...) = body", told to the jets if it is fast. */
static struct node *gate_of_arm(struct parser *parser, const struct node *arm, struct node *pattern)
{
    struct node *gate = parser_node(parser, NODE_GATE);
    gate->place = arm->place;
    gate->name = arm->name;
    gate->pattern = pattern;
    if (!arm->is_fast)
        return gate;
    struct node *fast = parser_node(parser, NODE_FAST);
    fast->place = arm->place;
    fast->value = stack_atom_from_bytes(parser->lexer->stack, arm->name.start, arm->name.size_bytes);
    fast->axis = 7;
    fast->first = gate;
    return fast;
}

static enum status arm_of(struct parser *parser, struct node **out)
{
    struct node *arm = parser_node(parser, NODE_ARM);
    STATUS_TRY(parser_accept(parser, "fast", &arm->is_fast));
    STATUS_TRY(parser_expect(parser, "arm"));
    STATUS_TRY(parser_name(parser, &arm->name, "the name of the arm"));
    struct node *gate = NULL;
    if (parser_at(parser, "(")) {
        struct node *pattern = NULL;
        STATUS_TRY(parser_parameters(parser, &pattern));
        gate = gate_of_arm(parser, arm, pattern);
    } else if (arm->is_fast) {
        return parser_fail_expected(parser, "`(`: a fast arm is a gate");
    }
    bool has_axis;
    STATUS_TRY(parser_accept(parser, "at", &has_axis));
    if (has_axis)
        STATUS_TRY(axis_literal(parser, &arm->axis));
    STATUS_TRY(parser_expect(parser, "="));
    struct node *body = NULL;
    STATUS_TRY(parser_expression(parser, &body));
    if (gate != NULL)
        (gate->kind == NODE_FAST ? gate->first : gate)->first = body;
    arm->first = gate != NULL ? gate : body;
    *out = arm;
    return STATUS_OK;
}

static enum status check_unique(const struct node_list *arms, const struct node *arm)
{
    for (const struct node *other = arms->first; other != NULL; other = other->next)
        if (name_equal(other->name, arm->name))
            return place_fail(arm->place, "this core has an arm `%.*s` already", (int)arm->name.size_bytes,
                              arm->name.start);
    return STATUS_OK;
}

enum status parser_arms(struct parser *parser, struct node **list)
{
    struct node_list arms;
    node_list_init(&arms);
    STATUS_TRY(parser_expect(parser, "{"));
    while (!parser_at(parser, "}")) {
        struct node *arm = NULL;
        STATUS_TRY(arm_of(parser, &arm));
        STATUS_TRY(check_unique(&arms, arm));
        node_list_add(&arms, arm);
    }
    if (arms.count == 0)
        return parser_fail_expected(parser, "`arm`: a core has at least one");
    *list = arms.first;
    return parser_advance(parser);
}

/* ---- items ------------------------------------------------------------------ */

static enum status include_item(struct parser *parser, struct node *item)
{
    STATUS_TRY(parser_advance(parser));
    const struct token *token = &parser->token;
    if (token->kind != TOKEN_TAPE || token->end - token->start < 3)
        return parser_fail_expected(parser, "a path, such as \"lib/math.loam\"");
    item->name = (struct name){token->start + 1, (size_t)(token->end - token->start) - 2};
    return parser_advance(parser);
}

static enum status const_item(struct parser *parser, struct node *item)
{
    STATUS_TRY(parser_advance(parser));
    STATUS_TRY(parser_name(parser, &item->name, "the name of the constant"));
    STATUS_TRY(parser_expect(parser, "="));
    return parser_expression(parser, &item->first);
}

static enum status root_item(struct parser *parser, struct node *item)
{
    STATUS_TRY(parser_advance(parser));
    STATUS_TRY(parser_primary(parser, &item->second));
    STATUS_TRY(parser_expect(parser, "="));
    return parser_primary(parser, &item->first);
}

static enum status let_item(struct parser *parser, struct node *item)
{
    STATUS_TRY(parser_advance(parser));
    STATUS_TRY(parser_pattern(parser, false, &item->pattern));
    STATUS_TRY(parser_expect(parser, "="));
    return parser_expression(parser, &item->first);
}

static enum status core_item(struct parser *parser, struct node *item)
{
    STATUS_TRY(parser_accept(parser, "fast", &item->is_fast));
    STATUS_TRY(parser_expect(parser, "core"));
    STATUS_TRY(parser_name(parser, &item->name, "the name of the core"));
    return parser_arms(parser, &item->list);
}

static enum status trap_item(struct parser *parser, struct node *item)
{
    STATUS_TRY(parser_advance(parser));
    return parser_expression(parser, &item->first);
}

static enum status formula_item(struct parser *parser, struct node *item)
{
    STATUS_TRY(parser_advance(parser));
    if (parser_at(parser, "(") && parser->token.is_glued)
        STATUS_TRY(parser_parameters(parser, &item->pattern));
    return parser_expression(parser, &item->first);
}

/* The arms that the runtime calls, where it looks for them (ABI page 1.3). */
static const struct {
    const char *name;
    uint64_t axis;
    bool is_needed;
} kernel_arms[] = {{"load", 4, true}, {"wish", 10, false}, {"peek", 22, true}, {"poke", 23, true}};

static enum status place_kernel_arms(const struct node *door)
{
    for (struct node *arm = door->list; arm != NULL; arm = arm->next) {
        for (size_t i = 0; i < COUNT_OF(kernel_arms); i++)
            if (name_is(arm->name, kernel_arms[i].name))
                arm->axis = kernel_arms[i].axis;
        if (arm->axis == 0)
            return place_fail(arm->place,
                              "a kernel has the arms load, peek, poke and wish; put others in a core before it");
    }
    for (size_t i = 0; i < COUNT_OF(kernel_arms); i++) {
        const struct node *arm = door->list;
        while (arm != NULL && arm->axis != kernel_arms[i].axis)
            arm = arm->next;
        if (arm == NULL && kernel_arms[i].is_needed)
            return place_fail(door->place, "this kernel has no arm `%s`", kernel_arms[i].name);
    }
    return STATUS_OK;
}

/* Nobody calls wish: without one, a gate that crashes stands there. */
static void add_wish(struct parser *parser, struct node *door)
{
    for (const struct node *arm = door->list; arm != NULL; arm = arm->next)
        if (arm->axis == 10)
            return;
    struct node *arm = parser_node(parser, NODE_ARM);
    arm->axis = 10;
    arm->name = (struct name){"wish", 4};
    arm->first = parser_node(parser, NODE_GATE);
    arm->first->pattern = parser_node(parser, NODE_SKIP);
    arm->first->first = parser_node(parser, NODE_CRASH);
    arm->next = door->list;
    door->list = arm;
}

static enum status kernel_item(struct parser *parser, struct node *item)
{
    struct node *door = parser_node(parser, NODE_DOOR);
    item->first = door;
    STATUS_TRY(parser_advance(parser));
    STATUS_TRY(parser_name(parser, &door->name, "the name of the kernel"));
    STATUS_TRY(parser_bindings(parser, &door->pattern, &door->first));
    STATUS_TRY(parser_arms(parser, &door->list));
    STATUS_TRY(place_kernel_arms(door));
    add_wish(parser, door);
    return STATUS_OK;
}

static const struct {
    const char *word;
    enum node_kind kind;
    enum status (*parse)(struct parser *parser, struct node *item);
} items[] = {
    {"include", NODE_INCLUDE, include_item},
    {"const", NODE_CONST, const_item},
    {"root", NODE_ROOT, root_item},
    {"let", NODE_LET, let_item},
    {"core", NODE_CORE, core_item},
    {"fast", NODE_CORE, core_item},
    {"trap", NODE_OUT_TRAP, trap_item},
    {"kernel", NODE_OUT_TRAP, kernel_item},
    {"formula", NODE_OUT_FORMULA, formula_item},
    {"noun", NODE_OUT_NOUN, trap_item},
};

enum status parser_item(struct parser *parser, struct node **item)
{
    *item = NULL;
    if (parser->token.kind == TOKEN_END)
        return STATUS_OK;
    for (size_t i = 0; i < COUNT_OF(items); i++) {
        if (!parser_at(parser, items[i].word))
            continue;
        *item = parser_node(parser, items[i].kind);
        return items[i].parse(parser, *item);
    }
    return parser_fail_expected(parser, "include, const, root, let, core, fast, or what the program is: kernel, trap, "
                                        "formula or noun");
}
