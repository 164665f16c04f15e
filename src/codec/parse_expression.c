/* Expressions, from the loosest to the tightest:
 *
 *   let  if  match  gate  loop  core  door  hint  fast     take all that follows
 *   or   and   ==   with
 *   literal  name  call(...)  (...)  [...]  {...}  crash
 */
#include "codec/syntax.h"

/* ---- names and calls --------------------------------------------------------- */

static struct node *name_node(struct parser *parser, struct place place, struct name name)
{
    struct node *node = parser_node(parser, NODE_NAME);
    node->place = place;
    node->name = name;
    return node;
}

/* a.b.c without blanks. */
static enum status dotted_name(struct parser *parser, struct node **out)
{
    struct node *node = parser_node(parser, NODE_NAME);
    struct node_list names;
    node_list_init(&names);
    for (bool goes_on = true; goes_on;) {
        struct place place = {parser->lexer, parser->token.start};
        struct name name;
        STATUS_TRY(parser_name(parser, &name, "a name"));
        node_list_add(&names, name_node(parser, place, name));
        goes_on = parser_at(parser, ".") && parser->token.is_glued;
        if (goes_on)
            STATUS_TRY(parser_advance(parser));
    }
    node->list = names.first;
    *out = node;
    return STATUS_OK;
}

static enum status edit_value(struct parser *parser, struct node *what, struct node_list *edits)
{
    struct node *edit = parser_node(parser, NODE_EDIT);
    edit->place = what->place;
    edit->pattern = what;
    STATUS_TRY(parser_expect(parser, "="));
    STATUS_TRY(parser_expression(parser, &edit->first));
    node_list_add(edits, edit);
    return STATUS_OK;
}

/* "(a, b)" or "(x = a, y = b)" after a name. */
static enum status arguments(struct parser *parser, struct node *call)
{
    struct node_list list;
    node_list_init(&list);
    STATUS_TRY(parser_expect(parser, "("));
    bool goes_on = !parser_at(parser, ")");
    while (goes_on) {
        struct node *argument = NULL;
        STATUS_TRY(parser_expression(parser, &argument));
        bool is_named = argument->kind == NODE_NAME && parser_at(parser, "=");
        if (list.count > 0 && is_named != call->is_named)
            return place_fail(argument->place, "either all arguments have names or none");
        call->is_named = is_named;
        if (is_named)
            STATUS_TRY(edit_value(parser, argument, &list));
        else
            node_list_add(&list, argument);
        STATUS_TRY(parser_accept(parser, ",", &goes_on));
    }
    call->list = list.first;
    return parser_expect(parser, ")");
}

static enum status name_or_call(struct parser *parser, struct node **out)
{
    STATUS_TRY(dotted_name(parser, out));
    if (!parser_at(parser, "(") || !parser->token.is_glued)
        return STATUS_OK;
    struct node *call = parser_node(parser, NODE_CALL);
    call->place = (*out)->place;
    call->first = *out;
    *out = call;
    return arguments(parser, call);
}

/* ---- tight ------------------------------------------------------------------- */

static enum status cons(struct parser *parser, struct node **out)
{
    struct node *node = parser_node(parser, NODE_CONS);
    struct node_list list;
    node_list_init(&list);
    STATUS_TRY(parser_advance(parser));
    while (!parser_at(parser, "]")) {
        struct node *part = NULL;
        STATUS_TRY(parser_primary(parser, &part));
        node_list_add(&list, part);
    }
    if (list.count < 2)
        return parser_fail_expected(parser, "another part: a cell has at least two");
    node->list = list.first;
    *out = node;
    return parser_advance(parser);
}

static enum status in_parentheses(struct parser *parser, struct node **out)
{
    STATUS_TRY(parser_advance(parser));
    STATUS_TRY(parser_expression(parser, out));
    return parser_expect(parser, ")");
}

static enum status primary_body(struct parser *parser, struct node **out)
{
    if (parser->token.kind == TOKEN_NOUN || parser->token.kind == TOKEN_TAPE) {
        *out = parser_node(parser, NODE_CONSTANT);
        (*out)->value = parser->token.value;
        return parser_advance(parser);
    }
    if (parser_at(parser, "["))
        return cons(parser, out);
    if (parser_at(parser, "("))
        return in_parentheses(parser, out);
    if (parser_at(parser, "{"))
        return parser_raw(parser, out);
    if (parser_at(parser, "crash")) {
        *out = parser_node(parser, NODE_CRASH);
        return parser_advance(parser);
    }
    if (parser->token.kind != TOKEN_NAME)
        return parser_fail_expected(parser, "an expression");
    return name_or_call(parser, out);
}

enum status parser_primary(struct parser *parser, struct node **node)
{
    if (++parser->depth > SYNTAX_NESTING_MAX)
        return lexer_fail(parser->lexer, parser->token.start, "nested deeper than %d levels", SYNTAX_NESTING_MAX);
    enum status status = primary_body(parser, node);
    parser->depth--;
    return status;
}

/* ---- raw formulas ------------------------------------------------------------ */

static enum status raw_part(struct parser *parser, struct node **out)
{
    if (parser_at(parser, "["))
        return parser_raw(parser, out);
    if (parser->token.kind == TOKEN_NOUN || parser->token.kind == TOKEN_TAPE)
        return primary_body(parser, out);
    bool is_axis, is_formula;
    STATUS_TRY(parser_accept(parser, "@", &is_axis));
    if (is_axis) {
        *out = parser_node(parser, NODE_AXIS);
        return dotted_name(parser, &(*out)->first);
    }
    STATUS_TRY(parser_accept(parser, "(", &is_formula));
    if (is_formula) {
        *out = parser_node(parser, NODE_FORMULA);
        STATUS_TRY(parser_expression(parser, &(*out)->first));
        return parser_expect(parser, ")");
    }
    if (parser->token.kind == TOKEN_NAME)
        return dotted_name(parser, out);
    return parser_fail_expected(parser, "a part of a formula: a noun, `[`, `@name`, `(expression)` or a constant");
}

static enum status raw_parts(struct parser *parser, struct node **out)
{
    const char *close = parser_at(parser, "{") ? "}" : "]";
    struct node *node = parser_node(parser, NODE_RAW);
    struct node_list list;
    node_list_init(&list);
    STATUS_TRY(parser_advance(parser));
    while (!parser_at(parser, close)) {
        struct node *part = NULL;
        STATUS_TRY(raw_part(parser, &part));
        node_list_add(&list, part);
    }
    if (list.count < (*close == ']' ? 2 : 1))
        return parser_fail_expected(parser, "another part");
    node->list = list.first;
    *out = node;
    return parser_advance(parser);
}

enum status parser_raw(struct parser *parser, struct node **node)
{
    if (++parser->depth > SYNTAX_NESTING_MAX)
        return lexer_fail(parser->lexer, parser->token.start, "nested deeper than %d levels", SYNTAX_NESTING_MAX);
    enum status status = raw_parts(parser, node);
    parser->depth--;
    return status;
}

/* ---- between ----------------------------------------------------------------- */

/* After the comma of an edit: is there another, or does the comma belong to an
 * argument list around?  If it is none the parser stands at the comma again. */
static enum status next_edit(struct parser *parser, struct node **what)
{
    struct parser before = *parser;
    const char *before_next = parser->lexer->next;
    *what = NULL;
    STATUS_TRY(parser_advance(parser));
    if (parser->token.kind == TOKEN_NAME && dotted_name(parser, what) == STATUS_OK && parser_at(parser, "="))
        return STATUS_OK;
    *what = NULL;
    *parser = before;
    parser->lexer->next = before_next;
    return STATUS_OK;
}

static enum status with(struct parser *parser, struct node **out)
{
    STATUS_TRY(parser_primary(parser, out));
    if (!parser_at(parser, "with"))
        return STATUS_OK;
    struct node *node = parser_node(parser, NODE_WITH), *what;
    struct node_list edits;
    node_list_init(&edits);
    node->first = *out;
    *out = node;
    STATUS_TRY(parser_advance(parser));
    STATUS_TRY(dotted_name(parser, &what));
    while (what != NULL) {
        STATUS_TRY(edit_value(parser, what, &edits));
        what = NULL;
        if (parser_at(parser, ","))
            STATUS_TRY(next_edit(parser, &what));
    }
    node->list = edits.first;
    return STATUS_OK;
}

static enum status binary(struct parser *parser, struct node **out, const char *sign, enum node_kind kind,
                          enum status (*operand)(struct parser *, struct node **))
{
    STATUS_TRY(operand(parser, out));
    while (parser_at(parser, sign)) {
        struct node *node = parser_node(parser, kind);
        node->first = *out;
        *out = node;
        STATUS_TRY(parser_advance(parser));
        STATUS_TRY(operand(parser, &node->second));
    }
    return STATUS_OK;
}

static enum status equality(struct parser *parser, struct node **out)
{
    return binary(parser, out, "==", NODE_EQUAL, with);
}

static enum status conjunction(struct parser *parser, struct node **out)
{
    return binary(parser, out, "and", NODE_AND, equality);
}

static enum status disjunction(struct parser *parser, struct node **out)
{
    return binary(parser, out, "or", NODE_OR, conjunction);
}

/* ---- loose ------------------------------------------------------------------- */

static enum status let(struct parser *parser, struct node *node)
{
    STATUS_TRY(parser_pattern(parser, false, &node->pattern));
    STATUS_TRY(parser_expect(parser, "="));
    STATUS_TRY(parser_expression(parser, &node->first));
    return parser_expression(parser, &node->second);
}

static enum status condition(struct parser *parser, struct node *node)
{
    STATUS_TRY(parser_expression(parser, &node->first));
    STATUS_TRY(parser_expect(parser, "then"));
    STATUS_TRY(parser_expression(parser, &node->second));
    STATUS_TRY(parser_expect(parser, "else"));
    return parser_expression(parser, &node->third);
}

static enum status match(struct parser *parser, struct node *node)
{
    struct node_list cases;
    node_list_init(&cases);
    STATUS_TRY(parser_expression(parser, &node->first));
    STATUS_TRY(parser_expect(parser, "{"));
    while (!parser_at(parser, "}")) {
        struct node *one = parser_node(parser, NODE_CASE);
        STATUS_TRY(parser_pattern(parser, true, &one->pattern));
        STATUS_TRY(parser_expect(parser, "->"));
        STATUS_TRY(parser_expression(parser, &one->first));
        node_list_add(&cases, one);
    }
    node->list = cases.first;
    return parser_advance(parser);
}

static enum status gate(struct parser *parser, struct node *node)
{
    if (!parser_at(parser, "("))
        STATUS_TRY(parser_name(parser, &node->name, "the name of the gate or `(`"));
    STATUS_TRY(parser_parameters(parser, &node->pattern));
    return parser_expression(parser, &node->first);
}

static enum status loop(struct parser *parser, struct node *node)
{
    STATUS_TRY(parser_name(parser, &node->name, "the name of the loop"));
    STATUS_TRY(parser_bindings(parser, &node->pattern, &node->first));
    return parser_expression(parser, &node->second);
}

static enum status core(struct parser *parser, struct node *node)
{
    if (!parser_at(parser, "{"))
        STATUS_TRY(parser_name(parser, &node->name, "the name of the core or `{`"));
    return parser_arms(parser, &node->list);
}

static enum status door(struct parser *parser, struct node *node)
{
    STATUS_TRY(parser_name(parser, &node->name, "the name of the door"));
    STATUS_TRY(parser_bindings(parser, &node->pattern, &node->first));
    return parser_arms(parser, &node->list);
}

static enum status hint(struct parser *parser, struct node *node)
{
    if (parser->token.kind != TOKEN_NOUN)
        return parser_fail_expected(parser, "the tag of the hint, such as %slog");
    node->value = parser->token.value;
    STATUS_TRY(parser_advance(parser));
    if (parser_at(parser, "(") && parser->token.is_glued)
        STATUS_TRY(in_parentheses(parser, &node->first));
    return parser_expression(parser, &node->second);
}

static enum status fast(struct parser *parser, struct node *node)
{
    STATUS_TRY(parser_primary(parser, &node->second));
    bool is_root;
    STATUS_TRY(parser_accept(parser, "root", &is_root));
    if (!is_root && (parser->token.kind != TOKEN_NOUN || !noun_is_direct(parser->token.value)))
        return parser_fail_expected(parser, "the axis of the parent core, or `root`");
    if (!is_root) {
        node->axis = parser->token.value;
        STATUS_TRY(parser_advance(parser));
    }
    return parser_expression(parser, &node->first);
}

static const struct {
    const char *word;
    enum node_kind kind;
    enum status (*parse)(struct parser *parser, struct node *node);
} forms[] = {
    {"let", NODE_LET, let},    {"if", NODE_IF, condition}, {"match", NODE_MATCH, match},
    {"gate", NODE_GATE, gate}, {"loop", NODE_LOOP, loop},  {"core", NODE_CORE, core},
    {"door", NODE_DOOR, door}, {"hint", NODE_HINT, hint},  {"fast", NODE_FAST, fast},
};

static enum status expression_body(struct parser *parser, struct node **out)
{
    for (size_t i = 0; parser->token.kind == TOKEN_NAME && i < COUNT_OF(forms); i++) {
        if (!parser_at(parser, forms[i].word))
            continue;
        *out = parser_node(parser, forms[i].kind);
        STATUS_TRY(parser_advance(parser));
        return forms[i].parse(parser, *out);
    }
    return disjunction(parser, out);
}

enum status parser_expression(struct parser *parser, struct node **node)
{
    if (++parser->depth > SYNTAX_NESTING_MAX)
        return lexer_fail(parser->lexer, parser->token.start, "nested deeper than %d levels", SYNTAX_NESTING_MAX);
    enum status status = expression_body(parser, node);
    parser->depth--;
    return status;
}
